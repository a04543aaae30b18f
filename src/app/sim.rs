use std::path::Path;

use crate::app::approvals_told::tell_approvals;
use crate::app::certificate::drilled_at;
use crate::app::clock::Speed;
use crate::app::hot_reload::{Reloader, Watched};
use crate::app::install::{install_id, kill_ids};
use crate::app::ledgers::current;
use crate::app::loosening::{InForce, in_force, tell_loosening};
use crate::app::opened::{Opened, begin, restore_kill};
use crate::app::paths::Paths;
use crate::app::rebuild::rebuild;
use crate::app::seats::{Planned, SeatPlan, check_approvals, seat_all};
use crate::app::source::{Recorded, interval_ms};
use crate::broker::kill::KillTask;
use crate::broker::kill_file::KillFile;
use crate::broker::latch::KillLatch;
use crate::config::meaning::Logs;
use crate::domain::at::At;
use crate::domain::calendar::session;
use crate::domain::day::TradingDay;
use crate::domain::market::Tick;
use crate::domain::mode::Mode;
use crate::domain::symbol::Symbol;
use crate::engine::event::StrategyHead;
use crate::engine::settings::Settings;
use crate::exchange::settings::Settings as ExchangeSettings;
use crate::exchange::venue::Exchange;
use crate::feed::freshness::Freshness;
use crate::journal::reader::Reader;
use crate::journal::row::RunHead;
use crate::journal::tape::TapeTick;
use crate::journal::tape::reader::TapeReader;
use crate::journal::tape::writer::TapeWriter;
use crate::journal::writer::Journal;
use crate::pump::assembly::{limits_version, onto_exchange};
use crate::pump::audience::Audience;
use crate::pump::turn::{Calls, Durability, Parts, Pump};
use crate::risk::limits::Limits;

/// Ticks of before that warm a resumed run up: enough for a day of three symbols' bars and quotes.
const WARM_TICKS: usize = 3_000;

/// What a sim is started with.
pub struct SimPlan {
    /// Folders and files.
    pub paths: Paths,
    /// The market's data, in its one order.
    pub ticks: Vec<Tick>,
    /// How fast the data's time passes.
    pub speed: Speed,
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

/// Puts a sim together, and its kill task, which is not yet running: the newest unfinished ledger goes
/// on where it stopped.
///
/// # Errors
/// What stands in the way, in words.
pub fn open<A: Audience>(
    mut plan: SimPlan,
    latch: KillLatch,
    audience: A,
) -> Result<(Opened<A>, KillTask), String> {
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    check_approvals(&plan.paths.state, Mode::Sim, &plan.strategies)?;
    let files = current(&plan.paths.data, Mode::Sim);
    let opened_at = crate::app::clock::now();
    let (mut journal, mut memory) =
        Journal::open(&files.journal, opened_at).map_err(|fault| fault.to_string())?;
    // Kept whole: the run goes on from it.
    let (tape_writer, _) = TapeWriter::open(&files.tape, None).map_err(|fault| fault.to_string())?;
    let tape = ticks_of(&files.tape)?;
    let kill_file = KillFile::prepare(&plan.paths.state).map_err(|fault| fault.to_string())?;
    restore_kill(&mut memory, &kill_file, &latch)?;
    let reader = Reader::open(&files.journal).map_err(|fault| fault.to_string())?;
    let exchange = exchange_of(&plan, &reader, &tape)?;
    let now = start_instant(&plan.ticks, &tape)?;
    let InForce { limits, waits, loosened_by } =
        in_force(&plan.limits, &reader, &plan.paths.state, Mode::Sim, now, None)?;
    (memory.limits_wait, plan.limits) = (waits, limits);
    drop(reader);
    let install = install_id(&plan.paths.state)?;
    let settings = Settings { bars_only: !plan.has_quotes, ..Settings::new(Mode::Sim, &install) };
    let assembly = onto_exchange(settings.clone(), plan.limits.clone(), exchange, latch.clone())?;
    let there = symbols_of(&plan.ticks);
    let seats = SeatPlan {
        state: &plan.paths.state,
        mode: Mode::Sim,
        strategies: &plan.strategies,
        seed: plan.exchange.seed,
        there: Some(&there),
        instead: &there,
        executable: &executable,
    };
    let (bench, heads, sandbox) = seat_all(&seats, &memory, now)?;
    let cursor = tape.len();
    let last_seq = last_seq(&journal, &tape)?;
    let head = run_head(&plan, &sandbox, opened_at, settings);
    journal.begin_run(&head, now).map_err(|fault| fault.to_string())?;
    tell_approvals(&mut journal, &files.journal, &plan.paths.state, Mode::Sim, now)?;
    tell_loosening(&mut journal, loosened_by, now)?;
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
    let warm = tape.iter().skip(tape.len().saturating_sub(WARM_TICKS)).map(|warm| warm.tick);
    begin(&mut pump, now, &memory, &heads, warm, plan.acknowledge_unclean);
    pump.watch_feed(Freshness::new(now, interval_ms(&plan.ticks)));
    let reloader = reloader_of(&mut plan, &heads, there);
    let opened = Opened {
        pump,
        past: plan.ticks.iter().take(cursor).copied().collect(),
        source: Box::new(Recorded::new(plan.ticks, cursor, plan.speed)),
        kill_ids: kill_ids(Mode::Sim, &install)?,
        latch,
        kill_file,
        files,
        reloader: Some(reloader),
        strategies: heads.into_iter().map(|(head, _)| (head.id, head.name)).collect(),
        sandbox,
        drilled_at: drilled_at(&plan.paths.state),
        seal: None,
        armoury: None,
    };
    Ok((opened, assembly.kill))
}

/// Who looks at the files of the strategies, once they have their seats.
fn reloader_of(plan: &mut SimPlan, heads: &[(StrategyHead, Option<String>)], there: Vec<Symbol>) -> Reloader {
    let watched = Watched::of(std::mem::take(&mut plan.strategies), heads);
    let data = (Some(there.clone()), there);
    Reloader::of(&plan.paths.state, Mode::Sim, plan.exchange.seed, data, watched)
}

/// The exchange as it stood when the ledger was last written to.
fn exchange_of(plan: &SimPlan, reader: &Reader, tape: &[TapeTick]) -> Result<Exchange, String> {
    let settings = ExchangeSettings { bars_only: !plan.has_quotes, ..plan.exchange.clone() };
    let mut exchange = Exchange::new(settings);
    rebuild(&mut exchange, reader, tape)?;
    Ok(exchange)
}

/// The number of the last event, wherever it was written.
fn last_seq(journal: &Journal, tape: &[TapeTick]) -> Result<u64, String> {
    let in_the_journal = journal.last_seq().map_err(|fault| fault.to_string())?;
    Ok(in_the_journal.max(tape.last().map_or(0, |tick| tick.seq)))
}

fn ticks_of(tape: &Path) -> Result<Vec<TapeTick>, String> {
    TapeReader::open(tape).and_then(Iterator::collect).map_err(|fault| fault.to_string())
}

fn run_head(plan: &SimPlan, sandbox: &str, started_at: At, settings: Settings) -> RunHead {
    RunHead {
        mode: Mode::Sim,
        seed: plan.exchange.seed,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        limits_version: limits_version(&plan.limits),
        limits: plan.limits.clone(),
        source: plan.data_name.clone(),
        sandbox: sandbox.to_owned(),
        started_at,
        account: None,
        settings: Some(settings),
    }
}

/// A run begins at the open of the data's first day; one that goes on, at the tape's last tick.
fn start_instant(ticks: &[Tick], tape: &[TapeTick]) -> Result<At, String> {
    if let Some(last) = tape.last() {
        return Ok(last.at);
    }
    let first = ticks.first().map(Tick::at).ok_or("the data has no row")?;
    Ok(session(TradingDay::of(first)).map_or(first, |session| session.open.min(first)))
}

/// Every symbol of these ticks, in order.
fn symbols_of(ticks: &[Tick]) -> Vec<Symbol> {
    let mut there: Vec<Symbol> = ticks.iter().map(Tick::symbol).collect();
    there.sort_unstable();
    there.dedup();
    there
}
