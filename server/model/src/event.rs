//! What the ledger records. An event says what happened; state is folded from events, never stored instead.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ChangeSet, ChangeSetId, Digest, FileMode, HunkPrint, LineSpan, ProofRef, RelPath, Review,
    Snapshot, Task, TaskEnd, TaskId, Timestamp, Verdict,
};

/// Who acted, and through what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// A person, or a program on its own.
    pub kind: ActorKind,
    /// The person's name as git would record it, or the program's.
    pub name: String,
    /// Where they act.
    pub surface: Surface,
}

/// Whether a person acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Someone at a terminal or an editor.
    Person,
    /// Countersign itself, e.g. when it recovers after a crash.
    Program,
}

/// Where someone acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// The command line.
    Terminal,
    /// An editor, through the language server.
    Editor,
    /// No one is there: CI, recovery.
    Headless,
}

/// An operation on a ChangeSet (an acceptance, an undo, a rejection of what is in the text), or a task: the sequence number of the event that asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u64);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A live process with the ledger open. An intent names its holder, so that only the intents of the dead are recovered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HolderId(pub String);

/// One thing that happened.
///
/// Serialised as `{"kind": "...", ...}`. Kinds are never renamed; fields are only added, with a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A ChangeSet was captured; both sides of its files are in the blob store.
    ChangeSetProposed {
        /// All of it.
        changeset: ChangeSet,
    },
    /// It was reviewed and judged; a later judgement replaces an earlier one.
    ChangeSetJudged {
        /// Which.
        changeset: ChangeSetId,
        /// What the review found.
        review: Review,
        /// What policy says.
        verdict: Verdict,
    },
    /// A proof was made and signed; a later one replaces an earlier one. Its envelope is in the blob store.
    Proved {
        /// Of which.
        changeset: ChangeSetId,
        /// Where it is, and what it comes to.
        proof: ProofRef,
    },
    /// A person is about to accept hunks that policy denies.
    GlassBroken {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks.
        hunks: Vec<u32>,
        /// Why, in their words.
        reason: String,
        /// What policy said, and they do in spite of it.
        verdict: Verdict,
    },
    /// Someone asked to accept hunks; nothing is written yet.
    AcceptRequested(Intent),
    /// All of it reached its planned content.
    Accepted(Outcome),
    /// Some files reached it, the others are named.
    PartlyAccepted(Outcome),
    /// Nothing of it remains.
    AcceptFailed(Outcome),
    /// A buffer that held an acceptance or an undo was saved.
    Saved {
        /// Which.
        changeset: ChangeSetId,
        /// The file.
        path: RelPath,
        /// The hunks in that buffer; where none is named, all of the file.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hunks: Vec<u32>,
    },
    /// An unsaved acceptance is gone: the buffer was closed unsaved, or the editor's own undo took it back.
    Withdrawn {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks, back to proposed.
        hunks: Vec<u32>,
        /// Why.
        reason: String,
    },
    /// An unsaved undo is gone: the buffer was closed unsaved, so the disk still has what was accepted.
    UndoLost {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks, accepted as before.
        hunks: Vec<u32>,
        /// Why.
        reason: String,
    },
    /// Someone does not want these hunks.
    Rejected {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks.
        hunks: Vec<u32>,
        /// Why, if they said.
        reason: Option<String>,
        /// How each hunk is known again, should its source offer it again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        prints: Vec<(u32, HunkPrint)>,
    },
    /// Someone takes a rejection back: the hunks wait again.
    Restored {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks.
        hunks: Vec<u32>,
    },
    /// These hunks were found in the text, though nobody had accepted them: they wait there.
    Adopted {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks.
        hunks: Vec<u32>,
    },
    /// These hunks wait no longer, because another ChangeSet says the same against a newer text.
    Superseded {
        /// Which.
        changeset: ChangeSetId,
        /// The hunks.
        hunks: Vec<u32>,
        /// The other one.
        by: ChangeSetId,
    },
    /// Someone asked to undo accepted hunks; nothing is written yet.
    UndoRequested(Intent),
    /// All of them are undone.
    Undone(Outcome),
    /// Some are, the other files are named.
    PartlyUndone(Outcome),
    /// None are.
    UndoFailed(Outcome),
    /// Someone does not want adopted hunks, which are in the text; nothing is written yet.
    RejectRequested {
        /// What taking them out comes to.
        intent: Intent,
        /// Why, if they said.
        reason: Option<String>,
        /// How each hunk is known again, should its source offer it again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        prints: Vec<(u32, HunkPrint)>,
    },
    /// All of them are out of the text, and rejected.
    TakenOut(Outcome),
    /// Some are, the other files are named.
    PartlyTakenOut(Outcome),
    /// None are.
    TakeOutFailed(Outcome),
    /// The saved files as they were at one moment: a starting point from which changes are adopted.
    SnapshotTaken {
        /// What was there.
        snapshot: Snapshot,
        /// What whoever took it called it.
        label: Option<String>,
    },
    /// A person saved a file in an editor, while a snapshot was the starting point: what they changed is
    /// theirs and no part of what is adopted.
    Edited {
        /// The working tree: empty for the main one, else the name git gives the linked one.
        worktree: String,
        /// The file.
        path: RelPath,
        /// What was on disk before; `None`: nothing.
        before: Option<Digest>,
        /// What is there now; `None`: nothing.
        after: Option<Digest>,
    },
    /// Somebody asked for work.
    TaskQueued {
        /// What is to be done.
        task: Box<Task>,
        /// The process that has it carried out.
        holder: HolderId,
    },
    /// It came to its end.
    TaskEnded {
        /// The number of the event that asked for it.
        queued: OperationId,
        /// Its name.
        task: TaskId,
        /// What it came to.
        end: TaskEnd,
    },
    /// A worker begins with a task: its time is set aside.
    AttemptStarted {
        /// The task.
        task: TaskId,
        /// Who.
        worker: String,
        /// How long it may take at most, in milliseconds.
        reserved_ms: u64,
        /// The process that runs it.
        holder: HolderId,
    },
    /// It is over, however it ended.
    AttemptEnded {
        /// The number of the event that it began with.
        attempt: OperationId,
        /// How long it took, in milliseconds.
        spent_ms: u64,
    },
    /// A person lets workers take more time than is configured, for a day.
    BudgetRaised {
        /// How much more, in milliseconds.
        by_ms: u64,
    },
    /// Somebody wants nothing to begin in the background.
    Paused {},
    /// Somebody has it go on.
    Resumed {},
}

impl Event {
    /// The ChangeSet it is about; `None` for what is about a working tree, a task, or all work in the background.
    pub fn changeset(&self) -> Option<ChangeSetId> {
        match self {
            Self::ChangeSetProposed { changeset } => Some(changeset.id),
            Self::ChangeSetJudged { changeset, .. }
            | Self::Proved { changeset, .. }
            | Self::GlassBroken { changeset, .. }
            | Self::Saved { changeset, .. }
            | Self::Withdrawn { changeset, .. }
            | Self::UndoLost { changeset, .. }
            | Self::Rejected { changeset, .. }
            | Self::Restored { changeset, .. }
            | Self::Adopted { changeset, .. }
            | Self::Superseded { changeset, .. } => Some(*changeset),
            Self::SnapshotTaken { .. }
            | Self::Edited { .. }
            | Self::TaskQueued { .. }
            | Self::TaskEnded { .. }
            | Self::AttemptStarted { .. }
            | Self::AttemptEnded { .. }
            | Self::BudgetRaised { .. }
            | Self::Paused {}
            | Self::Resumed {} => None,
            _ => self
                .intent()
                .map(|(_, intent)| intent.changeset)
                .or(self.outcome().map(|(_, outcome)| outcome.changeset)),
        }
    }

    /// What someone asked for, and for what, if it is an intent.
    pub fn intent(&self) -> Option<(Purpose, &Intent)> {
        match self {
            Self::AcceptRequested(intent) => Some((Purpose::Accept, intent)),
            Self::UndoRequested(intent) => Some((Purpose::Undo, intent)),
            Self::RejectRequested { intent, .. } => Some((Purpose::Reject, intent)),
            _ => None,
        }
    }

    /// What became of an intent, and what it was for, if it is an outcome.
    pub fn outcome(&self) -> Option<(Purpose, &Outcome)> {
        match self {
            Self::Accepted(outcome)
            | Self::PartlyAccepted(outcome)
            | Self::AcceptFailed(outcome) => Some((Purpose::Accept, outcome)),
            Self::Undone(outcome) | Self::PartlyUndone(outcome) | Self::UndoFailed(outcome) => {
                Some((Purpose::Undo, outcome))
            }
            Self::TakenOut(outcome)
            | Self::PartlyTakenOut(outcome)
            | Self::TakeOutFailed(outcome) => Some((Purpose::Reject, outcome)),
            _ => None,
        }
    }

    /// What it ends: an operation, a task, or an attempt at one.
    pub fn ends(&self) -> Option<OperationId> {
        match self {
            Self::TaskEnded { queued, .. } => Some(*queued),
            Self::AttemptEnded { attempt, .. } => Some(*attempt),
            _ => self.outcome().map(|(_, outcome)| outcome.operation),
        }
    }

    /// Its kind, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ChangeSetProposed { .. } => "change_set_proposed",
            Self::ChangeSetJudged { .. } => "change_set_judged",
            Self::Proved { .. } => "proved",
            Self::GlassBroken { .. } => "glass_broken",
            Self::AcceptRequested(_) => "accept_requested",
            Self::Accepted(_) => "accepted",
            Self::PartlyAccepted(_) => "partly_accepted",
            Self::AcceptFailed(_) => "accept_failed",
            Self::Saved { .. } => "saved",
            Self::Withdrawn { .. } => "withdrawn",
            Self::UndoLost { .. } => "undo_lost",
            Self::Rejected { .. } => "rejected",
            Self::UndoRequested(_) => "undo_requested",
            Self::Undone(_) => "undone",
            Self::PartlyUndone(_) => "partly_undone",
            Self::UndoFailed(_) => "undo_failed",
            Self::Restored { .. } => "restored",
            Self::Adopted { .. } => "adopted",
            Self::Superseded { .. } => "superseded",
            Self::RejectRequested { .. } => "reject_requested",
            Self::TakenOut(_) => "taken_out",
            Self::PartlyTakenOut(_) => "partly_taken_out",
            Self::TakeOutFailed(_) => "take_out_failed",
            Self::SnapshotTaken { .. } => "snapshot_taken",
            Self::Edited { .. } => "edited",
            Self::TaskQueued { .. } => "task_queued",
            Self::TaskEnded { .. } => "task_ended",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptEnded { .. } => "attempt_ended",
            Self::BudgetRaised { .. } => "budget_raised",
            Self::Paused {} => "paused",
            Self::Resumed {} => "resumed",
        }
    }
}

/// What an intent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Putting proposed hunks into the text, or marking adopted ones as reviewed.
    Accept,
    /// Taking accepted hunks out again.
    Undo,
    /// Taking adopted hunks out.
    Reject,
}

/// What someone asked for, planned to the byte, before anything is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Which ChangeSet.
    pub changeset: ChangeSetId,
    /// Which hunks.
    pub hunks: Vec<u32>,
    /// Each file, from what to what.
    pub files: Vec<PlannedFile>,
    /// The process that carries it out.
    pub holder: HolderId,
    /// The working tree it writes to: empty for the main one, else the name git gives the linked one.
    #[serde(default)]
    pub worktree: String,
}

/// One file of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// The file. A rename is two: the old path with no `after`, the new one with no `before`.
    pub path: RelPath,
    /// What is there when it starts; `None`: nothing may be there.
    pub before: Option<PlannedSide>,
    /// What must be there when it ends; `None`: nothing.
    pub after: Option<PlannedSide>,
    /// The hunks that make the difference.
    pub hunks: Vec<u32>,
    /// Whether an editor has it open and writes it, instead of us.
    pub in_editor: bool,
    /// Where each of its hunks of lines lies on both sides; none for a file that is exchanged as a whole.
    #[serde(default)]
    pub places: Vec<PlannedPlace>,
}

/// Where a hunk lies in the texts of a planned file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPlace {
    /// The hunk.
    pub hunk: u32,
    /// In the text when it starts.
    pub before: LineSpan,
    /// In the text when it ends.
    pub after: LineSpan,
}

/// One side of a planned file; its bytes are in the blob store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSide {
    /// The bytes. For a file in an editor: the buffer's text, its line endings as on disk.
    pub blob: Digest,
    /// The mode.
    pub mode: FileMode,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The intent.
    pub operation: OperationId,
    /// Its ChangeSet.
    pub changeset: ChangeSetId,
    /// The hunks that took effect.
    pub hunks: Vec<u32>,
    /// The files that reached their planned content.
    pub landed: Vec<LandedFile>,
    /// The files that did not, each with its reason.
    pub failed: Vec<FailedFile>,
}

/// A file that reached its planned content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandedFile {
    /// The file.
    pub path: RelPath,
    /// What is there now; `None`: nothing.
    pub blob: Option<Digest>,
    /// Whether it is on disk, or only in an editor's buffer.
    pub saved: bool,
}

/// A file that did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedFile {
    /// The file.
    pub path: RelPath,
    /// Why, in one sentence.
    pub reason: String,
}

/// An event as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// When it was appended.
    pub at: Timestamp,
    /// Who acted.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
    /// The hash of the event before; of nothing, for the first.
    pub previous: Digest,
    /// The hash of this one: over seq, at, actor, event (as stored) and previous.
    pub hash: Digest,
}
