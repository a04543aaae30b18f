use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::mode::Mode;
use crate::engine::event::Event;
use crate::engine::record::Record;
use crate::engine::settings::Settings;
use crate::journal::error::JournalError;
use crate::risk::limits::Limits;

/// The kind of the row that begins a run.
pub const RUN: &str = "run";
/// The kind of the row that ends a run cleanly.
pub const END: &str = "end";
/// The kind of an event's row.
pub const EVENT: &str = "event";
/// The kind of a strategy call's row.
pub const FRAME: &str = "frame";
/// The kind of the row that says rows came from the emergency file.
pub const EMERGENCY: &str = "emergency";
/// The kind of the row that sets order numbers aside.
pub const RESERVE: &str = "reserve";
/// The kind of the row that stands for calls of strategies to which nothing came back but that they ended
/// well. Only runs that can simply be run again have it; elsewhere every call has a row of its own.
pub const QUIET: &str = "quiet";
/// The kind of the row that names the market data of a run by its hash.
pub const DATA: &str = "data";
/// The kind of the row with which the sealed part of a ledger begins.
pub const CHAIN: &str = "chain";
/// The kind of a change to what a run is started with.
pub const CONFIG: &str = "config";
/// The kind of a change to what a strategy may do.
pub const APPROVAL: &str = "approval";
/// The kind of a change to who may do what.
pub const TRUST: &str = "trust";
/// The kind of the row that says something odd about the ledger itself.
pub const NOTE: &str = "note";

/// The kinds of the machine's own rows.
const RECORDS: [&str; 13] = [
    "decision",
    "order",
    "status",
    "fill",
    "day",
    "equity",
    "halt",
    "restraint",
    "strategy",
    "reconcile",
    "adjust",
    "kill",
    "alert",
];

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number: rows go to the end, without a gap.
    pub row: u64,
    /// The run that wrote it.
    pub run: u64,
    /// The event that caused it; 0 for what no event causes.
    pub seq: u64,
    /// When, by the run's own clock.
    pub at: At,
    /// What it is.
    pub kind: Cow<'static, str>,
    /// The row itself, as JSON.
    pub body: String,
}

/// What a run says of itself when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// Where orders go.
    pub mode: Mode,
    /// The seed of the exchange's faults and the strategies' chance.
    pub seed: u64,
    /// The program's version.
    pub build: String,
    /// The limits in force, as the hash of their text.
    pub limits_version: String,
    /// The limits themselves.
    pub limits: Limits,
    /// Where the market's data comes from.
    pub source: String,
    /// What the sandbox of strategies holds: `full`, `partial` or `none`.
    pub sandbox: String,
    /// When the process started, by the wall clock.
    pub started_at: At,
    /// The broker's account, as the beginning of a hash of its number; none for the embedded exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What is fixed for its machine: with the limits and the events, everything that it decides follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnd {
    /// Whether its data came to an end: the next start opens a new ledger.
    pub finished: bool,
    /// In words.
    pub reason: String,
}

/// One call of a strategy, as it went over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Which strategy.
    pub strategy: StrategyId,
    /// The bytes that went to its process.
    pub input: &'a [u8],
    /// The bytes that came back.
    pub output: &'a [u8],
    /// How the call ended, in words.
    pub outcome: &'a str,
    /// Processor time of the call, in microseconds, where it was measured.
    pub cpu_us: Option<u64>,
    /// Memory of the process after the call, in bytes, where it was measured.
    pub memory_bytes: Option<u64>,
}

/// What differs between two runs of the same input stands at the end, where the run's hash stops.
#[derive(Serialize)]
struct FrameBody<'a> {
    strategy: StrategyId,
    #[serde(rename = "in")]
    input: Wire<'a>,
    #[serde(rename = "out")]
    output: Wire<'a>,
    outcome: &'a str,
    cpu_us: Option<u64>,
    memory_bytes: Option<u64>,
}

/// Where the part of a frame's body begins that a run's hash leaves out. Inside a JSON text every
/// quotation mark is escaped, so this stands nowhere else.
pub(super) const FRAME_ASIDE: &str = ",\"outcome\":";

/// Bytes of the wire: as text where they are text.
#[derive(Serialize)]
#[serde(untagged)]
enum Wire<'a> {
    Text(&'a str),
    Bytes { hex: String },
}

impl<'a> Wire<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Bytes { hex: hex(bytes) },
        }
    }
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value as the body of a row of `kind`.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json(kind: &'static str, value: &impl Serialize) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|fault| JournalError::Unwritable { kind, fault })
}

/// The same behind `bytes`: a million rows in one piece of memory, and none of them copied.
///
/// # Errors
/// When it cannot be written as JSON; a part of it may stand behind `bytes` then.
pub fn json_behind(
    bytes: &mut Vec<u8>,
    kind: &'static str,
    value: &impl Serialize,
) -> Result<(), JournalError> {
    serde_json::to_writer(bytes, value).map_err(|fault| JournalError::Unwritable { kind, fault })
}

/// The body of a frame's row.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn frame_body(frame: &Frame<'_>) -> Result<String, JournalError> {
    json(FRAME, &body_of(frame))
}

/// The same behind `bytes`.
///
/// # Errors
/// As [`json_behind`].
pub fn frame_body_behind(bytes: &mut Vec<u8>, frame: &Frame<'_>) -> Result<(), JournalError> {
    json_behind(bytes, FRAME, &body_of(frame))
}

fn body_of<'a>(frame: &Frame<'a>) -> FrameBody<'a> {
    FrameBody {
        strategy: frame.strategy,
        input: Wire::of(frame.input),
        output: Wire::of(frame.output),
        outcome: frame.outcome,
        cpu_us: frame.cpu_us,
        memory_bytes: frame.memory_bytes,
    }
}

/// The kind of a record's row.
pub const fn kind_of(record: &Record) -> &'static str {
    match record {
        Record::Decision { .. } => "decision",
        Record::Order { .. } => "order",
        Record::Status { .. } => "status",
        Record::Fill { .. } => "fill",
        Record::Day { .. } => "day",
        Record::Equity { .. } => "equity",
        Record::Halt { .. } => "halt",
        Record::Restraint { .. } => "restraint",
        Record::Strategy { .. } => "strategy",
        Record::Reconcile { .. } => "reconcile",
        Record::Adjust { .. } => "adjust",
        Record::Kill(_) => "kill",
        Record::Alert(_) => "alert",
    }
}

/// A record's own JSON, without the name of its kind, which the row carries.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn record_body(record: &Record) -> Result<String, JournalError> {
    let mut bytes = Vec::new();
    record_body_behind(&mut bytes, record)?;
    String::from_utf8(bytes).map_err(|fault| JournalError::Unwritable {
        kind: kind_of(record),
        fault: serde::ser::Error::custom(fault),
    })
}

/// What stands around the name of a record's kind: a brace, two quotation marks and a colon.
const NAME_MARKS: usize = 4;

/// The same behind `bytes`.
///
/// # Errors
/// As [`json_behind`].
pub fn record_body_behind(bytes: &mut Vec<u8>, record: &Record) -> Result<(), JournalError> {
    let (start, kind) = (bytes.len(), kind_of(record));
    json_behind(bytes, kind, record)?;
    // `{"kind":` … `}`: cut by length, which costs nothing; a test holds it for every kind.
    bytes.pop();
    bytes.drain(start..start + kind.len() + NAME_MARKS);
    Ok(())
}

/// The kind of this name, among those that the pump writes; `None` for any other.
#[must_use]
pub fn pump_kind(name: &str) -> Option<&'static str> {
    RECORDS.into_iter().chain([EVENT, FRAME, QUIET]).find(|kind| *kind == name)
}

/// Whether rows of this kind are the machine's own.
#[must_use]
pub fn is_record(kind: &str) -> bool {
    RECORDS.contains(&kind)
}

impl Row {
    /// The machine's own row in it; `None` for a row of another kind.
    ///
    /// # Errors
    /// When the body is not what its kind says.
    pub fn record(&self) -> Option<serde_json::Result<Record>> {
        is_record(&self.kind).then(|| serde_json::from_str(&format!("{{\"{}\":{}}}", self.kind, self.body)))
    }

    /// The event in it; `None` for a row of another kind.
    ///
    /// # Errors
    /// When the body is no event.
    pub fn event(&self) -> Option<serde_json::Result<Event>> {
        (self.kind == EVENT).then(|| serde_json::from_str(&self.body))
    }

    /// The head of a run in it; `None` for a row of another kind.
    ///
    /// # Errors
    /// When the body is none.
    pub fn run_head(&self) -> Option<serde_json::Result<RunHead>> {
        (self.kind == RUN).then(|| serde_json::from_str(&self.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::testing::one_of_each;

    #[test]
    fn every_record_comes_back_from_its_row_and_is_of_a_known_kind() {
        let records = one_of_each();
        assert_eq!(records.len(), RECORDS.len());
        for record in records {
            let kind = kind_of(&record).into();
            let body = record_body(&record).unwrap();
            let row = Row { row: 1, run: 1, seq: 1, at: At::default(), kind, body };
            assert_eq!(row.record().unwrap().unwrap(), record);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_as_hex() {
        let strategy = StrategyId(1);
        let frame = Frame {
            strategy,
            input: b"{}",
            output: &[0xff, 0],
            outcome: "done",
            cpu_us: None,
            memory_bytes: None,
        };
        let body = frame_body(&frame).unwrap();
        assert!(
            body.starts_with(r#"{"strategy":1,"in":"{}","out":{"hex":"ff00"},"outcome":"done""#),
            "{body}"
        );
    }
}
