//! Reconcile under random histories: whatever was told, lost, doubled or out of order, two readings of the
//! venue make the machine agree with it, and being told again changes nothing.

use proptest::prelude::*;

use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Origin;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{
    ReportKind, VenueAccount, VenueOrder, VenuePosition, VenueReport, VenueRequest, VenueState,
};
use crate::engine::event::Event;
use crate::engine::proofs::{Alone, price, spy};
use crate::engine::record::Record;
use crate::risk::limits::Limits;

/// What truly became of one order at the venue.
#[derive(Debug, Clone, Copy)]
struct Fate {
    shares: i32,
    filled: i32,
    ends: Option<OrderStatus>,
}

/// Which of the reports arrive, and in which order: indices into all of them, some of them twice, most missing.
type Heard = Vec<prop::sample::Index>;

fn fate() -> impl Strategy<Value = Fate> {
    let ends = prop::sample::select(vec![
        None,
        Some(OrderStatus::Canceled),
        Some(OrderStatus::Expired),
        Some(OrderStatus::Rejected),
    ]);
    (1..20_i32, 0..25_i32, ends).prop_map(|(shares, filled, ends)| {
        let filled = if ends == Some(OrderStatus::Rejected) { 0 } else { filled.min(shares) };
        Fate { shares, filled, ends: if filled == shares { Some(OrderStatus::Filled) } else { ends } }
    })
}

/// The venue's own truth about some orders.
struct Venue {
    orders: Vec<(VenueRequest, Fate)>,
    fills: Vec<Fill>,
}

impl Venue {
    fn of(stage: &mut Alone, fates: &[Fate]) -> Self {
        let mut venue = Self { orders: Vec::new(), fills: Vec::new() };
        for fate in fates {
            stage.wait(3);
            let Some(id) = stage.ask(Origin::Operator, Side::Buy, fate.shares) else { continue };
            let request = *stage.sent.iter().find(|request| request.id == id).unwrap();
            venue.orders.push((request, *fate));
            // In one execution or in two.
            let first = fate.filled / 2;
            for (part, shares) in [first, fate.filled - first].into_iter().enumerate() {
                if shares > 0 {
                    venue.fills.push(Fill {
                        execution: format!("{id}-{part}"),
                        order: id,
                        symbol: spy(),
                        side: Side::Buy,
                        qty: Qty::shares(shares),
                        price: price("100"),
                        fee: Money::ZERO,
                        at: stage.now,
                    });
                }
            }
        }
        venue
    }

    fn held(&self) -> i32 {
        self.orders.iter().map(|(_, fate)| fate.filled).sum()
    }

    fn reports(&self, stage: &Alone) -> Vec<VenueReport> {
        let mut reports = Vec::new();
        let mut tell = |order, kind| reports.push(VenueReport { order, at: stage.now, kind });
        for (request, fate) in &self.orders {
            let id = request.id;
            tell(id, ReportKind::Accepted);
            tell(id, ReportKind::Working);
            for fill in self.fills.iter().filter(|fill| fill.order == id) {
                tell(id, ReportKind::Filled(fill.clone()));
            }
            match fate.ends {
                Some(OrderStatus::Canceled) => tell(id, ReportKind::Canceled),
                Some(OrderStatus::Expired) => tell(id, ReportKind::Expired),
                Some(OrderStatus::Rejected) => tell(id, ReportKind::Rejected("no".to_owned())),
                _ => {}
            }
        }
        reports
    }

    fn state(&self, stage: &Alone) -> VenueState {
        let worth = Money::dollars(100_000);
        let held = Qty::shares(self.held());
        let listed = |(request, fate): &(VenueRequest, Fate)| VenueOrder {
            request: *request,
            status: fate.ends.unwrap_or(if fate.filled > 0 {
                OrderStatus::Partial
            } else {
                OrderStatus::Working
            }),
            filled: Qty::shares(fate.filled),
        };
        let (open, closed): (Vec<VenueOrder>, Vec<VenueOrder>) =
            self.orders.iter().map(listed).partition(|order| order.status.is_live());
        let position = VenuePosition { symbol: spy(), qty: held, avg_price: price("100") };
        VenueState {
            at: stage.now,
            account: VenueAccount {
                equity: worth,
                last_equity: worth,
                cash: worth.minus(price("100").times(held)).unwrap(),
                buying_power: worth,
            },
            positions: if held.is_zero() { Vec::new() } else { vec![position] },
            open_orders: open,
            closed_orders: closed,
            fills: self.fills.clone(),
        }
    }

    /// What the machine has of each order, beside what is true.
    fn compare(&self, stage: &Alone) -> Vec<(ClientOrderId, String, String)> {
        let truth = self.state(stage);
        let listed = truth.open_orders.iter().chain(&truth.closed_orders);
        let both = listed.map(|order| {
            let id = order.request.id;
            let ours = stage.engine.order_view(id).unwrap();
            let shown = |status: OrderStatus, filled: Qty| format!("{} {filled}", status.word());
            (id, shown(ours.status, ours.filled), shown(order.status, order.filled))
        });
        both.filter(|(_, ours, theirs)| ours != theirs).collect()
    }
}

fn position(stage: &Alone) -> Qty {
    stage.engine.snapshot().positions.first().map_or(Qty::ZERO, |position| position.qty)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_readings_agree_and_telling_again_changes_nothing(
        fates in prop::collection::vec(fate(), 1..5),
        heard in any::<Heard>(),
        again in any::<Heard>(),
    ) {
        let mut stage = Alone::new(Limits { stops_auto: false, ..Limits::default() });
        let venue = Venue::of(&mut stage, &fates);
        let reports = venue.reports(&stage);
        let tell = |stage: &mut Alone, which: &Heard| {
            for index in which {
                stage.step(Event::Reported(index.get(&reports).clone()));
            }
        };
        if !reports.is_empty() {
            tell(&mut stage, &heard);
        }
        let sent = stage.sent.len();
        for _ in 0..2 {
            stage.wait(11);
            stage.step(Event::Venue(Box::new(venue.state(&stage))));
        }
        prop_assert_eq!(position(&stage), Qty::shares(venue.held()));
        prop_assert_eq!(venue.compare(&stage), vec![]);
        prop_assert_eq!(stage.engine.snapshot().not_ready, None, "two readings are enough");
        prop_assert!(!stage.said.iter().any(|record| matches!(record, Record::Adjust { .. })), "all is explained");
        prop_assert_eq!(stage.sent.len(), sent, "reconcile sends no order");
        // Everything once more, in any order: not a row comes of it.
        let said = stage.said.len();
        if !reports.is_empty() {
            tell(&mut stage, &again);
            tell(&mut stage, &heard);
        }
        stage.step(Event::Venue(Box::new(venue.state(&stage))));
        let new: Vec<&Record> = stage.said.iter().skip(said).collect();
        prop_assert!(new.is_empty(), "{new:?}");
        prop_assert_eq!(position(&stage), Qty::shares(venue.held()));
    }
}
