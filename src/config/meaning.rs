use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::str::FromStr;

use crate::config::fault::{ConfigError, Fault};
use crate::config::nearest::nearest;
use crate::config::setting::Setting;
use crate::config::strategies::{self, StrategyEntry};
use crate::config::table::{Visitor, every_setting, key_of_limit};
use crate::config::words::{self, Judge, Window};
use crate::config::written::{self, Entry, Value, Written};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::symbol::Symbol;
use crate::exchange::settings::{Costs, Settings};
use crate::risk::limits::{LimitFault, Limits};

/// A config is a page of text; a larger file is a mistake.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Everything the trader can set, within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where orders go.
    pub mode: Mode,
    /// The gate's limits, with what the daily loss does besides.
    pub limits: Limits,
    /// The embedded exchange's account and pace.
    pub sim: Sim,
    /// What trading costs there, and in a backtest.
    pub costs: Costs,
    /// The line to Alpaca.
    pub alpaca: Alpaca,
    /// Real money.
    pub live: Live,
    /// The strategies to run, in their order.
    pub strategies: Vec<StrategyEntry>,
    /// The window's colours and keys.
    pub window: Window,
    /// What is logged.
    pub logs: Logs,
}

/// Real money, which is asked for with `--live` at each start besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Whether it may be asked for at all.
    pub enabled: bool,
    /// The most dollars that count as equity there.
    pub max_capital: Money,
    /// The window locks itself after so many minutes in which nothing was touched.
    pub lock_after_min: u32,
}

/// The line to Alpaca, in paper and live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alpaca {
    /// An address in the place of the account's own: an exchange on this machine. Which ones there may be is for
    /// others to say.
    pub base_url: Option<String>,
    /// Which feed of market data the data plan has.
    pub feed: Feed,
    /// Symbols whose market data are asked for, beside those of strategies and positions.
    pub symbols: Vec<Symbol>,
}

/// Alpaca's feeds of market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// One exchange's, which is free.
    Iex,
    /// Every exchange's, which is not.
    Sip,
    /// Made-up prices of one symbol, at all hours.
    Test,
}

impl Feed {
    pub(super) const WORDS: [(&str, Self); 3] =
        [("iex", Self::Iex), ("sip", Self::Sip), ("test", Self::Test)];

    /// The word of the config, and the last part of the stream's path.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iex => "iex",
            Self::Sip => "sip",
            Self::Test => "test",
        }
    }
}

/// The embedded exchange's account and pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sim {
    /// The account's cash at the beginning of a ledger.
    pub cash: Money,
    /// How fast recorded data passes.
    pub speed: Speed,
    /// The seed of the exchange's faults and the strategies' chance.
    pub seed: u64,
    /// Whether shares can be sold short.
    pub shorts: bool,
}

/// How fast recorded data passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// So many times as fast as it happened.
    Times(u32),
    /// As fast as the machine can.
    Max,
}

/// The text is no speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a speed is a whole number from 1 to 100000, or \"max\"")]
pub struct SpeedFault;

/// What reaching the daily loss does besides ending openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDailyLoss {
    /// Positions stay, with their stops.
    ReduceOnly,
    /// Every position is closed.
    Flatten,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// From which importance on.
    pub level: LogLevel,
    /// Files of so many days are kept.
    pub keep_days: u32,
    /// Compressed parts of the tape of an account's ledger, in mebibytes: the oldest go first.
    pub tape_mb: u32,
}

/// How important a line must be to be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may come to fail.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
    /// Every step of it.
    Trace,
}

impl Default for Config {
    fn default() -> Self {
        let exchange = Settings::default();
        Self {
            mode: Mode::Sim,
            limits: Limits::default(),
            sim: Sim {
                cash: exchange.cash,
                speed: Speed::Times(60),
                seed: exchange.seed,
                shorts: exchange.shorts,
            },
            costs: exchange.costs,
            alpaca: Alpaca { base_url: None, feed: Feed::Iex, symbols: Vec::new() },
            live: Live { enabled: false, max_capital: Money::dollars(5_000), lock_after_min: 5 },
            strategies: Vec::new(),
            window: Window::default(),
            logs: Logs { level: LogLevel::Info, keep_days: 14, tape_mb: 2_048 },
        }
    }
}

impl FromStr for Speed {
    type Err = SpeedFault;

    fn from_str(text: &str) -> Result<Self, SpeedFault> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.parse().ok().filter(|times| (1..=100_000).contains(times));
        times.map(Self::Times).ok_or(SpeedFault)
    }
}

impl OnDailyLoss {
    pub(super) const WORDS: [(&str, Self); 2] =
        [("reduce_only", Self::ReduceOnly), ("flatten", Self::Flatten)];

    pub(super) const fn of(flatten: bool) -> Self {
        if flatten { Self::Flatten } else { Self::ReduceOnly }
    }

    /// The word of the config.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReduceOnly => "reduce_only",
            Self::Flatten => "flatten",
        }
    }
}

impl LogLevel {
    pub(super) const WORDS: [(&str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// The word of the config.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl Config {
    /// Reads the file at `path`, which must be there; `judge` knows what the window's words mean.
    ///
    /// # Errors
    /// A file that cannot be read, or everything that is wrong with it.
    pub fn read(path: &Path, judge: Judge) -> Result<Self, ConfigError> {
        Self::parse(&path.display().to_string(), &text_of_file(path)?, judge)
    }

    /// Reads a file of one section, whose keys may stand in it without the section's name.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_section(path: &Path, section: &str, judge: Judge) -> Result<Self, ConfigError> {
        Self::understand(&path.display().to_string(), &text_of_file(path)?, Some(section), judge)
    }

    /// Reads the file at `path`; the defaults where there is none.
    ///
    /// # Errors
    /// As [`Config::read`], but for a missing file.
    pub fn read_or_default(path: &Path, judge: Judge) -> Result<Self, ConfigError> {
        match Self::read(path, judge) {
            Err(ConfigError::Unreadable { fault, .. }) if fault.kind() == ErrorKind::NotFound => {
                Ok(Self::default())
            }
            other => other,
        }
    }

    /// Understands the text of a file that is called `file`.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn parse(file: &str, text: &str, judge: Judge) -> Result<Self, ConfigError> {
        Self::understand(file, text, None, judge)
    }

    fn understand(file: &str, text: &str, section: Option<&str>, judge: Judge) -> Result<Self, ConfigError> {
        let (mut written, mut faults) = written::read(text);
        if let Some(section) = section {
            written.put_under(section);
        }
        let mut config = Self::default();
        let mut filler = Filler { written: &written, known: BTreeSet::new(), faults: Vec::new() };
        every_setting(&mut config, &mut filler);
        let Filler { known, faults: misread, .. } = filler;
        faults.extend(misread);
        faults.extend(unknown_keys(&written, &known));
        config.strategies = strategies::read(&written.strategies, &mut faults);
        config.window.keys = words::keys(&written, &mut faults);
        faults.extend(words::judged(&config, judge, &written));
        faults.extend(config.out_of_bounds(&written.settings));
        faults.sort();
        faults.dedup();
        if faults.is_empty() { Ok(config) } else { Err(ConfigError::Wrong { file: file.to_owned(), faults }) }
    }

    fn out_of_bounds(&self, written: &BTreeMap<String, Entry>) -> Vec<Fault> {
        let in_gate = self.limits.faults().into_iter().map(|fault| (key_of_limit(fault.key), fault));
        let besides = self.own_faults().into_iter().map(|fault| (fault.key.to_owned(), fault));
        let said = in_gate.chain(besides).map(|(key, fault)| {
            let LimitFault { value, bound, remedy, .. } = fault;
            let line = written.get(&key).map_or(0, |entry| entry.line);
            Fault { line, says: format!("{key} = {value}: it must be {bound}; {remedy}") }
        });
        said.collect()
    }

    /// Settings beyond the gate's limits that are outside of their bounds.
    fn own_faults(&self) -> Vec<LimitFault> {
        let mut faults = Vec::new();
        let mut check = |key, within: bool, value: String, bound, remedy| {
            if !within {
                faults.push(LimitFault { key, value, bound, remedy });
            }
        };
        let mode = format!("{:?}", self.mode.word());
        let remedy = "real money is asked for with `hardstop run --live` at each start, and by no file";
        check("mode", self.mode != Mode::Live, mode, "\"sim\" or \"paper\"", remedy);
        let cash = self.sim.cash;
        let within = (Money::dollars(1)..=Money::dollars(1_000_000_000)).contains(&cash);
        check("sim.cash", within, cash.exact(), "1 to 1000000000 (dollars)", "100000 is the default");
        let capital = self.live.max_capital;
        let within = (Money::dollars(1)..=Money::dollars(1_000_000_000)).contains(&capital);
        check(
            "live.max_capital",
            within,
            capital.exact(),
            "1 to 1000000000 (dollars)",
            "5000 is the default",
        );
        let after = self.live.lock_after_min;
        let remedy = "5 is the default; with real money the window always locks itself";
        check(
            "live.lock_after_min",
            (1..=60).contains(&after),
            after.to_string(),
            "1 to 60 (minutes)",
            remedy,
        );
        let after = self.window.lock_after_min;
        let bound = "0 to 480 (minutes; 0 is never)";
        check("window.lock_after_min", after <= 480, after.to_string(), bound, "30 is the default");
        let fee = self.costs.fee_per_share;
        let within = (Price::ZERO..=Price::from_cents(100)).contains(&fee);
        check("costs.fee_per_share", within, fee.to_string(), "0 to 1 (dollars a share)", "0 is the default");
        let slippage = self.costs.slippage_bps;
        let bound = "0 to 1000 (hundredths of a per cent)";
        check("costs.slippage_bps", slippage <= 1_000, slippage.to_string(), bound, "1 is the default");
        let share = self.costs.volume_share_pct.unwrap_or_default();
        let within = share > Pct::whole(0) && share <= Pct::whole(100);
        let bound = "more than 0 and at most 100 (per cent)";
        check("costs.volume_share_pct", within, share.to_string(), bound, "10 is the default");
        let days = self.logs.keep_days;
        check(
            "logs.keep_days",
            (1..=365).contains(&days),
            days.to_string(),
            "1 to 365 (days)",
            "14 is the default",
        );
        let mebibytes = self.logs.tape_mb;
        check(
            "logs.tape_mb",
            (16..=1_000_000).contains(&mebibytes),
            mebibytes.to_string(),
            "16 to 1000000 (MiB)",
            "2048 is the default",
        );
        faults
    }
}

fn text_of_file(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |fault| ConfigError::Unreadable { path: path.to_owned(), fault };
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() || meta.len() > FILE_BYTES_MAX {
        let fault = Error::new(ErrorKind::InvalidInput, "it is not a plain file of at most 1 MiB");
        return Err(unreadable(fault));
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// Fills every setting with what was written, and notes which keys there are.
struct Filler<'w> {
    written: &'w Written,
    known: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

impl Visitor for Filler<'_> {
    fn setting<T: Setting>(&mut self, key: &'static str, place: &mut T) {
        self.known.insert(key);
        let Some(entry) = self.written.settings.get(key) else { return };
        match T::read(&entry.value) {
            Ok(value) => *place = value,
            Err(wrong) => {
                let says = format!("{key} = {}: {wrong}", entry.value.shown());
                self.faults.push(Fault { line: entry.line, says });
            }
        }
    }
}

fn unknown_keys(written: &Written, known: &BTreeSet<&'static str>) -> Vec<Fault> {
    let strangers =
        written.settings.iter().filter(|(key, _)| !known.contains(key.as_str()) && !words::is_own_key(key));
    strangers.map(|(key, entry)| unknown(key, entry.line, known.iter().copied())).collect()
}

/// The sentence about a key that does not exist.
pub(super) fn unknown<'k>(key: &str, line: usize, known: impl Iterator<Item = &'k str> + Clone) -> Fault {
    let last = key.rsplit('.').next().unwrap_or(key);
    // A key in the wrong section is near by its last word.
    let moved = known.clone().find(|other| other.rsplit('.').next() == Some(last));
    let remedy = match moved.or_else(|| nearest(key, known)) {
        Some(near) => format!("did you mean {near}?"),
        None => "take it out; `hardstop config template` lists every key".to_owned(),
    };
    Fault { line, says: format!("{} is not a key of hardstop; {remedy}", crate::config::fault::shown(key)) }
}

/// The value of a text entry.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../config.example.toml");

    /// The window's own judge stands in a room that this one does not know; `tests/cli.rs` asks it.
    fn judge(config: &Config) -> Vec<words::WordFault> {
        let window = &config.window;
        let wrong = |key: &str| words::WordFault { key: key.to_owned(), says: format!("{key}: judged") };
        let keys = window
            .keys
            .iter()
            .filter(|(_, key)| *key == "F12")
            .map(|(name, _)| wrong(&format!("keys.{name}")));
        keys.chain((window.theme == "pink").then(|| wrong("window.theme"))).collect()
    }

    fn corpus(folder: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
    }

    #[test]
    fn the_example_is_the_defaults_and_names_every_key() {
        assert_eq!(Config::parse("config.example.toml", EXAMPLE, judge).unwrap(), Config::default());
        let nothing = Written::default();
        let mut names = Filler { written: &nothing, known: BTreeSet::new(), faults: Vec::new() };
        every_setting(&mut Config::default(), &mut names);
        for key in names.known {
            let name = key.rsplit('.').next().unwrap();
            let written = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{name} = "));
            assert!(EXAMPLE.lines().any(written), "config.example.toml does not name {key}");
        }
    }

    /// What stands in a comment of the example is right, too: whoever takes the # away gets no fault.
    #[test]
    fn the_example_s_commented_keys_can_be_switched_on() {
        let on = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest == "[[strategy]]" => rest.to_owned(),
            _ => line.to_owned(),
        };
        let text: Vec<String> = EXAMPLE.lines().map(on).collect();
        let config = Config::parse("config.example.toml", &text.join("\n"), judge).unwrap();
        assert_eq!(config.limits.max_order_usd, Some(Money::dollars(5_000)));
        assert_eq!(config.strategies.len(), 1);
    }

    #[test]
    fn every_good_file_is_understood_and_shown_as_itself() {
        for (name, text) in corpus("good") {
            let config = Config::parse(&name, &text, judge).unwrap();
            let shown = crate::config::show::toml(&config);
            assert_eq!(Config::parse("shown", &shown, judge).unwrap(), config, "{name}:\n{shown}");
        }
        let config = Config::parse("tight", &corpus("good").last().unwrap().1, judge).unwrap();
        assert_eq!(config.limits.max_daily_loss_pct, Some("1.5".parse().unwrap()));
        assert_eq!(
            config.sim,
            Sim { cash: Money::dollars(25_000), speed: Speed::Max, ..Config::default().sim }
        );
        assert!(config.limits.flatten_on_daily_loss && !config.limits.stops_auto);
        assert_eq!(config.strategies[0].params["trend"], 1.0);
    }

    /// Each bad file's first line holds what its faults must say, parted by " | ".
    #[test]
    fn every_bad_file_is_refused_in_these_words() {
        for (name, text) in corpus("bad") {
            let expected = text.lines().next().unwrap().trim_start_matches("# ");
            let said = Config::parse(&name, &text, judge).unwrap_err().to_string();
            for part in expected.split(" | ") {
                assert!(said.lines().any(|line| line.contains(part)), "{name}: {part:?} is not in:\n{said}");
            }
            assert_eq!(said.lines().count(), expected.split(" | ").count(), "{name}:\n{said}");
            for secret in ["hunter2", "PKTEST", "u0050", "wJalr", "TESTTEST"] {
                assert!(!said.contains(secret), "{name} repeats the secret");
            }
        }
    }

    #[test]
    fn a_file_of_one_section_may_leave_its_name_out() {
        let limits =
            |text: &str| Config::understand("f", text, Some("limits"), judge).map(|config| config.limits);
        let bare = limits("max_heat_pct = 7").unwrap();
        assert_eq!(bare, limits("[limits]\nmax_heat_pct = 7").unwrap());
        assert_eq!(bare.max_heat_pct, Some(Pct::whole(7)));
        assert!(limits("max_heat = 7").unwrap_err().to_string().contains("limits.max_heat_pct"));
    }

    #[test]
    fn no_file_is_the_defaults_and_a_named_one_must_be_there() {
        let nowhere = Path::new("/nonexistent/config.toml");
        assert_eq!(Config::read_or_default(nowhere, judge).unwrap(), Config::default());
        assert!(Config::read(nowhere, judge).is_err());
    }
}
