//! `hardstop replay`: a run of before, in the window again, or derived again byte for byte.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::app::clock::Speed;
use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::app::plan::RunPlan;
use crate::app::rewatch::ReplayPlan;
use crate::app::window::window;
use crate::cli::args::ColorWhen;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::run::{Looks, pace, window_plan};
use crate::domain::day::TradingDay;
use crate::journal::history::{History, HistoryFault};
use crate::journal::reader::Reader;
use crate::journal::verify::{Chain, verify_sealed};
use crate::rehearsal::rederive::{Rederived, rederive};
use crate::strategy::copies;

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A run of the newest ledger by its number, or a trading day of it, such as 2013-10-07.
    #[arg(value_name = "RUN|DAY")]
    pub what: String,
    /// Another ledger, by its journal; its tape stands beside it.
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// How many times as fast as it was, or max.
    #[arg(long, default_value = "60")]
    pub speed: Speed,
    /// Draw the window with ASCII alone.
    #[arg(long)]
    pub ascii: bool,
    /// When there are colours in the window.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorWhen,
    /// No window: every decision and every strategy's answer is derived again and compared byte for byte.
    #[arg(long)]
    pub verify: bool,
    /// What was compared, as JSON.
    #[arg(long, requires = "verify")]
    pub json: bool,
}

/// Which runs were asked for.
struct Wanted {
    journal: PathBuf,
    tape: PathBuf,
    runs: Vec<u64>,
    day: Option<TradingDay>,
}

pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, args: &ReplayArgs) -> Result<u8, Failure> {
    let wanted = wanted(paths, args)?;
    if args.verify {
        return verify(paths, &wanted, args.json);
    }
    watch(paths, source, args, wanted)
}

/// The last of the runs in the window: of a day, from its beginning on.
fn watch(paths: &Paths, source: ConfigSource<'_>, args: &ReplayArgs, wanted: Wanted) -> Result<u8, Failure> {
    let config = source.read()?;
    let run = wanted.runs.last().copied().unwrap_or_default();
    if let [_, _, ..] = wanted.runs.as_slice() {
        let others: Vec<String> = wanted.runs.iter().map(u64::to_string).collect();
        print::words(&format!(
            "of that day there are the runs {}; this is the last of them",
            others.join(", ")
        ));
    }
    let pace = pace(args.speed);
    let plan = ReplayPlan {
        paths: paths.clone(),
        journal: wanted.journal,
        tape: wanted.tape,
        run,
        from: wanted.day,
        speed: args.speed,
        logs: config.logs.clone(),
    };
    let looks = Looks { theme: None, color: args.color, ascii: args.ascii };
    window(window_plan(RunPlan::Replay(Box::new(plan)), pace, &config, &looks))?;
    Ok(0)
}

fn wanted(paths: &Paths, args: &ReplayArgs) -> Result<Wanted, Failure> {
    let usage = |words: String| Failure::new(Exit::Usage, words);
    let journal = args.ledger.clone().or_else(|| latest(&paths.data).map(|ledger| ledger.journal));
    let journal = journal.ok_or_else(|| {
        Failure::new(Exit::Failed, "there is no journal yet; `hardstop run` begins one".to_owned())
    })?;
    let reader = Reader::open(&journal).map_err(|fault| fault.to_string())?;
    let day = args.what.parse::<TradingDay>().ok();
    let runs = match (args.what.parse::<u64>(), day) {
        (Ok(run), _) => {
            let spans = reader.spans().map_err(|fault| fault.to_string())?;
            spans.into_iter().map(|(number, ..)| number).filter(|number| *number == run).collect()
        }
        (_, Some(day)) => runs_of(&reader, day)?,
        _ => {
            return Err(usage(format!(
                "{:?} is neither the number of a run nor a day such as 2013-10-07; `hardstop journal verify` lists the runs",
                args.what
            )));
        }
    };
    if runs.is_empty() {
        let words = format!(
            "{} has no run {}; `hardstop journal verify` lists its runs",
            journal.display(),
            args.what
        );
        return Err(Failure::new(Exit::Failed, words));
    }
    let tape = journal.with_extension("tape");
    Ok(Wanted { journal, tape, runs, day })
}

/// The runs that were there on a trading day.
fn runs_of(reader: &Reader, day: TradingDay) -> Result<Vec<u64>, String> {
    let spans = reader.spans().map_err(|fault| fault.to_string())?;
    let there = |(first, last)| (TradingDay::of(first)..=TradingDay::of(last)).contains(&day);
    Ok(spans.into_iter().filter(|(_, first, last)| there((*first, *last))).map(|(run, ..)| run).collect())
}

fn verify(paths: &Paths, wanted: &Wanted, json: bool) -> Result<u8, Failure> {
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    let reader = Reader::open(&wanted.journal).map_err(|fault| fault.to_string())?;
    let mut told = Vec::new();
    for run in &wanted.runs {
        let found = derive(paths, &reader, &wanted.tape, *run, &executable)
            .map_err(|words| Failure::new(Exit::Wanting, format!("run {run}: {words}")))?;
        if !json {
            print::data(&words_of(*run, &found));
        }
        told.push(json!({ "run": run, "rederived": found }));
    }
    // What went into the machine is only compared with itself: that nobody changed it is for the chain to say.
    let verdict = verify_sealed(&wanted.journal, None).map_err(|fault| fault.to_string())?;
    if let Chain::FirstBad { row, why } = &verdict.chain {
        let words = format!("what was derived agrees, but the journal was changed: row {row}: {why}");
        return Err(Failure::new(Exit::Wanting, words));
    }
    if json {
        print::data(&json!({ "schema": 1, "runs": told }).to_string());
    }
    Ok(0)
}

fn derive(
    paths: &Paths,
    reader: &Reader,
    tape: &Path,
    run: u64,
    executable: &Path,
) -> Result<Rederived, String> {
    let history = History::of(reader, tape, run).map_err(|fault: HistoryFault| fault.to_string())?;
    let sources = |file: &str, sha256: &str| copies::kept(&paths.state, file, sha256);
    rederive(history, &sources, executable.to_owned())
}

fn words_of(run: u64, found: &Rederived) -> String {
    let Rederived { events, rows, frames, frames_ended, stopped } = found;
    let ended = match frames_ended {
        0 => String::new(),
        count => format!("; {count} calls that a limit ended cannot be compared"),
    };
    let stopped = stopped.as_ref().map_or_else(String::new, |why| format!("; {why}"));
    format!(
        "run {run}: {events} events; {rows} rows and {frames} answers of strategies derived again, byte for byte the same{ended}{stopped}"
    )
}
