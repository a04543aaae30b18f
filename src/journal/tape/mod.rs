//! The tape: every tick in the order in which the machine saw it, each frame chained to the last.
//!
//! The file beside the ledger (`paper-0001.tape`) is the part that is written to. With each trading day it is closed,
//! named by its number (`paper-0001.tape.0003`) and compressed (`.0003.gz`, which any gzip opens); the chain goes on
//! from part to part, and the oldest parts go where a bound is set.

/// A frame on the tape: its length, its check, its text.
mod frame;
/// The files of a tape, and how a closed one is compressed.
mod parts;
/// Reading, frame by frame, through every part.
pub mod reader;
/// Writing.
pub mod writer;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::market::Tick;

/// One tick on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapeTick {
    /// The number of its event.
    pub seq: u64,
    /// When the machine saw it.
    pub at: At,
    /// The tick.
    pub tick: Tick,
}

#[cfg(test)]
mod tests;
