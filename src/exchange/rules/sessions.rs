use crate::domain::at::At;
use crate::domain::order::OrderStatus;
use crate::domain::venue::{ReportKind, VenueAnswer};
use crate::exchange::rules::floor::{Floor, bars_only, day, id, minute, order};

#[test]
fn a_day_order_ends_with_its_session_and_its_rest_expires() {
    let mut floor = Floor::open();
    floor.take(1, &day(&order("a", "buy 100 limit 90")));
    floor.take(1, &order("g", "buy 1 limit 90"));
    floor.exchange.advance(minute(390));
    assert_eq!(floor.status("a"), OrderStatus::Working, "the last instant still belongs to the session");
    floor.told();
    floor.exchange.advance(minute(390).plus_millis(1));
    let reports = floor.exchange.take_reports();
    assert_eq!(reports.len(), 1);
    assert_eq!(
        (reports[0].order, reports[0].at, &reports[0].kind),
        (id("a"), minute(390), &ReportKind::Expired)
    );
    assert_eq!(floor.status("g"), OrderStatus::Working);
}

#[test]
fn an_order_of_the_evening_waits_for_the_open_and_belongs_to_the_next_session() {
    let mut floor = Floor::open();
    floor.take(390, &day(&order("a", "buy 100")));
    assert_eq!(floor.told(), ["a accepted"]);
    floor.quote(400, "99", "99.01", 500);
    floor.bar(420, "99 99 99 99", 10_000);
    floor.trade(430, "99", 5000);
    assert!(floor.filled().is_empty(), "nothing fills outside the session");
    assert_eq!(floor.status("a"), OrderStatus::Acked);
    floor.exchange.advance(minute(24 * 60));
    assert_eq!(floor.told(), ["a working"]);
    floor.bar(24 * 60, "98 98 98 98", 10_000);
    assert_eq!(floor.filled(), ["a 100@98"]);
}

#[test]
fn the_last_bar_and_quote_of_the_session_still_fill() {
    let mut floor = Floor::open();
    floor.take(300, &day(&order("a", "buy 10 limit 99")));
    floor.take(300, &day(&order("b", "buy 10 limit 98.5")));
    floor.bar(389, "99.5 99.5 98.9 99", 10_000);
    floor.quote(390, "98.3", "98.4", 500);
    assert_eq!(floor.filled(), ["a 10@99", "b 10@98.5"]);
}

#[test]
fn daily_bars_act_at_the_close_and_fill_at_the_next_open() {
    let midnight: At = "2013-10-07T00:00:00Z".parse().unwrap();
    let days = |days: i64| midnight.plus_seconds(days * 86_400);
    for span_s in [86_400, 72_000] {
        let mut floor = Floor::new(bars_only());
        let end = |day: i64| days(day).plus_seconds(span_s);
        floor.span(days(0), end(0), "100 101 99 100", 1000);
        for request in [order("a", "buy 10"), order("b", "buy 10 limit 90")] {
            assert_eq!(floor.exchange.submit(&day(&request), end(0)), VenueAnswer::Taken);
        }
        assert_eq!(floor.told(), ["a accepted", "a working", "b accepted", "b working"]);
        floor.exchange.advance(days(1).plus_seconds(70_000));
        floor.span(days(1), end(1), "103 104 102 103", 1000);
        assert_eq!(floor.told(), ["a 10@103", "b expired"], "the bar that reaches the close ends its day");
        floor.exchange.advance(days(2));
        floor.span(days(2), end(2), "89 89 89 89", 1000);
        assert!(floor.told().is_empty(), "and the next one meets it no more");
    }
}

#[test]
fn where_bars_are_the_only_clock_a_day_order_belongs_to_the_first_bar_it_can_meet() {
    let mut floor = Floor::new(bars_only());
    floor.bar(0, "100 100 100 100", 1000);
    // It comes after Monday's last bar began, and so belongs to Tuesday.
    floor.take(390, &day(&order("a", "buy 10")));
    floor.bar(389, "99 99 99 99", 1000);
    floor.bar(395, "98 98 98 98", 1000);
    floor.bar(24 * 60, "97 97 97 97", 1000);
    assert_eq!(floor.filled(), ["a 10@97"]);
    // In the middle of Wednesday's only bar: it can first meet Thursday's.
    let wednesday = minute(2 * 24 * 60);
    floor.exchange.submit(&day(&order("b", "buy 10")), wednesday.plus_seconds(3600));
    floor.span(wednesday, wednesday.plus_seconds(23_400), "96 96 96 96", 1000);
    floor.bar(3 * 24 * 60, "95 95 95 95", 1000);
    assert_eq!(floor.filled()[1..], ["b 10@95"]);
}

#[test]
fn a_bar_that_began_before_the_open_fills_nothing_unless_it_holds_the_session() {
    let mut floor = Floor::open();
    floor.take(390, &order("a", "buy 10"));
    let open = 24 * 60;
    floor.span(minute(open - 30), minute(open + 30), "90 100 90 100", 10_000);
    assert!(floor.filled().is_empty());
    floor.bar(open + 30, "101 101 101 101", 10_000);
    assert_eq!(floor.filled(), ["a 10@101"]);
}
