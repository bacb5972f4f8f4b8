//! Snapshots of the saved files, and what became of them since.
//!
//! A snapshot lists only what differs from the checked-out commit; the rest is the commit's to know. What
//! came after is compared with it by content, so HEAD may have moved, the index may have been written and
//! the files may have been committed since. Where the bytes are kept is the caller's matter.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use model::{Digest, FileMode, FileSide, RelPath, Snapshot, SnapshotFile, SnapshotSide};

use crate::deltas::{Pair, Place, SideRef};
use crate::os::Stamp;
use crate::past_ignores::{IGNORE_FILE, PastIgnores};
use crate::{Delta, Repository, RepositoryError, SAVED_BYTES_MAX, SideContent, files};

/// How many bytes one snapshot keeps at most; files beyond it are listed as unreadable.
pub const SNAPSHOT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A snapshot and what to keep with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSnapshot {
    /// The list of files.
    pub manifest: Snapshot,
    /// The bytes of every saved file in it, each content once.
    pub contents: Vec<Vec<u8>>,
}

/// Why the files cannot be compared with a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It shows the files of another folder.
    #[error("the snapshot was taken of the working tree `{taken}`, not of `{here}`")]
    OtherWorktree {
        /// The worktree it was taken of.
        taken: String,
        /// This worktree.
        here: String,
    },
    /// Git removed the commit it builds on.
    #[error("the snapshot builds on commit {commit}, which git no longer has: take a new one")]
    CommitGone {
        /// The commit.
        commit: String,
    },
    /// The files or the repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// What a side holds, as far as it can be kept.
enum Held {
    Bytes(Vec<u8>),
    Not { reason: String, stamp: Option<String> },
}

impl Repository {
    /// Takes a snapshot of the saved files: tracked or not, ignored ones left out, bytes as on disk.
    ///
    /// A file is left to the commit when git takes it for unchanged, so line endings that git converts
    /// are no difference; one that is stored through a filter counts as different when it was touched.
    /// What cannot be read, or is above [`SAVED_BYTES_MAX`], is listed as unreadable, with its reason.
    ///
    /// # Errors
    /// As [`Repository::deltas`] of [`Scope::Worktree`](crate::Scope::Worktree).
    ///
    /// # Cost
    /// One scan of the worktree; reads the files that differ, up to [`SNAPSHOT_BYTES_MAX`], into memory.
    pub fn take_snapshot(&self) -> Result<TakenSnapshot, RepositoryError> {
        let head = self.head()?;
        let mut pairs = self.scan(head.commit.as_deref())?;
        pairs.sort_by(|a, b| a.path.cmp(&b.path));
        let (mut files, mut contents) = (Vec::with_capacity(pairs.len()), Vec::new());
        let (mut known, mut left) = (HashSet::new(), SNAPSHOT_BYTES_MAX);
        for Pair { path, after, .. } in pairs {
            let side = match after {
                None => SnapshotSide::Deleted,
                Some(after) => match self.hold(&after, left) {
                    Held::Not { reason, stamp } => {
                        SnapshotSide::Unreadable { mode: after.mode, reason, stamp }
                    }
                    Held::Bytes(bytes) => {
                        let (blob, size_bytes) = (Digest::of(&bytes), bytes.len() as u64);
                        if known.insert(blob) {
                            left = left.saturating_sub(size_bytes);
                            contents.push(bytes);
                        }
                        SnapshotSide::Saved(FileSide { blob, mode: after.mode, size_bytes })
                    }
                },
            };
            files.push(SnapshotFile { path, side });
        }
        let worktree = self.worktree_name();
        let manifest = Snapshot { worktree, head: head.commit, branch: head.branch, files };
        Ok(TakenSnapshot { manifest, contents })
    }

    /// The files that differ between a snapshot and now, as [`Repository::deltas`] gives them.
    ///
    /// `kept` gives the bytes that were kept with the snapshot; one that is gone makes its side
    /// unreadable. It is asked only for files that differ. A file that was there then counts as long as it
    /// lies on disk, even if git ignores it by now; one that git ignored then and shows now has an unreadable
    /// side before, since the snapshot does not know whether it was there. What was unreadable then and has not been touched is
    /// no difference; of a submodule with changes of its own, only the commit and that are compared.
    ///
    /// # Errors
    /// [`SnapshotError`].
    ///
    /// # Cost
    /// As [`Repository::deltas`] of [`Scope::Since`](crate::Scope::Since), and a read of each listed file
    /// whose size is what it was.
    pub fn deltas_since(
        &self,
        snapshot: &Snapshot,
        kept: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Result<Vec<Delta>, SnapshotError> {
        let here = self.worktree_name();
        if here != snapshot.worktree {
            return Err(SnapshotError::OtherWorktree { taken: snapshot.worktree.clone(), here });
        }
        if let Some(commit) = &snapshot.head
            && self.store.resolve(commit)?.is_none()
        {
            return Err(SnapshotError::CommitGone { commit: commit.clone() });
        }
        let noted: BTreeMap<RelPath, bool> = snapshot
            .files
            .iter()
            .map(|file| (file.path.clone(), file.side != SnapshotSide::Deleted))
            .collect();
        let mut scan = self.scan_around(snapshot.head.as_deref(), Some(&noted))?;
        self.doubt_unignored(snapshot, &mut scan.pairs, kept);
        for SnapshotFile { path, side } in &snapshot.files {
            let after = scan.noted.remove(path).flatten();
            scan.pairs.extend(self.since(path, side, after, kept));
        }
        Ok(self.finished(scan.pairs)?)
    }

    /// Takes back that files were added which git ignored then: they may have been there, so nothing is
    /// known of what they held. `pairs` are those of paths that the snapshot does not list.
    fn doubt_unignored(
        &self,
        snapshot: &Snapshot,
        pairs: &mut [Pair],
        kept: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) {
        let rules = |path: &RelPath| path.file_name() == IGNORE_FILE;
        let clean: BTreeMap<RelPath, Option<SideRef>> = pairs
            .iter()
            .filter(|pair| rules(&pair.path))
            .map(|pair| (pair.path.clone(), pair.before.clone()))
            .collect();
        let listed: BTreeMap<&RelPath, &SnapshotSide> = snapshot
            .files
            .iter()
            .filter(|file| rules(&file.path))
            .map(|file| (&file.path, &file.side))
            .collect();
        if clean.is_empty() && listed.is_empty() {
            return;
        }
        let bytes = |side: &SideRef| match self.read(side, SAVED_BYTES_MAX) {
            SideContent::Bytes(bytes) => Some(bytes),
            _ => None,
        };
        let text = |path: &RelPath| match (listed.get(path), clean.get(path)) {
            (Some(SnapshotSide::Saved(side)), _) => kept(&side.blob),
            (Some(_), _) => None,
            (None, Some(before)) => before.as_ref().and_then(bytes),
            (None, None) => self.saved(path).ok().flatten().map(|saved| saved.bytes),
        };
        let mut past = PastIgnores::new(&text);
        for pair in pairs.iter_mut().filter(|pair| pair.before.is_none()) {
            if let Some(after) = pair.after.as_ref().filter(|_| past.ignored(&pair.path, false)) {
                let reason =
                    "git ignored it when the snapshot was taken: what it held is not known";
                pair.before = Some(SideRef::unreadable(after.mode, reason));
            }
        }
    }

    /// One listed file then and now; `None` when it is what it was.
    fn since(
        &self,
        path: &RelPath,
        then: &SnapshotSide,
        after: Option<SideRef>,
        kept: &dyn Fn(&Digest) -> Option<Vec<u8>>,
    ) -> Option<Pair> {
        let mut same_content = false;
        let before = match (then, &after) {
            (SnapshotSide::Deleted, None) => return None,
            (SnapshotSide::Deleted, Some(_)) => None,
            (SnapshotSide::Unreadable { mode, reason, stamp }, now) => {
                if now.as_ref().is_some_and(|now| self.untouched(now, reason, stamp.as_deref())) {
                    return None;
                }
                Some(SideRef::unreadable(*mode, reason.clone()))
            }
            (SnapshotSide::Saved(side), now) => {
                same_content = now.as_ref().is_some_and(|now| self.holds(now, side));
                if same_content && now.as_ref().is_some_and(|now| now.mode == side.mode) {
                    return None;
                }
                Some(kept_side(side, kept(&side.blob)))
            }
        };
        Some(Pair { path: path.clone(), before, after, same_content })
    }

    /// Whether a side still holds the bytes of a snapshot; modes aside.
    fn holds(&self, now: &SideRef, then: &FileSide) -> bool {
        // What is stored may be longer than what it counts, what lies on disk may not.
        if matches!(now.place, Place::Disk(_)) && now.size_bytes != then.size_bytes {
            return false;
        }
        let link = |mode| mode == FileMode::Symlink;
        link(now.mode) == link(then.mode)
            && matches!(self.hold(now, u64::MAX), Held::Bytes(bytes) if Digest::of(&bytes) == then.blob)
    }

    /// Whether what could not be read is in the state it was in.
    fn untouched(&self, now: &SideRef, reason: &str, stamp: Option<&str>) -> bool {
        match (&now.place, stamp) {
            (Place::Disk(path), Some(stamp)) => self.stamp(path).as_deref() == Some(stamp),
            (Place::Unreadable(now), None) => now == reason,
            _ => false,
        }
    }

    fn hold(&self, side: &SideRef, left: u64) -> Held {
        let not = |reason| {
            let stamp = match &side.place {
                Place::Disk(path) => self.stamp(path),
                _ => None,
            };
            Held::Not { reason, stamp }
        };
        if side.size_bytes.min(SAVED_BYTES_MAX) > left {
            return not(format!("the snapshot would hold more than {SNAPSHOT_BYTES_MAX} bytes"));
        }
        match self.read(side, SAVED_BYTES_MAX) {
            SideContent::Bytes(bytes) => Held::Bytes(bytes),
            SideContent::Submodule { commit } => Held::Bytes(commit.into_bytes()),
            SideContent::Unreadable { reason } => not(reason),
            SideContent::Huge { size_bytes } => {
                not(format!("it has {size_bytes} bytes, more than the limit of {SAVED_BYTES_MAX}"))
            }
        }
    }

    /// What tells the states of a plain file apart without reading it.
    fn stamp(&self, path: &RelPath) -> Option<String> {
        match files::look(self.root()?, path) {
            Ok(files::Standing::File(metadata)) => {
                let Stamp { size, modified, changed, inode } = Stamp::of(&metadata);
                let (m, c) = (modified, changed);
                Some(format!("{size} {}.{:09} {}.{:09} {inode}", m.0, m.1, c.0, c.1))
            }
            _ => None,
        }
    }
}

/// A listed side with its bytes, or without them.
fn kept_side(side: &FileSide, bytes: Option<Vec<u8>>) -> SideRef {
    let Some(bytes) = bytes else {
        return SideRef::unreadable(side.mode, "what the snapshot kept of it is gone");
    };
    let place = match side.mode {
        FileMode::Submodule => Place::Commit(String::from_utf8_lossy(&bytes).into_owned()),
        _ => Place::Kept(Arc::from(bytes)),
    };
    SideRef { mode: side.mode, size_bytes: side.size_bytes, place }
}
