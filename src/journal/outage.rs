//! The database takes no row: what is said, what goes on, and what the next process knows.

use rusqlite::Connection;

use crate::domain::intent::Origin;
use crate::domain::mode::Mode;
use crate::domain::order::OrderStatus;
use crate::domain::side::Side;
use crate::engine::event::{Event, Stamped};
use crate::journal::emergency::Emergency;
use crate::journal::error::JournalError;
use crate::journal::reader::Reader;
use crate::journal::testing::{Folder, at, halt, head, id, order, status, trade};
use crate::journal::verify::verify;
use crate::journal::writer::Journal;
use crate::risk::order::Role;
use crate::risk::state::TradingState;

fn begun(path: &std::path::Path) -> Journal {
    let (mut journal, _) = Journal::open(path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    trade(&mut journal, "abc123", 0, 1, 1, 0);
    journal.commit().unwrap();
    journal
}

/// What the machine writes when it protects a position and halts during an outage, with an event
/// that is too large for what is left of the disk.
fn protect(journal: &mut Journal) {
    let words = "x".repeat(100_000);
    journal.event(&Stamped { seq: 9, at: at(9), event: Event::VenueSilent(words) }).unwrap();
    journal.record(9, at(9), &order(id("abc123", 4), Side::Sell, 4, Role::Protective)).unwrap();
    journal.record(9, at(9), &status(id("abc123", 4), OrderStatus::Working, 0)).unwrap();
    journal.record(9, at(9), &halt(TradingState::Halted, Origin::Kill)).unwrap();
}

fn fill_the_disk(journal: &Journal) {
    let pages: i64 = journal.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let most = format!("PRAGMA max_page_count = {}", pages + 1);
    journal.connection.query_row(&most, [], |_| Ok(())).unwrap();
}

fn free_the_disk(journal: &Journal) {
    journal.connection.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
}

#[test]
fn a_full_disk_is_said_in_words_and_the_rows_wait() {
    let folder = Folder::new("full");
    let path = folder.file("a.db");
    let mut journal = begun(&path);
    fill_the_disk(&journal);
    protect(&mut journal);
    let words = journal.commit().unwrap_err().to_string();
    assert!(words.starts_with("there is no room left for") && words.contains("free some disk"), "{words}");
    journal.commit_emergency().unwrap();
    assert_eq!(journal.waiting(), 4);
    free_the_disk(&journal);
    journal.commit().unwrap();
    let hash = journal.journal_hash();
    drop(journal);
    let mut emergency = Emergency::open(&path.with_extension("emergency")).unwrap();
    assert_eq!(emergency.read().unwrap(), (Vec::new(), 0), "what came into the journal is blanked");
    let verdict = verify(&path).unwrap();
    assert!(verdict.chain == crate::journal::verify::Chain::Ok && verdict.runs[0].journal_hash == hash);
    assert_eq!(Reader::open(&path).unwrap().memory().unwrap().live_orders.len(), 2);
}

/// The process dies while the disk is full: the next one knows the stop and the halt.
#[test]
fn what_an_outage_left_behind_is_taken_over_once() {
    let folder = Folder::new("take-over");
    let path = folder.file("a.db");
    let aside = path.with_extension("emergency");
    let mut journal = begun(&path);
    fill_the_disk(&journal);
    protect(&mut journal);
    journal.commit().unwrap_err();
    journal.commit_emergency().unwrap();
    drop(journal);
    // A line that a crash tore, behind the whole ones.
    let mut text = std::fs::read_to_string(&aside).unwrap();
    let end = text.trim_end().len();
    text.replace_range(end + 1..end + 12, "{\"after\":1,");
    std::fs::write(&aside, &text).unwrap();

    let (journal, memory) = Journal::open(&path, at(100)).unwrap();
    let stop = memory.live_orders.iter().find(|order| order.request.id == id("abc123", 4)).unwrap();
    assert_eq!((stop.status, stop.role), (OrderStatus::Working, Role::Protective));
    assert!(memory.killed.is_some() && memory.unclean);
    let rows = verify(&path).unwrap().rows;
    drop(journal);
    // The end came between the commit and the blanking: the same lines stand there again.
    std::fs::write(&aside, &text).unwrap();
    let (_, again) = Journal::open(&path, at(200)).unwrap();
    assert_eq!(again, memory);
    let verdict = verify(&path).unwrap();
    assert_eq!(verdict.rows, rows + 1, "only the torn line is told once more");
    assert_eq!(verdict.chain, crate::journal::verify::Chain::Ok);
    let told = Reader::open(&path).unwrap().rows("emergency").unwrap();
    assert_eq!(told[0].body, r#"{"taken_over":3,"unreadable":1}"#);
    assert_eq!(told[1].body, r#"{"taken_over":0,"unreadable":1}"#);
}

#[test]
fn a_locked_database_is_said_in_words_and_does_not_hold_the_trader_up_twice() {
    let folder = Folder::new("locked");
    let path = folder.file("a.db");
    let mut journal = begun(&path);
    journal.connection.busy_timeout(std::time::Duration::from_millis(1)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    protect(&mut journal);
    let words = journal.commit().unwrap_err().to_string();
    assert!(words.contains("is locked by another program; close it"), "{words}");
    assert!(journal.commit().is_err() && journal.waits_in_vain);
    let wait: i64 = journal.connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0)).unwrap();
    assert_eq!(wait, 50);
    other.execute_batch("COMMIT").unwrap();
    journal.commit().unwrap();
    assert_eq!((journal.waiting(), journal.waits_in_vain), (0, false));
}

#[test]
fn a_second_writer_of_the_same_ledger_is_refused() {
    let folder = Folder::new("second");
    let path = folder.file("a.db");
    let mut first = begun(&path);
    let (mut second, _) = Journal::open(&path, at(0)).unwrap();
    second.begin_run(&head(Mode::Sim), at(0)).unwrap();
    protect(&mut first);
    let words = first.commit().unwrap_err().to_string();
    assert!(words.contains("grew by somebody else's rows"), "{words}");
    assert_eq!(first.waiting(), 4);
}

#[test]
fn a_full_emergency_file_says_so_and_a_journal_without_one_too() {
    let folder = Folder::new("both-full");
    let mut journal = begun(&folder.file("a.db"));
    let long = crate::engine::record::Record::Halt {
        state: TradingState::Halted,
        latched: None,
        reason: "x".repeat(1024 * 1024),
        by: Origin::Kill,
    };
    journal.record(9, at(9), &long).unwrap();
    assert!(matches!(journal.commit_emergency(), Err(JournalError::EmergencyFull { .. })));
    let mut journal = Journal::in_memory().unwrap();
    assert!(matches!(journal.commit_emergency(), Err(JournalError::NoEmergency)));
}
