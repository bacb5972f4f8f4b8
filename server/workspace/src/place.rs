//! A folder of the tree, held open: where a file is put stays the same, whatever happens to the folder's path.
//!
//! Between looking at a path and writing to it, another program can put a link in the place of one of its folders.
//! A held folder is reached step by step without following a link, and names in it are changed through it.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is part of the one that writes source trees"
)]

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use model::RelPath;

#[cfg(not(unix))]
use crate::os;

#[cfg(unix)]
pub(crate) use unix::Place;

#[cfg(unix)]
mod unix {
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{AtFlags, Mode, OFlags, fstat, openat, renameat, symlinkat, unlinkat};

    use super::{File, OsStr, Path, RelPath, io};

    /// See the module.
    pub(crate) struct Place {
        folder: OwnedFd,
        /// It is the root, whose own path may end in a link.
        top: bool,
    }

    impl Place {
        /// Opens a folder below `root`, or `root` itself.
        ///
        /// # Errors
        /// What the system says, of a link on the way too.
        pub(crate) fn open(root: &Path, folder: Option<&RelPath>) -> io::Result<Self> {
            // A folder may be passed through and written to, and yet not be listed.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            // The root is where the repository was found, by whatever path.
            let mut at = rustix::fs::open(root, flags, Mode::empty())?;
            for part in
                folder.into_iter().flat_map(|folder| folder.as_bytes().split(|b| *b == b'/'))
            {
                at = openat(&at, part, flags | OFlags::NOFOLLOW, Mode::empty())?;
            }
            Ok(Self { folder: at, top: folder.is_none() })
        }

        /// Whether it is what lies at `path` now, links not followed.
        pub(crate) fn is_at(&self, path: &Path) -> bool {
            let look = if self.top { std::fs::metadata } else { std::fs::symlink_metadata };
            let (Ok(held), Ok(there)) = (fstat(&self.folder), look(path)) else { return false };
            there.is_dir() && (held.st_dev, held.st_ino) == (there.dev(), there.ino())
        }

        /// Creates a file, which must not be there, open for writing.
        pub(crate) fn create(&self, name: &OsStr, bits: u32) -> io::Result<File> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            let mode = Mode::from_bits_truncate(bits);
            Ok(File::from(openat(&self.folder, name, flags | OFlags::CLOEXEC, mode)?))
        }

        /// Creates a link, which must not be there.
        pub(crate) fn link(&self, target: &Path, name: &OsStr) -> io::Result<()> {
            Ok(symlinkat(target, &self.folder, name)?)
        }

        /// Gives a file the name of another one, which is gone by that; with `new`, of none.
        pub(crate) fn rename(&self, from: &OsStr, to: &OsStr, new: bool) -> io::Result<()> {
            let folder = &self.folder;
            if !new {
                return Ok(renameat(folder, from, folder, to)?);
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            {
                use rustix::fs::{RenameFlags, renameat_with};
                use rustix::io::Errno;
                match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
                    // Not every file system can.
                    Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                    done => return Ok(done?),
                }
            }
            rustix::fs::linkat(folder, from, folder, to, AtFlags::empty())?;
            Ok(unlinkat(folder, from, AtFlags::empty())?)
        }

        /// Removes a file or link.
        pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
            Ok(unlinkat(&self.folder, name, AtFlags::empty())?)
        }
    }

    #[cfg(test)]
    mod tests {
        use std::fs;
        use std::io::Write;
        use std::os::unix::fs::symlink;

        use super::*;

        #[test]
        fn a_held_folder_stays_the_same_when_a_link_takes_its_place() {
            let world = tempfile::tempdir().unwrap();
            let (root, outside) = (world.path().join("root"), world.path().join("outside"));
            fs::create_dir_all(root.join("a/b")).unwrap();
            fs::create_dir(&outside).unwrap();
            fs::write(outside.join("file"), "outside\n").unwrap();
            let folder: RelPath = "a/b".parse().unwrap();
            let place = Place::open(&root, Some(&folder)).unwrap();
            assert!(place.is_at(&root.join("a/b")));
            fs::rename(root.join("a/b"), root.join("a/moved")).unwrap();
            symlink(&outside, root.join("a/b")).unwrap();
            assert!(!place.is_at(&root.join("a/b")));
            assert!(Place::open(&root, Some(&folder)).is_err());
            let (new, name) = (OsStr::new("new"), OsStr::new("file"));
            place.create(new, 0o600).unwrap().write_all(b"inside\n").unwrap();
            assert!(place.create(new, 0o600).is_err());
            place.rename(new, name, true).unwrap();
            place.link(Path::new("x"), new).unwrap();
            assert!(place.rename(new, name, true).is_err());
            place.remove(new).unwrap();
            assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "outside\n");
            assert_eq!(fs::read_to_string(root.join("a/moved/file")).unwrap(), "inside\n");
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        }
    }
}

/// Elsewhere a folder is its path.
#[cfg(not(unix))]
pub(crate) struct Place(std::path::PathBuf);

#[cfg(not(unix))]
impl Place {
    pub(crate) fn open(root: &Path, folder: Option<&RelPath>) -> io::Result<Self> {
        folder.map_or_else(|| Ok(root.to_owned()), |folder| os::join(root, folder)).map(Self)
    }

    pub(crate) fn is_at(&self, path: &Path) -> bool {
        std::fs::symlink_metadata(path).is_ok_and(|there| there.is_dir())
    }

    pub(crate) fn create(&self, name: &OsStr, _bits: u32) -> io::Result<File> {
        File::create_new(self.0.join(name))
    }

    pub(crate) fn link(&self, _target: &Path, _name: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr, new: bool) -> io::Result<()> {
        if new && std::fs::symlink_metadata(self.0.join(to)).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        std::fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }
}
