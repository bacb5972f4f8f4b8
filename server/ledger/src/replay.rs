//! What makes a log sound: it is walked from its first event, every link checked and every event folded.
//!
//! Appending, verifying, rebuilding and checking an export all go through here, so they cannot disagree.
//! Pure: rows or lines in, projections or the first flaw out.

use std::collections::BTreeMap;

use model::{
    ChangeSetId, ChangeSetState, Digest, Event, FileMode, IllegalTransition, OperationId,
    SnapshotSide, StoredEvent,
};

use crate::chain::{RawEvent, genesis};

/// What is wrong with a stored event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is not there.
    #[error("it is missing: the next one there is {found}")]
    Missing {
        /// The number found in its place.
        found: i64,
    },
    /// The log ends before it, though more of it was known.
    #[error("it is missing: the log ends before it, but event {known} was there")]
    CutOff {
        /// The last event that something else in the ledger names.
        known: u64,
    },
    /// It names another event before it than the one that is there.
    #[error("it does not follow the event before it: their hashes differ")]
    Link,
    /// It was changed after it was appended.
    #[error("its content does not have its hash")]
    Hash,
    /// It cannot be read.
    #[error("its {part} cannot be read: {reason}")]
    Unreadable {
        /// Which part.
        part: &'static str,
        /// Why not.
        reason: String,
    },
    /// A column repeats something of the content, and differs.
    #[error("its column `{column}` does not match its content")]
    Column {
        /// Which.
        column: &'static str,
    },
    /// The lifecycle does not allow it there.
    #[error("it does not follow from the events before it: {0}")]
    Illegal(IllegalTransition),
}

/// What the ledger keeps of a ChangeSet beside its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    pub(crate) state: ChangeSetState,
    /// The event that judged it last.
    pub(crate) judged_seq: Option<u64>,
}

impl Projection {
    /// Folds one event in; `before` is `None` for the first about its ChangeSet.
    pub(crate) fn fold(
        before: Option<Self>,
        seq: u64,
        event: &Event,
    ) -> Result<Self, IllegalTransition> {
        let (state, judged_seq) = match before {
            Some(before) => (Some(before.state), before.judged_seq),
            None => (None, None),
        };
        let judged_seq = match event {
            Event::ChangeSetJudged { .. } => Some(seq),
            _ => judged_seq,
        };
        Ok(Self { state: ChangeSetState::fold(state, seq, event)?, judged_seq })
    }

    /// The open intent, as its column holds it.
    pub(crate) fn open_operation(&self) -> Option<u64> {
        self.state.open.as_ref().map(|open| open.operation.0)
    }
}

/// A log, followed from its first event.
#[derive(Debug)]
pub(crate) struct Replay {
    /// The number of the last event taken.
    pub(crate) seq: u64,
    /// Its hash.
    pub(crate) head: Digest,
    pub(crate) projections: BTreeMap<ChangeSetId, Projection>,
    /// Every blob that an event names, with the first event that does.
    pub(crate) blobs: BTreeMap<Digest, u64>,
}

impl Replay {
    pub(crate) fn new() -> Self {
        let (projections, blobs) = (BTreeMap::new(), BTreeMap::new());
        Self { seq: 0, head: genesis(), projections, blobs }
    }

    /// The number that the next event must have.
    pub(crate) fn next_seq(&self) -> u64 {
        self.seq + 1
    }

    /// Takes the next event. A flaw is one of the event [`Replay::next_seq`]; the walk ends there.
    pub(crate) fn take(&mut self, raw: &RawEvent) -> Result<StoredEvent, Flaw> {
        if raw.seq != self.next_seq() {
            return Err(Flaw::Missing { found: i64::try_from(raw.seq).unwrap_or(i64::MAX) });
        }
        if raw.previous != self.head {
            return Err(Flaw::Link);
        }
        let stored = raw.open()?;
        if let Some(id) = stored.event.changeset() {
            let before = self.projections.remove(&id);
            let after = Projection::fold(before, raw.seq, &stored.event).map_err(Flaw::Illegal)?;
            self.projections.insert(id, after);
        }
        for blob in blobs_of(&stored.event) {
            self.blobs.entry(blob).or_insert(raw.seq);
        }
        (self.seq, self.head) = (raw.seq, raw.hash);
        Ok(stored)
    }
}

/// The blobs that must be stored before `event` is: both sides of a ChangeSet's files and of an
/// intent's, the files of a snapshot, both sides of a person's edit, a signed proof.
/// A submodule's side names a commit of another repository and has no bytes.
pub(crate) fn blobs_of(event: &Event) -> Vec<Digest> {
    let has_bytes = |mode: FileMode| mode != FileMode::Submodule;
    match event {
        Event::ChangeSetProposed { changeset } => changeset
            .files
            .iter()
            .flat_map(|file| file.before.iter().chain(&file.after))
            .filter(|side| has_bytes(side.mode))
            .map(|side| side.blob)
            .collect(),
        Event::SnapshotTaken { snapshot, .. } => snapshot
            .files
            .iter()
            .filter_map(|file| match &file.side {
                SnapshotSide::Saved(side) if has_bytes(side.mode) => Some(side.blob),
                _ => None,
            })
            .collect(),
        Event::Proved { proof, .. } => vec![proof.envelope],
        Event::Edited { before, after, .. } => before.iter().chain(after).copied().collect(),
        _ => event.intent().map_or_else(Vec::new, |(_, intent)| {
            let sides = intent.files.iter().flat_map(|file| file.before.iter().chain(&file.after));
            sides.filter(|side| has_bytes(side.mode)).map(|side| side.blob).collect()
        }),
    }
}

/// The operation that `event` is the outcome of, or the task that it ends.
pub(crate) fn settles(event: &Event) -> Option<OperationId> {
    event.ends()
}

/// The ChangeSet that `event` is about, as its column holds it: empty for none.
pub(crate) fn about(event: &Event) -> String {
    event.changeset().map(|id| id.to_string()).unwrap_or_default()
}
