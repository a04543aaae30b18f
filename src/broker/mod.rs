//! Floor 3: the only way to a venue, and the kill.
//!
//! Duty: the door takes nothing but the gate's tokens and reads the kill latch once more on the line
//! before anything leaves; the kill task cancels and reduces by the broker's own words, and needs
//! neither pump, engine, journal nor database. Knows nothing of the engine's state, the screen and
//! the config file.

/// The door: tokens in, requests out.
pub mod door;
/// What the kill sent and took down, from one reading to the next.
mod errands;
/// What can go wrong here, in words.
pub mod fault;
/// What the door hears from beyond it.
pub mod heard;
/// The kill task.
pub mod kill;
/// The file that makes a kill outlive the process.
pub mod kill_file;
/// One atomic word that shuts the door.
pub mod latch;
/// Requests on threads of their own.
mod line;
/// The market's side of the embedded exchange.
pub mod market;
/// Which of our ids belongs to which of the venue's.
mod names;
/// Where the stream of orders is told to the door.
pub mod orders_ear;
/// What a kill did and what is left.
pub mod outcome;
/// Everything that a reconcile asks Alpaca for.
mod reading;
/// An account at Alpaca.
pub mod remote;
/// Cancels that were sent a moment ago.
mod repeats;
/// A venue that does what a test says.
#[cfg(test)]
mod script;
/// How many requests a minute may leave.
mod tempo;
/// Threads that outlive a panic.
pub mod threads;
/// Where requests go.
mod venue;
/// Which orders must go, by the venue's own list.
mod verdict;
/// One pull of the kill being answered.
mod work;
