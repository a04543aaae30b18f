//! `ctx.every`: functions that are called at even instants of New York's clock, as bars tell them.
//!
//! Bars are the only clock a strategy has: a timer is due with the first bar that ends at or after its instant, so
//! that a rehearsal, a replay and a live run call it with the same bar.

use boa_engine::JsObject;

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::strategy::child::shown::Days;

/// How many timers one instance may have.
pub(super) const TIMERS_MAX: usize = 16;
const MINUTES_MAX: u32 = 24 * 60;
const MILLIS_PER_MINUTE: i64 = 60_000;

/// A timer of one instance.
pub(super) struct Timer {
    /// Of which instance.
    pub index: usize,
    /// What is called, with `ctx`.
    pub function: JsObject,
    span_ms: i64,
    /// The span that the bar before ended in; none before the first bar.
    last: Option<(TradingDay, i64)>,
}

impl Timer {
    /// A timer that no bar has reached.
    pub(super) fn new(index: usize, function: JsObject, minutes: u32) -> Self {
        Self { index, function, span_ms: i64::from(minutes) * MILLIS_PER_MINUTE, last: None }
    }

    /// Whether a bar that ends at `end` is the first at or after an instant of this timer.
    pub(super) fn is_due(&mut self, end: At, days: &Days) -> bool {
        let day = days.of(end);
        let since_midnight_ms = end.millis_since(day.at_time(0, 0));
        let span = (day, since_midnight_ms / self.span_ms);
        let is_even = since_midnight_ms % self.span_ms == 0;
        self.last.replace(span).map_or(is_even, |before| before != span)
    }
}

/// The minutes of a span such as "5m", "1h" or "30Min".
pub(super) fn minutes(text: &str) -> Result<u32, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let each = match unit {
        "m" | "Min" => 1,
        "h" | "Hour" => 60,
        _ => 0,
    };
    let minutes = number.parse::<u32>().ok().and_then(|number| number.checked_mul(each));
    match minutes.filter(|minutes| (1..=MINUTES_MAX).contains(minutes)) {
        Some(minutes) => Ok(minutes),
        None => Err(format!("{text:?} is no span; write \"5m\", \"30m\" or \"1h\", up to \"24h\"")),
    }
}

#[cfg(test)]
mod tests {
    use boa_engine::Context;

    use super::*;

    #[test]
    fn a_span_is_a_whole_number_of_minutes_or_hours() {
        assert_eq!(
            ["1m", "30Min", "1h", "24h", "2Hour"].map(|text| minutes(text).unwrap()),
            [1, 30, 60, 1440, 120]
        );
        for text in ["", "5", "m", "0m", "25h", "5s", "-5m", "5.5m", "99999999999m", "5 m"] {
            assert!(minutes(text).unwrap_err().contains("is no span"), "{text}");
        }
    }

    #[test]
    fn it_is_due_once_a_span_with_the_first_bar_that_reaches_it() {
        let function = JsObject::with_object_proto(Context::default().intrinsics());
        let mut timer = Timer::new(0, function, 5);
        let days = Days::default();
        let due: Vec<&str> = [
            ("2013-10-07T09:33:00-04:00", false),
            ("2013-10-07T09:34:00-04:00", false),
            ("2013-10-07T09:35:00-04:00", true),
            ("2013-10-07T09:36:00-04:00", false),
            // A bar is missing: the next one is late, and due all the same.
            ("2013-10-07T09:41:00-04:00", true),
            ("2013-10-07T09:44:00-04:00", false),
            ("2013-10-08T09:41:00-04:00", true),
        ]
        .into_iter()
        .filter(|(at, due)| timer.is_due(at.parse().unwrap(), &days) != *due)
        .map(|(at, _)| at)
        .collect();
        assert_eq!(due, Vec::<&str>::new());
    }
}
