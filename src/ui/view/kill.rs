use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::model::Model;
use crate::ui::msg::{KillDone, KillView};
use crate::ui::view::lines::{Ranked, boxed};
use crate::ui::words;

/// The kill's report: what was done, and what a second press will do.
///
/// ```text
/// ╔══ HALTED · SIM ════════════════════════════════════════╗
/// ║ Openings are locked; nothing of a strategy passes.     ║
/// ║ 3 opening orders cancelled.                            ║
/// ║ Stops stay: 3 of 3 positions covered.                  ║
/// ║                                                        ║
/// ║ Ctrl-\ again  flatten 3 positions                      ║
/// ║ Esc           hide this; it stays halted               ║
/// ║ :rearm --reason TEXT   to trade again                  ║
/// ╚════════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    if model.seen.as_ref().is_some_and(|seen| seen.about.replay) {
        return boxed(words::REPLAY, &in_a_replay(model), model.theme.danger, area, buf);
    }
    let mode = model.seen.as_ref().map_or("", |seen| words::badge(seen.snapshot.mode));
    let head = if model.kill.flatten { "HALTED, FLATTEN" } else { "HALTED" };
    boxed(&format!("{head} · {mode}"), &lines(model), model.theme.danger, area, buf);
}

/// A replay holds nothing that could be stopped: the kill went to the run that does.
fn in_a_replay(model: &Model) -> Vec<Ranked> {
    let theme = &model.theme;
    let mut all: Vec<Ranked> = match &model.kill.outcome {
        None => vec![Ranked::new("Asking the instance that runs …", theme.text, 1)],
        Some(done) => {
            let ink = if done.confirmed { theme.text } else { theme.danger };
            done.words.iter().map(|words| Ranked::new(words.clone(), ink, 1)).collect()
        }
    };
    all.push(Ranked::gap());
    all.push(Ranked::new("Ctrl-\\ again  asks that instance to flatten", theme.accent, 0));
    all.push(Ranked::new("Esc           hide this", theme.text, 2));
    all
}

/// On the smallest screens what went wrong and the next press stay, then what was done.
fn lines(model: &Model) -> Vec<Ranked> {
    let (theme, kill) = (&model.theme, &model.kill);
    let said = |text: String, is_alarm: bool| {
        Ranked::new(text, if is_alarm { theme.danger } else { theme.text }, if is_alarm { 1 } else { 3 })
    };
    let mut all = vec![Ranked::new("Openings are locked; nothing of a strategy passes.", theme.text, 4)];
    match &kill.outcome {
        None => all.push(said("Cancelling, and reading the venue again …".to_owned(), false)),
        Some(done) => all.extend(of_outcome(kill, done).into_iter().map(|(text, alarm)| said(text, alarm))),
    }
    let (positions, covered) = covered(model);
    if positions > 0 && !kill.flatten {
        let line = format!("Stops stay: {covered} of {positions} positions covered.");
        all.push(said(line, covered < positions));
    }
    all.push(Ranked::gap());
    if positions == 0 {
        all.push(Ranked::new("No position is open.", theme.text, 0));
    } else if kill.flatten && kill.outcome.is_none() {
        all.push(Ranked::new(format!("Closing {positions} at market …"), theme.danger, 0));
    } else {
        let what = if positions == 1 { "1 position".to_owned() } else { format!("{positions} positions") };
        all.push(Ranked::new(format!("Ctrl-\\ again  flatten {what}"), theme.accent, 0));
    }
    all.push(Ranked::new("Esc           hide this; it stays halted", theme.text, 2));
    all.push(Ranked::new(":rearm --reason TEXT   to trade again", theme.text, 5));
    all
}

fn of_outcome(kill: &KillView, done: &KillDone) -> Vec<(String, bool)> {
    let count = |count: u32, one: &str, many: &str| {
        if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
    };
    let mut all = Vec::new();
    if !kill.flatten || done.cancelled > 0 {
        // A flatten takes stops down too, before it closes what they protected.
        let (one, many) =
            if kill.flatten { ("order", "orders") } else { ("opening order", "opening orders") };
        all.push((format!("{} cancelled.", count(done.cancelled, one, many)), false));
    }
    if kill.flatten {
        all.push((format!("{} closed.", count(done.flattened, "position", "positions")), false));
    }
    if !done.left_orders.is_empty() {
        all.push((format!("STILL THERE: {}", done.left_orders.join(", ")), true));
    }
    if !done.left_positions.is_empty() {
        all.push((format!("STILL OPEN: {}", done.left_positions.join(", ")), true));
    }
    all.extend(done.words.iter().map(|words| (words.clone(), true)));
    if done.confirmed {
        all.push(("The venue was read again: nothing is left that should be gone.".to_owned(), false));
    } else {
        all.push(("NOT CONFIRMED: look at the venue yourself.".to_owned(), true));
    }
    all
}

/// Open positions, and those whose every share a working stop protects.
fn covered(model: &Model) -> (usize, usize) {
    let Some(seen) = &model.seen else { return (0, 0) };
    let positions = &seen.snapshot.positions;
    let whole = positions.iter().filter(|position| position.protected_qty >= position.qty.abs()).count();
    (positions.len(), whole)
}
