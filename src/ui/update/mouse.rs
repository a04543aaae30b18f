use crate::ui::model::{Model, Pane};
use crate::ui::msg::Mouse;
use crate::ui::update::{press, rows};
use crate::ui::view::pane_at;

/// The mouse chooses a pane and scrolls in it; it has no way to an effect. Over a popup and over the kill's
/// report it does nothing: what lies below them is not what the trader points at.
pub(super) fn mouse(model: &mut Model, does: Mouse, column: u16, row: u16) {
    if !model.mouse || model.popup.is_some() || model.shows_kill() {
        return;
    }
    let Some(pane) = pane_at(model, column, row) else { return };
    if pane == Pane::Ticket && model.ticket.is_none() {
        return;
    }
    if pane == Pane::Ticket && model.pane != Pane::Ticket {
        model.pane_before = model.pane;
    }
    model.pane = pane;
    match does {
        Mouse::Press => {}
        // In the ticket the rows below it are not what the wheel is over.
        _ if press::types_into_ticket(model) => {}
        Mouse::WheelUp => rows::step(model, -1),
        Mouse::WheelDown => rows::step(model, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture;
    use crate::ui::keys::Keys;
    use crate::ui::model::{Confirm, LockAfter, Popup, Setting};
    use crate::ui::msg::Msg;
    use crate::ui::theme::{Depth, Theme, ThemeName};
    use crate::ui::update::update;

    fn model(size: (u16, u16)) -> Model {
        let theme = Theme::of(ThemeName::Mono, Depth::None);
        let mut model = Model::new(Setting {
            size,
            theme,
            ascii: false,
            keys: Keys::default(),
            lock_after: LockAfter::default(),
        });
        update(&mut model, Msg::Seen(Box::new(fixture::seen())));
        model
    }

    #[test]
    fn a_press_chooses_the_pane_below_it_and_the_wheel_goes_through_its_rows() {
        let mut model = model((200, 50));
        update(&mut model, Msg::Mouse(Mouse::Press, 3, 45));
        let before = model.pane;
        update(&mut model, Msg::Mouse(Mouse::Press, 3, 10));
        assert_eq!(model.pane, before, "off by default");
        model.mouse = true;
        for (column, row, pane) in [
            (3, 45, Pane::Positions),
            (100, 45, Pane::Orders),
            (180, 45, Pane::Journal),
            (3, 10, Pane::Watchlist),
            (90, 10, Pane::Chart),
            (190, 10, Pane::Chart),
        ] {
            update(&mut model, Msg::Mouse(Mouse::Press, column, row));
            assert_eq!(model.pane, pane, "at {column},{row}; without a ticket there is none to choose");
        }
        for (column, row) in [(0, 0), (199, 49), (500, 500)] {
            update(&mut model, Msg::Mouse(Mouse::Press, column, row));
            assert_eq!(model.pane, Pane::Chart, "the header and the footer are no panes");
        }
        model.position = None;
        update(&mut model, Msg::Mouse(Mouse::WheelDown, 3, 45));
        let first = model.position;
        assert!(first.is_some());
        update(&mut model, Msg::Mouse(Mouse::WheelDown, 3, 45));
        assert_ne!(model.position, first);
        update(&mut model, Msg::Mouse(Mouse::WheelUp, 3, 45));
        assert_eq!(model.position, first);
    }

    #[test]
    fn nothing_is_chosen_below_a_popup() {
        let mut model = model((80, 24));
        model.mouse = true;
        let before = model.pane;
        let effect = crate::ui::effect::Effect::Redraw;
        model.popup = Some(Popup::Confirm(Confirm {
            lines: Vec::new(),
            effect,
            started_by: None,
            since_ms: 0,
            word: None,
        }));
        for row in 0..24 {
            for column in 0..80 {
                assert_eq!(update(&mut model, Msg::Mouse(Mouse::Press, column, row)), []);
            }
        }
        assert!(model.pane == before && model.popup.is_some());
    }
}
