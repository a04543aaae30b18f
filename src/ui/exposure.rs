use crate::domain::money::Money;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::snapshot::OrderView;
use crate::ui::seen::Seen;

/// The symbol with the largest exposure, as the gate counts it: what is held with every live order
/// filled in the order that is worst. The amount is `None` where a price that it needs is not known,
/// for less than the truth would say that more may be opened.
pub fn largest(seen: &Seen) -> (Option<Symbol>, Option<Money>) {
    let mut most = (None, Some(Money::ZERO));
    for symbol in touched(seen) {
        let Some(one) = exposure(seen, symbol) else { return (Some(symbol), None) };
        if most.1.is_some_and(|so_far| one > so_far) {
            most = (Some(symbol), Some(one));
        }
    }
    most
}

/// Every symbol that is held or that a live order trades, by name.
pub fn touched(seen: &Seen) -> Vec<Symbol> {
    let held = seen.snapshot.positions.iter().map(|position| position.symbol);
    let wished = seen.snapshot.open_orders.iter().map(|order| order.symbol);
    let mut symbols: Vec<Symbol> = held.chain(wished).collect();
    symbols.sort_unstable();
    symbols.dedup();
    symbols
}

/// A symbol's exposure: `max(max(p+B,0)·max(bid, buy prices), max(S−p,0)·max(ask, sell prices))`,
/// where p is the signed position and B and S are what live orders may still buy and sell.
pub fn exposure(seen: &Seen, symbol: Symbol) -> Option<Money> {
    let held = seen.snapshot.positions.iter().find(|position| position.symbol == symbol);
    let market = seen.markets.iter().find(|market| market.symbol == symbol);
    let mark = held.and_then(|position| position.mark).or_else(|| market.and_then(|market| market.last));
    let position = held.map_or(Qty::ZERO, |position| position.qty);
    let worst = |side: Side, quote: Option<Price>| {
        let mut price = quote.or(mark);
        let mut rest = Qty::ZERO;
        for order in seen.snapshot.open_orders.iter().filter(|one| one.symbol == symbol && one.side == side) {
            rest = rest.plus(order.qty.minus(order.filled).ok()?.at_least_zero()).ok()?;
            price = price.max(Some(counted_at(order, price)?));
        }
        Some((rest, price))
    };
    let (buys, bid) = worst(Side::Buy, market.and_then(|market| market.bid))?;
    let (sells, ask) = worst(Side::Sell, market.and_then(|market| market.ask))?;
    let long = position.plus(buys).ok()?.at_least_zero();
    let short = sells.minus(position).ok()?.at_least_zero();
    let worth = |qty: Qty, price: Option<Price>| {
        if qty.is_zero() { Some(Money::ZERO) } else { price.map(|price| price.times(qty)) }
    };
    Some(worth(long, bid)?.max(worth(short, ask)?))
}

/// The price at which a live order counts.
fn counted_at(order: &OrderView, mark: Option<Price>) -> Option<Price> {
    match (order.kind, order.side) {
        (OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. }, _) => Some(limit),
        (OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. }, Side::Sell) => Some(stop),
        (OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. }, Side::Buy) => {
            stop.scaled(102, 100).ok()
        }
        (OrderKind::Market, Side::Buy) => mark?.scaled(102, 100).ok(),
        (OrderKind::Market, Side::Sell) => mark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{Variant, seen, seen_in};

    fn amount(seen: &Seen, name: &str) -> Option<String> {
        exposure(seen, name.parse().unwrap()).map(|amount| amount.to_string())
    }

    #[test]
    fn orders_count_at_their_worst_and_exits_add_nothing() {
        let seen = seen();
        // 100 SPY at the bid, its stop sells no more than is held; 40 BAC short at the ask.
        assert_eq!(amount(&seen, "SPY").unwrap(), "16620.00");
        assert_eq!(amount(&seen, "BAC").unwrap(), "556.80");
        // 25 IBM held, 15 still wished, at the wish's price, which is above the bid.
        assert_eq!(amount(&seen, "IBM").unwrap(), "7320.00");
        // 50 T wished, a cancel only asked for: at the bid, which is above the wish.
        assert_eq!(amount(&seen, "T").unwrap(), "1700.50");
        assert_eq!(largest(&seen).0, Some("SPY".parse().unwrap()));
    }

    #[test]
    fn a_market_order_counts_above_the_market_and_an_unknown_price_is_no_zero() {
        let mut seen = seen();
        for order in seen.snapshot.open_orders.iter_mut().filter(|order| order.symbol.as_str() == "T") {
            order.kind = OrderKind::Market;
        }
        assert_eq!(amount(&seen, "T").unwrap(), "1734.51", "50 at 34.01 and 2 % more");
        for market in seen.markets.iter_mut().filter(|market| market.symbol.as_str() == "T") {
            (market.bid, market.ask, market.last) = (None, None, None);
        }
        assert_eq!(amount(&seen, "T"), None);
        assert_eq!(largest(&seen).1, None);
        assert_eq!(largest(&seen_in(Variant::Empty)), (None, Some(Money::ZERO)));
    }
}
