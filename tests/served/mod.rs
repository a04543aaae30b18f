//! `hardstop exchange` in a process of its own, and runs against it, for tests that do as a trader does.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub const BINARY: &str = env!("CARGO_BIN_EXE_hardstop");
/// Nobody's own keyring is touched.
pub const NO_BUS: &str = "unix:path=/nonexistent/bus";

/// An exchange on loopback, until it is dropped.
pub struct Served {
    pub address: String,
    process: Child,
}

impl Served {
    /// With an account for each pair of keys; its own files stand below `home`.
    pub fn new(home: &Path, keys: &[&str]) -> Self {
        Self::with(home, keys, &["--speed", "60"])
    }

    /// The same, with arguments of its own.
    pub fn with(home: &Path, keys: &[&str], more: &[&str]) -> Self {
        let keys = keys.iter().flat_map(|pair| ["--keys", pair]);
        let mut process = Command::new(BINARY)
            .args(["exchange", "--listen", "127.0.0.1:0", "--seed", "3"])
            .args(more)
            .args(keys)
            .env("HARDSTOP_HOME", home.join("exchange"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { address: ready["rest"].as_str().unwrap().to_owned(), process }
    }

    /// Nobody listens there any more.
    pub fn end(&mut self) {
        let _gone_already = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// A folder of this name, with nothing in it.
pub fn empty_home(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _none_before = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    home
}

/// A config for paper at this address, at the finest log, with `more` behind it.
pub fn configure(home: &Path, base_url: &str, symbols: &str, more: &str) {
    let text = format!(
        "mode = \"paper\"\n[alpaca]\nbase_url = \"{base_url}\"\nsymbols = [{symbols}]\n[logs]\nlevel = \"trace\"\n{more}"
    );
    fs::write(home.join("config.toml"), text).unwrap();
}

/// A run, until it is dropped: a test that fails leaves nobody behind who would answer for the next one's home.
pub struct Run(Child);

impl Run {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it in order.
    pub fn end(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.id().to_string()]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }

    /// Whether it ended well, by itself.
    pub fn ended_well(mut self) -> bool {
        self.0.wait().unwrap().success()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Starts it, and gives it these lines to read.
pub fn start(command: &mut Command, lines: &[&str]) -> Run {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Run(child)
}

/// A run of the config's mode without a window, with its keys on stdin; what it prints goes to files of the home.
pub fn run_headless(home: &Path, id: &str, secret: &str) -> Run {
    let file = |name: &str| fs::OpenOptions::new().create(true).append(true).open(home.join(name)).unwrap();
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--headless", "--keys-stdin", "--acknowledge-unclean", "--as-root"])
        .env("HARDSTOP_HOME", home)
        .env("DBUS_SESSION_BUS_ADDRESS", NO_BUS)
        .stdout(file("stdout"))
        .stderr(file("stderr"));
    start(&mut command, &[id, secret])
}
