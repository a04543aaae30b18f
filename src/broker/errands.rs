use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{KillAsked, KillDeed, VenueAnswer, VenueOrder, VenueRequest, VenueState};

/// Readings that pass before an order is sent again for the same purpose.
const PAUSE_READINGS: u32 = 5;
/// How often it is sent for one purpose: the venue's refusals are not hammered for ever.
const TRIES_MAX: u32 = 8;

/// What an order of the kill is for; there is at most one such order under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// To close a position.
    Close(Symbol),
    /// To put a stop back that the kill took down.
    StopFor(ClientOrderId),
}

/// An order the kill sent.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) request: VenueRequest,
    pub(super) answer: VenueAnswer,
    tries: u32,
    sent_at_reading: u32,
}

/// A stop that was seen at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenStop {
    pub(super) symbol: Symbol,
    pub(super) side: Side,
    pub(super) kind: OrderKind,
    pub(super) qty: Qty,
}

/// What to do about a purpose now.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it lives for one line")]
pub(super) enum Step {
    /// Nothing: it is on its way, or was tried often enough.
    Wait,
    /// A new order.
    SendNew,
    /// The same order under the same id: nobody knows whether it arrived.
    SendAgain(VenueRequest),
}

/// What the kill remembers from one reading, and from one pull, to the next of the same trip.
#[derive(Debug, Default)]
pub(super) struct Errands {
    by_purpose: BTreeMap<Purpose, Errand>,
    stops: BTreeMap<ClientOrderId, SeenStop>,
    /// Orders whose end the kill caused: what it cancelled, and the stops of those.
    taken_down: BTreeSet<ClientOrderId>,
    sent_ids: Vec<ClientOrderId>,
    deeds: Vec<KillDeed>,
    /// What is being sent at this moment: whoever sends it may die before it is answered.
    leaving: Option<(Purpose, VenueRequest, At)>,
    last_seq: u64,
    readings: u32,
}

impl Errands {
    /// The next number of the kill's own block, which begins at `from`.
    pub(super) fn next_seq(&mut self, from: u64) -> u64 {
        self.last_seq = self.last_seq.max(from).saturating_add(1);
        self.last_seq
    }

    /// Every order whose end the venue is to be asked about.
    pub(super) fn ids(&self) -> Vec<ClientOrderId> {
        self.taken_down.iter().chain(&self.sent_ids).copied().collect()
    }

    /// Notes the stops at work, and what a bracket that filled in part protects.
    pub(super) fn note(&mut self, state: &VenueState) {
        // Whoever sent it died: it may have arrived, and goes again under no other id.
        if let Some((purpose, request, at)) = self.leaving.take() {
            let answer = VenueAnswer::Unknown("the kill's thread died while it was sent".to_owned());
            self.note_sent(purpose, &request, answer, at);
        }
        self.readings = self.readings.saturating_add(1);
        for order in &state.open_orders {
            let request = order.request;
            if request.kind.stop().is_some() && request.stop_loss.is_none() {
                let qty = request.qty.minus(order.filled).unwrap_or(request.qty);
                let (symbol, side, kind) = (request.symbol, request.side, request.kind);
                self.stops.insert(request.id, SeenStop { symbol, side, kind, qty });
            }
            if let Some(leg) = request.stop_loss.filter(|_| order.filled.is_positive()) {
                let kind = OrderKind::Stop { stop: leg.price };
                let (symbol, side, qty) = (request.symbol, request.side.opposite(), order.filled);
                self.stops.entry(leg.id).or_insert(SeenStop { symbol, side, kind, qty });
            }
        }
    }

    /// An order is about to be cancelled; a pair goes together, and so does a bracket.
    pub(super) fn note_cancel(&mut self, order: &VenueOrder, at: At) {
        let asked = KillAsked::Cancel(order.request.id);
        if !self.deeds.iter().any(|deed| deed.asked == asked) {
            self.deeds.push(KillDeed { at, asked });
        }
        let legs = [order.request.stop_loss, order.request.take_profit].into_iter().flatten();
        self.taken_down.insert(order.request.id);
        self.taken_down.extend(legs.map(|leg| leg.id).chain(order.request.one_cancels));
    }

    /// Stops that the kill took down, are gone, and had not filled.
    pub(super) fn lost_stops<'a>(
        &'a self,
        state: &'a VenueState,
    ) -> impl Iterator<Item = (ClientOrderId, SeenStop)> + 'a {
        let taken = self.stops.iter().filter(|(id, _)| self.taken_down.contains(*id));
        let gone = taken.filter(|(id, _)| match fate(state, **id) {
            Fate::Missing => true,
            Fate::Open => false,
            Fate::Ended(status) => status != OrderStatus::Filled,
        });
        gone.map(|(id, stop)| (*id, *stop))
    }

    /// What to do for a purpose, for which at most `most` shares may be sent.
    pub(super) fn step(&self, purpose: Purpose, most: Qty, state: &VenueState) -> Step {
        let Some(errand) = self.by_purpose.get(&purpose) else { return Step::SendNew };
        let rested = self.readings.saturating_sub(errand.sent_at_reading) >= PAUSE_READINGS;
        if errand.tries >= TRIES_MAX || !rested {
            return Step::Wait;
        }
        match (fate(state, errand.request.id), &errand.answer) {
            (Fate::Ended(_), _) | (Fate::Missing, VenueAnswer::Refused(_)) => Step::SendNew,
            // A new id could fill beside the old one; the same id cannot.
            (Fate::Missing, VenueAnswer::Unknown(_)) if errand.request.qty <= most => {
                Step::SendAgain(errand.request)
            }
            // It works, or it may still come.
            (Fate::Open, _) | (Fate::Missing, VenueAnswer::Taken | VenueAnswer::Unknown(_)) => Step::Wait,
        }
    }

    /// An order is about to go out.
    pub(super) fn note_leaving(&mut self, purpose: Purpose, request: &VenueRequest, at: At) {
        self.leaving = Some((purpose, *request, at));
    }

    /// An order went out, and this came back.
    pub(super) fn note_sent(
        &mut self,
        purpose: Purpose,
        request: &VenueRequest,
        answer: VenueAnswer,
        at: At,
    ) {
        self.leaving = None;
        let tries = self.by_purpose.get(&purpose).map_or(0, |errand| errand.tries);
        // A second sending that the venue refuses as a double says that the first one arrived, or
        // nothing at all: only a look at the venue's list tells.
        let again = self.by_purpose.get(&purpose).is_some_and(|errand| errand.request.id == request.id);
        let answer = match answer {
            VenueAnswer::Refused(words) if again => VenueAnswer::Unknown(words),
            answer => answer,
        };
        let sent_at_reading = self.readings;
        let asked = KillAsked::Submit { request: *request, answer: answer.clone() };
        self.deeds.push(KillDeed { at, asked });
        self.sent_ids.push(request.id);
        let errand = Errand { request: *request, answer, tries: tries.saturating_add(1), sent_at_reading };
        self.by_purpose.insert(purpose, errand);
    }

    /// Everything that was asked of the venue, oldest first.
    pub(super) fn deeds(&self) -> Vec<KillDeed> {
        self.deeds.clone()
    }

    /// The order under way for a purpose.
    pub(super) fn get(&self, purpose: Purpose) -> Option<&Errand> {
        self.by_purpose.get(&purpose)
    }
}

/// Where the venue's own list shows an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Ended(OrderStatus),
    Missing,
}

pub(super) fn fate(state: &VenueState, id: ClientOrderId) -> Fate {
    if state.open_orders.iter().any(|order| order.request.id == id) {
        return Fate::Open;
    }
    let closed = state.closed_orders.iter().find(|order| order.request.id == id);
    closed.map_or(Fate::Missing, |order| Fate::Ended(order.status))
}
