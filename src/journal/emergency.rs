use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::journal::chain;
use crate::journal::error::JournalError;
use crate::journal::guard;
use crate::journal::row::Row;
use crate::journal::seal::{Purpose, Seal};

/// Room that is taken while there is room: a full disk cannot take it back.
const ROOM_BYTES: usize = 1024 * 1024;

/// A row that waits outside the journal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct EmergencyRow {
    /// The last row of the journal when the outage began: this one can only stand behind it.
    pub(super) after: u64,
    /// The row, with the number it would have had.
    pub(super) row: Row,
    /// Proof that whoever wrote it had the ledger's key, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<String>,
}

impl EmergencyRow {
    fn of(after: u64, row: &Row, seal: Option<&Seal>) -> Self {
        let plain = Self { after, row: row.clone(), proof: None };
        Self { proof: seal.map(|seal| plain.proven_by(seal)), ..plain }
    }

    /// Whether it may come into a ledger of this key; into a plain one every row may.
    pub(super) fn is_proven_by(&self, seal: Option<&Seal>) -> bool {
        seal.is_none_or(|seal| self.proof.as_deref() == Some(self.proven_by(seal).as_str()))
    }

    fn proven_by(&self, seal: &Seal) -> String {
        let mut bytes = Vec::new();
        chain::feed(&chain::ROOT, &self.row, |part| bytes.extend_from_slice(part));
        bytes.extend(self.after.to_be_bytes());
        seal.proof(Purpose::Emergency, &bytes)
    }
}

/// A file of blank room, written over from its start while the database takes no row: one line of
/// JSON a row.
pub(super) struct Emergency {
    file: File,
    path: PathBuf,
    used: usize,
    /// The highest number of a row that is in the file.
    noted: u64,
}

impl Emergency {
    /// Opens the file, and takes its room where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let mut file = guard::file(path)?;
        let take_room = |file: &mut File| -> std::io::Result<()> {
            let had = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
            if had < ROOM_BYTES {
                file.seek(SeekFrom::End(0))?;
                file.write_all(&vec![b'\n'; ROOM_BYTES - had])?;
                file.sync_all()?;
            }
            Ok(())
        };
        take_room(&mut file).map_err(|fault| JournalError::file(path, fault))?;
        Ok(Self { file, path: path.to_owned(), used: 0, noted: 0 })
    }

    /// The rows of an earlier outage, and how many lines of the file are none (torn by a crash).
    pub(super) fn read(&mut self) -> Result<(Vec<EmergencyRow>, u64), JournalError> {
        let mut bytes = Vec::new();
        let read = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read_to_end(&mut bytes));
        read.map_err(|fault| JournalError::file(&self.path, fault))?;
        let (mut rows, mut unreadable) = (Vec::new(), 0);
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(row) => rows.push(row),
                Err(_) => unreadable += 1,
            }
        }
        // Whatever is there must be blanked, even where nothing of it can be read.
        self.used = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
        Ok((rows, unreadable))
    }

    /// Adds those of `rows` that are not in the file yet.
    pub(super) fn add<'a>(
        &mut self,
        after: u64,
        rows: impl Iterator<Item = &'a Row>,
        seal: Option<&Seal>,
    ) -> Result<(), JournalError> {
        let mut text = Vec::new();
        let mut noted = self.noted;
        for row in rows.filter(|row| row.row > self.noted) {
            let line = serde_json::to_vec(&EmergencyRow::of(after, row, seal));
            text.extend(line.map_err(|fault| JournalError::Unwritable { kind: "emergency", fault })?);
            text.push(b'\n');
            noted = row.row;
        }
        if text.is_empty() {
            return Ok(());
        }
        if self.used + text.len() > ROOM_BYTES {
            return Err(JournalError::EmergencyFull { path: self.path.display().to_string() });
        }
        self.write_at(self.used, &text)?;
        self.used += text.len();
        self.noted = noted;
        Ok(())
    }

    /// Blanks the file: its rows are in the journal.
    pub(super) fn clear(&mut self) -> Result<(), JournalError> {
        if self.used > 0 {
            self.write_at(0, &vec![b'\n'; self.used])?;
            self.used = 0;
        }
        // A new outage numbers its rows anew where a process takes over another's.
        self.noted = 0;
        Ok(())
    }

    fn write_at(&mut self, place: usize, bytes: &[u8]) -> Result<(), JournalError> {
        let mut write = || -> std::io::Result<()> {
            self.file.seek(SeekFrom::Start(place as u64))?;
            self.file.write_all(bytes)?;
            self.file.sync_data()
        };
        write().map_err(|fault| JournalError::file(&self.path, fault))
    }
}
