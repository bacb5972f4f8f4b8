//! What differs between systems: path bytes, mode bits, opening without blocking or following.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is a door to source trees and named files"
)]

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use model::RelPath;

/// The path of `path` below `root`.
///
/// # Errors
/// `InvalidInput` where the system cannot hold the bytes as a name (names outside UTF-8 off Unix).
pub(crate) fn join(root: &Path, path: &RelPath) -> io::Result<PathBuf> {
    Ok(root.join(from_bytes(path.as_bytes())?))
}

/// A path from the bytes git holds.
pub(crate) fn from_bytes(bytes: &[u8]) -> io::Result<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(PathBuf::from(text))
    }
}

/// The bytes git would hold for a path, with `/` between parts.
pub(crate) fn to_bytes(path: &Path) -> Vec<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        path.as_os_str().as_bytes().to_vec()
    }
    #[cfg(not(unix))]
    {
        path.to_string_lossy().replace('\\', "/").into_bytes()
    }
}

/// Whether a folder holds a `.git` of its own, folder or file.
pub(crate) fn is_repository(folder: &Path) -> bool {
    std::fs::symlink_metadata(folder.join(".git")).is_ok()
}

/// Whether the owner may execute the file.
pub(crate) fn is_executable(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.permissions().mode() & 0o100 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified: (i64, u32),
    pub(crate) changed: (i64, u32),
    pub(crate) inode: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let nanoseconds = |value: i64| u32::try_from(value).unwrap_or_default();
            Self {
                size: metadata.len(),
                modified: (metadata.mtime(), nanoseconds(metadata.mtime_nsec())),
                changed: (metadata.ctime(), nanoseconds(metadata.ctime_nsec())),
                inode: metadata.ino(),
            }
        }
        #[cfg(not(unix))]
        {
            Self { size: metadata.len(), ..Self::default() }
        }
    }
}

/// The path with every link resolved.
pub(crate) fn real(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// Opens an existing file for reading so that a name that turns into a pipe or a link meanwhile neither
/// blocks nor is followed.
pub(crate) fn open_plain(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_FOLLOW | NON_BLOCKING);
    options.open(path)
}

// The numbers of `fcntl.h`; the standard library takes them but does not name them.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const NO_FOLLOW: i32 = 0x100;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const NON_BLOCKING: i32 = 0x4;
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    any(target_arch = "aarch64", target_arch = "arm")
))]
const NO_FOLLOW: i32 = 0o100_000;
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(target_arch = "aarch64", target_arch = "arm"))
))]
const NO_FOLLOW: i32 = 0o400_000;
#[cfg(any(target_os = "linux", target_os = "android"))]
const NON_BLOCKING: i32 = 0o4_000;
