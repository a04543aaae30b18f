use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::at::At;
use crate::domain::secret::Secret;
use crate::vault::fault::VaultFault;
use crate::vault::fresh;
use crate::vault::totp::{TotpFault, TotpSecret, push_base32};

/// So many codes are handed out for the day on which the authenticator is lost.
const RECOVERY_CODES: usize = 8;
/// Eighty bits of chance: nobody guesses one, so its plain hash gives nothing away.
const RECOVERY_BYTES: usize = 10;
/// The same in letters.
const RECOVERY_LETTERS: usize = 16;

/// The second factor of one vault: the secret that an authenticator shares, and the codes for when it is lost.
/// What was used once is never good again.
pub struct SecondFactor {
    pub(super) secret: TotpSecret,
    /// The last step whose code was used.
    pub(super) last_step: Option<i64>,
    /// The hashes of the recovery codes that were not used yet.
    pub(super) recovery: Vec<[u8; 32]>,
}

/// What a code that is good was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Good {
    /// The authenticator's.
    Code,
    /// One of the recovery codes, of which so many are left.
    Recovery {
        /// How many.
        left: usize,
    },
}

impl SecondFactor {
    /// A new one, with its recovery codes: they are told once, and kept as hashes alone.
    ///
    /// # Errors
    /// [`VaultFault::NoChance`] where the system gives no random bytes.
    pub fn fresh() -> Result<(Self, Vec<Secret>), VaultFault> {
        let secret = TotpSecret::fresh()?;
        let codes = (0..RECOVERY_CODES).map(|_| recovery_code()).collect::<Result<Vec<_>, _>>()?;
        let recovery = codes.iter().map(|code| hash_of(&plain(code))).collect();
        Ok((Self { secret, last_step: None, recovery }, codes))
    }

    /// The secret as an authenticator takes it in.
    #[must_use]
    pub const fn secret(&self) -> &TotpSecret {
        &self.secret
    }

    /// How many recovery codes are left.
    #[must_use]
    pub const fn recovery_left(&self) -> usize {
        self.recovery.len()
    }

    /// Judges what was typed at `now`, and notes what was used: whoever calls keeps it.
    ///
    /// # Errors
    /// As [`TotpSecret::judge`]; a recovery code that is none is wrong as well.
    pub fn judge(&mut self, typed: &Secret, now: At) -> Result<Good, TotpFault> {
        let plain = plain(typed);
        if plain.len() == RECOVERY_LETTERS {
            let hash = hash_of(&plain);
            let index = self.recovery.iter().position(|known| *known == hash).ok_or(TotpFault::Wrong)?;
            self.recovery.remove(index);
            return Ok(Good::Recovery { left: self.recovery.len() });
        }
        self.last_step = Some(self.secret.judge(typed, now, self.last_step)?);
        Ok(Good::Code)
    }
}

/// Four groups of four letters, as they are read from paper.
fn recovery_code() -> Result<Secret, VaultFault> {
    let bytes = fresh::bytes::<RECOVERY_BYTES>()?;
    let mut plain = Zeroizing::new(String::with_capacity(RECOVERY_LETTERS));
    push_base32(&mut plain, bytes.as_ref());
    let mut code = String::with_capacity(RECOVERY_LETTERS + 3);
    for (place, letter) in plain.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    Ok(Secret::new(code))
}

/// Without what is between the groups, and in capitals.
fn plain(typed: &Secret) -> Zeroizing<String> {
    let letters = typed.expose().chars().filter(char::is_ascii_alphanumeric).take(RECOVERY_LETTERS + 1);
    Zeroizing::new(letters.map(|letter| letter.to_ascii_uppercase()).collect())
}

fn hash_of(plain: &str) -> [u8; 32] {
    Sha256::digest(plain.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::testing::at;

    fn typed(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_recovery_code_is_good_once_however_it_is_typed() {
        let (mut factor, codes) = SecondFactor::fresh().unwrap();
        assert_eq!((codes.len(), factor.recovery_left()), (8, 8));
        let first = codes[0].expose();
        assert_eq!((first.len(), first.split('-').count()), (19, 4));
        let lower = typed(&first.to_lowercase().replace('-', " "));
        assert_eq!(factor.judge(&lower, at(0)), Ok(Good::Recovery { left: 7 }));
        assert_eq!(factor.judge(&codes[0], at(0)), Err(TotpFault::Wrong), "it was used");
        assert_eq!(factor.judge(&codes[7], at(0)), Ok(Good::Recovery { left: 6 }));
        assert_eq!(factor.judge(&typed("AAAA-AAAA-AAAA-AAAA"), at(0)), Err(TotpFault::Wrong));
        assert_eq!(factor.judge(&typed("AAAA-AAAA-AAAA-AAAAA"), at(0)), Err(TotpFault::NoCode));
        assert_eq!(factor.recovery_left(), 6);
    }

    #[test]
    fn a_code_is_good_once_and_what_was_used_is_noted() {
        let (mut factor, _) = SecondFactor::fresh().unwrap();
        let code = typed(&format!("{:06}", factor.secret.code_at(at(0).seconds() / 30)));
        assert_eq!(factor.judge(&code, at(0)), Ok(Good::Code));
        assert_eq!(factor.last_step, Some(at(0).seconds() / 30));
        assert_eq!(factor.judge(&code, at(0)), Err(TotpFault::Used));
        assert_eq!(factor.judge(&typed(""), at(0)), Err(TotpFault::NoCode));
    }
}
