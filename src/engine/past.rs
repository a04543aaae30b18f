//! The last bars of a symbol. Whoever comes while the run goes on warms up on them at once, and does not sit out as many
//! live ones as it would have had at the start.

use std::collections::VecDeque;

use crate::domain::market::Bar;
use crate::engine::bars::bucket_start;

/// Ten days of minutes; what a strategy wants beyond that it waits for.
const BARS_MAX: usize = 4_000;

/// Bars as the feed gave them, oldest first.
#[derive(Debug, Default)]
pub struct Past(VecDeque<Bar>);

impl Past {
    /// Takes the next bar.
    pub fn push(&mut self, bar: &Bar) {
        if self.0.len() == BARS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(*bar);
    }

    /// Forgets them: a split makes their prices meaningless.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The bars that make the last `count` whole ones of this timeframe, and whatever has begun behind those; fewer
    /// where there are no more.
    pub fn making(&self, count: u32, timeframe_ms: i64) -> Vec<Bar> {
        let (mut bars, mut bucket, mut whole) = (Vec::new(), None, 0_u32);
        let mut bucket_begins = 0;
        for bar in self.0.iter().rev() {
            let start = bucket_start(bar.start, timeframe_ms).min(bar.start);
            if bucket != Some(start) {
                let is_whole = bucket.is_some() || bar.end >= start.plus_millis(timeframe_ms);
                if is_whole && whole == count {
                    break;
                }
                whole = whole.saturating_add(u32::from(is_whole));
                bucket = Some(start);
                bucket_begins = bars.len();
            }
            bars.push(*bar);
        }
        if bars.len() == BARS_MAX {
            // What is kept begins somewhere within its oldest bar.
            bars.truncate(bucket_begins);
        }
        bars.reverse();
        bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;

    fn minute(index: i64) -> Bar {
        let start = At::from_seconds(index.saturating_mul(60));
        let (price, volume) = (Price::from_cents(10_000), Qty::shares(1));
        let symbol = "SPY".parse().unwrap();
        Bar {
            symbol,
            start,
            end: start.plus_seconds(60),
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
        }
    }

    fn past(minutes: impl Iterator<Item = i64>) -> Past {
        let mut past = Past::default();
        minutes.for_each(|index| past.push(&minute(index)));
        past
    }

    fn indices(past: &Past, count: u32, minutes: i64) -> Vec<i64> {
        let bars = past.making(count, minutes.saturating_mul(60_000));
        bars.iter().map(|bar| bar.start.millis().saturating_div(60_000)).collect()
    }

    #[test]
    fn it_gives_whole_bars_and_what_has_begun_behind_them() {
        let whole = past(0..20);
        assert_eq!(indices(&whole, 3, 1), [17, 18, 19]);
        assert_eq!(indices(&whole, 2, 5), (10..20).collect::<Vec<_>>(), "the last bucket is whole");
        let begun = past(0..22);
        assert_eq!(indices(&begun, 2, 5), (10..22).collect::<Vec<_>>(), "two minutes of the next are there");
        assert_eq!(indices(&begun, 0, 5), [20, 21], "nothing to warm up on but what has begun");
        assert_eq!(indices(&begun, 0, 1), [0_i64; 0]);
        assert_eq!(indices(&begun, 99, 5), (0..22).collect::<Vec<_>>());
    }

    #[test]
    fn a_night_is_no_bar() {
        let two_days = past((0..10).chain(1_000..1_006));
        assert_eq!(indices(&two_days, 2, 5), [5, 6, 7, 8, 9, 1_000, 1_001, 1_002, 1_003, 1_004, 1_005]);
    }

    #[test]
    fn it_is_bounded() {
        let long = past(0..5_000);
        assert_eq!((long.0.len(), indices(&long, 1, 1)), (BARS_MAX, vec![4_999]));
        let all = indices(&long, u32::MAX, 30);
        assert_eq!(
            (all.first(), all.last()),
            (Some(&1_020), Some(&4_999)),
            "the oldest half hour is not whole"
        );
    }
}
