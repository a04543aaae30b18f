use ratatui::crossterm::event::KeyCode;

use crate::ui::effect::{Effect, Trusted, Wish};
use crate::ui::key::Key;
use crate::ui::model::{Model, Popup, Who, WhoField};
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::words;

/// Opens the form in which the trader shows who he is.
pub(super) fn ask(model: &mut Model, asks: Trusted, reason: String) {
    let Some(seen) = &model.seen else {
        return model.say(Weight::Warning, words::STARTING);
    };
    let mut fields = Vec::new();
    if asks == Trusted::Arm {
        fields.push(WhoField::Account);
    }
    fields.push(WhoField::Passphrase);
    if seen.about.asks_for_a_code {
        fields.push(WhoField::Code);
    }
    let wish = Wish { reason, ..Wish::default() };
    model.popup =
        Some(Popup::Who(Box::new(Who { asks, fields, at: 0, wish, waits: false, words: Vec::new() })));
}

/// A key in the form: Enter goes to the next field, and from the last one to the machine.
pub(super) fn press(model: &mut Model, key: Key, mut who: Box<Who>) -> Vec<Effect> {
    let last = who.fields.len().saturating_sub(1);
    let mut effects = Vec::new();
    match key.code {
        KeyCode::Esc => {
            model.say(Weight::Info, words::NOT_DONE);
            return effects;
        }
        _ if who.waits => {}
        KeyCode::Enter if who.fields.get(who.at).is_some_and(|field| who.wish.field(*field).is_empty()) => {
            who.words = vec![words::FILL_EVERY_FIELD.to_owned()];
        }
        KeyCode::Enter | KeyCode::Tab | KeyCode::Down if who.at < last => who.at += 1,
        KeyCode::BackTab | KeyCode::Up => who.at = who.at.saturating_sub(1),
        KeyCode::Enter => {
            let is_whole = who.fields.iter().all(|field| !who.wish.field(*field).is_empty());
            if is_whole {
                (who.waits, who.words) = (true, Vec::new());
                effects.push(Effect::Trusted(Asker::Who, who.asks, who.wish.clone()));
            } else {
                who.words = vec![words::FILL_EVERY_FIELD.to_owned()];
            }
        }
        _ => {
            let at = who.at;
            if let Some(field) = who.fields.get(at).copied() {
                who.wish.field_mut(field).take(key);
            }
        }
    }
    model.popup = Some(Popup::Who(who));
    effects
}

/// Text that was pasted into the form.
pub(super) fn paste(who: &mut Who, text: &str) {
    if let Some(field) = who.fields.get(who.at).copied().filter(|_| !who.waits) {
        who.wish.field_mut(field).paste(text);
    }
}

/// The machine's word on it. What was typed is gone either way.
pub(super) fn answered(model: &mut Model, exit: u8, said: Vec<String>) {
    let said = if said.is_empty() { vec![words::DONE.to_owned()] } else { said };
    match &mut model.popup {
        Some(Popup::Who(who)) if exit != 0 => {
            who.wish = Wish { reason: std::mem::take(&mut who.wish.reason), ..Wish::default() };
            (who.waits, who.at, who.words) = (false, 0, said);
        }
        Some(Popup::Who(_)) => {
            model.popup = None;
            model.say(Weight::Info, said.join(" · "));
        }
        _ => model.say(if exit == 0 { Weight::Info } else { Weight::Warning }, said.join(" · ")),
    }
}
