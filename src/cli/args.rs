//! What can be typed. Names and help are the contract of the shell.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::app::clock::Speed;
use crate::cli::journal_args::JournalCommand;
use crate::cli::keys_args::{KeysCommand, SlotName};
use crate::cli::replay::ReplayArgs;
use crate::cli::screenshot::{Picture, PictureSize};
use crate::cli::strategy_args::StrategyCommand;
use crate::domain::at::At;
use crate::domain::money::Money;
use crate::domain::order::TimeInForce;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::ui::theme::ThemeName;

/// A trading terminal whose limits cannot be walked round.
#[derive(Debug, Parser)]
#[command(name = "hardstop", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    /// The config file, in the place of the usual one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do; without a command: run.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// One command a file beside this one.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Trade: in sim on the bundled week, without keys or network.
    Run(RunArgs),
    /// Try a strategy on past bars.
    Backtest(Box<BacktestArgs>),
    /// Play seeded days of anything under your limits, and look for what breaks a law.
    Selftest(SelftestArgs),
    /// What live asks for, played in paper with one share: a process that dies, data that stop, the kill.
    Drill(DrillArgs),
    /// The embedded exchange for other programs, in Alpaca's protocol, on this machine alone.
    Exchange(ExchangeArgs),
    /// Ask the gate: one JSON object a line in, one decision a line out.
    Whatif(WhatifArgs),
    /// Buy, through the gate.
    Buy(OrderArgs),
    /// Sell, through the gate.
    Sell(OrderArgs),
    /// Cancel an order, the openings of a symbol, or all openings.
    Cancel(CancelArgs),
    /// Close the position of a symbol, or all.
    Close(CloseArgs),
    /// Change an order: judged while it is live, then cancelled and sent anew.
    Replace(ReplaceArgs),
    /// Stop everything that opens; works with the machine stuck.
    Kill(KillArgs),
    /// Trade again after a kill; with real money it asks for the passphrase.
    Rearm(TrustedArgs),
    /// Let the config's looser limits count from the next trading day; shows each, before and after.
    Loosen(LoosenArgs),
    /// Hide what is yours in the window of the running instance; everything else goes on.
    Lock,
    /// Let live open positions: shows the account, and asks for its number's end and the passphrase.
    Arm {
        /// Read what is asked for from stdin, a line each.
        #[arg(long)]
        stdin: bool,
    },
    /// Let live open nothing any more; exits, stops and the kill go on.
    Disarm(ReasonArgs),
    /// Accept an unclean shutdown, a storm of rejects, or a difference with the broker.
    Acknowledge(AcknowledgeArgs),
    /// How everything stands.
    Status(ShowArgs),
    /// Positions.
    Positions(ShowArgs),
    /// Orders.
    Orders(ShowArgs),
    /// Executions.
    Fills(ShowArgs),
    /// What the gate decided.
    Decisions(ShowArgs),
    /// One order: who asked, every check with its numbers, and its life.
    Explain(ExplainArgs),
    /// A run of before: in the window again, or derived again byte for byte.
    Replay(ReplayArgs),
    /// Limits, how much of them is used, and what is left.
    Risk(ShowArgs),
    /// Strategies of the running instance.
    Strategies(ShowArgs),
    /// The broker's keys: keep them, try them, change them, forget them.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Strategies: look at them, approve them, pause them.
    #[command(subcommand)]
    Strategy(StrategyCommand),
    /// The journal: check it, take data out of it.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// The config: what is in force, what is wrong with it.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Whether this installation is in order; safe to paste into a report.
    Doctor(DoctorArgs),
    /// Something is wrong: pull the kill, say what to do at the broker's, list what is not ours, pack the evidence.
    Incident(IncidentArgs),
    /// A picture of the window on a made-up quiet day, as SVG.
    Screenshot(ScreenshotArgs),
    /// The manual page, as roff, with every key of the window.
    Man,
    /// A shell's completions.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
}

/// `run`.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed or not")]
pub struct RunArgs {
    /// The embedded exchange (the default, where the config's mode says nothing else).
    #[arg(long, conflicts_with = "paper")]
    pub sim: bool,
    /// An account at Alpaca in which no money is at stake; or an exchange on this machine, by the config's `base_url`.
    #[arg(long, conflicts_with_all = ["data", "speed", "live"])]
    pub paper: bool,
    /// Real money: opens nothing until it is armed (`hardstop arm`).
    #[arg(long, conflicts_with_all = ["sim", "data", "speed"])]
    pub live: bool,
    /// Read the keys from stdin, the id on the first line and the secret on the second; in live the vault's passphrase
    /// alone. Else paper keys that are kept are used, or what is missing is asked for.
    #[arg(long)]
    pub keys_stdin: bool,
    /// Trade an account as root, which is refused otherwise: for containers, where there is nobody else.
    #[arg(long)]
    pub as_root: bool,
    /// No window: lines of JSON on stdout until the data ends or a signal comes.
    #[arg(long)]
    pub headless: bool,
    /// How many times as fast as the clock, or max (the default of --headless; else the config's sim.speed).
    #[arg(long)]
    pub speed: Option<Speed>,
    /// Bars or quotes, in the place of the bundled week; may be given again.
    #[arg(long, value_name = "CSV")]
    pub data: Vec<PathBuf>,
    /// The seed of faults and chance, in the place of the config's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// A strategy, in the place of the config's, or of the example; may be given again.
    #[arg(long, value_name = "FILE")]
    pub strategy: Vec<PathBuf>,
    /// The last run ended without saying so, and you have seen it.
    #[arg(long)]
    pub acknowledge_unclean: bool,
    /// Draw the window with ASCII alone.
    #[arg(long)]
    pub ascii: bool,
    /// The window's colours, in the place of the config's: okabe, classic, red-up, high-contrast, mono or ansi16.
    #[arg(long, value_name = "NAME")]
    pub theme: Option<ThemeName>,
    /// When there are colours in the window.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorWhen,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorWhen {
    /// Where the terminal shows them and `NO_COLOR` does not forbid them.
    #[default]
    Auto,
    /// Even where `NO_COLOR` is set.
    Always,
    /// None.
    Never,
}

/// `backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// The strategy's file.
    pub strategy: PathBuf,
    /// Bars; may be given again. Without it: the bundled week.
    #[arg(long, value_name = "CSV")]
    pub data: Vec<PathBuf>,
    /// Quotes; may be given again.
    #[arg(long, value_name = "CSV")]
    pub quotes: Vec<PathBuf>,
    /// Splits, as date,symbol,ratio (such as 2014-06-09,AAPL,7:1): rows from before one count in the shares of after it.
    #[arg(long, value_name = "CSV", requires = "data")]
    pub splits: Option<PathBuf>,
    /// Cash at the beginning, in the place of the config's.
    #[arg(long)]
    pub cash: Option<Money>,
    /// A setting of the strategy, as name=number; may be given again.
    #[arg(long, value_name = "K=V")]
    pub param: Vec<String>,
    /// The same as --param qty=N.
    #[arg(long)]
    pub qty: Option<Qty>,
    /// Leave out bars before this instant or date.
    #[arg(long)]
    pub from: Option<String>,
    /// Leave out bars from this instant or date on.
    #[arg(long)]
    pub to: Option<String>,
    /// The seed of chance, in the place of the config's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// none, or a file with the costs section of a config.
    #[arg(long, value_name = "FILE|none")]
    pub costs: Option<String>,
    /// wide, or a file with the limits section of a config.
    #[arg(long, value_name = "FILE|wide")]
    pub limits: Option<String>,
    /// Findings as JSON.
    #[arg(long)]
    pub json: bool,
    /// Trades, as CSV, into this file.
    #[arg(long, value_name = "CSV")]
    pub trades: Option<PathBuf>,
    /// Everything about the run as one page, into this file.
    #[arg(long, value_name = "HTML")]
    pub report: Option<PathBuf>,
    /// Try many values of a setting, as name=first..last..step or name=a,b,c; given again, every combination.
    #[arg(long, value_name = "K=A..B..STEP", conflicts_with_all = ["trades", "report"])]
    pub sweep: Vec<String>,
    /// How many combinations at a time; as many as there are cores without it.
    #[arg(long, requires = "sweep", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub jobs: Option<u16>,
}

/// `drill`.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// What is bought and sold; the first of the config's symbols, or SPY, without it.
    #[arg(long)]
    pub symbol: Option<Symbol>,
    /// Read the paper account's keys from stdin, a line each.
    #[arg(long)]
    pub keys_stdin: bool,
    /// As root, as a container may have it; see `hardstop run --help`.
    #[arg(long)]
    pub as_root: bool,
}

/// `selftest`.
#[derive(Debug, Args)]
pub struct SelftestArgs {
    /// How many seeds.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seeds: u64,
    /// The first seed; with --seeds 1 one that failed is played again.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Steps of each.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub steps: u32,
    /// How many at a time; as many as there are cores without it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub jobs: Option<u16>,
    /// Leave every seed's ledger in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Findings as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `exchange`.
#[derive(Debug, Args)]
pub struct ExchangeArgs {
    /// Where it listens; port 0 takes one that is free.
    #[arg(long, default_value = "127.0.0.1:8797", value_name = "ADDRESS")]
    pub listen: std::net::SocketAddr,
    /// Bars or quotes, in the place of the bundled week; may be given again.
    #[arg(long, value_name = "CSV", conflicts_with = "seed")]
    pub data: Vec<PathBuf>,
    /// A market made up by this seed, without an end, in the place of data.
    #[arg(long)]
    pub seed: Option<u64>,
    /// When its time begins; at the open of the first day of its data without it.
    #[arg(long, value_name = "INSTANT")]
    pub from: Option<At>,
    /// How many times as fast as the clock its time runs; 1 without it.
    #[arg(long)]
    pub speed: Option<Speed>,
    /// Cash of each account, in the place of the config's.
    #[arg(long)]
    pub cash: Option<Money>,
    /// How it fails on purpose.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// An account's pair of keys, made up by you; may be given again. rehearsal:rehearsal without it.
    #[arg(long, value_name = "ID:SECRET")]
    pub keys: Vec<String>,
}

/// `whatif`.
#[derive(Debug, Args)]
pub struct WhatifArgs {
    /// Read this file in the place of stdin.
    #[arg(long, value_name = "JSONL")]
    pub file: Option<PathBuf>,
}

/// `buy` and `sell`.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// What to trade.
    pub symbol: Symbol,
    /// How many shares.
    pub qty: Qty,
    /// The worst price.
    #[arg(long)]
    pub limit: Option<Price>,
    /// The trigger.
    #[arg(long)]
    pub stop: Option<Price>,
    /// The protective stop; without it the stop automation finds one.
    #[arg(long)]
    pub stop_loss: Option<Price>,
    /// The target.
    #[arg(long)]
    pub take_profit: Option<Price>,
    /// Let the protective stop follow the market by so many dollars, or by so much as 2%; on an order that
    /// closes a position, be that stop.
    #[arg(long, conflicts_with = "take_profit")]
    pub trail: Option<Trail>,
    /// day, gtc, ioc, fok (all or nothing), opg and cls (the auctions), or ext (a limit for all hours).
    #[arg(long, default_value = "day")]
    pub tif: TimeInForce,
    /// Do not ask (in sim nothing asks).
    #[arg(long)]
    pub yes: bool,
    /// Only say what the gate would.
    #[arg(long)]
    pub dry_run: bool,
    /// The answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `cancel`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct CancelArgs {
    /// An order's id.
    pub id: Option<String>,
    /// Every opening order of this symbol.
    #[arg(long)]
    pub symbol: Option<Symbol>,
    /// Every opening order.
    #[arg(long)]
    pub all: bool,
}

/// `close`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct CloseArgs {
    /// The symbol.
    pub symbol: Option<Symbol>,
    /// Every position.
    #[arg(long)]
    pub all: bool,
}

/// `replace`.
#[derive(Debug, Args)]
pub struct ReplaceArgs {
    /// The order's id.
    pub id: String,
    /// The new quantity.
    #[arg(long)]
    pub qty: Option<Qty>,
    /// The new limit.
    #[arg(long)]
    pub limit: Option<Price>,
    /// The new trigger.
    #[arg(long)]
    pub stop: Option<Price>,
}

/// `kill`.
#[derive(Debug, Args)]
pub struct KillArgs {
    /// Close every position too.
    #[arg(long)]
    pub flatten: bool,
    /// Where no instance runs: which account is acted on; the one that was traded last without it.
    #[arg(long, value_enum)]
    pub slot: Option<SlotName>,
    /// Where no instance runs: read the account's keys (in live the vault's passphrase) from stdin, a line each.
    #[arg(long)]
    pub keys_stdin: bool,
    /// The answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands that need a reason.
#[derive(Debug, Args)]
pub struct ReasonArgs {
    /// Why, in your own words; it is journaled.
    #[arg(long)]
    pub reason: String,
}

/// Commands that need a reason, and with real money the passphrase.
#[derive(Debug, Args)]
pub struct TrustedArgs {
    /// Why, in your own words; it is journaled.
    #[arg(long)]
    pub reason: String,
    /// Read what is asked for from stdin, a line each.
    #[arg(long)]
    pub stdin: bool,
}

/// `loosen`.
#[derive(Debug, Args)]
pub struct LoosenArgs {
    /// Whose limits, in the place of the config's mode.
    #[arg(long, value_enum)]
    pub mode: Option<ModeName>,
    /// The reason, and in live the passphrase.
    #[command(flatten)]
    pub trusted: TrustedArgs,
}

/// A mode, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ModeName {
    /// The embedded exchange.
    Sim,
    /// The paper account.
    Paper,
    /// Real money.
    Live,
}

/// `acknowledge`.
#[derive(Debug, Args)]
pub struct AcknowledgeArgs {
    /// `unclean`, `storm` (too many rejects), or the number of a difference.
    pub what: String,
    /// Why, in your own words; it is journaled.
    #[arg(long)]
    pub reason: String,
}

/// `doctor`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed or not")]
pub struct DoctorArgs {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Besides, everything that should be so before real money is armed; asks for the vault's passphrase.
    #[arg(long)]
    pub live: bool,
    /// In its place: try those promises of SECURITY.md that can be tried here, in moments.
    #[arg(long, conflicts_with = "live")]
    pub claims: bool,
    /// Read the passphrase from stdin.
    #[arg(long)]
    pub stdin: bool,
}

/// `incident`.
#[derive(Debug, Args)]
pub struct IncidentArgs {
    /// Where no instance runs: which account the kill acts on; the one that was traded last without it.
    #[arg(long, value_enum)]
    pub slot: Option<SlotName>,
    /// Where the evidence goes; a new file in this folder without it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Read what is asked for from stdin, a line each: where no instance runs the account's keys, then a passphrase
    /// for the evidence, twice.
    #[arg(long)]
    pub stdin: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The order's id; `hardstop orders` lists them.
    pub id: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands that show something.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// As JSON.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// As CSV.
    #[arg(long)]
    pub csv: bool,
}

/// `screenshot`.
#[derive(Debug, Args)]
pub struct ScreenshotArgs {
    /// Columns and rows, such as 200x50.
    #[arg(long, value_name = "WxH")]
    pub size: PictureSize,
    /// trade, chart, orders, strat, journal, risk, log, help, ticket or halted.
    #[arg(long, value_name = "NAME", default_value = "trade")]
    pub screen: Picture,
    /// okabe, classic, red-up, high-contrast, mono or ansi16.
    #[arg(long, value_name = "NAME", default_value = "okabe")]
    pub theme: ThemeName,
    /// With ASCII alone.
    #[arg(long)]
    pub ascii: bool,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    pub svg: PathBuf,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every setting in force, as TOML; defaults are marked.
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say everything that is wrong with the config, with its line.
    Check {
        /// A file, in the place of the one in force.
        file: Option<PathBuf>,
    },
    /// Where the config file stands.
    Path,
    /// A config with every key, its default and its bounds.
    Template,
}
