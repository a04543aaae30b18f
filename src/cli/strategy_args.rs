use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::passport_args::PassportArgs;
use crate::domain::price::Price;
use crate::domain::qty::Qty;

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
    /// Show its source, its params and its passport, and approve it for sim and paper, or for live.
    Approve {
        /// The strategy's file.
        file: PathBuf,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// For live, and for nothing else; it always asks.
        #[arg(long, conflicts_with = "yes")]
        live: bool,
        /// Forget what was granted to the file before; without it, a changed file gets no more than that.
        #[arg(long)]
        anew: bool,
        /// What it is granted less than it asks for.
        #[command(flatten)]
        passport: Box<PassportArgs>,
    },
    /// Take an approval back.
    Revoke {
        /// The strategy's file.
        file: PathBuf,
    },
    /// Approved strategies, with what they were granted.
    List,
    /// Openings that wait for your yes: strategies that were approved with --ask send none by themselves.
    Asks {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Answer one of them: yes is judged anew by the gate, and sent.
    Answer {
        /// The question's number; `hardstop strategy asks` shows it.
        number: u64,
        /// Whether the order may go.
        #[arg(value_parser = ["yes", "no"])]
        answer: String,
        /// Another quantity than was asked for.
        #[arg(long)]
        qty: Option<Qty>,
        /// Another limit than was asked for.
        #[arg(long)]
        limit: Option<Price>,
    },
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
