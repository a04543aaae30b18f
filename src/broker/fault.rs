use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong in this room before anything reaches a venue.
#[derive(Debug, Error)]
pub enum BrokerFault {
    /// Gate and kill were not born together.
    #[error("the kill's warrant belongs to another gate; open gate, door and kill together")]
    ForeignWarrant,
    /// The line needs threads of its own.
    #[error("no thread for the line to the venue: {0}; close other programs")]
    NoThread(std::io::Error),
    /// A re-arm without a reason.
    #[error("a re-arm needs a reason in your own words: --reason TEXT")]
    NoReason,
    /// The kill was pulled after the re-arm was typed.
    #[error("the kill was pulled again meanwhile; it stays halted; look, and re-arm once more")]
    PulledMeanwhile,
    /// The kill is not done yet.
    #[error("the kill is still at work; wait for what it says, then re-arm")]
    KillAtWork,
    /// The KILL file cannot be made, raised or taken away.
    #[error("{}: {source}; the folder must be writable by you", path.display())]
    KillFile {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
