use crate::domain::at::At;
use crate::domain::calendar::{Phase, Session, session};
use crate::domain::day::TradingDay;
use crate::domain::money::Money;

/// What became of the day when time moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    Same,
    /// A new trading day began.
    Day,
    /// The regular session opened.
    Open,
    /// The regular session closed.
    Close,
}

/// The trading day of the machine's own time, with the session it belongs to.
///
/// Looked at before every event, so it compares two instants and nothing more on most of them.
#[derive(Debug)]
pub struct DayDesk {
    day: TradingDay,
    session: Option<Session>,
    ends_at: At,
    // The next instant at which anything changes.
    next_turn: At,
    phase: Phase,
    /// Whether today's baseline is fixed.
    pub based: bool,
    /// Our own equity at the last close that was seen, with its day.
    pub close_equity: Option<(TradingDay, Money)>,
}

impl DayDesk {
    /// The desk at the machine's first instant.
    pub fn new(now: At) -> Self {
        let day = TradingDay::of(now);
        let mut desk = Self {
            day,
            session: session(day),
            ends_at: day.next().at_time(0, 0),
            next_turn: now,
            phase: Phase::Closed,
            based: false,
            close_equity: None,
        };
        desk.look(now);
        desk
    }

    /// The trading day.
    pub fn day(&self) -> TradingDay {
        self.day
    }

    /// Today's session, where there is one.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The part of the exchange's day.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The next instant at which the phase or the day changes.
    pub fn next_turn(&self) -> At {
        self.next_turn
    }

    /// Moves one turn towards `now`; call it until it says [`Turn::Same`].
    pub fn turn(&mut self, now: At) -> Turn {
        if now < self.next_turn {
            return Turn::Same;
        }
        if now >= self.ends_at {
            if self.phase == Phase::Regular {
                self.phase = Phase::Late;
                return Turn::Close;
            }
            let today = TradingDay::of(now);
            *self = Self { close_equity: self.close_equity, ..Self::new(today.at_time(0, 0)) };
            return Turn::Day;
        }
        let before = self.phase;
        let regular_ended = self.session.is_some_and(|session| now >= session.close);
        if before != Phase::Regular && before != Phase::Late && regular_ended {
            // The whole session lies between two events: it still opens before it closes.
            self.phase = Phase::Regular;
            return Turn::Open;
        }
        self.look(now);
        match (before, self.phase) {
            (Phase::Regular, Phase::Regular) => Turn::Same,
            (Phase::Regular, _) => Turn::Close,
            (_, Phase::Regular) => Turn::Open,
            _ => Turn::Same,
        }
    }

    fn look(&mut self, now: At) {
        let Some(session) = self.session else {
            self.phase = Phase::Closed;
            self.next_turn = self.ends_at;
            return;
        };
        self.phase = session.phase(now);
        let turns = [session.early_open, session.open, session.close, session.late_close];
        self.next_turn = turns.into_iter().find(|turn| *turn > now).unwrap_or(self.ends_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        text.parse().unwrap()
    }

    fn turns(desk: &mut DayDesk, now: &str) -> Vec<Turn> {
        let mut seen = Vec::new();
        loop {
            match desk.turn(at(now)) {
                Turn::Same => return seen,
                turn => seen.push(turn),
            }
        }
    }

    #[test]
    fn a_day_opens_and_closes_once() {
        let mut desk = DayDesk::new(at("2013-10-07T12:00:00Z"));
        assert_eq!(desk.phase(), Phase::Early);
        assert_eq!(turns(&mut desk, "2013-10-07T13:29:59Z"), []);
        assert_eq!(turns(&mut desk, "2013-10-07T13:30:00Z"), [Turn::Open]);
        assert_eq!(turns(&mut desk, "2013-10-07T19:59:59Z"), []);
        assert_eq!(turns(&mut desk, "2013-10-07T20:00:00Z"), [Turn::Close]);
        assert_eq!(turns(&mut desk, "2013-10-08T00:30:00Z"), []);
        assert_eq!(turns(&mut desk, "2013-10-08T04:00:00Z"), [Turn::Day]);
        assert!(!desk.based);
    }

    #[test]
    fn events_far_apart_miss_neither_close_nor_day() {
        let mut desk = DayDesk::new(at("2013-10-07T14:00:00Z"));
        assert_eq!(desk.phase(), Phase::Regular);
        assert_eq!(turns(&mut desk, "2013-10-09T14:00:00Z"), [Turn::Close, Turn::Day, Turn::Open]);
        assert_eq!(desk.day().to_string(), "2013-10-09");
        let mut weekend = DayDesk::new(at("2013-10-11T21:00:00Z"));
        assert_eq!(turns(&mut weekend, "2013-10-13T15:00:00Z"), [Turn::Day]);
        assert_eq!(weekend.phase(), Phase::Closed);
        let mut night = DayDesk::new(at("2013-10-07T06:00:00Z"));
        assert_eq!(turns(&mut night, "2013-10-07T12:00:00Z"), []);
        assert_eq!(turns(&mut night, "2013-10-07T21:00:00Z"), [Turn::Open, Turn::Close], "a whole session");
        assert_eq!(turns(&mut night, "2013-10-07T22:00:00Z"), []);
    }
}
