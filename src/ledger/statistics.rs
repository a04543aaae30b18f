//! The ratios of a run. Ratios are no money: here, and nowhere else in this room, numbers are `f64`.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "ratios of exact sums, for reports; nothing is bought or sold by them"
)]

use crate::domain::decimal::Overflow;
use crate::domain::money::Money;
use crate::ledger::equity::EquityCurve;
use crate::ledger::trade::Trade;

/// Trading days a year, by which a daily Sharpe ratio is annualised.
const DAYS_A_YEAR: f64 = 252.0;

/// What a run came to. Trades are those that ended; what is open counts in the equity at its mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Trades that ended.
    pub trades: usize,
    /// Those with a profit after fees.
    pub wins: usize,
    /// Those with a loss after fees.
    pub losses: usize,
    /// Wins as a part of all, 0 to 1; `None` without a trade.
    pub win_rate: Option<f64>,
    /// Mean profit of the wins, after fees; `None` without one.
    pub average_win: Option<Money>,
    /// Mean loss of the losses, after fees, below zero; `None` without one.
    pub average_loss: Option<Money>,
    /// Σ profits / Σ losses, after fees; `None` without a loss.
    pub profit_factor: Option<f64>,
    /// Mean R multiple of the trades that have one; `None` when none has.
    pub expectancy_r: Option<f64>,
    /// The change of the equity, in per cent of what it began with.
    pub return_pct: f64,
    /// The largest fall of the equity from a running peak, in per cent of that peak.
    pub max_drawdown_pct: f64,
    /// Mean / sample standard deviation of the daily returns · √252, without a risk-free rate. `None`
    /// for fewer than two days or days that are all alike.
    pub sharpe: Option<f64>,
}

/// The statistics of `trades` that ended and of the curve that all of them made.
///
/// # Errors
/// [`Overflow`] when the sums leave the range of money.
pub fn statistics(trades: &[Trade], curve: &EquityCurve) -> Result<Statistics, Overflow> {
    let profits: Vec<Money> = trades.iter().map(|trade| trade.pnl).filter(|pnl| pnl.is_positive()).collect();
    let losses: Vec<Money> = trades.iter().map(|trade| trade.pnl).filter(|pnl| pnl.is_negative()).collect();
    let (profit, loss) = (sum(&profits)?, sum(&losses)?);
    let multiples: Vec<f64> = trades.iter().filter_map(r_multiple).collect();
    let change = curve.last().minus(curve.start())?;
    Ok(Statistics {
        trades: trades.len(),
        wins: profits.len(),
        losses: losses.len(),
        win_rate: (!trades.is_empty()).then(|| profits.len() as f64 / trades.len() as f64),
        average_win: average(profit, profits.len()),
        average_loss: average(loss, losses.len()),
        profit_factor: ratio(profit, loss.negated()),
        expectancy_r: mean(&multiples),
        return_pct: ratio(change, curve.start()).map_or(0.0, |ratio| ratio * 100.0),
        max_drawdown_pct: fall_ratio(curve.deepest_fall().peak, curve.deepest_fall().trough) * 100.0,
        sharpe: sharpe(&daily_returns(curve)),
    })
}

/// Profit or loss after fees in units of the risk taken at entry: +2 made twice what the stop would have
/// lost. `None` without a stop.
#[must_use]
pub fn r_multiple(trade: &Trade) -> Option<f64> {
    ratio(trade.pnl, trade.risk?)
}

/// Profit or loss after fees in per cent of what was entered.
#[must_use]
pub fn pnl_pct(trade: &Trade) -> Option<f64> {
    ratio(trade.pnl, trade.entry_worth).map(|ratio| ratio * 100.0)
}

/// The return of each trading day: its last equity over that of the day before, less one. The first day
/// is measured from the equity the curve began with.
#[must_use]
pub fn daily_returns(curve: &EquityCurve) -> Vec<f64> {
    let closes = curve.daily_closes().iter().map(|(_, close)| *close);
    let before = std::iter::once(curve.start()).chain(closes.clone());
    let changes = closes.zip(before).map(|(close, before)| {
        let change = close.minus(before).ok()?;
        ratio(change, before)
    });
    changes.flatten().collect()
}

/// Mean / sample standard deviation · √252 of daily returns (W. F. Sharpe, "The Sharpe Ratio", 1994).
#[must_use]
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    let mean = mean(returns)?;
    let squares: f64 = returns.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (squares / (returns.len() as f64 - 1.0)).sqrt();
    (returns.len() > 1 && deviation > 0.0).then(|| mean / deviation * DAYS_A_YEAR.sqrt())
}

/// The part of `peak` that is lost at `equity`; 0 where there is nothing to lose.
pub(super) fn fall_ratio(peak: Money, equity: Money) -> f64 {
    peak.minus(equity).ok().and_then(|fall| ratio(fall, peak)).map_or(0.0, |ratio| ratio.max(0.0))
}

fn ratio(part: Money, whole: Money) -> Option<f64> {
    whole.is_positive().then(|| part.to_f64() / whole.to_f64())
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn sum(amounts: &[Money]) -> Result<Money, Overflow> {
    amounts.iter().try_fold(Money::ZERO, |total, amount| total.plus(*amount))
}

fn average(total: Money, count: usize) -> Option<Money> {
    total.attos().checked_div(i128::try_from(count).ok()?).map(Money::from_attos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::at::At;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;

    fn trade(pnl: i32, risk: Option<i32>) -> Trade {
        Trade {
            symbol: "SPY".parse().unwrap(),
            side: Side::Buy,
            opened_at: At::default(),
            closed_at: Some(At::default()),
            qty: Qty::shares(1),
            entry_worth: Money::dollars(200),
            entry: Price::from_cents(20_000),
            exit: None,
            pnl: Money::dollars(pnl),
            fees: Money::ZERO,
            risk: risk.map(Money::dollars),
            mae: Money::ZERO,
            mfe: Money::ZERO,
            tag: None,
        }
    }

    fn close(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn ratios_of_wins_losses_and_breaks_even() {
        let mut curve = EquityCurve::new(Money::dollars(1000));
        curve.push(At::from_seconds(0), Money::dollars(800));
        curve.push(At::from_seconds(60), Money::dollars(1050));
        let trades = [trade(60, Some(20)), trade(-30, Some(30)), trade(0, None), trade(30, None)];
        let found = statistics(&trades, &curve).unwrap();
        assert_eq!((found.trades, found.wins, found.losses), (4, 2, 1));
        close(found.win_rate, 0.5);
        close(found.profit_factor, 3.0);
        close(found.expectancy_r, 1.0);
        close(Some(found.return_pct), 5.0);
        close(Some(found.max_drawdown_pct), 20.0);
        assert_eq!(
            (found.average_win, found.average_loss),
            (Some(Money::dollars(45)), Some(Money::dollars(-30)))
        );
        close(pnl_pct(&trades[0]), 30.0);
    }

    #[test]
    fn what_has_no_ratio_has_none() {
        let curve = EquityCurve::new(Money::dollars(1000));
        let none = statistics(&[], &curve).unwrap();
        assert_eq!(
            (none.win_rate, none.profit_factor, none.expectancy_r, none.sharpe),
            (None, None, None, None)
        );
        let only_wins = statistics(&[trade(5, None)], &curve).unwrap();
        assert_eq!(
            (only_wins.profit_factor, only_wins.expectancy_r, only_wins.average_loss),
            (None, None, None)
        );
    }

    /// By hand: returns of 1 %, 3 % and 2 % have the mean 2 % and the sample deviation 1 %.
    #[test]
    fn the_sharpe_ratio_is_annualised_from_days() {
        close(sharpe(&[0.01, 0.03, 0.02]), 2.0 * 252.0_f64.sqrt());
        assert_eq!((sharpe(&[0.01]), sharpe(&[]), sharpe(&[0.0, 0.0])), (None, None, None));
        let mut curve = EquityCurve::new(Money::dollars(1000));
        for (day, equity) in [(7, 1100), (8, 990)] {
            curve.push(format!("2013-10-0{day}T20:00:00Z").parse().unwrap(), Money::dollars(equity));
        }
        let returns = daily_returns(&curve);
        assert_eq!(returns.len(), 2);
        close(Some(returns[0]), 0.1);
        close(Some(returns[1]), -0.1);
    }
}
