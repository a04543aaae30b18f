use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::record::Record;
use crate::journal::error::JournalError;
use crate::journal::fold::read_row;
use crate::journal::writer::Journal;

impl Journal {
    /// The position of `symbol` by the rows on disk alone: its fills added up, from the last difference on that
    /// the trader has acknowledged.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn counted(&self, symbol: Symbol) -> Result<Qty, JournalError> {
        let shown = self.shown();
        let fail = |fault| JournalError::of(&shown, fault);
        let select =
            "SELECT row, run, seq, at, kind, body FROM record WHERE kind IN ('fill', 'adjust') ORDER BY row";
        let mut select = self.connection.prepare(select).map_err(fail)?;
        let mut rows = select.query([]).map_err(fail)?;
        let mut count = Qty::ZERO;
        while let Some(found) = rows.next().map_err(fail)? {
            let row = read_row(found).map_err(fail)?;
            let Some(record) = row.record() else { continue };
            match record.map_err(|fault| JournalError::Body { row: row.row, fault })? {
                Record::Fill { fill, .. } if fill.symbol == symbol => {
                    count = count.plus(fill.qty.signed(fill.side)).unwrap_or(count);
                }
                Record::Adjust { symbol: adjusted, broker, acknowledged: Some(_), .. }
                    if adjusted == symbol =>
                {
                    count = broker;
                }
                _ => {}
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::engine::reconcile::Difference;
    use crate::journal::testing::{fill, id};

    #[test]
    fn fills_add_up_from_the_last_acknowledged_difference_on() {
        let mut journal = Journal::in_memory().unwrap();
        let symbol = "SPY".parse().unwrap();
        let difference = Difference {
            symbol,
            engine: Qty::shares(10),
            broker: Qty::shares(20),
            avg_price: None,
            because: None,
            journal: None,
        };
        let mut counts = Vec::new();
        for record in [
            fill(id("abc123", 1), "e1", 10, 10, 99_000),
            difference.row(1, None),
            difference.row(1, Some("seen".to_owned())),
            fill(id("abc123", 2), "e2", 5, 25, 98_500),
        ] {
            journal.record(1, At::default(), &record).unwrap();
            journal.commit().unwrap();
            counts.push(journal.counted(symbol).unwrap().to_string());
        }
        assert_eq!(counts, ["10", "10", "20", "25"]);
        assert_eq!(journal.counted("IBM".parse().unwrap()).unwrap(), Qty::ZERO);
    }
}
