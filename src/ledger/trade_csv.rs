use crate::ledger::statistics::{pnl_pct, r_multiple};
use crate::ledger::trade::Trade;

/// The header of the trades' CSV.
pub const TRADE_HEADER: &str =
    "opened_at,closed_at,symbol,side,qty,entry,exit,pnl,pnl_pct,r,mae,mfe,fees,tag";

/// How many columns a trade has.
pub const TRADE_COLUMNS: usize = 14;

/// One trade as a line under [`TRADE_HEADER`], without its line end.
///
/// What its fields are says [`trade_fields`].
#[must_use]
pub fn trade_row(trade: &Trade) -> String {
    trade_fields(trade).map(|field| quoted(&field)).join(",")
}

/// The fields of one trade in the order of [`TRADE_HEADER`], as plain text.
///
/// Money to the cent, prices and quantities in full, percentage and R to four places. What does not
/// exist is empty: the close and exit of an open trade, R without a stop.
#[must_use]
pub fn trade_fields(trade: &Trade) -> [String; TRADE_COLUMNS] {
    let closed_at = trade.closed_at.map(|at| at.to_string()).unwrap_or_default();
    let exit = trade.closed_at.and(trade.exit).map(|exit| exit.to_string()).unwrap_or_default();
    let ratio = |ratio: Option<f64>| ratio.map(|ratio| format!("{ratio:.4}")).unwrap_or_default();
    [
        trade.opened_at.to_string(),
        closed_at,
        trade.symbol.to_string(),
        trade.side.word().to_owned(),
        trade.qty.to_string(),
        trade.entry.to_string(),
        exit,
        trade.pnl.to_string(),
        ratio(pnl_pct(trade)),
        ratio(r_multiple(trade)),
        trade.mae.to_string(),
        trade.mfe.to_string(),
        trade.fees.to_string(),
        trade.tag.clone().unwrap_or_default(),
    ]
}

/// A text as a CSV field (RFC 4180): a strategy chooses its tags freely.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::money::Money;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;

    #[test]
    fn a_row_has_the_headers_fields_and_leaves_out_what_is_not() {
        let closed = Trade {
            symbol: "SPY".parse().unwrap(),
            side: Side::Sell,
            opened_at: At::from_seconds(1_381_152_660),
            closed_at: Some(At::from_seconds(1_381_152_720)),
            qty: Qty::shares(10),
            entry_worth: Money::dollars(1000),
            entry: "100".parse().unwrap(),
            exit: Some("98.65".parse().unwrap()),
            pnl: "13.405".parse().unwrap(),
            fees: "0.095".parse().unwrap(),
            risk: Some(Money::dollars(20)),
            mae: Money::dollars(-10),
            mfe: Money::dollars(30),
            tag: Some("cross, \"up\"".into()),
        };
        assert_eq!(
            trade_row(&closed),
            "2013-10-07T13:31:00Z,2013-10-07T13:32:00Z,SPY,sell,10,100,98.65,13.40,1.3405,0.6703,-10.00,30.00,\
             0.10,\"cross, \"\"up\"\"\""
        );
        let open = Trade { closed_at: None, risk: None, tag: None, ..closed };
        let row = trade_row(&open);
        assert_eq!(row, "2013-10-07T13:31:00Z,,SPY,sell,10,100,,13.40,1.3405,,-10.00,30.00,0.10,");
        assert_eq!(row.split(',').count(), TRADE_HEADER.split(',').count());
    }
}
