//! Commands that a running instance answers.

use crate::app::client;
use crate::app::control::Request;
use crate::app::paths::Paths;
use crate::broker::kill_file::KillFile;
use crate::cli::args::{Command, KillArgs, StrategyCommand};
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::request::{request_about_a_strategy, request_of};

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

/// Pauses a strategy of the running instance, or lets it go on.
pub(super) fn strategy(paths: &Paths, command: &StrategyCommand) -> Result<u8, Failure> {
    let request = request_about_a_strategy(command)
        .ok_or_else(|| Failure::new(Exit::Usage, "that needs no running instance"))?;
    send(paths, &request, false)
}

/// The kill. Where no instance can be reached, the file that makes a kill stick is raised all the
/// same: one that is wedged sees it within a quarter of a second, and the next one starts halted.
pub(super) fn kill(paths: &Paths, args: KillArgs) -> Result<u8, Failure> {
    let asked = command(paths, &Command::Kill(args));
    let Err(failure) = asked else { return asked };
    paths.prepare()?;
    let file = KillFile::prepare(&paths.state).map_err(|fault| format!("the KILL file: {fault}"))?;
    file.raise("hardstop kill, with no instance running").map_err(|fault| fault.to_string())?;
    let words = if failure.code == Exit::NotRunning as u8 {
        "no running instance, so nothing was open here; the next one starts halted, until `hardstop rearm`"
            .to_owned()
    } else {
        format!("{}; the KILL file stands, and openings end when it is seen", failure.words)
    };
    Err(Failure { words, ..failure })
}
