use std::collections::{BTreeMap, VecDeque};

use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::{Leg, VenueRequest};
use crate::risk::book::{Book, Guard, GuardKind, LiveOrder};
use crate::risk::checks::opening_of;
use crate::risk::decision::{Decision, Verdict};
use crate::risk::facts::Facts;
use crate::risk::form::{carries_legs, is_losing_side, rounded};
use crate::risk::judge::{Controls, Funds, Scene, Shape, weigh};
use crate::risk::limits::Limits;
use crate::risk::loss::DayGuard;
use crate::risk::measure::add;
use crate::risk::order::Role;
use crate::risk::reducing::{held_for_exits, washes};
use crate::risk::refusal::{Code, Figure, Refusal};
use crate::risk::situation::{LegIds, Situation};
use crate::risk::state::{HaltReason, ReduceOnlyReason, TradingState};
use crate::risk::tempo::Tempo;
use crate::risk::token::{ApprovedOrder, CancelTicket, DoorSeal, KillWarrant, MARKET_REST_MS, Seal, Terms};

/// The one gate: whatever wants to trade passes it, and admitting an order is reserving what it may
/// cost.
///
/// It can be neither copied nor made a second time for the same door.
#[derive(Debug)]
pub struct Gate {
    pub(super) limits: Limits,
    pub(super) limits_version: String,
    /// Looser limits that wait for the next trading day.
    pub(super) next_limits: Option<(Limits, String)>,
    pub(super) facts: Facts,
    pub(super) guard: DayGuard,
    pub(super) halted: Option<HaltReason>,
    pub(super) reduce_only: Option<ReduceOnlyReason>,
    pub(super) phase: Phase,
    pub(super) epoch: u64,
    pub(super) funds: BuyingPower,
    tempo: Tempo,
    /// What each strategy was granted; one that is not among them opens nothing.
    passports: BTreeMap<StrategyId, Passport>,
    seal: Seal,
    warrant_given: bool,
}

/// How many orders since the last reading are remembered one by one.
const RESERVES_MAX: usize = 1_024;

/// The broker's buying power, less what was admitted after it was read.
#[derive(Debug, Default)]
pub(super) struct BuyingPower {
    told: Option<Money>,
    since: VecDeque<(At, Money)>,
    /// At least the sum of `since`: what was forgotten there stays taken until the next reading.
    taken: Money,
}

impl BuyingPower {
    /// A new reading, made at `at`: orders admitted before it are in it.
    pub(super) fn told(&mut self, amount: Money, at: At) {
        self.told = Some(amount);
        self.since.retain(|(admitted, _)| *admitted > at);
        self.taken = self.since.iter().fold(Money::ZERO, |sum, (_, value)| add(sum, *value));
    }

    fn reserve(&mut self, value: Money, now: At) {
        if self.told.is_none() {
            return;
        }
        if self.since.len() >= RESERVES_MAX {
            self.since.pop_front();
        }
        self.since.push_back((now, value));
        self.taken = add(self.taken, value);
    }

    fn left(&self) -> Option<Money> {
        self.told?.minus(self.taken).ok()
    }
}

impl Gate {
    /// A gate and the one door that takes its tokens. It starts without a position, without cash and
    /// without a day: until it is told, every opening is refused.
    #[must_use]
    pub fn open(limits: Limits, limits_version: String) -> (Self, DoorSeal) {
        let (seal, door) = Seal::new();
        let gate = Self {
            limits,
            limits_version,
            next_limits: None,
            facts: Facts::default(),
            guard: DayGuard::default(),
            halted: None,
            reduce_only: None,
            phase: Phase::Closed,
            epoch: 0,
            funds: BuyingPower::default(),
            tempo: Tempo::default(),
            passports: BTreeMap::new(),
            seal,
            warrant_given: false,
        };
        (gate, door)
    }

    /// Grants a strategy what its passport says, in the place of what it was granted before.
    pub fn grant(&mut self, strategy: StrategyId, passport: Passport) {
        if passport.orders_per_minute.is_some() {
            self.tempo.keep_minutes();
        }
        self.passports.insert(strategy, passport);
    }

    /// The kill's warrant, once; `None` ever after.
    pub fn kill_warrant(&mut self) -> Option<KillWarrant> {
        if self.warrant_given {
            return None;
        }
        self.warrant_given = true;
        Some(self.seal.kill_warrant())
    }

    /// Leave to cancel `id`, in every state.
    pub fn cancel_ticket(&self, id: ClientOrderId) -> CancelTicket {
        self.seal.cancel_ticket(id)
    }

    /// What the gate would say to `intent`. Pure: it mints nothing and reserves nothing.
    #[must_use]
    pub fn judge(&self, intent: &Intent, situation: &Situation, now: At) -> Decision {
        weigh(&self.scene(intent, situation, now, None), intent).0
    }

    /// What the gate says to an exit that had to wait: as [`Gate::judge`], but where nothing is left that it
    /// could make smaller it is refused `CROSSES_ZERO`, and never passes as an opening.
    #[must_use]
    pub fn judge_exit(&self, intent: &Intent, situation: &Situation, now: At) -> Decision {
        let decision = self.judge(intent, situation, now);
        if decision.reducing || !decision.is_approved() {
            return decision;
        }
        refused(decision, Refusal { max_qty: Some(Qty::ZERO), ..Refusal::bare(Code::CrossesZero) })
    }

    /// What the gate would say to `intent` in the place of the live order `old`: judged while the old
    /// one is live, as one order of the larger remaining quantity at the larger price. It is carried
    /// out as a cancel, its end, and then an [`Gate::admit`] of the new one.
    #[must_use]
    pub fn judge_replace(
        &self,
        old: ClientOrderId,
        intent: &Intent,
        situation: &Situation,
        now: At,
    ) -> Decision {
        weigh(&self.scene(intent, situation, now, Some(old)), intent).0
    }

    /// Judges, and in the same breath reserves and mints.
    ///
    /// An exit with `releases` may leave only after so many shares of the position's protective orders
    /// have been shrunk away or cancelled at the venue.
    ///
    /// # Errors
    /// The refusing decision, with its code and its numbers; nothing is reserved then.
    #[expect(clippy::result_large_err, reason = "a refusal is an everyday answer: moved, not allocated")]
    pub fn admit(
        &mut self,
        id: ClientOrderId,
        legs: LegIds,
        intent: &Intent,
        situation: &Situation,
        now: At,
    ) -> Result<(ApprovedOrder, Decision), Decision> {
        let (decision, shape) = weigh(&self.scene(intent, situation, now, None), intent);
        let shape = match (shape, decision.verdict) {
            (Some(shape), Verdict::Approved) if !self.facts.is_known(id) => shape,
            // The same id twice can only be the same order twice.
            (Some(_), Verdict::Approved) => return Err(refused(decision, Refusal::bare(Code::Duplicate))),
            _ => return Err(decision),
        };
        let request = request(id, legs, intent, &shape, decision.reducing);
        let role = match (decision.reducing, request.kind) {
            // It waits for the market to turn, as every protective stop does, and protects as one; one with a limit
            // may be left behind by the market, and is an exit that waits.
            (true, OrderKind::Stop { .. } | OrderKind::TrailingStop { .. }) => Role::Protective,
            (true, _) => Role::Reducing,
            (false, _) => Role::Opening,
        };
        if role == Role::Protective {
            self.facts.add_guard(request.symbol, lone_stop(&request));
        } else {
            self.reserve(&request, &shape, carries_legs(intent));
        }
        if role == Role::Opening {
            self.tempo.record(opening_of(intent, &shape), now, &self.limits);
            let value = shape.rate.map_or(Money::ZERO, |rate| rate.times(i128::from(intent.qty.nanos())));
            self.funds.reserve(value, now);
        }
        // An auction has its own hour; every other market order has its chance at once.
        let at_once = !matches!(intent.tif, TimeInForce::Opg | TimeInForce::Cls);
        let collared = role == Role::Opening && shape.asked == OrderKind::Market && shape.sent != shape.asked;
        let collared = collared && at_once;
        let terms = Terms {
            request,
            role,
            origin: intent.origin,
            stop_loss: shape.stop_loss,
            rest_cancel_ms: collared.then_some(MARKET_REST_MS),
            now,
            epoch: self.epoch,
        };
        Ok((self.seal.mint(&terms), decision))
    }

    /// Admits a protective stop of `qty` shares for the position of `symbol`, in every state: it can
    /// only make the position smaller, and only on its losing side.
    ///
    /// # Errors
    /// A refusing decision: `CROSSES_ZERO` with the free quantity where exits and stops would exceed
    /// the position, `MALFORMED` for a price that is not on the losing side of the mark, `SELF_TRADE`
    /// naming the order for which the venue would refuse it.
    #[expect(clippy::result_large_err, reason = "a refusal is an everyday answer: moved, not allocated")]
    pub fn admit_protective(
        &mut self,
        id: ClientOrderId,
        symbol: Symbol,
        qty: Qty,
        stop: StopKind,
        now: At,
    ) -> Result<ApprovedOrder, Decision> {
        let terms = self.protective_terms(id, symbol, qty, stop, now)?;
        self.facts.add_guard(symbol, lone_stop(&terms.request));
        Ok(self.seal.mint(&terms))
    }

    #[expect(clippy::result_large_err, reason = "a refusal is an everyday answer: moved, not allocated")]
    fn protective_terms(
        &self,
        id: ClientOrderId,
        symbol: Symbol,
        qty: Qty,
        stop: StopKind,
        now: At,
    ) -> Result<Terms, Decision> {
        let no = |refusal: Refusal| refused(Decision { reducing: true, ..Decision::malformed() }, refusal);
        let entry = self.facts.book.get(symbol).filter(|entry| !entry.position.qty.is_zero());
        let Some(entry) = entry else {
            let none = Refusal { max_qty: Some(Qty::ZERO), ..Refusal::bare(Code::CrossesZero) };
            return Err(no(none));
        };
        let held = entry.position.qty;
        let side = if held.is_negative() { Side::Buy } else { Side::Sell };
        let marks = entry.marks(now.millis(), self.limits.stale_quote_ms, self.phase == Phase::Regular);
        let mark = marks.map(|marks| if held.is_negative() { marks.ask } else { marks.bid });
        let kind = stop.kind(side, qty, mark);
        let stop = kind.stop().unwrap_or_default();
        // A long's stop lies where a buyer loses, and the other way round.
        let losing = mark.is_none_or(|mark| is_losing_side(side.opposite(), stop, mark));
        if !qty.is_positive() || !stop.is_positive() || !losing {
            return Err(no(Refusal {
                value: Figure::Price(stop),
                limit: mark.map_or(Figure::None, Figure::Price),
                ..Refusal::bare(Code::Malformed)
            }));
        }
        let taken = held_for_exits(entry, side, None);
        let with = taken.saturating_add(i128::from(qty.nanos()));
        let most = i128::from(held.abs().nanos());
        if with > most || self.facts.is_known(id) {
            let free = most.saturating_sub(taken).max(0);
            return Err(no(Refusal {
                value: Figure::Qty(Qty::from_nanos(i64::try_from(with).unwrap_or(i64::MAX))),
                limit: Figure::Qty(held.abs()),
                max_qty: Some(Qty::from_nanos(i64::try_from(free).unwrap_or(i64::MAX))),
                ..Refusal::bare(Code::CrossesZero)
            }));
        }
        if let Some(resting) = washes(entry, side, kind, None) {
            return Err(no(Refusal { order: resting.id, ..Refusal::bare(Code::SelfTrade) }));
        }
        // A part of a share may rest for a day only; whole shares stay until they are cancelled.
        let tif = if qty.is_whole() { TimeInForce::Gtc } else { TimeInForce::Day };
        let request = VenueRequest {
            id,
            symbol,
            side,
            qty,
            kind,
            tif,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        Ok(Terms {
            request,
            role: Role::Protective,
            origin: Origin::Engine,
            stop_loss: None,
            rest_cancel_ms: None,
            now,
            epoch: self.epoch,
        })
    }

    /// The order and its sleeping legs, counted from here on. The stop of one that does not carry it is placed
    /// after the fill: until then it counts as none.
    fn reserve(&mut self, request: &VenueRequest, shape: &Shape, carries: bool) {
        let order = LiveOrder {
            id: Some(request.id),
            side: request.side,
            qty: request.qty,
            filled: Qty::ZERO,
            kind: request.kind,
            collar: None,
            stop_loss: shape.stop_loss.filter(|_| carries),
            group: None,
            complex: request.stop_loss.is_some() || request.take_profit.is_some(),
        };
        self.facts.add_order(request.symbol, order);
        let legs = [(GuardKind::Stop, request.stop_loss), (GuardKind::Target, request.take_profit)];
        let group = self.facts.group_of(request.id);
        for (kind, leg) in legs {
            if let Some(leg) = leg {
                let guard = Guard {
                    id: Some(leg.id),
                    parent: Some(request.id),
                    kind,
                    side: request.side.opposite(),
                    // It holds what its parent has filled, which is nothing yet.
                    qty: Qty::ZERO,
                    price: leg.price,
                    working: false,
                    group: Some(group),
                };
                self.facts.add_guard(request.symbol, guard);
            }
        }
    }

    pub(super) fn held_funds(&self) -> Funds {
        Funds::Held {
            e0: self.guard.e0(),
            cash: self.facts.cash,
            broker: self.guard.broker(),
            flows: self.guard.flows(),
        }
    }

    fn scene<'a>(
        &'a self,
        intent: &Intent,
        situation: &'a Situation,
        now: At,
        replaces: Option<ClientOrderId>,
    ) -> Scene<'a> {
        let buying_power = situation.buying_power.or_else(|| self.funds.left());
        let passport = match intent.origin {
            Origin::Strategy(id) => self.passports.get(&id),
            Origin::Operator | Origin::Engine | Origin::Kill => None,
        };
        Scene {
            book: &self.facts.book,
            limits: &self.limits,
            state: Some(self.state()),
            funds: self.held_funds(),
            now_ms: now.millis(),
            regular: self.phase == Phase::Regular,
            replaces,
            controls: Some(Controls { situation, tempo: &self.tempo, passport, now, buying_power }),
        }
    }

    /// What passes now: the kill's halt before the day's latch before the trader's own wish.
    #[must_use]
    pub const fn state(&self) -> TradingState {
        if self.halted.is_some() {
            TradingState::Halted
        } else if self.guard.latched().is_some() || self.reduce_only.is_some() {
            TradingState::ReduceOnly
        } else {
            TradingState::Active
        }
    }

    /// The book, for showing and for `whatif` questions about it.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.facts.book
    }
}

fn refused(decision: Decision, refusal: Refusal) -> Decision {
    Decision { verdict: Verdict::Refused(refusal), max_qty: refusal.max_qty, releases: None, ..decision }
}

/// Where a protective stop belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopKind {
    /// At this price.
    Fixed(Price),
    /// Behind the market by the trail, where whole shares and a mark allow it; else at the price.
    Trailing(Trail, Price),
}

impl StopKind {
    fn kind(self, side: Side, qty: Qty, mark: Option<Price>) -> OrderKind {
        let (trailing, fixed) = match self {
            Self::Fixed(price) => (None, price),
            Self::Trailing(trail, price) => (Some(trail).filter(|_| qty.is_whole()), price),
        };
        let behind = trailing.and_then(|trail| Some((trail.behind(side, mark?)?, trail)));
        behind.map_or(OrderKind::Stop { stop: rounded(side, fixed) }, |(stop, trail)| {
            OrderKind::TrailingStop { stop, trail }
        })
    }
}

/// The guard that a protective stop of its own is.
fn lone_stop(request: &VenueRequest) -> Guard {
    Guard {
        id: Some(request.id),
        parent: None,
        kind: GuardKind::Stop,
        side: request.side,
        qty: request.qty,
        price: request.kind.stop().unwrap_or_default(),
        working: false,
        group: None,
    }
}

/// What goes to the venue. Legs travel with whole shares only: no venue brackets a part of one.
fn request(id: ClientOrderId, legs: LegIds, intent: &Intent, shape: &Shape, reducing: bool) -> VenueRequest {
    let carries = !reducing && carries_legs(intent);
    let leg =
        |id: ClientOrderId, price: Option<Price>| price.filter(|_| carries).map(|price| Leg { id, price });
    VenueRequest {
        id,
        symbol: intent.symbol,
        side: intent.side,
        qty: intent.qty,
        kind: shape.sent,
        tif: if shape.sent.trail().is_some() { TimeInForce::Gtc } else { intent.tif },
        stop_loss: leg(legs.stop, shape.stop_loss),
        take_profit: leg(legs.target, shape.take_profit),
        one_cancels: None,
    }
}
