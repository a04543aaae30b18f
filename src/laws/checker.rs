use std::fmt;

use crate::laws::accounting::Accounting;
use crate::laws::facts::Fact;
use crate::laws::halts::Halts;
use crate::laws::orders::Orders;
use crate::laws::risk::Risk;

/// A law that a history breaks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Breach {
    /// The law's name, as ARCHITECTURE.md lists it: `L1` to `L30`.
    pub law: &'static str,
    /// The row at which it shows.
    pub row: u64,
    /// What is wrong, in words.
    pub words: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} broken at row {}: {}", self.law, self.row, self.words)
    }
}

/// Where the groups of laws put what they find.
#[derive(Debug, Default)]
pub(super) struct Found {
    row: u64,
    breaches: Vec<Breach>,
}

impl Found {
    pub(super) fn breach(&mut self, law: &'static str, words: String) {
        self.breaches.push(Breach { law, row: self.row, words });
    }
}

/// The laws over a history that is still going on: one fact after another, in the order in which
/// they were written. Usable after every step.
#[derive(Debug, Default)]
pub struct Checker {
    orders: Orders,
    risk: Risk,
    halts: Halts,
    accounting: Accounting,
    found: Found,
}

impl Checker {
    /// Takes the next fact.
    pub fn push(&mut self, fact: &Fact) {
        let Self { orders, risk, halts, accounting, found } = self;
        found.row = fact.row;
        // The laws about halts look at a decision before anything else counts it.
        halts.push(fact, found);
        risk.push(fact, found);
        // The life of orders needs positions as they were before this fact.
        orders.push(fact, accounting, found);
        accounting.push(fact, found);
    }

    /// Every breach so far, in the order in which they show.
    #[must_use]
    pub fn breaches(&self) -> &[Breach] {
        &self.found.breaches
    }

    /// Every breach.
    #[must_use]
    pub fn finish(self) -> Vec<Breach> {
        self.found.breaches
    }
}

/// Every breach of a whole history.
#[must_use]
pub fn check(facts: impl IntoIterator<Item = Fact>) -> Vec<Breach> {
    let mut checker = Checker::default();
    for fact in facts {
        checker.push(&fact);
    }
    checker.finish()
}
