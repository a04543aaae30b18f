//! Floor 2: the only line to Alpaca.
//!
//! Duty: carry requests to Alpaca's hosts, or to an exchange on this machine that speaks like it, and bring
//! back what was said, with what it means. Keys end here. Every call blocks its own thread for a bounded time.
//! Knows nothing of the machine, the gate, the screen or the journal.

/// How long to wait before a lost stream is tried again.
mod backoff;
/// Requests in domain's nouns.
pub mod client;
/// Whom this process has called so far.
pub mod contacted;
/// Market data as it happens.
pub mod data_stream;
/// Our keys, taken out of what a host says back.
mod echo;
/// Which hosts there are, and no others.
pub mod hosts;
/// HTTP, without redirects, proxies or retries.
pub mod http;
/// What happens to orders, as it happens.
pub mod orders_stream;
/// One WebSocket.
mod socket;
/// A stream that is opened again whenever it is lost.
mod stream;
