use serde::{Deserialize, Serialize};

/// What the gate lets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Everything within the limits.
    Active,
    /// Only what makes positions smaller.
    ReduceOnly,
    /// Cancels, protective stops, and reducing orders of the operator or the kill.
    Halted,
}

/// Why the gate was halted; only a typed re-arm undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltReason {
    /// The trader's kill.
    Kill,
    /// The kill of an earlier run that nobody has re-armed since.
    KillRestored,
    /// A part of the program failed.
    Fault,
}

/// Why only reductions pass, besides the daily loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReduceOnlyReason {
    /// The trader asked for it.
    Operator,
    /// An earlier run ended in it.
    Restored,
}

impl TradingState {
    /// The word of the status line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReduceOnly => "reduce_only",
            Self::Halted => "halted",
        }
    }
}

impl HaltReason {
    /// The word of the status line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillRestored => "kill_restored",
            Self::Fault => "fault",
        }
    }
}
