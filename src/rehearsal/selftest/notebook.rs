use std::collections::BTreeSet;

use crate::domain::at::At;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::event::Stamped;
use crate::engine::record::Record;
use crate::journal::error::JournalError;
use crate::journal::facts;
use crate::journal::row::{Frame, RunEnd};
use crate::journal::writer::Journal;
use crate::laws::checker::Checker;
use crate::laws::facts::{Fact, What};
use crate::pump::rows::Rows;
use crate::rehearsal::selftest::auditor::Auditor;

/// The journal, with the laws and the auditor reading every row as it is written; and it can be told to
/// take none.
pub(super) struct Notebook {
    journal: Journal,
    laws: Checker,
    row: u64,
    /// The disk is full, or somebody holds the database.
    pub(super) full: bool,
    pub(super) auditor: Auditor,
    /// Symbols of which the trader was told that their stop is missing.
    pub(super) told_missing: BTreeSet<String>,
}

impl Notebook {
    /// A process begins on this journal. `laws` have read what it holds so far.
    pub(super) fn new(journal: Journal, laws: Checker, auditor: Auditor) -> Self {
        Self { journal, laws, row: 0, full: false, auditor, told_missing: BTreeSet::new() }
    }

    /// What the laws are told beside the rows that pass here.
    pub(super) fn tell(&mut self, at: At, what: What) {
        self.row = self.row.saturating_add(1);
        self.laws.push(&Fact { row: self.row, at, what });
    }

    /// The first breach of a law or of the auditor's rules, where there is one.
    pub(super) fn breach(&self) -> Option<String> {
        let law = self.laws.breaches().first().map(ToString::to_string);
        law.or_else(|| self.auditor.breaches.first().cloned())
    }
}

/// A disk without room.
fn full() -> JournalError {
    JournalError::Full { path: "the rehearsal's journal".to_owned() }
}

impl Rows for Notebook {
    fn event(&mut self, stamped: &Stamped) -> Result<(), JournalError> {
        if let Some(what) = facts::of_event(&stamped.event) {
            self.tell(stamped.at, what);
        }
        self.auditor.event(&stamped.event);
        self.journal.event(stamped)
    }

    fn record(&mut self, seq: u64, at: At, record: &Record) -> Result<(), JournalError> {
        if let Some(what) = facts::of_record(record) {
            self.tell(at, what);
        }
        if let Record::Alert(words) = record
            && let Some((symbol, _)) = words.split_once(" has no full protective stop")
        {
            self.told_missing.insert(symbol.to_owned());
        }
        self.auditor.record(at, record);
        if let (true, Record::Adjust { symbol, .. }) = (self.full, record) {
            self.auditor.unwritten.insert(*symbol);
        }
        self.journal.record(seq, at, record)
    }

    fn frame(&mut self, _: u64, _: At, _: &Frame<'_>) -> Result<(), JournalError> {
        Ok(())
    }

    fn quiet(&mut self, seq: u64, at: At, calls: u64) {
        Rows::quiet(&mut self.journal, seq, at, calls);
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        if self.full && self.journal.waiting() > 0 { Err(full()) } else { self.journal.commit() }
    }

    fn commit_emergency(&mut self) -> Result<(), JournalError> {
        self.journal.commit_emergency()
    }

    fn counted(&mut self, symbol: Symbol) -> Option<Qty> {
        self.journal.counted(symbol).ok()
    }

    fn end_run(&mut self, end: &RunEnd, at: At) -> Result<(), JournalError> {
        if self.full {
            return Err(full());
        }
        self.tell(at, What::RunEnded);
        self.journal.end_run(end, at)
    }
}
