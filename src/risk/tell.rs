use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::day::TradingDay;
use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::market::{Bar, Quote, Trade};
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenueAccount;
use crate::risk::book::HeldQuote;
use crate::risk::gate::Gate;
use crate::risk::limits::Limits;
use crate::risk::loss::{Latched, LossReading};
use crate::risk::order::KnownOrder;
use crate::risk::position::Position;
use crate::risk::state::{HaltReason, ReduceOnlyReason};

/// The facts the gate is told. Each may come twice: told again, a fact changes nothing more.
impl Gate {
    /// The part of the exchange's day. Quotes mark positions in the regular session alone; the gate
    /// starts closed.
    pub fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// A quote, or its confirmation; `interval_ms` is how often its source speaks, 0 for a stream.
    pub fn on_quote(&mut self, quote: &Quote, interval_ms: i64) {
        let held = HeldQuote {
            bid: Some(quote.bid),
            ask: Some(quote.ask),
            confirmed_ms: quote.at.millis(),
            interval_ms,
        };
        self.facts.book.entry(quote.symbol).quote = Some(held);
    }

    /// A trade: the mark where no quote is usable.
    pub fn on_trade(&mut self, trade: &Trade) {
        if trade.price.is_positive() {
            self.facts.book.entry(trade.symbol).last = Some(trade.price);
        }
    }

    /// A finished bar. Without quotes of its own (`quotes_known` false) its close is bid, ask and last
    /// trade, as old as the bar's end and renewed once a bar.
    pub fn on_bar(&mut self, bar: &Bar, quotes_known: bool) {
        if !bar.close.is_positive() {
            return;
        }
        let entry = self.facts.book.entry(bar.symbol);
        entry.last = Some(bar.close);
        if !quotes_known {
            entry.quote = Some(HeldQuote {
                bid: Some(bar.close),
                ask: Some(bar.close),
                confirmed_ms: bar.end.millis(),
                interval_ms: bar.end.millis_since(bar.start),
            });
        }
    }

    /// The last session's close: the mark where nothing newer is known.
    pub fn set_last_close(&mut self, symbol: Symbol, close: Price) {
        self.facts.book.entry(symbol).close = Some(close).filter(|close| close.is_positive());
    }

    /// An execution: moves the position and the cash, and lowers what is left of its order. `false`
    /// when it was applied before.
    ///
    /// # Errors
    /// [`Overflow`] when a number leaves its range; nothing is changed then.
    pub fn on_fill(&mut self, fill: &Fill) -> Result<bool, Overflow> {
        self.facts.fill(fill)
    }

    /// A new state of an order. Live words keep its reservation, terminal ones free it.
    pub fn on_status(&mut self, id: ClientOrderId, status: OrderStatus) {
        self.facts.status(id, status);
    }

    /// Whether a protective order is working at the broker. Only then does a stop protect.
    pub fn on_stop_working(&mut self, id: ClientOrderId, working: bool) {
        self.facts.stop_working(id, working);
    }

    /// Whether our own count of shares differs from the broker's: a loss by it still refuses openings, but does
    /// not end the day. A split that nobody has acknowledged must not.
    pub fn doubt_own_count(&mut self, doubt: bool) {
        self.guard.doubt_own_count(doubt);
    }

    /// The venue shows another trigger of a trailing stop.
    pub fn on_stop_moved(&mut self, id: ClientOrderId, stop: Price) {
        self.facts.stop_moved(id, stop);
    }

    /// A position as the broker or the journal tells it, at the start or after a reconcile.
    pub fn set_position(&mut self, symbol: Symbol, qty: Qty, avg_price: Price) {
        self.facts.position(symbol, Position::told(qty, avg_price));
    }

    /// Cash as the broker or the journal tells it.
    pub fn set_cash(&mut self, cash: Money) {
        self.facts.cash = Some(cash);
    }

    /// The broker's own view of the account, as it was at `at`. It does not touch our cash.
    pub fn on_account(&mut self, account: &VenueAccount, at: At) {
        self.guard.broker_says(account.equity);
        self.on_funds(account.buying_power, at);
    }

    /// The buying power alone, as it was at `at`: from a venue whose equity is not read often enough to stand beside
    /// our own.
    pub fn on_funds(&mut self, buying_power: Money, at: At) {
        self.funds.told(buying_power, at);
    }

    /// Begins a trading day on the baseline `e0`; `false` when this day began before, which a restart
    /// does not undo. A new day clears the latch of the old one and takes in limits that waited for it.
    pub fn begin_day(&mut self, day: TradingDay, e0: Money) -> bool {
        let begins = self.guard.begin(day, e0);
        if begins && let Some((limits, version)) = self.next_limits.take() {
            self.limits = limits;
            self.limits_version = version;
            self.new_epoch();
        }
        begins
    }

    /// A deposit, or a withdrawal below zero, since the day's baseline. It does not touch our cash.
    ///
    /// # Errors
    /// [`Overflow`] when the sum leaves its range; nothing is changed then.
    pub fn on_flow(&mut self, amount: Money) -> Result<(), Overflow> {
        self.guard.flow(amount)
    }

    /// Reads the day's loss. The one reading that ends the day carries the fact to journal.
    pub fn read_loss(&mut self, now: At) -> LossReading {
        let ours = self.own_equity(now);
        let reading = self.guard.read(ours, &self.limits, now);
        if reading.latched.is_some() {
            self.new_epoch();
        }
        reading
    }

    /// Takes back the latch of a day from the journal.
    pub fn restore_latch(&mut self, latched: Latched) {
        self.guard.restore(latched);
        self.new_epoch();
    }

    /// Halts: only cancels, protective stops and the operator's reductions pass until a re-arm. The
    /// first reason stays.
    pub fn halt(&mut self, reason: HaltReason) {
        self.halted = Some(self.halted.unwrap_or(reason));
        self.new_epoch();
    }

    /// Undoes a halt and a wish for reductions only. The latch of the day stays: only the next day
    /// clears it.
    pub fn rearm(&mut self) {
        self.halted = None;
        self.reduce_only = None;
        self.new_epoch();
    }

    /// Openings that were approved before this do not leave any more.
    pub fn void_openings(&mut self) {
        self.new_epoch();
    }

    /// Lets only reductions pass until a re-arm.
    pub fn reduce_only(&mut self, reason: ReduceOnlyReason) {
        self.reduce_only = Some(self.reduce_only.unwrap_or(reason));
        self.new_epoch();
    }

    /// An order that was not admitted here: from the journal or the broker after a restart, or
    /// somebody else's. It counts like any other.
    pub fn restore_order(&mut self, order: &KnownOrder) {
        self.facts.restore(order);
    }

    /// The door dropped a token unsent: what it had reserved is free again.
    pub fn drop_stale(&mut self, id: ClientOrderId) {
        self.facts.status(id, OrderStatus::Refused);
    }

    /// New limits: what is tighter holds at once, what is looser from the next trading day.
    pub fn change_limits(&mut self, wished: Limits, version: String) {
        self.limits = self.limits.tightest(&wished);
        self.limits_version.clone_from(&version);
        self.next_limits = Some((wished, version));
        self.new_epoch();
    }

    /// Orders approved before this moment are stale at the door.
    fn new_epoch(&mut self) {
        self.epoch = self.epoch.saturating_add(1);
    }
}
