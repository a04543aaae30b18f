//! What the engine and a strategy's sandbox say to each other.
//!
//! The words live here because the engine must not know that strategies are JavaScript, and the
//! sandbox must not know that there is an engine.

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::market::Bar;
use crate::domain::money::Money;
use crate::domain::order::{OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;

/// What a strategy may see of the account when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyView {
    /// The symbol's position, signed.
    pub position_qty: Qty,
    /// Its average price; zero when flat.
    pub avg_price: Price,
    /// Its open profit or loss at the mark.
    pub unrealized: Money,
    /// The price of the working protective stop, where there is one.
    pub stop: Option<Price>,
    /// The account's cash.
    pub cash: Money,
    /// The account's equity, the smaller of ours and the broker's.
    pub equity: Money,
    /// The part of the exchange's day.
    pub phase: Phase,
}

/// One event for one strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyEvent {
    /// A finished bar of the strategy's timeframe. A warm-up bar only fills indicators: what the
    /// script wishes on it is refused.
    Bar {
        /// The bar.
        bar: Bar,
        /// Whether it only warms up.
        warm_up: bool,
    },
    /// One of its orders changed.
    Order {
        /// Which.
        id: ClientOrderId,
        /// Its new state.
        status: OrderStatus,
        /// The refusal's or the venue's words, where there are any.
        reason: Option<String>,
        /// When.
        #[serde(default)]
        at: At,
    },
    /// One of its orders filled.
    Fill(Fill),
    /// The regular session opened (`true`) or closed.
    Session {
        /// Whether it opened.
        open: bool,
        /// When.
        at: At,
    },
    /// The strategy is about to be stopped.
    Stop,
}

/// One call into a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyCall {
    /// The number of the call within the run.
    pub seq: u64,
    /// The symbol it is about: the instance that is called.
    pub symbol: Symbol,
    /// What happened.
    pub event: StrategyEvent,
    /// What the script may see.
    pub view: StrategyView,
}

/// How large a wished order shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// So many shares.
    Qty(Qty),
    /// Whole shares for so many dollars.
    Notional(Money),
    /// Whole shares such that the stop loses this percentage of equity.
    RiskPct(crate::domain::pct::Pct),
    /// Whole shares for this percentage of equity.
    Pct(crate::domain::pct::Pct),
}

/// What a strategy wishes. Only a wish: the engine sizes it and the gate judges it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Buy or sell.
    Trade {
        /// Buy or sell.
        side: Side,
        /// How much.
        size: Size,
        /// A limit price; a market order without one.
        limit: Option<Price>,
        /// The protective stop.
        stop: Option<Price>,
        /// The target.
        take_profit: Option<Price>,
        /// How the stop follows the market, where it shall.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trail: Option<Trail>,
        /// For how long.
        tif: TimeInForce,
        /// The strategy's own word for it.
        tag: Option<String>,
    },
    /// Close the symbol's position.
    Close {
        /// The strategy's own word for it.
        tag: Option<String>,
    },
    /// Cancel this strategy's open orders of the symbol.
    Cancel,
    /// Move the position's protective stop nearer to the market; never away from it.
    Tighten {
        /// Where it shall lie.
        stop: Price,
    },
}

/// A number that a strategy wants to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plot {
    /// The name of its line.
    pub name: String,
    /// Its value in billionths: what is drawn needs no more, and counts are compared exactly.
    pub nanos: i64,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Well. Only then do wishes count.
    Done,
    /// The script threw, or broke a rule of the contract.
    Failed {
        /// In words, with file, line and column where they are known.
        reason: String,
    },
    /// The sandbox ended the script's process.
    Killed {
        /// Which limit it ran into, in words.
        reason: String,
    },
}

/// What came back from one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyAnswer {
    /// The number of the call it answers.
    pub seq: u64,
    /// The symbol of the call.
    pub symbol: Symbol,
    /// How it ended.
    pub outcome: Outcome,
    /// What the script wishes, in its own order; empty unless it ended well.
    pub wishes: Vec<Wish>,
    /// What it logged.
    pub logs: Vec<String>,
    /// What it wants to be drawn beside the bar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plots: Vec<Plot>,
}
