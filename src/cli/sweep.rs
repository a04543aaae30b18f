//! `hardstop backtest --sweep`.

use serde_json::{Map, Value, json};

use crate::cli::args::BacktestArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::cli::sweep_axes::{Axis, axes, combinations};
use crate::rehearsal::backtest::Question;
use crate::rehearsal::findings::Findings;
use crate::rehearsal::sweep::{Combination, Tried, sweep};
use crate::strategy::host::{SpawnSettings, describe};
use crate::strategy::manifest::ParamValue;

const ADVICE: &str = "The best of many is luck as often as skill: it was chosen by the very data that praise it. Before \
    you believe it, run it once over data that had no part in the choice (out-of-sample: --from, --to, --data), and \
    trust a setting whose neighbours do well too rather than a lone peak.";

/// Tries every combination and prints a row for each, in their order.
pub(super) fn run(question: &Question, args: &BacktestArgs) -> Result<u8, Failure> {
    let usage = |words: String| Failure::new(Exit::Usage, words);
    let axes = axes(&args.sweep).map_err(usage)?;
    let combinations = combinations(&axes).map_err(usage)?;
    check_names(question, &axes).map_err(usage)?;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or_else(cores, usize::from);
    let tried = {
        let progress = Progress::start(combinations.len(), !args.json);
        sweep(question, &combinations, jobs, &|done| progress.tell(done))
    };
    let rows: Vec<(&Combination, &Tried)> = combinations.iter().zip(&tried).collect();
    if args.json {
        let rows: Result<Vec<Value>, serde_json::Error> = rows.iter().map(|row| whole(*row)).collect();
        print::value(&Value::Array(rows.map_err(|fault| fault.to_string())?), true);
    } else {
        print::value(&Value::Array(table(&rows)), false);
        print::data(&format!("\n{}", verdict(&rows)));
    }
    match rows.iter().find_map(|(_, tried)| tried.as_ref().err()) {
        Some(why) if rows.iter().all(|(_, tried)| tried.is_err()) => Err(Failure::new(
            Exit::Failed,
            format!("no combination could be run; the first: {}", one_line(why)),
        )),
        _ => Ok(0),
    }
}

/// A name that the script does not have would be refused a thousand times; one that `--param` sets too has two
/// meanings.
fn check_names(question: &Question, axes: &[Axis]) -> Result<(), String> {
    let source = &question.source;
    let spawn = SpawnSettings::new(question.executable.clone(), &source.file, &source.text);
    let manifest = describe(&spawn).map_err(|fault| fault.to_string())?;
    for axis in axes {
        let name = &axis.name;
        if !manifest.params.contains_key(name) {
            let known: Vec<&str> = manifest.params.keys().map(String::as_str).collect();
            return Err(format!("--sweep {name:?}: there is no such param; there are: {}", known.join(", ")));
        }
        if question.params.contains_key(name) {
            return Err(format!("--sweep {name:?}: --param or --qty sets it too; leave one of the two out"));
        }
    }
    Ok(())
}

/// A combination with all that was found, for programs.
fn whole((combination, tried): (&Combination, &Tried)) -> Result<Value, serde_json::Error> {
    let params: Map<String, Value> =
        combination.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
    Ok(match tried {
        Ok(findings) => json!({ "params": params, "findings": serde_json::to_value(findings)? }),
        Err(why) => json!({ "params": params, "error": why }),
    })
}

/// A value as a reader would write it: 5 and not 5.0.
fn plain(value: &ParamValue) -> Value {
    match value {
        ParamValue::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => json!(*number as i64),
        other => serde_json::to_value(other).unwrap_or(Value::Null),
    }
}

/// The rows for eyes; whatever was refused has its reason behind it, in a column that is there only then.
fn table(rows: &[(&Combination, &Tried)]) -> Vec<Value> {
    let reasons = rows.iter().any(|(_, tried)| why_not(tried).is_some());
    let row = |(combination, tried): &(&Combination, &Tried)| {
        let found = tried.as_ref().ok();
        let ratio = |value: Option<f64>| value.map(|value| format!("{value:.2}"));
        let mut row = json!({
            "params": named(combination),
            "trades": found.map(|found| found.trades),
            "return %": ratio(found.map(|found| found.return_pct)),
            "drawdown %": ratio(found.map(|found| found.max_drawdown_pct)),
            "sharpe": ratio(found.and_then(|found| found.sharpe)),
            "profit factor": ratio(found.and_then(|found| found.profit_factor)),
            "mean R": ratio(found.and_then(|found| found.expectancy_r)),
            "refusals": found.map(|found| found.refusals.values().sum::<u64>()),
        });
        if reasons {
            row["why not"] = json!(why_not(tried).unwrap_or_default());
        }
        row
    };
    rows.iter().map(row).collect()
}

/// Why a combination did not run, or not to its end.
fn why_not(tried: &Tried) -> Option<String> {
    match tried {
        Ok(findings) => findings.stopped.as_ref().map(|reason| format!("stopped: {}", one_line(reason))),
        Err(why) => Some(one_line(why)),
    }
}

/// What a table can hold of words.
fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn named(combination: &Combination) -> String {
    combination.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// The best by return of those that ran to their end, the first of equals; and what that is worth.
fn verdict(rows: &[(&Combination, &Tried)]) -> String {
    let mut best: Option<(&Combination, &Findings)> = None;
    for (combination, tried) in rows {
        if let Ok(found) = tried
            && found.stopped.is_none()
            && best.is_none_or(|(_, best)| found.return_pct > best.return_pct)
        {
            best = Some((combination, found));
        }
    }
    let Some((combination, found)) = best else { return "No combination ran to its end.".to_owned() };
    format!(
        "Best by return of {}: {} with {:.2} % over {} trades, its largest fall {:.2} %.\n{ADVICE}",
        rows.len(),
        named(combination),
        found.return_pct,
        found.trades,
        found.max_drawdown_pct
    )
}
