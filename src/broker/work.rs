use std::collections::BTreeSet;

use crate::broker::errands::{Errands, Fate, Purpose, Step, fate};
use crate::broker::kill::KillIds;
use crate::broker::latch::Pull;
use crate::broker::outcome::KillOutcome;
use crate::broker::venue::Venue;
use crate::broker::verdict::{Verdict, judge, position_of};
use crate::domain::at::At;
use crate::domain::calendar::{Phase, phase};
use crate::domain::day::TradingDay;
use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueAnswer, VenueRequest, VenueState};

/// After so many readings that failed in a row, and after so many more of them again, a venue is told to close
/// everything by itself.
const BLIND_READINGS: u32 = 3;
const BLIND_READINGS_AGAIN: u32 = 8;

/// One pull being answered.
pub(super) struct Work<'a> {
    venue: &'a Venue,
    errands: &'a mut Errands,
    ids: KillIds,
    flatten: bool,
    pulled_at: At,
    cancelled: BTreeSet<ClientOrderId>,
    held: BTreeSet<Symbol>,
    last: Option<VenueState>,
    silence: Option<String>,
    /// Readings that failed, one after the other.
    blind: u32,
    /// What came of telling the venue to close everything by itself.
    by_itself: Option<Result<(), String>>,
    /// Whether an order of the door's was on its way when the last reading began.
    awaits_an_order: bool,
    done: bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(venue: &'a Venue, errands: &'a mut Errands, pull: &Pull, ids: KillIds) -> Self {
        Self {
            venue,
            errands,
            ids,
            flatten: pull.flatten,
            pulled_at: pull.at,
            cancelled: BTreeSet::new(),
            held: BTreeSet::new(),
            last: None,
            silence: None,
            blind: 0,
            by_itself: None,
            awaits_an_order: false,
            done: false,
        }
    }

    /// Reads the venue and does what its list asks for. `true` when it asks for nothing more.
    pub(super) fn look_and_act(&mut self) -> bool {
        let mut asked = self.errands.ids();
        asked.sort_unstable();
        asked.dedup();
        // Before the reading: what arrives after this is either in it, or still awaited at the next.
        self.awaits_an_order = self.venue.awaits_an_order();
        let state = match self.venue.state(At::from_nanos(i64::MAX), &asked) {
            Ok(state) => state,
            Err(words) => {
                self.silence = Some(words);
                self.close_blindly();
                return false;
            }
        };
        (self.silence, self.blind) = (None, 0);
        self.errands.note(&state);
        let verdict = judge(&state, self.flatten);
        self.cancel(&verdict, &state);
        let owed = if self.flatten {
            self.close(&verdict, &state);
            state.positions.iter().any(|position| !position.qty.is_zero())
        } else {
            self.put_stops_back(&verdict, &state)
        };
        let all_read = self.venue.unread() == 0;
        self.done = verdict.doomed.is_empty() && !owed && !self.awaits_an_order && all_read;
        self.last = Some(state);
        self.done
    }

    /// The last resort of a pull that is to flatten: where the venue's lists cannot be had, it closes everything by
    /// its own numbers. Never otherwise: it takes protective stops down as well.
    fn close_blindly(&mut self) {
        self.blind = self.blind.saturating_add(1);
        let more =
            self.blind.checked_sub(BLIND_READINGS).and_then(|more| more.checked_rem(BLIND_READINGS_AGAIN));
        if self.flatten && more == Some(0) {
            self.by_itself = self.venue.close_all();
        }
    }

    /// A cancel is asked again at every reading that still shows the order: it does no harm twice.
    fn cancel(&mut self, verdict: &Verdict, state: &VenueState) {
        for id in &verdict.doomed {
            if let Some(order) = state.open_orders.iter().find(|order| order.request.id == *id) {
                self.errands.note_cancel(order, state.at);
            }
            self.cancelled.insert(*id);
            // Whatever it answers, the next reading tells what became of it.
            let _answer = self.venue.cancel(*id, state.at);
        }
    }

    /// Closes what no order closes yet, once nothing holds the symbol's shares any more.
    fn close(&mut self, verdict: &Verdict, state: &VenueState) {
        for position in state.positions.iter().filter(|position| !position.qty.is_zero()) {
            let symbol = position.symbol;
            self.held.insert(symbol);
            if is_held_up(verdict, state, symbol) {
                continue;
            }
            let open = verdict.uncovered(symbol, position.qty);
            let side = if position.qty.is_positive() { Side::Sell } else { Side::Buy };
            if open.is_positive() {
                let order = Order { symbol, side, qty: open, kind: OrderKind::Market };
                self.send(Purpose::Close(symbol), order, state);
            }
        }
    }

    /// Puts back the stops that the kill took down, for what is held and not covered. Whether one is
    /// still missing.
    fn put_stops_back(&mut self, verdict: &Verdict, state: &VenueState) -> bool {
        let lost: Vec<_> = self.errands.lost_stops(state).collect();
        let mut owed = false;
        let mut covered = Verdict { doomed: Vec::new(), kept: verdict.kept.clone() };
        for (id, stop) in lost {
            let position = position_of(state, stop.symbol);
            let protects = !position.is_zero() && (stop.side == Side::Sell) == position.is_positive();
            let qty = stop.qty.min(covered.uncovered(stop.symbol, position));
            if !protects || !qty.is_positive() {
                continue;
            }
            owed = true;
            let kept = covered.kept.entry(stop.symbol).or_default();
            *kept = kept.plus(qty).unwrap_or(Qty::LARGEST);
            if !is_held_up(verdict, state, stop.symbol) {
                let order = Order { symbol: stop.symbol, side: stop.side, qty, kind: stop.kind };
                self.send(Purpose::StopFor(id), order, state);
            }
        }
        owed
    }

    fn send(&mut self, purpose: Purpose, order: Order, state: &VenueState) {
        let request = match self.errands.step(purpose, order.qty, state) {
            Step::Wait => return,
            Step::SendAgain(request) => request,
            Step::SendNew => self.request(order, state.at),
        };
        self.errands.note_leaving(purpose, &request, state.at);
        // The warrant's right: what leaves here can only cancel, or make a position smaller.
        let Some(answer) = self.venue.submit(&request, state.at, || true) else { return };
        self.errands.note_sent(purpose, &request, answer, state.at);
    }

    fn request(&mut self, order: Order, now: At) -> VenueRequest {
        let block = u64::try_from(self.pulled_at.nanos() / 1_000).unwrap_or(0);
        let seq = self.errands.next_seq(block);
        // A market order is for now, and a part of a share rests for a day only.
        let rests = order.kind != OrderKind::Market && order.qty.is_whole();
        VenueRequest {
            id: ClientOrderId::new(self.ids.mode, self.ids.install, TradingDay::of(now), seq),
            symbol: order.symbol,
            side: order.side,
            qty: order.qty,
            kind: order.kind,
            tif: if rests { TimeInForce::Gtc } else { TimeInForce::Day },
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        }
    }

    /// Whether everything was to be closed, and the venue shows that it is.
    pub(super) fn is_flat(&self) -> bool {
        self.flatten && self.done
    }

    /// What was done and what is left, by the last reading.
    pub(super) fn outcome(self, pull: Pull) -> KillOutcome {
        let mut words = Vec::new();
        if let Some(silence) = &self.silence {
            words.push(format!("the venue cannot be read ({silence}); look at it yourself, now"));
        }
        match &self.by_itself {
            None => {}
            Some(Ok(())) => words.push(
                "its lists could not be read, so the venue was told to cancel every order and to close every position \
                 by its own numbers"
                    .to_owned(),
            ),
            Some(Err(said)) => words.push(format!(
                "its lists could not be read, and it could not be told to close everything by itself either: {said}"
            )),
        }
        let Some(state) = &self.last else {
            return KillOutcome {
                tripped_at: pull.tripped_at,
                pull,
                cancelled: 0,
                flattened: 0,
                deeds: self.errands.deeds(),
                left_orders: Vec::new(),
                left_positions: Vec::new(),
                confirmed: false,
                words,
            };
        };
        let left_orders = judge(state, self.flatten).doomed;
        let open = |symbol: &Symbol| !position_of(state, *symbol).is_zero();
        let left_positions: Vec<Symbol> = self.held.iter().copied().filter(open).collect();
        let ended = |id: &&ClientOrderId| {
            matches!(fate(state, **id), Fate::Ended(OrderStatus::Canceled | OrderStatus::Expired))
        };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let unread = self.venue.unread();
        if unread > 0 {
            words.push(format!(
                "{unread} entries of the venue's lists cannot be read and were left alone; look at it yourself, now"
            ));
        }
        self.words_of_what_is_left(state, &left_orders, &left_positions, &mut words);
        KillOutcome {
            tripped_at: pull.tripped_at,
            cancelled: count(self.cancelled.iter().filter(ended).count()),
            flattened: count(self.held.len().saturating_sub(left_positions.len())),
            confirmed: self.done && self.silence.is_none(),
            pull,
            deeds: self.errands.deeds(),
            left_orders,
            left_positions,
            words,
        }
    }

    fn words_of_what_is_left(
        &self,
        state: &VenueState,
        left_orders: &[ClientOrderId],
        left_positions: &[Symbol],
        words: &mut Vec<String>,
    ) {
        for id in &self.cancelled {
            if fate(state, *id) == Fate::Ended(OrderStatus::Filled) {
                words.push(format!("{id} filled before its cancel arrived"));
            }
        }
        if self.awaits_an_order {
            words.push(
                "an order that had left before the kill was pulled is not answered yet, and may still arrive; \
                 look at the venue's list again"
                    .to_owned(),
            );
        }
        if !left_orders.is_empty() {
            words.push(format!("{} orders are still open that should be gone", left_orders.len()));
        }
        for symbol in left_positions {
            let held = position_of(state, *symbol);
            let why = match self.errands.get(Purpose::Close(*symbol)) {
                None => "what holds its shares is not cancelled yet".to_owned(),
                Some(errand) => match (fate(state, errand.request.id), &errand.answer) {
                    (Fate::Open, _) if phase(state.at) != Phase::Regular => {
                        "the market is closed: the order that closes it is only queued for the next open; a limit order for extended hours may close it before".to_owned()
                    }
                    (Fate::Open, _) => "the order that closes it has not filled yet".to_owned(),
                    (Fate::Missing, VenueAnswer::Refused(said)) => format!("the venue refused to close it: {said}"),
                    (Fate::Missing, VenueAnswer::Unknown(said)) => {
                        format!("nobody knows whether the order that closes it arrived: {said}")
                    }
                    _ => "the order that closes it ended before all of it was closed".to_owned(),
                },
            };
            words.push(format!("{held} {symbol} are still held, without a stop: {why}"));
        }
        if !self.flatten && !self.done {
            self.words_of_missing_stops(state, words);
        }
    }

    fn words_of_missing_stops(&self, state: &VenueState, words: &mut Vec<String>) {
        let verdict = judge(state, false);
        for (id, stop) in self.errands.lost_stops(state) {
            let position = position_of(state, stop.symbol);
            if verdict.uncovered(stop.symbol, position).is_positive() {
                let why = match self.errands.get(Purpose::StopFor(id)).map(|errand| &errand.answer) {
                    Some(VenueAnswer::Refused(said) | VenueAnswer::Unknown(said)) => said.as_str(),
                    Some(VenueAnswer::Taken) => "the venue does not show it yet",
                    None => "it was not sent yet",
                };
                words.push(format!("{} has lost its stop {id} and has no other yet: {why}", stop.symbol));
            }
        }
    }
}

/// What the kill wants to send, before it has an id.
#[derive(Debug, Clone, Copy)]
struct Order {
    symbol: Symbol,
    side: Side,
    qty: Qty,
    kind: OrderKind,
}

/// Whether an order of the symbol still stands that must go: it may hold the shares.
fn is_held_up(verdict: &Verdict, state: &VenueState, symbol: Symbol) -> bool {
    state
        .open_orders
        .iter()
        .any(|order| order.request.symbol == symbol && verdict.doomed.contains(&order.request.id))
}
