use crate::domain::order::{OrderStatus, TimeInForce};
use crate::domain::qty::Qty;
use crate::domain::venue::{VenueAnswer, VenueRequest};
use crate::exchange::rules::floor::{Floor, bracket, check, day, id, minute, order, quiet};
use crate::exchange::settings::Settings;

#[test]
fn legs_sleep_until_their_order_fills_and_grow_with_it() {
    let mut floor = Floor::open();
    floor.take(1, &bracket("a", "buy 100", "95", "110"));
    assert_eq!(floor.told(), ["a accepted", "a working"]);
    assert_eq!(floor.exchange.state(minute(0), &[]).open_orders.len(), 1);
    floor.bar(1, "100 100 100 100", 400);
    let awake = ["a 40@100", "a-stop accepted", "a-stop working", "a-target accepted", "a-target working"];
    assert_eq!(floor.told(), awake);
    assert_eq!(floor.exchange.order(id("a-stop")).unwrap().request.qty, Qty::shares(40));
    floor.bar(2, "100 100 100 100", 4000);
    assert_eq!(floor.told(), ["a 60@100"]);
    assert_eq!(floor.exchange.order(id("a-stop")).unwrap().request.qty, Qty::shares(100));
    floor.bar(3, "108 111 108 111", 400);
    assert_eq!(floor.told(), ["a-target 40@110"]);
    assert_eq!(floor.exchange.order(id("a-stop")).unwrap().request.qty, Qty::shares(60));
    floor.bar(4, "94 94 94 94", 4000);
    assert_eq!(floor.told(), ["a-stop 60@94", "a-stop canceled", "a-target canceled"]);
    assert_eq!(floor.position(), Qty::ZERO);
}

/// So they do at Alpaca, where what has filled in part stands without a stop.
#[test]
fn legs_can_sleep_until_all_of_their_order_has_filled_and_go_with_its_rest() {
    for rest_fills in [true, false] {
        let mut floor = Floor::new(Settings { legs_sleep_until_filled: true, ..quiet() });
        floor.bar(0, "100 100 100 100", 10_000);
        floor.take(1, &bracket("a", "buy 100", "95", "110"));
        floor.bar(1, "100 100 100 100", 400);
        assert_eq!(floor.told(), ["a accepted", "a working", "a 40@100"]);
        if rest_fills {
            floor.bar(2, "100 100 100 100", 4000);
            let awake =
                ["a 60@100", "a-stop accepted", "a-stop working", "a-target accepted", "a-target working"];
            assert_eq!(floor.told(), awake);
            assert_eq!(floor.exchange.order(id("a-stop")).unwrap().request.qty, Qty::shares(100));
        } else {
            assert_eq!(floor.exchange.cancel(id("a"), minute(2)), VenueAnswer::Taken);
            assert_eq!(floor.exchange.order(id("a-stop")).unwrap().status, OrderStatus::Canceled);
            assert_eq!(floor.position(), Qty::shares(40));
        }
    }
}

#[test]
fn where_a_bar_reaches_stop_and_target_the_stop_fills() {
    let mut floor = Floor::open();
    floor.take(1, &bracket("a", "buy 100", "95", "110"));
    floor.bar(1, "100 100 100 100", 4000);
    floor.bar(2, "100 111 94 100", 400);
    floor.bar(3, "111 112 111 112", 4000);
    assert_eq!(floor.filled()[1..], ["a-stop 40@95", "a-stop 60@111"]);
}

#[test]
fn a_triggered_stop_that_had_no_volume_keeps_its_target_from_filling() {
    let mut floor = Floor::open();
    floor.take(1, &bracket("a", "buy 100", "95", "110"));
    floor.bar(1, "100 100 100 100", 4000);
    floor.bar(2, "96 96 94 96", 5);
    // Nobody bids for a share, and the trade above the target is somebody else's.
    floor.quote(3, "110", "110.02", 0);
    floor.trade(3, "111", 5000);
    floor.bar(3, "109 111 109 111", 4000);
    assert_eq!(floor.filled()[1..], ["a-stop 100@109"]);
}

#[test]
fn an_entry_can_be_stopped_out_in_its_own_bar_but_never_meets_its_target_there() {
    let stopped = |floor: &mut Floor| {
        floor.take(1, &bracket("a", "buy 100", "95", "110"));
        floor.bar(1, "100 111 94 100", 4000);
    };
    check("stop", stopped, &["a 100@100", "a-stop 100@95"]);
    let held = |floor: &mut Floor| {
        floor.take(1, &bracket("a", "buy 100", "95", "110"));
        floor.bar(1, "100 111 99 100", 4000);
    };
    check("target", held, &["a 100@100"]);
}

#[test]
fn a_cancelled_order_takes_its_sleeping_legs_and_leaves_those_awake() {
    let mut floor = Floor::open();
    floor.take(1, &bracket("a", "buy 100", "95", "-"));
    assert_eq!(floor.exchange.cancel(id("a"), minute(1)), VenueAnswer::Taken);
    assert_eq!((floor.status("a"), floor.status("a-stop")), (OrderStatus::Canceled, OrderStatus::Canceled));
    floor.take(1, &bracket("b", "buy 100", "95", "-"));
    floor.bar(1, "100 100 100 100", 400);
    floor.exchange.cancel(id("b"), minute(2));
    assert_eq!((floor.status("b"), floor.status("b-stop")), (OrderStatus::Canceled, OrderStatus::Working));
    floor.bar(2, "94 94 94 94", 4000);
    assert_eq!(floor.filled()[1..], ["b-stop 40@94"]);
}

#[test]
fn an_exit_that_begins_ends_the_rest_of_its_entry() {
    let mut floor = Floor::open();
    floor.take(1, &bracket("a", "buy 100", "95", "-"));
    floor.bar(1, "100 100 100 100", 400);
    floor.bar(2, "94 94 94 94", 4000);
    assert_eq!(floor.status("a"), OrderStatus::Canceled);
    assert_eq!(floor.position(), Qty::ZERO);
}

#[test]
fn legs_live_as_long_as_their_order_was_meant_to() {
    let check = |tif: TimeInForce, expected: OrderStatus| {
        let mut floor = Floor::open();
        floor.take(1, &VenueRequest { tif, ..bracket("a", "buy 100", "95", "-") });
        floor.bar(1, "100 100 100 100", 4000);
        floor.exchange.advance(minute(391));
        assert_eq!(floor.status("a-stop"), expected);
    };
    check(TimeInForce::Day, OrderStatus::Expired);
    check(TimeInForce::Gtc, OrderStatus::Working);
    let mut floor = Floor::open();
    floor.take(1, &day(&bracket("b", "buy 100 limit 90", "85", "-")));
    floor.exchange.advance(minute(391));
    assert_eq!((floor.status("b"), floor.status("b-stop")), (OrderStatus::Expired, OrderStatus::Canceled));
}

fn pair() -> Floor {
    let mut floor = Floor::long();
    floor.take(2, &order("s", "sell 100 stop 95"));
    floor.take(2, &VenueRequest { one_cancels: Some(id("s")), ..order("t", "sell 100 limit 105") });
    floor.told();
    floor
}

#[test]
fn a_pair_fills_no_more_than_one_of_them() {
    let mut floor = pair();
    floor.bar(2, "104 106 104 106", 700);
    assert_eq!(floor.told(), ["t 70@105"]);
    assert_eq!(floor.exchange.order(id("s")).unwrap().request.qty, Qty::shares(30));
    floor.bar(3, "104 106 104 106", 700);
    assert_eq!(floor.told(), ["t 30@105", "s canceled"]);
    assert_eq!(floor.position(), Qty::ZERO);
}

#[test]
fn a_pair_is_cancelled_together() {
    let mut floor = pair();
    floor.exchange.cancel(id("t"), minute(2));
    assert_eq!(floor.told(), ["t canceled", "s canceled"]);
}

#[test]
fn a_cancel_of_what_is_gone_or_unknown_is_refused_in_words() {
    let mut floor = Floor::long();
    let check = |floor: &mut Floor, name: &str, words: &str| {
        let answer = floor.exchange.cancel(id(name), minute(2));
        assert_eq!(answer, VenueAnswer::Refused(words.to_owned()));
    };
    check(&mut floor, "entry", "order is already in \"filled\" state");
    check(&mut floor, "nobody", "order not found for nobody");
}

#[test]
fn everything_can_be_cancelled_at_once() {
    let mut floor = Floor::long();
    floor.take(2, &bracket("a", "buy 10 limit 90", "85", "-"));
    floor.take(2, &order("s", "sell 100 stop 95"));
    floor.exchange.cancel_all(minute(2));
    let asked = [id("a"), id("s"), id("a-stop"), id("nobody")];
    let state = floor.exchange.state(minute(0), &asked);
    assert!(state.open_orders.is_empty());
    let closed: Vec<OrderStatus> = state.closed_orders.iter().map(|order| order.status).collect();
    assert_eq!(closed, [OrderStatus::Canceled; 3]);
}
