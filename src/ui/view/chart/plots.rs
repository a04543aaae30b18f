use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::market::Bar;
use crate::ui::candles;
use crate::ui::ink::{cut, put, width_of};
use crate::ui::seen::PlotLine;
use crate::ui::theme::Theme;
use crate::ui::view::chart::marks;
use crate::ui::view::chart::scale::{Scale, average};

/// More lines than this are a tangle.
const LINES_MAX: usize = 3;
/// Longer names leave no room for their neighbours.
const NAME_MAX: u16 = 14;
/// Each line has a sign of its own, none of them the chosen indicator's: they are told apart without colours.
const SIGNS: [char; LINES_MAX] = ['×', '•', '◊'];

/// The lines that are drawn: those with the newest points, always in the same order, each with its sign.
pub fn chosen(lines: &[PlotLine]) -> Vec<(char, &PlotLine)> {
    let mut newest: Vec<usize> = (0..lines.len()).collect();
    newest.sort_by_key(|place| {
        let last = lines.get(*place).and_then(|line| line.points.last()).map(|(at, _)| *at);
        (std::cmp::Reverse(last), *place)
    });
    newest.truncate(LINES_MAX);
    newest.sort_unstable();
    SIGNS.into_iter().zip(newest.into_iter().filter_map(|place| lines.get(place))).collect()
}

/// Draws every line's value at each bar into what is still empty, so that no candle is hidden.
pub fn draw(
    buf: &mut Buffer,
    field: Rect,
    first: u16,
    bars: &[Bar],
    lines: &[PlotLine],
    scale: &Scale,
    theme: &Theme,
) {
    for (sign, line) in chosen(lines) {
        let values = candles::plotted(&line.points, bars);
        marks::dots(buf, field, first, &values, scale, (sign, style(sign, theme)));
    }
}

/// Writes the signs with their names and newest values into the frame's foot, where they hide nothing: a line whose
/// values lie far from the prices is not in the picture, and its figure is here all the same.
pub fn legend(buf: &mut Buffer, area: Rect, lines: &[PlotLine], theme: &Theme) {
    let foot =
        Rect { y: area.bottom().saturating_sub(1), height: 1, width: area.width.saturating_sub(1), ..area };
    let mut x = area.x.saturating_add(2);
    for (sign, line) in chosen(lines) {
        let value = line.points.last().map(|(_, value)| average(*value)).unwrap_or_default();
        let text = format!(" {sign} {} {value} ", cut(&line.name, NAME_MAX));
        if x.saturating_add(width_of(&text)) > foot.right() {
            return;
        }
        x = put(buf, foot, x, 0, &text, style(sign, theme));
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    let text = format!(" and {more} more lines ");
    if more > 0 && x.saturating_add(width_of(&text)) <= foot.right() {
        put(buf, foot, x, 0, &text, theme.dim);
    }
}

/// Colours mean gains, losses and warnings here: a line has none of them.
fn style(sign: char, theme: &Theme) -> Style {
    if sign == SIGNS[1] { theme.dim } else { theme.text }
}
