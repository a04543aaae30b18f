use std::path::PathBuf;

use clap::Subcommand;

/// `strategy`.
#[derive(Debug, Subcommand)]
pub enum StrategyCommand {
    /// Write a commented template.
    New {
        /// Where to.
        file: PathBuf,
    },
    /// Load it in the sandbox and say what it is, or what is wrong.
    Check {
        /// The strategy's file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show its source, its params and whether it is approved.
    Describe {
        /// The strategy's file.
        file: PathBuf,
    },
    /// Show what changed since it was approved.
    Diff {
        /// The strategy's file.
        file: PathBuf,
    },
    /// Show its source and approve it for sim and paper.
    Approve {
        /// The strategy's file.
        file: PathBuf,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Take an approval back.
    Revoke {
        /// The strategy's file.
        file: PathBuf,
    },
    /// Approved strategies.
    List,
    /// Pause one of the running instance, by its number.
    Pause {
        /// Its number; `hardstop strategies` shows it.
        number: u16,
    },
    /// Let a paused one go on.
    Resume {
        /// Its number; `hardstop strategies` shows it.
        number: u16,
    },
}
