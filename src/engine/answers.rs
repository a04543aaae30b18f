//! Openings that wait for the trader's yes, and what a strategy holds across two processes.

use crate::domain::intent::{Origin, StrategyId};
use crate::domain::market::{Bar, Tick};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::passport::Passport;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::{Size, StrategyEvent, Wish};
use crate::engine::event::{Act, Event, KillReport, StrategyHead};
use crate::engine::memory::{Memory, RememberedBook, RememberedOrder};
use crate::engine::proofs::{Alone, price, spy};
use crate::engine::record::Record;
use crate::engine::strategies::Running;
use crate::engine::wishes::{buy, close, sent, wish};
use crate::risk::limits::Limits;
use crate::risk::order::Role;

/// A machine whose strategy 1 asks before each opening.
fn asking() -> Alone {
    let mut stage = Alone::new(Limits::default());
    load(&mut stage, Passport { asks: true, ..Passport::default() });
    stage
}

fn load(stage: &mut Alone, passport: Passport) {
    let head = StrategyHead {
        id: StrategyId(1),
        name: "strategy 1".to_owned(),
        sha256: "00".to_owned(),
        symbols: vec![spy()],
        timeframe_ms: 60_000,
        warmup_bars: 0,
        protects: false,
        passport,
        file: String::new(),
        params: String::new(),
        handlers: Vec::new(),
    };
    stage.step(Event::StrategyLoaded(Box::new(head)));
}

fn ten() -> Wish {
    buy(Size::Qty(Qty::shares(10)), "99", "97.50")
}

fn answer(stage: &mut Alone, number: u64, yes: bool, qty: Option<Qty>, limit: Option<&str>) {
    stage.step(Event::Operator(Act::Answer { number, yes, qty, limit: limit.map(price) }));
}

/// What was said of questions, word for word without the instants.
fn told(stage: &Alone, wanted: &str) -> usize {
    let said = stage.said.iter();
    said.filter(|record| matches!(record, Record::Strategy { what, .. } if what == wanted)).count()
}

fn number(stage: &Alone) -> Option<u64> {
    stage.engine.snapshot().asks.first().map(|ask| ask.number)
}

#[test]
fn an_opening_that_asks_goes_with_a_yes_and_never_without() {
    let mut stage = asking();
    wish(&mut stage, vec![ten()]);
    assert_eq!((sent(&stage, 0), told(&stage, "asks")), (vec![], 1));
    wish(&mut stage, vec![ten()]);
    assert_eq!((told(&stage, "asks"), told(&stage, "not asked again")), (1, 1), "it is asked once");
    let first = number(&stage).unwrap();
    answer(&mut stage, first + 1, true, None, None);
    assert_eq!(sent(&stage, 0), [], "another number is no answer to it");
    answer(&mut stage, first, true, Some(Qty::shares(4)), Some("98.50"));
    assert_eq!(sent(&stage, 0), [(Side::Buy, "4".to_owned())]);
    let order = stage.sent.first().unwrap();
    assert_eq!(order.kind, OrderKind::Limit { limit: price("98.50") });
    assert_eq!(order.stop_loss.unwrap().price, price("97.50"));
    answer(&mut stage, first, true, None, None);
    assert_eq!((sent(&stage, 0).len(), number(&stage)), (1, None), "a yes is said once");
    assert!(stage.alerts(&format!("no question {first} waits")) == 1);
    wish(&mut stage, vec![ten()]);
    let second = number(&stage).unwrap();
    answer(&mut stage, second, false, None, None);
    assert_eq!((sent(&stage, 0).len(), told(&stage, "rejected"), number(&stage)), (1, 1, None));
}

#[test]
fn a_yes_is_judged_by_the_market_of_its_own_moment() {
    let mut stage = asking();
    wish(&mut stage, vec![ten()]);
    let question = number(&stage).unwrap();
    stage.quoted("120");
    answer(&mut stage, question, true, None, None);
    assert_eq!(sent(&stage, 0), []);
    let refused = |record: &Record| matches!(record, Record::Decision { refusal, .. } if refusal.starts_with("PRICE_COLLAR"));
    assert!(stage.said.iter().any(refused), "twenty dollars from the market, and the gate says so");
}

#[test]
fn what_the_gate_would_refuse_is_asked_of_nobody_and_exits_are_not_asked_for() {
    let mut stage = asking();
    wish(&mut stage, vec![buy(Size::Qty(Qty::shares(5_000)), "99", "97.50")]);
    assert_eq!((told(&stage, "asks"), number(&stage)), (0, None));
    let too_large =
        |record: &Record| matches!(record, Record::Decision { refusal, .. } if !refusal.is_empty());
    assert!(stage.said.iter().any(too_large));
    wish(&mut stage, vec![ten()]);
    let question = number(&stage).unwrap();
    answer(&mut stage, question, true, None, None);
    let order = stage.sent.first().unwrap().id;
    stage.fill(order, Side::Buy, 10, "99");
    let before = stage.sent.len();
    wish(&mut stage, vec![close()]);
    assert_eq!(number(&stage), None, "a close waits for nobody");
    let stop = stage.cancelled.last().copied();
    if let Some(stop) = stop {
        stage.report(stop, crate::domain::venue::ReportKind::Canceled);
    }
    assert_eq!(sent(&stage, before), [(Side::Sell, "10".to_owned())]);
}

#[test]
fn a_question_ends_with_its_bars_its_strategy_and_the_kill() {
    let mut stage = asking();
    wish(&mut stage, vec![ten()]);
    assert!(stage.engine.next_deadline() <= stage.now.plus_seconds(120), "its end is a deadline");
    stage.wait(119);
    assert!(number(&stage).is_some());
    stage.wait(1);
    assert_eq!((number(&stage), told(&stage, "expired")), (None, 1), "two bars of a minute");
    wish(&mut stage, vec![ten()]);
    stage.step(Event::Operator(Act::PauseStrategy(StrategyId(1))));
    assert_eq!((number(&stage), told(&stage, "expired")), (None, 2));
    stage.step(Event::Operator(Act::ResumeStrategy(StrategyId(1))));
    wish(&mut stage, vec![ten()]);
    let question = number(&stage).unwrap();
    let report = KillReport {
        tripped_at: stage.now,
        by: "a test".to_owned(),
        flatten: false,
        cancelled: 0,
        flattened: 0,
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
        deeds: Vec::new(),
    };
    stage.step(Event::Killed(report));
    assert_eq!((number(&stage), told(&stage, "expired")), (None, 3));
    answer(&mut stage, question, true, None, None);
    assert_eq!(sent(&stage, 0), []);
}

/// The gate itself refuses what nobody said yes to, whatever the machine forgot to ask.
#[test]
fn without_a_yes_the_gate_refuses() {
    let mut stage = asking();
    let order = stage.ask(Origin::Strategy(StrategyId(1)), Side::Buy, 10);
    assert_eq!(order, None);
    let refused =
        |record: &Record| matches!(record, Record::Decision { refusal, .. } if refusal.contains("line=asks"));
    assert!(stage.said.iter().any(refused));
}

#[test]
fn what_a_strategy_holds_and_lost_today_is_its_own_after_a_restart() {
    let mut before = Alone::new(Limits { stops_auto: false, ..Limits::default() });
    let order = before.ask(Origin::Strategy(StrategyId(1)), Side::Buy, 30).unwrap();
    before.fill(order, Side::Buy, 30, "100");
    let mut fills = before.said.iter().filter_map(|record| match record {
        Record::Fill { fill, own, .. } => Some((fill.clone(), own.clone())),
        _ => None,
    });
    let (fill, own) = fills.next_back().unwrap();
    assert_eq!((own.len(), own[0].strategy.as_str(), own[0].qty), (1, "strategy 1", Qty::shares(30)));
    let day = crate::domain::day::TradingDay::of(fill.at);
    let book = RememberedBook {
        strategy: "strategy 1".to_owned(),
        positions: vec![(spy(), Qty::shares(30), price("100"))],
        realized: "-40".parse().unwrap(),
        day: Some((day, "-40".parse().unwrap())),
    };
    let memory = Memory { resumed: true, fills: vec![fill], books: vec![book], ..Memory::default() };
    let mut after = Alone::after(Limits { stops_auto: false, ..Limits::default() }, memory, before.now);
    assert_eq!(after.engine.snapshot().strategies[0].pnl.to_string(), "-40.00");
    load(&mut after, Passport { max_day_loss_usd: Some("40".parse().unwrap()), ..Passport::default() });
    assert_eq!(after.ask(Origin::Strategy(StrategyId(1)), Side::Buy, 1), None, "its loss budget is used up");
    let refused = |record: &Record| matches!(record, Record::Decision { refusal, .. } if refusal.contains("line=day_loss"));
    assert!(after.said.iter().any(refused));
    let sent_before = after.sent.len();
    wish(&mut after, vec![close()]);
    assert_eq!(sent(&after, sent_before), [(Side::Sell, "30".to_owned())], "and it closes what is its own");
}

#[test]
fn a_stop_whose_successor_was_never_written_is_placed_where_it_belonged() {
    let mut before = Alone::new(Limits { stops_auto: false, ..Limits::default() });
    let order = before.ask(Origin::Operator, Side::Buy, 30).unwrap();
    before.fill(order, Side::Buy, 30, "100");
    let fill = before.said.iter().find_map(|record| match record {
        Record::Fill { fill, .. } => Some(fill.clone()),
        _ => None,
    });
    let memory = Memory {
        resumed: true,
        fills: fill.into_iter().collect(),
        stop_plans: vec![(spy(), price("96.50"))],
        ..Memory::default()
    };
    let after = Alone::after(Limits::default(), memory, before.now);
    let stops: Vec<_> = after.sent.iter().filter_map(|request| request.kind.stop()).collect();
    assert_eq!(stops, [price("96.50")]);
}

/// Numbers of strategies are of one run alone: what one ordered before is its own under its new number, is counted as
/// such, and nobody else's.
#[test]
fn what_a_strategy_ordered_before_a_restart_is_its_own_under_another_number() {
    let mut before = Alone::new(Limits { stops_auto: false, ..Limits::default() });
    let order = before.ask(Origin::Strategy(StrategyId(2)), Side::Buy, 10).unwrap();
    let request = *before.sent.last().unwrap();
    let live = RememberedOrder {
        request,
        role: Role::Opening,
        origin: Origin::Strategy(StrategyId(2)),
        strategy: Some("strategy 1".to_owned()),
        parent: None,
        status: OrderStatus::Working,
        filled: Qty::ZERO,
        trail: None,
    };
    let memory = Memory { resumed: true, live_orders: vec![live], ..Memory::default() };
    let mut after = Alone::after(Limits { stops_auto: false, ..Limits::default() }, memory, before.now);
    let origin = |stage: &Alone| stage.engine.orders.get(order).unwrap().origin;
    assert_eq!(origin(&after), Origin::Strategy(StrategyId(1)));
    load(&mut after, Passport { max_qty: Some(Qty::shares(10)), ..Passport::default() });
    assert_eq!(after.ask(Origin::Strategy(StrategyId(1)), Side::Buy, 1), None, "ten are on the way");
    let refused =
        |record: &Record| matches!(record, Record::Decision { refusal, .. } if refusal.contains("line=qty"));
    assert!(after.said.iter().any(refused));
    after.fill(order, Side::Buy, 10, "100");
    let own = after.said.iter().find_map(|record| match record {
        Record::Fill { own, .. } => own.first().cloned(),
        _ => None,
    });
    assert_eq!(own.map(|own| (own.strategy, own.qty)), Some(("strategy 1".to_owned(), Qty::shares(10))));
}

/// A strategy that sells what somebody else holds has sold it, and is short of nothing.
#[test]
fn what_a_strategy_closes_for_somebody_else_leaves_it_nothing() {
    let mut stage = Alone::new(Limits { stops_auto: false, ..Limits::default() });
    let order = stage.ask(Origin::Operator, Side::Buy, 30).unwrap();
    stage.fill(order, Side::Buy, 30, "100");
    let leg = stage.sent.last().unwrap().stop_loss.unwrap().id;
    stage.report(leg, crate::domain::venue::ReportKind::Canceled);
    let intent = crate::engine::calls::market_exit(
        Origin::Strategy(StrategyId(1)),
        spy(),
        Side::Sell,
        Qty::shares(10),
    );
    let sent_before = stage.sent.len();
    stage.engine.place(intent, None);
    stage.step(Event::Clock);
    let exit = stage.sent.get(sent_before).unwrap().id;
    stage.fill(exit, Side::Sell, 10, "101");
    assert_eq!(stage.engine.strategies.get(StrategyId(1)).unwrap().own.qty(spy()), Qty::ZERO);
}

#[test]
fn a_strategy_is_told_of_its_orders_only_where_it_listens() {
    let told = |handlers: &[&str]| {
        let mut stage = Alone::new(Limits { stops_auto: false, ..Limits::default() });
        let mut head = stage.engine.strategies.get(StrategyId(1)).unwrap().head.clone();
        head.handlers = handlers.iter().map(ToString::to_string).collect();
        stage.step(Event::StrategyLoaded(Box::new(head)));
        let order = stage.ask(Origin::Strategy(StrategyId(1)), Side::Buy, 10).unwrap();
        stage.fill(order, Side::Buy, 10, "100");
        stage.engine.strategies.get(StrategyId(1)).unwrap().unanswered.len()
    };
    assert_eq!((told(&["init", "onBar"]), told(&["onBar", "onFill"])), (0, 1));
    assert!(told(&["onOrder"]) >= 1 && told(&[]) > told(&["onOrder"]));
}

/// A changed text takes its seat while the run goes on: it sees the last bars at once, to warm up, and its next one is
/// live; paused, it sees none, and warms up once it goes on.
#[test]
fn a_strategy_that_comes_late_warms_up_on_what_was_there() {
    for paused in [false, true] {
        let mut stage = Alone::new(Limits::default());
        let bar = |stage: &mut Alone| {
            stage.wait(60);
            let start = stage.now.plus_seconds(-60);
            let (open, high, low, volume) = (price("100"), price("100.5"), price("99.5"), Qty::shares(100));
            let bar = Bar { symbol: spy(), start, end: stage.now, open, high, low, close: open, volume };
            stage.step(Event::Tick(Tick::Bar(bar)));
        };
        (0..40).for_each(|_| bar(&mut stage));
        if paused {
            stage.step(Event::Operator(Act::PauseStrategy(StrategyId(1))));
        }
        let mut head = stage.engine.strategies.get(StrategyId(1)).unwrap().head.clone();
        head.warmup_bars = 30;
        let before = stage.called.len();
        stage.step(Event::StrategyLoaded(Box::new(head)));
        let warm = |stage: &Alone| -> Vec<bool> {
            let calls = stage.called.iter().skip(before);
            calls
                .filter_map(|(id, call)| match call.event {
                    StrategyEvent::Bar { warm_up, .. } if *id == StrategyId(1) => Some(warm_up),
                    _ => None,
                })
                .collect()
        };
        if paused {
            bar(&mut stage);
            assert_eq!(warm(&stage), Vec::<bool>::new(), "it is told nothing");
            stage.step(Event::Operator(Act::ResumeStrategy(StrategyId(1))));
            bar(&mut stage);
            assert_eq!(warm(&stage), [true], "what it did not see warmed nothing up");
        } else {
            assert_eq!(warm(&stage), [true; 30]);
            bar(&mut stage);
            assert_eq!(warm(&stage).last(), Some(&false));
        }
    }
}

/// What sits out its faults when the kill comes, or the trader's pause, does not go on by itself when it is back.
#[test]
fn a_strategy_that_is_out_for_a_while_comes_back_paused_where_everything_else_was() {
    let kill = KillReport {
        tripped_at: crate::engine::proofs::ten_o_clock(),
        by: "a test".to_owned(),
        flatten: false,
        cancelled: 0,
        flattened: 0,
        deeds: Vec::new(),
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
    };
    let events = [Event::Killed(kill), Event::Operator(Act::PauseStrategy(StrategyId(1)))];
    for (event, paused) in events.into_iter().map(Some).zip([true, true]).chain([(None, false)]) {
        let mut stage = Alone::new(Limits::default());
        let strategy = stage.engine.strategies.get_mut(StrategyId(1)).unwrap();
        strategy.running = Running::Stopped("a fault".to_owned());
        let head = strategy.head.clone();
        if let Some(event) = event {
            stage.step(event);
        }
        stage.step(Event::StrategyLoaded(Box::new(head)));
        let running = &stage.engine.strategies.get(StrategyId(1)).unwrap().running;
        assert_eq!(matches!(running, Running::Paused(_)), paused, "{running:?}");
    }
}
