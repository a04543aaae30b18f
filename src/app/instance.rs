use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

use crate::app::paths::private_folder;

/// More than any pid takes.
const PID_BYTES_MAX: u64 = 32;

/// The lock of a running instance; it is gone with the process, however that ends.
pub struct Instance {
    _lock: Flock<File>,
}

impl Instance {
    /// Takes the lock.
    ///
    /// # Errors
    /// Another instance that runs, by its pid.
    pub fn take(state: &Path) -> Result<Self, String> {
        Self::lock(&state.join("instance.lock"), "hardstop runs already")
    }

    /// Takes the lock of an account, which all homes of this user share: two processes that trade one account would
    /// each count the other's orders as somebody else's.
    ///
    /// # Errors
    /// Another process that trades it, by its pid; or a place for locks that is not the trader's own.
    pub fn take_account(folder: &Path, account: &str) -> Result<Self, String> {
        private_folder(folder)?;
        Self::lock(
            &folder.join(format!("{account}.lock")),
            "this account is traded already, from another home of yours",
        )
    }

    fn lock(path: &Path, taken: &str) -> Result<Self, String> {
        let fail = |fault: std::io::Error| format!("{}: {fault}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.custom_flags(OFlag::O_NOFOLLOW.bits()).open(path);
        match Flock::lock(file.map_err(fail)?, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                let pid = std::process::id().to_string();
                let written = lock
                    .set_len(0)
                    .and_then(|()| lock.rewind())
                    .and_then(|()| lock.write_all(pid.as_bytes()));
                written.map_err(fail)?;
                Ok(Self { _lock: lock })
            }
            Err((file, Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                let _unreadable = file.take(PID_BYTES_MAX).read_to_string(&mut pid);
                let pid = pid.trim();
                let named =
                    if pid.is_empty() { "it is just starting".to_owned() } else { format!("process {pid}") };
                Err(format!("{taken} ({named}); use it, or end it first"))
            }
            Err((_, fault)) => Err(format!("{}: it cannot be locked: {fault}", path.display())),
        }
    }

    /// Whether an instance runs.
    pub fn runs(state: &Path) -> bool {
        let Ok(file) = OpenOptions::new().read(true).write(true).open(state.join("instance.lock")) else {
            return false;
        };
        Flock::lock(file, FlockArg::LockExclusiveNonblock).is_err()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn an_account_is_traded_by_one_process_whatever_its_home() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/instance/accounts");
        std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
        let first = Instance::take_account(&folder, "0123").unwrap();
        let words = Instance::take_account(&folder, "0123").err().unwrap();
        assert!(words.contains("from another home") && words.contains("process"), "{words}");
        drop(Instance::take_account(&folder, "4567").unwrap());
        drop(first);
        drop(Instance::take_account(&folder, "0123").unwrap());
    }

    #[test]
    fn a_second_instance_is_told_the_pid_of_the_first() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/instance");
        std::fs::create_dir_all(&folder).unwrap();
        assert!(!Instance::runs(&folder));
        let first = Instance::take(&folder).unwrap();
        let words = Instance::take(&folder).err().unwrap();
        assert!(words.contains(&format!("process {}", std::process::id())), "{words}");
        assert!(Instance::runs(&folder));
        drop(first);
        assert!(!Instance::runs(&folder));
        drop(Instance::take(&folder).unwrap());
    }
}
