use std::collections::VecDeque;

use crate::domain::at::At;
use crate::domain::calendar::{Session, session};
use crate::domain::day::TradingDay;
use crate::domain::market::Bar;
use crate::domain::qty::Qty;

/// The sessions that an average is made of, at most.
const SESSIONS_MAX: usize = 20;
/// With fewer whole sessions the average is not known.
const SESSIONS_MIN: usize = 5;
/// Within how many milliseconds of its open and its close a whole session's bars begin and end.
const EDGE_MS: i64 = 1_800_000;

/// The average volume of a symbol's last whole regular sessions, by the bars that were seen.
#[derive(Debug, Default)]
pub struct VolumeMeter {
    session: Option<Session>,
    whole_so_far: bool,
    ended: At,
    sum: Qty,
    sessions: VecDeque<Qty>,
    average: Option<Qty>,
}

impl VolumeMeter {
    /// Takes a bar of the regular session.
    pub fn on_bar(&mut self, bar: &Bar) {
        let goes_on = self.session.is_some_and(|now| now.open <= bar.start && bar.start < now.close);
        if !goes_on {
            self.finish();
            self.session = session(TradingDay::of(bar.start));
            self.whole_so_far = self.session.is_some_and(|new| bar.start.millis_since(new.open) < EDGE_MS);
            self.sum = Qty::ZERO;
        }
        self.sum = self.sum.plus(bar.volume).unwrap_or(self.sum);
        self.ended = bar.end;
    }

    /// The session that was counted last is over: a whole one counts in the average.
    fn finish(&mut self) {
        let Some(over) = self.session.take() else { return };
        if !self.whole_so_far || over.close.millis_since(self.ended) >= EDGE_MS {
            return;
        }
        if self.sessions.len() >= SESSIONS_MAX {
            self.sessions.pop_front();
        }
        self.sessions.push_back(self.sum);
        if self.sessions.len() >= SESSIONS_MIN {
            let total: i128 = self.sessions.iter().fold(0, |sum, day| sum.saturating_add(day.nanos().into()));
            let count = i128::try_from(self.sessions.len()).unwrap_or(1);
            let average = total.checked_div(count).and_then(|average| i64::try_from(average).ok());
            self.average = average.map(Qty::from_nanos);
        }
    }

    /// `old` shares are `new` ones now: so were those that were traded.
    pub fn split(&mut self, old: Qty, new: Qty) {
        let (old, new) = (old.abs().nanos(), new.abs().nanos());
        let scaled = |qty: Qty| qty.scaled(new, old).unwrap_or(qty);
        self.sum = scaled(self.sum);
        self.average = self.average.map(scaled);
        self.sessions.iter_mut().for_each(|session| *session = scaled(*session));
    }

    /// The average of up to twenty whole sessions before the running one; `None` on fewer than five.
    pub fn average(&self) -> Option<Qty> {
        self.average
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::Price;

    /// One session's hours as bars of half an hour, from this hour of New York's day on.
    fn day(meter: &mut VolumeMeter, date: &str, from: i8, shares: i32) {
        let day: TradingDay = date.parse().unwrap();
        let session = session(day).unwrap();
        let price = Price::from_cents(100);
        let mut start = if from == 9 { session.open } else { day.at_time(from, 0) };
        while start < session.close {
            let end = start.plus_seconds(1_800);
            let volume = Qty::shares(shares);
            let symbol = "SPY".parse().unwrap();
            meter.on_bar(&Bar {
                symbol,
                start,
                end,
                open: price,
                high: price,
                low: price,
                close: price,
                volume,
            });
            start = end;
        }
    }

    #[test]
    fn the_average_is_of_whole_sessions_and_known_from_the_fifth_on() {
        let mut meter = VolumeMeter::default();
        // Thirteen bars a session; the second day begins at noon and counts nothing.
        for (date, from, shares) in [
            ("2013-10-07", 9, 100),
            ("2013-10-08", 12, 9_000),
            ("2013-10-09", 9, 100),
            ("2013-10-10", 9, 100),
            ("2013-10-11", 9, 100),
            ("2013-10-14", 9, 600),
        ] {
            day(&mut meter, date, from, shares);
            assert_eq!(meter.average(), None, "{date}");
        }
        day(&mut meter, "2013-10-15", 9, 1);
        assert_eq!(meter.average(), Some(Qty::shares(2_600)));
        meter.split(Qty::shares(10), Qty::shares(1));
        assert_eq!(meter.average(), Some(Qty::shares(260)), "ten old shares are a new one");
        day(&mut meter, "2013-10-16", 9, 10);
        let before = meter.average().unwrap();
        assert!(
            before > Qty::shares(216) && before < Qty::shares(217),
            "1.3 shares of the running day, too: {before}"
        );
    }

    #[test]
    fn the_average_forgets_what_is_older_than_twenty_sessions() {
        let mut meter = VolumeMeter::default();
        let mut date: TradingDay = "2013-08-01".parse().unwrap();
        for number in 0..26 {
            while session(date).is_none() {
                date = date.next();
            }
            day(&mut meter, &date.to_string(), 9, if number < 5 { 1_000 } else { 1 });
            date = date.next();
        }
        assert_eq!(meter.average(), Some(Qty::shares(13)));
    }
}
