use serde_json::{Map, Value, json};

use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::{Leg, VenueRequest};
use crate::wire::fields::Fields;

/// Words for what Alpaca cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Alpaca takes both orders of a pair at once or neither; no order can be paired with one that rests")]
pub struct PairFault;

/// The body of a request for an order. Every number is text; what is not asked for is left out.
///
/// # Errors
/// [`PairFault`] for an order that is to cancel another.
pub fn write_request(request: &VenueRequest) -> Result<Value, PairFault> {
    if request.one_cancels.is_some() {
        return Err(PairFault);
    }
    let mut body = Map::new();
    let mut say = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    say("symbol", json!(request.symbol));
    say("qty", json!(request.qty));
    say("side", json!(request.side.word()));
    say("type", json!(request.kind.word()));
    let extended = request.tif == TimeInForce::Ext;
    say("time_in_force", json!(if extended { TimeInForce::Day.word() } else { request.tif.word() }));
    if extended {
        say("extended_hours", json!(true));
    }
    if let Some(limit) = request.kind.limit() {
        say("limit_price", json!(limit));
    }
    match request.kind {
        OrderKind::TrailingStop { trail: Trail::Amount(amount), .. } => say("trail_price", json!(amount)),
        OrderKind::TrailingStop { trail: Trail::Percent(percent), .. } => {
            say("trail_percent", json!(percent));
        }
        kind => {
            if let Some(stop) = kind.stop() {
                say("stop_price", json!(stop));
            }
        }
    }
    say("client_order_id", json!(request.id));
    match (request.stop_loss, request.take_profit) {
        (None, None) => {}
        (Some(_), Some(_)) => say("order_class", json!("bracket")),
        _ => say("order_class", json!("oto")),
    }
    if let Some(leg) = request.stop_loss {
        say("stop_loss", json!({ "stop_price": leg.price }));
    }
    if let Some(leg) = request.take_profit {
        say("take_profit", json!({ "limit_price": leg.price }));
    }
    Ok(Value::Object(body))
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many shares.
    Shares(Qty),
    /// So many dollars' worth.
    Dollars(Price),
}

/// A request for an order, as a venue reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The client's id, where it gave one.
    pub client_id: Option<String>,
    /// What to trade.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub amount: Amount,
    /// At which price.
    pub kind: OrderKind,
    /// For how long.
    pub tif: TimeInForce,
    /// The class: simple, bracket, oto or oco.
    pub class: Class,
    /// A stop's trigger behind it, with a limit where it has one.
    pub stop_loss: Option<(Price, Option<Price>)>,
    /// A target's limit behind it.
    pub take_profit: Option<Price>,
}

/// How an order and its legs stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It stands alone.
    Simple,
    /// An entry with a stop and a target.
    Bracket,
    /// An order that wakes one other.
    Oto,
    /// A target and a stop, of which one cancels the other.
    Oco,
}

impl Class {
    /// The word in an order's `order_class`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Bracket => "bracket",
            Self::Oto => "oto",
            Self::Oco => "oco",
        }
    }
}

impl Wanted {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What is wrong with it, in the words in which the venue would say so.
    pub fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let word = |name: &str| fields.text(name).unwrap_or_default().into_owned();
        let symbol = word("symbol").parse().map_err(|_| "symbol is required".to_owned())?;
        let class = match word("order_class").as_str() {
            "" | "simple" => Class::Simple,
            "bracket" => Class::Bracket,
            "oto" => Class::Oto,
            "oco" => Class::Oco,
            other => return Err(format!("invalid order_class: {other}")),
        };
        let side = match word("side").as_str() {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            other => return Err(format!("invalid side: {other}")),
        };
        let (stop_loss, take_profit) = (fields.object("stop_loss"), fields.object("take_profit"));
        let stop_loss = stop_loss.and_then(|leg| Some((leg.price("stop_price")?, leg.price("limit_price"))));
        let take_profit = take_profit.and_then(|leg| leg.price("limit_price"));
        Ok(Self {
            client_id: fields.text("client_order_id").map(std::borrow::Cow::into_owned),
            symbol,
            side,
            amount: amount(fields)?,
            kind: wanted_kind(fields, class, take_profit)?,
            tif: wanted_tif(fields)?,
            class,
            stop_loss,
            take_profit,
        })
    }

    /// The request in the words that every venue shares, under this id, its legs under the two after it.
    pub fn request(
        &self,
        id: ClientOrderId,
        stop: ClientOrderId,
        target: ClientOrderId,
        qty: Qty,
    ) -> VenueRequest {
        VenueRequest {
            id,
            symbol: self.symbol,
            side: self.side,
            qty,
            kind: self.kind,
            tif: self.tif,
            stop_loss: self.stop_loss.map(|(price, _)| Leg { id: stop, price }),
            take_profit: self.take_profit.map(|price| Leg { id: target, price }),
            one_cancels: None,
        }
    }
}

fn amount(fields: &Fields<'_>) -> Result<Amount, String> {
    match (fields.text("qty"), fields.text("notional")) {
        (Some(_), Some(_)) => Err("only one of qty or notional is accepted".to_owned()),
        (None, None) => Err("qty or notional is required".to_owned()),
        (Some(_), None) => {
            let qty = fields.qty("qty").filter(|qty| qty.is_positive());
            qty.map(Amount::Shares).ok_or_else(|| "qty must be > 0".to_owned())
        }
        (None, Some(_)) => {
            let notional = fields.price("notional").filter(|price| *price >= Price::from_cents(100));
            notional.map(Amount::Dollars).ok_or_else(|| "notional must be >= 1.00".to_owned())
        }
    }
}

fn wanted_tif(fields: &Fields<'_>) -> Result<TimeInForce, String> {
    let word = fields.text("time_in_force").unwrap_or_default();
    let tif = word.parse::<TimeInForce>().ok().filter(|tif| *tif != TimeInForce::Ext);
    let tif = tif.ok_or_else(|| "invalid time_in_force".to_owned())?;
    match (tif, fields.flag("extended_hours").unwrap_or(false), fields.text("type").as_deref()) {
        (tif, false, _) => Ok(tif),
        (TimeInForce::Day, true, Some("limit")) => Ok(TimeInForce::Ext),
        _ => Err("extended hours order must be DAY limit orders".to_owned()),
    }
}

fn wanted_kind(fields: &Fields<'_>, class: Class, take_profit: Option<Price>) -> Result<OrderKind, String> {
    let price = |name: &'static str| -> Result<Option<Price>, String> {
        match fields.text(name) {
            None => Ok(None),
            Some(_) => match fields.price(name).filter(|price| price.is_positive()) {
                Some(price) => Ok(Some(price)),
                None => Err(format!("{} must be > 0", name.replace('_', " "))),
            },
        }
    };
    let (limit, stop) = (price("limit_price")?, price("stop_price")?);
    // The first of a pair is its target: its price may stand in either place.
    let limit = if class == Class::Oco { limit.or(take_profit) } else { limit };
    match (fields.text("type").unwrap_or_default().as_ref(), limit, stop) {
        ("market", None, None) => Ok(OrderKind::Market),
        ("market", ..) => Err("market orders require no stop or limit price".to_owned()),
        ("limit", Some(limit), None) => Ok(OrderKind::Limit { limit }),
        ("limit", None, _) => Err("limit orders require a limit price".to_owned()),
        ("limit", Some(_), Some(_)) => Err("limit orders require no stop price".to_owned()),
        ("stop", None, Some(stop)) => Ok(OrderKind::Stop { stop }),
        ("stop", _, None) => Err("stop orders require a stop price".to_owned()),
        ("stop", Some(_), Some(_)) => Err("stop orders require no limit price".to_owned()),
        ("stop_limit", Some(limit), Some(stop)) => Ok(OrderKind::StopLimit { stop, limit }),
        ("stop_limit", ..) => Err("stop limit orders require both stop and limit price".to_owned()),
        ("trailing_stop", None, None) => {
            let amount = price("trail_price")?.map(Trail::Amount);
            let percent = fields.text("trail_percent").and_then(|text| text.parse().ok()).map(Trail::Percent);
            match (amount, percent) {
                (Some(trail), None) | (None, Some(trail)) => {
                    Ok(OrderKind::TrailingStop { stop: Price::ZERO, trail })
                }
                _ => Err("trailing stop orders must specify one of trail_price or trail_percent".to_owned()),
            }
        }
        (other, ..) => Err(format!("invalid type: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(kind: OrderKind, tif: TimeInForce) -> VenueRequest {
        VenueRequest {
            id: "hs-pabc123-261124-7".parse().unwrap(),
            symbol: "BRK.B".parse().unwrap(),
            side: Side::Sell,
            qty: "0.123456789".parse().unwrap(),
            kind,
            tif,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        }
    }

    fn kinds() -> Vec<OrderKind> {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let (limit, stop) = (price("41.08"), price("0.0001"));
        vec![
            OrderKind::Market,
            OrderKind::Limit { limit },
            OrderKind::Stop { stop },
            OrderKind::StopLimit { stop, limit },
            OrderKind::TrailingStop { stop: Price::ZERO, trail: Trail::Amount(price("1.5")) },
            OrderKind::TrailingStop { stop: Price::ZERO, trail: Trail::Percent("2.5".parse().unwrap()) },
        ]
    }

    #[test]
    fn what_is_written_is_read_back_as_the_same_order() {
        let leg = |id: &str, price: &str| Leg { id: id.parse().unwrap(), price: price.parse().unwrap() };
        let (stop, target) = (leg("hs-pabc123-261124-8", "40.5"), leg("hs-pabc123-261124-9", "45"));
        for kind in kinds() {
            for tif in TimeInForce::ALL {
                for (stop_loss, take_profit) in [(None, None), (Some(stop), None), (Some(stop), Some(target))]
                {
                    if tif == TimeInForce::Ext && kind.word() != "limit" {
                        continue;
                    }
                    let request = VenueRequest { stop_loss, take_profit, ..plain(kind, tif) };
                    let text = write_request(&request).unwrap().to_string();
                    let wanted = Wanted::read(&Fields::read(&text, "request").unwrap()).unwrap();
                    let Amount::Shares(qty) = wanted.amount else { panic!("{text}") };
                    assert_eq!(wanted.client_id.as_deref(), Some(request.id.as_str()));
                    assert_eq!(wanted.request(request.id, stop.id, target.id, qty), request, "{text}");
                }
            }
        }
    }

    #[test]
    fn every_number_is_text_and_nothing_else_is_said() {
        let body = write_request(&plain(OrderKind::Market, TimeInForce::Day)).unwrap().to_string();
        assert_eq!(
            body,
            r#"{"symbol":"BRK.B","qty":"0.123456789","side":"sell","type":"market","time_in_force":"day","client_order_id":"hs-pabc123-261124-7"}"#
        );
        let paired = VenueRequest {
            one_cancels: Some("x".parse().unwrap()),
            ..plain(OrderKind::Market, TimeInForce::Day)
        };
        assert_eq!(write_request(&paired), Err(PairFault));
    }

    #[test]
    fn a_bad_request_is_refused_in_the_venue_s_words() {
        let refused = |changes: &str| {
            let text =
                format!(r#"{{"symbol":"SPY","side":"buy","time_in_force":"day","type":"market",{changes}}}"#);
            Wanted::read(&Fields::read(&text, "request").unwrap()).unwrap_err()
        };
        assert_eq!(refused(r#""client_order_id":"a""#), "qty or notional is required");
        assert_eq!(refused(r#""qty":-2"#), "qty must be > 0");
        assert_eq!(refused(r#""qty":2,"notional":5"#), "only one of qty or notional is accepted");
        assert_eq!(refused(r#""qty":2,"limit_price":"5""#), "market orders require no stop or limit price");
        assert_eq!(refused(r#""qty":2,"type":"limit","limit_price":"0""#), "limit price must be > 0");
        assert_eq!(refused(r#""qty":2,"type":"limit""#), "limit orders require a limit price");
        assert_eq!(refused(r#""qty":2,"time_in_force":"ext""#), "invalid time_in_force");
        assert_eq!(
            refused(r#""qty":2,"extended_hours":true"#),
            "extended hours order must be DAY limit orders"
        );
        assert_eq!(
            refused(r#""qty":2,"type":"trailing_stop""#),
            "trailing stop orders must specify one of trail_price or trail_percent"
        );
    }
}
