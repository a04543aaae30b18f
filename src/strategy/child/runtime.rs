//! What the script's native functions may touch: the event at hand, its budgetless counters, and the
//! memory it holds. No JavaScript object is kept here but the rejected promises and the timers' functions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use boa_engine::gc::force_collect;
use boa_engine::{Context, JsNativeError, JsObject, JsResult};

use crate::domain::strategy::Plot;
use crate::domain::strategy::Wish;
use crate::strategy::child::MemoryCap;
use crate::strategy::child::timers::Timer;
use crate::strategy::child::toolbox::Toolbox;
use crate::strategy::frame::LOG_BYTES_MAX;
use crate::strategy::frame::PLOTS_MAX;
use crate::strategy::frame::WISHES_MAX;

/// How much may be allocated between two collections, where there is room for it.
const COLLECT_EVERY_BYTES: usize = 24 * 1024 * 1024;
/// However full it is, a collection of its own for less than this would only burn CPU time.
const COLLECT_LEAST_BYTES: usize = 1024 * 1024;

/// What part of its life the script is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Its top level runs.
    Load,
    /// `init` of the instance runs: the only part in which indicators are made.
    Init(usize),
    /// An event of the instance runs.
    Event(usize),
    /// An event runs that may wish for nothing: warm-up.
    WarmUp(usize),
    /// Nothing of it runs.
    Idle,
}

/// What the event at hand has gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Wishes, in the script's order.
    pub wishes: Vec<Wish>,
    /// Log lines.
    pub logs: Vec<String>,
    /// What shall be drawn: a name has one value an event, the last.
    pub plots: Vec<Plot>,
    /// The first rule of the contract that was broken, in words.
    breach: Option<String>,
    log_bytes: usize,
    refused_in_warm_up: usize,
}

/// The state behind the native functions; one for the process.
pub(super) struct Runtime {
    memory: &'static dyn MemoryCap,
    memory_max: usize,
    collect_at: Cell<usize>,
    /// The script's clock, in milliseconds of UTC: the time of the event, never the machine's.
    pub now_millis: Cell<i64>,
    random: Cell<u64>,
    /// What part of its life the script is in.
    pub part: Cell<Part>,
    /// What the event at hand has gathered.
    pub gathered: RefCell<Gathered>,
    /// The indicators of each instance.
    pub tools: RefCell<Vec<Toolbox>>,
    /// What is called every so often, in the order in which it was asked for.
    pub timers: RefCell<Vec<Timer>>,
    /// Promises that were rejected and that nobody handled.
    pub rejected: RefCell<Vec<JsObject>>,
}

impl Runtime {
    /// A state in which nothing has run; `seed` is what `Math.random` starts from.
    pub(super) fn new(memory: &'static dyn MemoryCap, memory_max: usize, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            memory,
            memory_max,
            collect_at: Cell::new(COLLECT_EVERY_BYTES),
            now_millis: Cell::new(0),
            random: Cell::new(seed),
            part: Cell::new(Part::Load),
            gathered: RefCell::default(),
            tools: RefCell::default(),
            timers: RefCell::default(),
            rejected: RefCell::default(),
        })
    }

    /// The state of `context`.
    pub(super) fn of(context: &Context) -> JsResult<Rc<Self>> {
        let state = context.get_data::<Rc<Self>>().cloned();
        state.ok_or_else(|| JsNativeError::error().with_message("the script has no host").into())
    }

    /// Collects garbage where enough was allocated since the last time.
    ///
    /// The engine's own collector counts its boxes and not the buffers behind them, so that a good
    /// script with temporary arrays would run into the cap with almost everything of it being garbage.
    pub(super) fn relieve(&self) {
        if self.memory.used_bytes() < self.collect_at.get() {
            return;
        }
        force_collect();
        let used = self.memory.used_bytes();
        let room = self.memory_max.saturating_sub(used) / 2;
        self.collect_at.set(used.saturating_add(room.clamp(COLLECT_LEAST_BYTES, COLLECT_EVERY_BYTES)));
    }

    /// What the process holds, in bytes.
    pub(super) fn used_bytes(&self) -> u64 {
        u64::try_from(self.memory.used_bytes()).unwrap_or(u64::MAX)
    }

    /// The next number of `Math.random`, in [0, 1): `SplitMix64` (Steele, Lea and Flood, 2014).
    pub(super) fn next_random(&self) -> f64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // 53 bits are what a double holds exactly.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Takes a wish of instance `index`.
    pub(super) fn wish(&self, index: usize, wish: Wish) -> Result<(), String> {
        let mut gathered = self.gathered.borrow_mut();
        match self.part.get() {
            Part::Event(current) if current == index => {
                if gathered.wishes.len() >= WISHES_MAX {
                    return Err(format!("more than {WISHES_MAX} orders in one event"));
                }
                gathered.wishes.push(wish);
                Ok(())
            }
            Part::WarmUp(current) if current == index => {
                gathered.refused_in_warm_up = gathered.refused_in_warm_up.saturating_add(1);
                Ok(())
            }
            Part::Event(_) | Part::WarmUp(_) => {
                Err("this ctx belongs to another symbol than the event does; use the event's own".to_owned())
            }
            Part::Load | Part::Init(_) | Part::Idle => {
                Err("orders can be wished for in an event alone, not while the script loads".to_owned())
            }
        }
    }

    /// Takes a log line.
    pub(super) fn log(&self, line: String) -> Result<(), String> {
        let mut gathered = self.gathered.borrow_mut();
        gathered.log_bytes = gathered.log_bytes.saturating_add(line.len()).saturating_add(1);
        if gathered.log_bytes > LOG_BYTES_MAX {
            return Err(format!("more than {LOG_BYTES_MAX} bytes of log in one event"));
        }
        gathered.logs.push(line);
        Ok(())
    }

    /// Takes a number to draw of instance `index`; none of warm-up is drawn.
    pub(super) fn plot(&self, index: usize, plot: Plot) -> Result<(), String> {
        match self.part.get() {
            Part::Event(current) if current == index => {}
            Part::WarmUp(current) if current == index => return Ok(()),
            _ => return Err("plot draws in an event of its own symbol alone".to_owned()),
        }
        let mut gathered = self.gathered.borrow_mut();
        if let Some(before) = gathered.plots.iter_mut().find(|before| before.name == plot.name) {
            before.nanos = plot.nanos;
            return Ok(());
        }
        if gathered.plots.len() >= PLOTS_MAX {
            return Err(format!("more than {PLOTS_MAX} lines drawn in one event"));
        }
        gathered.plots.push(plot);
        Ok(())
    }

    /// Notes that a rule of the contract was broken. The event fails then even where the script catches
    /// the error: what it goes on to wish was decided on a false idea of what it had wished before.
    pub(super) fn breach(&self, words: &str) {
        self.gathered.borrow_mut().breach.get_or_insert_with(|| words.to_owned());
    }

    /// The first rule that the event at hand has broken, in words.
    pub(super) fn breached(&self) -> Option<String> {
        self.gathered.borrow().breach.clone()
    }

    /// Ends the event: hands out what it gathered and forgets it.
    pub(super) fn take(&self) -> Gathered {
        let mut gathered = self.gathered.take();
        if gathered.refused_in_warm_up > 0 {
            let count = gathered.refused_in_warm_up;
            gathered.logs.push(format!("warm-up: {count} wish(es) not taken"));
        }
        self.part.set(Part::Idle);
        gathered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Endless;

    impl MemoryCap for Endless {
        fn cap(&self, _bytes: usize) -> bool {
            true
        }

        fn used_bytes(&self) -> usize {
            0
        }
    }

    static ENDLESS: Endless = Endless;

    #[test]
    fn random_numbers_follow_their_seed_and_stay_below_one() {
        let draw = |seed: u64| {
            let runtime = Runtime::new(&ENDLESS, 0, seed);
            (0..1000).map(|_| runtime.next_random()).collect::<Vec<f64>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).iter().all(|number| (0.0..1.0).contains(number)));
        let mean = draw(7).iter().sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
    }

    #[test]
    fn a_wish_counts_only_in_an_event_of_its_own_instance() {
        let runtime = Runtime::new(&ENDLESS, 0, 0);
        let try_in = |part: Part| {
            runtime.part.set(part);
            let outcome = runtime.wish(1, Wish::Cancel);
            (outcome.is_ok(), runtime.take().wishes.len())
        };
        assert_eq!(try_in(Part::Event(1)), (true, 1));
        assert_eq!(try_in(Part::WarmUp(1)), (true, 0));
        assert_eq!(try_in(Part::Event(0)), (false, 0));
        assert_eq!(try_in(Part::Init(1)), (false, 0));
    }
}
