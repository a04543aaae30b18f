//! A loaded strategy in this very process: what the child serves, and what a rehearsal's own sandboxed
//! worker may drive without a pipe a bar.

use std::rc::Rc;

use crate::domain::outside::blanked;
use crate::domain::strategy::Outcome;
use crate::domain::strategy::StrategyAnswer;
use crate::domain::strategy::StrategyCall;
use crate::strategy::child::MemoryCap;
use crate::strategy::child::runtime::Runtime;
use crate::strategy::child::script::Script;
use crate::strategy::frame::Load;
use crate::strategy::frame::LoadMode;
use crate::strategy::frame::Loaded;
use crate::strategy::manifest::Manifest;

/// A strategy that runs in the calling process and thread.
///
/// Only for a process that has shut itself in ([`crate::strategy::child::shut_in`]) and can be lost:
/// a script can end the whole process, by its budget of CPU time, its memory or its stack.
pub struct Inside {
    script: Script,
    runtime: Rc<Runtime>,
}

impl Inside {
    /// Caps the process's memory, loads the script and, unless it is only described, makes its
    /// instances. `before` is called before each `init`: the place to arm a budget.
    ///
    /// # Errors
    /// Why the script did not load, in words.
    pub fn load(
        memory: &'static dyn MemoryCap,
        load: &Load,
        before: impl FnMut() -> Result<(), String>,
    ) -> Result<(Self, Loaded), String> {
        let cap = usize::try_from(load.memory_bytes).unwrap_or(usize::MAX);
        if !memory.cap(cap) {
            return Err("the memory cap is below what the engine itself needs".to_owned());
        }
        let runtime = Runtime::new(memory, cap, load.seed);
        let mut script = Script::load(Rc::clone(&runtime), &load.file, &load.source)?;
        let logs = match load.mode {
            LoadMode::Run => script.start(&load.symbols, &load.params, before)?,
            LoadMode::Describe | LoadMode::Probe(_) => Vec::new(),
        };
        let loaded = Loaded { manifest: script.manifest().clone(), logs };
        Ok((Self { script, runtime }, loaded))
    }

    /// What the strategy says about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.script.manifest()
    }

    /// Hands one event to the strategy. Wishes count only when the event ended well; the log stays,
    /// since it may be what explains why it did not.
    pub fn call(&mut self, call: &StrategyCall) -> StrategyAnswer {
        let outcome = self.script.call(call);
        let gathered = self.runtime.take();
        let (outcome, wishes) = match outcome {
            Ok(()) => (Outcome::Done, gathered.wishes),
            Err(reason) => (Outcome::Failed { reason: blanked(&reason).into_owned() }, Vec::new()),
        };
        self.runtime.relieve();
        let plots = if outcome == Outcome::Done { gathered.plots } else { Vec::new() };
        StrategyAnswer { seq: call.seq, symbol: call.symbol, outcome, wishes, logs: gathered.logs, plots }
    }

    /// What the process holds, in bytes.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.runtime.used_bytes()
    }
}
