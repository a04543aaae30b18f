//! An opening that waits for the trader's yes is answered by him, by its number, and one at a time.

use super::ladder::Hand;
use super::scene::{judged, painted, rows};
use crate::domain::mode::Mode;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::engine::event::Act;
use crate::ui::effect::Effect;
use crate::ui::fixture::asks;
use crate::ui::model::Popup;
use crate::ui::msg::{Asker, KillView, Msg};
use crate::ui::queue::Queue;
use crate::ui::update::update;
use crate::ui::words;

fn hand(mode: Mode) -> Hand {
    let mut hand = Hand::new(mode);
    hand.model.seen.as_mut().unwrap().snapshot.asks = asks();
    hand
}

fn answer(number: u64, yes: bool, qty: Option<i32>, limit: Option<i32>) -> Effect {
    let (qty, limit) = (qty.map(Qty::shares), limit.map(Price::from_cents));
    Effect::Act(Asker::Key, Act::Answer { number, yes, qty, limit })
}

fn queue(hand: &Hand) -> &Queue {
    match &hand.model.popup {
        Some(Popup::Queue(queue)) => queue,
        other => panic!("no queue: {other:?}"),
    }
}

fn said(hand: &Hand) -> String {
    rows(&painted(&hand.model)).join("\n")
}

/// The machine shows itself without the question of this number.
fn goes(hand: &mut Hand, number: u64) {
    let mut seen = hand.model.seen.clone().unwrap();
    seen.snapshot.asks.retain(|ask| ask.number != number);
    update(&mut hand.model, Msg::Seen(seen));
}

#[test]
fn nobody_overlooks_that_openings_wait() {
    let mut hand = hand(Mode::Sim);
    for size in [(200, 50), (120, 36), (80, 24), (60, 16)] {
        update(&mut hand.model, Msg::Resized(size.0, size.1));
        let text = said(&hand);
        assert!(text.contains("2 OPENINGS WAIT FOR YOUR YES · Y looks at them"), "{text}");
    }
    update(&mut hand.model, Msg::Resized(80, 24));
    hand.press("L");
    let text = said(&hand);
    assert!(
        text.contains("2 OPENINGS WAIT") && !text.contains("Y looks"),
        "a locked window takes no key: {text}"
    );
    let mut none = Hand::new(Mode::Sim);
    none.press("Y");
    assert_eq!((none.model.popup.is_none(), none.notice()), (true, words::NOTHING_ASKS));
}

#[test]
fn enter_lets_the_chosen_one_go_as_it_was_asked_and_n_turns_it_down() {
    let mut hand = hand(Mode::Sim);
    assert_eq!(hand.press("Y enter"), [answer(41, true, None, None)]);
    let text = said(&hand);
    assert!(!text.contains("41 ema"), "what was answered is not shown again: {text}");
    assert_eq!(hand.press("enter enter"), [], "nothing is chosen any more");
    assert_eq!(hand.press("j n"), [answer(42, false, None, None)]);
    assert!(said(&hand).contains(words::NOTHING_ASKS));
    assert_eq!(hand.press("j enter n x"), []);
    hand.press("esc");
    assert_eq!(hand.model.popup, None);
}

#[test]
fn another_quantity_and_another_limit_are_typed_and_go_with_their_question_only() {
    let mut hand = hand(Mode::Sim);
    hand.press("Y 2 0");
    assert!(said(&hand).contains("qty 15 → 20"), "{}", said(&hand));
    // What was typed was about the first one.
    assert_eq!(hand.press("j"), []);
    assert!(queue(&hand).qty.is_empty() && queue(&hand).chosen == Some(42));
    hand.press("1 0 l 3 3 . 8");
    assert_eq!(hand.press("backspace enter"), [], "33. is no price");
    assert_eq!(queue(&hand).words, ["33. is no price"]);
    assert_eq!(hand.press("8 5 enter"), [answer(42, true, Some(10), Some(3_385))]);
}

#[test]
fn a_question_that_ends_is_answered_by_nobody_and_its_neighbour_neither() {
    let mut hand = hand(Mode::Sim);
    hand.press("Y 5");
    goes(&mut hand, 41);
    assert_eq!((queue(&hand).chosen, queue(&hand).qty.is_empty()), (None, true));
    assert!(said(&hand).contains("question 41 is over"));
    assert_eq!(hand.press("enter n x"), []);
    assert_eq!(hand.press("j enter"), [answer(42, true, None, None)]);
}

#[test]
fn a_held_key_and_a_paste_answer_one_or_none() {
    for key in ["enter", "n"] {
        let mut hand = hand(Mode::Sim);
        hand.press("Y");
        let held: Vec<Effect> = (0..100).flat_map(|_| hand.after(30, key)).collect();
        assert_eq!(held.len(), 1, "{key}: {held:?}");
    }
    let mut hand = hand(Mode::Sim);
    assert_eq!(hand.pour("Y\n\n\nj\n"), []);
    let mut hand = self::hand(Mode::Sim);
    hand.press("Y");
    assert_eq!(hand.pour("5\n"), [], "Enter came with the figure");
    let mut hand = self::hand(Mode::Sim);
    hand.press("q esc Y");
    assert_eq!(hand.after(200, "enter"), [], "nobody has read it yet");
}

#[test]
fn what_the_gate_would_refuse_now_is_not_sent_and_says_why() {
    let mut hand = hand(Mode::Paper);
    hand.press("Y 9 9 9");
    let wished = hand.model.look().preview.unwrap();
    assert_eq!(wished.qty, Qty::shares(999));
    let mut seen = hand.model.seen.clone().unwrap();
    seen.preview = Some(judged(&seen, wished));
    update(&mut hand.model, Msg::Seen(seen));
    assert_eq!(hand.press("enter"), []);
    assert!(said(&hand).contains("not sent: ORDER_LIMIT"), "{}", said(&hand));
    // The ticket's own key takes no size from what was said to a strategy.
    hand.press("esc b =");
    assert!(hand.model.ticket.as_ref().unwrap().qty.is_empty());
}

#[test]
fn live_asks_again_and_forgets_what_is_over_meanwhile() {
    let mut hand = hand(Mode::Live);
    assert_eq!(hand.press("Y enter"), []);
    let Some(Popup::Confirm(asked)) = &hand.model.popup else { panic!("nothing is asked again") };
    assert_eq!(asked.lines[0], "Let ema_cross.js buy 15 SPY at market, stop 164.4?");
    assert_eq!(hand.press("1 5 enter"), [answer(41, true, None, None)], "what is not judged yet is typed");
    hand.press("Y j enter");
    goes(&mut hand, 42);
    assert_eq!(hand.model.popup, None);
    let acts = hand.press("y 2 0 enter").into_iter().filter(|effect| matches!(effect, Effect::Act(..)));
    assert_eq!(acts.collect::<Vec<_>>(), []);
    assert_eq!(hand.press("Y n"), [answer(41, false, None, None)], "a no needs no second word");
}

#[test]
fn the_kill_puts_the_queue_away() {
    let mut hand = hand(Mode::Sim);
    hand.press("Y");
    update(&mut hand.model, Msg::Kill(KillView { pulls: 1, tripped: true, ..KillView::default() }));
    assert_eq!(hand.model.popup, None);
    assert!(hand.model.shows_kill());
    assert_eq!(hand.press("Y enter n"), [], "Esc hides the report first");
}
