use std::fmt;
use std::str::FromStr;

use crate::domain::text::written_as_text;

use crate::domain::decimal::{DecimalFault, NANOS, Overflow, nanos_text, parse_nanos, write_nanos};
use crate::domain::side::Side;

/// Shares, exact to nine places; a position's is signed (short below zero).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Qty(i64);

written_as_text!(Qty, r#"a quantity as text, such as "100""#, |number: &Qty| nanos_text(number.0));

impl Qty {
    /// No shares.
    pub const ZERO: Self = Self(0);
    /// The largest quantity that the shell's grammar can name: 999,999,999.999999999 shares.
    pub const LARGEST: Self = Self(999_999_999_999_999_999);

    /// A quantity of whole billionths of a share.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A quantity of whole shares.
    #[must_use]
    pub fn shares(shares: i32) -> Self {
        Self(i64::from(shares).saturating_mul(NANOS))
    }

    /// Billionths of a share.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self · numerator / denominator`, rounded towards zero; `None` outside the range or for no denominator.
    #[must_use]
    pub fn scaled(self, numerator: i64, denominator: i64) -> Option<Self> {
        let product = i128::from(self.0).checked_mul(i128::from(numerator))?;
        i64::try_from(product.checked_div(i128::from(denominator))?).ok().map(Self)
    }

    /// Whether it is a whole number of shares.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0.checked_rem(NANOS) == Some(0)
    }

    /// The whole shares of it, towards zero.
    #[must_use]
    pub fn whole_part(self) -> Self {
        Self(self.0.saturating_sub(self.0.checked_rem(NANOS).unwrap_or(0)))
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// With the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Signed as a fill of `side` moves a position: buys up, sells down.
    #[must_use]
    pub const fn signed(self, side: Side) -> Self {
        match side {
            Side::Buy => self,
            Side::Sell => self.negated(),
        }
    }

    /// Zero where it is below zero.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        self.max(Self::ZERO)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// The difference; may be negative.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// An `f64` for pictures, scripts and statistics; never for money.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::float_arithmetic,
        reason = "the one way out of exact decimals, for drawing and scripts only"
    )]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_nanos(self.0, out)
    }
}

impl fmt::Debug for Qty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_nanos(self.0, out)
    }
}

impl FromStr for Qty {
    type Err = DecimalFault;

    fn from_str(text: &str) -> Result<Self, DecimalFault> {
        parse_nanos(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_parts_go_towards_zero_and_signs_follow_the_side() {
        let qty: Qty = "-2.75".parse().unwrap();
        assert_eq!(qty.whole_part(), Qty::shares(-2));
        assert!(!qty.is_whole());
        assert_eq!(Qty::shares(5).signed(Side::Sell), Qty::shares(-5));
        assert_eq!(qty.to_string(), "-2.75");
    }
}
