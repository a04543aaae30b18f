use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::alpaca::data_stream::DataSaid;
use crate::domain::at::At;
use crate::domain::market::{Bar, Tick};
use crate::domain::symbol::Symbol;
use crate::wire::data::Heard;

/// What waits for the machine at most. At that many the stream is not read on until some of it is taken: trades
/// and bars are never dropped, and a host that waits too long for us says so and ends the connection.
const WAITING_MAX: usize = 200_000;
/// A queue of so many places is looked through for empty ones.
const CLOSE_UP_FROM: usize = 4_096;
/// How long a stream's thread waits for room before it looks up.
const NAP: Duration = Duration::from_millis(20);

/// What comes in of the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketSaid {
    /// A price.
    Tick(Tick),
    /// A minute of before, for what is drawn and warmed up: nothing is traded on it.
    Past(Tick),
    /// A symbol stopped trading, or trades again.
    Halted(Symbol, bool),
    /// The data are lost from here on.
    Lost,
    /// Something that the trader should know.
    Notice(String),
}

/// Market data on its way from the streams' threads to the machine's. Cheap to clone: all clones are one.
///
/// Of quotes that wait only the newest of each symbol is kept, in its place of arrival. A bar that was told
/// before, or that is older than one that was, is let go.
#[derive(Debug, Clone, Default)]
pub struct Inbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// What waits; `None` where a newer quote came since.
    queue: VecDeque<Option<MarketSaid>>,
    /// How much was ever taken from the queue's front: an index that stays right.
    taken: u64,
    /// Places of the queue that hold nothing any more.
    empty: usize,
    /// Where each symbol's newest quote waits.
    quotes: BTreeMap<Symbol, u64>,
    /// The start of each symbol's newest bar.
    bars: BTreeMap<Symbol, At>,
    counts: Counts,
    over: bool,
}

/// How much came in so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Prices that came in.
    pub ticks: u64,
    /// Quotes that a newer one of the same symbol overtook before the machine took them.
    pub overtaken: u64,
    /// Bars that had been told before.
    pub told_before: u64,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what a stream said; it waits while there is no room. Whether it is worth a look.
    pub fn hear(&self, said: DataSaid) -> bool {
        let said = match said {
            DataSaid::Up => return false,
            DataSaid::Down(words) => {
                self.put(MarketSaid::Notice(format!("market data are lost: {words}")));
                MarketSaid::Lost
            }
            DataSaid::Complains(words) => MarketSaid::Notice(words),
            DataSaid::Market(Heard::Tick(tick)) => MarketSaid::Tick(tick),
            DataSaid::Market(Heard::Halted(symbol, halted, _)) => MarketSaid::Halted(symbol, halted),
            // A minute that is told again differs by late trades: what was done on it is done. A band and a
            // corrected trade change nothing that is decided here: the next quote tells what holds.
            DataSaid::Market(_) => return false,
        };
        self.put(said);
        true
    }

    /// Puts something in; it waits while there is no room.
    pub fn put(&self, said: MarketSaid) {
        let mut waiting = self.lock();
        while waiting.queue.len() >= WAITING_MAX && !waiting.over {
            let (guard, _) = self.0.room.wait_timeout(waiting, NAP).unwrap_or_else(PoisonError::into_inner);
            waiting = guard;
        }
        waiting.put(said);
    }

    /// The next that waits.
    pub fn take(&self) -> Option<MarketSaid> {
        let mut waiting = self.lock();
        let taken = waiting.take();
        if waiting.queue.len() < WAITING_MAX {
            self.0.room.notify_one();
        }
        taken
    }

    /// A minute is known already, and is not told again.
    pub fn know(&self, bar: &Bar) {
        let _older = self.lock().is_news(bar);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().queue.is_empty()
    }

    /// The start of a symbol's newest bar.
    pub fn newest_bar(&self, symbol: Symbol) -> Option<At> {
        self.lock().bars.get(&symbol).copied()
    }

    /// How much came in so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Nobody takes anything any more: whoever waits for room goes on.
    pub fn end(&self) {
        self.lock().over = true;
        self.0.room.notify_all();
    }
}

impl Waiting {
    fn put(&mut self, said: MarketSaid) {
        match &said {
            MarketSaid::Tick(Tick::Quote(quote)) => {
                self.counts.ticks += 1;
                self.close_up();
                let place = self.taken.saturating_add(u64::try_from(self.queue.len()).unwrap_or(u64::MAX));
                // What stands before it in the queue is taken first; the place is counted from the first ever taken.
                let older = self.quotes.insert(quote.symbol, place);
                let older = older.and_then(|place| usize::try_from(place.checked_sub(self.taken)?).ok());
                if let Some(older) = older.and_then(|index| self.queue.get_mut(index))
                    && older.take().is_some()
                {
                    self.counts.overtaken += 1;
                    self.empty += 1;
                }
            }
            MarketSaid::Tick(Tick::Bar(bar)) | MarketSaid::Past(Tick::Bar(bar)) => {
                self.counts.ticks += 1;
                if !self.is_news(bar) {
                    self.counts.told_before += 1;
                    return;
                }
            }
            MarketSaid::Tick(_) => self.counts.ticks += 1,
            _ => {}
        }
        self.queue.push_back(Some(said));
    }

    /// Empty places go once they are the most: quotes of few symbols alone never fill the queue.
    fn close_up(&mut self) {
        if self.queue.len() < CLOSE_UP_FROM || self.empty < self.queue.len() / 2 {
            return;
        }
        self.queue.retain(Option::is_some);
        self.empty = 0;
        self.quotes.clear();
        for (place, said) in (self.taken..).zip(&self.queue) {
            if let Some(MarketSaid::Tick(Tick::Quote(quote))) = said {
                self.quotes.insert(quote.symbol, place);
            }
        }
    }

    fn is_news(&mut self, bar: &Bar) -> bool {
        let newest = self.bars.entry(bar.symbol).or_insert(At::from_nanos(i64::MIN));
        let news = bar.start > *newest;
        *newest = (*newest).max(bar.start);
        news
    }

    fn take(&mut self) -> Option<MarketSaid> {
        while let Some(front) = self.queue.pop_front() {
            self.taken += 1;
            if front.is_some() {
                return front;
            }
            self.empty -= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::{Quote, Trade};
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;

    fn quote(symbol: &str, cents: i32) -> MarketSaid {
        let (bid, ask, size) = (Price::from_cents(cents), Price::from_cents(cents + 1), Qty::shares(1));
        let symbol = symbol.parse().unwrap();
        let at = At::from_seconds(1_381_154_400);
        MarketSaid::Tick(Tick::Quote(Quote { symbol, bid, bid_qty: size, ask, ask_qty: size, at }))
    }

    fn trade(cents: i32) -> MarketSaid {
        let (price, qty) = (Price::from_cents(cents), Qty::shares(1));
        let trade = Trade { symbol: "A".parse().unwrap(), price, qty, at: At::from_seconds(1_381_154_400) };
        MarketSaid::Tick(Tick::Trade(trade))
    }

    fn bar(start: i64) -> Tick {
        let price = Price::from_cents(100);
        let (open, high, low, close) = (price, price, price, price);
        let start = At::from_seconds(start);
        let (symbol, end, volume) = ("A".parse().unwrap(), start.plus_seconds(60), Qty::shares(1));
        Tick::Bar(Bar { symbol, start, end, open, high, low, close, volume })
    }

    fn all(inbox: &Inbox) -> Vec<MarketSaid> {
        std::iter::from_fn(|| inbox.take()).collect()
    }

    #[test]
    fn of_quotes_the_newest_is_taken_and_of_trades_every_one() {
        let inbox = Inbox::default();
        for said in [quote("A", 1), trade(1), quote("B", 5), quote("A", 2), trade(2), quote("A", 3)] {
            inbox.put(said);
        }
        assert_eq!(all(&inbox), [trade(1), quote("B", 5), trade(2), quote("A", 3)]);
        assert_eq!(inbox.counts(), Counts { ticks: 6, overtaken: 2, told_before: 0 });
        // What was taken is overtaken by nothing.
        inbox.put(quote("A", 4));
        inbox.put(quote("B", 6));
        assert_eq!(all(&inbox), [quote("A", 4), quote("B", 6)]);
        assert_eq!(inbox.counts().overtaken, 2);
    }

    #[test]
    fn quotes_of_few_symbols_never_fill_the_queue() {
        let inbox = Inbox::default();
        inbox.put(trade(7));
        for cents in 0..1_000_000 {
            inbox.put(quote(if cents % 2 == 0 { "A" } else { "B" }, cents));
        }
        assert!(inbox.lock().queue.len() <= CLOSE_UP_FROM);
        assert_eq!(all(&inbox), [trade(7), quote("A", 999_998), quote("B", 999_999)]);
        inbox.put(quote("A", 1));
        inbox.put(quote("A", 2));
        assert_eq!(all(&inbox), [quote("A", 2)]);
    }

    #[test]
    fn a_bar_is_taken_once_whether_it_comes_from_the_past_or_as_it_happens() {
        let inbox = Inbox::default();
        for said in [
            MarketSaid::Past(bar(0)),
            MarketSaid::Past(bar(60)),
            MarketSaid::Tick(bar(60)),
            MarketSaid::Tick(bar(0)),
            MarketSaid::Tick(bar(120)),
            MarketSaid::Tick(bar(120)),
        ] {
            inbox.put(said);
        }
        let expected = [MarketSaid::Past(bar(0)), MarketSaid::Past(bar(60)), MarketSaid::Tick(bar(120))];
        assert_eq!(all(&inbox), expected);
        assert_eq!(inbox.newest_bar("A".parse().unwrap()), Some(At::from_seconds(120)));
    }

    #[test]
    fn a_full_inbox_holds_its_stream_up_and_loses_no_trade() {
        let inbox = Inbox::default();
        for _ in 0..WAITING_MAX {
            inbox.put(trade(1));
        }
        let puts = inbox.clone();
        let stream = std::thread::spawn(move || puts.put(trade(2)));
        std::thread::sleep(Duration::from_millis(50));
        assert!(!stream.is_finished(), "there is no room");
        assert_eq!(inbox.take(), Some(trade(1)));
        stream.join().unwrap();
        let rest = all(&inbox);
        assert_eq!((rest.len(), rest.last()), (WAITING_MAX, Some(&trade(2))));
    }
}
