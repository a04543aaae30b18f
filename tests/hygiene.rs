//! What the built program does to its own process before anything else, and who may start it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take before the test gives it up; nothing here is measured.
const PATIENCE: Duration = Duration::from_mins(1);

fn home(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hygiene-{name}"));
    let _none_before = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    home
}

fn hardstop(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardstop"));
    command.args(args).env("HARDSTOP_HOME", home).stdin(Stdio::null());
    command
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A sim that goes on for as long as the test wants it to.
struct Run(Child);

impl Run {
    fn start(home: &Path) -> Self {
        let mut command = hardstop(home, &["run", "--sim", "--headless", "--speed", "60"]);
        let run = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let began = Instant::now();
        while !home.join("state/control.sock").exists() {
            assert!(began.elapsed() < PATIENCE, "it never listened");
            std::thread::sleep(Duration::from_millis(20));
        }
        run
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        }
        found.push(path);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_leaves_no_core_and_no_file_that_others_can_read() {
    let home = home("closed");
    let run = Run::start(&home);
    let limits = run.proc("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let limits: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(limits, ["0", "0"], "{core}");
    let status = run.proc("status");
    assert!(status.lines().any(|line| line == "Umask:\t0077"), "{status}");
    let mut found = Vec::new();
    for folder in ["data", "state"] {
        files_below(&home.join(folder), &mut found);
    }
    assert!(found.len() > 4, "{found:?}");
    for path in found {
        let mode = path.symlink_metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
    }
}

/// Reads the environment of a process as somebody else with the same rights would. Root may read everything: as root
/// both are done as nobody.
#[cfg(target_os = "linux")]
fn as_nobody(mut command: Command) -> Command {
    use std::os::unix::process::CommandExt;
    if nix::unistd::Uid::effective().is_root() {
        command.uid(65_534).gid(65_534);
    }
    command
}

/// A folder that nobody may enter too, with a copy of the program in it; the build's own may stand in a home that is
/// closed to others.
#[cfg(target_os = "linux")]
fn stage_of_nobody() -> (PathBuf, PathBuf) {
    let stage = std::env::temp_dir().join(format!("hardstop-hygiene-{}", std::process::id()));
    let _none_before = fs::remove_dir_all(&stage);
    fs::create_dir_all(&stage).unwrap();
    fs::set_permissions(&stage, fs::Permissions::from_mode(0o755)).unwrap();
    let program = stage.join("hardstop");
    fs::copy(env!("CARGO_BIN_EXE_hardstop"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (stage, program)
}

#[cfg(target_os = "linux")]
#[test]
fn no_other_process_of_the_same_user_reads_its_environment_or_memory() {
    let (stage, program) = stage_of_nobody();
    let peek = |child: &Child| {
        let mut peeks = Command::new("cat");
        peeks.arg(format!("/proc/{}/environ", child.id())).stderr(Stdio::null());
        let seen = as_nobody(peeks).output().unwrap();
        String::from_utf8_lossy(&seen.stdout).contains("CANARY=in-the-environment")
    };
    let spawn = |mut command: Command| {
        command.env("CANARY", "in-the-environment").current_dir("/");
        as_nobody(command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    // The control: a program that does nothing about it can be read.
    let mut open = spawn(Command::new("cat"));
    // It waits for its first question.
    let mut whatif = Command::new(&program);
    whatif.arg("whatif");
    let mut closed = spawn(whatif);
    let began = Instant::now();
    while !peek(&open) && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(peek(&open), "this test cannot see what it looks for");
    // Until its first line has run it is as open as any: it has once it answers.
    closed.stdin.as_mut().unwrap().write_all(b"{}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(closed.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
    assert!(answer.starts_with('{'), "{answer}");
    assert!(closed.try_wait().unwrap().is_none(), "it still runs");
    assert!(!peek(&closed));
    for child in [&mut open, &mut closed] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    fs::remove_dir_all(stage).unwrap();
}

#[test]
fn root_trades_no_account_unless_it_is_meant_and_its_kill_is_never_refused() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let home = home("root");
    fs::write(home.join("config.toml"), "[alpaca]\nbase_url = \"http://127.0.0.1:9\"\n").unwrap();
    let run = |args: &[&str]| hardstop(&home, args).output().unwrap();
    for account in ["--paper", "--live"] {
        let refused = run(&["run", account, "--headless", "--keys-stdin"]);
        assert_eq!(refused.status.code(), Some(2), "{}", words(&refused));
        assert!(words(&refused).contains("--as-root"), "{}", words(&refused));
        assert!(!home.join("state").exists(), "nothing was begun");
    }
    // Meant, it goes on to the next thing that is missing: the keys.
    let meant = run(&["run", "--paper", "--headless", "--keys-stdin", "--as-root"]);
    assert!(words(&meant).contains("stdin ends before the Alpaca paper key id"), "{}", words(&meant));
    fs::write(home.join("config.toml"), "mode = \"paper\"\n").unwrap();
    assert!(words(&run(&["run", "--headless"])).contains("--as-root"), "the config's mode counts too");
    for args in [&["kill"][..], &["status"], &["doctor"], &["journal", "verify"]] {
        assert!(!words(&run(args)).contains("as-root"), "{args:?}");
    }
    assert!(home.join("state/KILL").exists());
}

#[test]
fn folders_may_be_no_links_and_the_config_may_be_one() {
    let home = home("links");
    fs::write(home.join("elsewhere.toml"), "[sim]\nspeed = 60\n").unwrap();
    std::os::unix::fs::symlink(home.join("elsewhere.toml"), home.join("config.toml")).unwrap();
    drop(Run::start(&home));
    for folder in ["data", "state"] {
        fs::rename(home.join(folder), home.join("moved")).unwrap();
        std::os::unix::fs::symlink(home.join("moved"), home.join(folder)).unwrap();
        let refused = hardstop(&home, &["run", "--sim", "--headless"]).output().unwrap();
        assert!(!refused.status.success() && words(&refused).contains("is a link"), "{}", words(&refused));
        fs::remove_file(home.join(folder)).unwrap();
        fs::rename(home.join("moved"), home.join(folder)).unwrap();
    }
}

#[test]
fn a_second_instance_in_the_same_home_is_refused_with_the_first_one_s_pid() {
    let home = home("twice");
    let run = Run::start(&home);
    let second = hardstop(&home, &["run", "--sim", "--headless"]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = format!("hardstop runs already (process {})", run.0.id());
    assert!(words(&second).contains(&told), "{}", words(&second));
}

/// The program can trade and can look. It knows no path of the broker's that moves money in or out, opens an account
/// or changes one.
#[test]
fn no_path_that_moves_money_out_is_in_the_program() {
    let program = fs::read(env!("CARGO_BIN_EXE_hardstop")).unwrap();
    let holds = |text: &str| program.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("/v2/positions?cancel_orders=true"), "paths are found where they are");
    for path in [
        "/v1/accounts",
        "/v1/transfers",
        "/v1/journals",
        "/v1/trading",
        "ach_relationships",
        "recipient_banks",
        "/v2/wallets",
        "/wallets/transfers",
        "instant_funding",
        "/v2/account/transfers",
    ] {
        assert!(!holds(path), "{path}");
    }
}
