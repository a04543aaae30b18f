use crate::ui::key::{Key, KeyFault};

/// What a key asks for outside of text fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// What every key does.
    Help,
    /// A line in the shell's grammar.
    Palette,
    /// Narrow the log, or go to a symbol.
    Filter,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Ten rows down.
    FarDown,
    /// Ten rows up.
    FarUp,
    /// The pane alone on the screen.
    Open,
    /// Away with what is open; never destroys.
    Back,
    /// The ticket, to buy.
    Buy,
    /// The ticket, to sell.
    Sell,
    /// Cancel the selected order.
    Cancel,
    /// Cancel every opening order of the symbol.
    CancelSymbol,
    /// Close the selected position.
    Close,
    /// Close every position.
    Flatten,
    /// Change the selected order.
    Replace,
    /// Change the protective stop of the selected position.
    EditStop,
    /// Pause the selected strategy, or let it go on.
    Pause,
    /// The openings that wait for the trader's yes.
    Asks,
    /// The selected strategy's script.
    Review,
    /// The chart's next span of a bar.
    Timeframe,
    /// The chart's next line.
    Indicator,
    /// The selected row onto the clipboard.
    Copy,
    /// Paint everything anew.
    Redraw,
    /// Take the mouse, or leave it to the terminal.
    Mouse,
    /// The first steps.
    Wizard,
    /// Hide what is the trader's own.
    Lock,
    /// Step into the background.
    Suspend,
    /// End the run.
    Quit,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// What it asks for.
    pub action: Action,
    /// Its name in `[keys]` of the config.
    pub name: &'static str,
    /// The keys that ask for it.
    pub keys: &'static [&'static str],
    /// Its word in the footer; empty where it is not named there.
    pub hint: &'static str,
    /// What it does, in the help.
    pub help: &'static str,
}

const fn bind(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { action, name, keys, hint, help }
}

/// Every key of the window. What is upper case reaches further and is always asked again.
pub const TABLE: [Binding; 33] = [
    bind(Action::Help, "help", &["?"], "help", "what every key does"),
    bind(
        Action::Palette,
        "palette",
        &[":"],
        "cmd",
        "type a command, as in the shell: buy SPY 50 --limit 166.20",
    ),
    bind(Action::Filter, "filter", &["/"], "find", "go to a symbol, or narrow the log"),
    bind(Action::NextPane, "next_pane", &["Tab"], "pane", "the next pane"),
    bind(Action::PreviousPane, "previous_pane", &["Shift-Tab"], "", "the pane before"),
    bind(Action::Buy, "buy", &["b"], "buy", "open the ticket to buy the selected symbol"),
    bind(Action::Sell, "sell", &["s"], "sell", "open the ticket to sell the selected symbol"),
    bind(Action::Cancel, "cancel", &["c"], "cancel", "cancel the selected order"),
    bind(
        Action::CancelSymbol,
        "cancel_symbol",
        &["C"],
        "",
        "cancel every opening order of the symbol (asks)",
    ),
    bind(Action::Close, "close", &["x"], "close", "close the selected position (asks)"),
    bind(Action::Flatten, "flatten", &["X"], "", "close every position (asks)"),
    bind(Action::Replace, "replace", &["r"], "", "change the selected order"),
    bind(
        Action::EditStop,
        "edit_stop",
        &["e"],
        "stop",
        "change the protective stop of the selected position",
    ),
    bind(Action::Pause, "pause", &["p"], "pause", "pause the selected strategy, or let it go on"),
    bind(Action::Asks, "asks", &["Y"], "", "openings of strategies that wait for your yes"),
    bind(Action::Review, "review", &["v"], "", "read the selected strategy's script, and approve it"),
    bind(Action::Timeframe, "timeframe", &["m"], "", "the chart's bars: 1m, 5m, 15m, 1h, 1d"),
    bind(Action::Indicator, "indicator", &["i"], "", "the chart's line: none, EMA 20, SMA 50, VWAP"),
    bind(Action::Down, "down", &["j", "Down"], "", "one row down"),
    bind(Action::Up, "up", &["k", "Up"], "", "one row up"),
    bind(Action::First, "first", &["g", "Home"], "", "the first row"),
    bind(Action::Last, "last", &["G", "End"], "", "the last row"),
    bind(Action::FarDown, "far_down", &["Ctrl-d", "PgDn"], "", "ten rows down"),
    bind(Action::FarUp, "far_up", &["Ctrl-u", "PgUp"], "", "ten rows up"),
    bind(Action::Open, "open", &["Enter"], "", "the focused pane alone on the screen"),
    bind(Action::Back, "back", &["Esc"], "", "away with what is open; destroys nothing"),
    bind(Action::Copy, "copy", &["y"], "", "the selected row onto the clipboard"),
    bind(Action::Mouse, "mouse", &["t"], "", "take or leave the mouse"),
    bind(Action::Redraw, "redraw", &["Ctrl-l"], "", "paint everything anew"),
    bind(Action::Wizard, "wizard", &["w"], "", "the wizard: look, limits, keys, and the kill rehearsed"),
    bind(Action::Lock, "lock", &["L"], "lock", "hide balances, positions and symbols; the run goes on"),
    bind(Action::Suspend, "suspend", &["Ctrl-z"], "", "step into the background, where nothing is at stake"),
    bind(Action::Quit, "quit", &["q", "Ctrl-c"], "quit", "end the run (asks what to do with what stands)"),
];

/// Keys that no config may take: they belong to the kill, or do not arrive everywhere.
const RESERVED: [&str; 4] = ["Ctrl-\\", "Ctrl-4", "F12", "1"];

/// The keys in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(Vec<(Key, Action)>);

/// A line of `[keys]` that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysFault {
    /// No action has this name.
    #[error("keys.{0}: no action has this name; `hardstop man` lists them")]
    Unknown(String),
    /// The text names no key.
    #[error("keys.{name}: {fault}")]
    NoKey {
        /// The action's name.
        name: String,
        /// What is wrong.
        fault: KeyFault,
    },
    /// The key belongs to something else.
    #[error("keys.{name}: {key} already means {other}; give one of them another key")]
    Taken {
        /// The action's name.
        name: String,
        /// The key.
        key: String,
        /// What it means.
        other: &'static str,
    },
    /// The key is the kill's, or a number of a pane.
    #[error("keys.{name}: {key} is kept for the kill and the panes; choose another")]
    Reserved {
        /// The action's name.
        name: String,
        /// The key.
        key: String,
    },
    /// A plain letter with Ctrl that deletes or moves in every text field.
    #[error("keys.{name}: {key} is too near to keys that move; choose another")]
    Slip {
        /// The action's name.
        name: String,
        /// The key.
        key: String,
    },
}

impl KeysFault {
    /// The action's name, as it was written.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(name)
            | Self::NoKey { name, .. }
            | Self::Taken { name, .. }
            | Self::Reserved { name, .. }
            | Self::Slip { name, .. } => name,
        }
    }
}

impl Default for Keys {
    fn default() -> Self {
        let each = |line: &Binding| -> Vec<(Key, Action)> {
            line.keys.iter().filter_map(|name| Some((key_named(name).ok()?, line.action))).collect()
        };
        Self(TABLE.iter().flat_map(each).collect())
    }
}

fn key_named(name: &str) -> Result<Key, KeyFault> {
    if name.eq_ignore_ascii_case("shift-tab") {
        return Ok(Key::plain(ratatui::crossterm::event::KeyCode::BackTab));
    }
    name.parse()
}

impl Keys {
    /// What a key asks for.
    pub fn action(&self, key: Key) -> Option<Action> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, action)| *action)
    }

    /// The keys that ask for something, in words.
    pub fn of(&self, action: Action) -> String {
        let keys = self.0.iter().filter(|(_, asked)| *asked == action).map(|(key, _)| key.to_string());
        keys.collect::<Vec<_>>().join(" ")
    }

    /// The first key that asks for something.
    pub fn first_of(&self, action: Action) -> Option<Key> {
        self.0.iter().find(|(_, asked)| *asked == action).map(|(key, _)| *key)
    }

    /// The table with the trader's own keys in it: pairs of an action's name and a key's.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn with<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<KeysFault>> {
        let mut keys = Self::default();
        let (mut faults, mut wished) = (Vec::new(), Vec::new());
        for (name, text) in words {
            let Some(line) = TABLE.iter().find(|line| line.name == name) else {
                faults.push(KeysFault::Unknown(name.to_owned()));
                continue;
            };
            match key_named(text) {
                Ok(key) => wished.push((line, key)),
                Err(fault) => faults.push(KeysFault::NoKey { name: name.to_owned(), fault }),
            }
        }
        keys.0.retain(|(_, action)| !wished.iter().any(|(line, _)| line.action == *action));
        for (line, key) in wished {
            let (name, text) = (line.name.to_owned(), key.to_string());
            let is_digit = matches!(key.code, ratatui::crossterm::event::KeyCode::Char('0'..='9'));
            if key.is_kill() || RESERVED.contains(&text.as_str()) || is_digit {
                faults.push(KeysFault::Reserved { name, key: text });
            } else if key.ctrl
                && matches!(key.code, ratatui::crossterm::event::KeyCode::Char('h' | 'j' | 'k'))
            {
                faults.push(KeysFault::Slip { name, key: text });
            } else if let Some(other) = keys.action(key) {
                let other = TABLE.iter().find(|line| line.action == other).map_or("", |line| line.name);
                faults.push(KeysFault::Taken { name, key: text, other });
            } else {
                keys.0.push((key, line.action));
            }
        }
        if faults.is_empty() { Ok(keys) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_reads_and_means_one_thing() {
        let mut seen = Vec::new();
        for line in TABLE {
            for name in line.keys {
                let key = key_named(name).unwrap();
                assert!(!seen.contains(&key), "{name} means two things");
                assert!(!key.is_kill() && !RESERVED.contains(name), "{name} is the kill's");
                let slips = key.ctrl && matches!(key.to_string().as_str(), "Ctrl-h" | "Ctrl-j" | "Ctrl-k");
                assert!(!slips, "{name} slips");
                seen.push(key);
            }
        }
        assert_eq!(Keys::default().0.len(), seen.len());
    }

    #[test]
    fn the_traders_own_keys_take_the_place_of_the_tables() {
        let keys = Keys::with([("buy", "B"), ("sell", "S")]).unwrap();
        assert_eq!(keys.action(Key::letter('B')), Some(Action::Buy));
        assert_eq!(keys.action(Key::letter('b')), None);
        assert_eq!(keys.of(Action::Sell), "S");
    }

    #[test]
    fn every_fault_of_the_keys_is_named_at_once() {
        let wished = [
            ("bye", "z"),
            ("buy", "s"),
            ("help", "F12"),
            ("copy", "ctrl-shift-c"),
            ("find", "x"),
            ("close", "Ctrl-k"),
            ("open", "3"),
        ];
        let faults: Vec<String> = Keys::with(wished).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 7, "{faults:#?}");
        for (part, of) in [
            ("keys.bye", 7),
            ("already means sell", 7),
            ("kept for the kill", 7),
            ("names no key", 7),
            ("too near", 7),
        ] {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part} {of}: {faults:#?}");
        }
    }
}
