use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::engine::memory::Memory;
use crate::journal::error::JournalError;
use crate::journal::fold::{self, read_row};
use crate::journal::guard;
use crate::journal::row::{Row, hex};
use crate::journal::schema::{AUDIT, PATIENCE};
use crate::journal::writer::{from_sql, to_sql};

/// A ledger that is only read: it may be open for writing elsewhere.
pub struct Reader {
    pub(super) connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens a ledger to read.
    ///
    /// # Errors
    /// When there is none, or it is not the trader's own, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let shown = path.display().to_string();
        if !guard::existing(path)? {
            return Err(JournalError::Absent { path: shown });
        }
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.busy_timeout(PATIENCE)?;
            connection.pragma_update(None, "trusted_schema", "OFF")?;
            Ok(connection)
        };
        let connection = open().map_err(|fault| JournalError::of(&shown, fault))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Whether the ledger has its table: a process may have ended before it made it.
    pub(super) fn is_begun(&self) -> Result<bool, JournalError> {
        let select = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'record')";
        self.connection.query_row(select, [], |found| found.get(0)).map_err(|fault| self.fault(fault))
    }

    /// Hands every row behind `after` to `take`, oldest first, until it says `false`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn each_row(&self, after: u64, mut take: impl FnMut(Row) -> bool) -> Result<(), JournalError> {
        let select = "SELECT row, run, seq, at, kind, body FROM record WHERE row > ?1 ORDER BY row";
        let mut select = self.connection.prepare_cached(select).map_err(|fault| self.fault(fault))?;
        let mut rows = select.query([to_sql(after)]).map_err(|fault| self.fault(fault))?;
        while let Some(found) = rows.next().map_err(|fault| self.fault(fault))? {
            if !take(read_row(found).map_err(|fault| self.fault(fault))?) {
                break;
            }
        }
        Ok(())
    }

    /// The rows of one kind, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows(&self, kind: &str) -> Result<Vec<Row>, JournalError> {
        let select = "SELECT row, run, seq, at, kind, body FROM record WHERE kind = ?1 ORDER BY row";
        self.select(select, rusqlite::params![kind])
    }

    /// The rows of decisions, orders, states and fills in which this order is named, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows_naming(&self, order: ClientOrderId) -> Result<Vec<Row>, JournalError> {
        let select = "SELECT row, run, seq, at, kind, body FROM record
            WHERE kind IN ('decision', 'order', 'status', 'fill') AND instr(body, ?1) > 0 ORDER BY row";
        self.select(select, rusqlite::params![format!("\"{order}\"")])
    }

    /// The rows of one run, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run(&self, run: u64) -> Result<Vec<Row>, JournalError> {
        let select = "SELECT row, run, seq, at, kind, body FROM record WHERE run = ?1 ORDER BY row";
        self.select(select, rusqlite::params![to_sql(run)])
    }

    /// At most `count` rows of one run behind the row `after`, oldest first: the rows of a run stand together.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run_page(&self, run: u64, after: u64, count: usize) -> Result<Vec<Row>, JournalError> {
        let select = "SELECT row, run, seq, at, kind, body FROM record WHERE row > ?1 ORDER BY row LIMIT ?2";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let rows = self.select(select, rusqlite::params![to_sql(after), count])?;
        Ok(rows.into_iter().take_while(|row| row.run == run).collect())
    }

    /// Every run with the instants of its first and its last event.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn spans(&self) -> Result<Vec<(u64, At, At)>, JournalError> {
        let read = || -> rusqlite::Result<Vec<(u64, At, At)>> {
            let select =
                "SELECT run, MIN(at), MAX(at) FROM record WHERE kind = 'event' GROUP BY run ORDER BY run";
            let mut select = self.connection.prepare_cached(select)?;
            let span = |row: &rusqlite::Row<'_>| {
                Ok((from_sql(row.get(0)?), At::from_nanos(row.get(1)?), At::from_nanos(row.get(2)?)))
            };
            select.query_map([], span)?.collect()
        };
        read().map_err(|fault| self.fault(fault))
    }

    /// The rows of one event of a run: its own, and those it caused.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn at_event(&self, run: u64, seq: u64) -> Result<Vec<Row>, JournalError> {
        let select =
            "SELECT row, run, seq, at, kind, body FROM record WHERE run = ?1 AND seq = ?2 ORDER BY row";
        self.select(select, rusqlite::params![to_sql(run), to_sql(seq)])
    }

    /// The frame of a strategy's call, by the call's number within the run.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn frame_of(&self, run: u64, call: u64) -> Result<Option<Row>, JournalError> {
        // Inside of the frame's text every quotation mark is escaped.
        let starts = format!("\"in\":\"{{\\\"seq\\\":{call},");
        let select = "SELECT row, run, seq, at, kind, body FROM record
            WHERE run = ?1 AND kind = 'frame' AND instr(body, ?2) > 0 ORDER BY row LIMIT 1";
        Ok(self.select(select, rusqlite::params![to_sql(run), starts])?.into_iter().next())
    }

    /// The number of the first event after a run; `None` where it is the last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn first_event_after(&self, run: u64) -> Result<Option<u64>, JournalError> {
        let select = "SELECT MIN(seq) FROM record WHERE run > ?1 AND kind = 'event'";
        let first = self.connection.query_row(select, [to_sql(run)], |row| row.get::<_, Option<i64>>(0));
        first.map(|seq| seq.map(from_sql)).map_err(|fault| self.fault(fault))
    }

    /// The number of the last run; `None` before the first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_run(&self) -> Result<Option<u64>, JournalError> {
        let select = "SELECT MAX(run) FROM record WHERE kind = 'run'";
        let last = self.connection.query_row(select, [], |row| row.get::<_, Option<i64>>(0));
        last.map(|run| run.map(from_sql)).map_err(|fault| self.fault(fault))
    }

    /// What the ledger remembers, as the next process would be told.
    ///
    /// # Errors
    /// When the database cannot be read, or a row cannot be understood.
    pub fn memory(&self) -> Result<Memory, JournalError> {
        fold::fold(&self.connection, &self.path)
    }

    /// A view as a header and its cells, oldest first; instants as text.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn view(&self, view: View) -> Result<Table, JournalError> {
        let read = || -> rusqlite::Result<Table> {
            // A ledger that only an older build has written to has no such view yet.
            let from = if view == View::Audit { format!("({AUDIT})") } else { view.word().to_owned() };
            let select = format!("SELECT * FROM {from} ORDER BY row");
            let mut select = self.connection.prepare_cached(&select)?;
            let header: Vec<String> = select.column_names().map(str::to_owned).collect();
            let read = |row: &rusqlite::Row<'_>| {
                header
                    .iter()
                    .enumerate()
                    .map(|(index, name)| row.get(index).map(|value| cell(name, value)))
                    .collect()
            };
            let rows = select.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
            Ok(Table { header, rows })
        };
        read().map_err(|fault| self.fault(fault))
    }

    /// Writes a whole copy of the ledger to a new file, also while it is being written.
    ///
    /// # Errors
    /// When there is something at `target` already, or it cannot be written.
    pub fn backup(&self, target: &Path) -> Result<(), JournalError> {
        guard::folder_of(target)?;
        if guard::existing(target)? {
            let (what, remedy) = ("exists already", "name a new file");
            return Err(JournalError::Unsafe { path: target.display().to_string(), what, remedy });
        }
        drop(guard::file(target)?);
        let copied = self.connection.execute("VACUUM INTO ?1", [target.display().to_string()]);
        copied.map(drop).map_err(|fault| JournalError::of(&target.display().to_string(), fault))
    }

    fn select(&self, select: &str, key: impl rusqlite::Params) -> Result<Vec<Row>, JournalError> {
        let read = || -> rusqlite::Result<Vec<Row>> {
            self.connection.prepare_cached(select)?.query_map(key, read_row)?.collect()
        };
        read().map_err(|fault| self.fault(fault))
    }

    pub(super) fn fault(&self, fault: rusqlite::Error) -> JournalError {
        JournalError::of(&self.path.display().to_string(), fault)
    }
}

fn cell(column: &str, value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(nanos) if column == "at" => Some(At::from_nanos(nanos).to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Blob(bytes) => Some(hex(&bytes)),
    }
}

/// A cut of the journal for eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Every run, as it said when it began.
    Runs,
    /// Every order with its last state.
    Orders,
    /// Every execution.
    Fills,
    /// Every judgement of the gate.
    Decisions,
    /// Those judgements that were refusals.
    Refusals,
    /// Every halt and re-arm.
    Halts,
    /// Every kill.
    Kills,
    /// Every day with its baseline.
    Days,
    /// What the account was worth.
    Equity,
    /// What happened to strategies.
    StrategyEvents,
    /// Every reconcile that differed, or agreed again.
    Reconciles,
    /// Differences that nothing explained.
    Adjustments,
    /// What the trader ought to have read.
    Alerts,
    /// Who changed what, from what to what.
    Audit,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Runs,
        Self::Orders,
        Self::Fills,
        Self::Decisions,
        Self::Refusals,
        Self::Halts,
        Self::Kills,
        Self::Days,
        Self::Equity,
        Self::StrategyEvents,
        Self::Reconciles,
        Self::Adjustments,
        Self::Alerts,
        Self::Audit,
    ];

    /// The view's name, in the database and in the shell.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Orders => "orders",
            Self::Fills => "fills",
            Self::Decisions => "decisions",
            Self::Refusals => "refusals",
            Self::Halts => "halts",
            Self::Kills => "kills",
            Self::Days => "days",
            Self::Equity => "equity",
            Self::StrategyEvents => "strategy_events",
            Self::Reconciles => "reconciles",
            Self::Adjustments => "adjustments",
            Self::Alerts => "alerts",
            Self::Audit => "audit",
        }
    }
}

/// A header and cells; an absent cell is nothing, not an empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows, oldest first.
    pub rows: Vec<Vec<Option<String>>>,
}
