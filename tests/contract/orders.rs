//! Orders that stand alone: they rest, fill, end, and are refused.

use hardstop::domain::at::At;
use hardstop::domain::money::Money;
use hardstop::domain::order::{OrderStatus, TimeInForce};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::venue::ReportKind;
use hardstop::exchange::settings::Settings;

use crate::contract::ground::Trouble;
use crate::contract::stage::{Came, Stage, found, held, ids_of, standing};
use crate::contract::wish::{buy, ibm, sell, spy};
use crate::contract::{On, on_both_venues};

fn case_17_a_limit_order_rests_and_is_listed_as_it_was_asked_for(on: On) {
    let mut stage = Stage::new(on);
    let token = stage.token(buy(10).limit(9_000));
    let request = token.request();
    let (id, came) = stage.send(token);
    assert!(came.is_taken(), "{came:?}");
    let state = stage.reading(&[]);
    assert_eq!(state.open_orders.len(), 1);
    let order = found(&state.open_orders, id).unwrap();
    assert_eq!((order.request, order.status, order.filled), (request, OrderStatus::Working, Qty::ZERO));
    assert!(state.positions.is_empty() && state.fills.is_empty(), "{state:?}");
    stage.until_told(id, &ReportKind::Working);
    assert_eq!(stage.told(id), [&ReportKind::Accepted, &ReportKind::Working]);
}

fn case_18_a_market_order_fills_and_its_position_shows(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.filled(buy(10));
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, Qty::shares(10))));
    assert!(state.open_orders.is_empty());
    let [position] = &state.positions[..] else { panic!("{state:?}") };
    assert_eq!((position.symbol, position.qty), (spy(), Qty::shares(10)));
    assert_eq!(position.avg_price, Price::from_cents(10_001), "a buyer pays what is asked");
}

fn case_19_a_fill_is_told_once_and_the_reading_gives_it_the_same_id(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.filled(buy(10));
    stage.until_quiet();
    let state = stage.reading(&[]);
    let told = stage.fills_told(id);
    assert_eq!((told.len(), state.fills.len()), (1, 1), "{told:?} {state:?}");
    let (told, read) = (told[0], &state.fills[0]);
    assert_eq!((&told.execution, told.order), (&read.execution, read.order));
    assert_eq!((told.symbol, told.side, told.qty), (read.symbol, read.side, read.qty));
    assert_eq!((told.price, told.at), (read.price, read.at));
    assert_eq!((told.order, told.qty), (id, Qty::shares(10)));
}

fn case_20_a_resting_order_is_cancelled_and_the_venue_says_so(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(9_000));
    assert!(stage.cancel(id).is_taken());
    stage.until_told(id, &ReportKind::Canceled);
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Canceled, Qty::ZERO)));
    assert!(state.open_orders.is_empty());
}

fn case_21_the_cancel_of_an_order_that_nobody_knows_is_refused(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.id();
    let came = stage.cancel(id);
    // Over Alpaca the order is looked up first, and the refusal is the door's own.
    let part = if on == On::Embedded { "order not found" } else { "no such order" };
    assert!(came.is_refused(part), "{came:?}");
}

fn case_22_a_cancel_that_comes_after_the_fill_changes_nothing(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.filled(buy(10));
    let came = stage.cancel(id);
    assert!(came.is_refused("already in \"filled\" state"), "{came:?}");
    stage.until_quiet();
    assert!(!stage.told(id).contains(&&ReportKind::Canceled));
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, Qty::shares(10))));
    assert_eq!(held(&state, spy()), Qty::shares(10));
}

fn case_23_the_same_id_sent_twice_is_one_order(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(9_000));
    // The gate itself lets no id pass twice: it is made to forget this one.
    stage.gate().drop_stale(id);
    let token = stage.token_as(id, buy(10).limit(9_000));
    let (_, came) = stage.send(token);
    match on {
        // Here a refusal is final: the exchange has no answers that get lost on their way.
        On::Embedded => assert!(came.is_refused("must be unique"), "{came:?}"),
        // Over Alpaca the first sending may be the one that arrived: it is never taken for a refusal.
        On::Loopback => assert!(came.is_unknown(), "{came:?}"),
    }
    assert_eq!(ids_of(&stage.reading(&[]).open_orders), [id]);
}

fn case_24_an_order_beyond_the_buying_power_is_refused_in_words_and_leaves_no_trace(on: On) {
    let mut stage = Stage::new(on);
    let (id, came) = stage.ask(buy(2_000).limit(9_000));
    assert!(came.is_refused("insufficient buying power"), "{came:?}");
    let state = stage.reading(&[id]);
    assert!(state.open_orders.is_empty() && state.closed_orders.is_empty(), "{state:?}");
}

fn case_25_more_than_is_held_is_not_sold(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(10));
    // The gate itself would not let this pass: it is made to believe that more is held.
    stage.gate().set_position(spy(), Qty::shares(50), Price::from_cents(10_001));
    let (_, came) = stage.ask(sell(20));
    assert!(came.is_refused("insufficient qty available"), "{came:?}");
    assert_eq!(held(&stage.reading(&[]), spy()), Qty::shares(10));
}

fn case_26_a_short_sale_is_refused_where_shorts_are_off(on: On) {
    let settings = Settings { shorts: false, ..Settings::default() };
    let mut stage = Stage::with(on, settings, Trouble::Nothing);
    let (_, came) = stage.ask(sell(10));
    assert!(came.is_refused("not allowed to short"), "{came:?}");
    assert!(stage.reading(&[]).positions.is_empty());
}

fn case_27_a_short_sale_is_held_as_less_than_nothing_and_covered(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(sell(10));
    assert_eq!(held(&stage.reading(&[]), spy()), Qty::shares(-10));
    stage.quote(spy(), 9_900);
    stage.filled(buy(10));
    let state = stage.reading(&[]);
    assert!(state.positions.is_empty(), "{state:?}");
    // Sold at 100.00 and bought at 99.01.
    assert_eq!(state.account.cash.to_string(), "100009.90");
}

fn case_28_an_immediate_order_takes_what_there_is_and_the_rest_of_it_goes(on: On) {
    let mut stage = Stage::new(on);
    stage.quote_of(spy(), 10_000, 40);
    let id = stage.taken(buy(100).limit(10_001).tif(TimeInForce::Ioc));
    stage.until_told(id, &ReportKind::Canceled);
    let far = stage.taken(buy(100).limit(9_000).tif(TimeInForce::Ioc));
    stage.until_told(far, &ReportKind::Canceled);
    let state = stage.reading(&[id, far]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Canceled, Qty::shares(40))));
    assert_eq!(standing(&state.closed_orders, far), Some((OrderStatus::Canceled, Qty::ZERO)));
    assert_eq!((state.open_orders.len(), held(&state, spy())), (0, Qty::shares(40)));
}

fn case_29_an_order_for_all_or_nothing_fills_whole_or_not_at_all(on: On) {
    let mut stage = Stage::new(on);
    stage.quote_of(spy(), 10_000, 40);
    let none = stage.taken(buy(100).limit(10_001).tif(TimeInForce::Fok));
    stage.until_told(none, &ReportKind::Canceled);
    assert!(stage.fills_told(none).is_empty());
    let all = stage.filled(buy(40).limit(10_001).tif(TimeInForce::Fok));
    let state = stage.reading(&[none, all]);
    assert_eq!(standing(&state.closed_orders, none), Some((OrderStatus::Canceled, Qty::ZERO)));
    assert_eq!(standing(&state.closed_orders, all), Some((OrderStatus::Filled, Qty::shares(40))));
}

/// Ten minutes after the session has closed.
fn after_the_close() -> At {
    "2013-10-07T20:10:00Z".parse().unwrap()
}

fn case_30_a_day_s_order_ends_with_its_session(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(9_000));
    stage.wait_until(after_the_close());
    stage.until_told(id, &ReportKind::Expired);
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Expired, Qty::ZERO)));
    assert!(state.open_orders.is_empty());
}

fn case_31_an_order_until_cancelled_outlives_the_session_and_fills_in_the_next(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(9_000).tif(TimeInForce::Gtc));
    stage.wait_until(after_the_close());
    assert_eq!(standing(&stage.reading(&[id]).open_orders, id), Some((OrderStatus::Working, Qty::ZERO)));
    stage.quote_at(spy(), 8_900, 1_000, "2013-10-08T14:00:00Z".parse().unwrap());
    stage.until_filled(id, Qty::shares(10));
    assert_eq!(held(&stage.reading(&[]), spy()), Qty::shares(10));
    assert_eq!(stage.fills_told(id)[0].price, Price::from_cents(9_000), "the market fell through its limit");
}

fn case_32_two_symbols_do_not_mix(on: On) {
    let mut stage = Stage::new(on);
    let (one, other) = (stage.taken(buy(10).limit(9_000)), stage.taken(buy(7).limit(4_000).of(ibm())));
    stage.quote(ibm(), 3_900);
    stage.until_filled(other, Qty::shares(7));
    let state = stage.reading(&[one, other]);
    assert_eq!((ids_of(&state.open_orders), held(&state, spy())), (vec![one], Qty::ZERO));
    assert_eq!(held(&state, ibm()), Qty::shares(7));
    assert!(stage.cancel(one).is_taken());
    stage.until_told(one, &ReportKind::Canceled);
    assert_eq!(held(&stage.reading(&[]), ibm()), Qty::shares(7));
}

fn case_33_a_large_order_fills_in_parts_and_each_is_told(on: On) {
    let mut stage = Stage::new(on);
    stage.quote_of(spy(), 10_000, 40);
    let id = stage.taken(buy(100));
    stage.until_filled(id, Qty::shares(40));
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.open_orders, id), Some((OrderStatus::Partial, Qty::shares(40))));
    assert_eq!(held(&state, spy()), Qty::shares(40));
    stage.quote_of(spy(), 10_010, 1_000);
    stage.until_filled(id, Qty::shares(100));
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, Qty::shares(100))));
    assert_eq!((held(&state, spy()), state.fills.len()), (Qty::shares(100), 2));
    let told = stage.fills_told(id);
    assert_eq!(told.iter().map(|fill| fill.qty).collect::<Vec<_>>(), [Qty::shares(40), Qty::shares(60)]);
    assert_ne!(told[0].execution, told[1].execution);
}

fn case_34_a_round_trip_leaves_nothing_but_its_cost(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(10));
    let state = stage.reading(&[]);
    assert_eq!(state.account.cash.to_string(), "98999.90");
    stage.filled(sell(10));
    let state = stage.reading(&[]);
    assert!(state.positions.is_empty() && state.open_orders.is_empty(), "{state:?}");
    // Bought at 100.01 and sold at 100.00.
    let left = state.account.cash;
    assert_eq!((left.to_string(), state.account.equity), ("99999.90".to_owned(), left));
    assert_eq!((state.account.last_equity, state.fills.len()), (Money::dollars(100_000), 2));
}

fn case_35_a_new_order_in_the_place_of_an_old_one_is_one_order(on: On) {
    let mut stage = Stage::new(on);
    let old = stage.taken(buy(10).limit(9_000));
    // This is how the program replaces: a cancel, its end, and a new order under a new id.
    assert!(stage.cancel(old).is_taken());
    stage.until_told(old, &ReportKind::Canceled);
    let new = stage.taken(buy(12).limit(9_100));
    let state = stage.reading(&[old, new]);
    assert_eq!(ids_of(&state.open_orders), [new]);
    assert_eq!(found(&state.open_orders, new).unwrap().request.qty, Qty::shares(12));
    assert_eq!(standing(&state.closed_orders, old), Some((OrderStatus::Canceled, Qty::ZERO)));
}

fn case_36_a_resting_stop_waits_for_its_price_and_then_takes_the_market_s(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).stop(10_500));
    stage.quote(spy(), 10_400);
    assert_eq!(standing(&stage.reading(&[]).open_orders, id), Some((OrderStatus::Working, Qty::ZERO)));
    stage.quote(spy(), 10_550);
    stage.until_filled(id, Qty::shares(10));
    assert_eq!(stage.fills_told(id)[0].price, Price::from_cents(10_551));
}

fn case_37_a_price_between_two_cents_is_refused(on: On) {
    let mut stage = Stage::new(on);
    // The gate rounds to the grid, and a request that is not on it is nobody's but a stranger's.
    let id = "somebody-else-1".parse().unwrap();
    let mut request = stage.token(buy(10).limit(9_000)).request();
    request.kind = hardstop::domain::order::OrderKind::Limit { limit: "90.0001".parse().unwrap() };
    request.id = id;
    let came = Came::Answered(stage.place.foreign(&request));
    assert!(came.is_refused("sub-penny"), "{came:?}");
    assert!(stage.reading(&[id]).closed_orders.is_empty());
}

on_both_venues! {
    case_17_a_limit_order_rests_and_is_listed_as_it_was_asked_for
    case_18_a_market_order_fills_and_its_position_shows
    case_19_a_fill_is_told_once_and_the_reading_gives_it_the_same_id
    case_20_a_resting_order_is_cancelled_and_the_venue_says_so
    case_21_the_cancel_of_an_order_that_nobody_knows_is_refused
    case_22_a_cancel_that_comes_after_the_fill_changes_nothing
    case_23_the_same_id_sent_twice_is_one_order
    case_24_an_order_beyond_the_buying_power_is_refused_in_words_and_leaves_no_trace
    case_25_more_than_is_held_is_not_sold
    case_26_a_short_sale_is_refused_where_shorts_are_off
    case_27_a_short_sale_is_held_as_less_than_nothing_and_covered
    case_28_an_immediate_order_takes_what_there_is_and_the_rest_of_it_goes
    case_29_an_order_for_all_or_nothing_fills_whole_or_not_at_all
    case_30_a_day_s_order_ends_with_its_session
    case_31_an_order_until_cancelled_outlives_the_session_and_fills_in_the_next
    case_32_two_symbols_do_not_mix
    case_33_a_large_order_fills_in_parts_and_each_is_told
    case_34_a_round_trip_leaves_nothing_but_its_cost
    case_35_a_new_order_in_the_place_of_an_old_one_is_one_order
    case_36_a_resting_stop_waits_for_its_price_and_then_takes_the_market_s
    case_37_a_price_between_two_cents_is_refused
}
