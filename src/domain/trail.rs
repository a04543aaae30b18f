use std::fmt;
use std::str::FromStr;

use crate::domain::decimal::DecimalFault;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::domain::text::written_as_text;

/// By how much a trailing stop stays behind the best price since it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trail {
    /// So many dollars a share.
    Amount(Price),
    /// So many per cent of that price.
    Percent(Pct),
}

written_as_text!(Trail, r#"a distance as text, such as "1.50" in dollars or "2%""#);

impl Trail {
    /// The trigger of a stop of `side` behind the price `best`, on the grid towards that price; `None` where
    /// no price is left there.
    ///
    /// A stop that sells is rounded up and one that buys down: it never stands further away than was asked.
    #[must_use]
    pub fn behind(self, side: Side, best: Price) -> Option<Price> {
        let distance = match self {
            Self::Amount(amount) => amount,
            // A per cent in billionths of one: hundred of them make the whole.
            Self::Percent(pct) => {
                let product = i128::from(best.nanos()).checked_mul(i128::from(pct.nanos()))?;
                let nanos = product.checked_div(100_000_000_000)?;
                Price::from_nanos(i64::try_from(nanos).ok()?)
            }
        };
        if !distance.is_positive() {
            return None;
        }
        let stop = match side {
            Side::Sell => best.minus(distance).ok()?.grid_up(),
            Side::Buy => best.plus(distance).ok()?.grid_down(),
        };
        let is_behind = match side {
            Side::Sell => stop < best,
            Side::Buy => stop > best,
        };
        (stop.is_positive() && is_behind).then_some(stop)
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => write!(out, "{amount}"),
            Self::Percent(pct) => write!(out, "{pct}%"),
        }
    }
}

impl FromStr for Trail {
    type Err = DecimalFault;

    fn from_str(text: &str) -> Result<Self, DecimalFault> {
        match text.strip_suffix('%') {
            Some(pct) => pct.parse().map(Self::Percent),
            None => text.parse().map(Self::Amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_stays_behind_its_price_and_on_the_grid() {
        let check = |trail: &str, side: Side, best: &str, expected: Option<&str>| {
            let trail: Trail = trail.parse().unwrap();
            let found = trail.behind(side, best.parse().unwrap());
            assert_eq!(found, expected.map(|price| price.parse().unwrap()), "{trail} behind {best}");
        };
        check("1.50", Side::Sell, "100", Some("98.5"));
        check("2%", Side::Sell, "50.01", Some("49.01"));
        check("2%", Side::Buy, "50.01", Some("51.01"));
        check("0.3333%", Side::Sell, "0.5", Some("0.4984"));
        check("0.001", Side::Sell, "100", None);
        check("100", Side::Sell, "100", None);
        check("0", Side::Sell, "100", None);
        check("-1", Side::Sell, "100", None);
        check("150%", Side::Sell, "100", None);
    }

    #[test]
    fn a_trail_is_read_as_it_is_written() {
        for text in ["1.5", "2%", "0.25%"] {
            let trail: Trail = text.parse().unwrap();
            assert_eq!(trail.to_string(), text);
            assert_eq!(serde_json::to_string(&trail).unwrap(), format!("\"{text}\""));
        }
        assert!("2 %".parse::<Trail>().is_err());
        assert!("%".parse::<Trail>().is_err());
    }
}
