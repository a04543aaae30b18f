use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;

/// Within how many milliseconds rejects of the broker are counted together.
const REJECTS_WITHIN_MS: i64 = 60_000;
/// Within how many milliseconds filled openings of one strategy are counted together.
const OPENINGS_WITHIN_MS: i64 = 600_000;
/// The most that is remembered one by one: far above the hard bounds of both limits.
const REMEMBERED_MAX: usize = 4_096;

/// A restraint that what happened lays on trading, and that a restart does not lift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restraint {
    /// The strategy of this name is disabled until the trader resumes it.
    Strategy(String),
    /// The broker rejected too many orders: no openings until the trader acknowledges it.
    RejectStorm,
    /// Live is not armed: no openings until the trader arms it. Every process begins with it.
    Disarmed,
    /// Too many trades in a row have lost: no openings before this instant.
    CoolDown {
        /// When it ends.
        until: At,
    },
}

/// What counts towards a restraint, and the restraints that stand. The machine keeps one by what happens,
/// and the journal's fold the same one by the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Restraints {
    /// Disabled strategies by name, each with the reason.
    pub disabled: BTreeMap<String, String>,
    /// Why the broker's rejects have ended openings.
    pub reject_storm: Option<String>,
    /// When the pause after losses ends.
    pub cool_down_until: Option<At>,
    rejects: VecDeque<(At, Option<String>)>,
    openings: VecDeque<(At, String, ClientOrderId)>,
}

impl Restraints {
    /// Lays a restraint on, or lifts it; what was counted towards one that is lifted counts no more.
    pub fn set(&mut self, what: &Restraint, holds: bool, reason: &str) {
        match (what, holds) {
            (Restraint::Strategy(name), true) => {
                self.disabled.entry(name.clone()).or_insert_with(|| reason.to_owned());
            }
            (Restraint::Strategy(name), false) => {
                self.disabled.remove(name);
                self.openings.retain(|(_, of, _)| of != name);
                for (_, of) in self.rejects.iter_mut().filter(|(_, of)| of.as_ref() == Some(name)) {
                    // The account goes on counting it.
                    *of = None;
                }
            }
            (Restraint::RejectStorm, true) => {
                self.reject_storm.get_or_insert_with(|| reason.to_owned());
            }
            (Restraint::RejectStorm, false) => {
                self.reject_storm = None;
                self.rejects.clear();
            }
            (Restraint::CoolDown { until }, true) => {
                self.cool_down_until = self.cool_down_until.max(Some(*until));
            }
            (Restraint::CoolDown { .. }, false) => self.cool_down_until = None,
            // It does not outlive its process: whoever starts again begins disarmed.
            (Restraint::Disarmed, _) => {}
        }
    }

    /// What stands, each in words that say how it ends.
    pub fn words(&self) -> Vec<String> {
        let disabled = self.disabled.iter().map(|(name, reason)| format!("{name} is disabled: {reason}"));
        let storm =
            self.reject_storm.iter().map(|reason| format!("no openings until acknowledged: {reason}"));
        let pause =
            self.cool_down_until.iter().map(|until| format!("no openings until {until}: losses in a row"));
        disabled.chain(storm).chain(pause).collect()
    }

    /// Counts a reject of the broker.
    pub fn count_reject(&mut self, at: At, strategy: Option<String>) {
        self.rejects.retain(|(earlier, _)| at.millis_since(*earlier) < REJECTS_WITHIN_MS);
        if self.rejects.len() >= REMEMBERED_MAX {
            self.rejects.pop_front();
        }
        self.rejects.push_back((at, strategy));
    }

    /// Rejects within the last minute: of this strategy, and of all.
    pub fn rejects(&self, strategy: Option<&str>) -> (usize, usize) {
        let own = self.rejects.iter().filter(|(_, of)| of.is_some() && of.as_deref() == strategy).count();
        (own, self.rejects.len())
    }

    /// Counts an opening order of a strategy that began to fill, each order once; gives how many of the
    /// strategy's did within ten minutes.
    pub fn count_opening(&mut self, at: At, strategy: &str, order: ClientOrderId) -> usize {
        self.openings.retain(|(earlier, _, _)| at.millis_since(*earlier) < OPENINGS_WITHIN_MS);
        if !self.openings.iter().any(|(_, _, counted)| *counted == order) {
            if self.openings.len() >= REMEMBERED_MAX {
                self.openings.pop_front();
            }
            self.openings.push_back((at, strategy.to_owned(), order));
        }
        self.openings.iter().filter(|(_, of, _)| of == strategy).count()
    }
}
