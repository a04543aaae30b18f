use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::fill::Fill;
use crate::domain::intent::Origin;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::VenueRequest;
use crate::engine::restraint::Restraints;
use crate::risk::order::Role;

/// What the journal remembers of earlier processes on the same ledger: the fold of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Whether anything was ever traded or measured on this ledger.
    pub resumed: bool,
    /// Whether the last process ended without saying so: openings wait for the trader's word.
    pub unclean: bool,
    /// The highest order number ever used; the next order takes a higher one.
    pub last_order_seq: u64,
    /// Every order that is still live, as last known.
    pub live_orders: Vec<RememberedOrder>,
    /// Every execution that was applied, oldest first.
    pub fills: Vec<Fill>,
    /// Differences the trader has acknowledged, and those that wait.
    pub adjusts: Vec<RememberedAdjust>,
    /// The last trading day whose baseline was fixed, with it.
    pub day: Option<(TradingDay, Money)>,
    /// The last equity at a close, with its day.
    pub close_equity: Option<(TradingDay, Money)>,
    /// The day whose daily-loss halt is latched.
    pub loss_latched: Option<TradingDay>,
    /// Why the machine is halted by a kill, until the trader re-arms.
    pub killed: Option<String>,
    /// What failures have cost strategies, by the text of their source.
    #[serde(default)]
    pub strikes: Vec<RememberedStrikes>,
    /// Where the stops of what is held were last meant to lie: a process may end between the end of one and the next.
    #[serde(default)]
    pub stop_plans: Vec<(Symbol, Price)>,
    /// What strategies hold and have earned of their own, by their names.
    #[serde(default)]
    pub books: Vec<RememberedBook>,
    /// What restrains trading, and what was counted towards it.
    #[serde(default)]
    pub restraints: Restraints,
    /// Symbols that the venue had halted and not yet resumed.
    #[serde(default)]
    pub halted: BTreeSet<Symbol>,
    /// Symbols that a corporate action froze, with its words, until the trader acknowledges what it did.
    #[serde(default)]
    pub frozen: BTreeMap<Symbol, String>,
    /// Limits that the config loosens and that were tighter earlier today, in words: they stay as they were.
    #[serde(default)]
    pub limits_wait: Vec<String>,
}

/// The failures of one strategy's source on this ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedStrikes {
    /// The sha256 of the source, in hex: a changed source begins anew.
    pub sha256: String,
    /// Calls that failed or were killed.
    pub count: u8,
    /// The last of them, by the run's own clock.
    pub last: At,
    /// When the process of the last one started, by the wall clock: an approval of a later hour forgives.
    pub process_started_at: At,
}

/// A strategy's own book on this ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedBook {
    /// The strategy's name: a changed source goes on with what the one before it holds.
    pub strategy: String,
    /// Signed shares that are its own, with their average price.
    pub positions: Vec<(Symbol, Qty, Price)>,
    /// What it realised on the whole ledger.
    pub realized: Money,
    /// The trading day of its last fill, and what it realised on it.
    pub day: Option<(TradingDay, Money)>,
}

/// An order of an earlier process that had not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedOrder {
    /// What was, or was to be, sent.
    pub request: VenueRequest,
    /// What it may do.
    pub role: Role,
    /// Who asked.
    pub origin: Origin,
    /// The strategy's name, where one asked: its number is of the run that wrote it.
    #[serde(default)]
    pub strategy: Option<String>,
    /// The order it belongs to.
    pub parent: Option<crate::domain::id::ClientOrderId>,
    /// The last state in the journal; `Intent` when nobody answered before the end.
    pub status: OrderStatus,
    /// Shares filled so far.
    pub filled: Qty,
    /// How the stop of what it opens is to follow the market, where that was asked for.
    #[serde(default)]
    pub trail: Option<Trail>,
}

/// A difference that reconcile could not explain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedAdjust {
    /// Its number.
    pub number: u64,
    /// Of which symbol.
    pub symbol: Symbol,
    /// What the machine held.
    pub engine: Qty,
    /// What the broker held.
    pub broker: Qty,
    /// What its shares cost on average by the broker, where it has said so.
    #[serde(default)]
    pub avg_price: Option<Price>,
    /// Whether the trader has acknowledged it.
    pub acknowledged: bool,
    /// How many of the remembered executions stand before it: what comes later counts from the broker's number.
    #[serde(default)]
    pub after_fills: usize,
}
