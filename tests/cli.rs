//! The shell's contract, against the built program: exit codes, stdout for data, stderr for words.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

/// Backtests: many at once, and as a page.
#[path = "cli/backtest.rs"]
mod backtest;

use std::fs;
use std::io::{BufRead, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "cli/promises.rs"]
mod promises;
#[path = "cli/replay.rs"]
mod replay;

/// Three minutes of one symbol: enough for a whole run.
const BARS: &str = "timestamp,symbol,open,high,low,close,volume\n\
2013-10-07T13:30:00Z,SPY,168.00,168.10,167.90,168.05,10000\n\
2013-10-07T13:31:00Z,SPY,168.05,168.20,168.00,168.10,10000\n\
2013-10-07T13:32:00Z,SPY,168.10,168.15,168.05,168.10,10000\n";

/// A home of its own for one test.
struct Home(PathBuf);

struct Said {
    code: i32,
    out: String,
    words: String,
}

impl Home {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        let _none_before = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "")
    }

    fn run_with(&self, args: &[&str], stdin: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hardstop"))
            .args(args)
            .env("HARDSTOP_HOME", &self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), words: text(output.stderr) }
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        let said = self.run(args);
        assert_eq!(said.code, 0, "{args:?}: {}", said.words);
        serde_json::from_str(&said.out).unwrap()
    }
}

#[test]
fn a_bad_config_ends_every_command_that_needs_one_and_no_secret_is_repeated() {
    let home = Home::new("bad-config");
    home.write("config.toml", "[limits]\nmax_heat_pct = 400\n");
    for args in [&["config", "check"][..], &["config", "show"], &["run", "--headless"], &["backtest", "x.js"]]
    {
        let said = home.run(args);
        assert_eq!((said.code, said.out.as_str()), (78, ""), "{args:?}");
        assert!(
            said.words.contains("config.toml:2: limits.max_heat_pct = 400: it must be 0 to 100"),
            "{}",
            said.words
        );
    }
    assert_eq!(home.run(&["doctor"]).code, 7);
    let secret = home.write("other.toml", "\nbroker = \"PKTESTTESTTEST123456\"\n");
    let said = home.run(&["--config", &secret, "config", "check"]);
    assert!(said.code == 78 && said.words.contains("other.toml:2:"), "{}", said.words);
    assert!(!said.words.contains("PKTEST"));
    assert_eq!(home.run(&["--config", "/nonexistent.toml", "config", "check"]).code, 78);
}

#[test]
fn the_template_is_a_good_config_and_what_is_shown_reads_back() {
    let home = Home::new("template");
    assert_eq!(home.run(&["config", "check"]).code, 0);
    for what in ["template", "show"] {
        let text = home.run(&["config", what]).out;
        let file = home.write("written.toml", &text);
        assert_eq!(home.run(&["config", "check", &file]).code, 0, "{what}");
    }
    assert_eq!(home.json(&["config", "show", "--json"])["limits"]["max_daily_loss_pct"], "2");
    assert!(home.run(&["config", "path"]).out.ends_with("/config.toml\n"));
}

#[test]
fn without_a_running_instance_nothing_trades_and_a_kill_stays() {
    let home = Home::new("no-instance");
    let id = "hs-sabcdef-131007-1";
    for args in [
        &["buy", "SPY", "1"][..],
        &["sell", "SPY", "1", "--limit", "168.05", "--dry-run", "--json"],
        &["cancel", "--all"],
        &["close", "SPY"],
        &["replace", id, "--qty", "2"],
        &["rearm", "--reason", "seen"],
        &["acknowledge", "unclean", "--reason", "seen"],
        &["strategy", "pause", "1"],
        &["status"],
        &["orders", "--csv"],
    ] {
        let said = home.run(args);
        assert_eq!(said.code, 6, "{args:?}: {}", said.words);
        assert!(
            said.words.contains("no running instance") && said.words.lines().count() == 1,
            "{}",
            said.words
        );
    }
    let said = home.run(&["kill"]);
    assert!(said.code == 6 && said.words.contains("starts halted"), "{}", said.words);
    assert!(home.run(&["doctor"]).out.contains("a kill stands"));
}

#[test]
fn a_wrong_word_or_number_is_a_fault_of_usage() {
    let home = Home::new("usage");
    for (args, words) in [
        (&["buy", "SPY", "1e5"][..], "not a plain decimal"),
        (&["buy", "spy", "1"], "a symbol is 1 to 24 characters"),
        (&["buy", "SPY", "1", "--limit", "168,05"], "not a plain decimal"),
        (&["cancel"], "required"),
        (&["cancel", "--all", "--symbol", "SPY"], "cannot be used with"),
        (&["rearm"], "--reason"),
        (&["bypass"], "unrecognized"),
        (&["config", "check", "--force"], "unexpected"),
        (&["run", "--headless", "--speed", "0"], "speed"),
        (&["backtest", "/nonexistent.js"], "/nonexistent.js"),
    ] {
        let said = home.run(args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}: {}", said.words);
        assert!(said.words.contains(words), "{args:?}: {}", said.words);
    }
}

#[test]
fn a_run_keeps_the_config_s_limits_and_leaves_its_files_closed() {
    let home = Home::new("run");
    let bars = home.write("bars.csv", BARS);
    home.write("config.toml", "[limits]\nmax_daily_loss_pct = \"1.5\"\n[sim]\ncash = 20000\n");
    fs::set_permissions(home.0.join("config.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = home.run(&["run", "--headless", "--data", &bars]);
    assert_eq!(said.code, 0, "{}", said.words);
    let status = home.json(&["status", "--json"]);
    assert_eq!((&status["running"], &status["e0"]), (&false.into(), &"20000.00".into()), "{status}");
    assert_eq!(status["day_loss_limit"], "300.00");
    assert_eq!(home.json(&["risk", "--json"])[0]["of"], "300.00");
    assert_eq!(home.json(&["positions", "--json"]), serde_json::json!([]));
    let verified = home.run(&["journal", "verify"]);
    assert!(verified.code == 0 && verified.out.contains("chain plain"), "{}", verified.out);
    let head = &status["audit_head"];
    let shown = format!("rows {}  head {}", head["rows"], head["hash"].as_str().unwrap());
    assert!(head["sealed"] == "plain" && verified.out.contains(&shown), "{head} {}", verified.out);
    let eyes = home.run(&["status"]).out;
    assert!(eyes.contains(&format!("hash {}", head["hash"].as_str().unwrap())), "{eyes}");
    let doctor = home.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.out);
    assert!(!doctor.out.contains(env!("CARGO_TARGET_TMPDIR")), "{}", doctor.out);
    let open = home.0.join("state/install");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let doctor = home.run(&["doctor", "--json"]);
    assert!(doctor.code == 7 && doctor.out.contains("state/install is open to others"), "{}", doctor.out);
}

/// An unfinished run on data of one day, begun again with other limits: only tighter ones count at once.
#[test]
fn a_restart_on_the_same_day_never_loosens_a_limit() {
    let home = Home::new("ratchet");
    let more: String = (33..60)
        .map(|minute| format!("2013-10-07T13:{minute}:00Z,SPY,168,168.2,167.9,168.1,1000\n"))
        .collect();
    let bars = home.write("bars.csv", &format!("{BARS}{more}"));
    let limit_after = |pct: &str| {
        home.write("config.toml", &format!("[limits]\nmax_daily_loss_pct = {pct}\n"));
        let mut run = Command::new(env!("CARGO_BIN_EXE_hardstop"))
            .args(["run", "--headless", "--speed", "60", "--data", &bars])
            .env("HARDSTOP_HOME", &home.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(run.stdout.take().unwrap()).lines();
        let mut said = false;
        let begins = |line: std::io::Result<String>| {
            let line = line.unwrap();
            said |= line.contains("max_daily_loss_pct stays 1, not 3");
            line.contains("\"equity\"")
        };
        assert!(lines.any(begins), "the run began no day");
        assert_eq!(said, pct == "3", "what waits for the next day is said, and nothing else");
        let pid = nix::unistd::Pid::from_raw(i32::try_from(run.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        for _line in lines {}
        run.wait().unwrap();
        home.json(&["risk", "--json"])[0]["of"].clone()
    };
    assert_eq!(limit_after("2"), "2000.00");
    assert_eq!(limit_after("1"), "1000.00");
    assert_eq!(limit_after("3"), "1000.00");
    let told = home.json(&["journal", "export", "audit", "--json"]);
    let told: Vec<_> = told.as_array().unwrap().iter().filter(|row| row["kind"] == "config").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let words = ["who", "what", "before", "after"].map(|name| told[0][name].as_str().unwrap());
    assert_eq!(words, ["operator", "limits.max_daily_loss_pct", "2", "1"]);
}

/// The machine once answered the question after a kill before it had heard of the kill.
#[test]
fn whoever_asks_after_a_kill_finds_the_machine_halted() {
    let home = Home::new("kill");
    let mut run = Command::new(env!("CARGO_BIN_EXE_hardstop"))
        .args(["run", "--headless", "--speed", "1"])
        .env("HARDSTOP_HOME", &home.0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    while home.run(&["positions"]).code != 0 || !home.0.join("state/control.sock").exists() {
        assert!(began.elapsed().as_secs() < 30, "the run does not answer");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    for _ in 0..5 {
        assert_eq!(home.run(&["kill"]).code, 0);
        let said = home.run(&["buy", "SPY", "1", "--limit", "160"]);
        assert!(said.code == 3 && said.words.contains("HALTED"), "{}", said.words);
        let rearmed = home.run(&["rearm", "--reason", "seen"]);
        assert!(rearmed.code == 0 && rearmed.words.contains("strategies paused: 1"), "{}", rearmed.words);
        let said = home.run(&["buy", "SPY", "1", "--limit", "160"]);
        assert!(!said.words.contains("HALTED"), "{}", said.words);
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(run.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    run.wait().unwrap();
    assert_eq!(home.run(&["journal", "verify"]).code, 0);
}

#[test]
fn a_changed_script_is_no_longer_approved_and_its_change_is_shown() {
    let home = Home::new("strategy");
    let bars = home.write("bars.csv", BARS);
    let script = home.0.join("mine.js").display().to_string();
    assert_eq!(home.run(&["strategy", "new", &script]).code, 0);
    assert_ne!(home.run(&["strategy", "new", &script]).code, 0, "a file that is there is never overwritten");
    let text = fs::read_to_string(&script).unwrap();
    fs::write(&script, text.replace("default: 20", "default: 40")).unwrap();
    let run = ["run", "--headless", "--data", &bars, "--strategy", &script];
    assert!(home.run(&run).words.contains("is not approved"));
    assert_eq!(
        home.run_with(&["strategy", "approve", &script], "yes\n").code,
        1,
        "another word approves nothing"
    );
    assert_eq!(home.run_with(&["strategy", "approve", &script], "approve\n").code, 0);
    assert_eq!(home.run(&run).code, 0);
    assert!(home.run(&["strategy", "describe", &script]).out.contains("sim and paper"));
    fs::write(&script, text.replace("default: 20", "default: 50")).unwrap();
    assert_ne!(home.run(&run).code, 0);
    let changes = home.run(&["strategy", "diff", &script]).out;
    let marked = |mark: &str| changes.lines().any(|line| line.starts_with(mark));
    assert!(
        marked("-     length: { type: \"int\", default: 40")
            && marked("+     length: { type: \"int\", default: 50")
    );
    assert!(home.run(&["strategy", "list"]).out.contains("mine.js"));
}

#[test]
fn a_whatif_line_is_answered_by_one_line_and_bad_ones_are_malformed() {
    let home = Home::new("whatif");
    let said = home.run_with(&["whatif"], "{}\n\n  \nnonsense\n");
    assert_eq!((said.code, said.out.lines().count()), (0, 2), "{}", said.out);
    assert!(said.out.lines().all(|line| line.contains("\"code\":\"MALFORMED\"")));
}

#[test]
fn a_reader_who_leaves_is_no_fault() {
    let home = Home::new("pipe");
    for args in [&["completions", "bash"][..], &["config", "template"], &["doctor"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hardstop"))
            .args(args)
            .env("HARDSTOP_HOME", &home.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A running instance that is ended with the test.
struct Running(std::process::Child);

impl Running {
    fn start(home: &Home, args: &[&str]) -> Self {
        let mut started = Command::new(env!("CARGO_BIN_EXE_hardstop"));
        started.args(["run", "--headless"]).args(args).env("HARDSTOP_HOME", &home.0);
        let child = started.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let running = Self(child);
        let began = std::time::Instant::now();
        // The answer must be this process's own: an older one's socket and journal may still be there.
        while home
            .run(&["status", "--json"])
            .out
            .split("\"pid\":")
            .nth(1)
            .is_none_or(|pid| !pid.starts_with(&format!("{},", running.0.id())))
        {
            assert!(began.elapsed().as_secs() < 30, "the run does not answer");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        running
    }

    /// From here on no file of the process may grow beyond what the journal has now, and a page: the
    /// emergency file took its room long before.
    fn fill_the_disk(&self, home: &Home) {
        let bytes = home.0.join("data/sim-0001.db-wal").metadata().unwrap().len() + 4_096;
        let (pid, limit) = (self.0.id().to_string(), format!("--fsize={bytes}"));
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    }

    fn kill_nine(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _status = self.0.wait();
    }
}

fn assert_killed_and_still_halted_after_restart(home: &Home, running: Running) {
    let killed = home.run(&["kill", "--json"]);
    let outcome: serde_json::Value = serde_json::from_str(&killed.out).unwrap();
    assert_eq!((killed.code, &outcome["confirmed"]), (0, &serde_json::Value::Bool(true)), "{}", killed.words);
    running.kill_nine();
    let again = Running::start(home, &["--speed", "60", "--acknowledge-unclean"]);
    assert_eq!(home.json(&["status", "--json"])["state"], "halted");
    let refused = home.run(&["buy", "SPY", "1", "--limit", "168"]);
    assert!(refused.code == 3 && refused.words.contains("HALTED"), "{}", refused.words);
    assert_eq!(home.run(&["rearm", "--reason", "seen"]).code, 0);
    assert_eq!(home.json(&["status", "--json"])["state"], "active");
    drop(again);
}

#[test]
fn a_kill_passes_a_locked_database_and_outlives_the_process() {
    let home = Home::new("kill-locked");
    let running = Running::start(&home, &["--speed", "60"]);
    let lock = rusqlite::Connection::open(home.0.join("data/sim-0001.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = std::time::Instant::now();
    let killed = home.run(&["kill", "--json"]);
    assert_eq!(killed.code, 0, "{}", killed.words);
    assert!(began.elapsed().as_secs() < 5, "the kill waited for the database");
    lock.execute_batch("ROLLBACK").unwrap();
    assert_killed_and_still_halted_after_restart(&home, running);
}

/// The machine's own thread stands still in a strategy's call: the kill does not need it.
#[test]
fn a_kill_passes_a_machine_that_stands_still() {
    let home = Home::new("kill-stuck");
    let script = home.write(
        "stuck.js",
        "strategy({ api: 1, name: \"stuck\", version: \"1\", timeframe: \"1Min\",\n  onBar() { const end = Date.now(); let n = 0; while (n < 1e12) n += 1; } });\n",
    );
    assert_eq!(home.run(&["strategy", "approve", &script, "--yes"]).code, 0);
    let running = Running::start(&home, &["--speed", "60", "--strategy", &script]);
    for _ in 0..3 {
        let began = std::time::Instant::now();
        assert_eq!(home.run(&["kill", "--json"]).code, 0);
        assert!(began.elapsed().as_secs() < 3);
    }
    assert_killed_and_still_halted_after_restart(&home, running);
}

/// A script that failed in one process is not started again by the next before its five minutes are over.
#[test]
fn a_strategy_that_failed_is_still_paused_after_a_restart_until_it_is_approved_anew() {
    let home = Home::new("strikes");
    let script = home.write(
        "fails.js",
        "strategy({ api: 1, name: \"fails\", version: \"1\", timeframe: \"1Min\",\n  onBar() { throw new Error(\"always\"); } });\n",
    );
    assert_eq!(home.run(&["strategy", "approve", &script, "--yes"]).code, 0);
    let args = ["--speed", "30", "--strategy", &script, "--acknowledge-unclean"];
    let running = Running::start(&home, &args);
    let state = || home.json(&["strategies", "--json"])[0]["state"].clone();
    let began = std::time::Instant::now();
    while state() != "stopped" {
        assert!(began.elapsed().as_secs() < 30, "the script never failed");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    running.kill_nine();
    let again = Running::start(&home, &args);
    assert_eq!(state(), "stopped", "its five minutes are not over");
    again.kill_nine();
    assert_eq!(home.run(&["strategy", "approve", &script, "--yes"]).code, 0);
    let anew = Running::start(&home, &args);
    let ledger = rusqlite::Connection::open(home.0.join("data/sim-0001.db")).unwrap();
    let mut rows = ledger.prepare("SELECT what, detail FROM strategy_events ORDER BY row").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    let words: Vec<&str> = rows.iter().map(|(what, _)| what.as_str()).take(4).collect();
    assert_eq!(words, ["loaded", "failed", "stopped", "loaded"], "{rows:?}");
    assert!(rows[2].1.contains("it failed, and is paused until"), "{rows:?}");
    drop(anew);
}

/// No file may grow any more, as on a full disk: nothing is opened, the trader and the kill get out, and
/// the next start knows all of it.
#[test]
fn a_full_disk_ends_openings_lets_exits_and_the_kill_pass_and_nothing_is_lost() {
    let home = Home::new("full-disk");
    let script = home.write(
        "idle.js",
        "strategy({ api: 1, name: \"idle\", version: \"1\", timeframe: \"1Min\", onBar() {} });\n",
    );
    assert_eq!(home.run(&["strategy", "approve", &script, "--yes"]).code, 0);
    let args = ["--speed", "60", "--strategy", &script];
    let running = Running::start(&home, &args);
    let began = std::time::Instant::now();
    let patience = |what: &str| {
        assert!(began.elapsed().as_secs() < 60, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    while home.run(&["buy", "SPY", "40", "--stop-loss", "150"]).code != 0 {
        patience("no price came");
    }
    while home.json(&["positions", "--json"]).as_array().unwrap().is_empty() {
        patience("it did not fill");
    }
    running.fill_the_disk(&home);
    let full = || home.json(&["status", "--json"])["not_ready"] == "journal";
    while !full() {
        patience("the disk never filled");
    }
    let refused = home.run(&["buy", "SPY", "1", "--stop-loss", "150"]);
    assert!(refused.code == 3 && refused.words.contains("NOT_READY cause=journal"), "{}", refused.words);
    let close = home.run(&["close", "SPY"]);
    assert_eq!(close.code, 0, "{}", close.words);
    while !home.json(&["positions", "--json"]).as_array().unwrap().is_empty() {
        patience("the exit did not fill");
    }
    assert!(full(), "the disk is still full");
    assert_eq!(home.run(&["kill"]).code, 0);
    assert_eq!(home.json(&["status", "--json"])["state"], "halted");
    running.kill_nine();

    let again = Running::start(&home, &["--speed", "60", "--strategy", &script, "--acknowledge-unclean"]);
    let status = home.json(&["status", "--json"]);
    assert_eq!((&status["state"], &status["not_ready"]), (&"halted".into(), &serde_json::Value::Null));
    assert_eq!((&status["positions"], &status["adjusts"]), (&serde_json::json!([]), &serde_json::json!([])));
    drop(again);
    let fills = home.run(&["journal", "export", "fills"]).out;
    assert_eq!(fills.lines().count(), 3, "a header, the way in and the way out: {fills}");
    let verified = home.run(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.words);
}

#[test]
fn a_picture_is_the_same_bytes_twice_and_a_name_that_is_none_is_a_fault_of_usage() {
    let home = Home::new("picture");
    let picture = |name: &str, more: &[&str]| {
        let file = home.0.join(name).display().to_string();
        let said = home.run(&[&["screenshot", "--size", "80x24", "--svg", &file], more].concat());
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.words);
        fs::read_to_string(file).unwrap()
    };
    for (more, words) in [
        (&[][..], "Positions"),
        (&["--screen", "help"], "buy SPY 50"),
        (&["--screen", "ticket"], "Largest 20"),
        (&["--screen", "halted", "--theme", "mono", "--ascii"], "HALTED"),
    ] {
        let drawn = picture("a.svg", more);
        assert_eq!(drawn, picture("b.svg", more), "{more:?}");
        assert!(drawn.contains(">SIM</text>") && drawn.contains(words), "{more:?}");
        // As XML: one root, every text closed, and nothing that would open something else.
        assert!(drawn.starts_with("<svg xmlns=") && drawn.ends_with("</svg>\n"));
        for line in drawn.lines().skip(1).filter(|line| *line != "</svg>") {
            let is_text = line.starts_with("<text ") && line.ends_with("</text>");
            assert!(is_text || line.starts_with("<rect ") && line.ends_with("/>"), "{line}");
            let inside = line.trim_end_matches("</text>").trim_start_matches('<');
            assert!(!inside.contains('<'), "{line}");
        }
    }
    for (args, words) in [
        (&["--size", "80", "--svg", "x"][..], "columns x rows"),
        (&["--size", "0x24", "--svg", "x"], "columns x rows"),
        (&["--size", "80x24", "--svg", "x", "--screen", "chat"], "write trade, chart"),
        (&["--size", "80x24", "--svg", "x", "--theme", "pink"], "write okabe"),
        (&["--size", "80x24"], "--svg"),
    ] {
        let said = home.run(&[&["screenshot"], args].concat());
        assert!(said.code == 2 && said.words.contains(words), "{args:?}: {}", said.words);
    }
    let nowhere = home.run(&["screenshot", "--size", "80x24", "--svg", "/nonexistent/x.svg"]);
    assert!(nowhere.code == 1 && nowhere.words.contains("/nonexistent/x.svg"), "{}", nowhere.words);
}

#[test]
fn the_window_s_words_in_a_config_are_judged_with_all_others() {
    let home = Home::new("window-words");
    let file = home.write(
        "w.toml",
        "[window]\ntheme = \"pink\"\n[keys]\nbuy = \"F12\"\nbye = \"z\"\nsell = 4\ncopy = \"q\"\n\
         [limits]\nmax_heat_pct = 400\n",
    );
    let said = home.run(&["config", "check", &file]);
    assert_eq!(said.code, 78, "{}", said.words);
    for words in [
        "w.toml:2: window.theme: \"pink\" is no theme; write okabe",
        "w.toml:4: keys.buy: F12 is kept for the kill",
        "w.toml:5: keys.bye: no action has this name",
        "w.toml:6: keys.sell = 4: it must be a key in quotes",
        "w.toml:7: keys.copy: q already means quit",
        "w.toml:9: limits.max_heat_pct = 400",
    ] {
        assert!(said.words.contains(words), "{words}: {}", said.words);
    }
    assert_eq!(said.words.lines().count(), 6, "{}", said.words);
    // What stands in a comment of the template can be switched on.
    let template = home.run(&["config", "template"]).out.replace("# buy = ", "buy = ");
    let file = home.write("t.toml", &template);
    assert_eq!(home.run(&["config", "check", &file]).code, 0);
}

#[test]
fn the_manual_names_the_commands_and_the_kill_s_keys() {
    let page = Home::new("man").run(&["man"]).out.replace('\\', "");
    for words in ["HARDSTOP RUN", "HARDSTOP STRATEGY APPROVE", "KEYS", "F12", "[flatten]", "EXIT STATUS"] {
        assert!(page.contains(words), "{words}");
    }
}

/// An order and its leg are explained out of the journal of a process that is gone.
#[test]
fn an_order_is_explained_with_every_check_who_asked_and_its_life() {
    let home = Home::new("explain");
    let script = home.write(
        "still.js",
        "strategy({ api: 1, name: \"still\", version: \"1\", timeframe: \"1Min\", onBar() {} });\n",
    );
    assert_eq!(home.run(&["strategy", "approve", &script, "--yes"]).code, 0);
    let running = Running::start(&home, &["--speed", "60", "--strategy", &script]);
    let began = std::time::Instant::now();
    let buy = ["buy", "SPY", "3", "--limit", "165", "--stop-loss", "160", "--json"];
    // The first quote may not be there yet.
    let bought = loop {
        let said = home.run(&buy);
        if said.code == 0 {
            break said;
        }
        assert!(began.elapsed().as_secs() < 30, "{}", said.words);
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    let bought: serde_json::Value = serde_json::from_str(&bought.out).unwrap();
    let id = |number: usize| bought["orders"][number]["id"].as_str().unwrap().to_owned();
    running.kill_nine();
    let told = home.json(&["explain", &id(0), "--json"]);
    assert_eq!((&told["id"], &told["asked_by"]), (&id(0).into(), &"the operator".into()), "{told}");
    let gate = &told["decision"]["gate"];
    assert_eq!((&gate["decision"], &gate["code"]), (&"approved".into(), &serde_json::Value::Null), "{gate}");
    let names: Vec<&str> =
        gate["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert!(["position", "gross", "heat", "quote_age", "daily_loss"].iter().all(|name| names.contains(name)));
    assert!(told["decision"]["quote_age_ms"].is_string() || told["decision"]["quote_age_ms"].is_number());
    assert_eq!(told["decision"]["limits_version"], told["run"]["limits_version"]);
    let life: Vec<&str> =
        told["life"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert!(life.contains(&"working"), "{life:?}");
    let leg = home.json(&["explain", &id(1), "--json"]);
    assert_eq!((&leg["parent"], &leg["decision"]["order"]), (&id(0).into(), &id(0).into()), "{leg}");
    let eyes = home.run(&["explain", &id(0)]);
    assert!(eyes.out.lines().all(|line| line.chars().count() <= 80), "{}", eyes.out);
    assert!(eyes.out.contains("asked by the operator") && eyes.out.contains("heat"), "{}", eyes.out);
    for unknown in ["hs-sabc123-131007-999999", "hs-s"] {
        let said = home.run(&["explain", unknown]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{unknown}");
        assert!(said.words.contains("`hardstop orders` lists them"), "{}", said.words);
    }
}

#[test]
fn the_claims_hold_here_and_an_incident_leaves_sealed_evidence() {
    let home = Home::new("incident");
    let said = home.run(&["doctor", "--claims", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let claims = told["claims"].as_array().unwrap();
    assert!(claims.len() >= 11, "{told}");
    for claim in claims {
        // How many walls stand is up to the system; everything else holds anywhere.
        let is_sandbox = claim["promise"].as_str().unwrap().starts_with("a strategy reads");
        assert!(claim["holds"] == true || is_sandbox, "{claim}");
    }
    assert_eq!(home.run(&["run", "--headless", "--speed", "max"]).code, 0);
    let out = home.0.join("evidence.tar.age").display().to_string();
    let secret = "a passphrase for what happened\n".repeat(2);
    let said = home.run_with(&["incident", "--stdin", "--out", &out], &secret);
    assert_eq!(said.code, 0, "{}", said.words);
    assert!(
        said.words.contains("regenerate or delete the API keys") && said.words.contains("age -d"),
        "{}",
        said.words
    );
    assert!(fs::read(&out).unwrap().starts_with(b"age-encryption.org/v1"));
    assert!(home.0.join("state/KILL").exists());
    let again = home.run_with(&["incident", "--stdin", "--out", &out], &secret);
    assert!(again.code == 1 && again.words.contains("name another file"), "{}", again.words);
}

#[test]
fn looser_limits_wait_for_the_traders_word_and_a_copy_of_the_ledger_is_whole() {
    let home = Home::new("loosen");
    let config = |pct: &str| home.write("config.toml", &format!("[limits]\nmax_daily_loss_pct = {pct}\n"));
    let bars = home.write("bars.csv", BARS);
    let run = || home.run(&["run", "--headless", "--speed", "max", "--data", &bars]);
    let nothing = home.run(&["loosen", "--reason", "why"]);
    assert!(
        nothing.code == 1 && nothing.words.contains("no limit of sim would become looser"),
        "{}",
        nothing.words
    );
    config("1");
    assert_eq!(run().code, 0);
    config("3");
    let said = home.run(&["loosen", "--reason", "more room"]);
    assert!(said.code == 0 && said.words.contains("max_daily_loss_pct stays 1, not 3"), "{}", said.words);
    assert!(fs::read_to_string(home.0.join("state/loosening.json")).unwrap().contains("more room"));
    let copy = home.0.join("copy.db").display().to_string();
    assert_eq!(home.run(&["journal", "backup", &copy]).code, 0);
    assert_eq!(home.run(&["journal", "verify", &copy]).code, 7, "without its note it is not whole");
    assert_eq!(home.run(&["journal", "backup", &copy]).code, 1, "nothing is written over");
    let sealed = home.0.join("copy.age").display().to_string();
    let words = "a passphrase for a copy\n".repeat(2);
    assert_eq!(home.run_with(&["journal", "backup", &sealed, "--encrypt", "--stdin"], &words).code, 0);
    assert!(fs::read(&sealed).unwrap().starts_with(b"age-encryption.org/v1"));
    assert!(!home.0.join("data/backup.plain").exists());
}
