use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::money::Money;
use crate::domain::qty::Qty;
use crate::engine::memory::RememberedAdjust;
use crate::engine::reconcile::Difference;
use crate::risk::refusal::NotReady;

/// Whether the machine may open positions at all, and if not, why.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one cause of its own")]
pub struct Readiness {
    /// The broker takes the account's keys, as far as is known.
    pub keys_taken: bool,
    /// The feed is not silent.
    pub feed_fresh: bool,
    /// The venue's clock is near enough to ours.
    pub clock_fits: bool,
    /// By how many milliseconds it is ahead of ours; nothing where it is not known.
    pub clock_offset_ms: Option<i64>,
    /// The trader was told that it is off, though near enough.
    pub clock_warned: bool,
    /// The journal takes rows.
    pub journal_writable: bool,
    /// The venue's stream of orders stands.
    pub stream_stands: bool,
    /// The trader was told that it is lost.
    pub stream_loss_told: bool,
    /// The trader was told that openings wait for the clock.
    pub clock_off_told: bool,
    /// The machine and the venue agreed at the last reading, or one reading has just failed.
    pub reconciled: bool,
    /// The last process ended without saying so, and the trader has not acknowledged it.
    pub unclean: bool,
    /// The broker rejected too many orders within a minute, and the trader has not acknowledged it.
    pub reject_storm: bool,
    /// When the venue is to be read next.
    pub ask_venue_at: Option<At>,
    /// When the first of the failed readings in a row was made.
    pub differs_since: Option<At>,
    /// Whether the venue is being read.
    pub asking: bool,
    /// Whether it is to be read once more as soon as it has been.
    pub ask_again: bool,
    /// Differences that wait for the trader's word, by number.
    pub adjusts: BTreeMap<u64, Difference>,
    /// Those of them that the trader has accepted, with his words, until the next reading.
    pub acknowledged: BTreeMap<u64, String>,
    /// The number of the next difference.
    pub next_adjust: u64,
    /// By how much the broker's cash is above ours where all shares agree, and since when.
    pub cash_apart: Option<(At, Money)>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self {
            keys_taken: true,
            feed_fresh: true,
            clock_fits: true,
            clock_offset_ms: None,
            clock_warned: false,
            journal_writable: true,
            stream_stands: true,
            stream_loss_told: false,
            clock_off_told: false,
            reconciled: false,
            unclean: false,
            reject_storm: false,
            ask_venue_at: None,
            differs_since: None,
            asking: false,
            ask_again: false,
            adjusts: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            next_adjust: 1,
            cash_apart: None,
        }
    }
}

impl Readiness {
    /// Takes up the differences of earlier processes.
    pub fn remember_adjusts(&mut self, remembered: &[RememberedAdjust]) {
        for adjust in remembered {
            self.next_adjust = self.next_adjust.max(adjust.number.saturating_add(1));
            if !adjust.acknowledged {
                let difference = Difference {
                    symbol: adjust.symbol,
                    engine: adjust.engine,
                    broker: adjust.broker,
                    avg_price: adjust.avg_price,
                    because: None,
                    journal: None,
                };
                self.adjusts.insert(adjust.number, difference);
            }
        }
    }

    /// The journal's rows were counted for a difference.
    pub fn on_counted(&mut self, number: u64, qty: Qty) {
        if let Some(difference) = self.adjusts.get_mut(&number) {
            difference.journal = Some(qty);
        }
    }

    /// The first cause for which openings must wait.
    pub fn cause(&self) -> Option<NotReady> {
        if !self.keys_taken {
            Some(NotReady::Keys)
        } else if !self.feed_fresh {
            Some(NotReady::Feed)
        } else if !self.clock_fits {
            Some(NotReady::Clock)
        } else if !self.stream_stands {
            Some(NotReady::Stream)
        } else if !self.reconciled {
            Some(NotReady::Reconcile)
        } else if !self.journal_writable {
            Some(NotReady::Journal)
        } else if self.reject_storm {
            Some(NotReady::RejectStorm)
        } else if self.unclean {
            Some(NotReady::UncleanStart)
        } else {
            None
        }
    }
}
