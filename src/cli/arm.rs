//! `hardstop arm`.

use serde_json::Value;

use crate::app::paths::Paths;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::trusted::{add_who_asks, ask, typed};

/// Shows whose money it is and under which limits, asks for the last letters of the account's number and for the
/// passphrase, and has the running instance look at everything.
pub(super) fn run(paths: &Paths, stdin: bool) -> Result<u8, Failure> {
    let facts = ask(paths, "arming", Value::Null)?;
    if facts.exit != 0 {
        facts.words.iter().for_each(|words| print::words(words));
        return Ok(facts.exit);
    }
    let status = ask(paths, "status", Value::Null)?.out;
    let account = facts.out["account"].as_str().unwrap_or_default();
    print::words(&format!("REAL MONEY: account {account}"));
    for name in ["equity", "day_loss", "day_loss_limit", "heat_limit", "gross", "gross_limit", "session"] {
        if let Some(value) = status[name].as_str() {
            print::words(&format!("{:<15} {value}", name.replace('_', " ")));
        }
    }
    let positions = status["positions"].as_array().map_or(&[][..], Vec::as_slice);
    for position in positions {
        let text = |name: &str| position[name].as_str().unwrap_or("-").to_owned();
        print::words(&format!("position        {} {}, stop {}", text("qty"), text("symbol"), text("stop")));
    }
    if positions.is_empty() {
        print::words("position        none");
    }
    let obstacles = facts.out["obstacles"].as_array().map_or(&[][..], Vec::as_slice);
    if !obstacles.is_empty() {
        obstacles
            .iter()
            .filter_map(Value::as_str)
            .for_each(|words| print::words(&format!("in the way: {words}")));
        return Err(Failure::new(Exit::Keys, "live is not armed; nothing was asked for"));
    }
    let mut typed = typed(stdin);
    let account = typed
        .words("the last four characters of the account number")
        .map_err(|words| Failure::new(Exit::Keys, words))?;
    let mut args = serde_json::json!({ "account": account });
    add_who_asks(&mut args, facts.out["code"].as_bool().unwrap_or(false), &mut typed)?;
    let reply = ask(paths, "arm", args)?;
    reply.words.iter().for_each(|words| print::words(words));
    Ok(reply.exit)
}
