//! The project around a change, as its base holds it: what the checks of [`gate`] may ask for.

use std::cell::OnceCell;

use model::RelPath;
use workspace::Repository;

use crate::examine::first_line;

/// As many files of tests at most are asked for the literals they know, and as many bytes of them.
const TEST_FILES_MAX: usize = 2_000;
const TEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The files of a commit, read when they are asked for; none without a commit.
pub(crate) struct ProjectAt<'r> {
    repository: &'r Repository,
    commit: Option<String>,
    paths: OnceCell<Vec<RelPath>>,
    tests: OnceCell<Vec<gate::TestText>>,
}

impl<'r> ProjectAt<'r> {
    pub(crate) fn new(repository: &'r Repository, commit: Option<&str>) -> Self {
        let commit = commit.map(str::to_owned);
        Self { repository, commit, paths: OnceCell::new(), tests: OnceCell::new() }
    }

    /// The files of tests in order of their paths, up to the limits: what is beyond them, too large or not in this
    /// clone is not asked. A hint is all that follows from them.
    fn read_tests(&self) -> Vec<gate::TestText> {
        use gate::Project as _;
        let read = |path: &RelPath| {
            let text = self.text(path)?;
            let language = syntax::language_of(path, first_line(&text));
            Some(gate::TestText { path: path.clone(), language, text })
        };
        let tests = self
            .paths()
            .iter()
            .filter(|path| gate::is_test_file(path) || gate::helps_tests(path))
            .take(TEST_FILES_MAX);
        let mut left = TEST_BYTES_MAX;
        tests
            .filter_map(read)
            .take_while(|test| {
                let fits = test.text.len() <= left;
                left = left.saturating_sub(test.text.len());
                fits
            })
            .collect()
    }
}

impl gate::Project for ProjectAt<'_> {
    fn paths(&self) -> &[RelPath] {
        self.paths.get_or_init(|| {
            let commit = self.commit.as_deref();
            commit.and_then(|commit| self.repository.paths_at(commit).ok()).unwrap_or_default()
        })
    }

    fn text(&self, path: &RelPath) -> Option<Vec<u8>> {
        self.repository.file_at(self.commit.as_deref()?, path).ok().flatten()
    }

    fn tests(&self) -> &[gate::TestText] {
        self.tests.get_or_init(|| self.read_tests())
    }
}
