//! The trading day: what was won and lost, the account's course, every fill.
//!
//! ```text
//! ┌ 8 Journal today ─────────────────────────────────────────────────┐
//! │Trades 4   Win 50.0%   PF 3.35   Exp +0.34R   Day +1.35R          │
//! │Realised +61.80   Avg win +44.05   Avg loss -13.15   MaxDD 1.1%   │
//! │Equity 99,310.00 ▁▂▂▃▃▂▄▅▅▄▆▇▆▇█▇█ 100,134.50                     │
//! │Time     Side Symbol    Qty    Price     P&L By                   │
//! │11:45:10 BUY  AAPL       50   189.92         ema_cross            │
//! └──────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::money::Money;
use crate::domain::side::Side;
use crate::ui::clock::hms;
use crate::ui::figures;
use crate::ui::ink::{pane, put, width_of};
use crate::ui::model::{Model, Pane};
use crate::ui::seen::{FillLine, JournalView};
use crate::ui::table::{Cell, Column, figures as column, words};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{Named, below, flow, grow, name, theme_of, title, tone};

const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws the day's journal; with much room the account's course becomes a picture.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let head = title(&[name(model, Pane::Journal, "Journal today")], area.width);
    let inside = pane(buf, area, &head, model.pane == Pane::Journal, &model.theme);
    let Some(seen) = &model.seen else { return };
    let (journal, theme) = (&seen.journal, &model.theme);
    let mut row = flow(buf, inside, 0, &statistics(journal, theme), theme);
    row = course(buf, inside, row, journal, theme);
    let rest = below(inside, row);
    if journal.fills.is_empty() {
        put(buf, rest, rest.x, 0, "no fills today", theme.dim);
        return;
    }
    let rows: Vec<Vec<Cell>> = journal.fills.iter().map(|fill| line(fill, theme)).collect();
    grow(buf, rest, columns(), &rows, None, &theme_of(model, Pane::Journal));
}

fn statistics(journal: &JournalView, theme: &Theme) -> Vec<Named> {
    let none = || "-".to_owned();
    let amount = |name: &str, amount: Option<Money>| {
        let cents = amount.map_or(0, Money::cents);
        Named::new(name, amount.map_or_else(none, figures::signed), tone(theme, cents > 0, cents < 0))
    };
    let multiple = |name: &str, value: Option<f64>| {
        let (gains, loses) = (value.is_some_and(|value| value > 0.0), value.is_some_and(|value| value < 0.0));
        Named::new(name, value.map_or_else(none, figures::multiple), tone(theme, gains, loses))
    };
    let plain = |name: &str, value: String| Named::new(name, value, theme.text);
    vec![
        plain("Trades", journal.trades.to_string()),
        plain("Win", journal.win_pct.map_or_else(none, figures::percent)),
        plain("PF", journal.profit_factor.map_or_else(none, |factor| format!("{factor:.2}"))),
        multiple("Exp", journal.expectancy_r),
        multiple("Day", journal.total_r),
        amount("Realised", Some(journal.realised)),
        amount("Avg win", journal.average_win),
        amount("Avg loss", journal.average_loss),
        plain("MaxDD", figures::percent(journal.max_drawdown_pct)),
    ]
}

/// The account's course from its first to its last value; gives the row below it.
fn course(buf: &mut Buffer, area: Rect, row: u16, journal: &JournalView, theme: &Theme) -> u16 {
    let (Some((_, first)), Some((_, last))) = (journal.equity.first(), journal.equity.last()) else {
        return row;
    };
    let rest = below(area, row);
    if rest.height == 0 {
        return row;
    }
    let (first, last) = (figures::money(*first), figures::money(*last));
    let values: Vec<f64> = journal.equity.iter().map(|(_, equity)| equity.to_f64()).collect();
    let around = width_of("Equity ") + width_of(&first) + width_of(&last) + 2;
    if around + 4 > rest.width {
        let ends = [Named::new("Equity", first, theme.text), Named::new("now", last, theme.text)];
        return row + flow(buf, rest, 0, &ends, theme);
    }
    // With much room the course stands over the fills, a third of what is left high.
    let lines = if rest.height >= 15 { (rest.height / 3).min(10) } else { 1 };
    let width = if lines > 1 { rest.width } else { rest.width - around };
    let bars = bars(&values, width, lines);
    let end = put(buf, rest, rest.x, 0, "Equity ", theme.dim);
    let end = put(buf, rest, end, 0, &format!("{first} "), theme.text);
    if let [bar] = bars.as_slice() {
        let end = put(buf, rest, end, 0, bar, theme.accent);
        put(buf, rest, end, 0, &format!(" {last}"), theme.text);
        return row + 1;
    }
    put(buf, rest, end, 0, &format!("→ {last}"), theme.text);
    for (bar, y) in bars.iter().zip(1..) {
        put(buf, rest, rest.x, y, bar, theme.accent);
    }
    row + 1 + lines
}

/// Values as bars of eighths, `lines` lines high and at most `width` wide, the highest line first.
fn bars(values: &[f64], width: u16, lines: u16) -> Vec<String> {
    // A line shows each value once at most; a picture is as wide as its place.
    let wide = if lines > 1 { usize::from(width) } else { usize::from(width).min(values.len()) };
    let at = |place: usize| {
        let index = if wide > 1 { place * (values.len() - 1) / (wide - 1) } else { values.len() - 1 };
        values[index]
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let steps = f64::from(lines) * 8.0;
    let height = |value: f64| {
        let share = if most > least { (value - least) / (most - least) } else { 0.5 };
        1 + (share * (steps - 1.0)).round() as usize
    };
    let heights: Vec<usize> = (0..wide).map(|place| height(at(place))).collect();
    (0..usize::from(lines))
        .rev()
        .map(|line| {
            let bar = |height: &usize| LEVELS[height.saturating_sub(line * 8).min(8)];
            heights.iter().map(bar).collect()
        })
        .collect()
}

fn columns() -> Vec<Column> {
    vec![
        words("Time", 8, 2),
        words("Side", 4, 0),
        words("Symbol", 6, 0),
        column("Qty", 5, 0),
        column("Price", 7, 0),
        column("P&L", 8, 1),
        words("By", 9, 3),
        column("Worth", 10, 4),
    ]
}

fn line(fill: &FillLine, theme: &Theme) -> Vec<Cell> {
    let (side, colour) = match fill.side {
        Side::Buy => ("BUY", theme.up),
        Side::Sell => ("SELL", theme.down),
    };
    let cents = fill.realised.map_or(0, Money::cents);
    vec![
        Cell::new(hms(fill.at), theme.dim),
        Cell::new(side, colour),
        Cell::new(fill.symbol.as_str(), theme.text),
        Cell::new(figures::shares(fill.qty), theme.text),
        Cell::new(figures::price(fill.price), theme.text),
        Cell::new(fill.realised.map_or_else(String::new, figures::signed), tone(theme, cents > 0, cents < 0)),
        Cell::new(fill.by.as_str(), theme.dim),
        Cell::new(figures::money(fill.price.times(fill.qty)), theme.text),
    ]
}

#[cfg(test)]
mod tests {
    use crate::ui::fixture::Variant;
    use crate::ui::view::proof::check;

    #[test]
    fn the_journal_keeps_every_figure_whole() {
        check(
            "journal",
            Variant::Plain,
            44,
            10,
            &[
                "┌ 8 Journal today ─────────────────────────┐",
                "│Trades 4   Win 50.0%   PF 3.35            │",
                "│Exp +0.34R   Day +1.35R   Realised +61.80 │",
                "│Avg win +44.05   Avg loss -13.15          │",
                "│MaxDD 1.1%                                │",
                "│Equity 98,901.00 ▁▄▅▅▄▅▆▆▆▇▇▇▇▇ 100,134.50│",
                "│Side  Symbol      Qty     Price        P&L│",
                "│BUY   IBM          25    183.00           │",
                "│+10 more                                  │",
                "└──────────────────────────────────────────┘",
            ],
        );
        check(
            "journal",
            Variant::ReduceOnly,
            66,
            9,
            &[
                "┌ 8 Journal today ───────────────────────────────────────────────┐",
                "│Trades 4   Win 50.0%   PF 3.35   Exp +0.34R   Day +1.35R        │",
                "│Realised -2,206.70   Avg win +44.05   Avg loss -13.15           │",
                "│MaxDD 1.1%                                                      │",
                "│Equity 98,901.00 ▄▅▅▆▅▆▆▆▆▆▆▆▅▆▆▆▇▇▇▇▇▇▇█▇████▇▇▇▇▇▇█▁ 97,866.00│",
                "│Time     Side Symbol   Qty   Price      P&L By             Worth│",
                "│11:44:58 BUY  IBM       25  183.00          manual      4,575.00│",
                "│+10 more                                                        │",
                "└────────────────────────────────────────────────────────────────┘",
            ],
        );
    }
}
