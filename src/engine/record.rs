use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::day::TradingDay;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenueRequest;
use crate::engine::own_book::OwnFill;
use crate::engine::reconcile::Difference;
use crate::engine::restraint::Restraint;
use crate::risk::decision::Decision;
use crate::risk::loss::Latched;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

/// What the gate said: as it said it, or as it was read back from a row. Both are the same JSON.
///
/// It is written where the row is, and nowhere before: a tree of it in memory costs several times the text.
#[derive(Debug, Clone)]
pub enum Judged {
    /// As the gate said it.
    Now(Box<Decision>),
    /// As a row has it.
    Read(serde_json::Value),
}

impl Judged {
    /// As JSON, to be looked into.
    pub fn value(&self) -> serde_json::Value {
        match self {
            // The decision's own fields are texts, numbers and lists of them: writing them cannot fail.
            Self::Now(decision) => serde_json::to_value(decision).unwrap_or_default(),
            Self::Read(value) => value.clone(),
        }
    }
}

impl PartialEq for Judged {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl Serialize for Judged {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Now(decision) => decision.serialize(writer),
            Self::Read(value) => value.serialize(writer),
        }
    }
}

impl<'de> Deserialize<'de> for Judged {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(reader).map(Self::Read)
    }
}

/// A row of the journal that the machine asks for: what it decided, and what it knew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The gate judged an intent.
    Decision {
        /// The order's id when it was approved.
        order: Option<ClientOrderId>,
        /// What was asked.
        intent: Intent,
        /// Empty when it was approved, else the code with its numbers.
        refusal: String,
        /// What the gate said, with every number, in the shape that `buy --dry-run --json` prints.
        decision: Judged,
        /// The limits it was judged by, as the hash of their text.
        limits_version: String,
        /// The strategy's own word for it, where there was one.
        tag: Option<String>,
    },
    /// An approved order, before it leaves.
    Order {
        /// What will be sent.
        request: VenueRequest,
        /// What it may do.
        role: Role,
        /// Who asked for it.
        origin: Origin,
        /// The order whose fills it protects or closes, where there is one.
        parent: Option<ClientOrderId>,
    },
    /// An order changed.
    Status {
        /// Which order.
        order: ClientOrderId,
        /// Its new state.
        status: OrderStatus,
        /// Shares filled so far.
        filled: Qty,
        /// Somebody's words for it.
        reason: Option<String>,
    },
    /// An order filled.
    Fill {
        /// The execution.
        fill: Fill,
        /// The symbol's position after it.
        position: Qty,
        /// Its average price after it.
        avg_price: Price,
        /// The account's cash after it.
        cash: Money,
        /// What it did to the books of strategies: of the one whose order it was, or of each that lost its shares.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        own: Vec<OwnFill>,
    },
    /// A trading day began; its baseline is fixed.
    Day {
        /// The day.
        day: TradingDay,
        /// The equity that today's loss is measured from.
        e0: Money,
    },
    /// What the account was worth.
    Equity {
        /// The trading day.
        day: TradingDay,
        /// The smaller of ours and the broker's.
        equity: Money,
        /// Our own count.
        own: Money,
        /// Cash.
        cash: Money,
        /// Today's loss so far.
        day_loss: Money,
        /// Whether this is the day's equity at the close, from which the next day is measured.
        close: bool,
    },
    /// Trading was restricted, or freed again.
    Halt {
        /// What passes from here on.
        state: TradingState,
        /// The day's end by its loss, where that is what happened.
        latched: Option<Latched>,
        /// Why, with its numbers.
        reason: String,
        /// Who did it.
        by: Origin,
    },
    /// What happened restrains trading, or restrains it no longer.
    Restraint {
        /// How.
        what: Restraint,
        /// Whether it holds from here on.
        holds: bool,
        /// Why, with its numbers.
        reason: String,
        /// Who did it.
        by: Origin,
    },
    /// Something about a strategy.
    Strategy {
        /// Which.
        id: StrategyId,
        /// `loaded`, `log`, `failed`, `killed`, `paused`, `resumed`, `stopped`.
        what: String,
        /// In words.
        detail: String,
    },
    /// The machine compared itself with the venue.
    Reconcile {
        /// Whether both agree.
        clean: bool,
        /// Every difference.
        differences: Vec<Difference>,
    },
    /// A difference that nothing explains; openings of the symbol wait until it is acknowledged.
    Adjust {
        /// Its number.
        number: u64,
        /// Of which symbol.
        symbol: Symbol,
        /// What the machine held.
        engine: Qty,
        /// What the broker holds.
        broker: Qty,
        /// What its shares cost on average by the broker, where it has said so.
        #[serde(default)]
        avg_price: Option<Price>,
        /// The corporate action that made it, where one was told.
        #[serde(default)]
        because: Option<String>,
        /// The trader's words, once it is acknowledged.
        acknowledged: Option<String>,
        /// What it took from the books of strategies: none holds more than the broker counts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        own: Vec<OwnFill>,
    },
    /// The kill.
    Kill(crate::engine::event::KillReport),
    /// Something the trader ought to read.
    Alert(String),
}

impl Record {
    /// The row of a decision.
    pub fn decision(
        order: Option<ClientOrderId>,
        intent: Intent,
        decision: &Decision,
        limits_version: String,
        tag: Option<String>,
    ) -> Self {
        let refusal = decision.refusal().map_or_else(String::new, ToString::to_string);
        let decision = Judged::Now(Box::new(decision.clone()));
        Self::Decision { order, intent, refusal, decision, limits_version, tag }
    }
}
