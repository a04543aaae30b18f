use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::asked::Asked;
use crate::app::client;
use crate::app::clock::{self, Stopwatch};
use crate::app::control::{Reply, Request};
use crate::app::engine_room::{Shared, start};
use crate::app::instance::Instance;
use crate::app::logs;
use crate::app::machine::{LAST_KILL_WITHIN, RunResult};
use crate::app::note::Note;
use crate::app::panics::pull_on_panics;
use crate::app::paths::Paths;
use crate::app::plan::RunPlan;
use crate::app::redaction;
use crate::app::review::{self, Script};
use crate::app::rewatch;
use crate::app::signals::{EndFlag, Job, listen, listen_to_job, listen_to_size, stand_still};
use crate::app::terminal::{self, Screen};
use crate::app::wizard::{keep_paper_keys, write_config};
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;
use crate::broker::outcome::Outcomes;
use crate::domain::mode::Mode;
use crate::domain::secret::Secret;
use crate::engine::event::Act;
use crate::ui::effect::{Effect, Leave, Trusted, Wish};
use crate::ui::keys::Keys;
use crate::ui::model::{LockAfter, Model, Setting};
use crate::ui::msg::{Asker, KillDone, KillView, Msg};
use crate::ui::review::ReviewAsks;
use crate::ui::theme::Theme;
use crate::ui::update::update;
use crate::ui::wizard::WizardAsks;

/// Notes that wait for the window; more are keys that nobody can have meant.
const NOTES_MAX: usize = 1_024;
/// How often the machine is told at most that somebody is there, in milliseconds.
const HAND_EVERY_MS: u64 = 60_000;
/// The screen is painted at most so often.
const FRAME: Duration = Duration::from_millis(33);
/// Clocks move once a second.
const SECOND: Duration = Duration::from_secs(1);
/// A window whose machine has ended is gone after so long, or hangs.
const GO_WITHIN: Duration = Duration::from_secs(5);
/// A machine that ends takes at most so long.
const END_WITHIN: Duration = Duration::from_secs(6);

/// How a line of the palette becomes a request.
pub type Grammar = fn(&str) -> Result<Request, String>;

/// What a window is opened with.
pub struct WindowPlan {
    /// The run.
    pub run: RunPlan,
    /// How fast its time passes, in words, for the header.
    pub pace: String,
    /// Colours.
    pub theme: Theme,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// What keys mean.
    pub keys: Keys,
    /// When it locks itself.
    pub lock_after: LockAfter,
    /// An exchange of the config in the place of Alpaca, whose keys the wizard would keep.
    pub base_url: Option<String>,
    /// The palette's grammar.
    pub grammar: Grammar,
}

/// How a run with a window ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowResult {
    /// How the machine ended; nothing where it died.
    pub run: Option<RunResult>,
    /// What stood when it ended, in words.
    pub standing: Vec<String>,
    /// Whether a part of the program died.
    pub died: bool,
}

struct Window {
    model: Model,
    screen: Screen,
    notes: Receiver<Note>,
    teller: SyncSender<Note>,
    shared: Shared,
    since: Arc<Stopwatch>,
    paths: Paths,
    base_url: Option<String>,
    scripts: Vec<Script>,
    /// Where the machine is asked; nowhere where a run of before is watched.
    socket: Option<PathBuf>,
    grammar: Grammar,
    dirty: bool,
    painted: Option<u64>,
    looking: bool,
    look_due: bool,
    looked_ms: u64,
    /// When the machine was last told that somebody is there.
    hand_told_ms: Option<u64>,
    leaving: Option<Leave>,
    ended: Option<Result<RunResult, String>>,
}

/// Runs with a window until the trader ends it.
///
/// # Errors
/// What stood in the way, in words; the terminal is then as it was.
pub fn window(plan: WindowPlan) -> Result<WindowResult, String> {
    if !terminal::is_there() {
        return Err("the window needs a terminal; `hardstop run --headless` runs without one".to_owned());
    }
    let paths = plan.run.paths().clone();
    paths.prepare()?;
    // A replay only reads: it may be watched beside a run, and answers no shell.
    let replays = plan.run.is_replay();
    let _instance = if replays { None } else { Some(Instance::take(&paths.state)?) };
    let socket = if replays { paths.state.join("replay.sock") } else { paths.socket.clone() };
    let _log = logs::start(&paths.state, plan.run.logs(), plan.run.calls_out())?;
    let (end, latch) = (EndFlag::default(), KillLatch::default());
    listen(end.clone(), latch.clone())?;
    let (teller, notes) = sync_channel(NOTES_MAX);
    let tells = teller.clone();
    listen_to_job(move |job| {
        let note = if matches!(job, Job::Stop) { Note::Suspend } else { Note::Continued };
        drop(tells.try_send(note));
    })?;
    let tells = teller.clone();
    // This thread may wait for a window that does not keep up: no size is lost.
    listen_to_size(move || {
        if let Ok((columns, rows)) = terminal::size() {
            drop(tells.send(Note::Resized(columns, rows)));
        }
    })?;
    guard_against_panics(latch.clone());
    let size = terminal::size().map_err(|fault| format!("the terminal does not say its size: {fault}"))?;
    let screen = Screen::take().map_err(|fault| format!("the terminal cannot be taken: {fault}"))?;
    let since = Arc::new(Stopwatch::start());
    let shared = Shared::new(latch.clone(), end);
    let dropped = Arc::clone(&shared.keys_dropped);
    terminal::listen(latch, teller.clone(), Arc::clone(&since), dropped)?;
    let setting =
        Setting { size, theme: plan.theme, ascii: plan.ascii, keys: plan.keys, lock_after: plan.lock_after };
    let mut window = Window {
        model: Model::new(setting),
        screen,
        notes,
        teller: teller.clone(),
        shared: shared.clone(),
        since,
        paths: paths.clone(),
        base_url: plan.base_url,
        scripts: plan.run.scripts(),
        socket: Some(socket.clone()).filter(|_| !replays),
        grammar: plan.grammar,
        dirty: true,
        painted: None,
        looking: false,
        look_due: true,
        looked_ms: 0,
        hand_told_ms: None,
        leaving: None,
        ended: None,
    };
    // The first picture is there before the journal is opened.
    let _painted = window.paint();
    let machine = start(plan.run, plan.pace, shared.clone(), teller)?;
    end_without_a_window(shared.clone(), socket.clone())?;
    let lived = catch_unwind(AssertUnwindSafe(|| window.live()));
    let result = close(window, &machine, &shared, lived.is_err());
    let _gone_already = std::fs::remove_file(&socket);
    result
}

/// The end in order: the machine writes its last rows, the terminal is as it was.
fn close(
    mut window: Window,
    machine: &JoinHandle<()>,
    shared: &Shared,
    panicked: bool,
) -> Result<WindowResult, String> {
    shared.end.raise();
    if panicked {
        let number = shared.latch.trip(&KillCause::Fault("the window died".to_owned()), clock::now());
        let _outcome = shared.outcomes().and_then(|outcomes| outcomes.wait(number, LAST_KILL_WITHIN));
    }
    let waited = Stopwatch::start();
    while window.ended.is_none() && !machine.is_finished() && waited.seconds() < END_WITHIN.as_secs_f64() {
        if let Ok(note) = window.notes.recv_timeout(FRAME) {
            window.hear_of_the_end(note);
        }
    }
    while let Ok(note) = window.notes.try_recv() {
        window.hear_of_the_end(note);
    }
    shared.stop_kill.raise();
    let Window { model, screen, ended, .. } = window;
    drop(screen);
    let died = panicked || model.engine_down.is_some();
    match ended {
        Some(Err(words)) => Err(words),
        Some(Ok(run)) => Ok(WindowResult { run: Some(run), standing: standing(&model), died }),
        None => Ok(WindowResult { run: None, standing: standing(&model), died }),
    }
}

/// A terminal that takes no more bytes keeps the window's thread in its write, and with it the process:
/// where the machine has written its last rows, that is not waited for.
fn end_without_a_window(shared: Shared, socket: PathBuf) -> Result<(), String> {
    let waits = move || {
        while !(shared.end.is_raised() && shared.machine_ended.is_raised()) {
            std::thread::sleep(FRAME);
        }
        std::thread::sleep(GO_WITHIN);
        tracing::error!("the terminal takes no more bytes; the run ends without it");
        let _gone_already = std::fs::remove_file(socket);
        terminal::give_back_modes();
        std::process::exit(if shared.machine_ended_well.is_raised() { 0 } else { 101 });
    };
    let thread = std::thread::Builder::new().name("last resort".to_owned()).spawn(waits);
    thread.map(drop).map_err(|fault| format!("no thread for the end: {fault}"))
}

/// What stands at the venue when the window closes.
fn standing(model: &Model) -> Vec<String> {
    let Some(seen) = model.seen.as_ref().filter(|seen| !seen.about.replay) else { return Vec::new() };
    let snapshot = &seen.snapshot;
    let mut all: Vec<String> = snapshot
        .positions
        .iter()
        .map(|position| {
            let stop = position.stop.map_or_else(|| "NO STOP".to_owned(), |stop| format!("stop {stop}"));
            format!("{} {} stands, {stop}", position.symbol, position.qty)
        })
        .collect();
    if !snapshot.open_orders.is_empty() {
        all.push(format!("{} orders stand", snapshot.open_orders.len()));
    }
    all
}

/// A panic pulls the kill; where the window itself dies, the terminal is given back and it is said.
fn guard_against_panics(latch: KillLatch) {
    let window = std::thread::current().id();
    pull_on_panics(latch, move |place| {
        if std::thread::current().id() == window {
            terminal::give_back();
            let words = format!(
                "hardstop's window died at {place}; openings are locked and being cancelled. \
                 Start it again, and look at positions and orders\n"
            );
            let _gone = io::stderr().write_all(words.as_bytes());
        }
    });
}

impl Window {
    fn now_ms(&self) -> u64 {
        (self.since.seconds() * 1_000.0) as u64
    }

    fn live(&mut self) {
        loop {
            let patience = self.patience();
            match self.notes.recv_timeout(patience) {
                Ok(note) => self.hear(note),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // What came meanwhile goes onto one picture.
            for _ in 0..NOTES_MAX {
                let Ok(note) = self.notes.try_recv() else { break };
                self.hear(note);
            }
            self.tick();
            if self.ended.is_some() || self.shared.end.is_raised() {
                return;
            }
            if self.is_due() && self.paint().is_err() {
                tracing::error!("the terminal is gone; the run ends");
                return;
            }
            self.look();
        }
    }

    /// Until when nothing needs to be done.
    fn patience(&self) -> Duration {
        let since_painted = self.painted.map_or(u64::MAX, |painted| self.now_ms().saturating_sub(painted));
        let frame = FRAME.saturating_sub(Duration::from_millis(since_painted.min(1_000)));
        if self.dirty || self.look_due {
            frame
        } else {
            SECOND.saturating_sub(Duration::from_millis(since_painted.min(999)))
        }
    }

    fn is_due(&self) -> bool {
        let since = self.painted.map_or(u64::MAX, |painted| self.now_ms().saturating_sub(painted));
        self.dirty && since >= FRAME.as_millis() as u64 || since >= SECOND.as_millis() as u64
    }

    fn paint(&mut self) -> io::Result<()> {
        self.screen.draw(&self.model)?;
        self.dirty = false;
        self.painted = Some(self.now_ms());
        // Only what the trader has been told counts: from here on a press flattens, or does not.
        if self.model.shows_kill() {
            self.shared.latch.offer_flatten();
        }
        Ok(())
    }

    fn take(&mut self, msg: Msg) {
        let hidden = self.model.kill_hidden;
        let effects = update(&mut self.model, msg);
        if self.model.kill_hidden && !hidden {
            self.shared.latch.withdraw_offer();
        }
        self.dirty = true;
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn tick(&mut self) {
        let now_ms = self.now_ms();
        let was_locked = self.model.lock.is_some();
        let _none = update(&mut self.model, Msg::Clock(now_ms));
        self.dirty |= self.model.lock.is_some() != was_locked;
        if self.shared.lock_asked.swap(false, Ordering::SeqCst) {
            self.take(Msg::Lock);
        }
        if self.shared.keys_dropped.swap(false, Ordering::SeqCst) {
            self.take(Msg::KeysDropped);
        }
        let kill = self.kill_view();
        if kill != self.model.kill {
            let restored = self.shared.latch.is_restored();
            self.take(Msg::Kill(kill));
            // The kill of an earlier process stands in its band: nobody pressed anything here yet.
            if restored {
                self.model.kill_hidden = true;
            }
        }
        if now_ms.saturating_sub(self.looked_ms) >= SECOND.as_millis() as u64 {
            self.look_due = true;
        }
    }

    fn kill_view(&self) -> KillView {
        let latch = &self.shared.latch;
        let (pulls, tripped) = (latch.pulls(), latch.is_tripped());
        let last = self.shared.outcomes().and_then(Outcomes::last);
        let outcome =
            last.filter(|outcome| outcome.pull.number >= pulls && tripped).map(|outcome| KillDone {
                cancelled: outcome.cancelled,
                flattened: outcome.flattened,
                left_orders: outcome.left_orders.iter().map(ToString::to_string).collect(),
                left_positions: outcome.left_positions.iter().map(ToString::to_string).collect(),
                confirmed: outcome.confirmed,
                words: outcome.words.clone(),
            });
        KillView { pulls, tripped, flatten: latch.wants_flat() && tripped, outcome }
    }

    fn hear(&mut self, note: Note) {
        match note {
            Note::Key(key, at_ms) => {
                self.tell_of_a_hand(at_ms);
                self.take(Msg::Key(key, at_ms));
            }
            Note::Paste(text) => self.take(Msg::Paste(text)),
            Note::Mouse(does, column, row) => self.take(Msg::Mouse(does, column, row)),
            Note::Resized(columns, rows) => self.take(Msg::Resized(columns, rows)),
            Note::Kill => self.dirty = true,
            Note::Turned => self.look_due = true,
            Note::Seen(seen) => {
                self.looking = false;
                self.take(Msg::Seen(seen));
            }
            Note::Answered(asker, reply) => self.answered(asker, reply),
            Note::Script(script) => self.take(Msg::Script(script)),
            Note::Gone(why) => {
                tracing::error!(%why, "the terminal is gone; the run ends");
                self.shared.end.raise();
            }
            Note::Suspend => self.take(Msg::Suspend),
            Note::Continued => self.resume(),
            Note::Died(why) => self.take(Msg::EngineDown(why)),
            Note::Ended(result) => self.ended = Some(result),
        }
    }

    fn hear_of_the_end(&mut self, note: Note) {
        match note {
            Note::Ended(result) => self.ended = Some(result),
            Note::Seen(seen) => self.model.seen = Some(seen),
            _ => {}
        }
    }

    fn answered(&mut self, asker: Asker, reply: Reply) {
        if self.leaving.is_some() {
            self.shared.end.raise();
            return;
        }
        let words = if reply.words.is_empty() { reply.shown() } else { reply.words };
        self.look_due = true;
        self.take(Msg::Answered { asker, exit: reply.exit, words });
    }

    /// Live stays armed while somebody sits there. Told once a minute at most.
    fn tell_of_a_hand(&mut self, at_ms: u64) {
        let is_armed = self.model.seen.as_ref().is_some_and(|seen| seen.snapshot.armed_until.is_some());
        let is_due = self.hand_told_ms.is_none_or(|told| at_ms.saturating_sub(told) >= HAND_EVERY_MS);
        // Whoever stands before a locked window is nobody yet.
        if is_armed && is_due && self.model.lock.is_none() && self.shared.ask(Asked::Hand) {
            self.hand_told_ms = Some(at_ms);
        }
    }

    /// Asks the machine to be shown, once at a time and no more often than it is painted.
    fn look(&mut self) {
        if !self.look_due || self.looking || self.model.engine_down.is_some() {
            return;
        }
        let teller = self.teller.clone();
        let back = Box::new(move |seen| drop(teller.try_send(Note::Seen(seen))));
        self.shared.wanted.store(true, Ordering::SeqCst);
        if self.shared.ask(Asked::Look(self.model.look(), back)) {
            (self.looking, self.look_due) = (true, false);
            self.looked_ms = self.now_ms();
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Act(asker, act) => self.act(asker, act),
            Effect::Command(line) => self.command(&line),
            Effect::Wizard(asker, asks) => self.wizard(asker, asks),
            Effect::Review(asks) => self.review(asks),
            Effect::Trusted(asker, what, wish) => self.trusted(asker, what, &wish),
            Effect::Copy(text) => {
                let _gone = self.screen.copy(&text);
            }
            Effect::Redraw => {
                let _gone = self.screen.forget();
            }
            Effect::Mouse(taken) => self.screen.take_mouse(taken),
            Effect::Suspend => self.suspend(),
            Effect::Quit(leave) => self.leave(leave),
        }
    }

    fn act(&mut self, asker: Asker, act: Act) {
        let teller = self.teller.clone();
        let back = Box::new(move |reply| drop(teller.send(Note::Answered(asker, reply))));
        if !self.shared.ask(Asked::Act(act, back)) {
            let words = "the machine takes no requests; nothing was sent, ask again".to_owned();
            self.answered(asker, Reply::words(1, words));
        }
    }

    /// A line of the palette goes the way of the shell: through the socket, so that a kill typed here
    /// passes by a machine that is stuck.
    fn command(&mut self, line: &str) {
        let request = match (self.grammar)(line) {
            Ok(request) => request,
            Err(words) => return self.answered(Asker::Palette, Reply::words(2, words)),
        };
        let is_live = self.model.seen.as_ref().is_some_and(|seen| seen.snapshot.mode == Mode::Live);
        // With real money these ask who sits there.
        match request.cmd.as_str() {
            "arm" if is_live => self.take(Msg::AskWho(Trusted::Arm, String::new())),
            "rearm" if is_live => {
                let reason = request.args["reason"].as_str().unwrap_or_default().to_owned();
                self.take(Msg::AskWho(Trusted::Rearm, reason));
            }
            _ => self.ask_the_socket(Asker::Palette, request),
        }
    }

    /// What the wizard asks for is done aside: a broker may take its time to answer.
    fn wizard(&mut self, asker: Asker, asks: WizardAsks) {
        let (paths, base_url, teller) = (self.paths.clone(), self.base_url.clone(), self.teller.clone());
        let does = match asks {
            WizardAsks::Rearm => {
                let args = serde_json::json!({ "reason": "the kill was rehearsed in the wizard" });
                return self.ask_the_socket(asker, Request { cmd: "rearm".to_owned(), args });
            }
            asks => move || {
                let reply = match &asks {
                    WizardAsks::Keys { id, secret } => {
                        keep_paper_keys(&paths, base_url.as_deref(), id.expose(), secret.expose())
                    }
                    WizardAsks::Write(wishes) => write_config(&paths.config_file, wishes),
                    WizardAsks::Rearm => Reply::words(1, "it was asked for already"),
                };
                drop(teller.send(Note::Answered(asker, reply)));
            },
        };
        if let Err(fault) = std::thread::Builder::new().name("wizard".to_owned()).spawn(does) {
            self.answered(asker, Reply::words(1, format!("no thread for it: {fault}")));
        }
    }

    /// A script is read and approved aside: it is asked in the sandbox what it is.
    fn review(&mut self, asks: ReviewAsks) {
        let (state, teller, scripts) = (self.paths.state.clone(), self.teller.clone(), self.scripts.clone());
        let does = move || review::carry_out(&state, &scripts, &asks, |note| drop(teller.send(note)));
        if let Err(fault) = std::thread::Builder::new().name("review".to_owned()).spawn(does) {
            self.answered(Asker::Review, Reply::words(1, format!("no thread for it: {fault}")));
        }
    }

    /// What was typed unseen goes the way of the shell as well, and is in no word of this process from here on.
    fn trusted(&mut self, asker: Asker, what: Trusted, wish: &Wish) {
        let secrets = [&wish.passphrase, &wish.code].map(|hidden| Secret::new(hidden.expose().to_owned()));
        redaction::hold(&[&secrets[0], &secrets[1]]);
        let cmd = match what {
            Trusted::Arm => "arm",
            Trusted::Rearm => "rearm",
            Trusted::Unlock => "unlock",
        };
        let args = serde_json::json!({
            "account": wish.account.expose(), "passphrase": wish.passphrase.expose(), "code": wish.code.expose(),
            "reason": wish.reason,
        });
        self.ask_the_socket(asker, Request { cmd: cmd.to_owned(), args });
    }

    fn ask_the_socket(&mut self, asker: Asker, request: Request) {
        let teller = self.teller.clone();
        let Some(socket) = self.socket.clone() else {
            let reply = rewatch::reply(&self.shared, &request);
            return self.answered(asker, reply);
        };
        let asks = move || {
            let reply = match client::ask(&socket, &request) {
                Ok(Some(reply)) => reply,
                Ok(None) => Reply::words(6, "the machine is not listening yet; ask again"),
                Err(words) => Reply::words(1, words),
            };
            drop(teller.send(Note::Answered(asker, reply)));
        };
        let thread = std::thread::Builder::new().name("palette".to_owned()).spawn(asks);
        if let Err(fault) = thread {
            self.answered(asker, Reply::words(1, format!("no thread to ask with: {fault}")));
        }
    }

    fn suspend(&mut self) {
        terminal::give_back();
        stand_still();
        self.resume();
    }

    /// Takes the terminal as it was at the start: whoever had it meanwhile may have set it otherwise.
    fn resume(&mut self) {
        terminal::give_back();
        if let Err(fault) = self.screen.retake() {
            tracing::error!(%fault, "the terminal cannot be taken again; the run ends");
            self.shared.end.raise();
        }
        self.screen.take_mouse(self.model.mouse);
        (self.dirty, self.look_due) = (true, true);
    }

    fn leave(&mut self, leave: Leave) {
        self.leaving = Some(leave);
        match leave {
            Leave::KeepAll => self.shared.end.raise(),
            Leave::CancelOpenings => self.act(Asker::Key, Act::CancelAll(None)),
            Leave::Flatten => {
                let number = self.shared.latch.trip(&KillCause::Shell { flatten: true }, clock::now());
                let outcomes = self.shared.outcomes();
                let _verified = outcomes.and_then(|outcomes| outcomes.wait(number, END_WITHIN));
                self.shared.end.raise();
            }
        }
    }
}
