use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::domain::venue::VenueState;
use crate::laws::checker::Found;
use crate::laws::facts::{Fact, What};

/// L19, L20 as far as rows can tell, L21 and L23: positions and cash.
#[derive(Debug, Default)]
pub(super) struct Accounting {
    positions: BTreeMap<Symbol, Qty>,
    executions: BTreeSet<String>,
    /// Cash as the rows of this run last told it.
    cash: Option<Money>,
    /// Cash as the venue first told it in this run: our own count begins there.
    began: Option<Money>,
    /// The venue's last words in this run.
    venue: Option<Box<VenueState>>,
}

impl Accounting {
    /// What the fills and the acknowledged adjustments so far add up to.
    pub(super) fn position(&self, symbol: Symbol) -> Qty {
        self.positions.get(&symbol).copied().unwrap_or_default()
    }

    pub(super) fn push(&mut self, fact: &Fact, found: &mut Found) {
        match &fact.what {
            // What happened between two processes is known from the venue alone.
            What::RunBegan(_) => {
                (self.cash, self.began) = (None, None);
                self.venue = None;
            }
            What::Filled { fill, position, cash } => {
                self.filled(fill, *position, found);
                self.cash_moved(fill, *cash, found);
            }
            What::Equity { equity, own, cash } => self.worth(*equity, *own, *cash, found),
            What::Adjusted { symbol, position } => {
                self.positions.insert(*symbol, *position);
            }
            What::Venue(state) => {
                self.began = self.began.or_else(|| self.before_its_news(state));
                self.venue = Some(state.clone());
            }
            What::Reconciled { clean: true } => self.agrees_with_venue(found),
            _ => {}
        }
    }

    /// A reading's cash as it was before the executions that nobody had told before it.
    fn before_its_news(&self, state: &VenueState) -> Option<Money> {
        let news = state.fills.iter().filter(|fill| !self.executions.contains(&fill.execution));
        let mut costs = news.map(|fill| fill.price.times(fill.qty.signed(fill.side)).plus(fill.fee));
        costs.try_fold(state.account.cash, |cash, cost| cash.plus(cost.ok()?).ok())
    }

    /// The instant of the first execution of the symbol that a reading tells and no row has told yet.
    pub(super) fn first_news(&self, state: &VenueState, symbol: Symbol) -> Option<At> {
        let news = state
            .fills
            .iter()
            .filter(|fill| fill.symbol == symbol && !self.executions.contains(&fill.execution));
        news.map(|fill| fill.at).min()
    }

    /// Whether a reading's position of a symbol differs from what the rows add up to.
    pub(super) fn differs(&self, state: &VenueState, symbol: Symbol) -> bool {
        let theirs = state.positions.iter().find(|position| position.symbol == symbol);
        theirs.map_or(Qty::ZERO, |position| position.qty) != self.position(symbol)
    }

    /// L23 and the first half of L19.
    fn filled(&mut self, fill: &Fill, told: Qty, found: &mut Found) {
        if !self.executions.insert(fill.execution.clone()) {
            found.breach("L23", format!("the execution {} was applied twice", fill.execution));
        }
        let before = self.position(fill.symbol);
        let counted = before.plus(fill.qty.signed(fill.side)).unwrap_or(told);
        if counted != told {
            let words = format!("the fills of {} add up to {counted}, and the row says {told}", fill.symbol);
            found.breach("L19", words);
        }
        // What follows is judged against what was told, so that one slip is one breach.
        self.positions.insert(fill.symbol, told);
    }

    /// L21. Deposits and withdrawals have no rows: they arrive as the venue's own count of cash.
    fn cash_moved(&mut self, fill: &Fill, told: Money, found: &mut Found) {
        let venue = self.venue.as_ref().map(|state| state.account.cash);
        // A reading may already contain the execution that it tells: then the count before it holds.
        let own = self.cash.or(self.began);
        let mut starts = own.into_iter().chain(venue).peekable();
        let known = starts.peek().is_some();
        let explained = starts.any(|start| after_fill(start, fill) == Ok(told));
        if known && !explained {
            let words = format!(
                "cash after the execution {} was {}, which no earlier count explains",
                fill.execution,
                told.exact()
            );
            found.breach("L21", words);
        }
        // Before any account is known the row has nothing to tell.
        if known || !told.is_zero() {
            self.cash = Some(told);
        }
    }

    /// L20: equity is never more than our own count, and without a position that count is cash.
    fn worth(&mut self, equity: Money, own: Money, cash: Money, found: &mut Found) {
        if equity > own {
            let (equity, own) = (equity.exact(), own.exact());
            found.breach("L20", format!("equity was taken as {equity}, and our own count is {own}"));
        }
        let flat = self.positions.values().all(|qty| qty.is_zero());
        if flat && own != cash {
            let (own, cash) = (own.exact(), cash.exact());
            found.breach("L20", format!("nothing is held, and yet equity {own} is not cash {cash}"));
        }
        self.cash = Some(cash);
    }

    /// The second half of L19.
    fn agrees_with_venue(&self, found: &mut Found) {
        let Some(state) = &self.venue else { return };
        let theirs: BTreeMap<Symbol, Qty> =
            state.positions.iter().map(|position| (position.symbol, position.qty)).collect();
        let symbols: BTreeSet<Symbol> = theirs.keys().chain(self.positions.keys()).copied().collect();
        for symbol in symbols {
            let (ours, theirs) = (self.position(symbol), theirs.get(&symbol).copied().unwrap_or_default());
            if ours != theirs {
                let words =
                    format!("a clean reconcile although {symbol} is {ours} here and {theirs} at the venue");
                found.breach("L19", words);
            }
        }
    }
}

fn after_fill(cash: Money, fill: &Fill) -> Result<Money, Overflow> {
    cash.minus(fill.price.times(fill.qty.signed(fill.side)))?.minus(fill.fee)
}
