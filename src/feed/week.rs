use crate::feed::csv::CsvReader;
use crate::feed::fault::FeedFault;
use crate::feed::tape::Tape;

const BARS: &str = include_str!("../../data/bars-1min-2013-10-07_11.csv");
const QUOTES: &str = include_str!("../../data/quotes-1min-2013-10-07_11.csv");
const SPAN_SECONDS: u32 = 60;

/// The market week that ships with hardstop: SPY, IBM and BAC, one-minute bars and quotes of 2013-10-07
/// to 11, early and late trading included. `data/NOTICE.md` says where it is from.
///
/// # Errors
/// None, unless the files were changed before the build.
pub fn bundled_week() -> Result<Tape, FeedFault> {
    let mut reader = CsvReader::with_span_seconds(SPAN_SECONDS);
    reader.read_bars("data/bars-1min-2013-10-07_11.csv", BARS.as_bytes())?;
    reader.read_quotes("data/quotes-1min-2013-10-07_11.csv", QUOTES.as_bytes())?;
    Ok(reader.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::Tick;
    use crate::feed::tape::{merge, tape_order};

    #[test]
    fn the_week_is_whole_sound_and_in_order() {
        let week = bundled_week().unwrap();
        let symbols: Vec<String> = week.symbols().iter().map(ToString::to_string).collect();
        assert_eq!(symbols, ["BAC", "IBM", "SPY"]);
        assert_eq!((week.bar_count(), week.quote_count()), (9232, 10664));
        let (first, last) = week.span().unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2013-10-07T08:01:00Z".into(), "2013-10-12T00:01:00Z".into())
        );

        let ticks: Vec<Tick> = week.ticks().collect();
        assert!(ticks.is_sorted_by(|a, b| tape_order(a, b).is_lt()));
        assert_eq!(ticks, merge(week.bars().collect(), week.quotes().collect()));
    }

    /// The opening minute of the first day as the file has it, known only when it is over.
    #[test]
    fn a_minute_is_known_at_its_end_quotes_first() {
        let week = bundled_week().unwrap();
        let known = "2013-10-07T13:31:00Z".parse().unwrap();
        let minute: Vec<Tick> = week.ticks().filter(|tick| tick.at() == known).collect();
        let kinds: Vec<String> = minute
            .iter()
            .map(|tick| match tick {
                Tick::Quote(quote) => format!("quote {} {} {}", quote.symbol, quote.bid, quote.ask),
                Tick::Bar(bar) => format!("bar {} {} {}", bar.symbol, bar.start, bar.close),
                Tick::Trade(trade) => format!("trade {}", trade.symbol),
            })
            .collect();
        assert_eq!(kinds.len(), 6);
        assert_eq!(kinds[0], "quote BAC 13.9 13.91");
        assert_eq!(kinds[5], "bar SPY 2013-10-07T13:30:00Z 167.44");
    }
}
