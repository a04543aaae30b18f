use std::sync::Arc;

use crate::alpaca::client::Client;
use crate::broker::fault::BrokerFault;
use crate::broker::heard::Heard;
use crate::broker::kill::KillTask;
use crate::broker::latch::KillLatch;
use crate::broker::line::{CLOSING, Line, NO_ROOM, RESTRICTED, Submit, TOO_LATE, TOO_MANY, TRIPPED};
use crate::broker::market::Market;
use crate::broker::orders_ear::OrdersEar;
use crate::broker::remote::{Clock, Remote, SharedAccount};
use crate::broker::tempo::{Tempo, Use};
use crate::broker::venue::Venue;
use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::venue::{VenueAnswer, VenueState};
use crate::risk::order::Role;
use crate::risk::token::{ApprovedOrder, CancelTicket, DoorSeal, KillWarrant};

/// The door. It takes the tokens of its own gate, each once, and nothing else.
pub struct Door {
    seal: DoorSeal,
    latch: KillLatch,
    way: Way,
    fills_since: At,
    fills_from: At,
}

/// How requests leave.
enum Way {
    /// At once: the venue answers before the call returns.
    Here(Venue, Tempo),
    /// By a line of its own; answers are heard later.
    Away(Line),
}

/// How long before a reading the next one begins to ask for executions: Alpaca's history is told of them later
/// than its stream, and each is applied once anyway.
const FILLS_OVERLAP_S: i64 = -300;

/// An account at Alpaca, for [`remote`].
pub struct RemotePlan {
    /// The door's own client.
    pub client: Client,
    /// The kill's, with a connection that nothing else uses.
    pub kill_client: Client,
    /// The run's clock.
    pub clock: Clock,
    /// From when on executions may be new.
    pub fills_since: At,
    /// When this ledger began: older executions are not its own.
    pub fills_from: At,
    /// Called whenever something was heard, from other threads; it must not block.
    pub wake: Box<dyn Fn() + Send + Sync>,
}

/// A door onto an account at Alpaca, the kill task beside it, and the ear that its stream of orders tells.
///
/// # Errors
/// [`BrokerFault::ForeignWarrant`] when seal and warrant come from two gates; [`BrokerFault::NoThread`].
pub fn remote(
    plan: RemotePlan,
    seal: DoorSeal,
    latch: KillLatch,
    warrant: KillWarrant,
) -> Result<(Door, KillTask, OrdersEar), BrokerFault> {
    if !seal.accepts(&warrant) {
        return Err(BrokerFault::ForeignWarrant);
    }
    let account = Arc::new(SharedAccount::new(plan.clock));
    let of_the_kill = Remote::new(plan.kill_client, Arc::clone(&account));
    let kill = KillTask::new(Venue::Remote(Arc::new(of_the_kill)), latch.clone(), warrant);
    let line = Line::new(Remote::new(plan.client, account), latch.clone(), plan.wake)
        .map_err(BrokerFault::NoThread)?;
    let ear = OrdersEar::of(line.shared());
    let (fills_since, fills_from) = (plan.fills_since, plan.fills_from);
    Ok((Door { seal, latch, way: Way::Away(line), fills_since, fills_from }, kill, ear))
}

/// A kill task without a door: for an account that nobody runs against. It needs a leave of its own, and can do no
/// more than any kill.
pub fn kill_alone(client: Client, clock: Clock, latch: KillLatch, warrant: KillWarrant) -> KillTask {
    let remote = Remote::new(client, Arc::new(SharedAccount::new(clock)));
    KillTask::new(Venue::Remote(Arc::new(remote)), latch, warrant)
}

/// What became of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorOutcome {
    /// It went out, and this came back.
    Answered(VenueAnswer),
    /// It is on its way; what comes back is heard later.
    Sent,
    /// It did not go out; what it reserved is free.
    Dropped {
        /// Which order.
        order: ClientOrderId,
        /// Why, in words.
        reason: String,
    },
}

/// A door onto the exchange behind `market`, and the kill task beside it. A process that starts again while
/// its venue goes on is a new door onto the same market.
///
/// # Errors
/// [`BrokerFault::ForeignWarrant`] when seal and warrant come from two gates.
pub fn embedded(
    market: &Market,
    seal: DoorSeal,
    latch: KillLatch,
    warrant: KillWarrant,
) -> Result<(Door, KillTask), BrokerFault> {
    if !seal.accepts(&warrant) {
        return Err(BrokerFault::ForeignWarrant);
    }
    let venue = Venue::Embedded(market.exchange());
    let kill = KillTask::new(venue.clone(), latch.clone(), warrant);
    Ok((Door::new(seal, latch, venue), kill))
}

impl Door {
    fn new(seal: DoorSeal, latch: KillLatch, venue: Venue) -> Self {
        let long_ago = At::from_nanos(i64::MIN);
        let way = Way::Here(venue, Tempo::default());
        Self { seal, latch, way, fills_since: long_ago, fills_from: long_ago }
    }

    /// Sends an order, if its token is this gate's, of its present `epoch`, in time, within the
    /// venue's budget, and passes the latch; the latch is read once more when nothing can come
    /// between it and the venue.
    #[expect(clippy::needless_pass_by_value, reason = "a token is spent by being sent")]
    pub fn submit(&mut self, order: ApprovedOrder, now: At, epoch: u64) -> DoorOutcome {
        let request = order.request();
        let dropped = |reason: &str| DoorOutcome::Dropped { order: request.id, reason: reason.to_owned() };
        if !self.seal.accepts(&order) {
            return dropped("it comes from another gate");
        }
        let passes_halted = passes_halted(&order);
        if order.epoch() != epoch && !passes_halted {
            return dropped(RESTRICTED);
        }
        if now > order.good_until() {
            return dropped(TOO_LATE);
        }
        if self.latch.is_closing_all() {
            return dropped(CLOSING);
        }
        if self.latch.is_tripped() && !passes_halted {
            return dropped(TRIPPED);
        }
        let opens = order.role() == Role::Opening;
        match &mut self.way {
            Way::Here(venue, tempo) => {
                if !tempo.has_room(now, if opens { Use::Opening } else { Use::Urgent }) {
                    return dropped(NO_ROOM);
                }
                tempo.note(now);
                let may_leave =
                    || !self.latch.is_closing_all() && (passes_halted || !self.latch.is_tripped());
                venue.submit(&request, now, may_leave).map_or_else(|| dropped(TRIPPED), DoorOutcome::Answered)
            }
            Way::Away(line) => {
                let submit = Submit {
                    request,
                    opens,
                    passes_halted,
                    good_until: order.good_until(),
                    epoch: order.epoch(),
                };
                line.note_epoch(epoch);
                if line.submit(submit) { DoorOutcome::Sent } else { dropped(TOO_MANY) }
            }
        }
    }

    /// The machine's epoch by now: openings that were approved in an earlier one and have not left yet stay here.
    pub fn note_epoch(&self, epoch: u64) {
        match &self.way {
            Way::Here(..) => {}
            Way::Away(line) => line.note_epoch(epoch),
        }
    }

    /// Cancels an order; nothing ever holds that back.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is spent by being handed in")]
    pub fn cancel(&mut self, ticket: CancelTicket, now: At) -> DoorOutcome {
        if !self.seal.accepts(&ticket) {
            let words = "the ticket comes from another gate".to_owned();
            return DoorOutcome::Answered(VenueAnswer::Refused(words));
        }
        match &mut self.way {
            Way::Here(venue, tempo) => {
                tempo.note(now);
                DoorOutcome::Answered(venue.cancel(ticket.order(), now))
            }
            Way::Away(line) => line.cancel(ticket.order()).map_or_else(
                |why| DoorOutcome::Answered(VenueAnswer::Unknown(why.to_owned())),
                |()| DoorOutcome::Sent,
            ),
        }
    }

    /// The venue's state with these orders looked up by id, and the executions since the last look; `None` where
    /// it is heard later. An error says why it could not be read.
    pub fn state(&mut self, now: At, ids: &[ClientOrderId]) -> Option<Result<VenueState, String>> {
        match &mut self.way {
            Way::Here(venue, tempo) => {
                tempo.note(now);
                let state = venue.state(self.fills_since, ids);
                if let Ok(state) = &state {
                    // A second's overlap: two executions may share an instant, and each is applied once anyway.
                    self.fills_since = state.at.plus_seconds(-1);
                }
                Some(state)
            }
            Way::Away(line) => {
                line.ask_state(self.fills_since, ids);
                None
            }
        }
    }

    /// What the venue has said since the last time.
    pub fn take_heard(&mut self) -> Vec<Heard> {
        match &mut self.way {
            Way::Here(venue, _) => venue.take_reports().into_iter().map(Heard::Report).collect(),
            Way::Away(line) => {
                let heard = line.take_heard();
                for state in heard.iter().filter_map(|heard| match heard {
                    Heard::State(Ok(state)) => Some(state),
                    _ => None,
                }) {
                    self.fills_since = state.at.plus_seconds(FILLS_OVERLAP_S).max(self.fills_from);
                }
                heard
            }
        }
    }
}

/// What passes while halted: protective stops, and exits of the trader or the kill.
fn passes_halted(order: &ApprovedOrder) -> bool {
    match order.role() {
        Role::Protective => true,
        Role::Reducing => matches!(order.origin(), Origin::Operator | Origin::Kill),
        Role::Opening => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::broker::kill::KillIds;
    use crate::broker::latch::KillCause;
    use crate::broker::latch::TypedRearm;
    use crate::broker::outcome::KillOutcome;
    use crate::broker::venue::unpoisoned;
    use crate::domain::calendar::Phase;
    use crate::domain::intent::{Intent, StrategyId};
    use crate::domain::market::{Quote, Tick};
    use crate::domain::mode::Mode;
    use crate::domain::money::Money;
    use crate::domain::order::{OrderKind, TimeInForce};
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;
    use crate::domain::symbol::Symbol;
    use crate::exchange::faults::{Faults, RequestFaults};
    use crate::exchange::settings::Settings;
    use crate::exchange::venue::Exchange;
    use crate::risk::gate::{Gate, StopKind};
    use crate::risk::limits::Limits;
    use crate::risk::situation::{LegIds, Situation};
    use crate::risk::state::HaltReason;

    /// Monday 2013-10-07, 10:00 in New York.
    const NOW: At = At::from_seconds(1_381_154_400);

    /// The real gate with wide limits, its door, and the embedded exchange behind it.
    struct Desk {
        gate: Gate,
        door: Door,
        market: Market,
        kill: KillTask,
        latch: KillLatch,
        next: u64,
    }

    fn symbol() -> Symbol {
        "AAA".parse().unwrap()
    }

    /// What resting openings are in: the wash table keeps them from exits of their own symbol.
    fn other() -> Symbol {
        "BBB".parse().unwrap()
    }

    fn quote(symbol: Symbol) -> Quote {
        let (bid, ask, size) = (Price::from_cents(5_000), Price::from_cents(5_001), Qty::shares(100_000));
        Quote { symbol, bid, bid_qty: size, ask, ask_qty: size, at: NOW }
    }

    fn desk(faults: Faults) -> Desk {
        ill_desk(faults, 1)
    }

    fn ill_desk(faults: Faults, seed: u64) -> Desk {
        let (mut gate, seal) = Gate::open(Limits::wide(), "wide".to_owned());
        gate.set_phase(Phase::Regular);
        gate.set_cash(Money::dollars(100_000));
        gate.begin_day("2013-10-07".parse().unwrap(), Money::dollars(100_000));
        gate.on_quote(&quote(symbol()), 60_000);
        gate.on_quote(&quote(other()), 60_000);
        let latch = KillLatch::default();
        let settings = Settings { cash: Money::dollars(10_000_000), faults, seed, ..Settings::default() };
        let warrant = gate.kill_warrant().unwrap();
        let market = Market::of(Exchange::new(settings));
        let (door, kill) = embedded(&market, seal, latch.clone(), warrant).unwrap();
        market.on_tick(&Tick::Quote(quote(symbol())));
        market.on_tick(&Tick::Quote(quote(other())));
        Desk { gate, door, market, kill, latch, next: 0 }
    }

    impl Desk {
        fn id(&mut self) -> ClientOrderId {
            self.next += 1;
            format!("hs-s000000-131007-{}", self.next).parse().unwrap()
        }

        fn token(&mut self, origin: Origin, side: Side, shares: i32, kind: OrderKind) -> ApprovedOrder {
            let (id, stop, target) = (self.id(), self.id(), self.id());
            let intent = Intent {
                origin,
                symbol: if side == Side::Buy && kind != OrderKind::Market { other() } else { symbol() },
                side,
                qty: Qty::shares(shares),
                kind,
                tif: TimeInForce::Day,
                stop_loss: None,
                take_profit: None,
                trail: None,
            };
            let situation =
                Situation { buying_power: Some(Money::dollars(100_000)), ..Situation::clear(Phase::Regular) };
            self.gate.admit(id, LegIds { stop, target }, &intent, &situation, NOW).unwrap().0
        }

        /// An opening order far below the market: it rests.
        fn opening(&mut self) -> ApprovedOrder {
            let kind = OrderKind::Limit { limit: Price::from_cents(4_000) };
            self.token(Origin::Operator, Side::Buy, 1, kind)
        }

        fn send(&mut self, order: ApprovedOrder) -> DoorOutcome {
            let epoch = self.gate.epoch();
            self.door.submit(order, NOW, epoch)
        }

        /// 100 shares held, at the venue and in the gate's book.
        fn hold(&mut self) {
            let order = self.token(Origin::Operator, Side::Buy, 100, OrderKind::Market);
            let id = order.request().id;
            passed(self.send(order));
            let fills = self.door.state(NOW, &[]).unwrap().unwrap().fills;
            for fill in &fills {
                assert_eq!(self.gate.on_fill(fill), Ok(true));
            }
            assert_eq!(fills.first().map(|fill| fill.order), Some(id));
        }

        fn pull(&mut self, flatten: bool) -> KillOutcome {
            let number = self.latch.trip(&KillCause::Shell { flatten }, NOW);
            let pull = self.latch.wait(number - 1, Duration::ZERO).unwrap();
            self.kill.answer(pull, KillIds { mode: Mode::Sim, install: "abcdef".parse().unwrap() })
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it reads as the end of a sending")]
    fn passed(outcome: DoorOutcome) {
        assert_eq!(outcome, DoorOutcome::Answered(VenueAnswer::Taken));
    }

    fn dropped(outcome: DoorOutcome, because: &str) {
        match outcome {
            DoorOutcome::Dropped { reason, .. } => assert!(reason.contains(because), "{reason}"),
            out => panic!("it went out: {out:?}"),
        }
    }

    #[test]
    fn tokens_of_another_gate_are_dropped_and_warrants_too() {
        let (mut desk, mut other) = (desk(Faults::default()), desk(Faults::default()));
        let foreign = other.opening();
        dropped(desk.send(foreign), "another gate");
        let resting = desk.opening();
        let id = resting.request().id;
        passed(desk.send(resting));
        let ticket = other.gate.cancel_ticket(id);
        assert!(matches!(desk.door.cancel(ticket, NOW), DoorOutcome::Answered(VenueAnswer::Refused(_))));
        let ticket = desk.gate.cancel_ticket(id);
        passed(desk.door.cancel(ticket, NOW));
        let (_, seal) = Gate::open(Limits::wide(), String::new());
        let warrant = Gate::open(Limits::wide(), String::new()).0.kill_warrant().unwrap();
        let market = Market::of(Exchange::new(Settings::default()));
        assert!(matches!(
            embedded(&market, seal, KillLatch::default(), warrant),
            Err(BrokerFault::ForeignWarrant)
        ));
    }

    #[test]
    fn tokens_of_an_older_mood_or_hour_are_dropped() {
        let mut desk = desk(Faults::default());
        let order = desk.opening();
        let (late, epoch) = (order.good_until().plus_millis(1), desk.gate.epoch());
        dropped(desk.door.submit(order, late, epoch), "too long ago");
        let order = desk.opening();
        passed(desk.door.submit(order, NOW.plus_millis(5_000), epoch));
        let order = desk.opening();
        desk.gate.halt(HaltReason::Fault);
        dropped(desk.send(order), "restricted after it was approved");
    }

    #[test]
    fn a_pull_between_the_gate_and_the_door_drops_openings_and_strategies_exits_alone() {
        let mut desk = desk(Faults::default());
        desk.hold();
        let far = OrderKind::Limit { limit: Price::from_cents(6_000) };
        let opening = desk.opening();
        let strategys = desk.token(Origin::Strategy(StrategyId(1)), Side::Sell, 20, far);
        let operators = desk.token(Origin::Operator, Side::Sell, 20, far);
        let id = desk.id();
        let stop = Price::from_cents(4_700);
        let protective =
            desk.gate.admit_protective(id, symbol(), Qty::shares(50), StopKind::Fixed(stop), NOW).unwrap();
        desk.latch.trip(&KillCause::Signal, NOW);
        dropped(desk.send(opening), "hardstop rearm");
        dropped(desk.send(strategys), "hardstop rearm");
        passed(desk.send(protective));
        passed(desk.send(operators));
    }

    #[test]
    fn while_the_kill_closes_everything_nothing_else_leaves_and_afterwards_stops_do() {
        let mut desk = desk(Faults::default());
        desk.hold();
        let stop = |desk: &mut Desk, shares: i32| {
            let (id, price) = (desk.id(), StopKind::Fixed(Price::from_cents(4_700)));
            desk.gate.admit_protective(id, symbol(), Qty::shares(shares), price, NOW).unwrap()
        };
        let far = OrderKind::Limit { limit: Price::from_cents(6_000) };
        let (protective, exit) = (stop(&mut desk, 40), desk.token(Origin::Operator, Side::Sell, 20, far));
        let number = desk.latch.trip(&KillCause::Shell { flatten: true }, NOW);
        dropped(desk.send(protective), "closing every position");
        dropped(desk.send(exit), "closing every position");
        desk.latch.note_answered(number);
        let protective = stop(&mut desk, 40);
        passed(desk.send(protective));
    }

    #[test]
    fn a_pull_while_the_order_waits_for_the_venue_drops_it() {
        let mut desk = desk(Faults::default());
        let (order, epoch, latch) = (desk.opening(), desk.gate.epoch(), desk.latch.clone());
        let venue = match &desk.door.way {
            Way::Here(venue, _) => venue.clone(),
            Way::Away(_) => return,
        };
        let Venue::Embedded(exchange) = &venue else { return };
        std::thread::scope(|scope| {
            let busy = unpoisoned(exchange);
            let door = &mut desk.door;
            let sends = scope.spawn(move || door.submit(order, NOW, epoch));
            // Long enough that the order has passed every check and stands before the venue.
            std::thread::sleep(Duration::from_millis(100));
            latch.trip(&KillCause::Signal, NOW);
            drop(busy);
            dropped(sends.join().unwrap(), "hardstop rearm");
        });
        assert!(desk.door.state(NOW, &[]).unwrap().unwrap().open_orders.is_empty());
    }

    #[test]
    fn openings_beyond_the_budget_are_dropped_and_cancels_never() {
        let mut desk = desk(Faults::default());
        let mut sent = Vec::new();
        for _ in 0..200 {
            let order = desk.opening();
            let id = order.request().id;
            match desk.send(order) {
                out @ DoorOutcome::Dropped { .. } => dropped(out, "used up"),
                _ => sent.push(id),
            }
        }
        assert_eq!(sent.len(), 120);
        for id in sent {
            let ticket = desk.gate.cancel_ticket(id);
            passed(desk.door.cancel(ticket, NOW));
        }
    }

    #[test]
    fn the_kill_is_true_to_the_venue_under_every_fault_of_the_line() {
        let mut closed = 0;
        for seed in 0..12 {
            let ill = RequestFaults { refused: 150, timeout_before: 150, timeout_after: 150 };
            let faults = Faults {
                lost: 300,
                late: 300,
                late_ms: 5_000,
                doubled: 300,
                reordered: 300,
                silent: 0,
                submit: ill,
                cancel: ill,
            };
            let mut desk = ill_desk(faults, seed);
            for _ in 0..3 {
                let order = desk.token(Origin::Operator, Side::Buy, 100, OrderKind::Market);
                let (_answer, order) = (desk.send(order), desk.opening());
                let _answer = desk.send(order);
            }
            let before = desk.door.state(NOW, &[]).unwrap().unwrap();
            let outcome = desk.pull(true);
            // What was on its way when the kill ended must not undo it.
            desk.market.advance(NOW.plus_seconds(60));
            let after = desk.door.state(NOW, &[]).unwrap().unwrap();
            let is_flat = after.positions.is_empty() && after.open_orders.is_empty();
            assert!(outcome.confirmed && is_flat, "seed {seed}: {outcome:?} {after:?}");
            assert_eq!(outcome.cancelled as usize, before.open_orders.len(), "seed {seed}");
            assert_eq!(outcome.flattened as usize, before.positions.len(), "seed {seed}");
            closed += outcome.cancelled + outcome.flattened;
        }
        assert!(closed > 24, "the faults left something to do: {closed}");
    }

    #[test]
    fn after_a_typed_rearm_openings_pass_again() {
        let mut desk = desk(Faults::default());
        let number = desk.latch.trip(&KillCause::Window, NOW);
        desk.latch.note_answered(number);
        desk.latch.rearm(TypedRearm::typed("the feed is back", &desk.latch).unwrap()).unwrap();
        let order = desk.opening();
        passed(desk.send(order));
    }
}
