use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::domain::money::Money;
use crate::domain::side::Side;
use crate::risk::decision::Check;
use crate::risk::refusal::{Code, Figure};
use crate::ui::ink::{cut, pane, put, put_right, width_of};
use crate::ui::keys::Action;
use crate::ui::layout::Size;
use crate::ui::line::Line;
use crate::ui::model::{Model, Pane};
use crate::ui::seen::{Preview, Seen};
use crate::ui::ticket::{Field, Ticket};
use crate::ui::view::header::grouped;
use crate::ui::words;

/// The order ticket, with the gate's word on it as it is typed.
///
/// ```text
/// ┌ 3 Order ticket ────────────────────────────┐
/// │Symbol  SPY             Side  [BUY]  sell   │
/// │Type    LIMIT           TIF   DAY           │
/// │Qty     50              Limit 166.20        │
/// │Stop    165.20          Target 1.5R         │
/// │──────── what the gate says ────────────────│
/// │Position  0.00 → 8,310.00 of 10,000.00   ok │
/// │Heat      …                              ok │
/// │Largest   60, Position binds                │
/// │✗ POSITION_LIMIT exposure=… max_qty=60      │
/// │[Enter] send  [Esc] close  [=] largest      │
/// └────────────────────────────────────────────┘
/// ```
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let numbered = matches!(model.shape(), Size::Full | Size::Columns);
    let name = match &model.ticket {
        Some(ticket) if ticket.replaces.is_some() => "Change order",
        _ => "Order ticket",
    };
    let title = if numbered { format!("{} {name}", Pane::Ticket.number()) } else { name.to_owned() };
    let inner = pane(buf, area, &title, model.pane == Pane::Ticket, &model.theme);
    let Some(ticket) = &model.ticket else {
        let (buy, sell) = (model.keys.of(Action::Buy), model.keys.of(Action::Sell));
        let text = format!("{}; {buy} buys, {sell} sells", words::NO_TICKET);
        put(buf, inner, inner.x, 0, &cut(&text, inner.width), model.theme.dim);
        return;
    };
    fields(model, ticket, inner, buf);
    let rest = Rect { y: (inner.y + 5).min(inner.bottom()), height: inner.height.saturating_sub(5), ..inner };
    said(model, ticket, rest, buf);
}

fn fields(model: &Model, ticket: &Ticket, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let half = area.width / 2;
    let left = |row: u16| Rect { y: area.y + row, width: half, height: u16::from(row < area.height), ..area };
    let right = |row: u16| Rect { x: area.x + half, width: area.width - half, ..left(row) };
    let sides = if ticket.side == Side::Buy { "[BUY] sell" } else { "buy [SELL]" };
    let side_style = if ticket.side == Side::Buy { theme.up } else { theme.down };
    text(buf, left(0), model, ticket, Field::Symbol, "Symbol", &ticket.symbol);
    choice(buf, right(0), model, ticket, Field::Side, "Side", sides, side_style);
    choice(buf, left(1), model, ticket, Field::Kind, "Type", ticket.kind.word(), theme.text);
    let tif = ticket.tif.word().to_uppercase();
    choice(buf, right(1), model, ticket, Field::Tif, "TIF", &tif, theme.text);
    text(buf, left(2), model, ticket, Field::Qty, "Qty", &ticket.qty);
    text(buf, right(2), model, ticket, Field::Limit, "Limit", &ticket.limit);
    text(buf, left(3), model, ticket, Field::StopLoss, "Stop", &ticket.stop_loss);
    text(buf, right(3), model, ticket, Field::Target, "Target", &ticket.target);
    text(buf, left(4), model, ticket, Field::Trigger, "Trigger", &ticket.trigger);
    let seen = model.seen.as_deref();
    if let Some(Ok(intent)) = seen.map(|seen| ticket.intent(seen)) {
        let shares = format!("= {} shares", intent.qty);
        put(buf, right(4), right(4).x, 0, &shares, theme.dim);
    }
}

fn text(buf: &mut Buffer, area: Rect, model: &Model, ticket: &Ticket, field: Field, name: &str, line: &Line) {
    if !ticket.has(field) {
        return;
    }
    let here = ticket.field == field && model.pane == Pane::Ticket;
    let style = if here { model.theme.accent } else { model.theme.dim };
    put(buf, area, area.x, 0, name, style);
    let room = Rect { x: area.x + 7, width: area.width.saturating_sub(8), ..area }.intersection(buf.area);
    if here {
        buf.set_style(room, Style::new().add_modifier(Modifier::UNDERLINED));
        super::palette::line(buf, room, "", line, model.theme.text);
    } else if line.is_empty() && field == Field::StopLoss && ticket.replaces.is_none() {
        put(buf, room, room.x + 1, 0, "auto (ATR)", model.theme.dim);
    } else {
        put(buf, room, room.x + 1, 0, &cut(&line.text(), room.width.saturating_sub(1)), model.theme.text);
    }
}

#[expect(clippy::too_many_arguments, reason = "a field is drawn from one place only")]
fn choice(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    ticket: &Ticket,
    field: Field,
    name: &str,
    value: &str,
    style: Style,
) {
    let here = ticket.field == field && model.pane == Pane::Ticket;
    put(buf, area, area.x, 0, name, if here { model.theme.accent } else { model.theme.dim });
    let room = Rect { x: area.x + 8, width: area.width.saturating_sub(9), ..area };
    let style = if here { style.add_modifier(Modifier::UNDERLINED) } else { style };
    let x = put(buf, room, room.x, 0, value, style);
    if here {
        put(buf, room, x, 0, " ‹›", model.theme.accent);
    }
}

fn said(model: &Model, ticket: &Ticket, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    if area.is_empty() {
        return;
    }
    let keys = if ticket.sent {
        "sent; waiting for the machine …"
    } else {
        "Enter send  Esc close  Tab field  = largest"
    };
    put(buf, area, area.x, area.height - 1, &cut(keys, area.width), theme.dim);
    let area = Rect { height: area.height - 1, ..area };
    put(buf, area, area.x, 0, &"─".repeat(usize::from(area.width)), theme.border);
    put(buf, area, area.x + 2, 0, " what the gate says ", theme.dim);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if !ticket.words.is_empty() {
        for (row, words) in (0..below.height).zip(wrapped(&ticket.words, below.width)) {
            put(buf, below, below.x, row, &words, theme.danger);
        }
        return;
    }
    let Some(seen) = model.seen.as_deref() else { return };
    match ticket.intent(seen) {
        Err(missing) => {
            put(buf, below, below.x, 0, &cut(&missing, below.width), theme.warning);
        }
        Ok(intent) => match seen.preview.as_ref().filter(|preview| preview.intent == intent) {
            Some(preview) => judged(model, seen, preview, below, buf),
            None => {
                put(buf, below, below.x, 0, "…", theme.dim);
            }
        },
    }
}

/// Words broken into lines of a width, at spaces.
fn wrapped(words: &[String], width: u16) -> Vec<String> {
    let mut lines = Vec::new();
    for sentence in words {
        let mut line = String::new();
        for word in sentence.split(' ') {
            if !line.is_empty() && width_of(&line) + width_of(word) + 1 > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

fn judged(model: &Model, seen: &Seen, preview: &Preview, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    // The verdict and the largest size come first: on a small screen the rest may have no room.
    let (verdict, style) = match preview.decision.refusal() {
        Some(refusal) => (format!("✗ {refusal}"), theme.danger),
        None if preview.decision.reducing => ("✓ passes: it only reduces".to_owned(), theme.up),
        None => ("✓ passes every check".to_owned(), theme.up),
    };
    let mut row = 0;
    for line in wrapped(&[verdict], area.width) {
        put(buf, area, area.x, row, &line, style);
        row += 1;
    }
    if !preview.decision.reducing {
        if preview.largest.binds == Some(Code::NoStop) && preview.largest.qty.is_zero() {
            put(buf, area, area.x, row, &cut(words::TYPE_A_STOP, area.width), theme.warning);
            row += 1;
        }
        let binds = preview
            .largest
            .binds
            .map_or_else(String::new, |code| format!(", {} binds", words::limit_name(code)));
        put(
            buf,
            area,
            area.x,
            row,
            &cut(&format!("Largest {}{binds}", preview.largest.qty), area.width),
            theme.accent,
        );
        row += 1;
    }
    for check in preview.decision.checks.iter().filter(|check| matters(check)) {
        if row >= area.height {
            break;
        }
        limit_row(model, seen, preview, check, Rect { y: area.y + row, height: 1, ..area }, buf);
        row += 1;
    }
}

fn matters(check: &Check) -> bool {
    matches!(check.value, Figure::Money(_))
        && matches!(
            check.code,
            Code::DailyLossReached
                | Code::OrderLimit
                | Code::BuyingPower
                | Code::PositionLimit
                | Code::GrossLimit
                | Code::HeatLimit
        )
}

/// One limit, before → after, of what is allowed.
fn limit_row(model: &Model, seen: &Seen, preview: &Preview, check: &Check, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let account = &seen.snapshot.account;
    let before = match check.code {
        Code::PositionLimit => preview.exposure_before,
        Code::HeatLimit => account.heat,
        Code::GrossLimit => account.gross,
        _ => None,
    };
    let (mark, style) = if check.ok { ("ok", theme.text) } else { ("✗", theme.danger) };
    put(buf, area, area.x, 0, words::limit_name(check.code), if check.ok { theme.dim } else { theme.danger });
    let figures = match before {
        Some(before) => format!("{} → {} of {}", whole(before), of(check.value), of(check.limit)),
        None => format!("{} of {}", of(check.value), of(check.limit)),
    };
    // Whole figures or none: a part of one would be another one.
    let inner = Rect { width: area.width.saturating_sub(3), ..area };
    let from = area.x + width_of(words::limit_name(check.code)) + 1;
    if !put_right(buf, inner, from, 0, &figures, style) {
        let short = format!("{} of {}", of(check.value), of(check.limit));
        put_right(buf, inner, from, 0, &short, style);
    }
    put_right(buf, area, area.x, 0, mark, style);
}

fn of(figure: Figure) -> String {
    match figure {
        Figure::Money(money) => whole(money),
        other => other.to_string(),
    }
}

/// Whole dollars where cents say nothing more.
fn whole(money: Money) -> String {
    let text = grouped(money);
    text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
}
