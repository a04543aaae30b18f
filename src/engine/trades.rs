use std::collections::BTreeMap;

use crate::domain::fill::Fill;
use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::risk::position::Position;

/// Trades of the whole account, from flat to flat, as the loss streak counts them.
///
/// A trade is what a symbol gained or lost between two moments without a position, its fees included.
/// It is made of fills alone, so a restart that reads them again counts the same streak.
#[derive(Debug, Default)]
pub struct Trades {
    open: BTreeMap<Symbol, Money>,
    losses_in_a_row: u32,
}

impl Trades {
    /// Takes a fill with the position before it. `true` when it ended a trade that lost.
    pub fn on_fill(&mut self, fill: &Fill, before: Position, after: Qty) -> bool {
        let signed = fill.qty.signed(fill.side);
        let sum = self.open.get(&fill.symbol).copied().unwrap_or(Money::ZERO);
        let mut sum = sum.minus(fill.fee).unwrap_or(sum);
        let closes = !before.qty.is_zero() && before.qty.is_negative() != signed.is_negative();
        if closes && let Ok(gain) = fill.price.minus(before.avg_price) {
            let closed = before.qty.abs().min(fill.qty);
            let closed = if before.qty.is_negative() { closed.negated() } else { closed };
            sum = sum.plus(gain.times(closed)).unwrap_or(sum);
        }
        let crossed = !after.is_zero() && after.is_negative() != before.qty.is_negative();
        if !closes || !(after.is_zero() || crossed) {
            self.open.insert(fill.symbol, sum);
            return false;
        }
        self.open.remove(&fill.symbol);
        let lost = sum.is_negative();
        self.losses_in_a_row = if lost { self.losses_in_a_row.saturating_add(1) } else { 0 };
        lost
    }

    /// How many trades have lost since the last one that did not.
    pub fn losses_in_a_row(&self) -> u32 {
        self.losses_in_a_row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::price::Price;
    use crate::domain::side::Side::{self, Buy, Sell};

    /// Fills one after the other, each with the fee; the streak after each.
    fn streaks(fee: &str, fills: &[(Side, i32, &str)]) -> Vec<u32> {
        let mut trades = Trades::default();
        let mut position = Position::default();
        let fee: Price = fee.parse().unwrap();
        fills
            .iter()
            .map(|(side, shares, price)| {
                let fill = Fill {
                    execution: "e".to_owned(),
                    order: "a".parse().unwrap(),
                    symbol: "SPY".parse().unwrap(),
                    side: *side,
                    qty: Qty::shares(*shares),
                    price: price.parse().unwrap(),
                    fee: fee.times(Qty::shares(1)),
                    at: At::default(),
                };
                let after = position.after(fill.side, fill.qty, fill.price).unwrap();
                trades.on_fill(&fill, position, after.qty);
                position = after;
                trades.losses_in_a_row()
            })
            .collect()
    }

    #[test]
    fn a_losing_long_and_a_losing_short_are_two_in_a_row_and_a_gain_ends_them() {
        let fills = [
            (Buy, 10, "100"),
            (Sell, 4, "101"),
            (Sell, 6, "99"),
            (Sell, 10, "50"),
            (Buy, 10, "50.01"),
            (Sell, 10, "50"),
            (Buy, 10, "49"),
        ];
        assert_eq!(streaks("0", &fills), [0, 0, 1, 1, 2, 2, 0]);
    }

    #[test]
    fn fees_alone_make_a_loss_and_no_gain_is_no_loss() {
        assert_eq!(streaks("0.01", &[(Buy, 10, "100"), (Sell, 10, "100")]), [0, 1]);
        assert_eq!(streaks("0", &[(Buy, 10, "100"), (Sell, 10, "100")]), [0, 0]);
    }
}
