//! The real gate and its door in front of a venue, with everything that was heard from there.

use std::sync::{Arc, Mutex};

use hardstop::broker::door::{Door, DoorOutcome, RemotePlan, embedded, remote};
use hardstop::broker::heard::Heard;
use hardstop::broker::kill::{KillIds, KillTask};
use hardstop::broker::latch::{KillCause, KillLatch};
use hardstop::broker::orders_ear::OrdersEar;
use hardstop::broker::outcome::KillOutcome;
use hardstop::domain::at::At;
use hardstop::domain::calendar::Phase;
use hardstop::domain::fill::Fill;
use hardstop::domain::id::ClientOrderId;
use hardstop::domain::market::{Quote, Tick};
use hardstop::domain::mode::Mode;
use hardstop::domain::money::Money;
use hardstop::domain::order::OrderStatus;
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::symbol::Symbol;
use hardstop::domain::venue::Asked;
use hardstop::domain::venue::{ReportKind, VenueAnswer, VenueOrder, VenueState};
use hardstop::exchange::settings::Settings;
use hardstop::gateway::serve::Pace;
use hardstop::risk::gate::{Gate, StopKind};
use hardstop::risk::limits::Limits;
use hardstop::risk::situation::{LegIds, Situation};
use hardstop::risk::token::ApprovedOrder;

use crate::NOW;
use crate::contract::On;
use crate::contract::ground::{Ground, NAP, PATIENCE, Place, Stream, Trouble};
use crate::contract::wish::{Wish, buy, ibm, qqq, spy};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It left, and this came back.
    Answered(VenueAnswer),
    /// It did not leave, for this reason.
    Dropped(String),
}

impl Came {
    pub fn is_taken(&self) -> bool {
        *self == Self::Answered(VenueAnswer::Taken)
    }

    pub fn is_refused(&self, part: &str) -> bool {
        matches!(self, Self::Answered(VenueAnswer::Refused(words)) if words.contains(part))
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Answered(VenueAnswer::Unknown(_)))
    }

    pub fn is_dropped(&self, part: &str) -> bool {
        matches!(self, Self::Dropped(words) if words.contains(part))
    }
}

/// A request on its way: what became of it is found behind this place in what was heard.
#[derive(Debug)]
pub struct Away {
    pub id: ClientOrderId,
    asked: Asked,
    from: usize,
    at_once: Option<Came>,
}

/// The program's side of a line: one process of it.
struct Program {
    gate: Gate,
    door: Door,
    /// Until it has been let run to its end.
    kill: Option<KillTask>,
    latch: KillLatch,
    /// The stream of orders, which ends with it, and whom it tells.
    stream: Option<Stream>,
    ear: Option<OrdersEar>,
}

/// One case: a venue at ten o'clock with quotes of three symbols, and the program before it.
pub struct Stage {
    pub on: On,
    // The program goes before the venue does.
    program: Program,
    pub place: Place,
    pub heard: Vec<Heard>,
    next: u64,
}

impl Stage {
    pub fn new(on: On) -> Self {
        Self::with(on, Settings::default(), Trouble::Nothing)
    }

    pub fn with(on: On, settings: Settings, trouble: Trouble) -> Self {
        let place = Place::new(on, settings, trouble, NOW);
        let program = Program::new(&place);
        let mut stage = Self { on, program, place, heard: Vec::new(), next: 10 };
        stage.await_the_stream();
        stage.quote(spy(), 10_000);
        stage.quote(ibm(), 5_000);
        stage.quote(qqq(), 8_000);
        stage
    }

    /// What happens before the stream stands is not told, and a case would wait for it in vain.
    fn await_the_stream(&mut self) {
        if self.on == On::Loopback {
            let from = self.heard.len();
            self.until(from, |heard| matches!(heard, Heard::Stream { up: true, .. }).then_some(()));
        }
    }

    /// The program ends, and another one begins before the same venue, knowing nothing.
    pub fn restart(&mut self) {
        self.program = Program::new(&self.place);
        self.heard.clear();
        self.await_the_stream();
    }

    /// Nothing of what happens meanwhile is told. `happens` asks for nothing.
    pub fn while_the_stream_is_lost(&mut self, happens: impl FnOnce(&mut Self)) {
        self.listen();
        self.program.stream = None;
        happens(self);
        match (&self.place.ground, self.program.ear.clone()) {
            (Ground::Loopback(loopback), Some(ear)) => {
                self.program.stream = Some(Stream::of(loopback, ear));
                self.await_the_stream();
            }
            (Ground::Embedded(market), _) => market.cut_line(),
            (Ground::Loopback(_), None) => {}
        }
    }

    pub fn now(&self) -> At {
        self.place.hand.now()
    }

    pub fn gate(&mut self) -> &mut Gate {
        &mut self.program.gate
    }

    /// A quote of a million shares a side and a cent wide, with its bid here.
    pub fn quote(&mut self, symbol: Symbol, bid: i32) {
        self.quote_of(symbol, bid, 1_000_000);
    }

    /// A quote a cent wide for so many shares a side, a second later.
    pub fn quote_of(&mut self, symbol: Symbol, bid: i32, shares: i32) {
        self.quote_at(symbol, bid, shares, self.now().plus_seconds(1));
    }

    /// The same at an instant.
    pub fn quote_at(&mut self, symbol: Symbol, bid: i32, shares: i32, at: At) {
        let (bid, ask, size) = (Price::from_cents(bid), Price::from_cents(bid + 1), Qty::shares(shares));
        let quote = Quote { symbol, bid, bid_qty: size, ask, ask_qty: size, at };
        self.program.gate.on_quote(&quote, 0);
        self.place.move_to(at, &[Tick::Quote(quote)]);
    }

    /// Time passes, and the market is silent.
    pub fn wait_until(&self, at: At) {
        self.place.move_to(at, &[]);
    }

    /// An id that no order and no leg has had: its legs' are the two behind it.
    pub fn id(&mut self) -> ClientOrderId {
        self.next += 3;
        format!("hs-pabc123-131007-{}", self.next).parse().unwrap()
    }

    /// Leave for an order, from the gate.
    pub fn token(&mut self, wish: Wish) -> ApprovedOrder {
        let id = self.id();
        self.token_as(id, wish)
    }

    pub fn token_as(&mut self, id: ClientOrderId, wish: Wish) -> ApprovedOrder {
        let legs = LegIds { stop: id.stop_leg().unwrap(), target: id.target_leg().unwrap() };
        // What the venue says is asked here: whether the gate would say it first, its own tests ask.
        let buying_power = Some(Money::dollars(1_000_000_000));
        let situation = Situation { buying_power, plain_market: true, ..Situation::clear(Phase::Regular) };
        let now = self.now();
        self.program.gate.admit(id, legs, &wish.0, &situation, now).unwrap().0
    }

    /// Leave for a protective stop, from the gate.
    pub fn protective(&mut self, symbol: Symbol, shares: i32, stop: StopKind) -> ApprovedOrder {
        let (id, now) = (self.id(), self.now());
        self.program.gate.admit_protective(id, symbol, Qty::shares(shares), stop, now).unwrap()
    }

    /// Hands an order to the door, and waits for nothing.
    pub fn depart(&mut self, order: ApprovedOrder) -> Away {
        self.listen();
        let (id, from) = (order.request().id, self.heard.len());
        let (now, epoch) = (self.now(), self.program.gate.epoch());
        let outcome = self.program.door.submit(order, now, epoch);
        Away { id, asked: Asked::Submit, from, at_once: came_at_once(outcome) }
    }

    /// Asks for an order, and waits for what becomes of that.
    pub fn ask(&mut self, wish: Wish) -> (ClientOrderId, Came) {
        let token = self.token(wish);
        self.send(token)
    }

    pub fn send(&mut self, order: ApprovedOrder) -> (ClientOrderId, Came) {
        let away = self.depart(order);
        (away.id, self.arrive(&away))
    }

    /// An order that the venue takes.
    pub fn taken(&mut self, wish: Wish) -> ClientOrderId {
        let (id, came) = self.ask(wish);
        assert!(came.is_taken(), "{came:?}");
        id
    }

    /// An order that the venue takes and fills in full.
    pub fn filled(&mut self, wish: Wish) -> ClientOrderId {
        let id = self.taken(wish);
        self.until_filled(id, wish.0.qty);
        id
    }

    /// A protective stop that the venue takes and that works.
    pub fn protected(&mut self, symbol: Symbol, shares: i32, stop: i32) -> ClientOrderId {
        let token = self.protective(symbol, shares, StopKind::Fixed(Price::from_cents(stop)));
        let (id, came) = self.send(token);
        assert!(came.is_taken(), "{came:?}");
        self.until_told(id, &ReportKind::Working);
        id
    }

    pub fn cancel(&mut self, id: ClientOrderId) -> Came {
        self.listen();
        let (from, now) = (self.heard.len(), self.now());
        let ticket = self.program.gate.cancel_ticket(id);
        let outcome = self.program.door.cancel(ticket, now);
        self.arrive(&Away { id, asked: Asked::Cancel, from, at_once: came_at_once(outcome) })
    }

    /// What became of a request, waited for where it takes its time.
    pub fn arrive(&mut self, away: &Away) -> Came {
        let came = away.at_once.clone().unwrap_or_else(|| {
            self.until(away.from, |heard| match heard {
                Heard::Answered { order, asked, answer } if (*order, *asked) == (away.id, away.asked) => {
                    Some(Came::Answered(answer.clone()))
                }
                Heard::Dropped { order, reason } if *order == away.id => Some(Came::Dropped(reason.clone())),
                _ => None,
            })
        });
        if away.asked == Asked::Submit {
            match &came {
                Came::Dropped(_) => self.program.gate.drop_stale(away.id),
                Came::Answered(VenueAnswer::Refused(_)) => {
                    self.program.gate.on_status(away.id, OrderStatus::Rejected);
                }
                Came::Answered(_) => {}
            }
        }
        came
    }

    /// The venue's state, with these orders looked up by id.
    pub fn reading(&mut self, ids: &[ClientOrderId]) -> VenueState {
        self.listen();
        let (from, now) = (self.heard.len(), self.now());
        let state = self.program.door.state(now, ids).unwrap_or_else(|| {
            self.until(from, |heard| match heard {
                Heard::State(state) => Some(state.clone().map(|state| *state)),
                _ => None,
            })
        });
        let state = state.unwrap();
        for fill in &state.fills {
            self.program.gate.on_fill(fill).unwrap();
        }
        state
    }

    /// The kill is pulled, and its task has not begun.
    pub fn trip(&mut self, cause: &KillCause) {
        self.program.latch.trip(cause, self.place.hand.now());
    }

    /// The kill's task answers the pull that waits.
    pub fn answer_the_pull(&mut self) -> KillOutcome {
        self.program.kill.as_mut().unwrap().answer_waiting(kill_ids()).unwrap()
    }

    /// The kill, with the waits between its readings that it has outside of a test: the last of this case.
    pub fn last_kill(&mut self, flatten: bool) -> KillOutcome {
        self.trip(&KillCause::Shell { flatten });
        let outcome = Mutex::new(None);
        let told = |told: KillOutcome| *outcome.lock().unwrap() = Some(told);
        self.program.kill.take().unwrap().run(kill_ids(), None, told, || true);
        outcome.into_inner().unwrap().unwrap()
    }

    pub fn kill(&mut self, flatten: bool) -> KillOutcome {
        self.trip(&KillCause::Shell { flatten });
        self.answer_the_pull()
    }

    /// Takes in what the venue has said by now.
    pub fn listen(&mut self) {
        for heard in self.program.door.take_heard() {
            if let Heard::Report(report) = &heard {
                let (gate, order) = (&mut self.program.gate, report.order);
                match &report.kind {
                    ReportKind::Filled(fill) => drop(gate.on_fill(fill).unwrap()),
                    ReportKind::Working => gate.on_stop_working(order, true),
                    ReportKind::Canceled => gate.on_status(order, OrderStatus::Canceled),
                    ReportKind::Expired => gate.on_status(order, OrderStatus::Expired),
                    ReportKind::Rejected(_) => gate.on_status(order, OrderStatus::Rejected),
                    ReportKind::Accepted | ReportKind::CancelRejected(_) => {}
                }
            }
            self.heard.push(heard);
        }
    }

    /// Waits until something is heard, from the place `from` on, that `pick` finds something in.
    pub fn until<T>(&mut self, from: usize, pick: impl Fn(&Heard) -> Option<T>) -> T {
        self.until_so(|stage| stage.heard.iter().skip(from).find_map(&pick))
    }

    pub fn until_so<T>(&mut self, look: impl Fn(&Self) -> Option<T>) -> T {
        let mut naps = 0;
        loop {
            self.listen();
            if let Some(found) = look(self) {
                return found;
            }
            assert!(naps < PATIENCE.as_millis(), "it was not heard; this was: {:#?}", self.heard);
            naps += 1;
            std::thread::sleep(NAP);
        }
    }

    /// Waits until the venue has said this of an order.
    pub fn until_told(&mut self, id: ClientOrderId, kind: &ReportKind) {
        self.until_so(|stage| stage.told(id).contains(&kind).then_some(()));
    }

    /// Waits until the venue has told of so many shares of an order.
    pub fn until_filled(&mut self, id: ClientOrderId, qty: Qty) {
        self.until_so(|stage| {
            let fills = stage.fills_told(id);
            let sum = fills.iter().fold(Qty::ZERO, |sum, fill| sum.plus(fill.qty).unwrap());
            (sum >= qty).then_some(())
        });
    }

    /// Waits until everything that the venue has said so far has been heard: it speaks in order, so that an order
    /// which comes and goes after all the others is told last.
    pub fn until_quiet(&mut self) {
        let id = self.taken(buy(1).of(qqq()).limit(1));
        assert!(self.cancel(id).is_taken());
        self.until_told(id, &ReportKind::Canceled);
    }

    /// What the venue has said of an order, in the order in which it was heard.
    pub fn told(&self, id: ClientOrderId) -> Vec<&ReportKind> {
        let kinds = self.heard.iter().filter_map(|heard| match heard {
            Heard::Report(report) if report.order == id => Some(&report.kind),
            _ => None,
        });
        kinds.collect()
    }

    /// The executions of an order that the venue has told of.
    pub fn fills_told(&self, id: ClientOrderId) -> Vec<&Fill> {
        let told = self.told(id).into_iter();
        let fills = told.filter_map(|kind| match kind {
            ReportKind::Filled(fill) => Some(fill),
            _ => None,
        });
        fills.collect()
    }
}

impl Program {
    fn new(place: &Place) -> Self {
        let (mut gate, seal) = Gate::open(Limits::wide(), "wide".to_owned());
        gate.set_phase(Phase::Regular);
        gate.set_cash(Money::dollars(100_000));
        gate.begin_day("2013-10-07".parse().unwrap(), Money::dollars(100_000));
        let (latch, warrant) = (KillLatch::default(), gate.kill_warrant().unwrap());
        match &place.ground {
            Ground::Embedded(market) => {
                let (door, kill) = embedded(market, seal, latch.clone(), warrant).unwrap();
                Self { gate, door, kill: Some(kill), latch, stream: None, ear: None }
            }
            Ground::Loopback(loopback) => {
                let hand = place.hand.clone();
                let plan = RemotePlan {
                    client: loopback.client(),
                    kill_client: loopback.client(),
                    clock: Arc::new(move || hand.now()),
                    fills_since: NOW.plus_seconds(-60),
                    fills_from: NOW.plus_seconds(-60),
                    wake: Box::new(|| {}),
                };
                let (door, kill, ear) = remote(plan, seal, latch.clone(), warrant).unwrap();
                Self {
                    gate,
                    door,
                    kill: Some(kill),
                    latch,
                    stream: Some(Stream::of(loopback, ear.clone())),
                    ear: Some(ear),
                }
            }
        }
    }
}

fn kill_ids() -> KillIds {
    KillIds { mode: Mode::Paper, install: "abc123".parse().unwrap() }
}

fn came_at_once(outcome: DoorOutcome) -> Option<Came> {
    match outcome {
        DoorOutcome::Answered(answer) => Some(Came::Answered(answer)),
        DoorOutcome::Dropped { reason, .. } => Some(Came::Dropped(reason)),
        DoorOutcome::Sent => None,
    }
}

/// The order of this id among those of a list.
pub fn found(orders: &[VenueOrder], id: ClientOrderId) -> Option<&VenueOrder> {
    orders.iter().find(|order| order.request.id == id)
}

/// How an order stands in a list, and how much of it has filled.
pub fn standing(orders: &[VenueOrder], id: ClientOrderId) -> Option<(OrderStatus, Qty)> {
    found(orders, id).map(|order| (order.status, order.filled))
}

/// The ids of a list, in their own order.
pub fn ids_of(orders: &[VenueOrder]) -> Vec<ClientOrderId> {
    let mut ids: Vec<ClientOrderId> = orders.iter().map(|order| order.request.id).collect();
    ids.sort_unstable();
    ids
}

/// The signed shares of a symbol that a reading shows.
pub fn held(state: &VenueState, symbol: Symbol) -> Qty {
    let of = state.positions.iter().find(|position| position.symbol == symbol);
    of.map_or(Qty::ZERO, |position| position.qty)
}
