use crate::indicators::rma::Rma;

/// `ta.rsi`: `100 − 100 / (1 + rma(gains) / rma(losses))`, warm after `length` changes, that is
/// `length + 1` values.
///
/// Without losses it is 100, without gains 0, as TradingView's own RSI script writes it.
#[derive(Debug, Clone)]
pub struct Rsi {
    previous: f64,
    gains: Rma,
    losses: Rma,
    value: f64,
}

impl Rsi {
    /// An index over the given length.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { previous: f64::NAN, gains: Rma::new(length), losses: Rma::new(length), value: f64::NAN }
    }

    /// Takes one more value; gives the index from 0 to 100, NaN before `length + 1` values.
    pub fn update(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return self.value;
        }
        // The first change is against nothing: NaN, which the averages pass over.
        let change = value - self.previous;
        self.previous = value;
        if change.is_nan() {
            return self.value;
        }
        let gain = self.gains.update(change.max(0.0));
        let loss = self.losses.update((-change).max(0.0));
        self.value = if gain.is_nan() {
            f64::NAN
        } else if loss == 0.0 {
            100.0
        } else {
            100.0 - 100.0 / (1.0 + gain / loss)
        };
        self.value
    }

    /// The index as of the last update.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    /// The chart school of stockcharts.com, "Relative Strength Index (RSI)": the sheet of QQQQ's closes, RSI(14) given
    /// to two places.
    #[test]
    fn the_published_sheet_agrees() {
        let closes = [
            44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826,
            45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
            46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672,
            43.4205, 42.6628, 43.1314,
        ];
        let published = [
            70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46,
            41.87, 45.46, 37.30, 33.08, 37.77,
        ];
        let mut rsi = Rsi::new(14);
        let values: Vec<f64> = closes.iter().map(|close| rsi.update(*close)).collect();
        assert!(values[..14].iter().all(|value| value.is_nan()));
        assert_eq!(values[14..].len(), published.len());
        for (value, expected) in values[14..].iter().zip(published) {
            assert!((value - expected).abs() < 0.01, "{value} is not {expected}");
        }
    }

    #[test]
    fn one_sided_and_still_markets_have_their_published_ends() {
        let last = |closes: &[f64]| {
            let mut rsi = Rsi::new(2);
            closes.iter().map(|close| rsi.update(*close)).last().unwrap()
        };
        assert_eq!(last(&[1.0, 2.0, 3.0]), 100.0);
        assert_eq!(last(&[3.0, 2.0, 1.0]), 0.0);
        assert_eq!(last(&[2.0, 2.0, 2.0]), 100.0);
        assert!(last(&[1.0, 2.0]).is_nan());
    }
}
