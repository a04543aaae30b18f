use crate::domain::at::At;
use crate::domain::market::{Bar, Tick, Trade};
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::exchange::book::Book;
use crate::exchange::clearing::Clearing;
use crate::exchange::fills;
use crate::exchange::fills::{Asked, Offer};
use crate::exchange::held::Held;
use crate::exchange::sessions::Hours;

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

    /// Every order that trades in `hours` meets the newest quote; stops first.
    pub(super) fn meet_quote(&mut self, hours: Hours, clearing: &mut Clearing) {
        if self.halted {
            return;
        }
        for stops in [true, false] {
            for index in 0..self.live.len() {
                let meets = |held: &Held| held.is_stop() == stops && held.trades_in(hours);
                if self.live.get(index).is_some_and(meets) {
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

    /// Every order that trades in `hours` meets a trade; stops first.
    pub(super) fn meet_trade(
        &mut self,
        trade: &Trade,
        hours: Hours,
        age_max_ms: u32,
        clearing: &mut Clearing,
    ) {
        if self.halted {
            return;
        }
        let quoted = self.is_quoted(trade.at, age_max_ms);
        let mut left = fills::share_of(trade.qty, &clearing.costs);
        for stops in [true, false] {
            for index in 0..self.live.len() {
                let Some(held) = self.live.get(index) else { continue };
                let meets = held.is_stop() == stops && held.works() && held.trades_in(hours);
                if meets && !self.gives_way(held) {
                    let offer = fills::on_trade(Asked::by(held), trade.price, quoted, &clearing.costs);
                    let filled = self.take(index, offer, left, clearing);
                    left = left.minus(filled).unwrap_or(Qty::ZERO);
                }
            }
        }
    }

    /// Every order that came before the bar began, and that trades in `hours`, meets it; stops first.
    pub(super) fn meet_bar(&mut self, bar: &Bar, hours: Hours, clearing: &mut Clearing) {
        if self.halted {
            return;
        }
        let mut left = fills::share_of(bar.volume, &clearing.costs);
        for stops in [true, false] {
            for index in 0..self.live.len() {
                let Some(held) = self.live.get(index) else { continue };
                let meets = held.trades_in(hours) && meets(held, bar);
                if held.is_stop() != stops || !meets || self.gives_way(held) {
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

    /// The closing auction: what waited for it fills at the session's last price, and the rest expires.
    pub(super) fn meet_close(&mut self, close: At, clearing: &mut Clearing) {
        for index in 0..self.live.len() {
            let waits =
                |held: &Held| held.works() && held.request.tif == TimeInForce::Cls && held.arrived_at < close;
            let Some(held) = self.live.get(index).filter(|held| waits(held)) else { continue };
            // Where nothing has traded yet, the quote's other side.
            let quoted = self.quote.map(|quote| match held.request.side {
                Side::Buy => quote.ask,
                Side::Sell => quote.bid,
            });
            if let (Some(last), false) = (self.last.or(quoted), self.halted) {
                let offer = fills::on_close(Asked::by(held), last, &clearing.costs);
                self.take(index, offer, Qty::LARGEST, clearing);
            }
            self.end(index, OrderStatus::Expired, close, clearing);
        }
    }

    /// Trailing stops follow what the market has shown, after they have met it.
    pub(super) fn trail(&mut self, tick: &Tick) {
        let (best_to_sell, best_to_buy) = match tick {
            Tick::Bar(bar) => (bar.high, bar.low),
            Tick::Trade(trade) => (trade.price, trade.price),
            Tick::Quote(_) => match self.quote {
                Some(quote) => (quote.bid, quote.ask),
                None => return,
            },
        };
        for held in self.live.iter_mut().filter(|held| held.works()) {
            held.follow(if held.request.side == Side::Sell { best_to_sell } else { best_to_buy });
        }
    }

    /// A trailing stop that has just come begins behind the market as it stands, where it is known.
    pub(super) fn begin_to_trail(&mut self, index: usize) {
        let (quote, last) = (self.quote, self.last);
        let Some(held) = self.live.get_mut(index) else { return };
        let OrderKind::TrailingStop { trail, .. } = held.request.kind else { return };
        let side = held.request.side;
        let quoted = quote.map(|quote| if side == Side::Sell { quote.bid } else { quote.ask });
        if let Some(stop) = quoted.or(last).and_then(|best| trail.behind(side, best)) {
            held.request.kind = OrderKind::TrailingStop { stop, trail };
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

    /// Where bars are the only clock, an order for a day belongs to the session of the first bar it meets.
    pub(super) fn bind_to_session(&mut self, bar: &Bar, tif: TimeInForce, close: At) {
        let unbound = |held: &&mut Held| {
            held.ends_at.is_none()
                && held.request.tif == tif
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
        let most = most.min(clearing.shares_a_fill_max);
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
            Offer::Fill(_) if held.request.tif == TimeInForce::Fok && held.capacity() > most => Qty::ZERO,
            Offer::Fill(price) => {
                held.triggered |= held.is_stop();
                self.fill(index, price, most, clearing)
            }
        };
        if self.live.get(index).is_some_and(Held::is_immediate) {
            self.end(index, OrderStatus::Canceled, clearing.now, clearing);
        }
        filled
    }
}

/// Whether an order was there when the bar began.
fn meets(held: &Held, bar: &Bar) -> bool {
    let opened = held.not_before.is_none_or(|open| open < bar.end);
    held.works() && held.arrived_at <= bar.start && opened
}
