//! The kill, and the latch that it trips.

use std::time::Duration;

use hardstop::broker::latch::KillCause;
use hardstop::domain::order::{OrderKind, OrderStatus, TimeInForce};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::venue::{VenueAnswer, VenueRequest};
use hardstop::exchange::settings::Settings;
use hardstop::risk::gate::StopKind;

use crate::contract::ground::Trouble;
use crate::contract::stage::{Away, Stage, held, ids_of, standing};
use crate::contract::wish::{buy, ibm, sell, spy};
use crate::contract::{On, on_both_venues};

fn case_53_the_kill_s_first_press_cancels_openings_and_keeps_what_protects(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let stop = stage.protected(spy(), 100, 9_500);
    let opening = stage.taken(buy(5).limit(4_000).of(ibm()));
    let outcome = stage.kill(false);
    assert!(outcome.confirmed && outcome.words.is_empty(), "{outcome:?}");
    assert_eq!((outcome.cancelled, outcome.flattened), (1, 0));
    let state = stage.reading(&[opening]);
    assert_eq!((ids_of(&state.open_orders), held(&state, spy())), (vec![stop], Qty::shares(100)));
    assert_eq!(standing(&state.closed_orders, opening), Some((OrderStatus::Canceled, Qty::ZERO)));
}

fn case_54_a_kill_that_flattens_closes_everything_and_confirms_it(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    stage.protected(spy(), 100, 9_500);
    stage.filled(sell(50).of(ibm()));
    stage.taken(sell(5).limit(6_000).of(ibm()));
    let outcome = stage.kill(true);
    assert!(outcome.confirmed, "{outcome:?}");
    assert_eq!((outcome.cancelled, outcome.flattened), (2, 2));
    assert!(outcome.left_orders.is_empty() && outcome.left_positions.is_empty(), "{outcome:?}");
    let state = stage.reading(&[]);
    assert!(state.positions.is_empty() && state.open_orders.is_empty(), "{state:?}");
}

fn case_55_a_kill_with_nothing_open_confirms_at_once(on: On) {
    for flatten in [false, true] {
        let mut stage = Stage::new(on);
        let outcome = stage.kill(flatten);
        assert!(outcome.confirmed && outcome.words.is_empty() && outcome.deeds.is_empty(), "{outcome:?}");
        assert_eq!((outcome.cancelled, outcome.flattened), (0, 0));
    }
}

/// An order that rests is asked for, and is on its way when this returns where anything ever is.
fn on_its_way(stage: &mut Stage) -> Away {
    let token = stage.token(buy(10).limit(9_000));
    let away = stage.depart(token);
    if stage.on == On::Loopback {
        // Time to leave: the exchange takes its time with it. An order that has not left is dropped, and the case
        // holds all the same.
        std::thread::sleep(Duration::from_millis(100));
    }
    away
}

fn case_56_an_order_that_is_on_its_way_when_everything_is_closed_opens_nothing(on: On) {
    let mut stage = Stage::with(on, Settings::default(), Trouble::OrderLate);
    let away = on_its_way(&mut stage);
    let outcome = stage.last_kill(true);
    assert!(outcome.confirmed, "{outcome:?}");
    assert!(!stage.arrive(&away).is_unknown());
    let state = stage.reading(&[away.id]);
    assert!(state.open_orders.is_empty() && state.positions.is_empty(), "{state:?}");
}

fn case_57_a_tripped_latch_drops_what_opens_and_lets_pass_what_protects(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let opening = stage.token(buy(5).limit(4_000).of(ibm()));
    let strategy_s = stage.token(sell(20).limit(11_000).by_a_strategy());
    let trader_s = stage.token(sell(20).limit(11_000));
    let protective = stage.protective(spy(), 50, StopKind::Fixed(Price::from_cents(9_500)));
    stage.trip(&KillCause::Signal);
    for token in [opening, strategy_s] {
        let (_, came) = stage.send(token);
        assert!(came.is_dropped("hardstop rearm"), "{came:?}");
    }
    let (stop, came) = stage.send(protective);
    assert!(came.is_taken(), "{came:?}");
    let (exit, came) = stage.send(trader_s);
    assert!(came.is_taken(), "{came:?}");
    assert_eq!(ids_of(&stage.reading(&[]).open_orders), {
        let mut both = vec![stop, exit];
        both.sort_unstable();
        both
    });
}

fn case_58_while_the_kill_closes_everything_nothing_else_leaves_but_cancels(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let resting = stage.taken(buy(5).limit(4_000).of(ibm()));
    let exit = stage.token(sell(20).limit(11_000));
    let protective = stage.protective(spy(), 50, StopKind::Fixed(Price::from_cents(9_500)));
    stage.trip(&KillCause::Shell { flatten: true });
    for token in [exit, protective] {
        let (_, came) = stage.send(token);
        assert!(came.is_dropped("closing every position"), "{came:?}");
    }
    assert!(stage.cancel(resting).is_taken(), "nothing ever holds a cancel back");
    let outcome = stage.answer_the_pull();
    assert!(outcome.confirmed && outcome.flattened == 1, "{outcome:?}");
}

fn case_59_a_flatten_takes_a_bracket_down_whole_and_sells_its_shares_once(on: On) {
    let mut stage = Stage::new(on);
    let entry = stage.filled(buy(100).guarded(9_500, 11_000));
    let (stop, target) = (entry.stop_leg().unwrap(), entry.target_leg().unwrap());
    let outcome = stage.kill(true);
    assert!(outcome.confirmed && outcome.flattened == 1, "{outcome:?}");
    let state = stage.reading(&[stop, target]);
    assert!(state.positions.is_empty() && state.open_orders.is_empty(), "{state:?}");
    for id in [stop, target] {
        assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Canceled, Qty::ZERO)), "{id}");
    }
    let sold: Vec<_> = state.fills.iter().filter(|fill| fill.side == Side::Sell).collect();
    assert!(sold.len() == 1 && sold[0].qty == Qty::shares(100), "{sold:?}");
    assert!(sold[0].order.is_of_the_kill());
}

fn case_60_a_first_press_keeps_a_bracket_s_stop_and_target(on: On) {
    let mut stage = Stage::new(on);
    let entry = stage.filled(buy(100).guarded(9_500, 11_000));
    let (stop, target) = (entry.stop_leg().unwrap(), entry.target_leg().unwrap());
    let opening = stage.taken(buy(5).limit(4_000).of(ibm()).guarded(3_900, 4_500));
    let outcome = stage.kill(false);
    assert!(outcome.confirmed && outcome.cancelled == 1, "{outcome:?}");
    // The list says that the two cancel each other: they want the shares once, and neither has to go.
    let state = stage.reading(&[opening]);
    assert_eq!(ids_of(&state.open_orders), [stop, target]);
    assert_eq!(held(&state, spy()), Qty::shares(100));
}

fn case_61_the_kill_cancels_what_somebody_else_would_open(on: On) {
    let mut stage = Stage::new(on);
    let request = VenueRequest {
        id: "somebody-else-1".parse().unwrap(),
        symbol: ibm(),
        side: Side::Buy,
        qty: Qty::shares(5),
        kind: OrderKind::Limit { limit: Price::from_cents(4_000) },
        tif: TimeInForce::Gtc,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    assert_eq!(stage.place.foreign(&request), VenueAnswer::Taken);
    let outcome = stage.kill(false);
    assert!(outcome.confirmed && outcome.cancelled == 1, "{outcome:?}");
    assert!(stage.reading(&[]).open_orders.is_empty());
}

fn case_62_a_second_press_flattens_what_the_first_one_kept(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    stage.protected(spy(), 100, 9_500);
    let first = stage.kill(false);
    assert!(first.confirmed && first.cancelled == 0, "{first:?}");
    let second = stage.kill(true);
    assert!(second.confirmed, "{second:?}");
    assert_eq!((second.cancelled, second.flattened), (1, 1));
    let state = stage.reading(&[]);
    assert!(state.positions.is_empty() && state.open_orders.is_empty(), "{state:?}");
}

fn case_63_a_flatten_after_the_close_is_queued_and_not_confirmed(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    stage.wait_until("2013-10-08T02:00:00Z".parse().unwrap());
    let outcome = stage.kill(true);
    assert!(!outcome.confirmed && outcome.left_positions == [spy()], "{outcome:?}");
    assert!(outcome.words.iter().any(|words| words.contains("queued")), "{outcome:?}");
    // A minute later the requests that the kill has used up are there again.
    stage.wait_until("2013-10-08T02:02:00Z".parse().unwrap());
    let state = stage.reading(&[]);
    let [close] = &state.open_orders[..] else { panic!("{state:?}") };
    assert_eq!((close.request.side, close.request.qty), (Side::Sell, Qty::shares(100)));
    stage.quote_at(spy(), 9_900, 1_000, "2013-10-08T13:30:01Z".parse().unwrap());
    assert!(stage.reading(&[]).positions.is_empty(), "it fills at the next open");
}

fn case_85_an_opening_that_is_on_its_way_at_the_first_press_does_not_outlive_it(on: On) {
    let mut stage = Stage::with(on, Settings::default(), Trouble::OrderLate);
    let away = on_its_way(&mut stage);
    let outcome = stage.last_kill(false);
    assert!(outcome.confirmed && outcome.words.is_empty(), "{outcome:?}");
    let _came = stage.arrive(&away);
    let state = stage.reading(&[away.id]);
    assert!(state.open_orders.is_empty(), "the kill confirmed, and this came after it: {state:?}");
}

/// A venue in this process takes an order or does not, and nothing is ever on its way to it.
fn case_86_an_order_that_nobody_answered_for_may_still_arrive_and_the_kill_waits_for_it(on: On) {
    let mut stage = Stage::with(on, Settings::default(), Trouble::OrderLost);
    let (_, came) = stage.ask(buy(10).limit(9_000));
    assert!(came.is_unknown(), "{came:?}");
    let outcome = stage.kill(false);
    if on == On::Loopback {
        assert!(!outcome.confirmed && outcome.words[0].contains("may still arrive"), "{outcome:?}");
        stage.wait_until(stage.now().plus_seconds(10));
    }
    let outcome = stage.kill(false);
    assert!(outcome.confirmed && outcome.words.is_empty(), "{outcome:?}");
}

/// One that did arrive is seen, and nobody waits for it any longer.
fn case_87_an_order_whose_answer_was_lost_is_found_and_cancelled_by_the_kill(on: On) {
    let mut stage = Stage::with(on, Settings::default(), Trouble::AnswerLost);
    let (id, came) = stage.ask(buy(10).limit(9_000));
    assert!(came.is_unknown(), "{came:?}");
    let outcome = stage.kill(false);
    assert!(outcome.confirmed && outcome.words.is_empty() && outcome.cancelled == 1, "{outcome:?}");
    assert_eq!(standing(&stage.reading(&[id]).closed_orders, id), Some((OrderStatus::Canceled, Qty::ZERO)));
}

on_both_venues! {
    case_53_the_kill_s_first_press_cancels_openings_and_keeps_what_protects
    case_54_a_kill_that_flattens_closes_everything_and_confirms_it
    case_55_a_kill_with_nothing_open_confirms_at_once
    case_56_an_order_that_is_on_its_way_when_everything_is_closed_opens_nothing
    case_57_a_tripped_latch_drops_what_opens_and_lets_pass_what_protects
    case_58_while_the_kill_closes_everything_nothing_else_leaves_but_cancels
    case_59_a_flatten_takes_a_bracket_down_whole_and_sells_its_shares_once
    case_60_a_first_press_keeps_a_bracket_s_stop_and_target
    case_61_the_kill_cancels_what_somebody_else_would_open
    case_62_a_second_press_flattens_what_the_first_one_kept
    case_63_a_flatten_after_the_close_is_queued_and_not_confirmed
    case_85_an_opening_that_is_on_its_way_at_the_first_press_does_not_outlive_it
    case_86_an_order_that_nobody_answered_for_may_still_arrive_and_the_kill_waits_for_it
    case_87_an_order_whose_answer_was_lost_is_found_and_cancelled_by_the_kill
}
