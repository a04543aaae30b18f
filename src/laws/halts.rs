use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::intent::{Origin, StrategyId};
use crate::laws::checker::Found;
use crate::laws::facts::{Decided, Fact, Part, What};
use crate::risk::order::Role;
use crate::risk::state::TradingState;

/// For how long after a halt an opening that was on its way may still leave, in milliseconds (L14).
const ON_ITS_WAY_MS: i64 = 10;

/// L9's latch, L10, L14, L15 and L18: what openings must wait for.
#[derive(Debug, Default)]
pub(super) struct Halts {
    latched: Option<TradingDay>,
    halted: Option<Halted>,
    run_open: bool,
    /// An earlier process ended uncleanly, and the trader has not said so yet.
    unclean: bool,
    unfit: BTreeSet<Part>,
    stopped: BTreeMap<StrategyId, String>,
}

#[derive(Debug, Clone, Copy)]
struct Halted {
    at: At,
    /// A process began since.
    restarted: bool,
}

impl Halts {
    pub(super) fn push(&mut self, fact: &Fact, found: &mut Found) {
        match &fact.what {
            What::RunBegan(_) => self.run_began(),
            What::RunEnded => self.run_open = false,
            What::Decided(decided) if decided.approved => self.approved(fact.at, decided, found),
            What::Order { request, role: Role::Opening, .. } => {
                if let Some(halted) = self.halted
                    && fact.at.millis_since(halted.at) > ON_ITS_WAY_MS
                {
                    found.breach(halted.law(), format!("{} opens while everything is halted", request.id));
                }
            }
            What::Halt { state, latched, by } => self.restricted(fact.at, *state, *latched, *by, found),
            What::Killed { .. } => self.halt(fact.at),
            What::UncleanAcknowledged => self.unclean = false,
            What::Strategy { id, what } => self.strategy(*id, what),
            What::Fitness { part, fit: true } => {
                self.unfit.remove(part);
            }
            What::Fitness { part, fit: false } => {
                self.unfit.insert(*part);
            }
            What::Reconciled { clean: true } => {
                self.unfit.remove(&Part::Reconcile);
            }
            _ => {}
        }
    }

    fn run_began(&mut self) {
        self.unclean |= self.run_open;
        self.run_open = true;
        // A process numbers its strategies anew, and starts none of them stopped.
        self.stopped.clear();
        self.unfit = BTreeSet::from([Part::Reconcile]);
        if let Some(halted) = &mut self.halted {
            halted.restarted = true;
        }
    }

    fn halt(&mut self, at: At) {
        self.halted.get_or_insert(Halted { at, restarted: false });
    }

    /// L10: only the trader frees what a kill has halted, and only a new day what a loss has ended.
    fn restricted(
        &mut self,
        at: At,
        state: TradingState,
        latched: Option<TradingDay>,
        by: Origin,
        found: &mut Found,
    ) {
        if let Some(day) = latched {
            self.latched = self.latched.max(Some(day));
        }
        let today = TradingDay::of(at);
        if state == TradingState::Active && self.latched == Some(today) {
            found.breach("L10", format!("trading went on although the loss had ended {today}"));
        }
        match state {
            TradingState::Halted => self.halt(at),
            _ if self.halted.is_some() && by != Origin::Operator => {
                found.breach("L10", "a halt was lifted by somebody else than the trader".to_owned());
            }
            _ => self.halted = None,
        }
    }

    fn strategy(&mut self, id: StrategyId, what: &str) {
        match what {
            "paused" | "failed" | "killed" | "stopped" | "disabled" => {
                self.stopped.insert(id, what.to_owned());
            }
            "loaded" | "resumed" => {
                self.stopped.remove(&id);
            }
            _ => {}
        }
    }

    fn approved(&self, at: At, decided: &Decided, found: &mut Found) {
        if let Origin::Strategy(id) = decided.intent.origin {
            // An exit that waited for its stops goes on: the shares have no stop any more.
            if let Some(what) = self.stopped.get(&id).filter(|_| decided.opens()) {
                found
                    .breach("L10", format!("an order of strategy {} was approved after it was {what}", id.0));
            }
            if self.halted.is_some() {
                found.breach("L14", format!("an order of strategy {} was approved while halted", id.0));
            }
        }
        if !decided.opens() {
            return;
        }
        let today = TradingDay::of(at);
        if self.latched == Some(today) {
            found.breach("L9", format!("an opening was approved after the loss had ended {today}"));
        }
        if let Some(halted) = self.halted {
            found.breach(halted.law(), "an opening was approved while everything is halted".to_owned());
        }
        if self.unclean {
            let words = "an opening was approved before the trader acknowledged an unclean end";
            found.breach("L15", words.to_owned());
        }
        for part in &self.unfit {
            found.breach("L18", format!("an opening was approved although {}", part.words()));
        }
    }
}

impl Halted {
    fn law(self) -> &'static str {
        if self.restarted { "L15" } else { "L14" }
    }
}
