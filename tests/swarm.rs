//! Seeded days of anything break no law: what `hardstop selftest` plays, in the test command.

use std::path::Path;

use hardstop::rehearsal::selftest::tally::Table;
use hardstop::rehearsal::selftest::{Findings, Question, run};
use hardstop::risk::limits::Limits;

fn played(name: &str, seeds: u64, jobs: usize) -> Result<Findings, String> {
    run(&Question {
        first: 1,
        seeds,
        steps: 120,
        jobs,
        limits: Limits::default(),
        folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name),
        keep: false,
    })
}

#[test]
fn two_hundred_seeded_days_break_no_law_and_meet_every_refusal() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found = played("swarm", 200, cores).unwrap_or_else(|words| panic!("{words}"));
    let failed: Vec<String> =
        found.failed.iter().map(|failed| format!("{}: {}", failed.seed, failed.breach)).collect();
    assert!(failed.is_empty(), "{} of 200:\n{}", failed.len(), failed.join("\n"));
    let tables = found.tally.tables().filter(|(table, _)| {
        matches!(table, Table::Refusals | Table::NotReady | Table::Orders | Table::Restraints)
    });
    let never: Vec<&String> =
        tables.flat_map(|(_, words)| words).filter(|(_, times)| **times == 0).map(|(word, _)| word).collect();
    assert!(never.is_empty(), "no seed has brought {never:?}");
}

#[test]
fn the_same_seeds_are_the_same_bytes_however_many_are_played_at_a_time() {
    let hash = |name, jobs| played(name, 12, jobs).map(|found| found.hash);
    assert_eq!(hash("swarm-one", 1), hash("swarm-two", 2));
}
