//! Paths as people name them, from wherever they stand.

use std::path::{Component, Path, PathBuf};

use model::RelPath;

use crate::{Repository, RepositoryError};

impl Repository {
    /// The path of a file or folder relative to the top folder. It need not exist; links on the way to the
    /// top folder are seen through, links below it are not.
    ///
    /// # Errors
    /// [`RepositoryError::Outside`] for what lies elsewhere, for the top folder itself, and for git's own
    /// folder; [`RepositoryError::Bare`].
    pub fn rel_path(&self, path: &Path) -> Result<RelPath, RepositoryError> {
        let root = self.files_root()?;
        let outside = || RepositoryError::Outside { path: path.to_owned(), root: root.to_owned() };
        let absolute = std::path::absolute(path).map_err(|_| outside())?;
        let absolute = resolve_dots(&absolute);
        let below = absolute.strip_prefix(root).map(Path::to_owned).or_else(|_| {
            // The person may stand in the repository under another name of the same folder.
            let real_root = resolve(root);
            let named = absolute.ancestors().find(|ancestor| resolve(ancestor) == real_root);
            named.and_then(|top| absolute.strip_prefix(top).ok()).map(Path::to_owned).ok_or(())
        });
        let below = below.map_err(|()| outside())?;
        RelPath::from_bytes(below.as_os_str().as_encoded_bytes()).map_err(|_| outside())
    }
}

/// Takes `.` and `..` out, as a shell's `cd` does.
fn resolve_dots(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            other => resolved.push(other),
        }
    }
    resolved
}

#[expect(clippy::disallowed_methods, reason = "this crate is the door to source trees")]
fn resolve(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn paths_are_found_from_anywhere_and_nothing_outside_is() {
        let world = tempfile::tempdir().unwrap();
        let top = world.path().canonicalize().unwrap().join("repo");
        seed(&top, &[]).unwrap();
        let other_name = world.path().join("link");
        std::os::unix::fs::symlink(&top, &other_name).unwrap();
        let repository = Repository::discover(&top).unwrap();
        let named = |path: PathBuf| repository.rel_path(&path).map(|path| path.to_string()).ok();
        assert_eq!(named(top.join("a/b.rs")).as_deref(), Some("a/b.rs"));
        assert_eq!(named(top.join("a/../c/./d")).as_deref(), Some("c/d"));
        assert_eq!(named(other_name.join("a/b.rs")).as_deref(), Some("a/b.rs"));
        for outside in ["", "..", "../x", "../repository/x", ".git/config", "a/../../x"] {
            assert_eq!(named(top.join(outside)), None, "{outside}");
        }
    }
}
