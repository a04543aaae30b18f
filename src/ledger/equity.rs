use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::money::Money;
use crate::ledger::statistics::fall_ratio;

/// Points kept for drawing. A picture has fewer columns, and a year of minutes would be megabytes.
const POINTS_MAX: usize = 4096;

/// Equity over time: its deepest fall from a running peak, its close of each trading day, and points to
/// draw it by.
#[derive(Debug, Clone)]
pub struct EquityCurve {
    start: Money,
    last: Money,
    peak: Money,
    deepest: Fall,
    deepest_ratio: f64,
    largest_usd: Money,
    closes: Vec<(TradingDay, Money)>,
    day_ends: Option<At>,
    points: Vec<(At, Money)>,
    stride: u64,
    seen: u64,
}

/// A fall of the equity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fall {
    /// From where.
    pub peak: Money,
    /// To where.
    pub trough: Money,
}

impl EquityCurve {
    /// A curve that begins with the equity `start`, which is the first peak.
    #[must_use]
    pub fn new(start: Money) -> Self {
        Self {
            start,
            last: start,
            peak: start,
            deepest: Fall { peak: start, trough: start },
            deepest_ratio: 0.0,
            largest_usd: Money::ZERO,
            closes: Vec::new(),
            day_ends: None,
            points: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }

    /// Equity is `equity` at `at`. Instants do not go back.
    pub fn push(&mut self, at: At, equity: Money) {
        self.last = equity;
        self.peak = self.peak.max(equity);
        self.remember_fall(equity);
        self.remember_day(at, equity);
        self.remember_point(at, equity);
    }

    /// The equity it began with.
    #[must_use]
    pub const fn start(&self) -> Money {
        self.start
    }

    /// The equity now.
    #[must_use]
    pub const fn last(&self) -> Money {
        self.last
    }

    /// The fall from a running peak that was largest as a part of its peak.
    #[must_use]
    pub const fn deepest_fall(&self) -> Fall {
        self.deepest
    }

    /// The fall from a running peak that was largest in dollars.
    #[must_use]
    pub const fn max_drawdown_usd(&self) -> Money {
        self.largest_usd
    }

    /// The last equity of each trading day that had any, in order.
    #[must_use]
    pub fn daily_closes(&self) -> &[(TradingDay, Money)] {
        &self.closes
    }

    /// Points to draw the curve by: at most 4,096 at even steps, and the last one.
    #[must_use]
    pub fn points(&self) -> &[(At, Money)] {
        &self.points
    }

    fn remember_fall(&mut self, equity: Money) {
        if equity == self.peak {
            return;
        }
        let ratio = fall_ratio(self.peak, equity);
        if ratio > self.deepest_ratio {
            (self.deepest, self.deepest_ratio) = (Fall { peak: self.peak, trough: equity }, ratio);
        }
        let fall_usd = self.peak.minus(equity).unwrap_or(Money::ZERO);
        self.largest_usd = self.largest_usd.max(fall_usd);
    }

    /// Asks the calendar once a day: this is called for every bar of a backtest.
    fn remember_day(&mut self, at: At, equity: Money) {
        let same_day = self.day_ends.is_some_and(|ends| at < ends);
        if let Some((_, close)) = self.closes.last_mut().filter(|_| same_day) {
            *close = equity;
            return;
        }
        let day = TradingDay::of(at);
        self.day_ends = Some(day.next().at_time(0, 0));
        self.closes.push((day, equity));
    }

    /// Keeps every `stride`-th point, and the newest behind them; at the bound every other one goes and
    /// the stride doubles.
    fn remember_point(&mut self, at: At, equity: Money) {
        let newest = self.seen.checked_sub(1);
        if newest.is_some_and(|newest| newest.checked_rem(self.stride) != Some(0)) {
            self.points.pop();
        }
        if self.points.len() >= POINTS_MAX {
            let mut number = 0_usize;
            self.points.retain(|_| {
                number = number.saturating_add(1);
                number % 2 == 1
            });
            self.stride = self.stride.saturating_mul(2);
        }
        self.points.push((at, equity));
        self.seen = self.seen.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(dollars: i32) -> Money {
        Money::dollars(dollars)
    }

    #[test]
    fn the_deepest_fall_is_by_ratio_and_the_largest_by_dollars() {
        let mut curve = EquityCurve::new(usd(100));
        for (minute, equity) in [90, 110, 88, 1000, 950, 1200, 1190].into_iter().enumerate() {
            curve.push(At::from_seconds(60 * i64::try_from(minute).unwrap()), usd(equity));
        }
        assert_eq!(curve.deepest_fall(), Fall { peak: usd(110), trough: usd(88) });
        assert_eq!(curve.max_drawdown_usd(), usd(50));
        assert_eq!(curve.last(), usd(1190));
    }

    #[test]
    fn a_days_close_is_its_last_equity_in_new_york() {
        let mut curve = EquityCurve::new(usd(100));
        for (at, equity) in [
            ("2013-10-07T13:31:00Z", 101),
            ("2013-10-08T03:59:59Z", 102),
            ("2013-10-08T04:00:00Z", 103),
            ("2013-10-09T20:00:00Z", 104),
        ] {
            curve.push(at.parse().unwrap(), usd(equity));
        }
        let closes: Vec<String> =
            curve.daily_closes().iter().map(|(day, close)| format!("{day} {close}")).collect();
        assert_eq!(closes, ["2013-10-07 102.00", "2013-10-08 103.00", "2013-10-09 104.00"]);
    }

    #[test]
    fn points_are_even_bounded_and_end_with_the_newest() {
        let mut curve = EquityCurve::new(usd(0));
        for second in 0..20_001 {
            curve.push(At::from_seconds(second), usd(1));
            let points = curve.points();
            assert!(points.len() <= POINTS_MAX);
            assert_eq!(points.last().unwrap().0, At::from_seconds(second));
        }
        let steps: Vec<i64> =
            curve.points().windows(2).map(|pair| pair[1].0.millis_since(pair[0].0) / 1000).collect();
        assert!(steps.iter().all(|step| *step == 8), "{steps:?}");
        curve.push(At::from_seconds(20_001), usd(1));
        assert_eq!(curve.points().len(), 2502);
    }
}
