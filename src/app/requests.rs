use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::control::{Reply, Request};
use crate::app::remedy::remedy;
use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::mode::Mode;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::event::{Act, Event};
use crate::engine::record::Record;
use crate::engine::snapshot::{AskView, OrderView, Snapshot};
use crate::pump::audience::Audience;
use crate::pump::turn::Pump;
use crate::risk::refusal::Code;

/// An audience that also keeps what it heard during the last request.
pub trait Recalls: Audience {
    /// What was heard since the last time, taken out.
    fn recall(&mut self) -> Vec<Record>;
}

/// Carries one request out on the machine's own thread.
pub fn answer<A: Recalls>(
    pump: &mut Pump<A>,
    now: At,
    ticket: u64,
    sandbox: &str,
    request: &Request,
) -> Reply {
    let snapshot = || pump.engine().snapshot();
    match request.cmd.as_str() {
        "status" => {
            let mut out = status(&snapshot(), sandbox);
            out["feed"]["age_ms"] = json!(pump.feed_age_ms(now));
            out["audit_head"] = json!(pump.audit_head());
            Reply::data(out)
        }
        "positions" => Reply::data(status(&snapshot(), sandbox)["positions"].take()),
        "orders" => Reply::data(status(&snapshot(), sandbox)["open_orders"].take()),
        "strategies" => Reply::data(status(&snapshot(), sandbox)["strategies"].take()),
        "risk" => Reply::data(risk(&snapshot())),
        "asks" => Reply::data(asks(&snapshot())),
        "quote" => quote(pump, &request.args),
        "submit" => match intent(&request.args) {
            Err(words) => Reply::words(2, words),
            Ok(intent) if flag(&request.args, "dry_run") => dry_run(pump, &intent),
            Ok(intent) => act(pump, now, Act::Submit { ticket, intent }),
        },
        _ => match act_of(request) {
            Ok(asked) => act(pump, now, asked),
            Err(words) => Reply::words(2, words),
        },
    }
}

/// What a symbol can be sold and bought at now; null where nobody knows.
fn quote<A: Recalls>(pump: &Pump<A>, args: &Value) -> Reply {
    let symbol = match field::<Symbol>(args, "symbol") {
        Ok(Some(symbol)) => symbol,
        Ok(None) => return Reply::words(2, "which symbol?"),
        Err(words) => return Reply::words(2, words),
    };
    let marks = pump.engine().marks(symbol);
    Reply::data(json!({
        "schema": 1, "symbol": symbol, "bid": marks.map(|marks| marks.bid), "ask": marks.map(|marks| marks.ask),
    }))
}

fn dry_run<A: Recalls>(pump: &Pump<A>, intent: &Intent) -> Reply {
    let decision = pump.engine().what_if(intent);
    let exit = if decision.is_approved() { 0 } else { 3 };
    let words = decision.refusal().map(|refusal| said(refusal.to_string())).unwrap_or_default();
    Reply { exit, out: serde_json::to_value(&decision).unwrap_or_default(), words }
}

/// A refusal, and what can be done about it.
fn said(refusal: String) -> Vec<String> {
    let code = refusal.split(' ').next().and_then(Code::from_word);
    let remedy = code.map(|code| remedy(code).to_owned());
    std::iter::once(refusal).chain(remedy).collect()
}

/// Has the machine do what the trader asks, and says what came of it.
pub fn act<A: Recalls>(pump: &mut Pump<A>, now: At, asked: Act) -> Reply {
    pump.audience_mut().recall();
    pump.turn(now, Event::Operator(asked));
    let heard = pump.audience_mut().recall();
    let mut reply =
        Reply { exit: 0, out: json!({ "schema": 1, "orders": [], "decisions": [] }), words: Vec::new() };
    let (mut orders, mut statuses) = (BTreeMap::new(), Vec::new());
    for record in heard {
        match record {
            Record::Decision { refusal, decision, .. } => {
                if !refusal.is_empty() {
                    reply.exit = 3;
                    reply.words.extend(said(refusal));
                }
                push(&mut reply.out["decisions"], decision.value());
            }
            Record::Order { request, role, .. } => {
                push(&mut reply.out["orders"], json!({ "id": request.id, "role": role }));
                let (side, qty, symbol) = (request.side.word(), request.qty, request.symbol);
                orders.insert(request.id, format!("{side} {qty} {symbol} "));
            }
            Record::Status { order, status, reason, .. } => {
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                let what = orders.get(&order).map_or("", String::as_str);
                let words = format!("{what}{}{reason} ({order})", status.word());
                // Where an order stands at last is what counts; how it came there is in the journal.
                statuses.retain(|(known, _)| *known != order);
                statuses.push((order, words));
            }
            Record::Fill { fill, .. } => {
                reply.words.push(format!(
                    "{} {} {} filled at {}",
                    fill.side.word(),
                    fill.qty,
                    fill.symbol,
                    fill.price
                ));
            }
            Record::Alert(words) => {
                reply.exit = reply.exit.max(1);
                reply.words.push(words);
            }
            Record::Halt { reason, .. } | Record::Restraint { reason, .. } => reply.words.push(reason),
            Record::Strategy { what, detail, .. } if what == "approved" || what == "rejected" => {
                reply.words.push(format!("{what}: {detail}"));
            }
            _ => {}
        }
    }
    reply.words.extend(statuses.into_iter().map(|(_, words)| words));
    reply
}

fn push(list: &mut Value, value: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}

fn act_of(request: &Request) -> Result<Act, String> {
    let args = &request.args;
    let id = || {
        field::<ClientOrderId>(args, "id")?
            .ok_or_else(|| "which order? give its id; `hardstop orders` lists them".to_owned())
    };
    let reason = || {
        let reason = text(args, "reason").unwrap_or_default();
        if reason.trim().is_empty() {
            Err("a reason is needed: --reason TEXT".to_owned())
        } else {
            Ok(reason)
        }
    };
    let strategy = || {
        field::<u16>(args, "id")?.map(StrategyId).ok_or_else(|| "which strategy? give its number".to_owned())
    };
    match request.cmd.as_str() {
        "cancel" => Ok(Act::Cancel(id()?)),
        "cancel_all" => Ok(Act::CancelAll(field(args, "symbol")?)),
        "close" => Ok(Act::Close(field(args, "symbol")?)),
        "replace" => Ok(Act::Replace {
            order: id()?,
            qty: field(args, "qty")?,
            limit: field(args, "limit")?,
            stop: field(args, "stop")?,
        }),
        "rearm" => Ok(Act::Rearm { reason: reason()? }),
        "disarm" => Ok(Act::Disarm { reason: reason()? }),
        "acknowledge_unclean" => Ok(Act::AcknowledgeUnclean { reason: reason()? }),
        "acknowledge_storm" => Ok(Act::AcknowledgeStorm { reason: reason()? }),
        "acknowledge_adjust" => {
            let number = field(args, "number")?
                .ok_or("which difference? give its number; `hardstop status` lists them")?;
            Ok(Act::AcknowledgeAdjust { number, reason: reason()? })
        }
        "answer" => Ok(Act::Answer {
            number: field(args, "number")?.ok_or("which question? give its number")?,
            yes: flag(args, "yes"),
            qty: field(args, "qty")?,
            limit: field(args, "limit")?,
        }),
        "pause" => Ok(Act::PauseStrategy(strategy()?)),
        "resume" => Ok(Act::ResumeStrategy(strategy()?)),
        other => Err(format!("{other:?} is no request that a running instance knows")),
    }
}

fn intent(args: &Value) -> Result<Intent, String> {
    let side = match text(args, "side").as_deref() {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        _ => return Err("the side must be buy or sell".to_owned()),
    };
    let (limit, stop) = (field::<Price>(args, "limit")?, field::<Price>(args, "stop")?);
    let kind = match (limit, stop) {
        (None, None) => OrderKind::Market,
        (Some(limit), None) => OrderKind::Limit { limit },
        (None, Some(stop)) => OrderKind::Stop { stop },
        (Some(limit), Some(stop)) => OrderKind::StopLimit { stop, limit },
    };
    let tif = match text(args, "tif") {
        None => TimeInForce::Day,
        Some(word) => word.parse().map_err(|fault| format!("--tif {word:?}: {fault}"))?,
    };
    Ok(Intent {
        origin: Origin::Operator,
        symbol: field::<Symbol>(args, "symbol")?.ok_or("which symbol?")?,
        side,
        qty: field::<Qty>(args, "qty")?.ok_or("how many shares?")?,
        kind,
        tif,
        stop_loss: field(args, "stop_loss")?,
        take_profit: field(args, "take_profit")?,
        trail: field(args, "trail")?,
    })
}

fn flag(args: &Value, name: &str) -> bool {
    args.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn text(args: &Value, name: &str) -> Option<String> {
    args.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A field as its type reads it; absent and null are nothing.
fn field<T: serde::de::DeserializeOwned>(args: &Value, name: &str) -> Result<Option<T>, String> {
    match args.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|fault| format!("{name} {value}: {fault}")),
    }
}

/// The status in the shell's shape.
pub fn status(snapshot: &Snapshot, sandbox: &str) -> Value {
    let account = &snapshot.account;
    let money = |money: Option<crate::domain::money::Money>| money.map(|money| money.to_string());
    let positions: Vec<Value> = snapshot
        .positions
        .iter()
        .map(|position| {
            json!({
                "symbol": position.symbol, "qty": position.qty, "avg_price": position.avg_price,
                "mark": position.mark, "unrealized": money(position.unrealized), "stop": position.stop,
                "protected_qty": position.protected_qty, "naked_ms": position.naked.ms,
                "naked": money(position.naked.now), "naked_most": position.naked.most,
            })
        })
        .collect();
    let strategies: Vec<Value> = snapshot
        .strategies
        .iter()
        .map(|strategy| {
            let symbols: Vec<&str> = strategy.symbols.iter().map(Symbol::as_str).collect();
            json!({
                "number": strategy.id, "name": strategy.name, "symbol": symbols.join(" "), "state": strategy.state,
                "signals": strategy.signals, "pnl": strategy.pnl.to_string(), "errors": strategy.errors,
            })
        })
        .collect();
    json!({
        "schema": 1, "mode": snapshot.mode, "state": snapshot.state, "halt_reason": snapshot.halt_reason,
        "not_ready": snapshot.not_ready, "armed": snapshot.armed_until.is_some(),
        "armed_until": snapshot.armed_until, "pid": std::process::id(), "clock": snapshot.at,
        "clock_offset_ms": snapshot.clock_offset_ms,
        "session": snapshot.phase.word(), "equity": money(account.equity), "e0": money(account.e0),
        "day_pnl": money(account.day_pnl), "day_loss": money(account.day_loss),
        "day_loss_limit": money(account.day_loss_limit), "heat": money(account.heat),
        "heat_limit": money(account.heat_limit), "gross": money(account.gross),
        "gross_limit": money(account.gross_limit), "positions": positions,
        "open_orders": snapshot.open_orders.iter().map(order).collect::<Vec<_>>(),
        "strategies": strategies, "restraints": snapshot.restraints, "adjusts": snapshot.adjusts,
        "feed": { "source": if snapshot.mode == Mode::Sim { "tape" } else { "stream" }, "age_ms": null }, "sandbox": sandbox, "last_kill_drill": null,
    })
}

fn order(order: &OrderView) -> Value {
    let origin = match order.origin {
        Origin::Operator => "operator".to_owned(),
        Origin::Strategy(id) => format!("strategy {}", id.0),
        Origin::Engine => "engine".to_owned(),
        Origin::Kill => "kill".to_owned(),
    };
    json!({
        "id": order.id, "symbol": order.symbol, "side": order.side, "type": order.kind.word(), "qty": order.qty,
        "filled": order.filled, "limit": order.kind.limit(), "stop": order.kind.stop(), "trail": order.kind.trail(),
        "tif": order.tif, "status": order.status, "origin": origin,
    })
}

/// Openings that wait for the trader's yes.
fn asks(snapshot: &Snapshot) -> Value {
    let row = |ask: &AskView| {
        let left_s = ask.until.millis_since(snapshot.at).checked_div(1_000).unwrap_or(0);
        json!({
            "number": ask.number, "strategy": ask.name, "side": ask.intent.side, "qty": ask.intent.qty,
            "symbol": ask.intent.symbol, "limit": ask.intent.kind.limit(), "stop_loss": ask.intent.stop_loss,
            "tag": ask.tag, "left_s": left_s,
        })
    };
    Value::Array(snapshot.asks.iter().map(row).collect())
}

fn risk(snapshot: &Snapshot) -> Value {
    let account = &snapshot.account;
    let row = |name: &str,
               used: Option<crate::domain::money::Money>,
               limit: Option<crate::domain::money::Money>| {
        let headroom = used.zip(limit).and_then(|(used, limit)| limit.minus(used).ok());
        json!({
            "limit": name, "used": used.map(|money| money.to_string()), "of": limit.map(|money| money.to_string()),
            "headroom": headroom.map(|money| money.to_string()),
        })
    };
    json!([
        row("daily loss", account.day_loss, account.day_loss_limit),
        row("heat", account.heat, account.heat_limit),
        row("gross", account.gross, account.gross_limit),
        row("position", None, account.position_limit),
    ])
}
