//! What the newest ledger last said, for the views that a running instance would answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::certificate::drilled_at;
use crate::app::paths::Paths;
use crate::broker::kill_file::KillFile;
use crate::domain::at::At;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::memory::{Memory, RememberedAdjust, RememberedOrder};
use crate::engine::record::Record;
use crate::journal::reader::Reader;
use crate::journal::row::RunHead;
use crate::journal::sealing::AuditHead;
use crate::risk::limits::Limits;
use crate::risk::state::TradingState;

/// How things stood at the last row.
#[derive(Default)]
pub(super) struct Recall {
    memory: Memory,
    head: Option<RunHead>,
    last: Option<At>,
    positions: BTreeMap<Symbol, (Qty, Price)>,
    equity: Option<(Money, Money)>,
    state: Option<(TradingState, String)>,
    audit_head: Option<AuditHead>,
    strategies: BTreeMap<StrategyId, (String, String)>,
    drilled_at: Option<At>,
}

impl Recall {
    /// Folds the rows of a ledger.
    pub(super) fn of(reader: &Reader, paths: &Paths) -> Result<Self, String> {
        let mut recall =
            Self { memory: reader.memory().map_err(|fault| fault.to_string())?, ..Self::default() };
        recall.drilled_at = drilled_at(&paths.state);
        recall.audit_head = Some(reader.audit_head().map_err(|fault| fault.to_string())?);
        let mut fault = None;
        let walked = reader.each_row(0, |row| {
            if let Some(head) = row.run_head() {
                recall.head = head.ok();
            } else if let Some(record) = row.record() {
                match record {
                    Ok(record) => recall.add(record),
                    Err(bad) => {
                        fault = Some(format!("row {}: {bad}; run `hardstop journal verify`", row.row));
                    }
                }
            }
            recall.last = Some(row.at);
            fault.is_none()
        });
        walked.map_err(|fault| fault.to_string())?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        if KillFile::stands_in(&paths.state) {
            recall.state = Some((TradingState::Halted, "the KILL file stands".to_owned()));
        }
        Ok(recall)
    }

    fn add(&mut self, record: Record) {
        match record {
            Record::Fill { fill, position, avg_price, .. } => {
                self.positions.insert(fill.symbol, (position, avg_price));
            }
            Record::Equity { equity, day_loss, .. } => self.equity = Some((equity, day_loss)),
            Record::Halt { state, reason, .. } => self.state = Some((state, reason)),
            Record::Kill(report) => {
                self.state = Some((TradingState::Halted, format!("kill by {}", report.by)));
            }
            Record::Strategy { id, what, detail } if what != "log" && what != "plot" => {
                self.strategies.insert(id, (what, detail));
            }
            _ => {}
        }
    }

    /// Every position that is held.
    pub(super) fn positions(&self) -> Value {
        let held = self.positions.iter().filter(|(_, (qty, _))| !qty.is_zero());
        let shown = held.map(|(symbol, (qty, avg_price))| {
            json!({
                "symbol": symbol, "qty": qty, "avg_price": avg_price, "mark": null, "unrealized": null,
                "stop": null, "protected_qty": null,
            })
        });
        shown.collect()
    }

    fn open_orders(&self) -> Value {
        self.memory.live_orders.iter().map(order).collect()
    }

    /// Every strategy with the last thing that happened to it.
    pub(super) fn strategies(&self) -> Value {
        let shown = self.strategies.iter().map(|(id, (what, detail))| {
            json!({ "number": id.0, "state": "ended", "last": what, "detail": detail })
        });
        shown.collect()
    }

    /// The day's loss and the limits that were in force.
    pub(super) fn risk(&self) -> Value {
        let limits = self.limits();
        let (equity, day_loss) = self.equity.unzip();
        let e0 = self.memory.day.map(|(_, e0)| e0);
        let base = e0.zip(equity).map(|(e0, equity)| e0.min(equity)).or(e0);
        let row = |name: &str, used: Option<Money>, of: Option<Money>| {
            let headroom = used.zip(of).and_then(|(used, of)| of.minus(used).ok());
            json!({ "limit": name, "used": money(used), "of": money(of), "headroom": money(headroom) })
        };
        let loss_limit = self.loss_limit(&limits);
        json!([
            row("daily loss", day_loss, loss_limit),
            row("heat", None, part(base, limits.max_heat_pct, None)),
            row("gross", None, part(base, limits.max_gross_pct, None)),
            row("position", None, part(base, limits.max_position_pct, limits.max_position_usd)),
        ])
    }

    /// The status in the shell's shape; what only a running instance knows is null.
    pub(super) fn status(&self) -> Value {
        let limits = self.limits();
        let (equity, day_loss) = self.equity.unzip();
        let e0 = self.memory.day.map(|(_, e0)| e0);
        let (state, reason) = match &self.state {
            Some((state, reason)) if *state != TradingState::Active => (*state, Some(reason.as_str())),
            _ => (TradingState::Active, None),
        };
        json!({
            "schema": 1, "running": false, "unclean": self.memory.unclean,
            "mode": self.head.as_ref().map(|head| head.mode), "state": state, "halt_reason": reason,
            "armed": false, "armed_until": null, "pid": null, "clock": self.last, "session": null,
            "equity": money(equity), "e0": money(e0),
            "day_pnl": money(equity.zip(e0).and_then(|(equity, e0)| equity.minus(e0).ok())),
            "day_loss": money(day_loss), "day_loss_limit": money(self.loss_limit(&limits)), "heat": null,
            "heat_limit": null, "gross": null, "gross_limit": null, "positions": self.positions(),
            "open_orders": self.open_orders(), "strategies": self.strategies(),
            "restraints": self.memory.restraints.words(), "adjusts": self.adjusts(), "feed": null,
            "sandbox": self.head.as_ref().map(|head| head.sandbox.as_str()), "last_kill_drill": self.drilled_at,
            "audit_head": self.audit_head,
        })
    }

    /// Differences that wait, by the journal: what the venue holds now only a running instance knows.
    fn adjusts(&self) -> Vec<Value> {
        let waiting = self.memory.adjusts.iter().filter(|adjust| !adjust.acknowledged);
        let row = |adjust: &RememberedAdjust| {
            json!({
                "number": adjust.number, "symbol": adjust.symbol, "journal": null, "engine": adjust.engine,
                "broker": adjust.broker, "avg_price": adjust.avg_price, "because": null,
            })
        };
        waiting.map(row).collect()
    }

    fn limits(&self) -> Limits {
        self.head.as_ref().map(|head| head.limits.clone()).unwrap_or_default()
    }

    fn loss_limit(&self, limits: &Limits) -> Option<Money> {
        part(self.memory.day.map(|(_, e0)| e0), limits.max_daily_loss_pct, limits.max_daily_loss_usd)
    }
}

/// A percentage of what there is, or the fixed amount where that is smaller.
fn part(of: Option<Money>, pct: Option<Pct>, usd: Option<Money>) -> Option<Money> {
    let share = of.zip(pct).and_then(|(of, pct)| of.percent_down(pct).ok());
    share.into_iter().chain(usd).min()
}

fn money(money: Option<Money>) -> Value {
    money.map_or(Value::Null, |money| Value::String(money.to_string()))
}

fn order(order: &RememberedOrder) -> Value {
    let request = &order.request;
    let origin = match order.origin {
        Origin::Operator => "operator".to_owned(),
        Origin::Strategy(id) => format!("strategy {}", id.0),
        Origin::Engine => "engine".to_owned(),
        Origin::Kill => "kill".to_owned(),
    };
    json!({
        "id": request.id, "symbol": request.symbol, "side": request.side, "type": request.kind.word(),
        "qty": request.qty, "filled": order.filled, "limit": request.kind.limit(), "stop": request.kind.stop(),
        "trail": request.kind.trail(), "tif": request.tif, "status": order.status, "origin": origin,
    })
}
