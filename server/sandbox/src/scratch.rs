//! Folders for the changes of a sandbox that nobody keeps: gone with their owner, or swept when it was killed.

use std::io;
use std::path::{Path, PathBuf};

use crate::confined::Mount;

/// A pair of folders for [`Mount::Overlay`], removed with everything in them when this is dropped.
///
/// A lock on the folder says that its owner lives, so what a killed one left is removed by the next one.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    /// Held until the end, by being open.
    _lock: std::fs::File,
}

impl Scratch {
    /// Makes one below `home`, which is made if it is missing, and removes what killed owners left there.
    ///
    /// # Errors
    /// What the system says about the folders.
    /// # Cost
    /// A few system calls; and the removal of what was left.
    pub fn new(home: &Path) -> io::Result<Self> {
        folders::make(home)?;
        let (folder, lock) = folders::fresh(home)?;
        let scratch = Self { folder, _lock: lock };
        folders::make(&scratch.folder.join("upper"))?;
        folders::make(&scratch.folder.join("work"))?;
        Ok(scratch)
    }

    /// `lower`, the topmost first, shown at `at`, with its changes going here.
    ///
    /// # Errors
    /// What the system says about the topmost.
    pub fn over(&self, lower: Vec<PathBuf>, at: PathBuf) -> io::Result<Mount> {
        let (upper, work) = (self.upper(), self.folder.join("work"));
        if let Some(top) = lower.first() {
            // The folder itself is seen as the upper one is.
            folders::allow_the_same(top, &upper)?;
        }
        Ok(Mount::Overlay { lower, upper, work, at })
    }

    /// Where the changes are.
    pub fn upper(&self) -> PathBuf {
        self.folder.join("upper")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is swept by the next one.
        folders::remove(&self.folder).ok();
    }
}

/// What is done to folders, all within the one that the caller names.
#[expect(clippy::disallowed_methods, reason = "these folders are ours: no source tree is reached")]
mod folders {
    use std::fs::{self, File};
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// How many names are tried.
    const ATTEMPTS: u32 = 1000;

    /// Makes a folder that only its owner enters.
    pub fn make(folder: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)
    }

    /// Gives `folder` the permissions of `example`.
    pub fn allow_the_same(example: &Path, folder: &Path) -> io::Result<()> {
        fs::set_permissions(folder, fs::metadata(example)?.permissions())
    }

    /// A folder that did not exist, and its lock. Those whose owners are gone are removed.
    ///
    /// One at a time: between making a folder and locking it, nobody else may take it for left behind.
    pub fn fresh(home: &Path) -> io::Result<(PathBuf, File)> {
        let turn = lock_file(home)?;
        turn.lock()?;
        let left = left_behind(home)?;
        let fresh = make_new(home);
        drop(turn);
        for (folder, _lock) in left {
            remove(&folder).ok();
        }
        fresh
    }

    fn make_new(home: &Path) -> io::Result<(PathBuf, File)> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..ATTEMPTS {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = home.join(format!("{}-{count}", std::process::id()));
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let lock = lock_file(&folder)?;
                    lock.lock()?;
                    return Ok((folder, lock));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn lock_file(folder: &Path) -> io::Result<File> {
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(false).write(true).open(folder.join("lock"))
    }

    /// The folders that nobody holds, held from now on.
    fn left_behind(home: &Path) -> io::Result<Vec<(PathBuf, File)>> {
        let mut left = Vec::new();
        for entry in fs::read_dir(home)? {
            let entry = entry?;
            if entry.file_type()?.is_dir()
                && let Ok(lock) = lock_file(&entry.path())
                && matches!(lock.try_lock(), Ok(()))
            {
                left.push((entry.path(), lock));
            }
        }
        Ok(left)
    }

    /// Removes a folder and all in it; its lock last, so that a half-removed one is still swept.
    pub fn remove(folder: &Path) -> io::Result<()> {
        for part in ["upper", "work"] {
            match empty(&folder.join(part)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::remove_dir_all(folder)
    }

    /// Removes a folder in which some may be closed to their own owner: overlays leave such, and so may programs.
    fn empty(folder: &Path) -> io::Result<()> {
        if fs::remove_dir_all(folder).is_ok() {
            return Ok(());
        }
        open(folder)?;
        fs::remove_dir_all(folder)
    }

    #[cfg(unix)]
    fn open(folder: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open(&entry.path())?;
            }
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn open(_folder: &Path) -> io::Result<()> {
        Ok(())
    }
}
