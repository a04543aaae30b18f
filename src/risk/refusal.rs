use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::risk::passport::Breach;

/// The stable words of refusal, in the order in which the first failure gives the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The order is not one: a price or a quantity is missing, zero, or on the wrong side.
    Malformed,
    /// Everything but cancels, protective stops and the operator's reductions is halted.
    Halted,
    /// It would take the position through zero.
    CrossesZero,
    /// It could trade with an order of our own.
    SelfTrade,
    /// Equity, or the day's baseline, is unknown or not above zero.
    NoEquity,
    /// The day's loss has reached its limit.
    DailyLossReached,
    /// Only reductions pass.
    ReduceOnly,
    /// Live trading is not armed.
    Disarmed,
    /// A part of the program is not ready; [`NotReady`] says which.
    NotReady,
    /// The strategy is paused or disabled.
    StrategyStopped,
    /// It is outside of what the trader granted the strategy.
    Passport,
    /// A pause after losses is running.
    CoolDown,
    /// The session is not open.
    MarketClosed,
    /// The symbol is halted, or frozen by a corporate action.
    SymbolHalted,
    /// The venue does not trade it, or not in this way.
    NotTradable,
    /// A price that is needed is unknown or not usable.
    NoPrice,
    /// The quote is too old.
    StaleQuote,
    /// The limit is too far from the market.
    PriceCollar,
    /// The same order was sent a moment ago.
    Duplicate,
    /// Too many openings in a minute.
    Rate,
    /// The order alone is worth too much.
    OrderLimit,
    /// The order is too large a part of the symbol's usual volume.
    QtyLimit,
    /// The broker would not lend that much.
    BuyingPower,
    /// The symbol's exposure would be too large.
    PositionLimit,
    /// All symbols together would be too much.
    GrossLimit,
    /// It would stand without a protective stop.
    NoStop,
    /// Too much would be lost if every stop were hit.
    HeatLimit,
}

/// Which part of the program is not ready for openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// The broker does not take the keys.
    Keys,
    /// The market data is silent.
    Feed,
    /// The clock is off, or unknown.
    Clock,
    /// The broker's stream of orders is lost.
    Stream,
    /// The books do not agree with the broker's.
    Reconcile,
    /// The journal cannot be written.
    Journal,
    /// The broker rejected too many orders.
    RejectStorm,
    /// The last run did not end cleanly, and nobody has acknowledged it.
    UncleanStart,
}

/// A number of a check, printed as the contract says: money with two decimals, the rest in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The check has no number.
    None,
    /// Dollars, printed with two decimals.
    Money(Money),
    /// Dollars a share that need more than nine places, printed in full.
    Rate(Money),
    /// A price, printed in full.
    Price(Price),
    /// Shares, printed in full.
    Qty(Qty),
    /// A count, or milliseconds.
    Count(i64),
}

/// Why an intent was refused: a code with its numbers. A value, never a dropped order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The word.
    pub code: Code,
    /// What was measured.
    pub value: Figure,
    /// What is allowed.
    pub limit: Figure,
    /// The largest quantity that would pass, where the code has one.
    pub max_qty: Option<Qty>,
    /// What is not ready, for [`Code::NotReady`].
    pub cause: Option<NotReady>,
    /// The line of the passport, for [`Code::Passport`].
    pub line: Option<Breach>,
    /// The resting order in the way, for [`Code::SelfTrade`].
    pub order: Option<ClientOrderId>,
    /// The symbol without a price, for [`Code::NoPrice`].
    pub symbol: Option<Symbol>,
}

impl Code {
    /// Every code, in the order of the checks.
    pub const ALL: [Self; 27] = [
        Self::Malformed,
        Self::Halted,
        Self::CrossesZero,
        Self::SelfTrade,
        Self::NoEquity,
        Self::DailyLossReached,
        Self::ReduceOnly,
        Self::Disarmed,
        Self::NotReady,
        Self::StrategyStopped,
        Self::Passport,
        Self::CoolDown,
        Self::MarketClosed,
        Self::SymbolHalted,
        Self::NotTradable,
        Self::NoPrice,
        Self::StaleQuote,
        Self::PriceCollar,
        Self::Duplicate,
        Self::Rate,
        Self::OrderLimit,
        Self::QtyLimit,
        Self::BuyingPower,
        Self::PositionLimit,
        Self::GrossLimit,
        Self::NoStop,
        Self::HeatLimit,
    ];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::Halted => "HALTED",
            Self::CrossesZero => "CROSSES_ZERO",
            Self::SelfTrade => "SELF_TRADE",
            Self::NoEquity => "NO_EQUITY",
            Self::DailyLossReached => "DAILY_LOSS_REACHED",
            Self::ReduceOnly => "REDUCE_ONLY",
            Self::Disarmed => "DISARMED",
            Self::NotReady => "NOT_READY",
            Self::StrategyStopped => "STRATEGY_STOPPED",
            Self::Passport => "PASSPORT",
            Self::CoolDown => "COOL_DOWN",
            Self::MarketClosed => "MARKET_CLOSED",
            Self::SymbolHalted => "SYMBOL_HALTED",
            Self::NotTradable => "NOT_TRADABLE",
            Self::NoPrice => "NO_PRICE",
            Self::StaleQuote => "STALE_QUOTE",
            Self::PriceCollar => "PRICE_COLLAR",
            Self::Duplicate => "DUPLICATE",
            Self::Rate => "RATE",
            Self::OrderLimit => "ORDER_LIMIT",
            Self::QtyLimit => "QTY_LIMIT",
            Self::BuyingPower => "BUYING_POWER",
            Self::PositionLimit => "POSITION_LIMIT",
            Self::GrossLimit => "GROSS_LIMIT",
            Self::NoStop => "NO_STOP",
            Self::HeatLimit => "HEAT_LIMIT",
        }
    }

    /// What it means, as a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => {
                "The order is not one: a price or a quantity is missing, zero, or on the wrong side."
            }
            Self::Halted => {
                "Everything but cancels, protective stops and the operator's reductions is halted."
            }
            Self::CrossesZero => "It would take the position through zero.",
            Self::SelfTrade => "It could trade with an order of our own.",
            Self::NoEquity => "Equity, or the day's baseline, is unknown or not above zero.",
            Self::DailyLossReached => "The day's loss has reached its limit.",
            Self::ReduceOnly => "Only reductions pass.",
            Self::Disarmed => "Live trading is not armed.",
            Self::NotReady => "A part of the program is not ready.",
            Self::StrategyStopped => "The strategy is paused or disabled.",
            Self::Passport => "It is outside of what the trader granted the strategy.",
            Self::CoolDown => "A pause after losses is running.",
            Self::MarketClosed => "The session is not open.",
            Self::SymbolHalted => "The symbol is halted, or frozen by a corporate action.",
            Self::NotTradable => "The venue does not trade it, or not in this way.",
            Self::NoPrice => "A price that is needed is unknown or not usable.",
            Self::StaleQuote => "The quote is too old.",
            Self::PriceCollar => "The limit is too far from the market.",
            Self::Duplicate => "The same order was sent a moment ago.",
            Self::Rate => "Too many openings in a minute.",
            Self::OrderLimit => "The order alone is worth too much.",
            Self::QtyLimit => "The order is too large a part of the symbol's usual volume.",
            Self::BuyingPower => "The broker would not lend that much.",
            Self::PositionLimit => "The symbol's exposure would be too large.",
            Self::GrossLimit => "All symbols together would be too much.",
            Self::NoStop => "It would stand without a protective stop.",
            Self::HeatLimit => "Too much would be lost if every stop were hit.",
        }
    }

    /// The code of a word; `None` for any other text.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }

    /// The name of the check that gives this code, as `checks` lists it.
    #[must_use]
    pub const fn check(self) -> &'static str {
        match self {
            Self::Malformed => "form",
            Self::Halted => "state",
            Self::CrossesZero => "crosses_zero",
            Self::SelfTrade => "self_trade",
            Self::NoEquity => "equity",
            Self::DailyLossReached => "daily_loss",
            Self::ReduceOnly => "mode",
            Self::Disarmed => "armed",
            Self::NotReady => "ready",
            Self::StrategyStopped => "strategy",
            Self::Passport => "passport",
            Self::CoolDown => "cool_down",
            Self::MarketClosed => "session",
            Self::SymbolHalted => "symbol_halted",
            Self::NotTradable => "tradable",
            Self::NoPrice => "price",
            Self::StaleQuote => "quote_age",
            Self::PriceCollar => "collar",
            Self::Duplicate => "duplicate",
            Self::Rate => "rate",
            Self::OrderLimit => "order",
            Self::QtyLimit => "volume_share",
            Self::BuyingPower => "buying_power",
            Self::PositionLimit => "position",
            Self::GrossLimit => "gross",
            Self::NoStop => "short_stop",
            Self::HeatLimit => "heat",
        }
    }

    /// What the measured number of this code is called.
    const fn value_name(self) -> &'static str {
        match self {
            Self::DailyLossReached => "loss",
            Self::PositionLimit => "exposure",
            Self::GrossLimit => "gross",
            Self::HeatLimit => "heat",
            Self::QtyLimit | Self::CrossesZero => "qty",
            Self::StaleQuote => "age_ms",
            Self::PriceCollar => "distance",
            Self::Duplicate => "since_ms",
            Self::Rate => "openings",
            _ => "value",
        }
    }
}

impl NotReady {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Feed => "feed",
            Self::Clock => "clock",
            Self::Stream => "stream",
            Self::Reconcile => "reconcile",
            Self::Journal => "journal",
            Self::RejectStorm => "reject_storm",
            Self::UncleanStart => "unclean_start",
        }
    }
}

impl Refusal {
    /// A refusal without numbers.
    #[must_use]
    pub const fn bare(code: Code) -> Self {
        Self {
            code,
            value: Figure::None,
            limit: Figure::None,
            max_qty: None,
            cause: None,
            line: None,
            order: None,
            symbol: None,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => out.write_str("none"),
            Self::Money(money) => fmt::Display::fmt(money, out),
            Self::Rate(rate) => out.write_str(&rate.exact()),
            Self::Price(price) => fmt::Display::fmt(price, out),
            Self::Qty(qty) => fmt::Display::fmt(qty, out),
            Self::Count(count) => fmt::Display::fmt(count, out),
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => writer.serialize_none(),
            figure => writer.collect_str(figure),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code.word())?;
        if self.value != Figure::None {
            write!(out, " {}={}", self.code.value_name(), self.value)?;
        }
        if self.limit != Figure::None {
            write!(out, " limit={}", self.limit)?;
        }
        if let Some(qty) = self.max_qty {
            write!(out, " max_qty={qty}")?;
        }
        if let Some(cause) = self.cause {
            write!(out, " cause={}", cause.word())?;
        }
        if let Some(line) = self.line {
            write!(out, " line={}", line.word())?;
        }
        if let Some(order) = self.order {
            write!(out, " order={order}")?;
        }
        if let Some(symbol) = self.symbol {
            write!(out, " symbol={symbol}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stable_and_carry_their_numbers() {
        assert!(Code::ALL.is_sorted(), "declared in the order of the checks");
        assert!(Code::ALL.iter().all(|code| Code::from_word(code.word()) == Some(*code)));
        let refusal = Refusal {
            value: Figure::Money(Money::dollars(10_200)),
            limit: Figure::Money(Money::dollars(10_000)),
            max_qty: Some(Qty::shares(16)),
            ..Refusal::bare(Code::PositionLimit)
        };
        assert_eq!(refusal.to_string(), "POSITION_LIMIT exposure=10200.00 limit=10000.00 max_qty=16");
        let cause = Refusal { cause: Some(NotReady::Feed), ..Refusal::bare(Code::NotReady) };
        assert_eq!(cause.to_string(), "NOT_READY cause=feed");
    }
}
