use crate::domain::mode::Mode;
use crate::engine::event::Act;
use crate::ui::effect::Effect;
use crate::ui::model::Model;
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::words;

/// What may be typed into the palette in live: nothing that opens, changes or loosens anything. A word
/// that is not known here does not pass.
const COMMANDS: [&str; 11] = [
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
    "doctor",
];

/// Whether the machine trades real money.
pub(super) fn is_live(model: &Model) -> bool {
    model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live)
}

/// In live only that leaves the window which makes the risk smaller: the confirmations that an order
/// needs there are not built. It stands behind everything that keys can do, so that no way is forgotten.
pub(super) fn hold_back(model: &mut Model, effects: Vec<Effect>) -> Vec<Effect> {
    if !is_live(model) {
        return effects;
    }
    let (kept, held): (Vec<_>, Vec<_>) = effects.into_iter().partition(passes);
    if let Some(first) = held.first() {
        model.say(Weight::Warning, words::LIVE_IS_NOT_BUILT);
        if let (Effect::Act(Asker::Ticket(_), _), Some(ticket)) = (first, &mut model.ticket) {
            ticket.sent = false;
            ticket.words = vec![words::LIVE_IS_NOT_BUILT.to_owned()];
        }
        if let (Effect::Command(_), Some(crate::ui::model::Popup::Palette(palette))) =
            (first, &mut model.popup)
        {
            palette.waits = false;
            palette.words = vec![words::LIVE_IS_NOT_BUILT.to_owned()];
        }
    }
    kept
}

fn passes(effect: &Effect) -> bool {
    match effect {
        Effect::Act(_, act) => {
            matches!(act, Act::Cancel(_) | Act::CancelAll(_) | Act::Close(Some(_)) | Act::PauseStrategy(_))
        }
        Effect::Command(line) => {
            let word = line.trim_start_matches(':').split_whitespace().next().unwrap_or_default();
            COMMANDS.contains(&word)
        }
        Effect::Copy(_) | Effect::Redraw | Effect::Mouse(_) | Effect::Suspend | Effect::Quit(_) => true,
    }
}
