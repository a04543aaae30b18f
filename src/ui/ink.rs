use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::widgets::{Block, Borders, Widget};

use crate::domain::outside::blanked;
use crate::ui::theme::Theme;

/// Writes `text` from `x` on, at most to the right end of `area`, in its row `row`; gives where the
/// next text may begin. Signs that move the cursor or colour the terminal never reach it.
pub fn put(buf: &mut Buffer, area: Rect, x: u16, row: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    let (y, end) = (area.y.saturating_add(row), area.right());
    if row >= area.height || x >= end || x < area.x {
        return x;
    }
    buf.set_stringn(x, y, clean(text), usize::from(end - x), style).0
}

/// Writes `text` so that it ends at the right end of `area`, as far as it has room right of `from`;
/// gives whether it was written: half of it is never.
pub fn put_right(buf: &mut Buffer, area: Rect, from: u16, row: u16, text: &str, style: Style) -> bool {
    let width = width_of(text);
    let area = area.intersection(buf.area);
    let Some(x) = area.right().checked_sub(width).filter(|x| *x >= from && *x >= area.x) else {
        return false;
    };
    put(buf, area, x, row, text, style);
    true
}

/// Columns that a text takes.
pub fn width_of(text: &str) -> u16 {
    u16::try_from(ratatui::text::Line::raw(text).width()).unwrap_or(u16::MAX)
}

/// A figure for a cell of `width` columns: whole, or nothing but `#`. Half a figure lies.
pub fn figure(text: &str, width: u16) -> Cow<'_, str> {
    if width_of(text) <= width { Cow::Borrowed(text) } else { Cow::Owned("#".repeat(usize::from(width))) }
}

/// Text for a cell of `width` columns, its end cut off and marked where it does not fit. A figure that
/// the end goes through is cut off whole: half of it would be another figure.
pub fn cut(text: &str, width: u16) -> Cow<'_, str> {
    if width_of(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for letter in text.chars() {
        out.push(letter);
        if width_of(&out) >= width {
            out.pop();
            break;
        }
    }
    let of_figure = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '+' | '-' | '$');
    if text.get(out.len()..).is_some_and(|rest| rest.starts_with(of_figure)) {
        out.truncate(out.trim_end_matches(of_figure).len());
    }
    if width > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Text from outside without control signs, so that nobody's words move the cursor, and without the
/// marks that turn the direction of writing.
pub fn clean(text: &str) -> Cow<'_, str> {
    blanked(text)
}

/// A pane's frame with its title; gives what is inside. What has the focus has the heavy frame.
pub fn pane(buf: &mut Buffer, area: Rect, title: &str, focused: bool, theme: &Theme) -> Rect {
    let area = area.intersection(buf.area);
    let (set, line) = if focused { (border::THICK, theme.accent) } else { (border::PLAIN, theme.border) };
    let block = Block::new().borders(Borders::ALL).border_set(set).border_style(line);
    let inner = block.inner(area);
    block.render(area, buf);
    if area.width > 4 && area.height > 0 {
        let head = Rect { x: area.x + 1, width: area.width - 2, height: 1, ..area };
        let style = if focused { theme.accent } else { theme.text };
        put(buf, head, head.x, 0, &format!(" {} ", cut(title, head.width.saturating_sub(2))), style);
    }
    inner
}

/// Wipes an area, with the rest of every figure that its edges cut through: half a figure lies.
pub fn wipe(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    let of_figure =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '+' | '-' | '$' | '%');
    let is_part = |buf: &Buffer, x: u16, y: u16| {
        buf.cell((x, y)).is_some_and(|cell| cell.symbol().chars().all(of_figure))
    };
    for y in area.top()..area.bottom() {
        if is_part(buf, area.x, y) {
            for x in (buf.area.x..area.x).rev().take_while(|x| is_part(buf, *x, y)).collect::<Vec<_>>() {
                buf[(x, y)].set_symbol(" ");
            }
        }
        if is_part(buf, area.right().saturating_sub(1), y) {
            for x in (area.right()..buf.area.right()).take_while(|x| is_part(buf, *x, y)).collect::<Vec<_>>()
            {
                buf[(x, y)].set_symbol(" ");
            }
        }
    }
    ratatui::widgets::Clear.render(area, buf);
}

/// Wipes an area and frames it doubly: a popup over whatever stood there.
pub fn popup(buf: &mut Buffer, area: Rect, title: &str, style: Style) -> Rect {
    let area = area.intersection(buf.area);
    wipe(buf, area);
    let block = Block::new().borders(Borders::ALL).border_set(border::DOUBLE).border_style(style);
    let inner = block.inner(area);
    block.render(area, buf);
    if area.width > 4 && area.height > 0 {
        let head = Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area };
        put(buf, head, head.x, 0, &format!(" {} ", cut(title, head.width.saturating_sub(2))), style);
    }
    inner
}

/// A rectangle of at most this size in the middle of another.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// A bar of `width` cells filled to `share` (0 to 1) in steps of an eighth of a cell.
pub fn gauge(share: f64, width: u16) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * f64::from(width) * 8.0).round() as usize;
    let (full, part) = (eighths / 8, eighths % 8);
    let mut bar = "█".repeat(full);
    if part > 0 {
        bar.push(PARTS[part]);
    }
    let drawn = full + usize::from(part > 0);
    bar.push_str(&" ".repeat(usize::from(width).saturating_sub(drawn)));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_whole_or_nothing_but_hashes() {
        assert_eq!(figure("-12.40", 6), "-12.40");
        assert_eq!(figure("-12.40", 5), "#####");
        assert_eq!(figure("-12.40", 0), "");
    }

    #[test]
    fn a_text_that_is_cut_says_so() {
        assert_eq!(cut("embedded", 8), "embedded");
        assert_eq!(cut("embedded", 5), "embe…");
        assert_eq!(cut("embedded", 1), "…");
        assert_eq!(cut("embedded", 0), "");
        assert_eq!(cut("limit=20000.00 max", 12), "limit=…");
        assert_eq!(cut("limit=20000.00 max", 15), "limit=20000.00…");
        assert_eq!(cut("-12.40", 4), "…");
    }

    #[test]
    fn words_from_outside_move_no_cursor() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{202e}d"), "a [2Jb c d");
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        let area = buf.area;
        put(&mut buf, area, 0, 0, "x\u{1b}]0;y\u{7}z", Style::new());
        assert!(buf.content.iter().all(|cell| !cell.symbol().contains(char::is_control)));
    }

    #[test]
    fn nothing_is_written_outside_its_area() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 2));
        let area = Rect::new(1, 0, 3, 1);
        put(&mut buf, area, 1, 0, "abcdef", Style::new());
        put(&mut buf, area, 1, 1, "below", Style::new());
        put(&mut buf, area, 0, 0, "left", Style::new());
        assert!(!put_right(&mut buf, area, 2, 0, "wide", Style::new()));
        assert_eq!(buf, Buffer::with_lines([" abc  ", "      "]));
    }

    #[test]
    fn what_lies_over_a_figure_leaves_no_half_of_it() {
        let mut buf = Buffer::with_lines(["a -12.40 b", "ab12 -3 4c"]);
        wipe(&mut buf, Rect::new(4, 0, 2, 2));
        assert_eq!(buf, Buffer::with_lines(["a        b", "ab12    4c"]));
    }

    #[test]
    fn a_gauge_is_as_wide_as_asked_and_never_more_than_full() {
        for (share, bar) in
            [(0.0, "    "), (0.5, "██  "), (0.53, "██▏ "), (1.0, "████"), (7.0, "████"), (f64::NAN, "    ")]
        {
            assert_eq!(gauge(share, 4), bar, "{share}");
        }
    }
}
