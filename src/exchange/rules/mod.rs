//! The exchange's rules, one test each.

/// What may be claimed of the account, and what becomes of it.
mod account;
/// An open market, and short words to talk to it.
pub(super) mod floor;
/// Brackets, pairs and cancels.
mod groups;
/// The line to the program, and its faults.
mod hours;
mod line;
/// How single orders fill.
mod orders;
/// Opens, closes and daily bars.
mod sessions;
