//! Seeded days of anything: the real gate and machine under the trader's own limits, between a market that
//! does what it likes, strategies and a trader who do the same, and a line, a disk and a process that break.
//! The laws read every row as it is written, and an auditor who knows the market counts every opening again.

/// What can happen.
mod act;
/// Who asked for an opening.
mod asked;
/// Every opening that was approved, asked about again.
mod auditor;
/// Its numbers, counted from the exchange's truth.
mod compare;
/// Rejects and repeated executions, counted from rows.
mod conduct;
/// One seed's day.
mod day;
/// At which hours, and in which form, an opening may come.
mod hours;
/// The journal, with the laws as its readers.
mod notebook;
/// What a seed's day is like.
mod plan;
/// One process after another.
mod processes;
/// The sums of risk.md, a second time.
mod recount;
/// The market.
mod street;
/// What happened how often.
pub mod tally;
/// The trader.
mod trader;
/// The strategies.
mod troupe;
/// What truly stands at the exchange.
mod truth;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::money::Money;
use crate::rehearsal::selftest::day::{Played, play};
use crate::rehearsal::selftest::tally::Tally;
use crate::risk::limits::Limits;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Question {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
    /// Steps of each.
    pub steps: u32,
    /// How many at a time.
    pub jobs: usize,
    /// The trader's limits: seeds play under these or tighter ones.
    pub limits: Limits,
    /// Where their ledgers stand while they are played.
    pub folder: PathBuf,
    /// Whether the ledgers stay there.
    pub keep: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// The version of this shape.
    pub schema: u32,
    /// The first seed.
    pub first: u64,
    /// How many seeds were played.
    pub seeds: u64,
    /// Steps they took together.
    pub steps: u64,
    /// The hash of all their ledgers: the same for the same seeds, limits and build.
    pub hash: String,
    /// The largest loss of a day that any of them saw, in dollars.
    pub worst_loss: Money,
    /// The largest heat, in dollars.
    pub worst_heat: Money,
    /// Seeds in which something broke.
    pub failed: Vec<Failed>,
    /// What happened how often.
    pub tally: Tally,
}

/// A seed in which something broke.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    /// Which.
    pub seed: u64,
    /// What broke, in words.
    pub breach: String,
    /// What was played up to there.
    pub trail: Vec<String>,
}

/// Plays every seed.
///
/// # Errors
/// What keeps seeds from being played at all, in words.
pub fn run(question: &Question) -> Result<Findings, String> {
    std::fs::create_dir_all(&question.folder)
        .map_err(|fault| format!("{}: {fault}", question.folder.display()))?;
    let end = question.first.saturating_add(question.seeds);
    let next = AtomicU64::new(question.first);
    let played: Mutex<BTreeMap<u64, Result<Played, String>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..question.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end {
                        return;
                    }
                    let found = one(question, seed);
                    played.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(seed, found);
                }
            });
        }
    });
    let played = played.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    gather(question, played)
}

fn one(question: &Question, seed: u64) -> Result<Played, String> {
    let folder = question.folder.join(format!("seed-{seed}"));
    // Whatever stands there is somebody's: nothing is cleared that was not made here.
    if folder.exists() {
        return Err(format!("{} exists already; name another folder or move it away", folder.display()));
    }
    let played = play(seed, question.steps, &question.limits, &folder.join("seed.db"));
    if !question.keep {
        clear(&folder)?;
    }
    played
}

fn clear(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {fault}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn gather(question: &Question, played: BTreeMap<u64, Result<Played, String>>) -> Result<Findings, String> {
    let mut hash = Sha256::new();
    let mut findings = Findings {
        schema: 1,
        first: question.first,
        seeds: question.seeds,
        steps: 0,
        hash: String::new(),
        worst_loss: Money::ZERO,
        worst_heat: Money::ZERO,
        failed: Vec::new(),
        tally: Tally::blank(),
    };
    for (seed, played) in played {
        let played = played.map_err(|words| format!("seed {seed}: {words}"))?;
        hash.update(&played.head);
        findings.steps = findings.steps.saturating_add(played.steps);
        findings.worst_loss = findings.worst_loss.max(played.worst_loss);
        findings.worst_heat = findings.worst_heat.max(played.worst_heat);
        findings.tally.merge(&played.tally);
        if let Some(breach) = played.breach {
            findings.failed.push(Failed { seed, breach, trail: played.trail });
        }
    }
    findings.hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(findings)
}
