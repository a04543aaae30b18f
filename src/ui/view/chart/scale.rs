use crate::domain::decimal::divide_half_even;
use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::domain::qty::Qty;

/// Which price stands in which row. A row has two levels, so that a candle is drawn twice as finely as
/// text is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    high: f64,
    low: f64,
    rows: u16,
}

/// What a scale must and may show.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The bars in sight.
    pub bars: &'a [Bar],
    /// The last price.
    pub last: Option<Price>,
    /// Prices to be shown as well, the most important first, as far as the bars keep half of the rows.
    pub levels: &'a [Price],
    /// Whether a row above the highest bar is kept free.
    pub head_room: bool,
    /// Whether a row below the lowest bar is kept free.
    pub foot_room: bool,
}

/// A market that stands still is drawn in the middle of this many dollars.
const SMALLEST_SPAN: f64 = 0.04;

impl Scale {
    /// The scale for `rows` rows of text, at least one.
    pub fn of(wish: Wish<'_>, rows: u16) -> Self {
        let rows = rows.max(1);
        let highs = wish.bars.iter().map(|bar| bar.high).chain(wish.last);
        let lows = wish.bars.iter().map(|bar| bar.low).chain(wish.last);
        let (mut high, mut low) =
            (highs.max().map_or(0.0, Price::to_f64), lows.min().map_or(0.0, Price::to_f64));
        let most = (high - low).max(SMALLEST_SPAN) * 2.0;
        for level in wish.levels.iter().map(|level| level.to_f64()) {
            let (wider_high, wider_low) = (high.max(level), low.min(level));
            if wider_high - wider_low <= most {
                (high, low) = (wider_high, wider_low);
            }
        }
        let short = (SMALLEST_SPAN - (high - low)).max(0.0) / 2.0;
        (high, low) = (high + short, low - short);
        let row = (high - low) / f64::from(rows.saturating_sub(2).max(1));
        if wish.head_room && rows > 3 {
            high += row;
        }
        if wish.foot_room && rows > 3 {
            low -= row;
        }
        Self { high, low, rows }
    }

    /// The half row of a price, counted from the top; what lies outside is at the nearest end.
    pub fn level(&self, price: Price) -> u16 {
        let levels = f64::from(self.rows) * 2.0;
        let share = (self.high - price.to_f64()) / (self.high - self.low);
        (share * levels).floor().clamp(0.0, levels - 1.0) as u16
    }

    /// The row of a price, counted from the top; what lies outside is at the nearest end.
    pub fn row(&self, price: Price) -> u16 {
        self.level(price) / 2
    }

    /// Where a price lies outside of the scale: above it or below it.
    pub fn outside(&self, price: Price) -> Option<Outside> {
        let price = price.to_f64();
        if price > self.high {
            Some(Outside::Above)
        } else if price < self.low {
            Some(Outside::Below)
        } else {
            None
        }
    }

    /// Round prices for the axis, from the lowest to the highest: multiples of 1, 2 or 5 of a decade, at
    /// least two rows apart, three where there is room.
    pub fn ticks(&self) -> Vec<Price> {
        let apart = if self.rows >= 12 { 3.0 } else { 2.0 };
        // The last digit of a float must not turn a step down that fits.
        let least = (self.high - self.low) / f64::from(self.rows) * apart * 0.999;
        let decades = std::iter::successors(Some(100_000_i64), |decade| decade.checked_mul(10));
        let mut steps = decades.flat_map(|decade| [1, 2, 5].map(|times| decade.saturating_mul(times)));
        let Some(step) = steps.find(|step| Price::from_nanos(*step).to_f64() >= least) else {
            return Vec::new();
        };
        let nanos = |price: f64| Price::from_f64(price).map_or(0, Price::nanos);
        let (first, last) = (-(-nanos(self.low)).div_euclid(step), nanos(self.high).div_euclid(step));
        (first..=last).take(usize::from(self.rows)).map(|tick| Price::from_nanos(tick * step)).collect()
    }
}

/// On which side of the scale a price lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Higher than the top row.
    Above,
    /// Lower than the bottom row.
    Below,
}

/// A price with two decimals, or with up to four where it has more.
pub fn dollars(price: Price) -> String {
    const FINEST: i64 = 100_000;
    let units = divide_half_even(i128::from(price.nanos()), i128::from(FINEST)).unwrap_or(0);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, fraction) = (units.unsigned_abs() / 10_000, units.unsigned_abs() % 10_000);
    let digits = format!("{fraction:04}");
    let kept = digits.trim_end_matches('0').len().max(2);
    format!("{sign}{whole}.{}", &digits[..kept])
}

/// An average on the price grid: nobody trades at its further places.
pub fn average(price: Price) -> String {
    let (nanos, grid) = (i128::from(price.nanos()), price.grid_nanos());
    let steps = divide_half_even(nanos, i128::from(grid)).and_then(|steps| i64::try_from(steps).ok());
    dollars(Price::from_nanos(steps.unwrap_or(0).saturating_mul(grid)))
}

/// The change from `before` to `now` in percent, with an arrow for its direction: `▲1.34%`.
pub fn change(before: Price, now: Price) -> Option<String> {
    let moved = i128::from(now.nanos()) - i128::from(before.nanos());
    let hundredths = divide_half_even(moved * 10_000, i128::from(before.nanos()))?;
    let arrow = match hundredths {
        0 => "",
        1.. => "▲",
        _ => "▼",
    };
    Some(format!("{arrow}{}.{:02}%", hundredths.abs() / 100, hundredths.abs() % 100))
}

/// A count of shares in few signs: `9931`, `12.3K`, `1.2M`.
pub fn short(qty: Qty) -> String {
    let shares = qty.to_f64();
    match shares {
        s if s < 9_999.5 => format!("{s:.0}"),
        s if s < 999_950.0 => format!("{:.1}K", s / 1e3),
        s if s < 999_950_000.0 => format!("{:.1}M", s / 1e6),
        s => format!("{:.1}B", s / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn bar(low: &str, high: &str) -> Bar {
        Bar {
            symbol: "SPY".parse().unwrap(),
            start: crate::domain::at::At::default(),
            end: crate::domain::at::At::default(),
            open: price(low),
            high: price(high),
            low: price(low),
            close: price(high),
            volume: Qty::ZERO,
        }
    }

    fn scale(bars: &[Bar], levels: &[Price], rows: u16) -> Scale {
        Scale::of(Wish { bars, last: None, levels, head_room: false, foot_room: false }, rows)
    }

    #[test]
    fn a_row_has_two_levels_and_the_ends_belong_to_it() {
        let scale = scale(&[bar("100", "104")], &[], 4);
        for (at, level) in
            [("104", 0), ("103.6", 0), ("103.5", 1), ("102", 4), ("100", 7), ("9", 7), ("999", 0)]
        {
            assert_eq!(scale.level(price(at)), level, "{at}");
        }
    }

    #[test]
    fn a_far_stop_does_not_crush_the_candles() {
        let bars = [bar("100", "104")];
        assert_eq!(scale(&bars, &[price("97")], 8).outside(price("97")), None);
        assert_eq!(scale(&bars, &[price("95")], 8).outside(price("95")), Some(Outside::Below));
        assert_eq!(scale(&bars, &[price("95"), price("107")], 8).outside(price("107")), None);
        assert_eq!(scale(&bars, &[price("109")], 8).outside(price("109")), Some(Outside::Above));
    }

    #[test]
    fn ticks_are_round_and_apart() {
        let ticks = |low: &str, high: &str, rows| {
            let told: Vec<String> =
                scale(&[bar(low, high)], &[], rows).ticks().into_iter().map(dollars).collect();
            told.join(" ")
        };
        assert_eq!(ticks("100.13", "104.02", 8), "101.00 102.00 103.00 104.00");
        assert_eq!(ticks("166.02", "166.61", 24), "166.10 166.20 166.30 166.40 166.50 166.60");
        assert_eq!(ticks("0.5000", "0.5400", 8), "0.50 0.51 0.52 0.53 0.54");
        assert_eq!(ticks("5", "5", 8), "4.98 4.99 5.00 5.01 5.02");
    }

    #[test]
    fn figures_keep_what_matters() {
        for (text, expect) in
            [("167.2", "167.20"), ("41.085", "41.085"), ("0.12345", "0.1234"), ("-3", "-3.00")]
        {
            assert_eq!(dollars(price(text)), expect);
        }
        assert_eq!(
            (average(price("187.416666667")), average(price("0.123456"))),
            ("187.42".into(), "0.1235".into())
        );
        for (before, now, expect) in
            [("100", "101.34", "▲1.34%"), ("100", "99.995", "0.00%"), ("100", "97.9", "▼2.10%")]
        {
            assert_eq!(change(price(before), price(now)).as_deref(), Some(expect));
        }
        assert_eq!(change(Price::ZERO, price("1")), None);
        for (shares, expect) in
            [(0, "0"), (9_999, "9999"), (12_345, "12.3K"), (999_999, "1.0M"), (1_234_567, "1.2M")]
        {
            assert_eq!(short(Qty::shares(shares)), expect);
        }
    }
}
