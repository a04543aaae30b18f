use ratatui::crossterm::event::KeyCode;

use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::keys::Action;
use crate::ui::layout::Size;
use crate::ui::model::{Burst, Model, Palette, Pane, Popup, Screen};
use crate::ui::seen::Weight;
use crate::ui::update::act;
use crate::ui::update::lock;
use crate::ui::update::popups;
use crate::ui::update::ticket;
use crate::ui::words;

/// Signs that come faster than this one after the other are nobody's fingers.
const BURST_GAP_MS: u64 = 12;
/// After so many of them nothing is taken any more.
const BURST_MAX: u32 = 3;
/// Until there was a pause of this length.
const BURST_OVER_MS: u64 = 150;

/// Takes a key to whatever has the focus.
pub(super) fn press(model: &mut Model, key: Key, at_ms: u64) -> Vec<Effect> {
    model.now_ms = model.now_ms.max(at_ms);
    let burst = note_burst(model, at_ms);
    if model.lock.is_some() {
        return lock::press(model, key);
    }
    // The kill's report lies over the wizard, which waits below it.
    let is_below = matches!(model.popup, Some(Popup::Wizard(_))) && model.shows_kill();
    if model.popup.is_some() && !is_below {
        return popups::press(model, key);
    }
    if is_below {
        if model.keys.action(key) == Some(Action::Back) {
            model.kill_hidden = true;
        }
        return Vec::new();
    }
    if types_into_ticket(model) {
        return ticket::press(model, key, burst.count > 0);
    }
    if burst.count >= BURST_MAX {
        model.say(Weight::Warning, words::BURST_IGNORED);
        return Vec::new();
    }
    let asked = model.keys.action(key);
    if model.shows_kill() {
        return over_the_kill(model, asked);
    }
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && !key.ctrl
        && !key.alt
    {
        go_to(model, digit);
        return Vec::new();
    }
    asked.map_or_else(Vec::new, |action| act::act(model, action, key))
}

/// Whether keys go into the ticket's fields.
pub(super) fn types_into_ticket(model: &Model) -> bool {
    model.ticket.is_some() && model.pane == Pane::Ticket && !model.shows_kill()
}

/// While the kill's overlay is up, what lies below it takes no orders from keys.
fn over_the_kill(model: &mut Model, asked: Option<Action>) -> Vec<Effect> {
    match asked {
        Some(Action::Back) => model.kill_hidden = true,
        Some(Action::Palette) => model.popup = Some(Popup::Palette(Palette::default())),
        Some(Action::Help) => model.popup = Some(Popup::Help(0)),
        Some(Action::Quit) => model.popup = Some(Popup::Quit(model.now_ms)),
        Some(Action::Redraw) => return vec![Effect::Redraw],
        Some(_) => model.say(Weight::Info, words::HIDE_FIRST),
        None => {}
    }
    Vec::new()
}

/// Counts presses that come faster than fingers; the count starts again after a pause.
fn note_burst(model: &mut Model, at_ms: u64) -> Burst {
    let gap = at_ms.saturating_sub(model.burst.last_ms);
    let swallowing = model.burst.count >= BURST_MAX && gap < BURST_OVER_MS;
    let count = if swallowing || gap < BURST_GAP_MS { model.burst.count.saturating_add(1) } else { 0 };
    // The first key of all has nothing before it.
    let count = if model.burst == Burst::default() && at_ms == 0 { 0 } else { count };
    model.burst = Burst { last_ms: at_ms, count };
    model.burst
}

/// The pane or the tab of a number; 0 is the security page everywhere.
fn go_to(model: &mut Model, digit: char) {
    if digit == '0' {
        return act::show(model, Screen::Security);
    }
    let index = digit as usize - '1' as usize;
    if matches!(model.shape(), Size::Full | Size::Columns) {
        match Pane::ALL.get(index) {
            Some(Pane::Ticket) if model.ticket.is_none() => {
                model.say(Weight::Info, words::NO_TICKET);
            }
            Some(pane) => {
                model.screen = Screen::Trade;
                model.pane = *pane;
                // A pane without a place here has the screen to itself.
                if !act::panes(model).contains(pane) {
                    act::open(model);
                }
            }
            None => model.screen = Screen::Risk,
        }
    } else if let Some(screen) = Screen::ALL.get(index) {
        act::show(model, *screen);
    }
}
