use crate::app::clock;
use crate::broker::latch::{KillCause, KillLatch};

/// From here on a panic pulls the kill, whichever thread it is: one that is gone would go unnoticed. What a panic
/// says may hold anything: only its place is told, to the log and to `then`, which runs on the thread that dies.
pub(super) fn pull_on_panics(latch: KillLatch, then: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        latch.trip(&KillCause::Fault(format!("a panic at {place}")), clock::now());
        tracing::error!(%place, "a panic");
        then(&place);
    }));
}
