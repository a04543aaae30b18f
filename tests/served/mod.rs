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

/// A run of the config's mode without a window, with its keys on stdin; what it prints goes to files of the home.
pub fn run_headless(home: &Path, id: &str, secret: &str) -> Child {
    let file = |name: &str| fs::OpenOptions::new().create(true).append(true).open(home.join(name)).unwrap();
    let mut child = Command::new(BINARY)
        .args(["run", "--headless", "--keys-stdin", "--acknowledge-unclean", "--as-root"])
        .env("HARDSTOP_HOME", home)
        .env("DBUS_SESSION_BUS_ADDRESS", NO_BUS)
        .stdin(Stdio::piped())
        .stdout(file("stdout"))
        .stderr(file("stderr"))
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{id}\n{secret}\n").as_bytes()).unwrap();
    child
}

/// Ends a run in order.
pub fn interrupt(child: &mut Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}
