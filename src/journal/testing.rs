use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{Asked, VenueAnswer, VenueRequest};
use crate::engine::event::{Event, KillReport, Stamped};
use crate::engine::reconcile::Difference;
use crate::engine::record::{Judged, Record};
use crate::engine::restraint::Restraint;
use crate::journal::row::{Frame, RunEnd, RunHead};
use crate::journal::writer::Journal;
use crate::risk::limits::Limits;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

/// A folder that goes with the test.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("target/tmp/{name}-{}-{number}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(super) fn at(seconds: i64) -> At {
    At::from_seconds(1_381_152_600 + seconds)
}

pub(super) fn id(install: &str, seq: u64) -> ClientOrderId {
    format!("hs-s{install}-131007-{seq}").parse().unwrap()
}

pub(super) fn request(id: ClientOrderId, side: Side, qty: i32) -> VenueRequest {
    VenueRequest {
        id,
        symbol: "SPY".parse().unwrap(),
        side,
        qty: Qty::shares(qty),
        kind: OrderKind::Limit { limit: Price::from_cents(10_000) },
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    }
}

pub(super) fn order(id: ClientOrderId, side: Side, qty: i32, role: Role) -> Record {
    Record::Order { request: request(id, side, qty), role, origin: Origin::Operator, parent: None }
}

pub(super) fn status(order: ClientOrderId, status: OrderStatus, filled: i32) -> Record {
    Record::Status { order, status, filled: Qty::shares(filled), reason: None }
}

pub(super) fn fill(order: ClientOrderId, execution: &str, qty: i32, position: i32, cash: i32) -> Record {
    let fill = Fill {
        execution: execution.to_owned(),
        order,
        symbol: "SPY".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(qty),
        price: Price::from_cents(10_000),
        fee: Money::ZERO,
        at: at(0),
    };
    let (position, avg_price) = (Qty::shares(position), Price::from_cents(10_000));
    Record::Fill { fill, position, avg_price, cash: Money::dollars(cash), own: Vec::new() }
}

pub(super) fn halt(state: TradingState, by: Origin) -> Record {
    Record::Halt { state, latched: None, reason: "a \"reason\"".to_owned(), by }
}

pub(super) fn kill_report() -> KillReport {
    KillReport {
        tripped_at: at(0),
        by: "the chord".to_owned(),
        flatten: true,
        cancelled: 1,
        flattened: 0,
        left_orders: Vec::new(),
        left_positions: Vec::new(),
        confirmed: true,
        deeds: Vec::new(),
    }
}

pub(super) fn decision(order: Option<ClientOrderId>, qty: i32, refusal: &str) -> Record {
    let intent = Intent {
        origin: Origin::Operator,
        symbol: "SPY".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(qty),
        kind: OrderKind::Limit { limit: Price::from_cents(10_000) },
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        trail: None,
    };
    let exposure = format!("{}.00", qty * 100);
    let decision = serde_json::json!({
        "schema": 1, "decision": if refusal.is_empty() { "approved" } else { "refused" }, "reducing": false,
        "exposure": exposure, "heat": exposure, "day_loss": "0.00",
        "checks": [
            { "name": "daily_loss", "ok": true, "value": "0.00", "limit": "2000.00" },
            { "name": "position", "ok": true, "value": exposure, "limit": "10000.00" },
            { "name": "gross", "ok": true, "value": exposure, "limit": "100000.00" },
            { "name": "heat", "ok": true, "value": exposure, "limit": "25000.00" },
        ],
    });
    let (limits_version, decision) = ("v1".to_owned(), Judged::Read(decision));
    Record::Decision { order, intent, refusal: refusal.to_owned(), decision, limits_version, tag: None }
}

/// One record of each kind.
pub(super) fn one_of_each() -> Vec<Record> {
    let first = id("abc123", 1);
    let day = "2013-10-07".parse().unwrap();
    let (symbol, strategy) = ("SPY".parse().unwrap(), StrategyId(1));
    let worth = Money::dollars(100_000);
    let difference = Difference {
        symbol,
        engine: Qty::ZERO,
        broker: Qty::shares(5),
        avg_price: Some("99.5".parse().unwrap()),
        because: Some("a split, 5 for 1".to_owned()),
        journal: None,
    };
    vec![
        decision(Some(first), 10, ""),
        order(first, Side::Buy, 10, Role::Opening),
        status(first, OrderStatus::Working, 0),
        fill(first, "e1", 10, 10, 99_000),
        Record::Day { day, e0: worth },
        Record::Equity { day, equity: worth, own: worth, cash: worth, day_loss: Money::ZERO, close: true },
        halt(TradingState::ReduceOnly, Origin::Engine),
        Record::Restraint {
            what: Restraint::RejectStorm,
            holds: true,
            reason: "words".to_owned(),
            by: Origin::Engine,
        },
        Record::Strategy { id: strategy, what: "log".to_owned(), detail: "a line\n".to_owned() },
        Record::Reconcile { clean: false, differences: vec![difference.clone()] },
        difference.row(1, None),
        Record::Kill(kill_report()),
        Record::Alert("words".to_owned()),
    ]
}

pub(super) fn head(mode: Mode) -> RunHead {
    RunHead {
        mode,
        seed: 7,
        build: "0.1.0".to_owned(),
        limits_version: "v1".to_owned(),
        limits: Limits::default(),
        source: "the bundled week".to_owned(),
        sandbox: "full".to_owned(),
        started_at: at(0),
        account: None,
        settings: None,
    }
}

pub(super) fn end() -> RunEnd {
    RunEnd { finished: false, reason: "quit".to_owned() }
}

/// A run in which one order is approved, sent, acknowledged and partly filled, as the machine writes it.
/// `last_seq` and `first_order` are what the ledger used
/// before, `held` the shares that it held.
pub(super) fn trade(
    journal: &mut Journal,
    install: &str,
    last_seq: u64,
    first_order: u64,
    start: i64,
    held: i32,
) {
    let first = id(install, first_order);
    let seq = last_seq + 1;
    let event = |journal: &mut Journal, place: u64, event: Event| {
        let seconds = start + i64::try_from(place).unwrap();
        journal.event(&Stamped { seq: seq + place, at: at(seconds), event }).unwrap();
    };
    let row = |journal: &mut Journal, place: u64, record: &Record| {
        let seconds = start + i64::try_from(place).unwrap();
        journal.record(seq + place, at(seconds), record).unwrap();
    };
    event(journal, 0, Event::Clock);
    row(journal, 0, &Record::Reconcile { clean: true, differences: Vec::new() });
    row(journal, 0, &Record::Day { day: "2013-10-07".parse().unwrap(), e0: Money::dollars(100_000) });
    event(journal, 1, Event::Clock);
    row(journal, 1, &decision(Some(first), 10, ""));
    row(journal, 1, &order(first, Side::Buy, 10, Role::Opening));
    row(journal, 1, &decision(None, 200, "POSITION_LIMIT exposure=20000.00 limit=10000.00"));
    event(journal, 2, Event::Answered { order: first, asked: Asked::Submit, answer: VenueAnswer::Taken });
    row(journal, 2, &status(first, OrderStatus::Acked, 0));
    let told = fill(first, &format!("{first}-1"), 4, held + 4, 99_600);
    event(journal, 3, Event::Clock);
    row(journal, 3, &told);
    row(journal, 3, &status(first, OrderStatus::Partial, 4));
    let input = format!("{{\"order\":\"{first}\"}}");
    let frame = Frame {
        strategy: StrategyId(1),
        input: input.as_bytes(),
        output: b"{}",
        outcome: "done",
        cpu_us: Some(u64::try_from(start).unwrap() + 17),
        memory_bytes: None,
    };
    journal.frame(seq + 3, at(start + 3), &frame).unwrap();
}
