use ratatui::crossterm::event::KeyCode;

use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::keys::Action;
use crate::ui::line::Line;
use crate::ui::model::{Model, Popup};
use crate::ui::review::{APPROVE, Review, ReviewAsks, ScriptView};
use crate::ui::seen::Weight;
use crate::ui::update::popups::is_meant;
use crate::ui::view::review::room;
use crate::ui::words;

/// Rows that a far step scrolls.
const FAR: i64 = 10;

/// Opens the selected strategy's script; it is read aside.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let Some(strategy) = model.strategy else {
        model.say(Weight::Info, words::SELECT_A_STRATEGY);
        return Vec::new();
    };
    model.popup = Some(Popup::Review(Box::new(Review::of(strategy, model.now_ms))));
    vec![Effect::Review(ReviewAsks::Read { strategy })]
}

/// A key while a script is read: it scrolls, or is a letter of the word that approves it.
pub(super) fn press(model: &mut Model, key: Key, mut review: Box<Review>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let plain = |letter: char| key == Key::letter(letter);
    match key.code {
        KeyCode::Esc => return effects,
        KeyCode::Enter => effects.extend(enter(model, &mut review)),
        KeyCode::Down => scroll(model, &mut review, 1),
        KeyCode::Up => scroll(model, &mut review, -1),
        KeyCode::PageDown => scroll(model, &mut review, FAR),
        KeyCode::PageUp => scroll(model, &mut review, -FAR),
        KeyCode::Home => scroll(model, &mut review, i64::MIN),
        KeyCode::End => scroll(model, &mut review, i64::MAX),
        KeyCode::Char('j') if plain('j') => scroll(model, &mut review, 1),
        KeyCode::Char('k') if plain('k') => scroll(model, &mut review, -1),
        KeyCode::Char('g') if plain('g') => scroll(model, &mut review, i64::MIN),
        KeyCode::Char('G') if plain('G') => scroll(model, &mut review, i64::MAX),
        _ => match model.keys.action(key) {
            Some(Action::FarDown) => scroll(model, &mut review, FAR),
            Some(Action::FarUp) => scroll(model, &mut review, -FAR),
            Some(Action::Redraw) => effects.push(Effect::Redraw),
            _ if is_open(&review) => {
                review.typed.take(key);
            }
            _ => {}
        },
    }
    model.popup = Some(Popup::Review(review));
    effects
}

/// Whether the word that approves it can be typed.
fn is_open(review: &Review) -> bool {
    !review.waits && review.script.as_ref().is_some_and(|script| script.approvable)
}

fn scroll(model: &Model, review: &mut Review, rows: i64) {
    let most = i64::try_from(room(model, review)).unwrap_or(0);
    let from = i64::try_from(review.from).unwrap_or(0).saturating_add(rows).clamp(0, most);
    review.from = usize::try_from(from).unwrap_or(0);
}

fn enter(model: &Model, review: &mut Review) -> Option<Effect> {
    if !is_open(review) || !is_meant(model, review.since_ms) || review.typed.is_empty() {
        return None;
    }
    let typed = std::mem::take(&mut review.typed);
    if typed.text().trim() != APPROVE {
        review.words = vec![words::TYPE_APPROVE.to_owned()];
        return None;
    }
    let sha256 = review.script.as_ref()?.sha256.clone();
    (review.waits, review.words) = (true, Vec::new());
    Some(Effect::Review(ReviewAsks::Approve { strategy: review.strategy, sha256 }))
}

/// The script as it was read. Whoever looks at something else by now did not ask for it any more.
pub(super) fn came(model: &mut Model, script: ScriptView) {
    let now_ms = model.now_ms;
    if let Some(Popup::Review(review)) = &mut model.popup
        && review.strategy == script.strategy
    {
        // Other bytes than before are to be read from their beginning.
        if review.script.as_ref().is_none_or(|shown| shown.sha256 != script.sha256) {
            (review.from, review.since_ms) = (0, now_ms);
        }
        (review.waits, review.typed) = (false, Line::default());
        review.script = Some(script);
    }
}

/// What came of reading or approving it.
pub(super) fn answered(model: &mut Model, exit: u8, said: Vec<String>) {
    let said = if said.is_empty() { vec![words::DONE.to_owned()] } else { said };
    match &mut model.popup {
        Some(Popup::Review(review)) => (review.waits, review.words) = (false, said),
        _ => model.say(if exit == 0 { Weight::Info } else { Weight::Warning }, said.join(" · ")),
    }
}
