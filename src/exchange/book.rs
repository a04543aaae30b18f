use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::market::{Quote, Tick};
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{ReportKind, VenueRequest};
use crate::exchange::clearing::Clearing;
use crate::exchange::fills;
use crate::exchange::held::{Held, Place};
use crate::exchange::sessions::Hours;

/// What the exchange knows of one symbol.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The newest quote, where it is usable.
    pub(super) quote: Option<Quote>,
    /// What the newest quote still offers to buyers.
    pub(super) ask_left: Qty,
    /// What the newest quote still offers to sellers.
    pub(super) bid_left: Qty,
    /// The last price: of a trade, or of a bar's close.
    pub(super) last: Option<Price>,
    /// Live orders, legs that sleep included, in the order of their arrival.
    pub(super) live: Vec<Held>,
    pub(super) halted: bool,
    has_ended: bool,
}

impl Book {
    /// Notes what the market says.
    pub(super) fn hear(&mut self, tick: &Tick, clearing: &Clearing) {
        match tick {
            Tick::Trade(trade) => self.last = Some(trade.price),
            Tick::Bar(bar) => self.last = Some(bar.close),
            Tick::Quote(quote) => {
                let capped = clearing.costs.volume_share_pct.is_some();
                self.quote = fills::is_usable(quote).then_some(*quote);
                self.ask_left = if capped { quote.ask_qty } else { Qty::LARGEST };
                self.bid_left = if capped { quote.bid_qty } else { Qty::LARGEST };
            }
        }
    }

    /// Where an order stands among the living.
    pub(super) fn index_of(&self, id: ClientOrderId) -> Option<usize> {
        self.live.iter().position(|held| held.request.id == id)
    }

    pub(super) fn get(&self, id: ClientOrderId) -> Option<&Held> {
        self.live.iter().find(|held| held.request.id == id)
    }

    /// Orders that may fill, with the shares each may still fill; of a pair that cancels each other
    /// only the larger one.
    pub(super) fn claims(&self) -> impl Iterator<Item = (&Held, Qty)> {
        self.live.iter().filter(|held| held.works()).filter_map(|held| {
            let claim = held.capacity();
            let sibling = held.sibling.and_then(|id| self.get(id)).filter(|sibling| sibling.works());
            let counts_there = sibling.is_some_and(|sibling| {
                let theirs = sibling.capacity();
                theirs > claim || (theirs == claim && sibling.request.id < held.request.id)
            });
            (!counts_there).then_some((held, claim))
        })
    }

    /// Shares of a position that live orders of `side` have not claimed. An order that joins the pair
    /// of `beside` may claim the same shares as that one.
    pub(super) fn free_shares(&self, position: Qty, side: Side, beside: Option<ClientOrderId>) -> Qty {
        let others =
            self.claims().filter(|(held, _)| held.request.side == side && Some(held.request.id) != beside);
        let claimed = others.fold(Qty::ZERO, |total, (_, claim)| total.plus(claim).unwrap_or(Qty::LARGEST));
        position.abs().minus(claimed).unwrap_or(Qty::ZERO).at_least_zero()
    }

    /// What a share of an order is taken to cost: its limit, its trigger, or the market's other side;
    /// for a short sale at least the market. Nothing, where no price is known yet.
    pub(super) fn cost_price(&self, request: &VenueRequest) -> Price {
        let quoted = self.quote.map(|quote| if request.side == Side::Buy { quote.ask } else { quote.bid });
        let market = quoted.or(self.last).unwrap_or_default();
        let own = request.kind.limit().or(request.kind.stop()).unwrap_or(market);
        if request.side == Side::Buy { own } else { own.max(market) }
    }

    /// Whether an order waits for its market to open.
    pub(super) fn has_queued(&self) -> bool {
        self.live.iter().any(|held| held.place == Place::Queued && held.is_live())
    }

    /// Where bars are the only clock every order is in the book at once, and waits for its bar.
    pub(super) fn open_all(&mut self, clearing: &mut Clearing) {
        self.open_where(|_| true, clearing);
    }

    /// The market of `hours` has opened: what waited for it is in the book.
    pub(super) fn open_queued(&mut self, hours: Hours, clearing: &mut Clearing) {
        let now = clearing.now;
        let is_due = |held: &Held| {
            let opens = hours == Hours::Regular || held.trades_in(hours);
            opens && held.not_before.is_none_or(|at| at <= now)
        };
        self.open_where(is_due, clearing);
    }

    fn open_where(&mut self, is_due: impl Fn(&Held) -> bool, clearing: &mut Clearing) {
        let waits = |held: &&mut Held| held.place == Place::Queued && held.is_live() && is_due(held);
        for held in self.live.iter_mut().filter(waits) {
            held.place = Place::Booked;
            held.status = OrderStatus::Working;
            clearing.report(held.request.id, ReportKind::Working);
        }
    }

    /// Fills up to `most` shares at `price`, and everything that follows: legs wake, a sibling
    /// shrinks, and what has nothing left to fill ends. The shares that filled.
    pub(super) fn fill(&mut self, index: usize, price: Price, most: Qty, clearing: &mut Clearing) -> Qty {
        let Some(held) = self.live.get_mut(index).filter(|held| held.works()) else { return Qty::ZERO };
        let qty = held.capacity().min(most);
        // Beyond the range of numbers nothing fills: the account would no longer be true.
        if !qty.is_positive() || !price.is_positive() || clearing.execute(held, qty, price).is_err() {
            return Qty::ZERO;
        }
        held.executions = held.executions.saturating_add(1);
        held.filled = held.filled.plus(qty).unwrap_or(held.base);
        held.status = OrderStatus::Partial;
        let (filled, parent, sibling) = (held.filled, held.parent, held.sibling);
        let legs = [held.request.stop_loss, held.request.take_profit];
        let asked = held.request.qty;
        self.last.get_or_insert(price);
        if filled == asked || !clearing.legs_sleep_until_filled {
            for leg in legs.into_iter().flatten() {
                self.wake(leg.id, filled, clearing);
            }
        }
        self.end_if_done(index, clearing);
        if let Some(sibling) = sibling.and_then(|id| self.index_of(id)) {
            if let Some(sibling) = self.live.get_mut(sibling) {
                sibling.taken = sibling.taken.plus(qty).unwrap_or(sibling.base);
            }
            self.end_if_done(sibling, clearing);
        }
        // Shares that came after the exit has begun would be held by nothing.
        if let Some(parent) = parent.and_then(|id| self.index_of(id)) {
            self.cancel(parent, clearing);
        }
        qty
    }

    /// A leg stands for what its order has filled.
    fn wake(&mut self, id: ClientOrderId, base: Qty, clearing: &mut Clearing) {
        let Some(leg) = self.live.iter_mut().find(|held| held.request.id == id && held.is_live()) else {
            return;
        };
        leg.base = base;
        if leg.place == Place::Asleep {
            leg.place = Place::Booked;
            leg.arrived_at = clearing.now;
            leg.status = OrderStatus::Working;
            clearing.report(id, ReportKind::Accepted);
            clearing.report(id, ReportKind::Working);
        }
    }

    /// An order without a share left to fill has ended: filled, where it filled all it was asked for.
    fn end_if_done(&mut self, index: usize, clearing: &mut Clearing) {
        let Some(held) = self.live.get(index).filter(|held| held.works()) else { return };
        if held.capacity().is_positive() {
            return;
        }
        let all = held.filled == held.request.qty;
        self.end(
            index,
            if all { OrderStatus::Filled } else { OrderStatus::Canceled },
            clearing.now,
            clearing,
        );
    }

    /// Cancels an order; its sibling goes with it, as in a group at Alpaca.
    pub(super) fn cancel(&mut self, index: usize, clearing: &mut Clearing) {
        let sibling = self.live.get(index).filter(|held| held.works()).and_then(|held| held.sibling);
        self.end(index, OrderStatus::Canceled, clearing.now, clearing);
        if let Some(sibling) = sibling.and_then(|id| self.index_of(id)) {
            self.end(sibling, OrderStatus::Canceled, clearing.now, clearing);
        }
    }

    /// Ends the orders whose day was over by `now`.
    pub(super) fn expire(&mut self, now: At, clearing: &mut Clearing) {
        for index in 0..self.live.len() {
            let held = self.live.get(index).filter(|held| held.works());
            if let Some(end) = held.and_then(|held| held.ends_at).filter(|end| *end <= now) {
                self.end(index, OrderStatus::Expired, end, clearing);
            }
        }
    }

    /// Ends an order as of `at`. Its legs, where nothing woke them, end with it and without a word.
    pub(super) fn end(&mut self, index: usize, status: OrderStatus, at: At, clearing: &mut Clearing) {
        let Some(held) = self.live.get_mut(index).filter(|held| held.is_live()) else { return };
        held.status = status;
        self.has_ended = true;
        let told = match status {
            OrderStatus::Expired => Some(ReportKind::Expired),
            OrderStatus::Canceled => Some(ReportKind::Canceled),
            // A full fill has been reported as a fill.
            _ => None,
        };
        if let Some(kind) = told {
            clearing.report_as_of(held.request.id, at, kind);
        }
        let legs = [held.request.stop_loss, held.request.take_profit];
        for leg in legs.into_iter().flatten() {
            let leg = self
                .live
                .iter_mut()
                .find(|held| held.request.id == leg.id && held.place == Place::Asleep && held.is_live());
            if let Some(leg) = leg {
                leg.status = OrderStatus::Canceled;
            }
        }
    }

    /// Takes out the orders that have ended.
    pub(super) fn take_ended(&mut self) -> Vec<Held> {
        if !self.has_ended {
            return Vec::new();
        }
        self.has_ended = false;
        let (live, ended) = std::mem::take(&mut self.live).into_iter().partition(Held::is_live);
        self.live = live;
        ended
    }
}
