use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::domain::at::At;
use crate::domain::secret::Secret;
use crate::vault::fault::VaultFault;
use crate::vault::fresh;

/// A code is good for so many seconds.
const STEP_SECONDS: i64 = 30;
/// As RFC 4226 asks: as long as SHA-1 itself.
const SECRET_BYTES: usize = 20;
const DIGITS: usize = 6;
const CODES: u32 = 1_000_000;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret of the second factor: RFC 6238 with SHA-1, six digits and thirty seconds, which is what every
/// authenticator can do.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

/// Why a code was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TotpFault {
    /// It is no code.
    #[error("a code is six digits")]
    NoCode,
    /// It is not the code of now.
    #[error("this is not the code of now; look again, and see that the clocks of both devices are right")]
    Wrong,
    /// It was used already.
    #[error("this code was used already; wait for the next one")]
    Used,
}

impl TotpSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`VaultFault::NoChance`] where the system gives no random bytes.
    pub fn fresh() -> Result<Self, VaultFault> {
        fresh::bytes().map(Self)
    }

    /// Judges a code that was typed at `now`: the code of now, of the step before or of the next one is good,
    /// since clocks differ. `last_step` is what the last good code returned; neither that step nor an earlier one
    /// is good again. Returns the step that was used, to be kept.
    ///
    /// # Errors
    /// No code, the wrong one, or one that was used.
    pub fn judge(&self, typed: &Secret, now: At, last_step: Option<i64>) -> Result<i64, TotpFault> {
        let text = Zeroizing::new(typed.expose().split_whitespace().collect::<String>());
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TotpFault::NoCode);
        }
        let code: u32 = text.parse().map_err(|_| TotpFault::NoCode)?;
        let current = now.seconds().div_euclid(STEP_SECONDS);
        let mut found = None;
        // All three are computed always, so that the time it takes says nothing.
        for step in [current - 1, current, current + 1] {
            if self.code_at(step) == code {
                found = found.max(Some(step));
            }
        }
        let step = found.ok_or(TotpFault::Wrong)?;
        if last_step.is_some_and(|last| step <= last) { Err(TotpFault::Used) } else { Ok(step) }
    }

    /// The link that an authenticator takes in, as a picture or typed. It holds the secret.
    #[must_use]
    pub fn link(&self) -> Secret {
        let mut text = String::with_capacity(128);
        text.push_str("otpauth://totp/hardstop?issuer=hardstop&algorithm=SHA1&digits=6&period=30&secret=");
        push_base32(&mut text, self.0.as_ref());
        Secret::new(text)
    }

    /// The secret as an authenticator wants it typed: base32.
    #[must_use]
    pub fn typed_form(&self) -> Secret {
        let mut text = String::with_capacity(SECRET_BYTES * 2);
        push_base32(&mut text, self.0.as_ref());
        Secret::new(text)
    }

    pub(super) fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0.as_slice()))
    }

    pub(super) fn from_text(text: &Secret) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        let written = STANDARD.decode_slice(text.expose(), bytes.as_mut());
        (written == Ok(SECRET_BYTES)).then_some(Self(bytes))
    }

    /// RFC 4226's truncation of the step's HMAC; a step before 1970 has none but its bits'.
    pub(super) fn code_at(&self, step: i64) -> u32 {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.0.as_ref()) else {
            // An HMAC takes a key of any length; a number that is no code fits nothing.
            return CODES;
        };
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let start = usize::from(hash[19] & 0x0f);
        let four = [hash[start] & 0x7f, hash[start + 1], hash[start + 2], hash[start + 3]];
        u32::from_be_bytes(four) % CODES
    }
}

/// RFC 4648's base32, without padding: twenty bytes need none.
pub(super) fn push_base32(text: &mut String, bytes: &[u8]) {
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(BASE32[((bits >> count) & 31) as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    fn typed(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// RFC 6238's table for SHA-1; its codes have eight digits, whose last six are ours.
    const TABLE: [(i64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, code) in TABLE {
            let step = seconds / STEP_SECONDS;
            assert_eq!(format!("{:06}", rfc().code_at(step)), code[2..], "at {seconds}");
        }
        let at = At::from_seconds(1_234_567_890);
        assert_eq!(rfc().judge(&typed(" 005 924 "), at, None), Ok(1_234_567_890 / 30));
    }

    #[test]
    fn a_code_is_good_for_a_step_to_either_side_and_once() {
        let step = 1_234_567_890 / STEP_SECONDS;
        let at = |step: i64| At::from_seconds(step * STEP_SECONDS);
        let judge = |now, last| rfc().judge(&typed("005924"), now, last);
        for near in [step - 1, step, step + 1] {
            assert_eq!(judge(at(near), None), Ok(step));
        }
        for far in [step - 2, step + 2] {
            assert_eq!(judge(at(far), None), Err(TotpFault::Wrong));
        }
        assert_eq!(judge(at(step), Some(step - 1)), Ok(step));
        assert_eq!(judge(at(step), Some(step)), Err(TotpFault::Used));
        assert_eq!(judge(at(step), Some(step + 1)), Err(TotpFault::Used), "nor one before the last");
    }

    #[test]
    fn what_is_no_code_is_said_to_be_none() {
        for text in ["", "12345", "1234567", "12345x", "-12345", "+12345", "١٢٣"] {
            let judged = rfc().judge(&typed(text), At::from_seconds(59), None);
            assert_eq!(judged, Err(TotpFault::NoCode), "{text}");
        }
        assert_eq!(rfc().judge(&typed("000000"), At::from_seconds(59), None), Err(TotpFault::Wrong));
    }

    #[test]
    fn the_link_is_what_an_authenticator_takes_in() {
        let link = rfc().link();
        assert!(link.expose().starts_with("otpauth://totp/hardstop?issuer=hardstop&"));
        assert!(link.expose().ends_with("&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        assert_eq!(rfc().typed_form().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let again = TotpSecret::from_text(&rfc().to_text()).unwrap();
        assert_eq!(again.code_at(1), rfc().code_at(1));
        assert!(TotpSecret::from_text(&typed("AAAA")).is_none());
    }
}
