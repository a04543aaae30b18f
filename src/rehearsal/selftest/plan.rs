use crate::domain::at::At;
use crate::domain::chance::Chance;
use crate::domain::day::TradingDay;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::symbol::Symbol;
use crate::exchange::faults::{Faults, RequestFaults};
use crate::exchange::settings::{Costs, Settings as ExchangeSettings};
use crate::rehearsal::selftest::act::Act;
use crate::risk::limits::Limits;

/// What a seed's day is mostly about, so that every rule, fault and state has seeds that seek it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    Plain,
    BrokenLine,
    Rejects,
    Losses,
    Tight,
    Crowd,
    Halts,
    OldQuotes,
    Journal,
    Restarts,
    Kills,
    Clock,
    Assets,
    Volume,
    LosingStreak,
    LittleMoney,
    Others,
    Splits,
    LongDays,
    NoAutomation,
    Hot,
    Hours,
}

const THEMES: [Theme; 22] = [
    Theme::Plain,
    Theme::BrokenLine,
    Theme::Rejects,
    Theme::Losses,
    Theme::Tight,
    Theme::Crowd,
    Theme::Halts,
    Theme::OldQuotes,
    Theme::Journal,
    Theme::Restarts,
    Theme::Kills,
    Theme::Clock,
    Theme::Assets,
    Theme::Volume,
    Theme::LosingStreak,
    Theme::LittleMoney,
    Theme::Others,
    Theme::Splits,
    Theme::LongDays,
    Theme::NoAutomation,
    Theme::Hot,
    Theme::Hours,
];

/// Days on which seeds begin: plain ones, the days around the clock's change, half days, the last days of
/// a year.
const DAYS: [&str; 9] = [
    "2013-10-07",
    "2013-10-11",
    "2013-11-01",
    "2013-11-04",
    "2014-03-07",
    "2014-03-10",
    "2013-11-29",
    "2013-12-24",
    "2013-12-31",
];

/// Everything a seed's day is played by.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one property of the day that is played")]
pub(super) struct Plan {
    pub(super) limits: Limits,
    pub(super) exchange: ExchangeSettings,
    pub(super) symbols: Vec<Symbol>,
    pub(super) strategies: u16,
    pub(super) start: At,
    /// Whether a measure for stops is there from the start.
    pub(super) warm: bool,
    pub(super) bars: bool,
    pub(super) assets_must_be_known: bool,
    pub(super) clock_must_be_known: bool,
    weights: Vec<(Act, u32)>,
}

impl Plan {
    /// The plan of a seed, under the trader's own limits or tighter ones: never under looser.
    pub(super) fn of(seed: u64, own: &Limits, chance: &mut Chance) -> Self {
        let index = usize::try_from(seed).unwrap_or(0).checked_rem(THEMES.len()).unwrap_or(0);
        let theme = THEMES.get(index).copied().unwrap_or(Theme::Plain);
        let names = ["AAA", "BBB", "CCC"];
        let count = usize::try_from(chance.between(1, 3)).unwrap_or(1);
        let limits = limits(theme, own, chance).tightest(own);
        Self {
            limits: with_taste(limits, theme, own, chance.below(3) == 0),
            exchange: exchange(theme, seed, chance),
            symbols: names.iter().take(count).filter_map(|name| name.parse().ok()).collect(),
            strategies: u16::try_from(chance.below(4)).unwrap_or(0),
            start: start(theme, chance),
            warm: chance.below(4) > 0,
            bars: chance.below(3) > 0 || theme == Theme::Volume,
            assets_must_be_known: theme == Theme::Assets,
            clock_must_be_known: theme == Theme::Clock,
            weights: weights(theme),
        }
    }

    /// What happens next.
    pub(super) fn next_act(&self, chance: &mut Chance) -> Act {
        let all = self.weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = chance.below(all);
        for (act, weight) in &self.weights {
            let weight = u64::from(*weight);
            if left < weight {
                return *act;
            }
            left = left.saturating_sub(weight);
        }
        Act::Quote
    }
}

fn start(theme: Theme, chance: &mut Chance) -> At {
    let text = chance.one_of(&DAYS).copied().unwrap_or("2013-10-07");
    let day: TradingDay = text.parse().unwrap_or_else(|_| TradingDay::of(At::default()));
    let (hour, minute) = match (theme, chance.below(8)) {
        (Theme::Hours, 0..3) => (8, 0),
        (Theme::Hours, 3..6) => (15, 45),
        (Theme::LongDays, 0..5) | (_, 0) => (9, 28),
        (Theme::LongDays, _) | (_, 1) => (12, 55),
        (_, 2) => (15, 50),
        _ => (10, 0),
    };
    day.at_time(hour, minute)
}

/// Limits that a theme needs to be reached; what it does not name is wide open here and stays the trader's.
fn limits(theme: Theme, own: &Limits, chance: &mut Chance) -> Limits {
    let mut limits = own.clone();
    let dollars = |amount: i64| Some(Money::dollars(i32::try_from(amount).unwrap_or(0)));
    match theme {
        Theme::Losses => limits.max_daily_loss_usd = dollars(chance.between(1, 60)),
        Theme::Tight => {
            limits.max_order_usd = dollars(chance.between(500, 12_000));
            limits.max_gross_pct = Some(Pct::whole(11));
        }
        Theme::Hot => limits.max_heat_pct = Some(Pct::whole(1)),
        Theme::Crowd => {
            limits.openings_per_minute_account = Some(6);
            limits.openings_per_minute_strategy = Some(3);
            limits.repeated_executions = Some(4);
        }
        Theme::Rejects => {
            limits.rejects_disable_strategy = 2;
            limits.rejects_end_openings = 4;
        }
        Theme::Volume => limits.max_volume_share_pct = Some(Pct::whole(1)),
        _ => {}
    }
    limits
}

/// What is the trader's taste and no limit: it may be anything, however the trader has it.
fn with_taste(limits: Limits, theme: Theme, own: &Limits, flattens: bool) -> Limits {
    let losing = theme == Theme::LosingStreak;
    Limits {
        loss_streak: if losing { Some(2) } else { limits.loss_streak },
        cool_down_minutes: if losing { 5 } else { limits.cool_down_minutes },
        flatten_on_daily_loss: theme == Theme::Losses && flattens || own.flatten_on_daily_loss,
        stops_auto: theme != Theme::NoAutomation && limits.stops_auto,
        ..limits
    }
}

fn exchange(theme: Theme, seed: u64, chance: &mut Chance) -> ExchangeSettings {
    let faults = match theme {
        Theme::BrokenLine => faults(chance, 250),
        Theme::Rejects => {
            Faults { submit: RequestFaults { refused: 500, ..RequestFaults::default() }, ..Faults::default() }
        }
        // Half of the others have a whole line: only there is every number compared with the truth.
        _ if chance.below(2) == 0 => Faults::default(),
        _ => faults(chance, 120),
    };
    let partial = chance.below(2) == 0;
    let costs = Costs {
        slippage_bps: u32::try_from(chance.below(4)).unwrap_or(0),
        volume_share_pct: if partial { Some(Pct::whole(10)) } else { None },
        fee_per_share: crate::domain::price::Price::from_cents(i32::try_from(chance.below(2)).unwrap_or(0)),
        ..Costs::default()
    };
    let little = theme == Theme::LittleMoney;
    ExchangeSettings {
        cash: Money::dollars(100_000),
        costs,
        buying_power_multiple: u32::from(!little),
        shorts: theme != Theme::Assets || chance.below(2) == 0,
        faults,
        seed,
        ..ExchangeSettings::default()
    }
}

fn faults(chance: &mut Chance, most: u64) -> Faults {
    let mut often =
        |most: u64| if chance.below(2) == 0 { 0 } else { u32::try_from(chance.below(most)).unwrap_or(0) };
    let request = |often: &mut dyn FnMut(u64) -> u32| RequestFaults {
        refused: often(most),
        timeout_before: often(most),
        timeout_after: often(most),
    };
    let (submit, cancel) = (request(&mut often), request(&mut often));
    let reports = most.saturating_mul(3);
    Faults {
        lost: often(most),
        late: often(reports),
        late_ms: often(20_000),
        doubled: often(reports),
        reordered: often(reports),
        silent: often(most),
        submit,
        cancel,
    }
}

/// How often each act happens, in parts of their sum.
fn weights(theme: Theme) -> Vec<(Act, u32)> {
    let plain = [
        (Act::Quote, 300),
        (Act::Order, 220),
        (Act::Wait, 150),
        (Act::Minutes, 60),
        (Act::Trade, 20),
        (Act::OddQuote, 12),
        (Act::OddOrder, 25),
        (Act::Again, 12),
        (Act::Replace, 25),
        (Act::Cancel, 20),
        (Act::CancelAll, 10),
        (Act::Close, 30),
        (Act::Race, 6),
        (Act::Kill, 6),
        (Act::Rearm, 20),
        (Act::Acknowledge, 20),
        (Act::Pause, 6),
        (Act::Resume, 12),
        (Act::Feed, 8),
        (Act::JournalDown, 4),
        (Act::JournalBack, 16),
        (Act::Halt, 4),
        (Act::Trades, 16),
        (Act::Asset, 3),
        (Act::AssetsFine, 12),
        (Act::ClockOff, 3),
        (Act::ClockFits, 12),
        (Act::StreamGap, 8),
        (Act::Restart, 6),
        (Act::Foreign, 2),
        (Act::Split, 1),
        (Act::NextSession, 2),
    ];
    let sought = |act: Act| match (theme, act) {
        (Theme::Halts, Act::Halt) | (Theme::OldQuotes, Act::OddQuote | Act::Feed) => 10,
        (Theme::Journal, Act::JournalDown) | (Theme::Restarts, Act::Restart) => 8,
        (Theme::Kills, Act::Kill) | (Theme::Clock, Act::ClockOff) | (Theme::Assets, Act::Asset) => 8,
        (Theme::Others, Act::Foreign) | (Theme::Splits, Act::Split) => 12,
        (Theme::LongDays | Theme::Volume, Act::NextSession) => 8,
        (Theme::Hours, Act::NextSession) => 12,
        (Theme::Crowd, Act::Order) => 3,
        (Theme::Crowd, Act::Again) => 4,
        (Theme::Losses, Act::Quote | Act::Minutes | Act::Order) => 3,
        _ => 1,
    };
    plain.map(|(act, weight): (Act, u32)| (act, weight.saturating_mul(sought(act)))).to_vec()
}
