use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::mode::Mode;
use crate::domain::price::Price;
use crate::engine::snapshot::AskView;
use crate::ui::figures;
use crate::ui::ink::{cut, middle, popup, put};
use crate::ui::line::Line;
use crate::ui::model::Model;
use crate::ui::queue::{Queue, QueueField};
use crate::ui::seen::{Preview, Seen};
use crate::ui::table::{Cell, Column, figures as column, words as column_of_words};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{Named, below, flow, grow, wrap};
use crate::ui::words;

/// Wider tables are harder to follow with the eye.
const WIDTH_MAX: u16 = 100;
/// With less than this left it is nearly over.
const SOON_MS: i64 = 15_000;

/// The openings that wait for the trader's yes, and what the gate says now to the chosen one.
///
/// ```text
/// ╔═ 2 openings wait for your yes ═════════════════════════════════╗
/// ║ No Strategy      Side  Qty Symbol     At    Stop Tag      Left ║
/// ║ 41 ema_cross.js  buy    50 SPY    market  164.40 dip       24s ║
/// ║ 42 orb_15m.js    buy    20 T       33.90         break     12s ║
/// ║                                                                ║
/// ║ qty 50 → 20▏   limit market   stop 164.40   ends in 24s        ║
/// ║ ✓ passes   exposure 16,620.00 → 19,113.15   largest 20         ║
/// ║ Enter yes   n no   q or digits quantity   l limit   Esc hides  ║
/// ╚════════════════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, queue: &Queue, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let Some(seen) = &model.seen else { return };
    let asks: Vec<&AskView> = queue.waiting(seen).collect();
    let is_live = seen.snapshot.mode == Mode::Live;
    let (mut title, frame) = (words::waiting(asks.len()), if is_live { theme.live } else { theme.accent });
    if is_live {
        title.push_str(": REAL MONEY");
    }
    let width = area.width.min(WIDTH_MAX);
    let inner_width = width.saturating_sub(4);
    let foot = foot(model, queue, seen, inner_width);
    let table_rows = u16::try_from(asks.len().max(1) + 1).unwrap_or(u16::MAX);
    let height = table_rows.saturating_add(foot.height).saturating_add(3);
    let inside = popup(buf, middle(area, width, height), &title, frame);
    let inside = Rect { x: inside.x.saturating_add(1), width: inside.width.saturating_sub(2), ..inside };
    // The chosen row, and the count of those that have no room, are in sight before anything below them.
    let least = table_rows.min(3);
    let high = table_rows.min(inside.height.saturating_sub(foot.height.saturating_add(1)).max(least));
    let upper = Rect { height: high.min(inside.height), ..inside };
    if asks.is_empty() {
        put(buf, upper, upper.x, 0, &cut(words::NOTHING_ASKS, upper.width), theme.dim);
    } else {
        let rows: Vec<Vec<Cell>> = asks.iter().map(|ask| row(ask, seen, theme)).collect();
        let selected = asks.iter().position(|ask| Some(ask.number) == queue.chosen);
        grow(buf, upper, columns(), &rows, selected, theme);
    }
    let gap = u16::from(inside.height > high.saturating_add(foot.height));
    foot.draw(buf, below(inside, high.saturating_add(gap)), theme);
}

fn columns() -> Vec<Column> {
    vec![
        column("No", 3, 0),
        column_of_words("Strategy", 10, 2),
        column_of_words("Side", 4, 0),
        column("Qty", 3, 0),
        column_of_words("Symbol", 6, 0),
        column("At", 6, 0),
        column("Stop", 6, 1),
        column_of_words("Tag", 8, 4),
        column("Left", 4, 0),
    ]
}

fn row(ask: &AskView, seen: &Seen, theme: &Theme) -> Vec<Cell> {
    let intent = &ask.intent;
    let left = left_ms(ask, seen);
    vec![
        Cell::new(ask.number.to_string(), theme.text),
        Cell::new(ask.name.as_str(), theme.text),
        Cell::new(intent.side.word(), theme.text),
        Cell::new(figures::shares(intent.qty), theme.text),
        Cell::new(intent.symbol.as_str(), theme.text),
        Cell::new(price_or(intent.kind.limit(), "market"), theme.text),
        Cell::new(price_or(intent.stop_loss, ""), theme.text),
        Cell::new(ask.tag.as_deref().unwrap_or(""), theme.dim),
        Cell::new(figures::age(left), if left < SOON_MS { theme.danger } else { theme.text }),
    ]
}

fn price_or(price: Option<Price>, otherwise: &str) -> String {
    price.map_or_else(|| otherwise.to_owned(), figures::price)
}

fn left_ms(ask: &AskView, seen: &Seen) -> i64 {
    ask.until.millis_since(seen.snapshot.at).max(0)
}

/// What stands below the table: the chosen question with what was changed in it, the gate, and the keys.
struct Foot {
    order: Vec<Named>,
    gate: Vec<Named>,
    words: Vec<(String, bool)>,
    height: u16,
}

impl Foot {
    fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let mut row = flow(buf, area, 0, &self.order, theme);
        row = flow(buf, area, row, &self.gate, theme);
        for (line, is_fault) in &self.words {
            put(buf, area, area.x, row, line, if *is_fault { theme.danger } else { theme.dim });
            row = row.saturating_add(1);
        }
    }
}

fn foot(model: &Model, queue: &Queue, seen: &Seen, width: u16) -> Foot {
    let theme = &model.theme;
    let ask = queue.ask(seen);
    let order = ask.map_or_else(Vec::new, |ask| order(queue, ask, seen, theme));
    let preview = ask
        .and_then(|ask| queue.intent(ask).ok())
        .and_then(|intent| seen.preview.as_ref().filter(|preview| preview.intent == intent));
    let gate = preview.map_or_else(Vec::new, |preview| gate(preview, theme));
    let refusal =
        preview.and_then(|preview| preview.decision.refusal()).map(|refusal| format!("✗ {refusal}"));
    let mut said: Vec<(String, bool)> = Vec::new();
    for text in refusal.iter().filter(|_| queue.words.is_empty()).chain(&queue.words) {
        said.extend(wrap(text, width).into_iter().map(|line| (line, true)));
    }
    let hint = if ask.is_some() { words::QUEUE_KEYS } else { words::QUEUE_CHOOSE };
    said.extend(wrap(hint, width).into_iter().map(|line| (line, false)));
    // Drawn aside once, to learn how many rows the figures need.
    let wide = Rect::new(0, 0, width, 20);
    let mut aside = Buffer::empty(wide);
    let rows = flow(&mut aside, wide, 0, &order, theme);
    let rows = flow(&mut aside, wide, rows, &gate, theme);
    let height = rows.saturating_add(u16::try_from(said.len()).unwrap_or(u16::MAX));
    Foot { order, gate, words: said, height }
}

/// The chosen order, each figure beside the one that was asked for.
fn order(queue: &Queue, ask: &AskView, seen: &Seen, theme: &Theme) -> Vec<Named> {
    let field = |name: &str, asked: String, line: &Line, field: QueueField| {
        let is_here = queue.field == field;
        let cursor = if is_here { "▏" } else { "" };
        let style = if is_here { theme.accent } else { theme.text };
        let typed = line.text();
        let shown = if typed.is_empty() { asked } else { format!("{asked} → {typed}") };
        Named::new(name, format!("{shown}{cursor}"), style)
    };
    let intent = &ask.intent;
    let mut all = vec![
        field("qty", figures::shares(intent.qty), &queue.qty, QueueField::Qty),
        field("limit", price_or(intent.kind.limit(), "market"), &queue.limit, QueueField::Limit),
    ];
    if let Some(stop) = intent.stop_loss {
        all.push(Named::new("stop", figures::price(stop), theme.text));
    }
    if let Some(target) = intent.take_profit {
        all.push(Named::new("target", figures::price(target), theme.text));
    }
    let left = left_ms(ask, seen);
    let style = if left < SOON_MS { theme.danger } else { theme.text };
    all.push(Named::new("ends in", figures::age(left), style));
    all
}

/// What the gate says now.
fn gate(preview: &Preview, theme: &Theme) -> Vec<Named> {
    let mut all = Vec::new();
    if preview.decision.is_approved() {
        all.push(Named::new("gate", "✓ passes", theme.up));
    }
    if let Some((before, after)) = preview.exposure_before.zip(preview.decision.exposure) {
        let figures = format!("{} → {}", figures::money(before), figures::money(after));
        all.push(Named::new("exposure", figures, theme.text));
    }
    let binds =
        preview.largest.binds.map_or_else(String::new, |code| format!(", {} binds", words::limit_name(code)));
    let largest = format!("{}{binds}", figures::shares(preview.largest.qty));
    all.push(Named::new("largest", largest, theme.text));
    all
}
