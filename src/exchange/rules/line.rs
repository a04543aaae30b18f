use crate::domain::order::OrderStatus;
use crate::domain::venue::{VenueAnswer, VenueRequest};
use crate::exchange::faults::{Faults, RequestFaults};
use crate::exchange::rules::floor::{Floor, id, minute, order, quiet};
use crate::exchange::settings::Settings;

fn resting() -> VenueRequest {
    order("a", "buy 1 limit 90")
}

fn broken(faults: Faults) -> Floor {
    Floor::new(Settings { faults, ..quiet() })
}

/// What a fault does to the answer, and what is true all the same.
fn check_submit(submit: RequestFaults, answer: &str, arrives: bool) {
    let mut floor = broken(Faults { submit, ..Faults::default() });
    let said = match floor.submit(1, &resting()) {
        VenueAnswer::Taken => "taken",
        VenueAnswer::Refused(_) => "refused",
        VenueAnswer::Unknown(_) => "unknown",
    };
    assert_eq!((said, floor.exchange.order(id("a")).is_some()), (answer, arrives), "{submit:?}");
}

#[test]
fn a_broken_line_changes_the_answer_and_not_the_truth() {
    let fault =
        |refused, timeout_before, timeout_after| RequestFaults { refused, timeout_before, timeout_after };
    check_submit(fault(0, 0, 0), "taken", true);
    check_submit(fault(1000, 0, 0), "refused", false);
    check_submit(fault(0, 1000, 0), "unknown", false);
    check_submit(fault(0, 0, 1000), "unknown", true);

    let check_cancel = |cancel: RequestFaults, expected: OrderStatus, told: &str| {
        let mut floor = broken(Faults { cancel, ..Faults::default() });
        floor.take(1, &resting());
        floor.told();
        assert_ne!(floor.exchange.cancel(id("a"), minute(1)), VenueAnswer::Taken);
        assert_eq!(floor.status("a"), expected);
        assert_eq!(floor.told().join(","), told);
    };
    check_cancel(fault(0, 0, 1000), OrderStatus::Canceled, "a canceled");
    check_cancel(fault(0, 1000, 0), OrderStatus::Working, "");
    check_cancel(fault(1000, 0, 0), OrderStatus::Working, "");
}

#[test]
fn an_impossible_cancel_without_an_answer_is_told_by_a_report() {
    let cancel = RequestFaults { timeout_after: 1000, ..RequestFaults::default() };
    let mut floor = broken(Faults { cancel, ..Faults::default() });
    floor.take(1, &resting());
    floor.exchange.cancel_all(minute(1));
    floor.told();
    floor.exchange.cancel(id("a"), minute(1));
    assert_eq!(floor.told(), ["a cancel rejected"]);
}

#[test]
fn reports_are_lost_late_doubled_and_reordered() {
    let check = |faults: Faults, at_once: &str, later: &str| {
        let mut floor = broken(faults);
        floor.take(1, &resting());
        assert_eq!(floor.told().join(","), at_once, "{faults:?}");
        floor.exchange.advance(minute(1).plus_millis(50));
        assert_eq!(floor.told().join(","), later, "{faults:?}");
    };
    let none = Faults::default();
    check(none, "a accepted,a working", "");
    check(Faults { lost: 1000, ..none }, "", "");
    check(Faults { late: 1000, late_ms: 50, ..none }, "", "a accepted,a working");
    check(Faults { doubled: 1000, ..none }, "a accepted,a accepted,a working,a working", "");
    check(Faults { reordered: 1000, ..none }, "a working,a accepted", "");
}
