use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(test)]
use crate::broker::script::Script;
use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::venue::{VenueAnswer, VenueReport, VenueRequest, VenueState};
use crate::exchange::venue::Exchange;

/// Where requests go. Nobody outside this room can hold one.
#[derive(Clone)]
pub(super) enum Venue {
    /// The exchange in this process.
    Embedded(Arc<Mutex<Exchange>>),
    /// What a test says.
    #[cfg(test)]
    Scripted(Arc<Mutex<Script>>),
}

/// What lies behind a lock, also when a thread died with it: an exchange's books are changed by whole
/// fills, and the kill must work then above all.
pub(super) fn unpoisoned<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Venue {
    /// Sends an order, unless `may_leave` says no: it is asked last of all, when nothing can come
    /// between it and the venue.
    pub(super) fn submit(
        &self,
        request: &VenueRequest,
        at: At,
        may_leave: impl FnOnce() -> bool,
    ) -> Option<VenueAnswer> {
        match self {
            Self::Embedded(exchange) => {
                let mut exchange = unpoisoned(exchange);
                may_leave().then(|| exchange.submit(request, at))
            }
            #[cfg(test)]
            Self::Scripted(script) => {
                let mut script = unpoisoned(script);
                may_leave().then(|| script.submit(request))
            }
        }
    }

    pub(super) fn cancel(&self, id: ClientOrderId, at: At) -> VenueAnswer {
        match self {
            Self::Embedded(exchange) => unpoisoned(exchange).cancel(id, at),
            #[cfg(test)]
            Self::Scripted(script) => unpoisoned(script).cancel(id),
        }
    }

    /// The venue's own words, with the executions since an instant and the orders asked for.
    pub(super) fn state(&self, fills_since: At, ids: &[ClientOrderId]) -> Result<VenueState, String> {
        match self {
            Self::Embedded(exchange) => unpoisoned(exchange).read(fills_since, ids),
            #[cfg(test)]
            Self::Scripted(script) => unpoisoned(script).state(ids),
        }
    }

    pub(super) fn take_reports(&self) -> Vec<VenueReport> {
        match self {
            Self::Embedded(exchange) => unpoisoned(exchange).take_reports(),
            #[cfg(test)]
            Self::Scripted(_) => Vec::new(),
        }
    }
}

impl fmt::Debug for Venue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Venue")
    }
}
