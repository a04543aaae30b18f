use serde_json::{Map, Value as Json};

use crate::config::meaning::Config;
use crate::config::setting::Setting;
use crate::config::strategies::StrategyEntry;
use crate::config::table::{Visitor, every_setting};

/// The settings in force as TOML that reads back as the same settings, each marked where it is the
/// default.
pub fn toml(config: &Config) -> String {
    let (mut config, mut default) = (config.clone(), Config::default());
    let (mut shown, mut defaults) = (Lister::default(), Lister::default());
    every_setting(&mut config, &mut shown);
    every_setting(&mut default, &mut defaults);
    let mut out = String::new();
    let mut section = "";
    for ((key, value), (_, default)) in shown.0.iter().zip(&defaults.0) {
        let (here, name) = key.split_once('.').unwrap_or(("", key));
        if here != section {
            section = here;
            out.extend(["\n[", section, "]\n"]);
        }
        let mark = if value == default { "  # default" } else { "" };
        match value {
            Json::Null if section == "alpaca" => out.extend(["# ", name, " is not set: Alpaca's own\n"]),
            Json::Null => out.extend(["# ", name, " is not set: there is no such limit\n"]),
            value => out.extend([name, " = ", value.to_string().as_str(), mark, "\n"]),
        }
    }
    if !config.window.keys.is_empty() {
        out.push_str("\n[keys]\n");
    }
    for (name, key) in &config.window.keys {
        out.push_str(&format!("{} = {}\n", Json::from(name.as_str()), Json::from(key.as_str())));
    }
    for entry in &config.strategies {
        out.push_str(&strategy_toml(entry));
    }
    out
}

/// The settings in force as JSON, by section; a limit that is not set is null.
pub fn json(config: &Config) -> Json {
    let mut config = config.clone();
    let mut shown = Lister::default();
    every_setting(&mut config, &mut shown);
    let mut out = Map::new();
    out.insert("schema".to_owned(), Json::from(1));
    for (key, value) in shown.0 {
        match key.split_once('.') {
            None => drop(out.insert(key.to_owned(), value)),
            Some((section, name)) => {
                let section = out.entry(section).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(section) = section {
                    section.insert(name.to_owned(), value);
                }
            }
        }
    }
    out.insert("keys".to_owned(), Json::from_iter(config.window.keys.clone()));
    let strategies = config.strategies.iter().map(strategy_json).collect();
    out.insert("strategies".to_owned(), Json::Array(strategies));
    Json::Object(out)
}

#[derive(Default)]
struct Lister(Vec<(&'static str, Json)>);

impl Visitor for Lister {
    fn setting<T: Setting>(&mut self, key: &'static str, place: &mut T) {
        self.0.push((key, place.json()));
    }
}

/// JSON's texts, lists and numbers are TOML's too; only the table is written otherwise.
fn strategy_toml(entry: &StrategyEntry) -> String {
    let file = Json::from(entry.file.to_string_lossy());
    let symbols = Json::from(entry.symbols.iter().map(ToString::to_string).collect::<Vec<_>>());
    let params: Vec<String> = entry
        .params
        .iter()
        .map(|(name, value)| format!("{} = {value:?}", Json::from(name.as_str())))
        .collect();
    format!("\n[[strategy]]\nfile = {file}\nsymbols = {symbols}\nparams = {{ {} }}\n", params.join(", "))
}

fn strategy_json(entry: &StrategyEntry) -> Json {
    serde_json::json!({ "file": entry.file.to_string_lossy(), "symbols": entry.symbols, "params": entry.params })
}
