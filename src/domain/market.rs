use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;

/// The best bid and ask of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Of which symbol.
    pub symbol: Symbol,
    /// The best price somebody pays; zero when nobody does.
    pub bid: Price,
    /// Shares wanted there.
    pub bid_qty: Qty,
    /// The best price somebody asks; zero when nobody does.
    pub ask: Price,
    /// Shares offered there.
    pub ask_qty: Qty,
    /// When it was known.
    pub at: At,
}

/// One trade somebody made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Of which symbol.
    pub symbol: Symbol,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub qty: Qty,
    /// When.
    pub at: At,
}

/// The trades of one span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Of which symbol.
    pub symbol: Symbol,
    /// When its span began.
    pub start: At,
    /// When its span ended: nothing of it is known before.
    pub end: At,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// Shares traded.
    pub volume: Qty,
}

/// Anything the market says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tick {
    /// A new best bid and ask.
    Quote(Quote),
    /// A trade.
    Trade(Trade),
    /// A finished bar.
    Bar(Bar),
}

impl Tick {
    /// Of which symbol.
    #[must_use]
    pub const fn symbol(&self) -> Symbol {
        match self {
            Self::Quote(quote) => quote.symbol,
            Self::Trade(trade) => trade.symbol,
            Self::Bar(bar) => bar.symbol,
        }
    }

    /// When it was known: a bar at its end.
    #[must_use]
    pub const fn at(&self) -> At {
        match self {
            Self::Quote(quote) => quote.at,
            Self::Trade(trade) => trade.at,
            Self::Bar(bar) => bar.end,
        }
    }
}
