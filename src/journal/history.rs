use std::collections::VecDeque;
use std::iter::Peekable;
use std::path::Path;

use thiserror::Error;

use crate::domain::at::At;
use crate::engine::event::{Event, Stamped};
use crate::journal::error::JournalError;
use crate::journal::reader::Reader;
use crate::journal::row::{EMERGENCY, END, EVENT, FRAME, Row, RunHead, is_record};
use crate::journal::tape::TapeTick;
use crate::journal::tape::reader::TapeReader;

/// Rows that are read at once.
const ROWS_A_PAGE: usize = 4_096;

/// One event of a run, with the rows it caused, in their order: the machine's own, and frames of strategies.
#[derive(Debug, Clone)]
pub struct Moment {
    /// What happened.
    pub stamped: Stamped,
    /// What came of it.
    pub caused: Vec<Row>,
}

/// A run as it happened: the rows of its journal and the ticks of its tape, in their one order, read as they are
/// asked for.
pub struct History<'a> {
    reader: &'a Reader,
    head: RunHead,
    run: u64,
    rows: VecDeque<Row>,
    last_row: u64,
    ticks: Peekable<TapeReader>,
    /// The first event of the run after it: ticks from there on are another run's.
    until_seq: u64,
    last_seq: u64,
}

/// Why a run cannot be told in its order.
#[derive(Debug, Error)]
pub enum HistoryFault {
    /// The journal or the tape cannot be read: a damaged frame of the tape is named here.
    #[error("{0}")]
    Unreadable(#[from] JournalError),
    /// There is no such run.
    #[error("the ledger has no run {run}; `hardstop journal verify` lists its runs")]
    NoRun {
        /// The number asked for.
        run: u64,
    },
    /// An event is neither in the journal nor on the tape.
    #[error(
        "event {seq} is neither in the journal nor on the tape: one of them lost it or was cut, or the tape's oldest days \
         went by logs.tape_mb"
    )]
    Missing {
        /// Its number.
        seq: u64,
    },
    /// A row stands where no event of its number is.
    #[error("row {row} belongs to event {seq}, which came before it: rows were put in or moved")]
    OutOfOrder {
        /// The row.
        row: u64,
        /// Its event.
        seq: u64,
    },
    /// Rows came in later, from the emergency file: what caused them is not beside them.
    #[error(
        "from row {row} on rows came in from the emergency file, out of their order: the run can be told up to there"
    )]
    Emergency {
        /// The row that says so.
        row: u64,
    },
}

impl<'a> History<'a> {
    /// The run of this number. A tape that is not there is one without a tick.
    ///
    /// # Errors
    /// When the journal or the tape cannot be read, or there is no such run.
    pub fn of(reader: &'a Reader, tape: &Path, run: u64) -> Result<Self, HistoryFault> {
        let heads = reader.rows("run")?;
        let row = heads.iter().find(|row| row.run == run).ok_or(HistoryFault::NoRun { run })?;
        let body = |fault| JournalError::Body { row: row.row, fault };
        let head = row.run_head().ok_or(HistoryFault::NoRun { run })?.map_err(body)?;
        let until_seq = reader.first_event_after(run)?.unwrap_or(u64::MAX);
        // A run's first event is never a tick.
        let first = reader.first_event_after(run.saturating_sub(1))?.unwrap_or(0);
        let mut history = Self {
            reader,
            head,
            run,
            rows: VecDeque::new(),
            last_row: row.row,
            ticks: TapeReader::open_from(tape, first)?.peekable(),
            until_seq,
            last_seq: first.saturating_sub(1),
        };
        while history.ticks.next_if(|tick| tick.as_ref().is_ok_and(|tick| tick.seq < first)).is_some() {}
        Ok(history)
    }

    /// What the run said of itself when it began.
    #[must_use]
    pub const fn head(&self) -> &RunHead {
        &self.head
    }

    /// When the next tick of the run comes; `None` where no more does.
    pub fn next_tick_at(&mut self) -> Option<At> {
        let until_seq = self.until_seq;
        let next = self.ticks.peek().and_then(|tick| tick.as_ref().ok());
        next.filter(|tick| tick.seq < until_seq).map(|tick| tick.at)
    }

    /// The next event with what came of it; `None` at the run's end.
    ///
    /// # Errors
    /// When the run cannot be told any further.
    pub fn next_moment(&mut self) -> Result<Option<Moment>, HistoryFault> {
        let until_seq = self.until_seq;
        let tick = self.ticks.next_if(|tick| match tick {
            Ok(tick) => tick.seq == self.last_seq + 1 && tick.seq < until_seq,
            Err(_) => true,
        });
        let stamped = match tick.transpose()? {
            Some(TapeTick { seq, at, tick }) => Stamped { seq, at, event: Event::Tick(tick) },
            None => match self.next_event()? {
                Some(stamped) => stamped,
                None => return Ok(None),
            },
        };
        if stamped.seq != self.last_seq + 1 {
            return Err(HistoryFault::Missing { seq: self.last_seq + 1 });
        }
        self.last_seq = stamped.seq;
        let mut caused = Vec::new();
        while self.peek_row()?.is_some_and(|row| row.kind != EVENT && row.seq == stamped.seq) {
            caused.extend(self.rows.pop_front());
        }
        Ok(Some(Moment { stamped, caused }))
    }

    /// Whether no row of the run is left that could be told in its order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn is_over(&mut self) -> Result<bool, HistoryFault> {
        Ok(self.peek_row()?.is_none_or(|row| row.kind == EMERGENCY))
    }

    /// Whether the run wrote its own end.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn ended_cleanly(&self) -> Result<bool, HistoryFault> {
        Ok(self.reader.rows(END)?.iter().any(|row| row.run == self.run))
    }

    fn next_event(&mut self) -> Result<Option<Stamped>, HistoryFault> {
        let last_seq = self.last_seq;
        // Of ticks behind the last row that do not follow it, a process died before it wrote what came between.
        let Some(row) = self.peek_row()? else { return Ok(None) };
        if row.kind == EMERGENCY {
            return Err(HistoryFault::Emergency { row: row.row });
        }
        if row.seq <= last_seq {
            return Err(HistoryFault::OutOfOrder { row: row.row, seq: row.seq });
        }
        let Some(event) = row.event() else { return Err(HistoryFault::Missing { seq: row.seq }) };
        let (seq, at, number) = (row.seq, row.at, row.row);
        let event = event.map_err(|fault| JournalError::Body { row: number, fault })?;
        self.rows.pop_front();
        Ok(Some(Stamped { seq, at, event }))
    }

    /// The next row that is an event, or was caused by one.
    fn peek_row(&mut self) -> Result<Option<&Row>, HistoryFault> {
        while self.rows.is_empty() {
            let page = self.reader.run_page(self.run, self.last_row, ROWS_A_PAGE)?;
            let Some(last) = page.last() else { return Ok(None) };
            self.last_row = last.row;
            let told = |row: &Row| {
                row.kind == EVENT || row.kind == FRAME || row.kind == EMERGENCY || is_record(&row.kind)
            };
            self.rows.extend(page.into_iter().filter(told));
        }
        Ok(self.rows.front())
    }
}
