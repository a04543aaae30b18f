//! Sums that neither drift nor break ties.
//!
//! Prices are decimals, and most decimals are no binary fractions: sums of `f64` differ in their last
//! bits by the order in which they were made, and a crossover strategy trades on such bits. So values
//! are held as whole billionths and only a finished sum is divided, once and rounded correctly: means
//! that are equal as decimals are equal as `f64`, and longer runs are no less exact.

const UNITS_A_WHOLE: f64 = 1e9;
const DIVISOR_UNIT: u128 = 1_000_000_000;
/// Whole numbers up to here are exact as `f64`.
const EXACT_MAX: u128 = 1 << 53;
/// Past this a sum of many values could leave an i128; no price and no volume comes near it.
const VALUE_MAX: f64 = 1e18;

/// `value` in whole billionths; `None` for what is not finite or beyond 10¹⁸.
pub(super) fn units(value: f64) -> Option<i128> {
    (value.abs() <= VALUE_MAX).then(|| (value * UNITS_A_WHOLE).round() as i128)
}

/// `sum` billionths divided by `divisor`, rounded once to the nearest `f64`. `divisor` is above zero.
pub(super) fn quotient(sum: i128, divisor: u64) -> f64 {
    let magnitude = sum.unsigned_abs();
    let divisor = u128::from(divisor.max(1)) * DIVISOR_UNIT;
    let positive = if magnitude <= EXACT_MAX && divisor <= EXACT_MAX {
        magnitude as f64 / divisor as f64
    } else {
        wide_quotient(magnitude, divisor)
    };
    if sum < 0 { -positive } else { positive }
}

/// The same for a dividend that `f64` cannot hold: long division with 127 bits, the lost rest kept as a
/// last bit so that the one rounding goes the right way.
fn wide_quotient(magnitude: u128, divisor: u128) -> f64 {
    let shift = magnitude.leading_zeros().saturating_sub(1);
    let scaled = magnitude << shift;
    let sticky = u128::from(!scaled.is_multiple_of(divisor));
    ((scaled / divisor) | sticky) as f64 * 2.0_f64.powi(-shift.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numerator / divisor` billionths, by text: the parser of the standard library rounds correctly.
    fn check(sum: i128, divisor: u64, expected: &str) {
        let expected: f64 = expected.parse().unwrap();
        assert_eq!(quotient(sum, divisor).to_bits(), expected.to_bits(), "{sum} / {divisor}");
    }

    #[test]
    fn a_quotient_is_the_nearest_f64_however_large_the_sum() {
        check(1_703_700_000_000, 10, "170.37");
        check(-1_703_700_000_000, 10, "-170.37");
        check(654_321_012_300_000_000, 1, "654321012.3");
        check(130_864_202_460_000_000_000, 200, "654321012.3");
        check(600_000_010_000_000_000_000, 3, "200000003333.33333333333333333");
        // A hair above the middle of two neighbours, where dropping the rest would round down.
        let divisor = 1 << 23;
        check(9_007_199_254_740_993 * 1_000_000_000 * divisor + 1, 1 << 23, "9007199254740994");
        check(i128::from(i64::MAX), 7, "1317624576.693539401");
    }

    #[test]
    fn what_cannot_be_summed_is_no_unit() {
        assert_eq!(units(2.01), Some(2_010_000_000), "its binary neighbour lies below");
        assert_eq!(units(-170.37), Some(-170_370_000_000));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2e18] {
            assert_eq!(units(bad), None, "{bad}");
        }
    }
}
