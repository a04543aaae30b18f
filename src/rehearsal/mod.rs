//! Floor 5: the pump without threads.
//!
//! Duty: backtests: the same engine, gate and exchange, driven by a file as fast as it goes. Knows nothing
//! of wall clocks, sockets and terminals.

/// A strategy on past bars.
pub mod backtest;
/// The machine of a rehearsal, and how data drives it.
mod drive;
/// What a backtest found, in the shell's shapes.
pub mod findings;
/// Ticks as bytes between two processes.
mod packed;
/// A run derived again, byte for byte.
pub mod rederive;
/// Seeded days of anything, against the laws.
pub mod selftest;
/// One strategy with many settings.
pub mod sweep;
/// A rehearsal in one process of its own, seen from outside.
mod together;
/// The same from inside: the child that has shut itself in.
pub mod worker;
