//! What editors tell of their buffers: saved, closed, taken back, open and unsaved.
//!
//! The disk is believed, not the editor: a save is a save of what the file then holds.

use std::collections::{BTreeMap, BTreeSet};

use model::{ChangeSetId, ChangeSetState, Event, HunkState, OperationId, RelPath, Timestamp};
use semdiff::{Anchor, Anchoring};

use crate::Error;
use crate::board::BoardChange;
use crate::engine::Engine;
use crate::plan::Refused;

/// Hunks with the operations that accepted them.
type Accepted = Vec<(u32, OperationId)>;

/// Which side of a hunk the saved file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saved {
    Before,
    After,
    /// Neither: it was typed over, or the file cannot be read as text.
    Unclear,
}

/// The unsaved hunks of a ChangeSet in one file, by what the disk has of them.
#[derive(Debug, Default)]
struct Held {
    saved: Vec<u32>,
    unclear: Vec<u32>,
    /// Whether the disk has the other side of one.
    differs: bool,
}

impl Held {
    fn hold(&mut self, hunk: u32, side: Saved, wanted: Saved) {
        match side {
            Saved::Unclear => self.unclear.push(hunk),
            side if side == wanted => self.saved.push(hunk),
            _ => self.differs = true,
        }
    }

    /// Those that the disk has as the buffer has them. What cannot be told was saved with the others, unless
    /// one of these was not.
    fn saved(self) -> Vec<u32> {
        match self.differs {
            true => self.saved,
            false => [self.saved, self.unclear].concat(),
        }
    }
}

/// How long a language server's word that a path is open and unsaved holds, in milliseconds.
pub const PRESENCE_TTL_MS: u64 = 10_000;

impl Engine {
    /// Records that a buffer whose text holds accepted hunks was saved. Of a hunk of which the disk still has the
    /// text from before, whatever the editor says, nothing is recorded. What an editor elsewhere holds unsaved of the
    /// same file stays unsaved.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn saved(&mut self, path: &RelPath) -> Result<(), Error> {
        let mut held: BTreeMap<ChangeSetId, Held> = BTreeMap::new();
        for (changeset, hunks) in self.unsaved(path)? {
            for (hunk, operation) in hunks {
                let side = self.on_disk_side(changeset, path, hunk, operation)?;
                held.entry(changeset).or_default().hold(hunk, side, Saved::After);
            }
        }
        for taken in self.taken_unsaved(path)? {
            let operation = taken.accepted.unwrap_or(taken.operation);
            let side = self.on_disk_side(taken.changeset, path, taken.hunk, operation)?;
            // A rejection of adopted text put in what the acceptance of its inverse would.
            let wanted = if taken.accepted.is_some() { Saved::Before } else { Saved::After };
            held.entry(taken.changeset).or_default().hold(taken.hunk, side, wanted);
        }
        for (changeset, held) in held {
            let hunks = held.saved();
            if !hunks.is_empty() {
                self.append(&Event::Saved { changeset, path: path.clone(), hunks })?;
            }
        }
        Ok(())
    }

    /// Settles what only the buffer of a file held, now that the buffer is gone: accepted hunks that the disk
    /// does not have are proposed again; of undos and rejections, where the disk still has the text, it was
    /// not taken out, and the hunk is what it was.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn closed(&mut self, path: &RelPath, reason: &str) -> Result<(), Error> {
        for (changeset, hunks) in self.unsaved(path)? {
            let (mut gone, mut left) = (Vec::new(), Vec::new());
            for (hunk, operation) in hunks {
                // What cannot be found is not there: only the buffer is known to have had it.
                match self.on_disk_side(changeset, path, hunk, operation)? {
                    Saved::After => left.push(hunk),
                    Saved::Before | Saved::Unclear => gone.push(hunk),
                }
            }
            // What is being taken out is settled by the operation that does so.
            let accepted = self.accepted(changeset)?;
            gone.retain(|hunk| accepted.contains(hunk));
            if !gone.is_empty() {
                let reason = reason.to_owned();
                self.append(&Event::Withdrawn { changeset, hunks: gone, reason })?;
            }
            if !left.is_empty() {
                self.append(&Event::Saved { changeset, path: path.clone(), hunks: left })?;
            }
        }
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
        // The buffer never reached the disk, so where nobody can tell the text is what it was before.
        let found = planned.and_then(|file| self.on_disk(file, taken.hunk));
        let changeset = taken.changeset;
        Ok(if found.is_none_or(|found| found == there_if_found) {
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
                    && self.is_in_our_buffer(taken.operation)?
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
        for (changeset, hunks) in self.unsaved(path)? {
            let accepted = self.accepted(changeset)?;
            let is_gone = |hunk: u32| {
                accepted.contains(&hunk)
                    && gone.get(&changeset).is_some_and(|gone| gone.contains(&hunk))
            };
            let (mut lost, mut on_disk) = (Vec::new(), Vec::new());
            for (hunk, operation) in hunks.into_iter().filter(|(hunk, _)| is_gone(*hunk)) {
                match self.on_disk_side(changeset, path, hunk, operation)? {
                    Saved::After => on_disk.push(hunk),
                    Saved::Before | Saved::Unclear => lost.push(hunk),
                }
            }
            if !lost.is_empty() {
                let reason = reason.to_owned();
                self.append(&Event::Withdrawn { changeset, hunks: lost, reason })?;
            }
            if !on_disk.is_empty() {
                let path = path.clone();
                self.append(&Event::Saved { changeset, path, hunks: on_disk })?;
            }
        }
        Ok(())
    }

    /// Records that hunks which a rejection had taken out of the buffer of a file, and not off the disk, are back in
    /// it by the editor's own undo: they are adopted, as before. Those that are not rejected and unsaved stay what
    /// they are.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn put_back(
        &mut self,
        path: &RelPath,
        back: &BTreeMap<ChangeSetId, BTreeSet<u32>>,
        reason: &str,
    ) -> Result<(), Error> {
        let is_back = |taken: &Taken| {
            let hunks = back.get(&taken.changeset);
            taken.accepted.is_none() && hunks.is_some_and(|hunks| hunks.contains(&taken.hunk))
        };
        for taken in self.taken_unsaved(path)?.into_iter().filter(is_back) {
            let (changeset, reason) = (taken.changeset, reason.to_owned());
            self.append(&Event::UndoLost { changeset, hunks: vec![taken.hunk], reason })?;
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

    fn accepted(&self, changeset: ChangeSetId) -> Result<Vec<u32>, Error> {
        let state = self.ledger.state(changeset)?;
        Ok(state.map(|state| state.accepted()).unwrap_or_default())
    }

    /// The accepted, unsaved hunks of a file, those that are being taken out among them, by ChangeSet. What
    /// another living process accepted lies in its buffer.
    fn unsaved(&self, path: &RelPath) -> Result<Vec<(ChangeSetId, Accepted)>, Error> {
        let mut found = Vec::new();
        for state in self.ledger.states()? {
            let mut hunks = Vec::new();
            for (hunk, hunk_state) in &state.hunks {
                if let HunkState::Accepted { operation, saved: false, .. }
                | HunkState::Undoing { accepted: operation, saved: false, .. } = hunk_state
                    && state.paths.get(hunk) == Some(path)
                    && self.is_in_our_buffer(*operation)?
                {
                    hunks.push((*hunk, *operation));
                }
            }
            if !hunks.is_empty() {
                found.push((state.id, hunks));
            }
        }
        Ok(found)
    }

    /// Takes out the hunks that only a buffer of another living process has as they are: the disk, which is all
    /// that can be seen from here, says the contrary of them.
    pub(crate) fn apart_from_editors(
        &self,
        change: &BoardChange,
        hunks: Vec<u32>,
    ) -> Result<(Vec<u32>, Vec<Refused>), Error> {
        let (mut left, mut refused) = (Vec::new(), Vec::new());
        for hunk in hunks {
            let unsaved = match change.state.hunks.get(&hunk) {
                Some(HunkState::Accepted { operation, saved: false, .. }) => Some(*operation),
                Some(HunkState::Undone { operation, saved: false, .. }) => *operation,
                _ => None,
            };
            let elsewhere = match unsaved {
                Some(operation) => self.is_ours(operation)? && !self.is_in_our_buffer(operation)?,
                None => false,
            };
            match change.state.paths.get(&hunk) {
                Some(path) if elsewhere => {
                    let reason = "an editor holds it unsaved: save it there first".to_owned();
                    refused.push(Refused { hunk, path: path.clone(), reason });
                }
                _ => left.push(hunk),
            }
        }
        Ok((left, refused))
    }

    /// Whether what an operation left unsaved is in a buffer here, as far as it is in one.
    fn is_in_our_buffer(&self, operation: OperationId) -> Result<bool, Error> {
        let Some(asked) = self.ledger.operation(operation)? else { return Ok(false) };
        let holder = &asked.intent.holder;
        let elsewhere =
            self.ledger.holder().is_ok_and(|own| own != holder) && self.ledger.is_alive(holder);
        Ok(asked.intent.worktree == self.worktree() && !elsewhere)
    }

    /// Which side of a hunk the saved file has, by the texts of the operation that accepted it, or, where it
    /// had nothing to write, by those that were captured.
    fn on_disk_side(
        &self,
        changeset: ChangeSetId,
        path: &RelPath,
        hunk: u32,
        operation: OperationId,
    ) -> Result<Saved, Error> {
        let asked = self.ledger.operation(operation)?;
        let planned = asked.as_ref().and_then(|o| o.intent.files.iter().find(|f| f.path == *path));
        let place = planned.and_then(|file| file.places.iter().find(|place| place.hunk == hunk));
        let captured = self.ledger.changeset(changeset)?;
        let captured = captured.as_ref().and_then(|changeset| changeset.hunk(hunk));
        let (sides, spans) = match (planned, place, captured) {
            (Some(file), Some(place), _) => {
                let blob = |side: &Option<model::PlannedSide>| side.as_ref().map(|side| side.blob);
                ((blob(&file.before), blob(&file.after)), (place.before, place.after))
            }
            (_, _, Some((file, hunk))) => {
                let blob = |side: &Option<model::FileSide>| side.as_ref().map(|side| side.blob);
                ((blob(&file.before), blob(&file.after)), (hunk.before, hunk.after))
            }
            _ => return Ok(Saved::Unclear),
        };
        let read = |blob: Option<model::Digest>| self.ledger.blob(&blob?).ok();
        let (Some(before), Some(after)) = (read(sides.0), read(sides.1)) else {
            return Ok(Saved::Unclear);
        };
        let Ok(Some(saved)) = self.repository.saved(path) else { return Ok(Saved::Unclear) };
        let anchoring = Anchoring::new(&before, &saved.bytes);
        Ok(match anchoring.anchor(&spans.0, spans.1.of(&after)) {
            Anchor::AlreadyThere(_) => Saved::After,
            Anchor::Conflict(_) => Saved::Unclear,
            _ => Saved::Before,
        })
    }
}

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
