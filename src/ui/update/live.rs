use crate::domain::mode::Mode;
use crate::engine::event::Act;
use crate::ui::effect::Effect;
use crate::ui::model::{Model, Popup};
use crate::ui::seen::Weight;
use crate::ui::words;

/// What may be typed into the palette in live. What opens or changes a position goes through the ticket, where it is
/// reviewed; a word that is not known here does not pass.
const COMMANDS: [&str; 17] = [
    "kill",
    "cancel",
    "close",
    "status",
    "positions",
    "orders",
    "fills",
    "decisions",
    "risk",
    "strategies",
    "strategy",
    "acknowledge",
    "arm",
    "disarm",
    "rearm",
    "lock",
    "doctor",
];

/// Whether the machine trades real money.
pub(super) fn is_live(model: &Model) -> bool {
    model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live)
}

/// In live only that leaves the window which makes the risk smaller, or which was asked again just before: `asked` is
/// what the confirmation in sight would do. It stands behind everything that keys can do, so that no way is forgotten.
pub(super) fn hold_back(model: &mut Model, effects: Vec<Effect>, asked: Option<&Effect>) -> Vec<Effect> {
    if !is_live(model) {
        return effects;
    }
    let passes = |effect: &Effect| asked == Some(effect) || passes_unasked(effect);
    let (kept, held): (Vec<_>, Vec<_>) = effects.into_iter().partition(passes);
    if let Some(first) = held.first() {
        let said = match first {
            Effect::Command(line) if !BY_THE_TICKET.contains(&first_word(line)) => words::NOT_IN_LIVE,
            _ => words::BY_THE_TICKET,
        };
        model.say(Weight::Warning, said);
        if let (Effect::Command(_), Some(Popup::Palette(palette))) = (first, &mut model.popup) {
            (palette.waits, palette.words) = (false, vec![said.to_owned()]);
        }
    }
    kept
}

/// What goes through the ticket.
const BY_THE_TICKET: [&str; 3] = ["buy", "sell", "replace"];

fn first_word(line: &str) -> &str {
    line.trim_start_matches(':').split_whitespace().next().unwrap_or_default()
}

fn passes_unasked(effect: &Effect) -> bool {
    match effect {
        Effect::Act(_, act) => matches!(act, Act::PauseStrategy(_) | Act::Answer { yes: false, .. }),
        Effect::Command(line) => COMMANDS.contains(&first_word(line)),
        // Who sits there is judged where the vault is.
        Effect::Trusted(..)
        | Effect::Wizard(..)
        // Nothing is approved for live from here.
        | Effect::Review(_)
        | Effect::Copy(_)
        | Effect::Redraw
        | Effect::Mouse(_)
        | Effect::Suspend
        | Effect::Quit(_) => true,
    }
}
