use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::chance::Chance;
use crate::domain::venue::VenueReport;

/// How often requests of one kind break, each in a thousand; at most one of them happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestFaults {
    /// It is refused for no reason of its own.
    pub refused: u32,
    /// It times out before it arrived: nothing happened.
    pub timeout_before: u32,
    /// It arrives, and its answer times out.
    pub timeout_after: u32,
}

/// How often the line between venue and program breaks, each in a thousand. What truly happened at
/// the venue is never changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// A report never arrives.
    pub lost: u32,
    /// A report arrives late.
    pub late: u32,
    /// By how many milliseconds at most.
    pub late_ms: u32,
    /// A report arrives twice.
    pub doubled: u32,
    /// A report overtakes the one before it.
    pub reordered: u32,
    /// The whole state cannot be read when it is asked for.
    pub silent: u32,
    /// What happens to orders on their way.
    pub submit: RequestFaults,
    /// What happens to cancels on their way.
    pub cancel: RequestFaults,
}

/// What becomes of one request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Clear,
    Refused,
    TimeoutBefore,
    TimeoutAfter,
}

/// In which words nobody answers: each of them leaves it open whether the request arrived.
const NO_ANSWER: [&str; 5] = [
    "no answer within the time allowed",
    "the connection was reset",
    "429 too many requests",
    "500 internal server error",
    "the answer is no JSON",
];

/// The line to the program, broken by a seed: the same seed breaks it in the same places.
#[derive(Debug)]
pub(super) struct Line {
    faults: Faults,
    chance: Chance,
    waiting: Vec<(At, VenueReport)>,
    happened: BTreeMap<&'static str, u64>,
}

impl Line {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, chance: Chance::of(seed), waiting: Vec::new(), happened: BTreeMap::new() }
    }

    /// From here on it breaks so.
    pub(super) fn breaks(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// What broke how often.
    pub(super) const fn happened(&self) -> &BTreeMap<&'static str, u64> {
        &self.happened
    }

    pub(super) fn note(&mut self, what: &'static str) {
        let count = self.happened.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn way_of_submit(&mut self) -> Way {
        let names =
            ["order timed out before it arrived", "order timed out after it arrived", "order turned away"];
        self.way(self.faults.submit, names)
    }

    pub(super) fn way_of_cancel(&mut self) -> Way {
        let names =
            ["cancel timed out before it arrived", "cancel timed out after it arrived", "cancel turned away"];
        self.way(self.faults.cancel, names)
    }

    fn way(&mut self, faults: RequestFaults, [before, after, refused]: [&'static str; 3]) -> Way {
        if self.breaks_by(faults.timeout_before, before) {
            Way::TimeoutBefore
        } else if self.breaks_by(faults.timeout_after, after) {
            Way::TimeoutAfter
        } else if self.breaks_by(faults.refused, refused) {
            Way::Refused
        } else {
            Way::Clear
        }
    }

    /// Why the whole state cannot be read now, where it cannot.
    pub(super) fn is_silent(&mut self) -> Option<String> {
        self.breaks_by(self.faults.silent, "state could not be read").then(|| self.no_answer())
    }

    /// The words of an answer that never came, or that says nothing.
    pub(super) fn no_answer(&mut self) -> String {
        self.chance.one_of(&NO_ANSWER).copied().unwrap_or_default().to_owned()
    }

    /// The stream was cut: what was on its way is lost.
    pub(super) fn cut(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.clear();
            self.note("stream cut with reports on their way");
        }
    }

    pub(super) fn send(&mut self, report: VenueReport, now: At) {
        if self.breaks_by(self.faults.lost, "report lost") {
            return;
        }
        let mut due = now;
        if self.breaks_by(self.faults.late, "report late") {
            let delay = self.chance.below(u64::from(self.faults.late_ms.max(1))).saturating_add(1);
            due = due.plus_millis(i64::try_from(delay).unwrap_or(0));
        }
        if self.breaks_by(self.faults.doubled, "report doubled") {
            self.waiting.push((due, report.clone()));
        }
        self.waiting.push((due, report));
        let last = self.waiting.len().saturating_sub(1);
        if last > 0 && self.breaks_by(self.faults.reordered, "report overtook another") {
            self.waiting.swap(last, last.saturating_sub(1));
        }
    }

    /// What has arrived by `now`, in the order of arrival.
    pub(super) fn arrived(&mut self, now: At) -> Vec<VenueReport> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let mut arrived = Vec::new();
        let mut later = Vec::new();
        for (due, report) in std::mem::take(&mut self.waiting) {
            if due <= now {
                arrived.push(report);
            } else {
                later.push((due, report));
            }
        }
        self.waiting = later;
        arrived
    }

    fn breaks_by(&mut self, per_mille: u32, what: &'static str) -> bool {
        let breaks = self.chance.hits(per_mille);
        if breaks {
            self.note(what);
        }
        breaks
    }
}
