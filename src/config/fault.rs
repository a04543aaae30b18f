use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::domain::outside::steers;

/// One thing that is wrong, with the line where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line, counted from 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong, with key, value, bound and remedy.
    pub says: String,
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("{}: {fault}; make it readable, or take it away to run on the defaults", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        fault: std::io::Error,
    },
    /// The file is wrong in these places; nothing of it is used.
    #[error("{}", Listed { file, faults })]
    Wrong {
        /// The file's name, as the trader gave it.
        file: String,
        /// Every fault, by line.
        faults: Vec<Fault>,
    },
}

struct Listed<'a> {
    file: &'a str,
    faults: &'a [Fault],
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            if fault.line == 0 {
                write!(out, "{}: {}", self.file, fault.says)?;
            } else {
                write!(out, "{}:{}: {}", self.file, fault.line, fault.says)?;
            }
        }
        Ok(())
    }
}

/// Text of a file as it may be shown: on one line, short, and without characters that steer a terminal.
pub(super) fn shown(text: &str) -> String {
    const LENGTH_MAX: usize = 40;
    let clean: String = text.chars().filter(|letter| !steers(*letter)).take(LENGTH_MAX).collect();
    if text.chars().count() > LENGTH_MAX { format!("{clean}…") } else { clean }
}
