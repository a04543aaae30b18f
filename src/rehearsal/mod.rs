//! Floor 5: the pump without threads.
//!
//! Duty: backtests: the same engine, gate and exchange, driven by a file as fast as it goes. Knows nothing
//! of wall clocks, sockets and terminals.

/// A strategy on past bars.
pub mod backtest;
/// What a backtest found, in the shell's shapes.
pub mod findings;
