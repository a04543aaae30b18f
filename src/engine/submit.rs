//! Intents on their way through the gate.

use crate::domain::at::At;
use crate::domain::calendar::{Auctions, Phase};
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::StrategyEvent;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{Leg, VenueRequest};
use crate::engine::command::Command;
use crate::engine::desk::{MANUAL_TIMEFRAME_MS, WaitingAct};
use crate::engine::machine::Engine;
use crate::engine::orders::{Misses, Order, Protection};
use crate::engine::record::Record;
use crate::engine::strategies::{Running, Strategy};
use crate::risk::decision::Decision;
use crate::risk::order::Role;
use crate::risk::passport::OwnBook;
use crate::risk::situation::{LegIds, Situation};
use crate::risk::token::ApprovedOrder;

/// How long an act waits for other orders' ends.
pub(super) const WAIT_MAX_MS: i64 = 20_000;

impl Engine {
    /// Judges an intent and sends it, or starts the act that clears its way first.
    pub(super) fn place(&mut self, intent: Intent, tag: Option<String>) {
        let situation = self.situation(&intent);
        let position = self.gate.position(intent.symbol).qty;
        let closes = (position.is_positive() && intent.side == Side::Sell)
            || (position.is_negative() && intent.side == Side::Buy);
        if closes {
            let decision = self.gate.judge(&intent, &situation, self.now);
            if decision.is_approved() && decision.reducing && decision.releases.is_some() {
                return self.wait_behind_stops(intent, tag);
            }
        }
        self.admit(intent, tag, &situation);
    }

    /// Judges, reserves and sends; a refusal is a row with its numbers.
    pub(super) fn admit(&mut self, intent: Intent, tag: Option<String>, situation: &Situation) {
        let id = self.next_id();
        let legs = LegIds { stop: self.next_id(), target: self.next_id() };
        let limits_version = self.gate.limits_version().to_owned();
        match self.gate.admit(id, legs, &intent, situation, self.now) {
            Ok((order, decision)) => {
                self.record(Record::decision(Some(id), intent, &decision, limits_version, tag.clone()));
                self.send(order, &intent, tag);
            }
            Err(decision) => {
                self.record(Record::decision(None, intent, &decision, limits_version, tag));
                self.tell_refusal(&intent, id, refusal_words(&decision));
            }
        }
    }

    fn send(&mut self, order: ApprovedOrder, intent: &Intent, tag: Option<String>) {
        let request = order.request();
        let role = order.role();
        self.record(Record::Order { request, role, origin: intent.origin, parent: None });
        // Where bars are the only clock, the rest goes with the first bar on which it could have filled.
        let rest_until = order.rest_cancel_ms().map(|millis| {
            if self.settings.bars_only { At::from_nanos(i64::MAX) } else { self.now.plus_millis(millis) }
        });
        self.orders.add(Order {
            request,
            role,
            origin: intent.origin,
            parent: None,
            status: OrderStatus::Sending,
            filled: Qty::ZERO,
            made_at: self.now,
            rest_until,
            misses: Misses::default(),
            cancel_unheard: None,
            cancel_refused_at: None,
            tag,
            protection: Protection { stop: order.stop_loss(), trail: intent.trail },
        });
        self.add_leg(&request, request.stop_loss, true, intent.origin);
        self.add_leg(&request, request.take_profit, false, intent.origin);
        if let (Role::Protective, Some(trail)) = (role, intent.trail) {
            self.desks.entry(request.symbol).or_default().trail = Some(trail);
        }
        self.out.push(Command::Submit(order));
    }

    fn add_leg(&mut self, parent: &VenueRequest, leg: Option<Leg>, stops: bool, origin: Origin) {
        let Some(leg) = leg else { return };
        let role = Role::Protective;
        let kind =
            if stops { OrderKind::Stop { stop: leg.price } } else { OrderKind::Limit { limit: leg.price } };
        let request = VenueRequest {
            id: leg.id,
            side: parent.side.opposite(),
            kind,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
            ..*parent
        };
        self.record(Record::Order { request, role, origin, parent: Some(parent.id) });
        self.orders.add(Order {
            request,
            role,
            origin,
            parent: Some(parent.id),
            status: OrderStatus::Intent,
            filled: Qty::ZERO,
            made_at: self.now,
            rest_until: None,
            misses: Misses::default(),
            cancel_unheard: None,
            cancel_refused_at: None,
            tag: None,
            protection: Protection::default(),
        });
    }

    /// Sends a protective stop for `qty` shares of the position.
    pub(super) fn send_stop(&mut self, order: ApprovedOrder) {
        let request = order.request();
        self.record(Record::Order { request, role: Role::Protective, origin: Origin::Engine, parent: None });
        self.orders.add(Order {
            request,
            role: Role::Protective,
            origin: Origin::Engine,
            parent: None,
            status: OrderStatus::Sending,
            filled: Qty::ZERO,
            made_at: self.now,
            rest_until: None,
            misses: Misses::default(),
            cancel_unheard: None,
            cancel_refused_at: None,
            tag: None,
            protection: Protection::default(),
        });
        self.out.push(Command::Submit(order));
    }

    /// Asks for the cancel of one order; one that is already asked for, or has ended, is left alone.
    pub(super) fn cancel(&mut self, id: ClientOrderId) {
        let Some(order) = self.orders.get(id) else {
            return self.alert(format!("no order {id} is known here; `hardstop orders` lists them"));
        };
        if self.alive_after_their_end.contains(&id) {
            let ticket = self.gate.cancel_ticket(id);
            self.out.push(Command::Cancel(ticket));
            return;
        }
        if !order.status.is_live() || order.status == OrderStatus::PendingCancel {
            return;
        }
        self.set_status(id, OrderStatus::PendingCancel, None);
        let ticket = self.gate.cancel_ticket(id);
        self.out.push(Command::Cancel(ticket));
    }

    fn wait_behind_stops(&mut self, intent: Intent, tag: Option<String>) {
        let in_the_way = self.stops_and_targets(intent.symbol, intent.side);
        for id in &in_the_way {
            self.cancel(*id);
        }
        let act = WaitingAct {
            intent,
            tag,
            behind: in_the_way.into_iter().collect(),
            replaces: None,
            exits: true,
            since: self.now,
        };
        self.desks.entry(intent.symbol).or_default().waiting.push(act);
        self.advance_waiting(intent.symbol);
    }

    fn stops_and_targets(&self, symbol: Symbol, side: Side) -> Vec<ClientOrderId> {
        let holds_shares = |order: &&Order| order.request.side == side && order.role == Role::Protective;
        // A leg wakes with its order's first share, whether or not the venue has said so yet: it holds the
        // shares from then on.
        let parent_fills = |order: &Order| {
            let parent = order.parent.and_then(|parent| self.orders.get(parent));
            parent.is_some_and(|parent| parent.filled.is_positive())
        };
        let awake = |order: &&Order| order.status != OrderStatus::Intent || parent_fills(order);
        self.orders.live_of(symbol).filter(holds_shares).filter(awake).map(|order| order.request.id).collect()
    }

    /// Sends what waited on `symbol` as soon as nothing stands in its way any more.
    pub(super) fn advance_waiting(&mut self, symbol: Symbol) {
        loop {
            let Some(desk) = self.desks.get_mut(&symbol) else { return };
            let ended = |id: &ClientOrderId| self.orders.get(*id).is_none_or(|order| !order.status.is_live());
            for act in &mut desk.waiting {
                act.behind.retain(|id| !ended(id));
            }
            let Some(index) = desk.waiting.iter().position(|act| act.behind.is_empty()) else { return };
            let act = desk.waiting.remove(index);
            let mut intent = act.intent;
            if let Some(old) = act.replaces.and_then(|id| self.orders.get(id)) {
                intent.qty = intent.qty.minus(old.filled).unwrap_or(Qty::ZERO).at_least_zero();
                if intent.qty.is_zero() {
                    self.alert(format!(
                        "{} filled before it could be replaced; nothing new was sent",
                        old.request.id
                    ));
                    continue;
                }
            }
            let situation = self.situation(&intent);
            // What waited to make a position smaller never opens one: its stop may have filled meanwhile.
            let decision = self.gate.judge_exit(&intent, &situation, self.now);
            if act.exits && !decision.is_approved() {
                let limits_version = self.gate.limits_version().to_owned();
                self.record(Record::decision(None, intent, &decision, limits_version, act.tag));
                let id = self.next_id();
                self.tell_refusal(&intent, id, refusal_words(&decision));
                continue;
            }
            if act.exits
                && decision.releases.is_some()
                && !self.stops_and_targets(symbol, intent.side).is_empty()
            {
                // What it waited for has ended, and something else holds the shares by now.
                self.wait_behind_stops(intent, act.tag);
                continue;
            }
            if act.exits {
                let others = self.exits_waiting(symbol, intent.side);
                self.protect_beside(symbol, intent.qty.plus(others).unwrap_or(Qty::LARGEST));
            }
            self.admit(intent, act.tag, &situation);
        }
    }

    /// What has waited too long waits no more: the position needs its stops back, and the trader to know.
    pub(super) fn give_up_waiting(&mut self) {
        let now = self.now;
        let mut given_up = Vec::new();
        for desk in self.desks.values_mut() {
            let late = |act: &WaitingAct| act.since.plus_millis(WAIT_MAX_MS) <= now;
            if desk.waiting.iter().any(late) {
                given_up.extend(desk.waiting.extract_if(.., |act| late(act)));
                desk.dirty = true;
            }
        }
        for act in given_up {
            let (side, qty, symbol) = (act.intent.side.word(), act.intent.qty, act.intent.symbol);
            self.alert(format!(
                "{side} {qty} {symbol} was given up: the venue did not end what stands in its way; look at \
                 `hardstop orders` and ask again"
            ));
        }
    }

    /// Shares of the exits that still wait behind stops: no stop may take the room that they need.
    fn exits_waiting(&self, symbol: Symbol, side: Side) -> Qty {
        let waiting = self.desks.get(&symbol).into_iter().flat_map(|desk| &desk.waiting);
        let exits = waiting.filter(|act| act.exits && act.intent.side == side);
        exits.fold(Qty::ZERO, |total, act| total.plus(act.intent.qty).unwrap_or(Qty::LARGEST))
    }

    /// What the gate cannot know by itself about this intent.
    pub(super) fn situation(&self, intent: &Intent) -> Situation {
        let strategy = match intent.origin {
            Origin::Strategy(id) => self.strategies.get(id),
            Origin::Operator | Origin::Engine | Origin::Kill => None,
        };
        let timeframe_ms = strategy.map_or(MANUAL_TIMEFRAME_MS, |strategy| strategy.head.timeframe_ms);
        let stopped = matches!(intent.origin, Origin::Strategy(_))
            && strategy.is_none_or(|strategy| strategy.running != Running::Yes);
        let desk = self.desks.get(&intent.symbol);
        let flags = self.flags_of(intent.symbol, intent.side);
        Situation {
            disarmed: self.is_disarmed(),
            not_ready: self.readiness.cause(),
            strategy_stopped: stopped,
            own: strategy.map_or_else(OwnBook::default, |strategy| self.own_facts(strategy, intent)),
            cooling_down: self.restraints.cool_down_until.is_some_and(|until| self.now < until),
            auctions: self.day.session().map_or(Auctions::BOTH, |session| session.auctions(self.now)),
            symbol_halted: desk
                .is_some_and(|desk| desk.adjust_waits || desk.halted || desk.frozen_by.is_some()),
            tradable: flags.tradable,
            shortable: flags.shortable,
            fractionable: flags.fractionable,
            average_volume: desk.and_then(|desk| desk.volume.average()),
            missing_stop: self.is_stop_missing(intent.symbol),
            atr: desk.and_then(|desk| desk.atr(timeframe_ms)),
            plain_market: self.settings.plain_market,
            ..Situation::clear(self.phase_of(intent))
        }
    }

    /// The part of the day that an intent belongs to. Where bars are the only clock, what a strategy decides at a bar's
    /// end, the close of a session among them, belongs to the session of the next one.
    fn phase_of(&self, intent: &Intent) -> Phase {
        let is_strategy = matches!(intent.origin, Origin::Strategy(_));
        let last = self.desks.get(&intent.symbol).and_then(|desk| desk.last_bar);
        let by_a_bar = last.is_some_and(|bar| bar.end == self.now && self.is_regular(&bar));
        if self.settings.bars_only && is_strategy && by_a_bar { Phase::Regular } else { self.day.phase() }
    }

    /// What the strategy holds and has on the way on the intent's side, and what it has lost today.
    fn own_facts(&self, strategy: &Strategy, intent: &Intent) -> OwnBook {
        let origin = Origin::Strategy(strategy.head.id);
        let opens = |order: &&Order| {
            order.origin == origin && order.role == Role::Opening && order.request.side == intent.side
        };
        let rest = |order: &Order| order.request.qty.minus(order.filled).unwrap_or(Qty::ZERO).at_least_zero();
        let held = strategy.own.qty(intent.symbol);
        let held = if intent.side == Side::Buy { held } else { held.negated() }.at_least_zero();
        let ordered = self.orders.live_of(intent.symbol).filter(opens).map(rest);
        OwnBook {
            qty: ordered.fold(held, |sum, qty| sum.plus(qty).unwrap_or(Qty::LARGEST)),
            day_loss: strategy.own.day_loss(self.day.day(), |symbol| self.mark(symbol)),
            said_yes: false,
        }
    }

    pub(super) fn tell_refusal(&mut self, intent: &Intent, id: ClientOrderId, words: String) {
        if let Origin::Strategy(strategy) = intent.origin {
            let event =
                StrategyEvent::Order { id, status: OrderStatus::Refused, reason: Some(words), at: self.now };
            self.call_strategy(strategy, intent.symbol, event);
        }
    }

    /// Asks to replace an order: judged while it is live, carried out as cancel, its end, a new order.
    pub(super) fn replace(&mut self, id: ClientOrderId, changed: Intent) {
        let situation = self.situation(&changed);
        let decision: Decision = self.gate.judge_replace(id, &changed, &situation, self.now);
        if !decision.is_approved() {
            let limits_version = self.gate.limits_version().to_owned();
            self.record(Record::decision(None, changed, &decision, limits_version, None));
            return;
        }
        self.cancel(id);
        let act = WaitingAct {
            intent: changed,
            tag: None,
            behind: std::iter::once(id).collect(),
            replaces: Some(id),
            exits: decision.reducing,
            since: self.now,
        };
        self.desks.entry(changed.symbol).or_default().waiting.push(act);
        self.advance_waiting(changed.symbol);
    }
}

/// The refusal with its numbers, as the journal and the screen print it.
pub(super) fn refusal_words(decision: &Decision) -> String {
    decision.refusal().map_or_else(String::new, ToString::to_string)
}
