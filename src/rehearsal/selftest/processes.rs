use std::path::PathBuf;

use crate::broker::kill::{KillIds, KillTask};
use crate::broker::latch::{KillCause, KillLatch, TypedRearm};
use crate::broker::market::Market;
use crate::broker::outcome::KillOutcome;
use crate::domain::at::At;
use crate::domain::calendar::previous_session;
use crate::domain::day::TradingDay;
use crate::domain::market::{Bar, Tick};
use crate::domain::mode::Mode;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::AssetFlags;
use crate::engine::event::{Act, Event};
use crate::engine::memory::Memory;
use crate::engine::settings::Settings;
use crate::engine::snapshot::Snapshot;
use crate::exchange::venue::Exchange;
use crate::journal::facts;
use crate::journal::reader::Reader;
use crate::journal::row::{RunEnd, RunHead};
use crate::journal::writer::Journal;
use crate::laws::checker::Checker;
use crate::laws::facts::What;
use crate::pump::assembly::{limits_version, onto_market};
use crate::pump::audience::Nobody;
use crate::pump::kill_report::report;
use crate::pump::turn::{Calls, Durability, Parts, Pump};
use crate::rehearsal::selftest::auditor::Auditor;
use crate::rehearsal::selftest::notebook::Notebook;
use crate::rehearsal::selftest::plan::Plan;
use crate::rehearsal::selftest::street::cents;
use crate::rehearsal::selftest::troupe::Troupe;

/// The characters of this installation in the ids of orders.
const INSTALL: &str = "slftst";

/// One process after another on one account at one exchange, as they are started, killed and ended.
pub(super) struct Processes {
    pub(super) market: Market,
    pub(super) now: At,
    pump: Pump<Nobody, Notebook, Troupe>,
    latch: KillLatch,
    kill: KillTask,
    ledger: PathBuf,
    seed: u64,
    /// What a KILL file would say to the next process.
    kill_file: Option<String>,
}

impl Processes {
    /// The first process.
    ///
    /// # Errors
    /// What cannot be put together, in words.
    pub(super) fn start(plan: &Plan, seed: u64, ledger: PathBuf) -> Result<Self, String> {
        let market = Market::of(Exchange::new(plan.exchange.clone()));
        let mut auditor = Auditor::of(market.clone(), plan.limits.clone());
        auditor.flags_must_be_known = plan.assets_must_be_known;
        // What must be known is told at once by every process.
        auditor.clock_fits = true;
        Self::process(plan, seed, ledger, plan.start, auditor, None)
    }

    /// The process ends, cleanly or in the middle of its step, and the next one begins.
    ///
    /// # Errors
    /// What cannot be put together, in words.
    pub(super) fn restart(mut self, plan: &Plan, cleanly: bool) -> Result<Self, String> {
        if cleanly {
            let end = RunEnd { finished: false, reason: "the trader ended it".to_owned() };
            // A disk that is full keeps the row: then it is as if nobody had ended it.
            let _full = self.pump.end(&end);
        }
        let (notebook, troupe) = self.pump.dismantle();
        if let Some(breach) = notebook.breach() {
            return Err(breach);
        }
        let mut auditor = notebook.auditor;
        auditor.tally.merge(&troupe.tally);
        auditor.process_began();
        self.market.cut_line();
        Self::process(plan, self.seed, self.ledger, self.now, auditor, self.kill_file)
    }

    fn process(
        plan: &Plan,
        seed: u64,
        ledger: PathBuf,
        now: At,
        auditor: Auditor,
        kill_file: Option<String>,
    ) -> Result<Self, String> {
        let market = auditor.market.clone();
        let (mut journal, mut memory) = Journal::rehearse(&ledger, now).map_err(|fault| fault.to_string())?;
        let latch = KillLatch::default();
        memory.killed = memory.killed.or_else(|| kill_file.clone());
        if let Some(reason) = &memory.killed {
            latch.trip(&KillCause::Restored(reason.clone()), now);
        }
        let settings = Settings {
            assets_must_be_known: plan.assets_must_be_known,
            clock_must_be_known: plan.clock_must_be_known,
            ..Settings::new(Mode::Sim, INSTALL)
        };
        let assembly = onto_market(settings, plan.limits.clone(), market.clone(), latch.clone())?;
        let troupe_seed = seed.rotate_left(17) ^ u64::try_from(now.seconds()).unwrap_or(0);
        let (troupe, heads) = Troupe::seat(troupe_seed, plan.strategies, &plan.symbols, &memory, now);
        let laws = laws_of(&ledger)?;
        let head = RunHead {
            mode: Mode::Sim,
            seed,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            limits_version: limits_version(&plan.limits),
            limits: plan.limits.clone(),
            source: "a street of its own".to_owned(),
            sandbox: "none".to_owned(),
            started_at: now,
            account: None,
            settings: None,
        };
        journal.begin_run(&head, now).map_err(|fault| fault.to_string())?;
        let last_seq = journal.last_seq().map_err(|fault| fault.to_string())?;
        let mut notebook = Notebook::new(journal, laws, auditor);
        notebook.tell(now, What::RunBegan(Box::new(plan.limits.clone())));
        let pump = Pump::new(Parts {
            engine: assembly.engine,
            door: assembly.door,
            market: Some(assembly.market),
            journal: notebook,
            tape: None,
            bench: troupe,
            audience: Nobody,
            durability: Durability::EveryTurn,
            calls: Calls::QuietCounted,
            last_seq,
        });
        let kill = assembly.kill;
        let mut stage = Self { market, now, pump, latch, kill, ledger, seed, kill_file };
        stage.begin(plan, &memory);
        for (head, waits) in heads {
            stage.turn(match waits {
                None => Event::StrategyLoaded(Box::new(head)),
                Some(reason) => Event::StrategyWaits { head: Box::new(head), reason },
            });
        }
        Ok(stage)
    }

    fn begin(&mut self, plan: &Plan, memory: &Memory) {
        self.turn(Event::Started(Box::new(memory.clone())));
        self.turn(Event::ClockOffset { offset_ms: Some(0) });
        self.auditor().clock_fits = true;
        for symbol in &plan.symbols {
            let known = self.auditor().flags.get(symbol).copied();
            if let Some(flags) = known.or(plan.assets_must_be_known.then_some(AssetFlags::ALL)) {
                self.auditor().flags.insert(*symbol, flags);
                self.turn(Event::Asset { symbol: *symbol, flags });
            }
            for bar in warm_bars(plan, *symbol, self.now) {
                self.turn(Event::Warm(Tick::Bar(bar)));
            }
        }
    }

    /// One event and all that follows from it.
    pub(super) fn turn(&mut self, event: Event) {
        self.pump.turn(self.now, event);
    }

    /// An event whose instant lies before the last one's: somebody set the clock back.
    pub(super) fn turn_in_the_past(&mut self, seconds: i64) {
        self.pump.turn(self.now.plus_seconds(seconds.saturating_neg()), Event::Clock);
    }

    /// Time passes.
    pub(super) fn wait(&mut self, millis: i64) {
        self.now = self.now.plus_millis(millis);
        self.turn(Event::Clock);
    }

    pub(super) fn tick(&mut self, tick: Tick) {
        self.auditor().heard(&tick);
        self.turn(Event::Tick(tick));
    }

    pub(super) fn act(&mut self, act: Act) {
        self.turn(Event::Operator(act));
    }

    /// The kill's latch closes the door; nothing else knows of it yet.
    pub(super) fn trip(&mut self, flatten: bool) {
        self.latch.trip(&KillCause::Shell { flatten }, self.now);
    }

    /// The kill's task does its work; the machine has not heard of it yet.
    pub(super) fn pull(&mut self) -> Option<KillOutcome> {
        let ids = KillIds { mode: Mode::Sim, install: INSTALL.parse().ok()? };
        let outcome = self.kill.answer_waiting(ids)?;
        self.kill_file = Some("kill by the rehearsal".to_owned());
        Some(outcome)
    }

    /// The machine hears of a kill.
    pub(super) fn hear_kill(&mut self, outcome: &KillOutcome) {
        self.turn(Event::Killed(report(outcome)));
    }

    /// The trader types a re-arm.
    pub(super) fn rearm(&mut self) {
        let reason = "seen";
        let Ok(word) = TypedRearm::typed(reason, &self.latch) else { return };
        self.act(Act::Rearm { reason: reason.to_owned() });
        if self.latch.rearm(word).is_ok() {
            self.kill_file = None;
        }
    }

    pub(super) fn is_latched(&self) -> bool {
        self.latch.is_tripped()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.pump.engine().snapshot()
    }

    pub(super) fn notebook(&mut self) -> &mut Notebook {
        self.pump.rows_mut()
    }

    pub(super) fn auditor(&mut self) -> &mut Auditor {
        &mut self.pump.rows_mut().auditor
    }

    /// The last process ends.
    pub(super) fn close(mut self) -> (Auditor, PathBuf, Option<String>) {
        let end = RunEnd { finished: true, reason: "the day is over".to_owned() };
        let ended = self.pump.end(&end).err().map(|fault| format!("the journal did not end: {fault}"));
        let (notebook, troupe) = self.pump.dismantle();
        let breach = notebook.breach().or(ended);
        let mut auditor = notebook.auditor;
        auditor.tally.merge(&troupe.tally);
        (auditor, self.ledger, breach)
    }
}

/// The laws, having read what a ledger holds.
fn laws_of(ledger: &std::path::Path) -> Result<Checker, String> {
    let mut laws = Checker::default();
    let reader = Reader::open(ledger).map_err(|fault| fault.to_string())?;
    let read = reader.each_row(0, |row| {
        if let Ok(Some(fact)) = facts::of_row(&row) {
            laws.push(&fact);
        }
        true
    });
    read.map_err(|fault| fault.to_string())?;
    Ok(laws)
}

/// Bars of before the process: sessions for the average volume, and a measure for stops.
fn warm_bars(plan: &Plan, symbol: Symbol, now: At) -> Vec<Bar> {
    let bar = |start: At, seconds: i64, shares: i32| Bar {
        symbol,
        start,
        end: start.plus_seconds(seconds),
        open: cents(10_000),
        high: cents(10_020),
        low: cents(9_980),
        close: cents(10_000),
        volume: Qty::shares(shares),
    };
    let mut bars = Vec::new();
    let mut day = TradingDay::of(now);
    for _ in 0..7 {
        let Some(session) = previous_session(day) else { break };
        day = session.day;
        bars.push(bar(session.close.plus_seconds(-300), 300, 2_000));
        bars.push(bar(session.open, 300, 2_000));
    }
    bars.reverse();
    if plan.warm {
        let first = now.plus_seconds(-16 * 300);
        bars.extend((0..16).map(|number| bar(first.plus_seconds(number * 300), 300, 2_000)));
    }
    bars
}
