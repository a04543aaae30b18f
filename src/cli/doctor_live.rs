//! `hardstop doctor --live`: everything that should be so before real money is armed, looked at one by one.

use crate::alpaca::client::Client;
use crate::alpaca::hosts::{Account, Hosts};
use crate::app::certificate::{Certificate, place, settings_of};
use crate::app::clock;
use crate::app::key_slots::{KeySlot, passphrase};
use crate::app::ledgers::latest_of;
use crate::app::paths::Paths;
use crate::cli::doctor::Look;
use crate::cli::trusted::typed;
use crate::config::meaning::Config;
use crate::domain::mode::Mode;
use crate::domain::pct::Pct;
use crate::domain::secret::Keys;
use crate::journal::reader::{Reader, View};
use crate::journal::seal::Seal;
use crate::journal::verify::{Chain, verify_sealed};
use crate::vault::key_age;

/// Beyond this the machine opens nothing; half of it is worth a word.
const SKEW_MS_MAX: i64 = 2_000;

/// What needs no passphrase, and where one is typed, what needs it.
pub(super) fn looks(paths: &Paths, config: &Config, asks: Option<bool>) -> Vec<Look> {
    let hosts = config.alpaca.base_url.as_ref().and_then(|url| Hosts::at(Account::Live, url).ok());
    let hosts = hosts.unwrap_or_else(|| Hosts::of(Account::Live));
    let slot = KeySlot::of(paths, &hosts);
    let mut looks = vec![enabled(config), limits(config), drill(paths, config), paper(paths)];
    looks.extend(keys(&slot));
    looks.push(root());
    match asks.filter(|_| slot.has_vault()) {
        None => looks.push(Look::note(
            "account",
            "clock, account and ledger were not looked at: that needs the vault's passphrase (a terminal, or --stdin)",
        )),
        Some(stdin) => looks.extend(unlocked(paths, &slot, &hosts, stdin)),
    }
    looks
}

fn enabled(config: &Config) -> Look {
    if config.live.enabled {
        Look::ok("live", format!("allowed; at most ${} of the account count", config.live.max_capital))
    } else {
        Look::wanting("live", "[live] enabled is not true in the config: `run --live` is refused")
    }
}

/// The defaults are what most traders should not go beyond.
fn limits(config: &Config) -> Look {
    let limits = &config.limits;
    let wide: Vec<String> = [
        ("daily loss", limits.max_daily_loss_pct, 2),
        ("position", limits.max_position_pct, 10),
        ("heat", limits.max_heat_pct, 25),
    ]
    .into_iter()
    .filter(|(_, limit, usual)| limit.is_none_or(|limit| limit > Pct::whole(*usual)))
    .map(|(name, limit, usual)| {
        let limit = limit.map_or_else(|| "off".to_owned(), |limit| format!("{limit}%"));
        format!("{name} {limit} (usual: {usual}%)")
    })
    .collect();
    if wide.is_empty() {
        Look::ok("limits", "daily loss, position and heat are at the defaults or tighter")
    } else {
        Look::note("limits", format!("wider than the defaults: {}", wide.join(", ")))
    }
}

fn drill(paths: &Paths, config: &Config) -> Look {
    match Certificate::read(&place(&paths.state)) {
        Err(words) => Look::wanting("drill", words),
        Ok(None) => Look::wanting("drill", "no drill was passed yet; `hardstop drill` runs it in paper"),
        Ok(Some(passed)) => match passed.counts(&settings_of(&config.limits), clock::now()) {
            Ok(()) => Look::ok(
                "drill",
                format!("passed {}, nothing was left after {} ms", passed.passed_at, passed.flat_after_ms),
            ),
            Err(words) => Look::wanting("drill", words),
        },
    }
}

fn paper(paths: &Paths) -> Look {
    let fills = latest_of(&paths.data, &[Mode::Paper])
        .and_then(|files| Reader::open(&files.journal).ok())
        .and_then(|reader| reader.view(View::Fills).ok())
        .map_or(0, |table| table.rows.len());
    if fills == 0 {
        Look::wanting("paper", "no order has ever filled in paper here: trade a session there first")
    } else {
        Look::ok("paper", format!("{fills} executions are in the paper account's ledger"))
    }
}

fn keys(slot: &KeySlot) -> Vec<Look> {
    let mut looks = Vec::new();
    looks.push(match (slot.has_vault(), slot.is_vault_only()) {
        (false, _) => Look::wanting("vault", "there is none; `hardstop keys set --slot live` makes it"),
        (true, Some(false)) => {
            Look::ok("vault", "it opens with the passphrase and this machine's keyring together")
        }
        (true, Some(true)) => {
            Look::note("vault", "it opens with the passphrase alone: whoever copies it can guess at that")
        }
        (true, None) => {
            Look::wanting("vault", "vault.toml is damaged; put back a copy of the vault's folder")
        }
    });
    looks.push(match slot.note() {
        Err(words) => Look::wanting("live keys", words),
        Ok(None) => Look::wanting("live keys", "none are kept; `hardstop keys set --slot live`"),
        Ok(Some(note)) => {
            let factor = if note.second_factor { "a second factor is on" } else { "no second factor is on" };
            let says = format!("{} days old, {factor}", key_age::days(note.set_at, clock::now()));
            match key_age::reminder(note.set_at, clock::now()) {
                Some(words) => Look::note("live keys", format!("{says}: {words}")),
                None => Look::ok("live keys", says),
            }
        }
    });
    let tries = slot.tries().look(clock::now());
    looks.push(match tries.fails {
        0 => Look::ok("tries", "no passphrase was wrong since the last that was right"),
        fails => Look::wanting("tries", format!("{fails} passphrases were wrong in a row: was that you?")),
    });
    looks
}

fn root() -> Look {
    if nix::unistd::Uid::effective().is_root() {
        Look::wanting(
            "user",
            "this is root: a fault in anything that comes from outside has the whole machine",
        )
    } else {
        Look::ok("user", "without rights over the machine")
    }
}

/// What the broker and the ledger say, to whoever has the passphrase.
fn unlocked(paths: &Paths, slot: &KeySlot, hosts: &Hosts, stdin: bool) -> Vec<Look> {
    let opened = typed(stdin)
        .secret("vault's passphrase")
        .and_then(|typed| passphrase(&typed))
        .and_then(|passphrase| slot.open(&passphrase));
    let opened = match opened {
        Ok(opened) => opened,
        Err(words) => return vec![Look::wanting("vault", words)],
    };
    let mut looks = vec![ledger(paths, &Seal::of(opened.contents.audit.expose()))];
    match opened.contents.live {
        None => looks.push(Look::wanting("live keys", "the vault holds none")),
        Some(live) => looks.extend(account(slot, hosts, &live.keys)),
    }
    looks
}

fn ledger(paths: &Paths, seal: &Seal) -> Look {
    let Some(files) = latest_of(&paths.data, &[Mode::Live]) else {
        return Look::ok("ledger", "there is none of real money yet");
    };
    match verify_sealed(&files.journal, Some(seal)) {
        Err(fault) => Look::wanting("ledger", fault.to_string()),
        Ok(verdict) => match &verdict.chain {
            Chain::FirstBad { row, why } => Look::wanting("ledger", format!("row {row}: {why}")),
            Chain::Ok if verdict.laws.is_empty() => {
                Look::ok("ledger", format!("{} rows, every one as it was written", verdict.rows))
            }
            Chain::Ok => Look::wanting("ledger", format!("{} laws are broken in it", verdict.laws.len())),
        },
    }
}

fn account(slot: &KeySlot, hosts: &Hosts, keys: &Keys) -> Vec<Look> {
    let client = match Client::new(hosts.clone(), keys) {
        Ok(client) => client,
        Err(fault) => return vec![Look::wanting("account", fault.to_string())],
    };
    let mut looks = Vec::new();
    looks.push(match client.clock(clock::now) {
        Err(fault) => Look::wanting("clock", format!("the broker's could not be read: {}", fault.told())),
        // An exchange that rehearses has a time of its own.
        Ok(_) if hosts.are_here() => Look::note("clock", "an exchange on this machine has a time of its own"),
        Ok(told) if told.offset_ms.abs() > SKEW_MS_MAX => {
            Look::wanting("clock", format!("{} ms off the broker's: set it by NTP", told.offset_ms))
        }
        Ok(told) => Look::ok("clock", format!("{} ms off the broker's", told.offset_ms)),
    });
    match slot.look(keys) {
        Err(_) => {
            looks.push(Look::wanting("account", "the broker does not take the keys, or did not answer"));
        }
        Ok(seen) => {
            looks.push(match slot.belongs(&seen) {
                Ok(()) => Look::ok("account", format!("the keys open {}, as they always did", seen.tail())),
                Err(words) => Look::wanting("account", words),
            });
            looks.extend(seen.blocked.map(|words| Look::wanting("account", words)));
        }
    }
    let (positions, orders) = (client.positions(), client.open_orders());
    looks.push(match (positions, orders) {
        (Ok(positions), Ok(orders)) => {
            let strange = orders.iter().filter(|order| order.request.id.seq().is_none()).count();
            let says = format!("{} positions and {} orders stand", positions.len(), orders.len());
            if strange > 0 {
                Look::wanting(
                    "standing",
                    format!("{says}; {strange} of the orders are not ours: whose are they?"),
                )
            } else {
                Look::ok("standing", says)
            }
        }
        (Err(fault), _) | (_, Err(fault)) => Look::wanting("standing", fault.told()),
    });
    looks
}
