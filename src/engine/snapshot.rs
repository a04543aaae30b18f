use serde::Serialize;

use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::day::TradingDay;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::machine::Engine;
use crate::engine::naked::NakedView;
use crate::engine::orders::Order;
use crate::engine::protection::closing_side;
use crate::engine::reconcile::Difference;
use crate::risk::book::Marks;
use crate::risk::state::TradingState;

/// The machine at one instant, for the window and the shell: plain data, nothing to act on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// When.
    pub at: At,
    /// Where orders go.
    pub mode: Mode,
    /// What passes.
    pub state: TradingState,
    /// Why not everything does.
    pub halt_reason: Option<String>,
    /// Why no position may be opened yet, though nothing is halted.
    pub not_ready: Option<&'static str>,
    /// The trading day.
    pub day: TradingDay,
    /// The part of the exchange's day.
    pub phase: Phase,
    /// By how many milliseconds the venue's clock is ahead of ours; `None` where nobody has compared them.
    pub clock_offset_ms: Option<i64>,
    /// The account's figures; `None` where they are not known.
    pub account: AccountView,
    /// When arming ends by itself: live that is not armed opens nothing. `None` in sim and paper too.
    pub armed_until: Option<At>,
    /// Every position.
    pub positions: Vec<PositionView>,
    /// Every live order.
    pub open_orders: Vec<OrderView>,
    /// Every strategy.
    pub strategies: Vec<StrategyStatus>,
    /// Openings of strategies that wait for the trader's yes, oldest first.
    pub asks: Vec<AskView>,
    /// What restrains trading besides, in words.
    pub restraints: Vec<String>,
    /// Differences with the broker that wait for the trader's word, in the order of their numbers.
    pub adjusts: Vec<AdjustView>,
}

/// An opening of a strategy that waits for the trader's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskView {
    /// Its number, by which it is answered.
    pub number: u64,
    /// The strategy's number.
    pub strategy: u16,
    /// Its name.
    pub name: String,
    /// What it wants to open.
    #[serde(flatten)]
    pub intent: Intent,
    /// The strategy's own word for it.
    pub tag: Option<String>,
    /// Since when it waits.
    pub asked_at: At,
    /// Until when.
    pub until: At,
}

/// One difference with the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdjustView {
    /// Its number, by which it is acknowledged.
    pub number: u64,
    /// What it is.
    #[serde(flatten)]
    pub difference: Difference,
}

/// The account's figures and the limits they stand against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// The smaller of our equity and the broker's.
    pub equity: Option<Money>,
    /// Today's baseline.
    pub e0: Option<Money>,
    /// Equity less baseline and flows.
    pub day_pnl: Option<Money>,
    /// Today's loss.
    pub day_loss: Option<Money>,
    /// The loss at which openings end.
    pub day_loss_limit: Option<Money>,
    /// What would be lost if every stop were hit.
    pub heat: Option<Money>,
    /// What may be.
    pub heat_limit: Option<Money>,
    /// The sum of exposures.
    pub gross: Option<Money>,
    /// What it may be.
    pub gross_limit: Option<Money>,
    /// What one symbol's exposure may be.
    pub position_limit: Option<Money>,
    /// Cash.
    pub cash: Option<Money>,
}

/// One position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PositionView {
    /// Of which symbol.
    pub symbol: Symbol,
    /// Signed shares.
    pub qty: Qty,
    /// The average price.
    pub avg_price: Price,
    /// The price it is valued at.
    pub mark: Option<Price>,
    /// Its open profit or loss.
    pub unrealized: Option<Money>,
    /// Its protective stop: the riskiest of those that work.
    pub stop: Option<Price>,
    /// Shares that working stops protect.
    pub protected_qty: Qty,
    /// For how long, and with how much, it has stood without its full stop.
    pub naked: NakedView,
}

/// One live order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// Its id.
    pub id: ClientOrderId,
    /// What it trades.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// At which price.
    #[serde(flatten)]
    pub kind: OrderKind,
    /// How long it stands.
    pub tif: TimeInForce,
    /// Its shares.
    pub qty: Qty,
    /// Those that filled.
    pub filled: Qty,
    /// Where it stands.
    pub status: OrderStatus,
    /// Who asked.
    pub origin: Origin,
}

/// One strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StrategyStatus {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// What it trades.
    pub symbols: Vec<Symbol>,
    /// `running`, `paused` or `stopped`.
    pub state: &'static str,
    /// Why it does not run, where it does not.
    pub reason: Option<String>,
    /// Intents it asked for.
    pub signals: u32,
    /// Realised profit or loss.
    pub pnl: Money,
    /// Calls that failed.
    pub errors: u32,
}

impl Engine {
    /// The machine as it stands.
    pub fn snapshot(&self) -> Snapshot {
        let latched = self.gate.latched().map(|latched| {
            // Of a latch that an earlier process made only the day is remembered.
            if latched.limit.is_zero() {
                "daily loss, reached before the restart".to_owned()
            } else {
                format!("daily loss {} of {}", latched.loss, latched.limit)
            }
        });
        let killed = self.gate.halt_reason().map(|reason| reason.word().to_owned());
        Snapshot {
            at: self.now,
            mode: self.settings.mode,
            state: self.gate.state(),
            halt_reason: killed.or(latched),
            not_ready: self.readiness.cause().map(crate::risk::refusal::NotReady::word),
            day: self.day.day(),
            phase: self.day.phase(),
            clock_offset_ms: self.readiness.clock_offset_ms,
            account: self.account_view(),
            armed_until: self.armed_until(),
            positions: self.held_symbols().into_iter().map(|symbol| self.position_view(symbol)).collect(),
            open_orders: self.orders.live().filter(|order| !Self::sleeps(order)).map(order_view).collect(),
            strategies: self.strategies.all().map(strategy_status).collect(),
            asks: self.ask_views(),
            restraints: self.restraints.words(),
            adjusts: self.adjust_views(),
        }
    }

    fn adjust_views(&self) -> Vec<AdjustView> {
        let waiting = self.readiness.adjusts.iter();
        waiting
            .map(|(number, difference)| AdjustView { number: *number, difference: difference.clone() })
            .collect()
    }

    fn account_view(&self) -> AccountView {
        let equity = self.gate.equity(self.now);
        let e0 = self.gate.e0();
        let base = e0.and_then(|e0| e0.plus(self.gate.flows()).ok());
        AccountView {
            equity,
            e0,
            day_pnl: equity.zip(base).and_then(|(equity, base)| equity.minus(base).ok()),
            day_loss: self.gate.day_loss(self.now),
            day_loss_limit: self.gate.day_loss_limit(),
            heat: self.gate.heat(self.now),
            heat_limit: self.gate.heat_limit(self.now),
            gross: self.gate.gross(self.now),
            gross_limit: self.gate.gross_limit(self.now),
            position_limit: self.gate.position_limit(self.now),
            cash: self.gate.cash(),
        }
    }

    fn position_view(&self, symbol: Symbol) -> PositionView {
        let position = self.gate.position(symbol);
        let mark = self.mark(symbol);
        let gain = mark.and_then(|mark| mark.minus(position.avg_price).ok());
        PositionView {
            symbol,
            qty: position.qty,
            avg_price: position.avg_price,
            mark,
            unrealized: gain.map(|gain| gain.times(position.qty)),
            stop: self.riskiest_stop(symbol, position.qty),
            protected_qty: self.gate.protected_qty(symbol),
            naked: self.naked_view(symbol),
        }
    }

    fn riskiest_stop(&self, symbol: Symbol, position: Qty) -> Option<Price> {
        let closing = closing_side(position)?;
        let works = |order: &&Order| {
            order.is_stop() && matches!(order.status, OrderStatus::Working | OrderStatus::Partial)
        };
        let stops = self.orders.live_of(symbol).filter(|order| order.request.side == closing).filter(works);
        let prices = stops.filter_map(|order| order.request.kind.stop());
        if closing == Side::Sell { prices.min() } else { prices.max() }
    }

    /// Whether a leg still waits for its order's first fill.
    fn sleeps(order: &Order) -> bool {
        order.status == OrderStatus::Intent && order.is_leg()
    }

    /// What a symbol is sold and bought at, where that is known.
    pub fn marks(&self, symbol: Symbol) -> Option<Marks> {
        self.gate.marks(symbol, self.now)
    }

    /// The symbols of which anything is held.
    pub fn held(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.gate.positions().map(|(symbol, _)| symbol)
    }

    /// The order of this id, as the shell shows it.
    pub fn order_view(&self, id: ClientOrderId) -> Option<OrderView> {
        self.orders.get(id).map(order_view)
    }

    /// The most that the position of a symbol can come to be worth, live orders counted.
    pub fn exposure(&self, symbol: Symbol) -> Option<Money> {
        self.gate.exposure(symbol, self.now)
    }

    /// The limits in force.
    pub fn limits(&self) -> &crate::risk::limits::Limits {
        self.gate.limits()
    }

    /// Judges an intent as `--dry-run` does: through the same gate, minting nothing.
    pub fn what_if(&self, intent: &Intent) -> crate::risk::decision::Decision {
        self.gate.judge(intent, &self.situation(intent), self.now)
    }
}

fn order_view(order: &Order) -> OrderView {
    OrderView {
        id: order.request.id,
        symbol: order.request.symbol,
        side: order.request.side,
        kind: order.request.kind,
        tif: order.request.tif,
        qty: order.request.qty,
        filled: order.filled,
        status: order.status,
        origin: order.origin,
    }
}

fn strategy_status(strategy: &crate::engine::strategies::Strategy) -> StrategyStatus {
    StrategyStatus {
        id: strategy.head.id.0,
        name: strategy.head.name.clone(),
        symbols: strategy.head.symbols.clone(),
        state: strategy.running.word(),
        reason: strategy.running.reason().map(str::to_owned),
        signals: strategy.signals,
        pnl: strategy.own.realized(),
        errors: strategy.errors,
    }
}
