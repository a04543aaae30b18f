use crate::domain::at::At;
use crate::domain::calendar::{Session, next_session, session};
use crate::domain::day::TradingDay;
use crate::domain::market::Bar;

const DAY_SECONDS: i64 = 86_400;

/// The exchange's own day, turned by the time of what it is told. Looking into the calendar is slow,
/// so the running or coming session is kept, and a tick within it costs one comparison.
#[derive(Debug)]
pub(super) struct Sessions {
    kept: bool,
    /// The session that runs or comes next.
    current: Option<Session>,
    /// When to look again, where the calendar knew of none.
    look_again_at: At,
}

impl Sessions {
    /// `kept: false` is a market that never closes.
    pub(super) fn new(kept: bool) -> Self {
        Self { kept, current: None, look_again_at: At::from_nanos(i64::MIN) }
    }

    /// The close that lies before `now` (at it, too, where `inclusive`), once for each session, in order.
    pub(super) fn closed_by(&mut self, now: At, inclusive: bool) -> Option<At> {
        if !self.kept {
            return None;
        }
        if self.current.is_none() && now >= self.look_again_at {
            let day = TradingDay::of(now);
            self.current = session(day).filter(|today| now <= today.close).or_else(|| next_session(day));
            self.look_again_at = now.plus_seconds(DAY_SECONDS);
        }
        let current = self.current?;
        let over = if inclusive { current.close <= now } else { current.close < now };
        if !over {
            return None;
        }
        self.current = next_session(current.day);
        self.look_again_at = now.plus_seconds(DAY_SECONDS);
        Some(current.close)
    }

    /// Whether what is known at `now` was made in the session: its last instant still belongs to it.
    pub(super) fn is_open(&self, now: At) -> bool {
        !self.kept || self.current.is_some_and(|session| session.open <= now && now <= session.close)
    }

    /// Whether an order that comes at `now` can still meet this session's market.
    pub(super) fn takes_orders(&self, now: At) -> bool {
        !self.kept || self.current.is_some_and(|session| session.open <= now && now < session.close)
    }

    /// The close of the session in which a bar was made; `None` for a bar outside it. A bar longer
    /// than the session belongs to it; one that begins before the open and ends within does not,
    /// because its open was made before.
    pub(super) fn close_of_bar(&self, bar: &Bar) -> Option<At> {
        if !self.kept {
            return Some(At::from_nanos(i64::MAX));
        }
        let current = self.current?;
        let within = current.open <= bar.start && bar.start < current.close;
        let holds_it = bar.start < current.open && bar.end >= current.close;
        (within || holds_it).then_some(current.close)
    }

    /// The close with which a DAY order ends that comes at `now`.
    pub(super) fn day_order_ends(&self, now: At) -> Option<At> {
        let current = self.current.filter(|_| self.kept)?;
        if now < current.close {
            Some(current.close)
        } else {
            next_session(current.day).map(|next| next.close)
        }
    }
}
