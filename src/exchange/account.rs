use std::collections::BTreeMap;

use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenuePosition;

/// A holding: signed shares, and what they cost (below zero for a short).
#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    qty: Qty,
    cost: Money,
}

/// The exchange's own books. They move by fills and deposits alone.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) cash: Money,
    holdings: BTreeMap<Symbol, Holding>,
}

impl Account {
    pub(super) fn new(cash: Money) -> Self {
        Self { cash, holdings: BTreeMap::new() }
    }

    pub(super) fn qty(&self, symbol: Symbol) -> Qty {
        self.holdings.get(&symbol).map_or(Qty::ZERO, |holding| holding.qty)
    }

    pub(super) fn positions(&self) -> Vec<VenuePosition> {
        let position = |(symbol, holding): (&Symbol, &Holding)| VenuePosition {
            symbol: *symbol,
            qty: holding.qty,
            avg_price: holding.cost.per_share(holding.qty).unwrap_or(Price::ZERO),
        };
        self.held().map(position).collect()
    }

    fn held(&self) -> impl Iterator<Item = (&Symbol, &Holding)> {
        self.holdings.iter().filter(|(_, holding)| !holding.qty.is_zero())
    }

    /// Books a fill: cash −= signed worth + fee; the cost of what is closed leaves in proportion.
    ///
    /// # Errors
    /// [`Overflow`] beyond the range of numbers; then nothing is booked.
    pub(super) fn book(&mut self, fill: &Fill) -> Result<(), Overflow> {
        let signed = fill.qty.signed(fill.side);
        let worth = fill.price.times(signed);
        let cash = self.cash.minus(worth)?.minus(fill.fee)?;
        let before = self.holdings.get(&fill.symbol).copied().unwrap_or_default();
        let qty = before.qty.plus(signed)?;
        let grows = before.qty.is_zero() || before.qty.is_positive() == signed.is_positive();
        let cost = if grows {
            before.cost.plus(worth)?
        } else if qty.is_zero() {
            Money::ZERO
        } else if qty.is_positive() == before.qty.is_positive() {
            let average = before.cost.per_share(before.qty).ok_or(Overflow)?;
            before.cost.plus(average.times(signed))?
        } else {
            // The rest of a fill that went through zero opens a new position at its price.
            fill.price.times(qty)
        };
        self.cash = cash;
        self.holdings.insert(fill.symbol, Holding { qty, cost });
        Ok(())
    }

    /// A split: `new` shares for `old`; a part of a share that is left over stays one.
    ///
    /// # Errors
    /// [`Overflow`] beyond the range of numbers, and for a split of nothing; then nothing is booked.
    pub(super) fn split(&mut self, symbol: Symbol, new: u32, old: u32) -> Result<(), Overflow> {
        let Some(holding) = self.holdings.get_mut(&symbol) else { return Ok(()) };
        let nanos = i128::from(holding.qty.nanos()).checked_mul(i128::from(new)).ok_or(Overflow)?;
        let nanos = nanos.checked_div(i128::from(old)).ok_or(Overflow)?;
        holding.qty = Qty::from_nanos(i64::try_from(nanos).map_err(|_| Overflow)?);
        Ok(())
    }

    /// Cash and every position at its mark; a position without one at its cost.
    pub(super) fn equity(&self, mark: impl Fn(Symbol) -> Option<Price>) -> Result<Money, Overflow> {
        self.held().try_fold(self.cash, |total, (symbol, holding)| {
            total.plus(mark(*symbol).map_or(holding.cost, |price| price.times(holding.qty)))
        })
    }

    /// The worth of all positions, longs and shorts alike.
    pub(super) fn gross(&self, mark: impl Fn(Symbol) -> Option<Price>) -> Result<Money, Overflow> {
        self.held().try_fold(Money::ZERO, |total, (symbol, holding)| {
            total.plus(mark(*symbol).map_or(holding.cost, |price| price.times(holding.qty)).abs())
        })
    }
}
