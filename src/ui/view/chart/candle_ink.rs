use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::domain::market::Bar;
use crate::ui::theme::Theme;
use crate::ui::view::chart::scale::Scale;

/// Which way a bar went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It closed above its open.
    Up,
    /// It closed below its open.
    Down,
    /// It closed where it opened.
    Still,
}

impl Way {
    /// Of a bar.
    pub fn of(bar: &Bar) -> Self {
        match bar.close.cmp(&bar.open) {
            std::cmp::Ordering::Greater => Self::Up,
            std::cmp::Ordering::Less => Self::Down,
            std::cmp::Ordering::Equal => Self::Still,
        }
    }

    /// Its colour.
    pub const fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Up => theme.up,
            Self::Down => theme.down,
            Self::Still => theme.text,
        }
    }
}

/// In what candles are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The colours.
    pub theme: &'a Theme,
    /// Whether only ASCII may be drawn in the end.
    pub ascii: bool,
}

/// What half a cell holds of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Empty,
    Wick,
    Body,
}

/// The glyph of a cell: rising bodies are a heavy line, falling ones a half block, so that the way of a
/// bar can be read without its colour. No glyph joins a half block to a wick: where a falling body
/// and its wick share a cell, the body is drawn.
const fn glyph(upper: Half, lower: Half, way: Way) -> char {
    match (upper, lower, way) {
        (Half::Empty, Half::Empty, _) => ' ',
        (Half::Wick, Half::Empty, _) => '╵',
        (Half::Empty, Half::Wick, _) => '╷',
        (Half::Wick, Half::Wick, _) => '│',
        (Half::Body, Half::Body, Way::Down) => '▌',
        (Half::Body, _, Way::Down) => '▘',
        (_, Half::Body, Way::Down) => '▖',
        (Half::Body, Half::Body, _) => '┃',
        (Half::Body, Half::Wick, _) => '╿',
        (Half::Wick, Half::Body, _) => '╽',
        (Half::Body, Half::Empty, _) => '╹',
        (Half::Empty, Half::Body, _) => '╻',
    }
}

/// The glyph of a cell where only ASCII may be drawn, in which a half block would be no more than a
/// line: rising bodies hollow, falling ones filled, in whole cells.
const fn coarse(upper: Half, lower: Half, way: Way) -> char {
    match (upper, lower, way) {
        (Half::Body, _, Way::Down) | (_, Half::Body, Way::Down) => '█',
        (Half::Body, _, _) | (_, Half::Body, _) => '○',
        _ => glyph(upper, lower, way),
    }
}

/// Draws a bar into column `x` of `field`.
pub fn candle(buf: &mut Buffer, field: Rect, x: u16, bar: &Bar, scale: &Scale, look: Look<'_>) {
    let way = Way::of(bar);
    let (high, low) = (scale.level(bar.high), scale.level(bar.low));
    let (top, bottom) = (scale.level(bar.open.max(bar.close)), scale.level(bar.open.min(bar.close)));
    let half = |level: u16| match level {
        _ if level >= top && level <= bottom => Half::Body,
        _ if level >= high && level <= low => Half::Wick,
        _ => Half::Empty,
    };
    let sign = if look.ascii { coarse } else { glyph };
    for row in high / 2..=low / 2 {
        let (upper, lower) = (row * 2, row * 2 + 1);
        let drawn = if way == Way::Still && top / 2 == row {
            match (high < top, low > bottom) {
                (false, false) => '─',
                (true, false) => '┴',
                (false, true) => '┬',
                (true, true) => '┼',
            }
        } else {
            sign(half(upper), half(lower), way)
        };
        cell(buf, field, x, row, drawn, way.style(look.theme));
    }
}

/// Draws one sign into row `row` of `field`, where it lies inside; nothing of what stood there shines
/// through, no dimming either.
pub fn cell(buf: &mut Buffer, field: Rect, x: u16, row: u16, sign: char, style: Style) {
    let y = field.y.saturating_add(row);
    if row < field.height
        && x >= field.x
        && x < field.right()
        && let Some(cell) = buf.cell_mut((x, y))
    {
        cell.set_char(sign).set_style(Style::reset().patch(style));
    }
}

/// Draws the volume of bars whose first stands in column `first`, the largest in sight to the full height.
pub fn volume(buf: &mut Buffer, field: Rect, first: u16, bars: &[Bar], theme: &Theme) {
    const PARTS: [char; 8] = ['█', '▁', '▂', '▃', '▄', '▅', '▆', '▇'];
    let most = bars.iter().map(|bar| bar.volume.to_f64()).fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    let levels = f64::from(field.height) * 8.0;
    for (x, bar) in (first..).zip(bars) {
        let share = bar.volume.to_f64() / most;
        // Whatever was traded at all is seen.
        let least = if bar.volume.is_positive() { 1.0 } else { 0.0 };
        let eighths = (share * levels).round().max(least) as u16;
        let style = Way::of(bar).style(theme).add_modifier(Modifier::DIM);
        for row in 0..eighths.div_ceil(8).min(field.height) {
            let here = if row < eighths / 8 { 0 } else { usize::from(eighths % 8) };
            cell(buf, field, x, field.height - 1 - row, PARTS[here], style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::qty::Qty;
    use crate::ui::ascii::to_ascii;
    use crate::ui::theme::{Depth, ThemeName};
    use crate::ui::view::chart::scale::Wish;

    fn bar(prices: [i32; 4], shares: i32) -> Bar {
        let [open, high, low, close] =
            prices.map(|price| crate::domain::price::Price::from_cents(price * 100));
        let (start, end) = (At::default(), At::default());
        Bar {
            symbol: "SPY".parse().unwrap(),
            start,
            end,
            open,
            high,
            low,
            close,
            volume: Qty::shares(shares),
        }
    }

    /// Four rows from 108 down to 100: a level is a dollar.
    fn check(prices: [i32; 4], expect: &str, coarse: &str) {
        let frame = [bar([100, 108, 100, 108], 0)];
        let wish = Wish { bars: &frame, last: None, levels: &[], head_room: false, foot_room: false };
        let scale = Scale::of(wish, 4);
        let mut buf = Buffer::empty(Rect::new(0, 0, 1, 4));
        let area = buf.area;
        let theme = Theme::of(ThemeName::Mono, Depth::None);
        for (ascii, expect) in [(false, expect), (true, coarse)] {
            buf.reset();
            candle(&mut buf, area, 0, &bar(prices, 0), &scale, Look { theme: &theme, ascii });
            if ascii {
                to_ascii(&mut buf);
            }
            let drawn: String = (0..4).map(|y| buf[(0, y)].symbol()).collect();
            assert_eq!(drawn, expect, "{prices:?}");
        }
    }

    #[test]
    fn a_candle_is_drawn_in_half_rows_and_its_way_is_seen_without_colour() {
        check([102, 107, 101, 106], "╷┃┃╿", ".ooo");
        check([106, 107, 101, 102], "╷▌▌▘", ".###");
        check([104, 106, 101, 105], " ╽╿│", " oo|");
        check([105, 106, 101, 104], " ▖▘│", " ##|");
        check([101, 105, 101, 105], " ╻┃┃", " ooo");
        check([105, 108, 100, 105], "│┼││", "|+||");
        check([105, 105, 105, 105], " ─  ", " -  ");
        check([108, 108, 105, 108], "┬│  ", "+|  ");
    }

    #[test]
    fn the_least_trade_is_seen_and_none_is_not() {
        let bars = [bar([1; 4], 1000), bar([1; 4], 1), bar([1; 4], 0), bar([1; 4], 500), bar([1; 4], 563)];
        let mut buf = Buffer::empty(Rect::new(0, 0, 5, 2));
        let area = buf.area;
        volume(&mut buf, area, 0, &bars, &Theme::of(ThemeName::Mono, Depth::None));
        let lines: Vec<String> = (0..2).map(|y| (0..5).map(|x| buf[(x, y)].symbol()).collect()).collect();
        assert_eq!(lines, ["█   ▁", "█▁ ██"]);
    }
}
