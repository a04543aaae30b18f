use sha2::{Digest, Sha256};

use crate::journal::row::Row;

/// The hash of a row and, through the row before it, of everything that was ever written.
pub(super) type Link = [u8; 32];

/// What stands before the first row.
pub(super) const ROOT: Link = [0; 32];

/// The hash of one row: of the row before it, and of everything it says.
pub(super) fn next(before: &Link, row: &Row) -> Link {
    let mut hasher = Sha256::new();
    hasher.update(before);
    for number in [row.row, row.run, row.seq] {
        hasher.update(number.to_be_bytes());
    }
    hasher.update(row.at.nanos().to_be_bytes());
    for text in [row.kind.as_ref(), &row.body] {
        // The length goes first, so that no two rows read as the same bytes.
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}
