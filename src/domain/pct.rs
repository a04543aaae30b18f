use std::fmt;
use std::str::FromStr;

use crate::domain::text::written_as_text;

use crate::domain::decimal::{DecimalFault, NANOS, nanos_text, parse_nanos, write_nanos};

/// A percentage, exact to nine places: `2` is two per cent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pct(i64);

written_as_text!(Pct, r#"a percentage as text, such as "2""#, |number: &Pct| nanos_text(number.0));

impl Pct {
    /// A percentage of billionths of one per cent.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A whole percentage.
    #[must_use]
    pub fn whole(percent: i32) -> Self {
        Self(i64::from(percent).saturating_mul(NANOS))
    }

    /// Billionths of one per cent.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Pct {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_nanos(self.0, out)
    }
}

impl fmt::Debug for Pct {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_nanos(self.0, out)
    }
}

impl FromStr for Pct {
    type Err = DecimalFault;

    fn from_str(text: &str) -> Result<Self, DecimalFault> {
        parse_nanos(text).map(Self)
    }
}
