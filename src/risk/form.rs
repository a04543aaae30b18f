use crate::domain::decimal::divide_up;
use crate::domain::intent::Intent;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::risk::book::Marks;
use crate::risk::measure::wide;

/// The limit under which a market order goes out: ask × 1.02 for a buy, bid × 0.98 for a sell, on the
/// grid, never more generous than that.
pub(super) fn collar(side: Side, marks: Marks) -> Price {
    match side {
        Side::Buy => {
            let product = wide(marks.ask.nanos(), 102);
            to_price(product.checked_div_euclid(100)).grid_down()
        }
        Side::Sell => {
            let product = wide(marks.bid.nanos(), 98);
            to_price(divide_up(product, 100)).grid_up()
        }
    }
}

/// A price that cannot be held becomes zero, which no check lets pass.
fn to_price(nanos: Option<i128>) -> Price {
    let nanos = nanos.and_then(|nanos| i64::try_from(nanos).ok());
    Price::from_nanos(nanos.unwrap_or(0))
}

/// On the grid, towards the safe side: buys down, sells up.
pub(super) fn rounded(side: Side, price: Price) -> Price {
    match side {
        Side::Buy => price.grid_down(),
        Side::Sell => price.grid_up(),
    }
}

/// The intent's prices on the grid; `None` when it is no order at all: no quantity, or a price that
/// is zero or rounds to it.
pub(super) fn rounded_kind(intent: &Intent) -> Option<OrderKind> {
    let on_grid = |price: Price| {
        let price = rounded(intent.side, price);
        price.is_positive().then_some(price)
    };
    if !intent.qty.is_positive() {
        return None;
    }
    let extras = [intent.stop_loss, intent.take_profit];
    if extras.into_iter().flatten().any(|price| !price.is_positive()) {
        return None;
    }
    if !fits_its_hours(intent) {
        return None;
    }
    Some(match intent.kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: on_grid(limit)? },
        OrderKind::Stop { stop } => OrderKind::Stop { stop: on_grid(stop)? },
        OrderKind::StopLimit { stop, limit } => {
            OrderKind::StopLimit { stop: on_grid(stop)?, limit: on_grid(limit)? }
        }
        // Nobody asks for one: the gate makes it of an intent with a trail.
        OrderKind::TrailingStop { .. } => return None,
    })
}

/// Whether a venue takes this kind of order with this time in force: all hours take limits alone, an
/// auction no stops, and parts of a share live for a day.
fn fits_its_hours(intent: &Intent) -> bool {
    let kind_fits = match intent.tif {
        TimeInForce::Ext => matches!(intent.kind, OrderKind::Limit { .. }),
        TimeInForce::Opg | TimeInForce::Cls => intent.kind.stop().is_none(),
        TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => true,
    };
    let legs_fit = intent.trail.is_none() || intent.take_profit.is_none();
    kind_fits && legs_fit
}

/// Whether the order takes its stop and its target to the venue: whole shares, and a time in force that venues
/// bracket. The stop of any other is placed after its fill, so until then it counts at full value.
pub(super) fn carries_legs(intent: &Intent) -> bool {
    intent.qty.is_whole() && intent.tif.carries_legs()
}

/// The price that a protective stop is measured from: the limit, a stop order's trigger, a market
/// order's collar. `None` for a market order without a mark.
pub(super) fn reference(side: Side, kind: OrderKind, marks: Option<Marks>) -> Option<Price> {
    match kind {
        OrderKind::Market => marks.map(|marks| collar(side, marks)),
        OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
        OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } => Some(stop),
    }
}

/// A protective stop on the grid, towards the entry: up for a buy, down for a sell.
pub(super) fn rounded_stop(side: Side, stop: Price) -> Price {
    rounded(side.opposite(), stop)
}

/// Whether `stop` is on the side of `entry` on which an order of `side` loses.
pub(super) fn is_losing_side(side: Side, stop: Price, entry: Price) -> bool {
    match side {
        Side::Buy => stop < entry,
        Side::Sell => stop > entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_collar_is_on_the_grid_and_never_more_generous_than_two_per_cent() {
        let check = |bid: &str, ask: &str, buy: &str, sell: &str| {
            let marks = Marks { bid: price(bid), ask: price(ask) };
            assert_eq!((collar(Side::Buy, marks), collar(Side::Sell, marks)), (price(buy), price(sell)));
        };
        check("59.99", "60.01", "61.21", "58.8");
        check("0.99", "0.999999999", "1.01", "0.9702");
        check("1.03", "0.9804", "1", "1.01");
        check("0.00001", "0.00001", "0", "0.0001");
    }
}
