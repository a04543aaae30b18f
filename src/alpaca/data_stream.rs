use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::alpaca::echo::without_keys;
use crate::alpaca::hosts::Hosts;
use crate::alpaca::stream::{Protocol, TURNS_OF_A_MINUTE, Verdict, keep};
use crate::domain::secret::{Keys, Secret};
use crate::domain::symbol::Symbol;
use crate::wire::data::{Heard, Remedy, read_frame};
use crate::wire::login::{Wishes, login_to_data, subscribe, unsubscribe};

/// Whose market data is wanted. Cheap to clone: all clones are one, and a stream that stands hears of a change
/// within a second.
#[derive(Debug, Clone, Default)]
pub struct Wanted(Arc<Mutex<Vec<Symbol>>>);

impl Wanted {
    /// From these symbols on.
    #[must_use]
    pub fn of(symbols: &[Symbol]) -> Self {
        let wanted = Self::default();
        wanted.set(symbols);
        wanted
    }

    /// These, and no others, from here on.
    pub fn set(&self, symbols: &[Symbol]) {
        let mut sorted = symbols.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sorted;
    }

    /// This one too, from here on.
    pub fn add(&self, symbol: Symbol) {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(place) = wanted.binary_search(&symbol) {
            wanted.insert(place, symbol);
        }
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> Vec<Symbol> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a stream of market data tells.
#[derive(Debug)]
pub enum DataSaid {
    /// It is logged in and tells of what is wanted.
    Up,
    /// It is lost, and is being opened again.
    Down(String),
    /// A no that does not end it, in words.
    Complains(String),
    /// Anything about the market.
    Market(Heard),
}

struct Data<'a, S> {
    keys: &'a Keys,
    wanted: &'a Wanted,
    /// What was asked for on this connection.
    asked: Vec<Symbol>,
    logged_in: bool,
    /// Turns since anything was said of the market.
    quiet_turns: u32,
    is_awaited: &'a dyn Fn() -> bool,
    waiting: Vec<Zeroizing<String>>,
    told: S,
}

/// Follows market data until `is_over` says so, on the thread that calls it: quotes, trades, minutes, halts and
/// corrections of what is wanted. `feed` is the last part of the stream's path: iex, sip, test. `told` may block:
/// the host then waits, and ends a connection that reads too slowly. Where `is_awaited` says that the market is
/// open, a stream that has said nothing of it for a minute is opened anew.
#[expect(clippy::too_many_arguments, reason = "each is one thing of its own, and nobody else calls it")]
pub fn follow_data(
    hosts: &Hosts,
    keys: &Keys,
    feed: &str,
    wanted: &Wanted,
    seed: u64,
    told: impl FnMut(DataSaid),
    is_awaited: &dyn Fn() -> bool,
    is_over: &dyn Fn() -> bool,
) {
    let url = format!("{}/v2/{feed}", hosts.data_stream());
    let (asked, waiting) = (Vec::new(), Vec::new());
    let mut data = Data { keys, wanted, asked, logged_in: false, quiet_turns: 0, is_awaited, waiting, told };
    keep(&url, &mut data, seed, is_over);
}

fn wishes(symbols: &[Symbol]) -> Wishes {
    let names: Vec<String> = symbols.iter().map(|symbol| symbol.as_str().to_owned()).collect();
    Wishes {
        trades: names.clone(),
        quotes: names.clone(),
        bars: names.clone(),
        updated_bars: names.clone(),
        statuses: names,
        ..Wishes::default()
    }
}

impl<S: FnMut(DataSaid)> Data<'_, S> {
    fn message(&mut self, heard: Heard) -> Verdict {
        match heard {
            Heard::Connected => {
                let login = login_to_data(self.keys.id.expose(), self.keys.secret.expose());
                self.waiting.push(Zeroizing::new(login));
            }
            Heard::Authenticated => self.logged_in = true,
            Heard::Subscribed(_) => {
                (self.told)(DataSaid::Up);
                return Verdict::Stands;
            }
            Heard::Fault(fault) => match fault.remedy() {
                Remedy::GiveUp => return Verdict::Refused(fault.told()),
                Remedy::Later => return Verdict::Lost(fault.told()),
                Remedy::GoOn => (self.told)(DataSaid::Complains(fault.told())),
            },
            other => {
                self.quiet_turns = 0;
                (self.told)(DataSaid::Market(other));
            }
        }
        Verdict::GoOn
    }
}

impl<S: FnMut(DataSaid)> Protocol for Data<'_, S> {
    fn connected(&mut self) {
        (self.logged_in, self.asked, self.waiting) = (false, Vec::new(), Vec::new());
        self.quiet_turns = 0;
    }

    fn next_words(&mut self) -> Option<Zeroizing<String>> {
        if let Some(words) = self.waiting.pop() {
            return Some(words);
        }
        if !self.logged_in {
            return None;
        }
        let wanted = self.wanted.all();
        if wanted == self.asked {
            return None;
        }
        let no_more: Vec<Symbol> =
            self.asked.iter().copied().filter(|symbol| !wanted.contains(symbol)).collect();
        if !no_more.is_empty() {
            self.asked.retain(|symbol| !no_more.contains(symbol));
            return Some(Zeroizing::new(unsubscribe(&wishes(&no_more))));
        }
        let new: Vec<Symbol> = wanted.iter().copied().filter(|symbol| !self.asked.contains(symbol)).collect();
        self.asked = wanted;
        Some(Zeroizing::new(subscribe(&wishes(&new))))
    }

    fn take(&mut self, frame: &str) -> Verdict {
        let frame = without_keys(frame, [&self.keys.id, &self.keys.secret].into_iter().map(Secret::expose));
        let Ok(messages) = read_frame(&frame) else {
            (self.told)(DataSaid::Complains("the data stream said something that cannot be read".to_owned()));
            return Verdict::GoOn;
        };
        let mut verdict = Verdict::GoOn;
        for heard in messages {
            match self.message(heard) {
                Verdict::GoOn => {}
                Verdict::Stands => verdict = Verdict::Stands,
                end => return end,
            }
        }
        verdict
    }

    fn turn_passed(&mut self) -> Option<String> {
        self.quiet_turns = self.quiet_turns.saturating_add(1);
        let mute = self.quiet_turns >= TURNS_OF_A_MINUTE && !self.asked.is_empty() && (self.is_awaited)();
        mute.then(|| "nothing was said of an open market for a minute".to_owned())
    }

    fn question(&mut self) -> String {
        subscribe(&wishes(&self.asked))
    }

    fn lost(&mut self, words: &str) {
        (self.told)(DataSaid::Down(words.to_owned()));
    }
}
