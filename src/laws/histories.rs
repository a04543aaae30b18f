//! A good history, and for each law the smallest change that breaks it and nothing else.

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{VenueAccount, VenueOrder, VenuePosition, VenueRequest, VenueState};
use crate::laws::checker::check;
use crate::laws::facts::{CheckFact, Decided, Fact, Part, What};
use crate::risk::limits::Limits;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

const STRATEGY: Origin = Origin::Strategy(StrategyId(1));

fn id(seq: u64) -> ClientOrderId {
    format!("hs-sabc123-131007-{seq}").parse().unwrap()
}

fn noon(millis: i64) -> At {
    At::from_seconds(1_381_161_600).plus_millis(millis)
}

fn decided(order: u64, side: Side, qty: i32, reducing: bool) -> Decided {
    let worth = Money::dollars(qty * 100);
    let check = |name: &str, value: Money, limit: i32| CheckFact {
        name: name.to_owned(),
        ok: true,
        value: Some(value),
        limit: Some(Money::dollars(limit)),
    };
    Decided {
        order: Some(id(order)),
        intent: Intent {
            origin: STRATEGY,
            symbol: "SPY".parse().unwrap(),
            side,
            qty: Qty::shares(qty),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            stop_loss: None,
            take_profit: None,
            trail: None,
        },
        approved: true,
        code: None,
        reducing,
        exposure: Some(worth),
        heat: Some(worth),
        day_loss: Some(Money::ZERO),
        limits_version: "v1".to_owned(),
        checks: vec![
            check("daily_loss", Money::ZERO, 2_000),
            check("position", worth, 10_000),
            check("gross", worth, 100_000),
            check("heat", worth, 25_000),
        ],
    }
}

fn killed(sent: &[ClientOrderId]) -> What {
    What::Killed { sent: sent.to_vec() }
}

fn approval(order: u64, side: Side, qty: i32, reducing: bool) -> What {
    What::Decided(Box::new(decided(order, side, qty, reducing)))
}

fn changed(change: impl Fn(&mut Decided)) -> What {
    let mut decided = decided(9, Side::Buy, 5, false);
    change(&mut decided);
    What::Decided(Box::new(decided))
}

fn request(order: u64, side: Side, qty: i32) -> VenueRequest {
    VenueRequest {
        id: id(order),
        symbol: "SPY".parse().unwrap(),
        side,
        qty: Qty::shares(qty),
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    }
}

fn order(order: u64, side: Side, qty: i32, role: Role) -> What {
    let origin = if role == Role::Protective { Origin::Engine } else { STRATEGY };
    What::Order { request: request(order, side, qty), role, origin, parent: None }
}

fn leg(order: u64, qty: i32, parent: u64) -> What {
    let (request, role) = (request(order, Side::Sell, qty), Role::Protective);
    What::Order { request, role, origin: STRATEGY, parent: Some(id(parent)) }
}

fn status(order: u64, status: OrderStatus, filled: i32) -> What {
    What::Status { order: id(order), status, filled: Qty::shares(filled) }
}

fn fill(order: u64, side: Side, qty: i32, position: i32, cash: i32) -> What {
    let fill = Fill {
        execution: format!("{order}-{qty}"),
        order: id(order),
        symbol: "SPY".parse().unwrap(),
        side,
        qty: Qty::shares(qty),
        price: Price::from_cents(10_000),
        fee: Money::ZERO,
        at: noon(0),
    };
    What::Filled { fill, position: Qty::shares(position), cash: Money::dollars(cash) }
}

fn venue(position: i32, cash: i32, open_orders: Vec<VenueOrder>) -> What {
    let account = VenueAccount {
        equity: Money::dollars(100_000),
        last_equity: Money::dollars(100_000),
        cash: Money::dollars(cash),
        buying_power: Money::dollars(100_000),
    };
    let position = VenuePosition {
        symbol: "SPY".parse().unwrap(),
        qty: Qty::shares(position),
        avg_price: Price::from_cents(10_000),
    };
    let positions = Some(position).filter(|position| !position.qty.is_zero()).into_iter().collect();
    let (closed_orders, fills) = (Vec::new(), Vec::new());
    What::Venue(Box::new(VenueState { at: noon(0), account, positions, open_orders, closed_orders, fills }))
}

fn equity(equity: i32, own: i32, cash: i32) -> What {
    What::Equity { equity: Money::dollars(equity), own: Money::dollars(own), cash: Money::dollars(cash) }
}

fn halt(state: TradingState, by: Origin) -> What {
    What::Halt { state, latched: None, by }
}

fn latch() -> What {
    let latched = Some("2013-10-07".parse().unwrap());
    What::Halt { state: TradingState::ReduceOnly, latched, by: Origin::Engine }
}

fn run(limits: Limits) -> What {
    What::RunBegan(Box::new(limits))
}

/// Bought 10 with a bracket, 6 of them left, a stop of the engine beside; agreed with the venue.
fn good() -> Vec<What> {
    vec![
        run(Limits::default()),
        venue(0, 100_000, Vec::new()),
        What::Day { day: "2013-10-07".parse().unwrap(), e0: Money::dollars(100_000) },
        What::Reconciled { clean: true },
        equity(100_000, 100_000, 100_000),
        What::Strategy { id: StrategyId(1), what: "loaded".to_owned() },
        approval(1, Side::Buy, 10, false),
        order(1, Side::Buy, 10, Role::Opening),
        leg(2, 10, 1),
        leg(3, 10, 1),
        What::Sent(id(1)),
        status(1, OrderStatus::Acked, 0),
        fill(1, Side::Buy, 10, 10, 99_000),
        status(1, OrderStatus::Filled, 10),
        status(2, OrderStatus::Working, 0),
        status(3, OrderStatus::Working, 0),
        status(2, OrderStatus::Canceled, 0),
        status(3, OrderStatus::Canceled, 0),
        approval(4, Side::Sell, 4, true),
        order(5, Side::Sell, 6, Role::Protective),
        order(4, Side::Sell, 4, Role::Reducing),
        What::Sent(id(5)),
        What::Sent(id(4)),
        fill(4, Side::Sell, 4, 6, 99_400),
        status(4, OrderStatus::Filled, 4),
        venue(6, 99_400, vec![held(5, 6)]),
        What::Reconciled { clean: true },
        equity(99_900, 100_000, 99_400),
    ]
}

fn held(order: u64, qty: i32) -> VenueOrder {
    VenueOrder { request: request(order, Side::Sell, qty), status: OrderStatus::Working, filled: Qty::ZERO }
}

/// What a good history and then `more`, a tenth of a second apart, break.
fn broken(more: Vec<What>) -> Vec<(&'static str, u64)> {
    let whats = good().into_iter().chain(more);
    let facts =
        (1..).zip(whats).map(|(row, what)| Fact { row, at: noon(100 * i64::try_from(row).unwrap()), what });
    check(facts).into_iter().map(|breach| (breach.law, breach.row)).collect()
}

/// `more` breaks nothing; with `last` behind it, `law` and nothing else, at its row.
#[track_caller]
fn breaks(law: &'static str, more: Vec<What>, last: What) {
    assert_eq!(broken(more.clone()), [], "what comes before must be good");
    let row = u64::try_from(good().len() + more.len() + 1).unwrap();
    assert_eq!(broken(more.into_iter().chain([last]).collect()), [(law, row)]);
}

#[test]
fn a_good_history_breaks_nothing() {
    assert_eq!(broken(Vec::new()), []);
    let more = vec![
        What::RunEnded,
        run(Limits::default()),
        venue(6, 99_500, Vec::new()),
        What::Reconciled { clean: true },
    ];
    let more = [more, vec![approval(9, Side::Buy, 5, false), order(9, Side::Buy, 5, Role::Opening)]].concat();
    let more = [more, vec![fill(9, Side::Buy, 5, 11, 99_000), What::RunEnded]].concat();
    assert_eq!(broken(more), [], "a deposit between two processes is the venue's to tell");
}

#[test]
fn l1_what_is_sent_was_written_before() {
    breaks("L1", vec![], What::Sent(id(9)));
    let other = VenueOrder { request: request(5, Side::Buy, 6), ..held(5, 6) };
    breaks("L1", vec![], venue(6, 99_400, vec![other]));
}

#[test]
fn l2_an_order_goes_back_to_one_approval() {
    breaks("L2", vec![], order(9, Side::Buy, 5, Role::Opening));
    breaks("L2", vec![approval(9, Side::Buy, 5, false)], approval(9, Side::Buy, 5, false));
    breaks("L2", vec![approval(9, Side::Sell, 5, false)], order(9, Side::Buy, 5, Role::Opening));
    breaks("L2", vec![], leg(9, 5, 8));
    breaks("L2", vec![], changed(|decided| decided.order = None));
    breaks("L2", vec![], changed(|decided| decided.limits_version.clear()));
}

#[test]
fn l3_an_id_is_used_once() {
    let before = vec![approval(9, Side::Buy, 5, false), order(9, Side::Buy, 5, Role::Opening)];
    breaks("L3", before, leg(9, 5, 1));
}

#[test]
fn l4_no_more_is_sent_or_held_than_was_approved() {
    breaks("L4", vec![approval(9, Side::Buy, 5, false)], order(9, Side::Buy, 6, Role::Opening));
    breaks("L4", vec![], venue(6, 99_400, vec![held(5, 7)]));
}

#[test]
fn l5_an_end_is_never_left_and_what_filled_stays_filled() {
    breaks("L5", vec![], status(1, OrderStatus::Working, 10));
    breaks("L5", vec![status(5, OrderStatus::Partial, 3)], status(5, OrderStatus::Partial, 2));
    breaks("L5", vec![], status(5, OrderStatus::Partial, 7));
    breaks("L5", vec![status(5, OrderStatus::Canceled, 1)], status(5, OrderStatus::Filled, 1));
}

#[test]
fn l7_nothing_of_ours_goes_through_zero() {
    breaks("L7", vec![], fill(5, Side::Sell, 7, -1, 100_100));
    breaks("L7", vec![], order(9, Side::Sell, 1, Role::Protective));
    let freed = vec![status(5, OrderStatus::Canceled, 0), order(9, Side::Sell, 6, Role::Protective)];
    breaks("L7", freed, order(8, Side::Sell, 1, Role::Protective));
    breaks("L7", vec![], order(9, Side::Buy, 1, Role::Protective));
}

/// A leg's fill can be told before that of its order, which it proves.
#[test]
fn l7_a_leg_that_is_told_before_its_order_goes_through_no_zero() {
    let adds =
        || vec![approval(9, Side::Buy, 8, false), order(9, Side::Buy, 8, Role::Opening), leg(10, 8, 9)];
    let told = |later: Vec<What>| broken([adds(), later].concat());
    let leg_first = || vec![fill(10, Side::Sell, 8, -2, 100_200), status(10, OrderStatus::Filled, 8)];
    let then_its_order = vec![fill(9, Side::Buy, 8, 6, 99_400), status(9, OrderStatus::Filled, 8)];
    assert_eq!(told([leg_first(), then_its_order].concat()), []);
    breaks("L7", [adds(), leg_first()].concat(), fill(5, Side::Sell, 7, -9, 100_900));
}

/// Executions are told as they are heard of, and judged as they were made.
#[test]
fn l7_what_was_told_early_but_traded_later_is_not_what_an_exit_went_through() {
    let at = |what: What, millis: i64| match what {
        What::Filled { fill, position, cash } => {
            What::Filled { fill: Fill { at: noon(millis), ..fill }, position, cash }
        }
        other => other,
    };
    let theirs = |millis| at(fill(99, Side::Sell, 4, 2, 99_800), millis);
    let ours = || at(fill(5, Side::Sell, 6, -4, 100_400), 50);
    for (millis, broke) in [(49, true), (50, false), (51, false)] {
        let found = broken(vec![theirs(millis), ours()]);
        assert_eq!(found.iter().any(|(law, _)| *law == "L7"), broke, "theirs at {millis} ms, ours at 50");
    }
}

/// The kill closes by the venue's count: only a reading that has ours says that it went through zero.
#[test]
fn l7_the_kill_goes_through_zero_where_the_venue_counts_as_we_do() {
    let closes = || fill(1_381_161_600_000_001, Side::Sell, 7, -1, 100_100);
    breaks("L7", vec![closes()], venue(-1, 100_100, Vec::new()));
    assert_eq!(broken(vec![closes(), What::RunEnded]), [("L7", 30), ("L1", 30)], "no reading came");
    assert_eq!(broken(vec![closes(), venue(0, 100_100, Vec::new())]), [], "seven were held there");
}

#[test]
fn l8_an_approval_is_within_its_caps_and_these_within_the_limits() {
    let check =
        |index: usize, change: fn(&mut CheckFact)| changed(move |decided| change(&mut decided.checks[index]));
    breaks("L8", vec![], check(1, |check| check.ok = false));
    breaks("L8", vec![], check(1, |check| check.value = Some(Money::dollars(10_001))));
    breaks("L8", vec![], check(2, |check| check.limit = Some(Money::dollars(100_001))));
    breaks("L8", vec![], check(3, |check| check.value = Some(Money::dollars(25_001))));
    breaks("L8", vec![], changed(|decided| drop(decided.checks.remove(3))));
}

#[test]
fn l9_nothing_opens_at_or_after_the_days_loss() {
    let lost = |loss: i32| changed(move |decided| decided.checks[0].value = Some(Money::dollars(loss)));
    assert_eq!(broken(vec![lost(1_999)]), []);
    breaks("L9", vec![], lost(2_000));
    breaks("L9", vec![latch()], approval(9, Side::Buy, 5, false));
    assert_eq!(broken(vec![latch(), approval(9, Side::Sell, 5, true)]), [], "reductions go on");
    breaks("L9", vec![], What::Day { day: "2013-10-07".parse().unwrap(), e0: Money::dollars(90_000) });
}

#[test]
fn l10_a_halt_ends_by_the_trader_and_a_latch_by_its_day() {
    breaks("L10", vec![killed(&[])], halt(TradingState::Active, Origin::Engine));
    assert_eq!(broken(vec![killed(&[]), halt(TradingState::Active, Origin::Operator)]), []);
    breaks("L10", vec![latch()], halt(TradingState::Active, Origin::Operator));
    let stopped = |what: &str| What::Strategy { id: StrategyId(1), what: what.to_owned() };
    breaks("L10", vec![stopped("killed")], approval(9, Side::Buy, 5, false));
    assert_eq!(broken(vec![stopped("paused"), stopped("resumed"), approval(9, Side::Buy, 5, false)]), []);
}

#[test]
fn l11_an_opening_needs_its_numbers() {
    breaks("L11", vec![], changed(|decided| decided.exposure = None));
    breaks("L11", vec![], changed(|decided| decided.heat = None));
    breaks("L11", vec![], changed(|decided| decided.day_loss = Some(Money::dollars(-1))));
}

#[test]
fn l12_limits_only_tighten_within_a_day() {
    let heat = |pct: i32| Limits { max_heat_pct: Some(Pct::whole(pct)), ..Limits::default() };
    breaks("L12", vec![What::RunEnded, run(heat(20)), What::RunEnded], run(heat(21)));
    breaks("L12", vec![What::RunEnded], run(Limits { max_order_usd: None, stops_auto: false, ..heat(25) }));
    let later = [(1, run(heat(20)), 0), (2, run(heat(25)), 86_400_000)];
    let facts = later.map(|(row, what, millis)| Fact { row, at: noon(millis), what });
    assert_eq!(check(facts), [], "the next day they may");
}

#[test]
fn l13_refusals_have_codes_and_approvals_have_ends() {
    let refused = |code: Option<&str>| {
        let code = code.map(str::to_owned);
        changed(move |decided| {
            (decided.approved, decided.order, decided.code) = (false, None, code.clone());
        })
    };
    assert_eq!(broken(vec![refused(Some("HEAT_LIMIT"))]), []);
    breaks("L13", vec![], refused(Some("BECAUSE")));
    breaks("L13", vec![], refused(None));
    breaks("L13", vec![approval(9, Side::Buy, 5, false)], What::RunEnded);
}

#[test]
fn l14_nothing_opens_while_halted() {
    let approved = vec![approval(9, Side::Buy, 5, false), killed(&[])];
    breaks("L14", approved, order(9, Side::Buy, 5, Role::Opening));
    let operator = changed(|decided| decided.intent.origin = Origin::Operator);
    breaks("L14", vec![halt(TradingState::Halted, Origin::Engine)], operator);
    let mut exit = decided(9, Side::Sell, 5, true);
    breaks("L14", vec![killed(&[])], What::Decided(Box::new(exit.clone())));
    exit.intent.origin = Origin::Operator;
    assert_eq!(broken(vec![killed(&[]), What::Decided(Box::new(exit))]), [], "the trader may reduce");
}

#[test]
fn l15_a_restart_frees_nothing() {
    let again = vec![run(Limits::default()), What::Reconciled { clean: true }];
    let operator = || changed(|decided| decided.intent.origin = Origin::Operator);
    breaks("L15", again.clone(), operator());
    let acknowledged = [again.clone(), vec![What::UncleanAcknowledged, operator()]].concat();
    assert_eq!(broken(acknowledged), []);
    breaks("L15", [vec![killed(&[]), What::RunEnded], again].concat(), operator());
}

#[test]
fn l18_openings_wait_for_feed_journal_and_reconcile() {
    for part in [Part::Feed, Part::Journal, Part::Reconcile] {
        breaks("L18", vec![What::Fitness { part, fit: false }], approval(9, Side::Buy, 5, false));
        let back = vec![What::Fitness { part, fit: false }, What::Fitness { part, fit: true }];
        assert_eq!(broken([back, vec![approval(9, Side::Buy, 5, false)]].concat()), []);
    }
    breaks("L18", vec![What::RunEnded, run(Limits::default())], approval(9, Side::Buy, 5, false));
}

#[test]
fn l19_positions_are_the_sum_of_fills_and_the_venues() {
    breaks("L19", vec![], fill(5, Side::Sell, 2, 3, 99_600));
    breaks("L19", vec![venue(7, 99_400, Vec::new())], What::Reconciled { clean: true });
    let symbol = "SPY".parse().unwrap();
    let accepted = What::Adjusted { symbol, position: Qty::shares(7) };
    assert_eq!(broken(vec![venue(7, 99_400, Vec::new()), accepted, What::Reconciled { clean: true }]), []);
}

#[test]
fn l20_equity_is_never_more_than_counted() {
    breaks("L20", vec![], equity(100_001, 100_000, 99_400));
    breaks("L20", vec![fill(5, Side::Sell, 6, 0, 100_000)], equity(100_000, 100_001, 100_000));
}

#[test]
fn l21_cash_moves_by_what_was_paid() {
    breaks("L21", vec![], fill(5, Side::Sell, 2, 4, 99_601));
    let deposit = vec![venue(6, 104_400, vec![])];
    let mut later = vec![
        What::RunEnded,
        run(Limits::default()),
        venue(6, 99_400, vec![]),
        What::Reconciled { clean: true },
    ];
    later.push(venue(4, 99_600, vec![]));
    assert_eq!(
        broken([later.clone(), vec![fill(5, Side::Sell, 2, 4, 99_600)]].concat()),
        [],
        "a reading tells of an execution before its row stands"
    );
    breaks("L21", later, fill(5, Side::Sell, 2, 4, 99_500));
    assert_eq!(broken([deposit, vec![fill(5, Side::Sell, 2, 4, 104_600)]].concat()), []);
}

#[test]
fn l23_an_execution_is_applied_once() {
    breaks("L23", vec![fill(5, Side::Sell, 2, 4, 99_600)], fill(5, Side::Sell, 2, 2, 99_800));
}

/// The rows of what the kill sent come after it, and within the run.
#[test]
fn l1_what_the_kill_sent_has_its_row_before_the_run_ends() {
    let sent = id(1_381_161_600_000_001);
    let order = What::Order {
        request: VenueRequest { id: sent, ..request(9, Side::Sell, 5) },
        role: Role::Reducing,
        origin: Origin::Kill,
        parent: None,
    };
    breaks("L1", vec![killed(&[sent])], What::RunEnded);
    assert_eq!(broken(vec![killed(&[sent]), order, What::RunEnded]), []);
}
