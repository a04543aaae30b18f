use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::venue::VenueRequest;
use crate::exchange::rules::floor::{Floor, bars_only, bracket, check, id, minute, order, price};

const A_DAY: i64 = 24 * 60;

fn with(tif: TimeInForce, text: &str) -> VenueRequest {
    VenueRequest { tif, ..order("a", text) }
}

fn trailing(text: &str, trail: &str) -> VenueRequest {
    let fixed = order("t", text);
    let stop = fixed.kind.stop().unwrap();
    VenueRequest { kind: OrderKind::TrailingStop { stop, trail: trail.parse().unwrap() }, ..fixed }
}

/// Where the trailing stop stands.
fn trigger(floor: &Floor) -> String {
    floor.exchange.order(id("t")).unwrap().request.kind.stop().unwrap().to_string()
}

#[test]
fn fill_or_kill_fills_in_full_or_not_at_all() {
    let enough = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 100);
        floor.take(1, &with(TimeInForce::Fok, "buy 100"));
    };
    check("enough", enough, &["a 100@100.02"]);
    let too_few = |floor: &mut Floor| {
        floor.quote(1, "100", "100.02", 99);
        floor.take(1, &with(TimeInForce::Fok, "buy 100"));
        assert_eq!(floor.status("a"), OrderStatus::Canceled);
        floor.quote(2, "100", "100.02", 1_000);
    };
    check("too few", too_few, &[]);
    let on_a_bar = |floor: &mut Floor| {
        floor.take(1, &with(TimeInForce::Fok, "buy 100"));
        floor.bar(1, "100 100 100 100", 999);
        assert_eq!(floor.status("a"), OrderStatus::Canceled, "a tenth of the bar is 99 shares");
    };
    check("on a bar", on_a_bar, &[]);
}

#[test]
fn an_order_for_the_opening_auction_meets_the_first_of_the_session_and_its_rest_goes() {
    let mut floor = Floor::open();
    floor.refused(389, &with(TimeInForce::Opg, "buy 100"), "from 19:00");
    floor.refused(400, &with(TimeInForce::Opg, "buy 100"), "from 19:00");
    let evening = 390 + 3 * 60;
    floor.take(evening, &with(TimeInForce::Opg, "buy 100"));
    floor.take(evening, &VenueRequest { id: id("far"), ..with(TimeInForce::Opg, "buy 10 limit 98") });
    floor.quote(A_DAY - 5, "100", "100.02", 1_000);
    assert!(floor.filled().is_empty(), "an early quote is no auction");
    floor.quote(A_DAY, "99.50", "99.52", 60);
    assert_eq!(floor.filled(), ["a 60@99.52"]);
    assert_eq!([floor.status("a"), floor.status("far")], [OrderStatus::Canceled; 2]);
    let mut late = Floor::open();
    late.exchange.advance(minute(A_DAY - 3));
    late.take(A_DAY - 3, &with(TimeInForce::Opg, "buy 100"));
    late.refused(A_DAY - 2, &VenueRequest { id: id("b"), ..with(TimeInForce::Opg, "buy 100") }, "from 19:00");
}

#[test]
fn an_order_for_the_closing_auction_fills_at_the_last_price_or_expires() {
    let mut floor = Floor::open();
    floor.take(10, &with(TimeInForce::Cls, "buy 100"));
    floor.take(10, &VenueRequest { id: id("through"), ..with(TimeInForce::Cls, "buy 5 limit 98.01") });
    floor.take(10, &VenueRequest { id: id("at"), ..with(TimeInForce::Cls, "buy 5 limit 98") });
    floor.bar(20, "97 97 97 97", 10_000);
    floor.quote(380, "97", "97.02", 1_000);
    assert!(floor.filled().is_empty(), "nothing before the close");
    floor.refused(381, &VenueRequest { id: id("b"), ..with(TimeInForce::Cls, "buy 1") }, "before the close");
    floor.trade(389, "98", 10);
    floor.exchange.advance(minute(390).plus_millis(1));
    assert_eq!(floor.filled(), ["a 100@98", "through 5@98"]);
    assert_eq!(floor.status("at"), OrderStatus::Expired);
    // Where bars are the only clock, the session's last bar is the auction.
    let mut bars = Floor::new(bars_only());
    bars.bar(0, "100 100 100 100", 1000);
    bars.take(1, &with(TimeInForce::Cls, "buy 10"));
    bars.bar(388, "101 101 101 101", 1000);
    assert!(bars.filled().is_empty());
    bars.bar(389, "102 103 101 102.5", 1000);
    assert_eq!(bars.filled(), ["a 10@102.5"]);
}

#[test]
fn where_bars_are_the_only_clock_the_opening_auction_is_the_sessions_first_bar() {
    let mut floor = Floor::new(bars_only());
    floor.bar(0, "100 100 100 100", 1000);
    floor.take(1, &with(TimeInForce::Opg, "buy 10"));
    floor.bar(1, "99 99 99 99", 1000);
    floor.bar(389, "98 98 98 98", 1000);
    assert!(floor.filled().is_empty());
    floor.bar(A_DAY, "97 97 97 97", 1000);
    assert_eq!(floor.filled(), ["a 10@97"]);
}

#[test]
fn an_order_for_all_hours_fills_early_and_late_and_ends_with_late_trading() {
    let mut floor = Floor::open();
    floor.refused(10, &with(TimeInForce::Ext, "buy 100"), "limit orders");
    floor.take(10, &with(TimeInForce::Ext, "buy 100 limit 95"));
    floor.take(10, &VenueRequest { id: id("day"), tif: TimeInForce::Day, ..order("day", "buy 10 limit 95") });
    floor.exchange.advance(minute(391));
    assert_eq!(floor.status("day"), OrderStatus::Expired);
    floor.quote(400, "94", "94.02", 60);
    assert_eq!(floor.filled(), ["a 60@94.02"], "late trading fills it, and a DAY order no more");
    floor.exchange.advance(minute(390 + 4 * 60 - 1));
    assert_eq!(floor.status("a"), OrderStatus::Partial);
    floor.exchange.advance(minute(390 + 4 * 60));
    assert_eq!(floor.status("a"), OrderStatus::Expired);
    // One that comes at night waits for early trading, not for the open.
    floor.take(390 + 5 * 60, &VenueRequest { id: id("b"), ..with(TimeInForce::Ext, "buy 10 limit 96") });
    assert_eq!(floor.status("b"), OrderStatus::Acked);
    floor.quote(A_DAY - 60, "95", "95.02", 60);
    assert_eq!(floor.filled()[1..], ["b 10@95.02"]);
}

#[test]
fn a_trailing_stop_follows_the_best_price_and_never_goes_back() {
    let mut floor = Floor::long();
    floor.quote(2, "100", "100.02", 1_000);
    floor.take(2, &trailing("sell 100 stop 90", "2"));
    assert_eq!(trigger(&floor), "98", "it begins behind the market, whatever it was asked to begin at");
    floor.quote(3, "103", "103.02", 1_000);
    assert_eq!(trigger(&floor), "101");
    floor.quote(4, "102", "102.02", 1_000);
    assert_eq!(trigger(&floor), "101");
    floor.bar(5, "102 104 101.5 102", 10_000);
    assert_eq!(trigger(&floor), "102", "a bar's best price counts after the bar has met the stop");
    floor.quote(395, "120", "120.02", 1_000);
    assert_eq!(trigger(&floor), "102", "late trading moves nothing");
    floor.quote(A_DAY, "101.90", "101.92", 1_000);
    assert_eq!(floor.filled()[1..], ["t 100@101.9"]);
}

#[test]
fn what_no_venue_takes_is_refused_in_words() {
    let mut floor = Floor::long();
    let leg = |tif| VenueRequest { tif, ..bracket("x", "buy 10 limit 99", "95", "-") };
    for tif in [TimeInForce::Fok, TimeInForce::Opg, TimeInForce::Cls, TimeInForce::Ext] {
        floor.refused(2, &leg(tif), "complex orders must be day or gtc");
    }
    floor.refused(2, &with(TimeInForce::Cls, "buy 10 stop 105"), "market or limit");
    let ioc = VenueRequest { tif: TimeInForce::Ioc, ..trailing("sell 100 stop 90", "2") };
    floor.refused(2, &ioc, "simple day or gtc");
    let part = VenueRequest { qty: "0.5".parse().unwrap(), ..trailing("sell 1 stop 90", "2%") };
    floor.refused(2, &VenueRequest { tif: TimeInForce::Day, ..part }, "fractional orders must be market");
    assert_eq!(price("90"), part.kind.stop().unwrap());
}
