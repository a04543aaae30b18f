//! A script is seen before it is approved, and these bytes alone are.

use super::ladder::Hand;
use super::scene::{painted, rows, script};
use crate::domain::mode::Mode;
use crate::ui::effect::Effect;
use crate::ui::model::{Pane, Popup, Screen};
use crate::ui::msg::{Asker, KillView, Msg};
use crate::ui::review::{Review, ReviewAsks, ScriptView};
use crate::ui::update::update;
use crate::ui::words;

const READ: [Effect; 1] = [Effect::Review(ReviewAsks::Read { strategy: 1 })];

fn comes(hand: &mut Hand, script: ScriptView) {
    update(&mut hand.model, Msg::Script(Box::new(script)));
}

fn review(hand: &Hand) -> &Review {
    match &hand.model.popup {
        Some(Popup::Review(review)) => review,
        other => panic!("no script: {other:?}"),
    }
}

fn said(hand: &Hand) -> String {
    rows(&painted(&hand.model)).join("\n")
}

#[test]
fn the_word_approves_what_is_in_sight_and_nothing_else_does() {
    for mode in [Mode::Sim, Mode::Paper, Mode::Live] {
        let mut hand = Hand::new(mode);
        assert_eq!(hand.press("v"), READ);
        assert_eq!(hand.press("a p p r o v e enter"), [], "nothing is in sight yet");
        comes(&mut hand, script(true));
        assert!(said(&hand).contains("+   ctx.buy();") && said(&hand).contains("for sim and paper"));
        assert_eq!(hand.press("enter y enter"), []);
        assert_eq!(hand.press("backspace backspace a p p r o v e x enter"), []);
        assert_eq!(review(&hand).words, [words::TYPE_APPROVE]);
        let sha256 = script(true).sha256;
        let approved = hand.press("a p p r o v e enter enter enter");
        assert_eq!(approved, [Effect::Review(ReviewAsks::Approve { strategy: 1, sha256 })], "{mode:?}");
        assert_eq!(hand.press("a p p r o v e enter"), [], "it is being written");
        comes(&mut hand, script(false));
        let words = vec!["mean_rev.js is approved".to_owned()];
        update(&mut hand.model, Msg::Answered { asker: Asker::Review, exit: 0, words });
        assert!(said(&hand).contains("mean_rev.js is approved"));
        assert_eq!(hand.press("a p p r o v e enter"), [], "it is approved already");
        hand.press("esc");
        assert_eq!(hand.model.popup, None);
    }
}

#[test]
fn a_paste_approves_nothing() {
    let mut hand = Hand::new(Mode::Sim);
    hand.press("v");
    comes(&mut hand, script(true));
    update(&mut hand.model, Msg::Paste("approve\n".to_owned()));
    assert_eq!(hand.pour("approve\n"), []);
    assert!(matches!(hand.model.popup, Some(Popup::Review(_))));
    hand.press("esc v");
    comes(&mut hand, script(true));
    update(&mut hand.model, Msg::Resized(30, 6));
    assert_eq!(hand.press("a p p r o v e enter"), [], "what is not in sight is not approved");
}

#[test]
fn it_scrolls_to_its_end_and_back() {
    let mut hand = Hand::new(Mode::Sim);
    (hand.model.screen, hand.model.pane) = (Screen::Strategies, Pane::Strategies);
    assert_eq!(hand.press("enter"), READ, "Enter goes into the row");
    comes(&mut hand, script(false));
    for size in [(200, 50), (80, 24), (60, 16)] {
        update(&mut hand.model, Msg::Resized(size.0, size.1));
        hand.press("g");
        let below =
            |hand: &Hand| said(hand).lines().any(|row| row.contains("Esc back") && row.contains(" below"));
        let last = script(false).lines.into_iter().rfind(|line| line.len() > 3).unwrap();
        assert!(said(&hand).contains("approved for sim and paper") && below(&hand));
        assert!(!said(&hand).contains(&last));
        hand.press("G");
        assert!(said(&hand).contains(last.trim()) && !below(&hand), "{}", said(&hand));
        hand.press("PgUp k up j");
        hand.press("g");
        assert_eq!(review(&hand).from, 0);
    }
}

#[test]
fn what_comes_late_or_is_another_ones_is_not_shown() {
    let mut hand = Hand::new(Mode::Sim);
    hand.press("v esc");
    comes(&mut hand, script(true));
    assert_eq!(hand.model.popup, None);
    hand.press("v");
    comes(&mut hand, ScriptView { strategy: 7, ..script(true) });
    assert_eq!(review(&hand).script, None);
    update(&mut hand.model, Msg::Kill(KillView { pulls: 1, tripped: true, ..KillView::default() }));
    assert_eq!(hand.model.popup, None, "the kill's report is not covered");
}
