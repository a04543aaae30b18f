//! `hardstop strategy`.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::app::paths::Paths;
use crate::cli::ask;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::strategy_args::StrategyCommand;
use crate::cli::strategy_file;
use crate::cli::strategy_file::{approvals, ask_itself, read};
use crate::strategy::shipped;

pub(super) fn run(paths: &Paths, command: &StrategyCommand) -> Result<u8, Failure> {
    match command {
        StrategyCommand::New { file } => new(file),
        StrategyCommand::Check { file, json } => check(file, *json),
        StrategyCommand::Describe { file } => strategy_file::describe(paths, file),
        StrategyCommand::Diff { file } => strategy_file::changes(paths, file),
        StrategyCommand::Approve { file, yes, live, anew, passport } => {
            let wishes = strategy_file::Wishes { yes: *yes, live: *live, anew: *anew };
            strategy_file::approve(paths, file, &passport.passport(), &wishes)
        }
        StrategyCommand::Asks { json } => ask::asks(paths, *json),
        StrategyCommand::Revoke { file } => revoke(paths, file),
        StrategyCommand::List => list(paths),
        StrategyCommand::Pause { .. } | StrategyCommand::Resume { .. } | StrategyCommand::Answer { .. } => {
            ask::strategy(paths, command)
        }
    }
}

fn new(file: &Path) -> Result<u8, Failure> {
    write_new(file, shipped::TEMPLATE)?;
    let (name, text) = shipped::DECLARATIONS;
    let beside = file.with_file_name(name);
    let completes = if beside.exists() { "stands already" } else { "was written" };
    if !beside.exists() {
        write_new(&beside, text)?;
    }
    print::words(&format!(
        "{} is a commented template: change it, then run `hardstop strategy check {0}`. {name}, from which editors \
         complete, {completes} beside it.",
        file.display()
    ));
    Ok(0)
}

fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let fail = |fault: io::Error| Failure::from(format!("{}: {fault}", file.display()));
    let mut written = std::fs::OpenOptions::new().write(true).create_new(true).open(file).map_err(fail)?;
    written.write_all(text.as_bytes()).map_err(fail)
}

fn check(file: &Path, json: bool) -> Result<u8, Failure> {
    let source = read(file)?;
    let (manifest, level) = ask_itself(&source)?;
    let out = json!({
        "schema": 1, "file": source.file, "sha256": source.hash.to_string(), "name": manifest.name,
        "version": manifest.version, "timeframe": manifest.timeframe, "warmup": manifest.warmup,
        "symbols": manifest.symbols, "params": manifest.params, "sandbox": level,
    });
    print::value(&out, json);
    Ok(0)
}

fn revoke(paths: &Paths, file: &Path) -> Result<u8, Failure> {
    let source = read(file)?;
    if approvals(paths)?.revoke(source.hash).map_err(|fault| fault.to_string())? {
        print::words(&format!("{} is no longer approved", source.file));
        return Ok(0);
    }
    Err(Failure::new(Exit::Failed, format!("{} was not approved as it stands", source.file)))
}

fn list(paths: &Paths) -> Result<u8, Failure> {
    let shipped = shipped::SHIPPED.iter().filter_map(|(file, _)| shipped::named(file));
    let mut rows: Vec<serde_json::Value> = shipped
        .map(|source| json!({ "file": source.file, "sha256": source.hash.to_string(), "mode": "sim (shipped)", "passport": "its own" }))
        .collect();
    let approvals = approvals(paths)?;
    rows.extend(approvals.all().map(|(mode, hash, approval)| {
        let granted = serde_json::to_string(&approval.passport).unwrap_or_default();
        json!({ "file": approval.file, "sha256": hash.to_string(), "mode": mode.word(), "passport": granted })
    }));
    print::value(&serde_json::Value::Array(rows), false);
    Ok(0)
}
