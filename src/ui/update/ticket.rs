use ratatui::crossterm::event::KeyCode;

use crate::domain::calendar::Phase;
use crate::domain::intent::{Intent, Origin};
use crate::domain::mode::Mode;
use crate::engine::event::Act;
use crate::risk::decision::Check;
use crate::risk::refusal::{Code, Figure};
use crate::ui::effect::Effect;
use crate::ui::key::Key;
use crate::ui::layout::Size;
use crate::ui::line::Line;
use crate::ui::model::{Confirm, Model, Popup, Word};
use crate::ui::msg::Asker;
use crate::ui::seen::{Preview, Seen, Weight};
use crate::ui::ticket::{Field, Ticket};
use crate::ui::words;

/// After a refusal a key that bounces must not ask again.
const AFTER_REFUSAL_MS: u64 = 500;

/// A key while the ticket has the focus. `hasty` is a key that came faster than fingers.
pub(super) fn press(model: &mut Model, key: Key, hasty: bool) -> Vec<Effect> {
    if key.code == KeyCode::Esc {
        model.ticket = None;
        model.pane = model.pane_before;
        return Vec::new();
    }
    if key.code == KeyCode::Enter {
        return enter(model, key, hasty);
    }
    if key == Key::letter('=') {
        largest(model);
        return Vec::new();
    }
    if key == Key::ctrl('l') {
        return vec![Effect::Redraw];
    }
    let Some(ticket) = model.ticket.as_mut().filter(|ticket| !ticket.sent) else { return Vec::new() };
    match key.code {
        KeyCode::Tab | KeyCode::Down => ticket.step(true),
        KeyCode::BackTab | KeyCode::Up => ticket.step(false),
        KeyCode::Left if ticket.line().is_none() => ticket.turn(false),
        KeyCode::Right | KeyCode::Char(' ') if ticket.line().is_none() => ticket.turn(true),
        _ => {
            if ticket.line().is_some_and(|line| line.take(key)) {
                ticket.words.clear();
            }
        }
    }
    Vec::new()
}

/// Fills in the largest quantity that the gate would pass.
fn largest(model: &mut Model) {
    // What the gate said to a strategy's question is about another order.
    let own = |preview: &&Preview| preview.intent.origin == Origin::Operator;
    let preview = model.seen.as_ref().and_then(|seen| seen.preview.as_ref()).filter(own);
    let qty = preview.map(|preview| preview.largest.qty);
    let Some(ticket) = model.ticket.as_mut().filter(|ticket| !ticket.sent) else { return };
    match qty {
        Some(qty) if qty.is_positive() => {
            ticket.qty = Line::new(&qty.to_string());
            ticket.field = Field::Qty;
        }
        Some(_) => ticket.words = vec![words::NOTHING_PASSES.to_owned()],
        None => ticket.words = vec![words::SIZE_NEEDS_PREVIEW.to_owned()],
    }
}

fn enter(model: &mut Model, key: Key, hasty: bool) -> Vec<Effect> {
    // What is not in sight is not sent.
    if matches!(model.shape(), Size::Small | Size::Tiny) {
        model.say(Weight::Warning, words::TICKET_NEEDS_ROOM);
        return Vec::new();
    }
    let now_ms = model.now_ms;
    let pressed_ms = model.burst.last_ms;
    let (Some(ticket), Some(seen)) = (&mut model.ticket, &model.seen) else { return Vec::new() };
    let bounced = ticket.refused_ms.is_some_and(|at| pressed_ms < at + AFTER_REFUSAL_MS);
    if ticket.sent || bounced {
        return Vec::new();
    }
    if hasty {
        model.say(Weight::Warning, words::HASTY_ENTER);
        return Vec::new();
    }
    let act = match asked(ticket, seen) {
        Ok(act) => act,
        Err(words) => {
            ticket.words = vec![words];
            return Vec::new();
        }
    };
    let asker = Asker::Ticket(ticket.number);
    let reasons = match &act {
        Act::Submit { intent, .. } => {
            let preview = seen.preview.as_ref().filter(|preview| preview.intent == *intent);
            if let Some(refusal) = preview.and_then(|preview| preview.decision.refusal()) {
                ticket.words = vec![words::not_sent(refusal)];
                return Vec::new();
            }
            reasons_to_ask(seen, intent, preview)
        }
        _ => reasons_to_change(ticket, seen),
    };
    let mode = seen.snapshot.mode;
    if reasons.is_empty() && mode == Mode::Sim {
        ticket.sent = true;
        return vec![Effect::Act(asker, act)];
    }
    // With real money whatever is out of the ordinary is typed: the quantity, as it will be sent.
    let word = (mode == Mode::Live && !reasons.is_empty()).then(|| Word::of(ticket.qty.text().trim()));
    let mut lines = vec![words::asked(ticket)];
    lines.extend(reasons);
    let (started_by, since_ms) = (Some(key), now_ms);
    let effect = Effect::Act(asker, act);
    model.popup = Some(Popup::Confirm(Confirm { lines, effect, started_by, since_ms, word }));
    Vec::new()
}

fn asked(ticket: &Ticket, seen: &Seen) -> Result<Act, String> {
    let Some(order) = ticket.replaces else {
        return ticket.intent(seen).map(|intent| Act::Submit { ticket: ticket.number, intent });
    };
    let intent = ticket.intent(seen)?;
    Ok(Act::Replace { order, qty: Some(intent.qty), limit: intent.kind.limit(), stop: intent.kind.stop() })
}

/// Why an order that would pass is asked again: it takes much of a limit, comes out of hours, or far
/// from the market; or the gate has not been heard on it yet.
pub(super) fn reasons_to_ask(seen: &Seen, intent: &Intent, preview: Option<&Preview>) -> Vec<String> {
    let Some(preview) = preview else { return vec![words::NOT_JUDGED_YET.to_owned()] };
    let mut reasons: Vec<String> =
        preview.decision.checks.iter().filter(|check| takes_much(check)).map(words::takes_much).collect();
    if seen.snapshot.phase != Phase::Regular {
        reasons.push(words::OUT_OF_HOURS.to_owned());
    }
    if is_far(seen, intent) {
        reasons.push(words::FAR_FROM_MARKET.to_owned());
    }
    reasons
}

/// Why a change is asked again: it makes the order larger, or takes its limit far from the market. A
/// stop may stand as far away as the trader wants it.
fn reasons_to_change(ticket: &Ticket, seen: &Seen) -> Vec<String> {
    let Ok(intent) = ticket.intent(seen) else { return Vec::new() };
    let before = seen.snapshot.open_orders.iter().find(|order| Some(order.id) == ticket.replaces);
    let mut reasons = Vec::new();
    if before.is_none_or(|order| intent.qty > order.qty) {
        reasons.push(words::LARGER_THAN_BEFORE.to_owned());
    }
    if intent.kind.limit().is_some() && is_far(seen, &intent) {
        reasons.push(words::FAR_FROM_MARKET.to_owned());
    }
    if intent.kind.limit().is_some() && seen.snapshot.phase != Phase::Regular {
        reasons.push(words::OUT_OF_HOURS.to_owned());
    }
    reasons
}

/// Whether more than half of a limit would be used.
fn takes_much(check: &Check) -> bool {
    let counts = matches!(
        check.code,
        Code::PositionLimit | Code::GrossLimit | Code::HeatLimit | Code::DailyLossReached | Code::OrderLimit
    );
    match (check.value, check.limit) {
        (Figure::Money(value), Figure::Money(limit)) if counts => {
            value.doubled().map_or(true, |twice| twice > limit)
        }
        _ => false,
    }
}

/// Whether the order's price is more than 2 % off the middle of the market.
fn is_far(seen: &Seen, intent: &Intent) -> bool {
    let market = seen.markets.iter().find(|market| market.symbol == intent.symbol);
    let Some((bid, ask)) = market.and_then(|market| market.bid.zip(market.ask)) else { return true };
    let Some(price) = intent.kind.limit().or(intent.kind.stop()) else { return false };
    // Twice the distance from twice the middle, in nanos: no half is lost.
    let twice_middle = i128::from(bid.nanos()) + i128::from(ask.nanos());
    let off = (2 * i128::from(price.nanos()) - twice_middle).abs();
    off * 50 > twice_middle
}
