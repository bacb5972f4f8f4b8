//! After a crash: intents without an outcome, whose process is dead, are settled by what the files say.
//!
//! A file that has its planned content has landed. If some files of an intent have and others are still
//! as they were, the person's wish is carried on where we can write; if none has, nothing happened and
//! the hunks are back where they were. A file that is neither is named and left alone; those of its hunks that are
//! there as planned have landed all the same. Of a working tree that was removed, nothing has.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Actor, ActorKind, ChangeSetState, Event, FailedFile, HunkState, Intent, LandedFile,
    OperationId, Outcome, PlannedFile, Purpose, RelPath, Surface,
};
use semdiff::{Anchor, Anchoring};

use crate::Error;
use crate::acceptance::{settled, took_effect};
use crate::buffers::taken_of;
use crate::engine::Engine;
use crate::plan::{OpenTexts, PlanFile, World};

/// What recovery did with one intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The intent.
    pub operation: OperationId,
    /// What it was for.
    pub purpose: Purpose,
    /// What became of it.
    pub outcome: Outcome,
}

enum Found {
    Landed,
    Untouched,
    Neither(String),
}

impl Engine {
    /// Settles every intent whose process is dead.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take an outcome. What was settled before stays settled.
    pub fn recover(&mut self, open: &OpenTexts) -> Result<Vec<Recovered>, Error> {
        let mut recovered = Vec::new();
        if self.ledger.holder().is_err() {
            // It can only be read here; what is open is settled where it can be written.
            return Ok(recovered);
        }
        for ledger::Operation { id: operation, intent, purpose } in self.ledger.open_operations()? {
            // Another working tree's files say nothing about this one's, and are not ours to write.
            let ours = intent.worktree == self.worktree();
            if self.ledger.is_alive(&intent.holder) || !ours && self.is_there(&intent.worktree) {
                continue;
            }
            let outcome = if ours {
                self.sweep(&intent);
                self.settle_by_content(operation, &intent, open)?
            } else {
                gone_with_its_worktree(operation, &intent)
            };
            let event = settled(outcome.clone(), purpose, intent.hunks.len());
            match self.ledger.append(self.clock.now(), &recovery(), &event) {
                Ok(_) => recovered.push(Recovered { operation, purpose, outcome }),
                // Another process recovered it first: there is nothing left to do.
                Err(ledger::AppendError::Illegal(model::IllegalTransition::NotOpen { .. })) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.settle_lost_buffers(open)?;
        self.end_lost_attempts(&recovery())?;
        self.end_lost_tasks(&recovery())?;
        Ok(recovered)
    }

    /// Accepted hunks that only a buffer held, whose editor's server is dead: the disk says what is left, unless the
    /// editor lives, and another server serves it.
    fn settle_lost_buffers(&mut self, open: &OpenTexts) -> Result<(), Error> {
        let mut events = Vec::new();
        let elsewhere = self.held_elsewhere()?;
        for state in self.ledger.states()? {
            for (path, hunks) in unsaved_by_file(&state) {
                if open.0.contains_key(&path) || elsewhere.contains(&path) {
                    continue;
                }
                let mut gone = Vec::new();
                for (hunk, operation) in &hunks {
                    let Some(asked) = self.ledger.operation(*operation)? else { continue };
                    let ours = asked.intent.worktree == self.worktree();
                    let alive = self.ledger.is_alive(&asked.intent.holder);
                    if alive || !ours && self.is_there(&asked.intent.worktree) {
                        continue;
                    }
                    if !ours {
                        gone.push(*hunk);
                        continue;
                    }
                    let planned = asked.intent.files.iter().find(|file| file.path == path);
                    let there = planned.and_then(|file| self.on_disk(file, *hunk)) == Some(true);
                    if !there {
                        gone.push(*hunk);
                    } else {
                        let (path, hunks) = (path.clone(), vec![*hunk]);
                        events.push(Event::Saved { changeset: state.id, path, hunks });
                    }
                }
                if !gone.is_empty() {
                    let reason = "the editor ended without saving it".to_owned();
                    events.push(Event::Withdrawn { changeset: state.id, hunks: gone, reason });
                }
            }
        }
        events.extend(self.lost_undos(open)?);
        // A loss is recorded before the rest of its file counts as saved.
        events.sort_by_key(|event| matches!(event, Event::Saved { .. }));
        events.dedup();
        for event in events {
            match self.ledger.append(self.clock.now(), &recovery(), &event) {
                // Another process was faster.
                Ok(_) | Err(ledger::AppendError::Illegal(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Undos and rejections that only a buffer held, whose editor's server is dead.
    fn lost_undos(&self, open: &OpenTexts) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let elsewhere = self.held_elsewhere()?;
        for state in self.ledger.states()? {
            for taken in taken_of(&state) {
                let Some(path) = state.paths.get(&taken.hunk) else { continue };
                let Some(asked) = self.ledger.operation(taken.operation)? else { continue };
                let alive = self.ledger.is_alive(&asked.intent.holder);
                if !alive
                    && self.is_ours(taken.operation)?
                    && !open.0.contains_key(path)
                    && !elsewhere.contains(path)
                {
                    let reason = "the editor ended without saving it";
                    events.push(self.taken_settled(&taken, path, reason)?);
                }
            }
        }
        Ok(events)
    }

    /// Whether the text that a hunk put in is in the saved file; `None` where its surroundings have changed so
    /// that nobody can tell.
    pub(crate) fn on_disk(&self, file: &PlannedFile, hunk: u32) -> Option<bool> {
        let place = file.places.iter().find(|place| place.hunk == hunk)?;
        let before = self.ledger.blob(&file.before?.blob).ok()?;
        let after = self.ledger.blob(&file.after?.blob).ok()?;
        let saved = self.repository.saved(&file.path).ok()??;
        let anchoring = Anchoring::new(&before, &saved.bytes);
        match anchoring.anchor(&place.before, place.after.of(&after)) {
            Anchor::AlreadyThere(_) => Some(true),
            Anchor::Conflict(_) => None,
            _ => Some(false),
        }
    }

    fn is_there(&self, worktree: &str) -> bool {
        self.repository.has_worktree(worktree)
    }

    /// Takes away half-written files that a killed process left beside its files.
    fn sweep(&self, intent: &Intent) {
        let paths: Vec<RelPath> = intent.files.iter().map(|file| file.path.clone()).collect();
        // What cannot be swept is an untidy folder, not a reason to leave an operation open. The next
        // acceptance there says what is wrong with the folder.
        drop(self.repository.sweep(&paths));
    }

    fn settle_by_content(
        &self,
        operation: OperationId,
        intent: &Intent,
        open: &OpenTexts,
    ) -> Result<Outcome, Error> {
        // What was written to the disk has landed, whatever an editor holds beside it since.
        let world = self.saved_world(open);
        let found: Vec<(&PlannedFile, Found)> =
            intent.files.iter().map(|file| (file, look(&world, file))).collect();
        let begun = found.iter().any(|(_, found)| matches!(found, Found::Landed));
        let (mut landed, mut failed) = (Vec::new(), Vec::new());
        let mut lost: BTreeSet<u32> = BTreeSet::new();
        for (file, found) in found {
            let path = file.path.clone();
            let saved = !open.0.get(&path).is_some_and(|open| open.unsaved);
            let blob = file.after.map(|side| side.blob);
            match found {
                Found::Landed => landed.push(LandedFile { path, blob, saved }),
                Found::Neither(reason) => {
                    let there = if saved { self.hunks_on_disk(file) } else { Vec::new() };
                    if !there.is_empty() {
                        let blob = self.saved_digest(&path).unwrap_or(blob);
                        landed.push(LandedFile { path: path.clone(), blob, saved });
                    }
                    if there.len() < file.hunks.len() || there.is_empty() {
                        failed.push(FailedFile { path, reason });
                    }
                    lost.extend(file.hunks.iter().filter(|hunk| !there.contains(hunk)));
                }
                Found::Untouched if begun && !file.in_editor => {
                    match self.stored_plan(file).and_then(|plan| self.write(&plan)) {
                        Ok(done) => landed.push(done),
                        Err(reason) => failed.push(FailedFile { path, reason }),
                    }
                }
                Found::Untouched => {
                    let reason = "interrupted before it was written".to_owned();
                    failed.push(FailedFile { path, reason });
                }
            }
        }
        let files = intent.files.iter().map(|file| (&file.path, file.hunks.as_slice()));
        let mut hunks = took_effect(&intent.hunks, files, &landed);
        hunks.retain(|hunk| !lost.contains(hunk));
        Ok(Outcome { operation, changeset: intent.changeset, hunks, landed, failed })
    }

    /// The hunks of lines of a file that are on disk as planned, though someone has changed the file since.
    fn hunks_on_disk(&self, file: &PlannedFile) -> Vec<u32> {
        let there = |hunk: &u32| self.on_disk(file, *hunk) == Some(true);
        file.hunks.iter().copied().filter(there).collect()
    }

    fn stored_plan(&self, file: &PlannedFile) -> Result<PlanFile, String> {
        let side = |side: Option<model::PlannedSide>| -> Result<_, String> {
            let Some(side) = side else { return Ok(None) };
            let bytes = self.ledger.blob(&side.blob).map_err(|error| error.to_string())?;
            Ok(Some((side.mode, bytes.into())))
        };
        Ok(PlanFile {
            path: file.path.clone(),
            in_editor: false,
            before: side(file.before)?,
            after: side(file.after)?,
            edits: Vec::new(),
            hunks: file.hunks.clone(),
            places: file.places.clone(),
            shifted: Vec::new(),
            already: 0,
            unsaved: false,
        })
    }
}

/// What becomes of an intent whose working tree was removed: nobody can tell what had landed there, and none of
/// it is anywhere any more.
fn gone_with_its_worktree(operation: OperationId, intent: &Intent) -> Outcome {
    let reason =
        format!("its working tree {} was removed while this was interrupted", intent.worktree);
    let failed =
        |file: &PlannedFile| FailedFile { path: file.path.clone(), reason: reason.clone() };
    let failed = intent.files.iter().map(failed).collect();
    let (changeset, hunks, landed) = (intent.changeset, Vec::new(), Vec::new());
    Outcome { operation, changeset, hunks, landed, failed }
}

/// Who acts when nobody is there.
pub(crate) fn recovery() -> Actor {
    Actor {
        kind: ActorKind::Program,
        name: "countersign recovery".to_owned(),
        surface: Surface::Headless,
    }
}

/// The hunks that are accepted and unsaved, with the operation that accepted them, by file.
fn unsaved_by_file(state: &ChangeSetState) -> BTreeMap<RelPath, Vec<(u32, OperationId)>> {
    let mut files: BTreeMap<RelPath, Vec<(u32, OperationId)>> = BTreeMap::new();
    for (hunk, state_of_hunk) in &state.hunks {
        if let HunkState::Accepted { operation, saved: false, .. } = state_of_hunk
            && let Some(path) = state.paths.get(hunk)
        {
            files.entry(path.clone()).or_default().push((*hunk, *operation));
        }
    }
    files
}

fn look(world: &impl World, file: &PlannedFile) -> Found {
    let current = match world.current(&file.path) {
        Ok(current) => current.map(|current| (current.mode, model::Digest::of(&current.bytes))),
        Err(reason) => return Found::Neither(reason),
    };
    let side = |side: Option<model::PlannedSide>| side.map(|side| (side.mode, side.blob));
    let (before, after) = (side(file.before), side(file.after));
    if current == after {
        Found::Landed
    } else if current == before {
        Found::Untouched
    } else {
        Found::Neither("it was changed by someone else while this was interrupted".to_owned())
    }
}
