#![doc = include_str!("fill_model.md")]

use crate::domain::market::{Bar, Quote};
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::exchange::held::Held;
use crate::exchange::settings::Costs;

/// The fill model in words, as it stands at the head of this file: every report prints it.
pub const FILL_MODEL: &str = include_str!("fill_model.md");

const BPS: i64 = 10_000;

/// What an order asks of the market.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) side: Side,
    pub(super) kind: OrderKind,
    /// Its stop was reached before.
    pub(super) triggered: bool,
    /// It rests: the market has to come through its price.
    pub(super) rested: bool,
}

impl Asked {
    pub(super) fn by(held: &Held) -> Self {
        let Held { request, triggered, rested, .. } = *held;
        Self { side: request.side, kind: request.kind, triggered, rested }
    }

    /// Whether `price` has come to a stop at `stop`: a touch is enough.
    fn reaches(self, price: Price, stop: Price) -> bool {
        match self.side {
            Side::Buy => price >= stop,
            Side::Sell => price <= stop,
        }
    }

    /// Whether `price` is better than `limit`: a touch is not enough.
    fn is_through(self, price: Price, limit: Price) -> bool {
        match self.side {
            Side::Buy => price < limit,
            Side::Sell => price > limit,
        }
    }

    /// The worse of two prices for the order.
    fn worse(self, one: Price, other: Price) -> Price {
        match self.side {
            Side::Buy => one.max(other),
            Side::Sell => one.min(other),
        }
    }

    /// `price`, slipped, and no worse than `limit`.
    fn within(self, limit: Price, price: Price, costs: &Costs) -> Price {
        let slipped = self.slipped(price, costs);
        if self.is_through(slipped, limit) { slipped } else { limit }
    }

    /// A price worse by the slippage.
    fn slipped(self, price: Price, costs: &Costs) -> Price {
        let bps = i64::from(costs.slippage_bps);
        let factor = match self.side {
            Side::Buy => BPS.saturating_add(bps),
            Side::Sell => BPS.saturating_sub(bps),
        };
        price.scaled(factor, BPS).unwrap_or(price)
    }
}

/// What the market offers one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Nothing.
    Nothing,
    /// Its stop was reached, and nothing more: it is a limit from here on.
    Trigger,
    /// A fill at this price, for as many shares as there are.
    Fill(Price),
}

/// What a bar offers to an order that came before it began.
pub(super) fn on_bar(asked: Asked, bar: &Bar, costs: &Costs) -> Offer {
    // The extremes that favour the order, and that work against it.
    let (kind_to, against) = match asked.side {
        Side::Buy => (bar.low, bar.high),
        Side::Sell => (bar.high, bar.low),
    };
    let as_limit = |limit: Price| {
        let fills = asked.is_through(kind_to, limit);
        if fills { Offer::Fill(asked.within(limit, bar.open, costs)) } else { Offer::Nothing }
    };
    match asked.kind {
        OrderKind::Market => Offer::Fill(asked.slipped(bar.open, costs)),
        OrderKind::Limit { limit } => as_limit(limit),
        OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } if asked.triggered => {
            Offer::Fill(asked.slipped(bar.open, costs))
        }
        OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } if asked.reaches(against, stop) => {
            Offer::Fill(asked.slipped(asked.worse(stop, bar.open), costs))
        }
        OrderKind::StopLimit { limit, .. } if asked.triggered => as_limit(limit),
        OrderKind::StopLimit { stop, limit } if asked.reaches(bar.open, stop) => match as_limit(limit) {
            Offer::Nothing => Offer::Trigger,
            filled => filled,
        },
        OrderKind::StopLimit { stop, limit } if asked.reaches(against, stop) => {
            // Only the close is certain to come after the trigger.
            if asked.is_through(bar.close, limit) { Offer::Fill(limit) } else { Offer::Trigger }
        }
        OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. } => {
            Offer::Nothing
        }
    }
}

/// What the rest of a bar offers the stop of an entry that filled at `entry` within it.
pub(super) fn on_bar_of_entry(asked: Asked, entry: Price, bar: &Bar, costs: &Costs) -> Offer {
    let against = match asked.side {
        Side::Buy => bar.high,
        Side::Sell => bar.low,
    };
    match asked.kind.stop() {
        Some(stop) if asked.triggered || asked.reaches(against, stop) => {
            Offer::Fill(asked.slipped(asked.worse(stop, entry), costs))
        }
        _ => Offer::Nothing,
    }
}

/// What a usable quote offers.
pub(super) fn on_quote(asked: Asked, quote: &Quote) -> Offer {
    let price = match asked.side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    let as_limit = |limit: Price, rested: bool| {
        if asked.is_through(price, limit) {
            // The market came down through a resting order's price, and filled it on its way.
            Offer::Fill(if rested { limit } else { price })
        } else if price == limit && !rested {
            Offer::Fill(price)
        } else {
            Offer::Nothing
        }
    };
    match asked.kind {
        OrderKind::Market => Offer::Fill(price),
        OrderKind::Limit { limit } => as_limit(limit, asked.rested),
        OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. }
            if asked.triggered || asked.reaches(price, stop) =>
        {
            Offer::Fill(price)
        }
        OrderKind::StopLimit { limit, .. } if asked.triggered => as_limit(limit, asked.rested),
        OrderKind::StopLimit { stop, limit } if asked.reaches(price, stop) => match as_limit(limit, false) {
            Offer::Nothing => Offer::Trigger,
            filled => filled,
        },
        OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. } => {
            Offer::Nothing
        }
    }
}

/// What a trade at `price` offers. Where a fresh quote is known (`quoted`), whoever takes what there
/// is waits for a quote: the price of somebody else's trade hides the spread.
pub(super) fn on_trade(asked: Asked, price: Price, quoted: bool, costs: &Costs) -> Offer {
    let as_taker = || if quoted { Offer::Nothing } else { Offer::Fill(asked.slipped(price, costs)) };
    let as_limit = |limit: Price, rested: bool| {
        if !asked.is_through(price, limit) {
            Offer::Nothing
        } else if rested || quoted {
            Offer::Fill(limit)
        } else {
            Offer::Fill(asked.within(limit, price, costs))
        }
    };
    match asked.kind {
        OrderKind::Market => as_taker(),
        OrderKind::Limit { limit } => as_limit(limit, asked.rested),
        OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } if asked.triggered => as_taker(),
        OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } if asked.reaches(price, stop) => {
            Offer::Fill(asked.slipped(price, costs))
        }
        OrderKind::StopLimit { limit, .. } if asked.triggered => as_limit(limit, asked.rested),
        OrderKind::StopLimit { stop, limit } if asked.reaches(price, stop) => match as_limit(limit, false) {
            Offer::Nothing => Offer::Trigger,
            filled => filled,
        },
        OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. } => {
            Offer::Nothing
        }
    }
}

/// What the closing auction offers at the session's last price: a market order all of it, a limit order only
/// where its limit is better than that price, because at its own price others stand before it.
pub(super) fn on_close(asked: Asked, last: Price, costs: &Costs) -> Offer {
    match asked.kind {
        OrderKind::Market => Offer::Fill(asked.slipped(last, costs)),
        OrderKind::Limit { limit } if asked.is_through(last, limit) => Offer::Fill(last),
        _ => Offer::Nothing,
    }
}

/// Whether a quote may fill and trigger: two sides, not crossed, at most 5 % of its middle wide.
pub(super) fn is_usable(quote: &Quote) -> bool {
    let (bid, ask) = (i128::from(quote.bid.nanos()), i128::from(quote.ask.nanos()));
    // 5 % of the middle is (bid + ask) / 40.
    let wide = ask.saturating_sub(bid).saturating_mul(40) > ask.saturating_add(bid);
    bid > 0 && ask >= bid && !wide
}

/// The shares of a bar or a trade that may fill, in whole shares.
pub(super) fn share_of(volume: Qty, costs: &Costs) -> Qty {
    let Some(share_pct) = costs.volume_share_pct else { return Qty::LARGEST };
    // By way of money at a dollar a share, whose percentage is exact and rounded down.
    let dollar = Price::from_cents(100);
    let share = dollar.times(volume).percent_down(share_pct).ok().and_then(|part| part.shares_at(dollar));
    share.map_or(Qty::ZERO, Qty::whole_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn asked(side: Side, kind: OrderKind) -> Asked {
        Asked { side, kind, triggered: false, rested: false }
    }

    fn limit(text: &str) -> OrderKind {
        OrderKind::Limit { limit: price(text) }
    }

    fn stop(text: &str) -> OrderKind {
        OrderKind::Stop { stop: price(text) }
    }

    fn stop_limit(stop: &str, limit: &str) -> OrderKind {
        OrderKind::StopLimit { stop: price(stop), limit: price(limit) }
    }

    fn offer(text: &str) -> Offer {
        match text {
            "-" => Offer::Nothing,
            "trigger" => Offer::Trigger,
            price => Offer::Fill(price.parse().unwrap()),
        }
    }

    /// A bar from 100 to 101, by way of 102 and 98.
    fn bar() -> Bar {
        let at: At = "2013-10-07T14:00:00Z".parse().unwrap();
        Bar {
            symbol: "SPY".parse().unwrap(),
            start: at,
            end: at.plus_seconds(60),
            open: price("100"),
            high: price("102"),
            low: price("98"),
            close: price("101"),
            volume: Qty::shares(1005),
        }
    }

    fn check_bar(side: Side, kind: OrderKind, expected: &str) {
        assert_eq!(on_bar(asked(side, kind), &bar(), &Costs::none()), offer(expected), "{side:?} {kind:?}");
    }

    #[test]
    fn on_a_bar_a_touch_is_no_fill_and_a_gap_fills_at_the_worse_price() {
        check_bar(Side::Buy, OrderKind::Market, "100");
        check_bar(Side::Buy, limit("98"), "-");
        check_bar(Side::Buy, limit("98.01"), "98.01");
        check_bar(Side::Buy, limit("101"), "100");
        check_bar(Side::Sell, limit("102"), "-");
        check_bar(Side::Sell, limit("101.99"), "101.99");
        check_bar(Side::Sell, limit("99"), "100");
        check_bar(Side::Buy, stop("102"), "102");
        check_bar(Side::Buy, stop("99"), "100");
        check_bar(Side::Sell, stop("98"), "98");
        check_bar(Side::Sell, stop("101"), "100");
        check_bar(Side::Sell, stop("97.99"), "-");
    }

    #[test]
    fn a_stop_limit_fills_in_its_bar_only_where_the_close_proves_it() {
        check_bar(Side::Buy, stop_limit("101.5", "101.6"), "101.6");
        check_bar(Side::Buy, stop_limit("101.5", "101"), "trigger");
        check_bar(Side::Buy, stop_limit("99", "100.5"), "100");
        check_bar(Side::Buy, stop_limit("99", "98"), "trigger");
        check_bar(Side::Buy, stop_limit("103", "104"), "-");
        check_bar(Side::Sell, stop_limit("99", "98.5"), "98.5");
        check_bar(Side::Sell, stop_limit("99", "101"), "trigger");
    }

    #[test]
    fn slippage_is_against_the_order_and_never_beyond_its_limit() {
        let costs = Costs { slippage_bps: 10, ..Costs::none() };
        let slipped = |side, kind| on_bar(asked(side, kind), &bar(), &costs);
        assert_eq!(slipped(Side::Buy, OrderKind::Market), offer("100.1"));
        assert_eq!(slipped(Side::Sell, OrderKind::Market), offer("99.9"));
        assert_eq!(slipped(Side::Sell, stop("98")), offer("97.902"));
        assert_eq!(slipped(Side::Buy, limit("102")), offer("100.1"));
        assert_eq!(slipped(Side::Buy, limit("100.05")), offer("100.05"));
        assert_eq!(slipped(Side::Sell, limit("99.95")), offer("99.95"));
    }

    #[test]
    fn an_entrys_stop_meets_the_rest_of_its_bar_from_the_entry_on() {
        let check = |text: &str, entry: &str, expected: &str| {
            let found = on_bar_of_entry(asked(Side::Sell, stop(text)), price(entry), &bar(), &Costs::none());
            assert_eq!(found, offer(expected), "stop {text} entry {entry}");
        };
        check("99", "100", "99");
        check("99", "98.5", "98.5");
        check("97", "100", "-");
    }

    fn check_quote(side: Side, kind: OrderKind, rested: bool, expected: &str) {
        let at = At::default();
        let (bid, ask, shares) = (price("100"), price("100.02"), Qty::shares(300));
        let quote = Quote { symbol: bar().symbol, bid, bid_qty: shares, ask, ask_qty: shares, at };
        let found = on_quote(Asked { rested, ..asked(side, kind) }, &quote);
        assert_eq!(found, offer(expected), "{side:?} {kind:?} rested {rested}");
    }

    #[test]
    fn on_a_quote_an_arriving_order_takes_and_a_resting_one_must_be_passed_through() {
        check_quote(Side::Buy, OrderKind::Market, false, "100.02");
        check_quote(Side::Sell, OrderKind::Market, false, "100");
        check_quote(Side::Buy, limit("100.02"), false, "100.02");
        check_quote(Side::Buy, limit("100.02"), true, "-");
        check_quote(Side::Buy, limit("100.03"), true, "100.03");
        check_quote(Side::Buy, limit("100.01"), false, "-");
        check_quote(Side::Sell, limit("100"), false, "100");
        check_quote(Side::Sell, limit("100"), true, "-");
        check_quote(Side::Sell, limit("99.99"), true, "99.99");
        check_quote(Side::Sell, stop("100"), true, "100");
        check_quote(Side::Sell, stop("99.99"), true, "-");
        check_quote(Side::Buy, stop("100.02"), true, "100.02");
        check_quote(Side::Buy, stop_limit("100", "101"), true, "100.02");
        check_quote(Side::Buy, stop_limit("100", "100.01"), true, "trigger");
    }

    fn check_trade(side: Side, kind: OrderKind, quoted: bool, expected: &str) {
        let costs = Costs { slippage_bps: 10, ..Costs::none() };
        let found = on_trade(asked(side, kind), price("100"), quoted, &costs);
        assert_eq!(found, offer(expected), "{side:?} {kind:?} quoted {quoted}");
    }

    #[test]
    fn a_trade_is_no_price_to_take_where_a_quote_is_known() {
        check_trade(Side::Buy, OrderKind::Market, true, "-");
        check_trade(Side::Buy, OrderKind::Market, false, "100.1");
        check_trade(Side::Buy, limit("100"), true, "-");
        check_trade(Side::Buy, limit("101"), true, "101");
        check_trade(Side::Buy, limit("101"), false, "100.1");
        check_trade(Side::Sell, stop("100"), true, "99.9");
        check_trade(Side::Sell, stop("99.99"), true, "-");
        check_trade(Side::Buy, stop_limit("99", "100"), false, "trigger");
    }

    #[test]
    fn a_quote_is_usable_with_two_sides_not_crossed_and_not_too_wide() {
        let check = |bid: &str, ask: &str, expected: bool| {
            let size = Qty::shares(1);
            let (bid, ask) = (price(bid), price(ask));
            let quote =
                Quote { symbol: bar().symbol, bid, bid_qty: size, ask, ask_qty: size, at: At::default() };
            assert_eq!(is_usable(&quote), expected, "{bid} {ask}");
        };
        check("100", "100", true);
        check("0", "100", false);
        check("100.01", "100", false);
        check("97.5", "102.5", true);
        check("97.5", "102.51", false);
    }

    #[test]
    fn a_tenth_of_the_volume_fills_in_whole_shares() {
        let share = |volume| share_of(Qty::shares(volume), &Costs::default());
        assert_eq!(share(1005), Qty::shares(100));
        assert_eq!(share(9), Qty::ZERO);
        assert_eq!(share_of(Qty::shares(9), &Costs::none()), Qty::LARGEST);
    }
}
