//! Sealed rows under attack by somebody who has the files and not the key. The database is changed in memory, so
//! that ten thousand attacks take seconds.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::domain::mode::Mode;
use crate::journal::chain::{self, Link};
use crate::journal::fold::read_row;
use crate::journal::head;
use crate::journal::row::{Row, hex};
use crate::journal::seal::Seal;
use crate::journal::tamper::{Chance, change};
use crate::journal::testing::{Folder, at, end, head as run_head, trade};
use crate::journal::verify::{Chain, Sealed, verify_over, verify_sealed};
use crate::journal::writer::{Journal, to_sql};

/// How many random attacks a test run tries; each is found.
const ATTACKS: u64 = 10_000;

/// The key that the attacker lacks.
fn seal() -> Seal {
    Seal::of(&[7; 32])
}

/// What an attacker does, and the first row at which it must show.
struct Attack {
    what: String,
    note: String,
    expected: Expected,
}

enum Expected {
    Row(u64),
    /// A note that was bent may point anywhere; it must not pass.
    Anywhere,
}

/// A sealed ledger, in memory: its database without the triggers, and its note.
struct Victim {
    connection: Connection,
    rows: u64,
    sealed_from: u64,
    note: String,
}

impl Victim {
    /// A ledger that was sealed from its first row on, or one whose first run was plain.
    fn new(folder: &Folder, name: &str, plain_first: bool) -> Self {
        let path = folder.file(name);
        let mut seconds = 0;
        if plain_first {
            let (journal, _) = Journal::open(&path, at(0)).unwrap();
            run(journal, 1, seconds);
            seconds += 100;
        }
        let (journal, _) = Journal::open_sealed(&path, at(seconds), Some(seal())).unwrap();
        run(journal, 11, seconds);
        let verdict = verify_sealed(&path, Some(&seal())).unwrap();
        assert!(verdict.is_clean(), "{verdict:?}");
        let Sealed::Hmac { from_row, .. } = verdict.sealed else { panic!("it is sealed") };
        assert_eq!(from_row > 1, plain_first);
        let note = std::fs::read_to_string(head::place(&path)).unwrap();
        Self { connection: copied(&path), rows: verdict.rows, sealed_from: from_row, note }
    }

    fn all(&self) -> Vec<Row> {
        let select = "SELECT row, run, seq, at, kind, body FROM record ORDER BY row";
        let mut select = self.connection.prepare_cached(select).unwrap();
        select.query_map([], read_row).unwrap().map(Result::unwrap).collect()
    }

    fn sql(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    /// Numbers the rows anew and gives each from `first` on the hash of a plain chain; the hash of the last.
    fn chain_plainly(&self, first: u64) -> Link {
        let mut link = chain::ROOT;
        if first > 1 {
            let select = "SELECT hash FROM record WHERE row = ?1";
            link = self.connection.query_row(select, [to_sql(first - 1)], |row| row.get(0)).unwrap();
        }
        let rows = self.all();
        self.connection.execute("DELETE FROM record WHERE row >= ?1", [to_sql(first)]).unwrap();
        for (mut row, number) in rows.into_iter().zip(1..) {
            if number < first {
                continue;
            }
            row.row = number;
            link = chain::next(&link, &row, None);
            let insert = "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let key = params![
                to_sql(number),
                to_sql(row.run),
                to_sql(row.seq),
                row.at.nanos(),
                row.kind,
                row.body,
                link
            ];
            self.connection.execute(insert, key).unwrap();
        }
        link
    }

    /// One attack, carried out.
    fn attacked(&self, chance: &mut Chance) -> Attack {
        let row = 1 + chance.below(self.rows);
        let note = self.note.clone();
        match chance.below(10) {
            // The chain is made good behind the change, as far as that goes without the key.
            0 | 1 => {
                let edit = ["at = at + 1", "seq = seq + 1"][usize::from(chance.below(2) == 0)];
                self.sql(&format!("UPDATE record SET {edit} WHERE row = {row}"));
                self.chain_plainly(row);
                let expected = Expected::Row(row.max(self.sealed_from));
                Attack { what: format!("{edit} of {row}, chained anew"), note, expected }
            }
            2 => self.cut(row, chance),
            3 => self.written_plain(chance),
            4 => {
                let at = usize::try_from(chance.below(note.len() as u64)).unwrap();
                let mut bytes = note.into_bytes();
                let old = std::mem::replace(&mut bytes[at], b'0' + u8::try_from(chance.below(10)).unwrap());
                if old == bytes[at] {
                    bytes[at] = b'x';
                }
                let note = String::from_utf8(bytes).unwrap();
                Attack { what: format!("the note bent at {at}: {note}"), note, expected: Expected::Anywhere }
            }
            _ => {
                let (sql, expected) = change(chance, self.rows);
                self.sql(&sql);
                Attack { what: sql, note, expected: Expected::Row(expected) }
            }
        }
    }

    /// The tail is cut off, and the note written to fit it: the hashes of rows can be read by anybody.
    fn cut(&self, row: u64, chance: &mut Chance) -> Attack {
        let select = "SELECT COALESCE((SELECT hash FROM record WHERE row = ?1), zeroblob(32))";
        let hash: Vec<u8> =
            self.connection.query_row(select, [to_sql(row - 1)], |found| found.get(0)).unwrap();
        self.sql(&format!("DELETE FROM record WHERE row >= {row}"));
        let mut note: serde_json::Value = serde_json::from_str(&self.note).unwrap();
        note["rows"] = (row - 1).into();
        note["hash"] = hex(&hash).into();
        let is_plain = chance.below(2) == 0;
        if is_plain {
            note = serde_json::json!({ "rows": note["rows"], "hash": note["hash"] });
        }
        // With a plain note only what was plain can be left: then it is the ledger of a day before the seal.
        if is_plain && row <= self.sealed_from {
            let row = self.rows;
            self.sql("INSERT INTO record VALUES (1000, 0, 0, 0, 'note', '1', zeroblob(32))");
            let what = format!("cut to its plain part, and a row added behind; {row} before");
            return Attack { what, note: note.to_string(), expected: Expected::Row(1000) };
        }
        Attack {
            what: format!("cut before {row}, noted"),
            note: note.to_string(),
            expected: Expected::Row(0),
        }
    }

    /// The whole ledger is written anew as a plain one, and its note stays.
    fn written_plain(&self, chance: &mut Chance) -> Attack {
        let note = self.note.clone();
        if chance.below(2) == 0 {
            self.sql("DELETE FROM record WHERE kind = 'chain'");
            self.chain_plainly(1);
            let what = "written anew without its seal".to_owned();
            return Attack { what, note, expected: Expected::Row(self.rows) };
        }
        self.sql("UPDATE record SET kind = 'note' WHERE kind = 'chain'");
        for _ in 0..chance.below(3) {
            self.sql("INSERT INTO record SELECT row + 1, run, seq, at, kind, body, hash FROM record ORDER BY row DESC LIMIT 1");
        }
        self.chain_plainly(1);
        let what = "written anew with something else in the place of its seal".to_owned();
        Attack { what, note, expected: Expected::Row(self.rows) }
    }
}

fn run(mut journal: Journal, first_order: u64, seconds: i64) {
    journal.begin_run(&run_head(Mode::Sim), at(seconds)).unwrap();
    let last_seq = journal.last_seq().unwrap();
    let held = if seconds > 0 { 4 } else { 0 };
    trade(&mut journal, "abc123", last_seq, first_order, seconds + 1, held);
    journal.end_run(&end(), at(seconds + 50)).unwrap();
}

fn copied(path: &Path) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute("ATTACH ?1 AS victim", [path.to_str().unwrap()]).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE record (row INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL,
             at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
             INSERT INTO record SELECT * FROM victim.record; DETACH victim;",
        )
        .unwrap();
    connection
}

#[test]
fn ten_thousand_attacks_without_the_key_are_found_and_the_first_bad_row_named() {
    let folder = Folder::new("forged");
    let victims = [Victim::new(&folder, "whole.db", false), Victim::new(&folder, "mixed.db", true)];
    let (mut chance, key) = (Chance(11), seal());
    for number in 0..ATTACKS {
        let victim = &victims[usize::from(chance.below(2) == 0)];
        victim.sql("SAVEPOINT before");
        let attack = victim.attacked(&mut chance);
        let found = verify_over(&victim.connection, Some(&attack.note), Some(&key)).chain;
        victim.sql("ROLLBACK TO before; RELEASE before");
        let Chain::FirstBad { row, why } = found else { panic!("{number}: {} was not found", attack.what) };
        if let Expected::Row(expected) = attack.expected {
            assert_eq!(row, expected, "{number}: {}: {why}", attack.what);
        }
    }
    for victim in &victims {
        let left = verify_over(&victim.connection, Some(&victim.note), Some(&key));
        assert!(left.is_clean(), "every attack was taken back");
    }
}

/// The same forger finds the plain chain open: this is what the key is for.
#[test]
fn without_a_key_a_chain_that_was_made_good_passes_and_with_one_it_does_not() {
    let folder = Folder::new("forged-plain");
    for sealed in [false, true] {
        let path = folder.file(if sealed { "sealed.db" } else { "plain.db" });
        let (journal, _) = Journal::open_sealed(&path, at(0), sealed.then(seal)).unwrap();
        run(journal, 1, 0);
        let rows = verify_sealed(&path, None).unwrap().rows;
        let note = String::new();
        let victim = Victim { connection: copied(&path), rows, sealed_from: 1, note };
        victim.sql("UPDATE record SET at = at + 1 WHERE row = 4");
        let link = victim.chain_plainly(4);
        let note = serde_json::json!({ "rows": rows, "hash": hex(&link) }).to_string();
        let found = verify_over(&victim.connection, Some(&note), sealed.then(seal).as_ref()).chain;
        let bad = if let Chain::FirstBad { row, .. } = found { Some(row) } else { None };
        assert_eq!(bad, sealed.then_some(4), "{found:?}");
    }
}

/// What no file can tell: whoever writes rows and note anew as plain leaves a ledger that says of itself that it
/// is plain. Whoever knows that it was sealed sees it.
#[test]
fn a_ledger_that_was_written_anew_with_its_note_no_longer_says_that_it_is_sealed() {
    let folder = Folder::new("forged-whole");
    let victim = Victim::new(&folder, "a.db", false);
    victim.sql("DELETE FROM record WHERE kind = 'chain'");
    let link = victim.chain_plainly(1);
    let note = serde_json::json!({ "rows": victim.rows - 1, "hash": hex(&link) }).to_string();
    let verdict = verify_over(&victim.connection, Some(&note), Some(&seal()));
    assert_eq!((verdict.chain, verdict.sealed), (Chain::Ok, Sealed::Plain));
}
