use std::str::FromStr;

use serde_json::Value as Json;

use crate::config::meaning::{Feed, LogLevel, OnDailyLoss, Speed, SpeedFault};
use crate::config::written::Value;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::symbol::Symbol;

/// What one key can hold.
pub(super) trait Setting: Sized {
    /// Reads it, or says what it must be.
    fn read(value: &Value) -> Result<Self, String>;

    /// It as JSON; null where it is not set.
    fn json(&self) -> Json;
}

/// Decimals may be written with quotes or without: either way the digits are read as they stand.
fn decimal<T: FromStr>(value: &Value) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    match value {
        Value::Text(text) | Value::Number(text) => {
            text.parse().map_err(|fault| format!("{fault}; write it as digits, such as 12 or \"12.5\""))
        }
        _ => Err("it must be a number, such as 12 or \"12.5\"".to_owned()),
    }
}

/// Whole numbers are written without quotes.
fn whole<T: FromStr>(value: &Value) -> Result<T, String> {
    let said = match value {
        Value::Number(digits) => digits.parse().ok(),
        _ => None,
    };
    said.ok_or_else(|| "it must be a whole number of 0 or more, without quotes".to_owned())
}

/// One of a few words.
fn word<T: Copy>(value: &Value, words: &[(&str, T)]) -> Result<T, String> {
    let said = match value {
        Value::Text(text) => words.iter().find(|(word, _)| word == text).map(|(_, meant)| *meant),
        _ => None,
    };
    said.ok_or_else(|| {
        let listed: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        format!("it must be {}", listed.join(" or "))
    })
}

macro_rules! setting {
    ($($kind:ty: $read:expr, $json:expr;)*) => { $(
        impl Setting for $kind {
            fn read(value: &Value) -> Result<Self, String> {
                $read(value)
            }

            fn json(&self) -> Json {
                $json(self)
            }
        }
    )* };
}

setting! {
    Pct: decimal, |pct: &Self| Json::String(pct.to_string());
    Money: decimal, |money: &Self| Json::String(money.exact());
    Price: decimal, |price: &Self| Json::String(price.to_string());
    u32: whole, |number: &Self| Json::from(*number);
    u64: whole, |number: &Self| Json::from(*number);
    i64: whole, |number: &Self| Json::from(*number);
    Mode: |value| word(value, &MODES), |mode: &Self| Json::from(mode.word());
    OnDailyLoss: |value| word(value, &OnDailyLoss::WORDS), |what: &Self| Json::from(what.word());
    Feed: |value| word(value, &Feed::WORDS), |feed: &Self| Json::from(feed.word());
    LogLevel: |value| word(value, &LogLevel::WORDS), |level: &Self| Json::from(level.word());
}

const MODES: [(&str, Mode); 3] = [("sim", Mode::Sim), ("paper", Mode::Paper), ("live", Mode::Live)];

impl Setting for bool {
    fn read(value: &Value) -> Result<Self, String> {
        if let Value::Flag(on) = value {
            Ok(*on)
        } else {
            Err("it must be true or false, without quotes".to_owned())
        }
    }

    fn json(&self) -> Json {
        Json::Bool(*self)
    }
}

impl Setting for String {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err("it must be a word in quotes".to_owned()),
        }
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Setting for Vec<Symbol> {
    fn read(value: &Value) -> Result<Self, String> {
        let Value::List(list) = value else {
            return Err("it must be a list, such as [\"SPY\", \"IBM\"]".to_owned());
        };
        let mut symbols = Self::new();
        for item in list {
            let symbol = match &item.value {
                Value::Text(text) => text.parse().ok(),
                _ => None,
            };
            let symbol: Symbol = symbol.ok_or_else(|| {
                format!(
                    "{} is no symbol; a symbol is 1 to 24 characters of A–Z, 0–9, '.' and '/'",
                    item.value.shown()
                )
            })?;
            if symbols.contains(&symbol) {
                return Err(format!("{symbol} stands there twice; take one out"));
            }
            symbols.push(symbol);
        }
        Ok(symbols)
    }

    fn json(&self) -> Json {
        self.iter().map(|symbol| Json::from(symbol.as_str())).collect()
    }
}

impl Setting for Speed {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) | Value::Number(text) => {
                text.parse().map_err(|fault: SpeedFault| fault.to_string())
            }
            _ => Err(SpeedFault.to_string()),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Times(times) => Json::from(*times),
            Self::Max => Json::from("max"),
        }
    }
}

impl<T: Setting> Setting for Option<T> {
    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }

    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, Setting::json)
    }
}
