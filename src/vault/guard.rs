//! The vault's files are the trader's own: no link, no foreign owner, 0600 in a folder of 0700.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use zeroize::Zeroizing;

use crate::vault::fault::VaultFault;

/// A folder in which everybody may write, as /tmp.
const STICKY: u32 = 0o1000;

/// Makes the folder where it is missing, and sees that it is the trader's own; one that stood open is closed.
///
/// # Errors
/// A link, somebody else's folder, or one that is shared.
pub(super) fn folder(path: &Path) -> Result<(), VaultFault> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|fault| VaultFault::file(path, fault))?;
    existing_folder(path)
}

/// As [`folder`], and makes none: one that is missing is no fault, and there is nothing in it.
///
/// # Errors
/// As [`folder`].
pub(super) fn existing_folder(path: &Path) -> Result<(), VaultFault> {
    let fail = |fault| VaultFault::file(path, fault);
    let meta = match path.symlink_metadata() {
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(()),
        meta => meta.map_err(fail)?,
    };
    if meta.is_symlink() {
        return Err(refused(path, "is a link", "name the real folder"));
    }
    owned(path, meta.uid())?;
    if meta.mode() & STICKY != 0 {
        return Err(refused(path, "is shared with others", "name a folder of your own"));
    }
    if meta.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(fail)?;
    }
    Ok(())
}

/// The file's bytes, `None` where there is no such file. What is looked at and what is read is the same file:
/// it is opened first. One that stood open to others is closed.
///
/// # Errors
/// A link, anything but a plain file, somebody else's, or more than `bytes_max`.
pub(super) fn read(path: &Path, bytes_max: u64) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault> {
    let fail = |fault| VaultFault::file(path, fault);
    // A pipe in the file's place is opened without waiting for its other end, and refused for what it is.
    let opened = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) if path.is_symlink() => return Err(no_plain_file(path)),
        Err(fault) => return Err(fail(fault)),
    };
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Err(no_plain_file(path));
    }
    owned(path, meta.uid())?;
    if meta.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(fail)?;
    }
    if meta.len() > bytes_max {
        return Err(refused(path, "is far larger than hardstop writes it", "put back a copy of it"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max as usize + 1));
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > bytes_max {
        return Err(refused(path, "grew while it was read", "let nothing else write there"));
    }
    Ok(Some(bytes))
}

/// Whether anything at all has this name, a link to nowhere too.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Where the last state of a file is kept: `vault.age` has `vault.age.bak` beside it.
pub(super) fn backup_of(path: &Path) -> PathBuf {
    beside(path, ".bak")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Puts `bytes` in the file's place in one step: whoever reads it at any instant, or after the power went, finds
/// the old bytes or the new ones. Where `keeps` is set the old ones stay beside it as the only backup, else there
/// is none.
///
/// # Errors
/// A place that holds no plain file of the trader's own, or a disk that does not take the bytes; the old file
/// stands as it was then.
pub(super) fn replace(path: &Path, bytes: &[u8], keeps: bool) -> Result<(), VaultFault> {
    let fail = |fault| VaultFault::file(path, fault);
    let (fresh, backup) = (beside(path, ".new"), backup_of(path));
    let exists = plain(path)?;
    // What a killed process left of its own try is nobody's; a link there goes, and not what it leads to.
    remove(&fresh)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    drop(file);
    if exists || !keeps {
        remove(&backup)?;
    }
    if exists && keeps {
        std::fs::hard_link(path, &backup).map_err(fail)?;
    }
    std::fs::rename(&fresh, path).map_err(fail)?;
    settle(path)
}

/// Where a folder is made anew before it takes another's place.
pub(super) fn aside(folder: &Path) -> PathBuf {
    beside(folder, ".new")
}

/// Two folders change places. On Linux in one step; elsewhere there is an instant at which neither has the first name.
#[cfg(target_os = "linux")]
pub(super) fn exchange(one: &Path, other: &Path) -> Result<(), VaultFault> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    let exchanged = renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE);
    exchanged.map_err(|fault| VaultFault::file(one, fault.into()))?;
    settle(one)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn exchange(one: &Path, other: &Path) -> Result<(), VaultFault> {
    let between = beside(one, ".old");
    let fail = |fault| VaultFault::file(one, fault);
    std::fs::rename(one, &between).map_err(fail)?;
    std::fs::rename(other, one).map_err(fail)?;
    std::fs::rename(&between, other).map_err(fail)?;
    settle(one)
}

/// What was renamed is on the disk.
fn settle(path: &Path) -> Result<(), VaultFault> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(|fault| VaultFault::file(path, fault))
}

/// Takes an empty folder away; one that is not there is no fault.
pub(super) fn remove_folder(path: &Path) -> Result<(), VaultFault> {
    match std::fs::remove_dir(path) {
        Err(fault) if fault.kind() != ErrorKind::NotFound => Err(VaultFault::file(path, fault)),
        _ => Ok(()),
    }
}

/// Takes a file away; one that is not there is no fault.
pub(super) fn remove(path: &Path) -> Result<(), VaultFault> {
    match std::fs::remove_file(path) {
        Err(fault) if fault.kind() != ErrorKind::NotFound => Err(VaultFault::file(path, fault)),
        _ => Ok(()),
    }
}

/// Whether a plain file of the trader's own stands there; anything else there is refused.
fn plain(path: &Path) -> Result<bool, VaultFault> {
    match path.symlink_metadata() {
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(VaultFault::file(path, fault)),
        Ok(meta) if !meta.is_file() => Err(no_plain_file(path)),
        Ok(meta) => owned(path, meta.uid()).map(|()| true),
    }
}

fn owned(path: &Path, uid: u32) -> Result<(), VaultFault> {
    if uid == nix::unistd::geteuid().as_raw() {
        Ok(())
    } else {
        Err(refused(path, "belongs to somebody else", "move it away, or run as its owner"))
    }
}

fn no_plain_file(path: &Path) -> VaultFault {
    refused(path, "is no plain file", "put the file itself there")
}

fn refused(path: &Path, what: &'static str, remedy: &'static str) -> VaultFault {
    VaultFault::Unsafe { path: path.display().to_string(), what, remedy }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::vault::testing::Folder;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_the_last_one_is_kept() {
        let home = Folder::new("vault-replace");
        let path = home.file("x");
        replace(&path, b"one", true).unwrap();
        assert!(!is_there(&backup_of(&path)), "nothing was before it");
        replace(&path, b"two", true).unwrap();
        replace(&path, b"three", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read(backup_of(&path)).unwrap(), b"two");
        assert_eq!((mode(&path), mode(&backup_of(&path))), (0o600, 0o600));
        replace(&path, b"four", false).unwrap();
        assert!(!is_there(&backup_of(&path)), "what is forgotten is not kept");
        assert_eq!(read(&path, 4).unwrap().unwrap().as_slice(), b"four");
        assert_eq!(std::fs::read_dir(home.file(".")).unwrap().count(), 1, "and nothing else is left");
    }

    #[test]
    fn where_the_new_bytes_cannot_be_written_the_old_ones_stand() {
        let home = Folder::new("vault-stands");
        let path = home.file("x");
        replace(&path, b"one", true).unwrap();
        replace(&path, b"two", true).unwrap();
        std::fs::create_dir(beside(&path, ".new")).unwrap();
        for keeps in [true, false] {
            assert!(replace(&path, b"three", keeps).is_err());
            assert_eq!(std::fs::read(&path).unwrap(), b"two");
            assert_eq!(std::fs::read(backup_of(&path)).unwrap(), b"one");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_in_nobodys_way() {
        let home = Folder::new("vault-leftover");
        let (path, elsewhere) = (home.file("x"), home.file("elsewhere"));
        std::fs::write(&elsewhere, "mine").unwrap();
        symlink(&elsewhere, beside(&path, ".new")).unwrap();
        symlink(&elsewhere, backup_of(&path)).unwrap();
        replace(&path, b"one", true).unwrap();
        replace(&path, b"two", true).unwrap();
        assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "mine", "a link's end is not written to");
        assert_eq!(std::fs::read(backup_of(&path)).unwrap(), b"one");
    }

    #[test]
    fn links_pipes_and_folders_are_refused_and_open_files_are_closed() {
        let home = Folder::new("vault-guard");
        let (real, link, pipe) = (home.file("real"), home.file("link"), home.file("pipe"));
        std::fs::write(&real, "x").unwrap();
        std::fs::set_permissions(&real, Permissions::from_mode(0o644)).unwrap();
        symlink(&real, &link).unwrap();
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for odd in [&link, &pipe, &home.file(".")] {
            let refused = read(odd, 10).unwrap_err().to_string();
            assert!(refused.contains("is no plain file"), "{refused}");
            assert!(replace(odd, b"y", true).is_err());
        }
        assert_eq!(read(&real, 10).unwrap().unwrap().as_slice(), b"x");
        assert_eq!(mode(&real), 0o600);
        assert!(read(&home.file("none"), 10).unwrap().is_none());
        std::fs::write(&real, "elevenbytes").unwrap();
        assert!(read(&real, 10).unwrap_err().to_string().contains("far larger"));
    }

    #[test]
    fn the_folder_is_the_traders_alone() {
        let home = Folder::new("vault-folder");
        let (made, linked) = (home.file("a/b"), home.file("linked"));
        folder(&made).unwrap();
        assert_eq!(mode(&made), 0o700);
        std::fs::set_permissions(&made, Permissions::from_mode(0o755)).unwrap();
        folder(&made).unwrap();
        assert_eq!(mode(&made), 0o700, "one that stood open is closed");
        symlink(&made, &linked).unwrap();
        assert!(folder(&linked).unwrap_err().to_string().contains("is a link"));
        let shared = home.file("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        assert!(folder(&shared).unwrap_err().to_string().contains("is shared"));
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let home = Folder::new("vault-foreign");
        let theirs = home.file("theirs");
        std::fs::write(&theirs, "x").unwrap();
        let other = nix::unistd::Uid::from_raw(65_534);
        if nix::unistd::chown(&theirs, Some(other), None).is_err() {
            // Only root can give a file away; without it there is nothing to look at.
            return;
        }
        for refused in [read(&theirs, 10).err(), replace(&theirs, b"y", true).err()] {
            assert!(refused.unwrap().to_string().contains("belongs to somebody else"));
        }
    }
}
