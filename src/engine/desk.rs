use std::collections::{BTreeMap, BTreeSet};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::Intent;
use crate::domain::market::Bar;
use crate::domain::price::Price;
use crate::domain::trail::Trail;
use crate::domain::venue::AssetFlags;
use crate::engine::bars::BarBuilder;
use crate::engine::naked::Naked;
use crate::engine::past::Past;
use crate::engine::tighten::Tightened;
use crate::engine::volume::VolumeMeter;
use crate::indicators::atr::Atr;

/// The timeframe whose ATR protects the trader's own orders.
pub const MANUAL_TIMEFRAME_MS: i64 = 300_000;
/// The length of the ATR of the stop automation.
const ATR_LENGTH: usize = 14;
/// Bars without which the stop automation names no price.
const ATR_BARS_MIN: u32 = 15;

/// An intent that waits until what stands in its way has ended: an exit behind protective stops, or
/// a new order behind the one it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingAct {
    /// What is to be sent.
    pub intent: Intent,
    /// The strategy's own word for it.
    pub tag: Option<String>,
    /// The orders whose end is awaited.
    pub behind: BTreeSet<ClientOrderId>,
    /// Whether it makes a position smaller, and so may never open one.
    pub exits: bool,
    /// The order it replaces: what that one filled meanwhile is not asked for again.
    pub replaces: Option<ClientOrderId>,
    /// When the waiting began.
    pub since: At,
}

/// What the machine keeps about one symbol.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub struct Desk {
    /// Where a protective stop of this position belongs.
    pub stop_plan: Option<Price>,
    /// Intents that wait for other orders' ends, oldest first.
    pub waiting: Vec<WaitingAct>,
    /// Whether the position's protection must be looked at.
    pub dirty: bool,
    /// Not before this instant is a refused stop tried again.
    pub retry_at: Option<At>,
    /// When the last stop ended that nobody had asked to end.
    pub stop_lost_at: Option<At>,
    /// Whether the trader was told that the stop is missing.
    pub missing_told: bool,
    /// Where a strategy has moved the stop to: one that lies further away gives way.
    pub tightened: Option<Tightened>,
    /// How the protective stop follows the market, where the trader asked for that.
    pub trail: Option<Trail>,
    /// Since when the market is beyond the place of a stop that is missing.
    pub through_since: Option<At>,
    /// The stop for which the trader was told that the market jumped over it.
    pub gap_told: Option<ClientOrderId>,
    /// When the venue was last read and held as many shares as are counted here.
    pub agreed_at: Option<At>,
    /// How far a trailing stop has come, as the venue has shown it.
    pub trailed_to: Option<Price>,
    /// For how long the position stood without its stop.
    pub naked: Naked,
    /// The corporate action that froze the symbol, until the trader has acknowledged what it did.
    pub frozen_by: Option<String>,
    /// A difference with the broker that waits for the trader's word.
    pub adjust_waits: bool,
    /// What the venue does with the symbol, where it has said so.
    pub flags: Option<AssetFlags>,
    /// The venue has stopped trading it.
    pub halted: bool,
    /// The average volume of its sessions.
    pub volume: VolumeMeter,
    /// The last bar.
    pub last_bar: Option<Bar>,
    /// The bars before it, it included.
    pub past: Past,
    ranges: BTreeMap<i64, RangeBench>,
}

#[derive(Debug)]
struct RangeBench {
    builder: BarBuilder,
    atr: Atr,
    bars: u32,
}

impl RangeBench {
    fn add(&mut self, bar: &Bar) {
        // A volume beyond its range leaves the true range as it was: an older range, never a wrong one.
        let Ok(finished) = self.builder.add(bar) else { return };
        for bar in finished.iter().flatten() {
            self.atr.update_bar(bar);
            self.bars = self.bars.saturating_add(1);
        }
    }
}

impl Desk {
    /// Begins to measure the true range of bars of this timeframe, with those that are there already.
    pub fn measure(&mut self, timeframe_ms: i64) {
        if self.ranges.contains_key(&timeframe_ms) {
            return;
        }
        let mut bench =
            RangeBench { builder: BarBuilder::new(timeframe_ms), atr: Atr::new(ATR_LENGTH), bars: 0 };
        self.past.making(u32::MAX, timeframe_ms).iter().for_each(|bar| bench.add(bar));
        self.ranges.insert(timeframe_ms, bench);
    }

    /// Forgets what the ranges of prices were: a split makes them meaningless.
    pub fn forget_ranges(&mut self) {
        self.past.clear();
        let measured: Vec<i64> = self.ranges.keys().copied().collect();
        self.ranges.clear();
        for timeframe_ms in measured {
            self.measure(timeframe_ms);
        }
    }

    /// Its protection is looked at again, at this instant at the latest.
    pub fn look_again(&mut self, at: At) {
        self.retry_at = Some(self.retry_at.map_or(at, |before| before.min(at)));
    }

    /// Takes a bar of the feed.
    pub fn on_bar(&mut self, bar: &Bar) {
        self.last_bar = Some(*bar);
        self.measure(MANUAL_TIMEFRAME_MS);
        self.past.push(bar);
        self.ranges.values_mut().for_each(|bench| bench.add(bar));
    }

    /// The average true range of this timeframe; `None` on fewer than 15 bars.
    pub fn atr(&self, timeframe_ms: i64) -> Option<Price> {
        let bench = self.ranges.get(&timeframe_ms)?;
        if bench.bars < ATR_BARS_MIN {
            return None;
        }
        bench.atr.price().filter(|atr| atr.is_positive())
    }
}
