use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::app::asked::Asked;
use crate::app::clock::Stopwatch;
use crate::app::control::{Reply, Request};
use crate::app::hot_reload::Reload;
use crate::app::opened::Opened;
use crate::app::requests::{Recalls, act, answer};
use crate::app::signals::EndFlag;
use crate::app::source::{Arrival, Source};
use crate::broker::kill_file::KillFile;
use crate::broker::latch::KillLatch;
use crate::broker::latch::TypedRearm;
use crate::broker::outcome::{KillOutcome, Outcomes};
use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::domain::mode::Mode;
use crate::engine::event::{Act, Event};
use crate::engine::machine::Engine;
use crate::journal::change::Changed;
use crate::journal::row::RunEnd;
use crate::pump::kill_report::report;
use crate::pump::turn::Pump;
use crate::ui::seen::{Look, Seen};

/// What is taken in before others are listened to again.
const ARRIVALS_MAX: u32 = 256;
/// For how long a drill may go without data.
const DEAF_SECONDS_MAX: u64 = 30;
/// The longest the machine sleeps before it looks for signals again.
const NAP: Duration = Duration::from_millis(50);
/// How long the last kill of a dying process may take.
pub const LAST_KILL_WITHIN: Duration = Duration::from_secs(4);
/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunResult {
    /// Whether the data ended, as against a signal.
    pub finished: bool,
    /// The run's hash.
    pub journal_hash: String,
}

/// Whoever stands round the machine: hears every row, sees every tick, shows it to others.
pub trait Crew: Recalls {
    /// Whether nobody is left for whom the machine would run.
    fn is_gone(&self) -> bool;

    /// Whether the machine stays and answers when its data has ended.
    fn stays(&self) -> bool;

    /// No further tick will come.
    fn data_ended(&mut self);

    /// The machine took a tick.
    fn saw(&mut self, tick: &Tick);

    /// Something may have changed that is worth another look.
    fn turned(&mut self);

    /// The machine as it is to be shown; nothing where nobody looks.
    fn show(&mut self, engine: &Engine, look: &Look) -> Option<Box<Seen>>;
}

/// The machine in its loop: fed, asked, told of kills.
pub struct Machine<A: Crew> {
    pump: Pump<A>,
    source: Box<dyn Source>,
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
    drilled_at: Option<At>,
    tickets: u64,
    /// Since when, and for how many seconds, no data are let in: a drill.
    deaf: Option<(Stopwatch, f64)>,
}

/// What connects a machine with the rest of its process.
pub struct Lines {
    /// What others ask.
    pub requests: Receiver<Asked>,
    /// What the kill did.
    pub kills: Receiver<KillOutcome>,
    /// Its newest outcome.
    pub outcomes: Outcomes,
    /// Whether the run is to end.
    pub end: EndFlag,
}

impl<A: Crew> Machine<A> {
    /// The machine of a run; the run's kill task runs elsewhere.
    pub fn of(opened: Opened<A>, lines: Lines) -> Self {
        Self {
            pump: opened.pump,
            source: opened.source,
            requests: lines.requests,
            kills: lines.kills,
            outcomes: lines.outcomes,
            pull_heard: 0,
            end: lines.end,
            latch: opened.latch,
            kill_file: opened.kill_file,
            sandbox: opened.sandbox,
            drilled_at: opened.drilled_at,
            tickets: 0,
            deaf: None,
        }
    }

    /// Runs until the data ends or somebody ends it.
    ///
    /// # Errors
    /// When the last rows cannot be written.
    pub fn run(&mut self) -> Result<RunResult, String> {
        while !self.source.is_dry() {
            if self.is_over() {
                return self.finish(false, "ended by the trader");
            }
            let patience = self.source.patience(self.pump.now(), NAP);
            self.listen(patience);
            self.take_arrivals();
            for symbol in self.pump.engine().held() {
                self.source.watch(symbol);
            }
        }
        self.pump.audience_mut().data_ended();
        self.pump.audience_mut().turned();
        while self.pump.audience_mut().stays() && !self.is_over() {
            self.listen(NAP);
        }
        self.finish(true, "the data ended")
    }

    fn take_arrivals(&mut self) {
        for _ in 0..ARRIVALS_MAX {
            let Some(arrival) = self.source.next(self.pump.now()) else { return };
            if self.is_deaf()
                && matches!(&arrival, Arrival::Event(_, event) if matches!(**event, Event::Tick(_)))
            {
                continue;
            }
            match arrival {
                Arrival::Event(at, event) => {
                    let tick = match event.as_ref() {
                        Event::Tick(tick) | Event::Warm(tick) => Some(*tick),
                        _ => None,
                    };
                    self.pump.turn(at, *event);
                    if let Some(tick) = &tick {
                        self.pump.audience_mut().saw(tick);
                    }
                }
                Arrival::FeedLost(at) => self.pump.lose_feed(at),
            }
            self.pump.audience_mut().turned();
            if !self.source.is_live() {
                return;
            }
        }
    }

    fn is_deaf(&mut self) -> bool {
        self.deaf = self.deaf.take().filter(|(since, seconds)| since.seconds() < *seconds);
        self.deaf.is_some()
    }

    /// For a while no data are let in, as if they were lost: what is drilled is that nothing opens meanwhile. In
    /// paper alone, and not for long.
    fn go_deaf(&mut self, now: At, request: &Request) -> Reply {
        let seconds = request.args.get("seconds").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if self.pump.engine().snapshot().mode != Mode::Paper || !(1..=DEAF_SECONDS_MAX).contains(&seconds) {
            return Reply::words(2, "only a drill in paper goes without data, and for half a minute at most");
        }
        self.deaf = Some((Stopwatch::start(), seconds as f64));
        self.pump.lose_feed(now);
        Reply::data(serde_json::Value::Null)
    }

    fn is_over(&mut self) -> bool {
        self.end.is_raised() || self.pump.audience_mut().is_gone()
    }

    /// Answers others and hears of kills, for at most `patience`.
    fn listen(&mut self, patience: Duration) {
        self.hear_kills();
        // What is due before the next tick happens at its own instant, also while none comes.
        let now = self.instant();
        if self.pump.hear(now) {
            self.pump.audience_mut().turned();
        }
        match self.requests.recv_timeout(patience) {
            // Something came in; it is taken in next.
            Ok(Asked::Wake(told)) => told.store(false, Ordering::SeqCst),
            Ok(asked) => {
                // Whoever asks after a kill was told of it is answered by a machine that knows of it.
                self.hear_kills();
                let now = self.instant();
                self.answer(now, asked);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(patience),
        }
        self.pump.audience_mut().recall();
    }

    fn answer(&mut self, now: At, asked: Asked) {
        match asked {
            Asked::Wake(told) => told.store(false, Ordering::SeqCst),
            Asked::Shell(request, back) => {
                let reply = self.reply(now, &request);
                self.pump.audience_mut().turned();
                back(reply);
            }
            Asked::Noted(change) => self.pump.note_change(now, Changed::Trust, &change),
            Asked::Hand => self.pump.turn(now, Event::Hand),
            Asked::Notice(words) => {
                self.pump.turn(now, Event::Notice(words));
                self.pump.audience_mut().turned();
            }
            Asked::Reload(reload) => self.reload(now, *reload),
            Asked::Act(asked, back) => {
                if let Act::Submit { intent, .. } = &asked {
                    self.source.watch(intent.symbol);
                }
                let reply = act(&mut self.pump, now, asked);
                self.pump.audience_mut().turned();
                back(reply);
            }
            Asked::Look(look, back) => {
                let (engine, crew) = self.pump.engine_and_audience();
                if let Some(seen) = crew.show(engine, &look) {
                    back(seen);
                }
            }
        }
    }

    /// The new text takes the old one's seat; what it holds and what was granted goes by its own head.
    fn reload(&mut self, now: At, reload: Reload) {
        let Reload { head, settings, sandbox } = reload;
        for symbol in &head.symbols {
            self.source.watch(*symbol);
        }
        let taken = head.clone();
        self.pump.reload(now, head, |bench| bench.seat(taken, settings, sandbox));
        self.pump.audience_mut().turned();
    }

    fn hear_kills(&mut self) {
        let now = self.instant();
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
        self.pump.audience_mut().turned();
    }

    fn reply(&mut self, now: At, request: &Request) -> Reply {
        self.tickets += 1;
        let named = request.args.get("symbol").and_then(serde_json::Value::as_str);
        // Also where only the answer is asked for.
        if let ("submit", Some(Ok(symbol))) = (request.cmd.as_str(), named.map(str::parse)) {
            self.source.watch(symbol);
        }
        if request.cmd == "deaf" {
            return self.go_deaf(now, request);
        }
        if request.cmd == "rearm" && self.latch.is_tripped() {
            return self.rearm(now, request).unwrap_or_else(|words| Reply::words(1, words));
        }
        let mut reply = answer(&mut self.pump, now, self.tickets, &self.sandbox, request);
        if request.cmd == "status" {
            reply.out["last_kill_drill"] = serde_json::json!(self.drilled_at);
        }
        reply
    }

    /// The file first, then the machine, then the latch: whatever fails on the way, it stays halted.
    fn rearm(&mut self, now: At, request: &Request) -> Result<Reply, String> {
        let reason = request.args.get("reason").and_then(serde_json::Value::as_str);
        let typed = TypedRearm::typed(reason.unwrap_or_default(), &self.latch);
        let typed = typed.map_err(|fault| fault.to_string())?;
        self.kill_file.lower().map_err(|fault| format!("{fault}; it stays halted"))?;
        let reply = answer(&mut self.pump, now, self.tickets, &self.sandbox, request);
        let opened =
            if reply.exit == 0 { self.latch.rearm(typed).map_err(|fault| fault.to_string()) } else { Ok(()) };
        if self.latch.is_tripped() {
            self.kill_file.raise("a kill that a re-arm did not undo").map_err(|fault| fault.to_string())?;
        }
        opened.map(|()| self.with_advice(reply))
    }

    /// A re-arm lets the trader trade; what the kill paused goes on only where it is asked to.
    fn with_advice(&self, mut reply: Reply) -> Reply {
        let strategies = self.pump.engine().snapshot().strategies;
        let paused = strategies.iter().filter(|strategy| strategy.state == "paused").count();
        if reply.exit == 0 && paused > 0 {
            let words = format!(
                "strategies paused: {paused}; choose one and press p, or `hardstop strategy resume NUMBER`"
            );
            reply.words.push(words);
        }
        reply
    }

    fn instant(&mut self) -> At {
        self.source.now(self.pump.now())
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
