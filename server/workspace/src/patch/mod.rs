//! Proposals that come as text: mails of `git format-patch`, the output of `git diff`, plain unified diffs.
//!
//! [`parse_patch`] reads and refuses what is hostile before anything else is looked at; [`apply_patch`]
//! applies in memory, exactly or not at all. Neither touches the disk.
//!
//! Own parser: `diffy` 0.5 reads several files from one text, but its errors name bytes instead of lines,
//! it takes paths as they come, and it applies a hunk at the first place that fits.

mod apply;
mod mail;
mod parse;
pub(crate) mod paths;

use model::{FileMode, RelPath, RelPathError};

pub(crate) use apply::apply_converted;
pub use apply::apply_patch;
pub use parse::parse_patch;

use crate::RepositoryError;

/// The largest patch that is read.
pub const PATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How many changed files one patch may hold.
pub const PATCH_FILES_MAX: usize = 10_000;

/// How many lines one patch may have.
pub const PATCH_LINES_MAX: usize = 4_000_000;

/// How many bytes the files of one patch may come to, before and after, each as often as it is touched.
pub const PATCH_RESULT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How many comparisons of lines the search for moved hunks may take.
pub const PATCH_SEARCH_MAX: u64 = 200_000_000;

/// A patch, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The subject of the first mail, without its `[PATCH]`; `None` when it is no mail.
    pub title: Option<String>,
    /// What the mails say below their subjects. May be empty.
    pub rationale: String,
    /// The changed files in the order of the patch; several mails may change one file in turn.
    pub files: Vec<PatchFile>,
}

/// What a patch does to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchFile {
    /// The file after; before, if it is deleted.
    pub path: RelPath,
    /// What kind of change.
    pub action: PatchAction,
    /// The mode before, where the patch says it.
    pub old_mode: Option<FileMode>,
    /// The mode after, where the patch says it.
    pub new_mode: Option<FileMode>,
    /// The changed places, in order.
    pub hunks: Vec<PatchHunk>,
    /// The whole patch came with CRLF line ends, so they say nothing about the file's own.
    pub crlf: bool,
    /// The line of the patch where it begins, from 1.
    pub line: usize,
}

/// What kind of change a patch makes to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchAction {
    /// It is there and changes.
    Modify,
    /// It must not be there.
    Add,
    /// It must hold exactly what the patch removes.
    Delete,
    /// It moves from there.
    Rename(RelPath),
    /// It begins as a copy of that file.
    Copy(RelPath),
}

/// One changed place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchHunk {
    /// The first line before that it speaks of, from 1; 0 when there is none.
    pub old_start: usize,
    /// Its lines.
    pub lines: Vec<PatchLine>,
    /// The line of the patch with its `@@`, from 1.
    pub line: usize,
}

/// One line of a hunk: its text with its line end, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchLine {
    /// Before and after.
    Context(Vec<u8>),
    /// Only before.
    Removed(Vec<u8>),
    /// Only after.
    Added(Vec<u8>),
}

/// A file as a proposal wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedFile {
    /// The file.
    pub path: RelPath,
    /// Where it came from, when the proposal says that it moved. The old path is proposed as deleted too.
    pub old_path: Option<RelPath>,
    /// The mode git would record.
    pub mode: FileMode,
    /// The whole content; `None` when it is deleted.
    pub bytes: Option<Vec<u8>>,
}

/// Why a patch is refused. Lines count from 1 in the patch.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// Above [`PATCH_BYTES_MAX`], [`PATCH_LINES_MAX`] or [`PATCH_FILES_MAX`].
    #[error("the patch is over the limit of {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// Above [`PATCH_RESULT_BYTES_MAX`] or [`PATCH_SEARCH_MAX`].
    #[error("line {line}: applying the patch to {path} goes over the limit of {limit} {what}")]
    Work {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
        /// Of what.
        what: &'static str,
        /// How many.
        limit: u64,
    },
    /// No change in it.
    #[error("the text holds no change: a unified diff, `git diff` or `git format-patch` is needed")]
    Nothing,
    /// A path that could reach out of the tree.
    #[error("line {line}: {source}")]
    Path {
        /// Where.
        line: usize,
        /// Why.
        #[source]
        source: RelPathError,
    },
    /// A path that some system takes for another one.
    #[error("line {line}: `{path}` {reason}")]
    Unportable {
        /// Where.
        line: usize,
        /// The path.
        path: RelPath,
        /// Why, as a predicate.
        reason: String,
    },
    /// Not the form of a patch.
    #[error("line {line}: {reason}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A binary change.
    #[error(
        "line {line}: {path} is changed as binary data, which is not applied: commit it on a branch and import the branch"
    )]
    Binary {
        /// Where.
        line: usize,
        /// The file.
        path: String,
    },
    /// A submodule's change.
    #[error(
        "line {line}: {path} is a submodule: commit its change on a branch and import the branch"
    )]
    Submodule {
        /// Where.
        line: usize,
        /// The submodule.
        path: RelPath,
    },
    /// A path whose folder is a link.
    #[error("line {line}: {path} lies behind the link {link}, which is not followed")]
    ThroughLink {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
        /// The link.
        link: RelPath,
    },
    /// An added file that is already there.
    #[error("line {line}: {path} is to be added and is already there")]
    Exists {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
    },
    /// A changed file that is not there.
    #[error("line {line}: {path} is to be changed and is not there")]
    Absent {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
    },
    /// Another kind of file, or more in a deleted file than the patch knows.
    #[error("line {line}: {path} {reason}")]
    Differs {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
        /// How, as a predicate.
        reason: &'static str,
    },
    /// The text that a hunk replaces is nowhere.
    #[error("line {line}: the text it replaces is not in {path}: the file has changed since")]
    NoMatch {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
    },
    /// The text that a hunk replaces is in two places.
    #[error(
        "line {line}: the text it replaces is in {path} at line {first} and at line {second}: make the patch again with more context"
    )]
    Ambiguous {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
        /// One place, a line from 1.
        first: usize,
        /// Another.
        second: usize,
    },
    /// Nothing around an insertion says where it belongs.
    #[error(
        "line {line}: it has no context lines, so nothing says where in {path} it belongs: make the patch again with context"
    )]
    NoContext {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
    },
    /// The base cannot be read.
    #[error("line {line}: {path} cannot be read: {source}")]
    Base {
        /// Where.
        line: usize,
        /// The file.
        path: RelPath,
        /// Why.
        #[source]
        source: Box<RepositoryError>,
    },
}
