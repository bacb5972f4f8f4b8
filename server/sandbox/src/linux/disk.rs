//! What a sandbox keeps on the person's disks: the changes of its overlays, and its own folders where it has no file
//! tree of its own.
//!
//! The kernel has no limit for a folder, so its size is looked at. A file that has no name any more is not seen by
//! that; but no sandbox takes the last room on a disk, whatever it hides.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// What any file or folder counts at least: the smallest piece that disks give away.
const ENTRY_BYTES_MIN: u64 = 4096;
/// The unit of `st_blocks` (stat(3type)).
const BLOCK_BYTES: u64 = 512;
/// What is left to others on a disk, in bytes; on one that has less than twice that, half.
const LEFT_BYTES: u64 = 1 << 30;
/// The shortest time between two looks at the folders.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// And in terms of how long a look takes, so that it costs at most this part of one core.
const PAUSE_LOOKS: u32 = 20;

/// The folders, and what must stay free around them.
pub struct Disk {
    folders: Vec<(PathBuf, u64)>,
    next: Instant,
}

impl Disk {
    /// Watches `folders`.
    pub fn of(folders: &[PathBuf]) -> Self {
        // What cannot be asked has nothing to keep free.
        let floor = |folder: &PathBuf| (free(folder).unwrap_or(0) / 2).min(LEFT_BYTES);
        let folders = folders.iter().map(|folder| (folder.clone(), floor(folder))).collect();
        Self { folders, next: Instant::now() }
    }

    /// Whether they hold no more than `most` bytes together, as far as it is time to look again.
    pub fn within(&mut self, most: u64) -> bool {
        if self.folders.iter().any(|(folder, floor)| free(folder).is_some_and(|free| free < *floor))
        {
            return false;
        }
        let started = Instant::now();
        if started < self.next {
            return true;
        }
        let mut held = Held { bytes: 0, most, shared: HashSet::new() };
        for (folder, _) in &self.folders {
            held.count(folder);
        }
        let taken = started.elapsed();
        self.next = started + taken + (taken * PAUSE_LOOKS).max(PAUSE_MIN);
        held.bytes <= most
    }
}

fn free(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

/// What was found so far.
struct Held {
    bytes: u64,
    most: u64,
    /// Files with several names, which count once.
    shared: HashSet<(u64, u64)>,
}

impl Held {
    /// Adds what is below `root`, until it is too much. No symbolic link is followed: whoever writes there may place some at
    /// any moment.
    fn count(&mut self, root: &Path) {
        let Ok(root) = open(CWD, root, ResolveFlags::NO_SYMLINKS) else { return };
        let mut waiting = vec![PathBuf::from(".")];
        while let Some(path) = waiting.pop() {
            let beneath = ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
            let folder = match open(&root, &path, beneath) {
                Ok(folder) => folder,
                // Nested so deep that it cannot be named: nothing but a flood is.
                Err(Errno::NAMETOOLONG) => {
                    self.bytes = u64::MAX;
                    return;
                }
                // Gone, or closed.
                Err(_) => continue,
            };
            self.list(folder, &path, &mut waiting);
            if self.bytes > self.most {
                return;
            }
        }
    }

    fn list(&mut self, folder: OwnedFd, path: &Path, waiting: &mut Vec<PathBuf>) {
        let Ok(entries) = Dir::read_from(&folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if [c".", c".."].contains(&name) {
                continue;
            }
            let Ok(found) = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            let kind = FileType::from_raw_mode(found.st_mode);
            let several = kind != FileType::Directory && found.st_nlink > 1;
            if several && !self.shared.insert((found.st_dev, found.st_ino)) {
                continue;
            }
            let bytes = found.st_blocks.cast_unsigned() * BLOCK_BYTES;
            self.bytes = self.bytes.saturating_add(bytes.max(ENTRY_BYTES_MIN));
            if self.bytes > self.most {
                return;
            }
            if kind == FileType::Directory {
                let name: &std::ffi::OsStr =
                    std::os::unix::ffi::OsStrExt::from_bytes(name.to_bytes());
                waiting.push(path.join(name));
            }
        }
    }
}

fn open(at: impl std::os::fd::AsFd, path: &Path, how: ResolveFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat2(at, path, flags, Mode::empty(), how)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_is_measured_without_what_links_lead_to() {
        let world = tempfile::tempdir().unwrap();
        let root = world.path().canonicalize().unwrap();
        let (seen, other) = (root.join("seen"), root.join("other"));
        fs::create_dir_all(seen.join("a/b")).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(other.join("big"), vec![1; 1 << 20]).unwrap();
        fs::write(seen.join("a/b/file"), vec![1; 100_000]).unwrap();
        fs::hard_link(seen.join("a/b/file"), seen.join("same")).unwrap();
        std::os::unix::fs::symlink(&other, seen.join("link")).unwrap();
        let within = |most| Disk::of(std::slice::from_ref(&seen)).within(most);
        assert!(within(150_000));
        assert!(!within(100_000));
        // One that was looked at is not looked at again at once.
        let mut disk = Disk::of(std::slice::from_ref(&seen));
        assert!(disk.within(150_000) && disk.within(0));
        assert!(Disk::of(&[root.join("none")]).within(0));
    }

    #[test]
    fn what_must_stay_free_is_looked_at_each_time() {
        let world = tempfile::tempdir().unwrap();
        let mut disk = Disk::of(&[world.path().to_owned()]);
        assert!(disk.within(u64::MAX));
        disk.folders[0].1 = u64::MAX;
        assert!(!disk.within(u64::MAX));
    }
}
