//! What stands at the venue, or is on its way there.
//!
//! ```text
//! ┌ 7 Open orders  4 ──────────────────────────────────────────┐
//! │Symbol Side     Qty Type   Price TIF Status  By             │
//! │AAPL   SELL     100 STP   186.10 GTC working engine         │
//! │MSFT   BUY   40/100 LMT   421.00 DAY partial manual         │
//! └────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::intent::Origin;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::side::Side;
use crate::engine::snapshot::OrderView;
use crate::ui::figures;
use crate::ui::ink::{pane, put};
use crate::ui::model::{Model, Pane};
use crate::ui::seen::Seen;
use crate::ui::table::{Cell, Column, figures as column, words};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{grow, name, nothing, theme_of, title};

/// Draws the open orders.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let orders = model.seen.as_ref().map_or(&[][..], |seen| &seen.snapshot.open_orders);
    let lost = orders.iter().filter(|order| order.status == OrderStatus::Unknown).count();
    let mut parts = vec![name(model, Pane::Orders, "Open orders")];
    if model.seen.is_some() {
        parts[0] = format!("{}  {}", parts[0], orders.len());
        parts.push(if lost > 0 { format!("UNKNOWN {lost}") } else { String::new() });
    }
    let focused = model.pane == Pane::Orders;
    let inside = pane(buf, area, &title(&parts, area.width), focused, &model.theme);
    let Some(seen) = &model.seen else { return };
    if orders.is_empty() {
        put(buf, inside, inside.x, 0, &nothing(seen, "no open orders"), model.theme.dim);
        return;
    }
    let rows: Vec<Vec<Cell>> = orders.iter().map(|order| row(seen, order, &model.theme)).collect();
    let selected = orders.iter().position(|order| Some(order.id) == model.order);
    grow(buf, inside, columns(), &rows, selected, &theme_of(model, Pane::Orders));
}

fn columns() -> Vec<Column> {
    vec![
        words("Symbol", 6, 0),
        words("Side", 4, 0),
        column("Qty", 6, 0),
        words("Type", 4, 2),
        column("Price", 7, 1),
        words("TIF", 3, 5),
        words("Status", 8, 3),
        words("By", 8, 4),
        column("Away", 7, 6),
        column("Worth", 9, 7),
        words("Id", 20, 8),
    ]
}

fn row(seen: &Seen, order: &OrderView, theme: &Theme) -> Vec<Cell> {
    let (word, colour) = match order.side {
        Side::Buy => ("BUY", theme.up),
        Side::Sell => ("SELL", theme.down),
    };
    let qty = if order.filled.is_zero() {
        figures::shares(order.qty)
    } else {
        format!("{}/{}", figures::shares(order.filled), figures::shares(order.qty))
    };
    let first = order.kind.stop().or(order.kind.limit());
    let none = || "-".to_owned();
    let price = match (order.kind.stop(), order.kind.limit()) {
        (Some(stop), Some(limit)) => format!("{}/{}", figures::price(stop), figures::price(limit)),
        (one, other) => one.or(other).map_or_else(none, figures::price),
    };
    let last =
        seen.markets.iter().find(|market| market.symbol == order.symbol).and_then(|market| market.last);
    let away = first
        .zip(last)
        .filter(|(_, last)| last.is_positive())
        .and_then(|(price, last)| Some(price.minus(last).ok()?.to_f64() / last.to_f64() * 100.0));
    let rest = order.qty.minus(order.filled).ok();
    let worth = first.zip(rest).map(|(price, rest)| figures::money(price.times(rest)));
    let (status, tone) = status(order.status, theme);
    vec![
        Cell::new(order.symbol.as_str(), theme.text),
        Cell::new(word, colour),
        Cell::new(qty, theme.text),
        Cell::new(short(&order.kind), theme.text),
        Cell::new(price, theme.text),
        Cell::new(order.tif.word().to_uppercase(), theme.dim),
        Cell::new(status, tone),
        Cell::new(asker(seen, order.origin), theme.dim),
        Cell::new(away.map_or_else(none, figures::signed_percent), theme.text),
        Cell::new(worth.unwrap_or_else(none), theme.text),
        Cell::new(order.id.as_str(), theme.dim),
    ]
}

/// What an order does, in three letters.
const fn short(kind: &OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "MKT",
        OrderKind::Limit { .. } => "LMT",
        OrderKind::Stop { .. } => "STP",
        OrderKind::StopLimit { .. } => "STL",
        OrderKind::TrailingStop { .. } => "TRL",
    }
}

/// Where it stands; what nobody answered for counts in full, and the trader ought to know it.
const fn status(status: OrderStatus, theme: &Theme) -> (&'static str, ratatui::style::Style) {
    match status {
        OrderStatus::Unknown => ("UNKNOWN", theme.danger),
        OrderStatus::PendingCancel => ("cancel…", theme.warning),
        OrderStatus::PendingReplace => ("replace…", theme.warning),
        OrderStatus::Intent | OrderStatus::Sending => ("sending…", theme.warning),
        OrderStatus::Acked | OrderStatus::Working | OrderStatus::Partial => (status.word(), theme.text),
        other => (other.word(), theme.dim),
    }
}

/// Who asked, in a word.
pub(super) fn asker(seen: &Seen, origin: Origin) -> String {
    match origin {
        Origin::Operator => "manual".to_owned(),
        Origin::Engine => "engine".to_owned(),
        Origin::Kill => "kill".to_owned(),
        Origin::Strategy(id) => {
            let named = seen.snapshot.strategies.iter().find(|strategy| strategy.id == id.0);
            named.map_or_else(
                || format!("strategy {}", id.0),
                |strategy| strategy.name.trim_end_matches(".js").to_owned(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::Price;
    use crate::ui::fixture;
    use crate::ui::fixture::Variant;
    use crate::ui::theme::{Depth, ThemeName};
    use crate::ui::view::proof::check;

    #[test]
    fn orders_show_what_filled_and_who_asked() {
        check(
            "orders",
            Variant::Plain,
            30,
            6,
            &[
                "┌ 7 Open orders  4 ──────────┐",
                "│Symbol Side     Qty    Price│",
                "│SPY    SELL     100   164.10│",
                "│BAC    BUY       40    14.20│",
                "│+2 more                     │",
                "└────────────────────────────┘",
            ],
        );
        check(
            "orders",
            Variant::Plain,
            80,
            7,
            &[
                "┌ 7 Open orders  4 ────────────────────────────────────────────────────────────┐",
                "│Symbol Side     Qty Type    Price TIF Status   By            Away      Worth  │",
                "│SPY    SELL     100 STP    164.10 GTC working  ema_cross   -1.26%  16,410.00  │",
                "│BAC    BUY       40 STP     14.20 GTC working  engine      +2.01%     568.00  │",
                "│IBM    BUY    25/40 LMT    183.00 DAY partial  manual      +0.05%   2,745.00  │",
                "│T      BUY       50 LMT     33.90 DAY cancel…  orb_15m     -0.35%   1,695.00  │",
                "└──────────────────────────────────────────────────────────────────────────────┘",
            ],
        );
    }

    #[test]
    fn a_stop_limit_shows_both_prices_and_what_nobody_answered_for_stands_out() {
        let theme = Theme::of(ThemeName::Okabe, Depth::True);
        let seen = fixture::seen();
        let kind = OrderKind::StopLimit { stop: Price::from_cents(1_420), limit: Price::from_cents(1_425) };
        let order = OrderView { kind, status: OrderStatus::Unknown, ..seen.snapshot.open_orders[1].clone() };
        let cells = row(&seen, &order, &theme);
        let texts: Vec<&str> = cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(texts[3..7], ["STL", "14.20/14.25", "GTC", "UNKNOWN"]);
        assert_eq!(cells[6].style, theme.danger);
        assert_eq!(asker(&seen, Origin::Strategy(crate::domain::intent::StrategyId(9))), "strategy 9");
    }
}
