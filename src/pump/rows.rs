use crate::domain::at::At;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::event::Stamped;
use crate::engine::record::Record;
use crate::journal::error::JournalError;
use crate::journal::row::{Frame, QUIET, RunEnd};
use crate::journal::writer::Journal;

/// Where the pump writes down what happens: the journal, or the way to one in another process.
pub trait Rows {
    /// Notes an event.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn event(&mut self, stamped: &Stamped) -> Result<(), JournalError>;

    /// Notes a row of the machine, with the event that caused it.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn record(&mut self, seq: u64, at: At, record: &Record) -> Result<(), JournalError>;

    /// Notes one call of a strategy, byte for byte.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn frame(&mut self, seq: u64, at: At, frame: &Frame<'_>) -> Result<(), JournalError>;

    /// Notes so many quiet calls, the last of them answered at `seq`.
    fn quiet(&mut self, seq: u64, at: At, calls: u64);

    /// Puts every row on disk.
    ///
    /// # Errors
    /// When it cannot; the rows wait on.
    fn commit(&mut self) -> Result<(), JournalError>;

    /// Puts what a next process must know into the emergency file.
    ///
    /// # Errors
    /// When there is none, or it cannot be written either.
    fn commit_emergency(&mut self) -> Result<(), JournalError>;

    /// The position of a symbol by the rows on disk; `None` where they cannot be read from here.
    fn counted(&mut self, symbol: Symbol) -> Option<Qty>;

    /// Ends the run cleanly.
    ///
    /// # Errors
    /// When the row cannot be put on disk.
    fn end_run(&mut self, end: &RunEnd, at: At) -> Result<(), JournalError>;
}

/// The body of a row of quiet calls.
#[must_use]
pub fn quiet_body(calls: u64) -> String {
    format!("{{\"calls\":{calls}}}")
}

impl Rows for Journal {
    fn event(&mut self, stamped: &Stamped) -> Result<(), JournalError> {
        Self::event(self, stamped)
    }

    fn record(&mut self, seq: u64, at: At, record: &Record) -> Result<(), JournalError> {
        Self::record(self, seq, at, record)
    }

    fn frame(&mut self, seq: u64, at: At, frame: &Frame<'_>) -> Result<(), JournalError> {
        Self::frame(self, seq, at, frame)
    }

    fn quiet(&mut self, seq: u64, at: At, calls: u64) {
        self.take_row(seq, at, QUIET, quiet_body(calls));
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        Self::commit(self)
    }

    fn commit_emergency(&mut self) -> Result<(), JournalError> {
        Self::commit_emergency(self)
    }

    fn counted(&mut self, symbol: Symbol) -> Option<Qty> {
        Self::counted(self, symbol).ok()
    }

    fn end_run(&mut self, end: &RunEnd, at: At) -> Result<(), JournalError> {
        Self::end_run(self, end, at)
    }
}
