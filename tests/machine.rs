//! The machine on the embedded exchange, through the real gate, door and journal: one order's whole
//! journey, and what must hold when the line, the process or the disk breaks on its way.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

/// Scenario tapes.
#[path = "machine/tape.rs"]
mod tape;

use std::sync::{Arc, Mutex};

use hardstop::broker::latch::KillLatch;
use hardstop::broker::market::Market;
use hardstop::domain::at::At;
use hardstop::domain::intent::{Intent, Origin, StrategyId};
use hardstop::domain::market::{Bar, Quote, Tick};
use hardstop::domain::mode::Mode;
use hardstop::domain::money::Money;
use hardstop::domain::order::{OrderKind, OrderStatus, TimeInForce};
use hardstop::domain::passport::Passport;
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::symbol::Symbol;
use hardstop::engine::event::{Act, Event, KillReport, StrategyHead};
use hardstop::engine::memory::Memory;
use hardstop::engine::record::Record;
use hardstop::engine::settings::Settings;
use hardstop::engine::snapshot::Snapshot;
use hardstop::exchange::faults::{Faults, RequestFaults};
use hardstop::exchange::settings::Settings as ExchangeSettings;
use hardstop::exchange::venue::Exchange;
use hardstop::journal::row::RunHead;
use hardstop::journal::writer::Journal;
use hardstop::pump::assembly::onto_exchange;
use hardstop::pump::audience::Audience;
use hardstop::pump::bench::Bench;
use hardstop::pump::turn::{Calls, Durability, Parts, Pump};
use hardstop::risk::limits::Limits;
use hardstop::strategy::host::{Sandbox, SpawnSettings};
use hardstop::strategy::strikes::Strikes;

#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<Record>>>);

impl Audience for Ear {
    fn hear(&mut self, _: u64, _: At, record: &Record) {
        self.0.lock().unwrap().push(record.clone());
    }
}

/// A machine at 10:00 of a Monday, flat, with 100,000 dollars and one usable quote of SPY at 100.
struct Scene {
    pump: Pump<Ear>,
    market: Market,
    ear: Ear,
    now: At,
    ticket: u64,
}

fn symbol() -> Symbol {
    "SPY".parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn ten_o_clock() -> At {
    "2013-10-07T14:00:00Z".parse().unwrap()
}

impl Scene {
    fn new() -> Self {
        Self::with(ExchangeSettings::default(), Memory::default(), Journal::in_memory().unwrap())
    }

    fn faulty(faults: Faults) -> Self {
        let settings = ExchangeSettings { faults, ..ExchangeSettings::default() };
        Self::with(settings, Memory::default(), Journal::in_memory().unwrap())
    }

    fn with(exchange: ExchangeSettings, memory: Memory, mut journal: Journal) -> Self {
        let now = ten_o_clock();
        let head = RunHead {
            mode: Mode::Sim,
            seed: 1,
            build: "test".to_owned(),
            limits_version: "test".to_owned(),
            limits: Limits::default(),
            source: "test".to_owned(),
            sandbox: "none".to_owned(),
            started_at: now,
            account: None,
            settings: None,
        };
        journal.begin_run(&head, now).unwrap();
        let settings = Settings { equity_row_every_ms: None, ..Settings::new(Mode::Sim, "abc123") };
        let assembly =
            onto_exchange(settings, Limits::default(), Exchange::new(exchange), KillLatch::default())
                .unwrap();
        let ear = Ear::default();
        let market = assembly.market.clone();
        let pump = Pump::new(Parts {
            engine: assembly.engine,
            door: assembly.door,
            market: Some(assembly.market),
            journal,
            tape: None,
            bench: Bench::default(),
            audience: ear.clone(),
            durability: Durability::EveryTurn,
            calls: Calls::Each,
            last_seq: 0,
        });
        let mut scene = Self { pump, market, ear, now, ticket: 0 };
        scene.turn(Event::Started(Box::new(memory)));
        scene.quote("100");
        scene
    }

    fn turn(&mut self, event: Event) {
        self.pump.turn(self.now, event);
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
        self.pump.pass_deadlines(self.now);
        self.turn(Event::Clock);
    }

    /// A quote a cent wide, with its bid here.
    fn quote(&mut self, bid: &str) {
        let bid = price(bid);
        let size = Qty::shares(100_000);
        let ask = bid.plus(Price::from_cents(1)).unwrap();
        let quote = Quote { symbol: symbol(), bid, bid_qty: size, ask, ask_qty: size, at: self.now };
        self.turn(Event::Tick(Tick::Quote(quote)));
    }

    /// Sixteen five-minute bars of a dollar's range: enough for the stop automation.
    fn measured(mut self) -> Self {
        for _ in 0..16 {
            self.measured_bar();
        }
        self
    }

    fn measured_bar(&mut self) {
        let start = self.now;
        self.now = self.now.plus_seconds(300);
        let bar = Bar {
            symbol: symbol(),
            start,
            end: self.now,
            open: price("100"),
            high: price("100.5"),
            low: price("99.5"),
            close: price("100"),
            volume: Qty::shares(1_000_000),
        };
        self.quote("100");
        self.turn(Event::Tick(Tick::Bar(bar)));
    }

    fn order(&mut self, side: Side, qty: i32, limit: Option<&str>, stop_loss: Option<&str>) -> u64 {
        self.order_of(side, Qty::shares(qty), limit, stop_loss)
    }

    fn order_of(&mut self, side: Side, qty: Qty, limit: Option<&str>, stop_loss: Option<&str>) -> u64 {
        let intent = Intent {
            origin: Origin::Operator,
            symbol: symbol(),
            side,
            qty,
            kind: limit.map_or(OrderKind::Market, |limit| OrderKind::Limit { limit: price(limit) }),
            tif: TimeInForce::Day,
            stop_loss: stop_loss.map(price),
            take_profit: None,
            trail: None,
        };
        self.submit(intent)
    }

    fn submit(&mut self, intent: Intent) -> u64 {
        self.ticket += 1;
        self.turn(Event::Operator(Act::Submit { ticket: self.ticket, intent }));
        self.ticket
    }

    fn snapshot(&self) -> Snapshot {
        self.pump.engine().snapshot()
    }

    fn position(&self) -> Qty {
        self.snapshot().positions.first().map_or(Qty::ZERO, |position| position.qty)
    }

    fn heard<T>(&self, pick: impl Fn(&Record) -> Option<T>) -> Vec<T> {
        self.ear.0.lock().unwrap().iter().filter_map(pick).collect()
    }

    fn refusals(&self) -> Vec<String> {
        self.heard(|record| match record {
            Record::Decision { refusal, .. } if !refusal.is_empty() => Some(refusal.clone()),
            _ => None,
        })
    }

    fn sent(&self) -> usize {
        self.heard(|record| matches!(record, Record::Order { parent: None, .. }).then_some(())).len()
    }

    fn alerts(&self) -> Vec<String> {
        self.heard(|record| if let Record::Alert(words) = record { Some(words.clone()) } else { None })
    }
}

fn always() -> u32 {
    1_000
}

#[test]
fn a_buy_becomes_a_position_under_a_working_stop() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    let snapshot = scene.snapshot();
    let position = snapshot.positions[0];
    assert_eq!((position.qty, position.protected_qty), (Qty::shares(50), Qty::shares(50)));
    assert_eq!(position.stop, Some(price("98")));
    let risk = position.avg_price.minus(price("98")).unwrap().times(Qty::shares(50));
    assert_eq!(snapshot.account.heat, Some(risk), "only what the stop leaves is at risk");
    assert_eq!(scene.refusals(), Vec::<String>::new());
}

#[test]
fn two_presses_of_one_ticket_are_one_order() {
    let mut scene = Scene::new();
    let ticket = scene.order(Side::Buy, 10, Some("100.05"), Some("98"));
    scene.ticket = ticket - 1;
    scene.order(Side::Buy, 10, Some("100.05"), Some("98"));
    assert_eq!((scene.sent(), scene.position()), (1, Qty::shares(10)));
}

#[test]
fn doubled_and_reordered_reports_count_once() {
    let mut scene = Scene::faulty(Faults { doubled: always(), reordered: 500, ..Faults::default() });
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::shares(50));
    scene.wait(61);
    assert_eq!(scene.position(), Qty::shares(50), "a reconcile tells the same fill a third time");
}

#[test]
fn lost_reports_are_found_by_the_reconcile() {
    let mut scene = Scene::faulty(Faults { lost: always(), ..Faults::default() });
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::ZERO, "nobody has said that it filled");
    scene.wait(61);
    assert_eq!(scene.position(), Qty::shares(50));
    assert_eq!(scene.snapshot().positions[0].protected_qty, Qty::shares(50));
}

#[test]
fn what_is_pending_counts_in_full() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 60, Some("99"), Some("97"));
    scene.order(Side::Buy, 60, Some("98"), Some("97"));
    let refusals = scene.refusals();
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].starts_with("POSITION_LIMIT"), "{refusals:?}");
    assert_eq!(scene.sent(), 1);
}

#[test]
fn two_exits_together_never_cross_zero() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    scene.order(Side::Sell, 30, Some("101"), None);
    scene.order(Side::Sell, 30, Some("101"), None);
    let refusals = scene.refusals();
    assert!(refusals.iter().any(|refusal| refusal.starts_with("CROSSES_ZERO")), "{refusals:?}");
    assert_eq!(scene.position(), Qty::shares(50));
}

#[test]
fn an_exit_releases_the_stop_and_leaves_one_for_the_rest() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 100, Some("99.50"), Some("97"));
    scene.quote("99.40");
    assert_eq!(scene.position(), Qty::shares(100), "bought at 99.41");
    scene.order(Side::Sell, 40, None, None);
    let position = scene.snapshot().positions[0];
    assert_eq!((position.qty, position.protected_qty), (Qty::shares(60), Qty::shares(60)));
    assert_eq!(position.stop, Some(price("97")), "the rest keeps the price of its stop");
    scene.turn(Event::Operator(Act::Close(Some(symbol()))));
    let snapshot = scene.snapshot();
    assert!(snapshot.positions.is_empty() && snapshot.open_orders.is_empty(), "{snapshot:?}");
}

#[test]
fn a_stop_that_somebody_cancels_is_placed_again() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    let stop = scene.snapshot().open_orders[0].id;
    scene.turn(Event::Operator(Act::Cancel(stop)));
    let snapshot = scene.snapshot();
    assert_eq!(snapshot.positions[0].protected_qty, Qty::shares(50));
    assert_ne!(snapshot.open_orders[0].id, stop);
}

/// Seeded days found it: each refusal was answered by the next stop, without end and within one step.
#[test]
fn a_stop_that_the_venue_refuses_is_tried_again_and_not_hammered() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    let stop = scene.snapshot().open_orders[0].id;
    let stops = |scene: &Scene| scene.sent() - 1;
    let refused = RequestFaults { refused: always(), ..RequestFaults::default() };
    scene.market.break_line(Faults { submit: refused, ..Faults::default() });
    scene.turn(Event::Operator(Act::Cancel(stop)));
    assert_eq!(stops(&scene), 2, "at once, and once more");
    scene.wait(1);
    assert_eq!(stops(&scene), 2);
    scene.wait(1);
    assert_eq!(stops(&scene), 3, "two seconds after the last");
    scene.market.break_line(Faults::default());
    scene.wait(2);
    assert_eq!(scene.snapshot().positions[0].protected_qty, Qty::shares(50));
}

#[test]
fn the_stop_automation_finds_a_stop_and_refuses_without_one() {
    let mut bare = Scene::new();
    bare.order(Side::Buy, 10, Some("100.05"), None);
    assert!(bare.refusals()[0].starts_with("NO_STOP"), "{:?}", bare.refusals());
    let mut scene = Scene::new().measured();
    scene.order(Side::Buy, 10, Some("100.05"), None);
    let position = scene.snapshot().positions[0];
    assert_eq!(position.protected_qty, Qty::shares(10));
    assert_eq!(position.stop, Some(price("98.05")), "two dollars of range below the limit");
}

#[test]
fn a_kill_refuses_openings_and_lets_the_trader_out() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    let report = KillReport {
        tripped_at: scene.now,
        by: "a test".to_owned(),
        flatten: false,
        cancelled: 0,
        flattened: 0,
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
        deeds: Vec::new(),
    };
    scene.turn(Event::Killed(report));
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert!(scene.refusals()[0].starts_with("HALTED"), "{:?}", scene.refusals());
    assert_eq!(scene.snapshot().positions[0].protected_qty, Qty::shares(50), "the stop stays");
    scene.turn(Event::Operator(Act::Close(None)));
    assert_eq!(scene.position(), Qty::ZERO, "the trader's own exit passes");
    scene.turn(Event::Operator(Act::Rearm { reason: "seen".to_owned() }));
    scene.wait(3);
    scene.quote("100");
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::shares(1));
}

#[test]
fn an_order_that_nobody_answered_counts_until_it_is_found() {
    let submit = RequestFaults { timeout_after: always(), ..RequestFaults::default() };
    let mut scene = Scene::faulty(Faults { submit, lost: always(), ..Faults::default() });
    scene.order(Side::Buy, 90, Some("99"), Some("97"));
    let status = |scene: &Scene| scene.snapshot().open_orders.first().map(|order| order.status);
    scene.order(Side::Buy, 90, Some("98"), Some("97"));
    assert!(scene.refusals()[0].starts_with("POSITION_LIMIT"), "{:?}", scene.refusals());
    scene.wait(1);
    assert_eq!(status(&scene), Some(OrderStatus::Working), "the venue had it all along");
    assert_eq!(scene.sent(), 1, "and nobody sent it twice");
}

#[test]
fn an_order_that_never_arrived_is_dead_after_three_looks_and_thirty_seconds() {
    let submit = RequestFaults { timeout_before: always(), ..RequestFaults::default() };
    let mut scene = Scene::faulty(Faults { submit, ..Faults::default() });
    scene.order(Side::Buy, 10, Some("99"), Some("97"));
    scene.wait(1);
    assert_eq!(scene.snapshot().open_orders[0].status, OrderStatus::Unknown);
    for _ in 0..4 {
        scene.wait(10);
    }
    assert!(scene.snapshot().open_orders.is_empty());
    let dead = scene.heard(|record| match record {
        Record::Status { status: OrderStatus::PresumedDead, .. } => Some(()),
        _ => None,
    });
    assert_eq!((dead.len(), scene.sent()), (1, 1));
}

#[test]
fn a_restart_keeps_the_days_baseline_and_its_halts() {
    let day = "2013-10-07".parse().unwrap();
    let e0 = Money::dollars(123_456);
    let memory = Memory { day: Some((day, e0)), ..Memory::default() };
    let scene = Scene::with(ExchangeSettings::default(), memory, Journal::in_memory().unwrap());
    assert_eq!(scene.snapshot().account.e0, Some(e0));
    let killed = Memory { killed: Some("kill by a test".to_owned()), ..Memory::default() };
    let mut scene = Scene::with(ExchangeSettings::default(), killed, Journal::in_memory().unwrap());
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert!(scene.refusals()[0].starts_with("HALTED"));
    let latched =
        Memory { loss_latched: Some(day), day: Some((day, Money::dollars(100_000))), ..Memory::default() };
    let mut scene = Scene::with(ExchangeSettings::default(), latched, Journal::in_memory().unwrap());
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert!(scene.refusals()[0].starts_with("REDUCE_ONLY"), "{:?}", scene.refusals());
    let unclean = Memory { resumed: true, unclean: true, ..Memory::default() };
    let mut scene = Scene::with(ExchangeSettings::default(), unclean, Journal::in_memory().unwrap());
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert_eq!(scene.refusals(), ["NOT_READY cause=unclean_start"]);
    scene.turn(Event::Operator(Act::AcknowledgeUnclean { reason: "seen".to_owned() }));
    scene.wait(3);
    scene.quote("100");
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::shares(1));
}

#[test]
fn the_day_is_measured_from_the_close_before() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 90, Some("100.05"), Some("90"));
    scene.now = "2013-10-07T19:59:00Z".parse().unwrap();
    scene.quote("105");
    scene.now = "2013-10-08T13:31:00Z".parse().unwrap();
    scene.quote("95");
    let account = scene.snapshot().account;
    let close = account.e0.unwrap();
    assert!(close > Money::dollars(100_400), "yesterday's gain is in the baseline: {close}");
    let loss = account.day_loss.unwrap();
    assert_eq!(loss, price("10").times(Qty::shares(90)), "the gap overnight is today's loss");
}

#[test]
fn the_daily_loss_ends_the_day_when_a_second_reading_confirms_it() {
    let mut scene = Scene::new();
    scene.order(Side::Buy, 99, Some("100.05"), Some("60"));
    scene.now = scene.now.plus_seconds(60);
    scene.quote("79");
    scene.order(Side::Buy, 1, Some("79.05"), Some("78"));
    assert!(scene.refusals()[0].starts_with("DAILY_LOSS_REACHED"), "{:?}", scene.refusals());
    assert!(scene.snapshot().halt_reason.is_none(), "one reading ends no day");
    scene.now = scene.now.plus_seconds(11);
    scene.quote("79");
    assert!(scene.snapshot().halt_reason.is_some_and(|reason| reason.contains("daily loss")));
    scene.quote("100");
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert!(scene.refusals()[1].starts_with("REDUCE_ONLY"), "a recovery does not clear it");
}

#[test]
fn nothing_leaves_before_its_row_is_on_disk() {
    let folder = std::env::temp_dir().join(format!("hardstop-machine-{}", std::process::id()));
    let path = folder.join("ledger.db");
    let (journal, memory) = Journal::open(&path, ten_o_clock()).unwrap();
    let mut scene = Scene::with(ExchangeSettings::default(), memory, journal);
    let lock = rusqlite::Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    scene.order(Side::Buy, 10, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::ZERO, "with the database locked nothing opens");
    scene.wait(3);
    scene.order(Side::Buy, 11, Some("100.05"), Some("98"));
    assert!(
        scene.refusals().iter().any(|refusal| refusal == "NOT_READY cause=journal"),
        "{:?}",
        scene.refusals()
    );
    lock.execute_batch("ROLLBACK").unwrap();
    scene.wait(3);
    scene.quote("100");
    scene.order(Side::Buy, 12, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::shares(12), "with the journal back trading goes on");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_position_that_the_venue_counts_otherwise_waits_for_the_trader() {
    let held = Memory::default();
    let mut scene = Scene::with(ExchangeSettings::default(), held, Journal::in_memory().unwrap());
    let stranger = hardstop::domain::fill::Fill {
        execution: "stranger".to_owned(),
        order: "somebody-else".parse().unwrap(),
        symbol: symbol(),
        side: Side::Buy,
        qty: Qty::shares(7),
        price: price("100"),
        fee: Money::ZERO,
        at: scene.now,
    };
    let kind = hardstop::domain::venue::ReportKind::Filled(stranger.clone());
    let report = hardstop::domain::venue::VenueReport { order: stranger.order, at: scene.now, kind };
    scene.turn(Event::Reported(report));
    assert_eq!(scene.position(), Qty::shares(7), "a fill is believed");
    scene.wait(11);
    scene.wait(11);
    let adjusts = scene.snapshot().adjusts;
    let numbers: Vec<u64> = adjusts.iter().map(|adjust| adjust.number).collect();
    assert_eq!(numbers, [1], "two readings say that the venue holds nothing: {:?}", scene.alerts());
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert!(!scene.refusals().is_empty());
    scene.turn(Event::Operator(Act::AcknowledgeAdjust { number: 1, reason: "seen".to_owned() }));
    assert_eq!(scene.position(), Qty::ZERO, "the broker's count stands");
}

#[test]
fn a_strategy_nobody_loaded_sends_nothing() {
    let mut scene = Scene::new();
    let answer = hardstop::domain::strategy::StrategyAnswer {
        seq: 1,
        symbol: symbol(),
        outcome: hardstop::domain::strategy::Outcome::Done,
        wishes: vec![hardstop::domain::strategy::Wish::Close { tag: None }],
        logs: Vec::new(),
        plots: Vec::new(),
    };
    scene.turn(Event::StrategyAnswered { id: StrategyId(9), answer });
    assert_eq!(scene.sent(), 0);
}

/// A script that fails on its third bar, always: a strike each time, and after three it stays out.
#[test]
fn a_strategy_that_fails_pauses_then_sits_out_the_session_then_stays_out() {
    let script = "strategy({ api: 1, name: \"fails\", version: \"1\", timeframe: \"1Min\",\n\
        init() { this.n = 0; }, onBar() { this.n += 1; if (this.n === 3) throw new Error(\"three\"); } });";
    let folder = std::env::temp_dir().join(format!("hardstop-strikes-{}", std::process::id()));
    let (journal, memory) = Journal::open(&folder.join("ledger.db"), ten_o_clock()).unwrap();
    let mut scene = Scene::with(ExchangeSettings::default(), memory, journal);
    let settings = SpawnSettings {
        symbols: vec![symbol()],
        ..SpawnSettings::new(env!("CARGO_BIN_EXE_hardstop").into(), "fails.js", script)
    };
    let head = StrategyHead {
        id: StrategyId(1),
        name: "fails".to_owned(),
        sha256: "00".to_owned(),
        symbols: vec![symbol()],
        timeframe_ms: 60_000,
        warmup_bars: 0,
        protects: false,
        passport: Passport::default(),
        file: String::new(),
        params: String::new(),
        handlers: Vec::new(),
    };
    let sandbox = Sandbox::spawn(&settings).unwrap();
    scene.pump.bench_mut().seat(head.clone(), settings.clone(), sandbox);
    scene.turn(Event::StrategyLoaded(Box::new(head.clone())));
    let rows = |scene: &Scene, wanted: &str| {
        let is_it =
            |record: &Record| matches!(record, Record::Strategy { what, .. } if what == wanted).then_some(());
        scene.heard(is_it).len()
    };
    let minutes = |scene: &mut Scene, count: usize| {
        for _ in 0..count {
            let start = scene.now;
            scene.now = start.plus_seconds(60);
            let close = price("100");
            let (end, volume) = (scene.now, Qty::shares(100));
            let bar =
                Bar { symbol: symbol(), start, end, open: close, high: close, low: close, close, volume };
            scene.turn(Event::Tick(Tick::Bar(bar)));
        }
    };
    minutes(&mut scene, 3);
    assert_eq!((rows(&scene, "failed"), rows(&scene, "loaded")), (1, 1));
    minutes(&mut scene, 4);
    assert_eq!(rows(&scene, "loaded"), 1, "five minutes are not over");
    minutes(&mut scene, 60);
    assert_eq!((rows(&scene, "failed"), rows(&scene, "loaded")), (2, 2), "out for the session");
    for day in ["2013-10-08", "2013-10-09", "2013-10-10"] {
        scene.now = format!("{day}T14:00:00Z").parse().unwrap();
        minutes(&mut scene, 30);
    }
    assert_eq!((rows(&scene, "failed"), rows(&scene, "loaded")), (3, 3), "out until it is approved again");

    // Another process on the same ledger knows of the three.
    let now = scene.now;
    drop(scene);
    let (journal, memory) = Journal::open(&folder.join("ledger.db"), now).unwrap();
    assert_eq!(memory.strikes.len(), 1);
    let strikes = memory.strikes[0].clone();
    assert_eq!((strikes.count, strikes.sha256.as_str()), (3, "00"));
    let strikes = Strikes::restored(strikes.count, strikes.last);
    let mut scene = Scene::with(ExchangeSettings::default(), memory, journal);
    scene.now = now;
    let waits = scene.pump.bench_mut().seat_again(head.clone(), settings, strikes, now).unwrap().unwrap();
    assert!(waits.contains("approve it again"), "{waits}");
    scene.turn(Event::StrategyWaits { head: Box::new(head), reason: waits });
    scene.now = "2013-10-11T14:00:00Z".parse().unwrap();
    minutes(&mut scene, 10);
    assert_eq!((rows(&scene, "failed"), rows(&scene, "loaded"), rows(&scene, "stopped")), (0, 0, 1));
    assert_eq!(scene.snapshot().strategies[0].state, "stopped");
    std::fs::remove_dir_all(folder).unwrap();
}

/// What the venue tells of a kill whose process died before it was written: the stop protects, the fill
/// counts, and both are said in words.
#[test]
fn what_a_dead_process_s_kill_left_at_the_venue_is_taken_in_and_said() {
    use hardstop::domain::fill::Fill;
    use hardstop::domain::venue::{VenueAccount, VenueOrder, VenuePosition, VenueRequest, VenueState};
    let mut scene = Scene::new();
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    let stop = scene.snapshot().open_orders[0].id;
    let of_the_kill = |number: u64| format!("hs-sabc123-131007-{number}").parse().unwrap();
    let fill = Fill {
        execution: "kill-1".to_owned(),
        order: of_the_kill(1_381_154_400_000_001),
        symbol: symbol(),
        side: Side::Sell,
        qty: Qty::shares(20),
        price: price("100"),
        fee: Money::ZERO,
        at: scene.now,
    };
    let request = VenueRequest {
        id: of_the_kill(1_381_154_400_000_002),
        symbol: symbol(),
        side: Side::Sell,
        qty: Qty::shares(30),
        kind: OrderKind::Stop { stop: price("97") },
        tif: TimeInForce::Gtc,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    let back = VenueOrder { request, status: OrderStatus::Working, filled: Qty::ZERO };
    let gone = VenueOrder {
        request: VenueRequest { id: stop, qty: Qty::shares(50), ..request },
        status: OrderStatus::Canceled,
        filled: Qty::ZERO,
    };
    let worth = Money::dollars(100_000);
    let state = VenueState {
        at: scene.now,
        account: VenueAccount { equity: worth, last_equity: worth, cash: worth, buying_power: worth },
        positions: vec![VenuePosition { symbol: symbol(), qty: Qty::shares(30), avg_price: price("100") }],
        open_orders: vec![back],
        closed_orders: vec![gone],
        fills: vec![fill],
    };
    let sent = scene.sent();
    scene.turn(Event::Venue(Box::new(state)));
    let position = scene.snapshot().positions[0];
    assert_eq!((position.qty, position.stop), (Qty::shares(30), Some(price("97"))));
    assert_eq!(scene.sent(), sent + 1, "the row of the kill's stop, and no second stop beside it");
    let alerts = scene.alerts();
    assert!(alerts.iter().any(|words| words.contains("the kill's own order")), "{alerts:?}");
    assert!(alerts.iter().any(|words| words.contains("is the kill's own, and the journal")), "{alerts:?}");
}

/// A hole in the data, in the session: openings wait and exits do not, and both turns are said once.
#[test]
fn a_silent_feed_is_said_once_and_ends_openings_until_data_comes_back() {
    let mut scene = Scene::new();
    scene.pump.watch_feed(hardstop::feed::freshness::Freshness::new(scene.now, 60_000));
    scene.order(Side::Buy, 50, Some("100.05"), Some("98"));
    scene.wait(119);
    let not_ready = |scene: &Scene| scene.snapshot().not_ready;
    assert_eq!(not_ready(&scene), None);
    scene.wait(60);
    scene.wait(60);
    assert_eq!(not_ready(&scene), Some("feed"));
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert_eq!(scene.refusals(), ["NOT_READY cause=feed"]);
    scene.turn(Event::Operator(Act::Close(None)));
    assert_eq!(scene.refusals().len(), 1, "the way out is open, and waits for the next price");
    scene.quote("100");
    scene.quote("100");
    assert_eq!(scene.position(), Qty::ZERO);
    assert_eq!(not_ready(&scene), None);
    let about_data: Vec<String> =
        scene.alerts().into_iter().filter(|words| words.contains("market data")).collect();
    let expected = [
        "market data is stale: none for 120 s; no position is opened until it is back",
        "market data is back after 239 s",
    ];
    assert_eq!(about_data, expected);
    scene.wait(3);
    scene.order(Side::Buy, 1, Some("100.05"), Some("98"));
    assert_eq!(scene.position(), Qty::shares(1));
}

#[test]
fn a_symbol_that_the_exchange_halts_opens_nothing_until_it_trades_again() {
    let mut scene = Scene::new();
    scene.market.set_halted(symbol(), true);
    scene.order(Side::Buy, 10, Some("100"), Some("98"));
    assert_eq!(scene.refusals(), ["SYMBOL_HALTED"]);
    scene.market.set_halted(symbol(), false);
    scene.order(Side::Buy, 10, Some("100"), Some("98"));
    assert_eq!((scene.refusals().len(), scene.sent()), (1, 1));
    assert_eq!(
        scene.alerts().iter().filter(|words| words.contains("SPY")).count(),
        2,
        "{:?}",
        scene.alerts()
    );
}

/// The exchange itself rejects ten orders: the eleventh does not leave.
#[test]
fn ten_orders_that_the_exchange_rejects_end_openings() {
    let submit = RequestFaults { refused: always(), ..RequestFaults::default() };
    let mut scene = Scene::faulty(Faults { submit, ..Faults::default() });
    for shares in 1..=11 {
        scene.order(Side::Buy, shares, Some("100"), Some("98"));
    }
    assert_eq!((scene.sent(), scene.refusals()), (10, vec!["NOT_READY cause=reject_storm".to_owned()]));
    assert_eq!(scene.snapshot().not_ready, Some("reject_storm"));
    scene.turn(Event::Operator(Act::AcknowledgeStorm { reason: "seen".to_owned() }));
    assert_eq!(scene.snapshot().not_ready, None);
}
