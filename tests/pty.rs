//! The window in a real terminal: what it shows, that the kill chord passes everything, and that the
//! terminal and the journal are in order afterwards, however the process ends.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

/// A terminal with the window in it.
#[path = "pty/desk.rs"]
mod desk;

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use hardstop::domain::at::At;
use nix::sys::signal::Signal;

use crate::desk::{CHORD, Desk, ESC, F12, Home, until};

/// A minute of the market a second: there are prices at once, and the data does not end.
const PACE: [&str; 2] = ["--speed", "60"];
const HINT: &str = "KILL ▸ Ctrl-\\ or F12";
const OVERLAY: &str = "Openings are locked";
const READ_AGAIN: &str = "The venue was read again";

fn open(name: &str, columns: u16, rows: u16) -> Desk {
    Desk::open(Home::new(name), columns, rows, &PACE)
}

#[test]
fn the_badge_and_the_way_to_stop_are_in_sight_at_every_size() {
    let desk = open("sizes", 200, 50);
    desk.shows(&["6 Positions", "1 Watchlist", "7 Open orders", HINT]);
    for (columns, rows, parts) in [
        (80, 24, &["1 Trade", "Positions"][..]),
        (60, 16, &["Positions"]),
        (120, 36, &["6 Positions", "1 Watchlist"]),
        (39, 9, &["enlarge the window"]),
        (200, 50, &["6 Positions", "8 Journal"]),
    ] {
        desk.resize(columns, rows);
        desk.shows(parts);
        let hint = if columns < 60 { "KILL Ctrl-\\" } else { HINT };
        desk.waits(&format!("the badge above and the hint below at {columns}×{rows}"), || {
            desk.line(0).contains("SIM") && desk.line(usize::from(rows) - 1).contains(hint)
        });
    }
    let (code, home) = desk.close(Signal::SIGTERM);
    let small = Desk::open(home, 80, 24, &PACE);
    small.shows(&["1 Trade", "Positions", HINT]);
    assert_eq!(code, 0);
}

/// What may lie over a screen when the chord comes: the keys that bring it, what shows it, and whether it
/// is still there afterwards.
const OVER: [(&str, &str, bool); 7] = [
    ("", "", false),
    ("?", "═ Help", false),
    (":", "═ Command", true),
    ("/", "Find a symbol", true),
    ("C", "Sure?", false),
    ("q", "End the run?", false),
    ("b", "Side", true),
];

fn chord_on(desk: &mut Desk, screen: char, over: (&str, &str, bool), chord: &str) {
    let (keys, shown, stays) = over;
    let what = format!("screen {screen} under {shown:?}");
    desk.press(&screen.to_string());
    desk.press_for(keys, &[shown]);
    if keys == ":" || keys == "/" {
        desk.paste("flat q x");
    }
    desk.press(chord);
    desk.shows(&[OVERLAY, "HALTED", READ_AGAIN, HINT, "SIM"]);
    until(&what, || desk.home.state_is("halted"));
    if stays && keys != "b" {
        desk.press(ESC);
        desk.hides(&[shown]);
    }
    desk.rearm();
    if keys == "b" {
        desk.shows(&[shown]);
        desk.press(ESC);
        desk.hides(&[shown]);
    }
    if !shown.is_empty() {
        desk.hides(&[shown]);
    }
}

fn chord_on_screens(name: &str, screens: &[char]) {
    let mut desk = open(name, 80, 24);
    desk.shows(&["SPY"]);
    for (number, screen) in screens.iter().enumerate() {
        for (more, over) in OVER.into_iter().enumerate() {
            // Both names of the chord on every screen and under everything.
            let chord = if (number + more) % 2 == 0 { CHORD } else { F12 };
            chord_on(&mut desk, *screen, over, chord);
        }
    }
    let pulls = desk.home.journal("SELECT flatten FROM kills");
    assert_eq!(pulls.len(), screens.len() * OVER.len(), "one kill a press");
    assert!(pulls.iter().all(|flatten| flatten.contains('0')), "nothing was ever to be flattened: {pulls:?}");
    assert_eq!(desk.close(Signal::SIGTERM).0, 0);
}

#[test]
fn the_chord_passes_every_popup_on_the_first_screens() {
    chord_on_screens("chord-a", &['1', '2', '3', '4']);
}

#[test]
fn the_chord_passes_every_popup_on_the_other_screens() {
    chord_on_screens("chord-b", &['5', '6', '7']);
}

/// Whether the window's own thread stands still inside of a write to its terminal. Only root may see that of a process
/// that is closed to others; to anybody else it is nothing that could be told from drawing nothing.
fn cannot_draw(desk: &Desk) -> bool {
    match fs::read_to_string(format!("/proc/{0}/task/{0}/syscall", desk.pid())) {
        Ok(call) => ["1 0x1 ", "64 0x1 "].iter().any(|write| call.starts_with(write)),
        Err(_) => !nix::unistd::Uid::effective().is_root(),
    }
}

/// Nobody reads the terminal, and it is made to be painted anew until no more goes into it.
fn stop_reading(desk: &Desk) {
    desk.look_away(true);
    let (mut columns, mut stuck_since) = (200, None);
    // Whoever cannot see it sends more pictures than any terminal holds back.
    for _ in 0..if nix::unistd::Uid::effective().is_root() { 0 } else { 60 } {
        columns = 399 - columns;
        desk.resize(columns, 50);
        std::thread::sleep(Duration::from_millis(50));
    }
    until("the window cannot draw", || {
        if !cannot_draw(desk) {
            stuck_since = None;
            columns = 399 - columns;
            desk.resize(columns, 50);
        }
        stuck_since.get_or_insert_with(Instant::now).elapsed() > Duration::from_millis(300)
            && cannot_draw(desk)
    });
}

#[test]
fn the_chord_and_the_end_pass_a_terminal_that_takes_nothing() {
    let mut desk = open("blocked", 200, 50);
    stop_reading(&desk);
    desk.press(CHORD);
    until("it is halted", || desk.home.state_is("halted"));
    assert!(desk.home.kill_file() && cannot_draw(&desk));
    // Keys that nobody can have meant are lost, and the chord is not.
    assert_eq!(desk.home.run(&["rearm", "--reason", "seen"]).code, 0);
    desk.press(&"j".repeat(3_000));
    desk.press(CHORD);
    until("it is halted again", || desk.home.state_is("halted"));
    assert!(cannot_draw(&desk));

    desk.look_away(false);
    desk.shows(&[OVERLAY, "HALTED"]);
    stop_reading(&desk);
    desk.signal(Signal::SIGTERM);
    assert_eq!(desk.ended(), 0);
    let ends = desk.home.journal("SELECT count(*) FROM record WHERE kind = 'end'");
    assert_eq!(ends, ["Integer(1)"], "the run ended in order");
}

/// A connection that breaks amid a paste leaves one without its end: nothing after it is a key for a moment,
/// and the chord is one all the same.
#[test]
fn the_chord_passes_a_paste_that_never_ends() {
    let mut desk = open("endless", 80, 24);
    desk.shows(&["SPY"]);
    for (number, chord) in [CHORD, F12].into_iter().enumerate() {
        desk.press_for(":", &["═ Command"]);
        desk.press("\x1b[200~buy SPY 1");
        desk.press(chord);
        until("it is halted", || desk.home.state_is("halted"));
        desk.shows(&[OVERLAY, "HALTED", "buy SPY 1"]);
        desk.press(ESC);
        desk.hides(&["═ Command"]);
        desk.rearm();
        assert_eq!(flattens(&desk.home), vec!["Text(\"0 0\")"; number + 1]);
    }
    assert_eq!(desk.close(Signal::SIGTERM).0, 0);
}

/// A Monday of 2010, at half past nine in New York.
const FLOOD_BEGINS: At = At::from_seconds(1_262_615_400);
const FLOOD_TICKS_A_SECOND: i64 = 20_000;

/// Half a minute of quotes, so many a second.
fn a_flood(home: &Home) -> String {
    let mut rows = "timestamp,symbol,bid_price,bid_size,ask_price,ask_size\n".to_owned();
    for number in 0..30 * FLOOD_TICKS_A_SECOND {
        let at = At::from_nanos(FLOOD_BEGINS.nanos() + number * 1_000_000_000 / FLOOD_TICKS_A_SECOND);
        writeln!(rows, "{at},SPY,100.0{},1000,100.10,1000", number % 9).unwrap();
    }
    home.write("flood.csv", &rows)
}

#[test]
fn the_chord_passes_twenty_thousand_ticks_a_second() {
    let home = Home::new("flood");
    let flood = a_flood(&home);
    let mut desk = Desk::spawn(home, 200, 50, &["--speed", "1", "--data", &flood]);
    desk.shows(&["SIM", HINT]);
    until("the data flows", || desk.home.clock().is_some_and(|clock| clock > FLOOD_BEGINS));
    let (before, began) = (desk.home.clock().unwrap(), Instant::now());
    desk.press(CHORD);
    until("it is halted", || desk.home.state_is("halted"));
    let waited = began.elapsed();
    desk.shows(&[OVERLAY, "HALTED", READ_AGAIN]);
    let (after, passed) = (desk.home.clock().unwrap(), began.elapsed());
    let ticks = after.millis_since(before) * FLOOD_TICKS_A_SECOND / 1_000;
    assert!(ticks > 0, "the data flowed all the time");
    println!("halted within {waited:?} of the press, amid {ticks} ticks in {passed:?}");
    assert_eq!(desk.close(Signal::SIGTERM).0, 0);
}

fn flattens(home: &Home) -> Vec<String> {
    home.journal("SELECT flatten || ' ' || flattened FROM kills ORDER BY row")
}

/// Presses the chord at these milliseconds after the first.
fn hold(desk: &mut Desk, at_ms: impl Iterator<Item = u64>) {
    let began = Instant::now();
    for at in at_ms {
        std::thread::sleep(Duration::from_millis(at).saturating_sub(began.elapsed()));
        desk.press(CHORD);
    }
}

#[test]
fn a_second_press_flattens_and_a_key_that_is_held_does_not() {
    let mut desk = open("held", 80, 24);
    desk.home.buy();
    desk.shows(&["+10"]);
    let repeats = |from: u64, to: u64| (from..to).step_by(30);
    let holds: [(&str, Vec<u64>); 3] = [
        ("at once", repeats(0, 2_000).collect()),
        ("after a silence", [0].into_iter().chain(repeats(660, 2_600)).collect()),
        ("over a line that stalls", repeats(0, 600).chain(repeats(1_000, 1_600)).collect()),
    ];
    for (number, (what, times)) in holds.into_iter().enumerate() {
        hold(&mut desk, times.into_iter());
        desk.shows(&[OVERLAY, READ_AGAIN, "Ctrl-\\ again  flatten 1 position"]);
        assert!(desk.home.state_is("halted") && desk.home.positions() == 1, "{what}");
        desk.rearm();
        assert_eq!(flattens(&desk.home), vec!["Text(\"0 0\")"; number + 1], "{what}");
    }
    // Hidden, the next press is a first one.
    desk.press(CHORD);
    desk.shows(&[OVERLAY, READ_AGAIN]);
    desk.press(ESC);
    desk.hides(&[OVERLAY]);
    desk.shows(&["HALTED"]);
    std::thread::sleep(Duration::from_millis(400));
    desk.press_for(CHORD, &[OVERLAY, READ_AGAIN]);
    assert_eq!(desk.home.positions(), 1);
    std::thread::sleep(Duration::from_millis(400));
    desk.press_for(CHORD, &["HALTED, FLATTEN", "1 position closed", READ_AGAIN, "No position is open"]);
    until("nothing is left", || desk.home.positions() == 0);
    assert!(desk.home.state_is("halted"));
    assert_eq!(flattens(&desk.home).last().map(String::as_str), Some("Text(\"1 1\")"));
    assert_eq!(desk.close(Signal::SIGTERM).0, 0);
}

fn assert_in_order(desk: &Desk, runs: usize) {
    until("the terminal is as it was", || desk.is_given_back());
    assert_eq!(desk.written("\x1b[?1049h"), desk.written("\x1b[?1049l"));
    let ends = desk.home.journal("SELECT json_extract(body, '$.reason') FROM record WHERE kind = 'end'");
    assert_eq!(ends, vec!["Text(\"ended by the trader\")"; runs]);
    let verified = desk.home.run(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.words);
}

#[test]
fn a_signal_ends_the_run_in_order_and_a_kill_nine_is_seen_by_the_next() {
    let mut home = Home::new("signals");
    for (runs, signal) in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT].into_iter().enumerate() {
        let mut desk = Desk::open(home, 80, 24, &PACE);
        until("the terminal is taken", || desk.is_taken());
        assert_eq!(desk.home.status()["not_ready"], serde_json::Value::Null, "before {signal}");
        assert!(!desk.tells_of_the_mouse(), "the mouse is the terminal's until the trader says otherwise");
        desk.press("t");
        until("the mouse is taken", || desk.tells_of_the_mouse());
        desk.signal(signal);
        assert_eq!(desk.ended(), 0, "{signal}");
        assert_in_order(&desk, runs + 1);
        home = desk.home;
    }
    let mut desk = Desk::open(home, 80, 24, &PACE);
    desk.signal(Signal::SIGQUIT);
    desk.shows(&["HALTED", OVERLAY, READ_AGAIN]);
    until("it is halted and goes on", || desk.home.state_is("halted"));
    desk.rearm();
    desk.home.buy();
    desk.signal(Signal::SIGKILL);
    desk.ended();

    let mut next = Desk::open(desk.home, 120, 36, &PACE);
    next.shows(&["NO OPENINGS (unclean_start)", ":acknowledge unclean"]);
    let refused = |home: &Home| home.run(&["buy", "SPY", "1", "--stop-loss", "150"]).words;
    let said = refused(&next.home);
    assert!(said.contains("NOT_READY cause=unclean_start"), "{said}");
    assert_eq!(next.home.positions(), 1, "what stood is known");
    next.press_for(":", &["═ Command"]);
    next.paste("acknowledge unclean --reason seen");
    next.press("\r");
    next.hides(&["NO OPENINGS"]);
    assert!(!refused(&next.home).contains("NOT_READY"));
    assert_eq!(next.close(Signal::SIGTERM).0, 0);
}

fn is_stopped(desk: &Desk) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", desk.pid())).unwrap();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

#[test]
fn the_window_steps_into_the_background_only_where_nothing_stands() {
    let mut desk = open("job", 120, 36);
    desk.shows(&["6 Positions"]);
    for tells in [Tells::Key, Tells::Job, Tells::JobUnderPopup] {
        match tells {
            Tells::Key => desk.press("\x1a"),
            Tells::Job => desk.signal(Signal::SIGTSTP),
            Tells::JobUnderPopup => {
                desk.press_for(":", &["═ Command"]);
                desk.signal(Signal::SIGTSTP);
            }
        }
        until(&format!("it stands still ({tells:?})"), || is_stopped(&desk));
        until("the terminal is as it was", || desk.is_given_back());
        desk.signal(Signal::SIGCONT);
        until("the terminal is taken", || desk.is_taken());
        desk.shows(&["SIM", "6 Positions", HINT]);
    }
    desk.press(ESC);
    desk.hides(&["═ Command"]);
    // Stopped by somebody else, its shell has set the terminal for itself meanwhile.
    desk.signal(Signal::SIGSTOP);
    until("it stands still", || is_stopped(&desk));
    desk.cook();
    desk.signal(Signal::SIGCONT);
    until("the terminal is taken again", || desk.is_taken());
    desk.shows(&["SIM", "6 Positions", HINT]);

    desk.home.buy();
    desk.shows(&["+10"]);
    desk.press_for("\x1a", &["not into the background"]);
    assert!(!is_stopped(&desk) && desk.is_taken());
    assert_eq!(desk.close(Signal::SIGTERM).0, 0);
}

#[derive(Debug)]
enum Tells {
    Key,
    Job,
    JobUnderPopup,
}

#[test]
fn a_terminal_that_is_gone_ends_the_run_in_order() {
    for (name, stuck) in [("gone", false), ("gone-stuck", true)] {
        let desk = open(name, 200, 50);
        if stuck {
            stop_reading(&desk);
        }
        let (home, mut child) = desk.hang_up();
        let began = Instant::now();
        until("the process ends with its terminal", || child.try_wait().unwrap().is_some());
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert_eq!(child.wait().unwrap().exit_code(), 0, "{name}");
        assert_eq!(home.journal("SELECT count(*) FROM record WHERE kind = 'end'"), ["Integer(1)"]);
    }
}
