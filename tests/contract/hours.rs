//! Orders for other hours, and for parts of a share.

use hardstop::domain::order::{OrderStatus, TimeInForce};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::venue::ReportKind;

use crate::contract::stage::{Stage, found, held, standing};
use crate::contract::wish::{buy, sell, spy};
use crate::contract::{On, on_both_venues};

fn case_78_an_order_for_all_hours_fills_after_the_close_and_a_day_s_order_does_not(on: On) {
    let mut stage = Stage::new(on);
    let ext = stage.taken(buy(10).limit(9_000).tif(TimeInForce::Ext));
    let day = stage.taken(buy(7).limit(9_000));
    let listed = stage.reading(&[]);
    assert_eq!(found(&listed.open_orders, ext).unwrap().request.tif, TimeInForce::Ext);
    stage.quote_at(spy(), 8_900, 1_000, "2013-10-07T20:10:00Z".parse().unwrap());
    stage.until_filled(ext, Qty::shares(10));
    stage.until_told(day, &ReportKind::Expired);
    let state = stage.reading(&[ext, day]);
    assert_eq!(standing(&state.closed_orders, day), Some((OrderStatus::Expired, Qty::ZERO)));
    assert_eq!(held(&state, spy()), Qty::shares(10));
}

fn case_79_an_order_for_the_close_waits_for_it_and_fills_there(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(10_500).tif(TimeInForce::Cls));
    stage.quote(spy(), 10_010);
    assert_eq!(stage.reading(&[]).open_orders.len(), 1, "the market offers it, and it waits");
    stage.quote_at(spy(), 10_020, 1_000, "2013-10-07T19:59:50Z".parse().unwrap());
    stage.wait_until("2013-10-07T20:00:01Z".parse().unwrap());
    stage.until_filled(id, Qty::shares(10));
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, Qty::shares(10))));
}

fn case_80_an_order_for_the_close_is_refused_when_it_comes_too_late(on: On) {
    let mut stage = Stage::new(on);
    stage.quote_at(spy(), 10_000, 1_000, "2013-10-07T19:55:00Z".parse().unwrap());
    let (_, came) = stage.ask(buy(10).limit(10_500).tif(TimeInForce::Cls));
    assert!(came.is_refused("ten minutes before the close"), "{came:?}");
}

fn case_81_a_part_of_a_share_is_held_to_the_last_digit(on: On) {
    let mut stage = Stage::new(on);
    let part: Qty = "1.000000001".parse().unwrap();
    let id = stage.filled(buy(1).qty(part));
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, part)));
    assert_eq!((held(&state, spy()), state.fills[0].qty), (part, part));
    stage.filled(sell(1).qty(part));
    assert!(stage.reading(&[]).positions.is_empty());
}

fn case_82_a_part_of_a_share_is_not_sold_short(on: On) {
    let mut stage = Stage::new(on);
    // The gate itself would not let this pass: it is made to believe that shares are held.
    stage.gate().set_position(spy(), Qty::shares(10), Price::from_cents(10_001));
    let (_, came) = stage.ask(sell(1).qty("0.5".parse().unwrap()).limit(10_000));
    assert!(came.is_refused("fractional"), "{came:?}");
}

fn case_83_a_price_below_a_dollar_has_four_digits(on: On) {
    let mut stage = Stage::new(on);
    let price: Price = "0.5001".parse().unwrap();
    let id = stage.taken(buy(10).at(price));
    let state = stage.reading(&[]);
    assert_eq!(found(&state.open_orders, id).unwrap().request.kind.limit(), Some(price));
}

on_both_venues! {
    case_78_an_order_for_all_hours_fills_after_the_close_and_a_day_s_order_does_not
    case_79_an_order_for_the_close_waits_for_it_and_fills_there
    case_80_an_order_for_the_close_is_refused_when_it_comes_too_late
    case_81_a_part_of_a_share_is_held_to_the_last_digit
    case_82_a_part_of_a_share_is_not_sold_short
    case_83_a_price_below_a_dollar_has_four_digits
}
