use crate::indicators::ema::Smoothing;

/// `ta.rma`, Wilder's average: an exponential average with α = 1 / length, seeded with the mean of the
/// first `length` values.
#[derive(Debug, Clone)]
pub struct Rma {
    smoothing: Smoothing,
}

impl Rma {
    /// An average of the given length.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let length = length.max(1);
        Self { smoothing: Smoothing::new(length, 1.0 / length as f64) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_with_the_mean_and_smoothed_by_one_over_length() {
        let mut rma = Rma::new(4);
        let values: Vec<f64> = [2.0, 4.0, 6.0, 8.0, 9.0, 1.0].iter().map(|v| rma.update(*v)).collect();
        assert!(values[..3].iter().all(|value| value.is_nan()));
        assert_eq!(values[3..], [5.0, 6.0, 4.75]);
    }
}
