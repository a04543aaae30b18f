use crate::domain::at::At;
use crate::domain::chance::Chance;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;

/// Seconds of a bar.
const BAR_SECONDS: i64 = 60;

/// A market that a seed makes up, without an end: a quote and a trade of each symbol every second, and a bar
/// every minute. It goes nowhere in particular; it is there to trade against.
#[derive(Debug)]
pub struct Walk {
    chance: Chance,
    at: At,
    stocks: Vec<Stock>,
    waiting: std::collections::VecDeque<Tick>,
}

#[derive(Debug)]
struct Stock {
    symbol: Symbol,
    cents: i64,
    bar: Option<Bar>,
}

impl Walk {
    /// Symbols with the cents at which each begins, from `from` on.
    #[must_use]
    pub fn new(seed: u64, from: At, symbols: &[(Symbol, i64)]) -> Self {
        let stock = |(symbol, cents): &(Symbol, i64)| Stock { symbol: *symbol, cents: *cents, bar: None };
        Self {
            chance: Chance::of(seed),
            at: from,
            stocks: symbols.iter().map(stock).collect(),
            waiting: std::collections::VecDeque::new(),
        }
    }

    fn next_second(&mut self) {
        self.at = self.at.plus_seconds(1);
        let at = self.at;
        let is_minute = at.seconds().rem_euclid(BAR_SECONDS) == 0;
        for stock in &mut self.stocks {
            let step = self.chance.between(-3, 3);
            stock.cents = stock.cents.saturating_add(step).clamp(100, 1_000_000);
            let spread = self.chance.between(1, 3);
            let price = |cents: i64| Price::from_cents(i32::try_from(cents).unwrap_or(i32::MAX));
            let size =
                Qty::shares(i32::try_from(self.chance.between(1, 50)).unwrap_or(1).saturating_mul(100));
            let (bid, ask) = (price(stock.cents), price(stock.cents.saturating_add(spread)));
            let quote = Quote { symbol: stock.symbol, bid, bid_qty: size, ask, ask_qty: size, at };
            let traded = if self.chance.below(2) == 0 { bid } else { ask };
            let trade = Trade { symbol: stock.symbol, price: traded, qty: size, at };
            let start = at.plus_seconds(-1);
            let bar = stock.bar.get_or_insert(Bar {
                symbol: stock.symbol,
                start,
                end: at,
                open: traded,
                high: traded,
                low: traded,
                close: traded,
                volume: Qty::ZERO,
            });
            (bar.high, bar.low) = (bar.high.max(traded), bar.low.min(traded));
            (bar.close, bar.end) = (traded, at);
            bar.volume = bar.volume.plus(size).unwrap_or(bar.volume);
            self.waiting.extend([Tick::Quote(quote), Tick::Trade(trade)]);
            if let Some(bar) = stock.bar.take_if(|_| is_minute) {
                let start = at.plus_seconds(BAR_SECONDS.saturating_neg());
                self.waiting.push_back(Tick::Bar(Bar { start, end: at, ..bar }));
            }
        }
    }
}

impl Iterator for Walk {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        if self.waiting.is_empty() {
            self.next_second();
        }
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_market_with_a_bar_a_minute_and_no_quote_upside_down() {
        let from: At = "2013-10-07T13:30:00Z".parse().unwrap();
        let walk =
            |seed| Walk::new(seed, from, &[("SPY".parse().unwrap(), 16_000)]).take(1_210).collect::<Vec<_>>();
        assert_eq!(walk(1), walk(1));
        assert_ne!(walk(1), walk(2));
        let ticks = walk(3);
        let bars: Vec<Bar> = ticks
            .iter()
            .filter_map(|tick| if let Tick::Bar(bar) = tick { Some(*bar) } else { None })
            .collect();
        assert_eq!(bars.len(), 10);
        assert!(bars.iter().all(|bar| bar.low <= bar.open
            && bar.high >= bar.close
            && bar.end.millis_since(bar.start) == 60_000));
        assert!(ticks.iter().all(|tick| !matches!(tick, Tick::Quote(quote) if quote.bid >= quote.ask)));
        assert!(ticks.is_sorted_by_key(Tick::at));
    }
}
