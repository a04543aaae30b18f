//! What a case asks for, in few words.

use hardstop::domain::intent::{Intent, Origin, StrategyId};
use hardstop::domain::order::{OrderKind, TimeInForce};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::symbol::Symbol;

/// The symbol that most cases trade.
pub fn spy() -> Symbol {
    "SPY".parse().unwrap()
}

/// The symbol beside it.
pub fn ibm() -> Symbol {
    "IBM".parse().unwrap()
}

/// A symbol that no case trades.
pub fn qqq() -> Symbol {
    "QQQ".parse().unwrap()
}

/// An order that a case asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wish(pub Intent);

/// A market order of the trader's that buys.
pub fn buy(shares: i32) -> Wish {
    of_side(Side::Buy, shares)
}

/// A market order of the trader's that sells.
pub fn sell(shares: i32) -> Wish {
    of_side(Side::Sell, shares)
}

fn of_side(side: Side, shares: i32) -> Wish {
    Wish(Intent {
        origin: Origin::Operator,
        symbol: spy(),
        side,
        qty: Qty::shares(shares),
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        trail: None,
    })
}

impl Wish {
    /// At this price or better.
    pub fn limit(self, cents: i32) -> Self {
        Self(Intent { kind: OrderKind::Limit { limit: Price::from_cents(cents) }, ..self.0 })
    }

    /// At this price or better, which cents may not be fine enough for.
    pub fn at(self, limit: Price) -> Self {
        Self(Intent { kind: OrderKind::Limit { limit }, ..self.0 })
    }

    /// For so much, which may be a part of a share.
    pub fn qty(self, qty: Qty) -> Self {
        Self(Intent { qty, ..self.0 })
    }

    /// At the market, once it has come to this price.
    pub fn stop(self, cents: i32) -> Self {
        Self(Intent { kind: OrderKind::Stop { stop: Price::from_cents(cents) }, ..self.0 })
    }

    /// Of another symbol.
    pub fn of(self, symbol: Symbol) -> Self {
        Self(Intent { symbol, ..self.0 })
    }

    /// For another time.
    pub fn tif(self, tif: TimeInForce) -> Self {
        Self(Intent { tif, ..self.0 })
    }

    /// With a stop and a target behind it.
    pub fn guarded(self, stop: i32, target: i32) -> Self {
        let (stop_loss, take_profit) = (Some(Price::from_cents(stop)), Some(Price::from_cents(target)));
        Self(Intent { stop_loss, take_profit, ..self.0 })
    }

    /// Asked for by a strategy, and not by the trader.
    pub fn by_a_strategy(self) -> Self {
        Self(Intent { origin: Origin::Strategy(StrategyId(1)), ..self.0 })
    }
}
