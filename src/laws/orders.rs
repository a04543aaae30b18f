use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin};
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueOrder, VenueRequest, VenueState};
use crate::laws::accounting::Accounting;
use crate::laws::checker::Found;
use crate::laws::facts::{Decided, Fact, What};
use crate::risk::order::Role;
use crate::risk::refusal::Code;

/// How many executions of a symbol are remembered: those of the minutes in which one may be told late.
const TOLD_MAX: usize = 64;

/// L1 to L5, L7 and L13: the life of orders.
#[derive(Debug, Default)]
pub(super) struct Orders {
    known: BTreeMap<ClientOrderId, Known>,
    /// The living by symbol, so that a long history is not walked through for each order.
    live: BTreeMap<Symbol, BTreeSet<ClientOrderId>>,
    legs: BTreeMap<ClientOrderId, Vec<ClientOrderId>>,
    /// Approvals whose order is not written yet.
    approved: BTreeMap<ClientOrderId, Intent>,
    ever_approved: BTreeSet<ClientOrderId>,
    /// Orders of the kill that were sent, or filled, and that no row tells of yet.
    unwritten: BTreeSet<ClientOrderId>,
    /// The last executions by symbol, as they were told.
    told: BTreeMap<Symbol, VecDeque<Fill>>,
    /// Executions of the kill that took our count of a position through zero.
    kill_crossed: Vec<(Symbol, At, String)>,
    run_open: bool,
    /// The run began after one that nobody ended: a kill may have died before its rows.
    after_a_crash: bool,
}

#[derive(Debug)]
struct Known {
    request: VenueRequest,
    role: Role,
    parent: Option<ClientOrderId>,
    status: OrderStatus,
    filled: Qty,
}

impl Known {
    fn remaining(&self) -> Qty {
        if self.status.is_live() {
            self.request.qty.minus(self.filled).unwrap_or(Qty::ZERO).at_least_zero()
        } else {
            Qty::ZERO
        }
    }
}

impl Orders {
    pub(super) fn push(&mut self, fact: &Fact, positions: &Accounting, found: &mut Found) {
        match &fact.what {
            What::Decided(decided) => self.decided(decided, found),
            What::Order { request, role, origin, parent } => {
                self.may_be_sent(request, *role, *origin, *parent, found);
                self.fits_the_position(request, *role, *origin, *parent, positions, found);
                let (request, status, filled) = (*request, OrderStatus::Intent, Qty::ZERO);
                let known = Known { request, role: *role, parent: *parent, status, filled };
                self.unwritten.remove(&request.id);
                self.live.entry(request.symbol).or_default().insert(request.id);
                if let Some(parent) = parent {
                    self.legs.entry(*parent).or_default().push(request.id);
                }
                if self.known.insert(request.id, known).is_some() {
                    found.breach("L3", format!("the id {} was used twice", request.id));
                }
            }
            What::Sent(order) => self.sent(*order, found),
            What::Status { order, status, filled } => self.moved(*order, *status, *filled, found),
            What::Filled { fill, position, .. } => {
                let before = position.minus(fill.qty.signed(fill.side)).unwrap_or(*position);
                let crosses = self.goes_through_zero(fill, before, *position);
                let kills = fill.order.is_of_the_kill();
                let known = self.known.contains_key(&fill.order);
                if kills && !known && !self.after_a_crash {
                    self.unwritten.insert(fill.order);
                }
                let words =
                    || format!("order {} took {} from {before} to {position}", fill.order, fill.symbol);
                if crosses && kills {
                    self.kill_crossed.push((fill.symbol, fill.at, words()));
                } else if crosses && known {
                    found.breach("L7", words());
                }
                let told = self.told.entry(fill.symbol).or_default();
                if told.len() >= TOLD_MAX {
                    told.pop_front();
                }
                told.push_back(fill.clone());
            }
            What::Venue(state) => {
                self.look_at_the_kills_crossings(state, positions, found);
                for listed in state.open_orders.iter().chain(&state.closed_orders) {
                    self.listed(listed, found);
                }
            }
            What::Killed { sent } => {
                self.unwritten.extend(sent.iter().filter(|id| !self.known.contains_key(*id)));
            }
            What::RunBegan(_) => {
                self.approved.clear();
                self.unwritten.clear();
                self.after_a_crash = self.run_open;
                self.run_open = true;
            }
            What::RunEnded => {
                self.run_open = false;
                for (_, _, words) in std::mem::take(&mut self.kill_crossed) {
                    found.breach("L7", words);
                }
                for id in std::mem::take(&mut self.unwritten) {
                    found.breach("L1", format!("the kill sent {id}, and no row says so"));
                }
                for id in std::mem::take(&mut self.approved).into_keys() {
                    found.breach("L13", format!("{id} was approved, and nothing says what became of it"));
                }
            }
            _ => {}
        }
    }

    /// Whether an execution took a position through zero in whatever order the executions were made that fits
    /// what is known of them: rows tell them as they are heard of.
    fn goes_through_zero(&self, fill: &Fill, before: Qty, after: Qty) -> bool {
        let untold = (self.untold(fill, false), self.untold(fill, true));
        [Qty::ZERO, self.told_early(fill, false), self.told_early(fill, true)].into_iter().all(|early| {
            let held = |counted: Qty, untold: Qty| counted.plus(untold)?.minus(early);
            let (Ok(before), Ok(after)) = (held(before, untold.0), held(after, untold.1)) else {
                return false;
            };
            (before.is_positive() && after.is_negative()) || (before.is_negative() && after.is_positive())
        })
    }

    /// A leg fills no more than its order has: where rows tell of more, the order's own fill is still on its
    /// way, and so many shares more are held than they count.
    fn untold(&self, fill: &Fill, with_this: bool) -> Qty {
        let filled = |id: ClientOrderId| {
            let this = if with_this && id == fill.order { fill.qty } else { Qty::ZERO };
            self.known.get(&id)?.filled.plus(this).ok()
        };
        let live = self.live.get(&fill.symbol).into_iter().flatten();
        let legs = live.flat_map(|id| self.legs.get(id).into_iter().flatten().map(move |leg| (*id, *leg)));
        let untold = legs.filter_map(|(order, leg)| {
            let owed = filled(leg)?.minus(filled(order)?).ok()?.at_least_zero();
            Some(owed.signed(self.known.get(&order)?.request.side))
        });
        untold.fold(Qty::ZERO, |sum, owed| sum.plus(owed).unwrap_or(sum))
    }

    /// What was told before this execution and made after it; with `ties` also what somebody else did at the
    /// same instant.
    fn told_early(&self, fill: &Fill, ties: bool) -> Qty {
        let is_early = |told: &&Fill| {
            let theirs = !self.known.contains_key(&told.order);
            told.at > fill.at || (ties && theirs && told.at == fill.at)
        };
        let early = self.told.get(&fill.symbol).into_iter().flatten().filter(is_early);
        early.fold(Qty::ZERO, |sum, told| sum.plus(told.qty.signed(told.side)).unwrap_or(sum))
    }

    /// The kill closes by the venue's count. Where a reading has that of the rows, it went through zero; where
    /// it has another, or tells of an execution from before it, the rows did not know what was held. Later news
    /// leaves it to the next reading.
    fn look_at_the_kills_crossings(&mut self, state: &VenueState, positions: &Accounting, found: &mut Found) {
        self.kill_crossed.retain(|(symbol, at, words)| {
            let news = positions.first_news(state, *symbol);
            if news.is_none() && !positions.differs(state, *symbol) {
                found.breach("L7", words.clone());
            }
            news.is_some_and(|first| first > *at)
        });
    }

    fn decided(&mut self, decided: &Decided, found: &mut Found) {
        match (decided.approved, decided.order) {
            (true, Some(id)) => {
                if !self.ever_approved.insert(id) {
                    found.breach("L2", format!("{id} was approved twice"));
                }
                self.approved.insert(id, decided.intent);
            }
            (true, None) => found.breach("L2", "an approval names no order".to_owned()),
            (false, _) => {
                let known = decided.code.as_deref().and_then(Code::from_word);
                if known.is_none() {
                    let word = decided.code.as_deref().unwrap_or("none");
                    found.breach("L13", format!("a refusal has no code that exists ({word})"));
                }
            }
        }
        if decided.limits_version.is_empty() {
            found.breach("L2", "a decision does not name the limits it was made by".to_owned());
        }
    }

    /// L2: an order goes back to an approval. Legs go back to their order's, and the stops that the
    /// engine keeps, like the kill's orders, to none: they can only make a position smaller.
    fn may_be_sent(
        &mut self,
        request: &VenueRequest,
        role: Role,
        origin: Origin,
        parent: Option<ClientOrderId>,
        found: &mut Found,
    ) {
        let id = request.id;
        if let Some(parent) = parent {
            if !self.known.contains_key(&parent) {
                found.breach("L2", format!("{id} is a leg of {parent}, which nobody approved"));
            }
            return;
        }
        let Some(intent) = self.approved.remove(&id) else {
            let only_protects = role == Role::Protective && origin == Origin::Engine;
            let kills = role != Role::Opening && origin == Origin::Kill;
            if !only_protects && !kills {
                found.breach("L2", format!("no decision approved {id}"));
            }
            return;
        };
        let same = intent.symbol == request.symbol && intent.side == request.side && intent.origin == origin;
        if !same {
            found.breach("L2", format!("{id} is not what was approved: symbol, side or origin differ"));
        }
        if request.qty > intent.qty {
            found.breach(
                "L4",
                format!("{id} is for {} shares, and {} were approved", request.qty, intent.qty),
            );
        }
    }

    /// L7: exits and stops at the venue never exceed the position they close.
    fn fits_the_position(
        &self,
        request: &VenueRequest,
        role: Role,
        origin: Origin,
        parent: Option<ClientOrderId>,
        positions: &Accounting,
        found: &mut Found,
    ) {
        if role == Role::Opening || parent.is_some() || request.one_cancels.is_some() {
            return;
        }
        // The kill's row comes after its order, and the cancels that made room for it may be told later:
        // it judged by the venue's own list. What it filled is looked at like any other fill.
        if origin == Origin::Kill {
            return;
        }
        let held = positions.position(request.symbol);
        let closes = match request.side {
            Side::Sell => held.is_positive(),
            Side::Buy => held.is_negative(),
        };
        let beside = self.closing_remaining(request);
        let all = beside.plus(request.qty).unwrap_or(Qty::LARGEST);
        if !closes || all > held.abs() {
            let (id, symbol) = (request.id, request.symbol);
            let words =
                format!("{id} brings exits and stops of {symbol} to {all} shares, and {held} are held");
            found.breach("L7", words);
        }
    }

    /// Shares of live exits and stops on the side of `request`: a leg by what its order has filled,
    /// and the legs of one order once.
    fn closing_remaining(&self, request: &VenueRequest) -> Qty {
        let mut groups: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
        let live = self.live.get(&request.symbol).into_iter().flatten().filter_map(|id| self.known.get(id));
        let closing = live.filter(|known| known.role != Role::Opening && known.request.side == request.side);
        for known in closing {
            let awake = match known.parent.and_then(|parent| self.known.get(&parent)) {
                Some(parent) => known.remaining().min(parent.filled),
                None => known.remaining(),
            };
            let group = known.parent.or(known.request.one_cancels).unwrap_or(known.request.id);
            let largest = groups.entry(group).or_default();
            *largest = awake.max(*largest);
        }
        groups.into_values().fold(Qty::ZERO, |sum, qty| sum.plus(qty).unwrap_or(Qty::LARGEST))
    }

    fn sent(&mut self, id: ClientOrderId, found: &mut Found) {
        if !self.known.contains_key(&id) {
            found.breach("L1", format!("{id} was sent, and no earlier row says so"));
        }
    }

    /// L1 and L4: what the venue holds under our id is what was written down.
    fn listed(&self, listed: &VenueOrder, found: &mut Found) {
        let Some(known) = self.known.get(&listed.request.id) else { return };
        let (ours, theirs) = (&known.request, &listed.request);
        if (ours.symbol, ours.side) != (theirs.symbol, theirs.side) {
            found.breach(
                "L1",
                format!("the venue holds {} with another symbol or side than was written", ours.id),
            );
        }
        if theirs.qty > ours.qty {
            let words =
                format!("the venue holds {} of {}, and {} were written", theirs.qty, ours.id, ours.qty);
            found.breach("L4", words);
        }
    }

    /// L5: an end is never left, and what filled stays filled.
    fn moved(&mut self, id: ClientOrderId, status: OrderStatus, filled: Qty, found: &mut Found) {
        // An order that is not ours has no row of its own.
        let Some(known) = self.known.get_mut(&id) else { return };
        if !known.status.is_live() && status != known.status {
            let (from, to) = (known.status.word(), status.word());
            found.breach("L5", format!("{id} went from {from}, which is an end, to {to}"));
        }
        if filled < known.filled {
            found.breach("L5", format!("{id} had filled {} shares, and then {filled}", known.filled));
        }
        if filled.is_negative() || filled > known.request.qty {
            found.breach("L5", format!("{id} filled {filled} of {} shares", known.request.qty));
        }
        known.status = status;
        known.filled = filled;
        let symbol = known.request.symbol;
        if !status.is_live()
            && let Some(live) = self.live.get_mut(&symbol)
        {
            live.remove(&id);
        }
    }
}
