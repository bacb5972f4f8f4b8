//! Checking a whole ledger offline, and replaying what it keeps beside its events.

use std::path::Path;

use model::{ChangeSetId, ChangeSetState, Digest};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

use crate::database::{
    self, RAW_COLUMNS, parsed, raw_event, unreadable, unsigned, unsigned_or_none,
};
use crate::folder::Folder;
use crate::replay::{Flaw, Projection, Replay, about, settles};
use crate::{BlobError, FORMAT, Ledger, LedgerError, Mode, append};

/// A ledger, or an export, in which everything holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many events.
    pub events: u64,
    /// How many ChangeSets they are about.
    pub changesets: u64,
    /// How many blobs they name; in a ledger, each was read and has its digest.
    pub blobs: u64,
    /// The hash of the last event. Who keeps it elsewhere notices when the end of the log is cut off or
    /// the whole log is written anew, which the chain by itself cannot show.
    pub head: Digest,
}

/// The first thing in a ledger that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// An event.
    #[error("event {seq}: {flaw}")]
    Event {
        /// Its number, or the number it should have.
        seq: u64,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// What the ledger keeps of a ChangeSet is not what its events fold to. The events are sound, so
    /// [`Ledger::rebuild_projections`] repairs it.
    #[error("change {changeset}: {what}")]
    Projection {
        /// Which, short, or what stands in place of its id.
        changeset: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A blob that an event names.
    #[error("event {seq}: {source}")]
    Blob {
        /// The first event that names it.
        seq: u64,
        /// What is wrong with it.
        source: BlobError,
    },
    /// A table, an index or a guard against changes is missing or altered.
    #[error("`{name}` in the database is not as this version made it")]
    Schema {
        /// Its name.
        name: String,
    },
    /// SQLite's own check of the file.
    #[error("the database file is damaged: {0}")]
    File(String),
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl VerifyError {
    /// Whether it says that the ledger is not whole; else it could not be looked at, and nothing is known.
    pub fn is_not_whole(&self) -> bool {
        match self {
            Self::Ledger(error) | Self::Blob { source: BlobError::Folder(error), .. } => {
                error.is_not_whole()
            }
            Self::Blob { source: BlobError::Io { .. }, .. } => false,
            Self::Event { .. }
            | Self::Projection { .. }
            | Self::Blob { .. }
            | Self::Schema { .. }
            | Self::File(_) => true,
        }
    }
}

impl Ledger {
    /// As [`Ledger::verify`], for a ledger that may be too damaged to open; `None` if there is none.
    ///
    /// # Errors
    /// As [`Ledger::verify`]; [`LedgerError::Missing`] if all but the database is there.
    ///
    /// # Cost
    /// As [`Ledger::verify`].
    pub fn verify_folder(folder: &Path) -> Result<Option<Verified>, VerifyError> {
        let Some(folder) = Folder::existing(folder)? else { return Ok(None) };
        if !folder.has_ledger()? {
            return Ok(None);
        }
        let probe = database::probe(&folder.database())?;
        if probe.format < FORMAT {
            // As whoever reads it does: it is brought up to date first.
            let path = folder.database();
            drop(probe);
            let folder = path.parent().unwrap_or(&path);
            return Self::open(folder)?.verify().map(Some);
        }
        let mode = match probe.format {
            FORMAT => Mode::Reading,
            found => Mode::Newer { found },
        };
        Self::assemble(folder, probe.connection, mode)?.verify().map(Some)
    }

    /// Checks everything: SQLite's own structures, the schema, every event and link from the first on,
    /// every projection against a fresh replay, every blob that an event names. Changes nothing.
    ///
    /// # Errors
    /// [`VerifyError`] with the first thing that does not hold.
    ///
    /// # Cost
    /// Reads the whole file several times and every blob once. Other processes may append meanwhile; what
    /// they append is not looked at.
    pub fn verify(&self) -> Result<Verified, VerifyError> {
        let path = self.path();
        let failed = |error| VerifyError::from(unreadable(&path, error));
        if let Mode::Newer { found } = self.mode {
            return Err(LedgerError::NewerFormat { path, found }.into());
        }
        // One read transaction, so that all checks see the same moment.
        let transaction = self.connection.unchecked_transaction().map_err(failed)?;
        check_file(&transaction, &path)?;
        check_schema(&transaction, &path)?;
        let replay = replay(&transaction, &path)?;
        check_projections(&transaction, &path, &replay)?;
        transaction.finish().map_err(failed)?;
        for (digest, &seq) in &replay.blobs {
            self.blobs.get(digest).map_err(|source| VerifyError::Blob { seq, source })?;
        }
        Ok(replay.verified())
    }

    /// Drops what the ledger keeps beside its events and replays it, if the events are sound.
    ///
    /// # Errors
    /// [`VerifyError`] with the first event that does not hold; nothing was changed then.
    ///
    /// # Cost
    /// One write transaction that reads every event; other processes wait for it.
    pub fn rebuild_projections(&mut self) -> Result<Verified, VerifyError> {
        self.writer()?;
        let path = self.path();
        let failed = |error| VerifyError::from(LedgerError::sqlite(&path, error));
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let found = database::number(&transaction, "user_version").map_err(failed)?;
        if found != FORMAT {
            return Err(LedgerError::NewerFormat { path, found }.into());
        }
        let replay = replay_projections(&transaction, &path)?;
        transaction.commit().map_err(failed)?;
        Ok(replay.verified())
    }
}

/// Drops what is kept beside the events and replays it.
pub(crate) fn replay_projections(
    transaction: &Transaction<'_>,
    path: &Path,
) -> Result<Replay, VerifyError> {
    let failed = |error| VerifyError::from(LedgerError::sqlite(path, error));
    let replay = replay(transaction, path)?;
    transaction.execute("DELETE FROM changesets", []).map_err(failed)?;
    for projection in replay.projections.values() {
        append::store(transaction, projection).map_err(failed)?;
    }
    check_projections(transaction, path, &replay)?;
    Ok(replay)
}

impl Replay {
    /// What was walked.
    pub(crate) fn verified(&self) -> Verified {
        let count = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        Verified {
            events: self.seq,
            changesets: count(self.projections.len()),
            blobs: count(self.blobs.len()),
            head: self.head,
        }
    }
}

fn check_file(connection: &Connection, path: &Path) -> Result<(), VerifyError> {
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => VerifyError::File(error.to_string()),
        _ => VerifyError::from(unreadable(path, error)),
    };
    let mut statement = connection.prepare("PRAGMA integrity_check(1)").map_err(failed)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    for row in rows {
        let row = row.map_err(failed)?;
        if row != "ok" {
            return Err(VerifyError::File(row));
        }
    }
    Ok(())
}

fn check_schema(connection: &Connection, path: &Path) -> Result<(), VerifyError> {
    let found = database::schema(connection).map_err(|error| unreadable(path, error))?;
    let expected = database::expected_schema(path)?;
    let differs = |a: &[(String, Option<String>)], b: &[(String, Option<String>)]| {
        a.iter().find(|item| !b.contains(item)).map(|(name, _)| name.clone())
    };
    match differs(&expected, &found).or_else(|| differs(&found, &expected)) {
        Some(name) => Err(VerifyError::Schema { name }),
        None => Ok(()),
    }
}

/// Walks every event.
fn replay(connection: &Connection, path: &Path) -> Result<Replay, VerifyError> {
    let failed = |error| VerifyError::from(unreadable(path, error));
    let sql = format!("SELECT {RAW_COLUMNS}, kind, changeset, settles FROM events ORDER BY seq");
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut replay = Replay::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let seq = replay.next_seq();
        take_row(&mut replay, row).map_err(|flaw| VerifyError::Event { seq, flaw })?;
    }
    Ok(replay)
}

fn take_row(replay: &mut Replay, row: &Row<'_>) -> Result<(), Flaw> {
    let unreadable =
        |error: rusqlite::Error| Flaw::Unreadable { part: "row", reason: error.to_string() };
    let found: i64 = row.get(0).map_err(unreadable)?;
    if u64::try_from(found) != Ok(replay.next_seq()) {
        return Err(Flaw::Missing { found });
    }
    let raw = raw_event(row).map_err(unreadable)?;
    let stored = replay.take(&raw)?;
    let kind: String = row.get(6).map_err(unreadable)?;
    let changeset: String = row.get(7).map_err(unreadable)?;
    let settled = unsigned_or_none(row, 8).map_err(unreadable)?;
    let matches = [
        ("kind", kind == stored.event.kind()),
        ("changeset", changeset == about(&stored.event)),
        ("settles", settled == settles(&stored.event).map(|operation| operation.0)),
    ];
    match matches.into_iter().find(|(_, matches)| !matches) {
        Some((column, _)) => Err(Flaw::Column { column }),
        None => Ok(()),
    }
}

/// Compares every row of `changesets` with what the events fold to.
fn check_projections(
    connection: &Connection,
    path: &Path,
    replay: &Replay,
) -> Result<(), VerifyError> {
    let sql = "SELECT id, proposed_seq, updated_seq, judged_seq, open_operation, state \
               FROM changesets ORDER BY id";
    let failed = |error| VerifyError::from(unreadable(path, error));
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut expected = replay.projections.iter();
    let wrong = |changeset: String, what| VerifyError::Projection { changeset, what };
    while let Some(row) = rows.next().map_err(failed)? {
        // The chain cannot show that its end is gone; what was folded from the end can.
        if let Ok(known) = unsigned(row, 2)
            && known > replay.seq
        {
            let (seq, flaw) = (replay.next_seq(), Flaw::CutOff { known });
            return Err(VerifyError::Event { seq, flaw });
        }
        let Ok(id) = parsed::<ChangeSetId>(row, 0) else {
            let id = row.get::<_, String>(0).unwrap_or_else(|_| "?".to_owned());
            return Err(wrong(id, "this is not the id of a change"));
        };
        match expected.next() {
            Some((known, projection)) if *known == id => {
                if !is_row_of(row, projection).unwrap_or(false) {
                    return Err(wrong(id.short(), "its state is not what its events fold to"));
                }
            }
            Some((known, _)) if *known < id => {
                return Err(wrong(known.short(), "its state is missing"));
            }
            _ => return Err(wrong(id.short(), "it has a state, but no event proposes it")),
        }
    }
    match expected.next() {
        Some((known, _)) => Err(wrong(known.short(), "its state is missing")),
        None => Ok(()),
    }
}

fn is_row_of(row: &Row<'_>, projection: &Projection) -> rusqlite::Result<bool> {
    let state: String = row.get(5)?;
    Ok(unsigned(row, 1)? == projection.state.proposed_seq
        && unsigned(row, 2)? == projection.state.updated_seq
        && unsigned_or_none(row, 3)? == projection.judged_seq
        && unsigned_or_none(row, 4)? == projection.open_operation()
        && serde_json::from_str::<ChangeSetState>(&state).is_ok_and(|s| s == projection.state))
}
