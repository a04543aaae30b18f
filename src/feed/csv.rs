use std::collections::BTreeMap;
use std::io::BufRead;

use crate::domain::at::At;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::feed::fault::{FeedFault, RowFault};
use crate::feed::fields::{Instants, decimal, shown};
use crate::feed::tape::{BarRow, QuoteRow, Series, Tape};

/// The header of a file of bars. A timestamp is the bar's start; the bar is known at its end.
pub const BAR_HEADER: &str = "timestamp,symbol,open,high,low,close,volume";
/// The header of a file of quotes. A row holds the last values of the span that begins at its timestamp,
/// so it too is known only at that span's end.
pub const QUOTE_HEADER: &str = "timestamp,symbol,bid_price,bid_size,ask_price,ask_size";

const BAR_FIELDS: usize = 7;
const QUOTE_FIELDS: usize = 6;
const NANOS_A_SECOND: i64 = 1_000_000_000;
/// The span where nothing in the data tells it: one row is a minute's.
const LONE_SPAN_NANOS: i64 = 60 * NANOS_A_SECOND;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads files of bars and quotes, checks every row, and gives a tape only when all of them are sound.
///
/// Several files of one symbol are taken in the order in which they are read; time may not go back from
/// one to the next either.
#[derive(Debug, Default)]
pub struct CsvReader {
    span_nanos: Option<i64>,
    instants: Instants,
    numbers: BTreeMap<Symbol, u32>,
    last_symbol: Option<(Symbol, u32)>,
    symbols: Vec<SymbolRows>,
    bars: Vec<BarRow>,
    quotes: Vec<QuoteRow>,
}

/// What is remembered of one symbol while its rows come in.
#[derive(Debug)]
struct SymbolRows {
    symbol: Symbol,
    bars: Steps,
    quotes: Steps,
}

/// The instants of one kind of row of one symbol: the last one, and the smallest step between two.
#[derive(Debug, Default)]
struct Steps {
    last: Option<At>,
    smallest_nanos: Option<i64>,
}

impl Steps {
    fn take(&mut self, symbol: Symbol, at: At) -> Result<(), RowFault> {
        if let Some(before) = self.last {
            let step = at.nanos().saturating_sub(before.nanos());
            if step == 0 {
                return Err(RowFault::Duplicate { symbol: symbol.to_string(), value: at.to_string() });
            }
            if step < 0 {
                let (symbol, before) = (symbol.to_string(), before.to_string());
                return Err(RowFault::Backwards { symbol, before, value: at.to_string() });
            }
            self.smallest_nanos = Some(self.smallest_nanos.map_or(step, |smallest| smallest.min(step)));
        }
        self.last = Some(at);
        Ok(())
    }
}

impl CsvReader {
    /// A reader that infers how long a row's span is: the smallest step between two rows of its symbol.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader for rows of which each spans `seconds`.
    #[must_use]
    pub fn with_span_seconds(seconds: u32) -> Self {
        Self { span_nanos: Some(i64::from(seconds.max(1)) * NANOS_A_SECOND), ..Self::default() }
    }

    /// Reads a file of bars; `file` is its name, for faults.
    ///
    /// # Errors
    /// The first fault, with file, line, value and remedy. The reader is then of no more use.
    pub fn read_bars(&mut self, file: &str, source: impl BufRead) -> Result<(), FeedFault> {
        each_row(file, source, BAR_HEADER, |row| self.take_bar(row))
    }

    /// Reads a file of quotes; `file` is its name, for faults.
    ///
    /// # Errors
    /// The first fault, with file, line, value and remedy. The reader is then of no more use.
    pub fn read_quotes(&mut self, file: &str, source: impl BufRead) -> Result<(), FeedFault> {
        each_row(file, source, QUOTE_HEADER, |row| self.take_quote(row))
    }

    /// Everything that was read, in the order of a tape.
    #[must_use]
    pub fn finish(self) -> Tape {
        let given = self.span_nanos;
        let series = self.symbols.iter().map(|rows| {
            let bar_span = given.or(rows.bars.smallest_nanos);
            // Quotes thinner than the bars beside them still belong to a bar's span each.
            let quote_span = match (given.or(rows.quotes.smallest_nanos), bar_span) {
                (Some(quote), Some(bar)) => Some(quote.min(bar)),
                (quote, bar) => quote.or(bar),
            };
            Series {
                symbol: rows.symbol,
                bar_span_nanos: bar_span.unwrap_or(LONE_SPAN_NANOS),
                quote_span_nanos: quote_span.unwrap_or(LONE_SPAN_NANOS),
            }
        });
        Tape::new(series.collect(), self.bars, self.quotes)
    }

    fn take_bar(&mut self, row: &[u8]) -> Result<(), RowFault> {
        let [timestamp, symbol, open, high, low, close, volume] = split::<BAR_FIELDS>(row, BAR_HEADER)?;
        let at = self.instants.read(timestamp)?;
        let (symbol, series) = self.symbol(symbol)?;
        let row = BarRow {
            start_nanos: at.nanos(),
            open: bar_price("open", open)?,
            high: bar_price("high", high)?,
            low: bar_price("low", low)?,
            close: bar_price("close", close)?,
            volume: Qty::from_nanos(decimal("volume", volume)?),
            series,
        };
        check_bar(&row)?;
        if let Some(rows) = self.symbols.get_mut(series as usize) {
            rows.bars.take(symbol, at)?;
        }
        self.bars.push(row);
        Ok(())
    }

    fn take_quote(&mut self, row: &[u8]) -> Result<(), RowFault> {
        let [timestamp, symbol, bid, bid_size, ask, ask_size] = split::<QUOTE_FIELDS>(row, QUOTE_HEADER)?;
        let at = self.instants.read(timestamp)?;
        let (symbol, series) = self.symbol(symbol)?;
        // A side that nobody quotes is written as 0, and a crossed market did happen: both stay, and
        // the gate judges what they are good for.
        let row = QuoteRow {
            start_nanos: at.nanos(),
            bid: Price::from_nanos(decimal("bid_price", bid)?),
            bid_qty: Qty::from_nanos(decimal("bid_size", bid_size)?),
            ask: Price::from_nanos(decimal("ask_price", ask)?),
            ask_qty: Qty::from_nanos(decimal("ask_size", ask_size)?),
            series,
        };
        if let Some(rows) = self.symbols.get_mut(series as usize) {
            rows.quotes.take(symbol, at)?;
        }
        self.quotes.push(row);
        Ok(())
    }

    fn symbol(&mut self, field: &[u8]) -> Result<(Symbol, u32), RowFault> {
        if let Some((symbol, number)) = self.last_symbol
            && symbol.as_str().as_bytes() == field
        {
            return Ok((symbol, number));
        }
        let fault = || RowFault::Symbol { value: shown(field) };
        let symbol: Symbol = std::str::from_utf8(field).map_err(|_| fault())?.parse().map_err(|_| fault())?;
        let symbols = &mut self.symbols;
        let number = *self.numbers.entry(symbol).or_insert_with(|| {
            symbols.push(SymbolRows { symbol, bars: Steps::default(), quotes: Steps::default() });
            (symbols.len() - 1) as u32
        });
        self.last_symbol = Some((symbol, number));
        Ok((symbol, number))
    }
}

/// Hands each row below the header to `take`. Empty lines may stand at the end alone: elsewhere they are
/// rows that lost their fields.
pub(super) fn each_row(
    file: &str,
    mut source: impl BufRead,
    header: &'static str,
    mut take: impl FnMut(&[u8]) -> Result<(), RowFault>,
) -> Result<(), FeedFault> {
    let named = || file.to_owned();
    let mut buffer = Vec::new();
    let (mut line, mut rows) = (0, 0);
    let mut first_empty = None;
    loop {
        buffer.clear();
        let read = source.read_until(b'\n', &mut buffer);
        if read.map_err(|fault| FeedFault::Unreadable { file: named(), reason: fault.to_string() })? == 0 {
            break;
        }
        line += 1;
        let row = trimmed(&buffer);
        if line == 1 {
            let found = row.strip_prefix(BYTE_ORDER_MARK).unwrap_or(row);
            if found != header.as_bytes() {
                return Err(FeedFault::Header { file: named(), found: shown(found), expected: header });
            }
            continue;
        }
        if row.is_empty() {
            first_empty = first_empty.or(Some(line));
            continue;
        }
        let (line, taken) = match first_empty {
            Some(empty) => (empty, split_fault(0, header)),
            None => (line, take(row)),
        };
        taken.map_err(|fault| FeedFault::Row { file: named(), line, fault })?;
        rows += 1;
    }
    if rows == 0 { Err(FeedFault::Empty { file: named() }) } else { Ok(()) }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

pub(super) fn split<'a, const FIELDS: usize>(
    row: &'a [u8],
    columns: &'static str,
) -> Result<[&'a [u8]; FIELDS], RowFault> {
    let mut fields = [[].as_slice(); FIELDS];
    let mut parts = row.split(|byte| *byte == b',');
    let mut found = 0;
    for (slot, part) in fields.iter_mut().zip(&mut parts) {
        *slot = part;
        found += 1;
    }
    found += parts.count();
    if found == FIELDS { Ok(fields) } else { split_fault(found, columns).map(|()| fields) }
}

fn split_fault(found: usize, columns: &'static str) -> Result<(), RowFault> {
    Err(RowFault::Fields { found, expected: columns.split(',').count(), columns })
}

fn bar_price(column: &'static str, field: &[u8]) -> Result<Price, RowFault> {
    let price = Price::from_nanos(decimal(column, field)?);
    if price.is_positive() { Ok(price) } else { Err(RowFault::ZeroPrice { column }) }
}

fn check_bar(row: &BarRow) -> Result<(), RowFault> {
    let (low, high) = (row.low, row.high);
    if high < low {
        return Err(RowFault::HighBelowLow { high: high.to_string(), low: low.to_string() });
    }
    for (column, price) in [("open", row.open), ("close", row.close)] {
        if price < low || price > high {
            let (value, low, high) = (price.to_string(), low.to_string(), high.to_string());
            return Err(RowFault::OutsideBar { column, value, low, high });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "2013-10-07T13:30:00Z,SPY,10,11,9,10.5,100";

    fn bars(files: &[&str]) -> Result<Tape, FeedFault> {
        let mut reader = CsvReader::new();
        for (number, text) in files.iter().enumerate() {
            reader.read_bars(&format!("{number}.csv"), text.as_bytes())?;
        }
        Ok(reader.finish())
    }

    /// The words with which a file of bars is refused whose third line is `row`.
    fn refusal(row: &str) -> String {
        bars(&[&format!("{BAR_HEADER}\n{SOUND}\n{row}\n{SOUND}\n")]).unwrap_err().to_string()
    }

    #[test]
    fn a_bad_row_is_named_with_its_line_its_value_and_the_remedy() {
        for (row, words) in [
            ("2013-10-07T13:31:00Z,SPY,10,11,9,10.5", "it has 6 fields, not 7; write timestamp,symbol,open"),
            ("2013-10-07T13:31:00Z,SPY,10,11,9,10.5,1,2", "it has 8 fields, not 7"),
            ("", "it has 0 fields, not 7"),
            (
                "2013-10-07T13:31:00,SPY,10,11,9,10.5,100",
                "\"2013-10-07T13:31:00\" has no offset; write it as",
            ),
            ("soon,SPY,10,11,9,10.5,100", "timestamp \"soon\" is no instant; write RFC 3339"),
            ("2013-10-07T13:31:00Z,spy,10,11,9,10.5,100", "symbol \"spy\" is none; a symbol is"),
            ("2013-10-07T13:31:00Z,SPY,ten,11,9,10.5,100", "open \"ten\" is no number; write a plain"),
            ("2013-10-07T13:31:00Z,SPY,10,NaN,9,10.5,100", "high \"NaN\" is no number"),
            ("2013-10-07T13:31:00Z,SPY,10,11,-9,10.5,100", "low \"-9\" is negative; correct or remove"),
            ("2013-10-07T13:31:00Z,SPY,10,11,9,10.5,-1", "volume \"-1\" is negative"),
            ("2013-10-07T13:31:00Z,SPY,10,11,9,10.5,1000000000", "volume \"1000000000\" is too large"),
            ("2013-10-07T13:31:00Z,SPY,10,11,0,10.5,100", "low is 0; a bar's prices are above zero"),
            ("2013-10-07T13:31:00Z,SPY,10,9,11,10,100", "high 9 is below low 11; correct"),
            ("2013-10-07T13:31:00Z,SPY,8.99,11,9,10,100", "open 8.99 is outside 9 to 11"),
            ("2013-10-07T13:31:00Z,SPY,10,11,9,11.01,100", "close 11.01 is outside 9 to 11"),
            (
                "2013-10-07T13:29:00Z,SPY,10,11,9,10,100",
                "SPY goes back in time, from 2013-10-07T13:30:00Z to",
            ),
            (SOUND, "SPY has a second row at 2013-10-07T13:30:00Z; remove"),
        ] {
            let refused = refusal(row);
            assert!(refused.starts_with("0.csv:3: ") && refused.contains(words), "{row}: {refused}");
        }
    }

    #[test]
    fn a_file_must_have_its_header_and_rows() {
        let words = |text: &str| bars(&[text]).unwrap_err().to_string();
        assert!(words("time,symbol\n").starts_with("0.csv:1: the header is \"time,symbol\"; it must be"));
        assert!(words("").contains("0.csv: it holds no rows"));
        assert!(words(&format!("{BAR_HEADER}\n\n")).contains("it holds no rows"));
        let late = format!("{BAR_HEADER}\n{SOUND}");
        let before = bars(&[&late, &late]).unwrap_err().to_string();
        assert!(before.starts_with("1.csv:2: SPY has a second row"), "{before}");
    }

    #[test]
    fn foreign_line_ends_a_mark_and_empty_last_lines_do_no_harm() {
        let tape = bars(&[&format!("\u{feff}{BAR_HEADER}\r\n{SOUND}\r\n\r\n\n")]).unwrap();
        let bar = tape.bars().next().unwrap();
        assert_eq!((bar.close.to_string(), bar.volume.to_string()), ("10.5".into(), "100".into()));
        assert_eq!(bar.end, bar.start.plus_seconds(60), "a lone bar is a minute's");
    }

    /// SPY's rows stand five minutes apart but once, BAC's an hour; BAC's quotes two hours.
    #[test]
    fn the_span_is_the_smallest_step_of_the_symbol() {
        let row = |time: &str, symbol: &str| format!("2013-10-07T{time}:00Z,{symbol},1,1,1,1,1\n");
        let rows = [("13:30", "SPY"), ("14:00", "BAC"), ("13:50", "SPY"), ("13:55", "SPY"), ("15:00", "BAC")];
        let text: String = rows.iter().map(|(time, symbol)| row(time, symbol)).collect();
        let quotes = format!(
            "{QUOTE_HEADER}\n2013-10-07T12:00:00Z,BAC,2,1,1.99,1\n2013-10-07T14:00:00Z,BAC,0,0,1,5\n"
        );
        let read = |mut reader: CsvReader| {
            reader.read_bars("bars", format!("{BAR_HEADER}\n{text}").as_bytes()).unwrap();
            reader.read_quotes("quotes", quotes.as_bytes()).unwrap();
            reader.finish().ticks().map(|tick| tick.at().to_string()[11..16].to_owned()).collect::<Vec<_>>()
        };
        // Quotes at 12:00 and 14:00, the bars of 13:30, 13:50, 13:55 and, after its quote, 14:00; 15:00.
        let inferred = ["13:00", "13:35", "13:55", "14:00", "15:00", "15:00", "16:00"];
        assert_eq!(read(CsvReader::new()), inferred);
        let given = ["12:01", "13:31", "13:51", "13:56", "14:01", "14:01", "15:01"];
        assert_eq!(read(CsvReader::with_span_seconds(60)), given);
    }
}
