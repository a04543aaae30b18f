use std::sync::Arc;

use crate::domain::at::At;
use crate::domain::intent::Intent;
use crate::domain::market::Bar;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::snapshot::Snapshot;
use crate::risk::decision::Decision;
use crate::risk::limits::Limits;
use crate::risk::refusal::Code;

/// What the machine shows at one instant: plain data, nothing to act on.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The machine.
    pub snapshot: Snapshot,
    /// The limits in force.
    pub limits: Limits,
    /// What the run is about.
    pub about: About,
    /// Every symbol of the feed, in the order of their names.
    pub markets: Vec<MarketView>,
    /// Of the symbol that was asked for, where the feed has it.
    pub chart: Option<ChartView>,
    /// The trades of the running trading day and the account's course.
    pub journal: JournalView,
    /// Open positions' profit in multiples of what they risked, where a stop was known at the entry.
    pub r_multiples: Vec<(Symbol, f64)>,
    /// Openings that the gate approved within the last minute.
    pub openings_last_minute: u32,
    /// The newest lines, oldest first.
    pub log: Arc<Vec<LogLine>>,
    /// Whether the run's data is over: no price moves any more.
    pub data_ended: bool,
    /// The gate's word on the ticket's intent, where one was asked for.
    pub preview: Option<Preview>,
    /// Who may do what, and whether the record is whole.
    pub trust: Arc<Vec<TrustLine>>,
}

/// One line of the security page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustLine {
    /// Under which head it stands.
    pub section: &'static str,
    /// What it is about.
    pub name: String,
    /// What there is to say.
    pub says: String,
    /// Whether the trader ought to act.
    pub weight: Weight,
}

/// What the run is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Where orders go, in words.
    pub venue: String,
    /// What the market's data is called.
    pub data: String,
    /// How fast its time passes, as `×60`.
    pub pace: String,
    /// How well strategies are held.
    pub sandbox: String,
    /// The end of the account's number, with real money.
    pub account: Option<String>,
    /// Whether a second factor's code is asked for, with real money.
    pub asks_for_a_code: bool,
    /// Whether a run of before is watched again: nothing is sent from here.
    pub replay: bool,
}

/// One symbol as the feed knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketView {
    /// Which.
    pub symbol: Symbol,
    /// The best bid.
    pub bid: Option<Price>,
    /// The best ask.
    pub ask: Option<Price>,
    /// The last price.
    pub last: Option<Price>,
    /// The close of the session before.
    pub previous_close: Option<Price>,
    /// How old the newest word of the feed is.
    pub age_ms: Option<i64>,
    /// From which age on it is stale.
    pub stale_after_ms: i64,
}

impl MarketView {
    /// Whether the feed has said nothing for too long, or nothing at all.
    pub fn is_stale(&self) -> bool {
        self.age_ms.is_none_or(|age| age > self.stale_after_ms)
    }
}

/// What the chart draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartView {
    /// Of which symbol.
    pub symbol: Symbol,
    /// Its one-minute bars, oldest first.
    pub minutes: Arc<Vec<Bar>>,
    /// What strategies draw over it, always in the same order.
    pub plots: Vec<PlotLine>,
    /// Our own fills in it, oldest first.
    pub fills: Vec<FillMark>,
    /// The working protective stop of its position.
    pub stop: Option<Price>,
    /// The working target of its position.
    pub target: Option<Price>,
    /// The position's average price.
    pub entry: Option<Price>,
}

/// A line that a strategy draws over the bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlotLine {
    /// Its name, as the strategy gave it.
    pub name: String,
    /// The starts of minutes with the line's values at their ends, oldest first.
    pub points: Arc<Vec<(At, Price)>>,
}

/// One of our own fills, on the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillMark {
    /// When.
    pub at: At,
    /// Bought or sold.
    pub side: Side,
    /// At which price.
    pub price: Price,
}

/// The trades of the running trading day, and the account's course.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JournalView {
    /// Trades closed today.
    pub trades: usize,
    /// Of a hundred of them, how many won; `None` without one.
    pub win_pct: Option<f64>,
    /// What was won for each dollar lost; `None` without a loss.
    pub profit_factor: Option<f64>,
    /// The mean R multiple; `None` without stops.
    pub expectancy_r: Option<f64>,
    /// The sum of today's R multiples; `None` without stops.
    pub total_r: Option<f64>,
    /// The mean of what won.
    pub average_win: Option<Money>,
    /// The mean of what lost.
    pub average_loss: Option<Money>,
    /// The largest fall of equity from its peak, in percent, over the ledger.
    pub max_drawdown_pct: f64,
    /// Realised profit or loss today.
    pub realised: Money,
    /// The account's equity over the ledger, thinned to what a line of text can show, oldest first.
    pub equity: Vec<(At, Money)>,
    /// Today's fills, newest first.
    pub fills: Vec<FillLine>,
}

/// One fill, as the journal pane shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct FillLine {
    /// When.
    pub at: At,
    /// Bought or sold.
    pub side: Side,
    /// Of which symbol.
    pub symbol: Symbol,
    /// Shares.
    pub qty: Qty,
    /// Dollars a share.
    pub price: Price,
    /// Who asked for it, in a word.
    pub by: String,
    /// What it realised, where it closed something.
    pub realised: Option<Money>,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: At,
    /// How much it matters.
    pub weight: Weight,
    /// In words, cleaned of control characters.
    pub text: String,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// What happened.
    Info,
    /// Something did not pass, or may come to fail.
    Warning,
    /// The trader ought to act.
    Alarm,
}

/// The gate's word on the ticket's intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What was judged.
    pub intent: Intent,
    /// The gate's decision, every check with its numbers.
    pub decision: Decision,
    /// The symbol's exposure as it stands.
    pub exposure_before: Option<Money>,
    /// The largest whole quantity that the gate would pass, and what binds it.
    pub largest: Largest,
}

/// The largest whole quantity that would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Largest {
    /// How many shares; zero when none.
    pub qty: Qty,
    /// The code that refuses one share more.
    pub binds: Option<Code>,
}

/// What the window wants to be shown next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The symbol of the chart.
    pub symbol: Option<Symbol>,
    /// What the gate is to judge for the ticket.
    pub preview: Option<Intent>,
}
