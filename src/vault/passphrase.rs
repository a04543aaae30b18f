use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A passphrase is at least so many characters long.
pub const CHARACTERS_MIN: usize = 12;

/// And at most so many bytes: what is longer was pasted by mistake.
pub const BYTES_MAX: usize = 1_024;

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PassphraseFault {
    /// It is too short.
    #[error("a passphrase has at least {CHARACTERS_MIN} characters; four or five unrelated words do well")]
    Short,
    /// It is too long.
    #[error("a passphrase has at most {BYTES_MAX} bytes")]
    Long,
    /// A line's end or another control character is in it: it could not be typed again.
    #[error("a passphrase holds nothing but characters that can be typed: no tabs, no line's end")]
    Control,
}

/// A passphrase in Unicode's form NFC: an é that one keyboard sends as one character and another as two is the
/// same é.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase in. The text that was handed in is the caller's to wipe.
    ///
    /// # Errors
    /// Fewer than [`CHARACTERS_MIN`] characters, more than [`BYTES_MAX`] bytes, or control characters.
    pub fn new(text: &str) -> Result<Self, PassphraseFault> {
        // The room is there from the start: a text that grows leaves copies of itself behind.
        let mut composed = Zeroizing::new(String::with_capacity(BYTES_MAX * 4));
        if text.len() > BYTES_MAX {
            return Err(PassphraseFault::Long);
        }
        composed.extend(text.nfc());
        if composed.chars().any(char::is_control) {
            return Err(PassphraseFault::Control);
        }
        if composed.chars().count() < CHARACTERS_MIN {
            return Err(PassphraseFault::Short);
        }
        Ok(Self(composed))
    }

    /// Whether both are the same passphrase: it is typed twice where a vault is made.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The text, for the derivation of a key.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_the_same_however_it_was_composed() {
        let one = Passphrase::new("caf\u{e9} au lait de Paris").unwrap();
        let two = Passphrase::new("cafe\u{301} au lait de Paris").unwrap();
        assert!(one.is_same_as(&two));
        assert_eq!(one.expose(), two.expose());
        assert!(!one.is_same_as(&Passphrase::new("cafe au lait de Paris").unwrap()));
    }

    #[test]
    fn short_long_and_untypeable_ones_are_refused_and_not_said_again() {
        for (text, fault) in [
            ("", PassphraseFault::Short),
            ("elevenchars", PassphraseFault::Short),
            // Twelve characters as typed, and eleven once they are composed.
            ("elevenchar\u{65}\u{301}", PassphraseFault::Short),
            ("twelve chars\n", PassphraseFault::Control),
            (&"x".repeat(1_025), PassphraseFault::Long),
        ] {
            let refused = Passphrase::new(text).err().unwrap();
            assert_eq!(refused, fault);
            assert!(text.is_empty() || !refused.to_string().contains(text));
        }
        assert!(Passphrase::new("twelve chars").is_ok());
        assert!(Passphrase::new(&"\u{df}".repeat(12)).is_ok(), "characters are counted, not bytes");
    }
}
