//! Commands that a running instance answers.

use serde_json::{Value, json};

use crate::app::client;
use crate::app::control::Request;
use crate::app::paths::Paths;
use crate::broker::kill_file::KillFile;
use crate::cli::args::{AcknowledgeArgs, CancelArgs, CloseArgs, KillArgs, OrderArgs, ReplaceArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;

/// Asks the running instance and prints what it says; its exit code is the shell's.
pub(super) fn ask(paths: &Paths, cmd: &str, args: Value, json: bool) -> Result<u8, Failure> {
    let request = Request { cmd: cmd.to_owned(), args };
    let Some(reply) = client::ask(&paths.socket, &request)? else {
        return Err(Failure::new(
            Exit::NotRunning,
            "no running instance answers; start one with `hardstop run`",
        ));
    };
    reply.words.iter().for_each(|words| print::words(words));
    print::value(&reply.out, json);
    Ok(reply.exit)
}

pub(super) fn order(paths: &Paths, side: &str, args: &OrderArgs) -> Result<u8, Failure> {
    let request = json!({
        "side": side, "symbol": args.symbol, "qty": args.qty, "limit": args.limit, "stop": args.stop,
        "stop_loss": args.stop_loss, "take_profit": args.take_profit, "tif": args.tif, "dry_run": args.dry_run,
    });
    ask(paths, "submit", request, args.json)
}

pub(super) fn cancel(paths: &Paths, args: &CancelArgs) -> Result<u8, Failure> {
    match &args.id {
        Some(id) => ask(paths, "cancel", json!({ "id": id }), false),
        None => ask(paths, "cancel_all", json!({ "symbol": args.symbol }), false),
    }
}

pub(super) fn close(paths: &Paths, args: &CloseArgs) -> Result<u8, Failure> {
    ask(paths, "close", json!({ "symbol": args.symbol }), false)
}

pub(super) fn replace(paths: &Paths, args: &ReplaceArgs) -> Result<u8, Failure> {
    let request = json!({ "id": args.id, "qty": args.qty, "limit": args.limit, "stop": args.stop });
    ask(paths, "replace", request, false)
}

/// The kill. Where no instance can be reached, the file that makes a kill stick is raised all the
/// same: one that is wedged sees it within a quarter of a second, and the next one starts halted.
pub(super) fn kill(paths: &Paths, args: &KillArgs) -> Result<u8, Failure> {
    let asked = ask(paths, "kill", json!({ "flatten": args.flatten }), args.json);
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

pub(super) fn acknowledge(paths: &Paths, args: &AcknowledgeArgs) -> Result<u8, Failure> {
    if args.what == "unclean" {
        return ask(paths, "acknowledge_unclean", json!({ "reason": args.reason }), false);
    }
    let number: u64 = args.what.parse().map_err(|_| {
        Failure::new(Exit::Usage, format!("{:?}: write unclean, or the number of a difference", args.what))
    })?;
    ask(paths, "acknowledge_adjust", json!({ "number": number, "reason": args.reason }), false)
}
