use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::broker::venue::unpoisoned;
use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::market::Tick;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{MarketNews, VenueAnswer, VenueRequest, VenueState};
use crate::exchange::faults::Faults;
use crate::exchange::venue::Exchange;

/// The market's side of the embedded exchange: it moves prices and time, and stands for everybody
/// else on the account. It sends no order of this program.
#[derive(Clone)]
pub struct Market(Arc<Mutex<Exchange>>);

impl Market {
    /// The market of an exchange in this process.
    #[must_use]
    pub fn of(exchange: Exchange) -> Self {
        Self(Arc::new(Mutex::new(exchange)))
    }

    /// The market moves; gives what was said about symbols since the last time.
    pub fn on_tick(&self, tick: &Tick) -> Vec<MarketNews> {
        let mut exchange = unpoisoned(&self.0);
        exchange.on_tick(tick);
        exchange.take_news()
    }

    /// Time passes; gives what was said about symbols since the last time.
    pub fn advance(&self, now: At) -> Vec<MarketNews> {
        let mut exchange = unpoisoned(&self.0);
        exchange.advance(now);
        exchange.take_news()
    }

    /// What truly stands at the exchange, whatever the line to it tells: for whoever compares.
    pub fn truth(&self, fills_since: At) -> VenueState {
        unpoisoned(&self.0).state(fills_since, &[])
    }

    /// A symbol stops trading, or trades again.
    pub fn set_halted(&self, symbol: Symbol, halted: bool) {
        unpoisoned(&self.0).set_halted(symbol, halted);
    }

    /// Somebody else on the same account asks for an order, past this program.
    pub fn foreign(&self, request: &VenueRequest, at: At) -> VenueAnswer {
        unpoisoned(&self.0).submit(request, at)
    }

    /// A split: `new` shares for `old`.
    ///
    /// # Errors
    /// A number beyond its range; then nothing has changed.
    pub fn split(&self, symbol: Symbol, new: u32, old: u32) -> Result<(), Overflow> {
        unpoisoned(&self.0).split(symbol, new, old)
    }

    /// From here on the line to the program breaks so.
    pub fn break_line(&self, faults: Faults) {
        unpoisoned(&self.0).break_line(faults);
    }

    /// The stream to the program is cut: reports on their way are lost.
    pub fn cut_line(&self) {
        unpoisoned(&self.0).cut_line();
    }

    /// What broke on the line so far, and how often.
    pub fn line_faults(&self) -> BTreeMap<&'static str, u64> {
        unpoisoned(&self.0).line_faults().clone()
    }

    pub(super) fn exchange(&self) -> Arc<Mutex<Exchange>> {
        Arc::clone(&self.0)
    }
}
