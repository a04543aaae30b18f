//! Protective stops: every position keeps one at the broker, whatever happened to the last.

use crate::domain::calendar::Phase;
use crate::domain::id::ClientOrderId;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::desk::MANUAL_TIMEFRAME_MS;
use crate::engine::machine::Engine;
use crate::engine::orders::Order;
use crate::engine::reconcile::CANCEL_AGAIN_MS;
use crate::engine::record::Record;
use crate::engine::submit::refusal_words;
use crate::risk::gate::StopKind;
use crate::risk::order::Role;

/// How long a refused or failed stop waits before it is tried again.
pub(super) const RETRY_MS: i64 = 2_000;

/// Within how long a second stop that is lost is the same trouble as the first.
const LOST_AGAIN_MS: i64 = 10_000;

/// The side that closes a position; nothing closes a flat one.
pub(super) fn closing_side(position: Qty) -> Option<Side> {
    if position.is_positive() {
        Some(Side::Sell)
    } else if position.is_negative() {
        Some(Side::Buy)
    } else {
        None
    }
}

impl Engine {
    /// Looks at every symbol whose protection may have changed.
    pub(super) fn keep_protection(&mut self) {
        // Before the venue was read once, what is remembered may be old: a stop that is gone would be
        // counted, and one too many taken back.
        if self.gate.cash().is_none() {
            return;
        }
        let due =
            |desk: &crate::engine::desk::Desk| desk.dirty || desk.retry_at.is_some_and(|at| at <= self.now);
        let symbols: Vec<Symbol> =
            self.desks.iter().filter(|(_, desk)| due(desk)).map(|(symbol, _)| *symbol).collect();
        for symbol in symbols {
            if let Some(desk) = self.desks.get_mut(&symbol) {
                desk.dirty = false;
                desk.retry_at = None;
            }
            self.keep_protection_of(symbol);
        }
    }

    fn keep_protection_of(&mut self, symbol: Symbol) {
        let position = self.gate.position(symbol).qty;
        let closing = closing_side(position);
        self.sweep_orphans(symbol, closing);
        let Some(closing) = closing else { return };
        if self.desks.get(&symbol).is_some_and(|desk| !desk.waiting.is_empty())
            || !self.gate.limits().stops_auto
        {
            return;
        }
        let exits = self.orders.exits_remaining(symbol, closing);
        let stops = self.stops_awake(symbol, closing);
        let covered = exits.plus(stops).unwrap_or(Qty::LARGEST);
        let missing = position.abs().minus(covered).unwrap_or(Qty::ZERO);
        if missing.is_positive() {
            self.place_stop(symbol, closing, missing);
        } else if missing.is_negative() {
            self.take_back_excess(symbol, closing);
        } else {
            if let Some(desk) = self.desks.get_mut(&symbol) {
                desk.missing_told = false;
            }
            self.let_it_trail(symbol, closing);
        }
    }

    /// Where the trader wants the stop to follow the market, a fixed one gives way to one that does: it came
    /// with the order, because no venue takes a trailing one as a leg. One at a time, in the regular session
    /// alone, where both work at the venue.
    fn let_it_trail(&mut self, symbol: Symbol, closing: Side) {
        let trail = self.desks.get(&symbol).and_then(|desk| desk.trail);
        let wished = trail.is_some_and(|trail| self.trails_no_further(symbol, closing, trail));
        if !wished || self.day.phase() != Phase::Regular || self.mark(symbol).is_none() {
            return;
        }
        let parent_of = |order: &Order| order.parent.and_then(|parent| self.orders.get(parent));
        let is_free = |order: &&Order| {
            // One of a pair with a target takes that along.
            parent_of(order)
                .is_none_or(|parent| !parent.status.is_live() && parent.request.take_profit.is_none())
        };
        let stops =
            || self.orders.live_of(symbol).filter(|order| order.is_stop() && order.request.side == closing);
        if stops().any(|order| order.status == OrderStatus::PendingCancel) {
            return;
        }
        let fixed = stops().find(|order| {
            order.request.kind.trail().is_none()
                && !order.is_by_hand()
                && order.request.qty.is_whole()
                && order.status == OrderStatus::Working
                && is_free(order)
        });
        if let Some(id) = fixed.map(|order| order.request.id) {
            self.take_back(symbol, id);
        }
    }

    /// Places a stop for what will remain beside an exit of `exit_qty`, before the exit is sent.
    pub(super) fn protect_beside(&mut self, symbol: Symbol, exit_qty: Qty) {
        let position = self.gate.position(symbol).qty;
        let Some(closing) = closing_side(position) else { return };
        let exits = self.orders.exits_remaining(symbol, closing);
        let stops = self.stops_awake(symbol, closing);
        let used =
            [exits, stops, exit_qty].into_iter().try_fold(Qty::ZERO, Qty::plus).unwrap_or(Qty::LARGEST);
        let missing = position.abs().minus(used).unwrap_or(Qty::ZERO);
        if missing.is_positive() && self.gate.limits().stops_auto {
            self.place_stop(symbol, closing, missing);
        }
    }

    fn place_stop(&mut self, symbol: Symbol, closing: Side, qty: Qty) {
        let Some(stop) = self.stop_price(symbol, closing) else {
            return self.tell_missing(symbol, "there are fewer than 15 bars to measure a stop from; place one by hand or close the position");
        };
        let Some(stop) = self.stop_within_reach(symbol, closing, stop, qty) else { return };
        if self.closed_what_it_would_have(symbol, closing, stop, qty) {
            return;
        }
        let trail = self.desks.get(&symbol).and_then(|desk| desk.trail);
        let trail = trail.filter(|trail| self.trails_no_further(symbol, closing, *trail));
        let stop = trail.map_or(StopKind::Fixed(stop), |trail| StopKind::Trailing(trail, stop));
        let id = self.next_id();
        match self.gate.admit_protective(id, symbol, qty, stop, self.now) {
            Ok(order) => self.send_stop(order),
            Err(decision) => {
                let words = refusal_words(&decision);
                self.tell_missing(symbol, &words);
                let retry_at = self.now.plus_millis(RETRY_MS);
                if let Some(desk) = self.desks.get_mut(&symbol) {
                    desk.retry_at = Some(retry_at);
                }
            }
        }
    }

    /// A stop ended that nobody had asked to end: the venue refused it, or took it away. The first is placed
    /// again at once; where that fails too, the venue knows something that is not known here: it is read, and
    /// the next try waits.
    pub(super) fn stop_was_lost(&mut self, symbol: Symbol) {
        let now = self.now;
        let desk = self.desks.entry(symbol).or_default();
        let again = desk.stop_lost_at.is_some_and(|before| now.millis_since(before) < LOST_AGAIN_MS);
        desk.stop_lost_at = Some(now);
        if again {
            desk.retry_at = Some(now.plus_millis(RETRY_MS));
            if desk.trail.take().is_some() {
                self.alert(format!(
                    "{symbol}: the venue does not keep the trailing stop; a fixed one takes its place"
                ));
            }
            self.ask_venue_soon();
        } else {
            desk.dirty = true;
        }
    }

    fn tell_missing(&mut self, symbol: Symbol, why: &str) {
        let Some(desk) = self.desks.get_mut(&symbol) else { return };
        if !desk.missing_told {
            desk.missing_told = true;
            self.record(Record::Alert(format!("{symbol} has no full protective stop: {why}")));
        }
    }

    /// Where it belongs by what opened the position or moved its stop, else two average ranges behind its entry.
    pub(super) fn stop_price(&self, symbol: Symbol, closing: Side) -> Option<Price> {
        let desk = self.desks.get(&symbol)?;
        if let Some(planned) = desk.stop_plan {
            return Some(planned);
        }
        let distance =
            desk.atr(MANUAL_TIMEFRAME_MS)?.scaled(i64::from(self.gate.limits().stop_atr_multiple), 1).ok()?;
        let entry = self.gate.position(symbol).avg_price;
        let stop = match closing {
            Side::Sell => entry.minus(distance),
            Side::Buy => entry.plus(distance),
        };
        stop.ok().filter(|price| price.is_positive())
    }

    /// Shares of live stops that protect, or will as soon as the venue says so: a leg by what its
    /// order has filled.
    fn stops_awake(&self, symbol: Symbol, closing: Side) -> Qty {
        let stops =
            self.orders.live_of(symbol).filter(|order| order.is_stop() && order.request.side == closing);
        stops.fold(Qty::ZERO, |total, stop| total.plus(self.awake_qty(stop)).unwrap_or(Qty::LARGEST))
    }

    fn awake_qty(&self, stop: &Order) -> Qty {
        let asked = match stop.parent.and_then(|parent| self.orders.get(parent)) {
            Some(parent) => parent.filled,
            None => stop.request.qty,
        };
        let left = asked.minus(stop.filled).and_then(|left| left.minus(self.filled_by_target(stop)));
        left.unwrap_or(Qty::ZERO).at_least_zero()
    }

    /// Shares that the target beside a stop has taken from it: every venue lowers the one by what the other fills.
    fn filled_by_target(&self, stop: &Order) -> Qty {
        let parent = stop.parent.and_then(|parent| self.orders.get(parent));
        let target = parent.and_then(|parent| parent.request.take_profit).map(|leg| leg.id);
        let target = target.or(stop.request.one_cancels).and_then(|id| self.orders.get(id));
        target.map_or(Qty::ZERO, |target| target.filled)
    }

    /// A part exit filled beside a larger stop: the excess is taken back, and what is left re-placed.
    fn take_back_excess(&mut self, symbol: Symbol, closing: Side) {
        let own =
            self.orders.live_of(symbol).filter(|order| order.is_stop() && order.request.side == closing);
        let last = own.map(|order| (order.status, order.request.id)).last();
        if let Some((status, id)) = last
            && status != OrderStatus::PendingCancel
        {
            self.take_back(symbol, id);
        }
    }

    /// Cancels a stop of ours. Where the venue has just refused to, a moment passes first: what it refuses it
    /// would be asked for without end.
    pub(super) fn take_back(&mut self, symbol: Symbol, id: ClientOrderId) {
        let refused_at = self.orders.get(id).and_then(|order| order.cancel_refused_at);
        let again_at = refused_at.map(|at| at.plus_millis(CANCEL_AGAIN_MS)).filter(|at| self.now < *at);
        match (again_at, self.desks.get_mut(&symbol)) {
            (Some(again_at), Some(desk)) => desk.look_again(again_at),
            _ => self.cancel(id),
        }
    }

    /// Stops of a position that is gone, or stands the other way round, would open a new one: they are taken back at
    /// once.
    fn sweep_orphans(&mut self, symbol: Symbol, closing: Option<Side>) {
        let is_orphan = |order: &&Order| {
            let sleeps = order
                .parent
                .and_then(|parent| self.orders.get(parent))
                .is_some_and(|parent| parent.status.is_live());
            order.role == Role::Protective && !sleeps && closing != Some(order.request.side)
        };
        let orphans: Vec<ClientOrderId> =
            self.orders.live_of(symbol).filter(is_orphan).map(|order| order.request.id).collect();
        for id in orphans {
            self.take_back(symbol, id);
        }
    }

    /// Whether a position of the symbol stands without its full working stop.
    pub(super) fn is_stop_missing(&self, symbol: Symbol) -> bool {
        let position = self.gate.position(symbol).qty;
        let Some(closing) = closing_side(position) else { return false };
        if !self.gate.limits().stops_auto {
            return false;
        }
        let exits = self.orders.exits_remaining(symbol, closing);
        let working = self.gate.protected_qty(symbol);
        position.abs() > exits.plus(working).unwrap_or(Qty::LARGEST)
    }
}
