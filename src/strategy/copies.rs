use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::strategy::approval::Approvals;
use crate::strategy::shipped::SHIPPED;
use crate::strategy::source::StrategySource;

fn place(state: &Path, sha256: &str) -> PathBuf {
    state.join("approved").join(format!("{sha256}.js"))
}

/// Keeps the text of an approved source, so that what changes in it later can be shown.
///
/// # Errors
/// When it cannot be written, in words; the approval itself does not depend on it.
pub fn keep(state: &Path, source: &StrategySource) -> Result<(), String> {
    let path = place(state, &source.hash.to_string());
    let fail = |fault: io::Error| format!("{}: {fault}", path.display());
    let folder = path.parent().unwrap_or(state);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(fail)?;
    file.write_all(source.text.as_bytes()).and_then(|()| file.sync_data()).map_err(fail)
}

/// Keeps the text of a source that runs, so that what it did can be derived again. One that is kept is left alone.
///
/// # Errors
/// When it cannot be written, in words.
pub fn keep_what_runs(state: &Path, source: &StrategySource) -> Result<(), String> {
    let sha256 = source.hash.to_string();
    if kept(state, &source.file, &sha256).is_some() { Ok(()) } else { keep(state, source) }
}

/// The text of this hash, if it was kept or comes with the program. A copy that was changed since is none.
pub fn kept(state: &Path, file: &str, sha256: &str) -> Option<StrategySource> {
    let copy = std::fs::read_to_string(place(state, sha256)).ok();
    let copy = copy.map(|text| StrategySource::of_text(file, &text));
    let shipped = SHIPPED.iter().map(|(_, text)| StrategySource::of_text(file, text));
    copy.into_iter().chain(shipped).find(|source| source.hash.to_string() == sha256)
}

/// The last approved text under a file's name. A copy that was changed since is none.
pub fn last_approved(state: &Path, approvals: &Approvals, file: &str) -> Option<StrategySource> {
    let named = approvals.all().filter(|(_, _, approval)| approval.file == file);
    let (_, hash, _) = named.max_by_key(|(_, _, approval)| approval.at)?;
    let text = std::fs::read_to_string(place(state, &hash.to_string())).ok()?;
    Some(StrategySource::of_text(file, &text)).filter(|source| source.hash == hash)
}
