use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::alpaca::hosts::Account;

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SlotName {
    /// The paper account's, in the desktop's keyring.
    Paper,
    /// The live account's, in the vault.
    Live,
}

impl SlotName {
    /// Whose they are.
    pub const fn account(self) -> Account {
        match self {
            Self::Paper => Account::Paper,
            Self::Live => Account::Live,
        }
    }
}

/// What is done with the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Turn {
    /// A new one is made.
    On,
    /// It is taken away.
    Off,
}

/// One slot's keys.
#[derive(Debug, Args)]
pub struct SlotArgs {
    /// Whose keys.
    #[arg(long, value_enum)]
    pub slot: SlotName,
    /// Read what is asked for from stdin, a line each.
    #[arg(long)]
    pub stdin: bool,
}

/// `keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Keep a pair of keys: paper keys in the desktop's keyring, live keys in the vault.
    Set {
        /// Whose keys.
        #[arg(long, value_enum)]
        slot: SlotName,
        /// Read what is asked for from stdin, a line each: id, secret, and for live the passphrase (a new one twice).
        #[arg(long)]
        stdin: bool,
        /// Make the vault without a keyring: the passphrase alone opens it.
        #[arg(long)]
        vault_only: bool,
    },
    /// Which keys are kept, since when, and of which account.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Whether the broker takes them, and which account they open.
    Test(SlotArgs),
    /// Put a new pair of the same account in their place, and see that the old one is void.
    Rotate(SlotArgs),
    /// Forget them here.
    Forget {
        /// Whose keys.
        #[arg(long, value_enum)]
        slot: SlotName,
        /// Read what is asked for from stdin, a line each.
        #[arg(long)]
        stdin: bool,
        /// Take the whole vault away, without its passphrase.
        #[arg(long)]
        destroy: bool,
    },
    /// Change the vault's passphrase.
    Passphrase {
        /// Read what is asked for from stdin, a line each: the old one, and the new one twice.
        #[arg(long)]
        stdin: bool,
    },
    /// A second factor, asked for where live is armed, re-armed or loosened: an authenticator's six digits.
    Factor {
        /// on shows the secret and the recovery codes once; off takes it away.
        #[arg(value_enum)]
        turn: Turn,
        /// Read what is asked for from stdin, a line each: the vault's passphrase, then a code.
        #[arg(long)]
        stdin: bool,
    },
    /// Write them into a file that `age -d` opens with a passphrase of its own.
    Export {
        /// Whose keys.
        #[arg(long, value_enum)]
        slot: SlotName,
        /// Read what is asked for from stdin, a line each: for live the vault's passphrase, then the file's, twice.
        #[arg(long)]
        stdin: bool,
        /// Where to; it must not be there.
        file: PathBuf,
    },
    /// Keep what such a file holds.
    Import {
        /// Whose keys.
        #[arg(long, value_enum)]
        slot: SlotName,
        /// Read what is asked for from stdin, a line each: the file's passphrase, then for live the vault's.
        #[arg(long)]
        stdin: bool,
        /// Make the vault without a keyring: the passphrase alone opens it.
        #[arg(long)]
        vault_only: bool,
        /// The file.
        file: PathBuf,
    },
}
