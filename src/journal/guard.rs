//! A ledger is the trader's own: no link, no foreign owner, 0600 in a folder of 0700.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::journal::error::JournalError;

const STICKY: u32 = 0o1000;

/// Makes the folder of `path` where it is missing, and sees that it is the trader's own.
pub(super) fn folder_of(path: &Path) -> Result<(), JournalError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let fail = |fault| JournalError::file(folder, fault);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    let meta = folder.symlink_metadata().map_err(fail)?;
    if meta.is_symlink() {
        return Err(refused(folder, "is a link", "name the real folder"));
    }
    owned(folder, &meta)?;
    if meta.mode() & STICKY != 0 {
        return Err(refused(folder, "is shared with others", "name a folder of your own"));
    }
    if meta.mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(fail)?;
    }
    Ok(())
}

/// Sees that `path`, where it exists, is a plain file of the trader's own, and closes it to others.
/// `true` when it exists.
pub(super) fn existing(path: &Path) -> Result<bool, JournalError> {
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(fault) => return Err(JournalError::file(path, fault)),
    };
    if !meta.is_file() {
        return Err(refused(path, "is no plain file", "move it away"));
    }
    owned(path, &meta)?;
    if meta.mode() & 0o077 != 0 {
        let closed = std::fs::set_permissions(path, Permissions::from_mode(0o600));
        closed.map_err(|fault| JournalError::file(path, fault))?;
    }
    Ok(true)
}

/// Makes the file where it is missing, 0600 from its first byte.
pub(super) fn file(path: &Path) -> Result<File, JournalError> {
    let exists = existing(path)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(!exists).mode(0o600);
    options.open(path).map_err(|fault| JournalError::file(path, fault))
}

fn owned(path: &Path, meta: &Metadata) -> Result<(), JournalError> {
    if meta.uid() == nix::unistd::geteuid().as_raw() {
        Ok(())
    } else {
        Err(refused(path, "belongs to somebody else", "move it away, or run as its owner"))
    }
}

fn refused(path: &Path, what: &'static str, remedy: &'static str) -> JournalError {
    JournalError::Unsafe { path: path.display().to_string(), what, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::testing::Folder;

    #[test]
    fn links_are_refused_and_open_files_are_closed_to_others() {
        let folder = Folder::new("guard");
        let (real, link) = (folder.file("real"), folder.file("link"));
        std::fs::write(&real, "").unwrap();
        std::fs::set_permissions(&real, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(existing(&link).unwrap_err().to_string().ends_with("is no plain file; move it away"));
        assert!(existing(&real).unwrap());
        assert_eq!(real.metadata().unwrap().mode() & 0o777, 0o600);
        let linked = folder.file("elsewhere");
        std::os::unix::fs::symlink(folder.file("."), &linked).unwrap();
        assert!(folder_of(&linked.join("x.db")).unwrap_err().to_string().contains("is a link"));
        assert!(folder_of(Path::new("/tmp/x.db")).unwrap_err().to_string().contains("/tmp"));
    }

    #[test]
    fn a_new_folder_is_the_traders_alone() {
        let folder = Folder::new("guard-new");
        let path = folder.file("a/b/x.db");
        folder_of(&path).unwrap();
        assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
        drop(file(&path).unwrap());
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }
}
