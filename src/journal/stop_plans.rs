//! Where the stop of each position belongs, by the rows alone: as the machine plans it.

use std::collections::BTreeMap;

use crate::domain::fill::Fill;
use crate::domain::intent::Origin;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::memory::RememberedOrder;
use crate::risk::order::Role;

/// Plans, and what they are for.
#[derive(Debug, Default)]
pub(super) struct StopPlans {
    plans: BTreeMap<Symbol, Price>,
    held: BTreeMap<Symbol, Qty>,
}

impl StopPlans {
    /// An order stands elsewhere: a stop for the whole position that works is where it belongs.
    pub(super) fn note_status(&mut self, order: &RememberedOrder) {
        let works = matches!(order.status, OrderStatus::Working | OrderStatus::Partial)
            || (order.origin == Origin::Kill && order.status.is_live());
        let kind = order.request.kind;
        let alone = order.role == Role::Protective && order.parent.is_none() && kind.trail().is_none();
        let (Some(stop), true) = (kind.stop(), works && alone) else { return };
        let held = self.held.get(&order.request.symbol).copied().unwrap_or_default().abs();
        let left = order.request.qty.minus(order.filled).unwrap_or(Qty::ZERO);
        if held.is_positive() && left >= held {
            self.plans.insert(order.request.symbol, stop);
        }
    }

    /// An execution: what opens brings its stop; beside what was held, the nearer of the two holds.
    pub(super) fn note_fill(&mut self, fill: &Fill, order: Option<&RememberedOrder>, position: Qty) {
        let before = self.held.get(&fill.symbol).copied().unwrap_or_default();
        self.note_held(fill.symbol, position);
        let first = order.filter(|order| order.role == Role::Opening && order.filled.is_zero());
        let Some(new) = first.and_then(|order| order.request.stop_loss).map(|leg| leg.price) else { return };
        if position.is_zero() {
            return;
        }
        let plan = self.plans.entry(fill.symbol).or_insert(new);
        *plan = match fill.side {
            _ if before.is_zero() => new,
            Side::Buy => new.max(*plan),
            Side::Sell => new.min(*plan),
        };
    }

    /// What is held, whoever says so; what is not held needs no stop.
    pub(super) fn note_held(&mut self, symbol: Symbol, position: Qty) {
        self.held.insert(symbol, position);
        if position.is_zero() {
            self.plans.remove(&symbol);
        }
    }

    /// The trader took the broker's count. Where that is another one, the machine may have put the plan elsewhere, and the
    /// next stop that works says where.
    pub(super) fn note_adjust(&mut self, symbol: Symbol, engine: Qty, broker: Qty) {
        if engine != broker {
            self.forget(symbol);
        }
        self.note_held(symbol, broker);
    }

    /// A share is another one now: where its stop lay means nothing.
    pub(super) fn forget(&mut self, symbol: Symbol) {
        self.plans.remove(&symbol);
    }

    /// By symbol.
    pub(super) fn into_plans(self) -> Vec<(Symbol, Price)> {
        self.plans.into_iter().collect()
    }
}
