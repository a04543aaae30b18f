use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::at::At;
use crate::vault::fault::VaultFault;
use crate::vault::fresh;
use crate::vault::kdf::{Cost, SALT_BYTES};

/// The one form of a vault there is so far.
const VERSION: u32 = 1;

/// `vault.toml`: how the passphrase becomes a key. Nothing in it is secret, and every byte of it counts: the
/// key depends on the sha256 of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    version: u32,
    created_at: At,
    /// Whether the keyring holds a part of the key.
    pub(super) device_key: bool,
    /// Base64.
    salt: String,
    pub(super) cost: Cost,
}

impl Head {
    pub(super) fn fresh(device_key: bool, cost: Cost, now: At) -> Result<Self, VaultFault> {
        let salt = STANDARD.encode(fresh::bytes::<SALT_BYTES>()?.as_slice());
        Ok(Self { version: VERSION, created_at: now, device_key, salt, cost: cost.check()? })
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        format!(
            "# How the passphrase opens vault.age. Change one byte of this file, and it never opens again.\nversion = {}\ncreated_at = \"{}\"\ndevice_key = {}\nsalt = \"{}\"\n\n[cost]\nmemory_kib = {}\npasses = {}\nlanes = {}\n",
            self.version,
            self.created_at,
            self.device_key,
            self.salt,
            self.cost.memory_kib,
            self.cost.passes,
            self.cost.lanes
        )
    }

    /// Reads the file's bytes; strict, because whatever is not as written was changed.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, VaultFault> {
        let not = |what| VaultFault::Head { what };
        let text = str::from_utf8(bytes).map_err(|_| not("it is no text"))?;
        let head: Self = toml::from_str(text).map_err(|_| not("its keys are others"))?;
        if head.version != VERSION {
            return Err(not("its version is another"));
        }
        head.cost.check()?;
        head.salt()?;
        Ok(head)
    }

    pub(super) fn salt(&self) -> Result<[u8; SALT_BYTES], VaultFault> {
        let mut salt = [0; SALT_BYTES];
        let written = STANDARD.decode_slice(&self.salt, &mut salt);
        if written == Ok(SALT_BYTES) { Ok(salt) } else { Err(VaultFault::Head { what: "its salt is none" }) }
    }
}

/// What the derived key is bound to: the sha256 of the head's bytes.
pub(super) fn bound(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::at;

    #[test]
    fn a_head_comes_back_as_written_and_a_strange_one_is_refused() {
        let head = Head::fresh(true, Cost::WITH_DEVICE_KEY, at(0)).unwrap();
        let text = head.text();
        assert_eq!(Head::read(text.as_bytes()).unwrap(), head);
        for (from, to) in [
            ("version = 1", "version = 2"),
            ("lanes = 1", "lanes = 1\nmore = 2"),
            ("version = 1", "version = 1\nmore = 2"),
            ("passes = 3", "passes = 1"),
            ("memory_kib = 65536", "memory_kib = 4294967295"),
            ("memory_kib = 65536", "memory_kib = 8"),
            ("device_key = true", ""),
            ("salt = \"", "salt = \"AAAA"),
            ("2013-10-07", "yesterday"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let refused = Head::read(changed.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains("not as hardstop wrote it"), "{refused}");
        }
        assert!(Head::read(b"\xff").is_err());
        assert!(Head::read(b"").is_err());
    }
}
