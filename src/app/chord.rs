/// Presses closer than this are one key that is held down.
const HELD_MS: u64 = 250;
/// After its first press a held key is silent for at most so long before it repeats: keyboards wait
/// between 200 ms and a second.
const SILENT_MS: u64 = 1_100;

/// What one report of the chord is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    /// A press of its own.
    Counts,
    /// The key is still down.
    Held,
    /// A second press, or a held key's repeat after a silence: what follows tells.
    Unclear,
}

/// Presses of the kill chord told from a key that is held down. Terminals mostly report a held key as
/// many presses: the first, a silence, then one every few hundredths of a second.
#[derive(Debug, Default)]
pub(super) struct Chord {
    last_ms: Option<u64>,
}

impl Chord {
    /// The chord was reported, by a clock that never goes back.
    pub(super) fn pressed(&mut self, at_ms: u64) -> Press {
        let gap = self.last_ms.map(|last| at_ms.saturating_sub(last));
        self.last_ms = Some(at_ms);
        match gap {
            Some(gap) if gap < HELD_MS => Press::Held,
            // Also amid repeats: a line that stalls holds them back and lets them go all at once.
            Some(gap) if gap <= SILENT_MS => Press::Unclear,
            _ => Press::Counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(times: &[u64], expect: &[Press]) {
        let mut chord = Chord::default();
        let told: Vec<Press> = times.iter().map(|at| chord.pressed(*at)).collect();
        assert_eq!(told, expect, "{times:?}");
    }

    #[test]
    fn a_held_key_is_told_from_two_presses() {
        use Press::{Counts, Held, Unclear};
        check(&[0, 30, 60, 90], &[Counts, Held, Held, Held]);
        check(&[0, 660, 690, 720], &[Counts, Unclear, Held, Held]);
        check(&[0, 2_000], &[Counts, Counts]);
        check(&[0, 660, 690, 720, 1_100], &[Counts, Unclear, Held, Held, Unclear]);
        check(&[0, 30, 430, 430, 430], &[Counts, Held, Unclear, Held, Held]);
    }
}
