use crate::domain::chance::Chance;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::engine::event::Act;
use crate::engine::snapshot::Snapshot;
use crate::rehearsal::selftest::street::cents;

/// What most tickets ask for.
const USUAL: [TimeInForce; 3] = [TimeInForce::Day, TimeInForce::Day, TimeInForce::Gtc];

/// Half a per cent to four, or so many cents.
fn trail(near: i64, chance: &mut Chance) -> Trail {
    if chance.below(2) == 0 {
        return Trail::Percent(Pct::from_nanos(chance.between(5, 40).saturating_mul(100_000_000)));
    }
    Trail::Amount(cents(chance.between(1, near.checked_div(20).unwrap_or(1).max(2))))
}

/// A trader who asks for whatever comes to mind.
#[derive(Debug, Default)]
pub(super) struct Trader {
    ticket: u64,
    last: Option<Intent>,
}

impl Trader {
    /// A new ticket: near the market, mostly within reason.
    pub(super) fn order(&mut self, symbol: Symbol, near: i64, chance: &mut Chance) -> Act {
        let side = if chance.below(5) < 2 { Side::Sell } else { Side::Buy };
        let reach = near.checked_div(100).unwrap_or(1).max(2);
        let most = 1_200_000_i64.checked_div(near.max(1)).unwrap_or(1);
        let shares = i32::try_from(chance.between(1, most.max(2))).unwrap_or(1);
        let part = chance.below(12) == 0;
        let qty = if part {
            Qty::from_nanos(i64::from(shares).saturating_mul(312_500_000))
        } else {
            Qty::shares(shares)
        };
        let limit = cents(near.saturating_add(chance.between(reach.saturating_neg(), reach)));
        let trigger =
            cents(near.saturating_add(chance.between(reach.saturating_mul(-2), reach.saturating_mul(2))));
        let kind = match chance.below(10) {
            0..4 => OrderKind::Market,
            4..8 => OrderKind::Limit { limit },
            8 => OrderKind::Stop { stop: trigger },
            _ => OrderKind::StopLimit { stop: trigger, limit },
        };
        // Now and then so near that the floor below its risk counts.
        let away = match chance.below(8) {
            0 => chance.between(1, 12),
            _ => chance.between(reach.saturating_mul(2), reach.saturating_mul(8)),
        };
        let away = if side == Side::Buy { away.saturating_neg() } else { away };
        let stop_loss = (chance.below(4) > 0).then(|| cents(near.saturating_add(away).max(1)));
        let take_profit = (chance.below(6) == 0).then(|| cents(near.saturating_sub(away).max(1)));
        let tif = if chance.below(4) > 0 { chance.one_of(&USUAL) } else { chance.one_of(&TimeInForce::ALL) };
        let tif = tif.copied().unwrap_or_default();
        let trail = (chance.below(8) == 0).then(|| trail(near, chance));
        let take_profit = take_profit.filter(|_| trail.is_none());
        let origin = Origin::Operator;
        self.submit(Intent { origin, symbol, side, qty, kind, tif, stop_loss, take_profit, trail })
    }

    /// A ticket for the auction or for early and late hours.
    pub(super) fn out_of_hours(&mut self, symbol: Symbol, near: i64, chance: &mut Chance) -> Act {
        let tif = if chance.below(2) == 0 { TimeInForce::Opg } else { TimeInForce::Ext };
        let limit = cents(near.saturating_add(chance.between(-20, 20)).max(1));
        let intent = Intent {
            origin: Origin::Operator,
            symbol,
            side: if chance.below(3) == 0 { Side::Sell } else { Side::Buy },
            qty: Qty::shares(i32::try_from(chance.between(1, 60)).unwrap_or(1)),
            kind: OrderKind::Limit { limit },
            tif,
            stop_loss: Some(cents(near.saturating_sub(near.checked_div(20).unwrap_or(1)).max(1))),
            take_profit: None,
            trail: None,
        };
        self.submit(intent)
    }

    /// A ticket that no gate may let pass, or a very large one.
    pub(super) fn odd_order(&mut self, symbol: Symbol, near: i64, chance: &mut Chance) -> Act {
        let fine = Intent {
            origin: Origin::Operator,
            symbol,
            side: Side::Buy,
            qty: Qty::shares(10),
            kind: OrderKind::Limit { limit: cents(near) },
            tif: TimeInForce::Day,
            stop_loss: Some(cents(near.saturating_sub(near.checked_div(30).unwrap_or(1)))),
            take_profit: None,
            trail: None,
        };
        let limit = |limit| OrderKind::Limit { limit };
        let twelfth = near.checked_div(12).unwrap_or(1);
        let odd = match chance.below(11) {
            0 => Intent { qty: Qty::ZERO, ..fine },
            1 => Intent { qty: Qty::shares(-5), ..fine },
            2 => Intent { kind: limit(Price::ZERO), ..fine },
            3 => Intent { kind: limit(cents(-500)), ..fine },
            4 => Intent { stop_loss: Some(cents(near.saturating_add(50))), ..fine },
            5 => Intent { qty: Qty::shares(2_000_000), ..fine },
            6 => Intent { qty: Qty::LARGEST, kind: OrderKind::Market, ..fine },
            7 => Intent {
                kind: limit(cents(near.saturating_sub(twelfth))),
                stop_loss: Some(cents(near.checked_div(2).unwrap_or(1))),
                ..fine
            },
            8 => Intent { side: Side::Sell, stop_loss: None, ..fine },
            9 => Intent { symbol: "ZZZ".parse().unwrap_or(symbol), ..fine },
            _ => Intent { qty: Qty::from_nanos(1), stop_loss: None, kind: OrderKind::Market, ..fine },
        };
        self.submit(odd)
    }

    /// The last ticket pressed again, or its twin.
    pub(super) fn again(&mut self, chance: &mut Chance) -> Option<Act> {
        let intent = self.last?;
        if chance.below(2) == 0 {
            return Some(Act::Submit { ticket: self.ticket, intent });
        }
        Some(self.submit(intent))
    }

    /// Another quantity or other prices for some live order.
    pub(super) fn replace(snapshot: &Snapshot, near: i64, chance: &mut Chance) -> Option<Act> {
        let order = chance.one_of(&snapshot.open_orders)?;
        let reach = near.checked_div(100).unwrap_or(1).max(2);
        let beside = cents(
            near.saturating_add(chance.between(reach.saturating_mul(-3), reach.saturating_mul(3))).max(1),
        );
        let qty =
            (chance.below(3) > 0).then(|| Qty::shares(i32::try_from(chance.between(1, 120)).unwrap_or(1)));
        let limit = order.kind.limit().filter(|_| chance.below(2) == 0).map(|_| beside);
        let stop = order.kind.stop().filter(|_| chance.below(2) == 0).map(|_| beside);
        Some(Act::Replace { order: order.id, qty, limit, stop })
    }

    /// One live order is taken back.
    pub(super) fn cancel(snapshot: &Snapshot, chance: &mut Chance) -> Option<Act> {
        chance.one_of(&snapshot.open_orders).map(|order| Act::Cancel(order.id))
    }

    /// Whatever waits for the trader's word gets it.
    pub(super) fn acknowledge(snapshot: &Snapshot) -> Vec<Act> {
        let reason = || "seen".to_owned();
        let mut acts: Vec<Act> = snapshot
            .adjusts
            .iter()
            .map(|adjust| Act::AcknowledgeAdjust { number: adjust.number, reason: reason() })
            .collect();
        match snapshot.not_ready {
            Some("unclean_start") => acts.push(Act::AcknowledgeUnclean { reason: reason() }),
            Some("reject_storm") => acts.push(Act::AcknowledgeStorm { reason: reason() }),
            _ => {}
        }
        acts
    }

    /// Some strategy is paused, or goes on.
    pub(super) fn pause(pauses: bool, chance: &mut Chance) -> Act {
        let id = StrategyId(u16::try_from(chance.between(1, 3)).unwrap_or(1));
        if pauses { Act::PauseStrategy(id) } else { Act::ResumeStrategy(id) }
    }

    fn submit(&mut self, intent: Intent) -> Act {
        self.ticket = self.ticket.saturating_add(1);
        self.last = Some(intent);
        Act::Submit { ticket: self.ticket, intent }
    }
}
