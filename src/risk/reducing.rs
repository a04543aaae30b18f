use crate::domain::id::ClientOrderId;
use crate::domain::intent::Intent;
use crate::domain::order::OrderKind;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::risk::book::{Entry, Guard, GuardKind, LiveOrder};
use crate::risk::count::{is_skipped, rest_of, to_qty};
use crate::risk::form::carries_legs;

/// How an order stands to the position and to the live orders of its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction {
    /// It can only make the position smaller, whatever else fills.
    pub(super) reducing: bool,
    /// It could take the position through zero.
    pub(super) crosses_zero: bool,
    /// Opposite to a position: live orders of its side with it, and the position's size.
    pub(super) against: Option<(Qty, Qty)>,
    /// What is left to reduce before it.
    pub(super) left: Qty,
}

/// An own order that stands in the way; it has an id wherever a gate runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resting {
    pub(super) id: Option<ClientOrderId>,
}

/// Reducing: p > 0, a sell, S ≤ p; or p < 0, a buy, B ≤ |p|, the order included. An order opposite
/// to p that is not reducing crosses zero; so does, when p = 0, one opposite to any live order.
pub(super) fn direction(entry: &Entry, side: Side, qty: Qty, skip: Option<ClientOrderId>) -> Direction {
    let held = entry.position.qty;
    if held.is_zero() {
        let facing = entry.orders.iter().any(|order| order.side != side && !is_skipped(order, skip));
        return Direction { reducing: false, crosses_zero: facing, against: None, left: Qty::ZERO };
    }
    if held.is_negative() == (side == Side::Sell) {
        return Direction { reducing: false, crosses_zero: false, against: None, left: Qty::ZERO };
    }
    let most = i128::from(held.abs().nanos());
    let before = rest_of(&entry.orders, side, skip);
    let with = before.saturating_add(i128::from(qty.nanos()));
    Direction {
        reducing: with <= most,
        crosses_zero: with > most,
        against: Some((to_qty(with), held.abs())),
        left: to_qty(most.saturating_sub(before).max(0)),
    }
}

/// How many shares held by own protective orders a reducing order needs released: `max(0, live exits
/// with it + stops − |p|)`, a group counted once by its largest.
pub(super) fn releases(entry: &Entry, side: Side, qty: Qty, skip: Option<ClientOrderId>) -> Option<Qty> {
    let needed = held_for_exits(entry, side, skip)
        .saturating_add(i128::from(qty.nanos()))
        .saturating_sub(i128::from(entry.position.qty.abs().nanos()));
    (needed > 0).then(|| to_qty(needed))
}

/// Shares that exits and own protective orders of `side` hold at the venue together.
pub(super) fn held_for_exits(entry: &Entry, side: Side, skip: Option<ClientOrderId>) -> i128 {
    let exits = entry.orders.iter().filter(|order| order.side == side && !is_skipped(order, skip));
    let exits = exits.map(|order| (order.group, order.rest().nanos()));
    let guards = entry.guards.iter().filter(|guard| guard.side == side);
    // A leg that filled before its order was told to have holds nothing, and not less.
    let guards = guards.map(|guard| (guard.group, guard.qty.nanos().max(0)));
    let mut groups: Vec<(u32, i64)> = Vec::new();
    let mut total: i128 = 0;
    for (group, qty) in exits.chain(guards) {
        match group {
            None => total = total.saturating_add(i128::from(qty)),
            Some(group) => match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, largest)) => *largest = (*largest).max(qty),
                None => groups.push((group, qty)),
            },
        }
    }
    groups.iter().fold(total, |sum, (_, largest)| sum.saturating_add(i128::from(*largest)))
}

/// The resting order that the intent, its prices on the grid, could trade with: a limit or market
/// order of the other side that meets it, either being a market order counting as meeting. Untriggered
/// stops do not.
pub(super) fn self_trade(
    entry: &Entry,
    side: Side,
    kind: OrderKind,
    skip: Option<ClientOrderId>,
) -> Option<Resting> {
    let order = entry
        .orders
        .iter()
        .find(|order| order.side != side && !is_skipped(order, skip) && could_trade(side, kind, order.kind));
    let target = || {
        entry.guards.iter().find(|guard| {
            guard.kind == GuardKind::Target
                && guard.side != side
                && guard.qty.is_positive()
                && could_trade(side, kind, OrderKind::Limit { limit: guard.price })
        })
    };
    order.map(|order| Resting { id: order.id }).or_else(|| target().map(|guard| Resting { id: guard.id }))
}

fn could_trade(side: Side, kind: OrderKind, resting: OrderKind) -> bool {
    match (kind, resting) {
        (OrderKind::Market, OrderKind::Market | OrderKind::Limit { .. })
        | (OrderKind::Limit { .. }, OrderKind::Market) => true,
        (OrderKind::Limit { limit: ours }, OrderKind::Limit { limit: resting }) => match side {
            Side::Buy => ours >= resting,
            Side::Sell => ours <= resting,
        },
        _ => false,
    }
}

/// The resting order for which Alpaca's wash table refuses a plain order of `side`: anything with a
/// market or plain stop order on either side, and limits that meet. Orders with legs are exempt, and
/// so are groups.
pub(super) fn washes(
    entry: &Entry,
    side: Side,
    kind: OrderKind,
    skip: Option<ClientOrderId>,
) -> Option<Resting> {
    if kind.trail().is_some() {
        return None;
    }
    let plain = |order: &&LiveOrder| {
        order.side != side && !order.complex && order.group.is_none() && !is_skipped(order, skip)
    };
    let order = entry.orders.iter().filter(plain).find(|order| is_wash(side, kind, order.kind));
    let lone_stop = |guard: &&Guard| {
        guard.side != side && guard.kind == GuardKind::Stop && guard.parent.is_none() && guard.group.is_none()
    };
    let stop = || entry.guards.iter().find(lone_stop);
    order.map(|order| Resting { id: order.id }).or_else(|| stop().map(|guard| Resting { id: guard.id }))
}

fn is_wash(side: Side, kind: OrderKind, resting: OrderKind) -> bool {
    match (kind.limit(), resting.limit()) {
        (Some(ours), Some(resting)) => match side {
            Side::Buy => ours >= resting,
            Side::Sell => ours <= resting,
        },
        _ => true,
    }
}

/// Whether an intent leaves as a simple order: without legs, which the wash table would exempt.
pub(super) fn is_simple(intent: &Intent, stop_loss: bool, reducing: bool) -> bool {
    reducing || !carries_legs(intent) || !(stop_loss || intent.take_profit.is_some())
}
