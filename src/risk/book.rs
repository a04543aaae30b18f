use std::collections::BTreeMap;

use crate::domain::id::ClientOrderId;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::risk::position::Position;

/// Everything the gate knows of the market and the account's orders, by symbol.
#[derive(Debug, Clone, Default)]
pub struct Book {
    entries: BTreeMap<Symbol, Entry>,
}

/// What is known of one symbol.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// What is held.
    pub position: Position,
    /// Live orders but the own protective ones; each has something left to fill.
    pub orders: Vec<LiveOrder>,
    /// The own protective stops and their targets.
    pub guards: Vec<Guard>,
    /// The last quote.
    pub quote: Option<HeldQuote>,
    /// The last trade.
    pub last: Option<Price>,
    /// The last session's close.
    pub close: Option<Price>,
}

/// A live order: it counts what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveOrder {
    /// Its id, where it has one.
    pub id: Option<ClientOrderId>,
    /// Buy or sell.
    pub side: Side,
    /// All its shares.
    pub qty: Qty,
    /// Shares filled so far.
    pub filled: Qty,
    /// At which price.
    pub kind: OrderKind,
    /// The limit under which a market order was sent, where it was sent under one.
    pub collar: Option<Price>,
    /// The attached protective stop.
    pub stop_loss: Option<Price>,
    /// Entries of one group cancel each other.
    pub group: Option<u32>,
    /// It went out with legs, which the venue's wash table exempts.
    pub complex: bool,
}

/// An own protective stop, or the target that the same fill would cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Its id, where it has one.
    pub id: Option<ClientOrderId>,
    /// The opening order it rests behind, where it is a leg.
    pub parent: Option<ClientOrderId>,
    /// A stop, or a target.
    pub kind: GuardKind,
    /// The side it closes with.
    pub side: Side,
    /// Shares it holds; a leg's grow with its parent's fills.
    pub qty: Qty,
    /// Its trigger or its limit.
    pub price: Price,
    /// Whether the broker has reported it working: before, it protects nothing.
    pub working: bool,
    /// Guards and exits of one group cancel each other.
    pub group: Option<u32>,
}

/// What a guard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardKind {
    /// It closes on the losing side.
    Stop,
    /// It closes on the winning side.
    Target,
}

/// A quote as it is held: its age counts from its last confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldQuote {
    /// The bid, where there is one; zero is none.
    pub bid: Option<Price>,
    /// The ask, where there is one; zero is none.
    pub ask: Option<Price>,
    /// The instant of its confirmation, in milliseconds on the caller's own scale.
    pub confirmed_ms: i64,
    /// How often its source speaks; a quote twice this old is still fresh.
    pub interval_ms: i64,
}

/// Why a quote cannot be traded on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteFault {
    /// A side is missing, the sides are crossed, or they are too far apart.
    NoPrice,
    /// It is whole, but too old.
    Stale,
}

/// The two prices that a symbol is marked at: the bid for longs, the ask for shorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// For what is long.
    pub bid: Price,
    /// For what is short.
    pub ask: Price,
}

impl HeldQuote {
    /// Its age, and the greatest age at which it may be traded on, in milliseconds.
    ///
    /// A quote from the future comes from a clock that cannot be trusted: it counts as too old.
    #[must_use]
    pub fn age_ms(&self, now_ms: i64, stale_ms: i64) -> (i64, i64) {
        let age = now_ms.saturating_sub(self.confirmed_ms);
        let allowed = stale_ms.max(self.interval_ms.saturating_mul(2));
        (if age < 0 { i64::MAX } else { age }, allowed)
    }

    /// Both sides, if it may be traded on.
    ///
    /// # Errors
    /// Too old with both sides above zero is [`QuoteFault::Stale`], whatever else is wrong; all else
    /// is [`QuoteFault::NoPrice`].
    pub fn usable(&self, now_ms: i64, stale_ms: i64) -> Result<Marks, QuoteFault> {
        let side = |price: Option<Price>| price.filter(|price| price.is_positive());
        let (Some(bid), Some(ask)) = (side(self.bid), side(self.ask)) else {
            return Err(QuoteFault::NoPrice);
        };
        let (age, allowed) = self.age_ms(now_ms, stale_ms);
        if age > allowed {
            return Err(QuoteFault::Stale);
        }
        // ask − bid ≤ 5 % of (bid + ask) / 2, without a division; 64 bits times 40 fit an i128.
        let sum = i128::from(bid.nanos()).saturating_add(i128::from(ask.nanos()));
        let spread = i128::from(ask.nanos()).saturating_sub(i128::from(bid.nanos()));
        if spread < 0 || spread.wrapping_mul(40) > sum {
            return Err(QuoteFault::NoPrice);
        }
        Ok(Marks { bid, ask })
    }
}

impl LiveOrder {
    /// What is left to fill.
    #[must_use]
    pub fn rest(&self) -> Qty {
        Qty::from_nanos(self.qty.nanos().saturating_sub(self.filled.nanos())).at_least_zero()
    }
}

impl Entry {
    /// Whether it can add to no sum: nothing held and nothing live.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.position.qty.is_zero() && self.orders.is_empty()
    }

    /// The prices it is marked at: a usable quote in the regular session, else the last trade, else
    /// the last close.
    #[must_use]
    pub fn marks(&self, now_ms: i64, stale_ms: i64, regular: bool) -> Option<Marks> {
        if regular
            && let Some(quote) = &self.quote
            && let Ok(marks) = quote.usable(now_ms, stale_ms)
        {
            return Some(marks);
        }
        self.last.or(self.close).map(|price| Marks { bid: price, ask: price })
    }
}

impl Book {
    /// The entry of `symbol`, if anything is known of it.
    #[must_use]
    pub fn get(&self, symbol: Symbol) -> Option<&Entry> {
        self.entries.get(&symbol)
    }

    /// The entry of `symbol`, made where there was none.
    pub fn entry(&mut self, symbol: Symbol) -> &mut Entry {
        self.entries.entry(symbol).or_default()
    }

    /// The entry of `symbol` for changing, if anything is known of it.
    pub fn get_mut(&mut self, symbol: Symbol) -> Option<&mut Entry> {
        self.entries.get_mut(&symbol)
    }

    /// Every entry, in the order of the symbols.
    pub fn iter(&self) -> impl Iterator<Item = (&Symbol, &Entry)> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bid: &str, ask: &str, age_ms: i64, expected: Result<(), QuoteFault>) {
        let price = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let quote = HeldQuote {
            bid: price(bid),
            ask: price(ask),
            confirmed_ms: 0_i64.saturating_sub(age_ms),
            interval_ms: 0,
        };
        assert_eq!(quote.usable(0, 15_000).map(|_| ()), expected, "{bid} {ask} {age_ms}");
    }

    #[test]
    fn a_quote_is_usable_within_its_bounds_inclusive() {
        check("10", "10", 15_000, Ok(()));
        check("39", "41", 0, Ok(()));
        check("39", "41.000000001", 0, Err(QuoteFault::NoPrice));
        check("10.01", "10", 0, Err(QuoteFault::NoPrice));
        check("0", "10", 0, Err(QuoteFault::NoPrice));
        check("", "10", 20_000, Err(QuoteFault::NoPrice));
        check("10.01", "10", 15_001, Err(QuoteFault::Stale));
        check("10", "10.01", -1, Err(QuoteFault::Stale));
    }

    #[test]
    fn a_slow_source_ages_slower() {
        let quote = HeldQuote {
            bid: Some(Price::from_cents(1_000)),
            ask: Some(Price::from_cents(1_001)),
            confirmed_ms: 0,
            interval_ms: 60_000,
        };
        assert!(quote.usable(120_000, 15_000).is_ok());
        assert_eq!(quote.usable(120_001, 15_000), Err(QuoteFault::Stale));
    }
}
