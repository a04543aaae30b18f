use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueRequest, VenueState};
use crate::risk::limits::Limits;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

/// One thing that happened, with the place where it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The row of the journal; any running number where there is none.
    pub row: u64,
    /// When, by the run's own clock.
    pub at: At,
    /// What.
    pub what: What,
}

/// Everything the laws judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A process began, under these limits.
    RunBegan(Box<Limits>),
    /// A process ended cleanly.
    RunEnded,
    /// The gate judged an intent.
    Decided(Box<Decided>),
    /// An order is about to be sent.
    Order {
        /// What will be sent.
        request: VenueRequest,
        /// What it may do.
        role: Role,
        /// Who asked.
        origin: Origin,
        /// The order it belongs to.
        parent: Option<ClientOrderId>,
    },
    /// A venue answered, or did not, when it was asked to take an order: so the order was sent.
    Sent(ClientOrderId),
    /// An order stands here now.
    Status {
        /// Which order.
        order: ClientOrderId,
        /// Where it stands.
        status: OrderStatus,
        /// Shares filled so far.
        filled: Qty,
    },
    /// An execution was applied.
    Filled {
        /// The execution.
        fill: Fill,
        /// The symbol's position after it.
        position: Qty,
        /// The account's cash after it.
        cash: Money,
    },
    /// A day's baseline was fixed.
    Day {
        /// The day.
        day: TradingDay,
        /// The baseline.
        e0: Money,
    },
    /// What the account was worth.
    Equity {
        /// The smaller of ours and the broker's.
        equity: Money,
        /// Our own count.
        own: Money,
        /// Cash.
        cash: Money,
    },
    /// Trading was restricted or freed.
    Halt {
        /// What passes from here on.
        state: TradingState,
        /// The day that its loss has ended.
        latched: Option<TradingDay>,
        /// Who did it.
        by: Origin,
    },
    /// The kill was pulled.
    Killed {
        /// The orders it sent that the venue did not refuse.
        sent: Vec<ClientOrderId>,
    },
    /// The trader acknowledged that an earlier process ended uncleanly.
    UncleanAcknowledged,
    /// Something about a strategy, by its word.
    Strategy {
        /// Which.
        id: StrategyId,
        /// `loaded`, `paused`, `resumed`, `failed`, `killed`, `stopped`; other words say nothing here.
        what: String,
    },
    /// The market's feed, the journal or the venue became fit for openings, or unfit.
    Fitness {
        /// Which.
        part: Part,
        /// Whether it is fit.
        fit: bool,
    },
    /// The venue's own words about the account.
    Venue(Box<VenueState>),
    /// The machine agreed with the venue's last words, or did not.
    Reconciled {
        /// Whether it agreed.
        clean: bool,
    },
    /// The trader accepted the broker's count of a position.
    Adjusted {
        /// Of which symbol.
        symbol: Symbol,
        /// The count that holds from here on.
        position: Qty,
    },
}

/// What openings wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The market's data.
    Feed,
    /// The journal.
    Journal,
    /// The books against the venue's.
    Reconcile,
}

impl Part {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Feed => "the feed is silent",
            Self::Journal => "the journal takes no rows",
            Self::Reconcile => "the books were not found to agree with the venue's",
        }
    }
}

/// A decision, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The order's id, where it was approved.
    pub order: Option<ClientOrderId>,
    /// What was asked.
    pub intent: Intent,
    /// Whether it was approved.
    pub approved: bool,
    /// The code of a refusal, as its word.
    pub code: Option<String>,
    /// Whether it only made a position smaller.
    pub reducing: bool,
    /// The symbol's exposure with it.
    pub exposure: Option<Money>,
    /// The heat with it.
    pub heat: Option<Money>,
    /// The day's loss.
    pub day_loss: Option<Money>,
    /// The limits it was judged by, as a hash.
    pub limits_version: String,
    /// Every check that was made.
    pub checks: Vec<CheckFact>,
}

/// One check of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFact {
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What was measured, where it is a number.
    pub value: Option<Money>,
    /// What was allowed, where it is a number.
    pub limit: Option<Money>,
}

impl Decided {
    /// Whether it let something be opened.
    pub(super) fn opens(&self) -> bool {
        self.approved && !self.reducing
    }

    pub(super) fn check(&self, name: &str) -> Option<&CheckFact> {
        self.checks.iter().find(|check| check.name == name)
    }
}
