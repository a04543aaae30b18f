use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::app::account::{self, AccountPlan};
use crate::app::asked::Asked;
use crate::app::opened::Opened;
use crate::app::paths::Paths;
use crate::app::review::Script;
use crate::app::rewatch::ReplayPlan;
use crate::app::seats::Planned;
use crate::app::sim::{self, SimPlan};
use crate::app::source::interval_ms;
use crate::broker::kill::KillTask;
use crate::broker::latch::KillLatch;
use crate::config::meaning::Logs;
use crate::pump::audience::Audience;

/// Tells the machine that something has come in; it may be called from any thread, and never waits.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A way to wake the machine by what it is asked through, `false` from which is a machine that has too much to do:
/// it looks up by itself then. Told once until the machine takes it, so that the requests of others have room.
pub(super) fn wake_by(ask: impl Fn(Asked) -> bool + Send + Sync + 'static) -> Wake {
    let told = Arc::new(AtomicBool::new(false));
    Arc::new(move || {
        if !told.swap(true, Ordering::SeqCst) && !ask(Asked::Wake(Arc::clone(&told))) {
            told.store(false, Ordering::SeqCst);
        }
    })
}

/// What a run is started with, by where its orders go.
pub enum RunPlan {
    /// The embedded exchange, over recorded data.
    Sim(Box<SimPlan>),
    /// An account at Alpaca, or at an exchange on this machine that speaks like it.
    Account(Box<AccountPlan>),
    /// Nowhere: a run of before is watched again.
    Replay(Box<ReplayPlan>),
}

impl RunPlan {
    /// Folders and files.
    pub fn paths(&self) -> &Paths {
        match self {
            Self::Sim(plan) => &plan.paths,
            Self::Account(plan) => &plan.paths,
            Self::Replay(plan) => &plan.paths,
        }
    }

    /// What is logged, and for how long it is kept.
    pub fn logs(&self) -> &Logs {
        match self {
            Self::Sim(plan) => &plan.logs,
            Self::Account(plan) => &plan.logs,
            Self::Replay(plan) => &plan.logs,
        }
    }

    /// Whether requests leave this process.
    pub const fn calls_out(&self) -> bool {
        matches!(self, Self::Account(_))
    }

    /// Whether a run of before is watched again.
    pub const fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(_))
    }

    /// Where orders go, for the header.
    pub fn venue_name(&self) -> String {
        match self {
            Self::Sim(_) => "embedded exchange".to_owned(),
            Self::Account(plan) => plan.venue_name(),
            Self::Replay(plan) => plan.venue_name(),
        }
    }

    /// What the market data are called.
    pub fn data_name(&self) -> String {
        match self {
            Self::Sim(plan) => plan.data_name.clone(),
            Self::Account(plan) => plan.data_name(),
            Self::Replay(plan) => plan.venue_name(),
        }
    }

    /// The strategies' scripts and their files, in the order of their numbers, which begin at 1.
    pub fn scripts(&self) -> Vec<Script> {
        let planned = match self {
            Self::Sim(plan) => plan.strategies.as_slice(),
            Self::Account(plan) => plan.strategies.as_slice(),
            Self::Replay(_) => &[],
        };
        planned.iter().map(Planned::script).collect()
    }

    /// How often the market speaks, in milliseconds.
    pub fn interval_ms(&self) -> i64 {
        match self {
            Self::Sim(plan) => interval_ms(&plan.ticks),
            Self::Account(plan) => plan.interval_ms(),
            Self::Replay(_) => 0,
        }
    }
}

/// Puts a run together, and its kill task, which is not yet running.
///
/// # Errors
/// What stands in the way, in words.
pub fn open<A: Audience>(
    plan: RunPlan,
    latch: KillLatch,
    audience: A,
    wake: Wake,
) -> Result<(Opened<A>, KillTask), String> {
    match plan {
        RunPlan::Sim(plan) => sim::open(*plan, latch, audience),
        RunPlan::Account(plan) => account::open(*plan, latch, audience, wake),
        RunPlan::Replay(_) => {
            Err("a replay has no machine that could trade; it is watched in the window".to_owned())
        }
    }
}
