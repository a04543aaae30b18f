//! A rehearsal as a trader would have it: `hardstop exchange` in one process and `hardstop run --paper` against it
//! in another, driven by the shell.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod served;

/// Real money, rehearsed: arming and what ends it.
#[path = "rehearsal/live.rs"]
mod live;

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use served::{BINARY, NO_BUS, Run, Served, configure, empty_home, run_headless, start};

/// How long anything may take before the test gives it up; nothing here is measured.
const PATIENCE: Duration = Duration::from_mins(1);
const ID: &str = "canary-id";
const SECRET: &str = "canary-secret-of-a-rehearsal";
const PASSPHRASE: &str = "a passphrase of a rehearsal";

/// An exchange with two accounts, and the home of whoever rehearses against it.
struct Stage {
    home: PathBuf,
    exchange: Served,
}

impl Stage {
    fn new(name: &str) -> Self {
        let home = empty_home(&format!("rehearsal-{name}"));
        let exchange = Served::new(&home, &[&format!("{ID}:{SECRET}"), "other:other"]);
        let stage = Self { home, exchange };
        stage.configure(&stage.exchange.address);
        stage
    }

    fn configure(&self, base_url: &str) {
        self.configure_besides(base_url, "");
    }

    fn configure_besides(&self, base_url: &str, more: &str) {
        configure(&self.home, base_url, "\"SPY\", \"IBM\"", more);
    }

    /// The shell's answer to a command that reads these lines.
    fn tell(&self, args: &[&str], lines: &[&str]) -> (i32, String, String) {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        // A command that asks for less ends before it has read all of it.
        let _read = child.stdin.take().unwrap().write_all(text.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// How many orders the exchange has ever taken, by its own word.
    fn orders_taken(&self) -> usize {
        let mut stream =
            std::net::TcpStream::connect(self.exchange.address.trim_start_matches("http://")).unwrap();
        write!(
            stream,
            "GET /v2/orders?status=all&limit=500 HTTP/1.1\r\nHost: here\r\nAPCA-API-KEY-ID: {ID}\r\nAPCA-API-SECRET-KEY: {SECRET}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let list = &body[body.find('[').unwrap()..=body.rfind(']').unwrap()];
        serde_json::from_str::<Vec<serde_json::Value>>(list).unwrap().len()
    }

    /// The live account, as it is unlocked by its passphrase.
    fn run_live(&self) -> Run {
        self.start(
            &["run", "--live", "--headless", "--keys-stdin", "--acknowledge-unclean", "--as-root"],
            &[PASSPHRASE],
        )
    }

    fn start(&self, args: &[&str], lines: &[&str]) -> Run {
        let stderr = fs::File::create(self.home.join("stderr")).unwrap();
        start(self.command(args).stdout(Stdio::null()).stderr(stderr), lines)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args).env("HARDSTOP_HOME", &self.home);
        // Whoever runs these tests keeps a keyring of his own, which is none of theirs.
        command.env("DBUS_SESSION_BUS_ADDRESS", NO_BUS);
        command
    }

    fn run(&self, secret: &str) -> Run {
        self.run_as(ID, secret)
    }

    fn run_as(&self, id: &str, secret: &str) -> Run {
        run_headless(&self.home, id, secret)
    }

    /// The shell's answer, with its exit code and the words beside it.
    fn ask(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.command(args).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    fn status(&self) -> Option<serde_json::Value> {
        let (code, out, _) = self.ask(&["status", "--json"]);
        if code == 0 { serde_json::from_str(&out).ok() } else { None }
    }

    /// Waits until the run with this pid shows what is asked for.
    fn until(&self, pid: u32, what: &str, holds: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let began = Instant::now();
        loop {
            let status = self.status().filter(|status| status["pid"] == pid);
            if let Some(status) = status.filter(|status| holds(status)) {
                return status;
            }
            let words = fs::read_to_string(self.home.join("stderr")).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "{what}: {:?}\n{words}", self.status());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn ready(&self, child: &Run) -> serde_json::Value {
        self.until(child.id(), "it never became ready", |status| status["not_ready"].is_null())
    }
}

fn positions(status: &serde_json::Value) -> Vec<(String, String)> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = status["positions"].as_array().unwrap();
    all.iter().map(|position| (word(&position["symbol"]), word(&position["qty"]))).collect()
}

#[test]
fn an_order_a_kill_nine_a_restart_a_kill_and_a_re_arm_are_as_in_sim() {
    let stage = Stage::new("day");
    let child = stage.run(SECRET);
    stage.ready(&child);
    // Its first quote may be on its way yet.
    stage.until(child.id(), "an order is taken", |_| {
        stage.ask(&["buy", "SPY", "10", "--stop-loss", "160"]).0 == 0
    });
    let holds = |status: &serde_json::Value| {
        positions(status) == [("SPY".to_owned(), "10".to_owned())] && status["positions"][0]["stop"] == "160"
    };
    stage.until(child.id(), "ten shares under a stop", holds);

    child.kill();
    let child = stage.run(SECRET);
    stage.ready(&child);
    stage.until(child.id(), "what stood before stands again", holds);
    assert_eq!(stage.status().unwrap()["adjusts"].as_array().map(Vec::len), Some(0));

    let (code, out, words) = stage.ask(&["kill", "--flatten"]);
    assert_eq!(code, 0, "{out}{words}");
    stage.until(child.id(), "flat and halted", |status| {
        positions(status).is_empty() && status["state"] == "halted"
    });
    assert_eq!(stage.ask(&["buy", "IBM", "1", "--stop-loss", "150"]).0, 3, "halted");
    assert_eq!(stage.ask(&["rearm", "--reason", "rehearsed"]).0, 0);
    // The venue was told to take no orders; it takes them again once the kill's own line has said so.
    stage.until(child.id(), "orders are taken again", |status| {
        let (code, ..) = stage.ask(&["buy", "IBM", "1", "--stop-loss", "150"]);
        code == 0 && !positions(status).is_empty()
    });
    let status = stage.status().unwrap();
    assert_eq!(
        (&status["audit_head"]["sealed"], status["audit_head"]["hash"].as_str().map(str::len)),
        (&"plain".into(), Some(12))
    );
    child.end();
    let (code, out, words) = stage.ask(&["journal", "verify"]);
    assert_eq!(code, 0, "{out}{words}");
    assert!(out.contains("chain plain"), "{out}");
    let said = fs::read_to_string(stage.home.join("stdout")).unwrap();
    assert!(said.contains("chained without a key: there is no keyring in this session"), "{said}");
    the_requests_are_in_a_file_of_their_own(&stage);
}

fn the_requests_are_in_a_file_of_their_own(stage: &Stage) {
    let (code, out, words) = stage.ask(&["journal", "http"]);
    assert_eq!(code, 0, "{words}");
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let order = lines.iter().find(|line| line["method"] == "POST" && line["path"] == "/v2/orders").unwrap();
    assert_eq!(
        (&order["status"], order["request_id"].as_str().map(str::len)),
        (&200.into(), Some(32)),
        "{order}"
    );
    assert!(
        lines.iter().any(|line| line["method"] == "DELETE" && line["side"] == "trading"),
        "the kill's too"
    );
    let logs = fs::read_dir(stage.home.join("state/logs")).unwrap().map(|entry| entry.unwrap().path());
    let is_own = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("hardstop.");
    let own = fs::read(logs.into_iter().find(is_own).unwrap()).unwrap();
    assert!(!String::from_utf8_lossy(&own).contains("/v2/account"), "requests stay out of the other log");
}

#[test]
fn another_account_begins_another_ledger_and_nobody_there_is_said_in_words() {
    let mut stage = Stage::new("accounts");
    let child = stage.run(SECRET);
    stage.ready(&child);
    child.end();
    let ledgers = || {
        let all = fs::read_dir(stage.home.join("data")).unwrap();
        all.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "db")).count()
    };
    assert_eq!(ledgers(), 1);
    let again = stage.run(SECRET);
    stage.ready(&again);
    again.end();
    assert_eq!(ledgers(), 1, "the same account goes on with its own");
    let other = stage.run_as("other", "other");
    stage.ready(&other);
    other.end();
    assert_eq!(ledgers(), 2);
    stage.exchange.end();
    assert!(!stage.run(SECRET).ended_well());
    let words = fs::read_to_string(stage.home.join("stderr")).unwrap();
    assert!(words.contains("nobody listens there") && words.contains(&stage.exchange.address), "{words}");
}

/// Keys that are taken back end openings at once, and say what to do; taken again, the paper account goes on.
#[test]
fn keys_that_are_taken_back_end_openings_at_once() {
    let home = empty_home("rehearsal-revoked");
    let faults = home.join("faults.toml");
    fs::write(&faults, "[[keys_refused]]\nafter_s = 900\nfor_s = 900\n").unwrap();
    let more = ["--speed", "60", "--faults", faults.to_str().unwrap()];
    let exchange = Served::with(&home, &[&format!("{ID}:{SECRET}")], &more);
    let stage = Stage { home, exchange };
    stage.configure(&stage.exchange.address);
    let child = stage.run(SECRET);
    stage.ready(&child);
    stage.until(child.id(), "an order is taken", |_| {
        stage.ask(&["buy", "SPY", "10", "--stop-loss", "100"]).0 == 0
    });
    stage.until(child.id(), "the keys are refused", |status| status["not_ready"] == "keys");
    let (code, _, words) = stage.ask(&["buy", "IBM", "1", "--stop-loss", "100"]);
    assert!(code == 3 && words.contains("NOT_READY cause=keys"), "{code} {words}");
    let (code, out, words) = stage.ask(&["kill", "--json"]);
    assert!(
        code == 4 && out.contains("\"confirmed\":false"),
        "a kill never claims what it cannot know: {out}{words}"
    );
    stage.until(child.id(), "they are taken again", |status| status["not_ready"].is_null());
    let said = fs::read_to_string(stage.home.join("stdout")).unwrap();
    assert!(
        said.contains("does not take the keys any more") && said.contains("takes the keys again"),
        "{said}"
    );
    child.end();
}

/// What a run has open, by the system's own word. Only root may look into a process that is closed to others.
#[cfg(target_os = "linux")]
#[test]
fn a_run_against_an_account_opens_no_port_and_calls_nobody_else() {
    let stage = Stage::new("ports");
    let child = stage.run(SECRET);
    stage.ready(&child);
    let Ok(open) = fs::read_dir(format!("/proc/{}/fd", child.id())) else {
        eprintln!(
            "left out: what a run has open; only root may look into a process that is closed to others"
        );
        return child.end();
    };
    let own: Vec<String> = open
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    assert!(own.len() >= 4, "it has sockets open, else this proves nothing: {own:?}");
    let port: u16 = stage.exchange.address.rsplit(':').next().unwrap().parse().unwrap();
    let mut called = 0;
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let rows = fs::read_to_string(format!("/proc/{}/net/{table}", child.id())).unwrap();
        for row in rows.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>()) {
            if !own.iter().any(|inode| inode == row[9]) {
                continue;
            }
            assert!(table.starts_with("tcp"), "a datagram socket: {row:?}");
            assert_ne!(row[3], "0A", "it listens: {row:?}");
            // 127.0.0.1 as the table writes it, and the exchange's port.
            assert_eq!(row[2], format!("0100007F:{port:04X}"), "whom it has called: {row:?}");
            called += 1;
        }
    }
    assert!(called >= 3, "both streams and the requests");
    child.end();
}
