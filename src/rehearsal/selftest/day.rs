use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::at::At;
use crate::domain::calendar::{Phase, next_session, phase};
use crate::domain::chance::Chance;
use crate::domain::day::TradingDay;
use crate::domain::id::ClientOrderId;
use crate::domain::market::Tick;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{AssetFlags, VenueRequest, VenueState};
use crate::engine::event::{Act as Asked, Event};
use crate::exchange::faults::{Faults, RequestFaults};
use crate::journal::verify::verify;
use crate::rehearsal::selftest::act::Act;
use crate::rehearsal::selftest::plan::Plan;
use crate::rehearsal::selftest::processes::Processes;
use crate::rehearsal::selftest::street::{Street, cents};
use crate::rehearsal::selftest::tally::{Table, Tally};
use crate::rehearsal::selftest::trader::Trader;
use crate::rehearsal::selftest::truth::{Truth, after_kill};
use crate::risk::limits::Limits;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

/// What became of one seed.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) tally: Tally,
    /// The hash of the ledger's last row: it stands for all of them.
    pub(super) head: String,
    pub(super) breach: Option<String>,
    /// What was played, step by step.
    pub(super) trail: Vec<String>,
    pub(super) worst_loss: Money,
    pub(super) worst_heat: Money,
    pub(super) steps: u64,
}

/// A day of anything, by its seed.
pub(super) struct Day {
    plan: Plan,
    stage: Processes,
    street: Street,
    trader: Trader,
    truth: Truth,
    chance: Chance,
    trail: Vec<String>,
    foreign: u64,
    /// The kill did its work, and its process died before the machine heard of it.
    unheard: bool,
    worst_loss: Money,
    worst_heat: Money,
}

/// Plays a seed on a ledger of its own.
///
/// # Errors
/// What keeps it from being played at all, in words. A breach is no error: it is what was found.
pub(super) fn play(seed: u64, steps: u32, own: &Limits, ledger: &Path) -> Result<Played, String> {
    let mut chance = Chance::of(seed);
    let plan = Plan::of(seed, own, &mut chance);
    let stage = Processes::start(&plan, seed, ledger.to_owned())?;
    let street = Street::new(&plan.symbols, &mut chance);
    let day = Day {
        plan,
        stage,
        street,
        trader: Trader::default(),
        truth: Truth::default(),
        chance,
        trail: Vec::new(),
        foreign: 0,
        unheard: false,
        worst_loss: Money::ZERO,
        worst_heat: Money::ZERO,
    };
    day.play(steps)
}

impl Day {
    fn play(mut self, steps: u32) -> Result<Played, String> {
        self.quotes();
        let mut played = 0;
        let mut breach = None;
        while played < u64::from(steps) && breach.is_none() {
            played += 1;
            let act = self.plan.next_act(&mut self.chance);
            self.stage.auditor().tally.count(table_of(act), act.word());
            let was_halted = self.is_halted() && act != Act::Rearm;
            let mut dies = act == Act::Restart;
            if !dies {
                breach = self.step(act).err();
                dies = std::mem::take(&mut self.unheard);
            }
            if dies && breach.is_none() {
                match self.restart(act) {
                    Ok(day) => self = day,
                    Err((words, trail)) => return Ok(Played::broken(words, trail, played)),
                }
            }
            breach = breach.or_else(|| self.look(was_halted).err());
        }
        if breach.is_none() {
            breach = self.settle().err();
        }
        self.finish(breach, played)
    }

    fn is_halted(&self) -> bool {
        self.stage.is_latched() || self.stage.snapshot().state == TradingState::Halted
    }

    fn look(&mut self, was_halted: bool) -> Result<(), String> {
        let unsure = self.stage.auditor().unsure.clone();
        self.truth.look(&self.stage.market, &unsure, was_halted)?;
        let snapshot = self.stage.snapshot();
        self.worst_loss = snapshot.account.day_loss.unwrap_or_default().max(self.worst_loss);
        self.worst_heat = snapshot.account.heat.unwrap_or_default().max(self.worst_heat);
        let state = match snapshot.state {
            TradingState::Active => "active",
            TradingState::ReduceOnly => "reduce only",
            TradingState::Halted => "halted",
        };
        self.stage.auditor().tally.count(Table::Trading, state);
        self.stage.notebook().breach().map_or(Ok(()), Err)
    }

    fn note(&mut self, words: String) {
        self.trail.push(format!("{} {words}", self.stage.now));
    }

    fn some_symbol(&mut self) -> Option<Symbol> {
        self.chance.one_of(&self.plan.symbols).copied()
    }

    fn near(&self, symbol: Symbol) -> i64 {
        self.street.stand(symbol).map_or(10_000, |stand| stand.cents)
    }

    fn quotes(&mut self) {
        for symbol in self.plan.symbols.clone() {
            let tick = self.street.quote(symbol, self.stage.now, &mut self.chance);
            self.tick(tick);
        }
    }

    fn tick(&mut self, tick: Option<Tick>) {
        if let Some(tick) = tick {
            if let Tick::Quote(quote) = &tick {
                self.note(format!("{} {}/{}", quote.symbol, quote.bid, quote.ask));
            }
            self.stage.tick(tick);
        }
    }

    fn ask(&mut self, asked: Option<Asked>) {
        if let Some(asked) = asked {
            self.note(format!("{asked:?}"));
            self.stage.act(asked);
        }
    }

    fn step(&mut self, act: Act) -> Result<(), String> {
        let Some(symbol) = self.some_symbol() else { return Ok(()) };
        let (near, now) = (self.near(symbol), self.stage.now);
        match act {
            Act::Quote | Act::OddQuote | Act::Trade | Act::Wait | Act::Minutes | Act::NextSession => {
                self.market_step(act, symbol, now);
            }
            Act::Order => {
                let asked = self.trader.order(symbol, near, &mut self.chance);
                self.ask(Some(asked));
            }
            Act::OddOrder => {
                let asked = self.trader.odd_order(symbol, near, &mut self.chance);
                self.ask(Some(asked));
            }
            Act::Again => {
                let asked = self.trader.again(&mut self.chance);
                self.ask(asked);
            }
            Act::Replace | Act::Cancel => {
                let snapshot = self.stage.snapshot();
                let asked = if act == Act::Replace {
                    Trader::replace(&snapshot, near, &mut self.chance)
                } else {
                    Trader::cancel(&snapshot, &mut self.chance)
                };
                self.ask(asked);
            }
            Act::CancelAll => self.ask(Some(Asked::CancelAll(None))),
            Act::Close => {
                let of = (self.chance.below(2) == 0).then_some(symbol);
                self.ask(Some(Asked::Close(of)));
            }
            Act::Race => self.race(),
            Act::Pause | Act::Resume => {
                let asked = Trader::pause(act == Act::Pause, &mut self.chance);
                self.ask(Some(asked));
            }
            Act::Acknowledge => {
                for asked in Trader::acknowledge(&self.stage.snapshot()) {
                    self.ask(Some(asked));
                }
            }
            Act::Rearm => {
                self.note("re-arm".to_owned());
                self.stage.rearm();
            }
            Act::Kill => return self.kill(),
            Act::Restart => {}
            Act::Feed | Act::JournalDown | Act::JournalBack | Act::StreamGap => self.line_step(act),
            Act::Halt | Act::Trades | Act::Asset | Act::AssetsFine | Act::ClockOff | Act::ClockFits => {
                self.venue_step(act, symbol);
            }
            Act::Foreign | Act::Split => self.others_step(act, symbol, near),
        }
        Ok(())
    }

    fn market_step(&mut self, act: Act, symbol: Symbol, now: At) {
        match act {
            Act::OddQuote => {
                let tick = self.street.odd_quote(symbol, now, &mut self.chance);
                self.tick(tick);
            }
            Act::Trade => {
                let tick = self.street.trade(symbol, now, &mut self.chance);
                self.tick(tick);
            }
            Act::Wait => {
                let millis =
                    *self.chance.one_of(&[200, 1_000, 2_500, 6_000, 11_000, 31_000]).unwrap_or(&1_000);
                self.note(format!("{millis} ms pass"));
                self.stage.wait(millis);
                if self.chance.below(20) == 0 {
                    self.note("the clock is set back".to_owned());
                    self.stage.turn_in_the_past(7);
                }
            }
            Act::Minutes => {
                for _ in 0..self.chance.between(1, 8) {
                    self.minute();
                }
            }
            Act::NextSession => self.next_session(),
            _ => {
                let tick = self.street.quote(symbol, now, &mut self.chance);
                self.tick(tick);
            }
        }
    }

    /// A minute, with what the market says at its end.
    fn minute(&mut self) {
        self.stage.wait(60_000);
        self.quotes();
        if self.plan.bars {
            for symbol in self.plan.symbols.clone() {
                let bar = self.street.bar(symbol, self.stage.now, &mut self.chance);
                self.tick(bar);
            }
        }
    }

    /// The hours until the next session pass, in steps of a quarter of an hour.
    fn next_session(&mut self) {
        let Some(session) = next_session(TradingDay::of(self.stage.now)) else { return };
        self.note(format!("until {}", session.open));
        while self.stage.now < session.open {
            let left = session.open.millis_since(self.stage.now);
            self.stage.wait(left.min(900_000));
            if self.chance.below(12) == 0 {
                self.out_of_hours();
            }
        }
        self.quotes();
    }

    /// Somebody is awake at night.
    fn out_of_hours(&mut self) {
        self.quotes();
        if let Some(symbol) = self.some_symbol() {
            let asked = self.trader.out_of_hours(symbol, self.near(symbol), &mut self.chance);
            self.ask(Some(asked));
        }
    }

    /// An exit waits for its stop's cancel, which the venue does not hear; meanwhile the market goes through
    /// the stop, and there is nothing left for the exit to close.
    fn race(&mut self) {
        let snapshot = self.stage.snapshot();
        let Some(held) = self.chance.one_of(&snapshot.positions).copied() else { return };
        let deaf = RequestFaults { timeout_before: 1_000, ..RequestFaults::default() };
        self.stage.market.break_line(Faults { cancel: deaf, ..self.plan.exchange.faults });
        self.ask(Some(Asked::Close(Some(held.symbol))));
        let pct = if held.qty.is_negative() { 12 } else { -12 };
        let tick = self.street.jump(held.symbol, pct, self.stage.now, &mut self.chance);
        self.tick(tick);
        self.stage.market.break_line(self.plan.exchange.faults);
        self.stage.wait(1_500);
        let tick = self.street.quote(held.symbol, self.stage.now, &mut self.chance);
        self.tick(tick);
    }

    fn kill(&mut self) -> Result<(), String> {
        let flatten = self.chance.below(2) == 0;
        let heard = self.chance.below(8) > 0;
        self.note(format!("kill, flatten {flatten}, heard {heard}"));
        self.stage.trip(flatten);
        if self.chance.below(2) == 0 {
            // The kill's task is slow, and the machine has not heard: the door knows already.
            for act in [Act::Quote, Act::Order, Act::Order] {
                self.step(act)?;
            }
            self.look(true)?;
        }
        let Some(outcome) = self.stage.pull() else { return Ok(()) };
        let word = match (outcome.confirmed, flatten) {
            (true, true) => "flatten confirmed",
            (true, false) => "kill confirmed",
            (false, _) => "kill not confirmed",
        };
        self.stage.auditor().tally.count(Table::Trader, word);
        // As the kill left it: what waits in the machine moves on once it has heard.
        after_kill(&self.stage.market, &outcome)?;
        if heard {
            self.stage.hear_kill(&outcome);
        }
        self.unheard = !heard;
        Ok(())
    }

    fn line_step(&mut self, act: Act) {
        match act {
            Act::Feed => {
                let fresh = self.chance.below(3) > 0;
                self.note(format!("feed fresh {fresh}"));
                self.stage.turn(Event::Feed { fresh, silent_ms: 31_000 });
            }
            Act::JournalDown | Act::JournalBack => {
                let full = act == Act::JournalDown;
                self.note(format!("journal full {full}"));
                self.stage.notebook().full = full;
                self.stage.turn(Event::Clock);
            }
            _ => {
                self.note("the stream is cut".to_owned());
                self.stage.market.cut_line();
                // A gap is told as one, or nobody notices it.
                let up = match self.chance.below(4) {
                    0 => false,
                    1 => true,
                    _ => return,
                };
                self.note(format!("the stream stands {up}"));
                self.stage.turn(Event::OrderStream { up, why: "it was cut".to_owned() });
            }
        }
    }

    fn venue_step(&mut self, act: Act, symbol: Symbol) {
        match act {
            Act::Halt => {
                self.note(format!("{symbol} is halted"));
                self.stage.market.set_halted(symbol, true);
                self.stage.auditor().halted.insert(symbol);
                self.stage.turn(Event::Clock);
            }
            Act::Trades => self.resume_all(),
            Act::Asset => {
                let mut yes = || self.chance.below(2) == 0;
                let flags = AssetFlags { tradable: yes(), shortable: yes(), fractionable: yes() };
                self.asset(symbol, flags);
            }
            Act::AssetsFine => {
                for symbol in self.plan.symbols.clone() {
                    self.asset(symbol, AssetFlags::ALL);
                }
            }
            Act::ClockOff => {
                let offset_ms =
                    *self.chance.one_of(&[Some(2_500), Some(5_001), Some(-9_000), None]).unwrap_or(&None);
                self.clock(offset_ms);
            }
            _ => self.clock(Some(0)),
        }
    }

    fn resume_all(&mut self) {
        for symbol in self.plan.symbols.clone() {
            self.stage.market.set_halted(symbol, false);
            self.stage.auditor().halted.remove(&symbol);
        }
        self.note("everything trades".to_owned());
        self.stage.turn(Event::Clock);
    }

    fn asset(&mut self, symbol: Symbol, flags: AssetFlags) {
        self.note(format!("{symbol} {flags:?}"));
        self.stage.auditor().flags.insert(symbol, flags);
        self.stage.turn(Event::Asset { symbol, flags });
    }

    fn clock(&mut self, offset_ms: Option<i64>) {
        self.note(format!("the venue's clock is ahead by {offset_ms:?} ms"));
        let fits = offset_ms.map_or(!self.plan.clock_must_be_known, |offset| offset.abs() <= 5_000);
        self.stage.turn(Event::ClockOffset { offset_ms });
        self.stage.auditor().clock_fits = fits;
    }

    fn others_step(&mut self, act: Act, symbol: Symbol, near: i64) {
        self.stage.auditor().unsure.insert(symbol);
        if act == Act::Split {
            let (new, old) = *self.chance.one_of(&[(2, 1), (3, 2), (1, 10)]).unwrap_or(&(2, 1));
            self.note(format!("{symbol} splits {new} for {old}"));
            let split = self.stage.market.split(symbol, new, old);
            if split.is_ok() {
                self.street.split(symbol, new, old);
                let tick = self.street.quote(symbol, self.stage.now, &mut self.chance);
                self.tick(tick);
            }
            return;
        }
        self.foreign = self.foreign.saturating_add(1);
        let Ok(id) = format!("other-{}", self.foreign).parse::<ClientOrderId>() else { return };
        let side = if self.chance.below(2) == 0 { Side::Buy } else { Side::Sell };
        let limit = cents(near.saturating_add(self.chance.between(-60, 60)).max(1));
        let market = self.chance.below(2) == 0;
        let request = VenueRequest {
            id,
            symbol,
            side,
            qty: Qty::shares(i32::try_from(self.chance.between(1, 60)).unwrap_or(1)),
            kind: if market { OrderKind::Market } else { OrderKind::Limit { limit } },
            tif: TimeInForce::Day,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        self.note(format!("somebody else: {request:?}"));
        let _taken_or_not = self.stage.market.foreign(&request, self.stage.now);
    }

    fn restart(mut self, act: Act) -> Result<Self, (String, Vec<String>)> {
        // A kill that the machine does not hear of is one whose process died.
        let cleanly = act == Act::Restart && self.chance.below(2) == 0;
        self.note(format!("restart, cleanly {cleanly}"));
        let trail = self.trail.clone();
        let word = if cleanly { "clean end" } else { "crash" };
        self.stage.auditor().tally.count(Table::Faults, word);
        let stage = self.stage.restart(&self.plan, cleanly).map_err(|words| (words, trail))?;
        let mut day = Self { stage, ..self };
        day.quotes();
        Ok(day)
    }

    /// Everything is mended, and time passes: what was uncertain is settled, and both have the same account.
    fn settle(&mut self) -> Result<(), String> {
        self.stage.market.break_line(Faults::default());
        self.line_step(Act::JournalBack);
        self.stage.turn(Event::Feed { fresh: true, silent_ms: 0 });
        self.resume_all();
        for _ in 0..4 {
            self.stage.wait(31_000);
            self.quotes();
            self.look(false)?;
        }
        let snapshot = self.stage.snapshot();
        let lost = |status| {
            matches!(status, OrderStatus::Unknown | OrderStatus::Sending | OrderStatus::PendingCancel)
        };
        if let Some(order) = snapshot.open_orders.iter().find(|order| lost(order.status)) {
            return Err(format!(
                "two minutes after the last fault {} is still {}",
                order.id,
                order.status.word()
            ));
        }
        let truth = self.stage.market.truth(At::from_nanos(i64::MAX));
        let unsure = self.stage.auditor().unsure.clone();
        let believed: BTreeSet<Symbol> = snapshot.positions.iter().map(|position| position.symbol).collect();
        self.no_orphans(&truth, &believed)?;
        for symbol in self.plan.symbols.iter().filter(|symbol| !unsure.contains(symbol)) {
            let theirs = truth.positions.iter().find(|position| position.symbol == *symbol);
            let theirs = theirs.map_or(Qty::ZERO, |position| position.qty);
            let position = snapshot.positions.iter().find(|position| position.symbol == *symbol);
            let ours = position.map_or(Qty::ZERO, |position| position.qty);
            if ours != theirs {
                return Err(format!("{symbol} is {ours} here and {theirs} at the exchange"));
            }
            let closing = snapshot
                .open_orders
                .iter()
                .filter(|order| order.symbol == *symbol && (order.side == Side::Buy) == ours.is_negative());
            let rest = closing.map(|order| order.qty.minus(order.filled).unwrap_or(Qty::ZERO));
            let bare = rest.fold(Qty::ZERO, |sum, rest| sum.plus(rest).unwrap_or(Qty::LARGEST)) < ours.abs();
            let told = self.stage.notebook().told_missing.contains(&symbol.to_string());
            let open = phase(self.stage.now) == Phase::Regular;
            if bare && open && !told && self.plan.limits.stops_auto {
                return Err(format!(
                    "{position:?} has no full stop, and nobody was told: {:?}",
                    snapshot.open_orders
                ));
            }
        }
        Ok(())
    }

    /// No stop outlives its position: where the market holds nothing, and nobody here believes that something
    /// is held.
    fn no_orphans(&mut self, truth: &VenueState, believed: &BTreeSet<Symbol>) -> Result<(), String> {
        for order in &truth.open_orders {
            let (id, symbol) = (order.request.id, order.request.symbol);
            let held = truth.positions.iter().any(|position| position.symbol == symbol);
            let protects =
                self.stage.auditor().orders.get(&id).is_some_and(|known| known.role == Role::Protective);
            if protects && !held && !believed.contains(&symbol) {
                return Err(format!("nothing is held of {symbol}, and its stop {id} lives on"));
            }
        }
        Ok(())
    }

    fn finish(mut self, breach: Option<String>, steps: u64) -> Result<Played, String> {
        for (what, times) in self.stage.market.line_faults() {
            self.stage.auditor().tally.add(Table::Faults, what, times);
        }
        let (auditor, ledger, last) = self.stage.close();
        let verdict = verify(&ledger).map_err(|fault| fault.to_string())?;
        let file = (!verdict.is_clean()).then(|| {
            let law =
                verdict.laws.first().map_or_else(|| format!("{:?}", verdict.chain), ToString::to_string);
            format!("in the ledger: {law}")
        });
        Ok(Played {
            tally: auditor.tally,
            head: verdict.head,
            breach: breach.or(last).or(file),
            trail: self.trail,
            worst_loss: self.worst_loss,
            worst_heat: self.worst_heat,
            steps,
        })
    }
}

impl Played {
    fn broken(words: String, trail: Vec<String>, steps: u64) -> Self {
        Self {
            tally: Tally::default(),
            head: String::new(),
            breach: Some(words),
            trail,
            worst_loss: Money::ZERO,
            worst_heat: Money::ZERO,
            steps,
        }
    }
}

fn table_of(act: Act) -> Table {
    match act {
        Act::Quote | Act::OddQuote | Act::Trade | Act::Wait | Act::Minutes | Act::NextSession => {
            Table::Market
        }
        Act::Halt | Act::Trades | Act::Asset | Act::AssetsFine | Act::Split | Act::Foreign => Table::Market,
        Act::Feed | Act::JournalDown | Act::JournalBack | Act::ClockOff | Act::ClockFits => Table::Faults,
        Act::StreamGap | Act::Restart => Table::Faults,
        _ => Table::Trader,
    }
}
