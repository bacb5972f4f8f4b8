//! Waiting until the files of a working tree have changed and been left alone for a while.
//!
//! It says that something changed, never what: whoever asks looks at the files. Folders that git ignores are not
//! watched, nor is git's own. What the system lost (a full queue, too many folders) counts as a change; where it
//! watches no more, the files' names, sizes and times are looked at now and then.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::RelPath;
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::{Repository, RepositoryError, os};

/// How often the flag that ends a wait is looked at.
const STOP_LOOK: Duration = Duration::from_millis(100);

/// How often the files are looked at where the system does not watch them.
const POLL: Duration = Duration::from_secs(2);

/// After how long without a quiet moment a change is told all the same.
const BUSY_MAX: Duration = Duration::from_secs(60);

/// Whether one watch of a folder covers those in it. Where each folder needs its own, ignored ones cost nothing.
const WATCHES_TREES: bool = cfg!(any(target_os = "macos", windows));

/// Why a working tree cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The repository does not answer.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The folder is gone or may not be read.
    #[error("the working tree cannot be watched: {source}")]
    System {
        /// What the system said.
        #[source]
        source: notify::Error,
    },
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Something changed, and has been quiet since.
    Changed,
    /// The flag was raised.
    Stopped,
}

/// A working tree under watch. Changes from its opening on are told.
pub struct Watch {
    repository: Repository,
    /// What the system's thread has heard.
    heard: Arc<(Mutex<Heard>, Condvar)>,
    quiet: Duration,
    by: By,
}

enum By {
    System { watcher: RecommendedWatcher, folders: BTreeSet<RelPath> },
    Looking { last: u64 },
}

/// What was heard since the last wait. One value, so that a flood of events takes no room.
#[derive(Debug, Default)]
struct Heard {
    /// When the last change was heard.
    changed: Option<Instant>,
    /// A folder may have come or gone, or be ignored now.
    folders: bool,
    /// The system watches no more.
    lost: bool,
}

impl Watch {
    /// Watches the working tree around `start`. A change is told after `quiet` without another.
    ///
    /// # Errors
    /// [`WatchError`].
    /// # Cost
    /// A walk of the folders, and a thread of the system library's while it lives.
    pub fn open(start: &Path, quiet: Duration) -> Result<Self, WatchError> {
        let repository = Repository::discover(start)?;
        let heard = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let tell = Arc::clone(&heard);
        let root = repository.root().ok_or(RepositoryError::Bare)?.to_owned();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let (heard, woken) = &*tell;
            heard.lock().unwrap_or_else(PoisonError::into_inner).hear(&root, &event);
            woken.notify_one();
        });
        let Ok(watcher) = watcher else { return Self::looking(start, quiet) };
        let by = By::System { watcher, folders: BTreeSet::new() };
        let mut watch = Self { repository, heard, quiet, by };
        watch.cover()?;
        Ok(watch)
    }

    /// As [`Watch::open`], by looking at the files now and then, whatever the system offers.
    ///
    /// # Errors
    /// As [`Watch::open`].
    pub fn looking(start: &Path, quiet: Duration) -> Result<Self, WatchError> {
        let repository = Repository::discover(start)?;
        let by = By::Looking { last: repository.look_of_files()? };
        Ok(Self { repository, heard: Arc::default(), quiet, by })
    }

    /// How many folders below the root the system tells of; `None` where the files are looked at.
    pub fn folders(&self) -> Option<usize> {
        match &self.by {
            By::System { folders, .. } => Some(folders.len()),
            By::Looking { .. } => None,
        }
    }

    /// Waits until something changed and was quiet since, or until `stop` is raised. Files that are changed
    /// without a pause are told after a minute.
    ///
    /// # Errors
    /// [`WatchError`]; the next wait may do better.
    /// # Cost
    /// Ten looks at `stop` a second; a walk of the folders after one came or went.
    pub fn wait(&mut self, stop: &AtomicBool) -> Result<Woken, WatchError> {
        let mut since: Option<Instant> = None;
        let mut looked = Instant::now();
        loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(Woken::Stopped);
            }
            let (lost, changed) = {
                let heard = self.hear();
                (heard.lost, heard.changed)
            };
            if lost && matches!(self.by, By::System { .. }) {
                self.by = By::Looking { last: 0 };
            }
            if matches!(self.by, By::Looking { .. }) && looked.elapsed() >= POLL.min(self.quiet) {
                self.look()?;
                looked = Instant::now();
            }
            let now = Instant::now();
            if let Some(changed) = changed {
                let first = *since.get_or_insert(changed);
                let quiet = now.saturating_duration_since(changed) >= self.quiet;
                if quiet || now.saturating_duration_since(first) >= BUSY_MAX {
                    self.told()?;
                    return Ok(Woken::Changed);
                }
            }
            let left = changed.map_or(STOP_LOOK, |at| self.quiet.saturating_sub(at.elapsed()));
            let (heard, woken) = &*self.heard;
            let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.changed == changed {
                drop(woken.wait_timeout(heard, left.min(STOP_LOOK)));
            }
        }
    }

    fn hear(&self) -> MutexGuard<'_, Heard> {
        self.heard.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what is being told. New folders are watched before anyone looks at the files, so that nothing
    /// falls in between.
    fn told(&mut self) -> Result<(), WatchError> {
        let heard = std::mem::take(&mut *self.hear());
        if heard.folders { self.cover() } else { Ok(()) }
    }

    /// Looks at the files where nobody tells.
    fn look(&mut self) -> Result<(), WatchError> {
        let now = self.repository.look_of_files()?;
        if let By::Looking { last } = &mut self.by
            && *last != now
        {
            *last = now;
            self.hear().changed = Some(Instant::now());
        }
        Ok(())
    }

    /// Watches each folder that counts and is not watched yet; looks instead, if there are too many.
    fn cover(&mut self) -> Result<(), WatchError> {
        let By::System { watcher, folders } = &mut self.by else { return Ok(()) };
        let Some(root) = self.repository.root() else { return Err(RepositoryError::Bare.into()) };
        let now = if WATCHES_TREES { BTreeSet::new() } else { self.repository.folders()? };
        for gone in folders.difference(&now) {
            // The system forgets one that was removed by itself.
            drop(os::join(root, gone).map(|at| watcher.unwatch(&at)));
        }
        let mode =
            if WATCHES_TREES { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let top = std::iter::once(Ok(root.to_owned()));
        for at in top.chain(now.iter().map(|folder| os::join(root, folder))) {
            let Ok(at) = at else { continue };
            match watcher.watch(&at, mode).map_err(|error| (error.kind, error.paths)) {
                Ok(()) => {}
                Err((ErrorKind::MaxFilesWatch, _)) => {
                    self.by = By::Looking { last: self.repository.look_of_files()? };
                    return Ok(());
                }
                // A folder that came and went meanwhile.
                Err(_) if at != root => {}
                Err((kind, paths)) => {
                    let source = notify::Error { kind, paths };
                    return Err(WatchError::System { source });
                }
            }
        }
        *folders = now;
        Ok(())
    }
}

impl Heard {
    fn hear(&mut self, root: &Path, event: &notify::Result<Event>) {
        let Ok(event) = event else {
            *self = Self { changed: Some(Instant::now()), folders: true, lost: true };
            return;
        };
        // Events may be missing, and this one names no path.
        let unsure = event.need_rescan() || event.paths.is_empty();
        if !unsure && (!changes(&event.kind) || event.paths.iter().all(|path| in_git(root, path))) {
            return;
        }
        let ignores = |path: &Path| path.file_name().is_some_and(|name| name == ".gitignore");
        let plain = matches!(
            event.kind,
            EventKind::Create(CreateKind::File)
                | EventKind::Remove(RemoveKind::File)
                | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))
                | EventKind::Access(_)
        );
        self.changed = Some(Instant::now());
        self.folders |= unsure || !plain || event.paths.iter().any(|path| ignores(path));
    }
}

/// Whether an event may be a change. Reading is none, and who asks reads.
fn changes(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(access) => {
            matches!(access, AccessKind::Close(AccessMode::Write))
        }
        _ => true,
    }
}

fn in_git(root: &Path, path: &Path) -> bool {
    path.strip_prefix(root).unwrap_or(path).components().any(|part| part.as_os_str() == ".git")
}
