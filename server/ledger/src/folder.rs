//! The ledger's folder: what must be true of it, and how the database gets into it.
#![expect(clippy::disallowed_methods, reason = "the door to the ledger's own folder")]

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use model::HolderId;

use crate::{LedgerError, database, holder};

/// Where the database is put together before it gets its name.
const NEW: &str = "new.db";

/// Filesystems whose files several machines may write. SQLite's write-ahead log needs memory that all
/// writers share, and locks that every writer sees.
const NETWORK_FILESYSTEMS: [&str; 22] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.davfs2",
    "fuse.glusterfs",
    "fuse.gvfsd-fuse",
    "fuse.juicefs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.smbnetfs",
    "fuse.sshfs",
    "gfs2",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

/// A folder that passed the checks.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// Which file lies at a path; `None` where the system has no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity(Option<(u64, u64)>);

impl Folder {
    /// Checks `path` and makes it, private to the user, with what belongs inside.
    pub(crate) fn prepare(path: &Path) -> Result<Self, LedgerError> {
        let folder = match Self::existing(path)? {
            Some(folder) => folder,
            None => {
                refuse_network(path)?;
                make_private(path)?;
                // Another process may have made something there since.
                Self::existing(path)?.unwrap_or_else(|| Self(path.to_owned()))
            }
        };
        restrict(path)?;
        for inner in [folder.holders(), folder.blobs(), folder.incoming()] {
            make_private(&inner)?;
        }
        Ok(folder)
    }

    /// Checks `path`; `None` if nothing is there.
    pub(crate) fn existing(path: &Path) -> Result<Option<Self>, LedgerError> {
        let occupied =
            |found| LedgerError::Occupied { path: path.to_owned(), found, wanted: "a folder" };
        match fs::symlink_metadata(path) {
            Ok(there) if there.is_dir() => {
                refuse_network(path)?;
                Ok(Some(Self(path.to_owned())))
            }
            Ok(there) if there.is_symlink() => Err(occupied("a symbolic link")),
            Ok(_) => Err(occupied("a file")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LedgerError::io("look at", path, error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("ledger.db")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.0.join("blobs")
    }

    /// Where blobs are written before they get their name: `<holder>.<random>`.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.0.join("blobs").join("incoming")
    }

    pub(crate) fn holders(&self) -> PathBuf {
        self.0.join("holders")
    }

    /// Whether a file is where the database belongs.
    pub(crate) fn has_database(&self) -> Result<bool, LedgerError> {
        let path = self.database();
        let found = match fs::symlink_metadata(&path) {
            Ok(there) if there.is_file() => return Ok(true),
            Ok(there) if there.is_symlink() => "a symbolic link",
            Ok(_) => "no plain file",
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(LedgerError::io("look at", &path, error)),
        };
        Err(LedgerError::Occupied { path, found, wanted: "a file" })
    }

    /// Whether a ledger is there; refused when its database is gone and the rest is not.
    ///
    /// A crash while a ledger is created leaves empty folders at most: the database comes first.
    pub(crate) fn has_ledger(&self) -> Result<bool, LedgerError> {
        if self.has_database()? {
            return Ok(true);
        }
        // SQLite would replay the log of another database into a new one.
        let log = self.0.join("ledger.db-wal");
        let error = if bytes_of(&log)? > 0 {
            LedgerError::Orphaned { path: log }
        } else if self.has_remains()? {
            LedgerError::Missing { path: self.database() }
        } else {
            return Ok(false);
        };
        // Another process may have created all of it since the first look.
        if self.has_database()? { Ok(true) } else { Err(error) }
    }

    /// Whether any blob or any lock file is there.
    fn has_remains(&self) -> Result<bool, LedgerError> {
        for folder in [self.holders(), self.incoming(), self.blobs()] {
            let failed = |error| LedgerError::io("list", &folder, error);
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            for entry in entries {
                if entry.map_err(failed)?.path() != self.incoming() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Which file the database is.
    pub(crate) fn identity(&self) -> Result<FileIdentity, LedgerError> {
        let path = self.database();
        match fs::symlink_metadata(&path) {
            Ok(there) => Ok(FileIdentity(numbers(&there))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(LedgerError::Replaced { path })
            }
            Err(error) => Err(LedgerError::io("look at", &path, error)),
        }
    }

    /// Puts an empty ledger where the database belongs, unless another process was first.
    ///
    /// It is put together under another name and renamed, so a crash never leaves half a ledger.
    pub(crate) fn create_database(&self) -> Result<(), LedgerError> {
        let _lock = self.lock_format()?;
        if self.has_ledger()? {
            return Ok(());
        }
        let new = self.0.join(NEW);
        for left in ["", "-journal", "-wal", "-shm"] {
            remove_if_there(&self.0.join(format!("{NEW}{left}")))?;
        }
        let file = create_private(&new).map_err(|error| LedgerError::io("create", &new, error))?;
        database::initialise(&new)?;
        file.sync_all().map_err(|error| LedgerError::io("write", &new, error))?;
        drop(file);
        let path = self.database();
        fs::rename(&new, &path).map_err(|error| LedgerError::io("create", &path, error))?;
        sync_folder(&self.0).map_err(|error| LedgerError::io("write", &self.0, error))
    }

    /// Brings the database to the current format, one process at a time.
    pub(crate) fn upgrade_database(&self) -> Result<(), LedgerError> {
        let _lock = self.lock_format()?;
        database::upgrade(&self.database())
    }

    /// Removes unfinished blobs of dead processes. What cannot be removed is tried again next time.
    pub(crate) fn clear_incoming(&self) {
        let Ok(entries) = fs::read_dir(self.incoming()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some((id, _)) = name.to_str().and_then(|name| name.split_once('.')) else {
                continue;
            };
            if !holder::is_alive(&self.holders(), &HolderId(id.to_owned())) {
                fs::remove_file(entry.path()).ok();
            }
        }
    }

    /// Waits to be the only process that creates or upgrades the database; until the file is dropped.
    fn lock_format(&self) -> Result<File, LedgerError> {
        let path = self.0.join("format.lock");
        let mut options = private_options();
        options.create(true).truncate(false);
        let file = options.open(&path).map_err(|error| LedgerError::io("create", &path, error))?;
        file.lock().map_err(|error| LedgerError::io("lock", &path, error))?;
        Ok(file)
    }
}

/// How many bytes a file has; 0 if it is not there.
pub(crate) fn bytes_of(path: &Path) -> Result<u64, LedgerError> {
    match fs::symlink_metadata(path) {
        Ok(there) => Ok(there.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(LedgerError::io("look at", path, error)),
    }
}

/// Whether files can be made in the folder. Permissions alone do not tell: the medium may be read-only.
pub(crate) fn may_write(folder: &Path) -> bool {
    let refused = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
    tempfile::tempfile_in(folder).map_or_else(|error| !refused.contains(&error.kind()), |_| true)
}

/// Whether what the system says is that there is no space.
pub(crate) fn says_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Whether there is no space for a file of a few pages in the folder.
pub(crate) fn is_full(folder: &Path) -> bool {
    const PROBE: [u8; 16 * 1024] = [0; 16 * 1024];
    let written = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&PROBE));
    written.is_err_and(|error| says_full(&error))
}

/// Makes the names in a folder durable. Windows does so by itself.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Makes a folder that only the user may enter; one that is there stays.
pub(crate) fn make_private(path: &Path) -> Result<(), LedgerError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(LedgerError::io("create", path, error))
        }
        _ => Ok(()),
    }
}

fn restrict(path: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let failed = |error| LedgerError::io("set the permissions of", path, error);
        let mut permissions = fs::symlink_metadata(path).map_err(failed)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            fs::set_permissions(path, permissions).map_err(failed)?;
        }
    }
    Ok(())
}

fn private_options() -> fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_private(path: &Path) -> io::Result<File> {
    private_options().create_new(true).open(path)
}

fn remove_if_there(path: &Path) -> Result<(), LedgerError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(LedgerError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn numbers(there: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn numbers(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Refuses a folder on a network filesystem, as far as the system says so: Linux lists its mounts,
/// elsewhere nothing is known without `unsafe` and nothing is refused.
fn refuse_network(path: &Path) -> Result<(), LedgerError> {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return Ok(()) };
    let there = match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            fs::canonicalize(parent.unwrap_or(Path::new(".")))
        }
        there => there,
    };
    let there = there.map_err(|error| LedgerError::io("look at", path, error))?;
    match filesystem_of(&mounts, &there) {
        Some(kind) if NETWORK_FILESYSTEMS.contains(&kind) => {
            Err(LedgerError::NetworkFilesystem { path: path.to_owned(), kind: kind.to_owned() })
        }
        _ => Ok(()),
    }
}

/// The type of the filesystem that holds `path`, from the text of `/proc/self/mountinfo`. A later mount
/// covers an earlier one at the same place.
fn filesystem_of<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let parse = |line: &'m str| {
        let (left, right) = line.split_once(" - ")?;
        let point = PathBuf::from(unescaped(left.split(' ').nth(4)?));
        let kind = right.split(' ').next()?;
        path.starts_with(&point).then(|| (point.components().count(), kind))
    };
    // `max_by_key` keeps the last of equals.
    mounts.lines().filter_map(parse).max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// Mount points with the octal escapes of space, tab, line break and backslash taken out.
fn unescaped(point: &str) -> String {
    point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw shared:2 - btrfs /dev/vdb rw
31 30 0:27 / /home/me/my\\040share rw - nfs4 server:/export rw
32 30 0:28 / /home/me/over rw - nfs server:/export rw
33 32 0:29 / /home/me/over rw - tmpfs tmpfs rw
34 30 0:30 / /home/me/ssh rw,nosuid master:3 shared:4 - fuse.sshfs me@host: rw";

    #[test]
    fn the_deepest_and_latest_mount_says_what_holds_a_path() {
        let check = |path: &str, kind| assert_eq!(filesystem_of(MOUNTS, Path::new(path)), kind);
        check("/srv/repo", Some("ext4"));
        check("/home/me/repo", Some("btrfs"));
        check("/home/me/my share/repo", Some("nfs4"));
        check("/home/me/my shared", Some("btrfs"));
        check("/home/me/over/repo", Some("tmpfs"));
        check("/home/me/ssh/repo", Some("fuse.sshfs"));
        check("relative", None);
    }

    #[test]
    fn the_list_of_network_filesystems_is_sorted_and_holds_the_common_ones() {
        assert!(NETWORK_FILESYSTEMS.is_sorted());
        for kind in ["nfs4", "cifs", "fuse.sshfs"] {
            assert!(NETWORK_FILESYSTEMS.contains(&kind));
        }
        assert!(!NETWORK_FILESYSTEMS.contains(&"ext4"));
    }
}
