//! A window that dies of a panic, in a real terminal: this test starts itself again as the program.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::app::clock::{Speed, Stopwatch};
use crate::app::control::Request;
use crate::app::paths::Paths;
use crate::app::plan::RunPlan;
use crate::app::sim::{SimPlan, open};
use crate::app::window::{WindowPlan, window};
use crate::broker::latch::KillLatch;
use crate::config::meaning::Config;
use crate::domain::at::At;
use crate::domain::market::{Quote, Tick};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::exchange::settings::Settings;
use crate::journal::verify::verify;
use crate::pump::audience::Nobody;
use crate::risk::state::TradingState;
use crate::ui::keys::Keys;
use crate::ui::model::LockAfter;
use crate::ui::theme::{Depth, Theme, ThemeName};

const PATIENCE_S: f64 = 20.0;

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/window-dies")
}

fn sim() -> SimPlan {
    let state = home().join("state");
    let paths = Paths {
        config_file: home().join("config.toml"),
        data: home().join("data"),
        socket: state.join("control.sock"),
        accounts: state.join("accounts"),
        state,
    };
    let quote = |seconds: i64| {
        let (bid, ask, size) = (Price::from_cents(10_000), Price::from_cents(10_001), Qty::shares(1_000));
        let at = At::from_seconds(1_381_154_400 + seconds);
        Tick::Quote(Quote { symbol: "SPY".parse().unwrap(), bid, bid_qty: size, ask, ask_qty: size, at })
    };
    SimPlan {
        paths,
        ticks: (0..3_600).map(quote).collect(),
        speed: Speed::Times(1.0),
        data_name: "an hour of quotes".to_owned(),
        has_quotes: true,
        strategies: Vec::new(),
        limits: Config::default().limits,
        exchange: Settings::default(),
        acknowledge_unclean: true,
        logs: Config::default().logs,
    }
}

/// The palette's grammar is asked on the window's own thread.
fn deadly(_: &str) -> Result<Request, String> {
    panic!("the window dies on purpose, and this text is for nobody")
}

#[test]
#[ignore = "this is the program that the test below runs in a terminal"]
fn the_program_in_the_terminal() {
    let result = window(WindowPlan {
        lock_after: LockAfter::default(),
        base_url: None,
        run: RunPlan::Sim(Box::new(sim())),
        pace: "×1".to_owned(),
        theme: Theme::of(ThemeName::Mono, Depth::None),
        ascii: true,
        keys: Keys::default(),
        grammar: deadly,
    });
    std::process::exit(i32::from(result.is_ok_and(|result| result.died)) * 101);
}

fn until(what: &str, seen: &Mutex<Vec<u8>>, holds: impl Fn(&str) -> bool) {
    let began = Stopwatch::start();
    loop {
        let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        screen.process(&seen.lock().unwrap());
        let text = screen.screen().contents();
        if holds(&text) {
            return;
        }
        assert!(began.seconds() < PATIENCE_S, "{what}:\n{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_window_that_dies_gives_the_terminal_back_and_the_next_start_is_halted() {
    let _none_before = std::fs::remove_dir_all(home());
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let before = format!("{:?}", pair.master.get_termios().unwrap());
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    let name = "app::window_death::the_program_in_the_terminal";
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads", "1"]);
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut keys = pair.master.take_writer().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writes = Arc::clone(&seen);
    std::thread::spawn(move || {
        let mut bytes = [0_u8; 4_096];
        while let Ok(length @ 1..) = reader.read(&mut bytes) {
            writes.lock().unwrap().extend_from_slice(&bytes[..length]);
        }
    });
    until("the window is there", &seen, |text| text.contains("KILL") && text.contains("100,000.00"));
    keys.write_all(b":").unwrap();
    until("the palette is there", &seen, |text| text.contains("Command"));
    keys.write_all(b"x").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    keys.write_all(b"\r").unwrap();

    let began = Stopwatch::start();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.exit_code();
        }
        assert!(began.seconds() < PATIENCE_S, "the process outlives its window");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, 101);
    until("it is said in one sentence", &seen, |text| {
        text.contains("hardstop's window died") && text.contains("openings are locked")
    });
    let all = String::from_utf8_lossy(&seen.lock().unwrap()).into_owned();
    assert!(!all.contains("for nobody"), "what a panic says is never told");
    assert_eq!(all.matches("\x1b[?1049h").count(), all.matches("\x1b[?1049l").count());
    assert_eq!(format!("{:?}", pair.master.get_termios().unwrap()), before, "the modes are as before");
    assert_next_start_is_halted();
}

fn assert_next_start_is_halted() {
    let ledger = first_ledger(&home().join("data"));
    let found = verify(&ledger).unwrap();
    assert!(found.is_clean(), "{found:?}");
    let (next, _kill) = open(sim(), KillLatch::default(), Nobody).unwrap();
    assert_eq!(next.pump.engine().snapshot().state, TradingState::Halted);
}

fn first_ledger(data: &Path) -> PathBuf {
    let mut all: Vec<PathBuf> = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|ending| ending == "db"));
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}
