//! The playpen: hostile scripts against the sandbox, and good ones that it must not hurt.
//!
//! Every file of tests/hostile says in its first line how it must end (`// expect: killed cpu`), several
//! ways apart by `|`, and may say in its second line what the reason must hold (`// says: …`).

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hardstop::domain::at::At;
use hardstop::domain::calendar::Phase;
use hardstop::domain::market::Bar;
use hardstop::domain::order::TimeInForce;
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::strategy::{Outcome, Size, StrategyCall, StrategyEvent, StrategyView, Wish};
use hardstop::exchange::settings::Costs;
use hardstop::feed::week::bundled_week;
use hardstop::rehearsal::backtest::{self, Question, run_apart, run_together};
use hardstop::risk::limits::Limits;
use hardstop::strategy::fault::SandboxFault;
use hardstop::strategy::frame::{Level, Probe};
use hardstop::strategy::host::{self, Sandbox, SpawnSettings};
use hardstop::strategy::manifest::ParamValue;
use hardstop::strategy::shipped;
use hardstop::strategy::source::StrategySource;

#[path = "playpen/generated.rs"]
mod generated;

const FIVE_SECONDS: Duration = Duration::from_secs(5);
const BARS: u32 = 3;

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_hardstop"))
}

fn settings(file: &str, source: &str) -> SpawnSettings {
    let mut settings = SpawnSettings::new(program(), file, source);
    settings.symbols = vec!["SPY".parse().unwrap(), "IBM".parse().unwrap()];
    settings.seed = 7;
    settings
}

fn view(position: i32) -> StrategyView {
    StrategyView {
        position_qty: Qty::shares(position),
        avg_price: Price::from_cents(10_000),
        unrealized: "12.5".parse().unwrap(),
        stop: None,
        cash: "100000".parse().unwrap(),
        equity: "100000".parse().unwrap(),
        phase: Phase::Regular,
    }
}

fn open_at() -> At {
    "2013-10-07T13:30:00Z".parse().unwrap()
}

fn bar(minute: u32, close_cents: i32) -> StrategyCall {
    let symbol = "SPY".parse().unwrap();
    let start = open_at().plus_seconds(i64::from(minute) * 60);
    let close = Price::from_cents(close_cents);
    let bar = Bar {
        symbol,
        start,
        end: start.plus_seconds(60),
        open: close,
        high: Price::from_cents(close_cents + 10),
        low: Price::from_cents(close_cents - 10),
        close,
        volume: Qty::shares(1000),
    };
    let event = StrategyEvent::Bar { bar, warm_up: false };
    StrategyCall { seq: u64::from(minute) + 1, symbol, event, view: view(0) }
}

fn scripts(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "js"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// How a script ended, in the words of its first line, and the reason in full.
fn run(file: &str, source: &str) -> (String, String) {
    run_by(&settings(file, source))
}

/// The same where CPU time is not what is asked about: a slow machine must not answer in its place.
fn run_unhurried(file: &str, source: &str) -> (String, String) {
    let mut settings = settings(file, source);
    settings.event_cpu_ms *= 4;
    run_by(&settings)
}

fn run_by(settings: &SpawnSettings) -> (String, String) {
    let file = &settings.file;
    let mut sandbox = match Sandbox::spawn(settings) {
        Ok(sandbox) => sandbox,
        Err(SandboxFault::Script { reason }) => return ("failed".to_owned(), reason),
        Err(SandboxFault::Killed { reason }) => return (killed_word(&reason), reason),
        Err(fault) => return ("broken".to_owned(), fault.to_string()),
    };
    let mut wishes = 0;
    for minute in 0..BARS {
        let record = sandbox.call(&bar(minute, 10_000 + i32::try_from(minute).unwrap()));
        if let Some(held) = record.memory_bytes {
            assert!(held <= host::MEMORY_BYTES_DEFAULT, "{file}: {held} bytes held");
        }
        wishes += record.answer.wishes.len();
        match record.answer.outcome {
            Outcome::Done => {}
            Outcome::Failed { reason } => {
                assert!(record.answer.wishes.is_empty(), "{file}: wishes of a failed event");
                return ("failed".to_owned(), reason);
            }
            Outcome::Killed { reason } => return (killed_word(&reason), reason),
        }
    }
    ("done".to_owned(), format!("{wishes} wishes"))
}

fn killed_word(reason: &str) -> String {
    let words = [
        ("CPU limit", "cpu"),
        ("memory cap", "memory"),
        ("stack overflow", "stack"),
        ("wall deadline", "wall"),
        ("forbidden system call", "call"),
        ("the script engine broke", "engine"),
    ];
    let word = words.iter().find(|(start, _)| reason.starts_with(start)).map_or("other", |(_, word)| word);
    format!("killed {word}")
}

/// Runs `judge` over all scripts on two threads; every fault is collected.
fn on_two_threads(scripts: &[(String, String)], judge: impl Fn(&str, &str) -> Result<(), String> + Sync) {
    let next = Mutex::new(scripts.iter());
    let faults = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((file, source)) = next.lock().unwrap().next() else { return };
                    if let Err(words) = judge(file, source) {
                        faults.lock().unwrap().push(format!("{file}: {words}"));
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} scripts:\n  {}", faults.len(), faults.join("\n  "));
}

#[test]
fn hostile_scripts_end_as_they_must_and_hurt_nobody() {
    let scripts = scripts("hostile");
    assert!(scripts.len() >= 30, "only {} hostile scripts", scripts.len());
    on_two_threads(&scripts, |file, source| {
        let mut lines = source.lines();
        let expected = lines.next().and_then(|line| line.strip_prefix("// expect: "));
        let expected = expected.ok_or("its first line says nothing of how it ends")?;
        let says = lines.next().and_then(|line| line.strip_prefix("// says: ")).unwrap_or_default();
        let began = Instant::now();
        let asks_about_cpu = expected.split(" | ").any(|way| way == "killed cpu");
        let (ended, reason) = if asks_about_cpu { run(file, source) } else { run_unhurried(file, source) };
        let took = began.elapsed();
        if took > FIVE_SECONDS {
            return Err(format!("took {took:?}"));
        }
        if !expected.split(" | ").any(|way| way == ended) || !reason.contains(says) {
            return Err(format!("{ended} ({reason}) and not {expected} ({says})"));
        }
        let (next, reason) = run("next.js", NEXT);
        if next == "done" { Ok(()) } else { Err(format!("the next strategy ended by {next} ({reason})")) }
    });
}

const NEXT: &str = r#"strategy({ api: 1, name: "next", version: "1", timeframe: "1Min", onBar() {} });"#;

#[test]
fn good_scripts_are_left_alone() {
    let scripts = scripts("benign");
    assert!(scripts.len() >= 10, "only {} good scripts", scripts.len());
    on_two_threads(&scripts, |file, source| {
        let (ended, reason) = run_unhurried(file, source);
        let expected = "done";
        if ended == expected { Ok(()) } else { Err(format!("{ended} ({reason})")) }
    });
}

/// CPU time counts, and not the wall's: a machine whose every core is busy kills no good script.
#[test]
fn good_scripts_are_not_hurt_where_every_core_is_busy() {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let hurt: Vec<String> = scripts("benign")
            .iter()
            .map(|(file, source)| (file, run_unhurried(file, source)))
            .filter(|(_, (ended, _))| ended != "done")
            .map(|(file, (ended, reason))| format!("{file}: {ended} ({reason})"))
            .collect();
        over.store(true, Ordering::Relaxed);
        assert!(hurt.is_empty(), "{hurt:?}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_child_can_open_neither_files_nor_sockets() {
    let level = host::level(program()).unwrap();
    assert_ne!(level.level, Level::None, "{:?}", level.missing);
    // Only a kernel without Landlock may leave a layer out, and then it must be named.
    let landlock_alone = level.missing.iter().all(|layer| layer.starts_with("landlock"));
    assert!(landlock_alone, "{:?}", level.missing);
    assert_eq!(level.level == Level::Full, level.missing.is_empty());
    let probe = |way: Probe| host::probe(program(), way).unwrap();
    assert!(probe(Probe::File).starts_with("shut: Permission denied"), "{}", probe(Probe::File));
    assert!(probe(Probe::Network).contains("forbidden system call"), "{}", probe(Probe::Network));
}

#[test]
fn the_shipped_strategies_load_and_trade() {
    for (file, source) in shipped::SHIPPED {
        let manifest = host::describe(&settings(file, source)).unwrap();
        assert_eq!(manifest.api, 1, "{file}");
        assert!(manifest.handlers.contains(&"onBar".to_owned()), "{file}");
    }
    // Twelve closes that cross up at the ninth and down at the twelfth, by averages of 2 and 4.
    let (file, source) = shipped::SHIPPED[0];
    let mut cross = settings(file, source);
    for (name, value) in [("fast", 2.0), ("slow", 4.0), ("qty", 5.0)] {
        cross.params.insert(name.to_owned(), ParamValue::Number(value));
    }
    let mut sandbox = Sandbox::spawn(&cross).unwrap();
    let closes = [108, 107, 106, 105, 104, 103, 102, 101, 108, 109, 108, 90];
    let wishes: Vec<Vec<Wish>> = closes
        .iter()
        .zip(0..)
        .map(|(close, minute)| sandbox.call(&bar(minute, close * 100)).answer.wishes)
        .collect();
    let buy = Wish::Trade {
        side: Side::Buy,
        size: Size::Qty(Qty::shares(5)),
        limit: None,
        stop: None,
        take_profit: None,
        tif: TimeInForce::Day,
        tag: Some("cross up".to_owned()),
        trail: None,
    };
    assert_eq!(wishes[8], vec![buy]);
    assert_eq!(wishes[11], vec![Wish::Close { tag: Some("cross down".to_owned()) }]);
    assert_eq!(wishes.iter().flatten().count(), 2, "{wishes:?}");
}

#[test]
fn the_opening_range_buys_the_first_close_above_it_with_its_stop_below() {
    let (file, source) = shipped::SHIPPED[1];
    let mut careful = settings(file, source);
    careful.params.insert("risk".to_owned(), ParamValue::Number(0.05));
    for (settings, shares) in [(settings(file, source), 94), (careful, 71)] {
        breaks_out(&settings, shares);
    }
}

/// On 100,000 dollars of equity, 70 cents above the stop: half a per cent at risk would be 714 shares, far
/// beyond 9.5 % of equity; a twentieth of a per cent is 71.
fn breaks_out(settings: &SpawnSettings, shares: i32) {
    let mut sandbox = Sandbox::spawn(settings).unwrap();
    // Fifteen bars between 99.80 and 100.20, one inside, then one that closes above.
    for minute in 0..16 {
        let record = sandbox.call(&bar(minute, 9_990 + i32::try_from(minute % 3).unwrap() * 10));
        assert_eq!(record.answer.outcome, Outcome::Done);
        assert_eq!(record.answer.wishes, Vec::new(), "minute {minute}");
    }
    let wishes = sandbox.call(&bar(16, 10_050)).answer.wishes;
    let bought = wishes.iter().find_map(|wish| match wish {
        Wish::Trade { side: Side::Buy, size: Size::Qty(qty), stop: Some(stop), .. } => Some((*qty, *stop)),
        _ => None,
    });
    assert_eq!(wishes.len(), 1, "{wishes:?}");
    let (qty, stop) = bought.unwrap();
    assert_eq!((qty, stop.to_string()), (Qty::shares(shares), "99.8".to_owned()));
    assert_eq!(sandbox.call(&bar(17, 10_060)).answer.wishes, Vec::new(), "one entry a day");
    let mut late = bar(381, 10_100);
    late.view = view(10);
    let wishes = sandbox.call(&late).answer.wishes;
    assert_eq!(wishes, vec![Wish::Close { tag: Some("before the close".to_owned()) }]);
}

/// The lines of the fences of this kind on the strategies' page.
fn fenced(page: &str, kind: &str) -> Vec<String> {
    let opening = format!("```js {kind}\n");
    let blocks = page.split(&opening).skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// A strategy with every indicator of the page, and this line for every bar.
fn with_line(init: &[String], line: &str) -> String {
    let params = r#"{ length: { type: "int", default: 2 } }"#;
    let head = format!(r#"api: 1, name: "page", version: "1", timeframe: "1Min", params: {params}"#);
    format!("strategy({{ {head}, init(ctx) {{ {} }}, onBar(bar, ctx) {{ {line} }} }});", init.join("\n"))
}

#[test]
fn every_line_of_the_strategies_page_runs_and_wishes_what_it_says() {
    let page = include_str!("../strategies/README.md");
    let (init, lines) = (fenced(page, "init"), fenced(page, "bar"));
    assert!(init.len() >= 17 && lines.len() >= 17, "{} and {}", init.len(), lines.len());
    for line in &lines {
        let mut sandbox = Sandbox::spawn(&settings("page.js", &with_line(&init, line))).unwrap();
        let (mut wished, mut drawn, mut logged) = (0, 0, 0);
        for minute in 0..12 {
            let answer = sandbox.call(&bar(minute, 10_000 + i32::try_from(minute % 4).unwrap() * 30)).answer;
            if minute < 6 && line.contains("this.atr") {
                // An average that is not warm is no price, and is refused as none.
                continue;
            }
            assert_eq!(answer.outcome, Outcome::Done, "{line}");
            (wished, drawn) = (wished + answer.wishes.len(), drawn + answer.plots.len());
            logged += answer.logs.len();
        }
        let wishes = ["ctx.buy", "ctx.sell", "ctx.close(", "ctx.cancel", "ctx.tighten"];
        let is_wish = wishes.iter().any(|call| line.starts_with(call));
        assert_eq!(wished > 0, is_wish, "{line}");
        assert_eq!(
            (drawn > 0, logged > 0),
            (line.starts_with("ctx.plot"), true),
            "{line}: the timer logs too"
        );
    }
    let whole = fenced(page, "whole").join("\n");
    assert_eq!(run("whole.js", &whole).0, "done");
}

#[test]
fn the_page_and_the_declarations_name_everything_that_a_strategy_is_handed() {
    let source = with_line(
        &[],
        "ctx.log(Object.keys(ctx).map(n => 'ctx.' + n).join(' ')); ctx.log(Object.keys(bar).map(n => 'bar.' + n).join(' '));
         for (const part of ['position', 'session', 'history', 'ta'])
           ctx.log(Object.getOwnPropertyNames(ctx[part]).map(n => 'ctx.' + part + '.' + n).join(' '));",
    );
    let mut sandbox = Sandbox::spawn(&settings("names.js", &source)).unwrap();
    let logs = sandbox.call(&bar(0, 10_000)).answer.logs.join(" ");
    let names: Vec<&str> = logs.split_whitespace().collect();
    assert!(names.len() > 50, "{logs}");
    let (page, declared) =
        (include_str!("../strategies/README.md"), include_str!("../strategies/hardstop.d.ts"));
    for name in names {
        assert!(page.contains(name), "the page does not name {name}");
        let last = name.rsplit('.').next().unwrap();
        let is_declared = [":", "(", "?:", "?("].iter().any(|end| declared.contains(&format!("{last}{end}")));
        assert!(is_declared, "the declarations do not name {name}");
    }
}

#[test]
fn the_template_loads_and_trades() {
    let mut template = settings("template.js", shipped::TEMPLATE);
    template.params.insert("length".to_owned(), ParamValue::Number(3.0));
    let mut sandbox = Sandbox::spawn(&template).unwrap();
    let closes = [100, 99, 98, 97, 96, 99, 101, 102, 97, 95];
    let wishes: Vec<Wish> = closes
        .iter()
        .zip(0..)
        .flat_map(|(close, minute)| {
            let answer = sandbox.call(&bar(minute, close * 100)).answer;
            assert_eq!(answer.outcome, Outcome::Done);
            answer.wishes
        })
        .collect();
    assert!(
        matches!(wishes[..], [Wish::Trade { side: Side::Buy, size: Size::RiskPct(_), .. }]),
        "{wishes:?}"
    );
}

/// The record of a call is what a replay compares: a fresh child must give the same bytes again.
#[test]
fn the_same_frames_give_the_same_bytes() {
    let source = r#"strategy({ api: 1, name: "dice", version: "1", timeframe: "1Min",
        init(ctx) { this.ema = ctx.ta.ema(2); },
        onBar(bar, ctx) {
            ctx.log(Math.random(), Date.now(), Math.sin(bar.close), this.ema, new Date().toISOString());
            if (Math.random() < 0.5) ctx.buy({ qty: Math.ceil(Math.random() * 10), tag: "dice" });
        } });"#;
    let outputs = |seed: u64| {
        let mut settings = settings("dice.js", source);
        settings.seed = seed;
        let mut sandbox = Sandbox::spawn(&settings).unwrap();
        (0..20).map(|minute| sandbox.call(&bar(minute, 10_000)).output).collect::<Vec<Vec<u8>>>()
    };
    let once = outputs(1);
    assert!(once.iter().all(|output| !output.is_empty()));
    assert_eq!(once, outputs(1));
    assert_ne!(once, outputs(2));
    let first = String::from_utf8(once[0].clone()).unwrap();
    // The script's clock is the end of its bar.
    assert!(first.contains("1381152660000") && first.contains("2013-10-07T13:31:00.000Z"), "{first}");
}

#[test]
fn every_event_and_every_option_reaches_the_script_and_comes_back_exact() {
    let source = r#"strategy({ api: 1, name: "all", version: "2.1", timeframe: "5Min", warmup: 3,
        symbols: ["SPY", "IBM"],
        params: { n: { type: "int", default: 2 } },
        init(ctx) { this.sma = ctx.ta.sma(ctx.params.n); this.bars = 0; },
        onBar(bar, ctx) {
            this.bars++;
            ctx.log(bar.symbol, this.bars, this.sma.value, ctx.history.close(1), ctx.highest(2), ctx.symbols.length);
            ctx.buy({ notional: 1000.5, limit: 100.1 + 0.2, stop: 99, takeProfit: 103, tif: "gtc", tag: "a" });
            ctx.sell({ pct: 12.5, symbol: "SPY" });
            ctx.cancel();
            ctx.close();
        },
        onOrder(order, ctx) { ctx.log(order.id, order.status, order.reason, ctx.position.qty, ctx.session.minutesSinceOpen); },
        onFill(fill, ctx) { ctx.log(fill.side, fill.qty, fill.price, fill.fee); },
        onSession(ev, ctx) { ctx.log(ev.open, ctx.session.phase, ctx.session.minutesSinceOpen); },
        onStop(ctx) { ctx.log("bye", this.bars); },
    });"#;
    let mut sandbox = Sandbox::spawn(&settings("all.js", source)).unwrap();
    assert_eq!(sandbox.manifest().warmup, 3);
    let mut warming = bar(0, 10_000);
    if let StrategyEvent::Bar { warm_up, .. } = &mut warming.event {
        *warm_up = true;
    }
    let record = sandbox.call(&warming);
    assert_eq!((record.answer.outcome, record.answer.wishes), (Outcome::Done, Vec::new()));
    assert_eq!(record.answer.logs, ["SPY 1 NaN NaN NaN 2", "warm-up: 4 wish(es) not taken"]);
    let answer = sandbox.call(&bar(1, 10_100)).answer;
    assert_eq!(answer.logs, ["SPY 2 100.5 100 101.1 2"]);
    let [
        Wish::Trade { size, limit, tif, .. },
        Wish::Trade { size: share, .. },
        Wish::Cancel,
        Wish::Close { .. },
    ] = answer.wishes.as_slice()
    else {
        panic!("{answer:?}");
    };
    assert_eq!(*size, Size::Notional("1000.5".parse().unwrap()));
    assert_eq!((*limit, *tif), (Some("100.3".parse().unwrap()), TimeInForce::Gtc));
    assert_eq!(*share, Size::Pct("12.5".parse().unwrap()));
    let id = "hs-s4k2p9x-131007-1".parse().unwrap();
    let fill = hardstop::domain::fill::Fill {
        execution: "x".to_owned(),
        order: id,
        symbol: "SPY".parse().unwrap(),
        side: Side::Sell,
        qty: Qty::shares(3),
        price: Price::from_cents(10_050),
        fee: "0.25".parse().unwrap(),
        at: open_at(),
    };
    let status = hardstop::domain::order::OrderStatus::Refused;
    let at = open_at().plus_seconds(30);
    for (event, line) in [
        (StrategyEvent::Order { id, status, reason: None, at }, "hs-s4k2p9x-131007-1 refused null 4 0.5"),
        (StrategyEvent::Fill(fill), "sell 3 100.5 0.25"),
        (StrategyEvent::Session { open: true, at: open_at().plus_seconds(90) }, "true regular 1.5"),
        (StrategyEvent::Stop, "bye 2"),
    ] {
        let call = StrategyCall { seq: 9, symbol: "SPY".parse().unwrap(), event, view: view(4) };
        assert_eq!(sandbox.call(&call).answer.logs, [line]);
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let head = r#"strategy({ api: 1, name: "x", version: "1", timeframe: "1Min","#;
    for (body, words) in [
        ("onBar(bar, ctx) {\n  ctx.bye();\n} });", "TypeError: not a callable function (x.js:2:"),
        ("onBar() {\n\n  throw new RangeError('too far');\n} });", "RangeError: too far (x.js:3:"),
        ("onBar(bar, ctx) { ctx.buy({ qty: 1, stopp: 2 }); } });", "buy has no option \"stopp\""),
        (
            "onBar(bar, ctx) { ctx.buy({ qty: NaN }); } });",
            "buy: qty is NaN; it must be a finite number (x.js:1:",
        ),
        ("onBar(bar, ctx) { ctx.buy({ riskPct: 1 }); } });", "riskPct needs a stop"),
        ("onBar(bar, ctx) { ctx.plot('x', 'y'); } });", "plot: x is a number, and not a text"),
        ("onBar(bar, ctx) { ctx.plot('x', 1e12); } });", "plot: x is 1000000000000"),
        ("onBar(bar, ctx) { ctx.every('5m', () => 1); } });", "every is asked for in init alone"),
        ("init(ctx) { ctx.every('5s', () => 1); } });", "\"5s\" is no span"),
        ("init(ctx) { ctx.every('5m', 1); } });", "every takes a span and a function"),
        ("onBar(bar, ctx) { ctx.tighten(); } });", "tighten takes the stop's new price"),
        ("onBar(bar, ctx) { ctx.tighten({ stop: -1 }); } });", "tighten: stop is -1"),
        ("onBar(bar, ctx) { ctx.crossover(bar.close, 1); } });", "ctx.ta.source(\"close\")"),
        ("onbar() {} });", "strategy has no handler onbar"),
        ("onBar() { let x = ; } });", "SyntaxError"),
        ("colour: 1 });", "unknown field `colour`"),
    ] {
        let (ended, reason) = run("x.js", &format!("{head}{body}"));
        assert_eq!(ended, "failed", "{body}: {reason}");
        assert!(reason.contains(words), "{body}: {reason}");
    }
}

/// With CPU time to spare only the host's own patience is left.
#[test]
fn a_child_that_never_answers_is_ended_by_the_wall_deadline() {
    let source = NEXT.replace("onBar() {}", "onBar() { [].indexOf.call({ length: 2 ** 53 - 1 }, 1); }");
    let mut settings = settings("hang.js", &source);
    settings.event_cpu_ms = 60_000;
    let mut sandbox = Sandbox::spawn(&settings).unwrap();
    let began = Instant::now();
    let answer = sandbox.call(&bar(0, 100)).answer;
    assert!(matches!(&answer.outcome, Outcome::Killed { reason } if reason.starts_with("wall deadline")));
    assert!(began.elapsed() < FIVE_SECONDS, "{:?}", began.elapsed());
}

/// A cap of a few megabytes must hold as exactly as the usual one.
#[test]
fn the_memory_cap_is_the_one_that_was_set() {
    let held = |memory_mib: u64| {
        let source = NEXT.replace("onBar() {}", "onBar() { this.a = new Float64Array(1500000); }");
        let mut settings = settings("held.js", &source);
        settings.memory_bytes = memory_mib * 1024 * 1024;
        Sandbox::spawn(&settings).unwrap().call(&bar(0, 100)).answer.outcome
    };
    assert_eq!(held(16), Outcome::Done);
    assert_ne!(held(8), Outcome::Done);
}

#[test]
fn a_source_that_is_too_large_or_leads_elsewhere_is_refused() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("strategies");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let check = |name: &str, bytes: &[u8], words: &str| {
        fs::write(folder.join(name), bytes).unwrap();
        let fault = StrategySource::read(&folder.join(name)).unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
    };
    check("large.js", &vec![b' '; 256 * 1024 + 1], "262145 bytes");
    check("latin.js", b"// caf\xe9", "byte 6 is no UTF-8");
    fs::write(folder.join("good.js"), NEXT).unwrap();
    let good = StrategySource::read(&folder.join("good.js")).unwrap();
    assert_eq!((good.file.as_str(), good.text.as_str()), ("good.js", NEXT));
    let absent = StrategySource::read(&folder.join("absent.js")).unwrap_err().to_string();
    assert!(absent.contains("absent.js"), "{absent}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("good.js", folder.join("inside.js")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.join("outside.js")).unwrap();
        assert_eq!(StrategySource::read(&folder.join("inside.js")).unwrap().hash, good.hash);
        let fault = StrategySource::read(&folder.join("outside.js")).unwrap_err().to_string();
        assert!(fault.contains("outside its own folder"), "{fault}");
    }
}

#[test]
fn a_dead_sandbox_says_so_and_a_missing_program_is_named() {
    let source = format!("{NEXT}\nglobalThis.x = 1;")
        .replace("onBar() {}", "onBar() { [].indexOf.call({ length: 2 ** 53 - 1 }, 1); }");
    let mut sandbox = Sandbox::spawn(&settings("hang.js", &source)).unwrap();
    let first = sandbox.call(&bar(0, 100));
    assert!(
        matches!(&first.answer.outcome, Outcome::Killed { reason } if reason.starts_with("CPU limit")),
        "{first:?}"
    );
    assert!(!sandbox.is_alive());
    let second = sandbox.call(&bar(1, 100));
    assert!(
        matches!(&second.answer.outcome, Outcome::Killed { reason } if reason.contains("stopped earlier"))
    );
    assert_eq!((second.answer.seq, second.output.len(), second.cpu_us), (2, 0, None));
    let mut absent = settings("x.js", NEXT);
    absent.executable = PathBuf::from("/nonexistent/hardstop");
    let fault = Sandbox::spawn(&absent).unwrap_err().to_string();
    assert!(fault.contains("/nonexistent/hardstop"), "{fault}");
}

fn question(source: &str) -> Question {
    Question {
        executable: program(),
        source: StrategySource::of_text("s.js", source),
        params: [].into(),
        tape: bundled_week().unwrap().into(),
        quotes: true,
        from: None,
        to: None,
        cash: "100000".parse().unwrap(),
        costs: Costs::default(),
        costs_none: false,
        limits: Limits::default(),
        seed: 7,
    }
}

/// The same run with the script in one process with the machine, and in a process of its own: every
/// figure, every trade, and, by the hash, every decision, order, fill, frame and place.
#[test]
fn a_backtest_is_the_same_with_the_script_together_and_apart() {
    let chatty = "strategy({ api: 1, name: 'chatty', version: '1.0.0', timeframe: '5Min', warmup: 3,
        init(ctx) { this.seen = 0; this.atr = ctx.ta.atr(3); },
        onBar(bar, ctx) {
            if (++this.seen % 7 === 0) ctx.log(bar.time, ctx.equity, ctx.position.unrealized, +this.atr);
            if (this.seen % 11 === 3) ctx.buy({ qty: 1 + Math.floor(Math.random() * 9), tag: 'in' });
            if (this.seen % 11 === 8) ctx.close({ tag: ctx.session.day });
        },
        onFill(fill, ctx) { ctx.log(fill.side, fill.price, ctx.position.qty); } });";
    let free = |question: Question| Question {
        quotes: false,
        costs: Costs::none(),
        costs_none: true,
        limits: Limits::wide(),
        ..question
    };
    let cross = shipped::named("sma_cross.js").unwrap().text;
    for question in [question(&cross), free(question(&cross)), question(chatty), free(question(chatty))] {
        let together = run_together(&question).unwrap();
        let apart = run_apart(&question).unwrap();
        assert!(together.fills > 50, "{} fills prove nothing", together.fills);
        assert_eq!(together, apart);
        assert!(together.equity_points.len() > 300 && together.months.len() == 1, "the curve travels too");
        assert_eq!(serde_json::to_string(&together).unwrap(), serde_json::to_string(&apart).unwrap());
    }
}

/// A script that goes wrong on its k-th bar is of no use together, and is told of as it always was.
#[test]
fn a_backtest_that_goes_wrong_on_its_way_is_told_by_the_run_apart() {
    let breaking = |how: &str| {
        format!(
            "strategy({{ api: 1, name: 'x', version: '1.0.0', timeframe: '1Min', warmup: 0,
                init(ctx) {{ this.seen = 0; }},
                onBar(bar, ctx) {{ if (++this.seen === 100) {{ {how} }} }} }});"
        )
    };
    let bombs = [
        ("for (;;) { [].fill.call({ length: 1e6 }, 0); }", "CPU limit"),
        ("const held = []; for (;;) held.push(new Array(1e6).fill(held.length));", ""),
        ("throw new Error('on ' + bar.time);", "on 13811"),
    ];
    for (how, words) in bombs {
        let mut question = question(&breaking(how));
        question.to = Some("2013-10-07T19:00:00Z".parse().unwrap());
        question.tape = bundled_week().unwrap().into();
        run_together(&question).unwrap_err();
        let (found, apart) = (backtest::run(&question).unwrap(), run_apart(&question).unwrap());
        assert_eq!(found, apart, "{how}");
        let stopped = found.stopped.unwrap();
        assert!(stopped.contains(words), "{how}: {stopped}");
    }
}
