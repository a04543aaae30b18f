use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use thiserror::Error;

use crate::domain::at::At;
use crate::domain::text::written_as_text;

/// A calendar date in New York: the day that limits, baselines and halts belong to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradingDay(Date);

/// The text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a trading day is a date such as 2013-10-07")]
pub struct DayFault;

written_as_text!(TradingDay, "a date such as \"2013-10-07\"");

/// New York's clock, from the tz database that is compiled in.
///
/// A build without the zone would be a broken build; UTC then stands in, and the tests of this
/// file fail.
fn new_york() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| TimeZoneDatabase::bundled().get("America/New_York").unwrap_or(TimeZone::UTC))
}

/// Hour, minute and second that New York's clocks show at `at`.
#[must_use]
pub fn new_york_time(at: At) -> (i8, i8, i8) {
    let instant = Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = new_york().to_datetime(instant).time();
    (time.hour(), time.minute(), time.second())
}

impl TradingDay {
    /// The date in New York at `at`.
    #[must_use]
    pub fn of(at: At) -> Self {
        let instant = Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or(Timestamp::UNIX_EPOCH);
        Self(new_york().to_datetime(instant).date())
    }

    pub(super) fn from_date(date: Date) -> Self {
        Self(date)
    }

    pub(super) fn date(self) -> Date {
        self.0
    }

    /// Year, month and day of the month.
    #[must_use]
    pub fn civil(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// The instant at which New York's clock shows `hour:minute` on this day.
    #[must_use]
    pub fn at_time(self, hour: i8, minute: i8) -> At {
        let time = Time::new(hour, minute, 0, 0).unwrap_or(Time::midnight());
        let instant = new_york().to_timestamp(self.0.to_datetime(time));
        let nanos = instant.map_or(0, Timestamp::as_nanosecond);
        At::from_nanos(i64::try_from(nanos).unwrap_or(0))
    }

    /// The next calendar date.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1.day()))
    }

    /// The calendar date before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1.day()))
    }

    /// Whether it is a Saturday or a Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Saturday | Weekday::Sunday)
    }
}

impl fmt::Display for TradingDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        out.pad(&format!("{year:04}-{month:02}-{day:02}"))
    }
}

impl fmt::Debug for TradingDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for TradingDay {
    type Err = DayFault;

    fn from_str(text: &str) -> Result<Self, DayFault> {
        text.parse().map(Self).map_err(|_| DayFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_turns_at_midnight_in_new_york_whatever_the_season() {
        let day = |text: &str| TradingDay::of(text.parse().unwrap()).to_string();
        assert_eq!(day("2013-10-08T03:59:59Z"), "2013-10-07");
        assert_eq!(day("2013-10-08T04:00:00Z"), "2013-10-08");
        assert_eq!(day("2013-12-08T04:59:59Z"), "2013-12-07");
        assert_eq!(day("2013-12-08T05:00:00Z"), "2013-12-08");
    }

    #[test]
    fn clocks_in_new_york_follow_the_season() {
        let time = |text: &str| new_york_time(text.parse().unwrap());
        assert_eq!(time("2013-10-09T15:45:51Z"), (11, 45, 51));
        assert_eq!(time("2013-12-09T03:00:00Z"), (22, 0, 0));
        assert_eq!(time("2013-11-03T06:30:00Z"), (1, 30, 0), "the hour that is gone through twice");
    }

    #[test]
    fn the_open_moves_with_daylight_saving() {
        let open = |text: &str| text.parse::<TradingDay>().unwrap().at_time(9, 30).to_string();
        assert_eq!(open("2024-03-08"), "2024-03-08T14:30:00Z");
        assert_eq!(open("2024-03-11"), "2024-03-11T13:30:00Z");
        assert_eq!(open("2006-04-03"), "2006-04-03T13:30:00Z", "until 2006 it began in April");
        assert_eq!(open("2006-03-31"), "2006-03-31T14:30:00Z");
    }
}
