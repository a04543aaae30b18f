//! Where the stop of a position belongs: with what opened it, until one for all of it works elsewhere. What was only
//! asked for, and never filled or never worked, moves nothing.

use crate::domain::calendar::Phase;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::engine::calls::market_exit;
use crate::engine::machine::Engine;
use crate::engine::orders::{Order, Protection};
use crate::engine::protection::{RETRY_MS, closing_side};
use crate::engine::tighten::is_beyond;
use crate::risk::order::Role;
use crate::risk::position::Position;
use crate::risk::state::TradingState;

/// Two positions cost the same where they are less than one part in so many apart: a broker rounds averages, and pays
/// for a broken share in cash.
const SAME_COST_PARTS: i128 = 50;

impl Engine {
    /// The first shares of an order that opens are there, beside `before` of them: from now on their protection counts.
    /// Of two places the one nearer to the market holds: nothing that is added takes an older stop further away.
    pub(super) fn plan_protection(&mut self, fill: &Fill, before: Qty) {
        let first = self.orders.get(fill.order).filter(|order| order.filled.is_zero());
        let Some(order) = first.filter(|order| order.role == Role::Opening) else { return };
        let Protection { stop, trail } = order.protection;
        let desk = self.desks.entry(fill.symbol).or_default();
        // What an earlier position wished is over with it.
        let (old, old_trail) = if before.is_zero() { (None, None) } else { (desk.stop_plan, desk.trail) };
        desk.trail = trail.or(old_trail);
        desk.trailed_to = desk.trailed_to.filter(|_| !before.is_zero());
        // While a stop is being moved its successor goes where it was meant to; what is opened brings its own.
        if desk.tightened.is_none() || before.is_zero() {
            desk.stop_plan = match (old, stop, fill.side) {
                (Some(old), Some(new), Side::Buy) => Some(old.max(new)),
                (Some(old), Some(new), Side::Sell) => Some(old.min(new)),
                (old, new, _) => new.or(old),
            };
        }
    }

    /// A stop works. One for the whole position is where it belongs from here on; put there by hand, it is to stay as
    /// it is and follows nothing. Where it is the one that was tightened to, the move is over.
    pub(super) fn note_stop_works(&mut self, id: ClientOrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let Some(at) = order.request.kind.stop() else { return };
        let held = self.gate.position(order.request.symbol).qty.abs();
        let is_fixed = order.request.kind.trail().is_none() && !order.is_leg();
        let is_whole = is_fixed && held.is_positive() && order.remaining() >= held;
        let is_by_hand = order.is_by_hand();
        let desk = self.desks.entry(order.request.symbol).or_default();
        if is_whole {
            desk.stop_plan = Some(at);
            if is_by_hand {
                desk.trail = None;
                desk.tightened = None;
            }
        }
        desk.tightened = desk.tightened.filter(|moved| moved.to != at);
    }

    /// The venue shows how far a trailing stop has come: what takes its place lies no further from the market.
    pub(super) fn note_stop_moved(&mut self, symbol: Symbol, side: Side, to: Price) {
        let desk = self.desks.entry(symbol).or_default();
        desk.trailed_to = Some(to);
        desk.stop_plan = Some(match (desk.stop_plan, side) {
            (Some(plan), Side::Sell) => plan.max(to),
            (Some(plan), Side::Buy) => plan.min(to),
            (None, _) => to,
        });
    }

    /// Whether a stop that begins to trail now lies no further from the market than the last one had come: what was won
    /// by trailing once is not given back by beginning again.
    pub(super) fn trails_no_further(&self, symbol: Symbol, closing: Side, trail: Trail) -> bool {
        let won = self.desks.get(&symbol).and_then(|desk| desk.trailed_to);
        let begins = self.mark(symbol).and_then(|mark| trail.behind(closing, mark));
        match (won, begins, closing) {
            (Some(won), Some(begins), Side::Sell) => begins >= won,
            (Some(won), Some(begins), Side::Buy) => begins <= won,
            _ => true,
        }
    }

    /// The market moved: a fixed stop that kept what trailing had won may give way to one that trails again.
    pub(super) fn watch_trail(&mut self, symbol: Symbol) {
        let waits =
            self.desks.get(&symbol).filter(|desk| desk.trailed_to.is_some()).and_then(|desk| desk.trail);
        let Some(trail) = waits else { return };
        let Some(closing) = closing_side(self.gate.position(symbol).qty) else { return };
        let is_fixed = |order: &Order| order.is_stop() && order.request.kind.trail().is_none();
        // Nothing else is looked at with every tick: what was refused a moment ago is not asked for again so soon.
        if self.orders.live_of(symbol).any(is_fixed)
            && self.trails_no_further(symbol, closing, trail)
            && let Some(desk) = self.desks.get_mut(&symbol)
        {
            desk.dirty = true;
        }
    }

    /// The broker's count of a position was taken. Where another count of shares costs what the old one did, every share
    /// is another one, as after a split: where its stop belongs changes with it, what is whose and what was traded, and
    /// what was measured of its prices, or wished for them in dollars, means nothing any more.
    pub(super) fn carry_plan_over(&mut self, symbol: Symbol, before: Position, after: Position) {
        if before.qty == after.qty || before.qty.is_zero() || after.qty.is_zero() {
            return;
        }
        let (cost, cost_after) = (before.avg_price.times(before.qty), after.avg_price.times(after.qty));
        let apart = cost.minus(cost_after).map_or(cost, Money::abs);
        let is_split = apart.scaled_up(SAME_COST_PARTS, 1).is_ok_and(|parts| parts <= cost.abs());
        if !is_split {
            return;
        }
        let desk = self.desks.entry(symbol).or_default();
        let (old, new) = (before.qty.nanos(), after.qty.nanos());
        desk.stop_plan =
            desk.stop_plan.and_then(|plan| plan.scaled(old.saturating_abs(), new.saturating_abs()).ok());
        desk.tightened = None;
        desk.trail = None;
        desk.trailed_to = None;
        desk.forget_ranges();
        desk.volume.split(before.qty, after.qty);
        for (_, _, own) in self.strategies.books_mut() {
            own.split(symbol, before.qty, after.qty);
        }
    }

    /// The stop that is missing belongs where the market has been beyond for two looks: it would have fired, and no venue
    /// takes it there any more. The shares are closed at the market. A place that was only measured, and at which no stop
    /// ever stood, closes nothing, and nor does anything while trading is halted: that is the trader's then. Whether an
    /// exit is on its way.
    pub(super) fn closed_what_it_would_have(
        &mut self,
        symbol: Symbol,
        closing: Side,
        stop: Price,
        qty: Qty,
    ) -> bool {
        let mark = self.mark(symbol).filter(|mark| is_beyond(closing, stop, *mark));
        let (now, is_regular) = (self.now, self.day.phase() == Phase::Regular);
        let Some(desk) = self.desks.get_mut(&symbol) else { return false };
        let in_doubt = desk.adjust_waits || desk.frozen_by.is_some();
        let may_close = is_regular && !in_doubt && self.gate.state() != TradingState::Halted;
        let Some(mark) = mark.filter(|_| may_close && desk.stop_plan == Some(stop)) else {
            desk.through_since = None;
            return false;
        };
        let since = *desk.through_since.get_or_insert(now);
        if now.millis_since(since) < RETRY_MS {
            return false;
        }
        // A split that nobody told of looks just so: the venue takes the stop away, and the price is half. Its count of
        // shares, read since then, says that it is none.
        if desk.agreed_at.is_none_or(|at| at <= since) {
            self.ask_venue_soon();
            return false;
        }
        desk.through_since = None;
        self.place(market_exit(Origin::Engine, symbol, closing, qty), None);
        let waits = self.desks.get(&symbol).is_some_and(|desk| !desk.waiting.is_empty());
        if !waits && !self.orders.exits_remaining(symbol, closing).is_positive() {
            return false;
        }
        self.alert(format!(
            "{symbol} is at {mark}, beyond its stop at {stop}, which was not at the venue: {qty} are closed at the market"
        ));
        true
    }
}
