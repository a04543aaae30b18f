//! Scripts as neighbours: what a hostile one beside it costs the engine's step, and what a busy machine costs a good
//! script.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use hardstop::broker::latch::KillLatch;
use hardstop::domain::calendar::Phase;
use hardstop::domain::market::{Bar, Tick};
use hardstop::domain::mode::Mode;
use hardstop::domain::money::Money;
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::strategy::{Outcome, StrategyCall, StrategyEvent, StrategyView};
use hardstop::engine::event::{Event, Stamped};
use hardstop::engine::machine::Engine;
use hardstop::engine::settings::Settings;
use hardstop::exchange::settings::Settings as ExchangeSettings;
use hardstop::exchange::venue::Exchange;
use hardstop::pump::assembly::onto_exchange;
use hardstop::risk::limits::Limits;
use hardstop::strategy::host::{EVENT_CPU_MS_DEFAULT, Sandbox, SpawnSettings};

use crate::now;

/// Bars through the machine while one script runs.
const STEPS: usize = 40_000;

fn scripts(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|ending| ending == "js"));
    all.sort();
    all
}

fn settings(path: &Path) -> SpawnSettings {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let source = fs::read_to_string(path).unwrap();
    SpawnSettings {
        symbols: vec!["SPY".parse().unwrap()],
        ..SpawnSettings::new(env!("CARGO_BIN_EXE_hardstop").into(), &file, &source)
    }
}

fn bar(minute: i64) -> Bar {
    let (start, price) = (now().plus_seconds(minute * 60), Price::from_cents(16_800));
    Bar {
        symbol: "SPY".parse().unwrap(),
        start,
        end: start.plus_seconds(60),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Qty::shares(100),
    }
}

fn call(minute: i64) -> StrategyCall {
    let view = StrategyView {
        position_qty: Qty::ZERO,
        avg_price: Price::ZERO,
        unrealized: Money::ZERO,
        stop: None,
        cash: Money::dollars(100_000),
        equity: Money::dollars(100_000),
        phase: Phase::Regular,
    };
    let event = StrategyEvent::Bar { bar: bar(minute), warm_up: false };
    StrategyCall { seq: u64::try_from(minute).unwrap() + 1, symbol: "SPY".parse().unwrap(), event, view }
}

fn engine() -> Engine {
    let settings = Settings { equity_row_every_ms: None, ..Settings::new(Mode::Sim, "bench0") };
    let exchange = Exchange::new(ExchangeSettings::default());
    let mut engine =
        onto_exchange(settings, Limits::default(), exchange, KillLatch::default()).unwrap().engine;
    engine.step(&Stamped { seq: 1, at: now(), event: Event::Started(Box::default()) });
    engine
}

/// Bars through a fresh machine: nanoseconds a step, at the middle and at the 99th per cent.
fn steps() -> (f64, f64) {
    let (mut engine, mut times) = (engine(), Vec::with_capacity(STEPS));
    for step in 0..STEPS {
        let at = now().plus_millis(i64::try_from(step).unwrap() * 100);
        let tick = Tick::Bar(Bar { start: at, end: at.plus_millis(100), ..bar(0) });
        let began = Instant::now();
        black_box(engine.step(&Stamped { seq: 2, at, event: Event::Tick(tick) }));
        times.push(began.elapsed().as_nanos() as f64);
    }
    times.sort_by(f64::total_cmp);
    (times[STEPS / 2], times[STEPS * 99 / 100])
}

/// One hostile script after the other, each started again as long as the steps last; the worst of them is named.
pub fn bombs() {
    let alone = steps();
    let mut worst = (0.0, 0.0, String::new());
    let bombs: Vec<PathBuf> = scripts("hostile")
        .into_iter()
        .filter(|path| {
            fs::read_to_string(path).unwrap().lines().next().is_some_and(|line| line.contains("killed cpu"))
        })
        .collect();
    for path in &bombs {
        let (settings, over, ended) = (settings(path), AtomicBool::new(false), AtomicU64::new(0));
        let beside = thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if let Ok(mut sandbox) = Sandbox::spawn(&settings) {
                        black_box(sandbox.call(&call(0)));
                    }
                    ended.fetch_add(1, Ordering::Relaxed);
                }
            });
            let mut middle = steps();
            while ended.load(Ordering::Relaxed) == 0 {
                let again = steps();
                middle = (middle.0.max(again.0), middle.1.max(again.1));
            }
            over.store(true, Ordering::Relaxed);
            middle
        });
        if beside.1 > worst.1 {
            worst = (beside.0, beside.1, settings.file.clone());
        }
    }
    println!(
        "engine: one bar beside a CPU bomb {:>8.0} ns   by itself         {:>7.0} ns   {:>6.2}× (p99 {:.0} and {:.0} ns; {} bombs, the worst is {})",
        worst.0,
        alone.0,
        worst.0 / alone.0,
        worst.1,
        alone.1,
        bombs.len(),
        worst.2
    );
}

/// The good scripts, at the limits that they have in a run, with every core busy: the most that an event used of its
/// CPU time, and how many were killed.
pub fn loaded() {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut spins = 0_u64;
                while !over.load(Ordering::Relaxed) {
                    spins = black_box(spins.wrapping_add(1));
                }
            });
        }
        let (mut most, mut killed, all) = ((0, String::new()), Vec::new(), scripts("benign"));
        for path in &all {
            let settings = settings(path);
            let mut sandbox = match Sandbox::spawn(&settings) {
                Ok(sandbox) => sandbox,
                Err(fault) => {
                    killed.push(format!("{}: {fault}", settings.file));
                    continue;
                }
            };
            for minute in 0..30 {
                let record = sandbox.call(&call(minute));
                let used = record.cpu_us.unwrap_or(0);
                if used > most.0 {
                    most = (used, settings.file.clone());
                }
                if let Outcome::Killed { reason } | Outcome::Failed { reason } = record.answer.outcome {
                    killed.push(format!("{}: {reason}", settings.file));
                    break;
                }
            }
        }
        over.store(true, Ordering::Relaxed);
        println!(
            "sandbox: {} good scripts, cores busy: {} ended; most CPU of an event {:.1} ms ({}), {:.2} of the limit",
            all.len(),
            killed.len(),
            most.0 as f64 / 1_000.0,
            most.1,
            most.0 as f64 / 1_000.0 / f64::from(EVENT_CPU_MS_DEFAULT)
        );
        for words in &killed {
            println!("  {words}");
        }
    });
}
