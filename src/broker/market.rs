use std::sync::{Arc, Mutex};

use crate::broker::venue::unpoisoned;
use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::exchange::venue::Exchange;

/// The market's side of the embedded exchange: it moves prices and time, and sends no order.
#[derive(Clone)]
pub struct Market(Arc<Mutex<Exchange>>);

impl Market {
    pub(super) fn new(exchange: Arc<Mutex<Exchange>>) -> Self {
        Self(exchange)
    }

    /// The market moves.
    pub fn on_tick(&self, tick: &Tick) {
        unpoisoned(&self.0).on_tick(tick);
    }

    /// Time passes.
    pub fn advance(&self, now: At) {
        unpoisoned(&self.0).advance(now);
    }
}
