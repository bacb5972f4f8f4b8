//! Files that only their owner may touch: read when nobody else could have changed or seen them, written whole.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The largest file that is kept, in bytes.
const FILE_LIMIT_BYTES: u64 = 64 * 1024;

/// Why a key or a record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refuses.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can use it.
    #[error("{}: others than you can {what} it (mode {mode:o}): take that right from them with `chmod {wanted:o}`", .path.display())]
    Open {
        /// Which file or folder.
        path: PathBuf,
        /// `read`, `change`.
        what: &'static str,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
    /// It belongs to somebody else, or is no plain file or folder.
    #[error("{}: not {what} of your own: move it away", .path.display())]
    NotOwn {
        /// Which.
        path: PathBuf,
        /// `a file`, `a folder`.
        what: &'static str,
    },
    /// Its content is not what it should be.
    #[error("{}: {what}: move it away, and it is made anew", .path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What others than the owner may do with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Nothing.
    Nothing,
    /// Read it.
    Read,
}

/// The file in `folder` that is about one repository.
pub(crate) fn named(folder: &Path, repository: &Path) -> PathBuf {
    let name = model::Digest::of(repository.as_os_str().as_encoded_bytes());
    folder.join(format!("{name}.json"))
}

/// Reads a file that belongs to the person; `None` when there is none.
pub(crate) fn read(path: &Path, others: Others) -> Result<Option<Vec<u8>>, StoreError> {
    let fail = |source| StoreError::Io { path: path.to_owned(), source };
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    guard(path, &file, others)?;
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > FILE_LIMIT_BYTES {
        let what = format!("more than {FILE_LIMIT_BYTES} bytes");
        return Err(StoreError::Broken { path: path.to_owned(), what });
    }
    Ok(Some(bytes))
}

/// Writes a file whole, for the owner alone. With `instead` false one that is there stays, and that is no error.
pub(crate) fn write(path: &Path, bytes: &[u8], instead: bool) -> Result<(), StoreError> {
    let fail = |source| StoreError::Io { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    // A temporary file is made with mode 0600 and never seen under its name before it is whole.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    if instead {
        file.persist(path).map_err(|error| fail(error.error))?;
        return Ok(());
    }
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(fail(error.error)),
        _ => Ok(()),
    }
}

/// Removes a file; answers whether there was one.
#[expect(clippy::disallowed_methods, reason = "this crate is the door to keys and trust records")]
pub(crate) fn remove(path: &Path) -> Result<bool, StoreError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(StoreError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this crate is the door to keys and trust records")]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // A link could lead to a file of somebody else; a pipe would be waited for.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::from_ne_bytes(flags.bits().to_ne_bytes());
    std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "this crate is the door to keys and trust records")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this crate is the door to keys and trust records")]
fn make_folder(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let fail = |source| StoreError::Io { path: folder.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    let known = std::fs::metadata(folder).map_err(fail)?;
    if known.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::NotOwn { path: folder.to_owned(), what: "a folder" });
    }
    let mode = known.mode() & 0o7777;
    if mode & 0o022 != 0 {
        let path = folder.to_owned();
        return Err(StoreError::Open { path, what: "change", mode, wanted: 0o700 });
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "this crate is the door to keys and trust records")]
fn make_folder(folder: &Path) -> Result<(), StoreError> {
    // Below the person's profile, where the system lets nobody else in.
    std::fs::create_dir_all(folder)
        .map_err(|source| StoreError::Io { path: folder.to_owned(), source })
}

#[cfg(unix)]
fn guard(path: &Path, file: &File, others: Others) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    let known =
        file.metadata().map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    if !known.is_file() || known.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::NotOwn { path: path.to_owned(), what: "a file" });
    }
    let mode = known.mode() & 0o7777;
    let path = path.to_owned();
    if mode & 0o022 != 0 {
        return Err(StoreError::Open { path, what: "change", mode, wanted: 0o600 });
    }
    if others == Others::Nothing && mode & 0o077 != 0 {
        return Err(StoreError::Open { path, what: "read", mode, wanted: 0o600 });
    }
    Ok(())
}

#[cfg(not(unix))]
fn guard(path: &Path, file: &File, _: Others) -> Result<(), StoreError> {
    let known =
        file.metadata().map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    if known.is_file() {
        return Ok(());
    }
    Err(StoreError::NotOwn { path: path.to_owned(), what: "a file" })
}
