//! What a command asks of a running instance: the same request from the shell and from the window's
//! palette.

use clap::Parser;
use serde_json::{Value, json};

use crate::app::control::Request;
use crate::cli::args::{AcknowledgeArgs, Cli, Command, OrderArgs};
use crate::cli::strategy_args::StrategyCommand;

/// The request of a command that a running instance carries out; `None` for all others.
///
/// # Errors
/// What was typed wrongly.
pub(super) fn request_of(command: &Command) -> Option<Result<Request, String>> {
    let asks = |cmd: &str, args: Value| Some(Ok(Request { cmd: cmd.to_owned(), args }));
    match command {
        Command::Buy(args) => asks("submit", order("buy", args)),
        Command::Sell(args) => asks("submit", order("sell", args)),
        Command::Cancel(args) => match &args.id {
            Some(id) => asks("cancel", json!({ "id": id })),
            None => asks("cancel_all", json!({ "symbol": args.symbol })),
        },
        Command::Close(args) => asks("close", json!({ "symbol": args.symbol })),
        Command::Replace(args) => {
            asks("replace", json!({ "id": args.id, "qty": args.qty, "limit": args.limit, "stop": args.stop }))
        }
        Command::Kill(args) => asks("kill", json!({ "flatten": args.flatten })),
        Command::Disarm(args) => asks("disarm", json!({ "reason": args.reason })),
        Command::Arm { .. } => asks("arm", Value::Null),
        Command::Rearm(args) => asks("rearm", json!({ "reason": args.reason })),
        Command::Lock => asks("lock", Value::Null),
        Command::Acknowledge(args) => Some(acknowledge(args)),
        Command::Status(_) => asks("status", Value::Null),
        Command::Strategy(command) => request_about_a_strategy(command).map(Ok),
        _ => None,
    }
}

/// The request that pauses a running strategy, lets it go on, or answers its question.
pub(super) fn request_about_a_strategy(command: &StrategyCommand) -> Option<Request> {
    if let StrategyCommand::Answer { number, answer, qty, limit } = command {
        let args = json!({ "number": number, "yes": answer == "yes", "qty": qty, "limit": limit });
        return Some(Request { cmd: "answer".to_owned(), args });
    }
    let (cmd, number) = match command {
        StrategyCommand::Pause { number } => ("pause", number),
        StrategyCommand::Resume { number } => ("resume", number),
        _ => return None,
    };
    Some(Request { cmd: cmd.to_owned(), args: json!({ "id": number }) })
}

fn order(side: &str, args: &OrderArgs) -> Value {
    json!({
        "side": side, "symbol": args.symbol, "qty": args.qty, "limit": args.limit, "stop": args.stop,
        "stop_loss": args.stop_loss, "take_profit": args.take_profit, "trail": args.trail,
        "tif": args.tif.word(), "dry_run": args.dry_run,
    })
}

fn acknowledge(args: &AcknowledgeArgs) -> Result<Request, String> {
    let request = |cmd: &str, args: Value| Request { cmd: cmd.to_owned(), args };
    if args.what == "unclean" {
        return Ok(request("acknowledge_unclean", json!({ "reason": args.reason })));
    }
    if args.what == "storm" {
        return Ok(request("acknowledge_storm", json!({ "reason": args.reason })));
    }
    let number: u64 = args
        .what
        .parse()
        .map_err(|_| format!("{:?}: write unclean, storm, or the number of a difference", args.what))?;
    Ok(request("acknowledge_adjust", json!({ "number": number, "reason": args.reason })))
}

/// A line of the palette, in the shell's grammar.
///
/// # Errors
/// What is wrong with it, in the shell's words.
pub(super) fn typed(line: &str) -> Result<Request, String> {
    let line = line.trim();
    let line = line.strip_prefix("hardstop ").unwrap_or(line);
    let words = shlex::split(line).ok_or("a quotation mark is open: close it")?;
    let cli = Cli::try_parse_from(std::iter::once("hardstop".to_owned()).chain(words))
        .map_err(|fault| plain(&fault.to_string()))?;
    cli.command.as_ref().and_then(request_of).unwrap_or_else(|| {
        Err("that command is for the shell; here: buy, sell, cancel, close, replace, kill, rearm, \
             disarm, lock, acknowledge, status, strategy pause, strategy resume, strategy answer"
            .to_owned())
    })
}

/// A fault of usage without the lines that only a shell can follow.
fn plain(fault: &str) -> String {
    let lines = fault.lines().map(str::trim).filter(|line| !line.is_empty());
    let told = lines.take_while(|line| !line.starts_with("For more information"));
    told.map(|line| line.trim_start_matches("error: ")).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, cmd: &str, args: Value) {
        let request = typed(line).unwrap();
        assert_eq!(request.cmd, cmd, "{line}");
        for (key, value) in args.as_object().unwrap() {
            assert_eq!(&request.args[key], value, "{line}: {key}");
        }
    }

    #[test]
    fn the_palette_speaks_the_shells_grammar() {
        check(
            "buy SPY 50 --limit 166.20 --stop-loss 165",
            "submit",
            json!({ "side": "buy", "limit": "166.2", "stop_loss": "165" }),
        );
        check("hardstop close --all", "close", json!({ "symbol": null }));
        check("rearm --reason \"the feed is back\"", "rearm", json!({ "reason": "the feed is back" }));
        check("kill --flatten", "kill", json!({ "flatten": true }));
        let args = json!({ "number": 12, "yes": true, "qty": "5", "limit": null });
        check("strategy answer 12 yes --qty 5", "answer", args);
        check("acknowledge storm --reason seen", "acknowledge_storm", json!({ "reason": "seen" }));
        check("acknowledge unclean --reason seen", "acknowledge_unclean", json!({ "reason": "seen" }));
    }

    #[test]
    fn what_the_palette_cannot_do_is_said_in_words() {
        for (line, part) in [
            ("backtest x.js", "for the shell"),
            ("by SPY 1", "unrecognized"),
            ("buy SPY", "QTY"),
            ("rearm --reason \"open", "quotation mark"),
            ("", "for the shell"),
        ] {
            let words = typed(line).unwrap_err();
            assert!(words.contains(part), "{line}: {words}");
        }
    }
}
