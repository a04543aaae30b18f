use crate::indicators::sma::Sma;

/// `ta.ema`: `ema = ema₋₁ + α · (value − ema₋₁)` with α = 2 / (length + 1), seeded with the mean of the
/// first `length` values.
#[derive(Debug, Clone)]
pub struct Ema {
    smoothing: Smoothing,
}

impl Ema {
    /// An average of the given length.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let length = length.max(1);
        Self { smoothing: Smoothing::new(length, 2.0 / (length as f64 + 1.0)) }
    }

    /// Takes one more value; gives the average, NaN before `length` values.
    pub fn update(&mut self, value: f64) -> f64 {
        self.smoothing.update(value)
    }

    /// The average as of the last update.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.smoothing.value
    }
}

/// The recursion that the exponential and Wilder's average share; only their α differs.
#[derive(Debug, Clone)]
pub(super) struct Smoothing {
    alpha: f64,
    /// Gone once it has given the seed.
    seed: Option<Sma>,
    pub(super) value: f64,
}

impl Smoothing {
    pub(super) fn new(length: usize, alpha: f64) -> Self {
        Self { alpha, seed: Some(Sma::new(length)), value: f64::NAN }
    }

    pub(super) fn update(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return self.value;
        }
        if let Some(seed) = &mut self.seed {
            self.value = seed.update(value);
            if self.value.is_finite() {
                self.seed = None;
            }
        } else {
            // In this form a market that stands still leaves the average exactly at its price.
            self.value += self.alpha * (value - self.value);
        }
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chart school of stockcharts.com, "Moving Averages - Simple and Exponential": the sheet of Intel's ten-day
    /// exponential average, given to two places.
    #[test]
    fn the_published_sheet_agrees() {
        let closes = [
            22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29, 22.15, 22.39, 22.38, 22.61,
            23.36, 24.05, 23.75, 23.83, 23.95, 23.63,
        ];
        let published = [22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13, 23.28, 23.34];
        let mut ema = Ema::new(10);
        let values: Vec<f64> = closes.iter().map(|close| ema.update(*close)).collect();
        assert!(values[..9].iter().all(|value| value.is_nan()));
        for (value, expected) in values[9..].iter().zip(published) {
            assert!((value - expected).abs() < 0.0075, "{value} is not {expected}");
        }
    }

    #[test]
    fn a_still_market_leaves_the_average_at_its_price() {
        let mut ema = Ema::new(9);
        for _ in 0..1000 {
            ema.update(170.37);
        }
        assert_eq!(ema.value().to_bits(), 170.37_f64.to_bits());
    }
}
