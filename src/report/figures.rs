/// A true minus in the place of a hyphen: as wide as a plus, and never broken off its number.
pub(super) const MINUS: char = '\u{2212}';

/// A number as it is written, with a true minus and its thousands apart: `−1,234.50`. A text that is no plain
/// decimal stays as it is.
pub(super) fn grouped(number: &str) -> String {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, fraction) = match rest.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (rest, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return number.to_owned();
    }
    let mut out = String::new();
    if sign && number.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        out.push(MINUS);
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A ratio with so many places.
pub(super) fn ratio(value: f64, places: usize) -> String {
    grouped(&format!("{value:.places$}"))
}

/// A change in per cent, with its sign.
pub(super) fn change_pct(value: f64) -> String {
    let shown = ratio(value, 2);
    let plus = if value > 0.0 && !shown.starts_with(MINUS) { "+" } else { "" };
    format!("{plus}{shown} %")
}

/// What part of `whole` the step to `end` is, in per cent; 0 where there was nothing.
pub(super) fn growth_pct(start: f64, end: f64) -> f64 {
    if start > 0.0 { (end / start - 1.0) * 100.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_carry_a_true_minus() {
        for (written, shown) in [
            ("-1234567.50", "\u{2212}1,234,567.50"),
            ("100", "100"),
            ("1000", "1,000"),
            ("-0.00", "0.00"),
            ("cross-up", "cross-up"),
            ("", ""),
        ] {
            assert_eq!(grouped(written), shown);
        }
        assert_eq!(change_pct(1.234), "+1.23 %");
        assert_eq!(change_pct(-1234.5), "\u{2212}1,234.50 %");
        assert_eq!(change_pct(-0.001), "0.00 %");
    }
}
