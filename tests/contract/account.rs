//! What a reading shows of the account, whoever traded on it.

use hardstop::domain::order::{OrderKind, OrderStatus};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::venue::{ReportKind, VenueAnswer, VenueRequest};

use crate::contract::stage::{Stage, held, ids_of, standing};
use crate::contract::wish::{buy, ibm, sell, spy};
use crate::contract::{On, on_both_venues};

/// An order of somebody else's on the same account.
fn foreign(number: u32, kind: OrderKind) -> VenueRequest {
    VenueRequest {
        id: format!("somebody-else-{number}").parse().unwrap(),
        symbol: ibm(),
        side: Side::Buy,
        qty: Qty::shares(5),
        kind,
        tif: hardstop::domain::order::TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    }
}

fn case_46_a_reading_tells_how_the_orders_ended_that_it_is_asked_for(on: On) {
    let mut stage = Stage::new(on);
    let (filled, gone) = (stage.filled(buy(10)), stage.taken(buy(10).limit(9_000)));
    assert!(stage.cancel(gone).is_taken());
    stage.until_told(gone, &ReportKind::Canceled);
    let open = stage.taken(buy(3).limit(9_000));
    let state = stage.reading(&[filled, gone, open]);
    assert_eq!((ids_of(&state.closed_orders), ids_of(&state.open_orders)), (vec![filled, gone], vec![open]));
    assert_eq!(standing(&state.closed_orders, filled), Some((OrderStatus::Filled, Qty::shares(10))));
    assert_eq!(standing(&state.closed_orders, gone), Some((OrderStatus::Canceled, Qty::ZERO)));
    let again = stage.reading(&[filled, gone, open]);
    assert_eq!(again.closed_orders, state.closed_orders, "what has ended stays as it ended");
    assert!(stage.reading(&[]).closed_orders.is_empty(), "nobody asked");
}

fn case_47_a_reading_of_an_id_that_nobody_knows_shows_nothing(on: On) {
    let mut stage = Stage::new(on);
    let (unknown, open) = (stage.id(), stage.taken(buy(3).limit(9_000)));
    let state = stage.reading(&[unknown, open]);
    assert!(state.closed_orders.is_empty(), "{state:?}");
    assert_eq!(ids_of(&state.open_orders), [open]);
}

fn case_48_a_reading_tells_the_executions_since_the_last_one(on: On) {
    let mut stage = Stage::new(on);
    let first = stage.filled(buy(10));
    let orders = |state: &hardstop::domain::venue::VenueState| {
        state.fills.iter().map(|fill| fill.order).collect::<Vec<_>>()
    };
    assert_eq!(orders(&stage.reading(&[])), [first]);
    // Both venues overlap their readings, so that none is missed: Alpaca's by two minutes.
    stage.quote_at(spy(), 10_000, 1_000, stage.now().plus_seconds(600));
    stage.reading(&[]);
    let second = stage.filled(sell(10));
    assert_eq!(orders(&stage.reading(&[])), [second]);
}

fn case_49_the_account_is_worth_what_its_shares_are(on: On) {
    let mut stage = Stage::new(on);
    stage.filled(buy(100));
    let state = stage.reading(&[]);
    assert_eq!(state.account.cash.to_string(), "89999.00");
    // Its only trade was its own, at 100.01.
    assert_eq!(state.account.equity.to_string(), "100000.00");
    assert_eq!(state.account.buying_power.to_string(), "89999.00");
    stage.taken(buy(10).limit(9_000));
    let state = stage.reading(&[]);
    assert_eq!(state.account.buying_power.to_string(), "89099.00", "a resting order may cost its limit");
}

fn case_50_an_order_of_somebody_else_s_is_listed_under_its_own_id(on: On) {
    let mut stage = Stage::new(on);
    let request = foreign(1, OrderKind::Limit { limit: Price::from_cents(4_000) });
    assert_eq!(stage.place.foreign(&request), VenueAnswer::Taken);
    let own = stage.taken(buy(10).limit(9_000));
    let state = stage.reading(&[]);
    assert_eq!(ids_of(&state.open_orders), [own, request.id]);
    assert_eq!(standing(&state.open_orders, request.id), Some((OrderStatus::Working, Qty::ZERO)));
    assert!(stage.cancel(request.id).is_taken(), "it is cancelled as any other");
    assert_eq!(ids_of(&stage.reading(&[]).open_orders), [own]);
}

fn case_51_what_somebody_else_buys_is_held_and_its_execution_is_read(on: On) {
    let mut stage = Stage::new(on);
    let request = foreign(1, OrderKind::Market);
    assert_eq!(stage.place.foreign(&request), VenueAnswer::Taken);
    let state = stage.reading(&[request.id]);
    assert_eq!(held(&state, ibm()), Qty::shares(5));
    assert_eq!(standing(&state.closed_orders, request.id), Some((OrderStatus::Filled, Qty::shares(5))));
    let [fill] = &state.fills[..] else { panic!("{state:?}") };
    assert_eq!((fill.order, fill.qty), (request.id, Qty::shares(5)));
}

fn case_52_a_program_that_starts_again_finds_everything_as_it_was(on: On) {
    let mut stage = Stage::new(on);
    let (filled, open) = (stage.filled(buy(10)), stage.taken(buy(3).limit(9_000)));
    let before = stage.reading(&[filled, open]);
    stage.restart();
    let after = stage.reading(&[filled, open]);
    assert_eq!(after, before);
    assert!(stage.cancel(open).is_taken(), "it cancels what another one placed");
    assert!(stage.reading(&[]).open_orders.is_empty());
}

on_both_venues! {
    case_46_a_reading_tells_how_the_orders_ended_that_it_is_asked_for
    case_47_a_reading_of_an_id_that_nobody_knows_shows_nothing
    case_48_a_reading_tells_the_executions_since_the_last_one
    case_49_the_account_is_worth_what_its_shares_are
    case_50_an_order_of_somebody_else_s_is_listed_under_its_own_id
    case_51_what_somebody_else_buys_is_held_and_its_execution_is_read
    case_52_a_program_that_starts_again_finds_everything_as_it_was
}
