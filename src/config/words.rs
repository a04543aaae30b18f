use std::collections::BTreeMap;

use crate::config::fault::Fault;
use crate::config::meaning::Config;
use crate::config::written::{Value, Written};

/// Where the window's keys stand.
const KEYS: &str = "keys.";

/// The window, in the trader's words. What they mean is for the window to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The name of a set of colours.
    pub theme: String,
    /// Whether only ASCII may be drawn, whatever the terminal takes.
    pub ascii: bool,
    /// In paper the window locks itself after so many minutes in which nothing was touched; 0 is never.
    pub lock_after_min: u32,
    /// Keys of the trader's own: an action's name, and a key's.
    pub keys: BTreeMap<String, String>,
}

/// A word that its judge does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordFault {
    /// The key that it stands at, as `window.theme`.
    pub key: String,
    /// What is wrong, with key, value and remedy.
    pub says: String,
}

/// Whoever knows what words mean that only other rooms understand: everything that is wrong with them, at once.
pub type Judge = fn(&Config) -> Vec<WordFault>;

impl Default for Window {
    fn default() -> Self {
        Self { theme: "okabe".to_owned(), ascii: false, lock_after_min: 30, keys: BTreeMap::new() }
    }
}

/// Whether a key belongs to the trader's own keys, whose names only the window knows.
pub(super) fn is_own_key(key: &str) -> bool {
    key.starts_with(KEYS)
}

/// Reads `[keys]`.
pub(super) fn keys(written: &Written, faults: &mut Vec<Fault>) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for (key, entry) in &written.settings {
        let Some(name) = key.strip_prefix(KEYS) else { continue };
        match &entry.value {
            Value::Text(text) => drop(keys.insert(name.to_owned(), text.clone())),
            other => {
                let (key, value) = (crate::config::fault::shown(key), other.shown());
                let says =
                    format!("{key} = {value}: it must be a key in quotes, such as \"b\" or \"ctrl-l\"");
                faults.push(Fault { line: entry.line, says });
            }
        }
    }
    keys
}

/// What the judge says, with the lines where the words stand.
pub(super) fn judged(config: &Config, judge: Judge, written: &Written) -> Vec<Fault> {
    let line = |key: &str| written.settings.get(key).map_or(0, |entry| entry.line);
    judge(config).into_iter().map(|fault| Fault { line: line(&fault.key), says: fault.says }).collect()
}
