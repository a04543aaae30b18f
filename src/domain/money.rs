use std::fmt;
use std::str::FromStr;

use crate::domain::text::read_as_text;

use crate::domain::decimal::{
    DecimalFault, NANOS, Overflow, divide_half_even, divide_narrow, divide_up, parse_nanos, scaled_text,
    write_scaled,
};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;

const ATTOS: i128 = 1_000_000_000_000_000_000;
const ATTOS_A_CENT: i128 = 10_000_000_000_000_000;

/// Dollars, exact to eighteen places: any price times any quantity fits without rounding.
///
/// Shown with two decimals, rounded half to even; written down in full by [`Money::exact`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

impl serde::Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(scaled_text(self.0, ATTOS, 18).as_ref())
    }
}

read_as_text!(Money, r#"an amount as text, such as "1234.5""#);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount in units of 10⁻¹⁸ dollars.
    #[must_use]
    pub const fn from_attos(attos: i128) -> Self {
        Self(attos)
    }

    /// An amount of whole dollars.
    #[must_use]
    pub fn dollars(dollars: i32) -> Self {
        Self(i128::from(dollars).saturating_mul(ATTOS))
    }

    /// Units of 10⁻¹⁸ dollars.
    #[must_use]
    pub const fn attos(self) -> i128 {
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

    /// With the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
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

    /// Twice as much.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn doubled(self) -> Result<Self, Overflow> {
        self.plus(self)
    }

    /// `self · numerator / denominator`, rounded up: for risk, which is never understated.
    ///
    /// # Errors
    /// [`Overflow`] outside the range or for a denominator of 0 or less.
    pub fn scaled_up(self, numerator: i128, denominator: i128) -> Result<Self, Overflow> {
        let product = self.0.checked_mul(numerator).ok_or(Overflow)?;
        divide_up(product, denominator).map(Self).ok_or(Overflow)
    }

    /// `self · pct / 100`, rounded down: for caps, which are never overstated.
    ///
    /// A sum that is a whole number of 10⁻¹⁸ dollars is at most the exact cap if and only if it is
    /// at most this one, so the comparison stays exact.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn percent_down(self, pct: Pct) -> Result<Self, Overflow> {
        let hundred = i128::from(NANOS).checked_mul(100).ok_or(Overflow)?;
        if let Some(product) = self.0.checked_mul(i128::from(pct.nanos())) {
            if let Ok(positive) = u128::try_from(product) {
                return i128::try_from(by_hundred_billion(positive)).map(Self).map_err(|_| Overflow);
            }
            return product.checked_div_euclid(hundred).map(Self).ok_or(Overflow);
        }
        // Whole and rest apart: an equity near the top of its range times a percentage would not fit.
        let whole = self.0.checked_div_euclid(hundred).ok_or(Overflow)?;
        let rest = self.0.checked_rem_euclid(hundred).ok_or(Overflow)?;
        let parts = i128::from(pct.nanos());
        let of_whole = whole.checked_mul(parts).ok_or(Overflow)?;
        let of_rest = rest.checked_mul(parts).and_then(|product| product.checked_div_euclid(hundred));
        of_whole.checked_add(of_rest.ok_or(Overflow)?).map(Self).ok_or(Overflow)
    }

    /// The price at which `qty` shares are worth this, rounded half to even at the ninth place.
    /// `None` for no shares.
    #[must_use]
    pub fn per_share(self, qty: Qty) -> Option<Price> {
        let shares = i128::from(qty.nanos());
        let (units, divisor) =
            if shares < 0 { (self.0.checked_neg()?, shares.checked_neg()?) } else { (self.0, shares) };
        let nanos = divide_half_even(units, divisor)?;
        i64::try_from(nanos).ok().map(Price::from_nanos)
    }

    /// The quantity this buys at `price`, rounded down at the ninth place. `None` at no price.
    #[must_use]
    pub fn shares_at(self, price: Price) -> Option<Qty> {
        if !price.is_positive() {
            return None;
        }
        let nanos = self.0.checked_div_euclid(i128::from(price.nanos()))?;
        i64::try_from(nanos).ok().map(Qty::from_nanos)
    }

    /// Whole cents, rounded half to even.
    #[must_use]
    pub fn cents(self) -> i128 {
        divide_half_even(self.0, ATTOS_A_CENT).unwrap_or(0)
    }

    /// All its digits, for the journal: nothing is lost on the way back.
    #[must_use]
    pub fn exact(self) -> String {
        scaled_text(self.0, ATTOS, 18).as_ref().to_owned()
    }

    /// An `f64` for pictures, scripts and statistics; never for money.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::float_arithmetic,
        reason = "the one way out of exact decimals, for drawing, scripts and ratios only"
    )]
    pub fn to_f64(self) -> f64 {
        // Whole dollars apart: as one number of attos nearly every amount would be rounded twice, and 100,000 dollars
        // would be a hair less.
        let (whole, rest) = (self.0.wrapping_div(ATTOS), self.0.wrapping_rem(ATTOS));
        whole as f64 + rest as f64 / ATTOS as f64
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        let sign = if cents < 0 { "-" } else { "" };
        let magnitude = cents.unsigned_abs();
        let whole = magnitude.checked_div(100).unwrap_or(0);
        let rest = magnitude.checked_rem(100).unwrap_or(0);
        out.pad(&format!("{sign}{whole}.{rest:02}"))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(self.0, ATTOS, 18, out)
    }
}

impl FromStr for Money {
    type Err = DecimalFault;

    /// Reads what [`Money::exact`] writes: up to 20 digits before the point and 18 after it.
    fn from_str(text: &str) -> Result<Self, DecimalFault> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if fraction.len() <= 9 && whole.len() <= 9 {
            let nanos = i128::from(parse_nanos(text)?);
            return Ok(Self(nanos.saturating_mul(i128::from(NANOS))));
        }
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(DecimalFault::NotADecimal);
        }
        if fraction.len() > 18 {
            return Err(DecimalFault::TooFine);
        }
        let padded = format!("{whole}{fraction:0<18}");
        let magnitude: i128 = padded.parse().map_err(|_| DecimalFault::TooLarge)?;
        Ok(Self(magnitude.saturating_mul(sign)))
    }
}

/// `number / 10¹¹`, rounded down, as `10¹¹ = 2¹¹ · 5¹¹`. Every order is measured against percentages.
fn by_hundred_billion(number: u128) -> u128 {
    divide_narrow::<48_828_125>(number.wrapping_shr(11))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn the_narrow_division_is_the_wide_one() {
        let divisor = 100_000_000_000_u128;
        let mut number = 1_u128;
        for step in 0..2_000_u128 {
            for near in [number.saturating_sub(1), number, number.saturating_add(1)] {
                assert_eq!(by_hundred_billion(near), near / divisor, "{near}");
            }
            number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15).wrapping_add(step);
            assert_eq!(by_hundred_billion(number % divisor * divisor), number % divisor);
        }
        assert_eq!(by_hundred_billion(u128::MAX), u128::MAX / divisor);
    }

    #[test]
    fn cents_round_half_to_even_and_a_sign_is_never_lost() {
        for (exact, shown) in [
            ("0.125", "0.12"),
            ("0.135", "0.14"),
            ("-12.4", "-12.40"),
            ("-0.001", "0.00"),
            ("-0.005", "0.00"),
            ("-0.015", "-0.02"),
        ] {
            assert_eq!(money(exact).to_string(), shown, "{exact}");
        }
    }

    #[test]
    fn what_leaves_the_exact_numbers_is_the_nearest_one_that_there_is() {
        for (exact, nearest) in [
            ("100000", 100_000.0),
            ("100005", 100_005.0),
            ("-99999.99", -99_999.99),
            ("0.1", 0.1),
            ("123456789.01", 123_456_789.01),
        ] {
            assert_eq!(money(exact).to_f64(), nearest, "{exact}");
        }
    }

    #[test]
    fn a_percentage_rounds_down_and_fits_the_largest_equity() {
        let two: Pct = "2".parse().unwrap();
        assert_eq!(money("100000").percent_down(two), Ok(money("2000")));
        let fine: Pct = "33.333333333".parse().unwrap();
        assert_eq!(
            money("999999999.999999999").percent_down(fine).unwrap().exact(),
            "333333333.329999999666666666"
        );
    }

    #[test]
    fn what_is_written_comes_back() {
        for text in ["0", "-1.5", "123456789012.000000000000000001", "-0.000000000000000001"] {
            assert_eq!(money(text).exact(), text);
        }
        assert_eq!("1.0000000000000000001".parse::<Money>(), Err(DecimalFault::TooFine));
    }

    #[test]
    fn a_cost_divides_into_its_average_price_for_longs_and_shorts() {
        assert_eq!(money("150").per_share(Qty::shares(4)), Some("37.5".parse().unwrap()));
        assert_eq!(money("-150").per_share(Qty::shares(-4)), Some("37.5".parse().unwrap()));
        assert_eq!(money("150").per_share(Qty::ZERO), None);
    }
}
