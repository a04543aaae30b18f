use crate::domain::at::At;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::wire::fields::{Fields, WireFault, quoted};
use crate::wire::login::Wishes;

/// A minute, the length of a bar on the stream.
pub const BAR_MS: i64 = 60_000;

/// What a stream of market data said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It is there; it wants the keys.
    Connected,
    /// The keys were taken.
    Authenticated,
    /// What it tells of from here on.
    Subscribed(Box<Wishes>),
    /// It says no.
    Fault(StreamFault),
    /// The market moved.
    Tick(Tick),
    /// A bar that was told before is told again, with late trades in it.
    BarAgain(Bar),
    /// The bar of the day so far.
    DayBar(Bar),
    /// A symbol stopped trading, or trades again: the venue's words.
    Halted(Symbol, bool, String),
    /// The band outside of which a symbol does not trade.
    Band {
        /// Of which symbol.
        symbol: Symbol,
        /// The highest price.
        up: Price,
        /// The lowest price.
        down: Price,
    },
    /// A trade that was told before was none, or another: its symbol.
    Corrected(Symbol),
    /// Anything else: its word.
    Other(String),
}

/// A stream's no, by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFault {
    /// Alpaca's number; 0 where it gave none.
    pub code: i64,
    /// Its words.
    pub words: String,
}

/// What is to be done about a stream's no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Asking again changes nothing: the trader must do something.
    GiveUp,
    /// It may pass: connect again after a while.
    Later,
    /// The request was wrong, and the stream goes on.
    GoOn,
}

impl StreamFault {
    /// What helps.
    pub fn remedy(&self) -> Remedy {
        match self.code {
            402 | 408 | 409 | 410 | 411 | 412 | 413 => Remedy::GiveUp,
            400 | 403 | 405 => Remedy::GoOn,
            _ => Remedy::Later,
        }
    }

    /// What the trader can do, in a sentence.
    pub fn told(&self) -> String {
        let helps = match self.code {
            402 => "the data keys are not accepted; set them anew",
            405 => "the data plan allows fewer symbols; take some off, or choose a larger plan",
            406 => "another program holds the one connection that the plan allows; end it",
            407 => "this machine reads too slowly; ask for fewer symbols",
            409 => "the data plan does not include this feed; choose another, such as iex",
            _ => "it is tried again",
        };
        format!("the data stream says {} ({}): {helps}", self.words, self.code)
    }
}

/// Reads one frame, a list of messages. A message that cannot be read is [`Heard::Other`], and the rest of the
/// frame is read all the same.
///
/// # Errors
/// [`WireFault::NoJson`] for a frame that is no list.
pub fn read_frame(text: &str) -> Result<Vec<Heard>, WireFault> {
    let messages = Fields::read_list(text, "data frame")?;
    Ok(messages.iter().map(|fields| read_message(fields).unwrap_or_else(|| unread(fields))).collect())
}

fn unread(fields: &Fields<'_>) -> Heard {
    let word = fields.text("T").unwrap_or_default();
    Heard::Other(format!("a message {:?} that cannot be read", quoted(&word)))
}

fn read_message(fields: &Fields<'_>) -> Option<Heard> {
    let kind = fields.text("T")?;
    Some(match kind.as_ref() {
        "q" => Heard::Tick(Tick::Quote(read_quote(fields, symbol(fields)?)?)),
        "t" => Heard::Tick(Tick::Trade(read_trade(fields, symbol(fields)?)?)),
        "b" => Heard::Tick(Tick::Bar(read_bar(fields, symbol(fields)?, BAR_MS)?)),
        "u" => Heard::BarAgain(read_bar(fields, symbol(fields)?, BAR_MS)?),
        "d" => Heard::DayBar(read_bar(fields, symbol(fields)?, BAR_MS.checked_mul(1_440)?)?),
        "s" => read_status(fields, symbol(fields)?)?,
        "l" => Heard::Band { symbol: symbol(fields)?, up: fields.price("u")?, down: fields.price("d")? },
        "c" | "x" => Heard::Corrected(symbol(fields)?),
        "success" => match fields.text("msg")?.as_ref() {
            "connected" => Heard::Connected,
            "authenticated" => Heard::Authenticated,
            other => Heard::Other(quoted(other)),
        },
        "subscription" => Heard::Subscribed(Box::new(Wishes::read(fields))),
        "error" => Heard::Fault(StreamFault {
            code: fields.whole("code").unwrap_or(0),
            words: fields
                .text("msg")
                .map_or_else(|| "an error without a word".to_owned(), |msg| quoted(&msg)),
        }),
        other => Heard::Other(format!("a message {:?} that is not known", quoted(other))),
    })
}

fn symbol(fields: &Fields<'_>) -> Option<Symbol> {
    fields.text("S")?.parse().ok()
}

/// A quote; a side without a price is zero, as nobody stands there.
pub fn read_quote(fields: &Fields<'_>, symbol: Symbol) -> Option<Quote> {
    Some(Quote {
        symbol,
        bid: fields.price("bp").unwrap_or(Price::ZERO),
        bid_qty: fields.qty("bs").unwrap_or(Qty::ZERO),
        ask: fields.price("ap").unwrap_or(Price::ZERO),
        ask_qty: fields.qty("as").unwrap_or(Qty::ZERO),
        at: fields.at("t")?,
    })
}

/// A trade.
pub fn read_trade(fields: &Fields<'_>, symbol: Symbol) -> Option<Trade> {
    Some(Trade {
        symbol,
        price: fields.price("p").filter(|price| price.is_positive())?,
        qty: fields.qty("s").unwrap_or(Qty::ZERO),
        at: fields.at("t")?,
    })
}

/// A bar of so many milliseconds, stamped at its start.
pub fn read_bar(fields: &Fields<'_>, symbol: Symbol, length_ms: i64) -> Option<Bar> {
    let price = |name: &str| fields.price(name).filter(|price| price.is_positive());
    let (open, high, low, close) = (price("o")?, price("h")?, price("l")?, price("c")?);
    let start: At = fields.at("t")?;
    let fits = low <= open && open <= high && low <= close && close <= high;
    fits.then(|| Bar {
        symbol,
        start,
        end: start.plus_millis(length_ms),
        open,
        high,
        low,
        close,
        volume: fields.qty("v").unwrap_or(Qty::ZERO),
    })
}

/// Halts of both tapes: letters of Nasdaq's, numbers of New York's. A code that says neither changes nothing.
fn read_status(fields: &Fields<'_>, symbol: Symbol) -> Option<Heard> {
    let code = fields.text("sc")?;
    let message = fields.text("sm").or_else(|| fields.text("rm")).unwrap_or_else(|| code.clone());
    let halted = match code.as_ref() {
        "H" | "P" | "Q" | "1" | "2" | "4" => true,
        "T" | "3" => false,
        _ => return Some(Heard::Other(format!("{symbol}: {}", quoted(&message)))),
    };
    Some(Heard::Halted(symbol, halted, quoted(&message)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Heard> {
        read_frame(text).unwrap()
    }

    fn spy() -> Symbol {
        "SPY".parse().unwrap()
    }

    #[test]
    fn what_the_market_does_is_read_with_its_instant() {
        let text = r#"[{"T":"q","S":"SPY","bx":"V","bp":600.1,"bs":3,"ax":"V","ap":600.12,"as":1,"c":["R"],"z":"B","t":"2026-11-24T15:00:00.123456789Z"},
            {"T":"t","S":"SPY","i":1,"x":"V","p":600.11,"s":100,"c":["@"],"z":"B","t":"2026-11-24T15:00:00Z"},
            {"T":"b","S":"SPY","o":600,"h":601,"l":599.5,"c":600.5,"v":12345,"n":99,"vw":600.2,"t":"2026-11-24T15:00:00Z"}]"#;
        let [Heard::Tick(Tick::Quote(quote)), Heard::Tick(Tick::Trade(trade)), Heard::Tick(Tick::Bar(bar))] =
            &read(text)[..]
        else {
            panic!()
        };
        assert_eq!((quote.bid, quote.ask), ("600.1".parse().unwrap(), "600.12".parse().unwrap()));
        assert_eq!(quote.at.to_string(), "2026-11-24T15:00:00.123456789Z");
        assert_eq!((trade.price, trade.qty), ("600.11".parse().unwrap(), Qty::shares(100)));
        assert_eq!(bar.end.millis_since(bar.start), 60_000);
        assert_eq!(bar.volume, Qty::shares(12_345));
    }

    #[test]
    fn halts_of_both_tapes_are_told_from_what_changes_nothing() {
        let status = |code: &str| {
            let text =
                format!(r#"[{{"T":"s","S":"SPY","sc":"{code}","sm":"words","t":"2026-11-24T15:00:00Z"}}]"#);
            read(&text).remove(0)
        };
        for (code, halted) in [("H", true), ("P", true), ("2", true), ("Q", true), ("T", false), ("3", false)]
        {
            assert_eq!(status(code), Heard::Halted(spy(), halted, "words".to_owned()), "{code}");
        }
        assert!(matches!(status("D"), Heard::Other(_)));
    }

    #[test]
    fn one_message_that_cannot_be_read_costs_no_other() {
        let text = r#"[{"T":"t","S":"SPY"},{"T":"zz"},7,{"T":"success","msg":"connected"},{"S":"SPY"}]"#;
        let read = read(text);
        assert_eq!(read.len(), 4);
        assert_eq!(read[2], Heard::Connected);
        assert!(read_frame("{}").is_err());
        let bent = r#"[{"T":"b","S":"SPY","o":5,"h":4,"l":3,"c":4,"v":1,"t":"2026-11-24T15:00:00Z"}]"#;
        assert!(matches!(self::read(bent)[0], Heard::Other(_)), "it opens above its high");
    }

    #[test]
    fn every_no_has_its_remedy() {
        let fault =
            |code: i64| match read(&format!(r#"[{{"T":"error","code":{code},"msg":"no"}}]"#)).remove(0) {
                Heard::Fault(fault) => fault,
                other => panic!("{other:?}"),
            };
        for (code, remedy) in [
            (402, Remedy::GiveUp),
            (409, Remedy::GiveUp),
            (405, Remedy::GoOn),
            (403, Remedy::GoOn),
            (404, Remedy::Later),
            (406, Remedy::Later),
            (407, Remedy::Later),
            (500, Remedy::Later),
            (999, Remedy::Later),
        ] {
            assert_eq!(fault(code).remedy(), remedy, "{code}");
        }
        assert_eq!(
            fault(406).told(),
            "the data stream says no (406): another program holds the one connection that the plan allows; end it"
        );
    }

    proptest! {
        #[test]
        fn no_frame_panics(text in ".{0,60}", number in -1e18..1e18_f64) {
            let _ = read_frame(&text);
            let _ = read_frame(&format!(r#"[{{"T":"q","S":"SPY","bp":{number},"ap":"{text}","t":{number}}}]"#));
        }
    }
}
