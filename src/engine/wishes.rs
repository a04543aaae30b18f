//! What strategies wish, carried out: sizes, closes of their own shares, what they earned.

use crate::domain::intent::{Origin, StrategyId};
use crate::domain::order::TimeInForce;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::{Outcome, Size, StrategyAnswer, StrategyEvent, Wish};
use crate::domain::venue::VenueRequest;
use crate::engine::event::{Act, Event};
use crate::engine::proofs::{Alone, price, spy};
use crate::engine::record::Record;
use crate::risk::limits::Limits;

/// Strategy 1 is called, and answers with these wishes.
pub(super) fn wish(stage: &mut Alone, wishes: Vec<Wish>) {
    let event = StrategyEvent::Session { open: true, at: stage.now };
    stage.engine.call_strategy(StrategyId(1), spy(), event);
    let seq = *stage.engine.strategies.get(StrategyId(1)).unwrap().unanswered.last().unwrap();
    let answer = StrategyAnswer {
        seq,
        symbol: spy(),
        outcome: Outcome::Done,
        wishes,
        logs: Vec::new(),
        plots: Vec::new(),
    };
    stage.step(Event::StrategyAnswered { id: StrategyId(1), answer });
}

pub(super) fn buy(size: Size, limit: &str, stop: &str) -> Wish {
    Wish::Trade {
        side: Side::Buy,
        size,
        limit: Some(price(limit)),
        stop: Some(price(stop)),
        take_profit: None,
        trail: None,
        tif: TimeInForce::Day,
        tag: None,
    }
}

pub(super) fn close() -> Wish {
    Wish::Close { tag: None }
}

/// What was sent since `before`, protective stops left out.
pub(super) fn sent(stage: &Alone, before: usize) -> Vec<(Side, String)> {
    let trades = |request: &&VenueRequest| request.kind.stop().is_none();
    let new = stage.sent.iter().skip(before).filter(trades);
    new.map(|request| (request.side, request.qty.to_string())).collect()
}

#[test]
fn a_wish_becomes_an_order_of_the_size_that_was_meant() {
    let cases = [
        (Size::Qty("7.5".parse().unwrap()), "7.5"),
        (Size::Notional("1050".parse().unwrap()), "10"),
        // 1 % of 100,000 at 99 dollars a share.
        (Size::Pct("1".parse().unwrap()), "10"),
        // 0.05 % of 100,000 at 1.50 a share at risk.
        (Size::RiskPct("0.05".parse().unwrap()), "33"),
    ];
    for (size, shares) in cases {
        let mut stage = Alone::new(Limits::default());
        wish(&mut stage, vec![buy(size, "99", "97.50")]);
        assert_eq!(sent(&stage, 0), [(Side::Buy, shares.to_owned())], "{size:?}");
    }
}

#[test]
fn a_distance_of_nothing_sizes_no_order() {
    let mut stage = Alone::new(Limits::default());
    wish(&mut stage, vec![buy(Size::RiskPct("1".parse().unwrap()), "99", "99")]);
    assert_eq!(sent(&stage, 0), []);
    let unsized_words = stage.said.iter().any(|record| {
        matches!(record, Record::Strategy { what, detail, .. } if what == "unsized" && detail.contains("nothing"))
    });
    assert!(unsized_words, "and it is said");
}

/// A machine in which strategy 1 bought 30 shares at 100 and the trader 20.
fn held() -> Alone {
    let mut stage = Alone::new(Limits { stops_auto: false, ..Limits::default() });
    let one = Origin::Strategy(StrategyId(1));
    for (origin, shares) in [(one, 30), (Origin::Operator, 20)] {
        let order = stage.ask(origin, Side::Buy, shares).unwrap();
        stage.fill(order, Side::Buy, shares, "100");
        let leg = stage.sent.last().unwrap().stop_loss.unwrap().id;
        stage.report(leg, crate::domain::venue::ReportKind::Canceled);
        stage.wait(3);
    }
    stage
}

#[test]
fn a_close_takes_what_the_strategy_holds_and_no_share_of_anybody_else_s() {
    let mut stage = held();
    let before = stage.sent.len();
    wish(&mut stage, vec![close()]);
    assert_eq!(sent(&stage, before), [(Side::Sell, "30".to_owned())]);
    // While that one is on its way there are twenty left, and none of them is the strategy's.
    let exit = stage.sent.last().unwrap().id;
    stage.fill(exit, Side::Sell, 30, "101");
    let before = stage.sent.len();
    wish(&mut stage, vec![close()]);
    assert_eq!(sent(&stage, before), []);
}

#[test]
fn what_a_strategy_earned_is_counted_from_its_own_fills() {
    let mut stage = held();
    wish(&mut stage, vec![close()]);
    let exit = stage.sent.last().unwrap().id;
    let earned = |stage: &Alone| stage.engine.snapshot().strategies[0].pnl.to_string();
    assert_eq!(earned(&stage), "0.00", "an entry earns nothing");
    stage.fill(exit, Side::Sell, 10, "101.50");
    assert_eq!(earned(&stage), "15.00");
    stage.fill(exit, Side::Sell, 20, "99");
    assert_eq!(earned(&stage), "-5.00");
    assert_eq!(stage.engine.snapshot().strategies[1].pnl.to_string(), "0.00");
}

#[test]
fn equity_is_the_account_s_and_a_gap_is_told_once() {
    let mut stage = held();
    assert_eq!(stage.engine.equity().unwrap().to_string(), "100000.00");
    assert_eq!(stage.engine.snapshot().positions[0].qty, Qty::shares(50));
    let stop = Act::Submit {
        ticket: 900,
        intent: crate::engine::calls::market_exit(Origin::Operator, spy(), Side::Sell, Qty::shares(50)),
    };
    let Act::Submit { ticket, intent } = stop else { return };
    let trail = Some("1".parse().unwrap());
    stage.step(Event::Operator(Act::Submit {
        ticket,
        intent: crate::domain::intent::Intent { trail, ..intent },
    }));
    let order = stage.sent.last().unwrap().id;
    stage.report(order, crate::domain::venue::ReportKind::Working);
    for bid in ["98", "97", "96"] {
        stage.quoted(bid);
    }
    assert_eq!(stage.alerts("gap through stop"), 1);
    assert!(stage.alerts("is at 98, beyond the stop of 50 at 99") == 1, "with its prices");
    assert_eq!(stage.engine.entry_price(spy(), Side::Sell), Some(Price::from_cents(9_600)));
}
