use std::collections::VecDeque;

use crate::domain::at::At;
use crate::domain::intent::Origin;
use crate::domain::order::OrderKind;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::risk::limits::Limits;

const MINUTE_MS: i64 = 60_000;

/// What makes two opening orders the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) origin: Origin,
    pub(super) symbol: Symbol,
    pub(super) side: Side,
    pub(super) qty: Qty,
    pub(super) kind: OrderKind,
}

/// The opening orders of the last minute.
///
/// Bounded by the account's rate, and empty where neither a rate nor a duplicate window is set.
#[derive(Debug, Default)]
pub(super) struct Tempo {
    recent: VecDeque<(At, Opening)>,
    /// Whether a passport bounds a strategy's rate.
    counted: bool,
}

impl Tempo {
    /// Remembers a minute from here on, whatever the limits ask for.
    pub(super) fn keep_minutes(&mut self) {
        self.counted = true;
    }

    /// For how long the same order was admitted already, if that is within the window.
    pub(super) fn duplicate_since_ms(&self, opening: &Opening, now: At, window_ms: i64) -> Option<i64> {
        let ages = self.recent.iter().rev().map(|(at, other)| (now.millis_since(*at), other));
        let within = ages.take_while(|(age_ms, _)| *age_ms <= window_ms);
        within.filter(|(_, other)| *other == opening).map(|(age_ms, _)| age_ms).next()
    }

    /// Opening orders of the last minute: of all, and of `origin`.
    pub(super) fn in_minute(&self, origin: Origin, now: At) -> (i64, i64) {
        let ages = self.recent.iter().rev().take_while(|(at, _)| now.millis_since(*at) < MINUTE_MS);
        ages.fold((0, 0), |(all, own), (_, other)| {
            (all.saturating_add(1), own.saturating_add(i64::from(other.origin == origin)))
        })
    }

    /// Notes an admitted opening order and forgets what no rule asks for any more.
    pub(super) fn record(&mut self, opening: Opening, now: At, limits: &Limits) {
        let rated = self.counted
            || limits.openings_per_minute_account.is_some()
            || limits.openings_per_minute_strategy.is_some();
        let rate_ms = if rated { MINUTE_MS } else { 0 };
        let keep_ms = rate_ms.max(limits.duplicate_window_ms.unwrap_or(0));
        while self.recent.front().is_some_and(|(at, _)| now.millis_since(*at) > keep_ms) {
            self.recent.pop_front();
        }
        if keep_ms > 0 {
            self.recent.push_back((now, opening));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::Price;

    const START: At = At::from_seconds(1_381_154_400);

    fn opening(shares: i32) -> Opening {
        Opening {
            origin: Origin::Operator,
            symbol: "AAA".parse().unwrap(),
            side: Side::Buy,
            qty: Qty::shares(shares),
            kind: OrderKind::Limit { limit: Price::from_cents(5_000) },
        }
    }

    /// No rate, and a duplicate window of so many milliseconds.
    fn limits(duplicate_window_ms: Option<i64>) -> Limits {
        Limits { duplicate_window_ms, ..Limits::wide() }
    }

    #[test]
    fn an_opening_is_remembered_to_the_end_of_its_window_and_forgotten_after_it() {
        let mut tempo = Tempo::default();
        let window = limits(Some(2_000));
        tempo.record(opening(1), START, &window);
        let end = START.plus_millis(2_000);
        tempo.record(opening(2), end, &window);
        assert_eq!(tempo.duplicate_since_ms(&opening(1), end, 2_000), Some(2_000));
        tempo.record(opening(3), START.plus_millis(2_001), &window);
        assert_eq!(tempo.recent.len(), 2, "the first is forgotten");
    }

    #[test]
    fn without_a_rate_and_a_window_nothing_is_remembered() {
        let mut tempo = Tempo::default();
        tempo.record(opening(1), START, &limits(None));
        tempo.record(opening(2), START, &limits(Some(0)));
        assert!(tempo.recent.is_empty());
    }
}
