use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin};
use crate::domain::money::Money;
use crate::domain::order::OrderKind;
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::risk::book::{Book, Entry, Marks};
use crate::risk::checks::{Findings, check_all};
use crate::risk::count::{Counted, counting_rate, is_skipped, risk_per_share};
use crate::risk::decision::{Decision, Verdict};
use crate::risk::exposure::{Standing, mark_of, standing};
use crate::risk::form::{
    carries_legs, collar, is_losing_side, reference, rounded, rounded_kind, rounded_stop,
};
use crate::risk::limits::Limits;
use crate::risk::loss::{loss, smaller};
use crate::risk::measure::{Rate, add};
use crate::risk::reducing::{direction, releases};
use crate::risk::situation::Situation;
use crate::risk::state::TradingState;
use crate::risk::tempo::Tempo;

/// Everything a judgement looks at. The same judge serves the gate and `whatif`; the latter has no
/// controls.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What is held, live and quoted.
    pub book: &'a Book,
    /// The trader's limits.
    pub limits: &'a Limits,
    /// The trading state; `None` when it is unknown.
    pub state: Option<TradingState>,
    /// Equity and the day's baseline.
    pub funds: Funds,
    /// Now, in milliseconds on the scale of the book's quotes.
    pub now_ms: i64,
    /// Whether quotes may mark positions: in the regular session.
    pub regular: bool,
    /// A live order that the intent is to take the place of.
    pub(super) replaces: Option<ClientOrderId>,
    /// What only a running gate knows.
    pub(super) controls: Option<Controls<'a>>,
}

/// What is known of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funds {
    /// Nothing: every order is refused.
    Absent,
    /// Equity as it is told.
    Told {
        /// The day's baseline.
        e0: Option<Money>,
        /// Equity now.
        equity: Option<Money>,
        /// Deposits less withdrawals since the baseline.
        flows: Money,
    },
    /// Equity to be counted: the smaller of cash and marked positions, and what the broker says.
    Held {
        /// The day's baseline.
        e0: Option<Money>,
        /// Cash.
        cash: Option<Money>,
        /// The broker's own equity.
        broker: Option<Money>,
        /// Deposits less withdrawals since the baseline.
        flows: Money,
    },
}

/// What only a running gate knows: the controls that `whatif` does not run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Controls<'a> {
    pub(super) situation: &'a Situation,
    pub(super) tempo: &'a Tempo,
    /// What the asking strategy was granted.
    pub(super) passport: Option<&'a Passport>,
    pub(super) now: At,
    pub(super) buying_power: Option<Money>,
}

/// The order as it will be sent, and as it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// What the caller asked for, its prices on the grid.
    pub(super) asked: OrderKind,
    /// What goes out: a market opening order as a marketable limit.
    pub(super) sent: OrderKind,
    pub(super) stop_loss: Option<Price>,
    pub(super) take_profit: Option<Price>,
    /// The price it counts at; `None` for a market order without a mark.
    pub(super) rate: Option<Rate>,
}

/// The sums over the book, the order being judged included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// The intent's own symbol; `None` without a mark.
    pub(super) own: Option<Standing>,
    /// All other symbols.
    pub(super) others: Standing,
    /// Another symbol that has no mark.
    pub(super) unmarked: Option<Symbol>,
    /// What all positions are worth; `None` when one has no mark.
    worth: Option<Money>,
}

/// The account in numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) known: bool,
    pub(super) e0: Option<Money>,
    pub(super) equity: Option<Money>,
    pub(super) loss: Option<Money>,
}

impl Account {
    /// What the caps are percentages of: the smaller of baseline and equity, both above zero, and no more than the
    /// trader lets count.
    pub(super) fn base(&self, limits: &Limits) -> Option<Money> {
        let base = limits.of_capital(self.e0?.min(self.equity?));
        base.is_positive().then_some(base)
    }
}

impl Sums {
    /// Exposure of all symbols, the intent's included.
    pub(super) fn gross(&self) -> Option<Money> {
        let own = self.own.filter(|_| self.unmarked.is_none())?;
        Some(add(self.others.exposure, own.exposure))
    }

    /// Heat of all symbols, the intent's included.
    pub(super) fn heat(&self) -> Option<Money> {
        let own = self.own.filter(|_| self.unmarked.is_none())?;
        Some(add(self.others.heat, own.heat))
    }
}

impl<'a> Scene<'a> {
    /// A scene without a running gate behind it, as `whatif` and the ticket's preview judge in.
    #[must_use]
    pub const fn told(book: &'a Book, limits: &'a Limits, state: Option<TradingState>, funds: Funds) -> Self {
        Self { book, limits, state, funds, now_ms: 0, regular: true, replaces: None, controls: None }
    }
}

/// Judges `intent` in `scene`. Pure: it mints nothing and reserves nothing.
#[must_use]
pub fn judge(scene: &Scene<'_>, intent: &Intent) -> Decision {
    weigh(scene, intent).0
}

/// The decision, and the order as it would be sent when it was one at all.
pub(super) fn weigh(scene: &Scene<'_>, intent: &Intent) -> (Decision, Option<Shape>) {
    let nothing = Entry::default();
    let entry = scene.book.get(intent.symbol).unwrap_or(&nothing);
    let marks = entry.marks(scene.now_ms, scene.limits.stale_quote_ms, scene.regular);
    let direction = direction(entry, intent.side, intent.qty, scene.replaces);
    let Some(shape) = shape(scene, intent, marks, direction.reducing) else {
        return (Decision::malformed(), None);
    };
    let counted = counted(scene, intent, entry, &shape, marks);
    let sums = sums(scene, intent, marks, counted.as_ref());
    let account = account(scene.funds, sums.worth);
    let found = Findings { scene, intent, entry, marks, direction, shape, counted, sums, account };
    let tally = check_all(&found);
    let verdict = tally.first.map_or(Verdict::Approved, Verdict::Refused);
    let approved_exit = direction.reducing && verdict == Verdict::Approved;
    let decision = Decision {
        verdict,
        reducing: direction.reducing,
        exposure: sums.own.map(|own| own.exposure),
        heat: sums.heat(),
        day_loss: account.loss,
        max_qty: tally.first.and_then(|refusal| refusal.max_qty),
        releases: approved_exit.then(|| releases(entry, intent.side, intent.qty, scene.replaces)).flatten(),
        checks: tally.checks,
    };
    (decision, Some(shape))
}

/// The order on the grid, with its stop; `None` when it is no order at all.
fn shape(scene: &Scene<'_>, intent: &Intent, marks: Option<Marks>, reducing: bool) -> Option<Shape> {
    let side = intent.side;
    let asked = rounded_kind(intent)?;
    let rate = match (asked, marks) {
        (OrderKind::Market, None) => None,
        (OrderKind::Market, Some(marks)) => Some(Rate::of(collar(side, marks))),
        (kind, _) => Some(counting_rate(side, kind, Marks { bid: Price::ZERO, ask: Price::ZERO })),
    };
    if reducing {
        let sent = match intent.trail {
            // Nothing but a market order of whole shares can wait behind the market.
            Some(_) if asked != OrderKind::Market || !intent.qty.is_whole() => return None,
            Some(trail) => trailing(side, trail, marks)?,
            None => asked,
        };
        return Some(Shape { asked, sent, stop_loss: None, take_profit: None, rate });
    }
    let entry = reference(side, asked, marks);
    if entry.is_some_and(|entry| !entry.is_positive()) {
        return None;
    }
    let given = intent.stop_loss.map(|stop| rounded_stop(side, stop));
    if let (Some(stop), Some(entry)) = (given, entry)
        && !is_losing_side(side, stop, entry)
    {
        return None;
    }
    let mut shape = Shape { asked, sent: asked, stop_loss: given, take_profit: None, rate };
    let Some(controls) = &scene.controls else {
        return Some(shape);
    };
    if let Some(target) = intent.take_profit {
        let target = rounded(side.opposite(), target);
        if !target.is_positive() || entry.is_some_and(|entry| !is_losing_side(side.opposite(), target, entry))
        {
            return None;
        }
        shape.take_profit = Some(target);
    }
    if let (None, Some(trail)) = (given, intent.trail) {
        // A stop behind the entry, as one that trails would begin there.
        shape.stop_loss = Some(trail.behind(side.opposite(), near_entry(side, asked, marks)?)?);
    } else if given.is_none() && scene.limits.stops_auto {
        shape.stop_loss = automatic_stop(scene.limits, controls.situation, side, asked, marks);
    }
    if let (OrderKind::Market, Some(limit), false) = (asked, entry, controls.situation.plain_market) {
        shape.sent = OrderKind::Limit { limit };
    }
    Some(shape)
}

/// About where the order enters: a market order near the quote; its collar is only the worst it may pay.
fn near_entry(side: Side, kind: OrderKind, marks: Option<Marks>) -> Option<Price> {
    match (kind, side) {
        (OrderKind::Market, Side::Buy) => Some(marks?.ask),
        (OrderKind::Market, Side::Sell) => Some(marks?.bid),
        _ => reference(side, kind, marks),
    }
}

/// The protective stop that an exit with a trail is: a market order with a trigger behind the mark.
fn trailing(side: Side, trail: Trail, marks: Option<Marks>) -> Option<OrderKind> {
    let marks = marks?;
    let best = if side == Side::Sell { marks.bid } else { marks.ask };
    Some(OrderKind::TrailingStop { stop: trail.behind(side, best)?, trail })
}

/// A stop so many average true ranges from the entry, on its losing side; `None` where the ranges are
/// unknown, or too wide or too narrow to leave a price there.
fn automatic_stop(
    limits: &Limits,
    situation: &Situation,
    side: Side,
    kind: OrderKind,
    marks: Option<Marks>,
) -> Option<Price> {
    let entry = near_entry(side, kind, marks)?;
    let atr = situation.atr.filter(|atr| atr.is_positive())?;
    let distance = atr.nanos().checked_mul(i64::from(limits.stop_atr_multiple))?;
    let stop = match side {
        Side::Buy => entry.nanos().checked_sub(distance)?,
        Side::Sell => entry.nanos().checked_add(distance)?,
    };
    let stop = rounded_stop(side, Price::from_nanos(stop));
    (stop.is_positive() && is_losing_side(side, stop, entry)).then_some(stop)
}

/// The order as one more live order. One that replaces another counts as the larger of both, at the
/// larger price, because both can live for a moment.
fn counted(
    scene: &Scene<'_>,
    intent: &Intent,
    entry: &Entry,
    shape: &Shape,
    marks: Option<Marks>,
) -> Option<Counted> {
    let mut rate = shape.rate?;
    let mut rest = intent.qty.nanos();
    let mut whole = carries_legs(intent);
    if scene.replaces.is_some()
        && let Some(old) = entry.orders.iter().find(|order| is_skipped(order, scene.replaces))
    {
        rest = rest.max(old.rest().nanos());
        whole = whole && old.qty.is_whole();
        rate = rate.max(marks.map_or(rate, |marks| Counted::of(old, marks).rate));
    }
    let risk = risk_per_share(intent.side, rate, shape.stop_loss, whole);
    Some(Counted { side: intent.side, rest, rate, risk })
}

fn sums(scene: &Scene<'_>, intent: &Intent, own_marks: Option<Marks>, counted: Option<&Counted>) -> Sums {
    let mut sums = Sums { worth: Some(Money::ZERO), ..Sums::default() };
    for (symbol, entry) in scene.book.iter() {
        let own = *symbol == intent.symbol;
        if !own && entry.is_idle() {
            continue;
        }
        let marks = if own {
            own_marks
        } else {
            entry.marks(scene.now_ms, scene.limits.stale_quote_ms, scene.regular)
        };
        let held = entry.position.qty;
        if !held.is_zero() {
            let worth = marks.map(|marks| mark_of(held.is_negative(), marks).times(held));
            sums.worth = sums.worth.zip(worth).map(|(sum, worth)| add(sum, worth));
        }
        match (own, marks) {
            (true, marks) => {
                let both = marks.zip(counted);
                sums.own = both.map(|(marks, counted)| standing(entry, marks, Some(counted), scene.replaces));
            }
            (false, None) => sums.unmarked = sums.unmarked.or(Some(*symbol)),
            (false, Some(marks)) => {
                let other = standing(entry, marks, None, None);
                sums.others.exposure = add(sums.others.exposure, other.exposure);
                sums.others.heat = add(sums.others.heat, other.heat);
            }
        }
    }
    sums
}

fn account(funds: Funds, worth: Option<Money>) -> Account {
    let (known, e0, equity, flows) = match funds {
        Funds::Absent => (false, None, None, Money::ZERO),
        Funds::Told { e0, equity, flows } => (true, e0, equity, flows),
        Funds::Held { e0, cash, broker, flows } => {
            let ours = cash.zip(worth).map(|(cash, worth)| add(cash, worth));
            (true, e0, smaller(ours, broker), flows)
        }
    };
    Account { known, e0, equity, loss: loss(e0, flows, equity) }
}

/// Whether `origin` may make positions smaller while everything else is halted.
pub(super) const fn acts_while_halted(origin: Origin) -> bool {
    matches!(origin, Origin::Operator | Origin::Kill)
}
