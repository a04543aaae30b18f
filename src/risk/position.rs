use crate::domain::decimal::{Overflow, divide_half_even};
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;

/// What is held of a symbol: signed shares, what they cost, and their average price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Signed shares.
    pub qty: Qty,
    /// The average price of what is held; zero when flat.
    pub avg_price: Price,
    /// What it cost, signed like the shares, kept exact so that averages of averages cannot drift.
    cost: Money,
}

impl Position {
    /// A position as the broker or the journal tells it.
    #[must_use]
    pub fn told(qty: Qty, avg_price: Price) -> Self {
        Self { qty, avg_price, cost: avg_price.times(qty) }
    }

    /// What is held after a fill of `qty` shares at `price`.
    ///
    /// A fill that makes the position smaller takes its share of the cost and leaves the average; one
    /// that goes through zero starts the other side at its own price.
    ///
    /// # Errors
    /// [`Overflow`] when a number leaves the range; the position is then unchanged.
    pub fn after(self, side: Side, qty: Qty, price: Price) -> Result<Self, Overflow> {
        let signed = qty.signed(side);
        let held = self.qty.plus(signed)?;
        if held.is_zero() {
            return Ok(Self::default());
        }
        let grows = self.qty.is_zero() || self.qty.is_negative() == signed.is_negative();
        if grows {
            let cost = self.cost.plus(price.times(signed))?;
            let avg_price = cost.per_share(held).ok_or(Overflow)?;
            return Ok(Self { qty: held, avg_price, cost });
        }
        if held.is_negative() != self.qty.is_negative() {
            return Ok(Self::told(held, price));
        }
        Ok(Self { qty: held, avg_price: self.avg_price, cost: share_of(self.cost, held, self.qty)? })
    }
}

/// `cost · held / before`, rounded half to even at 10⁻¹⁸ dollars.
fn share_of(cost: Money, held: Qty, before: Qty) -> Result<Money, Overflow> {
    let held = i128::from(held.nanos().saturating_abs());
    let before = i128::from(before.nanos().saturating_abs());
    // Whole and rest apart, because a large cost times a quantity leaves even 127 bits.
    let whole = cost.attos().checked_div_euclid(before).ok_or(Overflow)?;
    let rest = cost.attos().checked_rem_euclid(before).ok_or(Overflow)?;
    let of_whole = whole.checked_mul(held).ok_or(Overflow)?;
    let of_rest = rest.checked_mul(held).and_then(|product| divide_half_even(product, before));
    of_whole.checked_add(of_rest.ok_or(Overflow)?).map(Money::from_attos).ok_or(Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fills: &[(Side, &str, &str)], qty: &str, avg_price: &str) {
        let mut position = Position::default();
        for (side, qty, price) in fills {
            position = position.after(*side, qty.parse().unwrap(), price.parse().unwrap()).unwrap();
        }
        assert_eq!(
            (position.qty.to_string(), position.avg_price.to_string()),
            (qty.into(), avg_price.into())
        );
    }

    #[test]
    fn the_average_is_that_of_what_is_held() {
        use Side::{Buy, Sell};
        check(&[(Buy, "100", "50"), (Buy, "100", "51")], "200", "50.5");
        check(&[(Buy, "100", "50"), (Sell, "40", "70"), (Buy, "60", "52")], "120", "51");
        check(&[(Sell, "30", "200"), (Sell, "10", "240"), (Buy, "5", "1")], "-35", "210");
        check(&[(Buy, "100", "50"), (Sell, "150", "60")], "-50", "60");
        check(&[(Buy, "1", "10"), (Buy, "2", "11"), (Sell, "3", "12")], "0", "0");
        // Thirds do not drift: buying one share back at the average leaves the average.
        check(&[(Buy, "1", "10"), (Buy, "2", "11"), (Sell, "2", "9"), (Buy, "2", "11")], "3", "10.888888889");
    }
}
