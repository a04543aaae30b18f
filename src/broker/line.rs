use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::broker::heard::Heard;
use crate::broker::latch::KillLatch;
use crate::broker::remote::Remote;
use crate::broker::repeats::Repeats;
use crate::broker::tempo::Use;
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

    fn spawn(&self, name: &str, works: impl Fn(&Shared) + Send + 'static) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || works(&shared)).map(drop)
    }

    /// Where the stream of orders tells what it hears.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
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
                    let answer = self.remote.cancel(order);
                    self.hear(Heard::Answered { order, asked: Asked::Cancel, answer });
                }
                Job::Submit(submit) => self.send(&submit),
            }
        }
    }

    /// The last look before the socket: what came between the door and here stops an order yet.
    fn send(&self, submit: &Submit) {
        let order = submit.request.id;
        let account = &self.remote.account;
        let on_its_way = account.begin_sending();
        let now = account.now();
        let held_back = if self.latch.is_closing_all() {
            Some(CLOSING)
        } else if self.latch.is_tripped() && !submit.passes_halted {
            Some(TRIPPED)
        } else if submit.opens && now > submit.good_until {
            Some(TOO_LATE)
        } else if submit.opens && !account.tempo(|tempo| tempo.has_room(now, Use::Opening)) {
            Some(NO_ROOM)
        } else {
            None
        };
        let heard = if let Some(reason) = held_back {
            Heard::Dropped { order, reason: reason.to_owned() }
        } else {
            self.await_word_of(&submit.request, now);
            let answer = self.remote.submit(&submit.request);
            if answer != VenueAnswer::Taken {
                unpoisoned(&self.awaited).remove(&order);
            }
            Heard::Answered { order, asked: Asked::Submit, answer }
        };
        drop(on_its_way);
        unpoisoned(&self.waiting).under_way.remove(&order);
        self.hear(heard);
        self.ring.notify_all();
        self.tell_unknown();
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
