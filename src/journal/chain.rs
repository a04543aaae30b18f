use sha2::{Digest, Sha256};

use crate::journal::row::Row;
use crate::journal::seal::Seal;

/// The hash of a row and, through the row before it, of everything that was ever written.
pub(super) type Link = [u8; 32];

/// What stands before the first row.
pub(super) const ROOT: Link = [0; 32];

/// The hash of one row: of the row before it, and of everything it says; under the key, where there is one.
pub(super) fn next(before: &Link, row: &Row, seal: Option<&Seal>) -> Link {
    let Some(seal) = seal else {
        let mut hasher = Sha256::new();
        feed(before, row, |bytes| hasher.update(bytes));
        return hasher.finalize().into();
    };
    seal.link(before, row)
}

/// The bytes that a row's hash is made of, piece by piece.
pub(super) fn feed(before: &Link, row: &Row, mut take: impl FnMut(&[u8])) {
    take(before);
    for number in [row.row, row.run, row.seq] {
        take(&number.to_be_bytes());
    }
    take(&row.at.nanos().to_be_bytes());
    for text in [row.kind.as_ref(), &row.body] {
        // The length goes first, so that no two rows read as the same bytes.
        take(&(text.len() as u64).to_be_bytes());
        take(text.as_bytes());
    }
}
