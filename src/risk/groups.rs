//! How live orders count: groups once, replaced ones as the larger of both, and of those opposite to
//! a position only what goes beyond it.

use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::side::Side::{Buy, Sell};
use crate::risk::decision::Decision;
use crate::risk::examples::{Desk, approved, id, limit_order, money, price, qty, refused, situation, symbol};
use crate::risk::order::{KnownOrder, Role};

/// A desk with AAA quoted at 50 to 50.01.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.quoted("AAA", "50", "50.01");
    desk
}

/// A live order for AAA from before this run, at a limit, in the group that is named by `group`.
fn live(
    desk: &mut Desk,
    side: Side,
    shares: &str,
    limit: &str,
    stop_loss: Option<&str>,
    group: Option<u64>,
) -> ClientOrderId {
    let order = KnownOrder {
        id: id(desk.next),
        symbol: symbol("AAA"),
        side,
        qty: qty(shares),
        filled: Qty::ZERO,
        kind: OrderKind::Limit { limit: price(limit) },
        stop_loss: stop_loss.map(price),
        status: OrderStatus::Working,
        origin: None,
        role: Role::Opening,
        group: group.map(id),
    };
    desk.next = desk.next.saturating_add(10);
    desk.gate.restore_order(&order);
    order.id
}

fn replace(desk: &Desk, old: ClientOrderId, side: Side, shares: &str, limit: &str) -> Decision {
    let intent = limit_order("AAA", side, shares, limit, None);
    desk.gate.judge_replace(old, &intent, &situation(), desk.now)
}

#[test]
fn a_group_counts_once_by_its_largest_rest_wherever_that_stands() {
    let mut desk = desk();
    live(&mut desk, Buy, "60", "49", None, Some(900));
    live(&mut desk, Buy, "100", "50", None, Some(900));
    assert_eq!((desk.exposure("AAA"), desk.heat()), ("5000.00".into(), "5000.00".into()));
    live(&mut desk, Buy, "80", "49", None, Some(900));
    assert_eq!((desk.exposure("AAA"), desk.heat()), ("5000.00".into(), "5000.00".into()));
}

/// 10 alone, a group of 60 and 100, a group of 30 and 20, and 150 alone: 290 shares, the dearest at 50.
#[test]
fn groups_count_beside_each_other_and_beside_orders_without_one() {
    let mut desk = desk();
    live(&mut desk, Buy, "10", "47", None, None);
    live(&mut desk, Buy, "60", "49", None, Some(900));
    live(&mut desk, Buy, "30", "48", None, Some(901));
    live(&mut desk, Buy, "100", "50", None, Some(900));
    live(&mut desk, Buy, "20", "46", None, Some(901));
    live(&mut desk, Buy, "150", "45", None, None);
    assert_eq!(desk.exposure("AAA"), "14500.00");
    // 10·47 + 100·50 + 30·48 + 150·45.
    assert_eq!(desk.heat(), "13660.00");
}

/// A fill of one side does not cancel what the other side can still come to hold.
#[test]
fn the_two_sides_of_one_group_count_apart() {
    let mut desk = desk();
    live(&mut desk, Buy, "100", "50", None, Some(900));
    live(&mut desk, Sell, "80", "60", None, Some(900));
    assert_eq!(desk.exposure("AAA"), "5000.00");
    // The buy risks 100·50, the short sale twice 80·60.
    assert_eq!(desk.heat(), "14600.00");
}

/// What remains of the group, the new order included, decides: not the one it takes the place of.
#[test]
fn a_replaced_member_leaves_the_rest_of_its_group_counted_once() {
    let mut desk = desk();
    let first = live(&mut desk, Buy, "60", "49", None, Some(900));
    live(&mut desk, Buy, "50", "50", None, Some(900));
    live(&mut desk, Buy, "40", "50", None, Some(900));
    let decision = replace(&desk, first, Buy, "70", "48");
    approved(&decision);
    assert_eq!(decision.exposure, Some(money("6000")), "50 of the group and 70 anew, at 50");
    // 50·50 of the group; the new one counts at the larger of the two limits, 70·49.
    assert_eq!(decision.heat, Some(money("5930")));
}

/// A member that is being replaced speaks for nobody, wherever in its group it stands.
#[test]
fn a_replaced_member_is_left_out_of_its_own_group_too() {
    let mut desk = desk();
    live(&mut desk, Buy, "50", "50", None, Some(900));
    let large = live(&mut desk, Buy, "90", "49", None, Some(900));
    let decision = replace(&desk, large, Buy, "20", "49");
    assert_eq!(decision.exposure, Some(money("7000")), "50 of the group and the larger of 90 and 20");
}

#[test]
fn exits_of_one_group_take_from_the_position_once() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    live(&mut desk, Sell, "60", "55", None, Some(900));
    live(&mut desk, Sell, "70", "56", None, Some(900));
    let rest = desk.ask("AAA", Sell, "30", "51", None);
    approved(&rest);
    assert!(rest.reducing);
    refused(&desk.ask("AAA", Sell, "31", "51", None), "CROSSES_ZERO qty=101 limit=100 max_qty=30");
}

#[test]
fn an_exit_in_the_place_of_another_does_not_count_beside_it() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    let old = live(&mut desk, Sell, "80", "55", None, None);
    live(&mut desk, Sell, "10", "56", None, None);
    let larger = replace(&desk, old, Sell, "90", "54");
    approved(&larger);
    assert!(larger.reducing);
    refused(&replace(&desk, old, Sell, "91", "54"), "CROSSES_ZERO qty=101 limit=100 max_qty=90");
}

#[test]
fn a_replace_leaves_every_other_live_order_counted() {
    let mut desk = desk();
    let old = live(&mut desk, Buy, "50", "50", None, None);
    live(&mut desk, Buy, "60", "50", None, None);
    assert_eq!(replace(&desk, old, Buy, "50", "50").exposure, Some(money("5500")));
}

/// A stop on the winning side, or at the limit itself, would protect nothing: it counts as none.
#[test]
fn a_known_order_whose_stop_does_not_protect_counts_in_full() {
    for (stop, heat) in [("49", "100.00"), ("50", "5000.00"), ("51", "5000.00")] {
        let mut desk = desk();
        live(&mut desk, Buy, "100", "50", Some(stop), None);
        assert_eq!(desk.heat(), heat, "a buy at 50 with its stop at {stop}");
    }
    for (stop, heat) in [("52", "200.00"), ("50", "10000.00"), ("49", "10000.00")] {
        let mut desk = desk();
        live(&mut desk, Sell, "100", "50", Some(stop), None);
        assert_eq!(desk.heat(), heat, "a short sale at 50 with its stop at {stop}");
    }
}

/// Of 140 shares for sale against 100 held, 40 would open a short: the riskiest 40 are taken.
#[test]
fn beyond_the_position_the_riskiest_orders_count_first() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    live(&mut desk, Sell, "80", "55", Some("57"), None);
    live(&mut desk, Sell, "60", "60", None, None);
    live(&mut desk, Buy, "10", "49", None, None);
    // 100·50 held without a stop, 40 of the 60 at twice 60, and 10·49 to buy.
    assert_eq!(desk.heat(), "10290.00");
}

#[test]
fn beyond_the_position_only_orders_of_the_other_side_open_anything() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    live(&mut desk, Sell, "140", "60", Some("62"), None);
    live(&mut desk, Buy, "10", "49", None, None);
    // 100·50 held, 40 beyond it at 2 a share, and 10·49 to buy.
    assert_eq!(desk.heat(), "5570.00");
}

#[test]
fn a_group_goes_beyond_the_position_once_and_a_short_is_gone_beyond_by_buys() {
    let mut desk = desk();
    desk.holds("AAA", "-100", "50");
    live(&mut desk, Buy, "130", "40", Some("38"), Some(900));
    live(&mut desk, Buy, "120", "41", Some("40"), Some(900));
    // 100 short at twice the ask, and 30 bought beyond it at the wider of the two ways, 2 a share.
    assert_eq!(desk.heat(), "10062.00");
}

#[test]
fn the_order_being_judged_is_among_those_that_go_beyond_the_position() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    let flip = desk.ask("AAA", Sell, "150", "51", Some("52"));
    refused(&flip, "CROSSES_ZERO qty=150 limit=100 max_qty=100");
    assert_eq!(flip.heat, Some(money("5050")), "100·50 held, and 50 beyond it at 1 a share");
    // It goes beyond what is held alone: as one more buy it would open in full, at 51 − 50.
    let more = desk.ask("AAA", Buy, "50", "51", Some("50"));
    assert_eq!(more.heat, Some(money("5050")));
}

#[test]
fn the_replaced_order_is_not_among_those_that_go_beyond_the_position() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    let old = live(&mut desk, Sell, "140", "60", None, None);
    let smaller = replace(&desk, old, Sell, "130", "60");
    refused(&smaller, "CROSSES_ZERO qty=130 limit=100 max_qty=100");
    assert_eq!(smaller.heat, Some(money("9800")), "40 of the larger beyond what is held, at twice 60");
}

/// The broker brackets no part of a share: the old order, if it fills, stands without its stop.
#[test]
fn a_part_of_a_share_on_either_side_of_a_replace_counts_at_full_value() {
    let heat = |old: &str, new: &str| {
        let mut desk = desk();
        let old = live(&mut desk, Buy, old, "50", Some("49"), None);
        let intent = limit_order("AAA", Buy, new, "50", Some("49"));
        desk.gate.judge_replace(old, &intent, &situation(), desk.now).heat.map(|heat| heat.to_string())
    };
    assert_eq!(heat("10", "11").as_deref(), Some("11.00"));
    assert_eq!(heat("10.5", "10").as_deref(), Some("525.00"));
    assert_eq!(heat("10", "10.5").as_deref(), Some("525.00"));
}

/// While the old order can still fill in full, no smaller quantity would pass: there is no way to
/// shrink below the limit but to cancel.
#[test]
fn a_replace_cannot_be_smaller_than_what_is_still_live() {
    let mut desk = desk();
    let old = live(&mut desk, Buy, "100", "50", None, None);
    desk.gate.limits.max_position_usd = Some(money("4000"));
    let words = "POSITION_LIMIT exposure=5000.00 limit=4000.00 max_qty=0";
    refused(&replace(&desk, old, Buy, "90", "50"), words);
}
