//! Commands that a running instance answers.

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::client;
use crate::app::control::{Reply, Request, told};
use crate::app::key_slots::KeySlot;
use crate::app::kill_alone::kill_alone;
use crate::app::ledgers::latest_of;
use crate::app::paths::Paths;
use crate::broker::kill_file::KillFile;
use crate::cli::args::{Command, KillArgs, TrustedArgs};
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::keys_args::SlotName;
use crate::cli::print;
use crate::cli::recall::Recall;
use crate::cli::request::{request_about_a_strategy, request_of};
use crate::cli::run::{keys_of, unlocked_for_the_kill};
use crate::cli::strategy_args::StrategyCommand;
use crate::cli::trusted;
use crate::domain::mode::Mode;
use crate::journal::reader::Reader;

/// Asks the running instance and prints what it says; its exit code is the shell's.
fn send(paths: &Paths, request: &Request, json: bool) -> Result<u8, Failure> {
    let Some(reply) = client::ask(&paths.socket, request)? else {
        return Err(Failure::new(
            Exit::NotRunning,
            "no running instance answers; start one with `hardstop run`",
        ));
    };
    reply.words.iter().for_each(|words| print::words(words));
    match reply.out.get("orders").and_then(serde_json::Value::as_array) {
        // What was done stands in the words; a script wants the ids.
        Some(orders) if !json => {
            orders.iter().filter_map(|order| order["id"].as_str()).for_each(print::data);
        }
        _ => print::value(&reply.out, json),
    }
    Ok(reply.exit)
}

/// Carries out a command of which a running instance knows.
pub(super) fn command(paths: &Paths, command: &Command) -> Result<u8, Failure> {
    let request = request_of(command).unwrap_or_else(|| Err("that needs no running instance".to_owned()));
    let request = request.map_err(|words| Failure::new(Exit::Usage, words))?;
    let json = match command {
        Command::Buy(args) | Command::Sell(args) => args.json,
        Command::Kill(args) => args.json,
        _ => false,
    };
    send(paths, &request, json)
}

/// Trades again after a kill. The running instance says whether it is real money, and then the passphrase is asked for.
pub(super) fn rearm(paths: &Paths, args: &TrustedArgs) -> Result<u8, Failure> {
    let facts = trusted::ask(paths, "arming", serde_json::Value::Null)?;
    let mut asked = serde_json::json!({ "reason": args.reason });
    if facts.exit == 0 {
        let asks_for_a_code = facts.out["code"].as_bool().unwrap_or(false);
        trusted::add_who_asks(&mut asked, asks_for_a_code, &mut trusted::typed(args.stdin))?;
    }
    send(paths, &Request { cmd: "rearm".to_owned(), args: asked }, false)
}

/// The questions that wait for the trader.
pub(super) fn asks(paths: &Paths, json: bool) -> Result<u8, Failure> {
    send(paths, &Request { cmd: "asks".to_owned(), args: serde_json::Value::Null }, json)
}

/// Pauses a strategy of the running instance, lets it go on, or answers its question.
pub(super) fn strategy(paths: &Paths, command: &StrategyCommand) -> Result<u8, Failure> {
    let request = request_about_a_strategy(command)
        .ok_or_else(|| Failure::new(Exit::Usage, "that needs no running instance"))?;
    send(paths, &request, false)
}

/// The kill. Where no instance can be reached, the file that makes a kill stick is raised all the same: one that is
/// wedged sees it within a quarter of a second, and the next one starts halted. An account at a broker is then acted
/// on from here.
pub(super) fn kill(paths: &Paths, source: ConfigSource<'_>, args: KillArgs) -> Result<u8, Failure> {
    let (flatten, keys_stdin, json) = (args.flatten, args.keys_stdin, args.json);
    let slot = args.slot.map(SlotName::account);
    let asked = command(paths, &Command::Kill(args));
    let Err(failure) = asked else { return asked };
    paths.prepare()?;
    let file = KillFile::prepare(&paths.state).map_err(|fault| format!("the KILL file: {fault}"))?;
    file.raise("hardstop kill, with no instance running").map_err(|fault| fault.to_string())?;
    if failure.code != Exit::NotRunning as u8 {
        let words = format!("{}; the KILL file stands, and openings end when it is seen", failure.words);
        return Err(Failure { words, ..failure });
    }
    let Some(account) = slot.or_else(|| last_account(paths)) else {
        let words = "no running instance, so nothing was open here; the next one starts halted, until `hardstop rearm`";
        return Err(Failure { words: words.to_owned(), ..failure });
    };
    let (mode, other) = match account {
        Account::Paper => (Mode::Paper, Mode::Live),
        Account::Live => (Mode::Live, Mode::Paper),
    };
    print::words(&format!(
        "no running instance: the {} account is acted on from here, and the next run starts halted",
        mode.word()
    ));
    if latest_of(&paths.data, &[other]).is_some() {
        let other = other.word();
        print::words(&format!(
            "the {other} account is left as it is; `hardstop kill --slot {other}` acts on that one"
        ));
    }
    tell_positions(paths, mode);
    let reply = kill_at_the_broker(paths, source, account, flatten, keys_stdin)?;
    reply.words.iter().for_each(|words| print::words(words));
    print::value(&reply.out, json);
    Ok(reply.exit)
}

/// The account that was traded last; `None` where there was only ever a sim.
fn last_account(paths: &Paths) -> Option<Account> {
    let files = latest_of(&paths.data, &[Mode::Paper, Mode::Live])?;
    let is_live = latest_of(&paths.data, &[Mode::Live]).is_some_and(|live| live == files);
    Some(if is_live { Account::Live } else { Account::Paper })
}

/// What the account's last run held, by its ledger.
fn tell_positions(paths: &Paths, mode: Mode) {
    let Some(files) = latest_of(&paths.data, &[mode]) else { return };
    let recall = Reader::open(&files.journal).map_err(|fault| fault.to_string());
    match recall.and_then(|reader| Recall::of(&reader, paths)) {
        Ok(recall) => {
            print::words("positions when its last run ended, or died:");
            let positions = recall.positions();
            let rows = positions.as_array().map_or(&[][..], Vec::as_slice);
            if rows.is_empty() {
                print::words("none");
            }
            for line in print::lines(rows) {
                print::words(&line);
            }
        }
        Err(words) => print::words(&format!("what was held is not known here: {words}")),
    }
}

/// Keys of a broker's account are asked for outside of every lockout: the kill waits for nobody.
fn kill_at_the_broker(
    paths: &Paths,
    source: ConfigSource<'_>,
    account: Account,
    flatten: bool,
    keys_stdin: bool,
) -> Result<Reply, Failure> {
    // A config that is damaged does not hold the kill up: the account's own hosts are known.
    let base_url = source.read().ok().and_then(|config| config.alpaca.base_url);
    let hosts = base_url.and_then(|url| Hosts::at(account, &url).ok()).unwrap_or_else(|| Hosts::of(account));
    print::words(&format!("the broker: {}", hosts.all()[0]));
    let slot = KeySlot::of(paths, &hosts);
    let keys = match account {
        Account::Paper => keys_of(&slot, keys_stdin)?.0,
        Account::Live => unlocked_for_the_kill(&slot, keys_stdin)?,
    };
    let outcome = kill_alone(paths, &hosts, &keys, flatten)
        .map_err(|words| Failure::new(Exit::Broker, format!("{words}; act at the broker itself, now")))?;
    Ok(told(&outcome))
}
