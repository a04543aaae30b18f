//! The kill, as the machine follows it: what it sent becomes rows and orders like any other.

use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::venue::{VenueAnswer, VenueOrder, VenueRequest};
use crate::engine::event::KillReport;
use crate::engine::life::known_order;
use crate::engine::machine::Engine;
use crate::engine::orders::{Misses, Order, Protection};
use crate::engine::protection::RETRY_MS;
use crate::engine::record::Record;
use crate::risk::order::Role;
use crate::risk::state::HaltReason;

impl Engine {
    /// The kill was pulled outside: the machine follows, and stays halted until it is re-armed.
    pub(super) fn on_kill(&mut self, report: &KillReport) {
        self.gate.halt(HaltReason::Kill);
        self.disarm("the kill", Origin::Kill);
        for strategy in self.strategies.all_mut() {
            strategy.pause("the kill");
        }
        self.drop_asks("the kill");
        let retry_at = self.now.plus_millis(RETRY_MS);
        for (symbol, desk) in &mut self.desks {
            desk.waiting.clear();
            if report.sent().any(|(request, _)| request.symbol == *symbol) {
                // The old stop still stands here until its cancel is heard: a look now would take the
                // kill's new one for too much.
                desk.retry_at = Some(retry_at);
            } else {
                desk.dirty = true;
            }
        }
        self.record(Record::Kill(report.clone()));
        let reason = format!("kill by {}", report.by);
        self.record(Record::Halt { state: self.gate.state(), latched: None, reason, by: Origin::Kill });
        for (request, answer) in report.sent() {
            self.take_in_kill_order(request, answer);
        }
        self.ask_venue_soon();
    }

    /// An order of the kill, after the fact: its row comes when the machine hears of it. A report that
    /// tells of it again knows at most how it was answered.
    fn take_in_kill_order(&mut self, request: &VenueRequest, answer: &VenueAnswer) {
        let (status, words) = match answer {
            VenueAnswer::Taken => (OrderStatus::Acked, None),
            VenueAnswer::Refused(words) => (OrderStatus::Rejected, Some(words.clone())),
            VenueAnswer::Unknown(words) => (OrderStatus::Unknown, Some(words.clone())),
        };
        let known = self.orders.get(request.id).map(|order| (order.origin, order.status, order.filled));
        match known {
            None => self.add_kill_order(request, status, Qty::ZERO, words),
            Some((Origin::Kill, OrderStatus::Unknown, _)) => self.set_status(request.id, status, words),
            Some((Origin::Kill, ..)) => {}
            // A reconcile saw it first, and counted it as somebody else's.
            Some((_, status, filled)) => {
                self.gate.drop_stale(request.id);
                self.orders.forget(request.id);
                self.add_kill_order(request, status, filled, None);
            }
        }
    }

    /// An order of the kill that the venue shows and no row tells of: its process did not live to say so.
    pub(super) fn import_kill_order(&mut self, listed: &VenueOrder) {
        let id = listed.request.id;
        self.alert(format!(
            "order {id} at the venue is the kill's own, and the journal did not know of it; it is taken in"
        ));
        self.add_kill_order(&listed.request, listed.status, listed.filled, None);
    }

    fn add_kill_order(
        &mut self,
        request: &VenueRequest,
        status: OrderStatus,
        filled: Qty,
        words: Option<String>,
    ) {
        let request = *request;
        let stops = request.kind.stop().is_some();
        let role = if stops { Role::Protective } else { Role::Reducing };
        let filled = filled.max(self.orders.filled_before_it_was_known(request.id)).min(request.qty);
        let status = if filled >= request.qty { OrderStatus::Filled } else { status };
        let order = Order {
            request,
            role,
            origin: Origin::Kill,
            parent: None,
            status,
            filled,
            made_at: self.now,
            rest_until: None,
            misses: Misses::default(),
            cancel_unheard: None,
            cancel_refused_at: None,
            tag: None,
            protection: Protection::default(),
        };
        self.gate.restore_order(&known_order(&order, Some(Origin::Kill)));
        self.orders.add(order);
        self.record(Record::Order { request, role, origin: Origin::Kill, parent: None });
        self.record(Record::Status { order: request.id, status, filled, reason: words });
        if status == OrderStatus::Rejected {
            self.watch_reject(Origin::Kill);
        }
        let desk = self.desks.entry(request.symbol).or_default();
        if let (true, Some(stop)) = (status.is_live(), request.kind.stop()) {
            desk.stop_plan = Some(stop);
        }
        if !status.is_live() {
            desk.dirty = true;
        }
    }

    /// A fill of an order that the machine does not know is believed, and said.
    pub(super) fn tell_strange_fill(&mut self, id: ClientOrderId, what: &str) {
        let whose = if id.is_of_the_kill() { "the kill's own order" } else { "an order that is not ours," };
        self.alert(format!("{whose} {id}: {what}"));
    }
}
