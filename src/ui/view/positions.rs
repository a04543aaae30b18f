//! What is held, what it earns, and what protects it.
//!
//! ```text
//! ┌ 6 Positions  3  heat 11.5%  NOSTOP 1 ──────────────────────────┐
//! │Symbol    Qty      Avg     Last     P&L     Stop    Dist       R│
//! │AAPL     +100   187.42   189.96 +254.00   186.10   2.03%  +1.92R│
//! │NVDA      +25   121.08   120.11  -24.25   NOSTOP       -       -│
//! │SPY       -40   531.20   532.70  -59.85    20/40   0.43%  -0.39R│
//! └────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::money::Money;
use crate::domain::symbol::Symbol;
use crate::engine::snapshot::PositionView;
use crate::ui::figures;
use crate::ui::ink::{pane, put};
use crate::ui::model::{Model, Pane};
use crate::ui::seen::Seen;
use crate::ui::table::{Cell, Column, figures as column, words};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{grow, name, nothing, theme_of, title, tone};

/// Narrower panes have a shorter name, so that the missing stops have room in the title.
const NARROW: u16 = 30;

/// Draws the positions. Quantity and profit or loss stay on the narrowest screen; the stop is the
/// last of the others to go.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let Some(seen) = &model.seen else {
        let head = name(model, Pane::Positions, "Positions");
        pane(buf, area, &head, model.pane == Pane::Positions, &model.theme);
        return;
    };
    let held = &seen.snapshot.positions;
    let head = title(&head(model, seen, area.width), area.width);
    let inside = pane(buf, area, &head, model.pane == Pane::Positions, &model.theme);
    if held.is_empty() {
        put(buf, inside, inside.x, 0, &nothing(seen, "flat: no positions"), model.theme.dim);
        return;
    }
    let rows: Vec<Vec<Cell>> = held.iter().map(|position| row(model, seen, position)).collect();
    let selected = held.iter().position(|position| Some(position.symbol) == model.position);
    grow(buf, inside, columns(), &rows, selected, &theme_of(model, Pane::Positions));
}

/// Whether working stops do not protect all of it.
pub(super) fn lacks_stop(position: &PositionView) -> bool {
    position.protected_qty < position.qty.abs()
}

fn head(model: &Model, seen: &Seen, width: u16) -> Vec<String> {
    let held = &seen.snapshot.positions;
    let account = &seen.snapshot.account;
    let base = account.e0.into_iter().chain(account.equity).min();
    let heat = account.heat.zip(base).and_then(|(heat, base)| figures::share(heat, base));
    let bare = held.iter().filter(|position| lacks_stop(position)).count();
    let stale = held.iter().filter(|position| is_stale(model, position.symbol)).count();
    let counted =
        |word: &str, count: usize| if count > 0 { format!("{word} {count}") } else { String::new() };
    // What stands without a stop must be said even where neither the column nor the word has room.
    let word = if width < NARROW { "Pos" } else { "Positions" };
    vec![
        format!("{}  {}", name(model, Pane::Positions, word), held.len()),
        counted("NOSTOP", bare),
        heat.map_or_else(|| "heat ?".to_owned(), |share| format!("heat {}", figures::percent(share * 100.0))),
        counted("STALE", stale),
    ]
}

fn is_stale(model: &Model, symbol: Symbol) -> bool {
    model.market(symbol).is_some_and(crate::ui::seen::MarketView::is_stale)
}

fn columns() -> Vec<Column> {
    vec![
        words("Symbol", 6, 0),
        column("Qty", 6, 0),
        column("Avg", 7, 4),
        column("Last", 7, 2),
        column("P&L", 9, 0),
        column("Stop", 7, 1),
        column("Dist", 6, 3),
        column("R", 6, 5),
        column("P&L %", 7, 6),
        column("Value", 10, 8),
        column("At stop", 9, 7),
        column("Age", 3, 9),
    ]
}

fn row(model: &Model, seen: &Seen, position: &PositionView) -> Vec<Cell> {
    let theme = &model.theme;
    let none = || Cell::new("-", theme.dim);
    let market = model.market(position.symbol);
    let plain = if is_stale(model, position.symbol) { theme.dim } else { theme.text };
    let gain = |amount: Money| {
        Cell::new(figures::signed(amount), tone(theme, amount.cents() > 0, amount.cents() < 0))
    };
    let cost = position.avg_price.times(position.qty).abs();
    let percent = position.unrealized.and_then(|pnl| figures::share(pnl, cost)).map(|share| share * 100.0);
    let multiple = seen.r_multiples.iter().find(|(symbol, _)| *symbol == position.symbol);
    let ratio = |text: String, value: f64| Cell::new(text, tone(theme, value > 0.0, value < 0.0));
    let at_stop = position
        .stop
        .filter(|_| !lacks_stop(position))
        .and_then(|stop| Some(stop.minus(position.avg_price).ok()?.times(position.qty)));
    vec![
        Cell::new(position.symbol.as_str(), plain),
        Cell::new(figures::signed_shares(position.qty), theme.text),
        Cell::new(figures::average(position.avg_price), theme.text),
        position.mark.map_or_else(none, |mark| Cell::new(figures::price(mark), plain)),
        position.unrealized.map_or_else(none, gain),
        stop(position, theme),
        distance(position, is_stale(model, position.symbol), theme),
        multiple.map_or_else(none, |(_, value)| ratio(figures::multiple(*value), *value)),
        percent.map_or_else(none, |value| ratio(figures::signed_percent(value), value)),
        position.mark.map_or_else(none, |mark| Cell::new(figures::money(mark.times(position.qty)), plain)),
        at_stop.map_or_else(none, gain),
        market.and_then(|market| market.age_ms).map_or_else(none, |age| Cell::new(figures::age(age), plain)),
    ]
}

fn stop(position: &PositionView, theme: &Theme) -> Cell {
    let (covered, whole) = (position.protected_qty, position.qty.abs());
    match position.stop {
        Some(stop) if covered >= whole => Cell::new(figures::price(stop), theme.text),
        _ if !covered.is_positive() => Cell::new("NOSTOP", theme.danger),
        _ => Cell::new(format!("{}/{}", figures::shares(covered), figures::shares(whole)), theme.danger),
    }
}

/// How far the mark stands from the stop, in per cent of the mark; below zero it is through it. From a
/// price that no longer holds there is no distance, and the row says so.
fn distance(position: &PositionView, stale: bool, theme: &Theme) -> Cell {
    if stale {
        return Cell::new("STALE", theme.warning);
    }
    let away = position.mark.zip(position.stop).and_then(|(mark, stop)| {
        let gap = mark.minus(stop).ok()?.to_f64() / mark.to_f64() * 100.0;
        Some(if position.qty.is_negative() { -gap } else { gap })
    });
    match away {
        Some(away) if away.is_finite() => {
            let text = figures::signed_percent(away);
            let style = if away < 0.0 { theme.danger } else { theme.text };
            Cell::new(text.trim_start_matches('+'), style)
        }
        _ => Cell::new("-", theme.dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::ui::fixture;
    use crate::ui::fixture::Variant;
    use crate::ui::theme::{Depth, ThemeName};
    use crate::ui::view::proof::check;

    #[test]
    fn positions_keep_quantity_and_profit_and_name_what_lacks_a_stop() {
        check(
            "positions",
            Variant::Plain,
            24,
            5,
            &[
                "┏ 6 Pos  3  NOSTOP 1 ━━┓",
                "┃Symbol    Qty      P&L┃",
                "┃BAC       -40    -4.80┃",
                "┃+2 more               ┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━┛",
            ],
        );
        check(
            "positions",
            Variant::NoStop,
            66,
            6,
            &[
                "┏ 6 Positions  3  NOSTOP 3  heat 12.5% ━━━━━━━━━━━━━━━━━━━━━━━━━━┓",
                "┃Symbol     Qty      Avg     Last       P&L    Stop   Dist      R┃",
                "┃BAC        -40    13.80    13.92     -4.80  NOSTOP      - -0.30R┃",
                "┃IBM        +25   183.00   182.90     -2.50  NOSTOP      -      -┃",
                "┃SPY       +100   165.40   166.20    +80.00  60/100  1.26% +0.61R┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛",
            ],
        );
        check(
            "positions",
            Variant::Stale,
            100,
            6,
            &[
                "┏ 6 Positions  3  NOSTOP 1  heat 4.8%  STALE 1 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓",
                "┃Symbol     Qty      Avg     Last        P&L    Stop   Dist      R   P&L %      Value   At stop Age┃",
                "┃BAC        -40    13.80    13.92      -4.80   14.20  STALE -0.30R  -0.87%    -556.80    -16.00 70s┃",
                "┃IBM        +25   183.00   182.90      -2.50  NOSTOP      -      -  -0.05%   4,572.50         -  0s┃",
                "┃SPY       +100   165.40   166.20     +80.00  164.10  1.26% +0.61R  +0.48%  16,620.00   -130.00  0s┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛",
            ],
        );
    }

    #[test]
    fn what_lacks_a_stop_stands_out_in_colours_too() {
        let theme = Theme::of(ThemeName::Okabe, Depth::True);
        let position = |covered: i32| PositionView {
            protected_qty: Qty::shares(covered),
            ..fixture::seen().snapshot.positions[2]
        };
        for (covered, text, style) in
            [(100, "164.10", theme.text), (60, "60/100", theme.danger), (0, "NOSTOP", theme.danger)]
        {
            assert_eq!(stop(&position(covered), &theme), Cell::new(text, style));
        }
        let through = PositionView { mark: Some(Price::from_cents(16_400)), ..position(100) };
        assert_eq!(distance(&through, false, &theme), Cell::new("-0.06%", theme.danger));
        let short = PositionView { qty: Qty::shares(-100), ..position(100) };
        assert_eq!(distance(&short, false, &theme), Cell::new("-1.26%", theme.danger));
    }
}
