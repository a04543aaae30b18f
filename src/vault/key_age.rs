use crate::domain::at::At;

/// After so many days a key has been used long enough.
pub const REMINDER_DAYS: i64 = 90;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Whole days since a key was set; 0 where the clock stands before that.
#[must_use]
pub fn days(set_at: At, now: At) -> i64 {
    (now.millis_since(set_at) / 1_000 / DAY_SECONDS).max(0)
}

/// What the trader is reminded of, once a key has been in use for [`REMINDER_DAYS`].
#[must_use]
pub fn reminder(set_at: At, now: At) -> Option<String> {
    let days = days(set_at, now);
    (days >= REMINDER_DAYS).then(|| {
        format!("this key has been in use for {days} days; make a new one at the broker's and run `hardstop keys rotate`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::at;

    #[test]
    fn a_key_is_reminded_of_after_ninety_days() {
        let later = |days: i64, seconds: i64| at(days * DAY_SECONDS + seconds);
        assert_eq!(days(at(0), later(1, -1)), 0);
        assert_eq!(days(at(0), later(1, 0)), 1);
        assert_eq!(days(at(0), at(-5_000_000)), 0, "a clock that went back makes no key younger");
        assert_eq!(reminder(at(0), later(90, -1)), None);
        assert!(reminder(at(0), later(90, 0)).unwrap().contains("for 90 days"));
    }
}
