//! Floor 2: the only line to Alpaca.
//!
//! Duty: carry requests to Alpaca's hosts, or to an exchange on this machine that speaks like it, and bring
//! back what was said, with what it means. Keys end here. Every call blocks its own thread for a bounded time.
//! Knows nothing of the machine, the gate, the screen or the journal.

/// Requests in domain's nouns.
pub mod client;
/// Which hosts there are, and no others.
pub mod hosts;
/// HTTP, without redirects, proxies or retries.
pub mod http;
