use serde_json::Value;

use crate::domain::at::At;
use crate::domain::money::Money;
use crate::domain::venue::{Asked, VenueAnswer};
use crate::engine::event::{Act, Event, KillReport};
use crate::engine::record::Record;
use crate::journal::row::Row;
use crate::laws::facts::{CheckFact, Decided, Fact, Part, What};

/// What one row says to the laws; nothing for most of them.
///
/// # Errors
/// When the body is not what its kind says.
pub fn of_row(row: &Row) -> serde_json::Result<Option<Fact>> {
    let what = if let Some(event) = row.event() {
        of_event(&event?)
    } else if let Some(record) = row.record() {
        of_record(&record?)
    } else if let Some(head) = row.run_head() {
        Some(What::RunBegan(Box::new(head?.limits)))
    } else {
        (row.kind == crate::journal::row::END).then_some(What::RunEnded)
    };
    Ok(what.map(|what| fact(row.row, row.at, what)))
}

/// A fact at its place.
#[must_use]
pub fn fact(row: u64, at: At, what: What) -> Fact {
    Fact { row, at, what }
}

/// What an event says to the laws.
#[must_use]
pub fn of_event(event: &Event) -> Option<What> {
    match event {
        Event::Answered { order, asked: Asked::Submit, .. } => Some(What::Sent(*order)),
        Event::Venue(state) => Some(What::Venue(state.clone())),
        Event::VenueSilent(_) => Some(What::Fitness { part: Part::Reconcile, fit: false }),
        Event::Feed { fresh, .. } => Some(What::Fitness { part: Part::Feed, fit: *fresh }),
        Event::Journal { writable } => Some(What::Fitness { part: Part::Journal, fit: *writable }),
        Event::Killed(report) => Some(killed(report)),
        Event::Operator(Act::AcknowledgeUnclean { .. }) => Some(What::UncleanAcknowledged),
        _ => None,
    }
}

/// What a row of the machine says to the laws.
#[must_use]
pub fn of_record(record: &Record) -> Option<What> {
    Some(match record.clone() {
        Record::Decision { order, intent, refusal, decision, limits_version, .. } => {
            let code = refusal.split_whitespace().next().map(str::to_owned);
            let approved = refusal.is_empty();
            let decision = decision.value();
            let money = |name: &str| number(decision.get(name));
            What::Decided(Box::new(Decided {
                order,
                intent,
                approved,
                code,
                reducing: decision.get("reducing").and_then(Value::as_bool).unwrap_or(false),
                exposure: money("exposure"),
                heat: money("heat"),
                day_loss: money("day_loss"),
                limits_version,
                checks: decision
                    .get("checks")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(check)
                    .collect(),
            }))
        }
        Record::Order { request, role, origin, parent } => What::Order { request, role, origin, parent },
        Record::Status { order, status, filled, .. } => What::Status { order, status, filled },
        Record::Fill { fill, position, cash, .. } => What::Filled { fill, position, cash },
        Record::Day { day, e0 } => What::Day { day, e0 },
        Record::Equity { equity, own, cash, .. } => What::Equity { equity, own, cash },
        Record::Halt { state, latched, by, .. } => {
            What::Halt { state, latched: latched.map(|latched| latched.day), by }
        }
        Record::Kill(report) => killed(&report),
        Record::Strategy { id, what, .. } => What::Strategy { id, what },
        Record::Reconcile { clean, .. } => What::Reconciled { clean },
        Record::Adjust { symbol, broker, acknowledged: Some(_), .. } => {
            What::Adjusted { symbol, position: broker }
        }
        Record::Restraint { .. } | Record::Adjust { .. } | Record::Alert(_) => return None,
    })
}

fn killed(report: &KillReport) -> What {
    let sent = report.sent().filter(|(_, answer)| !matches!(answer, VenueAnswer::Refused(_)));
    What::Killed { sent: sent.map(|(request, _)| request.id).collect() }
}

fn check(written: &Value) -> CheckFact {
    CheckFact {
        name: written.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        // A check that does not say that it passed did not.
        ok: written.get("ok").and_then(Value::as_bool).unwrap_or(false),
        value: number(written.get("value")),
        limit: number(written.get("limit")),
    }
}

fn number(written: Option<&Value>) -> Option<Money> {
    written.and_then(Value::as_str).and_then(|text| text.parse().ok())
}
