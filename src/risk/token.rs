use std::sync::Arc;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::price::Price;
use crate::domain::venue::VenueRequest;
use crate::risk::order::Role;

/// For how long after its approval a token may be sent, in milliseconds.
pub const SEND_WITHIN_MS: i64 = 5_000;

/// After how long the rest of a market opening order is cancelled, in milliseconds.
pub const MARKET_REST_MS: i64 = 5_000;

/// What ties a gate, its tokens and its door together: compared by address, and never reused while
/// any of them lives.
#[derive(Debug)]
struct Mark {
    /// A type without fields would share one address with every other.
    _address: u8,
}

/// A gate's half of its seal.
#[derive(Debug)]
pub(super) struct Seal(Arc<Mark>);

/// The door's half of the seal: it takes the tokens of its own gate and of no other.
#[derive(Debug)]
pub struct DoorSeal(Arc<Mark>);

/// An order that passed the gate. It is moved into the door: it cannot be built, copied or kept.
#[derive(Debug)]
#[must_use = "an approved order that is not sent must be given back with `Gate::drop_stale`"]
pub struct ApprovedOrder {
    request: VenueRequest,
    role: Role,
    origin: Origin,
    stop_loss: Option<Price>,
    rest_cancel_ms: Option<i64>,
    good_until: At,
    epoch: u64,
    seal: Arc<Mark>,
}

/// Leave to cancel one order; given at any time, in any state.
#[derive(Debug)]
#[must_use = "a cancel that is not handed to the door does nothing"]
pub struct CancelTicket {
    order: ClientOrderId,
    seal: Arc<Mark>,
}

/// Leave to cancel everything and to reduce by the broker's own quantities. One a gate.
#[derive(Debug)]
#[must_use = "without its warrant the kill cannot act"]
pub struct KillWarrant {
    seal: Arc<Mark>,
}

/// What the gate puts into an approved order.
pub(super) struct Terms {
    pub(super) request: VenueRequest,
    pub(super) role: Role,
    pub(super) origin: Origin,
    pub(super) stop_loss: Option<Price>,
    pub(super) rest_cancel_ms: Option<i64>,
    pub(super) now: At,
    pub(super) epoch: u64,
}

mod sealed {
    /// Held by the gate's tokens alone.
    pub trait Token {
        /// Whether it comes from the gate that `door` was born with.
        fn fits(&self, door: &super::DoorSeal) -> bool;
    }
}

impl sealed::Token for ApprovedOrder {
    fn fits(&self, door: &DoorSeal) -> bool {
        Arc::ptr_eq(&self.seal, &door.0)
    }
}

impl sealed::Token for CancelTicket {
    fn fits(&self, door: &DoorSeal) -> bool {
        Arc::ptr_eq(&self.seal, &door.0)
    }
}

impl sealed::Token for KillWarrant {
    fn fits(&self, door: &DoorSeal) -> bool {
        Arc::ptr_eq(&self.seal, &door.0)
    }
}

impl DoorSeal {
    /// Whether `token` comes from the gate this door was born with.
    #[must_use]
    pub fn accepts(&self, token: &impl sealed::Token) -> bool {
        token.fits(self)
    }
}

impl Seal {
    /// A new seal: one half for the gate, one for its door.
    pub(super) fn new() -> (Self, DoorSeal) {
        let mark = Arc::new(Mark { _address: 0 });
        (Self(Arc::clone(&mark)), DoorSeal(mark))
    }

    /// The one place where an approved order is made.
    pub(super) fn mint(&self, terms: &Terms) -> ApprovedOrder {
        ApprovedOrder {
            request: terms.request,
            role: terms.role,
            origin: terms.origin,
            stop_loss: terms.stop_loss,
            rest_cancel_ms: terms.rest_cancel_ms,
            good_until: terms.now.plus_millis(SEND_WITHIN_MS),
            epoch: terms.epoch,
            seal: Arc::clone(&self.0),
        }
    }

    pub(super) fn cancel_ticket(&self, order: ClientOrderId) -> CancelTicket {
        CancelTicket { order, seal: Arc::clone(&self.0) }
    }

    pub(super) fn kill_warrant(&self) -> KillWarrant {
        KillWarrant { seal: Arc::clone(&self.0) }
    }
}

impl ApprovedOrder {
    /// The order as it will be sent: rounded, collared, with its stop.
    #[must_use]
    pub const fn request(&self) -> VenueRequest {
        self.request
    }

    /// What it is for.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Who asked for it.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The protective stop that belongs to it. A whole-share order carries it as a leg; for a part
    /// of a share the engine places it after the fill.
    #[must_use]
    pub const fn stop_loss(&self) -> Option<Price> {
        self.stop_loss
    }

    /// After how many milliseconds its rest is to be cancelled, for a market opening order.
    #[must_use]
    pub const fn rest_cancel_ms(&self) -> Option<i64> {
        self.rest_cancel_ms
    }

    /// The last instant at which it may be sent.
    #[must_use]
    pub const fn good_until(&self) -> At {
        self.good_until
    }

    /// The gate's epoch when it was approved; a halt, a latch and a re-arm begin a new one.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl CancelTicket {
    /// The order to cancel.
    #[must_use]
    pub const fn order(&self) -> ClientOrderId {
        self.order
    }
}
