//! The key under which a paper ledger's rows are chained. The keyring keeps it, so that whoever gets at the files
//! alone cannot write them anew; where there is no keyring the chain is plain, and that is said.

use std::path::Path;

use crate::app::paths::Paths;
use crate::journal::seal::Seal;
use crate::journal::sealing::key_of;
use crate::vault::fresh::AuditKey;
use crate::vault::keyring::{Keyring, KeyringFault, Slot, Standing};

/// The keyring of this home.
pub fn keyring(paths: &Paths) -> Keyring {
    Keyring::of_the_desktop(paths.state.display().to_string())
}

/// The key, or why there is none, in words.
pub enum Found {
    /// It is at hand.
    Key(Seal),
    /// The keyring keeps none.
    None,
    /// The keyring does not say.
    Unknown(String),
}

/// Asks the keyring for the key of paper ledgers; it waits for as long as the keyring's own limit.
pub fn at_hand(keyring: &Keyring) -> Found {
    match keyring.get(Slot::PaperAudit) {
        Ok(Some(text)) => match AuditKey::from_text(&text) {
            Some(key) => Found::Key(Seal::of(key.expose())),
            None => Found::Unknown(KeyringFault::Strange(Slot::PaperAudit.name()).to_string()),
        },
        Ok(None) => Found::None,
        Err(fault) => Found::Unknown(fault.to_string()),
    }
}

/// The key for a run on the ledger at `journal`, made at the first one; or why its rows are chained without.
///
/// # Errors
/// When the ledger is there and cannot be read.
pub fn for_run(keyring: &Keyring, journal: &Path) -> Result<Result<Seal, String>, String> {
    let sealed = key_of(journal).map_err(|fault| fault.to_string())?;
    Ok(match at_hand(keyring) {
        Found::Key(seal) => Ok(seal),
        Found::Unknown(why) => Err(why),
        // A new key opens no ledger that is sealed with a lost one, and must not take its place in the keyring.
        Found::None if sealed.is_some() => Err("the keyring keeps no key of the audit".to_owned()),
        Found::None => made(keyring),
    })
}

/// Makes the key. A keyring that keeps nothing must not be asked to: the ledger could not be opened again.
fn made(keyring: &Keyring) -> Result<Seal, String> {
    match keyring.probe() {
        Standing::Here => {}
        standing => return Err(standing.to_string()),
    }
    let key = AuditKey::fresh().map_err(|fault| fault.to_string())?;
    keyring.set(Slot::PaperAudit, &key.to_text()).map_err(|fault| fault.to_string())?;
    Ok(Seal::of(key.expose()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::app::clock::now;
    use crate::journal::verify::verify_sealed;
    use crate::journal::writer::Journal;
    use crate::vault::store::{Memory, Store, StoreFault};
    use zeroize::Zeroizing;

    fn ledger(name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/audit-key").join(name);
        let _none_before = std::fs::remove_dir_all(&folder);
        folder.join("paper-0001.db")
    }

    fn over(store: Arc<dyn Store>) -> Keyring {
        Keyring::over(store, "here".to_owned(), Duration::from_secs(5))
    }

    /// A keyring as it is before anybody logged in to a desktop: it says that nothing is there, and keeps nothing.
    struct Bare;

    impl Store for Bare {
        fn get(&self, _: &str) -> Result<Option<Zeroizing<String>>, StoreFault> {
            Ok(None)
        }

        fn set(&self, _: &str, _: &str) -> Result<(), StoreFault> {
            Err(StoreFault::NeverInitialised)
        }

        fn forget(&self, _: &str) -> Result<bool, StoreFault> {
            Ok(false)
        }
    }

    /// A keyring that takes what it is given, and has nothing afterwards.
    struct Forgetful;

    impl Store for Forgetful {
        fn get(&self, _: &str) -> Result<Option<Zeroizing<String>>, StoreFault> {
            Ok(None)
        }

        fn set(&self, _: &str, _: &str) -> Result<(), StoreFault> {
            Ok(())
        }

        fn forget(&self, _: &str) -> Result<bool, StoreFault> {
            Ok(true)
        }
    }

    #[test]
    fn the_first_run_makes_the_key_and_every_later_one_finds_it() {
        let journal = ledger("made");
        let store = Arc::new(Memory::default());
        let keyring = over(store.clone());
        let first = for_run(&keyring, &journal).unwrap().unwrap();
        assert_eq!(store.names(), ["paper-audit@here"]);
        let key = first.id().to_owned();
        drop(Journal::open_sealed(&journal, now(), Some(first)).unwrap());
        let second = for_run(&keyring, &journal).unwrap().unwrap();
        assert_eq!(second.id(), key);
        assert!(verify_sealed(&journal, Some(&second)).unwrap().is_clean());
    }

    #[test]
    fn a_keyring_that_lost_the_key_of_a_sealed_ledger_is_given_no_other() {
        let journal = ledger("lost");
        let sealed = for_run(&over(Arc::new(Memory::default())), &journal).unwrap().unwrap();
        drop(Journal::open_sealed(&journal, now(), Some(sealed)).unwrap());
        let store = Arc::new(Memory::default());
        let why = for_run(&over(store.clone()), &journal).unwrap().unwrap_err();
        assert!(why.contains("keeps no key") && store.names().is_empty(), "{why}");
        let refused = Journal::open_sealed(&journal, now(), None).err().unwrap().to_string();
        assert!(refused.contains("unlock the keyring"), "{refused}");
    }

    #[test]
    fn without_a_keyring_the_chain_is_plain_and_the_reason_is_said() {
        let journal = ledger("bare");
        let why = for_run(&over(Arc::new(Bare)), &journal).unwrap().unwrap_err();
        assert!(why.contains("without a place to keep anything"), "{why}");
        let why = for_run(&over(Arc::new(Forgetful)), &journal).unwrap().unwrap_err();
        assert!(why.contains("there is no keyring"), "a key that is not kept would lock the ledger: {why}");
        let broken = Arc::new(Memory::default());
        broken.set("paper-audit@here", "c2hvcnQ=").unwrap();
        let why = for_run(&over(broken), &journal).unwrap().unwrap_err();
        assert!(why.contains("was not written by it") && !why.contains("short"), "{why}");
    }
}
