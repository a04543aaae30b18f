use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::day::TradingDay;

/// The first and the last year the rules below are known to hold for.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2035;

/// Days on which the exchange stayed shut for a reason that no rule gives.
const SPECIAL_CLOSURES: [(i16, i8, i8); 10] = [
    (2001, 9, 11), // the attacks
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),  // President Reagan
    (2007, 1, 2),   // President Ford
    (2012, 10, 29), // hurricane Sandy
    (2012, 10, 30),
    (2018, 12, 5), // President G. H. W. Bush
    (2025, 1, 9),  // President Carter
];

/// Early closes that no rule gives.
const SPECIAL_HALF_DAYS: [(i16, i8, i8); 2] = [(2002, 7, 5), (2003, 12, 26)];

/// One day of the exchange. Instants are UTC; the hours are New York's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The day.
    pub day: TradingDay,
    /// 04:00, when early trading begins.
    pub early_open: At,
    /// 09:30, when the regular session begins.
    pub open: At,
    /// 16:00, or 13:00 on a half day, when it ends.
    pub close: At,
    /// 20:00, or 17:00 on a half day, when late trading ends.
    pub late_close: At,
    /// Whether it closes at 13:00.
    pub half_day: bool,
}

/// Which part of the exchange's day an instant lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No session.
    Closed,
    /// 04:00 to 09:30.
    Early,
    /// 09:30 to the close: the only part in which hardstop opens positions by default.
    Regular,
    /// From the close on, for four hours.
    Late,
}

impl Phase {
    /// The word of the status line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Early => "pre",
            Self::Regular => "regular",
            Self::Late => "post",
        }
    }
}

impl Session {
    /// Which part of this session `at` lies in; `Closed` outside it.
    #[must_use]
    pub fn phase(&self, at: At) -> Phase {
        if at < self.early_open || at >= self.late_close {
            Phase::Closed
        } else if at < self.open {
            Phase::Early
        } else if at < self.close {
            Phase::Regular
        } else {
            Phase::Late
        }
    }
}

/// Minutes before the open from which the opening auction takes no more orders.
const OPENING_SHUTS_MIN: i64 = 2;
/// Minutes before the close from which the closing auction takes no more orders.
const CLOSING_SHUTS_MIN: i64 = 10;
/// Hours after the close from which the auctions of the next session take orders.
const AUCTIONS_REOPEN_H: i64 = 3;

/// Which auctions take orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auctions {
    /// The opening auction of the session that comes.
    pub opening: bool,
    /// The closing auction of the session that runs or comes.
    pub closing: bool,
}

impl Auctions {
    /// On a day without a session both wait for the next one.
    pub const BOTH: Self = Self { opening: true, closing: true };
}

impl Session {
    /// Which auctions take orders at an instant of this day.
    #[must_use]
    pub fn auctions(&self, at: At) -> Auctions {
        let is_next = at >= self.close.plus_seconds(AUCTIONS_REOPEN_H.saturating_mul(3_600));
        let minutes = |minutes: i64| minutes.saturating_mul(-60);
        Auctions {
            opening: is_next || at < self.open.plus_seconds(minutes(OPENING_SHUTS_MIN)),
            closing: is_next || at < self.close.plus_seconds(minutes(CLOSING_SHUTS_MIN)),
        }
    }
}

/// The session of `day`, or `None` when the exchange is shut, or outside the years 2000 to 2035.
#[must_use]
pub fn session(day: TradingDay) -> Option<Session> {
    if day.is_weekend() || !YEARS.contains(&day.civil().0) || is_holiday(day) {
        return None;
    }
    let half_day = is_half_day(day);
    let close_hour = if half_day { 13 } else { 16 };
    let late_hour = if half_day { 17 } else { 20 };
    Some(Session {
        day,
        early_open: day.at_time(4, 0),
        open: day.at_time(9, 30),
        close: day.at_time(close_hour, 0),
        late_close: day.at_time(late_hour, 0),
        half_day,
    })
}

/// Which part of the exchange's day `at` lies in.
#[must_use]
pub fn phase(at: At) -> Phase {
    session(TradingDay::of(at)).map_or(Phase::Closed, |session| session.phase(at))
}

/// Whether a whole session lies between two instants of at most two days, as in a daily bar that is stamped at midnight.
#[must_use]
pub fn holds_a_session(start: At, end: At) -> bool {
    // Most bars are far shorter, and a look into the calendar is long.
    const SHORTEST_SESSION_MS: i64 = 3 * 3_600_000;
    if end.millis_since(start) < SHORTEST_SESSION_MS {
        return false;
    }
    let days = [TradingDay::of(start), TradingDay::of(end)];
    days.into_iter().filter_map(session).any(|session| start <= session.open && session.close <= end)
}

/// The first session on a day after `day`; `None` past the last year of the calendar.
#[must_use]
pub fn next_session(day: TradingDay) -> Option<Session> {
    // The longest stretch without a session was four weekdays and a weekend.
    let days = std::iter::successors(Some(day.next()), |day| Some(day.next()));
    days.take(15).find_map(session)
}

/// The last session on a day before `day`; `None` before the first year of the calendar.
#[must_use]
pub fn previous_session(day: TradingDay) -> Option<Session> {
    let days = std::iter::successors(Some(day.previous()), |day| Some(day.previous()));
    days.take(15).find_map(session)
}

fn is_holiday(day: TradingDay) -> bool {
    let date = day.date();
    let year = date.year();
    SPECIAL_CLOSURES.contains(&day.civil())
        || is_new_year(date)
        || nth_weekday(year, 1, 3, Weekday::Monday) == Some(date)
        || nth_weekday(year, 2, 3, Weekday::Monday) == Some(date)
        || good_friday(year) == Some(date)
        || nth_weekday(year, 5, -1, Weekday::Monday) == Some(date)
        || (year >= 2022 && observed(year, 6, 19) == Some(date))
        || observed(year, 7, 4) == Some(date)
        || nth_weekday(year, 9, 1, Weekday::Monday) == Some(date)
        || thanksgiving(year) == Some(date)
        || observed(year, 12, 25) == Some(date)
}

fn is_half_day(day: TradingDay) -> bool {
    let date = day.date();
    let weekday = date.weekday();
    let after_thanksgiving = thanksgiving(date.year()) == Some(day.previous().date());
    let fourth_follows = date.month() == 7
        && date.day() == 3
        && match weekday {
            Weekday::Monday | Weekday::Tuesday | Weekday::Thursday => true,
            // Until 2012 a Thursday holiday shortened the Friday after it instead.
            Weekday::Wednesday => date.year() >= 2013,
            _ => false,
        };
    let christmas_eve = date.month() == 12 && date.day() == 24 && weekday != Weekday::Friday;
    after_thanksgiving || fourth_follows || christmas_eve || SPECIAL_HALF_DAYS.contains(&day.civil())
}

/// New Year's Day moves from a Sunday to Monday, but not from a Saturday into the old year.
fn is_new_year(date: Date) -> bool {
    let first = date.month() == 1 && date.day() == 1;
    let second = date.month() == 1 && date.day() == 2 && date.weekday() == Weekday::Monday;
    first || second
}

/// The weekday on which a fixed holiday is kept: Friday for a Saturday, Monday for a Sunday.
fn observed(year: i16, month: i8, day: i8) -> Option<Date> {
    let date = Date::new(year, month, day).ok()?;
    match date.weekday() {
        Weekday::Saturday => date.yesterday().ok(),
        Weekday::Sunday => date.tomorrow().ok(),
        _ => Some(date),
    }
}

fn nth_weekday(year: i16, month: i8, nth: i8, weekday: Weekday) -> Option<Date> {
    Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
}

fn thanksgiving(year: i16) -> Option<Date> {
    nth_weekday(year, 11, 4, Weekday::Thursday)
}

/// Two days before Easter Sunday, by the anonymous Gregorian computus (Meeus, Astronomical
/// Algorithms, chapter 8).
#[expect(clippy::many_single_char_names, reason = "the letters are those of the source")]
fn good_friday(year: i16) -> Option<Date> {
    let part = |value: i32, divisor: i32| {
        Some((value.checked_div_euclid(divisor)?, value.checked_rem_euclid(divisor)?))
    };
    let sum = |terms: &[i32]| terms.iter().try_fold(0_i32, |total, term| total.checked_add(*term));
    let (_, a) = part(i32::from(year), 19)?;
    let (b, c) = part(i32::from(year), 100)?;
    let (d, e) = part(b, 4)?;
    let (f, _) = part(sum(&[b, 8])?, 25)?;
    let (g, _) = part(sum(&[b, f.checked_neg()?, 1])?, 3)?;
    let (_, h) = part(sum(&[a.checked_mul(19)?, b, d.checked_neg()?, g.checked_neg()?, 15])?, 30)?;
    let (i, k) = part(c, 4)?;
    let (_, l) =
        part(sum(&[32, e.checked_mul(2)?, i.checked_mul(2)?, h.checked_neg()?, k.checked_neg()?])?, 7)?;
    let (m, _) = part(sum(&[a, h.checked_mul(11)?, l.checked_mul(22)?])?, 451)?;
    let (month, day) = part(sum(&[h, l, m.checked_mul(-7)?, 114])?, 31)?;
    let easter = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day.checked_add(1)?).ok()?).ok()?;
    easter.yesterday().ok()?.yesterday().ok()
}

/// The day whose civil date is given; tests and the calendar's own loops use it.
#[must_use]
pub fn day(year: i16, month: i8, date: i8) -> Option<TradingDay> {
    Date::new(year, month, date).ok().map(TradingDay::from_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shut(text: &str) -> bool {
        session(text.parse().unwrap()).is_none()
    }

    fn half(text: &str) -> bool {
        session(text.parse().unwrap()).unwrap().half_day
    }

    /// Closures published by the exchange for whole years.
    #[test]
    fn published_years_agree() {
        let published = [
            (2013, vec!["01-01", "01-21", "02-18", "03-29", "05-27", "07-04", "09-02", "11-28", "12-25"]),
            (
                2012,
                vec![
                    "01-02", "01-16", "02-20", "04-06", "05-28", "07-04", "09-03", "10-29", "10-30", "11-22",
                    "12-25",
                ],
            ),
            (2022, vec!["01-17", "02-21", "04-15", "05-30", "06-20", "07-04", "09-05", "11-24", "12-26"]),
            (
                2025,
                vec![
                    "01-01", "01-09", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01", "11-27",
                    "12-25",
                ],
            ),
            (
                2026,
                vec![
                    "01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "11-26", "12-25",
                ],
            ),
        ];
        for (year, closures) in published {
            let mut date = day(year, 1, 1).unwrap();
            let mut found = Vec::new();
            while date.civil().0 == year {
                if !date.is_weekend() && session(date).is_none() {
                    found.push(date.to_string().split_off(5));
                }
                date = date.next();
            }
            assert_eq!(found, closures, "{year}");
        }
    }

    #[test]
    fn half_days_follow_their_rules_and_exceptions() {
        for text in [
            "2013-07-03",
            "2013-11-29",
            "2013-12-24",
            "2002-07-05",
            "2003-12-26",
            "2025-07-03",
            "2000-07-03",
            "2024-12-24",
        ] {
            assert!(half(text), "{text}");
        }
        for text in ["2002-07-03", "2013-10-07", "2012-12-26", "2014-07-02"] {
            assert!(!half(text), "{text}");
        }
        let early = session("2013-11-29".parse().unwrap()).unwrap();
        assert_eq!(early.close.to_string(), "2013-11-29T18:00:00Z");
    }

    #[test]
    fn outside_the_known_years_the_exchange_is_shut() {
        assert!(shut("1999-12-30") && shut("2036-01-02") && !shut("2035-12-31"));
        assert!(!shut("2021-12-31"), "a Saturday New Year closes nothing");
    }

    #[test]
    fn phases_and_neighbours() {
        let at = |text: &str| phase(text.parse().unwrap());
        assert_eq!(at("2013-10-07T13:29:59Z"), Phase::Early);
        assert_eq!(at("2013-10-07T13:30:00Z"), Phase::Regular);
        assert_eq!(at("2013-10-07T20:00:00Z"), Phase::Late);
        assert_eq!(at("2013-10-08T00:00:00Z"), Phase::Closed);
        let after = next_session("2001-09-10".parse().unwrap()).unwrap();
        assert_eq!(after.day.to_string(), "2001-09-17");
        assert_eq!(previous_session(after.day).unwrap().day.to_string(), "2001-09-10");
    }
}
