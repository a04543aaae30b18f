use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::day::new_york_time;

/// New York's clock, to the second.
pub fn hms(at: At) -> String {
    let (hour, minute, second) = new_york_time(at);
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// New York's clock, to the minute.
pub fn hm(at: At) -> String {
    let (hour, minute, _) = new_york_time(at);
    format!("{hour:02}:{minute:02}")
}

/// Month and day of the month, the month in letters so that nobody takes one for the other.
pub fn date(day: TradingDay) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, month, of_month) = day.civil();
    let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"?");
    format!("{name} {of_month}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_new_yorks_and_months_have_names() {
        let at: At = "2013-10-07T13:05:09Z".parse().unwrap();
        assert_eq!(
            (hms(at), hm(at), date(TradingDay::of(at))),
            ("09:05:09".into(), "09:05".into(), "Oct 7".into())
        );
        assert_eq!(date("2013-12-31".parse().unwrap()), "Dec 31");
    }
}
