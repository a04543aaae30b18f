//! Floor 2: the laws. What must hold over every history, judged from plain facts alone.
//!
//! Duty: take one fact after another and name every law that a history breaks, with the row and in
//! words. It counts for itself and uses none of the gate's formulas, so that a fault of the gate
//! cannot hide here too. Knows nothing of the engine, of SQL, of clocks and of screens.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// Positions and cash against fills, the venue and each other.
mod accounting;
/// The checker: one fact at a time.
pub mod checker;
/// The facts that histories are made of.
pub mod facts;
/// Halts, kills, restarts and everything that openings must wait for.
mod halts;
/// The life of orders.
mod orders;
/// Decisions against their own numbers and the limits in force.
mod risk;

/// Good histories and broken ones, as tests.
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may stop at the first surprise")]
mod histories;
