//! Floor 1: the embedded exchange. It runs in the process, with no keys and no network.
//!
//! Duty: take orders in the words of [`crate::domain::venue`], rest them, fill them against quotes,
//! trades and bars by a model that would rather disappoint than flatter, keep its own accounts, and
//! break the line to the program where its seeded faults say so. Knows nothing of the engine, the
//! gate and the journal; its time is the time of what it is told.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// Cash, positions and what they are worth.
mod account;
/// One symbol's orders: how they fill, wake and end.
mod book;
/// What an order must look like, and what it may claim of the account.
mod checks;
/// Fills booked, numbered and told.
mod clearing;
/// Seeded faults of the line between venue and program.
pub mod faults;
/// At which price and for how many shares an order fills.
pub mod fills;
/// An order as the exchange holds it.
mod held;
/// Laws that hold whatever is asked of the exchange, in whatever order.
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may stop at the first surprise")]
mod laws;
/// Orders against what the market offers.
mod matching;
/// Every id that was ever taken, and where its order is found.
mod register;
/// The exchange's rules, one test each.
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may stop at the first surprise")]
mod rules;
/// The exchange's own day: when orders fill and when they expire.
mod sessions;
/// What is fixed for an exchange at its start.
pub mod settings;
/// The exchange itself.
pub mod venue;
