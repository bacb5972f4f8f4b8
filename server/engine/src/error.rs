//! What can go wrong in a use case, sorted by whose turn it is to act.

use model::{ChangeSetId, ConfigError, Decision, OperationId, RelPath, VerdictReason};

/// Whose turn it is. Faces map this to exit codes and response codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It cannot be done as asked; the message says what to ask instead.
    User,
    /// Configuration or a policy does not load.
    Config,
    /// The world moved since it was looked at; ask again.
    Conflict,
    /// A named limit was reached.
    Limit,
    /// Our bug, or a machine that fails: the report text helps.
    Internal,
}

/// Why a use case could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] workspace::RepositoryError),
    /// The files cannot be compared with a snapshot.
    #[error(transparent)]
    Snapshot(#[from] workspace::SnapshotError),
    /// A proposal cannot be captured.
    #[error(transparent)]
    Capture(#[from] workspace::CaptureError),
    /// An edited copy cannot be taken.
    #[error(transparent)]
    Copied(#[from] workspace::CopyError),
    /// There is no throwaway checkout for a worker.
    #[error(transparent)]
    Checkout(#[from] workspace::CheckoutError),
    /// What a worker left cannot be proposed.
    #[error(transparent)]
    Left(#[from] workspace::LeftError),
    /// A worker did not run, because it could not be confined or started.
    #[error(transparent)]
    Sandbox(#[from] sandbox::Refusal),
    /// A patch cannot be taken.
    #[error(transparent)]
    Patch(#[from] workspace::PatchError),
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] workspace::FileError),
    /// The ledger does not open.
    #[error(transparent)]
    Ledger(#[from] ledger::LedgerError),
    /// The ledger did not take an event.
    #[error(transparent)]
    Append(#[from] ledger::AppendError),
    /// Something was done, and the ledger did not take what became of it.
    #[error("{0}; what was begun is settled by the next command that can record it")]
    Unsettled(#[source] Box<Self>),
    /// No ChangeSet, or several, for what was named.
    #[error(transparent)]
    Find(#[from] ledger::FindError),
    /// The configuration does not load.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A policy does not load.
    #[error(transparent)]
    Policy(#[from] policy::PolicyError),
    /// A pattern in the configuration is broken.
    #[error("countersign.toml: {0}")]
    Pattern(#[source] gate::GlobError),
    /// What a gate left could not be kept.
    #[error(transparent)]
    Evidence(#[from] ledger::EvidenceError),
    /// What is trusted cannot be read.
    #[error(transparent)]
    Trust(#[from] attest::StoreError),
    /// Gates that nobody trusts.
    #[error("nobody trusts the gates of this repository ({count}), so none of them runs")]
    Untrusted {
        /// How many they are.
        count: usize,
    },
    /// What was asked for is no range of commits.
    #[error("proofs are of commits: name a range, e.g. origin/main...HEAD")]
    NoCommits,
    /// A public key of the repository.
    #[error("{path}: {reason}")]
    Key {
        /// Its file.
        path: RelPath,
        /// What is wrong with it.
        reason: String,
    },
    /// No proof speaks for a commit.
    #[error("no proof speaks for commit {commit}: `countersign prove --commit {commit} --attach` makes one", commit = .0.get(..12).unwrap_or(.0))]
    NoProofOf(String),
    /// Policy cannot be passed over like this.
    #[error("it cannot be accepted in spite of policy: {0}")]
    Glass(&'static str),
    /// A change without a proof.
    #[error("change {id} was never proved: `countersign prove {id}` does it", id = .0.short())]
    NeverProved(ChangeSetId),
    /// Hunks without a place in the files as they are.
    #[error("change {} cannot be proved as a whole: {reasons}", .id.short())]
    Unplaced {
        /// Which.
        id: ChangeSetId,
        /// Hunk by hunk, why.
        reasons: String,
    },
    /// The commit has none before it to compare with.
    #[error("{0} is the first commit: there is no base to prove it on")]
    NoBase(String),
    /// It was ended from outside.
    #[error("it was interrupted; what ran to its end is kept")]
    Interrupted,
    /// A recipe does not load or run.
    #[error(transparent)]
    Recipe(#[from] agent::recipe::RecipeError),
    /// Workers spent what they may.
    #[error(transparent)]
    Exhausted(#[from] model::Exhausted),
    /// No recipe has this name.
    #[error("there is no recipe `{name}`; there are: {known}")]
    NoSuchRecipe {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// No file lies there.
    #[error("{0}: no such file or folder in the repository, or it is ignored")]
    NoSuchPath(RelPath),
    /// What the ledger keeps of open buffers could not be written.
    #[error(transparent)]
    Presence(#[from] ledger::PresenceError),
    /// A text could not be stored.
    #[error(transparent)]
    Blob(#[from] ledger::BlobError),
    /// The ledger could not be exported.
    #[error(transparent)]
    Export(#[from] ledger::ExportError),
    /// Policy denies the change.
    #[error("change {} is denied by policy: {}", .id.short(), denials(.reasons))]
    Denied {
        /// Which.
        id: ChangeSetId,
        /// Why.
        reasons: Vec<VerdictReason>,
    },
    /// The hunks asked for are in no state to do this.
    #[error("{what} of change {} can be {wanted}: {states}", .id.short())]
    Hunks {
        /// Which.
        id: ChangeSetId,
        /// `hunk 3`, `no hunk`.
        what: String,
        /// `accepted`, `rejected`, `undone`.
        wanted: &'static str,
        /// What they are instead.
        states: String,
    },
    /// The ChangeSet has no such hunk or file.
    #[error("change {} has no {what}", .id.short())]
    NoSuchPart {
        /// Which.
        id: ChangeSetId,
        /// `hunk 9`, `file src/x.rs`.
        what: String,
    },
    /// It was accepted in another working tree of the repository.
    #[error(
        "change {} was accepted in {}: undo it there",
        .id.short(),
        if .worktree.is_empty() { "the main working tree".to_owned() } else { format!("the working tree `{worktree}`") }
    )]
    OtherWorktree {
        /// Which.
        id: ChangeSetId,
        /// The working tree's name.
        worktree: String,
    },
    /// It was made on another branch.
    #[error(
        "change {} was made on branch {branch}, on a commit that is not here: switch there, or bring it here with `countersign repropose {}`",
        .id.short(), .id.short()
    )]
    Parked {
        /// Which.
        id: ChangeSetId,
        /// The branch.
        branch: String,
    },
    /// The intent is not in the ledger.
    #[error("operation {0} is not in the ledger")]
    NoSuchOperation(OperationId),
    /// The file would have been made, and it is there.
    #[error("{0} is there already: edit it, or have it written anew with --force")]
    AlreadyThere(RelPath),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] workspace::ApplyError),
    /// What was proposed changes nothing.
    #[error("{0} changes nothing")]
    Empty(String),
    /// A file of a proposal could not be read, so the proposal cannot be captured.
    #[error("{path}: {reason}")]
    Uncapturable {
        /// The file.
        path: RelPath,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whether there is nothing to work on: no repository, or one without files.
    pub fn is_no_repository(&self) -> bool {
        use workspace::RepositoryError::{Bare, NotFound};
        matches!(self, Self::Repository(Bare | NotFound { .. }))
    }

    /// Whose turn it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config(_) | Self::Policy(_) | Self::Pattern(_) => ErrorKind::Config,
            Self::Append(
                ledger::AppendError::Illegal(_)
                | ledger::AppendError::Moved { .. }
                | ledger::AppendError::NoTask(_)
                | ledger::AppendError::NoAttempt(_),
            ) => ErrorKind::Conflict,
            Self::Exhausted(_) => ErrorKind::Limit,
            Self::Append(ledger::AppendError::Ledger(error)) => ledger_kind(error),
            Self::Unsettled(error) => error.kind(),
            Self::Append(_) | Self::NoSuchOperation(_) => ErrorKind::Internal,
            _ => ErrorKind::User,
        }
    }
}

/// Whose turn it is when the ledger does not answer: mostly its message says what to do.
fn ledger_kind(error: &ledger::LedgerError) -> ErrorKind {
    match error {
        ledger::LedgerError::Sqlite { .. } | ledger::LedgerError::Damaged { .. } => {
            ErrorKind::Internal
        }
        _ => ErrorKind::User,
    }
}

fn denials(reasons: &[VerdictReason]) -> String {
    let denials = reasons.iter().filter(|reason| reason.decision == Decision::Deny);
    denials.map(|r| format!("{} ({})", r.message, r.rule)).collect::<Vec<_>>().join("; ")
}
