//! A thousand scripts that nobody would write: calls with values of every kind, in every place, among loops, throws,
//! getters, proxies, polluted prototypes and allocations. Each ends in words, and the host is unharmed.

use hardstop::domain::strategy::{Outcome, Wish};
use hardstop::strategy::fault::SandboxFault;
use hardstop::strategy::host::Sandbox;

use super::{NEXT, bar, killed_word, on_two_threads, run, settings};

const SCRIPTS: u64 = 1_000;

/// The same numbers on every machine: `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(most).unwrap()).unwrap()
    }

    fn one<'of>(&mut self, of: &[&'of str]) -> &'of str {
        of[self.below(of.len())]
    }
}

const VALUES: [&str; 34] = [
    "0",
    "-0",
    "1",
    "-1",
    "5",
    "100",
    "99.5",
    "1e308",
    "NaN",
    "Infinity",
    "-Infinity",
    "2 ** 53",
    "0.1 + 0.2",
    "'SPY'",
    "'IBM'",
    "'x'.repeat(70000)",
    "'\\u001b[2J'",
    "null",
    "undefined",
    "true",
    "10n",
    "Symbol('s')",
    "[]",
    "[1, [2, [3]]]",
    "{}",
    "() => { throw 1; }",
    "ctx",
    "bar",
    "this",
    "globalThis",
    "new Proxy({}, { get() { throw 2; } })",
    "{ get qty() { while (true); } }",
    "{ toString() { throw 3; }, valueOf() { return {}; } }",
    "this.line",
];
const CALLS: [&str; 20] = [
    "ctx.buy",
    "ctx.sell",
    "ctx.close",
    "ctx.cancel",
    "ctx.tighten",
    "ctx.plot",
    "ctx.every",
    "ctx.log",
    "ctx.highest",
    "ctx.lowest",
    "ctx.crossover",
    "ctx.crossunder",
    "ctx.history.close",
    "ctx.history.volume",
    "ctx.ta.sma",
    "ctx.ta.source",
    "ctx.ta.macd",
    "ctx.ta.stoch",
    "strategy",
    "JSON.stringify",
];
const OPTIONS: [&str; 12] = [
    "qty",
    "notional",
    "riskPct",
    "pct",
    "limit",
    "stop",
    "takeProfit",
    "trail",
    "tif",
    "tag",
    "symbol",
    "__proto__",
];
const BOMBS: [&str; 22] = [
    "while (true) {}",
    "for (let i = 0; i < 1e9; i++) Math.sin(i);",
    "[].indexOf.call({ length: 2 ** 53 - 1 }, 1);",
    "'x'.repeat(2 ** 29);",
    "new Array(2 ** 31).fill(1);",
    "const grow = []; while (true) grow.push(new Array(1000).fill(grow.length));",
    "(function deeper() { deeper(); })();",
    "let nest = []; for (let i = 0; i < 50000; i++) nest = [nest]; JSON.stringify(nest);",
    "/(a+)+$/.test('a'.repeat(40) + 'b');",
    "10n ** 100000n;",
    "Promise.reject(new Error('nobody'));",
    "(async () => { await new Promise(() => {}); })();",
    "Promise.resolve().then(function again() { return Promise.resolve().then(again); });",
    "throw { toString() { return ctx; } };",
    "throw new Error('z'.repeat(100000));",
    "Object.prototype.qty = 1e9; Object.prototype.symbol = 'IBM';",
    "Array.prototype[Symbol.iterator] = function* () { while (true) yield 1; };",
    "Object.defineProperty(Object.prototype, 'tag', { get() { throw 4; } });",
    "Object.freeze(ctx); ctx.buy = null; delete ctx.close;",
    "eval('ctx.buy({ qty: 1 })');",
    "new Function('return this')();",
    "import('fs');",
];

fn value(dice: &mut Dice) -> String {
    if dice.below(3) > 0 {
        return dice.one(&VALUES).to_owned();
    }
    let fields = (0..dice.below(4)).map(|_| format!("{}: {}", dice.one(&OPTIONS), dice.one(&VALUES)));
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
}

fn statement(dice: &mut Dice) -> String {
    let said = match dice.below(8) {
        0 => dice.one(&BOMBS).to_owned(),
        1 => format!("this.{} = {};", dice.one(&["a", "line", "fast"]), value(dice)),
        2 => format!("ctx.{} = {};", dice.one(&OPTIONS), value(dice)),
        _ => {
            let arguments: Vec<String> = (0..dice.below(4)).map(|_| value(dice)).collect();
            format!("{}({});", dice.one(&CALLS), arguments.join(", "))
        }
    };
    match dice.below(6) {
        0 => format!("try {{ {said} }} catch (e) {{ ctx.log(e); }}"),
        1 => format!("for (let i = 0; i < {}; i++) {{ {said} }}", dice.one(&["3", "70", "5000"])),
        _ => format!("{{ {said} }}"),
    }
}

fn script(seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut body = |most: usize| (0..dice.below(most)).map(|_| statement(&mut dice)).collect::<String>();
    let (init, on_bar, timer) = (body(2), body(5), body(2));
    format!(
        "strategy({{ api: 1, name: 'generated', version: '1', timeframe: '1Min', init(ctx) {{ const bar = 1; \
         this.line = ctx.ta.sma(2); ctx.every('1m', ctx => {{ {timer} }}); {init} }}, onBar(bar, ctx) {{ {on_bar} }} }});"
    )
}

/// How it ended, in a word; an error is what must not be.
fn ended(seed: u64, source: &str) -> Result<String, String> {
    let mut settings = settings(&format!("generated-{seed}.js"), source);
    // Most of what burns CPU time burns it without end: a fifth of the usual is enough to see that it is stopped.
    settings.event_cpu_ms = 50;
    let mut sandbox = match Sandbox::spawn(&settings) {
        Ok(sandbox) => sandbox,
        Err(SandboxFault::Script { reason }) if !reason.is_empty() => return Ok("failed".to_owned()),
        Err(SandboxFault::Killed { reason }) if !reason.is_empty() => return Ok(killed_word(&reason)),
        Err(fault) => return Err(format!("it broke the host's conversation: {fault}")),
    };
    for minute in 0..2 {
        let call = bar(minute, 10_000);
        let answer = sandbox.call(&call).answer;
        if (answer.seq, answer.symbol) != (call.seq, call.symbol) {
            return Err("it answered another call".to_owned());
        }
        let is_sound = |wish: &Wish| match wish {
            Wish::Trade { limit, stop, take_profit, .. } => {
                [limit, stop, take_profit].into_iter().flatten().all(|price| price.is_positive())
            }
            Wish::Tighten { stop } => stop.is_positive(),
            Wish::Close { .. } | Wish::Cancel => true,
        };
        if !answer.wishes.iter().all(is_sound) {
            return Err(format!("a wish that is none: {:?}", answer.wishes));
        }
        match &answer.outcome {
            Outcome::Done => {}
            Outcome::Failed { reason } | Outcome::Killed { reason } if reason.is_empty() => {
                return Err("it ended without a word".to_owned());
            }
            Outcome::Failed { .. } | Outcome::Killed { .. } if !answer.wishes.is_empty() => {
                return Err("wishes of an event that did not end well".to_owned());
            }
            Outcome::Failed { .. } => return Ok("failed".to_owned()),
            Outcome::Killed { reason } => return Ok(killed_word(reason)),
        }
    }
    Ok("done".to_owned())
}

#[test]
fn a_thousand_generated_scripts_end_in_words_and_hurt_nobody() {
    let scripts: Vec<(String, String)> = (0..SCRIPTS).map(|seed| (seed.to_string(), script(seed))).collect();
    let counts = std::sync::Mutex::new(std::collections::BTreeMap::<String, u32>::new());
    on_two_threads(&scripts, |seed, source| {
        let word = ended(seed.parse().unwrap(), source).map_err(|words| {
            format!("seed {seed}: {words}\n{}", source.chars().take(2_000).collect::<String>())
        })?;
        *counts.lock().unwrap().entry(word).or_default() += 1;
        Ok(())
    });
    let counts = counts.into_inner().unwrap();
    println!("{counts:?}");
    // They are of every kind: a generator that wrote nothing but mistakes of syntax would prove nothing.
    for word in ["done", "failed", "killed cpu", "killed memory"] {
        assert!(counts.get(word).is_some_and(|count| *count >= 5), "{word}: {counts:?}");
    }
    assert_eq!(run("next.js", NEXT).0, "done");
}
