use std::fmt;
use std::path::PathBuf;

use crate::app::certificate::Certificate;
use crate::app::clock;
use crate::app::key_slots::{KeySlot, Second, passphrase};
use crate::domain::secret::Secret;
use crate::vault::redact::masked;
use crate::vault::sealed::Opened;

/// How many letters of the account's number are typed.
const TAIL: usize = 4;

/// What must hold outside of the machine before live may open anything: all of it is looked at, each time.
pub struct Armoury {
    /// Whose vault opens, and how often that was tried in vain.
    pub slot: KeySlot,
    /// The account's number, as the broker told it at the start.
    pub account: String,
    /// The six characters of this installation: whoever reads the journal sees on which machine it was armed.
    pub install: String,
    /// Whether the config allows live at all.
    pub enabled: bool,
    /// Where the certificate of the drills stands.
    pub certificate: PathBuf,
    /// The settings that it must have been passed with.
    pub settings: String,
}

/// What the trader has typed to arm.
pub struct TypedToArm {
    /// The last letters of the account's number.
    pub account: String,
    /// The vault's passphrase.
    pub passphrase: Secret,
    /// The second factor's code; empty where none was typed.
    pub code: Secret,
}

impl Armoury {
    /// Where it is armed, in words.
    pub fn place(&self) -> String {
        format!("armed by the installation {}", self.install)
    }

    /// The account, as it may be shown.
    pub fn account_tail(&self) -> String {
        masked(&self.account)
    }

    /// What stands in the way, the typed words left aside.
    pub fn obstacles(&self) -> Vec<String> {
        let mut obstacles = Vec::new();
        if !self.enabled {
            obstacles.push("[live] enabled is not true in the config".to_owned());
        }
        let drill = match Certificate::read(&self.certificate) {
            Ok(Some(certificate)) => certificate.counts(&self.settings, clock::now()),
            Ok(None) => Err("no drill was passed yet; `hardstop drill` runs it in paper".to_owned()),
            Err(words) => Err(words),
        };
        obstacles.extend(drill.err());
        obstacles
    }

    /// Looks at everything; on what grounds live may be armed. The passphrase is tried last, and only where all
    /// else holds: a try that is wrong is counted.
    ///
    /// # Errors
    /// Everything that stands in the way, in words.
    pub fn judge(&self, typed: &TypedToArm) -> Result<String, Vec<String>> {
        let mut obstacles = self.obstacles();
        let count = self.account.chars().count();
        let tail: String = self.account.chars().skip(count.saturating_sub(TAIL)).collect();
        if typed.account.trim().is_empty() || !typed.account.trim().eq_ignore_ascii_case(&tail) {
            obstacles
                .push("what was typed are not the last four characters of this account's number".to_owned());
        }
        if !obstacles.is_empty() {
            return Err(obstacles);
        }
        let opened =
            self.opened(&typed.passphrase, &Second::Code(&typed.code)).map_err(|words| vec![words])?;
        let kept = opened.contents.live.as_ref().map(|live| live.account.as_str());
        if kept != Some(self.account.as_str()) {
            return Err(vec![
                "the keys in the vault are of another account than this run's; start it again".to_owned(),
            ]);
        }
        Ok(format!("account {}, passphrase, drill", self.account_tail()))
    }

    fn opened(&self, typed: &Secret, second: &Second<'_>) -> Result<Opened, String> {
        passphrase(typed).and_then(|passphrase| self.slot.unlock(&passphrase, second))
    }

    /// Whether it is the trader who sits there: for what loosens something, with the second factor.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn is_the_trader(&self, typed: &Secret, second: &Second<'_>) -> Result<(), String> {
        self.opened(typed, second).map(drop)
    }

    /// Whether a second factor is asked for, as far as its note says.
    pub fn asks_for_a_code(&self) -> bool {
        self.slot.note().ok().flatten().is_some_and(|note| note.second_factor)
    }

    /// Whether so many passphrases were wrong that live must not stay armed.
    pub fn is_locked_out(&self) -> bool {
        self.slot.tries().look(clock::now()).is_disarmed
    }
}

impl fmt::Debug for Armoury {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Armoury")
    }
}
