//! A run of before in the window again: its events into a fresh machine that has no door, at the speed that was asked
//! for. Nothing that is done in such a window reaches a venue but the kill, which goes to the instance that runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use crate::app::asked::Asked;
use crate::app::client;
use crate::app::clock::{self, DataClock, Speed};
use crate::app::control::{Reply, Request};
use crate::app::desk::Desk;
use crate::app::engine_room::Shared;
use crate::app::machine::{Crew, RunResult};
use crate::app::note::Note;
use crate::app::paths::Paths;
use crate::broker::latch::{KillCause, Pull};
use crate::broker::outcome::{KillOutcome, Outcomes};
use crate::broker::threads;
use crate::config::meaning::Logs;
use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::intent::StrategyId;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::engine::machine::Engine;
use crate::journal::history::{History, Moment};
use crate::journal::reader::Reader;
use crate::pump::assembly::onto_nothing;
use crate::pump::audience::Audience;
use crate::ui::seen::About;

/// The longest that nobody is listened to.
const NAP: Duration = Duration::from_millis(20);
/// A stretch in which nothing happened for this long is skipped.
const QUIET_MS: i64 = 300_000;
/// Whoever asks for something in a replay.
const NOTHING_IS_SENT: &str =
    "this is a replay: nothing is sent from here but the kill, to the instance that runs; q ends it";

/// What is watched again.
pub struct ReplayPlan {
    /// Folders and files.
    pub paths: Paths,
    /// The journal.
    pub journal: PathBuf,
    /// The tape beside it.
    pub tape: PathBuf,
    /// The run, by its number.
    pub run: u64,
    /// From the beginning of this day on: what came before it passes at once.
    pub from: Option<TradingDay>,
    /// How fast its time passes.
    pub speed: Speed,
    /// What is logged.
    pub logs: Logs,
}

impl ReplayPlan {
    /// What is replayed, for the header.
    pub fn venue_name(&self) -> String {
        let name =
            self.journal.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("run {} of {name}", self.run)
    }
}

/// Watches a run again until it is ended by the trader; at its end the last picture stays.
pub(super) fn watch(
    plan: &ReplayPlan,
    pace: String,
    shared: &Shared,
    teller: &SyncSender<Note>,
) -> Result<RunResult, String> {
    let reader = Reader::open(&plan.journal).map_err(|fault| fault.to_string())?;
    let history = History::of(&reader, &plan.tape, plan.run).map_err(|fault| fault.to_string())?;
    let head = history.head().clone();
    let settings = head.settings.ok_or(
        "this run was written by a hardstop that did not keep its settings; runs of this one can be replayed",
    )?;
    let about = About {
        venue: plan.venue_name(),
        data: head.source,
        pace,
        sandbox: head.sandbox,
        replay: true,
        ..About::default()
    };
    let interval_ms = settings.feed_interval_ms;
    let engine = onto_nothing(settings, head.limits, head.limits_version)?;
    let tells = teller.clone();
    let tell = Box::new(move || drop(tells.try_send(Note::Turned)));
    let desk = Desk::new(about, interval_ms, Arc::clone(&shared.wanted), tell);
    let requests = shared.listen();
    pass_kills_on(plan, shared, teller)?;
    drop(teller.try_send(Note::Turned));
    let names = BTreeMap::new();
    let clock = None;
    let mut again =
        Again { engine, desk, requests, shared, speed: plan.speed, from: plan.from, names, clock };
    again.live(history)
}

struct Again<'a> {
    engine: Engine,
    desk: Desk,
    requests: Receiver<Asked>,
    shared: &'a Shared,
    speed: Speed,
    from: Option<TradingDay>,
    names: BTreeMap<StrategyId, String>,
    clock: Option<DataClock>,
}

impl Again<'_> {
    fn live(&mut self, mut history: History<'_>) -> Result<RunResult, String> {
        while !self.shared.end.is_raised() {
            let Some(moment) = history.next_moment().map_err(|fault| fault.to_string())? else { break };
            self.wait_for(moment.stamped.at, history.next_tick_at());
            self.happen(&moment);
        }
        self.desk.data_ended();
        self.desk.turned();
        while !self.shared.end.is_raised() {
            self.listen(NAP);
        }
        Ok(RunResult { finished: true, journal_hash: "replayed".to_owned() })
    }

    /// Answers the window until the instant is there. Where the market is silent for long, its time is skipped.
    fn wait_for(&mut self, at: At, next_tick: Option<At>) {
        if self.from.is_some_and(|from| TradingDay::of(at) < from) {
            return self.listen(Duration::ZERO);
        }
        let speed = self.speed;
        let clock = self.clock.get_or_insert_with(|| DataClock::start(at, speed));
        let speaks = next_tick.unwrap_or(at).max(at);
        if speaks.millis_since(clock.now()) > QUIET_MS {
            clock.jump(speaks.plus_millis(-1_000));
        }
        while !self.shared.end.is_raised() {
            let left = self.clock.as_ref().map_or(Duration::ZERO, |clock| clock.until(at));
            self.listen(left.min(NAP));
            if left.is_zero() {
                return;
            }
        }
    }

    fn happen(&mut self, moment: &Moment) {
        let stamped = &moment.stamped;
        if let Event::StrategyLoaded(head) = &stamped.event {
            self.names.insert(head.id, head.name.clone());
            self.desk.rename(self.names.clone());
        }
        for command in self.engine.step(stamped) {
            if let Command::Record(record) = command {
                self.desk.hear(stamped.seq, stamped.at, &record);
            }
        }
        if let Event::Tick(tick) | Event::Warm(tick) = &stamped.event {
            self.desk.saw(tick);
        }
        self.desk.turned();
    }

    fn listen(&mut self, patience: Duration) {
        let asked = match self.requests.recv_timeout(patience) {
            Ok(asked) => asked,
            Err(RecvTimeoutError::Timeout) => return,
            Err(RecvTimeoutError::Disconnected) => return std::thread::sleep(patience),
        };
        match asked {
            Asked::Look(look, back) => {
                if let Some(seen) = self.desk.show(&self.engine, &look) {
                    back(seen);
                }
            }
            Asked::Shell(_, back) | Asked::Act(_, back) => back(Reply::words(2, NOTHING_IS_SENT)),
            Asked::Wake(_) | Asked::Noted(_) | Asked::Notice(_) | Asked::Reload(_) | Asked::Hand => {}
        }
    }
}

/// Whether somebody pulled it on purpose, by a key or by a word.
fn is_the_traders(pull: &Pull) -> bool {
    let causes = [KillCause::Window, KillCause::Shell { flatten: false }, KillCause::Shell { flatten: true }];
    causes.iter().any(|cause| cause.words() == pull.by)
}

/// In a replay there is nobody to be asked; a kill that is typed is meant all the same.
pub(super) fn reply(shared: &Shared, request: &Request) -> Reply {
    if request.cmd == "kill" {
        let flatten = request.args["flatten"].as_bool().unwrap_or(false);
        shared.latch.trip(&KillCause::Shell { flatten }, clock::now());
    }
    Reply::words(2, NOTHING_IS_SENT)
}

/// Whoever reaches for the kill means it: it goes to the instance that runs, and the window says what came of that.
fn pass_kills_on(plan: &ReplayPlan, shared: &Shared, teller: &SyncSender<Note>) -> Result<(), String> {
    let outcomes = Outcomes::default();
    shared.tell_outcomes(outcomes.clone());
    let (latch, ends, socket, tells) =
        (shared.latch.clone(), shared.end.clone(), plan.paths.socket.clone(), teller.clone());
    let works = move || {
        let mut heard = 0;
        while !ends.is_raised() {
            let Some(pull) = latch.wait(heard, NAP) else { continue };
            heard = pull.number;
            // A fault of the replay, or a signal to it, is none of the run's.
            if !is_the_traders(&pull) {
                continue;
            }
            let request = Request {
                cmd: "kill".to_owned(),
                args: serde_json::json!({ "flatten": latch.wants_flat() }),
            };
            let (confirmed, words) = match client::ask(&socket, &request) {
                Ok(Some(reply)) => {
                    let first = "a replay has nothing to stop; the instance that runs was killed".to_owned();
                    (reply.exit == 0, std::iter::once(first).chain(reply.words).collect())
                }
                Ok(None) => {
                    let words = "a replay has nothing to stop, and no instance of yours runs; `hardstop kill` in a shell acts at the broker";
                    (true, vec![words.to_owned()])
                }
                Err(fault) => (false, vec![format!("the instance that runs could not be asked: {fault}")]),
            };
            outcomes.put(KillOutcome {
                pull,
                tripped_at: clock::now(),
                cancelled: 0,
                flattened: 0,
                deeds: Vec::new(),
                left_orders: Vec::new(),
                left_positions: Vec::new(),
                confirmed,
                words,
            });
            drop(tells.try_send(Note::Kill));
        }
    };
    let ends = shared.end.clone();
    threads::spawn("kill passed on", works, move || !ends.is_raised())
        .map_err(|fault| format!("no thread for the kill: {fault}"))
}
