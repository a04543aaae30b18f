use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::domain::secret::{Keys, Secret};
use crate::vault::contents::LiveKeys;
use crate::vault::testing::{Folder, at};

const WORDS: &str = "correct horse battery";
const SECRET: &str = "canary-secret-of-the-vault";

fn words(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn with_keys() -> Contents {
    let mut contents = Contents::fresh().unwrap();
    let keys = Keys { id: Secret::new("AKCANARY".to_owned()), secret: Secret::new(SECRET.to_owned()) };
    contents.live = Some(LiveKeys { keys, account: "123456789".to_owned(), set_at: at(0) });
    contents
}

/// A vault at the least cost, in a folder of its own.
struct Made {
    home: Folder,
    folder: PathBuf,
    device_key: DeviceKey,
}

impl Made {
    fn new(name: &str) -> Self {
        let home = Folder::new(name);
        let made = Self { folder: home.file("vault"), device_key: DeviceKey::fresh().unwrap(), home };
        let choice = Choice::WithKeyring(&made.device_key);
        let passphrase = words(WORDS);
        create_at(Cost::FLOOR, &made.folder, &passphrase, choice, with_keys(), at(0)).unwrap();
        made
    }

    fn open(&self, text: &str) -> Result<Opened, VaultFault> {
        open(&self.folder, &words(text), Some(&self.device_key))
    }

    fn refusal(&self, text: &str) -> String {
        let fault = self.open(text).err().unwrap();
        let said = format!("{fault}\n{fault:?}");
        assert!(!said.contains(SECRET) && !said.contains("AKCANARY") && !said.contains(text), "{said}");
        fault.to_string()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).unwrap();
    }

    fn identity(&self) -> age::x25519::Identity {
        let text = self.bytes(HEAD);
        let head = Head::read(&text).unwrap();
        let salt = head.salt().unwrap();
        kdf::derive(&words(WORDS), Some(&self.device_key), head.cost, &salt, &head::bound(&text)).unwrap()
    }
}

fn secret_of(opened: &Opened) -> &str {
    opened.contents.live.as_ref().unwrap().keys.secret.expose()
}

#[test]
fn a_vault_opens_with_its_passphrase_and_its_device_key_and_with_nothing_else() {
    let made = Made::new("vault-open");
    let opened = made.open(WORDS).unwrap();
    assert_eq!(secret_of(&opened), SECRET);
    assert!(!opened.is_vault_only && !is_vault_only(&made.folder).unwrap());
    assert!(made.refusal("correct horse batterz").contains("the passphrase is wrong, or vault.age"));
    let other = DeviceKey::fresh().unwrap();
    let stolen = open(&made.folder, &words(WORDS), Some(&other)).err().unwrap();
    assert!(matches!(stolen, VaultFault::WrongOrChanged));
    let alone = open(&made.folder, &words(WORDS), None).err().unwrap();
    assert!(matches!(alone, VaultFault::NoDeviceKey));
    let again = create(&made.folder, &words(WORDS), Choice::VaultOnly, with_keys(), at(1)).err().unwrap();
    assert!(again.to_string().contains("is there already"), "{again}");
}

#[test]
fn a_vault_that_stands_alone_opens_with_its_passphrase() {
    let home = Folder::new("vault-alone");
    let folder = home.file("vault");
    create_at(Cost::FLOOR, &folder, &words(WORDS), Choice::VaultOnly, with_keys(), at(0)).unwrap();
    let key = DeviceKey::fresh().unwrap();
    for key in [None, Some(&key)] {
        let opened = open(&folder, &words(WORDS), key).unwrap();
        assert!(opened.is_vault_only && is_vault_only(&folder).unwrap());
        assert_eq!(secret_of(&opened), SECRET);
    }
}

#[test]
fn what_is_put_is_there_after_a_restart_and_what_is_forgotten_is_nowhere() {
    let made = Made::new("vault-put");
    let first = made.bytes(SEALED);
    let mut opened = made.open(WORDS).unwrap();
    let audit = *opened.contents.audit.expose();
    opened.contents.live.as_mut().unwrap().keys.secret = Secret::new("another-secret".to_owned());
    opened.put(Last::Kept).unwrap();
    assert_eq!(made.bytes("vault.age.bak"), first);
    let mut opened = made.open(WORDS).unwrap();
    assert_eq!(secret_of(&opened), "another-secret");
    assert_eq!(*opened.contents.audit.expose(), audit);
    opened.contents.live = None;
    opened.put(Last::Dropped).unwrap();
    assert!(made.open(WORDS).unwrap().contents.live.is_none());
    let mut names: Vec<String> = std::fs::read_dir(&made.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [SEALED, HEAD], "no backup, and nothing half written");
}

#[test]
fn a_missing_file_says_what_can_be_done() {
    let made = Made::new("vault-missing");
    made.open(WORDS).unwrap().put(Last::Kept).unwrap();
    std::fs::remove_file(made.folder.join(SEALED)).unwrap();
    assert!(made.refusal(WORDS).contains("vault.age.bak beside it"));
    std::fs::remove_file(made.folder.join("vault.age.bak")).unwrap();
    assert!(made.refusal(WORDS).contains("make a new vault"));
    let made = Made::new("vault-headless");
    std::fs::remove_file(made.folder.join(HEAD)).unwrap();
    assert!(made.refusal(WORDS).contains("vault.age alone cannot be opened"));
    let elsewhere = made.home.file("elsewhere");
    assert!(is_there(&made.folder) && !is_there(&elsewhere));
    let none = open(&elsewhere, &words(WORDS), None).err().unwrap();
    assert!(none.to_string().contains("make a vault first"), "{none}");
    assert!(!elsewhere.exists(), "looking makes nothing");
}

#[test]
fn a_vault_that_could_not_be_written_whole_is_none() {
    let home = Folder::new("vault-half");
    let folder = home.file("vault");
    let mut contents = with_keys();
    contents.live.as_mut().unwrap().account = "9".repeat(contents::BYTES_MAX);
    let made = create_at(Cost::FLOOR, &folder, &words(WORDS), Choice::VaultOnly, contents, at(0));
    assert!(matches!(made.err(), Some(VaultFault::TooLarge)));
    assert!(!is_there(&folder));
    assert!(create_at(Cost::FLOOR, &folder, &words(WORDS), Choice::VaultOnly, with_keys(), at(0)).is_ok());
}

/// Every change of `whole` by one byte, four ways each, and every cut of it.
fn changes(whole: &[u8], patterns: &[u8], mut judge: impl FnMut(&[u8], &str)) -> usize {
    let mut tried = 0;
    for place in 0..whole.len() {
        for pattern in patterns {
            let mut changed = whole.to_vec();
            changed[place] ^= pattern;
            judge(&changed, &format!("byte {place} by {pattern:#x}"));
            tried += 1;
        }
        judge(&whole[..place], &format!("cut to {place}"));
        tried += 1;
    }
    for more in [&b"\0"[..], b"\n", whole] {
        judge(&[whole, more].concat(), "something behind it");
        tried += 1;
    }
    tried
}

#[test]
fn no_changed_byte_and_no_cut_of_the_vault_opens() {
    let made = Made::new("vault-flips");
    let whole = made.bytes(SEALED);
    let identity = made.identity();
    assert!(unsealed(&whole, &identity).is_ok());
    let tried = changes(&whole, &[0x01, 0x20, 0x80, 0xff], |changed, what| {
        let judged = catch_unwind(AssertUnwindSafe(|| unsealed(changed, &identity)));
        assert!(matches!(judged, Ok(Err(VaultFault::WrongOrChanged))), "{what}");
    });
    assert_eq!(tried, whole.len() * 5 + 3);
    eprintln!("{tried} changed vaults of {} bytes were refused", whole.len());
    // The same bytes in age's armour are another file.
    let plain = with_keys().written().unwrap();
    let armoured = age::encrypt_and_armor(&identity.to_public(), &plain).unwrap();
    assert!(unsealed(armoured.as_bytes(), &identity).is_err());
    // And through the door that everybody uses.
    for changed in [&whole[..whole.len() - 1], &[b"x", &whole[1..]].concat(), b""] {
        made.put(SEALED, changed);
        assert!(made.refusal(WORDS).contains("the passphrase is wrong, or vault.age"));
    }
}

#[test]
fn no_changed_byte_and_no_cut_of_the_head_opens() {
    let made = Made::new("vault-head-flips");
    let whole = made.bytes(HEAD);
    let mut refused_by_the_key = 0;
    let tried = changes(&whole, &[0x01], |changed, what| {
        made.put(HEAD, changed);
        let judged = catch_unwind(AssertUnwindSafe(|| made.open(WORDS).err()));
        match judged {
            Ok(Some(VaultFault::WrongOrChanged)) => refused_by_the_key += 1,
            Ok(Some(VaultFault::Head { .. } | VaultFault::Cost(_) | VaultFault::NoDeviceKey)) => {}
            other => assert!(matches!(other, Ok(Some(_))), "{what} opened, or fell over"),
        }
    });
    assert_eq!(tried, whole.len() * 2 + 3);
    eprintln!("{tried} changed heads of {} bytes were refused, {refused_by_the_key} by the key", whole.len());
    assert!(refused_by_the_key > 100, "{refused_by_the_key} only were left to the key to refuse");
    made.put(HEAD, &whole);
    assert!(made.open(WORDS).is_ok());
}

#[test]
fn a_head_that_asks_for_the_whole_machine_is_refused_before_anything_is_computed() {
    let made = Made::new("vault-greedy");
    let text = String::from_utf8(made.bytes(HEAD)).unwrap();
    made.put(HEAD, text.replace("memory_kib = 19456", "memory_kib = 4294967295").as_bytes());
    assert!(made.refusal(WORDS).contains("more work than"));
    made.put(HEAD, text.replace("memory_kib = 19456", "memory_kib = 64").as_bytes());
    assert!(made.refusal(WORDS).contains("less work than"));
    made.put(HEAD, &vec![b'#'; 1 << 20]);
    assert!(made.refusal(WORDS).contains("far larger"));
}

#[test]
fn nothing_of_the_keys_stands_on_the_disk() {
    let made = Made::new("vault-canary");
    made.open(WORDS).unwrap().put(Last::Kept).unwrap();
    for name in [HEAD, SEALED, "vault.age.bak"] {
        let bytes = made.bytes(name);
        for canary in [SECRET, "AKCANARY", "123456789", WORDS, made.device_key.to_text().expose()] {
            assert!(!bytes.windows(canary.len()).any(|part| part == canary.as_bytes()), "{name}");
        }
    }
}

#[test]
fn a_linked_vault_is_refused() {
    let made = Made::new("vault-linked");
    let real = made.home.file("real.age");
    std::fs::rename(made.folder.join(SEALED), &real).unwrap();
    std::os::unix::fs::symlink(&real, made.folder.join(SEALED)).unwrap();
    assert!(made.refusal(WORDS).contains("is no plain file"));
}

#[test]
fn another_passphrase_opens_the_same_vault_and_the_old_one_does_not_any_more() {
    let made = Made::new("vault-other-words");
    made.open(WORDS).unwrap().put(Last::Kept).unwrap();
    let (head, sealed) = (made.bytes(HEAD), made.bytes(SEALED));
    let new = "another horse another battery";
    let change = |opened: Opened| {
        change_passphrase_at(Cost::FLOOR, &made.folder, opened, &words(new), Some(&made.device_key), at(1))
    };
    // What a killed process left of its own try is in nobody's way.
    let aside = guard::aside(&made.folder);
    guard::folder(&aside).unwrap();
    std::fs::write(aside.join(SEALED), "half").unwrap();
    let changed = change(made.open(WORDS).unwrap()).unwrap();
    changed.put(Last::Kept).unwrap();
    assert_eq!(made.refusal(WORDS), VaultFault::WrongOrChanged.to_string());
    let again = made.open(new).unwrap();
    assert_eq!(again.contents.live.unwrap().keys.secret.expose(), SECRET);
    assert!(made.bytes(HEAD) != head && made.bytes(SEALED) != sealed, "a new salt, and a new key");
    assert!(!guard::is_there(&aside), "nothing of the old one is left");
    let without = made.open(new).unwrap();
    let refused = change_passphrase_at(Cost::FLOOR, &made.folder, without, &words(WORDS), None, at(2));
    assert!(matches!(refused.err(), Some(VaultFault::NoDeviceKey)));
    assert!(made.open(new).is_ok(), "and what was refused has changed nothing");
}
