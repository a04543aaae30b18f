use crate::domain::at::At;
use crate::engine::record::Record;

/// Somebody who is told every row as it is written: the headless run's lines, the window's log.
pub trait Audience {
    /// One row, with the event that caused it.
    fn hear(&mut self, seq: u64, at: At, record: &Record);
}

/// Nobody listens.
#[derive(Debug, Default)]
pub struct Nobody;

impl Audience for Nobody {
    fn hear(&mut self, _: u64, _: At, _: &Record) {}
}
