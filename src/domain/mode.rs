use serde::{Deserialize, Serialize};

/// Where orders of this process go. Fixed at its start: a type that travels, not a flag that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The embedded exchange; no network socket is ever opened.
    Sim,
    /// Alpaca's paper host.
    Paper,
    /// Alpaca's live host: real money.
    Live,
}

impl Mode {
    /// The word of the shell, the badge and the file names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }

    /// The letter of a client order id.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Sim => 's',
            Self::Paper => 'p',
            Self::Live => 'l',
        }
    }
}
