use std::collections::{BTreeMap, BTreeSet};

use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::ledger::fault::LedgerFault;
use crate::ledger::holding::Holding;
use crate::ledger::lot::{Disposal, Lot};
use crate::ledger::trade::Trade;

/// Every fill of an account, each counted once, and what they came to.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    applied: BTreeSet<String>,
    holdings: BTreeMap<Symbol, Holding>,
    disposals: Vec<Disposal>,
    closed: Vec<Trade>,
    realised: Money,
    fees: Money,
    cash_flow: Money,
}

/// What only the order behind an entry knows. Of no meaning for a fill that only closes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryNote {
    /// The protective stop the entry was made with; R is measured by it for ever, wherever the stop moves.
    pub stop: Option<Price>,
    /// The strategy's own word for the order.
    pub tag: Option<String>,
}

/// What one fill did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Profit or loss of the shares it closed, before fees; zero when it closed none.
    pub realised: Money,
    /// The trade it ended.
    pub closed: Option<Trade>,
}

impl Ledger {
    /// A book without a fill.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a fill.
    ///
    /// # Errors
    /// [`LedgerFault::Repeated`] for an execution that was counted before, and the other faults for a
    /// fill that cannot be one; the book then stays as it was.
    pub fn apply(&mut self, fill: &Fill, note: &EntryNote) -> Result<Applied, LedgerFault> {
        if self.applied.contains(&fill.execution) {
            return Err(LedgerFault::Repeated { execution: fill.execution.clone() });
        }
        if !fill.qty.is_positive() || fill.price < Price::ZERO {
            let (qty, price) = (fill.qty.to_string(), fill.price.to_string());
            return Err(LedgerFault::NoFill { execution: fill.execution.clone(), qty, price });
        }
        // Everything that can fail happens on copies; from the first assignment on nothing can.
        let mut holding =
            self.holdings.get(&fill.symbol).cloned().unwrap_or_else(|| Holding::new(fill.symbol));
        let outcome = holding.apply(fill, note)?;
        let gains = outcome.disposals.iter().map(|disposal| disposal.realised);
        let realised = gains.into_iter().try_fold(Money::ZERO, Money::plus)?;
        let total_realised = self.realised.plus(realised)?;
        let fees = self.fees.plus(fill.fee)?;
        let paid = fill.price.times(fill.qty.signed(fill.side)).plus(fill.fee)?;
        let cash_flow = self.cash_flow.minus(paid)?;

        self.applied.insert(fill.execution.clone());
        self.holdings.insert(fill.symbol, holding);
        self.disposals.extend(outcome.disposals);
        self.closed.extend(outcome.closed.clone());
        (self.realised, self.fees, self.cash_flow) = (total_realised, fees, cash_flow);
        Ok(Applied { realised, closed: outcome.closed })
    }

    /// A share of `symbol` is worth `price` now; the open trade's excursions and its mark follow.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn mark(&mut self, symbol: Symbol, price: Price) -> Result<(), Overflow> {
        self.holdings.get_mut(&symbol).map_or(Ok(()), |holding| holding.observe(price))
    }

    /// A bar of `symbol` passed: both its extremes were seen, and its close is the mark.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn mark_bar(
        &mut self,
        symbol: Symbol,
        low: Price,
        high: Price,
        close: Price,
    ) -> Result<(), Overflow> {
        let Some(holding) = self.holdings.get_mut(&symbol) else { return Ok(()) };
        holding.observe(low)?;
        holding.observe(high)?;
        holding.observe(close)
    }

    /// The signed position.
    #[must_use]
    pub fn position(&self, symbol: Symbol) -> Qty {
        self.holdings.get(&symbol).map_or(Qty::ZERO, |holding| holding.position)
    }

    /// The average price of the open lots, rounded at the ninth place; `None` when flat.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn average_price(&self, symbol: Symbol) -> Result<Option<Price>, Overflow> {
        self.holdings.get(&symbol).map_or(Ok(None), Holding::average_price)
    }

    /// The open lots, oldest first.
    pub fn lots(&self, symbol: Symbol) -> impl Iterator<Item = &Lot> {
        self.holdings.get(&symbol).into_iter().flat_map(|holding| holding.lots.iter())
    }

    /// Profit and loss of everything that was closed, before fees; exact.
    #[must_use]
    pub const fn realised(&self) -> Money {
        self.realised
    }

    /// All fees, those of open positions too.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// What the fills did to the cash: −Σ signed quantity · price − fees.
    #[must_use]
    pub const fn cash_flow(&self) -> Money {
        self.cash_flow
    }

    /// What the open lots have gained at their last marks, before fees.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn unrealised(&self) -> Result<Money, Overflow> {
        self.holdings.values().try_fold(Money::ZERO, |total, holding| total.plus(holding.unrealised()?))
    }

    /// What all positions are worth at their last marks; short ones count below zero.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn worth(&self) -> Result<Money, Overflow> {
        self.holdings.values().try_fold(Money::ZERO, |total, holding| total.plus(holding.worth()))
    }

    /// The trades that ended, in the order in which they did.
    #[must_use]
    pub fn closed_trades(&self) -> &[Trade] {
        &self.closed
    }

    /// The trades under way, by symbol, at their last marks.
    ///
    /// # Errors
    /// [`Overflow`] outside the range.
    pub fn open_trades(&self) -> Result<Vec<Trade>, Overflow> {
        self.holdings.values().filter_map(|holding| holding.open_trade().transpose()).collect()
    }

    /// Every lot, or part of one, that was closed, first in first out.
    #[must_use]
    pub fn disposals(&self) -> &[Disposal] {
        &self.disposals
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::side::Side;
    use proptest::prelude::*;

    /// `"buy 10 SPY 101.5"`, a minute after the one before, with a fee of a cent for every share.
    fn fill(number: usize, text: &str) -> Fill {
        let words: Vec<&str> = text.split(' ').collect();
        let qty: Qty = words[1].parse().unwrap();
        Fill {
            execution: format!("e{number}"),
            order: "hs-1".parse().unwrap(),
            symbol: words[2].parse().unwrap(),
            side: if words[0] == "buy" { Side::Buy } else { Side::Sell },
            qty,
            price: words[3].parse().unwrap(),
            fee: Price::from_cents(1).times(qty),
            at: At::from_seconds(60 * i64::try_from(number).unwrap()),
        }
    }

    fn note(stop: Option<&str>) -> EntryNote {
        EntryNote { stop: stop.map(|stop| stop.parse().unwrap()), tag: Some("cross".into()) }
    }

    fn book(fills: &[&str]) -> Ledger {
        let mut ledger = Ledger::new();
        for (number, text) in fills.iter().enumerate() {
            ledger.apply(&fill(number, text), &note(None)).unwrap();
        }
        ledger
    }

    #[test]
    fn the_oldest_shares_go_first() {
        let ledger = book(&["buy 10 SPY 100", "buy 10 SPY 110", "sell 15 SPY 120"]);
        assert_eq!(ledger.realised().exact(), "250");
        let left: Vec<String> = ledger.lots("SPY".parse().unwrap()).map(|lot| format!("{lot:?}")).collect();
        assert_eq!(left.len(), 1);
        assert!(left[0].contains("qty: 5, price: 110, fee: 0.05"), "{left:?}");
        assert_eq!(ledger.average_price("SPY".parse().unwrap()), Ok(Some("110".parse().unwrap())));
        assert_eq!(ledger.cash_flow().exact(), "-300.35");
        assert!(ledger.closed_trades().is_empty());
        let open = &ledger.open_trades().unwrap()[0];
        assert_eq!((open.pnl.exact(), open.exit), ("299.65".into(), Some("120".parse().unwrap())));
    }

    #[test]
    fn a_fill_through_zero_ends_one_trade_and_begins_the_next() {
        let ledger = book(&["buy 10 SPY 100", "sell 25 SPY 104", "buy 15 SPY 101"]);
        let trades = ledger.closed_trades();
        assert_eq!(trades.len(), 2);
        assert_eq!(
            (trades[0].side, trades[0].qty, trades[0].pnl.exact()),
            (Side::Buy, Qty::shares(10), "39.8".into())
        );
        assert_eq!(
            (trades[1].side, trades[1].qty, trades[1].pnl.exact()),
            (Side::Sell, Qty::shares(15), "44.7".into())
        );
        assert_eq!(ledger.cash_flow().exact(), "84.5");
        assert!(ledger.open_trades().unwrap().is_empty() && ledger.worth().unwrap().is_zero());
    }

    #[test]
    fn excursions_are_of_the_whole_trade_and_r_of_its_first_stops() {
        let mut ledger = Ledger::new();
        let spy = "SPY".parse().unwrap();
        let price = |text: &str| text.parse::<Price>().unwrap();
        ledger.apply(&fill(0, "sell 10 SPY 100"), &note(Some("102"))).unwrap();
        ledger.mark_bar(spy, price("97"), price("101"), price("98")).unwrap();
        ledger.apply(&fill(1, "buy 4 SPY 98"), &note(None)).unwrap();
        ledger.mark(spy, price("103")).unwrap();
        let closed = ledger.apply(&fill(2, "buy 6 SPY 99"), &note(None)).unwrap().closed.unwrap();
        assert_eq!((closed.mae.exact(), closed.mfe.exact()), ("-10".into(), "30".into()));
        assert_eq!(closed.risk, Some(Money::dollars(20)));
        assert_eq!((closed.pnl.exact(), closed.exit), ("13.8".into(), Some(price("98.6"))));

        ledger.apply(&fill(3, "buy 1 SPY 100"), &note(Some("99"))).unwrap();
        ledger.apply(&fill(4, "buy 1 SPY 100"), &note(None)).unwrap();
        assert_eq!(ledger.open_trades().unwrap()[0].risk, None, "an entry without a stop has no known risk");
        let wrong_side = &note(Some("101"));
        ledger.apply(&fill(5, "buy 1 IBM 100"), wrong_side).unwrap();
        assert_eq!(ledger.open_trades().unwrap()[0].risk, None);
    }

    #[test]
    fn what_is_no_fill_changes_nothing() {
        let mut ledger = book(&["buy 10 SPY 100"]);
        let before = format!("{ledger:?}");
        let repeated = ledger.apply(&fill(0, "sell 10 SPY 120"), &note(None)).unwrap_err();
        assert_eq!(repeated, LedgerFault::Repeated { execution: "e0".into() });
        for bad in ["buy 0 SPY 1", "buy -1 SPY 1", "buy 1 SPY -1"] {
            assert!(
                matches!(ledger.apply(&fill(1, bad), &note(None)), Err(LedgerFault::NoFill { .. })),
                "{bad}"
            );
        }
        let mut huge = fill(2, "buy 1 SPY 1");
        huge.fee = Money::from_attos(i128::MAX);
        assert!(matches!(ledger.apply(&huge, &note(None)), Err(LedgerFault::Overflow(_))));
        assert_eq!(format!("{ledger:?}"), before);
    }

    /// The slow model: every share by itself, in a queue; those of a short position are negative.
    #[derive(Default)]
    struct Slow {
        shares: BTreeMap<Symbol, Vec<(i64, Money)>>,
        realised: Money,
    }

    impl Slow {
        fn apply(&mut self, fill: &Fill) {
            let sign = if fill.side == Side::Buy { 1 } else { -1 };
            let worth = fill.price.times(Qty::shares(1));
            let shares = self.shares.entry(fill.symbol).or_default();
            for _ in 0..fill.qty.nanos() / 1_000_000_000 {
                if shares.first().is_some_and(|(held, _)| *held != sign) {
                    let (held, cost) = shares.remove(0);
                    let gain = worth.minus(cost).unwrap();
                    let gain = if held == 1 { gain } else { gain.negated() };
                    self.realised = self.realised.plus(gain).unwrap();
                } else {
                    shares.push((sign, worth));
                }
            }
        }
    }

    fn sum(amounts: impl Iterator<Item = Money>) -> Money {
        amounts.fold(Money::ZERO, |total, amount| total.plus(amount).unwrap())
    }

    fn check(ledger: &Ledger, slow: &Slow) {
        assert_eq!(ledger.realised(), slow.realised);
        for (symbol, shares) in &slow.shares {
            let position: i64 = shares.iter().map(|(sign, _)| sign).sum();
            assert_eq!(ledger.position(*symbol).nanos(), position * 1_000_000_000);
            let lots = ledger.lots(*symbol).flat_map(|lot| {
                let count = usize::try_from(lot.qty.nanos() / 1_000_000_000).unwrap();
                std::iter::repeat_n(lot.price.times(Qty::shares(1)), count)
            });
            assert!(lots.eq(shares.iter().map(|(_, worth)| *worth)), "lots of {symbol}");
        }
        let gained = ledger.realised().plus(ledger.unrealised().unwrap()).unwrap();
        let net = gained.minus(ledger.fees()).unwrap();
        assert_eq!(ledger.cash_flow().plus(ledger.worth().unwrap()).unwrap(), net, "cash and worth");
        let open = ledger.open_trades().unwrap();
        assert_eq!(sum(ledger.closed_trades().iter().chain(&open).map(|trade| trade.pnl)), net, "trades");
        for trade in ledger.closed_trades().iter().chain(&open) {
            let gross = trade.pnl.plus(trade.fees).unwrap();
            assert!(trade.mae <= gross && gross <= trade.mfe, "{trade:?}");
        }
        let lots = slow.shares.keys().flat_map(|symbol| ledger.lots(*symbol)).map(|lot| lot.fee);
        assert_eq!(
            sum(ledger.disposals().iter().map(|disposal| disposal.fees).chain(lots)),
            ledger.fees(),
            "fees"
        );
        assert_eq!(sum(ledger.disposals().iter().map(|disposal| disposal.realised)), ledger.realised());
    }

    proptest! {
        #[test]
        fn every_run_of_fills_agrees_with_the_slow_model(
            fills in prop::collection::vec((any::<bool>(), 1..9_i32, any::<bool>(), 1..20_000_i32), 1..40),
            repeated in 0..40_usize,
        ) {
            let (mut ledger, mut slow) = (Ledger::new(), Slow::default());
            for (number, (buys, qty, spy, cents)) in fills.iter().enumerate() {
                let (side, symbol) = (if *buys { "buy" } else { "sell" }, if *spy { "SPY" } else { "IBM" });
                let fill = fill(number, &format!("{side} {qty} {symbol} {}", Price::from_cents(*cents)));
                ledger.apply(&fill, &note(None)).unwrap();
                slow.apply(&fill);
                if number >= repeated {
                    let again = Fill { execution: format!("e{repeated}"), ..fill };
                    prop_assert!(ledger.apply(&again, &note(None)).is_err());
                }
                check(&ledger, &slow);
                ledger.mark("SPY".parse().unwrap(), Price::from_cents(*cents / 2)).unwrap();
                check(&ledger, &slow);
            }
        }
    }
}
