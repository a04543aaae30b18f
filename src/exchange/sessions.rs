use crate::domain::at::At;
use crate::domain::calendar::{Auctions, Session, next_session, session};
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
    /// The session that closed last, while its late trading runs.
    late: Option<Session>,
    /// When to look again, where the calendar knew of none.
    look_again_at: At,
}

/// What may trade at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hours {
    /// Everything.
    Regular,
    /// Orders for early and late hours.
    Extended,
    /// Nothing.
    Shut,
}

impl Sessions {
    /// `kept: false` is a market that never closes.
    pub(super) fn new(kept: bool) -> Self {
        Self { kept, current: None, late: None, look_again_at: At::from_nanos(i64::MIN) }
    }

    /// The close that lies before `now` (at it, too, where `inclusive`), once for each session, in order.
    pub(super) fn closed_by(&mut self, now: At, inclusive: bool) -> Option<At> {
        if !self.kept {
            return None;
        }
        if self.current.is_none() && now >= self.look_again_at {
            let day = TradingDay::of(now);
            self.current = session(day).filter(|today| now <= today.close).or_else(|| next_session(day));
            self.late = session(day).filter(|today| today.close < now && now < today.late_close);
            self.look_again_at = now.plus_seconds(DAY_SECONDS);
        }
        let current = self.current?;
        let over = if inclusive { current.close <= now } else { current.close < now };
        if !over {
            return None;
        }
        self.late = Some(current);
        self.current = next_session(current.day);
        self.look_again_at = now.plus_seconds(DAY_SECONDS);
        Some(current.close)
    }

    /// Whether late trading ended by `now`, once for each session.
    pub(super) fn late_over(&mut self, now: At) -> bool {
        let over = self.late.is_some_and(|late| late.late_close <= now);
        if over {
            self.late = None;
        }
        over
    }

    /// What may trade on what is known at `now`: the session's last instant still belongs to it.
    pub(super) fn hours(&self, now: At) -> Hours {
        let open = self.current.is_some_and(|session| session.open <= now && now <= session.close);
        if !self.kept || open {
            Hours::Regular
        } else if self.is_early_or_late(now, now) {
            Hours::Extended
        } else {
            Hours::Shut
        }
    }

    fn is_early_or_late(&self, start: At, end: At) -> bool {
        self.current.is_some_and(|session| session.early_open <= start && end <= session.open)
            || self.late.is_some_and(|late| late.close <= start && start < late.late_close)
    }

    /// Whether a bar was made in early or late hours.
    pub(super) fn is_extended_bar(&self, bar: &Bar) -> bool {
        self.kept && self.is_early_or_late(bar.start, bar.end)
    }

    /// Which auctions take orders at `now`; both, on a market that never closes.
    pub(super) fn auctions(&self, now: At) -> Auctions {
        let today = self.late.or(self.current).filter(|_| self.kept);
        today.map_or(Auctions::BOTH, |session| session.auctions(now))
    }

    /// The open that an order for the opening auction waits for that comes at `now`.
    pub(super) fn next_open(&self, now: At) -> At {
        let current = self.current.filter(|_| self.kept);
        let coming = current.filter(|session| now <= session.open);
        let next = coming.or_else(|| current.and_then(|session| next_session(session.day)));
        next.map_or(now, |session| session.open)
    }

    /// Which market an order that comes at `now` can still meet.
    pub(super) fn hours_of_arrival(&self, now: At) -> Hours {
        let at_close = self.kept && self.current.is_some_and(|session| session.close == now);
        if at_close { Hours::Extended } else { self.hours(now) }
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

    /// The end of late trading with which an order for all hours ends that comes at `now`.
    pub(super) fn extended_order_ends(&self, now: At) -> Option<At> {
        let late = self.late.filter(|late| now < late.late_close);
        late.or(self.current).filter(|_| self.kept).map(|session| session.late_close)
    }
}
