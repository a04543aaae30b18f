use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::day::TradingDay;
use crate::domain::day::new_york_time;
use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::ui::candles::Timeframe;
use crate::ui::clock::{date, hm};
use crate::ui::ink::{put, width_of};
use crate::ui::theme::Theme;
use crate::ui::view::chart::candle_ink::cell;
use crate::ui::view::chart::scale::{Scale, dollars};

/// Columns between two times, at least.
const TIMES_APART: i64 = 9;

/// Columns that the price axis needs.
pub fn width(scale: &Scale, last: Option<Price>) -> u16 {
    let figures = scale.ticks().into_iter().chain(last).map(|price| width_of(&dollars(price)));
    figures.max().map_or(0, |widest| widest.saturating_add(2))
}

/// Draws round prices, and the last price with its mark over them.
pub fn price(buf: &mut Buffer, axis: Rect, scale: &Scale, last: Option<Price>, theme: &Theme) {
    for tick in scale.ticks() {
        put(buf, axis, axis.x, scale.row(tick), &format!("┤ {}", dollars(tick)), theme.dim);
    }
    if let Some(last) = last {
        let row = scale.row(last);
        put(buf, axis, axis.x, row, &" ".repeat(usize::from(axis.width)), theme.text);
        put(buf, axis, axis.x, row, &format!("◂ {}", dollars(last)), theme.accent);
    }
}

/// Draws a line before the first bar of each day, where candles leave room for it.
pub fn days(buf: &mut Buffer, field: Rect, first: u16, bars: &[Bar], theme: &Theme) {
    for (x, pair) in (first.saturating_add(1)..).zip(bars.windows(2)) {
        if TradingDay::of(pair[0].start) != TradingDay::of(pair[1].start) {
            for row in 0..field.height {
                cell(buf, field, x, row, '┊', theme.dim);
            }
        }
    }
}

/// Writes New York's times below the bars, and the date where a day begins. A label that has no room
/// is left out whole; a date goes before a time.
pub fn times(buf: &mut Buffer, row: Rect, first: u16, bars: &[Bar], timeframe: Timeframe, theme: &Theme) {
    let (mut dates, mut clocks) = (Vec::new(), Vec::new());
    let step = timeframe.minutes().and_then(step);
    let mut before: Option<(TradingDay, i64)> = None;
    for (x, bar) in (first..).zip(bars) {
        let day = TradingDay::of(bar.start);
        let (hour, minute, _) = new_york_time(bar.start);
        let minute = i64::from(hour) * 60 + i64::from(minute);
        let new_day = before.is_some_and(|(earlier, _)| earlier != day);
        if new_day || step.is_none() {
            dates.push((x, date(day)));
        } else if let Some(step) = step {
            let crossed = before.is_some_and(|(_, earlier)| earlier / step != minute / step);
            if crossed || minute % step == 0 {
                clocks.push((x, hm(bar.start)));
            }
        }
        before = Some((day, minute));
    }
    for (x, text) in dates {
        label(buf, row, x, &text, theme.text);
    }
    for (x, text) in clocks {
        label(buf, row, x, &text, theme.dim);
    }
}

/// The minutes between two labels: round, and far enough apart.
fn step(bar: i64) -> Option<i64> {
    [5, 10, 15, 30, 60, 120, 180, 240, 360, 720].into_iter().find(|step| step / bar >= TIMES_APART)
}

fn label(buf: &mut Buffer, row: Rect, x: u16, text: &str, style: Style) {
    let end = x.saturating_add(width_of(text));
    let free = |x: u16| x >= row.right() || buf.cell((x, row.y)).is_none_or(|cell| cell.symbol() == " ");
    // One free cell on either side, so that two labels never read as one.
    if end <= row.right() && (x.saturating_sub(1).max(row.x)..=end).all(free) {
        put(buf, row, x, 0, text, style);
    }
}
