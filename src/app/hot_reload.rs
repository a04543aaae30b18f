//! Strategies whose file changed: the approved text runs on until the trader has approved the new one, which then
//! takes its seat while the run goes on. In live nothing is taken in before the next start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::asked::Asked;
use crate::app::seats::{Planned, SeatPlan, prepared};
use crate::domain::intent::StrategyId;
use crate::domain::mode::Mode;
use crate::domain::passport::Passport;
use crate::domain::symbol::Symbol;
use crate::engine::event::StrategyHead;
use crate::strategy::approval::{Approvals, Verdict};
use crate::strategy::copies;
use crate::strategy::host::{Sandbox, SpawnSettings};
use crate::strategy::source::{SourceHash, StrategySource};

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The longest that an end is not seen.
const NAP: Duration = Duration::from_millis(50);

/// A strategy that is ready to take its seat anew.
pub struct Reload {
    /// Who it is.
    pub head: StrategyHead,
    /// How it is started again after a failure.
    pub settings: SpawnSettings,
    /// Its process.
    pub sandbox: Sandbox,
}

/// What runs, and what is looked at.
pub struct Reloader {
    /// The state folder.
    state: PathBuf,
    /// Where orders go.
    mode: Mode,
    /// The seed of the strategies' chance.
    seed: u64,
    /// Every symbol that there is market data of; none where any can be had.
    there: Option<Vec<Symbol>>,
    /// What a strategy trades that names no symbol.
    instead: Vec<Symbol>,
    /// The strategies, in the order of their numbers.
    watched: Vec<Watched>,
}

/// One strategy's file.
pub struct Watched {
    id: StrategyId,
    planned: Planned,
    path: PathBuf,
    passport: Passport,
    /// The name under which what it holds is known.
    name: String,
    /// What was read last: a file that is being written is another one a moment later.
    read: SourceHash,
    /// The text of which the trader was told.
    told: SourceHash,
}

impl Watched {
    /// The strategies that came from files, with what they were granted.
    pub fn of(planned: Vec<Planned>, heads: &[(StrategyHead, Option<String>)]) -> Vec<Self> {
        let all = planned.into_iter().zip(heads);
        let watched = all.filter_map(|(planned, (head, _))| {
            let (path, hash) = (planned.path.clone()?, planned.source.hash);
            let (passport, name) = (head.passport.clone(), head.name.clone());
            Some(Self { id: head.id, planned, path, passport, name, read: hash, told: hash })
        });
        watched.collect()
    }
}

impl Reloader {
    /// Who looks at the files of a run's strategies.
    pub fn of(
        state: &Path,
        mode: Mode,
        seed: u64,
        data: (Option<Vec<Symbol>>, Vec<Symbol>),
        watched: Vec<Watched>,
    ) -> Self {
        let (there, instead) = data;
        Self { state: state.to_owned(), mode, seed, there, instead, watched }
    }

    /// Looks until the run is over.
    pub fn keep(mut self, ask: &impl Fn(Asked) -> bool, over: &impl Fn() -> bool) {
        if self.watched.is_empty() {
            return;
        }
        let mut waited = Duration::ZERO;
        while !over() {
            std::thread::sleep(NAP);
            waited += NAP;
            if waited >= EVERY {
                waited = Duration::ZERO;
                self.look(ask);
            }
        }
    }

    fn look(&mut self, ask: &impl Fn(Asked) -> bool) {
        // Approvals that cannot be read approve nothing; the start of the next run says so.
        let Ok(approvals) = Approvals::read(&self.state) else { return };
        for place in 0..self.watched.len() {
            let Some(step) = self.look_at(place, &approvals) else { continue };
            // A machine that has too much to do is told again.
            if let (true, Some(watched)) = (ask(step.asked), self.watched.get_mut(place)) {
                watched.told = step.told;
                if let Some((planned, passport)) = step.runs {
                    (watched.planned, watched.passport) = (planned, passport);
                }
            }
        }
    }

    fn look_at(&mut self, place: usize, approvals: &Approvals) -> Option<Step> {
        let mode = self.mode;
        let watched = self.watched.get_mut(place)?;
        // A file that is gone, or not readable for a moment, changes nothing of what runs.
        let source = StrategySource::read(&watched.path).ok()?;
        let hash = source.hash;
        if std::mem::replace(&mut watched.read, hash) != hash {
            return None;
        }
        let runs = hash == watched.planned.source.hash;
        let granted = approvals.passport(mode, hash).filter(|_| mode != Mode::Live);
        if runs && granted.is_none_or(|granted| *granted == watched.passport) {
            watched.told = hash;
            return None;
        }
        let approved = approvals.verdict(mode, &source.file, hash) == Verdict::Approved;
        if approved && mode != Mode::Live {
            return self.reload(place, source, approvals);
        }
        if watched.told == hash {
            return None;
        }
        let file = &source.file;
        Some(Step::words(
            hash,
            match (mode, approved) {
                (Mode::Live, true) => {
                    format!("{file} was changed and approved; it takes effect with the next start")
                }
                (Mode::Live, false) => format!(
                    "{file} was changed and needs your review (`hardstop strategy diff {0}`, then approve --live); what was approved runs on",
                    watched.path.display()
                ),
                _ => format!(
                    "{file} was changed and needs your review (`hardstop strategy diff {0}`, then approve); what was approved runs on",
                    watched.path.display()
                ),
            },
        ))
    }

    /// Starts the approved text; one that cannot be started leaves the one before it where it is.
    fn reload(&self, place: usize, source: StrategySource, approvals: &Approvals) -> Option<Step> {
        let executable = std::env::current_exe().ok()?;
        let watched = self.watched.get(place)?;
        let planned = Planned { source, ..watched.planned.clone() };
        let plan = SeatPlan {
            state: &self.state,
            mode: self.mode,
            strategies: &[],
            seed: self.seed,
            there: self.there.as_deref(),
            instead: &self.instead,
            executable: &executable,
        };
        let ready = prepared(&plan, &planned, watched.id, approvals).and_then(|(mut head, settings)| {
            head.name = named_as_before(&watched.name, &head.name)?;
            let sandbox = Sandbox::spawn(&settings).map_err(|fault| fault.to_string())?;
            copies::keep_what_runs(&self.state, &planned.source)?;
            Ok(Reload { head, settings, sandbox })
        });
        let hash = planned.source.hash;
        match ready {
            Ok(reload) => {
                let runs = Some((planned, reload.head.passport.clone()));
                Some(Step { asked: Asked::Reload(Box::new(reload)), told: hash, runs })
            }
            Err(_) if watched.told == hash => None,
            Err(words) => {
                let words =
                    format!("{words}; it is approved and cannot be loaded: the one before it runs on");
                Some(Step::words(hash, words))
            }
        }
    }
}

/// What a strategy holds of its own is known by its name: a new text keeps it.
fn named_as_before(before: &str, now: &str) -> Result<String, String> {
    if before == now || before.starts_with(&format!("{now} (")) {
        return Ok(before.to_owned());
    }
    Err(format!(
        "it calls itself {now} now, and what it holds is known as {before}'s; give it its name back, or start again"
    ))
}

/// What the machine is asked, and what is known once it was.
struct Step {
    asked: Asked,
    told: SourceHash,
    runs: Option<(Planned, Passport)>,
}

impl Step {
    const fn words(told: SourceHash, words: String) -> Self {
        Self { asked: Asked::Notice(words), told, runs: None }
    }
}
