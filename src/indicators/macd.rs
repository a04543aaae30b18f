use crate::indicators::ema::Ema;

/// `ta.macd`: the fast less the slow exponential average, and an exponential average of that.
///
/// Each average starts where it first can: the line with the slow one's seed, the signal with the mean of
/// the line's first `signal` values. TA-Lib delays the fast average's seed and so differs at the start.
#[derive(Debug, Clone)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
}

/// The three lines; each NaN until warm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdLines {
    /// Fast less slow.
    pub macd: f64,
    /// The average of `macd`.
    pub signal: f64,
    /// `macd` less `signal`.
    pub histogram: f64,
}

impl Macd {
    /// The lines of averages of the given lengths.
    #[must_use]
    pub fn new(fast: usize, slow: usize, signal: usize) -> Self {
        Self { fast: Ema::new(fast), slow: Ema::new(slow), signal: Ema::new(signal) }
    }

    /// Takes one more value; gives the lines.
    pub fn update(&mut self, value: f64) -> MacdLines {
        if value.is_finite() {
            let line = self.fast.update(value) - self.slow.update(value);
            self.signal.update(line);
        }
        self.value()
    }

    /// The lines as of the last update.
    #[must_use]
    pub fn value(&self) -> MacdLines {
        let macd = self.fast.value() - self.slow.value();
        let signal = self.signal.value();
        MacdLines { macd, signal, histogram: macd - signal }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    /// By hand, lengths 1, 3 and 2: the fast average is the value itself; the slow one is seeded with 4
    /// and moves by half: 7, 5; so the line is 3, 3, -2, its signal (3 + 3) / 2 and then 3 − 5 · 2/3.
    #[test]
    fn each_average_starts_where_it_first_can() {
        let mut macd = Macd::new(1, 3, 2);
        let lines: Vec<MacdLines> = [2.0, 3.0, 7.0, 10.0, 3.0].iter().map(|v| macd.update(*v)).collect();
        assert!(lines[1].macd.is_nan() && lines[2].signal.is_nan());
        assert_eq!(lines[2].macd, 3.0);
        assert_eq!(lines[3], MacdLines { macd: 3.0, signal: 3.0, histogram: 0.0 });
        assert_eq!(lines[4].macd, -2.0);
        assert!((lines[4].signal + 1.0 / 3.0).abs() < 1e-12);
    }
}
