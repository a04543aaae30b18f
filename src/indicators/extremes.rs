use std::collections::VecDeque;

/// `ta.highest`: the highest of the last `length` values; a strategy hands it highs.
#[derive(Debug, Clone)]
pub struct Highest {
    queue: Queue,
}

/// `ta.lowest`: the lowest of the last `length` values; a strategy hands it lows.
#[derive(Debug, Clone)]
pub struct Lowest {
    queue: Queue,
}

impl Highest {
    /// The highest of the last `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { queue: Queue::new(length) }
    }

    /// Takes one more value; gives the highest, NaN before `length` values.
    pub fn update(&mut self, value: f64) -> f64 {
        self.queue.update(value)
    }

    /// The highest as of the last update.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.queue.value()
    }
}

impl Lowest {
    /// The lowest of the last `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { queue: Queue::new(length) }
    }

    /// Takes one more value; gives the lowest, NaN before `length` values.
    pub fn update(&mut self, value: f64) -> f64 {
        -self.queue.update(-value)
    }

    /// The lowest as of the last update.
    #[must_use]
    pub fn value(&self) -> f64 {
        -self.queue.value()
    }
}

/// The candidates for the highest, each lower and younger than the one before it: a value that a later
/// one reaches can never be the highest again, so each is pushed and popped once.
#[derive(Debug, Clone)]
struct Queue {
    length: u64,
    seen: u64,
    candidates: VecDeque<(u64, f64)>,
}

impl Queue {
    fn new(length: usize) -> Self {
        Self { length: length.max(1) as u64, seen: 0, candidates: VecDeque::new() }
    }

    fn update(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return self.value();
        }
        while self.candidates.back().is_some_and(|(_, last)| *last <= value) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.seen, value));
        self.seen += 1;
        while self.candidates.front().is_some_and(|(number, _)| number + self.length < self.seen) {
            self.candidates.pop_front();
        }
        self.value()
    }

    fn value(&self) -> f64 {
        if self.seen < self.length {
            return f64::NAN;
        }
        self.candidates.front().map_or(f64::NAN, |(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree_with_a_search_of_the_window() {
        let mut state: u64 = 3;
        let values: Vec<f64> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) % 50) as f64
        })
        .take(500)
        .collect();
        for length in [1, 2, 7, 30] {
            let (mut highest, mut lowest) = (Highest::new(length), Lowest::new(length));
            for (index, value) in values.iter().enumerate() {
                let found = (highest.update(*value), lowest.update(*value));
                if index + 1 < length {
                    assert!(found.0.is_nan() && found.1.is_nan());
                } else {
                    let window = &values[index + 1 - length..=index];
                    let top = window.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let bottom = window.iter().copied().fold(f64::INFINITY, f64::min);
                    assert_eq!(found, (top, bottom), "length {length}, value {index}");
                }
            }
        }
    }
}
