//! A case: a base text, what a person made of it, and hunks that wait to land there.

use model::{LineSpan, RelPath};
use serde::Serialize;

use super::lines::Identity;

/// Where a case comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayKind {
    /// One commit: some of its hunks are the person's, the others wait.
    Split,
    /// Up to three commits are the person's; what a later one did to the same file waits, stated against the
    /// text before them.
    Near,
    /// The same with up to fifty commits.
    Far,
    /// Both sides of a merge: the first parent's are the person's, the second's wait.
    Parallel,
    /// What waits has landed, and up to ten commits followed.
    Landed,
    /// Some hunks of a commit are accepted, then the others are made; the accepted ones are undone.
    UndoSplit,
    /// All hunks of a commit are accepted, up to ten commits follow, and they are undone.
    UndoLater,
    /// The person copied the block around a waiting hunk, above or below it or elsewhere.
    Copied,
    /// The block around a waiting hunk stands twice; the person deleted or changed the one that is meant.
    Twin,
    /// The person moved the block around a waiting hunk.
    Moved,
    /// The person indented the block around a waiting hunk.
    Indented,
    /// The person deleted the block around a waiting hunk.
    Deleted,
    /// The person converted the line endings of the file.
    LineEndings,
}

impl ReplayKind {
    /// In the order of the table.
    pub const ALL: [Self; 13] = [
        Self::Split,
        Self::Near,
        Self::Far,
        Self::Parallel,
        Self::Landed,
        Self::UndoSplit,
        Self::UndoLater,
        Self::Copied,
        Self::Twin,
        Self::Moved,
        Self::Indented,
        Self::Deleted,
        Self::LineEndings,
    ];

    /// Whether the person's edits are real ones, so that its hunks count for the rate.
    pub fn real(self) -> bool {
        matches!(self, Self::Split | Self::Near | Self::Far | Self::Parallel)
    }

    /// Whether hunks are taken out instead of put in.
    pub fn undoes(self) -> bool {
        matches!(self, Self::UndoSplit | Self::UndoLater)
    }

    /// Whether what is right follows from one diff for each of several commits, so that one diff over all of
    /// them may see it differently. What has landed is known to have, so there is nothing to dispute.
    pub(super) fn followed(self) -> bool {
        matches!(self, Self::Near | Self::Far | Self::UndoLater)
    }

    /// Its name, for people and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Near => "near",
            Self::Far => "far",
            Self::Parallel => "parallel",
            Self::Landed => "landed",
            Self::UndoSplit => "undo_split",
            Self::UndoLater => "undo_later",
            Self::Copied => "copied",
            Self::Twin => "twin",
            Self::Moved => "moved",
            Self::Indented => "indented",
            Self::Deleted => "deleted",
            Self::LineEndings => "line_endings",
        }
    }
}

/// A hunk that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// What it replaces, in base.
    pub(super) span: LineSpan,
    /// What it puts there.
    pub(super) text: Vec<u8>,
    /// Whether it lies in what was made hard to tell.
    pub(super) tricked: bool,
    /// Whether it had landed and nothing of it is left: then it is as if it never had.
    pub(super) taken_back: bool,
}

impl Waiting {
    pub(super) fn new(span: LineSpan, text: &[u8]) -> Self {
        Self { span, text: text.to_vec(), tricked: false, taken_back: false }
    }

    /// As an edit of the base.
    pub(super) fn edit(&self) -> (LineSpan, Vec<u8>) {
        (self.span, self.text.clone())
    }
}

/// One case.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) number: usize,
    pub(super) kind: ReplayKind,
    pub(super) path: RelPath,
    /// The commits it is made of, oldest first.
    pub(super) commits: Vec<String>,
    /// What the hunks are stated against.
    pub(super) base: Vec<u8>,
    /// What is there now.
    pub(super) current: Vec<u8>,
    /// Which line of base is which of current.
    pub(super) identity: Identity,
    /// Ordered, and none touches the lines of another.
    pub(super) waiting: Vec<Waiting>,
}
