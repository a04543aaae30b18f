use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::price::Price;
use crate::domain::symbol::Symbol;
use crate::ui::seen::PlotLine;

/// Points kept of a line: as many as the chart keeps minutes.
const POINTS_MAX: usize = 2_000;
/// Lines kept of all symbols and strategies; the one that was drawn the longest time ago makes room.
const LINES_MAX: usize = 64;
const MINUTE_SECONDS: i64 = 60;

/// What strategies draw, for the chart.
#[derive(Default)]
pub struct Plots {
    lines: BTreeMap<Key, Arc<Vec<(At, Price)>>>,
}

/// One line: two strategies may give theirs the same name.
type Key = (Symbol, StrategyId, String);

impl Plots {
    /// Takes a row in: `SYMBOL VALUE NAME`, as the machine writes it.
    pub fn take(&mut self, at: At, id: StrategyId, detail: &str) {
        let mut parts = detail.splitn(3, ' ');
        let (Some(symbol), Some(value), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let (Ok(symbol), Ok(value)) = (symbol.parse::<Symbol>(), value.parse::<Price>()) else { return };
        let key = (symbol, id, name.to_owned());
        if !self.lines.contains_key(&key) && self.lines.len() >= LINES_MAX {
            self.make_room();
        }
        let points = Arc::make_mut(self.lines.entry(key).or_default());
        let minute = minute_before(at);
        match points.last_mut() {
            // What is drawn twice for a minute is what it was in the end.
            Some(last) if last.0 >= minute => last.1 = value,
            _ => {
                // Twice the length before half is dropped: moving the points is not paid for each of them.
                if points.len() >= 2 * POINTS_MAX {
                    points.drain(..POINTS_MAX);
                }
                points.push((minute, value));
            }
        }
    }

    fn make_room(&mut self) {
        let last = |points: &Arc<Vec<(At, Price)>>| points.last().map(|(at, _)| *at);
        let oldest = self.lines.iter().min_by_key(|(_, points)| last(points)).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.lines.remove(&key);
        }
    }

    /// The lines over a symbol's bars, always in the same order.
    pub fn of(&self, symbol: Symbol) -> Vec<PlotLine> {
        let its = self.lines.iter().filter(|((of, ..), _)| *of == symbol);
        its.map(|((_, _, name), points)| PlotLine { name: name.clone(), points: Arc::clone(points) })
            .collect()
    }
}

/// The start of the minute whose bar was the newest at this instant: that is the bar the strategy spoke about.
fn minute_before(at: At) -> At {
    let seconds = at.seconds().saturating_sub(MINUTE_SECONDS);
    At::from_seconds(seconds.saturating_sub(seconds.rem_euclid(MINUTE_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        text.parse().unwrap()
    }

    fn drawn(plots: &Plots, symbol: &str) -> Vec<String> {
        let line = |line: &PlotLine| {
            let points = line.points.iter().map(|(at, value)| format!("{at} {value}"));
            format!("{}: {}", line.name, points.collect::<Vec<_>>().join(", "))
        };
        plots.of(symbol.parse().unwrap()).iter().map(line).collect()
    }

    #[test]
    fn a_point_belongs_to_the_bar_that_was_the_newest_and_the_last_word_of_a_minute_counts() {
        let mut plots = Plots::default();
        let one = StrategyId(1);
        plots.take(at("2013-10-07T13:31:00Z"), one, "SPY 167.25 fast line");
        plots.take(at("2013-10-07T13:32:01Z"), one, "SPY 167.3 fast line");
        plots.take(at("2013-10-07T13:32:40Z"), one, "SPY 167.31 fast line");
        plots.take(at("2013-10-07T13:32:40Z"), StrategyId(2), "SPY -1.5 fast line");
        for nothing in ["", "SPY", "SPY 1", "SPY x name", "spy? 1 name"] {
            plots.take(at("2013-10-07T13:33:00Z"), one, nothing);
        }
        assert_eq!(
            drawn(&plots, "SPY"),
            [
                "fast line: 2013-10-07T13:30:00Z 167.25, 2013-10-07T13:31:00Z 167.31",
                "fast line: 2013-10-07T13:31:00Z -1.5"
            ]
        );
        assert_eq!(drawn(&plots, "QQQ"), [""; 0]);
    }

    #[test]
    fn neither_points_nor_lines_grow_without_an_end() {
        let mut plots = Plots::default();
        let start = at("2013-10-07T13:31:00Z");
        for minute in 0..5_000 {
            plots.take(start.plus_seconds(minute * 60), StrategyId(1), "SPY 1 a");
        }
        let kept = plots.of("SPY".parse().unwrap())[0].points.len();
        assert!((POINTS_MAX..=2 * POINTS_MAX).contains(&kept), "{kept}");
        for number in 0..200 {
            let later = start.plus_seconds(400_000 + number * 60);
            plots.take(later, StrategyId(1), &format!("QQQ 1 line {number}"));
        }
        assert_eq!(plots.lines.len(), LINES_MAX);
        assert_eq!(drawn(&plots, "SPY"), [""; 0], "what was drawn the longest time ago made room");
    }
}
