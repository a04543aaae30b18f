use crate::domain::chance::Chance;

/// The first wait before a stream is tried again, and the longest.
const FIRST_MS: u64 = 500;
const LONGEST_MS: u64 = 30_000;
/// Where the venue says that asking again changes nothing, it is asked this seldom: it has been wrong before.
const REFUSED_MS: u64 = 60_000;

/// How long to wait before a lost stream is tried again: longer each time, and never the same for two programs
/// that lost it together.
#[derive(Debug)]
pub(super) struct Backoff {
    chance: Chance,
    lost: u32,
}

impl Backoff {
    pub(super) const fn new(seed: u64) -> Self {
        Self { chance: Chance::of(seed), lost: 0 }
    }

    /// Milliseconds until the next try: from a half to the whole of a span that doubles with each loss.
    pub(super) fn lost(&mut self) -> u64 {
        let doubled = FIRST_MS.checked_shl(self.lost.min(16)).unwrap_or(LONGEST_MS);
        self.lost = self.lost.saturating_add(1);
        self.spread(doubled.min(LONGEST_MS))
    }

    /// Milliseconds until the next try after a no.
    pub(super) fn refused(&mut self) -> u64 {
        self.spread(REFUSED_MS)
    }

    /// It has stood long enough to begin anew with the next loss.
    pub(super) const fn stood(&mut self) {
        self.lost = 0;
    }

    fn spread(&mut self, span_ms: u64) -> u64 {
        let half = span_ms.checked_div(2).unwrap_or(span_ms);
        half.saturating_add(self.chance.below(half.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_two_programs_do_not_come_together() {
        let (mut one, mut other) = (Backoff::new(1), Backoff::new(2));
        let waits: Vec<u64> = (0..12).map(|_| one.lost()).collect();
        for (wait, span) in waits.iter().zip([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
            assert!((span / 2..=span).contains(wait), "{waits:?}");
        }
        assert_ne!(waits, (0..12).map(|_| other.lost()).collect::<Vec<_>>());
        one.stood();
        assert!(one.lost() <= 500);
        assert!((30_000..=60_000).contains(&one.refused()));
    }
}
