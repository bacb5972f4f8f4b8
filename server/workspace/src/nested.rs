//! What goes on inside submodules and other repositories in the tree, of which git records a commit only.

use std::path::Path;

use crate::{Repository, RepositoryError, os};

/// How deep submodules in submodules are looked into.
pub const SUBMODULE_DEPTH_MAX: usize = 8;

impl Repository {
    /// Why the commit checked out at `folder` does not say all about it; `None` when it does.
    ///
    /// Its saved files are compared with its commit as this repository's are: ignored files count for
    /// nothing, and nothing that it configures is run.
    pub(crate) fn beyond_commit(&self, folder: &Path) -> Option<String> {
        if self.nesting >= SUBMODULE_DEPTH_MAX {
            return Some("it lies too deep in submodules: check it there".to_owned());
        }
        match self.is_clean_inside(folder) {
            Ok(true) => None,
            Ok(false) => Some("the submodule has changes of its own: check it there".to_owned()),
            Err(error) => Some(error.to_string()),
        }
    }

    fn is_clean_inside(&self, folder: &Path) -> Result<bool, RepositoryError> {
        let mut nested = Self::discover(folder)?;
        nested.nesting = self.nesting + 1;
        let real = |path: &Path| os::real(path).ok();
        // By its configuration a repository may name any other folder as its own.
        if nested.root().and_then(real) != real(folder) {
            return Err(RepositoryError::NotFound { start: folder.to_owned() });
        }
        let commit = nested.head()?.commit;
        Ok(nested.scan(commit.as_deref())?.is_empty())
    }
}
