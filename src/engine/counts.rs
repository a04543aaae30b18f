//! What the machine and the broker count of shares and of money, at its edges.

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::market::{Bar, Tick};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{ReportKind, VenueAccount, VenuePosition, VenueState};
use crate::engine::edges::one_share;
use crate::engine::event::{Act, Event};
use crate::engine::memory::Memory;
use crate::engine::proofs::{Alone, ONE, price, spy, ten_o_clock};
use crate::risk::limits::Limits;

/// The venue is read: it holds so many shares of SPY at this average, or none, and as much cash as we count.
fn read(stage: &mut Alone, shares: i32, avg_price: &str) {
    read_beside(stage, shares, avg_price, 0);
}

/// The same with so many dollars more cash than we count at first.
fn read_beside(stage: &mut Alone, shares: i32, avg_price: &str, dollars: i32) {
    let worth = Money::dollars(100_000);
    let cash = match dollars {
        0 => stage.engine.gate.cash().unwrap(),
        dollars => Money::dollars(95_000).plus(Money::dollars(dollars)).unwrap(),
    };
    let equity = worth.plus(Money::dollars(dollars)).unwrap();
    let account = VenueAccount { equity, last_equity: worth, cash, buying_power: worth };
    let held = VenuePosition { symbol: spy(), qty: Qty::shares(shares), avg_price: price(avg_price) };
    let state = VenueState {
        at: stage.now,
        account,
        positions: Some(held).filter(|held| !held.qty.is_zero()).into_iter().collect(),
        open_orders: stage.open.clone(),
        closed_orders: Vec::new(),
        fills: Vec::new(),
    };
    stage.step(Event::Venue(Box::new(state)));
}

/// Fifty are bought at 100; the order's id.
fn fifty(stage: &mut Alone, origin: Origin) -> ClientOrderId {
    let entry = stage.ask(origin, Side::Buy, 50).unwrap();
    stage.fill(entry, Side::Buy, 50, "100");
    entry
}

fn position(stage: &Alone) -> Qty {
    stage.engine.gate.position(spy()).qty
}

fn acknowledge(stage: &mut Alone) {
    let number = stage.engine.snapshot().adjusts[0].number;
    stage.step(Event::Operator(Act::AcknowledgeAdjust { number, reason: "seen".to_owned() }));
}

/// Somebody sold twenty of fifty elsewhere, and its execution comes late; by then nothing is held any more.
#[test]
fn a_difference_is_taken_as_the_next_reading_has_it_and_not_as_it_was_found() {
    let mut stage = Alone::new(Limits::default());
    fifty(&mut stage, Origin::Operator);
    for _reading in 0..2 {
        stage.wait(11);
        read(&mut stage, 30, "100");
    }
    assert_eq!(stage.engine.snapshot().adjusts[0].difference.broker, Qty::shares(30));
    let elsewhere = "elsewhere".parse().unwrap();
    stage.fill(elsewhere, Side::Sell, 20, "100");
    stage.fill(elsewhere, Side::Sell, 30, "100");
    read(&mut stage, 0, "100");
    let shown = stage.engine.snapshot().adjusts[0].difference.clone();
    assert_eq!((shown.engine, shown.broker), (Qty::ZERO, Qty::ZERO), "what waits is shown as it is now");
    let before = stage.sent.len();
    acknowledge(&mut stage);
    assert_eq!((position(&stage), stage.sent.len()), (Qty::ZERO, before), "nothing is believed of before");
    assert!(stage.ask(Origin::Operator, Side::Buy, 1).is_none(), "until then it waits");
    read(&mut stage, 0, "100");
    assert_eq!((position(&stage), stage.sent.len()), (Qty::ZERO, before));
    assert!(stage.engine.snapshot().adjusts.is_empty());
    assert!(stage.ask(Origin::Operator, Side::Buy, 1).is_some(), "{}", stage.refusal());
}

/// Two shares for one, told by nobody: the venue takes the stop away, and the price is half of what it was.
#[test]
fn a_split_that_nobody_tells_of_sells_nothing_and_moves_the_stop_with_the_shares() {
    let mut stage = Alone::new(Limits::default());
    let entry = fifty(&mut stage, ONE);
    let leg = stage.engine.orders.get(entry).unwrap().request.stop_loss.unwrap().id;
    stage.report(leg, ReportKind::Working);
    let before = stage.sent.len();
    let moment = |stage: &mut Alone| {
        stage.now = stage.now.plus_seconds(3);
        stage.quoted("50");
    };
    moment(&mut stage);
    stage.report(leg, ReportKind::Canceled);
    for _look in 0..3 {
        moment(&mut stage);
    }
    for _reading in 0..6 {
        read(&mut stage, 100, "50");
        moment(&mut stage);
    }
    assert_eq!((stage.sent.len(), position(&stage)), (before, Qty::shares(50)), "nothing is sold by it");
    acknowledge(&mut stage);
    read(&mut stage, 100, "50");
    moment(&mut stage);
    assert_eq!(position(&stage), Qty::shares(100));
    let sent: Vec<_> = stage.sent.iter().skip(before).map(|stop| (stop.qty, stop.kind)).collect();
    assert_eq!(sent, [(Qty::shares(100), OrderKind::Stop { stop: price("49.50") })]);
    let own = stage.engine.strategies.all().next().unwrap().own.holding(spy());
    assert_eq!(own, (Qty::shares(100), price("50")), "whose they were they are");
}

/// Shares that were sold elsewhere are the same shares: what is left keeps its stop where it was.
#[test]
fn shares_that_left_elsewhere_leave_the_stop_where_it_lies() {
    let mut stage = Alone::new(Limits::default());
    fifty(&mut stage, Origin::Operator);
    for _reading in 0..2 {
        stage.wait(11);
        read(&mut stage, 25, "100");
    }
    acknowledge(&mut stage);
    read_beside(&mut stage, 25, "100", 2_500);
    assert_eq!(position(&stage), Qty::shares(25));
    let loss = stage.engine.snapshot().account.day_loss;
    assert_eq!(loss, Some(Money::ZERO), "what they were sold for came in");
    assert_eq!(stage.engine.desks.get(&spy()).unwrap().stop_plan, Some(price("99")));
}

/// Fifty of fifty-one leave at the target; the last one keeps both its stop and its target.
#[test]
fn a_target_that_fills_in_part_leaves_the_stop_of_the_rest_alone() {
    let mut stage = Alone::new(Limits::default());
    let mut intent = one_share(Origin::Operator, OrderKind::Limit { limit: price("100") });
    (intent.qty, intent.stop_loss, intent.take_profit) =
        (Qty::shares(51), Some(price("99")), Some(price("105")));
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let entry = *stage.sent.last().unwrap();
    let (stop, target) = (entry.stop_loss.unwrap().id, entry.take_profit.unwrap().id);
    stage.fill(entry.id, Side::Buy, 51, "100");
    for leg in [stop, target] {
        stage.report(leg, ReportKind::Working);
    }
    let sent = stage.sent.len();
    stage.fill(target, Side::Sell, 50, "105");
    stage.wait(5);
    assert_eq!((stage.cancelled.len(), stage.sent.len()), (0, sent), "the venue lowers the one by the other");
    let status = |id| stage.engine.orders.get(id).unwrap().status;
    assert_eq!([status(stop), status(target)], [OrderStatus::Working, OrderStatus::Partial]);
}

/// Five thousand dollars come in, or go out, while fifty shares are held.
#[test]
fn money_that_comes_in_hides_no_loss_and_money_that_leaves_is_one() {
    for (dollars, equity, loss) in [(5_000, "105000.00", "0.00"), (-5_000, "95000.00", "5000.00")] {
        let mut stage = Alone::new(Limits::default());
        fifty(&mut stage, Origin::Operator);
        stage.wait(1);
        read_beside(&mut stage, 50, "100", dollars);
        stage.wait(29);
        read_beside(&mut stage, 50, "100", dollars);
        let own = |stage: &Alone| stage.engine.gate.own_equity(stage.now).unwrap().to_string();
        assert_eq!(own(&stage), "100000.00", "an execution may be on its way");
        stage.wait(2);
        read_beside(&mut stage, 50, "100", dollars);
        assert_eq!(own(&stage), equity);
        let account = stage.engine.snapshot().account;
        assert_eq!(account.day_loss.unwrap().to_string(), loss, "{dollars}");
        assert_eq!(stage.alerts("cash than is counted here"), 1);
        stage.quoted("50");
        let lost = stage.engine.snapshot().account.day_loss.unwrap();
        assert!(lost >= Money::dollars(2_500), "{dollars}: what falls is lost, whatever came in: {lost}");
    }
}

#[test]
fn only_the_close_of_the_session_before_is_a_baseline() {
    for (closed, e0) in [("2013-10-03", 100_000), ("2013-10-04", 105_000)] {
        let close_equity = Some((closed.parse().unwrap(), Money::dollars(105_000)));
        let memory = Memory { close_equity, ..Memory::default() };
        let stage = Alone::after(Limits::default(), memory, ten_o_clock());
        assert_eq!(stage.engine.snapshot().account.e0, Some(Money::dollars(e0)), "closed on {closed}");
    }
}

/// The bar that ends with the session is known after its close was kept, and the exchange closes the session later
/// still.
#[test]
fn where_bars_are_the_only_clock_the_baseline_knows_the_last_bar_of_the_day_before() {
    let mut stage = Alone::new(Limits::default());
    stage.engine.settings.bars_only = true;
    fifty(&mut stage, Origin::Operator);
    let bar = |stage: &mut Alone, end: At, close: &str| {
        stage.now = end;
        let close: Price = price(close);
        let (start, volume) = (end.plus_seconds(-60), Qty::shares(1_000));
        let bar = Bar { symbol: spy(), start, end, open: close, high: close, low: close, close, volume };
        stage.step(Event::Clock);
        stage.step(Event::Tick(Tick::Bar(bar)));
    };
    let close: At = "2013-10-07T20:00:00Z".parse().unwrap();
    bar(&mut stage, close.plus_seconds(-60), "100");
    bar(&mut stage, close, "98");
    stage.now = "2013-10-08T04:00:00Z".parse().unwrap();
    stage.step(Event::Clock);
    stage.look();
    let e0 = stage.engine.snapshot().account.e0.unwrap();
    assert_eq!(e0.to_string(), "99900.00", "95,000 dollars, and fifty shares at 98");
}

/// The last bar of the session is known at its close: what a strategy decides by it belongs to the next one, where bars
/// are the only clock, and nothing else does.
#[test]
fn after_the_close_only_what_a_strategy_decides_by_the_last_bar_may_open() {
    for (bars_only, origin, seconds, passes) in [
        (true, ONE, 0, true),
        (true, ONE, 1, false),
        (true, Origin::Operator, 0, false),
        (false, ONE, 0, false),
    ] {
        let mut stage = Alone::new(Limits::default());
        stage.engine.settings.bars_only = bars_only;
        let (end, at): (At, Price) = ("2013-10-07T20:00:00Z".parse().unwrap(), price("100"));
        stage.now = end;
        stage.step(Event::Clock);
        let (start, volume) = (end.plus_seconds(-60), Qty::shares(1_000));
        let bar = Bar { symbol: spy(), start, end, open: at, high: at, low: at, close: at, volume };
        stage.step(Event::Tick(Tick::Bar(bar)));
        stage.now = end.plus_seconds(seconds);
        stage.step(Event::Clock);
        let sent = stage.ask(origin, Side::Buy, 1).is_some();
        let refusal = stage.refusal();
        assert_eq!(sent, passes, "{bars_only} {origin:?} {seconds}: {refusal}");
        assert_eq!(refusal.starts_with("MARKET_CLOSED"), !passes, "{refusal}");
    }
}
