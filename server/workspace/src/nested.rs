//! What goes on inside submodules and other repositories in the tree, of which git records a commit only.

use std::path::{Path, PathBuf};

use crate::{Repository, RepositoryError, os};

/// How deep submodules in submodules are looked into.
pub const SUBMODULE_DEPTH_MAX: usize = 8;

/// The top of the innermost repository around `folder`, if it lies below `top`: spelled as `folder` is.
///
/// # Cost
/// Asks for one file in each folder on the way; a repository that is there is opened.
pub fn innermost_below(top: &Path, folder: &Path) -> Option<PathBuf> {
    let on_the_way = folder.ancestors().take_while(|at| *at != top && at.starts_with(top));
    let holds = |at: &&Path| {
        let found = os::is_repository(at).then(|| Repository::discover(at).ok()).flatten();
        found.is_some_and(|repository| is_its_own(&repository, at))
    };
    { on_the_way }.find(holds).map(Path::to_owned)
}

/// Whether a folder is where its repository says it is: by its configuration it may name any other folder as its own.
fn is_its_own(repository: &Repository, folder: &Path) -> bool {
    let real = |path: &Path| os::real(path).ok();
    repository.root().and_then(real) == real(folder)
}

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
        if !is_its_own(&nested, folder) {
            return Err(RepositoryError::NotFound { start: folder.to_owned() });
        }
        let commit = nested.head()?.commit;
        Ok(nested.scan(commit.as_deref())?.is_empty())
    }
}
