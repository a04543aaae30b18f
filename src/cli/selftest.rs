//! `hardstop selftest`.

use crate::app::clock::Stopwatch;
use crate::app::paths::Paths;
use crate::cli::args::SelftestArgs;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::rehearsal::selftest::tally::{NOT_HERE, Table};
use crate::rehearsal::selftest::{Failed, Findings, Question, run as play};

/// Seeds that broke something are named one by one up to here.
const FAILED_SHOWN: usize = 20;
/// Words of a table side by side.
const COLUMNS: usize = 2;
/// The width of a word in a table.
const WORD_WIDTH: usize = 28;

pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, args: &SelftestArgs) -> Result<u8, Failure> {
    let jobs =
        args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    // Two at once in one home must not clear each other's ledgers.
    let own = paths.state.join(format!("selftest-{}", std::process::id()));
    let question = Question {
        first: args.seed,
        seeds: args.seeds,
        steps: args.steps,
        jobs,
        limits: source.read()?.limits,
        folder: args.keep.clone().unwrap_or_else(|| own.clone()),
        keep: args.keep.is_some(),
    };
    let watch = Stopwatch::start();
    let found = play(&question);
    if args.keep.is_none() {
        // What cannot be cleared lies there until the next look; it holds nothing of the trader's.
        let _left = std::fs::remove_dir_all(&own);
    }
    let found = found?;
    if args.json {
        let mut value = serde_json::to_value(&found).map_err(|fault| fault.to_string())?;
        value["wall_s"] = serde_json::json!((watch.seconds() * 1_000.0).round() / 1_000.0);
        print::value(&value, true);
    } else {
        print::data(&text(&found, watch.seconds()));
    }
    if found.failed.is_empty() {
        return Ok(0);
    }
    Err(Failure::new(Exit::Wanting, words(&found, args)))
}

fn words(found: &Findings, args: &SelftestArgs) -> String {
    let seed = found.failed.first().map_or(args.seed, |failed| failed.seed);
    format!(
        "{} of {} seeds broke a law; `hardstop selftest --seed {seed} --seeds 1 --steps {}` plays the first again",
        found.failed.len(),
        found.seeds,
        args.steps
    )
}

fn text(found: &Findings, seconds: f64) -> String {
    let mut lines = vec![
        format!("seeds {} from {} · {} steps · {seconds:.1} s", found.seeds, found.first, found.steps),
        format!("breaches {}", found.failed.len()),
        format!(
            "worst loss {} · worst heat {} (at any quote, also one of millions that no market has)",
            found.worst_loss, found.worst_heat
        ),
        format!("hash {}", found.hash),
    ];
    for (table, counted) in found.tally.tables() {
        lines.push(String::new());
        lines.push(table.title().to_owned());
        let cells: Vec<String> =
            counted.iter().map(|(word, times)| format!("  {word:<WORD_WIDTH$} {times:>8}")).collect();
        lines.extend(cells.chunks(COLUMNS).map(|row| row.concat().trim_end().to_owned()));
        if table == Table::Refusals {
            lines.push(format!("  only with real money: {}", NOT_HERE.join(", ")));
        }
    }
    for failed in found.failed.iter().take(FAILED_SHOWN) {
        lines.extend(failure(failed, found.seeds == 1));
    }
    lines.join("\n")
}

/// A seed that broke something; played alone, with everything that led there.
fn failure(failed: &Failed, alone: bool) -> Vec<String> {
    let mut lines = vec![String::new(), format!("seed {}: {}", failed.seed, failed.breach)];
    if alone {
        lines.extend(failed.trail.iter().map(|step| format!("  {step}")));
    }
    lines
}
