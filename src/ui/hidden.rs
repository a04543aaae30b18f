use std::fmt;

use ratatui::crossterm::event::KeyCode;
use zeroize::Zeroizing;

use crate::ui::ink::clean;
use crate::ui::key::Key;

/// More than any passphrase has; what is beyond it is not taken.
const SIGNS_MAX: usize = 1_000;
/// So many dots at most: how long a secret is may be guessed from the screen no further.
const DOTS_MAX: usize = 24;

/// A line whose text is on no screen, in no log and in no test's output.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was typed, for the one place that hands it on.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the screen shows of it.
    pub fn dots(&self) -> String {
        "•".repeat(self.0.chars().count().min(DOTS_MAX))
    }

    /// Takes pasted text in; control signs become spaces, and those at its ends go.
    pub fn paste(&mut self, text: &str) {
        for letter in clean(text).trim().chars() {
            self.insert(letter);
        }
    }

    fn insert(&mut self, letter: char) {
        if self.0.chars().count() < SIGNS_MAX {
            self.0.push(letter);
        }
    }

    /// Takes a key in: a sign, Backspace, or Ctrl-u for all of it.
    pub fn take(&mut self, key: Key) {
        if let Some(letter) = key.writes() {
            return self.insert(letter);
        }
        match (key.code, key.ctrl) {
            (KeyCode::Backspace, _) => drop(self.0.pop()),
            (KeyCode::Char('u'), true) => *self = Self::default(),
            _ => {}
        }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Hidden")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_unseen_is_shown_nowhere() {
        let mut hidden = Hidden::default();
        for letter in "pässword".chars() {
            hidden.take(Key::letter(letter));
        }
        hidden.take(Key::plain(KeyCode::Backspace));
        hidden.paste(" and\u{1b}more\n");
        assert_eq!(hidden.expose(), "pässworand more");
        assert_eq!((format!("{hidden:?}").as_str(), hidden.dots().chars().count()), ("Hidden", 15));
        hidden.paste(&"x".repeat(5_000));
        assert_eq!((hidden.dots().chars().count(), hidden.expose().chars().count()), (24, SIGNS_MAX));
        hidden.take(Key::ctrl('u'));
        assert!(hidden.is_empty());
    }
}
