use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::alpaca::client::Client;
use crate::alpaca::http::CallFault;
use crate::broker::heard::Heard;
use crate::broker::names::Names;
use crate::broker::tempo::Tempo;
use crate::broker::venue::unpoisoned;
use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::venue::{VenueAnswer, VenueOrder, VenueRequest};
use crate::wire::fault::Meaning;
use crate::wire::order::{VenueId, WireOrder};

/// How long to wait before an answer that got lost is asked for again, and once more.
const LOST_WAITS: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// The run's clock, handed in.
pub type Clock = Arc<dyn Fn() -> At + Send + Sync>;

/// An account at Alpaca as a venue. The door's and the kill's have connections of their own and share what is
/// known of it.
pub(super) struct Remote {
    pub(super) client: Client,
    pub(super) account: Arc<SharedAccount>,
    unread: AtomicUsize,
}

/// What is known of an account by everybody who has a line to it.
pub(super) struct SharedAccount {
    pub(super) clock: Clock,
    names: Mutex<Names>,
    /// Orders that have ended and were asked for at the last reading: nothing happens to them any more.
    ended: Mutex<BTreeMap<ClientOrderId, VenueOrder>>,
    tempo: Mutex<Tempo>,
    /// How often something about its orders changed, as far as was heard: what a reading is checked by.
    moved: AtomicU64,
    /// How many orders of the door's are on their way now: the venue's list may not show them yet.
    sending: AtomicU64,
    /// Orders that nobody has answered for, and since when: they may still arrive.
    in_doubt: Mutex<BTreeMap<ClientOrderId, At>>,
    keys: Mutex<KeysStanding>,
}

/// Whether the broker takes the keys.
#[derive(Default)]
struct KeysStanding {
    /// Its words, where it does not.
    refusal: Option<String>,
    /// Whether that has changed since the machine heard of it.
    is_news: bool,
}

/// How long an order that nobody answered for may still arrive at the venue.
const ARRIVES_WITHIN_MS: i64 = 10_000;

/// An order on its way, until this is dropped.
pub(super) struct OnItsWay<'a>(&'a AtomicU64);

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl SharedAccount {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            names: Mutex::default(),
            ended: Mutex::default(),
            tempo: Mutex::default(),
            moved: AtomicU64::new(0),
            sending: AtomicU64::new(0),
            in_doubt: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// What a client has last heard of its keys.
    pub(super) fn note_keys(&self, refusal: Option<String>) {
        let mut keys = unpoisoned(&self.keys);
        if keys.refusal.is_some() != refusal.is_some() {
            *keys = KeysStanding { refusal, is_news: true };
        }
    }

    /// Whether the keys are not taken.
    pub(super) fn keys_are_refused(&self) -> bool {
        unpoisoned(&self.keys).refusal.is_some()
    }

    /// What the machine has not heard of the keys yet: the broker's refusal, or that it takes them again.
    pub(super) fn news_of_keys(&self) -> Option<Heard> {
        let mut keys = unpoisoned(&self.keys);
        std::mem::take(&mut keys.is_news).then(|| Heard::Keys(keys.refusal.clone()))
    }

    pub(super) fn now(&self) -> At {
        (self.clock)()
    }

    pub(super) fn note(&self, order: &WireOrder) {
        unpoisoned(&self.in_doubt).remove(&order.request.id);
        unpoisoned(&self.names).note(order);
    }

    /// Notes what the venue calls an order of ours, of which only one event was heard yet.
    pub(super) fn note_as(&self, ours: ClientOrderId, order: &WireOrder) {
        unpoisoned(&self.in_doubt).remove(&ours);
        unpoisoned(&self.names).note_as(ours, &order.venue_id);
    }

    pub(super) fn ours(&self, id: &VenueId) -> Option<ClientOrderId> {
        unpoisoned(&self.names).ours(id)
    }

    pub(super) fn theirs(&self, id: ClientOrderId) -> Option<VenueId> {
        unpoisoned(&self.names).theirs(id)
    }

    pub(super) fn ended(&self, id: ClientOrderId) -> Option<VenueOrder> {
        unpoisoned(&self.ended).get(&id).cloned()
    }

    /// Keeps what has ended of the orders that are asked for again and again.
    pub(super) fn keep_ended(&self, orders: &[VenueOrder]) {
        *unpoisoned(&self.ended) = orders.iter().map(|order| (order.request.id, order.clone())).collect();
    }

    pub(super) fn tempo<T>(&self, with: impl FnOnce(&mut Tempo) -> T) -> T {
        with(&mut unpoisoned(&self.tempo))
    }

    /// An order of the door's is about to leave. Whoever sends it looks at the latch after this, and the kill at
    /// this after the latch: an order that slips through is seen here.
    pub(super) fn begin_sending(&self) -> OnItsWay<'_> {
        self.sending.fetch_add(1, Ordering::SeqCst);
        OnItsWay(&self.sending)
    }

    /// Nobody has answered for an order that left.
    pub(super) fn doubt(&self, id: ClientOrderId) {
        let now = self.now();
        let mut in_doubt = unpoisoned(&self.in_doubt);
        in_doubt.retain(|_, since| now.millis_since(*since) < ARRIVES_WITHIN_MS);
        in_doubt.insert(id, now);
    }

    /// Whether an order is on its way to the venue, or may still be.
    pub(super) fn awaits_an_order(&self) -> bool {
        let now = self.now();
        let may_arrive = |since: &At| now.millis_since(*since) < ARRIVES_WITHIN_MS;
        self.sending.load(Ordering::SeqCst) > 0 || unpoisoned(&self.in_doubt).values().any(may_arrive)
    }

    pub(super) fn note_move(&self) {
        self.moved.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn moves(&self) -> u64 {
        self.moved.load(Ordering::SeqCst)
    }
}

impl Remote {
    pub(super) const fn new(client: Client, account: Arc<SharedAccount>) -> Self {
        Self { client, account, unread: AtomicUsize::new(0) }
    }

    /// Counts a call, makes it, and notes whether the venue said that there were too many.
    pub(super) fn call<T>(&self, call: impl FnOnce(&Client) -> Result<T, CallFault>) -> Result<T, CallFault> {
        let now = self.account.now();
        self.account.tempo(|tempo| tempo.note(now));
        let answer = call(&self.client);
        self.account.note_keys(self.client.refusal_of_keys());
        match &answer {
            Err(CallFault::Said(said)) if said.meaning() == Meaning::TooMany => {
                self.account.tempo(|tempo| tempo.turned_away(now));
            }
            Err(_) => {}
            Ok(_) => self.account.tempo(Tempo::answered),
        }
        answer
    }

    /// Asks something that changes nothing: an answer that got lost is asked for again. What the venue says itself
    /// stands, above all that there were too many requests.
    pub(super) fn ask<T>(&self, ask: impl Fn(&Client) -> Result<T, CallFault>) -> Result<T, CallFault> {
        for wait in LOST_WAITS {
            match self.call(&ask) {
                Err(CallFault::NoAnswer(_)) => {}
                Err(CallFault::Said(said)) if said.meaning() == Meaning::Unclear => {}
                answer => return answer,
            }
            std::thread::sleep(wait);
        }
        self.call(ask)
    }

    /// How many entries of the last reading for the kill could not be read.
    pub(super) fn unread(&self) -> usize {
        self.unread.load(Ordering::SeqCst)
    }

    pub(super) fn note_unread(&self, entries: usize) {
        self.unread.store(entries, Ordering::SeqCst);
    }

    /// Sends an order.
    pub(super) fn submit(&self, request: &VenueRequest) -> VenueAnswer {
        let now = self.account.now();
        self.account.tempo(|tempo| tempo.note(now));
        self.account.note_move();
        let (answer, order) = self.client.submit(request);
        self.account.note_keys(self.client.refusal_of_keys());
        if let Some(order) = &order {
            self.account.note(order);
        }
        self.account.note_move();
        answer
    }

    /// Cancels an order, of which the venue's id may have to be asked for first.
    pub(super) fn cancel(&self, id: ClientOrderId) -> VenueAnswer {
        let theirs = match self.account.theirs(id) {
            Some(theirs) => theirs,
            None => match self.look_up(id) {
                Ok(_) => match self.account.theirs(id) {
                    Some(theirs) => theirs,
                    None => return VenueAnswer::Refused("the venue has no such order".to_owned()),
                },
                Err(fault) => return VenueAnswer::Unknown(fault.told()),
            },
        };
        let now = self.account.now();
        self.account.tempo(|tempo| tempo.note(now));
        let answer = self.client.cancel(&theirs);
        self.account.note_keys(self.client.refusal_of_keys());
        self.account.note_move();
        answer
    }

    /// The order of one of our ids; a leg is found with the order that it stands behind.
    pub(super) fn look_up(&self, id: ClientOrderId) -> Result<Option<WireOrder>, CallFault> {
        if let Some(theirs) = self.account.theirs(id)
            && let Some(mut order) = self.ask(|client| client.order(&theirs))?
            // Whether one of a pair is awake only its order tells.
            && !(order.sleeps && order.has_family)
        {
            // A leg does not know what we call it.
            order.request.id = id;
            self.account.note(&order);
            return Ok(Some(order));
        }
        if let Some(order) = self.of_client(id)? {
            self.account.note(&order);
            return Ok(Some(order));
        }
        for parent in [id.of_stop_leg(), id.of_target_leg()].into_iter().flatten() {
            let found = self.of_client(parent)?;
            if let Some(order) = found.filter(|order| order.legs.iter().any(|leg| leg.request.id == id)) {
                self.account.note(&order);
                return Ok(Some(order));
            }
        }
        Ok(None)
    }

    /// The order of a client's id, with its legs: Alpaca tells them only to whoever asks by its own id.
    fn of_client(&self, id: ClientOrderId) -> Result<Option<WireOrder>, CallFault> {
        let order = self.ask(|client| client.order_of_client(id.as_str()))?;
        match order {
            Some(order) if order.has_family && order.legs.is_empty() => {
                Ok(self.ask(|client| client.order(&order.venue_id))?.or(Some(order)))
            }
            order => Ok(order),
        }
    }

    /// Our id of the order of one of the venue's, asked for where nobody has heard of it.
    pub(super) fn name_of(&self, id: &VenueId) -> Result<Option<ClientOrderId>, CallFault> {
        if let Some(ours) = self.account.ours(id) {
            return Ok(Some(ours));
        }
        let order = self.ask(|client| client.order(id))?;
        if let Some(order) = &order {
            self.account.note(order);
        }
        Ok(order.map(|order| order.request.id))
    }
}
