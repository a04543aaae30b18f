use serde::{Deserialize, Serialize};

use crate::domain::at::At;
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

/// The line to the program, broken by a seed: the same seed breaks it in the same places.
#[derive(Debug)]
pub(super) struct Line {
    faults: Faults,
    seed: u64,
    waiting: Vec<(At, VenueReport)>,
}

impl Line {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, seed, waiting: Vec::new() }
    }

    pub(super) fn way_of_submit(&mut self) -> Way {
        self.way(self.faults.submit)
    }

    pub(super) fn way_of_cancel(&mut self) -> Way {
        self.way(self.faults.cancel)
    }

    fn way(&mut self, faults: RequestFaults) -> Way {
        if self.hits(faults.timeout_before) {
            Way::TimeoutBefore
        } else if self.hits(faults.timeout_after) {
            Way::TimeoutAfter
        } else if self.hits(faults.refused) {
            Way::Refused
        } else {
            Way::Clear
        }
    }

    pub(super) fn send(&mut self, report: VenueReport, now: At) {
        if self.hits(self.faults.lost) {
            return;
        }
        let mut due = now;
        if self.hits(self.faults.late) {
            let most = u64::from(self.faults.late_ms.max(1));
            let delay = self.next().checked_rem(most).unwrap_or(0).saturating_add(1);
            due = due.plus_millis(i64::try_from(delay).unwrap_or(0));
        }
        if self.hits(self.faults.doubled) {
            self.waiting.push((due, report.clone()));
        }
        self.waiting.push((due, report));
        let last = self.waiting.len().saturating_sub(1);
        if last > 0 && self.hits(self.faults.reordered) {
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

    fn hits(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.next().checked_rem(1000).unwrap_or(0) < u64::from(per_mille)
    }

    /// `SplitMix64`: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    fn next(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
