//! What workers spend of their time: attempts, which are metered here and nowhere else.
//!
//! Whether there is time left and that it is set aside is one transaction, so that of several processes that begin at once
//! none spends what another one was given.

use std::path::Path;

use model::{
    Actor, DAY_MS, Event, Exhausted, HolderId, OperationId, Spending, StoredEvent, TaskId,
    Timestamp,
};
use rusqlite::{Connection, Params};

use crate::append::AppendError;
use crate::database::{RAW_COLUMNS, damaged, raw_event, signed, unreadable, unsigned_or_none};
use crate::{Ledger, LedgerError};

/// Why an attempt does not begin.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// There is no time left for it. Nothing was recorded.
    #[error(transparent)]
    Exhausted(Exhausted),
    /// The ledger did not take it.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// A worker that wants to begin with a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The task.
    pub task: TaskId,
    /// Who.
    pub worker: String,
    /// How long it may take at most, in milliseconds.
    pub wanted_ms: u64,
    /// The process that runs it.
    pub holder: HolderId,
}

impl Ledger {
    /// What workers spent within a day before `now`, and what is set aside.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// An indexed search for all attempts there ever were; those of a day are hashed and parsed.
    pub fn spending(&self, limit_ms: Option<u64>, now: Timestamp) -> Result<Spending, LedgerError> {
        spending(&self.connection, &self.path(), limit_ms, now)
    }

    /// Records that a worker begins, and sets its time aside: answers the number of the event and how long it may take, in
    /// milliseconds, which is less than it wanted where only a rest is left.
    ///
    /// # Errors
    /// [`AttemptError::Exhausted`]: there is no time left, or others may leave some. Else as [`Ledger::append`].
    ///
    /// # Cost
    /// As [`Ledger::append`] and [`Ledger::spending`].
    pub fn start_attempt(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        attempt: &Attempt,
        limit_ms: Option<u64>,
    ) -> Result<(OperationId, u64), AttemptError> {
        let Attempt { task, worker, wanted_ms, holder } = attempt.clone();
        self.in_transaction(|append| {
            let spent = spending(append.transaction, append.path, limit_ms, at);
            let given = spent.map_err(AppendError::from)?.grant(wanted_ms);
            let reserved_ms = given.map_err(AttemptError::Exhausted)?;
            let event = Event::AttemptStarted { task, worker, reserved_ms, holder };
            Ok((OperationId(append.event(at, actor, &event, None)?), reserved_ms))
        })
    }

    /// The attempts without an end, oldest first: under way, or, if their holder is dead, left by a crash.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    ///
    /// # Cost
    /// A look-up for each attempt there ever was; one row, hashed and parsed, for each that is found.
    pub fn open_attempts(&self) -> Result<Vec<StoredEvent>, LedgerError> {
        read(&self.connection, &self.path(), OPEN, [])
    }
}

const OPEN: &str = "kind = 'attempt_started' \
                    AND NOT EXISTS (SELECT 1 FROM events AS ended WHERE ended.settles = events.seq) \
                    ORDER BY seq";
const NEWEST: &str = "SELECT max(seq) FROM events \
                      WHERE kind IN ('attempt_started', 'attempt_ended', 'budget_raised')";
const RECENT: &str = "kind IN ('attempt_ended', 'budget_raised') AND at > ?1 ORDER BY seq";

fn spending(
    connection: &Connection,
    path: &Path,
    limit_ms: Option<u64>,
    now: Timestamp,
) -> Result<Spending, LedgerError> {
    let mut events = read(connection, path, OPEN, [])?;
    events.extend(read(connection, path, RECENT, [signed(now.0.saturating_sub(DAY_MS))])?);
    // What is too old to count is still known.
    let as_of = connection
        .prepare_cached(NEWEST)
        .and_then(|mut statement| statement.query_row([], |row| unsigned_or_none(row, 0)))
        .map_err(|error| unreadable(path, error))?;
    Ok(Spending { as_of: as_of.unwrap_or_default(), ..Spending::of(limit_ms, now, &events) })
}

fn read(
    connection: &Connection,
    path: &Path,
    condition: &str,
    params: impl Params,
) -> Result<Vec<StoredEvent>, LedgerError> {
    let sql = format!("SELECT {RAW_COLUMNS} FROM events WHERE {condition}");
    let raw: Vec<_> = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_map(params, raw_event)?.collect())
        .map_err(|error| unreadable(path, error))?;
    let open = |raw: crate::chain::RawEvent| {
        raw.open().map_err(|flaw| damaged(path, format!("event {}: {flaw}", raw.seq)))
    };
    raw.into_iter().map(open).collect()
}
