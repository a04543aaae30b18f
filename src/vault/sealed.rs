use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::domain::at::At;
use crate::vault::contents::{self, Contents};
use crate::vault::fault::VaultFault;
use crate::vault::fresh::DeviceKey;
use crate::vault::guard;
use crate::vault::head::{self, Head};
use crate::vault::kdf::{self, Cost};
use crate::vault::passphrase::Passphrase;

/// The head beside the vault.
const HEAD: &str = "vault.toml";
/// The vault itself: a file of age, version 1.
const SEALED: &str = "vault.age";

const HEAD_BYTES_MAX: u64 = 4 * 1024;
/// What a vault holds, age's own header, and the tags of its pieces.
const SEALED_BYTES_MAX: u64 = contents::BYTES_MAX as u64 + 4 * 1024;

/// Whether a part of the key lies in the keyring. Chosen by the trader, and never silently.
pub enum Choice<'a> {
    /// The passphrase together with the device key that the keyring holds.
    WithKeyring(&'a DeviceKey),
    /// The passphrase alone, on a machine without a keyring; each try costs more.
    VaultOnly,
}

/// What becomes of the last state of the vault when it is written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// It stays as `vault.age.bak`, sealed as it was.
    Kept,
    /// It goes: what is forgotten must be nowhere.
    Dropped,
}

/// A vault that was opened. It holds no key that could open anything: only what was inside, and the means to
/// seal it again. That means is kept off the disk: who knew it could forge a vault.
pub struct Opened {
    /// What was in the vault. Change it, and [`Opened::put`] writes it.
    pub contents: Contents,
    /// Whether it was made without a keyring.
    pub is_vault_only: bool,
    recipient: age::x25519::Recipient,
    path: PathBuf,
}

/// Whether a vault, or a part of one, stands in the folder.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    guard::is_there(&folder.join(HEAD)) || guard::is_there(&folder.join(SEALED))
}

/// Whether the vault in the folder was made without a keyring, by the word of its head; opening it proves that
/// word, since the key depends on it.
///
/// # Errors
/// There is no vault, or its head is not as it was written.
pub fn is_vault_only(folder: &Path) -> Result<bool, VaultFault> {
    Ok(!read_head(folder)?.1.device_key)
}

/// Makes a vault, once. The folder is made where it is missing, for the trader alone.
///
/// # Errors
/// There is one already, or the folder or its files are not the trader's own or cannot be written.
pub fn create(
    folder: &Path,
    passphrase: &Passphrase,
    choice: Choice<'_>,
    contents: Contents,
    now: At,
) -> Result<Opened, VaultFault> {
    let cost = match choice {
        Choice::WithKeyring(_) => Cost::WITH_DEVICE_KEY,
        Choice::VaultOnly => Cost::VAULT_ONLY,
    };
    create_at(cost, folder, passphrase, choice, contents, now)
}

/// As [`create`], at a cost of one's own.
pub(super) fn create_at(
    cost: Cost,
    folder: &Path,
    passphrase: &Passphrase,
    choice: Choice<'_>,
    contents: Contents,
    now: At,
) -> Result<Opened, VaultFault> {
    guard::folder(folder)?;
    let (head_path, path) = (folder.join(HEAD), folder.join(SEALED));
    for taken in [&path, &head_path] {
        if guard::is_there(taken) {
            return Err(VaultFault::Exists { path: taken.display().to_string() });
        }
    }
    let device_key = match choice {
        Choice::WithKeyring(key) => Some(key),
        Choice::VaultOnly => None,
    };
    let head = Head::fresh(device_key.is_some(), cost, now)?;
    let text = head.text();
    let identity = kdf::derive(passphrase, device_key, cost, &head.salt()?, &head::bound(text.as_bytes()))?;
    let opened =
        Opened { contents, is_vault_only: device_key.is_none(), recipient: identity.to_public(), path };
    // The head goes first: without its vault it holds nothing that could be lost, and so it goes again where the
    // vault cannot be written.
    guard::replace(&head_path, text.as_bytes(), false)?;
    if let Err(fault) = opened.put(Last::Dropped) {
        guard::remove(&head_path)?;
        return Err(fault);
    }
    Ok(opened)
}

/// Seals what is in an opened vault under another passphrase, with a new salt. Both files stand anew beside the old
/// ones first, and change places with them in one step: at any instant the one passphrase opens the vault, or the
/// other.
///
/// # Errors
/// The disk does not take the new files, and the old passphrase opens the vault still; or the old files could not be
/// taken away, which is said by their path.
pub fn change_passphrase(
    folder: &Path,
    opened: Opened,
    passphrase: &Passphrase,
    device_key: Option<&DeviceKey>,
    now: At,
) -> Result<Opened, VaultFault> {
    let cost = if opened.is_vault_only { Cost::VAULT_ONLY } else { Cost::WITH_DEVICE_KEY };
    change_passphrase_at(cost, folder, opened, passphrase, device_key, now)
}

/// As [`change_passphrase`], at a cost of one's own.
pub(super) fn change_passphrase_at(
    cost: Cost,
    folder: &Path,
    opened: Opened,
    passphrase: &Passphrase,
    device_key: Option<&DeviceKey>,
    now: At,
) -> Result<Opened, VaultFault> {
    let choice = match (opened.is_vault_only, device_key) {
        (true, _) => Choice::VaultOnly,
        (false, Some(key)) => Choice::WithKeyring(key),
        (false, None) => return Err(VaultFault::NoDeviceKey),
    };
    let aside = guard::aside(folder);
    // What a killed process left of its own try opens for nobody.
    remove_files(&aside)?;
    let fresh = create_at(cost, &aside, passphrase, choice, opened.contents, now)?;
    guard::exchange(folder, &aside)?;
    remove_files(&aside)?;
    Ok(Opened { path: folder.join(SEALED), ..fresh })
}

fn remove_files(folder: &Path) -> Result<(), VaultFault> {
    for name in [SEALED, "vault.age.bak", HEAD] {
        guard::remove(&folder.join(name))?;
    }
    guard::remove_folder(folder)
}

/// Opens the vault. There is no other proof of the passphrase than that the file opens.
///
/// # Errors
/// There is no vault; its files are not the trader's own; it needs a device key and `device_key` is `None`; or it
/// does not open, which does not say why: [`VaultFault::WrongOrChanged`].
pub fn open(
    folder: &Path,
    passphrase: &Passphrase,
    device_key: Option<&DeviceKey>,
) -> Result<Opened, VaultFault> {
    let (text, head) = read_head(folder)?;
    let path = folder.join(SEALED);
    let sealed = guard::read(&path, SEALED_BYTES_MAX)?.ok_or_else(|| VaultFault::Missing {
        path: path.display().to_string(),
        remedy: if guard::is_there(&guard::backup_of(&path)) {
            "vault.age.bak beside it holds the state before the last change: give it that name"
        } else {
            "put back a copy of it, or move vault.toml away and make a new vault"
        },
    })?;
    let device_key = match (head.device_key, device_key) {
        (true, None) => return Err(VaultFault::NoDeviceKey),
        (true, key) => key,
        (false, _) => None,
    };
    let identity = kdf::derive(passphrase, device_key, head.cost, &head.salt()?, &head::bound(&text))?;
    let contents = Contents::read(&unsealed(&sealed, &identity)?)?;
    Ok(Opened { contents, is_vault_only: !head.device_key, recipient: identity.to_public(), path })
}

impl Opened {
    /// Writes the contents as they are now, in one step: at any instant the old state or the new one stands.
    ///
    /// # Errors
    /// The contents are too large, or the disk does not take them; the old state stands then.
    pub fn put(&self, last: Last) -> Result<(), VaultFault> {
        let sealed = sealed(&self.contents.written()?, &self.recipient)?;
        guard::replace(&self.path, &sealed, last == Last::Kept)
    }
}

fn read_head(folder: &Path) -> Result<(Zeroizing<Vec<u8>>, Head), VaultFault> {
    guard::existing_folder(folder)?;
    let path = folder.join(HEAD);
    let text = guard::read(&path, HEAD_BYTES_MAX)?.ok_or_else(|| VaultFault::Missing {
        path: path.display().to_string(),
        remedy: if guard::is_there(&folder.join(SEALED)) {
            "vault.age alone cannot be opened: put back a copy of vault.toml"
        } else {
            "make a vault first"
        },
    })?;
    let head = Head::read(&text)?;
    Ok((text, head))
}

fn sealed(plain: &[u8], recipient: &age::x25519::Recipient) -> Result<Vec<u8>, VaultFault> {
    let fail = |_| VaultFault::TooLarge;
    let recipients = std::iter::once(recipient as &dyn age::Recipient);
    // One recipient, and a file in memory: there is nothing here that could go wrong but the size.
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|_| VaultFault::TooLarge)?;
    let mut bytes = Vec::new();
    let mut writer = encryptor.wrap_output(&mut bytes).map_err(fail)?;
    writer.write_all(plain).and_then(|()| writer.finish()).map_err(fail)?;
    Ok(bytes)
}

/// What is in a file of age. Armour is not looked through: the file is the bytes that were written, or none.
fn unsealed(sealed: &[u8], identity: &age::x25519::Identity) -> Result<Zeroizing<Vec<u8>>, VaultFault> {
    let wrong = |_| VaultFault::WrongOrChanged;
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(wrong)?;
    let identities = std::iter::once(identity as &dyn age::Identity);
    let mut reader = decryptor.decrypt(identities).map_err(wrong)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(SEALED_BYTES_MAX as usize));
    reader.read_to_end(&mut plain).map_err(|_| VaultFault::WrongOrChanged)?;
    Ok(plain)
}

/// Vaults under attack, as tests.
#[cfg(test)]
#[path = "tamper.rs"]
mod tamper;
