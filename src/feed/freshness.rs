use crate::domain::at::At;
use crate::domain::calendar;
use crate::domain::calendar::Phase;
use crate::domain::day::TradingDay;

/// Silence after which the stream is opened anew.
const RECONNECT_AFTER_MS: i64 = 15_000;
/// Silence after which no position is opened any more.
const HALT_AFTER_MS: i64 = 30_000;

/// Watches one stream of market data for silence. Any message counts, whatever it says: a quiet symbol
/// is no silent stream.
#[derive(Debug, Clone)]
pub struct Freshness {
    watched_since: At,
    last_message: Option<At>,
    interval_ms: i64,
}

/// What the silence of a stream asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// For how long nothing has come, in milliseconds.
    pub silent_ms: i64,
    /// Open the stream anew.
    pub reconnect: bool,
    /// Refuse every opening order.
    pub halt_openings: bool,
}

impl Freshness {
    /// Watches from `now` on a source that says something every `interval_ms` (0 for a stream of ticks).
    #[must_use]
    pub const fn new(now: At, interval_ms: i64) -> Self {
        Self { watched_since: now, last_message: None, interval_ms }
    }

    /// A message came at `now`, by our own clock: the message's own stamp may lie.
    pub fn heard(&mut self, now: At) {
        self.last_message = self.last_message.max(Some(now));
    }

    /// What the silence up to `now` asks for.
    ///
    /// Silence is judged in the regular session alone, and counted from its open at the earliest. A
    /// source of bars is given two of its intervals. Until a stream has said anything, nothing is known
    /// of the market, and no position is opened.
    #[must_use]
    pub fn silence(&self, now: At) -> Silence {
        let since = self.last_message.unwrap_or(self.watched_since);
        let silent_ms = now.millis_since(since).max(0);
        let session = calendar::session(TradingDay::of(now));
        let Some(session) = session.filter(|session| session.phase(now) == Phase::Regular) else {
            return Silence { silent_ms, reconnect: false, halt_openings: false };
        };
        let counted_ms = now.millis_since(since.max(session.open)).max(0);
        let patience_ms = self.interval_ms.saturating_mul(2);
        Silence {
            silent_ms,
            reconnect: counted_ms >= patience_ms.max(RECONNECT_AFTER_MS),
            halt_openings: self.last_message.is_none() || counted_ms >= patience_ms.max(HALT_AFTER_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(freshness: &Freshness, now: &str, reconnect: bool, halt_openings: bool) {
        let silence = freshness.silence(now.parse().unwrap());
        assert_eq!((silence.reconnect, silence.halt_openings), (reconnect, halt_openings), "{now}");
    }

    #[test]
    fn silence_in_session_reconnects_and_then_halts_openings() {
        let mut stream = Freshness::new("2013-10-07T12:00:00Z".parse().unwrap(), 0);
        stream.heard("2013-10-07T14:00:00Z".parse().unwrap());
        check(&stream, "2013-10-07T14:00:14.999Z", false, false);
        check(&stream, "2013-10-07T14:00:15Z", true, false);
        check(&stream, "2013-10-07T14:00:30Z", true, true);
        stream.heard("2013-10-07T14:00:31Z".parse().unwrap());
        stream.heard("2013-10-07T14:00:02Z".parse().unwrap());
        check(&stream, "2013-10-07T14:00:45Z", false, false);
        check(&stream, "2013-10-07T14:00:01Z", false, false);
    }

    #[test]
    fn the_night_is_no_silence_and_the_open_begins_a_new_count() {
        let mut stream = Freshness::new("2013-10-07T12:00:00Z".parse().unwrap(), 0);
        check(&stream, "2013-10-07T13:30:00Z", false, true);
        check(&stream, "2013-10-07T13:30:15Z", true, true);
        stream.heard("2013-10-07T19:59:59Z".parse().unwrap());
        check(&stream, "2013-10-08T03:00:00Z", false, false);
        check(&stream, "2013-10-08T13:30:14Z", false, false);
        check(&stream, "2013-10-08T13:30:30Z", true, true);
    }

    #[test]
    fn a_source_of_minutes_may_be_silent_for_two() {
        let mut bars = Freshness::new("2013-10-07T12:00:00Z".parse().unwrap(), 60_000);
        bars.heard("2013-10-07T14:00:00Z".parse().unwrap());
        check(&bars, "2013-10-07T14:01:59Z", false, false);
        check(&bars, "2013-10-07T14:02:00Z", true, true);
    }
}
