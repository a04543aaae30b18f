use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::desk::quoted;
use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::price::Price;
use crate::domain::symbol::Symbol;
use crate::ui::seen::MarketView;

/// One-minute bars kept for the chart: about five trading days.
const MINUTES_MAX: usize = 2_000;

/// What the feed said of every symbol, for the watchlist and the chart.
#[derive(Default)]
pub struct Markets {
    interval_ms: i64,
    all: BTreeMap<Symbol, Known>,
}

#[derive(Default)]
struct Known {
    quote: Option<Quote>,
    last: Option<Price>,
    day: Option<TradingDay>,
    previous_close: Option<Price>,
    heard: Option<At>,
    minutes: Arc<Vec<Bar>>,
}

impl Markets {
    /// Nothing known of a feed that speaks so often.
    pub fn new(interval_ms: i64) -> Self {
        Self { interval_ms, all: BTreeMap::new() }
    }

    /// Takes a tick in.
    pub fn take(&mut self, tick: &Tick) {
        let known = self.all.entry(tick.symbol()).or_default();
        known.heard = Some(tick.at());
        match tick {
            Tick::Quote(quote) => known.quote = Some(*quote),
            Tick::Trade(trade) => known.last = Some(trade.price),
            Tick::Bar(bar) => known.take_bar(bar),
        }
    }

    /// The one-minute bars of a symbol, oldest first.
    pub fn minutes(&self, symbol: Symbol) -> Arc<Vec<Bar>> {
        self.all.get(&symbol).map(|known| Arc::clone(&known.minutes)).unwrap_or_default()
    }

    /// Every symbol as it stands at `now`; stale after `stale_after_ms`, or after two intervals of the
    /// feed where that is longer.
    pub fn views(&self, now: At, stale_after_ms: i64) -> Vec<MarketView> {
        let view = |(symbol, known): (&Symbol, &Known)| MarketView {
            symbol: *symbol,
            bid: known.quote.and_then(|quote| quoted(quote.bid)),
            ask: known.quote.and_then(|quote| quoted(quote.ask)),
            last: known.last,
            previous_close: known.previous_close,
            age_ms: known.heard.map(|heard| now.millis_since(heard).max(0)),
            stale_after_ms: stale_after_ms.max(2 * self.interval_ms),
        };
        self.all.iter().map(view).collect()
    }
}

impl Known {
    fn take_bar(&mut self, bar: &Bar) {
        let day = TradingDay::of(bar.start);
        if self.day.is_some_and(|known| known != day) {
            self.previous_close = self.last;
        }
        self.day = Some(day);
        self.last = Some(bar.close);
        let minutes = Arc::make_mut(&mut self.minutes);
        // Twice the length before half is dropped: moving the bars is not paid for each of them.
        if minutes.len() >= 2 * MINUTES_MAX {
            minutes.drain(..MINUTES_MAX);
        }
        minutes.push(*bar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::qty::Qty;

    fn bar(start: &str, close: i32) -> Tick {
        let start: At = start.parse().unwrap();
        let price = Price::from_cents(close);
        let symbol = "SPY".parse().unwrap();
        let (open, high, low) = (price, price, price);
        Tick::Bar(Bar {
            symbol,
            start,
            end: start.plus_seconds(60),
            open,
            high,
            low,
            close: price,
            volume: Qty::shares(1),
        })
    }

    #[test]
    fn the_change_is_counted_from_the_close_of_the_day_before() {
        let mut markets = Markets::new(60_000);
        markets.take(&bar("2013-10-07T13:30:00Z", 16_700));
        markets.take(&bar("2013-10-07T19:59:00Z", 16_750));
        let now: At = "2013-10-07T20:00:30Z".parse().unwrap();
        assert_eq!(markets.views(now, 15_000)[0].previous_close, None);
        markets.take(&bar("2013-10-08T13:30:00Z", 16_600));
        let now: At = "2013-10-08T13:31:30Z".parse().unwrap();
        let view = markets.views(now, 15_000)[0];
        assert_eq!(view.previous_close, Some(Price::from_cents(16_750)));
        assert_eq!((view.last, view.age_ms), (Some(Price::from_cents(16_600)), Some(30_000)));
        assert!(!view.is_stale());
        assert!(markets.views(now.plus_seconds(100), 15_000)[0].is_stale());
    }
}
