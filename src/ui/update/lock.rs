use ratatui::crossterm::event::KeyCode;

use crate::domain::mode::Mode;
use crate::ui::effect::{Effect, Trusted, Wish};
use crate::ui::hidden::Hidden;
use crate::ui::key::Key;
use crate::ui::keys::Action;
use crate::ui::model::{Lock, Model};
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::words;

/// The word that opens a window behind which no money is.
const WORD: &str = "unlock";

/// Hides what is the trader's own. What was about to be asked for is dropped.
pub(super) fn lock(model: &mut Model) {
    if model.lock.is_none() {
        model.popup = None;
        model.lock = Some(Lock::default());
    }
}

/// Nobody has touched anything for so long that nobody may be there.
pub(super) fn lock_if_idle(model: &mut Model) {
    let mode = model.seen.as_ref().map(|seen| seen.snapshot.mode);
    let after_ms = match mode {
        Some(Mode::Live) => Some(model.lock_after.live_ms),
        Some(Mode::Paper) => model.lock_after.paper_ms,
        Some(Mode::Sim) | None => None,
    };
    if after_ms.is_some_and(|after| model.now_ms.saturating_sub(model.hand_ms) >= after) {
        lock(model);
    }
}

/// A key while the window is locked: nothing but the line that opens it takes any. The kill's chord was acted on
/// before it could come here.
pub(super) fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    let is_live = model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live);
    let action = model.keys.action(key);
    if model.shows_kill() && action == Some(Action::Back) {
        model.kill_hidden = true;
        return Vec::new();
    }
    let Some(lock) = &mut model.lock else { return Vec::new() };
    if key == Key::ctrl('l') {
        return vec![Effect::Redraw];
    }
    if key.code != KeyCode::Enter {
        if !lock.waits {
            lock.typed.take(key);
        }
        return Vec::new();
    }
    if lock.waits || lock.typed.is_empty() {
        return Vec::new();
    }
    let typed = std::mem::take(&mut lock.typed);
    if is_live {
        lock.waits = true;
        lock.words.clear();
        let wish = Wish { passphrase: typed, ..Wish::default() };
        return vec![Effect::Trusted(Asker::Lock, Trusted::Unlock, wish)];
    }
    if typed.expose().trim() == WORD {
        open(model);
    } else {
        lock.words = vec![words::TYPE_UNLOCK.to_owned()];
    }
    Vec::new()
}

/// The machine's word on a passphrase.
pub(super) fn answered(model: &mut Model, exit: u8, said: Vec<String>) {
    match &mut model.lock {
        Some(_) if exit == 0 => open(model),
        Some(lock) => {
            (lock.waits, lock.typed, lock.words) = (false, Hidden::default(), said);
        }
        None => {}
    }
}

fn open(model: &mut Model) {
    model.lock = None;
    model.hand_ms = model.now_ms;
    model.say(Weight::Info, words::UNLOCKED);
}
