use std::fmt;

use thiserror::Error;

/// One unit in billionths: prices, quantities and percentages are whole numbers of these.
pub const NANOS: i64 = 1_000_000_000;

/// Why a text is not a decimal that hardstop can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalFault {
    /// The text is not `-?digits(.digits)?`.
    #[error("it is not a plain decimal such as 12.34")]
    NotADecimal,
    /// More than nine digits before the point.
    #[error("it has more than 9 digits before the point")]
    TooLarge,
    /// More than nine digits after the point.
    #[error("it has more than 9 digits after the point")]
    TooFine,
}

/// A sum or a product that left the range of its type; the caller refuses rather than guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a number left the range that can be counted exactly")]
pub struct Overflow;

/// Reads `-?[0-9]{1,9}(\.[0-9]{1,9})?` into billionths. `-0` is 0.
///
/// # Errors
/// Any other text, named by what is wrong with it.
pub fn parse_nanos(text: &str) -> Result<i64, DecimalFault> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(DecimalFault::NotADecimal),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let magnitude = read_digits(whole, fraction)?;
    Ok(if negative { magnitude.saturating_neg() } else { magnitude })
}

fn read_digits(whole: &str, fraction: &str) -> Result<i64, DecimalFault> {
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalFault::NotADecimal);
    }
    if whole.len() > 9 {
        return Err(DecimalFault::TooLarge);
    }
    if fraction.len() > 9 {
        return Err(DecimalFault::TooFine);
    }
    let mut nanos: i64 = 0;
    let padding = 9_usize.saturating_sub(fraction.len());
    let zeros = std::iter::repeat_n(b'0', padding);
    for byte in whole.bytes().chain(fraction.bytes()).chain(zeros) {
        // At most 18 digits: this cannot leave an i64, and saturates rather than wraps if it did.
        nanos = nanos.saturating_mul(10).saturating_add(i64::from(byte.saturating_sub(b'0')));
    }
    Ok(nanos)
}

/// Writes billionths with no more digits than they need: `12.3`, `-0.5`, `7`.
///
/// # Errors
/// Only what the formatter itself reports.
pub fn write_nanos(nanos: i64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write_scaled(i128::from(nanos), i128::from(NANOS), 9, out)
}

/// Billionths as [`write_nanos`] writes them, without a formatter.
pub(super) fn nanos_text(nanos: i64) -> DecimalText {
    scaled_text(i128::from(nanos), i128::from(NANOS), 9)
}

/// Writes `units` of `1/scale` without trailing zeros; `places` is the number of zeros of `scale`.
pub(super) fn write_scaled(
    units: i128,
    scale: i128,
    places: usize,
    out: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    out.pad(scaled_text(units, scale, places).as_ref())
}

/// A decimal number as text: its digits stand at the end of the room.
pub(super) struct DecimalText {
    room: [u8; TEXT_BYTES],
    used: usize,
}

impl AsRef<str> for DecimalText {
    fn as_ref(&self) -> &str {
        let written = self.room.get(TEXT_BYTES.saturating_sub(self.used)..).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default()
    }
}

/// `units` of `1/scale` as text, without trailing zeros; `places` is the number of zeros of `scale`.
pub(super) fn scaled_text(units: i128, scale: i128, places: usize) -> DecimalText {
    let scale = scale.unsigned_abs();
    let magnitude = units.unsigned_abs();
    let whole = magnitude.checked_div(scale).unwrap_or(0);
    let mut fraction = magnitude.saturating_sub(whole.saturating_mul(scale));
    // The digits are laid down from the last to the first: rows and frames are full of numbers, and a
    // text of its own for each part of each was most of what writing one cost.
    let mut room = [0_u8; TEXT_BYTES];
    let mut cells = room.iter_mut().rev();
    let mut used: usize = 0;
    let mut put = |byte: u8| {
        if let Some(cell) = cells.next() {
            *cell = byte;
            used = used.saturating_add(1);
        }
    };
    let mut shown = false;
    for _ in 0..if fraction == 0 { 0 } else { places } {
        let digit = last_digit(&mut fraction);
        shown |= digit != b'0';
        if shown {
            put(digit);
        }
    }
    if shown {
        put(b'.');
    }
    let mut whole = whole;
    loop {
        put(last_digit(&mut whole));
        if whole == 0 {
            break;
        }
    }
    if units < 0 {
        put(b'-');
    }
    DecimalText { room, used }
}

/// Room for a sign, the 39 digits of the largest number, and its point.
const TEXT_BYTES: usize = 48;

/// Takes the last decimal digit off a number.
fn last_digit(number: &mut u128) -> u8 {
    // Nearly every part of every number fits, and dividing the wide type is many times as slow.
    let (rest, digit) = match u64::try_from(*number) {
        Ok(small) => (u128::from(small / 10), small % 10),
        Err(_) => (*number / 10, u64::try_from(*number % 10).unwrap_or(0)),
    };
    *number = rest;
    b'0'.saturating_add(u8::try_from(digit).unwrap_or(0))
}

/// `units / divisor`, rounded half to even. A divisor of 0 or less gives `None`.
#[must_use]
pub fn divide_half_even(units: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    let floor = units.checked_div_euclid(divisor)?;
    let rest = units.checked_rem_euclid(divisor)?;
    let twice = rest.checked_mul(2)?;
    let odd = floor.checked_rem_euclid(2)? == 1;
    if twice > divisor || (twice == divisor && odd) { floor.checked_add(1) } else { Some(floor) }
}

/// `units / divisor`, rounded up. A divisor of 0 or less gives `None`.
#[must_use]
pub fn divide_up(units: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    let floor = units.checked_div_euclid(divisor)?;
    if units.checked_rem_euclid(divisor)? == 0 { Some(floor) } else { floor.checked_add(1) }
}

/// `number / DIVISOR`, rounded down: one machine division by a known number a limb, where dividing the whole
/// width takes several times as long.
#[must_use]
pub fn divide_narrow<const DIVISOR: u32>(number: u128) -> u128 {
    let divisor = u64::from(DIVISOR);
    let (mut rest, mut quotient) = (0_u64, 0_u128);
    for limb in number.to_be_bytes().chunks_exact(4) {
        let limb = limb.try_into().map_or(0, u32::from_be_bytes);
        // The rest is below 2³²: with the next limb behind it nothing is lost.
        let wide = rest.wrapping_shl(32) | u64::from(limb);
        quotient = quotient.wrapping_shl(32) | u128::from(wide.checked_div(divisor).unwrap_or(0));
        rest = wide.checked_rem(divisor).unwrap_or(0);
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_refuses_what_the_contract_says() {
        let read = |text: &str| parse_nanos(text);
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("-0"), Ok(0));
        assert_eq!(read("12.34"), Ok(12_340_000_000));
        assert_eq!(read("-0.000000001"), Ok(-1));
        assert_eq!(read("999999999.999999999"), Ok(999_999_999_999_999_999));
        for bad in ["", "-", ".5", "5.", "+1", "1e3", " 1", "1 ", "NaN", "1.2.3", "--1", "١"] {
            assert_eq!(read(bad), Err(DecimalFault::NotADecimal), "{bad:?}");
        }
        assert_eq!(read("1234567890"), Err(DecimalFault::TooLarge));
        assert_eq!(read("0.1234567890"), Err(DecimalFault::TooFine));
    }

    #[test]
    fn numbers_are_written_as_short_as_they_are() {
        struct Shown(i128, i128, usize);
        impl fmt::Display for Shown {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(self.0, self.1, self.2, out)
            }
        }
        let check = |units: i128, scale: i128, places: usize, expect: &str| {
            assert_eq!(Shown(units, scale, places).to_string(), expect);
        };
        check(0, 1_000, 3, "0");
        check(-1, 1_000, 3, "-0.001");
        check(12_340, 1_000, 3, "12.34");
        check(-7_000, 1_000, 3, "-7");
        let attos = 1_000_000_000_000_000_000;
        check(i128::MAX, attos, 18, "170141183460469231731.687303715884105727");
        check(i128::MIN, attos, 18, "-170141183460469231731.687303715884105728");
        assert_eq!(format!("{:>8}|{:<6}|", Shown(1_500, 1_000, 3), Shown(-2, 1, 0)), "     1.5|-2    |");
    }

    #[test]
    fn half_goes_to_the_even_neighbour_on_both_sides_of_zero() {
        for (units, expected) in [(25, 2), (35, 4), (26, 3), (-25, -2), (-35, -4), (-26, -3)] {
            assert_eq!(divide_half_even(units, 10), Some(expected), "{units}");
        }
        assert_eq!(divide_half_even(1, 0), None);
        assert_eq!(divide_up(-25, 10), Some(-2));
        assert_eq!(divide_up(21, 10), Some(3));
    }
}
