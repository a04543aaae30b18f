use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::indicators::ema::Ema;
use crate::indicators::sma::Sma;
use crate::indicators::vwap::Vwap;

/// The span of a chart's bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timeframe {
    /// A minute.
    OneMinute,
    /// Five minutes.
    FiveMinutes,
    /// A quarter of an hour.
    FifteenMinutes,
    /// An hour, counted from the full hour.
    OneHour,
    /// A trading day.
    OneDay,
}

/// The line drawn over the bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overlay {
    /// None.
    None,
    /// The exponential average of 20 closes.
    Ema20,
    /// The mean of 50 closes.
    Sma50,
    /// The day's volume-weighted price.
    Vwap,
}

impl Timeframe {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::OneMinute, Self::FiveMinutes, Self::FifteenMinutes, Self::OneHour, Self::OneDay];

    /// How many minutes of the clock a bar spans; `None` for the trading day.
    pub const fn minutes(self) -> Option<i64> {
        match self {
            Self::OneMinute => Some(1),
            Self::FiveMinutes => Some(5),
            Self::FifteenMinutes => Some(15),
            Self::OneHour => Some(60),
            Self::OneDay => None,
        }
    }

    /// Its short name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OneMinute => "1m",
            Self::FiveMinutes => "5m",
            Self::FifteenMinutes => "15m",
            Self::OneHour => "1h",
            Self::OneDay => "1d",
        }
    }
}

impl Overlay {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::None, Self::Ema20, Self::Sma50, Self::Vwap];

    /// Its name; empty for none.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Ema20 => "EMA20",
            Self::Sma50 => "SMA50",
            Self::Vwap => "VWAP",
        }
    }
}

/// One-minute bars, oldest first, folded into longer ones; the last, unfinished one included.
///
/// Spans begin on New York's clock: 09:30, 09:35 and so on, an hour on the full hour, a day at
/// midnight. A bar of minutes starts where its span starts, a day where its first minute does; each
/// ends where its last known minute ends. A span without a trade has no bar.
pub fn fold(minutes: &[Bar], timeframe: Timeframe) -> Vec<Bar> {
    let mut folded: Vec<Bar> = Vec::new();
    let mut span_ends = At::from_nanos(i64::MIN);
    for minute in minutes {
        match folded.last_mut() {
            Some(bar) if minute.start < span_ends => {
                bar.high = bar.high.max(minute.high);
                bar.low = bar.low.min(minute.low);
                bar.close = minute.close;
                bar.end = minute.end;
                // Both stood in the feed, whose counts are far from the range's end: it cannot saturate.
                bar.volume = Qty::from_nanos(bar.volume.nanos().saturating_add(minute.volume.nanos()));
            }
            _ => {
                let (start, end) = span(minute.start, timeframe);
                span_ends = end;
                folded.push(Bar { start, ..*minute });
            }
        }
    }
    folded
}

/// Where the span that holds `at` starts and where the next one does. New York is whole hours from
/// UTC in every year of the calendar, so up to an hour both clocks cut time at the same instants.
fn span(at: At, timeframe: Timeframe) -> (At, At) {
    match timeframe.minutes() {
        Some(minutes) => {
            let start = at.plus_seconds(-at.seconds().rem_euclid(minutes * 60));
            let start = At::from_seconds(start.seconds());
            (start, start.plus_seconds(minutes * 60))
        }
        None => (at, TradingDay::of(at).next().at_time(0, 0)),
    }
}

/// The overlay's value at the end of each of `bars`, which [`fold`] made of `minutes`; NaN where it is
/// not known yet.
///
/// The averages are of the bars' closes. The VWAP is made of the minutes at every timeframe: what the
/// day's volume paid is one figure, and another timeframe must not change it.
pub fn line(minutes: &[Bar], bars: &[Bar], overlay: Overlay) -> Vec<f64> {
    let closes = bars.iter().map(|bar| bar.close.to_f64());
    match overlay {
        Overlay::None => vec![f64::NAN; bars.len()],
        Overlay::Ema20 => {
            let mut ema = Ema::new(20);
            closes.map(|close| ema.update(close)).collect()
        }
        Overlay::Sma50 => {
            let mut sma = Sma::new(50);
            closes.map(|close| sma.update(close)).collect()
        }
        Overlay::Vwap => {
            let mut vwap = Vwap::default();
            let mut minutes = minutes.iter().peekable();
            let at_end = |bar: &Bar| {
                while let Some(minute) = minutes.next_if(|minute| minute.end <= bar.end) {
                    vwap.update_bar(minute);
                }
                vwap.value()
            };
            bars.iter().map(at_end).collect()
        }
    }
}

/// A drawn line's value in each of `bars`: the last of its points that lies in the bar; NaN where none does.
pub fn plotted(points: &[(At, Price)], bars: &[Bar]) -> Vec<f64> {
    let value = |bar: &Bar| {
        let before = points.partition_point(|(at, _)| *at < bar.end);
        let last = before.checked_sub(1).and_then(|place| points.get(place));
        last.filter(|(at, _)| *at >= bar.start).map_or(f64::NAN, |(_, value)| value.to_f64())
    };
    bars.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(start, open, high, low, close, volume)` of a minute.
    type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, i32);

    fn bar((start, open, high, low, close, volume): Row<'_>) -> Bar {
        let start: At = start.parse().unwrap();
        Bar {
            symbol: "SPY".parse().unwrap(),
            start,
            end: start.plus_seconds(60),
            open: open.parse().unwrap(),
            high: high.parse().unwrap(),
            low: low.parse().unwrap(),
            close: close.parse().unwrap(),
            volume: Qty::shares(volume),
        }
    }

    const MINUTES: [Row<'static>; 8] = [
        ("2013-10-07T13:29:00Z", "167.10", "167.12", "167.05", "167.11", 100),
        ("2013-10-07T13:30:00Z", "167.20", "167.40", "167.15", "167.30", 9000),
        ("2013-10-07T13:34:00Z", "167.30", "167.31", "166.90", "166.95", 500),
        ("2013-10-07T13:35:00Z", "166.96", "167.00", "166.94", "166.99", 300),
        ("2013-10-07T13:59:00Z", "167.50", "167.50", "167.50", "167.50", 7),
        ("2013-10-07T14:00:00Z", "167.60", "167.61", "167.59", "167.60", 11),
        ("2013-10-08T03:59:00Z", "167.70", "167.72", "167.70", "167.71", 13),
        ("2013-10-08T04:00:00Z", "167.80", "168.00", "167.01", "167.02", 17),
    ];

    fn check(timeframe: Timeframe, expect: &[&str]) {
        let folded = fold(&MINUTES.map(bar), timeframe);
        let told: Vec<String> = folded
            .iter()
            .map(|bar| {
                let Bar { start, end, open, high, low, close, volume, .. } = bar;
                format!("{start} {end} {open} {high} {low} {close} {volume}")
            })
            .collect();
        assert_eq!(told, expect, "{}", timeframe.word());
    }

    #[test]
    fn five_minutes_begin_at_the_clocks_fives_and_a_gap_has_no_bar() {
        check(
            Timeframe::FiveMinutes,
            &[
                "2013-10-07T13:25:00Z 2013-10-07T13:30:00Z 167.1 167.12 167.05 167.11 100",
                "2013-10-07T13:30:00Z 2013-10-07T13:35:00Z 167.2 167.4 166.9 166.95 9500",
                "2013-10-07T13:35:00Z 2013-10-07T13:36:00Z 166.96 167 166.94 166.99 300",
                "2013-10-07T13:55:00Z 2013-10-07T14:00:00Z 167.5 167.5 167.5 167.5 7",
                "2013-10-07T14:00:00Z 2013-10-07T14:01:00Z 167.6 167.61 167.59 167.6 11",
                "2013-10-08T03:55:00Z 2013-10-08T04:00:00Z 167.7 167.72 167.7 167.71 13",
                "2013-10-08T04:00:00Z 2013-10-08T04:01:00Z 167.8 168 167.01 167.02 17",
            ],
        );
    }

    #[test]
    fn an_hour_begins_on_the_full_hour_and_a_day_at_midnight_in_new_york() {
        check(
            Timeframe::OneHour,
            &[
                "2013-10-07T13:00:00Z 2013-10-07T14:00:00Z 167.1 167.5 166.9 167.5 9907",
                "2013-10-07T14:00:00Z 2013-10-07T14:01:00Z 167.6 167.61 167.59 167.6 11",
                "2013-10-08T03:00:00Z 2013-10-08T04:00:00Z 167.7 167.72 167.7 167.71 13",
                "2013-10-08T04:00:00Z 2013-10-08T04:01:00Z 167.8 168 167.01 167.02 17",
            ],
        );
        check(
            Timeframe::OneDay,
            &[
                "2013-10-07T13:29:00Z 2013-10-08T04:00:00Z 167.1 167.72 166.9 167.71 9931",
                "2013-10-08T04:00:00Z 2013-10-08T04:01:00Z 167.8 168 167.01 167.02 17",
            ],
        );
    }

    #[test]
    fn a_quarter_holds_its_minutes_and_a_minute_stays_what_it_was() {
        check(
            Timeframe::FifteenMinutes,
            &[
                "2013-10-07T13:15:00Z 2013-10-07T13:30:00Z 167.1 167.12 167.05 167.11 100",
                "2013-10-07T13:30:00Z 2013-10-07T13:36:00Z 167.2 167.4 166.9 166.99 9800",
                "2013-10-07T13:45:00Z 2013-10-07T14:00:00Z 167.5 167.5 167.5 167.5 7",
                "2013-10-07T14:00:00Z 2013-10-07T14:01:00Z 167.6 167.61 167.59 167.6 11",
                "2013-10-08T03:45:00Z 2013-10-08T04:00:00Z 167.7 167.72 167.7 167.71 13",
                "2013-10-08T04:00:00Z 2013-10-08T04:01:00Z 167.8 168 167.01 167.02 17",
            ],
        );
        let minutes = MINUTES.map(bar);
        assert_eq!(fold(&minutes, Timeframe::OneMinute), minutes);
    }

    #[test]
    fn the_days_vwap_is_one_figure_at_every_timeframe_and_begins_anew() {
        let minutes = MINUTES.map(bar);
        // By hand: hlc3 of the last of Tuesday's, and the first of Monday's.
        let tuesday = (168.0 + 167.01 + 167.02) / 3.0;
        let mut monday_ends = Vec::new();
        for timeframe in Timeframe::ALL {
            let bars = fold(&minutes, timeframe);
            let values = line(&minutes, &bars, Overlay::Vwap);
            assert_eq!(values.len(), bars.len());
            let [.., monday, last] = values[..] else { panic!("{values:?}") };
            assert!((last - tuesday).abs() < 1e-9, "{last} is not {tuesday}");
            monday_ends.push(monday.to_bits());
        }
        assert!(monday_ends.iter().all(|bits| *bits == monday_ends[0]), "{monday_ends:?}");
    }

    #[test]
    fn a_drawn_line_has_in_a_longer_bar_the_value_that_it_had_last() {
        let point = |at: &str, value: &str| (at.parse().unwrap(), value.parse().unwrap());
        let points = [
            point("2013-10-07T13:00:00Z", "1"),
            point("2013-10-07T13:30:00Z", "2"),
            point("2013-10-07T13:34:00Z", "3"),
            point("2013-10-07T13:59:00Z", "4"),
        ];
        let values = |timeframe| {
            let values = plotted(&points, &fold(&MINUTES.map(bar), timeframe));
            values.iter().map(|value| format!("{value}")).collect::<Vec<_>>()
        };
        assert_eq!(values(Timeframe::OneMinute), ["NaN", "2", "3", "NaN", "4", "NaN", "NaN", "NaN"]);
        assert_eq!(values(Timeframe::FiveMinutes), ["NaN", "3", "NaN", "4", "NaN", "NaN", "NaN"]);
        assert_eq!(values(Timeframe::OneDay), ["4", "NaN"]);
    }

    #[test]
    fn averages_are_unknown_until_they_have_their_bars() {
        let rising: Vec<Bar> = (0..50)
            .map(|n| {
                let at = At::from_seconds(1_381_152_600 + n * 60).to_string();
                let price = format!("{}", 101 + n);
                bar((&at, &price, &price, &price, &price, 1))
            })
            .collect();
        let ema = line(&rising, &rising, Overlay::Ema20);
        assert!(ema[18].is_nan());
        assert!((ema[19] - 110.5).abs() < 1e-9 && (ema[20] - 111.5).abs() < 1e-9, "{ema:?}");
        let sma = line(&rising, &rising, Overlay::Sma50);
        assert!(sma[48].is_nan() && (sma[49] - 125.5).abs() < 1e-9);
        assert!(line(&rising, &rising, Overlay::None).iter().all(|value| value.is_nan()));
    }
}
