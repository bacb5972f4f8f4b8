//! A ChangeSet: captured edits against a base tree, immutable, named by the digest of what it does.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, DigestError, Language, RelPath, Task};

/// The name of a [`ChangeSet`]: the digest of its file changes, so the same edits are the same ChangeSet.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct ChangeSetId(pub Digest);

impl ChangeSetId {
    /// The first 12 digits, for people; commands take any unique prefix.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for ChangeSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ChangeSetId {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Captured edits against a base tree.
///
/// What it changes is in `files`; both sides of each file lie in the blob store under their digests.
/// `title`, `rationale` and `origin` are narration and do not enter the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeSet {
    /// The digest of `files`.
    pub id: ChangeSetId,
    /// What it was captured against.
    pub base: Base,
    /// Who proposed it.
    pub origin: Origin,
    /// One line for lists.
    pub title: String,
    /// Why, in the words of whoever proposed it. May be empty.
    pub rationale: String,
    /// The changed files, ordered by path.
    pub files: Vec<FileChange>,
    /// Set if the change was in the person's tree already when it was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adoption>,
    /// Set if a program made it in the sandbox. Does not enter the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran: Option<Ran>,
    /// Set if somebody asked for it. Does not enter the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Box<Task>>,
}

/// How the program ran that made a ChangeSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// The program and its arguments, each perhaps cut.
    pub argv: Vec<String>,
    /// How it ended.
    pub exit_code: i32,
    /// What it was confined by.
    pub tier: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// What is known of a change that was in the tree before it was captured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Adoption {
    /// From what it was captured: the event of a snapshot; `None` from a commit.
    pub snapshot: Option<u64>,
    /// The working tree that it was found in: empty for the main one, else the name git gives the linked one.
    #[serde(default)]
    pub worktree: String,
    /// The hunks that also hold what the person wrote, which could not be told apart.
    pub mixed: Vec<u32>,
}

impl ChangeSet {
    /// Whether a hunk also holds what the person wrote, which could not be told apart when it was adopted.
    pub fn is_mixed(&self, hunk: u32) -> bool {
        self.adopted.as_ref().is_some_and(|adoption| adoption.mixed.contains(&hunk))
    }

    /// Assembles a ChangeSet: orders the files, numbers the hunks from 1 across all files, names it.
    pub fn new(
        base: Base,
        origin: Origin,
        title: String,
        rationale: String,
        mut files: Vec<FileChange>,
    ) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut ordinal = 0;
        for hunk in files.iter_mut().flat_map(|file| &mut file.hunks) {
            ordinal += 1;
            hunk.ordinal = ordinal;
        }
        let id = ChangeSetId(Digest::of_json(&files));
        Self { id, base, origin, title, rationale, files, adopted: None, ran: None, task: None }
    }

    /// The files that were there before it, where they were.
    pub fn paths_before(&self) -> Vec<RelPath> {
        let there = self.files.iter().filter(|file| file.before.is_some());
        there.map(|file| file.old_path.as_ref().unwrap_or(&file.path).clone()).collect()
    }

    /// Every hunk with its file, in order.
    pub fn hunks(&self) -> impl Iterator<Item = (&FileChange, &Hunk)> {
        self.files.iter().flat_map(|file| file.hunks.iter().map(move |hunk| (file, hunk)))
    }

    /// The file change that holds the hunk numbered `ordinal`.
    pub fn hunk(&self, ordinal: u32) -> Option<(&FileChange, &Hunk)> {
        self.hunks().find(|(_, hunk)| hunk.ordinal == ordinal)
    }
}

/// What a ChangeSet was captured against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Base {
    /// The commit that was checked out, or the merge base of an imported branch; `None` before the first commit.
    pub commit: Option<String>,
    /// The branch that was checked out; `None` when detached.
    pub branch: Option<String>,
    /// Whether the base held saved changes that the commit does not.
    pub dirty: bool,
}

/// Who proposed a ChangeSet.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Origin {
    /// The kind of worker: `recipe`, `command`, `patch`, `branch`, `commit`, `worktree`, `adopted`, `edited`.
    pub worker: String,
    /// Which one: the recipe's name, the command, the branch, the patch file.
    pub name: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.worker, self.name)
    }
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// Where the file is after the change; where it was, if it was deleted.
    pub path: RelPath,
    /// Where it was, if it was renamed or copied from elsewhere.
    pub old_path: Option<RelPath>,
    /// What happened to it.
    pub change: ChangeKind,
    /// What kind of content the review could look at.
    pub content: Content,
    /// The language of its text, when known.
    pub language: Option<Language>,
    /// Whether a marker or a pattern says that a program writes this file.
    pub generated: bool,
    /// The side before; `None` if added.
    pub before: Option<FileSide>,
    /// The side after; `None` if deleted.
    pub after: Option<FileSide>,
    /// Its hunks, in order. A [`HunkKind::Whole`] hunk stands alone.
    pub hunks: Vec<Hunk>,
}

/// One side of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileSide {
    /// The bytes, by digest. For a submodule, the digest of the commit id's text.
    pub blob: Digest,
    /// The mode git would record.
    pub mode: FileMode,
    /// How many bytes.
    pub size_bytes: u64,
}

/// The modes git records.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FileMode {
    /// 100644
    File,
    /// 100755
    Executable,
    /// 120000
    Symlink,
    /// 160000
    Submodule,
}

impl FileMode {
    /// Git's octal number for it.
    pub fn octal(self) -> u32 {
        match self {
            Self::File => 0o100_644,
            Self::Executable => 0o100_755,
            Self::Symlink => 0o120_000,
            Self::Submodule => 0o160_000,
        }
    }

    /// The mode for git's number; group-writable files of old repositories are plain files.
    pub fn from_octal(octal: u32) -> Option<Self> {
        match octal {
            0o100_644 | 0o100_664 => Some(Self::File),
            0o100_755 => Some(Self::Executable),
            0o120_000 => Some(Self::Symlink),
            0o160_000 => Some(Self::Submodule),
            _ => None,
        }
    }
}

/// What happened to a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is not there after.
    Deleted,
    /// Its content changed.
    Modified,
    /// It moved; its content may have changed too.
    Renamed,
    /// Only its mode changed.
    ModeChanged,
    /// It became another kind of thing: a file a link, a link a submodule.
    TypeChanged,
}

/// What kind of content a file change has, worst side first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Text, in hunks.
    Text,
    /// Bytes with a NUL or otherwise not text: one whole hunk.
    Binary,
    /// Larger than the review's limit: one whole hunk, not examined.
    Huge,
    /// A symbolic link: one whole hunk.
    Symlink,
    /// A submodule's commit: one whole hunk, not examined.
    Submodule,
    /// It could not be read: one whole hunk, not examined.
    Unreadable,
}

/// The smallest part of a ChangeSet that can be accepted or rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hunk {
    /// Its number in the ChangeSet, from 1.
    pub ordinal: u32,
    /// Lines of a text, or the whole file.
    pub kind: HunkKind,
    /// What it replaces, in the text before. Empty for a pure insertion.
    pub before: LineSpan,
    /// What it puts there, in the text after. Empty for a pure deletion.
    pub after: LineSpan,
    /// The qualified name of the innermost entity around it, when known.
    pub entity: Option<String>,
}

/// Whether a hunk is lines of a text or a file as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HunkKind {
    /// A run of whole lines.
    Lines,
    /// The file as one: created, deleted, renamed, its mode or type changed, or not text.
    Whole,
}

/// A run of whole lines: byte offsets and line numbers from 0, ends exclusive.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct LineSpan {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// First line.
    pub first_line: u32,
    /// How many lines.
    pub lines: u32,
}

impl LineSpan {
    /// The byte range.
    pub fn bytes(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The part of `text` it spans; empty when out of bounds.
    pub fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}
