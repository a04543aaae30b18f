use serde::{Deserialize, Serialize};

use crate::domain::price::Price;
use crate::domain::trail::Trail;

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
    /// A market order once the market comes back to `stop`, which follows the market's best price. Only
    /// protective stops are of this kind.
    TrailingStop {
        /// The trigger as it was last known: where it began, or what the venue's last reading showed.
        stop: Price,
        /// By how much it stays behind.
        trail: Trail,
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
            Self::TrailingStop { .. } => "trailing_stop",
        }
    }

    /// The limit price, where there is one.
    #[must_use]
    pub const fn limit(&self) -> Option<Price> {
        match *self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } | Self::TrailingStop { .. } => None,
        }
    }

    /// The trigger price, where there is one.
    #[must_use]
    pub const fn stop(&self) -> Option<Price> {
        match *self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } | Self::TrailingStop { stop, .. } => {
                Some(stop)
            }
            Self::Market | Self::Limit { .. } => None,
        }
    }

    /// How it follows the market, where it does.
    #[must_use]
    pub const fn trail(&self) -> Option<Trail> {
        match *self {
            Self::TrailingStop { trail, .. } => Some(trail),
            Self::Market | Self::Limit { .. } | Self::Stop { .. } | Self::StopLimit { .. } => None,
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
    /// All of it at once, or nothing.
    Fok,
    /// In the opening auction of the next session; what it does not fill is cancelled.
    Opg,
    /// In the closing auction of the session; what it does not fill is cancelled.
    Cls,
    /// Until the end of late trading: a limit order that may also fill in early and late hours.
    Ext,
}

impl TimeInForce {
    /// Every one, the commonest first.
    pub const ALL: [Self; 7] = [Self::Day, Self::Gtc, Self::Ioc, Self::Fok, Self::Opg, Self::Cls, Self::Ext];

    /// The word of the shell's contract.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Gtc => "gtc",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::Opg => "opg",
            Self::Cls => "cls",
            Self::Ext => "ext",
        }
    }

    /// Whether an order may carry a stop or a target to the venue: no venue brackets one that lives for an
    /// instant, an auction or the early hours.
    #[must_use]
    pub const fn carries_legs(self) -> bool {
        matches!(self, Self::Day | Self::Gtc)
    }

    /// Whether it lives for an instant: what does not fill at once is cancelled.
    #[must_use]
    pub const fn is_immediate(self) -> bool {
        matches!(self, Self::Ioc | Self::Fok)
    }
}

/// No time in force has this word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is one of day, gtc, ioc, fok, opg, cls and ext")]
pub struct TifFault;

impl std::str::FromStr for TimeInForce {
    type Err = TifFault;

    fn from_str(text: &str) -> Result<Self, TifFault> {
        Self::ALL.into_iter().find(|tif| tif.word() == text).ok_or(TifFault)
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
