use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::outside::steers;
use crate::domain::passport::{Hours, Passport, Sides};
use crate::domain::symbol::Symbol;

const NAME_CHARS_MAX: usize = 64;
const VERSION_CHARS_MAX: usize = 32;
const WARMUP_MAX: u32 = 10_000;
const PARAMS_MAX: usize = 64;
const SYMBOLS_MAX: usize = 64;

/// The timeframes a strategy may ask for, with their minutes. A day counts as one session.
const TIMEFRAMES: [(&str, u32); 6] =
    [("1Min", 1), ("5Min", 5), ("15Min", 15), ("30Min", 30), ("1Hour", 60), ("1Day", 1440)];

/// What a strategy says about itself in `strategy({…})`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the contract it was written for; 1 is the only one.
    pub api: u32,
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The span of its bars, such as `1Min`.
    pub timeframe: String,
    /// How many bars its indicators need before it may wish for anything.
    #[serde(default)]
    pub warmup: u32,
    /// What the trader may set, by name.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// The symbols it asks for; empty where it leaves that to the trader.
    #[serde(default)]
    pub symbols: Vec<Symbol>,
    /// Whether it asks to tighten the stops of positions that are not its own.
    #[serde(default)]
    pub protects: bool,
    /// What it asks to be granted; without it, no bound of its own.
    #[serde(default)]
    pub asks: Asks,
    /// The events it listens to, such as `onBar`.
    #[serde(default)]
    pub handlers: Vec<String>,
}

/// The passport that a strategy asks for, in the words of its script. The trader may grant less.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Asks {
    /// The sides it opens.
    pub sides: Sides,
    /// The most shares of one symbol.
    pub max_qty: Option<f64>,
    /// The most dollars of one symbol.
    pub max_usd: Option<f64>,
    /// Opening orders within a minute.
    pub orders_per_minute: Option<u32>,
    /// When it opens, by New York's clock.
    pub hours: Option<Hours>,
    /// What it may lose in a day, in dollars.
    pub max_day_loss: Option<f64>,
    /// Whether the trader is to be asked before each opening.
    pub confirm: bool,
}

/// One thing the trader may set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What kind of value.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// What it is without the trader's word.
    pub default: ParamValue,
    /// The smallest value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The values a text may take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What a form shows as its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The unit behind it, such as `%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The kinds of params.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// A whole number.
    Int,
    /// Any finite number.
    Float,
    /// Yes or no.
    Bool,
    /// One of its options, or any text where it has none.
    String,
}

/// The value of a param.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(yes) => write!(out, "{yes}"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Text(text) => out.write_str(text),
        }
    }
}

impl Manifest {
    /// The minutes of its timeframe.
    #[must_use]
    pub fn timeframe_minutes(&self) -> u32 {
        TIMEFRAMES.iter().find(|(word, _)| *word == self.timeframe).map_or(0, |(_, minutes)| *minutes)
    }

    /// Whether everything it says lies within the contract.
    ///
    /// # Errors
    /// The first field that does not, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.api != 1 {
            return Err(format!("api is {}, and this program speaks api 1 alone", self.api));
        }
        check_text("name", &self.name, NAME_CHARS_MAX)?;
        check_text("version", &self.version, VERSION_CHARS_MAX)?;
        if self.timeframe_minutes() == 0 {
            let words: Vec<&str> = TIMEFRAMES.iter().map(|(word, _)| *word).collect();
            return Err(format!("timeframe is {:?}; it is one of {}", self.timeframe, words.join(", ")));
        }
        if self.warmup > WARMUP_MAX {
            return Err(format!("warmup is {}, at most {WARMUP_MAX} bars", self.warmup));
        }
        if self.params.len() > PARAMS_MAX {
            return Err(format!("{} params, at most {PARAMS_MAX}", self.params.len()));
        }
        if self.symbols.len() > SYMBOLS_MAX {
            return Err(format!("{} symbols, at most {SYMBOLS_MAX}", self.symbols.len()));
        }
        self.passport().map_err(|words| format!("asks: {words}"))?;
        for (name, param) in &self.params {
            param.check_itself().map_err(|words| format!("params.{name}: {words}"))?;
        }
        Ok(())
    }

    /// The passport that it asks for.
    ///
    /// # Errors
    /// A line that grants nothing, or a number with more digits than the gate counts with, in words.
    pub fn passport(&self) -> Result<Passport, String> {
        let Asks { sides, max_qty, max_usd, orders_per_minute, hours, max_day_loss, confirm } = &self.asks;
        let passport = Passport {
            symbols: self.symbols.clone(),
            sides: *sides,
            max_qty: exact("maxQty", *max_qty)?,
            max_usd: exact("maxUsd", *max_usd)?,
            orders_per_minute: *orders_per_minute,
            hours: *hours,
            max_day_loss_usd: exact("maxDayLoss", *max_day_loss)?,
            asks: *confirm,
        };
        passport.check().map(|()| passport)
    }

    /// The values the script sees: the trader's where there are any, else the defaults.
    ///
    /// # Errors
    /// A name the strategy does not have, or a value outside its bounds, in words.
    pub fn settle(
        &self,
        wanted: &BTreeMap<String, ParamValue>,
    ) -> Result<BTreeMap<String, ParamValue>, String> {
        for name in wanted.keys() {
            if !self.params.contains_key(name) {
                let known: Vec<&str> = self.params.keys().map(String::as_str).collect();
                return Err(format!("there is no param {name:?}; there are: {}", known.join(", ")));
            }
        }
        let mut settled = BTreeMap::new();
        for (name, param) in &self.params {
            let value = wanted.get(name).unwrap_or(&param.default);
            param.check(value).map_err(|words| format!("params.{name}: {words}"))?;
            settled.insert(name.clone(), value.clone());
        }
        Ok(settled)
    }
}

impl Param {
    fn check_itself(&self) -> Result<(), String> {
        if self.min.zip(self.max).is_some_and(|(min, max)| min > max) {
            return Err("min is above max".to_owned());
        }
        self.check(&self.default).map_err(|words| format!("default {words}"))
    }

    fn check(&self, value: &ParamValue) -> Result<(), String> {
        match (self.kind, value) {
            (ParamKind::Bool, ParamValue::Bool(_)) => Ok(()),
            (ParamKind::String, ParamValue::Text(text)) => {
                if self.options.is_empty() || self.options.contains(text) {
                    return Ok(());
                }
                Err(format!("{text:?} is none of {}", self.options.join(", ")))
            }
            (ParamKind::Int | ParamKind::Float, ParamValue::Number(number)) => self.check_number(*number),
            (kind, value) => Err(format!("{value} is no {kind:?}").to_lowercase()),
        }
    }

    fn check_number(&self, number: f64) -> Result<(), String> {
        if !number.is_finite() {
            return Err(format!("{number} is no finite number"));
        }
        if self.kind == ParamKind::Int && number.fract() != 0.0 {
            return Err(format!("{number} is no whole number"));
        }
        if let Some(min) = self.min.filter(|min| number < *min) {
            return Err(format!("{number} is below the least, {min}"));
        }
        if let Some(max) = self.max.filter(|max| number > *max) {
            return Err(format!("{number} is above the most, {max}"));
        }
        Ok(())
    }
}

/// A script's number as the gate counts.
fn exact<T: FromStr>(name: &str, number: Option<f64>) -> Result<Option<T>, String> {
    let read = |number: f64| {
        let read = number.to_string().parse().ok();
        read.ok_or_else(|| format!("{name} is {number}, which is no amount with at most nine decimals"))
    };
    number.map(read).transpose()
}

fn check_text(field: &str, text: &str, chars_max: usize) -> Result<(), String> {
    let chars = text.chars().count();
    if chars == 0 || chars > chars_max || text.contains(steers) {
        return Err(format!("{field} is a text of 1 to {chars_max} characters without control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(change: &str) -> Manifest {
        let mut json: serde_json::Value = serde_json::from_str(
            r#"{"api":1,"name":"x","version":"1","timeframe":"5Min","params":{
                "fast":{"type":"int","default":10,"min":2,"max":20},
                "side":{"type":"string","default":"long","options":["long","short"]}}}"#,
        )
        .unwrap();
        let change: serde_json::Value = serde_json::from_str(change).unwrap();
        for (name, value) in change.as_object().unwrap() {
            json[name] = value.clone();
        }
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_manifest_outside_the_contract_is_named_by_its_field() {
        assert_eq!(manifest("{}").check(), Ok(()));
        assert_eq!(manifest("{}").timeframe_minutes(), 5);
        for (change, words) in [
            (r#"{"api":2}"#, "api is 2"),
            (r#"{"name":""}"#, "name is"),
            (r#"{"timeframe":"7Min"}"#, "timeframe is"),
            (r#"{"warmup":10001}"#, "warmup is"),
            (r#"{"asks":{"maxUsd":0}}"#, "asks: max_usd must be above zero"),
            (r#"{"asks":{"maxQty":1e-12}}"#, "asks: maxQty is"),
            (r#"{"params":{"a":{"type":"int","default":1.5}}}"#, "params.a: default 1.5 is no whole"),
            (r#"{"params":{"a":{"type":"bool","default":1}}}"#, "params.a: default 1 is no bool"),
            (r#"{"params":{"a":{"type":"float","default":3,"max":2}}}"#, "above the most"),
        ] {
            let said = manifest(change).check().unwrap_err();
            assert!(said.contains(words), "{change}: {said}");
        }
    }

    #[test]
    fn the_traders_values_are_checked_and_the_rest_take_their_defaults() {
        let settle = |name: &str, value: ParamValue| {
            manifest("{}").settle(&BTreeMap::from([(name.to_owned(), value)]))
        };
        let settled = settle("fast", ParamValue::Number(12.0)).unwrap();
        assert_eq!(settled["fast"], ParamValue::Number(12.0));
        assert_eq!(settled["side"], ParamValue::Text("long".to_owned()));
        assert!(settle("fast", ParamValue::Number(1.0)).unwrap_err().contains("below the least"));
        assert!(settle("side", ParamValue::Text("up".to_owned())).unwrap_err().contains("none of"));
        assert!(settle("slow", ParamValue::Number(1.0)).unwrap_err().contains("there is no param"));
    }
}
