use std::path::PathBuf;

use clap::Subcommand;

/// `journal`.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Every request to the broker: method, path, status, milliseconds, Alpaca's id of it, as JSON lines.
    Http {
        /// Which day, by UTC, as 2026-11-28; the newest where none is named.
        #[arg(long, value_name = "DAY")]
        day: Option<String>,
    },
    /// Check every row and print each run's `journal_hash`.
    Verify {
        /// A ledger, in the place of the newest.
        file: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Ask for the vault's passphrase: a ledger of real money is sealed with the vault's own key.
        #[arg(long)]
        unlock: bool,
        /// Read the passphrase from stdin.
        #[arg(long, requires = "unlock")]
        stdin: bool,
    },
    /// Orders, fills, decisions, halts, equity or the audit (who changed what) as CSV or JSON.
    Export {
        /// Which.
        #[arg(value_parser = ["orders", "fills", "decisions", "halts", "equity", "audit"])]
        view: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a whole copy of the newest ledger, also while it is being written to.
    Backup {
        /// Where to; it must not be there.
        file: PathBuf,
        /// Seal the copy with a passphrase: `age -d` opens it.
        #[arg(long)]
        encrypt: bool,
        /// Read the passphrase from stdin, twice.
        #[arg(long, requires = "encrypt")]
        stdin: bool,
    },
    /// Where the newest ledger stands.
    Path,
}
