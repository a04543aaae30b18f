use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::machine::Engine;
use crate::engine::orders::Order;
use crate::engine::protection::closing_side;

/// The market is through a stop where it stands this part of the stop's price beyond it: a two-hundredth, as
/// the floor below a stop's risk.
const BEYOND: i64 = 200;

impl Engine {
    /// The market moved: where it stands beyond a stop that has not filled, the trader is told once, with what
    /// the stop was to lose and what is lost by now.
    pub(super) fn watch_gap(&mut self, symbol: Symbol) {
        let held = self.gate.position(symbol).qty;
        let Some(closing) = closing_side(held) else { return };
        // Also before the open, where a quote marks nothing yet: a night's gap is seen while it can be acted on.
        let quoted = self.gate.usable_quote(symbol, self.now).ok();
        let quoted = quoted.map(|marks| if closing == Side::Sell { marks.bid } else { marks.ask });
        let Some(mark) = quoted.or_else(|| self.mark(symbol)) else { return };
        // One that waits for the open is at the venue, too.
        let stands = |order: &&Order| {
            order.is_stop()
                && order.request.side == closing
                && matches!(order.status, OrderStatus::Acked | OrderStatus::Working | OrderStatus::Partial)
        };
        let stops = self.orders.live_of(symbol).filter(stands);
        let passed = stops.filter_map(|order| {
            let stop = order.request.kind.stop()?;
            is_beyond(closing, mark, stop).then_some((order.request.id, stop, order.remaining()))
        });
        let first = passed.min_by_key(|(id, ..)| *id);
        if let Some((id, stop, qty)) = first {
            self.tell_gap(symbol, id, stop, mark, qty);
        }
    }

    /// A stop filled: the trader is told where that was far beyond its trigger.
    pub(super) fn watch_stop_fill(&mut self, id: ClientOrderId, price: Price, avg_before: Price) {
        let Some(order) = self.orders.get(id).filter(|order| order.is_stop()) else { return };
        let (symbol, side, qty) = (order.request.symbol, order.request.side, order.filled);
        let Some(stop) = order.request.kind.stop().filter(|stop| is_beyond(side, price, *stop)) else {
            return;
        };
        if self.was_told(symbol, id) {
            return;
        }
        let (planned, lost) = (loss(side, avg_before, stop, qty), loss(side, avg_before, price, qty));
        self.alert(format!(
            "gap through stop: {qty} {symbol} left at {price}, and the stop was at {stop}: {lost} is lost where \
             {planned} was risked"
        ));
    }

    fn tell_gap(&mut self, symbol: Symbol, id: ClientOrderId, stop: Price, mark: Price, qty: Qty) {
        if self.was_told(symbol, id) {
            return;
        }
        let position = self.gate.position(symbol);
        let side = if position.qty.is_negative() { Side::Buy } else { Side::Sell };
        let lost = loss(side, position.avg_price, mark, qty);
        let planned = loss(side, position.avg_price, stop, qty);
        self.alert(format!(
            "gap through stop: {symbol} is at {mark}, beyond the stop of {qty} at {stop}: about {lost} is lost \
             where {planned} was risked; see that it fills, or close the position"
        ));
    }

    /// Whether this stop's gap was told before; from here on it was.
    fn was_told(&mut self, symbol: Symbol, id: ClientOrderId) -> bool {
        let told = &mut self.desks.entry(symbol).or_default().gap_told;
        let before = *told == Some(id);
        *told = Some(id);
        before
    }
}

fn is_beyond(closing: Side, price: Price, stop: Price) -> bool {
    let Ok(margin) = stop.scaled(1, BEYOND) else { return false };
    let distance = match closing {
        Side::Sell => stop.minus(price),
        Side::Buy => price.minus(stop),
    };
    distance.is_ok_and(|distance| distance >= margin)
}

/// What leaving `qty` shares at `price` loses against their average; below zero it is a gain.
fn loss(closing: Side, average: Price, price: Price, qty: Qty) -> Money {
    let lost = match closing {
        Side::Sell => average.minus(price),
        Side::Buy => price.minus(average),
    };
    lost.map_or(Money::ZERO, |lost| lost.times(qty))
}
