use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::armoury::Armoury;
use crate::app::clock;
use crate::app::ledgers::LedgerFiles;
use crate::app::source::Source;
use crate::broker::kill::KillIds;
use crate::broker::kill_file::KillFile;
use crate::broker::latch::{KillCause, KillLatch};
use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::intent::StrategyId;
use crate::domain::market::Tick;
use crate::domain::money::Money;
use crate::engine::event::{Act, Event, StrategyHead};
use crate::engine::memory::Memory;
use crate::journal::reader::Reader;
use crate::journal::row::RunHead;
use crate::pump::audience::Audience;
use crate::pump::turn::Pump;
use crate::risk::limits::Limits;

/// A run, put together and ready for its first event.
pub struct Opened<A: Audience> {
    /// The machine and all it commands.
    pub pump: Pump<A>,
    /// Its time and its market.
    pub source: Box<dyn Source>,
    /// What the market did before, for eyes.
    pub past: Vec<Tick>,
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
    /// What is looked at before live is armed; nothing in sim and paper.
    pub armoury: Option<Arc<Armoury>>,
}

/// The first turns of a run: what the journal remembers, the strategies, and the marks and bars of
/// before, on which nothing is traded.
pub(super) fn begin<A: Audience>(
    pump: &mut Pump<A>,
    now: At,
    memory: &Memory,
    heads: &[(StrategyHead, Option<String>)],
    warm: impl Iterator<Item = Tick>,
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
    pump.warm_up(now, warm);
    if acknowledged && memory.unclean {
        let reason = "--acknowledge-unclean at the start".to_owned();
        pump.turn(now, Event::Operator(Act::AcknowledgeUnclean { reason }));
    }
}

/// The limits to begin with. Within a trading day they only ever tighten: a restart with a looser
/// config keeps those of the run before, until the next day's start.
pub(super) fn in_force(
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

/// A kill of an earlier process holds: by the journal, or by its file where the journal never heard of it.
pub(super) fn restore_kill(memory: &mut Memory, file: &KillFile, latch: &KillLatch) -> Result<(), String> {
    if memory.killed.is_none() {
        memory.killed = file.words();
    }
    if let Some(reason) = &memory.killed {
        latch.trip(&KillCause::Restored(reason.clone()), clock::now());
        file.raise(reason).map_err(|fault| fault.to_string())?;
    }
    Ok(())
}
