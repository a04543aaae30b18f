use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ratatui::crossterm::event::KeyCode;

use super::scene::{self, judged};
use crate::domain::calendar::Phase;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Intent;
use crate::domain::mode::Mode;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::engine::event::Act;
use crate::risk::refusal::{Code, Figure};
use crate::ui::effect::Effect;
use crate::ui::fixture::{Variant, asks, model, seen_in};
use crate::ui::key::Key;
use crate::ui::model::{Confirm, Model, Pane, Popup};
use crate::ui::msg::{Asker, KillView, Mouse, Msg};
use crate::ui::review::ReviewAsks;
use crate::ui::seen::Seen;
use crate::ui::theme::{Depth, Theme, ThemeName};
use crate::ui::update::update;

/// A generator of its own, so that a failure comes again (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}

/// Ways that lead somewhere; single keys are strewn among them.
const WAYS: [&str; 26] = [
    "b 5 0 enter 5 0 enter",
    "X f l a t t e n enter",
    "b 1 enter",
    "b 1 enter y",
    "b 5 0 enter y",
    "s 1 enter y",
    "b 1 tab Ctrl-u 1 6 enter y",
    "x y",
    "X y",
    "C y",
    "c",
    "G c",
    "G r enter",
    "G r 9 enter y",
    "e enter",
    "enter enter",
    "y y y",
    ": k i l l enter esc",
    "Y enter",
    "Y j enter",
    "Y j enter y",
    "Y 1 0 enter",
    "Y l 1 6 enter y",
    "Y n",
    "Y 9 enter 9 enter",
    "v a p p r o v e enter esc",
];
const SINGLE: [&str; 48] = [
    "b",
    "s",
    "x",
    "X",
    "C",
    "c",
    "r",
    "e",
    "p",
    "y",
    "y",
    "y",
    "n",
    "q",
    "?",
    ":",
    "/",
    "m",
    "i",
    "h",
    "j",
    "k",
    "g",
    "G",
    "1",
    "2",
    "3",
    "5",
    "0",
    "9",
    ".",
    "$",
    "%",
    "=",
    "enter",
    "enter",
    "enter",
    "esc",
    "esc",
    "tab",
    "up",
    "down",
    "left",
    "right",
    "backspace",
    "Ctrl-u",
    "Ctrl-l",
    "space",
];

/// What stood before a key.
struct Before {
    model: Model,
    key: Key,
    at_ms: u64,
    gap_ms: u64,
    /// Since when the question is up, by the hand's clock.
    asked_ms: Option<u64>,
    /// Whether what it asks about was out of the ordinary when it came up.
    was_odd: bool,
}

impl Before {
    fn seen(&self) -> &Seen {
        self.model.seen.as_ref().unwrap()
    }

    /// The word, by itself, a while after the question for exactly this came up: `y`, or what was to be typed.
    fn is_confirmed(&self, effect: &Effect) -> bool {
        let Some(Popup::Confirm(asked)) = &self.model.popup else { return false };
        let word = match &asked.word {
            None => self.key == Key::letter('y'),
            Some(word) => self.key.code == KeyCode::Enter && word.line.text().trim() == word.wanted,
        };
        let read = self.asked_ms.is_some_and(|since| self.at_ms >= since + 300);
        asked.effect == *effect && word && read && self.gap_ms >= 12 && self.model.size.0 >= 40
    }

    /// Whether something had to be typed.
    fn is_typed(&self, wanted: &str) -> bool {
        matches!(&self.model.popup, Some(Popup::Confirm(asked))
            if asked.word.as_ref().is_some_and(|word| word.wanted == wanted))
    }

    /// Enter, by itself, in a ticket that is in sight.
    fn is_entered(&self, number: u64) -> bool {
        let ticket = self.model.ticket.as_ref();
        self.key.code == KeyCode::Enter
            && self.gap_ms >= 12
            && self.model.popup.is_none()
            && (!self.model.kill.tripped || self.model.kill_hidden)
            && self.model.pane == Pane::Ticket
            && self.model.size.0 >= 80
            && ticket.is_some_and(|ticket| ticket.number == number && !ticket.sent)
    }

    /// Whether this question was chosen by itself, waits, and could be read.
    fn is_chosen(&self, number: u64) -> bool {
        let Some(Popup::Queue(queue)) = &self.model.popup else { return false };
        let read = self.asked_ms.is_some_and(|since| self.at_ms >= since + 300);
        let waits = self.seen().snapshot.asks.iter().any(|ask| ask.number == number);
        queue.chosen == Some(number) && waits && read && self.gap_ms >= 12 && self.model.size.0 >= 40
    }

    /// Whether the word was typed under exactly these bytes.
    fn is_approved(&self, sha256: &str) -> bool {
        let Some(Popup::Review(review)) = &self.model.popup else { return false };
        let shown = review.script.as_ref().is_some_and(|one| one.sha256 == sha256 && one.approvable);
        let entered = self.key.code == KeyCode::Enter && self.gap_ms >= 12 && self.model.size.0 >= 40;
        shown && entered && review.typed.text().trim() == "approve"
    }

    /// What stands in the fields of the queue.
    fn typed(&self) -> Option<(Option<Qty>, Option<Price>)> {
        let Some(Popup::Queue(queue)) = &self.model.popup else { return None };
        Some((queue.qty.text().parse().ok(), queue.limit.text().parse().ok()))
    }

    /// Whether the ladder asks for a word even in sim.
    fn must_ask(&self, intent: &Intent) -> bool {
        let Some(preview) = self.seen().preview.as_ref().filter(|one| one.intent == *intent) else {
            return true;
        };
        let limits = [
            Code::PositionLimit,
            Code::GrossLimit,
            Code::HeatLimit,
            Code::DailyLossReached,
            Code::OrderLimit,
        ];
        let half = preview.decision.checks.iter().any(|check| match (check.value, check.limit) {
            (Figure::Money(value), Figure::Money(limit)) => {
                limits.contains(&check.code) && value.to_f64() > limit.to_f64() * 0.500_001
            }
            _ => false,
        });
        half || !preview.decision.is_approved()
            || self.seen().snapshot.phase != Phase::Regular
            || self.is_far(intent)
    }

    fn is_odd_change(&self, order: ClientOrderId, qty: Option<Qty>, limit: Option<Price>) -> bool {
        let old = self.seen().snapshot.open_orders.iter().find(|one| one.id == order);
        let larger = old.zip(qty).is_none_or(|(old, qty)| qty > old.qty);
        let ticket = self.model.ticket.as_ref().filter(|ticket| ticket.replaces == Some(order));
        let intent = ticket.and_then(|ticket| ticket.intent(self.seen()).ok());
        larger || limit.is_some() && intent.is_none_or(|intent| self.is_far(&intent))
    }

    /// Whether what a key asked about just now must be typed with real money.
    fn is_odd(&self, asked: Option<&Popup>) -> bool {
        let Some(Popup::Confirm(Confirm { effect: Effect::Act(_, act), .. })) = asked else { return false };
        match act {
            Act::Submit { intent, .. } => self.must_ask(intent),
            Act::Replace { order, qty, limit, .. } => self.is_odd_change(*order, *qty, *limit),
            _ => false,
        }
    }

    fn is_far(&self, intent: &Intent) -> bool {
        let market = self.seen().markets.iter().find(|market| market.symbol == intent.symbol);
        let Some((bid, ask)) = market.and_then(|market| market.bid.zip(market.ask)) else { return true };
        let middle = f64::midpoint(bid.to_f64(), ask.to_f64());
        let price = intent.kind.limit().or(intent.kind.stop());
        price.is_some_and(|price| (price.to_f64() - middle).abs() > middle * 0.020_001)
    }

    /// Why this effect must not be, where it must not.
    fn fault(&self, effect: &Effect) -> Option<String> {
        if let Effect::Review(ReviewAsks::Approve { sha256, .. }) = effect {
            return (!self.is_approved(sha256)).then(|| format!("{effect:?} by {:?}", self.key));
        }
        let Effect::Act(asker, act) = effect else { return None };
        let mode = self.seen().snapshot.mode;
        let (confirmed, live) = (self.is_confirmed(effect), mode == Mode::Live);
        let entered = |number: u64| mode == Mode::Sim && self.is_entered(number);
        let fine = match act {
            Act::Submit { ticket, intent } => {
                let typed = !live || !self.was_odd || self.is_typed(&intent.qty.to_string());
                *asker == Asker::Ticket(*ticket)
                    && (confirmed && typed || entered(*ticket) && !self.must_ask(intent))
            }
            Act::Replace { order, qty, limit, .. } => {
                let Asker::Ticket(number) = asker else {
                    return Some("a change without a ticket".to_owned());
                };
                let typed = !live || !self.was_odd || self.is_typed(&qty.unwrap_or_default().to_string());
                confirmed && typed || entered(*number) && !self.is_odd_change(*order, *qty, *limit)
            }
            Act::Close(symbol) => confirmed && (!live || symbol.is_some() || self.is_typed("flatten")),
            Act::CancelAll(_) => confirmed,
            Act::Cancel(order) => {
                let chosen = self.key == Key::letter('c') && self.model.order == Some(*order);
                let old = self.seen().snapshot.open_orders.iter().find(|one| one.id == *order);
                let held = |symbol| self.seen().snapshot.positions.iter().any(|one| one.symbol == symbol);
                let protects = old.is_none_or(|old| old.kind.stop().is_some() && held(old.symbol));
                confirmed || chosen && !live && !protects && self.model.popup.is_none()
            }
            Act::Answer { yes: true, .. } if live => confirmed,
            Act::Answer { number, yes, qty, limit } => {
                let is_key = match yes {
                    true => self.key.code == KeyCode::Enter,
                    false => [Key::letter('n'), Key::letter('x')].contains(&self.key),
                };
                let changed =
                    !yes && qty.is_none() && limit.is_none() || self.typed() == Some((*qty, *limit));
                is_key && changed && self.is_chosen(*number)
            }
            Act::PauseStrategy(_) => self.key == Key::letter('p') && self.model.popup.is_none(),
            Act::ResumeStrategy(_) => {
                confirmed || self.key == Key::letter('p') && self.model.popup.is_none() && !live
            }
            _ => false,
        };
        (!fine).then(|| format!("{effect:?} after {} ms by {:?} in {mode:?}", self.gap_ms, self.key))
    }
}

struct Trial {
    dice: Dice,
    mode: Mode,
    model: Model,
    clock_ms: u64,
    last_ms: u64,
    asked_ms: Option<u64>,
    was_odd: bool,
    way: VecDeque<Key>,
    last_keys: VecDeque<(u64, Key)>,
    used: BTreeSet<u64>,
    counted: BTreeMap<&'static str, u32>,
}

impl Trial {
    fn new(mode: Mode, seed: u64) -> Self {
        let mut model = model((200, 50), Theme::of(ThemeName::Mono, Depth::None), false);
        model.seen.as_mut().unwrap().snapshot.mode = mode;
        model.seen.as_mut().unwrap().snapshot.asks = asks();
        let at_ms = model.now_ms;
        Self {
            dice: Dice(seed),
            mode,
            model,
            clock_ms: at_ms,
            last_ms: at_ms,
            asked_ms: None,
            was_odd: false,
            way: VecDeque::new(),
            last_keys: VecDeque::new(),
            used: BTreeSet::new(),
            counted: BTreeMap::new(),
        }
    }

    fn next_key(&mut self) -> Key {
        if self.way.is_empty() && self.dice.percent(25) {
            let way = self.dice.one_of(&WAYS);
            self.way = way.split(' ').map(scene::key).collect();
        }
        self.way.pop_front().unwrap_or_else(|| scene::key(self.dice.one_of(&SINGLE)))
    }

    fn gap_ms(&mut self) -> u64 {
        let (from, span) =
            self.dice.one_of(&[(80, 320), (80, 320), (300, 600), (300, 600), (12, 70), (0, 12)]);
        from + u64::try_from(self.dice.below(span)).unwrap()
    }

    fn tell(&mut self, msg: Msg) {
        let effects = update(&mut self.model, msg);
        assert_eq!(effects, Vec::new(), "only a key asks for something");
    }

    fn press(&mut self) {
        let (key, gap_ms) = (self.next_key(), self.gap_ms());
        let at_ms = self.last_ms + gap_ms;
        self.clock_ms = self.clock_ms.max(at_ms);
        if self.dice.percent(30) {
            // The window may lag behind the keys, which carry their own time.
            self.clock_ms += u64::try_from(self.dice.below(50)).unwrap();
            self.tell(Msg::Clock(self.clock_ms));
        }
        let was_asked = question(&self.model);
        let before = Before {
            model: self.model.clone(),
            key,
            at_ms,
            gap_ms,
            asked_ms: self.asked_ms.filter(|_| was_asked.is_some()),
            was_odd: self.was_odd,
        };
        let effects = update(&mut self.model, Msg::Key(key, at_ms));
        self.last_ms = at_ms;
        self.last_keys.push_back((gap_ms, key));
        if self.last_keys.len() > 12 {
            self.last_keys.pop_front();
        }
        for effect in &effects {
            let fault = before.fault(effect);
            assert_eq!(fault, None, "after the keys {:?}", self.last_keys);
            self.count(effect, before.model.popup.is_some());
        }
        let asks = question(&self.model);
        if asks.is_some() && asks != was_asked {
            self.asked_ms = Some(at_ms);
            self.was_odd = before.is_odd(self.model.popup.as_ref());
        }
    }

    fn count(&mut self, effect: &Effect, asked: bool) {
        let name = match effect {
            Effect::Act(_, Act::Submit { ticket, .. }) => {
                assert!(self.used.insert(*ticket), "ticket {ticket} is sent twice: {:?}", self.last_keys);
                if asked { "submit on y" } else { "submit" }
            }
            Effect::Act(_, Act::Replace { .. }) => "replace",
            Effect::Act(_, Act::Close(Some(_))) => "close",
            Effect::Act(_, Act::Close(None)) => "flatten",
            Effect::Act(_, Act::Cancel(_)) => "cancel",
            Effect::Act(_, Act::CancelAll(_)) => "cancel all",
            Effect::Act(_, Act::Answer { yes: true, .. }) => "yes",
            Effect::Act(_, Act::Answer { yes: false, .. }) => "no",
            Effect::Review(ReviewAsks::Approve { .. }) => "approve",
            _ => "other",
        };
        *self.counted.entry(name).or_default() += 1;
        if let Effect::Review(asks) = effect {
            let script = scene::script(matches!(asks, ReviewAsks::Read { .. }));
            self.tell(Msg::Script(Box::new(script)));
        }
        if let Effect::Act(asker, _) = effect {
            let (exit, words) = self.dice.one_of(&[(0, ""), (3, "refused: RATE")]);
            let answer = Msg::Answered { asker: *asker, exit, words: vec![words.to_owned()] };
            self.tell(answer);
        }
    }

    /// What comes without a key.
    fn meanwhile(&mut self) {
        if self.dice.percent(40) {
            let mut seen = self.model.seen.clone().unwrap();
            seen.preview = self.model.look().preview.map(|intent| judged(&seen, intent));
            self.tell(Msg::Seen(seen));
        }
        match self.dice.below(200) {
            0..4 => self.change(),
            4..6 => self.tell(Msg::Paste("x y\nbuy 5\n".to_owned())),
            6 => {
                let (wide, high) = self.dice.one_of(&[(200, 50), (120, 36), (80, 24), (60, 16), (30, 6)]);
                self.tell(Msg::Resized(wide, high));
            }
            7..10 => self.tell(Msg::Resized(200, 50)),
            14..18 => {
                let does = self.dice.one_of(&[Mouse::Press, Mouse::WheelUp, Mouse::WheelDown]);
                let column = self.dice.one_of(&[3, 60, 90, 150, 190]);
                let row = self.dice.one_of(&[0, 2, 8, 20, 34, 45]);
                self.tell(Msg::Mouse(does, column, row));
            }
            10 => {
                let pulls = self.model.kill.pulls + 1;
                self.tell(Msg::Kill(KillView { pulls, tripped: true, ..KillView::default() }));
            }
            11..14 => self.tell(Msg::Kill(KillView { pulls: self.model.kill.pulls, ..KillView::default() })),
            _ => {}
        }
    }

    /// The machine is in another state: rows come and go.
    fn change(&mut self) {
        let variant = self.dice.one_of(&[Variant::Plain, Variant::Plain, Variant::NoStop, Variant::Stale]);
        let mut seen = seen_in(variant);
        seen.snapshot.mode = self.mode;
        seen.snapshot.asks = asks();
        if self.dice.percent(40) {
            seen.snapshot.asks.remove(self.dice.below(2));
        }
        seen.snapshot.phase = if self.dice.percent(80) { Phase::Regular } else { Phase::Closed };
        if self.dice.percent(30) {
            seen.snapshot.positions.remove(self.dice.below(3));
        }
        if self.dice.percent(30) {
            seen.snapshot.open_orders.remove(self.dice.below(3));
        }
        self.tell(Msg::Seen(Box::new(seen)));
    }

    fn run(mut self, keys: u32) -> BTreeMap<&'static str, u32> {
        for _ in 0..keys {
            self.press();
            self.meanwhile();
        }
        self.counted
    }
}

/// Which kind of question lies over the screen, where one does.
fn question(model: &Model) -> Option<&'static str> {
    match model.popup {
        Some(Popup::Confirm(_)) => Some("confirm"),
        Some(Popup::Queue(_)) => Some("queue"),
        _ => None,
    }
}

/// Every kind came often enough for the trial to mean something.
fn came(counted: &BTreeMap<&str, u32>, least: u32, kinds: &[&str]) {
    for kind in kinds {
        assert!(counted.get(kind).copied().unwrap_or(0) >= least, "{kind}: {counted:?}");
    }
}

#[test]
fn two_hundred_thousand_keys_in_sim_act_only_as_the_ladder_says() {
    let counted = Trial::new(Mode::Sim, 20_131_009).run(200_000);
    came(
        &counted,
        20,
        &[
            "submit",
            "submit on y",
            "replace",
            "close",
            "flatten",
            "cancel",
            "cancel all",
            "yes",
            "no",
            "approve",
        ],
    );
}

#[test]
fn random_keys_in_paper_place_nothing_without_a_word() {
    let counted = Trial::new(Mode::Paper, 7).run(60_000);
    came(&counted, 5, &["submit on y", "close", "flatten", "cancel", "yes", "no"]);
    assert_eq!(counted.get("submit"), None, "{counted:?}");
}

#[test]
fn random_keys_in_live_place_an_order_only_after_its_review() {
    let counted = Trial::new(Mode::Live, 7).run(100_000);
    came(
        &counted,
        5,
        &["submit on y", "replace", "flatten", "close", "cancel", "cancel all", "yes", "no", "approve"],
    );
    assert_eq!(counted.get("submit"), None, "{counted:?}");
}
