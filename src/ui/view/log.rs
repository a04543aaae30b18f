//! What happened, the newest at the bottom.
//!
//! ```text
//! ┌ 5 Log  filter "risk"  2 newer below ───────┐
//! │11:44:01 WRN data stale 16s, no new orders  │
//! │11:45:50 INF ema_cross: signal to buy 50    │
//! │             AAPL at 189.92                 │
//! └────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::clock::hms;
use crate::ui::ink::{clean, pane, put, width_of};
use crate::ui::model::{Model, Pane};
use crate::ui::seen::{LogLine, Weight};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{name, title, wrap};

/// Draws the log's end, or what stood `log_back` lines before it. Long lines go on in the next row:
/// a figure in them is never cut.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let log = model.seen.as_ref().map_or(&[][..], |seen| &seen.log);
    let wanted = model.filter.to_lowercase();
    let kept: Vec<&LogLine> = log.iter().filter(|line| holds(line, &wanted)).collect();
    let back = model.log_back.min(kept.len().saturating_sub(1));
    let mut parts = vec![name(model, Pane::Log, "Log")];
    if !model.filter.is_empty() {
        parts.push(format!("filter \"{}\"", clean(&model.filter)));
        parts.push(format!("{} of {}", kept.len(), log.len()));
    }
    if back > 0 {
        parts.push(format!("{back} newer below"));
    }
    let focused = model.pane == Pane::Log;
    let inside = pane(buf, area, &title(&parts, area.width), focused, &model.theme);
    if model.seen.is_some() && kept.is_empty() {
        let word = if log.is_empty() { "nothing yet" } else { "no line holds this" };
        put(buf, inside, inside.x, 0, word, model.theme.dim);
        return;
    }
    lines(buf, inside, kept.iter().rev().skip(back).copied(), &model.theme);
}

fn holds(line: &LogLine, wanted: &str) -> bool {
    wanted.is_empty()
        || line.text.to_lowercase().contains(wanted)
        || word(line.weight).to_lowercase().contains(wanted)
}

const fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Info => "INF",
        Weight::Warning => "WRN",
        Weight::Alarm => "ALM",
    }
}

/// Lines from the bottom up, the newest first; only whole ones, but always the newest.
fn lines<'a>(buf: &mut Buffer, area: Rect, newest_first: impl Iterator<Item = &'a LogLine>, theme: &Theme) {
    let mut free = area.height;
    for line in newest_first {
        let time = if area.width >= 30 { format!("{} ", hms(line.at)) } else { String::new() };
        let lead = width_of(&time) + 4;
        let text = wrap(&clean(&line.text), area.width.saturating_sub(lead));
        let high = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let first = free == area.height;
        let Some(top) = free.checked_sub(high).or_else(|| first.then_some(0)) else { return };
        let (weight, ink) = styles(line.weight, theme);
        let x = put(buf, area, area.x, top, &time, theme.dim);
        put(buf, area, x, top, word(line.weight), weight);
        for (text, y) in text.iter().zip(top..) {
            put(buf, area, area.x.saturating_add(lead), y, text, ink);
        }
        free = top;
        if free == 0 {
            return;
        }
    }
}

const fn styles(weight: Weight, theme: &Theme) -> (Style, Style) {
    match weight {
        Weight::Info => (theme.dim, theme.text),
        Weight::Warning => (theme.warning, theme.text),
        Weight::Alarm => (theme.danger, theme.danger),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture;
    use crate::ui::fixture::Variant;
    use crate::ui::theme::{Depth, ThemeName};
    use crate::ui::view::proof::check;

    #[test]
    fn the_log_goes_on_in_the_next_row_with_the_newest_at_the_bottom() {
        check(
            "log",
            Variant::Plain,
            46,
            7,
            &[
                "┌ 5 Log ─────────────────────────────────────┐",
                "│11:44:58 INF filled: buy 25 IBM at 183.00,  │",
                "│             15 left                        │",
                "│11:44:58 ALM 25 IBM stand without a stop    │",
                "│             until the rest is filled       │",
                "│11:45:50 INF cancel asked: buy 50 T at 33.90│",
                "└────────────────────────────────────────────┘",
            ],
        );
        check(
            "log",
            Variant::Plain,
            20,
            5,
            &[
                "┌ 5 Log ───────────┐",
                "│INF cancel asked: │",
                "│    buy 50 T at   │",
                "│    33.90         │",
                "└──────────────────┘",
            ],
        );
    }

    #[test]
    fn the_log_is_filtered_and_scrolled_and_the_title_says_so() {
        let mut model = fixture::model((80, 24), Theme::of(ThemeName::Mono, Depth::None), false);
        model.filter = "BROKEN".to_owned();
        model.log_back = 1;
        let mut buf = Buffer::empty(Rect::new(0, 0, 66, 3));
        let area = buf.area;
        draw(&model, area, &mut buf);
        let line = |y: u16| (0..66).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
        assert!(line(0).starts_with("┌ Log  filter \"BROKEN\"  2 of 13  1 newer below ─"), "{}", line(0));
        assert!(line(1).starts_with("│10:02:00 WRN broken.js: call 3 failed"), "{}", line(1));
    }
}
