use ratatui::crossterm::event::KeyCode;

use crate::ui::effect::{Effect, Leave};
use crate::ui::key::Key;
use crate::ui::keys::Action;
use crate::ui::layout::Size;
use crate::ui::line::Line;
use crate::ui::model::{Confirm, Model, Palette, Pane, Popup, Screen};
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::update::{queue, review, who, wizard};
use crate::ui::words;

/// A word given sooner than this was meant for something else.
const READ_MS: u64 = 300;
/// Lines that the palette remembers.
const HISTORY_MAX: usize = 100;

/// A key while something lies over the screen.
pub(super) fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    match model.popup.take() {
        None => Vec::new(),
        Some(Popup::Help(from)) => {
            model.popup = help(model, key, from);
            Vec::new()
        }
        Some(Popup::Palette(palette)) => in_palette(model, key, palette),
        Some(Popup::Find(line)) => {
            find(model, key, line);
            Vec::new()
        }
        Some(Popup::Confirm(confirm)) => in_confirm(model, key, confirm),
        Some(Popup::Quit(since_ms)) => in_quit(model, key, since_ms),
        Some(Popup::Queue(asks)) => queue::press(model, key, asks),
        Some(Popup::Review(script)) => review::press(model, key, script),
        Some(Popup::Who(asked)) => who::press(model, key, asked),
        Some(Popup::Wizard(wizard)) => wizard::press(model, key, wizard),
    }
}

fn help(model: &Model, key: Key, from: u16) -> Option<Popup> {
    match model.keys.action(key) {
        Some(Action::Back | Action::Help | Action::Quit | Action::Open) => None,
        Some(Action::Down) => Some(Popup::Help(from.saturating_add(1))),
        Some(Action::Up) => Some(Popup::Help(from.saturating_sub(1))),
        Some(Action::FarDown) => Some(Popup::Help(from.saturating_add(10))),
        Some(Action::FarUp) => Some(Popup::Help(from.saturating_sub(10))),
        Some(Action::First) => Some(Popup::Help(0)),
        _ => Some(Popup::Help(from)),
    }
}

fn in_palette(model: &mut Model, key: Key, mut palette: Palette) -> Vec<Effect> {
    let mut effects = Vec::new();
    match key.code {
        KeyCode::Esc => return effects,
        KeyCode::Enter if palette.waits => {}
        KeyCode::Enter if came_with_its_opener(model, &palette) => {
            palette.words = vec![words::HASTY_COMMAND.to_owned()];
        }
        KeyCode::Enter => {
            // Whoever types the colon once more means the same.
            let line = palette.line.text().trim().trim_start_matches(':').trim_start().to_owned();
            if line.is_empty() {
                return effects;
            }
            model.history.retain(|known| *known != line);
            model.history.push(line.clone());
            if model.history.len() > HISTORY_MAX {
                model.history.remove(0);
            }
            palette = Palette { waits: true, words: Vec::new(), back: 0, ..palette };
            effects.push(Effect::Command(line));
        }
        KeyCode::Up | KeyCode::Down => {
            let most = model.history.len();
            let back =
                if key.code == KeyCode::Up { palette.back + 1 } else { palette.back.saturating_sub(1) };
            palette.back = back.min(most);
            let kept = most.checked_sub(palette.back).and_then(|at| model.history.get(at));
            palette.line = Line::new(kept.map_or("", String::as_str));
        }
        _ => {
            palette.line.take(key);
        }
    }
    model.popup = Some(Popup::Palette(palette));
    effects
}

fn find(model: &mut Model, key: Key, mut line: Line) {
    match key.code {
        KeyCode::Esc => {}
        KeyCode::Enter => found(model, line.text().trim()),
        _ => {
            line.take(key);
            model.popup = Some(Popup::Find(line));
        }
    }
}

/// A symbol of the feed is gone to; in the log, everything else is a filter.
fn found(model: &mut Model, text: &str) {
    let symbol = text.to_uppercase().parse().ok().filter(|symbol| model.market(*symbol).is_some());
    let in_log = model.pane == Pane::Log || model.screen == Screen::Log;
    match symbol {
        Some(symbol) if !in_log => model.symbol = Some(symbol),
        _ if in_log || text.is_empty() => {
            text.clone_into(&mut model.filter);
            model.log_back = 0;
        }
        _ => model.say(Weight::Warning, format!("the feed has no {}", text.to_uppercase())),
    }
}

fn in_confirm(model: &mut Model, key: Key, mut confirm: Confirm) -> Vec<Effect> {
    let since_ms = confirm.since_ms;
    let is_word = match &mut confirm.word {
        None => key == Key::letter('y') && confirm.started_by != Some(key),
        Some(word) if key.code == KeyCode::Enter => {
            let is_it = word.line.text().trim() == word.wanted;
            if !is_it && !word.line.is_empty() {
                word.line = Line::default();
                model.popup = Some(Popup::Confirm(confirm));
                return Vec::new();
            }
            is_it
        }
        Some(word) => {
            word.line.take(key);
            false
        }
    };
    let leaves = match key.code {
        KeyCode::Esc | KeyCode::Enter => !is_word,
        KeyCode::Char('n' | 'N') => confirm.word.is_none(),
        _ => false,
    };
    if leaves {
        model.say(Weight::Info, words::NOT_DONE);
        return Vec::new();
    }
    if is_word && is_meant(model, since_ms) {
        if let Effect::Act(Asker::Ticket(number), _) = &confirm.effect
            && let Some(ticket) = model.ticket.as_mut().filter(|ticket| ticket.number == *number)
        {
            ticket.sent = true;
        }
        return vec![confirm.effect];
    }
    model.popup = Some(Popup::Confirm(confirm));
    Vec::new()
}

/// Whether the key answers what is asked: pressed by itself, by its own time and not by the window's
/// clock, once the question could be read, and where it is in sight.
pub(super) fn is_meant(model: &Model, since_ms: u64) -> bool {
    let pressed_ms = model.burst.last_ms;
    !is_hasty(model) && pressed_ms >= since_ms.saturating_add(READ_MS) && model.shape() != Size::Tiny
}

/// Whether the key came faster than fingers after the one before, as in a paste.
const fn is_hasty(model: &Model) -> bool {
    model.burst.count > 0
}

/// Whether the whole line came in one breath with the key that opened the palette: then it was pasted
/// where nothing is typed, and nobody has read it.
fn came_with_its_opener(model: &Model, palette: &Palette) -> bool {
    let signs = palette.line.text().chars().count();
    usize::try_from(model.burst.count).unwrap_or(usize::MAX) > signs
}

fn in_quit(model: &mut Model, key: Key, since_ms: u64) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc | KeyCode::Enter | KeyCode::Char('n') => return Vec::new(),
        // To leave everything as it is needs no second thought, but a paste must not end the run.
        KeyCode::Char('y') if key == Key::letter('y') && !is_hasty(model) => {
            return vec![Effect::Quit(Leave::KeepAll)];
        }
        KeyCode::Char('c') if key == Key::letter('c') && is_meant(model, since_ms) => {
            return vec![Effect::Quit(Leave::CancelOpenings)];
        }
        KeyCode::Char('f') if key == Key::letter('f') && is_meant(model, since_ms) => {
            return vec![Effect::Quit(Leave::Flatten)];
        }
        _ => {}
    }
    model.popup = Some(Popup::Quit(since_ms));
    Vec::new()
}
