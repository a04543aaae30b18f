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
}

impl Tempo {
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
        let rated =
            limits.openings_per_minute_account.is_some() || limits.openings_per_minute_strategy.is_some();
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
