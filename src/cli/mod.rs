//! Floor 6: the shell: parse, call, print.
//!
//! Duty: one file a subcommand; what is typed becomes a call into the floors below, and what comes
//! back becomes text or JSON on stdout. Knows nothing of how a judgement is reached, how an order
//! travels or how a screen is drawn.

/// What can be typed.
pub mod args;
/// `hardstop arm`.
mod arm;
/// Commands that a running instance answers.
mod ask;
/// `hardstop backtest`.
mod backtest;
/// What a report is told of a backtest.
mod backtest_report;
/// Promises that can be tried on this machine.
mod claims;
/// `hardstop config`.
mod config;
/// `hardstop doctor`.
mod doctor;
/// What should be so before real money is armed.
mod doctor_live;
/// What it says of the terminal.
mod doctor_terminal;
/// `hardstop drill`.
mod drill;
/// `hardstop exchange`.
mod exchange;
/// Exit codes.
pub mod exit;
/// `hardstop explain`: an order, out of the journal.
mod explain;
/// From an order back to the callback and the bar that caused it.
mod explain_cause;
/// `hardstop incident`.
mod incident;
/// `hardstop journal`.
mod journal;
/// What can be typed behind it.
pub mod journal_args;
/// `hardstop keys`.
mod keys;
/// What can be typed behind it.
pub mod keys_args;
/// `hardstop loosen`.
mod loosen;
/// `hardstop man`.
mod man;
/// What the trader grants less than a script asks for.
pub mod passport_args;
/// Output.
mod print;
/// How far a long command has come, on a terminal.
mod progress;
/// What the newest ledger last said.
mod recall;
/// `hardstop replay`.
pub mod replay;
/// What a command asks of a running instance.
mod request;
/// `hardstop run`.
mod run;
/// `hardstop screenshot`.
mod screenshot;
/// `hardstop selftest`.
mod selftest;
/// Views of the running instance or the journal.
mod show;
/// `hardstop strategy`.
mod strategy;
/// What can be typed behind it.
pub mod strategy_args;
/// What the trader sees of a script before it may run.
mod strategy_file;
/// `hardstop backtest --sweep`.
mod sweep;
/// How `--sweep` is read.
mod sweep_axes;
/// What the text tables show of a view.
mod tables;
/// Who sits there, asked in the shell.
mod trusted;
/// `hardstop whatif`: the gate as a pure function, one question a line.
pub mod whatif;
/// How a line of `whatif` is read: strictly, field by field.
mod whatif_input;
/// JSON as it is written, with every key once.
mod whatif_json;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::app::panics::tell_places_alone;
use crate::app::paths::Paths;
use crate::cli::args::{Cli, Command, RunArgs, WhatifArgs};
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::recall::Recall;
use crate::journal::reader::View;

/// Parses what was typed, does it, and gives the shell its exit code.
#[must_use]
pub fn main() -> ExitCode {
    tell_places_alone();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(fault) => {
            // Help and version are data; the rest is a fault of usage.
            let code = if fault.use_stderr() { Exit::Usage } else { Exit::Ok };
            let _reader_gone = fault.print();
            return ExitCode::from(code as u8);
        }
    };
    match dispatch(cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            print::words(&failure.words);
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(cli: Cli) -> Result<u8, Failure> {
    let paths = Paths::from_env(cli.config.as_deref())?;
    let config_file = paths.config_file.clone();
    let source = ConfigSource { file: &config_file, named: cli.config.is_some() };
    match cli.command.unwrap_or_else(|| Command::Run(RunArgs::default())) {
        Command::Run(args) => run::run(paths, source, &args),
        Command::Backtest(args) => backtest::run(source, &args),
        Command::Exchange(args) => exchange::run(source, &args),
        Command::Selftest(args) => selftest::run(&paths, source, &args),
        Command::Whatif(args) => whatif(&args),
        Command::Kill(args) => ask::kill(&paths, source, args),
        asked @ (Command::Buy(_)
        | Command::Sell(_)
        | Command::Cancel(_)
        | Command::Close(_)
        | Command::Replace(_)
        | Command::Lock
        | Command::Disarm(_)
        | Command::Acknowledge(_)) => ask::command(&paths, &asked),
        Command::Status(args) => show::live(&paths, "status", &args, Recall::status),
        Command::Positions(args) => show::live(&paths, "positions", &args, Recall::positions),
        Command::Orders(args) => show::orders(&paths, &args),
        Command::Fills(args) => show::recorded(&paths, View::Fills, &args),
        Command::Decisions(args) => show::recorded(&paths, View::Decisions, &args),
        Command::Explain(args) => explain::run(&paths, &args),
        Command::Replay(args) => replay::run(&paths, source, &args),
        Command::Risk(args) => show::live(&paths, "risk", &args, Recall::risk),
        Command::Strategies(args) => show::live(&paths, "strategies", &args, Recall::strategies),
        Command::Drill(args) => drill::run(paths, source, &args),
        Command::Rearm(args) => ask::rearm(&paths, &args),
        Command::Loosen(args) => loosen::run(&paths, source, &args),
        Command::Arm { stdin } => arm::run(&paths, stdin),
        Command::Keys(command) => keys::run(&paths, source, &command),
        Command::Strategy(command) => strategy::run(&paths, &command),
        Command::Journal(command) => journal::run(&paths, source, &command),
        Command::Config(command) => config::run(&paths, source, &command),
        Command::Doctor(args) => doctor::run(&paths, source, &args),
        Command::Incident(args) => incident::run(&paths, source, &args),
        Command::Screenshot(args) => screenshot::run(&args),
        Command::Man => man::run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "hardstop", &mut script);
            print::data(String::from_utf8_lossy(&script).trim_end());
            Ok(0)
        }
    }
}

fn whatif(args: &WhatifArgs) -> Result<u8, Failure> {
    let done = match &args.file {
        None => whatif::run(io::stdin().lock(), io::stdout().lock()),
        Some(path) => {
            let file = std::fs::File::open(path)
                .map_err(|fault| Failure::new(Exit::Usage, format!("{}: {fault}", path.display())))?;
            whatif::run(io::BufReader::new(file), io::stdout().lock())
        }
    };
    match done {
        Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::from(format!("whatif: {fault}")))
        }
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_well_formed_and_says_what_it_does() {
        Cli::command().debug_assert();
        let mut left: Vec<clap::Command> = Cli::command().get_subcommands().cloned().collect();
        while let Some(command) = left.pop() {
            assert!(command.get_about().is_some(), "{} says nothing of itself", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{}: {}", command.get_name(), argument.get_id());
            }
            left.extend(command.get_subcommands().cloned());
        }
    }
}
