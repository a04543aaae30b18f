use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hardstop::domain::at::At;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the test says that it does not happen. Generous on purpose: other
/// work may share the machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Looks at the screen again after this long.
const GLANCE: Duration = Duration::from_millis(10);

/// Keys that come faster than this are taken for a paste.
const FINGERS: Duration = Duration::from_millis(20);

/// The chord, as a terminal sends it.
pub const CHORD: &str = "\x1c";
/// Its other name.
pub const F12: &str = "\x1b[24~";
/// Back.
pub const ESC: &str = "\x1b";

/// A strategy that does nothing, so that what stands is what the test bought.
const IDLE: &str = "strategy({ api: 1, name: \"idle\", version: \"1\", timeframe: \"1Min\", onBar() {} });\n";

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}: it did not come to that");
        std::thread::sleep(GLANCE);
    }
}

/// A home of its own, and the shell in it.
pub struct Home(PathBuf);

/// What a command of the shell said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub words: String,
}

impl Home {
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pty-{name}"));
        let _none_before = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        assert!(folder.as_os_str().len() < 75, "a socket's path has no room for more");
        fs::write(folder.join("idle.js"), IDLE).unwrap();
        let home = Self(folder);
        assert_eq!(home.run(&["strategy", "approve", &home.idle(), "--yes"]).code, 0);
        home
    }

    fn idle(&self) -> String {
        self.0.join("idle.js").display().to_string()
    }

    pub fn run(&self, args: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hardstop"));
        let output = command.args(args).env("HARDSTOP_HOME", &self.0).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), words: text(output.stderr) }
    }

    /// What the running instance answers; nothing where none does.
    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.run(&["status", "--json"]).out).unwrap_or_default()
    }

    pub fn state_is(&self, state: &str) -> bool {
        let status = self.status();
        status["pid"].is_number() && status["state"] == state
    }

    pub fn positions(&self) -> usize {
        self.status()["positions"].as_array().map_or(0, Vec::len)
    }

    /// Buys until there is a position.
    pub fn buy(&self) {
        let began = Instant::now();
        loop {
            let said = self.run(&["buy", "SPY", "10", "--stop-loss", "150"]);
            if said.code == 0 {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "no order is taken: {}", said.words);
            std::thread::sleep(GLANCE);
        }
        until("it fills", || self.positions() == 1);
    }

    /// The market's time, as the running instance tells it.
    pub fn clock(&self) -> Option<At> {
        self.status()["clock"].as_str().map(|clock| clock.parse().unwrap())
    }

    /// Writes a file into the home: its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub fn kill_file(&self) -> bool {
        self.0.join("state/KILL").exists()
    }

    /// One column of a table of the journal, oldest first, as text.
    pub fn journal(&self, select: &str) -> Vec<String> {
        let ledger = rusqlite::Connection::open(self.0.join("data/sim-0001.db")).unwrap();
        let mut rows = ledger.prepare(select).unwrap();
        let rows = rows.query_map([], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
        rows.map(|value| format!("{:?}", value.unwrap())).collect()
    }
}

/// A terminal: what was written to it, and what it shows.
struct Terminal {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

/// The window in a terminal of its own.
pub struct Desk {
    pub home: Home,
    master: Box<dyn MasterPty + Send>,
    /// Where keys go; dropping it sends some.
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    terminal: Arc<Mutex<Terminal>>,
    /// Nobody reads the terminal while this is set.
    looks_away: Arc<AtomicBool>,
    hangs_up: Arc<AtomicBool>,
    /// What the terminal was set to before.
    before: String,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn some(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

impl Desk {
    /// Opens the window, and waits until the machine shows itself in it.
    pub fn open(home: Home, columns: u16, rows: u16, args: &[&str]) -> Self {
        let desk = Self::spawn(home, columns, rows, args);
        // What came before the open is taken in at once; a run that ends on the way goes on there.
        desk.shows(&["SIM", "KILL", "OPEN"]);
        until("the machine answers", || desk.home.status()["pid"] == desk.pid().as_raw());
        desk
    }

    pub fn spawn(home: Home, columns: u16, rows: u16, args: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hardstop"));
        command.args(["run", "--strategy", &home.idle()]);
        command.args(args);
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")] {
            command.env(name, value);
        }
        command.env("HARDSTOP_HOME", &home.0);
        command.cwd(&home.0);
        let before = format!("{:?}", pair.master.get_termios().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (reader, writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        let parser = vt100::Parser::new(some(rows), some(columns), 0);
        let terminal = Arc::new(Mutex::new(Terminal { parser, bytes: Vec::new() }));
        let (looks_away, hangs_up) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        read_on(reader, Arc::clone(&terminal), Arc::clone(&looks_away), Arc::clone(&hangs_up));
        Self { home, master: pair.master, writer, child, terminal, looks_away, hangs_up, before }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap())
    }

    /// Presses keys, not faster after the ones before than fingers do.
    pub fn press(&mut self, keys: &str) {
        std::thread::sleep(FINGERS);
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Text as a terminal hands a paste on.
    pub fn paste(&mut self, text: &str) {
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
        self.shows(&[text]);
    }

    pub fn signal(&self, signal: Signal) {
        nix::sys::signal::kill(self.pid(), signal).unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.terminal.lock().unwrap().parser.set_size(some(rows), some(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Stops reading what the window writes, or goes on.
    pub fn look_away(&self, away: bool) {
        self.looks_away.store(away, Ordering::SeqCst);
    }

    pub fn screen(&self) -> String {
        self.terminal.lock().unwrap().parser.screen().contents()
    }

    pub fn line(&self, row: usize) -> String {
        self.screen().lines().nth(row).unwrap_or_default().to_owned()
    }

    /// Waits until all of it is in sight.
    pub fn shows(&self, parts: &[&str]) {
        self.waits(&format!("{parts:?} in sight"), || {
            let screen = self.screen();
            parts.iter().all(|part| screen.contains(part))
        });
    }

    /// Waits until none of it is in sight.
    pub fn hides(&self, parts: &[&str]) {
        self.waits(&format!("{parts:?} out of sight"), || {
            let screen = self.screen();
            !parts.iter().any(|part| screen.contains(part))
        });
    }

    /// Waits until something holds, and shows the screen where it does not.
    pub fn waits(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "not {what}:\n{}", self.screen());
            std::thread::sleep(GLANCE);
        }
    }

    /// Presses keys and waits for what they bring.
    pub fn press_for(&mut self, keys: &str, parts: &[&str]) {
        self.press(keys);
        self.shows(parts);
    }

    /// Re-arms through the palette, and closes it.
    pub fn rearm(&mut self) {
        self.press_for(":", &["Command"]);
        self.paste("rearm --reason seen");
        self.press("\r");
        self.hides(&["Openings are locked"]);
        until("it is re-armed", || self.home.state_is("active"));
        self.press(ESC);
        self.hides(&["═ Command"]);
    }

    /// Whether the terminal tells of the mouse.
    pub fn tells_of_the_mouse(&self) -> bool {
        let terminal = self.terminal.lock().unwrap();
        terminal.parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    /// Whether the terminal is the program's: raw, on the other screen, without a cursor.
    pub fn is_taken(&self) -> bool {
        let terminal = self.terminal.lock().unwrap();
        let screen = terminal.parser.screen();
        screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste() && !self.is_cooked()
    }

    /// Whether the terminal is as it was before, by its modes and by what was written to it.
    pub fn is_given_back(&self) -> bool {
        let terminal = self.terminal.lock().unwrap();
        let screen = terminal.parser.screen();
        let pointed = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        let away = screen.alternate_screen() || screen.hide_cursor() || screen.bracketed_paste() || pointed;
        !away && self.is_cooked()
    }

    /// Sets the terminal as a shell does that takes it over.
    pub fn cook(&self) {
        let path = self.master.tty_name().unwrap();
        let status = Command::new("stty").arg("-F").arg(path).arg("sane").status();
        assert!(status.unwrap().success());
    }

    fn is_cooked(&self) -> bool {
        self.master.get_termios().is_some_and(|now| format!("{now:?}") == self.before)
    }

    /// How often a mode was set or left in all that was written.
    pub fn written(&self, sequence: &str) -> usize {
        let terminal = self.terminal.lock().unwrap();
        terminal.bytes.windows(sequence.len()).filter(|part| *part == sequence.as_bytes()).count()
    }

    /// Waits for the end of the process: its exit code.
    pub fn ended(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < PATIENCE, "the process does not end:\n{}", self.screen());
            std::thread::sleep(GLANCE);
        }
    }

    /// The end, and the home for another start.
    pub fn close(mut self, signal: Signal) -> (u32, Home) {
        self.signal(signal);
        (self.ended(), self.home)
    }

    /// Takes the terminal away, as a connection that breaks does. What is left is the process.
    pub fn hang_up(self) -> (Home, Box<dyn Child + Send + Sync>) {
        let Self { home, master, writer, child, hangs_up, .. } = self;
        hangs_up.store(true, Ordering::SeqCst);
        drop((master, writer));
        (home, child)
    }
}

fn read_on(
    mut reader: Box<dyn Read + Send>,
    terminal: Arc<Mutex<Terminal>>,
    looks_away: Arc<AtomicBool>,
    hangs_up: Arc<AtomicBool>,
) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        loop {
            let count = reader.read(&mut bytes).unwrap_or(0);
            while looks_away.load(Ordering::SeqCst) && !hangs_up.load(Ordering::SeqCst) {
                std::thread::sleep(GLANCE);
            }
            if count == 0 || hangs_up.load(Ordering::SeqCst) {
                return;
            }
            let mut terminal = terminal.lock().unwrap();
            terminal.parser.process(&bytes[..count]);
            terminal.bytes.extend(&bytes[..count]);
        }
    });
}
