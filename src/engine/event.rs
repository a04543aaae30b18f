use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, StrategyId};
use crate::domain::market::Tick;
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::strategy::{StrategyAnswer, StrategyEvent};
use crate::domain::symbol::Symbol;
use crate::domain::venue::{
    Asked, AssetFlags, KillAsked, KillDeed, VenueAnswer, VenueReport, VenueRequest, VenueState,
};
use crate::engine::memory::Memory;

/// An event with its place in the run and its instant: all the time and order the machine knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// The running number of the event within its ledger; never reused.
    pub seq: u64,
    /// When it happened, by the run's own clock.
    pub at: At,
    /// What happened.
    pub event: Event,
}

/// Everything that can happen to the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A process began to drive the machine, with what the journal remembers. Always the first.
    Started(Box<Memory>),
    /// Time passed; the machine's own deadlines are looked at.
    Clock,
    /// The market said something. On the tape, not in the journal.
    Tick(Tick),
    /// A tick of before this process: it fills marks and indicators, and nothing is traded on it.
    Warm(Tick),
    /// The trader asks.
    Operator(Act),
    /// A strategy was loaded and may run. Boxed, as a reading is: what comes with every bar stays small.
    StrategyLoaded(Box<StrategyHead>),
    /// A strategy of this run may not run yet: its failures of an earlier process stand.
    StrategyWaits {
        /// Which strategy.
        head: Box<StrategyHead>,
        /// Until when, in words.
        reason: String,
    },
    /// A strategy answered a call.
    StrategyAnswered {
        /// Which strategy.
        id: StrategyId,
        /// What it said.
        answer: StrategyAnswer,
    },
    /// A venue answered a request, or nobody did.
    Answered {
        /// Which order.
        order: ClientOrderId,
        /// What it was asked.
        asked: Asked,
        /// What came back.
        answer: VenueAnswer,
    },
    /// The venue said something about an order.
    Reported(VenueReport),
    /// The door did not pass an order on.
    Dropped {
        /// Which order.
        order: ClientOrderId,
        /// Why, in words.
        reason: String,
    },
    /// The venue's stream of orders: whether it stands. What happened while it did not must be read.
    OrderStream {
        /// `false` halts openings, until it stands again and the venue has been read since.
        up: bool,
        /// Why it is lost; empty where it stands.
        why: String,
    },
    /// The broker does not take the account's keys any more, or takes them again.
    Keys {
        /// Its words where it does not; nothing where it does.
        refusal: Option<String>,
    },
    /// The venue said something about an order that only a reading explains.
    LookAgain(String),
    /// The venue's whole state, for a reconcile.
    Venue(Box<VenueState>),
    /// The venue's state could not be read.
    VenueSilent(String),
    /// The kill was pulled, outside the machine.
    Killed(KillReport),
    /// Somebody touched a key.
    Hand,
    /// The market's feed: whether it is fresh.
    Feed {
        /// `false` halts openings.
        fresh: bool,
        /// For how long nothing has come, in milliseconds.
        #[serde(default)]
        silent_ms: i64,
    },
    /// The venue says what it does with a symbol.
    Asset {
        /// Which.
        symbol: Symbol,
        /// What.
        flags: AssetFlags,
    },
    /// A symbol stopped trading (a halt, a limit-up limit-down pause), or trades again.
    SymbolHalted {
        /// Which.
        symbol: Symbol,
        /// Whether it stopped.
        halted: bool,
    },
    /// A split or the like: a share of the symbol is no longer what it was.
    CorporateAction {
        /// Of which symbol.
        symbol: Symbol,
        /// What happened, in the venue's words.
        what: String,
    },
    /// The venue's clock was compared with ours.
    ClockOffset {
        /// By how many milliseconds the venue's is ahead; `None` when it could not be read.
        offset_ms: Option<i64>,
    },
    /// Something that the trader should know, in words.
    Notice(String),
    /// What the journal's own rows hold of the symbol of a difference.
    Counted {
        /// The difference's number.
        number: u64,
        /// The position by the rows on disk.
        qty: Qty,
    },
    /// The journal: whether rows can be written.
    Journal {
        /// `false` halts openings.
        writable: bool,
    },
}

/// What the trader can ask of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Trade.
    Submit {
        /// The id minted when the ticket opened: two presses are one order.
        ticket: u64,
        /// What to trade.
        intent: Intent,
    },
    /// Cancel one order.
    Cancel(ClientOrderId),
    /// Cancel every opening order, of one symbol or of all.
    CancelAll(Option<Symbol>),
    /// Close the position of one symbol, or of all.
    Close(Option<Symbol>),
    /// Replace an order's quantity or prices: judged while the old one is live, carried out as
    /// cancel, its end, and a new order.
    Replace {
        /// Which order.
        order: ClientOrderId,
        /// The new quantity, where it changes.
        qty: Option<Qty>,
        /// The new limit, where it changes.
        limit: Option<Price>,
        /// The new trigger, where it changes.
        stop: Option<Price>,
    },
    /// Trade again after a kill.
    Rearm {
        /// The trader's own words.
        reason: String,
    },
    /// Let live open positions; everything that must be known for it was looked at.
    Arm {
        /// On what grounds, without a secret.
        by: String,
    },
    /// Let live open nothing any more.
    Disarm {
        /// Why.
        reason: String,
    },
    /// Openings may go on after an unclean shutdown.
    AcknowledgeUnclean {
        /// The trader's own words.
        reason: String,
    },
    /// Openings may go on after a storm of rejects.
    AcknowledgeStorm {
        /// The trader's own words.
        reason: String,
    },
    /// A difference that reconcile could not explain is accepted as it is.
    AcknowledgeAdjust {
        /// The number of the difference.
        number: u64,
        /// The trader's own words.
        reason: String,
    },
    /// The trader's answer to a strategy's question.
    Answer {
        /// The question's number.
        number: u64,
        /// Whether the order may go.
        yes: bool,
        /// Another quantity than was asked for.
        qty: Option<Qty>,
        /// Another limit than was asked for; a market order gets one.
        limit: Option<Price>,
    },
    /// A strategy pauses.
    PauseStrategy(StrategyId),
    /// A paused strategy goes on.
    ResumeStrategy(StrategyId),
}

/// A strategy as the machine knows it: what it may trade and when it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyHead {
    /// Its number within the run.
    pub id: StrategyId,
    /// Its name.
    pub name: String,
    /// The sha256 of its source, in hex.
    pub sha256: String,
    /// What it may trade.
    pub symbols: Vec<Symbol>,
    /// The length of its bars.
    pub timeframe_ms: i64,
    /// How many bars only warm it up.
    pub warmup_bars: u32,
    /// Whether it may tighten the stop of a position that is not its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protects: bool,
    /// What the trader granted it.
    #[serde(default)]
    pub passport: Passport,
    /// The name of its file, under which errors are told.
    #[serde(default)]
    pub file: String,
    /// The values of its params, as the JSON text that its process was handed.
    #[serde(default)]
    pub params: String,
    /// The handlers that it has, such as `onFill`; where none is named, it is told everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<String>,
}

impl StrategyHead {
    /// Whether it is told of this: of what became of its orders only where it has a handler for that. Everything else
    /// may matter to more than the handler.
    pub fn hears(&self, event: &StrategyEvent) -> bool {
        let handler = match event {
            StrategyEvent::Order { .. } => "onOrder",
            StrategyEvent::Fill(_) => "onFill",
            StrategyEvent::Bar { .. } | StrategyEvent::Session { .. } | StrategyEvent::Stop => return true,
        };
        self.handlers.is_empty() || self.handlers.iter().any(|known| known == handler)
    }
}

/// What the kill did, as its own task saw it at the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillReport {
    /// When the latch tripped.
    pub tripped_at: At,
    /// Who pulled it, in words.
    pub by: String,
    /// Whether positions were to be closed.
    pub flatten: bool,
    /// Orders it cancelled.
    pub cancelled: u32,
    /// Positions it closed.
    pub flattened: u32,
    /// Orders that should be gone and are not.
    pub left_orders: Vec<ClientOrderId>,
    /// Positions that are still open.
    pub left_positions: Vec<Symbol>,
    /// Whether the venue showed nothing left that should be gone.
    pub confirmed: bool,
    /// Everything it asked of the venue since the latch tripped, oldest first: what an earlier report
    /// of the same trip told stands here again, so that no report that was lost loses an order.
    #[serde(default)]
    pub deeds: Vec<KillDeed>,
}

impl KillReport {
    /// The orders it sent, each as often as it was sent.
    pub fn sent(&self) -> impl Iterator<Item = (&VenueRequest, &VenueAnswer)> {
        self.deeds.iter().filter_map(|deed| match &deed.asked {
            KillAsked::Submit { request, answer } => Some((request, answer)),
            KillAsked::Cancel(_) => None,
        })
    }
}
