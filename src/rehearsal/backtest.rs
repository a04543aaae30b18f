use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::broker::latch::KillLatch;
use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::symbol::Symbol;
use crate::engine::event::{Event, StrategyHead};
use crate::engine::settings::{Settings, StrategyHours};
use crate::exchange::settings::{Costs, Settings as ExchangeSettings};
use crate::exchange::venue::Exchange;
use crate::feed::tape::merge;
use crate::journal::row::{RunEnd, RunHead};
use crate::journal::writer::Journal;
use crate::pump::assembly::{limits_version, onto_exchange};
use crate::pump::bench::Bench;
use crate::pump::turn::{Durability, Parts, Pump};
use crate::rehearsal::findings::{Findings, Listener};
use crate::risk::limits::Limits;
use crate::strategy::host::{Sandbox, SpawnSettings, describe};
use crate::strategy::manifest::ParamValue;
use crate::strategy::source::StrategySource;

/// Rows that are written in one go: a backtest can simply be run again.
const GROUP_ROWS: u32 = 4_096;

/// What a backtest is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The running program itself, for the strategy's process.
    pub executable: PathBuf,
    /// The script.
    pub source: StrategySource,
    /// Settings of the script that the trader gave.
    pub params: BTreeMap<String, ParamValue>,
    /// Bars.
    pub bars: Vec<Bar>,
    /// Quotes, where there are any.
    pub quotes: Vec<Quote>,
    /// The cash at the beginning.
    pub cash: Money,
    /// What trading costs.
    pub costs: Costs,
    /// Whether `--costs none` was said: market openings then go out as plain market orders.
    pub costs_none: bool,
    /// The limits.
    pub limits: Limits,
    /// The seed.
    pub seed: u64,
}

/// Runs a strategy over past bars through the same engine, gate and exchange as everything else.
///
/// # Errors
/// What cannot be run, in words.
pub fn run(question: &Question) -> Result<Findings, String> {
    let mut spawn = SpawnSettings {
        params: question.params.clone(),
        seed: question.seed,
        ..SpawnSettings::new(question.executable.clone(), &question.source.file, &question.source.text)
    };
    let manifest = describe(&spawn).map_err(|fault| fault.to_string())?;
    manifest.settle(&question.params)?;
    let symbols = symbols_of(&question.bars, &manifest.symbols)?;
    spawn.symbols.clone_from(&symbols);
    let sandbox = Sandbox::spawn(&spawn).map_err(|fault| fault.to_string())?;
    let level = sandbox.level();
    let head_of_strategy = StrategyHead {
        id: StrategyId(1),
        name: manifest.name.clone(),
        sha256: question.source.hash.to_string(),
        symbols: symbols.clone(),
        timeframe_ms: i64::from(manifest.timeframe_minutes()) * 60_000,
        warmup_bars: manifest.warmup,
    };
    let mut bench = Bench::default();
    bench.seat(head_of_strategy.clone(), spawn, sandbox);
    let bars_only = question.quotes.is_empty();
    let sessions = question.limits.regular_session_only;
    let settings = Settings {
        bars_only,
        plain_market: bars_only && question.costs_none,
        strategy_hours: if sessions { StrategyHours::Regular } else { StrategyHours::All },
        equity_row_every_ms: None,
        reconcile_every_ms: None,
        feed_interval_ms: question.bars.first().map_or(60_000, |bar| bar.end.millis_since(bar.start)),
        ..Settings::new(Mode::Sim, "bcktst")
    };
    let exchange = exchange(question);
    let assembly = onto_exchange(settings, question.limits.clone(), exchange, KillLatch::default())?;
    let ticks = merge(question.bars.clone(), question.quotes.clone());
    let first = ticks.first().map(Tick::at).ok_or("there is no bar to run over")?;
    let mut journal = Journal::in_memory().map_err(|fault| fault.to_string())?;
    journal.begin_run(&head(question, level.word(), first), first).map_err(|fault| fault.to_string())?;
    let mut pump = Pump::new(Parts {
        engine: assembly.engine,
        door: assembly.door,
        market: Some(assembly.market),
        journal,
        tape: None,
        bench,
        audience: Listener::new(question.cash),
        durability: Durability::Groups(GROUP_ROWS),
        last_seq: 0,
    });
    pump.turn(first, Event::Started(Box::default()));
    pump.turn(first, Event::StrategyLoaded(head_of_strategy));
    for tick in &ticks {
        pump.turn(tick.at(), Event::Tick(*tick));
        if let Tick::Bar(bar) = tick {
            let equity = pump.engine().equity();
            pump.audience_mut().on_bar(bar, equity);
        }
    }
    let end = RunEnd { finished: true, reason: "the data ended".to_owned() };
    pump.end(&end).map_err(|fault| fault.to_string())?;
    let hash = pump.journal_hash();
    let findings = pump.audience_mut().findings(question, &manifest, &symbols, level.word(), hash);
    findings.map_err(|fault| fault.to_string())
}

fn exchange(question: &Question) -> Exchange {
    let sessions = question.limits.regular_session_only;
    Exchange::new(ExchangeSettings {
        cash: question.cash,
        costs: question.costs,
        sessions,
        bars_only: question.quotes.is_empty(),
        // Without limits the comparison is with engines that know no buying power either.
        buying_power_multiple: if sessions { 1 } else { 1_000 },
        seed: question.seed,
        ..ExchangeSettings::default()
    })
}

fn head(question: &Question, sandbox: &str, started_at: At) -> RunHead {
    RunHead {
        mode: Mode::Sim,
        seed: question.seed,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        limits_version: limits_version(&question.limits),
        limits: question.limits.clone(),
        source: "files".to_owned(),
        sandbox: sandbox.to_owned(),
        // A backtest has no clock but its data.
        started_at,
    }
}

/// The symbols of the data that the script asks for; all of them when it asks for none.
fn symbols_of(bars: &[Bar], asked: &[Symbol]) -> Result<Vec<Symbol>, String> {
    let mut there: Vec<Symbol> = bars.iter().map(|bar| bar.symbol).collect();
    there.sort_unstable();
    there.dedup();
    if asked.is_empty() {
        return Ok(there);
    }
    let wanted: Vec<Symbol> = there.iter().copied().filter(|symbol| asked.contains(symbol)).collect();
    if wanted.is_empty() {
        return Err(format!("the script asks for {}, and the data has {}", join(asked), join(&there)));
    }
    Ok(wanted)
}

fn join(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(", ")
}
