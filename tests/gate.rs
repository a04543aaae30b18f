//! The gate under random facts: what is approved keeps every cap by a slow formula of its own, what
//! is unknown is refused, and a fact told twice changes nothing.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use hardstop::domain::at::At;
use hardstop::domain::calendar::Phase;
use hardstop::domain::fill::Fill;
use hardstop::domain::id::ClientOrderId;
use hardstop::domain::intent::{Intent, Origin};
use hardstop::domain::market::Quote;
use hardstop::domain::money::Money;
use hardstop::domain::order::{OrderKind, OrderStatus, TimeInForce};
use hardstop::domain::pct::Pct;
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::symbol::Symbol;
use hardstop::risk::decision::Decision;
use hardstop::risk::gate::Gate;
use hardstop::risk::limits::Limits;
use hardstop::risk::order::{KnownOrder, Role};
use hardstop::risk::refusal::Code;
use hardstop::risk::situation::{LegIds, Situation};
use hardstop::risk::token::ApprovedOrder;
use proptest::prelude::*;

const START: At = At::from_seconds(1_381_154_400);
const NAMES: [&str; 3] = ["AAA", "BBB", "CCC"];

fn id(number: u64) -> ClientOrderId {
    format!("hs-s000000-131007-{number}").parse().unwrap()
}

fn symbol(index: usize) -> Symbol {
    NAMES[index].parse().unwrap()
}

fn side(buys: bool) -> Side {
    if buys { Side::Buy } else { Side::Sell }
}

/// One thing that happens to the gate.
#[derive(Debug, Clone)]
enum Act {
    Quote { at: usize, cents: i32, spread: i32 },
    Ask { at: usize, buys: bool, shares: i32, kind: u8, offset: i32, stop: i32 },
    Fill { order: usize, shares: i32 },
    End { order: usize },
    StopWorks { order: usize, works: bool },
}

fn act() -> impl Strategy<Value = Act> {
    let at = || 0..NAMES.len();
    prop_oneof![
        3 => (at(), 2_000..9_000_i32, 0..60_i32).prop_map(|(at, cents, spread)| Act::Quote { at, cents, spread }),
        6 => (at(), any::<bool>(), 1..300_i32, 0..4_u8, -200..200_i32, 0..600_i32)
            .prop_map(|(at, buys, shares, kind, offset, stop)| Act::Ask { at, buys, shares, kind, offset, stop }),
        3 => (0..8_usize, 1..200_i32).prop_map(|(order, shares)| Act::Fill { order, shares }),
        1 => (0..8_usize).prop_map(|order| Act::End { order }),
        2 => (0..8_usize, any::<bool>()).prop_map(|(order, works)| Act::StopWorks { order, works }),
    ]
}

/// An order as the test remembers it: floats and plain loops, nothing of the gate's own code.
#[derive(Debug, Clone)]
struct Remembered {
    id: ClientOrderId,
    at: usize,
    buys: bool,
    qty: f64,
    left: f64,
    price: f64,
    stop: Option<f64>,
    leg: Option<ClientOrderId>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    qty: f64,
    avg: f64,
    bid: f64,
    ask: f64,
}

#[derive(Default)]
struct World {
    held: [Holding; 3],
    orders: Vec<Remembered>,
    /// Stops by symbol: id, shares, price, whether it works.
    stops: Vec<(ClientOrderId, usize, f64, f64, bool)>,
}

impl World {
    fn exposure(&self, at: usize) -> f64 {
        let held = self.held[at];
        let of = |buys: bool| self.orders.iter().filter(move |order| order.at == at && order.buys == buys);
        let buys: f64 = of(true).map(|order| order.left).sum();
        let sells: f64 = of(false).map(|order| order.left).sum();
        let dearest_buy = of(true).map(|order| order.price).fold(held.bid, f64::max);
        let dearest_sell = of(false).map(|order| order.price).fold(held.ask, f64::max);
        ((held.qty + buys).max(0.0) * dearest_buy).max((sells - held.qty).max(0.0) * dearest_sell)
    }

    fn heat(&self, at: usize) -> f64 {
        let held = self.held[at];
        let (mark, full) = if held.qty < 0.0 { (held.ask, 2.0) } else { (held.bid, 1.0) };
        let mut open = held.qty.abs();
        let mut heat = 0.0;
        let mut stops: Vec<_> = self.stops.iter().filter(|stop| stop.1 == at && stop.4).collect();
        stops.sort_by(|one, other| one.3.total_cmp(&other.3));
        if held.qty < 0.0 {
            stops.reverse();
        }
        for stop in stops {
            let covered = open.min(stop.2);
            let way = if held.qty < 0.0 { stop.3 - held.avg } else { held.avg - stop.3 };
            heat += covered * way.max(mark * 0.005);
            open -= covered;
        }
        heat += open * mark * full;
        for buys in [true, false] {
            let opposite = if buys { held.qty < 0.0 } else { held.qty > 0.0 };
            let mut risks: Vec<(f64, f64)> = Vec::new();
            for order in self.orders.iter().filter(|order| order.at == at && order.buys == buys) {
                let way = order.stop.filter(|_| order.qty.fract() == 0.0);
                let way = way.map(|stop| if buys { order.price - stop } else { stop - order.price });
                let whole = if buys { order.price } else { 2.0 * order.price };
                let risk = way.filter(|way| *way > 0.0).map_or(whole, |way| way.max(order.price * 0.005));
                risks.push((risk, order.left));
            }
            risks.sort_by(|one, other| other.0.total_cmp(&one.0));
            let all: f64 = risks.iter().map(|risk| risk.1).sum();
            let mut left = if opposite { (all - held.qty.abs()).max(0.0) } else { all };
            for (risk, qty) in risks {
                heat += risk * qty.min(left);
                left -= qty.min(left);
            }
        }
        heat
    }
}

fn gate(limits: Limits) -> Gate {
    let (mut gate, _door) = Gate::open(limits, "test".to_owned());
    gate.set_phase(Phase::Regular);
    gate.set_cash(Money::dollars(100_000));
    gate.begin_day("2013-10-07".parse().unwrap(), Money::dollars(100_000));
    gate
}

fn situation() -> Situation {
    Situation { buying_power: Some(Money::dollars(1_000_000)), ..Situation::clear(Phase::Regular) }
}

fn quote(at: usize, cents: i32, spread: i32, now: At) -> Quote {
    let qty = Qty::shares(100);
    let (bid, ask) = (Price::from_cents(cents), Price::from_cents(cents + spread));
    Quote { symbol: symbol(at), bid, bid_qty: qty, ask, ask_qty: qty, at: now }
}

/// Says every fact twice to the gate, and remembers it once.
struct Run {
    gate: Gate,
    world: World,
    next: u64,
    now: At,
    approved: usize,
}

impl Run {
    fn ask(&mut self, at: usize, buys: bool, shares: i32, kind: u8, offset: i32, stop: i32) {
        let held = self.world.held[at];
        if held.bid == 0.0 {
            return;
        }
        let near = Price::from_f64(held.bid).unwrap().plus(Price::from_cents(offset)).unwrap();
        let distance = Price::from_cents(if buys { -stop } else { stop });
        let stop_loss = (stop > 50 && kind != 1).then(|| near.plus(distance).unwrap());
        let kind = match kind {
            1 => OrderKind::Market,
            2 => OrderKind::Stop { stop: near },
            _ => OrderKind::Limit { limit: near },
        };
        let (symbol, qty) = (symbol(at), Qty::shares(shares));
        let (origin, tif) = (Origin::Operator, TimeInForce::Day);
        let intent = Intent {
            origin,
            symbol,
            side: side(buys),
            qty,
            kind,
            tif,
            stop_loss,
            take_profit: None,
            trail: None,
        };
        let legs = LegIds { stop: id(self.next + 1), target: id(self.next + 2) };
        let before = self.gate.judge(&intent, &situation(), self.now);
        let answer = self.gate.admit(id(self.next), legs, &intent, &situation(), self.now);
        match answer {
            Ok((token, decision)) => {
                assert_eq!(before, decision, "admitting is judging");
                self.remember(&token, at);
                self.check(&token, &decision, at);
            }
            Err(decision) => assert_eq!(before, decision, "a refusal reserves nothing"),
        }
        self.next += 10;
    }

    fn remember(&mut self, token: &ApprovedOrder, at: usize) {
        self.approved += 1;
        let request = token.request();
        let buys = request.side == Side::Buy;
        let held = self.world.held[at];
        if let (OrderKind::Stop { stop }, true) = (request.kind, token.role() != Role::Opening) {
            // Whoever placed it, it waits for the market to turn: it covers shares once it works, and trades none now.
            self.world.stops.push((request.id, at, request.qty.to_f64(), stop.to_f64(), false));
            return;
        }
        let price = match request.kind {
            OrderKind::Market if buys => (held.ask * 102.0).floor() / 100.0,
            OrderKind::Market => (held.bid * 98.0).ceil() / 100.0,
            OrderKind::Stop { stop } if buys => stop.to_f64() * 1.02,
            kind => kind.limit().or(kind.stop()).unwrap().to_f64(),
        };
        let qty = request.qty.to_f64();
        let leg = request.stop_loss;
        let stop = leg.map(|leg| leg.price.to_f64());
        if let Some(leg) = leg {
            self.world.stops.push((leg.id, at, 0.0, leg.price.to_f64(), false));
        }
        let leg = leg.map(|leg| leg.id);
        self.world.orders.push(Remembered { id: request.id, at, buys, qty, left: qty, price, stop, leg });
    }

    /// The laws of approval, by the test's own formulas: caps, and no way through zero.
    fn check(&self, token: &ApprovedOrder, decision: &Decision, at: usize) {
        let close = |one: f64, other: f64| assert!((one - other).abs() < 0.01, "{one} is not {other}");
        let exposure = self.world.exposure(at);
        close(decision.exposure.unwrap().to_f64(), exposure);
        close(self.gate.exposure(symbol(at), self.now).unwrap().to_f64(), exposure);
        let gross: f64 = (0..3).map(|at| self.world.exposure(at)).sum();
        let heat: f64 = (0..3).map(|at| self.world.heat(at)).sum();
        close(self.gate.gross(self.now).unwrap().to_f64(), gross);
        close(decision.heat.unwrap().to_f64(), heat);
        if token.role() == Role::Opening {
            let base = self.gate.equity(self.now).unwrap().to_f64().min(100_000.0);
            assert!(exposure <= base * 0.1 + 0.01 && gross <= base + 0.01 && heat <= base * 0.25 + 0.01);
        }
        let held = self.world.held[at].qty;
        let all = |buys: bool| -> f64 {
            let own = self.world.orders.iter().filter(|order| order.at == at && order.buys == buys);
            own.map(|order| order.left).sum()
        };
        let through = (held > 0.0 && all(false) > held) || (held < 0.0 && all(true) > -held);
        assert!(!through, "orders could take {held} through zero");
        assert!(held != 0.0 || all(true) == 0.0 || all(false) == 0.0, "opposite orders from flat");
    }

    fn fill(&mut self, order: usize, shares: i32) {
        let Some(place) = self.world.orders.len().checked_sub(1).map(|last| order.min(last)) else {
            return;
        };
        let known = self.world.orders[place].clone();
        let qty = f64::from(shares).min(known.left);
        let held = self.world.held[known.at];
        let fill = Fill {
            execution: format!("x{}", self.next),
            order: known.id,
            symbol: symbol(known.at),
            side: side(known.buys),
            qty: Qty::shares(format!("{qty}").parse().unwrap()),
            price: Price::from_f64(held.bid).unwrap(),
            fee: Money::ZERO,
            at: self.now,
        };
        self.next += 10;
        assert_eq!(self.gate.on_fill(&fill), Ok(true));
        assert_eq!(self.gate.on_fill(&fill), Ok(false));
        let signed = if known.buys { qty } else { -qty };
        let held = &mut self.world.held[known.at];
        if held.qty * signed >= 0.0 {
            held.avg = (held.avg * held.qty.abs() + held.bid * qty) / (held.qty.abs() + qty);
        }
        held.qty += signed;
        self.world.orders[place].left -= qty;
        for stop in self.world.stops.iter_mut().filter(|stop| Some(stop.0) == known.leg) {
            stop.2 += qty;
        }
        self.world.orders.retain(|order| order.left > 0.0);
        assert!(
            (self.gate.position(symbol(known.at)).qty.to_f64() - self.world.held[known.at].qty).abs() < 1e-9
        );
    }

    fn step(&mut self, act: &Act) {
        self.now = self.now.plus_seconds(4);
        for at in 0..3 {
            // Every source confirms its quote, so that only the sizes decide.
            let held = self.world.held[at];
            if held.bid > 0.0 {
                let cents = Price::from_f64(held.bid).unwrap();
                let ask = Price::from_f64(held.ask).unwrap();
                self.gate.on_quote(&Quote { bid: cents, ask, ..quote(at, 1, 0, self.now) }, 0);
            }
        }
        match *act {
            Act::Quote { at, cents, spread } => {
                self.gate.on_quote(&quote(at, cents, spread, self.now), 0);
                self.gate.on_quote(&quote(at, cents, spread, self.now), 0);
                self.world.held[at].bid = f64::from(cents) / 100.0;
                self.world.held[at].ask = f64::from(cents + spread) / 100.0;
            }
            Act::Ask { at, buys, shares, kind, offset, stop } => {
                self.ask(at, buys, shares, kind, offset, stop);
            }
            Act::Fill { order, shares } => self.fill(order, shares),
            Act::End { order } => {
                if let Some(known) = self.world.orders.get(order).cloned() {
                    self.gate.on_status(known.id, OrderStatus::Canceled);
                    self.gate.on_status(known.id, OrderStatus::Working);
                    self.gate.on_status(known.id, OrderStatus::Canceled);
                    self.world.orders.remove(order);
                    if known.left > known.qty - 0.5 {
                        self.world.stops.retain(|stop| Some(stop.0) != known.leg);
                    }
                }
            }
            Act::StopWorks { order, works } => {
                if let Some(stop) = self.world.stops.get_mut(order) {
                    self.gate.on_stop_working(stop.0, works);
                    self.gate.on_stop_working(stop.0, works);
                    stop.4 = works;
                }
            }
        }
    }
}

fn run(acts: &[Act]) -> usize {
    let limits = Limits {
        stops_auto: false,
        duplicate_window_ms: None,
        openings_per_minute_account: None,
        max_daily_loss_pct: None,
        ..Limits::default()
    };
    let mut run = Run { gate: gate(limits), world: World::default(), next: 1, now: START, approved: 0 };
    for act in acts {
        run.step(act);
    }
    run.approved
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_approved_keeps_the_caps_and_facts_count_once(acts in proptest::collection::vec(act(), 1..80)) {
        run(&acts);
    }

    /// The quantity that a refusal names is the largest that passes, and one share more does not.
    #[test]
    fn a_named_quantity_is_the_edge(
        acts in prop::collection::vec(act(), 0..40),
        at in 0..NAMES.len(),
        buys in any::<bool>(),
        shares in 1..3_000_i32,
        stop in 1..600_i32,
        caps in (1..20_i32, 1..60_i32, 1..12_i32),
    ) {
        let (position, gross, heat) = caps;
        let open = Limits {
            duplicate_window_ms: None,
            openings_per_minute_account: None,
            max_daily_loss_pct: None,
            ..Limits::default()
        };
        let tight = Limits {
            max_position_pct: Some(Pct::whole(position)),
            max_gross_pct: Some(Pct::whole(gross)),
            max_heat_pct: Some(Pct::whole(heat)),
            ..open.clone()
        };
        let mut run = Run { gate: gate(open), world: World::default(), next: 1, now: START, approved: 0 };
        for act in &acts {
            run.step(act);
        }
        run.gate.change_limits(tight, "tight".to_owned());
        let near = Price::from_f64(run.world.held[at].bid).filter(|price| price.is_positive());
        prop_assume!(near.is_some());
        let near = near.unwrap();
        let distance = Price::from_cents(if buys { -stop } else { stop });
        let of = |shares: i32| Intent {
            origin: Origin::Operator,
            symbol: symbol(at),
            side: side(buys),
            qty: Qty::shares(shares),
            kind: OrderKind::Limit { limit: near },
            tif: TimeInForce::Day,
            stop_loss: near.plus(distance).ok(),
            take_profit: None,
            trail: None,
        };
        let say = |shares: i32| run.gate.judge(&of(shares), &situation(), run.now);
        let decision = say(shares);
        let sized = [Code::PositionLimit, Code::GrossLimit, Code::HeatLimit];
        prop_assume!(decision.code().is_some_and(|code| sized.contains(&code)));
        let most = decision.max_qty.unwrap();
        prop_assert!(most.is_whole() && most < Qty::shares(shares));
        let most: i32 = most.to_string().parse().unwrap();
        let is_sized = |shares: i32| say(shares).code().is_some_and(|code| sized.contains(&code));
        prop_assert!(most == 0 || !is_sized(most), "{most} passes");
        prop_assert!(is_sized(most + 1), "{most} is the most");
    }

    /// Exposure, gross and heat do not depend on the order in which orders came.
    #[test]
    fn the_order_of_orders_changes_no_sum(
        orders in prop::collection::vec((0..2_usize, any::<bool>(), 1..40_i32, -50..50_i32, 60..400_i32), 1..6),
        swap in any::<prop::sample::Index>(),
    ) {
        let sums = |orders: &[(usize, bool, i32, i32, i32)]| {
            let limits = Limits { duplicate_window_ms: None, openings_per_minute_account: None, ..Limits::default() };
            let mut run = Run { gate: gate(limits), world: World::default(), next: 1, now: START, approved: 0 };
            for at in 0..2 {
                run.step(&Act::Quote { at, cents: 5_000, spread: 2 });
                let signed = if at == 0 { 30 } else { -30 };
                run.gate.set_position(symbol(at), Qty::shares(signed), Price::from_cents(5_000));
            }
            for (index, (at, buys, shares, offset, stop)) in orders.iter().enumerate() {
                let kind = OrderKind::Limit { limit: Price::from_cents(5_000 + offset) };
                let stop = Price::from_cents(5_000 + offset + if *buys { -stop } else { *stop });
                run.gate.restore_order(&KnownOrder {
                    id: id(100 + u64::try_from(index).unwrap()),
                    symbol: symbol(*at),
                    side: side(*buys),
                    qty: Qty::shares(*shares),
                    filled: Qty::ZERO,
                    kind,
                    stop_loss: Some(stop),
                    status: OrderStatus::Working,
                    origin: Some(Origin::Operator),
                    role: Role::Opening,
                    group: None,
                });
            }
            let exposures = [0, 1].map(|at| run.gate.exposure(symbol(at), run.now).map(|sum| sum.to_string()));
            let (gross, heat) = (run.gate.gross(run.now), run.gate.heat(run.now));
            (exposures, gross.map(|sum| sum.to_string()), heat.map(|sum| sum.to_string()))
        };
        let mut turned = orders.clone();
        turned.reverse();
        let first = swap.index(turned.len());
        turned.swap(0, first);
        prop_assert_eq!(sums(&orders), sums(&turned));
        prop_assert!(sums(&orders).2.is_some());
    }

    #[test]
    fn without_data_every_opening_is_refused(missing in 0..5_u8, buys in any::<bool>(), shares in 1..50_i32) {
        let (mut gate, _door) = Gate::open(Limits::default(), "test".to_owned());
        let mut situation = Situation { atr: Some(Price::from_cents(50)), ..situation() };
        let day = "2013-10-07".parse().unwrap();
        gate.set_phase(Phase::Regular);
        if missing != 0 {
            gate.begin_day(day, Money::dollars(100_000));
        }
        if missing != 1 {
            gate.set_cash(Money::dollars(100_000));
        }
        if missing != 2 {
            gate.on_quote(&quote(0, 5_000, 1, START), 0);
        }
        if missing == 3 {
            situation.buying_power = None;
        }
        if missing == 4 {
            situation.atr = None;
        }
        let expected =
            [Code::NoEquity, Code::NoEquity, Code::NoPrice, Code::BuyingPower, Code::NoStop][usize::from(missing)];
        let (origin, kind, tif) = (Origin::Operator, OrderKind::Limit { limit: Price::from_cents(5_000) }, TimeInForce::Day);
        let (symbol, qty) = (symbol(0), Qty::shares(shares));
        let intent =
            Intent { trail: None, origin, symbol, side: side(buys), qty, kind, tif, stop_loss: None, take_profit: None };
        prop_assert_eq!(gate.judge(&intent, &situation, START).code(), Some(expected));
    }
}

/// The random runs would prove nothing if the gate refused everything.
#[test]
fn the_random_acts_do_get_orders_approved() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let acts = proptest::collection::vec(act(), 60..80);
    let approved: usize = (0..50).map(|_| run(&acts.new_tree(&mut runner).unwrap().current())).sum();
    assert!(approved > 300, "{approved} orders in 50 runs");
}
