use ratatui::crossterm::event::KeyCode;

use crate::domain::mode::Mode;
use crate::engine::event::Act;
use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::keys::Action;
use crate::ui::model::{Confirm, Model, Popup, Word};
use crate::ui::msg::Asker;
use crate::ui::queue::{Queue, QueueField};
use crate::ui::seen::Weight;
use crate::ui::update::popups::is_meant;
use crate::ui::update::rows::moved;
use crate::ui::update::ticket;
use crate::ui::words;

/// Opens the queue, its oldest question chosen.
pub(super) fn open(model: &mut Model) {
    let first = model.seen.as_ref().and_then(|seen| seen.snapshot.asks.first()).map(|ask| ask.number);
    match first {
        None => model.say(Weight::Info, words::NOTHING_ASKS),
        Some(_) => model.popup = Some(Popup::Queue(Box::new(Queue::with(first, model.now_ms)))),
    }
}

/// A key in the queue. Letters and digits mean what they mean here, whatever they mean elsewhere.
pub(super) fn press(model: &mut Model, key: Key, mut queue: Box<Queue>) -> Vec<Effect> {
    let plain = |letter: char| key == Key::letter(letter);
    let mut effects = Vec::new();
    match key.code {
        KeyCode::Esc => return effects,
        KeyCode::Enter => effects.extend(yes(model, key, &mut queue)),
        KeyCode::Char('n' | 'x') if plain('n') || plain('x') => effects.extend(no(model, &mut queue)),
        KeyCode::Char('q') if plain('q') => queue.field = QueueField::Qty,
        KeyCode::Char('l') if plain('l') => queue.field = QueueField::Limit,
        KeyCode::Tab | KeyCode::BackTab => {
            queue.field = match queue.field {
                QueueField::Qty => QueueField::Limit,
                QueueField::Limit => QueueField::Qty,
            };
        }
        _ if writes(key) => type_into(&mut queue, key),
        _ => match model.keys.action(key) {
            Some(Action::Asks | Action::Back) => return effects,
            Some(Action::Down) => step(model, &mut queue, 1),
            Some(Action::Up) => step(model, &mut queue, -1),
            Some(Action::First) => step(model, &mut queue, i64::MIN),
            Some(Action::Last) => step(model, &mut queue, i64::MAX),
            Some(Action::Redraw) => effects.push(Effect::Redraw),
            _ => {}
        },
    }
    // With real money the review lies in its place.
    if model.popup.is_none() {
        model.popup = Some(Popup::Queue(queue));
    }
    effects
}

/// Whether a key belongs to a figure that is being typed.
fn writes(key: Key) -> bool {
    let digit = key.writes().is_some_and(|letter| letter.is_ascii_digit() || letter == '.');
    let edits = matches!(key.code, KeyCode::Backspace | KeyCode::Delete | KeyCode::Left | KeyCode::Right);
    digit || edits || key == Key::ctrl('u')
}

fn type_into(queue: &mut Queue, key: Key) {
    if queue.chosen.is_some() && queue.line().take(key) {
        queue.words.clear();
    }
}

fn step(model: &Model, queue: &mut Queue, rows: i64) {
    let Some(seen) = &model.seen else { return };
    let all: Vec<u64> = queue.waiting(seen).map(|ask| ask.number).collect();
    let to = moved(&all, queue.chosen, rows);
    if to != queue.chosen {
        queue.choose(to);
    }
}

/// The chosen question may go, with what the trader changed. In sim and paper this is the review: the whole order is
/// in sight, and has been for long enough to be read. With real money it is asked again, as every order is.
fn yes(model: &mut Model, key: Key, queue: &mut Queue) -> Option<Effect> {
    if !is_meant(model, queue.since_ms) {
        return None;
    }
    let Some(seen) = &model.seen else { return None };
    let Some(ask) = queue.ask(seen) else {
        queue.words = vec![words::CHOOSE_A_QUESTION.to_owned()];
        return None;
    };
    let number = ask.number;
    let (intent, changes) = match (queue.intent(ask), queue.changes()) {
        (Ok(intent), Ok(changes)) => (intent, changes),
        (Err(fault), _) | (_, Err(fault)) => {
            queue.words = vec![fault];
            return None;
        }
    };
    let preview = seen.preview.as_ref().filter(|preview| preview.intent == intent);
    if let Some(refusal) = preview.and_then(|preview| preview.decision.refusal()) {
        // The question is not used up by an order that would not pass: it can be changed, or turned down.
        queue.words = vec![words::not_sent(refusal)];
        return None;
    }
    let (qty, limit) = changes;
    let effect = Effect::Act(Asker::Key, Act::Answer { number, yes: true, qty, limit });
    if seen.snapshot.mode != Mode::Live {
        queue.answer(number);
        return Some(effect);
    }
    let reasons = ticket::reasons_to_ask(seen, &intent, preview);
    let word = (!reasons.is_empty()).then(|| Word::of(&intent.qty.to_string()));
    let mut lines = vec![words::asked_by(&ask.name, &intent)];
    lines.extend(reasons);
    let (started_by, since_ms) = (Some(key), model.now_ms);
    model.popup = Some(Popup::Confirm(Confirm { lines, effect, started_by, since_ms, word }));
    None
}

/// The chosen question is turned down: that makes no risk larger, and needs no second word.
fn no(model: &Model, queue: &mut Queue) -> Option<Effect> {
    let number = queue.ask(model.seen.as_ref()?)?.number;
    if !is_meant(model, queue.since_ms) {
        return None;
    }
    queue.answer(number);
    Some(Effect::Act(Asker::Key, Act::Answer { number, yes: false, qty: None, limit: None }))
}

/// A question that is over is chosen no more, and what was asked about it is asked no more.
pub(super) fn forget_what_is_over(model: &mut Model) {
    let Some(seen) = &model.seen else { return };
    let waits = |number: u64| seen.snapshot.asks.iter().any(|ask| ask.number == number);
    match &mut model.popup {
        Some(Popup::Queue(queue)) => {
            queue.answered.retain(|number| waits(*number));
            if let Some(number) = queue.chosen.filter(|number| !waits(*number)) {
                queue.choose(None);
                queue.words = vec![words::question_over(number)];
            }
        }
        Some(Popup::Confirm(Confirm { effect: Effect::Act(_, Act::Answer { number, .. }), .. }))
            if !waits(*number) =>
        {
            let over = words::question_over(*number);
            model.popup = None;
            model.say(Weight::Warning, over);
        }
        _ => {}
    }
}
