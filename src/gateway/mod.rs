//! Floor 3: the embedded exchange over HTTP and both WebSockets, in Alpaca's protocol.
//!
//! Duty: let any program that speaks the protocol rehearse here. `world` and what it holds answer without a
//! socket and without a clock; `serve` and `streams` put them onto one, on this machine alone, and fail on
//! purpose where a faults file asks for it. Knows nothing of the machine, the gate or anybody's real keys.

/// One account: its orders, positions and history.
pub mod account;
mod codec;
mod entry;
/// How the exchange fails on purpose.
pub mod faults;
mod ids;
/// What the market has said so far.
pub mod market;
/// Orders, asked for, listed, replaced, cancelled.
pub mod orders;
/// The questions behind a path.
pub mod query;
/// An answer before it is written.
pub mod reply;
/// What it answers, as tests.
#[cfg(test)]
mod rules;
/// Onto the socket.
pub mod serve;
mod streams;
/// The market as it comes.
pub mod tape;
/// All accounts and their market.
pub mod world;
