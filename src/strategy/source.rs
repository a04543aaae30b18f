use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::strategy::fault::SandboxFault;

/// The largest source a strategy may have, in bytes.
pub const SOURCE_BYTES_MAX: u64 = 256 * 1024;

/// The sha256 of a source's bytes: what an approval is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceHash([u8; 32]);

impl SourceHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for SourceHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for SourceHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for SourceHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("{text:?} is no sha256 of 64 lower-case hexadecimal digits");
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err(fault());
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| fault())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| fault())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for SourceHash {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceHash {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A strategy's source as it was read: what is hashed is what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategySource {
    /// The name errors are told under: the file's own.
    pub file: String,
    /// The script.
    pub text: String,
    /// The sha256 of its bytes.
    pub hash: SourceHash,
}

impl StrategySource {
    /// A source that is at hand already, such as one that comes with the program.
    #[must_use]
    pub fn of_text(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), hash: SourceHash::of(text.as_bytes()) }
    }

    /// Reads a strategy from its file: at most 256 KiB of UTF-8, in the folder it is named in. A link
    /// within that folder is followed; one that leads out of it is refused.
    ///
    /// # Errors
    /// [`SandboxFault::File`], [`SandboxFault::TooLarge`], [`SandboxFault::NotText`] or
    /// [`SandboxFault::Outside`].
    pub fn read(path: &Path) -> Result<Self, SandboxFault> {
        let system = |source| SandboxFault::File { path: path.to_owned(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or_else(|| Path::new("."))).map_err(system)?;
        let target = fs::canonicalize(path).map_err(system)?;
        if !target.starts_with(&folder) {
            return Err(SandboxFault::Outside { path: path.to_owned(), target });
        }
        // The resolved path is opened, not the name: a link that is swapped meanwhile changes nothing.
        let file = fs::File::open(&target).map_err(system)?;
        let about = file.metadata().map_err(system)?;
        if !about.is_file() {
            return Err(system(std::io::Error::other("this is no file")));
        }
        let mut bytes = Vec::new();
        file.take(SOURCE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(system)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > SOURCE_BYTES_MAX {
            let bytes = about.len();
            return Err(SandboxFault::TooLarge { path: path.to_owned(), bytes, max: SOURCE_BYTES_MAX });
        }
        let hash = SourceHash::of(&bytes);
        let text = String::from_utf8(bytes).map_err(|fault| SandboxFault::NotText {
            path: path.to_owned(),
            at: fault.utf8_error().valid_up_to(),
        })?;
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { file, text, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_comes_back_as_written_and_nothing_else_is_one() {
        let hash = SourceHash::of(b"abc");
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), known);
        assert_eq!(known.parse(), Ok(hash));
        for bad in ["", "ba78", &known.to_uppercase(), &format!("{}zz", &known[..62])] {
            assert!(bad.parse::<SourceHash>().is_err(), "{bad}");
        }
    }
}
