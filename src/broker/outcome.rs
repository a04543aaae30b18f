use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::broker::latch::Pull;
use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::symbol::Symbol;
use crate::domain::venue::KillDeed;

/// What a kill did, and what is left, by the venue's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillOutcome {
    /// The pull it answers.
    pub pull: Pull,
    /// When the latch tripped.
    pub tripped_at: At,
    /// Orders it cancelled, and that the venue shows as ended without having filled.
    pub cancelled: u32,
    /// Positions it closed.
    pub flattened: u32,
    /// What it asked of the venue since the latch tripped: cancels, orders that close, and stops that
    /// it placed back. What an earlier pull of the same trip did stands here again.
    pub deeds: Vec<KillDeed>,
    /// Orders that should be gone and are not.
    pub left_orders: Vec<ClientOrderId>,
    /// Positions that are still open after a flatten.
    pub left_positions: Vec<Symbol>,
    /// Whether the last reading of the venue showed that nothing is left that should be gone, and
    /// that no stop is missing which the kill took down.
    pub confirmed: bool,
    /// What the trader must know, in words.
    pub words: Vec<String>,
}

/// The newest outcome, for whoever asks and whoever waits. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Outcomes(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: Mutex<Option<KillOutcome>>,
    wake: Condvar,
}

impl Outcomes {
    /// Keeps the newest outcome and wakes whoever waits for it.
    pub fn put(&self, outcome: KillOutcome) {
        *self.kept() = Some(outcome);
        self.0.wake.notify_all();
    }

    /// The newest outcome, where the kill was ever pulled in this process.
    #[must_use]
    pub fn last(&self) -> Option<KillOutcome> {
        self.kept().clone()
    }

    /// Waits for the outcome of pull `number` or of a later one, for at most `patience`.
    #[must_use]
    pub fn wait(&self, number: u64, patience: Duration) -> Option<KillOutcome> {
        let is_older =
            |last: &mut Option<KillOutcome>| last.as_ref().is_none_or(|outcome| outcome.pull.number < number);
        let waited = self.0.wake.wait_timeout_while(self.kept(), patience, is_older);
        let (last, _) = waited.unwrap_or_else(PoisonError::into_inner);
        last.clone().filter(|outcome| outcome.pull.number >= number)
    }

    fn kept(&self) -> MutexGuard<'_, Option<KillOutcome>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
