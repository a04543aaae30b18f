use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Serialize;

use crate::domain::at::At;
use crate::domain::mode::Mode;
use crate::engine::event::Stamped;
use crate::engine::memory::Memory;
use crate::engine::record::Record;
use crate::journal::chain::{self, Link};
use crate::journal::change::{Changed, between};
use crate::journal::emergency::{Emergency, EmergencyRow};
use crate::journal::error::JournalError;
use crate::journal::fold;
use crate::journal::guard;
use crate::journal::head::{self, Note};
use crate::journal::row::{APPROVAL, CONFIG, TRUST};
use crate::journal::row::{EMERGENCY, END, EVENT, FRAME, Frame, NOTE, RESERVE, RUN, Row, RunEnd, RunHead};
use crate::journal::row::{frame_body, json, kind_of, record_body};
use crate::journal::run_hash::RunHash;
use crate::journal::schema::{self, Durability, IMPATIENCE, PATIENCE};
use crate::journal::seal::{Seal, SealedFrom};
use crate::journal::sealing;

/// The kind of a judgement's row.
const DECISION: &str = "decision";

/// After so many commits the note beside the database is renewed.
const COMMITS_A_NOTE: u32 = 256;

/// At most so many rows go into one transaction: after an outage the rows that waited are written
/// piece by piece, and what fits is kept.
const ROWS_A_TRANSACTION: usize = 4096;

/// The writer. Rows wait in memory until [`Journal::commit`] puts them on disk; a commit that fails
/// keeps the rest for the next, so no row is ever lost while the process lives.
pub struct Journal {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// The key under which rows are chained from here on; none in a plain ledger.
    pub(super) seal: Option<Seal>,
    /// Where the sealed part begins, where there is one.
    pub(super) sealed: Option<SealedFrom>,
    /// What stands beside a ledger on disk; nothing beside one in memory or a scratch file.
    emergency: Option<Emergency>,
    waiting: Vec<Row>,
    /// The last row on disk.
    pub(super) last_row: u64,
    pub(super) link: Link,
    run: u64,
    run_hash: RunHash,
    commits_since_note: u32,
    pub(super) waits_in_vain: bool,
}

impl Journal {
    /// Opens the ledger at `path`, or makes it (0600, in a folder of 0700): takes over what an
    /// earlier outage left in the emergency file, and folds what the ledger remembers.
    ///
    /// # Errors
    /// A file that is not the trader's own, a ledger that was cut, a database that cannot be read or
    /// written, a row that cannot be understood.
    pub fn open(path: &Path, at: At) -> Result<(Self, Memory), JournalError> {
        Self::open_by(path, at, Durability::Full, None)
    }

    /// The same with a key: a ledger that was plain so far is sealed from here on, which is a row of its own,
    /// and one that is sealed goes on under its key alone.
    ///
    /// # Errors
    /// As [`Journal::open`], and where the ledger is sealed with a key that this is not, or with one that is
    /// not at hand: it is never gone on with in another way.
    pub fn open_sealed(path: &Path, at: At, seal: Option<Seal>) -> Result<(Self, Memory), JournalError> {
        Self::open_by(path, at, Durability::Full, seal)
    }

    /// The same ledger in a file that may be lost with the machine, for processes that only rehearse their
    /// own deaths.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn rehearse(path: &Path, at: At) -> Result<(Self, Memory), JournalError> {
        Self::open_by(path, at, Durability::Scratch, None)
    }

    fn open_by(
        path: &Path,
        at: At,
        durability: Durability,
        seal: Option<Seal>,
    ) -> Result<(Self, Memory), JournalError> {
        guard::folder_of(path)?;
        drop(guard::file(path)?);
        let mut journal = Self::over(path, durability)?;
        let note = head::read(path)?;
        journal.sealed = sealing::sealed_from(&journal.connection).map_err(|fault| journal.fault(fault))?;
        let key = journal.sealed.as_ref().map(|sealed| sealed.key.clone());
        let key = key.or_else(|| head::key_in(note.as_deref()));
        sealing::fits(path, key.as_deref(), seal.as_ref())?;
        let (rows, sealed) = (journal.last_row, journal.sealed.as_ref());
        let cut = |row: u64, why: &str| {
            let head = head::place(path).display().to_string();
            JournalError::Cut { path: path.display().to_string(), head, why: format!("row {row}: {why}") }
        };
        let noted =
            match head::compare(note.as_deref(), rows, sealed, seal.as_ref(), |row| journal.hash_at(row)) {
                Note::Agrees { rows } => rows,
                Note::Missing => 0,
                Note::Differs { row, why } => return Err(cut(row, &why)),
            };
        if let (Some(sealed), Some(seal)) = (sealed, &seal)
            && let Some(row) =
                sealing::unproven(&journal.connection, noted.max(sealed.row.saturating_sub(1)), seal)
                    .map_err(|fault| journal.fault(fault))?
        {
            return Err(cut(row, "it was not written with the key"));
        }
        if note.is_none() && rows == 0 {
            head::keep(path, 0, &journal.link, None)?;
        } else if note.is_none() {
            journal.push(0, at, NOTE, "\"the note beside the journal was missing\"".to_owned());
        }
        let mut emergency = Emergency::open(&path.with_extension("emergency"))?;
        if journal.sealed.is_some() {
            journal.seal = seal;
            journal.take_over(&mut emergency, at)?;
            journal.emergency = Some(emergency);
        } else {
            journal.take_over(&mut emergency, at)?;
            journal.emergency = Some(emergency);
            if let Some(seal) = seal {
                journal.begin_sealed(seal, at)?;
            }
        }
        let memory = fold::fold(&journal.connection, path)?;
        Ok((journal, memory))
    }

    /// A journal in a file that may be lost with the machine: for runs that can simply be run again.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn scratch(path: &Path) -> Result<Self, JournalError> {
        guard::folder_of(path)?;
        drop(guard::file(path)?);
        Self::over(path, Durability::Scratch)
    }

    /// A journal in memory, for runs that leave nothing behind.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub fn in_memory() -> Result<Self, JournalError> {
        Self::over(Path::new(":memory:"), Durability::Scratch)
    }

    /// A journal in a file without a name, which ends with the process: for runs that leave nothing behind
    /// and are too long for memory.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub fn passing() -> Result<Self, JournalError> {
        let journal = Self::over(Path::new(""), Durability::Scratch)?;
        schema::unguarded(&journal.connection).map_err(|fault| journal.fault(fault))?;
        Ok(journal)
    }

    fn over(path: &Path, durability: Durability) -> Result<Self, JournalError> {
        let shown = path.display().to_string();
        let fail = |fault| JournalError::of(&shown, fault);
        let connection = Connection::open(path).map_err(fail)?;
        schema::prepare(&connection, path, durability)?;
        let last: Option<(i64, i64, Link)> = connection
            .query_row("SELECT row, run, hash FROM record ORDER BY row DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .map_err(fail)?;
        let (last_row, run, link) = last.unwrap_or((0, 0, chain::ROOT));
        Ok(Self {
            connection,
            path: path.to_owned(),
            seal: None,
            sealed: None,
            emergency: None,
            waiting: Vec::new(),
            last_row: from_sql(last_row),
            link,
            run: from_sql(run),
            run_hash: RunHash::new(Mode::Sim),
            commits_since_note: 0,
            waits_in_vain: false,
        })
    }

    /// The number of the last event of this ledger; 0 before the first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_seq(&self) -> Result<u64, JournalError> {
        let select = "SELECT COALESCE(MAX(seq), 0) FROM record";
        let last = self.connection.query_row(select, [], |row| row.get(0).map(from_sql));
        let waiting = self.waiting.iter().map(|row| row.seq).max().unwrap_or(0);
        last.map(|last| last.max(waiting)).map_err(|fault| self.fault(fault))
    }

    /// Begins a run and gives its number; from here on rows are its own. `at` is its own clock's.
    ///
    /// # Errors
    /// When the row cannot be put on disk: then the run has not begun, and may not trade.
    pub fn begin_run(&mut self, head: &RunHead, at: At) -> Result<u64, JournalError> {
        let last = self.last_run_head()?;
        self.run += 1;
        self.run_hash = RunHash::new(head.mode);
        self.push_json(0, at, RUN, head)?;
        for change in last.iter().flat_map(|last| between(last, head)) {
            self.change(at, Changed::Config, &change)?;
        }
        self.commit()?;
        self.note_head()?;
        Ok(self.run)
    }

    /// Ends the run cleanly.
    ///
    /// # Errors
    /// When the row cannot be put on disk: then the run counts as ended uncleanly.
    pub fn end_run(&mut self, end: &RunEnd, at: At) -> Result<(), JournalError> {
        self.push_json(0, at, END, end)?;
        self.commit()?;
        self.note_head()
    }

    /// Notes an event.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn event(&mut self, stamped: &Stamped) -> Result<(), JournalError> {
        self.push_json(stamped.seq, stamped.at, EVENT, &stamped.event)
    }

    /// Notes a row of the machine, with the event that caused it.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn record(&mut self, seq: u64, at: At, record: &Record) -> Result<(), JournalError> {
        let body = record_body(record)?;
        self.push(seq, at, kind_of(record), body);
        Ok(())
    }

    /// Notes what went to a strategy's process and what came back, byte for byte.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn frame(&mut self, seq: u64, at: At, frame: &Frame<'_>) -> Result<(), JournalError> {
        let body = frame_body(frame)?;
        self.push(seq, at, FRAME, body);
        Ok(())
    }

    /// Takes a row whose body was written elsewhere.
    pub fn take_row(&mut self, seq: u64, at: At, kind: &'static str, body: String) {
        self.push(seq, at, kind, body);
    }

    /// Sets `count` order numbers aside that nobody else will use, for the kill: they are on disk
    /// when this returns, and `memory` goes on behind them.
    ///
    /// # Errors
    /// When the row cannot be put on disk.
    pub fn reserve_order_numbers(
        &mut self,
        memory: &mut Memory,
        count: u64,
        at: At,
    ) -> Result<RangeInclusive<u64>, JournalError> {
        let first = memory.last_order_seq.saturating_add(1);
        let last = memory.last_order_seq.saturating_add(count);
        self.push_json(0, at, RESERVE, &fold::Reserve { first, last })?;
        self.commit()?;
        memory.last_order_seq = last;
        Ok(first..=last)
    }

    /// How many rows wait for the next commit.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Puts every waiting row on disk: they are there when this returns well.
    ///
    /// # Errors
    /// A full disk, a locked database: the rows wait on, and [`Journal::commit_emergency`] is the
    /// place for what cannot. After one wait in vain the next are short, until one succeeds.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written = self.write_waiting();
        if written.is_err() != self.waits_in_vain {
            self.waits_in_vain = written.is_err();
            let wait = if self.waits_in_vain { IMPATIENCE } else { PATIENCE };
            self.connection.busy_timeout(wait).map_err(|fault| self.fault(fault))?;
        }
        written.map_err(|fault| self.fault(fault))?;
        self.after_commit();
        Ok(())
    }

    fn write_waiting(&mut self) -> rusqlite::Result<()> {
        while !self.waiting.is_empty() {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut link = self.link;
            let count = self.waiting.len().min(ROWS_A_TRANSACTION);
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO record (row, run, seq, at, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?;
                for row in self.waiting.iter().take(count) {
                    link = chain::next(&link, row, self.seal.as_ref());
                    let (number, run, seq) = (to_sql(row.row), to_sql(row.run), to_sql(row.seq));
                    insert.execute(params![number, run, seq, row.at.nanos(), row.kind, row.body, link])?;
                }
            }
            transaction.commit()?;
            self.link = link;
            self.last_row += count as u64;
            self.waiting.drain(..count);
        }
        Ok(())
    }

    /// What stands beside the database follows it. A failure here loses nothing: an old note is
    /// still true, and rows that are taken over twice are taken once.
    fn after_commit(&mut self) {
        if let Some(emergency) = &mut self.emergency
            && let Err(fault) = emergency.clear()
        {
            tracing::warn!(%fault, "the emergency file could not be emptied; its rows are in the journal already");
        }
        self.commits_since_note += 1;
        if self.commits_since_note >= COMMITS_A_NOTE
            && let Err(fault) = self.note_head()
        {
            tracing::warn!(%fault, "the note beside the journal could not be renewed");
        }
    }

    pub(super) fn note_head(&mut self) -> Result<(), JournalError> {
        self.commits_since_note = 0;
        if self.emergency.is_none() {
            return Ok(());
        }
        head::keep(&self.path, self.last_row, &self.link, self.seal.as_ref())
    }

    /// Puts the waiting rows that a next process must know (orders, their states, fills, halts) into
    /// the emergency file: they are on disk when this returns well, and come into the journal with
    /// its next commit, or at the next start.
    ///
    /// # Errors
    /// When that file is full or cannot be written either. What protects or reduces goes on all the
    /// same: a stop that nobody wrote down is better than none.
    pub fn commit_emergency(&mut self) -> Result<(), JournalError> {
        let Some(emergency) = &mut self.emergency else { return Err(JournalError::NoEmergency) };
        // With the judgements: an order that left in an outage still has the decision that let it. With the
        // venue's words: in sim they are the exchange's own memory. And with who changed what: nobody says it again.
        let kept = |row: &&Row| {
            fold::matters(row)
                || [DECISION, CONFIG, APPROVAL, TRUST].contains(&row.kind.as_ref())
                || fold::is_of_the_venue(row)
        };
        let fresh = self.waiting.iter().filter(kept);
        emergency.add(self.last_row, fresh, self.seal.as_ref())
    }

    /// The hash of the run so far, waiting rows included: the same for the same input.
    pub fn journal_hash(&self) -> String {
        self.run_hash.hex()
    }

    /// The number of the run.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// Takes over the rows of an outage that its process did not live to write. Twice is once: a row
    /// that stands behind the place where the outage began is not added again.
    fn take_over(&mut self, emergency: &mut Emergency, at: At) -> Result<(), JournalError> {
        let (rows, unreadable) = emergency.read()?;
        let (mut taken, mut foreign): (u64, u64) = (0, 0);
        for waited in rows {
            // Beside a sealed ledger a row must be proven: else anybody could have it sealed by the next start.
            if !waited.is_proven_by(self.seal.as_ref()) {
                foreign += 1;
                continue;
            }
            let EmergencyRow { after, row, .. } = waited;
            if !self.holds(after, &row)? {
                taken += 1;
                self.push_row(row);
            }
        }
        if taken + unreadable + foreign > 0 {
            let mut note = serde_json::json!({ "taken_over": taken, "unreadable": unreadable });
            if foreign > 0 {
                note["not_ours"] = foreign.into();
            }
            self.push_json(0, at, EMERGENCY, &note)?;
        }
        self.commit()?;
        emergency.clear()
    }

    fn holds(&self, after: u64, row: &Row) -> Result<bool, JournalError> {
        let select =
            "SELECT EXISTS (SELECT 1 FROM record WHERE row > ?1 AND run = ?2 AND seq = ?3 AND at = ?4
            AND kind = ?5 AND body = ?6)";
        let key =
            params![to_sql(after), to_sql(row.run), to_sql(row.seq), row.at.nanos(), row.kind, row.body];
        self.connection.query_row(select, key, |found| found.get(0)).map_err(|fault| self.fault(fault))
    }

    pub(super) fn push_json(
        &mut self,
        seq: u64,
        at: At,
        kind: &'static str,
        value: &impl Serialize,
    ) -> Result<(), JournalError> {
        let body = json(kind, value)?;
        self.push(seq, at, kind, body);
        Ok(())
    }

    fn push(&mut self, seq: u64, at: At, kind: &'static str, body: String) {
        self.push_row(Row { row: 0, run: self.run, seq, at, kind: kind.into(), body });
    }

    fn push_row(&mut self, row: Row) {
        let number = self.last_row + self.waiting.len() as u64 + 1;
        self.run_hash.add(&row);
        self.waiting.push(Row { row: number, ..row });
    }

    fn hash_at(&self, row: u64) -> Option<Vec<u8>> {
        schema_hash_at(&self.connection, row)
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn fault(&self, fault: rusqlite::Error) -> JournalError {
        JournalError::of(&self.shown(), fault)
    }
}

/// The hash that stands in a row.
pub(super) fn schema_hash_at(connection: &Connection, row: u64) -> Option<Vec<u8>> {
    connection.query_row("SELECT hash FROM record WHERE row = ?1", [to_sql(row)], |found| found.get(0)).ok()
}

/// A count as SQLite holds it; no ledger comes near the end of that range.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as SQLite holds it; what was written by [`to_sql`] is never below zero.
pub(super) fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
