use std::io::Write;

use crate::domain::at::At;
use crate::domain::outside::escaped;
use crate::engine::record::Record;
use crate::pump::audience::Audience;

/// Prints every row as one line of JSON. When nobody reads any more, it says so.
pub struct Lines<W: Write> {
    out: W,
    /// Whether the reader is gone.
    pub broken: bool,
}

impl<W: Write> Lines<W> {
    /// Lines into `out`.
    pub fn new(out: W) -> Self {
        Self { out, broken: false }
    }
}

impl<W: Write> Audience for Lines<W> {
    fn hear(&mut self, seq: u64, at: At, record: &Record) {
        let kind = match record {
            Record::Decision { refusal, .. } if !refusal.is_empty() => "refusal",
            Record::Decision { .. } => "decision",
            Record::Order { .. } | Record::Status { .. } => "order",
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
        };
        let line = serde_json::json!({ "schema": 1, "seq": seq, "at": at, "type": kind, "body": record });
        if !self.broken
            && writeln!(self.out, "{}", escaped(&line.to_string(), &[]))
                .and_then(|()| self.out.flush())
                .is_err()
        {
            self.broken = true;
        }
    }
}
