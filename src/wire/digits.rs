use crate::domain::decimal::divide_half_even;

/// Digits that are read at most, before and after the point: what is longer is no number of a market.
const DIGITS_MAX: usize = 40;

/// Reads a decimal of any JSON or text form (`-1`, `+1.50`, `1.5e2`) in units of `10⁻ᵖˡᵃᶜᵉˢ`; what is finer is
/// rounded half to even. `None` for what is no number, or too large to count.
pub(super) fn scaled(text: &str, places: u32) -> Option<i128> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.len().checked_add(fraction.len())?;
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if digits == 0 || digits > DIGITS_MAX || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let mut units: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        units = units.checked_mul(10)?.checked_add(i128::from(byte.checked_sub(b'0')?))?;
    }
    // The digits read so far are units of 10⁻ᶠʳᵃᶜᵗⁱᵒⁿ; so many more or fewer are wanted.
    let fraction = i32::try_from(fraction.len()).ok()?;
    let shift = i32::try_from(places).ok()?.checked_add(exponent)?.checked_sub(fraction)?;
    let magnitude = if shift >= 0 {
        let factor = 10_i128.checked_pow(shift.unsigned_abs());
        // Zero stays zero, however far it is shifted.
        if units == 0 { Some(0) } else { factor.and_then(|factor| units.checked_mul(factor)) }
    } else {
        match 10_i128.checked_pow(shift.unsigned_abs()) {
            Some(divisor) => divide_half_even(units, divisor),
            None => Some(0),
        }
    }?;
    Some(if negative { magnitude.checked_neg()? } else { magnitude })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::price::Price;

    #[test]
    fn every_form_of_a_number_is_read_and_nothing_else() {
        let read = |text| scaled(text, 9);
        assert_eq!(read("41.08"), Some(41_080_000_000));
        assert_eq!(read("-0.000000001"), Some(-1));
        assert_eq!(read("+7"), Some(7_000_000_000));
        assert_eq!(read("1.5e2"), Some(150_000_000_000));
        assert_eq!(read("25E-1"), Some(2_500_000_000));
        assert_eq!(read(".5"), Some(500_000_000));
        assert_eq!(read("0e99"), Some(0));
        assert_eq!(read("1e-99"), Some(0));
        for text in ["", "-", "1,000", "0x10", "NaN", "1e", "1e99", "--1", "1.2.3", &"9".repeat(41)] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_venue_divided_is_rounded_half_to_even() {
        assert_eq!(scaled("176.4238095238095238", 9), Some(176_423_809_524));
        assert_eq!(scaled("0.0000000005", 9), Some(0));
        assert_eq!(scaled("0.0000000015", 9), Some(2));
        assert_eq!(scaled("-0.00000000051", 9), Some(-1));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = scaled(&text, 9);
        }

        #[test]
        fn what_a_price_writes_comes_back(nanos in -999_999_999_999_999_999..=999_999_999_999_999_999_i64) {
            prop_assert_eq!(scaled(&Price::from_nanos(nanos).to_string(), 9), Some(i128::from(nanos)));
        }
    }
}
