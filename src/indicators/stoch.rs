use crate::indicators::extremes::{Highest, Lowest};
use crate::indicators::sma::Sma;

/// The stochastic oscillator as TradingView draws it: `ta.stoch` = 100 · (close − lowest low) / (highest
/// high − lowest low), smoothed by a simple average into %K, and %K by another into %D.
///
/// Where highest and lowest are one price `ta.stoch` is undefined; the averages pass such a bar over.
#[derive(Debug, Clone)]
pub struct Stoch {
    highest: Highest,
    lowest: Lowest,
    k: Sma,
    d: Sma,
}

/// The two lines; each NaN until warm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochLines {
    /// %K, from 0 to 100.
    pub k: f64,
    /// %D, the average of %K.
    pub d: f64,
}

impl Stoch {
    /// An oscillator over `length` bars, smoothed over `k_smoothing` and `d_smoothing` (1 for raw).
    #[must_use]
    pub fn new(length: usize, k_smoothing: usize, d_smoothing: usize) -> Self {
        Self {
            highest: Highest::new(length),
            lowest: Lowest::new(length),
            k: Sma::new(k_smoothing),
            d: Sma::new(d_smoothing),
        }
    }

    /// Takes one more bar; gives the lines.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> StochLines {
        if high.is_finite() && low.is_finite() && close.is_finite() {
            let top = self.highest.update(high);
            let bottom = self.lowest.update(low);
            let raw = 100.0 * (close - bottom) / (top - bottom);
            if raw.is_finite() {
                let k = self.k.update(raw);
                self.d.update(k);
            }
        }
        self.value()
    }

    /// The lines as of the last update.
    #[must_use]
    pub const fn value(&self) -> StochLines {
        StochLines { k: self.k.value(), d: self.d.value() }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    /// By hand over two bars, %K of two and %D of two: raw 50, 75 (from 8 to 12), 25 (from 10 to 14).
    #[test]
    fn smoothed_twice_and_a_range_of_nothing_is_passed_over() {
        let mut stoch = Stoch::new(2, 2, 2);
        let bars = [(9.0, 8.0, 8.5), (12.0, 10.0, 10.0), (12.0, 10.0, 11.5), (14.0, 10.0, 11.0)];
        let lines: Vec<StochLines> =
            bars.iter().map(|(high, low, close)| stoch.update(*high, *low, *close)).collect();
        assert!(lines[1].k.is_nan() && lines[2].d.is_nan());
        assert_eq!((lines[2].k, lines[3].k, lines[3].d), (62.5, 50.0, 56.25));

        let mut still = Stoch::new(1, 1, 1);
        assert!(still.update(5.0, 5.0, 5.0).k.is_nan());
        assert_eq!(still.update(6.0, 4.0, 5.0).k, 50.0);
        assert_eq!(still.update(5.0, 5.0, 5.0).k, 50.0);
    }
}
