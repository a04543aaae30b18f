use std::fs;

use super::Home;

const CROSS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/strategies/sma_cross.js");

#[test]
fn a_sweep_prints_the_same_bytes_with_one_job_and_with_two() {
    let home = Home::new("sweep");
    let swept = |jobs: &str, more: &[&str]| {
        let args = ["backtest", CROSS, "--sweep", "fast=5..15..5", "--sweep", "slow=10,30", "--jobs", jobs];
        let said = home.run(&[&args[..], more].concat());
        assert_eq!((said.code, said.words.as_str()), (0, ""), "nothing on stderr where it is no terminal");
        said.out
    };
    let one = swept("1", &["--json"]);
    assert_eq!(one, swept("2", &["--json"]));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&one).unwrap();
    let order: Vec<String> =
        rows.iter().map(|row| format!("{}/{}", row["params"]["fast"], row["params"]["slow"])).collect();
    assert_eq!(order, ["5/10", "5/30", "10/10", "10/30", "15/10", "15/30"]);
    for (number, row) in rows.iter().enumerate() {
        // 10/10 and 15/10: the script itself refuses a fast length that is not below the slow one.
        if number == 2 || number == 4 {
            assert!(row["error"].as_str().unwrap().contains("fast must be below slow"), "{row}");
        } else {
            assert!(row["findings"]["trades"].as_u64().unwrap() > 10, "{row}");
        }
    }
    // Each row is what a backtest of its own finds.
    let alone = home.json(&["backtest", CROSS, "--param", "fast=15", "--param", "slow=30", "--json"]);
    for (name, found) in rows[5]["findings"].as_object().unwrap() {
        assert_eq!(&alone[name.as_str()], found, "{name}");
    }
    let table = swept("2", &[]);
    let best = rows.iter().filter_map(|row| Some((row["findings"]["return_pct"].as_f64()?, &row["params"])));
    let best = best.reduce(|best, row| if row.0 > best.0 { row } else { best }).unwrap();
    let words = format!("Best by return of 6: fast={} slow={} with", best.1["fast"], best.1["slow"]);
    assert!(table.contains(&words) && table.contains("out-of-sample"), "{table}");
    assert_eq!(table.lines().filter(|line| line.contains("fast must be below slow")).count(), 2);
}

#[test]
fn a_sweep_that_is_written_wrongly_runs_nothing() {
    let home = Home::new("sweep-usage");
    for (args, words) in [
        (&["--sweep", "fast=5..x..1"][..], "--sweep \"fast=5..x..1\": the last value \"x\""),
        (&["--sweep", "fsat=1,2"], "there is no such param; there are: fast"),
        (&["--sweep", "fast=1,2", "--param", "fast=3"], "--param or --qty sets it too"),
        (&["--sweep", "fast=1..200..1", "--sweep", "slow=1..200..1"], "40000 combinations, at most 10000"),
        (&["--sweep", "fast=5,6", "--report", "page.html"], "cannot be used with"),
        (&["--jobs", "2"], "--sweep"),
    ] {
        let said = home.run(&[&["backtest", CROSS], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}: {}", said.words);
        assert!(said.words.contains(words), "{args:?}: {}", said.words);
    }
    let said = home.run(&["backtest", CROSS, "--sweep", "fast=40,50"]);
    assert!(said.code == 1 && said.words.contains("no combination could be run"), "{}", said.words);
}

/// The page of the bundled week tells what `--json` tells, and stands by itself.
#[test]
fn a_report_is_one_page_with_the_figures_of_the_json() {
    let home = Home::new("report");
    let file = home.0.join("page.html");
    let path = file.display().to_string();
    let said = home.run(&["backtest", CROSS, "--report", &path, "--json"]);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let page = fs::read_to_string(&file).unwrap();
    for word in ["<script", "http://", "https://", "<link", "<img", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!((page.matches("<html").count(), page.matches("</html>").count()), (1, 1));
    for name in ["return_pct", "max_drawdown_pct", "sharpe", "profit_factor", "expectancy_r"] {
        // As text and not as a parsed value: the parser of these tests may be off by the last bit.
        let written = said.out.split_once(&format!("\"{name}\":")).unwrap().1;
        let written = written.split([',', '}']).next().unwrap();
        assert_eq!(told(&page, name).parse::<f64>(), written.parse::<f64>(), "{name}");
    }
    for name in ["trades", "orders", "fills", "bars"] {
        assert_eq!(told(&page, name), found[name].to_string(), "{name}");
    }
    for name in ["cash", "final_equity", "fees"] {
        assert_eq!(told(&page, name), found[name].as_str().unwrap(), "{name}");
    }
    for name in ["strategy", "version", "journal_hash", "from", "to", "sandbox"] {
        assert!(page.contains(found[name].as_str().unwrap()), "{name}");
    }
    for (code, count) in found["refusals"].as_object().unwrap() {
        assert!(page.contains(&format!("<th>{code}</th><td class=\"n\">{count}</td>")), "{code}");
    }
    let symbols = found["symbols"].as_array().unwrap().len();
    assert_eq!(page.matches("<svg ").count(), symbols + 3, "equity, its falls, R, and each symbol");
    assert!(found.get("equity_points").is_none() && found.get("params").is_none(), "the JSON stays short");
    let again = home.0.join("again.html");
    home.json(&["backtest", CROSS, "--report", &again.display().to_string(), "--json"]);
    assert!(page == fs::read_to_string(&again).unwrap(), "the same run, the same bytes");
}

/// A figure of the page, in full.
fn told<'page>(page: &'page str, name: &str) -> &'page str {
    let (_, rest) = page.split_once(&format!("<data id=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap()
}

/// Fifty shares bought at 100, on the same day up to 102 and back to 101: the day's gain is in the equity bar by bar, and
/// so is its fall.
#[test]
fn what_is_gained_and_lost_within_a_day_is_in_the_equity_of_its_bars() {
    let home = Home::new("day-equity");
    let (script, data) = (home.0.join("hold.js"), home.0.join("day.csv"));
    let words = "strategy({ api: 1, name: 'Hold', version: '1.0.0', timeframe: '1Min', warmup: 1, params: {},
        init() { this.bars = 0; },
        onBar(bar, ctx) { this.bars += 1; if (this.bars === 5) ctx.buy({ qty: 50, stop: 50 }); } });";
    fs::write(&script, words).unwrap();
    let cents = [10_000; 10].into_iter().chain(10_001..=10_200).chain((10_100..10_200).rev());
    let mut text = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
    let mut before = 10_000;
    for (minute, close) in cents.enumerate() {
        let [open, high, low, close] = [before, before.max(close), before.min(close), close]
            .map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
        let at = 1_073_313_000 + 60 * minute;
        text.push_str(&format!("{at},SPY,{open},{high},{low},{close},50000\n"));
        before = close.replace('.', "").parse().unwrap();
    }
    fs::write(&data, text).unwrap();
    let (script, data) = (script.display().to_string(), data.display().to_string());
    let found = home.json(&["backtest", &script, "--data", &data, "--costs", "none", "--json"]);
    assert_eq!((found["orders"].as_u64(), found["fills"].as_u64()), (Some(2), Some(1)), "{found}");
    assert_eq!(found["final_equity"], "100050.00");
    let fell = found["max_drawdown_pct"].as_f64().unwrap();
    assert!((fell - 100.0 * 50.0 / 100_100.0).abs() < 1e-12, "{fell}");
}

/// Bars in cents of (instant, symbol, open, high, low, close), as a file.
fn bars(home: &Home, name: &str, rows: &[(String, &str, [i64; 4])]) -> String {
    let mut text = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
    for (at, symbol, cents) in rows {
        let [open, high, low, close] = cents.map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
        text.push_str(&format!("{at},{symbol},{open},{high},{low},{close},50000\n"));
    }
    let file = home.0.join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn script(home: &Home, timeframe: &str, on_bar: &str) -> String {
    let file = home.0.join(format!("s{timeframe}.js"));
    let words = format!(
        "strategy({{ api: 1, name: 'Test', version: '1', timeframe: '{timeframe}', warmup: 0, params: {{}},
        init() {{ this.bars = 0; }}, onBar(bar, ctx) {{ this.bars += 1; {on_bar} }} }});"
    );
    fs::write(&file, words).unwrap();
    file.display().to_string()
}

/// One symbol falls by what the other rises, minute by minute: together they are worth the same at every instant, whatever
/// they are called.
#[test]
fn several_symbols_have_one_equity_an_instant() {
    let home = Home::new("instants");
    let script = script(&home, "1Min", "if (this.bars === 5) ctx.buy({ qty: 50, stop: 50 });");
    for [falls, rises] in [["AAA", "BBB"], ["ZZZ", "BBB"]] {
        let minute = |minute: i64| {
            let moved = (minute - 9).clamp(0, 200);
            [(falls, 10_000 - moved), (rises, 10_000 + moved)]
                .map(|(symbol, cents)| ((1_073_313_000 + 60 * minute).to_string(), symbol, [cents; 4]))
        };
        let mut rows: Vec<_> = (0..300).flat_map(minute).collect();
        rows.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        let data = bars(&home, "pair.csv", &rows);
        let found = home.json(&["backtest", &script, "--data", &data, "--costs", "none", "--json"]);
        assert_eq!(
            (found["fills"].as_u64(), &found["final_equity"]),
            (Some(2), &"100000.00".into()),
            "{found}"
        );
        assert_eq!(found["max_drawdown_pct"].as_f64(), Some(0.0), "{falls}");
    }
}

/// A DAY order's stop ends with its session; what takes its place is there before the next one's first bar, which opens
/// below it.
#[test]
fn a_position_has_its_stop_from_the_first_bar_of_the_next_session_on() {
    let home = Home::new("over-night");
    let buy = "if (this.bars === 2) ctx.buy({ qty: 50, stop: 95 });";
    let minutes = |day: &str, from: &str, cents: &[i64]| -> Vec<(String, &'static str, [i64; 4])> {
        let (hour, minute) = from.split_once(':').unwrap();
        let start: i64 = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        let row = |(index, cents): (usize, &i64)| {
            let minute = start + i64::try_from(index).unwrap();
            (format!("{day}T{:02}:{:02}:00Z", minute / 60, minute % 60), "SPY", [*cents; 4])
        };
        cents.iter().enumerate().map(row).collect()
    };
    let mut rows = minutes("2004-01-05", "20:55", &[10_000; 5]);
    rows.extend(minutes("2004-01-06", "14:30", &[9_300, 9_000, 9_000]));
    let data = bars(&home, "night.csv", &rows);
    let minute = script(&home, "1Min", buy);
    let found = home.json(&["backtest", &minute, "--data", &data, "--costs", "none", "--json"]);
    assert_eq!((found["fills"].as_u64(), &found["final_equity"]), (Some(2), &"99650.00".into()), "{found}");
    // Daily bars, stamped at the open and at midnight: inside of the day after the entry's the stop is hit.
    for stamp in ["09:30:00-05:00", "00:00:00-05:00", "00:00:00Z"] {
        let day = |(day, cents): (usize, [i64; 4])| (format!("2004-01-{:02}T{stamp}", day + 5), "SPY", cents);
        let flat = [10_000; 4];
        let cents = [flat, flat, flat, [9_900, 10_000, 9_000, 10_000], flat];
        let data = bars(&home, "days.csv", &cents.into_iter().enumerate().map(day).collect::<Vec<_>>());
        let daily = script(&home, "1Day", buy);
        let found = home.json(&["backtest", &daily, "--data", &data, "--costs", "none", "--json"]);
        assert_eq!(
            (found["fills"].as_u64(), &found["final_equity"]),
            (Some(2), &"99750.00".into()),
            "{stamp}: {found}"
        );
    }
}
