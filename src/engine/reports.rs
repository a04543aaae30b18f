//! What the venue says, applied: answers to requests, reports of orders, executions.

use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::strategy::StrategyEvent;
use crate::domain::venue::{Asked, ReportKind, VenueAnswer, VenueReport};
use crate::engine::machine::Engine;
use crate::engine::orders::Change;
use crate::engine::orders::Order;
use crate::engine::reconcile::CANCEL_AGAIN_MS;
use crate::engine::record::Record;
use crate::risk::order::Role;

/// For how long an order may stand filled in part, without its stop, before its rest is taken back.
const NAKED_REST_MS: i64 = 5_000;

impl Engine {
    pub(super) fn on_venue_answer(&mut self, id: ClientOrderId, asked: Asked, answer: &VenueAnswer) {
        match (asked, answer) {
            (Asked::Submit, VenueAnswer::Taken) => self.set_status(id, OrderStatus::Acked, None),
            (Asked::Submit, VenueAnswer::Refused(words)) => {
                self.set_status(id, OrderStatus::Rejected, Some(words.clone()));
            }
            (Asked::Submit, VenueAnswer::Unknown(words)) => {
                // A report that came before the answer knows more than a time-out does.
                let unheard = self.orders.get(id).is_some_and(|order| order.status == OrderStatus::Sending);
                if unheard {
                    self.set_status(id, OrderStatus::Unknown, Some(words.clone()));
                }
                self.ask_venue_soon();
            }
            (Asked::Cancel, VenueAnswer::Taken) => {}
            (Asked::Cancel, VenueAnswer::Refused(words)) => self.on_cancel_refused(id, words),
            (Asked::Cancel, VenueAnswer::Unknown(_)) => {
                let now = self.now;
                if let Some(order) = self.orders.get_mut(id) {
                    order.cancel_unheard = Some(now);
                }
                self.ask_venue_soon();
            }
        }
    }

    fn on_cancel_refused(&mut self, id: ClientOrderId, words: &str) {
        if self.orders.cancel_failed(id) == Change::Changed {
            let now = self.now;
            if let Some(order) = self.orders.get_mut(id) {
                order.cancel_refused_at = Some(now);
                // A stop that was too much is too much still, and would open a position where it fills.
                let desk = self.desks.entry(order.request.symbol).or_default();
                desk.look_again(now.plus_millis(CANCEL_AGAIN_MS));
            }
            self.note_status(id, false, Some(format!("the cancel was refused: {words}")));
        }
        self.ask_venue_soon();
    }

    pub(super) fn on_report(&mut self, report: &VenueReport) {
        let id = report.order;
        if self.orders.get(id).is_none() {
            return self.on_report_of_another(report);
        }
        match &report.kind {
            ReportKind::Accepted => self.set_status(id, OrderStatus::Acked, None),
            ReportKind::Working => self.set_status(id, OrderStatus::Working, None),
            ReportKind::Rejected(words) => self.set_status(id, OrderStatus::Rejected, Some(words.clone())),
            ReportKind::Filled(fill) => self.apply_fill(fill),
            ReportKind::Canceled => self.set_status(id, OrderStatus::Canceled, None),
            ReportKind::Expired => self.set_status(id, OrderStatus::Expired, None),
            ReportKind::CancelRejected(words) => self.on_cancel_refused(id, words),
        }
    }

    /// A report of an order that the machine did not send: the kill's, or somebody else's on the
    /// account. What it filled is believed either way.
    fn on_report_of_another(&mut self, report: &VenueReport) {
        let id = report.order;
        if let ReportKind::Filled(fill) = &report.kind {
            self.apply_fill(fill);
        }
        if !id.is_of_the_kill() {
            self.alert(format!(
                "the venue speaks of an order {id} that is not ours; it will be imported and counts in every limit"
            ));
        }
        self.ask_venue_soon();
    }

    pub(super) fn on_dropped(&mut self, id: ClientOrderId, reason: &str) {
        self.gate.drop_stale(id);
        self.set_status(id, OrderStatus::Canceled, Some(format!("never sent: {reason}")));
    }

    /// Moves an order to a state, with everything that follows from it.
    pub(super) fn set_status(&mut self, id: ClientOrderId, status: OrderStatus, reason: Option<String>) {
        // What ends because we asked for it is no failure.
        let asked = self.orders.get(id).is_some_and(|order| order.status == OrderStatus::PendingCancel);
        if self.orders.change(id, status) != Change::Changed {
            return;
        }
        self.note_status(id, asked, reason);
    }

    fn note_status(&mut self, id: ClientOrderId, asked: bool, reason: Option<String>) {
        let Some(order) = self.orders.get(id) else { return };
        let (symbol, status, filled, stops, origin) =
            (order.request.symbol, order.status, order.filled, order.is_stop(), order.origin);
        // What opens nothing and has moved no share had taken none of the buying power.
        let trails = order.request.kind.trail().is_some();
        let had_taken_funds = order.role == Role::Opening || filled.is_positive();
        self.gate.on_status(id, status);
        // Its row comes before those of what follows from it: a reader sees the old order end, then the new one.
        self.record(Record::Status { order: id, status, filled, reason: reason.clone() });
        if stops {
            let protects = matches!(status, OrderStatus::Working | OrderStatus::Partial);
            if protects {
                self.note_stop_works(id);
                if trails {
                    self.read_funds_anew();
                }
            }
            self.gate.on_stop_working(id, protects);
            self.measure_naked(symbol);
            // A fixed one may give way to one that follows the market, once it works.
            if let Some(desk) = self.desks.get_mut(&symbol).filter(|desk| desk.trail.is_some()) {
                desk.dirty |= protects;
            }
        }
        if !status.is_live() {
            if had_taken_funds {
                self.read_funds_anew();
            }
            if let Some(order) = self.orders.get_mut(id) {
                order.rest_until = None;
            }
            // What has filled completely has woken its legs, also where its executions are told later.
            if status != OrderStatus::Filled {
                self.end_legs(id);
            }
            if stops && status != OrderStatus::Filled && !asked {
                self.stop_was_lost(symbol);
            } else {
                self.desks.entry(symbol).or_default().dirty = true;
            }
        }
        if status == OrderStatus::Rejected {
            self.watch_reject(origin);
        }
        if let (Origin::Strategy(strategy), true) = (origin, !status.is_live()) {
            self.call_strategy(strategy, symbol, StrategyEvent::Order { id, status, reason, at: self.now });
        }
        if !status.is_live() {
            self.advance_waiting(symbol);
        }
    }

    /// Legs of an order that ended without a fill will never wake; the venue drops them without a word.
    fn end_legs(&mut self, parent: ClientOrderId) {
        let Some(order) = self.orders.get(parent) else { return };
        // What a part of an order has woken goes on without the rest; legs that only the whole would have woken
        // go with it.
        let asleep = if self.settings.legs_sleep_until_filled {
            order.filled < order.request.qty
        } else {
            !order.filled.is_positive()
        };
        if !asleep || order.status.is_live() {
            return;
        }
        let words = if order.filled.is_positive() { "before all of it filled" } else { "unfilled" };
        let legs = [order.request.stop_loss, order.request.take_profit];
        for leg in legs.into_iter().flatten() {
            let reason = format!("its order {parent} ended {words}");
            self.set_status(leg.id, OrderStatus::Canceled, Some(reason));
        }
    }

    /// Applies an execution once, whoever tells it and however often.
    pub(super) fn apply_fill(&mut self, fill: &Fill) {
        if !self.executions.insert(fill.execution.clone()) {
            return;
        }
        let before = self.gate.position(fill.symbol);
        if self.gate.on_fill(fill).is_err() {
            self.readiness.reconciled = false;
            return self.alert(format!(
                "a fill of {} left the range of numbers; trading stops until the account is reconciled",
                fill.order
            ));
        }
        let after = self.gate.position(fill.symbol);
        let cash = self.gate.cash().unwrap_or(Money::ZERO);
        let own = self.book_fill(fill, after.qty);
        self.record(Record::Fill {
            fill: fill.clone(),
            position: after.qty,
            avg_price: after.avg_price,
            cash,
            own,
        });
        self.watch_opening(fill.order);
        self.plan_protection(fill, before.qty);
        self.count_fill(fill);
        self.watch_trade(fill, before, after.qty);
        self.watch_stop_fill(fill.order, fill.price, before.avg_price);
        let desk = self.desks.entry(fill.symbol).or_default();
        desk.dirty = true;
        if after.qty.is_zero() {
            desk.stop_plan = None;
            desk.tightened = None;
            desk.trail = None;
            desk.trailed_to = None;
        }
        self.measure_naked(fill.symbol);
        if let Some(strategy) = self.owner_of(fill.order) {
            self.call_strategy(strategy, fill.symbol, StrategyEvent::Fill(fill.clone()));
        }
    }

    fn count_fill(&mut self, fill: &Fill) {
        let Some(order) = self.orders.get_mut(fill.order) else {
            self.orders.note_strange(fill.order, fill.qty);
            let Fill { side, qty, symbol, price, .. } = fill;
            return self.tell_strange_fill(fill.order, &format!("{} {qty} {symbol} at {price}", side.word()));
        };
        order.filled = order.filled.plus(fill.qty).unwrap_or(order.request.qty);
        let (filled, asked) = (order.filled, order.request.qty);
        if filled > asked {
            let words = format!("{} filled {filled} of {asked} shares: more than was asked for", fill.order);
            self.readiness.reconciled = false;
            self.alert(words);
            self.ask_venue_soon();
        }
        self.watch_sleeping_stop(fill.order);
        let status = if filled >= asked { OrderStatus::Filled } else { OrderStatus::Partial };
        if self.orders.change(fill.order, status) == Change::Changed {
            self.note_status(fill.order, false, None);
        } else {
            self.note_filled(fill.order);
        }
    }

    /// What an order has filled in part stands without its stop where that sleeps until the rest has filled: the
    /// rest gets a few seconds, then it is taken back, and a stop is placed for what is held.
    pub(super) fn watch_sleeping_stop(&mut self, id: ClientOrderId) {
        if !self.settings.legs_sleep_until_filled {
            return;
        }
        let until = self.now.plus_millis(NAKED_REST_MS);
        let in_part = |order: &&mut Order| {
            order.request.stop_loss.is_some()
                && order.filled.is_positive()
                && order.filled < order.request.qty
        };
        if let Some(order) = self.orders.get_mut(id).filter(in_part) {
            order.rest_until = Some(order.rest_until.map_or(until, |before| before.min(until)));
        }
    }

    fn note_filled(&mut self, id: ClientOrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let (status, filled) = (order.status, order.filled);
        self.record(Record::Status { order: id, status, filled, reason: None });
    }

    /// The strategy that an order belongs to, by itself or by the order it protects.
    pub(super) fn owner_of(&self, id: ClientOrderId) -> Option<StrategyId> {
        match self.orders.get(id)?.origin {
            Origin::Strategy(strategy) => Some(strategy),
            Origin::Operator | Origin::Engine | Origin::Kill => None,
        }
    }
}
