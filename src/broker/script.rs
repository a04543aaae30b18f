//! A venue that does exactly what a test says, for what the embedded exchange never does.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{
    Leg, VenueAccount, VenueAnswer, VenueOrder, VenuePosition, VenueRequest, VenueState,
};

/// Monday 2013-10-07, 10:00 in New York.
pub(crate) const NOW: At = At::from_seconds(1_381_154_400);

/// What the scripted venue holds, and how it misbehaves.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) positions: BTreeMap<Symbol, Qty>,
    pub(crate) open: Vec<VenueOrder>,
    pub(crate) closed: Vec<VenueOrder>,
    /// Nothing can be read.
    pub(crate) silent: bool,
    /// How often it was told to close everything by itself.
    pub(crate) closed_all: u32,
    /// Orders whose cancel has no effect.
    pub(crate) stubborn: BTreeSet<ClientOrderId>,
    /// A cancelled bracket takes its group's stop down with it, as at Alpaca.
    pub(crate) group_goes: bool,
    /// How many submits time out; of each whether it had arrived.
    pub(crate) timeouts: Vec<bool>,
    /// Every submit is refused with these words.
    pub(crate) refuses: Option<&'static str>,
    /// Of how many submits whoever sends them dies, before an answer.
    pub(crate) deadly: u32,
    /// Market orders rest, as they do outside of the session.
    pub(crate) queues: bool,
    /// Whether it was told to take no orders.
    pub(crate) suspended: Option<bool>,
    /// Every request that was sent, in order.
    pub(crate) sent: Vec<VenueRequest>,
    /// When it is there.
    pub(crate) at: Option<At>,
}

impl Script {
    pub(crate) fn close_all(&mut self) {
        self.closed_all += 1;
        self.open.clear();
        self.positions.clear();
    }

    pub(crate) fn state(&self, ids: &[ClientOrderId]) -> Result<VenueState, String> {
        if self.silent {
            return Err("no route to the venue".to_owned());
        }
        let held: Vec<(Symbol, Qty)> = self.positions.iter().map(|(symbol, qty)| (*symbol, *qty)).collect();
        let closed = self.closed.iter().filter(|order| ids.contains(&order.request.id));
        let closed_orders = closed.cloned().collect();
        let at = self.at.unwrap_or(NOW);
        Ok(VenueState { at, closed_orders, ..listed(&held, self.open.clone()) })
    }

    pub(crate) fn cancel(&mut self, id: ClientOrderId) -> VenueAnswer {
        if self.stubborn.contains(&id) {
            return VenueAnswer::Unknown("timed out".to_owned());
        }
        let stop = self.open.iter().find(|order| order.request.id == id).and_then(|o| o.request.stop_loss);
        let group = stop.filter(|_| self.group_goes).map(|leg| leg.id);
        let (gone, left) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|order| order.request.id == id || Some(order.request.id) == group);
        self.open = left;
        let gone: Vec<VenueOrder> = gone;
        self.closed
            .extend(gone.into_iter().map(|order| VenueOrder { status: OrderStatus::Canceled, ..order }));
        VenueAnswer::Taken
    }

    pub(crate) fn submit(&mut self, request: &VenueRequest) -> VenueAnswer {
        self.sent.push(*request);
        assert!(self.deadly == 0, "it dies on purpose");
        let arrives = if self.timeouts.is_empty() { None } else { Some(self.timeouts.remove(0)) };
        if arrives == Some(false) {
            return VenueAnswer::Unknown("timed out".to_owned());
        }
        if let Some(words) = self.refuses {
            return VenueAnswer::Refused(words.to_owned());
        }
        let known = self.open.iter().chain(&self.closed).any(|order| order.request.id == request.id);
        if known {
            return VenueAnswer::Refused("client_order_id must be unique".to_owned());
        }
        let order = VenueOrder { request: *request, status: OrderStatus::Working, filled: Qty::ZERO };
        if request.kind == OrderKind::Market && !self.queues {
            let held = self.positions.entry(request.symbol).or_default();
            *held = held.plus(request.qty.signed(request.side)).unwrap();
            self.positions.retain(|_, qty| !qty.is_zero());
            self.closed.push(VenueOrder { status: OrderStatus::Filled, filled: request.qty, ..order });
        } else {
            self.open.push(order);
        }
        if arrives.is_some() { VenueAnswer::Unknown("timed out".to_owned()) } else { VenueAnswer::Taken }
    }
}

/// A venue's whole state with these positions and orders.
pub(crate) fn state(positions: &[(&str, i32)], orders: &[VenueOrder]) -> VenueState {
    let held: Vec<(Symbol, Qty)> =
        positions.iter().map(|(name, shares)| (name.parse().unwrap(), Qty::shares(*shares))).collect();
    listed(&held, orders.to_vec())
}

fn listed(held: &[(Symbol, Qty)], open_orders: Vec<VenueOrder>) -> VenueState {
    let zero = Money::ZERO;
    let position =
        |(symbol, qty): &(Symbol, Qty)| VenuePosition { symbol: *symbol, qty: *qty, avg_price: Price::ZERO };
    VenueState {
        at: NOW,
        account: VenueAccount { equity: zero, last_equity: zero, cash: zero, buying_power: zero },
        positions: held.iter().map(position).collect(),
        open_orders,
        closed_orders: Vec::new(),
        fills: Vec::new(),
    }
}

pub(crate) fn id(number: u64) -> ClientOrderId {
    format!("hs-s000000-131007-{number}").parse().unwrap()
}

/// An order of signed shares.
pub(crate) fn order(number: u64, symbol: &str, shares: i32, kind: OrderKind) -> VenueOrder {
    let request = VenueRequest {
        id: id(number),
        symbol: symbol.parse().unwrap(),
        side: if shares < 0 { Side::Sell } else { Side::Buy },
        qty: Qty::shares(shares.abs()),
        kind,
        tif: TimeInForce::Gtc,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    VenueOrder { request, status: OrderStatus::Working, filled: Qty::ZERO }
}

pub(crate) fn limit(number: u64, symbol: &str, shares: i32) -> VenueOrder {
    order(number, symbol, shares, OrderKind::Limit { limit: Price::from_cents(5_000) })
}

pub(crate) fn stop(number: u64, symbol: &str, shares: i32) -> VenueOrder {
    order(number, symbol, shares, OrderKind::Stop { stop: Price::from_cents(4_700) })
}

pub(crate) fn market(number: u64, symbol: &str, shares: i32) -> VenueOrder {
    order(number, symbol, shares, OrderKind::Market)
}

/// A limit order of which some shares are filled, with a stop at 47 under the number times nine.
pub(crate) fn bracket(number: u64, symbol: &str, shares: i32, filled: i32) -> VenueOrder {
    let mut order = limit(number, symbol, shares);
    order.request.stop_loss = Some(Leg { id: id(number * 9), price: Price::from_cents(4_700) });
    order.filled = Qty::shares(filled);
    order
}
