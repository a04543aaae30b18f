use crate::indicators::stdev::Stdev;

/// `ta.bb`: the mean of the last `length` values, and `width` population deviations above and below.
#[derive(Debug, Clone)]
pub struct Bollinger {
    stdev: Stdev,
    width: f64,
}

/// The three lines; all NaN until warm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// The mean.
    pub middle: f64,
    /// Above it.
    pub upper: f64,
    /// Below it.
    pub lower: f64,
}

impl Bollinger {
    /// Bands of `width` deviations over the last `length` values.
    #[must_use]
    pub fn new(length: usize, width: f64) -> Self {
        Self { stdev: Stdev::new(length), width }
    }

    /// Takes one more value; gives the lines.
    pub fn update(&mut self, value: f64) -> Bands {
        self.stdev.update(value);
        self.value()
    }

    /// The lines as of the last update.
    #[must_use]
    pub fn value(&self) -> Bands {
        let middle = self.stdev.mean();
        let distance = self.width * self.stdev.value();
        Bands { middle, upper: middle + distance, lower: middle - distance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_stand_width_deviations_from_the_mean() {
        let mut bollinger = Bollinger::new(8, 2.5);
        assert!(bollinger.update(2.0).upper.is_nan());
        for value in [4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            bollinger.update(value);
        }
        assert_eq!(bollinger.value(), Bands { middle: 5.0, upper: 10.0, lower: 0.0 });
    }
}
