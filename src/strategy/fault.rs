use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Everything that can go wrong between the host and a strategy outside a call.
#[derive(Debug, Error)]
pub enum SandboxFault {
    /// The child could not be started at all.
    #[error("the sandbox {path} could not be started: {source}; check that the program is still there")]
    Spawn {
        /// The program that was started.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The script did not load: it threw, or broke a rule of the contract.
    #[error("{reason}")]
    Script {
        /// In words, with file, line and column where they are known.
        reason: String,
    },
    /// The child died while it loaded the script.
    #[error("the strategy was stopped while it loaded: {reason}")]
    Killed {
        /// Which limit it ran into.
        reason: String,
    },
    /// The child said something that the protocol does not know.
    #[error("the sandbox broke the protocol and was stopped: {reason}")]
    Protocol {
        /// What it said.
        reason: String,
    },
    /// A file of the strategy or of its approvals could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The source is larger than a strategy may be.
    #[error("{path}: {bytes} bytes, and a strategy has at most {max}; split it or drop data from it")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        max: u64,
    },
    /// The source is no UTF-8.
    #[error("{path}: byte {at} is no UTF-8; save the file as UTF-8")]
    NotText {
        /// Which file.
        path: PathBuf,
        /// The first byte that is none.
        at: usize,
    },
    /// The path leads out of the folder the strategy is named in.
    #[error("{path} leads to {target}, outside its own folder; put the file itself there")]
    Outside {
        /// As it was named.
        path: PathBuf,
        /// Where it really is.
        target: PathBuf,
    },
    /// The file of approvals is not what this program writes.
    #[error("{path}: {reason}; move it away and approve the strategies again")]
    Approvals {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
