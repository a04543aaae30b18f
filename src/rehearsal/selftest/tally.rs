use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::order::OrderStatus;
use crate::risk::refusal::{Code, NotReady};

/// What is counted, each in a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Refusals, by their codes.
    Refusals,
    /// What was not ready, by its word.
    NotReady,
    /// States that orders came to.
    Orders,
    /// What passed at the end of a step.
    Trading,
    /// What broke.
    Faults,
    /// What the market did.
    Market,
    /// What the trader asked.
    Trader,
    /// What strategies answered.
    Strategies,
    /// What restrained trading.
    Restraints,
    /// What was compared with the exchange's own truth.
    Audits,
}

/// How often everything happened. Words that never did stand there with a zero, where they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<Table, BTreeMap<String, u64>>);

/// Codes that nothing gives here: only real money is armed.
pub const NOT_HERE: [&str; 1] = ["DISARMED"];

const ORDER_STATES: [OrderStatus; 11] = [
    OrderStatus::Intent,
    OrderStatus::Acked,
    OrderStatus::Working,
    OrderStatus::Partial,
    OrderStatus::Unknown,
    OrderStatus::PendingCancel,
    OrderStatus::Filled,
    OrderStatus::Canceled,
    OrderStatus::Expired,
    OrderStatus::Rejected,
    OrderStatus::PresumedDead,
];

const CAUSES: [NotReady; 7] = [
    NotReady::Feed,
    NotReady::Clock,
    NotReady::Stream,
    NotReady::Reconcile,
    NotReady::Journal,
    NotReady::RejectStorm,
    NotReady::UncleanStart,
];

impl Tally {
    /// A tally in which every known word stands with a zero.
    #[must_use]
    pub fn blank() -> Self {
        let mut tally = Self::default();
        for word in Code::ALL.iter().map(|code| code.word()).filter(|word| !NOT_HERE.contains(word)) {
            tally.add(Table::Refusals, word, 0);
        }
        for cause in CAUSES {
            tally.add(Table::NotReady, cause.word(), 0);
        }
        for status in ORDER_STATES {
            tally.add(Table::Orders, status.word(), 0);
        }
        tally
    }

    /// It happened once more.
    pub fn count(&mut self, table: Table, word: &str) {
        self.add(table, word, 1);
    }

    /// It happened so often more.
    pub fn add(&mut self, table: Table, word: &str, times: u64) {
        let words = self.0.entry(table).or_default();
        match words.get_mut(word) {
            Some(count) => *count = count.saturating_add(times),
            None => drop(words.insert(word.to_owned(), times)),
        }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        for (table, words) in &other.0 {
            for (word, times) in words {
                self.add(*table, word, *times);
            }
        }
    }

    /// Every table with its words, in the order of their names.
    pub fn tables(&self) -> impl Iterator<Item = (Table, &BTreeMap<String, u64>)> {
        self.0.iter().map(|(table, words)| (*table, words))
    }
}

impl Table {
    /// The heading of the table.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Refusals => "refusals",
            Self::NotReady => "not ready",
            Self::Orders => "orders came to",
            Self::Trading => "trading was",
            Self::Faults => "faults",
            Self::Market => "market",
            Self::Trader => "trader",
            Self::Strategies => "strategies",
            Self::Restraints => "restraints",
            Self::Audits => "compared with the truth",
        }
    }
}
