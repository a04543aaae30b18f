//! The machine beside the venue's own words: missing events are applied, what nothing explains is
//! shown to the trader. Reconcile never sends an order and never invents a fill.

use std::collections::BTreeSet;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueOrder, VenueState};
use crate::engine::command::Command;
use crate::engine::machine::Engine;
use crate::engine::record::Record;

/// How soon a reading that differs, or an order nobody knows, is looked at again.
const LOOK_AGAIN_MS: i64 = 10_000;
/// How long after its refusal a cancel that an exit waits for is asked for again.
const CANCEL_AGAIN_MS: i64 = 1_000;

impl Engine {
    /// Asks for the venue's state at the next opportunity.
    pub(super) fn ask_venue_soon(&mut self) {
        self.readiness.ask_venue_at = Some(self.now);
    }

    /// Asks the venue when it is time to.
    pub(super) fn keep_reconciled(&mut self) {
        if self.readiness.asking || self.readiness.ask_venue_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.readiness.asking = true;
        let live = self.orders.live().map(|order| order.request.id).collect();
        self.out.push(Command::AskVenue(live));
    }

    pub(super) fn venue_silent(&mut self, words: &str) {
        self.readiness.asking = false;
        self.readiness.reconciled = false;
        self.readiness.ask_venue_at = Some(self.now.plus_millis(LOOK_AGAIN_MS));
        self.alert(format!(
            "the venue's state could not be read ({words}); no position is opened until it can"
        ));
    }

    /// Takes one reading of the venue.
    pub(super) fn reconcile(&mut self, state: &VenueState) {
        self.readiness.asking = false;
        self.gate.on_account(&state.account, state.at);
        self.fix_baseline(&state.account);
        if self.gate.cash().is_none() {
            self.gate.set_cash(self.cash_before(state));
        }
        for fill in &state.fills {
            self.apply_fill(fill);
        }
        self.match_orders(state);
        let differences = self.position_differences(state);
        let clean = differences.is_empty();
        self.schedule_next(clean);
        let changed = self.readiness.reconciled != clean;
        if clean {
            self.readiness.reconciled = true;
            self.readiness.differs_since = None;
        } else {
            self.on_differences(&differences);
        }
        if changed || !clean {
            let words = differences.iter().map(Difference::words).collect();
            self.record(Record::Reconcile { clean, differences: words });
        }
    }

    /// The broker's cash as it was before the executions that this reading tells for the first time: they are
    /// in it already.
    fn cash_before(&self, state: &VenueState) -> Money {
        let new = state.fills.iter().filter(|fill| !self.executions.contains(&fill.execution));
        let before = new.map(|fill| fill.price.times(fill.qty.signed(fill.side)).plus(fill.fee));
        let before = before.into_iter().try_fold(state.account.cash, |cash, cost| cash.plus(cost?));
        before.unwrap_or(state.account.cash)
    }

    fn schedule_next(&mut self, clean: bool) {
        let uncertain = self.orders.live().any(|order| {
            order.cancel_unheard || matches!(order.status, OrderStatus::Unknown | OrderStatus::Sending)
        }) || !self.alive_after_their_end.is_empty();
        let held_up = self
            .orders
            .live()
            .any(|order| order.cancel_refused_at.is_some() && self.is_waited_for(order.request.id));
        let wait_ms = match (held_up, clean && !uncertain) {
            (true, _) => Some(CANCEL_AGAIN_MS),
            (false, true) => self.settings.reconcile_every_ms,
            (false, false) => Some(LOOK_AGAIN_MS),
        };
        self.readiness.ask_venue_at = wait_ms.map(|wait_ms| self.now.plus_millis(wait_ms));
    }

    fn match_orders(&mut self, state: &VenueState) {
        let mut seen = BTreeSet::new();
        for listed in state.open_orders.iter().chain(&state.closed_orders) {
            seen.insert(listed.request.id);
            match self.orders.get(listed.request.id).map(|order| order.status.is_live()) {
                None => self.import_external(listed),
                Some(true) => {
                    self.set_status(listed.request.id, listed.status, None);
                    self.cancel_again(listed);
                }
                Some(false) => self.count_while_alive(listed),
            }
        }
        self.let_go_of_the_gone(state);
        let unseen: Vec<ClientOrderId> =
            self.orders.live().map(|order| order.request.id).filter(|id| !seen.contains(id)).collect();
        for id in unseen {
            self.miss_order(id);
        }
    }

    /// A cancel of which nobody knows whether it arrived has not, where the venue shows its order alive after
    /// it: it is asked for again. So is one that the venue refused while an exit waits for it.
    fn cancel_again(&mut self, listed: &VenueOrder) {
        let (id, now) = (listed.request.id, self.now);
        if !listed.status.is_live() {
            return;
        }
        let refused_before = |at: At| now.millis_since(at) >= CANCEL_AGAIN_MS;
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.status == OrderStatus::PendingCancel && order.cancel_unheard {
            order.cancel_unheard = false;
            let ticket = self.gate.cancel_ticket(id);
            self.out.push(Command::Cancel(ticket));
        } else if order.cancel_refused_at.is_some_and(refused_before) && self.is_waited_for(id) {
            self.cancel(id);
        }
    }

    /// Whether an exit, or an order that replaces it, waits for the end of this one.
    fn is_waited_for(&self, id: ClientOrderId) -> bool {
        self.desks.values().flat_map(|desk| &desk.waiting).any(|act| act.behind.contains(&id))
    }

    /// An order that the venue does not show. A sleeping leg is not missed: it is born with a fill.
    fn miss_order(&mut self, id: ClientOrderId) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.status == OrderStatus::Intent && order.is_leg() {
            return;
        }
        if order.miss(now) {
            let words = "the venue showed it in none of three readings over thirty seconds".to_owned();
            self.set_status(id, OrderStatus::PresumedDead, Some(words));
        } else if matches!(
            self.orders.get(id).map(|order| order.status),
            Some(OrderStatus::Sending | OrderStatus::Intent)
        ) {
            self.set_status(id, OrderStatus::Unknown, Some("the venue does not show it yet".to_owned()));
        }
    }

    fn position_differences(&self, state: &VenueState) -> Vec<Difference> {
        let mut symbols: BTreeSet<Symbol> = state.positions.iter().map(|position| position.symbol).collect();
        symbols.extend(self.held_symbols());
        let compare = |symbol: Symbol| {
            let broker = state
                .positions
                .iter()
                .find(|position| position.symbol == symbol)
                .map_or(Qty::ZERO, |position| position.qty);
            let engine = self.gate.position(symbol).qty;
            (engine != broker).then_some(Difference { symbol, engine, broker })
        };
        symbols.into_iter().filter_map(compare).collect()
    }

    fn on_differences(&mut self, differences: &[Difference]) {
        let since = *self.readiness.differs_since.get_or_insert(self.now);
        if self.now.millis_since(since) < LOOK_AGAIN_MS {
            return;
        }
        self.readiness.reconciled = false;
        for difference in differences {
            let desk = self.desks.entry(difference.symbol).or_default();
            if desk.adjust_waits {
                continue;
            }
            desk.adjust_waits = true;
            let number = self.readiness.next_adjust;
            self.readiness.next_adjust = number.saturating_add(1);
            self.readiness.adjusts.insert(number, *difference);
            self.record(Record::Adjust {
                number,
                symbol: difference.symbol,
                engine: difference.engine,
                broker: difference.broker,
                acknowledged: None,
            });
        }
    }

    /// The trader accepts a difference: the broker's count stands from here on.
    pub(super) fn acknowledge_adjust(&mut self, number: u64, reason: &str) {
        let Some(difference) = self.readiness.adjusts.remove(&number) else {
            return self
                .alert(format!("no difference {number} waits; `hardstop status` lists those that do"));
        };
        let Difference { symbol, engine, broker } = difference;
        let avg_price = self.gate.position(symbol).avg_price;
        self.gate.set_position(symbol, broker, avg_price);
        let desk = self.desks.entry(symbol).or_default();
        desk.adjust_waits = false;
        desk.dirty = true;
        self.record(Record::Adjust { number, symbol, engine, broker, acknowledged: Some(reason.to_owned()) });
        self.ask_venue_soon();
    }
}

/// A position that the machine and the broker count differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Of which symbol.
    pub symbol: Symbol,
    /// What the machine holds.
    pub engine: Qty,
    /// What the broker holds.
    pub broker: Qty,
}

impl Difference {
    fn words(&self) -> String {
        format!("{}: {} here and by the journal, {} at the broker", self.symbol, self.engine, self.broker)
    }
}
