//! A snapshot: the saved files of a working tree at one moment, by digest.

use serde::{Deserialize, Serialize};

use crate::{FileMode, FileSide, RelPath};

/// The saved tracked and unignored files of a working tree at one moment.
///
/// Files that were as `head` has them are not listed: the commit has their bytes. The bytes of those that
/// are listed lie in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The working tree: empty for the main one, else the name git gives the linked one.
    pub worktree: String,
    /// The commit that was checked out; `None` before the first.
    pub head: Option<String>,
    /// The branch that was checked out; `None` when detached.
    pub branch: Option<String>,
    /// The files that were not as `head` has them, ordered by path.
    pub files: Vec<SnapshotFile>,
}

/// A file that was not as the commit has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Where.
    pub path: RelPath,
    /// What was there.
    pub state: SnapshotState,
}

/// What was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum SnapshotState {
    /// A file; its bytes are in the blob store, except a submodule's.
    Saved(FileSide),
    /// Nothing, though the commit has a file there.
    Gone,
    /// Something that was not kept, e.g. because it was too large.
    Unkept {
        /// The mode, if known.
        mode: Option<FileMode>,
        /// Why, in one clause.
        reason: String,
    },
}
