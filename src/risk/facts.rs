use std::collections::{BTreeMap, BTreeSet};

use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::risk::book::{Book, Entry, Guard, GuardKind, LiveOrder};
use crate::risk::order::{KnownOrder, Role};
use crate::risk::position::Position;

/// The book and the cash, moved by facts alone: nothing here asks whether a fact is welcome.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) book: Book,
    pub(super) cash: Option<Money>,
    /// Where each order that is not ended stands.
    places: BTreeMap<ClientOrderId, Symbol>,
    /// Executions that were applied: each counts once, however often it is told.
    executions: BTreeSet<String>,
    groups: BTreeMap<ClientOrderId, u32>,
    next_group: u32,
}

impl Facts {
    /// Whether the order is live here.
    pub(super) fn is_known(&self, id: ClientOrderId) -> bool {
        self.places.contains_key(&id)
    }

    pub(super) fn add_order(&mut self, symbol: Symbol, order: LiveOrder) {
        if let Some(id) = order.id {
            self.places.insert(id, symbol);
        }
        self.book.entry(symbol).orders.push(order);
    }

    pub(super) fn add_guard(&mut self, symbol: Symbol, guard: Guard) {
        if let Some(id) = guard.id {
            self.places.insert(id, symbol);
        }
        self.book.entry(symbol).guards.push(guard);
    }

    /// The number of the group that is named by the order `id`.
    pub(super) fn group_of(&mut self, id: ClientOrderId) -> u32 {
        let next = self.next_group;
        let group = *self.groups.entry(id).or_insert(next);
        if group == next {
            self.next_group = next.saturating_add(1);
        }
        group
    }

    /// Takes in an order that was not admitted here; one that is known, or has ended, changes nothing.
    pub(super) fn restore(&mut self, known: &KnownOrder) {
        if self.is_known(known.id) || !known.status.is_live() || known.filled >= known.qty {
            return;
        }
        let group = known.group.map(|id| self.group_of(id));
        if known.role != Role::Protective {
            let order = LiveOrder {
                id: Some(known.id),
                side: known.side,
                qty: known.qty,
                filled: known.filled,
                kind: known.kind,
                collar: None,
                stop_loss: known.stop_loss,
                group,
                complex: known.stop_loss.is_some() && known.qty.is_whole(),
            };
            self.add_order(known.symbol, order);
            return;
        }
        let (kind, price) = match (known.kind.stop(), known.kind.limit()) {
            (Some(stop), _) => (GuardKind::Stop, stop),
            (None, Some(limit)) => (GuardKind::Target, limit),
            (None, None) => return,
        };
        let guard = Guard {
            id: Some(known.id),
            parent: None,
            kind,
            side: known.side,
            qty: Qty::from_nanos(known.qty.nanos().saturating_sub(known.filled.nanos())),
            price,
            // Until the venue says so again, it protects nothing.
            working: matches!(known.status, OrderStatus::Working | OrderStatus::Partial),
            group,
        };
        self.add_guard(known.symbol, guard);
    }

    /// Applies an execution; `false` when it was applied before.
    pub(super) fn fill(&mut self, fill: &Fill) -> Result<bool, Overflow> {
        if self.executions.contains(&fill.execution) {
            return Ok(false);
        }
        let entry = self.book.entry(fill.symbol);
        let position = entry.position.after(fill.side, fill.qty, fill.price)?;
        let cash = match self.cash {
            None => None,
            Some(cash) => Some(cash.minus(fill.price.times(fill.qty.signed(fill.side)))?.minus(fill.fee)?),
        };
        entry.position = position;
        self.cash = cash;
        self.executions.insert(fill.execution.clone());
        let ended = lower(entry, fill.order, fill.qty);
        if ended {
            self.places.remove(&fill.order);
            self.groups.remove(&fill.order);
        }
        Ok(true)
    }

    /// Moves an order along its life. A terminal word frees what it reserved; the words of an order
    /// that is not live here change nothing, so no state leaves a terminal one.
    pub(super) fn status(&mut self, id: ClientOrderId, status: OrderStatus) {
        let Some(symbol) = self.places.get(&id).copied() else {
            return;
        };
        let Some(entry) = self.book.get_mut(symbol) else {
            return;
        };
        if status.is_live() {
            let in_doubt = matches!(
                status,
                OrderStatus::Unknown | OrderStatus::PendingCancel | OrderStatus::PendingReplace
            );
            if in_doubt {
                set_working(entry, id, false);
            }
            return;
        }
        let unfilled = entry.orders.iter().any(|order| order.id == Some(id) && order.filled.is_zero());
        entry.orders.retain(|order| order.id != Some(id));
        entry.guards.retain(|guard| guard.id != Some(id));
        self.places.remove(&id);
        self.groups.remove(&id);
        if unfilled && status != OrderStatus::Filled {
            // Legs sleep behind their parent; one that never filled takes them with it.
            let places = &mut self.places;
            entry.guards.retain(|guard| {
                let orphan = guard.parent == Some(id);
                if let (true, Some(leg)) = (orphan, guard.id) {
                    places.remove(&leg);
                }
                !orphan
            });
        }
    }

    pub(super) fn stop_working(&mut self, id: ClientOrderId, working: bool) {
        if let Some(symbol) = self.places.get(&id).copied()
            && let Some(entry) = self.book.get_mut(symbol)
        {
            set_working(entry, id, working);
        }
    }

    pub(super) fn stop_moved(&mut self, id: ClientOrderId, stop: Price) {
        let Some(entry) = self.places.get(&id).and_then(|symbol| self.book.get_mut(*symbol)) else { return };
        for guard in entry.guards.iter_mut().filter(|guard| guard.id == Some(id)) {
            guard.price = stop;
        }
    }

    pub(super) fn position(&mut self, symbol: Symbol, position: Position) {
        self.book.entry(symbol).position = position;
    }
}

fn set_working(entry: &mut Entry, id: ClientOrderId, working: bool) {
    for guard in entry.guards.iter_mut().filter(|guard| guard.id == Some(id)) {
        guard.working = working;
    }
}

/// Takes `qty` from what is left of the order; true when nothing is.
fn lower(entry: &mut Entry, id: ClientOrderId, qty: Qty) -> bool {
    let more = |to: Qty| Qty::from_nanos(to.nanos().saturating_add(qty.nanos()));
    if let Some(order) = entry.orders.iter_mut().find(|order| order.id == Some(id)) {
        order.filled = more(order.filled).min(order.qty);
        let ended = order.rest().is_zero();
        entry.orders.retain(|order| !order.rest().is_zero());
        for leg in entry.guards.iter_mut().filter(|guard| guard.parent == Some(id)) {
            leg.qty = more(leg.qty);
        }
        return ended;
    }
    let Some(guard) = entry.guards.iter().find(|guard| guard.id == Some(id)).copied() else {
        return false;
    };
    // A leg may be told to have filled before its order is: it then owes what that one is yet to be told of.
    let owes = guard.parent.is_some_and(|parent| entry.orders.iter().any(|order| order.id == Some(parent)));
    let less = |from: Qty| {
        let left = Qty::from_nanos(from.nanos().saturating_sub(qty.nanos()));
        if owes { left } else { left.at_least_zero() }
    };
    // What one of a stop and its target has closed, the other cannot close again.
    let together =
        |other: &Guard| other.id == Some(id) || (guard.group.is_some() && other.group == guard.group);
    for other in entry.guards.iter_mut().filter(|other| together(other)) {
        other.qty = less(other.qty);
    }
    let ended = !owes && less(guard.qty).is_zero();
    if ended {
        entry.guards.retain(|guard| guard.id != Some(id));
    }
    ended
}
