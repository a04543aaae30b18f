use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::asked::Asked;
use crate::app::clock::Stopwatch;
use crate::app::control::{Reach, serve};
use crate::app::desk::Desk;
use crate::app::hot_reload::Reloader;
use crate::app::machine::{self, Machine, RunResult};
use crate::app::note::Note;
use crate::app::plan::{RunPlan, open, wake_by};
use crate::app::rewatch;
use crate::app::run::OUTCOMES_MAX;
use crate::app::signals::EndFlag;
use crate::app::trust_board::Looked;
use crate::broker::latch::KillLatch;
use crate::broker::outcome::{KillOutcome, Outcomes};
use crate::broker::threads;
use crate::domain::at::At;
use crate::engine::record::Record;
use crate::journal::reader::Reader;
use crate::journal::row::Row;
use crate::ui::seen::About;

/// Requests that wait in a replay; a window asks one after the other.
const ASKS_MAX: usize = 64;
/// A window that has no room for so long hangs.
const HANGS: Duration = Duration::from_secs(8);

/// What the window and the machine have in common, each on its own thread.
#[derive(Clone)]
pub struct Shared {
    /// The kill latch.
    pub latch: KillLatch,
    /// Whether the run is to end.
    pub end: EndFlag,
    /// Whether the kill task is to end.
    pub stop_kill: EndFlag,
    /// Whether the machine is no more, in order or not.
    pub machine_ended: EndFlag,
    /// Whether its last rows are written.
    pub machine_ended_well: EndFlag,
    /// Whether the window waits for something new.
    pub wanted: Arc<AtomicBool>,
    /// Whether keys were thrown away.
    pub keys_dropped: Arc<AtomicBool>,
    /// Whether the shell asked the window to lock itself.
    pub lock_asked: Arc<AtomicBool>,
    asks: Arc<OnceLock<SyncSender<Asked>>>,
    outcomes: Arc<OnceLock<Outcomes>>,
}

impl Shared {
    /// Before the machine is there.
    pub fn new(latch: KillLatch, end: EndFlag) -> Self {
        Self {
            latch,
            end,
            stop_kill: EndFlag::default(),
            machine_ended: EndFlag::default(),
            machine_ended_well: EndFlag::default(),
            wanted: Arc::default(),
            keys_dropped: Arc::default(),
            lock_asked: Arc::default(),
            asks: Arc::default(),
            outcomes: Arc::default(),
        }
    }

    /// Asks the machine; `false` where it is not there yet, gone, or has too much to do.
    pub fn ask(&self, asked: Asked) -> bool {
        self.asks.get().is_some_and(|asks| asks.try_send(asked).is_ok())
    }

    /// What others ask from here on, for whoever answers in the machine's place.
    pub(super) fn listen(&self) -> Receiver<Asked> {
        let (asks, requests) = sync_channel(ASKS_MAX);
        let _first = self.asks.set(asks);
        requests
    }

    /// Where what becomes of the kill's pulls is told.
    pub(super) fn tell_outcomes(&self, outcomes: Outcomes) {
        let _first = self.outcomes.set(outcomes);
    }

    /// What became of the kill's pulls, once there is a kill task.
    pub fn outcomes(&self) -> Option<&Outcomes> {
        self.outcomes.get()
    }
}

/// Starts the machine on a thread of its own, and its kill task and control socket on theirs. The
/// journal is opened there too: the window is in sight meanwhile.
///
/// # Errors
/// When there is no thread to be had.
pub fn start(
    plan: RunPlan,
    pace: String,
    shared: Shared,
    teller: SyncSender<Note>,
) -> Result<JoinHandle<()>, String> {
    let (lives, tells) = (shared.clone(), teller.clone());
    to_its_end(shared, teller, move || run(plan, pace, &lives, &tells))
}

/// Runs a machine's life on a thread of its own, and tells the window how it ended.
fn to_its_end(
    shared: Shared,
    teller: SyncSender<Note>,
    life: impl FnOnce() -> Result<RunResult, String> + Send + 'static,
) -> Result<JoinHandle<()>, String> {
    let work = move || {
        let dies = shared.latch.clone();
        let ended = catch_unwind(AssertUnwindSafe(life));
        if matches!(ended, Ok(Ok(_))) {
            shared.machine_ended_well.raise();
        }
        shared.machine_ended.raise();
        let note = ended.map_or_else(
            |_| {
                // The hook has pulled the kill already; this says so also where there is none.
                dies.trip(
                    &crate::broker::latch::KillCause::Fault("the engine died".to_owned()),
                    crate::app::clock::now(),
                );
                Note::Died("a part of the machine failed (its log tells where)".to_owned())
            },
            Note::Ended,
        );
        tell(&teller, note);
    };
    let thread = std::thread::Builder::new().name("machine".to_owned()).spawn(work);
    thread.map_err(|fault| format!("no thread for the machine: {fault}"))
}

fn run(plan: RunPlan, pace: String, shared: &Shared, teller: &SyncSender<Note>) -> Result<RunResult, String> {
    let plan = match plan {
        RunPlan::Replay(replay) => return rewatch::watch(&replay, pace, shared, teller),
        plan => plan,
    };
    let paths = plan.paths().clone();
    let socket = paths.socket.clone();
    let (venue, data) = (plan.venue_name(), plan.data_name());
    let sandbox = String::new();
    let about = About { venue, data, pace, sandbox, ..About::default() };
    let tells = teller.clone();
    let tell = Box::new(move || drop(tells.try_send(Note::Turned)));
    let desk = Desk::new(about, plan.interval_ms(), Arc::clone(&shared.wanted), tell);
    let wakes = shared.clone();
    let wake = wake_by(move |asked| wakes.ask(asked));
    let (mut opened, mut kill) = open(plan, shared.latch.clone(), desk, wake)?;
    let (names, sandbox) = (opened.strategies.clone(), opened.sandbox.clone());
    let past = past(&opened.files.journal)?;
    let ticks = std::mem::take(&mut opened.past);
    let looked = Looked {
        paths,
        journal: opened.files.journal.clone(),
        seal: opened.seal.take(),
        sandbox: sandbox.clone(),
        over: shared.machine_ended.clone(),
    };
    let desk = opened.pump.audience_mut();
    desk.settle(names, sandbox, opened.armoury.as_deref());
    desk.recollect(past, &ticks);
    let board = desk.trust();
    threads::spawn("trust board", move || board.keep(&looked), || true)
        .map_err(|fault| format!("no thread for the security page: {fault}"))?;
    let outcomes = kill.outcomes();
    let reach = Reach {
        latch: opened.latch.clone(),
        outcomes: outcomes.clone(),
        file: opened.kill_file.clone(),
        armoury: opened.armoury.clone(),
        screen_lock: Some(Arc::clone(&shared.lock_asked)),
    };
    let (asks, requests) = serve(&socket, reach)?;
    let (sender, kills) = sync_channel(OUTCOMES_MAX);
    let (stopped, file, kill_ids) = (shared.stop_kill.clone(), opened.kill_file.clone(), opened.kill_ids);
    let tells = teller.clone();
    let ends = stopped.clone();
    let works = move || {
        let told = |outcome: KillOutcome| {
            // A full channel is a machine that no longer listens; the outcome is kept for the asker.
            drop(sender.try_send(outcome));
            drop(tells.try_send(Note::Kill));
        };
        kill.run(kill_ids, Some(&file), told, || stopped.is_raised());
    };
    threads::spawn("kill", works, move || !ends.is_raised())
        .map_err(|fault| format!("no thread for the kill: {fault}"))?;
    let _first = shared.outcomes.set(outcomes.clone());
    let _first = shared.asks.set(asks.clone());
    watch_files(opened.reloader.take(), asks, shared.machine_ended.clone())?;
    drop(teller.try_send(Note::Turned));
    let lines = machine::Lines { requests, kills, outcomes, end: shared.end.clone() };
    threads::rehearsed("machine");
    Machine::of(opened, lines).run()
}

/// Files of strategies are looked at on a thread of their own: starting one takes longer than an order may wait.
pub(super) fn watch_files(
    reloader: Option<Reloader>,
    asks: SyncSender<Asked>,
    over: EndFlag,
) -> Result<(), String> {
    let Some(reloader) = reloader else { return Ok(()) };
    let looks = move || reloader.keep(&|asked| asks.try_send(asked).is_ok(), &|| over.is_raised());
    let thread = std::thread::Builder::new().name("strategy files".to_owned()).spawn(looks);
    thread.map(drop).map_err(|fault| format!("no thread for the files of strategies: {fault}"))
}

/// The window hears it as soon as it has room; one that hangs is not waited for.
fn tell(teller: &SyncSender<Note>, note: Note) {
    let (mut note, waited) = (note, Stopwatch::start());
    while let Err(TrySendError::Full(back)) = teller.try_send(note) {
        if waited.seconds() > HANGS.as_secs_f64() {
            return;
        }
        note = back;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The machine's own rows of the ledger's earlier runs.
fn past(journal: &std::path::Path) -> Result<Vec<(At, Record)>, String> {
    let reader = Reader::open(journal).map_err(|fault| fault.to_string())?;
    let this = reader.last_run().map_err(|fault| fault.to_string())?.unwrap_or(0);
    let mut rows = Vec::new();
    let take = |row: Row| {
        if row.run < this
            && let Some(Ok(record)) = row.record()
        {
            rows.push((row.at, record));
        }
        row.run < this
    };
    reader.each_row(0, take).map_err(|fault| fault.to_string())?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keys::Keys;
    use crate::ui::model::{LockAfter, Model, Setting};
    use crate::ui::msg::Msg;
    use crate::ui::theme::{Depth, Theme, ThemeName};
    use crate::ui::update::update;

    fn told(life: impl FnOnce() -> Result<RunResult, String> + Send + 'static) -> (Shared, Note) {
        let shared = Shared::new(KillLatch::default(), EndFlag::default());
        let (teller, notes) = sync_channel(4);
        to_its_end(shared.clone(), teller, life).unwrap().join().unwrap();
        (shared, notes.recv().unwrap())
    }

    #[test]
    fn a_machine_that_dies_shuts_the_door_and_the_window_stays_and_says_so() {
        let (shared, note) = told(|| panic!("on purpose"));
        assert!(shared.latch.is_tripped() && !shared.latch.wants_flat() && !shared.end.is_raised());
        assert!(shared.machine_ended.is_raised() && !shared.machine_ended_well.is_raised());
        let Note::Died(why) = note else { panic!("{note:?}") };
        let theme = Theme::of(ThemeName::Okabe, Depth::None);
        let mut model = Model::new(Setting {
            size: (80, 24),
            theme,
            ascii: false,
            keys: Keys::default(),
            lock_after: LockAfter::default(),
        });
        assert!(update(&mut model, Msg::EngineDown(why.clone())).is_empty());
        assert_eq!(model.engine_down, Some(why));
    }

    #[test]
    fn a_machine_that_ends_in_order_trips_nothing() {
        let (shared, note) = told(|| Err("the last row could not be written".to_owned()));
        assert!(!shared.latch.is_tripped() && shared.machine_ended.is_raised());
        assert!(!shared.machine_ended_well.is_raised());
        assert!(matches!(note, Note::Ended(Err(_))), "{note:?}");
    }
}
