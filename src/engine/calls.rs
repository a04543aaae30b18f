//! Strategies: what they are told, and what becomes of what they wish.

use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::Bar;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::{
    Outcome, Size, StrategyAnswer, StrategyCall, StrategyEvent, StrategyView, Wish,
};
use crate::domain::symbol::Symbol;
use crate::engine::command::Command;
use crate::engine::event::StrategyHead;
use crate::engine::machine::Engine;
use crate::engine::own_book::{OwnFill, goes_with};
use crate::engine::record::Record;
use crate::engine::strategies::{DueBar, Running};

/// Bars of a symbol that a strategy sees at once when it comes late: they are called one after the other, and nothing
/// else is heard meanwhile.
const WARM_UP_CALLS_MAX: u32 = 500;

impl Engine {
    pub(super) fn load_strategy(&mut self, head: &StrategyHead) {
        self.drop_asks_of(head.id, "its text is another one now");
        for symbol in &head.symbols {
            self.desks.entry(*symbol).or_default().measure(head.timeframe_ms);
        }
        let detail = format!("{} on {:?} of sha256 {}", head.name, head.symbols, head.sha256);
        self.record(Record::Strategy { id: head.id, what: "loaded".to_owned(), detail });
        self.grant_passport(head);
        self.hold_back_disabled(head.id);
        self.warm_up(head);
    }

    /// Where the run has seen bars already, the strategy sees the last of them at once: its next bar is a live one, and
    /// one that has begun has no hole.
    fn warm_up(&mut self, head: &StrategyHead) {
        let bars = head.warmup_bars.min(WARM_UP_CALLS_MAX);
        let desks = head.symbols.iter().filter_map(|symbol| self.desks.get(symbol));
        let mut past: Vec<Bar> = desks.flat_map(|desk| desk.past.making(bars, head.timeframe_ms)).collect();
        // As they came: a strategy of several symbols sees them side by side.
        past.sort_by_key(|bar| (bar.end, bar.symbol));
        for due in self.strategies.warm_up(head.id, &past) {
            self.call_strategy_with_bar(&due);
        }
    }

    /// Puts a strategy on the bench that is not called: it comes back with its own loading.
    pub(super) fn keep_strategy_out(&mut self, head: &StrategyHead, reason: &str) {
        self.grant_passport(head);
        if let Some(strategy) = self.strategies.get_mut(head.id) {
            strategy.running = Running::Stopped(reason.to_owned());
        }
        let detail = format!("{}: {reason}", head.name);
        self.record(Record::Strategy { id: head.id, what: "stopped".to_owned(), detail });
    }

    /// From here on the gate knows what the strategy may open, and the bench what is its own.
    fn grant_passport(&mut self, head: &StrategyHead) {
        self.gate.grant(head.id, head.passport.clone());
        let gate = &self.gate;
        if let Some(away) = self.strategies.load(head.clone(), |symbol| gate.position(symbol).qty) {
            self.orders.hand_over(away, head.id);
        }
    }

    pub(super) fn call_strategy_with_bar(&mut self, due: &DueBar) {
        let event = StrategyEvent::Bar { bar: due.bar, warm_up: due.warm_up };
        self.call_strategy(due.id, due.bar.symbol, event);
    }

    /// Calls a strategy that is on its feet; the others are told nothing.
    pub(super) fn call_strategy(&mut self, id: StrategyId, symbol: Symbol, event: StrategyEvent) {
        let view = self.view(symbol);
        let seq = self.next_call_seq;
        let Some(strategy) = self.strategies.get_mut(id) else { return };
        if strategy.running != Running::Yes || !strategy.head.hears(&event) {
            return;
        }
        self.next_call_seq = seq.saturating_add(1);
        strategy.unanswered.push(seq);
        self.out.push(Command::RunStrategy(id, StrategyCall { seq, symbol, event, view }));
    }

    fn view(&self, symbol: Symbol) -> StrategyView {
        let position = self.gate.position(symbol);
        let mark = self.mark(symbol);
        let gain = mark.and_then(|mark| mark.minus(position.avg_price).ok());
        let unrealized = gain.map_or(Money::ZERO, |gain| gain.times(position.qty));
        StrategyView {
            position_qty: position.qty,
            avg_price: position.avg_price,
            unrealized,
            stop: self.desks.get(&symbol).and_then(|desk| desk.stop_plan),
            cash: self.gate.cash().unwrap_or(Money::ZERO),
            equity: self.gate.equity(self.now).unwrap_or(Money::ZERO),
            phase: self.day.phase(),
        }
    }

    pub(super) fn on_strategy_answer(&mut self, id: StrategyId, answer: &StrategyAnswer) {
        let Some(strategy) = self.strategies.get_mut(id) else { return };
        let Some(place) = strategy.unanswered.iter().position(|seq| *seq == answer.seq) else { return };
        strategy.unanswered.remove(place);
        for line in &answer.logs {
            self.out.push(Command::Record(Record::Strategy {
                id,
                what: "log".to_owned(),
                detail: line.clone(),
            }));
        }
        match &answer.outcome {
            Outcome::Done => {}
            Outcome::Failed { reason } => return self.on_strategy_fault(id, "failed", reason),
            Outcome::Killed { reason } => return self.on_strategy_fault(id, "killed", reason),
        }
        for plot in &answer.plots {
            let value = Price::from_nanos(plot.nanos);
            let detail = format!("{} {value} {}", answer.symbol, plot.name);
            self.record(Record::Strategy { id, what: "plot".to_owned(), detail });
        }
        for wish in &answer.wishes {
            self.grant(id, answer.symbol, wish);
        }
    }

    fn on_strategy_fault(&mut self, id: StrategyId, what: &str, reason: &str) {
        if let Some(strategy) = self.strategies.get_mut(id) {
            strategy.errors = strategy.errors.saturating_add(1);
            strategy.running = Running::Stopped(reason.to_owned());
            strategy.unanswered.clear();
        }
        self.record(Record::Strategy { id, what: what.to_owned(), detail: reason.to_owned() });
        self.out.push(Command::StopStrategy(id));
    }

    fn grant(&mut self, id: StrategyId, symbol: Symbol, wish: &Wish) {
        if let Some(strategy) = self.strategies.get_mut(id) {
            strategy.signals = strategy.signals.saturating_add(1);
        }
        match wish {
            Wish::Trade { side, size, limit, stop, take_profit, trail, tif, tag } => {
                let kind = limit.map_or(OrderKind::Market, |limit| OrderKind::Limit { limit });
                let qty = match self.sized(id, symbol, *side, *size, *limit, *stop) {
                    Ok(qty) => qty,
                    Err(words) => {
                        self.record(Record::Strategy { id, what: "unsized".to_owned(), detail: words });
                        Qty::ZERO
                    }
                };
                let intent = Intent {
                    origin: Origin::Strategy(id),
                    symbol,
                    side: *side,
                    qty,
                    kind,
                    tif: *tif,
                    stop_loss: *stop,
                    take_profit: *take_profit,
                    trail: *trail,
                };
                self.place_or_ask(id, intent, tag.clone());
            }
            Wish::Close { tag } => self.close_own(id, symbol, tag.clone()),
            Wish::Cancel => self.cancel_own(id, symbol),
            Wish::Tighten { stop } => self.tighten(id, symbol, *stop),
        }
    }

    /// Closes what the strategy itself holds, and no share of anybody else's.
    fn close_own(&mut self, id: StrategyId, symbol: Symbol, tag: Option<String>) {
        let own = self.strategies.get(id).map_or(Qty::ZERO, |strategy| strategy.own.qty(symbol));
        let position = self.gate.position(symbol).qty;
        if !goes_with(own, position) {
            return;
        }
        let side = if own.is_positive() { Side::Sell } else { Side::Buy };
        let pending = self.orders.exits_remaining(symbol, side);
        let qty = own.abs().min(position.abs().minus(pending).unwrap_or(Qty::ZERO)).at_least_zero();
        if qty.is_zero() {
            return;
        }
        let intent = market_exit(Origin::Strategy(id), symbol, side, qty);
        self.place(intent, tag);
    }

    fn cancel_own(&mut self, id: StrategyId, symbol: Symbol) {
        let own = |order: &&crate::engine::orders::Order| {
            order.origin == Origin::Strategy(id) && order.role != crate::risk::order::Role::Protective
        };
        let ids: Vec<ClientOrderId> =
            self.orders.live_of(symbol).filter(own).map(|order| order.request.id).collect();
        for order in ids {
            self.cancel(order);
        }
    }

    /// The quantity a strategy means, in whole shares unless it named the shares itself.
    fn sized(
        &self,
        id: StrategyId,
        symbol: Symbol,
        side: Side,
        wanted: Size,
        limit: Option<Price>,
        stop: Option<Price>,
    ) -> Result<Qty, String> {
        let entry = limit.or_else(|| self.entry_price(symbol, side));
        let entry = entry
            .filter(|price| price.is_positive())
            .ok_or_else(|| format!("{symbol} has no price to size an order by"));
        let equity = || self.gate.equity(self.now).ok_or_else(|| "equity is not known yet".to_owned());
        let overflow = |_: Overflow| "the size left the range of numbers".to_owned();
        match wanted {
            Size::Qty(qty) => Ok(qty),
            Size::Notional(money) => shares_for(money, entry?),
            Size::Pct(pct) => shares_for(equity()?.percent_down(pct).map_err(overflow)?, entry?),
            Size::RiskPct(pct) => {
                let entry = entry?;
                let distance = match stop {
                    Some(stop) => entry.minus(stop).map_err(overflow)?,
                    None => self
                        .automatic_distance(id, symbol)
                        .ok_or("riskPct needs a stop: there are fewer than 15 bars to measure one from")?,
                };
                let distance = Price::from_nanos(distance.nanos().saturating_abs());
                shares_for(equity()?.percent_down(pct).map_err(overflow)?, distance)
            }
        }
    }

    fn automatic_distance(&self, id: StrategyId, symbol: Symbol) -> Option<Price> {
        let timeframe_ms = self.strategies.get(id)?.head.timeframe_ms;
        let atr = self.desks.get(&symbol)?.atr(timeframe_ms)?;
        atr.scaled(i64::from(self.gate.limits().stop_atr_multiple), 1).ok()
    }

    /// Books a fill on the strategy whose order, or whose stop, it was, and takes from every other what the account
    /// does not hold any more: `held` is the position after the fill.
    pub(super) fn book_fill(&mut self, fill: &Fill, held: Qty) -> Vec<OwnFill> {
        let owner = self.owner_of(fill.order);
        let mut told = Vec::new();
        for (id, name, own) in self.strategies.books_mut() {
            let taken = (owner == Some(id)).then(|| own.take(fill));
            // What the account does not hold on that side is nobody's, the owner's neither.
            let lost = if goes_with(own.qty(fill.symbol), held) {
                None
            } else {
                own.lose(fill.symbol, fill.price, fill.at)
            };
            let realized = match (taken, lost) {
                (None, None) => continue,
                (taken, lost) => {
                    let (taken, lost) = (taken.unwrap_or(Money::ZERO), lost.unwrap_or(Money::ZERO));
                    taken.plus(lost).unwrap_or(taken)
                }
            };
            let (qty, avg_price) = own.holding(fill.symbol);
            told.push(OwnFill { strategy: name.to_owned(), qty, avg_price, realized });
        }
        told
    }

    /// The trader took the broker's count of a position: no book holds more of it than that.
    pub(super) fn cap_books(&mut self, symbol: Symbol, held: Qty, avg_price: Option<Price>) -> Vec<OwnFill> {
        let books = self.strategies.books_mut();
        let capped = books.filter_map(|(_, name, own)| {
            let (qty, avg_price) = own.cap(symbol, held, avg_price)?;
            Some(OwnFill { strategy: name.to_owned(), qty, avg_price, realized: Money::ZERO })
        });
        capped.collect()
    }
}

fn shares_for(money: Money, price: Price) -> Result<Qty, String> {
    money
        .shares_at(price)
        .map(Qty::whole_part)
        .ok_or_else(|| "a distance of nothing sizes no order".to_owned())
}

/// A market order that closes `qty` shares.
pub(super) fn market_exit(origin: Origin, symbol: Symbol, side: Side, qty: Qty) -> Intent {
    Intent {
        origin,
        symbol,
        side,
        qty,
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        trail: None,
    }
}
