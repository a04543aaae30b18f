use std::collections::BTreeMap;

use crate::domain::id::ClientOrderId;
use crate::wire::order::{VenueId, WireOrder};

/// Which of our ids belongs to which of the venue's. A leg has none of ours there: it is known by the order
/// that it stands behind.
#[derive(Debug, Default)]
pub(super) struct Names {
    ours: BTreeMap<VenueId, ClientOrderId>,
    theirs: BTreeMap<ClientOrderId, VenueId>,
}

impl Names {
    /// Takes in what a listed order and its legs are called.
    pub(super) fn note(&mut self, order: &WireOrder) {
        for order in order.flat() {
            // A leg that is told alone has a name that we did not give: ours stands.
            let is_ours = |id: &ClientOrderId| id.seq().is_some();
            if self.ours.get(&order.venue_id).is_some_and(is_ours) && !is_ours(&order.request.id) {
                continue;
            }
            self.ours.insert(order.venue_id.clone(), order.request.id);
            self.theirs.insert(order.request.id, order.venue_id.clone());
        }
    }

    /// Takes in what one order is called.
    pub(super) fn note_as(&mut self, ours: ClientOrderId, theirs: &VenueId) {
        self.ours.insert(theirs.clone(), ours);
        self.theirs.insert(ours, theirs.clone());
    }

    /// Our id of one of the venue's.
    pub(super) fn ours(&self, id: &VenueId) -> Option<ClientOrderId> {
        self.ours.get(id).copied()
    }

    /// The venue's id of one of ours.
    pub(super) fn theirs(&self, id: ClientOrderId) -> Option<VenueId> {
        self.theirs.get(&id).cloned()
    }
}
