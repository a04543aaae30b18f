use crate::domain::at::At;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::symbol::Symbol;
use crate::ledger::months::Month;
use crate::ledger::trade::Trade;

/// Everything a page tells. Texts are as they came: the page makes them harmless.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The program that ran it, with its version.
    pub program: String,
    /// The strategy's name.
    pub strategy: String,
    /// The version it gives itself.
    pub version: String,
    /// The sha256 of its source, in hexadecimal.
    pub sha256: String,
    /// Every setting it saw, with its value.
    pub params: Vec<(String, String)>,
    /// What it traded.
    pub symbols: Vec<Symbol>,
    /// The first bar's start.
    pub from: Option<At>,
    /// The last bar's end.
    pub to: Option<At>,
    /// The seed of chance.
    pub seed: u64,
    /// The hash of the run's journal.
    pub journal_hash: String,
    /// What held the script.
    pub sandbox: String,
    /// The run in numbers.
    pub figures: Figures,
    /// Why the strategy was stopped before the end, where it was.
    pub stopped: Option<String>,
    /// What the gate refused.
    pub refusals: Vec<Refused>,
    /// The equity over time, thinned for drawing.
    pub equity: Vec<(At, Money)>,
    /// The equity by months.
    pub months: Vec<Month>,
    /// The closes of each symbol.
    pub closes: Vec<Closes>,
    /// Trades, closed and open.
    pub trades: Vec<Trade>,
    /// Under which terms orders filled.
    pub terms: Terms,
}

/// The run in numbers, under the names that the shell's JSON gives them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Bars of the data.
    pub bars: u64,
    /// Orders that were sent, protective ones alike.
    pub orders: u64,
    /// Executions.
    pub fills: u64,
    /// Trades that ended.
    pub trades: u64,
    /// Cash at the beginning, in dollars.
    pub cash: String,
    /// Equity at the last bar's close, in dollars.
    pub final_equity: String,
    /// Fees of all fills, in dollars.
    pub fees: String,
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
}

/// One reason for which orders were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The stable word.
    pub code: String,
    /// What it means; empty where nobody knows.
    pub meaning: String,
    /// How often.
    pub count: u64,
}

/// The closes of one symbol's bars, thinned for drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closes {
    /// Of which symbol.
    pub symbol: Symbol,
    /// The bar's end and its close, in order.
    pub points: Vec<(At, Price)>,
}

/// Under which terms orders filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub struct Terms {
    /// Whether bars were the only clock: no quote filled anything.
    pub bars_only: bool,
    /// Whether nothing was to cost anything (`--costs none`).
    pub costs_none: bool,
    /// Whether the data were brought into the shares of after their splits.
    pub splits: bool,
    /// Whether orders filled in the regular session only.
    pub regular_session_only: bool,
    /// Dollars of commission a share.
    pub fee_per_share: Price,
    /// Commission in per cent of a fill's worth.
    pub fee_pct: Pct,
    /// Slippage in hundredths of a per cent.
    pub slippage_bps: u32,
    /// The largest part of a bar's volume that filled, in per cent; `None` where nothing capped it.
    pub volume_share_pct: Option<Pct>,
}
