//! What a venue says about the market itself: what it trades and how, what is halted, what its clock shows.

use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::AssetFlags;
use crate::engine::machine::Engine;
use crate::engine::protection::closing_side;

/// Beyond this distance of the venue's clock the trader is told.
const WARN_MS: i64 = 2_000;
/// Beyond this one no position is opened.
const REFUSE_MS: i64 = 5_000;

impl Engine {
    /// What the venue says of a symbol.
    pub(super) fn on_asset(&mut self, symbol: Symbol, flags: AssetFlags) {
        self.desks.entry(symbol).or_default().flags = Some(flags);
    }

    /// A symbol stopped trading, or trades again: said once each.
    pub(super) fn on_symbol_halted(&mut self, symbol: Symbol, halted: bool) {
        let desk = self.desks.entry(symbol).or_default();
        if desk.halted == halted {
            return;
        }
        desk.halted = halted;
        self.alert(if halted {
            format!("{symbol} is halted at the venue; no position in it is opened, cancels pass")
        } else {
            format!("{symbol} trades again")
        });
    }

    /// A share is no longer what it was: prices, stops and averages of before mean nothing. The symbol is frozen
    /// until the trader has seen what the broker holds now, and taken it.
    pub(super) fn on_corporate_action(&mut self, symbol: Symbol, what: &str) {
        let desk = self.desks.entry(symbol).or_default();
        if desk.frozen_by.is_some() {
            return;
        }
        desk.frozen_by = Some(what.to_owned());
        desk.stop_plan = None;
        desk.tightened = None;
        desk.trailed_to = None;
        desk.forget_ranges();
        self.gate.doubt_own_count(true);
        self.alert(format!(
            "{symbol}: {what}; no position in it is opened until you have looked at what the broker holds and \
             acknowledged it"
        ));
        self.ask_venue_soon();
    }

    /// The venue's clock was compared with ours; `None` when it could not be.
    pub(super) fn on_clock_offset(&mut self, offset_ms: Option<i64>) {
        self.readiness.clock_offset_ms = offset_ms;
        let distance_ms = offset_ms.map(i64::saturating_abs);
        let fits = match distance_ms {
            Some(distance_ms) => distance_ms <= REFUSE_MS,
            None => !self.settings.clock_must_be_known,
        };
        let warns = distance_ms.is_none_or(|distance_ms| distance_ms > WARN_MS);
        let shown =
            offset_ms.map_or_else(|| "of an unknown distance".to_owned(), |ms| format!("{ms} ms off"));
        let was_told = self.readiness.clock_off_told;
        if !fits && (self.readiness.clock_fits || !was_told) {
            self.readiness.clock_off_told = true;
            self.alert(format!("the venue's clock is {shown}; no position is opened until it is within 5 s"));
        } else if fits && was_told {
            self.readiness.clock_off_told = false;
            self.alert(format!("the venue's clock is {shown}; openings need not wait for it any more"));
        } else if fits && warns && !self.readiness.clock_warned && offset_ms.is_some() {
            self.alert(format!("the venue's clock is {shown}; openings end beyond 5 s"));
        } else if fits && !warns && self.readiness.clock_warned {
            self.alert(format!("the venue's clock is {shown}, within 2 s again"));
        }
        self.readiness.clock_fits = fits;
        self.readiness.clock_warned = warns && offset_ms.is_some();
    }

    /// How the venue trades the symbol. Where it must say so and has not, it does not trade it: but for what closes
    /// a position, which it has traded before.
    pub(super) fn flags_of(&self, symbol: Symbol, side: Side) -> AssetFlags {
        let closes = closing_side(self.gate.position(symbol).qty) == Some(side);
        let told = self.desks.get(&symbol).and_then(|desk| desk.flags);
        told.unwrap_or(if self.settings.assets_must_be_known && !closes {
            AssetFlags::NONE
        } else {
            AssetFlags::ALL
        })
    }
}
