use crate::domain::id::ClientOrderId;
use crate::domain::symbol::Symbol;
use crate::ui::candles::{Overlay, Timeframe};
use crate::ui::effect::{Effect, Trusted, Wish};
use crate::ui::hidden::Hidden;
use crate::ui::key::Key;
use crate::ui::keys::Keys;
use crate::ui::layout::Size;
use crate::ui::line::Line;
use crate::ui::msg::KillView;
use crate::ui::queue::Queue;
use crate::ui::review::Review;
use crate::ui::seen::{Look, MarketView, Seen, Weight};
use crate::ui::theme::Theme;
use crate::ui::ticket::Ticket;
use crate::ui::wizard::Wizard;

/// All that the window knows. [`crate::ui::update::update`] alone changes it.
#[derive(Debug, Clone)]
pub struct Model {
    /// The machine as it last showed itself; nothing before its first word.
    pub seen: Option<Box<Seen>>,
    /// The window's clock when the machine last showed itself, in milliseconds.
    pub seen_ms: u64,
    /// The window's clock: milliseconds since it opened.
    pub now_ms: u64,
    /// The kill.
    pub kill: KillView,
    /// Whether the kill's overlay was put away; what is halted stays halted.
    pub kill_hidden: bool,
    /// Why the machine is dead, where it is.
    pub engine_down: Option<String>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Colours.
    pub theme: Theme,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// What keys mean.
    pub keys: Keys,
    /// The screen in sight.
    pub screen: Screen,
    /// The pane that rows are moved in and that actions apply to.
    pub pane: Pane,
    /// The symbol of the chart and of a new ticket.
    pub symbol: Option<Symbol>,
    /// The selected position.
    pub position: Option<Symbol>,
    /// The selected order.
    pub order: Option<ClientOrderId>,
    /// The selected strategy's number.
    pub strategy: Option<u16>,
    /// The chart's bars.
    pub timeframe: Timeframe,
    /// The chart's line.
    pub overlay: Overlay,
    /// The order ticket, where it is open.
    pub ticket: Option<Ticket>,
    /// The pane that had the focus before the ticket took it.
    pub pane_before: Pane,
    /// Whether the mouse is ours; off until the trader says so.
    pub mouse: bool,
    /// What lies over the screen.
    pub popup: Option<Popup>,
    /// Only lines that hold this are shown in the log.
    pub filter: String,
    /// How many lines the log was scrolled back.
    pub log_back: usize,
    /// What is said in the last line, and since when.
    pub notice: Option<Notice>,
    /// Lines that were typed into the palette, newest last.
    pub history: Vec<String>,
    /// Numbers of tickets, so that each is another one.
    pub next_ticket: u64,
    /// The last presses of signs outside fields, so that a pasted text commands nothing.
    pub burst: Burst,
    /// Whether the window hides what is the trader's own.
    pub lock: Option<Lock>,
    /// When it does so by itself.
    pub lock_after: LockAfter,
    /// When somebody last touched anything, by the window's clock.
    pub hand_ms: u64,
}

/// A window that hides what is the trader's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// What was typed to open it.
    pub typed: Hidden,
    /// Whether a passphrase is being tried.
    pub waits: bool,
    /// Why it did not open.
    pub words: Vec<String>,
}

/// For how long nothing may be touched before the window locks itself, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockAfter {
    /// With real money.
    pub live_ms: u64,
    /// In paper; never without it.
    pub paper_ms: Option<u64>,
}

impl Default for LockAfter {
    fn default() -> Self {
        Self { live_ms: 5 * 60_000, paper_ms: Some(30 * 60_000) }
    }
}

/// The screens. The trade screen shows every pane that has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// Everything at a glance.
    Trade,
    /// The chart alone.
    Chart,
    /// Orders and positions.
    Orders,
    /// Strategies.
    Strategies,
    /// The journal.
    Journal,
    /// Limits, how much of them is used, what is left.
    Risk,
    /// The log.
    Log,
    /// Keys, approvals, the record: what a trader trusts.
    Security,
}

impl Screen {
    /// Every screen, in the order of the tabs.
    pub const ALL: [Self; 8] = [
        Self::Trade,
        Self::Chart,
        Self::Orders,
        Self::Strategies,
        Self::Journal,
        Self::Risk,
        Self::Log,
        Self::Security,
    ];

    /// The tab's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trade => "Trade",
            Self::Chart => "Chart",
            Self::Orders => "Orders",
            Self::Strategies => "Strat",
            Self::Journal => "Journal",
            Self::Risk => "Risk",
            Self::Log => "Log",
            Self::Security => "Security",
        }
    }
}

/// The panes that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// Symbols and prices.
    Watchlist,
    /// Candles.
    Chart,
    /// The order ticket.
    Ticket,
    /// Strategies.
    Strategies,
    /// The log.
    Log,
    /// Positions.
    Positions,
    /// Open orders.
    Orders,
    /// Today's trades.
    Journal,
}

impl Pane {
    /// Every pane, in the order of its numbers, which begin at 1.
    pub const ALL: [Self; 8] = [
        Self::Watchlist,
        Self::Chart,
        Self::Ticket,
        Self::Strategies,
        Self::Log,
        Self::Positions,
        Self::Orders,
        Self::Journal,
    ];

    /// Its number on the screen.
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|pane| *pane == self).map_or(0, |index| index + 1)
    }
}

/// What lies over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Popup {
    /// What every key does; scrolled down by so many lines.
    Help(u16),
    /// A command is being typed.
    Palette(Palette),
    /// A symbol or a filter is being typed.
    Find(Line),
    /// Something is asked again before it is done.
    Confirm(Confirm),
    /// What is to be done with what stands; when it came up, by the window's clock.
    Quit(u64),
    /// Openings that wait for the trader's yes.
    Queue(Box<Queue>),
    /// A strategy's script is read.
    Review(Box<Review>),
    /// The trader shows who he is.
    Who(Box<Who>),
    /// The first steps.
    Wizard(Box<Wizard>),
}

/// The form in which the trader shows who he is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// What for.
    pub asks: Trusted,
    /// What is asked, in this order.
    pub fields: Vec<WhoField>,
    /// Which of them is being typed.
    pub at: usize,
    /// What was typed so far.
    pub wish: Wish,
    /// Whether it is being judged.
    pub waits: bool,
    /// Why it did not count.
    pub words: Vec<String>,
}

/// A field of that form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoField {
    /// The last letters of the account's number.
    Account,
    /// The vault's passphrase.
    Passphrase,
    /// The second factor's code.
    Code,
}

/// A command that is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    /// What stands in the line.
    pub line: Line,
    /// How far back in the history.
    pub back: usize,
    /// Whether the machine was asked and has not answered.
    pub waits: bool,
    /// The answer.
    pub words: Vec<String>,
}

/// Something that is asked again before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// What would be done, and why it is asked.
    pub lines: Vec<String>,
    /// What is done on the word.
    pub effect: Effect,
    /// The key that started it, which never confirms it.
    pub started_by: Option<Key>,
    /// When it came up: a key pressed before it could be read means nothing.
    pub since_ms: u64,
    /// What must be typed in the place of `y`, and what was typed of it.
    pub word: Option<Word>,
}

/// A word that is typed to confirm: a key can be hit by mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub wanted: String,
    /// What was typed.
    pub line: Line,
}

/// What is said in the last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// In words.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
    /// Since when, by the window's clock.
    pub since_ms: u64,
}

/// Presses of signs outside fields in quick succession: nobody types so fast, a paste does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Burst {
    /// When the last one came.
    pub last_ms: u64,
    /// How many came in a row.
    pub count: u32,
}

/// What the window is opened with.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Colours.
    pub theme: Theme,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// What keys mean.
    pub keys: Keys,
    /// When the window locks itself.
    pub lock_after: LockAfter,
}

impl Word {
    /// This word, of which nothing was typed.
    pub fn of(wanted: &str) -> Self {
        Self { wanted: wanted.to_owned(), line: Line::default() }
    }
}

impl Model {
    /// A window before the machine's first word.
    pub fn new(setting: Setting) -> Self {
        Self {
            seen: None,
            seen_ms: 0,
            now_ms: 0,
            kill: KillView::default(),
            kill_hidden: false,
            engine_down: None,
            size: setting.size,
            theme: setting.theme,
            ascii: setting.ascii,
            keys: setting.keys,
            screen: Screen::Trade,
            pane: Pane::Positions,
            symbol: None,
            position: None,
            order: None,
            strategy: None,
            timeframe: Timeframe::OneMinute,
            overlay: Overlay::Ema20,
            ticket: None,
            pane_before: Pane::Positions,
            mouse: false,
            popup: None,
            filter: String::new(),
            log_back: 0,
            notice: None,
            history: Vec::new(),
            next_ticket: 1,
            burst: Burst::default(),
            lock: None,
            lock_after: setting.lock_after,
            hand_ms: 0,
        }
    }

    /// How much of the whole has room.
    pub const fn shape(&self) -> Size {
        Size::of(self.size.0, self.size.1)
    }

    /// What the feed says of a symbol.
    pub fn market(&self, symbol: Symbol) -> Option<&MarketView> {
        self.seen.as_ref()?.markets.iter().find(|market| market.symbol == symbol)
    }

    /// What is to be shown next.
    pub fn look(&self) -> Look {
        let ticket = self.ticket.as_ref().filter(|ticket| !ticket.sent);
        let preview = match (&self.popup, &self.seen) {
            (_, None) => None,
            (Some(Popup::Queue(queue)), Some(seen)) => queue.ask(seen).and_then(|ask| queue.intent(ask).ok()),
            (_, Some(seen)) => ticket.and_then(|ticket| ticket.intent(seen).ok()),
        };
        Look { symbol: self.symbol, preview }
    }

    /// Whether the kill's overlay is in sight.
    pub const fn shows_kill(&self) -> bool {
        self.kill.tripped && !self.kill_hidden
    }

    /// Says something in the last line.
    pub fn say(&mut self, weight: Weight, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), weight, since_ms: self.now_ms });
    }

    /// A ticket's number that no other ticket has.
    pub const fn fresh_number(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket - 1
    }

    /// For how long the machine has not shown itself.
    pub const fn silent_ms(&self) -> u64 {
        self.now_ms.saturating_sub(self.seen_ms)
    }
}
