use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the journal could not do what it was asked. Each says what to do next.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Another program holds the database.
    #[error(
        "{path} is locked by another program; close it (a second hardstop, or a database browser) and the rows that wait are written"
    )]
    Locked {
        /// The database.
        path: String,
    },
    /// The disk is full.
    #[error("there is no room left for {path}; free some disk and the rows that wait are written")]
    Full {
        /// The database.
        path: String,
    },
    /// The database may not be written.
    #[error("{path} may not be written; give yourself leave to write it and its folder")]
    ReadOnly {
        /// The database.
        path: String,
    },
    /// The file is no database, or a damaged one.
    #[error(
        "{path} is damaged or no database ({fault}); `hardstop journal verify` names the place, and a backup can take its place"
    )]
    Damaged {
        /// The database.
        path: String,
        /// SQLite's words.
        fault: rusqlite::Error,
    },
    /// Somebody else added rows behind this writer's back.
    #[error(
        "{path} grew by somebody else's rows; two processes must not share a ledger: end one of them and start again"
    )]
    NotAlone {
        /// The database.
        path: String,
    },
    /// There is no such ledger.
    #[error("there is no journal at {path}; `hardstop run` makes one")]
    Absent {
        /// The database.
        path: String,
    },
    /// Anything else the database says.
    #[error("{path}: the database says {fault}; `hardstop journal verify` shows whether it is whole")]
    Database {
        /// The database.
        path: String,
        /// SQLite's words.
        fault: rusqlite::Error,
    },
    /// A file could not be opened or written.
    #[error("{path}: {fault}; check that the disk has room and that the folder is yours")]
    File {
        /// Which.
        path: String,
        /// Why.
        fault: std::io::Error,
    },
    /// A row is not what its kind says.
    #[error("row {row} cannot be understood ({fault}); run `hardstop journal verify`")]
    Body {
        /// Which row.
        row: u64,
        /// Why.
        fault: serde_json::Error,
    },
    /// A value could not be written as JSON.
    #[error(
        "a {kind} row could not be written as JSON ({fault}); this is a fault of hardstop, please report it"
    )]
    Unwritable {
        /// The kind of the row.
        kind: &'static str,
        /// Why.
        fault: serde_json::Error,
    },
    /// A file is not the trader's own, or not what it should be.
    #[error("{path} {what}; {remedy}")]
    Unsafe {
        /// Which file or folder.
        path: String,
        /// What is wrong with it.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The ledger does not contain what was written to it.
    #[error(
        "{path} is not what was written ({why}); put the right file back, or move {head} away if you restored an older backup on purpose"
    )]
    Cut {
        /// The database.
        path: String,
        /// The note beside it.
        head: String,
        /// What differs.
        why: String,
    },
    /// The ledger is sealed, and its key is not at hand.
    #[error(
        "{path} is sealed with the key {key}, which is not at hand; unlock the keyring and start again. If the key is gone for good, move the ledger away: the next run begins another, and what is open at the venue is read from there"
    )]
    NoKey {
        /// The database.
        path: String,
        /// The key's id.
        key: String,
    },
    /// The ledger is sealed with another key.
    #[error(
        "{path} is sealed with the key {key}, and the key at hand is {given}; put the right key back into the keyring, or move the ledger away: the next run begins another, and what is open at the venue is read from there"
    )]
    OtherKey {
        /// The database.
        path: String,
        /// The id of its key.
        key: String,
        /// The id of the key at hand.
        given: String,
    },
    /// The emergency file is full too.
    #[error(
        "{path} is full; nothing more can be kept until the journal takes rows again: free some disk now"
    )]
    EmergencyFull {
        /// The emergency file.
        path: String,
    },
    /// There is no emergency file: the journal is one in memory, or a scratch file.
    #[error("this journal keeps no emergency file")]
    NoEmergency,
    /// A frame of the tape is damaged.
    #[error("{path}: {fault}; move the tape away, or put a backup in its place")]
    Tape {
        /// The tape.
        path: String,
        /// Which frame, and what is wrong with it.
        fault: String,
    },
}

impl JournalError {
    /// Says what SQLite's answer means for the ledger at `path`.
    pub(super) fn of(path: &str, fault: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match fault.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, fault },
            Some(ErrorCode::ConstraintViolation) => Self::NotAlone { path },
            _ => Self::Database { path, fault },
        }
    }

    /// Says which file the system refused.
    pub(super) fn file(path: &std::path::Path, fault: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), fault }
    }
}
