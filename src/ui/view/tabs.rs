use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::ink::put;
use crate::ui::model::{Model, Screen};

/// ```text
///  1 Trade  2 Chart  3 Orders  4 Strat  5 Journal  6 Risk  7 Log
/// ```
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) -> u16 {
    let mut x = area.x;
    for (number, screen) in Screen::ALL.into_iter().enumerate() {
        let here = screen == model.screen;
        let style = if here { model.theme.selected } else { model.theme.dim };
        x = put(buf, area, x, 0, &format!(" {} {} ", number + 1, screen.word()), style);
    }
    area.height.min(1)
}
