use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::chance::Chance;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;

/// The least and the most cents that a walk comes to.
const CENTS: (i64, i64) = (300, 40_000);

/// What a symbol's market looks like now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    /// The middle of the walk, in cents.
    pub(super) cents: i64,
    /// The last quote that was told, whatever it was.
    pub(super) quote: Option<Quote>,
    /// High and low since the last bar, in cents.
    range: (i64, i64),
    opened: i64,
}

/// A market that walks at random, jumps, and sometimes says what no market should.
#[derive(Debug)]
pub(super) struct Street {
    stands: BTreeMap<Symbol, Stand>,
}

impl Street {
    pub(super) fn new(symbols: &[Symbol], chance: &mut Chance) -> Self {
        let stand = |chance: &mut Chance| {
            let cents = *chance.one_of(&[10_000, 5_000, 2_000, 600]).unwrap_or(&10_000);
            Stand { cents, quote: None, range: (cents, cents), opened: cents }
        };
        Self { stands: symbols.iter().map(|symbol| (*symbol, stand(chance))).collect() }
    }

    pub(super) fn stand(&self, symbol: Symbol) -> Option<&Stand> {
        self.stands.get(&symbol)
    }

    /// The walk's next step, as a quote a few cents wide.
    pub(super) fn quote(&mut self, symbol: Symbol, at: At, chance: &mut Chance) -> Option<Tick> {
        let stand = self.stands.get_mut(&symbol)?;
        let step = stand.cents.checked_div(160).unwrap_or(1).max(1);
        let far = chance.below(40) == 0;
        let reach = if far { step.saturating_mul(12) } else { step };
        stand.cents =
            stand.cents.saturating_add(chance.between(reach.saturating_neg(), reach)).clamp(CENTS.0, CENTS.1);
        stand.range = (stand.range.0.min(stand.cents), stand.range.1.max(stand.cents));
        let wide = chance.between(0, 3);
        let bid_qty = Qty::shares(i32::try_from(chance.between(1, 500)).unwrap_or(1));
        let (bid, ask) = (cents(stand.cents), cents(stand.cents.saturating_add(wide)));
        let quote = Quote { symbol, bid, bid_qty, ask, ask_qty: bid_qty, at };
        stand.quote = Some(quote);
        Some(Tick::Quote(quote))
    }

    /// The market jumps by so many per cent.
    pub(super) fn jump(&mut self, symbol: Symbol, pct: i64, at: At, chance: &mut Chance) -> Option<Tick> {
        let stand = self.stands.get_mut(&symbol)?;
        let by = stand.cents.saturating_mul(pct).checked_div(100)?;
        stand.cents = stand.cents.saturating_add(by).clamp(CENTS.0, CENTS.1);
        self.quote(symbol, at, chance)
    }

    /// A quote that cannot be right, or hardly.
    pub(super) fn odd_quote(&mut self, symbol: Symbol, at: At, chance: &mut Chance) -> Option<Tick> {
        let stand = self.stands.get_mut(&symbol)?;
        let (middle, size) = (stand.cents, Qty::shares(100));
        let half = middle.checked_div(2).unwrap_or(1);
        let (bid, ask) = *chance.one_of(&[
            (middle.saturating_add(5), middle),
            (0, middle),
            (middle, 0),
            (0, 0),
            (half, middle.saturating_add(half)),
            (middle, middle.saturating_mul(200)),
            (2_000_000_000, 2_000_000_001),
        ])?;
        let quote = Quote { symbol, bid: cents(bid), bid_qty: size, ask: cents(ask), ask_qty: size, at };
        stand.quote = Some(quote);
        Some(Tick::Quote(quote))
    }

    /// A trade near the walk.
    pub(super) fn trade(&self, symbol: Symbol, at: At, chance: &mut Chance) -> Option<Tick> {
        let near = self.stands.get(&symbol)?.cents.saturating_add(chance.between(-20, 20)).max(1);
        let qty = Qty::shares(i32::try_from(chance.between(1, 900)).unwrap_or(1));
        Some(Tick::Trade(Trade { symbol, price: cents(near), qty, at }))
    }

    /// The bar of the minute that ends now.
    pub(super) fn bar(&mut self, symbol: Symbol, end: At, chance: &mut Chance) -> Option<Tick> {
        let stand = self.stands.get_mut(&symbol)?;
        let (low, high) = stand.range;
        let reach = stand.cents.checked_div(400).unwrap_or(1).max(1);
        let volume = Qty::shares(i32::try_from(chance.between(100, 5_000)).unwrap_or(100));
        let bar = Bar {
            symbol,
            start: end.plus_seconds(-60),
            end,
            open: cents(stand.opened),
            high: cents(high.max(stand.opened).saturating_add(chance.between(0, reach))),
            low: cents(low.min(stand.opened).saturating_sub(chance.between(0, reach)).max(1)),
            close: cents(stand.cents),
            volume,
        };
        stand.range = (stand.cents, stand.cents);
        stand.opened = stand.cents;
        Some(Tick::Bar(bar))
    }

    /// `new` shares for `old`: the price follows.
    pub(super) fn split(&mut self, symbol: Symbol, new: u32, old: u32) {
        if let Some(stand) = self.stands.get_mut(&symbol) {
            let after = stand.cents.saturating_mul(i64::from(old)).checked_div(i64::from(new)).unwrap_or(1);
            stand.cents = after.clamp(CENTS.0, CENTS.1);
            stand.range = (stand.cents, stand.cents);
            stand.opened = stand.cents;
        }
    }
}

/// A price of so many cents.
pub(super) fn cents(cents: i64) -> Price {
    Price::from_nanos(cents.saturating_mul(10_000_000))
}
