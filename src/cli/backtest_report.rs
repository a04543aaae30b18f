use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::domain::price::Price;
use crate::domain::symbol::Symbol;
use crate::ledger::envelope::Envelope;
use crate::rehearsal::backtest::Question;
use crate::rehearsal::findings::Findings;
use crate::report::facts::{Closes, Facts, Figures, Refused, Terms};
use crate::risk::refusal::Code;

/// Points of one symbol's closes: more than a page is wide.
const CLOSES_MAX: usize = 1_500;

/// What the page of a backtest is told: the findings, and what was asked.
pub(super) fn facts(question: &Question, findings: &Findings, splits: bool) -> Facts {
    let (closes, quotes) = data(question, &findings.symbols);
    let costs = question.costs;
    Facts {
        program: concat!("hardstop ", env!("CARGO_PKG_VERSION")).to_owned(),
        strategy: findings.strategy.clone(),
        version: findings.version.clone(),
        sha256: question.source.hash.to_string(),
        params: findings.params.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        symbols: findings.symbols.clone(),
        from: findings.from,
        to: findings.to,
        seed: question.seed,
        journal_hash: findings.journal_hash.clone(),
        sandbox: findings.sandbox.clone(),
        figures: figures(findings),
        stopped: findings.stopped.clone(),
        refusals: findings.refusals.iter().map(|(code, count)| refused(code, *count)).collect(),
        equity: findings.equity_points.clone(),
        months: findings.months.clone(),
        closes,
        trades: findings.trade_rows.clone(),
        terms: Terms {
            bars_only: !quotes,
            costs_none: question.costs_none,
            splits,
            regular_session_only: question.limits.regular_session_only,
            fee_per_share: costs.fee_per_share,
            fee_pct: costs.fee_pct,
            slippage_bps: costs.slippage_bps,
            volume_share_pct: costs.volume_share_pct,
        },
    }
}

fn figures(findings: &Findings) -> Figures {
    Figures {
        bars: findings.bars,
        orders: findings.orders,
        fills: findings.fills,
        trades: findings.trades as u64,
        cash: findings.cash.clone(),
        final_equity: findings.final_equity.clone(),
        fees: findings.fees.clone(),
        return_pct: findings.return_pct,
        max_drawdown_pct: findings.max_drawdown_pct,
        sharpe: findings.sharpe,
        profit_factor: findings.profit_factor,
        expectancy_r: findings.expectancy_r,
    }
}

fn refused(code: &str, count: u64) -> Refused {
    let meaning = Code::from_word(code).map_or("", Code::meaning);
    Refused { code: code.to_owned(), meaning: meaning.to_owned(), count }
}

/// The closes of each symbol that was traded, thinned; and whether any quote counted.
fn data(question: &Question, symbols: &[Symbol]) -> (Vec<Closes>, bool) {
    let mut lines: BTreeMap<Symbol, Envelope<At, Price>> =
        symbols.iter().map(|symbol| (*symbol, Envelope::new(CLOSES_MAX))).collect();
    let mut quotes = false;
    for tick in question.ticks() {
        match tick {
            Tick::Bar(bar) => {
                if let Some(line) = lines.get_mut(&bar.symbol) {
                    line.push(bar.end, bar.close);
                }
            }
            Tick::Quote(_) | Tick::Trade(_) => quotes = true,
        }
    }
    let closes = lines.into_iter().map(|(symbol, line)| Closes { symbol, points: line.points() });
    (closes.collect(), quotes)
}
