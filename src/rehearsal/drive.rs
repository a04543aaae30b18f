use serde::{Deserialize, Serialize};

use crate::broker::latch::KillLatch;
use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::engine::event::{Event, StrategyHead};
use crate::engine::settings::{Settings, StrategyHours};
use crate::exchange::settings::{Costs, Settings as ExchangeSettings};
use crate::exchange::venue::Exchange;
use crate::pump::assembly::onto_exchange;
use crate::pump::bench::Callees;
use crate::pump::rows::Rows;
use crate::pump::turn::{Calls, Durability, Parts, Pump};
use crate::rehearsal::findings::Listener;
use crate::risk::limits::Limits;

/// Rows that are written in one go: a backtest can simply be run again.
pub(super) const GROUP_ROWS: u32 = 4_096;

/// Everything a rehearsal runs by but its script and its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The strategy as the machine knows it.
    pub head: StrategyHead,
    /// The version its script gives itself.
    pub version: String,
    /// The cash at the beginning.
    pub cash: Money,
    /// What trading costs.
    pub costs: Costs,
    /// Whether `--costs none` was said.
    pub costs_none: bool,
    /// The limits.
    pub limits: Limits,
    /// The seed of the exchange.
    pub seed: u64,
    /// Whether no quotes will come.
    pub bars_only: bool,
    /// The length of the first bar.
    pub feed_interval_ms: i64,
}

/// A pump that rehearses.
pub(super) type Stage<R, C> = Pump<Listener, R, C>;

/// Puts the machine of `terms` together. Both ways of rehearsing stand on this one.
///
/// # Errors
/// What cannot be put together, in words.
pub(super) fn stage<R: Rows, C: Callees>(terms: &Terms, rows: R, callees: C) -> Result<Stage<R, C>, String> {
    let sessions = terms.limits.regular_session_only;
    let settings = Settings {
        bars_only: terms.bars_only,
        plain_market: terms.bars_only && terms.costs_none,
        strategy_hours: if sessions { StrategyHours::Regular } else { StrategyHours::All },
        equity_row_every_ms: None,
        reconcile_every_ms: None,
        feed_interval_ms: terms.feed_interval_ms,
        ..Settings::new(Mode::Sim, "bcktst")
    };
    let exchange = exchange(terms, sessions);
    let assembly = onto_exchange(settings, terms.limits.clone(), exchange, KillLatch::default())?;
    Ok(Pump::new(Parts {
        engine: assembly.engine,
        door: assembly.door,
        market: Some(assembly.market),
        journal: rows,
        tape: None,
        bench: callees,
        audience: Listener::new(terms.cash),
        durability: Durability::Groups(GROUP_ROWS),
        calls: Calls::QuietCounted,
        last_seq: 0,
    }))
}

/// The first turns: the machine starts, and its strategy is loaded.
pub(super) fn open<R: Rows, C: Callees>(stage: &mut Stage<R, C>, terms: &Terms, first: At) {
    stage.turn(first, Event::Started(Box::default()));
    stage.turn(first, Event::StrategyLoaded(Box::new(terms.head.clone())));
}

/// One tick of the data.
pub(super) fn feed<R: Rows, C: Callees>(stage: &mut Stage<R, C>, tick: &Tick) {
    stage.turn(tick.at(), Event::Tick(*tick));
    if let Tick::Bar(bar) = tick {
        let equity = stage.engine().equity();
        stage.audience_mut().on_bar(bar, equity);
    }
}

fn exchange(terms: &Terms, sessions: bool) -> Exchange {
    Exchange::new(ExchangeSettings {
        cash: terms.cash,
        costs: terms.costs,
        sessions,
        bars_only: terms.bars_only,
        // Without limits the comparison is with engines that know no buying power either.
        buying_power_multiple: if sessions { 1 } else { 1_000 },
        seed: terms.seed,
        lets_the_past_go: true,
        ..ExchangeSettings::default()
    })
}
