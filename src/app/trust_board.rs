use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::alpaca::contacted;
use crate::app::certificate::{self, Certificate};
use crate::app::clock::{self, Stopwatch};
use crate::app::key_slots::notes_in;
use crate::app::paths::Paths;
use crate::app::signals::EndFlag;
use crate::domain::at::At;
use crate::domain::outside::blanked;
use crate::journal::reader::Reader;
use crate::journal::seal::Seal;
use crate::journal::verify::{Chain, verify_sealed};
use crate::strategy::approval::Approvals;
use crate::ui::seen::{TrustLine, Weight};
use crate::vault::key_age;
use crate::vault::sealed;
use crate::vault::tries::Tries;

/// How often the lines are gathered anew.
const EVERY_S: f64 = 5.0;
const NAP: Duration = Duration::from_millis(200);
/// Approvals that are named one by one.
const APPROVALS_MAX: usize = 8;

/// What the security page says, gathered on a thread of its own: none of it is quick, and none of it is the machine's.
#[derive(Clone, Default)]
pub(super) struct TrustBoard(Arc<Mutex<Arc<Vec<TrustLine>>>>);

/// What there is to look at.
pub(super) struct Looked {
    /// Folders and files.
    pub paths: Paths,
    /// The ledger of this run.
    pub journal: PathBuf,
    /// The key of its rows, where it is sealed.
    pub seal: Option<Seal>,
    /// What holds strategies.
    pub sandbox: String,
    /// When the run is over.
    pub over: EndFlag,
}

impl TrustBoard {
    /// The lines as they were last gathered.
    pub(super) fn lines(&self) -> Arc<Vec<TrustLine>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gathers them until the run is over. The whole ledger is looked at once, behind everything else.
    pub(super) fn keep(&self, looked: &Looked) {
        self.put(looked, line(RECORD, "chain", "being looked at from its first row on …", Weight::Info));
        let chain = chain_of(looked);
        while !looked.over.is_raised() {
            self.put(looked, chain.clone());
            let since = Stopwatch::start();
            while since.seconds() < EVERY_S && !looked.over.is_raised() {
                std::thread::sleep(NAP);
            }
        }
    }

    fn put(&self, looked: &Looked, chain: TrustLine) {
        let mut lines = keys(&looked.paths);
        lines.push(record(&looked.journal));
        lines.push(chain);
        lines.extend(strategies(&looked.paths.state, &looked.sandbox));
        lines.push(drill(&looked.paths.state));
        lines.push(hosts());
        lines.push(process());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(lines);
    }
}

const KEYS: &str = "Keys";
const RECORD: &str = "Record";
const STRATEGIES: &str = "Strategies";
const MACHINE: &str = "This machine";

fn line(section: &'static str, name: &str, says: impl Into<String>, weight: Weight) -> TrustLine {
    TrustLine { section, name: name.to_owned(), says: says.into(), weight }
}

/// The keys that are kept, how they are locked away, and who tried to open that.
fn keys(paths: &Paths) -> Vec<TrustLine> {
    let now = clock::now();
    let mut lines = Vec::new();
    match notes_in(&paths.state) {
        Err(words) => lines.push(line(KEYS, "notes", words, Weight::Warning)),
        Ok(notes) if notes.is_empty() => {
            lines.push(line(KEYS, "kept", "none; they are typed at each start", Weight::Info));
        }
        Ok(notes) => lines.extend(notes.into_iter().map(|(slot, note)| {
            let account = note.account_tail.map_or_else(String::new, |tail| format!(", account {tail}"));
            let reminder = key_age::reminder(note.set_at, now);
            let weight = if reminder.is_some() { Weight::Warning } else { Weight::Info };
            let says = format!("{}{account}, {} days old", note.id, key_age::days(note.set_at, now));
            let says = reminder.map_or(says.clone(), |words| format!("{says}: {words}"));
            line(KEYS, &slot, says, weight)
        })),
    }
    for suffix in ["", "-rehearsal"] {
        let folder = paths.data.join(format!("vault{suffix}"));
        if sealed::is_there(&folder) {
            let (says, weight) = match sealed::is_vault_only(&folder) {
                Ok(false) => {
                    ("opens with the passphrase and this machine's keyring together".to_owned(), Weight::Info)
                }
                Ok(true) => ("opens with the passphrase alone".to_owned(), Weight::Warning),
                Err(fault) => (fault.to_string(), Weight::Alarm),
            };
            lines.push(line(KEYS, &format!("vault{suffix}"), says, weight));
        }
    }
    let tries = Tries::counted_in(paths.state.join("lockout.toml")).look(now);
    let (says, weight) = match (tries.fails, tries.wait_seconds) {
        (0, _) => ("none was wrong since the last that was right".to_owned(), Weight::Info),
        (fails, 0) => (format!("{fails} wrong in a row"), Weight::Warning),
        (fails, wait) => (format!("{fails} wrong in a row; the next try in {wait} s"), Weight::Alarm),
    };
    lines.push(line(KEYS, "passphrases", says, weight));
    lines
}

fn record(journal: &Path) -> TrustLine {
    match Reader::open(journal).and_then(|reader| reader.audit_head()) {
        Err(fault) => line(RECORD, "journal", fault.to_string(), Weight::Warning),
        Ok(head) => {
            let sealed = if head.sealed == "hmac" { "sealed with a key" } else { "chained without a key" };
            line(RECORD, "journal", format!("{} rows, {sealed}, head {}", head.rows, head.hash), Weight::Info)
        }
    }
}

fn chain_of(looked: &Looked) -> TrustLine {
    let since = Stopwatch::start();
    match verify_sealed(&looked.journal, looked.seal.as_ref()) {
        Err(fault) => line(RECORD, "chain", fault.to_string(), Weight::Alarm),
        Ok(verdict) => match &verdict.chain {
            Chain::FirstBad { row, why } => {
                let says = format!("row {row}: {why}; keep a copy, and restore the ledger from a backup");
                line(RECORD, "chain", says, Weight::Alarm)
            }
            Chain::Ok if !verdict.laws.is_empty() => {
                let says =
                    format!("{} laws are broken; `hardstop journal verify` names them", verdict.laws.len());
                line(RECORD, "chain", says, Weight::Alarm)
            }
            Chain::Ok => {
                let says = format!(
                    "verified when this run began: {} rows are as they were written ({:.1} s)",
                    verdict.rows,
                    since.seconds()
                );
                line(RECORD, "chain", says, Weight::Info)
            }
        },
    }
}

fn strategies(state: &Path, sandbox: &str) -> Vec<TrustLine> {
    let weight = if sandbox.starts_with("full") { Weight::Info } else { Weight::Warning };
    let says = if sandbox.is_empty() { "no strategy runs" } else { sandbox };
    let mut lines = vec![line(STRATEGIES, "sandbox", says, weight)];
    match Approvals::read(state) {
        Err(fault) => lines.push(line(STRATEGIES, "approvals", fault.to_string(), Weight::Alarm)),
        Ok(approvals) => {
            let all: Vec<String> = approvals
                .all()
                .map(|(mode, hash, approval)| {
                    let (file, hash) = (blanked(&approval.file).into_owned(), hash.to_string());
                    let short: String = hash.chars().take(8).collect();
                    format!("{file} for {} ({short})", mode.word())
                })
                .collect();
            let says = if all.is_empty() {
                "none beside the shipped ones, which run in sim alone".to_owned()
            } else {
                let more = all.len().saturating_sub(APPROVALS_MAX);
                let shown = all.into_iter().take(APPROVALS_MAX).collect::<Vec<_>>().join(", ");
                if more == 0 { shown } else { format!("{shown} and {more} more") }
            };
            lines.push(line(STRATEGIES, "approved", says, Weight::Info));
        }
    }
    lines
}

fn drill(state: &Path) -> TrustLine {
    match Certificate::read(&certificate::place(state)) {
        Err(words) => line(MACHINE, "kill drill", words, Weight::Warning),
        Ok(None) => {
            line(MACHINE, "kill drill", "never passed; `hardstop drill` plays it in paper", Weight::Info)
        }
        Ok(Some(passed)) => {
            let at = At::from_seconds(passed.passed_at.seconds());
            let says = format!("passed {at}, nothing left after {} ms", passed.flat_after_ms);
            line(MACHINE, "kill drill", says, Weight::Info)
        }
    }
}

fn hosts() -> TrustLine {
    let contacted = contacted::so_far();
    let says = if contacted.is_empty() {
        "none: this process has opened no connection".to_owned()
    } else {
        let each: Vec<String> = contacted.iter().map(|(base, times)| format!("{base} ({times})")).collect();
        each.join(", ")
    };
    line(MACHINE, "hosts called", says, Weight::Info)
}

fn process() -> TrustLine {
    if nix::unistd::Uid::effective().is_root() {
        return line(
            MACHINE,
            "process",
            "runs as root: a fault in it has the whole machine",
            Weight::Warning,
        );
    }
    line(MACHINE, "process", "runs as you, without rights", Weight::Info)
}
