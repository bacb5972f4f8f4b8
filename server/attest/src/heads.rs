//! How far each ledger had come when it was last found whole, kept where the ledger does not lie.

use std::path::{Path, PathBuf};

use model::Envelope;

use crate::envelope::{EnvelopeError, parse, to_bytes};
use crate::private::{Others, StoreError, named, read, write};

/// The signed heads of one person's ledgers: a file for each repository.
#[derive(Debug, Clone)]
pub struct HeadStore {
    folder: PathBuf,
}

/// Why a kept head cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// Its file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is in it.
    #[error("{}: {source}", .path.display())]
    Envelope {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: EnvelopeError,
    },
}

impl HeadStore {
    /// The heads in `folder`, which is made when one is kept.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What was kept last for the repository whose common folder is `repository`; not verified.
    ///
    /// # Errors
    /// [`HeadError`]: it is broken, or others could change it.
    pub fn kept(&self, repository: &Path) -> Result<Option<Envelope>, HeadError> {
        let path = named(&self.folder, repository);
        let Some(bytes) = read(&path, Others::Read)? else { return Ok(None) };
        parse(&bytes).map(Some).map_err(|source| HeadError::Envelope { path, source })
    }

    /// Keeps a head in place of the last one.
    ///
    /// # Errors
    /// The system refuses; the last one stays.
    pub fn keep(&self, repository: &Path, head: &Envelope) -> Result<(), StoreError> {
        write(&named(&self.folder, repository), &to_bytes(head), true)
    }
}
