//! The SQLite file: its schema, how it is opened, and what its rows hold.
//!
//! `ledger.db` is never opened except through SQLite, not even to look at its first bytes: closing any
//! other descriptor of the file would drop this process's POSIX locks on it, and another process could
//! then delete the write-ahead log that a second [`crate::Ledger`] of this process is still using.
#![expect(clippy::disallowed_methods, reason = "the door to SQLite")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{Digest, Timestamp};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row, Transaction, TransactionBehavior};
use rusqlite_migration::{HookError, M, Migrations};

use crate::chain::RawEvent;
use crate::{APPLICATION_ID, BUSY_TIMEOUT_MS, FORMAT, LedgerError, folder, verify};

/// The steps from an empty database to the current format. Steps are only added.
fn steps() -> Vec<M<'static>> {
    let steps = vec![
        M::up(include_str!("schema/1.sql")),
        // What format 1 kept of an acceptance under way is spelled differently since.
        M::up_with_hook(include_str!("schema/2.sql"), |transaction: &Transaction<'_>| {
            let path = transaction.path().unwrap_or_default().to_owned();
            let replayed = verify::replay_projections(transaction, Path::new(&path));
            replayed.map_err(|error| HookError::Hook(error.to_string()))?;
            Ok(())
        }),
        M::up(include_str!("schema/3.sql")),
        M::up(include_str!("schema/4.sql")),
        M::up(include_str!("schema/5.sql")),
        M::up(include_str!("schema/6.sql")),
    ];
    debug_assert_eq!(i64::try_from(steps.len()), Ok(FORMAT), "a step for each format");
    steps
}

/// The columns of `events` that make a [`RawEvent`], in the order that [`raw_event`] reads them.
pub(crate) const RAW_COLUMNS: &str = "seq, at, actor, event, previous, hash";

/// How many prepared statements a connection keeps: more than this crate has.
const STATEMENTS_KEPT: usize = 48;

/// A database that was looked at and not changed.
pub(crate) struct Probe {
    /// Open for reading only.
    pub(crate) connection: Connection,
    /// Its `user_version`.
    pub(crate) format: i64,
}

/// How a database is opened to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Beside processes that write it.
    Shared,
    /// As a file that nobody writes: without locks, and without looking for a log.
    Immutable,
}

/// Opens `path` for reading and checks that it is a ledger.
///
/// SQLite reads a database with a write-ahead log through files beside it. Where those cannot be made, the
/// database is read as one that nobody writes, if its log holds nothing.
pub(crate) fn probe(path: &Path) -> Result<Probe, LedgerError> {
    let refused = match probe_with(path, Access::Shared) {
        Err(LedgerError::Sqlite { path, source }) if asks_to_write(&source) => (path, source),
        probed => return probed,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let log_bytes = folder::bytes_of(&with_suffix(path, "-wal"))?;
    match access_without_writing(folder::may_write(folder), log_bytes) {
        Some(Access::Immutable) => probe_with(path, Access::Immutable),
        Some(Access::Shared) => Err(LedgerError::Sqlite { path: refused.0, source: refused.1 }),
        None => Err(LedgerError::Unmerged { path: path.to_owned() }),
    }
}

/// What is left when SQLite could not open a database as it does: `None` when part of it is out of reach.
fn access_without_writing(may_write: bool, log_bytes: u64) -> Option<Access> {
    match (may_write, log_bytes) {
        // It failed for another reason, which stands.
        (true, _) => Some(Access::Shared),
        (false, 0) => Some(Access::Immutable),
        (false, _) => None,
    }
}

/// Whether SQLite failed at the files that it needs beside a database.
fn asks_to_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | ReadOnly | PermissionDenied))
}

fn probe_with(path: &Path, access: Access) -> Result<Probe, LedgerError> {
    let error = |source| LedgerError::sqlite(path, source);
    let connection = match access {
        Access::Shared => connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        Access::Immutable => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            connect_as(path, &immutable_uri(path), flags)?
        }
    };
    let application = number(&connection, "application_id").map_err(error)?;
    if application != APPLICATION_ID {
        let reason = "it is the database of another program".to_owned();
        return Err(LedgerError::NotALedger { path: path.to_owned(), reason });
    }
    let format = number(&connection, "user_version").map_err(error)?;
    Ok(Probe { connection, format })
}

/// SQLite's name for a file that nobody writes.
fn immutable_uri(path: &Path) -> PathBuf {
    let mut uri = String::from("file:");
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) && path.is_absolute() {
        uri.push('/');
    }
    for byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'.' | b'-' | b'_' | b'~' | b':' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    PathBuf::from(uri)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Checks that a ledger of the current format can be read and that its last event is sound.
pub(crate) fn check_readable(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    last_event(connection, path)?;
    let sql = "SELECT count(*) FROM (SELECT 1 FROM changesets LIMIT 1)";
    connection.query_row(sql, [], |_| Ok(())).map_err(|error| unreadable(path, error))
}

/// Opens `path`, which is a ledger of the current format, for writing.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, LedgerError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Makes the empty file `path` a ledger, complete and with nothing left in a write-ahead log.
pub(crate) fn initialise(path: &Path) -> Result<(), LedgerError> {
    let error = |source| LedgerError::sqlite(path, source);
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(error)?;
    migrate(&mut connection, path)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))
        .map_err(error)?;
    connection.close().map_err(|(_, source)| error(source))
}

/// Brings the ledger at `path` to the current format.
pub(crate) fn upgrade(path: &Path) -> Result<(), LedgerError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate(&mut connection, path)
}

/// The schema of the current format, as (name, SQL).
pub(crate) fn schema(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// What [`schema`] must be.
pub(crate) fn expected_schema(path: &Path) -> Result<Vec<(String, Option<String>)>, LedgerError> {
    let error = |source| LedgerError::sqlite(path, source);
    let mut connection = Connection::open_in_memory().map_err(error)?;
    migrate(&mut connection, path)?;
    schema(&connection).map_err(error)
}

/// Reads [`RAW_COLUMNS`].
pub(crate) fn raw_event(row: &Row<'_>) -> rusqlite::Result<RawEvent> {
    Ok(RawEvent {
        seq: unsigned(row, 0)?,
        at: Timestamp(unsigned(row, 1)?),
        actor: row.get(2)?,
        event: row.get(3)?,
        previous: parsed::<Digest>(row, 4)?,
        hash: parsed::<Digest>(row, 5)?,
    })
}

/// A column that holds a count.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// A column that holds a count or nothing.
pub(crate) fn unsigned_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(column)?;
    let out_of_range = |value| rusqlite::Error::IntegralValueOutOfRange(column, value);
    value.map(|value| u64::try_from(value).map_err(|_| out_of_range(value))).transpose()
}

/// A column that holds the text of a value.
pub(crate) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

/// A count as SQLite stores it. Sequence numbers and moments stay far below the limit; a greater one
/// becomes one that no row has.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A pragma that is one number.
pub(crate) fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// The last event, checked by itself; `None` in an empty ledger.
pub(crate) fn last_event(
    connection: &Connection,
    path: &Path,
) -> Result<Option<RawEvent>, LedgerError> {
    let sql = format!("SELECT {RAW_COLUMNS} FROM events ORDER BY seq DESC LIMIT 1");
    let rows = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| {
            statement.query_map([], raw_event)?.collect::<Result<Vec<_>, _>>()
        })
        .map_err(|error| unreadable(path, error))?;
    let Some(last) = rows.into_iter().next() else { return Ok(None) };
    last.check_hash().map_err(|flaw| damaged(path, format!("event {}: {flaw}", last.seq)))?;
    Ok(Some(last))
}

/// A ledger that contradicts itself.
pub(crate) fn damaged(path: &Path, reason: String) -> LedgerError {
    LedgerError::Damaged { path: path.to_owned(), reason }
}

/// An error while reading rows: what the row or the schema gets wrong is damage, the rest is SQLite's.
pub(crate) fn unreadable(path: &Path, error: rusqlite::Error) -> LedgerError {
    match error.sqlite_error_code() {
        None | Some(rusqlite::ErrorCode::Unknown) => damaged(path, error.to_string()),
        Some(_) => LedgerError::sqlite(path, error),
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, LedgerError> {
    connect_as(path, path, flags)
}

/// Opens the database at `path` by the name `name`.
fn connect_as(path: &Path, name: &Path, flags: OpenFlags) -> Result<Connection, LedgerError> {
    let error = |source| LedgerError::sqlite(path, source);
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(name, flags).map_err(error)?;
    connection.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS)).map_err(error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // The file may have been handed to us: its schema gets no more than the schema needs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(error)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(error)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(error)?;
    // FULL: an appended event survives a power cut, since what it announces happens right after.
    connection.pragma_update(None, "synchronous", "full").map_err(error)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    Migrations::new(steps()).to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => LedgerError::sqlite(path, err),
        other => damaged(path, other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_file_where_nothing_may_be_written_is_read_without_locks() {
        assert_eq!(access_without_writing(true, 0), Some(Access::Shared));
        assert_eq!(access_without_writing(true, 1), Some(Access::Shared));
        assert_eq!(access_without_writing(false, 0), Some(Access::Immutable));
        assert_eq!(access_without_writing(false, 1), None);
        let failed = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert!(asks_to_write(&failed(rusqlite::ffi::SQLITE_CANTOPEN)));
        assert!(asks_to_write(&failed(rusqlite::ffi::SQLITE_READONLY_DIRECTORY)));
        assert!(!asks_to_write(&failed(rusqlite::ffi::SQLITE_IOERR)));
    }

    #[test]
    fn an_immutable_ledger_is_read_by_any_name_and_nothing_is_made_beside_it() {
        let world = tempfile::tempdir().unwrap();
        let folder = world.path().join("50% of #1? \u{e4}");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("ledger.db");
        std::fs::write(&path, b"").unwrap();
        initialise(&path).unwrap();
        let probe = probe_with(&path, Access::Immutable).unwrap();
        assert_eq!(probe.format, FORMAT);
        check_readable(&probe.connection, &path).unwrap();
        assert!(probe.connection.execute("DELETE FROM presence", []).is_err());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
