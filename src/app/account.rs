use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::alpaca::client::Client;
use crate::alpaca::data_stream::{DataSaid, Wanted, follow_data};
use crate::alpaca::hosts::{Account, Hosts};
use crate::alpaca::orders_stream::{OrdersSaid, follow_orders};
use crate::app::account_ledger::{Ledger, ledger_of, tell_trust};
use crate::app::approvals_told::tell_approvals;
use crate::app::armoury::Armoury;
use crate::app::certificate;
use crate::app::chores::{Chores, last_moments, past_minutes};
use crate::app::clock::{self, DataClock, RunClock, Speed};
use crate::app::hot_reload::{Reloader, Watched};
use crate::app::install::{install_id, kill_ids};
use crate::app::instance::Instance;
use crate::app::key_slots::KeySlot;
use crate::app::opened::{Opened, begin};
use crate::app::paths::Paths;
use crate::app::plan::Wake;
use crate::app::redaction;
use crate::app::seats::{Planned, SeatPlan, Seats, check_approvals, seat_all};
use crate::app::source::{Arrival, Source};
use crate::broker::door::RemotePlan;
use crate::broker::kill::KillTask;
use crate::broker::latch::KillLatch;
use crate::broker::orders_ear::OrdersEar;
use crate::broker::threads;
use crate::config::meaning::Logs;
use crate::domain::at::At;
use crate::domain::calendar::{Phase, phase};
use crate::domain::day::TradingDay;
use crate::domain::market::Tick;
use crate::domain::mode::Mode;
use crate::domain::secret::Keys;
use crate::domain::symbol::Symbol;
use crate::engine::event::{Event, StrategyHead};
use crate::engine::memory::Memory;
use crate::engine::settings::Settings;
use crate::feed::freshness::Freshness;
use crate::feed::inbox::{Inbox, MarketSaid};
use crate::journal::row::RunHead;
use crate::journal::seal::Seal;
use crate::pump::assembly::{limits_version, onto_account};
use crate::pump::audience::Audience;
use crate::pump::turn::{Calls, Durability, Parts, Pump};
use crate::risk::limits::Limits;
use crate::wire::account::WireAccount;

/// A rehearsal's data may have a quote a minute; Alpaca's are ticks.
const REHEARSAL_INTERVAL_MS: i64 = 60_000;
/// How long an account is asked for again at the start before the start is given up.
const TRIES: u32 = 3;
/// Symbols that are watched at most, whoever asks for them.
const WATCHED_MAX: usize = 1_000;
/// What is said of a stream whose thread died of a panic, and how long it rests before it is followed again.
const DIED: &str = "its thread died and is started again";
/// How often an exchange's clock is read again at the start.
const CLOCK_READINGS: u32 = 5;

/// What a run against an account is started with.
pub struct AccountPlan {
    /// Folders and files.
    pub paths: Paths,
    /// Whose hosts are called.
    pub hosts: Hosts,
    /// The account's keys.
    pub keys: Keys,
    /// The account, by the hash of its number, that the keys were kept for; another one is refused. `None` for keys
    /// that were typed.
    pub pinned: Option<String>,
    /// What live must pass before it opens anything; `None` in paper.
    pub arming: Option<ArmingPlan>,
    /// Which feed of market data: iex, sip or test.
    pub feed: String,
    /// Symbols whose market data are wanted beside those of strategies and positions.
    pub symbols: Vec<Symbol>,
    /// The strategies, in the order of their numbers.
    pub strategies: Vec<Planned>,
    /// The seed of their chance.
    pub seed: u64,
    /// The limits.
    pub limits: Limits,
    /// The trader's word that an unclean end was seen.
    pub acknowledge_unclean: bool,
    /// What is logged, and for how long it is kept.
    pub logs: Logs,
}

/// What is looked at before live is armed.
pub struct ArmingPlan {
    /// Where its keys are kept.
    pub slot: KeySlot,
    /// Whether the config allows live.
    pub enabled: bool,
    /// The settings that the drills must have been passed with.
    pub settings: String,
    /// The vault's own key, under which the ledger of real money is chained.
    pub seal: Seal,
    /// How many passphrases were wrong before the one that was right.
    pub failed_tries: u32,
}

impl AccountPlan {
    /// The mode of the account.
    pub fn mode(&self) -> Mode {
        match self.hosts.account() {
            Account::Paper => Mode::Paper,
            Account::Live => Mode::Live,
        }
    }

    /// Where orders go, for the header.
    pub fn venue_name(&self) -> String {
        if self.hosts.are_here() { "exchange on this machine" } else { "Alpaca" }.to_owned()
    }

    /// How often the market speaks, in milliseconds; 0 for a stream of ticks.
    pub fn interval_ms(&self) -> i64 {
        if self.hosts.are_here() { REHEARSAL_INTERVAL_MS } else { 0 }
    }

    /// What the market data are called.
    pub fn data_name(&self) -> String {
        format!("{} {}", if self.hosts.are_here() { "rehearsal" } else { "Alpaca" }, self.feed)
    }
}

/// Puts a run against an account together, and its kill task, which is not yet running. The account is asked who
/// it is: a ledger belongs to one account for its whole life, and another account begins another.
///
/// # Errors
/// What stands in the way, in words.
pub fn open<A: Audience>(
    mut plan: AccountPlan,
    latch: KillLatch,
    audience: A,
    wake: Wake,
) -> Result<(Opened<A>, KillTask), String> {
    redaction::hold(&[&plan.keys.id, &plan.keys.secret]);
    let mode = plan.mode();
    check_approvals(&plan.paths.state, mode, &plan.strategies)?;
    let client = client_of(&plan)?;
    let account = account_of(&plan, &client)?;
    let place = format!("{} {}", plan.hosts.all()[0], account.number);
    let only_one = Instance::take_account(&plan.paths.accounts, &hash_of(&place))?;
    let run_clock = Arc::new(clock_of(&client, &plan.hosts)?);
    let now = run_clock.now();
    let account_hash = hash_of(&account.number);
    let mut ledger = ledger_of(&mut plan, &account_hash, now, &latch)?;
    let install = install_id(&plan.paths.state)?;
    let (bench, heads, sandbox) = seat(&plan, &ledger.memory, now)?;
    let wanted = wanted_of(&client, &plan, &heads)?;
    let settings = settings(&plan, &install);
    let assembly = onto_account(
        settings.clone(),
        plan.limits.clone(),
        remote_of(&plan, &ledger, &run_clock, &wake)?,
        latch.clone(),
    )?;
    let last_seq = ledger.journal.last_seq().map_err(|fault| fault.to_string())?;
    let head = run_head(&plan, &sandbox, account_hash, settings);
    ledger.journal.begin_run(&head, now).map_err(|fault| fault.to_string())?;
    tell_approvals(&mut ledger.journal, &ledger.files.journal, &plan.paths.state, mode, now)?;
    tell_trust(&mut ledger, now, plan.arming.as_ref())?;
    let mut pump = Pump::new(Parts {
        engine: assembly.engine,
        door: assembly.door,
        market: None,
        journal: ledger.journal,
        tape: Some(ledger.tape),
        bench,
        audience,
        durability: Durability::EveryTurn,
        calls: Calls::Each,
        last_seq,
    });
    let (past, said) = past_of(&client, &wanted.all(), &plan.feed, now);
    let warm = past.iter().copied();
    begin(&mut pump, now, &ledger.memory, &heads, warm, plan.acknowledge_unclean);
    for words in ledger.chained.into_iter().chain([said]).chain(account.blocked.map(told_of_a_block)) {
        pump.turn(now, Event::Notice(words));
    }
    pump.watch_feed(Freshness::new(now, plan.interval_ms()));
    let drilled_at = certificate::drilled_at(&plan.paths.state);
    let armoury = armoury_of(&mut plan, &account.number, &install);
    let kill_ids = kill_ids(mode, &install)?;
    let watched = Watched::of(std::mem::take(&mut plan.strategies), &heads);
    let reloader =
        Some(Reloader::of(&plan.paths.state, mode, plan.seed, (None, plan.symbols.clone()), watched));
    let source =
        come_alive(plan, client, Streets { run_clock, wanted, ear: assembly.ear, wake, only_one }, &past)?;
    let opened = Opened {
        reloader,
        pump,
        source: Box::new(source),
        past,
        kill_ids,
        latch,
        kill_file: ledger.kill_file,
        files: ledger.files,
        strategies: heads.into_iter().map(|(head, _)| (head.id, head.name)).collect(),
        sandbox,
        drilled_at,
        seal: ledger.seal,
        armoury,
    };
    Ok((opened, assembly.kill))
}

/// The account, as the broker tells it; another than the one the keys were kept for is refused.
fn account_of(plan: &AccountPlan, client: &Client) -> Result<WireAccount, String> {
    let account = again(|| client.account().map_err(|fault| fault.told())).map_err(|words| {
        let host = plan.hosts.all()[0];
        let remedy = if plan.hosts.are_here() {
            "look whether `hardstop exchange` runs at that address and takes these keys, and at `base_url` in the config"
        } else {
            "nothing was sent; look at the keys (`hardstop keys test`) and the network, and start again"
        };
        format!("the account cannot be read at {host}: {words}; {remedy}")
    })?;
    if plan.pinned.as_ref().is_some_and(|pinned| *pinned != hash_of(&account.number)) {
        return Err("the keys that are kept open another account than the one they were kept for; look at `hardstop keys \
                    list`, and `hardstop keys forget` frees the place"
            .to_owned());
    }
    Ok(account)
}

fn armoury_of(plan: &mut AccountPlan, number: &str, install: &str) -> Option<Arc<Armoury>> {
    let certificate = certificate::place(&plan.paths.state);
    plan.arming.take().map(|arming| {
        let ArmingPlan { slot, enabled, settings, .. } = arming;
        let (account, install) = (number.to_owned(), install.to_owned());
        Arc::new(Armoury { slot, account, install, enabled, certificate, settings })
    })
}

fn told_of_a_block(words: String) -> String {
    format!(
        "{words}: its orders will be refused. Where a kill left it so, `hardstop kill` and then `hardstop rearm` open \
         it again"
    )
}

/// What the market did before, oldest first, and how that went, in words.
fn past_of(client: &Client, symbols: &[Symbol], feed: &str, now: At) -> (Vec<Tick>, String) {
    let (bars, said) = match past_minutes(client, symbols, feed, now) {
        Ok(bars) => {
            let said = format!("{} minutes of the past were read", bars.len());
            (bars, said)
        }
        Err(words) => {
            let said =
                format!("the past minutes could not be read ({words}); strategies warm up on what comes");
            (Vec::new(), said)
        }
    };
    (bars.into_iter().map(Tick::Bar).chain(last_moments(client, symbols, feed)).collect(), said)
}

/// A broker must have said everything that openings depend on.
fn settings(plan: &AccountPlan, install: &str) -> Settings {
    Settings {
        clock_must_be_known: true,
        assets_must_be_known: true,
        order_stream_must_stand: true,
        legs_sleep_until_filled: true,
        feed_interval_ms: plan.interval_ms(),
        ..Settings::new(plan.mode(), install)
    }
}

fn client_of(plan: &AccountPlan) -> Result<Client, String> {
    Client::new(plan.hosts.clone(), &plan.keys).map_err(|fault| fault.to_string())
}

fn seat(plan: &AccountPlan, memory: &Memory, now: At) -> Result<Seats, String> {
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    let seats = SeatPlan {
        state: &plan.paths.state,
        mode: plan.mode(),
        strategies: &plan.strategies,
        seed: plan.seed,
        there: None,
        instead: &plan.symbols,
        executable: &executable,
    };
    seat_all(&seats, memory, now)
}

/// Whose market data are needed: what the trader wrote, what strategies trade, and what is held.
fn wanted_of(
    client: &Client,
    plan: &AccountPlan,
    heads: &[(StrategyHead, Option<String>)],
) -> Result<Wanted, String> {
    let held = again(|| client.positions().map_err(|fault| fault.told()))
        .map_err(|words| format!("the positions cannot be read: {words}"))?;
    let mut wanted: Vec<Symbol> = plan.symbols.clone();
    wanted.extend(heads.iter().flat_map(|(head, _)| head.symbols.iter().copied()));
    wanted.extend(held.iter().map(|position| position.symbol));
    Ok(Wanted::of(&wanted))
}

fn remote_of(
    plan: &AccountPlan,
    ledger: &Ledger,
    run_clock: &Arc<RunClock>,
    wake: &Wake,
) -> Result<RemotePlan, String> {
    let (clock, wake) = (Arc::clone(run_clock), Arc::clone(wake));
    Ok(RemotePlan {
        client: client_of(plan)?,
        kill_client: client_of(plan)?,
        clock: Arc::new(move || clock.now()),
        fills_since: ledger.fills_since,
        fills_from: ledger.fills_from,
        wake: Box::new(move || wake()),
    })
}

/// What the threads round a run have in common.
struct Streets {
    run_clock: Arc<RunClock>,
    wanted: Wanted,
    ear: OrdersEar,
    wake: Wake,
    only_one: Instance,
}

/// Both streams and the chores begin; what they bring comes out of the source. The keys end here, in the threads
/// that log in with them.
fn come_alive(plan: AccountPlan, client: Client, streets: Streets, past: &[Tick]) -> Result<Live, String> {
    let Streets { run_clock, wanted, ear, wake, only_one } = streets;
    let AccountPlan { hosts, keys, feed, .. } = plan;
    let (inbox, over) = (Inbox::default(), Arc::new(AtomicBool::new(false)));
    for tick in past {
        if let Tick::Bar(bar) = tick {
            inbox.know(bar);
        }
    }
    let (events, arriving) = channel();
    let (watch, asked) = channel();
    let chores = Chores {
        client,
        clock: Arc::clone(&run_clock),
        wanted: wanted.clone(),
        inbox: inbox.clone(),
        ear: ear.clone(),
        events,
        wake: Arc::clone(&wake),
        feed: feed.clone(),
        asked,
        over: Arc::clone(&over),
    };
    let data_clock = Arc::clone(&run_clock);
    let watched = wanted.all().into_iter().collect();
    let source = Live {
        clock: run_clock,
        inbox: inbox.clone(),
        arriving,
        watch,
        watched,
        over: Arc::clone(&over),
        _only_one: only_one,
    };
    let (keys, seed) = (Arc::new(keys), clock::now().nanos().unsigned_abs());
    let (of_orders, its_hosts, ends) = (Arc::clone(&keys), hosts.clone(), Arc::clone(&over));
    let lost_ear = ear.clone();
    let follow = move || {
        let is_over = || ends.load(Ordering::SeqCst);
        follow_orders(&its_hosts, &of_orders, seed, |said| ear.hear(said), &|| ear.is_mute(), &is_over);
    };
    spawn("orders stream", follow, move || lost_ear.hear(OrdersSaid::Down(DIED.to_owned())))?;
    let lost_inbox = inbox.clone();
    let follow = move || {
        let is_awaited = || phase(data_clock.now()) == Phase::Regular;
        let is_over = || over.load(Ordering::SeqCst);
        let told = |said| {
            if inbox.hear(said) {
                wake();
            }
        };
        follow_data(&hosts, &keys, &feed, &wanted, seed.wrapping_add(1), told, &is_awaited, &is_over);
    };
    spawn("data stream", follow, move || {
        lost_inbox.hear(DataSaid::Down(DIED.to_owned()));
    })?;
    spawn("chores", move || chores.run(), || {})?;
    Ok(source)
}

/// A start survives an answer that got lost.
fn again<T>(mut ask: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let mut tries = 1;
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(words) if tries >= TRIES => return Err(words),
            Err(_) => std::thread::sleep(Duration::from_millis(500)),
        }
        tries += 1;
    }
}

/// The wall's clock for Alpaca. An exchange on this machine may rehearse another time at another speed: its
/// client goes by its clock, as it says.
pub(super) fn clock_of(client: &Client, hosts: &Hosts) -> Result<RunClock, String> {
    if !hosts.are_here() {
        return Ok(RunClock::Wall);
    }
    let read = || again(|| client.clock(clock::now).map_err(|fault| fault.told()));
    let mut told = read().map_err(|words| format!("the exchange's clock cannot be read: {words}"))?;
    // Its time may run many times as fast as ours: of some answers the one that came the fastest is the truest.
    for _ in 0..CLOCK_READINGS {
        told = match read() {
            Ok(other) if other.uncertain_ms < told.uncertain_ms => other,
            _ => told,
        };
    }
    let speed: Speed = told.speed.as_deref().unwrap_or("1").parse()?;
    let at = told.read_at.plus_millis(told.offset_ms);
    let since_ms = clock::now().millis_since(told.read_at);
    Ok(RunClock::Rehearsal(DataClock::start(at.plus_millis(speed.of_wall_ms(since_ms)), speed).into()))
}

/// A ledger knows its account by this, and not by its number.
pub fn hash_of(account_number: &str) -> String {
    Sha256::digest(account_number).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn run_head(plan: &AccountPlan, sandbox: &str, account: String, settings: Settings) -> RunHead {
    RunHead {
        mode: plan.mode(),
        seed: plan.seed,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        limits_version: limits_version(&plan.limits),
        limits: plan.limits.clone(),
        source: plan.data_name(),
        sandbox: sandbox.to_owned(),
        started_at: clock::now(),
        account: Some(account),
        settings: Some(settings),
    }
}

fn spawn(
    name: &str,
    works: impl Fn() + Send + 'static,
    died: impl Fn() + Send + 'static,
) -> Result<(), String> {
    let died = move || {
        died();
        true
    };
    threads::spawn(name, works, died).map_err(|fault| format!("no thread for the {name}: {fault}"))
}

/// A market as it happens.
struct Live {
    clock: Arc<RunClock>,
    inbox: Inbox,
    arriving: Receiver<Event>,
    /// Symbols that matter from here on go to the chores, each once.
    watch: Sender<Symbol>,
    watched: BTreeSet<Symbol>,
    over: Arc<AtomicBool>,
    /// Nobody else trades this account for as long as this does.
    _only_one: Instance,
}

impl Source for Live {
    fn now(&mut self, last: At) -> At {
        self.clock.now().max(last)
    }

    fn patience(&mut self, _last: At, most: Duration) -> Duration {
        if self.inbox.is_empty() { most } else { Duration::ZERO }
    }

    fn next(&mut self, last: At) -> Option<Arrival> {
        if let Ok(event) = self.arriving.try_recv() {
            return Some(Arrival::Event(self.now(last), Box::new(event)));
        }
        let said = self.inbox.take()?;
        if let MarketSaid::Tick(tick) = &said {
            self.clock.catch_up(tick.at());
        }
        let now = self.now(last);
        let event = match said {
            MarketSaid::Tick(tick) => Event::Tick(tick),
            MarketSaid::Past(tick) => Event::Warm(tick),
            MarketSaid::Halted(symbol, halted) => Event::SymbolHalted { symbol, halted },
            MarketSaid::Notice(words) => Event::Notice(words),
            MarketSaid::Lost => return Some(Arrival::FeedLost(now)),
        };
        Some(Arrival::Event(now, Box::new(event)))
    }

    fn watch(&mut self, symbol: Symbol) {
        if self.watched.len() < WATCHED_MAX && self.watched.insert(symbol) {
            // Chores that are gone have said so.
            let _gone = self.watch.send(symbol);
        }
    }

    fn is_dry(&self) -> bool {
        false
    }

    fn is_live(&self) -> bool {
        true
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.inbox.end();
        let counts = self.inbox.counts();
        tracing::info!(?counts, "market data of this run");
    }
}

/// The day by New York's calendar, as a venue's calendar names it.
pub(super) fn date_of(at: At) -> String {
    TradingDay::of(at).to_string()
}
