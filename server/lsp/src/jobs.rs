//! What the main loop and the engines say to each other: jobs one way, what came of them the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::{
    Board, Error, ErrorKind, OpenTexts, PlanFile, Recovered, Report, Selection, Since, WorkerSet,
};
use model::{ChangeSetId, Digest, Purpose, RelPath, Spending, Task, TaskEnd};
use ropey::Rope;
use serde_json::Value;

use crate::approval::Approval;
use crate::extension::{DocumentParams, DocumentText};
use crate::main_loop::Reply;
use crate::placement::HunksThen;
use crate::work::{Interrupt, Unworked, Worked};

/// A repository in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RootId(pub u32);

/// A command under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token(pub u64);

/// Hunks of several ChangeSets.
pub(crate) type Hunks = BTreeMap<ChangeSetId, BTreeSet<u32>>;

/// What the engine is asked to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Plan an acceptance or an undo and append its intent.
    Begin {
        token: Token,
        purpose: Purpose,
        /// Whether nothing may be written: the text is so already, and the ledger follows.
        follows: bool,
        changeset: ChangeSetId,
        selection: Selection,
        open: OpenTexts,
    },
    /// Write the files of the operation that no editor holds.
    WriteClosed(Token),
    /// Put them back.
    ReverseClosed(Token),
    /// Append the outcome of the operation.
    Settle { token: Token, editor: Vec<(RelPath, Result<(), String>)> },
    /// Reject hunks: what waits is recorded; what was adopted is planned as an acceptance is, and begun.
    Reject {
        token: Token,
        changeset: ChangeSetId,
        selection: Selection,
        reason: Option<String>,
        open: OpenTexts,
    },
    /// Take rejections back.
    Restore { token: Token, changeset: ChangeSetId, selection: Selection },
    /// State anew what waits of a ChangeSet.
    Repropose { token: Token, changeset: ChangeSetId },
    /// Find out what can be found out about a ChangeSet, on a thread of its own.
    Prove { token: Token, changeset: ChangeSetId, interrupt: Interrupt },
    /// Whether what is newly proposed is proved by itself from now on; `None`: as it was when this began.
    ProvesUnasked(Option<bool>),
    /// Whether nothing is proved from now on that nobody asks for.
    Pause(bool),
    /// Let workers take more time than is configured.
    Allow { token: Token, by: Duration },
    /// Tell what workers spent, whatever was told.
    Meter,
    /// Record that somebody asked for a task.
    QueueTask { token: Token, task: Box<Task> },
    /// Record what it came to.
    EndTask { token: Token, end: TaskEnd },
    /// Have a task carried out, on a thread of its own.
    Work { token: Token, task: Box<Task>, interrupt: Interrupt },
    /// Look which commands nobody trusts yet, or record that these are.
    Trust { token: Token, digest: Option<Digest> },
    /// Record the saved files.
    Snapshot { token: Token, label: Option<String> },
    /// Capture what changed in the saved files.
    Adopt { token: Token, since: Since, agent: Option<String> },
    /// The person saved a file as `after`, which was `before` until then.
    Edited { path: RelPath, before: Arc<str>, after: Arc<str> },
    /// A buffer with accepted hunks was saved.
    Saved(RelPath),
    /// Look which of these accepted hunks the editor's own undo took out of a buffer with this text.
    Withdrawn { path: RelPath, text: Arc<str>, accepted: HunksThen },
    /// The editor's own undo put these back into a buffer, which a rejection had taken out of it.
    PutBack { path: RelPath, back: Hunks },
    /// A buffer that may have held accepted or undone hunks was closed: the disk says what is left.
    Closed(RelPath),
    /// Look whether the saved file is this text, though the editor told of no save: it read the file again.
    IsSaved { path: RelPath, rope: Rope, revision: u64, under_way: Arc<()> },
    /// Look whether the saved file is this text.
    Compare { path: RelPath, text: Arc<str>, clean_at: u64 },
    /// Settle what a dead process left.
    Recover(OpenTexts),
    /// Which files have unsaved text here.
    Presence(Vec<RelPath>),
    /// Show a text of a ChangeSet. It is answered from here: the session has no part in it.
    Document(Box<AskedText>),
}

/// A text that the client asks for.
#[derive(Debug)]
pub(crate) struct AskedText {
    /// Of which ChangeSet.
    pub changeset: ChangeSetId,
    /// Which text.
    pub params: DocumentParams,
    /// The buffers.
    pub open: OpenTexts,
    /// Who waits for it.
    pub reply: Reply<DocumentText>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    /// This is the top of the working tree, be there a ledger or not; `alias`: how the editor spells it, if by a link.
    Found { root: PathBuf, alias: Option<PathBuf> },
    /// The engine is open on this folder.
    Opened(PathBuf),
    /// Nothing is served here, or not any more, and why; `None`: there is no repository, which is no news.
    Unavailable(Option<String>),
    /// What the ledger says now.
    Board(Board),
    /// The ledger did not take that work in the background is paused, or goes on, for this reason.
    NotPaused(String),
    /// The saved file is something else than the text that was compared with it.
    Differs { path: RelPath, clean_at: u64 },
    /// Whether the saved file is the text that a document had at this revision.
    IsSaved { path: RelPath, revision: u64, saved: bool },
    /// A command that changes no text is over: what to say, and what to answer.
    Told { token: Token, said: String, value: Value },
    /// The intent is in the ledger.
    Begun { token: Token, plan: Begun },
    /// No hunk can take effect; nothing was appended.
    Nothing { token: Token, report: Report },
    /// The closed files were written, or the first that was not.
    WroteClosed { token: Token, written: Result<(), String> },
    /// The closed files were put back, where that was possible.
    ReversedClosed(Token),
    /// The command is over.
    Settled { token: Token, report: Report },
    /// The command failed.
    Failed { token: Token, failure: Failure },
    /// A ChangeSet is being proved from now on, or no longer.
    Proving { changeset: ChangeSetId, under_way: bool },
    /// A command needs these to be trusted.
    Approval { token: Token, approval: Approval },
    /// They are.
    Trusted { token: Token, said: String },
    /// Who can be asked for work is another, or is not known, and why.
    Offered(Box<Result<WorkerSet, String>>),
    /// A task came to its end.
    Worked { token: Token, result: Result<Worked, Unworked> },
    /// What workers spent of their time is another.
    Spending(Spending),
    /// What a dead process left is settled.
    Recovered(Vec<Recovered>),
}

/// A plan whose intent is in the ledger, as far as the editor takes part.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The files that an editor holds.
    pub in_editor: Vec<PlanFile>,
    /// Whether files on disk take part as well.
    pub on_disk: bool,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Whose turn it is.
    pub kind: ErrorKind,
    /// One sentence.
    pub message: String,
}

impl Failure {
    /// It is the person's turn.
    pub(crate) fn user(message: String) -> Self {
        Self { kind: ErrorKind::User, message }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }
}

impl Job {
    /// The command that waits for it.
    pub(crate) fn token(&self) -> Option<Token> {
        match self {
            Self::Begin { token, .. }
            | Self::WriteClosed(token)
            | Self::ReverseClosed(token)
            | Self::Settle { token, .. }
            | Self::Restore { token, .. }
            | Self::Repropose { token, .. }
            | Self::Prove { token, .. }
            | Self::Work { token, .. }
            | Self::Allow { token, .. }
            | Self::Trust { token, .. }
            | Self::Snapshot { token, .. }
            | Self::Adopt { token, .. }
            | Self::Reject { token, .. } => Some(*token),
            Self::Saved(_)
            | Self::Edited { .. }
            | Self::QueueTask { .. }
            | Self::EndTask { .. }
            | Self::IsSaved { .. }
            | Self::Withdrawn { .. }
            | Self::PutBack { .. }
            | Self::Closed(_)
            | Self::Compare { .. }
            | Self::Recover(_)
            | Self::ProvesUnasked(_)
            | Self::Meter
            | Self::Pause(_)
            | Self::Document(_)
            | Self::Presence(_) => None,
        }
    }

    /// Whether it may append to the ledger, so that the board is another afterwards.
    pub(crate) fn appends(&self) -> bool {
        match self {
            Self::Begin { .. }
            | Self::Settle { .. }
            | Self::Reject { .. }
            | Self::Restore { .. }
            | Self::Repropose { .. }
            | Self::Snapshot { .. }
            | Self::Adopt { .. }
            | Self::Edited { .. }
            | Self::Saved(_)
            | Self::Withdrawn { .. }
            | Self::PutBack { .. }
            | Self::Closed(_)
            | Self::Pause(_)
            | Self::Recover(_) => true,
            Self::WriteClosed(_)
            | Self::ReverseClosed(_)
            | Self::Compare { .. }
            | Self::IsSaved { .. }
            | Self::Prove { .. }
            | Self::Work { .. }
            | Self::Allow { .. }
            | Self::Trust { .. }
            | Self::ProvesUnasked(_)
            | Self::Meter
            // It changes nothing that is on the board.
            | Self::QueueTask { .. }
            | Self::EndTask { .. }
            | Self::Document(_)
            | Self::Presence(_) => false,
        }
    }
}
