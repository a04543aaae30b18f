//! A million one-minute bars through `hardstop backtest`, beside a bare loop of the same JavaScript engine.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use boa_engine::{Context, JsValue, Source};
use hardstop::domain::calendar::session;
use hardstop::domain::day::TradingDay;

const BARS: usize = 1_000_000;

/// One bar of the walk: milliseconds of its start, prices in cents, shares.
struct Row {
    start_ms: i64,
    cents: [i64; 4],
    volume: i64,
}

/// A seeded walk on the cent through regular sessions.
fn walk() -> Vec<Row> {
    let mut state = 7_u64;
    let mut draw = move |below: u64| {
        // `SplitMix64`, as in the sandbox.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) % below).unwrap()
    };
    let mut rows = Vec::with_capacity(BARS);
    let mut day: TradingDay = "2004-01-02".parse().unwrap();
    let mut close = 16_800;
    while rows.len() < BARS {
        day = day.next();
        let Some(session) = session(day) else { continue };
        let mut at = session.open;
        while at < session.close && rows.len() < BARS {
            let open = close;
            close = (open + draw(11) - 5).max(1_000);
            let (high, low) = (open.max(close) + draw(4), open.min(close) - draw(4));
            rows.push(Row {
                start_ms: at.millis(),
                cents: [open, high, low, close],
                volume: 1_000 + draw(50_000),
            });
            at = at.plus_seconds(60);
        }
    }
    rows
}

fn write_csv(rows: &[Row], path: &Path) {
    let mut text = String::from("timestamp,symbol,open,high,low,close,volume\n");
    for row in rows {
        write!(text, "{},SPY", row.start_ms).unwrap();
        for cents in row.cents {
            write!(text, ",{}.{:02}", cents / 100, cents % 100).unwrap();
        }
        writeln!(text, ",{}", row.volume).unwrap();
    }
    fs::write(path, text).unwrap();
}

/// The bare loop: both averages as running sums outside, one call into the engine a bar, which refills
/// one object and compares. No sandbox, no machine, no rule, no journal. Bars a second, and crossings.
fn bare_loop(rows: &[Row]) -> (f64, u32) {
    const SCRIPT: &str = "(function () { 'use strict';
        const bar = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
        let crossings = 0;
        function onBar(bar, fast, slow, fastBefore, slowBefore) {
            if (fast > slow && fastBefore <= slowBefore) crossings++;
            else if (fast < slow && fastBefore >= slowBefore) crossings++;
            return crossings;
        }
        return function (time, open, high, low, close, volume, fast, slow, fastBefore, slowBefore) {
            bar.time = time; bar.open = open; bar.high = high; bar.low = low; bar.close = close;
            bar.volume = volume;
            return onBar(bar, fast, slow, fastBefore, slowBefore);
        };
    })()";
    let mut context = Context::default();
    let function = context.eval(Source::from_bytes(SCRIPT)).unwrap().as_callable().unwrap();
    let closes: Vec<f64> = rows.iter().map(|row| row.cents[3] as f64 / 100.0).collect();
    let began = Instant::now();
    let (mut sums, mut before, mut crossings) = ([0.0; 2], [f64::NAN; 2], JsValue::undefined());
    for (index, row) in rows.iter().enumerate() {
        let mut now = [f64::NAN; 2];
        for (place, length) in [10, 30].into_iter().enumerate() {
            sums[place] += closes[index];
            if index >= length {
                sums[place] -= closes[index - length];
            }
            if index + 1 >= length {
                now[place] = sums[place] / length as f64;
            }
        }
        let [open, high, low, close] = row.cents.map(|cents| JsValue::from(cents as f64 / 100.0));
        let arguments = [
            JsValue::from(row.start_ms as f64),
            open,
            high,
            low,
            close,
            JsValue::from(row.volume as f64),
            now[0].into(),
            now[1].into(),
            before[0].into(),
            before[1].into(),
        ];
        crossings = function.call(&JsValue::undefined(), &arguments, &mut context).unwrap();
        before = now;
    }
    let rate = rows.len() as f64 / began.elapsed().as_secs_f64();
    (rate, black_box(crossings).to_u32(&mut context).unwrap())
}

/// The highest resident memory of a process and of its children, in kibibytes, as far as it was seen.
fn peak_kib(process: u32) -> u64 {
    let status = |id: &str| fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let peak = |id: &str| {
        let line = status(id).lines().find(|line| line.starts_with("VmHWM")).map(str::to_owned);
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0)
    };
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    peak(&process.to_string()) + children.split_whitespace().map(peak).sum::<u64>()
}

fn backtest(data: &Path, out: &PathBuf) -> (serde_json::Value, u64) {
    let strategy = Path::new(env!("CARGO_MANIFEST_DIR")).join("strategies/sma_cross.js");
    let mut child = Command::new(env!("CARGO_BIN_EXE_hardstop"))
        .arg("backtest")
        .args([&strategy, &PathBuf::from("--data"), &data.to_path_buf(), &PathBuf::from("--json")])
        .stdout(Stdio::from(fs::File::create(out).unwrap()))
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_kib(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    }
    (serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap(), peak)
}

/// Prints bars a second of both, their ratio, and the peak of memory.
pub fn replay(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let rows = walk();
    let data = folder.join("walk.csv");
    write_csv(&rows, &data);
    let (bare, crossings) = bare_loop(&rows);
    drop(rows);
    let (found, peak) = backtest(&data, &folder.join("findings.json"));
    let own = found["bars_per_s"].as_f64().unwrap();
    println!(
        "replay: {BARS} bars, SMA(10/30) {own:>9.0} bars/s   bare boa loop {bare:>9.0} bars/s   {:>5.2}×",
        own / bare
    );
    println!(
        "replay: {} orders of {crossings} crossings, peak memory {} MiB with the worker",
        found["orders"],
        peak / 1024
    );
    fs::remove_dir_all(folder).unwrap();
}
