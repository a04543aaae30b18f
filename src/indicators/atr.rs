use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::indicators::rma::Rma;

/// `ta.tr(true)`: the largest of high − low, |high − close₋₁| and |low − close₋₁|; the first bar, which
/// has no close before it, gives high − low.
#[derive(Debug, Clone)]
pub struct TrueRange {
    previous_close: f64,
    value: f64,
}

impl Default for TrueRange {
    fn default() -> Self {
        Self { previous_close: f64::NAN, value: f64::NAN }
    }
}

impl TrueRange {
    /// Takes one more bar; gives its range.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        if !(high.is_finite() && low.is_finite() && close.is_finite()) {
            return self.value;
        }
        let range = high - low;
        // `f64::max` passes over the NaN of the first bar.
        let up = (high - self.previous_close).abs();
        let down = (low - self.previous_close).abs();
        self.previous_close = close;
        self.value = range.max(up).max(down);
        self.value
    }

    /// The range of the last bar.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }
}

/// `ta.atr`: Wilder's average of the true range.
#[derive(Debug, Clone)]
pub struct Atr {
    range: TrueRange,
    average: Rma,
}

impl Atr {
    /// An average over the given length.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { range: TrueRange::default(), average: Rma::new(length) }
    }

    /// Takes one more bar; gives the average, NaN before `length` bars.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        if !(high.is_finite() && low.is_finite() && close.is_finite()) {
            return self.value();
        }
        let range = self.range.update(high, low, close);
        self.average.update(range)
    }

    /// Takes one more bar of exact prices.
    pub fn update_bar(&mut self, bar: &Bar) -> f64 {
        self.update(bar.high.to_f64(), bar.low.to_f64(), bar.close.to_f64())
    }

    /// The average as of the last update.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.average.value()
    }

    /// The average as an exact price, rounded to nine places: the distance a protective stop is built on.
    /// `None` until warm.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        Price::from_f64(self.value())
    }
}

/// The average true range of `bars`, oldest first; `None` for fewer than `length` bars.
#[must_use]
pub fn atr_price(bars: &[Bar], length: usize) -> Option<Price> {
    let mut atr = Atr::new(length);
    for bar in bars {
        atr.update_bar(bar);
    }
    atr.price()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::qty::Qty;

    fn bar(high: &str, low: &str, close: &str) -> Bar {
        let close: Price = close.parse().unwrap();
        Bar {
            symbol: "SPY".parse().unwrap(),
            start: At::from_seconds(0),
            end: At::from_seconds(60),
            open: close,
            high: high.parse().unwrap(),
            low: low.parse().unwrap(),
            close,
            volume: Qty::shares(1),
        }
    }

    /// By hand: ranges 2 (first: high − low), 3.5 (gap up: high − close before), 4 (gap down: close
    /// before − low), 1; their means 2.75 of the first two, then (2.75 + 4) / 2 and (3.375 + 1) / 2.
    #[test]
    fn gaps_count_and_the_first_range_is_high_less_low() {
        let bars =
            [bar("11", "9", "10"), bar("13.5", "12.5", "13"), bar("10", "9", "9.5"), bar("10", "9", "9.5")];
        let mut atr = Atr::new(2);
        let values: Vec<f64> = bars.iter().map(|bar| atr.update_bar(bar)).collect();
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [2.75, 3.375, 2.1875]);
        assert_eq!(atr_price(&bars, 2), Some("2.1875".parse().unwrap()));
        assert_eq!(atr_price(&bars, 5), None);
    }
}
