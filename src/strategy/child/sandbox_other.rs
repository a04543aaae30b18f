//! Everywhere but Linux: the capped allocator, the engine's own limits and the host's wall deadline
//! remain. The system itself isolates nothing, and the level says so.

use crate::strategy::frame::Level;

/// Nothing to put on; returns the layers that are missing, in words.
pub(super) fn enter_process() -> Vec<String> {
    vec![
        "files: this system offers no lock that the program knows".to_owned(),
        "network: this system offers no lock that the program knows".to_owned(),
        "CPU time: only the host's deadline of wall time".to_owned(),
    ]
}

/// Nothing more to put on.
pub(super) fn enter_threads() -> Vec<String> {
    Vec::new()
}

/// Without any lock of the system's there is no level to speak of.
pub(super) fn level(_missing: &[String]) -> Level {
    Level::None
}

/// A clock that measures nothing: the host's deadline is the only limit of time here.
pub(super) struct CpuClock;

impl CpuClock {
    /// A clock without a budget.
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self)
    }

    /// Has no effect here.
    pub(super) fn arm(&mut self, _millis: u32) -> Result<(), String> {
        Ok(())
    }

    /// Always zero here.
    pub(super) fn used_us() -> u64 {
        0
    }
}
