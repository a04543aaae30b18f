use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::calendar::{Phase, holds_a_session, phase};
use crate::domain::id::{ClientOrderId, InstallId};
use crate::domain::intent::Origin;
use crate::domain::market::{Bar, Tick};
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::arming::Arming;
use crate::engine::asks::Asks;
use crate::engine::command::Command;
use crate::engine::day::{DayDesk, Turn};
use crate::engine::desk::Desk;
use crate::engine::event::{Event, Stamped};
use crate::engine::orders::Orders;
use crate::engine::readiness::Readiness;
use crate::engine::record::Record;
use crate::engine::restraint::Restraints;
use crate::engine::settings::{Settings, StrategyHours};
use crate::engine::strategies::{DueBar, Strategies};
use crate::engine::submit::WAIT_MAX_MS;
use crate::engine::trades::Trades;
use crate::risk::gate::Gate;

/// The machine. One event in, commands out; the same events give the same commands, byte for byte.
#[derive(Debug)]
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) install: InstallId,
    pub(super) gate: Gate,
    pub(super) orders: Orders,
    pub(super) executions: BTreeSet<String>,
    /// Orders that ended here and that the venue shows alive.
    pub(super) alive_after_their_end: BTreeSet<ClientOrderId>,
    pub(super) desks: BTreeMap<Symbol, Desk>,
    pub(super) strategies: Strategies,
    pub(super) day: DayDesk,
    pub(super) readiness: Readiness,
    pub(super) restraints: Restraints,
    pub(super) arming: Arming,
    pub(super) trades: Trades,
    pub(super) tickets: BTreeSet<u64>,
    pub(super) asks: Asks,
    pub(super) next_order_seq: u64,
    pub(super) next_call_seq: u64,
    pub(super) equity_row_at: Option<At>,
    pub(super) equity_told: Option<Money>,
    pub(super) now: At,
    started: bool,
    due: Vec<DueBar>,
    pub(super) out: Vec<Command>,
}

impl Engine {
    /// A machine that waits for its first event, [`Event::Started`]; until then it does nothing.
    pub fn new(settings: Settings, install: InstallId, gate: Gate) -> Self {
        let readiness = Readiness {
            clock_fits: !settings.clock_must_be_known,
            stream_stands: !settings.order_stream_must_stand,
            ..Readiness::default()
        };
        Self {
            settings,
            install,
            gate,
            orders: Orders::default(),
            executions: BTreeSet::new(),
            alive_after_their_end: BTreeSet::new(),
            desks: BTreeMap::new(),
            strategies: Strategies::default(),
            day: DayDesk::new(At::default()),
            readiness,
            restraints: Restraints::default(),
            arming: Arming::default(),
            trades: Trades::default(),
            tickets: BTreeSet::new(),
            asks: Asks::default(),
            next_order_seq: 1,
            next_call_seq: 1,
            equity_row_at: None,
            equity_told: None,
            now: At::default(),
            started: false,
            due: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Takes one event and says what is to be done about it, in order.
    pub fn step(&mut self, stamped: &Stamped) -> Vec<Command> {
        // A clock that went back moves nothing back.
        self.now = self.now.max(stamped.at);
        if let Event::Started(memory) = &stamped.event {
            self.started = true;
            self.start(memory);
        }
        if !self.started {
            return Vec::new();
        }
        self.turn_day();
        match &stamped.event {
            Event::Started(_) | Event::Clock => {}
            Event::Tick(tick) => self.on_tick(tick, false),
            Event::Warm(tick) => self.on_tick(tick, true),
            Event::Operator(act) => self.on_act(act),
            Event::StrategyLoaded(head) => self.load_strategy(head),
            Event::StrategyWaits { head, reason } => self.keep_strategy_out(head, reason),
            Event::StrategyAnswered { id, answer } => self.on_strategy_answer(*id, answer),
            Event::Answered { order, asked, answer } => self.on_venue_answer(*order, *asked, answer),
            Event::Reported(report) => self.on_report(report),
            Event::Dropped { order, reason } => self.on_dropped(*order, reason),
            Event::OrderStream { up, why } => self.on_order_stream(*up, why),
            Event::Keys { refusal } => self.on_keys(refusal.as_deref()),
            Event::LookAgain(_) => self.ask_venue_soon(),
            Event::Notice(words) => self.alert(words.clone()),
            Event::Venue(state) => self.reconcile(state),
            Event::VenueSilent(words) => self.venue_silent(words),
            Event::Killed(report) => self.on_kill(report),
            Event::Hand => self.on_hand(),
            Event::Feed { fresh, silent_ms } => self.on_feed(*fresh, *silent_ms),
            Event::Asset { symbol, flags } => self.on_asset(*symbol, *flags),
            Event::SymbolHalted { symbol, halted } => self.on_symbol_halted(*symbol, *halted),
            Event::CorporateAction { symbol, what } => self.on_corporate_action(*symbol, what),
            Event::ClockOffset { offset_ms } => self.on_clock_offset(*offset_ms),
            Event::Counted { number, qty } => self.readiness.on_counted(*number, *qty),
            Event::Journal { writable } => self.readiness.journal_writable = *writable,
        }
        self.keep_deadlines();
        self.keep_protection();
        self.watch_loss();
        std::mem::take(&mut self.out)
    }

    /// Takes a list of commands back that has been carried out, for its room: a list a step would be a piece of memory
    /// for each bar.
    pub fn reuse(&mut self, carried_out: Vec<Command>) {
        if self.out.is_empty() {
            self.out = carried_out;
            self.out.clear();
        }
    }

    /// Whoever took the keys back wants nothing done with them any more: what was approved and has not left stays,
    /// and live ends. Exits and the kill are tried all the same, for they can harm nobody.
    fn on_keys(&mut self, refusal: Option<&str>) {
        if self.readiness.keys_taken == refusal.is_none() {
            return;
        }
        self.readiness.keys_taken = refusal.is_none();
        let Some(refusal) = refusal else {
            return self.alert("the broker takes the keys again".to_owned());
        };
        self.gate.void_openings();
        self.alert(format!(
            "the broker does not take the keys any more ({refusal}): nothing is opened, and whether anything can be \
             cancelled or closed from here is not known; look at the broker's own page, now. Where the keys were taken \
             back or changed, end this run, `hardstop keys set`, and start again"
        ));
        self.disarm("the broker does not take the keys any more", Origin::Engine);
    }

    /// The feed fell silent or came back: said once each.
    fn on_feed(&mut self, fresh: bool, silent_ms: i64) {
        if self.readiness.feed_fresh == fresh {
            return;
        }
        self.readiness.feed_fresh = fresh;
        let seconds = silent_ms.checked_div(1_000).unwrap_or(0);
        self.alert(if fresh {
            format!("market data is back after {seconds} s")
        } else {
            format!("market data is stale: none for {seconds} s; no position is opened until it is back")
        });
    }

    fn on_tick(&mut self, tick: &Tick, warm: bool) {
        match tick {
            Tick::Quote(quote) => self.gate.on_quote(quote, self.settings.feed_interval_ms),
            Tick::Trade(trade) => self.gate.on_trade(trade),
            Tick::Bar(bar) => self.on_bar(bar, warm),
        }
        if !warm {
            self.watch_gap(tick.symbol());
            self.watch_trail(tick.symbol());
        }
    }

    fn on_bar(&mut self, bar: &Bar, warm: bool) {
        self.gate.on_bar(bar, !self.settings.bars_only);
        if self.settings.bars_only {
            self.take_back_rests(bar);
        }
        let in_session = self.is_regular(bar);
        if self.settings.strategy_hours == StrategyHours::Regular && !in_session {
            return;
        }
        let desk = self.desks.entry(bar.symbol).or_default();
        desk.on_bar(bar);
        if in_session {
            desk.volume.on_bar(bar);
        }
        // A stop that could not be measured may be by now.
        desk.dirty |= desk.missing_told && !warm;
        let mut due = std::mem::take(&mut self.due);
        self.strategies.on_bar(bar, &mut due);
        for mut call in due.drain(..) {
            call.warm_up |= warm;
            self.call_strategy_with_bar(&call);
        }
        self.due = due;
    }

    /// Whether a bar belongs to a regular session: today's, or, while warming up, an earlier one.
    pub(super) fn is_regular(&self, bar: &Bar) -> bool {
        let today = self.day.session().filter(|session| session.early_open <= bar.start);
        let phase = today.map_or_else(|| phase(bar.start), |session| session.phase(bar.start));
        phase == Phase::Regular || holds_a_session(bar.start, bar.end)
    }

    fn turn_day(&mut self) {
        loop {
            match self.day.turn(self.now) {
                Turn::Same => return,
                Turn::Day => self.begin_day(),
                Turn::Open => self.on_session(true),
                Turn::Close => {
                    self.keep_close_equity();
                    self.on_session(false);
                }
            }
        }
    }

    /// The smaller of our equity and the broker's, at the last event's instant.
    pub fn equity(&self) -> Option<Money> {
        self.gate.equity(self.now)
    }

    /// The gate's present mood: the door drops orders of an earlier one.
    pub fn epoch(&self) -> u64 {
        self.gate.epoch()
    }

    /// The next instant at which the machine wants to be called even if nothing happens.
    pub fn next_deadline(&self) -> At {
        // Before its first event it knows no day, and waits for none.
        if !self.started {
            return At::from_nanos(i64::MAX);
        }
        let rests = self.orders.live().filter_map(|order| order.rest_until);
        let retries = self.desks.values().filter_map(|desk| desk.retry_at);
        let waits =
            self.desks.values().flat_map(|desk| &desk.waiting).map(|act| act.since.plus_millis(WAIT_MAX_MS));
        // While the venue is being read its answer is awaited, and no instant.
        let ask_at = self.readiness.ask_venue_at.filter(|_| !self.readiness.asking);
        let asks = self.asks.next_end();
        let own =
            [Some(self.day.next_turn()), ask_at, self.restraints.cool_down_until, self.armed_until(), asks];
        let own = own.into_iter().flatten();
        rests.chain(retries).chain(waits).chain(own).min().unwrap_or(At::from_nanos(i64::MAX))
    }

    pub(super) fn record(&mut self, record: Record) {
        self.out.push(Command::Record(record));
    }

    pub(super) fn alert(&mut self, words: String) {
        self.record(Record::Alert(words));
    }

    /// Every symbol with a position.
    pub(super) fn held_symbols(&self) -> Vec<Symbol> {
        self.gate
            .positions()
            .filter(|(_, position)| !position.qty.is_zero())
            .map(|(symbol, _)| symbol)
            .collect()
    }

    /// The price a position is valued at: the bid for a long, the ask for a short.
    pub(super) fn mark(&self, symbol: Symbol) -> Option<Price> {
        let marks = self.gate.marks(symbol, self.now)?;
        Some(if self.gate.position(symbol).qty.is_negative() { marks.ask } else { marks.bid })
    }

    /// The price an order of this side meets in the market now.
    pub(super) fn entry_price(&self, symbol: Symbol, side: Side) -> Option<Price> {
        let marks = self.gate.marks(symbol, self.now)?;
        Some(if side == Side::Buy { marks.ask } else { marks.bid })
    }

    /// The next order id; a number is never used twice.
    pub(super) fn next_id(&mut self) -> ClientOrderId {
        let seq = self.next_order_seq;
        self.next_order_seq = seq.saturating_add(1);
        ClientOrderId::new(self.settings.mode, self.install, self.day.day(), seq)
    }
}
