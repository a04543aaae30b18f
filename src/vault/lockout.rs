use serde::{Deserialize, Serialize};

use crate::domain::at::At;

/// So many failed tries cost no wait: anybody mistypes once.
const FREE_TRIES: u32 = 2;
/// The longest wait, in seconds.
pub const WAIT_SECONDS_MAX: i64 = 900;
/// So many failed tries in a row disarm.
pub const FAILS_DISARM: u32 = 10;
/// What is not known counts as more failed tries than any wait asks for.
const FAILS_UNKNOWN: u32 = 11;

/// Failed tries in a row, and when the last one was. The clock is the wall's: it is all that a restart leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fails {
    version: u32,
    count: u32,
    last_at: At,
}

impl Fails {
    /// None so far.
    pub(super) const NONE: Self = Self { version: 1, count: 0, last_at: At::from_nanos(0) };

    /// What is assumed where nobody can say how many there were: the longest wait, from now on.
    pub(super) const fn unknown(now: At) -> Self {
        Self { version: 1, count: FAILS_UNKNOWN, last_at: now }
    }

    /// One more, at `now`.
    pub(super) const fn one_more(self, now: At) -> Self {
        Self { count: self.count.saturating_add(1), last_at: now, ..self }
    }

    /// The same count, as if the last one had been at `now`: a clock that was set back gains nobody anything, and
    /// locks nobody out for a year either.
    pub(super) const fn counted_from(self, now: At) -> Self {
        Self { last_at: now, ..self }
    }

    /// Whether the text could have been written by this program.
    pub(super) const fn is_ours(self) -> bool {
        self.version == 1
    }

    /// Whether the wall's clock stands before the last try.
    #[must_use]
    pub fn clock_went_back(self, now: At) -> bool {
        self.count > 0 && now < self.last_at
    }

    /// Failed tries in a row. While a try is being judged it counts as failed.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Seconds until the next try, rounded up; 0 where there may be one now. Before the last try, by a clock that
    /// was set back, it is the whole wait.
    #[must_use]
    pub fn wait_seconds(self, now: At) -> i64 {
        let wait_ms = self.whole_wait_seconds().saturating_mul(1_000);
        let waited_ms = if self.clock_went_back(now) { 0 } else { now.millis_since(self.last_at) };
        wait_ms.saturating_sub(waited_ms).max(0).saturating_add(999).div_euclid(1_000)
    }

    /// Whether live must be disarmed: ten in a row.
    #[must_use]
    pub const fn is_disarmed(self) -> bool {
        self.count >= FAILS_DISARM
    }

    /// 0, 0, 2, 4, 8 … up to the longest.
    fn whole_wait_seconds(self) -> i64 {
        if self.count < FREE_TRIES {
            return 0;
        }
        let doublings = self.count - FREE_TRIES + 1;
        1_i64.checked_shl(doublings.min(20)).unwrap_or(WAIT_SECONDS_MAX).min(WAIT_SECONDS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::at;

    #[test]
    fn two_tries_are_free_and_then_the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let mut fails = Fails::NONE;
        assert_eq!(fails.wait_seconds(at(0)), 0);
        let mut waits = Vec::new();
        for _ in 0..13 {
            fails = fails.one_more(at(0));
            waits.push(fails.wait_seconds(at(0)));
        }
        assert_eq!(waits, [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        let many = Fails { count: u32::MAX, ..fails };
        assert_eq!(many.one_more(at(0)).wait_seconds(at(0)), WAIT_SECONDS_MAX);
    }

    #[test]
    fn the_wait_runs_down_and_is_never_rounded_away() {
        let fails = Fails::NONE.one_more(at(0)).one_more(at(0)).one_more(at(0));
        let waits = [0, 1, 3_000, 3_001, 3_999, 4_000, 9_000];
        let left = waits.map(|millis| fails.wait_seconds(at(0).plus_millis(millis)));
        assert_eq!(left, [4, 4, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn a_clock_that_is_set_back_counts_as_locked() {
        let fails = Fails::NONE.one_more(at(0)).one_more(at(0));
        assert_eq!(fails.wait_seconds(at(2)), 0);
        for back in [-1, -3_600, -400_000_000] {
            assert!(fails.clock_went_back(at(back)));
            assert_eq!(fails.wait_seconds(at(back)), 2);
        }
        let anew = fails.counted_from(at(-3_600));
        assert_eq!((anew.wait_seconds(at(-3_600)), anew.wait_seconds(at(-3_598))), (2, 0));
        assert_eq!(anew.count(), 2);
    }

    #[test]
    fn ten_in_a_row_disarm_and_so_does_not_knowing() {
        let mut fails = Fails::NONE;
        for count in 1..=12 {
            fails = fails.one_more(at(0));
            assert_eq!(fails.is_disarmed(), count >= 10, "after {count}");
        }
        let unknown = Fails::unknown(at(0));
        assert!(unknown.is_disarmed());
        assert_eq!(unknown.wait_seconds(at(0)), WAIT_SECONDS_MAX);
    }
}
