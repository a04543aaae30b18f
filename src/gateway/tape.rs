use std::collections::{BTreeMap, VecDeque};

use crate::domain::at::At;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::gateway::faults::{Faults, Split};

/// What the market says, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It moves.
    Tick(Tick),
    /// A symbol stops trading, or trades again.
    Halted(Symbol, bool, At),
    /// A symbol's shares are split.
    Split(Split, At),
}

impl News {
    const fn at(&self) -> At {
        match self {
            Self::Tick(tick) => tick.at(),
            Self::Halted(_, _, at) | Self::Split(_, at) => *at,
        }
    }
}

/// The market as it comes, with the halts and splits of a faults file among it. What is said of a symbol after its
/// split is said in its new shares.
pub(super) struct Tape {
    ticks: Box<dyn Iterator<Item = Tick> + Send>,
    next: Option<Tick>,
    mishaps: VecDeque<News>,
    splits: BTreeMap<Symbol, Vec<Split>>,
}

impl Tape {
    /// From `began` on, by which the faults file counts.
    pub(super) fn of(mut ticks: Box<dyn Iterator<Item = Tick> + Send>, faults: &Faults, began: At) -> Self {
        let after = |seconds: u32| began.plus_seconds(i64::from(seconds));
        let halts = faults.halts.iter().flat_map(|halt| {
            let ends_s = halt.after_s.saturating_add(halt.for_s);
            [
                News::Halted(halt.symbol, true, after(halt.after_s)),
                News::Halted(halt.symbol, false, after(ends_s)),
            ]
        });
        let splits = faults.splits.iter().map(|split| News::Split(*split, after(split.after_s)));
        let mut mishaps: Vec<News> = halts.chain(splits).collect();
        mishaps.sort_by_key(News::at);
        let next = ticks.next();
        Self { ticks, next, mishaps: mishaps.into(), splits: BTreeMap::new() }
    }

    /// When something is next said, where anything is.
    pub(super) fn next_at(&self) -> Option<At> {
        let mishap = self.mishaps.front().map(News::at);
        let tick = self.next.map(|tick| tick.at());
        mishap.into_iter().chain(tick).min()
    }

    /// Everything that is said by `now`, and was not taken before.
    pub(super) fn take_until(&mut self, now: At) -> Vec<News> {
        let mut said = Vec::new();
        while let Some(at) = self.next_at().filter(|at| *at <= now) {
            if let Some(mishap) = self.mishaps.front().copied().filter(|mishap| mishap.at() <= at) {
                self.mishaps.pop_front();
                if let News::Split(split, _) = mishap {
                    self.splits.entry(split.symbol).or_default().push(split);
                }
                said.push(mishap);
            } else if let Some(tick) = self.next {
                said.push(News::Tick(self.in_new_shares(tick)));
                self.next = self.ticks.next();
            }
        }
        said
    }

    fn in_new_shares(&self, tick: Tick) -> Tick {
        let Some(splits) = self.splits.get(&tick.symbol()) else { return tick };
        splits.iter().fold(tick, after_split)
    }
}

/// The same in new shares; beyond the range of numbers it stays as it is.
fn after_split(tick: Tick, split: &Split) -> Tick {
    let (new, old) = (i64::from(split.new.get()), i64::from(split.old.get()));
    let price = |price: Price| price.scaled(old, new).unwrap_or(price);
    let shares = |qty: Qty| {
        let nanos = i128::from(qty.nanos()).checked_mul(i128::from(new));
        let nanos = nanos.and_then(|nanos| nanos.checked_div(i128::from(old)));
        nanos.and_then(|nanos| i64::try_from(nanos).ok()).map_or(qty, Qty::from_nanos)
    };
    match tick {
        Tick::Quote(quote) => Tick::Quote(Quote {
            bid: price(quote.bid),
            bid_qty: shares(quote.bid_qty),
            ask: price(quote.ask),
            ask_qty: shares(quote.ask_qty),
            ..quote
        }),
        Tick::Trade(trade) => {
            Tick::Trade(Trade { price: price(trade.price), qty: shares(trade.qty), ..trade })
        }
        Tick::Bar(bar) => Tick::Bar(Bar {
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: shares(bar.volume),
            ..bar
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(symbol: &str, price: &str, at: At) -> Tick {
        Tick::Trade(Trade {
            symbol: symbol.parse().unwrap(),
            price: price.parse().unwrap(),
            qty: Qty::shares(30),
            at,
        })
    }

    #[test]
    fn halts_and_splits_come_in_their_time_and_later_prices_are_of_new_shares() {
        let began: At = "2013-10-07T13:30:00Z".parse().unwrap();
        let faults: Faults = toml::from_str(
            "[[splits]]\nsymbol = \"SPY\"\nafter_s = 60\nnew = 3\nold = 2\n\
             [[halts]]\nsymbol = \"SPY\"\nafter_s = 30\nfor_s = 60\n",
        )
        .unwrap();
        let after = |seconds: i64| began.plus_seconds(seconds);
        let ticks = [("SPY", 60), ("SPY", 61), ("IBM", 62)].map(|(name, s)| trade(name, "150", after(s)));
        let mut tape = Tape::of(Box::new(ticks.into_iter()), &faults, began);
        let spy: Symbol = "SPY".parse().unwrap();
        assert_eq!(tape.next_at(), Some(after(30)));
        assert_eq!(tape.take_until(after(59)), [News::Halted(spy, true, after(30))]);
        let said = tape.take_until(after(600));
        let split = faults.splits.first().copied().unwrap();
        let new = |s| {
            let Tick::Trade(trade) = trade("SPY", "100", after(s)) else {
                return News::Halted(spy, true, began);
            };
            News::Tick(Tick::Trade(Trade { qty: Qty::shares(45), ..trade }))
        };
        let others = News::Tick(trade("IBM", "150", after(62)));
        assert_eq!(
            said,
            [News::Split(split, after(60)), new(60), new(61), others, News::Halted(spy, false, after(90))]
        );
        assert_eq!((tape.next_at(), tape.take_until(after(6_000))), (None, Vec::new()));
    }

    #[test]
    fn a_split_of_nothing_and_a_word_that_is_not_known_are_refused() {
        for text in [
            "[[splits]]\nsymbol = \"SPY\"\nafter_s = 60\nnew = 0\nold = 2\n",
            "[[splits]]\nsymbol = \"SPY\"\nnew = 2\nold = 1\n",
            "[[halts]]\nsymbol = \"spy!\"\nafter_s = 30\nfor_s = 60\n",
            "[[halts]]\nsymbol = \"SPY\"\nafter = 30\nfor_s = 60\n",
        ] {
            assert!(toml::from_str::<Faults>(text).is_err(), "{text}");
        }
    }
}
