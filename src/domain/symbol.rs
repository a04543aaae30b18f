use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::domain::text::{padded_order, written_as_text};
use thiserror::Error;

const LENGTH_MAX: usize = 24;

/// A symbol of the market: 1 to 24 characters of `A–Z 0–9 . /`. Copied freely, compared as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol {
    // Zero bytes sort before every allowed character, so the order of the arrays is that of the texts.
    bytes: [u8; LENGTH_MAX],
    length: u8,
}

/// The text is no symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a symbol is 1 to 24 characters of A–Z, 0–9, '.' and '/'")]
pub struct SymbolFault;

written_as_text!(Symbol, "a symbol", Symbol::as_str);

impl Symbol {
    /// The symbol as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let written = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default()
    }
}

impl FromStr for Symbol {
    type Err = SymbolFault;

    fn from_str(text: &str) -> Result<Self, SymbolFault> {
        let allowed =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'/';
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(SymbolFault);
        }
        let mut bytes = [0; LENGTH_MAX];
        bytes.get_mut(..text.len()).ok_or(SymbolFault)?.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).map_err(|_| SymbolFault)?;
        Ok(Self { bytes, length })
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> Ordering {
        padded_order(&self.bytes, &other.bytes)
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_markets_own_characters_pass() {
        assert_eq!("BRK.B".parse::<Symbol>().unwrap().as_str(), "BRK.B");
        for bad in ["", "spy", "SPY ", "A\0", "ÄB", "ABCDEFGHIJKLMNOPQRSTUVWXY"] {
            assert_eq!(bad.parse::<Symbol>(), Err(SymbolFault), "{bad:?}");
        }
        let (a, b): (Symbol, Symbol) = ("A".parse().unwrap(), "AA".parse().unwrap());
        assert!(a < b);
    }
}
