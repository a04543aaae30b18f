use std::collections::{BTreeMap, BTreeSet};

use crate::broker::market::Market;
use crate::broker::outcome::KillOutcome;
use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{VenueOrder, VenueState};

/// What truly stood at the exchange at the last look, whatever anybody was told of it.
#[derive(Debug, Default)]
pub(super) struct Truth {
    known: BTreeSet<ClientOrderId>,
    /// Executions that were looked at, positions after them, and orders that have made one smaller.
    executions: BTreeSet<String>,
    positions: BTreeMap<Symbol, Qty>,
    reduced: BTreeSet<ClientOrderId>,
    last_fill: At,
}

impl Truth {
    /// Looks again. `unsure` are symbols in which somebody else has traded, or that have split.
    ///
    /// # Errors
    /// What may never be, in words.
    pub(super) fn look(
        &mut self,
        market: &Market,
        unsure: &BTreeSet<Symbol>,
        halted: bool,
    ) -> Result<(), String> {
        let state = market.truth(self.last_fill);
        let now: BTreeMap<Symbol, Qty> =
            state.positions.iter().map(|position| (position.symbol, position.qty)).collect();
        state.fills.iter().try_for_each(|fill| self.filled(fill, unsure))?;
        let symbols: BTreeSet<Symbol> = state.open_orders.iter().map(|order| order.request.symbol).collect();
        for symbol in symbols.difference(unsure) {
            exits_fit(&state, *symbol, now.get(symbol).copied().unwrap_or_default())?;
        }
        self.ids(&state, &now, unsure, halted)?;
        self.positions = now;
        Ok(())
    }

    /// No order takes a position through zero, neither in one execution nor in several.
    fn filled(&mut self, fill: &Fill, unsure: &BTreeSet<Symbol>) -> Result<(), String> {
        self.last_fill = self.last_fill.max(fill.at);
        if !self.executions.insert(fill.execution.clone()) {
            return Ok(());
        }
        let before = self.positions.get(&fill.symbol).copied().unwrap_or_default();
        let after = before.plus(fill.qty.signed(fill.side)).unwrap_or(before);
        self.positions.insert(fill.symbol, after);
        let against = if fill.side == Side::Buy { before.is_negative() } else { before.is_positive() };
        let crossed =
            before.is_positive() && after.is_negative() || before.is_negative() && after.is_positive();
        let opens_after_it_closed = !against && self.reduced.contains(&fill.order);
        if against {
            self.reduced.insert(fill.order);
        }
        if (crossed || opens_after_it_closed) && !unsure.contains(&fill.symbol) {
            let (id, symbol) = (fill.order, fill.symbol);
            return Err(format!("{id} took {symbol} through zero: {before} became {after}"));
        }
        Ok(())
    }

    fn ids(
        &mut self,
        state: &VenueState,
        positions: &BTreeMap<Symbol, Qty>,
        unsure: &BTreeSet<Symbol>,
        halted: bool,
    ) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for order in &state.open_orders {
            let request = &order.request;
            if !ids.insert(request.id) {
                return Err(format!("{} stands twice at the exchange", request.id));
            }
            let held = positions.get(&request.symbol).copied().unwrap_or_default();
            let is_new = !self.known.contains(&request.id) && !unsure.contains(&request.symbol);
            if halted && is_new && opens(order, held) {
                return Err(format!("an opening order came while everything was halted: {order:?}"));
            }
        }
        self.known.extend(ids);
        Ok(())
    }
}

/// What a kill that says it is confirmed must have left: nothing that opens, and after a flatten nothing.
///
/// # Errors
/// What it left, in words.
pub(super) fn after_kill(market: &Market, outcome: &KillOutcome) -> Result<(), String> {
    if !outcome.confirmed {
        return Ok(());
    }
    let state = market.truth(At::from_nanos(i64::MAX));
    let held = |symbol: Symbol| {
        let position = state.positions.iter().find(|position| position.symbol == symbol);
        position.map_or(Qty::ZERO, |position| position.qty)
    };
    if let Some(order) = state.open_orders.iter().find(|order| opens(order, held(order.request.symbol))) {
        return Err(format!("a kill was confirmed, and an opening order lives on: {order:?}"));
    }
    if outcome.pull.flatten && !state.positions.is_empty() {
        return Err(format!("a flatten was confirmed, and this is still held: {:?}", state.positions));
    }
    Ok(())
}

/// Exits and stops together are never more than what they close.
fn exits_fit(state: &VenueState, symbol: Symbol, held: Qty) -> Result<(), String> {
    let exit = if held.is_negative() { Side::Buy } else { Side::Sell };
    let closing =
        state.open_orders.iter().filter(|order| order.request.symbol == symbol && order.request.side == exit);
    // A target and a stop of one order stand for the same shares.
    let mut groups: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
    for order in closing {
        let other = order.request.one_cancels.unwrap_or(order.request.id);
        let group = other.min(order.request.id);
        let rest = order.request.qty.minus(order.filled).unwrap_or(Qty::ZERO).at_least_zero();
        let largest = groups.entry(group).or_default();
        *largest = rest.max(*largest);
    }
    let all = groups.into_values().fold(Qty::ZERO, |sum, qty| sum.plus(qty).unwrap_or(Qty::LARGEST));
    if !held.is_zero() && all > held.abs() {
        return Err(format!(
            "exits and stops of {symbol} are {all}, and {held} are held: {:?}",
            state.open_orders
        ));
    }
    Ok(())
}

fn opens(order: &VenueOrder, held: Qty) -> bool {
    let exit = if held.is_negative() { Side::Buy } else { Side::Sell };
    held.is_zero() || order.request.side != exit
}
