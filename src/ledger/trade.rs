use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;

/// A round trip in one symbol: from flat to flat, or to where it stands now. Fills that enlarge the
/// position belong to it as those that reduce it do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Of which symbol.
    pub symbol: Symbol,
    /// The side it was entered on: `Buy` when long.
    pub side: Side,
    /// When its first share was entered.
    pub opened_at: At,
    /// When its last share was closed; `None` while it is open.
    pub closed_at: Option<At>,
    /// All shares that were entered.
    pub qty: Qty,
    /// What they cost, or brought when short.
    pub entry_worth: Money,
    /// Their average price, rounded at the ninth place.
    pub entry: Price,
    /// The average price of all shares that were closed; `None` before the first.
    pub exit: Option<Price>,
    /// Profit or loss after fees; what is still open counts at its mark.
    pub pnl: Money,
    /// All fees.
    pub fees: Money,
    /// What the initial stops would have lost, before fees: one R. `None` when an entry had no stop on
    /// its losing side.
    pub risk: Option<Money>,
    /// The worst it ever stood, before fees: zero or less.
    pub mae: Money,
    /// The best it ever stood, before fees: zero or more.
    pub mfe: Money,
    /// The word of the entry that opened it.
    pub tag: Option<String>,
}

/// A trade under way.
#[derive(Debug, Clone)]
pub(super) struct OpenTrade {
    symbol: Symbol,
    side: Side,
    opened_at: At,
    entered: Qty,
    entry_worth: Money,
    exited: Qty,
    exit_worth: Money,
    fees: Money,
    risk: Option<Money>,
    mae: Money,
    mfe: Money,
    tag: Option<String>,
}

impl OpenTrade {
    pub(super) fn new(symbol: Symbol, side: Side, opened_at: At, tag: Option<String>) -> Self {
        Self {
            symbol,
            side,
            opened_at,
            entered: Qty::ZERO,
            entry_worth: Money::ZERO,
            exited: Qty::ZERO,
            exit_worth: Money::ZERO,
            fees: Money::ZERO,
            risk: Some(Money::ZERO),
            mae: Money::ZERO,
            mfe: Money::ZERO,
            tag,
        }
    }

    pub(super) fn enter(
        &mut self,
        qty: Qty,
        price: Price,
        fee: Money,
        stop: Option<Price>,
    ) -> Result<(), Overflow> {
        self.entered = self.entered.plus(qty)?;
        self.entry_worth = self.entry_worth.plus(price.times(qty))?;
        self.fees = self.fees.plus(fee)?;
        let distance = match (stop, self.side) {
            (Some(stop), Side::Buy) => Some(price.minus(stop)?),
            (Some(stop), Side::Sell) => Some(stop.minus(price)?),
            (None, _) => None,
        };
        // One entry without a known risk makes the trade's unknown: a part of it would flatter R.
        self.risk = match (self.risk, distance.filter(|distance| distance.is_positive())) {
            (Some(risk), Some(distance)) => Some(risk.plus(distance.times(qty))?),
            _ => None,
        };
        Ok(())
    }

    pub(super) fn exit(&mut self, qty: Qty, price: Price, fee: Money) -> Result<(), Overflow> {
        self.exited = self.exited.plus(qty)?;
        self.exit_worth = self.exit_worth.plus(price.times(qty))?;
        self.fees = self.fees.plus(fee)?;
        Ok(())
    }

    /// Remembers how it stands when a share is worth `price`.
    pub(super) fn excursion(&mut self, price: Price) -> Result<(), Overflow> {
        let gross = self.gross(price)?;
        self.mae = self.mae.min(gross);
        self.mfe = self.mfe.max(gross);
        Ok(())
    }

    pub(super) fn view(&self, mark: Price, closed_at: Option<At>) -> Result<Trade, Overflow> {
        Ok(Trade {
            symbol: self.symbol,
            side: self.side,
            opened_at: self.opened_at,
            closed_at,
            qty: self.entered,
            entry_worth: self.entry_worth,
            entry: self.entry_worth.per_share(self.entered).ok_or(Overflow)?,
            exit: self.exit_worth.per_share(self.exited),
            pnl: self.gross(mark)?.minus(self.fees)?,
            fees: self.fees,
            risk: self.risk,
            mae: self.mae,
            mfe: self.mfe,
            tag: self.tag.clone(),
        })
    }

    /// Profit or loss before fees with what is open at `mark`.
    fn gross(&self, mark: Price) -> Result<Money, Overflow> {
        let open = mark.times(self.entered.minus(self.exited)?);
        let long = self.exit_worth.plus(open)?.minus(self.entry_worth)?;
        Ok(match self.side {
            Side::Buy => long,
            Side::Sell => long.negated(),
        })
    }
}
