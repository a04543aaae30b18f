use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::market::Bar;

/// Builds bars of a longer timeframe out of shorter ones of one symbol.
///
/// Buckets start at whole multiples of the timeframe since midnight UTC, which New York's whole-hour
/// offsets share for every timeframe that divides an hour. A bucket is given out when a bar reaches
/// its end, or when the first bar beyond it arrives: nothing is known before its time.
#[derive(Debug, Clone)]
pub struct BarBuilder {
    timeframe_ms: i64,
    open: Option<Bar>,
}

impl BarBuilder {
    /// A builder of bars of `timeframe_ms`; anything below a millisecond counts as one.
    pub fn new(timeframe_ms: i64) -> Self {
        Self { timeframe_ms: timeframe_ms.max(1), open: None }
    }

    /// Takes the next bar and gives out what is finished by it: at most the bucket before it, and
    /// the one it ends itself.
    ///
    /// # Errors
    /// [`Overflow`] when a volume leaves its range.
    pub fn add(&mut self, bar: &Bar) -> Result<[Option<Bar>; 2], Overflow> {
        if bar.end.millis_since(bar.start) >= self.timeframe_ms {
            return Ok([self.open.take(), Some(*bar)]);
        }
        let start = bucket_start(bar.start, self.timeframe_ms);
        let end = start.plus_millis(self.timeframe_ms);
        let before = if self.open.is_some_and(|open| open.start != start) { self.open.take() } else { None };
        let grown = match self.open {
            None => Bar { start, end, ..*bar },
            Some(open) => Bar {
                high: open.high.max(bar.high),
                low: open.low.min(bar.low),
                close: bar.close,
                volume: open.volume.plus(bar.volume)?,
                ..open
            },
        };
        if bar.end >= end {
            self.open = None;
            return Ok([before, Some(grown)]);
        }
        self.open = Some(grown);
        Ok([before, None])
    }
}

/// The whole multiple of the timeframe at or before an instant.
pub(super) fn bucket_start(at: At, timeframe_ms: i64) -> At {
    let millis = at.millis();
    At::from_millis(millis.saturating_sub(millis.checked_rem_euclid(timeframe_ms).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;

    fn minute(index: i64, close: i32) -> Bar {
        let start = At::default().plus_seconds(60_i64.saturating_mul(index));
        let price = Price::from_cents(close);
        Bar {
            symbol: "SPY".parse().unwrap(),
            start,
            end: start.plus_seconds(60),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Qty::shares(1),
        }
    }

    #[test]
    fn a_longer_bar_has_the_extremes_and_the_volume_of_its_parts() {
        let mut builder = BarBuilder::new(180_000);
        let part = |index, high, low, close| Bar {
            high: Price::from_cents(high),
            low: Price::from_cents(low),
            ..minute(index, close)
        };
        assert_eq!(builder.add(&part(0, 105, 95, 100)).unwrap(), [None, None]);
        assert_eq!(builder.add(&part(1, 109, 99, 104)).unwrap(), [None, None]);
        let [before, whole] = builder.add(&part(2, 103, 90, 101)).unwrap();
        let whole = whole.unwrap();
        assert_eq!(before, None);
        assert_eq!((whole.start, whole.end), (minute(0, 0).start, minute(2, 0).end));
        assert_eq!(
            [whole.open, whole.high, whole.low, whole.close],
            [100, 109, 90, 101].map(Price::from_cents)
        );
        assert_eq!(whole.volume, Qty::shares(3));
    }

    #[test]
    fn five_minutes_make_one_bar_at_its_end() {
        let mut builder = BarBuilder::new(300_000);
        let mut given = Vec::new();
        for index in 0..10 {
            let bars = builder.add(&minute(index, 100 + i32::try_from(index).unwrap())).unwrap();
            given.extend(bars.into_iter().flatten().map(|bar| (index, bar)));
        }
        assert_eq!(given.len(), 2);
        let (index, first) = given[0];
        assert_eq!((index, first.open, first.close), (4, Price::from_cents(100), Price::from_cents(104)));
        assert_eq!(first.volume, Qty::shares(5));
    }

    #[test]
    fn a_gap_closes_the_bucket_before_it() {
        let mut builder = BarBuilder::new(300_000);
        assert_eq!(builder.add(&minute(1, 100)).unwrap(), [None, None]);
        let [before, after] = builder.add(&minute(9, 105)).unwrap();
        assert_eq!(before.map(|bar| bar.close), Some(Price::from_cents(100)));
        assert_eq!(after.map(|bar| bar.start), Some(At::from_seconds(300)), "it ends its own bucket");
    }

    #[test]
    fn a_bar_of_the_timeframe_itself_passes_at_once() {
        let mut builder = BarBuilder::new(60_000);
        assert_eq!(builder.add(&minute(1, 100)).unwrap(), [None, Some(minute(1, 100))]);
    }
}
