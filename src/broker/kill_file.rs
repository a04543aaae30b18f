use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

use nix::fcntl::OFlag;

use crate::broker::fault::BrokerFault;

const NAME: &str = "KILL";
const READY_NAME: &str = "kill.ready";

/// The room that is taken at the start, so that a full disk still holds who pulled the kill.
const ROOM: usize = 512;

/// The file that makes a kill outlive the process and a full disk: it is written at the start under
/// another name, and a rename needs no room.
#[derive(Debug, Clone)]
pub struct KillFile {
    kill: PathBuf,
    ready: PathBuf,
}

impl KillFile {
    /// Makes the file ready in the state folder. A kill that stands goes on standing.
    ///
    /// # Errors
    /// [`BrokerFault::KillFile`] when the folder cannot be written.
    pub fn prepare(folder: &Path) -> Result<Self, BrokerFault> {
        let file = Self { kill: folder.join(NAME), ready: folder.join(READY_NAME) };
        file.make_ready()?;
        Ok(file)
    }

    /// Whether a kill stands. What cannot be looked at stands: nobody re-armed it.
    #[must_use]
    pub fn stands(&self) -> bool {
        match self.kill.symlink_metadata() {
            Ok(_) => true,
            Err(fault) => fault.kind() != ErrorKind::NotFound,
        }
    }

    /// Whether a kill stands in a state folder, without making anything ready there.
    #[must_use]
    pub fn stands_in(folder: &Path) -> bool {
        folder.join(NAME).symlink_metadata().is_ok()
    }

    /// Who pulled the kill that stands, as far as the file says.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        if !self.stands() {
            return None;
        }
        let mut bytes = Vec::new();
        let file = OpenOptions::new().read(true).custom_flags(no_link_no_wait()).open(&self.kill);
        let _unreadable = file.and_then(|file| file.take(ROOM as u64).read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes);
        let line: String =
            text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
        let line = line.trim();
        Some(if line.is_empty() { "the KILL file stands".to_owned() } else { line.to_owned() })
    }

    /// Makes the kill stand.
    ///
    /// # Errors
    /// [`BrokerFault::KillFile`] when it can neither be renamed nor written anew.
    pub fn raise(&self, by: &str) -> Result<(), BrokerFault> {
        if self.stands() {
            return Ok(());
        }
        // Who pulled it goes into room that is already there; without the words it must stand too.
        let _unnamed = self.open_ready(false).and_then(|mut ready| ready.write_all(&padded(by)));
        if fs::rename(&self.ready, &self.kill).is_err() && !self.stands() {
            let anew = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.kill);
            match anew {
                Ok(mut kill) => {
                    let _no_room_for_words = kill.write_all(&padded(by));
                }
                Err(fault) if fault.kind() == ErrorKind::AlreadyExists => {}
                Err(source) => return Err(BrokerFault::KillFile { path: self.kill.clone(), source }),
            }
        }
        self.sync_folder();
        Ok(())
    }

    /// Raises it on a thread of its own, so that a disk that hangs holds up nobody. What became of it
    /// comes out of the receiver, if ever it ends.
    #[must_use]
    pub fn raise_aside(&self, by: &str) -> Receiver<Result<(), BrokerFault>> {
        let (sender, receiver) = sync_channel(1);
        let (file, words, told) = (self.clone(), by.to_owned(), sender.clone());
        let aside = std::thread::Builder::new().name("kill-file".to_owned());
        let spawned = aside.spawn(move || {
            let _nobody_asks = told.try_send(file.raise(&words));
        });
        if spawned.is_err() {
            let _nobody_asks = sender.try_send(self.raise(by));
        }
        receiver
    }

    /// Takes the kill back. The next one is made ready first: while that cannot be, this one stands.
    ///
    /// # Errors
    /// [`BrokerFault::KillFile`] when the folder cannot be written; the kill then stands.
    pub fn lower(&self) -> Result<(), BrokerFault> {
        self.make_ready()?;
        match fs::remove_file(&self.kill) {
            Ok(()) => self.sync_folder(),
            Err(fault) if fault.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(BrokerFault::KillFile { path: self.kill.clone(), source }),
        }
        Ok(())
    }

    fn make_ready(&self) -> Result<(), BrokerFault> {
        let fail = |source| BrokerFault::KillFile { path: self.ready.clone(), source };
        let mut ready = self.open_ready(true).map_err(fail)?;
        let written = ready.write_all(&padded("ready for a kill")).and_then(|()| ready.sync_all());
        written.map_err(fail)
    }

    fn open_ready(&self, anew: bool) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(anew).truncate(anew).mode(0o600).custom_flags(no_link_no_wait());
        options.open(&self.ready)
    }

    /// The new name is on disk, where the system can do that at all.
    fn sync_folder(&self) {
        if let Some(folder) = self.kill.parent() {
            let _not_on_this_system = File::open(folder).and_then(|folder| folder.sync_all());
        }
    }
}

/// Neither a link elsewhere nor a pipe that nobody reads may stand in for the file.
const fn no_link_no_wait() -> i32 {
    OFlag::O_NOFOLLOW.bits() | OFlag::O_NONBLOCK.bits()
}

/// Words on a line of their own, filled up to the room that was taken.
fn padded(words: &str) -> Vec<u8> {
    let line: String = words.chars().filter(|letter| !letter.is_control()).take(ROOM / 8).collect();
    let mut bytes =
        format!("{line}\nhardstop is halted; `hardstop rearm --reason TEXT` takes this file away.\n")
            .into_bytes();
    bytes.resize(ROOM, b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/kill-file").join(name);
        let _not_there = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_kill_outlives_its_process_until_it_is_taken_back() {
        let folder = folder("outlives");
        let file = KillFile::prepare(&folder).unwrap();
        assert_eq!((file.stands(), file.words()), (false, None));
        file.raise("SIGQUIT\u{1b}[31m").unwrap();
        let restarted = KillFile::prepare(&folder).unwrap();
        assert_eq!(restarted.words().as_deref(), Some("SIGQUIT[31m"));
        assert_eq!(fs::metadata(folder.join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
        restarted.raise("somebody else").unwrap();
        assert_eq!(restarted.words().as_deref(), Some("SIGQUIT[31m"), "the first one stays named");
        restarted.lower().unwrap();
        assert!(!file.stands());
        file.raise_aside("once more").recv().unwrap().unwrap();
        assert!(file.stands());
    }

    #[test]
    fn it_stands_without_its_ready_file_and_whatever_lies_in_its_place() {
        let folder = folder("without");
        let file = KillFile::prepare(&folder).unwrap();
        fs::remove_file(folder.join(READY_NAME)).unwrap();
        file.raise("SIGQUIT").unwrap();
        assert!(file.stands());
        file.lower().unwrap();
        symlink("/nowhere", folder.join(NAME)).unwrap();
        assert_eq!(file.words().as_deref(), Some("the KILL file stands"));
    }

    #[test]
    fn a_link_is_not_written_through() {
        let folder = folder("link");
        fs::write(folder.join("precious"), "mine").unwrap();
        symlink(folder.join("precious"), folder.join(READY_NAME)).unwrap();
        let fault = KillFile::prepare(&folder).unwrap_err().to_string();
        assert!(fault.contains("kill.ready"), "{fault}");
        assert_eq!(fs::read_to_string(folder.join("precious")).unwrap(), "mine");
    }
}
