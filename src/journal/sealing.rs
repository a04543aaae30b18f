use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use crate::domain::at::At;
use crate::journal::chain::{self, Link};
use crate::journal::error::JournalError;
use crate::journal::fold::read_row;
use crate::journal::head;
use crate::journal::reader::Reader;
use crate::journal::row::{CHAIN, hex};
use crate::journal::seal::{ChainRow, HMAC, PLAIN, Seal, SealedFrom};
use crate::journal::writer::{Journal, from_sql, schema_hash_at, to_sql};

/// Letters of a hash that are shown: enough to tell two days apart, and short enough to be read out.
const SHOWN: usize = 12;

/// Where a ledger ends by now: one line that stands for every row of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditHead {
    /// The beginning of the newest row's hash.
    pub hash: String,
    /// How many rows there are.
    pub rows: u64,
    /// By what they are chained: `hmac` or `plain`.
    pub sealed: &'static str,
}

impl AuditHead {
    fn of(rows: u64, link: &[u8], sealed: bool) -> Self {
        let hash = hex(link).chars().take(SHOWN).collect();
        Self { hash, rows, sealed: if sealed { HMAC } else { PLAIN } }
    }
}

/// Whether a key lets this ledger be gone on with: `key` is the id of its own, where it is sealed.
pub(super) fn fits(path: &Path, key: Option<&str>, seal: Option<&Seal>) -> Result<(), JournalError> {
    let path = path.display().to_string();
    match (key, seal) {
        (Some(key), None) => Err(JournalError::NoKey { path, key: key.to_owned() }),
        (Some(key), Some(seal)) if key != seal.id() => {
            Err(JournalError::OtherKey { path, key: key.to_owned(), given: seal.id().to_owned() })
        }
        _ => Ok(()),
    }
}

/// Where the sealed part of a ledger begins; nothing in a plain one. A row that says so and cannot be read
/// has a key of no name, which fits none.
pub(super) fn sealed_from(connection: &Connection) -> rusqlite::Result<Option<SealedFrom>> {
    let select = "SELECT row, body FROM record WHERE kind = ?1 ORDER BY row LIMIT 1";
    let found: Option<(i64, String)> =
        connection.query_row(select, [CHAIN], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.map(|(row, body)| SealedFrom {
        row: from_sql(row),
        key: serde_json::from_str::<ChainRow>(&body).map(|chain| chain.key).unwrap_or_default(),
    }))
}

/// The first row behind `after` that was not written with the key. Rows behind the noted one are what a killed
/// process leaves: before anything is remembered of them, they are looked at, because anybody can add rows to a file.
pub(super) fn unproven(connection: &Connection, after: u64, seal: &Seal) -> rusqlite::Result<Option<u64>> {
    let mut link = schema_hash_at(connection, after)
        .and_then(|hash| Link::try_from(hash.as_slice()).ok())
        .unwrap_or(chain::ROOT);
    let select = "SELECT row, run, seq, at, kind, body, hash FROM record WHERE row > ?1 ORDER BY row";
    let mut select = connection.prepare(select)?;
    let mut rows = select.query([to_sql(after)])?;
    while let Some(found) = rows.next()? {
        let row = read_row(found)?;
        link = seal.link(&link, &row);
        if found.get::<_, Vec<u8>>(6)? != link {
            return Ok(Some(row.row));
        }
    }
    Ok(None)
}

/// The id of the key with which the ledger at `path` is sealed, or about to be; nothing where it is plain, or
/// where there is none.
///
/// # Errors
/// When it is there and cannot be read.
pub fn key_of(path: &Path) -> Result<Option<String>, JournalError> {
    let sealed = match Reader::open(path) {
        Ok(reader) if reader.is_begun()? => {
            sealed_from(&reader.connection).map_err(|fault| reader.fault(fault))?
        }
        Ok(_) | Err(JournalError::Absent { .. }) => None,
        Err(fault) => return Err(fault),
    };
    match sealed {
        Some(sealed) => Ok(Some(sealed.key)),
        None => Ok(head::key_in(head::read(path)?.as_deref())),
    }
}

impl Journal {
    /// Seals a ledger that was plain so far. The note goes first: a process that ends in between leaves one that
    /// can only be gone on with under the key.
    pub(super) fn begin_sealed(&mut self, seal: Seal, at: At) -> Result<(), JournalError> {
        head::keep(&self.path, self.last_row, &self.link, Some(&seal))?;
        let key = seal.id().to_owned();
        let chain = ChainRow { sealed: HMAC.to_owned(), key: key.clone(), plain_rows: self.last_row };
        self.sealed = Some(SealedFrom { row: self.last_row + 1, key });
        self.seal = Some(seal);
        self.push_json(0, at, CHAIN, &chain)?;
        self.commit()?;
        self.note_head()
    }

    /// Where the journal ends on disk.
    pub fn audit_head(&self) -> AuditHead {
        AuditHead::of(self.last_row, &self.link, self.sealed.is_some())
    }

    /// How many rows stand before the sealed part; nothing where the ledger is plain.
    pub fn plain_rows(&self) -> Option<u64> {
        self.sealed.as_ref().map(|sealed| sealed.row.saturating_sub(1))
    }
}

impl Reader {
    /// Where the ledger ends.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit_head(&self) -> Result<AuditHead, JournalError> {
        let read = || -> rusqlite::Result<AuditHead> {
            let select = "SELECT row, hash FROM record ORDER BY row DESC LIMIT 1";
            let last: Option<(i64, Link)> =
                self.connection.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let sealed = sealed_from(&self.connection)?.is_some();
            Ok(last.map_or_else(
                || AuditHead::of(0, &[], sealed),
                |(row, link)| AuditHead::of(from_sql(row), &link, sealed),
            ))
        };
        read().map_err(|fault| self.fault(fault))
    }
}
