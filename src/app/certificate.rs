use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::whole_file;
use crate::domain::at::At;
use crate::risk::limits::Limits;

/// For how many days a drill counts.
const DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// That the drills were passed in paper, under which settings, and when. Live is not armed without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// When the last of them was passed.
    pub passed_at: At,
    /// The settings under which they were passed: of another limit nobody knows what a drill would show.
    pub settings: String,
    /// How long the kill took from the pull until the broker showed nothing any more, in milliseconds.
    pub flat_after_ms: i64,
    /// Openings ended when the data did, and went on when they came back.
    pub feed_loss: bool,
    /// A process that died with an order open found it again.
    pub restart: bool,
    /// Orders that the drills sent: a paper account that took none shows nothing.
    pub orders: u32,
}

/// Where it stands.
pub fn place(state: &Path) -> PathBuf {
    state.join("drill.json")
}

/// When the drills were last passed; nothing where they never were, or where nobody can say.
pub fn drilled_at(state: &Path) -> Option<At> {
    Certificate::read(&place(state)).ok().flatten().map(|certificate| certificate.passed_at)
}

/// The settings that a drill is bound to, in eight bytes of a hash: the limits as they are written.
pub fn settings_of(limits: &Limits) -> String {
    let text = serde_json::to_string(limits).unwrap_or_default();
    let hash = Sha256::digest(format!("drill 1 {} {text}", env!("CARGO_PKG_VERSION")));
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Certificate {
    /// Reads it; `None` where there is none.
    ///
    /// # Errors
    /// A file that is not what this program writes.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|fault| format!("{}: {fault}; `hardstop drill` writes a new one", path.display())),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(format!("{}: {fault}", path.display())),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// The file, and why it could not be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|fault| fault.to_string())?;
        whole_file::put(path, text.as_bytes())
    }

    /// Whether it counts now, under these settings.
    ///
    /// # Errors
    /// Why it does not.
    pub fn counts(&self, settings: &str, now: At) -> Result<(), String> {
        if !self.feed_loss || !self.restart || self.orders == 0 {
            return Err("not every drill was passed; `hardstop drill` runs them all".to_owned());
        }
        if self.settings != settings {
            return Err("the limits, or this program, are not those that the drill was passed with; `hardstop drill` \
                        again"
                .to_owned());
        }
        let age_ms = now.millis_since(self.passed_at);
        if age_ms < 0 {
            return Err("the drill was passed in the future by this machine's clock; set it right".to_owned());
        }
        let days = age_ms / DAY_MS;
        if days >= DAYS {
            return Err(format!(
                "the drill was passed {days} days ago, and counts for {DAYS}; `hardstop drill` again"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed() -> Certificate {
        Certificate {
            passed_at: At::from_seconds(1_000_000),
            settings: settings_of(&Limits::default()),
            flat_after_ms: 300,
            feed_loss: true,
            restart: true,
            orders: 3,
        }
    }

    #[test]
    fn a_drill_counts_for_thirty_days_and_only_under_its_own_settings() {
        let (passed, own) = (passed(), settings_of(&Limits::default()));
        let after = |days: i64| At::from_seconds(1_000_000 + days * 86_400);
        assert_eq!(passed.counts(&own, after(0)), Ok(()));
        assert_eq!(passed.counts(&own, after(30).plus_millis(-1)), Ok(()));
        assert!(passed.counts(&own, after(30)).unwrap_err().contains("30 days ago"));
        assert!(passed.counts(&own, after(-1)).unwrap_err().contains("future"));
        let other = Limits { extended_hours: true, ..Limits::default() };
        assert!(passed.counts(&settings_of(&other), after(0)).unwrap_err().contains("limits"));
        for failed in [
            Certificate { feed_loss: false, ..passed.clone() },
            Certificate { restart: false, ..passed.clone() },
            Certificate { orders: 0, ..passed.clone() },
        ] {
            assert!(failed.counts(&own, after(0)).unwrap_err().contains("not every drill"));
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused_by_name() {
        let state = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/certificate");
        std::fs::create_dir_all(&state).unwrap();
        let path = place(&state);
        let _not_there = std::fs::remove_file(&path);
        assert_eq!(Certificate::read(&path), Ok(None));
        passed().write(&path).unwrap();
        assert_eq!(Certificate::read(&path), Ok(Some(passed())));
        std::fs::write(&path, "{\"passed_at\": 1}").unwrap();
        assert!(Certificate::read(&path).unwrap_err().contains("drill.json"));
    }
}
