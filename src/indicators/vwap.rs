use crate::domain::day::TradingDay;
use crate::domain::market::Bar;

/// `ta.vwap`: Σ price · volume / Σ volume since the session began, the price of a bar being `hlc3`, the
/// mean of its high, low and close.
///
/// It starts anew whenever the day handed in changes. Who wants it anchored to the regular session alone
/// hands in that session's bars alone, as TradingView does on a chart without extended hours.
#[derive(Debug, Clone, Default)]
pub struct Vwap {
    session: Option<TradingDay>,
    worth: f64,
    volume: f64,
}

impl Vwap {
    /// Takes one more bar of the session `day`; gives the average, NaN while nothing was traded.
    pub fn update(&mut self, day: TradingDay, price: f64, volume: f64) -> f64 {
        if self.session != Some(day) {
            *self = Self { session: Some(day), worth: 0.0, volume: 0.0 };
        }
        if price.is_finite() && volume.is_finite() {
            self.worth += price * volume;
            self.volume += volume;
        }
        self.value()
    }

    /// Takes one more bar of exact prices; its day is New York's.
    pub fn update_bar(&mut self, bar: &Bar) -> f64 {
        let price = (bar.high.to_f64() + bar.low.to_f64() + bar.close.to_f64()) / 3.0;
        self.update(TradingDay::of(bar.start), price, bar.volume.to_f64())
    }

    /// The average as of the last update.
    #[must_use]
    pub fn value(&self) -> f64 {
        // Nothing traded is 0 / 0, which is the NaN it should be.
        self.worth / self.volume
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    #[test]
    fn weighed_by_volume_and_anew_each_day() {
        let monday: TradingDay = "2013-10-07".parse().unwrap();
        let mut vwap = Vwap::default();
        assert!(vwap.update(monday, 10.0, 0.0).is_nan());
        assert_eq!(vwap.update(monday, 10.0, 100.0), 10.0);
        assert_eq!(vwap.update(monday, 14.0, 300.0), 13.0);
        assert_eq!(vwap.update(monday.next(), 20.0, 5.0), 20.0);
    }

    #[test]
    fn a_bar_weighs_at_the_mean_of_high_low_and_close() {
        let bar = |start: &str, high: &str| Bar {
            symbol: "SPY".parse().unwrap(),
            start: start.parse().unwrap(),
            end: start.parse().unwrap(),
            open: "10".parse().unwrap(),
            high: high.parse().unwrap(),
            low: "9".parse().unwrap(),
            close: "10".parse().unwrap(),
            volume: "100".parse().unwrap(),
        };
        let mut vwap = Vwap::default();
        assert_eq!(vwap.update_bar(&bar("2013-10-07T23:59:00Z", "11")), 10.0);
        assert_eq!(vwap.update_bar(&bar("2013-10-08T00:01:00Z", "14")), 10.5, "still Monday in New York");
        assert_eq!(vwap.update_bar(&bar("2013-10-08T13:30:00Z", "14")), 11.0);
    }
}
