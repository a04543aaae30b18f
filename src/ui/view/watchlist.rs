//! Symbols, prices, and how old they are.
//!
//! ```text
//! ┌ 1 Watchlist ────────────┐
//! │Symbol    Last       Chg │
//! │AAPL    189.96   ▲+1.34% │
//! │NVDA    120.11 STALE 70s │
//! └─────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::figures;
use crate::ui::ink::{pane, put};
use crate::ui::model::{Model, Pane};
use crate::ui::seen::{MarketView, Seen};
use crate::ui::table::{Cell, Column, figures as column, words};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{grow, name, theme_of, title, tone};

/// Draws the watchlist: the selected symbol is the one of the chart and of a new ticket.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let stale =
        model.seen.as_ref().map_or(0, |seen| seen.markets.iter().filter(|one| one.is_stale()).count());
    let note = if stale > 0 { format!("{stale} STALE") } else { String::new() };
    let head = title(&[name(model, Pane::Watchlist, "Watchlist"), note], area.width);
    let inside = pane(buf, area, &head, model.pane == Pane::Watchlist, &model.theme);
    let Some(seen) = &model.seen else { return };
    if seen.markets.is_empty() {
        put(buf, inside, inside.x, 0, "no symbols", model.theme.dim);
        return;
    }
    let rows: Vec<Vec<Cell>> = seen.markets.iter().map(|market| row(seen, market, &model.theme)).collect();
    let selected = seen.markets.iter().position(|market| Some(market.symbol) == model.symbol);
    grow(buf, inside, columns(), &rows, selected, &theme_of(model, Pane::Watchlist));
}

fn columns() -> Vec<Column> {
    vec![
        words("Symbol", 6, 0),
        column("Last", 7, 0),
        column("Chg", 9, 0),
        column("Bid", 7, 2),
        column("Ask", 7, 3),
        column("Age", 3, 4),
        column("Net", 7, 6),
        column("Prev", 7, 7),
        column("Held", 6, 5),
    ]
}

fn row(seen: &Seen, market: &MarketView, theme: &Theme) -> Vec<Cell> {
    let plain = if market.is_stale() { theme.dim } else { theme.text };
    let price = |price: Option<_>| Cell::new(price.map_or_else(|| "-".to_owned(), figures::price), plain);
    let change = market.last.zip(market.previous_close).and_then(|(last, close)| {
        let net = last.minus(close).ok()?;
        close.is_positive().then(|| (net, net.to_f64() / close.to_f64() * 100.0))
    });
    let (gains, loses) = change.map_or((false, false), |(net, _)| (net.is_positive(), net.nanos() < 0));
    let colour = if market.is_stale() { theme.dim } else { tone(theme, gains, loses) };
    let arrow = if gains { "▲" } else { "▼" };
    let percent = match change {
        Some((net, percent)) if net.nanos() != 0 => format!("{arrow}{}", figures::signed_percent(percent)),
        Some((_, percent)) => figures::signed_percent(percent),
        None => "-".to_owned(),
    };
    // A change of a price that no longer holds says nothing: its age takes its place.
    let chg = match market.age_ms {
        None => Cell::new("NO DATA", theme.warning),
        Some(age) if market.is_stale() => Cell::new(format!("STALE {}", figures::age(age)), theme.warning),
        Some(_) => Cell::new(percent, colour),
    };
    let sign = if gains { "+" } else { "" };
    let net = change.map_or_else(|| "-".to_owned(), |(net, _)| format!("{sign}{}", figures::price(net)));
    let held = seen.snapshot.positions.iter().find(|held| held.symbol == market.symbol);
    vec![
        Cell::new(market.symbol.as_str(), plain),
        price(market.last),
        chg,
        price(market.bid),
        price(market.ask),
        Cell::new(market.age_ms.map_or_else(|| "-".to_owned(), figures::age), plain),
        Cell::new(net, colour),
        price(market.previous_close),
        Cell::new(held.map_or_else(String::new, |held| figures::signed_shares(held.qty)), theme.text),
    ]
}

#[cfg(test)]
mod tests {
    use crate::ui::fixture::Variant;
    use crate::ui::view::proof::check;

    #[test]
    fn the_watchlist_says_what_is_stale_and_shows_more_where_there_is_room() {
        check(
            "watchlist",
            Variant::Stale,
            26,
            11,
            &[
                "┌ 1 Watchlist  4 STALE ──┐",
                "│Symbol    Last       Chg│",
                "│BAC      13.92 STALE 70s│",
                "│GE       23.97 STALE 16s│",
                "│IBM     182.90   ▼-1.02%│",
                "│MSFT     33.07 STALE 20m│",
                "│QQQ      77.42   ▼-1.00%│",
                "│SPY     166.20   ▲+0.44%│",
                "│T        34.02     0.00%│",
                "│XOM          -   NO DATA│",
                "└────────────────────────┘",
            ],
        );
        check(
            "watchlist",
            Variant::Plain,
            66,
            6,
            &[
                "┌ 1 Watchlist ───────────────────────────────────────────────────┐",
                "│Symbol     Last        Chg      Bid      Ask  Age     Net   Held│",
                "│QQQ       77.42    ▼-1.00%    77.42    77.43   0s   -0.78       │",
                "│SPY      166.20    ▲+0.44%   166.20   166.21   0s   +0.72   +100│",
                "│+6 more                                                         │",
                "└────────────────────────────────────────────────────────────────┘",
            ],
        );
    }
}
