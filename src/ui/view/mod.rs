/// What must be said across the whole width.
mod bands;
/// The candle chart.
mod chart;
/// Something asked again, and what is to be done at the end.
mod confirm;
/// The last line.
mod footer;
/// The first lines: badge, account, gauges.
mod header;
/// What every key does.
mod help;
/// Today's trades.
mod journal;
/// The kill's report.
mod kill;
/// Lines of popups.
mod lines;
/// A window that hides what is the trader's own.
mod lock;
/// The log.
mod log;
/// Open orders.
mod orders;
/// A command or a search being typed.
mod palette;
/// Positions.
mod positions;
/// What holds for every pane: no panic, no half figure.
#[cfg(test)]
mod proof;
/// Openings that wait for the trader's yes.
mod queue;
/// A strategy's script, read before it is approved.
pub(super) mod review;
/// Limits, used and left.
mod risk;
/// Rows that several panes share.
mod rows;
/// Keys, approvals, the record.
mod security;
/// Strategies.
mod strategies;
/// The tabs' line.
mod tabs;
/// The order ticket with the gate's word on it.
mod ticket;
/// Symbols and prices.
mod watchlist;
/// The form in which the trader shows who he is.
mod who;
/// The first steps.
mod wizard;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::ascii::to_ascii;
use crate::ui::layout::{Size, places};
use crate::ui::model::{Model, Pane, Popup, Screen};

/// Paints the whole screen.
///
/// ```text
///  SIM  embedded exchange  Equity …      header (2 lines)
/// ══ HALTED: hardstop kill ══════════    bands, where there is something to say
///  1 Trade  2 Chart …                    tabs, where panes have no room
/// ┌ panes ───────────────────────────┐
/// └──────────────────────────────────┘
///  ? help  : command …     KILL ▸ Ctrl-\ footer
/// ```
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let size = Size::of(area.width, area.height);
    if size == Size::Tiny {
        header::tiny(model, area, buf);
    } else {
        let body = above_the_body(model, size, area, buf);
        match &model.lock {
            Some(locked) => lock::draw(model, locked, body, buf),
            None => screen(model, size, body, buf),
        }
        footer::draw(model, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
        // What lies over the screen leaves the header, the bands and the kill's hint in sight.
        popups(model, body, buf);
    }
    if model.ascii {
        to_ascii(buf);
    }
}

/// Paints what stands above the panes; gives what it leaves to them.
fn above_the_body(model: &Model, size: Size, area: Rect, buf: &mut Buffer) -> Rect {
    let head = header::draw(model, area, buf);
    let bands = bands::draw(model, below(area, head), buf);
    let top = head + bands;
    let tabs =
        if size == Size::Tabs && model.lock.is_none() { tabs::draw(model, below(area, top), buf) } else { 0 };
    let rest = below(area, top + tabs);
    Rect { height: rest.height.saturating_sub(1), ..rest }
}

/// The pane that is painted at a cell; none where something else is.
pub fn pane_at(model: &Model, column: u16, row: u16) -> Option<Pane> {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let size = Size::of(area.width, area.height);
    if matches!(size, Size::Small | Size::Tiny) {
        return None;
    }
    // What stands above takes as much as it needs: it is painted aside to learn how much.
    let body = above_the_body(model, size, area, &mut Buffer::empty(area));
    let at = Position::new(column, row);
    match model.screen {
        Screen::Trade => {
            let over = (size == Size::Tabs && model.ticket.is_some()).then(|| ticket_over(body));
            if over.is_some_and(|over| over.contains(at)) {
                return Some(Pane::Ticket);
            }
            places(size, body, model.ticket.is_some()).pane_at(at)
        }
        Screen::Orders if body.contains(at) => {
            Some(if row < body.y + body.height / 2 { Pane::Orders } else { Pane::Positions })
        }
        _ => None,
    }
}

/// Where the ticket lies over the panes, where only one screen has room at a time.
fn ticket_over(body: Rect) -> Rect {
    let width = 46.min(body.width);
    Rect { x: body.right() - width, width, height: body.height.min(18), ..body }
}

const fn below(area: Rect, rows: u16) -> Rect {
    let rows = if rows > area.height { area.height } else { rows };
    Rect { x: area.x, y: area.y + rows, width: area.width, height: area.height - rows }
}

fn screen(model: &Model, size: Size, body: Rect, buf: &mut Buffer) {
    if matches!(size, Size::Small | Size::Tiny) {
        return panel(model, Pane::Positions, body, buf);
    }
    match model.screen {
        Screen::Trade => trade(model, size, body, buf),
        Screen::Chart => panel(model, Pane::Chart, body, buf),
        Screen::Orders => {
            let half = body.height / 2;
            panel(model, Pane::Orders, Rect { height: half, ..body }, buf);
            panel(model, Pane::Positions, below(body, half), buf);
        }
        Screen::Strategies => panel(model, Pane::Strategies, body, buf),
        Screen::Journal => panel(model, Pane::Journal, body, buf),
        Screen::Risk => crate::ui::view::risk::draw(model, body, buf),
        Screen::Log => panel(model, Pane::Log, body, buf),
        Screen::Security => security::draw(model, body, buf),
    }
}

fn trade(model: &Model, size: Size, body: Rect, buf: &mut Buffer) {
    let places = places(size, body, model.ticket.is_some());
    panel(model, Pane::Watchlist, places.watchlist, buf);
    panel(model, Pane::Chart, places.chart, buf);
    panel(model, Pane::Strategies, places.strategies, buf);
    panel(model, Pane::Log, places.log, buf);
    panel(model, Pane::Positions, places.positions, buf);
    panel(model, Pane::Orders, places.orders, buf);
    panel(model, Pane::Journal, places.journal, buf);
    if size == Size::Tabs {
        // With one screen at a time the ticket lies over it.
        if model.ticket.is_some() {
            let over = ticket_over(body);
            crate::ui::ink::wipe(buf, over);
            ticket::draw(model, over, buf);
        }
    } else {
        ticket::draw(model, places.ticket, buf);
    }
}

fn panel(model: &Model, pane: Pane, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    match pane {
        Pane::Watchlist => crate::ui::view::watchlist::draw(model, area, buf),
        Pane::Chart => crate::ui::view::chart::draw(model, area, buf),
        Pane::Ticket => ticket::draw(model, area, buf),
        Pane::Strategies => crate::ui::view::strategies::draw(model, area, buf),
        Pane::Log => crate::ui::view::log::draw(model, area, buf),
        Pane::Positions => crate::ui::view::positions::draw(model, area, buf),
        Pane::Orders => crate::ui::view::orders::draw(model, area, buf),
        Pane::Journal => crate::ui::view::journal::draw(model, area, buf),
    }
}

fn popups(model: &Model, body: Rect, buf: &mut Buffer) {
    if model.shows_kill() {
        kill::draw(model, body, buf);
    }
    match &model.popup {
        None => {}
        Some(Popup::Help(_)) => crate::ui::view::help::draw(model, body, buf),
        Some(Popup::Palette(typed)) => palette::draw(model, typed, body, buf),
        Some(Popup::Find(line)) => palette::find(model, line, body, buf),
        Some(Popup::Confirm(asked)) => confirm::draw(model, asked, body, buf),
        Some(Popup::Quit(_)) => confirm::quit(model, body, buf),
        Some(Popup::Queue(asks)) => queue::draw(model, asks, body, buf),
        Some(Popup::Review(script)) => review::draw(model, script, body, buf),
        Some(Popup::Who(asked)) => who::draw(model, asked, body, buf),
        // The kill's report lies over it.
        Some(Popup::Wizard(wizard)) if !model.shows_kill() => wizard::draw(model, wizard, body, buf),
        Some(Popup::Wizard(_)) => {}
    }
}
