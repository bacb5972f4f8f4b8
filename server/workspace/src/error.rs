//! Why a repository does not answer.

use std::path::PathBuf;

use model::RelPathError;
use sandbox::SandboxError;

use crate::FileError;

/// Why a repository does not answer, with the way out where there is one.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// No repository holds the folder.
    #[error(
        "{start} is not inside a git repository: run this in one, or create one with `git init`"
    )]
    NotFound {
        /// Where the search began.
        start: PathBuf,
    },
    /// It belongs to someone else, and the person did not say that it is safe.
    #[error(
        "the repository at {start} belongs to another user: if you trust it, run `git config --global --add safe.directory {start}`"
    )]
    Ownership {
        /// Where the search began.
        start: PathBuf,
    },
    /// Neither git library nor git program can read it.
    #[error("the repository at {start} cannot be read: {reason}")]
    Unsupported {
        /// Where the search began.
        start: PathBuf,
        /// What both backends said.
        reason: String,
    },
    /// A path that lies elsewhere.
    #[error("{} is not a file or folder inside the repository at {}: it lies outside", path.display(), root.display())]
    Outside {
        /// The path as it was named.
        path: PathBuf,
        /// The top folder.
        root: PathBuf,
    },
    /// A repository without files of its own.
    #[error("the repository is bare, it has no files: give a range of commits, e.g. `main..topic`")]
    Bare,
    /// No such revision.
    #[error("`{revision}` is no revision of this repository{}", hint(.suggestion))]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// A name that is close to it.
        suggestion: Option<String>,
    },
    /// A range that names neither end.
    #[error(
        "the range `{range}` names no revision: if it came from variables, they are empty; name one end at least, e.g. `main..`"
    )]
    EmptyRange {
        /// As it was given.
        range: String,
    },
    /// There is no commit yet.
    #[error("`{revision}` names no commit: this repository has none yet")]
    Unborn {
        /// What was asked for.
        revision: String,
    },
    /// The answer lies in history that a shallow clone left out.
    #[error(
        "`{revision}` needs history that this shallow clone does not have: run `git fetch --deepen=100` (or `--unshallow`) first"
    )]
    Shallow {
        /// What was asked for.
        revision: String,
    },
    /// Two revisions without a common ancestor.
    #[error("`{left}` and `{right}` have no common ancestor: name both ends as `A..B`")]
    NoMergeBase {
        /// One revision.
        left: String,
        /// The other.
        right: String,
    },
    /// A tree or the index holds a path that no file may have.
    #[error("the repository holds a path that is refused: {source}")]
    HostilePath {
        /// Why.
        #[source]
        source: RelPathError,
    },
    /// An attribute or ignore file is no file.
    #[error("{path} is {what}: replace it with a plain file")]
    NotPlain {
        /// The file.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// A pattern that is no glob.
    #[error("`{pattern}` is no pattern for files: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// More of something than its named limit.
    #[error("{what} is over the limit of {limit}")]
    Limit {
        /// What.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// A file of the tree.
    #[error(transparent)]
    File(#[from] FileError),
    /// The git library failed.
    #[error("git could not {action}: {message}")]
    Library {
        /// What was being done.
        action: &'static str,
        /// What the library said.
        message: String,
    },
    /// The git program failed.
    #[error("`git {command}` failed: {message}")]
    Program {
        /// The subcommand.
        command: String,
        /// Its standard error, first line.
        message: String,
    },
    /// The git program could not be run to its end.
    #[error("`git {command}` could not be run: {source}")]
    Spawn {
        /// The subcommand.
        command: String,
        /// Why.
        #[source]
        source: SandboxError,
    },
}

fn hint(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!(": did you mean `{name}`?"),
        None => ": `git branch --all` lists the branches".to_owned(),
    }
}
