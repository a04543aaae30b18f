//! A strategy that moves a stop nearer to the market: less can be lost from then on, and never more.

use crate::domain::calendar::Phase;
use crate::domain::intent::StrategyId;
use crate::domain::order::OrderStatus;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::machine::Engine;
use crate::engine::orders::Order;
use crate::engine::protection::closing_side;
use crate::engine::record::Record;
use crate::engine::strategies::Running;
use crate::risk::state::TradingState;

/// A stop that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tightened {
    /// Where it shall lie.
    pub to: Price,
    /// Where it lay.
    pub before: Price,
}

impl Engine {
    pub(super) fn tighten(&mut self, id: StrategyId, symbol: Symbol, stop: Price) {
        let (what, detail) = match self.judge_tightening(id, symbol, stop) {
            Ok(None) => return,
            Ok(Some(tightened)) => {
                let desk = self.desks.entry(symbol).or_default();
                desk.stop_plan = Some(tightened.to);
                desk.tightened = Some(tightened);
                desk.dirty = true;
                ("tightened", format!("the stop of {symbol} from {} to {}", tightened.before, tightened.to))
            }
            Err(words) => ("not tightened", format!("the stop of {symbol} to {stop}: {words}")),
        };
        self.record(Record::Strategy { id, what: what.to_owned(), detail });
    }

    /// What it comes to; `None` where the stop is there already, or why not.
    fn judge_tightening(
        &self,
        id: StrategyId,
        symbol: Symbol,
        stop: Price,
    ) -> Result<Option<Tightened>, String> {
        let position = self.gate.position(symbol).qty;
        let closing = closing_side(position).ok_or("there is no position")?;
        // On the grid, and away from the market: what rounding does may not fire it.
        let to = if closing == Side::Sell { stop.grid_down() } else { stop.grid_up() };
        if !self.gate.limits().stops_auto {
            return Err("stops_auto is off, so the stops are moved by hand".to_owned());
        }
        let strategy = self.strategies.get(id).ok_or("there is no such strategy")?;
        // An answer to a call of before the kill, or of before its pause: what stands is left as it is.
        if strategy.running != Running::Yes || self.is_halted() {
            return Err("it does not run, or trading is halted".to_owned());
        }
        let own = strategy.holds.get(&symbol).copied().unwrap_or(Qty::ZERO);
        if own != position && !strategy.head.protects {
            return Err(format!(
                "it holds {own} of {position}; say protects: true in the strategy, and approve it, for the stops of \
                 positions that are not its own"
            ));
        }
        if self.desks.get(&symbol).is_some_and(|desk| desk.trail.is_some()) {
            return Err("it trails by itself".to_owned());
        }
        if self.day.phase() != Phase::Regular {
            return Err("stops work in the regular session alone".to_owned());
        }
        if self.fixed_stops(symbol, closing).any(|order| self.has_target(order)) {
            return Err("it is one of a pair with a target, which would go with it".to_owned());
        }
        let mark = self.mark(symbol).ok_or("there is no fresh price to compare it with")?;
        if is_beyond(closing, to, mark) {
            return Err(format!(
                "the market is at {mark}, and it would fire at once; close the position instead"
            ));
        }
        let before = self.stop_price(symbol, closing).ok_or("there is no stop to tighten yet")?;
        if to == before {
            return Ok(None);
        }
        if is_beyond(closing, before, to) {
            return Err(format!("it lies at {before}, and is moved nearer to the market alone"));
        }
        Ok(Some(Tightened { to, before }))
    }

    /// One stop that lies further away than a strategy wishes gives way; its successor is placed as soon as the venue
    /// has let it go. Not while the market stands beyond the new one: that could not be placed.
    pub(super) fn let_it_tighten(&mut self, symbol: Symbol, closing: Side) {
        let Some(Tightened { to, .. }) = self.desks.get(&symbol).and_then(|desk| desk.tightened) else {
            return;
        };
        if self.is_halted() {
            return;
        }
        let can_stand = self.mark(symbol).is_some_and(|mark| !is_beyond(closing, to, mark));
        if !can_stand || self.day.phase() != Phase::Regular {
            return;
        }
        let is_leaving =
            self.fixed_stops(symbol, closing).any(|order| order.status == OrderStatus::PendingCancel);
        if is_leaving {
            return;
        }
        let is_looser = |order: &&Order| {
            order.status == OrderStatus::Working
                && self.is_alone(order)
                && order.request.kind.stop().is_some_and(|stop| is_beyond(closing, to, stop) && stop != to)
        };
        let looser = self.fixed_stops(symbol, closing).find(is_looser).map(|order| order.request.id);
        if let Some(id) = looser {
            self.take_back(symbol, id);
        }
    }

    /// Where the stop is placed: at its plan, or, where the market has run through a tightened one before it was
    /// there, where it lay before. No position stands without a stop because one was on its way.
    pub(super) fn stop_within_reach(&mut self, symbol: Symbol, closing: Side, plan: Price) -> Price {
        let moved = self.desks.get(&symbol).and_then(|desk| desk.tightened);
        let (Some(Tightened { before, .. }), Some(mark)) = (moved, self.mark(symbol)) else { return plan };
        if !is_beyond(closing, plan, mark) {
            return plan;
        }
        if let Some(desk) = self.desks.get_mut(&symbol) {
            desk.stop_plan = Some(before);
            desk.tightened = None;
        }
        self.alert(format!(
            "{symbol} is at {mark}, beyond the stop at {plan} that was about to be placed; it stands at {before} again"
        ));
        before
    }

    fn is_halted(&self) -> bool {
        self.gate.state() == TradingState::Halted
    }

    fn fixed_stops(&self, symbol: Symbol, closing: Side) -> impl Iterator<Item = &Order> {
        self.orders.live_of(symbol).filter(move |order| {
            order.is_stop() && order.request.side == closing && order.request.kind.trail().is_none()
        })
    }

    /// Whether a target goes where this stop goes.
    fn has_target(&self, stop: &Order) -> bool {
        let parent = stop.parent.and_then(|parent| self.orders.get(parent));
        parent.is_some_and(|parent| parent.request.take_profit.is_some())
    }

    /// Whether nothing else goes with it, and no more of its position is still to come.
    fn is_alone(&self, stop: &Order) -> bool {
        let parent = stop.parent.and_then(|parent| self.orders.get(parent));
        parent.is_none_or(|parent| !parent.status.is_live()) && !self.has_target(stop)
    }
}

/// Whether a stop of this side would fire with the market at `mark`.
fn is_beyond(closing: Side, stop: Price, mark: Price) -> bool {
    match closing {
        Side::Sell => stop >= mark,
        Side::Buy => stop <= mark,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::id::ClientOrderId;
    use crate::domain::intent::{Intent, Origin};
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
        assert!(
            said(&stage, "not tightened").iter().all(|words| words.contains("nearer to the market alone"))
        );
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
    fn after_a_kill_no_stop_is_moved_also_where_that_was_wished_before_it() {
        let (mut stage, leg) = held(Side::Buy);
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

        // Wished before the kill, while the stop does not work yet.
        let mut stage = Alone::new(Limits::default());
        let entry = stage.ask(ONE, Side::Buy, 50).unwrap();
        stage.fill(entry, Side::Buy, 50, "100");
        wish(&mut stage, 1, "99.50");
        assert_eq!((stage.cancelled.len(), said(&stage, "tightened").len()), (0, 1));
        killed(&mut stage);
        let leg_of_this = stage.engine.orders.get(entry).unwrap().request.stop_loss.unwrap().id;
        stage.report(leg_of_this, ReportKind::Working);
        stage.wait(3);
        assert_eq!(stage.cancelled, [], "{leg}");
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
        stage.step(Event::StrategyLoaded(head));
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
        wish(&mut stage, 2, "99.50");
        let mut head = stage.engine.strategies.get(StrategyId(2)).unwrap().head.clone();
        head.protects = true;
        stage.step(Event::StrategyLoaded(head));
        wish(&mut stage, 2, "99.50");
        assert!(said(&stage, "not tightened").pop().unwrap().contains("target"));
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
        assert_eq!(stage.alerts("it stands at 99 again"), 1);
    }
}
