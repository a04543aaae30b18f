//! Orders at the venue that are not in our book: somebody else's, and our own that ended here and live on
//! there. They count in every limit.

use std::collections::BTreeSet;

use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::order::OrderStatus;
use crate::domain::venue::{VenueOrder, VenueState};
use crate::engine::life::known_order;
use crate::engine::machine::Engine;
use crate::engine::orders::{Misses, Order, Protection};
use crate::risk::order::{KnownOrder, Role};

impl Engine {
    /// An order that is not ours counts in every limit, and is never touched but by the kill.
    pub(super) fn import_external(&mut self, listed: &VenueOrder) {
        if !listed.status.is_live() {
            return;
        }
        if listed.request.id.is_of_the_kill() {
            return self.import_kill_order(listed);
        }
        // The journal remembers every order of ours that lives: one that it does not has ended here.
        let is_ours = listed.request.id.is_of(self.settings.mode, self.install);
        let order = Order {
            request: listed.request,
            role: Role::Opening,
            origin: Origin::Operator,
            parent: None,
            status: if is_ours { OrderStatus::Canceled } else { listed.status },
            filled: listed.filled,
            made_at: self.now,
            rest_until: None,
            misses: Misses::default(),
            cancel_unheard: None,
            cancel_refused_at: None,
            tag: (!is_ours).then(|| "EXTERNAL".to_owned()),
            protection: Protection::default(),
        };
        if is_ours {
            self.orders.add(order);
            return self.count_while_alive(listed);
        }
        self.gate.restore_order(&known_order(&order, None));
        self.orders.add(order);
        self.alert(format!("order {} at the venue is not ours; it counts in every limit", listed.request.id));
    }

    /// An order that ended here and that the venue shows alive. Nothing leaves an end in our book; but what
    /// can still fill counts in every limit, like somebody else's, until the venue shows it no more.
    pub(super) fn count_while_alive(&mut self, listed: &VenueOrder) {
        let id = listed.request.id;
        let Some(order) = self.orders.get(id) else { return };
        let filled = listed.filled.max(order.filled);
        let can_fill = listed.status.is_live() && filled < listed.request.qty;
        if !can_fill || self.alive_after_their_end.contains(&id) {
            return;
        }
        let words = format!(
            "order {id} ended here as {}, and the venue shows it alive; it counts in every limit until it is \
             gone: `hardstop cancel {id}` asks for that",
            order.status.word()
        );
        // As the venue may fill it and no better: without the stop that was to follow it, and protecting nothing.
        let known = KnownOrder {
            status: listed.status,
            filled,
            role: Role::Opening,
            stop_loss: None,
            group: None,
            ..known_order(order, None)
        };
        self.alive_after_their_end.insert(id);
        self.gate.restore_order(&known);
        self.alert(words);
    }

    /// Frees what such orders had reserved, once the venue shows them alive no more.
    pub(super) fn let_go_of_the_gone(&mut self, state: &VenueState) {
        if self.alive_after_their_end.is_empty() {
            return;
        }
        let listed = state.open_orders.iter().chain(&state.closed_orders);
        let alive: BTreeSet<ClientOrderId> =
            listed.filter(|order| order.status.is_live()).map(|order| order.request.id).collect();
        let gone: Vec<ClientOrderId> = self.alive_after_their_end.difference(&alive).copied().collect();
        for id in gone {
            self.alive_after_their_end.remove(&id);
            self.gate.on_status(id, OrderStatus::Canceled);
            self.alert(format!("order {id}, which lived on at the venue after its end here, is gone"));
        }
    }
}
