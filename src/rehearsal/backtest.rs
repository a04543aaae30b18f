use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::market::Tick;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::passport::Passport;
use crate::domain::symbol::Symbol;
use crate::engine::event::StrategyHead;
use crate::exchange::settings::Costs;
use crate::feed::tape::Tape;
use crate::journal::row::{DATA, RunEnd, RunHead};
use crate::journal::writer::Journal;
use crate::pump::assembly::limits_version;
use crate::pump::bench::Bench;
use crate::rehearsal::drive::{Terms, feed, open, stage};
use crate::rehearsal::findings::Findings;
use crate::rehearsal::packed::{DataHash, Packing, TICK_BYTES_MAX};
use crate::rehearsal::together;
use crate::risk::limits::Limits;
use crate::strategy::host::{Sandbox, SpawnSettings, describe};
use crate::strategy::manifest::ParamValue;
use crate::strategy::source::StrategySource;

/// What a backtest is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The running program itself, for the strategy's process.
    pub executable: PathBuf,
    /// The script.
    pub source: StrategySource,
    /// Settings of the script that the trader gave.
    pub params: BTreeMap<String, ParamValue>,
    /// Bars, and quotes where there are any; many runs over one tape share it.
    pub tape: Arc<Tape>,
    /// Whether the tape's quotes count.
    pub quotes: bool,
    /// Nothing that began before this instant counts.
    pub from: Option<At>,
    /// Nothing that began at this instant or later counts.
    pub to: Option<At>,
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

impl Question {
    /// The ticks that count, in order.
    pub fn ticks(&self) -> impl Iterator<Item = Tick> {
        self.tape.ticks().filter(|tick| {
            let began = match tick {
                Tick::Bar(bar) => bar.start,
                Tick::Quote(quote) if self.quotes => quote.at,
                Tick::Quote(_) | Tick::Trade(_) => return false,
            };
            self.from.is_none_or(|from| began >= from) && self.to.is_none_or(|to| began < to)
        })
    }
}

/// A question with everything that was found out before its run.
#[derive(Debug)]
pub(super) struct Plan<'question> {
    pub(super) question: &'question Question,
    pub(super) terms: Terms,
    pub(super) spawn: SpawnSettings,
    /// Every symbol of the data.
    pub(super) listed: Vec<Symbol>,
    /// When the first tick becomes known.
    pub(super) first: At,
    /// Every setting the script sees.
    settled: BTreeMap<String, ParamValue>,
}

/// Runs a strategy over past bars through the same engine, gate and exchange as everything else.
///
/// Engine, exchange and script share one process that has shut itself in. Where anything goes wrong in
/// there, the script's own failing among it, that process counts for nothing, and the run is made again
/// with the script apart: what befell it is then found out and told in the one place that live runs use.
///
/// # Errors
/// What cannot be run, in words.
pub fn run(question: &Question) -> Result<Findings, String> {
    run_heard(question, &|_| {})
}

/// As [`run`]; `heard` is told how many of the question's ticks have gone in.
///
/// # Errors
/// What cannot be run, in words.
pub fn run_heard(question: &Question, heard: &dyn Fn(usize)) -> Result<Findings, String> {
    let plan = plan(question)?;
    let findings = together::run(&plan, heard).or_else(|why| {
        tracing::info!(%why, "the rehearsal is made again with the script in a process of its own");
        apart(&plan)
    })?;
    Ok(told(findings, &plan))
}

/// As [`run`], with the script in a process of its own from the beginning: one pipe there and back a bar.
///
/// # Errors
/// What cannot be run, in words.
pub fn run_apart(question: &Question) -> Result<Findings, String> {
    let plan = plan(question)?;
    apart(&plan).map(|findings| told(findings, &plan))
}

/// As [`run`], without a second way.
///
/// # Errors
/// What cannot be run, and why the shared process was lost, in words.
pub fn run_together(question: &Question) -> Result<Findings, String> {
    let plan = plan(question)?;
    together::run(&plan, &|_| {}).map(|findings| told(findings, &plan))
}

/// The findings, with what was known before the run.
fn told(findings: Findings, plan: &Plan<'_>) -> Findings {
    Findings { params: plan.settled.clone(), ..findings }
}

fn plan(question: &Question) -> Result<Plan<'_>, String> {
    let mut spawn = SpawnSettings {
        params: question.params.clone(),
        seed: question.seed,
        ..SpawnSettings::new(question.executable.clone(), &question.source.file, &question.source.text)
    };
    let manifest = describe(&spawn).map_err(|fault| fault.to_string())?;
    let settled = manifest.settle(&question.params)?;
    let (mut counted, mut first, mut interval, mut bars_only) = (Vec::new(), None, None, true);
    let mut listed = Vec::new();
    for tick in question.ticks() {
        let symbol = tick.symbol();
        first.get_or_insert(tick.at());
        note(&mut listed, symbol);
        match tick {
            Tick::Bar(bar) => {
                note(&mut counted, symbol);
                interval.get_or_insert(bar.end.millis_since(bar.start));
            }
            Tick::Quote(_) | Tick::Trade(_) => bars_only = false,
        }
    }
    let first = first.ok_or("there is no bar to run over")?;
    let symbols = symbols_of(&counted, &manifest.symbols)?;
    spawn.symbols.clone_from(&symbols);
    let head = StrategyHead {
        id: StrategyId(1),
        name: manifest.name.clone(),
        sha256: question.source.hash.to_string(),
        symbols,
        timeframe_ms: i64::from(manifest.timeframe_minutes()) * 60_000,
        warmup_bars: manifest.warmup,
        protects: manifest.protects,
        // Nobody is there to be asked.
        passport: Passport { asks: false, ..manifest.passport()? },
        file: String::new(),
        params: String::new(),
        handlers: manifest.handlers.clone(),
    };
    let terms = Terms {
        head,
        version: manifest.version,
        cash: question.cash,
        costs: question.costs,
        costs_none: question.costs_none,
        limits: question.limits.clone(),
        seed: question.seed,
        bars_only,
        feed_interval_ms: interval.unwrap_or(60_000),
    };
    Ok(Plan { question, terms, spawn, listed, first, settled })
}

/// Keeps a sorted list without doubles; data has few symbols and many rows.
fn note(symbols: &mut Vec<Symbol>, symbol: Symbol) {
    if let Err(place) = symbols.binary_search(&symbol) {
        symbols.insert(place, symbol);
    }
}

fn apart(plan: &Plan<'_>) -> Result<Findings, String> {
    let terms = &plan.terms;
    let sandbox = Sandbox::spawn(&plan.spawn).map_err(|fault| fault.to_string())?;
    let level = sandbox.level().word();
    let mut bench = Bench::default();
    bench.seat(terms.head.clone(), plan.spawn.clone(), sandbox);
    let mut journal = Journal::passing().map_err(|fault| fault.to_string())?;
    journal.begin_run(&run_head(plan, level), plan.first).map_err(|fault| fault.to_string())?;
    let mut stage = stage(terms, journal, bench)?;
    open(&mut stage, terms, plan.first);
    let packing = Packing::of(plan.listed.clone());
    let mut data = DataHash::new(&plan.listed);
    let mut packed = Vec::with_capacity(TICK_BYTES_MAX);
    for tick in plan.question.ticks() {
        packed.clear();
        packing.pack(&tick, &mut packed);
        data.add(&packed);
        feed(&mut stage, &tick);
    }
    let at = stage.now();
    stage.tell_quiet();
    stage.rows_mut().take_row(0, at, DATA, data.body());
    stage.end(&run_end()).map_err(|fault| fault.to_string())?;
    let hash = stage.journal_hash();
    let findings = stage.audience_mut().findings(terms, hash, level);
    findings.map_err(|fault| fault.to_string())
}

pub(super) fn run_end() -> RunEnd {
    RunEnd { finished: true, reason: "the data ended".to_owned() }
}

pub(super) fn run_head(plan: &Plan<'_>, sandbox: &str) -> RunHead {
    RunHead {
        mode: Mode::Sim,
        seed: plan.terms.seed,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        limits_version: limits_version(&plan.terms.limits),
        limits: plan.terms.limits.clone(),
        source: "files".to_owned(),
        sandbox: sandbox.to_owned(),
        // A backtest has no clock but its data.
        started_at: plan.first,
        account: None,
        settings: None,
    }
}

/// The symbols of the data that the script asks for; all of them when it asks for none.
fn symbols_of(there: &[Symbol], asked: &[Symbol]) -> Result<Vec<Symbol>, String> {
    if asked.is_empty() {
        return Ok(there.to_vec());
    }
    let wanted: Vec<Symbol> = there.iter().copied().filter(|symbol| asked.contains(symbol)).collect();
    if wanted.is_empty() {
        return Err(format!("the script asks for {}, and the data has {}", join(asked), join(there)));
    }
    Ok(wanted)
}

fn join(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(", ")
}
