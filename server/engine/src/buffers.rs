//! What editors tell of their buffers: saved, closed, taken back, open and unsaved.

use std::collections::{BTreeMap, BTreeSet};

use model::{ChangeSetId, ChangeSetState, Event, HunkState, OperationId, RelPath, Timestamp};

use crate::Error;
use crate::engine::Engine;

/// How long a language server's word that a path is open and unsaved holds, in milliseconds.
pub const PRESENCE_TTL_MS: u64 = 10_000;

impl Engine {
    /// Records that a buffer whose text holds accepted hunks was saved. What an editor elsewhere holds unsaved
    /// of the same file stays unsaved.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn saved(&mut self, path: &RelPath) -> Result<(), Error> {
        let mut saved: BTreeMap<ChangeSetId, Vec<u32>> = BTreeMap::new();
        for (changeset, hunks) in self.unsaved(path)? {
            saved.entry(changeset).or_default().extend(hunks.into_keys());
        }
        for taken in self.taken_unsaved(path)? {
            saved.entry(taken.changeset).or_default().push(taken.hunk);
        }
        for (changeset, hunks) in saved {
            self.append(&Event::Saved { changeset, path: path.clone(), hunks })?;
        }
        Ok(())
    }

    /// Settles undos and rejections that only the buffer of a file held, now that the buffer is gone: where
    /// the disk still has the text, it was not taken out, and the hunk is what it was.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn closed(&mut self, path: &RelPath, reason: &str) -> Result<(), Error> {
        for taken in self.taken_unsaved(path)? {
            let event = self.taken_settled(&taken, path, reason)?;
            self.append(&event)?;
        }
        Ok(())
    }

    /// What became of text that was taken out of a buffer, by what the disk holds.
    pub(crate) fn taken_settled(
        &self,
        taken: &Taken,
        path: &RelPath,
        reason: &str,
    ) -> Result<Event, Error> {
        // Where the disk has what an acceptance put in, or lacks what a rejection took out, as the
        // operation had planned it.
        let (asked, there_if_found) = match taken.accepted {
            Some(accepted) => (self.ledger.operation(accepted)?, true),
            None => (self.ledger.operation(taken.operation)?, false),
        };
        let planned = asked.as_ref().and_then(|o| o.intent.files.iter().find(|f| f.path == *path));
        let found = planned.is_some_and(|file| self.on_disk(file, taken.hunk));
        let changeset = taken.changeset;
        Ok(if found == there_if_found {
            Event::UndoLost { changeset, hunks: vec![taken.hunk], reason: reason.to_owned() }
        } else {
            Event::Saved { changeset, path: path.clone(), hunks: vec![taken.hunk] }
        })
    }

    /// The hunks of a file that were taken out of a buffer, which the disk does not know of yet.
    fn taken_unsaved(&self, path: &RelPath) -> Result<Vec<Taken>, Error> {
        let mut found = Vec::new();
        for state in self.ledger.states()? {
            for taken in taken_of(&state) {
                if state.paths.get(&taken.hunk) == Some(path)
                    && self.is_held_here(taken.operation)?
                {
                    found.push(taken);
                }
            }
        }
        Ok(found)
    }

    /// Whether an operation wrote to this working tree.
    pub(crate) fn is_ours(&self, operation: OperationId) -> Result<bool, Error> {
        let asked = self.ledger.operation(operation)?;
        Ok(asked.is_some_and(|asked| asked.intent.worktree == self.worktree()))
    }

    /// Whether the buffers that an operation wrote to are this process's, or those of one that is dead.
    fn is_held_here(&self, operation: OperationId) -> Result<bool, Error> {
        let Some(asked) = self.ledger.operation(operation)? else { return Ok(false) };
        let holder = &asked.intent.holder;
        let elsewhere = holder != self.ledger.holder()? && self.ledger.is_alive(holder);
        Ok(!elsewhere && asked.intent.worktree == self.worktree())
    }

    /// Records that these accepted hunks of a file are gone from its buffer: it was closed unsaved, or the
    /// editor's own undo took them out. They are proposed again, or, where the disk has had them all along,
    /// accepted; those that are not accepted and unsaved any more stay what they are.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn withdrawn(
        &mut self,
        path: &RelPath,
        gone: &BTreeMap<ChangeSetId, BTreeSet<u32>>,
        reason: &str,
    ) -> Result<(), Error> {
        for (changeset, mut hunks) in self.unsaved(path)? {
            hunks.retain(|hunk, _| gone.get(&changeset).is_some_and(|gone| gone.contains(hunk)));
            let mut on_disk = Vec::new();
            for (hunk, operation) in &hunks {
                let asked = self.ledger.operation(*operation)?;
                let planned =
                    asked.as_ref().and_then(|o| o.intent.files.iter().find(|f| f.path == *path));
                if planned.is_some_and(|file| self.on_disk(file, *hunk)) {
                    on_disk.push(*hunk);
                }
            }
            let hunks: Vec<u32> =
                hunks.into_keys().filter(|hunk| !on_disk.contains(hunk)).collect();
            if !hunks.is_empty() {
                let reason = reason.to_owned();
                self.append(&Event::Withdrawn { changeset, hunks, reason })?;
            }
            if !on_disk.is_empty() {
                let path = path.clone();
                self.append(&Event::Saved { changeset, path, hunks: on_disk })?;
            }
        }
        Ok(())
    }

    /// Tells other processes which paths have unsaved text in an editor here. Holds for
    /// [`PRESENCE_TTL_MS`]; renew before.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub fn publish_presence(&mut self, unsaved: &[RelPath]) -> Result<(), Error> {
        let until = Timestamp(self.clock.now().0.saturating_add(PRESENCE_TTL_MS));
        Ok(self.ledger.publish_presence(unsaved, until)?)
    }

    /// The accepted hunks of a file that a buffer here holds unsaved, by ChangeSet, each with the operation
    /// that accepted it.
    fn unsaved(&self, path: &RelPath) -> Result<Vec<Unsaved>, Error> {
        let mut found = Vec::new();
        for state in self.ledger.states()? {
            let mut hunks = BTreeMap::new();
            for (hunk, hunk_state) in &state.hunks {
                if let HunkState::Accepted { operation, saved: false } = hunk_state
                    && state.paths.get(hunk) == Some(path)
                    && self.is_held_here(*operation)?
                {
                    hunks.insert(*hunk, *operation);
                }
            }
            if !hunks.is_empty() {
                found.push((state.id, hunks));
            }
        }
        Ok(found)
    }
}

/// Hunks of one ChangeSet, each with an operation.
type Unsaved = (ChangeSetId, BTreeMap<u32, OperationId>);

/// A hunk that was taken out of a buffer and not saved yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub changeset: ChangeSetId,
    pub hunk: u32,
    /// By this operation.
    pub operation: OperationId,
    /// The operation that had accepted it; `None` if it was adopted.
    pub accepted: Option<OperationId>,
}

/// The hunks of a ChangeSet that were taken out of a buffer and not saved yet.
pub(crate) fn taken_of(state: &ChangeSetState) -> impl Iterator<Item = Taken> {
    state.hunks.iter().filter_map(|(&hunk, hunk_state)| {
        let (operation, accepted) = match *hunk_state {
            HunkState::Undone { operation: Some(operation), accepted, saved: false } => {
                (operation, Some(accepted?))
            }
            HunkState::Rejected { operation: Some(operation), saved: false } => (operation, None),
            _ => return None,
        };
        Some(Taken { changeset: state.id, hunk, operation, accepted })
    })
}
