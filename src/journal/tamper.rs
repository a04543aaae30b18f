//! Rows under attack: every change of the file is found, and its first bad row named.

use std::path::Path;

use rusqlite::Connection;

use crate::domain::mode::Mode;
use crate::journal::head;
use crate::journal::row::Row;
use crate::journal::testing::{Folder, at, end, head as run_head, trade};
use crate::journal::verify::{Chain, verify};
use crate::journal::writer::Journal;

/// How many random changes a test run tries; each is found.
const CHANGES: u64 = 200;

/// Steele, Lea and Flood's splitmix64: the same changes on every run.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn ledger(path: &Path) -> u64 {
    let (mut journal, _) = Journal::open(path, at(0)).unwrap();
    for run in 0..2 {
        journal.begin_run(&run_head(Mode::Sim), at(run * 100)).unwrap();
        let last_seq = journal.last_seq().unwrap();
        trade(
            &mut journal,
            "abc123",
            last_seq,
            u64::try_from(run).unwrap() * 10 + 1,
            run * 100 + 1,
            i32::try_from(run).unwrap() * 4,
        );
        journal.end_run(&end(), at(run * 100 + 50)).unwrap();
    }
    verify(path).unwrap().rows
}

fn attack(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF; DROP TRIGGER record_keeps; DROP TRIGGER record_stays; DROP TRIGGER record_grows;")
        .unwrap();
    connection.execute_batch(sql).unwrap();
}

/// One random change, with the first row at which it must show.
pub(super) fn change(chance: &mut Chance, rows: u64) -> (String, u64) {
    let row = 1 + chance.below(rows);
    match chance.below(6) {
        0 => {
            let edits = [
                "body = substr(body, 1, length(body) - 1) || ' '",
                "body = replace(body, substr(body, 2, 3), 'xyz')",
                "at = at + 1",
                "seq = seq + 1",
                "run = run + 1",
                "kind = kind || 's'",
                "hash = zeroblob(32)",
                "hash = substr(hash, 1, 31)",
            ];
            let edit = edits[usize::try_from(chance.below(edits.len() as u64)).unwrap()];
            (format!("UPDATE record SET {edit} WHERE row = {row}"), row)
        }
        // The row that follows a deleted one shows the gap; behind the last the note does.
        1 => (format!("DELETE FROM record WHERE row = {row}"), if row == rows { row } else { row + 1 }),
        2 => (format!("DELETE FROM record WHERE row >= {row}"), row),
        3 => {
            let (first, second) = (1 + chance.below(rows - 1), rows);
            let swap = format!(
                "UPDATE record SET row = -1 WHERE row = {first}; UPDATE record SET row = {first} WHERE row = {second};
                 UPDATE record SET row = {second} WHERE row = -1"
            );
            (swap, first)
        }
        4 => {
            let insert = format!(
                "UPDATE record SET row = -row WHERE row > {row}; UPDATE record SET row = 1 - row WHERE row < 0;
                 INSERT INTO record SELECT row + 1, run, seq, at, kind, body, hash FROM record WHERE row = {row}"
            );
            (insert, row + 1)
        }
        _ => {
            let close_gap = format!(
                "DELETE FROM record WHERE row = {row}; UPDATE record SET row = -row WHERE row > {row};
                 UPDATE record SET row = -1 - row WHERE row < 0"
            );
            (close_gap, row)
        }
    }
}

#[test]
fn every_random_change_is_found_and_its_first_row_named() {
    let folder = Folder::new("tamper");
    let (whole, copy) = (folder.file("whole.db"), folder.file("copy.db"));
    let rows = ledger(&whole);
    assert_eq!(verify(&whole).unwrap().chain, Chain::Ok);
    assert_eq!(verify(&whole).unwrap().laws, [], "the history is a good one");
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::copy(head::place(&whole), head::place(&copy)).unwrap();
    let mut chance = Chance(1);
    for number in 0..CHANGES {
        for beside in ["copy.db-wal", "copy.db-shm"] {
            drop(std::fs::remove_file(folder.file(beside)));
        }
        std::fs::write(&copy, &bytes).unwrap();
        let (sql, expected) = change(&mut chance, rows);
        attack(&copy, &sql);
        match verify(&copy).unwrap().chain {
            Chain::FirstBad { row, .. } => assert_eq!(row, expected, "change {number}: {sql}"),
            Chain::Ok => panic!("change {number} was not found: {sql}"),
        }
    }
}

#[test]
fn the_database_itself_refuses_every_change() {
    let folder = Folder::new("triggers");
    let path = folder.file("a.db");
    let rows = ledger(&path);
    let connection = Connection::open(&path).unwrap();
    let columns = "run, seq, at, kind, body, hash FROM record WHERE row = 1";
    for sql in [
        "UPDATE record SET body = '{}' WHERE row = 2".to_owned(),
        "DELETE FROM record".to_owned(),
        format!("REPLACE INTO record SELECT 1, {columns}"),
        format!("INSERT OR REPLACE INTO record SELECT {rows}, {columns}"),
        format!("INSERT INTO record SELECT NULL, {columns}"),
        format!("INSERT INTO record SELECT {}, {columns}", rows + 2),
        format!("INSERT INTO record SELECT 0, {columns}"),
    ] {
        let refused = connection.execute_batch(&sql).unwrap_err().to_string();
        assert!(refused.contains("the journal is append-only"), "{sql}: {refused}");
    }
    assert!(verify(&path).unwrap().is_clean());
}

/// The end of the process may come between a commit and its note, or while the note is renewed.
#[test]
fn a_ledger_longer_than_its_note_is_whole_and_a_shorter_one_is_not() {
    let folder = Folder::new("note");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&run_head(Mode::Sim), at(0)).unwrap();
    let early = std::fs::read(head::place(&path)).unwrap();
    trade(&mut journal, "abc123", 0, 1, 1, 0);
    journal.commit().unwrap();
    drop(journal);
    let killed = verify(&path).unwrap();
    assert!(killed.is_clean() && !killed.runs[0].ended && killed.rows > 1, "{killed:?}");

    let (mut journal, memory) = Journal::open(&path, at(100)).unwrap();
    assert!(memory.unclean);
    journal.begin_run(&run_head(Mode::Sim), at(100)).unwrap();
    journal.end_run(&end(), at(101)).unwrap();
    drop(journal);
    let late = std::fs::read(head::place(&path)).unwrap();
    std::fs::write(head::place(&path), early).unwrap();
    assert!(verify(&path).unwrap().is_clean(), "an old note is still true");

    std::fs::write(head::place(&path), late).unwrap();
    let rows = verify(&path).unwrap().rows;
    attack(&path, &format!("DELETE FROM record WHERE row = {rows}"));
    let refused = Journal::open(&path, at(200)).err().unwrap().to_string();
    assert!(refused.contains(&format!("{rows} rows were written, and {} are left", rows - 1)), "{refused}");
    std::fs::remove_file(head::place(&path)).unwrap();
    assert!(matches!(verify(&path).unwrap().chain, Chain::FirstBad { row: 0, .. }), "a lost note is said");
}

#[test]
fn a_damaged_file_is_said_and_a_foreign_one_left_alone() {
    let folder = Folder::new("damaged");
    let path = folder.file("a.db");
    ledger(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let page = 4096 * 2;
    bytes[page..page + 200].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let broken = verify(&path).map(|verdict| verdict.is_clean());
    assert!(!matches!(broken, Ok(true)), "{broken:?}");

    std::fs::write(folder.file("text.db"), "not a database at all, but long enough to be read as one")
        .unwrap();
    let refused = Journal::open(&folder.file("text.db"), at(0)).err().unwrap().to_string();
    assert!(refused.contains("damaged or no database"), "{refused}");

    let foreign = folder.file("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let refused = Journal::open(&foreign, at(0)).err().unwrap().to_string();
    assert!(refused.contains("is no journal of hardstop"), "{refused}");
}

#[test]
fn a_body_that_means_nothing_is_named_even_where_its_hash_agrees() {
    let folder = Folder::new("meaning");
    let path = folder.file("a.db");
    let (journal, _) = Journal::open(&path, at(0)).unwrap();
    drop(journal);
    let row = Row { row: 1, run: 1, seq: 1, at: at(0), kind: "fill".into(), body: "{}".to_owned() };
    let link = crate::journal::chain::next(&crate::journal::chain::ROOT, &row, None);
    let connection = Connection::open(&path).unwrap();
    let insert = "INSERT INTO record VALUES (1, 1, 1, ?1, 'fill', '{}', ?2)";
    connection.execute(insert, rusqlite::params![at(0).nanos(), link]).unwrap();
    match verify(&path).unwrap().chain {
        Chain::FirstBad { row: 1, why } => assert!(why.contains("it is no fill row"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// Whoever writes a whole chain anew still has the note against him.
#[test]
fn another_history_with_a_whole_chain_is_not_the_one_that_was_noted() {
    let folder = Folder::new("other");
    let (path, other) = (folder.file("a.db"), folder.file("b.db"));
    let rows = ledger(&path);
    let (mut journal, _) = Journal::open(&other, at(7)).unwrap();
    journal.begin_run(&run_head(Mode::Paper), at(7)).unwrap();
    for _ in 0..3 {
        trade(&mut journal, "abc123", 0, 1, 1, 0);
    }
    journal.commit().unwrap();
    drop(journal);
    assert!(verify(&other).unwrap().chain == Chain::Ok && verify(&other).unwrap().rows > rows);
    std::fs::copy(head::place(&path), head::place(&other)).unwrap();
    match verify(&other).unwrap().chain {
        Chain::FirstBad { row, why } => {
            assert!(row == rows && why.contains("was written there"), "{row}: {why}");
        }
        Chain::Ok => panic!("another history passed for this one"),
    }
}
