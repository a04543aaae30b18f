use crate::domain::mode::Mode;
use crate::ui::effect::Effect;
use crate::ui::fixture;
use crate::ui::model::{Model, Popup};
use crate::ui::msg::{Asker, KillView, Msg};
use crate::ui::proofs::scene::{key, painted, rows};
use crate::ui::theme::{Depth, Theme, ThemeName};
use crate::ui::update::update;
use crate::ui::wizard::{Page, Wizard, WizardAsks};
use crate::ui::words;

struct Steps(Model, u64);

impl Steps {
    fn new(mode: Mode) -> Self {
        let mut model = fixture::model((80, 24), Theme::of(ThemeName::Okabe, Depth::True), false);
        model.seen.as_mut().unwrap().snapshot.mode = mode;
        model.seen.as_mut().unwrap().limits = crate::risk::limits::Limits::default();
        let at_ms = model.now_ms;
        let mut steps = Self(model, at_ms);
        steps.press("w");
        steps
    }

    fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in keys.split(' ') {
            self.1 += 400;
            effects.extend(update(&mut self.0, Msg::Key(key(name), self.1)));
        }
        effects
    }

    fn answer(&mut self, exit: u8, said: &str) {
        update(&mut self.0, Msg::Answered { asker: Asker::Wizard, exit, words: vec![said.to_owned()] });
    }

    fn wizard(&self) -> &Wizard {
        match &self.0.popup {
            Some(Popup::Wizard(wizard)) => wizard,
            other => panic!("{other:?}"),
        }
    }

    fn shown(&self) -> String {
        rows(&painted(&self.0)).join("\n")
    }
}

#[test]
fn the_wizard_leads_from_the_look_to_a_config_and_the_kill_is_pulled_on_the_way() {
    let mut steps = Steps::new(Mode::Sim);
    steps.press("right a");
    assert_eq!((steps.0.theme.name, steps.0.ascii), (ThemeName::Classic, true));
    steps.press("a enter");
    // A bad limit holds the page, and the fault is named.
    steps.press("Ctrl-u 5 0 enter enter enter enter");
    assert_eq!(steps.wizard().page, Page::Limits);
    assert!(steps.wizard().words[0].contains("max_daily_loss_pct"), "{:?}", steps.wizard().words);
    steps.press("up up up Ctrl-u 1 . 5 enter enter enter 2 5 0 0 enter");
    assert_eq!(steps.wizard().page, Page::Keys);
    steps.press("i d enter");
    assert_eq!(steps.press("enter"), Vec::new(), "half a pair is none");
    assert_eq!(steps.wizard().words, [words::BOTH_KEYS]);
    let asked = steps.press("enter s e c r e t enter");
    let [Effect::Wizard(Asker::Wizard, WizardAsks::Keys { id, secret })] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!((id.expose(), secret.expose()), ("id", "secret"));
    assert!(!steps.shown().contains("secret ") || !steps.shown().contains("secret secret"));
    steps.answer(5, "the broker does not take these keys");
    assert_eq!(steps.wizard().page, Page::Keys);
    assert_eq!(steps.press("enter"), Vec::new(), "what was typed is gone, so none are kept");
    assert_eq!(steps.wizard().page, Page::Kill);
    assert_eq!(steps.press("enter"), Vec::new());
    assert_eq!(steps.wizard().words, [words::PULL_IT_ONCE]);
    update(&mut steps.0, Msg::Kill(KillView { pulls: 1, tripped: true, ..KillView::default() }));
    assert!(steps.shown().contains("Openings are locked") && !steps.shown().contains("Wizard"));
    assert_eq!(steps.press("y enter x"), Vec::new(), "the report lies over it");
    steps.press("esc");
    assert!(steps.shown().contains("That was it"), "{}", steps.shown());
    let asked = steps.press("enter");
    assert!(matches!(asked[..], [Effect::Wizard(_, WizardAsks::Rearm)]), "{asked:?}");
    update(&mut steps.0, Msg::Kill(KillView { pulls: 1, ..KillView::default() }));
    steps.answer(0, "re-armed");
    steps.press("enter");
    assert_eq!(steps.wizard().page, Page::Write);
    let asked = steps.press("enter");
    let [Effect::Wizard(_, WizardAsks::Write(wishes))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(wishes.limits.max_daily_loss_pct.unwrap().to_string(), "1.5");
    assert_eq!(wishes.limits.max_order_usd.unwrap().exact(), "2500");
    assert_eq!((wishes.theme, wishes.ascii), (ThemeName::Classic, false));
    steps.answer(0, "written");
    assert!(steps.shown().contains("written"));
    steps.press("enter");
    assert!(steps.0.popup.is_none());
}

#[test]
fn with_real_money_the_wizard_rehearses_no_kill_and_esc_goes_back_page_by_page() {
    let mut steps = Steps::new(Mode::Live);
    steps.press("enter enter enter enter enter enter enter");
    assert_eq!(steps.wizard().page, Page::Kill);
    assert!(steps.shown().contains("not with real money"));
    steps.press("enter");
    assert_eq!(steps.wizard().page, Page::Write);
    for page in [Page::Kill, Page::Keys, Page::Limits, Page::Look] {
        steps.press("esc");
        assert_eq!(steps.wizard().page, page);
    }
    steps.press("esc");
    assert!(steps.0.popup.is_none());
}
