use std::time::Duration;

use crate::app::clock::{DataClock, Speed, Stopwatch};
use crate::domain::at::At;
use crate::domain::calendar::session;
use crate::domain::day::TradingDay;
use crate::domain::market::Tick;
use crate::domain::symbol::Symbol;
use crate::engine::event::Event;

/// Closed hours are skipped when no tick comes for this long.
const QUIET_MS: i64 = 300_000;
/// When the process itself stood still for this long (a laptop that slept, a stopped job), the data's
/// time stood still with it.
const STOOD_STILL_S: f64 = 2.0;

/// What came, and when it is taken to have come.
pub enum Arrival {
    /// An event of the market, or of what stands around it.
    Event(At, Box<Event>),
    /// The market data are lost from here on, until something comes again.
    FeedLost(At),
}

/// Where a run's time and its market come from.
pub trait Source: Send {
    /// The instant by now, which is never before `last`.
    fn now(&mut self, last: At) -> At;

    /// How long nothing is due, `most` at most.
    fn patience(&mut self, last: At, most: Duration) -> Duration;

    /// The next that is due.
    fn next(&mut self, last: At) -> Option<Arrival>;

    /// Whether nothing will come any more.
    fn is_dry(&self) -> bool;

    /// A symbol matters from here on: somebody asks to trade it, or it is held.
    fn watch(&mut self, _symbol: Symbol) {}

    /// Whether it comes as it happens: all that has come by now is taken in at once.
    fn is_live(&self) -> bool {
        false
    }
}

/// Recorded data, at a speed.
pub struct Recorded {
    ticks: Vec<Tick>,
    cursor: usize,
    speed: Speed,
    clock: Option<DataClock>,
    since: Stopwatch,
}

impl Recorded {
    /// From the tick at `cursor` on.
    pub fn new(ticks: Vec<Tick>, cursor: usize, speed: Speed) -> Self {
        Self { ticks, cursor, speed, clock: None, since: Stopwatch::start() }
    }

    fn coming(&self) -> Option<&Tick> {
        self.ticks.get(self.cursor)
    }

    /// The data's clock. A new run's begins at the open: what the market said before it is there at once.
    fn clock(&mut self, last: At) -> &mut DataClock {
        let first = self.coming().map_or(last, Tick::at);
        let (cursor, speed) = (self.cursor, self.speed);
        self.clock.get_or_insert_with(|| {
            let open = session(TradingDay::of(first)).map_or(first, |session| session.open);
            let from = if cursor == 0 { first.max(open) } else { last };
            DataClock::start(from.max(first.plus_millis(-QUIET_MS)), speed)
        })
    }
}

/// How often recorded data speak: by the length of their bars, and a minute where they have none.
pub(super) fn interval_ms(ticks: &[Tick]) -> i64 {
    let length = |tick: &Tick| match tick {
        Tick::Bar(bar) => Some(bar.end.millis_since(bar.start)),
        Tick::Quote(_) | Tick::Trade(_) => None,
    };
    ticks.iter().find_map(length).unwrap_or(60_000).max(60_000)
}

impl Source for Recorded {
    /// The data's instant, between the last event and the next tick.
    fn now(&mut self, last: At) -> At {
        let next = self.coming().map_or(last, Tick::at);
        self.clock(last).now().min(next).max(last)
    }

    fn patience(&mut self, last: At, most: Duration) -> Duration {
        let Some(at) = self.coming().map(Tick::at) else { return most };
        if self.since.seconds() > STOOD_STILL_S && self.clock.is_some() {
            self.clock = Some(DataClock::start(last, self.speed));
        }
        self.since = Stopwatch::start();
        let clock = self.clock(last);
        if at.millis_since(clock.now()) > QUIET_MS {
            clock.jump(at.plus_millis(-1_000));
        }
        clock.until(at).min(most)
    }

    fn next(&mut self, last: At) -> Option<Arrival> {
        let tick = *self.coming()?;
        if self.clock(last).now() < tick.at() {
            return None;
        }
        self.cursor += 1;
        Some(Arrival::Event(tick.at(), Box::new(Event::Tick(tick))))
    }

    fn is_dry(&self) -> bool {
        self.coming().is_none()
    }
}
