use std::collections::BTreeMap;

use crate::domain::intent::StrategyId;
use crate::domain::market::Bar;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::bars::BarBuilder;
use crate::engine::event::StrategyHead;
use crate::engine::memory::RememberedBook;
use crate::engine::own_book::OwnBook;

/// Whether a strategy is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Running {
    /// It is.
    Yes,
    /// Not until the trader, or the end of its penalty, lets it go on.
    Paused(String),
    /// Never again in this run.
    Stopped(String),
}

impl Running {
    /// The word of the status line.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Yes => "running",
            Self::Paused(_) => "paused",
            Self::Stopped(_) => "stopped",
        }
    }

    /// Why it is not running, in words.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Yes => None,
            Self::Paused(reason) | Self::Stopped(reason) => Some(reason),
        }
    }
}

/// One strategy on the bench: who it is, how it stands, and what is its own.
#[derive(Debug)]
pub struct Strategy {
    /// What was loaded.
    pub head: StrategyHead,
    /// Whether it is called.
    pub running: Running,
    /// Intents it asked for.
    pub signals: u32,
    /// Calls that failed.
    pub errors: u32,
    /// What it holds and has earned of its own: a close takes no more than this.
    pub own: OwnBook,
    /// Calls that have not been answered.
    pub unanswered: Vec<u64>,
    /// Why it comes back paused, where it was stopped and is not to go on by itself.
    pub then_paused: Option<String>,
    // One builder and one count of bars a symbol.
    builders: BTreeMap<Symbol, (BarBuilder, u32)>,
}

impl Strategy {
    /// It sends nothing more until the trader lets it go on; one that is stopped for a while comes back paused.
    pub fn pause(&mut self, by: &str) {
        match self.running {
            Running::Yes => self.running = Running::Paused(by.to_owned()),
            Running::Stopped(_) => self.then_paused = Some(by.to_owned()),
            Running::Paused(_) => {}
        }
    }
}

/// A bar that a strategy is to be called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueBar {
    /// Which strategy.
    pub id: StrategyId,
    /// The bar of its timeframe.
    pub bar: Bar,
    /// Whether it only warms up.
    pub warm_up: bool,
}

/// Every strategy of the run.
#[derive(Debug, Default)]
pub struct Strategies {
    bench: BTreeMap<StrategyId, Strategy>,
    /// Books of strategies that are not on the bench yet, by their names.
    remembered: BTreeMap<String, OwnBook>,
    /// Numbers that nobody on the bench can have, for whoever is not there yet: a strategy's own number is of one run
    /// alone, and its orders of before must be nobody else's.
    absent: BTreeMap<String, StrategyId>,
}

impl Strategies {
    /// Takes up what the journal remembers of a strategy's own book, until it is loaded.
    pub fn remember(&mut self, book: &RememberedBook) {
        self.number_of(&book.strategy);
        self.remembered.insert(book.strategy.clone(), OwnBook::remembered(book));
    }

    /// The number of a strategy of this name, until it is loaded.
    pub fn number_of(&mut self, name: &str) -> StrategyId {
        self.remembered.entry(name.to_owned()).or_default();
        let next = u16::MAX.saturating_sub(u16::try_from(self.absent.len()).unwrap_or(0));
        *self.absent.entry(name.to_owned()).or_insert(StrategyId(next))
    }

    /// The own book of every strategy, on the bench and not there yet, with its number and its name.
    pub fn books_mut(&mut self) -> impl Iterator<Item = (StrategyId, &str, &mut OwnBook)> {
        let Self { bench, remembered, absent } = self;
        let there = bench.values_mut().map(|seat| (seat.head.id, seat.head.name.as_str(), &mut seat.own));
        let away = remembered.iter_mut().filter_map(|(name, book)| {
            let number = absent.get(name)?;
            Some((*number, name.as_str(), book))
        });
        there.chain(away)
    }

    /// Puts a strategy on the bench; one of the same number is replaced (a reload). Of what it is remembered to
    /// hold, it keeps what the account holds as well: `held` says how much that is. The number under which its orders of
    /// before were kept comes back.
    pub fn load(&mut self, head: StrategyHead, held: impl Fn(Symbol) -> Qty) -> Option<StrategyId> {
        let builder = || (BarBuilder::new(head.timeframe_ms), 0);
        let builders = head.symbols.iter().map(|symbol| (*symbol, builder())).collect();
        let (before, paused) = self.bench.remove(&head.id).map_or((None, None), |old| {
            // What was paused does not go on because its text is another one.
            let paused = match old.running {
                Running::Paused(_) => Some(old.running),
                Running::Stopped(_) => old.then_paused.map(Running::Paused),
                Running::Yes => None,
            };
            (Some(old.own), paused)
        });
        let away = self.absent.remove(&head.name);
        let remembered = self.remembered.remove(&head.name);
        let mut own = before.or(remembered).unwrap_or_default();
        own.keep_what_is_held(held);
        let fresh = Strategy {
            running: paused.unwrap_or(Running::Yes),
            signals: 0,
            errors: 0,
            own,
            unanswered: Vec::new(),
            then_paused: None,
            builders,
            head,
        };
        self.bench.insert(fresh.head.id, fresh);
        away
    }

    /// The strategy of this number.
    pub fn get(&self, id: StrategyId) -> Option<&Strategy> {
        self.bench.get(&id)
    }

    /// The strategy of this number, to be changed.
    pub fn get_mut(&mut self, id: StrategyId) -> Option<&mut Strategy> {
        self.bench.get_mut(&id)
    }

    /// All, by number.
    pub fn all(&self) -> impl Iterator<Item = &Strategy> {
        self.bench.values()
    }

    /// All, by number, to be changed.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Strategy> {
        self.bench.values_mut()
    }

    /// Takes the bars that were there before a strategy was, and says with which it is to be called to warm up.
    pub fn warm_up(&mut self, id: StrategyId, past: &[Bar]) -> Vec<DueBar> {
        let mut due = Vec::new();
        let running = self.bench.get_mut(&id).filter(|strategy| strategy.running == Running::Yes);
        let Some(strategy) = running else { return due };
        for bar in past {
            let Some((builder, seen)) = strategy.builders.get_mut(&bar.symbol) else { continue };
            let Ok(finished) = builder.add(bar) else { continue };
            for bar in finished.into_iter().flatten() {
                *seen = seen.saturating_add(1);
                due.push(DueBar { id, bar, warm_up: true });
            }
        }
        due
    }

    /// Takes a bar of the feed and says which strategies are to be called with which bars.
    ///
    /// The bars of a paused one go on being built, so that the first it sees again is whole; what it did not see warmed
    /// nothing up.
    pub fn on_bar(&mut self, bar: &Bar, due: &mut Vec<DueBar>) {
        for strategy in self.bench.values_mut() {
            let Some((builder, seen)) = strategy.builders.get_mut(&bar.symbol) else { continue };
            // A volume beyond the range ends the bar's bucket: the strategy is not called with a wrong bar.
            let Ok(finished) = builder.add(bar) else { continue };
            for bar in finished.into_iter().flatten() {
                if strategy.running == Running::Yes {
                    *seen = seen.saturating_add(1);
                    let warm_up = *seen <= strategy.head.warmup_bars;
                    due.push(DueBar { id: strategy.head.id, bar, warm_up });
                }
            }
        }
    }
}
