use crate::domain::calendar::{Auctions, Phase};
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::risk::passport::OwnBook;
use crate::risk::refusal::NotReady;

/// What the gate cannot know by itself and is told with each intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own, named in the contract")]
pub struct Situation {
    /// The part of the exchange's day that the order would act in.
    pub phase: Phase,
    /// Which auctions take orders now.
    pub auctions: Auctions,
    /// Live, and not armed.
    pub disarmed: bool,
    /// The first part of the program that is not ready for openings.
    pub not_ready: Option<NotReady>,
    /// The asking strategy is paused or disabled.
    pub strategy_stopped: bool,
    /// What the asking strategy holds of its own; without it, one that is bounded by it opens nothing.
    pub own: OwnBook,
    /// A pause after losses is running.
    pub cooling_down: bool,
    /// The symbol is halted, in a limit-up limit-down pause, or frozen by a corporate action.
    pub symbol_halted: bool,
    /// The venue trades the symbol.
    pub tradable: bool,
    /// The venue lends the symbol for selling short.
    pub shortable: bool,
    /// The venue takes parts of a share of the symbol.
    pub fractionable: bool,
    /// A protective stop of the symbol is missing or being re-placed.
    pub missing_stop: bool,
    /// What the broker still lets us buy. `None` takes the account's last reading, less what was
    /// admitted since; where that is missing too, openings are refused.
    pub buying_power: Option<Money>,
    /// The symbol's average volume over 20 days, where it is known.
    pub average_volume: Option<Qty>,
    /// ATR(14) for stop automation; `None` with fewer than 15 bars.
    pub atr: Option<Price>,
    /// Market openings go out as plain market orders: bars are the only clock and nothing costs.
    pub plain_market: bool,
}

/// The ids under which a whole-share opening order's legs would go out, reserved by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegIds {
    /// Of the protective stop.
    pub stop: ClientOrderId,
    /// Of the target.
    pub target: ClientOrderId,
}

impl Situation {
    /// Nothing stands in the way, and nothing beyond it is known.
    #[must_use]
    pub const fn clear(phase: Phase) -> Self {
        Self {
            phase,
            auctions: Auctions::BOTH,
            disarmed: false,
            not_ready: None,
            strategy_stopped: false,
            own: OwnBook { qty: Qty::ZERO, day_loss: None, said_yes: false },
            cooling_down: false,
            symbol_halted: false,
            tradable: true,
            shortable: true,
            fractionable: true,
            missing_stop: false,
            buying_power: None,
            average_volume: None,
            atr: None,
            plain_market: false,
        }
    }
}
