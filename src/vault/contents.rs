use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::domain::at::At;
use crate::domain::secret::{Keys, Secret};
use crate::vault::fault::VaultFault;
use crate::vault::fresh::AuditKey;
use crate::vault::second_factor::SecondFactor;
use crate::vault::totp::TotpSecret;

/// What a vault holds at most, in bytes of its text.
pub(super) const BYTES_MAX: usize = 16 * 1024;

/// The keys of the live account.
pub struct LiveKeys {
    /// Id and secret.
    pub keys: Keys,
    /// The number of the account that they were first used on. Keys of another one do not go into its place.
    pub account: String,
    /// When they were set.
    pub set_at: At,
}

/// What is in the vault.
pub struct Contents {
    /// The keys of the live account, where there are any.
    pub live: Option<LiveKeys>,
    /// The key of the live audit's chain.
    pub audit: AuditKey,
    /// The second factor, where one is on.
    pub factor: Option<SecondFactor>,
}

impl Contents {
    /// A vault's contents when it is made: a new audit key, and nothing else.
    ///
    /// # Errors
    /// [`VaultFault::NoChance`] where the system gives no random bytes.
    pub fn fresh() -> Result<Self, VaultFault> {
        Ok(Self { live: None, audit: AuditKey::fresh()?, factor: None })
    }

    /// As JSON. The room is there from the start: a text that grows leaves copies of itself behind.
    pub(super) fn written(&self) -> Result<Zeroizing<Vec<u8>>, VaultFault> {
        let audit = self.audit.to_text();
        let secret = self.factor.as_ref().map(|factor| factor.secret.to_text());
        let written = Written {
            version: VERSION,
            live: self.live.as_ref().map(|live| WrittenKeys {
                id: live.keys.id.expose(),
                secret: live.keys.secret.expose(),
                account: &live.account,
                set_at: live.set_at,
            }),
            audit: audit.expose(),
            factor: self.factor.as_ref().zip(secret.as_ref()).map(|(factor, secret)| WrittenFactor {
                secret: secret.expose(),
                last_step: factor.last_step,
                recovery: &factor.recovery,
            }),
        };
        let mut bytes = Zeroizing::new(vec![0; BYTES_MAX]);
        let mut room = bytes.as_mut_slice();
        serde_json::to_writer(&mut room, &written).map_err(|_| VaultFault::TooLarge)?;
        let left = room.len();
        bytes.truncate(BYTES_MAX - left);
        Ok(bytes)
    }

    /// Reads what was written; strict, because nothing else writes it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, VaultFault> {
        let mut read: Read = serde_json::from_slice(bytes).map_err(|_| VaultFault::Contents)?;
        let audit = AuditKey::from_text(&Secret::new(std::mem::take(&mut read.audit)));
        let factor = match read.factor.take() {
            Some(mut factor) => {
                let secret = Secret::new(std::mem::take(&mut factor.secret));
                let secret = TotpSecret::from_text(&secret).ok_or(VaultFault::Contents)?;
                let recovery = std::mem::take(&mut factor.recovery);
                Some(SecondFactor { secret, last_step: factor.last_step, recovery })
            }
            None => None,
        };
        let live = read.live.take().map(|mut live| LiveKeys {
            keys: Keys {
                id: Secret::new(std::mem::take(&mut live.id)),
                secret: Secret::new(std::mem::take(&mut live.secret)),
            },
            account: std::mem::take(&mut live.account),
            set_at: live.set_at,
        });
        if read.version != VERSION {
            return Err(VaultFault::Contents);
        }
        Ok(Self { live, audit: audit.ok_or(VaultFault::Contents)?, factor })
    }
}

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    live: Option<WrittenKeys<'a>>,
    audit: &'a str,
    factor: Option<WrittenFactor<'a>>,
}

#[derive(Serialize)]
struct WrittenFactor<'a> {
    secret: &'a str,
    last_step: Option<i64>,
    recovery: &'a [[u8; 32]],
}

#[derive(Serialize)]
struct WrittenKeys<'a> {
    id: &'a str,
    secret: &'a str,
    account: &'a str,
    set_at: At,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    version: u32,
    live: Option<ReadKeys>,
    audit: String,
    factor: Option<ReadFactor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadFactor {
    secret: String,
    last_step: Option<i64>,
    recovery: Vec<[u8; 32]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadKeys {
    id: String,
    secret: String,
    account: String,
    set_at: At,
}

/// What was read and not handed on, because a later part of it was none, is wiped as well.
impl Drop for Read {
    fn drop(&mut self) {
        self.audit.zeroize();
    }
}

impl Drop for ReadFactor {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl Drop for ReadKeys {
    fn drop(&mut self) {
        self.id.zeroize();
        self.secret.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::at;

    #[test]
    fn what_is_kept_comes_back_and_anything_else_is_refused() {
        let mut contents = Contents::fresh().unwrap();
        let keys = Keys { id: Secret::new("AK\"1".to_owned()), secret: Secret::new("s\\é".to_owned()) };
        contents.live = Some(LiveKeys { keys, account: "123".to_owned(), set_at: at(5) });
        let (mut factor, codes) = SecondFactor::fresh().unwrap();
        factor.last_step = Some(7);
        contents.factor = Some(factor);
        let written = contents.written().unwrap();
        let again = Contents::read(&written).unwrap();
        let live = again.live.as_ref().unwrap();
        assert_eq!((live.keys.id.expose(), live.keys.secret.expose()), ("AK\"1", "s\\é"));
        assert_eq!((live.account.as_str(), live.set_at), ("123", at(5)));
        assert_eq!(again.audit.expose(), contents.audit.expose());
        let mut factor = again.factor.unwrap();
        assert_eq!((factor.last_step, factor.recovery_left()), (Some(7), codes.len()));
        assert!(factor.judge(&codes[3], at(5)).is_ok());
        let text = str::from_utf8(&written).unwrap();
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("\"version\":1", "\"version\":1,\"more\":1"),
            ("\"account\":\"123\"", "\"account\":123"),
            ("\"audit\":\"", "\"audit\":\"AAAA"),
            ("\"factor\":{\"secret\":\"", "\"factor\":{\"secret\":\"?"),
            ("\"recovery\":[[", "\"recovery\":[[1,"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text);
            let refused = Contents::read(changed.as_bytes()).err().unwrap();
            assert!(!format!("{refused} {refused:?}").contains("AK"), "nothing of it is said");
        }
    }

    #[test]
    fn more_than_a_vault_holds_is_refused_before_anything_is_written() {
        let mut contents = Contents::fresh().unwrap();
        let keys = Keys { id: Secret::new("x".repeat(BYTES_MAX)), secret: Secret::new(String::new()) };
        contents.live = Some(LiveKeys { keys, account: String::new(), set_at: at(0) });
        assert!(matches!(contents.written().err(), Some(VaultFault::TooLarge)));
    }
}
