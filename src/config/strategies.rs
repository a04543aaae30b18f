use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::fault::{Fault, shown};
use crate::config::meaning::{text_of, unknown};
use crate::config::written::{Entry, Value};
use crate::domain::symbol::Symbol;

const KEYS: [&str; 3] = ["file", "symbols", "params"];

/// One strategy to run.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyEntry {
    /// Its script, as written: relative to the config's folder where it is not absolute.
    pub file: PathBuf,
    /// What it trades; the script's own list where it is empty.
    pub symbols: Vec<Symbol>,
    /// Values of its params; `true` is 1 and `false` 0. The script's own bounds hold for them.
    pub params: BTreeMap<String, f64>,
}

/// Reads every `[[strategy]]`; the faults of one do not hide those of the next.
pub(super) fn read(written: &[Entry], faults: &mut Vec<Fault>) -> Vec<StrategyEntry> {
    written.iter().filter_map(|entry| read_one(entry, faults)).collect()
}

fn read_one(entry: &Entry, faults: &mut Vec<Fault>) -> Option<StrategyEntry> {
    let Value::Table(table) = &entry.value else {
        faults.push(Fault { line: entry.line, says: "write [[strategy]] and its keys below it".to_owned() });
        return None;
    };
    for (key, stranger) in table.iter().filter(|(key, _)| !KEYS.contains(&key.as_str())) {
        let mut fault = unknown(key, stranger.line, KEYS.into_iter());
        fault.says = format!("[[strategy]] {}", fault.says);
        faults.push(fault);
    }
    let file = read_file(entry.line, table.get("file"), faults);
    let symbols = table.get("symbols").map_or_else(Vec::new, |symbols| read_symbols(symbols, faults));
    let params = table.get("params").map_or_else(BTreeMap::new, |params| read_params(params, faults));
    file.map(|file| StrategyEntry { file, symbols, params })
}

fn read_file(line: usize, file: Option<&Entry>, faults: &mut Vec<Fault>) -> Option<PathBuf> {
    let text = file.and_then(|entry| text_of(&entry.value)).filter(|text| !text.is_empty());
    if text.is_none() {
        let line = file.map_or(line, |entry| entry.line);
        let says = "[[strategy]] file: it must name a script, such as \"strategies/sma_cross.js\"".to_owned();
        faults.push(Fault { line, says });
    }
    text.map(PathBuf::from)
}

fn read_symbols(entry: &Entry, faults: &mut Vec<Fault>) -> Vec<Symbol> {
    let Value::List(list) = &entry.value else {
        let says = "[[strategy]] symbols: it must be a list, such as [\"SPY\"]".to_owned();
        faults.push(Fault { line: entry.line, says });
        return Vec::new();
    };
    let mut symbols: Vec<Symbol> = Vec::new();
    for item in list {
        match text_of(&item.value).map(str::parse::<Symbol>) {
            Some(Ok(symbol)) if symbols.contains(&symbol) => {
                let says = format!("[[strategy]] symbols: {symbol} stands there twice; take one out");
                faults.push(Fault { line: item.line, says });
            }
            Some(Ok(symbol)) => symbols.push(symbol),
            _ => {
                let says = format!(
                    "[[strategy]] symbols: {} is none; a symbol is 1 to 24 characters of A–Z, 0–9, '.' and '/'",
                    item.value.shown()
                );
                faults.push(Fault { line: item.line, says });
            }
        }
    }
    symbols
}

fn read_params(entry: &Entry, faults: &mut Vec<Fault>) -> BTreeMap<String, f64> {
    let Value::Table(table) = &entry.value else {
        let says = "[[strategy]] params: it must be a table, such as { fast = 10 }".to_owned();
        faults.push(Fault { line: entry.line, says });
        return BTreeMap::new();
    };
    let mut params = BTreeMap::new();
    for (name, param) in table {
        let number = match &param.value {
            Value::Number(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
            Value::Flag(on) => Some(f64::from(u8::from(*on))),
            _ => None,
        };
        if let Some(number) = number {
            params.insert(name.clone(), number);
        } else {
            let says = format!(
                "[[strategy]] params: {} = {}: it must be a plain number, true or false",
                shown(name),
                param.value.shown()
            );
            faults.push(Fault { line: param.line, says });
        }
    }
    params
}
