use ratatui::crossterm::event::KeyCode;

use crate::domain::mode::Mode;
use crate::ui::effect::Effect;
use crate::ui::hidden::Hidden;
use crate::ui::key::Key;
use crate::ui::model::{Model, Popup};
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::theme::{Theme, ThemeName};
use crate::ui::wizard::{LIMITS, Page, Wishes, Wizard, WizardAsks};
use crate::ui::words;

/// Opens the first page.
pub(super) fn open(model: &mut Model) {
    let Some(seen) = &model.seen else {
        return model.say(Weight::Warning, words::STARTING);
    };
    let wizard = Wizard::new(&seen.limits, model.theme.name);
    model.popup = Some(Popup::Wizard(Box::new(wizard)));
}

/// A key on a page: Enter goes on once the page is as it should be, Esc goes back, and from the first page out.
pub(super) fn press(model: &mut Model, key: Key, mut wizard: Box<Wizard>) -> Vec<Effect> {
    let mut effects = Vec::new();
    match key.code {
        KeyCode::Esc => match wizard.page.step(false) {
            Some(page) if !wizard.is_done => go_to(model, &mut wizard, page),
            _ => {
                model.say(Weight::Info, words::WIZARD_LEFT);
                return effects;
            }
        },
        _ if wizard.waits => {}
        KeyCode::Enter if wizard.is_done => return effects,
        KeyCode::Enter => effects.extend(enter(model, &mut wizard)),
        KeyCode::Tab | KeyCode::Down => wizard.field = (wizard.field + 1) % fields(wizard.page).max(1),
        KeyCode::BackTab | KeyCode::Up => wizard.field = wizard.field.saturating_sub(1),
        KeyCode::Left | KeyCode::Right if wizard.page == Page::Look => {
            turn_colours(model, &mut wizard, key.code == KeyCode::Right);
        }
        KeyCode::Char('a') if wizard.page == Page::Look => model.ascii = !model.ascii,
        _ => type_into(&mut wizard, key),
    }
    model.popup = Some(Popup::Wizard(wizard));
    effects
}

/// Text that was pasted: keys are mostly pasted.
pub(super) fn paste(wizard: &mut Wizard, text: &str) {
    match wizard.page {
        Page::Limits => wizard.limits[wizard.field.min(LIMITS.len() - 1)].paste(text),
        Page::Keys => wizard.keys[wizard.field.min(1)].paste(text),
        Page::Look | Page::Kill | Page::Write => {}
    }
}

const fn fields(page: Page) -> usize {
    match page {
        Page::Limits => LIMITS.len(),
        Page::Keys => 2,
        Page::Look | Page::Kill | Page::Write => 0,
    }
}

fn type_into(wizard: &mut Wizard, key: Key) {
    match wizard.page {
        Page::Limits => drop(wizard.limits[wizard.field.min(LIMITS.len() - 1)].take(key)),
        Page::Keys => wizard.keys[wizard.field.min(1)].take(key),
        Page::Look | Page::Kill | Page::Write => {}
    }
}

fn turn_colours(model: &mut Model, wizard: &mut Wizard, forward: bool) {
    let all = ThemeName::ALL;
    let place = all.iter().position(|name| *name == wizard.theme).unwrap_or(0);
    let step = if forward { 1 } else { all.len() - 1 };
    wizard.theme = all[(place + step) % all.len()];
    model.theme = Theme::of(wizard.theme, model.theme.depth);
}

fn go_to(model: &Model, wizard: &mut Wizard, page: Page) {
    (wizard.page, wizard.field, wizard.words) = (page, 0, Vec::new());
    wizard.pulls = model.kill.pulls;
}

fn enter(model: &Model, wizard: &mut Wizard) -> Option<Effect> {
    let last_field = fields(wizard.page).saturating_sub(1);
    let asks = |asks| Some(Effect::Wizard(Asker::Wizard, asks));
    match wizard.page {
        Page::Limits | Page::Keys if wizard.field < last_field => wizard.field += 1,
        Page::Look => go_to(model, wizard, Page::Limits),
        Page::Limits => match wizard.typed_limits() {
            Ok(_) => go_to(model, wizard, Page::Keys),
            Err(faults) => wizard.words = faults,
        },
        Page::Keys if wizard.keys.iter().all(Hidden::is_empty) => go_to(model, wizard, Page::Kill),
        Page::Keys if wizard.keys.iter().any(Hidden::is_empty) => {
            (wizard.field, wizard.words) = (0, vec![words::BOTH_KEYS.to_owned()]);
        }
        Page::Keys => {
            (wizard.waits, wizard.words) = (true, Vec::new());
            let [id, secret] = std::mem::take(&mut wizard.keys);
            return asks(WizardAsks::Keys { id, secret });
        }
        Page::Kill if is_live(model) || wizard.rehearsed => go_to(model, wizard, Page::Write),
        Page::Kill if model.kill.tripped && model.kill.pulls > wizard.pulls => {
            wizard.waits = true;
            return asks(WizardAsks::Rearm);
        }
        Page::Kill => wizard.words = vec![words::PULL_IT_ONCE.to_owned()],
        Page::Write => {
            let Ok(limits) = wizard.typed_limits() else {
                go_to(model, wizard, Page::Limits);
                return None;
            };
            wizard.waits = true;
            let wishes = Wishes { limits, theme: wizard.theme, ascii: model.ascii };
            return asks(WizardAsks::Write(Box::new(wishes)));
        }
    }
    None
}

fn is_live(model: &Model) -> bool {
    model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live)
}

/// What came of what the wizard asked for.
pub(super) fn answered(model: &mut Model, exit: u8, said: Vec<String>) {
    let pulls = model.kill.pulls;
    let Some(Popup::Wizard(wizard)) = &mut model.popup else {
        return model.say(Weight::Info, said.join(" · "));
    };
    wizard.waits = false;
    match (wizard.page, exit) {
        (Page::Keys, 0) => {
            (wizard.keys_said, wizard.page) = (Some(said.join("; ")), Page::Kill);
            (wizard.field, wizard.pulls, wizard.words) = (0, pulls, Vec::new());
        }
        // What is said besides is that strategies stay paused, and how they go on.
        (Page::Kill, 0) => (wizard.rehearsed, wizard.words) = (true, said.into_iter().skip(1).collect()),
        (Page::Write, _) => (wizard.is_done, wizard.words) = (exit == 0, said),
        _ => wizard.words = said,
    }
}
