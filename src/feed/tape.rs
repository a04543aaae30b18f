use std::cmp::Ordering;

use crate::domain::at::At;
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;

/// Recorded market data, in the order in which it became known: by that instant, quotes before bars,
/// then by symbol.
///
/// Held in narrow rows (56 bytes a bar): a million bars are the usual case, and a tick as the engine sees
/// it is nearly twice as wide.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    pub(super) series: Vec<Series>,
    pub(super) bars: Vec<BarRow>,
    pub(super) quotes: Vec<QuoteRow>,
}

/// What all rows of one symbol share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    pub(super) symbol: Symbol,
    pub(super) bar_span_nanos: i64,
    pub(super) quote_span_nanos: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct BarRow {
    pub(super) start_nanos: i64,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    pub(super) volume: Qty,
    pub(super) series: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct QuoteRow {
    pub(super) start_nanos: i64,
    pub(super) bid: Price,
    pub(super) bid_qty: Qty,
    pub(super) ask: Price,
    pub(super) ask_qty: Qty,
    pub(super) series: u32,
}

impl Tape {
    /// Puts the rows into the order of the tape.
    pub(super) fn new(series: Vec<Series>, bars: Vec<BarRow>, quotes: Vec<QuoteRow>) -> Self {
        let mut tape = Self { series, bars, quotes };
        let (mut bars, mut quotes) = (std::mem::take(&mut tape.bars), std::mem::take(&mut tape.quotes));
        bars.sort_by_key(|row| tape.bar(row).map(|bar| (bar.end, bar.symbol)));
        quotes.sort_by_key(|row| tape.quote(row).map(|quote| (quote.at, quote.symbol)));
        Self { bars, quotes, ..tape }
    }

    /// Every bar, in order.
    pub fn bars(&self) -> impl Iterator<Item = Bar> {
        self.bars.iter().filter_map(|row| self.bar(row))
    }

    /// Every quote, in order.
    pub fn quotes(&self) -> impl Iterator<Item = Quote> {
        self.quotes.iter().filter_map(|row| self.quote(row))
    }

    /// Everything, in order.
    pub fn ticks(&self) -> impl Iterator<Item = Tick> {
        let mut bars = self.bars().peekable();
        let mut quotes = self.quotes().peekable();
        std::iter::from_fn(move || match (quotes.peek(), bars.peek()) {
            (Some(quote), Some(bar)) if quote.at <= bar.end => quotes.next().map(Tick::Quote),
            (Some(_), None) => quotes.next().map(Tick::Quote),
            _ => bars.next().map(Tick::Bar),
        })
    }

    /// Every symbol, in the order of the alphabet.
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self.series.iter().map(|series| series.symbol).collect();
        symbols.sort_unstable();
        symbols
    }

    /// How long one bar of `symbol` lasts, in seconds; `None` for a symbol without bars.
    #[must_use]
    pub fn bar_span_seconds(&self, symbol: Symbol) -> Option<i64> {
        self.bars().find(|bar| bar.symbol == symbol).map(|bar| bar.end.millis_since(bar.start) / 1000)
    }

    /// How many bars it holds.
    #[must_use]
    pub fn bar_count(&self) -> usize {
        self.bars.len()
    }

    /// How many quotes it holds.
    #[must_use]
    pub fn quote_count(&self) -> usize {
        self.quotes.len()
    }

    /// When its first and its last tick became known; `None` for an empty tape.
    #[must_use]
    pub fn span(&self) -> Option<(At, At)> {
        let of_bar = |row: Option<&BarRow>| row.and_then(|row| self.bar(row)).map(|bar| bar.end);
        let of_quote = |row: Option<&QuoteRow>| row.and_then(|row| self.quote(row)).map(|quote| quote.at);
        let firsts = [of_bar(self.bars.first()), of_quote(self.quotes.first())];
        let lasts = [of_bar(self.bars.last()), of_quote(self.quotes.last())];
        Some((firsts.into_iter().flatten().min()?, lasts.into_iter().flatten().max()?))
    }

    fn bar(&self, row: &BarRow) -> Option<Bar> {
        let series = self.series.get(row.series as usize)?;
        Some(Bar {
            symbol: series.symbol,
            start: At::from_nanos(row.start_nanos),
            end: At::from_nanos(row.start_nanos.saturating_add(series.bar_span_nanos)),
            open: row.open,
            high: row.high,
            low: row.low,
            close: row.close,
            volume: row.volume,
        })
    }

    fn quote(&self, row: &QuoteRow) -> Option<Quote> {
        let series = self.series.get(row.series as usize)?;
        Some(Quote {
            symbol: series.symbol,
            bid: row.bid,
            bid_qty: row.bid_qty,
            ask: row.ask,
            ask_qty: row.ask_qty,
            at: At::from_nanos(row.start_nanos.saturating_add(series.quote_span_nanos)),
        })
    }
}

/// The order of a tape for ticks from anywhere: by the instant they are known, then quotes, trades and
/// bars in this order, then by symbol. What it calls equal keeps its order under a stable sort.
#[must_use]
pub fn tape_order(a: &Tick, b: &Tick) -> Ordering {
    let rank = |tick: &Tick| match tick {
        Tick::Quote(_) => 0,
        Tick::Trade(_) => 1,
        Tick::Bar(_) => 2,
    };
    (a.at(), rank(a), a.symbol()).cmp(&(b.at(), rank(b), b.symbol()))
}

/// Bars and quotes from anywhere as ticks in the order of a tape.
#[must_use]
pub fn merge(bars: Vec<Bar>, quotes: Vec<Quote>) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = quotes.into_iter().map(Tick::Quote).collect();
    ticks.extend(bars.into_iter().map(Tick::Bar));
    ticks.sort_by(tape_order);
    ticks
}
