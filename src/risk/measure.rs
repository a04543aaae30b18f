use crate::domain::decimal::divide_up;
use crate::domain::money::Money;
use crate::domain::price::Price;

/// Parts of a billionth of a dollar in one unit of a [`Rate`].
const PARTS: i128 = 100_000;

/// Dollars a share in units of 10⁻¹⁴: fine enough that neither `stop × 1.02` nor half a per cent of
/// it is ever rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Rate(i128);

impl Rate {
    /// The price itself.
    pub(super) fn of(price: Price) -> Self {
        Self(wide(price.nanos(), 100_000))
    }

    /// The price and two per cent: what a triggered buy stop may cost.
    pub(super) fn raised(price: Price) -> Self {
        Self(wide(price.nanos(), 102_000))
    }

    /// Half a per cent of it: the least that a stop can risk, so that a stop one tick away cannot
    /// game the heat.
    pub(super) fn half_percent(self) -> Self {
        // A rate is a multiple of 1,000 units, so this divides without a rest.
        let narrow = i64::try_from(self.0).ok().and_then(|rate| rate.checked_mul(5));
        match narrow {
            Some(product) => Self(i128::from(product.div_euclid(1_000))),
            None => Self(self.0.saturating_mul(5).div_euclid(1_000)),
        }
    }

    pub(super) fn doubled(self) -> Self {
        Self(self.0.saturating_mul(2))
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Its worth for `qty` billionths of a share, rounded up at 10⁻¹⁸ dollars. A worth too large to
    /// count becomes the largest there is, which is over every limit.
    pub(super) fn times(self, qty: i128) -> Money {
        // Nearly always both fit: the machine's own operations are many times faster than wide ones.
        if let (Ok(rate), Ok(qty)) = (i64::try_from(self.0), i64::try_from(qty))
            && rate.rem_euclid(100_000) == 0
        {
            return Money::from_attos(wide(rate.div_euclid(100_000), qty));
        }
        let (whole, rest) = (self.0.div_euclid(PARTS), self.0.rem_euclid(PARTS));
        let mut attos = whole.saturating_mul(qty);
        if rest != 0 {
            let rest = divide_up(rest.saturating_mul(qty), PARTS).unwrap_or(i128::MAX);
            attos = attos.saturating_add(rest);
        }
        Money::from_attos(attos)
    }
}

/// The product of two 64-bit numbers, which always fits 128 bits.
pub(super) fn wide(one: i64, other: i64) -> i128 {
    i128::from(one).wrapping_mul(i128::from(other))
}

/// The sum, or the largest amount there is.
pub(super) fn add(one: Money, other: Money) -> Money {
    Money::from_attos(one.attos().saturating_add(other.attos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::qty::Qty;

    #[test]
    fn a_worth_is_exact_at_both_ends_of_the_range() {
        let check = |rate: Rate, qty: &str, expected: &str| {
            let qty: Qty = qty.parse().unwrap();
            assert_eq!(rate.times(i128::from(qty.nanos())).exact(), expected);
        };
        let price = |text: &str| text.parse::<Price>().unwrap();
        check(Rate::of(price("60")), "170", "10200");
        check(Rate::of(price("999999999")), "999999999", "999999998000000001");
        check(Rate::raised(price("0.000000001")), "1", "0.00000000102");
        check(Rate::raised(price("999999999")).half_percent(), "999999999", "5099999989800000.0051");
        check(Rate::of(price("0.000000001")).half_percent(), "0.000000001", "0.000000000000000001");
    }
}
