use ratatui::layout::{Position, Rect};

use crate::ui::model::Pane;

/// How much of the whole has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// From 160×40: everything at once.
    Full,
    /// From 120×36: two columns.
    Columns,
    /// From 80×24: one screen at a time, with tabs.
    Tabs,
    /// From 40×10: status, positions, the kill's hint.
    Small,
    /// Less: status, the kill's hint, and the wish for more room.
    Tiny,
}

impl Size {
    /// What has room in so many columns and rows.
    pub const fn of(columns: u16, rows: u16) -> Self {
        if columns >= 160 && rows >= 40 {
            Self::Full
        } else if columns >= 120 && rows >= 36 {
            Self::Columns
        } else if columns >= 80 && rows >= 24 {
            Self::Tabs
        } else if columns >= 40 && rows >= 10 {
            Self::Small
        } else {
            Self::Tiny
        }
    }
}

/// Where the panes of the trade screen stand; what has no room is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// Symbols and prices.
    pub watchlist: Rect,
    /// Candles.
    pub chart: Rect,
    /// The order ticket.
    pub ticket: Rect,
    /// Strategies.
    pub strategies: Rect,
    /// The log.
    pub log: Rect,
    /// Positions.
    pub positions: Rect,
    /// Open orders.
    pub orders: Rect,
    /// Today's trades.
    pub journal: Rect,
}

const fn rows(area: Rect, from: u16, count: u16) -> Rect {
    Rect { x: area.x, y: area.y + from, width: area.width, height: count }
}

const fn columns(area: Rect, from: u16, count: u16) -> Rect {
    Rect { x: area.x + from, y: area.y, width: count, height: area.height }
}

/// The panes of the trade screen in `area`, which is what the header and the footer leave.
pub fn places(size: Size, area: Rect, ticket_open: bool) -> Places {
    match size {
        Size::Full => full(area),
        Size::Columns => two_columns(area, ticket_open),
        Size::Tabs => tabs(area),
        Size::Small | Size::Tiny => Places { positions: area, ..Places::default() },
    }
}

impl Places {
    /// The pane at a cell.
    pub fn pane_at(&self, at: Position) -> Option<Pane> {
        let all = [
            (Pane::Watchlist, self.watchlist),
            (Pane::Chart, self.chart),
            (Pane::Ticket, self.ticket),
            (Pane::Strategies, self.strategies),
            (Pane::Log, self.log),
            (Pane::Positions, self.positions),
            (Pane::Orders, self.orders),
            (Pane::Journal, self.journal),
        ];
        all.into_iter().find(|(_, place)| place.contains(at)).map(|(pane, _)| pane)
    }
}

fn full(area: Rect) -> Places {
    let low = (area.height * 3 / 10).clamp(9, 14);
    let top = rows(area, 0, area.height - low);
    let bottom = rows(area, area.height - low, low);
    let (left, right) = (27, 46);
    let side = columns(top, top.width - right, right);
    let ticket = 17.min(side.height.saturating_sub(8));
    let strategies = ((side.height - ticket) / 2).clamp(4, 9);
    let (positions, orders) = (area.width * 33 / 100, area.width * 34 / 100);
    Places {
        watchlist: columns(top, 0, left),
        chart: columns(top, left, top.width - left - right),
        ticket: rows(side, 0, ticket),
        strategies: rows(side, ticket, strategies),
        log: rows(side, ticket + strategies, side.height - ticket - strategies),
        positions: columns(bottom, 0, positions),
        orders: columns(bottom, positions, orders),
        journal: columns(bottom, positions + orders, bottom.width - positions - orders),
    }
}

fn two_columns(area: Rect, ticket_open: bool) -> Places {
    let right = 46;
    let low = (area.height * 3 / 10).clamp(8, 12);
    let left = columns(area, 0, area.width - right);
    let side = columns(area, area.width - right, right);
    let top = rows(left, 0, left.height - low);
    let watch = 26;
    // An open ticket is what the trader looks at: it takes the strategies' place.
    let ticket = if ticket_open { 18.min(side.height) } else { 0 };
    let rest = side.height - ticket;
    let strategies = if ticket_open { 0 } else { (rest / 3).clamp(5, 8) };
    let orders = ((rest - strategies) / 2).max(5);
    Places {
        watchlist: columns(top, 0, watch),
        chart: columns(top, watch, top.width - watch),
        ticket: rows(side, 0, ticket),
        strategies: rows(side, ticket, strategies),
        orders: rows(side, ticket + strategies, orders),
        log: rows(side, ticket + strategies + orders, rest - strategies - orders),
        positions: rows(left, left.height - low, low),
        journal: Rect::default(),
    }
}

fn tabs(area: Rect) -> Places {
    let low = (area.height / 3).clamp(6, 12);
    let top = rows(area, 0, area.height - low);
    let watch = 26;
    Places {
        watchlist: columns(top, 0, watch),
        chart: columns(top, watch, top.width - watch),
        positions: rows(area, area.height - low, low),
        ..Places::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(places: &Places) -> [Rect; 8] {
        let p = places;
        [p.watchlist, p.chart, p.ticket, p.strategies, p.log, p.positions, p.orders, p.journal]
    }

    #[test]
    fn panes_never_overlap_and_never_leave_their_area() {
        for (columns, rows) in
            [(160, 40), (200, 50), (300, 100), (120, 36), (159, 60), (80, 24), (119, 35), (40, 10)]
        {
            let area = Rect::new(0, 2, columns, rows - 3);
            for open in [false, true] {
                let panes = all(&places(Size::of(columns, rows), area, open));
                let drawn: Vec<Rect> = panes.into_iter().filter(|pane| pane.area() > 0).collect();
                for (index, pane) in drawn.iter().enumerate() {
                    assert_eq!(area.intersection(*pane), *pane, "{columns}×{rows}");
                    assert!(
                        drawn[index + 1..].iter().all(|other| !other.intersects(*pane)),
                        "{columns}×{rows}"
                    );
                }
                let cells: u32 = drawn.iter().map(|pane| pane.area()).sum();
                assert_eq!(cells, area.area(), "{columns}×{rows} leaves a hole");
            }
        }
    }

    #[test]
    fn every_size_has_its_shape() {
        for (columns, rows, size) in [
            (200, 50, Size::Full),
            (160, 39, Size::Columns),
            (120, 36, Size::Columns),
            (80, 24, Size::Tabs),
            (79, 24, Size::Small),
            (40, 10, Size::Small),
            (39, 10, Size::Tiny),
        ] {
            assert_eq!(Size::of(columns, rows), size, "{columns}×{rows}");
        }
    }
}
