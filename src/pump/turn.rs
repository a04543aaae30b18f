use std::collections::VecDeque;

use crate::broker::door::{Door, DoorOutcome};
use crate::broker::heard::Heard;
use crate::broker::market::Market;
use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::StrategyId;
use crate::domain::market::Tick;
use crate::domain::strategy::{Outcome, StrategyAnswer, StrategyCall};
use crate::domain::symbol::Symbol;
use crate::domain::venue::{Asked, MarketNews};
use crate::engine::command::Command;
use crate::engine::event::{Event, Stamped, StrategyHead};
use crate::engine::machine::Engine;
use crate::engine::record::Record;
use crate::feed::freshness::Freshness;
use crate::journal::change::{Change, Changed};
use crate::journal::error::JournalError;
use crate::journal::row::{Frame, RunEnd};
use crate::journal::sealing::AuditHead;
use crate::journal::tape::writer::TapeWriter;
use crate::journal::writer::Journal;
use crate::pump::audience::Audience;
use crate::pump::bench::{Bench, Callees};
use crate::pump::rows::Rows;
use crate::risk::order::Role;
use crate::risk::token::ApprovedOrder;
use crate::strategy::host::CallRecord;

/// When rows become durable that no order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// At the end of every turn that wrote any.
    EveryTurn,
    /// After this many rows: for runs that can simply be run again.
    Groups(u32),
}

/// What is written down of a strategy's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Each, with the bytes that went there and came back.
    Each,
    /// Each that brought anything but that it ended well; the others are counted. For runs that can simply
    /// be run again: what a quiet call was handed follows from the data and from the rows before it.
    QuietCounted,
}

/// The pump: sole owner of the machine and of everything it commands.
pub struct Pump<A: Audience, R: Rows = Journal, C: Callees = Bench> {
    engine: Engine,
    door: Door,
    market: Option<Market>,
    journal: R,
    tape: Option<TapeWriter>,
    bench: C,
    audience: A,
    durability: Durability,
    calls: Calls,
    quiet: Quiet,
    queue: VecDeque<Event>,
    seq: u64,
    now: At,
    rows_waiting: u32,
    journal_down: bool,
    feed: Option<Freshness>,
}

/// Quiet calls that no row stands for yet, with the place of the last.
#[derive(Debug, Default)]
struct Quiet {
    calls: u64,
    seq: u64,
    at: At,
}

/// The parts a pump is put together from.
pub struct Parts<A: Audience, R: Rows = Journal, C: Callees = Bench> {
    /// The machine, before its first event.
    pub engine: Engine,
    /// The only way to the venue.
    pub door: Door,
    /// The market side of the embedded exchange, where that is the venue.
    pub market: Option<Market>,
    /// The journal, with its run begun.
    pub journal: R,
    /// Where ticks are kept, where they are.
    pub tape: Option<TapeWriter>,
    /// The strategies' processes.
    pub bench: C,
    /// Who is told every row.
    pub audience: A,
    /// When rows become durable that no order waits for.
    pub durability: Durability,
    /// What is written down of strategies' calls.
    pub calls: Calls,
    /// The number of the last event of this ledger.
    pub last_seq: u64,
}

impl<A: Audience> Pump<A> {
    /// The run's hash so far.
    pub fn journal_hash(&self) -> String {
        self.journal.journal_hash()
    }

    /// Where the ledger ends on disk.
    pub fn audit_head(&self) -> AuditHead {
        self.journal.audit_head()
    }

    /// Notes who changed what of rules and rights. It moves no order, so the machine does not hear of it.
    pub fn note_change(&mut self, at: At, changed: Changed, change: &Change) {
        self.rows_waiting += 1;
        if let Err(fault) = self.journal.change(at, changed, change) {
            self.on_journal_fault(&fault);
        }
        self.settle();
    }
}

impl<A: Audience, R: Rows, C: Callees> Pump<A, R, C> {
    /// Puts the parts together; nothing happens before the first turn.
    pub fn new(parts: Parts<A, R, C>) -> Self {
        Self {
            engine: parts.engine,
            door: parts.door,
            market: parts.market,
            journal: parts.journal,
            tape: parts.tape,
            bench: parts.bench,
            audience: parts.audience,
            durability: parts.durability,
            calls: parts.calls,
            quiet: Quiet::default(),
            queue: VecDeque::new(),
            seq: parts.last_seq,
            now: At::default(),
            rows_waiting: 0,
            journal_down: false,
            feed: None,
        }
    }

    /// Has the data watched for silence from here on.
    pub fn watch_feed(&mut self, feed: Freshness) {
        self.feed = Some(feed);
    }

    /// For how long no data has come, in milliseconds, where that is watched.
    pub fn feed_age_ms(&self, now: At) -> Option<i64> {
        self.feed.as_ref().map(|feed| feed.age_ms(now))
    }

    /// Handles one event and everything that follows from it, until nothing is left to do.
    pub fn turn(&mut self, at: At, event: Event) {
        self.pass_deadlines(at);
        self.handle(at, event);
    }

    /// Takes in what the market did before, all of it as of `at`: nothing is traded on it, and its rows are put on
    /// disk together.
    pub fn warm_up(&mut self, at: At, ticks: impl Iterator<Item = Tick>) {
        let durability = std::mem::replace(&mut self.durability, Durability::Groups(u32::MAX));
        for tick in ticks {
            self.turn(at, Event::Warm(tick));
        }
        self.durability = durability;
        self.settle();
    }

    /// The feed is known to be lost: it counts as silent at once, until something comes again.
    pub fn lose_feed(&mut self, at: At) {
        self.pass_deadlines(at);
        if let Some(feed) = &mut self.feed
            && feed.lose(at)
        {
            let silent_ms = feed.age_ms(at);
            self.handle(at, Event::Feed { fresh: false, silent_ms });
        }
    }

    /// Takes in what the door has heard by `at`; whether that was anything.
    pub fn hear(&mut self, at: At) -> bool {
        self.pass_deadlines(at);
        self.take_heard();
        if self.queue.is_empty() {
            return false;
        }
        self.now = self.now.max(at);
        while let Some(event) = self.queue.pop_front() {
            self.step(event);
        }
        self.settle();
        true
    }

    /// Lets a strategy's new process take its seat, between two events: what was due before is answered by the old one,
    /// and the machine knows the new one by its own head before anything else comes to it.
    pub fn reload(&mut self, at: At, head: StrategyHead, seat: impl FnOnce(&mut C)) {
        self.hear(at);
        self.now = self.now.max(at);
        seat(&mut self.bench);
        self.step(Event::StrategyLoaded(Box::new(head)));
        while let Some(event) = self.queue.pop_front() {
            self.step(event);
        }
        self.settle();
    }

    /// Lets time pass up to `at`: every deadline of the machine is met at its own instant.
    pub fn pass_deadlines(&mut self, at: At) {
        if let Some(feed) = &mut self.feed
            && let Some(fell) = feed.fell_silent(at)
        {
            let silent_ms = feed.age_ms(fell);
            self.meet_deadlines(fell);
            self.handle(fell, Event::Feed { fresh: false, silent_ms });
        }
        self.meet_deadlines(at);
    }

    fn meet_deadlines(&mut self, at: At) {
        let mut last = None;
        while self.engine.next_deadline() <= at {
            let due = self.engine.next_deadline().max(self.now);
            // A deadline that its own event did not move would hold the pump for ever.
            if last == Some(due) {
                break;
            }
            last = Some(due);
            self.handle(due, Event::Clock);
        }
    }

    /// The machine, to be looked at.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The instant of the last event.
    pub fn now(&self) -> At {
        self.now
    }

    /// Who is told every row.
    pub fn audience_mut(&mut self) -> &mut A {
        &mut self.audience
    }

    /// The machine to be looked at, with who is told every row.
    pub fn engine_and_audience(&mut self) -> (&Engine, &mut A) {
        (&self.engine, &mut self.audience)
    }

    /// The strategies' processes.
    pub fn bench_mut(&mut self) -> &mut C {
        &mut self.bench
    }

    /// Where the rows go. Quiet calls may be waiting for their row: [`Pump::tell_quiet`].
    pub fn rows_mut(&mut self) -> &mut R {
        &mut self.journal
    }

    /// Takes the pump apart, as the end of its process would: rows that wait are as the journal keeps them.
    pub fn dismantle(self) -> (R, C) {
        (self.journal, self.bench)
    }

    /// Ends the run cleanly: every row is on disk when this returns well.
    ///
    /// # Errors
    /// When the last rows cannot be written.
    pub fn end(&mut self, end: &RunEnd) -> Result<(), JournalError> {
        self.tell_quiet();
        self.commit()?;
        self.journal.end_run(end, self.now)
    }

    fn handle(&mut self, at: At, event: Event) {
        self.now = self.now.max(at);
        if let Some(market) = &self.market {
            // What the market does to resting orders comes before what the machine makes of it.
            let news = match &event {
                Event::Tick(tick) => market.on_tick(tick),
                _ => market.advance(self.now),
            };
            let told = news.into_iter().map(|news| match news {
                MarketNews::Halted(symbol, halted) => Event::SymbolHalted { symbol, halted },
                MarketNews::CorporateAction(symbol, what) => Event::CorporateAction { symbol, what },
            });
            self.queue.extend(told);
        }
        self.take_heard();
        if let (Some(feed), Event::Tick(_)) = (&mut self.feed, &event)
            && let Some(silent_ms) = feed.heard(self.now)
        {
            self.queue.push_back(Event::Feed { fresh: true, silent_ms });
        }
        // A strategy whose penalty is over hears of this event already.
        for head in self.bench.bring_back(self.now) {
            self.queue.push_back(Event::StrategyLoaded(Box::new(head)));
        }
        if matches!(event, Event::Killed(_)) {
            // What the venue says of the kill's orders is understood once the kill itself has told of them.
            self.queue.push_front(event);
        } else if self.queue.is_empty() {
            self.step(event);
        } else {
            self.queue.push_back(event);
        }
        while let Some(event) = self.queue.pop_front() {
            self.step(event);
        }
        self.settle();
    }

    fn step(&mut self, event: Event) {
        self.seq += 1;
        let stamped = Stamped { seq: self.seq, at: self.now, event };
        self.remember(&stamped);
        let mut commands = self.engine.step(&stamped);
        self.door.note_epoch(self.engine.epoch());
        for command in commands.drain(..) {
            self.carry_out(command);
        }
        self.engine.reuse(commands);
    }

    fn remember(&mut self, stamped: &Stamped) {
        if self.calls == Calls::QuietCounted
            && let Event::StrategyAnswered { answer, .. } = &stamped.event
            && is_quiet(answer)
        {
            self.quiet = Quiet { calls: self.quiet.calls + 1, seq: stamped.seq, at: stamped.at };
            return;
        }
        let kept = if let Event::Tick(tick) = &stamped.event {
            self.keep_tick(stamped.seq, tick)
        } else {
            self.tell_quiet();
            self.rows_waiting += 1;
            self.journal.event(stamped)
        };
        if let Err(fault) = kept {
            self.on_journal_fault(&fault);
        }
    }

    /// Writes the row of the quiet calls so far. Rows keep their order: it goes in front of any other.
    pub fn tell_quiet(&mut self) {
        if self.quiet.calls > 0 {
            let Quiet { calls, seq, at } = std::mem::take(&mut self.quiet);
            self.rows_waiting += 1;
            self.journal.quiet(seq, at, calls);
        }
    }

    fn keep_tick(&mut self, seq: u64, tick: &Tick) -> Result<(), JournalError> {
        let now = self.now;
        self.tape.as_mut().map_or(Ok(()), |tape| tape.append(seq, now, tick))
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Record(record) => self.write(&record),
            Command::Submit(order) => self.submit(order),
            Command::Cancel(ticket) => {
                let order = ticket.order();
                let outcome = self.door.cancel(ticket, self.now);
                self.on_outcome(order, Asked::Cancel, outcome);
                self.take_heard();
            }
            Command::RunStrategy(id, call) => self.run_strategy(id, &call),
            Command::StopStrategy(id) => self.bench.strike(id, self.now),
            Command::AskVenue(ids) => {
                if let Some(state) = self.door.state(self.now, &ids) {
                    self.queue.push_back(
                        state.map_or_else(Event::VenueSilent, |state| Event::Venue(Box::new(state))),
                    );
                }
            }
        }
    }

    fn write(&mut self, record: &Record) {
        self.tell_quiet();
        self.rows_waiting += 1;
        if let Err(fault) = self.journal.record(self.seq, self.now, record) {
            self.on_journal_fault(&fault);
        }
        self.audience.hear(self.seq, self.now, record);
        if let Record::Adjust { number, symbol, acknowledged: None, .. } = record {
            self.count_by_rows(*number, *symbol);
        }
    }

    /// The third side of a difference: what the journal itself holds, read from its rows.
    fn count_by_rows(&mut self, number: u64, symbol: Symbol) {
        if let Err(fault) = self.commit() {
            self.on_journal_fault(&fault);
        }
        if let Some(qty) = self.journal.counted(symbol) {
            self.queue.push_back(Event::Counted { number, qty });
        }
    }

    /// The order's row is on disk before the order leaves. While it cannot be, no position is
    /// opened; what protects or reduces goes on, noted in the emergency file.
    fn submit(&mut self, order: ApprovedOrder) {
        let id = order.request().id;
        if let Err(fault) = self.commit() {
            self.on_journal_fault(&fault);
            if order.role() == Role::Opening {
                let reason = format!("the journal cannot be written ({fault})");
                self.queue.push_back(Event::Dropped { order: id, reason });
                return;
            }
            if let Err(fault) = self.journal.commit_emergency() {
                // What protects or reduces goes on all the same.
                tracing::error!(%fault, "the emergency file cannot be written either");
            }
        }
        let outcome = self.door.submit(order, self.now, self.engine.epoch());
        self.on_outcome(id, Asked::Submit, outcome);
        self.take_heard();
    }

    fn on_outcome(&mut self, order: ClientOrderId, asked: Asked, outcome: DoorOutcome) {
        match outcome {
            DoorOutcome::Answered(answer) => self.queue.push_back(Event::Answered { order, asked, answer }),
            DoorOutcome::Dropped { order, reason } => self.queue.push_back(Event::Dropped { order, reason }),
            DoorOutcome::Sent => {}
        }
    }

    fn run_strategy(&mut self, id: StrategyId, call: &StrategyCall) {
        let Some(record) = self.bench.call(id, call) else { return };
        if self.calls == Calls::Each || !is_quiet(&record.answer) {
            self.write_frame(id, &record);
        }
        self.queue.push_back(Event::StrategyAnswered { id, answer: record.answer });
    }

    fn write_frame(&mut self, id: StrategyId, record: &CallRecord) {
        self.tell_quiet();
        self.rows_waiting += 1;
        let frame = Frame {
            strategy: id,
            input: &record.input,
            output: &record.output,
            outcome: outcome_words(&record.answer.outcome),
            cpu_us: None,
            memory_bytes: None,
        };
        if let Err(fault) = self.journal.frame(self.seq, self.now, &frame) {
            self.on_journal_fault(&fault);
        }
    }

    fn take_heard(&mut self) {
        self.queue.extend(self.door.take_heard().into_iter().map(event_of));
    }

    fn settle(&mut self) {
        let due = match self.durability {
            Durability::EveryTurn => self.rows_waiting > 0,
            Durability::Groups(rows) => self.rows_waiting >= rows,
        };
        if due && let Err(fault) = self.commit() {
            self.on_journal_fault(&fault);
            // What a next process must know (fills, halts, the kill's orders) is safe outside meanwhile.
            if let Err(fault) = self.journal.commit_emergency() {
                tracing::error!(%fault, "the emergency file cannot be written either");
            }
            // The machine hears of it at once, so that nothing more is opened.
            while let Some(event) = self.queue.pop_front() {
                self.step(event);
            }
        }
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        if let Some(tape) = &mut self.tape {
            tape.flush()?;
        }
        self.journal.commit()?;
        self.rows_waiting = 0;
        if self.journal_down {
            self.journal_down = false;
            self.queue.push_back(Event::Journal { writable: true });
        }
        Ok(())
    }

    fn on_journal_fault(&mut self, fault: &JournalError) {
        if self.journal_down {
            return;
        }
        self.journal_down = true;
        tracing::error!(%fault, "the journal cannot be written");
        self.queue.push_back(Event::Journal { writable: false });
    }
}

/// What the door heard, as the machine is told of it.
fn event_of(heard: Heard) -> Event {
    match heard {
        Heard::Answered { order, asked, answer } => Event::Answered { order, asked, answer },
        Heard::Dropped { order, reason } => Event::Dropped { order, reason },
        Heard::Report(report) => Event::Reported(report),
        Heard::State(Ok(state)) => Event::Venue(state),
        Heard::State(Err(words)) => Event::VenueSilent(words),
        Heard::Stream { up, why } => Event::OrderStream { up, why },
        Heard::Keys(refusal) => Event::Keys { refusal },
        Heard::LookAgain(words) => Event::LookAgain(words),
    }
}

/// Whether nothing came back but that the call ended well.
#[must_use]
pub fn is_quiet(answer: &StrategyAnswer) -> bool {
    answer.outcome == Outcome::Done && answer.wishes.is_empty() && answer.logs.is_empty()
}

fn outcome_words(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed { reason } | Outcome::Killed { reason } => reason,
    }
}
