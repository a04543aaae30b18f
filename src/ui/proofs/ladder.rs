use crate::domain::mode::Mode;
use crate::engine::event::Act;
use crate::ui::effect::{Effect, Leave, Trusted};
use crate::ui::fixture::model;
use crate::ui::key::Key;
use crate::ui::keys::Keys;
use crate::ui::model::{Model, Pane, Popup, Screen};
use crate::ui::msg::{Asker, KillView, Msg};
use crate::ui::proofs::scene::{self, State, painted, rows};
use crate::ui::theme::{Depth, Theme, ThemeName};
use crate::ui::update::update;
use crate::ui::words;

/// A window and the hand of whoever sits before it.
pub(super) struct Hand {
    pub(super) model: Model,
    at_ms: u64,
}

impl Hand {
    pub(super) fn new(mode: Mode) -> Self {
        let mut model = model((200, 50), Theme::of(ThemeName::Mono, Depth::None), false);
        model.seen.as_mut().unwrap().snapshot.mode = mode;
        let at_ms = model.now_ms;
        Self { model, at_ms }
    }

    /// A key so many milliseconds after the one before.
    pub(super) fn after(&mut self, gap_ms: u64, key: &str) -> Vec<Effect> {
        self.at_ms += gap_ms;
        update(&mut self.model, Msg::Key(scene::key(key), self.at_ms))
    }

    /// Keys as fingers press them.
    pub(super) fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split(' ').flat_map(|key| self.after(400, key)).collect()
    }

    /// A text as a terminal without bracketed paste sends it.
    pub(super) fn pour(&mut self, text: &str) -> Vec<Effect> {
        let key = |letter: char| if letter == '\n' { "enter".to_owned() } else { letter.to_string() };
        let mut all = self.after(5_000, &key(text.chars().next().unwrap()));
        for letter in text.chars().skip(1) {
            all.extend(self.after(1, &key(letter)));
        }
        all
    }

    /// The gate's word on the ticket comes in.
    fn judge(&mut self) {
        let wished = self.model.look().preview;
        let mut seen = self.model.seen.clone().unwrap();
        seen.preview = wished.map(|intent| scene::judged(&seen, intent));
        update(&mut self.model, Msg::Seen(seen));
    }

    /// A ticket to buy one GE, which takes little of every limit.
    fn small_ticket(&mut self) {
        self.model.symbol = Some("GE".parse().unwrap());
        self.model.pane = Pane::Watchlist;
        self.press("b 1");
        self.judge();
    }

    pub(super) fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |notice| &notice.text)
    }
}

/// The tickets' numbers of the orders that were asked for.
fn orders(effects: &[Effect]) -> Vec<u64> {
    let number = |effect: &Effect| match effect {
        Effect::Act(_, Act::Submit { ticket, .. }) => Some(*ticket),
        _ => None,
    };
    effects.iter().filter_map(number).collect()
}

#[test]
fn two_enters_are_one_order() {
    let mut hand = Hand::new(Mode::Sim);
    hand.small_ticket();
    let effects = hand.press("enter enter enter");
    assert_eq!((effects.len(), orders(&effects).len()), (1, 1), "{effects:?}");
    // Refused, it is asked again under another number, and not within half a second.
    let first = orders(&effects)[0];
    update(
        &mut hand.model,
        Msg::Answered { asker: Asker::Ticket(first), exit: 3, words: vec!["refused: RATE".to_owned()] },
    );
    assert_eq!(hand.after(40, "enter"), Vec::new(), "a bounce");
    let second = orders(&hand.press("k backspace enter enter"));
    assert_eq!(second.len(), 1);
    assert_ne!(second[0], first);
}

#[test]
fn what_takes_much_or_is_not_judged_is_asked_again() {
    let mut hand = Hand::new(Mode::Sim);
    hand.model.symbol = Some("SPY".parse().unwrap());
    hand.model.pane = Pane::Watchlist;
    hand.press("b 9");
    assert_eq!(hand.press("enter"), Vec::new(), "the gate has not been heard");
    let Some(Popup::Confirm(asked)) = &hand.model.popup else { panic!("nothing is asked") };
    assert!(asked.lines.iter().any(|line| line == words::NOT_JUDGED_YET), "{asked:?}");
    hand.press("esc");
    hand.judge();
    assert_eq!(hand.press("enter"), Vec::new(), "9 SPY more take more than half of the position's limit");
    assert_eq!(orders(&hand.press("y")).len(), 1);
    assert_eq!(hand.press("enter y"), Vec::new());
}

#[test]
fn paper_asks_for_enter_and_y() {
    let mut hand = Hand::new(Mode::Paper);
    hand.small_ticket();
    assert_eq!(hand.press("enter enter"), Vec::new(), "Enter is not the word");
    assert_eq!(orders(&hand.press("enter y y")).len(), 1);
}

#[test]
fn live_sends_an_order_after_its_review_and_types_what_is_out_of_the_ordinary() {
    let mut hand = Hand::new(Mode::Live);
    hand.small_ticket();
    assert_eq!(hand.press("enter enter"), Vec::new(), "Enter is not the word");
    assert_eq!(hand.press("enter"), Vec::new());
    assert_eq!(hand.after(299, "y"), Vec::new(), "nobody has read it yet");
    assert_eq!(orders(&hand.after(20, "y")).len(), 1);

    // Nine SPY take more than half of a limit: their number is typed.
    let mut hand = Hand::new(Mode::Live);
    hand.model.symbol = Some("SPY".parse().unwrap());
    hand.model.pane = Pane::Watchlist;
    hand.press("b 9");
    hand.judge();
    assert_eq!(hand.press("enter y enter"), Vec::new(), "y is not the number");
    assert!(matches!(&hand.model.popup, Some(Popup::Confirm(asked)) if asked.word.is_some()));
    assert_eq!(hand.press("8 enter"), Vec::new(), "nor is another one");
    assert_eq!(orders(&hand.press("9 enter")).len(), 1);
    assert_eq!(hand.press("enter 9 enter"), Vec::new(), "and it is sent once");
}

#[test]
fn live_asks_before_whatever_makes_the_risk_larger_and_some_of_what_makes_it_smaller() {
    let mut hand = Hand::new(Mode::Live);
    hand.press(":");
    assert_eq!(hand.press("b u y enter"), Vec::new());
    let Some(Popup::Palette(palette)) = &hand.model.popup else { panic!("no palette") };
    assert!(palette.words[0].contains("goes through the ticket") && !palette.waits, "{palette:?}");
    hand.press("esc");
    assert_eq!(hand.press("X y"), Vec::new(), "to flatten must be typed");
    assert_eq!(hand.press("esc X f l a t t e enter"), Vec::new());
    let flat = hand.press("f l a t t e n enter");
    assert!(matches!(flat[..], [Effect::Act(_, Act::Close(None))]), "{flat:?}");
    hand.press(": k i l l");
    assert_eq!(hand.press("enter"), [Effect::Command("kill".to_owned())]);
    hand.press("esc esc");
    hand.model.pane = Pane::Positions;
    assert!(matches!(hand.press("x y")[..], [Effect::Act(_, Act::Close(Some(_)))]));
    hand.model.pane = Pane::Orders;
    hand.press("G");
    assert_eq!(hand.press("c"), Vec::new());
    assert!(matches!(hand.press("y")[..], [Effect::Act(_, Act::Cancel(_))]));
}

#[test]
fn who_sits_there_is_asked_unseen_and_goes_to_the_vault() {
    let mut hand = Hand::new(Mode::Live);
    hand.model.seen.as_mut().unwrap().about.asks_for_a_code = true;
    update(&mut hand.model, Msg::AskWho(Trusted::Arm, String::new()));
    assert_eq!(hand.press("0 0 0 1 enter enter"), Vec::new(), "an empty field");
    assert_eq!(hand.press("w o r d s enter"), Vec::new());
    let lines = rows(&painted(&hand.model)).join("\n");
    assert!(lines.contains("•••••") && !lines.contains("words"), "{lines}");
    let asked = hand.press("1 2 3 enter");
    let [Effect::Trusted(Asker::Who, Trusted::Arm, wish)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(
        (wish.account.expose(), wish.passphrase.expose(), wish.code.expose()),
        ("0001", "words", "123")
    );
    assert!(!format!("{asked:?}").contains("words"));
    assert_eq!(hand.press("x enter"), Vec::new(), "it is being judged");
    let no = Msg::Answered { asker: Asker::Who, exit: 5, words: vec!["the passphrase is wrong".to_owned()] };
    update(&mut hand.model, no);
    let Some(Popup::Who(who)) = &hand.model.popup else { panic!("it is gone") };
    assert!(who.wish.passphrase.is_empty() && who.words[0].contains("wrong"));
    update(&mut hand.model, Msg::Answered { asker: Asker::Who, exit: 0, words: Vec::new() });
    assert_eq!(hand.model.popup, None);
}

#[test]
fn a_locked_window_shows_nothing_and_takes_nothing_but_what_opens_it() {
    for mode in [Mode::Sim, Mode::Paper, Mode::Live] {
        let mut hand = Hand::new(mode);
        hand.small_ticket();
        hand.press("esc L");
        for size in [(200, 50), (80, 24), (60, 16), (30, 6)] {
            update(&mut hand.model, Msg::Resized(size.0, size.1));
            let lines = rows(&painted(&hand.model)).join("\n");
            for own in ["SPY", "IBM", "102,", "+", "Equity", "1.4R"] {
                assert!(!lines.contains(own), "{own} at {size:?}:\n{lines}");
            }
            assert!(lines.contains("KILL") && lines.contains("LOCKED"), "{size:?}:\n{lines}");
            assert!(lines.contains(words::badge(mode)), "{lines}");
        }
        let keys = "x y X y c C y b 1 q y : k ? 3 w L Ctrl-u";
        assert_eq!(hand.press(keys), Vec::new(), "{mode:?}");
        assert!(hand.model.lock.is_some() && hand.model.popup.is_none());
        let opens = hand.press("u n l o c k enter");
        if mode != Mode::Live {
            assert!(opens.is_empty() && hand.model.lock.is_none());
            continue;
        }
        let [Effect::Trusted(Asker::Lock, Trusted::Unlock, wish)] = &opens[..] else { panic!("{opens:?}") };
        assert_eq!(wish.passphrase.expose(), "unlock");
        let wrong = Msg::Answered { asker: Asker::Lock, exit: 5, words: vec!["wait 4 s".to_owned()] };
        update(&mut hand.model, wrong);
        assert!(hand.model.lock.is_some());
        update(&mut hand.model, Msg::Answered { asker: Asker::Lock, exit: 0, words: Vec::new() });
        assert!(hand.model.lock.is_none());
    }
}

#[test]
fn a_window_that_nobody_touches_locks_itself_and_the_kill_shows_over_it() {
    for (mode, after_ms) in [(Mode::Live, Some(300_000)), (Mode::Paper, Some(1_800_000)), (Mode::Sim, None)] {
        let mut hand = Hand::new(mode);
        hand.press("m");
        let touched = hand.at_ms;
        let locks_at = |hand: &mut Hand, after: u64| {
            update(&mut hand.model, Msg::Clock(touched + after));
            hand.model.lock.is_some()
        };
        let Some(after) = after_ms else {
            assert!(!locks_at(&mut hand, 100_000_000));
            continue;
        };
        assert!(!locks_at(&mut hand, after - 1));
        assert!(locks_at(&mut hand, after), "{mode:?}");
        let kill = KillView { pulls: 1, tripped: true, ..KillView::default() };
        update(&mut hand.model, Msg::Kill(kill));
        assert!(rows(&painted(&hand.model)).iter().any(|line| line.contains("Ctrl-\\ again")));
        hand.press("esc");
        assert!(hand.model.lock.is_some() && !hand.model.shows_kill());
    }
}

#[test]
fn a_word_counts_only_by_itself_and_once_the_question_could_be_read() {
    for (key, gap_ms, counts) in
        [("y", 300, true), ("y", 299, false), ("Y", 400, false), ("enter", 400, false), ("x", 400, false)]
    {
        let mut hand = Hand::new(Mode::Sim);
        hand.press("x");
        assert_eq!(!hand.after(gap_ms, key).is_empty(), counts, "{key} after {gap_ms} ms");
    }
    // A key that was pressed before the question came up, and taken in long after it.
    let mut hand = Hand::new(Mode::Sim);
    hand.press("x");
    update(&mut hand.model, Msg::Clock(hand.at_ms + 2_000));
    assert_eq!(hand.after(50, "y"), Vec::new());
    assert!(matches!(hand.model.popup, Some(Popup::Confirm(_))));
}

#[test]
fn a_held_key_never_confirms_what_it_started() {
    let mut hand = Hand::new(Mode::Sim);
    hand.model.keys = Keys::with([("close", "y"), ("copy", "Z")]).unwrap();
    hand.press("y");
    for _ in 0..100 {
        assert_eq!(hand.after(33, "y"), Vec::new());
    }
    assert!(matches!(hand.model.popup, Some(Popup::Confirm(_))));
}

#[test]
fn a_poured_text_asks_for_nothing() {
    let texts = [
        "xy and then yes, y y y y y y y",
        "qf",
        "qc",
        "qy",
        ":buy SPY 50 --limit 166.20\n",
        "a:kill --flatten\n",
        "b1\n",
        "b1\ny",
        "Xyyyyy",
        "Cy",
        "cccccc",
        "close everything and quit now, yes\n",
    ];
    for text in texts {
        let mut hand = Hand::new(Mode::Sim);
        // Long ones take longer than it takes to read a question.
        let effects = hand.pour(&text.repeat(if text.len() > 25 { 20 } else { 1 }));
        let acts = |effect: &&Effect| !matches!(effect, Effect::Copy(_) | Effect::Redraw);
        let cancels = text == "cccccc";
        assert_eq!(effects.iter().find(acts), None, "{text:?} {cancels}");
    }
}

#[test]
fn a_paste_outside_of_a_field_does_nothing() {
    let mut hand = Hand::new(Mode::Sim);
    let paste = |hand: &mut Hand| update(&mut hand.model, Msg::Paste("x\ny\n:buy SPY 5\n".to_owned()));
    assert_eq!(paste(&mut hand), Vec::new());
    assert_eq!((hand.model.popup.is_none(), hand.notice()), (true, words::PASTE_IGNORED));
    hand.press("x");
    assert_eq!(paste(&mut hand), Vec::new(), "into a question");
    assert!(matches!(hand.model.popup, Some(Popup::Confirm(_))));
    hand.press("esc b");
    assert_eq!(paste(&mut hand), Vec::new(), "into the ticket");
    assert_eq!(hand.model.ticket.as_ref().unwrap().qty.text(), "x y :buy SPY 5 ");
}

#[test]
fn the_first_keys_after_a_pause_pass_and_a_burst_is_swallowed() {
    let mut hand = Hand::new(Mode::Sim);
    hand.press("m");
    let before = hand.model.timeframe;
    for gap_ms in [2, 2, 2, 2, 2, 100, 100] {
        hand.after(gap_ms, "3");
    }
    hand.model.screen = Screen::Trade;
    assert_eq!(hand.notice(), words::BURST_IGNORED);
    hand.after(149, "m");
    assert_eq!(hand.model.timeframe, before, "the burst is not over");
    hand.after(150, "m");
    assert_ne!(hand.model.timeframe, before, "after a pause keys count again");
    // A digit is a sign like any other.
    hand.model.pane = Pane::Positions;
    hand.press("7");
    assert_eq!(hand.model.pane, Pane::Orders);
    for _ in 0..3 {
        hand.after(1, "m");
    }
    hand.after(1, "6");
    assert_eq!(hand.model.pane, Pane::Orders);
}

#[test]
fn what_is_gone_is_not_acted_on() {
    let mut hand = Hand::new(Mode::Sim);
    hand.model.pane = Pane::Orders;
    hand.press("G");
    let mut seen = hand.model.seen.clone().unwrap();
    seen.snapshot.open_orders.retain(|order| Some(order.id) != hand.model.order);
    seen.snapshot.positions.retain(|position| Some(position.symbol) != hand.model.position);
    update(&mut hand.model, Msg::Seen(seen));
    assert_eq!(hand.press("c"), Vec::new());
    assert_eq!(hand.notice(), words::SELECT_AN_ORDER);
    assert_eq!(
        hand.press("x y"),
        [Effect::Copy(hand.model.order.map_or_else(String::new, |id| id.to_string()))][..0]
    );
    assert_eq!(hand.model.popup, None);
}

#[test]
fn a_ticket_out_of_sight_sends_nothing() {
    let mut hand = Hand::new(Mode::Sim);
    hand.small_ticket();
    update(&mut hand.model, Msg::Resized(79, 24));
    assert_eq!(hand.press("enter enter"), Vec::new());
    assert_eq!(hand.notice(), words::TICKET_NEEDS_ROOM);
    update(&mut hand.model, Msg::Resized(80, 24));
    assert_eq!(orders(&hand.press("enter")).len(), 1);
}

#[test]
fn a_question_that_the_screen_cannot_show_is_not_answered() {
    let mut hand = Hand::new(Mode::Sim);
    hand.press("x");
    update(&mut hand.model, Msg::Resized(30, 6));
    assert_eq!(hand.press("y"), Vec::new());
    update(&mut hand.model, Msg::Resized(80, 24));
    assert_eq!(hand.press("y").len(), 1);
}

#[test]
fn the_end_of_the_run_asks_first() {
    for (keys, gap_ms, expect) in [
        ("q y", 100, Some(Leave::KeepAll)),
        ("q c", 400, Some(Leave::CancelOpenings)),
        ("q f", 400, Some(Leave::Flatten)),
        ("q f", 200, None),
        ("q c", 200, None),
        ("q q", 400, None),
        ("q enter", 400, None),
        ("q esc", 400, None),
        ("q Ctrl-c", 400, None),
        ("q Ctrl-f", 400, None),
    ] {
        let mut hand = Hand::new(Mode::Sim);
        let effects: Vec<Effect> = keys.split(' ').flat_map(|key| hand.after(gap_ms, key)).collect();
        assert_eq!(effects, expect.map(Effect::Quit).into_iter().collect::<Vec<_>>(), "{keys} {gap_ms}");
    }
}

#[test]
fn the_palette_sends_what_was_typed_and_remembers_it() {
    let mut hand = Hand::new(Mode::Sim);
    hand.press(":");
    // Fast typists and programs that type are no paste: the palette was open before.
    hand.at_ms += 50;
    for key in ["k", "i", "l", "l"] {
        hand.after(0, key);
    }
    assert_eq!(hand.after(0, "enter"), [Effect::Command("kill".to_owned())]);
    assert_eq!(hand.press("enter"), Vec::new(), "it waits for the answer");
    let answer = Msg::Answered { asker: Asker::Palette, exit: 0, words: Vec::new() };
    update(&mut hand.model, answer);
    hand.press("r i s k enter esc");
    hand.press(":");
    let line = |hand: &Hand| match &hand.model.popup {
        Some(Popup::Palette(palette)) => palette.line.text(),
        other => panic!("{other:?}"),
    };
    for (key, expect) in [("up", "risk"), ("up", "kill"), ("up", "kill"), ("down", "risk"), ("down", "")] {
        hand.press(key);
        assert_eq!(line(&hand), expect, "{key}");
    }
}

#[test]
fn the_kill_takes_questions_away_and_covers_what_lies_below() {
    let mut hand = Hand::new(Mode::Sim);
    hand.press("x");
    let kill = KillView { pulls: 1, tripped: true, ..KillView::default() };
    update(&mut hand.model, Msg::Kill(kill));
    assert_eq!((hand.press("y"), hand.model.popup.is_none()), (Vec::new(), true));
    assert_eq!(hand.press("x y X y c"), Vec::new(), "the overlay takes no such keys");
    assert_eq!(hand.notice(), words::HIDE_FIRST);
    hand.press("esc");
    assert!(hand.model.kill.tripped && !hand.model.shows_kill());
    assert_eq!(hand.press("x y").len(), 1, "the trader's own exits pass while it is halted");
}

#[test]
fn a_change_that_makes_an_order_larger_or_takes_it_far_is_asked_again() {
    // The third order is 40 IBM at 183.00.
    for (keys, asks) in [
        ("backspace backspace 3 0", false),
        ("backspace backspace 5 0", true),
        ("tab Ctrl-u 1 8 3 . 5", false),
        ("tab Ctrl-u 1 8 . 3", true),
    ] {
        let mut hand = Hand::new(Mode::Sim);
        hand.model.order = Some(hand.model.seen.as_ref().unwrap().snapshot.open_orders[2].id);
        hand.press("r");
        hand.press(keys);
        let effects = hand.press("enter");
        assert_eq!(effects.is_empty(), asks, "{keys}: {effects:?}");
        let confirmed = if asks { hand.press("y") } else { effects };
        assert!(matches!(confirmed[..], [Effect::Act(_, Act::Replace { .. })]), "{keys}: {confirmed:?}");
    }
}

#[test]
fn footer_and_help_name_the_keys_in_force() {
    let theme = Theme::of(ThemeName::Mono, Depth::None);
    for (state, part) in [(State::Usual, "B buy"), (State::Help, "B ")] {
        let mut model = scene::model(state, (200, 50), Screen::Trade, theme, false);
        model.keys = Keys::with([("buy", "B")]).unwrap();
        let lines = rows(&painted(&model));
        assert!(lines.iter().any(|line| line.contains(part)), "{state:?}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains(" b buy") || line.contains("║b ")), "{state:?}");
    }
    assert_eq!(Keys::default().of(crate::ui::keys::Action::Quit), "q Ctrl-c");
    assert!(Key::letter('q').writes().is_some());
}
