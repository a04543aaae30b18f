use crate::domain::at::At;
use crate::domain::outside::blanked;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::wire::fields::{Fields, WireFault, quoted};
use crate::wire::order::VenueId;

/// One execution, as the account's history tells it: its order by the venue's id alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The execution's own id, the same as on the stream.
    pub id: String,
    /// Which order, by the venue's id.
    pub order: VenueId,
    /// What was traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares, above zero.
    pub qty: Qty,
    /// Dollars a share.
    pub price: Price,
    /// When.
    pub at: At,
}

/// What the history of an account tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// An execution.
    Filled(Execution),
    /// A company changed what a share is: the venue's words.
    Changed(Symbol, String),
    /// Money that came or went, and everything else.
    Other,
}

/// Reads one entry of the history, with the id by which the next page is asked for.
///
/// # Errors
/// [`WireFault::Missing`] where an execution lacks what it needs.
pub fn read_activity(fields: &Fields<'_>) -> Result<Activity, WireFault> {
    let word = fields.text("activity_type").unwrap_or_default();
    let symbol = fields.text("symbol").and_then(|text| text.parse().ok());
    match (word.as_ref(), symbol) {
        ("FILL", _) => read_execution(fields).map(Activity::Filled),
        // No type at all, and the numbers of an execution: it is one.
        ("", Some(_)) if fields.text("transaction_time").is_some() => {
            read_execution(fields).map(Activity::Filled)
        }
        ("SPLIT" | "SSP" | "FSPLIT" | "RSPLIT" | "REORG" | "MA" | "SC" | "SSO" | "NC", Some(symbol)) => {
            let words = quoted(&fields.text("description").unwrap_or_else(|| word.clone()));
            Ok(Activity::Changed(symbol, words))
        }
        _ => Ok(Activity::Other),
    }
}

fn read_execution(fields: &Fields<'_>) -> Result<Execution, WireFault> {
    let what = "execution";
    let whole = fields.need(fields.text("id"), what, "id")?;
    // `20240102093000123::uuid`: the part behind is the execution's id on the stream.
    let id = blanked(whole.rsplit_once("::").map_or(whole.as_ref(), |(_, id)| id)).into_owned();
    let side = match fields.text("side").as_deref() {
        Some("buy") => Side::Buy,
        Some("sell" | "sell_short") => Side::Sell,
        _ => return fields.need(None, what, "side"),
    };
    Ok(Execution {
        id,
        order: fields.need(fields.text("order_id").and_then(|id| id.parse().ok()), what, "order_id")?,
        symbol: fields.need(fields.text("symbol").and_then(|text| text.parse().ok()), what, "symbol")?,
        side,
        qty: fields.need(fields.qty("qty").map(Qty::abs).filter(|qty| qty.is_positive()), what, "qty")?,
        price: fields.need(fields.price("price"), what, "price")?,
        at: fields.need(fields.at("transaction_time"), what, "transaction_time")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILL: &str = r#"{"id":"20261124100000123::8f1d-77","activity_type":"FILL","type":"partial_fill","price":"600.12","qty":"3","side":"sell_short","symbol":"SPY","leaves_qty":"7","cum_qty":"3","order_id":"61e6","order_status":"partially_filled","transaction_time":"2026-11-24T15:00:00.123Z"}"#;

    fn read(text: &str) -> Result<Activity, WireFault> {
        read_activity(&Fields::read(text, "activity").unwrap())
    }

    #[test]
    fn an_execution_has_the_id_that_the_stream_gives_it() {
        let Activity::Filled(fill) = read(FILL).unwrap() else { panic!() };
        assert_eq!((fill.id.as_str(), fill.side, fill.qty), ("8f1d-77", Side::Sell, Qty::shares(3)));
        // It comes from outside, and stands in the journal for ever.
        let Activity::Filled(steering) = read(&FILL.replace("8f1d", "8f\\u001b1d")).unwrap() else {
            panic!()
        };
        assert_eq!(steering.id, "8f 1d-77");
        for field in ["id", "side", "order_id", "symbol", "qty", "price", "transaction_time"] {
            let fault = read(&FILL.replace(&format!("\"{field}\":"), "\"gone\":")).unwrap_err();
            assert!(fault.to_string().contains(&format!("has no {field} that")), "{fault}");
        }
        assert_eq!(read(&FILL.replace("activity_type", "gone")), Ok(Activity::Filled(fill)));
    }

    #[test]
    fn a_split_names_its_symbol_and_money_is_none_of_ours() {
        let split = read(r#"{"activity_type":"SPLIT","symbol":"SPY","description":"2 for 1"}"#).unwrap();
        assert_eq!(split, Activity::Changed("SPY".parse().unwrap(), "2 for 1".to_owned()));
        assert_eq!(
            read(r#"{"activity_type":"DIV","symbol":"SPY","net_amount":"1.02"}"#),
            Ok(Activity::Other)
        );
        assert_eq!(read(r#"{"activity_type":"SOMETHING_NEW"}"#), Ok(Activity::Other));
    }
}
