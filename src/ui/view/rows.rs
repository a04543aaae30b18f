//! What several panels share: a table as wide as its figures need, titles and lines of named
//! figures that are never cut.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::ui::ink::{cut, figure, put, width_of};
use crate::ui::layout::Size;
use crate::ui::model::{Model, Pane};
use crate::ui::seen::Seen;
use crate::ui::table::{Cell, Column, Holds, fitting, table, words};
use crate::ui::theme::Theme;

/// A column is set apart from its neighbour by at most so many cells more.
const APART_MAX: u16 = 4;

/// A table whose columns are as wide as what they hold, set apart where there is room.
pub(super) fn grow(
    buf: &mut Buffer,
    area: Rect,
    mut columns: Vec<Column>,
    rows: &[Vec<Cell>],
    selected: Option<usize>,
    theme: &Theme,
) {
    let needs: Vec<u16> = (0..columns.len()).map(|place| need(&columns[place], place, rows)).collect();
    for (column, need) in columns.iter_mut().zip(&needs) {
        // A figure gets what it needs. Words may be cut: those that name the row get twice their
        // place at most, others wait for what is left.
        let most = match column.holds {
            Holds::Figures => u16::MAX,
            Holds::Words if column.rank == 0 => column.width.saturating_mul(2),
            Holds::Words => column.width,
        };
        column.width = column.width.max((*need).min(most));
    }
    spread(&mut columns, &needs, area.width);
    table(buf, area, &columns, rows, selected, theme);
}

fn need(column: &Column, place: usize, rows: &[Vec<Cell>]) -> u16 {
    let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| width_of(&cell.text));
    cells.max().unwrap_or(0).max(width_of(column.title))
}

/// Hands the room that is left to what is cut first, then to the gaps, and the rest to the end.
fn spread(columns: &mut Vec<Column>, needs: &[u16], width: u16) {
    let kept = fitting(columns, width);
    let taken: u16 = kept.iter().map(|place| columns[*place].width.saturating_add(1)).sum();
    let Some(mut spare) = (width + 1).checked_sub(taken).filter(|spare| *spare > 0) else { return };
    for place in &kept {
        let wish = needs[*place].saturating_sub(columns[*place].width).min(spare);
        columns[*place].width += wish;
        spare -= wish;
    }
    let gaps = u16::try_from(kept.len()).unwrap_or(1).max(1);
    let each = (spare / gaps).min(APART_MAX);
    for place in &kept {
        columns[*place].width += each;
        spare -= each;
    }
    if each < APART_MAX {
        // Too little for every gap: the first ones get one more, so that the table ends at the frame.
        let figures: Vec<usize> =
            kept.into_iter().skip(1).filter(|place| columns[*place].holds == Holds::Figures).collect();
        for place in figures.into_iter().take(usize::from(spare)) {
            columns[place].width += 1;
            spare -= 1;
        }
    }
    if spare > 0 {
        // Takes what is over, so that no column is torn away from the others.
        columns.push(words("", 0, 0));
    }
}

/// The theme for a pane's table: the selected row stands out only where actions apply to it.
pub(super) fn theme_of(model: &Model, pane: Pane) -> Theme {
    let selected =
        if model.pane == pane { model.theme.selected } else { Style::new().add_modifier(Modifier::BOLD) };
    Theme { selected, ..model.theme }
}

/// A pane's name, with its number where numbers lead to panes.
pub(super) fn name(model: &Model, pane: Pane, word: &str) -> String {
    match model.shape() {
        Size::Full | Size::Columns => format!("{} {word}", pane.number()),
        Size::Tabs | Size::Small | Size::Tiny => word.to_owned(),
    }
}

/// A title of as many whole parts as have room in a frame `width` wide: half a figure lies.
pub(super) fn title(parts: &[String], width: u16) -> String {
    let room = width.saturating_sub(4);
    let mut out = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let gap = if out.is_empty() { "" } else { "  " };
        if !out.is_empty() && width_of(&out) + width_of(gap) + width_of(part) > room {
            break;
        }
        out.push_str(gap);
        out.push_str(part);
    }
    out
}

/// That there is nothing; or, while the books do not agree with the venue's, that nothing is known:
/// the trader must not take the one for the other.
pub(super) fn nothing(seen: &Seen, word: &str) -> String {
    match seen.snapshot.not_ready {
        Some("reconcile" | "stream") => "none known: not reconciled".to_owned(),
        _ => word.to_owned(),
    }
}

/// A figure with its name.
pub(super) struct Named {
    /// What it is.
    pub name: String,
    /// The figure, or a word.
    pub value: String,
    /// Its colours.
    pub style: Style,
}

impl Named {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>, style: Style) -> Self {
        Self { name: name.into(), value: value.into(), style }
    }

    fn width(&self) -> u16 {
        width_of(&self.name) + 1 + width_of(&self.value)
    }
}

/// Named figures one after the other from row `row` on, each whole on its line; gives the row after
/// the last.
pub(super) fn flow(buf: &mut Buffer, area: Rect, row: u16, items: &[Named], theme: &Theme) -> u16 {
    if items.is_empty() || area.width == 0 {
        return row;
    }
    let (mut x, mut y) = (area.x, row);
    for item in items {
        if x > area.x && x.saturating_add(item.width()) > area.right() {
            (x, y) = (area.x, y + 1);
        }
        let end = put(buf, area, x, y, &cut(&item.name, area.width), theme.dim);
        let room = area.right().saturating_sub(end.saturating_add(1));
        let next = put(buf, area, end.saturating_add(1), y, &figure(&item.value, room), item.style);
        x = next.saturating_add(3);
    }
    y + 1
}

/// The part of `area` from row `row` on.
pub(super) const fn below(area: Rect, row: u16) -> Rect {
    let row = if row < area.height { row } else { area.height };
    Rect { y: area.y + row, height: area.height - row, ..area }
}

/// The colours of a gain or a loss.
pub(super) const fn tone(theme: &Theme, gains: bool, loses: bool) -> Style {
    if gains {
        theme.up
    } else if loses {
        theme.down
    } else {
        theme.text
    }
}

/// Text in lines of at most `width` columns, broken between words; a word that is longer than a line
/// is cut, and one with a digit in it becomes `#`.
pub(super) fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = if word.bytes().any(|byte| byte.is_ascii_digit()) {
            figure(word, width)
        } else {
            cut(word, width)
        };
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(&word);
        } else if width_of(line) + 1 + width_of(&word) <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word.into_owned());
        }
    }
    lines
}
