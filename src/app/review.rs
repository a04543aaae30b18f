//! A script is seen before it is approved: what the shell and the window show of it, and the approval itself.

use std::path::{Path, PathBuf};

use crate::app::clock;
use crate::app::control::Reply;
use crate::app::note::Note;
use crate::domain::mode::Mode;
use crate::domain::outside::tamed;
use crate::domain::passport::Passport;
use crate::strategy::approval::{Approval, Approvals, Verdict};
use crate::strategy::copies;
use crate::strategy::diff::diff;
use crate::strategy::host::{SpawnSettings, describe};
use crate::strategy::manifest::Manifest;
use crate::strategy::source::StrategySource;
use crate::ui::msg::Asker;
use crate::ui::review::{ReviewAsks, ScriptView};

/// What an approval in the window is for. Live is approved in the shell alone.
const MODES: [Mode; 2] = [Mode::Sim, Mode::Paper];

/// A script that runs, and where it was read.
#[derive(Debug, Clone)]
pub struct Script {
    /// Its file; none where it comes with the program.
    pub path: Option<PathBuf>,
    /// What runs.
    pub source: StrategySource,
}

impl Script {
    fn on_disk(&self) -> Result<StrategySource, String> {
        match &self.path {
            None => Ok(self.source.clone()),
            Some(path) => StrategySource::read(path).map_err(|fault| fault.to_string()),
        }
    }
}

/// Notes the trader's approval of a source for these modes, and keeps its text.
///
/// # Errors
/// When it cannot be written, in words.
pub fn grant(
    state: &Path,
    source: &StrategySource,
    manifest: &Manifest,
    passport: Passport,
    modes: &[Mode],
) -> Result<(), String> {
    let mut approvals = Approvals::read(state).map_err(|fault| fault.to_string())?;
    let approval = Approval {
        file: source.file.clone(),
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        at: clock::now(),
        passport,
    };
    for mode in modes.iter().copied() {
        approvals.approve(mode, source.hash, approval.clone()).map_err(|fault| fault.to_string())?;
    }
    copies::keep(state, source)
}

/// The passport in lines, as it is shown before an approval.
pub fn passport_lines(passport: &Passport) -> Vec<String> {
    let lines = passport.lines();
    let all = lines.iter().map(|(name, value)| format!("  {name:24} {value}"));
    std::iter::once("passport: the gate lets none of its openings pass beyond it".to_owned())
        .chain(all)
        .collect()
}

/// Does what the window asks about one of these scripts, which stand in the order of their numbers from 1 on.
pub(super) fn carry_out(state: &Path, scripts: &[Script], asks: &ReviewAsks, tell: impl Fn(Note)) {
    let (ReviewAsks::Read { strategy } | ReviewAsks::Approve { strategy, .. }) = asks;
    let script = usize::from(*strategy).checked_sub(1).and_then(|place| scripts.get(place));
    let Some(script) = script else {
        return tell(Note::Answered(Asker::Review, Reply::words(1, "nobody knows where its file is")));
    };
    let approved = match asks {
        ReviewAsks::Approve { sha256, .. } => Some(approve(state, script, sha256)),
        ReviewAsks::Read { .. } => None,
    };
    // What is in sight afterwards is what lies on disk, whatever came of it.
    let reply = match look(state, *strategy, script) {
        Ok(view) => {
            tell(Note::Script(Box::new(view)));
            approved
        }
        Err(words) => Some(approved.unwrap_or_else(|| Reply::words(1, words))),
    };
    if let Some(reply) = reply {
        tell(Note::Answered(Asker::Review, reply));
    }
}

/// Reads a strategy's file anew, for eyes.
pub(super) fn look(state: &Path, strategy: u16, script: &Script) -> Result<ScriptView, String> {
    let source = script.on_disk()?;
    let approvals = Approvals::read(state).map_err(|fault| fault.to_string())?;
    let is_approved = |mode: &Mode| approvals.verdict(*mode, &source.file, source.hash) == Verdict::Approved;
    let approved: Vec<&str> =
        [Mode::Sim, Mode::Paper, Mode::Live].into_iter().filter(is_approved).map(Mode::word).collect();
    let missing = script.path.is_some() && !MODES.iter().all(is_approved);
    let before = copies::last_approved(state, &approvals, &source.file);
    let before = before.filter(|before| missing && before.hash != source.hash);
    let asked = ask_itself(&source);
    let mut facts = vec![match approved.as_slice() {
        [] => "not approved as it stands on disk".to_owned(),
        modes => format!("approved for {} as it stands on disk", modes.join(" and ")),
    }];
    if source.hash != script.source.hash {
        facts.push(
            "changed since the run began: in sim and paper it takes its seat once it is approved".to_owned(),
        );
    }
    if script.path.is_none() {
        facts.push("it comes with the program: in sim it runs without an approval".to_owned());
    }
    let granted = approvals.passport(Mode::Sim, source.hash).filter(|_| !missing).cloned();
    match &asked {
        Ok((manifest, asks)) => {
            facts.push(tamed(&format!("{} {}", manifest.name, manifest.version)));
            match granted.map_or_else(|| grantable(&approvals, &source.file, asks, false), Ok) {
                Ok(passport) => facts.extend(with_what_it_asks(&passport, asks)),
                Err(words) => facts.push(words),
            }
        }
        Err(words) => facts.push(tamed(&format!("it cannot be approved: {words}"))),
    }
    if missing {
        facts.push(
            "approved here it may run in sim and paper; live is approved in the shell, with --live"
                .to_owned(),
        );
    }
    let (text, is_diff) = match &before {
        Some(before) => (diff(&tamed(&before.text), &tamed(&source.text)), true),
        None => (tamed(&source.text), false),
    };
    Ok(ScriptView {
        strategy,
        file: tamed(&source.file),
        sha256: source.hash.to_string(),
        facts,
        lines: text.lines().map(str::to_owned).collect(),
        is_diff,
        approvable: missing
            && asked.is_ok_and(|(_, asks)| grantable(&approvals, &source.file, &asks, false).is_ok()),
    })
}

/// What an approval of this file grants: what it asks for, within what was granted to the file before, so that a
/// new text never gets more than the old one unseen; `anew` forgets that.
///
/// # Errors
/// Where both have nothing in common, in words.
pub fn grantable(approvals: &Approvals, file: &str, asks: &Passport, anew: bool) -> Result<Passport, String> {
    match before_of(approvals, file).filter(|_| !anew) {
        None => Ok(asks.clone()),
        Some(before) => asks.narrowed(before).map_err(|words| {
            format!("{words}; `hardstop strategy approve FILE --anew` forgets what was granted before")
        }),
    }
}

/// The passport that was granted last under a file's name.
fn before_of<'a>(approvals: &'a Approvals, file: &str) -> Option<&'a Passport> {
    let named = approvals.all().filter(|(_, _, approval)| approval.file == file);
    named.max_by_key(|(_, _, approval)| approval.at).map(|(_, _, approval)| &approval.passport)
}

/// A passport in lines, each with what the script asks for where it gets less.
pub fn with_what_it_asks(passport: &Passport, asks: &Passport) -> Vec<String> {
    let mut lines = passport_lines(passport);
    for (line, (asked, is)) in lines.iter_mut().skip(1).zip(asks.lines().into_iter().zip(passport.lines())) {
        if asked != is {
            line.push_str(&format!("   (it asks: {})", asked.1));
        }
    }
    lines
}

/// What the script says it is, and the passport that it asks for.
fn ask_itself(source: &StrategySource) -> Result<(Manifest, Passport), String> {
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    let settings = SpawnSettings::new(executable, &source.file, &source.text);
    let manifest = describe(&settings).map_err(|fault| fault.to_string())?;
    let passport = manifest.passport()?;
    Ok((manifest, passport))
}

/// Approves a strategy's file for sim and paper, if its bytes are those that the trader has seen.
pub(super) fn approve(state: &Path, script: &Script, sha256: &str) -> Reply {
    let approved = || -> Result<String, String> {
        let source = script.on_disk()?;
        if source.hash.to_string() != sha256 {
            return Err(
                "nothing was approved: the file was changed after it was shown; it is shown anew".to_owned()
            );
        }
        let (manifest, asks) = ask_itself(&source)?;
        let approvals = Approvals::read(state).map_err(|fault| fault.to_string())?;
        let passport = grantable(&approvals, &source.file, &asks, false)?;
        grant(state, &source, &manifest, passport, &MODES)?;
        Ok(format!("{} is approved for sim and paper; a changed byte takes that back", tamed(&source.file)))
    };
    approved().map_or_else(|words| Reply::words(1, words), |words| Reply::words(0, words))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("review-tests").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn told(state: &Path, scripts: &[Script], asks: &ReviewAsks) -> Vec<Note> {
        let notes = RefCell::new(Vec::new());
        carry_out(state, scripts, asks, |note| notes.borrow_mut().push(note));
        notes.into_inner()
    }

    #[test]
    fn other_bytes_than_those_that_were_shown_are_not_approved_and_are_shown_anew() {
        let folder = folder("changed");
        let path = folder.join("a.js");
        std::fs::write(&path, "one").unwrap();
        let script = Script { source: StrategySource::read(&path).unwrap(), path: Some(path.clone()) };
        let sha256 = script.source.hash.to_string();
        std::fs::write(&path, "two\u{1b}[2J\u{202e}").unwrap();
        let notes = told(&folder, &[script], &ReviewAsks::Approve { strategy: 1, sha256 });
        let [Note::Script(view), Note::Answered(Asker::Review, reply)] = &notes[..] else {
            panic!("{notes:?}")
        };
        assert!(reply.exit == 1 && reply.words[0].starts_with("nothing was approved"), "{reply:?}");
        assert_eq!(view.lines, ["two[2J"], "nothing in it steers the terminal");
        assert!(
            view.facts.iter().any(|fact| fact.starts_with("changed since the run began")),
            "{:?}",
            view.facts
        );
        assert_eq!(Approvals::read(&folder).unwrap().all().count(), 0);
        let nobody = told(&folder, &[], &ReviewAsks::Read { strategy: 1 });
        assert!(
            matches!(&nobody[..], [Note::Answered(Asker::Review, reply)] if reply.exit == 1),
            "{nobody:?}"
        );
    }

    /// A new text of the same file gets no more than the old one had, until the trader says so.
    #[test]
    fn what_was_granted_before_bounds_what_a_changed_file_gets() {
        let folder = folder("bounded");
        let (file, wide) = ("a.js", Passport::default());
        let narrow = Passport { max_qty: Some(crate::domain::qty::Qty::shares(10)), ..Passport::default() };
        let granted = |anew| grantable(&Approvals::read(&folder).unwrap(), file, &wide, anew);
        assert_eq!(granted(false), Ok(wide.clone()));
        let (source, manifest) = (
            StrategySource::of_text(file, "one"),
            serde_json::from_str(r#"{"api":1,"name":"x","version":"1","timeframe":"1Min"}"#).unwrap(),
        );
        grant(&folder, &source, &manifest, narrow.clone(), &MODES).unwrap();
        assert_eq!((granted(false), granted(true)), (Ok(narrow.clone()), Ok(wide.clone())));
        let lines = with_what_it_asks(&narrow, &wide);
        let less: Vec<&String> = lines.iter().filter(|line| line.contains("(it asks: ")).collect();
        assert!(less.len() == 1 && less[0].ends_with("10   (it asks: no bound of its own)"), "{lines:?}");
        assert_eq!(with_what_it_asks(&wide, &wide), passport_lines(&wide));
    }
}
