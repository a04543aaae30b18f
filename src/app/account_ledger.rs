use std::path::Path;

use crate::app::account::{AccountPlan, ArmingPlan};
use crate::app::audit_key::{for_run, keyring};
use crate::app::clock;
use crate::app::ledgers::{LedgerFiles, current_of_account};
use crate::app::loosening::{InForce, Loosening, in_force, tell_loosening};
use crate::app::opened::restore_kill;
use crate::app::paths::Paths;
use crate::broker::kill_file::KillFile;
use crate::broker::latch::KillLatch;
use crate::domain::at::At;
use crate::domain::day::new_york_time;
use crate::engine::memory::Memory;
use crate::journal::change::{Change, Changed};
use crate::journal::reader::Reader;
use crate::journal::seal::Seal;
use crate::journal::sealing::key_of;
use crate::journal::tape::writer::TapeWriter;
use crate::journal::writer::Journal;

/// An account's ledger, opened.
pub(super) struct Ledger {
    pub(super) journal: Journal,
    pub(super) memory: Memory,
    pub(super) tape: TapeWriter,
    pub(super) files: LedgerFiles,
    pub(super) kill_file: KillFile,
    pub(super) fills_from: At,
    pub(super) fills_since: At,
    /// What there is to say of the chain of its rows.
    pub(super) chained: Option<String>,
    /// The word by which its limits are looser than the last run's.
    pub(super) loosened_by: Option<Loosening>,
    /// The key of its rows.
    pub(super) seal: Option<Seal>,
}

/// Opens the account's own ledger, with the kill of an earlier process restored and the limits that are in force.
pub(super) fn ledger_of(
    plan: &mut AccountPlan,
    account_hash: &str,
    now: At,
    latch: &KillLatch,
) -> Result<Ledger, String> {
    let (files, is_new) = current_of_account(&plan.paths.data, plan.mode(), account_hash);
    let own = plan.arming.as_ref().map(|arming| arming.seal.clone());
    let Sealed { journal, mut memory, seal: own, chained } = sealed(&plan.paths, &files.journal, own)?;
    let keep_bytes = u64::from(plan.logs.tape_mb) * 1_024 * 1_024;
    let (tape, _) = TapeWriter::open(&files.tape, Some(keep_bytes)).map_err(|fault| fault.to_string())?;
    let kill_file = KillFile::prepare(&plan.paths.state).map_err(|fault| fault.to_string())?;
    restore_kill(&mut memory, &kill_file, latch)?;
    let reader = Reader::open(&files.journal).map_err(|fault| fault.to_string())?;
    let seal = plan.arming.as_ref().map(|arming| &arming.seal);
    let InForce { limits, waits, loosened_by } =
        in_force(&plan.limits, &reader, &plan.paths.state, plan.mode(), now, seal)?;
    (memory.limits_wait, plan.limits) = (waits, limits);
    let runs = reader.rows("run").map_err(|fault| fault.to_string())?;
    let fills_from = runs.first().map_or(now, |row| row.at);
    let fills_since = runs.last().map_or(now, |row| row.at);
    if is_new {
        memory.last_order_seq = memory.last_order_seq.max(first_seq(now));
    }
    Ok(Ledger {
        journal,
        memory,
        tape,
        files,
        kill_file,
        fills_from,
        fills_since,
        chained,
        loosened_by,
        seal: own,
    })
}

/// The ledger, opened with the vault's own key, in paper with the keyring's where there is one, and what there is to
/// say of that.
fn sealed(paths: &Paths, ledger: &Path, own: Option<Seal>) -> Result<Sealed, String> {
    let was_sealed = key_of(ledger).map_err(|fault| fault.to_string())?.is_some();
    let found = own.map_or_else(|| for_run(&keyring(paths), ledger), |own| Ok(Ok(own)))?;
    let (seal, why) = match found {
        Ok(seal) => (Some(seal), None),
        Err(why) => (None, Some(why)),
    };
    let (journal, memory) = Journal::open_sealed(ledger, clock::now(), seal.clone())
        .map_err(|fault| why.as_ref().map_or_else(|| fault.to_string(), |why| format!("{fault} ({why})")))?;
    let words = match (why, journal.plain_rows()) {
        (Some(why), _) => Some(format!("the journal's rows are chained without a key: {why}")),
        (None, Some(rows @ 1..)) if !was_sealed => {
            Some(format!("from here on the journal is sealed with a key; its first {rows} rows were plain"))
        }
        _ => None,
    };
    Ok(Sealed { journal, memory, seal, chained: words })
}

/// A ledger, opened under its key.
struct Sealed {
    journal: Journal,
    memory: Memory,
    seal: Option<Seal>,
    /// What there is to say of that.
    chained: Option<String>,
}

/// What this start says of who may do what: how the vault was opened, and why limits are looser than before.
pub(super) fn tell_trust(ledger: &mut Ledger, now: At, arming: Option<&ArmingPlan>) -> Result<(), String> {
    if let Some(arming) = arming {
        let unlocked = Change::by_the_operator("unlock".to_owned(), None, Some("opened".to_owned()));
        let detail = Some(format!("wrong passphrases before: {}", arming.failed_tries));
        let told = ledger.journal.change(now, Changed::Trust, &Change { detail, ..unlocked });
        told.map_err(|fault| fault.to_string())?;
    }
    tell_loosening(&mut ledger.journal, ledger.loosened_by.take(), now)
}

/// The number before the first order's of a new ledger. The venue may remember the orders of an older one that is
/// gone, by their day and number: tenths of the day's seconds are higher than any count of them, two openings a
/// second at most with two legs each.
fn first_seq(now: At) -> u64 {
    let (hour, minute, second) = new_york_time(now);
    let seconds = (u64::from(hour.unsigned_abs()) * 60 + u64::from(minute.unsigned_abs())) * 60;
    (seconds + u64::from(second.unsigned_abs())) * 10
}
