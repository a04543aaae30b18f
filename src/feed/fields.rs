//! One field of a CSV row. Years of minute bars are millions of rows: the usual shapes are read by hand,
//! byte by byte, and everything else goes the general way, which alone decides what is refused.

use crate::domain::at::At;
use crate::feed::fault::RowFault;

const NANOS_A_SECOND: i64 = 1_000_000_000;
const SECONDS_A_DAY: i64 = 86_400;
/// Epochs from here on are milliseconds: as seconds they would lie after the year 5138.
const EPOCH_MILLIS_FROM: i64 = 100_000_000_000;
/// More seconds or milliseconds than these are no instant that nanoseconds of 64 bits can hold.
const EPOCH_SECONDS_MAX: i64 = i64::MAX / NANOS_A_SECOND;
const EPOCH_MILLIS_MAX: i64 = i64::MAX / 1_000_000;
const PLACES: usize = 9;

/// Reads instants; remembers the last date, because thousands of rows share one.
#[derive(Debug, Default)]
pub(super) struct Instants {
    date: [u8; 10],
    midnight_seconds: Option<i64>,
}

impl Instants {
    /// RFC 3339 with an offset, or a whole number of seconds or milliseconds since 1970.
    pub(super) fn read(&mut self, field: &[u8]) -> Result<At, RowFault> {
        if let Some(seconds) = self.usual(field) {
            return Ok(At::from_nanos(seconds * NANOS_A_SECOND));
        }
        if !field.is_empty() && field.iter().all(u8::is_ascii_digit) {
            return epoch(field);
        }
        let text = shown(field);
        text.parse()
            .map_err(|_| if is_naive(&text) { naive(text) } else { RowFault::Instant { value: text } })
    }

    /// `YYYY-MM-DDTHH:MM:SSZ` and nothing else; `None` leaves the verdict to the general reader.
    fn usual(&mut self, field: &[u8]) -> Option<i64> {
        let field: &[u8; 20] = field.try_into().ok()?;
        let [date @ .., b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = field else { return None };
        let (hour, minute, second) = (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        if self.date != *date || self.midnight_seconds.is_none() {
            self.midnight_seconds = midnight(date);
            self.date = *date;
        }
        Some(self.midnight_seconds? + hour * 3600 + minute * 60 + second)
    }
}

fn midnight(date: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let year = two(*y1, *y2)? * 100 + two(*y3, *y4)?;
    let (month, day) = (two(*m1, *m2)?, two(*d1, *d2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    // Later years go the general way: past 2262 nanoseconds of 64 bits end.
    if day < 1 || day > days || !(1970..2200).contains(&year) {
        return None;
    }
    Some(days_since_1970(year, month, day) * SECONDS_A_DAY)
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`, for years after 0.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

fn epoch(field: &[u8]) -> Result<At, RowFault> {
    let text = shown(field);
    match text.parse::<i64>() {
        // Seconds past 2262 are below the border too, but no instant: they are refused, not taken for milliseconds.
        Ok(seconds) if seconds <= EPOCH_SECONDS_MAX => Ok(At::from_seconds(seconds)),
        Ok(millis) if (EPOCH_MILLIS_FROM..=EPOCH_MILLIS_MAX).contains(&millis) => Ok(At::from_millis(millis)),
        _ => Err(RowFault::Instant { value: text }),
    }
}

/// Whether it would be an instant if only it had an offset.
fn is_naive(text: &str) -> bool {
    let with_midnight = format!("{text}T00:00:00Z");
    format!("{text}Z").parse::<At>().is_ok() || with_midnight.parse::<At>().is_ok()
}

fn naive(value: String) -> RowFault {
    RowFault::Naive { value }
}

/// A decimal of zero or more in billionths. Digits past the ninth place are rounded to the nearest:
/// adjusted prices come with more of them than any price ever had.
pub(super) fn decimal(column: &'static str, field: &[u8]) -> Result<i64, RowFault> {
    let (negative, digits) = match field {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (digits.get(..point).unwrap_or_default(), digits.get(point + 1..).unwrap_or_default()),
        None => (digits, [].as_slice()),
    };
    let well_formed = !whole.is_empty() && (point.is_none() || !fraction.is_empty());
    if !well_formed || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(RowFault::Number { column, value: shown(field) });
    }
    let significant = whole.iter().position(|byte| *byte != b'0').map_or(0, |zeros| whole.len() - zeros);
    if significant > PLACES {
        return Err(RowFault::TooLarge { column, value: shown(field) });
    }
    let nanos = nanos(whole, fraction);
    if negative && nanos != 0 {
        return Err(RowFault::Negative { column, value: shown(field) });
    }
    Ok(nanos)
}

/// At most nine significant digits before the point, so that nothing here can leave 64 bits.
fn nanos(whole: &[u8], fraction: &[u8]) -> i64 {
    let append = |number: i64, digit: &u8| number * 10 + i64::from(digit - b'0');
    let mut nanos = whole.iter().chain(fraction.iter().take(PLACES)).fold(0, append);
    for _ in fraction.len()..PLACES {
        nanos *= 10;
    }
    nanos + i64::from(fraction.get(PLACES).is_some_and(|digit| *digit >= b'5'))
}

/// A field as it may be shown: whatever it holds, it neither floods the screen nor fails.
pub(super) fn shown(field: &[u8]) -> String {
    const SHOWN_MAX: usize = 60;
    let text = String::from_utf8_lossy(field);
    if text.chars().count() <= SHOWN_MAX {
        return text.into_owned();
    }
    text.chars().take(SHOWN_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Result<String, RowFault> {
        Instants::default().read(text.as_bytes()).map(|at| at.to_string())
    }

    #[test]
    fn the_short_way_agrees_with_the_general_one() {
        let mut instants = Instants::default();
        for year in [1970, 1999, 2000, 2013, 2016, 2100, 2199] {
            for (month, days) in [(1, 31), (2, 29), (3, 31), (4, 30), (6, 31), (12, 31), (13, 1)] {
                for day in 0..=days {
                    let text = format!("{year}-{month:02}-{day:02}T23:59:58Z");
                    let usual = instants.usual(text.as_bytes()).map(At::from_seconds);
                    assert_eq!(usual, text.parse().ok(), "{text}");
                }
            }
        }
    }

    #[test]
    fn instants_of_every_allowed_shape() {
        for (text, expected) in [
            ("2013-10-07T13:30:00Z", "2013-10-07T13:30:00Z"),
            ("2013-10-07T09:30:00-04:00", "2013-10-07T13:30:00Z"),
            ("2013-10-07T13:30:00.250Z", "2013-10-07T13:30:00.25Z"),
            ("2013-10-07 13:30:00+00:00", "2013-10-07T13:30:00Z"),
            ("1381152600", "2013-10-07T13:30:00Z"),
            ("1381152600000", "2013-10-07T13:30:00Z"),
            ("9223372036", "2262-04-11T23:47:16Z"),
            ("100000000000", "1973-03-03T09:46:40Z"),
        ] {
            assert_eq!(instant(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn naive_instants_and_no_instants_are_told_apart() {
        for text in ["2013-10-07T13:30:00", "2013-10-07 13:30:00", "2013-10-07", "2013-10-07T13:30"] {
            assert!(matches!(instant(text), Err(RowFault::Naive { .. })), "{text}");
        }
        for text in
            ["", "2013-02-30T00:00:00Z", "yesterday", "-5", "1381152600000000", "1e9", "2013-10-07T24:00:00Z"]
        {
            assert!(matches!(instant(text), Err(RowFault::Instant { .. })), "{text}");
        }
    }

    #[test]
    fn decimals_are_exact_and_refusals_say_why() {
        let read = |text: &str| decimal("close", text.as_bytes());
        for (text, expected) in [
            ("167.41", 167_410_000_000),
            ("0", 0),
            ("-0.0", 0),
            ("000000000001", 1_000_000_000),
            ("142.33999633789062", 142_339_996_338),
            ("0.9999999999", 1_000_000_000),
            ("0.12345678950", 123_456_790),
            ("999999999.999999999", 999_999_999_999_999_999),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in ["", "NaN", "nan", "inf", "1e3", ".5", "5.", "+1", " 1", "1 ", "1,5", "1.2.3", "-", "٣"]
        {
            assert!(matches!(read(text), Err(RowFault::Number { .. })), "{text}");
        }
        assert!(matches!(read("-0.01"), Err(RowFault::Negative { .. })));
        assert!(matches!(read("1000000000"), Err(RowFault::TooLarge { .. })));
    }
}
