//! Real money is put at risk only while the trader has armed it, and sits there.

use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::intent::Origin;
use crate::engine::machine::Engine;
use crate::engine::record::Record;
use crate::engine::restraint::Restraint;

/// For how long nobody may touch a key before it is taken that nobody is there.
const IDLE_MS: i64 = 4 * 60 * 60 * 1_000;

/// Whether live is armed. Nothing of it outlives the process.
#[derive(Debug, Default)]
pub(super) struct Arming {
    /// The last key press, while it is armed.
    hand_at: Option<At>,
}

impl Arming {
    /// When it ends by itself, where it holds.
    pub(super) fn ends_at(&self) -> Option<At> {
        self.hand_at.map(|at| at.plus_millis(IDLE_MS))
    }
}

impl Engine {
    /// Whether openings must wait until the trader has armed them.
    pub(super) fn is_disarmed(&self) -> bool {
        self.settings.must_be_armed && self.arming.hand_at.is_none()
    }

    /// When arming ends by itself; `None` where it does not hold, or is not needed.
    pub fn armed_until(&self) -> Option<At> {
        self.arming.ends_at()
    }

    /// Every condition outside of the machine was looked at by whoever asks: those of the machine itself are here.
    pub(super) fn arm(&mut self, by: &str) {
        let why_not = if !self.settings.must_be_armed {
            Some("only live is armed; in sim and paper orders pass as they are".to_owned())
        } else if let Some(reason) = self.gate.halt_reason() {
            Some(format!("it is halted ({}); `hardstop rearm` first", reason.word()))
        } else if self.gate.latched().is_some() {
            Some("the day's loss is at its limit; arm tomorrow".to_owned())
        } else if matches!(self.day.phase(), Phase::Closed | Phase::Late) {
            Some("the session is over; arming would end with it. Arm before the next one".to_owned())
        } else {
            None
        };
        if let Some(words) = why_not {
            return self.alert(format!("not armed: {words}"));
        }
        self.arming.hand_at = Some(self.now);
        let reason = format!("armed: {by}");
        self.record(Record::Restraint {
            what: Restraint::Disarmed,
            holds: false,
            reason,
            by: Origin::Operator,
        });
    }

    /// Openings end, also those that stand or are on their way; exits, stops and the kill go on.
    pub(super) fn disarm(&mut self, why: &str, by: Origin) {
        if self.arming.hand_at.take().is_none() {
            return;
        }
        self.gate.void_openings();
        let reason = format!("disarmed: {why}");
        self.record(Record::Restraint { what: Restraint::Disarmed, holds: true, reason, by });
        self.cancel_openings(None);
    }

    /// Somebody is there.
    pub(super) fn on_hand(&mut self) {
        if let Some(at) = &mut self.arming.hand_at {
            *at = self.now;
        }
    }

    pub(super) fn watch_arming(&mut self) {
        if self.arming.ends_at().is_some_and(|end| end <= self.now) {
            self.disarm("nobody has touched a key for four hours", Origin::Engine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::intent::Intent;
    use crate::domain::money::Money;
    use crate::domain::order::OrderKind;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;
    use crate::engine::edges::one_share;
    use crate::engine::event::{Act, Event, KillReport};
    use crate::engine::proofs::{Alone, price, spy};
    use crate::risk::limits::Limits;
    use crate::risk::refusal::Code;

    /// Live, and not armed.
    fn live() -> Alone {
        let mut stage = Alone::new(Limits::default());
        stage.engine.settings.must_be_armed = true;
        stage
    }

    fn arm(stage: &mut Alone) {
        stage.step(Event::Operator(Act::Arm { by: "all was looked at".to_owned() }));
    }

    fn opening(stage: &Alone) -> Option<Code> {
        let intent = one_share(Origin::Operator, OrderKind::Limit { limit: price("100") });
        stage.engine.what_if(&intent).code()
    }

    #[test]
    fn without_arming_nothing_opens_and_everything_that_closes_passes() {
        let mut stage = live();
        assert_eq!(opening(&stage), Some(Code::Disarmed));
        assert_eq!(stage.ask(Origin::Operator, Side::Buy, 1), None);
        stage.engine.gate.set_position(spy(), Qty::shares(10), price("100"));
        let market = one_share(Origin::Operator, OrderKind::Market);
        let exit = Intent { side: Side::Sell, stop_loss: None, ..market };
        assert_eq!(stage.engine.what_if(&exit).code(), None);
        let sent = stage.sent.len();
        stage.step(Event::Operator(Act::Close(None)));
        assert!(stage.sent.len() > sent, "the trader closes whatever is armed");
        let mut stage = live();
        arm(&mut stage);
        assert_eq!((opening(&stage), stage.engine.armed_until().is_some()), (None, true));
    }

    type End = (&'static str, fn(&mut Alone));

    /// What ends it, and whether the market still trades after that.
    fn each_end() -> Vec<End> {
        vec![
            ("the trader", |stage| stage.step(Event::Operator(Act::Disarm { reason: "lunch".to_owned() }))),
            ("the kill", |stage| {
                stage.step(Event::Killed(KillReport {
                    tripped_at: stage.now,
                    by: "a test".to_owned(),
                    flatten: false,
                    cancelled: 0,
                    flattened: 0,
                    deeds: Vec::new(),
                    left_orders: Vec::new(),
                    left_positions: Vec::new(),
                    confirmed: true,
                }));
                stage.step(Event::Operator(Act::Rearm { reason: "seen".to_owned() }));
            }),
            ("four hours without a key", |stage| stage.wait(4 * 3_600)),
            ("the close", |stage| stage.wait(6 * 3_600 + 60)),
        ]
    }

    #[test]
    fn whatever_ends_it_takes_down_what_would_still_open_and_leaves_what_protects() {
        for (end, happens) in each_end() {
            let mut stage = live();
            arm(&mut stage);
            let resting = stage.ask(Origin::Operator, Side::Buy, 3).unwrap();
            let epoch = stage.engine.epoch();
            stage.cancelled.clear();
            happens(&mut stage);
            assert_eq!(stage.engine.armed_until(), None, "{end}");
            assert!(stage.engine.epoch() > epoch, "{end}: what was approved and has not left may not leave");
            assert!(stage.engine.is_disarmed() && opening(&stage).is_some(), "{end}");
            assert_eq!(stage.cancelled, [resting], "{end}");
        }
    }

    #[test]
    fn keys_that_are_taken_back_end_openings_and_arming_and_only_arming_is_not_given_back() {
        let mut stage = live();
        arm(&mut stage);
        let (resting, epoch) = (stage.ask(Origin::Operator, Side::Buy, 3).unwrap(), stage.engine.epoch());
        stage.step(Event::Keys { refusal: Some("unauthorized. (HTTP 401)".to_owned()) });
        assert!(stage.engine.epoch() > epoch, "what was approved and has not left may not leave");
        assert_eq!(
            (opening(&stage), stage.engine.snapshot().not_ready),
            (Some(Code::Disarmed), Some("keys"))
        );
        assert_eq!(
            stage.cancelled,
            [resting],
            "what would still open is taken down, as far as the broker lets us"
        );
        assert!(told(&stage).contains("look at the broker's own page"), "{}", told(&stage));
        let said = stage.said.len();
        stage.step(Event::Keys { refusal: Some("again".to_owned()) });
        assert_eq!(stage.said.len(), said, "it is said once");
        stage.step(Event::Keys { refusal: None });
        assert_eq!((stage.engine.snapshot().not_ready, opening(&stage)), (None, Some(Code::Disarmed)));
        let mut paper = Alone::new(Limits::default());
        let epoch = paper.engine.epoch();
        paper.step(Event::Keys { refusal: Some("unauthorized".to_owned()) });
        assert_eq!((opening(&paper), paper.engine.epoch() > epoch), (Some(Code::NotReady), true));
        paper.step(Event::Keys { refusal: None });
        assert_eq!(opening(&paper), None);
    }

    #[test]
    fn a_touched_key_says_that_somebody_is_there() {
        let mut stage = live();
        arm(&mut stage);
        stage.wait(3 * 3_600);
        stage.step(Event::Hand);
        stage.wait(2 * 3_600);
        assert_eq!(opening(&stage), None);
        let ends = stage.engine.armed_until().unwrap();
        assert_eq!(ends.millis_since(stage.now), 2 * 3_600 * 1_000);
        assert!(stage.engine.next_deadline() <= ends);
    }

    #[test]
    fn a_loss_at_its_limit_disarms_and_nobody_arms_until_the_next_day() {
        let mut stage = live();
        arm(&mut stage);
        stage.engine.gate.set_position(spy(), Qty::shares(1_000), price("100"));
        stage.engine.gate.set_cash(Money::ZERO);
        for _ in 0..3 {
            stage.now = stage.now.plus_seconds(30);
            stage.quoted("70");
        }
        assert!(stage.engine.gate.latched().is_some());
        assert!(stage.engine.is_disarmed());
        arm(&mut stage);
        assert_eq!(stage.engine.armed_until(), None);
        assert!(told(&stage).contains("arm tomorrow"), "{}", told(&stage));
    }

    fn told(stage: &Alone) -> String {
        let mut alerts = stage.said.iter().filter_map(|record| match record {
            Record::Alert(words) => Some(words.as_str()),
            _ => None,
        });
        alerts.next_back().unwrap_or_default().to_owned()
    }

    #[test]
    fn arming_is_refused_in_words_where_it_would_mean_nothing() {
        let mut sim = Alone::new(Limits::default());
        arm(&mut sim);
        assert!(told(&sim).contains("only live is armed"));
        let mut stage = live();
        stage.wait(6 * 3_600 + 60);
        arm(&mut stage);
        assert!(told(&stage).contains("the session is over"), "{}", told(&stage));
        assert!(stage.engine.is_disarmed());
    }
}
