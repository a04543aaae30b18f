use std::sync::{Arc, Mutex};

use crate::broker::venue::unpoisoned;
use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenueState;
use crate::exchange::venue::Exchange;

/// The market's side of the embedded exchange: it moves prices and time, and sends no order.
#[derive(Clone)]
pub struct Market(Arc<Mutex<Exchange>>);

impl Market {
    pub(super) fn new(exchange: Arc<Mutex<Exchange>>) -> Self {
        Self(exchange)
    }

    /// The market moves; gives the symbols that were halted or resumed since the last time.
    pub fn on_tick(&self, tick: &Tick) -> Vec<(Symbol, bool)> {
        let mut exchange = unpoisoned(&self.0);
        exchange.on_tick(tick);
        exchange.take_halts()
    }

    /// Time passes; gives the symbols that were halted or resumed since the last time.
    pub fn advance(&self, now: At) -> Vec<(Symbol, bool)> {
        let mut exchange = unpoisoned(&self.0);
        exchange.advance(now);
        exchange.take_halts()
    }

    /// What truly stands at the exchange, whatever the line to it tells: for whoever compares.
    pub fn truth(&self, fills_since: At) -> VenueState {
        unpoisoned(&self.0).state(fills_since, &[])
    }

    /// A symbol stops trading, or trades again.
    pub fn set_halted(&self, symbol: Symbol, halted: bool) {
        unpoisoned(&self.0).set_halted(symbol, halted);
    }
}
