use std::fmt::Write as _;

use crate::ledger::trade::Trade;
use crate::ledger::trade_csv::{TRADE_HEADER, trade_fields};
use crate::report::figures::grouped;
use crate::report::text::escape;

/// Columns that are read as numbers, and stand to the right.
const NUMBERS: [&str; 9] = ["qty", "entry", "exit", "pnl", "pnl_pct", "r", "mae", "mfe", "fees"];

/// Every trade with all the columns that `--trades` writes, under the same names.
pub(super) fn table(trades: &[Trade]) -> String {
    if trades.is_empty() {
        return "<p>There was no trade.</p>".to_owned();
    }
    let names: Vec<&str> = TRADE_HEADER.split(',').collect();
    let class = |name: &str| if NUMBERS.contains(&name) { " class=\"n\"" } else { "" };
    let heads: String = names.iter().map(|name| format!("<th{}>{name}</th>", class(name))).collect();
    let mut out = format!("<div class=\"wide\"><table id=\"trades\"><thead><tr>{heads}</tr></thead><tbody>");
    for trade in trades {
        out.push_str("<tr>");
        for (name, field) in names.iter().zip(trade_fields(trade)) {
            let shown = if NUMBERS.contains(name) { grouped(&field) } else { escape(&field) };
            let _ = write!(out, "<td{}>{shown}</td>", class(name));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    out
}
