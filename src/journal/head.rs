//! The count of rows and the last hash, kept beside the database: a tail that was cut off is found. Beside a
//! sealed ledger the note is proven with its key: else whoever cuts the ledger could write a note that fits.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::journal::chain::Link;
use crate::journal::error::JournalError;
use crate::journal::guard;
use crate::journal::row::hex;
use crate::journal::seal::{Purpose, Seal, SealedFrom};

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Head {
    rows: u64,
    hash: String,
    /// The key's id, where the ledger is sealed or about to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

impl Head {
    fn of(rows: u64, link: &Link, seal: Option<&Seal>) -> Self {
        let head = Self { rows, hash: hex(link), key: seal.map(|seal| seal.id().to_owned()), proof: None };
        Self { proof: seal.map(|seal| head.proven_by(seal)), ..head }
    }

    fn proven_by(&self, seal: &Seal) -> String {
        seal.proof(Purpose::Head, format!("{} {}", self.rows, self.hash).as_bytes())
    }
}

/// What the note beside a ledger says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// They agree up to this row; rows beyond it are what a killed process leaves.
    Agrees { rows: u64 },
    /// There is no note.
    Missing,
    /// They differ from this row on; 0 where it is the note itself.
    Differs { row: u64, why: String },
}

/// Where the note stands: `sim.db` has `sim.audit.head` beside it.
pub(super) fn place(ledger: &Path) -> PathBuf {
    ledger.with_extension("audit.head")
}

/// Notes where the journal ends. The file is replaced in one step, and only after the rows it
/// speaks of are on disk, so that a kill at any instant leaves a note that is true.
pub(super) fn keep(ledger: &Path, rows: u64, link: &Link, seal: Option<&Seal>) -> Result<(), JournalError> {
    let path = place(ledger);
    let mut fresh = OsString::from(path.as_os_str());
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    guard::existing(&fresh)?;
    guard::existing(&path)?;
    let text = serde_json::to_string(&Head::of(rows, link, seal))
        .map_err(|fault| JournalError::Unwritable { kind: "head", fault })?;
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        std::fs::rename(&fresh, &path)
    };
    write().map_err(|fault| JournalError::file(&path, fault))
}

/// The note's text; `None` where there is none.
pub(super) fn read(ledger: &Path) -> Result<Option<String>, JournalError> {
    let path = place(ledger);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // Bytes that are no text are no note.
        Err(fault) if fault.kind() == std::io::ErrorKind::InvalidData => Ok(Some(String::new())),
        Err(fault) => Err(JournalError::file(&path, fault)),
    }
}

/// The key of which the note says that the ledger is sealed with it, or about to be.
pub(super) fn key_in(text: Option<&str>) -> Option<String> {
    serde_json::from_str::<Head>(text?).ok()?.key
}

/// What the note says against a database of `rows` rows, whose hashes `hash_at` knows. Its proof is looked at
/// where the key is at hand.
pub(super) fn compare(
    text: Option<&str>,
    rows: u64,
    sealed: Option<&SealedFrom>,
    seal: Option<&Seal>,
    hash_at: impl Fn(u64) -> Option<Vec<u8>>,
) -> Note {
    let differs = |row: u64, why: String| Note::Differs { row, why };
    let Some(text) = text else { return Note::Missing };
    let Ok(head) = serde_json::from_str::<Head>(text) else {
        return differs(0, "what stands beside it is no head of a journal".to_owned());
    };
    if head.rows > rows {
        return differs(rows + 1, format!("{} rows were written, and {rows} are left", head.rows));
    }
    let found = if head.rows == 0 { Some(crate::journal::chain::ROOT.to_vec()) } else { hash_at(head.rows) };
    if found.is_none_or(|hash| hex(&hash) != head.hash) {
        let key = head.key.as_ref().filter(|_| sealed.is_none());
        let seal = key.map_or_else(String::new, |key| {
            format!("; it was sealed with the key {key}, and no row of this ledger is")
        });
        return differs(head.rows, format!("it is not the row that was written there{seal}"));
    }
    match (&head.key, sealed) {
        (None, Some(sealed)) => {
            return differs(0, format!("the note beside it was not written with the key {}", sealed.key));
        }
        (Some(key), Some(sealed)) if *key != sealed.key => {
            return differs(
                0,
                format!("the note beside it names the key {key}, and row {} another", sealed.row),
            );
        }
        // The note goes first when a ledger is sealed, so that the seal cannot be left away.
        (Some(key), None) if rows > head.rows => {
            return differs(head.rows + 1, format!("it should be sealed with the key {key}, and is not"));
        }
        _ => {}
    }
    if let (Some(key), Some(seal)) = (&head.key, seal)
        && *key == seal.id()
        && head.proof.as_deref() != Some(head.proven_by(seal).as_str())
    {
        return differs(0, format!("the note beside it was not written with the key {key}"));
    }
    Note::Agrees { rows: head.rows }
}
