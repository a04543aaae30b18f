//! `hardstop journal`.

use std::path::PathBuf;

use serde_json::json;

use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::cli::args::{JournalCommand, ShowArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{print, show};
use crate::journal::reader::View;
use crate::journal::verify::{Chain, verify};

pub(super) fn run(paths: &Paths, command: &JournalCommand) -> Result<u8, Failure> {
    match command {
        JournalCommand::Path => {
            print::data(&ledger(paths, None)?.display().to_string());
            Ok(0)
        }
        JournalCommand::Export { view, json } => {
            let view = View::ALL.into_iter().find(|known| known.word() == view).unwrap_or(View::Orders);
            show::recorded(paths, view, &ShowArgs { json: *json, csv: !*json })
        }
        JournalCommand::Verify { file, json } => check(&ledger(paths, file.clone())?, *json),
    }
}

fn check(ledger: &std::path::Path, json: bool) -> Result<u8, Failure> {
    let verdict = verify(ledger).map_err(|fault| fault.to_string())?;
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
    }
    if let Chain::FirstBad { row, why } = &verdict.chain {
        let words = format!("row {row}: {why}; restore the ledger from a backup");
        return Err(Failure::new(Exit::Wanting, words));
    }
    if verdict.laws.is_empty() {
        return Ok(0);
    }
    let words: Vec<String> = verdict.laws.iter().map(ToString::to_string).collect();
    Err(Failure::new(Exit::Wanting, words.join("\n")))
}

fn ledger(paths: &Paths, file: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let found = file.or_else(|| latest(&paths.data).map(|ledger| ledger.journal));
    found.ok_or_else(|| Failure::new(Exit::Failed, "there is no journal yet; `hardstop run` begins one"))
}
