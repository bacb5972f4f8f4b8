//! Why a ledger does not open or does not answer. Every error names the file and, where there is one, the
//! way out.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::{FORMAT, folder};

/// Why a ledger does not open or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Something else is where the folder or the database should be.
    #[error("`{}` is {found}, but the ledger needs {wanted} of its own there: move it away", path.display())]
    Occupied {
        /// The place.
        path: PathBuf,
        /// What is there, with its article.
        found: &'static str,
        /// What should be, with its article.
        wanted: &'static str,
    },
    /// File locks and shared memory do not work there as SQLite needs them.
    #[error(
        "`{}` lies on a network filesystem ({kind}), where the ledger's locks cannot be relied on: keep \
         the repository on a local disk",
        path.display()
    )]
    NetworkFilesystem {
        /// The folder.
        path: PathBuf,
        /// What the system calls the filesystem.
        kind: String,
    },
    /// The file is a database of another program, or no database. It was not changed.
    #[error(
        "`{}` is not a ledger ({reason}); it was left as it is: put the ledger back there, or move \
         its folder away and a new ledger is started",
        path.display()
    )]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// The database contradicts itself. It was not changed.
    #[error(
        "`{}` is damaged ({reason}); it was left as it is: `countersign ledger verify` says where, and a new \
         ledger is started if you move its folder away",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The write-ahead log of a database that is gone.
    #[error(
        "`{}` is left of a ledger whose `ledger.db` is gone: put that back, or move the \
         folder away and a new ledger is started",
        path.display()
    )]
    Orphaned {
        /// The left file.
        path: PathBuf,
    },
    /// What belongs to a database is there and the database is not.
    #[error(
        "`{}` is missing, and what a ledger keeps beside it is there: restore it, or move its folder away \
         and a new ledger is started",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It lies where nothing may be written, and part of it is in its write-ahead log.
    #[error(
        "`{}` cannot be read where nothing may be written, since events are in its `-wal` file that are not \
         in it yet: copy the folder to where it may be written",
        path.display()
    )]
    Unmerged {
        /// The file.
        path: PathBuf,
    },
    /// The file that was opened is no longer the one at its path.
    #[error("`{}` was moved or replaced while it was open: start again", path.display())]
    Replaced {
        /// Where it was.
        path: PathBuf,
    },
    /// A newer version of Countersign wrote it; it can be read, not appended to.
    #[error(
        "`{}` has format {found} and this version writes format {FORMAT}: it can only be read; update \
         countersign",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// It was opened to be read.
    #[error("`{}` was opened to be read only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another process kept it locked for longer than [`crate::BUSY_TIMEOUT_MS`].
    #[error("`{}` is in use by another process: try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// No space.
    #[error("the disk is full: `{}` could not be written; make room and try again", path.display())]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
    },
    /// The disk or the permissions do not allow it.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// SQLite says no for another reason, e.g. the permissions do not allow it.
    #[error("`{}` cannot be used: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl LedgerError {
    /// Whether it says that what is there is no whole ledger, and not that it could not be looked at.
    pub fn is_not_whole(&self) -> bool {
        match self {
            Self::NotALedger { .. }
            | Self::Damaged { .. }
            | Self::Orphaned { .. }
            | Self::Missing { .. } => true,
            Self::Occupied { .. }
            | Self::NetworkFilesystem { .. }
            | Self::Unmerged { .. }
            | Self::Replaced { .. }
            | Self::NewerFormat { .. }
            | Self::ReadOnly { .. }
            | Self::Busy { .. }
            | Self::DiskFull { .. }
            | Self::Io { .. }
            | Self::Sqlite { .. } => false,
        }
    }

    /// Sorts an error of SQLite.
    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                Self::NotALedger { path, reason: "it is no database".to_owned() }
            }
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, reason: source.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            // SQLite keeps to itself why the system refused it.
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
                if path.parent().is_some_and(folder::is_full) =>
            {
                Self::DiskFull { path }
            }
            _ => Self::Sqlite { path, source },
        }
    }

    /// A file operation that failed.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if folder::says_full(&source) {
            Self::DiskFull { path }
        } else {
            Self::Io { action, path, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_sqlite_are_sorted_by_what_can_be_done() {
        let check = |code: i32, expected: &str| {
            let source = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let error = format!("{:?}", LedgerError::sqlite(Path::new("l.db"), source));
            assert!(error.starts_with(expected), "{error}");
        };
        check(rusqlite::ffi::SQLITE_BUSY, "Busy");
        check(rusqlite::ffi::SQLITE_BUSY_RECOVERY, "Busy");
        check(rusqlite::ffi::SQLITE_LOCKED, "Busy");
        check(rusqlite::ffi::SQLITE_CORRUPT, "Damaged");
        check(rusqlite::ffi::SQLITE_NOTADB, "NotALedger");
        check(rusqlite::ffi::SQLITE_FULL, "DiskFull");
        check(rusqlite::ffi::SQLITE_IOERR_WRITE, "Sqlite");
        check(rusqlite::ffi::SQLITE_READONLY, "Sqlite");
    }
}
