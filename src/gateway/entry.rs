use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::venue::{VenueOrder, VenueRequest};
use crate::wire::request::Class;
use crate::wire::told::OrderTold;

/// What the gateway knows of an order beside what the exchange itself does: the names that it has outside,
/// and what the stream has told of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The venue's id, by which clients name it in paths.
    pub(super) venue_id: String,
    /// The client's own id, up to 128 characters.
    pub(super) client_id: String,
    /// The exchange's id.
    pub(super) inner: ClientOrderId,
    pub(super) request: VenueRequest,
    pub(super) class: Class,
    pub(super) notional: Option<Price>,
    /// Its order, where it is a leg.
    pub(super) parent: Option<String>,
    pub(super) legs: Vec<String>,
    pub(super) submitted_at: At,
    pub(super) updated_at: At,
    pub(super) filled_at: Option<At>,
    pub(super) canceled_at: Option<At>,
    pub(super) expired_at: Option<At>,
    pub(super) replaced_at: Option<At>,
    pub(super) replaces: Option<String>,
    pub(super) replaced_by: Option<String>,
    /// Where it stands by what the stream has told so far.
    pub(super) status: OrderStatus,
    pub(super) filled: Qty,
    pub(super) spent: Money,
}

impl Entry {
    pub(super) fn new(
        venue_id: String,
        client_id: String,
        request: &VenueRequest,
        class: Class,
        at: At,
    ) -> Self {
        Self {
            venue_id,
            client_id,
            inner: request.id,
            request: *request,
            class,
            notional: None,
            parent: None,
            legs: Vec::new(),
            submitted_at: at,
            updated_at: at,
            filled_at: None,
            canceled_at: None,
            expired_at: None,
            replaced_at: None,
            replaces: None,
            replaced_by: None,
            status: OrderStatus::Acked,
            filled: Qty::ZERO,
            spent: Money::ZERO,
        }
    }

    /// Notes an execution.
    pub(super) fn note_fill(&mut self, qty: Qty, price: Price, at: At) -> Result<(), Overflow> {
        self.spent = self.spent.plus(price.times(qty))?;
        self.filled = self.filled.plus(qty)?;
        self.status = OrderStatus::Partial;
        if self.filled >= self.request.qty {
            (self.status, self.filled_at) = (OrderStatus::Filled, Some(at));
        }
        self.updated_at = at;
        Ok(())
    }

    /// Notes where it stands now.
    pub(super) fn note_status(&mut self, status: OrderStatus, at: At) {
        match status {
            OrderStatus::Canceled if self.replaced_by.is_some() => self.replaced_at = Some(at),
            OrderStatus::Canceled => self.canceled_at = Some(at),
            OrderStatus::Expired => self.expired_at = Some(at),
            _ => {}
        }
        // What has filled in part goes on filling.
        let partly = self.filled.is_positive() && status == OrderStatus::Working;
        self.status = if partly { OrderStatus::Partial } else { status };
        self.updated_at = at;
    }

    /// The order as it is told; `sleeps` where it waits for another's fill.
    pub(super) fn told(&self, asset_id: String, sleeps: bool, legs: Vec<OrderTold>) -> OrderTold {
        let order = VenueOrder { request: self.request, status: self.status, filled: self.filled };
        OrderTold {
            venue_id: self.venue_id.clone(),
            asset_id,
            client_id: self.client_id.clone(),
            order,
            class: self.class,
            notional: self.notional,
            avg_price: self.spent.per_share(self.filled),
            sleeps,
            submitted_at: self.submitted_at,
            updated_at: self.updated_at,
            filled_at: self.filled_at,
            canceled_at: self.canceled_at,
            expired_at: self.expired_at,
            replaced_at: self.replaced_at,
            replaces: self.replaces.clone(),
            replaced_by: self.replaced_by.clone(),
            legs,
        }
    }
}
