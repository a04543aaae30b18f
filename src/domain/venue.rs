//! What a venue is asked and what it says, in the words that every venue shares.

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;

/// An order that rests behind another one and wakes when that one has filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its own id.
    pub id: ClientOrderId,
    /// Its trigger (a protective stop) or its limit (a target).
    pub price: Price,
}

/// An order as a venue is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueRequest {
    /// Our id: the venue holds at most one order of it, for ever.
    pub id: ClientOrderId,
    /// What to trade.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares, above zero.
    pub qty: Qty,
    /// At which price.
    pub kind: OrderKind,
    /// For how long.
    pub tif: TimeInForce,
    /// A stop that protects what this order fills (one triggers other; with a target, a bracket).
    pub stop_loss: Option<Leg>,
    /// A target that closes what this order fills; it and the stop cancel each other.
    pub take_profit: Option<Leg>,
    /// Another live order that this one cancels when it fills, and that cancels this one (OCO).
    pub one_cancels: Option<ClientOrderId>,
}

/// One thing a venue says about one order. It may come early, late, twice or out of order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueReport {
    /// Which order.
    pub order: ClientOrderId,
    /// When, by the venue.
    pub at: At,
    /// What happened.
    pub kind: ReportKind,
}

/// What can happen to an order at a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// The venue has it (the answer to the request). A leg is first spoken of when its order fills.
    Accepted,
    /// It rests in the book: only from here does a stop protect.
    Working,
    /// It will not be: the venue's words.
    Rejected(String),
    /// It filled, in full or in part.
    Filled(Fill),
    /// It is cancelled; what had filled stays filled.
    Canceled,
    /// Its time ended.
    Expired,
    /// The cancel was not possible: the venue's words.
    CancelRejected(String),
}

/// The answer to one request, where one came back at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueAnswer {
    /// It was taken.
    Taken,
    /// It was refused for good: the venue's words.
    Refused(String),
    /// Nobody knows: a timeout, a reset, an error without meaning. It may or may not have arrived.
    Unknown(String),
}

/// What a venue was asked about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// To take it.
    Submit,
    /// To cancel it.
    Cancel,
}

/// An order as the venue's own list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueOrder {
    /// The request.
    pub request: VenueRequest,
    /// Where it stands.
    pub status: OrderStatus,
    /// Shares filled so far.
    pub filled: Qty,
}

/// A position as the venue's own list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenuePosition {
    /// Of which symbol.
    pub symbol: Symbol,
    /// Signed shares.
    pub qty: Qty,
    /// The average price.
    pub avg_price: Price,
}

/// What a venue does with a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetFlags {
    /// It trades it.
    pub tradable: bool,
    /// It lends it for selling short.
    pub shortable: bool,
    /// It takes parts of a share.
    pub fractionable: bool,
}

impl AssetFlags {
    /// Everything.
    pub const ALL: Self = Self { tradable: true, shortable: true, fractionable: true };
    /// Nothing.
    pub const NONE: Self = Self { tradable: false, shortable: false, fractionable: false };
}

/// What a venue says about a symbol itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketNews {
    /// It stopped trading, or trades again.
    Halted(Symbol, bool),
    /// Its company changed what a share is: the venue's words.
    CorporateAction(Symbol, String),
}

/// The account as the venue shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueAccount {
    /// Cash, positions and all, at the venue's marks.
    pub equity: Money,
    /// Equity at the previous session's close.
    pub last_equity: Money,
    /// Cash; negative on margin.
    pub cash: Money,
    /// What may still be bought.
    pub buying_power: Money,
}

/// One thing that the kill asked of a venue, at the venue's own instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillDeed {
    /// When, by the venue.
    pub at: At,
    /// What.
    pub asked: KillAsked,
}

/// What the kill can ask of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a kill has few deeds")]
pub enum KillAsked {
    /// To cancel an order; asked again at every reading that still shows it, told once.
    Cancel(ClientOrderId),
    /// To take an order that closes a position, or a stop that is put back.
    Submit {
        /// What was sent.
        request: VenueRequest,
        /// What is known of its arrival.
        answer: VenueAnswer,
    },
}

/// Everything a reconcile asks a venue for, read in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueState {
    /// When it was read.
    pub at: At,
    /// The account.
    pub account: VenueAccount,
    /// Every position.
    pub positions: Vec<VenuePosition>,
    /// Every open order. A leg stands among them from its order's first fill on.
    pub open_orders: Vec<VenueOrder>,
    /// The orders asked for by id that are closed or not known: known ones with their state.
    pub closed_orders: Vec<VenueOrder>,
    /// Executions since the instant that was asked for.
    pub fills: Vec<Fill>,
}
