use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::venue::{ReportKind, VenueReport};
use crate::exchange::account::Account;
use crate::exchange::faults::Line;
use crate::exchange::held::Held;
use crate::exchange::settings::{Costs, Settings};

/// What all symbols share: the account, the executions, the line to the program, and the time.
#[derive(Debug)]
pub(super) struct Clearing {
    pub(super) account: Account,
    pub(super) costs: Costs,
    pub(super) legs_sleep_until_filled: bool,
    pub(super) shares_a_fill_max: Qty,
    pub(super) fills: Vec<Fill>,
    pub(super) line: Line,
    pub(super) now: At,
}

impl Clearing {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            account: Account::new(settings.cash),
            costs: settings.costs,
            legs_sleep_until_filled: settings.legs_sleep_until_filled,
            shares_a_fill_max: settings.shares_a_fill_max.unwrap_or(Qty::LARGEST),
            fills: Vec::new(),
            line: Line::new(settings.faults, settings.seed),
            now: At::from_nanos(i64::MIN),
        }
    }

    pub(super) fn report(&mut self, order: ClientOrderId, kind: ReportKind) {
        self.report_as_of(order, self.now, kind);
    }

    /// Reports what happened at `at`, and is told only now.
    pub(super) fn report_as_of(&mut self, order: ClientOrderId, at: At, kind: ReportKind) {
        self.line.send(VenueReport { order, at, kind }, self.now);
    }

    /// Books one execution and tells it. Its id follows from the order's own and a running number,
    /// so that a second run of the same tape gives the same ids.
    ///
    /// # Errors
    /// [`Overflow`] beyond the range of numbers; then nothing has happened.
    pub(super) fn execute(&mut self, held: &Held, qty: Qty, price: Price) -> Result<(), Overflow> {
        let id = held.request.id;
        let fill = Fill {
            execution: format!("{id}-x{}", held.executions.saturating_add(1)),
            order: id,
            symbol: held.request.symbol,
            side: held.request.side,
            qty,
            price,
            fee: self.fee(qty, price)?,
            at: self.now,
        };
        self.account.book(&fill)?;
        self.fills.push(fill.clone());
        self.report(id, ReportKind::Filled(fill));
        Ok(())
    }

    fn fee(&self, qty: Qty, price: Price) -> Result<Money, Overflow> {
        let of_worth = price.times(qty).percent_down(self.costs.fee_pct)?;
        self.costs.fee_per_share.times(qty).plus(of_worth)
    }
}
