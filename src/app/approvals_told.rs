//! Approvals are given and taken back in the shell, with or without a run, and the journal belongs to the run: what
//! changed since it last heard comes in when the next one starts.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::at::At;
use crate::domain::mode::Mode;
use crate::journal::change::{Change, Changed};
use crate::journal::reader::Reader;
use crate::journal::writer::Journal;
use crate::strategy::approval::Approvals;

/// Writes a row for every approval that was given, given anew or taken back since the ledger last heard of it.
///
/// # Errors
/// When the approvals or the ledger cannot be read, or the rows cannot be put on disk.
pub(super) fn tell_approvals(
    journal: &mut Journal,
    ledger: &Path,
    state: &Path,
    mode: Mode,
    now: At,
) -> Result<(), String> {
    let known = Reader::open(ledger).and_then(|reader| reader.changed_to(Changed::Approval));
    let known = known.map_err(|fault| fault.to_string())?;
    let standing = standing(state, mode)?;
    for what in known.keys().chain(standing.keys().filter(|what| !known.contains_key(*what))) {
        let (before, after) = (known.get(what), standing.get(what));
        if before != after {
            let change = Change::by_the_operator(what.clone(), before.cloned(), after.cloned());
            let noted = journal.change(now, Changed::Approval, &change);
            noted.map_err(|fault| fault.to_string())?;
        }
    }
    journal.commit().map_err(|fault| fault.to_string())
}

/// What may run in this mode by the trader's word: sim takes the approvals of every mode.
fn standing(state: &Path, mode: Mode) -> Result<BTreeMap<String, String>, String> {
    let approvals = Approvals::read(state).map_err(|fault| fault.to_string())?;
    let of_the_mode = approvals.all().filter(|(of, ..)| mode == Mode::Sim || *of == mode);
    let told = of_the_mode.map(|(of, hash, approval)| {
        let what = format!("{} {} sha256 {hash}", of.word(), approval.file);
        let passport = serde_json::to_string(&approval.passport).unwrap_or_default();
        let (at, name, version) = (approval.at, &approval.name, &approval.version);
        (what, format!("approved {at}, {name} {version}, passport {passport}"))
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::app::clock;
    use crate::strategy::approval::Approval;
    use crate::strategy::source::SourceHash;

    #[test]
    fn an_approval_without_a_run_comes_in_with_the_next_start_and_so_does_its_end() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/approvals-told");
        let _none_before = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let ledger = folder.join("data/paper-0001.db");
        let start = || {
            let (mut journal, _) = Journal::open(&ledger, clock::now()).unwrap();
            tell_approvals(&mut journal, &ledger, &folder, Mode::Paper, clock::now()).unwrap();
            let rows = Reader::open(&ledger).unwrap().rows("approval").unwrap();
            rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect::<Vec<Change>>()
        };
        assert_eq!(start(), []);
        let hash = SourceHash::of(b"one");
        let approve = |mode| {
            let at = "2013-10-07T13:30:00Z".parse().unwrap();
            let (file, name, version) = ("a.js".to_owned(), "x".to_owned(), "1".to_owned());
            let passport = crate::domain::passport::Passport::default();
            let approval = Approval { file, name, version, at, passport };
            Approvals::read(&folder).unwrap().approve(mode, hash, approval).unwrap();
        };
        approve(Mode::Live);
        assert_eq!(start(), [], "what is approved for another mode says nothing here");
        approve(Mode::Paper);
        let told = start();
        assert_eq!((told.len(), told[0].what.as_str()), (1, format!("paper a.js sha256 {hash}").as_str()));
        assert_eq!((told[0].who.as_str(), told[0].before.as_ref()), ("operator", None));
        assert!(told[0].after.as_ref().unwrap().starts_with("approved 2013-10-07T13:30:00Z, x 1"));
        assert_eq!(start().len(), 1, "it is told once");
        Approvals::read(&folder).unwrap().revoke(hash).unwrap();
        let told = start();
        assert_eq!(
            (told.len(), told[1].before.as_ref(), told[1].after.as_ref()),
            (2, told[0].after.as_ref(), None)
        );
    }
}
