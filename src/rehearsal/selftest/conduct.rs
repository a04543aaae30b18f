use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::rehearsal::selftest::auditor::Known;
use crate::risk::limits::Limits;
use crate::risk::order::Role;

/// How often things went wrong lately, counted from the rows of orders alone.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    /// The most rejects that any minute has seen since the trader's last word on it.
    rejects: Peak,
    of_strategy: BTreeMap<StrategyId, Peak>,
    openings: BTreeMap<StrategyId, Vec<(At, ClientOrderId)>>,
    most_openings: BTreeMap<StrategyId, u32>,
}

#[derive(Debug, Default)]
struct Peak {
    recent: Vec<At>,
    most: u32,
}

impl Peak {
    fn count(&mut self, at: At) {
        self.recent.retain(|before| at.millis_since(*before) < 60_000);
        self.recent.push(at);
        self.most = self.most.max(u32::try_from(self.recent.len()).unwrap_or(u32::MAX));
    }
}

impl Conduct {
    /// An order comes to a state; `known` is as it was before.
    pub(super) fn status(&mut self, at: At, known: &Known, status: OrderStatus, filled: Qty) {
        let strategy = if let Origin::Strategy(id) = known.origin { Some(id) } else { None };
        if status == OrderStatus::Rejected && known.status != status {
            self.rejects.count(at);
            if let Some(id) = strategy {
                self.of_strategy.entry(id).or_default().count(at);
            }
        }
        let begins = known.role == Role::Opening && known.filled.is_zero() && filled.is_positive();
        if let (true, Some(id)) = (begins, strategy) {
            let recent = self.openings.entry(id).or_default();
            recent.retain(|(before, _)| at.millis_since(*before) < 600_000);
            recent.push((at, known.request.id));
            let count = u32::try_from(recent.len()).unwrap_or(u32::MAX);
            let most = self.most_openings.entry(id).or_default();
            *most = count.max(*most);
        }
    }

    /// The trader let a strategy go on: what had stopped it counts no more.
    pub(super) fn resumed(&mut self, id: StrategyId) {
        self.of_strategy.remove(&id);
        self.openings.remove(&id);
        self.most_openings.remove(&id);
    }

    pub(super) fn storm_acknowledged(&mut self) {
        self.rejects = Peak::default();
    }

    pub(super) fn is_storm(&self, limits: &Limits) -> bool {
        self.rejects.most >= limits.rejects_end_openings
    }

    pub(super) fn is_disabled(&self, id: StrategyId, limits: &Limits) -> bool {
        let rejects = self.of_strategy.get(&id).map_or(0, |peak| peak.most);
        let openings = self.most_openings.get(&id).copied().unwrap_or(0);
        rejects >= limits.rejects_disable_strategy
            || limits.repeated_executions.is_some_and(|most| openings >= most)
    }
}
