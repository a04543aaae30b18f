use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::at::At;
use crate::domain::day::new_york_time;
use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;

const MINUTES_A_DAY: u16 = 24 * 60;

/// What the trader granted one strategy: the gate lets none of its openings pass beyond it. Exits, stops and
/// cancels are never asked for a passport.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passport {
    /// The symbols it may open; every symbol that it is run on where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<Symbol>,
    /// The sides it may open.
    #[serde(default)]
    pub sides: Sides,
    /// The most shares of one symbol that it may hold, its own opening orders counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_qty: Option<Qty>,
    /// The most dollars of one symbol that it may hold, its own opening orders counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_usd: Option<Money>,
    /// Opening orders within a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders_per_minute: Option<u32>,
    /// When it may open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// What it may lose of its own in a day before it opens nothing more: realised, and open at the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_day_loss_usd: Option<Money>,
    /// Whether the trader is asked before each of its openings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
}

/// The sides that a strategy may open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// It may buy to open and sell to open.
    #[default]
    Both,
    /// It may only buy to open.
    Long,
    /// It may only sell to open.
    Short,
}

/// A part of the day by New York's clock: from its first minute to before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from_minute: u16,
    until_minute: u16,
}

impl Sides {
    /// Whether an opening on this side is granted.
    #[must_use]
    pub const fn grant(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Long => matches!(side, Side::Buy),
            Self::Short => matches!(side, Side::Sell),
        }
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Both => "long and short",
            Self::Long => "long only",
            Self::Short => "short only",
        }
    }
}

impl Hours {
    /// Whether the instant lies in them.
    #[must_use]
    pub fn hold(self, at: At) -> bool {
        let (hour, minute, _) = new_york_time(at);
        let minute = u16::try_from(hour)
            .ok()
            .and_then(|hour| hour.checked_mul(60))
            .and_then(|minutes| minutes.checked_add(u16::try_from(minute).ok()?));
        minute.is_some_and(|minute| self.from_minute <= minute && minute < self.until_minute)
    }
}

impl Hours {
    /// What lies in both.
    fn within(self, other: Self) -> Option<Self> {
        let from_minute = self.from_minute.max(other.from_minute);
        let until_minute = self.until_minute.min(other.until_minute);
        (from_minute < until_minute).then_some(Self { from_minute, until_minute })
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("{text:?} are no hours; write them by New York's clock, such as 09:35-15:45");
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let number =
                |text: &str| text.parse::<u16>().ok().filter(|_| text.len() == 2 && !text.starts_with('+'));
            let (hour, minute) = (number(hour)?, number(minute)?);
            let all = hour.checked_mul(60)?.checked_add(minute)?;
            (minute < 60 && all <= MINUTES_A_DAY).then_some(all)
        };
        let (from, until) = text.split_once('-').ok_or_else(fault)?;
        let (from_minute, until_minute) = minute(from.trim()).zip(minute(until.trim())).ok_or_else(fault)?;
        if from_minute >= until_minute {
            return Err(fault());
        }
        Ok(Self { from_minute, until_minute })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = |minute: u16| (minute.checked_div(60).unwrap_or(0), minute.checked_rem(60).unwrap_or(0));
        let ((from_hour, from), (until_hour, until)) = (parts(self.from_minute), parts(self.until_minute));
        write!(out, "{from_hour:02}:{from:02}-{until_hour:02}:{until:02}")
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Passport {
    /// What both grant: of each line the narrower one.
    ///
    /// # Errors
    /// Where that is nothing at all, in words: an empty list of symbols would grant every one.
    pub fn narrowed(&self, by: &Self) -> Result<Self, String> {
        let nothing = |what: &str| format!("it asks for {what} alone; with yours, it would open nothing");
        let symbols: Vec<Symbol> = match (self.symbols.is_empty(), by.symbols.is_empty()) {
            (_, true) => self.symbols.clone(),
            (true, false) => by.symbols.clone(),
            _ => {
                let both = self.symbols.iter().filter(|symbol| by.symbols.contains(symbol)).copied();
                let both: Vec<Symbol> = both.collect();
                if both.is_empty() {
                    let asked: Vec<&str> = self.symbols.iter().map(Symbol::as_str).collect();
                    return Err(nothing(&asked.join(", ")));
                }
                both
            }
        };
        let sides = match (self.sides, by.sides) {
            (sides, Sides::Both) | (Sides::Both, sides) => sides,
            (one, other) if one == other => one,
            (one, _) => return Err(nothing(one.word())),
        };
        Ok(Self {
            symbols,
            sides,
            max_qty: least(self.max_qty, by.max_qty),
            max_usd: least(self.max_usd, by.max_usd),
            orders_per_minute: least(self.orders_per_minute, by.orders_per_minute),
            hours: match (self.hours, by.hours) {
                (Some(one), Some(other)) => Some(one.within(other).ok_or_else(|| nothing(&one.to_string()))?),
                (one, other) => one.or(other),
            },
            max_day_loss_usd: least(self.max_day_loss_usd, by.max_day_loss_usd),
            asks: self.asks || by.asks,
        })
    }

    /// Whether what it says can be meant: no line that grants nothing.
    ///
    /// # Errors
    /// The first line that is not, in words.
    pub fn check(&self) -> Result<(), String> {
        let positive = [
            ("max_qty", self.max_qty.is_none_or(Qty::is_positive)),
            ("max_usd", self.max_usd.is_none_or(Money::is_positive)),
            ("orders_per_minute", self.orders_per_minute != Some(0)),
            ("max_day_loss_usd", self.max_day_loss_usd.is_none_or(Money::is_positive)),
        ];
        match positive.iter().find(|(_, good)| !good) {
            None => Ok(()),
            Some((line, _)) => Err(format!("{line} must be above zero; leave it out to set no bound")),
        }
    }

    /// Its lines for eyes, name and value.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "no bound of its own".to_owned());
        let symbols = if self.symbols.is_empty() {
            "all that it is run on".to_owned()
        } else {
            self.symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(", ")
        };
        vec![
            ("symbols", symbols),
            ("sides", self.sides.word().to_owned()),
            ("most shares a symbol", or_none(self.max_qty.map(|qty| qty.to_string()))),
            ("most dollars a symbol", or_none(self.max_usd.map(|usd| usd.to_string()))),
            ("opening orders a minute", or_none(self.orders_per_minute.map(|count| count.to_string()))),
            ("hours (New York)", or_none(self.hours.map(|hours| hours.to_string()))),
            ("most loss a day", or_none(self.max_day_loss_usd.map(|usd| usd.to_string()))),
            (
                "before each opening",
                if self.asks { "the trader is asked" } else { "nobody is asked" }.to_owned(),
            ),
        ]
    }
}

/// The smaller of two bounds, where there are any.
fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trader_grants_less_and_never_nothing_unseen() {
        let passport = |text: &str| serde_json::from_str::<Passport>(text).unwrap();
        let asked =
            passport(r#"{"symbols":["SPY","IBM"],"sides":"long","max_usd":"500","hours":"09:30-12:00"}"#);
        let granted = passport(
            r#"{"symbols":["IBM","T"],"max_usd":"900","max_qty":"3","hours":"10:00-16:00","asks":true}"#,
        );
        let both = asked.narrowed(&granted).unwrap();
        let text = serde_json::to_string(&both).unwrap();
        assert_eq!(
            text,
            r#"{"symbols":["IBM"],"sides":"long","max_qty":"3","max_usd":"500","hours":"10:00-12:00","asks":true}"#
        );
        for nothing in [r#"{"symbols":["T"]}"#, r#"{"sides":"short"}"#, r#"{"hours":"12:00-16:00"}"#] {
            assert!(asked.narrowed(&passport(nothing)).is_err(), "{nothing}");
        }
        for bad in ["9:30-16:00", "09:30", "16:00-09:30", "09:60-10:00", "09:30-24:01", "+9:30-10:00"] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
        assert_eq!("00:00-24:00".parse::<Hours>().unwrap().to_string(), "00:00-24:00");
    }
}
