use crate::domain::at::At;
use crate::domain::market::{Bar, Trade};
use crate::domain::order::{OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::exchange::book::Book;
use crate::exchange::clearing::Clearing;
use crate::exchange::fills;
use crate::exchange::fills::{Asked, Offer};
use crate::exchange::held::Held;

impl Book {
    /// Whether a usable quote of at most `age_max_ms` is known.
    fn is_quoted(&self, now: At, age_max_ms: u32) -> bool {
        self.quote.is_some_and(|quote| now.millis_since(quote.at) <= i64::from(age_max_ms))
    }

    /// An order that comes while its symbol trades meets the newest quote, where there is a fresh one.
    pub(super) fn meet_arrival(&mut self, index: usize, age_max_ms: u32, clearing: &mut Clearing) {
        if self.is_quoted(clearing.now, age_max_ms) {
            self.meet_quote_at(index, clearing);
            // Its legs came after it.
            for leg in index.saturating_add(1)..self.live.len() {
                self.meet_quote_at(leg, clearing);
            }
        }
    }

    /// Every order meets the newest quote; stops first.
    pub(super) fn meet_quote(&mut self, clearing: &mut Clearing) {
        if self.halted {
            return;
        }
        for stops in [true, false] {
            for index in 0..self.live.len() {
                if self.live.get(index).is_some_and(|held| held.is_stop() == stops) {
                    self.meet_quote_at(index, clearing);
                }
            }
        }
    }

    fn meet_quote_at(&mut self, index: usize, clearing: &mut Clearing) {
        let Some(quote) = self.quote else { return };
        let Some(held) = self.live.get(index).filter(|held| held.works() && !self.gives_way(held)) else {
            return;
        };
        let side = held.request.side;
        let offer = fills::on_quote(Asked::by(held), &quote);
        let left = if side == Side::Buy { self.ask_left } else { self.bid_left };
        let filled = self.take(index, offer, left, clearing);
        let left = left.minus(filled).unwrap_or(Qty::ZERO);
        match side {
            Side::Buy => self.ask_left = left,
            Side::Sell => self.bid_left = left,
        }
    }

    /// Every order meets a trade; stops first.
    pub(super) fn meet_trade(&mut self, trade: &Trade, age_max_ms: u32, clearing: &mut Clearing) {
        if self.halted {
            return;
        }
        let quoted = self.is_quoted(trade.at, age_max_ms);
        let mut left = fills::share_of(trade.qty, &clearing.costs);
        for stops in [true, false] {
            for index in 0..self.live.len() {
                let Some(held) = self.live.get(index) else { continue };
                if held.is_stop() == stops && held.works() && !self.gives_way(held) {
                    let offer = fills::on_trade(Asked::by(held), trade.price, quoted, &clearing.costs);
                    let filled = self.take(index, offer, left, clearing);
                    left = left.minus(filled).unwrap_or(Qty::ZERO);
                }
            }
        }
    }

    /// Every order that came before the bar began meets it; stops first.
    pub(super) fn meet_bar(&mut self, bar: &Bar, clearing: &mut Clearing) {
        if self.halted {
            return;
        }
        let mut left = fills::share_of(bar.volume, &clearing.costs);
        for stops in [true, false] {
            for index in 0..self.live.len() {
                let Some(held) = self.live.get(index) else { continue };
                if held.is_stop() != stops || !meets(held, bar) || self.gives_way(held) {
                    continue;
                }
                let stop_loss = held.request.stop_loss;
                let offer = fills::on_bar(Asked::by(held), bar, &clearing.costs);
                let filled = self.take(index, offer, left, clearing);
                left = left.minus(filled).unwrap_or(Qty::ZERO);
                if let (Offer::Fill(entry), Some(leg), true) = (offer, stop_loss, filled.is_positive())
                    && let Some(leg) = self.index_of(leg.id)
                {
                    left = self.meet_bar_of_entry(leg, entry, bar, left, clearing);
                }
            }
        }
    }

    /// The stop of an entry that filled within this bar meets the rest of it. What is left of `most`.
    fn meet_bar_of_entry(
        &mut self,
        index: usize,
        entry: Price,
        bar: &Bar,
        most: Qty,
        clearing: &mut Clearing,
    ) -> Qty {
        let Some(leg) = self.live.get(index) else { return most };
        let offer = fills::on_bar_of_entry(Asked::by(leg), entry, bar, &clearing.costs);
        let filled = self.take(index, offer, most, clearing);
        most.minus(filled).unwrap_or(Qty::ZERO)
    }

    /// Where bars are the only clock, a DAY order belongs to the session of the first bar it meets.
    pub(super) fn bind_to_session(&mut self, bar: &Bar, close: At) {
        let unbound = |held: &&mut Held| {
            held.ends_at.is_none()
                && held.request.tif == TimeInForce::Day
                && held.is_live()
                && held.arrived_at <= bar.start
        };
        for held in self.live.iter_mut().filter(unbound) {
            held.ends_at = Some(close);
        }
    }

    /// A target whose stop was triggered fills no more.
    fn gives_way(&self, held: &Held) -> bool {
        let sibling = held.sibling.filter(|_| !held.is_stop()).and_then(|id| self.get(id));
        sibling.is_some_and(|sibling| sibling.is_stop() && sibling.triggered)
    }

    /// Takes an offer for up to `most` shares. The shares that filled.
    fn take(&mut self, index: usize, offer: Offer, most: Qty, clearing: &mut Clearing) -> Qty {
        let Some(held) = self.live.get_mut(index) else { return Qty::ZERO };
        let filled = match offer {
            Offer::Nothing => {
                held.rested = true;
                Qty::ZERO
            }
            Offer::Trigger => {
                held.triggered = true;
                held.rested = true;
                Qty::ZERO
            }
            Offer::Fill(price) => {
                held.triggered |= held.is_stop();
                self.fill(index, price, most, clearing)
            }
        };
        if self.live.get(index).is_some_and(Held::is_ioc) {
            self.end(index, OrderStatus::Canceled, clearing.now, clearing);
        }
        filled
    }
}

/// Whether an order was there when the bar began.
fn meets(held: &Held, bar: &Bar) -> bool {
    held.works() && held.arrived_at <= bar.start
}
