use std::path::Path;

use rusqlite::Connection;

use crate::domain::mode::Mode;
use crate::journal::chain::{self, Link};
use crate::journal::error::JournalError;
use crate::journal::facts;
use crate::journal::fold::read_row;
use crate::journal::head::{self, Note};
use crate::journal::reader::Reader;
use crate::journal::row::{CHAIN, END, Row, hex};
use crate::journal::run_hash::RunHash;
use crate::journal::schema;
use crate::journal::seal::{ChainRow, Seal, SealedFrom};
use crate::journal::writer::schema_hash_at;
use crate::laws::checker::{Breach, Checker};

/// What a look at every row found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// How many rows there are.
    pub rows: u64,
    /// Every run, oldest first.
    pub runs: Vec<RunVerdict>,
    /// The hash of the last row: it stands for all of them.
    pub head: String,
    /// By what the rows are chained.
    pub sealed: Sealed,
    /// Whether every row is as it was written.
    pub chain: Chain,
    /// Laws that the history breaks.
    pub laws: Vec<Breach>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RunVerdict {
    /// Its number.
    pub run: u64,
    /// Where its orders went.
    pub mode: Mode,
    /// Its hash: the same for the same input.
    pub journal_hash: String,
    /// Whether it ended cleanly.
    pub ended: bool,
}

/// By what a ledger's rows are chained.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Sealed {
    /// By SHA-256 alone: a changed row is found, and a history that was written anew as a whole is not.
    Plain,
    /// By HMAC-SHA256 under a key, from a row on.
    Hmac {
        /// The key's id.
        key: String,
        /// The first row under it.
        from_row: u64,
        /// Whether the key was at hand: without it the hashes of these rows prove nothing.
        checked: bool,
    },
}

/// The chain from row to row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chain {
    /// Whole.
    Ok,
    /// Broken, first here.
    FirstBad {
        /// Which row; 0 where it is the note beside the database.
        row: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl Verdict {
    /// Whether nothing is wrong, and everything was looked at.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.chain == Chain::Ok && self.laws.is_empty() && self.unchecked().is_none()
    }

    /// What could not be looked at for want of the key: its id, and the first row under it.
    #[must_use]
    pub fn unchecked(&self) -> Option<(&str, u64)> {
        match &self.sealed {
            Sealed::Hmac { key, from_row, checked: false } => Some((key, *from_row)),
            _ => None,
        }
    }

    /// The first bad row is the one that counts: whatever follows it follows from it.
    fn bad(&mut self, row: u64, why: String) {
        if self.chain == Chain::Ok {
            self.chain = Chain::FirstBad { row, why };
        }
    }
}

/// The look itself, row by row.
struct Look<'a> {
    verdict: Verdict,
    link: Link,
    seal: Option<&'a Seal>,
    sealed: Option<SealedFrom>,
    hash: RunHash,
    laws: Checker,
}

/// Looks at every row of a ledger: its number, its hash, its meaning, the laws. A tail that was cut
/// off is found by the note beside the database. Of a sealed ledger it looks at everything but the hashes.
///
/// # Errors
/// When there is no such ledger, or the file cannot be read at all. What is wrong inside of it is in
/// the verdict.
pub fn verify(path: &Path) -> Result<Verdict, JournalError> {
    verify_sealed(path, None)
}

/// The same with the ledger's key, where it is at hand.
///
/// # Errors
/// As [`verify`].
pub fn verify_sealed(path: &Path, seal: Option<&Seal>) -> Result<Verdict, JournalError> {
    let reader = Reader::open(path)?;
    let note = head::read(path)?;
    let mut verdict = verify_over(&reader.connection, note.as_deref(), seal);
    if let Ok(Some(trigger)) = schema::lacks(&reader.connection) {
        let why = format!("{trigger} is not as it was made: the database no longer refuses every change");
        verdict.bad(0, why);
    }
    Ok(verdict)
}

/// The same over a database that is open already, and the text of its note.
pub(super) fn verify_over(connection: &Connection, note: Option<&str>, seal: Option<&Seal>) -> Verdict {
    let mut look = Look::over(seal);
    look.at(connection, note);
    look.verdict
}

impl<'a> Look<'a> {
    fn over(seal: Option<&'a Seal>) -> Self {
        Self {
            verdict: Verdict {
                rows: 0,
                runs: Vec::new(),
                head: String::new(),
                sealed: Sealed::Plain,
                chain: Chain::Ok,
                laws: Vec::new(),
            },
            link: chain::ROOT,
            seal,
            sealed: None,
            hash: RunHash::new(Mode::Sim),
            laws: Checker::default(),
        }
    }

    fn at(&mut self, connection: &Connection, note: Option<&str>) {
        if let Err(fault) = self.at_every_row(connection) {
            let row = self.verdict.rows + 1;
            self.bad(row, format!("it cannot be read: {fault}"));
        }
        self.end_run();
        let rows = self.verdict.rows;
        match head::compare(note, rows, self.sealed.as_ref(), self.seal, |row| {
            schema_hash_at(connection, row)
        }) {
            Note::Differs { row, why } => self.bad(row, why),
            Note::Missing if rows > 0 => {
                let why =
                    "the note beside it is missing: whether rows were cut off at the end cannot be told";
                self.bad(0, why.to_owned());
            }
            Note::Agrees { .. } | Note::Missing => {}
        }
        self.verdict.head = hex(&self.link);
        self.verdict.laws = std::mem::take(&mut self.laws).finish();
    }

    fn at_every_row(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let select = "SELECT row, run, seq, at, kind, body, hash FROM record ORDER BY row";
        let mut select = connection.prepare_cached(select)?;
        let mut rows = select.query([])?;
        while let Some(found) = rows.next()? {
            let row = read_row(found)?;
            let stored: Vec<u8> = found.get(6)?;
            self.at_row(&row, &stored);
        }
        Ok(())
    }

    fn at_row(&mut self, row: &Row, stored: &[u8]) {
        self.verdict.rows += 1;
        let expected = self.verdict.rows;
        if row.row != expected {
            self.bad(row.row, format!("row {expected} is missing before it"));
        }
        if row.kind == CHAIN {
            self.at_chain(row);
        }
        self.follow_link(row, stored);
        self.follow_run(row);
        match facts::of_row(row) {
            Ok(Some(fact)) => self.laws.push(&fact),
            Ok(None) => {}
            Err(fault) => self.bad(row.row, format!("it is no {} row: {fault}", row.kind)),
        }
        self.hash.add(row);
    }

    /// The row with which the sealed part begins: there is one at most, and it names the key.
    fn at_chain(&mut self, row: &Row) {
        if let Some(sealed) = &self.sealed {
            let why = format!("the ledger is sealed from row {} on already", sealed.row);
            return self.bad(row.row, why);
        }
        let key = match serde_json::from_str::<ChainRow>(&row.body) {
            Ok(chain) => chain.key,
            Err(fault) => {
                self.bad(row.row, format!("it is no {CHAIN} row: {fault}"));
                String::new()
            }
        };
        if let Some(seal) = self.seal
            && seal.id() != key
        {
            let given = seal.id();
            let why = format!(
                "it names the key {key}, and the key at hand is {given}: that is another, or the row was changed"
            );
            self.bad(row.row, why);
        }
        let checked = self.seal.is_some_and(|seal| seal.id() == key);
        self.verdict.sealed = Sealed::Hmac { key: key.clone(), from_row: row.row, checked };
        self.sealed = Some(SealedFrom { row: row.row, key });
    }

    fn follow_link(&mut self, row: &Row, stored: &[u8]) {
        let seal = self.seal.filter(|_| self.sealed.is_some());
        if self.sealed.is_some() && self.verdict.unchecked().is_some() {
            // Without its key a sealed row's hash can only be taken as it stands.
            match stored.try_into() {
                Ok(link) => self.link = link,
                Err(_) => self.bad(row.row, "what stands there is no hash".to_owned()),
            }
            return;
        }
        self.link = chain::next(&self.link, row, seal);
        if self.link.as_slice() != stored {
            let why = "it does not follow from the row before it: it, or that row, was changed";
            self.bad(row.row, why.to_owned());
        }
    }

    fn follow_run(&mut self, row: &Row) {
        if let Some(Ok(head)) = row.run_head() {
            self.end_run();
            self.hash = RunHash::new(head.mode);
            let journal_hash = String::new();
            self.verdict.runs.push(RunVerdict { run: row.run, mode: head.mode, journal_hash, ended: false });
        }
        if row.kind == END
            && let Some(last) = self.verdict.runs.last_mut()
        {
            last.ended = true;
        }
    }

    fn end_run(&mut self) {
        if let Some(last) = self.verdict.runs.last_mut() {
            last.journal_hash = self.hash.hex();
        }
    }

    fn bad(&mut self, row: u64, why: String) {
        self.verdict.bad(row, why);
    }
}
