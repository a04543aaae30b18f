use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::chance::Chance;
use crate::domain::intent::StrategyId;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::order::TimeInForce;
use crate::domain::passport::{Passport, Sides};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::{Outcome, Size, StrategyAnswer, StrategyCall, StrategyEvent, Wish};
use crate::domain::symbol::Symbol;
use crate::engine::event::StrategyHead;
use crate::engine::memory::Memory;
use crate::pump::bench::Callees;
use crate::rehearsal::selftest::tally::{Table, Tally};
use crate::strategy::host::CallRecord;
use crate::strategy::strikes::{Standing, Strikes};

/// Strategies that wish whatever comes to their mind, and sometimes die of it.
pub(super) struct Troupe {
    chance: Chance,
    seats: BTreeMap<StrategyId, Seat>,
    pub(super) tally: Tally,
}

struct Seat {
    head: StrategyHead,
    plays: bool,
    strikes: Strikes,
    last: Option<Price>,
}

/// What the players were granted: the first anything, the second longs of a part of the day, the third little at once
/// and seldom.
fn passport_of(number: u16) -> Passport {
    match number {
        2 => Passport { sides: Sides::Long, hours: "09:40-15:50".parse().ok(), ..Passport::default() },
        3 => Passport {
            max_qty: Some(Qty::shares(40)),
            max_usd: Some(Money::dollars(4_000)),
            orders_per_minute: Some(2),
            max_day_loss_usd: Some(Money::dollars(60)),
            ..Passport::default()
        },
        _ => Passport::default(),
    }
}

impl Troupe {
    /// So many strategies of these symbols, with what an earlier process saw of their failures; each with the
    /// reason for which it waits, where it does.
    pub(super) fn seat(
        seed: u64,
        count: u16,
        symbols: &[Symbol],
        memory: &Memory,
        now: At,
    ) -> (Self, Vec<(StrategyHead, Option<String>)>) {
        let mut troupe = Self { chance: Chance::of(seed), seats: BTreeMap::new(), tally: Tally::default() };
        let mut heads = Vec::new();
        for number in 1..=count {
            let head = StrategyHead {
                id: StrategyId(number),
                name: format!("player{number}"),
                sha256: format!("{number:064x}"),
                symbols: symbols.to_vec(),
                timeframe_ms: 60_000,
                warmup_bars: 0,
                protects: false,
                passport: passport_of(number),
                file: String::new(),
                params: String::new(),
                handlers: Vec::new(),
            };
            let before = memory.strikes.iter().find(|strikes| strikes.sha256 == head.sha256);
            let strikes = before.map_or_else(Strikes::default, |old| Strikes::restored(old.count, old.last));
            let waits = strikes.standing_in(Mode::Sim, now).words();
            let seat = Seat { head: head.clone(), plays: waits.is_none(), strikes, last: None };
            troupe.seats.insert(head.id, seat);
            heads.push((head, waits));
        }
        (troupe, heads)
    }

    fn wishes(&mut self, id: StrategyId) -> Vec<Wish> {
        let count = [0, 0, 1, 1, 1, 2, 3].get(usize::try_from(self.chance.below(7)).unwrap_or(0)).copied();
        (0..count.unwrap_or(0)).map(|_| self.wish(id)).collect()
    }

    fn wish(&mut self, id: StrategyId) -> Wish {
        let chance = &mut self.chance;
        match chance.below(10) {
            0 | 1 => return Wish::Close { tag: Some("out".to_owned()) },
            2 => return Wish::Cancel,
            _ => {}
        }
        if chance.below(12) == 0
            && let Some(last) = self.seats.get(&id).and_then(|seat| seat.last)
        {
            let off = Price::from_cents(i32::try_from(chance.between(-300, 300)).unwrap_or(0));
            return Wish::Tighten { stop: last.plus(off).unwrap_or(last) };
        }
        let side = if chance.below(3) == 0 { Side::Sell } else { Side::Buy };
        let near = self.seats.get(&id).and_then(|seat| seat.last).unwrap_or(Price::from_cents(10_000));
        let off = |chance: &mut Chance, first: i64, last: i64| {
            let cents = i32::try_from(chance.between(first, last)).unwrap_or(0);
            near.plus(Price::from_cents(cents)).unwrap_or(near)
        };
        let limit = (chance.below(3) > 0).then(|| off(chance, -120, 120));
        let stop = match (chance.below(3), side) {
            (0, _) => None,
            (_, Side::Buy) => Some(off(chance, -600, -130)),
            (_, Side::Sell) => Some(off(chance, 130, 600)),
        };
        let take_profit = match (chance.below(4), side) {
            (0, Side::Buy) => Some(off(chance, 130, 500)),
            (0, Side::Sell) => Some(off(chance, -500, -130)),
            _ => None,
        };
        let shares = i32::try_from(chance.between(1, 130)).unwrap_or(1);
        let size = match chance.below(6) {
            0 => Size::Notional(Money::dollars(shares.saturating_mul(100))),
            1 => Size::RiskPct(Pct::whole(1)),
            2 => Size::Pct(Pct::whole(5)),
            _ => Size::Qty(Qty::shares(shares)),
        };
        let tif = if chance.below(3) > 0 {
            Some(TimeInForce::Day)
        } else {
            chance.one_of(&TimeInForce::ALL).copied()
        };
        Wish::Trade {
            side,
            size,
            limit,
            stop,
            take_profit,
            tif: tif.unwrap_or_default(),
            tag: None,
            trail: None,
        }
    }
}

impl Callees for Troupe {
    fn call(&mut self, id: StrategyId, call: &StrategyCall) -> Option<CallRecord> {
        let seat = self.seats.get_mut(&id).filter(|seat| seat.plays)?;
        if let StrategyEvent::Bar { bar, .. } = &call.event {
            seat.last = Some(bar.close);
        }
        let outcome = match self.chance.below(150) {
            0 => Outcome::Failed { reason: "it threw, by its seed".to_owned() },
            1 => Outcome::Killed { reason: "it ran out of time, by its seed".to_owned() },
            _ => Outcome::Done,
        };
        let word = match &outcome {
            Outcome::Done => "answered",
            Outcome::Failed { .. } => "failed",
            Outcome::Killed { .. } => "killed",
        };
        self.tally.count(Table::Strategies, word);
        let wishes = if outcome == Outcome::Done { self.wishes(id) } else { Vec::new() };
        let answer = StrategyAnswer {
            seq: call.seq,
            symbol: call.symbol,
            outcome,
            wishes,
            logs: Vec::new(),
            plots: Vec::new(),
        };
        let (input, output) = (Vec::new(), Vec::new());
        Some(CallRecord { answer, input, output, cpu_us: None, memory_bytes: None })
    }

    fn strike(&mut self, id: StrategyId, now: At) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.plays = false;
            seat.strikes.strike(now);
        }
    }

    fn bring_back(&mut self, now: At) -> Vec<StrategyHead> {
        let back = self
            .seats
            .values_mut()
            .filter(|seat| !seat.plays && seat.strikes.standing_in(Mode::Sim, now) == Standing::Runs);
        let mut heads = Vec::new();
        for seat in back {
            seat.plays = true;
            self.tally.count(Table::Strategies, "came back after a strike");
            heads.push(seat.head.clone());
        }
        heads
    }
}
