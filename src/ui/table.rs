use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::ink::{cut, figure, put, width_of};
use crate::ui::theme::Theme;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What stands over it.
    pub title: &'static str,
    /// Its cells.
    pub width: u16,
    /// Which column goes first where there is no room for all: the one with the highest rank. What
    /// has rank 0 stays for ever.
    pub rank: u8,
    /// What its cells hold.
    pub holds: Holds,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Words, from the left, cut where they do not fit.
    Words,
    /// Figures, to the right, whole or `####`.
    Figures,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// In which colours.
    pub style: Style,
}

impl Cell {
    /// A cell.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// Words in a column.
pub const fn words(title: &'static str, width: u16, rank: u8) -> Column {
    Column { title, width, rank, holds: Holds::Words }
}

/// Figures in a column.
pub const fn figures(title: &'static str, width: u16, rank: u8) -> Column {
    Column { title, width, rank, holds: Holds::Figures }
}

/// The columns that have room in `width` cells, one cell between two of them, by their places.
pub fn fitting(columns: &[Column], width: u16) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let taken = |kept: &[usize]| -> u16 {
        let cells: u16 = kept.iter().map(|place| columns[*place].width).sum();
        cells + u16::try_from(kept.len().saturating_sub(1)).unwrap_or(0)
    };
    while taken(&kept) > width {
        let least = kept.iter().enumerate().max_by_key(|(index, place)| (columns[**place].rank, *index));
        match least {
            Some((index, place)) if columns[*place].rank > 0 => kept.remove(index),
            _ => break,
        };
    }
    kept
}

/// Draws a head and the rows below it. The row `selected` is marked and in sight; what has no room
/// is counted in the last line, so that nobody takes a part for the whole.
pub fn table(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Column],
    rows: &[Vec<Cell>],
    selected: Option<usize>,
    theme: &Theme,
) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let places = fitting(columns, area.width);
    let spare = spare(columns, &places, area.width);
    let head: Vec<Cell> = columns.iter().map(|column| Cell::new(column.title, theme.dim)).collect();
    row(buf, area, 0, columns, &places, spare, &head, false, theme);
    let room = usize::from(area.height - 1);
    let shown = if rows.len() > room { room.saturating_sub(1) } else { rows.len() };
    let first = first_in_sight(selected, shown, rows.len());
    for (line, cells) in rows.iter().enumerate().skip(first).take(shown) {
        let y = u16::try_from(line - first + 1).unwrap_or(u16::MAX);
        row(buf, area, y, columns, &places, spare, cells, selected == Some(line), theme);
    }
    let hidden = rows.len() - shown;
    if hidden > 0 && area.height > 1 {
        let (long, short) = (format!("+{hidden} more"), format!("+{hidden}"));
        let text = if width_of(&long) <= area.width { long } else { figure(&short, area.width).into_owned() };
        put(buf, area, area.x, area.height - 1, &text, theme.warning);
    }
}

/// The first row in sight, so that the selected one is among them.
fn first_in_sight(selected: Option<usize>, shown: usize, rows: usize) -> usize {
    let selected = selected.unwrap_or(0).min(rows.saturating_sub(1));
    if selected < shown { 0 } else { selected + 1 - shown.max(1) }
}

/// What the first column of words may take besides its width.
fn spare(columns: &[Column], places: &[usize], width: u16) -> u16 {
    let cells: u16 = places.iter().map(|place| columns[*place].width).sum();
    width.saturating_sub(cells + u16::try_from(places.len().saturating_sub(1)).unwrap_or(0))
}

#[expect(clippy::too_many_arguments, reason = "a row is drawn from one place only")]
fn row(
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    columns: &[Column],
    places: &[usize],
    spare: u16,
    cells: &[Cell],
    selected: bool,
    theme: &Theme,
) {
    let mut x = area.x;
    // What is left over goes to the last column of words, or else between the columns' start and end.
    let widest = places.iter().rposition(|place| columns[*place].holds == Holds::Words);
    for (order, place) in places.iter().enumerate() {
        let (column, Some(cell)) = (columns[*place], cells.get(*place)) else { continue };
        let wished = column.width + if widest == Some(order) { spare } else { 0 };
        // Columns that stay for ever may be wider than the area: its end must not cut a figure either.
        let width = wished.min(area.right().saturating_sub(x));
        let text = match column.holds {
            Holds::Words => cut(&cell.text, width),
            Holds::Figures => figure(&cell.text, width),
        };
        let lead = match column.holds {
            Holds::Words => 0,
            Holds::Figures => width.saturating_sub(width_of(&text)),
        };
        put(buf, area, x.saturating_add(lead), y, &text, cell.style);
        x = x.saturating_add(wished).saturating_add(1);
    }
    if selected && y < area.height {
        buf.set_style(Rect { y: area.y + y, height: 1, ..area }, theme.selected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, ThemeName};

    const COLUMNS: [Column; 4] =
        [words("Symbol", 6, 0), figures("Qty", 5, 0), figures("P&L", 8, 0), figures("R", 6, 3)];

    fn check(width: u16, height: u16, rows: &[[&str; 4]], selected: Option<usize>, expect: &[&str]) {
        let theme = Theme::of(ThemeName::Mono, Depth::None);
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let cell = |text: &&str| Cell::new(*text, Style::new());
        let rows: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let area = buf.area;
        table(&mut buf, area, &COLUMNS, &rows, selected, &theme);
        let lines: Vec<String> = (0..height)
            .map(|y| (0..width).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>())
            .map(|line| line.trim_end().to_owned())
            .collect();
        assert_eq!(lines, expect);
    }

    #[test]
    fn the_least_column_goes_first_and_no_sign_is_lost() {
        let rows = [["SPY", "-40", "-12.40", "-0.39R"]];
        check(28, 2, &rows, None, &["Symbol   Qty      P&L      R", "SPY      -40   -12.40 -0.39R"]);
        check(21, 2, &rows, None, &["Symbol   Qty      P&L", "SPY      -40   -12.40"]);
        check(15, 2, &[["SPY", "-40", "-1234.40", ""]], None, &["Symbol   Qty ##", "SPY      -40 ##"]);
        check(
            28,
            2,
            &[["SPY", "-40", "-1234567.89", "-0.39R"]],
            None,
            &["Symbol   Qty      P&L      R", "SPY      -40 ######## -0.39R"],
        );
    }

    #[test]
    fn what_has_no_room_is_counted_and_the_selected_row_is_in_sight() {
        let rows = [["A", "1", "1", ""], ["B", "2", "2", ""], ["C", "3", "3", ""], ["D", "4", "4", ""]];
        check(
            21,
            4,
            &rows,
            Some(3),
            &["Symbol   Qty      P&L", "C          3        3", "D          4        4", "+2 more"],
        );
    }
}
