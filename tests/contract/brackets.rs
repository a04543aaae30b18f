//! Entries with a stop and a target behind them.

use hardstop::domain::id::ClientOrderId;
use hardstop::domain::order::OrderStatus;
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::venue::ReportKind;

use crate::contract::stage::{Stage, found, held, ids_of, standing};
use crate::contract::wish::{buy, spy};
use crate::contract::{On, on_both_venues};

/// An entry and its two legs, by their ids.
fn family(entry: ClientOrderId) -> [ClientOrderId; 3] {
    [entry, entry.stop_leg().unwrap(), entry.target_leg().unwrap()]
}

/// A hundred shares with a stop at 95 and a target at 110 at work.
fn guarded(stage: &mut Stage) -> [ClientOrderId; 3] {
    let entry = stage.filled(buy(100).guarded(9_500, 11_000));
    let family = family(entry);
    stage.until_told(family[1], &ReportKind::Working);
    stage.until_told(family[2], &ReportKind::Working);
    family
}

fn case_38_a_bracket_s_legs_sleep_until_its_entry_fills_and_then_work_under_our_ids(on: On) {
    let mut stage = Stage::new(on);
    let [entry, stop, target] = family(stage.taken(buy(100).limit(9_900).guarded(9_500, 11_000)));
    let asleep = stage.reading(&[entry, stop, target]);
    assert_eq!(ids_of(&asleep.open_orders), [entry], "a leg that sleeps protects nothing");
    assert!(asleep.closed_orders.is_empty(), "{asleep:?}");
    stage.quote(spy(), 9_880);
    stage.until_told(stop, &ReportKind::Working);
    stage.until_told(target, &ReportKind::Working);
    let awake = stage.reading(&[entry, stop, target]);
    assert_eq!(ids_of(&awake.open_orders), [stop, target]);
    assert_eq!(standing(&awake.closed_orders, entry), Some((OrderStatus::Filled, Qty::shares(100))));
    let kinds = [stop, target].map(|id| found(&awake.open_orders, id).unwrap().request.kind);
    assert_eq!(kinds[0].stop(), Some(Price::from_cents(9_500)));
    assert_eq!(kinds[1].limit(), Some(Price::from_cents(11_000)));
}

fn case_39_a_falling_market_fires_the_stop_and_the_target_goes(on: On) {
    let mut stage = Stage::new(on);
    let [_, stop, target] = guarded(&mut stage);
    stage.quote(spy(), 9_450);
    stage.until_filled(stop, Qty::shares(100));
    stage.until_told(target, &ReportKind::Canceled);
    let state = stage.reading(&[stop, target]);
    assert!(state.positions.is_empty() && state.open_orders.is_empty(), "{state:?}");
    assert_eq!(standing(&state.closed_orders, stop), Some((OrderStatus::Filled, Qty::shares(100))));
    assert_eq!(standing(&state.closed_orders, target), Some((OrderStatus::Canceled, Qty::ZERO)));
    let fill = stage.fills_told(stop)[0];
    assert_eq!((fill.order, fill.price), (stop, Price::from_cents(9_450)));
    assert!(state.fills.contains(fill), "the reading names the leg by our id too: {state:?}");
}

fn case_40_a_rising_market_fills_the_target_and_the_stop_goes(on: On) {
    let mut stage = Stage::new(on);
    let [_, stop, target] = guarded(&mut stage);
    stage.quote(spy(), 11_020);
    stage.until_filled(target, Qty::shares(100));
    stage.until_told(stop, &ReportKind::Canceled);
    let state = stage.reading(&[stop, target]);
    assert!(state.positions.is_empty() && state.open_orders.is_empty(), "{state:?}");
    assert_eq!(standing(&state.closed_orders, target), Some((OrderStatus::Filled, Qty::shares(100))));
    assert_eq!(standing(&state.closed_orders, stop), Some((OrderStatus::Canceled, Qty::ZERO)));
    assert_eq!(stage.fills_told(target)[0].price, Price::from_cents(11_000));
}

fn case_41_an_entry_cancelled_before_its_fill_takes_its_legs_with_it(on: On) {
    let mut stage = Stage::new(on);
    let [entry, stop, target] = family(stage.taken(buy(100).limit(9_900).guarded(9_500, 11_000)));
    assert!(stage.cancel(entry).is_taken());
    stage.until_told(entry, &ReportKind::Canceled);
    stage.quote(spy(), 9_400);
    let state = stage.reading(&[entry, stop, target]);
    assert!(state.open_orders.is_empty() && state.positions.is_empty(), "{state:?}");
    for id in [entry, stop, target] {
        assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Canceled, Qty::ZERO)), "{id}");
    }
}

fn case_42_a_stop_that_is_cancelled_takes_its_target_with_it(on: On) {
    let mut stage = Stage::new(on);
    let [_, stop, target] = guarded(&mut stage);
    assert!(stage.cancel(stop).is_taken());
    stage.until_told(stop, &ReportKind::Canceled);
    stage.until_told(target, &ReportKind::Canceled);
    let state = stage.reading(&[stop, target]);
    assert_eq!((state.open_orders.len(), held(&state, spy())), (0, Qty::shares(100)));
}

fn case_43_an_entry_that_fills_in_part_is_protected_for_that_part(on: On) {
    let mut stage = Stage::new(on);
    let [entry, stop, target] = family(stage.taken(buy(100).limit(9_900).guarded(9_500, 11_000)));
    stage.quote_of(spy(), 9_880, 40);
    stage.until_filled(entry, Qty::shares(40));
    if on == On::Loopback {
        return sleeps_until_all_has_filled(&mut stage, [entry, stop, target]);
    }
    stage.until_told(stop, &ReportKind::Working);
    let state = stage.reading(&[entry, stop, target]);
    assert_eq!(standing(&state.open_orders, entry), Some((OrderStatus::Partial, Qty::shares(40))));
    assert_eq!(ids_of(&state.open_orders), [entry, stop, target]);
    stage.quote(spy(), 9_400);
    stage.until_told(target, &ReportKind::Canceled);
    stage.until_quiet();
    let state = stage.reading(&[entry, stop, target]);
    assert!(state.open_orders.is_empty(), "{state:?}");
    let sold: Vec<Qty> = stage.fills_told(stop).iter().map(|fill| fill.qty).collect();
    let bought = stage.fills_told(entry).iter().fold(Qty::ZERO, |sum, fill| sum.plus(fill.qty).unwrap());
    let sold = sold.iter().fold(Qty::ZERO, |sum, qty| sum.plus(*qty).unwrap());
    assert_eq!(held(&state, spy()), bought.minus(sold).unwrap());
    assert_eq!(held(&state, spy()), Qty::ZERO, "whatever was bought is sold again");
}

/// At Alpaca the legs sleep until the last share of their entry, and go with its rest: the machine takes that back
/// after some seconds and places a stop of its own.
fn sleeps_until_all_has_filled(stage: &mut Stage, ids: [ClientOrderId; 3]) {
    let [entry, ..] = ids;
    let state = stage.reading(&ids);
    assert_eq!(ids_of(&state.open_orders), [entry], "what sleeps protects nothing, and is not listed");
    assert!(stage.cancel(entry).is_taken());
    stage.until_told(entry, &ReportKind::Canceled);
    let state = stage.reading(&ids);
    assert_eq!((state.open_orders.len(), held(&state, spy())), (0, Qty::shares(40)));
}

fn case_44_a_program_that_starts_again_finds_the_legs_by_our_ids_and_cancels_them(on: On) {
    let mut stage = Stage::new(on);
    let [entry, stop, target] = guarded(&mut stage);
    stage.restart();
    // Nothing of it was told to this one: the venue itself knows no leg by our id, and the reading finds it.
    assert!(stage.cancel(stop).is_taken());
    stage.until_told(target, &ReportKind::Canceled);
    let state = stage.reading(&[entry, stop, target]);
    assert!(state.open_orders.is_empty(), "{state:?}");
    assert_eq!(standing(&state.closed_orders, entry), Some((OrderStatus::Filled, Qty::shares(100))));
    assert_eq!(standing(&state.closed_orders, stop), Some((OrderStatus::Canceled, Qty::ZERO)));
    assert_eq!(state.fills.iter().map(|fill| fill.order).collect::<Vec<_>>(), [entry]);
}

fn case_45_a_program_that_starts_again_hears_of_a_leg_s_fill_under_our_id(on: On) {
    let mut stage = Stage::new(on);
    let [_, stop, target] = guarded(&mut stage);
    stage.restart();
    // A reading is the first that a program does, and it tells whose the legs are.
    assert_eq!(ids_of(&stage.reading(&[]).open_orders), [stop, target]);
    stage.quote(spy(), 9_450);
    stage.until_filled(stop, Qty::shares(100));
    stage.until_told(target, &ReportKind::Canceled);
}

on_both_venues! {
    case_38_a_bracket_s_legs_sleep_until_its_entry_fills_and_then_work_under_our_ids
    case_39_a_falling_market_fires_the_stop_and_the_target_goes
    case_40_a_rising_market_fills_the_target_and_the_stop_goes
    case_41_an_entry_cancelled_before_its_fill_takes_its_legs_with_it
    case_42_a_stop_that_is_cancelled_takes_its_target_with_it
    case_43_an_entry_that_fills_in_part_is_protected_for_that_part
    case_44_a_program_that_starts_again_finds_the_legs_by_our_ids_and_cancels_them
    case_45_a_program_that_starts_again_hears_of_a_leg_s_fill_under_our_id
}
