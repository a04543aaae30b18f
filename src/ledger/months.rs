use serde::{Deserialize, Serialize};

use crate::domain::day::TradingDay;
use crate::domain::money::Money;

/// One month of a curve: with what it began and with what it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Month {
    /// The year, in New York.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// The equity at the end of the month before; that of the start for the first.
    pub start: Money,
    /// The equity at the close of its last day that had any.
    pub end: Money,
}

/// The months of a curve that began with `start` and had these closes, in order. A month without a close is
/// none: what changed until the next close belongs to the month of that close.
#[must_use]
pub fn months(start: Money, daily_closes: &[(TradingDay, Money)]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for (day, close) in daily_closes {
        let (year, month, _) = day.civil();
        let before = months.last().map_or(start, |last| last.end);
        match months.last_mut().filter(|last| (last.year, last.month) == (year, month)) {
            Some(last) => last.end = *close,
            None => months.push(Month { year, month, start: before, end: *close }),
        }
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_month_begins_where_the_one_before_ended() {
        let closes: Vec<(TradingDay, Money)> =
            [("2013-10-07", 110), ("2013-10-31", 120), ("2013-12-02", 90), ("2014-12-01", 99)]
                .iter()
                .map(|(day, usd)| (day.parse().unwrap(), Money::dollars(*usd)))
                .collect();
        let found = months(Money::dollars(100), &closes);
        let rows: Vec<String> = found
            .iter()
            .map(|month| format!("{}-{} {} {}", month.year, month.month, month.start, month.end))
            .collect();
        assert_eq!(rows, ["2013-10 100.00 120.00", "2013-12 120.00 90.00", "2014-12 90.00 99.00"]);
        assert!(months(Money::dollars(100), &[]).is_empty());
    }
}
