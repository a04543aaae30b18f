//! The candle chart, newest bar at the right:
//!
//! ```text
//! ┏ 2 SPY 5m  O 166.20 H 166.31 L 166.11 C 166.25 V 1.2M  EMA20 166.17  [m] [i] ━━┓
//! ┃            ▼                                    ┊                    ┤ 166.60 ┃
//! ┃           ╷│╷                                   ┊     ╷▌▖            ┤ 166.50 ┃
//! ┃┈┈┈┈┈┈┈┈┈┈╽┃▌┈┈┈┈ stop 166.45 ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┃┃▌▖            ◂ 166.44 ┃
//! ┃▂▁▁▃▂█▅▃▂▂▁▁                                     ▂▁▁▃█▅▃▂                      ┃
//! ┃          09:30                                  Oct 8   10:00                 ┃
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```
//!
//! A rising body is a heavy line `┃`, a falling one a half block `▌`, a close at the open a dash `─`;
//! own buys are `▲` below their bar, own sells `▼` above. When the feed is silent for too long, what it
//! said is dimmed, and the title says for how long. What strategies draw is `×`, `•` and `◊` where no candle
//! stands, with names and newest values in the frame's foot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::ui::candles;
use crate::ui::candles::Timeframe;
use crate::ui::ink;
use crate::ui::model::{Model, Pane};
use crate::ui::seen::ChartView;
use crate::ui::view::chart::candle_ink::Look;
use crate::ui::view::chart::scale::{Scale, Wish};

/// Prices along the right side, times along the foot.
mod axes;
/// Bars as candles, and their volume.
mod candle_ink;
/// What is the trader's own, and the overlay.
mod marks;
/// What strategies draw.
mod plots;
/// Which price stands in which row, and figures in words.
mod scale;
#[cfg(test)]
mod tests;
/// What stands in the frame's head.
mod title;

/// Fewer columns than this beside the axis show no course worth the name.
const FEWEST_BARS: u16 = 16;

/// Draws the chart of the model's symbol.
pub fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let Some(subject) = Subject::of(model) else {
        ink::pane(buf, area, &title::numbered(model, "Chart"), model.pane == Pane::Chart, &model.theme);
        return;
    };
    let head = title::of(model, &subject, area.width.saturating_sub(4));
    if area.height < 3 {
        // No room for a frame: the figure alone.
        title::bare(buf, area, &head, &model.theme);
        return;
    }
    let inner = ink::pane(buf, area, &head.text, model.pane == Pane::Chart, &model.theme);
    title::mark(buf, area, &head, &model.theme);
    plots::legend(buf, area, subject.chart.map_or(&[][..], |chart| &chart.plots), &model.theme);
    match subject.chart.filter(|_| !subject.bars.is_empty()) {
        None => {
            let text = format!("no bars of {} yet", subject.symbol);
            let line = ink::middle(inner, ink::width_of(&text), 1);
            ink::put(buf, line, line.x, 0, &ink::cut(&text, line.width), model.theme.dim);
        }
        Some(_) if inner.height < 3 || inner.width < 8 => {
            let last = subject.last.map(scale::dollars).unwrap_or_default();
            let style = if subject.stale.is_some() { model.theme.dim } else { model.theme.accent };
            ink::put(buf, inner, inner.x, 0, &ink::figure(&last, inner.width), style);
        }
        Some(chart) => picture(buf, inner, model, &subject, chart),
    }
}

/// What the chart is about.
struct Subject<'a> {
    symbol: Symbol,
    /// What the machine shows of it; nothing until it has answered for this symbol.
    chart: Option<&'a ChartView>,
    /// Its bars at the model's timeframe.
    bars: Vec<Bar>,
    /// The overlay at the end of each bar.
    line: Vec<f64>,
    last: Option<Price>,
    /// For how long the feed is silent, in words, where that is too long.
    stale: Option<String>,
}

impl<'a> Subject<'a> {
    fn of(model: &'a Model) -> Option<Self> {
        let seen = model.seen.as_ref()?;
        let symbol = model.symbol.or(seen.chart.as_ref().map(|chart| chart.symbol))?;
        // Another symbol's bars under this one's name would be a lie.
        let chart = seen.chart.as_ref().filter(|chart| chart.symbol == symbol);
        let minutes = chart.map_or(&[][..], |chart| &chart.minutes);
        let bars = candles::fold(minutes, model.timeframe);
        let line = candles::line(minutes, &bars, model.overlay);
        let market = model.market(symbol);
        let last = market.and_then(|market| market.last).or(bars.last().map(|bar| bar.close));
        let stale = match market.map(|market| (market.age_ms, market.stale_after_ms)) {
            Some((Some(age_ms), stale_after_ms)) => {
                // What the machine said grows older while the machine itself is silent.
                let silent_ms = i64::try_from(model.silent_ms()).unwrap_or(i64::MAX);
                let age_ms = age_ms.saturating_add(silent_ms);
                (age_ms > stale_after_ms).then(|| format!("STALE {}", title::age(age_ms)))
            }
            _ => Some("NO DATA".to_owned()),
        };
        Some(Self { symbol, chart, bars, line, last, stale })
    }
}

/// Where the parts stand.
struct Parts {
    field: Rect,
    axis: Rect,
    volume: Rect,
    times: Rect,
}

/// What there is room for: first the volume goes, then the times, then the prices at the side.
fn parts(inner: Rect, axis_width: u16) -> Parts {
    let axis_width = if inner.width >= axis_width.saturating_add(FEWEST_BARS) { axis_width } else { 0 };
    let times = u16::from(inner.height >= 6 && inner.width >= FEWEST_BARS);
    let volume = match inner.height {
        0..=8 => 0,
        9..=13 => 1,
        14..=23 => 2,
        _ => 3,
    };
    let (width, rows) = (inner.width - axis_width, inner.height - times - volume);
    Parts {
        field: Rect { width, height: rows, ..inner },
        axis: Rect { x: inner.x + width, width: axis_width, height: rows, ..inner },
        volume: Rect { y: inner.y + rows, width, height: volume, ..inner },
        times: Rect { y: inner.y + rows + volume, height: times, ..inner },
    }
}

fn picture(buf: &mut Buffer, inner: Rect, model: &Model, subject: &Subject<'_>, chart: &ChartView) {
    let theme = &model.theme;
    let levels = marks::levels(chart, theme);
    let rows = parts(inner, 0).field.height;
    let scaled = |columns: u16| {
        let from = subject.bars.len().saturating_sub(usize::from(columns));
        let bars = &subject.bars[from..];
        let wish = Wish {
            bars,
            last: subject.last,
            levels: &marks::prices(&levels),
            head_room: marks::has_fill(bars, &chart.fills, Side::Sell),
            foot_room: marks::has_fill(bars, &chart.fills, Side::Buy),
        };
        (Scale::of(wish, rows), bars, &subject.line[from..])
    };
    // How wide the axis is follows from its figures, and which bars are in sight from its width.
    let at = parts(inner, axes::width(&scaled(inner.width).0, subject.last));
    let (scale, bars, line) = scaled(at.field.width);
    let first = at.field.right() - u16::try_from(bars.len()).unwrap_or(at.field.width);

    if model.timeframe != Timeframe::OneDay {
        axes::days(buf, at.field, first, bars, theme);
    }
    marks::dashes(buf, at.field, &levels, &scale);
    for (x, bar) in (first..).zip(bars) {
        candle_ink::candle(buf, at.field, x, bar, &scale, Look { theme, ascii: model.ascii });
    }
    marks::dots(buf, at.field, first, line, &scale, (marks::DOT, theme.accent));
    plots::draw(buf, at.field, first, bars, &chart.plots, &scale, theme);
    candle_ink::volume(buf, at.volume, first, bars, theme);
    axes::price(buf, at.axis, &scale, subject.last, theme);
    axes::times(buf, at.times, first, bars, model.timeframe, theme);
    if subject.stale.is_some() {
        buf.set_style(inner, theme.dim);
    }
    // What is the trader's own stays bright: an order stands whether the feed speaks or not.
    marks::fills(buf, at.field, first, bars, &chart.fills, &scale, theme);
    marks::labels(buf, at.field, &levels, &scale);
}
