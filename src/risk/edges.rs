//! The edges of an order's form and of what stands in its way: stops, targets, own orders, exits.

use crate::domain::calendar::Phase;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Intent;
use crate::domain::market::Trade;
use crate::domain::order::OrderKind;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::side::Side::{Buy, Sell};
use crate::risk::book::Book;
use crate::risk::decision::Decision;
use crate::risk::examples::{
    Desk, approved, desk, id, legs, limit_order, money, price, qty, refused, situation, symbol,
};
use crate::risk::gate::StopKind;
use crate::risk::judge::{Funds, Scene, judge};
use crate::risk::limits::Limits;
use crate::risk::refusal::Code;
use crate::risk::situation::Situation;
use crate::risk::state::TradingState;

/// A desk that holds 100 AAA at 50, or is short of them.
fn holding(shares: &str) -> Desk {
    let mut desk = desk();
    desk.holds("AAA", shares, "50");
    desk
}

fn of_kind(side: Side, shares: &str, kind: OrderKind, stop_loss: Option<&str>) -> Intent {
    Intent { kind, ..limit_order("AAA", side, shares, "50", stop_loss) }
}

fn limit(text: &str) -> OrderKind {
    OrderKind::Limit { limit: price(text) }
}

fn say(desk: &Desk, intent: &Intent) -> Decision {
    desk.gate.judge(intent, &situation(), desk.now)
}

#[expect(clippy::result_large_err, reason = "the gate's own answer, as it gives it")]
fn protect(desk: &mut Desk, shares: &str, stop: &str) -> Result<ClientOrderId, Decision> {
    let token = desk.protective(800, shares, StopKind::Fixed(price(stop)));
    token.map(|token| token.request().id)
}

fn in_the_way(order: ClientOrderId) -> String {
    format!("SELF_TRADE order={order}")
}

#[test]
fn a_stop_must_lie_on_the_losing_side_of_its_entry_and_never_at_it() {
    let desk = desk();
    approved(&desk.ask("AAA", Buy, "1", "50", Some("49.99")));
    refused(&desk.ask("AAA", Buy, "1", "50", Some("50")), "MALFORMED");
    refused(&desk.ask("AAA", Buy, "1", "50", Some("50.01")), "MALFORMED");
    approved(&desk.ask("AAA", Sell, "1", "50", Some("50.01")));
    refused(&desk.ask("AAA", Sell, "1", "50", Some("50")), "MALFORMED");
    refused(&desk.ask("AAA", Sell, "1", "50", Some("49.99")), "MALFORMED");
}

#[test]
fn a_target_must_lie_on_the_winning_side_of_its_entry_and_never_at_it() {
    let desk = desk();
    let say = |side, stop, target| {
        let intent = limit_order("AAA", side, "1", "50", Some(stop));
        say(&desk, &Intent { take_profit: Some(price(target)), ..intent }).code()
    };
    assert_eq!(say(Buy, "49", "50.01"), None);
    assert_eq!(say(Buy, "49", "50"), Some(Code::Malformed));
    assert_eq!(say(Buy, "49", "49.5"), Some(Code::Malformed));
    assert_eq!(say(Sell, "51", "49.99"), None);
    assert_eq!(say(Sell, "51", "50"), Some(Code::Malformed));
}

/// A market order enters near the quote, so its stop is measured from there: 49.99 + 2 · 0.505.
#[test]
fn a_market_short_gets_its_automatic_stop_from_the_bid() {
    let mut desk = desk();
    desk.gate.limits.stops_auto = true;
    let known = Situation { atr: Some(price("0.505")), ..situation() };
    let short = of_kind(Sell, "10", OrderKind::Market, None);
    let (token, _) = desk.gate.admit(id(500), legs(500), &short, &known, desk.now).unwrap();
    assert_eq!(token.stop_loss(), Some(price("51")));
}

#[test]
fn ranges_too_narrow_or_too_wide_to_leave_a_price_give_no_automatic_stop() {
    let mut desk = desk();
    desk.gate.limits.stops_auto = true;
    let code = |atr: &str| {
        let known = Situation { atr: Some(price(atr)), ..situation() };
        desk.gate.judge(&limit_order("AAA", Buy, "10", "50", None), &known, desk.now).code()
    };
    assert_eq!(code("0.5"), None);
    // 50 − 0.002 comes back up to 50 on the grid, and 50 − 60 is no price.
    assert_eq!(code("0.001"), Some(Code::NoStop));
    assert_eq!(code("30"), Some(Code::NoStop));
}

#[test]
fn the_venue_must_trade_the_symbol_in_the_way_that_is_asked() {
    let desk = desk();
    let clear = situation();
    let unlent = Situation { shortable: false, ..clear };
    let whole_only = Situation { fractionable: false, ..clear };
    let code = |situation: &Situation, side, shares| {
        let stop = if side == Buy { "49" } else { "51" };
        desk.gate.judge(&limit_order("AAA", side, shares, "50", Some(stop)), situation, desk.now).code()
    };
    assert_eq!(code(&Situation { tradable: false, ..clear }, Buy, "10"), Some(Code::NotTradable));
    assert_eq!(code(&unlent, Buy, "10"), None, "who buys borrows nothing");
    assert_eq!(code(&unlent, Sell, "10"), Some(Code::NotTradable));
    assert_eq!(code(&whole_only, Buy, "10"), None);
    assert_eq!(code(&whole_only, Buy, "10.5"), Some(Code::NotTradable));
    assert_eq!(code(&clear, Buy, "10.5"), None);
    assert_eq!(code(&clear, Sell, "10"), None);
    assert_eq!(code(&clear, Sell, "10.5"), Some(Code::NotTradable), "no part of a share is lent");
}

#[test]
fn a_short_needs_a_stop_even_without_automation_and_only_where_stops_are_required() {
    let mut desk = desk();
    refused(&desk.ask("AAA", Sell, "10", "50", None), "NO_STOP");
    approved(&desk.ask("AAA", Buy, "10", "50", None));
    desk.gate.limits.stops_required = false;
    let free = desk.ask("AAA", Sell, "10", "50", None);
    approved(&free);
    assert!(free.checks.iter().all(|check| check.code != Code::NoStop), "no rule, no check");
}

/// Without a running gate nobody could add a stop: only a short is asked for one.
#[test]
fn what_if_asks_for_a_stop_of_shorts_alone() {
    let mut book = Book::default();
    book.entry(symbol("AAA")).last = Some(price("50"));
    let limits = Limits::default();
    let equity = Some(money("100000"));
    let funds = Funds::Told { e0: equity, equity, flows: money("0") };
    let scene = Scene::told(&book, &limits, Some(TradingState::Active), funds);
    let asked = |side| {
        let decision = judge(&scene, &limit_order("AAA", side, "10", "50", None));
        decision.checks.iter().find(|check| check.code == Code::NoStop).map(|check| check.ok)
    };
    assert_eq!((asked(Buy), asked(Sell)), (None, Some(false)));
}

#[test]
fn an_opening_releases_nothing_and_neither_does_a_refused_exit() {
    let mut desk = holding("100");
    let stop = desk.stop("AAA", Sell, "60", "47");
    assert_eq!(desk.ask("AAA", Buy, "10", "50", Some("49")).releases, None);
    assert_eq!(desk.ask("AAA", Sell, "40", "50", None).releases, None, "40 shares are free");
    assert_eq!(desk.ask("AAA", Sell, "41", "50", None).releases, Some(qty("1")));
    let closed = Situation { tradable: false, ..situation() };
    let exit = limit_order("AAA", Sell, "100", "50", None);
    let decision = desk.gate.judge(&exit, &closed, desk.now);
    assert_eq!((decision.code(), decision.releases), (Some(Code::NotTradable), None));
    assert_eq!(say(&desk, &exit).releases, Some(qty("60")), "all of {stop}");
}

#[test]
fn one_id_is_one_order_and_its_second_use_releases_nothing() {
    let mut desk = holding("100");
    desk.stop("AAA", Sell, "100", "47");
    let exit = limit_order("AAA", Sell, "10", "50", None);
    let (_, first) = desk.gate.admit(id(500), legs(500), &exit, &situation(), desk.now).unwrap();
    assert_eq!(first.releases, Some(qty("10")));
    let again = desk.gate.admit(id(500), legs(500), &exit, &situation(), desk.now).unwrap_err();
    assert_eq!((again.code(), again.releases), (Some(Code::Duplicate), None));
}

#[test]
fn an_exit_that_had_to_wait_never_passes_as_an_opening() {
    let exit = limit_order("AAA", Sell, "10", "50", Some("51"));
    let judge_exit = |desk: &Desk| desk.gate.judge_exit(&exit, &situation(), desk.now);
    let held = judge_exit(&holding("100"));
    approved(&held);
    assert!(held.reducing);
    let flat = desk();
    approved(&say(&flat, &exit));
    let late = judge_exit(&flat);
    refused(&late, "CROSSES_ZERO max_qty=0");
    assert_eq!(late.max_qty, Some(Qty::ZERO));
    let mut disarmed = situation();
    disarmed.disarmed = true;
    let decision = flat.gate.judge_exit(&exit, &disarmed, flat.now);
    assert_eq!(decision.code(), Some(Code::Disarmed), "a refusal keeps its own code");
}

#[test]
fn without_a_position_nothing_can_be_protected() {
    let decision = protect(&mut desk(), "10", "47").unwrap_err();
    refused(&decision, "CROSSES_ZERO max_qty=0");
    assert!(decision.reducing);
    assert_eq!(decision.max_qty, Some(Qty::ZERO));
}

#[test]
fn a_protective_stop_is_measured_from_the_side_that_closes_the_position() {
    for at in ["49.99", "51"] {
        let words = format!("MALFORMED value={at} limit=49.99");
        refused(&protect(&mut holding("100"), "100", at).unwrap_err(), &words);
    }
    assert_eq!(protect(&mut holding("100"), "100", "49.98"), Ok(id(800)));
    refused(&protect(&mut holding("-100"), "100", "50.01").unwrap_err(), "MALFORMED value=50.01 limit=50.01");
    assert_eq!(protect(&mut holding("-100"), "100", "50.02"), Ok(id(800)));
}

#[test]
fn a_protective_stop_needs_a_price_and_a_quantity() {
    refused(&protect(&mut holding("100"), "0", "47").unwrap_err(), "MALFORMED value=47 limit=49.99");
    refused(&protect(&mut holding("100"), "100", "0").unwrap_err(), "MALFORMED value=0 limit=49.99");
}

/// In the regular session the quote says where the market is, after it the last trade.
#[test]
fn a_protective_stop_follows_the_mark_of_the_session() {
    let last = |desk: &mut Desk| {
        let trade = Trade { symbol: symbol("AAA"), price: price("45"), qty: qty("1"), at: desk.now };
        desk.gate.on_trade(&trade);
    };
    let mut regular = holding("100");
    last(&mut regular);
    assert_eq!(protect(&mut regular, "100", "47"), Ok(id(800)));
    let mut late = holding("100");
    last(&mut late);
    late.gate.set_phase(Phase::Late);
    refused(&protect(&mut late, "100", "47").unwrap_err(), "MALFORMED value=47 limit=45");
}

/// The venue's wash table exempts orders with legs: a stop alone makes one, and so does a target.
#[test]
fn a_resting_order_with_one_leg_does_not_keep_a_protective_stop_away() {
    let plain = limit_order("AAA", Buy, "10", "49.5", None);
    let stopped = Intent { stop_loss: Some(price("48")), ..plain };
    let targeted = Intent { take_profit: Some(price("55")), ..plain };
    for intent in [stopped, targeted] {
        let mut desk = holding("100");
        desk.admit(&intent);
        assert_eq!(protect(&mut desk, "100", "47"), Ok(id(800)));
    }
    let mut desk = holding("100");
    let entry = desk.admit(&plain);
    refused(&protect(&mut desk, "100", "47").unwrap_err(), &in_the_way(entry));
}

#[test]
fn limits_of_our_own_trade_with_each_other_from_where_they_meet() {
    let mut long = holding("100");
    let exit = long.pending("AAA", Sell, "100", "50.5");
    refused(&long.ask("AAA", Buy, "10", "50.51", Some("49")), &in_the_way(exit));
    refused(&long.ask("AAA", Buy, "10", "50.5", Some("49")), &in_the_way(exit));
    approved(&long.ask("AAA", Buy, "10", "50.49", Some("49")));
    let mut short = holding("-100");
    let cover = short.pending("AAA", Buy, "100", "49.5");
    refused(&short.ask("AAA", Sell, "10", "49.49", Some("52")), &in_the_way(cover));
    refused(&short.ask("AAA", Sell, "10", "49.5", Some("52")), &in_the_way(cover));
    approved(&short.ask("AAA", Sell, "10", "49.51", Some("52")));
}

/// The order has legs, so no wash keeps it away: only the trade with ourselves does.
#[test]
fn a_market_order_meets_every_limit_and_every_market_order_but_no_sleeping_stop() {
    let market = of_kind(Buy, "10", OrderKind::Market, Some("49"));
    let mut far = holding("100");
    let exit = far.pending("AAA", Sell, "100", "90");
    refused(&say(&far, &market), &in_the_way(exit));
    let mut leaving = holding("100");
    let exit = leaving.admit(&of_kind(Sell, "100", OrderKind::Market, None));
    refused(&say(&leaving, &market), &in_the_way(exit));
    refused(&say(&leaving, &of_kind(Buy, "10", limit("48"), Some("47"))), &in_the_way(exit));
    let mut sleeping = holding("100");
    sleeping.admit(&of_kind(Sell, "100", OrderKind::Stop { stop: price("47") }, None));
    approved(&say(&sleeping, &market));
}

#[test]
fn a_target_that_could_fill_stands_in_the_way_like_any_limit() {
    let mut desk = desk();
    let parent = desk
        .admit(&Intent { take_profit: Some(price("51")), ..limit_order("AAA", Buy, "10", "50", Some("49")) });
    approved(&desk.ask("AAA", Buy, "5", "51", Some("49")));
    desk.fills(parent, "AAA", Buy, "10", "50", "0");
    let guards = &desk.gate.book().get(symbol("AAA")).unwrap().guards;
    let target = guards.iter().find(|guard| guard.price == price("51")).and_then(|guard| guard.id).unwrap();
    refused(&desk.ask("AAA", Buy, "5", "51", Some("49")), &in_the_way(target));
    approved(&desk.ask("AAA", Buy, "5", "50.99", Some("49")));
}

/// A stop that is a limit once it triggers washes against what that limit meets.
#[test]
fn plain_orders_wash_where_their_limits_meet_and_nowhere_else() {
    let triggered = |side, stop: &str, limit: &str, stop_loss| {
        let kind = OrderKind::StopLimit { stop: price(stop), limit: price(limit) };
        of_kind(side, "10.5", kind, stop_loss)
    };
    let mut long = holding("100");
    let exit = long.pending("AAA", Sell, "100", "50.5");
    approved(&long.ask("AAA", Buy, "10", "50.49", None));
    refused(&say(&long, &triggered(Buy, "50.2", "50.5", None)), &in_the_way(exit));
    approved(&say(&long, &triggered(Buy, "50.2", "50.49", None)));
    let mut short = holding("-100");
    let cover = short.pending("AAA", Buy, "100", "49.5");
    short.gate.limits.stops_required = false;
    let whole = |limit| Intent { qty: qty("10"), ..triggered(Sell, "49.8", limit, None) };
    refused(&say(&short, &whole("49.5")), &in_the_way(cover));
    approved(&say(&short, &whole("49.51")));
}

/// Legs travel with openings alone, so a target that came with an exit exempts it from nothing.
#[test]
fn an_exit_is_a_plain_order_whatever_target_it_was_asked_with() {
    let mut desk = holding("100");
    let entry = desk.admit(&of_kind(Buy, "10", OrderKind::Stop { stop: price("55") }, None));
    let exit = Intent { take_profit: Some(price("60")), ..limit_order("AAA", Sell, "10", "50", None) };
    refused(&say(&desk, &exit), &in_the_way(entry));
}

#[test]
fn the_order_that_is_replaced_is_not_in_the_way_of_its_successor() {
    let mut desk = holding("100");
    let exit = desk.pending("AAA", Sell, "20", "50.5");
    let buy = limit_order("AAA", Buy, "10", "50.5", Some("49"));
    approved(&desk.gate.judge_replace(exit, &buy, &situation(), desk.now));
    let other = desk.pending("AAA", Sell, "10", "50.5");
    let decision = desk.gate.judge_replace(exit, &buy, &situation(), desk.now);
    refused(&decision, &in_the_way(other));
}
