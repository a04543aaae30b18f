use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::alpaca::client::Client;
use crate::alpaca::hosts::{Account, Hosts};
use crate::alpaca::http::CallFault;
use crate::app::account::hash_of;
use crate::app::clock;
use crate::app::keys::word;
use crate::app::paths::Paths;
use crate::domain::at::At;
use crate::domain::secret::{Keys, Secret};
use crate::vault::contents::{Contents, LiveKeys};
use crate::vault::fresh::DeviceKey;
use crate::vault::keyring::{Keyring, KeyringFault, Slot, Standing};
use crate::vault::passphrase::Passphrase;
use crate::vault::redact::masked;
use crate::vault::sealed::{self, Choice, Last, Opened};
use crate::vault::second_factor::SecondFactor;
use crate::vault::tries::Tries;
use crate::wire::fault::Meaning;

/// What is known of a slot without its keys: nothing here is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotNote {
    /// The last letters of the key's id.
    pub id: String,
    /// When it was set.
    pub set_at: At,
    /// The account that the keys opened, by the hash of its number; keys of another do not go into its place.
    pub account: Option<String>,
    /// The last letters of that account's number.
    pub account_tail: Option<String>,
    /// Whether a second factor is asked for: a reminder for whoever asks. What counts stands in the vault.
    #[serde(default)]
    pub second_factor: bool,
}

/// What is asked for beside the passphrase.
pub enum Second<'a> {
    /// Nothing: what is unlocked opens no position by itself.
    NotAsked,
    /// The second factor's code, where one is on.
    Code(&'a Secret),
}

/// An account as keys have opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub number: String,
    /// Why the venue takes no orders for it, where it says so.
    pub blocked: Option<String>,
}

impl Seen {
    /// The last four letters of its number, which may be shown.
    pub fn tail(&self) -> String {
        masked(&self.number)
    }
}

/// Why keys opened no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The broker does not take them.
    NotTaken(String),
    /// Nobody answered.
    NoAnswer(String),
}

/// Where the keys of one account are kept, and of whom they are.
///
/// The keys of a rehearsal stand in a place of their own: what opens an account at Alpaca is never shown to an
/// exchange on this machine, whoever listens there.
pub struct KeySlot {
    hosts: Hosts,
    notes: PathBuf,
    name: String,
    vault: PathBuf,
    tries: Tries,
    keyring: Keyring,
}

impl KeySlot {
    /// The slot of the account whose hosts these are.
    pub fn of(paths: &Paths, hosts: &Hosts) -> Self {
        let suffix = if hosts.are_here() { "-rehearsal" } else { "" };
        Self {
            hosts: hosts.clone(),
            notes: paths.state.join("keys.json"),
            name: format!("{}{suffix}", word(hosts.account())),
            vault: paths.data.join(format!("vault{suffix}")),
            tries: Tries::counted_in(paths.state.join("lockout.toml")),
            keyring: Keyring::of_the_desktop(format!("{}{suffix}", paths.state.display())),
        }
    }

    /// paper or live, with whether it is a rehearsal's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose account it is.
    pub fn account(&self) -> Account {
        self.hosts.account()
    }

    /// The keyring of this place.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The failed tries of the passphrase.
    pub fn tries(&self) -> &Tries {
        &self.tries
    }

    /// Whether there is a vault.
    pub fn has_vault(&self) -> bool {
        sealed::is_there(&self.vault)
    }

    /// Whether its vault opens with the passphrase alone; `None` without a vault that says so.
    pub fn is_vault_only(&self) -> Option<bool> {
        sealed::is_vault_only(&self.vault).ok()
    }

    /// What is known of the slot; nothing where no keys were set.
    ///
    /// # Errors
    /// A file of notes that cannot be read: which account a slot belongs to is not known then.
    pub fn note(&self) -> Result<Option<SlotNote>, String> {
        Ok(self.all_notes()?.remove(&self.name))
    }

    fn all_notes(&self) -> Result<BTreeMap<String, SlotNote>, String> {
        read_notes(&self.notes)
    }

    fn write_note(&self, note: Option<SlotNote>) -> Result<(), String> {
        let mut notes = self.all_notes()?;
        match note {
            Some(note) => notes.insert(self.name.clone(), note),
            None => notes.remove(&self.name),
        };
        let text = serde_json::to_string_pretty(&notes).map_err(|fault| fault.to_string())?;
        crate::app::whole_file::put(&self.notes, text.as_bytes())
    }

    /// Asks the broker whose account the keys open.
    ///
    /// # Errors
    /// [`Closed`], in words that hold nothing of the keys.
    pub fn look(&self, keys: &Keys) -> Result<Seen, Closed> {
        let client =
            Client::new(self.hosts.clone(), keys).map_err(|fault| Closed::NotTaken(fault.to_string()))?;
        match client.account() {
            Ok(account) => Ok(Seen { number: account.number, blocked: account.blocked }),
            Err(CallFault::Said(said))
                if matches!(said.meaning(), Meaning::Unauthorized | Meaning::Refused) =>
            {
                Err(Closed::NotTaken(said.told()))
            }
            Err(fault) => Err(Closed::NoAnswer(fault.told())),
        }
    }

    /// Refuses an account that is not the one that this slot belongs to.
    ///
    /// # Errors
    /// Which account it belongs to, and the remedy.
    pub fn belongs(&self, seen: &Seen) -> Result<(), String> {
        let pinned =
            self.note()?.and_then(|note| Some((note.account?, note.account_tail.unwrap_or_default())));
        match pinned {
            Some((account, tail)) if account != hash_of(&seen.number) => Err(format!(
                "these keys open the account {}, and the slot {} belongs to the account {tail}; `hardstop keys forget \
                 --slot {}` frees it first",
                seen.tail(),
                self.name,
                word(self.account()),
            )),
            _ => Ok(()),
        }
    }

    /// The paper keys that the keyring holds. `None` where it holds none.
    ///
    /// # Errors
    /// What is wrong with the keyring, in words.
    pub fn paper_keys(&self) -> Result<Option<Keys>, String> {
        self.keyring.paper_keys().map_err(|fault| fault.to_string())
    }

    /// Puts paper keys into the keyring.
    ///
    /// # Errors
    /// What is wrong with the keyring, and the other way.
    pub fn set_paper_keys(&self, keys: &Keys, seen: Option<&Seen>) -> Result<(), String> {
        match self.keyring.probe() {
            Standing::Here => {}
            Standing::Absent => {
                return Err("there is no keyring in this session, and nowhere else are paper keys kept; log in to a \
                            desktop that has one (GNOME, KDE), or type them at each start (`hardstop run --paper`, \
                            or --keys-stdin)"
                    .to_owned());
            }
            standing => return Err(format!("{standing}; until then they are typed at each start")),
        }
        self.keyring.set_paper_keys(keys).map_err(|fault| fault.to_string())?;
        self.note_keys(keys, seen)
    }

    /// Opens the vault. A wrong passphrase is counted before it is judged.
    ///
    /// # Errors
    /// Why it does not open, in words.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Opened, String> {
        self.unlock(passphrase, &Second::NotAsked)
    }

    /// The same with the second factor, where one is on: a wrong code counts as a wrong passphrase does.
    ///
    /// # Errors
    /// Why it does not open, in words.
    pub fn unlock(&self, passphrase: &Passphrase, second: &Second<'_>) -> Result<Opened, String> {
        if !self.has_vault() {
            return Err(format!(
                "no keys are kept for {}; `hardstop keys set --slot {}` makes a vault for them",
                self.name,
                word(self.account())
            ));
        }
        let device_key = self.device_key()?;
        let attempt = self.tries.begin(clock::now()).map_err(|fault| fault.to_string())?;
        let mut opened =
            sealed::open(&self.vault, passphrase, device_key.as_ref()).map_err(|fault| fault.to_string())?;
        if let (Second::Code(code), Some(factor)) = (second, &mut opened.contents.factor) {
            if code.expose().is_empty() {
                return Err("a second factor is on: its code is needed too".to_owned());
            }
            factor.judge(code, clock::now()).map_err(|fault| format!("the code: {fault}"))?;
            // What was used must not be good again, also after a crash at the next instant.
            opened.put(Last::Kept).map_err(|fault| fault.to_string())?;
        }
        attempt.succeeded().map_err(|fault| fault.to_string())?;
        Ok(opened)
    }

    /// Seals the vault under another passphrase.
    ///
    /// # Errors
    /// Why it could not be done, in words; then the old passphrase opens it still.
    pub fn change_passphrase(&self, opened: Opened, passphrase: &Passphrase) -> Result<(), String> {
        let device_key = self.device_key()?;
        sealed::change_passphrase(&self.vault, opened, passphrase, device_key.as_ref(), clock::now())
            .map(drop)
            .map_err(|fault| fault.to_string())
    }

    /// Turns the second factor on or off, in the vault first and then in the note that asks for its code.
    ///
    /// # Errors
    /// The disk does not take the change.
    pub fn set_second_factor(&self, opened: &mut Opened, factor: Option<SecondFactor>) -> Result<(), String> {
        let is_on = factor.is_some();
        opened.contents.factor = factor;
        opened.put(Last::Dropped).map_err(|fault| fault.to_string())?;
        match self.note()? {
            Some(note) => self.write_note(Some(SlotNote { second_factor: is_on, ..note })),
            None => Ok(()),
        }
    }

    /// Opens the vault for the kill: no lockout holds it up, and no try is counted. What it is opened for can only
    /// cancel and close.
    ///
    /// # Errors
    /// Why it does not open, in words.
    pub fn open_for_the_kill(&self, passphrase: &Passphrase) -> Result<Opened, String> {
        let device_key = self.device_key()?;
        sealed::open(&self.vault, passphrase, device_key.as_ref()).map_err(|fault| fault.to_string())
    }

    fn device_key(&self) -> Result<Option<DeviceKey>, String> {
        if self.is_vault_only() == Some(true) {
            return Ok(None);
        }
        self.kept_device_key()
    }

    fn kept_device_key(&self) -> Result<Option<DeviceKey>, String> {
        let kept = self.keyring.get(Slot::DeviceKey).map_err(|fault| fault.to_string())?;
        let strange = || KeyringFault::Strange(Slot::DeviceKey.name()).to_string();
        kept.map(|text| DeviceKey::from_text(&text).ok_or_else(strange)).transpose()
    }

    /// Makes the vault, with a device key in the keyring; without a keyring only where the trader chose that.
    ///
    /// # Errors
    /// Why it could not be made, in words.
    pub fn make_vault(&self, passphrase: &Passphrase, vault_only: bool) -> Result<Opened, String> {
        let told = |fault: crate::vault::fault::VaultFault| fault.to_string();
        let contents = Contents::fresh().map_err(told)?;
        let now = clock::now();
        if vault_only {
            return sealed::create(&self.vault, passphrase, Choice::VaultOnly, contents, now).map_err(told);
        }
        match self.keyring.probe() {
            Standing::Here => {}
            standing => return Err(standing.to_string()),
        }
        // One that is there may be all that opens a vault which was put aside: it is used again.
        let device_key = if let Some(kept) = self.kept_device_key()? {
            kept
        } else {
            let fresh = DeviceKey::fresh().map_err(told)?;
            // The key first: a vault whose key is nowhere could never be opened again.
            self.keyring.set(Slot::DeviceKey, &fresh.to_text()).map_err(|fault| fault.to_string())?;
            fresh
        };
        sealed::create(&self.vault, passphrase, Choice::WithKeyring(&device_key), contents, now).map_err(told)
    }

    /// Puts live keys into an opened vault; those before them go without a copy.
    ///
    /// # Errors
    /// They open another account than those before them, or the disk does not take them.
    pub fn set_live_keys(&self, opened: &mut Opened, keys: Keys, seen: &Seen) -> Result<(), String> {
        if let Some(before) = &opened.contents.live
            && before.account != seen.number
        {
            return Err(format!(
                "these keys open the account {}, and those in the vault the account {}; `hardstop keys forget --slot \
                 live` first",
                seen.tail(),
                masked(&before.account)
            ));
        }
        let note = (masked(keys.id.expose()), seen.clone());
        opened.contents.live = Some(LiveKeys { keys, account: seen.number.clone(), set_at: clock::now() });
        opened.put(Last::Dropped).map_err(|fault| fault.to_string())?;
        self.write_note(Some(SlotNote {
            id: note.0,
            set_at: clock::now(),
            account: Some(hash_of(&seen.number)),
            account_tail: Some(note.1.tail()),
            second_factor: opened.contents.factor.is_some(),
        }))
    }

    fn note_keys(&self, keys: &Keys, seen: Option<&Seen>) -> Result<(), String> {
        let before = self.note()?;
        let pinned = |seen: &Seen| (Some(hash_of(&seen.number)), Some(seen.tail()));
        let (account, account_tail) = seen
            .map_or_else(|| before.map_or((None, None), |note| (note.account, note.account_tail)), pinned);
        self.write_note(Some(SlotNote {
            id: masked(keys.id.expose()),
            set_at: clock::now(),
            account,
            account_tail,
            second_factor: false,
        }))
    }

    /// The keys have opened this account: from here on the slot is its own.
    ///
    /// # Errors
    /// When that cannot be noted.
    pub fn pin(&self, seen: &Seen) -> Result<(), String> {
        match self.note()? {
            Some(note) if note.account.is_none() => self.write_note(Some(SlotNote {
                account: Some(hash_of(&seen.number)),
                account_tail: Some(seen.tail()),
                ..note
            })),
            _ => Ok(()),
        }
    }

    /// Forgets paper keys, and the account that they opened. Whether there were any.
    ///
    /// # Errors
    /// What is wrong with the keyring, in words.
    pub fn forget_paper(&self) -> Result<bool, String> {
        let were = self.keyring.forget(Slot::PaperKeys).map_err(|fault| fault.to_string())?;
        self.write_note(None)?;
        Ok(were)
    }

    /// Forgets live keys. Whether there were any.
    ///
    /// # Errors
    /// The disk does not take the change; then they are there still.
    pub fn forget_live(&self, opened: &mut Opened) -> Result<bool, String> {
        let were = opened.contents.live.take().is_some();
        opened.put(Last::Dropped).map_err(|fault| fault.to_string())?;
        self.write_note(None)?;
        Ok(were)
    }

    /// Takes the vault away with everything in it, and the key that opened it. No passphrase is needed: who has
    /// lost it must be able to begin anew.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn destroy_vault(&self) -> Result<(), String> {
        // Without its device key the vault is nothing but noise, so that goes first.
        let key_gone = self.keyring.forget(Slot::DeviceKey);
        for name in ["vault.age", "vault.age.bak", "vault.toml"] {
            let path = self.vault.join(name);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
                Err(fault) => return Err(format!("{}: {fault}", path.display())),
            }
        }
        self.write_note(None)?;
        if self.is_vault_only().is_none() && key_gone.is_err() {
            tracing::warn!("the vault's device key could not be taken out of the keyring");
        }
        Ok(())
    }
}

/// What is known of every slot of an installation without its keys.
///
/// # Errors
/// A file of notes that cannot be read.
pub(super) fn notes_in(state: &Path) -> Result<BTreeMap<String, SlotNote>, String> {
    read_notes(&state.join("keys.json"))
}

fn read_notes(path: &Path) -> Result<BTreeMap<String, SlotNote>, String> {
    let fail = |fault: &dyn std::fmt::Display| {
        format!(
            "{}: {fault}; which account the keys belong to is not known. Take the file away, and set them anew",
            path.display()
        )
    };
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map_err(|fault| fail(&fault)),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(fault) => Err(fail(&fault)),
    }
}

/// A passphrase as it was typed.
///
/// # Errors
/// Why it is none, in words.
pub fn passphrase(typed: &Secret) -> Result<Passphrase, String> {
    Passphrase::new(typed.expose()).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "a passphrase of a slot";

    fn slot(name: &str) -> KeySlot {
        let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/key-slots").join(name);
        let _none_before = std::fs::remove_dir_all(&home);
        let state = home.join("state");
        let paths = Paths {
            config_file: home.join("config.toml"),
            data: home.join("data"),
            socket: state.join("control.sock"),
            accounts: state.join("accounts"),
            state,
        };
        paths.prepare().unwrap();
        KeySlot::of(&paths, &Hosts::at(Account::Live, "http://127.0.0.1:9").unwrap())
    }

    fn words(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    #[test]
    fn a_second_factor_is_asked_for_where_live_is_armed() {
        let slot = slot("factor");
        let mut opened = slot.make_vault(&words(WORDS), true).unwrap();
        let (factor, codes) = SecondFactor::fresh().unwrap();
        slot.set_second_factor(&mut opened, Some(factor)).unwrap();
        assert!(slot.open(&words(WORDS)).is_ok(), "what opens no position asks for none");
        let none = Secret::new(String::new());
        let refused = slot.unlock(&words(WORDS), &Second::Code(&none)).err().unwrap();
        assert!(refused.contains("its code is needed"), "{refused}");
        assert_eq!(
            slot.tries().look(clock::now()).fails,
            1,
            "a code that is none counts as a passphrase does"
        );
        assert!(slot.unlock(&words(WORDS), &Second::Code(&codes[0])).is_ok());
        assert_eq!(slot.tries().look(clock::now()).fails, 0);
        let refused = slot.unlock(&words(WORDS), &Second::Code(&codes[0])).err().unwrap();
        assert!(refused.contains("the code") && !refused.contains(codes[0].expose()), "{refused}");
        assert!(slot.unlock(&words(WORDS), &Second::Code(&codes[1])).is_ok());
        let mut opened = slot.open(&words(WORDS)).unwrap();
        slot.set_second_factor(&mut opened, None).unwrap();
        assert!(slot.unlock(&words(WORDS), &Second::Code(&none)).is_ok());
    }
}
