//! The worked examples of the contract, each named by its case. E0 is 100,000; limits are the
//! defaults; quotes are one cent wide.

use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::market::Quote;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::passport::Passport;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::side::Side::{Buy, Sell};
use crate::domain::symbol::Symbol;
use crate::risk::decision::Decision;
use crate::risk::gate::{Gate, StopKind};
use crate::risk::limits::Limits;
use crate::risk::order::{KnownOrder, Role};
use crate::risk::refusal::Code;
use crate::risk::situation::{LegIds, Situation};
use crate::risk::state::TradingState;
use crate::risk::token::ApprovedOrder;

/// The instant all examples begin at.
const START: At = At::from_seconds(1_381_154_400);

pub(super) fn id(number: u64) -> ClientOrderId {
    format!("hs-s000000-131007-{number}").parse().unwrap()
}

pub(super) fn legs(number: u64) -> LegIds {
    LegIds { stop: id(number.saturating_add(1)), target: id(number.saturating_add(2)) }
}

pub(super) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(super) fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

pub(super) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(super) fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

/// A gate in the regular session with an account of 100,000 dollars in cash, and no stop automation.
pub(super) struct Desk {
    pub(super) gate: Gate,
    pub(super) next: u64,
    pub(super) now: At,
}

/// A desk with AAA quoted at 49.99 to 50.01.
pub(super) fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.quoted("AAA", "49.99", "50.01");
    desk
}

impl Desk {
    pub(super) fn new() -> Self {
        let limits = Limits { stops_auto: false, ..Limits::default() };
        let (mut gate, _door) = Gate::open(limits, "test".to_owned());
        gate.set_phase(Phase::Regular);
        for strategy in 1..=3 {
            gate.grant(StrategyId(strategy), Passport::default());
        }
        gate.set_cash(Money::dollars(100_000));
        assert!(gate.begin_day("2013-10-07".parse().unwrap(), Money::dollars(100_000)));
        Self { gate, next: 1, now: START }
    }

    pub(super) fn quoted(&mut self, name: &str, bid: &str, ask: &str) {
        let quote = Quote {
            symbol: symbol(name),
            bid: price(bid),
            bid_qty: Qty::shares(100),
            ask: price(ask),
            ask_qty: Qty::shares(100),
            at: self.now,
        };
        self.gate.on_quote(&quote, 0);
    }

    /// Held at `avg`, paid from cash so that equity stays what it was at that price.
    pub(super) fn holds(&mut self, name: &str, shares: &str, avg: &str) {
        self.gate.set_position(symbol(name), qty(shares), price(avg));
        let paid = price(avg).times(qty(shares));
        self.gate.set_cash(self.gate.cash().unwrap().minus(paid).unwrap());
    }

    pub(super) fn stop(&mut self, name: &str, side: Side, shares: &str, at: &str) -> ClientOrderId {
        self.known(name, side, shares, OrderKind::Stop { stop: price(at) }, None, Role::Protective)
    }

    pub(super) fn pending(&mut self, name: &str, side: Side, shares: &str, limit: &str) -> ClientOrderId {
        self.known(name, side, shares, OrderKind::Limit { limit: price(limit) }, None, Role::Opening)
    }

    /// Asks the gate for a protective stop of AAA, as the engine does.
    #[expect(clippy::result_large_err, reason = "the gate's own answer, as it gives it")]
    pub(super) fn protective(
        &mut self,
        number: u64,
        shares: &str,
        stop: StopKind,
    ) -> Result<ApprovedOrder, Decision> {
        self.gate.admit_protective(id(number), symbol("AAA"), qty(shares), stop, self.now)
    }

    fn known(
        &mut self,
        name: &str,
        side: Side,
        shares: &str,
        kind: OrderKind,
        stop_loss: Option<&str>,
        role: Role,
    ) -> ClientOrderId {
        let order = KnownOrder {
            id: id(self.next),
            symbol: symbol(name),
            side,
            qty: qty(shares),
            filled: Qty::ZERO,
            kind,
            stop_loss: stop_loss.map(price),
            status: OrderStatus::Working,
            origin: None,
            role,
            group: None,
        };
        self.next = self.next.saturating_add(10);
        self.gate.restore_order(&order);
        order.id
    }

    pub(super) fn ask(
        &self,
        name: &str,
        side: Side,
        shares: &str,
        limit: &str,
        stop_loss: Option<&str>,
    ) -> Decision {
        self.gate.judge(&limit_order(name, side, shares, limit, stop_loss), &situation(), self.now)
    }

    pub(super) fn admit(&mut self, intent: &Intent) -> ClientOrderId {
        let order = id(self.next);
        let (token, _) = self.gate.admit(order, legs(self.next), intent, &situation(), self.now).unwrap();
        assert_eq!(token.request().id, order);
        self.next = self.next.saturating_add(10);
        order
    }

    pub(super) fn fills(
        &mut self,
        order: ClientOrderId,
        name: &str,
        side: Side,
        shares: &str,
        at: &str,
        fee: &str,
    ) {
        let fill = Fill {
            execution: format!("x{}", self.next),
            order,
            symbol: symbol(name),
            side,
            qty: qty(shares),
            price: price(at),
            fee: money(fee),
            at: self.now,
        };
        self.next = self.next.saturating_add(10);
        assert_eq!(self.gate.on_fill(&fill), Ok(true));
        assert_eq!(self.gate.on_fill(&fill), Ok(false), "told twice, applied once");
    }

    pub(super) fn heat(&self) -> String {
        self.gate.heat(self.now).unwrap().to_string()
    }

    pub(super) fn exposure(&self, name: &str) -> String {
        self.gate.exposure(symbol(name), self.now).unwrap().to_string()
    }
}

pub(super) fn situation() -> Situation {
    Situation { buying_power: Some(Money::dollars(400_000)), ..Situation::clear(Phase::Regular) }
}

pub(super) fn limit_order(
    name: &str,
    side: Side,
    shares: &str,
    limit: &str,
    stop_loss: Option<&str>,
) -> Intent {
    Intent {
        origin: Origin::Operator,
        symbol: symbol(name),
        side,
        qty: qty(shares),
        kind: OrderKind::Limit { limit: price(limit) },
        tif: TimeInForce::Day,
        stop_loss: stop_loss.map(price),
        take_profit: None,
        trail: None,
    }
}

#[track_caller]
pub(super) fn refused(decision: &Decision, words: &str) {
    assert_eq!(decision.refusal().map(ToString::to_string).as_deref(), Some(words));
}

#[track_caller]
pub(super) fn approved(decision: &Decision) {
    assert_eq!(decision.refusal().map(ToString::to_string), None);
}

#[test]
fn case_01_realised_unrealised_and_fees_all_count() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "49.99", "50");
    desk.quoted("BBB", "39.49", "39.5");
    desk.fills(id(900), "AAA", Buy, "100", "59", "25");
    desk.fills(id(901), "AAA", Sell, "100", "50", "25");
    desk.holds("BBB", "100", "49.99");
    assert_eq!(desk.gate.equity(desk.now), Some(money("98000")));
    refused(&desk.ask("AAA", Buy, "1", "50", None), "DAILY_LOSS_REACHED loss=2000.00 limit=2000.00");
    assert!(desk.gate.read_loss(desk.now).latched.is_none());
    assert!(desk.gate.read_loss(desk.now.plus_seconds(10)).latched.is_some());

    let mut rich = Desk::new();
    rich.quoted("AAA", "49.99", "50");
    rich.gate.on_flow(money("5000")).unwrap();
    rich.gate.set_cash(money("103000"));
    refused(&rich.ask("AAA", Buy, "1", "50", None), "DAILY_LOSS_REACHED loss=2000.00 limit=2000.00");
}

#[test]
fn case_02_a_latched_day_stays_latched_until_the_next() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "49.99", "50");
    desk.gate.set_cash(money("98000"));
    desk.gate.read_loss(desk.now);
    let before = desk.gate.epoch();
    assert!(desk.gate.read_loss(desk.now.plus_seconds(10)).latched.is_some());
    assert!(desk.gate.epoch() > before, "orders approved before the latch are stale at the door");
    desk.gate.set_cash(money("98500"));
    refused(&desk.ask("AAA", Buy, "1", "50", None), "REDUCE_ONLY");
    desk.gate.rearm();
    assert_eq!(desk.gate.state(), TradingState::ReduceOnly, "no re-arm clears the day");
    desk.gate.begin_day("2013-10-08".parse().unwrap(), money("98500"));
    approved(&desk.ask("AAA", Buy, "1", "50", None));
}

#[test]
fn case_03_an_overnight_gap_is_today_s_loss() {
    let mut desk = Desk::new();
    desk.holds("AAA", "200", "50");
    desk.quoted("AAA", "45", "45.01");
    assert_eq!(desk.gate.read_loss(desk.now).loss, Some(money("1000")));
}

#[test]
fn case_04_pending_orders_count_in_full() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "59.99", "60");
    desk.admit(&limit_order("AAA", Buy, "150", "60", None));
    let decision = desk.ask("AAA", Buy, "20", "60", None);
    refused(&decision, "POSITION_LIMIT exposure=10200.00 limit=10000.00 max_qty=16");
    let sixteen = desk.ask("AAA", Buy, "16", "60", None);
    approved(&sixteen);
    assert_eq!(sixteen.exposure, Some(money("9960")));
}

#[test]
fn case_05_a_second_exit_that_would_flip_crosses_zero() {
    let mut desk = Desk::new();
    desk.holds("AAA", "100", "80");
    desk.quoted("AAA", "80", "80.01");
    desk.pending("AAA", Sell, "100", "80.5");
    desk.pending("AAA", Buy, "20", "80");
    assert_eq!(desk.exposure("AAA"), "9600.00");
    refused(&desk.ask("AAA", Sell, "50", "81", None), "CROSSES_ZERO qty=150 limit=100 max_qty=0");
}

#[test]
fn case_06_a_short_is_counted_at_the_ask() {
    let mut desk = Desk::new();
    desk.holds("AAA", "-60", "100");
    desk.quoted("AAA", "99.99", "100");
    let words = "POSITION_LIMIT exposure=11000.00 limit=10000.00 max_qty=40";
    refused(&desk.ask("AAA", Sell, "50", "100", Some("105")), words);
    let cover = desk.ask("AAA", Buy, "60", "100", None);
    approved(&cover);
    assert!(cover.reducing);
    refused(&desk.ask("AAA", Buy, "61", "100", None), "CROSSES_ZERO qty=61 limit=60 max_qty=60");
}

#[test]
fn case_07_a_partial_fill_moves_exposure_from_order_to_position() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "90", "90.01");
    let order = desk.admit(&limit_order("AAA", Buy, "100", "90", None));
    assert_eq!(desk.exposure("AAA"), "9000.00");
    desk.fills(order, "AAA", Buy, "40", "90", "0");
    assert_eq!(desk.exposure("AAA"), "9000.00");
}

#[test]
fn case_08_a_replace_counts_as_the_larger_of_both() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "89.99", "90.01");
    let old = desk.admit(&limit_order("AAA", Buy, "100", "90", None));
    let ask = |desk: &Desk, shares: &str| {
        let intent = limit_order("AAA", Buy, shares, "88", None);
        desk.gate.judge_replace(old, &intent, &situation(), desk.now)
    };
    refused(&ask(&desk, "120"), "POSITION_LIMIT exposure=10800.00 limit=10000.00 max_qty=111");
    let fits = ask(&desk, "110");
    approved(&fits);
    assert_eq!(fits.exposure, Some(money("9900")));
    desk.gate.on_status(old, OrderStatus::Canceled);
    let alone = desk.ask("AAA", Buy, "110", "88", None);
    assert_eq!(alone.exposure, Some(money("9898.90")), "the bid is the dearer price");
    desk.quoted("AAA", "87.99", "88.01");
    assert_eq!(desk.ask("AAA", Buy, "110", "88", None).exposure, Some(money("9680")));
}

#[test]
fn case_09_heat_sums_what_stops_leave_open() {
    let mut desk = Desk::new();
    desk.holds("AAA", "100", "50");
    desk.quoted("AAA", "50", "50.01");
    desk.stop("AAA", Sell, "100", "47");
    desk.holds("BBB", "200", "20");
    desk.quoted("BBB", "20", "20.01");
    desk.quoted("CCC", "100", "100.01");
    desk.known("CCC", Buy, "50", OrderKind::Limit { limit: price("100") }, Some("95"), Role::Opening);
    desk.holds("DDD", "-30", "200");
    desk.quoted("DDD", "199.99", "200");
    desk.stop("DDD", Buy, "30", "210");
    assert_eq!(desk.heat(), "4850.00");
}

/// Long 100@50 at a bid, with one stop; the heat that is left.
fn long_with_stop(bid: &str, ask: &str, covers: &str, stop: &str) -> String {
    let mut desk = Desk::new();
    desk.holds("AAA", "100", "50");
    desk.quoted("AAA", bid, ask);
    desk.stop("AAA", Sell, covers, stop);
    desk.heat()
}

#[test]
fn case_10_a_stop_one_tick_away_cannot_game_the_heat() {
    assert_eq!(long_with_stop("50", "50.01", "100", "49.95"), "25.00");
}

#[test]
fn case_11_what_the_stop_does_not_cover_counts_in_full() {
    assert_eq!(long_with_stop("50", "50.01", "60", "47"), "2180.00");
}

#[test]
fn case_12_a_gain_does_not_buy_heat() {
    assert_eq!(long_with_stop("58", "58.01", "100", "53"), "29.00");
}

#[test]
fn case_13_a_short_without_a_stop_counts_twice() {
    let mut desk = Desk::new();
    desk.holds("AAA", "-30", "200");
    desk.quoted("AAA", "199.99", "200");
    assert_eq!(desk.heat(), "12000.00");
}

#[test]
fn case_14_a_gap_through_the_stop_is_booked_as_loss() {
    let mut desk = Desk::new();
    desk.holds("AAA", "100", "50");
    desk.quoted("AAA", "50", "50.01");
    let stop = desk.stop("AAA", Sell, "100", "47");
    assert_eq!(desk.heat(), "300.00");
    desk.fills(stop, "AAA", Sell, "100", "40", "0");
    assert_eq!(desk.gate.day_loss(desk.now), Some(money("1000")));
    assert_eq!(desk.heat(), "0.00");
}

#[test]
fn case_15_a_stop_that_the_broker_ends_protects_nothing_at_once() {
    let mut desk = Desk::new();
    desk.holds("AAA", "100", "50");
    desk.quoted("AAA", "50", "50.01");
    let stop = desk.stop("AAA", Sell, "100", "47");
    desk.gate.on_status(stop, OrderStatus::Canceled);
    assert_eq!(desk.heat(), "5000.00");
    let missing = Situation { missing_stop: true, ..situation() };
    let intent = limit_order("AAA", Buy, "1", "50", Some("49"));
    assert_eq!(desk.gate.judge(&intent, &missing, desk.now).code(), Some(Code::NoStop));
    let token = desk.protective(800, "100", StopKind::Fixed(price("47")));
    assert_eq!(token.unwrap().role(), Role::Protective);
    assert_eq!(desk.heat(), "5000.00", "it protects only once it works at the broker");
    desk.gate.on_stop_working(id(800), true);
    assert_eq!(desk.heat(), "300.00");
}

#[test]
fn case_16_an_unknown_order_counts_until_it_is_proven_dead() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "89.99", "90");
    let order = desk.admit(&limit_order("AAA", Buy, "100", "90", None));
    desk.gate.on_status(order, OrderStatus::Unknown);
    approved(&desk.ask("AAA", Buy, "11", "90", None));
    let words = "POSITION_LIMIT exposure=10080.00 limit=10000.00 max_qty=11";
    refused(&desk.ask("AAA", Buy, "12", "90", None), words);
    desk.gate.on_status(order, OrderStatus::PresumedDead);
    approved(&desk.ask("AAA", Buy, "111", "90", None));
}

#[test]
fn case_17_a_withdrawal_lowers_the_caps() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "89.99", "90");
    desk.gate.on_flow(money("-10000")).unwrap();
    desk.gate.set_cash(money("90000"));
    assert_eq!(desk.gate.day_loss(desk.now), Some(Money::ZERO));
    approved(&desk.ask("AAA", Buy, "100", "90", None));
    let words = "POSITION_LIMIT exposure=9090.00 limit=9000.00 max_qty=100";
    refused(&desk.ask("AAA", Buy, "101", "90", None), words);
}

#[test]
fn case_18_an_exit_says_how_much_of_the_stop_must_go() {
    let mut desk = Desk::new();
    desk.holds("AAA", "100", "50");
    desk.quoted("AAA", "50", "50.01");
    let stop = desk.stop("AAA", Sell, "100", "47");
    let exit = desk.ask("AAA", Sell, "40", "50", None);
    approved(&exit);
    assert_eq!((exit.reducing, exit.releases), (true, Some(qty("40"))));
    desk.gate.on_status(stop, OrderStatus::Canceled);
    let exit = desk.admit(&limit_order("AAA", Sell, "40", "50", None));
    let more = desk.protective(800, "61", StopKind::Fixed(price("47")));
    refused(&more.unwrap_err(), "CROSSES_ZERO qty=101 limit=100 max_qty=60");
    let rest = desk.protective(801, "60", StopKind::Fixed(price("47")));
    assert_eq!(rest.unwrap().request().qty, qty("60"));
    desk.fills(exit, "AAA", Sell, "40", "50", "0");
    desk.gate.on_stop_working(id(801), true);
    assert_eq!(desk.gate.protected_qty(symbol("AAA")), qty("60"));
}

#[test]
fn case_19_from_flat_an_order_opposite_to_a_live_one_crosses_zero() {
    let mut desk = Desk::new();
    desk.quoted("AAA", "49.99", "50.01");
    desk.admit(&limit_order("AAA", Buy, "100", "50", None));
    refused(&desk.ask("AAA", Sell, "150", "51", Some("52")), "CROSSES_ZERO max_qty=0");
}

#[test]
fn case_20_one_wide_quote_does_not_end_a_day() {
    let mut desk = Desk::new();
    desk.holds("AAA", "600", "50");
    desk.quoted("AAA", "46.5", "48.4");
    assert_eq!(desk.gate.read_loss(desk.now).loss, Some(money("2100")));
    assert_eq!(desk.ask("BBB", Buy, "1", "50", None).code(), Some(Code::DailyLossReached));
    desk.now = desk.now.plus_seconds(10);
    desk.quoted("AAA", "49.5", "49.51");
    let reading = desk.gate.read_loss(desk.now);
    assert_eq!((reading.loss, reading.latched), (Some(money("300")), None));
    assert_eq!(desk.gate.state(), TradingState::Active);
}
