//! Floor 2: the machine. `Engine::step` takes one stamped event and gives commands; live, paper,
//! sim, backtest, replay and every test drive this same function.
//!
//! Duty: the life of orders, protective stops, exits, the day roll, reconcile, what strategies see,
//! and the snapshot the window draws. Knows nothing of wall clocks, SQL, HTTP, JavaScript or keys.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// What the trader asks, carried out.
mod acts;
/// Reconcile under random histories.
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may stop at the first surprise")]
mod agreement;
/// The trader's answers to strategies, as tests.
#[cfg(test)]
mod answers;
/// Real money only while the trader has armed it.
mod arming;
/// The trader, asked before a strategy's opening.
mod asks;
/// Longer bars out of shorter ones.
mod bars;
/// What strategies are told and what becomes of their wishes.
mod calls;
/// What the machine asks of the world.
pub mod command;
/// Rejects, repeated executions and losses in a row, watched.
mod conduct;
/// What the machine and the broker count, as tests.
#[cfg(test)]
mod counts;
/// The trading day and its session, turned by the events' own time.
mod day;
/// What the machine keeps about one symbol.
mod desk;
/// The machine's edges, as tests.
#[cfg(test)]
mod edges;
/// What can happen to the machine.
pub mod event;
/// Orders at the venue that are not in our book.
mod foreign;
/// Markets that jump over a protective stop.
mod gaps;
/// The kill, and what it sent, as the machine follows it.
mod kill;
/// The start, the day, the loss and the re-arm.
mod life;
/// The machine itself: one event in, commands out.
pub mod machine;
/// What a venue says about the market itself.
mod market_state;
/// What the journal remembers of earlier processes.
pub mod memory;
/// How long positions stood without a stop at the broker, and with how much.
pub mod naked;
/// Orders and the states of their lives.
mod orders;
/// What a strategy holds and has earned of its own.
pub mod own_book;
/// The last bars of a symbol, for whoever comes late.
mod past;
/// The machine without a venue, for its own tests.
#[cfg(test)]
mod proofs;
/// Protective stops: every position keeps one at the broker.
mod protection;
/// Whether openings must wait, and for what.
mod readiness;
/// The machine beside the venue's own words.
pub mod reconcile;
/// The rows the machine asks the journal for.
pub mod record;
/// What the venue says, applied.
mod reports;
/// Restraints that what happened lays on trading, and what counts towards them.
pub mod restraint;
/// What is fixed for a machine at its start.
pub mod settings;
/// The machine at one instant, for eyes.
pub mod snapshot;
/// Where the stop of a position belongs.
mod stop_plan;
/// What the machine does for a position's stops, as tests.
#[cfg(test)]
mod stops;
/// Strategies on the bench, and when their bars are due.
mod strategies;
/// Intents on their way through the gate.
mod submit;
/// A strategy that moves a stop nearer to the market.
mod tighten;
/// Trades from flat to flat, and losses in a row.
mod trades;
/// The average volume of a symbol's sessions.
mod volume;
/// What strategies wish, carried out, as tests.
#[cfg(test)]
mod wishes;
