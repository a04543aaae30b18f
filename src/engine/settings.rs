use serde::{Deserialize, Serialize};

use crate::domain::mode::Mode;

/// Which bars strategies are called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyHours {
    /// Bars of the regular session: the part of the day in which they may open positions.
    Regular,
    /// Every bar of the feed.
    All,
}

/// What is fixed for a machine at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one property of the venue or its data")]
pub struct Settings {
    /// Where orders go.
    pub mode: Mode,
    /// The six characters of this installation in every order id.
    pub install: String,
    /// Whether bars are the only clock: no quotes will come.
    pub bars_only: bool,
    /// Which bars strategies are called with.
    pub strategy_hours: StrategyHours,
    /// Whether market openings go out as plain market orders: bars are the only clock and nothing costs.
    pub plain_market: bool,
    /// Milliseconds between two rows of equity; none but at closes without it.
    pub equity_row_every_ms: Option<i64>,
    /// Milliseconds between two reconciles; without it only what happens asks for one.
    pub reconcile_every_ms: Option<i64>,
    /// Whether openings wait for the venue's clock to be read; the embedded exchange has none of its own.
    pub clock_must_be_known: bool,
    /// Whether the stop that goes out with an order sleeps at the venue until the order has filled completely.
    #[serde(default)]
    pub legs_sleep_until_filled: bool,
    /// Whether openings wait for the venue's stream of orders; the embedded exchange has none that could be lost.
    #[serde(default)]
    pub order_stream_must_stand: bool,
    /// Whether openings wait until the trader has armed them: with real money, always.
    #[serde(default)]
    pub must_be_armed: bool,
    /// Whether a symbol that the venue has said nothing of is one it does not trade.
    pub assets_must_be_known: bool,
    /// Milliseconds between two bars or quotes of the feed; freshness is measured by it.
    pub feed_interval_ms: i64,
}

impl Settings {
    /// The settings of a run in `mode` under the id of this installation.
    pub fn new(mode: Mode, install: &str) -> Self {
        Self {
            mode,
            install: install.to_owned(),
            bars_only: false,
            strategy_hours: StrategyHours::Regular,
            plain_market: false,
            equity_row_every_ms: Some(60_000),
            reconcile_every_ms: Some(60_000),
            clock_must_be_known: false,
            order_stream_must_stand: false,
            legs_sleep_until_filled: false,
            must_be_armed: mode == Mode::Live,
            assets_must_be_known: false,
            feed_interval_ms: 60_000,
        }
    }
}
