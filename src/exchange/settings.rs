use serde::{Deserialize, Serialize};

use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::exchange::faults::Faults;

/// What trading costs, and how much of the market one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// Dollars of commission a share.
    pub fee_per_share: Price,
    /// Commission in per cent of what a fill is worth; comes on top of the fee a share.
    pub fee_pct: Pct,
    /// How much worse than the model's price an order fills that takes whatever there is, in
    /// hundredths of a per cent.
    pub slippage_bps: u32,
    /// The largest part of a bar's volume that fills, in per cent. Without it nothing caps a fill,
    /// the size of a quote neither.
    pub volume_share_pct: Option<Pct>,
}

impl Default for Costs {
    /// No commission, as at Alpaca, one basis point of slippage, a tenth of the volume.
    fn default() -> Self {
        Self {
            fee_per_share: Price::ZERO,
            fee_pct: Pct::default(),
            slippage_bps: 1,
            volume_share_pct: Some(Pct::whole(10)),
        }
    }
}

impl Costs {
    /// No fees, no slippage, all of the volume: for comparisons with engines that know none of them.
    #[must_use]
    pub fn none() -> Self {
        Self { slippage_bps: 0, volume_share_pct: None, ..Self::default() }
    }
}

/// What is fixed for an exchange at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is one property of the exchange")]
pub struct Settings {
    /// The account's cash at the beginning.
    pub cash: Money,
    /// What trading costs.
    pub costs: Costs,
    /// The symbols that can be traded; any symbol where the list is empty.
    pub symbols: Vec<Symbol>,
    /// Whether bars are the only clock: quotes fill nothing, orders rest at once, and a DAY order
    /// belongs to the session of the first bar on which it could fill.
    pub bars_only: bool,
    /// Whether orders fill in the regular session only, and DAY orders end with it. `false` is a
    /// market that never closes.
    pub sessions: bool,
    /// How old a quote may be, in milliseconds, for an arriving order to fill against it.
    pub quote_age_max_ms: u32,
    /// How many times its equity the account may hold: 1 is a cash account, 2 Regulation T.
    pub buying_power_multiple: u32,
    /// Whether shares can be sold short.
    pub shorts: bool,
    /// Whether a stop and a target sleep until their order has filled completely, as at Alpaca; they protect what
    /// has filled from its first share on where it is `false`.
    pub legs_sleep_until_filled: bool,
    /// The most shares that one execution fills, so that orders fill in parts; without it, as many as there are.
    pub shares_a_fill_max: Option<Qty>,
    /// Whether orders and executions of before the last two closes are let go: for rehearsals of years, in which
    /// nobody asks for them. Their ids stay taken.
    pub lets_the_past_go: bool,
    /// How the line to the program breaks.
    pub faults: Faults,
    /// The seed of the faults.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cash: Money::dollars(100_000),
            costs: Costs::default(),
            symbols: Vec::new(),
            bars_only: false,
            sessions: true,
            // Two of the quotes that a bundled minute holds.
            quote_age_max_ms: 120_000,
            buying_power_multiple: 1,
            shorts: true,
            legs_sleep_until_filled: false,
            shares_a_fill_max: None,
            lets_the_past_go: false,
            faults: Faults::default(),
            seed: 1,
        }
    }
}
