use std::path::{Path, PathBuf};

use crate::domain::mode::Mode;
use crate::journal::reader::Reader;
use crate::journal::row::{RunEnd, RunHead};

/// A ledger: the journal of one account's life, and its tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFiles {
    /// The database.
    pub journal: PathBuf,
    /// The tape beside it.
    pub tape: PathBuf,
}

/// The ledger that was written to last, of whatever mode: what is asked without a running instance is asked of it.
pub fn latest(data: &Path) -> Option<LedgerFiles> {
    latest_of(data, &[Mode::Sim, Mode::Paper, Mode::Live])
}

/// The ledger of these modes that was written to last.
pub fn latest_of(data: &Path, modes: &[Mode]) -> Option<LedgerFiles> {
    let all = modes.iter().flat_map(|mode| {
        (1..=last_number(data, *mode).unwrap_or(0)).map(move |number| files(data, *mode, number))
    });
    // The write-ahead log beside it is written to before the database is.
    let written = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let age = |ledger: &LedgerFiles| {
        let log = ledger.journal.with_extension("db-wal");
        written(&ledger.journal).max(written(&log))
    };
    all.filter(|ledger| ledger.journal.exists()).max_by_key(age)
}

/// The ledger that a run goes on with: the newest, or a new one after a run whose data had ended.
pub fn current(data: &Path, mode: Mode) -> LedgerFiles {
    match last_number(data, mode) {
        None => files(data, mode, 1),
        Some(number) => {
            let last = files(data, mode, number);
            if is_finished(&last.journal) { files(data, mode, number + 1) } else { last }
        }
    }
}

/// The ledger that a run against a broker's account goes on with, and whether it is a new one: the newest of that
/// account, whatever other accounts have been used since.
pub fn current_of_account(data: &Path, mode: Mode, account: &str) -> (LedgerFiles, bool) {
    let last = last_number(data, mode).unwrap_or(0);
    for number in (1..=last).rev() {
        let files = files(data, mode, number);
        if account_of(&files.journal).as_deref() == Some(account) {
            return (files, false);
        }
    }
    (files(data, mode, last + 1), true)
}

fn account_of(journal: &Path) -> Option<String> {
    let rows = Reader::open(journal).and_then(|reader| reader.rows("run")).ok()?;
    let head: RunHead = serde_json::from_str(&rows.last()?.body).ok()?;
    head.account
}

fn files(data: &Path, mode: Mode, number: u32) -> LedgerFiles {
    let name = format!("{}-{number:04}", mode.word());
    LedgerFiles { journal: data.join(format!("{name}.db")), tape: data.join(format!("{name}.tape")) }
}

fn last_number(data: &Path, mode: Mode) -> Option<u32> {
    let prefix = format!("{}-", mode.word());
    let entries = std::fs::read_dir(data).ok()?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_prefix(&prefix)?.strip_suffix(".db")?.parse().ok()).max()
}

fn is_finished(journal: &Path) -> bool {
    let Ok(rows) = Reader::open(journal).and_then(|reader| Ok((reader.rows("run")?, reader.rows("end")?)))
    else {
        return false;
    };
    let (runs, ends) = rows;
    let last_end = ends.last().filter(|end| runs.last().is_some_and(|run| run.row < end.row));
    last_end.and_then(|end| serde_json::from_str::<RunEnd>(&end.body).ok()).is_some_and(|end| end.finished)
}
