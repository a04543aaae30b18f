use crate::domain::money::Money;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;

/// A live order that may open something, as it stands at the venue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) side: Side,
    pub(super) rest: Qty,
    pub(super) kind: OrderKind,
    /// The stop that goes with it, where it goes with it at once.
    pub(super) stop: Option<Price>,
}

/// One symbol: what is held, what works, what protects.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) qty: Qty,
    pub(super) entry: Price,
    pub(super) bid: Price,
    pub(super) ask: Price,
    pub(super) pending: Vec<Pending>,
    /// Stops that work, each with its shares.
    pub(super) stops: Vec<(Qty, Price)>,
}

/// What risk.md says of a symbol, counted a second time, without the gate's formulas. `None` where orders
/// opposite to the position go beyond it, or a number leaves its range: then nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recount {
    pub(super) exposure: Money,
    pub(super) heat: Money,
}

impl Held {
    pub(super) fn recount(&self) -> Option<Recount> {
        Some(Recount { exposure: self.exposure()?, heat: self.open_risk()?.plus(self.pending_risk()?).ok()? })
    }

    fn rest(&self, side: Side) -> Option<Qty> {
        let of_side = self.pending.iter().filter(|order| order.side == side);
        of_side.map(|order| order.rest).try_fold(Qty::ZERO, |sum, rest| sum.plus(rest).ok())
    }

    /// `max(max(p+B, 0)·max(bid, buys), max(S−p, 0)·max(ask, sells))`.
    fn exposure(&self) -> Option<Money> {
        let long = self.qty.plus(self.rest(Side::Buy)?).ok()?.at_least_zero();
        let short = self.rest(Side::Sell)?.minus(self.qty).ok()?.at_least_zero();
        let dearest = |side: Side, mark: Price, qty: Qty| {
            let of_side = self.pending.iter().filter(|order| order.side == side);
            of_side
                .map(|order| self.worth(order, qty))
                .try_fold(mark.times(qty), |most, worth| Some(most.max(worth?)))
        };
        Some(dearest(Side::Buy, self.bid, long)?.max(dearest(Side::Sell, self.ask, short)?))
    }

    /// What `qty` shares are worth at the price at which the order counts.
    fn worth(&self, order: &Pending, qty: Qty) -> Option<Money> {
        match order.kind {
            OrderKind::Market => Some(collar(order.side, self.bid, self.ask)?.times(qty)),
            OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } if order.side == Side::Buy => {
                stop.times(qty).scaled_up(102, 100).ok()
            }
            OrderKind::Stop { stop: price }
            | OrderKind::TrailingStop { stop: price, .. }
            | OrderKind::Limit { limit: price }
            | OrderKind::StopLimit { limit: price, .. } => Some(price.times(qty)),
        }
    }

    fn pending_risk(&self) -> Option<Money> {
        let mut risk = Money::ZERO;
        for side in [Side::Buy, Side::Sell] {
            let opposite = if side == Side::Buy { self.qty.is_negative() } else { self.qty.is_positive() };
            if opposite {
                if self.rest(side)? > self.qty.abs() {
                    return None;
                }
                continue;
            }
            for order in self.pending.iter().filter(|order| order.side == side) {
                risk = risk.plus(self.risk_of(order)?).ok()?;
            }
        }
        Some(risk)
    }

    fn risk_of(&self, order: &Pending) -> Option<Money> {
        let worth = self.worth(order, order.rest)?;
        let way = order.stop.map(|stop| {
            let at_stop = stop.times(order.rest);
            if order.side == Side::Buy { worth.minus(at_stop) } else { at_stop.minus(worth) }
        });
        match way {
            Some(Ok(way)) if way > Money::ZERO => Some(way.max(worth.scaled_up(5, 1_000).ok()?)),
            Some(Err(_)) => None,
            _ if order.side == Side::Buy => Some(worth),
            _ => worth.doubled().ok(),
        }
    }

    fn open_risk(&self) -> Option<Money> {
        let short = self.qty.is_negative();
        let mark = if short { self.ask } else { self.bid };
        let mut stops = self.stops.clone();
        // The riskiest first: the lowest of a long, the highest of a short.
        stops.sort_by_key(|(_, price)| if short { price.nanos().saturating_neg() } else { price.nanos() });
        let (mut open, mut risk) = (self.qty.abs(), Money::ZERO);
        for (qty, stop) in stops {
            let covered = open.min(qty);
            let (high, low) = if short { (stop, self.entry) } else { (self.entry, stop) };
            let way = high.times(covered).minus(low.times(covered)).ok()?;
            let floor = mark.times(covered).scaled_up(5, 1_000).ok()?;
            risk = risk.plus(way.max(floor)).ok()?;
            open = open.minus(covered).ok()?;
        }
        let bare = mark.times(open);
        risk.plus(if short { bare.doubled().ok()? } else { bare }).ok()
    }
}

/// The limit a market order goes out with: two per cent beyond the market, on the grid.
pub(super) fn collar(side: Side, bid: Price, ask: Price) -> Option<Price> {
    match side {
        Side::Buy => ask.scaled(102, 100).ok().map(Price::grid_down),
        Side::Sell => bid.scaled(98, 100).ok().map(Price::grid_up),
    }
}
