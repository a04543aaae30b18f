use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::mode::Mode;
use crate::risk::state::TradingState;
use crate::ui::figures::age;
use crate::ui::ink::{cut, put};
use crate::ui::keys::Action;
use crate::ui::model::Model;
use crate::ui::words;

/// The machine is silent for this long before the window says so.
const SILENT_MS: u64 = 3_000;
/// Bands that have room at most.
const BANDS_MAX: u16 = 3;

/// What must be said across the whole width, the worst first.
///
/// ```text
///  ENGINE DOWN: Ctrl-\ twice closes every position; no order is handled any more: …
///  HALTED: the window's kill key. :rearm --reason TEXT trades again
///  REDUCE-ONLY: daily loss 2000.00 of 2000.00
/// ```
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) -> u16 {
    let mut row = 0;
    for (text, style) in said(model).into_iter().take(usize::from(BANDS_MAX.min(area.height / 4))) {
        buf.set_style(Rect { y: area.y + row, height: 1, ..area }.intersection(buf.area), style);
        put(buf, area, area.x, row, &format!(" {}", cut(&text, area.width.saturating_sub(2))), style);
        row += 1;
    }
    row
}

fn said(model: &Model) -> Vec<(String, Style)> {
    let (theme, mut all) = (&model.theme, Vec::new());
    if let Some(why) = &model.engine_down {
        all.push((format!("{}: {}: {why}", words::ENGINE_DOWN, words::ENGINE_DOWN_ADVICE), theme.live));
    } else if model.seen.is_some() && model.silent_ms() > SILENT_MS {
        let seconds = model.silent_ms() / 1_000;
        all.push((
            format!("MACHINE SILENT for {seconds}s: what stands here is old; Ctrl-\\ still stops"),
            theme.live,
        ));
    }
    let Some(seen) = &model.seen else { return all };
    let snapshot = &seen.snapshot;
    let why = match snapshot.halt_reason.as_deref() {
        Some("kill") => "the kill was pulled",
        Some("kill_restored") => "the kill of the run before",
        Some("fault") => "a fault, which the log names",
        Some(why) => why,
        None => "no reason is known",
    };
    match snapshot.state {
        TradingState::Halted => {
            all.push((format!("HALTED: {why}.  :rearm --reason TEXT  trades again"), theme.band));
        }
        _ if model.kill.tripped => {
            all.push(("HALTED: the kill was pulled; the machine is being told".to_owned(), theme.band));
        }
        TradingState::ReduceOnly => {
            all.push((format!("REDUCE-ONLY: {why}; positions can only be made smaller today"), theme.band));
        }
        TradingState::Active => {}
    }
    if let Some(text) = asking(model) {
        all.push((text, theme.band));
    }
    if snapshot.mode == Mode::Live && snapshot.state == TradingState::Active {
        all.push(match snapshot.armed_until {
            None => (words::DISARMED.to_owned(), theme.band),
            Some(_) => (words::ARMED.to_owned(), theme.live),
        });
    }
    if let Some(cause) = snapshot.not_ready {
        all.push((words::not_ready(cause), theme.band));
    }
    if seen.data_ended {
        all.push((words::data_ended(&seen.about.data), theme.band));
    }
    // A locked window names no symbol.
    if !snapshot.adjusts.is_empty() && model.lock.is_none() {
        let each: Vec<String> = snapshot.adjusts.iter().map(words::adjust).collect();
        all.push((format!("ADJUST {}; :acknowledge NUMBER --reason TEXT", each.join(", ")), theme.band));
    }
    all
}

/// That strategies wait for the trader's yes, how long the first of them waits on, and the key that shows them.
fn asking(model: &Model) -> Option<String> {
    let snapshot = &model.seen.as_ref()?.snapshot;
    let first = snapshot.asks.iter().map(|ask| ask.until.millis_since(snapshot.at)).min()?;
    let waiting = words::waiting(snapshot.asks.len()).to_uppercase();
    // A locked window takes no key for it.
    if model.lock.is_some() {
        return Some(waiting);
    }
    let key = model.keys.of(Action::Asks);
    Some(format!("{waiting} · {key} looks at them · the first ends in {}", age(first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture;
    use crate::ui::theme::{Depth, Theme, ThemeName};

    #[test]
    fn live_says_whether_it_is_armed_and_nobody_else_does() {
        let mut model = fixture::model((80, 24), Theme::of(ThemeName::Mono, Depth::None), false);
        let texts = |model: &Model| said(model).into_iter().map(|(text, _)| text).collect::<Vec<String>>();
        assert!(texts(&model).is_empty());
        let seen = model.seen.as_mut().unwrap();
        seen.snapshot.mode = Mode::Live;
        assert!(texts(&model)[0].starts_with("DISARMED"), "{:?}", texts(&model));
        let seen = model.seen.as_mut().unwrap();
        seen.snapshot.armed_until = Some(seen.snapshot.at);
        assert!(texts(&model)[0].starts_with("ARMED"), "{:?}", texts(&model));
    }

    #[test]
    fn data_that_is_over_is_said_and_what_the_next_start_does() {
        let mut model = fixture::model((80, 24), Theme::of(ThemeName::Mono, Depth::None), false);
        assert!(said(&model).is_empty());
        if let Some(seen) = &mut model.seen {
            seen.data_ended = true;
        }
        let text = said(&model).remove(0).0;
        assert!(text.contains("THE DATA IS OVER") && text.contains("begins a new ledger"), "{text}");
        assert!(cut(&text, 78).contains("begins a new ledger"), "what to do has room at 80 columns");
    }
}
