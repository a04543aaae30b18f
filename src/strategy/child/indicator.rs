use std::collections::VecDeque;

use crate::indicators::atr::Atr;
use crate::indicators::exponential::Exponential;
use crate::indicators::extreme::Extreme;
use crate::indicators::macd::Macd;
use crate::indicators::rsi::Rsi;
use crate::indicators::vwap::Vwap;
use crate::indicators::window::{Sma, Stdev, Wma};

/// Bars a script can look back on.
const HISTORY_BARS: usize = 5_000;
/// The longest indicator: its window has to be held in memory.
const LENGTH_MAX: f64 = 100_000.0;

/// A bar as a script sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct BarView {
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    pub(super) volume: f64,
}

impl BarView {
    fn field(&self, name: &str) -> Option<f64> {
        match name {
            "open" => Some(self.open),
            "high" => Some(self.high),
            "low" => Some(self.low),
            "close" => Some(self.close),
            "volume" => Some(self.volume),
            "hl2" => Some(f64::midpoint(self.high, self.low)),
            "hlc3" => Some((self.high + self.low + self.close) / 3.0),
            _ => None,
        }
    }
}

enum Kind {
    Sma(Sma),
    Exponential(Exponential),
    Wma(Wma),
    Rsi(Rsi),
    Stdev(Stdev),
    Extreme(Extreme),
    Atr(Atr),
    Vwap(Vwap),
    Macd(Macd),
    /// A line of the indicator this many places before it.
    LineOf(usize, usize),
}

struct Held {
    kind: Kind,
    source: String,
    before: f64,
    now: f64,
}

/// The indicators and the past bars of one instance.
#[derive(Default)]
pub(super) struct Shelf {
    held: Vec<Held>,
    bars: VecDeque<BarView>,
}

impl Shelf {
    /// A new indicator; its number, or what is wrong with what was asked.
    pub(super) fn make(&mut self, kind: &str, length: f64, source: &str) -> Result<usize, String> {
        let length = whole_length(kind, length)?;
        let made = match kind {
            "sma" => Kind::Sma(Sma::new(length)),
            "ema" => Kind::Exponential(Exponential::ema(length)),
            "rma" => Kind::Exponential(Exponential::rma(length)),
            "wma" => Kind::Wma(Wma::new(length)),
            "rsi" => Kind::Rsi(Rsi::new(length)),
            "stdev" => Kind::Stdev(Stdev::new(length)),
            "highest" => Kind::Extreme(Extreme::highest(length)),
            "lowest" => Kind::Extreme(Extreme::lowest(length)),
            "atr" => Kind::Atr(Atr::new(length)),
            _ => Kind::Vwap(Vwap::default()),
        };
        let usual = match kind {
            "highest" => "high",
            "lowest" => "low",
            _ => "close",
        };
        self.put(made, if source.is_empty() { usual } else { source })
    }

    /// A MACD: its line, its signal and its histogram, in three places from the given one on.
    pub(super) fn make_macd(&mut self, fast: f64, slow: f64, signal: f64) -> Result<usize, String> {
        let lengths = [fast, slow, signal].map(|length| whole_length("macd", length));
        let [fast, slow, signal] = lengths;
        let first = self.put(Kind::Macd(Macd::new(fast?, slow?, signal?)), "close")?;
        self.put(Kind::LineOf(first, 1), "close")?;
        self.put(Kind::LineOf(first, 2), "close")?;
        Ok(first)
    }

    fn put(&mut self, kind: Kind, source: &str) -> Result<usize, String> {
        let known =
            BarView { open: 0.0, high: 0.0, low: 0.0, close: 0.0, volume: 0.0 }.field(source).is_some();
        if !known {
            return Err(format!("{source:?} is no source: open, high, low, close, volume, hl2 or hlc3"));
        }
        if self.held.len() >= 1_000 {
            return Err("1000 indicators are the most; make them in init, not on every bar".to_owned());
        }
        self.held.push(Held { kind, source: source.to_owned(), before: f64::NAN, now: f64::NAN });
        Ok(self.held.len() - 1)
    }

    /// Every indicator takes the bar, before the script does.
    pub(super) fn on_bar(&mut self, bar: BarView) {
        self.bars.push_front(bar);
        self.bars.truncate(HISTORY_BARS);
        let mut macds: Vec<(usize, [f64; 3])> = Vec::new();
        for (index, held) in self.held.iter_mut().enumerate() {
            let value = bar.field(&held.source).unwrap_or(f64::NAN);
            held.before = held.now;
            held.now = match &mut held.kind {
                Kind::Sma(sma) => sma.update(value),
                Kind::Exponential(average) => average.update(value),
                Kind::Wma(wma) => wma.update(value),
                Kind::Rsi(rsi) => rsi.update(value),
                Kind::Stdev(stdev) => stdev.update(value),
                Kind::Extreme(extreme) => extreme.update(value),
                Kind::Atr(atr) => atr.update(bar.high, bar.low, bar.close),
                Kind::Vwap(vwap) => vwap.update(bar.high, bar.low, bar.close, bar.volume),
                Kind::Macd(macd) => {
                    let lines = macd.update(value);
                    macds.push((index, lines));
                    lines[0]
                }
                Kind::LineOf(first, line) => {
                    let lines = macds.iter().find(|(index, _)| index == first).map(|(_, lines)| lines);
                    lines.and_then(|lines| lines.get(*line)).copied().unwrap_or(f64::NAN)
                }
            };
        }
    }

    /// The regular session begins: what is anchored to it starts anew.
    pub(super) fn begin_session(&mut self) {
        for held in &mut self.held {
            if let Kind::Vwap(vwap) = &mut held.kind {
                vwap.begin_session();
            }
        }
    }

    pub(super) fn value(&self, index: usize) -> f64 {
        self.held.get(index).map_or(f64::NAN, |held| held.now)
    }

    /// The value before and now; a plain number was always itself.
    pub(super) fn pair(&self, index: Option<usize>, number: f64) -> (f64, f64) {
        match index {
            None => (number, number),
            Some(index) => self.held.get(index).map_or((f64::NAN, f64::NAN), |held| (held.before, held.now)),
        }
    }

    pub(super) fn history(&self, field: &str, age: f64) -> f64 {
        if !(0.0..1e9).contains(&age) {
            return f64::NAN;
        }
        self.bars.get(age as usize).and_then(|bar| bar.field(field)).unwrap_or(f64::NAN)
    }

    /// The extreme of a field over the last bars; NaN while there are fewer.
    pub(super) fn extreme(&self, length: f64, field: &str, highest: bool) -> Result<f64, String> {
        let length = whole_length("highest and lowest", length)?;
        if self.bars.len() < length {
            return Ok(f64::NAN);
        }
        let values = self.bars.iter().take(length).filter_map(|bar| bar.field(field));
        Ok(if highest {
            values.fold(f64::NEG_INFINITY, f64::max)
        } else {
            values.fold(f64::INFINITY, f64::min)
        })
    }
}

fn whole_length(kind: &str, length: f64) -> Result<usize, String> {
    if length.fract() != 0.0 || !(1.0..=LENGTH_MAX).contains(&length) {
        return Err(format!(
            "{kind}: the length must be a whole number from 1 to {LENGTH_MAX}, and is {length}"
        ));
    }
    Ok(length as usize)
}
