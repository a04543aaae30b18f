//! The lines of what lies over the screen: long ones go on below, and where there is no room for all,
//! those stay that the trader must act on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::ink::{middle, popup, put, width_of};
use crate::ui::view::rows::wrap;

/// Wider sentences are harder to read than two lines are.
const WIDTH_MAX: u16 = 70;
/// Narrower boxes look lost.
const WIDTH_MIN: u16 = 40;

/// One line.
pub(super) struct Ranked {
    text: String,
    style: Style,
    /// Which goes first where there is no room: the highest.
    rank: u8,
}

impl Ranked {
    /// A line that goes the sooner, the higher its rank.
    pub(super) fn new(text: impl Into<String>, style: Style, rank: u8) -> Self {
        Self { text: text.into(), style, rank }
    }

    /// Air between two thoughts.
    pub(super) fn gap() -> Self {
        Self::new("", Style::new(), u8::MAX)
    }
}

/// What has room in so many columns and rows, in its order.
fn fit(lines: &[Ranked], width: u16, height: u16) -> Vec<(String, Style)> {
    let broken = |line: &Ranked| {
        if width_of(&line.text) <= width { vec![line.text.clone()] } else { wrap(&line.text, width) }
    };
    let mut kept: Vec<(u8, Vec<String>, Style)> =
        lines.iter().map(|line| (line.rank, broken(line), line.style)).collect();
    let rows = |kept: &[(u8, Vec<String>, Style)]| kept.iter().map(|(_, rows, _)| rows.len()).sum::<usize>();
    while rows(&kept) > usize::from(height) && kept.len() > 1 {
        let last = kept.iter().enumerate().max_by_key(|(place, (rank, ..))| (*rank, *place));
        let Some((place, _)) = last else { break };
        kept.remove(place);
    }
    kept.into_iter().flat_map(|(_, rows, style)| rows.into_iter().map(move |row| (row, style))).collect()
}

/// A box in the middle of `area` that holds the lines.
pub(super) fn boxed(title: &str, lines: &[Ranked], frame: Style, area: Rect, buf: &mut Buffer) {
    let widest = lines.iter().map(|line| width_of(&line.text)).max().unwrap_or(0);
    let width = (widest.clamp(WIDTH_MIN, WIDTH_MAX) + 4).min(area.width);
    let shown = fit(lines, width.saturating_sub(4), area.height.saturating_sub(2));
    let height = u16::try_from(shown.len() + 2).unwrap_or(u16::MAX);
    let inner = popup(buf, middle(area, width, height), title, frame);
    for (row, (line, style)) in (0..inner.height).zip(shown) {
        put(buf, inner, inner.x.saturating_add(1), row, &line, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: u16, height: u16, expect: &[&str]) {
        let line = |text: &str, rank| Ranked::new(text, Style::new(), rank);
        let lines = [line("what was done before", 3), Ranked::gap(), line("look there", 0), line("go on", 1)];
        let shown: Vec<String> = fit(&lines, width, height).into_iter().map(|(text, _)| text).collect();
        assert_eq!(shown, expect, "{width}×{height}");
    }

    #[test]
    fn what_must_be_acted_on_goes_last() {
        check(30, 4, &["what was done before", "", "look there", "go on"]);
        check(30, 3, &["what was done before", "look there", "go on"]);
        check(30, 2, &["look there", "go on"]);
        check(30, 1, &["look there"]);
        check(12, 5, &["what was", "done before", "", "look there", "go on"]);
        check(12, 0, &["look there"]);
    }
}
