use serde::Serialize;

use crate::domain::at::At;
use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::machine::Engine;

/// For how long the position of a symbol has stood without a working stop at the broker, and with how much
/// money, from its first share to its last. A restart begins it anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Naked {
    /// Since when some of it stands without one.
    since: Option<At>,
    /// How long it did so before, in milliseconds.
    before_ms: i64,
    /// The most that stood without one at any change.
    most: Money,
}

/// The same, for eyes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NakedView {
    /// Milliseconds of the position's life without its full stop.
    pub ms: i64,
    /// What stands without one now, at the mark.
    pub now: Option<Money>,
    /// The most that ever did.
    pub most: Money,
}

impl Naked {
    /// Notes what stands without a stop from `now` on; `worth` is its value where a price is known.
    fn note(&mut self, now: At, is_bare: bool, worth: Option<Money>) {
        if !is_bare {
            self.before_ms = self.ms(now);
            self.since = None;
            return;
        }
        self.since.get_or_insert(now);
        self.most = self.most.max(worth.unwrap_or(Money::ZERO));
    }

    fn ms(&self, now: At) -> i64 {
        let running = self.since.map_or(0, |since| now.millis_since(since));
        self.before_ms.saturating_add(running)
    }
}

impl Engine {
    /// Looks at the symbol's position after anything that may have changed its protection.
    pub(super) fn measure_naked(&mut self, symbol: Symbol) {
        let position = self.gate.position(symbol).qty;
        let (now, worth) = (self.now, self.bare_worth(symbol));
        let is_bare = self.bare_qty(symbol).is_positive();
        let Some(desk) = self.desks.get_mut(&symbol) else { return };
        if position.is_zero() {
            desk.naked = Naked::default();
        } else {
            desk.naked.note(now, is_bare, worth);
        }
    }

    pub(super) fn naked_view(&self, symbol: Symbol) -> NakedView {
        let naked = self.desks.get(&symbol).map(|desk| desk.naked).unwrap_or_default();
        NakedView { ms: naked.ms(self.now), now: self.bare_worth(symbol), most: naked.most }
    }

    fn bare_qty(&self, symbol: Symbol) -> Qty {
        let held = self.gate.position(symbol).qty.abs();
        held.minus(self.gate.protected_qty(symbol)).unwrap_or(held)
    }

    fn bare_worth(&self, symbol: Symbol) -> Option<Money> {
        self.mark(symbol).map(|mark| mark.times(self.bare_qty(symbol)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_without_a_stop_adds_up_and_the_largest_sum_is_kept() {
        let mut naked = Naked::default();
        let at = At::from_seconds;
        naked.note(at(10), true, Some(Money::dollars(500)));
        naked.note(at(12), true, Some(Money::dollars(900)));
        assert_eq!(naked.ms(at(13)), 3_000);
        naked.note(at(14), false, None);
        assert_eq!(naked.ms(at(60)), 4_000);
        naked.note(at(60), true, Some(Money::dollars(100)));
        assert_eq!((naked.ms(at(61)), naked.most), (5_000, Money::dollars(900)));
    }
}
