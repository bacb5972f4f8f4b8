//! The append-only event log, its projections and blobs: the only place that remembers.
//!
//! A ledger is a folder that belongs to nobody else: `ledger.db` (SQLite: hash-chained events, what they
//! fold to, presence, evidence), `blobs/` (bytes by digest) and `holders/` (a lock file for each process that has it
//! open for writing). Events are the truth: they are only ever appended, and every other table can be
//! dropped and replayed. Several processes share one ledger; each append is one immediate transaction in
//! which [`model::ChangeSetState::fold`] decides whether the event follows.
//!
//! This crate knows nothing of git, source trees, policies or the clock: a moment is handed in.
//! Start at [`Ledger`], then `append.rs`, then `replay.rs` for what makes a log sound.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests build, copy and damage ledgers of their own"
    )
)]

mod append;
mod blob;
mod chain;
mod database;
mod error;
mod evidence;
mod export;
mod folder;
mod holder;
mod presence;
mod read;
mod replay;
mod spending;
mod verify;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use model::HolderId;
use rusqlite::Connection;

pub use append::AppendError;
pub use blob::{BlobError, Blobs};
pub use chain::{chain_hash, genesis};
pub use error::LedgerError;
pub use evidence::{EVIDENCE_RUNS_MAX, EvidenceError};
pub use export::{ExportError, verify_export};
pub use presence::PresenceError;
pub use read::{FindError, Operation};
pub use replay::Flaw;
pub use spending::{Attempt, AttemptError};
pub use verify::{Verified, VerifyError};

use folder::{FileIdentity, Folder};
use holder::Holder;

/// The format this version writes: `user_version` of the database. A ledger above it is only read.
pub const FORMAT: i64 = 6;

/// `application_id` of the database: `CSGN`.
pub const APPLICATION_ID: i64 = 0x4353_474e;

/// How long an operation waits for another process's transaction, in milliseconds.
pub const BUSY_TIMEOUT_MS: u64 = 5_000;

/// The largest event that is taken, as JSON, in bytes.
pub const EVENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The largest blob that is taken, in bytes.
pub const BLOB_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most events that one read returns.
pub const EVENTS_PER_READ_MAX: usize = 10_000;

/// The most paths that one holder may publish.
pub const PRESENCE_PATHS_MAX: usize = 10_000;

/// A ledger, open. `Send`, not `Sync`: each thread that needs one opens its own.
#[derive(Debug)]
pub struct Ledger {
    // Declared first, so dropped first: the process counts as alive until its last write is through.
    connection: Connection,
    folder: Folder,
    blobs: Blobs,
    identity: FileIdentity,
    mode: Mode,
}

/// What may be done with an open ledger.
#[derive(Debug)]
enum Mode {
    /// Everything.
    Writing(Holder),
    /// It was opened to be read.
    Reading,
    /// A newer version of Countersign wrote it.
    Newer {
        /// Its format.
        found: i64,
    },
}

impl Ledger {
    /// Opens the ledger in `folder` for writing, and creates it if there is none; the parent of `folder`
    /// must exist. A ledger of a newer format opens too, but takes no events.
    ///
    /// The folder is private to the user (0700). Lock files and unfinished blobs of dead processes are
    /// removed.
    ///
    /// # Errors
    /// [`LedgerError`] naming the file: the folder is a link or no folder, lies on a network filesystem,
    /// the database is not a ledger or is damaged (it is not touched then) or is gone while the rest is
    /// there, or the disk fails.
    ///
    /// # Cost
    /// About a millisecond; creating, a few disk syncs. At most [`BUSY_TIMEOUT_MS`] of waiting.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        let folder = Folder::prepare(folder)?;
        if !folder.has_database()? {
            folder.create_database()?;
        }
        let probe = database::probe(&folder.database())?;
        if probe.format > FORMAT {
            let mode = Mode::Newer { found: probe.format };
            return Self::assemble(folder, probe.connection, mode);
        }
        if probe.format < FORMAT {
            folder.upgrade_database()?;
        }
        database::check_readable(&probe.connection, &folder.database())?;
        drop(probe);
        let holder = Holder::take(&folder.holders())?;
        holder::clear_dead(&folder.holders());
        folder.clear_incoming();
        let connection = database::open_for_writing(&folder.database())?;
        Self::assemble(folder, connection, Mode::Writing(holder))
    }

    /// Opens the ledger in `folder` to read it; `None` if there is none. Creates and changes nothing of
    /// it, except that one of an older format is brought up to date first. One that lies where nothing may
    /// be written is read as it is, if its write-ahead log is empty ([`LedgerError::Unmerged`] if not).
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_existing(folder: &Path) -> Result<Option<Self>, LedgerError> {
        let Some(existing) = Folder::existing(folder)? else { return Ok(None) };
        if !existing.has_ledger()? {
            return Ok(None);
        }
        let probe = database::probe(&existing.database())?;
        if probe.format < FORMAT {
            drop(probe);
            return Self::open(folder).map(Some);
        }
        let mode = match probe.format {
            FORMAT => {
                database::check_readable(&probe.connection, &existing.database())?;
                Mode::Reading
            }
            found => Mode::Newer { found },
        };
        Self::assemble(existing, probe.connection, mode).map(Some)
    }

    /// The id under which this ledger is held; goes into the intents it carries out.
    ///
    /// # Errors
    /// [`LedgerError::ReadOnly`] or [`LedgerError::NewerFormat`] when it was not opened for writing.
    pub fn holder(&self) -> Result<&HolderId, LedgerError> {
        self.writer().map(Holder::id)
    }

    /// Whether the process that held `holder` still has the ledger open. A lock that cannot be examined
    /// counts as alive: recovering the work of the living would be worse than waiting.
    ///
    /// # Cost
    /// One file opened and a lock tried; it never waits.
    pub fn is_alive(&self, holder: &HolderId) -> bool {
        holder::is_alive(&self.folder.holders(), holder)
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The blob store, which may be cloned and sent to other threads.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Stores `bytes`; see [`Blobs::put`].
    ///
    /// # Errors
    /// As [`Blobs::put`].
    pub fn put_blob(&self, bytes: &[u8]) -> Result<model::Digest, BlobError> {
        self.blobs.put(bytes)
    }

    /// The bytes named `digest`; see [`Blobs::get`].
    ///
    /// # Errors
    /// As [`Blobs::get`].
    pub fn blob(&self, digest: &model::Digest) -> Result<Vec<u8>, BlobError> {
        self.blobs.get(digest)
    }

    fn assemble(folder: Folder, connection: Connection, mode: Mode) -> Result<Self, LedgerError> {
        let holder = match &mode {
            Mode::Writing(holder) => Some(holder.id().clone()),
            Mode::Reading | Mode::Newer { .. } => None,
        };
        let blobs = Blobs::new(folder.blobs(), folder.incoming(), holder);
        let identity = folder.identity()?;
        Ok(Self { connection, folder, blobs, identity, mode })
    }

    /// The holder, if this ledger takes events.
    fn writer(&self) -> Result<&Holder, LedgerError> {
        let path = || self.path();
        match &self.mode {
            Mode::Writing(holder) => Ok(holder),
            Mode::Reading => Err(LedgerError::ReadOnly { path: path() }),
            Mode::Newer { found } => Err(LedgerError::NewerFormat { path: path(), found: *found }),
        }
    }

    /// The database file.
    fn path(&self) -> PathBuf {
        self.folder.database()
    }

    /// Names the file in an error of SQLite.
    fn sqlite(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite(&self.path(), source)
    }
}
