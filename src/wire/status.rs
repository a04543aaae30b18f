use crate::domain::order::OrderStatus;

/// Every word of Alpaca's for where an order stands, with ours. A word that is not among them is
/// [`OrderStatus::Unknown`], which counts in full.
const WORDS: [(&str, OrderStatus); 18] = [
    ("new", OrderStatus::Working),
    ("partially_filled", OrderStatus::Partial),
    ("filled", OrderStatus::Filled),
    ("canceled", OrderStatus::Canceled),
    ("expired", OrderStatus::Expired),
    ("rejected", OrderStatus::Rejected),
    ("replaced", OrderStatus::Canceled),
    ("pending_cancel", OrderStatus::PendingCancel),
    ("pending_replace", OrderStatus::PendingReplace),
    // It has arrived and is not in the book: no stop of this kind protects.
    ("accepted", OrderStatus::Acked),
    ("pending_new", OrderStatus::Acked),
    ("accepted_for_bidding", OrderStatus::Acked),
    ("held", OrderStatus::Acked),
    ("suspended", OrderStatus::Acked),
    ("done_for_day", OrderStatus::Acked),
    ("calculated", OrderStatus::Acked),
    // A trade is guaranteed and not yet told.
    ("stopped", OrderStatus::Working),
    ("restated", OrderStatus::Working),
];

/// What a word of the venue's means.
pub fn read_status(word: &str) -> OrderStatus {
    WORDS.iter().find(|(theirs, _)| *theirs == word).map_or(OrderStatus::Unknown, |(_, ours)| *ours)
}

/// The venue's word for a status.
pub fn write_status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Intent | OrderStatus::Sending | OrderStatus::Unknown => "pending_new",
        OrderStatus::Refused | OrderStatus::PresumedDead => "rejected",
        OrderStatus::Acked => "accepted",
        known => WORDS.iter().find(|(_, ours)| *ours == known).map_or("pending_new", |(theirs, _)| theirs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_an_unknown_one_counts_in_full() {
        assert_eq!(read_status("partially_filled"), OrderStatus::Partial);
        assert_eq!(read_status("held"), OrderStatus::Acked);
        assert_eq!(read_status("quantum_entangled"), OrderStatus::Unknown);
        assert!(read_status("quantum_entangled").is_live());
    }

    #[test]
    fn what_is_written_is_read_back_as_the_same() {
        use OrderStatus::{Acked, Canceled, Expired, Filled, Partial, PendingCancel, Rejected, Working};
        for status in [Acked, Working, Partial, Filled, Canceled, Expired, Rejected, PendingCancel] {
            assert_eq!(read_status(write_status(status)), status);
        }
    }
}
