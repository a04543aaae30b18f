use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::app::review::Script;
use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::mode::Mode;
use crate::domain::symbol::Symbol;
use crate::engine::event::StrategyHead;
use crate::engine::memory::Memory;
use crate::pump::bench::Bench;
use crate::strategy::approval::{Approvals, Verdict};
use crate::strategy::copies;
use crate::strategy::frame::Level;
use crate::strategy::host::{SpawnSettings, describe};
use crate::strategy::manifest::ParamValue;
use crate::strategy::source::StrategySource;
use crate::strategy::strikes::Strikes;

/// A strategy as the trader wants it run.
#[derive(Clone)]
pub struct Planned {
    /// Where it was read; nowhere where it comes with the program.
    pub path: Option<PathBuf>,
    /// The script.
    pub source: StrategySource,
    /// What it trades; what it asks for itself where the list is empty.
    pub symbols: Vec<Symbol>,
    /// Values of its params; its own defaults stand for missing ones.
    pub params: BTreeMap<String, ParamValue>,
}

impl Planned {
    /// A script that trades what it asks for, by its own defaults.
    pub const fn plain(path: Option<PathBuf>, source: StrategySource) -> Self {
        Self { path, source, symbols: Vec::new(), params: BTreeMap::new() }
    }

    /// The script and its file, for eyes.
    pub fn script(&self) -> Script {
        Script { path: self.path.clone(), source: self.source.clone() }
    }
}

/// What strategies are seated by.
pub(super) struct SeatPlan<'a> {
    /// The state folder.
    pub state: &'a Path,
    /// Where orders go.
    pub mode: Mode,
    /// The strategies, in the order of their numbers.
    pub strategies: &'a [Planned],
    /// The seed of their chance.
    pub seed: u64,
    /// Every symbol that there is market data of; none where any can be had.
    pub there: Option<&'a [Symbol]>,
    /// What a strategy trades that names no symbol, neither itself nor in the trader's config.
    pub instead: &'a [Symbol],
    /// This program's own file.
    pub executable: &'a Path,
}

pub(super) fn check_approvals(state: &Path, mode: Mode, strategies: &[Planned]) -> Result<(), String> {
    let approvals = Approvals::read(state).map_err(|fault| fault.to_string())?;
    for source in strategies.iter().map(|planned| &planned.source) {
        let file = &source.file;
        match approvals.verdict(mode, file, source.hash) {
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

/// The bench, every strategy with what keeps it from running, and how they are shut in.
pub(super) type Seats = (Bench, Vec<(StrategyHead, Option<String>)>, String);

pub(super) fn seat_all(plan: &SeatPlan<'_>, memory: &Memory, now: At) -> Result<Seats, String> {
    let approvals = Approvals::read(plan.state).map_err(|fault| fault.to_string())?;
    let (mut bench, mut heads) = (Bench::of(plan.mode), Vec::new());
    for (planned, number) in plan.strategies.iter().zip(1..) {
        let (mut head, settings) = prepared(plan, planned, StrategyId(number), &approvals)?;
        // What each holds of its own is known by its name: the same script twice has two.
        if heads.iter().any(|(other, _): &(StrategyHead, _)| other.name == head.name) {
            head.name = format!("{} ({number})", head.name);
        }
        copies::keep_what_runs(plan.state, &planned.source)?;
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

/// Who a strategy is by its own word and the trader's, and how it is started.
pub(super) fn prepared(
    plan: &SeatPlan<'_>,
    planned: &Planned,
    id: StrategyId,
    approvals: &Approvals,
) -> Result<(StrategyHead, SpawnSettings), String> {
    let source = &planned.source;
    let mut settings = SpawnSettings {
        seed: plan.seed,
        params: planned.params.clone(),
        ..SpawnSettings::new(plan.executable.to_owned(), &source.file, &source.text)
    };
    let manifest = describe(&settings).map_err(|fault| fault.to_string())?;
    manifest.settle(&planned.params).map_err(|words| format!("{}: {words}", source.file))?;
    let passport = match approvals.passport(plan.mode, source.hash) {
        Some(passport) => passport.clone(),
        None => manifest.passport().map_err(|words| format!("{}: {words}", source.file))?,
    };
    settings.symbols = granted(planned, &manifest.symbols, plan)?;
    let head = StrategyHead {
        id,
        name: manifest.name.clone(),
        sha256: source.hash.to_string(),
        symbols: settings.symbols.clone(),
        timeframe_ms: i64::from(manifest.timeframe_minutes()) * 60_000,
        warmup_bars: manifest.warmup,
        protects: manifest.protects,
        passport,
        file: source.file.clone(),
        params: serde_json::to_string(&planned.params).unwrap_or_default(),
        handlers: manifest.handlers.clone(),
    };
    Ok((head, settings))
}

/// What a strategy may trade: what the trader wrote, else all that it asks for and the data has.
fn granted(planned: &Planned, asked: &[Symbol], plan: &SeatPlan<'_>) -> Result<Vec<Symbol>, String> {
    let asks = |symbol: &Symbol| asked.is_empty() || asked.contains(symbol);
    let is_there = |symbol: &Symbol| plan.there.is_none_or(|there| there.contains(symbol));
    if planned.symbols.is_empty() {
        let all = if asked.is_empty() { plan.instead } else { asked };
        let mut all: Vec<Symbol> = all.iter().filter(|symbol| is_there(symbol)).copied().collect();
        all.sort_unstable();
        return Ok(all);
    }
    let file = &planned.source.file;
    for symbol in &planned.symbols {
        if !is_there(symbol) {
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
