/// The shell's exit codes, in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// It failed.
    Failed = 1,
    /// It was asked wrongly.
    Usage = 2,
    /// The gate refused.
    Refused = 3,
    /// The broker did not do it.
    Broker = 4,
    /// Keys that are missing, not taken or of another account.
    Keys = 5,
    /// Locked, or no running instance.
    NotRunning = 6,
    /// Found wanting.
    Wanting = 7,
    /// A bad config.
    Config = 78,
}

/// A failure with its exit code, in words for the trader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened and what to do now.
    pub words: String,
}

impl Failure {
    /// A failure in words.
    pub fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { code: exit as u8, words: words.into() }
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self::new(Exit::Failed, words)
    }
}
