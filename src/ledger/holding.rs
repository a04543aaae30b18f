use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::ledger::book::EntryNote;
use crate::ledger::lot::{Closing, Disposal, Lot, Lots, fee_share, gain};
use crate::ledger::trade::{OpenTrade, Trade};

/// One symbol's signed position, the lots it is made of, and the trade it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    symbol: Symbol,
    pub(super) position: Qty,
    pub(super) lots: Lots,
    trade: Option<OpenTrade>,
    mark: Price,
}

/// What one fill did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) disposals: Vec<Disposal>,
    pub(super) closed: Option<Trade>,
}

impl Holding {
    pub(super) fn new(symbol: Symbol) -> Self {
        Self { symbol, position: Qty::ZERO, lots: Lots::default(), trade: None, mark: Price::ZERO }
    }

    /// Applies a fill. One that goes through zero closes one trade and opens the next: the gate refuses
    /// such an order, but what happened at the venue all the same must still be counted right.
    pub(super) fn apply(&mut self, fill: &Fill, note: &EntryNote) -> Result<Outcome, Overflow> {
        self.observe(fill.price)?;
        let opposite = match fill.side {
            Side::Buy => self.position.is_negative(),
            Side::Sell => self.position.is_positive(),
        };
        let closing = if opposite { self.position.abs().min(fill.qty) } else { Qty::ZERO };
        let opening = fill.qty.minus(closing)?;
        let closing_fee = fee_share(fill.fee, closing, fill.qty)?;
        let mut outcome = Outcome::default();
        if closing.is_positive() {
            self.close(fill, closing, closing_fee, &mut outcome)?;
        }
        if opening.is_positive() {
            self.open(fill, opening, fill.fee.minus(closing_fee)?, note)?;
        }
        self.position = self.position.plus(fill.qty.signed(fill.side))?;
        Ok(outcome)
    }

    fn close(&mut self, fill: &Fill, qty: Qty, fee: Money, outcome: &mut Outcome) -> Result<(), Overflow> {
        outcome.disposals = self.lots.close(Closing {
            symbol: self.symbol,
            entry_side: fill.side.opposite(),
            at: fill.at,
            qty,
            price: fill.price,
            fee,
        })?;
        if let Some(trade) = &mut self.trade {
            trade.exit(qty, fill.price, fee)?;
        }
        if qty == self.position.abs() {
            let trade = self.trade.take();
            outcome.closed = trade.map(|trade| trade.view(fill.price, Some(fill.at))).transpose()?;
        }
        Ok(())
    }

    fn open(&mut self, fill: &Fill, qty: Qty, fee: Money, note: &EntryNote) -> Result<(), Overflow> {
        let new = || OpenTrade::new(fill.symbol, fill.side, fill.at, note.tag.clone());
        self.trade.get_or_insert_with(new).enter(qty, fill.price, fee, note.stop)?;
        self.lots.open(Lot { opened_at: fill.at, qty, price: fill.price, fee });
        Ok(())
    }

    /// A share is worth `price` now.
    pub(super) fn observe(&mut self, price: Price) -> Result<(), Overflow> {
        self.mark = price;
        match &mut self.trade {
            Some(trade) => trade.excursion(price),
            None => Ok(()),
        }
    }

    /// What the open shares have gained at the last mark, before fees.
    pub(super) fn unrealised(&self) -> Result<Money, Overflow> {
        let side = if self.position.is_negative() { Side::Sell } else { Side::Buy };
        let gains = self.lots.iter().map(|lot| gain(side, lot.qty, lot.price, self.mark));
        gains.into_iter().try_fold(Money::ZERO, |total, gain| total.plus(gain?))
    }

    /// What the position is worth at the last mark; below zero when short.
    pub(super) fn worth(&self) -> Money {
        self.mark.times(self.position)
    }

    /// The average price of the open lots, rounded at the ninth place; `None` when flat.
    pub(super) fn average_price(&self) -> Result<Option<Price>, Overflow> {
        let worths = self.lots.iter().map(|lot| lot.price.times(lot.qty));
        let total = worths.into_iter().try_fold(Money::ZERO, Money::plus)?;
        Ok(total.per_share(self.position.abs()))
    }

    pub(super) fn open_trade(&self) -> Result<Option<Trade>, Overflow> {
        self.trade.as_ref().map(|trade| trade.view(self.mark, None)).transpose()
    }
}
