//! A strategy that moves a stop nearer to the market: less can be lost from then on, and never more.

use crate::domain::calendar::Phase;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::mode::Mode;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::calls::market_exit;
use crate::engine::machine::Engine;
use crate::engine::orders::Order;
use crate::engine::protection::closing_side;
use crate::engine::record::Record;
use crate::engine::strategies::Running;
use crate::risk::state::TradingState;

/// A stop that is being moved: the old one was taken back, and the new one does not work yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tightened {
    /// Where it shall lie.
    pub to: Price,
    /// Where it lay.
    pub before: Price,
}

/// What a wish comes to.
struct Move {
    stop: ClientOrderId,
    tightened: Tightened,
}

impl Engine {
    /// Carries a wish out at once or not at all: nothing of it waits for a better moment, in which it might no longer
    /// be meant.
    pub(super) fn tighten(&mut self, id: StrategyId, symbol: Symbol, stop: Price) {
        let (what, detail) = match self.judge_tightening(id, symbol, stop) {
            Ok(None) => return,
            Ok(Some(Move { stop, tightened })) => {
                let desk = self.desks.entry(symbol).or_default();
                desk.stop_plan = Some(tightened.to);
                desk.tightened = Some(tightened);
                self.take_back(symbol, stop);
                ("tightened", format!("the stop of {symbol} from {} to {}", tightened.before, tightened.to))
            }
            Err(words) => ("not tightened", format!("the stop of {symbol} to {stop}: {words}")),
        };
        self.record(Record::Strategy { id, what: what.to_owned(), detail });
    }

    /// Which stop gives way to which; `None` where it is there already, or why not.
    fn judge_tightening(&self, id: StrategyId, symbol: Symbol, stop: Price) -> Result<Option<Move>, String> {
        let position = self.gate.position(symbol).qty;
        let closing = closing_side(position).ok_or("there is no position")?;
        self.may_tighten(id, symbol, position)?;
        // On the grid, and away from the market: what rounding does may not fire it.
        let to = if closing == Side::Sell { stop.grid_down() } else { stop.grid_up() };
        let mark = self.mark(symbol).ok_or("there is no fresh price to compare it with")?;
        if is_beyond(closing, to, mark) {
            return Err(format!(
                "the market is at {mark}, and it would fire at once; close the position instead"
            ));
        }
        let mut stops = Vec::new();
        for order in self.orders.live_of(symbol) {
            if order.request.side != closing {
                return Err("an order that adds to the position is still open".to_owned());
            }
            let (true, OrderStatus::Working, Some(at)) =
                (self.is_alone(order), order.status, order.request.kind.stop())
            else {
                return Err("its stop does not work yet, is on its way out, or is one of a pair".to_owned());
            };
            stops.push((at, order.request.id));
        }
        let looser = stops.iter().filter(|(at, _)| is_beyond(closing, to, *at) && *at != to);
        let furthest = match closing {
            Side::Sell => looser.min(),
            Side::Buy => looser.max(),
        };
        match furthest {
            Some((before, stop)) => {
                Ok(Some(Move { stop: *stop, tightened: Tightened { to, before: *before } }))
            }
            None if stops.iter().any(|(at, _)| *at == to) => Ok(None),
            None => Err("it lies nearer to the market already, or there is none".to_owned()),
        }
    }

    /// Whether this strategy may move a stop of the symbol, at this moment.
    fn may_tighten(&self, id: StrategyId, symbol: Symbol, position: Qty) -> Result<(), String> {
        let strategy = self.strategies.get(id).ok_or("there is no such strategy")?;
        let desk = self.desks.get(&symbol);
        let own = strategy.own.qty(symbol);
        let no = |words: &str| Err(words.to_owned());
        if self.settings.mode != Mode::Sim {
            // A venue of somebody else's takes the old one and the new one as two messages, and a kill, a fall or a lost
            // connection may come between them.
            return no("at a broker's stops are not moved by strategies yet; move it yourself");
        }
        // An answer to a call of before the kill, or of before its pause: what stands is left as it is.
        if strategy.running != Running::Yes || self.gate.state() == TradingState::Halted {
            return no("it does not run, or trading is halted");
        }
        if !self.gate.limits().stops_auto {
            return no("stops_auto is off, so the stops are moved by hand");
        }
        if self.day.phase() != Phase::Regular {
            return no("stops work in the regular session alone");
        }
        if own != position && !strategy.head.protects {
            return Err(format!(
                "it holds {own} of {position}; say protects: true in the strategy, and approve it, for the stops of \
                 positions that are not its own"
            ));
        }
        if desk.is_some_and(|desk| desk.trail.is_some()) {
            return no("it trails by itself");
        }
        if desk.is_some_and(|desk| desk.tightened.is_some() || !desk.waiting.is_empty()) {
            return no("one is on its way already, or an exit is");
        }
        Ok(())
    }

    /// Where a stop that is missing is placed: at its plan, or, where the market has run through a tightened one before
    /// it was there, where that one lay before. `None` where the market is through that as well: it would have fired,
    /// and the shares are sold.
    pub(super) fn stop_within_reach(
        &mut self,
        symbol: Symbol,
        closing: Side,
        plan: Price,
        qty: Qty,
    ) -> Option<Price> {
        let moved = self.desks.get(&symbol).and_then(|desk| desk.tightened);
        let (Some(Tightened { before, .. }), Some(mark)) = (moved, self.mark(symbol)) else {
            return Some(plan);
        };
        if !is_beyond(closing, plan, mark) {
            return Some(plan);
        }
        if let Some(desk) = self.desks.get_mut(&symbol) {
            desk.stop_plan = Some(before);
            desk.tightened = None;
        }
        if is_beyond(closing, before, mark) {
            self.alert(format!(
                "{symbol} is at {mark}, beyond the stop at {plan} that was about to be placed and the one at {before} \
                 that it took the place of: {qty} are closed at the market"
            ));
            self.place(market_exit(Origin::Engine, symbol, closing, qty), None);
            return None;
        }
        self.alert(format!(
            "{symbol} is at {mark}, beyond the stop at {plan} that was about to be placed: it goes where it lay before, \
             to {before}"
        ));
        Some(before)
    }

    /// Whether it is a fixed stop beside which no target stands, and of whose position no more is still to come.
    fn is_alone(&self, stop: &Order) -> bool {
        let parent = stop.parent.and_then(|parent| self.orders.get(parent));
        stop.is_stop()
            && stop.request.kind.trail().is_none()
            && parent.is_none_or(|parent| !parent.status.is_live() && parent.request.take_profit.is_none())
    }
}

/// Whether a stop of this side would fire with the market at `mark`.
pub(super) fn is_beyond(closing: Side, stop: Price, mark: Price) -> bool {
    match closing {
        Side::Sell => stop >= mark,
        Side::Buy => stop <= mark,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::intent::Intent;
    use crate::domain::order::OrderKind;
    use crate::domain::strategy::{Outcome, StrategyAnswer, StrategyEvent, Wish};
    use crate::domain::venue::ReportKind;
    use crate::engine::edges::one_share;
    use crate::engine::event::{Act, Event, KillReport};
    use crate::engine::proofs::{Alone, ONE, price, spy};
    use crate::risk::limits::Limits;

    use super::*;

    /// Strategy `number` wishes for the stop at `stop`.
    fn wish(stage: &mut Alone, number: u16, stop: &str) {
        let id = StrategyId(number);
        let at = stage.now;
        stage.engine.call_strategy(id, spy(), StrategyEvent::Session { open: true, at });
        let seq = *stage.engine.strategies.get(id).unwrap().unanswered.last().unwrap();
        let wishes = vec![Wish::Tighten { stop: price(stop) }];
        let (outcome, logs, plots) = (Outcome::Done, Vec::new(), Vec::new());
        let answer = StrategyAnswer { seq, symbol: spy(), outcome, wishes, logs, plots };
        stage.step(Event::StrategyAnswered { id, answer });
    }

    /// Strategy 1 holds 50 at 100 behind a working stop at 99; the stop's id.
    fn held(side: Side) -> (Alone, ClientOrderId) {
        let mut stage = Alone::new(Limits::default());
        let entry = stage.ask(ONE, side, 50).unwrap();
        stage.fill(entry, side, 50, "100");
        let leg = stage.engine.orders.get(entry).unwrap().request.stop_loss.unwrap().id;
        stage.report(leg, ReportKind::Working);
        stage.wait(1);
        (stage, leg)
    }

    fn said(stage: &Alone, wanted: &str) -> Vec<String> {
        let words = |record: &Record| match record {
            Record::Strategy { what, detail, .. } if what == wanted => Some(detail.clone()),
            _ => None,
        };
        stage.said.iter().filter_map(words).collect()
    }

    #[test]
    fn a_tightened_stop_gives_way_to_one_nearer_to_the_market() {
        let (mut stage, leg) = held(Side::Buy);
        let before = stage.sent.len();
        wish(&mut stage, 1, "99.505");
        stage.wait(1);
        assert_eq!(
            (stage.cancelled.clone(), stage.sent.len()),
            (vec![leg], before),
            "two stops could both fill"
        );
        stage.report(leg, ReportKind::Canceled);
        let stop = *stage.sent.last().unwrap();
        assert_eq!((stop.qty, stop.kind), (Qty::shares(50), OrderKind::Stop { stop: price("99.5") }));
        stage.report(stop.id, ReportKind::Working);
        assert_eq!(stage.engine.snapshot().positions[0].stop, Some(price("99.5")));
        // The same again asks for nothing, and one further away is refused.
        for again in ["99.50", "99.49", "98"] {
            wish(&mut stage, 1, again);
            stage.wait(1);
        }
        assert_eq!(stage.cancelled, [leg]);
        assert_eq!(said(&stage, "tightened").len(), 1);
        let refused = said(&stage, "not tightened");
        assert!(refused.iter().all(|words| words.contains("nearer to the market already")), "{refused:?}");
        assert_eq!(said(&stage, "not tightened").len(), 2);
    }

    #[test]
    fn what_would_fire_at_once_and_what_is_somebody_else_s_is_refused() {
        let (mut stage, _) = held(Side::Buy);
        for (number, stop, words) in [
            (1, "100", "would fire at once"),
            (1, "120", "would fire at once"),
            (2, "99.50", "say protects: true"),
        ] {
            wish(&mut stage, number, stop);
            let last = said(&stage, "not tightened").pop().unwrap();
            assert!(last.contains(words), "{stop}: {last}");
        }
        assert_eq!(stage.cancelled, []);
    }

    fn killed(stage: &mut Alone) {
        stage.step(Event::Killed(KillReport {
            tripped_at: stage.now,
            by: "a test".to_owned(),
            flatten: false,
            cancelled: 0,
            flattened: 0,
            left_orders: Vec::new(),
            left_positions: Vec::new(),
            confirmed: true,
            deeds: Vec::new(),
        }));
    }

    #[test]
    fn after_a_kill_no_stop_is_moved_also_where_the_call_was_made_before_it() {
        let (mut stage, _) = held(Side::Buy);
        // Called before the kill, and answered after it.
        let (id, at) = (StrategyId(1), stage.now);
        stage.engine.call_strategy(id, spy(), StrategyEvent::Session { open: true, at });
        let seq = *stage.engine.strategies.get(id).unwrap().unanswered.last().unwrap();
        killed(&mut stage);
        let wishes = vec![Wish::Tighten { stop: price("99.50") }];
        let (outcome, logs, plots) = (Outcome::Done, Vec::new(), Vec::new());
        let answer = StrategyAnswer { seq, symbol: spy(), outcome, wishes, logs, plots };
        stage.step(Event::StrategyAnswered { id, answer });
        stage.wait(3);
        assert_eq!((stage.cancelled.len(), said(&stage, "tightened").len()), (0, 0));
    }

    /// Nothing of a wish waits: not for a stop that will work, not for an opening that rests, not beside another move.
    #[test]
    fn what_cannot_be_done_at_once_is_refused_and_never_done_later() {
        let mut stage = Alone::new(Limits::default());
        let entry = stage.ask(ONE, Side::Buy, 50).unwrap();
        stage.fill(entry, Side::Buy, 50, "100");
        wish(&mut stage, 1, "99.50");
        assert!(said(&stage, "not tightened").pop().unwrap().contains("does not work yet"));
        let leg = stage.engine.orders.get(entry).unwrap().request.stop_loss.unwrap().id;
        stage.report(leg, ReportKind::Working);
        stage.wait(3);
        assert_eq!(stage.cancelled, []);
        stage.wait(10);
        stage.ask(ONE, Side::Buy, 7).unwrap();
        wish(&mut stage, 1, "99.50");
        assert!(said(&stage, "not tightened").pop().unwrap().contains("adds to the position"));

        let (mut stage, leg) = held(Side::Buy);
        wish(&mut stage, 1, "99.50");
        wish(&mut stage, 1, "99.60");
        assert!(said(&stage, "not tightened").pop().unwrap().contains("on its way already"));
        assert_eq!(stage.cancelled, [leg]);
    }

    /// Once it works the move is over: a later loss of it takes it back to no older place.
    #[test]
    fn a_move_that_is_over_is_forgotten() {
        let (mut stage, leg) = held(Side::Buy);
        wish(&mut stage, 1, "99.50");
        stage.report(leg, ReportKind::Canceled);
        let stop = *stage.sent.last().unwrap();
        stage.report(stop.id, ReportKind::Working);
        assert_eq!(stage.engine.desks.get(&spy()).unwrap().tightened, None);
        assert_eq!(stage.engine.desks.get(&spy()).unwrap().stop_plan, Some(price("99.5")));
    }

    /// The market falls through the new place and through the old one while neither is there: what the old one would
    /// have sold is sold.
    #[test]
    fn a_market_that_runs_through_both_closes_the_shares() {
        let (mut stage, leg) = held(Side::Buy);
        wish(&mut stage, 1, "99.80");
        stage.quoted("98.50");
        stage.report(leg, ReportKind::Canceled);
        let exit = *stage.sent.last().unwrap();
        assert_eq!((exit.side, exit.qty, exit.kind.stop()), (Side::Sell, Qty::shares(50), None));
        assert_eq!(stage.alerts("50 are closed at the market"), 1);
    }

    #[test]
    fn an_opening_that_is_sent_meanwhile_moves_no_stop_away() {
        let (mut stage, leg) = held(Side::Buy);
        wish(&mut stage, 1, "99.50");
        stage.wait(10);
        let intent = Intent {
            qty: Qty::shares(5),
            stop_loss: Some(price("97")),
            ..one_share(ONE, OrderKind::Limit { limit: price("100") })
        };
        stage.step(Event::Operator(Act::Submit { ticket: 7, intent }));
        let before = stage.sent.len();
        stage.report(leg, ReportKind::Canceled);
        let placed: Vec<_> =
            stage.sent.iter().skip(before).map(|request| (request.qty, request.kind)).collect();
        assert_eq!(placed, [(Qty::shares(50), OrderKind::Stop { stop: price("99.5") })]);
    }

    #[test]
    fn at_a_broker_s_no_strategy_moves_a_stop() {
        for mode in [Mode::Paper, Mode::Live] {
            let (mut stage, _) = held(Side::Buy);
            stage.engine.settings.mode = mode;
            wish(&mut stage, 1, "99.50");
            assert!(said(&stage, "not tightened").pop().unwrap().contains("move it yourself"));
            assert_eq!(stage.cancelled, []);
        }
    }

    #[test]
    fn a_short_s_stop_comes_down() {
        let (mut stage, leg) = held(Side::Sell);
        wish(&mut stage, 1, "100.501");
        assert_eq!(stage.cancelled, [leg]);
        stage.report(leg, ReportKind::Canceled);
        let stop = stage.sent.last().unwrap();
        assert_eq!((stop.side, stop.kind), (Side::Buy, OrderKind::Stop { stop: price("100.51") }));
    }

    #[test]
    fn one_that_protects_may_tighten_the_traders_own_stop() {
        let mut stage = Alone::new(Limits::default());
        let entry = stage.ask(Origin::Operator, Side::Buy, 50).unwrap();
        stage.fill(entry, Side::Buy, 50, "100");
        let leg = stage.engine.orders.get(entry).unwrap().request.stop_loss.unwrap().id;
        stage.report(leg, ReportKind::Working);
        let mut head = stage.engine.strategies.get(StrategyId(2)).unwrap().head.clone();
        head.protects = true;
        stage.step(Event::StrategyLoaded(Box::new(head)));
        stage.wait(1);
        wish(&mut stage, 2, "99.90");
        stage.wait(1);
        assert_eq!(stage.cancelled, [leg]);
    }

    #[test]
    fn a_stop_with_a_target_stays_where_it_is() {
        let mut stage = Alone::new(Limits::default());
        let intent = Intent {
            qty: Qty::shares(50),
            stop_loss: Some(price("99")),
            take_profit: Some(price("102")),
            ..one_share(ONE, OrderKind::Limit { limit: price("100") })
        };
        stage.step(Event::Operator(Act::Submit { ticket: 1, intent }));
        let entry = *stage.sent.last().unwrap();
        stage.fill(entry.id, Side::Buy, 50, "100");
        stage.report(entry.stop_loss.unwrap().id, ReportKind::Working);
        stage.wait(1);
        let mut head = stage.engine.strategies.get(StrategyId(2)).unwrap().head.clone();
        head.protects = true;
        stage.step(Event::StrategyLoaded(Box::new(head)));
        wish(&mut stage, 2, "99.50");
        assert!(said(&stage, "not tightened").pop().unwrap().contains("one of a pair"));
        assert_eq!(stage.cancelled, []);
    }

    /// Between the end of the old stop and the new one the market runs through the new one: the position has its old
    /// stop again, and not none.
    #[test]
    fn a_market_that_runs_through_it_on_the_way_finds_the_stop_where_it_lay_before() {
        let (mut stage, leg) = held(Side::Buy);
        wish(&mut stage, 1, "99.80");
        stage.wait(1);
        assert_eq!(stage.cancelled, [leg]);
        stage.quoted("99.40");
        stage.report(leg, ReportKind::Canceled);
        let stop = *stage.sent.last().unwrap();
        assert_eq!((stop.qty, stop.kind), (Qty::shares(50), OrderKind::Stop { stop: price("99") }));
        assert_eq!(stage.alerts("it goes where it lay before, to 99"), 1);
    }
}
