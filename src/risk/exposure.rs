use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::risk::book::{Entry, Marks};
use crate::risk::count::{Counted, group_of, is_skipped, leads};
use crate::risk::heat::{beyond_position, position_risk};
use crate::risk::measure::{Rate, add};

/// What one symbol adds to the sums, the order being judged included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Standing {
    /// The most that can be held of it after any sequence of fills, at the dearest price.
    pub(super) exposure: Money,
    /// What is lost if every stop is hit, and all that has none.
    pub(super) heat: Money,
}

/// The live orders of one side together.
#[derive(Debug, Clone, Copy, Default)]
struct Pile {
    /// Billionths of a share; a group once.
    rest: i128,
    /// The dearest price.
    dearest: Rate,
    /// The risk of all of them as opening orders.
    risk: Money,
}

impl Pile {
    fn add(&mut self, counted: &Counted) {
        self.rest = self.rest.saturating_add(i128::from(counted.rest));
        self.risk = add(self.risk, counted.risk.times(i128::from(counted.rest)));
    }
}

/// The standing of `entry` at `marks`, with `extra` counted as one more live order and `skip` left
/// out.
///
/// Exposure is `max(max(p+B, 0)·max(bid, buy prices), max(S−p, 0)·max(ask, sell prices))`: fills may
/// come in any order.
pub(super) fn standing(
    entry: &Entry,
    marks: Marks,
    extra: Option<&Counted>,
    skip: Option<ClientOrderId>,
) -> Standing {
    if entry.orders.is_empty() && extra.is_none() {
        // Most symbols only hold a position: nothing pending can add to it.
        let held = entry.position.qty;
        let exposure = mark_of(held.is_negative(), marks).times(held.abs());
        return Standing { exposure, heat: position_risk(entry, marks) };
    }
    let mut buys = Pile { dearest: Rate::of(marks.bid), ..Pile::default() };
    let mut sells = Pile { dearest: Rate::of(marks.ask), ..Pile::default() };
    for (index, order) in entry.orders.iter().enumerate() {
        if is_skipped(order, skip) {
            continue;
        }
        let pile = if order.side == Side::Buy { &mut buys } else { &mut sells };
        let counted = Counted::of(order, marks);
        pile.dearest = pile.dearest.max(counted.rate);
        if order.group.is_none() {
            pile.add(&counted);
        } else if leads(&entry.orders, index, skip) {
            pile.add(&widest(entry, index, marks, skip));
        }
    }
    if let Some(counted) = extra {
        let pile = if counted.side == Side::Buy { &mut buys } else { &mut sells };
        pile.dearest = pile.dearest.max(counted.rate);
        pile.add(counted);
    }
    let held = i128::from(entry.position.qty.nanos());
    let long = buys.dearest.times(held.saturating_add(buys.rest).max(0));
    let short = sells.dearest.times(sells.rest.saturating_sub(held).max(0));
    let mut heat = position_risk(entry, marks);
    for (side, pile) in [(Side::Buy, &buys), (Side::Sell, &sells)] {
        let opposite = if side == Side::Buy { held < 0 } else { held > 0 };
        let pending = if opposite {
            let beyond = pile.rest.saturating_sub(held.saturating_abs());
            beyond_position(entry, side, marks, extra, skip, beyond)
        } else {
            pile.risk
        };
        heat = add(heat, pending);
    }
    Standing { exposure: long.max(short), heat }
}

/// A group as one entry: its largest rest at its greatest risk per share.
pub(super) fn widest(entry: &Entry, lead: usize, marks: Marks, skip: Option<ClientOrderId>) -> Counted {
    let members = group_of(&entry.orders, lead, skip).map(|order| Counted::of(order, marks));
    let none = Counted { side: Side::Buy, rest: 0, rate: Rate::default(), risk: Rate::default() };
    members.fold(none, |one, other| Counted {
        side: other.side,
        rest: one.rest.max(other.rest),
        rate: one.rate.max(other.rate),
        risk: one.risk.max(other.risk),
    })
}

/// The price of the mark that a position of this sign is worth.
pub(super) fn mark_of(held_is_negative: bool, marks: Marks) -> Price {
    if held_is_negative { marks.ask } else { marks.bid }
}
