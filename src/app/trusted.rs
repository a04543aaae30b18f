use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;

use crate::app::armoury::{Armoury, TypedToArm};
use crate::app::asked::Asked;
use crate::app::control::{Reach, Reply, Request, wait_for};
use crate::app::key_slots::Second;
use crate::domain::secret::Secret;
use crate::engine::event::Act;
use crate::journal::change::Change;

/// Whether a request is for whoever can show who he is, and not for the machine alone.
pub(super) fn is_trusted(request: &Request, reach: &Reach) -> bool {
    match request.cmd.as_str() {
        "arming" | "arm" | "unlock" | "lock" => true,
        "rearm" => reach.armoury.is_some(),
        _ => false,
    }
}

/// Answers it. A passphrase is tried here, on the conversation's own thread: what it costs holds the machine up by
/// nothing, and it goes no further.
pub(super) fn answer(mut request: Request, reach: &Reach, machine: &SyncSender<Asked>) -> Reply {
    if request.cmd == "lock" {
        return lock(reach);
    }
    let Some(armoury) = &reach.armoury else { return not_live() };
    let mut take = |name: &str| match request.args.get_mut(name).map(serde_json::Value::take) {
        Some(serde_json::Value::String(text)) => text,
        _ => String::new(),
    };
    let account = take("account");
    let (passphrase, code) = (Secret::new(take("passphrase")), Secret::new(take("code")));
    match request.cmd.as_str() {
        "arming" => arming(armoury),
        "arm" => match armoury.judge(&TypedToArm { account, passphrase, code }) {
            Ok(by) => {
                let reply = wait_for(machine, |back| Asked::Act(Act::Arm { by }, back));
                note(
                    machine,
                    "arm",
                    &armoury.place(),
                    "the last four of the account's number and the passphrase",
                );
                reply
            }
            Err(words) => refused(armoury, machine, "arm", words),
        },
        "rearm" if passphrase.expose().is_empty() => Reply::words(
            5,
            "with real money a re-arm needs the vault's passphrase; `hardstop rearm` asks for it",
        ),
        "rearm" => match armoury.is_the_trader(&passphrase, &Second::Code(&code)) {
            Ok(()) => wait_for(machine, |back| Asked::Shell(request, back)),
            Err(words) => refused(armoury, machine, "rearm", vec![words]),
        },
        _ => match armoury.is_the_trader(&passphrase, &Second::NotAsked) {
            Ok(()) => Reply::data(serde_json::Value::Null),
            Err(words) => refused(armoury, machine, "unlock", vec![words]),
        },
    }
}

/// Whose account it is, what stands in the way of arming it, and what will be asked for.
fn arming(armoury: &Armoury) -> Reply {
    Reply::data(serde_json::json!({
        "schema": 1, "account": armoury.account_tail(), "obstacles": armoury.obstacles(),
        "code": armoury.asks_for_a_code(),
    }))
}

fn not_live() -> Reply {
    Reply::words(2, "only live is armed; in sim and paper orders pass as they are")
}

/// The window hides what is the trader's own; nothing else changes.
fn lock(reach: &Reach) -> Reply {
    match &reach.screen_lock {
        None => Reply::words(2, "this run has no window that could be locked"),
        Some(lock) => {
            lock.store(true, Ordering::SeqCst);
            Reply::words(0, "the window is locked; the run goes on")
        }
    }
}

/// A try that failed is a row, and too many of them take live's arms away.
fn refused(armoury: &Armoury, machine: &SyncSender<Asked>, what: &str, words: Vec<String>) -> Reply {
    note(machine, what, "refused", &words.join("; "));
    if armoury.is_locked_out() {
        let reason = "too many wrong passphrases".to_owned();
        let _told = wait_for(machine, |back| Asked::Act(Act::Disarm { reason }, back));
    }
    Reply { exit: 5, out: serde_json::Value::Null, words }
}

/// A machine that is gone or busy keeps no row; nothing waits for one.
fn note(machine: &SyncSender<Asked>, what: &str, after: &str, detail: &str) {
    let change = Change::by_the_operator(what.to_owned(), None, Some(after.to_owned()));
    drop(machine.try_send(Asked::Noted(Change { detail: Some(detail.to_owned()), ..change })));
}
