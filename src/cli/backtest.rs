//! `hardstop backtest`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use crate::app::clock::Stopwatch;
use crate::cli::args::BacktestArgs;
use crate::cli::backtest_report::facts;
use crate::cli::config::{ConfigSource, section};
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::cli::sweep;
use crate::config::meaning::Config;
use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::market::Bar;
use crate::exchange::settings::Costs;
use crate::feed::csv::CsvReader;
use crate::feed::fault::FeedFault;
use crate::feed::splits::Splits;
use crate::feed::tape::Tape;
use crate::feed::week::bundled_week;
use crate::ledger::trade::Trade;
use crate::ledger::trade_csv::{TRADE_HEADER, trade_row};
use crate::rehearsal::backtest::{Question, run_heard};
use crate::rehearsal::findings::Findings;
use crate::report::page::page;
use crate::risk::limits::Limits;
use crate::strategy::manifest::ParamValue;
use crate::strategy::source::StrategySource;

pub(super) fn run(source: ConfigSource<'_>, args: &BacktestArgs) -> Result<u8, Failure> {
    let question = question(&source.read()?, args)?;
    if !args.sweep.is_empty() {
        return sweep::run(&question, args);
    }
    let watch = Stopwatch::start();
    let findings = {
        let progress = Progress::start(question.ticks().count(), !args.json);
        run_heard(&question, &|done| progress.tell(done))?
    };
    let wall_s = watch.seconds();
    if let Some(path) = &args.trades {
        std::fs::write(path, trades_csv(&findings.trade_rows))
            .map_err(|fault| format!("{}: {fault}", path.display()))?;
    }
    if let Some(path) = &args.report {
        std::fs::write(path, page(&facts(&question, &findings, args.splits.is_some())))
            .map_err(|fault| format!("{}: {fault}", path.display()))?;
    }
    let mut out = serde_json::to_value(&findings).map_err(|fault| fault.to_string())?;
    out["wall_s"] = serde_json::json!((wall_s * 1_000.0).round() / 1_000.0);
    out["bars_per_s"] = serde_json::json!((findings.bars as f64 / wall_s.max(1e-9)).round());
    if !args.json {
        round_for_eyes(&mut out);
    }
    print::value(&out, args.json);
    stopped(&findings)
}

/// Four places of every ratio and percentage are what a reader can use; the JSON has them all.
fn round_for_eyes(out: &mut serde_json::Value) {
    for value in out.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        if let Some(number) = value.as_f64().filter(|_| value.is_f64()) {
            *value = serde_json::json!((number * 10_000.0).round() / 10_000.0);
        }
    }
}

fn stopped(findings: &Findings) -> Result<u8, Failure> {
    match &findings.stopped {
        None => Ok(0),
        Some(reason) => Err(Failure::new(Exit::Failed, format!("the strategy was stopped: {reason}"))),
    }
}

fn question(config: &Config, args: &BacktestArgs) -> Result<Question, Failure> {
    let usage = |words: String| Failure::new(Exit::Usage, words);
    let source = StrategySource::read(&args.strategy).map_err(|fault| usage(fault.to_string()))?;
    let tape = Arc::new(data(args)?);
    let (from, to) = (instant(args.from.as_deref())?, instant(args.to.as_deref())?);
    let counts = |bar: Bar| from.is_none_or(|from| bar.start >= from) && to.is_none_or(|to| bar.start < to);
    if !tape.bars().any(counts) {
        return Err(usage("no bar lies between --from and --to".to_owned()));
    }
    // Where nothing costs anything, a market order fills at the next open: quotes would cost the spread.
    let quotes = args.costs.as_deref() != Some("none") || !args.quotes.is_empty();
    let costs_none = args.costs.as_deref() == Some("none");
    let costs = match args.costs.as_deref() {
        None => config.costs,
        Some("none") => Costs::none(),
        Some(file) => section(Path::new(file), "costs")?.costs,
    };
    let limits = match args.limits.as_deref() {
        None => config.limits.clone(),
        Some("wide") => Limits::wide(),
        Some(file) => section(Path::new(file), "limits")?.limits,
    };
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    let (params, seed) = (params(args)?, args.seed.unwrap_or(config.sim.seed));
    let cash = args.cash.unwrap_or(config.sim.cash);
    Ok(Question { executable, source, params, tape, quotes, from, to, cash, costs, costs_none, limits, seed })
}

fn data(args: &BacktestArgs) -> Result<Tape, Failure> {
    let usage = |fault: FeedFault| Failure::new(Exit::Usage, fault.to_string());
    Ok(if args.data.is_empty() {
        bundled_week().map_err(usage)?
    } else {
        let mut reader = CsvReader::new();
        for path in &args.data {
            reader.read_bars(&path.display().to_string(), open(path)?).map_err(usage)?;
        }
        for path in &args.quotes {
            reader.read_quotes(&path.display().to_string(), open(path)?).map_err(usage)?;
        }
        let tape = reader.finish();
        match &args.splits {
            None => tape,
            Some(path) => {
                let name = path.display().to_string();
                let splits = Splits::read(&name, open(path)?).map_err(usage)?;
                splits.adjust(tape).map_err(|words| Failure::new(Exit::Usage, format!("{name}: {words}")))?
            }
        }
    })
}

pub(super) fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let opened = File::open(path).map(BufReader::new);
    opened.map_err(|fault| Failure::new(Exit::Usage, format!("{}: {fault}", path.display())))
}

fn params(args: &BacktestArgs) -> Result<BTreeMap<String, ParamValue>, Failure> {
    let fail = |pair: &str| Failure::new(Exit::Usage, format!("--param {pair:?}: write name=value"));
    let mut params = BTreeMap::new();
    for pair in &args.param {
        let (name, value) = pair.split_once('=').ok_or_else(|| fail(pair))?;
        params.insert(name.to_owned(), param(value));
    }
    if let Some(qty) = args.qty {
        params.insert("qty".to_owned(), ParamValue::Number(qty.to_f64()));
    }
    Ok(params)
}

/// A setting as its own type: a number, true or false, or a text.
pub(super) fn param(value: &str) -> ParamValue {
    match (value.parse::<f64>(), value) {
        (Ok(number), _) => ParamValue::Number(number),
        (_, "true") => ParamValue::Bool(true),
        (_, "false") => ParamValue::Bool(false),
        _ => ParamValue::Text(value.to_owned()),
    }
}

/// An instant, or a date of New York.
fn instant(text: Option<&str>) -> Result<Option<At>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let date = || text.parse::<TradingDay>().map(|day| day.at_time(0, 0)).ok();
    match text.parse::<At>().ok().or_else(date) {
        Some(at) => Ok(Some(at)),
        None => Err(Failure::new(Exit::Usage, format!("{text:?}: write a date, or RFC 3339 with an offset"))),
    }
}

fn trades_csv(trades: &[Trade]) -> String {
    let rows = trades.iter().map(trade_row);
    std::iter::once(TRADE_HEADER.to_owned()).chain(rows).map(|row| row + "\n").collect()
}
