//! Runs of before, and strategies in a run: derived again, asked for, taken in anew.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hardstop::journal::reader::Reader;

use super::{Home, Running};

/// A script that opens on every fifth bar and closes three bars later; `word` stands in its log.
fn script(word: &str, asks: &str) -> String {
    format!(
        "strategy({{ api: 1, name: \"fifth\", version: \"1\", timeframe: \"1Min\", asks: {asks},\n\
         init() {{ this.n = 0; }},\n\
         onBar(bar, ctx) {{ this.n += 1;\n\
           if (this.n % 5 === 1) {{ ctx.log(\"{word} \" + this.n); ctx.buy({{ qty: 2, stop: bar.close * 0.98, tag: \"fifth\" }}); }}\n\
           if (this.n % 5 === 4) ctx.close({{}}); }} }});\n"
    )
}

/// So many minutes of two days, one after the other.
fn bars(minutes: u32) -> String {
    let mut text = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
    for day in ["2013-10-07", "2013-10-08"] {
        for minute in 0..minutes {
            let (hour, of_hour) = (13 + (30 + minute) / 60, (30 + minute) % 60);
            let price = 168.0 + f64::from(minute % 7) / 100.0;
            text.push_str(&format!(
                "{day}T{hour:02}:{of_hour:02}:00Z,SPY,{price:.2},{:.2},{:.2},{price:.2},90000\n",
                price + 0.05,
                price - 0.05
            ));
        }
    }
    text
}

fn ledger(home: &Home) -> PathBuf {
    home.0.join("data/sim-0001.db")
}

/// Waits until the ledger has so many rows of a kind with these words.
fn await_rows(home: &Home, kind: &str, words: &str, count: usize) {
    let began = Instant::now();
    loop {
        let rows = Reader::open(&ledger(home)).and_then(|reader| reader.rows(kind)).unwrap_or_default();
        if rows.iter().filter(|row| row.body.contains(words)).count() >= count {
            return;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "no {kind} says {words:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Changes the first row of a kind that has these words, behind the journal's back.
fn change(home: &Home, kind: &str, from: &str, to: &str) {
    let ledger = rusqlite::Connection::open(ledger(home)).unwrap();
    ledger.execute_batch("DROP TRIGGER IF EXISTS record_keeps").unwrap();
    let update = "UPDATE record SET body = replace(body, ?1, ?2)
        WHERE row = (SELECT MIN(row) FROM record WHERE kind = ?3 AND instr(body, ?1) > 0)";
    assert_eq!(ledger.execute(update, [from, to, kind]).unwrap(), 1);
}

#[test]
fn a_run_is_derived_again_and_one_flipped_byte_of_its_tape_or_its_rows_is_named() {
    let home = Home::new("rederive");
    let file = home.write("fifth.js", &script("buys", "{}"));
    let data = home.write("two-days.csv", &bars(40));
    assert_eq!(home.run(&["strategy", "approve", &file, "--yes"]).code, 0);
    let ran = home.run(&["run", "--headless", "--data", &data, "--strategy", &file]);
    assert_eq!(ran.code, 0, "{}", ran.words);
    let verified = home.run(&["replay", "1", "--verify"]);
    assert!(verified.code == 0 && verified.out.contains("byte for byte the same"), "{}", verified.words);
    let of_the_day = home.json(&["replay", "2013-10-08", "--verify", "--json"]);
    let found = &of_the_day["runs"][0]["rederived"];
    assert!(found["rows"].as_u64().unwrap() > 50 && found["frames"].as_u64().unwrap() > 60, "{found}");
    for (what, code) in [("2012-01-01", 1), ("2", 1), ("yesterday", 2)] {
        assert_eq!(home.run(&["replay", what, "--verify"]).code, code, "{what}");
    }

    // The first day is a compressed part, the second the open one.
    let names = |home: &Home| {
        let mut names: Vec<String> = fs::read_dir(home.0.join("data"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains(".tape"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&home), ["sim-0001.tape", "sim-0001.tape.0001.gz"]);
    for name in names(&home) {
        let path = home.0.join("data").join(&name);
        let bytes = fs::read(&path).unwrap();
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        fs::write(&path, flipped).unwrap();
        let said = home.run(&["replay", "1", "--verify"]);
        assert!(said.code == 7 && said.words.contains(&format!("{name}: frame ")), "{}", said.words);
        fs::write(&path, bytes).unwrap();
    }
    change(&home, "frame", "buys 1", "buys 2");
    let said = home.run(&["replay", "1", "--verify"]);
    assert!(said.code == 7 && said.words.contains("(frame): from byte"), "{}", said.words);
    change(&home, "frame", "buys 2", "buys 1");
    change(&home, "event", "buys 1", "buys 2");
    let said = home.run(&["replay", "1", "--verify"]);
    assert!(said.code == 7 && said.words.contains("otherwise than it did"), "{}", said.words);
    change(&home, "event", "buys 2", "buys 1");
    change(&home, "decision", "\"qty\":\"2\"", "\"qty\":\"3\"");
    let said = home.run(&["replay", "1", "--verify"]);
    assert!(said.code == 7 && said.words.contains("(decision): from byte"), "{}", said.words);
}

#[test]
fn an_order_of_a_strategy_is_explained_to_its_callback_and_its_bar() {
    let home = Home::new("explain-cause");
    let file = home.write("fifth.js", &script("buys", "{}"));
    let data = home.write("two-days.csv", &bars(12));
    assert_eq!(home.run(&["strategy", "approve", &file, "--yes"]).code, 0);
    assert_eq!(home.run(&["run", "--headless", "--data", &data, "--strategy", &file]).code, 0);
    let reader = Reader::open(&ledger(&home)).unwrap();
    let order =
        reader.rows("order").unwrap().into_iter().find(|row| row.body.contains("\"opening\"")).unwrap();
    let id = serde_json::from_str::<serde_json::Value>(&order.body).unwrap()["request"]["id"].clone();
    let id = id.as_str().unwrap();
    let cause = home.json(&["explain", id, "--json"])["cause"].clone();
    assert_eq!((cause["callback"].as_str(), cause["strategy"].as_u64()), (Some("onBar"), Some(1)));
    assert_eq!(cause["logs"][0], "buys 1");
    assert_eq!(cause["about"]["bar"]["start"], "2013-10-07T13:30:00Z");
    let frame = &reader.run(1).unwrap()[usize::try_from(cause["frame_row"].as_u64().unwrap()).unwrap() - 1];
    assert_eq!((frame.kind.as_ref(), frame.seq), ("frame", cause["frame_event"].as_u64().unwrap()));
    let told = home.run(&["explain", id]).out;
    assert!(
        told.contains("caused by onBar of SPY") && told.contains("the bar 2013-10-07T13:30:00Z"),
        "{told}"
    );
}

#[test]
fn a_strategy_that_asks_is_answered_in_the_shell_and_what_it_may_is_what_was_granted() {
    let home = Home::new("asks");
    let file = home.write("fifth.js", &script("buys", "{ sides: \"long\", maxQty: 2 }"));
    let data = home.write("two-days.csv", &bars(40));
    let shown = home.run_with(&["strategy", "approve", &file, "--ask", "--max-usd", "500"], "approve\n");
    assert!(shown.code == 0 && shown.out.contains("the trader is asked"), "{}", shown.words);
    assert!(shown.out.contains("most dollars a symbol    500.00"), "{}", shown.out);
    let nothing = home.run(&["strategy", "approve", &file, "--yes", "--short-only"]);
    assert!(nothing.code == 2 && nothing.words.contains("it would open nothing"), "{}", nothing.words);
    let running = Running::start(&home, &["--speed", "20", "--data", &data, "--strategy", &file]);
    let began = Instant::now();
    let question = loop {
        let asks = home.json(&["strategy", "asks", "--json"]);
        if let Some(ask) = asks.as_array().unwrap().first() {
            break ask.clone();
        }
        assert!(began.elapsed() < Duration::from_mins(1), "it never asks");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((&question["side"], &question["qty"]), (&"buy".into(), &"2".into()));
    let number = question["number"].to_string();
    let refused = home.run(&["strategy", "answer", &number, "yes", "--qty", "3"]);
    assert!(
        refused.code == 3 && refused.words.contains("PASSPORT value=3 limit=2 line=qty"),
        "{}",
        refused.words
    );
    let gone = home.run(&["strategy", "answer", &number, "yes"]);
    assert!(gone.code == 1 && gone.words.contains("waits"), "a yes is said once: {}", gone.words);
    drop(running);
    let sent = Reader::open(&ledger(&home)).unwrap().rows("order").unwrap();
    assert!(sent.is_empty(), "{sent:?}");
}

#[test]
fn a_changed_file_waits_for_its_review_and_takes_its_seat_once_it_is_approved() {
    let home = Home::new("reload");
    let file = home.write("fifth.js", &script("before", "{}"));
    let data = home.write("two-days.csv", &bars(60));
    assert_eq!(home.run(&["strategy", "approve", &file, "--yes"]).code, 0);
    let running = Running::start(&home, &["--speed", "60", "--data", &data, "--strategy", &file]);
    await_rows(&home, "strategy", "before ", 1);
    home.write("fifth.js", &script("after", "{}"));
    await_rows(&home, "alert", "fifth.js was changed and needs your review", 1);
    await_rows(&home, "strategy", "before ", 2);
    assert_eq!(home.run(&["strategy", "approve", &file, "--yes"]).code, 0);
    await_rows(&home, "event", "{\"strategy_loaded\":", 2);
    await_rows(&home, "strategy", "after ", 1);
    let rows = Reader::open(&ledger(&home)).unwrap().rows("alert").unwrap();
    assert_eq!(rows.iter().filter(|row| row.body.contains("was changed")).count(), 1, "it is said once");
    running.kill_nine();
    let verified = home.run(&["replay", "1", "--verify"]);
    assert!(
        verified.code == 0 && verified.out.contains("the run has no end of its own"),
        "{}",
        verified.words
    );
}
