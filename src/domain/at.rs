use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::text::written_as_text;

/// An instant: nanoseconds of UTC since 1970. Always handed in; nothing on floors 0 to 2 asks a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct At(i64);

/// The text is no instant of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an instant is RFC 3339 with an offset, such as 2013-10-07T13:30:00Z")]
pub struct AtFault;

written_as_text!(At, "an instant such as \"2013-10-07T13:30:00Z\"");

impl At {
    /// The instant `nanos` after 1970 began.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The instant `seconds` after 1970 began.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// The instant `millis` milliseconds after 1970 began.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// `millis` later, or earlier for a negative count.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1_000_000)))
    }

    /// `seconds` later, or earlier for a negative count.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000_000)))
    }

    /// Milliseconds from `earlier` to here; negative when it is later.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1_000_000)
    }
}

impl fmt::Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(instant) => out.pad(&instant.to_string()),
            Err(_) => out.pad("beyond the calendar"),
        }
    }
}

impl fmt::Debug for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for At {
    type Err = AtFault;

    fn from_str(text: &str) -> Result<Self, AtFault> {
        let instant: Timestamp = text.parse().map_err(|_| AtFault)?;
        i64::try_from(instant.as_nanosecond()).map(Self).map_err(|_| AtFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_as_written_and_naive_ones_are_refused() {
        let at: At = "2013-10-07T09:30:00-04:00".parse().unwrap();
        assert_eq!(at.to_string(), "2013-10-07T13:30:00Z");
        assert_eq!(at.plus_millis(1500).to_string(), "2013-10-07T13:30:01.5Z");
        assert_eq!("2013-10-07T09:30:00".parse::<At>(), Err(AtFault));
        assert_eq!(at.plus_seconds(60).millis_since(at), 60_000);
    }
}
