use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::app::armoury::Armoury;
use crate::app::desk_market::Markets;
use crate::app::desk_plots::Plots;
use crate::app::machine::Crew;
use crate::app::requests::Recalls;
use crate::app::trust_board::TrustBoard;
use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::Tick;
use crate::domain::money::Money;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::machine::Engine;
use crate::engine::own_book::day_with;
use crate::engine::record::Record;
use crate::engine::snapshot::Snapshot;
use crate::ledger::book::{EntryNote, Ledger};
use crate::ledger::equity::EquityCurve;
use crate::ledger::statistics::{r_multiple, statistics};
use crate::pump::audience::Audience;
use crate::risk::order::Role;
use crate::ui::log_words::of_record;
use crate::ui::seen::{
    About, ChartView, FillLine, FillMark, JournalView, Largest, LogLine, Look, Preview, Seen,
};

/// Lines of the log that are kept for the window; the journal keeps all.
const LOG_LINES_MAX: usize = 500;
/// Fills that the chart and the journal pane can show.
const FILLS_MAX: usize = 500;
/// Points of the equity's line.
const EQUITY_POINTS_MAX: usize = 120;
/// Rows kept for the request at hand.
const HEARD_MAX: usize = 1_000;
/// Openings within this long are counted in the header.
const A_MINUTE_MS: i64 = 60_000;
/// The largest quantity that is ever asked after.
const SHARES_MAX: i32 = 10_000_000;

/// What the window shows of the machine, gathered on the machine's own thread.
pub struct Desk {
    about: About,
    markets: Markets,
    plots: Plots,
    log: Arc<Vec<LogLine>>,
    fills: VecDeque<FillLine>,
    /// What the day's fills realised, of which only the last are kept.
    realised: Option<(TradingDay, Money)>,
    ledger: Ledger,
    curve: Option<EquityCurve>,
    notes: BTreeMap<ClientOrderId, (EntryNote, String)>,
    names: BTreeMap<StrategyId, String>,
    openings: VecDeque<At>,
    heard: Vec<Record>,
    ended: bool,
    wanted: Arc<AtomicBool>,
    tell: Box<dyn Fn() + Send>,
    trust: TrustBoard,
}

impl Desk {
    /// A desk that tells the window, by `tell`, that there is something new, once after each time
    /// that `wanted` was raised. `interval_ms` is how often the feed speaks.
    pub fn new(about: About, interval_ms: i64, wanted: Arc<AtomicBool>, tell: Box<dyn Fn() + Send>) -> Self {
        Self {
            about,
            markets: Markets::new(interval_ms),
            plots: Plots::default(),
            log: Arc::default(),
            fills: VecDeque::new(),
            realised: None,
            ledger: Ledger::new(),
            curve: None,
            notes: BTreeMap::new(),
            names: BTreeMap::new(),
            openings: VecDeque::new(),
            heard: Vec::new(),
            ended: false,
            wanted,
            tell,
            trust: TrustBoard::default(),
        }
    }

    /// What the security page says.
    pub(super) fn trust(&self) -> TrustBoard {
        self.trust.clone()
    }

    /// What is known once the run is put together: the strategies' names, what holds them, and whose money it is.
    pub fn settle(
        &mut self,
        names: BTreeMap<StrategyId, String>,
        sandbox: String,
        armoury: Option<&Armoury>,
    ) {
        self.names = names;
        self.about.sandbox = sandbox;
        self.about.account = armoury.map(Armoury::account_tail);
        self.about.asks_for_a_code = armoury.is_some_and(Armoury::asks_for_a_code);
    }

    /// The strategies' names, by number.
    pub fn rename(&mut self, names: BTreeMap<StrategyId, String>) {
        self.names = names;
    }

    /// Takes in what happened before this process: rows of the journal and ticks of the tape.
    pub fn recollect(&mut self, rows: impl IntoIterator<Item = (At, Record)>, ticks: &[Tick]) {
        for tick in ticks {
            self.markets.take(tick);
        }
        for (at, record) in rows {
            self.take(at, &record);
        }
    }

    fn take(&mut self, at: At, record: &Record) {
        if let Some((weight, text)) = of_record(record, &self.names) {
            let log = Arc::make_mut(&mut self.log);
            // Twice the length before half is dropped: moving the lines is not paid for each of them.
            if log.len() >= 2 * LOG_LINES_MAX {
                log.drain(..LOG_LINES_MAX);
            }
            log.push(LogLine { at, weight, text });
        }
        match record {
            Record::Decision { intent, refusal, tag, order, .. } => {
                if let Some(id) = order.filter(|_| refusal.is_empty()) {
                    let by = self.who(intent.origin);
                    self.notes.insert(id, (EntryNote { stop: intent.stop_loss, tag: tag.clone() }, by));
                }
            }
            Record::Order { request, origin, parent, role } => {
                if *role == Role::Opening {
                    self.openings.push_back(at);
                }
                let by = self.who(*origin);
                let (mut note, by) = self.notes.remove(&request.id).unwrap_or((EntryNote::default(), by));
                // The stop that was sent is what is risked, also where the gate chose it.
                note.stop = request.stop_loss.map(|leg| leg.price).or(note.stop);
                if let Some((parents, _)) = parent.and_then(|parent| self.notes.get(&parent)) {
                    note.tag.clone_from(&parents.tag);
                }
                for leg in [request.stop_loss, request.take_profit].into_iter().flatten() {
                    self.notes.insert(leg.id, (EntryNote::default(), by.clone()));
                }
                self.notes.insert(request.id, (note, by));
            }
            Record::Fill { fill, .. } => {
                let (note, by) = self.notes.get(&fill.order).cloned().unwrap_or_default();
                let applied = self.ledger.apply(fill, &note).ok();
                let realised = applied.map(|applied| applied.realised).filter(|money| !money.is_zero());
                if let Some(money) = realised {
                    self.realised = Some(day_with(self.realised, TradingDay::of(fill.at), money));
                }
                self.fills.push_back(FillLine {
                    at: fill.at,
                    side: fill.side,
                    symbol: fill.symbol,
                    qty: fill.qty,
                    price: fill.price,
                    by,
                    realised,
                });
                if self.fills.len() > FILLS_MAX {
                    self.fills.pop_front();
                }
            }
            Record::Strategy { id, what, detail } if what == "plot" => self.plots.take(at, *id, detail),
            Record::Equity { equity, .. } => match &mut self.curve {
                Some(curve) => curve.push(at, *equity),
                None => self.curve = Some(EquityCurve::new(*equity)),
            },
            _ => {}
        }
    }

    fn who(&self, origin: Origin) -> String {
        match origin {
            Origin::Strategy(id) => {
                self.names.get(&id).cloned().unwrap_or_else(|| format!("strategy {}", id.0))
            }
            Origin::Operator => "you".to_owned(),
            Origin::Engine => "engine".to_owned(),
            Origin::Kill => "kill".to_owned(),
        }
    }

    fn journal(&self, today: TradingDay) -> JournalView {
        let closed: Vec<_> = self
            .ledger
            .closed_trades()
            .iter()
            .filter(|trade| trade.closed_at.is_some_and(|at| TradingDay::of(at) == today))
            .cloned()
            .collect();
        let start = EquityCurve::new(Money::ZERO);
        let curve = self.curve.as_ref().unwrap_or(&start);
        let figures = statistics(&closed, curve).ok();
        let multiples: Vec<f64> = closed.iter().filter_map(r_multiple).collect();
        let fills = self.fills.iter().rev().filter(|fill| TradingDay::of(fill.at) == today);
        let realised = self.realised.filter(|(day, _)| *day == today);
        JournalView {
            trades: closed.len(),
            win_pct: figures.as_ref().and_then(|figures| figures.win_rate).map(|rate| rate * 100.0),
            profit_factor: figures.as_ref().and_then(|figures| figures.profit_factor),
            expectancy_r: figures.as_ref().and_then(|figures| figures.expectancy_r),
            total_r: (!multiples.is_empty()).then(|| multiples.iter().sum()),
            average_win: figures.as_ref().and_then(|figures| figures.average_win),
            average_loss: figures.as_ref().and_then(|figures| figures.average_loss),
            max_drawdown_pct: figures.as_ref().map_or(0.0, |figures| figures.max_drawdown_pct),
            realised: realised.map_or(Money::ZERO, |(_, money)| money),
            equity: thinned(curve.points()),
            fills: fills.take(100).cloned().collect(),
        }
    }

    fn r_multiples(&self, snapshot: &Snapshot) -> Vec<(Symbol, f64)> {
        let open = self.ledger.open_trades().unwrap_or_default();
        let of = |trade: &crate::ledger::trade::Trade| {
            let risk = trade.risk.filter(|risk| risk.is_positive())?;
            let position = snapshot.positions.iter().find(|position| position.symbol == trade.symbol)?;
            Some((trade.symbol, position.unrealized?.to_f64() / risk.to_f64()))
        };
        open.iter().filter_map(of).collect()
    }

    fn chart(&self, symbol: Symbol, snapshot: &Snapshot) -> ChartView {
        let position = snapshot.positions.iter().find(|position| position.symbol == symbol);
        let closing =
            position.map(|position| if position.qty.is_positive() { Side::Sell } else { Side::Buy });
        let target = snapshot.open_orders.iter().find_map(|order| match order.kind {
            OrderKind::Limit { limit } if order.symbol == symbol && Some(order.side) == closing => {
                Some(limit)
            }
            _ => None,
        });
        let mark = |fill: &FillLine| FillMark { at: fill.at, side: fill.side, price: fill.price };
        ChartView {
            symbol,
            minutes: self.markets.minutes(symbol),
            plots: self.plots.of(symbol),
            fills: self.fills.iter().filter(|fill| fill.symbol == symbol).map(mark).collect(),
            stop: position.and_then(|position| position.stop),
            target,
            entry: position.map(|position| position.avg_price),
        }
    }
}

/// Every so-manieth point, and the last one.
fn thinned(points: &[(At, Money)]) -> Vec<(At, Money)> {
    let stride = points.len().div_ceil(EQUITY_POINTS_MAX).max(1);
    let mut kept: Vec<_> = points.iter().step_by(stride).copied().collect();
    if let Some(last) = points.last().filter(|last| kept.last() != Some(last)) {
        kept.push(*last);
    }
    kept
}

/// What the gate says to an intent, and the largest whole quantity of it that would pass.
pub fn preview(engine: &Engine, intent: Intent) -> Preview {
    // A strategy's order is looked at by the trader who may say yes to it: that he has not yet is no answer.
    let is_asked = matches!(intent.origin, Origin::Strategy(_));
    let judge = |intent: &Intent| if is_asked { engine.what_if_yes(intent) } else { engine.what_if(intent) };
    let decision = judge(&intent);
    let with = |shares: i32| judge(&Intent { qty: Qty::shares(shares), ..intent });
    // A larger opening order never passes where a smaller one does not.
    let (mut passes, mut fails) = (0, SHARES_MAX);
    while fails - passes > 1 {
        let middle = passes + (fails - passes) / 2;
        if with(middle).is_approved() {
            passes = middle;
        } else {
            fails = middle;
        }
    }
    let largest = Largest { qty: Qty::shares(passes), binds: with(fails).code() };
    Preview { intent, decision, exposure_before: engine.exposure(intent.symbol), largest }
}

impl Audience for Desk {
    fn hear(&mut self, _: u64, at: At, record: &Record) {
        self.take(at, record);
        if self.heard.len() < HEARD_MAX {
            self.heard.push(record.clone());
        }
    }
}

impl Recalls for Desk {
    fn recall(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.heard)
    }
}

impl Crew for Desk {
    fn is_gone(&self) -> bool {
        false
    }

    fn stays(&self) -> bool {
        true
    }

    fn data_ended(&mut self) {
        self.ended = true;
    }

    fn saw(&mut self, tick: &Tick) {
        self.markets.take(tick);
    }

    fn turned(&mut self) {
        if self.wanted.swap(false, Ordering::SeqCst) {
            (self.tell)();
        }
    }

    fn show(&mut self, engine: &Engine, look: &Look) -> Option<Box<Seen>> {
        let snapshot = engine.snapshot();
        let now = snapshot.at;
        while self.openings.front().is_some_and(|at| now.millis_since(*at) > A_MINUTE_MS) {
            self.openings.pop_front();
        }
        let stale_after_ms = engine.limits().stale_quote_ms;
        Some(Box::new(Seen {
            limits: engine.limits().clone(),
            about: self.about.clone(),
            markets: self.markets.views(now, stale_after_ms),
            chart: look.symbol.map(|symbol| self.chart(symbol, &snapshot)),
            journal: self.journal(snapshot.day),
            r_multiples: self.r_multiples(&snapshot),
            openings_last_minute: u32::try_from(self.openings.len()).unwrap_or(u32::MAX),
            log: Arc::clone(&self.log),
            data_ended: self.ended,
            preview: look.preview.map(|intent| preview(engine, intent)),
            trust: self.trust.lines(),
            snapshot,
        }))
    }
}

/// A price that is one.
pub(super) fn quoted(price: Price) -> Option<Price> {
    Some(price).filter(|price| price.is_positive())
}
