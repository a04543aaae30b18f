//! What a backtest promises: the figures in the shipped strategies' heads, no look ahead, the same bytes each time, and
//! an account that has its money back when a position is closed.

use std::fmt::Write as _;
use std::path::Path;

use super::{Home, fs};

fn shipped() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("strategies");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "js"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The line that a strategy's head must have, from what the backtest says.
fn measured(found: &serde_json::Value) -> String {
    let two = |name: &str| format!("{:.2}", found[name].as_f64().unwrap()).replace("-0.00", "0.00");
    let expectancy =
        found["expectancy_r"].as_f64().map(|r| format!(", expectancy {r:.2} R")).unwrap_or_default();
    format!(
        "// On the bundled week: {} trades, return {} %, largest drawdown {} %{expectancy}.",
        found["trades"],
        two("return_pct"),
        two("max_drawdown_pct")
    )
}

#[test]
fn what_a_shipped_strategy_says_of_the_bundled_week_is_what_it_did() {
    let home = Home::new("heads");
    let files = shipped();
    assert_eq!(files.len(), 6);
    for (file, text) in files {
        let line = measured(&home.json(&["backtest", &file, "--json"]));
        assert!(text.contains(&line), "{file} has no line\n{line}");
        for part in ["// Idea: ", "// Weakness: "] {
            assert!(text.contains(part), "{file} has no {part:?}");
        }
    }
}

/// Minutes of one symbol that swing by a dollar within forty of them; after minute `from` they rise instead.
fn swinging(minutes: u32, from: u32) -> String {
    let mut bars = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
    let cents = |minute: u32| {
        let phase = i64::from(minute % 40);
        10_000
            + if phase < 20 { phase * 5 } else { (40 - phase) * 5 }
            + i64::from(minute.saturating_sub(from)) * 3
    };
    for minute in 0..minutes {
        let (open, close) = (cents(minute.saturating_sub(1)), cents(minute));
        let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let (hour, left) = (13 + (30 + minute) / 60, (30 + minute) % 60);
        let (high, low) = (price(open.max(close) + 1), price(open.min(close) - 1));
        writeln!(
            bars,
            "2013-10-07T{hour:02}:{left:02}:00Z,SPY,{},{high},{low},{},500000",
            price(open),
            price(close)
        )
        .unwrap();
    }
    bars
}

const IN_AND_OUT: &str = r#"strategy({ api: 1, name: "in and out", version: "1", timeframe: "1Min",
    init() { this.minute = 0; },
    onBar(bar, ctx) {
        this.minute += 1;
        if (this.minute % 4 === 1) ctx.buy({ qty: 80, stop: bar.close - 5 });
        if (this.minute % 4 === 3) ctx.close();
    } });"#;

/// Eighty shares of a hundred dollars are bought and sold forty times: more than three accounts' worth, and never more
/// than a twelfth of one at once.
#[test]
fn what_a_closed_position_had_taken_of_the_buying_power_is_there_again() {
    let home = Home::new("power");
    let (script, bars) = (home.write("in_out.js", IN_AND_OUT), home.write("bars.csv", &swinging(165, 1_000)));
    let found = home.json(&["backtest", &script, "--data", &bars, "--json"]);
    assert_eq!(found["refusals"], serde_json::json!({}), "{found}");
    assert_eq!(found["trades"], 41, "{found}");
}

#[test]
fn what_has_not_happened_yet_changes_nothing() {
    let home = Home::new("future");
    let script = format!("{}/strategies/sma_cross.js", env!("CARGO_MANIFEST_DIR"));
    let (cut, trades) = (240, home.0.join("trades.csv").display().to_string());
    let run = |from: u32| {
        let bars = home.write("bars.csv", &swinging(380, from));
        home.json(&["backtest", &script, "--data", &bars, "--trades", &trades, "--json"]);
        fs::read_to_string(&trades).unwrap()
    };
    let (one, other) = (run(10_000), run(cut));
    assert_ne!(one, other, "the future differs");
    // Every trade that was over before the data part is the same to the last digit.
    let (hour, minute) = (13 + (30 + cut) / 60, (30 + cut) % 60);
    let until = format!("2013-10-07T{hour:02}:{minute:02}:00Z");
    let exit = one.lines().next().unwrap().split(',').position(|name| name == "closed_at").unwrap();
    let past = |rows: &str| -> Vec<String> {
        let over = |row: &&str| row.split(',').nth(exit).is_some_and(|at| !at.is_empty() && *at < *until);
        rows.lines().skip(1).filter(over).map(str::to_owned).collect()
    };
    assert!(past(&one).len() >= 4, "{one}");
    assert_eq!(past(&one), past(&other));
}

#[test]
fn twenty_runs_with_one_seed_have_one_hash() {
    let home = Home::new("twenty");
    let script = home.write(
        "dice.js",
        r#"strategy({ api: 1, name: "dice", version: "1", timeframe: "1Min",
            onBar(bar, ctx) {
                ctx.plot("dice", Math.random());
                if (Math.random() < 0.1) ctx.buy({ qty: Math.ceil(Math.random() * 20), stop: bar.close - Math.random() });
                else if (Math.random() < 0.1) ctx.close();
            } });"#,
    );
    let bars = home.write("bars.csv", &swinging(300, 100));
    let run = |seed: &str| {
        let found = home.json(&["backtest", &script, "--data", &bars, "--seed", seed, "--json"]);
        assert!(found["fills"].as_u64().unwrap() > 10, "{found}");
        found["journal_hash"].as_str().unwrap().to_owned()
    };
    let first = run("7");
    assert!((1..20).all(|_| run("7") == first));
    assert_ne!(run("8"), first);
}

/// A file as it happened, with a split of two for one at its second hour, and the list of splits.
#[test]
fn a_split_that_is_listed_is_no_crash() {
    let home = Home::new("splits");
    let script = format!("{}/strategies/sma_cross.js", env!("CARGO_MANIFEST_DIR"));
    let day = |date: &str, dollars: i64| {
        let mut rows = String::new();
        for minute in 0..120_i64 {
            let cents = dollars * 100 + (minute % 40 - 20).abs() * dollars / 10;
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let (hour, left) = (14 + minute / 60, minute % 60);
            writeln!(
                rows,
                "{date}T{hour:02}:{left:02}:00Z,SPY,{price},{price},{price},{price},{}",
                10_000_000 / dollars
            )
            .unwrap();
        }
        rows
    };
    let header = "timestamp,symbol,open,high,low,close,volume\n";
    let happened =
        home.write("happened.csv", &(header.to_owned() + &day("2013-10-07", 200) + &day("2013-10-08", 100)));
    let adjusted =
        home.write("adjusted.csv", &(header.to_owned() + &day("2013-10-07", 100) + &day("2013-10-08", 100)));
    let splits = home.write("splits.csv", "date,symbol,ratio\n2013-10-08,SPY,2:1\n");
    let run = |data: &str, more: &[&str]| {
        let args = [&["backtest", &script, "--data", data, "--json"][..], more].concat();
        let mut found = home.json(&args);
        found["wall_s"] = serde_json::Value::Null;
        found["bars_per_s"] = serde_json::Value::Null;
        found
    };
    let by_the_list = run(&happened, &["--splits", &splits]);
    assert!(by_the_list["trades"].as_u64().unwrap() >= 2, "{by_the_list}");
    assert_eq!(by_the_list, run(&adjusted, &[]));
    assert_ne!(by_the_list["final_equity"], run(&happened, &[])["final_equity"]);
    let bad = home.write("bad.csv", "date,symbol,ratio\n2013-10-08,SPY,2\n");
    let said = home.run(&["backtest", &script, "--data", &happened, "--splits", &bad]);
    assert!(said.code == 2 && said.words.contains("bad.csv:2: ratio \"2\" is none"), "{}", said.words);
}
