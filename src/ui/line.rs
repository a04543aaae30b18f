use ratatui::crossterm::event::KeyCode;

use crate::ui::ink::clean;
use crate::ui::key::Key;

/// More than anybody types into one line; what is beyond it is not taken.
const SIGNS_MAX: usize = 400;

/// A line that is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    text: Vec<char>,
    at: usize,
}

impl Line {
    /// A line that begins with `text`, the cursor at its end.
    pub fn new(text: &str) -> Self {
        let text: Vec<char> = clean(text).chars().take(SIGNS_MAX).collect();
        Self { at: text.len(), text }
    }

    /// What stands in it.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where the cursor stands, in signs from the left.
    pub const fn cursor(&self) -> usize {
        self.at
    }

    /// Takes pasted text in; control signs become spaces.
    pub fn paste(&mut self, text: &str) {
        for letter in clean(text).chars() {
            self.insert(letter);
        }
    }

    fn insert(&mut self, letter: char) {
        if self.text.len() < SIGNS_MAX {
            self.text.insert(self.at, letter);
            self.at += 1;
        }
    }

    /// Takes a key in; `false` when it means nothing in a line.
    pub fn take(&mut self, key: Key) -> bool {
        if let Some(letter) = key.writes() {
            self.insert(letter);
            return true;
        }
        match (key.code, key.ctrl) {
            (KeyCode::Backspace, _) if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            (KeyCode::Delete, _) if self.at < self.text.len() => drop(self.text.remove(self.at)),
            (KeyCode::Left, _) => self.at = self.at.saturating_sub(1),
            (KeyCode::Right, _) => self.at = (self.at + 1).min(self.text.len()),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.at = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.at = self.text.len(),
            (KeyCode::Char('u'), true) => drop(self.text.drain(..std::mem::take(&mut self.at))),
            (KeyCode::Backspace | KeyCode::Delete, _) => {}
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_where_the_cursor_stands() {
        let mut line = Line::new("buy SPY");
        for key in [Key::plain(KeyCode::Left), Key::plain(KeyCode::Backspace), Key::letter('L')] {
            assert!(line.take(key));
        }
        assert_eq!((line.text().as_str(), line.cursor()), ("buy SLY", 6));
        line.take(Key::ctrl('u'));
        assert_eq!((line.text().as_str(), line.cursor()), ("Y", 0));
        assert!(!line.take(Key::plain(KeyCode::Enter)));
    }

    #[test]
    fn a_paste_brings_no_control_sign_and_ends_somewhere() {
        let mut line = Line::default();
        line.paste("a\nb\u{1b}c");
        assert_eq!(line.text(), "a b c");
        line.paste(&"x".repeat(10_000));
        assert_eq!(line.text().chars().count(), SIGNS_MAX);
    }
}
