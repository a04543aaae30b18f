//! What a ledger becomes when it is sealed: it goes on under its key, and in no other way.

use std::path::Path;

use rusqlite::Connection;

use crate::domain::mode::Mode;
use crate::domain::order::OrderStatus;
use crate::domain::side::Side;
use crate::journal::chain;
use crate::journal::emergency::{Emergency, EmergencyRow};
use crate::journal::head;
use crate::journal::reader::Reader;
use crate::journal::row::{EMERGENCY, Row};
use crate::journal::seal::Seal;
use crate::journal::sealing::key_of;
use crate::journal::testing::{Folder, at, end, head as run_head, id, order, status, trade};
use crate::journal::verify::{Chain, Sealed, Verdict, verify, verify_sealed};
use crate::journal::writer::{Journal, to_sql};
use crate::risk::order::Role;

fn seal() -> Seal {
    Seal::of(&[7; 32])
}

fn run(path: &Path, seal: Option<Seal>, run: i64) {
    let (mut journal, _) = Journal::open_sealed(path, at(run * 100), seal).unwrap();
    journal.begin_run(&run_head(Mode::Paper), at(run * 100)).unwrap();
    let last_seq = journal.last_seq().unwrap();
    let number = u64::try_from(run).unwrap() * 10 + 1;
    trade(&mut journal, "abc123", last_seq, number, run * 100 + 1, i32::try_from(run).unwrap() * 4);
    journal.end_run(&end(), at(run * 100 + 50)).unwrap();
}

fn checked(path: &Path) -> Verdict {
    verify_sealed(path, Some(&seal())).unwrap()
}

#[test]
fn a_plain_ledger_is_sealed_from_a_row_on_and_never_goes_on_without_its_key() {
    let folder = Folder::new("sealed");
    let path = folder.file("a.db");
    run(&path, None, 0);
    let plain = verify(&path).unwrap();
    assert!(plain.is_clean() && plain.sealed == Sealed::Plain && key_of(&path).unwrap().is_none());

    run(&path, Some(seal()), 1);
    let from_row = plain.rows + 1;
    let whole = checked(&path);
    let key = seal().id().to_owned();
    assert_eq!(whole.sealed, Sealed::Hmac { key: key.clone(), from_row, checked: true });
    assert!(whole.is_clean(), "{whole:?}");
    assert_eq!(whole.runs[0].journal_hash, plain.runs[0].journal_hash);
    assert_eq!(key_of(&path).unwrap(), Some(key.clone()));
    let chain = Reader::open(&path).unwrap().rows("chain").unwrap();
    assert_eq!(chain.len(), 1);
    assert_eq!(chain[0].body, format!(r#"{{"sealed":"hmac","key":"{key}","plain_rows":{}}}"#, plain.rows));

    let refused = Journal::open(&path, at(300)).err().unwrap().to_string();
    assert!(
        refused.contains(&format!("sealed with the key {key}, which is not at hand; unlock")),
        "{refused}"
    );
    let other = Seal::of(&[8; 32]);
    let given = other.id().to_owned();
    let refused = Journal::open_sealed(&path, at(300), Some(other)).err().unwrap().to_string();
    assert!(refused.contains(&key) && refused.contains(&format!("the key at hand is {given}")), "{refused}");
    assert_eq!(checked(&path), whole, "nothing was written by those who were refused");

    run(&path, Some(seal()), 2);
    let again = checked(&path);
    assert!(again.is_clean() && again.sealed == whole.sealed, "it is sealed once");
}

#[test]
fn without_the_key_everything_but_the_hashes_is_looked_at_and_said_so() {
    let folder = Folder::new("sealed-keyless");
    let path = folder.file("a.db");
    run(&path, Some(seal()), 0);
    let look = verify(&path).unwrap();
    assert_eq!((&look.chain, look.unchecked()), (&Chain::Ok, Some((seal().id(), 1))));
    assert!(look.laws.is_empty() && !look.is_clean(), "unchecked is not clean");
    let other = verify_sealed(&path, Some(&Seal::of(&[8; 32]))).unwrap();
    match &other.chain {
        Chain::FirstBad { row: 1, why } => {
            assert!(why.contains("the key at hand is") && why.contains(seal().id()), "{why}");
        }
        found => panic!("{found:?}"),
    }

    let forge = Connection::open(&path).unwrap();
    forge.execute_batch("DROP TRIGGER record_stays").unwrap();
    match verify(&path).unwrap().chain {
        Chain::FirstBad { row: 0, why } => assert!(why.contains("record_stays"), "{why}"),
        found => panic!("a trigger that is gone was not missed: {found:?}"),
    }
    forge.execute_batch("DELETE FROM record WHERE row = 3").unwrap();
    assert!(matches!(verify(&path).unwrap().chain, Chain::FirstBad { row: 4, .. }));
}

/// The note that promises the seal comes first: a process that ends in between cannot leave a ledger that goes on
/// plain.
#[test]
fn a_seal_that_was_promised_is_kept() {
    let folder = Folder::new("sealed-promise");
    let path = folder.file("a.db");
    run(&path, None, 0);
    let rows = verify(&path).unwrap().rows;
    let lock = Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let fault = Journal::open_sealed(&path, at(90), Some(seal())).err().unwrap().to_string();
    assert!(fault.contains("is locked"), "{fault}");
    lock.execute_batch("COMMIT").unwrap();
    assert_eq!(verify(&path).unwrap().rows, rows, "the row of the seal is not there yet");
    assert!(checked(&path).is_clean());
    assert!(Journal::open(&path, at(100)).err().unwrap().to_string().contains("not at hand"));
    assert_eq!(key_of(&path).unwrap().as_deref(), Some(seal().id()));
    let row = Row { row: rows + 1, run: 1, seq: 0, at: at(95), kind: "note".into(), body: "1".to_owned() };
    let connection = Connection::open(&path).unwrap();
    let before: [u8; 32] = connection
        .query_row("SELECT hash FROM record ORDER BY row DESC LIMIT 1", [], |found| found.get(0))
        .unwrap();
    let link = chain::next(&before, &row, None);
    let key = rusqlite::params![to_sql(rows + 1), row.at.nanos(), row.body, link];
    connection.execute("INSERT INTO record VALUES (?1, 1, 0, ?2, 'note', ?3, ?4)", key).unwrap();
    match checked(&path).chain {
        Chain::FirstBad { row, why } => assert!(row == rows + 1 && why.contains("should be sealed"), "{why}"),
        Chain::Ok => panic!("a plain row behind the promise passed"),
    }
    let refused = Journal::open_sealed(&path, at(100), Some(seal())).err().unwrap().to_string();
    assert!(refused.contains("is not what was written"), "{refused}");
}

/// Rows of an outage need no key to wait, and come in under it alone: whoever writes a line into that file cannot
/// have it sealed.
#[test]
fn an_outage_of_a_sealed_ledger_waits_for_its_key_and_takes_no_row_of_others() {
    let folder = Folder::new("sealed-outage");
    let path = folder.file("a.db");
    let aside = path.with_extension("emergency");
    let (mut journal, _) = Journal::open_sealed(&path, at(0), Some(seal())).unwrap();
    journal.begin_run(&run_head(Mode::Paper), at(0)).unwrap();
    trade(&mut journal, "abc123", 0, 1, 1, 0);
    journal.commit().unwrap();
    let lock = Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.connection.busy_timeout(std::time::Duration::from_millis(1)).unwrap();
    journal.record(9, at(9), &order(id("abc123", 4), Side::Sell, 4, Role::Protective)).unwrap();
    journal.record(9, at(9), &status(id("abc123", 4), OrderStatus::Working, 0)).unwrap();
    journal.commit().unwrap_err();
    journal.commit_emergency().unwrap();
    drop(journal);
    lock.execute_batch("COMMIT").unwrap();
    drop(lock);

    let mut text = std::fs::read_to_string(&aside).unwrap();
    let forged = Row { row: 99, run: 1, seq: 9, at: at(9), kind: "halt".into(), body: "{}".to_owned() };
    let forged = EmergencyRow { after: 1, row: forged, proof: None };
    let end = text.trim_end().len();
    text.insert_str(end + 1, &format!("{}\n", serde_json::to_string(&forged).unwrap()));
    std::fs::write(&aside, &text).unwrap();

    Journal::open(&path, at(100)).err().unwrap();
    let mut kept = Emergency::open(&aside).unwrap();
    assert_eq!(kept.read().unwrap().0.len(), 3, "who has no key takes nothing away");
    drop(kept);
    let (_, memory) = Journal::open_sealed(&path, at(100), Some(seal())).unwrap();
    assert!(memory.live_orders.iter().any(|order| order.request.id == id("abc123", 4)));
    assert_eq!(checked(&path).chain, Chain::Ok);
    let told = Reader::open(&path).unwrap().rows(EMERGENCY).unwrap();
    assert_eq!(told[0].body, r#"{"taken_over":2,"unreadable":0,"not_ours":1}"#);
}

/// A killed process leaves rows behind the note, and so may a forger: his are not remembered.
#[test]
fn rows_behind_the_note_are_looked_at_before_anything_is_remembered_of_them() {
    let folder = Folder::new("sealed-tail");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open_sealed(&path, at(0), Some(seal())).unwrap();
    journal.begin_run(&run_head(Mode::Paper), at(0)).unwrap();
    trade(&mut journal, "abc123", 0, 1, 1, 0);
    journal.commit().unwrap();
    let (rows, link) = (journal.audit_head().rows, journal.link);
    drop(journal);
    drop(Journal::open_sealed(&path, at(50), Some(seal())).unwrap());

    let body = r#"{"state":"active","latched":null,"reason":"","by":"operator"}"#.to_owned();
    let row = Row { row: rows + 1, run: 1, seq: 0, at: at(60), kind: "halt".into(), body };
    let link = chain::next(&link, &row, None);
    let connection = Connection::open(&path).unwrap();
    let key = rusqlite::params![to_sql(row.row), row.at.nanos(), row.body, link];
    connection.execute("INSERT INTO record VALUES (?1, 1, 0, ?2, 'halt', ?3, ?4)", key).unwrap();
    let refused = || Journal::open_sealed(&path, at(100), Some(seal())).err().unwrap().to_string();
    let words = format!("row {}: it was not written with the key", row.row);
    assert!(refused().contains(&words), "{}", refused());
    assert!(matches!(checked(&path).chain, Chain::FirstBad { row: bad, .. } if bad == row.row));
    std::fs::remove_file(head::place(&path)).unwrap();
    assert!(refused().contains(&words), "without its note all of it is looked at: {}", refused());
}

#[test]
fn the_head_says_where_a_ledger_ends_and_how_it_is_chained() {
    let folder = Folder::new("sealed-head");
    for (name, given, word) in [("a.db", None, "plain"), ("b.db", Some(seal()), "hmac")] {
        let path = folder.file(name);
        let (mut journal, _) = Journal::open_sealed(&path, at(0), given).unwrap();
        journal.begin_run(&run_head(Mode::Paper), at(0)).unwrap();
        journal.commit().unwrap();
        let head = journal.audit_head();
        drop(journal);
        let whole = checked(&path);
        assert_eq!((head.rows, head.sealed, head.hash.len()), (whole.rows, word, 12));
        assert!(whole.head.starts_with(&head.hash));
        assert_eq!(Reader::open(&path).unwrap().audit_head().unwrap(), head);
    }
}
