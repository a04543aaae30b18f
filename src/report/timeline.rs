use crate::domain::at::At;
use crate::domain::day::TradingDay;

/// A gap is drawn no wider than so many usual steps.
const GAP_STEPS: i64 = 3;

/// Instants on a line: a night or a weekend takes no more room than a few bars, as on a trader's chart, because
/// nothing can be read in it.
#[derive(Debug)]
pub(super) struct Timeline {
    knots: Vec<(At, i64)>,
}

impl Timeline {
    /// A line over these instants, in any order.
    pub(super) fn over(instants: impl Iterator<Item = At>) -> Self {
        let mut instants: Vec<At> = instants.collect();
        instants.sort_unstable();
        instants.dedup();
        let mut steps: Vec<i64> = instants.windows(2).map(|pair| step(pair[0], pair[1])).collect();
        steps.sort_unstable();
        // What three of four steps are at most: of a session with few bars the night is no usual step yet.
        let usual = steps.get(steps.len() * 3 / 4).copied().unwrap_or(1).max(1);
        let gap_max = usual.saturating_mul(GAP_STEPS);
        let mut length = 0_i64;
        let mut before = None;
        let knots = instants.into_iter().map(|at| {
            length += before.map_or(0, |before| step(before, at).min(gap_max));
            before = Some(at);
            (at, length)
        });
        Self { knots: knots.collect() }
    }

    /// Where `at` lies, 0 at the first instant and 1 at the last; what lies outside goes to the nearer end.
    pub(super) fn place(&self, at: At) -> f64 {
        let Some((_, whole)) = self.knots.last().filter(|(_, whole)| *whole > 0) else { return 0.0 };
        let next = self.knots.partition_point(|(knot, _)| *knot < at);
        let there = match (next.checked_sub(1).and_then(|index| self.knots.get(index)), self.knots.get(next))
        {
            (_, Some((knot, place))) if *knot == at => *place as f64,
            (Some((early, from)), Some((late, to))) => {
                let part = step(*early, at) as f64 / step(*early, *late) as f64;
                *from as f64 + part * (*to - *from) as f64
            }
            (None, _) => 0.0,
            (Some(_), None) => *whole as f64,
        };
        there / *whole as f64
    }

    /// The first instant of each trading day, with the day.
    pub(super) fn days(&self) -> Vec<(At, TradingDay)> {
        let mut days: Vec<(At, TradingDay)> = Vec::new();
        for (at, _) in &self.knots {
            let day = TradingDay::of(*at);
            if days.last().is_none_or(|(_, last)| *last != day) {
                days.push((*at, day));
            }
        }
        days
    }
}

fn step(early: At, late: At) -> i64 {
    late.nanos().saturating_sub(early.nanos()) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_narrow_and_every_instant_lies_on_the_line() {
        let open = |day: &str| format!("2013-10-{day}T13:30:00Z").parse::<At>().unwrap();
        let sessions = ["07", "08"].map(open);
        let minutes = sessions.iter().flat_map(|open| (0..10).map(|minute| open.plus_seconds(60 * minute)));
        let line = Timeline::over(minutes);
        // Nine minutes, a night of three, nine minutes.
        let at = |session: usize, minute: i64| line.place(sessions[session].plus_seconds(60 * minute));
        assert_eq!((at(0, 0), at(1, 9)), (0.0, 1.0));
        assert!((at(0, 9) - 9.0 / 21.0).abs() < 1e-9 && (at(1, 0) - 12.0 / 21.0).abs() < 1e-9);
        assert!(at(0, 60) > at(0, 9) && at(0, 60) < at(1, 0));
        assert_eq!((at(0, -60), at(1, 600)), (0.0, 1.0));
        assert_eq!(line.days().len(), 2);
        assert_eq!(Timeline::over(std::iter::empty()).place(sessions[0]), 0.0);
    }
}
