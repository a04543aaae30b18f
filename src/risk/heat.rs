use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::risk::book::{Entry, Guard, GuardKind, Marks};
use crate::risk::count::{Counted, is_skipped, leads};
use crate::risk::exposure::{mark_of, widest};
use crate::risk::measure::{Rate, add};

/// The open risk of what is held.
///
/// Long: `q_prot·max(entry − stop, f·mark) + q_unprot·mark`. Short: `q_prot·max(stop − entry, f·mark)`
/// and `q_unprot·2·mark`. f is 0.5 %.
pub(super) fn position_risk(entry: &Entry, marks: Marks) -> Money {
    let position = &entry.position;
    if position.qty.is_zero() {
        return Money::ZERO;
    }
    let short = position.qty.is_negative();
    let mark = Rate::of(mark_of(short, marks));
    let entry_rate = Rate::of(position.avg_price);
    let mut open = i128::from(position.qty.abs().nanos());
    let mut risk = Money::ZERO;
    let mut protect = |stop: &Stop| {
        let covered = open.min(i128::from(stop.qty.nanos()));
        let stop = Rate::of(stop.price);
        let way = if short { stop.minus(entry_rate) } else { entry_rate.minus(stop) };
        risk = add(risk, way.max(mark.half_percent()).times(covered));
        open = open.saturating_sub(covered);
    };
    let mut working = entry.guards.iter().filter(|guard| protects(guard));
    match (working.next(), working.next()) {
        (None, _) => {}
        (Some(only), None) => protect(&Stop { qty: only.qty, price: only.price }),
        _ => riskiest_first(&entry.guards, short).iter().for_each(&mut protect),
    }
    let unprotected = if short { mark.doubled() } else { mark };
    add(risk, unprotected.times(open))
}

/// A stop, or a group of them as one.
#[derive(Debug, Clone, Copy)]
struct Stop {
    qty: Qty,
    price: Price,
}

/// Whether the guard is a stop that works at the broker: nothing else protects.
pub(super) fn protects(guard: &Guard) -> bool {
    guard.kind == GuardKind::Stop && guard.working && guard.qty.is_positive()
}

/// How many shares of the position working stops protect.
pub(super) fn protected_qty(entry: &Entry) -> Qty {
    let held = entry.position.qty;
    let stops = riskiest_first(&entry.guards, held.is_negative());
    let sum = stops.iter().fold(0_i64, |sum, stop| sum.saturating_add(stop.qty.nanos()));
    Qty::from_nanos(sum.min(held.abs().nanos()))
}

/// The working stops, riskiest first: lowest for a long, highest for a short. Those of one group
/// protect once, by the largest quantity at the riskiest price.
fn riskiest_first(guards: &[Guard], short: bool) -> Vec<Stop> {
    let riskier = |one: Price, other: Price| if short { one.max(other) } else { one.min(other) };
    let mut stops: Vec<(Option<u32>, Stop)> = Vec::new();
    for guard in guards.iter().filter(|guard| protects(guard)) {
        let known = stops.iter_mut().find(|(group, _)| group.is_some() && *group == guard.group);
        if let Some((_, stop)) = known {
            stop.qty = stop.qty.max(guard.qty);
            stop.price = riskier(stop.price, guard.price);
        } else {
            stops.push((guard.group, Stop { qty: guard.qty, price: guard.price }));
        }
    }
    stops.sort_by_key(
        |(_, stop)| if short { stop.price.nanos().saturating_neg() } else { stop.price.nanos() },
    );
    stops.into_iter().map(|(_, stop)| stop).collect()
}

/// The risk of `beyond` billionths of a share among the live orders of `side`, taken from the
/// greatest risk per share first: of orders opposite to a position only what goes beyond it opens.
pub(super) fn beyond_position(
    entry: &Entry,
    side: Side,
    marks: Marks,
    extra: Option<&Counted>,
    skip: Option<ClientOrderId>,
    beyond: i128,
) -> Money {
    if beyond <= 0 {
        return Money::ZERO;
    }
    let mut opening: Vec<Counted> = Vec::new();
    for (index, order) in entry.orders.iter().enumerate() {
        if order.side == side && !is_skipped(order, skip) && leads(&entry.orders, index, skip) {
            opening.push(widest(entry, index, marks, skip));
        }
    }
    opening.extend(extra.filter(|counted| counted.side == side));
    opening.sort_by_key(|counted| std::cmp::Reverse(counted.risk));
    let mut left = beyond;
    let mut risk = Money::ZERO;
    for counted in opening {
        let taken = left.min(i128::from(counted.rest));
        risk = add(risk, counted.risk.times(taken));
        left = left.saturating_sub(taken);
    }
    risk
}
