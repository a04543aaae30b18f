//! The trader's limits: what is wide, what is tighter, what is out of bounds, and the words for it.

use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::risk::examples::{id, money, qty, symbol};
use crate::risk::limits::Limits;
use crate::risk::refusal::{Code, Figure, Refusal};
use crate::risk::state::{HaltReason, TradingState};

/// The words of every fault of the limits.
fn faults(limits: &Limits) -> Vec<String> {
    limits.faults().iter().map(ToString::to_string).collect()
}

#[test]
fn a_live_account_starts_with_five_thousand_dollars_an_order_and_the_defaults() {
    let live = Limits::live();
    assert_eq!(live.max_order_usd, Some(Money::dollars(5_000)));
    assert_eq!(Limits { max_order_usd: None, ..live }, Limits::default());
}

#[test]
fn wide_limits_switch_every_cap_and_every_tempo_off() {
    let wide = Limits::wide();
    let caps = [wide.max_daily_loss_pct, wide.max_position_pct, wide.max_heat_pct, wide.max_gross_pct];
    assert_eq!(caps, [None; 4]);
    assert_eq!([wide.price_collar_pct, wide.max_volume_share_pct], [None; 2]);
    assert_eq!([wide.max_daily_loss_usd, wide.max_position_usd, wide.max_order_usd], [None; 3]);
    let counts =
        [wide.openings_per_minute_account, wide.openings_per_minute_strategy, wide.repeated_executions];
    assert_eq!((counts, wide.duplicate_window_ms), ([None; 3], None));
    assert!(!wide.regular_session_only && !wide.stops_required && !wide.stops_auto);
}

/// What a stale quote is and how rejects end a strategy are no caps: a backtest keeps them.
#[test]
fn wide_limits_keep_the_rules_that_are_no_caps() {
    let (wide, default) = (Limits::wide(), Limits::default());
    assert_eq!((wide.stale_quote_ms, wide.stop_atr_multiple), (15_000, 2));
    assert_eq!((wide.rejects_disable_strategy, wide.rejects_end_openings), (5, 10));
    assert_eq!(wide.cool_down_minutes, default.cool_down_minutes);
}

#[test]
fn the_tighter_of_two_limits_is_the_default_where_the_other_is_wide() {
    let (wide, default) = (Limits::wide(), Limits::default());
    assert_eq!(wide.tightest(&default), default);
    assert_eq!(default.tightest(&wide), default);
}

#[test]
fn a_wish_to_flatten_on_the_daily_loss_is_kept_from_either_side() {
    let flattens = Limits { flatten_on_daily_loss: true, ..Limits::default() };
    assert!(flattens.tightest(&Limits::default()).flatten_on_daily_loss);
    assert!(Limits::default().tightest(&flattens).flatten_on_daily_loss);
    assert!(!Limits::default().tightest(&Limits::default()).flatten_on_daily_loss);
}

#[test]
fn what_stays_instead_of_a_wish_is_told_limit_by_limit() {
    let wished = Limits {
        max_heat_pct: Some(Pct::whole(50)),
        max_gross_pct: None,
        max_order_usd: Some(Money::dollars(7_000)),
        openings_per_minute_account: Some(60),
        stops_auto: false,
        ..Limits::default()
    };
    let told = [
        "max_heat_pct stays 25, not 50",
        "max_gross_pct stays 100, not off",
        "max_order_usd stays off, not 7000",
        "openings_per_minute_account stays 30, not 60",
        "stops_auto stays true, not false",
    ];
    assert_eq!(Limits::default().instead_of(&wished), told);
    assert_eq!(wished.instead_of(&wished), Vec::<String>::new());
}

#[test]
fn a_count_is_within_its_bounds_at_both_ends() {
    let least = Limits {
        stale_quote_ms: 100,
        duplicate_window_ms: Some(0),
        openings_per_minute_account: Some(0),
        openings_per_minute_strategy: Some(0),
        repeated_executions: Some(1),
        stop_atr_multiple: 1,
        rejects_disable_strategy: 1,
        rejects_end_openings: 1,
        cool_down_minutes: 0,
        ..Limits::default()
    };
    let most = Limits {
        stale_quote_ms: 60_000,
        duplicate_window_ms: Some(60_000),
        openings_per_minute_account: Some(120),
        openings_per_minute_strategy: Some(120),
        repeated_executions: Some(100),
        stop_atr_multiple: 20,
        rejects_disable_strategy: 50,
        rejects_end_openings: 50,
        loss_streak: Some(100),
        cool_down_minutes: 1_440,
        ..Limits::default()
    };
    assert_eq!((least.faults(), most.faults()), (vec![], vec![]));
}

#[test]
fn every_count_beyond_its_bounds_is_a_fault_of_its_own() {
    let beyond = Limits {
        stale_quote_ms: 99,
        duplicate_window_ms: Some(60_001),
        openings_per_minute_account: Some(121),
        openings_per_minute_strategy: None,
        repeated_executions: Some(0),
        stop_atr_multiple: 21,
        rejects_disable_strategy: 0,
        rejects_end_openings: 51,
        loss_streak: Some(101),
        cool_down_minutes: 1_441,
        ..Limits::default()
    };
    let said = [
        "stale_quote_ms = 99: it must be 100 to 60000 (ms); 15000 is the default",
        "duplicate_window_ms = 60001: it must be 0 to 60000 (ms); 2000 is the default",
        "openings_per_minute_account = 121: it must be 0 to 120; 30 is the default",
        "openings_per_minute_strategy = off: it must be 0 to 120; 10 is the default",
        "repeated_executions = 0: it must be 1 to 100; 20 is the default",
        "stop_atr_multiple = 21: it must be 1 to 20; 2 is the default",
        "rejects_disable_strategy = 0: it must be 1 to 50; 5 is the default",
        "rejects_end_openings = 51: it must be 1 to 50; 10 is the default",
        "loss_streak = 101: it must be 1 to 100; leave it out for none",
        "cool_down_minutes = 1441: it must be 0 to 1440; 30 is the default",
    ];
    assert_eq!(faults(&beyond), said);
}

#[test]
fn an_amount_below_zero_is_a_fault_and_zero_dollars_are_a_limit() {
    let limits = Limits {
        max_daily_loss_usd: Some(Money::ZERO),
        max_position_usd: Some(money("-0.5")),
        ..Limits::default()
    };
    let said = ["max_position_usd = -0.5: it must be 0 or more (dollars); leave it out for none"];
    assert_eq!(faults(&limits), said);
}

#[test]
fn states_and_halts_have_the_words_of_the_status_line() {
    let states = [TradingState::Active, TradingState::ReduceOnly, TradingState::Halted];
    assert_eq!(states.map(TradingState::word), ["active", "reduce_only", "halted"]);
    let reasons = [HaltReason::Kill, HaltReason::KillRestored, HaltReason::Fault];
    assert_eq!(reasons.map(HaltReason::word), ["kill", "kill_restored", "fault"]);
}

/// Both are stable words of the contract: a script that reads `checks` must not meet two alike.
#[test]
fn every_check_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = Code::ALL.into_iter().map(Code::check).collect();
    assert_eq!(names.len(), Code::ALL.len());
    let some = [Code::CrossesZero, Code::NoEquity, Code::PriceCollar, Code::NoStop];
    assert_eq!(some.map(Code::check), ["crosses_zero", "equity", "collar", "short_stop"]);
}

#[test]
fn a_refusal_names_what_was_measured_by_its_code() {
    let said = |code, value| Refusal { value, ..Refusal::bare(code) }.to_string();
    let dollars = Figure::Money(money("26000.5"));
    assert_eq!(said(Code::HeatLimit, dollars), "HEAT_LIMIT heat=26000.50");
    assert_eq!(said(Code::GrossLimit, dollars), "GROSS_LIMIT gross=26000.50");
    assert_eq!(said(Code::OrderLimit, dollars), "ORDER_LIMIT value=26000.50");
    assert_eq!(said(Code::StaleQuote, Figure::Count(15_001)), "STALE_QUOTE age_ms=15001");
    assert_eq!(said(Code::PriceCollar, Figure::Rate(money("2.51"))), "PRICE_COLLAR distance=2.51");
    assert_eq!(said(Code::Duplicate, Figure::Count(7)), "DUPLICATE since_ms=7");
    assert_eq!(said(Code::CrossesZero, Figure::Qty(qty("1.5"))), "CROSSES_ZERO qty=1.5");
}

#[test]
fn a_refusal_names_the_order_or_the_symbol_in_the_way() {
    let resting = Refusal { order: Some(id(7)), ..Refusal::bare(Code::SelfTrade) };
    assert_eq!(resting.to_string(), "SELF_TRADE order=hs-s000000-131007-7");
    let unpriced = Refusal { symbol: Some(symbol("BBB")), ..Refusal::bare(Code::NoPrice) };
    assert_eq!(unpriced.to_string(), "NO_PRICE symbol=BBB");
}
