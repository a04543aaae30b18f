//! From an order back to what caused it: the answer of a strategy, the callback that gave it, and the bar behind that.

use serde_json::{Value, json};

use crate::domain::intent::StrategyId;
use crate::domain::strategy::{StrategyCall, StrategyEvent};
use crate::engine::event::{Act, Event};
use crate::engine::record::Record;
use crate::journal::reader::Reader;
use crate::journal::row::Row;

/// What caused the decision in this row; null where no event of the journal did: a tick, on which the machine acted by
/// itself.
pub(super) fn cause(reader: &Reader, run: u64, seq: u64) -> Result<Value, String> {
    let rows = reader.at_event(run, seq).map_err(|fault| fault.to_string())?;
    let event = rows.iter().find_map(Row::event).transpose().map_err(|fault| fault.to_string())?;
    match event {
        Some(Event::StrategyAnswered { id, answer }) => called(reader, run, id, answer.seq, seq),
        Some(Event::Operator(Act::Answer { number, .. })) => asked(reader, run, number, seq),
        Some(Event::Operator(_)) => Ok(json!({ "what": "the operator's own act", "event": seq })),
        Some(_) => Ok(json!({ "what": "an event of the venue or of the clock", "event": seq })),
        None => Ok(Value::Null),
    }
}

/// The call that a strategy answered with what it wished.
fn called(reader: &Reader, run: u64, id: StrategyId, call: u64, seq: u64) -> Result<Value, String> {
    let Some(row) = reader.frame_of(run, call).map_err(|fault| fault.to_string())? else {
        return Ok(json!({ "what": "an answer of a strategy", "strategy": id, "call": call, "event": seq }));
    };
    let frame: Value = serde_json::from_str(&row.body).map_err(|fault| fault.to_string())?;
    let input = frame["in"].as_str().unwrap_or_default();
    let call: StrategyCall = serde_json::from_str(input)
        .map_err(|fault| format!("row {}: {fault}; run `hardstop journal verify`", row.row))?;
    let (callback, about) = match &call.event {
        StrategyEvent::Bar { bar, warm_up } => ("onBar", json!({ "bar": bar, "warm_up": warm_up })),
        StrategyEvent::Order { id, status, reason, at: _ } => {
            ("onOrder", json!({ "order": id, "status": status, "reason": reason }))
        }
        StrategyEvent::Fill(fill) => ("onFill", json!({ "fill": fill })),
        StrategyEvent::Session { open, at } => ("onSession", json!({ "open": open, "at": at })),
        StrategyEvent::Stop => ("onStop", Value::Null),
    };
    let answer: Value = serde_json::from_str(frame["out"].as_str().unwrap_or_default()).unwrap_or_default();
    Ok(json!({
        "what": "a strategy's answer", "strategy": id, "callback": callback, "symbol": call.symbol, "call": call.seq,
        "frame_row": row.row, "frame_event": row.seq, "event": seq, "about": about, "saw": call.view,
        "wishes": answer["answer"]["wishes"], "logs": answer["answer"]["logs"],
    }))
}

/// The question that the trader said yes to, and the call that asked it.
fn asked(reader: &Reader, run: u64, number: u64, seq: u64) -> Result<Value, String> {
    let asks = |row: &Row| match row.record() {
        Some(Ok(Record::Strategy { what, detail, .. })) => {
            what == "asks" && detail.starts_with(&format!("question {number}:"))
        }
        _ => false,
    };
    let rows = reader.run(run).map_err(|fault| fault.to_string())?;
    let Some(row) = rows.iter().find(|row| asks(row)) else {
        return Ok(json!({ "what": "the trader's yes", "question": number, "event": seq }));
    };
    let mut cause = cause(reader, run, row.seq)?;
    cause["question"] = json!(number);
    cause["yes_event"] = json!(seq);
    Ok(cause)
}

/// The same in lines for eyes.
pub(super) fn told(cause: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if cause.is_null() {
        return Vec::new();
    }
    let Some(callback) = cause["callback"].as_str() else {
        return vec![format!("caused by {} (event {})", text(&cause["what"]), cause["event"])];
    };
    let mut lines = vec![format!(
        "caused by {callback} of {} (call {}, row {})",
        text(&cause["symbol"]),
        cause["call"],
        cause["frame_row"]
    )];
    let bar = &cause["about"]["bar"];
    if bar.is_object() {
        let [start, end, open, high, low, close, volume] =
            ["start", "end", "open", "high", "low", "close", "volume"].map(|name| text(&bar[name]));
        lines.push(format!("  the bar {start} to {end}"));
        lines.push(format!("  open {open} high {high} low {low} close {close} volume {volume}"));
    }
    if !cause["question"].is_null() {
        lines.push(format!(
            "  asked as question {}; the trader said yes (event {})",
            cause["question"], cause["yes_event"]
        ));
    }
    for log in cause["logs"].as_array().into_iter().flatten() {
        lines.push(format!("  it logged: {}", text(log)));
    }
    lines
}
