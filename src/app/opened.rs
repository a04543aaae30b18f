use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::armoury::Armoury;
use crate::app::clock;
use crate::app::hot_reload::Reloader;
use crate::app::ledgers::LedgerFiles;
use crate::app::source::Source;
use crate::broker::kill::KillIds;
use crate::broker::kill_file::KillFile;
use crate::broker::latch::{KillCause, KillLatch};
use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::market::Tick;
use crate::engine::event::{Act, Event, StrategyHead};
use crate::engine::memory::Memory;
use crate::journal::seal::Seal;
use crate::pump::audience::Audience;
use crate::pump::turn::Pump;

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
    /// When the drills were last passed.
    pub drilled_at: Option<At>,
    /// The key of the ledger's rows, where it is sealed.
    pub seal: Option<Seal>,
    /// Who looks at the files of strategies.
    pub reloader: Option<Reloader>,
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
                None => Event::StrategyLoaded(Box::new(head)),
                Some(reason) => Event::StrategyWaits { head: Box::new(head), reason: reason.clone() },
            },
        );
    }
    pump.warm_up(now, warm);
    if acknowledged && memory.unclean {
        let reason = "--acknowledge-unclean at the start".to_owned();
        pump.turn(now, Event::Operator(Act::AcknowledgeUnclean { reason }));
    }
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
