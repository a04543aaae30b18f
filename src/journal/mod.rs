//! Floor 3: the memory. One append-only table in SQLite, chained row to row, and the tape of ticks.
//!
//! Duty: every event and every row of the machine, on disk before an order leaves; what earlier
//! processes did, folded for the next one; a place for the rows that a full disk or a locked database
//! does not take; proof that nothing was changed. Knows nothing of brokers, strategies' code, screens
//! and clocks.

/// The chain from row to row.
mod chain;
/// Who changed what, from what to what.
pub mod change;
/// A position by the rows alone.
mod counted;
/// A place for rows while the database takes none.
mod emergency;
/// Why the journal could not do what it was asked.
pub mod error;
/// Rows as CSV and JSON, safe to open in a spreadsheet.
pub mod export;
/// Rows as the plain facts that the laws judge.
pub mod facts;
/// What earlier processes did, folded for the next one.
pub mod fold;
/// Files that are the trader's own and nobody else's.
mod guard;
/// Where the journal ends, kept beside it.
mod head;
/// A run as it happened: journal and tape in their one order.
pub mod history;
/// Reading without writing.
pub mod reader;
/// A row, and the kinds there are.
pub mod row;
/// The hash of a run: the same for the same input.
pub mod run_hash;
/// The database's shape.
mod schema;
/// The key under which rows are chained.
pub mod seal;
/// A ledger is sealed, and goes on under its key alone.
pub mod sealing;
/// The tape: every tick, in the order in which the machine saw it.
pub mod tape;
/// Whether anything was changed, and whether every law held.
pub mod verify;
/// Writing.
pub mod writer;

/// Sealed rows under attack by somebody without the key, as tests.
#[cfg(test)]
mod forged;
/// A database that takes no rows, as tests.
#[cfg(test)]
mod outage;
/// What one process leaves to the next, as tests.
#[cfg(test)]
mod restart;
/// What a ledger becomes when it is sealed, as tests.
#[cfg(test)]
mod sealed;
/// Where the stop of each position belongs, by the rows alone.
mod stop_plans;
/// Rows under attack, as tests.
#[cfg(test)]
mod tamper;
/// What the room's tests share.
#[cfg(test)]
mod testing;
