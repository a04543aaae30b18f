use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;

/// What an order is for, which decides what it may pass while the gate is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It may make a position larger.
    Opening,
    /// It can only make a position smaller.
    Reducing,
    /// It rests to make a position smaller when the market turns: a stop, or its target.
    Protective,
}

/// An order the gate did not admit in this run: from the journal or the broker after a restart, or
/// somebody else's on the same account (EXTERNAL). It counts like any other live order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownOrder {
    /// Its id.
    pub id: ClientOrderId,
    /// What it trades.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// All its shares, above zero.
    pub qty: Qty,
    /// Shares filled so far; positions already contain them.
    pub filled: Qty,
    /// At which price.
    pub kind: OrderKind,
    /// The attached protective stop of an opening order.
    pub stop_loss: Option<Price>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Who asked for it; `None` for an external order.
    pub origin: Option<Origin>,
    /// What it is for. A `Protective` order with a stop price protects; one without is a target.
    pub role: Role,
    /// Another order it cancels and is cancelled by; orders that name the same one form a group.
    pub group: Option<ClientOrderId>,
}
