//! The start, the day, the loss and the re-arm.

use crate::domain::at::At;
use crate::domain::calendar::previous_session;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::strategy::StrategyEvent;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenueAccount;
use crate::engine::machine::Engine;
use crate::engine::memory::{Memory, RememberedAdjust};
use crate::engine::orders::{Misses, Order, Protection};
use crate::engine::record::Record;
use crate::risk::loss::{Confirmation, Latched};
use crate::risk::order::{KnownOrder, Role};
use crate::risk::state::HaltReason;

impl Engine {
    /// Takes up where the journal says the last process stopped. Nothing is sent.
    pub(super) fn start(&mut self, memory: &Memory) {
        self.day = crate::engine::day::DayDesk::new(self.now);
        self.day.close_equity = memory.close_equity;
        self.gate.set_phase(self.day.phase());
        self.next_order_seq = self.next_order_seq.max(memory.last_order_seq.saturating_add(1));
        self.remember_fills(memory);
        for (symbol, stop) in &memory.stop_plans {
            if !self.gate.position(*symbol).qty.is_zero() {
                self.desks.entry(*symbol).or_default().stop_plan = Some(*stop);
            }
        }
        for remembered in &memory.live_orders {
            self.remember_order(remembered);
        }
        for symbol in self.held_symbols() {
            // Also one whose stop nobody remembers: it needs a new one.
            self.desks.entry(symbol).or_default().dirty = true;
            self.measure_naked(symbol);
        }
        if let Some((day, e0)) = memory.day
            && day == self.day.day()
        {
            self.day.based = self.gate.begin_day(day, e0);
        }
        if let Some(day) = memory.loss_latched {
            let latched = Latched {
                day,
                at: self.now,
                loss: Money::ZERO,
                limit: Money::ZERO,
                by: Confirmation::SecondReading,
            };
            self.gate.restore_latch(latched);
        }
        if memory.killed.is_some() {
            self.gate.halt(HaltReason::KillRestored);
        }
        self.readiness.unclean = memory.unclean;
        self.restraints = memory.restraints.clone();
        self.readiness.reject_storm = memory.restraints.reject_storm.is_some();
        for book in &memory.books {
            self.strategies.remember(book);
        }
        for symbol in &memory.halted {
            self.desks.entry(*symbol).or_default().halted = true;
        }
        for (symbol, because) in &memory.frozen {
            self.desks.entry(*symbol).or_default().frozen_by = Some(because.clone());
            self.gate.doubt_own_count(true);
        }
        if !memory.limits_wait.is_empty() {
            let waits = memory.limits_wait.join("; ");
            self.alert(format!(
                "looser limits wait for your word (`hardstop loosen --reason TEXT`) and the next trading day: {waits}"
            ));
        }
        for adjust in memory.adjusts.iter().filter(|adjust| !adjust.acknowledged) {
            self.desks.entry(adjust.symbol).or_default().adjust_waits = true;
            self.gate.doubt_own_count(true);
        }
        self.readiness.remember_adjusts(&memory.adjusts);
        self.ask_venue_soon();
    }

    /// Positions and trades as the remembered executions made them, with the differences that were accepted between.
    fn remember_fills(&mut self, memory: &Memory) {
        let mut adjusts = memory.adjusts.iter().filter(|adjust| adjust.acknowledged).peekable();
        for (index, fill) in memory.fills.iter().enumerate() {
            while let Some(adjust) = adjusts.next_if(|adjust| adjust.after_fills <= index) {
                self.remember_adjust(adjust);
            }
            if !self.executions.insert(fill.execution.clone()) {
                continue;
            }
            let before = self.gate.position(fill.symbol);
            if self.gate.on_fill(fill).is_err() {
                self.alert(
                    "a remembered fill left the range of numbers; run `hardstop journal verify`".to_owned(),
                );
            }
            self.trades.on_fill(fill, before, self.gate.position(fill.symbol).qty);
        }
        adjusts.for_each(|adjust| self.remember_adjust(adjust));
    }

    /// The trader took the broker's count of a position: it holds from its place among the executions on.
    fn remember_adjust(&mut self, adjust: &RememberedAdjust) {
        let avg_price = adjust.avg_price.unwrap_or(self.gate.position(adjust.symbol).avg_price);
        self.gate.set_position(adjust.symbol, adjust.broker, avg_price);
    }

    fn remember_order(&mut self, remembered: &crate::engine::memory::RememberedOrder) {
        // Between the row and the answer the process ended: nobody knows whether it arrived.
        let sent_unheard = matches!(remembered.status, OrderStatus::Intent | OrderStatus::Sending);
        let status = if sent_unheard && remembered.parent.is_none() {
            OrderStatus::Unknown
        } else {
            remembered.status
        };
        let origin = match (&remembered.origin, &remembered.strategy) {
            (Origin::Strategy(_), Some(name)) => Origin::Strategy(self.strategies.number_of(name)),
            (origin, _) => *origin,
        };
        let order = Order {
            request: remembered.request,
            role: remembered.role,
            origin,
            parent: remembered.parent,
            status,
            filled: remembered.filled,
            made_at: self.now,
            rest_until: None,
            misses: Misses::default(),
            // Between its row and the answer the process ended: it may never have left.
            cancel_unheard: (remembered.status == OrderStatus::PendingCancel).then(At::default),
            cancel_refused_at: None,
            tag: None,
            protection: Protection {
                stop: remembered.request.stop_loss.map(|leg| leg.price),
                trail: remembered.trail,
            },
        };
        let id = order.request.id;
        self.gate.restore_order(&known_order(&order, Some(order.origin)));
        let desk = self.desks.entry(order.request.symbol).or_default();
        desk.dirty = true;
        let is_unfilled = order.role == Role::Opening && order.filled.is_zero();
        if !is_unfilled {
            let own = order.request.kind.stop().filter(|_| order.is_stop());
            desk.stop_plan = desk.stop_plan.or(order.protection.stop).or(own);
            desk.trail = order.protection.trail.or(order.request.kind.trail()).or(desk.trail);
        }
        self.orders.add(order);
        self.watch_sleeping_stop(id);
    }

    pub(super) fn begin_day(&mut self) {
        self.disarm("the day is over", Origin::Engine);
        if self.settings.bars_only {
            self.renew_close_equity();
        }
        self.gate.set_phase(self.day.phase());
        self.ask_venue_soon();
    }

    pub(super) fn on_session(&mut self, open: bool) {
        if !open {
            self.disarm("the session is over", Origin::Engine);
        }
        self.gate.set_phase(self.day.phase());
        let at = self.now;
        let seats: Vec<_> = self
            .strategies
            .all()
            .flat_map(|strategy| strategy.head.symbols.iter().map(|symbol| (strategy.head.id, *symbol)))
            .collect();
        for (id, symbol) in seats {
            self.call_strategy(id, symbol, StrategyEvent::Session { open, at });
        }
        if open {
            self.orders.begin_session(&self.alive_after_their_end);
            for desk in self.desks.values_mut() {
                desk.dirty = true;
            }
        }
    }

    /// Keeps our own equity at 16:00: tomorrow's loss may be measured from it.
    pub(super) fn keep_close_equity(&mut self) {
        // Our own count, not the smaller of ours and the broker's: a baseline is never too low.
        let Some(own) = self.gate.own_equity(self.now) else { return };
        self.day.close_equity = Some((self.day.day(), own));
        self.record_equity(true);
    }

    /// Where bars are the only clock, the last bar of a session becomes known after its close was kept: what was kept
    /// is put right when the day is over.
    fn renew_close_equity(&mut self) {
        let before = previous_session(self.day.day()).map(|session| session.day);
        let kept = self.day.close_equity.filter(|(closed, _)| Some(*closed) == before);
        let Some(((day, old), equity)) = kept.zip(self.gate.own_equity(self.now)) else { return };
        if equity != old {
            self.day.close_equity = Some((day, equity));
            let (day_loss, cash) = (
                self.gate.day_loss(self.now).unwrap_or(Money::ZERO),
                self.gate.cash().unwrap_or(Money::ZERO),
            );
            self.record(Record::Equity { day, equity, own: equity, cash, day_loss, close: true });
        }
    }

    /// Fixes the day's baseline at the first reading of the account: once a day, for good.
    pub(super) fn fix_baseline(&mut self, account: &VenueAccount) {
        if self.day.based {
            return;
        }
        let day = self.day.day();
        // A close of before that, when the program last ran, says nothing of today.
        let before = previous_session(day).map(|session| session.day);
        let own =
            self.day.close_equity.filter(|(closed, _)| Some(*closed) == before).map(|(_, equity)| equity);
        let e0 = match own {
            // There the exchange closes a session with the first bar of the next alone: its last equity is of the
            // close before.
            Some(own) if self.settings.bars_only => own,
            Some(own) => own.max(account.last_equity),
            None => account.last_equity,
        };
        self.day.based = true;
        if self.gate.begin_day(day, e0) {
            self.record(Record::Day { day, e0 });
        }
    }

    pub(super) fn record_equity(&mut self, close: bool) {
        let Some(equity) = self.gate.equity(self.now) else { return };
        let own = self.gate.own_equity(self.now).unwrap_or(equity);
        let day_loss = self.gate.day_loss(self.now).unwrap_or(Money::ZERO);
        let day = self.day.day();
        let cash = self.gate.cash().unwrap_or(Money::ZERO);
        self.record(Record::Equity { day, equity, own, cash, day_loss, close });
    }

    /// Looks at the day's loss, and ends the day when it is confirmed.
    pub(super) fn watch_loss(&mut self) {
        let reading = self.gate.read_loss(self.now);
        let Some(latched) = reading.latched else { return };
        let by = match latched.by {
            Confirmation::SecondReading => "a second reading",
            Confirmation::Broker => "the broker's own equity",
        };
        let reason = format!("daily loss {} of {}, confirmed by {by}", latched.loss, latched.limit);
        self.record(Record::Halt {
            state: self.gate.state(),
            latched: Some(latched),
            reason,
            by: Origin::Engine,
        });
        self.disarm("the day's loss is at its limit", Origin::Engine);
        self.cancel_openings(None);
        if self.gate.limits().flatten_on_daily_loss {
            self.close_positions(None, Origin::Engine);
        }
    }

    pub(super) fn rearm(&mut self, reason: &str) {
        if self.gate.halt_reason().is_none() {
            return self.alert("nothing is halted by a kill; nothing was re-armed".to_owned());
        }
        self.gate.rearm();
        self.record(Record::Halt {
            state: self.gate.state(),
            latched: None,
            reason: format!("re-armed: {reason}"),
            by: Origin::Operator,
        });
    }

    /// Every live order that could open something.
    pub(super) fn cancel_openings(&mut self, symbol: Option<Symbol>) {
        let opens = |order: &&Order| {
            order.role == Role::Opening && symbol.is_none_or(|only| only == order.request.symbol)
        };
        let openings: Vec<ClientOrderId> =
            self.orders.live().filter(opens).map(|order| order.request.id).collect();
        for id in openings {
            self.cancel(id);
        }
    }
}

/// The order as the gate counts it; `None` for the origin of one that is not ours.
pub(super) fn known_order(order: &Order, origin: Option<Origin>) -> KnownOrder {
    KnownOrder {
        id: order.request.id,
        symbol: order.request.symbol,
        side: order.request.side,
        qty: order.request.qty,
        filled: order.filled,
        kind: order.request.kind,
        stop_loss: order.request.stop_loss.map(|leg| leg.price),
        status: order.status,
        origin,
        role: order.role,
        group: order.parent.or(order.request.one_cancels),
    }
}
