//! hardstop: a local, single-user trading terminal whose limits cannot be walked round.
//!
//! The rooms below stand on floors; a room imports only rooms on lower floors, and `tests/house.rs`
//! holds that. ARCHITECTURE.md says what each room must never know.

/// Floor 0: prices, quantities, orders, ticks, instants, the trading day.
pub mod domain;
