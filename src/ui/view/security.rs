//! Who may do what, and whether the record is whole: what a trader looks at before he trusts the rest.
//!
//! ```text
//! ┏ Security ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//! ┃Real money                                                                    ┃
//! ┃  state           not asked for: this run is sim                              ┃
//! ┃Keys                                                                          ┃
//! ┃  paper           …A1B2, account …0001, 12 days old                           ┃
//! ┃Record                                                                        ┃
//! ┃  journal         1,204 rows, sealed with a key, head 9f3a01c2d4e5            ┃
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::mode::Mode;
use crate::ui::clock::hms;
use crate::ui::ink::{pane, put, width_of};
use crate::ui::model::Model;
use crate::ui::seen::{Seen, TrustLine, Weight};
use crate::ui::theme::Theme;
use crate::ui::view::rows::wrap;

/// Where what is said of a name begins.
const LEAD: u16 = 18;

/// Draws the page. A line that has no room is left out whole, and what is left out is counted.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inside = pane(buf, area, "Security", true, theme);
    let Some(seen) = &model.seen else { return };
    let all: Vec<TrustLine> = armed(seen).into_iter().chain(seen.trust.iter().cloned()).collect();
    let (mut row, mut section, mut shown) = (0, "", 0);
    for line in &all {
        let text = wrap(&line.says, inside.width.saturating_sub(LEAD));
        let head = u16::from(line.section != section);
        let high = u16::try_from(text.len()).unwrap_or(u16::MAX).saturating_add(head);
        if row + high > inside.height.saturating_sub(u16::from(shown + 1 < all.len())) {
            break;
        }
        if head == 1 {
            put(buf, inside, inside.x, row, line.section, theme.accent);
            section = line.section;
            row += 1;
        }
        put(buf, inside, inside.x.saturating_add(2), row, &line.name, theme.dim);
        for part in &text {
            put(buf, inside, inside.x.saturating_add(LEAD), row, part, style(line.weight, theme));
            row += 1;
        }
        shown += 1;
    }
    if shown < all.len() {
        let more = format!("{} more: enlarge the window, or `hardstop doctor`", all.len() - shown);
        let more = if width_of(&more) <= inside.width { more } else { "…".to_owned() };
        put(buf, inside, inside.x, inside.height.saturating_sub(1), &more, theme.warning);
    }
}

const fn style(weight: Weight, theme: &Theme) -> ratatui::style::Style {
    match weight {
        Weight::Info => theme.text,
        Weight::Warning => theme.warning,
        Weight::Alarm => theme.danger,
    }
}

/// Whether real money may be put at risk now: by the machine itself.
fn armed(seen: &Seen) -> Vec<TrustLine> {
    let snapshot = &seen.snapshot;
    let (says, weight) = match (snapshot.mode, snapshot.armed_until) {
        (Mode::Live, Some(until)) => {
            (format!("ARMED; ends at {} ET where no key is touched", hms(until)), Weight::Alarm)
        }
        (Mode::Live, None) => ("disarmed: nothing opens; :arm arms".to_owned(), Weight::Info),
        (mode, _) => (format!("none at stake: this run is {}", mode.word()), Weight::Info),
    };
    vec![TrustLine { section: "Real money", name: "state".to_owned(), says, weight }]
}

#[cfg(test)]
mod tests {
    use crate::ui::fixture::Variant;
    use crate::ui::view::proof::check;

    #[test]
    fn what_a_trader_must_trust_stands_by_sections_and_what_has_no_room_is_counted() {
        check(
            "security",
            Variant::Plain,
            64,
            9,
            &[
                "┏ Security ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓",
                "┃Real money                                                    ┃",
                "┃  state           none at stake: this run is sim              ┃",
                "┃Keys                                                          ┃",
                "┃  paper           …A1B2, account …0001, 95 days old: change it┃",
                "┃                  soon                                        ┃",
                "┃  passphrases     none was wrong                              ┃",
                "┃3 more: enlarge the window, or `hardstop doctor`              ┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛",
            ],
        );
    }
}
