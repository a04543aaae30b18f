// compiles: what a room above the gate may do
use hardstop::domain::venue::VenueRequest;
use hardstop::risk::gate::Gate;
use hardstop::risk::limits::Limits;
use hardstop::risk::token::{ApprovedOrder, CancelTicket, DoorSeal, KillWarrant};

pub fn open() -> (Gate, DoorSeal) {
    Gate::open(Limits::default(), "v1".to_owned())
}

pub fn take(seal: &DoorSeal, order: ApprovedOrder, ticket: &CancelTicket, warrant: &KillWarrant) -> bool {
    let sent = order.request().id;
    seal.accepts(&order) && seal.accepts(ticket) && seal.accepts(warrant) && sent == ticket.order()
}

// A plain request can be read from bytes; only the tokens cannot.
pub fn read<T: for<'a> serde::Deserialize<'a>>() {}

pub fn readable() {
    read::<VenueRequest>();
}
