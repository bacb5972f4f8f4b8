//! Evidence by what it is about: a run of a gate is made once for a tree, a toolchain and an environment.
//!
//! It is not part of the log. What cannot be read back, or is of another subject than its row says, counts as not
//! there: the run is made again.

use model::{Digest, Evidence, EvidenceSubject, canonical_json};
use rusqlite::{TransactionBehavior, params};

use crate::{BlobError, Ledger, LedgerError};

/// The most runs of one subject that are kept.
pub const EVIDENCE_RUNS_MAX: usize = 16;

/// Why evidence was not kept, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Its bytes could not be stored.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// What is kept under a name is not what it names.
    #[error("the evidence {} is missing, damaged, or another", digest.short())]
    Other {
        /// The name.
        digest: Digest,
    },
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Ledger {
    /// Keeps what a run showed, after the runs of its subject that are kept already. Beyond [`EVIDENCE_RUNS_MAX`]
    /// nothing is kept.
    ///
    /// # Errors
    /// [`EvidenceError`]; nothing was recorded then.
    ///
    /// # Cost
    /// One blob and one write transaction: a few milliseconds.
    pub fn keep_evidence(&mut self, evidence: &Evidence) -> Result<(), EvidenceError> {
        self.writer()?;
        let blob = self.blobs.put(&canonical_json(evidence))?;
        let path = self.path();
        let (subject, digest) = (evidence.subject.key().to_string(), evidence.digest());
        let mut insert = || -> rusqlite::Result<()> {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT coalesce(max(run) + 1, 0) FROM evidence WHERE subject = ?1";
            let run: i64 = transaction.query_row(sql, [&subject], |row| row.get(0))?;
            if usize::try_from(run).is_ok_and(|run| run < EVIDENCE_RUNS_MAX) {
                let sql =
                    "INSERT INTO evidence (subject, run, digest, blob) VALUES (?1, ?2, ?3, ?4)";
                let row = params![subject, run, digest.to_string(), blob.to_string()];
                transaction.execute(sql, row)?;
            }
            transaction.commit()
        };
        insert().map_err(|source| LedgerError::sqlite(&path, source).into())
    }

    /// What the runs of `subject` showed, in the order they were made.
    ///
    /// # Errors
    /// [`LedgerError`] if the ledger does not answer.
    ///
    /// # Cost
    /// A row and a blob for each run.
    pub fn evidence_of(&self, subject: &EvidenceSubject) -> Result<Vec<Evidence>, LedgerError> {
        let sql = "SELECT blob, digest FROM evidence WHERE subject = ?1 ORDER BY run";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let rows: Vec<(String, String)> = self.rows(sql, [subject.key().to_string()], read)?;
        let read = rows.iter().filter_map(|(blob, digest)| {
            let evidence = self.read_evidence(blob)?;
            (evidence.digest().to_string() == *digest).then_some(evidence)
        });
        Ok(read.filter(|evidence| evidence.subject == *subject).collect())
    }

    /// The evidence named `digest`; `None` if it is not kept.
    ///
    /// # Errors
    /// It is kept and not whole, or the ledger does not answer.
    ///
    /// # Cost
    /// A row and a blob.
    pub fn evidence(&self, digest: &Digest) -> Result<Option<Evidence>, EvidenceError> {
        let sql = "SELECT blob FROM evidence WHERE digest = ?1 ORDER BY subject, run";
        let blobs = self.rows(sql, [digest.to_string()], |row| row.get(0))?;
        let mut read = blobs.iter().filter_map(|blob: &String| self.read_evidence(blob));
        match read.find(|evidence| evidence.digest() == *digest) {
            None if !blobs.is_empty() => Err(EvidenceError::Other { digest: *digest }),
            found => Ok(found),
        }
    }

    fn read_evidence(&self, blob: &str) -> Option<Evidence> {
        let bytes = self.blobs.get(&blob.parse().ok()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}
