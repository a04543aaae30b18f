use std::fmt::Write as _;

use crate::domain::at::At;
use crate::domain::price::Price;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::ledger::trade::Trade;
use crate::report::chart::{Chart, dollars, number_text};
use crate::report::facts::Closes;
use crate::report::text::escape;
use crate::report::timeline::Timeline;

const HEIGHT: f64 = 300.0;
/// Half of a mark.
const HALF: f64 = 5.0;

/// The closes of a symbol as a line, with every entry, exit and first stop of its trades.
pub(super) fn picture_of(closes: &Closes, trades: &[Trade]) -> String {
    let symbol = escape(closes.symbol.as_str());
    let Some((end, _)) = closes.points.last() else {
        return format!("<p>{symbol} had no bar.</p>");
    };
    let trades: Vec<&Trade> = trades_of(closes.symbol, trades);
    let line = Timeline::over(closes.points.iter().map(|(at, _)| *at));
    let drawn = closes.points.iter().map(|(_, close)| *close);
    let marked = trades.iter().flat_map(|trade| [Some(trade.entry), exit(trade), stop(trade)]).flatten();
    let mut chart = Chart::new(&line, HEIGHT, drawn.chain(marked).map(Price::to_f64));
    chart.axes(dollars);
    let path = chart.path(closes.points.iter().map(|(at, close)| (*at, close.to_f64())));
    chart.draw(&format!("<path class=\"curve\" d=\"{path}\"/>"));
    for trade in &trades {
        let marks = marks(&chart, trade, *end);
        chart.draw(&marks);
    }
    format!(
        "<figure>{}<figcaption>{symbol}: closes. A triangle is an entry (upwards bought, downwards sold), a ring an \
         exit, a dashed line the first stop from entry to exit. {} trades.</figcaption></figure>",
        chart.finish(&format!("Closes of {symbol} with its trades")),
        trades.len()
    )
}

fn trades_of(symbol: Symbol, trades: &[Trade]) -> Vec<&Trade> {
    trades.iter().filter(|trade| trade.symbol == symbol).collect()
}

fn exit(trade: &Trade) -> Option<Price> {
    trade.closed_at.and(trade.exit)
}

/// Where the stops of a trade's entries stood on average: one R a share from the entry.
fn stop(trade: &Trade) -> Option<Price> {
    let distance = trade.risk?.per_share(trade.qty)?;
    match trade.side {
        Side::Buy => trade.entry.minus(distance).ok(),
        Side::Sell => trade.entry.plus(distance).ok(),
    }
}

fn marks(chart: &Chart<'_>, trade: &Trade, end: At) -> String {
    let mut out = String::new();
    let place = |at: At, price: Price| (chart.x(at), chart.y(price.to_f64()));
    if let Some(stop) = stop(trade) {
        let (from, y) = place(trade.opened_at, stop);
        let to = chart.x(trade.closed_at.unwrap_or(end)).max(from + 1.0);
        let (from, to, y) = (number_text(from), number_text(to), number_text(y));
        let _ = write!(out, "<line class=\"stop\" x1=\"{from}\" x2=\"{to}\" y1=\"{y}\" y2=\"{y}\"/>");
    }
    let (x, y) = place(trade.opened_at, trade.entry);
    let (class, up) = match trade.side {
        Side::Buy => ("buy", HALF),
        Side::Sell => ("sell", -HALF),
    };
    let _ = write!(
        out,
        "<path class=\"{class}\" d=\"M{} {}L{} {}L{} {}Z\"/>",
        number_text(x),
        number_text(y - up),
        number_text(x - HALF),
        number_text(y + up),
        number_text(x + HALF),
        number_text(y + up)
    );
    if let Some((at, price)) = trade.closed_at.zip(trade.exit) {
        let (x, y) = place(at, price);
        let _ = write!(
            out,
            "<circle class=\"exit\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>",
            number_text(x),
            number_text(y)
        );
    }
    out
}
