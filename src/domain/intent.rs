use serde::{Deserialize, Serialize};

use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;

/// Who asks. Attribution is typed and never missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The trader, by the shell or the window.
    Operator,
    /// A strategy, by its number within this run.
    Strategy(StrategyId),
    /// The engine itself: protective stops, flattening on the daily loss.
    Engine,
    /// The kill.
    Kill,
}

/// A strategy's number within a run, in the order in which they were started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StrategyId(pub u16);

/// What somebody wants to trade. Anyone may write one; only the gate can turn it into an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Who asks.
    pub origin: Origin,
    /// What to trade.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How many shares, above zero.
    pub qty: Qty,
    /// At which price.
    pub kind: OrderKind,
    /// For how long.
    pub tif: TimeInForce,
    /// The price of the protective stop; the gate's stop automation fills a missing one.
    pub stop_loss: Option<Price>,
    /// The price of the target.
    pub take_profit: Option<Price>,
    /// How the protective stop follows the market, where it does. On an order that closes, it is that stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
}
