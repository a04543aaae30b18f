use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::outside::blanked;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::wire::fields::{Fields, WireFault, quoted};
use crate::wire::order::{VenueId, WireOrder};

/// What the stream of orders said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The keys were taken, or not.
    Authorized(bool),
    /// It tells of these streams from here on.
    Listening(Vec<String>),
    /// Something happened to an order.
    Update(Box<Update>),
    /// Anything else: its word.
    Other(String),
}

/// One event of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The venue's id, where it can be read.
    pub venue_id: Option<VenueId>,
    /// The client's id as it is written there.
    pub client_id: Option<ClientOrderId>,
    /// The whole order, where it can be read.
    pub order: Option<WireOrder>,
    /// When, by the venue.
    pub at: Option<At>,
    /// What happened.
    pub what: What,
}

/// What can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The venue has it.
    Accepted,
    /// It rests in the book.
    Working,
    /// It will not be: the venue's words.
    Rejected(String),
    /// It filled, in full or in part.
    Filled(Execution),
    /// It is cancelled, or another stands in its place.
    Canceled,
    /// Its time ended.
    Expired,
    /// The cancel was not possible: the venue's words.
    CancelRejected(String),
    /// Nothing that changes what is known.
    Nothing,
    /// Something that only a look at the venue explains: a new word, or one without its numbers.
    Unclear(String),
}

/// An execution as the stream tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its id, the same as in the account's history.
    pub id: String,
    /// What was traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares of this execution.
    pub qty: Qty,
    /// Dollars a share of this execution.
    pub price: Price,
}

/// Reads one frame of the stream of orders, whichever form it came in.
///
/// # Errors
/// [`WireFault::NoJson`] for a frame that is none.
pub fn read_frame(text: &str) -> Result<Heard, WireFault> {
    let frame = Fields::read(text, "frame")?;
    let stream = frame.text("stream").unwrap_or_default();
    let data = frame.object("data").unwrap_or_default();
    Ok(match stream.as_ref() {
        "authorization" => Heard::Authorized(data.text("status").as_deref() == Some("authorized")),
        "listening" => Heard::Listening(data.texts("streams")),
        "trade_updates" => match data.text("event") {
            Some(word) => Heard::Update(Box::new(read_update(&data, &word))),
            // `data: null` has been seen.
            None => Heard::Other("an update of nothing".to_owned()),
        },
        _ => Heard::Other(quoted(text)),
    })
}

fn read_update(data: &Fields<'_>, word: &str) -> Update {
    let fields = data.object("order").unwrap_or_default();
    let order = WireOrder::read(&fields).ok();
    let venue_id: Option<VenueId> = fields.text("id").and_then(|id| id.parse().ok());
    let given = fields.text("client_order_id").and_then(|id| id.parse().ok());
    let client_id = given.or_else(|| order.as_ref().map(|order| order.request.id));
    let reason = || {
        let words = data.text("reason").or_else(|| data.text("reject_reason"));
        words.map_or_else(|| "the venue gave no reason".to_owned(), |words| quoted(&words))
    };
    let what = match word {
        "accepted" | "pending_new" => What::Accepted,
        "new" => What::Working,
        "rejected" => What::Rejected(reason()),
        "fill" | "partial_fill" => match execution(data, &fields) {
            Some(execution) => What::Filled(execution),
            None => What::Unclear(format!("{word} without its numbers")),
        },
        // What is told of is the old order; the new one has its own events.
        "canceled" | "replaced" => What::Canceled,
        "expired" => What::Expired,
        "order_cancel_rejected" => What::CancelRejected(reason()),
        "pending_cancel"
        | "pending_replace"
        | "order_replace_rejected"
        | "stopped"
        | "suspended"
        | "held"
        | "calculated"
        | "done_for_day" => What::Nothing,
        other => What::Unclear(quoted(other)),
    };
    let at = data.at("timestamp").or_else(|| data.at("at"));
    Update { venue_id, client_id, order, at, what }
}

fn execution(data: &Fields<'_>, order: &Fields<'_>) -> Option<Execution> {
    let side = match order.text("side").as_deref() {
        Some("buy") => Side::Buy,
        Some("sell" | "sell_short") => Side::Sell,
        _ => return None,
    };
    Some(Execution {
        // Without it a look at the history would count the same execution once more.
        id: blanked(&data.text("execution_id")?).into_owned(),
        symbol: order.text("symbol")?.parse().ok()?,
        side,
        qty: data.qty("qty").map(Qty::abs).filter(|qty| qty.is_positive())?,
        price: data.price("price").filter(|price| price.is_positive())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILL: &str = r#"{"stream":"trade_updates","data":{"event":"partial_fill","timestamp":"2026-11-24T15:00:00Z","execution_id":"8f1d","price":"600.12","qty":"3","position_qty":"3","order":{"id":"61e6","client_order_id":"hs-pabc123-261124-7","symbol":"SPY","side":"buy","qty":"10","filled_qty":"3","status":"partially_filled","type":"limit","limit_price":"601"}}}"#;

    fn update(text: &str) -> Update {
        match read_frame(text) {
            Ok(Heard::Update(update)) => *update,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_fill_is_the_numbers_of_this_execution() {
        let read = update(FILL);
        assert_eq!(read.client_id.unwrap().as_str(), "hs-pabc123-261124-7");
        let steering = update(&FILL.replace("8f1d", "8f\\u001b1d"));
        assert!(
            matches!(steering.what, What::Filled(fill) if fill.id == "8f 1d"),
            "it stands in the journal for ever"
        );
        let What::Filled(fill) = read.what else { panic!() };
        assert_eq!(
            (fill.id.as_str(), fill.qty, fill.price),
            ("8f1d", Qty::shares(3), "600.12".parse().unwrap())
        );
    }

    #[test]
    fn a_fill_without_what_it_needs_asks_for_a_look_and_is_never_counted_twice() {
        for field in ["execution_id", "price", "side", "symbol"] {
            let read = update(&FILL.replace(&format!("\"{field}\":"), "\"gone\":"));
            assert!(matches!(read.what, What::Unclear(_)), "{field}: {:?}", read.what);
        }
        assert!(matches!(update(&FILL.replace("partial_fill", "trade_bust")).what, What::Unclear(_)));
    }

    #[test]
    fn every_other_word_is_what_it_says() {
        let what = |word: &str| update(&FILL.replace("partial_fill", word)).what;
        assert_eq!(what("new"), What::Working);
        assert_eq!(what("pending_new"), What::Accepted);
        assert_eq!(what("replaced"), What::Canceled);
        assert_eq!(what("expired"), What::Expired);
        assert_eq!(what("done_for_day"), What::Nothing);
        assert_eq!(what("rejected"), What::Rejected("the venue gave no reason".to_owned()));
    }

    #[test]
    fn frames_that_are_no_update_are_told_apart() {
        let read = |text: &str| read_frame(text).unwrap();
        assert_eq!(
            read(r#"{"stream":"authorization","data":{"status":"authorized"}}"#),
            Heard::Authorized(true)
        );
        assert_eq!(
            read(r#"{"stream":"authorization","data":{"status":"unauthorized"}}"#),
            Heard::Authorized(false)
        );
        let listening = Heard::Listening(vec!["trade_updates".to_owned()]);
        assert_eq!(read(r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#), listening);
        assert!(matches!(read(r#"{"stream":"trade_updates","data":null}"#), Heard::Other(_)));
        assert!(matches!(read("{}"), Heard::Other(_)));
        assert!(read_frame("pong").is_err());
    }
}
