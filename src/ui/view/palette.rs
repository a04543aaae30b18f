use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::ink::{cut, popup, put, width_of};
use crate::ui::line::Line;
use crate::ui::model::{Model, Palette};
use crate::ui::view::rows::wrap;

/// A command being typed, at the bottom, so that the market stays in sight.
///
/// ```text
/// ╔═ Command ═════════════════════════════════════════════╗
/// ║ :buy SPY 50 --limit 166.20 --stop-loss 165▏           ║
/// ║ POSITION_LIMIT exposure=… limit=… max_qty=60          ║
/// ╚═══════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, typed: &Palette, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let said = if typed.waits { vec!["…".to_owned()] } else { typed.words.clone() };
    let hint =
        ["as in the shell: buy SPY 50 --limit 166.20 --stop-loss 165 · kill · rearm --reason TEXT"
            .to_owned()];
    // An answer goes on below: half a figure lies. The hint may be cut.
    let room = area.width.saturating_sub(4);
    let shown: Vec<String> = if said.is_empty() {
        hint.iter().map(|line| cut(line, room).into_owned()).collect()
    } else {
        said.iter().flat_map(|line| wrap(line, room)).collect()
    };
    let rows = u16::try_from(shown.len()).unwrap_or(u16::MAX).min(area.height.saturating_sub(3).min(12));
    let height = (rows + 3).min(area.height);
    let place = Rect { y: area.bottom() - height, height, ..area };
    let inner = popup(buf, place, "Command", theme.accent);
    line(buf, inner, ":", &typed.line, theme.text);
    let style = if said.is_empty() { theme.dim } else { theme.text };
    for (row, words) in (1..inner.height).zip(&shown) {
        put(buf, inner, inner.x.saturating_add(1), row, words, style);
    }
}

/// A symbol or a filter being typed.
pub(super) fn find(model: &Model, typed: &Line, area: Rect, buf: &mut Buffer) {
    let height = 3.min(area.height);
    let place = Rect { y: area.bottom() - height, height, ..area };
    let inner = popup(buf, place, "Find a symbol, or narrow the log", model.theme.accent);
    line(buf, inner, "/", typed, model.theme.text);
}

/// A line with its cursor in sight: what is left of the room scrolls out to the left.
pub(super) fn line(buf: &mut Buffer, area: Rect, lead: &str, typed: &Line, style: Style) {
    if area.is_empty() {
        return;
    }
    let x = put(buf, area, area.x + 1, 0, lead, style);
    let room = usize::from(area.right().saturating_sub(x + 1));
    let signs: Vec<char> = typed.text().chars().collect();
    let first = typed.cursor().saturating_sub(room.saturating_sub(1));
    let text: String = signs.iter().skip(first).take(room).collect();
    put(buf, area, x, 0, &text, style);
    let before: String = signs.iter().skip(first).take(typed.cursor() - first).collect();
    let cursor = x.saturating_add(width_of(&before));
    if let Some(cell) = buf.cell_mut((cursor, area.y)).filter(|_| cursor < area.right()) {
        cell.set_style(Style::new().add_modifier(ratatui::style::Modifier::REVERSED));
    }
}
