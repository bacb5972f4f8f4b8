//! The pure lifecycle fold: events in, what became of a ChangeSet out.
//!
//! The ledger applies it inside the transaction that appends, so an event that does not follow from the
//! state is refused there and nothing is recorded. Replaying the log gives the same state again.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ChangeSet, ChangeSetId, Decision, Event, HolderId, HunkPrint, Intent, OperationId, Origin,
    Outcome, ProofRef, Purpose, RelPath,
};

/// What became of one ChangeSet so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSetState {
    /// Which.
    pub id: ChangeSetId,
    /// Its title.
    pub title: String,
    /// Who proposed it.
    pub origin: Origin,
    /// The branch it was captured on; `None` when detached.
    pub branch: Option<String>,
    /// The event that proposed it.
    pub proposed_seq: u64,
    /// The last event about it.
    pub updated_seq: u64,
    /// What policy last said; `None` until judged.
    pub decision: Option<Decision>,
    /// Its risk score; `None` until judged.
    pub risk_score: Option<u8>,
    /// Every hunk: its file and its state, by ordinal.
    pub hunks: BTreeMap<u32, HunkState>,
    /// The file of every hunk, by ordinal.
    pub paths: BTreeMap<u32, RelPath>,
    /// The intent without an outcome, if one.
    pub open: Option<OpenIntent>,
    /// What is known of each rejection, by ordinal; also of those under way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejections: BTreeMap<u32, Rejection>,
    /// The newest proof, if one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofRef>,
}

/// Why a hunk was rejected, and how it is known again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rejection {
    /// Why, if they said.
    pub reason: Option<String>,
    /// How it is known again; `None` for rejections older than this.
    pub print: Option<HunkPrint>,
}

/// An intent without an outcome: work in progress, or, if its holder is dead, the work list after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIntent {
    /// Its id.
    pub operation: OperationId,
    /// What it is for.
    #[serde(default = "accept")]
    pub purpose: Purpose,
    /// The hunks.
    pub hunks: Vec<u32>,
    /// The process that carries it out.
    pub holder: HolderId,
}

/// What became of one hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HunkState {
    /// It waits for a person.
    Proposed,
    /// It is being written.
    Accepting {
        /// By this operation.
        operation: OperationId,
        /// What it was before, and is again should this fail.
        #[serde(default)]
        from: AcceptedFrom,
    },
    /// It is in the text.
    Accepted {
        /// Since this operation.
        operation: OperationId,
        /// On disk, or only in an editor's buffer.
        saved: bool,
        /// Whether it was in the text before: accepting it was a review, and undoing that is no more.
        #[serde(default)]
        adopted: bool,
    },
    /// It is being taken out again.
    Undoing {
        /// By this operation.
        operation: OperationId,
        /// The operation that had accepted it.
        accepted: OperationId,
        /// Whether it had been on disk.
        saved: bool,
        /// Whether it was in the text before it was accepted.
        #[serde(default)]
        adopted: bool,
    },
    /// It was accepted and taken out; it may be accepted again.
    Undone {
        /// By this operation; `None` where an older version has forgotten it.
        #[serde(default)]
        operation: Option<OperationId>,
        /// The operation that had accepted it.
        #[serde(default)]
        accepted: Option<OperationId>,
        /// Whether the disk has it, or only an editor's buffer.
        #[serde(default = "on_disk")]
        saved: bool,
    },
    /// The person does not want it.
    Rejected {
        /// The operation that took it out of the text, if it was adopted.
        #[serde(default)]
        operation: Option<OperationId>,
        /// Whether the disk is without it, or only an editor's buffer.
        #[serde(default = "on_disk")]
        saved: bool,
    },
    /// It is in the text, where it was found, and waits for a person.
    Adopted,
    /// It was found in the text and is being taken out.
    Rejecting {
        /// By this operation.
        operation: OperationId,
    },
    /// Another ChangeSet says the same against a newer text.
    Superseded {
        /// Which.
        by: ChangeSetId,
    },
}

/// What a hunk was before its acceptance began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedFrom {
    /// Proposed.
    #[default]
    Proposed,
    /// Undone.
    Undone {
        /// By this operation.
        operation: Option<OperationId>,
        /// The operation that had accepted it.
        accepted: Option<OperationId>,
        /// On disk, or only in an editor's buffer.
        saved: bool,
    },
    /// Adopted.
    Adopted,
}

impl AcceptedFrom {
    fn again(self) -> HunkState {
        match self {
            Self::Proposed => HunkState::Proposed,
            Self::Undone { operation, accepted, saved } => {
                HunkState::Undone { operation, accepted, saved }
            }
            Self::Adopted => HunkState::Adopted,
        }
    }
}

/// How the hunks of a new ChangeSet wait.
fn waiting(changeset: &ChangeSet) -> HunkState {
    match changeset.adopted {
        Some(_) => HunkState::Adopted,
        None => HunkState::Proposed,
    }
}

impl HunkState {
    /// Rejected, with nothing to take out of the text.
    pub const REJECTED: Self = Self::Rejected { operation: None, saved: true };
}

fn on_disk() -> bool {
    true
}

fn accept() -> Purpose {
    Purpose::Accept
}

impl HunkState {
    /// One word for lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Accepting { .. } => "accepting",
            Self::Accepted { saved: true, .. } => "accepted",
            Self::Accepted { saved: false, .. } => "accepted (unsaved)",
            Self::Undoing { .. } => "undoing",
            Self::Undone { saved: true, .. } => "undone",
            Self::Undone { saved: false, .. } => "undone (unsaved)",
            Self::Rejected { saved: true, .. } => "rejected",
            Self::Rejected { saved: false, .. } => "rejected (unsaved)",
            Self::Adopted => "adopted",
            Self::Rejecting { .. } => "rejecting",
            Self::Superseded { .. } => "superseded",
        }
    }
}

/// What became of a ChangeSet as a whole, derived from its hunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Captured, not judged yet.
    Proposed,
    /// Judged; it waits for a person.
    Judged,
    /// An intent is open.
    Accepting,
    /// Every hunk is in the text.
    Accepted,
    /// Some hunks are.
    PartlyAccepted,
    /// Every hunk that was accepted was undone, and none waits.
    Undone,
    /// None was accepted and none waits.
    Rejected,
    /// It is in the text, where it was found, and waits for a person.
    Adopted,
    /// None was accepted or rejected and none waits: another ChangeSet says the same.
    Superseded,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Proposed => "proposed",
            Self::Judged => "judged",
            Self::Accepting => "accepting",
            Self::Accepted => "accepted",
            Self::PartlyAccepted => "partly accepted",
            Self::Undone => "undone",
            Self::Rejected => "rejected",
            Self::Adopted => "adopted",
            Self::Superseded => "superseded",
        })
    }
}

/// An event that does not follow from the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransition {
    /// The first event must propose; a second proposal of the same ChangeSet says nothing new.
    #[error("change {0} is already in the ledger")]
    AlreadyProposed(String),
    /// An event about a ChangeSet that was never proposed.
    #[error("change {0} is not in the ledger")]
    NotProposed(String),
    /// The hunk does not exist.
    #[error("change {changeset} has no hunk {hunk}")]
    NoSuchHunk {
        /// Which ChangeSet, short.
        changeset: String,
        /// The ordinal.
        hunk: u32,
    },
    /// The hunk is in another state than the event needs.
    #[error("hunk {hunk} of change {changeset} is {state}: it cannot become {wanted}")]
    Hunk {
        /// Which ChangeSet, short.
        changeset: String,
        /// The ordinal.
        hunk: u32,
        /// Its state, as a word.
        state: &'static str,
        /// What the event wants.
        wanted: &'static str,
    },
    /// Another intent is open.
    #[error("operation {operation} on change {changeset} is still under way")]
    Busy {
        /// Which ChangeSet, short.
        changeset: String,
        /// The open intent.
        operation: OperationId,
    },
    /// An outcome of an intent that is not open.
    #[error("operation {operation} on change {changeset} is not open: it already has an outcome")]
    NotOpen {
        /// Which ChangeSet, short.
        changeset: String,
        /// The intent.
        operation: OperationId,
    },
    /// An intent without hunks.
    #[error("no hunk of change {0} was named")]
    NoHunks(String),
    /// An event that is about no ChangeSet.
    #[error("the event is about no change")]
    NoChangeSet,
}

impl ChangeSetState {
    /// Folds one event in: `state` is `None` before the first event about its ChangeSet.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the event does not follow; `state` is then as it was.
    pub fn fold(state: Option<Self>, seq: u64, event: &Event) -> Result<Self, IllegalTransition> {
        let Some(id) = event.changeset() else { return Err(IllegalTransition::NoChangeSet) };
        let short = id.short();
        match (state, event) {
            (None, Event::ChangeSetProposed { changeset }) => Ok(Self {
                id: changeset.id,
                title: changeset.title.clone(),
                origin: changeset.origin.clone(),
                branch: changeset.base.branch.clone(),
                proposed_seq: seq,
                updated_seq: seq,
                decision: None,
                risk_score: None,
                hunks: changeset.hunks().map(|(_, h)| (h.ordinal, waiting(changeset))).collect(),
                paths: changeset.hunks().map(|(f, h)| (h.ordinal, f.path.clone())).collect(),
                open: None,
                rejections: BTreeMap::new(),
                proof: None,
            }),
            (Some(_), Event::ChangeSetProposed { .. }) => {
                Err(IllegalTransition::AlreadyProposed(short))
            }
            (None, _) => Err(IllegalTransition::NotProposed(short)),
            (Some(mut state), event) => {
                state.apply(seq, event)?;
                state.updated_seq = seq;
                Ok(state)
            }
        }
    }

    /// What became of it as a whole.
    pub fn stage(&self) -> Stage {
        let count = |test: fn(&HunkState) -> bool| self.hunks.values().filter(|s| test(s)).count();
        let accepted = count(|s| matches!(s, HunkState::Accepted { .. }));
        let waiting = count(|s| matches!(s, HunkState::Proposed));
        let adopted = count(|s| matches!(s, HunkState::Adopted));
        let rejected = count(|s| matches!(s, HunkState::Rejected { .. }));
        let undone = count(|s| matches!(s, HunkState::Undone { .. }));
        if self.open.is_some() {
            Stage::Accepting
        } else if accepted > 0 && accepted == self.hunks.len() {
            Stage::Accepted
        } else if accepted > 0 {
            Stage::PartlyAccepted
        } else if adopted > 0 {
            Stage::Adopted
        } else if waiting > 0 {
            if self.decision.is_some() { Stage::Judged } else { Stage::Proposed }
        } else if undone > 0 {
            Stage::Undone
        } else if rejected > 0 {
            Stage::Rejected
        } else {
            Stage::Superseded
        }
    }

    /// The hunks that wait for a person.
    pub fn waiting(&self) -> Vec<u32> {
        self.hunks_that(|state| matches!(state, HunkState::Proposed | HunkState::Adopted))
    }

    /// The hunks that are in the text, where they were found, and wait for a person.
    pub fn adopted(&self) -> Vec<u32> {
        self.hunks_that(|state| matches!(state, HunkState::Adopted))
    }

    /// The hunks that may be accepted, and that may be rejected: waiting, or undone before.
    pub fn acceptable(&self) -> Vec<u32> {
        self.hunks_that(|state| {
            matches!(state, HunkState::Proposed | HunkState::Adopted | HunkState::Undone { .. })
        })
    }

    /// The hunks that may be restored: rejected, or given way to others.
    pub fn restorable(&self) -> Vec<u32> {
        self.hunks_that(|state| {
            matches!(state, HunkState::Rejected { saved: true, .. } | HunkState::Superseded { .. })
        })
    }

    /// The hunks that may be rejected: those that may be accepted, but for an undo that is not saved.
    pub fn rejectable(&self) -> Vec<u32> {
        let unsaved = |hunk: &u32| {
            matches!(self.hunks.get(hunk), Some(HunkState::Undone { saved: false, .. }))
        };
        self.acceptable().into_iter().filter(|hunk| !unsaved(hunk)).collect()
    }

    /// The hunks that are in the text.
    pub fn accepted(&self) -> Vec<u32> {
        self.hunks_that(|state| matches!(state, HunkState::Accepted { .. }))
    }

    fn hunks_that(&self, test: impl Fn(HunkState) -> bool) -> Vec<u32> {
        self.hunks.iter().filter(|(_, state)| test(**state)).map(|(hunk, _)| *hunk).collect()
    }

    fn apply(&mut self, seq: u64, event: &Event) -> Result<(), IllegalTransition> {
        match event {
            Event::ChangeSetProposed { .. } => {
                Err(IllegalTransition::AlreadyProposed(self.id.short()))
            }
            Event::ChangeSetJudged { verdict, review, .. } => {
                self.decision = Some(verdict.decision);
                self.risk_score = Some(review.risk.score);
                Ok(())
            }
            Event::Proved { proof, .. } => {
                self.proof = Some(proof.clone());
                Ok(())
            }
            // It is said, and the intent follows.
            Event::GlassBroken { hunks, .. } => {
                let short = self.id.short();
                match hunks.iter().find(|hunk| !self.hunks.contains_key(hunk)) {
                    Some(hunk) => {
                        Err(IllegalTransition::NoSuchHunk { changeset: short, hunk: *hunk })
                    }
                    None => Ok(()),
                }
            }
            Event::AcceptRequested(intent) => self.open(seq, intent, Purpose::Accept),
            Event::UndoRequested(intent) => self.open(seq, intent, Purpose::Undo),
            Event::RejectRequested { intent, reason, prints } => {
                self.open(seq, intent, Purpose::Reject)?;
                self.remember(&intent.hunks, reason.as_ref(), prints);
                Ok(())
            }
            Event::Accepted(outcome)
            | Event::PartlyAccepted(outcome)
            | Event::AcceptFailed(outcome) => self.settle(outcome, Purpose::Accept),
            Event::Undone(outcome) | Event::PartlyUndone(outcome) | Event::UndoFailed(outcome) => {
                self.settle(outcome, Purpose::Undo)
            }
            Event::TakenOut(outcome)
            | Event::PartlyTakenOut(outcome)
            | Event::TakeOutFailed(outcome) => self.settle(outcome, Purpose::Reject),
            Event::Saved { path, hunks, .. } => {
                for (hunk, state) in &mut self.hunks {
                    if !hunks.is_empty() && !hunks.contains(hunk) {
                        continue;
                    }
                    if let HunkState::Accepted { saved, .. }
                    | HunkState::Undoing { saved, .. }
                    | HunkState::Undone { saved, .. }
                    | HunkState::Rejected { saved, .. } = state
                        && self.paths.get(hunk) == Some(path)
                    {
                        *saved = true;
                    }
                }
                Ok(())
            }
            Event::Withdrawn { hunks, .. } => self.each(hunks, "withdrawn", |state| match state {
                HunkState::Accepted { saved: false, adopted: true, .. } => Some(HunkState::Adopted),
                HunkState::Accepted { saved: false, .. } => Some(HunkState::Proposed),
                _ => None,
            }),
            Event::UndoLost { hunks, .. } => {
                self.each(hunks, "accepted again", |state| match state {
                    HunkState::Undone { accepted: Some(operation), saved: false, .. } => {
                        Some(HunkState::Accepted { operation, saved: true, adopted: false })
                    }
                    HunkState::Rejected { operation: Some(_), saved: false } => {
                        Some(HunkState::Adopted)
                    }
                    _ => None,
                })?;
                self.forget_settled();
                Ok(())
            }
            Event::Rejected { hunks, reason, prints, .. } => {
                self.each(hunks, "rejected", |state| match state {
                    HunkState::Proposed | HunkState::Undone { .. } => Some(HunkState::REJECTED),
                    _ => None,
                })?;
                self.remember(hunks, reason.as_ref(), prints);
                Ok(())
            }
            Event::Restored { hunks, .. } => {
                self.each(hunks, "restored", |state| match state {
                    // What only a buffer is without may come back, and does not wait to be put in then.
                    HunkState::Rejected { saved: true, .. } | HunkState::Superseded { .. } => {
                        Some(HunkState::Proposed)
                    }
                    _ => None,
                })?;
                self.forget_settled();
                Ok(())
            }
            Event::Adopted { hunks, .. } => {
                self.each(hunks, "adopted", |state| match state {
                    HunkState::Proposed
                    | HunkState::Undone { .. }
                    | HunkState::Rejected { .. }
                    | HunkState::Superseded { .. } => Some(HunkState::Adopted),
                    _ => None,
                })?;
                self.forget_settled();
                Ok(())
            }
            Event::Superseded { hunks, by, .. } => {
                self.each(hunks, "superseded", |state| match state {
                    HunkState::Proposed | HunkState::Adopted | HunkState::Undone { .. } => {
                        Some(HunkState::Superseded { by: *by })
                    }
                    _ => None,
                })
            }
            Event::SnapshotTaken { .. }
            | Event::Edited { .. }
            | Event::TaskQueued { .. }
            | Event::TaskEnded { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptEnded { .. }
            | Event::BudgetRaised { .. }
            | Event::Paused {}
            | Event::Resumed {} => Err(IllegalTransition::NoChangeSet),
        }
    }

    /// Keeps what was said of a rejection.
    fn remember(&mut self, hunks: &[u32], reason: Option<&String>, prints: &[(u32, HunkPrint)]) {
        let print = |hunk: &u32| prints.iter().find(|(of, _)| of == hunk).map(|(_, print)| *print);
        let rejection = |hunk| Rejection { reason: reason.cloned(), print: print(hunk) };
        self.rejections.extend(hunks.iter().map(|hunk| (*hunk, rejection(hunk))));
    }

    /// Forgets the rejections of hunks that are not rejected any more.
    fn forget_settled(&mut self) {
        let hunks = &self.hunks;
        self.rejections.retain(|hunk, _| {
            let state = hunks.get(hunk);
            matches!(state, Some(HunkState::Rejected { .. } | HunkState::Rejecting { .. }))
        });
    }

    fn open(
        &mut self,
        seq: u64,
        intent: &Intent,
        purpose: Purpose,
    ) -> Result<(), IllegalTransition> {
        if let Some(open) = &self.open {
            let (changeset, operation) = (self.id.short(), open.operation);
            return Err(IllegalTransition::Busy { changeset, operation });
        }
        let operation = OperationId(seq);
        match purpose {
            Purpose::Undo => self.each(&intent.hunks, "undone", |state| match state {
                HunkState::Accepted { operation: accepted, saved, adopted } => {
                    Some(HunkState::Undoing { operation, accepted, saved, adopted })
                }
                _ => None,
            })?,
            Purpose::Accept => self.each(&intent.hunks, "accepted", |state| {
                let from = match state {
                    HunkState::Proposed => AcceptedFrom::Proposed,
                    HunkState::Undone { operation, accepted, saved } => {
                        AcceptedFrom::Undone { operation, accepted, saved }
                    }
                    HunkState::Adopted => AcceptedFrom::Adopted,
                    _ => return None,
                };
                Some(HunkState::Accepting { operation, from })
            })?,
            Purpose::Reject => self.each(&intent.hunks, "taken out", |state| match state {
                HunkState::Adopted => Some(HunkState::Rejecting { operation }),
                _ => None,
            })?,
        }
        // A file may have moved since; from here on the hunk is where it was written.
        let lands = purpose == Purpose::Accept;
        for file in intent.files.iter().filter(|file| lands && file.after.is_some()) {
            self.paths.extend(file.hunks.iter().map(|hunk| (*hunk, file.path.clone())));
        }
        let (hunks, holder) = (intent.hunks.clone(), intent.holder.clone());
        self.open = Some(OpenIntent { operation, purpose, hunks, holder });
        Ok(())
    }

    /// The hunks of `outcome` took effect; the intent's other hunks are back where they were.
    fn settle(&mut self, outcome: &Outcome, purpose: Purpose) -> Result<(), IllegalTransition> {
        let operation = outcome.operation;
        let ours = |open: &mut OpenIntent| open.operation == operation && open.purpose == purpose;
        let Some(open) = self.open.take_if(ours) else {
            return Err(IllegalTransition::NotOpen { changeset: self.id.short(), operation });
        };
        for hunk in open.hunks {
            let took = outcome.hunks.contains(&hunk);
            let path = self.paths.get(&hunk);
            let saved = outcome.landed.iter().all(|f| Some(&f.path) != path || f.saved);
            let Some(state) = self.hunks.get_mut(&hunk) else { continue };
            *state = match (*state, took) {
                (HunkState::Accepting { operation, from }, true) => {
                    let adopted = from == AcceptedFrom::Adopted;
                    HunkState::Accepted { operation, saved, adopted }
                }
                (HunkState::Accepting { from, .. }, false) => from.again(),
                (HunkState::Undoing { adopted: true, .. }, true) => HunkState::Adopted,
                (HunkState::Undoing { operation, accepted, .. }, true) => HunkState::Undone {
                    operation: Some(operation),
                    accepted: Some(accepted),
                    saved,
                },
                (HunkState::Undoing { accepted, saved, adopted, .. }, false) => {
                    HunkState::Accepted { operation: accepted, saved, adopted }
                }
                (HunkState::Rejecting { operation }, true) => {
                    HunkState::Rejected { operation: Some(operation), saved }
                }
                (HunkState::Rejecting { .. }, false) => HunkState::Adopted,
                (other, _) => other,
            };
        }
        self.forget_settled();
        Ok(())
    }

    /// Moves every named hunk, or none.
    fn each(
        &mut self,
        hunks: &[u32],
        wanted: &'static str,
        next: impl Fn(HunkState) -> Option<HunkState>,
    ) -> Result<(), IllegalTransition> {
        let changeset = self.id.short();
        if hunks.is_empty() {
            return Err(IllegalTransition::NoHunks(changeset));
        }
        let mut moved = self.hunks.clone();
        for hunk in hunks {
            let (changeset, hunk) = (changeset.clone(), *hunk);
            let Some(state) = moved.get_mut(&hunk) else {
                return Err(IllegalTransition::NoSuchHunk { changeset, hunk });
            };
            let Some(to) = next(*state) else {
                let state = state.word();
                return Err(IllegalTransition::Hunk { changeset, hunk, state, wanted });
            };
            *state = to;
        }
        self.hunks = moved;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
