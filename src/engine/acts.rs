//! What the trader asks, carried out.

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::Bar;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::calls::market_exit;
use crate::engine::event::Act;
use crate::engine::machine::Engine;
use crate::engine::protection::closing_side;
use crate::engine::record::Record;
use crate::engine::strategies::Running;

impl Engine {
    pub(super) fn on_act(&mut self, act: &Act) {
        // Whoever asks for something is there.
        self.on_hand();
        match act {
            Act::Submit { ticket, intent } => self.submit_ticket(*ticket, *intent),
            Act::Cancel(id) => self.cancel(*id),
            Act::CancelAll(symbol) => self.cancel_openings(*symbol),
            Act::Close(symbol) => self.close_positions(*symbol, Origin::Operator),
            Act::Replace { order, qty, limit, stop } => self.replace_order(*order, *qty, *limit, *stop),
            Act::Rearm { reason } => self.rearm(reason),
            Act::Arm { by } => self.arm(by),
            Act::Disarm { reason } => self.disarm(reason, Origin::Operator),
            Act::AcknowledgeUnclean { reason } => self.acknowledge_unclean(reason),
            Act::AcknowledgeStorm { reason } => self.acknowledge_storm(reason),
            Act::AcknowledgeAdjust { number, reason } => self.acknowledge_adjust(*number, reason),
            Act::Answer { number, yes, qty, limit } => self.answer_ask(*number, *yes, *qty, *limit),
            Act::PauseStrategy(id) => self.pause_strategy(*id, true),
            Act::ResumeStrategy(id) => self.pause_strategy(*id, false),
        }
    }

    /// A ticket's id was minted when it opened: the second press of it is the same order.
    fn submit_ticket(&mut self, ticket: u64, intent: Intent) {
        if self.tickets.insert(ticket) {
            // Nobody but the trader speaks through a ticket.
            self.place(Intent { origin: Origin::Operator, ..intent }, None);
        }
    }

    /// Closes positions by market orders; what already leaves is not asked for twice.
    pub(super) fn close_positions(&mut self, symbol: Option<Symbol>, origin: Origin) {
        let symbols: Vec<Symbol> = match symbol {
            Some(one) => vec![one],
            None => self.held_symbols(),
        };
        for symbol in symbols {
            let position = self.gate.position(symbol).qty;
            let Some(side) = closing_side(position) else {
                self.alert(format!("{symbol} has no position to close"));
                continue;
            };
            let leaving = self.orders.exits_remaining(symbol, side);
            let qty = position.abs().minus(leaving).unwrap_or(Qty::ZERO);
            if qty.is_positive() {
                self.place(market_exit(origin, symbol, side, qty), None);
            }
        }
    }

    fn replace_order(
        &mut self,
        id: ClientOrderId,
        qty: Option<Qty>,
        limit: Option<Price>,
        stop: Option<Price>,
    ) {
        let Some(order) = self.orders.get(id).filter(|order| order.status.is_live()) else {
            return self.alert(format!("{id} is not a live order; `hardstop orders` lists those that are"));
        };
        let kind = match order.request.kind {
            OrderKind::Market => OrderKind::Market,
            OrderKind::Limit { limit: old } => OrderKind::Limit { limit: limit.unwrap_or(old) },
            OrderKind::Stop { stop: old } => OrderKind::Stop { stop: stop.unwrap_or(old) },
            OrderKind::StopLimit { stop: old_stop, limit: old_limit } => {
                OrderKind::StopLimit { stop: stop.unwrap_or(old_stop), limit: limit.unwrap_or(old_limit) }
            }
            OrderKind::TrailingStop { .. } => {
                let words = format!("{id} follows the market by itself; ask for a new trail in its place");
                return self.alert(words);
            }
        };
        let changed = Intent {
            origin: Origin::Operator,
            symbol: order.request.symbol,
            side: order.request.side,
            qty: qty.unwrap_or(order.request.qty),
            kind,
            tif: order.request.tif,
            stop_loss: order.request.stop_loss.map(|leg| leg.price),
            take_profit: order.request.take_profit.map(|leg| leg.price),
            trail: None,
        };
        self.replace(id, changed);
    }

    fn acknowledge_unclean(&mut self, reason: &str) {
        if !self.readiness.unclean {
            return self.alert("the last run ended cleanly; there is nothing to acknowledge".to_owned());
        }
        self.readiness.unclean = false;
        let state = self.gate.state();
        self.record(Record::Halt {
            state,
            latched: None,
            reason: format!("unclean shutdown acknowledged: {reason}"),
            by: Origin::Operator,
        });
    }

    fn pause_strategy(&mut self, id: StrategyId, pause: bool) {
        let Some(strategy) = self.strategies.get_mut(id) else {
            return self
                .alert(format!("no strategy has the number {}; `hardstop strategies` lists them", id.0));
        };
        let (what, running) = match (&strategy.running, pause) {
            (Running::Yes, true) => ("paused", Running::Paused("the trader".to_owned())),
            (Running::Paused(_), false) => ("resumed", Running::Yes),
            (Running::Stopped(reason), false) => {
                let words = format!("{} was stopped ({reason}); load it again to go on", strategy.head.name);
                return self.alert(words);
            }
            (Running::Stopped(_), true) => {
                strategy.pause("the trader");
                let detail = "by the trader, for when it comes back".to_owned();
                return self.record(Record::Strategy { id, what: "paused".to_owned(), detail });
            }
            _ => return,
        };
        strategy.running = running;
        if !pause {
            self.enable_strategy(id);
        }
        self.record(Record::Strategy { id, what: what.to_owned(), detail: "by the trader".to_owned() });
    }

    /// Looks at everything that is due by now.
    pub(super) fn keep_deadlines(&mut self) {
        let is_due = |at: Option<At>| at.is_some_and(|at| at <= self.now);
        let due: Vec<ClientOrderId> = self
            .orders
            .live()
            .filter(|order| is_due(order.rest_until))
            .map(|order| order.request.id)
            .collect();
        for id in due {
            self.take_back_rest(id);
        }
        self.give_up_waiting();
        self.keep_reconciled();
        self.keep_cool_down();
        self.keep_asks();
        self.watch_arming();
        if let Some(every_ms) = self.settings.equity_row_every_ms
            && self.equity_row_at.is_none_or(|at| at <= self.now)
            && self.day.based
        {
            self.equity_row_at = Some(self.now.plus_millis(every_ms));
            // A quiet night is one row, not a thousand.
            let equity = self.gate.equity(self.now);
            if equity != self.equity_told {
                self.equity_told = equity;
                self.record_equity(false);
            }
        }
    }

    /// Where bars are the only clock, a market opening has had its chance on the first bar that
    /// began after it was made.
    pub(super) fn take_back_rests(&mut self, bar: &Bar) {
        let had_chance =
            |order: &&crate::engine::orders::Order| order.rest_until.is_some() && order.made_at <= bar.start;
        let due: Vec<ClientOrderId> =
            self.orders.live_of(bar.symbol).filter(had_chance).map(|order| order.request.id).collect();
        for id in due {
            self.take_back_rest(id);
        }
    }

    fn take_back_rest(&mut self, id: ClientOrderId) {
        if let Some(order) = self.orders.get_mut(id) {
            order.rest_until = None;
        }
        self.cancel(id);
    }
}
