//! Floor 4: one turn of the machine. An event is written down, the machine steps, its commands are
//! carried out in order, and what comes back is the next event.
//!
//! Duty: the order of handling: memory before step, row on disk before an order leaves, answer after
//! request. Called by a thread (live, paper, sim) or by a loop (backtest, replay, tests).
//! Knows nothing of threads, wall clocks and terminals.

/// A machine put onto an exchange.
pub mod assembly;
/// Who watches the rows go by.
pub mod audience;
/// Strategies' processes, by their numbers.
pub mod bench;
/// What the kill did, as the machine hears of it.
pub mod kill_report;
/// Where the rows go.
pub mod rows;
/// The pump itself.
pub mod turn;
