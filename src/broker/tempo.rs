use std::collections::VecDeque;

use crate::domain::at::At;

/// Requests a minute that leave at all: Alpaca allows 200.
const REQUESTS_MAX: usize = 180;
/// Of these, requests kept for cancels, stops, exits and reconciles.
const RESERVED: usize = 40;
const MINUTE_MS: i64 = 60_000;

/// The venue's budget of requests. It only ever holds back what opens.
#[derive(Debug, Default)]
pub(super) struct Tempo {
    sent: VecDeque<At>,
}

impl Tempo {
    /// Counts a request. `false`: it opens a position, and the minute has no room for that left.
    pub(super) fn spend(&mut self, now: At, opens: bool) -> bool {
        while self.sent.front().is_some_and(|at| now.millis_since(*at) >= MINUTE_MS) {
            self.sent.pop_front();
        }
        if opens && self.sent.len() >= REQUESTS_MAX - RESERVED {
            return false;
        }
        self.sent.push_back(now);
        if self.sent.len() > REQUESTS_MAX {
            self.sent.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_run_out_and_cancels_never_do() {
        let mut tempo = Tempo::default();
        let now = At::from_seconds(1_000);
        let passed = (0..1_000).filter(|_| tempo.spend(now, true)).count();
        assert_eq!(passed, 140);
        assert!((0..1_000).all(|_| tempo.spend(now, false)));
        assert!(!tempo.spend(now.plus_seconds(59), true));
        assert!(tempo.spend(now.plus_seconds(120), true));
    }
}
