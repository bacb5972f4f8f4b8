//! The two ways to ask git, behind one trait: the library where it can read the repository, the person's
//! own `git` program where it cannot.
//!
//! The trait is about git's storage only: commits, trees, the index, objects, attributes. It never looks
//! at the content of working files, so neither backend has a reason to run a filter, a hook or a
//! monitor. Everything above it is written once for both.

pub(crate) mod cli;
pub(crate) mod libgit2;

use std::collections::BTreeSet;

use model::{FileMode, RelPath};

use crate::RepositoryError;
use crate::os::Stamp;

/// Which way git is asked, and why not the first choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// The library, in this process.
    Library,
    /// The person's `git` program: one process per question, so slower.
    Program {
        /// What the library could not read.
        reason: String,
    },
}

/// The checked-out commit and branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The full id of the commit; `None` before the first one.
    pub commit: Option<String>,
    /// The branch's short name; `None` when detached.
    pub branch: Option<String>,
}

/// One entry of a tree: what git recorded, by object id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) mode: FileMode,
    pub(crate) id: String,
}

/// One difference between two trees; at least one side is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeChange {
    pub(crate) path: RelPath,
    pub(crate) before: Option<Recorded>,
    pub(crate) after: Option<Recorded>,
}

/// One entry of the index.
#[derive(Debug, Clone)]
pub(crate) struct Indexed {
    pub(crate) path: RelPath,
    pub(crate) recorded: Recorded,
    /// A merge left several versions of it.
    pub(crate) unmerged: bool,
    /// It is outside the sparse checkout: absence is no deletion.
    pub(crate) skipped: bool,
    /// Only announced (`git add --intent-to-add`): it has no staged content.
    pub(crate) announced: bool,
    /// The state of the file when git last compared it.
    pub(crate) stamp: Option<Stamp>,
}

/// A commit, as far as anyone here asks.
#[derive(Debug, Clone)]
pub(crate) struct CommitRecord {
    pub(crate) parents: Vec<String>,
    pub(crate) message: Vec<u8>,
    /// As recorded, without its brackets.
    pub(crate) author_address: Vec<u8>,
}

/// A commit of a history walk that touched some of the asked paths.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    /// Positions of the touched paths in what was asked.
    pub(crate) paths: Vec<usize>,
    /// Name and address, as recorded.
    pub(crate) author: Vec<u8>,
    /// Seconds since 1970, of the committer.
    pub(crate) seconds: i64,
    pub(crate) message: Vec<u8>,
}

/// What a history walk found, newest first.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) touches: Vec<Touch>,
    /// When the commit it started from was made.
    pub(crate) start_seconds: i64,
    /// Whether it ended before the first commit.
    pub(crate) truncated: bool,
}

/// An object's bytes, or why not.
#[derive(Debug)]
pub(crate) enum Blob {
    Bytes(Vec<u8>),
    Huge(u64),
    /// Not in the object store, e.g. of a partial clone.
    Missing,
}

/// The attributes of one path that decide how its stored text is written to disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attributes {
    pub(crate) text: Attribute,
    pub(crate) crlf: Attribute,
    pub(crate) eol: Attribute,
    pub(crate) filter: Attribute,
    pub(crate) encoding: Attribute,
}

/// One attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Attribute {
    #[default]
    Unspecified,
    Set,
    Unset,
    Value(Vec<u8>),
}

/// The attributes asked for, in the order of [`Attributes::from_values`].
pub(crate) const ATTRIBUTES: [&str; 5] = ["text", "crlf", "eol", "filter", "working-tree-encoding"];

impl Attributes {
    /// From values in the order of [`ATTRIBUTES`]; missing ones are unspecified.
    pub(crate) fn from_values(values: impl IntoIterator<Item = Attribute>) -> Self {
        let mut values = values.into_iter();
        let mut next = || values.next().unwrap_or_default();
        Self { text: next(), crlf: next(), eol: next(), filter: next(), encoding: next() }
    }
}

/// How git's storage answers. Ids are full, in lower-case hexadecimal digits.
pub(crate) trait Store: Send + Sync {
    fn head(&self) -> Result<Head, RepositoryError>;

    /// The full id of the commit that `revision` names, tags followed; `None` when there is none.
    fn resolve(&self, revision: &str) -> Result<Option<String>, RepositoryError>;

    fn merge_base(&self, left: &str, right: &str) -> Result<Option<String>, RepositoryError>;

    fn commit(&self, id: &str) -> Result<CommitRecord, RepositoryError>;

    /// The id of the commit's tree.
    fn tree_id(&self, commit: &str) -> Result<String, RepositoryError>;

    /// Every file of the commit's tree, or of the part below `folder`.
    fn tree(
        &self,
        commit: &str,
        folder: Option<&RelPath>,
    ) -> Result<Vec<(RelPath, Recorded)>, RepositoryError>;

    /// What the commit's tree holds at `path`, files, links and submodules only.
    fn entry(&self, commit: &str, path: &RelPath) -> Result<Option<Recorded>, RepositoryError>;

    /// What differs between two commits' trees, without renames; `None` is the empty tree.
    fn changes(
        &self,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<Vec<TreeChange>, RepositoryError>;

    fn index(&self) -> Result<Vec<Indexed>, RepositoryError>;

    /// When the index was written: what was stamped at or after it may have changed since.
    fn index_written(&self) -> Option<(i64, u32)>;

    /// The sizes of objects, without their bytes; `None` for those that are missing.
    fn sizes(&self, ids: &BTreeSet<String>) -> Result<Sizes, RepositoryError>;

    fn blob(&self, id: &str, max_bytes: u64) -> Result<Blob, RepositoryError>;

    /// The attributes of each path, in order.
    fn attributes(&self, paths: &[RelPath]) -> Result<Vec<Attributes>, RepositoryError>;

    /// A configuration value, system, person and repository together.
    fn config(&self, key: &str) -> Option<String>;

    /// The short names of branches, remote branches and tags.
    fn names(&self) -> Result<Vec<String>, RepositoryError>;

    /// The commits before and including `start` that touched `paths`, merges left out, each compared
    /// with its first parent.
    fn walk(
        &self,
        start: &str,
        paths: &[RelPath],
        commits_max: usize,
        boundary: &BTreeSet<String>,
    ) -> Result<Walk, RepositoryError>;

    /// Puts a note on a commit, in place of the one there was. No hook runs.
    fn write_note(&self, reference: &str, commit: &str, text: &str) -> Result<(), RepositoryError>;

    /// The commit that is checked out in the repository at `folder`, itself and not a parent of it.
    fn nested_head(&self, folder: &std::path::Path) -> Option<String>;
}

/// Sizes by object id.
pub(crate) type Sizes = std::collections::BTreeMap<String, u64>;

/// A path as the repository records it, checked.
pub(crate) fn checked(path: &[u8]) -> Result<RelPath, RepositoryError> {
    RelPath::from_bytes(path).map_err(|source| RepositoryError::HostilePath { source })
}
