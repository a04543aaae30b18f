use std::fmt;
use std::str::FromStr;

use crate::domain::text::written_as_text;

use crate::domain::decimal::{
    DecimalFault, NANOS, Overflow, divide_half_even, nanos_text, parse_nanos, write_nanos,
};
use crate::domain::money::Money;
use crate::domain::qty::Qty;

/// Dollars a share, exact to nine places. Written as a string, never as a float.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(i64);

written_as_text!(Price, r#"a price as text, such as "41.08""#, |number: &Price| nanos_text(number.0));

impl Price {
    /// No price at all; the gate never takes it for one.
    pub const ZERO: Self = Self(0);

    /// A price of whole billionths of a dollar.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A price of whole cents.
    #[must_use]
    pub fn from_cents(cents: i32) -> Self {
        // A 32-bit count of cents times ten million always fits 63 bits.
        Self(i64::from(cents).saturating_mul(10_000_000))
    }

    /// Billionths of a dollar.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whether it can be traded at: above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The worth of `qty` at this price; exact, and it always fits.
    #[must_use]
    pub fn times(self, qty: Qty) -> Money {
        // The product of two 64-bit numbers always fits 128 bits, so nothing can wrap here.
        Money::from_attos(i128::from(self.0).wrapping_mul(i128::from(qty.nanos())))
    }

    /// The sum of two prices.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// The difference of two prices; may be negative.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// `self · numerator / denominator`, rounded half to even at the ninth place.
    ///
    /// # Errors
    /// [`Overflow`] outside the range or for a denominator of 0 or less.
    pub fn scaled(self, numerator: i64, denominator: i64) -> Result<Self, Overflow> {
        let product = i128::from(self.0).checked_mul(i128::from(numerator)).ok_or(Overflow)?;
        let quotient = divide_half_even(product, i128::from(denominator)).ok_or(Overflow)?;
        i64::try_from(quotient).map(Self).map_err(|_| Overflow)
    }

    /// The step of the price grid here: a cent from one dollar up, a hundredth of a cent below.
    #[must_use]
    pub const fn grid_nanos(self) -> i64 {
        if self.0 >= NANOS { 10_000_000 } else { 100_000 }
    }

    /// The next price on the grid at or below this one.
    #[must_use]
    pub fn grid_down(self) -> Self {
        let step = self.grid_nanos();
        Self(self.0.saturating_sub(self.0.checked_rem_euclid(step).unwrap_or(0)))
    }

    /// The next price on the grid at or above this one.
    #[must_use]
    pub fn grid_up(self) -> Self {
        let down = self.grid_down();
        if down == self { self } else { Self(down.0.saturating_add(self.grid_nanos())) }
    }

    /// An `f64` for pictures, indicators and statistics; never for money.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::float_arithmetic,
        reason = "the one way out of exact decimals, for drawing and indicators only"
    )]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    /// The nearest price to a finite `f64` below a billion dollars, as indicators give it.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::float_arithmetic,
        reason = "the one way back from indicators into exact decimals"
    )]
    pub fn from_f64(value: f64) -> Option<Self> {
        (value.is_finite() && value.abs() < 1e9).then(|| Self((value * NANOS as f64).round() as i64))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_nanos(self.0, out)
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_nanos(self.0, out)
    }
}

impl FromStr for Price {
    type Err = DecimalFault;

    fn from_str(text: &str) -> Result<Self, DecimalFault> {
        parse_nanos(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_a_cent_from_a_dollar_and_a_hundredth_below() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        assert_eq!(price("41.085").grid_down(), price("41.08"));
        assert_eq!(price("41.085").grid_up(), price("41.09"));
        assert_eq!(price("0.12345").grid_down(), price("0.1234"));
        assert_eq!(price("0.99999").grid_up(), price("1"));
        assert_eq!(price("1.00").grid_up(), price("1"));
    }

    #[test]
    fn a_product_is_exact() {
        let worth = "60".parse::<Price>().unwrap().times("170".parse().unwrap());
        assert_eq!(worth.to_string(), "10200.00");
        let tiny = Price::from_nanos(1).times(Qty::from_nanos(1));
        assert_eq!(tiny.attos(), 1);
    }
}
