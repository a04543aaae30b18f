use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;

/// One execution, as the venue reported it. The only thing that ever moves a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's id of this execution; each is applied once.
    pub execution: String,
    /// The order that filled.
    pub order: ClientOrderId,
    /// What was traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares, above zero.
    pub qty: Qty,
    /// Dollars a share.
    pub price: Price,
    /// Commission and exchange fees, zero or more.
    pub fee: Money,
    /// When, by the venue.
    pub at: At,
}
