//! Floor 1: what trading came to.
//!
//! Duty: turn fills into lots (first in, first out), realised profit and loss, round trips with their R
//! multiples and excursions, an equity curve and its statistics. All money is exact; only the ratios of
//! `statistics` are `f64`. Knows nothing of where fills come from, who ordered them or whether a limit
//! allowed it: a fill that happened is counted, whatever it does to the position.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// The account's book: every fill once, every symbol's holding, every trade.
pub mod book;
/// Long rows of values, thinned for pictures without losing their extremes.
pub mod envelope;
/// The equity curve, its deepest fall and its daily closes.
pub mod equity;
/// Why a fill was not taken.
pub mod fault;
/// One symbol: its lots and its open trade.
mod holding;
/// Lots, and what became of them.
pub mod lot;
/// The months of a curve.
pub mod months;
/// Win rate, profit factor, expectancy, Sharpe ratio: the ratios.
pub mod statistics;
/// Round trips from flat to flat.
pub mod trade;
/// Trades as CSV.
pub mod trade_csv;
