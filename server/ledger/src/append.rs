//! Appending: the only way anything is ever recorded.
//!
//! One immediate transaction for each call: the last event is read and checked, the event is folded into
//! the state of its ChangeSet, both are written, read back and committed. Of several processes that append
//! at once, each sees what the others committed before it.

use std::path::Path;

use model::{
    Actor, ChangeSetId, ChangeSetState, Digest, Event, IllegalTransition, OperationId, Timestamp,
};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use crate::chain::{RawEvent, genesis};
use crate::database::{self, damaged, raw_event, signed, unreadable, unsigned, unsigned_or_none};
use crate::replay::{Projection, about, blobs_of, settles};
use crate::{Blobs, EVENT_BYTES_MAX, FORMAT, Ledger, LedgerError};

/// Why an event was not appended. Nothing was recorded then.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It does not follow from the state of its ChangeSet.
    #[error(transparent)]
    Illegal(IllegalTransition),
    /// Something else happened to the ChangeSet since it was looked at.
    #[error(
        "change {changeset} moved on: event {found} is its last, not {expected}; look at it again"
    )]
    Moved {
        /// Which, short.
        changeset: String,
        /// The last event the caller knew of.
        expected: u64,
        /// The last event there is; 0 if there is none.
        found: u64,
    },
    /// It names bytes that are not in the blob store.
    #[error("the event names blob {}, which is not stored", .0.short())]
    NoSuchBlob(Digest),
    /// It would not read back as it is, e.g. because a number in it is not finite.
    #[error("a `{kind}` event would not read back as it is: {reason}")]
    Unfaithful {
        /// Its kind.
        kind: &'static str,
        /// What is lost.
        reason: String,
    },
    /// Its JSON is larger than [`EVENT_BYTES_MAX`].
    #[error("a `{kind}` event of {bytes} bytes is too large: at most {EVENT_BYTES_MAX} are taken")]
    TooLarge {
        /// Its kind.
        kind: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// It ends a task that is over, or that nobody asked for.
    #[error("task {0} is not under way")]
    NoTask(OperationId),
    /// It ends an attempt that is over, or that nobody began.
    #[error("attempt {0} is not under way")]
    NoAttempt(OperationId),
    /// The ledger takes no events, or does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Ledger {
    /// Appends `event` and gives its number. It is on disk when it returns.
    ///
    /// # Errors
    /// [`AppendError`]; nothing was recorded then.
    ///
    /// # Cost
    /// One write transaction with one disk sync: a few milliseconds. Waits at most
    /// [`crate::BUSY_TIMEOUT_MS`] for other processes.
    pub fn append(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        event: &Event,
    ) -> Result<u64, AppendError> {
        self.append_one(at, actor, event, None)
    }

    /// Appends `event` if `expected_updated_seq` is still the last event about its ChangeSet (0: if there
    /// is none yet).
    ///
    /// # Errors
    /// [`AppendError::Moved`] if it is not, else as [`Ledger::append`].
    pub fn append_if(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        event: &Event,
        expected_updated_seq: u64,
    ) -> Result<u64, AppendError> {
        self.append_one(at, actor, event, Some(expected_updated_seq))
    }

    /// Appends all of `events` in order, or none, and gives their numbers.
    ///
    /// # Errors
    /// As [`Ledger::append`], for the first event that cannot be appended.
    ///
    /// # Cost
    /// As [`Ledger::append`], once for all.
    pub fn append_all(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        events: &[Event],
    ) -> Result<Vec<u64>, AppendError> {
        self.in_transaction(|append| {
            events.iter().map(|event| append.event(at, actor, event, None)).collect()
        })
    }

    fn append_one(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        event: &Event,
        expected: Option<u64>,
    ) -> Result<u64, AppendError> {
        self.in_transaction(|append| append.event(at, actor, event, expected))
    }

    /// Runs `work` in one immediate transaction, which is committed only if it succeeds.
    pub(crate) fn in_transaction<T, E: From<AppendError>>(
        &mut self,
        work: impl FnOnce(&mut Append<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let refused = |error: LedgerError| E::from(AppendError::from(error));
        self.writer().map_err(refused)?;
        let path = self.path();
        // A ledger that was moved away still takes writes through the open file, and they would be lost.
        if self.folder.identity().map_err(refused)? != self.identity {
            return Err(refused(LedgerError::Replaced { path }));
        }
        let failed = |source| refused(LedgerError::sqlite(&path, source));
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let found = database::number(&transaction, "user_version").map_err(failed)?;
        if found != FORMAT {
            return Err(refused(LedgerError::NewerFormat { path, found }));
        }
        let last = database::last_event(&transaction, &path).map_err(refused)?;
        let (seq, head) = last.map_or((0, genesis()), |last| (last.seq, last.hash));
        let mut append =
            Append { transaction: &transaction, path: &path, blobs: &self.blobs, seq, head };
        let result = work(&mut append)?;
        transaction.commit().map_err(failed)?;
        Ok(result)
    }
}

/// Appending in progress: the transaction and the end of the log.
pub(crate) struct Append<'t> {
    pub(crate) transaction: &'t Transaction<'t>,
    pub(crate) path: &'t Path,
    blobs: &'t Blobs,
    seq: u64,
    head: Digest,
}

impl Append<'_> {
    pub(crate) fn event(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        event: &Event,
        expected: Option<u64>,
    ) -> Result<u64, AppendError> {
        let seq = self.seq + 1;
        let after = match event.changeset() {
            Some(id) => Some(self.folded(id, seq, event, expected)?),
            None => None,
        };
        if let Some(blob) = blobs_of(event).into_iter().find(|blob| !self.blobs.contains(blob)) {
            return Err(AppendError::NoSuchBlob(blob));
        }
        match event {
            Event::TaskEnded { queued, .. } if !self.is_open(*queued, "task_queued")? => {
                return Err(AppendError::NoTask(*queued));
            }
            Event::AttemptEnded { attempt, .. }
                if !self.is_open(*attempt, "attempt_started")? =>
            {
                return Err(AppendError::NoAttempt(*attempt));
            }
            _ => {}
        }
        let raw = seal(seq, at, actor, event, self.head)?;
        self.insert(&raw, event)?;
        if let Some(after) = &after {
            store(self.transaction, after).map_err(|error| self.failed(error))?;
        }
        self.check_written(&raw, after.as_ref())?;
        (self.seq, self.head) = (raw.seq, raw.hash);
        Ok(seq)
    }

    /// What the ChangeSet `id` folds to with `event`.
    fn folded(
        &self,
        id: ChangeSetId,
        seq: u64,
        event: &Event,
        expected: Option<u64>,
    ) -> Result<Projection, AppendError> {
        let before = load(self.transaction, self.path, id)?;
        let found = before.as_ref().map_or(0, |before| before.state.updated_seq);
        if let Some(expected) = expected
            && expected != found
        {
            return Err(AppendError::Moved { changeset: id.short(), expected, found });
        }
        Projection::fold(before, seq, event).map_err(AppendError::Illegal)
    }

    /// Whether there is an event of this kind and number, and none that ends it.
    fn is_open(&self, begun: OperationId, kind: &str) -> Result<bool, AppendError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM events WHERE seq = ?1 AND kind = ?2) \
                   AND NOT EXISTS (SELECT 1 FROM events WHERE settles = ?1)";
        let open = self.transaction.prepare_cached(sql).and_then(|mut statement| {
            statement.query_row(params![signed(begun.0), kind], |row| row.get(0))
        });
        Ok(open.map_err(|error| unreadable(self.path, error))?)
    }

    fn insert(&self, raw: &RawEvent, event: &Event) -> Result<(), AppendError> {
        let sql = "INSERT INTO events \
                   (seq, at, actor, event, previous, hash, kind, changeset, settles) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.transaction
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.execute(params![
                    signed(raw.seq),
                    signed(raw.at.0),
                    raw.actor,
                    raw.event,
                    raw.previous.to_string(),
                    raw.hash.to_string(),
                    event.kind(),
                    about(event),
                    settles(event).map(|operation| signed(operation.0)),
                ])
            })
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// The pair of the checks before writing: what a reader will see is what was meant.
    fn check_written(&self, raw: &RawEvent, after: Option<&Projection>) -> Result<(), AppendError> {
        let sql = format!("SELECT {} FROM events WHERE seq = ?1", database::RAW_COLUMNS);
        let stored = self
            .transaction
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([signed(raw.seq)], raw_event))
            .map_err(|error| unreadable(self.path, error))?;
        let projected = match after {
            Some(after) => load(self.transaction, self.path, after.state.id)?,
            None => None,
        };
        if stored != *raw || projected.as_ref() != after {
            let reason = format!("event {} did not read back as it was written", raw.seq);
            return Err(damaged(self.path, reason).into());
        }
        Ok(())
    }

    fn failed(&self, source: rusqlite::Error) -> AppendError {
        LedgerError::sqlite(self.path, source).into()
    }
}

/// Makes the text of an event and checks that it reads back as the same event.
fn seal(
    seq: u64,
    at: Timestamp,
    actor: &Actor,
    event: &Event,
    previous: Digest,
) -> Result<RawEvent, AppendError> {
    let kind = event.kind();
    let unfaithful = |reason: String| AppendError::Unfaithful { kind, reason };
    if i64::try_from(at.0).is_err() {
        return Err(unfaithful(format!("no clock shows {} ms", at.0)));
    }
    let text = |result: serde_json::Result<String>| {
        let text = result.map_err(|error| unfaithful(error.to_string()))?;
        if text.len() > EVENT_BYTES_MAX {
            return Err(AppendError::TooLarge { kind, bytes: text.len() });
        }
        Ok(text)
    };
    let actor_text = text(serde_json::to_string(actor))?;
    let event_text = text(serde_json::to_string(event))?;
    let raw = RawEvent::sealed(seq, at, actor_text, event_text, previous);
    let stored = raw.open().map_err(|flaw| unfaithful(flaw.to_string()))?;
    if stored.event != *event || stored.actor != *actor {
        return Err(unfaithful("a value in it changes".to_owned()));
    }
    Ok(raw)
}

/// The projection of `id`, checked against the log: it must be of the last event about `id`.
pub(crate) fn load(
    transaction: &Transaction<'_>,
    path: &Path,
    id: ChangeSetId,
) -> Result<Option<Projection>, LedgerError> {
    let text = id.to_string();
    let last_about = transaction
        .prepare_cached("SELECT max(seq) FROM events WHERE changeset = ?1")
        .and_then(|mut statement| statement.query_row([&text], |row| unsigned_or_none(row, 0)))
        .map_err(|error| unreadable(path, error))?;
    let row = transaction
        .prepare_cached(
            "SELECT updated_seq, judged_seq, open_operation, state FROM changesets WHERE id = ?1",
        )
        .and_then(|mut statement| statement.query_row([&text], columns).optional())
        .map_err(|error| unreadable(path, error))?;
    let reason = || format!("what it keeps of change {} does not match its events", id.short());
    let Some((updated_seq, judged_seq, open_operation, state)) = row else {
        return if last_about.is_none() { Ok(None) } else { Err(damaged(path, reason())) };
    };
    let state: ChangeSetState =
        serde_json::from_str(&state).map_err(|_| damaged(path, reason()))?;
    let projection = Projection { state, judged_seq };
    let holds = projection.state.id == id
        && projection.state.updated_seq == updated_seq
        && last_about == Some(updated_seq)
        && projection.open_operation() == open_operation
        && projection.state.decision.is_some() == judged_seq.is_some();
    if holds { Ok(Some(projection)) } else { Err(damaged(path, reason())) }
}

type Columns = (u64, Option<u64>, Option<u64>, String);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((unsigned(row, 0)?, unsigned_or_none(row, 1)?, unsigned_or_none(row, 2)?, row.get(3)?))
}

/// Writes the projection of a ChangeSet.
pub(crate) fn store(
    transaction: &Transaction<'_>,
    projection: &Projection,
) -> rusqlite::Result<()> {
    let state = serde_json::to_string(&projection.state)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let sql = "INSERT INTO changesets \
               (id, proposed_seq, updated_seq, judged_seq, open_operation, state) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
               ON CONFLICT (id) DO UPDATE SET updated_seq = excluded.updated_seq, \
               judged_seq = excluded.judged_seq, open_operation = excluded.open_operation, \
               state = excluded.state";
    transaction.prepare_cached(sql)?.execute(params![
        projection.state.id.to_string(),
        signed(projection.state.proposed_seq),
        signed(projection.state.updated_seq),
        projection.judged_seq.map(signed),
        projection.open_operation().map(signed),
        state,
    ])?;
    Ok(())
}
