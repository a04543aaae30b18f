use std::num::NonZeroU32;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::chance::Chance;
use crate::domain::symbol::Symbol;

/// How the exchange fails on purpose, so that a program can be rehearsed against it. Each number says how often
/// in a thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The seed: the same one breaks the same requests of the same run.
    pub seed: u64,
    /// By how many milliseconds its clock is told wrong; below zero it is behind.
    pub clock_skew_ms: i64,
    /// What happens to requests.
    pub requests: RequestFaults,
    /// What happens to the stream of orders.
    pub orders: StreamFaults,
    /// What happens to the stream of market data.
    pub data: StreamFaults,
    /// What happens to orders themselves.
    pub fills: FillFaults,
    /// Symbols that stop trading for a while.
    pub halts: Vec<Halt>,
    /// Symbols whose shares are split.
    pub splits: Vec<Split>,
    /// Whiles in which it takes nobody's keys, as if they had been taken back.
    pub keys_refused: Vec<KeysRefused>,
}

/// A while in which nobody's keys are taken. Streams that stand go on; requests and logins are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysRefused {
    /// How many seconds of its own time after the exchange began.
    pub after_s: u32,
    /// For how many seconds.
    pub for_s: u32,
}

/// What happens to orders at the exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FillFaults {
    /// The most shares that one execution fills, so that orders fill in parts; no limit where it is 0.
    pub shares_max: u32,
    /// How often in a thousand a cancel comes too late: its order fills a moment before.
    pub late_cancels: u32,
}

/// A symbol stops trading, and trades again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// Which one.
    pub symbol: Symbol,
    /// How many seconds of its own time after the exchange began.
    pub after_s: u32,
    /// For how many seconds.
    pub for_s: u32,
}

/// A symbol's shares are split: `new` ones for `old` ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Which one.
    pub symbol: Symbol,
    /// How many seconds of its own time after the exchange began.
    pub after_s: u32,
    /// So many new shares,
    pub new: NonZeroU32,
    /// for so many old ones.
    pub old: NonZeroU32,
}

/// What happens to requests, at most one thing to each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestFaults {
    /// 429 before anything happened.
    pub too_many: u32,
    /// 503 before anything happened.
    pub fails_before: u32,
    /// 504 after it happened.
    pub fails_after: u32,
    /// A page of HTML after it happened.
    pub page: u32,
    /// The connection ends after it happened, without an answer.
    pub cut: u32,
    /// It is answered late.
    pub slow: u32,
    /// By how many milliseconds.
    pub slow_ms: u32,
    /// A field is missing from the answer that no program needs.
    pub missing_field: u32,
    /// A field is in the answer that no program knows.
    pub added_field: u32,
    /// How many requests a minute are answered, before 429; no limit where it is 0.
    pub most_per_minute: u32,
}

/// What happens to the messages of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamFaults {
    /// It is lost.
    pub dropped: u32,
    /// It comes twice.
    pub doubled: u32,
    /// It comes behind the next one.
    pub swapped: u32,
    /// From here on the stream is mute, and stays open.
    pub mute: u32,
    /// The stream ends.
    pub closed: u32,
    /// So many messages a second more than there are: the last quotes again and again, to see what a program bears.
    /// The stream of orders has none.
    pub flood: u32,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Fine,
    TooMany,
    FailsBefore,
    FailsAfter,
    Page,
    Cut,
    Slow(u32),
    MissingField,
    AddedField,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lot {
    Fine,
    Dropped,
    Doubled,
    Swapped,
    Mute,
    Closed,
}

/// The dice behind the faults.
#[derive(Debug)]
pub(super) struct Dice {
    faults: Faults,
    chance: Chance,
}

impl Dice {
    pub(super) fn of(faults: Faults) -> Self {
        Self { chance: Chance::of(faults.seed), faults }
    }

    pub(super) const fn faults(&self) -> &Faults {
        &self.faults
    }

    fn hits(&mut self, in_a_thousand: u32) -> bool {
        in_a_thousand > 0 && self.chance.below(1_000) < u64::from(in_a_thousand)
    }

    /// Whether nobody's keys are taken, so many milliseconds after the exchange began.
    pub(super) fn refuses_keys(&self, since_began_ms: i64) -> bool {
        self.faults.keys_refused.iter().any(|refused| {
            let (after, lasts) = (i64::from(refused.after_s) * 1_000, i64::from(refused.for_s) * 1_000);
            (after..after + lasts).contains(&since_began_ms)
        })
    }

    /// Whether a cancel comes too late.
    pub(super) fn is_late_cancel(&mut self) -> bool {
        self.hits(self.faults.fills.late_cancels)
    }

    pub(super) fn of_request(&mut self) -> Fate {
        let faults = self.faults.requests.clone();
        let fates = [
            (faults.too_many, Fate::TooMany),
            (faults.fails_before, Fate::FailsBefore),
            (faults.fails_after, Fate::FailsAfter),
            (faults.page, Fate::Page),
            (faults.cut, Fate::Cut),
            (faults.slow, Fate::Slow(faults.slow_ms)),
            (faults.missing_field, Fate::MissingField),
            (faults.added_field, Fate::AddedField),
        ];
        fates.into_iter().find(|(often, _)| self.hits(*often)).map_or(Fate::Fine, |(_, fate)| fate)
    }

    pub(super) fn of_message(&mut self, is_order: bool) -> Lot {
        let faults = if is_order { &self.faults.orders } else { &self.faults.data }.clone();
        let lots = [
            (faults.dropped, Lot::Dropped),
            (faults.doubled, Lot::Doubled),
            (faults.swapped, Lot::Swapped),
            (faults.mute, Lot::Mute),
            (faults.closed, Lot::Closed),
        ];
        lots.into_iter().find(|(often, _)| self.hits(*often)).map_or(Lot::Fine, |(_, lot)| lot)
    }

    /// Takes out a field that no program needs, or puts in one that none knows.
    pub(super) fn bend(&mut self, fate: Fate, body: &mut Value) {
        match body {
            Value::Array(list) => {
                for entry in list {
                    self.bend(fate, entry);
                }
            }
            Value::Object(fields) if fate == Fate::AddedField => {
                fields.insert("a_field_of_tomorrow".to_owned(), Value::from("new"));
            }
            Value::Object(fields) => {
                let spare: Vec<String> = fields.keys().filter(|name| !is_needed(name)).cloned().collect();
                if let Some(name) = self.chance.one_of(&spare) {
                    fields.remove(name);
                }
            }
            _ => {}
        }
    }
}

/// Fields that even the most patient program cannot do without.
fn is_needed(name: &str) -> bool {
    const NEEDED: [&str; 22] = [
        "id",
        "symbol",
        "side",
        "qty",
        "filled_qty",
        "status",
        "equity",
        "cash",
        "account_number",
        "avg_entry_price",
        "timestamp",
        "price",
        "order_id",
        "transaction_time",
        "activity_type",
        "client_order_id",
        "type",
        "limit_price",
        "stop_price",
        "legs",
        "order_class",
        "time_in_force",
    ];
    NEEDED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_breaks_the_same_requests() {
        let faults = || Faults {
            seed: 7,
            requests: RequestFaults { too_many: 100, cut: 100, ..RequestFaults::default() },
            ..Faults::default()
        };
        let fates = || {
            let mut dice = Dice::of(faults());
            (0..200).map(|_| dice.of_request()).collect::<Vec<Fate>>()
        };
        assert_eq!(fates(), fates());
        assert!(fates().contains(&Fate::TooMany) && fates().contains(&Fate::Cut));
        let refused = KeysRefused { after_s: 2, for_s: 3 };
        let dice = Dice::of(Faults { keys_refused: vec![refused], ..Faults::default() });
        assert_eq!([1_999, 2_000, 4_999, 5_000].map(|ms| dice.refuses_keys(ms)), [false, true, true, false]);
        let mut calm = Dice::of(Faults::default());
        assert!((0..200).all(|_| calm.of_request() == Fate::Fine && calm.of_message(true) == Lot::Fine));
    }
}
