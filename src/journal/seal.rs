//! The key under which rows are chained: whoever lacks it can write no row that holds.

use hmac_of_sha2::digest::KeyInit;
use hmac_of_sha2::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::journal::chain::{self, Link};
use crate::journal::row::{Row, hex};

/// What a key is told from others by; it is no secret.
const ID: &[u8] = b"audit key id";
/// SHA-256's block: a key is filled up to it with zeros, by the definition of HMAC.
const BLOCK: usize = 64;

/// What is proven with the key beside rows. Each has a key of its own, so that no proof of one can be shown
/// for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The note beside the ledger.
    Head,
    /// A row that waits outside the journal.
    Emergency,
    /// The trader's own word, kept beside the journal.
    Word,
}

/// The key, ready to chain rows. It is wiped when it goes, and shows nothing of itself but its id.
#[derive(Clone)]
pub struct Seal {
    keyed: Hmac<Sha256>,
    id: String,
}

/// From which row on a ledger is sealed, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFrom {
    /// The row that says so; it is the first that is sealed.
    pub row: u64,
    /// The key's id.
    pub key: String,
}

/// The body of the row with which the sealed part of a ledger begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChainRow {
    /// By what rows are chained from here on: `hmac`.
    pub(super) sealed: String,
    /// The key's id.
    pub(super) key: String,
    /// How many rows stand before it, which anybody could have written.
    pub(super) plain_rows: u64,
}

/// What a sealed chain is called, in rows and in words.
pub const HMAC: &str = "hmac";
/// What a chain without a key is called.
pub const PLAIN: &str = "plain";

impl Seal {
    /// From the key's bytes.
    #[must_use]
    pub fn of(key: &[u8; 32]) -> Self {
        let id = Sha256::new().chain_update(ID).chain_update(key).finalize();
        Self { keyed: keyed(key), id: hex(&id).chars().take(8).collect() }
    }

    /// What tells this key from others.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The link of a row behind `before`.
    pub(super) fn link(&self, before: &Link, row: &Row) -> Link {
        let mut mac = self.keyed.clone();
        chain::feed(before, row, |bytes| mac.update(bytes));
        mac.finalize().into_bytes().into()
    }

    /// Proof, in hex, that whoever said this had the key.
    #[must_use]
    pub fn proof_of_a_word(&self, text: &str) -> String {
        self.proof(Purpose::Word, text.as_bytes())
    }

    /// Proof, in hex, that whoever wrote `bytes` had the key.
    pub(super) fn proof(&self, purpose: Purpose, bytes: &[u8]) -> String {
        // The name of a purpose is shorter than any row is, so this key is the hash of no row.
        let mut mac = self.keyed.clone();
        mac.update(match purpose {
            Purpose::Head => b"audit head",
            Purpose::Emergency => b"audit emergency",
            Purpose::Word => b"trader's word",
        });
        let own = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        let mut mac = keyed(&own);
        mac.update(bytes);
        hex(&mac.finalize().into_bytes())
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; BLOCK]);
    block[..key.len()].copy_from_slice(key);
    Hmac::new((&*block).into())
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Seal({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 1 (a key of twenty bytes, filled up with zeros as any shorter one is).
    #[test]
    fn it_is_the_hmac_of_the_standard() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let mut mac = keyed(&key);
        mac.update(b"Hi There");
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex(&mac.finalize().into_bytes()), expected);
    }

    #[test]
    fn nothing_shows_of_a_key_but_its_id_and_no_proof_stands_for_another() {
        let (one, other) = (Seal::of(&[7; 32]), Seal::of(&[8; 32]));
        assert_eq!(format!("{one:?}"), format!("Seal({})", one.id()));
        assert!(one.id().len() == 8 && one.id() != other.id());
        let head = one.proof(Purpose::Head, b"x");
        assert_eq!(head, Seal::of(&[7; 32]).proof(Purpose::Head, b"x"));
        assert_ne!(head, one.proof(Purpose::Emergency, b"x"));
        assert_ne!(head, other.proof(Purpose::Head, b"x"));
    }
}
