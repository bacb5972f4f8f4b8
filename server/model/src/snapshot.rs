//! A snapshot: the saved files of one worktree at one moment, as the difference from a commit.

use serde::{Deserialize, Serialize};

use crate::{FileMode, FileSide, RelPath};

/// The saved files of a worktree, ignored ones left out, at the moment it was taken.
///
/// Files that are not listed were what the commit holds, in git's sense of the same. It names no time:
/// the same files give the same snapshot. The bytes of what is saved lie in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The worktree: empty for the main one, else the name git gives the linked one.
    pub worktree: String,
    /// The commit that was checked out; `None` before the first one, when every file is listed.
    pub head: Option<String>,
    /// The branch that was checked out; `None` when detached.
    pub branch: Option<String>,
    /// The files that were not what the commit holds, ordered by path.
    pub files: Vec<SnapshotFile>,
}

/// One file that was not what the commit holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Where.
    pub path: RelPath,
    /// What was there.
    pub side: SnapshotSide,
}

/// What was at a path of a [`Snapshot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotSide {
    /// A file, its bytes as they lay on disk; a link, with its target's text; a submodule, with its
    /// commit's id.
    Saved(FileSide),
    /// Nothing, though the commit has a file there.
    Deleted,
    /// Something that could not be kept.
    Unreadable {
        /// The mode git would record.
        mode: FileMode,
        /// Why, as a clause.
        reason: String,
        /// Tells one state of the file from another, where the system does; its form means nothing.
        stamp: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    #[test]
    fn the_stored_form_is_kept() {
        let file = |path: &str, side| SnapshotFile { path: path.parse().unwrap(), side };
        let saved = FileSide { blob: Digest::of(b"x"), mode: FileMode::File, size_bytes: 1 };
        let unreadable = SnapshotSide::Unreadable {
            mode: FileMode::File,
            reason: "it is a socket, not a file".to_owned(),
            stamp: None,
        };
        let snapshot = Snapshot {
            worktree: "side".to_owned(),
            head: Some("0123".to_owned()),
            branch: Some("main".to_owned()),
            files: vec![
                file("a", SnapshotSide::Saved(saved)),
                file("b", SnapshotSide::Deleted),
                file("c", unreadable),
            ],
        };
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(
            text,
            r#"{"worktree":"side","head":"0123","branch":"main","files":[{"path":"a","side":{"saved":{"blob":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","mode":"file","size_bytes":1}}},{"path":"b","side":"deleted"},{"path":"c","side":{"unreadable":{"mode":"file","reason":"it is a socket, not a file","stamp":null}}}]}"#
        );
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    }
}
