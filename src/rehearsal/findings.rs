use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::market::Bar;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::symbol::Symbol;
use crate::engine::record::Record;
use crate::ledger::book::{EntryNote, Ledger};
use crate::ledger::envelope::Envelope;
use crate::ledger::equity::EquityCurve;
use crate::ledger::months::{Month, months};
use crate::ledger::statistics::statistics;
use crate::ledger::trade::Trade;
use crate::pump::audience::Audience;
use crate::rehearsal::drive::Terms;
use crate::strategy::manifest::ParamValue;

/// Points of the equity curve that are kept for drawing.
pub const EQUITY_POINTS_MAX: usize = 2_000;

/// What a backtest found. Money is text, ratios are numbers; wall time is the caller's to add.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The shape's version.
    pub schema: u32,
    /// The strategy's name.
    pub strategy: String,
    /// Its version.
    pub version: String,
    /// What it traded.
    pub symbols: Vec<Symbol>,
    /// The first bar's start.
    pub from: Option<At>,
    /// The last bar's end.
    pub to: Option<At>,
    /// Bars of the data.
    pub bars: u64,
    /// Orders that were sent, protective ones alike.
    pub orders: u64,
    /// Executions.
    pub fills: u64,
    /// Closed trades.
    pub trades: usize,
    /// Refusals by code.
    pub refusals: BTreeMap<String, u64>,
    /// Cash at the beginning.
    pub cash: String,
    /// Equity at the last bar's close.
    pub final_equity: String,
    /// By how much equity changed, in per cent.
    pub return_pct: f64,
    /// The largest fall from a running peak, in per cent.
    pub max_drawdown_pct: f64,
    /// Daily, annualised, risk-free 0.
    pub sharpe: Option<f64>,
    /// Gains over losses.
    pub profit_factor: Option<f64>,
    /// The mean R multiple.
    pub expectancy_r: Option<f64>,
    /// Fees of all fills.
    pub fees: String,
    /// The run's hash.
    pub journal_hash: String,
    /// What held the script.
    pub sandbox: String,
    /// Closed and open trades, for `--trades`.
    #[serde(skip)]
    pub trade_rows: Vec<Trade>,
    /// The equity after each bar, thinned to at most [`EQUITY_POINTS_MAX`] points, for `--report`.
    #[serde(skip)]
    pub equity_points: Vec<(At, Money)>,
    /// The equity by months, for `--report`.
    #[serde(skip)]
    pub months: Vec<Month>,
    /// Every setting the script saw, those that nobody gave at their defaults; for `--report`.
    #[serde(skip)]
    pub params: BTreeMap<String, ParamValue>,
    /// Why the strategy was stopped before the end, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Listens to a backtest's rows and adds them up.
#[derive(Debug)]
pub struct Listener {
    ledger: Ledger,
    curve: EquityCurve,
    drawn: Envelope<At, Money>,
    notes: BTreeMap<ClientOrderId, EntryNote>,
    bars: u64,
    orders: u64,
    fills: u64,
    fees: Money,
    refusals: BTreeMap<String, u64>,
    /// The equity at the last bar's end; its point is drawn when a later bar comes.
    equity: Option<(At, Money)>,
    from: Option<At>,
    to: Option<At>,
    tags: BTreeMap<ClientOrderId, String>,
    stopped: Option<String>,
}

impl Audience for Listener {
    fn hear(&mut self, _: u64, _: At, record: &Record) {
        match record {
            Record::Order { request, .. } => {
                let tag = self.tags.remove(&request.id);
                let note = EntryNote { stop: request.stop_loss.map(|leg| leg.price), tag };
                if note != EntryNote::default() {
                    self.notes.insert(request.id, note);
                }
            }
            Record::Status { status: OrderStatus::Acked, .. } => self.orders += 1,
            // Its executions were told before its end.
            Record::Status { order, status, .. } if !status.is_live() => drop(self.notes.remove(order)),
            Record::Decision { order, refusal, tag, .. } => {
                self.on_decision(*order, refusal, tag.as_ref());
            }
            Record::Fill { fill, .. } => self.on_fill(fill),
            Record::Strategy { what, detail, .. } if what == "failed" || what == "killed" => {
                self.stopped = Some(detail.clone());
            }
            _ => {}
        }
    }
}

impl Listener {
    /// A listener to a run that begins with this cash.
    pub fn new(cash: Money) -> Self {
        Self {
            ledger: Ledger::new(),
            curve: EquityCurve::new(cash),
            drawn: Envelope::new(EQUITY_POINTS_MAX),
            notes: BTreeMap::new(),
            bars: 0,
            orders: 0,
            fills: 0,
            fees: Money::ZERO,
            refusals: BTreeMap::new(),
            equity: None,
            from: None,
            to: None,
            tags: BTreeMap::new(),
            stopped: None,
        }
    }

    fn on_decision(&mut self, order: Option<ClientOrderId>, refusal: &str, tag: Option<&String>) {
        if let Some((order, tag)) = order.zip(tag.cloned()) {
            self.tags.insert(order, tag);
        }
        if let Some(code) = refusal.split(' ').next().filter(|code| !code.is_empty()) {
            *self.refusals.entry(code.to_owned()).or_default() += 1;
        }
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.fills += 1;
        self.fees = self.fees.plus(fill.fee).unwrap_or(self.fees);
        let note = self.notes.get(&fill.order).cloned().unwrap_or_default();
        if let Err(fault) = self.ledger.apply(fill, &note) {
            self.stopped = Some(format!("the ledger: {fault}"));
        }
    }

    /// A bar has been handled; equity is what the machine says at its close.
    pub fn on_bar(&mut self, bar: &Bar, equity: Option<Money>) {
        self.bars += 1;
        self.from.get_or_insert(bar.start);
        self.to = Some(bar.end);
        if let Err(fault) = self.ledger.mark_bar(bar.symbol, bar.low, bar.high, bar.close) {
            self.stopped = Some(format!("the ledger: {fault}"));
        }
        if let Some(equity) = equity {
            // Bars of several symbols become known one after the other at the same instant: it has one equity, the one
            // that knows all of them.
            let before = self.equity.replace((bar.end, equity));
            if let Some((at, equity)) = before.filter(|(at, _)| *at != bar.end) {
                self.draw(at, equity);
            }
        }
    }

    fn draw(&mut self, at: At, equity: Money) {
        self.curve.push(at, equity);
        self.drawn.push(at, equity);
    }

    /// Everything that was heard, added up.
    ///
    /// # Errors
    /// A number that left its range.
    pub fn findings(
        &mut self,
        terms: &Terms,
        journal_hash: String,
        sandbox: &str,
    ) -> Result<Findings, Overflow> {
        if let Some((at, equity)) = self.equity {
            self.draw(at, equity);
        }
        let statistics = statistics(self.ledger.closed_trades(), &self.curve)?;
        let equity = self.equity.map_or(terms.cash, |(_, equity)| equity);
        let mut trade_rows = self.ledger.closed_trades().to_vec();
        trade_rows.extend(self.ledger.open_trades()?);
        Ok(Findings {
            schema: 1,
            strategy: terms.head.name.clone(),
            version: terms.version.clone(),
            symbols: terms.head.symbols.clone(),
            from: self.from,
            to: self.to,
            bars: self.bars,
            orders: self.orders,
            fills: self.fills,
            trades: statistics.trades,
            refusals: self.refusals.clone(),
            cash: terms.cash.to_string(),
            final_equity: equity.to_string(),
            return_pct: statistics.return_pct,
            max_drawdown_pct: statistics.max_drawdown_pct,
            sharpe: statistics.sharpe,
            profit_factor: statistics.profit_factor,
            expectancy_r: statistics.expectancy_r,
            fees: self.fees.to_string(),
            journal_hash,
            sandbox: sandbox.to_owned(),
            trade_rows,
            equity_points: self.drawn.points(),
            months: months(self.curve.start(), self.curve.daily_closes()),
            params: BTreeMap::new(),
            stopped: self.stopped.clone(),
        })
    }
}
