//! The machine beside the venue's own words: missing events are applied, what nothing explains is
//! shown to the trader. Reconcile never sends an order and never invents a fill.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueOrder, VenueState};
use crate::engine::command::Command;
use crate::engine::desk::Desk;
use crate::engine::machine::Engine;
use crate::engine::orders::Misses;
use crate::engine::record::Record;

/// How soon a reading that differs, or an order nobody knows, is looked at again.
const LOOK_AGAIN_MS: i64 = 10_000;
/// How soon executions are asked for again that the venue's list is ahead of.
const LATE_FILLS_MS: i64 = 3_000;
/// How soon after an order's end the venue is read where no clock does it.
const FUNDS_WITHIN_MS: i64 = 60_000;
/// What the broker counts of cash besides our own trades is left alone below this: parts of a cent, and fees of the day.
const FLOW_DOLLARS_MIN: i32 = 1;
/// For how long it must stand so: a venue's history can tell of executions later than its account does.
const FLOW_SETTLED_MS: i64 = 30_000;
/// How long after nobody answered it a cancel is asked for again, or after its refusal where an exit waits.
pub(super) const CANCEL_AGAIN_MS: i64 = 1_000;

impl Engine {
    /// Asks for the venue's state at the next opportunity.
    pub(super) fn ask_venue_soon(&mut self) {
        // A reading that is under way may have begun before what it is now wanted for.
        self.readiness.ask_again |= self.readiness.asking;
        self.readiness.ask_venue_at = Some(self.now);
    }

    /// An order has ended, and what it had taken of the buying power may be free again: that is the venue's to say.
    /// Where nothing reads it by the clock it is read within a minute, as it would be there.
    pub(super) fn read_funds_anew(&mut self) {
        if self.settings.reconcile_every_ms.is_none() && self.readiness.ask_venue_at.is_none() {
            self.readiness.ask_venue_at = Some(self.now.plus_millis(FUNDS_WITHIN_MS));
        }
    }

    /// Asks the venue when it is time to.
    pub(super) fn keep_reconciled(&mut self) {
        if self.readiness.asking || self.readiness.ask_venue_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.readiness.asking = true;
        let live = self.orders.live().map(|order| order.request.id).collect();
        self.out.push(Command::AskVenue(live));
    }

    /// The stream of orders was lost, or stands again: said once each. What it did not tell must be read before
    /// anything is opened.
    pub(super) fn on_order_stream(&mut self, up: bool, why: &str) {
        let stood = std::mem::replace(&mut self.readiness.stream_stands, up);
        if stood == up {
            return;
        }
        if up {
            self.readiness.reconciled = false;
            self.ask_venue_soon();
        }
        match (stood, up) {
            (true, false) => {
                self.readiness.stream_loss_told = true;
                self.alert(format!(
                    "the stream of orders is lost ({why}); no position is opened until it stands again"
                ));
            }
            // The first time of a run is no news.
            (false, true) if std::mem::take(&mut self.readiness.stream_loss_told) => {
                self.alert("the stream of orders stands again; the venue is read".to_owned());
            }
            _ => {}
        }
    }

    pub(super) fn venue_silent(&mut self, words: &str) {
        self.readiness.asking = false;
        self.readiness.reconciled = false;
        self.readiness.ask_venue_at = Some(self.now.plus_millis(LOOK_AGAIN_MS));
        self.alert(format!(
            "the venue's state could not be read ({words}); no position is opened until it can"
        ));
    }

    /// Takes one reading of the venue.
    pub(super) fn reconcile(&mut self, state: &VenueState) {
        self.readiness.asking = false;
        // An equity that is read at the end of an order alone would soon be that of hours ago, and as the smaller of
        // two it would hide every gain since.
        if self.settings.reconcile_every_ms.is_some() {
            self.gate.on_account(&state.account, state.at);
        } else {
            self.gate.on_funds(state.account.buying_power, state.at);
        }
        self.fix_baseline(&state.account);
        if self.gate.cash().is_none() {
            self.gate.set_cash(self.cash_before(state));
        }
        for fill in &state.fills {
            self.apply_fill(fill);
        }
        let fills_are_late = self.match_orders(state);
        self.renew_differences(state);
        let differences = self.position_differences(state);
        let clean = differences.is_empty() && !fills_are_late;
        if !fills_are_late {
            self.note_agreement(&differences);
        }
        self.schedule_next(clean);
        if fills_are_late {
            self.readiness.reconciled = false;
            self.readiness.ask_venue_at = Some(self.now.plus_millis(LATE_FILLS_MS));
        }
        self.follow_cash(state, clean);
        let changed = self.readiness.reconciled != clean;
        if clean {
            self.readiness.reconciled = true;
            self.readiness.differs_since = None;
            self.doubt_own_count();
        } else if !differences.is_empty() {
            self.on_differences(&differences);
        }
        self.show_what_actions_did(state);
        if changed || !clean {
            self.record(Record::Reconcile { clean, differences });
        }
    }

    /// Money came into the account or left it without a trade: what two readings in a row, with every share and every
    /// execution accounted for, show alike. More of it moves the baseline along, so that it hides no loss; less of it
    /// counts as lost, for nobody here knows better. Without this the next day would be measured from money that is, or
    /// is no more, in our own count.
    fn follow_cash(&mut self, state: &VenueState, clean: bool) {
        let own = self.gate.cash().filter(|_| clean && self.settings.reconcile_every_ms.is_some());
        let apart = own.and_then(|own| state.account.cash.minus(own).ok());
        let Some(apart) = apart.filter(|apart| apart.abs() >= Money::dollars(FLOW_DOLLARS_MIN)) else {
            self.readiness.cash_apart = None;
            return;
        };
        let before = self.readiness.cash_apart.filter(|(_, before)| *before == apart);
        let (since, _) = *self.readiness.cash_apart.insert(before.unwrap_or((self.now, apart)));
        if self.now.millis_since(since) < FLOW_SETTLED_MS {
            return;
        }
        self.readiness.cash_apart = None;
        self.gate.set_cash(state.account.cash);
        let what = if apart.is_positive() && self.gate.on_flow(apart).is_ok() {
            self.gate.on_account(&state.account, state.at);
            "more cash than is counted here (a deposit, a dividend, interest): it is taken, and today's loss is measured \
             from that much more"
        } else {
            "less cash than is counted here (a withdrawal, fees): it is taken, and counts towards today's loss"
        };
        self.alert(format!("the account holds {} {what}", apart.abs()));
    }

    /// The broker's cash as it was before the executions that this reading tells for the first time: they are
    /// in it already.
    fn cash_before(&self, state: &VenueState) -> Money {
        let new = state.fills.iter().filter(|fill| !self.executions.contains(&fill.execution));
        let before = new.map(|fill| fill.price.times(fill.qty.signed(fill.side)).plus(fill.fee));
        let before = before.into_iter().try_fold(state.account.cash, |cash, cost| cash.plus(cost?));
        before.unwrap_or(state.account.cash)
    }

    fn schedule_next(&mut self, clean: bool) {
        let uncertain = self
            .orders
            .live()
            .any(|order| matches!(order.status, OrderStatus::Unknown | OrderStatus::Sending))
            || !self.alive_after_their_end.is_empty();
        let held_up = self.orders.live().any(|order| {
            let refused = order.cancel_refused_at.is_some() && self.is_waited_for(order.request.id);
            order.cancel_unheard.is_some() || refused
        });
        let trails = self.orders.live().any(|order| order.request.kind.trail().is_some());
        let wait_ms = match (held_up, clean && !uncertain) {
            (true, _) => Some(CANCEL_AGAIN_MS),
            // Where no clock reads it, a trailing stop's place is read all the same.
            (false, true) => self.settings.reconcile_every_ms.or(trails.then_some(FUNDS_WITHIN_MS)),
            (false, false) => Some(LOOK_AGAIN_MS),
        };
        self.readiness.ask_venue_at = wait_ms.map(|wait_ms| self.now.plus_millis(wait_ms));
        if std::mem::take(&mut self.readiness.ask_again) {
            self.readiness.ask_venue_at = Some(self.now);
        }
    }

    /// Matches every listed order with ours. Whether one has ended with executions that are not told yet: a venue's
    /// history can be later than its list, and an order that ended here would leave its legs and its shares to
    /// nobody until then.
    fn match_orders(&mut self, state: &VenueState) -> bool {
        let (mut seen, mut fills_are_late) = (BTreeSet::new(), false);
        for listed in state.open_orders.iter().chain(&state.closed_orders) {
            seen.insert(listed.request.id);
            match self.orders.get(listed.request.id).map(|order| order.status.is_live()) {
                None => self.import_external(listed),
                Some(true) if self.is_ahead_of_its_fills(listed, state) => {
                    fills_are_late = true;
                    self.seen(listed.request.id);
                }
                Some(true) => {
                    self.seen(listed.request.id);
                    self.set_status(listed.request.id, listed.status, None);
                    self.follow_stop(listed);
                    self.cancel_again(listed);
                }
                Some(false) => self.count_while_alive(listed),
            }
        }
        self.let_go_of_the_gone(state);
        let unseen: Vec<ClientOrderId> =
            self.orders.live().map(|order| order.request.id).filter(|id| !seen.contains(id)).collect();
        for id in unseen {
            self.miss_order(id);
        }
        fills_are_late
    }

    /// Where the positions agree all the same, the difference was acknowledged: then the end stands.
    fn is_ahead_of_its_fills(&self, listed: &VenueOrder, state: &VenueState) -> bool {
        let ours = self.orders.get(listed.request.id).map_or(Qty::ZERO, |order| order.filled);
        let difference = self.compare(listed.request.symbol, state);
        !listed.status.is_live() && listed.filled > ours && difference.engine != difference.broker
    }

    /// What the venue shows is not missing any more.
    fn seen(&mut self, id: ClientOrderId) {
        if let Some(order) = self.orders.get_mut(id) {
            order.misses = Misses::default();
        }
    }

    /// The venue shows where a trailing stop stands by now.
    fn follow_stop(&mut self, listed: &VenueOrder) {
        let id = listed.request.id;
        let (Some(stop), Some(_)) = (listed.request.kind.stop(), listed.request.kind.trail()) else { return };
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.request.kind != listed.request.kind && order.request.kind.trail().is_some() {
            order.request.kind = listed.request.kind;
            let (symbol, side, left) = (order.request.symbol, order.request.side, order.remaining());
            self.gate.on_stop_moved(id, stop);
            // One for a part says nothing of the whole.
            if left >= self.gate.position(symbol).qty.abs() {
                self.note_stop_moved(symbol, side, stop);
            }
        }
    }

    /// A cancel of which nobody knows whether it arrived has not, where the venue shows its order alive after
    /// it: it is asked for again. So is one that the venue refused while an exit waits for it.
    fn cancel_again(&mut self, listed: &VenueOrder) {
        let (id, now) = (listed.request.id, self.now);
        if !listed.status.is_live() {
            return;
        }
        // Not at once: a line that is down would be asked without end.
        let long_ago = |at: At| now.millis_since(at) >= CANCEL_AGAIN_MS;
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.status == OrderStatus::PendingCancel && order.cancel_unheard.is_some_and(long_ago) {
            order.cancel_unheard = None;
            let ticket = self.gate.cancel_ticket(id);
            self.out.push(Command::Cancel(ticket));
        } else if order.cancel_refused_at.is_some_and(long_ago) && self.is_waited_for(id) {
            self.cancel(id);
        }
    }

    /// Whether an exit, or an order that replaces it, waits for the end of this one.
    fn is_waited_for(&self, id: ClientOrderId) -> bool {
        self.desks.values().flat_map(|desk| &desk.waiting).any(|act| act.behind.contains(&id))
    }

    /// An order that the venue does not show. A sleeping leg is not missed: it is born with a fill.
    fn miss_order(&mut self, id: ClientOrderId) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.status == OrderStatus::Intent && order.is_leg() {
            return;
        }
        if order.miss(now) {
            let words = "the venue showed it in none of three readings over thirty seconds".to_owned();
            self.set_status(id, OrderStatus::PresumedDead, Some(words));
        } else if matches!(
            self.orders.get(id).map(|order| order.status),
            Some(OrderStatus::Sending | OrderStatus::Intent)
        ) {
            self.set_status(id, OrderStatus::Unknown, Some("the venue does not show it yet".to_owned()));
        }
    }

    fn position_differences(&self, state: &VenueState) -> Vec<Difference> {
        let mut symbols: BTreeSet<Symbol> = state.positions.iter().map(|position| position.symbol).collect();
        symbols.extend(self.held_symbols());
        let compare = |symbol: Symbol| self.compare(symbol, state);
        symbols.into_iter().map(compare).filter(|found| found.engine != found.broker).collect()
    }

    fn compare(&self, symbol: Symbol, state: &VenueState) -> Difference {
        let listed = state.positions.iter().find(|position| position.symbol == symbol);
        Difference {
            symbol,
            engine: self.gate.position(symbol).qty,
            broker: listed.map_or(Qty::ZERO, |position| position.qty),
            avg_price: listed.map(|position| position.avg_price),
            because: None,
            journal: None,
        }
    }

    fn note_agreement(&mut self, differences: &[Difference]) {
        for (symbol, desk) in &mut self.desks {
            if differences.iter().all(|difference| difference.symbol != *symbol) {
                desk.agreed_at = Some(self.now);
            }
        }
    }

    /// What a corporate action made of a position is shown to the trader at once, as a difference to be
    /// acknowledged, even where nothing changed.
    fn show_what_actions_did(&mut self, state: &VenueState) {
        let frozen = |desk: &Desk| desk.frozen_by.clone().filter(|_| !desk.adjust_waits);
        let frozen: Vec<(Symbol, String)> = self
            .desks
            .iter()
            .filter_map(|(symbol, desk)| frozen(desk).map(|because| (*symbol, because)))
            .collect();
        for (symbol, because) in frozen {
            let difference = Difference { because: Some(because), ..self.compare(symbol, state) };
            self.ask_to_acknowledge(difference);
        }
    }

    fn on_differences(&mut self, differences: &[Difference]) {
        let since = *self.readiness.differs_since.get_or_insert(self.now);
        // From the first reading on: an account that was traded elsewhere has lost nothing by it.
        self.doubt_own_count();
        if self.now.millis_since(since) < LOOK_AGAIN_MS {
            return;
        }
        self.readiness.reconciled = false;
        for difference in differences {
            let waits = self.desks.get(&difference.symbol).is_some_and(|desk| desk.adjust_waits);
            if !waits {
                self.ask_to_acknowledge(difference.clone());
            }
        }
    }

    fn ask_to_acknowledge(&mut self, difference: Difference) {
        self.desks.entry(difference.symbol).or_default().adjust_waits = true;
        self.doubt_own_count();
        let number = self.readiness.next_adjust;
        self.readiness.next_adjust = number.saturating_add(1);
        self.record(difference.row(number, None));
        self.readiness.adjusts.insert(number, difference);
    }

    /// Whether our own count of shares may be wrong, as the gate is told: then only the broker's equity ends a day.
    fn doubt_own_count(&mut self) {
        let in_doubt = |desk: &Desk| desk.adjust_waits || desk.frozen_by.is_some();
        let doubt = self.readiness.differs_since.is_some() || self.desks.values().any(in_doubt);
        self.gate.doubt_own_count(doubt);
    }

    /// The trader accepts a difference: the broker's count stands from the next reading on, as that reading has it. What
    /// was read when the difference was found may be old by now, and a stop for shares that are gone would open a
    /// position.
    pub(super) fn acknowledge_adjust(&mut self, number: u64, reason: &str) {
        let Some(symbol) = self.readiness.adjusts.get(&number).map(|difference| difference.symbol) else {
            return self
                .alert(format!("no difference {number} waits; `hardstop status` lists those that do"));
        };
        self.alert(format!(
            "difference {number}: the broker's count of {symbol} is taken as the next reading has it"
        ));
        self.readiness.acknowledged.insert(number, reason.to_owned());
        self.ask_venue_soon();
    }

    /// Every difference that waits is shown as this reading has it, and taken where the trader has said so.
    fn renew_differences(&mut self, state: &VenueState) {
        let waiting: Vec<(u64, Symbol)> =
            self.readiness.adjusts.iter().map(|(number, difference)| (*number, difference.symbol)).collect();
        for (number, symbol) in waiting {
            let Difference { engine, broker, avg_price, .. } = self.compare(symbol, state);
            let Some(difference) = self.readiness.adjusts.get_mut(&number) else { continue };
            (difference.engine, difference.broker, difference.avg_price) = (engine, broker, avg_price);
            if let Some(reason) = self.readiness.acknowledged.remove(&number) {
                self.take_difference(number, &reason, state.account.cash);
            }
        }
    }

    /// The broker's shares come with the broker's cash: what was paid for them, or came in for them, is in it.
    fn take_difference(&mut self, number: u64, reason: &str, cash: Money) {
        let Some(difference) = self.readiness.adjusts.remove(&number) else { return };
        self.gate.set_cash(cash);
        let symbol = difference.symbol;
        let before = self.gate.position(symbol);
        let avg_price = difference.avg_price.unwrap_or(before.avg_price);
        self.gate.set_position(symbol, difference.broker, avg_price);
        self.carry_plan_over(symbol, before, self.gate.position(symbol));
        let desk = self.desks.entry(symbol).or_default();
        desk.adjust_waits = false;
        desk.frozen_by = None;
        desk.dirty = true;
        self.doubt_own_count();
        self.measure_naked(symbol);
        let capped = self.cap_books(symbol, difference.broker, difference.avg_price);
        let mut row = difference.row(number, Some(reason.to_owned()));
        if let Record::Adjust { own, .. } = &mut row {
            *own = capped;
        }
        self.record(row);
    }
}

/// A position that the machine and the broker count differently, or that a corporate action touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Of which symbol.
    pub symbol: Symbol,
    /// What the machine holds.
    pub engine: Qty,
    /// What the broker holds.
    pub broker: Qty,
    /// What its shares cost on average by the broker.
    pub avg_price: Option<Price>,
    /// The corporate action that made it, where one was told.
    pub because: Option<String>,
    /// What the journal's own rows hold, once they were counted.
    #[serde(default)]
    pub journal: Option<Qty>,
}

impl Difference {
    /// The row of it, under the number by which the trader acknowledges it.
    pub fn row(&self, number: u64, acknowledged: Option<String>) -> Record {
        let Self { symbol, engine, broker, avg_price, because, journal: _ } = self.clone();
        Record::Adjust { number, symbol, engine, broker, avg_price, because, acknowledged, own: Vec::new() }
    }
}
