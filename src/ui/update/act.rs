use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::event::Act;
use crate::engine::snapshot::OrderView;
use crate::ui::candles::{Overlay, Timeframe};
use crate::ui::effect::{Effect, Leave};
use crate::ui::key::Key;
use crate::ui::keys::Action;
use crate::ui::layout::Size;
use crate::ui::line::Line;
use crate::ui::model::{Confirm, Model, Palette, Pane, Popup, Screen, Word};
use crate::ui::msg::Asker;
use crate::ui::seen::Weight;
use crate::ui::ticket::{Field, Kind, Ticket};
use crate::ui::update::live;
use crate::ui::update::lock;
use crate::ui::update::queue;
use crate::ui::update::review;
use crate::ui::update::rows;
use crate::ui::update::wizard;
use crate::ui::words;

/// Does what a key asks for.
pub(super) fn act(model: &mut Model, action: Action, key: Key) -> Vec<Effect> {
    match action {
        Action::Help => model.popup = Some(Popup::Help(0)),
        Action::Palette => model.popup = Some(Popup::Palette(Palette::default())),
        Action::Filter => model.popup = Some(Popup::Find(Line::default())),
        Action::NextPane => next_pane(model, true),
        Action::PreviousPane => next_pane(model, false),
        Action::Down => rows::step(model, 1),
        Action::Up => rows::step(model, -1),
        Action::First => rows::step(model, i64::MIN),
        Action::Last => rows::step(model, i64::MAX),
        Action::FarDown => rows::step(model, 10),
        Action::FarUp => rows::step(model, -10),
        // Where the pane has the screen to itself already, Enter goes on into its row.
        Action::Open
            if (model.screen, model.pane) == (Screen::Strategies, Pane::Strategies)
                && model.strategy.is_some() =>
        {
            return review::open(model);
        }
        Action::Open => open(model),
        Action::Back => back(model),
        Action::Buy => open_ticket(model, Side::Buy),
        Action::Sell => open_ticket(model, Side::Sell),
        Action::Cancel => return cancel(model, key),
        Action::CancelSymbol => cancel_symbol(model, key),
        Action::Close => close(model, key),
        Action::Flatten => flatten(model, key),
        Action::Replace => replace(model),
        Action::EditStop => edit_stop(model),
        Action::Pause => return pause(model, key),
        Action::Asks => queue::open(model),
        Action::Review => return review::open(model),
        Action::Timeframe => model.timeframe = next(&Timeframe::ALL, model.timeframe),
        Action::Indicator => model.overlay = next(&Overlay::ALL, model.overlay),
        Action::Copy => return rows::text(model).map(Effect::Copy).into_iter().collect(),
        Action::Mouse => {
            model.mouse = !model.mouse;
            model.say(Weight::Info, if model.mouse { words::MOUSE_TAKEN } else { words::MOUSE_LEFT });
            return vec![Effect::Mouse(model.mouse)];
        }
        Action::Redraw => return vec![Effect::Redraw],
        Action::Wizard => wizard::open(model),
        Action::Lock => lock::lock(model),
        Action::Suspend => return suspend(model),
        Action::Quit if replays(model) => return vec![Effect::Quit(Leave::KeepAll)],
        Action::Quit => model.popup = Some(Popup::Quit(model.now_ms)),
    }
    Vec::new()
}

/// Whether a run of before is watched: what stands in it stands nowhere else.
fn replays(model: &Model) -> bool {
    model.seen.as_ref().is_some_and(|seen| seen.about.replay)
}

fn next<T: Copy + PartialEq>(all: &[T], now: T) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0);
    all[(at + 1) % all.len()]
}

/// Goes to a screen, with the focus on what it shows.
pub(super) fn show(model: &mut Model, screen: Screen) {
    model.screen = screen;
    model.pane = match screen {
        Screen::Trade => Pane::Positions,
        Screen::Chart => Pane::Chart,
        Screen::Orders => Pane::Orders,
        Screen::Strategies => Pane::Strategies,
        Screen::Journal => Pane::Journal,
        Screen::Risk | Screen::Security => model.pane,
        Screen::Log => Pane::Log,
    };
}

/// The panes in sight, in the order of their numbers.
pub(super) fn panes(model: &Model) -> Vec<Pane> {
    match (model.screen, model.shape()) {
        (Screen::Trade, Size::Full) => Pane::ALL.to_vec(),
        (Screen::Trade, Size::Columns) => vec![
            Pane::Watchlist,
            Pane::Chart,
            Pane::Ticket,
            Pane::Strategies,
            Pane::Log,
            Pane::Positions,
            Pane::Orders,
        ],
        (Screen::Trade, Size::Tabs) => vec![Pane::Watchlist, Pane::Chart, Pane::Ticket, Pane::Positions],
        (Screen::Orders, Size::Tabs | Size::Columns | Size::Full) => vec![Pane::Orders, Pane::Positions],
        _ => vec![model.pane],
    }
}

fn next_pane(model: &mut Model, forward: bool) {
    let mut all = panes(model);
    all.retain(|pane| *pane != Pane::Ticket || model.ticket.is_some());
    let at = all.iter().position(|pane| *pane == model.pane).unwrap_or(0);
    let step = if forward { 1 } else { all.len().saturating_sub(1) };
    if let Some(pane) = all.get((at + step) % all.len().max(1)) {
        model.pane = *pane;
    }
}

pub(super) fn open(model: &mut Model) {
    let screen = match model.pane {
        Pane::Watchlist | Pane::Chart => Screen::Chart,
        Pane::Positions | Pane::Orders => Screen::Orders,
        Pane::Strategies => Screen::Strategies,
        Pane::Journal => Screen::Journal,
        Pane::Log => Screen::Log,
        Pane::Ticket => return,
    };
    // The pane keeps the focus that it has: positions and orders share a screen.
    model.screen = screen;
}

/// Away with the topmost thing that is open.
fn back(model: &mut Model) {
    if model.ticket.is_some() {
        model.ticket = None;
        model.pane = if model.pane == Pane::Ticket { model.pane_before } else { model.pane };
    } else if !model.filter.is_empty() {
        model.filter.clear();
    } else if model.screen == Screen::Trade {
        model.notice = None;
    } else {
        show(model, Screen::Trade);
    }
}

/// The symbol that the focus is on: the position's or the order's where one is selected, else the
/// chart's.
pub(super) fn symbol_in_focus(model: &Model) -> Option<Symbol> {
    match model.pane {
        Pane::Positions => model.position.or(model.symbol),
        Pane::Orders => order_in_focus(model).map(|order| order.symbol).or(model.symbol),
        _ => model.symbol,
    }
}

fn order_in_focus(model: &Model) -> Option<&OrderView> {
    let id = model.order?;
    model.seen.as_ref()?.snapshot.open_orders.iter().find(|order| order.id == id)
}

fn focus_ticket(model: &mut Model, ticket: Ticket) {
    if model.pane != Pane::Ticket {
        model.pane_before = model.pane;
    }
    model.screen = Screen::Trade;
    model.pane = Pane::Ticket;
    model.ticket = Some(ticket);
}

/// Opens the ticket, or turns the open one.
pub(super) fn open_ticket(model: &mut Model, side: Side) {
    if matches!(model.shape(), Size::Small | Size::Tiny) {
        model.say(Weight::Warning, words::TICKET_NEEDS_ROOM);
        return;
    }
    let symbol = symbol_in_focus(model);
    let market = symbol.and_then(|symbol| model.market(symbol)).copied();
    let number = model.fresh_number();
    let ticket = Ticket::open(number, side, market.as_ref(), symbol);
    focus_ticket(model, ticket);
}

fn ask(model: &mut Model, key: Key, lines: Vec<String>, effect: Effect, word: Option<Word>) {
    let (started_by, since_ms) = (Some(key), model.now_ms);
    model.popup = Some(Popup::Confirm(Confirm { lines, effect, started_by, since_ms, word }));
}

fn cancel(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(order) = order_in_focus(model) else {
        model.say(Weight::Info, words::SELECT_AN_ORDER);
        return Vec::new();
    };
    let effect = Effect::Act(Asker::Key, Act::Cancel(order.id));
    // Whoever takes a stop down by mistake stands unprotected: that is asked again.
    // And nobody cancels by one key what is not in sight.
    let unseen = !panes(model).contains(&Pane::Orders);
    if words::protects(order, model) || live::is_live(model) || unseen {
        let lines = words::cancel_order(order, model);
        ask(model, key, lines, effect, None);
        return Vec::new();
    }
    vec![effect]
}

fn cancel_symbol(model: &mut Model, key: Key) {
    let Some(symbol) = symbol_in_focus(model) else {
        model.say(Weight::Info, words::SELECT_A_SYMBOL);
        return;
    };
    let effect = Effect::Act(Asker::Key, Act::CancelAll(Some(symbol)));
    ask(model, key, words::cancel_symbol(symbol), effect, None);
}

fn close(model: &mut Model, key: Key) {
    let position = model.position.and_then(|symbol| {
        model.seen.as_ref()?.snapshot.positions.iter().find(|position| position.symbol == symbol)
    });
    let Some(position) = position else {
        model.say(Weight::Info, words::SELECT_A_POSITION);
        return;
    };
    let effect = Effect::Act(Asker::Key, Act::Close(Some(position.symbol)));
    let lines = words::close(position);
    ask(model, key, lines, effect, None);
}

fn flatten(model: &mut Model, key: Key) {
    let count = model.seen.as_ref().map_or(0, |seen| seen.snapshot.positions.len());
    if count == 0 {
        model.say(Weight::Info, words::NOTHING_OPEN);
        return;
    }
    // With real money this is typed: no key that is hit by mistake closes everything.
    let word = live::is_live(model).then(|| Word::of("flatten"));
    ask(model, key, words::flatten(count), Effect::Act(Asker::Key, Act::Close(None)), word);
}

fn replace(model: &mut Model) {
    let Some(order) = order_in_focus(model).cloned() else {
        model.say(Weight::Info, words::SELECT_AN_ORDER);
        return;
    };
    change(model, &order, Field::Qty);
}

fn edit_stop(model: &mut Model) {
    let stop = model.position.and_then(|symbol| {
        let orders = &model.seen.as_ref()?.snapshot.open_orders;
        orders.iter().find(|order| order.symbol == symbol && words::protects(order, model)).cloned()
    });
    match stop {
        Some(order) => change(model, &order, Field::Trigger),
        None => model.say(Weight::Info, words::NO_STOP_TO_EDIT),
    }
}

/// The ticket on an order that lives: what of it can change.
fn change(model: &mut Model, order: &OrderView, field: Field) {
    let kind = match (order.kind.limit(), order.kind.stop()) {
        (Some(_), Some(_)) => Kind::StopLimit,
        (Some(_), None) => Kind::Limit,
        (None, Some(_)) => Kind::Stop,
        (None, None) => Kind::Market,
    };
    let text = |price: Option<crate::domain::price::Price>| {
        Line::new(&price.map(|price| price.to_string()).unwrap_or_default())
    };
    let number = model.fresh_number();
    let ticket = Ticket {
        replaces: Some(order.id),
        kind,
        qty: Line::new(&order.qty.to_string()),
        limit: text(order.kind.limit()),
        trigger: text(order.kind.stop()),
        field,
        ..Ticket::open(number, order.side, None, Some(order.symbol))
    };
    focus_ticket(model, ticket);
}

fn pause(model: &mut Model, key: Key) -> Vec<Effect> {
    let strategy = model
        .strategy
        .and_then(|id| model.seen.as_ref()?.snapshot.strategies.iter().find(|strategy| strategy.id == id));
    let Some(strategy) = strategy else {
        model.say(Weight::Info, words::SELECT_A_STRATEGY);
        return Vec::new();
    };
    let id = crate::domain::intent::StrategyId(strategy.id);
    if strategy.state == "running" {
        return vec![Effect::Act(Asker::Key, Act::PauseStrategy(id))];
    }
    let effect = Effect::Act(Asker::Key, Act::ResumeStrategy(id));
    if live::is_live(model) {
        let lines = words::resume(&strategy.name);
        ask(model, key, lines, effect, None);
        return Vec::new();
    }
    vec![effect]
}

/// Nobody steps into the background while something stands at the market.
pub(super) fn suspend(model: &mut Model) -> Vec<Effect> {
    let stands = model
        .seen
        .as_ref()
        .is_some_and(|seen| !seen.snapshot.positions.is_empty() || !seen.snapshot.open_orders.is_empty());
    if stands {
        model.say(Weight::Warning, words::NO_SUSPEND);
        return Vec::new();
    }
    vec![Effect::Suspend]
}
