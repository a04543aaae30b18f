use serde::{Deserialize, Serialize};

use crate::domain::price::Price;

/// What an order does at which price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderKind {
    /// At whatever the book gives.
    Market,
    /// At `limit` or better.
    Limit {
        /// The worst price.
        limit: Price,
    },
    /// A market order once the market trades at `stop`.
    Stop {
        /// The trigger.
        stop: Price,
    },
    /// A limit order once the market trades at `stop`.
    StopLimit {
        /// The trigger.
        stop: Price,
        /// The worst price after it.
        limit: Price,
    },
}

impl OrderKind {
    /// The word of the shell's contract.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop { .. } => "stop",
            Self::StopLimit { .. } => "stop_limit",
        }
    }

    /// The limit price, where there is one.
    #[must_use]
    pub const fn limit(&self) -> Option<Price> {
        match *self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } => None,
        }
    }

    /// The trigger price, where there is one.
    #[must_use]
    pub const fn stop(&self) -> Option<Price> {
        match *self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            Self::Market | Self::Limit { .. } => None,
        }
    }
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the end of the regular session.
    #[default]
    Day,
    /// Until it is cancelled.
    Gtc,
    /// What fills at once; the rest is cancelled.
    Ioc,
}

impl TimeInForce {
    /// The word of the shell's contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Gtc => "gtc",
            Self::Ioc => "ioc",
        }
    }
}

/// Where an order stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// On disk, not yet sent.
    Intent,
    /// On its way.
    Sending,
    /// The venue has it.
    Acked,
    /// Resting at the venue.
    Working,
    /// Partly filled and still resting.
    Partial,
    /// Nobody answered: it counts in full until it is proven dead.
    Unknown,
    /// A cancel is on its way.
    PendingCancel,
    /// A replace is on its way.
    PendingReplace,
    /// Filled in full.
    Filled,
    /// Cancelled.
    Canceled,
    /// Its time in force ended.
    Expired,
    /// The venue refused it.
    Rejected,
    /// The gate refused it; it was never sent.
    Refused,
    /// Proven never to have arrived.
    PresumedDead,
}

impl OrderStatus {
    /// Whether it still counts its remaining quantity in every limit.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Intent
                | Self::Sending
                | Self::Acked
                | Self::Working
                | Self::Partial
                | Self::Unknown
                | Self::PendingCancel
                | Self::PendingReplace
        )
    }

    /// The word of the contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Sending => "sending",
            Self::Acked => "acked",
            Self::Working => "working",
            Self::Partial => "partial",
            Self::Unknown => "unknown",
            Self::PendingCancel => "pending_cancel",
            Self::PendingReplace => "pending_replace",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::PresumedDead => "presumed_dead",
        }
    }
}
