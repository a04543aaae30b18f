use crate::domain::calendar::Phase;
use crate::domain::decimal::{NANOS, divide_narrow};
use crate::domain::intent::{Intent, Origin};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::risk::book::{Entry, Marks, QuoteFault};
use crate::risk::count::Counted;
use crate::risk::decision::Check;
use crate::risk::exposure::standing;
use crate::risk::form::carries_legs;
use crate::risk::judge::{Account, Controls, Scene, Shape, Sums, acts_while_halted};
use crate::risk::loss::{loss_limit, smaller};
use crate::risk::measure::add;
use crate::risk::passport::{Breach, broken};
use crate::risk::reducing::{Direction, is_simple, self_trade, washes};
use crate::risk::refusal::{Code, Figure, Refusal};
use crate::risk::situation::Situation;
use crate::risk::state::TradingState;
use crate::risk::tempo::Opening;

/// What the judge has found out before the checks.
#[derive(Clone, Copy)]
pub(super) struct Findings<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) intent: &'a Intent,
    pub(super) entry: &'a Entry,
    pub(super) marks: Option<Marks>,
    pub(super) direction: Direction,
    pub(super) shape: Shape,
    pub(super) counted: Option<Counted>,
    pub(super) sums: Sums,
    pub(super) account: Account,
}

/// The checks so far, in the order of the codes, and the first failure among them.
pub(super) struct Tally {
    pub(super) checks: Vec<Check>,
    pub(super) first: Option<Refusal>,
}

/// The caps in dollars, where they are set and the account is known.
struct Caps {
    order: Option<Money>,
    position: Option<Money>,
    gross: Option<Money>,
    heat: Option<Money>,
}

impl Tally {
    fn note(&mut self, code: Code, ok: bool, value: Figure, limit: Figure) -> Option<&mut Refusal> {
        self.checks.push(Check { code, ok, value, limit });
        if ok || self.first.is_some() {
            return None;
        }
        self.first = Some(Refusal { value, limit, ..Refusal::bare(code) });
        self.first.as_mut()
    }

    fn bare(&mut self, code: Code, ok: bool) {
        self.note(code, ok, Figure::None, Figure::None);
    }

    /// A sum against its cap; left out when either is unknown.
    fn cap(&mut self, code: Code, value: Option<Money>, cap: Option<Money>) {
        if let (Some(value), Some(cap)) = (value, cap) {
            self.note(code, value <= cap, Figure::Money(value), Figure::Money(cap));
        }
    }
}

/// Runs every check that applies; the first failure is the code.
pub(super) fn check_all(found: &Findings<'_>) -> Tally {
    let mut tally = Tally { checks: Vec::with_capacity(Code::ALL.len()), first: None };
    check_direction(found, &mut tally);
    if found.direction.reducing {
        if !found.account.known {
            tally.bare(Code::NoEquity, false);
        }
        if let Some(controls) = found.scene.controls {
            tally.bare(Code::NotTradable, controls.situation.tradable);
        }
        return tally;
    }
    check_account(found, &mut tally);
    if let Some(controls) = &found.scene.controls {
        check_readiness(found, controls, &mut tally);
    }
    check_price(found, &mut tally);
    if let Some(controls) = &found.scene.controls {
        check_tempo(found, controls, &mut tally);
    }
    check_sizes(found, &mut tally);
    tally
}

/// Halted, crosses zero, self-trade: the checks that a reducing order has too.
fn check_direction(found: &Findings<'_>, tally: &mut Tally) {
    let Findings { scene, intent, entry, direction, shape, .. } = found;
    if let Some(state) = scene.state {
        let exit = direction.reducing && acts_while_halted(intent.origin);
        tally.bare(Code::Halted, state != TradingState::Halted || exit);
    }
    let (value, limit) = match direction.against {
        Some((with, size)) => (Figure::Qty(with), Figure::Qty(size)),
        None => (Figure::None, Figure::None),
    };
    if let Some(refusal) = tally.note(Code::CrossesZero, !direction.crosses_zero, value, limit) {
        refusal.max_qty = Some(direction.left);
    }
    let kind = if shape.sent.trail().is_some() { shape.sent } else { shape.asked };
    let mut resting = self_trade(entry, intent.side, kind, scene.replaces);
    let simple = is_simple(intent, shape.stop_loss.is_some(), direction.reducing);
    if scene.controls.is_some() && resting.is_none() && simple {
        resting = washes(entry, intent.side, shape.sent, scene.replaces);
    }
    if let Some(refusal) = tally.note(Code::SelfTrade, resting.is_none(), Figure::None, Figure::None) {
        refusal.order = resting.and_then(|resting| resting.id);
    }
}

fn check_account(found: &Findings<'_>, tally: &mut Tally) {
    let Findings { scene, account, .. } = found;
    tally.bare(Code::NoEquity, account.base(scene.limits).is_some());
    if let (Some(_), Some(loss), Some(e0)) = (account.base(scene.limits), account.loss, account.e0)
        && let Some(limit) = loss_limit(scene.limits, e0)
    {
        tally.note(Code::DailyLossReached, loss < limit, Figure::Money(loss), Figure::Money(limit));
    }
    if let Some(state) = scene.state {
        tally.bare(Code::ReduceOnly, state != TradingState::ReduceOnly);
    }
}

/// What the running program knows of itself, of the strategy and of the market's state.
fn check_readiness(found: &Findings<'_>, controls: &Controls<'_>, tally: &mut Tally) {
    let situation = controls.situation;
    let short = found.intent.side == Side::Sell;
    let tradable = situation.tradable
        && (situation.shortable || !short)
        && (situation.fractionable || found.intent.qty.is_whole())
        // A part of a share cannot be sold short at any venue.
        && (found.intent.qty.is_whole() || !short);
    tally.bare(Code::Disarmed, !situation.disarmed);
    let ready = situation.not_ready.is_none();
    if let Some(refusal) = tally.note(Code::NotReady, ready, Figure::None, Figure::None) {
        refusal.cause = situation.not_ready;
    }
    tally.bare(Code::StrategyStopped, !situation.strategy_stopped);
    check_passport(found, controls, tally);
    tally.bare(Code::CoolDown, !situation.cooling_down);
    let open = is_open(found, situation) || !found.scene.limits.regular_session_only;
    tally.bare(Code::MarketClosed, open);
    tally.bare(Code::SymbolHalted, !situation.symbol_halted);
    tally.bare(Code::NotTradable, tradable);
}

/// What the trader granted the asking strategy: the first line that the opening breaks.
fn check_passport(found: &Findings<'_>, controls: &Controls<'_>, tally: &mut Tally) {
    let Origin::Strategy(_) = found.intent.origin else {
        return tally.bare(Code::Passport, true);
    };
    let (breach, value, limit) = match controls.passport {
        None => (Some(Breach::Missing), Figure::None, Figure::None),
        Some(passport) => broken(passport, found, controls),
    };
    if let Some(refusal) = tally.note(Code::Passport, breach.is_none(), value, limit) {
        refusal.line = breach;
    }
}

/// Whether the order's own market is open: for an auction while it takes orders; in early and late hours where
/// the trader has allowed them, for an order that may fill there.
fn is_open(found: &Findings<'_>, situation: &Situation) -> bool {
    let regular = situation.phase == Phase::Regular;
    match found.intent.tif {
        TimeInForce::Opg => situation.auctions.opening,
        TimeInForce::Cls => regular && situation.auctions.closing,
        TimeInForce::Ext => {
            let allowed = found.scene.limits.extended_hours && situation.phase != Phase::Closed;
            regular || allowed
        }
        TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => regular,
    }
}

/// The quote of the intent's own symbol, the marks of all others, and the limit's distance.
fn check_price(found: &Findings<'_>, tally: &mut Tally) {
    let Findings { scene, intent, entry, sums, .. } = found;
    let stale_ms = scene.limits.stale_quote_ms;
    let usable = entry.quote.map_or(Err(QuoteFault::NoPrice), |quote| quote.usable(scene.now_ms, stale_ms));
    let priced = usable != Err(QuoteFault::NoPrice);
    let all = priced && sums.unmarked.is_none();
    if let Some(refusal) = tally.note(Code::NoPrice, all, Figure::None, Figure::None) {
        refusal.symbol = if priced { sums.unmarked } else { Some(intent.symbol) };
    }
    if let Some(quote) = &entry.quote {
        let (age_ms, allowed_ms) = quote.age_ms(scene.now_ms, stale_ms);
        let (value, limit) = (Figure::Count(age_ms), Figure::Count(allowed_ms));
        tally.note(Code::StaleQuote, age_ms <= allowed_ms, value, limit);
    }
    if let (OrderKind::Limit { limit }, Ok(marks), Some(collar)) =
        (found.shape.asked, usable, scene.limits.price_collar_pct)
        && let Some((distance, allowed)) = collar_of(limit, marks, collar)
    {
        tally.note(Code::PriceCollar, distance <= allowed, Figure::Rate(distance), Figure::Rate(allowed));
    }
}

/// How far `limit` stands from the middle of the market, and how far it may, in dollars a share.
fn collar_of(limit: Price, marks: Marks, collar: Pct) -> Option<(Money, Money)> {
    let both = i128::from(marks.bid.nanos()).checked_add(i128::from(marks.ask.nanos()))?;
    let twice = i128::from(limit.nanos()).checked_mul(2)?.checked_sub(both)?.checked_abs()?;
    // Half of a difference of billionths, in units of 10⁻¹⁸ dollars.
    let distance = twice.checked_mul(i128::from(NANOS).checked_div(2)?)?;
    let allowed = both.checked_mul(i128::from(collar.nanos()))?;
    let allowed = match u128::try_from(allowed) {
        Ok(positive) => i128::try_from(divide_narrow::<200>(positive)).ok()?,
        Err(_) => allowed.checked_div_euclid(200)?,
    };
    Some((Money::from_attos(distance), Money::from_attos(allowed)))
}

/// The same order again, and too many orders.
fn check_tempo(found: &Findings<'_>, controls: &Controls<'_>, tally: &mut Tally) {
    let Findings { scene, intent, .. } = found;
    if let Some(window_ms) = scene.limits.duplicate_window_ms {
        let since =
            controls.tempo.duplicate_since_ms(&opening_of(intent, &found.shape), controls.now, window_ms);
        let value = since.map_or(Figure::None, Figure::Count);
        tally.note(Code::Duplicate, since.is_none(), value, Figure::Count(window_ms));
    }
    let (all, own) = controls.tempo.in_minute(intent.origin, controls.now);
    let of_strategy = matches!(intent.origin, Origin::Strategy(_));
    let rates = [
        (all, scene.limits.openings_per_minute_account),
        (own, scene.limits.openings_per_minute_strategy.filter(|_| of_strategy)),
    ];
    // One check: the strategy's own rate where that is the one it runs into, else the account's.
    let counted =
        rates.into_iter().filter_map(|(sent, limit)| Some((sent.saturating_add(1), i64::from(limit?))));
    if let Some((count, limit)) = counted.min_by_key(|(count, limit)| limit.saturating_sub(*count)) {
        tally.note(Code::Rate, count <= limit, Figure::Count(count), Figure::Count(limit));
    }
}

/// What makes the order the same as another one.
pub(super) fn opening_of(intent: &Intent, shape: &Shape) -> Opening {
    Opening {
        origin: intent.origin,
        symbol: intent.symbol,
        side: intent.side,
        qty: intent.qty,
        kind: shape.asked,
    }
}

fn caps(found: &Findings<'_>) -> Caps {
    let limits = found.scene.limits;
    let base = found.account.base(limits);
    let of_base = |pct: Option<Pct>| base.zip(pct).and_then(|(base, pct)| base.percent_down(pct).ok());
    Caps {
        order: limits.max_order_usd,
        position: base.and_then(|_| smaller(of_base(limits.max_position_pct), limits.max_position_usd)),
        gross: of_base(limits.max_gross_pct),
        heat: of_base(limits.max_heat_pct),
    }
}

/// The order's worth, the symbol's exposure, the gross, the stop and the heat.
fn check_sizes(found: &Findings<'_>, tally: &mut Tally) {
    let Findings { scene, intent, sums, shape, .. } = found;
    let caps = caps(found);
    let value = found.counted.map(|counted| counted.rate.times(i128::from(counted.rest)));
    tally.cap(Code::OrderLimit, value, caps.order);
    if let Some(controls) = &scene.controls {
        check_volume_and_funds(found, controls, value, tally);
    }
    tally.cap(Code::PositionLimit, sums.own.map(|own| own.exposure), caps.position);
    tally.cap(Code::GrossLimit, sums.gross(), caps.gross);
    let short = intent.side == Side::Sell && !found.entry.position.qty.is_positive();
    if scene.limits.stops_required && (short || scene.controls.is_some()) {
        let missing = scene.controls.is_some_and(|controls| controls.situation.missing_stop);
        let needed = short || scene.limits.stops_auto;
        // A short sale is never without its stop at the venue, not even until its fill is told.
        let attached = scene.controls.is_none() || !short || carries_legs(intent);
        let given = shape.stop_loss.is_some() && attached;
        tally.bare(Code::NoStop, !missing && (given || !needed));
    }
    tally.cap(Code::HeatLimit, sums.heat(), caps.heat);
    if let Some(refusal) = &mut tally.first
        && matches!(refusal.code, Code::OrderLimit | Code::PositionLimit | Code::GrossLimit | Code::HeatLimit)
    {
        refusal.max_qty = max_qty(found, &caps);
    }
}

fn check_volume_and_funds(
    found: &Findings<'_>,
    controls: &Controls<'_>,
    value: Option<Money>,
    tally: &mut Tally,
) {
    let qty = found.intent.qty;
    if let (Some(share), Some(volume)) =
        (found.scene.limits.max_volume_share_pct, controls.situation.average_volume)
    {
        let hundred = i128::from(NANOS).saturating_mul(100);
        let product = i128::from(volume.nanos()).saturating_mul(i128::from(share.nanos()));
        let most = product.checked_div_euclid(hundred).and_then(|nanos| i64::try_from(nanos).ok());
        let most = Qty::from_nanos(most.unwrap_or(0));
        tally.note(Code::QtyLimit, qty <= most, Figure::Qty(qty), Figure::Qty(most));
    }
    // Unknown buying power is none: a missing number never passes an opening order.
    match (value, controls.buying_power) {
        (value, Some(left)) => tally.cap(Code::BuyingPower, value, Some(left)),
        (_, None) => tally.bare(Code::BuyingPower, false),
    }
}

/// The largest quantity, at the intent's price, that passes order value, position, gross and heat
/// together: whole shares for an intent of whole shares, else down to a billionth.
///
/// All four grow with the quantity of an opening order that does not cross zero, so halving finds it.
fn max_qty(found: &Findings<'_>, caps: &Caps) -> Option<Qty> {
    let (marks, counted) = (found.marks?, found.counted?);
    let unit = if found.intent.qty.is_whole() { NANOS } else { 1 };
    let old = if found.intent.qty.nanos() < counted.rest { counted.rest } else { 0 };
    let fits = |units: i64| {
        let rest = units.saturating_mul(unit).max(old);
        let within = |value: Money, cap: Option<Money>| cap.is_none_or(|cap| value <= cap);
        let candidate = Counted { rest, ..counted };
        let own = standing(found.entry, marks, Some(&candidate), found.scene.replaces);
        let others = found.sums.others;
        within(counted.rate.times(i128::from(rest)), caps.order)
            && within(own.exposure, caps.position)
            && within(add(others.exposure, own.exposure), caps.gross)
            && within(add(others.heat, own.heat), caps.heat)
    };
    let (mut fitting, mut failing) = (0_i64, found.intent.qty.nanos().checked_div(unit)?);
    while failing.saturating_sub(fitting) > 1 {
        let middle = fitting.midpoint(failing);
        if fits(middle) {
            fitting = middle;
        } else {
            failing = middle;
        }
    }
    Some(Qty::from_nanos(fitting.saturating_mul(unit)))
}
