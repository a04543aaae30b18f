use crate::domain::id::ClientOrderId;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::risk::book::{LiveOrder, Marks};
use crate::risk::form::collar;
use crate::risk::measure::Rate;

/// An order as the sums see it: what is left, at which price it counts, and what a share of it risks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) side: Side,
    /// Billionths of a share.
    pub(super) rest: i64,
    /// The price it counts at.
    pub(super) rate: Rate,
    /// What a share of it risks while it is an opening order.
    pub(super) risk: Rate,
}

impl Counted {
    /// `order` at what is left of it.
    pub(super) fn of(order: &LiveOrder, marks: Marks) -> Self {
        let rate = match (order.kind, order.collar) {
            (OrderKind::Market, Some(sent)) => Rate::of(sent),
            (kind, _) => counting_rate(order.side, kind, marks),
        };
        let risk = risk_per_share(order.side, rate, order.stop_loss, order.qty.is_whole());
        Self { side: order.side, rest: order.rest().nanos(), rate, risk }
    }
}

/// The price at which an order counts: a market order at its collar of now, a buy stop two per cent
/// above its trigger, a sell stop at its trigger, all others at their limit.
pub(super) fn counting_rate(side: Side, kind: OrderKind, marks: Marks) -> Rate {
    match kind {
        OrderKind::Market => Rate::of(collar(side, marks)),
        OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } if side == Side::Buy => {
            Rate::raised(stop)
        }
        OrderKind::Stop { stop: price }
        | OrderKind::TrailingStop { stop: price, .. }
        | OrderKind::Limit { limit: price }
        | OrderKind::StopLimit { limit: price, .. } => Rate::of(price),
    }
}

/// What a share of a pending opening order risks: the way to a stop on its losing side, but at least
/// half a per cent; without one, all of it for a buy and twice as much for a sell. A part of a share
/// gets its stop only after the fill, so it has none here.
pub(super) fn risk_per_share(side: Side, rate: Rate, stop_loss: Option<Price>, whole: bool) -> Rate {
    let way = stop_loss.filter(|_| whole).map(|stop| match side {
        Side::Buy => rate.minus(Rate::of(stop)),
        Side::Sell => Rate::of(stop).minus(rate),
    });
    match way {
        Some(way) if way > Rate::default() => way.max(rate.half_percent()),
        _ if side == Side::Buy => rate,
        _ => rate.doubled(),
    }
}

/// What is left of the live orders of one side, in billionths of a share; a group counts once, by its
/// largest rest.
pub(super) fn rest_of(orders: &[LiveOrder], side: Side, skip: Option<ClientOrderId>) -> i128 {
    let mut total: i128 = 0;
    for (index, order) in orders.iter().enumerate() {
        if order.side != side || is_skipped(order, skip) || !leads(orders, index, skip) {
            continue;
        }
        let rest = group_of(orders, index, skip).map(|order| order.rest().nanos()).max().unwrap_or(0);
        total = total.saturating_add(i128::from(rest));
    }
    total
}

/// Whether `order` is the one left out, because the order being judged takes its place.
pub(super) fn is_skipped(order: &LiveOrder, skip: Option<ClientOrderId>) -> bool {
    skip.is_some() && order.id == skip
}

/// Whether the order at `index` is the first of its group and side, and so speaks for it.
pub(super) fn leads(orders: &[LiveOrder], index: usize, skip: Option<ClientOrderId>) -> bool {
    let Some(order) = orders.get(index).filter(|order| order.group.is_some()) else {
        return true;
    };
    let before = orders.iter().take(index);
    !before.into_iter().any(|other| same_group(other, order) && !is_skipped(other, skip))
}

/// The order at `index` and, where it has a group, the members of it on its side that come later.
pub(super) fn group_of(
    orders: &[LiveOrder],
    index: usize,
    skip: Option<ClientOrderId>,
) -> impl Iterator<Item = &LiveOrder> {
    let lead = orders.get(index);
    let grouped = lead.filter(|order| order.group.is_some());
    let later = grouped.into_iter().flat_map(move |order| {
        let rest = orders.iter().skip(index.saturating_add(1));
        rest.filter(move |other| same_group(other, order) && !is_skipped(other, skip))
    });
    lead.into_iter().chain(later)
}

fn same_group(one: &LiveOrder, other: &LiveOrder) -> bool {
    one.group == other.group && one.side == other.side
}

/// Billionths of a share as a quantity; more than a quantity can hold becomes the most it can.
pub(super) fn to_qty(nanos: i128) -> Qty {
    Qty::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}
