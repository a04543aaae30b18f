//! `hardstop keys`.

use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::json;

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::clock;
use crate::app::key_slots::{Closed, KeySlot, Second, Seen, passphrase};
use crate::app::keys::{Typed, asked_for, fits};
use crate::app::paths::Paths;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::keys_args::{KeysCommand, SlotArgs, SlotName, Turn};
use crate::cli::print;
use crate::domain::secret::{Keys, Secret};
use crate::vault::exported;
use crate::vault::fault::VaultFault;
use crate::vault::key_age;
use crate::vault::passphrase::Passphrase;
use crate::vault::sealed::Opened;
use crate::vault::second_factor::SecondFactor;

pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, command: &KeysCommand) -> Result<u8, Failure> {
    paths.prepare()?;
    let config = source.read()?;
    let base_url = config.alpaca.base_url.as_deref();
    let slot = |name: SlotName| slot_of(paths, base_url, name);
    match command {
        KeysCommand::Set { slot: of, stdin, vault_only } => set(&slot(*of)?, &mut typed(*stdin), *vault_only),
        KeysCommand::List { json } => list(&[slot(SlotName::Paper)?, slot(SlotName::Live)?], *json),
        KeysCommand::Test(SlotArgs { slot: of, stdin }) => test(&slot(*of)?, &mut typed(*stdin)),
        KeysCommand::Rotate(SlotArgs { slot: of, stdin }) => rotate(&slot(*of)?, &mut typed(*stdin)),
        KeysCommand::Forget { slot: of, stdin, destroy } => forget(&slot(*of)?, &mut typed(*stdin), *destroy),
        KeysCommand::Passphrase { stdin } => change_passphrase(&slot(SlotName::Live)?, &mut typed(*stdin)),
        KeysCommand::Factor { turn, stdin } => factor(&slot(SlotName::Live)?, &mut typed(*stdin), *turn),
        KeysCommand::Export { slot: of, stdin, file } => export(&slot(*of)?, &mut typed(*stdin), file),
        KeysCommand::Import { slot: of, stdin, vault_only, file } => {
            import(&slot(*of)?, &mut typed(*stdin), *vault_only, file)
        }
    }
}

fn slot_of(paths: &Paths, base_url: Option<&str>, name: SlotName) -> Result<KeySlot, Failure> {
    let account = name.account();
    let hosts = match base_url {
        // An address of Alpaca's own belongs to one account; the other one has its own.
        Some(url) if url.starts_with("http://") => {
            Hosts::at(account, url).map_err(|fault| Failure::new(Exit::Config, fault.to_string()))?
        }
        _ => Hosts::of(account),
    };
    Ok(KeySlot::of(paths, &hosts))
}

fn typed(stdin: bool) -> Typed {
    if stdin { Typed::of_stdin() } else { Typed::of_the_terminal() }
}

fn no(words: impl Into<String>) -> Failure {
    Failure::new(Exit::Keys, words)
}

/// The keys that were typed, and the account that they open.
fn read_pair(slot: &KeySlot, typed: &mut Typed) -> Result<Keys, Failure> {
    let keys = asked_for(slot.account(), typed).map_err(no)?;
    fits(&keys, slot.account()).map_err(no)?;
    Ok(keys)
}

fn set(slot: &KeySlot, typed: &mut Typed, vault_only: bool) -> Result<u8, Failure> {
    let keys = read_pair(slot, typed)?;
    keep(slot, keys, typed, vault_only)
}

/// Looks whom the keys belong to, and keeps them.
fn keep(slot: &KeySlot, keys: Keys, typed: &mut Typed, vault_only: bool) -> Result<u8, Failure> {
    let seen = match (slot.look(&keys), slot.account()) {
        (Ok(seen), _) => Some(seen),
        (Err(Closed::NotTaken(words)), _) => {
            return Err(no(format!(
                "the broker does not take these keys for {}: {words}; nothing was kept",
                slot.name()
            )));
        }
        (Err(Closed::NoAnswer(words)), Account::Paper) => {
            print::words(&format!(
                "the keys were not tried, for nobody answered ({words}); `hardstop keys test` tries them"
            ));
            None
        }
        (Err(Closed::NoAnswer(words)), Account::Live) => {
            return Err(Failure::new(
                Exit::Broker,
                format!(
                    "live keys are kept with the account that they open, and nobody answered: {words}; nothing was kept"
                ),
            ));
        }
    };
    if let Some(seen) = &seen {
        slot.belongs(seen).map_err(no)?;
    }
    match (slot.account(), &seen) {
        (Account::Paper, _) => slot.set_paper_keys(&keys, seen.as_ref()).map_err(no)?,
        (Account::Live, Some(seen)) => {
            let mut opened = vault_for(slot, typed, vault_only)?;
            slot.set_live_keys(&mut opened, keys, seen).map_err(no)?;
        }
        (Account::Live, None) => return Err(no("live keys are not kept untried")),
    }
    let whose = seen.map_or_else(String::new, |seen| format!(", account {}{}", seen.tail(), blocked(&seen)));
    print::words(&format!("kept for {}{whose}", slot.name()));
    Ok(0)
}

fn blocked(seen: &Seen) -> String {
    seen.blocked.as_ref().map_or_else(String::new, |words| format!(" ({words})"))
}

/// The vault, opened; made where there is none.
fn vault_for(slot: &KeySlot, typed: &mut Typed, vault_only: bool) -> Result<Opened, Failure> {
    if slot.has_vault() {
        let typed = typed.secret("vault's passphrase").map_err(no)?;
        return slot.open(&passphrase(&typed).map_err(no)?).map_err(no);
    }
    let passphrase = new_passphrase(typed, "a passphrase for the vault")?;
    slot.make_vault(&passphrase, vault_only).map_err(no)
}

/// A passphrase that is new is typed twice.
pub(super) fn new_passphrase(typed: &mut Typed, what: &str) -> Result<Passphrase, Failure> {
    let first = passphrase(&typed.secret(what).map_err(no)?).map_err(no)?;
    let again = passphrase(&typed.secret("the same again").map_err(no)?).map_err(no)?;
    if first.is_same_as(&again) { Ok(first) } else { Err(no("the two are not the same; nothing was done")) }
}

/// The keys of a slot, as they are kept.
fn kept(slot: &KeySlot, typed: &mut Typed) -> Result<(Keys, Option<Opened>), Failure> {
    let missing = || no(format!("no keys are kept for {}; `hardstop keys set` keeps some", slot.name()));
    match slot.account() {
        Account::Paper => Ok((slot.paper_keys().map_err(no)?.ok_or_else(missing)?, None)),
        Account::Live => {
            let typed = typed.secret("vault's passphrase").map_err(no)?;
            let opened = slot.open(&passphrase(&typed).map_err(no)?).map_err(no)?;
            let live = opened.contents.live.as_ref().ok_or_else(missing)?;
            Ok((copied(&live.keys), Some(opened)))
        }
    }
}

/// A second pair of the same keys, for whoever takes them along; both are wiped when they go.
fn copied(keys: &Keys) -> Keys {
    let copy = |secret: &Secret| Secret::new(secret.expose().to_owned());
    Keys { id: copy(&keys.id), secret: copy(&keys.secret) }
}

fn looked(slot: &KeySlot, keys: &Keys) -> Result<Seen, Failure> {
    slot.look(keys).map_err(|closed| match closed {
        Closed::NotTaken(words) => {
            no(format!("the broker does not take the keys of {} any more: {words}", slot.name()))
        }
        Closed::NoAnswer(words) => Failure::new(Exit::Broker, format!("nobody answered: {words}; try again")),
    })
}

fn test(slot: &KeySlot, typed: &mut Typed) -> Result<u8, Failure> {
    let (keys, _) = kept(slot, typed)?;
    let seen = looked(slot, &keys)?;
    slot.belongs(&seen).map_err(no)?;
    slot.pin(&seen).map_err(no)?;
    print::words(&format!("the keys of {} open the account {}{}", slot.name(), seen.tail(), blocked(&seen)));
    if let Some(words) =
        slot.note().map_err(no)?.and_then(|note| key_age::reminder(note.set_at, clock::now()))
    {
        print::words(&words);
    }
    Ok(0)
}

/// The new pair must open the same account, and is written before the old one is looked at again.
fn rotate(slot: &KeySlot, typed: &mut Typed) -> Result<u8, Failure> {
    let (old, opened) = kept(slot, typed)?;
    let before = slot.look(&old);
    let new = read_pair(slot, typed)?;
    if new.id.expose() == old.id.expose() {
        return Err(no("that is the key that is kept already; make a new one at the broker's"));
    }
    let seen = looked(slot, &new)?;
    slot.belongs(&seen).map_err(no)?;
    if let Ok(before) = &before
        && before.number != seen.number
    {
        return Err(no(format!(
            "the new keys open the account {}, and the old ones {}; nothing was changed",
            seen.tail(),
            before.tail()
        )));
    }
    match opened {
        Some(mut opened) => slot.set_live_keys(&mut opened, new, &seen),
        None => slot.set_paper_keys(&new, Some(&seen)),
    }
    .map_err(no)?;
    print::words(&format!("the new keys of {} are kept, account {}", slot.name(), seen.tail()));
    match slot.look(&old) {
        Err(Closed::NotTaken(_)) => print::words("the old key is void"),
        Ok(_) => {
            print::words("the old key still opens the account: delete it on the broker's page, now");
            return Ok(Exit::Wanting as u8);
        }
        Err(Closed::NoAnswer(words)) => {
            print::words(&format!(
                "whether the old key is void could not be seen ({words}); look at the broker's page"
            ));
            return Ok(Exit::Wanting as u8);
        }
    }
    Ok(0)
}

fn forget(slot: &KeySlot, typed: &mut Typed, destroy: bool) -> Result<u8, Failure> {
    let were = match slot.account() {
        Account::Paper if destroy => return Err(no("only the vault of live keys can be destroyed")),
        Account::Paper => slot.forget_paper().map_err(no)?,
        Account::Live if destroy => {
            let word = typed.words("destroy takes the vault away with all that is in it, also the key that seals the live journal; type destroy").map_err(no)?;
            if word.trim() != "destroy" {
                return Err(no("nothing was done"));
            }
            slot.destroy_vault().map_err(no)?;
            true
        }
        Account::Live => {
            let (_, opened) = kept(slot, typed)?;
            let mut opened = opened.ok_or_else(|| no("there is no vault"))?;
            slot.forget_live(&mut opened).map_err(no)?
        }
    };
    print::words(if were {
        "forgotten here; a key that somebody else may have is made void on the broker's page alone"
    } else {
        "there were none"
    });
    Ok(0)
}

fn change_passphrase(slot: &KeySlot, typed: &mut Typed) -> Result<u8, Failure> {
    let old = passphrase(&typed.secret("vault's passphrase").map_err(no)?).map_err(no)?;
    let opened = slot.open(&old).map_err(no)?;
    let new = new_passphrase(typed, "a new passphrase for the vault")?;
    slot.change_passphrase(opened, &new).map_err(no)?;
    print::words(
        "the vault opens with the new passphrase alone; a copy of it that was made before opens with the old one",
    );
    Ok(0)
}

/// The secret is told once, and kept only when a code has shown that an authenticator has it.
fn factor(slot: &KeySlot, typed: &mut Typed, turn: Turn) -> Result<u8, Failure> {
    let passphrase = passphrase(&typed.secret("vault's passphrase").map_err(no)?).map_err(no)?;
    if turn == Turn::Off {
        let code = typed.secret("code of the second factor, or a recovery code").map_err(no)?;
        let mut opened = slot.unlock(&passphrase, &Second::Code(&code)).map_err(no)?;
        if opened.contents.factor.is_none() {
            return Err(no("no second factor is on"));
        }
        slot.set_second_factor(&mut opened, None).map_err(no)?;
        print::words("the second factor is off: the passphrase alone arms live");
        return Ok(0);
    }
    let mut opened = slot.open(&passphrase).map_err(no)?;
    if opened.contents.factor.is_some() {
        return Err(no("a second factor is on already; `hardstop keys factor off` first"));
    }
    let fail = |fault: VaultFault| no(fault.to_string());
    let (mut factor, codes) = SecondFactor::fresh().map_err(fail)?;
    print::data(&format!("secret  {}", factor.secret().typed_form().expose()));
    print::data(&format!("link    {}", factor.secret().link().expose()));
    for code in &codes {
        print::data(&format!("recovery  {}", code.expose()));
    }
    print::words(
        "give the secret to an authenticator, and write the recovery codes onto paper: each is good once, and none is \
         shown again",
    );
    let code = typed.secret("code that the authenticator shows").map_err(no)?;
    factor.judge(&code, clock::now()).map_err(|fault| no(format!("{fault}; no second factor is on")))?;
    slot.set_second_factor(&mut opened, Some(factor)).map_err(no)?;
    print::words("the second factor is on: arming, re-arming and loosening in live ask for it");
    Ok(0)
}

fn export(slot: &KeySlot, typed: &mut Typed, file: &Path) -> Result<u8, Failure> {
    let (keys, _) = kept(slot, typed)?;
    let passphrase = new_passphrase(typed, "a passphrase for the file")?;
    let text = exported::export(&keys, &passphrase).map_err(|fault| no(fault.to_string()))?;
    let fail = |fault: io::Error| Failure::from(format!("{}: {fault}", file.display()));
    let mut options = std::fs::OpenOptions::new();
    let mut written = options.write(true).create_new(true).mode(0o600).open(file).map_err(fail)?;
    written.write_all(text.as_bytes()).and_then(|()| written.sync_all()).map_err(fail)?;
    print::words(&format!(
        "{} opens with `age -d` and its passphrase; it holds the keys of {}",
        file.display(),
        slot.name()
    ));
    Ok(0)
}

/// A file of exported keys is smaller.
const EXPORT_BYTES_MAX: u64 = 64 * 1024;

fn import(slot: &KeySlot, typed: &mut Typed, vault_only: bool, file: &Path) -> Result<u8, Failure> {
    let fail = |fault: io::Error| Failure::from(format!("{}: {fault}", file.display()));
    let length = std::fs::metadata(file).map_err(fail)?.len();
    if length > EXPORT_BYTES_MAX {
        return Err(no(format!("{}: {length} bytes are no file of exported keys", file.display())));
    }
    let text = std::fs::read_to_string(file).map_err(fail)?;
    let passphrase = passphrase(&typed.secret("file's passphrase").map_err(no)?).map_err(no)?;
    let keys = exported::import(&text, &passphrase).map_err(|fault| no(fault.to_string()))?;
    fits(&keys, slot.account()).map_err(no)?;
    keep(slot, keys, typed, vault_only)
}

fn list(slots: &[KeySlot], json: bool) -> Result<u8, Failure> {
    let now = clock::now();
    let mut rows = Vec::new();
    let mut reminders = Vec::new();
    for slot in slots {
        let Some(note) = slot.note().map_err(no)? else { continue };
        rows.push(json!({
            "slot": slot.name(), "id": note.id, "account": note.account_tail, "set_at": note.set_at,
            "days": key_age::days(note.set_at, now),
            "kept_in": match slot.account() { Account::Paper => "keyring", Account::Live => "vault" },
        }));
        reminders
            .extend(key_age::reminder(note.set_at, now).map(|words| format!("{}: {words}", slot.name())));
    }
    let standing = slots.first().map(|slot| slot.keyring().probe());
    let vault = slots.last().map_or("none", |slot| match (slot.has_vault(), slot.is_vault_only()) {
        (false, _) => "none",
        (true, Some(true)) => "passphrase alone",
        (true, Some(false)) => "passphrase and keyring",
        (true, None) => "damaged",
    });
    if json {
        let keyring = standing.map(|standing| standing.to_string());
        print::value(&json!({ "schema": 1, "slots": rows, "keyring": keyring, "vault": vault }), true);
    } else {
        if rows.is_empty() {
            print::words("no keys are kept");
        } else {
            print::value(&serde_json::Value::Array(rows), false);
        }
        if let Some(standing) = standing {
            print::words(&standing.to_string());
        }
        print::words(&format!("vault: {vault}"));
    }
    for words in &reminders {
        print::words(words);
    }
    if !json && io::stdout().is_terminal() {
        io::stdout().flush().map_err(|fault| Failure::from(fault.to_string()))?;
    }
    Ok(0)
}
