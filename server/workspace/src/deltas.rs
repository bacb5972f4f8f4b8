//! Which files differ between two states, and their bytes on demand.
//!
//! A delta says where each side lies; nothing is read until [`Repository::read`] asks for it, so a change
//! of ten thousand files does not sit in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ChangeKind, FileMode, RelPath};

use crate::backend::{Blob, Recorded};
use crate::renames::{self, Lonely, RENAME_FILE_BYTES_MAX};
use crate::{FileError, Repository, RepositoryError, Scope, eol, files};

/// How many files one comparison may name.
pub const DELTAS_MAX: usize = 100_000;

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Where the file is after; where it was, if it was deleted.
    pub path: RelPath,
    /// Where it was, if it was renamed.
    pub old_path: Option<RelPath>,
    /// What happened.
    pub change: ChangeKind,
    /// The side before; `None` if added.
    pub before: Option<SideRef>,
    /// The side after; `None` if deleted.
    pub after: Option<SideRef>,
}

/// Where one side of a changed file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideRef {
    /// The mode git records, or would record.
    pub mode: FileMode,
    /// How many bytes are stored there; line endings may add to it when read. 0 where it is unreadable.
    pub size_bytes: u64,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the object store; read with CRLF line ends if the saved side has them.
    Object { id: String, crlf: bool },
    /// On disk, below the root.
    Disk(RelPath),
    /// A submodule's commit.
    Commit(String),
    /// Kept with a snapshot.
    Kept(Arc<[u8]>),
    /// Known to be there, and why it cannot be read.
    Unreadable(String),
}

/// What lies at a [`SideRef`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideContent {
    /// The bytes; a link's target text.
    Bytes(Vec<u8>),
    /// More bytes than were asked for.
    Huge {
        /// How many.
        size_bytes: u64,
    },
    /// The commit of a submodule.
    Submodule {
        /// Its full id.
        commit: String,
    },
    /// It is there and cannot be read.
    Unreadable {
        /// Why, as a clause.
        reason: String,
    },
}

impl SideRef {
    pub(crate) fn recorded(entry: Recorded) -> Self {
        let (mode, id) = (entry.mode, entry.id);
        let place = match mode {
            FileMode::Submodule => Place::Commit(id),
            _ => Place::Object { id, crlf: false },
        };
        Self { mode, size_bytes: 0, place }
    }

    pub(crate) fn unreadable(mode: FileMode, reason: impl Into<String>) -> Self {
        Self { mode, size_bytes: 0, place: Place::Unreadable(reason.into()) }
    }

    pub(crate) fn object(&self) -> Option<&str> {
        match &self.place {
            Place::Object { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// Two sides of one path, before renames are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) path: RelPath,
    pub(crate) before: Option<SideRef>,
    pub(crate) after: Option<SideRef>,
    /// The bytes are known to be the same, so only the mode differs.
    pub(crate) same_content: bool,
}

impl Repository {
    /// The files that differ, sorted by path, renames paired.
    ///
    /// A merge commit is whatever range the caller names; [`Repository::commit_scope`] takes the first
    /// parent. Names that are not UTF-8 are kept. Conflicted index entries come as unreadable ("unmerged").
    /// Submodules are compared by commit; one whose saved files differ from its commit comes as unreadable.
    ///
    /// # Errors
    /// A revision that does not resolve; [`RepositoryError::Bare`] for the scopes that need files or an
    /// index; [`RepositoryError::Limit`] above [`DELTAS_MAX`] files; storage that cannot be read.
    ///
    /// # Cost
    /// Ranges skip equal folders. The worktree costs one look at every file; only files whose size or
    /// times differ from the index are read. Renames read candidates up to
    /// [`RENAME_FILES_MAX`](crate::RENAME_FILES_MAX).
    pub fn deltas(&self, scope: &Scope) -> Result<Vec<Delta>, RepositoryError> {
        let pairs = match scope {
            Scope::Range { base, head } => {
                let side = |revision: &String| match revision.as_str() {
                    "" => Ok(None),
                    revision => self.commit_id(revision).map(Some),
                };
                let (base, head) = (side(base)?, side(head)?);
                let changes = self.store.changes(base.as_deref(), head.as_deref())?;
                changes
                    .into_iter()
                    .map(|change| recorded(change.path, change.before, change.after))
                    .collect()
            }
            Scope::Staged => self.staged()?,
            Scope::Worktree => self.scan(self.head()?.commit.as_deref())?,
            Scope::Since { base } => self.scan(Some(&self.commit_id(base)?))?,
        };
        self.finished(pairs)
    }

    /// What the pairs amount to: measured, renames paired, sorted.
    pub(crate) fn finished(&self, mut pairs: Vec<Pair>) -> Result<Vec<Delta>, RepositoryError> {
        if pairs.len() > DELTAS_MAX {
            let what = "the number of changed files".to_owned();
            return Err(RepositoryError::Limit { what, limit: DELTAS_MAX });
        }
        self.measure(&mut pairs)?;
        let mut deltas = self.paired(pairs);
        deltas.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(deltas)
    }

    /// HEAD against the index.
    fn staged(&self) -> Result<Vec<Pair>, RepositoryError> {
        self.files_root()?;
        let mut tree = match self.head()?.commit {
            Some(commit) => self.store.tree(&commit, None)?.into_iter().collect(),
            None => std::collections::BTreeMap::new(),
        };
        let mut pairs = Vec::new();
        for entry in self.store.index()? {
            let before = tree.remove(&entry.path);
            if entry.unmerged {
                let reason = "it is unmerged: resolve the conflict and stage it";
                let after = SideRef::unreadable(entry.recorded.mode, reason);
                pairs.push(Pair {
                    path: entry.path,
                    before: before.map(SideRef::recorded),
                    after: Some(after),
                    same_content: false,
                });
            } else if !entry.announced && before.as_ref() != Some(&entry.recorded) {
                pairs.push(recorded(entry.path, before, Some(entry.recorded)));
            }
        }
        pairs.extend(tree.into_iter().map(|(path, before)| recorded(path, Some(before), None)));
        Ok(pairs)
    }

    /// Fills in the sizes of stored sides, and marks those whose content is not in this clone.
    fn measure(&self, pairs: &mut [Pair]) -> Result<(), RepositoryError> {
        fn sides(pair: &mut Pair) -> impl Iterator<Item = &mut SideRef> {
            pair.before.iter_mut().chain(pair.after.iter_mut())
        }
        let ids: BTreeSet<String> = pairs
            .iter_mut()
            .flat_map(sides)
            .filter_map(|side| side.object().map(str::to_owned))
            .collect();
        let sizes = self.store.sizes(&ids)?;
        for side in pairs.iter_mut().flat_map(sides) {
            let Some(id) = side.object() else { continue };
            match sizes.get(id) {
                Some(size) => side.size_bytes = *size,
                None => side.place = Place::Unreadable(missing()),
            }
        }
        Ok(())
    }

    /// Looks for renames and says what happened to each file.
    fn paired(&self, pairs: Vec<Pair>) -> Vec<Delta> {
        let lonely = |pair: &Pair| pair.before.is_none() || pair.after.is_none();
        let (single, both): (Vec<_>, Vec<_>) = pairs.into_iter().partition(lonely);
        let (added, deleted): (Vec<_>, Vec<_>) =
            single.into_iter().partition(|pair| pair.before.is_none());
        fn candidates<'a>(
            list: &'a [Pair],
            side: fn(&Pair) -> Option<&SideRef>,
        ) -> Vec<Lonely<'a>> {
            let one = |pair: &'a Pair| {
                let side = side(pair)?;
                let (mode, size_bytes) = (side.mode, side.size_bytes);
                Some(Lonely { path: &pair.path, mode, size_bytes, id: side.object() })
            };
            list.iter().filter_map(one).collect()
        }
        let load = |side: bool, at: usize| {
            let pair = if side { added.get(at) } else { deleted.get(at) }?;
            let side = if side { pair.after.as_ref() } else { pair.before.as_ref() }?;
            match self.read(side, RENAME_FILE_BYTES_MAX) {
                SideContent::Bytes(bytes) => Some(bytes),
                _ => None,
            }
        };
        let renames = renames::detect(
            &candidates(&deleted, |pair| pair.before.as_ref()),
            &candidates(&added, |pair| pair.after.as_ref()),
            &load,
        );
        let gone: BTreeSet<usize> = renames.iter().map(|(from, _)| *from).collect();
        let come: BTreeSet<usize> = renames.iter().map(|(_, to)| *to).collect();

        let mut deltas: Vec<Delta> = both.into_iter().map(|pair| delta(pair, None)).collect();
        for (from, to) in &renames {
            if let (Some(from), Some(to)) = (deleted.get(*from), added.get(*to)) {
                let pair = Pair { before: from.before.clone(), ..to.clone() };
                deltas.push(delta(pair, Some(from.path.clone())));
            }
        }
        let left = |taken: BTreeSet<usize>| {
            move |(at, pair): (usize, Pair)| (!taken.contains(&at)).then(|| delta(pair, None))
        };
        deltas.extend(deleted.into_iter().enumerate().filter_map(left(gone)));
        deltas.extend(added.into_iter().enumerate().filter_map(left(come)));
        deltas
    }

    /// The bytes of one side, up to `max_bytes`. Never fails: what cannot be read says why.
    ///
    /// # Cost
    /// One object or file; with the program as backend two processes.
    pub fn read(&self, side: &SideRef, max_bytes: u64) -> SideContent {
        let unreadable = |reason: String| SideContent::Unreadable { reason };
        match &side.place {
            Place::Unreadable(reason) => unreadable(reason.clone()),
            Place::Commit(commit) => SideContent::Submodule { commit: commit.clone() },
            Place::Kept(bytes) if bytes.len() as u64 > max_bytes => {
                SideContent::Huge { size_bytes: bytes.len() as u64 }
            }
            Place::Kept(bytes) => SideContent::Bytes(bytes.to_vec()),
            Place::Object { id, crlf } => match self.store.blob(id, max_bytes) {
                Ok(Blob::Bytes(bytes)) if *crlf => SideContent::Bytes(eol::to_crlf(bytes)),
                Ok(Blob::Bytes(bytes)) => SideContent::Bytes(bytes),
                Ok(Blob::Huge(size_bytes)) => SideContent::Huge { size_bytes },
                Ok(Blob::Missing) => unreadable(missing()),
                Err(error) => unreadable(error.to_string()),
            },
            Place::Disk(path) => {
                let root = match self.files_root() {
                    Ok(root) => root,
                    Err(error) => return unreadable(error.to_string()),
                };
                match files::read_saved(root, path, self.disk.filemode, max_bytes) {
                    Ok(Some(saved)) if !self.same_kind(saved.mode, side.mode) => {
                        unreadable("it became another kind of file meanwhile".to_owned())
                    }
                    Ok(Some(saved)) => SideContent::Bytes(saved.bytes),
                    Ok(None) => unreadable("it was deleted meanwhile".to_owned()),
                    Err(FileError::TooLarge { size_bytes, .. }) => SideContent::Huge { size_bytes },
                    Err(error) => unreadable(error.to_string()),
                }
            }
        }
    }

    /// Whether what lies on disk is the kind of thing the mode says; without links on disk, a link is a file.
    fn same_kind(&self, saved: FileMode, mode: FileMode) -> bool {
        let link = |mode| mode == FileMode::Symlink;
        link(saved) == link(mode) || (!self.disk.symlinks && link(mode))
    }
}

fn missing() -> String {
    "its content is not in this clone: fetch it with git first".to_owned()
}

fn recorded(path: RelPath, before: Option<Recorded>, after: Option<Recorded>) -> Pair {
    let same_content = matches!((&before, &after), (Some(old), Some(new)) if old.id == new.id);
    Pair {
        path,
        before: before.map(SideRef::recorded),
        after: after.map(SideRef::recorded),
        same_content,
    }
}

fn delta(pair: Pair, old_path: Option<RelPath>) -> Delta {
    let modes = (pair.before.as_ref().map(|b| b.mode), pair.after.as_ref().map(|a| a.mode));
    let change = kind(modes.0, modes.1, old_path.is_some(), pair.same_content);
    Delta { path: pair.path, old_path, change, before: pair.before, after: pair.after }
}

/// What happened, from the two modes.
pub(crate) fn kind(
    before: Option<FileMode>,
    after: Option<FileMode>,
    renamed: bool,
    same_content: bool,
) -> ChangeKind {
    let sort = |mode| match mode {
        FileMode::File | FileMode::Executable => 0,
        FileMode::Symlink => 1,
        FileMode::Submodule => 2,
    };
    match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Deleted,
        (Some(old), Some(new)) if sort(old) != sort(new) => ChangeKind::TypeChanged,
        _ if renamed => ChangeKind::Renamed,
        (Some(old), Some(new)) if old != new && same_content => ChangeKind::ModeChanged,
        _ => ChangeKind::Modified,
    }
}
