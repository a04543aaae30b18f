use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::app::certificate::settings_of;
use crate::app::whole_file;
use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::mode::Mode;
use crate::journal::change::{Change, Changed};
use crate::journal::reader::Reader;
use crate::journal::row::RunHead;
use crate::journal::seal::Seal;
use crate::journal::writer::Journal;
use crate::risk::limits::Limits;

/// The trader's word that looser limits are meant. Without one the config may say what it likes: the tighter limits
/// of the last run stay in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loosening {
    /// The limits that are meant, as a hash: others need another word.
    settings: String,
    /// The trading day on which it was said; it counts from the next one on.
    said_on: TradingDay,
    /// When, by the wall's clock.
    pub at: At,
    /// Why, in the trader's own words.
    pub reason: String,
    /// With real money: proof that whoever said it had the passphrase.
    #[serde(default)]
    proof: Option<String>,
}

/// Where the words of each mode stand.
fn place(state: &Path) -> PathBuf {
    state.join("loosening.json")
}

impl Loosening {
    /// A word for these limits, said on this trading day.
    pub fn said(limits: &Limits, said_on: TradingDay, at: At, reason: String, seal: Option<&Seal>) -> Self {
        let word = Self { settings: settings_of(limits), said_on, at, reason, proof: None };
        let proof = seal.map(|seal| seal.proof_of_a_word(&word.text()));
        Self { proof, ..word }
    }

    fn text(&self) -> String {
        format!("{} {} {} {}", self.settings, self.said_on, self.at, self.reason)
    }

    /// The word that was last said for this mode.
    ///
    /// # Errors
    /// A file that is not what this program writes.
    pub fn of(state: &Path, mode: Mode) -> Result<Option<Self>, String> {
        Ok(all(state)?.remove(mode.word()))
    }

    /// Keeps it, in the place of an earlier one.
    ///
    /// # Errors
    /// The file, and why it could not be written.
    pub fn keep(self, state: &Path, mode: Mode) -> Result<(), String> {
        let mut words = all(state)?;
        words.insert(mode.word().to_owned(), self);
        let text = serde_json::to_string_pretty(&words).map_err(|fault| fault.to_string())?;
        whole_file::put(&place(state), text.as_bytes())
    }

    /// Whether it counts for these limits on this day; with a seal only where its proof does.
    fn counts(&self, wished: &Limits, today: TradingDay, seal: Option<&Seal>) -> bool {
        let is_proven = seal
            .is_none_or(|seal| self.proof.as_deref() == Some(seal.proof_of_a_word(&self.text()).as_str()));
        self.settings == settings_of(wished) && today > self.said_on && is_proven
    }
}

fn all(state: &Path) -> Result<BTreeMap<String, Loosening>, String> {
    let path = place(state);
    let fail = |fault: &dyn std::fmt::Display| {
        format!("{}: {fault}; take it away, and say it again", path.display())
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map_err(|fault| fail(&fault)),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(fault) => Err(fail(&fault)),
    }
}

/// The limits that a run begins with, and what there is to say of them.
pub struct InForce {
    /// These.
    pub limits: Limits,
    /// Where they are not the config's, limit by limit.
    pub waits: Vec<String>,
    /// The word by which they became looser than the last run's.
    pub loosened_by: Option<Loosening>,
}

/// The limits of the ledger's last run, and the trading day that it ended on.
///
/// # Errors
/// A ledger that cannot be read.
pub fn last_limits(reader: &Reader) -> Result<Option<Limits>, String> {
    let runs = reader.rows("run").map_err(|fault| fault.to_string())?;
    let Some(last) = runs.last() else { return Ok(None) };
    let unreadable = |fault| format!("the limits of the last run cannot be read: {fault}");
    serde_json::from_str::<RunHead>(&last.body).map(|head| Some(head.limits)).map_err(unreadable)
}

/// The limits to begin with: the config's where they are as tight as the last run's, and else the tighter ones, until
/// the trader's word for the looser ones counts.
///
/// # Errors
/// A ledger or a word that cannot be read.
pub(super) fn in_force(
    wished: &Limits,
    reader: &Reader,
    state: &Path,
    mode: Mode,
    now: At,
    seal: Option<&Seal>,
) -> Result<InForce, String> {
    let as_wished = |loosened_by| InForce { limits: wished.clone(), waits: Vec::new(), loosened_by };
    let Some(last) = last_limits(reader)? else { return Ok(as_wished(None)) };
    let kept = last.tightest(wished);
    if kept == *wished {
        return Ok(as_wished(None));
    }
    let word = Loosening::of(state, mode)?;
    if let Some(word) = word.filter(|word| word.counts(wished, TradingDay::of(now), seal)) {
        return Ok(as_wished(Some(word)));
    }
    tracing::warn!("the config's limits are looser than those in force, which stay");
    let waits = kept.instead_of(wished);
    Ok(InForce { limits: kept, waits, loosened_by: None })
}

/// Writes down by which word a run's limits are looser than the last one's, and what came before it.
pub(super) fn tell_loosening(
    journal: &mut Journal,
    loosened_by: Option<Loosening>,
    now: At,
) -> Result<(), String> {
    if let Some(word) = loosened_by {
        let said = Some(format!("said {}", word.at));
        let loosened = Change::by_the_operator("looser limits".to_owned(), None, said);
        let told = journal.change(now, Changed::Config, &Change { detail: Some(word.reason), ..loosened });
        told.map_err(|fault| fault.to_string())?;
    }
    journal.commit().map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::clock;

    fn day(text: &str) -> At {
        format!("{text}T15:00:00Z").parse().unwrap()
    }

    /// A ledger whose last run had these limits, and its state folder.
    fn ledger(name: &str, limits: &Limits) -> (Reader, PathBuf) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/loosening").join(name);
        let _none_before = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("paper-0001.db");
        let (mut journal, _) = Journal::open(&path, clock::now()).unwrap();
        let head = RunHead {
            mode: Mode::Paper,
            seed: 1,
            build: "a build".to_owned(),
            limits_version: String::new(),
            limits: limits.clone(),
            source: String::new(),
            sandbox: String::new(),
            started_at: day("2013-10-07"),
            account: None,
            settings: None,
        };
        journal.begin_run(&head, day("2013-10-07")).unwrap();
        (Reader::open(&path).unwrap(), folder)
    }

    #[test]
    fn looser_limits_need_the_traders_word_and_another_day_and_tighter_ones_neither() {
        let (tight, wide) = (Limits { loss_streak: Some(2), ..Limits::default() }, Limits::default());
        let (reader, state) = ledger("word", &tight);
        let begins = |wished: &Limits, on: &str| {
            in_force(wished, &reader, &state, Mode::Paper, day(on), None).unwrap()
        };
        let tighter = Limits { cool_down_minutes: 60, ..tight.clone() };
        assert_eq!(begins(&tighter, "2013-10-07").limits, tighter, "at once");
        for on in ["2013-10-07", "2013-10-08", "2014-10-08"] {
            let kept = begins(&wide, on);
            assert_eq!((&kept.limits, kept.waits.len()), (&tight, 1), "{on}: {:?}", kept.waits);
        }
        let say = |limits: &Limits| {
            Loosening::said(limits, "2013-10-07".parse().unwrap(), day("2013-10-07"), "why".to_owned(), None)
                .keep(&state, Mode::Paper)
                .unwrap();
        };
        say(&tighter);
        assert_eq!(begins(&wide, "2013-10-08").limits, tight, "the word was for other limits");
        say(&wide);
        assert_eq!(begins(&wide, "2013-10-07").limits, tight, "on the day itself nothing loosens");
        let loosened = begins(&wide, "2013-10-08");
        assert_eq!((loosened.limits, loosened.loosened_by.unwrap().reason), (wide.clone(), "why".to_owned()));
        let other = in_force(&wide, &reader, &state, Mode::Sim, day("2013-10-08"), None).unwrap();
        assert_eq!(other.limits, tight, "a word holds for its own mode");
    }

    #[test]
    fn with_real_money_a_word_that_was_written_without_the_passphrase_does_not_count() {
        let (tight, wide) = (Limits { loss_streak: Some(2), ..Limits::default() }, Limits::default());
        let (reader, state) = ledger("proof", &tight);
        let (own, other) = (Seal::of(&[7; 32]), Seal::of(&[8; 32]));
        let begins =
            || in_force(&wide, &reader, &state, Mode::Live, day("2013-10-08"), Some(&own)).unwrap().limits;
        let say = |seal: Option<&Seal>| {
            Loosening::said(&wide, "2013-10-07".parse().unwrap(), day("2013-10-07"), "why".to_owned(), seal)
                .keep(&state, Mode::Live)
                .unwrap();
        };
        for forged in [None, Some(&other)] {
            say(forged);
            assert_eq!(begins(), tight);
        }
        say(Some(&own));
        assert_eq!(begins(), wide);
        let text = std::fs::read_to_string(place(&state)).unwrap();
        std::fs::write(place(&state), text.replace("2013-10-07\"", "2013-10-04\"")).unwrap();
        assert_eq!(begins(), tight, "nor one whose day was changed");
    }
}
