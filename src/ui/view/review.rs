use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::ink::{cut, middle, popup, put, put_right, width_of};
use crate::ui::model::Model;
use crate::ui::review::{Review, ScriptView};
use crate::ui::theme::Theme;
use crate::ui::view::rows::wrap;
use crate::ui::words;

/// Wider lines of a script are rare.
const WIDTH_MAX: u16 = 124;
/// Rows of the window that are never the script's: header, tabs, frame, what is typed, footer. With bands there are
/// fewer; the end can be scrolled to all the same.
const OTHER_ROWS: u16 = 7;
const TAB: &str = "    ";

/// A strategy's script, read before it is approved.
///
/// ```text
/// ╔═ mean_rev.js ══════════════════════════════════════════════════╗
/// ║ mean reversion 1.2, not approved as it stands                  ║
/// ║ sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff… ║
/// ║ passport: the gate lets none of its openings pass beyond it    ║
/// ║   sides                    long only                           ║
/// ║                                                                ║
/// ║ what changed since it was approved:                            ║
/// ║ - const size = 10;                                             ║
/// ║ + const size = 100;                                            ║
/// ║ type approve and Enter, for sim and paper: appr▏       12 below ║
/// ╚════════════════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, review: &Review, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let width = area.width.min(WIDTH_MAX);
    let rows = review.script.as_ref().map_or_else(Vec::new, |script| rows(script, inner_width(width), theme));
    let foot = foot(review, inner_width(width), theme);
    let foot_rows = u16::try_from(foot.len()).unwrap_or(u16::MAX);
    let high = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(foot_rows).saturating_add(2);
    let title = review.script.as_ref().map_or(words::READING, |script| script.file.as_str());
    let inside = popup(buf, middle(area, width, high), title, theme.accent);
    let inside = Rect { x: inside.x.saturating_add(1), width: inside.width.saturating_sub(2), ..inside };
    let shown = inside.height.saturating_sub(foot_rows);
    let first = review.from.min(rows.len().saturating_sub(usize::from(shown)));
    for (y, (text, style)) in (0..shown).zip(rows.iter().skip(first)) {
        put(buf, inside, inside.x, y, text, *style);
    }
    let hidden = rows.len().saturating_sub(first + usize::from(shown));
    for (y, (text, style)) in (shown..).zip(&foot) {
        put(buf, inside, inside.x, y, &cut(text, inside.width), *style);
    }
    if hidden > 0 && inside.height > 0 {
        let (last, from) = (inside.height - 1, foot.last().map_or(0, |(text, _)| width_of(text)));
        let text = format!(" {hidden} below");
        put_right(buf, inside, inside.x.saturating_add(from), last, &text, theme.warning);
    }
}

const fn inner_width(width: u16) -> u16 {
    width.saturating_sub(4)
}

/// How many rows a script can be scrolled down.
pub(in crate::ui) fn room(model: &Model, review: &Review) -> usize {
    let width = inner_width(model.size.0.min(WIDTH_MAX));
    let all = review.script.as_ref().map_or(0, |script| rows(script, width, &model.theme).len());
    let in_sight = model.size.1.saturating_sub(OTHER_ROWS.saturating_mul(2)).max(1);
    all.saturating_sub(usize::from(in_sight))
}

/// All of it in rows: what is known, then the text.
fn rows(script: &ScriptView, width: u16, theme: &Theme) -> Vec<(String, Style)> {
    let mut all: Vec<(String, Style)> = Vec::new();
    for fact in &script.facts {
        let whole = if width_of(fact) <= width { vec![fact.clone()] } else { wrap(fact, width) };
        all.extend(whole.into_iter().map(|row| (row, theme.text)));
    }
    let sha256 = format!("sha256 {}", script.sha256);
    all.extend(wrap(&sha256, width).into_iter().map(|row| (row, theme.text)));
    all.push((String::new(), theme.text));
    let head = if script.is_diff { words::WHAT_CHANGED } else { words::THE_SCRIPT };
    all.extend(wrap(head, width).into_iter().map(|row| (row, theme.accent)));
    for line in &script.lines {
        let style = match line.chars().next() {
            Some('+') if script.is_diff => theme.up,
            Some('-') if script.is_diff => theme.down,
            _ if script.is_diff => theme.dim,
            _ => theme.text,
        };
        all.extend(broken(line, width).into_iter().map(|row| (row, style)));
    }
    all
}

/// A line of a script goes on below where it is too long: what stands far to the right is read as well.
fn broken(line: &str, width: u16) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used: u16 = 0;
    for letter in line.replace('\t', TAB).chars() {
        let wide = width_of(letter.encode_utf8(&mut [0; 4]));
        if used.saturating_add(wide) > width && used > 0 {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(letter);
        }
        used = used.saturating_add(wide);
    }
    rows
}

/// What is said, what is typed, and how to leave.
fn foot(review: &Review, width: u16, theme: &Theme) -> Vec<(String, Style)> {
    let said = review.words.iter().flat_map(|text| wrap(text, width));
    let mut all: Vec<(String, Style)> = said.map(|row| (row, theme.warning)).collect();
    let approvable = review.script.as_ref().is_some_and(|script| script.approvable);
    let typed = format!("{} {}▏", words::TYPE_APPROVE, review.typed.text());
    match (review.waits, approvable) {
        (true, _) => all.push((words::READING.to_owned(), theme.dim)),
        (false, false) => all.push((words::READ_ONLY.to_owned(), theme.dim)),
        // What is typed is in sight, whatever else has no room.
        (false, true) if width_of(&typed) > width => {
            let hint = wrap(words::TYPE_APPROVE, width).into_iter();
            all.extend(hint.map(|row| (row, theme.accent)));
            all.push((format!("{}▏", review.typed.text()), theme.accent));
        }
        (false, true) => all.push((typed, theme.accent)),
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below_and_keeps_its_indentation() {
        assert_eq!(broken("\tif (x) buy();", 8), ["    if (", "x) buy()", ";"]);
        assert_eq!(broken("", 8), [""]);
        assert_eq!(broken("界界界", 4), ["界界", "界"]);
        assert_eq!(broken("ab", 0), ["a", "b"]);
    }
}
