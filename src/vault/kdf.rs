use std::str::FromStr;

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::vault::fault::VaultFault;
use crate::vault::fresh::DeviceKey;
use crate::vault::passphrase::Passphrase;

/// How much work one try of a passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes of it.
    pub lanes: u32,
}

/// Less or more work than this program asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CostFault {
    /// Less than the least that is worth anything.
    #[error("it asks for less work than {} KiB in {} passes", Cost::FLOOR.memory_kib, Cost::FLOOR.passes)]
    Low,
    /// More than a machine should be made to do by a file.
    #[error("it asks for more work than {} KiB in {} passes", Cost::CEILING.memory_kib, Cost::CEILING.passes)]
    High,
}

impl Cost {
    /// With a device key in the keyring: 64 MiB, three passes.
    pub const WITH_DEVICE_KEY: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// Without one the passphrase stands alone, and each guess costs four times the memory.
    pub const VAULT_ONLY: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 1 };
    /// The least: OWASP's minimum for argon2id.
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The most: a changed file must not exhaust the machine.
    pub const CEILING: Self = Self { memory_kib: 1024 * 1024, passes: 16, lanes: 4 };

    /// Holds the cost to the floor and the ceiling.
    ///
    /// # Errors
    /// Less than [`Cost::FLOOR`] or more than [`Cost::CEILING`], in any of the three.
    pub const fn check(self) -> Result<Self, CostFault> {
        let (low, high) = (Self::FLOOR, Self::CEILING);
        if self.memory_kib < low.memory_kib || self.passes < low.passes || self.lanes < low.lanes {
            return Err(CostFault::Low);
        }
        if self.memory_kib > high.memory_kib || self.passes > high.passes || self.lanes > high.lanes {
            return Err(CostFault::High);
        }
        Ok(self)
    }
}

/// The bytes of a salt.
pub(super) const SALT_BYTES: usize = 16;

/// What an identity begins with, in age's own text form.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// The longest text of an identity, in bytes.
const IDENTITY_BYTES_MAX: usize = 128;

/// The identity that opens the vault: argon2id of the passphrase, with the device key as its secret (none in a
/// vault that stands alone) and `bound`, the sha256 of the head's bytes, as its associated data.
///
/// # Errors
/// A cost out of bounds, or too little memory.
pub(super) fn derive(
    passphrase: &Passphrase,
    device_key: Option<&DeviceKey>,
    cost: Cost,
    salt: &[u8; SALT_BYTES],
    bound: &[u8; 32],
) -> Result<age::x25519::Identity, VaultFault> {
    let cost = cost.check()?;
    // Nothing below can fail by a value: the cost was checked, and every length is fixed.
    let memory = |_| VaultFault::Memory;
    let mut builder = ParamsBuilder::new();
    builder.m_cost(cost.memory_kib).t_cost(cost.passes).p_cost(cost.lanes).output_len(32);
    builder.data(AssociatedData::new(bound).map_err(memory)?);
    let params = builder.build().map_err(memory)?;
    let blocks = params.block_count();
    let secret: &[u8] = device_key.map_or(&[], |key| key.expose());
    let argon2 =
        Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, params).map_err(memory)?;
    // The working memory is asked for here, so that a machine that has none says so, and is wiped after.
    let mut work: Zeroizing<Vec<Block>> = Zeroizing::new(Vec::new());
    work.try_reserve_exact(blocks).map_err(|_| VaultFault::Memory)?;
    work.resize(blocks, Block::default());
    let mut key = Zeroizing::new([0_u8; 32]);
    let typed = passphrase.expose().as_bytes();
    argon2.hash_password_into_with_memory(typed, salt, key.as_mut(), work.as_mut_slice()).map_err(memory)?;
    identity(&key)
}

/// age takes an identity in its own text form only.
fn identity(key: &[u8; 32]) -> Result<age::x25519::Identity, VaultFault> {
    let mut text = Zeroizing::new(String::with_capacity(IDENTITY_BYTES_MAX));
    let prefix = bech32::Hrp::parse_unchecked(IDENTITY);
    let written = bech32::encode_upper_to_fmt::<bech32::Bech32, String>(&mut text, prefix, key);
    written.map_err(|_| VaultFault::Memory)?;
    age::x25519::Identity::from_str(&text).map_err(|_| VaultFault::Memory)
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    fn key_of(words: &str, device: Option<&DeviceKey>, cost: Cost, salt: u8, bound: u8) -> String {
        let passphrase = Passphrase::new(words).unwrap();
        let identity = derive(&passphrase, device, cost, &[salt; SALT_BYTES], &[bound; 32]).unwrap();
        identity.to_string().expose_secret().to_owned()
    }

    #[test]
    fn every_part_of_what_goes_in_makes_another_key() {
        let words = "correct horse battery";
        let (one, two) = (DeviceKey::fresh().unwrap(), DeviceKey::fresh().unwrap());
        let more = Cost { passes: 3, ..Cost::FLOOR };
        let keys = [
            key_of(words, Some(&one), Cost::FLOOR, 1, 1),
            key_of("correct horse Battery", Some(&one), Cost::FLOOR, 1, 1),
            key_of(words, Some(&two), Cost::FLOOR, 1, 1),
            key_of(words, None, Cost::FLOOR, 1, 1),
            key_of(words, Some(&one), more, 1, 1),
            key_of(words, Some(&one), Cost::FLOOR, 2, 1),
            key_of(words, Some(&one), Cost::FLOOR, 1, 2),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(key.starts_with("AGE-SECRET-KEY-1"), "age's own form");
            assert!(!keys[..index].contains(key), "the {index}th is one of the others");
        }
        assert_eq!(keys[0], key_of(words, Some(&one), Cost::FLOOR, 1, 1), "and the same again is the same");
    }

    /// The reference implementation's own vector for argon2id (RFC 9106, 5.3) has two lanes more and a shorter
    /// tag than anything here; what is checked is that our way of handing things in is argon2's.
    #[test]
    fn the_derivation_is_argon2id_of_rfc_9106() {
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .output_len(32)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let mut work = vec![Block::default(); params.block_count()];
        let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut work).unwrap();
        let expected = [
            0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
            0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
        ];
        assert_eq!(tag, expected);
    }

    #[test]
    fn less_work_than_the_floor_and_more_than_the_ceiling_are_refused() {
        let (low, high) = (Cost::FLOOR, Cost::CEILING);
        for cost in [low, high, Cost::WITH_DEVICE_KEY, Cost::VAULT_ONLY] {
            assert_eq!(cost.check(), Ok(cost));
        }
        for cost in [
            Cost { memory_kib: low.memory_kib - 1, ..low },
            Cost { passes: 1, ..low },
            Cost { lanes: 0, ..low },
        ] {
            assert_eq!(cost.check(), Err(CostFault::Low));
        }
        for cost in [
            Cost { memory_kib: high.memory_kib + 1, ..high },
            Cost { passes: 17, ..low },
            Cost { lanes: 5, ..low },
        ] {
            assert_eq!(cost.check(), Err(CostFault::High));
        }
    }
}
