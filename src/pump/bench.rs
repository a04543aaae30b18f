use std::collections::BTreeMap;

use crate::domain::intent::StrategyId;
use crate::domain::strategy::StrategyCall;
use crate::strategy::host::{CallRecord, Sandbox};

/// The strategies' processes, by their numbers.
#[derive(Default)]
pub struct Bench {
    seats: BTreeMap<StrategyId, Sandbox>,
}

impl Bench {
    /// Seats a strategy that was started.
    pub fn seat(&mut self, id: StrategyId, sandbox: Sandbox) {
        self.seats.insert(id, sandbox);
    }

    /// Calls a strategy; `None` when its process was stopped before.
    pub fn call(&mut self, id: StrategyId, call: &StrategyCall) -> Option<CallRecord> {
        self.seats.get_mut(&id).map(|sandbox| sandbox.call(call))
    }

    /// Ends a strategy's process.
    pub fn stop(&mut self, id: StrategyId) {
        self.seats.remove(&id);
    }
}
