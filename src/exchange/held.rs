use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{Leg, VenueOrder, VenueRequest};
use crate::exchange::sessions::Hours;

/// Where an order stands on its way into the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A leg that waits for its order's first fill.
    Asleep,
    /// It waits for the open.
    Queued,
    /// It is in the book.
    Booked,
}

/// An order as the exchange holds it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) request: VenueRequest,
    pub(super) status: OrderStatus,
    pub(super) filled: Qty,
    pub(super) executions: u32,
    /// When it came, or when its order's fill woke it.
    pub(super) arrived_at: At,
    /// The close with which a DAY order ends; not known yet where the next bar decides it.
    pub(super) ends_at: Option<At>,
    /// The open that an order for the opening auction waits for.
    pub(super) not_before: Option<At>,
    /// Its stop was reached.
    pub(super) triggered: bool,
    /// It has met a market it could not trade with: from then on the market must come through it.
    pub(super) rested: bool,
    pub(super) place: Place,
    /// The shares it may fill in all: a leg's are those its order has filled.
    pub(super) base: Qty,
    /// The shares its sibling has filled in its place.
    pub(super) taken: Qty,
    /// The order whose fills this leg protects or closes.
    pub(super) parent: Option<ClientOrderId>,
    /// The order whose fills take this one's shares, and the other way round.
    pub(super) sibling: Option<ClientOrderId>,
}

impl Held {
    pub(super) fn new(request: &VenueRequest, arrived_at: At, ends_at: Option<At>) -> Self {
        Self {
            request: *request,
            status: OrderStatus::Acked,
            filled: Qty::ZERO,
            executions: 0,
            arrived_at,
            ends_at,
            not_before: None,
            triggered: false,
            rested: false,
            place: Place::Queued,
            base: request.qty,
            taken: Qty::ZERO,
            parent: None,
            sibling: request.one_cancels,
        }
    }

    /// The sleeping order of a leg: it has its order's time in force, as at Alpaca.
    pub(super) fn leg(parent: &Self, leg: Leg, stops: bool, sibling: Option<Leg>) -> Self {
        let kind =
            if stops { OrderKind::Stop { stop: leg.price } } else { OrderKind::Limit { limit: leg.price } };
        let request = VenueRequest {
            id: leg.id,
            side: parent.request.side.opposite(),
            kind,
            stop_loss: None,
            take_profit: None,
            one_cancels: sibling.map(|sibling| sibling.id),
            ..parent.request
        };
        Self {
            place: Place::Asleep,
            base: Qty::ZERO,
            parent: Some(parent.request.id),
            ..Self::new(&request, parent.arrived_at, parent.ends_at)
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.status.is_live()
    }

    /// Live and awake: it may fill, and it holds shares.
    pub(super) fn works(&self) -> bool {
        self.is_live() && self.place != Place::Asleep
    }

    pub(super) fn is_stop(&self) -> bool {
        self.request.kind.stop().is_some()
    }

    /// Whether what it does not fill in its first meeting with the market is cancelled.
    pub(super) fn is_immediate(&self) -> bool {
        self.request.tif.is_immediate() || self.request.tif == TimeInForce::Opg
    }

    /// Whether it meets the market of `hours` as it moves; one for the closing auction waits for that.
    pub(super) fn trades_in(&self, hours: Hours) -> bool {
        match self.request.tif {
            TimeInForce::Cls => false,
            TimeInForce::Ext => hours != Hours::Shut,
            TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok | TimeInForce::Opg => {
                hours == Hours::Regular
            }
        }
    }

    /// A trailing stop follows the market's best price; it never goes back.
    pub(super) fn follow(&mut self, best: Price) {
        let OrderKind::TrailingStop { stop, trail } = self.request.kind else { return };
        let side = self.request.side;
        let Some(behind) = trail.behind(side, best) else { return };
        let nearer = if side == Side::Sell { behind > stop } else { behind < stop };
        if nearer && !self.triggered {
            self.request.kind = OrderKind::TrailingStop { stop: behind, trail };
        }
    }

    /// Shares it may still fill.
    pub(super) fn capacity(&self) -> Qty {
        let rest = self.base.minus(self.filled).and_then(|rest| rest.minus(self.taken));
        rest.unwrap_or(Qty::ZERO).at_least_zero()
    }

    /// Whether it would add to a position of `position` shares.
    pub(super) fn opens(&self, position: Qty) -> bool {
        opens(self.request.side, position)
    }

    /// As the venue lists it: a live order with the shares that it stands for now.
    pub(super) fn listed(&self) -> VenueOrder {
        let mut request = self.request;
        if self.works() {
            request.qty = self.filled.plus(self.capacity()).unwrap_or(request.qty);
        }
        VenueOrder { request, status: self.status, filled: self.filled }
    }
}

/// Whether an order of `side` would add to a position of `position` shares.
pub(super) fn opens(side: Side, position: Qty) -> bool {
    position.is_zero() || position.is_positive() == (side == Side::Buy)
}
