use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::mode::Mode;

const PAUSE_SECONDS: i64 = 300;

/// What one strategy's failures have cost it. Kept by whoever runs it; the instants are handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strikes {
    count: u8,
    last: Option<At>,
}

/// Whether a strategy may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may.
    Runs,
    /// Not before this instant: the first strike.
    PausedUntil(At),
    /// Not in this session: the second strike.
    OutForTheSession(TradingDay),
    /// Not before the trader approves it again: the third strike.
    NeedsApproval,
}

impl Standing {
    /// Until when it does not run, in words; `None` while it may.
    #[must_use]
    pub fn words(self) -> Option<String> {
        match self {
            Self::Runs => None,
            Self::PausedUntil(until) => Some(format!("it failed, and is paused until {until}")),
            Self::OutForTheSession(day) => Some(format!("it failed twice, and is out for {day}")),
            Self::NeedsApproval => {
                Some("it failed too often; read it and approve it again to let it go on".to_owned())
            }
        }
    }
}

impl Strikes {
    /// What an earlier process left: so many failures, the last at `last`.
    #[must_use]
    pub const fn restored(count: u8, last: At) -> Self {
        Self { count, last: Some(last) }
    }

    /// Whether it may run at `at` where orders go by `mode`: live, nothing that failed once is started
    /// again before the trader approved it anew.
    #[must_use]
    pub fn standing_in(&self, mode: Mode, at: At) -> Standing {
        if mode == Mode::Live && self.count > 0 { Standing::NeedsApproval } else { self.standing(at) }
    }

    /// Counts a failed or killed event at `at`; gives what follows from it.
    pub fn strike(&mut self, at: At) -> Standing {
        self.count = self.count.saturating_add(1);
        self.last = Some(at);
        self.standing(at)
    }

    /// Whether it may run at `at`. A count does not fall by waiting: only a new approval clears it.
    #[must_use]
    pub fn standing(&self, at: At) -> Standing {
        let (count, Some(last)) = (self.count, self.last) else { return Standing::Runs };
        let pause_ends = last.plus_seconds(PAUSE_SECONDS);
        match count {
            1 if at < pause_ends => Standing::PausedUntil(pause_ends),
            2 if TradingDay::of(at) <= TradingDay::of(last) => {
                Standing::OutForTheSession(TradingDay::of(last))
            }
            0..=2 => Standing::Runs,
            _ => Standing::NeedsApproval,
        }
    }

    /// How many strikes there are.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// Forgets them: the trader approved the source anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pauses_two_end_the_session_and_three_need_an_approval() {
        let at = |text: &str| text.parse::<At>().unwrap();
        let first = at("2013-10-07T14:00:00Z");
        let mut strikes = Strikes::default();
        assert_eq!(strikes.standing(first), Standing::Runs);
        assert_eq!(strikes.strike(first), Standing::PausedUntil(at("2013-10-07T14:05:00Z")));
        assert_eq!(strikes.standing(at("2013-10-07T14:04:59Z")), strikes.standing(first));
        assert_eq!(strikes.standing(at("2013-10-07T14:05:00Z")), Standing::Runs);
        let day = "2013-10-07".parse().unwrap();
        assert_eq!(strikes.strike(at("2013-10-07T15:00:00Z")), Standing::OutForTheSession(day));
        assert_eq!(strikes.standing(at("2013-10-07T19:59:00Z")), Standing::OutForTheSession(day));
        assert_eq!(strikes.standing(at("2013-10-08T13:30:00Z")), Standing::Runs);
        assert_eq!(strikes.strike(at("2013-10-08T13:31:00Z")), Standing::NeedsApproval);
        assert_eq!(strikes.standing(at("2014-10-08T13:31:00Z")), Standing::NeedsApproval);
        assert_eq!(Strikes::restored(strikes.count(), at("2013-10-08T13:31:00Z")), strikes);
        let once = Strikes::restored(1, first);
        let (next_day, live) = (at("2013-10-08T13:30:00Z"), Mode::Live);
        assert_eq!(once.standing_in(live, next_day), Standing::NeedsApproval, "nothing restarts by itself");
        assert_eq!(Strikes::default().standing_in(live, next_day), Standing::Runs);
        assert_eq!(once.standing_in(Mode::Sim, next_day), Standing::Runs);
        strikes.clear();
        assert_eq!(strikes.standing(first), Standing::Runs);
    }
}
