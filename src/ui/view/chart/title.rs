use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::price::Price;
use crate::ui::candles::Overlay;
use crate::ui::ink::{cut, put, width_of};
use crate::ui::keys::Action;
use crate::ui::layout::Size;
use crate::ui::model::{Model, Pane};
use crate::ui::theme::Theme;
use crate::ui::view::chart::Subject;
use crate::ui::view::chart::scale::{average, change, dollars, short};

/// What stands in the frame's head.
pub struct Head {
    /// All of it, as far as there is room.
    pub text: String,
    /// The words in it that say that the feed is silent, with the columns before them.
    stale: Option<(u16, String)>,
}

/// A title with its pane's number, where panes are reached by number.
pub fn numbered(model: &Model, title: &str) -> String {
    match model.shape() {
        Size::Full | Size::Columns => format!("{} {title}", Pane::Chart.number()),
        Size::Tabs | Size::Small | Size::Tiny => title.to_owned(),
    }
}

/// The fullest title of at most `width` columns: a figure stands in it whole or not at all.
pub(super) fn of(model: &Model, subject: &Subject<'_>, width: u16) -> Head {
    let name = numbered(model, &format!("{} {}", subject.symbol, model.timeframe.word()));
    let before = width_of(&name).saturating_add(1);
    let stale = subject.stale.clone().map(|words| (before, words));
    let base = stale.as_ref().map_or_else(|| name.clone(), |(_, words)| format!("{name} {words}"));
    let last = subject.last.map(dollars).unwrap_or_default();
    let moved = model.market(subject.symbol).and_then(|market| change(market.previous_close?, market.last?));
    let moved = moved.unwrap_or_default();
    let bar = subject.bars.last().map(|bar| {
        let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(dollars);
        format!("O {open} H {high} L {low} C {close} V {}", short(bar.volume))
    });
    let bar = bar.unwrap_or_default();
    let line = overlay(model.overlay, subject.line.last().copied());
    let key = |action| model.keys.first_of(action).map(|key| key.to_string()).unwrap_or_default();
    let (m, i) = (key(Action::Timeframe), key(Action::Indicator));
    let fullest = [
        format!("{base}  {bar}  {line}  [{m}]timeframe [{i}]indicator"),
        format!("{base}  {bar}  {line}  [{m}] [{i}]"),
        format!("{base}  {bar}  {line}"),
        format!("{base}  {bar}"),
        format!("{base}  {last} {moved}  {line}  [{m}] [{i}]"),
        format!("{base}  {last} {moved}  {line}"),
        format!("{base} {last} {moved}"),
        format!("{base} {last}"),
        base.clone(),
        format!("{} {}", subject.symbol, subject.stale.clone().unwrap_or_default()),
        subject.symbol.to_string(),
    ];
    // What is empty leaves no wider gap.
    let tidy = |text: String| text.trim_end().replace("      ", "  ").replace("    ", "  ");
    let text = fullest.into_iter().map(tidy).find(|text| width_of(text) <= width).unwrap_or_default();
    let stale = stale.filter(|_| text.starts_with(&base));
    Head { text, stale }
}

/// Colours the words that say that the feed is silent.
pub fn mark(buf: &mut Buffer, area: Rect, head: &Head, theme: &Theme) {
    if let Some((before, words)) = &head.stale {
        // The frame's corner and a blank stand before the title.
        let x = area.x.saturating_add(2).saturating_add(*before);
        let inside = Rect { width: area.width.saturating_sub(2), height: area.height.min(1), ..area };
        put(buf, inside, x, 0, words, theme.danger);
    }
}

/// Writes the title where there is no room for a frame.
pub fn bare(buf: &mut Buffer, area: Rect, head: &Head, theme: &Theme) {
    let style = if head.stale.is_some() { theme.danger } else { theme.accent };
    put(buf, area, area.x, 0, &cut(&head.text, area.width), style);
}

fn overlay(overlay: Overlay, value: Option<f64>) -> String {
    match (overlay, value.map(Price::from_f64)) {
        (Overlay::None, _) | (_, None) => String::new(),
        (line, Some(Some(price))) => format!("{} {}", line.word(), average(price)),
        (line, Some(None)) => format!("{} …", line.word()),
    }
}

/// An age in few signs: `70s`, `5m`, `3h`.
pub fn age(age_ms: i64) -> String {
    match age_ms / 1000 {
        seconds if seconds < 120 => format!("{seconds}s"),
        seconds if seconds < 7200 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3600),
    }
}
