//! Restraints and foreign orders: the machine alone, with a venue that says what the test wants.

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::StrategyCall;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{
    Asked, AssetFlags, ReportKind, VenueAccount, VenueAnswer, VenueOrder, VenuePosition, VenueReport,
    VenueRequest, VenueState,
};
use crate::engine::command::Command;
use crate::engine::event::{Act, Event, Stamped, StrategyHead};
use crate::engine::machine::Engine;
use crate::engine::memory::Memory;
use crate::engine::record::Record;
use crate::engine::settings::Settings;
use crate::risk::gate::Gate;
use crate::risk::limits::Limits;
use crate::risk::token::DoorSeal;

pub(super) const ONE: Origin = Origin::Strategy(StrategyId(1));
pub(super) const TWO: Origin = Origin::Strategy(StrategyId(2));

/// A machine at ten o'clock, reconciled, with strategies 1 and 2 and SPY at 100.
pub(super) struct Alone {
    pub(super) engine: Engine,
    pub(super) now: At,
    pub(super) seq: u64,
    pub(super) said: Vec<Record>,
    pub(super) sent: Vec<VenueRequest>,
    pub(super) cancelled: Vec<ClientOrderId>,
    pub(super) called: Vec<(StrategyId, StrategyCall)>,
    pub(super) executions: u32,
    pub(super) open: Vec<VenueOrder>,
    _door: DoorSeal,
}

pub(super) fn spy() -> Symbol {
    "SPY".parse().unwrap()
}

pub(super) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(super) fn ten_o_clock() -> At {
    "2013-10-07T14:00:00Z".parse().unwrap()
}

impl Alone {
    pub(super) fn new(limits: Limits) -> Self {
        Self::after(limits, Memory::default(), ten_o_clock())
    }

    pub(super) fn after(limits: Limits, memory: Memory, now: At) -> Self {
        let (gate, door) = Gate::open(limits, "v1".to_owned());
        let engine = Engine::new(Settings::new(Mode::Sim, "abc123"), "abc123".parse().unwrap(), gate);
        let (said, sent, cancelled, open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let called = Vec::new();
        let mut stage =
            Self { engine, now, seq: 0, said, sent, cancelled, called, executions: 0, open, _door: door };
        stage.step(Event::Started(Box::new(memory)));
        stage.load(1);
        stage.load(2);
        stage.look();
        stage.quote();
        stage
    }

    pub(super) fn step(&mut self, event: Event) {
        self.seq = self.seq.saturating_add(1);
        for command in self.engine.step(&Stamped { seq: self.seq, at: self.now, event }) {
            match command {
                Command::Record(record) => self.said.push(record),
                Command::Submit(order) => self.sent.push(order.request()),
                Command::Cancel(ticket) => self.cancelled.push(ticket.order()),
                Command::RunStrategy(id, call) => self.called.push((id, call)),
                _ => {}
            }
        }
    }

    pub(super) fn load(&mut self, number: u16) {
        let name = format!("strategy {number}");
        let (sha256, symbols) = ("00".to_owned(), vec![spy()]);
        let head = StrategyHead {
            id: StrategyId(number),
            name,
            sha256,
            symbols,
            timeframe_ms: 60_000,
            warmup_bars: 0,
            protects: false,
            passport: Passport::default(),
            file: String::new(),
            params: String::new(),
            handlers: Vec::new(),
        };
        self.step(Event::StrategyLoaded(Box::new(head)));
    }

    /// The venue is read: it counts what we count, and shows the open orders of the test.
    pub(super) fn look(&mut self) {
        let worth = Money::dollars(100_000);
        let cash = self.engine.gate.cash().unwrap_or(worth);
        let account = VenueAccount { equity: worth, last_equity: worth, cash, buying_power: worth };
        let positions = self.engine.snapshot().positions;
        let positions = positions.iter().map(|held| VenuePosition {
            symbol: held.symbol,
            qty: held.qty,
            avg_price: held.avg_price,
        });
        let state = VenueState {
            at: self.now,
            account,
            positions: positions.collect(),
            open_orders: self.open.clone(),
            closed_orders: Vec::new(),
            fills: Vec::new(),
        };
        self.step(Event::Venue(Box::new(state)));
    }

    pub(super) fn quote(&mut self) {
        self.quoted("100");
    }

    /// A quote a cent wide.
    pub(super) fn quoted(&mut self, bid: &str) {
        let bid = price(bid);
        let ask = bid.plus(Price::from_cents(1)).unwrap();
        let size = Qty::shares(1_000);
        let quote = Quote { symbol: spy(), bid, bid_qty: size, ask, ask_qty: size, at: self.now };
        self.step(Event::Tick(Tick::Quote(quote)));
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
        self.quote();
    }

    /// A limit order with a stop; its id when the gate let it pass.
    pub(super) fn ask(&mut self, origin: Origin, side: Side, shares: i32) -> Option<ClientOrderId> {
        let before = self.sent.len();
        let stop = if side == Side::Buy { "99" } else { "101" };
        let intent = Intent {
            origin,
            symbol: spy(),
            side,
            qty: Qty::shares(shares),
            kind: OrderKind::Limit { limit: price("100") },
            tif: TimeInForce::Day,
            stop_loss: Some(price(stop)),
            take_profit: None,
            trail: None,
        };
        self.engine.place(intent, None);
        self.step(Event::Clock);
        self.sent.get(before).map(|request| request.id)
    }

    pub(super) fn reject(&mut self, order: ClientOrderId) {
        let answer = VenueAnswer::Refused("no".to_owned());
        self.step(Event::Answered { order, asked: Asked::Submit, answer });
    }

    pub(super) fn report(&mut self, order: ClientOrderId, kind: ReportKind) {
        self.step(Event::Reported(VenueReport { order, at: self.now, kind }));
    }

    pub(super) fn fill(&mut self, order: ClientOrderId, side: Side, shares: i32, at: &str) {
        self.executions = self.executions.saturating_add(1);
        let fill = Fill {
            execution: format!("e{}", self.executions),
            order,
            symbol: spy(),
            side,
            qty: Qty::shares(shares),
            price: price(at),
            fee: Money::ZERO,
            at: self.now,
        };
        self.report(order, ReportKind::Filled(fill));
    }

    /// Buys one share and sells it again at this price.
    pub(super) fn round_trip(&mut self, at: &str) {
        let entry = self.ask(Origin::Operator, Side::Buy, 1).unwrap();
        self.fill(entry, Side::Buy, 1, "100");
        // The exit is somebody else's word: what it filled is believed.
        self.fill("elsewhere".parse().unwrap(), Side::Sell, 1, at);
        self.wait(3);
    }

    pub(super) fn refusal(&self) -> String {
        let refusals = self.said.iter().rev().find_map(|record| match record {
            Record::Decision { refusal, .. } => Some(refusal.clone()),
            _ => None,
        });
        refusals.unwrap_or_default()
    }

    pub(super) fn alerts(&self, part: &str) -> usize {
        let told = |record: &&Record| matches!(record, Record::Alert(words) if words.contains(part));
        self.said.iter().filter(told).count()
    }

    /// A process of the same ledger, as far as the machine itself knows what it leaves.
    pub(super) fn restarted(&self) -> Self {
        let memory = Memory { restraints: self.engine.restraints.clone(), ..Memory::default() };
        Self::after(Limits::default(), memory, self.now)
    }
}

#[test]
fn the_fifth_reject_within_a_minute_disables_the_strategy_and_no_other() {
    let mut stage = Alone::new(Limits::default());
    let resting = stage.ask(ONE, Side::Buy, 9).unwrap();
    for shares in 1..=4 {
        let order = stage.ask(ONE, Side::Buy, shares).unwrap();
        stage.reject(order);
    }
    let order = stage.ask(ONE, Side::Buy, 5).unwrap();
    stage.reject(order);
    assert_eq!(stage.ask(ONE, Side::Buy, 6), None);
    assert_eq!(stage.refusal(), "STRATEGY_STOPPED");
    assert_eq!(stage.cancelled, [resting], "what rested to open something is taken back");
    assert!(stage.ask(TWO, Side::Buy, 6).is_some());
    stage.load(1);
    assert_eq!(stage.ask(ONE, Side::Buy, 7), None, "loading it again does not free it");
    let mut later = stage.restarted();
    later.wait(3_600);
    assert_eq!(later.ask(ONE, Side::Buy, 6), None, "nor does a restart");
    later.step(Event::Operator(Act::ResumeStrategy(StrategyId(1))));
    assert!(later.ask(ONE, Side::Buy, 6).is_some());
}

#[test]
fn four_rejects_or_five_over_more_than_a_minute_disable_nobody() {
    let mut stage = Alone::new(Limits::default());
    for shares in 1..=4 {
        let order = stage.ask(ONE, Side::Buy, shares).unwrap();
        stage.reject(order);
    }
    stage.wait(60);
    let order = stage.ask(ONE, Side::Buy, 5).unwrap();
    stage.reject(order);
    assert!(stage.ask(ONE, Side::Buy, 6).is_some());
}

#[test]
fn the_tenth_reject_of_all_ends_openings_until_the_trader_has_seen_it() {
    let mut stage = Alone::new(Limits::default());
    for shares in 1..=10 {
        let origin = if shares % 3 == 0 { ONE } else { Origin::Operator };
        let order = stage.ask(origin, Side::Buy, shares).unwrap();
        stage.reject(order);
    }
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 11), None);
    assert_eq!(stage.refusal(), "NOT_READY cause=reject_storm");
    stage.wait(600);
    let mut later = stage.restarted();
    assert_eq!(later.ask(Origin::Operator, Side::Buy, 11), None, "a restart is no word of the trader");
    assert_eq!(later.refusal(), "NOT_READY cause=reject_storm");
    later.step(Event::Operator(Act::AcknowledgeStorm { reason: "seen".to_owned() }));
    assert!(later.ask(Origin::Operator, Side::Buy, 11).is_some());
}

#[test]
fn the_twentieth_opening_filled_within_ten_minutes_disables_the_strategy() {
    let mut stage = Alone::new(Limits { openings_per_minute_strategy: Some(100), ..Limits::default() });
    for filled in 1..=20 {
        stage.wait(3);
        let order = stage.ask(ONE, Side::Buy, 2).unwrap_or_else(|| panic!("{filled}: {}", stage.refusal()));
        stage.fill(order, Side::Buy, 1, "100");
        stage.fill(order, Side::Buy, 1, "100");
        let legs = stage.engine.orders.get(order).unwrap().request.stop_loss.unwrap();
        stage.report(legs.id, ReportKind::Working);
    }
    stage.wait(3);
    assert_eq!(stage.ask(ONE, Side::Buy, 1), None);
    assert_eq!(stage.refusal(), "STRATEGY_STOPPED");
    let mut later = stage.restarted();
    later.wait(3_600);
    assert_eq!(later.ask(ONE, Side::Buy, 1), None);
    later.step(Event::Operator(Act::ResumeStrategy(StrategyId(1))));
    assert!(later.ask(ONE, Side::Buy, 1).is_some(), "{}", later.refusal());
}

#[test]
fn losses_in_a_row_begin_a_pause_that_a_restart_does_not_end() {
    let limits = Limits { loss_streak: Some(2), cool_down_minutes: 5, ..Limits::default() };
    let mut stage = Alone::new(limits);
    stage.round_trip("99");
    stage.round_trip("101");
    stage.round_trip("99");
    stage.look();
    assert!(stage.ask(Origin::Operator, Side::Buy, 2).is_some(), "{}", stage.refusal());
    stage.wait(3);
    stage.round_trip("99");
    stage.look();
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 3), None);
    assert_eq!(stage.refusal(), "COOL_DOWN");
    let mut later = stage.restarted();
    assert_eq!(later.ask(Origin::Operator, Side::Buy, 3), None);
    assert_eq!(later.refusal(), "COOL_DOWN");
    later.wait(300);
    assert!(later.ask(Origin::Operator, Side::Buy, 3).is_some(), "{}", later.refusal());
}

#[test]
fn an_order_that_lives_on_after_its_end_counts_until_it_is_gone_and_is_not_revived() {
    let mut stage = Alone::new(Limits::default());
    let order = stage.ask(Origin::Operator, Side::Buy, 90).unwrap();
    let request = *stage.sent.last().unwrap();
    stage.report(order, ReportKind::Working);
    stage.report(order, ReportKind::Canceled);
    stage.open = vec![VenueOrder { request, status: OrderStatus::Working, filled: Qty::ZERO }];
    stage.look();
    stage.wait(10);
    stage.look();
    assert_eq!(stage.alerts("the venue shows it alive"), 1, "said once");
    assert_eq!(stage.engine.orders.get(order).unwrap().status, OrderStatus::Canceled);
    let heat = stage.engine.snapshot().account.heat.map(|heat| heat.to_string());
    assert_eq!(heat.as_deref(), Some("9000.00"), "its stop may never come");
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 20), None);
    assert!(stage.refusal().starts_with("POSITION_LIMIT"), "{}", stage.refusal());
    stage.step(Event::Operator(Act::Cancel(order)));
    assert_eq!(stage.cancelled, [order], "it can be cancelled");
    stage.open.clear();
    stage.look();
    assert_eq!(stage.alerts("after its end here, is gone"), 1);
    assert!(stage.ask(Origin::Operator, Side::Buy, 20).is_some(), "{}", stage.refusal());
}

/// The journal knows every order of ours that lives; one that the venue shows and it does not has ended here,
/// before this process.
#[test]
fn an_order_of_ours_that_ended_in_an_earlier_process_is_not_taken_for_somebody_else_s() {
    let mut first = Alone::new(Limits::default());
    let order = first.ask(Origin::Operator, Side::Buy, 90).unwrap();
    let request = *first.sent.last().unwrap();
    let mut stage = Alone::new(Limits::default());
    stage.open = vec![VenueOrder { request, status: OrderStatus::Working, filled: Qty::ZERO }];
    stage.look();
    assert_eq!(stage.alerts("the venue shows it alive"), 1);
    assert_eq!(stage.engine.orders.get(order).unwrap().status, OrderStatus::Canceled);
    assert!(stage.ask(Origin::Operator, Side::Buy, 20).is_none(), "it counts");
    stage.step(Event::Operator(Act::Replace { order, qty: None, limit: Some(price("99")), stop: None }));
    assert_eq!(stage.alerts("is not a live order"), 1, "and cannot be revived");
    stage.step(Event::Operator(Act::Cancel(order)));
    assert_eq!(stage.cancelled, [order]);
}

#[test]
fn an_order_of_somebody_else_counts_in_every_limit() {
    let mut stage = Alone::new(Limits::default());
    let request = VenueRequest {
        id: "somebody".parse().unwrap(),
        symbol: spy(),
        side: Side::Buy,
        qty: Qty::shares(90),
        kind: OrderKind::Limit { limit: price("100") },
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    };
    stage.open = vec![VenueOrder { request, status: OrderStatus::Working, filled: Qty::ZERO }];
    stage.look();
    stage.look();
    assert_eq!(stage.alerts("is not ours; it counts"), 1);
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 20), None);
    assert!(stage.refusal().starts_with("POSITION_LIMIT"), "{}", stage.refusal());
    stage.fill(request.id, Side::Buy, 40, "100");
    assert_eq!(stage.engine.snapshot().positions.first().unwrap().qty, Qty::shares(40));
}

#[test]
fn a_halted_symbol_and_what_the_venue_does_not_do_refuse_openings_and_are_said_once() {
    let mut stage = Alone::new(Limits::default());
    let resting = stage.ask(Origin::Operator, Side::Buy, 1).unwrap();
    for _twice in 0..2 {
        stage.step(Event::SymbolHalted { symbol: spy(), halted: true });
    }
    assert_eq!(stage.alerts("SPY is halted"), 1);
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 2), None);
    assert_eq!(stage.refusal(), "SYMBOL_HALTED");
    stage.step(Event::Operator(Act::Cancel(resting)));
    assert_eq!(stage.cancelled, [resting], "a cancel passes");
    stage.step(Event::SymbolHalted { symbol: spy(), halted: false });
    assert_eq!(stage.alerts("SPY trades again"), 1);
    assert!(stage.ask(Origin::Operator, Side::Buy, 2).is_some(), "{}", stage.refusal());
    stage.step(Event::Asset { symbol: spy(), flags: AssetFlags { tradable: false, ..AssetFlags::ALL } });
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 3), None);
    assert_eq!(stage.refusal(), "NOT_TRADABLE");
    let mut unknown = Alone::new(Limits::default());
    unknown.engine.settings.assets_must_be_known = true;
    assert_eq!(unknown.ask(Origin::Operator, Side::Buy, 3), None);
    assert_eq!(unknown.refusal(), "NOT_TRADABLE", "where the venue must say so, silence is a no");
    let mut held = Alone::new(Limits::default());
    let entry = held.ask(Origin::Operator, Side::Buy, 3).unwrap();
    held.fill(entry, Side::Buy, 3, "100");
    held.engine.settings.assets_must_be_known = true;
    assert!(held.engine.flags_of(spy(), Side::Sell).tradable, "what is held was traded: it can be closed");
    assert!(!held.engine.flags_of(spy(), Side::Buy).tradable, "and not enlarged");
    let mut shorts = Alone::new(Limits::default());
    shorts.step(Event::Asset { symbol: spy(), flags: AssetFlags { shortable: false, ..AssetFlags::ALL } });
    assert_eq!(shorts.ask(Origin::Operator, Side::Sell, 3), None);
    assert_eq!(shorts.refusal(), "NOT_TRADABLE");
}

#[test]
fn a_halt_outlives_a_restart() {
    let memory = Memory { halted: [spy()].into(), ..Memory::default() };
    let mut stage = Alone::after(Limits::default(), memory, ten_o_clock());
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 2), None);
    assert_eq!(stage.refusal(), "SYMBOL_HALTED");
}

#[test]
fn a_clock_that_is_off_is_told_once_and_beyond_five_seconds_ends_openings() {
    let mut stage = Alone::new(Limits::default());
    let tell = |stage: &mut Alone, offset_ms| stage.step(Event::ClockOffset { offset_ms });
    let told = |stage: &Alone| stage.alerts("the venue's clock");
    tell(&mut stage, Some(2_000));
    assert_eq!(told(&stage), 0);
    tell(&mut stage, Some(-2_001));
    tell(&mut stage, Some(5_000));
    assert_eq!(told(&stage), 1);
    assert!(stage.ask(Origin::Operator, Side::Buy, 1).is_some());
    tell(&mut stage, Some(-5_001));
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 2), None, "a millisecond beyond is beyond");
    tell(&mut stage, Some(-60_000));
    assert_eq!(told(&stage), 2);
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 2), None);
    assert_eq!(stage.refusal(), "NOT_READY cause=clock");
    tell(&mut stage, Some(0));
    tell(&mut stage, Some(1));
    assert_eq!(told(&stage), 3);
    assert!(stage.ask(Origin::Operator, Side::Buy, 2).is_some());
    stage.engine.settings.clock_must_be_known = true;
    tell(&mut stage, None);
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 3), None, "unknown is no zero");
}

/// 5 % of an average of 200 shares a session are 10.
#[test]
fn an_opening_takes_no_more_than_its_share_of_the_average_volume() {
    let mut stage = Alone::new(Limits::default());
    for date in ["2013-09-23", "2013-09-24", "2013-09-25", "2013-09-26", "2013-09-27", "2013-09-30"] {
        let start: At = format!("{date}T13:30:00Z").parse().unwrap();
        let (at, end) = (price("100"), start.plus_seconds(6 * 3_600 + 1_800));
        let volume = Qty::shares(200);
        let bar = Bar { symbol: spy(), start, end, open: at, high: at, low: at, close: at, volume };
        stage.step(Event::Warm(Tick::Bar(bar)));
    }
    stage.now = ten_o_clock().plus_seconds(3);
    stage.quote();
    assert_eq!(stage.ask(Origin::Operator, Side::Buy, 11), None);
    assert_eq!(stage.refusal(), "QTY_LIMIT qty=11 limit=10");
    assert!(stage.ask(Origin::Operator, Side::Buy, 10).is_some(), "{}", stage.refusal());
}
