use std::collections::VecDeque;

use crate::indicators::sums::{quotient, units};

/// `ta.wma`: the mean of the last `length` values, weighted `length` for the newest down to 1 for the
/// oldest.
#[derive(Debug, Clone)]
pub struct Wma {
    length: usize,
    window: VecDeque<i128>,
    sum: i128,
    weighted: i128,
    value: f64,
}

impl Wma {
    /// An average of the last `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { length: length.max(1), window: VecDeque::new(), sum: 0, weighted: 0, value: f64::NAN }
    }

    /// Takes one more value; gives the mean, NaN before `length` values.
    pub fn update(&mut self, value: f64) -> f64 {
        let Some(entering) = units(value) else { return self.value };
        if self.window.len() == self.length {
            // Every value that stays falls by one weight, and the oldest falls out with its last one.
            self.weighted -= self.sum;
            self.sum -= self.window.pop_front().unwrap_or(0);
        }
        self.window.push_back(entering);
        self.sum += entering;
        self.weighted += entering * self.window.len() as i128;
        if self.window.len() == self.length {
            let length = self.length as u64;
            self.value = quotient(self.weighted, length * (length + 1) / 2);
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
mod tests {
    use super::*;

    #[test]
    fn weights_fall_from_the_newest() {
        let mut wma = Wma::new(3);
        let values: Vec<f64> = [1.0, 2.0, 6.0, 9.0, 0.3].iter().map(|v| wma.update(*v)).collect();
        assert!(values[0].is_nan() && values[1].is_nan());
        // (1·1 + 2·2 + 3·6) / 6, (2 + 12 + 27) / 6, (6 + 18 + 0.9) / 6
        assert_eq!(values[2..], [23.0 / 6.0, 41.0 / 6.0, 4.15]);
    }
}
