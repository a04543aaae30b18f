//! Floor 1: the gate. Every order passes it, and nothing else can make one.
//!
//! Duty: hold the limits, the book of what is held and what is live, the day's loss and the trading
//! state; judge every intent against all of them; mint the only token that a venue's door takes, and
//! reserve its exposure in the same breath. Knows nothing of where orders go, of strategies' code, of
//! screens, files or clocks: every instant is an argument.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// What is known by symbol: positions, live orders, protective stops and quotes.
pub mod book;
/// The bounds of the limits and the words of the gate, as tests.
#[cfg(test)]
mod bounds;
/// Every check, in the order of the codes.
mod checks;
/// The controls that only a running gate has, as tests.
#[cfg(test)]
mod controls;
/// How an order counts: what is left of it, its price, its risk a share.
mod count;
/// What the gate answers to an intent: the verdict and every check with its numbers.
pub mod decision;
/// The edges of an order's form and of what stands in its way, as tests.
#[cfg(test)]
mod edges;
/// The worked examples of the contract, as tests.
#[cfg(test)]
mod examples;
/// What one symbol can come to hold, at the dearest price.
mod exposure;
/// How facts move the book.
mod facts;
/// The facts the gate is told and what it then knows, as tests.
#[cfg(test)]
mod facts_told;
/// Prices on the grid, collars, and the side on which a stop must lie.
mod form;
/// The gate: judging, reserving and minting in one call.
pub mod gate;
/// How live orders count together, as tests.
#[cfg(test)]
mod groups;
/// What is lost if every stop is hit.
mod heat;
/// Times in force and trailing stops, as tests.
#[cfg(test)]
mod hours;
/// The judge: the order as it will be sent, the sums over the book, the decision.
pub mod judge;
/// The trader's limits, their defaults and their hard bounds.
pub mod limits;
/// What the gate knows, for the engine and the screen.
mod look;
/// The day guard: baseline, loss, and the latch that ends a day.
pub mod loss;
/// Exact dollars a share and their products.
mod measure;
/// Orders that the gate learns of other than by admitting them.
pub mod order;
/// Where an opening goes beyond what its strategy was granted.
pub mod passport;
/// What is held, and its average price.
pub mod position;
/// Which orders only make a position smaller, and what stands in their way.
mod reducing;
/// The stable words of refusal with their numbers.
pub mod refusal;
/// What the gate cannot know by itself and is told with each intent.
pub mod situation;
/// Whether openings, only reductions or nothing may pass.
pub mod state;
/// The facts the gate is told.
mod tell;
/// Duplicates and rates.
mod tempo;
/// The gate's tokens, which only the gate can make.
pub mod token;
