use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::venue::VenueAnswer;
use crate::exchange::rules::floor::{Floor, bars_only, check, id, ioc, minute, order, price, spy};
use crate::exchange::settings::{Costs, Settings};

#[test]
fn an_order_is_accepted_works_and_fills_from_the_next_bar_on() {
    let mut floor = Floor::open();
    floor.take(1, &order("a", "buy 100"));
    assert_eq!(floor.told(), ["a accepted", "a working"]);
    // This bar began before the order came.
    floor.bar(0, "99 99 99 99", 10_000);
    assert!(floor.told().is_empty());
    floor.bar(1, "101 102 98 99", 10_000);
    assert_eq!(floor.told(), ["a 100@101"]);
    assert_eq!(floor.status("a"), OrderStatus::Filled);
    assert_eq!(floor.exchange.fills()[0].at, minute(2));
    assert_eq!(floor.exchange.fills()[0].execution, "a-x1");
}

#[test]
fn a_tenth_of_a_bars_volume_is_shared_and_the_rest_stays() {
    let mut floor = Floor::open();
    floor.take(1, &order("a", "buy 80"));
    floor.take(1, &order("b", "buy 50"));
    floor.bar(1, "100 100 100 100", 1005);
    assert_eq!(floor.filled(), ["a 80@100", "b 20@100"]);
    assert_eq!(floor.status("b"), OrderStatus::Partial);
    floor.bar(2, "101 101 101 101", 1005);
    assert_eq!(floor.filled()[2..], ["b 30@101"]);
    assert_eq!(floor.exchange.fills()[2].execution, "b-x2");
}

#[test]
fn without_costs_a_market_order_fills_whole_at_the_next_open() {
    let mut floor = Floor::new(bars_only());
    floor.bar(0, "100 100 100 100", 10);
    floor.take(1, &order("a", "buy 500"));
    floor.bar(1, "100.07 103 99 101", 10);
    assert_eq!(floor.filled(), ["a 500@100.07"]);
    let cost = price("100.07").times(Qty::shares(500));
    assert_eq!(floor.exchange.account().cash, Money::dollars(100_000).minus(cost).unwrap());
}

#[test]
fn an_arriving_order_takes_the_newest_quote_and_its_size_once() {
    let taken = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 60);
        floor.take(1, &order("a", "buy 100"));
        floor.take(1, &order("b", "buy 10 limit 100.02"));
        floor.quote(2, "100", "100.05", 60);
    };
    check("taken", taken, &["a 60@100.02", "a 40@100.05"]);
    let rest = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 60);
        floor.take(1, &order("a", "buy 100 limit 102"));
        floor.quote(2, "100", "100.03", 60);
    };
    check("the rest of a marketable order still pays the ask", rest, &["a 60@100.02", "a 40@100.03"]);
}

#[test]
fn a_resting_limit_fills_when_the_market_comes_through_it() {
    let quoted = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 60);
        floor.take(1, &order("a", "buy 10 limit 100"));
        floor.quote(2, "99.98", "100", 60);
        assert!(floor.filled().is_empty(), "a touch is no fill");
        floor.quote(3, "99.97", "99.99", 60);
    };
    check("quotes", quoted, &["a 10@100"]);
    let traded = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 60);
        floor.take(1, &order("a", "buy 10 limit 100"));
        floor.trade(2, "100", 5000);
        assert!(floor.filled().is_empty(), "a touch is no fill");
        floor.trade(2, "99.99", 70);
    };
    check("trades", traded, &["a 7@100"]);
}

#[test]
fn an_unusable_or_old_quote_fills_nothing() {
    for (bid, ask) in [("0", "100"), ("100.1", "100"), ("90", "100")] {
        let unusable = |floor: &mut Floor| {
            floor.quote(1, bid, ask, 60);
            floor.take(1, &order("a", "buy 10"));
            floor.quote(2, bid, ask, 60);
        };
        check("unusable", unusable, &[]);
    }
    let old = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 60);
        floor.take(4, &order("a", "buy 10"));
    };
    check("old", old, &[]);
}

#[test]
fn a_stop_is_triggered_by_the_bid_a_trade_or_a_bar() {
    let check = |act: &dyn Fn(&mut Floor), expected: &str| {
        let mut floor = Floor::long();
        floor.take(2, &order("s", "sell 100 stop 98"));
        act(&mut floor);
        assert_eq!(floor.filled()[1..], [expected]);
    };
    check(&|floor| floor.quote(3, "97.9", "97.95", 500), "s 100@97.9");
    check(&|floor| floor.trade(3, "98", 5000), "s 100@98");
    check(&|floor| floor.bar(3, "97 99 96 98", 5000), "s 100@97");
}

#[test]
fn a_triggered_stop_sells_its_rest_at_the_market() {
    let mut floor = Floor::long();
    floor.take(2, &order("s", "sell 100 stop 98"));
    floor.bar(2, "99 99 97 97", 400);
    floor.bar(3, "99.5 99.5 99.5 99.5", 10_000);
    assert_eq!(floor.filled()[1..], ["s 40@98", "s 60@99.5"]);
}

#[test]
fn a_stop_limit_that_is_triggered_is_a_limit() {
    let act = |floor: &mut Floor| {
        floor.take(1, &order("a", "buy 10 stop 101 limit 100.5"));
        floor.bar(1, "100 101 100 101", 10_000);
        floor.bar(2, "101 101 100.5 101", 10_000);
        floor.bar(3, "101 101 100.4 101", 10_000);
    };
    check("stop-limit", act, &["a 10@100.5"]);
}

#[test]
fn what_fills_at_once_stays_and_the_rest_is_cancelled() {
    let mut floor = Floor::open();
    floor.quote(1, "100", "100.02", 60);
    floor.take(1, &ioc(&order("a", "buy 100")));
    assert_eq!(floor.told(), ["a accepted", "a working", "a 60@100.02", "a canceled"]);
    floor.take(390, &ioc(&order("b", "buy 100")));
    assert_eq!(floor.told(), ["b accepted", "b canceled"]);
    let mut daily = Floor::new(Settings { costs: Costs::default(), ..bars_only() });
    daily.bar(0, "100 100 100 100", 1000);
    daily.take(1, &ioc(&order("a", "buy 100 limit 110")));
    daily.bar(1, "100 100 100 100", 500);
    assert_eq!(daily.filled(), ["a 50@100.01"]);
    assert_eq!(daily.status("a"), OrderStatus::Canceled);
}

#[test]
fn a_halted_symbol_fills_nothing_and_its_orders_can_be_cancelled() {
    let mut floor = Floor::open();
    floor.exchange.set_halted(spy(), true);
    floor.take(1, &order("a", "buy 10"));
    floor.quote(1, "100", "100.02", 500);
    floor.take(1, &order("b", "buy 10"));
    floor.take(1, &ioc(&order("c", "buy 10")));
    floor.bar(1, "100 100 100 100", 10_000);
    floor.trade(2, "100", 5000);
    assert!(floor.filled().is_empty());
    assert_eq!(floor.exchange.cancel(id("a"), minute(2)), VenueAnswer::Taken);
    floor.exchange.set_halted(spy(), false);
    floor.quote(3, "100", "100.02", 500);
    assert_eq!(floor.filled(), ["b 10@100.02"]);
}
