use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::market::{Quote, Tick};
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::venue::{Asked, KillAsked, KillDeed, ReportKind, VenueAnswer, VenueReport, VenueRequest};
use crate::engine::event::Event;
use crate::engine::record::Record;
use crate::exchange::venue::Exchange;
use crate::journal::reader::Reader;
use crate::journal::row::Row;
use crate::journal::tape::TapeTick;

/// Runs an exchange again over the tape and the requests that it took, up to where an earlier
/// process stopped: in sim the journal is also the exchange's memory.
///
/// What the kill did stands in the journal behind the ticks that passed while it was at work: each of
/// its deeds is done again at its own instant.
///
/// # Errors
/// A journal that cannot be read.
pub fn rebuild(exchange: &mut Exchange, journal: &Reader, tape: &[TapeTick]) -> Result<(), String> {
    let rows = journal.rows("event").map_err(|fault| fault.to_string())?;
    let events: Vec<(Row, Event)> = rows.into_iter().map(with_event).collect::<Result<_, String>>()?;
    let mut again =
        Again { exchange, requests: requests(journal)?, deeds: deeds(&events), executions: BTreeSet::new() };
    let mut ticks = tape.iter().peekable();
    for (row, event) in &events {
        while let Some(tick) = ticks.next_if(|tick| tick.seq < row.seq) {
            again.kill_before(tick.at);
            again.exchange.on_tick(&tick.tick);
        }
        again.kill_before(row.at);
        again.event(row.at, event);
    }
    for tick in ticks {
        again.kill_before(tick.at);
        again.exchange.on_tick(&tick.tick);
    }
    // What it says of the past has been heard, or is read again by the first reconcile.
    again.exchange.take_reports();
    Ok(())
}

/// An exchange on its way through its past.
struct Again<'a> {
    exchange: &'a mut Exchange,
    requests: BTreeMap<ClientOrderId, VenueRequest>,
    /// What the kill did and was not done again yet, oldest first.
    deeds: VecDeque<KillDeed>,
    executions: BTreeSet<String>,
}

impl Again<'_> {
    fn event(&mut self, at: At, event: &Event) {
        match event {
            Event::Answered { order, asked: Asked::Submit, answer: VenueAnswer::Taken } => {
                if let Some(request) = self.requests.get(order) {
                    self.exchange.submit(request, at);
                }
            }
            Event::Answered { order, asked: Asked::Cancel, answer: VenueAnswer::Taken } => {
                self.exchange.cancel(*order, at);
            }
            Event::Killed(_) => self.kill_while(|deed| deed.at <= at),
            Event::SymbolHalted { symbol, halted } => self.exchange.set_halted(*symbol, *halted),
            Event::Reported(report) => self.report(at, report),
            _ => {}
        }
    }

    /// The kill of a process that died before its report was written shows in the venue's words alone.
    fn report(&mut self, at: At, report: &VenueReport) {
        match &report.kind {
            ReportKind::Canceled => {
                self.exchange.cancel(report.order, at);
            }
            ReportKind::Filled(fill) if self.executions.insert(fill.execution.clone()) => {
                if self.exchange.order(report.order).is_none() {
                    self.exchange.submit(&market_request(fill), at);
                } else if !self.exchange.fills().iter().any(|known| known.execution == fill.execution) {
                    // The ticks of a full disk are lost with their tape: the fill tells what the market was.
                    self.exchange.on_tick(&market_of(fill, at));
                }
            }
            _ => {}
        }
    }

    fn kill_before(&mut self, at: At) {
        self.kill_while(|deed| deed.at < at);
    }

    fn kill_while(&mut self, is_due: impl Fn(&KillDeed) -> bool) {
        while let Some(deed) = self.deeds.front().filter(|deed| is_due(deed)) {
            match &deed.asked {
                KillAsked::Cancel(order) => self.exchange.cancel(*order, deed.at),
                KillAsked::Submit { request, .. } => self.exchange.submit(request, deed.at),
            };
            self.deeds.pop_front();
        }
    }
}

/// The market in which a fill can have happened.
fn market_of(fill: &crate::domain::fill::Fill, at: At) -> Tick {
    let (symbol, price, qty) = (fill.symbol, fill.price, fill.qty);
    Tick::Quote(Quote { symbol, bid: price, bid_qty: qty, ask: price, ask_qty: qty, at })
}

fn with_event(row: Row) -> Result<(Row, Event), String> {
    let event = serde_json::from_str(&row.body).map_err(|fault| format!("row {}: {fault}", row.row))?;
    Ok((row, event))
}

/// Everything that kills did and that arrived, each once: a report tells again what those before it told.
fn deeds(events: &[(Row, Event)]) -> VecDeque<KillDeed> {
    let mut deeds: VecDeque<KillDeed> = VecDeque::new();
    for (_, event) in events {
        let Event::Killed(report) = event else { continue };
        for deed in &report.deeds {
            let arrived = !matches!(
                deed.asked,
                KillAsked::Submit { answer: VenueAnswer::Refused(_) | VenueAnswer::Unknown(_), .. }
            );
            if arrived && !deeds.contains(deed) {
                deeds.push_back(deed.clone());
            }
        }
    }
    deeds
}

fn requests(journal: &Reader) -> Result<BTreeMap<ClientOrderId, VenueRequest>, String> {
    let mut requests = BTreeMap::new();
    for row in journal.rows("order").map_err(|fault| fault.to_string())? {
        if let Some(Ok(Record::Order { request, parent: None, .. })) = row.record() {
            requests.insert(request.id, request);
        }
    }
    Ok(requests)
}

fn market_request(fill: &crate::domain::fill::Fill) -> VenueRequest {
    VenueRequest {
        id: fill.order,
        symbol: fill.symbol,
        side: fill.side,
        qty: fill.qty,
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Mutex;

    use super::*;
    use crate::app::clock::Speed;
    use crate::app::opened::Opened;
    use crate::app::paths::Paths;
    use crate::app::sim::{SimPlan, open};
    use crate::broker::kill::KillTask;
    use crate::broker::latch::KillCause;
    use crate::broker::latch::KillLatch;
    use crate::broker::outcome::KillOutcome;
    use crate::config::meaning::Config;
    use crate::domain::intent::{Intent, Origin};
    use crate::domain::market::{Quote, Tick};
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;
    use crate::engine::event::{Act, KillReport};
    use crate::engine::snapshot::Snapshot;
    use crate::exchange::settings::Settings as ExchangeSettings;
    use crate::journal::verify::verify;
    use crate::pump::audience::Audience;
    use crate::pump::kill_report::report;

    #[derive(Default)]
    struct Ear(Vec<String>);

    impl Audience for Ear {
        fn hear(&mut self, _: u64, _: At, record: &Record) {
            if let Record::Alert(words) = record {
                self.0.push(words.clone());
            }
        }
    }

    /// A quote of SPY some seconds after ten, a cent wide.
    fn quote(seconds: i64, bid_cents: i32) -> Tick {
        let (bid, ask) = (Price::from_cents(bid_cents), Price::from_cents(bid_cents + 1));
        let size = Qty::shares(100_000);
        let at = At::from_seconds(1_381_154_400 + seconds);
        Tick::Quote(Quote { symbol: "SPY".parse().unwrap(), bid, bid_qty: size, ask, ask_qty: size, at })
    }

    /// A home whose sim holds 50 SPY, bought at 100.01 under a stop at 98.
    struct Home(PathBuf);

    impl Home {
        fn new(name: &str) -> Self {
            let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/rebuild").join(name);
            let _not_there = std::fs::remove_dir_all(&home);
            Self(home)
        }

        fn start(&self) -> Opened<Ear> {
            self.open().0
        }

        fn open(&self) -> (Opened<Ear>, KillTask) {
            let state = self.0.join("state");
            let paths = Paths {
                config_file: self.0.join("config.toml"),
                data: self.0.join("data"),
                socket: state.join("control.sock"),
                accounts: state.join("accounts"),
                state,
            };
            paths.prepare().unwrap();
            let plan = SimPlan {
                paths,
                ticks: vec![quote(0, 10_000), quote(5, 10_100)],
                speed: Speed::Max,
                data_name: "two quotes".to_owned(),
                has_quotes: true,
                strategies: Vec::new(),
                limits: Config::default().limits,
                exchange: ExchangeSettings::default(),
                acknowledge_unclean: true,
                logs: Config::default().logs,
            };
            open(plan, KillLatch::default(), Ear::default()).unwrap()
        }

        fn holding(&self) -> Opened<Ear> {
            self.holding_with_its_kill().0
        }

        fn holding_with_its_kill(&self) -> (Opened<Ear>, KillTask) {
            let (mut sim, kill) = self.open();
            tick(&mut sim, 0, 10_000);
            let intent = Intent {
                origin: Origin::Operator,
                symbol: "SPY".parse().unwrap(),
                side: Side::Buy,
                qty: Qty::shares(50),
                kind: OrderKind::Limit { limit: Price::from_cents(10_005) },
                tif: TimeInForce::Day,
                stop_loss: Some(Price::from_cents(9_800)),
                take_profit: None,
                trail: None,
            };
            let now = sim.pump.now();
            sim.pump.turn(now, Event::Operator(Act::Submit { ticket: 1, intent }));
            assert_eq!(sim.pump.engine().snapshot().positions[0].protected_qty, Qty::shares(50));
            (sim, kill)
        }

        fn is_clean(&self) {
            let verdict = verify(&self.0.join("data/sim-0001.db")).unwrap();
            assert!(verdict.is_clean(), "{verdict:?}");
        }
    }

    fn tick(sim: &mut Opened<Ear>, seconds: i64, bid_cents: i32) {
        let tick = quote(seconds, bid_cents);
        sim.pump.turn(tick.at(), Event::Tick(tick));
    }

    /// The kill's whole work at the venue, of which the machine has not heard yet.
    fn flatten((sim, mut kill): (Opened<Ear>, KillTask)) -> (crate::pump::turn::Pump<Ear>, KillOutcome) {
        sim.latch.trip(&KillCause::Shell { flatten: true }, sim.pump.now());
        let told: Mutex<Option<KillOutcome>> = Mutex::default();
        kill.run(sim.kill_ids, None, |outcome| *told.lock().unwrap() = Some(outcome), || true);
        (sim.pump, told.into_inner().unwrap().unwrap())
    }

    fn check(snapshot: &Snapshot, held: i32, protected: i32) {
        let held_now = snapshot.positions.first().map_or(Qty::ZERO, |position| position.qty);
        let protected_now = snapshot.positions.first().map_or(Qty::ZERO, |position| position.protected_qty);
        assert_eq!((held_now, protected_now), (Qty::shares(held), Qty::shares(protected)), "{snapshot:?}");
        assert!(snapshot.adjusts.is_empty(), "{snapshot:?}");
    }

    /// A full disk loses the tape's ticks while the emergency file keeps the venue's words.
    #[test]
    fn a_fill_whose_tick_the_tape_lost_is_not_undone_by_a_restart() {
        let home = Home::new("lost-tick");
        let mut sim = home.holding();
        let (tape, kept) = (home.0.join("data/sim-0001.tape"), home.0.join("tape.kept"));
        std::fs::copy(&tape, &kept).unwrap();
        tick(&mut sim, 600, 10_100);
        let now = sim.pump.now();
        sim.pump.turn(now, Event::Operator(Act::Close(None)));
        check(&sim.pump.engine().snapshot(), 0, 0);
        drop(sim);
        std::fs::copy(&kept, &tape).unwrap();
        let again = home.start();
        check(&again.pump.engine().snapshot(), 0, 0);
        assert!(again.pump.engine().snapshot().open_orders.is_empty());
        drop(again);
        home.is_clean();
    }

    #[test]
    fn a_stop_that_the_kill_put_back_is_there_after_a_restart() {
        let home = Home::new("put-back");
        let mut sim = home.holding();
        let stop = sim.pump.engine().snapshot().open_orders[0].id;
        let at = sim.pump.now();
        let request = VenueRequest {
            id: "hs-sabcdef-131007-1381154400000001".parse().unwrap(),
            symbol: "SPY".parse().unwrap(),
            side: Side::Sell,
            qty: Qty::shares(50),
            kind: OrderKind::Stop { stop: Price::from_cents(9_700) },
            tif: TimeInForce::Gtc,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        let asked = [KillAsked::Cancel(stop), KillAsked::Submit { request, answer: VenueAnswer::Taken }];
        let told = KillReport {
            tripped_at: at,
            by: "a test".to_owned(),
            flatten: false,
            cancelled: 1,
            flattened: 0,
            left_orders: Vec::new(),
            left_positions: Vec::new(),
            confirmed: true,
            deeds: asked.map(|asked| KillDeed { at, asked }).to_vec(),
        };
        sim.pump.turn(at, Event::Killed(told.clone()));
        sim.pump.turn(at, Event::Killed(told));
        drop(sim);
        let mut again = home.start();
        let snapshot = again.pump.engine().snapshot();
        check(&snapshot, 50, 50);
        assert_eq!(snapshot.positions[0].stop, Some(Price::from_cents(9_700)));
        assert_eq!(snapshot.open_orders.len(), 1, "{snapshot:?}");
        assert_eq!(snapshot.open_orders[0].origin, Origin::Kill);
        tick(&mut again, 20, 9_600);
        check(&again.pump.engine().snapshot(), 0, 0);
        home.is_clean();
    }

    #[test]
    fn what_the_kill_closed_is_closed_after_a_restart_at_the_same_price() {
        let home = Home::new("closed");
        let (mut pump, outcome) = flatten(home.holding_with_its_kill());
        assert!(outcome.confirmed, "{outcome:?}");
        // The market went on before the machine heard of the kill.
        let later = quote(5, 10_100);
        pump.turn(later.at(), Event::Tick(later));
        pump.turn(later.at(), Event::Killed(report(&outcome)));
        check(&pump.engine().snapshot(), 0, 0);
        assert!(pump.engine().snapshot().open_orders.is_empty());
        let cash = pump.engine().snapshot().account.cash;
        drop(pump);
        let again = home.start();
        check(&again.pump.engine().snapshot(), 0, 0);
        assert_eq!(again.pump.engine().snapshot().account.cash, cash);
        home.is_clean();
    }

    #[test]
    fn a_process_that_dies_with_the_kills_report_loses_no_share_unsaid() {
        for heard in [false, true] {
            let home = Home::new(if heard { "died-heard" } else { "died" });
            let (mut pump, _lost) = flatten(home.holding_with_its_kill());
            if heard {
                let later = quote(5, 10_100);
                pump.turn(later.at(), Event::Tick(later));
                let told = &pump.audience_mut().0;
                assert!(told.iter().any(|words| words.contains("the kill's own order")), "{told:?}");
            }
            drop(pump);
            let again = home.start();
            let held = if heard { 0 } else { 50 };
            check(&again.pump.engine().snapshot(), held, held);
            home.is_clean();
        }
    }
}
