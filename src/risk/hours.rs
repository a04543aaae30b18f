//! Times in force, auctions, early and late hours, and stops that trail, at the gate.

use crate::domain::calendar::{Auctions, Phase};
use crate::domain::intent::Intent;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::side::Side::{Buy, Sell};
use crate::risk::examples::{Desk, approved, desk, id, legs, limit_order, price, qty, refused, situation};
use crate::risk::gate::StopKind;
use crate::risk::order::Role;
use crate::risk::refusal::Code;
use crate::risk::situation::Situation;

fn buy(tif: TimeInForce) -> Intent {
    Intent { tif, ..limit_order("AAA", Buy, "10", "50", Some("49")) }
}

fn code(desk: &Desk, intent: &Intent, situation: &Situation) -> Option<Code> {
    desk.gate.judge(intent, situation, desk.now).code()
}

/// A market exit of so many shares that is to be a stop behind the market.
fn exit(shares: &str, trail: &str) -> Intent {
    let market = Intent { kind: OrderKind::Market, ..limit_order("AAA", Sell, shares, "50", None) };
    Intent { trail: Some(trail.parse().unwrap()), ..market }
}

#[test]
fn only_day_and_gtc_take_their_stop_along_and_any_other_counts_at_full_value() {
    let desk = &mut desk();
    for (index, tif) in TimeInForce::ALL.into_iter().enumerate() {
        let carries = matches!(tif, TimeInForce::Day | TimeInForce::Gtc);
        let decision = desk.gate.judge(&buy(tif), &situation(), desk.now);
        let heat = if carries { "10.00" } else { "500.00" };
        assert_eq!(decision.heat.unwrap().to_string(), heat, "{tif:?}");
        let first = 500 + 10 * u64::try_from(index).unwrap();
        let (token, _) = desk.gate.admit(id(first), legs(first), &buy(tif), &situation(), desk.now).unwrap();
        assert_eq!(token.request().stop_loss.is_some(), carries, "{tif:?}");
        assert_eq!(token.stop_loss(), Some(price("49")), "the engine places it after the fill");
        assert_eq!(desk.heat(), heat, "a live order counts as it was judged");
        desk.gate.drop_stale(id(first));
        desk.now = desk.now.plus_millis(2_001);
        desk.quoted("AAA", "49.99", "50.01");
    }
}

#[test]
fn a_short_sale_never_leaves_without_its_stop() {
    let desk = desk();
    for tif in TimeInForce::ALL {
        let short = Intent { tif, ..limit_order("AAA", Sell, "10", "50", Some("51")) };
        let carries = matches!(tif, TimeInForce::Day | TimeInForce::Gtc);
        assert_eq!(code(&desk, &short, &situation()), (!carries).then_some(Code::NoStop), "{tif:?}");
    }
}

#[test]
fn each_time_in_force_has_its_hours() {
    use Phase::{Closed, Early, Late, Regular};
    use TimeInForce::{Cls, Day, Ext, Fok, Gtc, Ioc, Opg};
    let mut desk = desk();
    let both = Auctions::BOTH;
    let neither = Auctions { opening: false, closing: false };
    let check = |desk: &Desk, extended: bool| {
        for phase in [Closed, Early, Regular, Late] {
            for auctions in [both, neither] {
                for tif in TimeInForce::ALL {
                    let now = Situation { phase, auctions, ..situation() };
                    let open = match tif {
                        Day | Gtc | Ioc | Fok => phase == Regular,
                        Opg => auctions.opening,
                        Cls => phase == Regular && auctions.closing,
                        Ext => phase == Regular || (extended && phase != Closed),
                    };
                    let expected = (!open).then_some(Code::MarketClosed);
                    assert_eq!(code(desk, &buy(tif), &now), expected, "{tif:?} {phase:?} {auctions:?}");
                }
            }
        }
    };
    check(&desk, false);
    desk.gate.limits.extended_hours = true;
    check(&desk, true);
}

#[test]
fn all_hours_take_limits_and_an_auction_no_stops() {
    let mut desk = desk();
    let as_kind = |tif, kind| Intent { kind, ..buy(tif) };
    let stop = OrderKind::Stop { stop: price("51") };
    let stop_limit = OrderKind::StopLimit { stop: price("51"), limit: price("51") };
    for (tif, kind) in [
        (TimeInForce::Ext, OrderKind::Market),
        (TimeInForce::Ext, stop),
        (TimeInForce::Ext, stop_limit),
        (TimeInForce::Opg, stop),
        (TimeInForce::Cls, stop_limit),
    ] {
        assert_eq!(code(&desk, &as_kind(tif, kind), &situation()), Some(Code::Malformed), "{tif:?} {kind:?}");
    }
    // A market order for an auction is not taken back after five seconds.
    for (tif, rest) in [(TimeInForce::Day, Some(5_000)), (TimeInForce::Opg, None), (TimeInForce::Cls, None)] {
        let order = as_kind(tif, OrderKind::Market);
        let (token, _) = desk.gate.admit(id(500), legs(500), &order, &situation(), desk.now).unwrap();
        assert_eq!(token.rest_cancel_ms(), rest, "{tif:?}");
        desk.gate.drop_stale(id(500));
        desk.now = desk.now.plus_millis(2_001);
        desk.quoted("AAA", "49.99", "50.01");
    }
}

#[test]
fn an_entry_with_a_trail_begins_with_a_stop_behind_it() {
    let mut desk = desk();
    let trailing = |trail: &str, intent: Intent| Intent { trail: Some(trail.parse().unwrap()), ..intent };
    let plain = Intent { stop_loss: None, ..buy(TimeInForce::Day) };
    let (token, _) =
        desk.gate.admit(id(500), legs(500), &trailing("2%", plain), &situation(), desk.now).unwrap();
    assert_eq!(token.request().stop_loss.map(|leg| leg.price), Some(price("49")));
    assert_eq!(desk.heat(), "10.00");
    let own = trailing("2%", buy(TimeInForce::Day));
    let own = Intent { stop_loss: Some(price("48.50")), qty: qty("11"), ..own };
    let (token, _) = desk.gate.admit(id(510), legs(510), &own, &situation(), desk.now).unwrap();
    assert_eq!(token.stop_loss(), Some(price("48.50")), "a price that is given is where it begins");
    let target = Intent { take_profit: Some(price("60")), ..trailing("1", plain) };
    for wrong in [target, trailing("50", plain), trailing("0", plain), trailing("-1", plain)] {
        assert_eq!(code(&desk, &wrong, &situation()), Some(Code::Malformed), "{wrong:?}");
    }
}

#[test]
fn an_exit_with_a_trail_is_a_protective_stop() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    let (token, decision) =
        desk.gate.admit(id(500), legs(500), &exit("100", "2%"), &situation(), desk.now).unwrap();
    assert!(decision.reducing);
    let trail = "2%".parse().unwrap();
    assert_eq!(token.role(), Role::Protective);
    assert_eq!(token.request().kind, OrderKind::TrailingStop { stop: price("49"), trail });
    assert_eq!(token.request().tif, TimeInForce::Gtc);
    assert_eq!(desk.heat(), "4999.00", "not yet working, it protects nothing");
    desk.gate.on_stop_working(id(500), true);
    assert_eq!(desk.heat(), "100.00");
    desk.gate.on_stop_moved(id(500), price("49.90"));
    assert_eq!(desk.heat(), "25.00", "half a per cent of the mark at least");
    let more = desk.gate.judge(&exit("1", "2%"), &situation(), desk.now);
    assert_eq!((more.code(), more.releases), (None, Some(qty("1"))));
    refused(
        &desk.gate.judge(&exit("101", "2%"), &situation(), desk.now),
        "CROSSES_ZERO qty=101 limit=100 max_qty=100",
    );
    for wrong in [
        exit("10.5", "2%"),
        exit("10", "0"),
        exit("10", "60"),
        Intent { kind: OrderKind::Limit { limit: price("50") }, ..exit("10", "2%") },
    ] {
        assert_eq!(code(&desk, &wrong, &situation()), Some(Code::Malformed), "{wrong:?}");
    }
}

#[test]
fn a_trailing_stop_is_exempt_from_the_wash_table_and_trades_with_no_order_of_ours() {
    let mut desk = desk();
    desk.holds("AAA", "100", "50");
    desk.pending("AAA", Buy, "10", "49");
    approved(&desk.gate.judge(&exit("100", "2%"), &situation(), desk.now));
    let market = Intent { trail: None, ..exit("100", "2%") };
    assert_eq!(code(&desk, &market, &situation()), Some(Code::SelfTrade));
}

#[test]
fn a_lost_stop_trails_again_where_whole_shares_and_a_mark_allow_it() {
    let mut desk = desk();
    desk.holds("AAA", "100.5", "50");
    let trail = "1.25".parse().unwrap();
    let wish = StopKind::Trailing(trail, price("47"));
    let whole = desk.protective(800, "60", wish).unwrap();
    assert_eq!(whole.request().kind, OrderKind::TrailingStop { stop: price("48.74"), trail });
    let part = desk.protective(801, "40.5", wish).unwrap();
    assert_eq!(part.request().kind, OrderKind::Stop { stop: price("47") });
}
