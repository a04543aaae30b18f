//! `hardstop journal`.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::audit_key::{Found, at_hand, keyring};
use crate::app::http_log::file_of;
use crate::app::key_slots::{KeySlot, passphrase};
use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::cli::args::ShowArgs;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::journal_args::JournalCommand;
use crate::cli::keys::new_passphrase;
use crate::cli::trusted::typed;
use crate::cli::{print, show};
use crate::domain::mode::Mode;
use crate::journal::reader::{Reader, View};
use crate::journal::seal::Seal;
use crate::journal::sealing::key_of;
use crate::journal::verify::{Chain, Sealed, verify_sealed};
use crate::vault::exported;

pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, command: &JournalCommand) -> Result<u8, Failure> {
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
        JournalCommand::Verify { file, json, unlock, stdin } => {
            let ledger = ledger(paths, file.clone())?;
            let own = if *unlock { Some(key_of_the_vault(paths, source, *stdin)?) } else { None };
            check(paths, &ledger, *json, own)
        }
        JournalCommand::Backup { file, encrypt, stdin } => backup(paths, file, *encrypt, *stdin),
    }
}

/// The key under which a ledger of real money is chained, for whoever has the passphrase.
fn key_of_the_vault(paths: &Paths, source: ConfigSource<'_>, stdin: bool) -> Result<Seal, Failure> {
    let no = |words: String| Failure::new(Exit::Keys, words);
    let base_url = source.read()?.alpaca.base_url;
    let hosts = base_url.and_then(|url| Hosts::at(Account::Live, &url).ok());
    let slot = KeySlot::of(paths, &hosts.unwrap_or_else(|| Hosts::of(Account::Live)));
    let words = typed(stdin).secret("vault's passphrase").map_err(no)?;
    let opened = slot.open(&passphrase(&words).map_err(no)?).map_err(no)?;
    Ok(Seal::of(opened.contents.audit.expose()))
}

/// A whole copy, beside the ledger first where it is to be sealed: what is not sealed is taken away again.
fn backup(paths: &Paths, file: &Path, encrypt: bool, stdin: bool) -> Result<u8, Failure> {
    let fail = |fault: io::Error| Failure::from(format!("{}: {fault}", file.display()));
    let reader = Reader::open(&ledger(paths, None)?).map_err(|fault| fault.to_string())?;
    if !encrypt {
        reader.backup(file).map_err(|fault| fault.to_string())?;
        print::words(&format!("{} holds the whole ledger", file.display()));
        return Ok(0);
    }
    let passphrase = new_passphrase(&mut typed(stdin), "a passphrase for the copy")?;
    let mut options = OpenOptions::new();
    let out = options.write(true).create_new(true).mode(0o600).open(file).map_err(fail)?;
    let plain = paths.data.join("backup.plain");
    let _left_by_a_killed_one = std::fs::remove_file(&plain);
    let sealed = reader.backup(&plain).map_err(|fault| io::Error::other(fault.to_string())).and_then(|()| {
        exported::seal_into(out, &passphrase, |out| {
            io::copy(&mut std::fs::File::open(&plain)?, out).map(drop)
        })
    });
    let _best_effort = std::fs::remove_file(&plain);
    sealed.and_then(|file| file.sync_all()).map_err(fail)?;
    print::words(&format!(
        "{} holds the whole ledger; `age -d` opens it with its passphrase",
        file.display()
    ));
    Ok(0)
}

fn check(paths: &Paths, ledger: &Path, json: bool, own: Option<Seal>) -> Result<u8, Failure> {
    let sealed = key_of(ledger).map_err(|fault| fault.to_string())?.is_some();
    let found = match own {
        Some(own) => Some(Found::Key(own)),
        None => sealed.then(|| at_hand(&keyring(paths))),
    };
    let (key, why) = match found {
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
            "from row {row} on the ledger is sealed with the key {key}, which is not at hand ({why}; a ledger of real money: --unlock asks for the passphrase): order, meaning, laws and triggers are as they should be, and the hashes could not be looked at"
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
