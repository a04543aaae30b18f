use std::io;
use std::io::Write;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::intent::StrategyId;
use crate::domain::market::Tick;
use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::domain::strategy::{Outcome, StrategyCall};
use crate::domain::symbol::Symbol;
use crate::engine::event::{Stamped, StrategyHead};
use crate::engine::record::Record;
use crate::journal::error::JournalError;
use crate::journal::row::{EVENT, FRAME, Frame, QUIET, RunEnd};
use crate::journal::row::{frame_body_behind, json_behind, kind_of, record_body_behind};
use crate::ledger::months::Month;
use crate::ledger::trade::Trade;
use crate::pump::bench::Callees;
use crate::pump::rows::{Rows, quiet_body};
use crate::pump::turn::is_quiet;
use crate::rehearsal::backtest::run_end;
use crate::rehearsal::drive::{Stage, Terms, feed, open, stage};
use crate::rehearsal::findings::Findings;
use crate::rehearsal::packed::{Packing, pack_row};
use crate::strategy::child::inside::Inside;
use crate::strategy::child::{Budget, MemoryCap, shut_in};
use crate::strategy::frame::{ChildFrame, Hello, Load, read_frame, write_frame};
use crate::strategy::host::CallRecord;

/// Calls that share one budget of CPU time. To arm it costs a system call, and a good script needs a
/// small part of it: so the budget is never wider than for each call alone, and a script that lives at
/// its edge is told by the run with the script apart.
const CALLS_A_BUDGET: u32 = 64;
/// Loading parses, runs the top level and builds the engine: four events' worth, as in a child of its own.
const LOAD_CPU_FACTOR: u32 = 4;
/// What the machine and the exchange may hold besides the script.
const MACHINE_BYTES: usize = 1024 * 1024 * 1024;
/// Rows are handed over at the latest when so many bytes wait.
const ROW_BYTES: usize = 256 * 1024;
/// Trades, points or months of one frame; a trade takes some hundreds of bytes.
const ROWS_A_FRAME: usize = 1_000;

/// The length of a frame, and the word it begins with.
const FRAME_HEAD_BYTES: usize = 5;

const MORE_ROWS: u8 = b'r';
const FRAME_DONE: u8 = b'd';
const TRADES: u8 = b't';
const EQUITY: u8 = b'q';
const MONTHS: u8 = b'm';
const END: u8 = b'e';
const UNFIT: u8 = b'u';

/// What a worker is told before the data.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Errand {
    pub(super) load: Load,
    pub(super) terms: Terms,
    pub(super) listed: Vec<Symbol>,
    pub(super) first: At,
}

/// What a run came to. Ratios travel as their bits: as decimals they might come back as their neighbours.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Summary {
    findings: Findings,
    ratios: [Option<u64>; 5],
    /// The instant of the last event.
    pub(super) now: At,
}

impl Summary {
    fn of(findings: Findings, now: At) -> Self {
        let all = &findings;
        let ratios = [
            Some(all.return_pct),
            Some(all.max_drawdown_pct),
            all.sharpe,
            all.profit_factor,
            all.expectancy_r,
        ];
        Self { ratios: ratios.map(|ratio| ratio.map(f64::to_bits)), findings, now }
    }

    /// The findings, with what only the outside knows.
    pub(super) fn findings(self, rows: Apart, journal_hash: String, sandbox: &str) -> Findings {
        let [return_pct, max_drawdown_pct, sharpe, profit_factor, expectancy_r] =
            self.ratios.map(|ratio| ratio.map(f64::from_bits));
        Findings {
            return_pct: return_pct.unwrap_or(f64::NAN),
            max_drawdown_pct: max_drawdown_pct.unwrap_or(f64::NAN),
            sharpe,
            profit_factor,
            expectancy_r,
            trade_rows: rows.trades,
            equity_points: rows.equity,
            months: rows.months,
            journal_hash,
            sandbox: sandbox.to_owned(),
            ..self.findings
        }
    }
}

/// What of the findings travels in frames of its own, because it may be long.
#[derive(Debug, Default)]
pub(super) struct Apart {
    pub(super) trades: Vec<Trade>,
    pub(super) equity: Vec<(At, Money)>,
    pub(super) months: Vec<Month>,
}

/// Everything a worker can say once it has its errand.
#[derive(Debug)]
pub(super) enum Reply<'frame> {
    /// Rows for the journal; `done` when the ticks of one frame are done.
    Rows { rows: &'frame [u8], done: bool },
    /// Trades, in order.
    Trades(Vec<Trade>),
    /// Points of the equity curve, in order.
    Equity(Vec<(At, Money)>),
    /// Months, in order.
    Months(Vec<Month>),
    /// The run is over.
    End(Box<Summary>),
    /// The run counts for nothing, in words.
    Unfit(String),
}

/// A worker's frame, understood.
///
/// # Errors
/// A frame that is none of its words.
pub(super) fn reply(frame: &[u8]) -> Result<Reply<'_>, String> {
    let words = |fault: serde_json::Error| format!("the worker's frame: {fault}");
    match frame.split_first() {
        Some((&MORE_ROWS, rows)) => Ok(Reply::Rows { rows, done: false }),
        Some((&FRAME_DONE, rows)) => Ok(Reply::Rows { rows, done: true }),
        Some((&TRADES, json)) => serde_json::from_slice(json).map(Reply::Trades).map_err(words),
        Some((&EQUITY, json)) => serde_json::from_slice(json).map(Reply::Equity).map_err(words),
        Some((&MONTHS, json)) => serde_json::from_slice(json).map(Reply::Months).map_err(words),
        Some((&END, json)) => serde_json::from_slice(json).map(Reply::End).map_err(words),
        Some((&UNFIT, why)) => Ok(Reply::Unfit(String::from_utf8_lossy(why).into_owned())),
        _ => Err("the worker's frame is none of its words".to_owned()),
    }
}

/// The hidden subcommand `rehearsal-host`: shuts itself in, and rehearses what it is told.
///
/// Engine, exchange and script share this process. It holds no key, reaches nothing, and can be lost;
/// what the script may never see, the bars to come, lies in memory that no script can name.
pub fn main(memory: &'static dyn MemoryCap) -> ExitCode {
    shut_in(move |hello, budget| match rehearse(memory, hello, budget) {
        Ok(()) => 0,
        Err(why) => {
            // Who waits outside learns it from the end of the pipe too.
            let _ = say(UNFIT, why.as_bytes());
            1
        }
    })
}

fn rehearse(memory: &'static dyn MemoryCap, hello: Hello, mut budget: Budget) -> Result<(), String> {
    let hello = serde_json::to_vec(&ChildFrame::Hello(hello)).map_err(|fault| fault.to_string())?;
    write_frame(&mut io::stdout().lock(), &hello).map_err(|fault| fault.to_string())?;
    let errand: Errand =
        serde_json::from_slice(&hear()?.unwrap_or_default()).map_err(|fault| fault.to_string())?;
    let event_ms = errand.load.event_cpu_ms;
    budget.arm(event_ms.saturating_mul(LOAD_CPU_FACTOR))?;
    let (inside, _) = Inside::load(memory, &errand.load, || budget.arm(event_ms))?;
    let memory_max = usize::try_from(errand.load.memory_bytes).unwrap_or(usize::MAX);
    let room = memory_max.saturating_add(MACHINE_BYTES);
    let here = Here {
        inside,
        budget,
        event_ms,
        calls_left: 0,
        memory,
        memory_max,
        script_bytes: memory.used_bytes(),
        unfit: None,
    };
    if !memory.cap(room) {
        return Err("the memory cap is below what is in use".to_owned());
    }
    let mut stage = stage(&errand.terms, Outgoing::default(), here)?;
    open(&mut stage, &errand.terms, errand.first);
    let packing = Packing::of(errand.listed);
    while let Some(frame) = hear()?.filter(|frame| !frame.is_empty()) {
        for tick in packing.unpack(&frame) {
            run_tick(&mut stage, &tick?)?;
        }
        stage.rows_mut().hand_over(FRAME_DONE)?;
    }
    stage.end(&run_end()).map_err(|fault| fault.to_string())?;
    stage.rows_mut().hand_over(MORE_ROWS)?;
    let now = stage.now();
    let mut findings =
        stage.audience_mut().findings(&errand.terms, String::new(), "").map_err(|fault| fault.to_string())?;
    say_rows(TRADES, &std::mem::take(&mut findings.trade_rows))?;
    say_rows(EQUITY, &std::mem::take(&mut findings.equity_points))?;
    say_rows(MONTHS, &std::mem::take(&mut findings.months))?;
    let summary = serde_json::to_vec(&Summary::of(findings, now)).map_err(|fault| fault.to_string())?;
    say(END, &summary)
}

fn run_tick(stage: &mut Stage<Outgoing, Here>, tick: &Tick) -> Result<(), String> {
    feed(stage, tick);
    match stage.bench_mut().unfit.take() {
        None => Ok(()),
        Some(why) => Err(why),
    }
}

fn hear() -> Result<Option<Vec<u8>>, String> {
    read_frame(&mut io::stdin().lock()).map_err(|fault| fault.to_string())
}

fn say_rows<T: Serialize>(word: u8, rows: &[T]) -> Result<(), String> {
    for some in rows.chunks(ROWS_A_FRAME) {
        say(word, &serde_json::to_vec(some).map_err(|fault| fault.to_string())?)?;
    }
    Ok(())
}

fn say(word: u8, rest: &[u8]) -> Result<(), String> {
    let frame = [&[word], rest].concat();
    write_frame(&mut io::stdout().lock(), &frame).map_err(|fault| fault.to_string())
}

/// The strategy in this very process.
struct Here {
    inside: Inside,
    budget: Budget,
    event_ms: u32,
    calls_left: u32,
    memory: &'static dyn MemoryCap,
    memory_max: usize,
    /// What the script holds of the process's memory.
    script_bytes: usize,
    /// Why this process can go on no more. Failures, their penalties and their words are told in one place
    /// alone: by the run with the script apart.
    unfit: Option<String>,
}

impl Callees for Here {
    fn call(&mut self, _: StrategyId, call: &StrategyCall) -> Option<CallRecord> {
        if self.unfit.is_some() {
            return None;
        }
        let record = self.ask(call);
        record.map_err(|why| self.unfit = Some(why)).ok()
    }

    fn strike(&mut self, _: StrategyId, _: At) {
        self.unfit.get_or_insert_with(|| "the strategy was stopped".to_owned());
    }

    fn bring_back(&mut self, _: At) -> Vec<StrategyHead> {
        Vec::new()
    }
}

impl Here {
    fn ask(&mut self, call: &StrategyCall) -> Result<CallRecord, String> {
        if self.calls_left == 0 {
            self.budget.arm(self.event_ms)?;
            self.calls_left = CALLS_A_BUDGET;
        }
        self.calls_left -= 1;
        let before = self.memory.used_bytes();
        let machine = before.saturating_sub(self.script_bytes);
        // For the length of the call the process may grow by what is left to the script alone.
        if !self.memory.cap(machine.saturating_add(self.memory_max)) {
            return Err("the script holds more than its memory".to_owned());
        }
        let answer = self.inside.call(call);
        self.script_bytes = self.memory.used_bytes().saturating_sub(machine);
        self.memory.cap(machine.saturating_add(self.memory_max).saturating_add(MACHINE_BYTES));
        if let Outcome::Failed { reason } | Outcome::Killed { reason } = &answer.outcome {
            return Err(reason.clone());
        }
        let (mut input, mut output) = (Vec::new(), Vec::new());
        if !is_quiet(&answer) {
            let words = |fault: serde_json::Error| fault.to_string();
            input = serde_json::to_vec(call).map_err(words)?;
            output = serde_json::to_vec(&ChildFrame::Answer(answer.clone())).map_err(words)?;
        }
        Ok(CallRecord { answer, input, output, cpu_us: None, memory_bytes: None })
    }
}

/// Rows on their way to the journal outside.
#[derive(Debug, Default)]
struct Outgoing {
    bytes: Vec<u8>,
    lost: Option<String>,
}

impl Outgoing {
    fn put(
        &mut self,
        head: (u64, At, &str),
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.begin();
        pack_row(&mut self.bytes, head, write)?;
        if self.bytes.len() >= ROW_BYTES
            && let Err(why) = self.hand_over(MORE_ROWS)
        {
            self.lost = Some(why);
        }
        Ok(())
    }

    fn hand_over(&mut self, word: u8) -> Result<(), String> {
        if let Some(why) = self.lost.take() {
            return Err(why);
        }
        // The rows were laid down behind room for the frame's own head: nothing is copied on the way out.
        self.begin();
        let length = u32::try_from(self.bytes.len().saturating_sub(4)).unwrap_or(u32::MAX);
        let head = length.to_be_bytes().into_iter().chain([word]);
        self.bytes.iter_mut().zip(head).for_each(|(place, byte)| *place = byte);
        let mut out = io::stdout().lock();
        out.write_all(&self.bytes).and_then(|()| out.flush()).map_err(|fault| fault.to_string())?;
        self.bytes.clear();
        Ok(())
    }

    fn begin(&mut self) {
        if self.bytes.is_empty() {
            self.bytes.resize(FRAME_HEAD_BYTES, 0);
        }
    }
}

impl Rows for Outgoing {
    fn event(&mut self, stamped: &Stamped) -> Result<(), JournalError> {
        let head = (stamped.seq, stamped.at, EVENT);
        self.put(head, |bytes| json_behind(bytes, EVENT, &stamped.event))
    }

    fn record(&mut self, seq: u64, at: At, record: &Record) -> Result<(), JournalError> {
        self.put((seq, at, kind_of(record)), |bytes| record_body_behind(bytes, record))
    }

    fn frame(&mut self, seq: u64, at: At, frame: &Frame<'_>) -> Result<(), JournalError> {
        self.put((seq, at, FRAME), |bytes| frame_body_behind(bytes, frame))
    }

    fn quiet(&mut self, seq: u64, at: At, calls: u64) {
        let written = self.put((seq, at, QUIET), |bytes| {
            bytes.extend_from_slice(quiet_body(calls).as_bytes());
            Ok(())
        });
        if let Err(fault) = written {
            self.lost = Some(fault.to_string());
        }
    }

    /// The journal outside is written in groups; no order of a rehearsal waits for it.
    fn commit(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    fn commit_emergency(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    /// The rows stand in another process.
    fn counted(&mut self, _: Symbol) -> Option<Qty> {
        None
    }

    fn end_run(&mut self, _: &RunEnd, _: At) -> Result<(), JournalError> {
        Ok(())
    }
}
