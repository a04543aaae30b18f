use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use crate::alpaca::client::Client;
use crate::alpaca::data_stream::Wanted;
use crate::app::account::date_of;
use crate::app::clock::RunClock;
use crate::app::plan::Wake;
use crate::broker::orders_ear::OrdersEar;
use crate::domain::at::At;
use crate::domain::calendar::{previous_session, session};
use crate::domain::day::TradingDay;
use crate::domain::market::{Bar, Tick};
use crate::domain::symbol::Symbol;
use crate::domain::venue::AssetFlags;
use crate::engine::event::Event;
use crate::feed::inbox::{Inbox, MarketSaid};
use crate::wire::history::Snapshot;

/// One turn of the chores.
const TURN: Duration = Duration::from_millis(200);
/// Turns between two comparisons of clocks: a minute.
const TURNS_OF_THE_CLOCK: u32 = 300;
/// Turns after which a chore that failed is tried again, and how often before it is said.
const TURNS_UNTIL_AGAIN: u32 = 10;
const TRIES: u32 = 3;
/// An answer that took longer than twice this says little of the clock: it is asked for again, so often at most.
const UNCERTAIN_MS: i64 = 500;
const SLOW_TRIES: u32 = 5;
/// Sessions whose minutes are read at the start, with today's.
const SESSIONS: u32 = 3;
/// Pages of the past that are read at most.
const PAGES_MAX: u32 = 100;
/// A minute that is missing is asked for once it should have come long ago.
const LATE_MS: i64 = 150_000;

/// What has to be done beside orders and prices: clocks are compared, the venue's calendar and its symbols are
/// asked after, and minutes that the stream missed are read.
pub(super) struct Chores {
    pub client: Client,
    pub clock: Arc<RunClock>,
    pub wanted: Wanted,
    pub inbox: Inbox,
    pub ear: OrdersEar,
    pub events: Sender<Event>,
    pub wake: Wake,
    pub feed: String,
    /// Symbols that came up during the run.
    pub asked: Receiver<Symbol>,
    pub over: Arc<AtomicBool>,
}

/// When each chore is due, in turns.
#[derive(Default)]
struct Due {
    clock: u32,
    clock_tries: u32,
    clock_slow: u32,
    day: Option<TradingDay>,
    symbols: Vec<Symbol>,
    waiting: VecDeque<Symbol>,
    assets: u32,
    hours: u32,
    gap: u32,
}

impl Chores {
    /// Until the run is over.
    pub(super) fn run(&self) {
        let mut due = Due::default();
        while !self.over.load(Ordering::SeqCst) {
            self.compare_clocks(&mut due);
            // Keys that are not taken are used for nothing but the one question whether they are again.
            if self.ear.keys_are_refused() {
                std::thread::sleep(TURN);
                continue;
            }
            self.ask_after_the_day(&mut due);
            self.ask_after_symbols(&mut due);
            self.take_up(&mut due);
            self.fill_gaps(&mut due);
            std::thread::sleep(TURN);
        }
    }

    fn tell(&self, event: Event) {
        // A machine that is gone hears nothing.
        let _gone = self.events.send(event);
        (self.wake)();
    }

    fn compare_clocks(&self, due: &mut Due) {
        if due.clock > 0 {
            due.clock -= 1;
            return;
        }
        if !self.ear.may_ask() {
            return;
        }
        let told = self.client.clock(|| self.clock.now());
        self.ear.note_keys(self.client.refusal_of_keys());
        match told {
            Ok(told) if told.uncertain_ms > UNCERTAIN_MS && due.clock_slow < SLOW_TRIES => {
                (due.clock, due.clock_slow) = (1, due.clock_slow + 1);
            }
            Ok(told) => {
                due.clock_slow = 0;
                if told.uncertain_ms <= UNCERTAIN_MS {
                    self.clock.set(self.clock.now().plus_millis(told.offset_ms));
                }
                (due.clock, due.clock_tries) = (TURNS_OF_THE_CLOCK, 0);
                self.tell(Event::ClockOffset { offset_ms: Some(told.offset_ms) });
            }
            Err(fault) => {
                due.clock = if self.ear.keys_are_refused() { TURNS_OF_THE_CLOCK } else { TURNS_UNTIL_AGAIN };
                due.clock_tries += 1;
                tracing::warn!(words = %fault.told(), "the venue's clock could not be read");
                if due.clock_tries == TRIES {
                    self.tell(Event::ClockOffset { offset_ms: None });
                }
            }
        }
    }

    /// The venue's calendar beside ours, once a day: where they differ the trader should know before the day.
    fn ask_after_the_day(&self, due: &mut Due) {
        let now = self.clock.now();
        let today = TradingDay::of(now);
        if due.day == Some(today) {
            return;
        }
        if due.hours > 0 {
            due.hours -= 1;
            return;
        }
        due.hours = TURNS_UNTIL_AGAIN;
        if !self.ear.may_ask() {
            return;
        }
        let Ok(theirs) = self.client.hours_of(&date_of(now)) else { return };
        due.day = Some(today);
        // What may be traded can change with the day.
        due.symbols.clear();
        let ours = session(today);
        let words = match (&theirs, ours) {
            (None, Some(_)) => "the venue does not trade today, though our calendar says so: what is sent waits for the next session".to_owned(),
            (Some((open, close)), None) => format!("the venue trades today from {open} to {close}, and our calendar knows no session: nothing is opened"),
            (Some((open, close)), Some(session)) if hours(&session) != (plain(open), plain(close)) => {
                format!("the venue's hours today are {open} to {close}, and not those of our calendar")
            }
            _ => return,
        };
        self.tell(Event::Notice(words));
    }

    /// What the venue says of each symbol: of those that are followed, and of those that have just come up.
    fn ask_after_symbols(&self, due: &mut Due) {
        due.waiting.extend(self.asked.try_iter());
        if due.assets > 0 {
            due.assets -= 1;
            return;
        }
        let all = self.wanted.all().into_iter().chain(due.waiting.iter().copied());
        let Some(symbol) = all.into_iter().find(|symbol| !due.symbols.contains(symbol)) else { return };
        if !self.ear.may_ask() {
            return;
        }
        match self.client.asset(symbol) {
            Ok(flags) => {
                due.symbols.push(symbol);
                self.tell(Event::Asset { symbol, flags });
                if flags == AssetFlags::NONE {
                    let words = format!("the venue does not trade {symbol}, or knows no such symbol");
                    self.tell(Event::Notice(words));
                }
            }
            Err(fault) => {
                due.assets = TURNS_UNTIL_AGAIN;
                tracing::warn!(%symbol, words = %fault.told(), "the venue's word on a symbol could not be read");
            }
        }
    }

    /// A symbol that came up during the run: once the venue has said what it is, its past and its last moments come
    /// first, so that nothing of them comes behind what the stream tells of it.
    fn take_up(&self, due: &mut Due) {
        let Some(symbol) = due.waiting.front().copied() else { return };
        let is_followed = self.wanted.all().contains(&symbol);
        if !is_followed && !due.symbols.contains(&symbol) {
            return;
        }
        due.waiting.pop_front();
        if is_followed {
            return;
        }
        // Without its past it is traded all the same, once quotes come.
        let past =
            past_minutes(&self.client, &[symbol], &self.feed, self.clock.now()).unwrap_or_else(|words| {
                tracing::warn!(%symbol, words, "its past could not be read");
                Vec::new()
            });
        let past = past.into_iter().map(Tick::Bar);
        for tick in past.chain(last_moments(&self.client, &[symbol], &self.feed)) {
            self.inbox.put(MarketSaid::Past(tick));
        }
        self.wanted.add(symbol);
        (self.wake)();
    }

    /// Reads what the stream missed while it was lost.
    fn fill_gaps(&self, due: &mut Due) {
        if due.gap > 0 {
            due.gap -= 1;
            return;
        }
        due.gap = TURNS_UNTIL_AGAIN;
        let now = self.clock.now();
        if session(TradingDay::of(now)).is_none_or(|session| now < session.open || now > session.close) {
            return;
        }
        let newest =
            self.wanted.all().into_iter().filter_map(|symbol| Some((symbol, self.inbox.newest_bar(symbol)?)));
        let late: Vec<(Symbol, At)> =
            newest.filter(|(_, start)| now.millis_since(*start) > 60_000 + LATE_MS).collect();
        let Some(from) = late.iter().map(|(_, start)| *start).min() else { return };
        due.gap = TURNS_OF_THE_CLOCK;
        let symbols: Vec<Symbol> = late.iter().map(|(symbol, _)| *symbol).collect();
        match read_minutes(&self.client, &symbols, &self.feed, from, now) {
            Ok(minutes) => {
                for bar in minutes {
                    self.inbox.put(MarketSaid::Past(Tick::Bar(bar)));
                }
                (self.wake)();
            }
            Err(words) => tracing::warn!(words, "minutes that are missing could not be read"),
        }
    }
}

/// `0930` and `1600` of `09:30` and `16:00`.
fn plain(hour: &str) -> String {
    hour.chars().filter(char::is_ascii_digit).collect()
}

fn hours(session: &crate::domain::calendar::Session) -> (String, String) {
    let hour = |at: At| {
        let (hour, minute, _) = crate::domain::day::new_york_time(at);
        format!("{hour:02}{minute:02}")
    };
    (hour(session.open), hour(session.close))
}

/// The minutes of the last sessions until now, oldest first.
///
/// # Errors
/// Why they could not be read.
pub(super) fn past_minutes(
    client: &Client,
    symbols: &[Symbol],
    feed: &str,
    now: At,
) -> Result<Vec<Bar>, String> {
    let mut day = TradingDay::of(now);
    for _ in 1..SESSIONS {
        day = previous_session(day).map_or_else(|| day.previous(), |session| session.day);
    }
    let from = session(day).map_or_else(|| day.at_time(9, 30), |session| session.open);
    read_minutes(client, symbols, feed, from, now)
}

/// The last trade and quote of each symbol, so that there is something to see before the stream speaks; nothing
/// where they cannot be read.
pub(super) fn last_moments(client: &Client, symbols: &[Symbol], feed: &str) -> Vec<Tick> {
    if symbols.is_empty() {
        return Vec::new();
    }
    let snapshots = client.snapshots(symbols, feed).unwrap_or_else(|fault| {
        tracing::warn!(words = %fault.told(), "the last prices could not be read");
        Vec::new()
    });
    let ticks = |snapshot: Snapshot| [snapshot.trade.map(Tick::Trade), snapshot.quote.map(Tick::Quote)];
    snapshots.into_iter().flat_map(ticks).flatten().collect()
}

/// Whole minutes from an instant until now, page by page, in the order of time.
fn read_minutes(
    client: &Client,
    symbols: &[Symbol],
    feed: &str,
    from: At,
    now: At,
) -> Result<Vec<Bar>, String> {
    if symbols.is_empty() {
        return Ok(Vec::new());
    }
    let (mut minutes, mut token) = (Vec::new(), None);
    for page in 1..=PAGES_MAX {
        let read = client.bars(symbols, from, feed, token.as_deref()).map_err(|fault| fault.told())?;
        minutes.extend(read.bars.into_iter().filter(|bar| bar.end <= now));
        tracing::info!(page, minutes = minutes.len(), "past minutes read");
        token = read.next;
        if token.is_none() {
            break;
        }
    }
    minutes.sort_by_key(|bar| (bar.end, bar.symbol));
    Ok(minutes)
}
