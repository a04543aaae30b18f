use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::alpaca::client::Client;
use crate::broker::remote::Remote;
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
    /// An account at Alpaca.
    Remote(Arc<Remote>),
    /// What a test says.
    #[cfg(test)]
    Scripted(Arc<Mutex<Script>>),
}

/// How the kill reads a venue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Readings {
    /// At most so often.
    pub(super) most: u32,
    /// So far apart at first; the span doubles with each reading.
    pub(super) first_ms: u64,
    /// So far apart at last.
    pub(super) last_ms: u64,
}

impl Readings {
    /// How long to wait before reading number `reading`, the first of which is 0 and waits for nothing.
    pub(super) fn wait_before(&self, reading: u32) -> Duration {
        let doubled =
            reading.checked_sub(1).map(|doublings| self.first_ms.saturating_mul(1 << doublings.min(16)));
        Duration::from_millis(doubled.unwrap_or(0).min(self.last_ms))
    }
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
            Self::Remote(remote) => may_leave().then(|| remote.submit(request)),
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
            Self::Remote(remote) => remote.cancel(id),
            #[cfg(test)]
            Self::Scripted(script) => unpoisoned(script).cancel(id),
        }
    }

    /// The venue's own words, with the executions since an instant and the orders asked for.
    pub(super) fn state(&self, fills_since: At, ids: &[ClientOrderId]) -> Result<VenueState, String> {
        match self {
            Self::Embedded(exchange) => unpoisoned(exchange).read(fills_since, ids),
            Self::Remote(remote) => remote.state(fills_since, ids),
            #[cfg(test)]
            Self::Scripted(script) => unpoisoned(script).state(ids),
        }
    }

    /// Whether an order of the door's is on its way, which the venue's list may not show yet. Asked after the latch
    /// has tripped, a no stays a no for whatever opens.
    pub(super) fn awaits_an_order(&self) -> bool {
        match self {
            // It takes an order under the lock under which the latch is read.
            Self::Embedded(_) => false,
            Self::Remote(remote) => remote.account.awaits_an_order(),
            #[cfg(test)]
            Self::Scripted(_) => false,
        }
    }

    /// Tells the venue itself to take no orders any more, or to take them again.
    pub(super) fn suspend(&self, suspended: bool) -> Result<(), String> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Remote(remote) => {
                remote.call(|client| client.suspend(suspended)).map_err(|fault| fault.told())
            }
            #[cfg(test)]
            Self::Scripted(script) => {
                unpoisoned(script).suspended = Some(suspended);
                Ok(())
            }
        }
    }

    /// Tells the venue to cancel and close everything by itself. `None` where it has no such word.
    pub(super) fn close_all(&self) -> Option<Result<(), String>> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(remote) => Some(remote.call(Client::close_all).map_err(|fault| fault.told())),
            #[cfg(test)]
            Self::Scripted(script) => {
                unpoisoned(script).close_all();
                Some(Ok(()))
            }
        }
    }

    /// How many entries of the kill's last reading could not be read.
    pub(super) fn unread(&self) -> usize {
        match self {
            Self::Remote(remote) => remote.unread(),
            Self::Embedded(_) => 0,
            #[cfg(test)]
            Self::Scripted(_) => 0,
        }
    }

    /// Keeps the connection from going cold: the next request does not wait for a new one.
    pub(super) fn keep_warm(&self) {
        if let Self::Remote(remote) = self {
            // Whatever it answers, the connection stands.
            let _answer = remote.call(Client::account);
        }
    }

    /// How often the kill reads it at most, and how far apart.
    pub(super) const fn readings(&self) -> Readings {
        match self {
            // Each is several requests of the venue's budget.
            Self::Remote(_) => Readings { most: 24, first_ms: 100, last_ms: 500 },
            Self::Embedded(_) => Readings { most: 80, first_ms: 20, last_ms: 20 },
            #[cfg(test)]
            Self::Scripted(_) => Readings { most: 80, first_ms: 20, last_ms: 20 },
        }
    }

    pub(super) fn take_reports(&self) -> Vec<VenueReport> {
        match self {
            Self::Embedded(exchange) => unpoisoned(exchange).take_reports(),
            // They come over the stream, to whoever follows it.
            Self::Remote(_) => Vec::new(),
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
