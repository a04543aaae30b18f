use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::mode::Mode;
use crate::ui::model::{Confirm, Model};
use crate::ui::view::lines::{Ranked, boxed};

/// Something asked again. The default is to leave it.
///
/// ```text
/// ╔═ Sure? ═══════════════════════════════════════╗
/// ║ Close SPY +100 at market?                     ║
/// ║                                               ║
/// ║ y  do it        Enter, Esc  leave it          ║
/// ╚═══════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, asked: &Confirm, area: Rect, buf: &mut Buffer) {
    let plain = Style::new();
    let mut lines: Vec<Ranked> = asked
        .lines
        .iter()
        .zip(0..)
        .map(|(line, place)| Ranked::new(line, plain, if place == 0 { 0 } else { 2 }))
        .collect();
    lines.push(Ranked::gap());
    let how = match &asked.word {
        None => "y  do it        Enter, Esc  leave it".to_owned(),
        Some(word) => format!("type {} and Enter: {}▏   Esc  leave it", word.wanted, word.line.text()),
    };
    lines.push(Ranked::new(how, model.theme.accent, 1));
    let is_live = model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live);
    let (title, frame) =
        if is_live { ("Sure? REAL MONEY", model.theme.live) } else { ("Sure?", model.theme.warning) };
    boxed(title, &lines, frame, area, buf);
}

/// What is to be done with what stands before the end.
pub(super) fn quit(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let mut lines = Vec::new();
    if let Some(seen) = &model.seen {
        let positions = &seen.snapshot.positions;
        let shown = if positions.len() > 6 { 5 } else { positions.len() };
        for position in positions.iter().take(shown) {
            let bare = position.protected_qty < position.qty.abs();
            let (stop, style) = if bare { ("NOSTOP", theme.danger) } else { ("stop works", Style::new()) };
            lines.push(Ranked::new(format!("{} {}  {stop}", position.symbol, position.qty), style, 6));
        }
        if positions.len() > shown {
            let more = format!("and {} more positions", positions.len() - shown);
            lines.push(Ranked::new(more, Style::new(), 6));
        }
        let count = |count: usize, one: &str, many: &str| {
            if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
        };
        let stand = format!(
            "{} and {} stand.",
            count(positions.len(), "position", "positions"),
            count(seen.snapshot.open_orders.len(), "order", "orders")
        );
        lines.push(Ranked::new(stand, Style::new(), 5));
        lines.push(Ranked::gap());
    }
    for (rank, text) in [
        (1, "y    end; orders and stops stay"),
        (2, "c    cancel opening orders, then end"),
        (3, "f    close every position, then end"),
        (0, "Esc  go on"),
    ] {
        lines.push(Ranked::new(text, Style::new(), rank));
    }
    boxed("End the run?", &lines, theme.warning, area, buf);
}
