/// What an id belongs to, so that no two kinds ever share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Account = 0xa,
    Order = 0xb,
    Execution = 0xc,
    Asset = 0xd,
    /// A client's id, where the client gave none.
    Client = 0xe,
}

/// An id in the form of a UUID, from a number: the same exchange gives the same ids, run after run.
pub(super) fn uuid(kind: Kind, account: u32, number: u64) -> String {
    let low = number & 0xffff_ffff_ffff;
    let high = (number >> 48) & 0xffff;
    format!("{:08x}-{high:04x}-4000-8000-{low:012x}", (kind as u32) << 28 | (account & 0x0fff_ffff))
}

/// The id of a symbol's asset.
pub(super) fn asset_id(symbol: &str) -> String {
    // FNV-1a: an asset needs the same id in every account and every run, and no secret.
    let hash = symbol.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    uuid(Kind::Asset, 0, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_of_a_uuid_and_differ_by_kind_account_and_number() {
        let one = uuid(Kind::Order, 1, 7);
        assert_eq!(one, "b0000001-0000-4000-8000-000000000007");
        assert_ne!(one, uuid(Kind::Execution, 1, 7));
        assert_ne!(one, uuid(Kind::Order, 2, 7));
        assert_eq!(asset_id("SPY"), asset_id("SPY"));
        assert_ne!(asset_id("SPY"), asset_id("IBM"));
        assert_eq!(asset_id("SPY").len(), 36);
    }
}
