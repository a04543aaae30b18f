use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::ClientOrderId;
use crate::domain::order::OrderKind;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueOrder, VenueState};

/// What the kill makes of the venue's own list, and of nothing else.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Orders that must go.
    pub(super) doomed: Vec<ClientOrderId>,
    /// Shares of each position that orders which may stay will close, or protect.
    pub(super) kept: BTreeMap<Symbol, Qty>,
}

impl Verdict {
    /// Shares of a position that no kept order stands for.
    pub(super) fn uncovered(&self, symbol: Symbol, position: Qty) -> Qty {
        let kept = self.kept.get(&symbol).copied().unwrap_or(Qty::ZERO);
        position.abs().minus(kept).unwrap_or(Qty::ZERO).at_least_zero()
    }
}

/// At the first press an order stays that can only make its position smaller: it is opposite to it
/// and, together with the others that stay, within it. Stops are kept before other exits, and the
/// two of a pair count once. Before a flatten nothing stays but orders that close at the market.
pub(super) fn judge(state: &VenueState, flatten: bool) -> Verdict {
    let mut groups = groups(&state.open_orders);
    groups.sort_by_key(|group| (!has_stop(group), group.first().map(|order| order.request.id)));
    let mut verdict = Verdict::default();
    for group in groups {
        let Some(first) = group.first() else { continue };
        let symbol = first.request.symbol;
        let position = position_of(state, symbol);
        let claim = group.iter().map(|order| rest_of(order)).max().unwrap_or(Qty::ZERO);
        let stays = |order: &&VenueOrder| {
            order.request.symbol == symbol
                && is_exit(order, position)
                && (!flatten || order.request.kind == OrderKind::Market)
        };
        if group.iter().all(stays) && claim <= verdict.uncovered(symbol, position) {
            let kept = verdict.kept.entry(symbol).or_default();
            *kept = kept.plus(claim).unwrap_or(Qty::LARGEST);
        } else {
            verdict.doomed.extend(group.iter().map(|order| order.request.id));
        }
    }
    verdict
}

/// The signed shares the venue shows of a symbol.
pub(super) fn position_of(state: &VenueState, symbol: Symbol) -> Qty {
    let positions = state.positions.iter().filter(|position| position.symbol == symbol);
    positions.fold(Qty::ZERO, |sum, position| sum.plus(position.qty).unwrap_or(sum))
}

/// Whether an order can only make a position smaller, as far as its side goes.
pub(super) fn is_exit(order: &VenueOrder, position: Qty) -> bool {
    let closes = if position.is_positive() { Side::Sell } else { Side::Buy };
    !position.is_zero()
        && order.request.side == closes
        && order.request.stop_loss.is_none()
        && order.request.take_profit.is_none()
}

/// Shares an order may still fill. What cannot be counted counts as more than any position.
pub(super) fn rest_of(order: &VenueOrder) -> Qty {
    order.request.qty.minus(order.filled).unwrap_or(Qty::LARGEST).at_least_zero()
}

fn has_stop(group: &[&VenueOrder]) -> bool {
    group.iter().any(|order| order.request.kind.stop().is_some())
}

/// Orders that cancel each other, together; every other order alone. Either of a pair may be the one
/// that names the other.
fn groups(orders: &[VenueOrder]) -> Vec<Vec<&VenueOrder>> {
    let open: BTreeSet<ClientOrderId> = orders.iter().map(|order| order.request.id).collect();
    let mut leads: BTreeMap<ClientOrderId, ClientOrderId> = BTreeMap::new();
    for order in orders {
        if let Some(other) = order.request.one_cancels.filter(|other| open.contains(other)) {
            let lead = order.request.id.min(other);
            leads.entry(order.request.id.max(other)).or_insert(lead);
        }
    }
    let mut groups: BTreeMap<ClientOrderId, Vec<&VenueOrder>> = BTreeMap::new();
    for order in orders {
        let lead = leads.get(&order.request.id).copied().unwrap_or(order.request.id);
        groups.entry(lead).or_default().push(order);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::script::{bracket, limit, market, state, stop};
    use crate::domain::venue::VenueOrder;

    /// The numbers of the orders that must go.
    fn check(positions: &[(&str, i32)], orders: &[VenueOrder], flatten: bool, goes: &[u64]) {
        let verdict = judge(&state(positions, orders), flatten);
        let mut doomed: Vec<u64> = verdict.doomed.iter().filter_map(ClientOrderId::seq).collect();
        doomed.sort_unstable();
        assert_eq!(doomed, goes, "{positions:?} {orders:?}");
    }

    fn paired(mut order: VenueOrder, other: &VenueOrder) -> VenueOrder {
        order.request.one_cancels = Some(other.request.id);
        order
    }

    #[test]
    fn what_only_makes_a_position_smaller_stays_at_the_first_press() {
        check(&[], &[limit(1, "A", 10), limit(2, "B", -10)], false, &[1, 2]);
        check(&[("A", 100)], &[stop(1, "A", -60), limit(2, "A", -40), limit(3, "A", 5)], false, &[3]);
        check(&[("A", -100)], &[stop(1, "A", 100), limit(2, "A", -5)], false, &[2]);
        check(&[("A", 100)], &[stop(1, "B", -100)], false, &[1]);
    }

    #[test]
    fn what_could_take_a_position_through_zero_goes_and_stops_are_kept_first() {
        check(&[("A", 100)], &[limit(1, "A", -50), stop(2, "A", -100)], false, &[1]);
        check(&[("A", 60)], &[stop(1, "A", -100)], false, &[1]);
        check(&[("A", 100)], &[stop(1, "A", -60), stop(2, "A", -60)], false, &[2]);
    }

    #[test]
    fn the_two_of_a_pair_count_once_whichever_names_the_other() {
        let (guard, target) = (stop(1, "A", -100), limit(2, "A", -100));
        check(&[("A", 100)], &[guard.clone(), paired(target.clone(), &guard)], false, &[]);
        check(&[("A", 100)], &[paired(guard.clone(), &target), target.clone()], false, &[]);
        check(&[("A", 100)], &[guard, target], false, &[2]);
    }

    #[test]
    fn an_order_with_legs_of_its_own_is_no_exit() {
        check(&[("A", 100)], &[bracket(1, "A", -50, 0)], false, &[1]);
        check(&[("A", 40)], &[bracket(1, "A", 100, 40), stop(9, "A", -40)], false, &[1]);
    }

    #[test]
    fn before_a_flatten_only_market_orders_that_close_stay() {
        let orders = [stop(1, "A", -100), limit(2, "A", -10), market(3, "A", -70), market(4, "A", -40)];
        check(&[("A", 100)], &orders, true, &[1, 2, 4]);
        check(&[], &orders, true, &[1, 2, 3, 4]);
        let verdict = judge(&state(&[("A", 100)], &orders), true);
        assert_eq!(verdict.uncovered("A".parse().unwrap(), Qty::shares(100)), Qty::shares(30));
    }
}
