use std::collections::BTreeMap;

use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::record::Record;
use crate::engine::restraint::Restraint;
use crate::risk::state::TradingState;
use crate::ui::seen::Weight;

/// A row of the journal as a line of the log; nothing for rows that say nothing to the trader.
pub fn of_record(record: &Record, names: &BTreeMap<StrategyId, String>) -> Option<(Weight, String)> {
    let who = |origin: &Origin| match origin {
        Origin::Operator => "you".to_owned(),
        Origin::Engine => "engine".to_owned(),
        Origin::Kill => "kill".to_owned(),
        Origin::Strategy(id) => names.get(id).cloned().unwrap_or_else(|| format!("strategy {}", id.0)),
    };
    Some(match record {
        Record::Decision { refusal, .. } if refusal.is_empty() => return None,
        Record::Decision { intent, refusal, .. } => {
            let (side, qty, symbol) = (intent.side.word(), intent.qty, intent.symbol);
            (Weight::Warning, format!("{}: {side} {qty} {symbol} refused, {refusal}", who(&intent.origin)))
        }
        Record::Order { request, origin, .. } => {
            let price = request.kind.limit().or(request.kind.stop());
            let price = price.map(|price| format!(" @{price}")).unwrap_or_default();
            let (side, kind) = (request.side.word(), request.kind.word());
            (
                Weight::Info,
                format!("{}: {side} {} {} {kind}{price}", who(origin), request.qty, request.symbol),
            )
        }
        Record::Status { order, status, reason, .. } => return of_status(*order, *status, reason.as_deref()),
        Record::Fill { fill, .. } => {
            let (side, qty, symbol) = (fill.side.word(), fill.qty, fill.symbol);
            (Weight::Info, format!("fill {side} {qty} {symbol} @{}", fill.price))
        }
        Record::Day { day, e0 } => (Weight::Info, format!("trading day {day} begins at {e0}")),
        Record::Equity { .. } => return None,
        Record::Halt { state: TradingState::Active, reason, .. } => {
            (Weight::Info, format!("active again: {reason}"))
        }
        Record::Halt { state, reason, .. } => {
            let state = if *state == TradingState::Halted { "HALTED" } else { "REDUCE-ONLY" };
            (Weight::Alarm, format!("{state}: {reason}"))
        }
        Record::Restraint { what, holds, reason, .. } => of_restraint(what, *holds, reason),
        // What is drawn is seen on the chart, a line of it each bar would hide everything else.
        Record::Strategy { what, .. } if what == "plot" => return None,
        Record::Strategy { id, what, detail } => {
            let weight = if matches!(what.as_str(), "failed" | "killed" | "stopped") {
                Weight::Warning
            } else {
                Weight::Info
            };
            // Nobody reads a hash in a line that goes by; the journal has it.
            let detail = detail.split(" of sha256").next().unwrap_or_default();
            let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
            (weight, format!("{} {what}{detail}", who(&Origin::Strategy(*id))))
        }
        Record::Reconcile { clean: true, .. } => (Weight::Info, "agrees with the venue".to_owned()),
        Record::Reconcile { differences, .. } => {
            let each = differences.iter().map(|found| beside(found.symbol, found.engine, found.broker));
            (Weight::Alarm, format!("differs from the venue: {}", each.collect::<Vec<_>>().join("; ")))
        }
        Record::Adjust { number, acknowledged: Some(reason), .. } => {
            (Weight::Info, format!("ADJUST {number} acknowledged: {reason}"))
        }
        Record::Adjust { number, symbol, engine, broker, because, .. } => {
            let because = because.as_deref().map_or_else(String::new, |because| format!(" ({because})"));
            (Weight::Alarm, format!("ADJUST {number}: {}{because}", beside(*symbol, *engine, *broker)))
        }
        Record::Kill(report) => {
            let confirmed = if report.confirmed { "confirmed" } else { "NOT CONFIRMED" };
            let did = format!("{} cancelled, {} closed, {confirmed}", report.cancelled, report.flattened);
            (Weight::Alarm, format!("KILL by {}: {did}", report.by))
        }
        Record::Alert(text) => (Weight::Alarm, text.clone()),
    })
}

/// A position as it is counted here and at the venue.
fn beside(symbol: Symbol, engine: Qty, broker: Qty) -> String {
    format!("{symbol} is {engine} here and {broker} at the venue")
}

/// What restrains trading is an alarm; what frees it again is not.
fn of_restraint(what: &Restraint, holds: bool, reason: &str) -> (Weight, String) {
    let what = match what {
        Restraint::Strategy(name) => format!("strategy {name}"),
        Restraint::RejectStorm => "reject storm".to_owned(),
        Restraint::CoolDown { .. } => "cool-down".to_owned(),
        Restraint::Disarmed if !holds => return (Weight::Alarm, reason.to_owned()),
        Restraint::Disarmed => return (Weight::Warning, reason.to_owned()),
    };
    let (weight, word) = if holds { (Weight::Alarm, "RESTRAINED") } else { (Weight::Info, "free again") };
    (weight, format!("{word}, {what}: {reason}"))
}

/// Only what failed, or was done for a reason, is worth a line.
fn of_status(order: ClientOrderId, status: OrderStatus, reason: Option<&str>) -> Option<(Weight, String)> {
    let weight = match status {
        OrderStatus::Rejected | OrderStatus::Unknown => Weight::Warning,
        _ if reason.is_some() => Weight::Info,
        _ => return None,
    };
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Some((weight, format!("{order} {}{why}", status.word())))
}
