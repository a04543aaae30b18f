use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::broker::heard::Heard;
use crate::broker::latch::KillLatch;
use crate::broker::remote::Remote;
use crate::broker::repeats::Repeats;
use crate::broker::tempo::Use;
use crate::broker::threads;
use crate::broker::venue::unpoisoned;
use crate::domain::at::At;
use crate::domain::calendar::{Phase, phase};
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::TimeInForce;
use crate::domain::venue::{Asked, ReportKind, VenueAnswer, VenueReport, VenueRequest};
use crate::wire::update::{Update, What};

/// Threads that carry what is urgent, and threads that carry openings: an answer that does not come holds up
/// neither the next exit nor, by an opening, any exit.
const URGENT: usize = 3;
const OPENINGS: usize = 2;
/// Orders that wait to leave; who has more than that has lost count, and each is told so.
const WAITING_MAX: usize = 1_000;
/// Events of orders that nobody knows yet, kept while an order is under way: they may be its legs'.
const UNKNOWN_MAX: usize = 1_000;
/// How long the stream may say nothing of an order that the venue took.
const MUTE_MS: i64 = 10_000;
/// A waiting thread looks up so often.
const NAP: Duration = Duration::from_millis(20);

/// The reasons for which an order that was passed does not leave after all.
pub(super) const TRIPPED: &str = "the kill latch is tripped; `hardstop rearm` opens it again";
pub(super) const TOO_MANY: &str = "too many requests wait for the venue already";
pub(super) const CLOSING: &str = "the kill is closing every position by itself; wait for what it says";
pub(super) const TOO_LATE: &str = "it was approved too long ago; ask again";
pub(super) const RESTRICTED: &str = "trading was restricted after it was approved; ask again";
pub(super) const NO_ROOM: &str = "the minute's requests to the venue are used up but for cancels, stops, exits and reconciles; \
                                  ask again in a minute";

/// The door's line to a venue that takes its time: requests leave on threads of their own, and what comes back is
/// heard later. Nothing here waits for the machine, and the machine waits for nothing here.
pub(super) struct Line {
    shared: Arc<Shared>,
}

/// What the line's threads and the stream's have in common.
pub(super) struct Shared {
    pub(super) remote: Remote,
    latch: KillLatch,
    wake: Box<dyn Fn() + Send + Sync>,
    waiting: Mutex<Waiting>,
    ring: Condvar,
    heard: Mutex<VecDeque<Heard>>,
    unknown: Mutex<Vec<Update>>,
    /// Orders of which the stream should have told something, and since when.
    awaited: Mutex<BTreeMap<ClientOrderId, At>>,
    /// Counts the machine's restrictions, as far as the door has heard.
    epoch: AtomicU64,
    over: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    urgent: VecDeque<Job>,
    openings: VecDeque<Job>,
    reading: Option<(At, Vec<ClientOrderId>)>,
    /// Orders on their way, whose answer has not come: their cancels wait for it.
    under_way: BTreeSet<ClientOrderId>,
    repeats: Repeats,
}

#[derive(Debug, Clone)]
enum Job {
    Submit(Box<Submit>),
    Cancel(ClientOrderId),
}

/// An order that the door has passed.
#[derive(Debug, Clone)]
pub(super) struct Submit {
    pub(super) request: VenueRequest,
    pub(super) opens: bool,
    pub(super) passes_halted: bool,
    pub(super) good_until: At,
    /// The machine's epoch in which it was approved.
    pub(super) epoch: u64,
}

impl Line {
    /// A line over `remote`; its threads begin at once. `wake` is called whenever something was heard.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn new(
        remote: Remote,
        latch: KillLatch,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            remote,
            latch,
            wake,
            waiting: Mutex::default(),
            ring: Condvar::new(),
            heard: Mutex::default(),
            unknown: Mutex::default(),
            awaited: Mutex::default(),
            epoch: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let line = Self { shared };
        for _ in 0..URGENT {
            line.spawn("urgent", |shared| shared.carry(true))?;
        }
        for _ in 0..OPENINGS {
            line.spawn("openings", |shared| shared.carry(false))?;
        }
        line.spawn("readings", Shared::read)?;
        Ok(line)
    }

    fn spawn(&self, name: &'static str, works: impl Fn(&Shared) + Send + 'static) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let dies = Arc::clone(&self.shared);
        // A reading that died with its thread is one that failed: it is asked for again, and not awaited for ever.
        let died = move || {
            if name == "readings" {
                dies.hear(Heard::State(Err("the thread that read it died".to_owned())));
            }
            true
        };
        threads::spawn(name, move || works(&shared), died)
    }

    /// Where the stream of orders tells what it hears.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// The machine's epoch by now: an opening of an earlier one does not leave any more.
    pub(super) fn note_epoch(&self, epoch: u64) {
        self.shared.epoch.store(epoch, Ordering::SeqCst);
    }

    /// Takes an order in; `false` where too many wait.
    pub(super) fn submit(&self, submit: Submit) -> bool {
        let mut waiting = unpoisoned(&self.shared.waiting);
        let of = submit.request.id;
        let opens = submit.opens;
        let queue = if opens { &mut waiting.openings } else { &mut waiting.urgent };
        if queue.len() >= WAITING_MAX {
            return false;
        }
        queue.push_back(Job::Submit(Box::new(submit)));
        waiting.under_way.insert(of);
        self.shared.ring.notify_all();
        true
    }

    /// Takes a cancel in, unless the same was sent a moment ago; why not, where it is not.
    pub(super) fn cancel(&self, id: ClientOrderId) -> Result<(), &'static str> {
        let now = self.shared.remote.account.now();
        let mut waiting = unpoisoned(&self.shared.waiting);
        if waiting.urgent.len() >= WAITING_MAX {
            return Err(TOO_MANY);
        }
        if !waiting.repeats.leaves(id, now) {
            return Err("it was asked for a moment ago");
        }
        // What has not left yet is simply not sent.
        let is_it = |job: &Job| matches!(job, Job::Submit(submit) if submit.request.id == id);
        if let Some(index) = waiting.openings.iter().position(is_it) {
            waiting.openings.remove(index);
            waiting.under_way.remove(&id);
            drop(waiting);
            let reason = "it was cancelled before it left".to_owned();
            self.shared.hear(Heard::Dropped { order: id, reason });
            return Ok(());
        }
        waiting.urgent.push_back(Job::Cancel(id));
        self.shared.ring.notify_all();
        Ok(())
    }

    /// Asks for a reading; one that waits already is asked for these instead.
    pub(super) fn ask_state(&self, fills_since: At, ids: &[ClientOrderId]) {
        unpoisoned(&self.shared.waiting).reading = Some((fills_since, ids.to_vec()));
        self.shared.ring.notify_all();
    }

    /// What was heard since the last time.
    pub(super) fn take_heard(&self) -> Vec<Heard> {
        unpoisoned(&self.shared.heard).drain(..).collect()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.ring.notify_all();
    }
}

impl Shared {
    fn hear(&self, heard: Heard) {
        unpoisoned(&self.heard).push_back(heard);
        (self.wake)();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// One thread's life: the next job, and the next.
    fn carry(&self, urgent: bool) {
        loop {
            let mut waiting = unpoisoned(&self.waiting);
            let job = loop {
                if self.is_over() {
                    return;
                }
                if let Some(job) = waiting.next(urgent) {
                    break job;
                }
                let (guard, _) = self.ring.wait_timeout(waiting, NAP).unwrap_or_else(PoisonError::into_inner);
                waiting = guard;
            };
            drop(waiting);
            match job {
                Job::Cancel(order) => {
                    let unanswered =
                        Unanswered { shared: self, order, asked: Asked::Cancel, is_answered: false };
                    let answer = self.remote.cancel(order);
                    unanswered.with(Heard::Answered { order, asked: Asked::Cancel, answer });
                }
                Job::Submit(submit) => self.send(&submit),
            }
        }
    }

    /// The last look before the socket: what came between the door and here stops an order yet.
    fn send(&self, submit: &Submit) {
        let order = submit.request.id;
        let account = &self.remote.account;
        let unanswered = Unanswered { shared: self, order, asked: Asked::Submit, is_answered: false };
        let on_its_way = account.begin_sending();
        let now = account.now();
        let held_back = self.held_back(submit, now);
        let heard = if let Some(reason) = held_back {
            Heard::Dropped { order, reason: reason.to_owned() }
        } else {
            self.await_word_of(&submit.request, now);
            let answer = self.remote.submit(&submit.request);
            if answer != VenueAnswer::Taken {
                unpoisoned(&self.awaited).remove(&order);
            }
            if matches!(answer, VenueAnswer::Unknown(_)) {
                account.doubt(order);
            }
            Heard::Answered { order, asked: Asked::Submit, answer }
        };
        drop(on_its_way);
        unanswered.with(heard);
        self.ring.notify_all();
        self.tell_unknown();
    }

    /// Why an order does not leave after all.
    fn held_back(&self, submit: &Submit, now: At) -> Option<&'static str> {
        if self.latch.is_closing_all() {
            Some(CLOSING)
        } else if self.latch.is_tripped() && !submit.passes_halted {
            Some(TRIPPED)
        } else if submit.opens && submit.epoch != self.epoch.load(Ordering::SeqCst) {
            Some(RESTRICTED)
        } else if submit.opens && now > submit.good_until {
            Some(TOO_LATE)
        } else if submit.opens && !self.remote.account.tempo(|tempo| tempo.has_room(now, Use::Opening)) {
            Some(NO_ROOM)
        } else {
            None
        }
    }

    /// The reading thread's life.
    fn read(&self) {
        while !self.is_over() {
            let wanted = {
                let waiting = unpoisoned(&self.waiting);
                let (mut waiting, _) =
                    self.ring.wait_timeout(waiting, NAP).unwrap_or_else(PoisonError::into_inner);
                let account = &self.remote.account;
                let now = account.now();
                if account.tempo(|tempo| tempo.has_room(now, Use::Reading)) {
                    waiting.reading.take()
                } else {
                    None
                }
            };
            if let Some(news) = self.remote.account.news_of_keys() {
                self.hear(news);
            }
            let Some((fills_since, ids)) = wanted else { continue };
            let state = self.remote.state(fills_since, &ids);
            self.hear(Heard::State(state.map(Box::new)));
        }
    }

    pub(super) fn may_ask(&self) -> bool {
        let account = &self.remote.account;
        let now = account.now();
        account.tempo(|tempo| {
            let room = tempo.has_room(now, Use::Reading);
            if room {
                tempo.note(now);
            }
            room
        })
    }

    /// In the session the stream tells of every order within moments; one for an auction waits for it.
    fn await_word_of(&self, request: &VenueRequest, now: At) {
        let tells_at_once = !matches!(request.tif, TimeInForce::Opg | TimeInForce::Cls);
        if tells_at_once && phase(now) == Phase::Regular {
            unpoisoned(&self.awaited).insert(request.id, now);
        }
    }

    /// Whether the stream has told nothing of an order that the venue took long ago. Said once.
    pub(super) fn is_mute(&self) -> bool {
        let now = self.remote.account.now();
        let mut awaited = unpoisoned(&self.awaited);
        let mute = awaited.values().any(|since| now.millis_since(*since) >= MUTE_MS);
        if mute {
            awaited.clear();
        }
        mute
    }

    /// The stream of orders stands or is lost.
    pub(super) fn stream(&self, up: bool, why: String) {
        self.remote.account.note_move();
        self.hear(Heard::Stream { up, why });
    }

    /// The stream said something that only a reading explains.
    pub(super) fn unclear(&self, words: String) {
        self.remote.account.note_move();
        self.hear(Heard::LookAgain(words));
    }

    /// The stream told of an order.
    pub(super) fn update(&self, update: Update) {
        self.remote.account.note_move();
        if let Some(order) = self.whose(&update) {
            unpoisoned(&self.awaited).remove(&order);
            self.report(order, update);
            return;
        }
        let is_leg_perhaps = !unpoisoned(&self.waiting).under_way.is_empty();
        let mut unknown = unpoisoned(&self.unknown);
        if is_leg_perhaps && unknown.len() < UNKNOWN_MAX {
            unknown.push(update);
            drop(unknown);
            // The last of them may have been answered meanwhile.
            if unpoisoned(&self.waiting).under_way.is_empty() {
                self.tell_unknown();
            }
            return;
        }
        drop(unknown);
        self.hear(Heard::LookAgain(format!("an order that is not known: {:?}", update.what)));
    }

    /// What was kept back for orders under way is told, once their legs are known.
    fn tell_unknown(&self) {
        let kept = std::mem::take(&mut *unpoisoned(&self.unknown));
        for update in kept {
            self.update(update);
        }
    }

    /// Our id of the order that an update is about. Whose id looks like one of ours is ours; a leg has none.
    fn whose(&self, update: &Update) -> Option<ClientOrderId> {
        let known = update.venue_id.as_ref().and_then(|id| self.remote.account.ours(id));
        known.or_else(|| update.client_id.filter(|id| id.seq().is_some()))
    }

    fn report(&self, order: ClientOrderId, update: Update) {
        let at = update.at.unwrap_or_else(|| self.remote.account.now());
        if let Some(listed) = &update.order {
            // What the venue calls it is known before the answer to its request may be.
            if self.remote.account.theirs(order).is_none() {
                self.remote.account.note_as(order, listed);
            }
        }
        match kind_of(update.what, order, at) {
            Ok(Some(kind)) => self.hear(Heard::Report(VenueReport { order, at, kind })),
            Ok(None) => {}
            Err(words) => self.hear(Heard::LookAgain(words)),
        }
    }
}

/// A request whose sender has not said yet what became of it. One that dies meanwhile leaves it unknown, and not
/// waited for for ever.
struct Unanswered<'a> {
    shared: &'a Shared,
    order: ClientOrderId,
    asked: Asked,
    is_answered: bool,
}

impl Unanswered<'_> {
    fn with(mut self, heard: Heard) {
        self.is_answered = true;
        self.is_under_way_no_more();
        self.shared.hear(heard);
    }

    /// A cancel says nothing of the order's own request, which may still be under way.
    fn is_under_way_no_more(&self) {
        if self.asked == Asked::Submit {
            unpoisoned(&self.shared.waiting).under_way.remove(&self.order);
        }
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let (order, asked) = (self.order, self.asked);
        if asked == Asked::Submit {
            self.shared.remote.account.doubt(order);
        }
        self.is_under_way_no_more();
        let answer = VenueAnswer::Unknown("the thread that carried it has died".to_owned());
        self.shared.hear(Heard::Answered { order, asked, answer });
    }
}

impl Waiting {
    /// The next job that may leave; a cancel waits for the answer to its order.
    fn next(&mut self, urgent: bool) -> Option<Job> {
        if !urgent {
            return self.openings.pop_front();
        }
        let may_leave = |job: &Job| match job {
            Job::Submit(_) => true,
            Job::Cancel(id) => !self.under_way.contains(id),
        };
        let index = self.urgent.iter().position(may_leave)?;
        self.urgent.remove(index)
    }
}

/// What an update means for its order; nothing, or something that only a reading explains.
fn kind_of(what: What, order: ClientOrderId, at: At) -> Result<Option<ReportKind>, String> {
    Ok(Some(match what {
        What::Accepted => ReportKind::Accepted,
        What::Working => ReportKind::Working,
        What::Rejected(words) => ReportKind::Rejected(words),
        What::Filled(execution) => ReportKind::Filled(Fill {
            execution: execution.id,
            order,
            symbol: execution.symbol,
            side: execution.side,
            qty: execution.qty,
            price: execution.price,
            fee: Money::ZERO,
            at,
        }),
        What::Canceled => ReportKind::Canceled,
        What::Expired => ReportKind::Expired,
        What::CancelRejected(words) => ReportKind::CancelRejected(words),
        What::Nothing => return Ok(None),
        What::Unclear(words) => return Err(words),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alpaca::client::Client;
    use crate::alpaca::hosts::{Account, Hosts};
    use crate::broker::latch::KillCause;
    use crate::broker::remote::SharedAccount;
    use crate::domain::order::OrderKind;
    use crate::domain::qty::Qty;
    use crate::domain::secret::{Keys, Secret};
    use crate::domain::side::Side;

    /// A line to nobody, and its clock.
    fn line(latch: &KillLatch) -> Line {
        let keys = Keys { id: Secret::new("nobody".to_owned()), secret: Secret::new("nothing".to_owned()) };
        let client = Client::new(Hosts::at(Account::Paper, "http://127.0.0.1:9").unwrap(), &keys).unwrap();
        let account = SharedAccount::new(Arc::new(|| At::from_seconds(1_000)));
        Line::new(Remote::new(client, Arc::new(account)), latch.clone(), Box::new(|| {})).unwrap()
    }

    fn order(opens: bool) -> Submit {
        let id = "hs-pabc123-131007-10".parse().unwrap();
        let request = VenueRequest {
            id,
            symbol: "SPY".parse().unwrap(),
            side: Side::Buy,
            qty: Qty::shares(1),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        Submit { request, opens, passes_halted: !opens, good_until: At::from_seconds(1_010), epoch: 3 }
    }

    #[test]
    fn what_has_not_left_when_trading_is_restricted_stays_and_exits_go() {
        let latch = KillLatch::default();
        let line = line(&latch);
        let shared = line.shared();
        let (now, late) = (At::from_seconds(1_000), At::from_seconds(1_011));
        line.note_epoch(3);
        assert_eq!(shared.held_back(&order(true), now), None);
        assert_eq!(shared.held_back(&order(true), late), Some(TOO_LATE));
        line.note_epoch(4);
        assert_eq!(shared.held_back(&order(true), now), Some(RESTRICTED));
        assert_eq!(
            (shared.held_back(&order(false), now), shared.held_back(&order(false), late)),
            (None, None)
        );
        latch.trip(&KillCause::Signal, now);
        assert_eq!(shared.held_back(&order(true), now), Some(TRIPPED));
        assert_eq!(shared.held_back(&order(false), now), None);
        latch.trip(&KillCause::Shell { flatten: true }, now);
        assert_eq!(shared.held_back(&order(false), now), Some(CLOSING));
    }

    #[test]
    fn an_order_whose_sender_dies_is_unknown_and_no_longer_waited_for() {
        let line = line(&KillLatch::default());
        let (shared, submit) = (line.shared(), order(true));
        let id = submit.request.id;
        unpoisoned(&shared.waiting).under_way.insert(id);
        drop(Unanswered { shared: &shared, order: id, asked: Asked::Cancel, is_answered: false });
        let heard = line.take_heard();
        assert!(
            matches!(
                &heard[..],
                [Heard::Answered { asked: Asked::Cancel, answer: VenueAnswer::Unknown(_), .. }]
            ),
            "{heard:?}"
        );
        assert_eq!(
            unpoisoned(&shared.waiting).under_way.len(),
            1,
            "a cancel ends nothing of its order's own request"
        );
        drop(Unanswered { shared: &shared, order: id, asked: Asked::Submit, is_answered: false });
        assert!(unpoisoned(&shared.waiting).under_way.is_empty() && shared.remote.account.awaits_an_order());
        let heard = line.take_heard();
        assert!(matches!(&heard[..], [Heard::Answered { answer: VenueAnswer::Unknown(_), .. }]), "{heard:?}");
    }
}
