use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::risk::refusal::{Code, Figure, Refusal};

/// What the gate says to one intent, with every number behind it.
///
/// Written as JSON it has exactly the shape that `buy --dry-run --json` and `whatif` print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Approved, or refused and why.
    pub verdict: Verdict,
    /// Whether the order only makes a position smaller.
    pub reducing: bool,
    /// The symbol's exposure with the order counted as live.
    pub exposure: Option<Money>,
    /// The heat of all symbols with the order counted as live.
    pub heat: Option<Money>,
    /// The day's loss.
    pub day_loss: Option<Money>,
    /// The largest quantity that would pass, for the codes that have one.
    pub max_qty: Option<Qty>,
    /// For an approved reducing order: how many shares held by protective stops must be released.
    pub releases: Option<Qty>,
    /// Every check that applied and could be computed, in the order of the codes.
    pub checks: Vec<Check>,
}

/// Approved or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Approved,
    /// It may not.
    Refused(Refusal),
}

/// One check: what was measured against what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The code it gives when it fails; it names the check too.
    pub code: Code,
    /// Whether it passed.
    pub ok: bool,
    /// What was measured.
    pub value: Figure,
    /// What is allowed.
    pub limit: Figure,
}

impl Decision {
    /// Refused as no order at all: every number is unknown.
    #[must_use]
    pub const fn malformed() -> Self {
        Self {
            verdict: Verdict::Refused(Refusal::bare(Code::Malformed)),
            reducing: false,
            exposure: None,
            heat: None,
            day_loss: None,
            max_qty: None,
            releases: None,
            checks: Vec::new(),
        }
    }

    /// Whether it may go.
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        matches!(self.verdict, Verdict::Approved)
    }

    /// Why it may not go, where it may not.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match &self.verdict {
            Verdict::Approved => None,
            Verdict::Refused(refusal) => Some(refusal),
        }
    }

    /// The code of the refusal, where there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.refusal().map(|refusal| refusal.code)
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut out = writer.serialize_struct("Check", 4)?;
        out.serialize_field("name", self.code.check())?;
        out.serialize_field("ok", &self.ok)?;
        out.serialize_field("value", &self.value)?;
        out.serialize_field("limit", &self.limit)?;
        out.end()
    }
}

/// Dollars as the contract prints them: two decimals, or null.
struct Cents(Option<Money>);

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(money) => writer.collect_str(&money),
            None => writer.serialize_none(),
        }
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut out = writer.serialize_struct("Decision", 10)?;
        out.serialize_field("schema", &1)?;
        out.serialize_field("decision", if self.is_approved() { "approved" } else { "refused" })?;
        out.serialize_field("code", &self.code().map(Code::word))?;
        out.serialize_field("reducing", &self.reducing)?;
        out.serialize_field("exposure", &Cents(self.exposure))?;
        out.serialize_field("heat", &Cents(self.heat))?;
        out.serialize_field("day_loss", &Cents(self.day_loss))?;
        out.serialize_field("max_qty", &self.max_qty)?;
        out.serialize_field("releases", &self.releases)?;
        out.serialize_field("checks", &self.checks)?;
        out.end()
    }
}
