//! Floor 1: Alpaca's words, read and written.
//!
//! Duty: turn what both sides of the wire say into the domain's nouns and back; the client that reads a venue's
//! answers and the exchange that answers like one speak through it. Reading is total: a field that is not needed
//! may be missing, of another type or new, and an unknown word never fails a whole message. Numbers are read
//! from their digits, whether they come as text or as JSON numbers, and pass through no float. Knows nothing of
//! sockets, keys, limits or clocks.

/// The account, its positions, the clock and what a symbol can do.
pub mod account;
/// Executions from the account's history, and splits.
pub mod activity;
/// Market data: what a data stream says.
pub mod data;
/// Digits of any length, counted exactly or rounded where a venue divides.
mod digits;
/// What a venue says when it says no.
pub mod fault;
/// A JSON object, read field by field.
pub mod fields;
/// Bars and quotes of the past, page by page.
pub mod history;
/// What is said to open a stream, and what comes back.
pub mod login;
/// An order as a venue lists it.
pub mod order;
/// An order as a venue is asked for it.
pub mod request;
/// The words for where an order stands.
pub mod status;
/// The same words, said by an exchange.
pub mod told;
/// What a venue's stream says of orders.
pub mod update;
/// Every field of every answer, bent, as tests.
#[cfg(test)]
mod walks;
