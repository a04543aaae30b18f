use std::collections::VecDeque;

use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;

/// What is left of the shares of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// When they were bought, or sold short.
    pub opened_at: At,
    /// Shares left, above zero.
    pub qty: Qty,
    /// Dollars a share.
    pub price: Price,
    /// The part of the entry's fee that belongs to what is left.
    pub fee: Money,
}

/// Shares that left the book: a line of the tax report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposal {
    /// Of which symbol.
    pub symbol: Symbol,
    /// The side of the entry: `Buy` for a long lot, `Sell` for a short one.
    pub side: Side,
    /// When the lot was opened.
    pub opened_at: At,
    /// When it was closed.
    pub closed_at: At,
    /// Shares, above zero.
    pub qty: Qty,
    /// Dollars a share when it was opened.
    pub entry: Price,
    /// Dollars a share when it was closed.
    pub exit: Price,
    /// Profit or loss before fees; exact.
    pub realised: Money,
    /// Both sides' fees for these shares.
    pub fees: Money,
}

/// The lots of one symbol, oldest first, all of one side.
#[derive(Debug, Clone, Default)]
pub(super) struct Lots {
    queue: VecDeque<Lot>,
}

/// A closing execution, or the part of one that closes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    pub(super) symbol: Symbol,
    pub(super) entry_side: Side,
    pub(super) at: At,
    pub(super) qty: Qty,
    pub(super) price: Price,
    pub(super) fee: Money,
}

impl Lots {
    pub(super) fn open(&mut self, lot: Lot) {
        self.queue.push_back(lot);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.queue.iter()
    }

    /// Takes the oldest shares first. More than there are is the caller's mistake and stops at the last.
    pub(super) fn close(&mut self, closing: Closing) -> Result<Vec<Disposal>, Overflow> {
        let mut disposals = Vec::new();
        let (mut left, mut fee_left) = (closing.qty, closing.fee);
        while left.is_positive()
            && let Some(mut lot) = self.queue.pop_front()
        {
            let qty = lot.qty.min(left);
            let entry_fee = fee_share(lot.fee, qty, lot.qty)?;
            let exit_fee = fee_share(fee_left, qty, left)?;
            disposals.push(Disposal {
                symbol: closing.symbol,
                side: closing.entry_side,
                opened_at: lot.opened_at,
                closed_at: closing.at,
                qty,
                entry: lot.price,
                exit: closing.price,
                realised: gain(closing.entry_side, qty, lot.price, closing.price)?,
                fees: entry_fee.plus(exit_fee)?,
            });
            left = left.minus(qty)?;
            fee_left = fee_left.minus(exit_fee)?;
            lot.qty = lot.qty.minus(qty)?;
            lot.fee = lot.fee.minus(entry_fee)?;
            if lot.qty.is_positive() {
                self.queue.push_front(lot);
            }
        }
        Ok(disposals)
    }
}

/// What `qty` shares entered on `side` at `entry` gain when they are worth `price`; exact.
pub(super) fn gain(side: Side, qty: Qty, entry: Price, price: Price) -> Result<Money, Overflow> {
    let gain = price.minus(entry)?.times(qty);
    Ok(match side {
        Side::Buy => gain,
        Side::Sell => gain.negated(),
    })
}

/// The part of `fee` that falls on `part` of `whole` shares, rounded down; the whole of it for all of
/// them, so that no fee is lost or paid twice when the rest follows.
pub(super) fn fee_share(fee: Money, part: Qty, whole: Qty) -> Result<Money, Overflow> {
    let (part, whole) = (i128::from(part.nanos()), i128::from(whole.nanos()));
    // Whole and rest apart: a large fee times a large quantity would not fit.
    let each = fee.attos().checked_div_euclid(whole).ok_or(Overflow)?;
    let rest = fee.attos().checked_rem_euclid(whole).ok_or(Overflow)?;
    let of_rest = rest.checked_mul(part).and_then(|product| product.checked_div_euclid(whole));
    let of_each = each.checked_mul(part).ok_or(Overflow)?;
    of_each.checked_add(of_rest.ok_or(Overflow)?).map(Money::from_attos).ok_or(Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_fee_is_lost_however_large() {
        let fee = Money::dollars(1_000_000).plus(Money::from_attos(1)).unwrap();
        let third = fee_share(fee, Qty::shares(1), Qty::shares(3)).unwrap();
        assert_eq!(third.exact(), "333333.333333333333333333");
        assert_eq!(fee_share(fee, Qty::LARGEST, Qty::LARGEST), Ok(fee));
    }
}
