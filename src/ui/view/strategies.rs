//! Which strategies run, and what became of their signals.
//!
//! ```text
//! ┌ 4 Strategies  2 run  1 paused  1 stopped ──┐
//! │Name            State    Sig       P&L  Err │
//! │ema_cross.js    ▶ run      3    +88.10    0 │
//! │mean_rev.js     = pause    0      0.00    0 │
//! │broken.js       ✗ stopped  0      0.00    3 │
//! └────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::snapshot::StrategyStatus;
use crate::ui::figures;
use crate::ui::ink::{pane, put};
use crate::ui::model::{Model, Pane};
use crate::ui::table::{Cell, Column, figures as column, words};
use crate::ui::theme::Theme;
use crate::ui::view::rows::{grow, name, theme_of, title, tone};

/// Draws the strategies.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let all = model.seen.as_ref().map_or(&[][..], |seen| &seen.snapshot.strategies);
    let counted = |state: &str, word: &str| {
        let count = all.iter().filter(|strategy| strategy.state == state).count();
        if count > 0 { format!("{count} {word}") } else { String::new() }
    };
    let parts = [
        name(model, Pane::Strategies, "Strategies"),
        counted("running", "run"),
        counted("paused", "paused"),
        counted("stopped", "stopped"),
    ];
    let focused = model.pane == Pane::Strategies;
    let inside = pane(buf, area, &title(&parts, area.width), focused, &model.theme);
    if model.seen.is_none() {
        return;
    }
    if all.is_empty() {
        put(buf, inside, inside.x, 0, "no strategies", model.theme.dim);
        return;
    }
    let rows: Vec<Vec<Cell>> = all.iter().map(|strategy| row(strategy, &model.theme)).collect();
    let selected = all.iter().position(|strategy| Some(strategy.id) == model.strategy);
    grow(buf, inside, columns(), &rows, selected, &theme_of(model, Pane::Strategies));
}

fn columns() -> Vec<Column> {
    vec![
        words("Name", 12, 0),
        words("State", 9, 0),
        column("Sig", 3, 2),
        column("P&L", 9, 1),
        column("Err", 3, 1),
        words("Symbols", 12, 4),
        words("Why", 20, 3),
    ]
}

fn row(strategy: &StrategyStatus, theme: &Theme) -> Vec<Cell> {
    let (state, colour) = match strategy.state {
        "running" => ("▶ run", theme.up),
        "paused" => ("= pause", theme.warning),
        "stopped" => ("✗ stopped", theme.danger),
        other => (other, theme.warning),
    };
    let symbols: Vec<&str> = strategy.symbols.iter().map(crate::domain::symbol::Symbol::as_str).collect();
    let cents = strategy.pnl.cents();
    let errors = if strategy.errors > 0 { theme.danger } else { theme.text };
    vec![
        Cell::new(strategy.name.as_str(), theme.text),
        Cell::new(state, colour),
        Cell::new(strategy.signals.to_string(), theme.text),
        Cell::new(figures::signed(strategy.pnl), tone(theme, cents > 0, cents < 0)),
        Cell::new(strategy.errors.to_string(), errors),
        Cell::new(symbols.join(" "), theme.dim),
        Cell::new(strategy.reason.as_deref().unwrap_or(""), theme.dim),
    ]
}

#[cfg(test)]
mod tests {
    use crate::ui::fixture::Variant;
    use crate::ui::view::proof::check;

    #[test]
    fn strategies_say_their_state_in_words() {
        check(
            "strategies",
            Variant::Plain,
            46,
            7,
            &[
                "┌ 4 Strategies  2 run  1 paused  1 stopped ──┐",
                "│Name         State      Sig        P&L  Err │",
                "│ema_cross.js ▶ run        5     +88.10    0 │",
                "│orb_15m.js   ▶ run        2     -12.40    0 │",
                "│mean_rev.js  = pause      0       0.00    0 │",
                "│broken.js    ✗ stopped    0       0.00    3 │",
                "└────────────────────────────────────────────┘",
            ],
        );
        check(
            "strategies",
            Variant::Plain,
            100,
            7,
            &[
                "┌ 4 Strategies  2 run  1 paused  1 stopped ────────────────────────────────────────────────────────┐",
                "│Name           State          Sig          P&L    Err Symbols        Why                          │",
                "│ema_cross.js   ▶ run            5       +88.10      0 SPY QQQ                                     │",
                "│orb_15m.js     ▶ run            2       -12.40      0 T GE                                        │",
                "│mean_rev.js    = pause          0         0.00      0 MSFT           by the trader                │",
                "│broken.js      ✗ stopped        0         0.00      3 XOM            it used more than its time   │",
                "└──────────────────────────────────────────────────────────────────────────────────────────────────┘",
            ],
        );
    }
}
