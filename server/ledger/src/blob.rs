//! Bytes by digest: `blobs/aa/bbbb...`, where `aabbbb...` is the SHA-256 in hexadecimal.
//!
//! A blob is complete and durable before it has its name, and its digest is checked whenever it is read.
//! Blobs are never changed; nothing removes them.
#![expect(clippy::disallowed_methods, reason = "the door to the blob store")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use model::{Digest, HolderId};

use crate::folder::{make_private, says_full, sync_folder};
use crate::{BLOB_BYTES_MAX, LedgerError};

/// Why a blob cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It is not in the store.
    #[error("blob {} is missing: `{}` is not there", digest.short(), path.display())]
    Missing {
        /// Which.
        digest: Digest,
        /// Where it should be.
        path: PathBuf,
    },
    /// The file holds other bytes. Storing the right ones again repairs it.
    #[error("blob {} is damaged: `{}` holds other bytes", digest.short(), path.display())]
    Damaged {
        /// Which.
        digest: Digest,
        /// Its file.
        path: PathBuf,
    },
    /// More than [`BLOB_BYTES_MAX`] bytes.
    #[error("{bytes} bytes are too many for one blob: at most {BLOB_BYTES_MAX} are kept")]
    TooLarge {
        /// How many.
        bytes: u64,
    },
    /// The store was opened to be read.
    #[error("`{}` was opened to be read only", path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
    /// No space.
    #[error("the disk is full: `{}` could not be written; make room and try again", path.display())]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
    },
    /// The disk or the permissions do not allow it.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder of the store cannot be made.
    #[error(transparent)]
    Folder(LedgerError),
}

/// The blob store of a ledger. Cheap to clone; `Send` and `Sync`.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    incoming: PathBuf,
    holder: Option<HolderId>,
}

impl Blobs {
    pub(crate) fn new(folder: PathBuf, incoming: PathBuf, holder: Option<HolderId>) -> Self {
        Self { folder, incoming, holder }
    }

    /// Stores `bytes` and names them. They are on disk when it returns, so an event may name them.
    /// Storing the same bytes again changes nothing, or repairs a damaged file.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`], [`BlobError::ReadOnly`], or what the disk says.
    ///
    /// # Cost
    /// Two passes over the bytes and two disk syncs. [`Blobs::put_all`] shares the second one.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let (digest, folder) = self.place(bytes)?;
        self.sync(&folder)?;
        Ok(digest)
    }

    /// Stores each of `all`, as [`Blobs::put`] does, and names them in order.
    ///
    /// # Errors
    /// As [`Blobs::put`], at the first that fails; those before it may be stored.
    ///
    /// # Cost
    /// A disk sync for each, and one for each of the at most 256 folders they fall in.
    pub fn put_all<'b>(
        &self,
        all: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<Vec<Digest>, BlobError> {
        let mut folders = BTreeSet::new();
        let mut digests = Vec::new();
        for bytes in all {
            let (digest, folder) = self.place(bytes)?;
            folders.insert(folder);
            digests.push(digest);
        }
        folders.iter().try_for_each(|folder| self.sync(folder))?;
        Ok(digests)
    }

    /// The bytes named `digest`.
    ///
    /// # Errors
    /// [`BlobError::Missing`], [`BlobError::Damaged`], or what the disk says.
    ///
    /// # Cost
    /// One read and one pass to check.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>, BlobError> {
        let path = self.path(digest);
        let damaged = || BlobError::Damaged { digest: *digest, path: path.clone() };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(BlobError::Missing { digest: *digest, path });
            }
            Err(error) => return Err(failed("read", &path, error)),
        };
        let mut bytes = Vec::new();
        // One byte more than any blob has: a file that grew is not read to its end.
        file.take(BLOB_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("read", &path, error))?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(damaged()) }
    }

    /// Whether there is a file for `digest`. Its bytes are not looked at.
    pub fn contains(&self, digest: &Digest) -> bool {
        fs::symlink_metadata(self.path(digest)).is_ok_and(|there| there.is_file())
    }

    /// The file of `digest`, whether it is there or not.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let text = digest.to_string();
        let (first, rest) = text.split_at(2);
        self.folder.join(first).join(rest)
    }

    /// Stores `bytes` under their name; the name is durable once the returned folder is synced.
    fn place(&self, bytes: &[u8]) -> Result<(Digest, PathBuf), BlobError> {
        let Some(HolderId(holder)) = &self.holder else {
            return Err(BlobError::ReadOnly { path: self.folder.clone() });
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { bytes: size });
        }
        let digest = Digest::of(bytes);
        let path = self.path(&digest);
        let folder = path.parent().unwrap_or(&self.folder).to_owned();
        match self.get(&digest) {
            Ok(_) => return Ok((digest, folder)),
            Err(BlobError::Missing { .. } | BlobError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        if !folder.is_dir() {
            make_private(&folder).map_err(BlobError::Folder)?;
            self.sync(&self.folder)?;
        }
        let mut file = tempfile::Builder::new()
            .prefix(&format!("{holder}."))
            .tempfile_in(&self.incoming)
            .map_err(|error| failed("create a file in", &self.incoming, error))?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| failed("write", file.path(), error))?;
        file.persist(&path).map_err(|error| failed("create", &path, error.error))?;
        // Read back, so that what the ledger names is known to be there and right.
        self.get(&digest)?;
        Ok((digest, folder))
    }

    fn sync(&self, folder: &Path) -> Result<(), BlobError> {
        sync_folder(folder).map_err(|error| failed("write", folder, error))
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> BlobError {
    let path = path.to_owned();
    if says_full(&source) {
        BlobError::DiskFull { path }
    } else {
        BlobError::Io { action, path, source }
    }
}
