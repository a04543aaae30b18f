use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::VenueRequest;
use crate::risk::order::Role;

/// An order of this ledger, as far as the machine knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What was sent.
    pub request: VenueRequest,
    /// What it may do.
    pub role: Role,
    /// Who asked.
    pub origin: Origin,
    /// The order whose fills it protects or closes.
    pub parent: Option<ClientOrderId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Shares filled so far.
    pub filled: Qty,
    /// When it was made.
    pub made_at: At,
    /// When the rest of a market order is taken back.
    pub rest_until: Option<At>,
    /// How often, and since when, the venue did not know it.
    pub misses: Misses,
    /// Since when nobody knows whether its cancel arrived.
    pub cancel_unheard: Option<At>,
    /// When the venue last refused to cancel it.
    pub cancel_refused_at: Option<At>,
    /// The strategy's own word for it.
    pub tag: Option<String>,
    /// What is to protect the shares that it opens.
    pub protection: Protection,
}

/// Where the stop of what is opened belongs, and how it follows the market.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protection {
    /// The stop's trigger.
    pub stop: Option<Price>,
    /// How it follows.
    pub trail: Option<Trail>,
}

/// The evidence that an order never arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Misses {
    /// Readings of the venue's lists in which it did not stand.
    pub count: u32,
    /// The first of them.
    pub since: Option<At>,
}

/// Readings and time after which an order that the venue never shows is presumed dead.
const MISSES_MIN: u32 = 3;
const MISSING_MS_MIN: i64 = 30_000;

impl Order {
    /// Shares still to fill; zero once it has ended.
    pub fn remaining(&self) -> Qty {
        if self.status.is_live() {
            self.request.qty.minus(self.filled).unwrap_or(Qty::ZERO).at_least_zero()
        } else {
            Qty::ZERO
        }
    }

    /// Whether it is a protective stop, as against a target or an order that opens or exits.
    pub fn is_stop(&self) -> bool {
        self.role == Role::Protective && self.request.kind.stop().is_some()
    }

    /// Whether somebody placed it by hand, and wants it as it is.
    pub fn is_by_hand(&self) -> bool {
        self.parent.is_none() && matches!(self.origin, Origin::Operator | Origin::Strategy(_))
    }

    /// Whether it sleeps until the order it belongs to fills.
    pub fn is_leg(&self) -> bool {
        self.parent.is_some()
    }

    /// Notes one reading without it. `true` when it is now presumed dead.
    pub fn miss(&mut self, at: At) -> bool {
        let since = *self.misses.since.get_or_insert(at);
        self.misses.count = self.misses.count.saturating_add(1);
        self.misses.count >= MISSES_MIN && at.millis_since(since) >= MISSING_MS_MIN
    }
}

/// What became of a wished change of an order's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It changed.
    Changed,
    /// It stands there already, or has ended: nothing leaves an end.
    Nothing,
    /// No such order is known.
    Unheard,
}

/// Every order of the ledger that lives, and those that ended since the open before the last: what ended earlier is
/// the journal's alone, as everything that ended is after a restart, so that a run of years stays as small as a day's.
#[derive(Debug, Default)]
pub struct Orders {
    // Boxed: rows of a map that only grows are half empty, and an order is wide.
    known: BTreeMap<ClientOrderId, Box<Order>>,
    // The living by symbol, so that a tick never walks through the dead.
    live: BTreeMap<Symbol, Vec<ClientOrderId>>,
    // Shares of orders that filled before anybody told of them.
    strange: BTreeMap<ClientOrderId, Qty>,
    ended_lately: Vec<ClientOrderId>,
    ended_before: Vec<ClientOrderId>,
}

impl Orders {
    /// A session opens: lets go of what had ended before the last one opened, but for those that are `kept` and for
    /// the parents of legs that live.
    pub fn begin_session(&mut self, kept: &BTreeSet<ClientOrderId>) {
        let ended = std::mem::replace(&mut self.ended_before, std::mem::take(&mut self.ended_lately));
        let parents: BTreeSet<ClientOrderId> = self.live().filter_map(|order| order.parent).collect();
        for id in ended {
            if kept.contains(&id) || parents.contains(&id) {
                self.ended_lately.push(id);
            } else {
                self.known.remove(&id);
            }
        }
    }

    /// Orders of one strategy's number are another's from here on.
    pub fn hand_over(&mut self, from: StrategyId, to: StrategyId) {
        for order in self.known.values_mut().filter(|order| order.origin == Origin::Strategy(from)) {
            order.origin = Origin::Strategy(to);
        }
    }

    /// Adds an order; one of the same id stays as it is.
    pub fn add(&mut self, order: Order) {
        let (id, symbol) = (order.request.id, order.request.symbol);
        if self.known.contains_key(&id) {
            return;
        }
        if order.status.is_live() {
            self.live.entry(symbol).or_default().push(id);
        } else {
            self.ended_lately.push(id);
        }
        self.known.insert(id, Box::new(order));
    }

    /// Takes out an order that was not ours as far as anybody knew, to be added anew as what it is.
    pub fn forget(&mut self, id: ClientOrderId) {
        if let Some(order) = self.known.remove(&id)
            && let Some(ids) = self.live.get_mut(&order.request.symbol)
        {
            ids.retain(|live| *live != id);
        }
    }

    /// Counts a fill of an order that is not known, for the case that it comes to be.
    pub fn note_strange(&mut self, id: ClientOrderId, qty: Qty) {
        let filled = self.strange.entry(id).or_default();
        *filled = filled.plus(qty).unwrap_or(Qty::LARGEST);
    }

    /// What an order had filled before it was known.
    pub fn filled_before_it_was_known(&self, id: ClientOrderId) -> Qty {
        self.strange.get(&id).copied().unwrap_or_default()
    }

    /// The order of this id.
    pub fn get(&self, id: ClientOrderId) -> Option<&Order> {
        self.known.get(&id).map(Box::as_ref)
    }

    /// The order of this id, to be changed in anything but its state.
    pub fn get_mut(&mut self, id: ClientOrderId) -> Option<&mut Order> {
        self.known.get_mut(&id).map(Box::as_mut)
    }

    /// Moves an order to a state. An end is never left, and a partial fill is not un-filled by a
    /// late word that it works.
    pub fn change(&mut self, id: ClientOrderId, status: OrderStatus) -> Change {
        let Some(order) = self.known.get_mut(&id) else { return Change::Unheard };
        let settled = if status == OrderStatus::Working && order.filled.is_positive() {
            OrderStatus::Partial
        } else {
            status
        };
        if !order.status.is_live() || order.status == settled {
            return Change::Nothing;
        }
        let moves_back = matches!(settled, OrderStatus::Acked | OrderStatus::Sending)
            && !matches!(order.status, OrderStatus::Intent | OrderStatus::Sending | OrderStatus::Unknown);
        let cancel_runs = order.status == OrderStatus::PendingCancel
            && matches!(settled, OrderStatus::Acked | OrderStatus::Working | OrderStatus::Partial);
        if moves_back || cancel_runs {
            return Change::Nothing;
        }
        order.status = settled;
        if !settled.is_live() {
            let symbol = order.request.symbol;
            if let Some(ids) = self.live.get_mut(&symbol) {
                ids.retain(|live| *live != id);
            }
            self.ended_lately.push(id);
        }
        Change::Changed
    }

    /// A cancel was refused: the order goes on working.
    pub fn cancel_failed(&mut self, id: ClientOrderId) -> Change {
        let Some(order) = self.known.get_mut(&id) else { return Change::Unheard };
        if order.status != OrderStatus::PendingCancel {
            return Change::Nothing;
        }
        order.status = if order.filled.is_positive() { OrderStatus::Partial } else { OrderStatus::Working };
        Change::Changed
    }

    /// The live orders of a symbol, in the order in which they were made.
    pub fn live_of(&self, symbol: Symbol) -> impl Iterator<Item = &Order> {
        self.live.get(&symbol).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// Every live order, by symbol.
    pub fn live(&self) -> impl Iterator<Item = &Order> {
        self.live.values().flatten().filter_map(|id| self.get(*id))
    }

    /// Shares of live exits of the symbol (neither protective stops nor targets)
    /// on the side that closes a position.
    pub fn exits_remaining(&self, symbol: Symbol, closing: Side) -> Qty {
        self.sum(symbol, closing, |order| order.role == Role::Reducing && !order.is_leg())
    }

    fn sum(&self, symbol: Symbol, side: Side, counts: impl Fn(&Order) -> bool) -> Qty {
        let matching = self.live_of(symbol).filter(|order| order.request.side == side && counts(order));
        matching.fold(Qty::ZERO, |total, order| total.plus(order.remaining()).unwrap_or(Qty::LARGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::{OrderKind, TimeInForce};

    fn order(id: &str) -> Order {
        Order {
            request: VenueRequest {
                id: id.parse().unwrap(),
                symbol: "SPY".parse().unwrap(),
                side: Side::Buy,
                qty: Qty::shares(10),
                kind: OrderKind::Market,
                tif: TimeInForce::Day,
                stop_loss: None,
                take_profit: None,
                one_cancels: None,
            },
            role: Role::Opening,
            origin: Origin::Operator,
            parent: None,
            status: OrderStatus::Intent,
            filled: Qty::ZERO,
            made_at: At::default(),
            rest_until: None,
            misses: Misses::default(),
            cancel_unheard: None,
            cancel_refused_at: None,
            tag: None,
            protection: Protection::default(),
        }
    }

    #[test]
    fn no_state_leaves_an_end() {
        let mut orders = Orders::default();
        orders.add(order("a"));
        let id = "a".parse().unwrap();
        assert_eq!(orders.change(id, OrderStatus::Working), Change::Changed);
        assert_eq!(orders.change(id, OrderStatus::Sending), Change::Nothing, "a late answer changes nothing");
        assert_eq!(orders.change(id, OrderStatus::Canceled), Change::Changed);
        for later in [OrderStatus::Working, OrderStatus::Unknown, OrderStatus::Filled] {
            assert_eq!(orders.change(id, later), Change::Nothing);
        }
        assert_eq!(orders.live().count(), 0);
    }

    #[test]
    fn what_ended_is_known_through_the_next_day_and_a_parent_as_long_as_its_leg_lives() {
        let id = |text: &str| -> ClientOrderId { text.parse().unwrap() };
        let mut orders = Orders::default();
        for name in ["ended", "parent", "kept", "alive"] {
            orders.add(order(name));
        }
        orders.add(Order { parent: Some(id("parent")), ..order("leg") });
        for name in ["ended", "parent", "kept"] {
            orders.change(id(name), OrderStatus::Filled);
        }
        let kept = BTreeSet::from([id("kept")]);
        let known = |orders: &Orders| {
            let all = ["ended", "parent", "kept", "alive", "leg"];
            all.into_iter().filter(|name| orders.get(id(name)).is_some()).collect::<Vec<_>>()
        };
        orders.begin_session(&kept);
        assert_eq!(known(&orders), ["ended", "parent", "kept", "alive", "leg"], "it ended the day before");
        orders.begin_session(&kept);
        assert_eq!(known(&orders), ["parent", "kept", "alive", "leg"]);
        orders.change(id("leg"), OrderStatus::Canceled);
        for _day in 0..3 {
            orders.begin_session(&BTreeSet::new());
        }
        assert_eq!(known(&orders), ["alive"]);
    }

    #[test]
    fn a_target_protects_and_is_no_stop() {
        let price = "50".parse().unwrap();
        let of = |role, kind| {
            let plain = order("a");
            Order { role, request: VenueRequest { kind, ..plain.request }, ..plain }
        };
        assert!(of(Role::Protective, OrderKind::Stop { stop: price }).is_stop());
        assert!(!of(Role::Protective, OrderKind::Limit { limit: price }).is_stop());
        assert!(!of(Role::Opening, OrderKind::Stop { stop: price }).is_stop());
    }

    #[test]
    fn death_needs_three_misses_and_thirty_seconds() {
        let mut lost = order("a");
        let at = At::from_seconds(100);
        assert!(!lost.miss(at));
        assert!(!lost.miss(at.plus_seconds(29)));
        assert!(!lost.miss(at.plus_seconds(29)), "three misses, but too soon");
        assert!(lost.miss(at.plus_seconds(30)));
    }
}
