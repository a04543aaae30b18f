//! `hardstop incident`: for the moment in which something is wrong that nobody understands.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::app::clock;
use crate::app::evidence::pack;
use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::cli::args::{IncidentArgs, KillArgs};
use crate::cli::ask;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::keys::new_passphrase;
use crate::cli::print;
use crate::cli::trusted::typed;
use crate::engine::record::Record;
use crate::journal::reader::Reader;
use crate::vault::exported;

/// What the trader does at the broker's, since nobody else can.
const GUIDE: [&str; 5] = [
    "1. log in at the broker's own page, from another device where this one may be the cause",
    "2. regenerate or delete the API keys there: what somebody else may have is void then (Alpaca: API keys, on the account's home page)",
    "3. look at orders and positions there, and cancel and close what is not yours",
    "4. change the broker's password, and look at its list of sessions and linked apps",
    "5. here: `hardstop keys forget --slot paper` and `--slot live`, and only then set new ones",
];

/// The kill first, then what the trader must do himself, then whose orders nobody here knows, then the evidence.
pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, args: &IncidentArgs) -> Result<u8, Failure> {
    paths.prepare()?;
    print::words("the kill is pulled: nothing opens any more");
    let kill = KillArgs { flatten: false, slot: args.slot, keys_stdin: args.stdin, json: false };
    let killed = ask::kill(paths, source, kill);
    match &killed {
        Ok(0) => {}
        Ok(_) => print::words("the kill is not confirmed: look at the broker's own page, now"),
        Err(failure) => print::words(&failure.words),
    }
    for line in GUIDE {
        print::words(line);
    }
    let foreign = foreign(paths);
    if foreign.is_empty() {
        print::words("orders that are not ours: none is in the newest ledger");
    }
    for line in &foreign {
        print::words(&format!("not ours: {line}"));
    }
    let path = args.out.clone().unwrap_or_else(|| {
        let stamp: String = clock::now().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        PathBuf::from(format!("hardstop-incident-{}.tar.age", stamp.get(..15).unwrap_or(&stamp)))
    });
    let passphrase = new_passphrase(&mut typed(args.stdin), "a passphrase for the evidence")?;
    let report = format!(
        "hardstop {}\nat {}\nkill {}\n{}\n",
        env!("CARGO_PKG_VERSION"),
        clock::now(),
        killed.as_ref().map_or_else(|failure| failure.words.clone(), |code| format!("exit {code}")),
        foreign.join("\n")
    );
    let fail = |fault: std::io::Error| {
        Failure::from(format!("{}: {fault}; name another file with --out", path.display()))
    };
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path).map_err(fail)?;
    let mut left_out = Vec::new();
    let sealed = exported::seal_into(file, &passphrase, |out| {
        left_out = pack(paths, &[("report.txt", report.clone())], out)?;
        Ok(())
    });
    sealed.and_then(|mut file| file.flush().and_then(|()| file.sync_all())).map_err(fail)?;
    for words in &left_out {
        print::words(words);
    }
    print::words(&format!("the evidence: `age -d {} | tar x` opens it with its passphrase", path.display()));
    match killed {
        Ok(code) => Ok(code),
        Err(failure) if failure.code == Exit::NotRunning as u8 => Ok(0),
        Err(failure) => Err(failure),
    }
}

/// What the machine has said of orders and positions that are not its own.
fn foreign(paths: &Paths) -> Vec<String> {
    let Some(files) = latest(&paths.data) else { return Vec::new() };
    let mut found = Vec::new();
    let take = |row: crate::journal::row::Row| {
        match row.record() {
            Some(Ok(Record::Alert(words))) if words.contains("is not ours") => {
                found.push(format!("{} {words}", row.at));
            }
            Some(Ok(Record::Adjust { symbol, engine, broker, acknowledged: None, .. })) => {
                found.push(format!("{} {symbol}: {engine} here, {broker} at the broker", row.at));
            }
            _ => {}
        }
        true
    };
    let read = Reader::open(&files.journal).and_then(|reader| reader.each_row(0, take));
    if let Err(fault) = read {
        found.push(format!("the ledger could not be read: {fault}"));
    }
    found
}
