//! `hardstop run`.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use crate::app::clock::Speed;
use crate::app::paths::Paths;
use crate::app::run::headless;
use crate::app::sim::{Planned, SimPlan};
use crate::app::terminal;
use crate::app::window::{WindowPlan, WindowResult, window};
use crate::cli::args::{ColorWhen, RunArgs};
use crate::cli::backtest::open;
use crate::cli::config::{ConfigSource, look};
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::request::typed;
use crate::config::meaning::{Config, Speed as ConfigSpeed};
use crate::config::strategies::StrategyEntry;
use crate::exchange::settings::Settings as ExchangeSettings;
use crate::feed::csv::CsvReader;
use crate::feed::fault::FeedFault;
use crate::feed::tape::Tape;
use crate::feed::week::bundled_week;
use crate::strategy::manifest::ParamValue;
use crate::strategy::shipped;
use crate::strategy::source::StrategySource;
use crate::ui::theme::{Depth, Theme};

pub(super) fn run(paths: Paths, source: ConfigSource<'_>, args: &RunArgs) -> Result<u8, Failure> {
    let config = source.read()?;
    let (tape, data_name) = tape_of(&args.data)?;
    let strategies = strategies(source.file, &config, args)?;
    let plan = SimPlan {
        paths,
        has_quotes: tape.quote_count() > 0,
        ticks: tape.ticks().collect(),
        data_name,
        strategies,
        exchange: ExchangeSettings {
            cash: config.sim.cash,
            costs: config.costs,
            shorts: config.sim.shorts,
            seed: args.seed.unwrap_or(config.sim.seed),
            ..ExchangeSettings::default()
        },
        limits: config.limits,
        acknowledge_unclean: args.acknowledge_unclean,
        logs: config.logs,
    };
    if args.headless {
        return without_window(plan, args);
    }
    let speed = args.speed.unwrap_or(match config.sim.speed {
        ConfigSpeed::Times(times) => Speed::Times(f64::from(times)),
        ConfigSpeed::Max => Speed::Max,
    });
    let (theme, keys) = look(&config.window);
    #[expect(clippy::disallowed_methods, reason = "the terminal tells of itself in the environment")]
    let read = |name: &str| std::env::var(name).ok();
    let result = window(WindowPlan {
        sim: plan,
        speed,
        pace: pace(speed),
        theme: Theme::of(args.theme.unwrap_or(theme), depth(args.color, read)),
        ascii: args.ascii || config.window.ascii || !terminal::speaks_utf8(read),
        keys,
        grammar: typed,
    })?;
    Ok(farewell(&result))
}

fn pace(speed: Speed) -> String {
    match speed {
        Speed::Times(times) => format!("×{times}"),
        Speed::Max => "×max".to_owned(),
    }
}

fn depth(when: ColorWhen, read: impl Fn(&str) -> Option<String>) -> Depth {
    match when {
        ColorWhen::Never => Depth::None,
        ColorWhen::Auto => terminal::depth(read),
        ColorWhen::Always => match terminal::depth(|name| read(name).filter(|_| name != "NO_COLOR")) {
            Depth::None => Depth::Sixteen,
            depth => depth,
        },
    }
}

/// What stands and where it goes on, said on the plain terminal.
fn farewell(result: &WindowResult) -> u8 {
    for words in &result.standing {
        print::words(words);
    }
    if let Some(run) = &result.run {
        let end = if run.finished { "the data ended" } else { "the next run goes on here" };
        print::words(&format!("{end}; journal_hash {}", run.journal_hash));
    }
    if result.died {
        print::words("a part of hardstop died; the kill was pulled, and the next run starts halted");
        return 101;
    }
    0
}

fn without_window(plan: SimPlan, args: &RunArgs) -> Result<u8, Failure> {
    let result = headless(plan, args.speed.unwrap_or(Speed::Max), io::stdout())?;
    let end = if result.finished {
        "the data ended"
    } else {
        "ended before the data did; the next run goes on here"
    };
    print::words(&format!("{end}; journal_hash {}", result.journal_hash));
    Ok(0)
}

/// The strategies that were named, else the config's, else the example.
fn strategies(config_file: &Path, config: &Config, args: &RunArgs) -> Result<Vec<Planned>, Failure> {
    let read = |path: &Path| {
        StrategySource::read(path).map_err(|fault| Failure::new(Exit::Usage, fault.to_string()))
    };
    if !args.strategy.is_empty() {
        return args.strategy.iter().map(|path| read(path).map(Planned::plain)).collect();
    }
    if config.strategies.is_empty() {
        return Ok(shipped::named("sma_cross").map(Planned::plain).into_iter().collect());
    }
    let folder = config_file.parent().unwrap_or(Path::new(""));
    let plan = |entry: &StrategyEntry| {
        let source = read(&folder.join(&entry.file))?;
        let number = |(name, value): (&String, &f64)| (name.clone(), ParamValue::Number(*value));
        let params = entry.params.iter().map(number).collect();
        Ok(Planned { source, symbols: entry.symbols.clone(), params })
    };
    config.strategies.iter().map(plan).collect()
}

/// The data of these files, or the bundled week where there are none; with words for what it is.
pub(super) fn tape_of(files: &[PathBuf]) -> Result<(Tape, String), Failure> {
    let usage = |fault: FeedFault| Failure::new(Exit::Usage, fault.to_string());
    if files.is_empty() {
        return Ok((bundled_week().map_err(usage)?, "bundled week 2013-10-07 to 11".to_owned()));
    }
    let (mut reader, mut names) = (CsvReader::new(), Vec::new());
    for path in files {
        let (name, mut file) = (path.display().to_string(), open(path)?);
        let header =
            file.fill_buf().map_err(|fault| Failure::new(Exit::Usage, format!("{name}: {fault}")))?;
        let quotes = header
            .split(|byte| *byte == b'\n')
            .next()
            .is_some_and(|line| line.ends_with(b"ask_size") || line.ends_with(b"ask_size\r"));
        let read = if quotes { reader.read_quotes(&name, file) } else { reader.read_bars(&name, file) };
        read.map_err(usage)?;
        names.push(name);
    }
    Ok((reader.finish(), names.join(", ")))
}
