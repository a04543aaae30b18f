//! Keys that sing where they are found: whatever a run with them leaves behind is searched for them, in every encoding
//! that they could have come into.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod served;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use served::{BINARY, NO_BUS, Run, Served, configure, empty_home, run_headless, start};

/// How long anything may take before the test gives it up; nothing here is measured.
const PATIENCE: Duration = Duration::from_mins(1);

/// The key's id, its secret, and a secret that the venue refuses. Each is spelt differently in a URL.
const ID: &str = "canary+id/7=of";
const SECRET: &str = "canary+secret/of=a+run";
const REFUSED: &str = "canary~refused/by=everybody&";
/// What opens the vault, and what does not.
const PASSPHRASE: &str = "canary passphrase/of=a+vault";
const WRONG: &str = "canary+wrong=of/a vault";
const CANARIES: [&str; 5] = [ID, SECRET, REFUSED, PASSPHRASE, WRONG];

/// As it is, in hex, in a URL, and in base64 of both alphabets wherever in a longer text it began.
fn encodings(canary: &str) -> Vec<Vec<u8>> {
    let bytes = canary.as_bytes();
    let hex = |upper: bool| {
        let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        bytes.iter().map(digits).collect::<String>()
    };
    let in_url = |upper: bool| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let digits = |byte: u8| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
        let spelt = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { digits(*byte) };
        bytes.iter().map(spelt).collect::<String>()
    };
    let mut all = vec![canary.to_owned(), hex(true), hex(false), in_url(true), in_url(false)];
    for before in 0..3 {
        let shifted = [vec![0; before].as_slice(), bytes].concat();
        let (first, last) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            all.push(engine.encode(&shifted)[first..last].to_owned());
        }
    }
    all.into_iter().map(String::into_bytes).collect()
}

#[track_caller]
fn holds_none(what: &str, bytes: &[u8]) {
    for canary in CANARIES {
        for spelling in encodings(canary) {
            let found = bytes.windows(spelling.len()).any(|window| window == spelling);
            assert!(!found, "{what} holds {}", String::from_utf8_lossy(&spelling));
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// An exchange that knows the canaries, and the home of a run against it.
struct Stage {
    home: PathBuf,
    exchange: Served,
}

impl Stage {
    fn new(name: &str) -> Self {
        let home = empty_home(&format!("canary-{name}"));
        let exchange = Served::new(&home, &[&format!("{ID}:{SECRET}")]);
        let stage = Self { home, exchange };
        stage.configure(&stage.exchange.address);
        stage
    }

    fn configure(&self, base_url: &str) {
        configure(&self.home, base_url, "\"SPY\"", "");
    }

    /// What a run prints goes to files of the home, and so is searched with them.
    fn run(&self, secret: &str) -> Run {
        run_headless(&self.home, ID, secret)
    }

    fn ask(&self, args: &[&str]) -> String {
        self.tell(args, &[])
    }

    /// The shell's answer to a command that reads these lines.
    fn tell(&self, args: &[&str], lines: &[&str]) -> String {
        let mut child = Command::new(BINARY)
            .args(args)
            .env("HARDSTOP_HOME", &self.home)
            .env("DBUS_SESSION_BUS_ADDRESS", NO_BUS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        // A command that asks for less ends before it has read all of it.
        let _read = child.stdin.take().unwrap().write_all(text.as_bytes());
        let output = child.wait_with_output().unwrap();
        holds_none(&format!("{args:?}"), &output.stdout);
        holds_none(&format!("{args:?}"), &output.stderr);
        String::from_utf8(output.stdout).unwrap()
    }

    fn until_ready(&self) {
        let began = Instant::now();
        loop {
            let status: serde_json::Value =
                serde_json::from_str(&self.ask(&["status", "--json"])).unwrap_or_default();
            if status["pid"].is_number() && status["not_ready"].is_null() {
                return;
            }
            let words = fs::read_to_string(self.home.join("stderr")).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "it never became ready: {status}\n{words}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn words(&self) -> String {
        fs::read_to_string(self.home.join("stderr")).unwrap()
    }

    /// No file of the home holds a canary: logs, journal, tape, config, what was printed, whatever else there is.
    fn is_silent(&self) {
        let mut found = Vec::new();
        files(&self.home, &mut found);
        let ends = |end: &str| found.iter().any(|path| path.to_string_lossy().ends_with(end));
        assert!(ends(".log"), "{found:?}");
        for path in &found {
            // A socket is no file that could be read.
            if let Ok(bytes) = fs::read(path) {
                holds_none(&path.display().to_string(), &bytes);
            }
        }
    }
}

/// What every process of the machine may learn of a running one: its arguments, and what it was handed around it.
fn is_silent_in_proc(run: &Run) {
    for file in ["cmdline", "environ"] {
        match fs::read(format!("/proc/{}/{file}", run.id())) {
            Ok(bytes) => holds_none(file, &bytes),
            // Nobody but root reads it at all.
            Err(fault) => assert_eq!((file, fault.kind()), ("environ", std::io::ErrorKind::PermissionDenied)),
        }
    }
}

#[test]
fn three_canaries_are_in_no_file_argument_environment_or_word_after_runs_at_the_finest_log() {
    let stage = Stage::new("run");
    let child = stage.run(SECRET);
    stage.until_ready();
    is_silent_in_proc(&child);
    stage.ask(&["buy", "SPY", "1", "--stop-loss", "160"]);
    for args in [&["doctor"][..], &["doctor", "--json"], &["orders"], &["risk"], &["config", "show"]] {
        stage.ask(args);
    }
    child.end();
    stage.ask(&["journal", "verify"]);
    assert!(!stage.run(REFUSED).ended_well());
    let words = stage.words();
    assert!(words.contains("the account cannot be read at") && words.contains("unauthorized"), "{words}");
    let mut found = Vec::new();
    files(&stage.home, &mut found);
    assert!(found.iter().any(|path| path.extension().is_some_and(|end| end == "db")), "{found:?}");
    stage.is_silent();
}

/// The live account's own way: a vault made and opened, a kill re-armed, arming refused, the record unlocked, its
/// evidence packed; the passphrase, a wrong one and the keys are nowhere.
#[test]
fn a_passphrase_is_in_no_file_or_word_after_a_live_run_at_the_finest_log() {
    let stage = Stage::new("live");
    configure(&stage.home, &stage.exchange.address, "\"SPY\"", "[live]\nenabled = true\n");
    stage.tell(
        &["keys", "set", "--slot", "live", "--stdin", "--vault-only"],
        &[ID, SECRET, PASSPHRASE, PASSPHRASE],
    );
    let mut live = Command::new(BINARY);
    live.args(["run", "--live", "--headless", "--keys-stdin", "--acknowledge-unclean", "--as-root"]);
    let file = |name: &str| fs::File::create(stage.home.join(name)).unwrap();
    live.env("HARDSTOP_HOME", &stage.home).env("DBUS_SESSION_BUS_ADDRESS", NO_BUS);
    let child = start(live.stdout(file("stdout")).stderr(file("stderr")), &[PASSPHRASE]);
    stage.until_ready();
    is_silent_in_proc(&child);
    stage.ask(&["kill"]);
    stage.tell(&["rearm", "--reason", "seen", "--stdin"], &[WRONG]);
    stage.tell(&["rearm", "--reason", "seen", "--stdin"], &[PASSPHRASE]);
    let status: serde_json::Value = serde_json::from_str(&stage.ask(&["status", "--json"])).unwrap();
    assert_eq!(status["state"], "active", "the right one counted");
    stage.tell(&["arm", "--stdin"], &["0001", PASSPHRASE]);
    child.end();
    assert!(stage.tell(&["journal", "verify", "--unlock", "--stdin"], &[PASSPHRASE]).contains("chain hmac"));
    stage.tell(&["doctor", "--live", "--stdin"], &[PASSPHRASE]);
    let evidence = stage.home.join("evidence.age").display().to_string();
    stage.tell(&["incident", "--stdin", "--out", &evidence], &[PASSPHRASE, PASSPHRASE, PASSPHRASE]);
    stage.is_silent();
}

/// The threads of a run against an account that outlive a panic. The machine's is no such one: a run ends with it.
const THREADS: [&str; 10] = [
    "urgent",
    "openings",
    "readings",
    "orders stream",
    "data stream",
    "chores",
    "kill-file-watch",
    "control",
    "conversation",
    "kill",
];

/// Every thread of a live run dies of a panic that says all there is to be kept: the kill is pulled, the work of each
/// goes on, an order leaves again once it is re-armed, and what the panics said is nowhere. The machine's death ends
/// the run with the kill standing.
#[test]
fn a_panic_in_every_thread_of_a_live_run_pulls_the_kill_stops_no_work_and_tells_nothing() {
    if !cfg!(debug_assertions) {
        eprintln!("left out: a panic in every thread; threads die on purpose in builds for tests alone");
        return;
    }
    let stage = Stage::new("panics");
    configure(&stage.home, &stage.exchange.address, "\"SPY\"", "[live]\nenabled = true\n");
    stage.tell(
        &["keys", "set", "--slot", "live", "--stdin", "--vault-only"],
        &[ID, SECRET, PASSPHRASE, PASSPHRASE],
    );
    // Beside the home: it holds what is searched for there.
    let rehearsed = stage.home.with_extension("rehearsed");
    let run = |threads: &str| {
        let spelt = CANARIES.iter().flat_map(|canary| encodings(canary)).collect::<Vec<_>>();
        let words = spelt.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect::<Vec<_>>().join(" ");
        fs::write(&rehearsed, format!("{threads}\n{words}")).unwrap();
        let mut live = Command::new(BINARY);
        live.args(["run", "--live", "--headless", "--keys-stdin", "--acknowledge-unclean", "--as-root"]);
        let file = |name: &str| {
            fs::OpenOptions::new().create(true).append(true).open(stage.home.join(name)).unwrap()
        };
        live.env("HARDSTOP_HOME", &stage.home).env("DBUS_SESSION_BUS_ADDRESS", NO_BUS);
        live.env("HARDSTOP_REHEARSED_PANICS", &rehearsed);
        start(live.stdout(file("stdout")).stderr(file("stderr")), &[PASSPHRASE])
    };
    let deaths = || {
        let mut logs = Vec::new();
        files(&stage.home, &mut logs);
        logs.retain(|path| path.extension().is_some_and(|end| end == "log"));
        let died = |path: &PathBuf| {
            let log = fs::read_to_string(path).unwrap();
            log.lines().filter(|line| line.contains("a panic place=src/broker/threads.rs:")).count()
        };
        logs.iter().map(died).sum::<usize>()
    };
    let status = || -> serde_json::Value {
        serde_json::from_str(&stage.ask(&["status", "--json"])).unwrap_or_default()
    };
    let child = run(&THREADS.join(","));
    let began = Instant::now();
    // The first conversation dies without an answer.
    let settled = || {
        let status = status();
        deaths() == THREADS.len() && status["pid"].is_number() && status["not_ready"].is_null()
    };
    while !settled() {
        assert!(began.elapsed() < PATIENCE, "{} of them died: {}\n{}", deaths(), status(), stage.words());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(status()["state"], "halted");
    is_silent_in_proc(&child);
    let kill = stage.ask(&["kill"]);
    assert!(kill.contains("confirmed       true"), "the kill answers after its own death: {kill}");
    stage.tell(&["rearm", "--reason", "they died", "--stdin"], &[PASSPHRASE]);
    assert_eq!(status()["state"], "active", "{}", stage.words());
    child.end();

    assert!(!run("machine").ended_well());
    assert_eq!(deaths(), THREADS.len() + 1);
    assert!(stage.home.join("state/KILL").exists(), "the next run starts halted");
    fs::remove_file(&rehearsed).unwrap();
    stage.is_silent();
}

/// Hands everything on to the exchange, until a client has sent its login on a stream: nobody answers that any more,
/// and the receiver hears of it.
fn stalls_at_login(upstream: &str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let (teller, logins) = channel();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (upstream, teller) = (upstream.clone(), teller.clone());
            std::thread::spawn(move || {
                let (mut client, mut server) = (client.unwrap(), TcpStream::connect(upstream).unwrap());
                let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let mut head = vec![0; 64 << 10];
                let length = client.read(&mut head).unwrap();
                server.write_all(&head[..length]).unwrap();
                let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
                if head.contains("upgrade: websocket") {
                    let mut greeting = vec![0; 64 << 10];
                    let length = answers.read(&mut greeting).unwrap();
                    back.write_all(&greeting[..length]).unwrap();
                    if head.starts_with("get /stream") {
                        // The login itself, masked as every frame of a client's is.
                        let length = client.read(&mut greeting).unwrap();
                        assert!(length > SECRET.len());
                        let _over = teller.send("a login was sent".to_owned());
                        std::thread::sleep(PATIENCE);
                    }
                }
                std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
                let _over = std::io::copy(&mut client, &mut server);
            });
        }
    });
    (address, logins)
}

#[test]
fn a_kill_nine_in_the_middle_of_a_login_leaves_no_key_behind() {
    let stage = Stage::new("login");
    // The first question of all, which carries the keys in its headers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    stage.configure(&format!("http://{}", silent.local_addr().unwrap()));
    let child = stage.run(SECRET);
    let (mut asked, _) = silent.accept().unwrap();
    let mut head = vec![0; 64 << 10];
    let length = asked.read(&mut head).unwrap();
    assert!(String::from_utf8_lossy(&head[..length]).contains(SECRET), "the keys are on their way");
    is_silent_in_proc(&child);
    child.kill();
    stage.is_silent();

    // A stream's login, after everything else was answered.
    let (address, logins) = stalls_at_login(&stage.exchange.address);
    stage.configure(&address);
    let child = stage.run(SECRET);
    logins.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no login was sent: {}", stage.words()));
    child.kill();
    stage.is_silent();
}

/// The keys typed at the window's own prompt: neither the echo, nor the screen, nor the files hold them.
#[test]
fn keys_that_are_typed_are_on_no_screen() {
    let stage = Stage::new("typed");
    let size = PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(BINARY);
    command.args(["run", "--as-root", "--acknowledge-unclean"]);
    command.env("HARDSTOP_HOME", &stage.home);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reads, mut types) =
        (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let printed = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&printed);
    let reader = std::thread::spawn(move || {
        let mut some = [0; 4096];
        while let Ok(length @ 1..) = reads.read(&mut some) {
            hears.lock().unwrap().extend_from_slice(&some[..length]);
        }
    });
    let shows = |words: &str| {
        let began = Instant::now();
        let has = || printed.lock().unwrap().windows(words.len()).any(|window| window == words.as_bytes());
        while !has() {
            let all = String::from_utf8_lossy(&printed.lock().unwrap()).into_owned();
            assert!(began.elapsed() < PATIENCE, "{words}: {all}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    shows("key id");
    types.write_all(format!("{ID}\r").as_bytes()).unwrap();
    shows("secret");
    types.write_all(format!("{SECRET}\r").as_bytes()).unwrap();
    stage.until_ready();
    // The whole screen is painted anew, so that it shows what there is.
    types.write_all(b"\x0c").unwrap();
    shows("SPY");
    let pid = child.process_id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    drop((types, pair.master));
    reader.join().unwrap();
    let (rows, columns) = (NonZeroU16::new(50).unwrap(), NonZeroU16::new(200).unwrap());
    let mut screen = vt100::Parser::new(rows, columns, 0);
    screen.process(&printed.lock().unwrap());
    holds_none("the screen", screen.screen().contents().as_bytes());
    holds_none("what the terminal was sent", &printed.lock().unwrap());
    stage.is_silent();
}
