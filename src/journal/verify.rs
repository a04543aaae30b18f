use std::path::Path;

use crate::domain::mode::Mode;
use crate::journal::chain::{self, Link};
use crate::journal::error::JournalError;
use crate::journal::facts;
use crate::journal::fold::read_row;
use crate::journal::head::{self, Note};
use crate::journal::reader::Reader;
use crate::journal::row::{END, Row, hex};
use crate::journal::run_hash::RunHash;
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
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.chain == Chain::Ok && self.laws.is_empty()
    }
}

/// The look itself, row by row.
struct Look {
    verdict: Verdict,
    link: Link,
    hash: RunHash,
    laws: Checker,
}

/// Looks at every row of a ledger: its number, its hash, its meaning, the laws. A tail that was cut
/// off is found by the note beside the database.
///
/// # Errors
/// When there is no such ledger, or the file cannot be read at all. What is wrong inside of it is in
/// the verdict.
pub fn verify(path: &Path) -> Result<Verdict, JournalError> {
    let reader = Reader::open(path)?;
    let mut look = Look {
        verdict: Verdict {
            rows: 0,
            runs: Vec::new(),
            head: String::new(),
            chain: Chain::Ok,
            laws: Vec::new(),
        },
        link: chain::ROOT,
        hash: RunHash::new(Mode::Sim),
        laws: Checker::default(),
    };
    if let Err(fault) = look.at_every_row(&reader) {
        let row = look.verdict.rows + 1;
        look.bad(row, format!("it cannot be read: {fault}"));
    }
    look.end_run();
    let note = head::compare(path, look.verdict.rows, |row| schema_hash_at(&reader.connection, row))?;
    match note {
        Note::Differs { row, why } => look.bad(row, why),
        Note::Missing if look.verdict.rows > 0 => {
            let name = head::place(path).display().to_string();
            look.bad(0, format!("{name} is missing: whether rows were cut off at the end cannot be told"));
        }
        Note::Agrees | Note::Missing => {}
    }
    look.verdict.head = hex(&look.link);
    look.verdict.laws = look.laws.finish();
    Ok(look.verdict)
}

impl Look {
    fn at_every_row(&mut self, reader: &Reader) -> rusqlite::Result<()> {
        let select = "SELECT row, run, seq, at, kind, body, hash FROM record ORDER BY row";
        let mut select = reader.connection.prepare(select)?;
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
        self.link = chain::next(&self.link, row);
        if self.link.as_slice() != stored {
            let why = "it does not follow from the row before it: it, or that row, was changed";
            self.bad(row.row, why.to_owned());
        }
        self.follow_run(row);
        match facts::of_row(row) {
            Ok(Some(fact)) => self.laws.push(&fact),
            Ok(None) => {}
            Err(fault) => self.bad(row.row, format!("it is no {} row: {fault}", row.kind)),
        }
        self.hash.add(row);
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

    /// The first bad row is the one that counts: whatever follows it follows from it.
    fn bad(&mut self, row: u64, why: String) {
        if self.verdict.chain == Chain::Ok {
            self.verdict.chain = Chain::FirstBad { row, why };
        }
    }
}
