//! Floor 3: strategies as strangers: a child process that can do nothing but compute and answer.
//!
//! Duty: run a trader's JavaScript in a process that has shut itself in, hand it one event at a time,
//! and bring back what it wishes, strictly checked; keep which sources the trader approved and how
//! often each has failed. Knows nothing of brokers, of the journal, of orders beyond wishes, and of the
//! wall clock: deadlines are receive timeouts, instants and the program's own path are handed in.

/// Which sources the trader approved, by the sha256 of their bytes, for paper and for live apart.
pub mod approval;
/// The child's side: the sandbox and the JavaScript engine in it.
pub mod child;
/// The texts of approved sources, for showing what changed.
pub mod copies;
/// What changed between two texts, line by line.
pub mod diff;
/// Everything that can go wrong on the host's side, in words.
pub mod fault;
/// Length-prefixed JSON between both sides.
pub mod frame;
/// The host's side: starting a child, calling it, and saying why it died.
pub mod host;
/// What a strategy says about itself.
pub mod manifest;
/// What the host believes of what a child answers: nothing that it has not checked.
mod scrutiny;
/// The strategies that come with the program.
pub mod shipped;
/// Reading a strategy's source by the rules of the folder it lies in.
pub mod source;
/// Three strikes: a pause, the session, a new approval.
pub mod strikes;
