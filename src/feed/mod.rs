//! Floor 3: market data in.
//!
//! Duty: turn what files and streams say into the domain's ticks, in one order that never changes, and
//! say when a stream has fallen silent. A file is read whole and checked to its last row before any of
//! it is given out. Knows nothing of orders, positions, limits or the screen.

/// Bars and quotes from CSV.
pub mod csv;
/// What can be wrong with market data, in words.
pub mod fault;
/// One field of a CSV row: instants and decimals.
mod fields;
/// When a stream is silent.
pub mod freshness;
/// What has come in and waits for the machine.
pub mod inbox;
/// Prices and volumes of before a split, in the shares of after it.
pub mod splits;
/// Ticks in the order in which they become known.
pub mod tape;
/// A market made up by a seed.
pub mod walk;
/// The market week that ships with hardstop.
pub mod week;
