use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Intent;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::{VenueOrder, VenueState};
use crate::rehearsal::selftest::auditor::{Auditor, Known};
use crate::rehearsal::selftest::hours::takes_legs;
use crate::rehearsal::selftest::recount::{Held, Pending, collar};
use crate::rehearsal::selftest::tally::Table;
use crate::risk::order::Role;

/// The account, counted from the exchange's own truth.
struct Sums {
    exposure: Money,
    gross: Money,
    heat: Option<Money>,
    equity: Money,
}

impl Auditor {
    /// Counts an approved opening's numbers a second time, wherever the machine and the exchange know the
    /// same orders and positions.
    pub(super) fn compare(&mut self, at: At, intent: &Intent, decision: &Value) {
        let Some(sums) = self.sums(at, intent) else {
            return self.tally.count(Table::Audits, "openings that knew less than the exchange");
        };
        let said = |name: &str| decision.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
        let checks = decision.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
        let check = |name: &str, part: &str| -> Option<Money> {
            let check =
                checks.iter().find(|check| check.get("name").and_then(Value::as_str) == Some(name))?;
            check.get(part).and_then(Value::as_str)?.parse().ok()
        };
        let pairs = [
            ("exposure", said("exposure"), Some(sums.exposure)),
            ("gross", check("gross", "value"), Some(sums.gross)),
            ("heat", said("heat"), sums.heat),
        ];
        for (name, said, counted) in pairs {
            let (Some(said), Some(counted)): (Option<Money>, _) = (said, counted) else { continue };
            self.tally.count(Table::Audits, name);
            if said.cents() != counted.cents() {
                let words = format!("{name} was said to be {said}, and is {counted}: {intent:?} at {at}");
                self.breaches.push(words);
            }
        }
        self.caps(at, intent, &sums, check);
    }

    /// The limits, taken from the baseline and from what the account is truly worth.
    fn caps(&mut self, at: At, intent: &Intent, sums: &Sums, check: impl Fn(&str, &str) -> Option<Money>) {
        let Some((_, e0)) = self.day else { return };
        let base = e0.min(sums.equity);
        let share =
            |pct: Option<crate::domain::pct::Pct>, of: Money| pct.and_then(|pct| of.percent_down(pct).ok());
        let least = |one: Option<Money>, other: Option<Money>| one.into_iter().chain(other).min();
        let limits = &self.limits;
        let caps = [
            (
                "position",
                least(share(limits.max_position_pct, base), limits.max_position_usd),
                Some(sums.exposure),
            ),
            ("gross", share(limits.max_gross_pct, base), Some(sums.gross)),
            ("heat", share(limits.max_heat_pct, base), sums.heat),
        ];
        let loss = e0.minus(sums.equity).unwrap_or(Money::ZERO).at_least_zero();
        let most = least(share(limits.max_daily_loss_pct, e0), limits.max_daily_loss_usd);
        let mut found = Vec::new();
        for (name, cap, counted) in caps {
            let (Some(cap), Some(counted)) = (cap, counted) else { continue };
            if counted > cap {
                found.push(format!("{name} is {counted} of {cap}: {intent:?} was approved at {at}"));
            }
            if check(name, "limit").is_some_and(|said| said.cents() > cap.cents()) {
                found.push(format!("the {name} limit is {cap}, and more was allowed at {at}"));
            }
        }
        if most.is_some_and(|most| loss >= most) {
            found.push(format!("the day's loss is {loss}: {intent:?} was approved at {at}"));
        }
        self.breaches.append(&mut found);
    }

    fn sums(&self, at: At, intent: &Intent) -> Option<Sums> {
        let truth = self.market.truth(At::from_nanos(i64::MAX));
        let mut symbols: BTreeSet<Symbol> = truth.positions.iter().map(|position| position.symbol).collect();
        symbols.extend(truth.open_orders.iter().map(|order| order.request.symbol));
        symbols
            .extend(self.positions.iter().filter(|(_, (qty, _))| !qty.is_zero()).map(|(symbol, _)| *symbol));
        symbols.extend(
            self.orders.values().filter(|known| known.status.is_live()).map(|known| known.request.symbol),
        );
        symbols.insert(intent.symbol);
        let open: BTreeMap<ClientOrderId, &VenueOrder> =
            truth.open_orders.iter().map(|order| (order.request.id, order)).collect();
        let (mut gross, mut heat) = (Money::ZERO, Some(Money::ZERO));
        let (mut exposure, mut equity) = (Money::ZERO, truth.account.cash);
        for symbol in symbols {
            let mut held = self.held(symbol, at, &truth, &open)?;
            let mark = if held.qty.is_negative() { held.ask } else { held.bid };
            equity = equity.plus(mark.times(held.qty)).ok()?;
            if symbol == intent.symbol {
                let (pending, knows_its_stop) = self.pending(intent, held.bid, held.ask)?;
                held.pending.push(pending);
                heat = heat.filter(|_| knows_its_stop);
            }
            let recount = held.recount()?;
            gross = gross.plus(recount.exposure).ok()?;
            heat = heat.and_then(|heat| heat.plus(recount.heat).ok());
            if symbol == intent.symbol {
                exposure = recount.exposure;
            }
        }
        Some(Sums { exposure, gross, heat, equity })
    }

    /// The intent as it will be sent, and whether its stop is known: the automation's is not.
    fn pending(&self, intent: &Intent, bid: Price, ask: Price) -> Option<(Pending, bool)> {
        let grid = |price: Price| if intent.side == Side::Buy { price.grid_down() } else { price.grid_up() };
        let kind = match intent.kind {
            OrderKind::Market => OrderKind::Limit { limit: collar(intent.side, bid, ask)? },
            OrderKind::Limit { limit } => OrderKind::Limit { limit: grid(limit) },
            OrderKind::Stop { stop } => OrderKind::Stop { stop: grid(stop) },
            OrderKind::StopLimit { stop, limit } => {
                OrderKind::StopLimit { stop: grid(stop), limit: grid(limit) }
            }
            OrderKind::TrailingStop { .. } => return None,
        };
        // Only such an order takes its stop along; any other counts at full value until it has filled.
        let whole = takes_legs(intent);
        let given = intent
            .stop_loss
            .map(|stop| if intent.side == Side::Buy { stop.grid_up() } else { stop.grid_down() });
        let near = match (intent.kind, intent.side) {
            (OrderKind::Market, Side::Buy) => Some(ask),
            (OrderKind::Market, Side::Sell) => Some(bid),
            _ => kind.limit().or(kind.stop()),
        };
        let behind = |trail: Trail| near.and_then(|near| trail.behind(intent.side.opposite(), near));
        let stop = given.or_else(|| intent.trail.and_then(behind)).filter(|_| whole);
        let knows_its_stop = stop.is_some() || !whole || !self.limits.stops_auto;
        Some((Pending { side: intent.side, rest: intent.qty, kind, stop }, knows_its_stop))
    }

    /// The symbol as its rows tell it; `None` where they tell something else than the exchange.
    fn held(
        &self,
        symbol: Symbol,
        at: At,
        truth: &VenueState,
        open: &BTreeMap<ClientOrderId, &VenueOrder>,
    ) -> Option<Held> {
        if self.unsure.contains(&symbol) {
            return None;
        }
        let (bid, ask) = self.marks(symbol, at)?;
        let (qty, entry) = self.positions.get(&symbol).copied().unwrap_or_default();
        let theirs = truth.positions.iter().find(|position| position.symbol == symbol);
        if theirs.map_or(Qty::ZERO, |position| position.qty) != qty {
            return None;
        }
        let of_symbol = |order: &&&VenueOrder| order.request.symbol == symbol;
        let all_known = open
            .values()
            .filter(of_symbol)
            .all(|order| self.orders.get(&order.request.id).is_some_and(|known| known.status.is_live()));
        if !all_known {
            return None;
        }
        let (mut pending, mut stops) = (Vec::new(), Vec::new());
        for known in
            self.orders.values().filter(|known| known.request.symbol == symbol && known.status.is_live())
        {
            if !self.agrees(known, open) {
                return None;
            }
            let request = &known.request;
            match known.role {
                Role::Protective if request.kind.stop().is_some() && known.works() => {
                    stops.extend(request.kind.stop().map(|stop| (self.awake(known), stop)));
                }
                Role::Protective => {}
                Role::Opening | Role::Reducing => pending.push(Pending {
                    side: request.side,
                    rest: known.rest(),
                    kind: request.kind,
                    stop: request.stop_loss.map(|leg| leg.price).filter(|_| request.qty.is_whole()),
                }),
            }
        }
        Some(Held { qty, entry, bid, ask, pending, stops })
    }

    fn agrees(&self, known: &Known, open: &BTreeMap<ClientOrderId, &VenueOrder>) -> bool {
        let sleeps = known.status == OrderStatus::Intent
            && known
                .parent
                .and_then(|parent| self.orders.get(&parent))
                .is_some_and(|parent| parent.filled.is_zero());
        match open.get(&known.request.id) {
            Some(order) => order.filled == known.filled,
            None => sleeps,
        }
    }
}
