use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::ui::ink::{put, width_of};
use crate::ui::seen::{ChartView, FillMark};
use crate::ui::theme::Theme;
use crate::ui::view::chart::candle_ink::cell;
use crate::ui::view::chart::scale::{Outside, Scale, average, dollars};

const STOP: &str = "stop";

/// A price of the trader's own, drawn across the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    price: Price,
    word: &'static str,
    figure: String,
    dash: char,
    style: Style,
}

/// The trader's own prices, the most important first.
pub fn levels(chart: &ChartView, theme: &Theme) -> Vec<Level> {
    let level = |price: Option<Price>, word, figure: fn(Price) -> String, dash, style| {
        price.map(|price| Level { price, word, figure: figure(price), dash, style })
    };
    [
        level(chart.stop, STOP, dollars, '┈', theme.danger),
        level(chart.entry, "entry", average, '┄', theme.accent),
        level(chart.target, "target", dollars, '╌', theme.up),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The prices of levels.
pub fn prices(levels: &[Level]) -> Vec<Price> {
    levels.iter().map(|level| level.price).collect()
}

/// Draws the dashes; candles come over them.
pub fn dashes(buf: &mut Buffer, field: Rect, levels: &[Level], scale: &Scale) {
    for level in levels.iter().rev().filter(|level| scale.outside(level.price).is_none()) {
        for x in field.x..field.right() {
            cell(
                buf,
                field,
                x,
                scale.row(level.price),
                level.dash,
                level.style.remove_modifier(Modifier::BOLD),
            );
        }
    }
}

/// Writes what each level is and its price beside the candles, or the word alone where there is less
/// room. What lies outside of the scale is named at the nearer end with an arrow. Only the stop is
/// never left unnamed: where nothing is free, the oldest bars give way to it.
pub fn labels(buf: &mut Buffer, field: Rect, levels: &[Level], scale: &Scale) {
    for level in levels {
        let arrow = match scale.outside(level.price) {
            None => "",
            Some(Outside::Above) => "↑ ",
            Some(Outside::Below) => "↓ ",
        };
        let row = scale.row(level.price);
        let near = [row, row.saturating_sub(1), (row + 1).min(field.height.saturating_sub(1))];
        let texts = [format!(" {arrow}{} {} ", level.word, level.figure), format!(" {arrow}{} ", level.word)];
        let tries = near.iter().flat_map(|row| texts.iter().map(move |text| (*row, text)));
        let mut free =
            tries.filter_map(|(row, text)| Some((free_run(buf, field, row, width_of(text))?, row, text)));
        let found = free.next().map(|(x, row, text)| (x, row, text.as_str()));
        let stop = (level.word == STOP).then_some((field.x, row, texts[1].trim_start()));
        if let Some((x, row, text)) = found.or(stop) {
            put(buf, field, x, row, text, Style::reset().patch(level.style));
        }
    }
}

/// Where `width` cells of a row are free of candles and words, as far to the right as possible.
fn free_run(buf: &Buffer, field: Rect, row: u16, width: u16) -> Option<u16> {
    const GROUND: [&str; 5] = [" ", "┈", "┄", "╌", "┊"];
    let y = field.y + row;
    let free = |x: u16| buf.cell((x, y)).is_some_and(|cell| GROUND.contains(&cell.symbol()));
    let last = field.right().checked_sub(width)?;
    (field.x..=last).rev().find(|x| (*x..x + width).all(free))
}

/// The sign of the chosen indicator.
pub const DOT: char = '∙';

/// Draws a line's signs into what is still empty, so that they hide nothing.
pub fn dots(
    buf: &mut Buffer,
    field: Rect,
    first: u16,
    line: &[f64],
    scale: &Scale,
    (sign, style): (char, Style),
) {
    for (x, value) in (first..).zip(line) {
        let Some(price) = Price::from_f64(*value).filter(|price| scale.outside(*price).is_none()) else {
            continue;
        };
        let row = scale.row(price);
        let taken = buf.cell((x, field.y + row)).is_none_or(|cell| !matches!(cell.symbol(), " " | "┊"));
        if !taken {
            cell(buf, field, x, row, sign, style.remove_modifier(Modifier::BOLD));
        }
    }
}

/// The place of a fill's bar among `bars`; `None` where it is older than all of them.
fn place(bars: &[Bar], fill: &FillMark) -> Option<usize> {
    bars.partition_point(|bar| bar.start <= fill.at).checked_sub(1)
}

/// Whether a fill of this side lies in sight.
pub fn has_fill(bars: &[Bar], fills: &[FillMark], side: Side) -> bool {
    fills.iter().any(|fill| fill.side == side && place(bars, fill).is_some())
}

/// Draws the trader's own fills: a buy below its bar, a sell above.
pub fn fills(
    buf: &mut Buffer,
    field: Rect,
    first: u16,
    bars: &[Bar],
    fills: &[FillMark],
    scale: &Scale,
    theme: &Theme,
) {
    for fill in fills {
        let Some((place, bar)) = place(bars, fill).and_then(|place| Some((place, bars.get(place)?))) else {
            continue;
        };
        let x = first.saturating_add(u16::try_from(place).unwrap_or(u16::MAX));
        let (row, sign, style) = match fill.side {
            Side::Buy => {
                (scale.row(bar.low).saturating_add(1).min(field.height.saturating_sub(1)), '▲', theme.up)
            }
            Side::Sell => (scale.row(bar.high).saturating_sub(1), '▼', theme.down),
        };
        cell(buf, field, x, row, sign, style.add_modifier(Modifier::BOLD));
    }
}
