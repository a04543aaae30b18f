use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::engine::event::{Act, Event};
use crate::engine::memory::{Memory, RememberedAdjust, RememberedBook, RememberedOrder, RememberedStrikes};
use crate::engine::own_book::{OwnFill, day_with};
use crate::engine::record::Record;
use crate::journal::error::JournalError;
use crate::journal::row::{END, EVENT, RESERVE, RUN, Row};
use crate::journal::stop_plans::StopPlans;
use crate::journal::writer::from_sql;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

/// Kinds whose every row is remembered.
const KINDS: [&str; 12] =
    [RUN, END, RESERVE, "order", "status", "fill", "day", "equity", "halt", "kill", "adjust", "restraint"];

/// The kind of whose rows only a strategy's failures are remembered, and how such rows are told apart:
/// inside of a JSON text every quotation mark is escaped, so these stand nowhere else.
const STRATEGY: &str = "strategy";
const FAILURES: [&str; 2] = ["\"what\":\"failed\"", "\"what\":\"killed\""];

/// The kind of whose rows only those with a trail are remembered: the wish stands in no other row.
const DECISION: &str = "decision";
const TRAIL: &str = "\"trail\":\"";

/// Beginnings of the events that are remembered by themselves, whatever the machine made of them.
const EVENTS: [&str; 5] = [
    "{\"killed\":",
    "{\"operator\":{\"acknowledge_unclean\":",
    "{\"strategy_loaded\":",
    "{\"symbol_halted\":",
    "{\"corporate_action\":",
];

/// Order numbers that are set aside.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Reserve {
    pub(super) first: u64,
    pub(super) last: u64,
}

/// Whether a next process must know this row.
pub(super) fn matters(row: &Row) -> bool {
    KINDS.contains(&row.kind.as_ref())
        || (row.kind == STRATEGY && FAILURES.iter().any(|failure| row.body.contains(failure)))
        || (row.kind == DECISION && row.body.contains(TRAIL))
        || (row.kind == EVENT && EVENTS.iter().any(|start| row.body.starts_with(start)))
}

/// Whether the row is a venue's answer or its word about an order.
pub(super) fn is_of_the_venue(row: &Row) -> bool {
    row.kind == EVENT && ["{\"answered\":", "{\"reported\":"].iter().any(|start| row.body.starts_with(start))
}

/// Reads what the ledger remembers: the fold of its rows, in their order.
pub(super) fn fold(connection: &Connection, path: &Path) -> Result<Memory, JournalError> {
    let shown = path.display().to_string();
    let fail = |fault| JournalError::of(&shown, fault);
    let kinds = KINDS.map(|kind| format!("'{kind}'")).join(",");
    let events = EVENTS.map(|start| format!("substr(body, 1, {}) = '{start}'", start.len())).join(" OR ");
    let failures = FAILURES.map(|failure| format!("instr(body, '{failure}') > 0")).join(" OR ");
    let select = format!(
        "SELECT row, run, seq, at, kind, body FROM record
         WHERE kind IN ({kinds}) OR (kind = 'event' AND ({events}))
         OR (kind = '{STRATEGY}' AND ({failures}))
         OR (kind = '{DECISION}' AND instr(body, '{TRAIL}') > 0) ORDER BY row"
    );
    let mut folder = Folder::default();
    let mut select = connection.prepare(&select).map_err(fail)?;
    let mut rows = select.query([]).map_err(fail)?;
    while let Some(found) = rows.next().map_err(fail)? {
        let row = read_row(found).map_err(fail)?;
        folder.add(&row).map_err(|fault| JournalError::Body { row: row.row, fault })?;
    }
    Ok(folder.finish())
}

/// A row as the database gives it, from the columns `row, run, seq, at, kind, body`.
pub(super) fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        row: from_sql(row.get(0)?),
        run: from_sql(row.get(1)?),
        seq: from_sql(row.get(2)?),
        at: At::from_nanos(row.get(3)?),
        kind: row.get::<_, String>(4)?.into(),
        body: row.get(5)?,
    })
}

/// The fold itself: it takes rows in their order. Rows that say nothing about the future pass it by.
#[derive(Debug, Default)]
pub struct Folder {
    memory: Memory,
    orders: BTreeMap<ClientOrderId, (u64, RememberedOrder)>,
    run_open: bool,
    unacknowledged: bool,
    /// The sources of the run's strategies, and when its process started.
    loaded: BTreeMap<StrategyId, String>,
    /// Their names, and the names behind orders: numbers of strategies are of one run alone.
    names: BTreeMap<StrategyId, String>,
    named: BTreeMap<ClientOrderId, String>,
    process_started_at: At,
    /// How stops are to follow the market, by the orders that are about to come.
    trails: BTreeMap<ClientOrderId, Trail>,
    strikes: BTreeMap<String, RememberedStrikes>,
    books: BTreeMap<String, Book>,
    /// Where stops were last meant to lie, of what is held.
    stops: StopPlans,
}

/// A strategy's own book, as the rows of fills tell it.
#[derive(Debug, Default)]
struct Book {
    positions: BTreeMap<Symbol, (Qty, Price)>,
    realized: Money,
    day: Option<(TradingDay, Money)>,
}

impl Book {
    fn take(&mut self, symbol: Symbol, at: At, own: &OwnFill) {
        self.positions.insert(symbol, (own.qty, own.avg_price));
        self.positions.retain(|_, (qty, _)| !qty.is_zero());
        self.day = Some(day_with(self.day, TradingDay::of(at), own.realized));
        self.realized = self.realized.plus(own.realized).unwrap_or(self.realized);
    }

    fn finish(self, strategy: String) -> RememberedBook {
        let positions = self.positions.into_iter().map(|(symbol, (qty, avg))| (symbol, qty, avg)).collect();
        RememberedBook { strategy, positions, realized: self.realized, day: self.day }
    }
}

impl Folder {
    /// Takes the next row.
    ///
    /// # Errors
    /// When its body is not what its kind says.
    pub fn add(&mut self, row: &Row) -> serde_json::Result<()> {
        match row.kind.as_ref() {
            RUN => {
                // A run that follows one without an end makes that one unclean until the trader
                // says so: quitting in between does not.
                self.unacknowledged |= self.run_open;
                self.run_open = true;
                self.loaded.clear();
                self.names.clear();
                if let Some(head) = row.run_head() {
                    self.process_started_at = head?.started_at;
                }
            }
            END => self.run_open = false,
            RESERVE => {
                let reserve: Reserve = serde_json::from_str(&row.body)?;
                self.uses(reserve.last);
            }
            _ if !matters(row) => {}
            EVENT => self.add_event(&serde_json::from_str(&row.body)?),
            _ => {
                if let Some(record) = row.record() {
                    let record = record?;
                    if let Record::Strategy { id, .. } = record {
                        self.strike(id, row.at);
                    } else {
                        self.count(row.at, &record);
                        self.add_record(row.row, row.at, record);
                    }
                }
            }
        }
        Ok(())
    }

    fn add_event(&mut self, event: &Event) {
        match event {
            Event::Killed(report) => self.killed(format!("kill by {}", report.by)),
            Event::Operator(Act::AcknowledgeUnclean { .. }) => self.unacknowledged = false,
            Event::SymbolHalted { symbol, halted: true } => {
                self.memory.halted.insert(*symbol);
            }
            Event::SymbolHalted { symbol, halted: false } => {
                self.memory.halted.remove(symbol);
            }
            Event::CorporateAction { symbol, what } => {
                self.stops.forget(*symbol);
                self.memory.frozen.entry(*symbol).or_insert_with(|| what.clone());
            }
            Event::StrategyLoaded(head) => {
                self.loaded.insert(head.id, head.sha256.clone());
                self.names.insert(head.id, head.name.clone());
            }
            _ => {}
        }
    }

    /// What the machine counts towards a restraint, counted by its rows.
    fn count(&mut self, at: At, record: &Record) {
        let restraints = &mut self.memory.restraints;
        match record {
            Record::Order { request, origin: Origin::Strategy(id), .. } => {
                if let Some(name) = self.names.get(id) {
                    self.named.insert(request.id, name.clone());
                }
            }
            Record::Status { order, status: OrderStatus::Rejected, .. } => {
                restraints.count_reject(at, self.named.get(order).cloned());
            }
            Record::Fill { fill, .. } => {
                let opens = self.orders.get(&fill.order).is_some_and(|(_, order)| {
                    order.role == Role::Opening && order.filled.is_zero() && order.status.is_live()
                });
                if let (true, Some(name)) = (opens, self.named.get(&fill.order)) {
                    restraints.count_opening(at, name, fill.order);
                }
            }
            Record::Restraint { what, holds, reason, .. } => restraints.set(what, *holds, reason),
            _ => {}
        }
    }

    fn strike(&mut self, id: StrategyId, at: At) {
        let Some(sha256) = self.loaded.get(&id).cloned() else { return };
        let strikes = self.strikes.entry(sha256.clone()).or_insert(RememberedStrikes {
            sha256,
            count: 0,
            last: at,
            process_started_at: self.process_started_at,
        });
        strikes.count = strikes.count.saturating_add(1);
        strikes.last = at;
        strikes.process_started_at = self.process_started_at;
    }

    fn add_record(&mut self, row: u64, at: At, record: Record) {
        self.memory.resumed = true;
        let memory = &mut self.memory;
        match record {
            Record::Order { request, role, origin, parent } => {
                let legs = [request.stop_loss, request.take_profit].into_iter().flatten().map(|leg| leg.id);
                // The kill numbers its orders by its own instants; the count of orders goes on below them.
                let counted = legs.chain([request.id]).filter(|id| !id.is_of_the_kill());
                for seq in counted.filter_map(|id| id.seq()) {
                    self.uses(seq);
                }
                let (status, filled) = (OrderStatus::Intent, Qty::ZERO);
                let trail = self.trails.remove(&request.id);
                let strategy = self.named.get(&request.id).cloned();
                let order =
                    RememberedOrder { request, role, origin, strategy, parent, status, filled, trail };
                self.orders.entry(request.id).or_insert((row, order));
            }
            Record::Status { order, status, filled, .. } => {
                if let Some((_, known)) = self.orders.get_mut(&order) {
                    known.status = status;
                    known.filled = known.filled.max(filled);
                    self.stops.note_status(known);
                }
            }
            Record::Fill { fill, own, position, .. } => self.add_fill(fill, &own, position),
            Record::Day { day, e0 } => memory.day = Some((day, e0)),
            Record::Equity { day, own, close: true, .. } => memory.close_equity = Some((day, own)),
            Record::Halt { state, latched, reason, by } => {
                memory.loss_latched = memory.loss_latched.max(latched.map(|latched| latched.day));
                match (state, by) {
                    (TradingState::Halted, _) => self.killed(reason),
                    (_, Origin::Operator) => memory.killed = None,
                    _ => {}
                }
            }
            Record::Kill(report) => self.killed(format!("kill by {}", report.by)),
            Record::Adjust { number, symbol, engine, broker, avg_price, acknowledged, because: _, own } => {
                for own in &own {
                    self.books.entry(own.strategy.clone()).or_default().take(symbol, at, own);
                }
                memory.adjusts.retain(|adjust| adjust.number != number);
                let acknowledged = acknowledged.is_some();
                if acknowledged {
                    self.stops.note_adjust(symbol, engine, broker);
                    memory.frozen.remove(&symbol);
                }
                let after_fills = memory.fills.len();
                let adjust =
                    RememberedAdjust { number, symbol, engine, broker, avg_price, acknowledged, after_fills };
                memory.adjusts.push(adjust);
            }
            Record::Decision { order: Some(order), intent: Intent { trail: Some(trail), .. }, .. } => {
                self.trails.insert(order, trail);
            }
            Record::Equity { .. }
            | Record::Decision { .. }
            | Record::Strategy { .. }
            | Record::Restraint { .. }
            | Record::Reconcile { .. }
            | Record::Alert(_) => {}
        }
    }

    /// An execution: where the stop of what it left belongs, and what it did to strategies' books.
    fn add_fill(&mut self, fill: Fill, own: &[OwnFill], position: Qty) {
        let order = self.orders.get(&fill.order).map(|(_, order)| order);
        self.stops.note_fill(&fill, order, position);
        for own in own {
            self.books.entry(own.strategy.clone()).or_default().take(fill.symbol, fill.at, own);
        }
        self.memory.fills.push(fill);
    }

    /// The first reason stands: what follows it while halted is not why.
    fn killed(&mut self, reason: String) {
        self.memory.killed.get_or_insert(reason);
    }

    fn uses(&mut self, order_seq: u64) {
        self.memory.last_order_seq = self.memory.last_order_seq.max(order_seq);
    }

    /// What the rows so far add up to.
    #[must_use]
    pub fn finish(mut self) -> Memory {
        // The end may have come between a fill's row and its order's.
        let mut filled: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
        for fill in &self.memory.fills {
            let sum = filled.entry(fill.order).or_default();
            *sum = sum.plus(fill.qty).unwrap_or(Qty::LARGEST);
        }
        let mut live: Vec<_> =
            self.orders.into_values().filter(|(_, order)| order.status.is_live()).collect();
        live.sort_by_key(|(row, _)| *row);
        let with_fills = |(_, mut order): (u64, RememberedOrder)| {
            let sum = filled.get(&order.request.id).copied().unwrap_or_default();
            order.filled = order.filled.max(sum).min(order.request.qty);
            order
        };
        self.memory.live_orders = live.into_iter().map(with_fills).collect();
        self.memory.strikes = self.strikes.into_values().collect();
        self.memory.stop_plans = std::mem::take(&mut self.stops).into_plans();
        let books = std::mem::take(&mut self.books);
        self.memory.books = books.into_iter().map(|(name, book)| book.finish(name)).collect();
        self.memory.unclean = self.run_open || self.unacknowledged;
        self.memory
    }
}
