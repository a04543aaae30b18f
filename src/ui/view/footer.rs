use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::ink::{cut, put, put_right, width_of};
use crate::ui::keys::{Action, Binding, TABLE};
use crate::ui::model::Model;
use crate::ui::seen::Weight;
use crate::ui::words;

/// What stays where not every key has room: how to trade, how to get out.
const TABS: [Action; 7] =
    [Action::Help, Action::Palette, Action::Buy, Action::Sell, Action::Cancel, Action::Close, Action::Quit];
/// Where there is no room for a ticket.
const SMALL: [Action; 4] = [Action::Help, Action::Palette, Action::Close, Action::Quit];
/// Where there is hardly any.
const LEAST: [Action; 3] = [Action::Help, Action::Palette, Action::Quit];

/// The last line: what was said last, or else the keys; and always how to stop.
///
/// ```text
///  ? help  : cmd  / find  Tab pane  b buy  s sell  c cancel …          KILL ▸ Ctrl-\ or F12
/// ```
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let hint = if area.width >= 60 { words::KILL_HINT } else { words::KILL_HINT_SHORT };
    put_right(buf, area, area.x, 0, hint, theme.danger);
    let room = Rect { width: area.width.saturating_sub(width_of(hint) + 2), ..area };
    if let Some(notice) = &model.notice {
        let style = match notice.weight {
            Weight::Info => theme.text,
            Weight::Warning => theme.warning,
            Weight::Alarm => theme.danger,
        };
        put(buf, room, room.x, 0, &format!(" {}", cut(&notice.text, room.width.saturating_sub(1))), style);
        return;
    }
    // A locked window takes none of them.
    if model.lock.is_some() {
        return;
    }
    let mut x = room.x.saturating_add(1);
    let named = |line: &&Binding| match area.width {
        ..60 => LEAST.contains(&line.action),
        60..80 => SMALL.contains(&line.action),
        80..100 => TABS.contains(&line.action),
        _ => !line.hint.is_empty(),
    };
    for line in TABLE.iter().filter(named) {
        let Some(key) = model.keys.first_of(line.action) else { continue };
        let key = key.to_string();
        if x + width_of(&key) + width_of(line.hint) + 1 > room.right() {
            continue;
        }
        x = put(buf, room, x, 0, &key, theme.accent);
        x = put(buf, room, x.saturating_add(1), 0, line.hint, theme.dim).saturating_add(2);
    }
}
