use std::fmt;
use std::str::FromStr;

use ratatui::crossterm::event::KeyCode;

/// One key press. Shift shows in the letter itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt was held.
    pub alt: bool,
}

/// The text names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no key; write one letter, or ctrl-l, enter, esc, tab, f1 and the like")]
pub struct KeyFault(String);

impl Key {
    /// A key by itself.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// A letter, digit or sign.
    pub const fn letter(letter: char) -> Self {
        Self::plain(KeyCode::Char(letter))
    }

    /// A letter with Ctrl held.
    pub const fn ctrl(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), ctrl: true, alt: false }
    }

    /// Whether this is the kill chord: Ctrl-\, which legacy terminals report as Ctrl-4, or F12.
    pub fn is_kill(self) -> bool {
        match self.code {
            KeyCode::Char('\\' | '4') => self.ctrl,
            KeyCode::Char('\u{1c}') | KeyCode::F(12) => true,
            _ => false,
        }
    }

    /// The sign this key writes into a text field.
    pub fn writes(self) -> Option<char> {
        match self.code {
            KeyCode::Char(letter) if !self.ctrl && !self.alt && !letter.is_control() => Some(letter),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            out.write_str("Ctrl-")?;
        }
        if self.alt {
            out.write_str("Alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => out.write_str("Space"),
            KeyCode::Char(letter) => write!(out, "{letter}"),
            KeyCode::F(number) => write!(out, "F{number}"),
            KeyCode::PageUp => out.write_str("PgUp"),
            KeyCode::PageDown => out.write_str("PgDn"),
            KeyCode::BackTab => out.write_str("Shift-Tab"),
            other => write!(out, "{other:?}"),
        }
    }
}

impl FromStr for Key {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        let fault = || KeyFault(text.to_owned());
        let lower = text.to_lowercase();
        if let Some(letter) = lower.strip_prefix("ctrl-") {
            let mut letters = letter.chars();
            return match (letters.next(), letters.next()) {
                (Some(letter), None) => Ok(Self::ctrl(letter)),
                _ => Err(fault()),
            };
        }
        let mut letters = text.chars();
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            return Ok(Self::letter(letter));
        }
        let code = match lower.as_str() {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "space" => KeyCode::Char(' '),
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "pgup" => KeyCode::PageUp,
            "pgdn" => KeyCode::PageDown,
            _ => {
                let number = lower.strip_prefix('f').and_then(|number| number.parse().ok());
                KeyCode::F(number.filter(|number| (1..=24).contains(number)).ok_or_else(fault)?)
            }
        };
        Ok(Self::plain(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kill_chord_is_known_by_every_name_that_terminals_give_it() {
        for name in ["ctrl-\\", "ctrl-4", "f12"] {
            assert!(name.parse::<Key>().unwrap().is_kill(), "{name}");
        }
        assert!(Key::letter('\u{1c}').is_kill());
        for name in ["4", "\\", "f11", "ctrl-l", "esc"] {
            assert!(!name.parse::<Key>().unwrap().is_kill(), "{name}");
        }
    }

    #[test]
    fn a_key_reads_as_it_is_written() {
        for name in ["b", "X", "?", "Ctrl-l", "Enter", "Esc", "Tab", "F12", "PgUp", "Space"] {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
        assert!("ctrl-shift-x".parse::<Key>().is_err());
        assert!("f25".parse::<Key>().is_err());
    }

    #[test]
    fn control_signs_write_nothing() {
        assert_eq!(Key::letter('\u{1b}').writes(), None);
        assert_eq!(Key::ctrl('b').writes(), None);
        assert_eq!(Key::letter('b').writes(), Some('b'));
    }
}
