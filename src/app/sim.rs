use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::app::clock;
use crate::app::ledgers::{LedgerFiles, current};
use crate::app::paths::Paths;
use crate::app::rebuild::rebuild;
use crate::broker::kill::{KillIds, KillTask};
use crate::broker::kill_file::KillFile;
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;
use crate::config::meaning::Logs;
use crate::domain::at::At;
use crate::domain::calendar::session;
use crate::domain::day::TradingDay;
use crate::domain::intent::StrategyId;
use crate::domain::market::Tick;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::symbol::Symbol;
use crate::engine::event::{Act, Event, StrategyHead};
use crate::engine::memory::Memory;
use crate::engine::settings::Settings;
use crate::exchange::settings::Settings as ExchangeSettings;
use crate::exchange::venue::Exchange;
use crate::feed::freshness::Freshness;
use crate::journal::reader::Reader;
use crate::journal::row::RunHead;
use crate::journal::tape::{TapeReader, TapeTick, TapeWriter};
use crate::journal::writer::Journal;
use crate::pump::assembly::{limits_version, onto_exchange};
use crate::pump::audience::Audience;
use crate::pump::bench::Bench;
use crate::pump::turn::{Calls, Durability, Parts, Pump};
use crate::risk::limits::Limits;
use crate::strategy::approval::{Approvals, Verdict};
use crate::strategy::frame::Level;
use crate::strategy::host::{SpawnSettings, describe};
use crate::strategy::manifest::ParamValue;
use crate::strategy::source::StrategySource;
use crate::strategy::strikes::Strikes;

/// Ticks of before that warm a resumed run up: enough for a day of three symbols' bars and quotes.
const WARM_TICKS: usize = 3_000;

/// What a sim is started with.
pub struct SimPlan {
    /// Folders and files.
    pub paths: Paths,
    /// The market's data, in its one order.
    pub ticks: Vec<Tick>,
    /// What the data is called.
    pub data_name: String,
    /// Whether quotes are among it.
    pub has_quotes: bool,
    /// The strategies, in the order of their numbers.
    pub strategies: Vec<Planned>,
    /// The limits.
    pub limits: Limits,
    /// The exchange.
    pub exchange: ExchangeSettings,
    /// The trader's word that an unclean end was seen.
    pub acknowledge_unclean: bool,
    /// What is logged, and for how long it is kept.
    pub logs: Logs,
}

/// A strategy as the trader wants it run.
pub struct Planned {
    /// The script.
    pub source: StrategySource,
    /// What it trades; what it asks for itself where the list is empty.
    pub symbols: Vec<Symbol>,
    /// Values of its params; its own defaults stand for missing ones.
    pub params: BTreeMap<String, ParamValue>,
}

impl Planned {
    /// A script that trades what it asks for, by its own defaults.
    pub const fn plain(source: StrategySource) -> Self {
        Self { source, symbols: Vec::new(), params: BTreeMap::new() }
    }
}

/// A sim, put together and ready for its next tick.
pub struct Sim<A: Audience> {
    /// The machine and all it commands.
    pub pump: Pump<A>,
    /// The data.
    pub ticks: Vec<Tick>,
    /// The next tick of it.
    pub cursor: usize,
    /// Whose ids its orders carry.
    pub kill_ids: KillIds,
    /// The latch.
    pub latch: KillLatch,
    /// What makes a kill stick.
    pub kill_file: KillFile,
    /// The ledger's files.
    pub files: LedgerFiles,
    /// The strategies' names, by number.
    pub strategies: BTreeMap<StrategyId, String>,
    /// What holds strategies.
    pub sandbox: String,
}

/// Puts a sim together, and its kill task, which is not yet running: the newest unfinished ledger goes
/// on where it stopped.
///
/// # Errors
/// What stands in the way, in words.
pub fn open<A: Audience>(
    mut plan: SimPlan,
    latch: KillLatch,
    audience: A,
) -> Result<(Sim<A>, KillTask), String> {
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    check_approvals(&plan)?;
    let files = current(&plan.paths.data, Mode::Sim);
    let opened_at = crate::app::clock::now();
    let (mut journal, mut memory) =
        Journal::open(&files.journal, opened_at).map_err(|fault| fault.to_string())?;
    let (tape_writer, _) = TapeWriter::open(&files.tape).map_err(|fault| fault.to_string())?;
    let tape = ticks_of(&files.tape)?;
    let kill_file = KillFile::prepare(&plan.paths.state).map_err(|fault| fault.to_string())?;
    if memory.killed.is_none() {
        memory.killed = kill_file.words();
    }
    if let Some(reason) = &memory.killed {
        latch.trip(&KillCause::Restored(reason.clone()), clock::now());
        kill_file.raise(reason).map_err(|fault| fault.to_string())?;
    }
    let exchange_settings = ExchangeSettings { bars_only: !plan.has_quotes, ..plan.exchange.clone() };
    let mut exchange = Exchange::new(exchange_settings);
    let reader = Reader::open(&files.journal).map_err(|fault| fault.to_string())?;
    rebuild(&mut exchange, &reader, &tape)?;
    let now = start_instant(&plan.ticks, &tape)?;
    let kept = in_force(&plan.limits, &reader, memory.day, now)?;
    memory.limits_wait = kept.instead_of(&plan.limits);
    plan.limits = kept;
    drop(reader);
    let install = install_id(&plan.paths.state)?;
    let settings = Settings { bars_only: !plan.has_quotes, ..Settings::new(Mode::Sim, &install) };
    let assembly = onto_exchange(settings, plan.limits.clone(), exchange, latch.clone())?;
    let (bench, heads, sandbox) = seat_all(&plan, &executable, &memory, now)?;
    let cursor = tape.len();
    let last_seq =
        journal.last_seq().map_err(|fault| fault.to_string())?.max(tape.last().map_or(0, |tick| tick.seq));
    let head = run_head(&plan, &sandbox, opened_at);
    journal.begin_run(&head, now).map_err(|fault| fault.to_string())?;
    let mut pump = Pump::new(Parts {
        engine: assembly.engine,
        door: assembly.door,
        market: Some(assembly.market),
        journal,
        tape: Some(tape_writer),
        bench,
        audience,
        durability: Durability::EveryTurn,
        calls: Calls::Each,
        last_seq,
    });
    begin(&mut pump, now, &memory, &heads, &tape, plan.acknowledge_unclean);
    pump.watch_feed(Freshness::new(now, interval_ms(&plan.ticks)));
    let mode = Mode::Sim;
    let install = install.parse().map_err(|_| "the installation's id is damaged".to_owned())?;
    let sim = Sim {
        pump,
        ticks: plan.ticks,
        cursor,
        kill_ids: KillIds { mode, install },
        latch,
        kill_file,
        files,
        strategies: heads.into_iter().map(|(head, _)| (head.id, head.name)).collect(),
        sandbox,
    };
    Ok((sim, assembly.kill))
}

/// How often the data speaks: by the length of its bars, and a minute where it has none.
pub(super) fn interval_ms(ticks: &[Tick]) -> i64 {
    let length = |tick: &Tick| match tick {
        Tick::Bar(bar) => Some(bar.end.millis_since(bar.start)),
        Tick::Quote(_) | Tick::Trade(_) => None,
    };
    ticks.iter().find_map(length).unwrap_or(60_000).max(60_000)
}

fn ticks_of(tape: &Path) -> Result<Vec<TapeTick>, String> {
    TapeReader::open(tape).and_then(Iterator::collect).map_err(|fault| fault.to_string())
}

/// The first turns of a run: what the journal remembers, the strategies, and the marks and bars of
/// before, on which nothing is traded.
fn begin<A: Audience>(
    pump: &mut Pump<A>,
    now: At,
    memory: &Memory,
    heads: &[(StrategyHead, Option<String>)],
    tape: &[TapeTick],
    acknowledged: bool,
) {
    pump.turn(now, Event::Started(Box::new(memory.clone())));
    for (head, waits) in heads {
        let head = head.clone();
        pump.turn(
            now,
            match waits {
                None => Event::StrategyLoaded(head),
                Some(reason) => Event::StrategyWaits { head, reason: reason.clone() },
            },
        );
    }
    for warm in tape.iter().skip(tape.len().saturating_sub(WARM_TICKS)) {
        pump.turn(now, Event::Warm(warm.tick));
    }
    if acknowledged && memory.unclean {
        let reason = "--acknowledge-unclean at the start".to_owned();
        pump.turn(now, Event::Operator(Act::AcknowledgeUnclean { reason }));
    }
}

fn run_head(plan: &SimPlan, sandbox: &str, started_at: At) -> RunHead {
    RunHead {
        mode: Mode::Sim,
        seed: plan.exchange.seed,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        limits_version: limits_version(&plan.limits),
        limits: plan.limits.clone(),
        source: plan.data_name.clone(),
        sandbox: sandbox.to_owned(),
        started_at,
    }
}

fn check_approvals(plan: &SimPlan) -> Result<(), String> {
    let approvals = Approvals::read(&plan.paths.state).map_err(|fault| fault.to_string())?;
    for source in plan.strategies.iter().map(|planned| &planned.source) {
        let file = &source.file;
        match approvals.verdict(Mode::Sim, file, source.hash) {
            Verdict::Approved => {}
            Verdict::Changed(_) => {
                return Err(format!(
                    "{file} was changed since it was approved; read it and run `hardstop strategy approve {file}`"
                ));
            }
            Verdict::Unknown => {
                return Err(format!(
                    "{file} is not approved; read it and run `hardstop strategy approve {file}`"
                ));
            }
        }
    }
    Ok(())
}

/// A run begins at the open of the data's first day; one that goes on, at the tape's last tick.
fn start_instant(ticks: &[Tick], tape: &[TapeTick]) -> Result<At, String> {
    if let Some(last) = tape.last() {
        return Ok(last.at);
    }
    let first = ticks.first().map(Tick::at).ok_or("the data has no row")?;
    Ok(session(TradingDay::of(first)).map_or(first, |session| session.open.min(first)))
}

/// The limits to begin with. Within a trading day they only ever tighten: a restart with a looser
/// config keeps those of the run before, until the next day's start.
fn in_force(
    wished: &Limits,
    reader: &Reader,
    day: Option<(TradingDay, Money)>,
    now: At,
) -> Result<Limits, String> {
    let Some((day, _)) = day.filter(|(day, _)| *day >= TradingDay::of(now)) else {
        return Ok(wished.clone());
    };
    let runs = reader.rows("run").map_err(|fault| fault.to_string())?;
    let Some(last) = runs.last() else { return Ok(wished.clone()) };
    let unreadable = |fault| format!("the limits of the last run cannot be read: {fault}");
    let head: RunHead = serde_json::from_str(&last.body).map_err(unreadable)?;
    let kept = head.limits.tightest(wished);
    if kept != *wished {
        tracing::warn!(%day, "looser limits wait for the next trading day");
    }
    Ok(kept)
}

/// The bench, every strategy with what keeps it from running, and how they are shut in.
type Seats = (Bench, Vec<(StrategyHead, Option<String>)>, String);

fn seat_all(plan: &SimPlan, executable: &Path, memory: &Memory, now: At) -> Result<Seats, String> {
    let mut there: Vec<Symbol> = plan.ticks.iter().map(Tick::symbol).collect();
    there.sort_unstable();
    there.dedup();
    let approvals = Approvals::read(&plan.paths.state).map_err(|fault| fault.to_string())?;
    let (mut bench, mut heads) = (Bench::of(Mode::Sim), Vec::new());
    for (planned, number) in plan.strategies.iter().zip(1..) {
        let (head, settings) = prepared(plan, executable, planned, StrategyId(number), &there)?;
        let strikes = strikes_of(&planned.source, memory, &approvals);
        let waits = bench
            .seat_again(head.clone(), settings, strikes, now)
            .map_err(|fault| format!("{}: {fault}", planned.source.file))?;
        heads.push((head, waits));
    }
    let sandbox = bench.level().map_or("full", Level::word).to_owned();
    Ok((bench, heads, sandbox))
}

/// What failures on this ledger have cost a source, unless the trader approved it anew since.
fn strikes_of(source: &StrategySource, memory: &Memory, approvals: &Approvals) -> Strikes {
    let sha256 = source.hash.to_string();
    let Some(known) = memory.strikes.iter().find(|known| known.sha256 == sha256) else {
        return Strikes::default();
    };
    let forgives = |at: At| at > known.process_started_at;
    if approvals.all().any(|(_, hash, approval)| hash == source.hash && forgives(approval.at)) {
        return Strikes::default();
    }
    Strikes::restored(known.count, known.last)
}

fn prepared(
    plan: &SimPlan,
    executable: &Path,
    planned: &Planned,
    id: StrategyId,
    there: &[Symbol],
) -> Result<(StrategyHead, SpawnSettings), String> {
    let source = &planned.source;
    let mut settings = SpawnSettings {
        seed: plan.exchange.seed,
        params: planned.params.clone(),
        ..SpawnSettings::new(executable.to_owned(), &source.file, &source.text)
    };
    let manifest = describe(&settings).map_err(|fault| fault.to_string())?;
    manifest.settle(&planned.params).map_err(|words| format!("{}: {words}", source.file))?;
    settings.symbols = granted(planned, &manifest.symbols, there)?;
    let head = StrategyHead {
        id,
        name: manifest.name.clone(),
        sha256: source.hash.to_string(),
        symbols: settings.symbols.clone(),
        timeframe_ms: i64::from(manifest.timeframe_minutes()) * 60_000,
        warmup_bars: manifest.warmup,
    };
    Ok((head, settings))
}

/// What a strategy may trade: what the trader wrote, else all that it asks for and the data has.
fn granted(planned: &Planned, asked: &[Symbol], there: &[Symbol]) -> Result<Vec<Symbol>, String> {
    let asks = |symbol: &Symbol| asked.is_empty() || asked.contains(symbol);
    if planned.symbols.is_empty() {
        return Ok(there.iter().filter(|symbol| asks(symbol)).copied().collect());
    }
    let file = &planned.source.file;
    for symbol in &planned.symbols {
        if !there.contains(symbol) {
            return Err(format!("{file}: the data has no {symbol}; take it out of its symbols"));
        }
        if !asks(symbol) {
            return Err(format!(
                "{file} does not trade {symbol}: it names {}",
                asked.iter().map(Symbol::as_str).collect::<Vec<_>>().join(", ")
            ));
        }
    }
    Ok(planned.symbols.clone())
}

/// Letters and digits that nobody mistakes for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The six characters of this installation: drawn once, kept in the state folder.
fn install_id(state: &Path) -> Result<String, String> {
    let path: PathBuf = state.join("install");
    let fail = |fault: std::io::Error| format!("{}: {fault}", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
        Err(fault) => return Err(fail(fault)),
    }
    let mut bytes = [0_u8; 6];
    std::fs::File::open("/dev/urandom").and_then(|mut chance| chance.read_exact(&mut bytes)).map_err(fail)?;
    let id: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path).map_err(fail)?;
    file.write_all(id.as_bytes()).map_err(fail)?;
    Ok(id)
}
