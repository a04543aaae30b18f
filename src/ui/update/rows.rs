use crate::ui::model::{Model, Pane};
use crate::ui::seen::Seen;

/// Moves the choice of the focused pane by so many rows; from no choice, to the first or last row.
pub(super) fn step(model: &mut Model, rows: i64) {
    let Some(seen) = &model.seen else { return };
    match model.pane {
        Pane::Watchlist | Pane::Chart | Pane::Ticket => {
            let all: Vec<_> = seen.markets.iter().map(|market| market.symbol).collect();
            model.symbol = moved(&all, model.symbol, rows);
        }
        Pane::Positions => {
            let all: Vec<_> = seen.snapshot.positions.iter().map(|position| position.symbol).collect();
            model.position = moved(&all, model.position, rows);
            model.symbol = model.position.or(model.symbol);
        }
        Pane::Orders => {
            let all: Vec<_> = seen.snapshot.open_orders.iter().map(|order| order.id).collect();
            model.order = moved(&all, model.order, rows);
        }
        Pane::Strategies => {
            let all: Vec<_> = seen.snapshot.strategies.iter().map(|strategy| strategy.id).collect();
            model.strategy = moved(&all, model.strategy, rows);
        }
        Pane::Log | Pane::Journal => {
            let back = i64::try_from(model.log_back).unwrap_or(0).saturating_sub(rows);
            let most = i64::try_from(seen.log.len()).unwrap_or(0);
            model.log_back = usize::try_from(back.clamp(0, most)).unwrap_or(0);
        }
    }
}

/// Where a choice stands after so many rows; from no choice, at the first or last row.
pub(super) fn moved<T: Copy + PartialEq>(all: &[T], now: Option<T>, rows: i64) -> Option<T> {
    let last = i64::try_from(all.len()).ok()?.checked_sub(1).filter(|last| *last >= 0)?;
    let at = now.and_then(|now| all.iter().position(|one| *one == now)).and_then(|at| i64::try_from(at).ok());
    let to = match at {
        Some(at) => at.saturating_add(rows).clamp(0, last),
        None if rows < 0 && rows != i64::MIN => last,
        None => 0,
    };
    all.get(usize::try_from(to).ok()?).copied()
}

/// A choice whose row is gone is no choice: an action must not fall on its neighbour.
pub(super) fn forget_what_is_gone(model: &mut Model) {
    let Some(seen) = &model.seen else { return };
    let snapshot = &seen.snapshot;
    model.position = model.position.filter(|symbol| snapshot.positions.iter().any(|p| p.symbol == *symbol));
    model.order = model.order.filter(|id| snapshot.open_orders.iter().any(|order| order.id == *id));
    model.strategy = model.strategy.filter(|id| snapshot.strategies.iter().any(|s| s.id == *id));
}

/// The chosen row as text.
pub(super) fn text(model: &Model) -> Option<String> {
    let seen: &Seen = model.seen.as_ref()?;
    match model.pane {
        Pane::Positions => {
            let position = seen.snapshot.positions.iter().find(|p| Some(p.symbol) == model.position)?;
            Some(format!("{} {} @ {}", position.symbol, position.qty, position.avg_price))
        }
        Pane::Orders => model.order.map(|id| id.to_string()),
        Pane::Strategies => {
            let strategy = seen.snapshot.strategies.iter().find(|s| Some(s.id) == model.strategy)?;
            Some(strategy.name.clone())
        }
        Pane::Log => seen.log.iter().rev().nth(model.log_back).map(|line| line.text.clone()),
        Pane::Watchlist | Pane::Chart | Pane::Ticket | Pane::Journal => model.symbol.map(|s| s.to_string()),
    }
}
