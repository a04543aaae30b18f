//! The facts the gate is told and what it then knows: marks, guards, moods, tokens and funds.

use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::{Bar, Trade};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side::{Buy, Sell};
use crate::domain::venue::VenueAccount;
use crate::risk::book::Marks;
use crate::risk::examples::{
    Desk, approved, desk, id, legs, limit_order, money, price, qty, refused, situation, symbol,
};
use crate::risk::gate::{Gate, StopKind};
use crate::risk::limits::Limits;
use crate::risk::loss::{Confirmation, Latched};
use crate::risk::order::{KnownOrder, Role};
use crate::risk::refusal::Code;
use crate::risk::situation::Situation;
use crate::risk::state::{HaltReason, ReduceOnlyReason, TradingState};

fn buy(shares: &str) -> Intent {
    limit_order("AAA", Buy, shares, "50", Some("49"))
}

/// The prices AAA is marked at, bid before ask.
fn marks(desk: &Desk) -> Option<(Price, Price)> {
    desk.gate.marks(symbol("AAA"), desk.now).map(|Marks { bid, ask }| (bid, ask))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside what the gate may not know")]
fn at(text: &str) -> Option<(Price, Price)> {
    Some((price(text), price(text)))
}

fn trade(desk: &Desk, at: &str) -> Trade {
    Trade { symbol: symbol("AAA"), price: price(at), qty: qty("1"), at: desk.now }
}

/// A minute's bar that ends now.
fn bar(desk: &Desk, close: &str) -> Bar {
    let close = price(close);
    Bar {
        symbol: symbol("AAA"),
        start: desk.now.plus_seconds(-60),
        end: desk.now,
        open: close,
        high: close,
        low: close,
        close,
        volume: qty("100"),
    }
}

/// The guards of AAA that are left, with what each still holds.
fn guards(desk: &Desk) -> Vec<(ClientOrderId, Qty)> {
    let entry = desk.gate.book().get(symbol("AAA")).unwrap();
    entry.guards.iter().map(|guard| (guard.id.unwrap(), guard.qty)).collect()
}

fn account(equity: i32, buying_power: i32) -> VenueAccount {
    VenueAccount {
        equity: Money::dollars(equity),
        last_equity: Money::dollars(equity),
        cash: Money::dollars(equity),
        buying_power: Money::dollars(buying_power),
    }
}

#[test]
fn without_a_quote_the_last_trade_marks_and_before_it_the_last_close() {
    let mut desk = Desk::new();
    assert_eq!(marks(&desk), None);
    desk.gate.set_last_close(symbol("AAA"), Price::ZERO);
    assert_eq!(marks(&desk), None, "no price is no close");
    desk.gate.set_last_close(symbol("AAA"), price("48"));
    assert_eq!(marks(&desk), at("48"));
    desk.gate.on_trade(&trade(&desk, "49"));
    assert_eq!(marks(&desk), at("49"));
    desk.gate.on_trade(&trade(&desk, "0"));
    assert_eq!(marks(&desk), at("49"), "a trade at no price is none");
    desk.quoted("AAA", "49.99", "50.01");
    assert_eq!(marks(&desk), Some((price("49.99"), price("50.01"))));
    desk.gate.set_phase(Phase::Late);
    assert_eq!(marks(&desk), at("49"), "quotes mark in the regular session alone");
}

#[test]
fn a_bar_is_the_quote_only_where_there_are_no_quotes() {
    let mut desk = desk();
    desk.gate.on_bar(&bar(&desk, "52"), true);
    assert_eq!(marks(&desk), Some((price("49.99"), price("50.01"))));
    desk.gate.set_phase(Phase::Late);
    assert_eq!(marks(&desk), at("52"), "its close is the last trade all the same");
    desk.gate.set_phase(Phase::Regular);
    desk.gate.on_bar(&bar(&desk, "51"), false);
    assert_eq!(marks(&desk), at("51"));
    desk.gate.on_bar(&bar(&desk, "0"), false);
    assert_eq!(marks(&desk), at("51"), "a bar without a price says nothing");
}

/// Bars of a minute renew their quote once a minute: two of them may pass.
#[test]
fn a_bar_s_quote_stays_usable_for_two_of_its_spans() {
    let mut desk = Desk::new();
    desk.gate.on_bar(&bar(&desk, "51"), false);
    let usable = |seconds| desk.gate.usable_quote(symbol("AAA"), desk.now.plus_seconds(seconds)).is_ok();
    assert!(usable(120) && !usable(121));
}

#[test]
fn a_stop_that_fills_in_part_lowers_itself_and_no_other() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    let low = desk.stop("AAA", Sell, "60", "46");
    let high = desk.stop("AAA", Sell, "40", "48");
    desk.fills(high, "AAA", Sell, "10", "48", "0");
    assert_eq!(guards(&desk), [(low, qty("60")), (high, qty("30"))]);
    desk.fills(high, "AAA", Sell, "30", "48", "0");
    assert_eq!(guards(&desk), [(low, qty("60"))], "one that has filled is gone, the other stays");
}

#[test]
fn what_a_target_closes_its_stop_cannot_close_again() {
    let mut desk = desk();
    let parent = desk.admit(&Intent { take_profit: Some(price("60")), ..buy("100") });
    desk.fills(parent, "AAA", Buy, "100", "50", "0");
    let lone = desk.stop("AAA", Sell, "5", "46");
    let [(stop, _), (target, _), _] = guards(&desk).try_into().unwrap();
    desk.fills(target, "AAA", Sell, "40", "60", "0");
    assert_eq!(guards(&desk), [(stop, qty("60")), (target, qty("60")), (lone, qty("5"))]);
}

#[test]
fn a_known_order_counts_once_and_one_that_has_ended_not_at_all() {
    let mut desk = desk();
    let known = KnownOrder {
        id: id(700),
        symbol: symbol("AAA"),
        side: Buy,
        qty: qty("100"),
        filled: qty("40"),
        kind: OrderKind::Limit { limit: price("50") },
        stop_loss: None,
        status: OrderStatus::Working,
        origin: None,
        role: Role::Opening,
        group: None,
    };
    desk.gate.restore_order(&KnownOrder { status: OrderStatus::Canceled, ..known });
    assert_eq!(desk.exposure("AAA"), "0.00");
    desk.gate.restore_order(&KnownOrder { filled: qty("100"), ..known });
    assert!(desk.gate.book().get(symbol("AAA")).unwrap().orders.is_empty(), "nothing of it is left");
    desk.gate.restore_order(&known);
    desk.gate.restore_order(&known);
    assert_eq!(desk.exposure("AAA"), "3000.00");
}

#[test]
fn only_what_is_held_is_among_the_positions() {
    let mut desk = desk();
    desk.quoted("CCC", "10", "10.01");
    desk.holds("BBB", "-30", "20");
    let held: Vec<_> = desk.gate.positions().map(|(symbol, held)| (symbol, held.qty)).collect();
    assert_eq!(held, [(symbol("BBB"), qty("-30"))]);
}

/// What is known of it is history: it adds to no sum, so nobody needs its price.
#[test]
fn a_symbol_without_a_price_stands_in_the_way_only_while_something_is_held_or_live() {
    let mut desk = desk();
    let old = desk.pending("BBB", Buy, "10", "20");
    refused(&desk.ask("AAA", Buy, "1", "50", None), "NO_PRICE symbol=BBB");
    assert_eq!(desk.gate.exposure(symbol("BBB"), desk.now), None);
    desk.gate.on_status(old, OrderStatus::Canceled);
    approved(&desk.ask("AAA", Buy, "1", "50", None));
    assert_eq!(desk.exposure("BBB"), "0.00");
    assert_eq!(desk.heat(), "0.00");
}

#[test]
fn the_day_and_its_limits_are_told_in_dollars() {
    let mut desk = desk();
    desk.gate.set_cash(money("99000"));
    assert_eq!(desk.gate.e0(), Some(money("100000")));
    assert_eq!(desk.gate.day_loss_limit(), Some(money("2000")), "two per cent of the baseline");
    assert_eq!(desk.gate.gross_limit(desk.now), Some(money("99000")), "all of the smaller equity");
    desk.gate.limits.max_daily_loss_pct = None;
    assert_eq!(desk.gate.day_loss_limit(), None);
    assert_eq!(desk.gate.limits_version(), "test");
    desk.gate.change_limits(Limits::default(), "v2".to_owned());
    assert_eq!(desk.gate.limits_version(), "v2");
}

#[test]
fn the_broker_s_smaller_equity_lowers_the_caps() {
    let mut desk = desk();
    desk.gate.on_account(&account(99_000, 400_000), desk.now);
    let words = "POSITION_LIMIT exposure=9950.00 limit=9900.00 max_qty=198";
    refused(&desk.ask("AAA", Buy, "199", "50", None), words);
}

#[test]
fn a_halt_keeps_its_first_reason_until_it_is_undone() {
    let mut desk = desk();
    assert_eq!((desk.gate.halt_reason(), desk.gate.state()), (None, TradingState::Active));
    desk.gate.halt(HaltReason::Fault);
    desk.gate.halt(HaltReason::Kill);
    assert_eq!(desk.gate.halt_reason(), Some(HaltReason::Fault));
    refused(&desk.ask("AAA", Buy, "1", "50", None), "HALTED");
    desk.gate.rearm();
    assert_eq!((desk.gate.halt_reason(), desk.gate.state()), (None, TradingState::Active));
    approved(&desk.ask("AAA", Buy, "1", "50", None));
}

#[test]
fn reductions_only_refuses_openings_passes_exits_and_ends_with_a_rearm() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    desk.gate.reduce_only(ReduceOnlyReason::Operator);
    assert_eq!(desk.gate.state(), TradingState::ReduceOnly);
    let opening = desk.ask("AAA", Buy, "1", "50", None);
    refused(&opening, "REDUCE_ONLY");
    assert!(!opening.is_approved());
    let exit = desk.ask("AAA", Sell, "100", "50", None);
    assert!(exit.is_approved() && exit.reducing);
    desk.gate.rearm();
    assert!(desk.ask("AAA", Buy, "1", "50", None).is_approved());
}

#[test]
fn a_latch_from_the_journal_ends_the_day_and_makes_earlier_tokens_stale() {
    let mut desk = desk();
    let latched = Latched {
        day: "2013-10-07".parse().unwrap(),
        at: desk.now,
        loss: money("2000"),
        limit: money("2000"),
        by: Confirmation::Broker,
    };
    let before = desk.gate.epoch();
    desk.gate.restore_latch(latched);
    assert_eq!(desk.gate.latched(), Some(latched));
    assert!(desk.gate.epoch() > before);
    refused(&desk.ask("AAA", Buy, "1", "50", None), "REDUCE_ONLY");
}

#[test]
fn a_token_fits_its_own_door_and_carries_the_mood_it_was_approved_in() {
    let (mut gate, door) = Gate::open(Limits { stops_auto: false, ..Limits::default() }, "own".to_owned());
    gate.set_phase(Phase::Regular);
    gate.set_cash(Money::dollars(100_000));
    gate.begin_day("2013-10-07".parse().unwrap(), Money::dollars(100_000));
    let mut desk = Desk { gate, next: 1, now: At::from_seconds(1_381_154_400) };
    desk.quoted("AAA", "49.99", "50.01");
    desk.gate.halt(HaltReason::Fault);
    desk.gate.rearm();
    let (token, decision) = desk.gate.admit(id(1), legs(1), &buy("1"), &situation(), desk.now).unwrap();
    assert!(door.accepts(&token) && decision.is_approved());
    assert_eq!((token.epoch(), desk.gate.epoch()), (2, 2), "a halt and a re-arm came before it");
    assert_eq!((token.origin(), token.good_until()), (Origin::Operator, desk.now.plus_seconds(5)));
    desk.gate.halt(HaltReason::Kill);
    assert!(token.epoch() < desk.gate.epoch());
}

/// A reading from before both orders knows of neither.
#[test]
fn every_order_since_the_reading_stays_taken_from_the_buying_power() {
    let mut desk = desk();
    desk.gate.on_account(&account(100_000, 1_000), desk.now);
    let read_at = desk.now;
    let own = Situation { buying_power: None, ..situation() };
    desk.now = desk.now.plus_seconds(1);
    assert!(desk.gate.admit(id(500), legs(500), &buy("8"), &own, desk.now).is_ok());
    assert!(desk.gate.admit(id(510), legs(510), &buy("6"), &own, desk.now).is_ok());
    let words = "BUYING_POWER value=350.00 limit=300.00";
    refused(&desk.gate.judge(&buy("7"), &own, desk.now), words);
    desk.gate.on_account(&account(100_000, 1_000), read_at);
    refused(&desk.gate.judge(&buy("7"), &own, desk.now), words);
}

#[test]
fn a_strategy_runs_into_its_own_rate_and_not_into_another_s() {
    let mut desk = desk();
    let of =
        |strategy, shares: &str| Intent { origin: Origin::Strategy(StrategyId(strategy)), ..buy(shares) };
    for shares in 1..=10 {
        let order = desk.admit(&of(1, &shares.to_string()));
        desk.gate.on_status(order, OrderStatus::Canceled);
    }
    refused(&desk.gate.judge(&of(1, "11"), &situation(), desk.now), "RATE openings=11 limit=10");
    approved(&desk.gate.judge(&of(2, "11"), &situation(), desk.now));
    approved(&desk.gate.judge(&buy("11"), &situation(), desk.now));
}

#[test]
fn one_rate_alone_is_enough_to_be_counted() {
    for (account, strategy) in [(Some(1), None), (None, Some(1))] {
        let mut desk = desk();
        desk.gate.limits.duplicate_window_ms = None;
        desk.gate.limits.openings_per_minute_account = account;
        desk.gate.limits.openings_per_minute_strategy = strategy;
        let origin = Origin::Strategy(StrategyId(1));
        desk.admit(&Intent { origin, ..buy("1") });
        let second = Intent { origin, ..buy("2") };
        refused(&desk.gate.judge(&second, &situation(), desk.now), "RATE openings=2 limit=1");
    }
}

/// Reports come in any order: a leg's fill may be heard before that of its order.
#[test]
fn a_leg_that_fills_before_its_order_is_told_to_have_still_holds_the_rest() {
    let mut desk = desk();
    let parent = desk.admit(&buy("100"));
    let leg = desk.gate.book().get(symbol("AAA")).unwrap().guards.first().unwrap().id.unwrap();
    desk.gate.on_stop_working(leg, true);
    desk.holds("AAA", "30", "50");
    desk.fills(leg, "AAA", Sell, "2", "49", "0");
    let exit = desk.ask("AAA", Sell, "28", "51", None);
    assert_eq!((exit.code(), exit.releases), (None, None), "it owes, and frees nothing");
    desk.fills(parent, "AAA", Buy, "100", "50", "0");
    assert_eq!(guards(&desk), [(leg, qty("98"))]);
    assert_eq!(desk.gate.protected_qty(symbol("AAA")), qty("98"));
    assert_eq!(desk.ask("AAA", Sell, "31", "50", None).releases, Some(qty("1")));
    desk.fills(leg, "AAA", Sell, "98", "49", "0");
    assert_eq!(guards(&desk), []);
}

/// What a leg owes makes no room beside the stops of what is held: an exit waits for all of those.
#[test]
fn a_leg_that_owes_frees_no_share_of_another_stop() {
    let mut desk = desk();
    desk.holds("AAA", "30", "50");
    let stop = desk.protective(800, "30", StopKind::Fixed(price("47"))).unwrap().request().id;
    desk.gate.on_stop_working(stop, true);
    desk.admit(&buy("100"));
    let leg = desk.gate.book().get(symbol("AAA")).unwrap().guards.last().unwrap().id.unwrap();
    desk.gate.on_stop_working(leg, true);
    desk.fills(leg, "AAA", Sell, "2", "49", "0");
    let exit = desk.ask("AAA", Sell, "28", "51", None);
    assert_eq!((exit.code(), exit.releases), (None, Some(qty("30"))));
}

/// While our own count is in doubt only the broker's equity ends the day, also on the next one.
#[test]
fn a_loss_by_a_count_in_doubt_refuses_openings_and_ends_no_day() {
    let mut desk = desk();
    desk.gate.doubt_own_count(true);
    for day in ["2013-10-07", "2013-10-08"] {
        desk.gate.begin_day(day.parse().unwrap(), Money::dollars(100_000));
        desk.gate.set_cash(money("97000"));
        desk.quoted("AAA", "49.99", "50.01");
        assert_eq!(desk.gate.judge(&buy("1"), &situation(), desk.now).code(), Some(Code::DailyLossReached));
        for _ in 0..3 {
            assert_eq!(desk.gate.read_loss(desk.now).latched, None, "{day}");
            desk.now = desk.now.plus_seconds(10);
        }
    }
    desk.gate.doubt_own_count(false);
    assert!(desk.gate.read_loss(desk.now).latched.is_some(), "it stood for ten seconds all the while");
}
