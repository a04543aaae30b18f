use crate::domain::at::At;
use crate::domain::calendar::{Phase, phase, session};
use crate::domain::day::{TradingDay, new_york_time};
use crate::domain::intent::Intent;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::risk::limits::Limits;

/// Whether an opening may be approved at this hour and in this form, by New York's clock alone.
pub(super) fn fits(intent: &Intent, limits: &Limits, at: At) -> bool {
    let phase = phase(at);
    let is_limit = matches!(intent.kind, OrderKind::Limit { .. });
    let has_trigger = matches!(intent.kind, OrderKind::Stop { .. } | OrderKind::StopLimit { .. });
    let (hour, minute, _) = new_york_time(at);
    let minutes = i32::from(hour).saturating_mul(60).saturating_add(i32::from(minute));
    match intent.tif {
        TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => {
            phase == Phase::Regular || !limits.regular_session_only
        }
        TimeInForce::Ext => {
            let early_or_late = limits.extended_hours && matches!(phase, Phase::Early | Phase::Late);
            is_limit && (phase == Phase::Regular || early_or_late)
        }
        // From 19:00, on a half day from 16:00, until 09:28.
        TimeInForce::Opg => {
            let today = session(TradingDay::of(at));
            let reopens = if today.is_some_and(|today| today.half_day) { 16 } else { 19 };
            !has_trigger && (today.is_none() || minutes < 9 * 60 + 28 || minutes >= reopens * 60)
        }
        // Until ten minutes before the close.
        TimeInForce::Cls => {
            let shuts = if session(TradingDay::of(at)).is_some_and(|today| today.half_day) { 13 } else { 16 };
            !has_trigger && phase == Phase::Regular && minutes < shuts * 60 - 10
        }
    }
}

/// Whether the order takes its stop along to the venue.
pub(super) fn takes_legs(intent: &Intent) -> bool {
    intent.qty.is_whole() && matches!(intent.tif, TimeInForce::Day | TimeInForce::Gtc)
}
