//! Floor 0: the nouns of the trade, with exact decimals and time handed in.
//!
//! Duty: say what a price, a quantity, an order, a bar, an instant and a trading day are, so that
//! every other room speaks of the same things. Knows nothing of brokers, screens, files or clocks:
//! every instant arrives as an argument, and nothing here can fail but by a value that does not fit.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// Instants: nanoseconds of UTC, always handed in.
pub mod at;
/// NYSE sessions from 2000 to 2035: holidays, half days and special closures.
pub mod calendar;
/// Chance by a seed.
pub mod chance;
/// The trading day: a calendar date in New York.
pub mod day;
/// Reading and writing exact decimals of nine places.
pub mod decimal;
/// What a venue reports as done: one execution of one order.
pub mod fill;
/// The id under which an order is known to us and to the broker, for ever.
pub mod id;
/// What somebody wants to trade, before the gate has judged it.
pub mod intent;
/// Ticks: quotes, trades and bars.
pub mod market;
/// Sim, paper or live: fixed for a process at its start.
pub mod mode;
/// Amounts of dollars.
pub mod money;
/// Order kinds, times in force and the states of an order's life.
pub mod order;
/// Text from outside, as it may be shown.
pub mod outside;
/// What the trader granted one strategy.
pub mod passport;
/// Percentages of the trader's own limits.
pub mod pct;
/// Prices a share.
pub mod price;
/// The nouns under random values.
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may stop at the first surprise")]
mod proofs;
/// Quantities of shares, negative for a short position.
pub mod qty;
/// What is never printed.
pub mod secret;
/// Buy or sell.
pub mod side;
/// What the engine and a strategy say to each other.
pub mod strategy;
/// Symbols of the market.
pub mod symbol;
/// Text in JSON for every exact noun.
mod text;
/// By how much a trailing stop follows the market.
pub mod trail;
/// What a venue is asked and what it says.
pub mod venue;
