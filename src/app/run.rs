use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::app::clock::{self, DataClock, Speed};
use crate::app::control::{Asked, KillReach, Reply, serve};
use crate::app::instance::Instance;
use crate::app::lines::Lines;
use crate::app::logs;
use crate::app::requests::{Recalls, answer};
use crate::app::signals::{EndFlag, listen};
use crate::app::sim::{Sim, SimPlan, open};
use crate::broker::kill_file::KillFile;
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;
use crate::broker::latch::TypedRearm;
use crate::broker::outcome::{KillOutcome, Outcomes};
use crate::domain::at::At;
use crate::domain::calendar::session;
use crate::domain::day::TradingDay;
use crate::domain::market::Tick;
use crate::engine::event::{Event, KillReport};
use crate::engine::record::Record;
use crate::journal::row::RunEnd;
use crate::pump::audience::Audience;

/// Closed hours are skipped when no tick comes for this long.
const QUIET_MS: i64 = 300_000;
/// The longest the machine sleeps before it looks for signals again.
const NAP: Duration = Duration::from_millis(50);
/// Kills that wait to be told to the machine; more at once say nothing new.
const OUTCOMES_MAX: usize = 8;

/// How long the last kill of a dying process may take.
const LAST_KILL_WITHIN: Duration = Duration::from_secs(4);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunResult {
    /// Whether the data ended, as against a signal.
    pub finished: bool,
    /// The run's hash.
    pub journal_hash: String,
}

/// The audience of a headless run: lines on stdout, and an ear for the request at hand.
struct Ears<W: Write> {
    lines: Lines<W>,
    heard: Vec<Record>,
}

/// Rows that are kept for the request at hand.
const HEARD_MAX: usize = 1_000;

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

/// Runs a sim without a window until its data ends or somebody ends it.
///
/// # Errors
/// What stood in the way, in words.
pub fn headless(plan: SimPlan, speed: Speed, out: impl Write) -> Result<RunResult, String> {
    let paths = plan.paths.clone();
    paths.prepare()?;
    let _instance = Instance::take(&paths.state)?;
    let _log = logs::start(&paths.state, &plan.logs)?;
    // Signals first: one that comes while the ledger is being read ends the run in order too.
    let (end, latch) = (EndFlag::default(), KillLatch::default());
    listen(end.clone(), latch.clone())?;
    let sim = open(plan, latch, Ears { lines: Lines::new(out), heard: Vec::new() })?;
    let outcomes = sim.kill.outcomes();
    let reach =
        KillReach { latch: sim.latch.clone(), outcomes: outcomes.clone(), file: sim.kill_file.clone() };
    let requests = serve(&paths.socket, reach)?;
    let result = drive(sim, requests, end, speed);
    let _gone_already = std::fs::remove_file(&paths.socket);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs the machine on this thread with the kill task beside it. A machine that dies pulls the kill before
/// its panic is handed back, and the kill's file stands for the next start.
fn drive<W: Write>(
    sim: Sim<Ears<W>>,
    requests: Receiver<Asked>,
    end: EndFlag,
    speed: Speed,
) -> std::thread::Result<Result<RunResult, String>> {
    let outcomes = sim.kill.outcomes();
    let (sender, kills) = sync_channel(OUTCOMES_MAX);
    std::thread::scope(|scope| {
        let Sim { pump, ticks, cursor, kill, kill_ids, latch, kill_file, sandbox, .. } = sim;
        let stop = EndFlag::default();
        let (stopped, file) = (stop.clone(), kill_file.clone());
        scope.spawn(move || {
            // A full channel is a machine that no longer listens; the outcome is kept for the asker.
            let told = |outcome: KillOutcome| drop(sender.try_send(outcome));
            kill.run(kill_ids, Some(&file), told, || stopped.is_raised());
        });
        let pulls = latch.clone();
        let mut machine = Machine {
            pump,
            ticks,
            cursor,
            requests,
            kills,
            outcomes: outcomes.clone(),
            pull_heard: 0,
            end,
            latch,
            kill_file,
            sandbox,
            tickets: 0,
        };
        let ran = catch_unwind(AssertUnwindSafe(|| machine.run(speed)));
        if ran.is_err() {
            // Nobody watches the market any more: what opens is cancelled before the process ends.
            let number = pulls.trip(&KillCause::Fault("the engine died".to_owned()), clock::now());
            let _outcome = outcomes.wait(number, LAST_KILL_WITHIN);
        }
        stop.raise();
        ran
    })
}

struct Machine<W: Write> {
    pump: crate::pump::turn::Pump<Ears<W>>,
    ticks: Vec<Tick>,
    cursor: usize,
    requests: Receiver<Asked>,
    kills: Receiver<KillOutcome>,
    /// Where the newest outcome is kept, also one that found the channel full.
    outcomes: Outcomes,
    /// The last pull that the machine was told of.
    pull_heard: u64,
    end: EndFlag,
    latch: KillLatch,
    kill_file: KillFile,
    sandbox: String,
    tickets: u64,
}

impl<W: Write> Machine<W> {
    fn run(&mut self, speed: Speed) -> Result<RunResult, String> {
        // A new run begins at the open: what the market said before it is there at once.
        let first = self.ticks.get(self.cursor).map_or(self.pump.now(), Tick::at);
        let open = session(TradingDay::of(first)).map_or(first, |session| session.open);
        let from = if self.cursor == 0 { first.max(open) } else { self.pump.now() };
        let mut clock = DataClock::start(from.max(first.plus_millis(-QUIET_MS)), speed);
        while let Some(tick) = self.ticks.get(self.cursor).copied() {
            if self.is_over() {
                return self.finish(false, "ended by the trader");
            }
            if tick.at().millis_since(clock.now()) > QUIET_MS {
                clock.jump(tick.at().plus_millis(-1_000));
            }
            self.listen(clock.until(tick.at()).min(NAP), &clock);
            if clock.now() >= tick.at() {
                self.pump.turn(tick.at(), Event::Tick(tick));
                self.cursor += 1;
            }
        }
        self.finish(true, "the data ended")
    }

    fn is_over(&mut self) -> bool {
        self.end.is_raised() || self.pump.audience_mut().lines.broken
    }

    /// Answers the shell and hears of kills, for at most `patience`.
    fn listen(&mut self, patience: Duration, clock: &DataClock) {
        self.hear_kills(clock);
        // What is due before the next tick happens at its own instant, also while none comes.
        let now = self.instant(clock);
        self.pump.pass_deadlines(now);
        match self.requests.recv_timeout(patience) {
            Ok(asked) => {
                // Whoever asks after a kill was told of it is answered by a machine that knows of it.
                self.hear_kills(clock);
                let now = self.instant(clock);
                let reply = self.reply(now, &asked);
                let _asker_gone = asked.reply.send(reply);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(patience),
        }
        self.pump.audience_mut().heard.clear();
    }

    fn hear_kills(&mut self, clock: &DataClock) {
        let now = self.instant(clock);
        self.hear_kills_at(now);
    }

    fn hear_kills_at(&mut self, now: At) {
        while let Ok(outcome) = self.kills.try_recv() {
            self.hear_kill(now, &outcome);
        }
        let kept = self.outcomes.last().filter(|outcome| outcome.pull.number > self.pull_heard);
        if let Some(outcome) = kept {
            self.hear_kill(now, &outcome);
        }
    }

    fn hear_kill(&mut self, now: At, outcome: &KillOutcome) {
        self.pull_heard = self.pull_heard.max(outcome.pull.number);
        self.pump.turn(now, Event::Killed(report(outcome)));
    }

    fn reply(&mut self, now: At, asked: &Asked) -> Reply {
        self.tickets += 1;
        if asked.request.cmd == "rearm" && self.latch.is_tripped() {
            return self.rearm(now, asked).unwrap_or_else(|words| Reply::words(1, words));
        }
        answer(&mut self.pump, now, self.tickets, &self.sandbox, &asked.request)
    }

    /// The file first, then the machine, then the latch: whatever fails on the way, it stays halted.
    fn rearm(&mut self, now: At, asked: &Asked) -> Result<Reply, String> {
        let reason = asked.request.args.get("reason").and_then(serde_json::Value::as_str);
        let typed = TypedRearm::typed(reason.unwrap_or_default(), &self.latch);
        let typed = typed.map_err(|fault| fault.to_string())?;
        self.kill_file.lower().map_err(|fault| format!("{fault}; it stays halted"))?;
        let reply = answer(&mut self.pump, now, self.tickets, &self.sandbox, &asked.request);
        let opened =
            if reply.exit == 0 { self.latch.rearm(typed).map_err(|fault| fault.to_string()) } else { Ok(()) };
        if self.latch.is_tripped() {
            self.kill_file.raise("a kill that a re-arm did not undo").map_err(|fault| fault.to_string())?;
        }
        opened.map(|()| reply)
    }

    /// The data's instant, between the last event and the next tick.
    fn instant(&self, clock: &DataClock) -> At {
        let next = self.ticks.get(self.cursor).map_or(self.pump.now(), Tick::at);
        clock.now().min(next).max(self.pump.now())
    }

    fn finish(&mut self, finished: bool, reason: &str) -> Result<RunResult, String> {
        // A kill that is at work is waited for: what it sends must be written before the run ends well.
        let pulls = self.latch.pulls();
        if pulls > self.pull_heard {
            let _outcome = self.outcomes.wait(pulls, LAST_KILL_WITHIN);
        }
        self.hear_kills_at(self.pump.now());
        let end = RunEnd { finished, reason: reason.to_owned() };
        self.pump.end(&end).map_err(|fault| fault.to_string())?;
        Ok(RunResult { finished, journal_hash: self.pump.journal_hash() })
    }
}

pub(super) fn report(outcome: &KillOutcome) -> KillReport {
    KillReport {
        tripped_at: outcome.tripped_at,
        by: outcome.pull.by.clone(),
        flatten: outcome.pull.flatten,
        cancelled: outcome.cancelled,
        flattened: outcome.flattened,
        left_orders: outcome.left_orders.clone(),
        left_positions: outcome.left_positions.clone(),
        confirmed: outcome.confirmed,
        deeds: outcome.deeds.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::app::paths::Paths;
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
        let sim = open(plan(), KillLatch::default(), ears).unwrap();
        let (outcomes, latch, file) = (sim.kill.outcomes(), sim.latch.clone(), sim.kill_file.clone());
        // One request a tick: the first tick has passed when the order is asked for.
        let (sender, requests) = sync_channel(4);
        let (reply, _replies) = sync_channel(4);
        let order = serde_json::json!({
            "side": "buy", "symbol": "SPY", "qty": "10", "limit": "99", "stop_loss": "95",
        });
        for (cmd, args) in [("status", serde_json::Value::Null), ("submit", order)] {
            let request = crate::app::control::Request { cmd: cmd.to_owned(), args };
            sender.send(Asked { request, reply: reply.clone() }).unwrap();
        }
        let died = drive(sim, requests, EndFlag::default(), Speed::Max);
        assert!(died.is_err(), "the panic is handed on: the process ends with 101");
        let outcome = outcomes.last().unwrap();
        assert_eq!((outcome.cancelled, outcome.confirmed, outcome.pull.flatten), (1, true, false));
        assert!(latch.is_tripped() && file.words().is_some_and(|words| words.contains("the engine died")));

        let ears = Ears { lines: Lines::new(Vec::new()), heard: Vec::new() };
        let next = open(plan(), KillLatch::default(), ears).unwrap();
        assert!(next.latch.is_tripped());
        assert_eq!(next.pump.engine().snapshot().state, TradingState::Halted);
    }
}
