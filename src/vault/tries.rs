use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::libc::O_NOFOLLOW;
use thiserror::Error;

use crate::domain::at::At;
use crate::vault::fault::VaultFault;
use crate::vault::guard;
use crate::vault::lockout::{Fails, WAIT_SECONDS_MAX};

const BYTES_MAX: u64 = 4 * 1024;

/// Why no passphrase is looked at now.
#[derive(Debug, Error)]
pub enum TriesFault {
    /// The wait after failed tries is not over.
    #[error(
        "too many wrong passphrases: the next try is in {wait_seconds} s; paper, exits and the kill go on"
    )]
    Wait {
        /// Seconds that are left.
        wait_seconds: i64,
    },
    /// The wall's clock stands before the last failed try.
    #[error(
        "the clock of this machine stands before the last failed try, so its wait begins anew: {wait_seconds} s; set the clock right"
    )]
    ClockBack {
        /// Seconds that are left.
        wait_seconds: i64,
    },
    /// The file of failed tries says nothing.
    #[error(
        "{path} does not say how many tries failed, so the longest wait counts: {wait_seconds} s from now; the file has been written anew, and the right passphrase after that clears it"
    )]
    Unknown {
        /// The file.
        path: String,
        /// Seconds that are left.
        wait_seconds: i64,
    },
    /// The file cannot be read or written, and without it no try can be counted.
    #[error("no passphrase is looked at while its tries cannot be counted: {0}")]
    Uncounted(#[from] VaultFault),
}

/// What the file of failed tries says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Failed tries in a row.
    pub fails: u32,
    /// Seconds until the next try; 0 where there may be one now.
    pub wait_seconds: i64,
    /// Whether live must be disarmed.
    pub is_disarmed: bool,
    /// Whether the file could be read; where it could not, the worst is assumed.
    pub is_known: bool,
}

/// The tries of a passphrase, counted in a file, so that ending the program gains nobody another one. Who can
/// write that file needs no passphrase to remove it: this is against whoever sits at the keyboard.
pub struct Tries {
    path: PathBuf,
}

/// One try, written down as failed before it is judged. Dropped, it stays so; [`Try::succeeded`] clears it.
#[must_use = "a try that is not told to have succeeded counts as failed"]
pub struct Try {
    path: PathBuf,
}

enum Read {
    Fails(Fails),
    /// Something stands there, and it is not what this program writes.
    Nonsense,
}

impl Tries {
    /// The tries that are counted in this file, `lockout.toml` of the state folder.
    #[must_use]
    pub const fn counted_in(path: PathBuf) -> Self {
        Self { path }
    }

    /// What stands written, for the screen. Nothing is changed.
    #[must_use]
    pub fn look(&self, now: At) -> Standing {
        let (fails, is_known) = match read(&self.path) {
            Ok(Read::Fails(fails)) => (fails, true),
            Ok(Read::Nonsense) | Err(_) => (Fails::unknown(now), false),
        };
        let (count, wait_seconds) = (fails.count(), fails.wait_seconds(now));
        Standing { fails: count, wait_seconds, is_disarmed: fails.is_disarmed(), is_known }
    }

    /// Begins a try: it is on disk as failed before this returns, so that a process which is killed while it
    /// judges has used it up.
    ///
    /// # Errors
    /// The wait is not over, the clock was set back, or the file cannot be read or written.
    pub fn begin(&self, now: At) -> Result<Try, TriesFault> {
        let _alone = alone(&self.path)?;
        let fails = match read(&self.path)? {
            Read::Fails(fails) => fails,
            Read::Nonsense => {
                write(&self.path, Fails::unknown(now))?;
                let path = self.path.display().to_string();
                return Err(TriesFault::Unknown { path, wait_seconds: WAIT_SECONDS_MAX });
            }
        };
        let wait_seconds = fails.wait_seconds(now);
        if wait_seconds > 0 {
            if !fails.clock_went_back(now) {
                return Err(TriesFault::Wait { wait_seconds });
            }
            write(&self.path, fails.counted_from(now))?;
            return Err(TriesFault::ClockBack { wait_seconds });
        }
        write(&self.path, fails.one_more(now))?;
        Ok(Try { path: self.path.clone() })
    }
}

impl Try {
    /// The passphrase was right: nothing counts any more.
    ///
    /// # Errors
    /// The file cannot be written; the tries before go on counting then.
    pub fn succeeded(self) -> Result<(), TriesFault> {
        let _alone = alone(&self.path)?;
        write(&self.path, Fails::NONE)?;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Read, VaultFault> {
    let Some(bytes) = guard::read(path, BYTES_MAX)? else {
        return Ok(Read::Fails(Fails::NONE));
    };
    let fails = str::from_utf8(&bytes).ok().and_then(|text| toml::from_str::<Fails>(text).ok());
    Ok(fails.filter(|fails| fails.is_ours()).map_or(Read::Nonsense, Read::Fails))
}

fn write(path: &Path, fails: Fails) -> Result<(), VaultFault> {
    let text = serde_json::to_value(fails).map_err(|_| VaultFault::TooLarge)?;
    let lines = text.as_object().into_iter().flatten().map(|(key, value)| format!("{key} = {value}\n"));
    guard::replace(path, lines.collect::<String>().as_bytes(), false)
}

/// Two processes must not count one try between them. The lock goes with the file that is returned.
fn alone(path: &Path) -> Result<File, VaultFault> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        guard::folder(folder)?;
    }
    let lock = path.with_extension("lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(O_NOFOLLOW);
    let file = options.open(&lock).map_err(|fault| VaultFault::file(&lock, fault))?;
    file.lock().map_err(|fault| VaultFault::file(&lock, fault))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::vault::testing::{Folder, at};

    fn home(name: &str) -> (Folder, PathBuf) {
        let home = Folder::new(name);
        let path = home.file("state/lockout.toml");
        (home, path)
    }

    /// Each call as another process would make it.
    fn begin(path: &Path, seconds: i64) -> Result<Try, TriesFault> {
        Tries::counted_in(path.to_owned()).begin(at(seconds))
    }

    fn look(path: &Path, seconds: i64) -> Standing {
        Tries::counted_in(path.to_owned()).look(at(seconds))
    }

    fn fail(path: &Path, seconds: i64) {
        drop(begin(path, seconds).unwrap());
    }

    #[test]
    fn waits_double_across_restarts_and_a_success_clears_them() {
        let (_home, path) = home("tries-waits");
        let mut now = 0;
        for (count, wait) in [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].into_iter().enumerate() {
            fail(&path, now);
            let standing = look(&path, now);
            assert_eq!((standing.fails as usize, standing.wait_seconds), (count + 1, wait));
            assert_eq!(standing.is_disarmed, count + 1 >= 10);
            if wait > 0 {
                let early = begin(&path, now + wait - 1).err().unwrap();
                assert!(matches!(early, TriesFault::Wait { wait_seconds: 1 }), "{early}");
                assert_eq!(look(&path, now).fails as usize, count + 1, "a refused try is none");
            }
            now += wait;
        }
        begin(&path, now).unwrap().succeeded().unwrap();
        let clear = Standing { fails: 0, wait_seconds: 0, is_disarmed: false, is_known: true };
        assert_eq!(look(&path, now), clear);
        fail(&path, now);
        assert_eq!(look(&path, now).wait_seconds, 0, "the free tries are back");
    }

    #[test]
    fn a_try_is_on_disk_as_failed_before_it_is_judged() {
        let (_home, path) = home("tries-before");
        for count in 1..=2 {
            // As a process that is killed while it judges: nothing of it runs after this.
            std::mem::forget(begin(&path, 0).unwrap());
            assert_eq!(look(&path, 0).fails, count);
        }
        assert!(matches!(begin(&path, 0).err().unwrap(), TriesFault::Wait { wait_seconds: 2 }));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_and_says_so() {
        let (_home, path) = home("tries-back");
        fail(&path, 0);
        fail(&path, 0);
        fail(&path, 2);
        assert_eq!(look(&path, -86_400).wait_seconds, 4, "and looking changes nothing");
        let back = begin(&path, -86_400).err().unwrap();
        assert!(matches!(back, TriesFault::ClockBack { wait_seconds: 4 }), "{back}");
        assert!(back.to_string().contains("set the clock right"));
        assert!(matches!(begin(&path, -86_397).err().unwrap(), TriesFault::Wait { wait_seconds: 1 }));
        fail(&path, -86_396);
        assert_eq!(look(&path, -86_396).fails, 4, "what was counted stays counted");
    }

    #[test]
    fn what_cannot_be_read_counts_as_the_worst() {
        for (name, text) in [
            ("empty", ""),
            ("words", "nobody failed"),
            ("version", "version = 2\ncount = 0\nlast_at = \"2013-10-07T13:30:00Z\""),
            ("more", "version = 1\ncount = 0\nlast_at = \"2013-10-07T13:30:00Z\"\nmore = 1"),
            ("negative", "version = 1\ncount = -1\nlast_at = \"2013-10-07T13:30:00Z\""),
            ("half", "version = 1\ncou"),
        ] {
            let (_home, path) = home(&format!("tries-{name}"));
            guard::folder(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            let standing = look(&path, 0);
            assert_eq!((standing.wait_seconds, standing.is_known), (WAIT_SECONDS_MAX, false), "{name}");
            assert!(standing.is_disarmed);
            let refused = begin(&path, 0).err().unwrap().to_string();
            assert!(refused.contains("900 s from now") && refused.contains("clears it"), "{refused}");
            assert!(matches!(begin(&path, 899).err().unwrap(), TriesFault::Wait { wait_seconds: 1 }));
            begin(&path, 900).unwrap().succeeded().unwrap();
            assert_eq!(look(&path, 900).fails, 0);
        }
    }

    #[test]
    fn without_a_place_to_count_no_try_begins() {
        let (home, path) = home("tries-nowhere");
        guard::folder(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(home.file("elsewhere"), &path).unwrap();
        let refused = begin(&path, 0).err().unwrap().to_string();
        assert!(refused.contains("cannot be counted") && refused.contains("no plain file"), "{refused}");
        assert_eq!(look(&path, 0).wait_seconds, WAIT_SECONDS_MAX);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(begin(&path, 0).is_err());
    }

    #[test]
    fn two_processes_do_not_count_one_try_between_them() {
        let (_home, path) = home("tries-together");
        let begun: Vec<bool> = thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| begin(&path, 0).is_ok())).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(begun.iter().filter(|begun| **begun).count(), 2, "the two free ones");
        assert_eq!(look(&path, 0).fails, 2);
    }
}
