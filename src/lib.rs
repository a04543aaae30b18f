//! hardstop: a local, single-user trading terminal whose limits cannot be walked round.
//!
//! The rooms below stand on floors; a room imports only rooms on lower floors, and `tests/house.rs`
//! holds that. ARCHITECTURE.md says what each room must never know.

/// Floor 0: prices, quantities, orders, ticks, instants, the trading day.
pub mod domain;
/// Floor 1: the embedded exchange.
pub mod exchange;
/// Floor 1: indicators by Pine's definitions.
pub mod indicators;
/// Floor 1: what was earned: lots, trades, statistics.
pub mod ledger;
/// Floor 1: the gate: limits, the book, judging, and the only mint of orders.
pub mod risk;
