use thiserror::Error;

use crate::domain::decimal::Overflow;

/// Why a fill was not taken. The book is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LedgerFault {
    /// The venue has told of this execution before.
    #[error("execution {execution:?} was applied before; each counts once")]
    Repeated {
        /// The venue's id of it.
        execution: String,
    },
    /// No execution is of nothing, or pays for being taken away.
    #[error(
        "execution {execution:?} is of {qty} shares at {price}; the quantity must be above 0 and the price not below"
    )]
    NoFill {
        /// The venue's id of it.
        execution: String,
        /// Its quantity.
        qty: String,
        /// Its price.
        price: String,
    },
    /// A sum left the range that can be counted exactly.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}
