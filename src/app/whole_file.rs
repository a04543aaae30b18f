use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a small file of the trader's own in one step: at any instant the old one stands, or the new one.
///
/// # Errors
/// The file, and why it could not be written.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let fail = |fault: std::io::Error| format!("{}: {fault}", path.display());
    let fresh = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fail)?;
    std::fs::rename(&fresh, path).map_err(fail)
}
