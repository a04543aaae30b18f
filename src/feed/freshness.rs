use crate::domain::at::At;
use crate::domain::calendar;
use crate::domain::day::TradingDay;

/// Silence after which no position is opened any more, unless the source itself speaks more seldom.
const SILENT_AFTER_MS: i64 = 30_000;

/// Watches market data for silence. Anything that comes counts, whatever it says: a quiet symbol is no
/// silent feed, and the age of its own quote is the gate's business.
///
/// It reads no clock: the instants at which the feed falls silent follow from the data alone, so that a
/// run can be repeated.
#[derive(Debug, Clone)]
pub struct Freshness {
    last: At,
    patience_ms: i64,
    silent: bool,
}

impl Freshness {
    /// Watches from `now` on a source that says something every `interval_ms` (0 for a stream of ticks).
    #[must_use]
    pub fn new(now: At, interval_ms: i64) -> Self {
        let patience_ms = interval_ms.saturating_mul(2).max(SILENT_AFTER_MS);
        Self { last: now, patience_ms, silent: false }
    }

    /// Something came at `now`; for how long nothing had, in milliseconds, where that was called silence.
    pub fn heard(&mut self, now: At) -> Option<i64> {
        let silent_ms = self.age_ms(now);
        self.last = self.last.max(now);
        std::mem::take(&mut self.silent).then_some(silent_ms)
    }

    /// The source is known to be lost. Whether that is news.
    pub fn lose(&mut self, now: At) -> bool {
        let in_session = calendar::session(TradingDay::of(now))
            .is_some_and(|session| now >= session.open && now < session.close);
        in_session && !std::mem::replace(&mut self.silent, true)
    }

    /// The instant up to `now` at which the feed fell silent, told once a silence.
    ///
    /// Silence is counted in regular sessions alone, and from their open at the earliest.
    pub fn fell_silent(&mut self, now: At) -> Option<At> {
        // On almost every call this is all that is looked at.
        if self.silent || now < self.last.plus_millis(self.patience_ms) {
            return None;
        }
        let mut day = TradingDay::of(self.last);
        while day <= TradingDay::of(now) {
            if let Some(session) = calendar::session(day) {
                let falls = self.last.max(session.open).plus_millis(self.patience_ms);
                if falls < session.close {
                    self.silent = falls <= now;
                    return self.silent.then_some(falls);
                }
            }
            day = day.next();
        }
        None
    }

    /// For how long nothing has come, in milliseconds.
    #[must_use]
    pub fn age_ms(&self, now: At) -> i64 {
        now.millis_since(self.last).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        text.parse().unwrap()
    }

    /// What a feed that last spoke at `last` is called at `now`.
    fn check(interval_ms: i64, last: &str, now: &str, falls: Option<&str>) {
        let mut feed = Freshness::new(at(last), interval_ms);
        assert_eq!(feed.fell_silent(at(now)), falls.map(at), "{last} to {now}");
        assert_eq!(feed.fell_silent(at(now)), None, "told once");
    }

    #[test]
    fn silence_is_counted_in_the_session_and_from_its_open() {
        check(0, "2013-10-07T14:00:00Z", "2013-10-07T14:00:29.999Z", None);
        check(0, "2013-10-07T14:00:00Z", "2013-10-07T14:09:00Z", Some("2013-10-07T14:00:30Z"));
        check(60_000, "2013-10-07T14:00:00Z", "2013-10-07T14:01:59Z", None);
        check(60_000, "2013-10-07T14:00:00Z", "2013-10-07T14:02:00Z", Some("2013-10-07T14:02:00Z"));
        // The night, the weekend and the minutes before the open are no silence.
        check(60_000, "2013-10-07T19:59:00Z", "2013-10-08T13:31:00Z", None);
        check(60_000, "2013-10-11T20:00:00Z", "2013-10-14T13:31:00Z", None);
        check(60_000, "2013-10-11T20:00:00Z", "2013-10-14T13:40:00Z", Some("2013-10-14T13:32:00Z"));
    }

    #[test]
    fn data_that_comes_back_says_for_how_long_it_was_gone() {
        let mut feed = Freshness::new(at("2013-10-07T14:00:00Z"), 0);
        assert_eq!(feed.heard(at("2013-10-07T14:00:10Z")), None, "ten seconds are no silence");
        assert!(feed.fell_silent(at("2013-10-07T14:01:00Z")).is_some());
        assert_eq!(feed.heard(at("2013-10-07T14:01:10Z")), Some(60_000));
        assert_eq!(feed.heard(at("2013-10-07T14:01:11Z")), None);
        assert!(feed.fell_silent(at("2013-10-07T14:02:00Z")).is_some(), "a second silence is told again");
    }
}
