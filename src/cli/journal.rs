//! `hardstop journal`.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::audit_key::{Found, at_hand, keyring};
use crate::app::http_log::file_of;
use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::cli::args::{JournalCommand, ShowArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{print, show};
use crate::domain::mode::Mode;
use crate::journal::reader::View;
use crate::journal::sealing::key_of;
use crate::journal::verify::{Chain, Sealed, verify_sealed};

pub(super) fn run(paths: &Paths, command: &JournalCommand) -> Result<u8, Failure> {
    match command {
        JournalCommand::Http { day } => requests(paths, day.as_deref()),
        JournalCommand::Path => {
            print::data(&ledger(paths, None)?.display().to_string());
            Ok(0)
        }
        JournalCommand::Export { view, json } => {
            let view = View::ALL.into_iter().find(|known| known.word() == view).unwrap_or(View::Orders);
            show::recorded(paths, view, &ShowArgs { json: *json, csv: !*json })
        }
        JournalCommand::Verify { file, json } => check(paths, &ledger(paths, file.clone())?, *json),
    }
}

fn check(paths: &Paths, ledger: &Path, json: bool) -> Result<u8, Failure> {
    let sealed = key_of(ledger).map_err(|fault| fault.to_string())?.is_some();
    let (key, why) = match sealed.then(|| at_hand(&keyring(paths))) {
        Some(Found::Key(seal)) => (Some(seal), String::new()),
        Some(Found::None) => (None, "the keyring keeps no key of the audit".to_owned()),
        Some(Found::Unknown(why)) => (None, why),
        None => (None, String::new()),
    };
    let verdict = verify_sealed(ledger, key.as_ref()).map_err(|fault| fault.to_string())?;
    if json {
        let mut out = serde_json::to_value(&verdict).unwrap_or_default();
        out["schema"] = json!(1);
        out["clean"] = json!(verdict.is_clean());
        print::data(&out.to_string());
    } else {
        for run in &verdict.runs {
            let end = if run.ended { "ended cleanly" } else { "did not end cleanly, or still runs" };
            print::data(&format!("run {}  journal_hash {}  {end}", run.run, run.journal_hash));
        }
        print::data(&format!("rows {}  head {}", verdict.rows, verdict.head));
        print::data(&chained(&verdict.sealed));
    }
    if verdict.sealed == Sealed::Plain
        && verdict.runs.last().is_some_and(|run| run.mode == Mode::Paper)
        && matches!(at_hand(&keyring(paths)), Found::Key(_))
    {
        print::words(
            "no row of this ledger is sealed, and the keyring keeps a key: its runs had no keyring at hand, or somebody wrote it anew",
        );
    }
    if let Chain::FirstBad { row, why } = &verdict.chain {
        let words = format!("row {row}: {why}; restore the ledger from a backup");
        return Err(Failure::new(Exit::Wanting, words));
    }
    let mut words: Vec<String> = verdict.laws.iter().map(ToString::to_string).collect();
    if let Some((key, row)) = verdict.unchecked() {
        words.push(format!(
            "from row {row} on the ledger is sealed with the key {key}, which is not at hand ({why}): order, meaning, laws and triggers are as they should be, and the hashes could not be looked at"
        ));
    }
    if words.is_empty() { Ok(0) } else { Err(Failure::new(Exit::Wanting, words.join("\n"))) }
}

/// By what the rows are chained, in words.
fn chained(sealed: &Sealed) -> String {
    match sealed {
        Sealed::Plain => "chain plain (SHA-256, without a key)".to_owned(),
        Sealed::Hmac { key, from_row: 1, .. } => format!("chain hmac, key {key}"),
        Sealed::Hmac { key, from_row, .. } => {
            format!("chain hmac from row {from_row} on, key {key}; plain before")
        }
    }
}

fn requests(paths: &Paths, day: Option<&str>) -> Result<u8, Failure> {
    let file = file_of(&paths.state, day).ok_or_else(|| {
        Failure::new(Exit::Failed, "no request was written down; only `run --paper` makes any")
    })?;
    let text = std::fs::read_to_string(&file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    if !text.is_empty() {
        print::data(text.trim_end());
    }
    Ok(0)
}

fn ledger(paths: &Paths, file: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let found = file.or_else(|| latest(&paths.data).map(|ledger| ledger.journal));
    found.ok_or_else(|| Failure::new(Exit::Failed, "there is no journal yet; `hardstop run` begins one"))
}
