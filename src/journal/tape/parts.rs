use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::journal::error::JournalError;
use crate::journal::guard;

/// Whoever compresses parts is alone with them.
static TIDYING: Mutex<()> = Mutex::new(());

/// A closed part of a tape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// Its number, from 1 on.
    pub(super) number: u32,
    /// Its file.
    pub(super) path: PathBuf,
    /// Whether it is compressed.
    pub(super) packed: bool,
}

/// Every closed part of the tape at `path`, oldest first. One that was compressed while its process ended lies there
/// twice; the compressed one is whole then.
pub(super) fn closed(path: &Path) -> Result<Vec<Part>, JournalError> {
    let folder = folder_of(path);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fail = |fault| JournalError::file(folder, fault);
    let mut parts: Vec<Part> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = file.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let (digits, packed) = rest.strip_suffix(".gz").map_or((rest, false), |digits| (digits, true));
        if let (4, Ok(number)) = (digits.len(), digits.parse()) {
            parts.push(Part { number, path: entry.path(), packed });
        }
    }
    parts.sort_by_key(|part| (part.number, !part.packed));
    parts.dedup_by_key(|part| part.number);
    Ok(parts)
}

/// The name of a closed part.
pub(super) fn place(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{name}.{number:04}"))
}

/// A part, open to be read.
pub(super) struct Opened {
    /// Its bytes, as they were before they were compressed.
    pub(super) input: Box<dyn Read + Send>,
    /// The file's own length.
    pub(super) length: u64,
    /// The part, as it was found: another thread may have compressed it meanwhile.
    pub(super) part: Part,
}

/// A part to be read, whether or not it is compressed.
pub(super) fn open(mut part: Part) -> Result<Opened, JournalError> {
    if !guard::existing(&part.path)? && !part.packed {
        part = Part { path: gz(&part.path), packed: true, ..part };
    }
    let fail = |fault| JournalError::file(&part.path, fault);
    let file = File::open(&part.path).map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
    let buffered = BufReader::with_capacity(256 * 1024, file);
    let input: Box<dyn Read + Send> = if part.packed {
        Box::new(BufReader::new(MultiGzDecoder::new(buffered)))
    } else {
        Box::new(buffered)
    };
    Ok(Opened { input, length, part })
}

/// The name of a part when it is compressed.
fn gz(raw: &Path) -> PathBuf {
    PathBuf::from(format!("{}.gz", raw.display()))
}

/// Compresses the closed parts that are not yet, and takes the oldest away beyond so many bytes of them. What cannot
/// be compressed stays as it is: it is read all the same.
pub(super) fn tidy(path: &Path, keep_bytes: Option<u64>) -> Result<(), JournalError> {
    // Two days may end one after the other faster than one is compressed.
    let _alone = TIDYING.lock().unwrap_or_else(PoisonError::into_inner);
    for part in closed(path)?.iter().filter(|part| !part.packed) {
        pack(&part.path).map_err(|fault| JournalError::file(&part.path, fault))?;
    }
    let Some(keep_bytes) = keep_bytes else { return Ok(()) };
    let mut kept = 0_u64;
    for part in closed(path)?.iter().rev() {
        let length = std::fs::metadata(&part.path).map_or(0, |meta| meta.len());
        kept = kept.saturating_add(length);
        if kept > keep_bytes {
            std::fs::remove_file(&part.path).map_err(|fault| JournalError::file(&part.path, fault))?;
        }
    }
    Ok(())
}

/// Under another name first, synced, then renamed: a power cut leaves the raw part, the compressed one, or both.
fn pack(raw: &Path) -> io::Result<()> {
    let packed = gz(raw);
    let beside = PathBuf::from(format!("{}.new", packed.display()));
    if !packed.exists() {
        let _left_by_a_killed_one = std::fs::remove_file(&beside);
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        let mut out = GzEncoder::new(out, Compression::default());
        io::copy(&mut File::open(raw)?, &mut out)?;
        out.finish()?.sync_all()?;
        std::fs::rename(&beside, &packed)?;
        File::open(folder_of(raw))?.sync_all()?;
    }
    if !is_packed_in(raw, &packed)? {
        let fault = format!("{} is not what {} was", packed.display(), raw.display());
        return Err(io::Error::other(fault));
    }
    std::fs::remove_file(raw)
}

/// Whether a part's bytes are those that its compressed file holds: what is not is never taken away.
fn is_packed_in(raw: &Path, packed: &Path) -> io::Result<bool> {
    let mut raw = BufReader::new(File::open(raw)?);
    let mut packed = BufReader::new(MultiGzDecoder::new(BufReader::new(File::open(packed)?)));
    loop {
        let (one, other) = (raw.fill_buf()?, packed.fill_buf()?);
        let both = one.len().min(other.len());
        if both == 0 {
            return Ok(one.is_empty() && other.is_empty());
        }
        if one.get(..both) != other.get(..both) {
            return Ok(false);
        }
        raw.consume(both);
        packed.consume(both);
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
