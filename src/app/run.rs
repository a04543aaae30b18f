use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use crate::app::asked::Asked;
use crate::app::clock;
use crate::app::control::{Reach, serve};
use crate::app::engine_room::watch_files;
use crate::app::instance::Instance;
use crate::app::lines::Lines;
use crate::app::logs;
use crate::app::machine::{self, Crew, LAST_KILL_WITHIN, Machine, RunResult};
use crate::app::opened::Opened;
use crate::app::panics::pull_on_panics;
use crate::app::plan::{RunPlan, open, wake_by};
use crate::app::requests::Recalls;
use crate::app::signals::{EndFlag, listen};
use crate::broker::kill::KillTask;
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;
use crate::broker::outcome::KillOutcome;
use crate::broker::threads;
use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::engine::machine::Engine;
use crate::engine::record::Record;
use crate::pump::audience::Audience;
use crate::ui::seen::{Look, Seen};

/// Kills that wait to be told to the machine; more at once say nothing new.
pub(super) const OUTCOMES_MAX: usize = 8;

/// The audience of a headless run: lines on stdout, and an ear for the request at hand.
struct Ears<W: Write> {
    lines: Lines<W>,
    heard: Vec<Record>,
}

/// Rows that are kept for the request at hand.
pub(super) const HEARD_MAX: usize = 1_000;

impl<W: Write> Audience for Ears<W> {
    fn hear(&mut self, seq: u64, at: At, record: &Record) {
        self.lines.hear(seq, at, record);
        if self.heard.len() < HEARD_MAX {
            self.heard.push(record.clone());
        }
    }
}

impl<W: Write> Recalls for Ears<W> {
    fn recall(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.heard)
    }
}

impl<W: Write> Crew for Ears<W> {
    fn data_ended(&mut self) {}

    fn is_gone(&self) -> bool {
        self.lines.broken
    }

    fn stays(&self) -> bool {
        false
    }

    fn saw(&mut self, _: &Tick) {}

    fn turned(&mut self) {}

    fn show(&mut self, _: &Engine, _: &Look) -> Option<Box<Seen>> {
        None
    }
}

/// Runs without a window until the data ends or somebody ends it.
///
/// # Errors
/// What stood in the way, in words.
pub fn headless(plan: RunPlan, out: impl Write) -> Result<RunResult, String> {
    let paths = plan.paths().clone();
    paths.prepare()?;
    let _instance = Instance::take(&paths.state)?;
    let _log = logs::start(&paths.state, plan.logs(), plan.calls_out())?;
    // Signals first: one that comes while the ledger is being read ends the run in order too.
    let (end, latch) = (EndFlag::default(), KillLatch::default());
    listen(end.clone(), latch.clone())?;
    pull_on_panics(latch.clone(), |_| {});
    let asks: Arc<OnceLock<SyncSender<Asked>>> = Arc::default();
    let wakes = Arc::clone(&asks);
    let wake = wake_by(move |asked| wakes.get().is_some_and(|asks| asks.try_send(asked).is_ok()));
    let ears = Ears { lines: Lines::new(out), heard: Vec::new() };
    let (mut opened, kill) = open(plan, latch, ears, wake)?;
    let outcomes = kill.outcomes();
    let reach = Reach {
        latch: opened.latch.clone(),
        outcomes: outcomes.clone(),
        file: opened.kill_file.clone(),
        armoury: opened.armoury.clone(),
        screen_lock: None,
    };
    let (sender, requests) = serve(&paths.socket, reach)?;
    let over = EndFlag::default();
    watch_files(opened.reloader.take(), sender.clone(), over.clone())?;
    let _first = asks.set(sender);
    let result = drive(opened, kill, requests, end);
    over.raise();
    let _gone_already = std::fs::remove_file(&paths.socket);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs the machine on this thread with the kill task beside it. A machine that dies pulls the kill before
/// its panic is handed back, and the kill's file stands for the next start.
fn drive<A: Crew>(
    opened: Opened<A>,
    mut kill: KillTask,
    requests: Receiver<Asked>,
    end: EndFlag,
) -> std::thread::Result<Result<RunResult, String>> {
    let outcomes = kill.outcomes();
    let (sender, kills) = sync_channel(OUTCOMES_MAX);
    std::thread::scope(|scope| {
        let stop = EndFlag::default();
        let (stopped, file, kill_ids) = (stop.clone(), opened.kill_file.clone(), opened.kill_ids);
        scope.spawn(move || {
            // A full channel is a machine that no longer listens; the outcome is kept for the asker.
            let told = |outcome: KillOutcome| drop(sender.try_send(outcome));
            let works = || kill.run(kill_ids, Some(&file), told, || stopped.is_raised());
            threads::outlive("kill", works, || !stopped.is_raised());
        });
        let pulls = opened.latch.clone();
        let lines = machine::Lines { requests, kills, outcomes: outcomes.clone(), end };
        let mut machine = Machine::of(opened, lines);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            threads::rehearsed("machine");
            machine.run()
        }));
        if ran.is_err() {
            // Nobody watches the market any more: what opens is cancelled before the process ends.
            let number = pulls.trip(&KillCause::Fault("the engine died".to_owned()), clock::now());
            let _outcome = outcomes.wait(number, LAST_KILL_WITHIN);
        }
        stop.raise();
        ran
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::app::clock::Speed;
    use crate::app::paths::Paths;
    use crate::app::sim::{SimPlan, open};
    use crate::config::meaning::Config;
    use crate::domain::market::Quote;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::exchange::settings::Settings;
    use crate::risk::state::TradingState;

    /// A reader at whose hands the machine dies, as soon as an order works at the venue.
    #[derive(Default)]
    struct Deadly(String);

    impl Write for Deadly {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.push_str(&String::from_utf8_lossy(bytes));
            assert!(!self.0.contains("\"working\""), "the machine dies on purpose");
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn plan() -> SimPlan {
        let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/run-dies");
        let state = home.join("state");
        let paths = Paths {
            config_file: home.join("config.toml"),
            data: home.join("data"),
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
            ticks: (0..5).map(quote).collect(),
            speed: Speed::Max,
            data_name: "five quotes".to_owned(),
            has_quotes: true,
            strategies: Vec::new(),
            limits: Config::default().limits,
            exchange: Settings::default(),
            acknowledge_unclean: true,
            logs: Config::default().logs,
        }
    }

    #[test]
    fn a_machine_that_dies_pulls_the_kill_and_the_next_start_is_halted() {
        let _none_before =
            std::fs::remove_dir_all(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/run-dies"));
        plan().paths.prepare().unwrap();
        let ears = Ears { lines: Lines::new(Deadly::default()), heard: Vec::new() };
        let (sim, kill) = open(plan(), KillLatch::default(), ears).unwrap();
        let (outcomes, latch, file) = (kill.outcomes(), sim.latch.clone(), sim.kill_file.clone());
        // One request a tick: the first tick has passed when the order is asked for.
        let (sender, requests) = sync_channel(4);
        let order = serde_json::json!({
            "side": "buy", "symbol": "SPY", "qty": "10", "limit": "99", "stop_loss": "95",
        });
        for (cmd, args) in [("status", serde_json::Value::Null), ("submit", order)] {
            let request = crate::app::control::Request { cmd: cmd.to_owned(), args };
            sender.send(Asked::Shell(request, Box::new(|_| {}))).unwrap();
        }
        let died = drive(sim, kill, requests, EndFlag::default());
        assert!(died.is_err(), "the panic is handed on: the process ends with 101");
        let outcome = outcomes.last().unwrap();
        assert_eq!((outcome.cancelled, outcome.confirmed, outcome.pull.flatten), (1, true, false));
        assert!(latch.is_tripped() && file.words().is_some_and(|words| words.contains("the engine died")));

        let ears = Ears { lines: Lines::new(Vec::new()), heard: Vec::new() };
        let (next, _kill) = open(plan(), KillLatch::default(), ears).unwrap();
        assert!(next.latch.is_tripped());
        assert_eq!(next.pump.engine().snapshot().state, TradingState::Halted);
    }
}
