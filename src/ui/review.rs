use crate::ui::line::Line;

/// What is typed to approve a script.
pub const APPROVE: &str = "approve";

/// A strategy's script as it lies on disk, read for the trader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptView {
    /// The strategy's number.
    pub strategy: u16,
    /// The file's name.
    pub file: String,
    /// The sha256 of its bytes: what an approval is for.
    pub sha256: String,
    /// What is known about it: name, approvals, passport.
    pub facts: Vec<String>,
    /// Its text, or what changed in it since it was last approved; without signs that steer a terminal.
    pub lines: Vec<String>,
    /// Whether that is what changed.
    pub is_diff: bool,
    /// Whether it can be approved here: it is not approved as it stands, and it loads.
    pub approvable: bool,
}

/// A script that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The strategy's number.
    pub strategy: u16,
    /// The script, once it was read.
    pub script: Option<ScriptView>,
    /// Since when it can be read, by the window's clock.
    pub since_ms: u64,
    /// How many rows it was scrolled down.
    pub from: usize,
    /// What was typed of the word that approves it.
    pub typed: Line,
    /// Whether something was asked for and has not come.
    pub waits: bool,
    /// What is to be said.
    pub words: Vec<String>,
}

/// What is done about a strategy's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewAsks {
    /// It is read.
    Read {
        /// The strategy's number.
        strategy: u16,
    },
    /// It is approved for sim and paper, if its bytes are still those that were shown.
    Approve {
        /// The strategy's number.
        strategy: u16,
        /// The sha256 of what was shown.
        sha256: String,
    },
}

impl Review {
    /// A script that was asked for.
    pub fn of(strategy: u16, now_ms: u64) -> Self {
        Self {
            strategy,
            script: None,
            since_ms: now_ms,
            from: 0,
            typed: Line::default(),
            waits: true,
            words: Vec::new(),
        }
    }
}
