//! The indicators of one instance and the bars behind them: pure numbers, updated by the host before
//! the script sees a bar.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::domain::day::TradingDay;
use crate::domain::market::Bar;
use crate::indicators::atr::Atr;
use crate::indicators::atr::TrueRange;
use crate::indicators::bbands::Bollinger;
use crate::indicators::ema::Ema;
use crate::indicators::extremes::Highest;
use crate::indicators::extremes::Lowest;
use crate::indicators::macd::Macd;
use crate::indicators::rma::Rma;
use crate::indicators::rsi::Rsi;
use crate::indicators::sma::Sma;
use crate::indicators::stdev::Stdev;
use crate::indicators::stoch::Stoch;
use crate::indicators::vwap::Vwap;
use crate::indicators::wma::Wma;

/// How many bars `ctx.history` reaches back.
pub(super) const HISTORY_BARS: usize = 5_000;
/// How long an indicator may look back.
pub(super) const LENGTH_MAX: usize = 5_000;
const LINES_MAX: usize = 256;

/// One bar as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Numbers {
    /// The first price.
    pub open: f64,
    /// The highest.
    pub high: f64,
    /// The lowest.
    pub low: f64,
    /// The last.
    pub close: f64,
    /// Shares traded.
    pub volume: f64,
    day: TradingDay,
}

impl Numbers {
    /// The numbers of an exact bar that began on `day`.
    pub(super) fn of(bar: &Bar, day: TradingDay) -> Self {
        Self {
            open: bar.open.to_f64(),
            high: bar.high.to_f64(),
            low: bar.low.to_f64(),
            close: bar.close.to_f64(),
            volume: bar.volume.to_f64(),
            day,
        }
    }
}

/// Which number of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The first price.
    Open,
    /// The highest.
    High,
    /// The lowest.
    Low,
    /// The last.
    Close,
    /// Shares traded.
    Volume,
    /// The mean of high and low.
    Hl2,
    /// The mean of high, low and close.
    Hlc3,
    /// The mean of all four prices.
    Ohlc4,
}

impl Field {
    /// The fields of `ctx.history`, with their names.
    pub(super) const HISTORY: [(&'static str, Self); 5] = [
        ("open", Self::Open),
        ("high", Self::High),
        ("low", Self::Low),
        ("close", Self::Close),
        ("volume", Self::Volume),
    ];

    /// Every source an indicator may have, with its name.
    const ALL: [(&'static str, Self); 8] = [
        ("open", Self::Open),
        ("high", Self::High),
        ("low", Self::Low),
        ("close", Self::Close),
        ("volume", Self::Volume),
        ("hl2", Self::Hl2),
        ("hlc3", Self::Hlc3),
        ("ohlc4", Self::Ohlc4),
    ];

    /// The field of that name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(word, _)| *word == name).map(|(_, field)| *field);
        found.ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|(word, _)| *word).collect();
            format!("{name:?} is no source; there are {}", words.join(", "))
        })
    }

    fn of(self, bar: &Numbers) -> f64 {
        match self {
            Self::Open => bar.open,
            Self::High => bar.high,
            Self::Low => bar.low,
            Self::Close => bar.close,
            Self::Volume => bar.volume,
            Self::Hl2 => f64::midpoint(bar.high, bar.low),
            Self::Hlc3 => (bar.high + bar.low + bar.close) / 3.0,
            Self::Ohlc4 => (bar.open + bar.high + bar.low + bar.close) / 4.0,
        }
    }
}

/// What an indicator is computed from.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// A number of the bar.
    Field(Field),
    /// Another indicator's line, made before this one.
    Line(Reading),
}

impl Input {
    fn read(&self, bar: &Numbers) -> f64 {
        match self {
            Self::Field(field) => field.of(bar),
            // It was made earlier, so it is already at this bar.
            Self::Line(reading) => reading.get().now,
        }
    }
}

/// The value of a line on this bar and on the one before; NaN until warm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// On the newest bar.
    pub now: f64,
    /// On the bar before.
    pub before: f64,
}

/// A line as the script's object and the toolbox share it.
pub(super) type Reading = Rc<Cell<Line>>;

/// An indicator. Each feeds one line or several.
#[derive(Debug)]
pub(super) enum Tool {
    /// The input itself, so that it can be compared with a line.
    Source(Input),
    /// The simple average.
    Sma(Sma, Input),
    /// The exponential average.
    Ema(Ema, Input),
    /// Wilder's average.
    Rma(Rma, Input),
    /// The weighted average.
    Wma(Wma, Input),
    /// The relative strength.
    Rsi(Rsi, Input),
    /// The standard deviation.
    Stdev(Stdev, Input),
    /// The highest value.
    Highest(Highest, Input),
    /// The lowest value.
    Lowest(Lowest, Input),
    /// The average true range.
    Atr(Atr),
    /// The true range.
    TrueRange(TrueRange),
    /// The session's volume-weighted price.
    Vwap(Vwap),
    /// Macd, signal and histogram.
    Macd(Macd, Input),
    /// Upper, middle and lower band.
    Bollinger(Bollinger, Input),
    /// K and D.
    Stoch(Stoch),
}

impl Tool {
    /// The names of its lines; a tool of one line is that line itself.
    pub(super) const fn lines(&self) -> &'static [&'static str] {
        match self {
            Self::Macd(..) => &["macd", "signal", "histogram"],
            Self::Bollinger(..) => &["upper", "middle", "lower"],
            Self::Stoch(..) => &["k", "d"],
            _ => &["value"],
        }
    }

    fn update(&mut self, bar: &Numbers) -> [f64; 3] {
        let one = |value: f64| [value, f64::NAN, f64::NAN];
        match self {
            Self::Source(input) => one(input.read(bar)),
            Self::Sma(tool, input) => one(tool.update(input.read(bar))),
            Self::Ema(tool, input) => one(tool.update(input.read(bar))),
            Self::Rma(tool, input) => one(tool.update(input.read(bar))),
            Self::Wma(tool, input) => one(tool.update(input.read(bar))),
            Self::Rsi(tool, input) => one(tool.update(input.read(bar))),
            Self::Stdev(tool, input) => one(tool.update(input.read(bar))),
            Self::Highest(tool, input) => one(tool.update(input.read(bar))),
            Self::Lowest(tool, input) => one(tool.update(input.read(bar))),
            Self::Atr(tool) => one(tool.update(bar.high, bar.low, bar.close)),
            Self::TrueRange(tool) => one(tool.update(bar.high, bar.low, bar.close)),
            Self::Vwap(tool) => one(tool.update(bar.day, Field::Hlc3.of(bar), bar.volume)),
            Self::Macd(tool, input) => {
                let lines = tool.update(input.read(bar));
                [lines.macd, lines.signal, lines.histogram]
            }
            Self::Bollinger(tool, input) => {
                let lines = tool.update(input.read(bar));
                [lines.upper, lines.middle, lines.lower]
            }
            Self::Stoch(tool) => {
                let lines = tool.update(bar.high, bar.low, bar.close);
                [lines.k, lines.d, f64::NAN]
            }
        }
    }
}

/// The indicators of one instance.
#[derive(Debug, Default)]
pub(super) struct Toolbox {
    tools: Vec<(Tool, Vec<Reading>)>,
    lines: usize,
    /// The newest bar last.
    bars: VecDeque<Numbers>,
}

impl Toolbox {
    /// Adds a tool; gives its lines, in the order of [`Tool::lines`].
    pub(super) fn add(&mut self, tool: Tool) -> Result<Vec<Reading>, String> {
        let count = tool.lines().len();
        self.lines = self.lines.saturating_add(count);
        if self.lines > LINES_MAX {
            return Err(format!("more than {LINES_MAX} lines of indicators"));
        }
        let unknown = Line { now: f64::NAN, before: f64::NAN };
        let lines: Vec<Reading> = (0..count).map(|_| Rc::new(Cell::new(unknown))).collect();
        self.tools.push((tool, lines.clone()));
        Ok(lines)
    }

    /// Takes one more bar: every indicator has it before the script does.
    pub(super) fn update(&mut self, bar: Numbers) {
        if self.bars.len() == HISTORY_BARS {
            self.bars.pop_front();
        }
        self.bars.push_back(bar);
        for (tool, lines) in &mut self.tools {
            for (line, now) in lines.iter().zip(tool.update(&bar)) {
                line.set(Line { now, before: line.get().now });
            }
        }
    }

    /// The field of the bar `age` bars ago, 0 being the newest; NaN where history does not reach.
    pub(super) fn history(&self, field: Field, age: usize) -> f64 {
        let index = self.bars.len().checked_sub(1).and_then(|newest| newest.checked_sub(age));
        index.and_then(|index| self.bars.get(index)).map_or(f64::NAN, |bar| field.of(bar))
    }

    /// The largest (or, with `lowest`, the smallest) of the last `length` bars; NaN with fewer bars.
    pub(super) fn extreme(&self, field: Field, length: usize, lowest: bool) -> f64 {
        if length == 0 || self.bars.len() < length {
            return f64::NAN;
        }
        let values = self.bars.iter().rev().take(length).map(|bar| field.of(bar));
        if lowest { values.fold(f64::INFINITY, f64::min) } else { values.fold(f64::NEG_INFINITY, f64::max) }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact in binary")]
mod tests {
    use super::*;

    fn bar(close: f64) -> Numbers {
        let day = "2013-10-07".parse().unwrap();
        Numbers { open: close, high: close + 1.0, low: close - 1.0, close, volume: 10.0, day }
    }

    #[test]
    fn indicators_have_the_newest_bar_and_may_stand_on_each_other() {
        let mut tools = Toolbox::default();
        let close = Input::Field(Field::Close);
        let sma = tools.add(Tool::Sma(Sma::new(2), close)).unwrap().remove(0);
        let twice = tools.add(Tool::Highest(Highest::new(2), Input::Line(Rc::clone(&sma)))).unwrap();
        let bands = tools.add(Tool::Bollinger(Bollinger::new(2, 2.0), Input::Field(Field::High))).unwrap();
        for close in [1.0, 3.0, 7.0, 1.0] {
            tools.update(bar(close));
        }
        assert_eq!((sma.get().before, sma.get().now), (5.0, 4.0));
        assert_eq!(twice[0].get().now, 5.0);
        assert_eq!([0, 1, 2].map(|line: usize| bands[line].get().now), [11.0, 5.0, -1.0]);
        assert_eq!(tools.history(Field::Close, 1), 7.0);
        assert!(tools.history(Field::Close, 4).is_nan());
        assert_eq!(tools.extreme(Field::High, 3, false), 8.0);
        assert_eq!(tools.extreme(Field::Low, 3, true), 0.0);
        assert!(tools.extreme(Field::Low, 5, true).is_nan());
    }
}
