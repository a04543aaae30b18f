use std::collections::VecDeque;

use crate::domain::at::At;

/// Requests a minute that Alpaca allows.
#[cfg(test)]
const ALLOWED: usize = 200;
/// Requests within the last minute from which on no opening leaves any more, and no reading is begun. What is
/// left of Alpaca's 200 is kept for cancels, stops and exits, which nothing ever holds back.
const OPENINGS_UP_TO: usize = 120;
const READINGS_UP_TO: usize = 140;
const MINUTE_MS: i64 = 60_000;
/// How long openings and readings pause once the venue says that there were too many requests, doubled with each
/// further time in a row.
const FIRST_PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 60_000;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// An order that opens a position.
    Opening,
    /// A look at the venue.
    Reading,
    /// A cancel, a stop, an exit.
    Urgent,
}

/// The venue's budget of requests. It only ever holds back what opens and what reads.
#[derive(Debug, Default)]
pub(super) struct Tempo {
    sent: VecDeque<At>,
    paused_until: Option<At>,
    turned_away: u32,
}

impl Tempo {
    /// Whether a request of this use may leave now.
    pub(super) fn has_room(&mut self, now: At, of: Use) -> bool {
        self.forget(now);
        let most = match of {
            Use::Urgent => return true,
            Use::Opening => OPENINGS_UP_TO,
            Use::Reading => READINGS_UP_TO,
        };
        self.sent.len() < most && self.paused_until.is_none_or(|until| now >= until)
    }

    /// Counts a request that leaves.
    pub(super) fn note(&mut self, now: At) {
        self.forget(now);
        self.sent.push_back(now);
    }

    /// The venue answered that there were too many.
    pub(super) fn turned_away(&mut self, now: At) {
        let doubled = FIRST_PAUSE_MS.checked_shl(self.turned_away.min(8)).unwrap_or(LONGEST_PAUSE_MS);
        self.turned_away = self.turned_away.saturating_add(1);
        self.paused_until = Some(now.plus_millis(doubled.min(LONGEST_PAUSE_MS)));
    }

    /// The venue answered otherwise.
    pub(super) fn answered(&mut self) {
        self.turned_away = 0;
    }

    fn forget(&mut self, now: At) {
        while self.sent.front().is_some_and(|at| now.millis_since(*at) >= MINUTE_MS) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::Chance;

    #[test]
    fn openings_run_out_before_readings_and_what_is_urgent_never_does() {
        let mut tempo = Tempo::default();
        let now = At::from_seconds(1_000);
        let mut passed = |of: Use| {
            let mut count = 0;
            while count < 1_000 && tempo.has_room(now, of) {
                tempo.note(now);
                count += 1;
            }
            count
        };
        assert_eq!((passed(Use::Opening), passed(Use::Reading), passed(Use::Opening)), (120, 20, 0));
        assert_eq!(passed(Use::Urgent), 1_000);
        assert!(!tempo.has_room(now.plus_seconds(59), Use::Opening));
        assert!(tempo.has_room(now.plus_seconds(60), Use::Opening));
    }

    #[test]
    fn a_venue_that_says_too_many_is_left_alone_by_what_can_wait() {
        let mut tempo = Tempo::default();
        let now = At::from_seconds(1_000);
        tempo.turned_away(now);
        assert!(!tempo.has_room(now.plus_seconds(4), Use::Reading));
        assert!(tempo.has_room(now.plus_seconds(4), Use::Urgent));
        assert!(tempo.has_room(now.plus_seconds(5), Use::Reading));
        for _ in 0..20 {
            tempo.turned_away(now);
        }
        assert!(!tempo.has_room(now.plus_seconds(59), Use::Opening));
        assert!(tempo.has_room(now.plus_seconds(60), Use::Opening));
        tempo.answered();
        tempo.turned_away(now);
        assert!(tempo.has_room(now.plus_seconds(5), Use::Reading), "it begins anew");
    }

    /// A week of virtual time: silence, storms of openings, of reconnects that each ask for a reading, and of
    /// no. As many cancels, stops and exits as a trader's limits allow are never held back, and the venue's 200
    /// a minute are never passed.
    #[test]
    fn in_a_week_of_storms_the_venue_s_budget_is_never_passed_and_nothing_urgent_waits() {
        let (mut tempo, mut chance) = (Tempo::default(), Chance::of(7));
        let (mut sent, mut peak, mut urgent, mut held_back) = (VecDeque::new(), 0_usize, 0, 0_u64);
        let (week_s, mut burst_at) = (7 * 24 * 3_600, 0);
        for second in 0..week_s {
            let now = At::from_seconds(second);
            // Ten minutes of each kind of weather in turn.
            let weather = (second / 600) % 5;
            let mut asks = Vec::new();
            match weather {
                0 => {}
                1 => asks.extend((0..chance.below(20)).map(|_| Use::Opening)),
                2 => asks.extend((0..chance.below(30)).map(|_| Use::Reading)),
                3 => {
                    asks.extend((0..chance.below(10)).map(|_| Use::Opening));
                    asks.extend((0..chance.below(10)).map(|_| Use::Reading));
                    if chance.hits(300) {
                        tempo.turned_away(now);
                    }
                }
                _ => asks.extend((0..chance.below(10)).map(|_| Use::Reading)),
            }
            // Exits and cancels: sixty at most in any minute, all of them at once where it goes badly.
            if second > burst_at {
                burst_at = second + 60 + i64::try_from(chance.below(30)).unwrap();
            }
            if second == burst_at && weather > 0 {
                let burst = if chance.hits(500) { 60 } else { 5 };
                asks.extend((0..burst).map(|_| Use::Urgent));
            }
            for of in asks {
                if tempo.has_room(now, of) {
                    tempo.note(now);
                    sent.push_back(now);
                    urgent += u64::from(of == Use::Urgent);
                } else {
                    assert_ne!(of, Use::Urgent);
                    held_back += 1;
                }
            }
            while sent.front().is_some_and(|at: &At| now.millis_since(*at) >= MINUTE_MS) {
                sent.pop_front();
            }
            peak = peak.max(sent.len());
        }
        assert!(peak <= ALLOWED, "{peak}");
        assert!(peak > READINGS_UP_TO && urgent > 1_000 && held_back > 10_000, "{peak} {urgent} {held_back}");
    }
}
