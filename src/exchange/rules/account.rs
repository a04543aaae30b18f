use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::domain::venue::VenueRequest;
use crate::exchange::rules::floor::{Floor, bracket, id, ioc, minute, order, price, quiet};
use crate::exchange::settings::{Costs, Settings};

#[test]
fn shares_that_orders_hold_cannot_be_sold_twice() {
    let mut floor = Floor::long();
    floor.take(2, &order("s", "sell 60 stop 95"));
    let words = "insufficient qty available for order (requested: 41, available: 40)";
    floor.refused(2, &order("a", "sell 41"), words);
    floor.take(2, &order("b", "sell 40"));
    floor.refused(2, &order("c", "sell 1"), "(requested: 1, available: 0)");
    floor.exchange.cancel(id("s"), minute(2));
    floor.take(2, &order("d", "sell 60"));
    floor.bar(2, "100 100 100 100", 10_000);
    assert_eq!(floor.position(), Qty::ZERO);
}

#[test]
fn a_pair_holds_its_shares_once() {
    let mut floor = Floor::long();
    floor.take(2, &order("s", "sell 60 stop 95"));
    let target = |qty: &str| VenueRequest {
        one_cancels: Some(id("s")),
        ..order("t", &format!("sell {qty} limit 105"))
    };
    floor.refused(2, &target("101"), "(requested: 101, available: 100)");
    floor.take(2, &target("80"));
    floor.refused(2, &order("a", "sell 21"), "(requested: 21, available: 20)");
    let third = VenueRequest { one_cancels: Some(id("t")), ..order("u", "sell 5 limit 110") };
    floor.refused(2, &third, "belongs to a pair");
}

#[test]
fn forms_that_no_venue_takes_are_refused() {
    let mut floor = Floor::open();
    floor.take(1, &order("a", "buy 1"));
    let mut check = |request: VenueRequest, words: &str| floor.refused(1, &request, words);
    check(order("a", "buy 1"), "client_order_id must be unique");
    check(VenueRequest { take_profit: None, ..bracket("a", "buy 1", "95", "-") }, "must be unique");
    check(order("b", "buy 0"), "qty must be > 0");
    check(order("b", "buy -5"), "qty must be > 0");
    check(order("b", "buy 5 limit 0"), "limit_price must be > 0");
    check(order("b", "buy 5 limit 41.085"), "invalid limit_price 41.085. sub-penny");
    check(order("b", "buy 5 stop 0.12345"), "invalid stop_price 0.12345");
    check(order("b", "buy 0.5"), "fractional orders must be DAY");
    check(bracket("b", "buy 0.5", "95", "-"), "fractional orders must be simple");
    check(bracket("b", "buy 5 limit 100", "100", "-"), "stop_price 100 must be less than base_price 100");
    check(bracket("b", "buy 5", "95", "94"), "take_profit.limit_price 94 must be greater than 95");
    check(ioc(&bracket("b", "buy 5", "95", "-")), "complex orders must be day or gtc");
    check(VenueRequest { one_cancels: Some(id("zz")), ..order("b", "buy 5") }, "no live order zz");
    check(VenueRequest { one_cancels: Some(id("a")), ..order("b", "sell 5") }, "on the other side");
    check(order("b", "sell 5"), "potential wash trade detected");
    let mut listed = Floor::new(Settings { symbols: vec!["IBM".parse().unwrap()], ..Settings::default() });
    listed.refused(1, &order("a", "buy 1"), "asset not found");
}

#[test]
fn nothing_is_bought_beyond_the_buying_power_and_pending_orders_count() {
    let mut floor = Floor::open();
    floor.refused(1, &order("a", "buy 1001"), "insufficient buying power");
    floor.take(1, &order("b", "buy 600 limit 90"));
    assert_eq!(floor.exchange.account().buying_power, Money::dollars(46_000));
    floor.refused(1, &order("c", "buy 461"), "insufficient buying power");
    floor.take(1, &order("d", "buy 460"));
    let mut short = Floor::open();
    // A short sale's limit below the market does not make it cheaper.
    short.refused(1, &order("a", "sell 1500 limit 50"), "insufficient buying power");
    let mut doubled = Floor::new(Settings { buying_power_multiple: 2, ..quiet() });
    doubled.bar(0, "100 100 100 100", 1000);
    doubled.take(1, &order("a", "buy 2000"));
}

#[test]
fn a_short_is_counted_with_its_sign_and_bought_back() {
    let mut floor = Floor::open();
    floor.take(1, &order("a", "sell 100"));
    floor.bar(1, "100 100 100 100", 10_000);
    assert_eq!(floor.position(), Qty::shares(-100));
    floor.bar(2, "90 90 90 90", 10_000);
    assert_eq!(floor.exchange.account().equity, Money::dollars(101_000));
    floor.refused(3, &order("b", "buy 101"), "insufficient qty available");
    floor.refused(3, &bracket("b", "buy 50", "85", "-"), "bracket orders must be entry orders");
    floor.take(3, &order("c", "buy 100"));
    floor.bar(3, "90 90 90 90", 10_000);
    assert_eq!(floor.exchange.account().cash, Money::dollars(101_000));
    let mut cash_only = Floor::new(Settings { shorts: false, ..quiet() });
    cash_only.refused(1, &order("a", "sell 5"), "account is not allowed to short");
}

#[test]
fn the_average_price_is_the_cost_of_what_is_left() {
    let mut floor = Floor::long();
    floor.take(2, &order("b", "buy 100"));
    floor.bar(2, "110 110 110 110", 10_000);
    floor.take(3, &order("c", "sell 50"));
    floor.bar(3, "120 120 120 120", 10_000);
    let held = floor.exchange.state(minute(0), &[]).positions[0];
    assert_eq!((held.qty, held.avg_price), (Qty::shares(150), price("105")));
}

#[test]
fn fees_leave_the_cash() {
    let costs = Costs { fee_per_share: price("0.01"), fee_pct: "0.1".parse().unwrap(), ..Costs::none() };
    let mut floor = Floor::new(Settings { costs, ..Settings::default() });
    floor.bar(0, "100 100 100 100", 1000);
    floor.take(1, &order("a", "buy 100"));
    floor.bar(1, "100 100 100 100", 1000);
    assert_eq!(floor.exchange.fills()[0].fee, Money::dollars(11));
    assert_eq!(floor.exchange.account().cash, Money::dollars(89_989));
}

#[test]
fn yesterdays_equity_is_that_of_the_close_whatever_trades_later() {
    let mut floor = Floor::long();
    floor.bar(389, "110 110 110 110", 1000);
    assert_eq!(floor.exchange.account().last_equity, Money::dollars(100_000));
    floor.bar(390, "150 150 150 150", 1000);
    let account = floor.exchange.account();
    assert_eq!(account.last_equity, Money::dollars(101_000));
    assert_eq!(account.equity, Money::dollars(105_000));
}

#[test]
fn money_that_comes_in_is_cash_and_no_gain_of_yesterday() {
    let mut floor = Floor::open();
    floor.exchange.deposit(Money::dollars(500)).unwrap();
    floor.exchange.deposit(Money::dollars(-200)).unwrap();
    let account = floor.exchange.account();
    assert_eq!((account.cash, account.last_equity), (Money::dollars(100_300), Money::dollars(100_000)));
}

#[test]
fn after_a_split_nothing_fills_at_the_quote_of_before() {
    let mut floor = Floor::long();
    floor.quote(2, "100", "100.01", 500);
    floor.exchange.split("SPY".parse().unwrap(), 2, 1).unwrap();
    floor.take(2, &order("b", "sell 200"));
    assert!(!floor.filled().iter().any(|told| told.starts_with('b')), "it is a quote of other shares");
    floor.quote(3, "50", "50.01", 500);
    assert!(floor.filled().contains(&"b 200@50".to_owned()), "{:?}", floor.filled());
}

#[test]
fn a_reading_holds_the_executions_since_the_instant_asked_for() {
    let mut floor = Floor::long();
    floor.take(2, &order("b", "buy 1"));
    floor.bar(2, "100 100 100 100", 1000);
    let since = |at| floor.exchange.state(at, &[]).fills.len();
    assert_eq!((since(minute(2)), since(minute(2).plus_millis(1)), since(minute(4))), (2, 1, 0));
}
