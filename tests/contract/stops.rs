//! Stops that protect what is held.

use hardstop::domain::order::{OrderKind, OrderStatus};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::trail::Trail;
use hardstop::domain::venue::ReportKind;
use hardstop::risk::gate::StopKind;

use crate::contract::stage::{Stage, found, held, ids_of, standing};
use crate::contract::wish::{buy, sell, spy};
use crate::contract::{On, on_both_venues};

fn case_64_a_stop_holds_its_shares_and_an_exit_beside_it_is_refused(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let stop = stage.protected(spy(), 100, 9_500);
    let (_, came) = stage.ask(sell(100));
    assert!(came.is_refused("insufficient qty available"), "{came:?}");
    assert!(stage.cancel(stop).is_taken());
    stage.until_told(stop, &ReportKind::Canceled);
    stage.filled(sell(100));
    assert!(stage.reading(&[]).positions.is_empty());
}

fn case_65_a_stop_fires_in_a_gap_and_takes_the_price_behind_it(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let stop = stage.protected(spy(), 100, 9_500);
    stage.quote(spy(), 9_510);
    assert_eq!(standing(&stage.reading(&[]).open_orders, stop), Some((OrderStatus::Working, Qty::ZERO)));
    stage.quote(spy(), 9_000);
    stage.until_filled(stop, Qty::shares(100));
    assert_eq!(stage.fills_told(stop)[0].price, Price::from_cents(9_000));
    assert!(stage.reading(&[]).positions.is_empty());
}

fn case_66_two_stops_protect_a_part_each_and_only_the_nearer_one_fires(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let (near, far) = (stage.protected(spy(), 60, 9_800), stage.protected(spy(), 40, 9_500));
    stage.quote(spy(), 9_700);
    stage.until_filled(near, Qty::shares(60));
    let state = stage.reading(&[near]);
    assert_eq!((ids_of(&state.open_orders), held(&state, spy())), (vec![far], Qty::shares(40)));
    assert_eq!(standing(&state.closed_orders, near), Some((OrderStatus::Filled, Qty::shares(60))));
}

fn case_67_a_protective_stop_outlives_the_session(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let stop = stage.protected(spy(), 100, 9_500);
    stage.wait_until("2013-10-07T20:10:00Z".parse().unwrap());
    assert_eq!(ids_of(&stage.reading(&[]).open_orders), [stop]);
    stage.quote_at(spy(), 9_400, 1_000, "2013-10-08T13:30:01Z".parse().unwrap());
    stage.until_filled(stop, Qty::shares(100));
    assert!(stage.reading(&[]).positions.is_empty(), "it fires at the next open");
}

fn case_84_a_trailing_stop_follows_the_market_up_and_fires_on_its_way_down(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let trail = Trail::Amount(Price::from_cents(200));
    let token = stage.protective(spy(), 100, StopKind::Trailing(trail, Price::from_cents(9_800)));
    let (stop, came) = stage.send(token);
    assert!(came.is_taken(), "{came:?}");
    stage.quote(spy(), 10_500);
    let state = stage.reading(&[]);
    let kind = found(&state.open_orders, stop).unwrap().request.kind;
    assert_eq!(kind, OrderKind::TrailingStop { stop: Price::from_cents(10_300), trail });
    stage.quote(spy(), 10_310);
    assert_eq!(ids_of(&stage.reading(&[]).open_orders), [stop]);
    stage.quote(spy(), 10_290);
    stage.until_filled(stop, Qty::shares(100));
    assert!(stage.reading(&[]).positions.is_empty());
}

on_both_venues! {
    case_64_a_stop_holds_its_shares_and_an_exit_beside_it_is_refused
    case_65_a_stop_fires_in_a_gap_and_takes_the_price_behind_it
    case_66_two_stops_protect_a_part_each_and_only_the_nearer_one_fires
    case_67_a_protective_stop_outlives_the_session
    case_84_a_trailing_stop_follows_the_market_up_and_fires_on_its_way_down
}
