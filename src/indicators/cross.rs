/// `ta.crossover`: `a` is above `b` now and was not before. NaN on either side is never a crossing.
#[must_use]
pub fn crossover(a_before: f64, b_before: f64, a: f64, b: f64) -> bool {
    a > b && a_before <= b_before
}

/// `ta.crossunder`: `a` is below `b` now and was not before. NaN on either side is never a crossing.
#[must_use]
pub fn crossunder(a_before: f64, b_before: f64, a: f64, b: f64) -> bool {
    a < b && a_before >= b_before
}

/// How one series went through another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// It did not.
    None,
    /// From at or below to above.
    Over,
    /// From at or above to below.
    Under,
}

/// Watches two series for crossings.
#[derive(Debug, Clone)]
pub struct Cross {
    before: (f64, f64),
}

impl Default for Cross {
    fn default() -> Self {
        Self { before: (f64::NAN, f64::NAN) }
    }
}

impl Cross {
    /// Takes both series' next values; says how `a` went through `b` with them.
    pub fn update(&mut self, a: f64, b: f64) -> Crossing {
        let (a_before, b_before) = std::mem::replace(&mut self.before, (a, b));
        if crossover(a_before, b_before, a, b) {
            Crossing::Over
        } else if crossunder(a_before, b_before, a, b) {
            Crossing::Under
        } else {
            Crossing::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crossing::{None, Over, Under};
    use super::*;

    #[test]
    fn a_touch_is_no_crossing_but_leaving_it_is() {
        let mut cross = Cross::default();
        let seen: Vec<Crossing> = [f64::NAN, 1.0, 2.0, 3.0, 2.0, 3.0, 1.0, 2.0, 1.0]
            .iter()
            .map(|a| cross.update(*a, 2.0))
            .collect();
        assert_eq!(seen, [None, None, None, Over, None, Over, Under, None, Under]);
    }
}
