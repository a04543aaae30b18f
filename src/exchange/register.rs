//! Every id that the exchange ever took, and where its order is found: no id is taken twice.

use std::collections::BTreeMap;

use crate::domain::id::ClientOrderId;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenueOrder;
use crate::exchange::book::Book;

/// Where an order of a known id is found.
#[derive(Debug)]
pub(super) enum Known {
    /// In the book of its symbol.
    Live(Symbol),
    /// Here, as it ended.
    Ended(Box<VenueOrder>),
    /// It ended long ago: its id is taken, and that is all.
    Gone,
}

/// Ids and their orders.
#[derive(Debug, Default)]
pub(super) struct Register {
    known: BTreeMap<ClientOrderId, Known>,
    /// What has ended since the past was last let go, and what had between then and the time before.
    ended: Vec<ClientOrderId>,
    ended_before: Vec<ClientOrderId>,
}

impl Register {
    /// What became of this id; `None` where it never arrived.
    pub(super) fn get(&self, id: ClientOrderId) -> Option<&Known> {
        self.known.get(&id)
    }

    /// An order has arrived.
    pub(super) fn take(&mut self, id: ClientOrderId, symbol: Symbol) {
        self.known.insert(id, Known::Live(symbol));
    }

    /// Keeps the orders of a book that have ended as they ended.
    pub(super) fn sweep(&mut self, book: &mut Book) {
        for held in book.take_ended() {
            self.ended.push(held.request.id);
            self.known.insert(held.request.id, Known::Ended(Box::new(held.listed())));
        }
    }

    /// Of what had ended when this was last called only the ids stay.
    pub(super) fn let_the_past_go(&mut self) {
        for id in std::mem::replace(&mut self.ended_before, std::mem::take(&mut self.ended)) {
            self.known.insert(id, Known::Gone);
        }
    }
}
