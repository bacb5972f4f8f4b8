//! Who has the ledger open: one lock file for each, held for as long as its process lives.
//!
//! The system drops the lock when the process ends, however it ends, so a lock that can be taken means
//! that its holder is dead. Ids are never used twice. Probing takes the lock shared, so that two processes
//! which probe at once do not take each other for the holder.
#![expect(clippy::disallowed_methods, reason = "the door to the ledger's lock files")]

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use model::HolderId;
use tempfile::NamedTempFile;

use crate::LedgerError;

const SUFFIX: &str = ".lock";

/// Random characters in an id: 62^16 of them.
const ID_RANDOM_CHARS: usize = 16;

/// Digits of the process number in an id, enough for any system's. Ids are part of events, and events of equal
/// length are the same writes to the disk whatever number a process has, which repeated runs rest on.
const ID_PROCESS_DIGITS: usize = 10;

/// The longest id that names a file.
const ID_CHARS_MAX: usize = 64;

/// How often a name is drawn before giving up. One draw fails only if another process mistakes the new
/// file for one left behind, between its creation and its locking.
const DRAWS_MAX: usize = 16;

/// This process's claim to have the ledger open. Dropping it removes the file, then releases the lock.
#[derive(Debug)]
pub(crate) struct Holder {
    id: HolderId,
    _file: NamedTempFile,
}

impl Holder {
    /// Takes a new id in `folder`.
    pub(crate) fn take(folder: &Path) -> Result<Self, LedgerError> {
        let failed = |error| LedgerError::io("lock a file in", folder, error);
        for _ in 0..DRAWS_MAX {
            let file = tempfile::Builder::new()
                .prefix(&format!("{:0ID_PROCESS_DIGITS$}-", std::process::id()))
                .suffix(SUFFIX)
                .rand_bytes(ID_RANDOM_CHARS)
                .tempfile_in(folder)
                .map_err(failed)?;
            match file.as_file().try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            let name = file.path().file_name().and_then(|name| name.to_str());
            let id = name.and_then(|name| name.strip_suffix(SUFFIX)).map(str::to_owned);
            if let Some(id) = id
                && file.path().exists()
            {
                return Ok(Self { id: HolderId(id), _file: file });
            }
        }
        Err(failed(io::Error::from(ErrorKind::WouldBlock)))
    }

    pub(crate) fn id(&self) -> &HolderId {
        &self.id
    }
}

/// Whether the lock of `holder` is held. One that cannot be examined counts as held.
pub(crate) fn is_alive(folder: &Path, holder: &HolderId) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let HolderId(id) = holder;
    // An id comes from an event, which may come from anywhere: it must not lead out of the folder.
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(known) {
        return false;
    }
    is_locked(&folder.join(format!("{id}{SUFFIX}")))
}

/// Removes the lock files of the dead. What cannot be removed is tried again next time.
pub(crate) fn clear_dead(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "lock") && !is_locked(&path) {
            fs::remove_file(path).ok();
        }
    }
}

fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}
