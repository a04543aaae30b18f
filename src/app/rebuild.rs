use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::ClientOrderId;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::venue::{ReportKind, VenueAnswer, VenueRequest};
use crate::engine::event::{Asked, Event};
use crate::engine::record::Record;
use crate::exchange::venue::Exchange;
use crate::journal::reader::Reader;
use crate::journal::tape::TapeTick;

/// Runs an exchange again over the tape and the requests that it took, up to where an earlier
/// process stopped: in sim the journal is also the exchange's memory.
///
/// # Errors
/// A journal that cannot be read.
pub fn rebuild(exchange: &mut Exchange, journal: &Reader, tape: &[TapeTick]) -> Result<(), String> {
    let requests = requests(journal)?;
    let mut ticks = tape.iter().peekable();
    let mut executions = BTreeSet::new();
    for row in journal.rows("event").map_err(|fault| fault.to_string())? {
        while let Some(tick) = ticks.next_if(|tick| tick.seq < row.seq) {
            exchange.on_tick(&tick.tick);
        }
        let event: Event =
            serde_json::from_str(&row.body).map_err(|fault| format!("row {}: {fault}", row.row))?;
        match event {
            Event::Answered { order, asked: Asked::Submit, answer: VenueAnswer::Taken } => {
                if let Some(request) = requests.get(&order) {
                    exchange.submit(request, row.at);
                }
            }
            Event::Answered { order, asked: Asked::Cancel, answer: VenueAnswer::Taken } => {
                exchange.cancel(order, row.at);
            }
            Event::Reported(report) => match report.kind {
                // The kill's own doings reach the journal only as what the venue said of them.
                ReportKind::Canceled => {
                    exchange.cancel(report.order, row.at);
                }
                ReportKind::Filled(fill)
                    if executions.insert(fill.execution.clone())
                        && exchange.order(report.order).is_none() =>
                {
                    exchange.submit(&market_request(&fill), row.at);
                }
                _ => {}
            },
            _ => {}
        }
    }
    for tick in ticks {
        exchange.on_tick(&tick.tick);
    }
    // What it says of the past has been heard, or is read again by the first reconcile.
    exchange.take_reports();
    Ok(())
}

fn requests(journal: &Reader) -> Result<BTreeMap<ClientOrderId, VenueRequest>, String> {
    let mut requests = BTreeMap::new();
    for row in journal.rows("order").map_err(|fault| fault.to_string())? {
        if let Some(Ok(Record::Order { request, parent: None, .. })) = row.record() {
            requests.insert(request.id, request);
        }
    }
    Ok(requests)
}

fn market_request(fill: &crate::domain::fill::Fill) -> VenueRequest {
    VenueRequest {
        id: fill.order,
        symbol: fill.symbol,
        side: fill.side,
        qty: fill.qty,
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    }
}
