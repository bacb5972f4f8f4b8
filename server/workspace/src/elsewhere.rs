//! An edited copy of this repository in another folder: a linked worktree, a clone, or plain files.
//!
//! A copy with a history is compared with where the two histories part, in its own folder; a copy without is
//! compared with the saved files here, by the ignore rules of this repository. The copy is only read, and
//! nothing that it configures is run.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is a door to source trees and named files"
)]

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;
use model::{FileMode, RelPath};

use crate::files::{self, FileError, Standing};
use crate::past_ignores::PastIgnores;
use crate::{
    CAPTURE_FILES_MAX, CaptureError, CapturedFile, Delta, ProposedFile, Repository,
    RepositoryError, SAVED_BYTES_MAX, UNTRACKED_MAX, os,
};

/// How deep folders of a plain copy may lie.
const COPY_DEPTH_MAX: usize = 200;

/// How many commits of the copy that are unknown here are looked at for one that is not.
const COMMITS_APART_MAX: usize = 500;

/// What an edited copy amounts to.
#[derive(Debug)]
pub enum Copied {
    /// It is a repository: what its saved files change since the commit where it left this one.
    Repository {
        /// The copy, by which the deltas are read.
        copy: Box<Repository>,
        /// The commit both know.
        base: String,
        /// What differs.
        deltas: Vec<Delta>,
    },
    /// It is a folder of files: how they differ from the saved files here.
    Folder(Vec<CapturedFile>),
}

/// Why an edited copy cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// No such folder.
    #[error("{} is no folder", path.display())]
    NotAFolder {
        /// As it was named.
        path: PathBuf,
    },
    /// This repository's own folder, or a part of it.
    #[error("{} lies inside this repository: name another copy of it", path.display())]
    Inside {
        /// As it was named.
        path: PathBuf,
    },
    /// No file of the folder is a file of this repository.
    #[error("{} holds none of this repository's files: name the top folder of a copy", path.display())]
    Unrelated {
        /// As it was named.
        path: PathBuf,
    },
    /// No commit of the copy's recent history is known here.
    #[error("{} shares no commit with this repository: fetch its branch with git and import that", path.display())]
    NoCommonCommit {
        /// As it was named.
        path: PathBuf,
    },
    /// A file of the copy.
    #[error("in the copy, {0}")]
    File(#[source] FileError),
    /// What differs cannot be proposed.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// This repository or the copy cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl Repository {
    /// What the edited copy of this repository in `folder` changes.
    ///
    /// A copy with a history: from the merge base of the two checked-out commits to its saved files, tracked or
    /// not. A plain folder: from the saved files here to its files; what this repository ignores does not
    /// count, submodules neither. A file that the folder lacks counts as deleted.
    ///
    /// # Errors
    /// [`CopyError`].
    ///
    /// # Cost
    /// As [`Repository::deltas`] of the copy; for a plain folder reads all of its files and all of ours.
    pub fn copied(&self, folder: &Path) -> Result<Copied, CopyError> {
        let path = || folder.to_owned();
        let real = os::real(folder).map_err(|_| CopyError::NotAFolder { path: path() })?;
        if !real.is_dir() {
            return Err(CopyError::NotAFolder { path: path() });
        }
        let here = os::real(self.files_root()?).map_err(|_| RepositoryError::Bare)?;
        if real == here {
            return Err(CopyError::Inside { path: path() });
        }
        let copy = match Self::discover(&real) {
            Ok(copy) => Some(copy),
            Err(RepositoryError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let top = copy.as_ref().and_then(Self::root).and_then(|root| os::real(root).ok());
        match copy {
            Some(copy) if top.as_ref() == Some(&real) => self.copied_repository(copy, folder),
            _ if real.starts_with(&here) => Err(CopyError::Inside { path: path() }),
            _ => Ok(Copied::Folder(self.copied_folder(&real, folder)?)),
        }
    }

    fn copied_repository(&self, copy: Self, folder: &Path) -> Result<Copied, CopyError> {
        let apart = || CopyError::NoCommonCommit { path: folder.to_owned() };
        let (ours, theirs) = (self.head()?.commit, copy.head()?.commit);
        let (ours, theirs) = ours.zip(theirs).ok_or_else(apart)?;
        let shared = self.shared(&copy, theirs)?.ok_or_else(apart)?;
        let base = self.store.merge_base(&ours, &shared)?.ok_or_else(apart)?;
        // A shallow copy may end before it.
        if copy.store.resolve(&base)?.is_none() {
            return Err(apart());
        }
        let deltas = copy.deltas(&crate::Scope::Since { base: base.clone() })?;
        self.check_added(&deltas)?;
        Ok(Copied::Repository { copy: Box::new(copy), base, deltas })
    }

    /// The commit of the copy nearest to `theirs` that is known here, too: either side may have gone on.
    fn shared(&self, copy: &Self, theirs: String) -> Result<Option<String>, RepositoryError> {
        let (mut open, mut seen) = (VecDeque::from([theirs]), BTreeSet::new());
        while let Some(commit) = open.pop_front() {
            if self.store.resolve(&commit)?.is_some() {
                return Ok(Some(commit));
            }
            if !seen.insert(commit.clone()) {
                continue;
            }
            if seen.len() > COMMITS_APART_MAX {
                break;
            }
            if !copy.shallow_boundary().contains(&commit) {
                open.extend(copy.store.commit(&commit)?.parents);
            }
        }
        Ok(None)
    }

    fn copied_folder(&self, real: &Path, folder: &Path) -> Result<Vec<CapturedFile>, CopyError> {
        let listed = self.listed()?;
        let theirs = self.files_of_copy(real, &listed)?;
        if listed.iter().all(|(path, _)| !theirs.contains(path)) {
            return Err(CopyError::Unrelated { path: folder.to_owned() });
        }
        let mut proposed = Vec::new();
        let ours: BTreeSet<&RelPath> =
            listed.iter().filter(|(_, submodule)| !submodule).map(|(path, _)| path).collect();
        for path in ours.iter().copied().chain(theirs.iter().filter(|path| !ours.contains(path))) {
            let saved = self.saved(path)?;
            let copied = files::read_saved(real, path, self.disk.filemode, SAVED_BYTES_MAX);
            let copied = copied.map_err(CopyError::File)?;
            if saved == copied {
                continue;
            }
            let mode = copied.as_ref().map_or(FileMode::File, |copied| copied.mode);
            let bytes = copied.map(|copied| copied.bytes);
            proposed.push(ProposedFile { path: path.clone(), old_path: None, mode, bytes });
            if proposed.len() > CAPTURE_FILES_MAX {
                return Err(CaptureError::TooMany.into());
            }
        }
        Ok(self.capture(proposed)?)
    }

    /// The files of a plain copy that count: those we have, and those we do not ignore.
    fn files_of_copy(
        &self,
        real: &Path,
        listed: &[(RelPath, bool)],
    ) -> Result<BTreeSet<RelPath>, CopyError> {
        let known: BTreeSet<&[u8]> = listed.iter().map(|(path, _)| path.as_bytes()).collect();
        let submodules: BTreeSet<&RelPath> =
            listed.iter().filter(|(_, submodule)| *submodule).map(|(path, _)| path).collect();
        let text = |path: &RelPath| self.saved(path).ok().flatten().map(|saved| saved.bytes);
        let mut ignores = PastIgnores::new(&text);
        let private = [
            Gitignore::new(self.common_dir().join("info").join("exclude")).0,
            Gitignore::global().0,
        ];
        let mut found = BTreeSet::new();
        let mut open: Vec<(Option<RelPath>, usize)> = vec![(None, 0)];
        while let Some((folder, depth)) = open.pop() {
            let prefix = folder.as_ref().map_or_else(Vec::new, |at| [at.as_bytes(), b"/"].concat());
            for name in names(real, folder.as_ref()).map_err(CopyError::File)? {
                let bytes = [prefix.as_slice(), name.as_slice()].concat();
                // A name that no RelPath can hold is no file git could record either.
                let Ok(path) = RelPath::from_bytes(&bytes) else { continue };
                let standing = files::look(real, &path).map_err(CopyError::File)?;
                let is_folder = matches!(standing, Standing::Folder);
                let kept = if is_folder {
                    let below = [path.as_bytes(), b"/"].concat();
                    let next = known.range(below.as_slice()..).next();
                    next.is_some_and(|next| next.starts_with(&below))
                } else {
                    known.contains(path.as_bytes())
                };
                let shut = || {
                    let at = os::from_bytes(path.as_bytes()).unwrap_or_default();
                    private.iter().any(|rules| rules.matched(&at, is_folder).is_ignore())
                };
                if submodules.contains(&path)
                    || (!kept && (ignores.ignored(&path, is_folder) || shut()))
                {
                    continue;
                }
                match standing {
                    Standing::Folder if depth < COPY_DEPTH_MAX => {
                        let nested = os::join(real, &path).is_ok_and(|at| at.join(".git").exists());
                        if !nested {
                            open.push((Some(path), depth + 1));
                        }
                    }
                    Standing::File(_) | Standing::Link => {
                        found.insert(path);
                    }
                    Standing::Folder | Standing::Nothing | Standing::Special(_) => {}
                }
                if found.len() > UNTRACKED_MAX {
                    let what = "the number of files of the copy".to_owned();
                    return Err(RepositoryError::Limit { what, limit: UNTRACKED_MAX }.into());
                }
            }
        }
        Ok(found)
    }
}

/// The names in a folder of the copy, as the system holds them.
fn names(real: &Path, folder: Option<&RelPath>) -> Result<Vec<Vec<u8>>, FileError> {
    let read = || -> std::io::Result<Vec<Vec<u8>>> {
        let at = folder.map_or_else(|| Ok(real.to_owned()), |folder| os::join(real, folder))?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            Ok(os::to_bytes(Path::new(&entry?.file_name())))
        };
        std::fs::read_dir(at)?.map(name).collect()
    };
    let path = || folder.map_or_else(|| real.display().to_string(), ToString::to_string);
    read().map_err(|source| FileError::Io { path: path(), source })
}
