//! The count of rows and the last hash, kept beside the database: a tail that was cut off is found.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::journal::chain::Link;
use crate::journal::error::JournalError;
use crate::journal::guard;
use crate::journal::row::hex;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Head {
    rows: u64,
    hash: String,
}

/// What the note beside a ledger says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// They agree; rows beyond the noted one are what a killed process leaves.
    Agrees,
    /// There is no note.
    Missing,
    /// They differ from this row on.
    Differs { row: u64, why: String },
}

/// Where the note stands: `sim.db` has `sim.audit.head` beside it.
pub(super) fn place(ledger: &Path) -> PathBuf {
    ledger.with_extension("audit.head")
}

/// Notes where the journal ends. The file is replaced in one step, and only after the rows it
/// speaks of are on disk, so that a kill at any instant leaves a note that is true.
pub(super) fn keep(ledger: &Path, rows: u64, link: &Link) -> Result<(), JournalError> {
    let path = place(ledger);
    let mut fresh = OsString::from(path.as_os_str());
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    guard::existing(&fresh)?;
    guard::existing(&path)?;
    let text = serde_json::to_string(&Head { rows, hash: hex(link) })
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

/// What the note says against a database of `rows` rows, whose hashes `hash_at` knows.
pub(super) fn compare(
    ledger: &Path,
    rows: u64,
    hash_at: impl Fn(u64) -> Option<Vec<u8>>,
) -> Result<Note, JournalError> {
    let path = place(ledger);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Note::Missing),
        Err(fault) => return Err(JournalError::file(&path, fault)),
    };
    let Ok(head) = serde_json::from_str::<Head>(&text) else {
        return Ok(Note::Differs { row: 0, why: format!("{} is no head of a journal", path.display()) });
    };
    if head.rows > rows {
        let why = format!("{} rows were written, and {rows} are left", head.rows);
        return Ok(Note::Differs { row: rows + 1, why });
    }
    let found = if head.rows == 0 { Some(Vec::new()) } else { hash_at(head.rows) };
    let agrees = head.rows == 0 || found.is_some_and(|hash| hex(&hash) == head.hash);
    let why = "it is not the row that was written there".to_owned();
    Ok(if agrees { Note::Agrees } else { Note::Differs { row: head.rows, why } })
}
