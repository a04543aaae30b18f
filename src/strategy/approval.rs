use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::mode::Mode;
use crate::domain::passport::Passport;
use crate::strategy::fault::SandboxFault;
use crate::strategy::shipped;
use crate::strategy::source::SourceHash;

/// The file of approvals in the state folder.
pub const FILE: &str = "approvals.json";
const SCHEMA: u32 = 1;

/// One approval: what the trader saw and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The file's name when it was approved.
    pub file: String,
    /// The strategy's own name.
    pub name: String,
    /// The strategy's own version.
    pub version: String,
    /// When.
    pub at: At,
    /// What it was granted.
    #[serde(default)]
    pub passport: Passport,
}

/// What the trader decided about a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// These very bytes may run in this mode.
    Approved,
    /// Another source of this file name was approved: show what changed.
    Changed(SourceHash),
    /// Nobody has looked at it yet.
    Unknown,
}

/// Every approval of this installation. Paper and live are approved apart; sim takes either, and the
/// strategies that come with the program besides.
#[derive(Debug)]
pub struct Approvals {
    path: PathBuf,
    book: Book,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    schema: u32,
    sim: BTreeMap<SourceHash, Approval>,
    paper: BTreeMap<SourceHash, Approval>,
    live: BTreeMap<SourceHash, Approval>,
}

impl Book {
    fn of(&self, mode: Mode) -> &BTreeMap<SourceHash, Approval> {
        match mode {
            Mode::Sim => &self.sim,
            Mode::Paper => &self.paper,
            Mode::Live => &self.live,
        }
    }

    fn of_mut(&mut self, mode: Mode) -> &mut BTreeMap<SourceHash, Approval> {
        match mode {
            Mode::Sim => &mut self.sim,
            Mode::Paper => &mut self.paper,
            Mode::Live => &mut self.live,
        }
    }
}

impl Approvals {
    /// Reads the approvals of the state folder; a folder without the file has none.
    ///
    /// # Errors
    /// [`SandboxFault::File`] where it cannot be read, [`SandboxFault::Approvals`] where it is not what
    /// this program writes: a damaged file approves nothing.
    pub fn read(state_folder: &Path) -> Result<Self, SandboxFault> {
        let path = state_folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, book: Book { schema: SCHEMA, ..Book::default() } });
            }
            Err(source) => return Err(SandboxFault::File { path, source }),
        };
        let damaged = |reason: String| SandboxFault::Approvals { path: path.clone(), reason };
        let book: Book = serde_json::from_str(&text).map_err(|fault| damaged(fault.to_string()))?;
        if book.schema != SCHEMA {
            return Err(damaged(format!("schema {} and not {SCHEMA}", book.schema)));
        }
        Ok(Self { path, book })
    }

    /// What the trader decided about these bytes, for this mode.
    #[must_use]
    pub fn verdict(&self, mode: Mode, file: &str, hash: SourceHash) -> Verdict {
        let own = self.book.of(mode);
        // What is trusted with money is trusted without; the reverse never holds.
        let in_sim = mode == Mode::Sim
            && (shipped::is_shipped(hash)
                || self.book.paper.contains_key(&hash)
                || self.book.live.contains_key(&hash));
        if own.contains_key(&hash) || in_sim {
            return Verdict::Approved;
        }
        let same_file = own.iter().filter(|(_, approval)| approval.file == file);
        let newest = same_file.max_by_key(|(_, approval)| approval.at);
        newest.map_or(Verdict::Unknown, |(hash, _)| Verdict::Changed(*hash))
    }

    /// What these bytes were granted for this mode; `None` for what comes with the program and nobody approved.
    #[must_use]
    pub fn passport(&self, mode: Mode, hash: SourceHash) -> Option<&Passport> {
        let others: &[Mode] = if mode == Mode::Sim { &[Mode::Paper, Mode::Live] } else { &[] };
        let modes = std::iter::once(&mode).chain(others);
        modes.filter_map(|mode| self.book.of(*mode).get(&hash)).map(|approval| &approval.passport).next()
    }

    /// Notes the trader's approval of these bytes for this mode and writes it down.
    ///
    /// # Errors
    /// [`SandboxFault::File`]; then nothing is approved.
    pub fn approve(&mut self, mode: Mode, hash: SourceHash, approval: Approval) -> Result<(), SandboxFault> {
        let before = self.book.of_mut(mode).insert(hash, approval);
        let written = self.write();
        if written.is_err() {
            match before {
                Some(before) => self.book.of_mut(mode).insert(hash, before),
                None => self.book.of_mut(mode).remove(&hash),
            };
        }
        written
    }

    /// Takes the approval of these bytes back in every mode; gives whether there was one.
    ///
    /// # Errors
    /// [`SandboxFault::File`]; for this process the approval is gone all the same.
    pub fn revoke(&mut self, hash: SourceHash) -> Result<bool, SandboxFault> {
        let modes = [Mode::Sim, Mode::Paper, Mode::Live];
        let removed = modes.map(|mode| self.book.of_mut(mode).remove(&hash).is_some());
        self.write()?;
        Ok(removed.contains(&true))
    }

    /// Every approval, mode by mode.
    pub fn all(&self) -> impl Iterator<Item = (Mode, SourceHash, &Approval)> {
        [Mode::Sim, Mode::Paper, Mode::Live]
            .into_iter()
            .flat_map(|mode| self.book.of(mode).iter().map(move |(hash, approval)| (mode, *hash, approval)))
    }

    /// Under another name first, synced, then renamed: a power cut leaves the old file or the new one.
    fn write(&self) -> Result<(), SandboxFault> {
        let fault = |source| SandboxFault::File { path: self.path.clone(), source };
        let text = serde_json::to_string_pretty(&self.book).map_err(|error| fault(error.into()))?;
        let beside = self.path.with_extension("json.new");
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        // A file that is there already was made by somebody else between the two lines: not written to.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(fault)?;
        file.write_all(text.as_bytes()).map_err(fault)?;
        file.sync_all().map_err(fault)?;
        fs::rename(&beside, &self.path).map_err(fault)?;
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        // A folder cannot be opened everywhere; where it can, the new name is made durable too.
        fs::File::open(folder).and_then(|folder| folder.sync_all()).or(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("strategy-tests").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn approval(file: &str) -> Approval {
        let at = "2013-10-07T13:30:00Z".parse().unwrap();
        Approval {
            file: file.to_owned(),
            name: "x".to_owned(),
            version: "1".to_owned(),
            at,
            passport: Passport::default(),
        }
    }

    #[test]
    fn an_approval_is_for_one_mode_and_for_these_bytes_alone() {
        let folder = folder("modes");
        let (hash, changed) = (SourceHash::of(b"one"), SourceHash::of(b"two"));
        let mut approvals = Approvals::read(&folder).unwrap();
        assert_eq!(approvals.verdict(Mode::Paper, "a.js", hash), Verdict::Unknown);
        approvals.approve(Mode::Paper, hash, approval("a.js")).unwrap();
        let mut again = Approvals::read(&folder).unwrap();
        assert_eq!(again.verdict(Mode::Paper, "a.js", hash), Verdict::Approved);
        assert_eq!(again.verdict(Mode::Live, "a.js", hash), Verdict::Unknown);
        assert_eq!(again.verdict(Mode::Sim, "a.js", hash), Verdict::Approved);
        assert_eq!(again.verdict(Mode::Paper, "a.js", changed), Verdict::Changed(hash));
        assert!(again.revoke(hash).unwrap());
        assert_eq!(Approvals::read(&folder).unwrap().verdict(Mode::Paper, "a.js", hash), Verdict::Unknown);
    }

    #[test]
    fn shipped_sources_run_in_sim_alone_and_a_damaged_file_approves_nothing() {
        let folder = folder("damaged");
        let shipped = SourceHash::of(shipped::SHIPPED[0].1.as_bytes());
        let approvals = Approvals::read(&folder).unwrap();
        assert_eq!(approvals.verdict(Mode::Sim, "x.js", shipped), Verdict::Approved);
        assert_eq!(approvals.verdict(Mode::Paper, "x.js", shipped), Verdict::Unknown);
        for text in ["", "{}", r#"{"schema":2,"sim":{},"paper":{},"live":{}}"#] {
            fs::write(folder.join(FILE), text).unwrap();
            assert!(matches!(Approvals::read(&folder), Err(SandboxFault::Approvals { .. })), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_the_traders_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("private");
        let mut approvals = Approvals::read(&folder).unwrap();
        approvals.approve(Mode::Live, SourceHash::of(b"one"), approval("a.js")).unwrap();
        let mode = fs::metadata(folder.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
