use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::TimeInForce;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{ReportKind, VenueAnswer, VenueOrder, VenueRequest};
use crate::exchange::faults::{Faults, RequestFaults};
use crate::exchange::rules::floor::{Floor, bracket, minute, order, spy};
use crate::exchange::settings::{Costs, Settings};

/// One thing that is asked of the exchange, or that the market does; numbers choose among few cases,
/// so that orders meet each other.
#[derive(Debug, Clone)]
enum Act {
    Submit { side: Side, qty: u8, kind: u8, near: i8, legs: u8, tif: u8, beside: Option<u8> },
    Cancel(u8),
    Bar { open: i8, up: u8, down: u8, volume: u16 },
    Quote { bid: i8, spread: u8, size: u8 },
    Trade { price: i8, shares: u16 },
    Wait(u16),
    Halt(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let submit =
        (side, 1..80_u8, 0..4_u8, -5..6_i8, 0..6_u8, 0..4_u8, proptest::option::weighted(0.3, 0..30_u8))
            .prop_map(|(side, qty, kind, near, legs, tif, beside)| Act::Submit {
                side,
                qty,
                kind,
                near,
                legs,
                tif,
                beside,
            });
    let bar = (-5..6_i8, 0..6_u8, 0..6_u8, 0..900_u16).prop_map(|(open, up, down, volume)| Act::Bar {
        open,
        up,
        down,
        volume,
    });
    let quote =
        (-5..6_i8, 0..3_u8, 0..60_u8).prop_map(|(bid, spread, size)| Act::Quote { bid, spread, size });
    let trade = (-5..6_i8, 0..900_u16).prop_map(|(price, shares)| Act::Trade { price, shares });
    let act = prop_oneof![
        6 => submit,
        2 => (0..30_u8).prop_map(Act::Cancel),
        4 => bar,
        4 => quote,
        2 => trade,
        1 => (0..500_u16).prop_map(Act::Wait),
        1 => any::<bool>().prop_map(Act::Halt),
    ];
    proptest::collection::vec(act, 1..60)
}

/// Runs acts and keeps what was asked for.
struct Run {
    floor: Floor,
    minutes: i64,
    submitted: Vec<ClientOrderId>,
}

fn dollars(offset: i16) -> String {
    (100 + offset).to_string()
}

impl Run {
    fn new(faults: Faults) -> Self {
        let costs = Costs {
            fee_per_share: "0.01".parse().unwrap(),
            fee_pct: "0.03".parse().unwrap(),
            ..Costs::default()
        };
        let settings =
            Settings { cash: Money::dollars(20_000), costs, faults, seed: 7, ..Settings::default() };
        Self { floor: Floor::new(settings), minutes: 0, submitted: Vec::new() }
    }

    fn request(&self, act: &Act) -> Option<VenueRequest> {
        let Act::Submit { side, qty, kind, near, legs, tif, beside } = *act else { return None };
        let near = i16::from(near);
        let (price, beyond) = (dollars(near), dollars(near + 1));
        let side_word = side.word();
        let text = match kind {
            0 => format!("{side_word} {qty}"),
            1 => format!("{side_word} {qty} limit {price}"),
            2 => format!("{side_word} {qty} stop {price}"),
            _ => format!("{side_word} {qty} stop {price} limit {beyond}"),
        };
        let away = |distance: i16| dollars(if side == Side::Buy { near - distance } else { near + distance });
        let (stop, target) = (away(2), away(-3));
        let name = format!("o{}", self.submitted.len());
        let plain = match legs {
            0 => bracket(&name, &text, &stop, &target),
            1 => bracket(&name, &text, &stop, "-"),
            2 => bracket(&name, &text, "-", &target),
            _ => order(&name, &text),
        };
        let tif = [TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc][usize::from(tif)];
        let one_cancels = beside.and_then(|index| self.submitted.get(usize::from(index)).copied());
        Some(VenueRequest { tif, one_cancels, ..plain })
    }

    fn act(&mut self, act: &Act) -> Option<VenueAnswer> {
        if let Some(request) = self.request(act) {
            let answer = self.floor.submit(self.minutes, &request);
            let legs = [request.stop_loss, request.take_profit];
            self.submitted.push(request.id);
            self.submitted.extend(legs.into_iter().flatten().map(|leg| leg.id));
            return Some(answer);
        }
        match *act {
            Act::Bar { open, up, down, volume } => {
                let open = i16::from(open);
                let (high, low) = (open + i16::from(up), open - i16::from(down));
                let close = if up > down { high } else { low };
                let prices = [open, high, low, close].map(dollars).join(" ");
                self.floor.bar(self.minutes, &prices, i32::from(volume));
                self.minutes += 1;
            }
            Act::Quote { bid, spread, size } => {
                let bid = i16::from(bid);
                let ask = bid + i16::from(spread);
                self.floor.quote(self.minutes, &dollars(bid), &dollars(ask), i32::from(size));
            }
            Act::Trade { price, shares } => {
                self.floor.trade(self.minutes, &dollars(i16::from(price)), i32::from(shares));
            }
            Act::Wait(minutes) => {
                self.minutes += i64::from(minutes);
                self.floor.exchange.advance(minute(self.minutes));
            }
            Act::Halt(halted) => self.floor.exchange.set_halted(spy(), halted),
            Act::Cancel(index) => {
                let name = self.submitted.get(usize::from(index)).copied();
                return name.map(|name| self.floor.exchange.cancel(name, minute(self.minutes)));
            }
            Act::Submit { .. } => {}
        }
        None
    }

    fn orders(&self) -> Vec<VenueOrder> {
        self.submitted.iter().filter_map(|name| self.floor.exchange.order(*name)).collect()
    }

    fn check_money(&self) -> TestCaseResult {
        let exchange = &self.floor.exchange;
        let mut cash = Money::dollars(20_000);
        let mut position = Qty::ZERO;
        for fill in exchange.fills() {
            let signed = fill.qty.signed(fill.side);
            cash = cash.minus(fill.price.times(signed)).unwrap().minus(fill.fee).unwrap();
            position = position.plus(signed).unwrap();
        }
        prop_assert_eq!(exchange.account().cash, cash);
        prop_assert_eq!(self.floor.position(), position);
        Ok(())
    }

    /// Orders that close the position, each pair once, stay within it; and none fills more than asked.
    fn check_claims(&self) -> TestCaseResult {
        let position = self.floor.position();
        let state = self.floor.exchange.state(minute(0), &[]);
        let closing = if position.is_positive() { Side::Sell } else { Side::Buy };
        let of_pair = |listed: &VenueOrder| {
            let joined =
                state.open_orders.iter().find(|other| other.request.one_cancels == Some(listed.request.id));
            joined.map_or(listed.request.id, |other| listed.request.id.min(other.request.id))
        };
        let mut pairs: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
        let closes = |listed: &&VenueOrder| !position.is_zero() && listed.request.side == closing;
        for listed in state.open_orders.iter().filter(closes) {
            let first =
                state.open_orders.iter().find(|other| Some(other.request.id) == listed.request.one_cancels);
            let pair = of_pair(listed).min(first.map_or(listed.request.id, of_pair));
            let rest = listed.request.qty.minus(listed.filled).unwrap();
            let claim = pairs.entry(pair).or_default();
            *claim = rest.max(*claim);
        }
        let claimed = pairs.values().fold(Qty::ZERO, |total, claim| total.plus(*claim).unwrap());
        prop_assert!(claimed <= position.abs(), "{claimed} claimed of {position}");
        for listed in self.orders() {
            prop_assert!(listed.filled <= listed.request.qty, "{listed:?}");
        }
        Ok(())
    }
}

fn sign(position: Qty) -> i64 {
    position.nanos().signum()
}

fn faulty() -> Faults {
    let request = RequestFaults { refused: 50, timeout_before: 50, timeout_after: 50 };
    Faults {
        lost: 100,
        late: 200,
        late_ms: 90_000,
        doubled: 100,
        reordered: 200,
        silent: 0,
        submit: request,
        cancel: request,
    }
}

proptest! {
    /// Cash moves by fills and fees alone, positions are the sum of fills, no fill takes a position
    /// through zero, exits and stops stay within the position.
    #[test]
    fn money_and_shares_are_conserved_and_never_claimed_twice(acts in acts()) {
        let mut run = Run::new(Faults::default());
        let mut seen = 0;
        for act in &acts {
            run.act(act);
            run.check_money()?;
            run.check_claims()?;
            let mut position: Qty = run.floor.exchange.fills()[..seen].iter()
                .fold(Qty::ZERO, |total, fill| total.plus(fill.qty.signed(fill.side)).unwrap());
            for fill in &run.floor.exchange.fills()[seen..] {
                let next = position.plus(fill.qty.signed(fill.side)).unwrap();
                prop_assert!(sign(position) * sign(next) >= 0, "{position} to {next} by {}", fill.order);
                position = next;
            }
            seen = run.floor.exchange.fills().len();
        }
    }

    /// Without faults the reports alone tell each order's filled shares, and every end once.
    #[test]
    fn reports_tell_the_whole_truth(acts in acts()) {
        let mut run = Run::new(Faults::default());
        let mut filled: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
        let mut ends: BTreeMap<ClientOrderId, u32> = BTreeMap::new();
        for act in &acts {
            run.act(act);
            for report in run.floor.exchange.take_reports() {
                prop_assert!(!ends.contains_key(&report.order), "{report:?} after its end");
                match report.kind {
                    ReportKind::Filled(fill) => {
                        let total = filled.entry(report.order).or_default();
                        *total = total.plus(fill.qty).unwrap();
                    }
                    ReportKind::Canceled | ReportKind::Expired => *ends.entry(report.order).or_default() += 1,
                    _ => {}
                }
            }
        }
        for listed in run.orders() {
            let told = filled.get(&listed.request.id).copied().unwrap_or_default();
            prop_assert_eq!(told, listed.filled);
        }
    }

    /// The same acts give the same bytes, faults and all; and faults change no fill of an order that arrived.
    #[test]
    fn the_same_seed_gives_the_same_bytes(acts in acts()) {
        let written = || {
            let mut run = Run::new(faulty());
            let mut bytes = String::new();
            for act in &acts {
                let answer = run.act(act);
                let state = run.floor.exchange.state(minute(0), &run.submitted);
                let reports = run.floor.exchange.take_reports();
                bytes.push_str(&serde_json::to_string(&(answer, reports, state)).unwrap());
            }
            bytes
        };
        prop_assert_eq!(written(), written());
    }

    /// Lost, late, doubled and reordered reports change nothing at the venue.
    #[test]
    fn broken_reports_change_nothing_at_the_venue(acts in acts()) {
        let truth = |faults: Faults| {
            let mut run = Run::new(faults);
            for act in &acts {
                run.act(act);
            }
            serde_json::to_string(&run.floor.exchange.state(minute(0), &run.submitted)).unwrap()
        };
        let reports_only = Faults { submit: RequestFaults::default(), cancel: RequestFaults::default(), ..faulty() };
        prop_assert_eq!(truth(Faults::default()), truth(reports_only));
    }
}

/// The laws above would hold of an exchange on which nothing happens, too.
#[test]
fn the_acts_make_orders_fill_wake_and_pair() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut fills, mut legs, mut taken) = (0, 0, 0);
    for _ in 0..200 {
        let tree = acts().new_tree(&mut runner).unwrap();
        let mut run = Run::new(Faults::default());
        for act in tree.current() {
            taken += u32::from(run.act(&act) == Some(VenueAnswer::Taken));
        }
        fills += run.floor.exchange.fills().len();
        legs += run.floor.exchange.fills().iter().filter(|fill| fill.order.as_str().contains('-')).count();
    }
    assert!(fills > 400 && legs > 40 && taken > 800, "{fills} fills, {legs} of legs, {taken} taken");
}
