use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;

/// How long a cancel that was sent is not sent again, doubled with each time up to the longest.
const FIRST_MS: i64 = 1_000;
const LONGEST_MS: i64 = 16_000;
/// An order whose cancel was not asked for in so long is forgotten.
const FORGOTTEN_MS: i64 = 120_000;

/// Cancels that were sent a moment ago. The first of an order always leaves at once; the same again and again, while
/// the venue does not answer, would use up the requests that other cancels need.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    sent: BTreeMap<ClientOrderId, (At, u32)>,
}

impl Repeats {
    /// Whether a cancel of an order leaves now, which it then does.
    pub(super) fn leaves(&mut self, id: ClientOrderId, now: At) -> bool {
        self.sent.retain(|_, (last, _)| now.millis_since(*last) < FORGOTTEN_MS);
        let (last, times) = self.sent.entry(id).or_insert((At::from_nanos(i64::MIN), 0));
        let doubled = FIRST_MS.checked_shl(times.saturating_sub(1)).unwrap_or(LONGEST_MS);
        if *times > 0 && now.millis_since(*last) < doubled.min(LONGEST_MS) {
            return false;
        }
        (*last, *times) = (now, times.saturating_add(1).min(32));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_leaves_at_once_and_repeats_ever_less_often() {
        let mut repeats = Repeats::default();
        let (one, other) = ("hs-pabcdef-131007-1".parse().unwrap(), "hs-pabcdef-131007-2".parse().unwrap());
        let at = |tenths: i64| At::from_millis(1_381_154_400_000 + tenths * 100);
        let left: Vec<i64> = (0..600).filter(|tenths| repeats.leaves(one, at(*tenths))).collect();
        assert_eq!(left, [0, 10, 30, 70, 150, 310, 470]);
        assert!(repeats.leaves(other, at(0)), "another order's waits for none of them");
        assert!(
            repeats.leaves(one, at(470 + 1_200)) && repeats.leaves(one, at(470 + 1_210)),
            "it begins anew"
        );
    }
}
