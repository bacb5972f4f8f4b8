//! Reading: events and what they fold to. Whatever is read is checked by itself first; what contradicts
//! its hash is an error, never an answer.

use model::{
    ChangeSet, ChangeSetId, ChangeSetState, Event, HunkState, Intent, OperationId, Outcome,
    Purpose, Review, Snapshot, StoredEvent, Verdict,
};
use rusqlite::{OptionalExtension, Params, Row};

use crate::chain::RawEvent;
use crate::database::{
    self, RAW_COLUMNS, damaged, parsed, raw_event, signed, unreadable, unsigned,
};
use crate::{EVENTS_PER_READ_MAX, Ledger, LedgerError};

/// The shortest prefix that names a ChangeSet.
const PREFIX_CHARS_MIN: usize = 4;

/// The most ChangeSets that an ambiguous prefix lists.
const AMBIGUOUS_LISTED_MAX: usize = 10;

/// Why a text names no one ChangeSet.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// It is no prefix of an id.
    #[error(
        "`{prefix}` names no change: give at least {PREFIX_CHARS_MIN} digits (0-9, a-f) of its id"
    )]
    NoPrefix {
        /// What was given.
        prefix: String,
    },
    /// No id starts with it.
    #[error("no change in the ledger starts with `{0}`")]
    None(String),
    /// Several do.
    #[error("`{prefix}` is ambiguous: {}; give more digits", list(.ids))]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// The first of them.
        ids: Vec<ChangeSetId>,
    },
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// An acceptance, an undo or a taking out, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What was planned.
    pub intent: Intent,
    /// What it is for.
    pub purpose: Purpose,
}

impl Ledger {
    /// The ChangeSet `id` as it was proposed; `None` if it is not in the ledger.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer or the event is damaged.
    ///
    /// # Cost
    /// One event read, hashed and parsed.
    pub fn changeset(&self, id: ChangeSetId) -> Result<Option<ChangeSet>, LedgerError> {
        let sql = "seq = (SELECT proposed_seq FROM changesets WHERE id = ?1)";
        match self.event_where(sql, [id.to_string()])?.map(|stored| stored.event) {
            Some(Event::ChangeSetProposed { changeset }) if changeset.id == id => {
                Ok(Some(changeset))
            }
            None => Ok(None),
            Some(_) => Err(self.mismatch(id)),
        }
    }

    /// What became of the ChangeSet `id`; `None` if it is not in the ledger.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer or the row is damaged.
    ///
    /// # Cost
    /// One row.
    pub fn state(&self, id: ChangeSetId) -> Result<Option<ChangeSetState>, LedgerError> {
        let sql = "SELECT id, state FROM changesets WHERE id = ?1";
        let rows = self.rows(sql, [id.to_string()], id_and_text)?;
        rows.into_iter().next().map(|(id, text)| self.parse_state(id, &text)).transpose()
    }

    /// What became of every ChangeSet, in the order they were proposed.
    ///
    /// # Errors
    /// As [`Ledger::state`].
    ///
    /// # Cost
    /// One row for each.
    pub fn states(&self) -> Result<Vec<ChangeSetState>, LedgerError> {
        let rows =
            self.rows("SELECT id, state FROM changesets ORDER BY proposed_seq", [], id_and_text)?;
        rows.into_iter().map(|(id, text)| self.parse_state(id, &text)).collect()
    }

    /// The one ChangeSet whose id starts with `prefix`: at least four hexadecimal digits, in either case.
    ///
    /// # Errors
    /// [`FindError`] if there is none or there are several.
    ///
    /// # Cost
    /// An indexed search.
    pub fn find(&self, prefix: &str) -> Result<ChangeSetId, FindError> {
        let (given, prefix) = (prefix.to_owned(), prefix.to_ascii_lowercase());
        if prefix.len() < PREFIX_CHARS_MIN || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(FindError::NoPrefix { prefix: given });
        }
        // `g` sorts right after the last hexadecimal digit.
        let sql =
            "SELECT id FROM changesets WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT ?2";
        let limit = i64::try_from(AMBIGUOUS_LISTED_MAX).unwrap_or(i64::MAX);
        let ids = self.rows(sql, (&prefix, limit), |row| parsed::<ChangeSetId>(row, 0))?;
        match ids.as_slice() {
            [] => Err(FindError::None(given)),
            [id] => Ok(*id),
            _ => Err(FindError::Ambiguous { prefix: given, ids }),
        }
    }

    /// The latest judgement of the ChangeSet `id`; `None` until it was judged.
    ///
    /// # Errors
    /// As [`Ledger::changeset`].
    ///
    /// # Cost
    /// One event read, hashed and parsed.
    pub fn judgement(&self, id: ChangeSetId) -> Result<Option<(Review, Verdict)>, LedgerError> {
        let sql = "seq = (SELECT judged_seq FROM changesets WHERE id = ?1)";
        match self.event_where(sql, [id.to_string()])?.map(|stored| stored.event) {
            Some(Event::ChangeSetJudged { changeset, review, verdict }) if changeset == id => {
                Ok(Some((review, verdict)))
            }
            None => Ok(None),
            Some(_) => Err(self.mismatch(id)),
        }
    }

    /// The events from number `from_seq` on, at most `limit` and at most [`EVENTS_PER_READ_MAX`].
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer or one of them is damaged.
    ///
    /// # Cost
    /// One row, hashed and parsed, for each.
    pub fn events(&self, from_seq: u64, limit: usize) -> Result<Vec<StoredEvent>, LedgerError> {
        let limit = i64::try_from(limit.min(EVENTS_PER_READ_MAX)).unwrap_or(i64::MAX);
        self.events_where("seq >= ?1 ORDER BY seq LIMIT ?2", (signed(from_seq), limit))
    }

    /// Every event about the ChangeSet `id`, in order.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// One row, hashed and parsed, for each.
    pub fn events_of(&self, id: ChangeSetId) -> Result<Vec<StoredEvent>, LedgerError> {
        self.events_where("changeset = ?1 ORDER BY seq", [id.to_string()])
    }

    /// The operation numbered `id`; `None` if that event is none.
    ///
    /// # Errors
    /// As [`Ledger::changeset`].
    ///
    /// # Cost
    /// One event read, hashed and parsed.
    pub fn operation(&self, id: OperationId) -> Result<Option<Operation>, LedgerError> {
        Ok(self.event_where("seq = ?1", [signed(id.0)])?.and_then(operation))
    }

    /// What became of the operation `id`; `None` while it is under way, or if there is none.
    ///
    /// # Errors
    /// As [`Ledger::changeset`].
    ///
    /// # Cost
    /// One event read, hashed and parsed.
    pub fn outcome_of(&self, id: OperationId) -> Result<Option<Outcome>, LedgerError> {
        let stored = self.event_where("settles = ?1", [signed(id.0)])?;
        Ok(stored.and_then(|stored| stored.event.outcome().map(|(_, outcome)| outcome.clone())))
    }

    /// The operation that put hunk `hunk` of the ChangeSet `id` into the text; `None` if it is not there.
    /// A hunk that is just being taken out still counts.
    ///
    /// # Errors
    /// As [`Ledger::changeset`].
    ///
    /// # Cost
    /// One row, and one event read, hashed and parsed.
    pub fn acceptance_of(
        &self,
        id: ChangeSetId,
        hunk: u32,
    ) -> Result<Option<Operation>, LedgerError> {
        let Some(state) = self.state(id)? else { return Ok(None) };
        match state.hunks.get(&hunk) {
            Some(
                HunkState::Accepted { operation, .. }
                | HunkState::Undoing { accepted: operation, .. },
            ) => self.operation(*operation),
            _ => Ok(None),
        }
    }

    /// The operations without an outcome, oldest first: under way, or, if their holder is dead, the work
    /// list after a crash.
    ///
    /// # Errors
    /// As [`Ledger::changeset`].
    ///
    /// # Cost
    /// An indexed search, and one event read, hashed and parsed, for each.
    pub fn open_operations(&self) -> Result<Vec<Operation>, LedgerError> {
        let sql = "seq IN (SELECT open_operation FROM changesets WHERE open_operation IS NOT NULL) \
                   ORDER BY seq";
        Ok(self.events_where(sql, [])?.into_iter().filter_map(operation).collect())
    }

    /// The last snapshot of the working tree `worktree`, with the number of its event; `None` if there is
    /// none.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// An indexed search; one row, hashed and parsed, for each snapshot that another working tree took since.
    pub fn last_snapshot(&self, worktree: &str) -> Result<Option<(u64, Snapshot)>, LedgerError> {
        let mut before = u64::MAX;
        loop {
            let sql = "kind = 'snapshot_taken' AND seq < ?1 ORDER BY seq DESC LIMIT 1";
            let Some(stored) = self.event_where(sql, [signed(before)])? else { return Ok(None) };
            match stored.event {
                Event::SnapshotTaken { snapshot, .. } if snapshot.worktree == worktree => {
                    return Ok(Some((stored.seq, snapshot)));
                }
                _ => before = stored.seq,
            }
        }
    }

    /// The newest tasks, at most `most`, each as it was asked for and, if it has one, with its end; the newest first.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// An indexed search; one or two rows, hashed and parsed, for each.
    pub fn tasks(
        &self,
        most: usize,
    ) -> Result<Vec<(StoredEvent, Option<StoredEvent>)>, LedgerError> {
        let most = i64::try_from(most.min(EVENTS_PER_READ_MAX)).unwrap_or(i64::MAX);
        let sql = "kind = 'task_queued' ORDER BY seq DESC LIMIT ?1";
        let with_end = |queued: StoredEvent| {
            let end = self.event_where("settles = ?1", [signed(queued.seq)])?;
            Ok((queued, end))
        };
        self.events_where(sql, [most])?.into_iter().map(with_end).collect()
    }

    /// The tasks without an end, oldest first: under way, or, if their holder is dead, left by a crash.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// A look-up for each task there ever was; one row, hashed and parsed, for each that is found.
    pub fn open_tasks(&self) -> Result<Vec<StoredEvent>, LedgerError> {
        let sql = "kind = 'task_queued' \
                   AND NOT EXISTS (SELECT 1 FROM events AS ended WHERE ended.settles = events.seq) \
                   ORDER BY seq";
        self.events_where(sql, [])
    }

    /// The last word on work in the background: that nothing begins, or that it goes on; `None`: nobody said anything.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// An indexed search for all there ever were; one row, hashed and parsed.
    pub fn last_pause(&self) -> Result<Option<StoredEvent>, LedgerError> {
        self.event_where("kind IN ('paused', 'resumed') ORDER BY seq DESC LIMIT 1", [])
    }

    /// The number of the last event; 0 in an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer.
    ///
    /// # Cost
    /// One indexed look-up.
    pub fn last_seq(&self) -> Result<u64, LedgerError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM events";
        Ok(self.rows(sql, [], |row| unsigned(row, 0))?.into_iter().next().unwrap_or_default())
    }

    /// A number that changes whenever another open ledger, of this process or another, committed
    /// something. What this one commits does not change it. Only equality means anything.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer.
    ///
    /// # Cost
    /// Microseconds: no table is read. Fit for polling.
    pub fn data_version(&self) -> Result<i64, LedgerError> {
        database::number(&self.connection, "data_version").map_err(|error| self.sqlite(error))
    }

    /// Runs a query and reads every row. `sql` is one of this crate's constants.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|error| unreadable(&self.path(), error))
    }

    fn event_where(
        &self,
        condition: &str,
        params: impl Params,
    ) -> Result<Option<StoredEvent>, LedgerError> {
        let sql = format!("SELECT {RAW_COLUMNS} FROM events WHERE {condition}");
        let raw = self
            .connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row(params, raw_event).optional())
            .map_err(|error| unreadable(&self.path(), error))?;
        raw.map(|raw| self.opened(&raw)).transpose()
    }

    fn events_where(
        &self,
        condition: &str,
        params: impl Params,
    ) -> Result<Vec<StoredEvent>, LedgerError> {
        let sql = format!("SELECT {RAW_COLUMNS} FROM events WHERE {condition}");
        self.rows(&sql, params, raw_event)?.iter().map(|raw| self.opened(raw)).collect()
    }

    fn opened(&self, raw: &RawEvent) -> Result<StoredEvent, LedgerError> {
        raw.open().map_err(|flaw| damaged(&self.path(), format!("event {}: {flaw}", raw.seq)))
    }

    fn parse_state(&self, id: ChangeSetId, text: &str) -> Result<ChangeSetState, LedgerError> {
        match serde_json::from_str::<ChangeSetState>(text) {
            Ok(state) if state.id == id => Ok(state),
            _ => Err(self.mismatch(id)),
        }
    }

    fn mismatch(&self, id: ChangeSetId) -> LedgerError {
        let id = id.short();
        damaged(&self.path(), format!("what it keeps of change {id} does not match its events"))
    }
}

fn id_and_text(row: &Row<'_>) -> rusqlite::Result<(ChangeSetId, String)> {
    Ok((parsed(row, 0)?, row.get(1)?))
}

fn operation(stored: StoredEvent) -> Option<Operation> {
    let (purpose, intent) = stored.event.intent()?;
    Some(Operation { id: OperationId(stored.seq), intent: intent.clone(), purpose })
}

fn list(ids: &[ChangeSetId]) -> String {
    let mut text = ids.iter().map(ChangeSetId::short).collect::<Vec<_>>().join(", ");
    if ids.len() == AMBIGUOUS_LISTED_MAX {
        text.push_str(", ...");
    }
    text
}
