use ratatui::crossterm::event::KeyCode;

use crate::ui::key::Key;
use crate::ui::msg::Mouse;

/// The byte of Ctrl-\. No sign of UTF-8 and no sequence of a key has it within.
const CHORD: u8 = 0x1c;
/// F12, as every terminal sends it.
const F12: &[u8] = b"\x1b[24~";
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// No line of the window takes so much; what comes beyond it is dropped.
const PASTE_MAX: usize = 64 * 1024;
/// No key's sequence is so long.
const SEQUENCE_MAX: usize = 32;

/// What the bytes of a terminal mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// The kill chord.
    Kill,
    /// Any other key.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// The mouse, in cells from the upper left.
    Mouse(Mouse, u16, u16),
}

/// A terminal's bytes, read.
///
/// The chord is looked for in the bytes themselves, before they are anything else. A library that reads
/// events holds back what it cannot finish: behind a paste whose end never comes, the chord would wait
/// with everything else.
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    rest: Vec<u8>,
    pasting: Option<Vec<u8>>,
}

/// How the bytes begin.
enum Begins {
    /// With something that takes so many bytes.
    Whole(usize, Option<Input>),
    /// With something whose end is still to come.
    Part,
}

impl Keyboard {
    /// Takes bytes in. Chords come out first: they wait for nothing that was typed before them.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut out: Vec<Input> = bytes.iter().filter(|byte| **byte == CHORD).map(|_| Input::Kill).collect();
        for byte in bytes.iter().filter(|byte| **byte != CHORD) {
            self.take_byte(*byte, &mut out);
        }
        // A lone ESC is the key: what follows it in a sequence follows at once.
        if self.rest == [0x1b] {
            self.rest.clear();
            out.push(Input::Key(Key::plain(KeyCode::Esc)));
        }
        out
    }

    /// Whether the end of something is still to come.
    pub(super) fn waits(&self) -> bool {
        self.pasting.is_some() || !self.rest.is_empty()
    }

    /// Nothing came for a while: what is unfinished ends here.
    pub(super) fn give_up(&mut self) -> Vec<Input> {
        self.rest.clear();
        self.pasting.take().map(pasted).into_iter().collect()
    }

    fn take_byte(&mut self, byte: u8, out: &mut Vec<Input>) {
        if let Some(text) = &mut self.pasting {
            text.push(byte);
            if text.ends_with(F12) {
                out.insert(0, Input::Kill);
                text.truncate(text.len() - F12.len());
            } else if text.ends_with(PASTE_ENDS) {
                text.truncate(text.len() - PASTE_ENDS.len());
                out.extend(self.pasting.take().map(pasted));
            } else if text.len() > PASTE_MAX + PASTE_ENDS.len() {
                // The last bytes stay: they may be the beginning of its end.
                text.remove(PASTE_MAX);
            }
            return;
        }
        self.rest.push(byte);
        if self.rest == PASTE_BEGINS {
            self.rest.clear();
            self.pasting = Some(Vec::new());
            return;
        }
        while let Begins::Whole(length, input) = begins(&self.rest) {
            self.rest.drain(..length);
            match input {
                Some(Input::Key(key)) if key.is_kill() => out.insert(0, Input::Kill),
                other => out.extend(other),
            }
        }
    }
}

fn pasted(mut text: Vec<u8>) -> Input {
    text.truncate(PASTE_MAX);
    Input::Paste(String::from_utf8_lossy(&text).into_owned())
}

fn begins(bytes: &[u8]) -> Begins {
    let (Some(first), second) = (bytes.first(), bytes.get(1)) else { return Begins::Part };
    match (first, second) {
        (0x1b, None) => Begins::Part,
        (0x1b, Some(0x1b)) => Begins::Whole(1, Some(Input::Key(Key::plain(KeyCode::Esc)))),
        (0x1b, Some(b'[')) => control_sequence(bytes),
        (0x1b, Some(b'O')) => match bytes.get(2) {
            Some(last) if last.is_ascii_graphic() => Begins::Whole(3, named(*last, 0).map(Input::Key)),
            Some(_) => Begins::Whole(2, None),
            None => Begins::Part,
        },
        (0x1b, Some(_)) => match letter(bytes.get(1..).unwrap_or_default()) {
            Begins::Whole(length, Some(Input::Key(key))) => {
                Begins::Whole(length + 1, Some(Input::Key(Key { alt: true, ..key })))
            }
            Begins::Whole(length, _) => Begins::Whole(length + 1, None),
            Begins::Part => Begins::Part,
        },
        _ => letter(bytes),
    }
}

/// A sign by itself: a control byte, or a character of UTF-8.
fn letter(bytes: &[u8]) -> Begins {
    let Some(first) = bytes.first() else { return Begins::Part };
    let key = match first {
        b'\r' => Key::plain(KeyCode::Enter),
        b'\t' => Key::plain(KeyCode::Tab),
        0x7f => Key::plain(KeyCode::Backspace),
        0x00 => Key::ctrl(' '),
        0x01..=0x1a => Key::ctrl(char::from(b'a' + first - 1)),
        0x1b => Key::plain(KeyCode::Esc),
        0x1c..=0x1f => Key::ctrl(char::from(b'4' + first - 0x1c)),
        _ => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => 1,
            };
            let Some(sign) = bytes.get(..length) else { return Begins::Part };
            let letter = std::str::from_utf8(sign).ok().and_then(|text| text.chars().next());
            // A byte that begins no character is nothing, and what follows it is looked at anew.
            return Begins::Whole(
                letter.map_or(1, char::len_utf8),
                letter.map(|letter| Input::Key(Key::letter(letter))),
            );
        }
    };
    Begins::Whole(1, Some(Input::Key(key)))
}

/// ECMA-48 5.4: `ESC [`, parameters and intermediates, one final byte.
fn control_sequence(bytes: &[u8]) -> Begins {
    let body = bytes.get(2..).unwrap_or_default();
    // The Linux console's F1 to F5.
    if let Some(b'[') = body.first() {
        let key = body.get(1).map(|last| KeyCode::F(last.wrapping_sub(b'A').wrapping_add(1)));
        return key.map_or(Begins::Part, |code| Begins::Whole(4, Some(Input::Key(Key::plain(code)))));
    }
    let Some(end) = body.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if bytes.len() > SEQUENCE_MAX { Begins::Whole(bytes.len(), None) } else { Begins::Part };
    };
    let last = body.get(end).copied().unwrap_or_default();
    if !(0x40..=0x7e).contains(&last) {
        // Not a sequence after all: it is dropped, and the byte that broke it is looked at anew.
        return Begins::Whole(2 + end, None);
    }
    let text = std::str::from_utf8(body.get(..end).unwrap_or_default()).unwrap_or_default();
    if let Some(report) = text.strip_prefix('<') {
        return Begins::Whole(3 + end, pointed(report, last));
    }
    let numbers =
        |group: &str| -> Vec<u32> { group.split(':').map(|one| one.parse().unwrap_or(0)).collect() };
    let groups: Vec<Vec<u32>> = text.split(';').map(numbers).collect();
    let at = |group: usize, place: usize| {
        groups.get(group).and_then(|numbers| numbers.get(place)).copied().unwrap_or(0)
    };
    let held = at(1, 0).saturating_sub(1);
    let key = match last {
        // The newer protocols say releases too; those are no presses.
        _ if at(1, 1) == 3 => None,
        b'u' => written(at(0, 0), held),
        b'~' if at(0, 0) == 27 => written(at(2, 0), held),
        b'~' => numbered(at(0, 0), held),
        _ => named(last, held),
    };
    Begins::Whole(3 + end, key.map(Input::Key))
}

/// A report of the mouse in numbers (1006): `<` button `;` column `;` row, counted from one; `M` is a press.
fn pointed(report: &str, last: u8) -> Option<Input> {
    let mut numbers = report.split(';').map(|number| number.parse::<u16>().ok());
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    // Shift, Alt and Ctrl are the bits 4, 8 and 16.
    let does = match (button & !0b1_1100, last) {
        (0..=2, b'M') => Mouse::Press,
        (64, _) => Mouse::WheelUp,
        (65, _) => Mouse::WheelDown,
        _ => return None,
    };
    Some(Input::Mouse(does, column.checked_sub(1)?, row.checked_sub(1)?))
}

/// A key with what was held beside it: 1 Shift, 2 Alt, 4 Ctrl.
const fn beside(code: KeyCode, held: u32) -> Key {
    Key { code, ctrl: held & 4 != 0, alt: held & 2 != 0 }
}

/// A key by its character's number, as the newer protocols write it.
fn written(number: u32, held: u32) -> Option<Key> {
    let code = match number {
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        9 if held & 1 != 0 => KeyCode::BackTab,
        9 => KeyCode::Tab,
        127 => KeyCode::Backspace,
        // The private range holds keys of keypads and media; F13 and on begin there, F12 does not.
        0xe000..=0xf8ff => return None,
        _ => {
            let letter = char::from_u32(number).filter(|letter| !letter.is_control())?;
            let shifted = held & 1 != 0 && held & 4 == 0;
            KeyCode::Char(if shifted { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() })
        }
    };
    Some(beside(code, held))
}

fn named(last: u8, held: u32) -> Option<Key> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        b'Z' => KeyCode::BackTab,
        _ => return None,
    };
    Some(beside(code, held))
}

fn numbered(number: u32, held: u32) -> Option<Key> {
    let code = match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(number - 10),
        17..=21 => function(number - 11),
        23 | 24 => function(number - 12),
        _ => return None,
    };
    Some(beside(code, held))
}

fn function(number: u32) -> KeyCode {
    KeyCode::F(u8::try_from(number).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(text: &str) -> Vec<Input> {
        text.split(' ').map(|name| Input::Key(name.parse().unwrap())).collect()
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        for (bytes, names) in [
            ("b", "b"),
            ("\r", "enter"),
            ("\t\x1b[Z", "tab shift-tab"),
            ("\x0c", "ctrl-l"),
            ("\x1b", "esc"),
            ("\x1b\x1b[A", "esc up"),
            ("\x1bOA\x1b[B", "up down"),
            ("\x1b[1~\x1b[4~\x1b[H\x1bOF", "home end home end"),
            ("\x1b[5~\x1b[6~", "pgup pgdn"),
            ("\x1bOP\x1b[15~\x1b[17~\x1b[21~\x1b[23~", "f1 f5 f6 f10 f11"),
            ("\x1b[[A\x1b[[E", "f1 f5"),
            ("é▲", "é ▲"),
            ("\x1b[108;5u\x1b[97;2u\x1b[27;5;108~", "ctrl-l A ctrl-l"),
        ] {
            let names = names.split(' ').map(|name| match name {
                "shift-tab" => Input::Key(Key::plain(KeyCode::BackTab)),
                name => keys(name).remove(0),
            });
            assert_eq!(Keyboard::default().take(bytes.as_bytes()), names.collect::<Vec<_>>(), "{bytes:?}");
        }
        let alt = Input::Key(Key { alt: true, ..Key::letter('x') });
        assert_eq!(Keyboard::default().take(b"\x1bx"), [alt]);
        assert_eq!(Keyboard::default().take(b"\x1b[98;1:3u"), [], "a release is no press");
        for (bytes, input) in [
            ("\x1b[<0;10;3M", Some(Input::Mouse(Mouse::Press, 9, 2))),
            ("\x1b[<64;1;1M", Some(Input::Mouse(Mouse::WheelUp, 0, 0))),
            ("\x1b[<65;300;99M", Some(Input::Mouse(Mouse::WheelDown, 299, 98))),
            ("\x1b[<0;10;3m", None),
            ("\x1b[<0;0;3M", None),
            ("\x1b[<0;99999999;3M", None),
        ] {
            assert_eq!(Keyboard::default().take(bytes.as_bytes()), input.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_chord_is_known_by_every_name_that_terminals_give_it() {
        for bytes in ["\x1c", "\x1b[24~", "\x1b[92;5u", "\x1b[52;5u", "\x1b[27;5;92~", "\x1b[24;5~"] {
            assert_eq!(Keyboard::default().take(bytes.as_bytes()), [Input::Kill], "{bytes:?}");
        }
    }

    #[test]
    fn nothing_that_is_unfinished_holds_the_chord_back() {
        for before in
            ["\x1b[200~abc", "\x1b[200~", "\x1b[1;", "\x1b[", "\x1bO", "é\u{fe}", "abc", "\x1b]0;title"]
        {
            for chord in ["\x1c", "\x1b[24~"] {
                let mut keyboard = Keyboard::default();
                keyboard.take(before.as_bytes());
                let out = keyboard.take(chord.as_bytes());
                assert_eq!(out.first(), Some(&Input::Kill), "{chord:?} after {before:?}");
            }
        }
        let mut half = Keyboard::default();
        half.take(&[0xe2, 0x96]);
        assert_eq!(half.take(b"\x1c"), [Input::Kill]);
        assert_eq!(half.take(&[0xb2]), keys("▲"));
    }

    #[test]
    fn a_paste_is_one_text_and_ends_with_its_end_or_with_silence() {
        let mut keyboard = Keyboard::default();
        assert_eq!(keyboard.take(b"\x1b[200~buy \x1b[Aq"), []);
        assert_eq!(keyboard.take(b"uick\x1b[201~x"), {
            let mut all = vec![Input::Paste("buy \x1b[Aquick".to_owned())];
            all.extend(keys("x"));
            all
        });
        assert!(!keyboard.waits());
        assert_eq!(keyboard.take(b"\x1b[200~cut"), []);
        assert!(keyboard.waits());
        assert_eq!(keyboard.give_up(), [Input::Paste("cut".to_owned())]);
        assert_eq!(keyboard.take(b"q"), keys("q"));
        let long = format!("\x1b[200~{}\x1b[201~q", "a".repeat(PASTE_MAX * 2));
        let out = keyboard.take(long.as_bytes());
        assert_eq!(out.first(), Some(&Input::Paste("a".repeat(PASTE_MAX))));
        assert_eq!(out.get(1..), Some(&keys("q")[..]));
    }

    proptest! {
        /// Whatever came before, and however the line cuts it: each chord byte is one chord, at once.
        #[test]
        fn every_chord_byte_is_a_chord_at_once(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
        ) {
            let mut keyboard = Keyboard::default();
            for piece in pieces {
                let chords = piece.iter().filter(|byte| **byte == CHORD).count();
                let out = keyboard.take(&piece);
                let told = out.iter().take_while(|input| **input == Input::Kill).count();
                prop_assert!(told >= chords, "{chords} of {piece:?} are told as {out:?}");
            }
        }
    }
}
