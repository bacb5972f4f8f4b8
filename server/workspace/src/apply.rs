//! The only writer of source trees: one file at a time, whole or not at all.
//!
//! A file is replaced by renaming a finished neighbour over it, after a last look that what is there is
//! still what the caller saw. Our own processes do so one at a time. Another program can still write between
//! that look and the rename: systems offer no compare-and-rename, so the gap is as short as it can be and the
//! caller confirms by content. What it cannot do is lead the write elsewhere: the folder is held open.
#![expect(clippy::disallowed_methods, reason = "this module is the one that writes source trees")]

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use model::{Digest, FileMode, RelPath};

use crate::files::{self, FileError, SAVED_BYTES_MAX, Standing};
use crate::place::Place;
use crate::{Repository, RepositoryError, leftovers, os};

/// Why a file was not written. In every case it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The disk no longer holds what the caller saw.
    #[error("{path} has changed on disk since: look at the change again")]
    Moved {
        /// The file.
        path: RelPath,
    },
    /// A link where a file was expected: writing would reach what it points at.
    #[error("{path} is a symbolic link now, which is not written through")]
    Link {
        /// The link.
        path: RelPath,
    },
    /// A folder on the way is a link.
    #[error("{path}: its folder {link} is a symbolic link, which is not followed")]
    ThroughLink {
        /// The file.
        path: RelPath,
        /// The link.
        link: RelPath,
    },
    /// Submodules are git's to move.
    #[error("{path} is a submodule: check its commit out with git")]
    Submodule {
        /// The submodule.
        path: RelPath,
    },
    /// The file or its folder may not be written.
    #[error("{path} is read-only: allow writing to it and its folder first")]
    ReadOnly {
        /// The file.
        path: RelPath,
    },
    /// Replacing the file would part it from its other names, writing into it would change what they hold.
    #[error(
        "{path} has {links} names (hard links), of which one cannot be changed alone: replace it with a copy of itself first"
    )]
    HardLinked {
        /// The file.
        path: RelPath,
        /// How many names it has.
        links: u64,
    },
    /// The file would not belong to whom it belongs now.
    #[error(
        "{path} belongs to another user or group, which a new version of it would not: change its owner first"
    )]
    Owner {
        /// The file.
        path: RelPath,
    },
    /// No space.
    #[error("the disk is full: {path} was not written")]
    DiskFull {
        /// The file.
        path: RelPath,
    },
    /// A bare repository.
    #[error("the repository is bare: it has no files to write")]
    Bare,
    /// Another process of ours has been writing for longer than [`crate::WRITE_WAIT`].
    #[error(
        "another countersign process is writing files of this worktree: {path} was not written, try again"
    )]
    Busy {
        /// The file.
        path: RelPath,
    },
    /// The lock that keeps our own writers apart cannot be taken.
    #[error("`{}` cannot be locked, which keeps two writers apart: {source}", file.display())]
    Lock {
        /// The lock's file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The index, which says what git tracks.
    #[error("git's index cannot be read: {source}")]
    Index {
        /// Why.
        #[source]
        source: Box<RepositoryError>,
    },
    /// What is there cannot be read to compare it.
    #[error(transparent)]
    Unreadable(FileError),
    /// The system refused.
    #[error("{path} could not be written: {source}")]
    Io {
        /// The file.
        path: RelPath,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Repository {
    /// Replaces, creates (`expected` is `None`) or deletes (`after` is `None`) one file.
    ///
    /// Bytes are written as they are. The executable bit changes only when the two modes say so; other
    /// bits and the owner stay, or the write is refused; extended attributes and access lists stay where the
    /// system permits. A link is a file of its own: it is replaced as a link and never written through. A file
    /// with several names is refused. Folders are created as needed, never through a link, and emptied ones are removed.
    ///
    /// # Errors
    /// [`ApplyError`]; the file is then as it was, and so are its folders.
    ///
    /// # Cost
    /// Reads the old file twice, writes the new one once, waits for the disk; before that for other writers
    /// of this worktree, at most [`crate::WRITE_WAIT`]. A process that is killed meanwhile may leave an
    /// unfinished file beside this one, which no scan shows and [`Repository::sweep`] removes.
    pub fn write_file(
        &self,
        path: &RelPath,
        expected: Option<(FileMode, Digest)>,
        after: Option<(FileMode, &[u8])>,
    ) -> Result<(), ApplyError> {
        let modes = [expected.map(|(mode, _)| mode), after.map(|(mode, _)| mode)];
        if modes.contains(&Some(FileMode::Submodule)) {
            return Err(ApplyError::Submodule { path: path.clone() });
        }
        let root = self.root().ok_or(ApplyError::Bare)?;
        let full =
            os::join(root, path).map_err(|source| ApplyError::Io { path: path.clone(), source })?;
        // From the first look to the rename, so that no other writer of ours comes between.
        let _lock = self.lock_writes(path)?;
        let write = Replacement { repository: self, root, path, full, expected };
        match after {
            None => write.delete(),
            Some((mode, bytes)) => {
                write.check()?;
                let created = write.create_parents()?;
                let done = match mode {
                    FileMode::Symlink => write.put_link(bytes),
                    mode => write.put_file(mode, bytes),
                };
                if done.is_err() {
                    remove_created(&created);
                }
                done
            }
        }
    }
}

impl Repository {
    /// Whether a file could be created, replaced or deleted as things stand: what can be told before the
    /// first of several files is written. Content is [`Repository::write_file`]'s to compare.
    ///
    /// # Errors
    /// The [`ApplyError`] that tells what the write would end at: a folder behind a link, a folder or device in the
    /// file's place, a read-only file, folder or file system, several names, another owner. Free space is
    /// not looked at: only the write can tell.
    ///
    /// # Cost
    /// A few looks; nothing is read or written.
    pub fn can_write(&self, path: &RelPath) -> Result<(), ApplyError> {
        let root = self.root().ok_or(ApplyError::Bare)?;
        let standing = files::look(root, path).map_err(|error| match error {
            FileError::ThroughLink { path, link } => ApplyError::ThroughLink { path, link },
            error => ApplyError::Unreadable(error),
        })?;
        match &standing {
            Standing::File(metadata) => {
                standing_allows(path, metadata)?;
                if !may_own(metadata) {
                    return Err(ApplyError::Owner { path: path.clone() });
                }
            }
            Standing::Folder => {
                return Err(ApplyError::Unreadable(FileError::folder(path)));
            }
            Standing::Special(_) => return Err(ApplyError::Moved { path: path.clone() }),
            Standing::Nothing | Standing::Link => {}
        }
        // The folder, or the nearest one that is there, in which the missing ones will be created.
        let mut parent = path.parent();
        while let Some(folder) = &parent {
            match files::look(root, folder).map_err(ApplyError::Unreadable)? {
                Standing::Folder => break,
                Standing::Nothing => parent = folder.parent(),
                _ => return Err(ApplyError::Moved { path: folder.clone() }),
            }
        }
        let folder = parent.map_or_else(|| Ok(root.to_owned()), |folder| os::join(root, &folder));
        folder.and_then(|folder| may_change(&folder)).map_err(|source| match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ApplyError::ReadOnly { path: path.clone() }
            }
            _ => ApplyError::Io { path: path.clone(), source },
        })
    }
}

/// One write under way.
struct Replacement<'a> {
    repository: &'a Repository,
    root: &'a Path,
    path: &'a RelPath,
    full: PathBuf,
    expected: Option<(FileMode, Digest)>,
}

impl Replacement<'_> {
    fn folder(&self) -> &Path {
        self.full.parent().unwrap_or(self.root)
    }

    fn name(&self) -> &OsStr {
        self.full.file_name().unwrap_or_default()
    }

    /// Opens the file's folder, which then stays the one that is written to.
    fn place(&self) -> Result<Place, ApplyError> {
        Place::open(self.root, self.path.parent().as_ref()).map_err(|source| match source.kind() {
            io::ErrorKind::PermissionDenied => self.failed(source),
            _ => ApplyError::Moved { path: self.path.clone() },
        })
    }

    /// Refuses when something took the folder's place since it was opened.
    fn still(&self, place: &Place) -> Result<(), ApplyError> {
        let still = place.is_at(self.folder());
        still.then_some(()).ok_or_else(|| ApplyError::Moved { path: self.path.clone() })
    }

    fn failed(&self, source: io::Error) -> ApplyError {
        let path = self.path.clone();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ApplyError::ReadOnly { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ApplyError::DiskFull { path }
            }
            io::ErrorKind::AlreadyExists => ApplyError::Moved { path },
            _ => ApplyError::Io { path, source },
        }
    }

    /// Whether the disk still holds what was expected; gives the metadata of a plain file that is there.
    fn check(&self) -> Result<Option<Metadata>, ApplyError> {
        let path = || self.path.clone();
        let unreadable = |error| match error {
            FileError::ThroughLink { path, link } => ApplyError::ThroughLink { path, link },
            error => ApplyError::Unreadable(error),
        };
        let standing = files::look(self.root, self.path).map_err(unreadable)?;
        let Some((mode, digest)) = self.expected else {
            return match standing {
                Standing::Nothing => Ok(None),
                _ => Err(ApplyError::Moved { path: path() }),
            };
        };
        let metadata = match (standing, mode) {
            (Standing::Link, FileMode::Symlink) => None,
            (Standing::Link, _) => return Err(ApplyError::Link { path: path() }),
            (Standing::File(metadata), FileMode::File | FileMode::Executable) => Some(metadata),
            _ => return Err(ApplyError::Moved { path: path() }),
        };
        let filemode = self.repository.disk.filemode;
        let saved = files::read_saved(self.root, self.path, filemode, SAVED_BYTES_MAX);
        let saved = saved.map_err(unreadable)?.ok_or_else(|| ApplyError::Moved { path: path() })?;
        let same_mode = saved.mode == mode || (!filemode && metadata.is_some());
        if Digest::of(&saved.bytes) != digest || !same_mode {
            return Err(ApplyError::Moved { path: path() });
        }
        if let Some(metadata) = &metadata {
            standing_allows(self.path, metadata)?;
        }
        Ok(metadata)
    }

    fn delete(&self) -> Result<(), ApplyError> {
        self.check()?;
        if self.expected.is_none() {
            return Ok(());
        }
        let place = self.place()?;
        self.check()?;
        self.still(&place)?;
        place.remove(self.name()).map_err(|error| self.failed(error))?;
        sync(self.folder());
        leftovers::remove_emptied(self.root, self.path);
        Ok(())
    }

    /// Creates the missing folders and gives them, outermost first.
    fn create_parents(&self) -> Result<Vec<PathBuf>, ApplyError> {
        let mut missing = Vec::new();
        let mut parent = self.path.parent();
        while let Some(folder) = parent {
            parent = folder.parent();
            match files::look(self.root, &folder).map_err(ApplyError::Unreadable)? {
                Standing::Folder => break,
                Standing::Nothing => missing.push(folder),
                Standing::File(_) | Standing::Link | Standing::Special(_) => {
                    return Err(ApplyError::Moved { path: folder });
                }
            }
        }
        let mut created = Vec::new();
        for folder in missing.into_iter().rev() {
            let made = os::join(self.root, &folder).and_then(|full| {
                fs::create_dir(&full)?;
                Ok(full)
            });
            match made {
                Ok(full) => created.push(full),
                Err(error) => {
                    remove_created(&created);
                    return Err(self.failed(error));
                }
            }
        }
        for folder in created.iter().filter_map(|folder| folder.parent()) {
            sync(folder);
        }
        Ok(created)
    }

    fn put_file(&self, mode: FileMode, bytes: &[u8]) -> Result<(), ApplyError> {
        let fail = |error| self.failed(error);
        let executable = mode == FileMode::Executable;
        // As any program creates a file; the system takes off the person's umask.
        let bits = if executable { 0o777 } else { 0o666 };
        let place = self.place()?;
        let mut file = leftovers::names()
            .make_in(self.folder(), |path| place.create(path.file_name().unwrap_or_default(), bits))
            .map_err(fail)?;
        file.write_all(bytes).map_err(fail)?;
        if let Some(old) = self.check()? {
            let was = self.expected.map(|(mode, _)| mode == FileMode::Executable);
            if !keep_owner(file.as_file(), &old).map_err(fail)? {
                return Err(ApplyError::Owner { path: self.path.clone() });
            }
            // Attributes before bits: an access list brings bits of its own.
            keep_attributes(&self.full, file.as_file());
            keep_bits(file.as_file(), &old, was != Some(executable), executable).map_err(fail)?;
        }
        file.as_file().sync_all().map_err(fail)?;
        self.put(&place, file.into_temp_path())
    }

    /// The last look; then at once the rename.
    fn put(&self, place: &Place, unfinished: tempfile::TempPath) -> Result<(), ApplyError> {
        self.check()?;
        self.still(place)?;
        let name = unfinished.file_name().unwrap_or_default();
        let new = self.expected.is_none();
        place.rename(name, self.name(), new).map_err(|error| self.failed(error))?;
        // Nothing of that name is left to be removed.
        unfinished.keep().ok();
        sync(self.folder());
        Ok(())
    }

    fn put_link(&self, target: &[u8]) -> Result<(), ApplyError> {
        let fail = |error| self.failed(error);
        let target = os::from_bytes(target).map_err(fail)?;
        let place = self.place()?;
        let link = leftovers::names()
            .make_in(self.folder(), |path| {
                place.link(&target, path.file_name().unwrap_or_default())
            })
            .map_err(fail)?;
        self.put(&place, link.into_temp_path())
    }
}

/// Refuses a plain file whose bits or names stand against replacing it.
fn standing_allows(path: &RelPath, metadata: &Metadata) -> Result<(), ApplyError> {
    if metadata.permissions().readonly() {
        return Err(ApplyError::ReadOnly { path: path.clone() });
    }
    #[cfg(unix)]
    {
        let links = std::os::unix::fs::MetadataExt::nlink(metadata);
        if links > 1 {
            return Err(ApplyError::HardLinked { path: path.clone(), links });
        }
    }
    Ok(())
}

/// Gives the new file the owner of the old one; `false` where the system does not permit it.
#[cfg(unix)]
fn keep_owner(new: &fs::File, old: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let created = new.metadata()?;
    if (created.uid(), created.gid()) == (old.uid(), old.gid()) {
        return Ok(true);
    }
    match fchown(new, Some(old.uid()), Some(old.gid())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives the new file the bits of the old one; the executable bits as asked.
#[cfg(unix)]
fn keep_bits(new: &fs::File, old: &Metadata, toggle: bool, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut bits = old.permissions().mode() & 0o7777;
    if toggle && executable {
        // Whoever may read may execute.
        bits |= (bits & 0o444) >> 2;
    } else if toggle {
        bits &= !0o111;
    }
    new.set_permissions(fs::Permissions::from_mode(bits))
}

/// Gives the new file the extended attributes of the old one, access lists among them, as far as the system has
/// them and permits it: a file is not refused for a label that only the system sets.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn keep_attributes(old: &Path, new: &fs::File) {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    /// How many bytes of names, and of one value, are kept: what Linux holds at most.
    const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;
    let Ok(old) = os::open_plain(old) else { return };
    let mut names = Vec::with_capacity(ATTRIBUTE_BYTES_MAX);
    if flistxattr(&old, rustix::buffer::spare_capacity(&mut names)).is_err() {
        return;
    }
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = Vec::with_capacity(ATTRIBUTE_BYTES_MAX);
        if fgetxattr(&old, name, rustix::buffer::spare_capacity(&mut value)).is_ok() {
            fsetxattr(new, name, &value, XattrFlags::empty()).ok();
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn keep_attributes(_old: &Path, _new: &fs::File) {}

#[cfg(not(unix))]
fn keep_owner(_new: &fs::File, _old: &Metadata) -> io::Result<bool> {
    Ok(true)
}

#[cfg(not(unix))]
fn keep_bits(_new: &fs::File, _old: &Metadata, _toggle: bool, _exec: bool) -> io::Result<()> {
    Ok(())
}

/// Whether this process may create and remove names in a folder, a file system that is read-only included.
#[cfg(unix)]
fn may_change(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let access = Access::WRITE_OK | Access::EXEC_OK;
    // The rights a write will be made with, not those of whoever started the program.
    Ok(accessat(CWD, folder, access, AtFlags::EACCESS)?)
}

#[cfg(not(unix))]
fn may_change(folder: &Path) -> io::Result<()> {
    let metadata = fs::metadata(folder)?;
    if metadata.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

/// Whether the file belongs to whoever a new version of it would belong to, or can be given back.
#[cfg(unix)]
fn may_own(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid();
    user.is_root() || metadata.uid() == user.as_raw()
}

#[cfg(not(unix))]
fn may_own(_metadata: &Metadata) -> bool {
    true
}

/// Makes a folder's names durable. Some file systems cannot; the rename has happened all the same.
fn sync(folder: &Path) {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).ok();
}

/// Takes back folders that were created for a file that was not written.
fn remove_created(created: &[PathBuf]) {
    for folder in created.iter().rev() {
        fs::remove_dir(folder).ok();
    }
}
