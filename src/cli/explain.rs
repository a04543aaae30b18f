//! `hardstop explain`: why an order was let pass, and what became of it, out of the journal. No running
//! instance is needed.

use serde_json::{Value, json};

use crate::app::paths::Paths;
use crate::cli::args::ExplainArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::explain_cause::{self, cause};
use crate::cli::{print, show};
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::engine::event::Event;
use crate::engine::record::Record;
use crate::journal::reader::Reader;
use crate::journal::row::Row;

/// The columns that a line of words may take.
const WIDTH: usize = 80;

pub(super) fn run(paths: &Paths, args: &ExplainArgs) -> Result<u8, Failure> {
    let unknown = || {
        let words = format!("no order {:?} is in the newest journal; `hardstop orders` lists them", args.id);
        Failure::new(Exit::Failed, words)
    };
    let id: ClientOrderId = args.id.parse().map_err(|_| unknown())?;
    let reader = show::open(paths)?;
    let out = explained(&reader, id)?.ok_or_else(unknown)?;
    if args.json {
        print::data(&out.to_string());
    } else {
        for line in told(&out) {
            print::data(&line);
        }
    }
    Ok(0)
}

/// What the journal knows of an order; `None` for one it does not know.
fn explained(reader: &Reader, id: ClientOrderId) -> Result<Option<Value>, String> {
    let rows = |id| reader.rows_naming(id).map_err(|fault| fault.to_string());
    let mut found = Found::default();
    for row in rows(id)? {
        found.take(&row, id)?;
    }
    let order = found.order.take();
    let Some((placed, Record::Order { request, role, origin, parent })) = &order else {
        return Ok(None);
    };
    // A leg was judged with the order it belongs to.
    if let (None, Some(parent)) = (&found.decision, parent) {
        for row in rows(*parent)? {
            found.take_decision(&row, *parent)?;
        }
    }
    let run = run_of(reader, placed.run, *origin)?;
    let decided = found.decided.map_or(Ok(Value::Null), |(run, seq)| cause(reader, run, seq))?;
    let legs = [request.stop_loss, request.take_profit].into_iter().flatten().map(|leg| leg.id);
    Ok(Some(json!({
        "schema": 1, "id": id, "symbol": request.symbol, "side": request.side, "qty": request.qty,
        "type": request.kind.word(), "limit": request.kind.limit(), "stop": request.kind.stop(),
        "tif": request.tif, "role": role, "parent": parent, "legs": legs.collect::<Vec<_>>(),
        "at": placed.at, "row": placed.row, "run": run.head, "asked_by": run.asked_by,
        "cause": decided, "decision": found.decision, "life": found.life, "fills": found.fills,
    })))
}

/// The rows of one order, sorted by what they are.
#[derive(Default)]
struct Found {
    order: Option<(Row, Record)>,
    decision: Option<Value>,
    /// The run and the event of the decision.
    decided: Option<(u64, u64)>,
    life: Vec<Value>,
    fills: Vec<Value>,
}

impl Found {
    fn take(&mut self, row: &Row, id: ClientOrderId) -> Result<(), String> {
        self.take_decision(row, id)?;
        match read(row)? {
            Some(order @ Record::Order { request, .. }) if request.id == id => {
                self.order = self.order.take().or(Some((row.clone(), order)));
            }
            Some(Record::Status { order, status, filled, reason }) if order == id => {
                self.life.push(json!({
                    "at": row.at, "row": row.row, "status": status, "filled": filled, "reason": reason,
                }));
            }
            Some(Record::Fill { fill, position, .. }) if fill.order == id => self.fills.push(json!({
                "at": fill.at, "row": row.row, "side": fill.side, "qty": fill.qty, "price": fill.price,
                "fee": fill.fee.exact(), "position": position,
            })),
            _ => {}
        }
        Ok(())
    }

    fn take_decision(&mut self, row: &Row, id: ClientOrderId) -> Result<(), String> {
        if let Some(Record::Decision { order: Some(order), decision, limits_version, tag, .. }) = read(row)?
            && order == id
        {
            self.decided = Some((row.run, row.seq));
            let said = decision.value();
            let checks = said["checks"].as_array().cloned().unwrap_or_default();
            let age = checks.iter().find(|check| check["name"] == "quote_age");
            self.decision = Some(json!({
                "at": row.at, "row": row.row, "order": order, "limits_version": limits_version, "tag": tag,
                "quote_age_ms": age.map(|age| age["value"].clone()),
                "quote_age_ms_max": age.map(|age| age["limit"].clone()), "gate": said,
            }));
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<Option<Record>, String> {
    let bad = |fault| format!("row {}: {fault}; run `hardstop journal verify`", row.row);
    row.record().transpose().map_err(bad)
}

/// The run an order belongs to, and who asked for it, by name.
struct Asked {
    head: Value,
    asked_by: String,
}

fn run_of(reader: &Reader, run: u64, origin: Origin) -> Result<Asked, String> {
    let mut asked = Asked { head: json!({ "run": run }), asked_by: who(origin) };
    for row in reader.rows("run").map_err(|fault| fault.to_string())? {
        if let (true, Some(Ok(head))) = (row.run == run, row.run_head()) {
            asked.head = json!({
                "run": run, "mode": head.mode, "build": head.build, "limits_version": head.limits_version,
                "source": head.source, "started_at": head.started_at,
            });
        }
    }
    if let Origin::Strategy(id) = origin
        && let Some((name, sha256)) = strategy_of(reader, run, id)?
    {
        asked.asked_by = format!("{}, {name}, sha256 {sha256}", who(origin));
    }
    Ok(asked)
}

/// The name and the text's hash of a strategy of this run.
fn strategy_of(reader: &Reader, run: u64, id: StrategyId) -> Result<Option<(String, String)>, String> {
    let mut found = None;
    for row in reader.run(run).map_err(|fault| fault.to_string())? {
        if let Some(Ok(Event::StrategyLoaded(head))) = row.event()
            && head.id == id
        {
            found = Some((head.name, head.sha256));
            break;
        }
    }
    Ok(found)
}

fn who(origin: Origin) -> String {
    match origin {
        Origin::Operator => "the operator".to_owned(),
        Origin::Strategy(id) => format!("strategy {}", id.0),
        Origin::Engine => "the engine".to_owned(),
        Origin::Kill => "the kill".to_owned(),
    }
}

/// The same in lines for eyes, none wider than eighty columns where words can be broken.
fn told(out: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut lines = vec![format!("order {}", text(&out["id"]))];
    let prices = [("limit", &out["limit"]), ("stop", &out["stop"])];
    let prices: Vec<String> = prices
        .iter()
        .filter(|(_, price)| !price.is_null())
        .map(|(name, price)| format!("{name} {}", text(price)))
        .collect();
    let [side, qty, symbol, role] = ["side", "qty", "symbol", "role"].map(|name| text(&out[name]));
    let kind = if prices.is_empty() { text(&out["type"]) } else { prices.join(" ") };
    lines.push(format!("{side} {qty} {symbol} {kind}, {role}, {}", text(&out["tif"])));
    wrap(&mut lines, &format!("asked by {}", text(&out["asked_by"])));
    let run = &out["run"];
    wrap(
        &mut lines,
        &format!("at {}, run {}, program {}", text(&out["at"]), run["run"], text(&run["build"])),
    );
    if let Some(parent) = out["parent"].as_str() {
        lines.push(format!("belongs to {parent}, and was judged with it"));
    }
    lines.extend(explain_cause::told(&out["cause"]));
    for leg in out["legs"].as_array().into_iter().flatten() {
        lines.push(format!("with it goes {}", text(leg)));
    }
    lines.push(String::new());
    let decision = &out["decision"];
    if decision.is_null() {
        lines.push("the gate's decision: none; protective orders and the kill's need no opening".to_owned());
    } else {
        let gate = &decision["gate"];
        let version = text(&decision["limits_version"]);
        lines.push(format!("{} under limits {version}", text(&gate["decision"])));
        let ages = (&decision["quote_age_ms"], &decision["quote_age_ms_max"]);
        if !ages.0.is_null() {
            lines.push(format!("the quote was {} ms old, of at most {}", text(ages.0), text(ages.1)));
        }
        lines.extend(print::lines(gate["checks"].as_array().map_or(&[], Vec::as_slice)));
    }
    for (name, rows) in [("life", &out["life"]), ("fills", &out["fills"])] {
        lines.push(String::new());
        lines.push(name.to_owned());
        let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
        if rows.is_empty() {
            lines.push("none".to_owned());
        } else {
            lines.extend(print::lines(&rows.iter().map(without_reason).collect::<Vec<_>>()));
        }
        for row in rows.iter().filter(|row| row["reason"].is_string()) {
            wrap(&mut lines, &format!("{}: {}", text(&row["status"]), text(&row["reason"])));
        }
    }
    lines
}

/// A row of the table; its reason stands below, in whole lines.
fn without_reason(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(fields) = row.as_object_mut() {
        fields.remove("reason");
    }
    row
}

/// Words in lines of eighty columns.
fn wrap(lines: &mut Vec<String>, words: &str) {
    let mut line = String::new();
    for word in words.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::take(&mut line));
            line.push(' ');
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
}
