use crate::ui::model::{Model, Popup};
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::update::{lock, review, who, wizard};
use crate::ui::words;

/// What the machine said to something that was asked.
pub(super) fn answered(model: &mut Model, asker: Asker, exit: u8, said: Vec<String>) {
    match asker {
        Asker::Ticket(number) => to_ticket(model, number, exit, said),
        Asker::Palette => to_palette(model, exit, said),
        Asker::Key => in_the_last_line(model, exit, &said),
        Asker::Who => who::answered(model, exit, said),
        Asker::Lock => lock::answered(model, exit, said),
        Asker::Wizard => wizard::answered(model, exit, said),
        Asker::Review => review::answered(model, exit, said),
    }
}

fn to_ticket(model: &mut Model, number: u64, exit: u8, said: Vec<String>) {
    let is_its = model.ticket.as_ref().is_some_and(|ticket| ticket.number == number);
    if exit == 0 || !is_its {
        if is_its {
            model.ticket = None;
            model.pane = model.pane_before;
        }
        in_the_last_line(model, exit, &said);
        return;
    }
    // The number is used up: what is asked next is another order.
    let (fresh, now_ms) = (model.fresh_number(), model.now_ms);
    if let Some(ticket) = &mut model.ticket {
        ticket.number = fresh;
        ticket.sent = false;
        ticket.words = said;
        ticket.refused_ms = Some(now_ms);
    }
}

fn to_palette(model: &mut Model, exit: u8, said: Vec<String>) {
    match &mut model.popup {
        Some(Popup::Palette(palette)) => {
            palette.waits = false;
            palette.words = if said.is_empty() { vec![words::DONE.to_owned()] } else { said };
            if exit == 0 {
                palette.line = crate::ui::line::Line::default();
            }
        }
        _ => in_the_last_line(model, exit, &said),
    }
}

fn in_the_last_line(model: &mut Model, exit: u8, said: &[String]) {
    let weight = if exit == 0 { Weight::Info } else { Weight::Warning };
    let text = if said.is_empty() { words::DONE.to_owned() } else { said.join(" · ") };
    model.say(weight, text);
}
