use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::mode::Mode;
use crate::domain::strategy::StrategyCall;
use crate::engine::event::StrategyHead;
use crate::strategy::fault::SandboxFault;
use crate::strategy::frame::Level;
use crate::strategy::host::{CallRecord, Sandbox, SpawnSettings};
use crate::strategy::strikes::{Standing, Strikes};

/// Who answers for the strategies when the machine calls them.
pub trait Callees {
    /// Calls a strategy; `None` while there is nobody to call.
    fn call(&mut self, id: StrategyId, call: &StrategyCall) -> Option<CallRecord>;

    /// Ends a strategy after a failure, which is a strike.
    fn strike(&mut self, id: StrategyId, now: At);

    /// Starts every strategy again whose penalty is over by now, and says which.
    fn bring_back(&mut self, now: At) -> Vec<StrategyHead>;
}

/// The strategies' processes, by their numbers, with what their failures have cost them.
pub struct Bench {
    // Where orders go: live, nothing that failed is started again by itself.
    mode: Mode,
    seats: BTreeMap<StrategyId, Seat>,
    // Seats without a process; most of the time there is none, and a tick looks no further.
    empty: usize,
}

struct Seat {
    head: StrategyHead,
    settings: SpawnSettings,
    sandbox: Option<Sandbox>,
    strikes: Strikes,
}

impl Default for Bench {
    fn default() -> Self {
        Self::of(Mode::Sim)
    }
}

impl Bench {
    /// An empty bench of a run whose orders go by `mode`.
    pub const fn of(mode: Mode) -> Self {
        Self { mode, seats: BTreeMap::new(), empty: 0 }
    }

    /// Seats a strategy that was started, in the place of the one that had its seat; `settings` start it again when a penalty is over.
    pub fn seat(&mut self, head: StrategyHead, settings: SpawnSettings, sandbox: Sandbox) {
        let seat = Seat { settings, sandbox: Some(sandbox), strikes: Strikes::default(), head };
        let before = self.seats.insert(seat.head.id, seat);
        if before.is_some_and(|before| before.sandbox.is_none()) {
            self.empty = self.empty.saturating_sub(1);
        }
    }

    /// Seats a strategy whose failures an earlier process saw. It has a process where they let it run
    /// now, and gets one when its penalty is over; why it has none comes back in words.
    ///
    /// # Errors
    /// When its process cannot be started.
    pub fn seat_again(
        &mut self,
        head: StrategyHead,
        settings: SpawnSettings,
        strikes: Strikes,
        now: At,
    ) -> Result<Option<String>, SandboxFault> {
        let waits = strikes.standing_in(self.mode, now).words();
        let sandbox = if waits.is_some() { None } else { Some(Sandbox::spawn(&settings)?) };
        self.empty += usize::from(sandbox.is_none());
        self.seats.insert(head.id, Seat { head, settings, sandbox, strikes });
        Ok(waits)
    }

    /// How the strategies are shut in; `None` while none has a process.
    pub fn level(&self) -> Option<Level> {
        self.seats.values().find_map(|seat| seat.sandbox.as_ref()).map(Sandbox::level)
    }
}

impl Callees for Bench {
    fn call(&mut self, id: StrategyId, call: &StrategyCall) -> Option<CallRecord> {
        self.seats.get_mut(&id)?.sandbox.as_mut().map(|sandbox| sandbox.call(call))
    }

    fn strike(&mut self, id: StrategyId, now: At) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if seat.sandbox.take().is_some() {
            self.empty += 1;
        }
        let standing = seat.strikes.strike(now);
        tracing::warn!(strategy = %seat.head.name, ?standing, "a strategy was stopped");
    }

    /// One that cannot be started takes another strike for it.
    fn bring_back(&mut self, now: At) -> Vec<StrategyHead> {
        if self.empty == 0 {
            return Vec::new();
        }
        let mut back = Vec::new();
        for seat in self.seats.values_mut() {
            if seat.sandbox.is_some() || seat.strikes.standing_in(self.mode, now) != Standing::Runs {
                continue;
            }
            match Sandbox::spawn(&seat.settings) {
                Ok(sandbox) => {
                    seat.sandbox = Some(sandbox);
                    self.empty -= 1;
                    back.push(seat.head.clone());
                }
                Err(fault) => {
                    let standing = seat.strikes.strike(now);
                    tracing::warn!(strategy = %seat.head.name, %fault, ?standing, "it could not be started again");
                }
            }
        }
        back
    }
}
