use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::risk::limits::Limits;
use crate::ui::hidden::Hidden;
use crate::ui::line::Line;
use crate::ui::theme::ThemeName;

/// The pages, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Page {
    /// Colours, and whether every sign is drawn.
    Look,
    /// The limits that nothing passes.
    Limits,
    /// The paper account's keys, where there are any.
    Keys,
    /// The kill, pulled once in earnest.
    Kill,
    /// What is written, and where to.
    Write,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 5] = [Self::Look, Self::Limits, Self::Keys, Self::Kill, Self::Write];

    /// Its number, from 1 on.
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|page| *page == self).map_or(0, |place| place + 1)
    }

    /// The page behind it, or before it.
    pub fn step(self, forward: bool) -> Option<Self> {
        let place = self.number() - 1;
        let next = if forward { place.checked_add(1) } else { place.checked_sub(1) };
        next.and_then(|place| Self::ALL.get(place)).copied()
    }
}

/// The limits that the wizard asks for.
pub const LIMITS: [&str; 4] = [
    "largest loss of a day, in %",
    "largest position, in % of equity",
    "largest heat, in % of equity",
    "largest order, in dollars (empty: none)",
];

/// The first steps of a trader: what he set so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wizard {
    /// The page in sight.
    pub page: Page,
    /// Which of its fields is being typed.
    pub field: usize,
    /// The limits, in the order of [`LIMITS`].
    pub limits: [Line; 4],
    /// The paper key's id and secret.
    pub keys: [Hidden; 2],
    /// What came of them.
    pub keys_said: Option<String>,
    /// The colours.
    pub theme: ThemeName,
    /// How often the kill had been pulled when its page came up.
    pub pulls: u64,
    /// Whether the kill was pulled on its page, and trading goes on again.
    pub rehearsed: bool,
    /// Whether an answer is awaited.
    pub waits: bool,
    /// What is wrong, or was done.
    pub words: Vec<String>,
    /// Whether the config is written: nothing is left to do.
    pub is_done: bool,
}

/// What the wizard has the program do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WizardAsks {
    /// Try the paper account's keys, and keep them in the keyring.
    Keys {
        /// The id.
        id: Hidden,
        /// The secret.
        secret: Hidden,
    },
    /// Trade again after the rehearsal of the kill.
    Rearm,
    /// Write the config.
    Write(Box<Wishes>),
}

/// What the config is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// The limits.
    pub limits: Limits,
    /// The colours.
    pub theme: ThemeName,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
}

impl Wizard {
    /// The first page, with the limits that are in force.
    pub fn new(limits: &Limits, theme: ThemeName) -> Self {
        let pct = |pct: Option<Pct>| Line::new(&pct.map(|pct| pct.to_string()).unwrap_or_default());
        let usd = limits.max_order_usd.map(Money::exact).unwrap_or_default();
        Self {
            page: Page::Look,
            field: 0,
            limits: [
                pct(limits.max_daily_loss_pct),
                pct(limits.max_position_pct),
                pct(limits.max_heat_pct),
                Line::new(&usd),
            ],
            keys: Default::default(),
            keys_said: None,
            theme,
            pulls: 0,
            rehearsed: false,
            waits: false,
            words: Vec::new(),
            is_done: false,
        }
    }

    /// The limits as they are typed.
    ///
    /// # Errors
    /// Everything that is wrong with them, in words.
    pub fn typed_limits(&self) -> Result<Limits, Vec<String>> {
        let mut faults = Vec::new();
        let mut pct = |place: usize| {
            let text = self.limits[place].text();
            let read = text.trim().parse::<Pct>().ok();
            if read.is_none() {
                faults.push(format!("{}: {text:?} is no number such as 2 or 2.5", LIMITS[place]));
            }
            read
        };
        let (loss, position, heat) = (pct(0), pct(1), pct(2));
        let order = self.limits[3].text();
        let usd = match order.trim() {
            "" => None,
            text => {
                let read = text.parse::<Money>().ok();
                if read.is_none() {
                    faults.push(format!("{}: {text:?} is no amount such as 2500", LIMITS[3]));
                }
                read
            }
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let limits = Limits {
            max_daily_loss_pct: loss,
            max_position_pct: position,
            max_heat_pct: heat,
            max_order_usd: usd,
            ..Limits::default()
        };
        let faults: Vec<String> = limits.faults().iter().map(ToString::to_string).collect();
        if faults.is_empty() { Ok(limits) } else { Err(faults) }
    }
}
