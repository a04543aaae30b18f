use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;
use crate::vault::fault::VaultFault;

/// Bytes of chance from the system.
pub(super) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, VaultFault> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut()).map_err(|_| VaultFault::NoChance)?;
    Ok(bytes)
}

/// Thirty-two bytes of chance that are kept somewhere: as text they are base64, and in memory they are wiped.
pub struct Key32(Zeroizing<[u8; 32]>);

/// The device key: what the keyring holds, and without which a copied vault cannot even be guessed at.
pub type DeviceKey = Key32;

/// The key of the audit's chain of rows.
pub type AuditKey = Key32;

impl Key32 {
    /// A new one.
    ///
    /// # Errors
    /// [`VaultFault::NoChance`] where the system gives no random bytes.
    pub fn fresh() -> Result<Self, VaultFault> {
        bytes().map(Self)
    }

    /// Reads one from its base64; `None` where it is none.
    #[must_use]
    pub fn from_text(text: &Secret) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let written = STANDARD.decode_slice(text.expose(), bytes.as_mut());
        (written == Ok(32)).then_some(Self(bytes))
    }

    /// Its base64, for the keyring or the vault.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0.as_slice()))
    }

    /// The bytes, for the one place that computes with them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_and_nothing_else_does() {
        let key = Key32::fresh().unwrap();
        let text = key.to_text();
        assert_eq!(text.expose().len(), 44);
        assert_eq!(Key32::from_text(&text).unwrap().expose(), key.expose());
        assert_ne!(Key32::fresh().unwrap().expose(), key.expose());
        let short: String = text.expose().chars().skip(4).collect();
        for wrong in ["", "AAAA", "no base64 at all", &short, &format!("{}AAAA", text.expose())] {
            assert!(Key32::from_text(&Secret::new(wrong.to_owned())).is_none(), "{wrong}");
        }
    }
}
