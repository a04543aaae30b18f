use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Whom this process has called so far, and how often: one list for all threads, because the question is what left
/// the process.
static CONTACTED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// A connection to this address is about to be made, or one that stands is used.
pub(super) fn note(base: &str) {
    let mut contacted = CONTACTED.lock().unwrap_or_else(PoisonError::into_inner);
    match contacted.get_mut(base) {
        Some(times) => *times += 1,
        None => drop(contacted.insert(base.to_owned(), 1)),
    }
}

/// Every address that was called, in the order of their names, each with how often.
#[must_use]
pub fn so_far() -> Vec<(String, u64)> {
    let contacted = CONTACTED.lock().unwrap_or_else(PoisonError::into_inner);
    contacted.iter().map(|(base, times)| (base.clone(), *times)).collect()
}
