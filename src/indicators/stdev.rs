use std::collections::VecDeque;

use crate::indicators::sma::Sma;

/// `ta.stdev`: the standard deviation of the last `length` values as a population (divided by `length`).
#[derive(Debug, Clone)]
pub struct Stdev {
    length: usize,
    mean: Sma,
    window: VecDeque<f64>,
    value: f64,
}

impl Stdev {
    /// A deviation over the last `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let length = length.max(1);
        Self { length, mean: Sma::new(length), window: VecDeque::new(), value: f64::NAN }
    }

    /// Takes one more value; gives the deviation, NaN before `length` values.
    pub fn update(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return self.value;
        }
        let mean = self.mean.update(value);
        self.window.push_back(value);
        if self.window.len() > self.length {
            self.window.pop_front();
        }
        // Summed anew each time: running sums of squares lose all their digits where prices are large
        // and moves small.
        if self.window.len() == self.length {
            let squares: f64 = self.window.iter().map(|value| (value - mean) * (value - mean)).sum();
            self.value = (squares / self.length as f64).sqrt();
        }
        self.value
    }

    /// The deviation as of the last update.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The mean of the same values.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean.value()
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    /// The population of Wikipedia's "Standard deviation", whose deviation is 2.
    #[test]
    fn the_populations_deviation_at_any_price_level() {
        for level in [0.0, 1e6] {
            let mut stdev = Stdev::new(8);
            for value in [9.0, 2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
                stdev.update(level + value);
            }
            assert_eq!((stdev.value(), stdev.mean()), (2.0, level + 5.0));
        }
    }

    #[test]
    fn a_still_market_deviates_by_exactly_nothing() {
        let mut stdev = Stdev::new(20);
        for _ in 0..40 {
            stdev.update(13.94);
        }
        assert_eq!(stdev.value(), 0.0);
    }
}
