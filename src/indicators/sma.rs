use std::collections::VecDeque;

use crate::indicators::sums::{quotient, units};

/// `ta.sma`: the mean of the last `length` values.
///
/// Values are held to nine decimal places, as prices are; means that tie as decimals tie as `f64`.
#[derive(Debug, Clone)]
pub struct Sma {
    length: usize,
    window: VecDeque<i128>,
    sum: i128,
    value: f64,
}

impl Sma {
    /// An average of the last `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { length: length.max(1), window: VecDeque::new(), sum: 0, value: f64::NAN }
    }

    /// Takes one more value; gives the mean, NaN before `length` values.
    pub fn update(&mut self, value: f64) -> f64 {
        let Some(entering) = units(value) else { return self.value };
        self.window.push_back(entering);
        self.sum += entering;
        if self.window.len() > self.length {
            self.sum -= self.window.pop_front().unwrap_or(0);
        }
        if self.window.len() == self.length {
            self.value = quotient(self.sum, self.length as u64);
        }
        self.value
    }

    /// The mean as of the last update.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    #[test]
    fn the_mean_slides_and_is_nan_until_warm() {
        let mut sma = Sma::new(3);
        let values: Vec<f64> = [1.0, 2.0, 4.0, f64::NAN, 9.0].iter().map(|v| sma.update(*v)).collect();
        assert!(values[0].is_nan() && values[1].is_nan());
        assert_eq!(values[2..], [7.0 / 3.0, 7.0 / 3.0, 5.0], "a NaN is passed over");
        assert_eq!(Sma::new(0).update(7.5), 7.5);
    }

    /// After a long run, windows that hold one pattern twice and four times have one mean: a float sum
    /// would carry the run's rounding into it and see crossings where there are none.
    #[test]
    fn equal_means_of_different_lengths_tie_after_a_long_run() {
        let (mut fast, mut slow) = (Sma::new(6), Sma::new(12));
        let mut state: u64 = 7;
        let mut feed = |price: f64| (fast.update(price), slow.update(price));
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            feed((10_000 + (state >> 33) % 9_000) as f64 / 100.0);
        }
        let means = [100.1, 100.2, 100.7].repeat(4).into_iter().map(&mut feed).last().unwrap();
        assert_eq!(means.0.to_bits(), means.1.to_bits());
        assert_eq!(means.0.to_bits(), (301.0_f64 / 3.0).to_bits());
    }
}
