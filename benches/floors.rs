//! What the machine costs, each figure beside a bare program that does one thing, in the same run.
//!
//! `cargo bench` prints the medians and their ratios. They are no tests: a machine that is busy or
//! slow changes every figure, and the ratios less than the figures.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench may stop at the first surprise, and prints"
)]

use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use hardstop::broker::latch::KillLatch;
use hardstop::domain::at::At;
use hardstop::domain::calendar::Phase;
use hardstop::domain::intent::{Intent, Origin};
use hardstop::domain::market::{Bar, Quote, Tick};
use hardstop::domain::mode::Mode;
use hardstop::domain::money::Money;
use hardstop::domain::order::{OrderKind, TimeInForce};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::engine::event::{Event, Stamped};
use hardstop::engine::record::Record;
use hardstop::engine::settings::Settings;
use hardstop::exchange::settings::Settings as ExchangeSettings;
use hardstop::exchange::venue::Exchange;
use hardstop::journal::writer::Journal;
use hardstop::pump::assembly::onto_exchange;
use hardstop::risk::gate::Gate;
use hardstop::risk::limits::Limits;
use hardstop::risk::situation::Situation;

#[path = "floors/frame.rs"]
mod frame;
#[path = "floors/neighbours.rs"]
mod neighbours;
#[path = "floors/replay.rs"]
mod replay;

/// Without a word all of them run; with one, those whose names it is in.
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    let benches: [(&str, fn()); 7] = [
        ("gate", gate),
        ("step", step),
        ("commit", commit),
        ("frame", frame::frame),
        ("bombs", neighbours::bombs),
        ("loaded", neighbours::loaded),
        ("replay", || replay::replay(&folder("replay"))),
    ];
    for (_, bench) in benches.iter().filter(|(name, _)| is_wanted(name)) {
        bench();
    }
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("hardstop-bench-{name}-{}", std::process::id()))
}

fn median_ns(rounds: usize, mut work: impl FnMut()) -> f64 {
    const BATCH: u32 = 64;
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..BATCH {
                work();
            }
            began.elapsed().as_nanos() as f64 / f64::from(BATCH)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn now() -> At {
    "2013-10-07T14:00:00Z".parse().unwrap()
}

fn quote(symbol: &str, cents: i32) -> Quote {
    let (bid, ask) = (Price::from_cents(cents), Price::from_cents(cents + 1));
    Quote {
        symbol: symbol.parse().unwrap(),
        bid,
        bid_qty: Qty::shares(9),
        ask,
        ask_qty: Qty::shares(9),
        at: now(),
    }
}

/// One order, all rules, look-up of five symbols' state included; beside twelve bare comparisons.
fn gate() {
    let (mut gate, _seal) = Gate::open(Limits::default(), "bench".to_owned());
    gate.set_phase(Phase::Regular);
    gate.set_cash(Money::dollars(100_000));
    gate.begin_day("2013-10-07".parse().unwrap(), Money::dollars(100_000));
    for (index, symbol) in ["AAA", "BBB", "CCC", "DDD", "EEE"].into_iter().enumerate() {
        let cents = 5_000 + i32::try_from(index).unwrap() * 1_000;
        gate.on_quote(&quote(symbol, cents), 0);
        if index > 1 {
            gate.set_position(symbol.parse().unwrap(), Qty::shares(50), Price::from_cents(cents));
        }
    }
    let intent = Intent {
        origin: Origin::Operator,
        symbol: "AAA".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(10),
        kind: OrderKind::Limit { limit: Price::from_cents(5_001) },
        tif: TimeInForce::Day,
        stop_loss: Some(Price::from_cents(4_900)),
        take_profit: None,
        trail: None,
    };
    let situation =
        Situation { buying_power: Some(Money::dollars(50_000)), ..Situation::clear(Phase::Regular) };
    let now = now();
    let judged = median_ns(2_000, || {
        black_box(gate.judge(black_box(&intent), &situation, now));
    });
    let caps: [i64; 12] = std::array::from_fn(|index| 1_000_000 + i64::try_from(index).unwrap());
    let bare = median_ns(2_000, || {
        let value = black_box(500_000_i64);
        black_box(caps.iter().all(|cap| value <= black_box(*cap)));
    });
    println!(
        "gate: one order, all rules       {judged:>9.0} ns   twelve bare rules {bare:>7.1} ns   {:>6.1}×",
        judged / bare
    );
}

/// One bar through the machine, without orders; beside parsing the same bar's row into numbers.
fn step() {
    let settings = Settings { equity_row_every_ms: None, ..Settings::new(Mode::Sim, "bench0") };
    let assembly = onto_exchange(
        settings,
        Limits::default(),
        Exchange::new(ExchangeSettings::default()),
        KillLatch::default(),
    )
    .unwrap();
    let mut engine = assembly.engine;
    engine.step(&Stamped { seq: 1, at: now(), event: Event::Started(Box::default()) });
    let mut at = now();
    let price = Price::from_cents(16_800);
    let stepped = median_ns(2_000, || {
        let start = at;
        at = at.plus_millis(60);
        let bar = Bar {
            symbol: "SPY".parse().unwrap(),
            start,
            end: at,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Qty::shares(100),
        };
        black_box(engine.step(&Stamped { seq: 2, at, event: Event::Tick(Tick::Bar(bar)) }));
    });
    let row = "2013-10-07T13:30:00Z,SPY,168.00,168.10,167.90,168.05,10000";
    let parsed = median_ns(2_000, || {
        let sum: f64 = black_box(row).split(',').skip(2).map(|cell| cell.parse::<f64>().unwrap()).sum();
        black_box(sum);
    });
    println!(
        "engine: one bar                  {stepped:>9.0} ns   reading its row   {parsed:>7.1} ns   {:>6.1}×",
        stepped / parsed
    );
}

/// One durable commit of one row; beside an append and fdatasync of the same bytes on the same disk.
fn commit() {
    let folder = folder("commit");
    std::fs::create_dir_all(&folder).unwrap();
    let (mut journal, _) = Journal::open(&folder.join("own").join("ledger.db"), now()).unwrap();
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join("floor")).unwrap();
    file.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    let record = Record::Alert("x".repeat(300));
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..400 {
        let began = Instant::now();
        journal.record(1, now(), &record).unwrap();
        journal.commit().unwrap();
        own.push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        file.write_all(&[b'x'; 400]).unwrap();
        file.sync_data().unwrap();
        floor.push(began.elapsed().as_secs_f64() * 1e6);
    }
    own.sort_by(f64::total_cmp);
    floor.sort_by(f64::total_cmp);
    for (name, place) in [("p50", 200), ("p99", 396)] {
        let (own, floor) = (own[place], floor[place]);
        println!(
            "journal: durable commit {name}      {own:>9.0} µs   append+fdatasync  {floor:>7.1} µs   {:>6.2}×",
            own / floor
        );
    }
    let began = Instant::now();
    let (groups, rows) = (50, 4_096);
    for _ in 0..groups {
        for _ in 0..rows {
            journal.record(1, now(), &record).unwrap();
        }
        journal.commit().unwrap();
    }
    let rate = f64::from(groups * rows) / began.elapsed().as_secs_f64();
    println!("journal: rows in groups of 4,096 {rate:>9.0} rows/s");
    std::fs::remove_dir_all(folder).unwrap();
}
