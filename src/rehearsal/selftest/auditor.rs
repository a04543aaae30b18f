use std::collections::{BTreeMap, BTreeSet};

use crate::broker::market::Market;
use crate::domain::at::At;
use crate::domain::calendar::{Phase, phase};
use crate::domain::day::TradingDay;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::{Quote, Tick};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{AssetFlags, VenueRequest};
use crate::engine::event::Event;
use crate::engine::record::Record;
use crate::engine::restraint::Restraint;
use crate::rehearsal::selftest::asked::Asked;
use crate::rehearsal::selftest::conduct::Conduct;
use crate::rehearsal::selftest::hours;
use crate::rehearsal::selftest::recount::collar;
use crate::rehearsal::selftest::tally::{Table, Tally};
use crate::risk::limits::Limits;
use crate::risk::order::Role;

/// How old a quote may be: two of the source's minutes.
const QUOTE_AGE_MAX_MS: i64 = 120_000;

/// An order as its rows tell it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) request: VenueRequest,
    pub(super) role: Role,
    pub(super) origin: Origin,
    pub(super) parent: Option<ClientOrderId>,
    pub(super) status: OrderStatus,
    pub(super) filled: Qty,
}

impl Known {
    pub(super) fn rest(&self) -> Qty {
        if self.status.is_live() {
            self.request.qty.minus(self.filled).unwrap_or(Qty::ZERO).at_least_zero()
        } else {
            Qty::ZERO
        }
    }

    pub(super) fn works(&self) -> bool {
        matches!(self.status, OrderStatus::Working | OrderStatus::Partial)
    }
}

/// Somebody who knows the market as it was played, and looks over the gate's shoulder: at every opening that
/// it approves, by rules of his own.
pub(super) struct Auditor {
    pub(super) market: Market,
    pub(super) limits: Limits,
    quotes: BTreeMap<Symbol, Quote>,
    /// The last trade or close of each symbol, as this process was told.
    lasts: BTreeMap<Symbol, Price>,
    pub(super) halted: BTreeSet<Symbol>,
    pub(super) flags: BTreeMap<Symbol, AssetFlags>,
    /// Whether a symbol without flags is one that is not traded.
    pub(super) flags_must_be_known: bool,
    pub(super) clock_fits: bool,
    /// Symbols whose numbers somebody else has changed: nothing is compared there.
    pub(super) unsure: BTreeSet<Symbol>,
    /// Symbols in which a word of the trader may never have reached the disk.
    pub(super) unwritten: BTreeSet<Symbol>,
    pub(super) orders: BTreeMap<ClientOrderId, Known>,
    pub(super) positions: BTreeMap<Symbol, (Qty, Price)>,
    pub(super) day: Option<(TradingDay, Money)>,
    adjusts: BTreeMap<u64, Symbol>,
    /// Symbols whose shares are no longer what they were, until the trader has said that he knows.
    frozen: BTreeSet<Symbol>,
    asked: Asked,
    /// What each strategy was granted when it was loaded last.
    passports: BTreeMap<StrategyId, Passport>,
    power: Option<Money>,
    cool_down: Option<At>,
    openings: Vec<(At, Intent)>,
    conduct: Conduct,
    pub(super) breaches: Vec<String>,
    pub(super) tally: Tally,
}

impl Auditor {
    pub(super) fn of(market: Market, limits: Limits) -> Self {
        Self {
            market,
            limits,
            quotes: BTreeMap::new(),
            lasts: BTreeMap::new(),
            halted: BTreeSet::new(),
            flags: BTreeMap::new(),
            flags_must_be_known: false,
            clock_fits: true,
            unsure: BTreeSet::new(),
            unwritten: BTreeSet::new(),
            orders: BTreeMap::new(),
            positions: BTreeMap::new(),
            day: None,
            adjusts: BTreeMap::new(),
            frozen: BTreeSet::new(),
            asked: Asked::default(),
            passports: BTreeMap::new(),
            power: None,
            cool_down: None,
            openings: Vec::new(),
            conduct: Conduct::default(),
            breaches: Vec::new(),
            tally: Tally::blank(),
        }
    }

    /// Another process goes on: what no journal keeps is forgotten there too.
    pub(super) fn process_began(&mut self) {
        self.openings.clear();
        self.lasts.clear();
    }

    /// The market said something.
    pub(super) fn heard(&mut self, tick: &Tick) {
        match tick {
            Tick::Quote(quote) => {
                self.quotes.insert(quote.symbol, *quote);
            }
            Tick::Trade(trade) if trade.price.is_positive() => {
                self.lasts.insert(trade.symbol, trade.price);
            }
            Tick::Bar(bar) if bar.close.is_positive() => {
                self.lasts.insert(bar.symbol, bar.close);
            }
            _ => {}
        }
    }

    /// Bid and ask at which the symbol is marked: its quote in the session, its last price in any other hour.
    pub(super) fn marks(&self, symbol: Symbol, at: At) -> Option<(Price, Price)> {
        let quote = self.usable(symbol, at).map(|quote| (quote.bid, quote.ask))?;
        if phase(at) == Phase::Regular {
            return Some(quote);
        }
        self.lasts.get(&symbol).map(|last| (*last, *last))
    }

    pub(super) fn event(&mut self, event: &Event) {
        let orders = &self.orders;
        self.asked.event(event, |id| orders.get(&id).map(|known| (known.request.symbol, known.request.side)));
        match event {
            Event::Venue(state) => {
                self.power = Some(state.account.buying_power);
                for order in state.open_orders.iter().filter(|order| order.request.kind.trail().is_some()) {
                    if let Some(known) = self.orders.get_mut(&order.request.id) {
                        known.request.kind = order.request.kind;
                    }
                }
            }
            Event::StrategyLoaded(head) => {
                self.passports.insert(head.id, head.passport.clone());
            }
            Event::Warm(tick) => self.heard(tick),
            Event::CorporateAction { symbol, .. } => {
                self.frozen.insert(*symbol);
            }
            _ => {}
        }
    }

    /// Takes a row of the machine, as it is written.
    pub(super) fn record(&mut self, at: At, record: &Record) {
        match record {
            Record::Decision { intent, refusal, decision, .. } => {
                let decision = decision.value();
                let reduces = decision.get("reducing").and_then(serde_json::Value::as_bool).unwrap_or(false);
                self.count_decision(refusal);
                self.comes_too_soon(intent, refusal);
                if refusal.is_empty() && !reduces {
                    self.approved(at, intent);
                    self.compare(at, intent, &decision);
                    self.openings.push((at, *intent));
                }
            }
            Record::Order { request, role, origin, parent } => {
                self.has_its_stop(request, *role, *parent);
                if request.kind.trail().is_some() && *role != Role::Protective {
                    self.breaches.push(format!("it trails, and counts as {role:?}: {request:?}"));
                }
                let (request, status, filled) = (*request, OrderStatus::Intent, Qty::ZERO);
                let known = Known { request, role: *role, origin: *origin, parent: *parent, status, filled };
                self.tally.count(Table::Orders, status.word());
                self.orders.insert(request.id, known);
            }
            Record::Status { order, status, filled, .. } => {
                self.tally.count(Table::Orders, status.word());
                if let Some(known) = self.orders.get_mut(order) {
                    self.conduct.status(at, known, *status, *filled);
                    (known.status, known.filled) = (*status, *filled);
                }
            }
            Record::Fill { fill, position, avg_price, .. } => {
                self.positions.insert(fill.symbol, (*position, *avg_price));
            }
            Record::Day { day, e0 } => self.day = Some((*day, *e0)),
            Record::Adjust { .. } => self.adjust(record),
            Record::Restraint { what, holds, .. } => self.restraint(what, *holds),
            Record::Strategy { id, what, .. } if what == "resumed" => self.conduct.resumed(*id),
            Record::Kill(report) => {
                for (request, _) in report.sent() {
                    self.unsure.insert(request.symbol);
                }
            }
            _ => {}
        }
    }

    fn adjust(&mut self, record: &Record) {
        let Record::Adjust { number, symbol, engine, broker, avg_price, acknowledged, .. } = record else {
            return;
        };
        let (counted, entry) = self.positions.get(symbol).copied().unwrap_or_default();
        if acknowledged.is_some() {
            self.adjusts.remove(number);
            self.frozen.remove(symbol);
            self.positions.insert(*symbol, (*broker, avg_price.unwrap_or(entry)));
            return;
        }
        self.adjusts.insert(*number, *symbol);
        if counted != *engine && !self.unwritten.contains(symbol) {
            self.breaches.push(format!("the rows so far hold {counted} {symbol}, and the machine {engine}"));
        }
    }

    fn count_decision(&mut self, refusal: &str) {
        let mut words = refusal.split(' ');
        let code = words.next().filter(|code| !code.is_empty()).unwrap_or("approved");
        if code == "approved" {
            self.tally.count(Table::Audits, "orders approved");
        } else {
            self.tally.count(Table::Refusals, code);
        }
        if let Some(cause) = words.find_map(|word| word.strip_prefix("cause=")) {
            self.tally.count(Table::NotReady, cause);
        }
    }

    fn restraint(&mut self, what: &Restraint, holds: bool) {
        let word = match what {
            Restraint::Strategy(_) => "strategy disabled",
            Restraint::RejectStorm => "reject storm",
            Restraint::CoolDown { .. } => "cool-down",
            Restraint::Disarmed => "disarmed",
        };
        if holds {
            self.tally.count(Table::Restraints, word);
        }
        match what {
            Restraint::CoolDown { until } => self.cool_down = holds.then_some(*until),
            Restraint::RejectStorm if !holds => self.conduct.storm_acknowledged(),
            Restraint::RejectStorm | Restraint::Strategy(_) | Restraint::Disarmed => {}
        }
    }

    /// Two orders that stand where one should can fill both: the old one ends first.
    fn comes_too_soon(&mut self, intent: &Intent, refusal: &str) {
        let beside = self.asked.gives_way_to(intent).filter(|_| refusal.is_empty());
        let Some(id) = beside.filter(|id| self.orders.get(id).is_some_and(|known| known.status.is_live()))
        else {
            return;
        };
        self.breaches.push(format!("{id} is alive, and what replaces it was approved: {intent:?}"));
    }

    /// The lines of a passport that need no sum of earlier orders.
    fn is_beyond_its_passport(&self, intent: &Intent, at: At) -> bool {
        let Origin::Strategy(id) = intent.origin else { return false };
        self.passports.get(&id).is_none_or(|passport| {
            !passport.sides.grant(intent.side)
                || (!passport.symbols.is_empty() && !passport.symbols.contains(&intent.symbol))
                || passport.hours.is_some_and(|hours| !hours.hold(at))
                || passport.max_qty.is_some_and(|most| intent.qty > most)
        })
    }

    /// Every rule that needs no sum, asked again of an opening that was approved.
    fn approved(&mut self, at: At, intent: &Intent) {
        let symbol = intent.symbol;
        let mut found = Vec::new();
        let mut ask = |broken: bool, words: &str| {
            if broken {
                found.push(format!("{words}: {intent:?} was approved at {at}"));
            }
        };
        ask(!intent.qty.is_positive(), "an order of nothing");
        ask(self.usable(symbol, at).is_none(), "no quote that may be traded on");
        ask(!hours::fits(intent, &self.limits, at), "at no hour or in no form for it");
        let has_ended = |id| self.orders.get(&id).is_none_or(|known| !known.status.is_live());
        ask(!self.asked.is_wanted(intent, has_ended), "nobody asks for it now");
        ask(self.is_beyond_its_passport(intent, at), "beyond what its strategy was granted");
        ask(self.frozen.contains(&symbol), "a corporate action has frozen the symbol");
        ask(self.halted.contains(&symbol), "the symbol is halted");
        ask(self.adjusts.values().any(|waits| *waits == symbol), "a difference of the symbol waits");
        ask(!self.clock_fits, "the venue's clock is off");
        ask(self.cool_down.is_some_and(|until| at < until), "a pause after losses is running");
        ask(!self.trades(intent), "the venue does not trade it so");
        ask(self.is_too_far(intent, at), "the limit is beyond the collar");
        ask(self.is_duplicate(intent, at), "the same order a moment ago");
        ask(self.meets_own(intent), "it could trade with an order of ours");
        ask(self.lends_without_stop(intent), "a short sale without a stop at the venue");
        ask(self.lacks_stop(symbol), "a protective stop of the symbol is missing");
        ask(self.conduct.is_storm(&self.limits), "a storm of rejects");
        if let Origin::Strategy(id) = intent.origin {
            ask(
                self.conduct.is_disabled(id, &self.limits),
                "the strategy's orders were rejected, or filled, too often",
            );
        }
        if let Some(worth) = self.worth(intent, at) {
            ask(self.limits.max_order_usd.is_some_and(|most| worth > most), "the order alone is too large");
            ask(self.power.is_some_and(|power| worth > power), "beyond the buying power");
        }
        let (all, own) = self.in_minute(intent.origin, at);
        ask(self.limits.openings_per_minute_account.is_some_and(|most| all > most), "too many openings");
        let strategies = matches!(intent.origin, Origin::Strategy(_));
        let most = self.limits.openings_per_minute_strategy.filter(|_| strategies);
        ask(most.is_some_and(|most| own > most), "too many openings of one strategy");
        self.breaches.append(&mut found);
    }

    /// The quote where it may be traded on.
    pub(super) fn usable(&self, symbol: Symbol, at: At) -> Option<Quote> {
        let quote = *self.quotes.get(&symbol)?;
        let spread = quote.ask.minus(quote.bid).ok()?;
        let sum = quote.ask.plus(quote.bid).ok()?;
        // Five per cent of half the sum.
        let wide = spread.scaled(40, 1).ok()? > sum;
        let age_ms = at.millis_since(quote.at);
        let fine = quote.bid.is_positive() && quote.bid <= quote.ask && !wide && age_ms <= QUOTE_AGE_MAX_MS;
        fine.then_some(quote)
    }

    fn worth(&self, intent: &Intent, at: At) -> Option<Money> {
        let (bid, ask) = self.marks(intent.symbol, at)?;
        let price = match intent.kind {
            OrderKind::Market => collar(intent.side, bid, ask)?,
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => match intent.side {
                Side::Buy => limit.grid_down(),
                Side::Sell => limit.grid_up(),
            },
            OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } => match intent.side {
                Side::Buy => stop.grid_down(),
                Side::Sell => stop.grid_up(),
            },
        };
        Some(price.times(intent.qty))
    }

    fn trades(&self, intent: &Intent) -> bool {
        let unknown = if self.flags_must_be_known { AssetFlags::NONE } else { AssetFlags::ALL };
        let flags = self.flags.get(&intent.symbol).copied().unwrap_or(unknown);
        let short = intent.side == Side::Sell;
        flags.tradable && (flags.shortable || !short) && (flags.fractionable || intent.qty.is_whole())
    }

    fn is_too_far(&self, intent: &Intent, at: At) -> bool {
        let (OrderKind::Limit { limit }, Some(pct)) = (intent.kind, self.limits.price_collar_pct) else {
            return false;
        };
        let limit = if intent.side == Side::Buy { limit.grid_down() } else { limit.grid_up() };
        let one = Qty::shares(1);
        let Some(quote) = self.usable(intent.symbol, at) else { return false };
        // Twice the distance against the per cent of twice the middle.
        let twice = quote.bid.times(one).plus(quote.ask.times(one));
        let Ok(twice) = twice else { return false };
        let far = limit.times(one).doubled().and_then(|limit| limit.minus(twice)).map(Money::abs);
        matches!((far, twice.percent_down(pct)), (Ok(far), Ok(most)) if far > most)
    }

    fn is_duplicate(&self, intent: &Intent, at: At) -> bool {
        let Some(window_ms) = self.limits.duplicate_window_ms else { return false };
        let same = |other: &Intent| {
            (other.origin, other.symbol, other.side, other.qty, other.kind)
                == (intent.origin, intent.symbol, intent.side, intent.qty, intent.kind)
        };
        self.openings.iter().any(|(before, other)| at.millis_since(*before) <= window_ms && same(other))
    }

    /// Openings of the last minute, this one among them: of all, and of the same origin.
    fn in_minute(&self, origin: Origin, at: At) -> (u32, u32) {
        let recent = self.openings.iter().filter(|(before, _)| at.millis_since(*before) < 60_000);
        recent.fold((1, 1), |(all, own): (u32, u32), (_, other)| {
            (all.saturating_add(1), own.saturating_add(u32::from(other.origin == origin)))
        })
    }

    fn meets_own(&self, intent: &Intent) -> bool {
        let limit = |kind: OrderKind| match kind {
            OrderKind::Market => Some(None),
            OrderKind::Limit { limit } => Some(Some(limit)),
            OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. } => None,
        };
        let Some(ours) = limit(intent.kind) else { return false };
        let facing = self.orders.values().filter(|known| {
            known.status.is_live()
                && known.role != Role::Protective
                && known.request.symbol == intent.symbol
                && known.request.side != intent.side
        });
        facing.filter_map(|known| limit(known.request.kind)).any(|theirs| match (ours, theirs, intent.side) {
            (None, _, _) | (_, None, _) => true,
            (Some(ours), Some(theirs), Side::Buy) => ours.grid_down() >= theirs,
            (Some(ours), Some(theirs), Side::Sell) => ours.grid_up() <= theirs,
        })
    }

    /// Whether exits and working stops are fewer than what is held.
    fn lacks_stop(&self, symbol: Symbol) -> bool {
        let held = self.positions.get(&symbol).map_or(Qty::ZERO, |(qty, _)| *qty);
        if held.is_zero() || !self.limits.stops_auto || self.unsure.contains(&symbol) {
            return false;
        }
        let closing = if held.is_positive() { Side::Sell } else { Side::Buy };
        let mine = self
            .orders
            .values()
            .filter(|known| known.request.symbol == symbol && known.request.side == closing);
        let counted = mine.filter_map(|known| match known.role {
            Role::Reducing => Some(known.rest()),
            Role::Protective if known.request.kind.stop().is_some() && known.works() => {
                Some(self.awake(known))
            }
            Role::Protective | Role::Opening => None,
        });
        let covered = counted.fold(Qty::ZERO, |sum, qty| sum.plus(qty).unwrap_or(Qty::LARGEST));
        covered < held.abs()
    }

    /// A short sale's stop goes along with it, or it does not go.
    fn lends_without_stop(&self, intent: &Intent) -> bool {
        let held = self.positions.get(&intent.symbol).map_or(Qty::ZERO, |(qty, _)| *qty);
        let short = intent.side == Side::Sell && !held.is_positive();
        short && self.limits.stops_required && !hours::takes_legs(intent)
    }

    /// The shares a stop stands for: a leg by what its order has filled.
    pub(super) fn awake(&self, known: &Known) -> Qty {
        let parent = known.parent.and_then(|parent| self.orders.get(&parent));
        let most = parent.map_or(known.request.qty, |parent| parent.filled);
        most.min(known.request.qty).minus(known.filled).unwrap_or(Qty::ZERO).at_least_zero()
    }

    /// An opening of whole shares takes its stop along wherever the trader wants stops.
    fn has_its_stop(&mut self, request: &VenueRequest, role: Role, parent: Option<ClientOrderId>) {
        let carries = matches!(request.tif, TimeInForce::Day | TimeInForce::Gtc) && request.qty.is_whole();
        let asks = role == Role::Opening && parent.is_none() && carries;
        let needs = self.limits.stops_auto || request.side == Side::Sell;
        if asks && needs && request.stop_loss.is_none() {
            self.breaches.push(format!("an opening order went out without its stop: {request:?}"));
        }
    }
}
