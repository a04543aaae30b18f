/// What a key asks for, done.
mod act;
/// Answers of the machine.
mod answer;
/// What live lets through without a confirmation.
mod live;
/// A window that hides what is the trader's own.
mod lock;
/// What the mouse chooses.
mod mouse;
/// Keys inside popups.
mod popups;
/// Where a key goes.
mod press;
/// Openings that wait for the trader's yes.
mod queue;
/// A strategy's script, read and approved.
mod review;
/// Rows chosen by what they are, never by where they stand.
mod rows;
/// Keys inside the ticket, and its way to the machine.
mod ticket;
/// The trader shows who he is.
mod who;
/// The first steps.
mod wizard;

use crate::ui::effect::Effect;
use crate::ui::model::{Model, Popup};
use crate::ui::msg::{KillView, Msg};
use crate::ui::seen::{Seen, Weight};
use crate::ui::words;

/// How long something is said in the last line, in milliseconds.
const NOTICE_MS: u64 = 8_000;

/// Takes one message in; gives what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key, at_ms) => {
            model.hand_ms = model.hand_ms.max(at_ms);
            let asked = match &model.popup {
                Some(Popup::Confirm(confirm)) => Some(confirm.effect.clone()),
                _ => None,
            };
            let effects = press::press(model, key, at_ms);
            live::hold_back(model, effects, asked.as_ref())
        }
        Msg::Paste(text) => {
            model.hand_ms = model.now_ms;
            paste(model, &text);
            Vec::new()
        }
        Msg::Mouse(does, column, row) => {
            model.hand_ms = model.now_ms;
            if model.lock.is_none() {
                mouse::mouse(model, does, column, row);
            }
            Vec::new()
        }
        Msg::Resized(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Msg::Seen(seen) => {
            take_in(model, seen);
            Vec::new()
        }
        Msg::Script(script) => {
            review::came(model, *script);
            Vec::new()
        }
        Msg::Answered { asker, exit, words } => {
            answer::answered(model, asker, exit, words);
            Vec::new()
        }
        Msg::Kill(kill) => {
            kill_changed(model, kill);
            Vec::new()
        }
        Msg::Clock(now_ms) => {
            model.now_ms = now_ms;
            if model.notice.as_ref().is_some_and(|notice| now_ms > notice.since_ms + NOTICE_MS) {
                model.notice = None;
            }
            lock::lock_if_idle(model);
            Vec::new()
        }
        Msg::Lock => {
            lock::lock(model);
            Vec::new()
        }
        Msg::AskWho(asks, reason) => {
            who::ask(model, asks, reason);
            Vec::new()
        }
        Msg::EngineDown(why) => {
            model.engine_down = Some(why);
            Vec::new()
        }
        Msg::Suspend => act::suspend(model),
        Msg::KeysDropped => {
            model.say(Weight::Warning, words::KEYS_DROPPED);
            Vec::new()
        }
    }
}

fn take_in(model: &mut Model, seen: Box<Seen>) {
    model.seen_ms = model.now_ms;
    if model.symbol.is_none() {
        model.symbol = seen.markets.first().map(|market| market.symbol);
    }
    if model.seen.is_none() {
        match seen.snapshot.not_ready {
            Some("unclean_start") => model.say(Weight::Alarm, words::AFTER_UNCLEAN),
            _ => model.say(Weight::Info, words::first_look(&model.keys)),
        }
    }
    model.seen = Some(seen);
    rows::forget_what_is_gone(model);
    queue::forget_what_is_over(model);
}

fn kill_changed(model: &mut Model, kill: KillView) {
    let pulled = kill.pulls > model.kill.pulls || kill.tripped && !model.kill.tripped;
    if pulled {
        model.kill_hidden = false;
        // Whatever was about to be confirmed was about another situation; and the report is not to be
        // covered: what it says of the next press holds from the moment it is painted.
        let asks = matches!(model.popup, Some(Popup::Confirm(_) | Popup::Quit(_) | Popup::Queue(_)));
        if asks || matches!(model.popup, Some(Popup::Help(_) | Popup::Review(_))) {
            model.popup = None;
        }
    }
    model.kill = kill;
}

fn paste(model: &mut Model, text: &str) {
    if let Some(lock) = &mut model.lock {
        return lock.typed.paste(text);
    }
    match &mut model.popup {
        Some(Popup::Who(who)) => return who::paste(who, text),
        Some(Popup::Wizard(wizard)) => return wizard::paste(wizard, text),
        _ => {}
    }
    let in_ticket = press::types_into_ticket(model);
    let line = match &mut model.popup {
        Some(Popup::Palette(palette)) => Some(&mut palette.line),
        Some(Popup::Find(line)) => Some(line),
        Some(_) => None,
        None if in_ticket => {
            model.ticket.as_mut().filter(|ticket| !ticket.sent).and_then(|ticket| ticket.line())
        }
        None => None,
    };
    match line {
        Some(line) => line.paste(text),
        None => model.say(Weight::Warning, words::PASTE_IGNORED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture;
    use crate::ui::keys::Keys;
    use crate::ui::model::{LockAfter, Setting};
    use crate::ui::theme::{Depth, Theme, ThemeName};

    /// What the last line says once the machine showed itself for the first time, and what it says then.
    fn first_words(keys: Keys, not_ready: Option<&'static str>) -> String {
        let theme = Theme::of(ThemeName::Mono, Depth::None);
        let lock_after = LockAfter::default();
        let mut model = Model::new(Setting { size: (80, 24), theme, ascii: false, keys, lock_after });
        let mut seen = fixture::seen();
        seen.snapshot.not_ready = not_ready;
        update(&mut model, Msg::Seen(Box::new(seen.clone())));
        let text = model.notice.take().map(|notice| notice.text).unwrap_or_default();
        update(&mut model, Msg::Seen(Box::new(seen)));
        assert_eq!(model.notice, None, "it is said once");
        text
    }

    #[test]
    fn the_first_look_says_how_to_go_on_by_the_keys_in_force() {
        assert_eq!(first_words(Keys::default(), None), "? help · w wizard · b buys · Ctrl-\\ stops");
        let own = Keys::with([("buy", "B")]).unwrap();
        assert!(first_words(own, None).contains("B buys"));
        assert!(first_words(Keys::default(), Some("unclean_start")).contains(":acknowledge unclean"));
    }
}
