//! The house rules, held by a scan of the source: floors, guarded names, sizes, one mint.
//!
//! A failure names file and line. The rules and their reasons stand in ARCHITECTURE.md.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms by floor. A room imports only rooms on lower floors.
const FLOORS: [&[&str]; 7] = [
    &["domain"],
    &["risk", "exchange", "ledger", "indicators", "wire"],
    &["engine", "laws", "alpaca"],
    &["broker", "feed", "gateway", "journal", "vault", "strategy", "config", "report", "notify", "ui"],
    &["pump"],
    &["app", "rehearsal"],
    &["cli"],
];

/// What a room may import on the floors below it, where the plan is narrower than its floor.
const NARROW: [(&str, &[&str]); 12] = [
    ("laws", &["domain", "risk"]),
    ("alpaca", &["domain", "wire"]),
    ("broker", &["domain", "risk", "exchange", "wire", "alpaca"]),
    ("feed", &["domain", "exchange", "wire", "alpaca"]),
    ("gateway", &["domain", "exchange", "ledger", "wire"]),
    ("journal", &["domain", "risk", "engine", "laws"]),
    ("vault", &["domain"]),
    ("strategy", &["domain", "indicators"]),
    ("config", &["domain", "risk", "exchange", "engine"]),
    ("report", &["domain", "ledger"]),
    ("notify", &["domain"]),
    ("ui", &["domain", "engine", "risk", "ledger", "indicators"]),
];

/// Names that may stand in few places only, with those places.
const GUARDED: [(&str, &[&str]); 24] = [
    ("ureq", &["alpaca/", "notify/"]),
    ("tungstenite", &["alpaca/"]),
    ("axum", &["gateway/"]),
    ("tokio", &["gateway/"]),
    ("rmpv", &["gateway/codec.rs"]),
    ("rusqlite", &["journal/"]),
    ("boa_engine", &["strategy/child/"]),
    ("keyring_core", &["vault/"]),
    ("secret_service", &["vault/"]),
    ("zbus_secret_service_keyring_store", &["vault/"]),
    ("age::", &["vault/"]),
    ("argon2", &["vault/"]),
    ("ratatui", &["ui/", "app/keyboard.rs", "app/terminal.rs"]),
    ("crossterm", &["ui/", "app/keyboard.rs", "app/terminal.rs"]),
    ("SystemTime", &["app/clock.rs"]),
    ("Instant::now", &["app/clock.rs"]),
    ("std::env::var", &["app/", "cli/"]),
    ("std::env::args", &["main.rs", "cli/"]),
    ("current_exe", &["app/", "cli/"]),
    ("env::var", &["app/", "cli/"]),
    ("process::Command", &["strategy/host.rs", "app/drill.rs"]),
    ("unsafe {", &[]),
    ("unsafe impl", &[]),
    ("HashMap", &[]),
];

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

struct Source {
    /// Path below src/, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap()
    }

    /// Lines of the program proper: without comments, and without the tests at the file's end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines
            .take_while(|(_, line)| *line != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    let read = |path: PathBuf| Source {
        path: path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    found.into_iter().map(read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn report(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

#[test]
fn rooms_import_only_from_floors_below() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path.contains('/')) {
        let room = source.room();
        let Some(floor) = floor_of(room) else {
            faults.push(format!("src/{}: the room {room} stands on no floor", source.path));
            continue;
        };
        for (line, text) in source.code() {
            for part in text.split("crate::").skip(1) {
                let other: String =
                    part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                if other == room {
                    continue;
                }
                let below = floor_of(&other).is_some_and(|other_floor| other_floor < floor);
                let narrow = NARROW.iter().find(|(name, _)| *name == room);
                if !below || narrow.is_some_and(|(_, allowed)| !allowed.contains(&other.as_str())) {
                    faults.push(format!("src/{}:{line}: {room} must not import {other}", source.path));
                }
            }
        }
    }
    report("a room imports only what the plan allows it", &faults);
}

#[test]
fn one_import_a_line() {
    let mut faults = Vec::new();
    for source in sources() {
        for (line, text) in source.code() {
            if text.trim_start().starts_with("use crate::{") {
                faults.push(format!("src/{}:{line}: write one `use crate::room::…` a line", source.path));
            }
        }
    }
    report("imports can be read by a plain scan", &faults);
}

/// Whether a text has this name, and not only a longer one that ends with it.
fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|char| char.is_alphanumeric() || char == '_')
    })
}

#[test]
fn guarded_names_stand_only_where_they_may() {
    let mut faults = Vec::new();
    for source in sources() {
        for (line, text) in source.code() {
            for (name, places) in GUARDED {
                if names(text, name) && !places.iter().any(|place| source.path.starts_with(place)) {
                    faults.push(format!("src/{}:{line}: {name} may stand only in {places:?}", source.path));
                }
            }
        }
    }
    report("guarded names", &faults);
}

#[test]
fn files_and_functions_stay_small() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("src/{}: {lines} lines, at most {FILE_LINES_MAX}", source.path));
        }
        let mut open: Option<(usize, usize)> = None;
        for (line, text) in source.code() {
            let indent = text.len() - text.trim_start().len();
            let starts = text.trim_start().starts_with("fn ") || text.contains(" fn ");
            if open.is_none() && starts && text.ends_with('{') {
                open = Some((line, indent));
            } else if let Some((start, depth)) = open
                && indent == depth
                && text.trim() == "}"
            {
                if line - start > FUNCTION_LINES_MAX {
                    faults.push(format!("src/{}:{start}: a function of {} lines", source.path, line - start));
                }
                open = None;
            }
        }
    }
    report("one idea a file, one thought a function", &faults);
}

/// Minting an approved order is reserving its exposure; a second place that builds one is a bypass.
#[test]
fn there_is_one_mint() {
    let mut mints = Vec::new();
    for source in sources() {
        for (line, text) in source.code() {
            let builds = |name: &str| {
                text.contains(&format!("{name} {{")) && !text.contains("struct ") && !text.contains("impl ")
            };
            if builds("ApprovedOrder") || text.contains("fn mint(") {
                mints.push(format!("src/{}:{line}", source.path));
            }
        }
    }
    let outside: Vec<String> =
        mints.iter().filter(|place| !place.starts_with("src/risk/token.rs")).cloned().collect();
    report("only risk/token.rs builds an ApprovedOrder", &outside);
}

#[test]
fn every_room_says_its_duty_and_what_it_must_not_know() {
    let mut faults = Vec::new();
    for source in sources() {
        let parts: Vec<&str> = source.path.split('/').collect();
        if parts.len() == 2 && parts[1] == "mod.rs" {
            let head: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
            for word in ["Floor", "nows nothing"] {
                if !head.contains(word) {
                    faults.push(format!("src/{}: its first comment lacks {word:?}", source.path));
                }
            }
        }
    }
    report("each room opens with its floor, its duty and what it must never know", &faults);
}

/// A promise without a test is a wish: every test that SECURITY.md names must be there.
#[test]
fn every_proof_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let promises = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    collect(&root.join("tests"), &mut files);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let is_test_name = |name: &&str| {
        name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let mut proofs = 0;
    let mut faults = Vec::new();
    for (index, line) in promises.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let proof = line.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap();
        for name in proof.split('`').filter(is_test_name) {
            proofs += 1;
            if !texts.iter().any(|text| text.contains(&format!("fn {name}("))) {
                faults.push(format!("SECURITY.md:{}: there is no test {name}", index + 1));
            }
        }
    }
    assert!(proofs > 10, "SECURITY.md names {proofs} proofs only");
    report("every promise names a test that exists", &faults);
}
