//! What stands beyond the door: a market that the test moves, in this process or behind sockets.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hardstop::alpaca::client::Client;
use hardstop::alpaca::hosts::{Account, Hosts};
use hardstop::alpaca::orders_stream::follow_orders;
use hardstop::broker::market::Market;
use hardstop::broker::orders_ear::OrdersEar;
use hardstop::domain::at::At;
use hardstop::domain::chance::Chance;
use hardstop::domain::market::{Quote, Tick};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::venue::{VenueAnswer, VenueRequest};
use hardstop::exchange::faults as of_exchange;
use hardstop::exchange::settings::Settings;
use hardstop::exchange::venue::Exchange;
use hardstop::gateway::faults as of_gateway;
use hardstop::gateway::serve::{Pace, Plan, serve};
use hardstop::gateway::world::World;

use crate::contract::On;
use crate::{CANARY, keys};

/// How long a test waits for what must come, before it fails: far longer than it ever takes.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const NAP: Duration = Duration::from_millis(1);

/// What goes wrong between program and venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// None.
    Nothing,
    /// The first order, before it arrives.
    OrderLost,
    /// The answer to the first order, which has arrived.
    AnswerLost,
    /// The answer to the cancel of the first order, which has arrived.
    CancelsAnswerLost,
    /// The first order arrives late, where a venue takes its time at all.
    OrderLate,
    /// Whatever happens to an order is told twice.
    ToldTwice,
    /// Nothing that happens to an order is told.
    Untold,
}

/// The time of venue and program alike, as the test moves it: it stands still in between, so that nothing depends
/// on how fast a test is.
#[derive(Clone)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    fn of(at: At) -> Self {
        Self(Arc::new(AtomicI64::new(at.millis())))
    }

    fn set(&self, at: At) {
        self.0.store(at.millis(), Ordering::SeqCst);
    }
}

impl Pace for Hand {
    fn now(&self) -> At {
        At::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn until(&self, _at: At) -> Duration {
        NAP
    }
}

/// The market of the exchange on loopback: what the test has pushed, and quotes of nobody's symbol where there is
/// nothing. Those become due as soon as the clock moves, so that the exchange never takes the market to be over,
/// and their count shows how far it has come.
#[derive(Clone)]
struct Feed {
    hand: Hand,
    pushed: Arc<Mutex<VecDeque<Tick>>>,
    idle: Arc<AtomicU64>,
}

impl Iterator for Feed {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        if let Some(tick) = self.pushed.lock().unwrap().pop_front() {
            return Some(tick);
        }
        let (symbol, at) = ("ZZZ".parse().unwrap(), self.hand.now().plus_millis(1));
        let (none, nobody) = (Price::ZERO, Qty::ZERO);
        let filler = Quote { symbol, bid: none, bid_qty: nobody, ask: none, ask_qty: nobody, at };
        // Counted once its instant is fixed: who sees the count may move the clock.
        self.idle.fetch_add(1, Ordering::SeqCst);
        Some(Tick::Quote(filler))
    }
}

impl Feed {
    fn wait_for(&self, idle: u64) {
        let mut naps = 0_u128;
        while self.idle.load(Ordering::SeqCst) < idle {
            assert!(naps < PATIENCE.as_millis(), "the market of the exchange on loopback has stopped");
            naps += 1;
            std::thread::sleep(NAP);
        }
    }
}

/// An exchange that is served on loopback, until it is dropped.
pub struct Loopback {
    pub base: String,
    feed: Feed,
    over: Arc<AtomicBool>,
    served: Option<JoinHandle<()>>,
}

impl Loopback {
    fn new(settings: &Settings, faults: of_gateway::Faults, hand: &Hand) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let over = Arc::new(AtomicBool::new(false));
        let feed = Feed { hand: hand.clone(), pushed: Arc::default(), idle: Arc::default() };
        let plan = Plan {
            listener,
            keys: vec![("rehearsal".to_owned(), CANARY.to_owned())],
            world: World::new(1, settings),
            ticks: Box::new(feed.clone()),
            pace: Arc::new(hand.clone()),
            faults,
        };
        let flag = Arc::clone(&over);
        let served = std::thread::spawn(move || serve(plan, move || flag.load(Ordering::SeqCst)).unwrap());
        feed.wait_for(1);
        Self { base, feed, over, served: Some(served) }
    }

    pub fn hosts(&self) -> Hosts {
        Hosts::at(Account::Paper, &self.base).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(self.hosts(), &keys()).unwrap()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(served) = self.served.take() {
            let _ended = served.join();
        }
    }
}

/// The thread that follows the stream of orders, until it is dropped.
pub struct Stream {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    pub fn of(loopback: &Loopback, ear: OrdersEar) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (flag, hosts) = (Arc::clone(&over), loopback.hosts());
        let is_over = move || flag.load(Ordering::SeqCst);
        let follow = move || follow_orders(&hosts, &keys(), 1, |said| ear.hear(said), &|| false, &is_over);
        Self { over, thread: Some(std::thread::spawn(follow)) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// A venue without the program's line to it.
pub enum Ground {
    Embedded(Market),
    Loopback(Loopback),
}

/// The ground of a case, and its time.
pub struct Place {
    pub ground: Ground,
    pub hand: Hand,
}

impl Place {
    pub fn new(on: On, mut settings: Settings, trouble: Trouble, from: At) -> Self {
        let hand = Hand::of(from);
        let ground = match on {
            On::Embedded => {
                settings.faults = embedded_faults(trouble);
                Ground::Embedded(Market::of(Exchange::new(settings)))
            }
            On::Loopback => Ground::Loopback(Loopback::new(&settings, loopback_faults(trouble), &hand)),
        };
        Self { ground, hand }
    }

    /// The clock moves to `at`, and the market with it; a millisecond later everything has been taken in.
    pub fn move_to(&self, at: At, ticks: &[Tick]) {
        let settled = at.plus_millis(1);
        match &self.ground {
            Ground::Embedded(market) => {
                self.hand.set(settled);
                for tick in ticks {
                    market.on_tick(tick);
                }
                market.advance(settled);
            }
            Ground::Loopback(Loopback { feed, .. }) => {
                let before = feed.idle.load(Ordering::SeqCst);
                feed.pushed.lock().unwrap().extend(ticks.iter().copied());
                self.hand.set(at);
                feed.wait_for(before + 1);
                // The exchange asks for a tick beyond these only once it has dealt with them.
                self.hand.set(settled);
                feed.wait_for(before + 2);
            }
        }
    }

    /// Somebody else on the same account asks for an order, past this program.
    pub fn foreign(&self, request: &VenueRequest) -> VenueAnswer {
        match &self.ground {
            Ground::Embedded(market) => market.foreign(request, self.hand.now()),
            Ground::Loopback(loopback) => loopback.client().submit(request).0,
        }
    }
}

fn embedded_faults(trouble: Trouble) -> of_exchange::Faults {
    let none = of_exchange::Faults::default();
    let before = of_exchange::RequestFaults { timeout_before: 1_000, ..none.submit };
    let after = of_exchange::RequestFaults { timeout_after: 1_000, ..none.submit };
    match trouble {
        Trouble::Nothing | Trouble::OrderLate => none,
        Trouble::OrderLost => of_exchange::Faults { submit: before, ..none },
        Trouble::AnswerLost => of_exchange::Faults { submit: after, ..none },
        Trouble::CancelsAnswerLost => of_exchange::Faults { cancel: after, ..none },
        Trouble::ToldTwice => of_exchange::Faults { doubled: 1_000, ..none },
        Trouble::Untold => of_exchange::Faults { lost: 1_000, ..none },
    }
}

/// How often in a thousand requests the exchange on loopback breaks one, where it is to break a certain one.
const OFTEN: u32 = 100;

fn loopback_faults(trouble: Trouble) -> of_gateway::Faults {
    let none = of_gateway::RequestFaults::default;
    let told = |orders| of_gateway::Faults { orders, ..of_gateway::Faults::default() };
    let (request, requests) = match trouble {
        Trouble::Nothing => return of_gateway::Faults::default(),
        Trouble::ToldTwice => {
            return told(of_gateway::StreamFaults { doubled: 1_000, ..of_gateway::StreamFaults::default() });
        }
        Trouble::Untold => {
            return told(of_gateway::StreamFaults { dropped: 1_000, ..of_gateway::StreamFaults::default() });
        }
        Trouble::OrderLost => (0, of_gateway::RequestFaults { fails_before: OFTEN, ..none() }),
        Trouble::AnswerLost => (0, of_gateway::RequestFaults { fails_after: OFTEN, ..none() }),
        Trouble::CancelsAnswerLost => (1, of_gateway::RequestFaults { fails_after: OFTEN, ..none() }),
        Trouble::OrderLate => (0, of_gateway::RequestFaults { slow: OFTEN, slow_ms: 400, ..none() }),
    };
    of_gateway::Faults { seed: seed_that_breaks(request), requests, ..of_gateway::Faults::default() }
}

/// A seed with which the exchange breaks the request with this index, and none of the thirty others: its faults
/// are fixed when it begins, and a reading after the trouble must be answered.
fn seed_that_breaks(request: usize) -> u64 {
    let breaks_it_alone = |seed: &u64| {
        let mut chance = Chance::of(*seed);
        (0..30).all(|index| (chance.below(1_000) < u64::from(OFTEN)) == (index == request))
    };
    (0..100_000).find(breaks_it_alone).unwrap()
}
