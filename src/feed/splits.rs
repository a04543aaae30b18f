use std::collections::BTreeMap;
use std::io::BufRead;

use crate::domain::day::TradingDay;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::feed::csv::{each_row, split};
use crate::feed::fault::{FeedFault, RowFault};
use crate::feed::fields::shown;
use crate::feed::tape::Tape;

/// The header of a file of splits. The date is the first day in new shares; the ratio is new shares for old ones, such
/// as `4:1`, or `1:10` where ten become one.
pub const SPLIT_HEADER: &str = "date,symbol,ratio";

const SHARES_MAX: u32 = 10_000;

/// The splits of a file: a tape that was written down as it happened is brought into the shares of its last day, so that
/// no strategy takes a split for a crash.
#[derive(Debug, Default)]
pub struct Splits(BTreeMap<Symbol, BTreeMap<TradingDay, Ratio>>);

/// So many new shares for so many old ones.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    new: u32,
    old: u32,
}

impl Splits {
    /// Reads a file of splits; `file` is its name, for faults.
    ///
    /// # Errors
    /// The first fault, with file, line, value and remedy.
    pub fn read(file: &str, source: impl BufRead) -> Result<Self, FeedFault> {
        let mut splits = Self::default();
        each_row(file, source, SPLIT_HEADER, |row| splits.take(row))?;
        Ok(splits)
    }

    fn take(&mut self, row: &[u8]) -> Result<(), RowFault> {
        let [date, symbol, ratio] = split::<3>(row, SPLIT_HEADER)?.map(shown);
        let day: TradingDay = date.parse().map_err(|_| RowFault::Date { value: date.clone() })?;
        let traded: Symbol = symbol.parse().map_err(|_| RowFault::Symbol { value: symbol.clone() })?;
        let Some(read) = ratio_of(&ratio) else { return Err(RowFault::Ratio { value: ratio }) };
        if self.0.entry(traded).or_default().insert(day, read).is_some() {
            return Err(RowFault::Duplicate { symbol, value: date });
        }
        Ok(())
    }

    /// Brings every row from before a split into the shares of after it: prices divided, volumes and sizes multiplied,
    /// each rounded half to even at the ninth place.
    ///
    /// # Errors
    /// A number that left its range, in words.
    pub fn adjust(&self, mut tape: Tape) -> Result<Tape, String> {
        let of_series: Vec<Vec<(i64, Ratio)>> =
            tape.series.iter().map(|series| self.instants(series.symbol)).collect();
        let ratios = |series: u32, start_nanos: i64| {
            let all = of_series.get(series as usize).map_or([].as_slice(), Vec::as_slice);
            all.iter().filter(move |(from_nanos, _)| start_nanos < *from_nanos).map(|(_, ratio)| *ratio)
        };
        for row in &mut tape.bars {
            for ratio in ratios(row.series, row.start_nanos) {
                for price in [&mut row.open, &mut row.high, &mut row.low, &mut row.close] {
                    *price = ratio.price(*price)?;
                }
                row.volume = ratio.shares(row.volume)?;
            }
        }
        for row in &mut tape.quotes {
            for ratio in ratios(row.series, row.start_nanos) {
                (row.bid, row.ask) = (ratio.price(row.bid)?, ratio.price(row.ask)?);
                (row.bid_qty, row.ask_qty) = (ratio.shares(row.bid_qty)?, ratio.shares(row.ask_qty)?);
            }
        }
        Ok(tape)
    }

    /// When each split of the symbol begins to count, in nanoseconds of UTC, with its ratio.
    fn instants(&self, symbol: Symbol) -> Vec<(i64, Ratio)> {
        let days = self.0.get(&symbol).into_iter().flatten();
        days.map(|(day, ratio)| (day.at_time(0, 0).nanos(), *ratio)).collect()
    }
}

impl Ratio {
    fn price(self, price: Price) -> Result<Price, String> {
        let scaled = price.scaled(i64::from(self.old), i64::from(self.new));
        match scaled {
            Ok(scaled) if scaled.is_positive() || !price.is_positive() => Ok(scaled),
            _ => Err(format!("a split of {}:{} takes the price {price} out of range", self.new, self.old)),
        }
    }

    fn shares(self, qty: Qty) -> Result<Qty, String> {
        // A price and a quantity are both billionths: the same exact rule scales them.
        let scaled = Price::from_nanos(qty.nanos()).scaled(i64::from(self.new), i64::from(self.old));
        let out = |_| format!("a split of {}:{} takes the volume {qty} out of range", self.new, self.old);
        scaled.map(|scaled| Qty::from_nanos(scaled.nanos())).map_err(out)
    }
}

fn ratio_of(text: &str) -> Option<Ratio> {
    let (new, old) = text.split_once(':')?;
    let count = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|count| digits && (1..=SHARES_MAX).contains(count))
    };
    let ratio = Ratio { new: count(new)?, old: count(old)? };
    (ratio.new != ratio.old).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::csv::CsvReader;

    const BARS: &str = "timestamp,symbol,open,high,low,close,volume\n\
        2014-06-06T19:59:00Z,AAPL,646.1,647.5,645.4,647,100\n\
        2014-06-09T13:30:00Z,AAPL,92.7,93,92.5,92.9,900\n\
        2014-06-06T19:59:00Z,SPY,195,195.2,194.9,195.1,50\n";

    fn adjusted(splits: &str) -> Result<Vec<String>, String> {
        let mut reader = CsvReader::new();
        reader.read_bars("bars.csv", BARS.as_bytes()).unwrap();
        let splits = Splits::read("splits.csv", format!("{SPLIT_HEADER}\n{splits}").as_bytes());
        let tape = splits.map_err(|fault| fault.to_string())?.adjust(reader.finish())?;
        let bars = tape.bars();
        let all = bars.map(|bar| {
            format!("{} {} {} {} {} {}", bar.symbol, bar.open, bar.high, bar.low, bar.close, bar.volume)
        });
        Ok(all.collect())
    }

    /// Apple's split of June 2014, seven for one; one of tomorrow changes everything, one of before the data nothing.
    #[test]
    fn what_lies_before_a_split_comes_into_the_shares_of_after_it() {
        let spy = "SPY 195 195.2 194.9 195.1 50";
        assert_eq!(
            adjusted("2014-06-09,AAPL,7:1\n2000-06-21,AAPL,2:1\n").unwrap(),
            [spy, "AAPL 92.3 92.5 92.2 92.428571429 700", "AAPL 92.7 93 92.5 92.9 900"]
        );
        assert_eq!(
            adjusted("2014-06-09,AAPL,7:1\n2020-08-31,AAPL,4:1\n").unwrap(),
            [spy, "AAPL 23.075 23.125 23.05 23.107142857 2800", "AAPL 23.175 23.25 23.125 23.225 3600"]
        );
        assert_eq!(adjusted("2020-01-02,SPY,1:10\n").unwrap()[0], "SPY 1950 1952 1949 1951 5");
    }

    #[test]
    fn a_bad_row_is_named_with_its_line_its_value_and_the_remedy() {
        for (row, words) in [
            ("2014-06-31,AAPL,7:1", "splits.csv:2: date \"2014-06-31\" is none; write"),
            ("2014-06-09,aapl!,7:1", "symbol \"aapl!\" is none"),
            ("2014-06-09,AAPL,7", "ratio \"7\" is none; write"),
            ("2014-06-09,AAPL,0:1", "ratio \"0:1\" is none"),
            ("2014-06-09,AAPL,3:3", "ratio \"3:3\" is none"),
            ("2014-06-09,AAPL,+7:1", "ratio \"+7:1\" is none"),
            ("2014-06-09,AAPL", "it has 2 fields, not 3"),
            ("2014-06-09,AAPL,7:1\n2014-06-09,AAPL,7:1", "splits.csv:3: AAPL has a second row at 2014-06-09"),
            ("", "it holds no rows"),
        ] {
            let said = adjusted(row).unwrap_err();
            assert!(said.contains(words), "{row}: {said}");
        }
        assert!(
            adjusted("2020-01-02,SPY,1:10000\n2021-01-04,SPY,1:10000\n")
                .unwrap_err()
                .contains("out of range")
        );
    }
}
