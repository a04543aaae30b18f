use crate::domain::market::{Bar, Quote, Trade};
use crate::domain::symbol::Symbol;
use crate::wire::data::{read_bar, read_quote, read_trade};
use crate::wire::fields::{Fields, WireFault};

/// One page of bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Its bars, by symbol in the order of the page, each symbol's oldest first.
    pub bars: Vec<Bar>,
    /// What asks for the next page; a short page is no last page, only one without this is.
    pub next: Option<String>,
}

/// Reads a page of bars of so many milliseconds, of one symbol or of many.
///
/// # Errors
/// [`WireFault::NoJson`] for what is no page.
pub fn read_bars(text: &str, of: Option<Symbol>, length_ms: i64) -> Result<Page, WireFault> {
    let page = Fields::read(text, "page of bars")?;
    let mut bars = Vec::new();
    match (of, page.object("bars")) {
        (_, Some(by_symbol)) => {
            for (name, _) in by_symbol.entries() {
                let Ok(symbol) = name.parse() else { continue };
                let of_symbol = by_symbol.list(name);
                bars.extend(of_symbol.iter().filter_map(|fields| read_bar(fields, symbol, length_ms)));
            }
        }
        (Some(symbol), None) => {
            bars.extend(page.list("bars").iter().filter_map(|fields| read_bar(fields, symbol, length_ms)));
        }
        (None, None) => {}
    }
    let next =
        page.text("next_page_token").map(std::borrow::Cow::into_owned).filter(|token| !token.is_empty());
    Ok(Page { bars, next })
}

/// What a symbol's last moments were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Of which symbol.
    pub symbol: Symbol,
    /// Its last quote.
    pub quote: Option<Quote>,
    /// Its last trade.
    pub trade: Option<Trade>,
    /// The day's bar so far.
    pub day: Option<Bar>,
    /// The bar of the session before.
    pub day_before: Option<Bar>,
}

/// Reads snapshots of many symbols; what one of them lacks is none.
///
/// # Errors
/// [`WireFault::NoJson`] for what is no object.
pub fn read_snapshots(text: &str) -> Result<Vec<Snapshot>, WireFault> {
    let all = Fields::read(text, "snapshots")?;
    // They stand at the top, or one step inside.
    let all = all.object("snapshots").unwrap_or(all);
    let day_ms = 86_400_000;
    let read = |(name, _): (&str, &str)| {
        let symbol: Symbol = name.parse().ok()?;
        let fields = all.object(name)?;
        Some(Snapshot {
            symbol,
            quote: fields.object("latestQuote").and_then(|quote| read_quote(&quote, symbol)),
            trade: fields.object("latestTrade").and_then(|trade| read_trade(&trade, symbol)),
            day: fields.object("dailyBar").and_then(|bar| read_bar(&bar, symbol, day_ms)),
            day_before: fields.object("prevDailyBar").and_then(|bar| read_bar(&bar, symbol, day_ms)),
        })
    };
    Ok(all.entries().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAR: &str =
        r#"{"t":"2026-11-24T15:00:00Z","o":600,"h":601,"l":599.5,"c":600.5,"v":12345,"n":9,"vw":600.2}"#;

    #[test]
    fn a_page_has_bars_of_many_symbols_or_of_one() {
        let many =
            format!(r#"{{"bars":{{"SPY":[{BAR},{BAR}],"IBM":[{BAR},{{}}]}},"next_page_token":"abc"}}"#);
        let page = read_bars(&many, None, 60_000).unwrap();
        assert_eq!((page.bars.len(), page.next.as_deref()), (3, Some("abc")));
        assert_eq!(page.bars[2].symbol.as_str(), "IBM");
        let one = format!(r#"{{"bars":[{BAR}],"symbol":"SPY","next_page_token":null}}"#);
        let page = read_bars(&one, Some("SPY".parse().unwrap()), 60_000).unwrap();
        assert_eq!((page.bars.len(), page.next), (1, None));
        assert_eq!(read_bars(r#"{"bars":null}"#, None, 60_000).unwrap(), Page::default());
        assert!(read_bars("<html>", None, 60_000).is_err());
    }

    #[test]
    fn a_snapshot_may_lack_anything() {
        let text = format!(
            r#"{{"SPY":{{"latestQuote":{{"t":"2026-11-24T15:00:00Z","bp":1,"ap":2}},"dailyBar":{BAR}}},"IBM":{{}},"??":{{}}}}"#
        );
        let read = read_snapshots(&text).unwrap();
        assert_eq!(read.len(), 2);
        assert!(read[0].quote.is_some() && read[0].day.is_some() && read[0].trade.is_none());
        assert!(read[1].quote.is_none());
    }
}
