use crate::domain::market::Tick;
use crate::journal::row::{DATA, pump_kind};
use crate::journal::writer::Journal;
use crate::rehearsal::backtest::{Plan, run_end, run_head};
use crate::rehearsal::drive::GROUP_ROWS;
use crate::rehearsal::findings::{EQUITY_POINTS_MAX, Findings};
use crate::rehearsal::packed::{DataHash, PackedRows, Packing, TICK_BYTES_MAX};
use crate::rehearsal::worker::{Apart, Errand, Reply, Summary, reply};
use crate::strategy::frame::LoadMode;
use crate::strategy::host::{WORKER_FRAME_BYTES, Worker};

/// Ticks of one frame to the worker.
const FRAME_TICKS: usize = WORKER_FRAME_BYTES / TICK_BYTES_MAX;

/// Rehearses in one process that has shut itself in; the journal is written here, beside it.
///
/// `told` hears how many ticks were handed over.
///
/// # Errors
/// Why that process is of no use for this run, in words. Then nothing of the run counts.
pub(super) fn run(plan: &Plan<'_>, told: &dyn Fn(usize)) -> Result<Findings, String> {
    let errand = Errand {
        load: plan.spawn.load(LoadMode::Run),
        terms: plan.terms.clone(),
        listed: plan.listed.clone(),
        first: plan.first,
    };
    let errand = serde_json::to_vec(&errand).map_err(|fault| fault.to_string())?;
    let mut worker = Worker::start(&plan.spawn, &errand)?;
    let level = worker.level().word();
    let mut journal = Journal::passing().map_err(|fault| fault.to_string())?;
    journal.begin_run(&run_head(plan, level), plan.first).map_err(|fault| fault.to_string())?;
    let mut take = Intake { journal, rows: Apart::default() };
    let mut feed = Feed::new(plan);
    // So many fit into the pipe: neither side ever waits for the other to read.
    for _ in 0..worker.frames_ahead() {
        feed.send(&mut worker)?;
    }
    let summary = loop {
        match take.hear(&worker.receive()?)? {
            Heard::More => {}
            Heard::FrameDone => {
                told(feed.sent);
                feed.send(&mut worker)?;
            }
            Heard::End(summary) => break *summary,
        }
    };
    let Intake { mut journal, rows } = take;
    journal.take_row(0, summary.now, DATA, feed.data.body());
    journal.end_run(&run_end(), summary.now).map_err(|fault| fault.to_string())?;
    Ok(summary.findings(rows, journal.journal_hash(), level))
}

/// The data on its way to the worker.
struct Feed<'plan> {
    ticks: Box<dyn Iterator<Item = Tick> + 'plan>,
    packing: Packing,
    data: DataHash,
    frame: Vec<u8>,
    /// Ticks that were handed over so far.
    sent: usize,
    ended: bool,
}

impl<'plan> Feed<'plan> {
    fn new(plan: &'plan Plan<'_>) -> Self {
        Self {
            ticks: Box::new(plan.question.ticks()),
            packing: Packing::of(plan.listed.clone()),
            data: DataHash::new(&plan.listed),
            frame: Vec::with_capacity(WORKER_FRAME_BYTES),
            sent: 0,
            ended: false,
        }
    }

    /// Sends the next ticks; behind the last one an empty frame, once.
    fn send(&mut self, worker: &mut Worker) -> Result<(), String> {
        if self.ended {
            return Ok(());
        }
        self.frame.clear();
        for tick in self.ticks.by_ref().take(FRAME_TICKS) {
            if !self.packing.pack(&tick, &mut self.frame) {
                return Err("the data holds a tick that cannot be handed over".to_owned());
            }
            self.sent += 1;
        }
        self.data.add(&self.frame);
        self.ended = self.frame.is_empty();
        worker.send(&self.frame)
    }
}

/// What one frame of the worker was.
enum Heard {
    More,
    FrameDone,
    End(Box<Summary>),
}

/// What comes back from the worker.
struct Intake {
    journal: Journal,
    rows: Apart,
}

impl Intake {
    fn hear(&mut self, frame: &[u8]) -> Result<Heard, String> {
        match reply(frame)? {
            Reply::Rows { rows, done } => {
                self.take_rows(rows)?;
                Ok(if done { Heard::FrameDone } else { Heard::More })
            }
            Reply::Trades(trades) => {
                self.rows.trades.extend(trades);
                Ok(Heard::More)
            }
            Reply::Equity(points) if self.rows.equity.len() + points.len() > EQUITY_POINTS_MAX => {
                Err("the worker's equity curve has no end".to_owned())
            }
            Reply::Equity(points) => {
                self.rows.equity.extend(points);
                Ok(Heard::More)
            }
            Reply::Months(months) => {
                self.rows.months.extend(months);
                Ok(Heard::More)
            }
            Reply::End(summary) => Ok(Heard::End(summary)),
            Reply::Unfit(why) => Err(why),
        }
    }

    fn take_rows(&mut self, bytes: &[u8]) -> Result<(), String> {
        for row in PackedRows::over(bytes) {
            let row = row?;
            let kind = pump_kind(row.kind).ok_or_else(|| format!("a row of the kind {:?}", row.kind))?;
            self.journal.take_row(row.seq, row.at, kind, row.body.to_owned());
        }
        if self.journal.waiting() >= GROUP_ROWS as usize {
            self.journal.commit().map_err(|fault| fault.to_string())?;
        }
        Ok(())
    }
}
