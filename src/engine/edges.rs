//! The machine's edges: what no other test saw of mutants sown into it.

use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::{Bar, Tick};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::{Outcome, Size, StrategyAnswer, StrategyEvent, Wish};
use crate::domain::venue::{
    KillAsked, KillDeed, ReportKind, VenueAccount, VenueAnswer, VenueOrder, VenuePosition, VenueRequest,
    VenueState,
};
use crate::engine::command::Command;
use crate::engine::event::{Act, Event, KillReport, Stamped};
use crate::engine::memory::{Memory, RememberedAdjust, RememberedOrder};
use crate::engine::proofs::{Alone, ONE, TWO, price, spy, ten_o_clock};
use crate::engine::record::Record;
use crate::engine::restraint::Restraint;
use crate::engine::settings::StrategyHours;
use crate::risk::limits::Limits;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

pub(super) fn one_share(origin: Origin, kind: OrderKind) -> Intent {
    Intent {
        origin,
        symbol: spy(),
        side: Side::Buy,
        qty: Qty::shares(1),
        kind,
        tif: TimeInForce::Day,
        stop_loss: Some(price("99")),
        take_profit: None,
        trail: None,
    }
}

#[test]
fn a_strategy_is_called_with_its_bars_while_it_runs_and_never_while_it_is_paused() {
    let mut stage = Alone::new(Limits::default());
    let called = |stage: &mut Alone| {
        stage.wait(60);
        let commands = bar_of_the_last_minute(stage);
        let ids = commands.iter().filter_map(|command| match command {
            Command::RunStrategy(id, _) => Some(id.0),
            _ => None,
        });
        ids.collect::<Vec<u16>>()
    };
    assert_eq!(called(&mut stage), [1, 2]);
    stage.step(Event::Operator(Act::PauseStrategy(StrategyId(1))));
    assert_eq!(called(&mut stage), [2]);
    stage.step(Event::Operator(Act::ResumeStrategy(StrategyId(1))));
    assert_eq!(called(&mut stage), [1, 2]);
}

#[test]
fn what_an_order_of_the_kill_filled_before_it_was_known_counts_in_it() {
    let mut stage = Alone::new(Limits::default());
    let entry = stage.ask(Origin::Operator, Side::Buy, 50).unwrap();
    stage.fill(entry, Side::Buy, 50, "100");
    let request = VenueRequest {
        id: "hs-sabc123-131007-1381154400000001".parse().unwrap(),
        symbol: spy(),
        side: Side::Sell,
        qty: Qty::shares(50),
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    stage.fill(request.id, Side::Sell, 20, "99");
    let asked = KillAsked::Submit { request, answer: VenueAnswer::Taken };
    stage.step(Event::Killed(KillReport {
        tripped_at: stage.now,
        by: "a test".to_owned(),
        flatten: true,
        cancelled: 0,
        flattened: 1,
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
        deeds: vec![KillDeed { at: stage.now, asked }],
    }));
    assert_eq!(stage.engine.order_view(request.id).unwrap().filled, Qty::shares(20));
    stage.fill(request.id, Side::Sell, 30, "99");
    assert_eq!(stage.engine.order_view(request.id).unwrap().status, OrderStatus::Filled);
    assert!(stage.engine.snapshot().positions.is_empty());
}

#[test]
fn the_end_of_the_pause_after_losses_is_a_row_and_the_pause_is_shown_no_more() {
    let limits = Limits { loss_streak: Some(1), cool_down_minutes: 5, ..Limits::default() };
    let mut stage = Alone::new(limits);
    stage.round_trip("99");
    assert_eq!(stage.engine.snapshot().restraints.len(), 1);
    let ended = |stage: &Alone| {
        let ends = |record: &&Record| {
            matches!(record, Record::Restraint { what: Restraint::CoolDown { .. }, holds: false, .. })
        };
        stage.said.iter().filter(ends).count()
    };
    stage.wait(296);
    assert_eq!(ended(&stage), 0, "a second is left of the five minutes");
    stage.wait(1);
    assert_eq!((ended(&stage), stage.engine.snapshot().restraints.len()), (1, 0));
    stage.wait(60);
    assert_eq!(ended(&stage), 1, "said once");
}

#[test]
fn one_reading_that_differs_ends_nothing_and_ten_seconds_of_them_end_openings() {
    let mut stage = Alone::new(Limits::default());
    let differs = |stage: &mut Alone| {
        let worth = Money::dollars(100_000);
        let state = VenueState {
            at: stage.now,
            account: VenueAccount { equity: worth, last_equity: worth, cash: worth, buying_power: worth },
            positions: vec![VenuePosition { symbol: spy(), qty: Qty::shares(7), avg_price: price("100") }],
            open_orders: Vec::new(),
            closed_orders: Vec::new(),
            fills: Vec::new(),
        };
        stage.step(Event::Venue(Box::new(state)));
        (stage.engine.snapshot().not_ready, stage.engine.snapshot().adjusts.len())
    };
    assert_eq!(differs(&mut stage), (None, 0), "one reading may be late");
    stage.wait(9);
    assert_eq!(differs(&mut stage), (None, 0), "so may the next");
    stage.wait(1);
    assert_eq!(differs(&mut stage), (Some("reconcile"), 1), "ten seconds are no delay");
    stage.wait(10);
    assert_eq!(differs(&mut stage), (Some("reconcile"), 1), "asked once");
}

/// What the account holds and no row of ours explains is no loss; what the broker itself shows as one is.
#[test]
fn an_account_that_was_traded_elsewhere_has_lost_nothing_by_it() {
    let mut stage = Alone::new(Limits::default());
    stage.engine.gate.set_cash(Money::dollars(95_000));
    let reading = |stage: &Alone, equity: i32| {
        let (equity, cash) = (Money::dollars(equity), Money::dollars(95_000));
        let account = VenueAccount { equity, last_equity: Money::dollars(100_000), cash, buying_power: cash };
        let held = VenuePosition { symbol: spy(), qty: Qty::shares(50), avg_price: price("100") };
        let (at, positions) = (stage.now, vec![held]);
        let (open_orders, closed_orders, fills) = (Vec::new(), Vec::new(), Vec::new());
        Event::Venue(Box::new(VenueState { at, account, positions, open_orders, closed_orders, fills }))
    };
    for _ in 0..4 {
        stage.step(reading(&stage, 100_000));
        stage.wait(7);
        stage.step(Event::Clock);
        assert_eq!(stage.engine.snapshot().halt_reason, None);
    }
    stage.step(reading(&stage, 97_000));
    let reason = stage.engine.snapshot().halt_reason;
    assert!(reason.as_deref().is_some_and(|reason| reason.contains("daily loss")), "{reason:?}");
}

#[test]
fn the_snapshot_shows_every_strategy_and_how_it_stands() {
    let mut stage = Alone::new(Limits::default());
    let shown = |stage: &Alone| {
        let strategies = stage.engine.snapshot().strategies;
        strategies.into_iter().map(|one| (one.id, one.name, one.state)).collect::<Vec<_>>()
    };
    let (one, two) = ("strategy 1".to_owned(), "strategy 2".to_owned());
    assert_eq!(shown(&stage), [(1, one.clone(), "running"), (2, two.clone(), "running")]);
    stage.step(Event::Operator(Act::PauseStrategy(StrategyId(2))));
    assert_eq!(shown(&stage), [(1, one, "running"), (2, two, "paused")]);
}

#[test]
fn a_ticket_speaks_for_the_trader_whatever_it_says_of_itself() {
    let mut stage = Alone::new(Limits::default());
    let intent = one_share(ONE, OrderKind::Limit { limit: price("100") });
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let order = stage.sent.last().unwrap().id;
    assert_eq!(stage.engine.order_view(order).unwrap().origin, Origin::Operator);
}

#[test]
fn a_market_opening_that_does_not_fill_is_taken_back_when_its_time_is_over_and_not_before() {
    let mut stage = Alone::new(Limits::default());
    let intent = one_share(Origin::Operator, OrderKind::Market);
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let order = stage.sent.last().unwrap().id;
    stage.report(order, ReportKind::Working);
    let until = stage.engine.orders.get(order).unwrap().rest_until.unwrap();
    stage.now = until.plus_millis(-1);
    stage.step(Event::Clock);
    assert_eq!(stage.cancelled, [], "it may rest for so long");
    stage.now = until;
    stage.step(Event::Clock);
    assert_eq!(stage.cancelled, [order]);
}

/// At Alpaca a stop that goes out with an order sleeps until all of the order has filled.
#[test]
fn what_is_filled_in_part_without_its_stop_gets_one_once_the_rest_is_taken_back() {
    let mut stage = Alone::new(Limits::default());
    stage.engine.settings.legs_sleep_until_filled = true;
    let mut intent = one_share(Origin::Operator, OrderKind::Limit { limit: price("100") });
    (intent.qty, intent.stop_loss) = (Qty::shares(10), Some(price("95")));
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let order = stage.sent.last().unwrap().id;
    stage.report(order, ReportKind::Working);
    assert_eq!(stage.engine.orders.get(order).unwrap().rest_until, None, "nothing is naked");
    stage.fill(order, Side::Buy, 4, "100");
    let until = stage.now.plus_seconds(5);
    stage.now = until.plus_millis(-1);
    stage.step(Event::Clock);
    assert_eq!(stage.cancelled, [], "the rest may fill yet");
    stage.fill(order, Side::Buy, 1, "100");
    stage.now = until;
    stage.step(Event::Clock);
    assert_eq!(stage.cancelled, [order], "counted from the first share, not from the last");
    stage.report(order, ReportKind::Canceled);
    let stop = stage.sent.last().unwrap();
    assert_eq!((stop.kind.stop(), stop.qty, stop.side), (Some(price("95")), Qty::shares(5), Side::Sell));
}

#[test]
fn the_kill_pauses_every_strategy() {
    let mut stage = Alone::new(Limits::default());
    stage.step(Event::Killed(KillReport {
        tripped_at: stage.now,
        by: "a test".to_owned(),
        flatten: false,
        cancelled: 0,
        flattened: 0,
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
        deeds: Vec::new(),
    }));
    let strategies = stage.engine.snapshot().strategies;
    let states: Vec<(&str, Option<&str>)> =
        strategies.iter().map(|one| (one.state, one.reason.as_deref())).collect();
    assert_eq!(states, [("paused", Some("the kill")); 2]);
}

#[test]
fn a_cancel_that_a_dead_process_asked_for_is_asked_again_where_the_venue_shows_its_order_alive() {
    let request = VenueRequest {
        id: "hs-sabc123-131007-1".parse().unwrap(),
        symbol: spy(),
        side: Side::Buy,
        qty: Qty::shares(10),
        kind: OrderKind::Limit { limit: price("99") },
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    let remembered = RememberedOrder {
        strategy: None,
        request,
        role: Role::Opening,
        origin: Origin::Operator,
        parent: None,
        status: OrderStatus::PendingCancel,
        filled: Qty::ZERO,
        trail: None,
    };
    let memory = Memory { live_orders: vec![remembered], last_order_seq: 1, ..Memory::default() };
    let mut stage = Alone::after(Limits::default(), memory, ten_o_clock());
    stage.open = vec![VenueOrder { request, status: OrderStatus::Working, filled: Qty::ZERO }];
    stage.wait(10);
    stage.look();
    assert_eq!(stage.cancelled, [request.id]);
    stage.wait(10);
    stage.look();
    assert_eq!(stage.cancelled, [request.id], "it is on its way now");
}

#[test]
fn a_strategy_cancels_its_own_orders_and_neither_its_stops_nor_anybody_elses() {
    let mut stage = Alone::new(Limits::default());
    let filled = stage.ask(ONE, Side::Buy, 3).unwrap();
    stage.fill(filled, Side::Buy, 3, "100");
    let stop = stage.engine.orders.get(filled).unwrap().request.stop_loss.unwrap().id;
    stage.report(stop, ReportKind::Working);
    stage.wait(3);
    let own = stage.ask(ONE, Side::Buy, 4).unwrap();
    let others = [stage.ask(TWO, Side::Buy, 5).unwrap(), stage.ask(Origin::Operator, Side::Buy, 6).unwrap()];
    stage.wait(60);
    let (start, at) = (stage.now.plus_seconds(-60), price("100"));
    let volume = Qty::shares(100);
    let bar = Bar { symbol: spy(), start, end: stage.now, open: at, high: at, low: at, close: at, volume };
    stage.seq = stage.seq.saturating_add(1);
    let event = Event::Tick(Tick::Bar(bar));
    let commands = stage.engine.step(&Stamped { seq: stage.seq, at: stage.now, event });
    let call = commands.iter().find_map(|command| match command {
        Command::RunStrategy(StrategyId(1), call) => Some(call.seq),
        _ => None,
    });
    let answer = StrategyAnswer {
        seq: call.unwrap(),
        symbol: spy(),
        outcome: Outcome::Done,
        wishes: vec![Wish::Cancel],
        logs: Vec::new(),
        plots: Vec::new(),
    };
    stage.step(Event::StrategyAnswered { id: StrategyId(1), answer });
    assert_eq!(stage.cancelled, [own]);
    for other in others {
        assert!(stage.engine.orders.get(other).unwrap().status.is_live());
    }
}

/// Sixteen minutes of a dollar's range: two of them, two dollars, lie between entry and stop. 0.02 % of 100,000
/// dollars buy that risk ten times.
#[test]
fn a_risk_without_a_stop_is_sized_by_the_measured_one() {
    let mut stage = Alone::new(Limits::default());
    let mut call = None;
    for _minute in 0..16 {
        stage.wait(60);
        let start = stage.now.plus_seconds(-60);
        let (open, high, low, volume) = (price("100"), price("100.5"), price("99.5"), Qty::shares(100));
        let bar = Bar { symbol: spy(), start, end: stage.now, open, high, low, close: open, volume };
        stage.seq = stage.seq.saturating_add(1);
        let event = Event::Tick(Tick::Bar(bar));
        let commands = stage.engine.step(&Stamped { seq: stage.seq, at: stage.now, event });
        call = commands.iter().find_map(|command| match command {
            Command::RunStrategy(StrategyId(1), call) => Some(call.seq),
            _ => None,
        });
    }
    let wish = Wish::Trade {
        side: Side::Buy,
        size: Size::RiskPct("0.02".parse().unwrap()),
        limit: Some(price("100")),
        stop: None,
        take_profit: None,
        trail: None,
        tif: TimeInForce::Day,
        tag: None,
    };
    let answer = StrategyAnswer {
        seq: call.unwrap(),
        symbol: spy(),
        outcome: Outcome::Done,
        wishes: vec![wish],
        logs: Vec::new(),
        plots: Vec::new(),
    };
    stage.look();
    stage.step(Event::StrategyAnswered { id: StrategyId(1), answer });
    let asked = stage.said.iter().rev().find_map(|record| match record {
        Record::Decision { intent, .. } => Some(intent.qty),
        _ => None,
    });
    assert_eq!(asked, Some(Qty::shares(10)));
}

#[test]
fn a_bar_of_the_warm_up_is_told_as_one_however_many_came_before() {
    let mut stage = Alone::new(Limits::default());
    for warm in [true, true, true, false] {
        stage.wait(60);
        let (start, at) = (stage.now.plus_seconds(-60), price("100"));
        let volume = Qty::shares(100);
        let bar =
            Bar { symbol: spy(), start, end: stage.now, open: at, high: at, low: at, close: at, volume };
        let event = if warm { Event::Warm(Tick::Bar(bar)) } else { Event::Tick(Tick::Bar(bar)) };
        stage.seq = stage.seq.saturating_add(1);
        let commands = stage.engine.step(&Stamped { seq: stage.seq, at: stage.now, event });
        let told = commands.iter().filter_map(|command| match command {
            Command::RunStrategy(_, call) => match call.event {
                StrategyEvent::Bar { warm_up, .. } => Some(warm_up),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(told.collect::<Vec<bool>>(), [warm; 2]);
    }
}

#[test]
fn every_part_that_fills_is_a_row_of_its_order() {
    let mut stage = Alone::new(Limits::default());
    let order = stage.ask(Origin::Operator, Side::Buy, 10).unwrap();
    for shares in [3, 2, 5] {
        stage.fill(order, Side::Buy, shares, "100");
    }
    let rows = stage.said.iter().filter_map(|record| match record {
        Record::Status { order: of, status, filled, .. } if *of == order => Some((*status, *filled)),
        _ => None,
    });
    let part = |shares| (OrderStatus::Partial, Qty::shares(shares));
    assert_eq!(rows.collect::<Vec<_>>(), [part(3), part(5), (OrderStatus::Filled, Qty::shares(10))]);
}

/// Two symbols split; the trader has looked at one of them.
#[test]
fn a_count_stays_in_doubt_until_every_split_is_acknowledged() {
    let mut stage = Alone::new(Limits::default());
    let split = |symbol: &str| Event::CorporateAction {
        symbol: symbol.parse().unwrap(),
        what: "a split, 2 for 1".to_owned(),
    };
    stage.step(split("SPY"));
    stage.look();
    stage.step(split("IBM"));
    let number = stage.engine.snapshot().adjusts[0].number;
    stage.step(Event::Operator(Act::AcknowledgeAdjust { number, reason: "seen".to_owned() }));
    stage.look();
    stage.engine.gate.set_cash(Money::dollars(97_000));
    stage.wait(11);
    stage.wait(11);
    assert_eq!(stage.engine.snapshot().state, TradingState::Active, "no day ends by a count in doubt");
    assert!(stage.ask(Origin::Operator, Side::Buy, 1).is_none(), "and nothing is opened by it");
}

/// A bar of the last minute at 100; the commands that it brings.
fn bar_of_the_last_minute(stage: &mut Alone) -> Vec<Command> {
    let (start, at) = (stage.now.plus_seconds(-60), price("100"));
    let volume = Qty::shares(100);
    let bar = Bar { symbol: spy(), start, end: stage.now, open: at, high: at, low: at, close: at, volume };
    stage.seq = stage.seq.saturating_add(1);
    let event = Event::Tick(Tick::Bar(bar));
    stage.engine.step(&Stamped { seq: stage.seq, at: stage.now, event })
}

#[test]
fn where_bars_are_the_only_clock_a_market_opening_has_one_bar_for_its_chance() {
    let mut stage = Alone::new(Limits::default());
    stage.engine.settings.bars_only = true;
    let resting = stage.ask(Origin::Operator, Side::Buy, 1).unwrap();
    stage.report(resting, ReportKind::Working);
    let intent = one_share(Origin::Operator, OrderKind::Market);
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let order = stage.sent.last().unwrap().id;
    stage.report(order, ReportKind::Working);
    stage.engine.orders.get_mut(order).unwrap().rest_until = Some(stage.now.plus_seconds(3_600));
    let cancels = |commands: &[Command]| {
        let ids = commands.iter().filter_map(|command| match command {
            Command::Cancel(ticket) => Some(ticket.order()),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    stage.now = stage.now.plus_seconds(59);
    assert_eq!(cancels(&bar_of_the_last_minute(&mut stage)), [], "this bar began before the order was made");
    stage.now = stage.now.plus_seconds(1);
    assert_eq!(
        cancels(&bar_of_the_last_minute(&mut stage)),
        [order],
        "and nothing that may rest goes with it"
    );
}

#[test]
fn strategies_of_the_regular_session_hear_no_bar_of_any_other_hour() {
    for (hours, heard) in [(StrategyHours::Regular, 0), (StrategyHours::All, 2)] {
        let mut stage = Alone::new(Limits::default());
        stage.engine.settings.strategy_hours = hours;
        let calls = |commands: &[Command]| {
            commands.iter().filter(|command| matches!(command, Command::RunStrategy(..))).count()
        };
        stage.now = stage.now.plus_seconds(60);
        assert_eq!(calls(&bar_of_the_last_minute(&mut stage)), 2, "ten o'clock is heard in any case");
        let mut early =
            Alone::after(Limits::default(), Memory::default(), ten_o_clock().plus_seconds(-7_200));
        early.engine.settings.strategy_hours = hours;
        assert_eq!(calls(&bar_of_the_last_minute(&mut early)), heard, "{hours:?} at eight");
    }
}

#[test]
fn a_new_day_reads_the_venue_at_once() {
    let mut stage = Alone::new(Limits::default());
    stage.now = "2013-10-08T04:00:01Z".parse().unwrap();
    stage.seq = stage.seq.saturating_add(1);
    let commands = stage.engine.step(&Stamped { seq: stage.seq, at: stage.now, event: Event::Clock });
    assert!(commands.iter().any(|command| matches!(command, Command::AskVenue(_))), "{commands:?}");
}

#[test]
fn what_the_venue_rejects_of_the_kill_counts_towards_the_storm() {
    let limits = Limits { rejects_end_openings: 2, ..Limits::default() };
    let mut stage = Alone::new(limits);
    let request = |number: u64| VenueRequest {
        id: format!("hs-sabc123-131007-{}", 1_381_154_400_000_000 + number).parse().unwrap(),
        symbol: spy(),
        side: Side::Sell,
        qty: Qty::shares(1),
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    let refused = || VenueAnswer::Refused("busy".to_owned());
    let deed = |number| KillDeed {
        at: ten_o_clock(),
        asked: KillAsked::Submit { request: request(number), answer: refused() },
    };
    stage.step(Event::Killed(KillReport {
        tripped_at: stage.now,
        by: "a test".to_owned(),
        flatten: true,
        cancelled: 0,
        flattened: 0,
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
        deeds: vec![deed(1), deed(2)],
    }));
    assert!(stage.engine.restraints.reject_storm.is_some(), "as a process that reads the rows counts them");
}

#[test]
fn an_order_that_never_left_gives_its_room_back() {
    let mut stage = Alone::new(Limits::default());
    let order = stage.ask(Origin::Operator, Side::Buy, 99).unwrap();
    stage.step(Event::Dropped { order, reason: "too late".to_owned() });
    assert_eq!(stage.engine.order_view(order).unwrap().status, OrderStatus::Canceled);
    stage.wait(6);
    assert!(stage.ask(Origin::Operator, Side::Buy, 99).is_some(), "{}", stage.refusal());
}

#[test]
fn an_order_that_has_ended_is_not_asked_to_end() {
    let mut stage = Alone::new(Limits::default());
    let order = stage.ask(Origin::Operator, Side::Buy, 5).unwrap();
    stage.reject(order);
    stage.step(Event::Operator(Act::Cancel(order)));
    assert_eq!(stage.cancelled, []);
}

#[test]
fn a_leg_carries_no_legs_of_its_own_and_its_id_follows_from_its_order_s() {
    let mut stage = Alone::new(Limits::default());
    let intent = Intent {
        take_profit: Some(price("105")),
        ..one_share(Origin::Operator, OrderKind::Limit { limit: price("100") })
    };
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let legs = stage.said.iter().filter_map(|record| match record {
        Record::Order { request, parent: Some(_), .. } => Some((request.stop_loss, request.take_profit)),
        _ => None,
    });
    assert_eq!(legs.collect::<Vec<_>>(), [(None, None), (None, None)]);
    let entry = stage.sent.last().unwrap();
    let ids = (entry.stop_loss.map(|leg| leg.id), entry.take_profit.map(|leg| leg.id));
    assert_eq!(ids, (entry.id.stop_leg(), entry.id.target_leg()), "a reader of the venue finds them by this");
}

/// What the trader has acknowledged is over; what he has not holds the symbol.
#[test]
fn a_difference_of_an_earlier_process_waits_until_it_is_acknowledged() {
    for (acknowledged, waits) in [(true, 0), (false, 1)] {
        let adjust = RememberedAdjust {
            number: 7,
            symbol: spy(),
            engine: Qty::ZERO,
            broker: Qty::ZERO,
            avg_price: None,
            acknowledged,
            after_fills: 0,
        };
        let memory = Memory { adjusts: vec![adjust], ..Memory::default() };
        let mut stage = Alone::after(Limits::default(), memory, ten_o_clock());
        assert_eq!(stage.engine.snapshot().adjusts.len(), waits);
        assert_eq!(stage.ask(Origin::Operator, Side::Buy, 1).is_none(), waits == 1, "{}", stage.refusal());
    }
}

/// Alpaca's history is told of an execution later than its list of orders is.
#[test]
fn an_order_whose_list_is_ahead_of_its_executions_keeps_its_stop_and_gets_no_second_one() {
    let mut stage = Alone::new(Limits::default());
    stage.engine.settings.legs_sleep_until_filled = true;
    let mut intent = one_share(Origin::Operator, OrderKind::Limit { limit: price("100") });
    (intent.qty, intent.stop_loss) = (Qty::shares(10), Some(price("95")));
    stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
    let (entry, worth) = (*stage.sent.last().unwrap(), Money::dollars(100_000));
    let stop = entry.stop_loss.unwrap().id;
    stage.report(entry.id, ReportKind::Working);
    let (sent, qty) = (stage.sent.len(), Qty::shares(10));
    let listed = VenueOrder { request: entry, status: OrderStatus::Filled, filled: qty };
    let account =
        VenueAccount { equity: worth, last_equity: worth, cash: Money::dollars(99_000), buying_power: worth };
    let positions = vec![VenuePosition { symbol: spy(), qty, avg_price: price("100") }];
    let (at, open_orders, closed_orders, fills) = (stage.now, Vec::new(), vec![listed], Vec::new());
    let state = VenueState { at, account, positions, open_orders, closed_orders, fills };
    stage.step(Event::Venue(Box::new(state)));
    assert_eq!(stage.engine.snapshot().not_ready, Some("reconcile"), "nothing is opened meanwhile");
    assert!(stage.engine.order_view(stop).unwrap().status.is_live(), "its stop may be awake");
    stage.fill(entry.id, Side::Buy, 10, "100");
    stage.report(stop, ReportKind::Working);
    let protected = stage.engine.snapshot().positions[0].protected_qty;
    assert_eq!((protected, stage.sent.len()), (Qty::shares(10), sent), "no second stop");
}
