//! Rows that say who changed what, from what to what: they move no order, so they stand outside of a run's hash
//! and of what a next process remembers.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::at::At;
use crate::journal::error::JournalError;
use crate::journal::reader::Reader;
use crate::journal::row::{APPROVAL, CONFIG, RUN, RunHead, TRUST};
use crate::journal::writer::Journal;

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// A limit, or what else a run is started with.
    Config,
    /// The approval of a strategy.
    Approval,
    /// Who may do what: unlocking and its failures, arming, disarming.
    Trust,
}

impl Changed {
    /// The kind of its rows.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Config => CONFIG,
            Self::Approval => APPROVAL,
            Self::Trust => TRUST,
        }
    }
}

/// One change. Words of the trader's own go into `detail`; no secret goes anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Who did it: `operator`, `engine`, a strategy.
    pub who: String,
    /// What was changed.
    pub what: String,
    /// What it was; nothing where it was not there.
    pub before: Option<String>,
    /// What it is; nothing where it is gone.
    pub after: Option<String>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

const OPERATOR: &str = "operator";
const ENGINE: &str = "engine";
/// What shuts strategies in.
const SANDBOX: &str = "sandbox";

impl Change {
    /// A change by the trader.
    #[must_use]
    pub fn by_the_operator(what: String, before: Option<String>, after: Option<String>) -> Self {
        Self { who: OPERATOR.to_owned(), what, before, after, detail: None }
    }
}

impl Journal {
    /// Notes a change. It is on disk with the next commit.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn change(&mut self, at: At, changed: Changed, change: &Change) -> Result<(), JournalError> {
        self.push_json(0, at, changed.kind(), change)
    }

    /// What the last run of this ledger was started with, as it said itself.
    pub(super) fn last_run_head(&self) -> Result<Option<RunHead>, JournalError> {
        let select = "SELECT body FROM record WHERE kind = ?1 ORDER BY row DESC LIMIT 1";
        let found: Option<String> = self
            .connection
            .query_row(select, [RUN], |row| row.get(0))
            .optional()
            .map_err(|fault| self.fault(fault))?;
        // A head that an older build wrote in other words tells of no change.
        Ok(found.and_then(|body| serde_json::from_str(&body).ok()))
    }
}

impl Reader {
    /// What every change of this kind adds up to: what was changed, and what it is by now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn changed_to(&self, changed: Changed) -> Result<BTreeMap<String, String>, JournalError> {
        let mut standing = BTreeMap::new();
        for row in self.rows(changed.kind())? {
            let change: Change = serde_json::from_str(&row.body)
                .map_err(|fault| JournalError::Body { row: row.row, fault })?;
            match change.after {
                Some(after) => standing.insert(change.what, after),
                None => standing.remove(&change.what),
            };
        }
        Ok(standing)
    }
}

/// What a run is started with, by the names of the config: what differs between two runs of the same trader.
pub(super) fn between(before: &RunHead, after: &RunHead) -> Vec<Change> {
    let (before, after) = (settings(before), settings(after));
    let mut changes = Vec::new();
    for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))) {
        let (was, is) = (before.get(name), after.get(name));
        if was != is {
            let change = Change::by_the_operator(name.clone(), was.cloned(), is.cloned());
            // The config is the trader's own file; what the machine can hold is not.
            let who = if name == SANDBOX { ENGINE } else { OPERATOR };
            changes.push(Change { who: who.to_owned(), ..change });
        }
    }
    changes
}

/// Settings with their values as text; one that is off has none.
fn settings(head: &RunHead) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let limits = serde_json::to_value(&head.limits).unwrap_or_default();
    let limits = limits.as_object().into_iter().flatten();
    let mut settings: BTreeMap<String, String> =
        limits.filter_map(|(name, value)| Some((format!("limits.{name}"), text(value)?))).collect();
    settings.insert("seed".to_owned(), head.seed.to_string());
    settings.insert("data".to_owned(), head.source.clone());
    settings.insert(SANDBOX.to_owned(), head.sandbox.clone());
    settings.insert("build".to_owned(), head.build.clone());
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mode::Mode;
    use crate::journal::reader::View;
    use crate::journal::run_hash::RunHash;
    use crate::journal::testing::{Folder, at, end, halt, head};
    use crate::journal::verify::{Chain, verify};
    use crate::risk::state::TradingState;

    #[test]
    fn a_run_with_other_limits_says_each_with_before_and_after() {
        let folder = Folder::new("changes");
        let path = folder.file("a.db");
        let mut next = head(Mode::Sim);
        next.limits.max_heat_pct = None;
        next.limits.max_position_pct = Some("7.5".parse().unwrap());
        next.seed = 8;
        for (run, head) in [head(Mode::Sim), head(Mode::Sim), next.clone(), next].iter().enumerate() {
            let seconds = i64::try_from(run).unwrap() * 10;
            let (mut journal, _) = Journal::open(&path, at(seconds)).unwrap();
            journal.begin_run(head, at(seconds)).unwrap();
            journal.end_run(&end(), at(seconds + 1)).unwrap();
        }
        let rows = Reader::open(&path).unwrap().rows(CONFIG).unwrap();
        let bodies: Vec<&str> = rows.iter().map(|row| row.body.as_str()).collect();
        assert_eq!(
            bodies,
            [
                r#"{"who":"operator","what":"limits.max_heat_pct","before":"25","after":null}"#,
                r#"{"who":"operator","what":"limits.max_position_pct","before":"10","after":"7.5"}"#,
                r#"{"who":"operator","what":"seed","before":"7","after":"8"}"#,
            ]
        );
        assert!(rows.iter().all(|row| row.run == 3), "nothing changed between the others");
        assert_eq!(verify(&path).unwrap().chain, Chain::Ok);
    }

    #[test]
    fn changes_stay_outside_of_a_runs_hash_and_the_view_shows_who_what_before_and_after() {
        let folder = Folder::new("changes-view");
        let path = folder.file("a.db");
        let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
        journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
        let failed = Change {
            who: "operator".to_owned(),
            what: "unlock".to_owned(),
            before: None,
            after: Some("failed".to_owned()),
            detail: Some("third try".to_owned()),
        };
        journal.change(at(1), Changed::Trust, &failed).unwrap();
        let approved = |before: Option<&str>, after: Option<&str>| {
            Change::by_the_operator("a.js".to_owned(), before.map(str::to_owned), after.map(str::to_owned))
        };
        journal.change(at(2), Changed::Approval, &approved(None, Some("12ab"))).unwrap();
        journal.change(at(3), Changed::Approval, &approved(Some("12ab"), None)).unwrap();
        journal.change(at(3), Changed::Approval, &approved(None, Some("34cd"))).unwrap();
        journal.commit().unwrap();
        assert_eq!(journal.journal_hash(), RunHash::new(Mode::Sim).hex());
        journal.record(1, at(4), &halt(TradingState::Halted, crate::domain::intent::Origin::Kill)).unwrap();
        journal.commit().unwrap();
        let reader = Reader::open(&path).unwrap();
        let table = reader.view(View::Audit).unwrap();
        let header = ["row", "run", "seq", "at", "kind", "who", "what", "before", "after", "detail"];
        assert_eq!(table.header, header);
        let shown: Vec<String> = table
            .rows
            .iter()
            .map(|row| {
                row[4..].iter().map(|cell| cell.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(shown[0], "trust operator unlock - failed third try");
        assert_eq!(shown[2], "approval operator a.js 12ab - -");
        assert_eq!(shown[4], "halt kill state - halted a \"reason\"");
        let standing = reader.changed_to(Changed::Approval).unwrap();
        assert_eq!(standing.into_iter().collect::<Vec<_>>(), [("a.js".to_owned(), "34cd".to_owned())]);
    }
}
