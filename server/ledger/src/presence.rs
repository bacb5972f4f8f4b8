//! Presence: which files a live process has open and unsaved, so that no other process writes them.
//!
//! It is not part of the log. Rows of the dead and rows past their moment count for nothing.

use model::{HolderId, RelPath, Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::database::{damaged, signed};
use crate::{Ledger, LedgerError, PRESENCE_PATHS_MAX, holder};

/// Why presence was not published. What was published before still stands.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// More than [`PRESENCE_PATHS_MAX`] paths.
    #[error(
        "{paths} unsaved files are too many to publish: at most {PRESENCE_PATHS_MAX} are taken"
    )]
    TooMany {
        /// How many.
        paths: usize,
    },
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Ledger {
    /// Says that this holder has exactly `paths` open and unsaved, until `expires_at`. Replaces what it
    /// said before; no paths: it has none.
    ///
    /// # Errors
    /// [`PresenceError`]; what was published before still stands.
    ///
    /// # Cost
    /// One write transaction with one disk sync.
    pub fn publish_presence(
        &mut self,
        paths: &[RelPath],
        expires_at: Timestamp,
    ) -> Result<(), PresenceError> {
        let HolderId(holder) = self.holder()?.clone();
        if paths.len() > PRESENCE_PATHS_MAX {
            return Err(PresenceError::TooMany { paths: paths.len() });
        }
        let (path, holders) = (self.path(), self.folder.holders());
        let is_dead = |other: &str| !holder::is_alive(&holders, &HolderId(other.to_owned()));
        publish(&mut self.connection, &holder, paths, expires_at, is_dead)
            .map_err(|source| LedgerError::sqlite(&path, source).into())
    }

    /// Every file that a live process has open and unsaved at `now`, with who has it, ordered by path.
    /// This holder's own are among them.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer.
    ///
    /// # Cost
    /// One row for each, and one lock tried for each holder.
    pub fn presences(&self, now: Timestamp) -> Result<Vec<(RelPath, HolderId)>, LedgerError> {
        let sql = "SELECT holder, path FROM presence WHERE expires_at > ?1 ORDER BY holder, path";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let rows: Vec<(String, String)> = self.rows(sql, [signed(now.0)], read)?;
        let mut presences = Vec::new();
        for of_one in rows.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((holder, _)) = of_one.first() else { continue };
            let holder = HolderId(holder.clone());
            if !self.is_alive(&holder) {
                continue;
            }
            for (_, path) in of_one {
                let path = RelPath::try_from(path.clone()).map_err(|error| {
                    damaged(&self.path(), format!("a path in presence: {error}"))
                })?;
                presences.push((path, holder.clone()));
            }
        }
        presences.sort();
        Ok(presences)
    }
}

fn publish(
    connection: &mut Connection,
    holder: &str,
    paths: &[RelPath],
    expires_at: Timestamp,
    is_dead: impl Fn(&str) -> bool,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let others: Vec<String> = transaction
        .prepare_cached("SELECT DISTINCT holder FROM presence WHERE holder <> ?1")?
        .query_map([holder], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let gone = others.iter().filter(|other| is_dead(other)).map(String::as_str);
    for gone in gone.chain([holder]) {
        transaction.prepare_cached("DELETE FROM presence WHERE holder = ?1")?.execute([gone])?;
    }
    let sql = "INSERT OR IGNORE INTO presence (holder, path, expires_at) VALUES (?1, ?2, ?3)";
    for path in paths {
        let path = String::from(path.clone());
        transaction.prepare_cached(sql)?.execute(params![holder, path, signed(expires_at.0)])?;
    }
    transaction.commit()
}
