use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

/// Why a store did not do what it was asked. It carries nothing: what a keyring says of a fault may hold the
/// secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// It is locked, and nobody unlocked it.
    Locked,
    /// There is none in this session, or it does not answer.
    Absent,
    /// There is one without a place to put anything: no login collection.
    NeverInitialised,
    /// There are several of what there should be one of.
    Several,
    /// What is kept there is no text.
    Strange,
}

/// A place for small texts by name: the desktop's keyring, or memory in tests. Every call may block for ever.
pub trait Store: Send + Sync {
    /// The text of this name; `None` where there is none.
    ///
    /// # Errors
    /// See [`StoreFault`].
    fn get(&self, name: &str) -> Result<Option<Zeroizing<String>>, StoreFault>;

    /// Puts the text there, in the place of what was there.
    ///
    /// # Errors
    /// See [`StoreFault`].
    fn set(&self, name: &str, text: &str) -> Result<(), StoreFault>;

    /// Takes it away; `false` where there was none.
    ///
    /// # Errors
    /// See [`StoreFault`].
    fn forget(&self, name: &str) -> Result<bool, StoreFault>;
}

/// A store that ends with the process, for tests and rehearsals.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<String, Zeroizing<String>>>);

impl Memory {
    /// The names that something is kept under.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl Store for Memory {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<String>>, StoreFault> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn set(&self, name: &str, text: &str) -> Result<(), StoreFault> {
        let text = Zeroizing::new(text.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), text);
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<bool, StoreFault> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name).is_some())
    }
}
