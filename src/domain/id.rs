use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::day::TradingDay;
use crate::domain::mode::Mode;
use crate::domain::text::{padded_order, written_as_text};

const LENGTH_MAX: usize = 48;
const INSTALL_LENGTH: usize = 6;
const KILL_SEQ_MIN: u64 = 1_000_000_000_000;

/// The six characters that tell this installation's orders from any other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstallId([u8; INSTALL_LENGTH]);

/// The id of an order, for us and for the broker: `hs-{env}{install6}-{yymmdd}-{seq}`.
///
/// Never reused: the broker refuses a second order of the same id, which is the last wall against
/// sending one twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientOrderId {
    bytes: [u8; LENGTH_MAX],
    length: u8,
}

/// The text is no id of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an order id is 1 to 48 characters of letters, digits, '-' and '_'")]
pub struct IdFault;

written_as_text!(ClientOrderId, "an order id such as \"hs-s4k2p9x-131007-1\"", ClientOrderId::as_str);

impl FromStr for InstallId {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<Self, IdFault> {
        let bytes: [u8; INSTALL_LENGTH] = text.as_bytes().try_into().map_err(|_| IdFault)?;
        let allowed = bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if allowed { Ok(Self(bytes)) } else { Err(IdFault) }
    }
}

impl fmt::Display for InstallId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl ClientOrderId {
    /// The id of order number `seq` of this installation.
    #[must_use]
    pub fn new(mode: Mode, install: InstallId, day: TradingDay, seq: u64) -> Self {
        let (year, month, date) = day.civil();
        let year = year.rem_euclid(100);
        let text = format!("hs-{}{install}-{year:02}{month:02}{date:02}-{seq}", mode.letter());
        // 17 fixed characters and at most 20 digits: always within the 48.
        Self::from_str(&text).unwrap_or(Self { bytes: [0; LENGTH_MAX], length: 0 })
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let written = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default()
    }

    /// Whether the kill sent it: its numbers are the microseconds of its pull, far above any count of
    /// orders, so that they need no journal to be new.
    #[must_use]
    pub fn is_of_the_kill(&self) -> bool {
        self.seq().is_some_and(|seq| seq >= KILL_SEQ_MIN)
    }

    /// Whether this installation gave it, on whatever day.
    #[must_use]
    pub fn is_of(&self, mode: Mode, install: InstallId) -> bool {
        self.as_str().starts_with(&format!("hs-{}{install}-", mode.letter()))
    }

    /// The id of the stop that goes out with this order: no venue takes one, so it follows from the order's.
    #[must_use]
    pub fn stop_leg(&self) -> Option<Self> {
        self.numbered_after(1)
    }

    /// The id of the target that goes out with this order.
    #[must_use]
    pub fn target_leg(&self) -> Option<Self> {
        self.numbered_after(2)
    }

    /// The id of the order whose stop this would be.
    #[must_use]
    pub fn of_stop_leg(&self) -> Option<Self> {
        self.numbered_before(1)
    }

    /// The id of the order whose target this would be.
    #[must_use]
    pub fn of_target_leg(&self) -> Option<Self> {
        self.numbered_before(2)
    }

    fn numbered_before(&self, further: u64) -> Option<Self> {
        self.numbered(self.seq()?.checked_sub(further)?)
    }

    fn numbered_after(&self, further: u64) -> Option<Self> {
        self.numbered(self.seq()?.checked_add(further)?)
    }

    fn numbered(&self, seq: u64) -> Option<Self> {
        let (front, _) = self.as_str().rsplit_once('-')?;
        format!("{front}-{seq}").parse().ok()
    }

    /// The running number at its end; `None` for an id that is not ours.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        let text = self.as_str();
        if !text.starts_with("hs-") {
            return None;
        }
        text.rsplit_once('-').and_then(|(_, seq)| seq.parse().ok())
    }
}

impl FromStr for ClientOrderId {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<Self, IdFault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(IdFault);
        }
        let mut bytes = [0; LENGTH_MAX];
        bytes.get_mut(..text.len()).ok_or(IdFault)?.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).map_err(|_| IdFault)?;
        Ok(Self { bytes, length })
    }
}

impl Ord for ClientOrderId {
    fn cmp(&self, other: &Self) -> Ordering {
        padded_order(&self.bytes, &other.bytes)
    }
}

impl PartialOrd for ClientOrderId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_mode_day_and_number() {
        let day: TradingDay = "2013-10-07".parse().unwrap();
        let id = ClientOrderId::new(Mode::Sim, "4k2p9x".parse().unwrap(), day, u64::MAX);
        assert_eq!(id.as_str(), "hs-s4k2p9x-131007-18446744073709551615");
        assert_eq!(id.seq(), Some(u64::MAX));
        assert!(id.is_of_the_kill(), "no count of orders comes this far");
        assert!(!ClientOrderId::new(Mode::Sim, "4k2p9x".parse().unwrap(), day, 7).is_of_the_kill());
        let leg = ClientOrderId::new(Mode::Sim, "4k2p9x".parse().unwrap(), day, 9).stop_leg().unwrap();
        assert_eq!(
            (leg.as_str(), id.stop_leg()),
            ("hs-s4k2p9x-131007-10", None),
            "no number beyond the last"
        );
        assert_eq!(leg.of_stop_leg().unwrap().stop_leg(), Some(leg));
        assert_eq!(leg.of_target_leg().unwrap().target_leg(), Some(leg));
        let first = ClientOrderId::new(Mode::Sim, "4k2p9x".parse().unwrap(), day, 1);
        assert_eq!(first.of_target_leg(), None);
        assert_eq!("somebody-else-7".parse::<ClientOrderId>().unwrap().seq(), None);
    }
}
