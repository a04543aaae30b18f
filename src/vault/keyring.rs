use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::domain::secret::{Keys, Secret};
use crate::vault::fresh;
use crate::vault::native::Native;
use crate::vault::store::{Store, StoreFault};

/// A keyring that has not answered by then will not: it waits for a password that nobody types.
pub const LIMIT: Duration = Duration::from_secs(20);

/// What the keyring keeps for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The keys of the paper account.
    PaperKeys,
    /// The key of the paper audit's chain.
    PaperAudit,
    /// The vault's device key.
    DeviceKey,
}

impl Slot {
    /// Its name in the keyring.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaperKeys => "paper-keys",
            Self::PaperAudit => "paper-audit",
            Self::DeviceKey => "device-key",
        }
    }
}

/// How things stand with the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It keeps what it is given, and gives it back.
    Here,
    /// It waits for its password.
    Locked,
    /// There is none.
    Absent,
    /// There is one that was never set up.
    NeverInitialised,
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Here => "the keyring keeps what it is given",
            Self::Locked => {
                "the keyring is locked: unlock it with its password (it is asked for when you log in to the desktop), then try again"
            }
            Self::Absent => {
                "there is no keyring in this session: log in to a desktop that has one (GNOME, KDE), or choose --vault-only"
            }
            Self::NeverInitialised => {
                "there is a keyring without a place to keep anything: log out of the desktop and in again, or make a keyring named Login in its password manager, then try again"
            }
        })
    }
}

/// Why the keyring did not do what it was asked. None of these holds anything of what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyringFault {
    /// It waits for its password.
    #[error("{}", Standing::Locked)]
    Locked,
    /// There is none.
    #[error("{}", Standing::Absent)]
    Absent,
    /// There is one that was never set up.
    #[error("{}", Standing::NeverInitialised)]
    NeverInitialised,
    /// It did not answer in time.
    #[error(
        "the keyring did not answer within {} s: it is most likely locked and waits for its password; unlock it, then try again",
        LIMIT.as_secs()
    )]
    Silent,
    /// It keeps several of them.
    #[error("the keyring keeps several {0} of hardstop: remove all but one in its password manager")]
    Several(&'static str),
    /// What it keeps was not written by us.
    #[error(
        "what the keyring keeps as {0} of hardstop was not written by it: remove it in the password manager, and set it again"
    )]
    Strange(&'static str),
}

/// The keyring of one place: two homes of hardstop on one machine do not see each other's keys. Each call waits
/// for the keyring on a thread of its own, for [`LIMIT`] at most; one that never comes back keeps its thread, and
/// what it was to write, until the process ends.
#[derive(Clone)]
pub struct Keyring {
    store: Arc<dyn Store>,
    place: String,
    limit: Duration,
}

impl Keyring {
    /// The desktop's keyring. `place` tells this home from others; it is no secret, and stays the same.
    #[must_use]
    pub fn of_the_desktop(place: String) -> Self {
        Self::over(Arc::new(Native), place, LIMIT)
    }

    /// Over a store of one's own, with a time limit of one's own.
    #[must_use]
    pub fn over(store: Arc<dyn Store>, place: String, limit: Duration) -> Self {
        Self { store, place, limit }
    }

    /// How things stand: a canary is written, read and taken away again. Nothing less tells: a keyring that was
    /// never set up says "no such entry" to whoever only asks.
    #[must_use]
    pub fn probe(&self) -> Standing {
        match self.probed() {
            Ok(true) => Standing::Here,
            Err(KeyringFault::Locked | KeyringFault::Silent) => Standing::Locked,
            Err(KeyringFault::NeverInitialised) => Standing::NeverInitialised,
            Ok(false) | Err(KeyringFault::Absent | KeyringFault::Several(_) | KeyringFault::Strange(_)) => {
                Standing::Absent
            }
        }
    }

    fn probed(&self) -> Result<bool, KeyringFault> {
        // Two processes that probe at the same time must not take each other's canary away.
        let Ok(chance) = fresh::Key32::fresh() else {
            return Ok(false);
        };
        let chance = chance.to_text();
        let name: String = chance.expose().chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        let name = self.named(&format!("canary-{name}"));
        let text = Zeroizing::new(STANDARD.encode(chance.expose()));
        let (put, kept) = (name.clone(), text.clone());
        self.ask("canary", move |store| store.set(&put, &kept))?;
        let asked = name.clone();
        let found = self.ask("canary", move |store| store.get(&asked));
        let gone = self.ask("canary", move |store| store.forget(&name));
        Ok(found?.is_some_and(|found| found == text) && gone?)
    }

    /// What is kept in a slot; `None` where nothing is.
    ///
    /// # Errors
    /// See [`KeyringFault`]; at the latest after [`LIMIT`].
    pub fn get(&self, slot: Slot) -> Result<Option<Secret>, KeyringFault> {
        let name = self.named(slot.name());
        let Some(text) = self.ask(slot.name(), move |store| store.get(&name))? else {
            return Ok(None);
        };
        let strange = KeyringFault::Strange(slot.name());
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| strange)?);
        let plain = str::from_utf8(&bytes).map_err(|_| strange)?;
        Ok(Some(Secret::new(plain.to_owned())))
    }

    /// Puts a secret into a slot, in the place of what was there.
    ///
    /// # Errors
    /// See [`KeyringFault`]; at the latest after [`LIMIT`].
    pub fn set(&self, slot: Slot, secret: &Secret) -> Result<(), KeyringFault> {
        let name = self.named(slot.name());
        let text = Zeroizing::new(STANDARD.encode(secret.expose()));
        self.ask(slot.name(), move |store| store.set(&name, &text))
    }

    /// Takes away what is in a slot; `false` where nothing was.
    ///
    /// # Errors
    /// See [`KeyringFault`]; at the latest after [`LIMIT`].
    pub fn forget(&self, slot: Slot) -> Result<bool, KeyringFault> {
        let name = self.named(slot.name());
        self.ask(slot.name(), move |store| store.forget(&name))
    }

    /// The keys of the paper account; `None` where there are none.
    ///
    /// # Errors
    /// As [`Keyring::get`], and where what is kept is no pair of keys.
    pub fn paper_keys(&self) -> Result<Option<Keys>, KeyringFault> {
        let Some(both) = self.get(Slot::PaperKeys)? else {
            return Ok(None);
        };
        let strange = KeyringFault::Strange(Slot::PaperKeys.name());
        let (id, secret) = both.expose().split_once('\n').ok_or(strange)?;
        Ok(Some(Keys { id: Secret::new(id.to_owned()), secret: Secret::new(secret.to_owned()) }))
    }

    /// Puts the keys of the paper account there: id and secret, a line each.
    ///
    /// # Errors
    /// As [`Keyring::set`].
    pub fn set_paper_keys(&self, keys: &Keys) -> Result<(), KeyringFault> {
        let (id, secret) = (keys.id.expose(), keys.secret.expose());
        let mut both = String::with_capacity(id.len() + 1 + secret.len());
        both.push_str(id);
        both.push('\n');
        both.push_str(secret);
        self.set(Slot::PaperKeys, &Secret::new(both))
    }

    fn named(&self, slot: &str) -> String {
        format!("{slot}@{}", self.place)
    }

    /// Asks the store on a thread of its own: a locked keyring with a display may wait for ever for a password.
    fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        question: impl FnOnce(&dyn Store) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, KeyringFault> {
        let (told, heard) = mpsc::sync_channel(1);
        let store = Arc::clone(&self.store);
        let asking = thread::Builder::new().name("keyring".to_owned()).spawn(move || {
            // Nobody waits any more where the answer comes too late.
            let _late = told.send(question(store.as_ref()));
        });
        if asking.is_err() {
            return Err(KeyringFault::Absent);
        }
        match heard.recv_timeout(self.limit) {
            Ok(answer) => answer.map_err(|fault| fault_of(fault, what)),
            Err(RecvTimeoutError::Timeout) => Err(KeyringFault::Silent),
            Err(RecvTimeoutError::Disconnected) => Err(KeyringFault::Absent),
        }
    }
}

const fn fault_of(fault: StoreFault, what: &'static str) -> KeyringFault {
    match fault {
        StoreFault::Locked => KeyringFault::Locked,
        StoreFault::Absent => KeyringFault::Absent,
        StoreFault::NeverInitialised => KeyringFault::NeverInitialised,
        StoreFault::Several => KeyringFault::Several(what),
        StoreFault::Strange => KeyringFault::Strange(what),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::vault::store::Memory;

    /// A store that answers one thing to all, or nothing at all.
    enum Odd {
        Says(StoreFault),
        Keeps(&'static str),
        /// A keyring without a login collection: it finds nothing and takes nothing.
        Bare,
        /// A locked one with a display: a window waits for a password.
        Hangs,
        Falls,
    }

    impl Store for Odd {
        fn get(&self, _name: &str) -> Result<Option<Zeroizing<String>>, StoreFault> {
            match self {
                Self::Keeps(text) => Ok(Some(Zeroizing::new((*text).to_owned()))),
                Self::Bare => Ok(None),
                Self::Says(_) | Self::Hangs | Self::Falls => self.set("", "").map(|()| None),
            }
        }

        fn set(&self, _name: &str, _text: &str) -> Result<(), StoreFault> {
            match self {
                Self::Says(fault) => Err(*fault),
                Self::Keeps(_) => Ok(()),
                Self::Bare => Err(StoreFault::NeverInitialised),
                Self::Hangs => loop {
                    thread::sleep(Duration::from_mins(1));
                },
                Self::Falls => std::panic::resume_unwind(Box::new(())),
            }
        }

        fn forget(&self, _name: &str) -> Result<bool, StoreFault> {
            self.set("", "").map(|()| true)
        }
    }

    fn odd(store: Odd) -> Keyring {
        Keyring::over(Arc::new(store), "here".to_owned(), Duration::from_millis(200))
    }

    fn keys(id: &str, secret: &str) -> Keys {
        Keys { id: Secret::new(id.to_owned()), secret: Secret::new(secret.to_owned()) }
    }

    #[test]
    fn what_is_kept_comes_back_and_two_homes_do_not_see_each_other() {
        let store = Arc::new(Memory::default());
        let home = |place: &str| Keyring::over(Arc::clone(&store) as Arc<dyn Store>, place.to_owned(), LIMIT);
        let (here, there) = (home("here"), home("there"));
        assert_eq!(here.probe(), Standing::Here);
        assert!(store.names().is_empty(), "the canary is gone");
        here.set_paper_keys(&keys("PK1", "one")).unwrap();
        here.set_paper_keys(&keys("PK2", "two\nlines é")).unwrap();
        let found = here.paper_keys().unwrap().unwrap();
        assert_eq!((found.id.expose(), found.secret.expose()), ("PK2", "two\nlines é"));
        assert!(there.paper_keys().unwrap().is_none());
        assert!(here.get(Slot::DeviceKey).unwrap().is_none());
        assert_eq!(store.names(), ["paper-keys@here"]);
        let kept = store.get("paper-keys@here").unwrap().unwrap();
        assert!(kept.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c)), "base64 text");
        assert!(here.forget(Slot::PaperKeys).unwrap());
        assert!(!here.forget(Slot::PaperKeys).unwrap());
        assert!(here.paper_keys().unwrap().is_none());
    }

    #[test]
    fn every_standing_says_what_to_do() {
        for (store, standing, word) in [
            (Odd::Says(StoreFault::Locked), Standing::Locked, "unlock it"),
            (Odd::Says(StoreFault::Absent), Standing::Absent, "--vault-only"),
            (Odd::Bare, Standing::NeverInitialised, "make a keyring"),
            (Odd::Hangs, Standing::Locked, "unlock it"),
            (Odd::Falls, Standing::Absent, "--vault-only"),
            (Odd::Keeps("another canary"), Standing::Absent, "--vault-only"),
        ] {
            let found = odd(store).probe();
            assert_eq!(found, standing);
            assert!(found.to_string().contains(word), "{found}");
        }
    }

    #[test]
    fn a_keyring_that_never_answers_is_given_up() {
        let begun = Instant::now();
        let fault = odd(Odd::Hangs).get(Slot::DeviceKey).err().unwrap();
        assert_eq!(fault, KeyringFault::Silent);
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert!(fault.to_string().contains("unlock it, then try again"));
        assert_eq!(odd(Odd::Hangs).set(Slot::DeviceKey, &Secret::new(String::new())), Err(fault));
    }

    #[test]
    fn what_was_not_written_by_us_is_refused_and_not_said_again() {
        for text in ["canary secret", "Y2FuYXJ5LXNlY3JldA", "/w=="] {
            let fault = odd(Odd::Keeps(text)).get(Slot::DeviceKey).err().unwrap();
            assert_eq!(fault, KeyringFault::Strange("device-key"));
            assert!(!format!("{fault} {fault:?}").contains(text));
        }
        // Base64, and no pair of lines in it.
        let fault = odd(Odd::Keeps("Y2FuYXJ5")).paper_keys().err().unwrap();
        assert_eq!(fault, KeyringFault::Strange("paper-keys"));
        assert!(!format!("{fault} {fault:?}").contains("canary"));
    }
}
