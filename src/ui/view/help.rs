//! What every key does, the kill first.
//!
//! ```text
//! ╔ Help ════════════════════════════════════════════════════╗
//! ║KILL Ctrl-\ or F12, at any time, whatever is open         ║
//! ║first press   nothing new is opened …                     ║
//! ║second press  every position is closed at market          ║
//! ║Esc           hides the overlay; what is halted stays so  ║
//! ║                                                          ║
//! ║?         what every key does   c         cancel the …    ║
//! ╚═════════════════════════════════════════════════ 4 below ╝
//! ```

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ui::ink::{middle, popup, put, put_right, width_of};
use crate::ui::keys::TABLE;
use crate::ui::model::{Model, Popup};
use crate::ui::theme::Theme;
use crate::ui::view::rows::wrap;

/// Wider lines are harder to read than two columns are.
const WIDTH_MAX: u16 = 118;
/// From here on the keys stand in two columns.
const TWO_COLUMNS_FROM: u16 = 76;
const GAP: u16 = 2;
/// Longer keys stand on a line of their own.
const LEAD_MAX: u16 = 14;

/// What the kill does, in words, in the order of its presses.
const KILL: [(&str, &str); 3] = [
    ("1st press", "ends openings, pauses strategies, cancels opening orders; stops stay"),
    ("2nd press", "closes every position at market, while the overlay is in sight"),
    ("Esc", "hides the overlay; it stays halted until :rearm --reason TEXT"),
];

/// One row of the help: texts, where they begin, and their colours.
type Row = Vec<(u16, String, Style)>;

/// Draws the help over the middle of `area`, scrolled as the popup says.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let width = area.width.min(WIDTH_MAX);
    let rows = rows(model, width.saturating_sub(2));
    let high = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
    let frame = middle(area, width, high);
    let inside = popup(buf, frame, "Help", model.theme.accent);
    let wished = match model.popup {
        Some(Popup::Help(offset)) => usize::from(offset),
        _ => 0,
    };
    let first = wished.min(rows.len().saturating_sub(usize::from(inside.height)));
    for (row, y) in rows.iter().skip(first).take(usize::from(inside.height)).zip(0..) {
        for (x, text, style) in row {
            put(buf, inside, inside.x.saturating_add(*x), y, text, *style);
        }
    }
    let hidden = rows.len().saturating_sub(first + usize::from(inside.height));
    if hidden > 0 && frame.height > 1 {
        let foot = Rect { y: frame.bottom() - 1, height: 1, width: frame.width.saturating_sub(2), ..frame };
        put_right(
            buf,
            foot,
            frame.x.saturating_add(1),
            0,
            &format!(" {hidden} below, j k "),
            model.theme.warning,
        );
    }
}

fn rows(model: &Model, width: u16) -> Vec<Row> {
    let theme = &model.theme;
    let kill = "KILL  Ctrl-\\ or F12, at any time, whatever is open";
    let mut rows: Vec<Row> =
        wrap(kill, width).into_iter().map(|line| vec![(0, line, theme.danger)]).collect();
    let said = KILL.map(|(press, text)| (press.to_owned(), text.to_owned()));
    rows.extend(block(&said, lead(&said), width, theme));
    rows.push(Vec::new());
    let mut keys: Vec<(String, String)> =
        TABLE.iter().map(|line| (model.keys.of(line.action), line.help.to_owned())).collect();
    keys.push(("1 .. 9".to_owned(), "the pane of this number, or the tab".to_owned()));
    keys.push(("0".to_owned(), "the security page".to_owned()));
    if width < TWO_COLUMNS_FROM {
        rows.extend(block(&keys, lead(&keys), width, theme));
        return rows;
    }
    rows.extend(two_columns(&keys, width, theme));
    rows
}

/// The keys in two columns, cut where they are the lowest.
fn two_columns(keys: &[(String, String)], width: u16, theme: &Theme) -> Vec<Row> {
    let mut known = BTreeMap::new();
    let mut high = |place: usize, room: u16| -> usize {
        *known.entry((place, room)).or_insert_with(|| wrap(&keys[place].1, room).len())
    };
    let mut best = (usize::MAX, keys.len(), width / 2);
    for split in 1..=keys.len() {
        let (leads, all) = ((lead(&keys[..split]), lead(&keys[split..])), keys.len());
        for left in width / 3..width - width / 3 {
            let rooms = (left.saturating_sub(leads.0), (width - GAP - left).saturating_sub(leads.1));
            let lefts: usize = (0..split).map(|place| high(place, rooms.0)).sum();
            let rights: usize = (split..all).map(|place| high(place, rooms.1)).sum();
            best = best.min((lefts.max(rights), split, left));
        }
    }
    let (_, split, left) = best;
    let lefts = block(&keys[..split], lead(&keys[..split]), left, theme);
    let rights = block(&keys[split..], lead(&keys[split..]), width - GAP - left, theme);
    let line = |place: usize| {
        let mut row = lefts.get(place).cloned().unwrap_or_default();
        let shifted = rights.get(place).into_iter().flatten();
        row.extend(shifted.map(|(x, text, style)| (x + left + GAP, text.clone(), *style)));
        row
    };
    (0..lefts.len().max(rights.len())).map(line).collect()
}

/// What the longest key takes, with the gap after it.
fn lead(lines: &[(String, String)]) -> u16 {
    lines.iter().map(|(key, _)| width_of(key) + 1).max().unwrap_or(0).min(LEAD_MAX)
}

/// Keys to the left, what they do to the right of them, long words going on below.
fn block(lines: &[(String, String)], lead: u16, width: u16, theme: &Theme) -> Vec<Row> {
    let lead = lead.min(width / 3);
    let mut rows = Vec::new();
    for (key, text) in lines {
        // A key that is wider than its place has a line of its own: a cut key is another key.
        let own = width_of(key) >= lead;
        if own {
            rows.push(vec![(0, key.clone(), theme.accent)]);
        }
        for (place, part) in wrap(text, width - lead).into_iter().enumerate() {
            let mut row: Row = Vec::new();
            if place == 0 && !own {
                row.push((0, key.clone(), theme.accent));
            }
            row.push((lead, part, theme.text));
            rows.push(row);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture;
    use crate::ui::fixture::Variant;
    use crate::ui::theme::{Depth, ThemeName};
    use crate::ui::view::proof::check;

    #[test]
    fn the_help_begins_with_the_kill() {
        check(
            "help",
            Variant::Plain,
            80,
            24,
            &[
                "╔═ Help ═══════════════════════════════════════════════════════════════════════╗",
                "║KILL Ctrl-\\ or F12, at any time, whatever is open                             ║",
                "║1st press ends openings, pauses strategies, cancels opening orders; stops stay║",
                "║2nd press closes every position at market, while the overlay is in sight      ║",
                "║Esc       hides the overlay; it stays halted until :rearm --reason TEXT       ║",
                "║                                                                              ║",
                "║?         what every key does         m           the chart's bars: 1m, 5m,   ║",
                "║:         type a command, as in the               15m, 1h, 1d                 ║",
                "║          shell: buy SPY 50 --limit   i           the chart's line: none, EMA ║",
                "║          166.20                                  20, SMA 50, VWAP            ║",
                "║/         go to a symbol, or narrow   j Down      one row down                ║",
                "║          the log                     k Up        one row up                  ║",
                "║Tab       the next pane               g Home      the first row               ║",
                "║Shift-Tab the pane before             G End       the last row                ║",
                "║b         open the ticket to buy the  Ctrl-d PgDn ten rows down               ║",
                "║          selected symbol             Ctrl-u PgUp ten rows up                 ║",
                "║s         open the ticket to sell     Enter       the focused pane alone on   ║",
                "║          the selected symbol                     the screen                  ║",
                "║c         cancel the selected order   Esc         away with what is open;     ║",
                "║C         cancel every opening order              destroys nothing            ║",
                "║          of the symbol (asks)        y           the selected row onto the   ║",
                "║x         close the selected                      clipboard                   ║",
                "║          position (asks)             t           take or leave the mouse     ║",
                "╚══════════════════════════════════════════════════════════════ 12 below, j k ═╝",
            ],
        );
        check(
            "help",
            Variant::Plain,
            40,
            10,
            &[
                "╔═ Help ═══════════════════════════════╗",
                "║KILL Ctrl-\\ or F12, at any time,      ║",
                "║whatever is open                      ║",
                "║1st press ends openings, pauses       ║",
                "║          strategies, cancels opening ║",
                "║          orders; stops stay          ║",
                "║2nd press closes every position at    ║",
                "║          market, while the overlay is║",
                "║          in sight                    ║",
                "╚══════════════════════ 64 below, j k ═╝",
            ],
        );
    }

    #[test]
    fn every_key_in_force_is_named_and_the_end_can_be_scrolled_to() {
        let mut model = fixture::model((80, 24), Theme::of(ThemeName::Mono, Depth::None), false);
        model.keys = crate::ui::keys::Keys::with([("buy", "B")]).unwrap();
        let mut seen = String::new();
        for offset in [0, 10, u16::MAX] {
            model.popup = Some(Popup::Help(offset));
            let mut buf = Buffer::empty(Rect::new(0, 0, 80, 24));
            let area = buf.area;
            draw(&model, area, &mut buf);
            seen = buf.content.iter().fold(seen, |seen, cell| seen + cell.symbol());
        }
        for line in TABLE {
            assert!(seen.contains(&format!("{} ", model.keys.of(line.action))), "{}", line.name);
        }
        assert!(seen.contains("1 .. 9") && seen.contains("║B  "));
    }
}
