//! One writer at a time, and what a killed one leaves: unfinished neighbours of the files it was writing.
//!
//! An unfinished file is only ever there while its writer holds the worktree's lock. Who has the lock and finds
//! one knows that its writer is dead; nobody has to guess from ages or process ids.
#![expect(clippy::disallowed_methods, reason = "this module guards what writes source trees")]

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use model::RelPath;
use tempfile::Builder;

use crate::files::{self, Standing};
use crate::{ApplyError, Repository, os};

/// How long a write waits for another of the same worktree, which takes a few disk syncs.
pub const WRITE_WAIT: Duration = Duration::from_secs(10);

/// How often it looks whether the other is done.
const WRITE_WAIT_STEP: Duration = Duration::from_millis(2);

/// The lock's file, in git's folder of the worktree. The system drops the lock with its process.
const LOCK_FILE: &str = "countersign-write.lock";

/// What the unfinished neighbour of a file is called around its random part.
const PREFIX: &str = ".countersign-";
const SUFFIX: &str = ".tmp";
const RANDOM_CHARS: usize = 12;

impl Repository {
    /// Removes what killed processes left unfinished beside these files, and gives how many that were.
    ///
    /// Only files and links of this crate's own naming that git does not track; a writer that is alive
    /// keeps its own, since this waits for it. Where one of these files is not there and its folder is
    /// empty, so is what was made for it or should have gone with it: the folder goes.
    ///
    /// # Errors
    /// [`ApplyError`] naming what could not be listed or removed; what came before it is removed.
    ///
    /// # Cost
    /// One listing of each file's folder; at most [`WRITE_WAIT`] of waiting.
    pub fn sweep(&self, paths: &[RelPath]) -> Result<usize, ApplyError> {
        let Some(first) = paths.first() else { return Ok(0) };
        let root = self.root().ok_or(ApplyError::Bare)?;
        let _lock = self.lock_writes(first)?;
        let folders: BTreeSet<Option<RelPath>> = paths.iter().map(RelPath::parent).collect();
        let mut removed = 0;
        let mut tracked = None;
        for folder in folders {
            for path in unfinished(root, folder.as_ref())? {
                let tracked = match &tracked {
                    Some(tracked) => tracked,
                    None => tracked.insert(
                        self.tracked()
                            .map_err(|source| ApplyError::Index { source: Box::new(source) })?,
                    ),
                };
                if tracked.contains(&path) {
                    continue;
                }
                let fail = |source| ApplyError::Io { path: path.clone(), source };
                match os::join(root, &path).and_then(fs::remove_file) {
                    Ok(()) => removed += 1,
                    Err(error) if files::absent(&error) => {}
                    Err(error) => return Err(fail(error)),
                }
            }
        }
        for path in paths {
            remove_emptied(root, path);
        }
        Ok(removed)
    }

    /// Waits to be the only writer of this worktree, among ours; until the file is dropped. `path` is for
    /// the error.
    pub(crate) fn lock_writes(&self, path: &RelPath) -> Result<File, ApplyError> {
        lock(&self.git_dir().join(LOCK_FILE), path, WRITE_WAIT)
    }

    fn tracked(&self) -> Result<BTreeSet<RelPath>, crate::RepositoryError> {
        Ok(self.store.index()?.into_iter().map(|entry| entry.path).collect())
    }
}

/// Removes the folders that a file which is not there leaves empty, innermost first; a link on the way ends it.
pub(crate) fn remove_emptied(root: &Path, path: &RelPath) {
    let mut folder = path.parent();
    while let Some(here) = folder {
        if !matches!(files::look(root, &here), Ok(Standing::Folder | Standing::Nothing)) {
            return;
        }
        let removed = os::join(root, &here).and_then(fs::remove_dir);
        // The first that is not empty ends it.
        let gone = removed.as_ref().map_or_else(files::absent, |()| true);
        folder = here.parent().filter(|_| gone);
    }
}

/// Makes names for unfinished files.
pub(crate) fn names() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM_CHARS);
    builder
}

/// Whether a file is called as [`names`] calls them: it is no work of anybody's.
pub(crate) fn is_unfinished(path: &RelPath) -> bool {
    let name = path.file_name();
    let random =
        name.strip_prefix(PREFIX.as_bytes()).and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| {
        random.len() == RANDOM_CHARS && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

/// The unfinished files and links in a folder, which is not looked into through a link.
fn unfinished(root: &Path, folder: Option<&RelPath>) -> Result<Vec<RelPath>, ApplyError> {
    if let Some(folder) = folder
        && !matches!(files::look(root, folder), Ok(Standing::Folder))
    {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for name in files::names_in(root, folder).map_err(ApplyError::Unreadable)? {
        let whole = match folder {
            Some(folder) => [folder.as_bytes(), b"/", name.as_bytes()].concat(),
            None => name.into_bytes(),
        };
        let Ok(path) = RelPath::from_bytes(&whole) else { continue };
        let standing = is_unfinished(&path).then(|| files::look(root, &path));
        if matches!(standing, Some(Ok(Standing::File(_) | Standing::Link))) {
            found.push(path);
        }
    }
    Ok(found)
}

fn lock(file: &Path, path: &RelPath, wait: Duration) -> Result<File, ApplyError> {
    let fail = |source: io::Error| ApplyError::Lock { file: file.to_owned(), source };
    let mut options = File::options();
    let opened = options.read(true).write(true).create(true).truncate(false).open(file);
    let opened = opened.map_err(fail)?;
    let began = Instant::now();
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(TryLockError::Error(error)) => return Err(fail(error)),
            Err(TryLockError::WouldBlock) if began.elapsed() >= wait => {
                return Err(ApplyError::Busy { path: path.clone() });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(WRITE_WAIT_STEP),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_recognised() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..50 {
            let file = names().tempfile_in(folder.path()).unwrap();
            let name = file.path().file_name().unwrap().to_str().unwrap();
            assert!(is_unfinished(&format!("src/{name}").parse().unwrap()), "{name}");
        }
        for name in [
            ".countersign-notes.tmp",
            ".countersign-123456789012",
            ".countersign-12345678901.tmp",
            ".countersign-1234567890-2.tmp",
            "x.countersign-123456789012.tmp",
            ".countersign-123456789012.tmp/file",
        ] {
            assert!(!is_unfinished(&name.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn a_writer_that_never_ends_is_not_waited_for_forever() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = (folder.path().join("lock"), "f".parse().unwrap());
        let held = lock(&file, &path, Duration::ZERO).unwrap();
        let error = lock(&file, &path, Duration::from_millis(5)).unwrap_err();
        assert!(matches!(error, ApplyError::Busy { .. }), "{error}");
        drop(held);
        lock(&file, &path, Duration::ZERO).unwrap();
    }
}
