use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;

use crate::domain::intent::Intent;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::event::Act;
use crate::risk::decision::{Check, Decision, Verdict};
use crate::risk::refusal::{Code, Figure, Refusal};
use crate::ui::effect::{Effect, Trusted, Wish};
use crate::ui::fixture::{Variant, asks, model_in};
use crate::ui::hidden::Hidden;
use crate::ui::key::Key;
use crate::ui::line::Line;
use crate::ui::model::{Confirm, Lock, Model, Palette, Pane, Popup, Screen, Who, WhoField, Word};
use crate::ui::msg::{Asker, KillDone, KillView};
use crate::ui::queue::Queue;
use crate::ui::review::{Review, ScriptView};
use crate::ui::seen::{Largest, Preview, Seen, Weight};
use crate::ui::theme::Theme;
use crate::ui::ticket::Ticket;
use crate::ui::view;
use crate::ui::wizard::{Page, Wizard};
use crate::ui::words;

/// The states that are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Usual,
    Halted,
    Flattened,
    ReduceOnly,
    Stale,
    NoStop,
    Empty,
    BeforeTheFirstWord,
    EngineDown,
    Silent,
    Paper,
    Live,
    TicketRefused,
    TicketPasses,
    TicketAnswered,
    PaletteHint,
    PaletteAnswer,
    Find,
    Help,
    Confirm,
    Quit,
    Notice,
    Locked,
    Arming,
    Typed,
    WizardLook,
    WizardLimits,
    WizardWrite,
    Waiting,
    Queue,
    QueueChanged,
    Review,
    ReviewChanged,
}

impl State {
    pub(super) const ALL: [Self; 33] = [
        Self::Usual,
        Self::Halted,
        Self::Flattened,
        Self::ReduceOnly,
        Self::Stale,
        Self::NoStop,
        Self::Empty,
        Self::BeforeTheFirstWord,
        Self::EngineDown,
        Self::Silent,
        Self::Paper,
        Self::Live,
        Self::TicketRefused,
        Self::TicketPasses,
        Self::TicketAnswered,
        Self::PaletteHint,
        Self::PaletteAnswer,
        Self::Find,
        Self::Help,
        Self::Confirm,
        Self::Quit,
        Self::Notice,
        Self::Locked,
        Self::Arming,
        Self::Typed,
        Self::WizardLook,
        Self::WizardLimits,
        Self::WizardWrite,
        Self::Waiting,
        Self::Queue,
        Self::QueueChanged,
        Self::Review,
        Self::ReviewChanged,
    ];

    /// Its name in the pictures' file names: `BeforeTheFirstWord` is `before-the-first-word`.
    pub(super) fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }

    const fn variant(self) -> Variant {
        match self {
            Self::Halted | Self::Flattened => Variant::Halted,
            Self::ReduceOnly => Variant::ReduceOnly,
            Self::Stale => Variant::Stale,
            Self::NoStop => Variant::NoStop,
            Self::Empty => Variant::Empty,
            _ => Variant::Plain,
        }
    }
}

fn pane_of(screen: Screen) -> Pane {
    match screen {
        Screen::Trade | Screen::Risk | Screen::Security => Pane::Positions,
        Screen::Chart => Pane::Chart,
        Screen::Orders => Pane::Orders,
        Screen::Strategies => Pane::Strategies,
        Screen::Journal => Pane::Journal,
        Screen::Log => Pane::Log,
    }
}

/// A window in a state.
pub(super) fn model(state: State, size: (u16, u16), screen: Screen, theme: Theme, ascii: bool) -> Model {
    let mut model = model_in(state.variant(), size, theme, ascii);
    (model.screen, model.pane) = (screen, pane_of(screen));
    put_into(state, &mut model);
    model
}

/// Puts a window that shows the fixture into a state.
pub(super) fn put_into(state: State, model: &mut Model) {
    let popup = match state {
        State::PaletteHint => Some(Popup::Palette(Palette {
            line: Line::new("buy SPY 50 --limit 166.2"),
            ..Palette::default()
        })),
        State::PaletteAnswer => Some(Popup::Palette(Palette {
            line: Line::new("buy SPY 500 --limit 166.20"),
            words: vec![
                "refused: POSITION_LIMIT exposure=99720.00 limit=20000.00 max_qty=20".to_owned(),
                "nothing was sent".to_owned(),
            ],
            ..Palette::default()
        })),
        State::Find => Some(Popup::Find(Line::new("msf"))),
        State::Help => Some(Popup::Help(0)),
        State::Confirm => Some(Popup::Confirm(close_spy(model))),
        State::Quit => Some(Popup::Quit(model.now_ms)),
        State::Review => Some(review(model, script(false), "")),
        State::ReviewChanged => Some(review(model, script(true), "appr")),
        State::Typed => {
            let word = Word { wanted: "50".to_owned(), line: Line::new("5") };
            Some(Popup::Confirm(Confirm { word: Some(word), ..close_spy(model) }))
        }
        State::Arming => Some(Popup::Who(Box::new(arming()))),
        State::WizardLook => Some(wizard(model, Page::Look)),
        State::WizardLimits => Some(wizard(model, Page::Limits)),
        State::WizardWrite => Some(wizard(model, Page::Write)),
        _ => None,
    };
    model.popup = popup;
    match state {
        State::Halted => {
            model.kill = KillView { pulls: 1, tripped: true, outcome: Some(done(2)), ..KillView::default() }
        }
        State::Flattened => model.kill = flattened(),
        State::BeforeTheFirstWord => model.seen = None,
        State::EngineDown => model.engine_down = Some("a check failed in the books of SPY".to_owned()),
        State::Silent => model.now_ms += 74_000,
        State::Paper => set_mode(model, Mode::Paper),
        State::Live | State::Arming | State::Typed => set_mode(model, Mode::Live),
        State::Locked => {
            let words = vec!["the passphrase is wrong; the next try in 4 s".to_owned()];
            model.lock = Some(Lock { words, ..Lock::default() });
            set_mode(model, Mode::Live);
        }
        State::Waiting => with_questions(model),
        State::Queue => with_queue(model, 41, "", ""),
        State::QueueChanged => with_queue(model, 42, "900", "33.85"),
        State::TicketRefused => with_ticket(model, "50"),
        State::TicketPasses => with_ticket(model, "10"),
        State::TicketAnswered => {
            with_ticket(model, "10");
            if let Some(ticket) = &mut model.ticket {
                ticket.words = vec!["refused: SELF_TRADE order=s-4k2p9x-20131009-11".to_owned()];
            }
        }
        State::Notice => model.say(
            Weight::Warning,
            "refused: POSITION_LIMIT exposure=24930.00 limit=20000.00 max_qty=20 · nothing was sent",
        ),
        _ => {}
    }
}

/// The form of somebody who has typed the first of three fields, and the second before.
fn arming() -> Who {
    let typed = |text: &str| {
        let mut hidden = Hidden::default();
        hidden.paste(text);
        hidden
    };
    let wish = Wish { account: typed("0001"), passphrase: typed("unseen"), ..Wish::default() };
    let fields = vec![WhoField::Account, WhoField::Passphrase, WhoField::Code];
    let words = vec!["the code: this code was used already; wait for the next one".to_owned()];
    Who { asks: Trusted::Arm, fields, at: 1, wish, waits: false, words }
}

fn wizard(model: &Model, page: Page) -> Popup {
    let limits = model.seen.as_ref().map(|seen| seen.limits.clone()).unwrap_or_default();
    Popup::Wizard(Box::new(Wizard { page, rehearsed: true, ..Wizard::new(&limits, model.theme.name) }))
}

/// A second press that a venue did not wholly answer.
fn flattened() -> KillView {
    let outcome = KillDone {
        flattened: 2,
        left_positions: vec!["IBM 25".to_owned()],
        confirmed: false,
        words: vec!["IBM: the venue did not answer within 5 s".to_owned()],
        ..done(0)
    };
    KillView { pulls: 2, tripped: true, flatten: true, outcome: Some(outcome) }
}

fn done(cancelled: u32) -> KillDone {
    KillDone { cancelled, confirmed: true, ..KillDone::default() }
}

fn set_mode(model: &mut Model, mode: Mode) {
    if let Some(seen) = &mut model.seen {
        seen.snapshot.mode = mode;
    }
}

fn close_spy(model: &Model) -> Confirm {
    let spy: Symbol = "SPY".parse().unwrap();
    let held = model.seen.iter().flat_map(|seen| &seen.snapshot.positions).find(|one| one.symbol == spy);
    let effect = Effect::Act(Asker::Key, Act::Close(Some(spy)));
    let lines = held.map_or_else(|| vec!["Close SPY at market?".to_owned()], words::close);
    Confirm { lines, effect, started_by: Some(Key::letter('x')), since_ms: model.now_ms, word: None }
}

/// A script as it is approved, or changed since.
pub(super) fn script(changed: bool) -> ScriptView {
    let file = include_str!("../../../strategies/hardstop.d.ts");
    // Figures of a script are its own: where its lines are broken says nothing about the window's.
    let source = file.lines().filter(|line| !line.bytes().any(|byte| byte.is_ascii_digit()));
    let diff =
        ["  function onBar(ctx, bar) {", "-   if (bar.close > high) ctx.buy();", "+   ctx.buy();", "  }"];
    let lines = if changed { diff.map(str::to_owned).to_vec() } else { source.map(str::to_owned).collect() };
    let approved = if changed {
        "not approved as it stands on disk"
    } else {
        "approved for sim and paper as it stands on disk"
    };
    let mut facts: Vec<String> = [approved, "mean reversion, second try"].map(str::to_owned).to_vec();
    facts.extend(Passport::default().lines().iter().map(|(name, value)| format!("  {name:24} {value}")));
    ScriptView {
        strategy: 1,
        file: "mean_rev.js".to_owned(),
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
        facts,
        lines,
        is_diff: changed,
        approvable: changed,
    }
}

fn review(model: &Model, script: ScriptView, typed: &str) -> Popup {
    let typed = Line::new(typed);
    let review = Review::of(1, model.now_ms);
    Popup::Review(Box::new(Review { script: Some(script), waits: false, typed, ..review }))
}

fn with_questions(model: &mut Model) {
    if let Some(seen) = &mut model.seen {
        seen.snapshot.asks = asks();
    }
}

/// The queue with a question chosen, and what was typed of another quantity and limit.
fn with_queue(model: &mut Model, chosen: u64, qty: &str, limit: &str) {
    with_questions(model);
    let queue = Queue::with(Some(chosen), model.now_ms);
    let queue = Queue { qty: Line::new(qty), limit: Line::new(limit), ..queue };
    model.popup = Some(Popup::Queue(Box::new(queue)));
    judge(model);
}

/// The gate's word on what is in sight comes in.
fn judge(model: &mut Model) {
    let wished = model.look().preview;
    if let Some(seen) = &mut model.seen {
        seen.preview = wished.map(|intent| judged(seen, intent));
    }
}

/// An open ticket to buy so many SPY, the gate's word on it.
fn with_ticket(model: &mut Model, qty: &str) {
    let spy: Symbol = "SPY".parse().unwrap();
    let mut ticket = Ticket::open(1, Side::Buy, model.market(spy), Some(spy));
    (ticket.qty, ticket.stop_loss, ticket.target) = (Line::new(qty), Line::new("165.20"), Line::new("1.5R"));
    model.next_ticket = 2;
    (model.pane, model.pane_before) = (Pane::Ticket, Pane::Positions);
    model.ticket = Some(ticket);
    judge(model);
}

/// What a gate with these limits would say: close enough to the real one for pictures and for the
/// ladder, which looks at the checks' figures only.
pub(super) fn judged(seen: &Seen, intent: Intent) -> Preview {
    let account = &seen.snapshot.account;
    let before = crate::ui::exposure::exposure(seen, intent.symbol).unwrap_or_default();
    let price = intent.kind.limit().or(intent.kind.stop()).unwrap_or_else(|| Price::from_cents(16_621));
    let value = price.times(intent.qty);
    let risk =
        intent.stop_loss.and_then(|stop| price.minus(stop).ok()).map_or(value, |way| way.times(intent.qty));
    let sum = |left: Money, right: Money| left.plus(right).unwrap_or_default();
    let most = account.position_limit.unwrap_or_default();
    let check = |code: Code, value: Money, limit: Option<Money>| {
        let limit = limit.unwrap_or_default();
        Check { code, ok: value <= limit, value: Figure::Money(value), limit: Figure::Money(limit) }
    };
    let checks = vec![
        check(Code::DailyLossReached, account.day_loss.unwrap_or_default(), account.day_loss_limit),
        check(Code::OrderLimit, value, seen.limits.max_order_usd),
        check(Code::BuyingPower, value, account.cash),
        check(Code::PositionLimit, sum(before, value), account.position_limit),
        check(Code::GrossLimit, sum(account.gross.unwrap_or_default(), value), account.gross_limit),
        check(Code::HeatLimit, sum(account.heat.unwrap_or_default(), risk), account.heat_limit),
    ];
    let room = most.minus(before).unwrap_or_default().at_least_zero();
    let qty = room.shares_at(price).map_or(Qty::ZERO, Qty::whole_part);
    let refusal = checks.iter().find(|check| !check.ok).map(|check| Refusal {
        value: check.value,
        limit: check.limit,
        max_qty: Some(qty),
        ..Refusal::bare(check.code)
    });
    Preview {
        intent,
        exposure_before: Some(before),
        largest: Largest { qty, binds: Some(Code::PositionLimit) },
        decision: Decision {
            verdict: refusal.map_or(Verdict::Approved, Verdict::Refused),
            reducing: false,
            exposure: Some(sum(before, value)),
            heat: None,
            day_loss: account.day_loss,
            max_qty: Some(qty),
            releases: None,
            checks,
        },
    }
}

/// The window painted as large as it is.
pub(super) fn painted(model: &Model) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    let area = buf.area;
    view::draw(model, area, &mut buf);
    buf
}

/// What stands on a painted screen, row by row, without the spaces at their ends. The cell behind a
/// wide sign is not a sign of its own.
pub(super) fn rows(buf: &Buffer) -> Vec<String> {
    let row = |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
    (0..buf.area.height).map(|y| row(y).trim_end().to_owned()).collect()
}

/// A key by its name in the proofs.
pub(super) fn key(name: &str) -> Key {
    if name == "backspace" { Key::plain(KeyCode::Backspace) } else { name.parse().unwrap() }
}
