use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::market::Tick;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{ReportKind, VenueReport};
use crate::exchange::settings::Settings;
use crate::exchange::venue::Exchange;
use crate::gateway::entry::Entry;
use crate::gateway::faults::Split;
use crate::gateway::ids::{Kind, asset_id, uuid};
use crate::gateway::reply::Reply;
use crate::wire::told::{OrderTold, write_account, write_activity, write_position, write_update};

/// An execution with the names it has outside.
#[derive(Debug, Clone)]
pub(super) struct Executed {
    pub(super) fill: Fill,
    pub(super) id: String,
    pub(super) venue_order: String,
    pub(super) whole: Qty,
    pub(super) filled: Qty,
}

/// One account at the exchange, spoken to in Alpaca's words: its orders, positions and history.
///
/// It knows no socket and no clock: every call says when it is made.
#[derive(Debug)]
pub struct Account {
    pub(super) number: u32,
    pub(super) exchange: Exchange,
    multiple: u32,
    next: u64,
    /// By the venue's id, whose order is the order of their coming.
    pub(super) orders: BTreeMap<String, Entry>,
    pub(super) by_client: BTreeMap<String, String>,
    pub(super) by_inner: BTreeMap<ClientOrderId, String>,
    pub(super) executed: Vec<Executed>,
    positions_told: BTreeMap<Symbol, Qty>,
    events: Vec<Value>,
    pub(super) suspended: bool,
    /// Equity at each minute that was looked at.
    pub(super) equity: Vec<(At, Money)>,
}

impl Account {
    /// Account number `number` of an exchange with these settings.
    #[must_use]
    pub fn new(number: u32, settings: Settings) -> Self {
        Self {
            number,
            multiple: settings.buying_power_multiple,
            exchange: Exchange::new(settings),
            next: 0,
            orders: BTreeMap::new(),
            by_client: BTreeMap::new(),
            by_inner: BTreeMap::new(),
            executed: Vec::new(),
            positions_told: BTreeMap::new(),
            events: Vec::new(),
            suspended: false,
            equity: Vec::new(),
        }
    }

    /// A number that no order and no execution of this account has had.
    pub(super) fn next_number(&mut self) -> u64 {
        self.next = self.next.saturating_add(1);
        self.next
    }

    /// The market moves.
    pub fn on_tick(&mut self, tick: &Tick) {
        self.exchange.on_tick(tick);
        self.hear(tick.at());
    }

    /// A symbol stops trading, or trades again.
    pub(super) fn set_halted(&mut self, symbol: Symbol, halted: bool, at: At) {
        self.exchange.advance(at);
        self.exchange.set_halted(symbol, halted);
        self.hear(at);
    }

    /// A symbol's shares are split: its orders are cancelled, its position is counted anew.
    pub(super) fn split(&mut self, split: &Split, at: At) {
        self.exchange.advance(at);
        // Beyond the range of numbers nothing is split at all.
        let _overflow = self.exchange.split(split.symbol, split.new.get(), split.old.get());
        self.hear(at);
        let state = self.exchange.state(At::from_nanos(i64::MAX), &[]);
        let position = state.positions.iter().find(|position| position.symbol == split.symbol);
        self.positions_told.insert(split.symbol, position.map_or(Qty::ZERO, |position| position.qty));
    }

    /// An order fills a moment before a cancel of it arrives.
    pub(super) fn fill_before_cancel(&mut self, venue_id: &str, now: At) {
        if let Some(inner) = self.orders.get(venue_id).map(|entry| entry.inner) {
            self.exchange.fill_before_cancel(inner, now);
            self.hear(now);
        }
    }

    /// Time passes.
    pub fn advance(&mut self, now: At) {
        self.exchange.advance(now);
        self.hear(now);
        let minute = now.seconds().div_euclid(60);
        if self.equity.last().is_none_or(|(at, _)| at.seconds().div_euclid(60) < minute) {
            self.equity.push((now, self.exchange.account().equity));
        }
    }

    /// The frames of the stream of orders since the last time.
    pub fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// Takes in what the exchange has said: each report becomes one event of the stream.
    pub(super) fn hear(&mut self, now: At) {
        for report in self.exchange.take_reports() {
            self.on_report(&report, now);
        }
    }

    fn on_report(&mut self, report: &VenueReport, now: At) {
        let Some(venue_id) = self.by_inner.get(&report.order).cloned() else { return };
        let at = report.at.min(now);
        let Some(entry) = self.orders.get_mut(&venue_id) else { return };
        let word = match &report.kind {
            ReportKind::Accepted => {
                entry.note_status(OrderStatus::Acked, at);
                "accepted"
            }
            ReportKind::Working => {
                entry.note_status(OrderStatus::Working, at);
                "new"
            }
            ReportKind::Rejected(_) => {
                entry.note_status(OrderStatus::Rejected, at);
                "rejected"
            }
            ReportKind::Filled(fill) => return self.on_fill(&venue_id, fill),
            ReportKind::Canceled => {
                entry.note_status(OrderStatus::Canceled, at);
                if entry.replaced_by.is_some() { "replaced" } else { "canceled" }
            }
            ReportKind::Expired => {
                entry.note_status(OrderStatus::Expired, at);
                "expired"
            }
            ReportKind::CancelRejected(_) => "order_cancel_rejected",
        };
        self.say(word, &venue_id, at);
        if matches!(report.kind, ReportKind::Canceled | ReportKind::Expired | ReportKind::Rejected(_)) {
            self.end_sleeping_legs(&venue_id, at);
        }
    }

    fn say(&mut self, word: &str, venue_id: &str, at: At) {
        let order = self.tell(venue_id).map_or(Value::Null, |told| told.write(true));
        self.events.push(write_update(word, at, order, None));
    }

    /// A leg that was never woken goes with its order; the exchange, which never spoke of it, says nothing.
    fn end_sleeping_legs(&mut self, venue_id: &str, at: At) {
        let Some(order) = self.orders.get(venue_id) else { return };
        for leg in order.legs.clone() {
            let Some(entry) = self.orders.get_mut(&leg) else { continue };
            if entry.status == OrderStatus::Acked {
                entry.note_status(OrderStatus::Canceled, at);
                self.say("canceled", &leg, at);
            }
        }
    }

    fn on_fill(&mut self, venue_id: &str, fill: &Fill) {
        let id = uuid(Kind::Execution, self.number, self.next_number());
        let Some(entry) = self.orders.get_mut(venue_id) else { return };
        // Beyond the range of numbers nothing was filled at all: the exchange itself has refused it.
        if entry.note_fill(fill.qty, fill.price, fill.at).is_err() {
            return;
        }
        let (whole, filled) = (entry.request.qty, entry.filled);
        let word = if entry.status == OrderStatus::Filled { "fill" } else { "partial_fill" };
        let position = self.positions_told.entry(fill.symbol).or_default();
        *position = position.plus(fill.qty.signed(fill.side)).unwrap_or(*position);
        let position = *position;
        let order = self.tell(venue_id).map_or(Value::Null, |told| told.write(true));
        self.events.push(write_update(word, fill.at, order, Some((fill, &id, position))));
        let venue_order = venue_id.to_owned();
        self.executed.push(Executed { fill: fill.clone(), id, venue_order, whole, filled });
    }

    /// An order as it is told, with its legs.
    pub(super) fn tell(&self, venue_id: &str) -> Option<OrderTold> {
        let entry = self.orders.get(venue_id)?;
        let legs = entry.legs.iter().filter_map(|leg| self.tell(leg)).collect();
        let mut told = entry.told(asset_id(entry.request.symbol.as_str()), self.sleeps(entry), legs);
        // A trailing stop moves with the market, and no report says so.
        if let (Some(_), Some(order)) = (entry.request.kind.trail(), self.exchange.order(entry.inner)) {
            told.order.request.kind = order.request.kind;
        }
        Some(told)
    }

    /// Whether a leg still waits for its order's fill.
    fn sleeps(&self, entry: &Entry) -> bool {
        let parent = entry.parent.as_ref().and_then(|parent| self.orders.get(parent));
        entry.status == OrderStatus::Acked && parent.is_some_and(|parent| parent.status.is_live())
    }

    /// The account.
    pub fn account(&self) -> Value {
        let mut held = (Money::ZERO, Money::ZERO);
        for position in self.exchange.state(At::from_nanos(i64::MAX), &[]).positions {
            let worth = self.mark(position.symbol).unwrap_or(position.avg_price).times(position.qty);
            let part = if position.qty.is_negative() { &mut held.1 } else { &mut held.0 };
            *part = part.plus(worth).unwrap_or(*part);
        }
        let id = uuid(Kind::Account, self.number, 0);
        let number = format!("HS{:07}", self.number);
        let mut told = write_account(&id, &number, &self.exchange.account(), held, self.multiple);
        if let Some(told) = told.as_object_mut() {
            told.insert("trade_suspended_by_user".to_owned(), json!(self.suspended));
        }
        told
    }

    /// What the account was worth at first, and at each minute since: drawn, and counted with by nobody.
    pub(super) fn equity_rows(&self, now: At) -> (f64, Vec<(At, f64)>) {
        let now = (now, self.exchange.account().equity);
        let rows = self.equity.iter().copied().chain([now]).map(|(at, equity)| (at, equity.to_f64()));
        let rows: Vec<(At, f64)> = rows.collect();
        (rows.first().map_or(0.0, |(_, equity)| *equity), rows)
    }

    /// What the owner has set for the account.
    pub fn configuration(&self) -> Value {
        json!({
            "suspend_trade": self.suspended,
            "no_shorting": false,
            "fractional_trading": true,
            "max_margin_multiplier": self.multiple.to_string(),
            "trade_confirm_email": "all",
            "ptp_no_exception_entry": false,
            "max_options_trading_level": 0,
            "disable_overnight_trading": false,
        })
    }

    /// Sets what can be set: whether new orders are taken.
    pub fn configure(&mut self, body: &str) -> Reply {
        let Ok(fields) = crate::wire::fields::Fields::read(body, "configuration") else {
            return Reply::unprocessable("invalid JSON");
        };
        if let Some(suspended) = fields.flag("suspend_trade") {
            self.suspended = suspended;
        }
        Reply::fine(self.configuration())
    }

    /// The last price of a symbol at this exchange.
    pub(super) fn mark(&self, symbol: Symbol) -> Option<Price> {
        self.exchange.last_price(symbol)
    }

    /// Every position.
    pub fn positions(&self) -> Vec<Value> {
        let state = self.exchange.state(At::from_nanos(i64::MAX), &[]);
        state.positions.iter().map(|position| self.position_told(position)).collect()
    }

    fn position_told(&self, position: &crate::domain::venue::VenuePosition) -> Value {
        let mark = self.mark(position.symbol).unwrap_or(position.avg_price);
        let free = self.exchange.available(position.symbol);
        let available = if position.qty.is_negative() { free.negated() } else { free };
        write_position(&asset_id(position.symbol.as_str()), position, mark, available)
    }

    /// One position, by its symbol or its asset's id.
    pub fn position(&self, name: &str) -> Reply {
        let state = self.exchange.state(At::from_nanos(i64::MAX), &[]);
        let found = state
            .positions
            .iter()
            .find(|position| position.symbol.as_str() == name || asset_id(position.symbol.as_str()) == name);
        found.map_or_else(
            || Reply::missing("position does not exist"),
            |position| Reply::fine(self.position_told(position)),
        )
    }

    /// The executions, newest first unless `ascending`; of `page` at most, after the one with this id.
    pub fn activities(&self, ask: &Ask<'_>) -> Vec<Value> {
        let told = |executed: &Executed| {
            write_activity(
                &executed.fill,
                &executed.venue_order,
                executed.whole,
                executed.filled,
                &executed.id,
            )
        };
        let fits = |executed: &&Executed| {
            ask.after.is_none_or(|after| executed.fill.at > after)
                && ask.until.is_none_or(|until| executed.fill.at < until)
        };
        let mut all: Vec<Value> = self.executed.iter().filter(fits).map(told).collect();
        if !ask.ascending {
            all.reverse();
        }
        let is_token = |value: &Value| value.get("id").and_then(Value::as_str) == ask.token;
        let from = match ask.token {
            Some(_) => all.iter().position(is_token).map_or(0, |index| index.saturating_add(1)),
            None => 0,
        };
        all.into_iter().skip(from).take(ask.page).collect()
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Only what is later.
    pub after: Option<At>,
    /// Only what is earlier.
    pub until: Option<At>,
    /// Oldest first.
    pub ascending: bool,
    /// The id of the last one of the page before.
    pub token: Option<&'a str>,
    /// How many at most.
    pub page: usize,
}
