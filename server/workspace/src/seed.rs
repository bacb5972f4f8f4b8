//! Making a small repository from texts: for the demonstration, which needs one with a history of its own.
//!
//! It only ever writes into a folder that is empty or not there, and never into somebody's repository.

use std::path::{Path, PathBuf};

use model::RelPath;

/// One commit of a seeded repository.
#[derive(Debug, Clone)]
pub struct SeedCommit<'t> {
    /// The author's and committer's name.
    pub author: &'t str,
    /// Their address.
    pub email: &'t str,
    /// When, in seconds since 1970, UTC. Fixed, so that the commit has the same id everywhere.
    pub at_s: i64,
    /// The message.
    pub message: &'t str,
    /// What it writes; `None` deletes.
    pub files: Vec<(RelPath, Option<&'t [u8]>)>,
}

/// Why a repository could not be seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Something is there already.
    #[error("{} is not empty: name a folder that is empty or does not exist", .0.display())]
    NotEmpty(PathBuf),
    /// The disk did not take it.
    #[error("{}: {source}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Git did not take it.
    #[error("the repository in {} could not be made", path.display())]
    Git {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: git2::Error,
    },
}

/// Makes a repository with branch `main` in `folder` and commits `commits` in order.
///
/// # Errors
/// [`SeedError::NotEmpty`] before anything is written; the others when the disk or git fails midway.
/// # Cost
/// A write for each file.
pub fn seed(folder: &Path, commits: &[SeedCommit<'_>]) -> Result<(), SeedError> {
    let disk = |path: &Path, source| SeedError::Disk { path: path.to_owned(), source };
    let git = |source| SeedError::Git { path: folder.to_owned(), source };
    disk_door::make_empty(folder)?;
    let mut options = git2::RepositoryInitOptions::new();
    options.initial_head("main").external_template(false).no_reinit(true);
    let repository = git2::Repository::init_opts(folder, &options).map_err(git)?;
    let mut index = repository.index().map_err(git)?;
    for commit in commits {
        for (path, bytes) in &commit.files {
            let Some(name) = path.as_str().map(Path::new) else { continue };
            let target = folder.join(name);
            if let Some(bytes) = bytes {
                disk_door::write(&target, bytes).map_err(|source| disk(&target, source))?;
                index.add_path(name).map_err(git)?;
            } else {
                disk_door::remove(&target).map_err(|source| disk(&target, source))?;
                index.remove_path(name).map_err(git)?;
            }
        }
        index.write().map_err(git)?;
        let tree = index.write_tree().and_then(|id| repository.find_tree(id)).map_err(git)?;
        let when = git2::Time::new(commit.at_s, 0);
        let signature = git2::Signature::new(commit.author, commit.email, &when).map_err(git)?;
        // Before the first commit there is no parent; any other failure shows when the commit is made.
        let parent = repository.head().and_then(|head| head.peel_to_commit()).ok();
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        repository
            .commit(Some("HEAD"), &signature, &signature, commit.message, &tree, &parents)
            .map_err(git)?;
    }
    Ok(())
}

mod disk_door {
    #![expect(clippy::disallowed_methods, reason = "this crate is the door to source trees")]

    use super::{Path, SeedError};

    pub(super) fn make_empty(folder: &Path) -> Result<(), SeedError> {
        let disk = |source| SeedError::Disk { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(disk)?;
        if std::fs::read_dir(folder).map_err(disk)?.next().is_some() {
            return Err(SeedError::NotEmpty(folder.to_owned()));
        }
        Ok(())
    }

    pub(super) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)
    }

    pub(super) fn remove(path: &Path) -> std::io::Result<()> {
        std::fs::remove_file(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Repository;

    fn commits() -> Vec<SeedCommit<'static>> {
        let commit = |at_s, message, files| SeedCommit {
            author: "Ada",
            email: "ada@example.invalid",
            at_s,
            message,
            files,
        };
        let path = |text: &str| -> RelPath { text.parse().unwrap() };
        vec![
            commit(1, "One", vec![(path("a/b.txt"), Some(&b"b\n"[..])), (path("c"), Some(b"c\n"))]),
            commit(2, "Two", vec![(path("c"), None)]),
        ]
    }

    #[test]
    fn the_same_commits_have_the_same_ids_everywhere() {
        let heads: Vec<_> = (0..2)
            .map(|_| {
                let folder = tempfile::tempdir().unwrap();
                seed(folder.path(), &commits()).unwrap();
                let repository = Repository::discover(folder.path()).unwrap();
                assert!(repository.deltas(&crate::Scope::Worktree).unwrap().is_empty());
                assert!(!folder.path().join("c").exists());
                repository.head().unwrap()
            })
            .collect();
        assert_eq!(heads[0], heads[1]);
        assert_eq!(heads[0].branch.as_deref(), Some("main"));
    }

    #[test]
    fn somebodys_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine"), "mine").unwrap();
        assert!(matches!(seed(folder.path(), &commits()), Err(SeedError::NotEmpty(_))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
