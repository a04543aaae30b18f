//! The controls that the worked examples do not touch: halts, tempo, legs, seals, the ratchet.

use crate::domain::calendar::Phase;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::pct::Pct;
use crate::domain::qty::Qty;
use crate::domain::side::Side::{Buy, Sell};
use crate::domain::venue::VenueAccount;
use crate::risk::examples::{
    Desk, approved, desk, id, legs, limit_order, money, price, qty, refused, situation, symbol,
};
use crate::risk::gate::{Gate, StopKind};
use crate::risk::limits::Limits;
use crate::risk::order::Role;
use crate::risk::refusal::{Code, NotReady};
use crate::risk::situation::Situation;
use crate::risk::state::HaltReason;

const STRATEGY: Origin = Origin::Strategy(StrategyId(1));

fn buy(shares: &str) -> Intent {
    limit_order("AAA", Buy, shares, "50", Some("49"))
}

#[test]
fn halted_passes_only_the_operator_s_and_the_kill_s_reductions() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    desk.gate.halt(HaltReason::Kill);
    let exit = limit_order("AAA", Sell, "40", "50", None);
    let code =
        |origin, intent: Intent| desk.gate.judge(&Intent { origin, ..intent }, &situation(), desk.now).code();
    assert_eq!(code(Origin::Operator, exit), None);
    assert_eq!(code(Origin::Kill, exit), None);
    assert_eq!(code(STRATEGY, exit), Some(Code::Halted));
    assert_eq!(code(Origin::Engine, exit), Some(Code::Halted));
    assert_eq!(code(Origin::Kill, buy("1")), Some(Code::Halted));
    let stop = desk.protective(800, "100", StopKind::Fixed(price("47")));
    assert_eq!(stop.unwrap().role(), Role::Protective);
}

#[test]
fn the_same_opening_order_again_is_a_duplicate_and_the_rate_has_an_end() {
    let mut desk = desk();
    let first = buy("1");
    let order = desk.admit(&first);
    desk.gate.on_status(order, OrderStatus::Canceled);
    desk.now = desk.now.plus_seconds(2);
    assert_eq!(desk.gate.judge(&first, &situation(), desk.now).code(), Some(Code::Duplicate));
    let of_strategy = Intent { origin: STRATEGY, ..first };
    approved(&desk.gate.judge(&of_strategy, &situation(), desk.now));
    approved(&desk.gate.judge(&first, &situation(), desk.now.plus_millis(1)));
    for shares in 2..=30 {
        let order = desk.admit(&buy(&shares.to_string()));
        desk.gate.on_status(order, OrderStatus::Canceled);
    }
    refused(&desk.gate.judge(&buy("31"), &situation(), desk.now), "RATE openings=31 limit=30");
    desk.now = desk.now.plus_seconds(58);
    desk.quoted("AAA", "49.99", "50.01");
    approved(&desk.gate.judge(&buy("31"), &situation(), desk.now));
}

#[test]
fn a_part_of_a_share_counts_at_full_value_and_carries_no_leg() {
    let mut desk = desk();
    let heat = |desk: &Desk, shares: &str| {
        desk.gate.judge(&buy(shares), &situation(), desk.now).heat.map(|heat| heat.to_string())
    };
    assert_eq!(heat(&desk, "10").as_deref(), Some("10.00"));
    assert_eq!(heat(&desk, "10.5").as_deref(), Some("525.00"));
    let (token, _) = desk.gate.admit(id(500), legs(500), &buy("10.5"), &situation(), desk.now).unwrap();
    assert_eq!((token.request().stop_loss, token.stop_loss()), (None, Some(price("49"))));
}

#[test]
fn a_leg_sleeps_until_its_parent_fills_and_dies_with_one_that_never_did() {
    let mut desk = desk();
    let parent = desk.admit(&Intent { take_profit: Some(price("60")), ..buy("100") });
    let leg = desk.gate.book().get(symbol("AAA")).unwrap().guards.first().unwrap().id.unwrap();
    desk.gate.on_stop_working(leg, true);
    assert_eq!(desk.gate.protected_qty(symbol("AAA")), Qty::ZERO);
    desk.fills(parent, "AAA", Buy, "100", "50", "0");
    assert_eq!(desk.heat(), "100.00");
    let exit = desk.ask("AAA", Sell, "100", "50", None);
    assert_eq!(exit.releases, Some(qty("100")), "stop and target count once");
    let other = desk.admit(&limit_order("AAA", Buy, "10", "49.5", Some("48")));
    assert_eq!(desk.gate.book().get(symbol("AAA")).unwrap().guards.len(), 3);
    desk.gate.drop_stale(other);
    assert_eq!(desk.gate.book().get(symbol("AAA")).unwrap().guards.len(), 2);
    assert_eq!(desk.exposure("AAA"), "4999.00");
}

#[test]
fn a_door_takes_the_tokens_of_its_own_gate_alone_and_there_is_one_warrant() {
    let mut desk = desk();
    let (mut own, own_door) = Gate::open(Limits::default(), "a".to_owned());
    let (_, other_door) = Gate::open(Limits::default(), "a".to_owned());
    let warrant = own.kill_warrant().unwrap();
    assert!(own_door.accepts(&warrant) && !other_door.accepts(&warrant));
    assert!(own.kill_warrant().is_none());
    let ticket = own.cancel_ticket(id(1));
    assert!(own_door.accepts(&ticket) && !other_door.accepts(&ticket));
    let (token, _) = desk.gate.admit(id(500), legs(500), &buy("1"), &situation(), desk.now).unwrap();
    assert!(!own_door.accepts(&token));
    let again = desk.gate.admit(id(500), legs(500), &buy("2"), &situation(), desk.now);
    assert_eq!(again.unwrap_err().code(), Some(Code::Duplicate), "one id, one order");
}

#[test]
fn what_the_venue_would_refuse_as_a_wash_is_refused_here_by_name() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    let stop = desk.stop("AAA", Sell, "100", "47");
    let plain = limit_order("AAA", Buy, "10", "50", None);
    let decision = desk.gate.judge(&plain, &situation(), desk.now);
    refused(&decision, &format!("SELF_TRADE order={stop}"));
    approved(&desk.gate.judge(&buy("10"), &situation(), desk.now));
    desk.gate.on_status(stop, OrderStatus::Canceled);
    let entry = desk.pending("AAA", Buy, "10", "49");
    let more = desk.protective(800, "100", StopKind::Fixed(price("47")));
    refused(&more.unwrap_err(), &format!("SELF_TRADE order={entry}"));
}

#[test]
fn automation_puts_a_stop_two_ranges_away_and_needs_fifteen_bars() {
    let mut desk = desk();
    desk.gate.limits.stops_auto = true;
    let market = Intent { kind: OrderKind::Market, ..limit_order("AAA", Buy, "10", "50", None) };
    let known = Situation { atr: Some(price("0.505")), ..situation() };
    assert_eq!(desk.gate.judge(&market, &situation(), desk.now).code(), Some(Code::NoStop));
    let (token, _) = desk.gate.admit(id(500), legs(500), &market, &known, desk.now).unwrap();
    let request = token.request();
    assert_eq!(request.kind, OrderKind::Limit { limit: price("51.01") });
    assert_eq!(request.stop_loss.map(|leg| leg.price), Some(price("49")));
    assert_eq!(token.rest_cancel_ms(), Some(5_000));
    let plain = Situation { plain_market: true, ..known };
    let later = desk.now.plus_seconds(3);
    let (token, _) = desk.gate.admit(id(510), legs(510), &market, &plain, later).unwrap();
    assert_eq!((token.request().kind, token.rest_cancel_ms()), (OrderKind::Market, None));
}

#[test]
fn each_thing_that_is_not_as_it_should_be_refuses_openings_and_never_an_exit() {
    let clear = situation();
    let cases = [
        (Situation { disarmed: true, ..clear }, "DISARMED"),
        (Situation { not_ready: Some(NotReady::Clock), ..clear }, "NOT_READY cause=clock"),
        (Situation { strategy_stopped: true, ..clear }, "STRATEGY_STOPPED"),
        (Situation { cooling_down: true, ..clear }, "COOL_DOWN"),
        (Situation { phase: Phase::Late, ..clear }, "MARKET_CLOSED"),
        (Situation { symbol_halted: true, ..clear }, "SYMBOL_HALTED"),
        (Situation { average_volume: Some(qty("100")), ..clear }, "QTY_LIMIT qty=10 limit=5"),
        (Situation { buying_power: Some(money("499")), ..clear }, "BUYING_POWER value=500.00 limit=499.00"),
        (Situation { missing_stop: true, ..clear }, "NO_STOP"),
    ];
    let mut desk = desk();
    for (situation, words) in cases {
        refused(&desk.gate.judge(&buy("10"), &situation, desk.now), words);
    }
    desk.holds("AAA", "100", "50");
    for (situation, _) in cases {
        approved(&desk.gate.judge(&limit_order("AAA", Sell, "10", "50", None), &situation, desk.now));
    }
    let crossing = desk.ask("AAA", Sell, "101", "50", None);
    assert_eq!((crossing.code(), crossing.reducing), (Some(Code::CrossesZero), false));
}

#[test]
fn buying_power_shrinks_with_every_opening_until_it_is_read_again() {
    let mut desk = desk();
    let told = VenueAccount {
        equity: Money::dollars(100_000),
        last_equity: Money::dollars(100_000),
        cash: Money::dollars(100_000),
        buying_power: Money::dollars(1_000),
    };
    desk.gate.on_account(&told, desk.now);
    let own = Situation { buying_power: None, ..situation() };
    desk.now = desk.now.plus_seconds(1);
    let first = desk.gate.admit(id(500), legs(500), &buy("15"), &own, desk.now);
    assert!(first.is_ok());
    let words = "BUYING_POWER value=300.00 limit=250.00";
    refused(&desk.gate.judge(&buy("6"), &own, desk.now), words);
    desk.gate.on_account(&told, desk.now.plus_millis(-1));
    refused(&desk.gate.judge(&buy("6"), &own, desk.now), words);
    desk.gate.on_account(&told, desk.now);
    approved(&desk.gate.judge(&buy("6"), &own, desk.now));
}

#[test]
fn limits_tighten_at_once_and_loosen_with_the_next_day() {
    let mut desk = desk();
    let wished = Limits {
        max_position_pct: Some(Pct::whole(5)),
        max_heat_pct: Some(Pct::whole(50)),
        ..desk.gate.limits().clone()
    };
    desk.gate.change_limits(wished, "v2".to_owned());
    assert_eq!(desk.gate.position_limit(desk.now), Some(Money::dollars(5_000)));
    assert_eq!(desk.gate.heat_limit(desk.now), Some(Money::dollars(25_000)));
    desk.gate.begin_day("2013-10-08".parse().unwrap(), Money::dollars(100_000));
    assert_eq!(desk.gate.heat_limit(desk.now), Some(Money::dollars(50_000)));
}

/// A desk whose limits are the defaults but for what `change` makes of them.
fn desk_with(change: impl FnOnce(&mut Limits)) -> Desk {
    let mut limits = Limits::default();
    change(&mut limits);
    let mut desk = desk();
    desk.gate.change_limits(limits, "tighter".to_owned());
    desk
}

/// Each symbol is within its own limit, and together they are too much; at the limit itself they pass.
#[test]
fn the_gross_limit_counts_every_symbol_and_ends_at_its_limit() {
    let mut desk = desk_with(|limits| limits.max_gross_pct = Some(Pct::whole(15)));
    desk.quoted("BBB", "100", "100.02");
    desk.holds("BBB", "90", "100");
    desk.stop("BBB", Sell, "90", "98");
    approved(&desk.gate.judge(&buy("120"), &situation(), desk.now));
    refused(
        &desk.gate.judge(&buy("121"), &situation(), desk.now),
        "GROSS_LIMIT gross=15050.00 limit=15000.00 max_qty=120",
    );
}

#[test]
fn the_order_value_and_the_collar_end_at_their_limits() {
    let desk = desk_with(|limits| limits.max_order_usd = Some(Money::dollars(5_000)));
    let code = |intent: &Intent| desk.gate.judge(intent, &situation(), desk.now).code();
    assert_eq!(code(&buy("100")), None);
    assert_eq!(code(&buy("101")), Some(Code::OrderLimit));
    // The middle is 50, so 5 % are 2.50 on either side.
    assert_eq!(code(&limit_order("AAA", Buy, "10", "52.50", Some("49"))), None);
    assert_eq!(code(&limit_order("AAA", Buy, "10", "52.51", Some("49"))), Some(Code::PriceCollar));
    assert_eq!(code(&limit_order("AAA", Buy, "10", "47.50", Some("47"))), None);
    assert_eq!(code(&limit_order("AAA", Buy, "10", "47.49", Some("47"))), Some(Code::PriceCollar));
}

#[test]
fn only_the_capital_that_the_trader_lets_count_is_counted() {
    let desk = desk_with(|limits| limits.max_capital_usd = Some(Money::dollars(5_000)));
    let limits = [
        desk.gate.position_limit(desk.now),
        desk.gate.heat_limit(desk.now),
        desk.gate.gross_limit(desk.now),
        desk.gate.day_loss_limit(),
    ];
    assert_eq!(limits, [500, 1_250, 5_000, 100].map(|dollars| Some(Money::dollars(dollars))));
    let code = |qty| desk.gate.judge(&buy(qty), &situation(), desk.now).code();
    assert_eq!(code("11"), Some(Code::PositionLimit));
    assert_eq!(code("9"), None);
}
