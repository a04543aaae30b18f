//! How trading goes, watched: rejects, repeated executions, losses in a row. What goes wrong too often
//! restrains trading, in the journal, so that a restart does not lift it.

use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::engine::machine::Engine;
use crate::engine::record::Record;
use crate::engine::restraint::Restraint;
use crate::engine::strategies::Running;
use crate::risk::order::Role;
use crate::risk::position::Position;

impl Engine {
    /// The venue rejected an order: too many within a minute disable their strategy, or end openings.
    pub(super) fn watch_reject(&mut self, origin: Origin) {
        let strategy = match origin {
            Origin::Strategy(id) => self.strategies.get(id).map(|strategy| (id, strategy.head.name.clone())),
            Origin::Operator | Origin::Engine | Origin::Kill => None,
        };
        let name = strategy.as_ref().map(|(_, name)| name.clone());
        self.restraints.count_reject(self.now, name.clone());
        let (own, all) = self.restraints.rejects(name.as_deref());
        let (own_most, all_most) = {
            let limits = self.gate.limits();
            (limits.rejects_disable_strategy, limits.rejects_end_openings)
        };
        if let Some((id, name)) = strategy
            && reaches(own, own_most)
        {
            self.disable_strategy(id, &name, format!("{own} of its orders were rejected within a minute"));
        }
        if reaches(all, all_most) && self.restraints.reject_storm.is_none() {
            let reason = format!("{all} orders were rejected within a minute");
            self.restrain(Restraint::RejectStorm, true, reason, Origin::Engine);
        }
    }

    /// An opening order of a strategy began to fill: one that opens again and again is disabled.
    pub(super) fn watch_opening(&mut self, order: ClientOrderId) {
        let Some(most) = self.gate.limits().repeated_executions else { return };
        let begins = |order: &&crate::engine::orders::Order| {
            order.role == Role::Opening && order.filled.is_zero() && order.status != OrderStatus::Filled
        };
        let Some(Origin::Strategy(id)) = self.orders.get(order).filter(begins).map(|order| order.origin)
        else {
            return;
        };
        let Some(name) = self.strategies.get(id).map(|strategy| strategy.head.name.clone()) else { return };
        let count = self.restraints.count_opening(self.now, &name, order);
        if reaches(count, most) {
            let reason = format!("{count} of its opening orders filled within ten minutes");
            self.disable_strategy(id, &name, reason);
        }
    }

    /// A fill may end a trade; so many losing ones in a row begin a pause.
    pub(super) fn watch_trade(&mut self, fill: &Fill, before: Position, after: Qty) {
        if !self.trades.on_fill(fill, before, after) {
            return;
        }
        let (streak, minutes) = (self.gate.limits().loss_streak, self.gate.limits().cool_down_minutes);
        let losses = self.trades.losses_in_a_row();
        if minutes == 0 || streak.is_none_or(|streak| losses < streak) {
            return;
        }
        let until = self.now.plus_seconds(i64::from(minutes).saturating_mul(60));
        let reason = format!("{losses} losing trades in a row: no openings for {minutes} min");
        self.restrain(Restraint::CoolDown { until }, true, reason, Origin::Engine);
    }

    /// Says that the pause after losses is over, when it is.
    pub(super) fn keep_cool_down(&mut self) {
        if let Some(until) = self.restraints.cool_down_until.filter(|until| *until <= self.now) {
            let reason = "the pause after losses is over".to_owned();
            self.restrain(Restraint::CoolDown { until }, false, reason, Origin::Engine);
        }
    }

    /// The strategy sends nothing more until the trader resumes it, and what it had resting to open
    /// something is taken back.
    fn disable_strategy(&mut self, id: StrategyId, name: &str, reason: String) {
        if self.restraints.disabled.contains_key(name) {
            return;
        }
        self.restrain(Restraint::Strategy(name.to_owned()), true, reason, Origin::Engine);
        self.hold_back_disabled(id);
        let own = |order: &&crate::engine::orders::Order| {
            order.role == Role::Opening && order.origin == Origin::Strategy(id)
        };
        let openings: Vec<ClientOrderId> =
            self.orders.live().filter(own).map(|order| order.request.id).collect();
        for order in openings {
            self.cancel(order);
        }
    }

    /// Pauses a strategy whose name is disabled: now, or when it is loaded again.
    pub(super) fn hold_back_disabled(&mut self, id: StrategyId) {
        let Some(strategy) = self.strategies.get_mut(id) else { return };
        let Some(reason) = self.restraints.disabled.get(&strategy.head.name) else { return };
        if strategy.running != Running::Yes {
            return;
        }
        let detail = format!("disabled until it is resumed: {reason}");
        strategy.running = Running::Paused(detail.clone());
        self.record(Record::Strategy { id, what: "paused".to_owned(), detail });
    }

    /// The trader resumed a strategy: what had disabled it counts no more.
    pub(super) fn enable_strategy(&mut self, id: StrategyId) {
        let Some(name) = self.strategies.get(id).map(|strategy| strategy.head.name.clone()) else { return };
        if self.restraints.disabled.contains_key(&name) {
            let reason = "resumed by the trader".to_owned();
            self.restrain(Restraint::Strategy(name), false, reason, Origin::Operator);
        }
    }

    /// The trader has seen the storm of rejects; openings may go on.
    pub(super) fn acknowledge_storm(&mut self, reason: &str) {
        if self.restraints.reject_storm.is_none() {
            return self
                .alert("no storm of rejects holds openings; there is nothing to acknowledge".to_owned());
        }
        let reason = format!("acknowledged: {reason}");
        self.restrain(Restraint::RejectStorm, false, reason, Origin::Operator);
    }

    fn restrain(&mut self, what: Restraint, holds: bool, reason: String, by: Origin) {
        self.restraints.set(&what, holds, &reason);
        self.readiness.reject_storm = self.restraints.reject_storm.is_some();
        self.record(Record::Restraint { what, holds, reason, by });
    }
}

/// Whether a count has come to a limit. A limit is never below one by its bounds.
fn reaches(count: usize, most: u32) -> bool {
    u32::try_from(count).unwrap_or(u32::MAX) >= most
}
