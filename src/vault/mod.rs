//! Floor 3: the vault. Keys at rest, and whatever is needed so that only the trader gets at them.
//!
//! Duty: keep the paper keys in the desktop's keyring, and the live keys and the audit key in a file that opens
//! with a passphrase and the keyring's device key together; count failed tries across restarts; carry keys to
//! another machine in a file that stock tools open; judge a second factor; wipe secrets out of whatever is about
//! to be written. Knows nothing of brokers, the machine, screens and clocks: instants and paths are handed in.

/// What is in the vault.
pub mod contents;
/// Keys on their way to another machine.
pub mod exported;
/// Why the vault could not do what it was asked.
pub mod fault;
/// Keys of chance.
pub mod fresh;
/// Files that are the trader's own and nobody else's.
mod guard;
/// `vault.toml`: how the passphrase becomes a key.
mod head;
/// The passphrase's way to a key.
pub mod kdf;
/// How old a key is.
pub mod key_age;
/// The desktop's keyring, asked with a time limit.
pub mod keyring;
/// How long to wait after failed tries.
pub mod lockout;
/// The desktop's keyring itself.
mod native;
/// What is typed to open the vault.
pub mod passphrase;
/// Secrets taken out of what is about to be written.
pub mod redact;
/// The vault's two files: made, opened, written anew.
pub mod sealed;
/// The second factor that a vault keeps, with its recovery codes.
pub mod second_factor;
/// A place for small texts by name.
pub mod store;
/// The arithmetic of a second factor.
pub mod totp;
/// Failed tries, counted in a file.
pub mod tries;

/// What the room's tests share.
#[cfg(test)]
mod testing;
