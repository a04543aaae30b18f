use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;

/// Dollars and cents, thousands apart: `1,234.50`.
pub fn money(amount: Money) -> String {
    grouped(&amount.to_string())
}

/// The same with its sign, `+` too: what is won and what is lost must not be told by colour alone.
pub fn signed(amount: Money) -> String {
    let text = money(amount);
    if amount.cents() > 0 { format!("+{text}") } else { text }
}

/// A price with all its digits, two at least: `189.90`, `0.1234`.
pub fn price(price: Price) -> String {
    let text = price.to_string();
    let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let padded = match places {
        0 => format!("{text}.00"),
        1 => format!("{text}0"),
        _ => text,
    };
    grouped(&padded)
}

/// An average price, to the cent, and below a dollar to a hundredth of it; half to even.
pub fn average(price: Price) -> String {
    let worth = |shares: i32| price.times(Qty::shares(shares)).cents();
    if price.nanos().abs() >= 1_000_000_000 {
        return grouped(&hundredths(worth(1), 2));
    }
    hundredths(worth(100), 4)
}

fn hundredths(units: i128, places: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let scale = 10_u128.saturating_pow(u32::try_from(places).unwrap_or(0));
    let (whole, rest) = (units.unsigned_abs() / scale, units.unsigned_abs() % scale);
    format!("{sign}{whole}.{rest:0places$}")
}

/// Shares: `1,200`, `0.5`.
pub fn shares(qty: Qty) -> String {
    grouped(&qty.to_string())
}

/// A position's shares with their sign, `+` too.
pub fn signed_shares(qty: Qty) -> String {
    let text = shares(qty);
    if qty.is_positive() { format!("+{text}") } else { text }
}

/// A share of a hundred: `11.5%`; `?` for what is no number.
pub fn percent(value: f64) -> String {
    if value.is_finite() { format!("{}%", no_minus_zero(format!("{value:.1}"))) } else { "?".to_owned() }
}

/// A change of a hundred with its sign: `+1.34%`; `?` for what is no number.
pub fn signed_percent(value: f64) -> String {
    with_sign(value, "%")
}

/// A profit in multiples of what was risked: `+1.92R`; `?` for what is no number.
pub fn multiple(value: f64) -> String {
    with_sign(value, "R")
}

fn with_sign(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    let text = no_minus_zero(format!("{value:.2}"));
    let sign = if text.starts_with('-') || text == "0.00" { "" } else { "+" };
    format!("{sign}{text}{unit}")
}

/// A loss too small to be shown is shown as nothing, not as a minus nothing.
fn no_minus_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// `part` of `whole` (1 is all of it); `None` of nothing.
pub fn share(part: Money, whole: Money) -> Option<f64> {
    whole.is_positive().then(|| part.to_f64() / whole.to_f64())
}

/// How old something is, in at most three signs: `0s`, `70s`, `15m`, `3h`, `9d`.
pub fn age(millis: i64) -> String {
    let seconds = millis.max(0) / 1_000;
    match seconds {
        0..100 => format!("{seconds}s"),
        100..6_000 => format!("{}m", seconds / 60),
        6_000..356_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", (seconds / 86_400).min(99)),
    }
}

/// Thousands apart, in the part before the point.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::from(sign);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_figure_loses_its_sign_or_its_cents() {
        let amounts = [
            ("0", "0.00", "0.00"),
            ("12.4", "12.40", "+12.40"),
            ("-12.4", "-12.40", "-12.40"),
            ("-0.004", "0.00", "0.00"),
            ("0.004", "0.00", "0.00"),
            ("-123456.7", "-123,456.70", "-123,456.70"),
            ("999999999999.99", "999,999,999,999.99", "+999,999,999,999.99"),
        ];
        for (exact, plain, with_sign) in amounts {
            let amount: Money = exact.parse().unwrap();
            assert_eq!((money(amount).as_str(), signed(amount).as_str()), (plain, with_sign), "{exact}");
        }
    }

    #[test]
    fn prices_have_two_digits_at_least_and_averages_those_of_the_grid() {
        for (exact, whole, rounded) in [
            ("7", "7.00", "7.00"),
            ("189.9", "189.90", "189.90"),
            ("1234.125", "1,234.125", "1,234.12"),
            ("187.423333333", "187.423333333", "187.42"),
            ("0.12345", "0.12345", "0.1234"),
            ("-0.5", "-0.50", "-0.5000"),
        ] {
            let exact: Price = exact.parse().unwrap();
            assert_eq!((price(exact).as_str(), average(exact).as_str()), (whole, rounded));
        }
    }

    #[test]
    fn shares_and_ratios_carry_their_signs() {
        let qty = |text: &str| text.parse::<Qty>().unwrap();
        assert_eq!(signed_shares(qty("1200")), "+1,200");
        assert_eq!(signed_shares(qty("-0.5")), "-0.5");
        for (value, text) in [(1.344, "+1.34%"), (-0.82, "-0.82%"), (-0.001, "0.00%"), (f64::NAN, "?")] {
            assert_eq!(signed_percent(value), text);
        }
        assert_eq!(multiple(-0.386), "-0.39R");
        assert_eq!(percent(-0.01), "0.0%");
    }

    #[test]
    fn an_age_has_three_signs_at_most() {
        for (seconds, text) in [
            (0, "0s"),
            (99, "99s"),
            (100, "1m"),
            (5_999, "99m"),
            (6_000, "1h"),
            (356_399, "98h"),
            (356_400, "4d"),
            (1 << 40, "99d"),
        ] {
            assert_eq!(age(seconds * 1_000), text, "{seconds}");
        }
        assert_eq!(age(-5), "0s");
    }
}
