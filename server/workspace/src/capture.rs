//! What a proposal amounts to: the difference between the saved files and the saved files with the
//! proposal laid over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{ChangeKind, FileMode, RelPath};

use crate::deltas::kind;
use crate::renames::{self, Lonely};
use crate::{Delta, ProposedFile, Repository, RepositoryError, SavedFile, files, patch};

/// How many files one proposal may name.
pub const CAPTURE_FILES_MAX: usize = 20_000;

/// One side of a captured file: its mode and its bytes.
pub type CapturedSide = (FileMode, Arc<[u8]>);

/// One changed file of a proposal, with both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedFile {
    /// Where the file is after; where it was, if it is deleted.
    pub path: RelPath,
    /// Where it was, if it moves.
    pub old_path: Option<RelPath>,
    /// What happens to it.
    pub change: ChangeKind,
    /// What is saved now; `None` if it is added.
    pub before: Option<CapturedSide>,
    /// What is proposed; `None` if it is deleted.
    pub after: Option<CapturedSide>,
}

/// Why a proposal cannot be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// More than [`CAPTURE_FILES_MAX`].
    #[error("the proposal names more than {CAPTURE_FILES_MAX} files")]
    TooMany,
    /// A submodule.
    #[error("{path} is a submodule: its commit cannot be proposed")]
    Submodule {
        /// The submodule.
        path: RelPath,
    },
    /// On a file system that ignores case the two would be one.
    #[error("{path} differs only in case from {existing}, which is there")]
    CaseCollision {
        /// The proposed file.
        path: RelPath,
        /// What is there.
        existing: RelPath,
    },
    /// On another system the name would be another one, or none.
    #[error("{path} cannot be added: it {reason}")]
    Unportable {
        /// The proposed file.
        path: RelPath,
        /// Why, as a predicate.
        reason: String,
    },
    /// A file would need another file to be a folder.
    #[error("{path} cannot be added: {folder} is a file")]
    Blocked {
        /// The proposed file.
        path: RelPath,
        /// What is in its way.
        folder: RelPath,
    },
    /// The saved side cannot be read.
    #[error(transparent)]
    Base(#[from] RepositoryError),
}

impl Repository {
    /// Compares a proposal with the saved files, sorted by path; what changes nothing is left out.
    ///
    /// A later entry for a path replaces an earlier one. A move is what the proposal says moved, where
    /// both ends agree, and else what content shows.
    ///
    /// # Errors
    /// [`CaptureError`].
    ///
    /// # Cost
    /// Reads each named file; both sides are held in memory.
    pub fn capture(&self, proposed: Vec<ProposedFile>) -> Result<Vec<CapturedFile>, CaptureError> {
        self.capture_against(proposed, &|path| self.saved(path))
    }

    /// As [`Repository::capture`], with another answer to what is there before.
    pub(crate) fn capture_against(
        &self,
        proposed: Vec<ProposedFile>,
        saved: &dyn Fn(&RelPath) -> Result<Option<SavedFile>, RepositoryError>,
    ) -> Result<Vec<CapturedFile>, CaptureError> {
        if proposed.len() > CAPTURE_FILES_MAX {
            return Err(CaptureError::TooMany);
        }
        let mut wanted: BTreeMap<RelPath, ProposedFile> = BTreeMap::new();
        for file in proposed {
            if file.mode == FileMode::Submodule {
                return Err(CaptureError::Submodule { path: file.path });
            }
            wanted.insert(file.path.clone(), file);
        }
        let gone: BTreeSet<RelPath> = wanted
            .values()
            .filter(|file| file.bytes.is_none())
            .map(|file| file.path.clone())
            .collect();
        let mut changed = Vec::new();
        for (path, file) in wanted {
            let before = saved(&path)?.map(|SavedFile { mode, bytes }| (mode, bytes.into()));
            let mode = self.recordable(file.mode, before.as_ref());
            let after: Option<CapturedSide> = file.bytes.map(|bytes| (mode, bytes.into()));
            if before == after {
                continue;
            }
            let hint = file.old_path;
            changed.push((
                hint,
                CapturedFile { path, old_path: None, change: ChangeKind::Modified, before, after },
            ));
        }
        let is_new = |file: &&CapturedFile| file.before.is_none();
        let added = changed.iter().map(|(_, file)| file).filter(is_new).map(|file| &file.path);
        self.check_places(added, &gone)?;
        Ok(joined(changed))
    }

    /// Refuses changes whose added or moved files cannot have their names or places, here or on another
    /// system: what [`Repository::capture`] refuses, for changes that come as two commits.
    ///
    /// # Errors
    /// [`CaptureError`].
    ///
    /// # Cost
    /// Lists the folders of the added files.
    pub fn check_added(&self, deltas: &[Delta]) -> Result<(), CaptureError> {
        let gone = deltas.iter().filter_map(|delta| match delta.change {
            ChangeKind::Deleted => Some(delta.path.clone()),
            _ => delta.old_path.clone(),
        });
        let is_new = |delta: &&Delta| delta.before.is_none() || delta.old_path.is_some();
        self.check_places(deltas.iter().filter(is_new).map(|delta| &delta.path), &gone.collect())
    }

    fn check_places<'a>(
        &self,
        added: impl Iterator<Item = &'a RelPath>,
        gone: &BTreeSet<RelPath>,
    ) -> Result<(), CaptureError> {
        let mut names = patch::paths::Names::default();
        let mut sparse = None;
        for path in added {
            let reason = patch::paths::unportable(path).or_else(|| names.taken(path));
            if let Some(reason) = reason {
                return Err(CaptureError::Unportable { path: path.clone(), reason });
            }
            let sparse = match &mut sparse {
                Some(sparse) => sparse,
                unread => unread.insert(self.beside_the_disk()?),
            };
            if let Some(existing) = sparse.get(&patch::paths::fold(path)).filter(|it| *it != path) {
                let (path, existing) = (path.clone(), existing.clone());
                return Err(CaptureError::CaseCollision { path, existing });
            }
            self.check_place(path, gone)?;
        }
        Ok(())
    }

    /// Tracked files that are not on disk because the checkout is sparse, under their folded names.
    fn beside_the_disk(&self) -> Result<BTreeMap<String, RelPath>, RepositoryError> {
        let index = self.store.index()?.into_iter().filter(|entry| entry.skipped);
        Ok(index.map(|entry| (patch::paths::fold(&entry.path), entry.path)).collect())
    }

    /// Without an executable bit on disk, a proposal cannot change it.
    fn recordable(&self, mode: FileMode, before: Option<&CapturedSide>) -> FileMode {
        match (mode, before) {
            (FileMode::File | FileMode::Executable, Some((saved, _)))
                if !self.disk.filemode && *saved != FileMode::Symlink =>
            {
                *saved
            }
            (mode, _) => mode,
        }
    }

    /// Refuses an added file whose place is taken by a file, or by a name of another case.
    fn check_place(&self, path: &RelPath, gone: &BTreeSet<RelPath>) -> Result<(), CaptureError> {
        let root = self.files_root()?;
        let mut at = Some(path.clone());
        while let Some(here) = at {
            let parent = here.parent();
            if &here != path
                && !gone.contains(&here)
                && matches!(
                    files::look(root, &here).map_err(RepositoryError::from)?,
                    files::Standing::File(_) | files::Standing::Special(_)
                )
            {
                return Err(CaptureError::Blocked { path: path.clone(), folder: here });
            }
            let name = here.file_name();
            let folded = patch::paths::fold_name(name);
            // A folder that is not there yet holds no other names.
            for other in files::names_in(root, parent.as_ref()).unwrap_or_default() {
                if other.as_bytes() == name || patch::paths::fold_name(other.as_bytes()) != folded {
                    continue;
                }
                let whole = match &parent {
                    Some(parent) => [parent.as_bytes(), b"/", other.as_bytes()].concat(),
                    None => other.into_bytes(),
                };
                let Ok(existing) = RelPath::from_bytes(&whole) else { continue };
                let moves = gone.contains(&existing)
                    && patch::paths::fold(&existing) == patch::paths::fold(path);
                if !moves {
                    return Err(CaptureError::CaseCollision { path: path.clone(), existing });
                }
            }
            at = parent;
        }
        Ok(())
    }
}

/// Joins deleted and added files that are moves, and says what happened to each.
fn joined(changed: Vec<(Option<RelPath>, CapturedFile)>) -> Vec<CapturedFile> {
    let (deleted, rest): (Vec<_>, Vec<_>) =
        changed.into_iter().partition(|(_, file)| file.after.is_none());
    let mut deleted: BTreeMap<RelPath, CapturedFile> =
        deleted.into_iter().map(|(_, file)| (file.path.clone(), file)).collect();
    let (mut added, mut done) = (Vec::new(), Vec::new());
    for (hint, mut file) in rest {
        let source = hint.filter(|_| file.before.is_none()).and_then(|old| deleted.remove(&old));
        if let Some(source) = source {
            (file.old_path, file.before) = (Some(source.path), source.before);
            done.push(file);
        } else if file.before.is_none() {
            added.push(file);
        } else {
            done.push(file);
        }
    }
    let deleted: Vec<CapturedFile> = deleted.into_values().collect();
    fn lonely<'a>(
        list: &'a [CapturedFile],
        side: fn(&CapturedFile) -> Option<&CapturedSide>,
    ) -> Vec<Lonely<'a>> {
        let one = |file: &'a CapturedFile| {
            let (mode, bytes) = side(file)?;
            let size_bytes = bytes.len() as u64;
            Some(Lonely { path: &file.path, mode: *mode, size_bytes, id: None })
        };
        list.iter().filter_map(one).collect()
    }
    let load = |side: bool, at: usize| {
        let file = if side { added.get(at) } else { deleted.get(at) }?;
        let side = if side { file.after.as_ref() } else { file.before.as_ref() }?;
        Some(side.1.to_vec())
    };
    let renames = renames::detect(
        &lonely(&deleted, |file| file.before.as_ref()),
        &lonely(&added, |file| file.after.as_ref()),
        &load,
    );
    let sources: BTreeSet<usize> = renames.iter().map(|(from, _)| *from).collect();
    let targets: BTreeMap<usize, usize> =
        renames.into_iter().map(|(from, to)| (to, from)).collect();
    for (to, mut file) in added.into_iter().enumerate() {
        if let Some(source) = targets.get(&to).and_then(|from| deleted.get(*from)) {
            (file.old_path, file.before) = (Some(source.path.clone()), source.before.clone());
        }
        done.push(file);
    }
    let left = deleted.into_iter().enumerate().filter(|(at, _)| !sources.contains(at));
    done.extend(left.map(|(_, file)| file));
    for file in &mut done {
        let mode = |side: &Option<CapturedSide>| side.as_ref().map(|(mode, _)| *mode);
        let bytes = |side: &Option<CapturedSide>| side.as_ref().map(|(_, bytes)| bytes.clone());
        let same = bytes(&file.before) == bytes(&file.after);
        file.change = kind(mode(&file.before), mode(&file.after), file.old_path.is_some(), same);
    }
    done.sort_by(|a, b| a.path.cmp(&b.path));
    done
}
