//! Text from outside, before anybody is shown it: a venue's words, a script's lines, a file's fields.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character does something to whoever shows it, in the place of being read: control characters move a
/// cursor or begin another line, and the marks of direction and of no width make a line look like another.
#[must_use]
pub fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// The text with a blank in the place of what steers.
#[must_use]
pub fn blanked(text: &str) -> Cow<'_, str> {
    if text.contains(steers) {
        Cow::Owned(text.chars().map(|letter| if steers(letter) { ' ' } else { letter }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// A text of many lines without what steers: lines and indentation stay.
#[must_use]
pub fn tamed(text: &str) -> String {
    let shown = |letter: &char| *letter == '\n' || *letter == '\t' || !steers(*letter);
    text.chars().filter(shown).collect()
}

/// The text with the number (`\u001b`) of what steers in its place, but for what is to be kept. Within JSON that is
/// the same text, written in another way.
#[must_use]
pub fn escaped<'a>(text: &'a str, keeps: &[char]) -> Cow<'a, str> {
    let goes = |letter: char| steers(letter) && !keeps.contains(&letter);
    if !text.contains(goes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if goes(letter) {
            let _written = write!(out, "\\u{:04x}", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEERING: &str = "a\u{1b}[2J\r\n\tb\u{9b}1mc\u{202e}d\u{2028}e\u{7f}f\u{200d}g\u{feff}h\u{61c}i";

    #[test]
    fn nothing_that_steers_is_left() {
        let blanked = blanked(STEERING);
        assert_eq!(blanked, "a [2J   b 1mc d e f g h i");
        let whole = escaped(STEERING, &[]);
        assert!(!whole.contains(steers), "{whole}");
        assert!(whole.starts_with("a\\u001b[2J\\u000d\\u000a\\u0009b\\u009b1mc\\u202ed"), "{whole}");
        assert!(escaped(STEERING, &['\n']).contains('\n'));
        assert_eq!(tamed(STEERING), "a[2J\n\tb1mcdefghi");
    }

    #[test]
    fn what_steers_nobody_is_handed_back_as_it_is() {
        for text in ["", "plain", "é→…", "two\nlines"] {
            assert!(matches!(escaped(text, &['\n']), Cow::Borrowed(same) if same == text));
        }
        assert!(matches!(blanked("plain é"), Cow::Borrowed(_)));
    }

    #[test]
    fn within_json_it_is_the_same_text() {
        let json = serde_json::to_string(STEERING).unwrap();
        let escaped = escaped(&json, &[]);
        assert!(!escaped.contains(steers));
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), STEERING);
    }
}
