/// A long row of values, thinned so that a picture of it lies nowhere: of each step the lowest and the
/// highest value stay, and so do the first and the last of all. A plain every-nth would lose the spike that
/// a trader looks for.
///
/// `K` is where a value stands (an instant), `V` what is drawn (money, a price).
#[derive(Debug, Clone)]
pub struct Envelope<K, V> {
    first: Option<(K, V)>,
    last: Option<(K, V)>,
    steps: Vec<Step<K, V>>,
    /// Steps that are kept; each leaves two points behind.
    steps_max: usize,
    /// Values that one step takes.
    width: u64,
    seen: u64,
}

#[derive(Debug, Clone, Copy)]
struct Step<K, V> {
    lowest: (u64, K, V),
    highest: (u64, K, V),
    /// Values in it.
    count: u64,
}

impl<K: Copy, V: Copy + Ord> Step<K, V> {
    fn joined(self, later: Self) -> Self {
        Self {
            lowest: if later.lowest.2 < self.lowest.2 { later.lowest } else { self.lowest },
            highest: if later.highest.2 > self.highest.2 { later.highest } else { self.highest },
            count: self.count.saturating_add(later.count),
        }
    }
}

impl<K: Copy, V: Copy + Ord> Envelope<K, V> {
    /// An empty one that will give at most `points_max` points, and six where that is less.
    #[must_use]
    pub fn new(points_max: usize) -> Self {
        let steps_max = points_max.saturating_sub(2).checked_div(2).unwrap_or(0).max(2);
        Self { first: None, last: None, steps: Vec::new(), steps_max, width: 1, seen: 0 }
    }

    /// The next value; places do not go back.
    pub fn push(&mut self, place: K, value: V) {
        self.first.get_or_insert((place, value));
        self.last = Some((place, value));
        self.seen = self.seen.saturating_add(1);
        let numbered = (self.seen, place, value);
        let one = Step { lowest: numbered, highest: numbered, count: 1 };
        if let Some(step) = self.steps.last_mut().filter(|step| step.count < self.width) {
            *step = step.joined(one);
            return;
        }
        if self.steps.len() >= self.steps_max {
            self.steps =
                self.steps.chunks(2).filter_map(|pair| pair.iter().copied().reduce(Step::joined)).collect();
            self.width = self.width.saturating_mul(2);
        }
        self.steps.push(one);
    }

    /// What is left to draw, in order: never more points than it was made for.
    #[must_use]
    pub fn points(&self) -> Vec<(K, V)> {
        let mut points: Vec<(K, V)> =
            Vec::with_capacity(self.steps.len().saturating_mul(2).saturating_add(2));
        points.extend(self.first);
        for step in &self.steps {
            let (low, high) = (step.lowest, step.highest);
            let (early, late) = if low.0 <= high.0 { (low, high) } else { (high, low) };
            points.push((early.1, early.2));
            if early.0 != late.0 {
                points.push((late.1, late.2));
            }
        }
        points.extend(self.last);
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flat line with one spike and one hole, far longer than what is kept.
    #[test]
    fn spikes_and_holes_stay_and_so_do_both_ends() {
        let mut envelope = Envelope::new(2_000);
        for place in 0..100_000_i64 {
            let value = match place {
                0 => 7,
                41_003 => 900,
                41_004 => -900,
                99_999 => 9,
                _ => 50,
            };
            envelope.push(place, value);
            assert!(envelope.steps.len() < 1_000);
        }
        let points = envelope.points();
        assert!(points.len() <= 2_000, "{}", points.len());
        assert_eq!((points.first(), points.last()), (Some(&(0, 7)), Some(&(99_999, 9))));
        assert!(points.contains(&(41_003, 900)) && points.contains(&(41_004, -900)));
        assert!(points.is_sorted_by_key(|(place, _)| *place));
    }

    #[test]
    fn a_short_row_is_kept_whole() {
        let mut envelope = Envelope::new(100);
        for place in 0..5 {
            envelope.push(place, place % 2);
        }
        let mut points = envelope.points();
        points.dedup();
        assert_eq!(points, [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0)]);
        assert!(Envelope::<i32, i32>::new(100).points().is_empty());
    }
}
