use crate::broker::kill::KillIds;
use crate::domain::mode::Mode;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Letters and digits that nobody mistakes for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The six characters of this installation: drawn once, kept in the state folder.
pub(super) fn install_id(state: &Path) -> Result<String, String> {
    let path: PathBuf = state.join("install");
    let fail = |fault: std::io::Error| format!("{}: {fault}", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
        Err(fault) => return Err(fail(fault)),
    }
    let mut bytes = [0_u8; 6];
    std::fs::File::open("/dev/urandom").and_then(|mut chance| chance.read_exact(&mut bytes)).map_err(fail)?;
    let id: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path).map_err(fail)?;
    file.write_all(id.as_bytes()).map_err(fail)?;
    Ok(id)
}

/// Whose ids the kill's orders carry.
///
/// # Errors
/// An installation's id that is none.
pub(super) fn kill_ids(mode: Mode, install: &str) -> Result<KillIds, String> {
    let install = install.parse().map_err(|_| "the installation's id is damaged".to_owned())?;
    Ok(KillIds { mode, install })
}
