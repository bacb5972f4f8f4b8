//! The trees of commits as folders, each made once and then only read, by any number of processes.
//!
//! A tree lies under its id and the repository it was read from: what one repository stores under an id, right or
//! wrong, is no other one's. It is put together aside and moved to its
//! place when it is whole; what a killed process left is removed by the next one. Whoever uses a tree holds a shared
//! lock on it; the least recently used ones that nobody holds go when there are too many.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is a door to the cache, which is ours; source trees are not reached"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use model::{Digest, FileMode, RelPath};
use sandbox::Scratch;

use super::CheckoutError;
use super::layers::Writing;
use crate::backend::Blob;
use crate::{Repository, os};

/// How many trees are kept.
pub const TREES_MAX: usize = 32;
/// How many bytes of files the kept trees may have together; files that they share count for each.
pub const TREES_BYTES_MAX: u64 = 8 << 30;
/// How many files a tree may have.
pub const TREE_FILES_MAX: usize = 200_000;
/// The largest file of a tree.
pub const TREE_FILE_BYTES_MAX: u64 = 512 << 20;

/// How many of the last used trees are looked at for one to start from.
const NEAREST_MAX: usize = 4;

/// Where trees and throwaway folders are kept: `countersign` below the person's cache folder.
#[derive(Debug, Clone)]
pub struct Trees {
    home: PathBuf,
}

/// A tree in use.
#[derive(Debug)]
pub(super) struct HeldTree {
    folder: PathBuf,
    /// Held until the end, by being open.
    _lock: File,
}

impl HeldTree {
    /// The folder with its files.
    pub(super) fn files(&self) -> PathBuf {
        self.folder.join("files")
    }
}

/// What is known of a kept tree.
struct Kept {
    folder: PathBuf,
    used: SystemTime,
    note: Note,
}

/// What is written beside the files of a tree.
struct Note {
    /// When the system was started: what it had not written out then may be lost, and looks whole.
    boot: String,
    /// A commit that has this tree.
    commit: String,
    bytes: u64,
}

impl Trees {
    /// The cache in `home`, which is made when something is kept there.
    pub fn new(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Where throwaway folders are made.
    pub(super) fn rooms(&self) -> PathBuf {
        self.home.join("sandbox")
    }

    fn kept(&self) -> PathBuf {
        self.home.join("trees")
    }

    /// The tree of a commit, made if it is not there.
    pub(super) fn hold(
        &self,
        repository: &Repository,
        commit: &str,
    ) -> Result<HeldTree, CheckoutError> {
        let repository_name = Digest::of(&os::to_bytes(repository.common_dir())).short();
        let id = format!("{repository_name}-{}", repository.store.tree_id(commit)?);
        let failed = |source| CheckoutError::Cache { path: self.kept(), source };
        if let Some(held) = self.ready(&id).map_err(failed)? {
            return Ok(held);
        }
        let making = Scratch::new(&self.home.join("making")).map_err(failed)?;
        let nearest = self.nearest(repository, commit).map_err(failed)?;
        let bytes =
            write_tree(repository, commit, &making.upper().join("files"), nearest.as_ref())?;
        let note = Note { boot: boot(), commit: commit.to_owned(), bytes };
        note.write(&making.upper()).map_err(failed)?;
        self.take_in(&id, &making.upper()).map_err(failed)
    }

    /// The tree, if it is kept.
    fn ready(&self, id: &str) -> io::Result<Option<HeldTree>> {
        let turn = self.turn()?;
        let held = hold_folder(self.kept().join(id));
        drop(turn);
        held
    }

    /// One at a time: what is kept is only taken in use, added and removed by whoever holds this.
    fn turn(&self) -> io::Result<File> {
        std::fs::create_dir_all(self.kept())?;
        let turn = lock_file(&self.kept().join("turn"))?;
        turn.lock()?;
        Ok(turn)
    }

    /// Gives a whole tree its place, unless somebody was faster, and makes room.
    fn take_in(&self, id: &str, made: &Path) -> io::Result<HeldTree> {
        let gone = Scratch::new(&self.home.join("making"))?;
        let turn = self.turn()?;
        let at = self.kept().join(id);
        let held = match hold_folder(at.clone())? {
            Some(held) => held,
            None => {
                if at.exists() {
                    std::fs::rename(&at, gone.upper().join("earlier"))?;
                }
                std::fs::rename(made, &at)?;
                hold_folder(at)?.ok_or(io::ErrorKind::NotFound)?
            }
        };
        self.make_room(&gone.upper())?;
        drop(turn);
        // `gone` is removed when it is dropped, when nobody waits for it.
        Ok(held)
    }

    /// Moves the least recently used trees to `gone`, until what is left is within the limits. What is in use stays.
    fn make_room(&self, gone: &Path) -> io::Result<()> {
        let (mut count, mut bytes) = (0, 0_u64);
        for kept in self.by_use()? {
            count += 1;
            bytes = bytes.saturating_add(kept.note.bytes);
            let within = count <= TREES_MAX && bytes <= TREES_BYTES_MAX;
            if within && kept.note.boot == boot() {
                continue;
            }
            let lock = lock_file(&kept.folder.join("lock"))?;
            if matches!(lock.try_lock(), Ok(()))
                && let Some(name) = kept.folder.file_name()
            {
                std::fs::rename(&kept.folder, gone.join(name))?;
            }
        }
        Ok(())
    }

    /// What is kept, the last used first.
    fn by_use(&self) -> io::Result<Vec<Kept>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.kept())? {
            let folder = entry?.path();
            let used = std::fs::metadata(folder.join("lock")).and_then(|lock| lock.modified());
            if let (Ok(used), Some(note)) = (used, Note::read(&folder)) {
                found.push(Kept { folder, used, note });
            }
        }
        found.sort_by_key(|kept| Reverse(kept.used));
        Ok(found)
    }

    /// A kept tree that few files tell apart from a commit's, with the paths that do.
    fn nearest(&self, repository: &Repository, commit: &str) -> io::Result<Option<Nearest>> {
        let turn = self.turn()?;
        let mut best: Option<Nearest> = None;
        for kept in self.by_use()?.into_iter().take(NEAREST_MAX) {
            let known = matches!(repository.store.resolve(&kept.note.commit), Ok(Some(_)));
            if !known || kept.note.boot != boot() {
                continue;
            }
            // Without it everything is written anew: that is slower, not wrong.
            let Ok(changes) = repository.store.changes(Some(&kept.note.commit), Some(commit))
            else {
                continue;
            };
            let nearer = best.as_ref().is_none_or(|best| changes.len() < best.changed.len());
            if nearer && let Some(tree) = hold_folder(kept.folder)? {
                let changed = changes.into_iter().map(|change| change.path).collect();
                best = Some(Nearest { tree, changed });
            }
        }
        drop(turn);
        Ok(best)
    }
}

struct Nearest {
    tree: HeldTree,
    changed: BTreeSet<RelPath>,
}

impl Note {
    fn write(&self, folder: &Path) -> io::Result<()> {
        drop(lock_file(&folder.join("lock"))?);
        let text = format!("{}\n{}\n{}\n", self.boot, self.commit, self.bytes);
        std::fs::write(folder.join("note"), text)
    }

    fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("note")).ok()?;
        let mut lines = text.lines();
        let mut next = || lines.next().map(str::to_owned);
        Some(Self { boot: next()?, commit: next()?, bytes: next()?.parse().ok()? })
    }
}

/// Takes a kept tree in use; `None` if it is not there, or of another start of the system.
fn hold_folder(folder: PathBuf) -> io::Result<Option<HeldTree>> {
    match Note::read(&folder) {
        Some(note) if note.boot == boot() => {}
        _ => return Ok(None),
    }
    let lock = lock_file(&folder.join("lock"))?;
    lock.lock_shared()?;
    // Writing is what dates it: the order of use is the order of these.
    io::Write::write_all(&mut &lock, b"\n")?;
    Ok(Some(HeldTree { folder, _lock: lock }))
}

fn lock_file(path: &Path) -> io::Result<File> {
    std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// What names this start of the system; the same for ever where the system does not tell.
fn boot() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    told.trim().to_owned()
}

/// Writes a commit's files into a new folder: what the repository stores, byte for byte. What the nearest tree has is
/// shared with it. Answers how many bytes they are.
fn write_tree(
    repository: &Repository,
    commit: &str,
    folder: &Path,
    nearest: Option<&Nearest>,
) -> Result<u64, CheckoutError> {
    let failed = |path: &RelPath, source| CheckoutError::File { path: path.clone(), source };
    let listed = repository.store.tree(commit, None)?;
    if listed.len() > TREE_FILES_MAX {
        return Err(CheckoutError::TooMany);
    }
    let start = || {
        std::fs::create_dir(folder)?;
        let writing = Writing::new(folder)?;
        writing.repository()?;
        Ok(writing)
    };
    let cache = |source| CheckoutError::Cache { path: folder.to_owned(), source };
    let mut writing = start().map_err(cache)?;
    let ids = listed.iter().filter(|(_, entry)| entry.mode != FileMode::Submodule);
    let sizes: BTreeMap<String, u64> =
        repository.store.sizes(&ids.map(|(_, entry)| entry.id.clone()).collect())?;
    let mut bytes = 0_u64;
    let is_link = |mode| mode == FileMode::Symlink;
    let (links, files): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|(_, entry)| is_link(entry.mode));
    for (path, entry) in files.into_iter().chain(links) {
        if entry.mode == FileMode::Submodule {
            writing.folder(&path).map_err(|source| failed(&path, source))?;
            continue;
        }
        bytes = bytes.saturating_add(sizes.get(&entry.id).copied().unwrap_or_default());
        let shared = nearest.filter(|near| !is_link(entry.mode) && !near.changed.contains(&path));
        if let Some(near) = shared
            && let Ok(other) = os::join(&near.tree.files(), &path)
            && writing.same(&path, &other).is_ok()
        {
            continue;
        }
        let reason = match repository.store.blob(&entry.id, TREE_FILE_BYTES_MAX)? {
            Blob::Bytes(content) => {
                let written = writing.file(&path, entry.mode, &content);
                written.map_err(|source| failed(&path, source))?;
                continue;
            }
            Blob::Huge(size) => format!("it has {size} bytes, more than {TREE_FILE_BYTES_MAX}"),
            Blob::Missing => "its content is not in this clone: fetch it with git first".to_owned(),
        };
        return Err(CheckoutError::Content { path, reason });
    }
    Ok(bytes)
}
