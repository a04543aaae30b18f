//! A line that loses what is on its way.

use hardstop::domain::order::OrderStatus;
use hardstop::domain::qty::Qty;
use hardstop::domain::venue::ReportKind;
use hardstop::exchange::settings::Settings;

use crate::contract::ground::Trouble;
use crate::contract::stage::{Stage, held, ids_of, standing};
use crate::contract::wish::{buy, spy};
use crate::contract::{On, on_both_venues};

fn ill(on: On, trouble: Trouble) -> Stage {
    Stage::with(on, Settings::default(), trouble)
}

fn case_68_a_lost_answer_leaves_one_order_and_its_id_finds_it(on: On) {
    let mut stage = ill(on, Trouble::AnswerLost);
    let (id, came) = stage.ask(buy(10).limit(9_000));
    assert!(came.is_unknown(), "{came:?}");
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.open_orders, id), Some((OrderStatus::Working, Qty::ZERO)));
    assert_eq!(state.open_orders.len(), 1);
    stage.until_told(id, &ReportKind::Working);
}

fn case_69_a_lost_answer_to_an_order_that_fills_is_made_good_by_the_reading(on: On) {
    let mut stage = ill(on, Trouble::AnswerLost);
    let (id, came) = stage.ask(buy(10));
    assert!(came.is_unknown(), "{came:?}");
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, Qty::shares(10))));
    assert_eq!((held(&state, spy()), state.fills.len()), (Qty::shares(10), 1));
    assert_eq!(state.fills[0].order, id);
}

fn case_70_an_order_that_is_lost_before_it_arrives_leaves_none(on: On) {
    let mut stage = ill(on, Trouble::OrderLost);
    let (id, came) = stage.ask(buy(10).limit(9_000));
    assert!(came.is_unknown(), "nobody can know which of the two it was: {came:?}");
    let state = stage.reading(&[id]);
    assert!(state.open_orders.is_empty() && state.closed_orders.is_empty(), "{state:?}");
}

fn case_71_a_cancel_whose_answer_is_lost_has_cancelled(on: On) {
    let mut stage = ill(on, Trouble::CancelsAnswerLost);
    let id = stage.taken(buy(10).limit(9_000));
    let came = stage.cancel(id);
    assert!(came.is_unknown(), "{came:?}");
    stage.until_told(id, &ReportKind::Canceled);
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Canceled, Qty::ZERO)));
}

fn case_72_an_order_whose_answer_was_lost_is_cancelled_all_the_same(on: On) {
    let mut stage = ill(on, Trouble::AnswerLost);
    let (id, came) = stage.ask(buy(10).limit(9_000));
    assert!(came.is_unknown(), "{came:?}");
    assert!(stage.cancel(id).is_taken(), "the venue's own name for it is asked for first");
    assert!(stage.reading(&[]).open_orders.is_empty());
}

fn case_73_a_bracket_whose_answer_was_lost_has_its_legs_and_they_are_found(on: On) {
    let mut stage = ill(on, Trouble::AnswerLost);
    let (entry, came) = stage.ask(buy(10).guarded(9_500, 11_000));
    assert!(came.is_unknown(), "{came:?}");
    let (stop, target) = (entry.stop_leg().unwrap(), entry.target_leg().unwrap());
    let state = stage.reading(&[entry, stop, target]);
    assert_eq!(ids_of(&state.open_orders), [stop, target]);
    assert_eq!(standing(&state.closed_orders, entry), Some((OrderStatus::Filled, Qty::shares(10))));
    // Once the reading has told whose they are, the stream's words about them are understood.
    stage.quote(spy(), 9_450);
    stage.until_filled(stop, Qty::shares(10));
}

fn case_74_a_fill_that_is_told_twice_is_one_execution(on: On) {
    let mut stage = ill(on, Trouble::ToldTwice);
    let id = stage.filled(buy(10));
    stage.until_so(|stage| (stage.fills_told(id).len() == 2).then_some(()));
    let told = stage.fills_told(id);
    assert_eq!(told[0], told[1]);
    assert_eq!(stage.gate().position(spy()).qty, Qty::shares(10), "the gate takes it in once");
    let state = stage.reading(&[id]);
    assert_eq!((held(&state, spy()), state.fills.len()), (Qty::shares(10), 1));
}

fn case_75_what_the_stream_never_told_the_reading_tells(on: On) {
    let mut stage = ill(on, Trouble::Untold);
    let (filled, open) = (stage.taken(buy(10)), stage.taken(buy(3).limit(9_000)));
    let state = stage.reading(&[filled, open]);
    assert_eq!(standing(&state.closed_orders, filled), Some((OrderStatus::Filled, Qty::shares(10))));
    assert_eq!(ids_of(&state.open_orders), [open]);
    assert_eq!((held(&state, spy()), state.fills.len()), (Qty::shares(10), 1));
    assert!(stage.told(filled).is_empty() && stage.told(open).is_empty());
}

fn case_76_what_happens_while_the_stream_is_lost_is_read_when_it_stands_again(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(9_000));
    stage.until_told(id, &ReportKind::Working);
    stage.while_the_stream_is_lost(|stage| stage.quote(spy(), 8_900));
    stage.until_quiet();
    assert!(stage.fills_told(id).is_empty(), "a stream tells nothing of what it missed");
    let state = stage.reading(&[id]);
    assert_eq!(standing(&state.closed_orders, id), Some((OrderStatus::Filled, Qty::shares(10))));
    assert_eq!(state.fills.iter().map(|fill| fill.order).collect::<Vec<_>>(), [id]);
}

fn case_77_a_cancel_that_is_asked_for_twice_at_once_does_no_harm(on: On) {
    let mut stage = Stage::new(on);
    let id = stage.taken(buy(10).limit(9_000));
    assert!(stage.cancel(id).is_taken());
    let again = stage.cancel(id);
    match on {
        On::Embedded => assert!(again.is_refused("already in"), "{again:?}"),
        // Each request counts against Alpaca's minute: the same cancel leaves once a second at most.
        On::Loopback => assert!(again.is_unknown(), "{again:?}"),
    }
    stage.until_quiet();
    let ends = stage.told(id).into_iter().filter(|kind| **kind == ReportKind::Canceled);
    assert_eq!(ends.count(), 1);
}

on_both_venues! {
    case_68_a_lost_answer_leaves_one_order_and_its_id_finds_it
    case_69_a_lost_answer_to_an_order_that_fills_is_made_good_by_the_reading
    case_70_an_order_that_is_lost_before_it_arrives_leaves_none
    case_71_a_cancel_whose_answer_is_lost_has_cancelled
    case_72_an_order_whose_answer_was_lost_is_cancelled_all_the_same
    case_73_a_bracket_whose_answer_was_lost_has_its_legs_and_they_are_found
    case_74_a_fill_that_is_told_twice_is_one_execution
    case_75_what_the_stream_never_told_the_reading_tells
    case_76_what_happens_while_the_stream_is_lost_is_read_when_it_stands_again
    case_77_a_cancel_that_is_asked_for_twice_at_once_does_no_harm
}
