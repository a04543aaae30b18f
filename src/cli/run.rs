//! `hardstop run`.

use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::account::{AccountPlan, ArmingPlan, hash_of};
use crate::app::certificate::settings_of;
use crate::app::clock::{self, Speed};
use crate::app::key_slots::{KeySlot, passphrase};
use crate::app::keys::{Typed, asked_for};
use crate::app::paths::Paths;
use crate::app::plan::RunPlan;
use crate::app::root::refuse_root;
use crate::app::run::headless;
use crate::app::seats::Planned;
use crate::app::sim::SimPlan;
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
use crate::domain::mode::Mode;
use crate::domain::secret::Keys;
use crate::exchange::settings::Settings as ExchangeSettings;
use crate::feed::csv::CsvReader;
use crate::feed::fault::FeedFault;
use crate::feed::tape::Tape;
use crate::feed::week::bundled_week;
use crate::journal::seal::Seal;
use crate::risk::limits::Limits;
use crate::strategy::manifest::ParamValue;
use crate::strategy::shipped;
use crate::strategy::source::StrategySource;
use crate::ui::model::LockAfter;
use crate::ui::theme::{Depth, Theme, ThemeName};

pub(super) fn run(paths: Paths, source: ConfigSource<'_>, args: &RunArgs) -> Result<u8, Failure> {
    let config = source.read()?;
    let mode = match (args.sim, args.paper, args.live) {
        (true, ..) => Mode::Sim,
        (_, true, _) => Mode::Paper,
        (_, _, true) => Mode::Live,
        _ => config.mode,
    };
    refuse_root(mode, args.as_root).map_err(|words| Failure::new(Exit::Usage, words))?;
    let (run, pace) = match mode {
        Mode::Sim => sim(paths, source, &config, args)?,
        Mode::Paper => account(Account::Paper, paths, source, &config, args)?,
        Mode::Live => account(Account::Live, paths, source, &config, args)?,
    };
    if args.headless {
        return without_window(run);
    }
    let looks = Looks { theme: args.theme, color: args.color, ascii: args.ascii };
    let result = window(window_plan(run, pace, &config, &looks))?;
    Ok(farewell(&result))
}

/// How the window was asked to look, in the place of the config's wishes.
pub(super) struct Looks {
    /// Its colours.
    pub(super) theme: Option<ThemeName>,
    /// When there are any.
    pub(super) color: ColorWhen,
    /// Whether it is drawn with ASCII alone.
    pub(super) ascii: bool,
}

/// A window over a run, as the config and the command line want it.
pub(super) fn window_plan(run: RunPlan, pace: String, config: &Config, looks: &Looks) -> WindowPlan {
    let (theme, keys) = look(&config.window);
    #[expect(clippy::disallowed_methods, reason = "the terminal tells of itself in the environment")]
    let read = |name: &str| std::env::var(name).ok();
    let lock_after = LockAfter {
        live_ms: u64::from(config.live.lock_after_min) * 60_000,
        paper_ms: Some(u64::from(config.window.lock_after_min) * 60_000).filter(|after| *after > 0),
    };
    // What was watched by nobody needs no lock; its ledger is no secret to whoever may read it.
    let lock_after =
        if run.is_replay() { LockAfter { live_ms: u64::MAX, paper_ms: None } } else { lock_after };
    WindowPlan {
        run,
        pace,
        theme: Theme::of(looks.theme.unwrap_or(theme), depth(looks.color, read)),
        ascii: looks.ascii || config.window.ascii || !terminal::speaks_utf8(read),
        keys,
        base_url: config.alpaca.base_url.clone(),
        lock_after,
        grammar: typed,
    }
}

/// A run on the embedded exchange, with its pace in words.
fn sim(
    paths: Paths,
    source: ConfigSource<'_>,
    config: &Config,
    args: &RunArgs,
) -> Result<(RunPlan, String), Failure> {
    let (tape, data_name) = tape_of(&args.data)?;
    let speed = args.speed.unwrap_or(match config.sim.speed {
        _ if args.headless => Speed::Max,
        ConfigSpeed::Times(times) => Speed::Times(f64::from(times)),
        ConfigSpeed::Max => Speed::Max,
    });
    let plan = SimPlan {
        paths,
        has_quotes: tape.quote_count() > 0,
        ticks: tape.ticks().collect(),
        speed,
        data_name,
        strategies: strategies(source.file, config, args, Mode::Sim)?,
        exchange: ExchangeSettings {
            cash: config.sim.cash,
            costs: config.costs,
            shorts: config.sim.shorts,
            seed: args.seed.unwrap_or(config.sim.seed),
            ..ExchangeSettings::default()
        },
        limits: config.limits.clone(),
        acknowledge_unclean: args.acknowledge_unclean,
        logs: config.logs.clone(),
    };
    Ok((RunPlan::Sim(Box::new(plan)), pace(speed)))
}

/// A run against an account, or an exchange on this machine in its place. Its keys are asked for last, when nothing
/// else can be wrong any more.
fn account(
    account: Account,
    paths: Paths,
    source: ConfigSource<'_>,
    config: &Config,
    args: &RunArgs,
) -> Result<(RunPlan, String), Failure> {
    let usage = |words: String| Failure::new(Exit::Usage, words);
    if account == Account::Live && !config.live.enabled {
        let words = "real money is refused: [live] enabled is not true in the config; `hardstop run --paper` rehearses it";
        return Err(usage(words.to_owned()));
    }
    let hosts = config.alpaca.base_url.as_deref().map_or_else(
        || Ok(Hosts::of(account)),
        |url| Hosts::at(account, url).map_err(|fault| usage(fault.to_string())),
    )?;
    let slot = KeySlot::of(&paths, &hosts);
    let mode = mode_of(account);
    let strategies = strategies(source.file, config, args, mode)?;
    let (keys, pinned, arming) = match account {
        Account::Paper => {
            let (keys, pinned) = keys_of(&slot, args.keys_stdin)?;
            (keys, pinned, None)
        }
        Account::Live => {
            let Unlocked { keys, account, seal, failed_tries } = unlocked(&slot, args.keys_stdin)?;
            let (enabled, settings) = (config.live.enabled, settings_of(&config.limits));
            (keys, Some(account), Some(ArmingPlan { slot, enabled, settings, seal, failed_tries }))
        }
    };
    let plan = AccountPlan {
        paths,
        hosts,
        keys,
        pinned,
        arming,
        feed: config.alpaca.feed.word().to_owned(),
        symbols: config.alpaca.symbols.clone(),
        strategies,
        seed: args.seed.unwrap_or(config.sim.seed),
        limits: limits_of(config, mode),
        acknowledge_unclean: args.acknowledge_unclean,
        logs: config.logs.clone(),
    };
    Ok((RunPlan::Account(Box::new(plan)), String::new()))
}

/// The keys that are kept, with the account they were kept for; where there are none, those that are typed.
pub(super) fn keys_of(slot: &KeySlot, keys_stdin: bool) -> Result<(Keys, Option<String>), Failure> {
    let no = |words: String| Failure::new(Exit::Keys, words);
    if keys_stdin {
        return Ok((asked_for(slot.account(), &mut Typed::of_stdin()).map_err(no)?, None));
    }
    match slot.paper_keys() {
        Ok(Some(keys)) => return Ok((keys, slot.note().map_err(no)?.and_then(|note| note.account))),
        Ok(None) => {}
        Err(words) => print::words(&words),
    }
    if !io::stdin().is_terminal() {
        return Err(no("no paper keys are kept; `hardstop keys set --slot paper` keeps some, and --keys-stdin reads them \
                       from stdin"
            .to_owned()));
    }
    Ok((asked_for(slot.account(), &mut Typed::of_the_terminal()).map_err(no)?, None))
}

const fn mode_of(account: Account) -> Mode {
    match account {
        Account::Paper => Mode::Paper,
        Account::Live => Mode::Live,
    }
}

/// The config's limits, as they are in this mode: with real money capital and orders have a largest amount.
pub(super) fn limits_of(config: &Config, mode: Mode) -> Limits {
    let mut limits = config.limits.clone();
    if mode == Mode::Live {
        limits.max_capital_usd = Some(config.live.max_capital);
        limits.max_order_usd = limits.max_order_usd.or(Limits::live().max_order_usd);
    }
    limits
}

/// What the passphrase of a live account brings.
struct Unlocked {
    keys: Keys,
    /// Whose they are, by the hash of its number.
    account: String,
    /// What its ledger is chained with.
    seal: Seal,
    /// How many passphrases were wrong before.
    failed_tries: u32,
}

/// The live keys, out of the vault that the passphrase opens.
fn unlocked(slot: &KeySlot, stdin: bool) -> Result<Unlocked, Failure> {
    let no = |words: String| Failure::new(Exit::Keys, words);
    let mut typed = if stdin { Typed::of_stdin() } else { Typed::of_the_terminal() };
    if !slot.has_vault() {
        return Err(no(
            "no live keys are kept; `hardstop keys set --slot live` makes a vault for them".to_owned()
        ));
    }
    let typed = typed.secret("vault's passphrase").map_err(no)?;
    let failed_tries = slot.tries().look(clock::now()).fails;
    let opened = slot.open(&passphrase(&typed).map_err(no)?).map_err(no)?;
    let live = opened.contents.live.ok_or_else(|| {
        no("the vault holds no live keys; `hardstop keys set --slot live` puts some into it".to_owned())
    })?;
    let seal = Seal::of(opened.contents.audit.expose());
    Ok(Unlocked { keys: live.keys, account: hash_of(&live.account), seal, failed_tries })
}

/// The same for the kill, which waits for no lockout and counts no try.
pub(super) fn unlocked_for_the_kill(slot: &KeySlot, stdin: bool) -> Result<Keys, Failure> {
    let no = |words: String| Failure::new(Exit::Keys, format!("{words}; act at the broker itself, now"));
    let mut typed = if stdin { Typed::of_stdin() } else { Typed::of_the_terminal() };
    let typed = typed.secret("vault's passphrase").map_err(no)?;
    let opened = slot.open_for_the_kill(&passphrase(&typed).map_err(no)?).map_err(no)?;
    opened.contents.live.map(|live| live.keys).ok_or_else(|| no("the vault holds no live keys".to_owned()))
}

pub(super) fn pace(speed: Speed) -> String {
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

fn without_window(run: RunPlan) -> Result<u8, Failure> {
    let result = headless(run, io::stdout())?;
    let end = if result.finished {
        "the data ended"
    } else {
        "ended before the data did; the next run goes on here"
    };
    print::words(&format!("{end}; journal_hash {}", result.journal_hash));
    Ok(0)
}

/// The strategies that were named, else the config's. In sim there is the example, where neither names one.
fn strategies(
    config_file: &Path,
    config: &Config,
    args: &RunArgs,
    mode: Mode,
) -> Result<Vec<Planned>, Failure> {
    let read = |path: &Path| {
        StrategySource::read(path).map_err(|fault| Failure::new(Exit::Usage, fault.to_string()))
    };
    // A relative path means the folder that the run was started in, wherever the process goes.
    let at = |path: &Path, source| Planned {
        path: std::path::absolute(path).ok(),
        ..Planned::plain(None, source)
    };
    if !args.strategy.is_empty() {
        return args.strategy.iter().map(|path| read(path).map(|source| at(path, source))).collect();
    }
    if config.strategies.is_empty() && mode == Mode::Sim {
        return Ok(shipped::named("sma_cross")
            .map(|source| Planned::plain(None, source))
            .into_iter()
            .collect());
    }
    let folder = config_file.parent().unwrap_or(Path::new(""));
    let plan = |entry: &StrategyEntry| {
        let path = folder.join(&entry.file);
        let source = read(&path)?;
        let number = |(name, value): (&String, &f64)| (name.clone(), ParamValue::Number(*value));
        let params = entry.params.iter().map(number).collect();
        Ok(Planned { symbols: entry.symbols.clone(), params, ..at(&path, source) })
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
