//! One repository: where it lies, which backend reads it, what is checked out, what its commits hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::{Base, FileMode, RelPath};

use crate::backend::{Backend, Blob, Head, Store, cli, libgit2};
use crate::{RepositoryError, Scope, os};

/// The largest file that is read from a commit as configuration or policy.
pub const RULE_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// How many files [`Repository::files_under`] gives at most.
pub const RULE_FILES_MAX: usize = 1000;

/// An opened repository. Cheap to share between threads; questions to one wait for each other.
pub struct Repository {
    pub(crate) store: Box<dyn Store>,
    backend: Backend,
    root: Option<PathBuf>,
    git_dir: PathBuf,
    common_dir: PathBuf,
    pub(crate) disk: Disk,
    /// How many repositories it was reached through, as their submodule.
    pub(crate) nesting: usize,
}

/// What of the configuration decides how the disk is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk {
    /// The executable bit counts.
    pub(crate) filemode: bool,
    /// Links are links; else they are files that hold the target.
    pub(crate) symlinks: bool,
}

/// A commit's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitMessage {
    /// The first paragraph, on one line.
    pub title: String,
    /// What follows it, trimmed. May be empty.
    pub body: String,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository")
            .field("root", &self.root)
            .field("git_dir", &self.git_dir)
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

/// When HEAD and the list of where it was were last written, and how long they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadMark([Option<(std::time::SystemTime, u64)>; 2]);

impl Repository {
    /// Opens the repository that holds `start`, a worktree's or a submodule's own one included.
    ///
    /// `GIT_DIR` is not read: the folder decides. `GIT_INDEX_FILE` is, because git sets it for hooks so
    /// that they see what is about to be committed; only a file in this repository's own git folder is
    /// taken, and a relative one counts from `start`, which in a hook is the root.
    ///
    /// # Errors
    /// [`RepositoryError::NotFound`], [`RepositoryError::Ownership`], [`RepositoryError::Unsupported`].
    ///
    /// # Cost
    /// A few file reads; with the program as backend about five short processes.
    pub fn discover(start: &Path) -> Result<Self, RepositoryError> {
        Self::discover_with(start, false)
    }

    /// As [`Repository::discover`], by the git program whatever the library could do. For comparing the two.
    ///
    /// # Errors
    /// As [`Repository::discover`].
    pub fn discover_by_program(start: &Path) -> Result<Self, RepositoryError> {
        Self::discover_with(start, true)
    }

    fn discover_with(start: &Path, program: bool) -> Result<Self, RepositoryError> {
        let start = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
        let index_file = std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from);
        let index_file = index_file.map(|file| start.join(file));
        let refusal = if program {
            libgit2::Refusal::CannotRead("the program was asked for".to_owned())
        } else {
            match libgit2::open(&start, index_file.clone()) {
                Ok(found) => {
                    return Ok(Self::assemble(
                        Box::new(found.store),
                        Backend::Library,
                        found.root,
                        found.git_dir,
                        found.common_dir,
                    ));
                }
                Err(refusal) => refusal,
            }
        };
        let reason = match refusal {
            libgit2::Refusal::NotFound => return Err(RepositoryError::NotFound { start }),
            libgit2::Refusal::Ownership => return Err(RepositoryError::Ownership { start }),
            libgit2::Refusal::CannotRead(reason) => reason,
        };
        match cli::open(&start, index_file) {
            Ok(found) => Ok(Self::assemble(
                Box::new(found.store),
                Backend::Program { reason },
                found.root,
                found.git_dir,
                found.common_dir,
            )),
            Err(error) => Err(told_apart(start, &reason, &error)),
        }
    }

    fn assemble(
        store: Box<dyn Store>,
        backend: Backend,
        root: Option<PathBuf>,
        git_dir: PathBuf,
        common_dir: PathBuf,
    ) -> Self {
        let on = |key: &str| {
            !matches!(
                store.config(key).unwrap_or_default().to_ascii_lowercase().as_str(),
                "false" | "no" | "off" | "0"
            )
        };
        let disk = Disk { filemode: on("core.filemode"), symlinks: on("core.symlinks") };
        Self { store, backend, root, git_dir, common_dir, disk, nesting: 0 }
    }

    /// The name that git would sign a commit with; `None` when the person never told git.
    pub fn person(&self) -> Option<String> {
        self.store.config("user.name").filter(|name| !name.trim().is_empty())
    }

    /// Which way git is asked, and why.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The top folder of the files; `None` when the repository is bare.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The top folder of the files.
    ///
    /// # Errors
    /// [`RepositoryError::Bare`].
    pub(crate) fn files_root(&self) -> Result<&Path, RepositoryError> {
        self.root.as_deref().ok_or(RepositoryError::Bare)
    }

    /// Git's folder of this worktree.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Git's folder that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The name of this worktree: empty for the main one, else what git calls the linked one.
    pub fn worktree_name(&self) -> String {
        if self.git_dir == self.common_dir {
            return String::new();
        }
        let name = self.git_dir.file_name();
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Whether a worktree of this name is there: the main one is; a linked one, as long as git lists it and its
    /// folder is there, or it is locked, as on a medium that is not mounted.
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to git's folder")]
    pub fn has_worktree(&self, name: &str) -> bool {
        let listed = self.common_dir.join("worktrees").join(name);
        if name.is_empty() || listed.join("locked").exists() {
            return true;
        }
        // It names the `.git` file of the worktree, since git 2.48 perhaps relative to where it lies.
        let Ok(pointer) = std::fs::read(listed.join("gitdir")) else { return false };
        let pointer = crate::os::from_bytes(pointer.trim_ascii_end());
        pointer.is_ok_and(|pointer| listed.join(pointer).exists())
    }

    /// What is checked out.
    ///
    /// # Errors
    /// A HEAD that cannot be read.
    pub fn head(&self) -> Result<Head, RepositoryError> {
        self.store.head()
    }

    /// Something that is another one once HEAD points elsewhere. Cost: asks for two files, reads none.
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to git's folder")]
    pub fn head_mark(&self) -> HeadMark {
        let mark = |name: &str| {
            let known = std::fs::metadata(self.git_dir.join(name)).ok()?;
            Some((known.modified().ok()?, known.len()))
        };
        HeadMark([mark("HEAD"), mark("logs/HEAD")])
    }

    /// What a proposal made now would be captured against.
    ///
    /// # Errors
    /// As [`Repository::deltas`] of [`Scope::Worktree`].
    ///
    /// # Cost
    /// One scan of the worktree.
    pub fn base(&self) -> Result<Base, RepositoryError> {
        let head = self.head()?;
        let dirty = self.root.is_some() && !self.deltas(&Scope::Worktree)?.is_empty();
        Ok(Base { commit: head.commit, branch: head.branch, dirty })
    }

    /// The message of a commit.
    ///
    /// # Errors
    /// As [`Repository::commit_id`].
    pub fn commit_message(&self, revision: &str) -> Result<CommitMessage, RepositoryError> {
        let record = self.store.commit(&self.commit_id(revision)?)?;
        let text = String::from_utf8_lossy(&record.message).replace("\r\n", "\n");
        let text = text.trim();
        let (title, body) = text.split_once("\n\n").unwrap_or((text, ""));
        Ok(CommitMessage {
            title: title.lines().map(str::trim).collect::<Vec<_>>().join(" "),
            body: body.trim().to_owned(),
        })
    }

    /// The bytes of a file as `revision` holds it; `None` when it holds no such file. A link gives its
    /// target's text.
    ///
    /// # Errors
    /// As [`Repository::commit_id`]; [`RepositoryError::Limit`] above [`RULE_FILE_BYTES_MAX`].
    pub fn file_at(
        &self,
        revision: &str,
        path: &RelPath,
    ) -> Result<Option<Vec<u8>>, RepositoryError> {
        let commit = self.commit_id(revision)?;
        let Some(entry) = self.store.entry(&commit, path)? else { return Ok(None) };
        if entry.mode == FileMode::Submodule {
            return Ok(None);
        }
        self.rule_bytes(path, &entry.id).map(Some)
    }

    /// The paths of the plain files that `revision` holds, sorted.
    ///
    /// # Errors
    /// As [`Repository::commit_id`].
    /// # Cost
    /// One walk of the commit's tree.
    pub fn paths_at(&self, revision: &str) -> Result<Vec<RelPath>, RepositoryError> {
        let listed = self.store.tree(&self.commit_id(revision)?, None)?.into_iter();
        let plain =
            listed.filter(|(_, entry)| matches!(entry.mode, FileMode::File | FileMode::Executable));
        let mut paths: Vec<RelPath> = plain.map(|(path, _)| path).collect();
        paths.sort();
        Ok(paths)
    }

    /// Every plain file below `folder` as `revision` holds it, sorted by path; empty when there is none.
    ///
    /// # Errors
    /// As [`Repository::file_at`]; [`RepositoryError::Limit`] above [`RULE_FILES_MAX`] files.
    pub fn files_under(
        &self,
        revision: &str,
        folder: &RelPath,
    ) -> Result<Vec<(RelPath, Vec<u8>)>, RepositoryError> {
        let commit = self.commit_id(revision)?;
        let mut listed = self.store.tree(&commit, Some(folder))?;
        listed.retain(|(path, entry)| {
            path != folder && matches!(entry.mode, FileMode::File | FileMode::Executable)
        });
        if listed.len() > RULE_FILES_MAX {
            return Err(RepositoryError::Limit {
                what: format!("the number of files under {folder}"),
                limit: RULE_FILES_MAX,
            });
        }
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        listed
            .into_iter()
            .map(|(path, entry)| Ok((path.clone(), self.rule_bytes(&path, &entry.id)?)))
            .collect()
    }

    fn rule_bytes(&self, path: &RelPath, id: &str) -> Result<Vec<u8>, RepositoryError> {
        match self.store.blob(id, RULE_FILE_BYTES_MAX)? {
            Blob::Bytes(bytes) => Ok(bytes),
            Blob::Huge(_) => Err(RepositoryError::Limit {
                what: format!("the size of {path}, in bytes,"),
                limit: RULE_FILE_BYTES_MAX as usize,
            }),
            Blob::Missing => Err(RepositoryError::Library {
                action: "read a file of a commit",
                message: format!("the content of {path} is not in this clone"),
            }),
        }
    }

    /// The commits whose parents a shallow clone left out.
    pub(crate) fn shallow_boundary(&self) -> BTreeSet<String> {
        let file = self.common_dir.join("shallow");
        let read = || -> std::io::Result<String> {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut os::open_plain(&file)?, &mut text)?;
            Ok(text)
        };
        // No such file is the normal case: the clone is whole.
        read().unwrap_or_default().lines().map(|line| line.trim().to_owned()).collect()
    }
}

/// The index that git set for a hook, if it belongs to this repository.
pub(crate) fn hook_index(file: Option<PathBuf>, git_dir: &Path) -> Option<PathBuf> {
    let real = |path: &Path| os::real(path).ok();
    file.filter(|file| file.parent().and_then(real).is_some_and(|at| Some(at) == real(git_dir)))
}

/// What the program's failure to open means, with what the library said before it.
fn told_apart(start: PathBuf, reason: &str, error: &RepositoryError) -> RepositoryError {
    let said = error.to_string();
    if said.contains("dubious ownership") {
        RepositoryError::Ownership { start }
    } else if said.contains("not a git repository") {
        RepositoryError::NotFound { start }
    } else {
        RepositoryError::Unsupported { start, reason: format!("{reason}; {said}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_index_of_the_same_repository_is_taken() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let taken = |file: PathBuf| hook_index(Some(file), ours.path()).is_some();
        assert!(taken(ours.path().join("index.lock")));
        assert!(taken(ours.path().join(".").join("index")));
        assert!(!taken(theirs.path().join("index")));
        assert!(!taken(ours.path().join("gone/index")));
    }
}
