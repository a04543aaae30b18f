use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::risk::book::{Entry, Marks, QuoteFault};
use crate::risk::exposure::{Standing, mark_of, standing};
use crate::risk::gate::Gate;
use crate::risk::heat::protected_qty;
use crate::risk::limits::Limits;
use crate::risk::loss::{Latched, loss, loss_limit, smaller};
use crate::risk::measure::add;
use crate::risk::position::Position;
use crate::risk::state::HaltReason;

/// What the gate knows, for the engine and the screen.
impl Gate {
    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The version under which the limits in force are journaled.
    #[must_use]
    pub fn limits_version(&self) -> &str {
        &self.limits_version
    }

    /// The running number of the gate's moods: a door drops orders of an earlier one.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Why it is halted, where it is.
    #[must_use]
    pub const fn halt_reason(&self) -> Option<HaltReason> {
        self.halted
    }

    /// How the day ended by its loss, where it did.
    #[must_use]
    pub const fn latched(&self) -> Option<Latched> {
        self.guard.latched()
    }

    /// Our own cash.
    #[must_use]
    pub const fn cash(&self) -> Option<Money> {
        self.facts.cash
    }

    /// The day's baseline.
    #[must_use]
    pub const fn e0(&self) -> Option<Money> {
        self.guard.e0()
    }

    /// Deposits less withdrawals since the baseline.
    #[must_use]
    pub const fn flows(&self) -> Money {
        self.guard.flows()
    }

    /// What is held of `symbol`.
    #[must_use]
    pub fn position(&self, symbol: Symbol) -> Position {
        self.facts.book.get(symbol).map(|entry| entry.position).unwrap_or_default()
    }

    /// Everything that is held.
    pub fn positions(&self) -> impl Iterator<Item = (Symbol, Position)> {
        let held = self.facts.book.iter().filter(|(_, entry)| !entry.position.qty.is_zero());
        held.map(|(symbol, entry)| (*symbol, entry.position))
    }

    /// How many shares of the position working stops protect.
    #[must_use]
    pub fn protected_qty(&self, symbol: Symbol) -> Qty {
        self.facts.book.get(symbol).map_or(Qty::ZERO, protected_qty)
    }

    /// The prices `symbol` is marked at.
    #[must_use]
    pub fn marks(&self, symbol: Symbol, now: At) -> Option<Marks> {
        self.facts.book.get(symbol).and_then(|entry| self.marks_of(entry, now))
    }

    /// The quote of `symbol`, where it may be traded on.
    ///
    /// # Errors
    /// Why it may not.
    pub fn usable_quote(&self, symbol: Symbol, now: At) -> Result<Marks, QuoteFault> {
        let quote = self.facts.book.get(symbol).and_then(|entry| entry.quote);
        quote.ok_or(QuoteFault::NoPrice)?.usable(now.millis(), self.limits.stale_quote_ms)
    }

    /// Cash and marked positions; `None` while cash or a mark is unknown.
    #[must_use]
    pub fn own_equity(&self, now: At) -> Option<Money> {
        let mut equity = self.facts.cash?;
        for (_, entry) in self.facts.book.iter() {
            let held = entry.position.qty;
            if !held.is_zero() {
                let marks = self.marks_of(entry, now)?;
                equity = add(equity, mark_of(held.is_negative(), marks).times(held));
            }
        }
        Some(equity)
    }

    /// The smaller of our equity and the broker's, or the one that is known.
    #[must_use]
    pub fn equity(&self, now: At) -> Option<Money> {
        self.guard.equity(self.own_equity(now))
    }

    /// `max(0, E0 + F − E)`.
    #[must_use]
    pub fn day_loss(&self, now: At) -> Option<Money> {
        loss(self.guard.e0(), self.guard.flows(), self.equity(now))
    }

    /// The loss at which openings end.
    #[must_use]
    pub fn day_loss_limit(&self) -> Option<Money> {
        self.guard.e0().and_then(|e0| loss_limit(&self.limits, e0))
    }

    /// The exposure of `symbol`, its live orders counted.
    #[must_use]
    pub fn exposure(&self, symbol: Symbol, now: At) -> Option<Money> {
        let Some(entry) = self.facts.book.get(symbol).filter(|entry| !entry.is_idle()) else {
            return Some(Money::ZERO);
        };
        self.standing_of(entry, now).map(|standing| standing.exposure)
    }

    /// The exposure of all symbols; `None` while a mark is unknown.
    #[must_use]
    pub fn gross(&self, now: At) -> Option<Money> {
        self.sum(now, |standing| standing.exposure)
    }

    /// The heat of all symbols; `None` while a mark is unknown.
    #[must_use]
    pub fn heat(&self, now: At) -> Option<Money> {
        self.sum(now, |standing| standing.heat)
    }

    /// The largest exposure one symbol may have.
    #[must_use]
    pub fn position_limit(&self, now: At) -> Option<Money> {
        smaller(self.of_base(self.limits.max_position_pct, now), self.limits.max_position_usd)
    }

    /// The largest gross.
    #[must_use]
    pub fn gross_limit(&self, now: At) -> Option<Money> {
        self.of_base(self.limits.max_gross_pct, now)
    }

    /// The largest heat.
    #[must_use]
    pub fn heat_limit(&self, now: At) -> Option<Money> {
        self.of_base(self.limits.max_heat_pct, now)
    }

    fn of_base(&self, pct: Option<Pct>, now: At) -> Option<Money> {
        let base = self.limits.of_capital(self.guard.e0()?.min(self.equity(now)?));
        base.percent_down(pct?).ok()
    }

    fn sum(&self, now: At, part: impl Fn(&Standing) -> Money) -> Option<Money> {
        let busy = self.facts.book.iter().filter(|(_, entry)| !entry.is_idle());
        let mut parts = busy.map(|(_, entry)| self.standing_of(entry, now));
        parts.try_fold(Money::ZERO, |sum, standing| Some(add(sum, part(&standing?))))
    }

    fn standing_of(&self, entry: &Entry, now: At) -> Option<Standing> {
        self.marks_of(entry, now).map(|marks| standing(entry, marks, None, None))
    }

    fn marks_of(&self, entry: &Entry, now: At) -> Option<Marks> {
        entry.marks(now.millis(), self.limits.stale_quote_ms, self.phase == Phase::Regular)
    }
}
