use std::fmt;
use std::str::FromStr;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::{Leg, VenueOrder, VenueRequest};
use crate::wire::fields::{Fields, WireFault};
use crate::wire::status::read_status;

const VENUE_ID_MAX: usize = 64;
const WHAT: &str = "order";

/// The venue's own id of an order; it stands in paths, and so holds nothing that means something there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VenueId(String);

/// The text is no id that may stand in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a venue's id is 1 to 64 letters, digits and '-'")]
pub struct VenueIdFault;

impl FromStr for VenueId {
    type Err = VenueIdFault;

    fn from_str(text: &str) -> Result<Self, VenueIdFault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = !text.is_empty() && text.len() <= VENUE_ID_MAX && text.bytes().all(allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(VenueIdFault) }
    }
}

impl fmt::Display for VenueId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// An order as the venue lists it, with its legs where it was asked for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireOrder {
    /// The venue's own id, by which it is cancelled.
    pub venue_id: VenueId,
    /// The order as it was asked for. Legs of ours carry the ids that we gave them, which no venue knows.
    pub request: VenueRequest,
    /// Where it stands.
    pub status: OrderStatus,
    /// Whether it waits for another order's fill and does nothing yet.
    pub sleeps: bool,
    /// Shares filled so far.
    pub filled: Qty,
    /// The average price of what filled.
    pub avg_price: Option<Price>,
    /// When the venue took it.
    pub submitted_at: Option<At>,
    /// The venue's id of the order that stands in its place now.
    pub replaced_by: Option<VenueId>,
    /// Whether it belongs to a group, whose other orders may not have been told with it.
    pub has_family: bool,
    /// The orders that wake with its fill, or beside which it stands.
    pub legs: Vec<WireOrder>,
}

impl WireOrder {
    /// Reads an order. Its id, symbol, side, quantity and status must be there; whatever else is missing is
    /// taken at its most careful.
    ///
    /// # Errors
    /// [`WireFault::Missing`] names what is missing.
    pub fn read(fields: &Fields<'_>) -> Result<Self, WireFault> {
        let mut order = Self::read_alone(fields)?;
        let class = fields.text("order_class").unwrap_or_default();
        let legs = fields.list("legs");
        order.legs = legs.iter().map(Self::read_alone).collect::<Result<_, _>>()?;
        order.has_family = !order.legs.is_empty() || !matches!(class.as_ref(), "" | "simple");
        if class != "mleg" {
            order.name_legs(class == "oco");
        }
        Ok(order)
    }

    fn read_alone(fields: &Fields<'_>) -> Result<Self, WireFault> {
        let venue_id = fields.need(fields.text("id").and_then(|id| id.parse().ok()), WHAT, "id")?;
        let symbol: Symbol =
            fields.need(fields.text("symbol").and_then(|text| text.parse().ok()), WHAT, "symbol")?;
        let side = match fields.text("side").as_deref() {
            Some("buy") => Side::Buy,
            Some("sell" | "sell_short") => Side::Sell,
            _ => return fields.need(None, WHAT, "side"),
        };
        let word = fields.need(fields.text("status"), WHAT, "status")?;
        let status = read_status(&word);
        let (qty, filled) = amounts(fields, status)?;
        let request = VenueRequest {
            id: client_id(fields, &venue_id)?,
            symbol,
            side,
            qty,
            kind: kind(fields),
            tif: tif(fields),
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        Ok(Self {
            venue_id,
            request,
            status,
            sleeps: word == "held",
            filled,
            avg_price: fields.price("filled_avg_price"),
            submitted_at: fields.at("submitted_at").or_else(|| fields.at("created_at")),
            replaced_by: fields.text("replaced_by").and_then(|id| id.parse().ok()),
            has_family: false,
            legs: Vec::new(),
        })
    }

    /// Gives the legs of an order of ours the ids that we know them by, and ties each to the other.
    fn name_legs(&mut self, is_pair: bool) {
        let parent = self.request.id;
        let filled = self.status == OrderStatus::Filled;
        let ids: Vec<ClientOrderId> = self
            .legs
            .iter_mut()
            .map(|leg| {
                let stops = leg.request.kind.stop().is_some();
                let ours = if stops { parent.stop_leg() } else { parent.target_leg() };
                leg.request.id = ours.filter(|_| !is_pair).unwrap_or(leg.request.id);
                leg.request.id
            })
            .collect();
        let target_works = self
            .legs
            .iter()
            .any(|leg| leg.request.kind.stop().is_none() && leg.status.is_live() && !leg.sleeps);
        for (index, leg) in self.legs.iter_mut().enumerate() {
            let (id, kind) = (leg.request.id, leg.request.kind);
            if is_pair {
                leg.request.one_cancels = Some(parent);
                self.request.one_cancels = Some(id);
            } else {
                let sibling = ids.iter().enumerate().find(|(other, _)| *other != index);
                leg.request.one_cancels = sibling.map(|(_, id)| *id);
                match kind.stop() {
                    Some(price) => self.request.stop_loss = Some(Leg { id, price }),
                    None => self.request.take_profit = kind.limit().map(|price| Leg { id, price }),
                }
            }
            // Of a pair that is awake the venue shows the target as new and the stop as held: it watches the
            // stop itself, because both at once would need the shares twice.
            let watched = is_pair && self.status.is_live() || filled && target_works;
            if leg.sleeps && watched && kind.stop().is_some() {
                (leg.sleeps, leg.status) = (false, OrderStatus::Working);
            }
        }
    }

    /// This order and its legs, each as one of a list.
    pub fn flat(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.legs)
    }

    /// The order in the words that every venue shares.
    pub fn listed(&self) -> VenueOrder {
        VenueOrder { request: self.request, status: self.status, filled: self.filled }
    }
}

fn client_id(fields: &Fields<'_>, venue_id: &VenueId) -> Result<ClientOrderId, WireFault> {
    // Somebody else's program may have named it as we never would: the venue's id is as good.
    let given = fields.text("client_order_id").and_then(|id| id.parse().ok());
    fields.need(given.or_else(|| venue_id.0.parse().ok()), WHAT, "client_order_id")
}

fn amounts(fields: &Fields<'_>, status: OrderStatus) -> Result<(Qty, Qty), WireFault> {
    let told = fields.qty("filled_qty").map(Qty::abs);
    let qty = match fields.qty("qty").map(Qty::abs).filter(|qty| qty.is_positive()) {
        Some(qty) => qty,
        // Somebody asked for so many dollars' worth. How many shares that will be nobody knows before they
        // are filled: until then it counts as more than any limit allows.
        None if fields.text("notional").is_some() && status.is_live() => Qty::LARGEST,
        None if !status.is_live() => fields.need(told, WHAT, "qty")?,
        None => return fields.need(None, WHAT, "qty"),
    };
    let filled = match (told, status) {
        (Some(filled), _) => filled.min(qty),
        (None, OrderStatus::Filled) => qty,
        (None, OrderStatus::Partial) => return fields.need(None, WHAT, "filled_qty"),
        (None, _) => Qty::ZERO,
    };
    Ok((qty, filled))
}

fn tif(fields: &Fields<'_>) -> TimeInForce {
    let word = fields.text("time_in_force").unwrap_or_default();
    let tif = word.parse().unwrap_or_default();
    match (tif, fields.flag("extended_hours")) {
        (TimeInForce::Day, Some(true)) => TimeInForce::Ext,
        (tif, _) => tif,
    }
}

fn kind(fields: &Fields<'_>) -> OrderKind {
    let (limit, stop) = (fields.price("limit_price"), fields.price("stop_price"));
    let amount = fields.price("trail_price").map(Trail::Amount);
    let trail = amount.or_else(|| {
        fields.text("trail_percent").and_then(|percent| percent.parse().ok()).map(Trail::Percent)
    });
    let word = fields.text("type").or_else(|| fields.text("order_type")).unwrap_or_default();
    match (word.as_ref(), limit, stop, trail) {
        // Where its trigger is not told it counts as one that never comes.
        ("trailing_stop", _, stop, Some(trail)) | ("", None, stop, Some(trail)) => {
            OrderKind::TrailingStop { stop: stop.unwrap_or(Price::ZERO), trail }
        }
        ("market", ..) => OrderKind::Market,
        (_, Some(limit), Some(stop), _) => OrderKind::StopLimit { stop, limit },
        (_, Some(limit), None, _) => OrderKind::Limit { limit },
        (_, None, Some(stop), _) => OrderKind::Stop { stop },
        ("stop" | "trailing_stop", None, None, _) => OrderKind::Stop { stop: Price::ZERO },
        (_, None, None, _) => OrderKind::Market,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"id":"61e69015-8549-4bfd-b9c3-01e75843f47d","client_order_id":"hs-pabc123-261124-7","symbol":"SPY","side":"buy","qty":"10","filled_qty":"4","filled_avg_price":"600.1234567891","type":"limit","order_type":"limit","time_in_force":"day","limit_price":"600.5","stop_price":null,"status":"partially_filled","extended_hours":false,"legs":null,"order_class":"","submitted_at":"2026-11-24T15:00:00.123456789Z"}"#;

    fn order(text: &str) -> WireOrder {
        WireOrder::read(&Fields::read(text, "order").unwrap()).unwrap()
    }

    fn bracket(parent: &str, stop: &str, target: &str) -> String {
        let leg = |id: &str, kind: &str, status: &str| {
            format!(
                r#"{{"id":"{id}","client_order_id":"5c4b8a5e-0000-0000-0000-0000000000{id}","symbol":"SPY","side":"sell","qty":"10","filled_qty":"0","type":"{kind}","{}":"590","status":"{status}","time_in_force":"day"}}"#,
                if kind == "stop" { "stop_price" } else { "limit_price" }
            )
        };
        let legs = format!("[{},{}]", leg("02", "limit", target), leg("03", "stop", stop));
        format!(
            r#"{{"id":"01","client_order_id":"hs-pabc123-261124-7","symbol":"SPY","side":"buy","qty":"10","filled_qty":"10","type":"limit","limit_price":"600","status":"{parent}","order_class":"bracket","legs":{legs}}}"#
        )
    }

    #[test]
    fn an_order_is_read_with_all_its_numbers() {
        let read = order(PLAIN);
        assert_eq!(read.request.id.as_str(), "hs-pabc123-261124-7");
        assert_eq!((read.request.qty, read.filled), (Qty::shares(10), Qty::shares(4)));
        assert_eq!(read.request.kind, OrderKind::Limit { limit: "600.5".parse().unwrap() });
        assert_eq!(read.avg_price, Some("600.123456789".parse().unwrap()));
        assert_eq!(read.status, OrderStatus::Partial);
    }

    #[test]
    fn legs_of_ours_carry_our_ids_and_know_each_other() {
        let read = order(&bracket("new", "held", "held"));
        let [target, stop] = &read.legs[..] else { panic!() };
        assert_eq!(stop.request.id.as_str(), "hs-pabc123-261124-8");
        assert_eq!(target.request.id.as_str(), "hs-pabc123-261124-9");
        assert_eq!(stop.request.one_cancels, Some(target.request.id));
        assert_eq!(read.request.stop_loss.map(|leg| leg.id), Some(stop.request.id));
        assert_eq!(read.request.take_profit.map(|leg| leg.id), Some(target.request.id));
        assert!(stop.sleeps && target.sleeps);
    }

    #[test]
    fn a_held_stop_protects_once_its_order_has_filled_and_the_target_beside_it_works() {
        let awake = order(&bracket("filled", "held", "new"));
        assert_eq!((awake.legs[1].sleeps, awake.legs[1].status), (false, OrderStatus::Working));
        for (parent, target) in [("partially_filled", "held"), ("filled", "held"), ("new", "new")] {
            let asleep = order(&bracket(parent, "held", target));
            assert_eq!(asleep.legs[1].status, OrderStatus::Acked, "{parent} {target}");
        }
    }

    #[test]
    fn somebody_elses_pair_is_one_and_keeps_its_ids() {
        let text =
            bracket("new", "held", "held").replace("bracket", "oco").replace("hs-pabc123-261124-7", "x");
        let read = order(&text.replace(r#""filled_qty":"10""#, r#""filled_qty":"0""#));
        assert_eq!(read.request.one_cancels, Some(read.legs[1].request.id));
        assert_eq!(read.legs[1].status, OrderStatus::Working);
        let odd = order(&PLAIN.replace("hs-pabc123-261124-7", "ünnameable name"));
        assert_eq!(odd.request.id.as_str(), "61e69015-8549-4bfd-b9c3-01e75843f47d");
    }

    #[test]
    fn dollars_worth_of_shares_counts_as_more_than_any_limit_allows_until_it_is_filled() {
        let live = PLAIN.replace(r#""qty":"10""#, r#""qty":null,"notional":"500""#);
        assert_eq!(order(&live).request.qty, Qty::LARGEST);
        assert_eq!(order(&live.replace("partially_filled", "filled")).request.qty, Qty::shares(4));
    }

    #[test]
    fn what_is_needed_is_named_where_it_is_missing() {
        for field in ["id", "symbol", "side", "status", "qty", "filled_qty"] {
            let text = PLAIN.replace(&format!("\"{field}\":"), "\"gone\":");
            let fault = WireOrder::read(&Fields::read(&text, "order").unwrap()).unwrap_err();
            assert!(fault.to_string().contains(&format!("has no {field} that")), "{fault}");
        }
    }

    #[test]
    fn a_trail_without_its_trigger_is_one_that_never_comes() {
        let text = PLAIN.replace(r#""type":"limit""#, r#""type":"trailing_stop","trail_percent":"1.5""#);
        let trail = Trail::Percent("1.5".parse().unwrap());
        assert_eq!(order(&text).request.kind, OrderKind::TrailingStop { stop: Price::ZERO, trail });
    }
}
