use std::path::Path;

use thiserror::Error;

use crate::vault::kdf::CostFault;

/// Why the vault could not do what it was asked. Each says what to do next; none holds anything of a secret.
#[derive(Debug, Error)]
pub enum VaultFault {
    /// Something is there already, and a vault is never written over.
    #[error("{path} is there already; a vault is made once: move the old one away first if you mean it")]
    Exists {
        /// The file.
        path: String,
    },
    /// A file of the vault is missing.
    #[error("there is no {path}; {remedy}")]
    Missing {
        /// The file.
        path: String,
        /// What can be done.
        remedy: &'static str,
    },
    /// A file or folder that is not the trader's own, or no plain one.
    #[error("{path} {what}; {remedy}")]
    Unsafe {
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        what: &'static str,
        /// What can be done.
        remedy: &'static str,
    },
    /// A file could not be read or written.
    #[error("{path}: {fault}; check that the disk has room and that the folder is yours")]
    File {
        /// The file.
        path: String,
        /// The system's words.
        fault: std::io::Error,
    },
    /// The head is not as it was written.
    #[error("vault.toml is not as hardstop wrote it ({what}); put back a copy of the vault's folder")]
    Head {
        /// Which part.
        what: &'static str,
    },
    /// The head asks for less or more work than this program gives a passphrase.
    #[error("vault.toml is not as hardstop wrote it: {0}; put back a copy of the vault's folder")]
    Cost(#[from] CostFault),
    /// The vault was made with a device key, and none was handed in.
    #[error(
        "this vault opens only with the key that the keyring of this machine holds, and the keyring has none; unlock the keyring it was made with, or make a new vault and set the keys again"
    )]
    NoDeviceKey,
    /// The decryption failed. What of it was wrong cannot be told apart, and is not guessed at.
    #[error(
        "the passphrase is wrong, or vault.age or vault.toml was changed, or the keyring holds the key of another vault"
    )]
    WrongOrChanged,
    /// It opened, and what is in it is not what this program writes.
    #[error("the vault opened, and what is in it was written by another version of hardstop; use that one")]
    Contents,
    /// There is not enough memory to derive the key.
    #[error("there is not enough free memory to check a passphrase; close something and try again")]
    Memory,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes; nothing was written")]
    NoChance,
    /// What is to be kept is larger than a vault.
    #[error("what is to be kept is larger than a vault holds; nothing was written")]
    TooLarge,
}

impl VaultFault {
    pub(super) fn file(path: &Path, fault: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), fault }
    }
}
