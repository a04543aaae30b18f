use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::mode::Mode;
use crate::ui::model::{Lock, Model};
use crate::ui::view::lines::{Ranked, boxed};

/// A window that hides what is the trader's own.
///
/// ```text
/// ╔═ Locked ════════════════════════════════════════════╗
/// ║ The run goes on; balances, positions and symbols    ║
/// ║ are hidden. Ctrl-\ stops, as ever.                  ║
/// ║                                                     ║
/// ║ vault's passphrase: ••••••••▏                       ║
/// ╚═════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, lock: &Lock, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let is_live = model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live);
    let asks = if is_live { "vault's passphrase" } else { "type unlock and Enter" };
    let mut lines = vec![
        Ranked::new("The run goes on: orders, stops and limits work.", theme.text, 3),
        Ranked::new("Balances, positions and symbols are hidden.", theme.text, 4),
        Ranked::new("Ctrl-\\ stops, as ever.", theme.danger, 1),
        Ranked::gap(),
        Ranked::new(format!("{asks}: {}▏", lock.typed.dots()), theme.accent, 0),
    ];
    if lock.waits {
        lines.push(Ranked::new("…", theme.dim, 2));
    }
    lines.extend(lock.words.iter().map(|words| Ranked::new(words, theme.warning, 2)));
    boxed("Locked", &lines, theme.accent, area, buf);
}
