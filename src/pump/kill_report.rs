use crate::broker::outcome::KillOutcome;
use crate::engine::event::KillReport;

/// A kill's outcome, as the machine hears of it.
#[must_use]
pub fn report(outcome: &KillOutcome) -> KillReport {
    KillReport {
        tripped_at: outcome.tripped_at,
        by: outcome.pull.by.clone(),
        flatten: outcome.pull.flatten,
        cancelled: outcome.cancelled,
        flattened: outcome.flattened,
        left_orders: outcome.left_orders.clone(),
        left_positions: outcome.left_positions.clone(),
        confirmed: outcome.confirmed,
        deeds: outcome.deeds.clone(),
    }
}
